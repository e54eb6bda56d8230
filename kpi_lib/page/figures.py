"""From a month's tables to what is drawn: one series a panel, one table a figure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.days import days_of, month_of
from kpi_lib.inputs import Account
from kpi_lib.language import _
from kpi_lib.page import charts
from kpi_lib.page.parts import Brand, numbered


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
        rows=[(one.light, one.dark) for one in rows],
    )
    return Panel(name, note, drawing, who)


def campaign_marks(m: OperatorMonth) -> tuple[charts.Mark, ...]:
    """
    Return the campaigns that are marked on the curves of days.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    tuple of Mark
        Held ones, as `fragments.numbered` numbers them for the table.
    """
    return tuple(
        charts.Mark(sign, one.name, one.start, one.end)
        for sign, one in numbered(m)
        if sign
    )


def marks_told(marks: Sequence[charts.Mark]) -> str:
    """
    Name the campaigns beside the panels that mark them.

    Parameters
    ----------
    marks : sequence of Mark
        As `campaign_marks` numbers them.

    Returns
    -------
    str
        As ``活动：①国庆打卡、②秋日种草。``; empty without campaigns.
    """
    if not marks:
        return ""
    names = [
        _("{sign}{name}", sign=one.sign, name=figures.brief(one.name)) for one in marks
    ]
    return _("活动：{names}。", names=figures.listed(names))


def series(
    m: OperatorMonth, account: str, metric: str, month: str = ""
) -> pd.DataFrame:
    """
    Return one account's days of a metric, its parts added up.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    account, metric : str
        Which rows.
    month : str
        Only this month; empty for all.

    Returns
    -------
    DataFrame
        One row per day: `date`, `value`.
    """
    rows = [
        (day, value)
        for day, value in m.by_day.get((account, metric), {}).items()
        if not month or month_of(day) == month
    ]
    types = {"date": "datetime64[s]", "value": "float64"}
    return pd.DataFrame(rows, columns=[*types]).astype(types)


def by_month(m: OperatorMonth, metric: str) -> pd.DataFrame:
    """
    Return a metric by month and account, its streams added up.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    metric : str
        A name of the catalogue.

    Returns
    -------
    DataFrame
        One row per month and account: `month`, `account`, `value`.
    """
    rows = [
        (month, account, value)
        for month, own in m.by_month.get(metric, {}).items()
        for account, value in own.items()
    ]
    types = {"month": "str", "account": "str", "value": "float64"}
    return pd.DataFrame(rows, columns=[*types]).astype(types)


def of_month(m: OperatorMonth, metric: str, month: str = "") -> dict[str, float]:
    """
    Return a metric of one month.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    metric : str
        A name of the catalogue.
    month : str
        ``YYYY-MM``; empty for the appraised one.

    Returns
    -------
    dict of str to float
        Account to value; accounts without a value are absent.
    """
    return m.by_month.get(metric, {}).get(month or m.month, {})


def total_by_month(
    m: OperatorMonth, metric: str, accounts: Sequence[str] | None = None
) -> pd.DataFrame:
    """
    Add accounts up by month.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    metric : str
        A name of the catalogue.
    accounts : sequence of str, optional
        Only these accounts.

    Returns
    -------
    DataFrame
        One row per month: `month`, `value`.
    """
    rows = by_month(m, metric)
    if accounts is not None:
        rows = rows[rows["account"].isin(list(accounts))]
    return rows.groupby("month", sort=True)["value"].sum().to_frame().reset_index()


def total_by_day(
    m: OperatorMonth, accounts: Iterable[str], metric: str
) -> pd.DataFrame:
    """
    Add accounts up by day, on the days that every one of them has.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    accounts : iterable of str
        Which accounts; those without any day are passed over.
    metric : str
        A name of the catalogue.

    Returns
    -------
    DataFrame
        One row per day of the appraised month: `date`, `value`.
    """
    parts = [series(m, id, metric, m.month).set_index("date") for id in accounts]
    known = [part["value"] for part in parts if len(part)]
    if not known:
        return pd.DataFrame({"date": [], "value": []})
    sums = pd.concat(known, axis=1).sum(axis=1, min_count=len(known))
    return sums.rename("value").dropna().to_frame().reset_index()


def at_month(values: pd.DataFrame, month: str) -> float | None:
    """
    Return the value of one month.

    Parameters
    ----------
    values : DataFrame
        One row per month: `month`, `value`.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    float or None
    """
    rows = values.loc[values["month"] == month, "value"]
    return float(rows.iloc[0]) if len(rows) else None


def sum_known(values: Iterable[float | None]) -> float | None:
    """
    Add up what is known; nothing known is not zero.

    Parameters
    ----------
    values : iterable of float or None
        Values of accounts.

    Returns
    -------
    float or None
    """
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def short_target(m: OperatorMonth, metric: str, platform: str = "") -> float | None:
    """
    Return the month's target as it was set last.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    metric : str
        A name of the catalogue.
    platform : str
        Of one platform; empty for the target of the whole.

    Returns
    -------
    float or None
    """
    rows = [
        one
        for one in m.targets
        if one.metric == metric
        and one.platform == platform
        and one.horizon == "short"
        and one.period == m.month
    ]
    return float(max(rows, key=lambda one: one.set_on).value) if rows else None


def data_table(
    drawn: Sequence[tuple[str, pd.DataFrame]],
    key: str,
    text: Callable[[Any], str],
    index: Sequence[object],
    label: Callable[[Any], str],
) -> dict[str, Any]:
    """
    Lay the drawn points of several panels side by side.

    Parameters
    ----------
    drawn : sequence of (caption, DataFrame)
        The points, each with `key` and `value`; captions may be equal.
    key : str
        Column of the day, week or month.
    text, label : callable
        How a value and how a row's head is printed.
    index : sequence
        The rows: every day, week or month, also those without a point.

    Returns
    -------
    dict
        `head`, the captions, and `rows`, each a label and its cells.
    """
    columns = [
        dict(zip(points[key], points["value"], strict=True)) for _, points in drawn
    ]
    return {
        "head": [caption for caption, _ in drawn],
        "rows": [
            (label(at), [text(values.get(at)) for values in columns]) for at in index
        ],
    }


def own_days(m: OperatorMonth, account: Account) -> list[date]:
    """
    Return the days of the month on which the account is the operator's.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    account : Account
        One of the operator's own.

    Returns
    -------
    list of date
        Ascending; all days where the roster names no owner.
    """
    return [
        day
        for day in days_of(m.month)
        if not account.owners
        or any(
            owner.operator == m.operator.id
            and (owner.from_ is None or owner.from_ <= day)
            and (owner.to is None or day <= owner.to)
            for owner in account.owners
        )
    ]


def owned_span(m: OperatorMonth, days: Sequence[date]) -> str:
    """
    Say from when to when, where an account is not owned the whole month.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.
    days : sequence of date
        The own days, ascending.

    Returns
    -------
    str
        As ``10月1日至15日``; empty for the whole month.
    """
    if not days or len(days) == len(days_of(m.month)):
        return ""
    return figures.span(days[0], days[-1])


def percent_tick(value: float) -> str:
    """
    Print a round percentage on an axis: 0 · 2% · 0.5%.

    Parameters
    ----------
    value : float
        A fraction.

    Returns
    -------
    str
    """
    if value == 0:
        return "0"
    return figures.plain(figures.rounded(Decimal(str(value)) * 100, 2)) + "%"
