"""What says that a command was refused: rejections and records of the DLQ, each checked by itself."""

from typing import Any

import orjson

from contracts.rejections import REJECTED_TYPE, REJECTION_CODES
from ops.audit.findings import Findings, place
from ops.audit.formulas import fingerprint
from ops.audit.home import Home
from ops.log_reader import LogRecord

_CONNECT = "__connect.errors."


def rejection_fingerprint(record: LogRecord, ticket_id: str, home: Home, findings: Findings) -> bytes | None:
    """Return what stands for a rejection's id and the identity of its command, None where it is a difference itself."""
    try:
        rejection = orjson.loads(record.value or b"")
        identity = fingerprint(*(rejection[name] for name in ("id", "subject", "causationsource", "causationid")))
        wrong = _wrong(rejection, ticket_id, home)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        identity, wrong = b"", ("a rejection of this engine", repr(error))
    if wrong is not None:
        findings.add(ticket_id, "rejection", *wrong, place(record))
        return None
    return identity


def dead_letter_offset(record: LogRecord, commands_topic: str, home: Home, findings: Findings) -> int | None:
    """Return the offset of the command a DLQ record comes from, None where it is another topic's or a difference."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    if headers.get(f"{_CONNECT}topic", commands_topic) != commands_topic:
        return None
    partition, offset = headers.get(f"{_CONNECT}partition", "?"), headers.get(f"{_CONNECT}offset", "?")
    if partition == str(home.partition) and offset.isdecimal():
        return int(offset)
    expected = f"headers that name an offset of partition {home.partition}"
    findings.add(None, "dead_letter", expected, f"{partition}:{offset}", place(record))
    return None


def _wrong(rejection: dict[str, Any], ticket_id: str, home: Home) -> tuple[str, str] | None:
    """Return what a rejection should say and does not: (expected, found)."""
    subject, command, code = rejection["subject"], rejection["data"]["command"], rejection["data"]["code"]
    if rejection["type"] != REJECTED_TYPE or code not in REJECTION_CODES:
        return f"{REJECTED_TYPE} with a code of the list", f"{rejection['type']} with {code}"
    if subject != ticket_id or home.of(subject) != home.partition:
        return f"subject {ticket_id} on partition {home.of(subject)}", f"{subject} on {home.partition}"
    told = [command[name] for name in ("subject", "source", "id")]
    caused = [subject, rejection["causationsource"], rejection["causationid"]]
    return None if told == caused else ("causation of the command in it", f"{caused}, not {told}")
