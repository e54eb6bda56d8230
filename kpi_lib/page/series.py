"""From a month's tables to what is shown: accounts' numbers, sums, a year's curves."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import figures, months
from kpi_lib.appraisal import OperatorMonth, short_targets
from kpi_lib.catalogue import METRICS, UNITS, words
from kpi_lib.days import days_of, month_of, months_back
from kpi_lib.grouping import grouped
from kpi_lib.inputs import Account
from kpi_lib.language import _, say
from kpi_lib.page import charts
from kpi_lib.page.parts import Brand, who_is
from kpi_lib.page.templates import Amount, ratio

# The numbers.


def by_day(
    m: OperatorMonth, account: str, metric: str, month: str = ""
) -> dict[date, float]:
    """Return an account's days of one month, of the appraised one if not given."""
    days = m.by_day.get((account, metric), {})
    return {
        day: value for day, value in days.items() if month_of(day) == (month or m.month)
    }


def rows(
    m: OperatorMonth, metric: str, month: str = ""
) -> Sequence[Mapping[Hashable, Any]]:
    """Return the rows of `monthly` of one month, of the appraised one if not given."""
    return m.by_month.get(month or m.month, {}).get(metric, ())


def of_month(m: OperatorMonth, metric: str, month: str = "") -> dict[str, float]:
    """Return account to value of one month, its streams added up."""
    values: dict[str, float] = {}
    for row in rows(m, metric, month):
        if pd.notna(row["value"]):
            account = row["account"]
            values[account] = values.get(account, 0) + row["value"]
    return values


def of_year(
    m: OperatorMonth, metric: str, platform: str = ""
) -> dict[str, months.Total]:
    """Return a metric of twelve months, added up as it is scored."""
    return {
        month: months.total(
            m.by_month.get(month, {}), metric, accounts=m.accounts, platform=platform
        )
        for month in months_back(m.month, 12)
    }


def days_told(m: OperatorMonth, metric: str, account: str) -> str:
    """Say on how many days an account's figure rests where they are not all there."""
    own = [row for row in rows(m, metric) if row["account"] == account]
    return months.days_short(metric, own)


def known(year: Mapping[str, months.Total]) -> dict[str, float]:
    """Return month to value of a year, without the months that have none."""
    return {
        at: float(each.value) for at, each in year.items() if each.value is not None
    }


def breaks(year: Mapping[str, months.Total]) -> list[str]:
    """Return the months that are made of other accounts, shares or bases than before.

    Such months do not compare: no line joins them, no change is told of them.
    """
    return [
        month
        for before, month in pairwise(known(year))
        if year[month].made_of != year[before].made_of
    ]


def sum_known(values: Iterable[Amount | None]) -> Amount | None:
    """Add up what is known; nothing known is not zero."""
    parts = [value for value in values if value is not None]
    return sum(parts[1:], parts[0]) if parts else None


def sum_whole(values: Iterable[Amount | None]) -> Amount | None:
    """Add up; a sum with a missing part is no sum."""
    parts = list(values)
    return None if None in parts else sum_known(parts)


def short_target(m: OperatorMonth, metric: str) -> float | None:
    """Return the month's target of the whole, as it is held there."""
    return short_targets(m.operator, m.targets).get((metric, "", m.month))


def own_days(m: OperatorMonth, account: Account, month: str = "") -> list[date]:
    """Return the days of a month on which the account is the operator's."""
    days = days_of(month or m.month)
    return [day for day in days if m.operator.id in account.shares(day)]


# Sums that are printed: those that a rate is of, and whether rows make a total.


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
        for row in rows(m, metric, month)
        if pd.notna(row["above"]) and pd.notna(row["below"])
    }


def of_flows(m: OperatorMonth, above: str, below: str, month: str) -> dict[str, Sums]:
    """
    Return account to the sums of two flows, of the days on which both are known.

    Counters of posts have no days: with them only whole months cover the same.
    """
    found = {}
    names = (above, below)
    whole = [of_month(m, name, month) for name in names]
    daily = [
        {
            row["account"]
            for row in rows(m, name, month)
            if row["basis"] in months.BY_DAYS
        }
        for name in names
    ]
    for account in m.accounts:
        id = account.id
        if not all(id in values for values in whole):
            continue
        due = own_days(m, account, month)
        days = [
            by_day(m, id, name, month)
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
    shown: set[str],
    **beside: Mapping[str, Any],
) -> dict[str, Any]:
    """Lay out counts of the accounts shown: a row each, totals, if they add up."""
    rows: list[dict[str, Any]] = [
        {
            "who": who_is(m, account),
            "days": {name: days_told(m, name, account.id) for name in counts},
            **{name: values.get(account.id) for name, values in counts.items()},
            **{name: parts.get(account.id) for name, parts in beside.items()},
        }
        for account in m.accounts
        if account.id in shown
    ]
    totals = {name: sum_known(row[name] for row in rows) for name in counts}
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


