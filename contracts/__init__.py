"""What travels: messages, the models they carry, topics and the partitioner. No I/O, no clock, no randomness here."""
