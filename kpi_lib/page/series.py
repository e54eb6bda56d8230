"""From a month's tables to what is drawn: one series a panel, one table a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, month_of, months_back
from kpi_lib.inputs import Account
from kpi_lib.language import _
from kpi_lib.page import charts
from kpi_lib.page.parts import Brand, numbered
from kpi_lib.page.templates import Amount, ratio

# The numbers: plain dicts, day or month to value.


def by_day(
    m: OperatorMonth, account: str, metric: str, months: Sequence[str] = ()
) -> dict[date, float]:
    """Return an account's days of some months, of the appraised one if not given."""
    days = m.by_day.get((account, metric), {})
    return {
        day: value
        for day, value in days.items()
        if month_of(day) in (months or (m.month,))
    }


def total_by_day(
    m: OperatorMonth, accounts: Iterable[str], metric: str
) -> dict[date, float]:
    """Add up the accounts that have days, on the days that each of them has."""
    parts = [days for id in accounts if (days := by_day(m, id, metric))]
    common = set(parts[0]).intersection(*parts) if parts else ()
    return {day: sum(days[day] for days in parts) for day in sorted(common)}


def of_month(m: OperatorMonth, metric: str, month: str = "") -> dict[str, float]:
    """Return account to value of one month, of the appraised one if not given."""
    return m.by_month.get(metric, {}).get(month or m.month, {})


def total_by_month(
    m: OperatorMonth, metric: str, accounts: Iterable[str] | None = None
) -> dict[str, float]:
    """Add accounts up by month; all of them, or those that are named."""
    named = None if accounts is None else set(accounts)
    parts = {
        month: [at for id, at in values.items() if named is None or id in named]
        for month, values in sorted(m.by_month.get(metric, {}).items())
    }
    return {month: sum(values) for month, values in parts.items() if values}


def sum_known(values: Iterable[Amount | None]) -> Amount | None:
    """Add up what is known; nothing known is not zero."""
    known = [value for value in values if value is not None]
    return sum(known[1:], known[0]) if known else None


BY_DAYS = ("daily", "manual")
"""Bases of months that were added up from days."""


def bases(m: OperatorMonth, metric: str, month: str = "") -> dict[str, str]:
    """Return account to basis of one month, of the appraised one if not given."""
    rows = m.monthly[(m.monthly["metric"] == metric) & m.monthly["value"].notna()]
    rows = rows[rows["month"] == (month or m.month)]
    return dict(zip(rows["account"], rows["basis"], strict=True))


@dataclass(frozen=True)
class Sums:
    """The two sums of a rate, over the days on which all of its parts are known."""

    above: float
    below: float
    days: int = 0
    """How many days those are; 0 where there are none to count."""
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


def sums(m: OperatorMonth, metric: str, month: str = "") -> dict[str, Sums]:
    """Return account to the sums of a ratio of the catalogue, of one month."""
    rows = m.monthly[m.monthly["metric"] == metric]
    known = rows["above"].notna() & rows["below"].notna()
    rows = rows[(rows["month"] == (month or m.month)) & known]
    columns = ("account", "above", "below", "days_present", "days_due")
    return {
        account: Sums(above, below, int(days), int(due))
        for account, above, below, days, due in zip(
            *(rows[name].tolist() for name in columns), strict=True
        )
    }


def paired(m: OperatorMonth, above: str, below: str, month: str) -> dict[str, Sums]:
    """
    Return account to the sums of two flows, of the days on which both are known.

    Counters of posts have no days: with them only whole months cover the same.
    """
    found = {}
    whole = [of_month(m, name, month) for name in (above, below)]
    by = [bases(m, name, month) for name in (above, below)]
    for account in m.accounts:
        id = account.id
        if not all(id in values for values in whole):
            continue
        due = own_days(m, account, month)
        days = [
            by_day(m, id, name, (month,))
            for name, basis in zip((above, below), by, strict=True)
            if basis.get(id) in BY_DAYS
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


def sum_whole(values: Iterable[Amount | None]) -> Amount | None:
    """Add up; a sum with a missing part is no sum."""
    parts = list(values)
    return None if None in parts else sum_known(parts)


def short_target(m: OperatorMonth, metric: str, platform: str = "") -> float | None:
    """Return the month's target as it was set last: of the whole, or of a platform."""
    wanted = (metric, platform, "short", m.month)
    targets = [
        target
        for target in m.targets
        if (target.metric, target.platform, target.horizon, target.period) == wanted
    ]
    latest = max(targets, key=lambda target: target.set_on, default=None)
    return float(latest.value) if latest else None


def uneven(columns: Iterable[tuple[Iterable[Any], Any, int]]) -> bool:
    """Say whether what is printed of a column does not add up to its printed total."""

    def printed(value: Any, places: int) -> Decimal:
        return figures.rounded(figures.decimal(value) or Decimal(0), places)

    return any(
        sum(printed(value, places) for value in values) != printed(total, places)
        for values, total, places in columns
    )


def own_days(m: OperatorMonth, account: Account, month: str = "") -> list[date]:
    """Return the days of a month on which the account is the operator's."""
    days = days_of(month or m.month)
    return [day for day in days if m.operator.id in account.shares(day)]


def owned_span(m: OperatorMonth, days: Sequence[date]) -> str:
    """Say from when to when, where an account is not owned the whole month."""
    if not days or len(days) == len(days_of(m.month)):
        return ""
    return figures.span(days[0], days[-1])


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
    rows: Sequence[Brand] = (),
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
    rows : sequence of Brand
        Whose the rows of a dot plot are.

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
        rows=[(brand.light, brand.dark) for brand in rows],
    )
    return Panel(name, note, drawing, who)


