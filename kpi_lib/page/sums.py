"""Sums that are printed: those that a rate is of, and whether rows make a total."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

from kpi_lib import figures, months
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.language import _
from kpi_lib.page import series
from kpi_lib.page.parts import who_is
from kpi_lib.page.templates import ratio


@dataclass(frozen=True)
class Sums:
    """The two sums of a rate, over the days on which all of its parts are known."""

    above: float
    below: float
    days: int = 0  # How many days those are; 0 where there are none to count
    due: int = 0

    @property
    def rate(self) -> float | None:
        """What is printed of it."""
        return ratio(self.above, self.below)

    def beside(self, above: Sequence[Any], below: Any) -> str:
        """Say which sums a rate is of, where what stands beside it does not give it."""
        some = 0 < self.days < self.due
        if self.rate is None or (not some and self._reads(above, below)):
            return ""
        own = (self.above, self.below)
        places = next((at for at in range(3) if self._reads(own[:1], own[1], at)), 3)
        part, whole = (figures.exact(at, places) for at in own)
        sum_ = _("{above}÷{below}", above=part, below=whole)
        return _("{days}天：{sum}", days=self.days, sum=sum_) if some else sum_

    def _reads(self, above: Sequence[Any], below: Any, places: int = 0) -> bool:
        """Say whether numbers, as they are printed, give the rate as it is printed."""
        *parts, base = (
            figures.rounded(figures.decimal(at) or Decimal(0), places)
            for at in (*above, below)
        )
        shown = ratio(sum(parts, Decimal(0)), base)
        return figures.percent(shown, 2) == figures.percent(self.rate, 2)


def of_ratio(m: OperatorMonth, metric: str, month: str = "") -> dict[str, Sums]:
    """Return account to the sums of a ratio of the catalogue, of one month."""
    return {
        row["account"]: Sums(
            row["above"], row["below"], int(row["days_present"]), int(row["days_due"])
        )
        for row in series.rows(m, metric, month)
        if pd.notna(row["above"]) and pd.notna(row["below"])
    }


def of_flows(m: OperatorMonth, above: str, below: str, month: str) -> dict[str, Sums]:
    """
    Return account to the sums of two flows, of the days on which both are known.

    Counters of posts have no days: with them only whole months cover the same.
    """
    found = {}
    names = (above, below)
    whole = [series.of_month(m, name, month) for name in names]
    daily = [
        {
            row["account"]
            for row in series.rows(m, name, month)
            if row["basis"] in months.BY_DAYS
        }
        for name in names
    ]
    for account in m.accounts:
        id = account.id
        if not all(id in values for values in whole):
            continue
        due = series.own_days(m, account, month)
        days = [
            series.by_day(m, id, name, month)
            for name, of in zip(names, daily, strict=True)
            if id in of
        ]
        both = set(due).intersection(*days)
        if len(days) == 2 and both:
            top, base = (sum(values[day] for day in both) for values in days)
            found[id] = Sums(top, base, len(both), len(due))
        elif len(both) == len(due):
            found[id] = Sums(whole[0][id], whole[1][id])
    return found


def added(parts: Iterable[Sums]) -> Sums:
    """Add up the sums of accounts: their rate is of all, never a mean of rates."""
    known = list(parts)
    return Sums(sum(at.above for at in known), sum(at.below for at in known))


def by_account(
    m: OperatorMonth,
    counts: Mapping[str, Mapping[str, float]],
    shown: Collection[str],
    **beside: Mapping[str, Sums],
) -> dict[str, Any]:
    """Lay out counts of the accounts shown: a row each, totals, if they add up."""
    rows: list[dict[str, Any]] = [
        {
            "who": who_is(m, account),
            "days": {name: series.days_told(m, name, account.id) for name in counts},
            **{name: values.get(account.id) for name, values in counts.items()},
            **{name: parts.get(account.id) for name, parts in beside.items()},
        }
        for account in m.accounts
        if account.id in shown
    ]
    totals = {name: series.sum_known(row[name] for row in rows) for name in counts}
    return {
        "rows": rows,
        "totals": totals | {"days": {}},
        "uneven": uneven(([row[at] for row in rows], totals[at], 0) for at in counts),
    }


def uneven(columns: Iterable[tuple[Iterable[Any], Any, int]]) -> bool:
    """Say whether what is printed of a column does not add up to its printed total."""

    def printed(value: Any, places: int) -> Decimal:
        return figures.rounded(figures.decimal(value) or Decimal(0), places)

    return any(
        sum(printed(value, places) for value in values) != printed(total, places)
        for values, total, places in columns
    )
