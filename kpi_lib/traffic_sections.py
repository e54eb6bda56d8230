"""Three daily duties: DAU and MAU, orders and revenue, views and engagement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kpi_lib import charts, numbers
from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.fragments import Fragment, made, nothing, who_is
from kpi_lib.month import OperatorMonth
from kpi_lib.rate_sections import rate_dots
from kpi_lib.roster import Account
from kpi_lib.series import (
    Panel,
    at_month,
    by_month,
    campaign_marks,
    data_table,
    marks_told,
    of_month,
    own_days,
    owned_part,
    panel,
    percent_tick,
    series,
    short_target,
    sum_known,
    total_by_day,
    total_by_month,
)
from kpi_lib.workdays import days_of, months_back


def activity(m: OperatorMonth) -> Fragment:
    """
    Show DAU by day, MAU and stickiness over twelve months.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    months = months_back(m.month, 12)
    chosen = _products(m)
    daily = total_by_day(m, chosen, "dau")
    mau = total_by_month(m, "mau", list(chosen))
    dau = total_by_month(m, "dau", list(chosen))
    if daily.empty and mau.empty:
        return nothing("DAU/MAU", "没有产品的日活或月活")
    panels, tables = [], []
    mean = daily["value"].mean() if len(daily) else None
    if len(daily):
        goal = short_target(m, "dau")
        panels.append(
            panel(
                charts.day_curve(
                    daily,
                    days=days_of(m.month),
                    calendar=m.calendar,
                    scale=charts.scale([*daily["value"], goal or 0]),
                    marks=campaign_marks(m),
                    target=goal,
                    target_text=f"目标{numbers.short(goal)}",
                ),
                name="DAU日活",
                note=f"{numbers.month_short(m.month)}，人",
                last=f"{_day(daily)}{numbers.short(daily['value'].iloc[-1])}人，"
                f"日均{numbers.exact(mean)}人",
                prefix="dau",
            )
        )
        tables.append(
            data_table(
                [("DAU日活", daily)],
                "date",
                numbers.exact,
                [pd.Timestamp(day) for day in days_of(m.month)],
                lambda day: f"{day:%m-%d}",
            )
        )
    sticky = dau.merge(mau, on="month", suffixes=("", "_mau"))
    sticky = sticky.assign(value=sticky["value"] / sticky["value_mau"])
    for name, unit, points, metric, text, tick, prefix in (
        ("MAU月活", "人", mau, "mau", numbers.short, numbers.axis, "mau"),
        (
            "粘性",
            "日活均值÷月活",
            sticky,
            "stickiness",
            numbers.percent,
            percent_tick,
            "sticky",
        ),
    ):
        if points.empty:
            continue
        goal = short_target(m, metric)
        last = text(points["value"].iloc[-1])
        panels.append(
            panel(
                charts.month_curve(
                    points,
                    months=months,
                    end=text,
                    target=goal,
                    scale=charts.scale([*points["value"], goal or 0], text=tick),
                    target_text=f"目标{text(goal)}",
                ),
                name=name,
                note=unit,
                last=last,
                prefix=prefix,
            )
        )
    if len(mau):
        tables.append(
            data_table(
                [("DAU日活均值", dau), ("MAU月活", mau)],
                "month",
                numbers.exact,
                months,
                str,
            )
        )
    return made(
        "activity",
        panels=panels,
        tables=tables,
        products=len(set(chosen.values())),
        marks=marks_told(campaign_marks(m)) if len(daily) else "",
        facts=[
            _against("日活均值", mean, short_target(m, "dau"), numbers.exact),
            _against(
                "月活", at_month(mau, m.month), short_target(m, "mau"), numbers.exact
            ),
            _against(
                "粘性",
                at_month(sticky, m.month),
                short_target(m, "stickiness"),
                numbers.percent,
            ),
        ],
    )


