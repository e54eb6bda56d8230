"""Three daily duties: DAU and MAU, orders and revenue, views and engagement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.days import days_of, months_back
from kpi_lib.inputs import Account
from kpi_lib.language import _
from kpi_lib.page import charts
from kpi_lib.page.figures import (
    Panel,
    at_month,
    by_month,
    campaign_marks,
    data_table,
    marks_told,
    of_month,
    own_days,
    owned_span,
    panel,
    percent_tick,
    series,
    short_target,
    sum_known,
    total_by_day,
    total_by_month,
)
from kpi_lib.page.parts import (
    Fragment,
    made,
    nothing,
    who_is,
)
from kpi_lib.page.sections.rates import rate_dots


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
        return nothing("DAU/MAU", _("没有产品的日活或月活"))
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
                    target_text=_("目标{value}", value=figures.short(goal)),
                ),
                name=METRICS["dau"].label,
                note=_("{month}，人", month=figures.month_short(m.month)),
                last=_(
                    "{day}{n}人，日均{mean}人",
                    day=figures.day(daily["date"].iloc[-1]),
                    n=figures.short(daily["value"].iloc[-1]),
                    mean=figures.exact(mean),
                ),
                prefix="dau",
            )
        )
        tables.append(
            data_table(
                [(METRICS["dau"].label, daily)],
                "date",
                figures.exact,
                [pd.Timestamp(day) for day in days_of(m.month)],
                figures.day_short,
            )
        )
    sticky = dau.merge(mau, on="month", suffixes=("", "_mau"))
    sticky = sticky.assign(value=sticky["value"] / sticky["value_mau"])
    for unit, points, metric, text, tick, prefix in (
        (_("近12个月，人"), mau, "mau", figures.short, figures.axis, "mau"),
        (
            _("日活均值÷月活"),
            sticky,
            "stickiness",
            figures.percent,
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
                    target_text=_("目标{value}", value=text(goal)),
                ),
                name=METRICS[metric].label,
                note=unit,
                last=last,
                prefix=prefix,
            )
        )
    if len(mau):
        tables.append(
            data_table(
                [(_("日活均值"), dau), (METRICS["mau"].label, mau)],
                "month",
                figures.exact,
                months,
                str,
            )
        )
    facts = figures.joined(
        [
            _against(_("日活均值"), mean, short_target(m, "dau"), figures.exact),
            _against(
                _("月活"), at_month(mau, m.month), short_target(m, "mau"), figures.exact
            ),
            _against(
                METRICS["stickiness"].label,
                at_month(sticky, m.month),
                short_target(m, "stickiness"),
                figures.percent,
            ),
        ]
    )
    products = len(set(chosen.values()))
    return made(
        "activity",
        panels=panels,
        tables=[
            (_("图中的数字：{names}", names=figures.listed(table["head"])), table)
            for table in tables
        ],
        title=facts or _("日活和月活"),
        sub=figures.sentences(
            _("产品口径，每个产品只取一个账号，{n}个产品相加。", n=products)
            if products > 1
            else _("产品口径，每个产品只取一个账号。"),
            _("日活看日，月活与粘性看近12个月；粘性＝日活均值÷月活。"),
            marks_told(campaign_marks(m)) if len(daily) else "",
        ),
    )


def _against(
    name: str, value: float | None, goal: float | None, text: Callable[..., str]
) -> str:
    """Say a value beside its target, where there is one."""
    if value is None:
        return ""
    if goal is None:
        return _("{name}{value}", name=name, value=text(value))
    told = {"name": name, "value": text(value), "goal": text(goal)}
    if value >= goal:
        return _("{name}{value}，达到目标{goal}", **told)
    return _("{name}{value}，不到目标{goal}", **told)


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
        return nothing(_("订单和收益"), _("没有点击、订单或收益的数据"))
    return made(
        "orders",
        funnel=funnel,
        revenue=revenue,
        before=figures.month_short(months_back(m.month, 2)[0]),
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
    ctr, cvr = rate(now, "clicks", "views"), rate(now, "orders", "clicks")
    return {
        "title": _funnel_title(ctr, cvr, short_target(m, "conversion_rate")),
        "steps": [
            (METRICS[name].label, total(now, name), total(before, name))
            for name in names[:3]
        ],
        "rates": [
            (ctr, rate(before, "clicks", "views")),
            (cvr, rate(before, "orders", "clicks")),
        ],
        "goal": short_target(m, "orders"),
        "rows": rows,
        "totals": {name: total(now, name) for name in names},
    }


def _funnel_title(ctr: float | None, cvr: float | None, goal: float | None) -> str:
    """Say both rates, the second beside its target."""
    told = {"ctr": figures.percent(ctr, 2), "cvr": figures.percent(cvr, 2)}
    if cvr is None or goal is None:
        return _("引流点击率{ctr}，成交率{cvr}", **told)
    told["goal"] = figures.percent(goal, 2)
    if cvr >= goal:
        return _("引流点击率{ctr}，成交率{cvr}；成交率达到目标{goal}", **told)
    return _("引流点击率{ctr}，成交率{cvr}；成交率不到目标{goal}", **told)


def _revenue(m: OperatorMonth) -> dict[str, Any] | None:
    rows = m.monthly[(m.monthly["metric"] == "revenue") & m.monthly["value"].notna()]
    if rows.empty:
        return None
    own = rows[rows["month"] == m.month].groupby("stream")["value"].sum()
    streams = [
        (_stream(name), float(own[name]))
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
            target_text=_("目标{value}", value=figures.short(goal)),
        ),
        name=METRICS["revenue"].label,
        note=_("近12个月，元"),
        last=_(
            "{month}{value}元",
            month=figures.month_short(str(curve["month"].iloc[-1])),
            value=figures.short(curve["value"].iloc[-1]),
        ),
        prefix="rev",
    )
    return {
        "title": _revenue_title(total, goal),
        "sub": figures.sentences(
            _("元；按来源，各行同一横轴。"), _("合计一行竖线是目标。") if goal else ""
        ),
        "streams": streams,
        "total": total,
        "goal": goal,
        "panel": drawing,
        "most": max((value for _name, value in streams), default=0) or 1,
        "table": data_table(
            [(_("平台收益（元）"), curve)], "month", figures.exact, months, str
        ),
    }


def _stream(name: str) -> str:
    """Name a stream of revenue; one that is not the plan's stays as written."""
    return _(STREAMS[name]) if name in STREAMS else name or _("未分来源")


