"""Servers with logins, encryption and rights, and what clients can and can't do there."""
