"""The brain: pure rules over tickets, usable as a library without Kafka or Redis (SPEC section 9)."""
