"""One number of a month while it is being added up, with the rows behind it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from kpi_lib.months.totals import Number, exact, spans
from kpi_lib.workspace import canonical_json


@dataclass(frozen=True)
class Value:
    """One exact value with its place: of a day, or of a post published on it."""

    day: date
    value: Number
    basis: str
    source: str
    sheet: str
    row: int


class Key(NamedTuple):
    """Whose number it is, and of what."""

    operator: str
    account: str
    metric: str
    stream: str


@dataclass
class Cell:
    """One operator, account, metric and stream, as it is being added up."""

    basis: str
    value: Number | None = None
    days: set[date] = field(default_factory=set)
    due: Fraction = Fraction(0)
    opened: date | None = None
    closed: date | None = None
    rows: dict[tuple[str, str], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    sums: dict[tuple[str, str], Fraction] = field(
        default_factory=lambda: defaultdict(Fraction)
    )

    def add(self, row: Value, amount: Number) -> None:
        """Add an amount, and cite the row that it is from."""
        self.value = amount if self.value is None else self.value + amount
        place = (row.source, row.sheet)
        self.rows[place].append(row.row)
        if isinstance(amount, Fraction):
            self.sums[place] += amount

    @property
    def sources(self) -> str:
        """The rows behind it and their sums by file and sheet, as JSON."""
        return canonical_json(
            [
                {
                    "source": source,
                    "sheet": sheet,
                    "rows": spans(self.rows[source, sheet]),
                    "sum": exact(self.sums[source, sheet]),
                }
                for source, sheet in sorted(self.rows)
            ]
        )


Cells = dict[Key, Cell]