def frame(values: Mapping[Any, float], key: str = "date") -> pd.DataFrame:
    """Return values as charts want them: one row each, its `key` and `value`."""
    types = {"value": "float64"}
    rows = list(values.items())
    return pd.DataFrame(rows, columns=[key, "value"]).astype(types)


def texts_of(metric: str) -> tuple[Callable[..., str], charts.Format]:
    """Return how values of a metric are printed in short, and on an axis."""
    if METRICS[metric].unit == "share":
        return figures.percent, percent_tick
    return figures.short, figures.axis


def target_text(text: str) -> str:
    """Label the line of a target."""
    return _("目标{value}", value=text)


def year_panel(
    m: OperatorMonth,
    metric: str,
    values: Mapping[str, float],
    *,
    note: str,
    prefix: str,
    last: str = "",
) -> Panel:
    """Draw a metric over twelve months, by month, with the month's target."""
    text, tick = texts_of(metric)
    goal = short_target(m, metric)
    return panel(
        charts.month_curve(
            frame(values, "month"),
            months=months_back(m.month, 12),
            end=text,
            target=goal,
            scale=charts.scale([*values.values(), goal or 0], text=tick),
            target_text=target_text(text(goal)),
        ),
        name=METRICS[metric].label,
        note=note,
        last=last or text([*values.values()][-1]),
        prefix=prefix,
    )


def of_days(m: OperatorMonth) -> dict[str, Any]:
    """Return what every drawing of the month's days is given."""
    return {
        "days": days_of(m.month),
        "calendar": m.calendar,
        "marks": campaign_marks(m),
    }


def campaign_marks(m: OperatorMonth) -> tuple[charts.Mark, ...]:
    """Return the campaigns held, marked on the curves of days as `numbered` does."""
    return tuple(
        charts.Mark(sign, campaign.name, campaign.start, campaign.end)
        for sign, campaign in numbered(m)
        if sign
    )


def marks_told(m: OperatorMonth) -> str:
    """Name the campaigns beside the panels that mark them, as 活动：①国庆打卡."""
    names = [
        _("{sign}{name}", sign=mark.sign, name=figures.brief(mark.name))
        for mark in campaign_marks(m)
    ]
    return _("活动：{names}。", names=figures.listed(names)) if names else ""


Drawn = Sequence[tuple[str, Mapping[Any, float]]]
"""What several panels draw: captions, which may be equal, and their values."""


def table_of(
    drawn: Drawn,
    places: Sequence[Any],
    text: Callable[[Any], str] = figures.exact,
    label: Callable[[Any], str] = str,
) -> dict[str, Any]:
    """
    Lay what several panels draw side by side.

    Returns
    -------
    dict
        `head`, the captions, and `rows`, a label and its cells for every one of the
        places, also those without a value.
    """
    return {
        "head": [caption for caption, _values in drawn],
        "rows": [
            (label(at), [text(values.get(at)) for _caption, values in drawn])
            for at in places
        ],
    }


def day_table(
    m: OperatorMonth, drawn: Drawn, text: Callable[[Any], str] = figures.exact
) -> dict[str, Any]:
    """Lay panels of the month's days side by side."""
    return table_of(drawn, days_of(m.month), text, figures.day_short)


def year_table(
    m: OperatorMonth, drawn: Drawn, text: Callable[[Any], str] = figures.exact
) -> dict[str, Any]:
    """Lay panels of twelve months side by side."""
    return table_of(drawn, months_back(m.month, 12), text)


def percent_tick(value: float) -> str:
    """Print a round percentage on an axis: 0 · 2% · 0.5%."""
    if value == 0:
        return "0"
    return figures.plain(figures.rounded(Decimal(str(value)) * 100, 2)) + "%"