def _revenue_title(total: float | None, goal: float | None) -> str:
    """Say the revenue, beside its target where there is one."""
    if total is None:
        return _("平台收益本月没有数据")
    if not goal:
        return _("平台收益{value}", value=figures.money(total))
    return _(
        "平台收益{value}，是目标{goal}的{share}",
        value=figures.money(total),
        goal=figures.money(goal),
        share=figures.percent(total / goal, 0),
    )


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
        return nothing(_("阅读和互动"), _("没有按日或按月的阅读、评论、转发、点赞"))
    return made(
        "engagement",
        panels=panels,
        sub=_views_note(m, len(panels)),
        table=table,
        rate=rate,
        dots=rate_dots(m),
        weekly=weekly,
        before=figures.month_short(months_back(m.month, 2)[0]),
    )


def _views_note(m: OperatorMonth, panels: int) -> str:
    """Say how the panels of views are read."""
    return figures.sentences(
        _("以各账号前三个月单日的中位数为1（虚线），超出的柱子在顶端截断，写着倍数。"),
        _("{n}图同一纵轴，柱子可以直接比。", n=panels) if panels > 1 else "",
        _("缺的日子不是0。"),
        marks_told(campaign_marks(m)),
    )


VIEW_TOP = 3.6
"""Highest multiple of the median that is drawn; beyond it the bar is cut and told."""


