"""The bench: that it runs and what it says. How fast anything is, is not asserted."""