def _against(
    name: str, value: float | None, goal: float | None, text: Callable[..., str]
) -> str:
    """Say a value beside its target, where there is one."""
    if value is None:
        return ""
    if goal is None:
        return f"{name}{text(value)}"
    return f"{name}{text(value)}，{'达到' if value >= goal else '不到'}目标{text(goal)}"


def _products(m: OperatorMonth) -> dict[str, str]:
    """Choose, for each product, the account that stands first: account → product."""
    measured = set(m.daily.loc[m.daily["metric"] == "dau", "account"]) | set(
        m.monthly.loc[m.monthly["metric"].isin(["dau", "mau"]), "account"]
    )
    chosen: dict[str, str] = {}
    for account in m.accounts:
        product = account.product or account.id
        if account.id in measured and product not in chosen.values():
            chosen[account.id] = product
    return chosen


def orders(m: OperatorMonth) -> Fragment:
    """
    Show the way from views to orders, and revenue by stream and month.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    funnel = _funnel(m)
    revenue = _revenue(m)
    if funnel is None and revenue is None:
        return nothing("订单和收益", "没有点击、订单或收益的数据")
    return made(
        "orders",
        funnel=funnel,
        revenue=revenue,
        month=m.month,
        before=numbers.month_short(months_back(m.month, 2)[0]),
    )


def _funnel(m: OperatorMonth) -> dict[str, Any] | None:
    """Return views, clicks, orders and the rates between, on accounts that have all."""
    names = ("views", "clicks", "orders", "gmv")
    now = {name: of_month(m, name) for name in names}
    last = months_back(m.month, 2)[0]
    before = {name: of_month(m, name, last) for name in names}
    if not now["clicks"] and not now["orders"]:
        return None

    def total(values: dict[str, dict[str, float]], name: str) -> float | None:
        return sum_known(values[name].values())

    def rate(values: dict[str, dict[str, float]], top: str, base: str) -> float | None:
        both = [id for id in values[base] if id in values[top]]
        below = sum(values[base][id] for id in both)
        return sum(values[top][id] for id in both) / below if below else None

    rows = []
    for account in m.accounts:
        own = {name: now[name].get(account.id) for name in names}
        if own["clicks"] is None and own["orders"] is None:
            continue
        rows.append(
            {
                "who": who_is(m, account),
                **own,
                "ctr": own["clicks"] / own["views"]
                if own["views"] and own["clicks"] is not None
                else None,
                "cvr": own["orders"] / own["clicks"]
                if own["clicks"] and own["orders"] is not None
                else None,
            }
        )
    return {
        "steps": [
            (METRICS[name].zh, total(now, name), total(before, name))
            for name in names[:3]
        ],
        "rates": [
            (rate(now, "clicks", "views"), rate(before, "clicks", "views"), None),
            (
                rate(now, "orders", "clicks"),
                rate(before, "orders", "clicks"),
                short_target(m, "conversion_rate"),
            ),
        ],
        "goal": short_target(m, "orders"),
        "rows": rows,
        "totals": {name: total(now, name) for name in names},
    }


def _revenue(m: OperatorMonth) -> dict[str, Any] | None:
    rows = m.monthly[(m.monthly["metric"] == "revenue") & m.monthly["value"].notna()]
    if rows.empty:
        return None
    own = rows[rows["month"] == m.month].groupby("stream")["value"].sum()
    streams = [
        (STREAMS.get(name, name or "未分来源"), float(own[name]))
        for name in [*STREAMS, *sorted(set(own.index) - set(STREAMS))]
        if name in own.index
    ]
    months = months_back(m.month, 12)
    curve = total_by_month(m, "revenue")
    goal = short_target(m, "revenue")
    total = at_month(curve, m.month)
    drawing = panel(
        charts.month_curve(
            curve,
            months=months,
            scale=charts.scale([*curve["value"], goal or 0]),
            target=goal,
            target_text=f"目标{numbers.short(goal)}",
        ),
        name="平台收益",
        note="近12个月，元",
        last=f"{numbers.month_short(str(curve['month'].iloc[-1]))}"
        f"{numbers.short(curve['value'].iloc[-1])}元",
        prefix="rev",
    )
    return {
        "streams": streams,
        "total": total,
        "goal": goal,
        "panel": drawing,
        "most": max((value for _, value in streams), default=0) or 1,
        "table": data_table(
            [("平台收益（元）", curve)], "month", numbers.exact, months, str
        ),
    }


def engagement(m: OperatorMonth) -> Fragment:
    """
    Show views by day, and how people took part over a year.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    panels, table = _view_panels(m)
    rate = _engagement_rate(m)
    weekly = _weekly_panels(m)
    if not panels and rate is None and not weekly["panels"]:
        return nothing("阅读和互动", "没有按日或按月的阅读、评论、转发、点赞")
    return made(
        "engagement",
        panels=panels,
        table=table,
        rate=rate,
        dots=rate_dots(m),
        weekly=weekly,
        month=m.month,
        marks=marks_told(campaign_marks(m)),
        before=numbers.month_short(months_back(m.month, 2)[0]),
    )


