"""The rules of the desk, decided purely from what is passed in. No framework, no I/O, no clock, no randomness."""
