"""The duty of views and engagement: views by day, the rate by month, weeks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from statistics import median
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, months_back
from kpi_lib.inputs import Account
from kpi_lib.language import _
from kpi_lib.page import bases, charts, series, sums
from kpi_lib.page.parts import Fragment, made, nothing, who_is
from kpi_lib.page.sections.rates import rate_dots

VIEW_TOP = 3.6
"""Highest multiple of the median that is drawn; beyond it the bar is cut and told."""

RATE = "engagement_rate"
REACTIONS = METRICS[RATE].numerator
COUNTS = METRICS[RATE].denominator + REACTIONS


def engagement(m: OperatorMonth) -> Fragment:
    """Show views by day, and how people took part over a year."""
    drawn = _views(m)
    rate = _engagement_rate(m)
    weekly = _weekly_panels(m)
    if not drawn and rate is None and not weekly["panels"]:
        return nothing(_("阅读和互动"), _("没有按日或按月的阅读、评论、转发、点赞"))
    return made(
        "engagement",
        panels=_view_panels(m, drawn),
        marks=series.marks_told(m),
        alone=[at.name for at, views, _base in drawn if not _before(m, at, views)],
        table=series.day_table(
            m, [(account.name, views) for account, views, _base in drawn]
        ),
        rate=rate,
        dots=rate_dots(m),
        weekly=weekly,
        before=months_back(m.month, 2)[0],
    )


def _views(m: OperatorMonth) -> list[tuple[Account, dict[date, float], float]]:
    """Return each account's views by day, and the median of its days before.

    Days that are come by in another way are no measure for those of the month.
    """
    drawn = []
    for account in m.accounts:
        views = series.by_day(m, account.id, "views")
        base = median((_before(m, account, views) or views).values()) if views else 0
        if base > 0:
            drawn.append((account, views, base))
    return drawn


def _before(
    m: OperatorMonth, account: Account, views: Collection[date]
) -> dict[date, float]:
    """Return the days of three months before that are come by as the month's are."""
    before = series.by_day(m, account.id, "views", months_back(m.month, 4)[:3])
    basis = bases.of_days(m, account.id, "views")
    now = {basis[day] for day in views}
    return {day: value for day, value in before.items() if {basis[day]} == now}


def _view_panels(
    m: OperatorMonth, drawn: Sequence[tuple[Account, dict[date, float], float]]
) -> list[series.Panel]:
    """Draw each account's views by day as multiples of its own recent median."""
    if not drawn:
        return []
    highest = max(max(views.values()) / base for _account, views, base in drawn)
    scale = charts.scale([0, min(highest, VIEW_TOP)], text=_times_tick)
    panels = []
    for at, (account, views, base) in enumerate(drawn):
        due, last = series.own_days(m, account), max(views)
        ax = charts.day_bars(
            series.frame({day: value / base for day, value in views.items()}),
            **series.of_days(m),
            scale=scale,
            target=1,
            due=due,
            cut=lambda value: f"{value:.1f}×",
        )
        total, days = sum(views.values()), series.owned_span(m, due)
        note = {"total": figures.short(total), "median": figures.short(base)}
        panels.append(
            series.panel(
                ax,
                name=account.name,
                note=_("{total}次，中位数{median}，{days}", days=days, **note)
                if days
                else _("{total}次，中位数{median}", **note),
                last=_(
                    "本月{total}次，{day}{last}次",
                    total=figures.exact(total),
                    day=figures.day(last),
                    last=figures.exact(views[last]),
                ),
                prefix=f"view{at}",
                who=who_is(m, account),
            )
        )
    return panels


def _times_tick(value: float) -> str:
    return f"{value:g}×" if value else "0"


def _engagement_rate(m: OperatorMonth) -> dict[str, Any] | None:
    """Draw the rate over months, of the accounts that have all four counts."""
    parts = {month: sums.of_ratio(m, RATE, month) for month in months_back(m.month, 12)}
    by_month = {
        month: rate
        for month, own in parts.items()
        if (rate := sums.added(own.values()).rate) is not None
    }
    if not by_month:
        return None
    counts = {name: series.of_month(m, name) for name in COUNTS}
    rows: list[dict[str, Any]] = [
        {
            "who": who_is(m, account),
            "part": parts[m.month][account.id],
            **{name: values[account.id] for name, values in counts.items()},
        }
        for account in m.accounts
        if account.id in parts[m.month]
    ]
    totals = {name: sum(row[name] for row in rows) for name in COUNTS}
    return {
        "value": by_month.get(m.month),
        "rows": rows,
        "totals": totals | {"part": sums.added(row["part"] for row in rows)},
        "uneven": sums.uneven(
            ([row[name] for row in rows], totals[name], 0) for name in COUNTS
        ),
        "panel": series.year_panel(
            m,
            RATE,
            by_month,
            note=_("（评论＋转发＋点赞）÷阅读"),
            prefix="rate",
        ),
        "table": series.year_table(
            m,
            [(METRICS[RATE].label, by_month)],
            RATE,
            lambda value: figures.percent(value, 2),
        ),
    }


def _weekly_panels(m: OperatorMonth) -> dict[str, Any]:
    """Draw comments, shares and likes as the mean of a day, week by week."""
    last = days_of(m.month)[-1]
    monday = last - timedelta(days=last.weekday())
    weeks = [monday - timedelta(weeks=back) for back in range(51, -1, -1)]
    panels, accounts = [], 0
    drawn: list[tuple[str, dict[date, float]]] = []
    for metric in REACTIONS:
        means, counted = _weekly(m.daily, metric, weeks)
        if len(means) < 2:
            continue
        name = METRICS[metric].label
        values = [*means.values()]
        panels.append(
            series.panel(
                charts.week_curve(
                    series.frame(means, "week"), weeks=weeks, scale=charts.scale(values)
                ),
                name=name,
                note=_("每周的日均，次；{n}个账号", n=counted),
                last=_("最后一周日均{n}次", n=figures.short(values[-1])),
                prefix=metric,
            )
        )
        drawn.append((name, means))
        accounts = max(accounts, counted)
    return {
        "panels": panels,
        "accounts": accounts,
        "names": [name for name, _means in drawn],
        "table": series.table_of(drawn, weeks, label=figures.day_short),
    }


def _weekly(
    daily: pd.DataFrame, metric: str, weeks: Sequence[date]
) -> tuple[dict[date, float], int]:
    """
    Return the mean day of each week, the same accounts added up in every week.

    Only accounts on record to the end and in half of the weeks are taken, and a week
    that lacks one of them is missing: any other sum would rise and fall with the
    accounts instead of with the readers.
    """
    rows = daily[daily["metric"] == metric]
    if rows.empty:
        return {}, 0
    since = pd.to_timedelta(rows["date"].dt.day_of_week, unit="D")
    dated = rows.assign(week=rows["date"] - since)
    by_date = dated.groupby(["week", "account", "date"])["value"].sum()
    means = (
        by_date.groupby(level=["week", "account"])
        .mean()
        .reset_index()
        .pivot_table(index="week", columns="account", values="value")
        .reindex(pd.to_datetime(list(weeks)))
    )
    lasting = means.columns[
        means.tail(2).notna().any() & (means.notna().sum() >= len(weeks) / 2)
    ]
    if lasting.empty:
        return {}, 0
    totals = means[lasting].dropna().sum(axis=1)
    return {
        pd.Timestamp(str(week)).date(): total for week, total in totals.items()
    }, len(lasting)
