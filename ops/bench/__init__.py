"""`itilnext bench`: how fast the engine is, next to the loops it has to be compared with, and where the time goes.

Whatever is compared runs in one go on the same servers, one after the other and round by round, each in a process of
its own; what is reported is the median of the rounds and how far they spread. Nothing here is part of a fleet, and no
test asserts a figure of it: a figure says as much about the machine as about the code.
"""
