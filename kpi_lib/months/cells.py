"""One number of a month while it is being added up, with the rows behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
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
    post: str = ""


class Key(NamedTuple):
    """Whose number it is, and of what."""

    operator: str
    account: str
    metric: str
    stream: str


@dataclass
class Cell:
    """
    One operator, account, metric and stream, as it is being added up.

    `amounts` are what was added, by day or by post. A ratio has `parts` by metric, over
    what all of them cover, and the two sums that are divided, `above` and `below`. Of
    account-days `gap` is the first that is due and not on record.
    """

    basis: str
    value: Number | None = None
    days: set[date] = field(default_factory=set)
    due: Fraction = Fraction(0)
    opened: date | None = None
    closed: date | None = None
    gap: date | None = None
    amounts: dict[date | str, list[tuple[Value, Number]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    parts: Mapping[str, Cell] = field(default_factory=dict)
    above: Number | None = None
    below: Number | None = None

    def add(self, row: Value, amount: Number) -> None:
        """Add an amount, and cite the row that it is from."""
        self.value = amount if self.value is None else self.value + amount
        self.amounts[row.post or row.day].append((row, amount))

    def within(self, keys: Collection[date | str]) -> Cell:
        """Return what it has of some days, or of some posts."""
        part = replace(self, value=None, amounts=defaultdict(list))
        part.days = {key for key in self.days if key in keys}
        for key, amounts in self.amounts.items():
            for row, amount in amounts if key in keys else ():
                part.add(row, amount)
        return part

    @property
    def by_days(self) -> bool:
        """Whether days are added up, not the counters of posts."""
        return self.basis in {"daily", "manual"}

    @property
    def cited(self) -> list[dict[str, str]]:
        """The rows behind it and their sums by file and sheet."""
        if self.parts:
            return [
                {"metric": metric, **cited}
                for metric, part in self.parts.items()
                for cited in part.cited
            ]
        rows: dict[tuple[str, str], list[int]] = defaultdict(list)
        sums: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        for row, amount in (each for added in self.amounts.values() for each in added):
            place = (row.source, row.sheet)
            rows[place].append(row.row)
            if isinstance(amount, Fraction):
                sums[place] += amount
        return [
            {
                "source": source,
                "sheet": sheet,
                "rows": spans(rows[source, sheet]),
                "sum": exact(sums[source, sheet]),
            }
            for source, sheet in sorted(rows)
        ]

    @property
    def sources(self) -> str:
        """The rows behind it, as JSON."""
        return canonical_json(self.cited)


Cells = dict[Key, Cell]
