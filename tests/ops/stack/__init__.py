"""Tests of the local stack, with stand-ins for the workers."""
