"""What a worker's operator sees of it: metrics, and whether it is alive and ready, served on one port."""
