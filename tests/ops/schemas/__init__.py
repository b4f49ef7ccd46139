"""Tests of `ops.schemas`."""
