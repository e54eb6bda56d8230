"""The duty of views and engagement: the rate by account, a year by weeks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.language import _
from kpi_lib.page import charts, series, sums
from kpi_lib.page.parts import Fragment, made, nothing, who_is

RATE = "engagement_rate"
REACTIONS = METRICS[RATE].numerator
COUNTS = METRICS[RATE].denominator + REACTIONS


def engagement(m: OperatorMonth) -> Fragment:
    """Show how people took part, by account and over a year of weeks."""
    rate = _engagement_rate(m)
    weekly = _weekly_panels(m)
    if rate is None and not weekly["panels"]:
        return nothing(_("阅读和互动"), _("没有按日或按月的阅读、评论、转发、点赞"))
    return made("engagement", rate=rate, weekly=weekly)


def _engagement_rate(m: OperatorMonth) -> dict[str, Any] | None:
    """Return the rate of the accounts that have all four counts, and its parts."""
    parts = sums.of_ratio(m, RATE)
    if not parts:
        return None
    counts = {name: series.of_month(m, name) for name in COUNTS}
    rows: list[dict[str, Any]] = [
        {
            "who": who_is(m, account),
            "part": parts[account.id],
            **{name: values[account.id] for name, values in counts.items()},
        }
        for account in m.accounts
        if account.id in parts
    ]
    totals = {name: sum(row[name] for row in rows) for name in COUNTS}
    return {
        "rows": rows,
        "totals": totals | {"part": sums.added(row["part"] for row in rows)},
        "uneven": sums.uneven(
            ([row[name] for row in rows], totals[name], 0) for name in COUNTS
        ),
    }


def _weekly_panels(m: OperatorMonth) -> dict[str, Any]:
    """Draw views, comments, shares and likes as the mean of a day, week by week."""
    last = days_of(m.month)[-1]
    monday = last - timedelta(days=last.weekday())
    weeks = [monday - timedelta(weeks=back) for back in range(51, -1, -1)]
    panels, accounts = [], 0
    drawn: list[tuple[str, dict[date, float]]] = []
    for metric in COUNTS:
        means, counted, breaks = _weekly(m.daily, metric, weeks)
        if len(means) < 2:
            continue
        name = METRICS[metric].label
        values = [*means.values()]
        curve = charts.week_curve(
            series.frame(means, "week"),
            weeks=weeks,
            breaks=breaks,
            scale=charts.scale(values),
        )
        note = _("每周的日均，次；{n}个账号", n=counted)
        if breaks:
            since = figures.listed([figures.day_short(week) for week in breaks])
            note = _(
                "{note}；{months}起换了数据来源，前后不可比", note=note, months=since
            )
        panels.append(
            series.panel(
                curve,
                name=name,
                note=note,
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
) -> tuple[dict[date, float], int, list[date]]:
    """
    Return the mean day of each week, the same accounts added up in every week.

    With how many there are, and the weeks in which one of them began to be counted on
    another basis.

    Only accounts on record to the end and in half of the weeks are taken, and a week
    that lacks one of them is missing: any other sum would rise and fall with the
    accounts instead of with the readers.
    """
    rows = daily[daily["metric"] == metric]
    if rows.empty:
        return {}, 0, []
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
        return {}, 0, []
    totals = means[lasting].dropna().sum(axis=1)
    bases = dated.pivot_table(
        index="week", columns="account", values="basis", aggfunc="first"
    )
    bases = bases.reindex(means.index)[lasting].ffill()
    changed = (bases != bases.shift()) & bases.shift().notna()
    dates = dict(zip(means.index, weeks, strict=True))
    return (
        {dates[week]: total for week, total in totals.items()},
        len(lasting),
        [dates[week] for week in bases.index[changed.any(axis=1)]],
    )
