"""Proof under fire: workers killed and frozen, Redis emptied, the broker killed, and an auditor who finds nothing."""
