"""`itilnext demo`: the real incident log through a fleet of its own, start to verdict, and nothing left of it.

`stack` brings a whole stack up for the time of a demo and takes it away again, `printing` tells the verdict and what to
try next. What an import or an audit does is theirs to know.
"""
