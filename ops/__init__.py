"""What an operator runs: the command line, settings, embedded stack, audit and bench. No rule of the desk is here."""
