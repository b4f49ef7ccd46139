"""What a Prometheus that runs somewhere answers, as its pages and Grafana are answered."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode

from tests.ops.observability.queries import rules

_ANSWER_SECONDS = 30.0
_COMES_TRUE_SECONDS = 180.0
"""A net for what never comes true, not a measure of speed."""
_POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A server's API on a port of this machine."""

    port: int

    def ask(self, path: str, **query: str) -> Any:  # noqa: ANN401 it is JSON
        """Return the answer's content; fails where it is a refusal, or comes with a warning."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=_ANSWER_SECONDS)
        try:
            connection.request("GET", f"/api/v1/{path}?{urlencode(query)}")
            answer = json.loads(connection.getresponse().read())
        finally:
            connection.close()
        assert answer["status"] == "success", (path, query, answer)
        assert "warnings" not in answer, (path, query, answer)
        return answer["data"]

    def until(self, problem: Callable[["Prometheus"], object]) -> None:
        """Wait until there is no problem any more; fails with the last one."""
        deadline = time.monotonic() + _COMES_TRUE_SECONDS
        while found := self._found(problem):
            assert time.monotonic() < deadline, found
            time.sleep(_POLL_SECONDS)

    def _found(self, problem: Callable[["Prometheus"], object]) -> object:
        try:
            return problem(self)
        except (OSError, ValueError) as error:  # while it starts it does not listen, or says so in words
            return error


def not_scraped(roles: Mapping[str, int]) -> Callable[[Prometheus], object]:
    """Return what is wrong with the targets, of which there are so many of each role."""

    def problem(prometheus: Prometheus) -> object:
        targets = prometheus.ask("targets", state="active")["activeTargets"]
        found = [each["labels"]["role"] for each in targets if each["health"] == "up"]
        wanted = [role for role, number in roles.items() for _ in range(number)]
        return None if sorted(found) == sorted(wanted) else targets or "it has no targets"

    return problem


def rules_not_well(prometheus: Prometheus) -> object:
    """Return which rules have not been evaluated, or not without an error."""
    told = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
    assert [rule["name"] for rule in told] == [rule["alert"] for rule in rules()]
    return [rule for rule in told if rule["health"] != "ok"]
