"""A real incident log that comes with the engine, for `itilnext demo` and the tests; README.md says whose it is."""

from pathlib import Path

INCIDENT_LOG = Path(__file__).with_name("servicenow_incident_log.csv")
"""250 incidents of an anonymised ServiceNow audit log, CC BY 4.0; a copy as it was published, not to be edited."""
