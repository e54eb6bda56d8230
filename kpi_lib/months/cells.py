"""One number of a month while it is being added up, with the rows behind it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from math import inf, isnan, nan
from typing import NamedTuple

from kpi_lib.catalogue import METRICS, Metric
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


# Ratios of a month: two sums of one account over the same days, or the same posts.


def add_ratios(cells: Cells) -> None:
    """Divide sums of one account, never average ratios."""
    ratios = {name: metric for name, metric in METRICS.items() if metric.parts}
    for operator, account in sorted({key[:2] for key in cells}):
        for name, metric in ratios.items():
            parts = {
                part: cells[key]
                for part in (*metric.numerator, *metric.denominator)
                if (key := Key(operator, account, part, "")) in cells
            }
            if len(parts) == len(metric.numerator) + len(metric.denominator):
                cells[Key(operator, account, name, "")] = _ratio(metric, parts)


def _ratio(metric: Metric, parts: Mapping[str, Cell]) -> Cell:
    """Divide sums over the days, or posts, on which every part is known."""
    paired = _paired(parts)
    first = next(iter(paired.values()))
    above, below = (
        _added(paired[part].value for part in side)
        for side in (metric.numerator, metric.denominator)
    )
    value: Number | None = None
    if above is not None and below is not None and 0 < below < inf:
        value = above / below
    return replace(
        first, value=value, amounts={}, parts=paired, above=above, below=below
    )


def _paired(parts: Mapping[str, Cell]) -> dict[str, Cell]:
    """Return the parts over what all of them cover; without a value, if over nothing.

    Means and levels of a month (stickiness) are of no days; where some parts are days
    and others counters of posts, only whole months of both cover the same.
    """
    if any(METRICS[part].kind != "flow" for part in parts):
        return dict(parts)
    if len({cell.by_days for cell in parts.values()}) > 1:
        whole = all(
            len(cell.days) >= cell.due for cell in parts.values() if cell.by_days
        )
        if whole:
            return dict(parts)
        return {part: cell.within(()) for part, cell in parts.items()}
    keys = set.intersection(*(set(cell.amounts) for cell in parts.values()))
    return {part: cell.within(keys) for part, cell in parts.items()}


def _added(values: Iterable[Number | None]) -> Number | None:
    """Add numbers up; None if one is not there."""
    numbers = list(values)
    there = [number for number in numbers if number is not None]
    return sum(there[1:], there[0]) if len(there) == len(numbers) else None


def ratio_bounds(
    value: float, above: Sequence[float], below: Sequence[float]
) -> tuple[float, float]:
    """Return the bounds of a ratio, which the value never leaves."""
    (_, least, most), (_, fewest, many) = above, below
    bounds = [value]
    if many > 0:
        bounds.append(least / many)
    if fewest > 0:
        bounds.append(most / fewest)
    there = [bound for bound in bounds if not isnan(bound)]
    return (min(there), max(there)) if there else (nan, nan)
