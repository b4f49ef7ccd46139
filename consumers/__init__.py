"""Worker processes: they read Kafka, let services decide, and commit. No rule of the desk lives here."""
