"""What travels: messages, the models they carry, topic names and the partitioner. Pure: no I/O, no clock, no randomness."""
