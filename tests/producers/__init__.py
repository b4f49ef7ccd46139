"""Tests of what writes to Kafka."""
