"""Tests, laid out as the packages they prove. No mocks of our own code."""
