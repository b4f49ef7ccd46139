"""What can go wrong with an embedded server.

EmbeddedServerError
|-- MissingTool     a program that has to be installed is not there, or too old; the message says which
`-- ServerFailed    a server or a tool was started and did not do its work; the message names its log
"""

from pathlib import Path

LAST_WORDS = 12
"""Lines of a log worth showing: a Java exception's message and its cause are within them."""


class EmbeddedServerError(Exception):
    """An embedded server could not be made to run."""


class MissingTool(EmbeddedServerError):
    """A program that has to be installed is not there, or is too old."""


class ServerFailed(EmbeddedServerError):
    """A server or a tool was started and did not do its work; the end of its log is added as a note."""

    def __init__(self, problem: str, log: Path) -> None:
        super().__init__(f"{problem}; its log is {log}")
        self.add_note(last_words(log))


def last_words(log: Path) -> str:
    """Return the end of a log; empty when there is none."""
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return "\n".join(line for line in lines[-LAST_WORDS:] if line.strip())
