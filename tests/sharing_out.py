"""How `make test` shares the tests out over processes, each of which has a Kafka and a Redis of its own.

A file stays together, so that what its fixtures set up is set up once. The files that kill and freeze what they run
against are one piece of work: two of them at once would be a load that no test has asked for. It is the longest piece,
so it goes out first; what needs no server goes out last, and fills the gaps.
"""

import pytest
from xdist.scheduler import LoadGroupScheduling

_CHAOS = "chaos"


class ByFile(LoadGroupScheduling):  # type: ignore[misc]  # xdist is not typed
    """Gives out groups where tests are marked with one, and files elsewhere."""

    def _split_scope(self, nodeid: str) -> str:
        group: str = super()._split_scope(nodeid)
        return group.partition("::")[0]


@pytest.hookimpl(optionalhook=True)  # there is none where xdist is switched off
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker(_CHAOS):
            item.add_marker(pytest.mark.xdist_group(_CHAOS))
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    """Chaos, then what needs servers, then the rest; Python's sort keeps the order among equals."""
    return next((rank for rank, mark in enumerate((_CHAOS, "broker")) if item.get_closest_marker(mark)), 2)
