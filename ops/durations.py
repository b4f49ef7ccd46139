"""Durations as they are typed on a command line: `10s`, `5m`, `1h`, `2d`."""

import re
from datetime import timedelta

from ops.console import CommandFailed, ExitCode

_DURATION = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_interval(text: str, option: str) -> timedelta:
    """Read a duration above zero; `option` is what it was given for.

    Raises:
        CommandFailed: the text is no such duration.
    """
    match = _DURATION.fullmatch(text.strip())
    interval = timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else timedelta(0)
    if not interval:
        problem = f"{option} {text!r} is no duration above zero"
        raise CommandFailed(problem, "Write it like 10s, 5m, 1h or 2d.", ExitCode.USAGE)
    return interval