VIEW_TOP = 3.6
"""Highest multiple of the median that is drawn; beyond it the bar is cut and told."""


def _view_panels(m: OperatorMonth) -> tuple[list[Panel], dict[str, object] | None]:
    """Draw each account's views by day as multiples of its own recent median."""
    drawn: list[tuple[Account, pd.DataFrame, float]] = []
    recent = months_back(m.month, 4)[:3]
    for account in m.accounts:
        every = series(m.daily, account.id, "views")
        month = every["date"].dt.strftime("%Y-%m")
        views = every[month == m.month]
        past = every.loc[month.isin(recent), "value"]
        base = (past if len(past) else views["value"]).median()
        if len(views) and base > 0:
            drawn.append((account, views, float(base)))
    if not drawn:
        return [], None
    highest = max(float((views["value"] / base).max()) for _, views, base in drawn)
    scale = charts.scale([0, min(highest, VIEW_TOP)], text=_times_tick)
    marks = campaign_marks(m)
    panels = []
    for at, (account, views, base) in enumerate(drawn):
        own = own_days(m, account)
        ax = charts.day_bars(
            views.assign(value=views["value"] / base),
            days=days_of(m.month),
            calendar=m.calendar,
            scale=scale,
            target=1,
            due=own,
            marks=marks,
            cut=lambda value: f"{value:.1f}×",
        )
        total = views["value"].sum()
        note = f"{numbers.short(total)}次，中位数{numbers.short(base)}"
        panels.append(
            panel(
                ax,
                name=account.name,
                note=note + owned_part(m, own),
                last=f"本月{numbers.exact(total)}次，"
                f"{_day(views)}{numbers.exact(views['value'].iloc[-1])}次",
                prefix=f"view{at}",
                who=who_is(m, account),
            )
        )
    days = [pd.Timestamp(day) for day in days_of(m.month)]
    return panels, data_table(
        [(account.name, views) for account, views, _ in drawn],
        "date",
        numbers.exact,
        days,
        lambda day: f"{day:%m-%d}",
    )


def _day(points: pd.DataFrame) -> str:
    """Name the last day of a curve."""
    day = points["date"].iloc[-1]
    return f"{day.month}月{day.day}日"


def _times_tick(value: float) -> str:
    return f"{value:g}×" if value else "0"


