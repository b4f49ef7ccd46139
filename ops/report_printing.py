"""The report on resolutions for people and for spreadsheets."""

import csv
import sys
from collections.abc import Iterator

from ops.console import print_line, print_table, readable
from services.resolution_report import ResolutionReport

_REVIEWS = ("by", "key", "upheld", "revised", "coaching_needed", "waiting")
_COMPENSATION = ("by", "key", "currency", "resolutions", "approved", "pending")
_CSV_COLUMNS = ("section", *dict.fromkeys(_REVIEWS + _COMPENSATION))
_FORMULA_STARTS = ("=", "+", "-", "@")
"""A spreadsheet takes a cell that begins so for a formula."""


def print_report(report: ResolutionReport) -> None:
    """Print two tables."""
    if not report.reviews and not report.compensation:
        print_line("No resolution was chosen for a review, and none gave money.")
        return
    reviews = [[getattr(row, column) for column in _REVIEWS] for row in report.reviews]
    print_table("Reviews", _REVIEWS, reviews)
    print_table(
        "Compensation", _COMPENSATION, [[getattr(row, name) for name in _COMPENSATION] for row in report.compensation]
    )


def print_report_as_csv(report: ResolutionReport) -> None:
    """Print one table: `section` tells what a row is about, and columns of the other section are empty.

    Keys come from senders. One that a spreadsheet would take for a formula is written after an apostrophe.
    """
    writer = csv.DictWriter(sys.stdout, _CSV_COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _rows(report):
        writer.writerow({**row, "key": _inert(str(row["key"]))})
    sys.stdout.flush()


def _rows(report: ResolutionReport) -> Iterator[dict[str, object]]:
    for reviews in report.reviews:
        yield {"section": "reviews", **reviews.wire()}
    for compensation in report.compensation:
        yield {"section": "compensation", **compensation.wire()}


def _inert(key: str) -> str:
    text = readable(key)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) and len(text) > 1 else text
