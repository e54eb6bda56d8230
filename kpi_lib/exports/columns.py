"""
Daily tables in their plainest form, read a column at a time.

Most exports hold nothing but days written 2026-10-01 and whole numbers. Such a table
is told by a few tests of whole columns, and its values are those that the grammar of
`kpi_lib.files.cells` gives; at the first cell of any other form nothing is taken
from here, and the whole table is read cell by cell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from kpi_lib.exports.recognise import Match
from kpi_lib.files import MANUAL, Cell, Column, Record

DIGITS = 15
"""So many digits are a whole number that a float holds."""

_DAYS = re.compile(r"\d{4}-\d{2}-\d{2}(?:,\d{4}-\d{2}-\d{2})*", re.ASCII)


class Columns(NamedTuple):
    """
    The values of a daily table below its header.

    Parameters
    ----------
    records : sequence of Record
        Its rows, every one a day of its own.
    days : tuple of date
        The day of each row.
    numbers : dict of str to list of float
        By metric, a value for each row.
    """

    records: Sequence[Record]
    days: tuple[date, ...]
    numbers: dict[str, list[float]]

    def growing(self, at_least: int) -> list[str]:
        """Return the metrics that grow from each day to the next, over enough days."""
        if len(self.days) < at_least:
            return []
        order = sorted(range(len(self.days)), key=self.days.__getitem__)
        return [
            key
            for key, values in self.numbers.items()
            if all(values[one] < values[two] for one, two in pairwise(order))
        ]


def read(match: Match) -> Columns | None:
    """
    Read a table if all of it is plain.

    Parameters
    ----------
    match : Match
        A table that a layout knows.

    Returns
    -------
    Columns or None
        None where anything is to be looked at cell by cell.
    """
    layout, names = match.layout, match.names
    records = match.sheet.records[match.header + 1 :]
    rows = [record.cells for record in records]
    if layout.grain != "daily" or layout.id == MANUAL or match.why or not all(names):
        return None
    if set(map(len, rows)) != {len(names)}:
        return None
    cells = list(zip(*rows, strict=True))
    (place, *_), *_ = [match.columns.get("date", (-1,))]
    days = _days(cells[place]) if place >= 0 else None
    numbers: dict[str, list[float]] = {}
    read_from = {place}
    for key, places in match.columns.items():
        if key not in layout.metric_columns:
            continue
        found = [_counts(cells[at], layout.columns[key]) for at in places]
        parts = [one for one in found if one is not None]
        if len(parts) < len(places):
            return None
        numbers[key] = (
            parts[0] if len(parts) == 1 else [*map(sum, zip(*parts, strict=True))]
        )
        read_from.update(places)
    # What stands first in a row may be a word that makes it a sum of others.
    if days is None or not numbers or 0 not in read_from:
        return None
    return Columns(records, days, numbers)


@lru_cache(maxsize=1024)  # the exports of a month write the same days
def _days(cells: tuple[Cell, ...]) -> tuple[date, ...] | None:
    kinds = set(map(type, cells))
    try:
        if kinds == {str}:
            text = ",".join(cells)  # type: ignore[arg-type]  # all text, as just seen
            whole = _DAYS.fullmatch(text) and text.count(",") == len(cells) - 1
            days = tuple(map(date.fromisoformat, cells)) if whole else ()  # type: ignore[arg-type]
        elif kinds == {datetime}:
            days = tuple(cell.date() for cell in cells)  # type: ignore[union-attr]
        else:
            return None
    except ValueError:
        return None
    known = all(2000 <= day.year <= 2100 for day in days)
    return days if days and known and len(set(days)) == len(days) else None


def _counts(cells: tuple[Cell, ...], column: Column) -> list[float] | None:
    # A declared mark such as -1 is no whole number of digits alone.
    if column.kind != "count" or not all(mark[:1] == "-" for mark in column.missing):
        return None
    kinds = set(map(type, cells))
    if kinds == {str}:
        text = "".join(cells)  # type: ignore[arg-type]
        short = all(cells) and max(map(len, cells)) <= DIGITS  # type: ignore[arg-type]
        if short and text.isascii() and text.isdigit():
            return list(map(float, cells))  # type: ignore[arg-type]
    elif kinds == {int} and min(cells) >= 0 and max(cells) <= 2**53:  # type: ignore[operator, type-var]
        return list(map(float, cells))  # type: ignore[arg-type]
    return None
