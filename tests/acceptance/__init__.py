"""The engine as its neighbours see it: what is here knows SPEC and the topics, and nothing of the code."""
