"""The order and the ids in which the commands of many incidents go out."""

from pathlib import Path

from contracts.identity import event_id
from producers.servicenow import SOURCE, commands
from tests.producers.servicenow.logs import incident, row, rows_of


def _sent(path: Path, *rows: dict[str, str]) -> list[str]:
    return [event["id"] for event in commands(rows_of(path / "log.csv", *rows))]


def test_incidents_go_out_by_time(tmp_path: Path) -> None:
    late = incident(row(number="LATE", opened_at="01-03-2016 08:00"))
    early = incident(row(number="EARLY"), row("Active", "A", sys_updated_at="02-03-2016 08:00"))
    assert _sent(tmp_path, *late, *early) == ["EARLY:1:ticket.open", "LATE:1:ticket.open", "EARLY:2:ticket.accept"]


def test_ties_go_out_in_the_order_of_the_file(tmp_path: Path) -> None:
    one, two = (incident(row("New", "A", number=number, sys_updated_at="29-02-2016 00:55")) for number in "21")
    assert _sent(tmp_path, *one, *two) == [f"{n}:1:{c}" for n in "21" for c in ("ticket.open", "ticket.accept")]


def test_no_row_goes_out_before_an_earlier_one_of_its_incident(tmp_path: Path) -> None:
    back = incident(row(number="BACK", sys_updated_at="01-03-2016 08:00"), row("New", "A", number="BACK"))
    other = incident(row(number="OTHER", opened_at="29-02-2016 12:00"))
    assert _sent(tmp_path, *back, *other) == ["BACK:1:ticket.open", "BACK:2:ticket.accept", "OTHER:1:ticket.open"]


def test_an_incident_opened_after_its_first_change_waits_for_its_opening(tmp_path: Path) -> None:
    opened = incident(row("New", "A", number="LATE", opened_at="01-03-2016 08:00"))
    other = incident(row(number="OTHER", opened_at="29-02-2016 12:00"))
    sent = list(commands(rows_of(tmp_path / "log.csv", *opened, *other)))
    assert [event["id"] for event in sent] == ["OTHER:1:ticket.open", "LATE:1:ticket.open", "LATE:1:ticket.accept"]
    assert sent[2]["time"] == "2016-02-29T01:00:00.000000Z", "a command keeps its row's own time"


def test_rows_of_incidents_may_alternate(tmp_path: Path) -> None:
    one, two = (incident(row(number=number), row("New", "A", number=number)) for number in "12")
    assert _sent(tmp_path, one[0], two[0], one[1], two[1]) == _sent(tmp_path, *one, *two)


def test_an_envelope_has_the_id_the_engine_would_give_it(tmp_path: Path) -> None:
    *_, create, accept = commands(rows_of(tmp_path / "log.csv", *incident(row("New", "A"), row("Active", "B"))))
    assert create["data"]["envelope_id"] == event_id("INC1", SOURCE, "INC1:2:envelope.create", "envelope")
    assert accept["data"]["envelope_id"] == create["data"]["envelope_id"]


def test_the_same_file_always_gives_the_same_commands(tmp_path: Path) -> None:
    rows = rows_of(tmp_path / "log.csv", *incident(row("New", "A"), row("Active", "B"), row("Closed", "B")))
    assert list(commands(rows)) == list(commands(rows))
