"""A bench's results as JSON, as tables on a terminal and as Markdown: three forms of the same sections."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from ops.bench.figures import Section, Sizes
from ops.console import print_line, print_table


@dataclass(frozen=True, slots=True)
class Results:
    """What one bench found."""

    machine: Mapping[str, object]
    sizes: Sizes
    sections: Sequence[Section]


def as_json(results: Results) -> dict[str, object]:
    """Return the results for programs."""
    figures = {section.name: dict(section.figures) for section in results.sections}
    return {"machine": dict(results.machine), "sizes": asdict(results.sizes), **figures}


def print_results(results: Results) -> None:
    """Print the results as tables."""
    for line in _setting(results):
        print_line(line)
    for section in results.sections:
        print_line("")
        print_table(section.title, section.columns, section.rows)
        for note in section.notes:
            print_line(note)


def as_markdown(results: Results) -> str:
    """Return the results as a page of Markdown."""
    return "\n".join(_markdown(results)) + "\n"


def _markdown(results: Results) -> Iterator[str]:
    yield "# Bench"
    yield ""
    for line in _setting(results):
        yield f"- {line}"
    for section in results.sections:
        yield ""
        yield f"## {section.title}"
        yield ""
        yield f"| {' | '.join(section.columns)} |"
        yield f"|{' --- |' * len(section.columns)}"
        for row in section.rows:
            yield f"| {' | '.join('' if cell is None else str(cell) for cell in row)} |"
        for note in section.notes:
            yield ""
            yield note


def _setting(results: Results) -> Iterator[str]:
    machine, sizes = results.machine, results.sizes
    yield (
        f"{machine['cpu']}, {machine['cores']} cores shared by all processes, {machine['memory_gb']} GB, "
        f"{machine['system']}; load before the run {machine['load_before']}"
    )
    packages = machine["packages"]
    assert isinstance(packages, Mapping), "a version by package"
    yield f"Kafka {machine['kafka']}; {machine['redis']}; Python {machine['python']}; " + ", ".join(
        f"{name} {number}" for name, number in packages.items()
    )
    yield f"Medians of {sizes.rounds} rounds, lowest and highest in brackets."
