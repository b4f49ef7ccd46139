"""Ticks: the time alerts are evaluated for, one message per partition (SPEC section 6)."""

from datetime import datetime

from contracts.cloudevents import event_type, read_cloud_event
from contracts.dead_letters import Headers, UnknownType
from contracts.instants import Instant, format_instant
from contracts.json_values import write_json
from contracts.model import Message

TICK_TYPE = event_type("tick")
TICKER_SOURCE = "/itilnext/ticker"


class Tick(Message):
    """Evaluate alerts for this instant."""

    at: Instant


def read_tick(value: bytes | None, headers: Headers) -> Tick:
    """Read a record of the ticks topic.

    Raises:
        Unreadable: the value is no tick.
    """
    event = read_cloud_event(value, headers)
    if event.type != TICK_TYPE:
        raise UnknownType(f"no tick of type {event.type[:128]!r}")
    return Tick.read(event.data)


def write_tick(at: datetime, partition: int) -> bytes:
    """Serialise the tick of one partition; the same instant always gives the same bytes."""
    instant = format_instant(at)
    return write_json(
        {
            "specversion": "1.0",
            "id": f"{partition}:{instant}",
            "source": TICKER_SOURCE,
            "type": TICK_TYPE,
            "time": instant,
            "datacontenttype": "application/json",
            "data": {"at": instant},
        }
    )
