"""What a shell is offered while `itilnext send` is being typed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ITILNEXT = Path(sys.executable).with_name("itilnext")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("ticket.re", ["ticket.resume", "ticket.resolve", "ticket.reopen"]),
        ("directory.c", ["directory.contact", "directory.company", "directory.calendar"]),
        ("nothing.of.the.kind", []),
        ("ticket.accept T-1 ", ["agent_id="]),
        ("message.record T-1 agent_id=a1 f", ["from="]),
        ("directory.team t1 tier", ["tier1_limit=", "tier2_limit="]),
        ("commands.ndjson T-1 f", []),
    ],
)
def test_names_and_fields_are_completed(typed: str, offered: list[str]) -> None:
    words = f"itilnext send {typed}"
    asked = {"_ITILNEXT_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
    command, environment = [ITILNEXT], os.environ | asked
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)  # noqa: S603 made above
    assert ran.stdout.split() == offered
