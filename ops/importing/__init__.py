"""Importing an incident log into a fleet and seeing every command to its outcome (SPEC section 11).

`run` publishes and waits, `directory` enters who is missing, `following` reads what the fleet answers and `tally`
counts it, `watching` shows it meanwhile, `report` and `printing` tell the end. What a row means is not known here, but
in `producers.servicenow`.
"""

from ops.importing.report import ImportReport
from ops.importing.run import Import, import_audited, import_log
from ops.importing.watching import Progress, Watch, watch_for

__all__ = ["Import", "ImportReport", "Progress", "Watch", "import_audited", "import_log", "watch_for"]