def _engagement_rate(m: OperatorMonth) -> dict[str, Any] | None:
    """Draw the rate over months, of the accounts that have all four counts."""
    parts = {
        name: by_month(m, name).set_index(["month", "account"])["value"]
        for name in ("comments", "shares", "likes", "views")
    }
    whole = pd.concat(parts, axis=1).dropna()
    if whole.empty:
        return None
    sums = whole.groupby(level="month").sum()
    sums = sums[sums["views"] > 0]
    curve = pd.DataFrame(
        {
            "month": sums.index.astype(str),
            "value": (sums["comments"] + sums["shares"] + sums["likes"])
            / sums["views"],
        }
    )
    months = months_back(m.month, 12)
    known = whole.reset_index()
    now = known[known["month"] == m.month].set_index("account")
    rows = []
    for account in m.accounts:
        if account.id in now.index:
            own = {name: float(now[name][account.id]) for name in parts}
            engaged = own["comments"] + own["shares"] + own["likes"]
            rate = engaged / own["views"] if own["views"] else None
            rows.append({"who": who_is(m, account), **own, "rate": rate})
    goal = short_target(m, "engagement_rate")
    value = at_month(curve, m.month)
    drawing = panel(
        charts.month_curve(
            curve,
            months=months,
            end=numbers.percent,
            target=goal,
            scale=charts.scale([*curve["value"], goal or 0], text=percent_tick),
            target_text=f"目标{numbers.percent(goal)}",
        ),
        name="互动率",
        note="（评论＋转发＋点赞）÷阅读",
        last=numbers.percent(curve["value"].iloc[-1]),
        prefix="rate",
    )
    return {
        "panel": drawing,
        "rows": rows,
        "value": value,
        "table": data_table(
            [("互动率", curve)],
            "month",
            lambda v: numbers.percent(v if isinstance(v, float) else None, 2),
            months,
            str,
        ),
    }


def _weekly_panels(m: OperatorMonth) -> dict[str, Any]:
    """Draw comments, shares and likes as the mean of a day, week by week."""
    last = days_of(m.month)[-1]
    monday = last - timedelta(days=last.weekday())
    weeks = [monday - timedelta(weeks=back) for back in range(51, -1, -1)]
    panels, accounts = [], 0
    drawn: list[tuple[str, pd.DataFrame]] = []
    for metric in ("comments", "shares", "likes"):
        known, counted = _weekly(m.daily, metric, weeks)
        if len(known) < 2:
            continue
        name = METRICS[metric].zh
        ax = charts.week_curve(known, weeks=weeks, scale=charts.scale(known["value"]))
        panels.append(
            panel(
                ax,
                name=name,
                note=f"每周的日均，次；{counted}个账号",
                last=f"最后一周日均{numbers.short(known['value'].iloc[-1])}次",
                prefix=metric,
            )
        )
        drawn.append((name, known))
        accounts = max(accounts, counted)
    table = data_table(drawn, "week", numbers.exact, weeks, lambda at: f"{at:%m-%d}")
    return {
        "panels": panels,
        "accounts": accounts,
        "title": "、".join(name for name, _ in drawn),
        "table": table if drawn else None,
    }


def _weekly(
    daily: pd.DataFrame, metric: str, weeks: Sequence[date]
) -> tuple[pd.DataFrame, int]:
    """
    Return the mean day of each week, the same accounts added up in every week.

    Only accounts on record to the end and in half of the weeks are taken, and a week
    that lacks one of them is missing: any other sum would rise and fall with the
    accounts instead of with the readers.
    """
    rows = daily[daily["metric"] == metric]
    if rows.empty:
        return pd.DataFrame({"week": [], "value": []}), 0
    since = pd.to_timedelta(rows["date"].dt.day_of_week, unit="D")
    week = (rows["date"] - since).dt.date
    by_day = rows.assign(week=week).groupby(["week", "account", "date"])["value"].sum()
    means = (
        by_day.groupby(level=["week", "account"])
        .mean()
        .reset_index()
        .pivot_table(index="week", columns="account", values="value")
        .reindex(list(weeks))
    )
    lasting = means.columns[
        means.tail(2).notna().any() & (means.notna().sum() >= len(weeks) / 2)
    ]
    total = means[lasting].dropna().sum(axis=1)
    known = pd.DataFrame({"week": list(total.index), "value": total.to_numpy()})
    return (known if len(lasting) else known.iloc[:0]), len(lasting)
