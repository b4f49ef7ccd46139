"""Exports: the folder they go to, the columns they promise, and what a fleet's history comes to in them."""
