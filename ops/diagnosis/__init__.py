"""What `itilnext doctor` looks at: can a fleet work here, and if not, what to do. Nothing is changed."""

from ops.diagnosis.check import Check
from ops.diagnosis.run import diagnose

__all__ = ["Check", "diagnose"]
