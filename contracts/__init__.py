"""What travels: commands, events, models and topic names. Pure: no I/O, no clock, no randomness."""
