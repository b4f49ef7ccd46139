"""Who sees what of a case: every viewer against every kind of entry (SPEC section 8, docs/visibility.md)."""

from datetime import UTC, datetime

import pytest

from contracts.commands import (
    AddFlag,
    AddNote,
    CreateTask,
    OpenTicket,
    RecordMessage,
    TransferTicket,
)
from contracts.directory import Agent, DirectoryChange
from services import (
    CUSTOMER,
    SYSTEM,
    DirectoryState,
    EnvelopeRejected,
    EnvelopeService,
    InMemoryTickets,
    OwnershipService,
    ServiceDesk,
    TimelineService,
    Viewer,
)

AGENTS = ("owner", "expert", "parent-expert", "child-expert", "done-expert", "other", "heir")


@pytest.fixture
async def desk() -> ServiceDesk:
    """A case with a parent envelope, its child, a finished one, and content of every kind."""
    directory = DirectoryState()
    for name in AGENTS:
        agent = Agent(id=name, role="manager" if name == "heir" else "agent", team_ids=("t",))
        directory.apply(DirectoryChange("agent", name, agent))
    desk = ServiceDesk(InMemoryTickets(), directory, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    envelopes = EnvelopeService(desk)
    await desk.send("T", OpenTicket(subject="Case"))
    await OwnershipService(desk).accept_ticket("T", "owner")
    for envelope_id, by, expert in (
        ("parent", "owner", "parent-expert"),
        ("mine", "parent-expert", "expert"),
        ("child", "expert", "child-expert"),
        ("done", "owner", "done-expert"),
    ):
        await envelopes.create_envelope("T", by, f"reason {envelope_id}", expert_id=expert, envelope_id=envelope_id)
        await envelopes.accept_envelope("T", envelope_id, expert)
        note = AddNote(
            agent_id=expert, content=f"secret of {envelope_id}", visibility="envelope_only", envelope_id=envelope_id
        )
        await desk.send("T", note)
        task = CreateTask(agent_id=expert, title=f"task of {envelope_id}", envelope_id=envelope_id)
        await desk.send("T", task)
    await envelopes.complete_envelope("T", "done", "done-expert", "summary")
    own = AddNote(agent_id="owner", content="owner's own", visibility="envelope_only", envelope_id="mine")
    await desk.send("T", own)
    await desk.send("T", AddNote(agent_id="other", content="internal note"))
    await desk.send("T", AddNote(agent_id="owner", content="public note", visibility="public"))
    await desk.send("T", RecordMessage(direction="inbound", content="hello"))
    await desk.send("T", CreateTask(agent_id="owner", title="open task"))
    await desk.send("T", AddFlag(agent_id="other", flag="vip"))
    return desk


SECRETS = ("secret of parent", "secret of mine", "secret of child", "secret of done")


async def seen(desk: ServiceDesk, viewer: Viewer) -> str:
    return repr([entry.model_dump() for entry in await TimelineService(desk.tickets).timeline("T", viewer)])


@pytest.mark.parametrize(
    ("viewer", "envelopes", "internal"),
    [
        (CUSTOMER, (), False),
        (SYSTEM, ("parent", "mine", "child", "done"), True),
        (Viewer("agent", "owner"), (), True),
        (Viewer("agent", "expert"), ("mine", "child"), True),
        (Viewer("agent", "parent-expert"), ("parent", "mine"), True),
        (Viewer("agent", "child-expert"), ("child",), True),
        (Viewer("agent", "done-expert"), ("done",), True),
        (Viewer("agent", "other"), (), True),
    ],
    ids=["customer", "system", "owner", "expert", "parent-expert", "child-expert", "done-expert", "other"],
)
async def test_a_viewer_gets_the_content_of_their_own_envelopes_only(
    desk: ServiceDesk,
    viewer: Viewer,
    envelopes: tuple[str, ...],
    internal: bool,  # noqa: FBT001 a column of the table
) -> None:
    text = await seen(desk, viewer)
    for envelope_id in ("parent", "mine", "child", "done"):
        assert (f"secret of {envelope_id}" in text) == (envelope_id in envelopes)
        assert (f"task of {envelope_id}" in text) == (envelope_id in envelopes)
        assert (f"reason {envelope_id}" in text) == internal
    assert ("internal note" in text) == internal
    assert ("open task" in text) == internal
    assert ("'flag.added'" in text) == internal
    assert "public note" in text
    assert "hello" in text


async def test_the_owner_keeps_the_owners_own_content(desk: ServiceDesk) -> None:
    assert "owner's own" in await seen(desk, Viewer("agent", "owner"))
    assert "owner's own" in await seen(desk, Viewer("agent", "expert"))
    assert "owner's own" not in await seen(desk, Viewer("agent", "other"))


async def test_after_a_transfer_the_new_owner_has_the_owners_view(desk: ServiceDesk) -> None:
    transfer = TransferTicket(new_owner_id="expert", transfer_type="termination", reason="left", authorized_by="heir")
    await desk.send("T", transfer)
    text = await seen(desk, Viewer("agent", "expert"))
    assert "secret of mine" in text
    assert "secret of child" not in text
    former = await seen(desk, Viewer("agent", "owner"))
    assert "secret of parent" in former
    assert "secret of mine" not in former


async def test_views_hold_no_task_of_a_foreign_envelope(desk: ServiceDesk) -> None:
    service = EnvelopeService(desk)
    owner_view = await service.get_owner_view("owner", "T")
    assert [task.title for task in owner_view.ticket.tasks] == ["open task"]
    view = await service.get_expert_view("child-expert", "T")
    assert {task.title for task in view.ticket.tasks} == {"open task", "task of child"}
    assert [envelope.envelope_id for envelope in view.my_envelopes] == ["child"]
    assert all(secret not in repr(view) for secret in SECRETS if secret != "secret of child")
    assert view.may_add_next_level


async def test_the_owner_follows_each_envelope_and_its_summary_once_completed(desk: ServiceDesk) -> None:
    view = await EnvelopeService(desk).get_owner_view("owner", "T")
    by_id = {envelope.envelope_id: envelope for envelope in view.envelopes}
    assert by_id["done"].summary == "summary"
    assert by_id["mine"].summary is None
    assert by_id["child"].level == 4


async def test_the_owner_view_is_the_owners(desk: ServiceDesk) -> None:
    with pytest.raises(EnvelopeRejected, match="not_owner"):
        await EnvelopeService(desk).get_owner_view("expert", "T")
    with pytest.raises(EnvelopeRejected, match="agent_unknown"):
        await EnvelopeService(desk).get_expert_view("nobody", "T")
