"""W3C Trace Context: how a command says which trace it belongs to, and its outputs say the same.

The trace comes as the Kafka header `traceparent`, or else as the CloudEvents attribute of that name (the distributed
tracing extension). It goes on as the header alone, so that the same inputs give the same event bytes. What is no
`traceparent` is ignored, as W3C demands: a trace is never a reason to refuse a command.
"""

import re

from contracts.dead_letters import Headers

TRACEPARENT = "traceparent"
_VALID = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


def valid_traceparent(value: object) -> str | None:
    """Return a `traceparent` that is one, None for anything else."""
    return value if isinstance(value, str) and _VALID.fullmatch(value) is not None else None


def header_traceparent(headers: Headers) -> str | None:
    """Return the `traceparent` that a record's headers hold, None where they hold none, or several."""
    found = [raw for name, raw in headers if name == TRACEPARENT]
    if len(found) != 1 or found[0] is None:
        return None
    return valid_traceparent(found[0].decode(errors="replace"))


def with_traceparent(headers: Headers, traceparent: str) -> Headers:
    """Return the headers of an output that belongs to this trace."""
    return (*headers, (TRACEPARENT, traceparent.encode()))
