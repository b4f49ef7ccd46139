"""What writes to Kafka. Nothing here decides anything about a ticket."""
