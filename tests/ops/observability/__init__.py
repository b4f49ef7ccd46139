"""Tests of ops/observability."""
