"""Ratios of a month: two sums of one account over the same days, or the same posts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import inf, isnan, nan

from kpi_lib.catalogue import METRICS, Metric
from kpi_lib.months.cells import Cell, Cells, Key
from kpi_lib.months.totals import Number


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
