"""What an operator runs: the command line, settings, the embedded stack, audit and bench. No rule of the desk lives here."""