def _view_panels(m: OperatorMonth) -> tuple[list[Panel], dict[str, Any] | None]:
    """Draw each account's views by day as multiples of its own recent median."""
    drawn: list[tuple[Account, pd.DataFrame, float]] = []
    recent = months_back(m.month, 4)[:3]
    for account in m.accounts:
        every = series(m, account.id, "views")
        month = every["date"].dt.to_period("M").astype(str)
        views = every[month == m.month]
        past = every.loc[month.isin(recent), "value"]
        base = (past if len(past) else views["value"]).median()
        if len(views) and base > 0:
            drawn.append((account, views, float(base)))
    if not drawn:
        return [], None
    highest = max(float((views["value"] / base).max()) for _who, views, base in drawn)
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
        total, days = views["value"].sum(), owned_span(m, own)
        told = {"total": figures.short(total), "median": figures.short(base)}
        panels.append(
            panel(
                ax,
                name=account.name,
                note=_("{total}次，中位数{median}，{days}", days=days, **told)
                if days
                else _("{total}次，中位数{median}", **told),
                last=_(
                    "本月{total}次，{day}{last}次",
                    total=figures.exact(total),
                    day=figures.day(views["date"].iloc[-1]),
                    last=figures.exact(views["value"].iloc[-1]),
                ),
                prefix=f"view{at}",
                who=who_is(m, account),
            )
        )
    return panels, data_table(
        [(account.name, views) for account, views, _base in drawn],
        "date",
        figures.exact,
        [pd.Timestamp(day) for day in days_of(m.month)],
        figures.day_short,
    )


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
            end=figures.percent,
            target=goal,
            scale=charts.scale([*curve["value"], goal or 0], text=percent_tick),
            target_text=_("目标{value}", value=figures.percent(goal)),
        ),
        name=METRICS["engagement_rate"].label,
        note=_("（评论＋转发＋点赞）÷阅读"),
        last=figures.percent(curve["value"].iloc[-1]),
        prefix="rate",
    )
    return {
        "title": _("互动率本月没有数据")
        if value is None
        else _("互动率{value}", value=figures.percent(value, 2)),
        "panel": drawing,
        "rows": rows,
        "table": data_table(
            [(METRICS["engagement_rate"].label, curve)],
            "month",
            lambda v: figures.percent(v if isinstance(v, float) else None, 2),
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
        name = METRICS[metric].label
        ax = charts.week_curve(known, weeks=weeks, scale=charts.scale(known["value"]))
        panels.append(
            panel(
                ax,
                name=name,
                note=_("每周的日均，次；{n}个账号", n=counted),
                last=_("最后一周日均{n}次", n=figures.short(known["value"].iloc[-1])),
                prefix=metric,
            )
        )
        drawn.append((name, known))
        accounts = max(accounts, counted)
    table = data_table(drawn, "week", figures.exact, weeks, figures.day_short)
    return {
        "panels": panels,
        "accounts": accounts,
        "title": _(
            "{names}：近一年每周的日均",
            names=figures.listed([name for name, _points in drawn]),
        ),
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
    dated = rows.assign(week=rows["date"] - since)
    by_day = dated.groupby(["week", "account", "date"])["value"].sum()
    means = (
        by_day.groupby(level=["week", "account"])
        .mean()
        .reset_index()
        .pivot_table(index="week", columns="account", values="value")
        .reindex(pd.to_datetime(list(weeks)))
    )
    lasting = means.columns[
        means.tail(2).notna().any() & (means.notna().sum() >= len(weeks) / 2)
    ]
    total = means[lasting].dropna().sum(axis=1)
    known = total.rename("value").rename_axis("week").reset_index()
    known["week"] = known["week"].dt.date
    return (known if len(lasting) else known.iloc[:0]), len(lasting)
