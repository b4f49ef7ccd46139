"""What each role of a fleet may do on Kafka and Redis: one table, from which scripts and documentation are made.

A role is a user on both servers. Nothing here connects to anything: who holds the servers applies what is printed.
"""
