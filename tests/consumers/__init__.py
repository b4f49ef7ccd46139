"""Tests of the workers and what they read."""
