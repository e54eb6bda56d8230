"""The duty of orders and revenue: the way from views to orders, revenue by stream."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.days import months_back
from kpi_lib.language import _
from kpi_lib.page import series
from kpi_lib.page.parts import Fragment, made, nothing, who_is

STEPS = ("views", "clicks", "orders")
"""The way to an order."""


def orders(m: OperatorMonth) -> Fragment:
    """Show the way from views to orders, and revenue by stream and month."""
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
    before, now = (
        {name: series.of_month(m, name, month) for name in (*STEPS, "gmv")}
        for month in months_back(m.month, 2)
    )
    if not now["clicks"] and not now["orders"]:
        return None
    totals, totals_before = (
        {name: series.sum_known(values.values()) for name, values in counts.items()}
        for counts in (now, before)
    )
    rates = [
        (_rate_of_all(now, top, base), _rate_of_all(before, top, base))
        for base, top in pairwise(STEPS)
    ]
    return {
        "title": _funnel_title(
            rates[0][0], rates[1][0], series.short_target(m, "conversion_rate")
        ),
        "steps": [
            (METRICS[name].label, totals[name], totals_before[name]) for name in STEPS
        ],
        "rates": rates,
        "goal": series.short_target(m, "orders"),
        "rows": _funnel_rows(m, now),
        "totals": totals,
    }


def _rate_of_all(
    counts: Mapping[str, Mapping[str, float]], top: str, base: str
) -> float | None:
    """Divide sums, of the accounts that have both counts."""
    both = [id for id in counts[base] if id in counts[top]]
    below = sum(counts[base][id] for id in both)
    return sum(counts[top][id] for id in both) / below if below else None


def _funnel_rows(
    m: OperatorMonth, counts: Mapping[str, Mapping[str, float]]
) -> list[dict[str, Any]]:
    """Return the counts and rates of every account that has clicks or orders."""
    rows = []
    for account in m.accounts:
        values = {name: by.get(account.id) for name, by in counts.items()}
        views, clicks, orders = (values[name] for name in STEPS)
        if clicks is None and orders is None:
            continue
        rates = {"ctr": _rate(clicks, views), "cvr": _rate(orders, clicks)}
        rows.append({"who": who_is(m, account), **values, **rates})
    return rows


def _rate(top: float | None, base: float | None) -> float | None:
    return top / base if base and top is not None else None


def _funnel_title(ctr: float | None, cvr: float | None, goal: float | None) -> str:
    """Say both rates, the second beside its target."""
    rates = {"ctr": figures.percent(ctr, 2), "cvr": figures.percent(cvr, 2)}
    if cvr is None or goal is None:
        return _("引流点击率{ctr}，成交率{cvr}", **rates)
    rates["goal"] = figures.percent(goal, 2)
    if cvr >= goal:
        return _("引流点击率{ctr}，成交率{cvr}；成交率达到目标{goal}", **rates)
    return _("引流点击率{ctr}，成交率{cvr}；成交率不到目标{goal}", **rates)


def _revenue(m: OperatorMonth) -> dict[str, Any] | None:
    """Return this month's revenue by stream, and twelve months of it."""
    by_month = series.total_by_month(m, "revenue")
    if not by_month:
        return None
    streams = _streams(m)
    goal, total = series.short_target(m, "revenue"), by_month.get(m.month)
    last = max(by_month)
    return {
        "title": _revenue_title(total, goal),
        "sub": figures.sentences(
            _("元；按来源，各行同一横轴。"), _("合计一行竖线是目标。") if goal else ""
        ),
        "streams": streams,
        "total": total,
        "goal": goal,
        "panel": series.year_panel(
            m,
            "revenue",
            by_month,
            note=_("近12个月，元"),
            prefix="rev",
            last=_(
                "{month}{value}元",
                month=figures.month_short(last),
                value=figures.short(by_month[last]),
            ),
        ),
        "most": max((value for _name, value in streams), default=0) or 1,
        "table": series.year_table(m, [(_("平台收益（元）"), by_month)]),
    }


def _streams(m: OperatorMonth) -> list[tuple[str, float]]:
    """Return the month's revenue by stream; one that is not ours stays as written."""
    rows = m.monthly[(m.monthly["metric"] == "revenue") & m.monthly["value"].notna()]
    sums = rows[rows["month"] == m.month].groupby("stream")["value"].sum()
    return [
        (
            _(STREAMS[name]) if name in STREAMS else name or _("未分来源"),
            float(sums[name]),
        )
        for name in [*STREAMS, *sorted(set(sums.index) - set(STREAMS))]
        if name in sums.index
    ]


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
