"""Tests of the ServiceNow connector."""
