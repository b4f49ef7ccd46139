"""Tests of the import against a real fleet."""
