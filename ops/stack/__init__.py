"""The local stack: a Kafka, a Redis and a fleet of workers, kept running by one supervisor process per data folder.

`roles` says which workers there are, `data` what a data folder holds, `supervisor` keeps processes running, `readiness`
says when the fleet has its partitions; `up`, `detached`, `down` and `status` are the commands' work. What a worker does
is none of this package's business.
"""
