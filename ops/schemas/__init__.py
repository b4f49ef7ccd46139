"""The published contract of the topics: a JSON Schema for each message type, and an AsyncAPI 3 document of all.

Made from the models and registries the engine itself reads and writes with, so that it can't say anything else. Nothing
here connects to anything, and no worker needs it.
"""
