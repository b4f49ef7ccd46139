"""What travels, held against SPEC, against Kafka's and CloudEvents' own implementations, and against bad input."""
