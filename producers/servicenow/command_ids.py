"""Who the connector is, and the ids it gives: the same row always asks for the same thing under the same id."""

from contracts.identity import event_id
from producers.servicenow.row import Row

SOURCE = "/connectors/servicenow"
IMPORT_AGENT = "servicenow-import"
"""Acts where an incident has nobody to act for it."""


def command_id(row: Row, name: str) -> str:
    """Return the id of a row's command: `<number>:<row in the incident, 1 ...>:<command>`.

    It is unique, for a row asks for each command once at most (`mapping.STEPS`).
    """
    return f"{row.number}:{row.index}:{name}"


def envelope_id(row: Row) -> str:
    """Return the id of the envelope a row asks for: the one the engine would give it (SPEC section 3)."""
    return event_id(row.number, SOURCE, command_id(row, "envelope.create"), "envelope")
