"""The audit: reads the whole log and the view, and tells where they differ from what SPEC promises.

It shares no formula with the worker where one of its own is cheap: ids, hashes, the chain and who was told what are
worked out here again. Folding is `services.evolve`, the one function from events to a ticket. Nothing is changed.
"""

from ops.audit.report import AuditProgress, AuditReport, Difference, Outcomes
from ops.audit.run import audit

__all__ = ["AuditProgress", "AuditReport", "Difference", "Outcomes", "audit"]
