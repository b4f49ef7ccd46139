"""What a person and a program get to read of a bench."""

import pytest

from ops.bench.figures import Section, Sizes, Spread
from ops.bench.latency import percentile
from ops.bench.report import Results, as_json, as_markdown, print_results

MACHINE = {
    "cpu": "Some CPU",
    "cores": 2,
    "memory_gb": 24.0,
    "system": "Linux 6",
    "load_before": 0.1,
    "python": "3.11.7",
    "kafka": "4.4.0, embedded",
    "redis": "Valkey 9, embedded",
    "packages": {"aiokafka": "0.14.0"},
}
SECTION = Section(
    name="speed",
    title="How fast",
    columns=("loop", "commands/s"),
    rows=(("ours", "1,234"), ("theirs", None)),
    figures={"ours": 1234.0},
    notes=("A note.",),
)
RESULTS = Results(MACHINE, Sizes(rounds=5), (SECTION,))


def test_a_spread_is_told_as_the_median_and_from_where_to_where() -> None:
    spread = Spread.of([3_000.0, 1_000.0, 2_000.4])
    assert spread.told() == "2,000 (1,000 - 3,000)"
    assert spread.told(1) == "2,000.4 (1,000.0 - 3,000.0)"
    assert spread.plain() == {"median": 2_000.4, "min": 1_000.0, "max": 3_000.0}


def test_one_round_has_no_spread() -> None:
    assert Spread.of([7.0]).told() == "7"


@pytest.mark.parametrize(("percent", "found"), [(50.0, 50), (99.0, 99), (100.0, 100), (0.5, 1)])
def test_a_percentile_is_the_nearest_rank(percent: float, found: float) -> None:
    assert percentile([float(each) for each in range(100, 0, -1)], percent) == found


def test_json_has_the_figures_under_the_sections_names() -> None:
    found = as_json(RESULTS)
    assert found["machine"] == MACHINE
    assert found["sizes"] == {"commands": 120_000, "rounds": 5, "tickets": 200_000, "seconds": 15, "workers": 4}
    assert found["speed"] == {"ours": 1234.0}


def test_markdown_names_the_machine_and_has_a_table_for_each_section() -> None:
    page = as_markdown(RESULTS)
    assert "Some CPU, 2 cores" in page
    assert "Medians of 5 rounds" in page
    assert "## How fast\n\n| loop | commands/s |\n| --- | --- |\n| ours | 1,234 |\n| theirs |  |\n\nA note.\n" in page


def test_a_terminal_is_shown_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    print_results(RESULTS)
    shown = capsys.readouterr().out
    for text in ("Some CPU", "How fast", "ours", "1,234", "A note."):
        assert text in shown