# The figures.


@dataclass(frozen=True)
class Panel:
    """
    One small multiple.

    Parameters
    ----------
    name, note : str
        The caption: what is drawn, and in which unit or how much.
    svg : str
        The drawing, fit for the page.
    who : Brand, optional
        Whose it is; gives the colour.
    """

    name: str
    note: str
    svg: str
    who: Brand | None = None


def panel(
    ax: Axes,
    *,
    name: str,
    note: str,
    last: str,
    prefix: str,
    who: Brand | None = None,
    points: Iterable[tuple[float, float, str]] = (),
) -> Panel:
    """
    Caption a drawing and make it fit for the page.

    Parameters
    ----------
    ax : Axes
        A finished panel of `kpi_lib.page.charts`.
    name, note : str
        The caption.
    last : str
        The last value, for whoever cannot see the drawing.
    prefix : str
        Put before every id of the drawing; once a page.
    who : Brand, optional
        Whose it is.
    points : iterable of (float, float, str)
        Places on the axes, and what a pointer that rests there is told.

    Returns
    -------
    Panel
    """
    drawing = charts.svg(
        ax,
        title=name,
        last=last,
        prefix=prefix,
        series=who.light if who else "",
        points=points,
    )
    return Panel(name, note, drawing, who)


def texts_of(metric: str) -> tuple[Callable[..., str], charts.Format]:
    """Return how values of a metric are printed in short, and on an axis."""
    if METRICS[metric].unit == "share":
        return figures.percent, percent_tick
    return figures.short, figures.axis


# How the days of a metric become a month.
(KINDS,) = words("kinds")


def year_in_words(
    values: Mapping[str, float],
    now: figures.Number,
    goal: figures.Number,
    printed: Callable[..., str],
) -> str:
    """Say twelve months to whoever cannot see their line: range, end and target."""
    low, high = (end(values.values(), default=None) for end in (min, max))
    return _(
        "近12个月{low}～{high}，本月{now}，目标{goal}",
        low=printed(low),
        high=printed(high),
        now=printed(now),
        goal=printed(goal),
    )


def curves(m: OperatorMonth, *metrics: str) -> dict[str, Any]:
    """Draw metrics over twelve months: panels, one table, and where lines break."""
    years = {name: year for name in metrics if known(year := of_year(m, name))}
    labels: dict[str, str] = {name: METRICS[name].label for name in years}
    drawn = [known(year) for year in years.values()]
    broken = grouped((tuple(breaks(years[at])), name) for at, name in labels.items())
    return {
        "panels": [_year_panel(m, *each) for each in years.items()],
        "head": [*labels.values()],
        # Each month with its numbers, those of one without any, too.
        "rows": [
            (month, [figures.exact(values.get(month)) for values in drawn])
            for month in months_back(m.month, 12)
        ],
        "broken": [
            _(
                "{names}：{months}起账号、份额或数据来源变了，线断开，前后不比。",
                names=figures.listed(names),
                months=figures.listed([*map(figures.month_short, since)]),
            )
            for since, names in broken.items()
            if since
        ],
    }


def _year_panel(
    m: OperatorMonth, metric: str, year: Mapping[str, months.Total]
) -> Panel:
    values = known(year)
    kind, unit = METRICS[metric].kind, METRICS[metric].unit
    held = short_targets(m.operator, m.targets)
    goals = {at: held[key] for at in year if (key := (metric, "", at)) in held}
    text, tick = texts_of(metric)
    return panel(
        charts.month_curve(
            pd.DataFrame({"month": [*values], "value": [*values.values()]}),
            months=[*year],
            end=text,
            targets=goals,
            scale=charts.scale([*values.values(), *goals.values()], text=tick),
            target_text=lambda goal: _("目标{value}", value=text(goal)),
            breaks=breaks(year),
        ),
        name=METRICS[metric].label,
        note=_("{kind}，{unit}", kind=_(KINDS[kind]), unit=say(UNITS[unit])),
        last=year_in_words(values, values.get(m.month), goals.get(m.month), text),
        prefix=metric,
        points=[
            (at, values[month], f"{month} {figures.exact(values[month])}")
            for at, month in enumerate(year, 1)
            if month in values
        ],
    )


def percent_tick(value: float) -> str:
    """Print a round percentage on an axis: 0 · 2% · 0.5%."""
    if value == 0:
        return "0"
    return figures.plain(figures.rounded(Decimal(str(value)) * 100, 2)) + "%"
