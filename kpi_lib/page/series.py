"""From a month's tables to what is drawn: one series a panel, one table a figure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
from kpi_lib.page import bases, charts
from kpi_lib.page.parts import Brand, numbered
from kpi_lib.page.templates import Amount

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
    accounts: Collection[str] | None = None,
) -> Panel:
    """
    Draw a metric over twelve months, by month, with the month's target.

    Where an account's numbers are come by in another way than before, the curve breaks.
    """
    made_of = bases.of_year(m, metric, accounts)
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
            breaks=made_of.breaks,
        ),
        name=METRICS[metric].label,
        note=made_of.told(note),
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
    m: OperatorMonth,
    drawn: Drawn,
    metric: str,
    text: Callable[[Any], str] = figures.exact,
    accounts: Collection[str] | None = None,
) -> dict[str, Any]:
    """Lay panels of twelve months side by side, and how they are come by if it changes.

    The `metric` is the one whose basis is told.
    """
    table = table_of(drawn, months_back(m.month, 12), text)
    made_of = bases.of_year(m, metric, accounts)
    if made_of.breaks:
        table["head"] = [*table["head"], _("数据来源")]
        for month, cells in table["rows"]:
            cells.append(made_of.words(month))
    return table


def percent_tick(value: float) -> str:
    """Print a round percentage on an axis: 0 · 2% · 0.5%."""
    if value == 0:
        return "0"
    return figures.plain(figures.rounded(Decimal(str(value)) * 100, 2)) + "%"
