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
from kpi_lib.page.templates import ratio

STEPS = ("views", "clicks", "orders")
"""The way to an order."""


def orders(m: OperatorMonth) -> Fragment:
    """Show the way from views to orders, and revenue by stream and month."""
    funnel, revenue = _funnel(m), _revenue(m)
    if funnel is None and revenue is None:
        return nothing(_("订单和收益"), _("没有点击、订单或收益的数据"))
    return made(
        "orders",
        funnel=funnel,
        revenue=revenue,
        before=months_back(m.month, 2)[0],
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
        "steps": [
            (METRICS[name].label, totals[name], totals_before[name]) for name in STEPS
        ],
        "rates": rates,
        "goals": {
            name: series.short_target(m, name) for name in ("orders", "conversion_rate")
        },
        "rows": [
            {"who": who_is(m, account)}
            | {name: values.get(account.id) for name, values in now.items()}
            for account in m.accounts
            if account.id in now["clicks"] or account.id in now["orders"]
        ],
        "totals": totals,
    }


def _rate_of_all(
    counts: Mapping[str, Mapping[str, float]], top: str, base: str
) -> float | None:
    """Divide sums, of the accounts that have both counts."""
    both = [id for id in counts[base] if id in counts[top]]
    below = sum(counts[base][id] for id in both)
    return ratio(sum(counts[top][id] for id in both), below)


def _revenue(m: OperatorMonth) -> dict[str, Any] | None:
    """Return this month's revenue by stream, and twelve months of it."""
    by_month = series.total_by_month(m, "revenue")
    if not by_month:
        return None
    streams = _streams(m)
    last = max(by_month)
    return {
        "streams": streams,
        "total": by_month.get(m.month),
        "goal": series.short_target(m, "revenue"),
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
