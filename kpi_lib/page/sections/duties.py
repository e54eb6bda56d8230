"""The duties: users, engagement, orders and revenue, campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from math import nan
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.days import month_of, months_back
from kpi_lib.language import N_, _
from kpi_lib.page import series
from kpi_lib.page.parts import Fragment, made, nothing
from kpi_lib.page.templates import ratio

# Of DAU and MAU.

OF_PRODUCTS = ("dau", "mau", "stickiness")


def activity(m: OperatorMonth) -> Fragment:
    """Show DAU and MAU over twelve months; stickiness in words."""
    curves = series.curves(m, "dau", "mau")
    if not curves["panels"]:
        return nothing("DAU/MAU", _("没有产品的日活或月活"))
    now = {name: series.of_year(m, name)[m.month] for name in OF_PRODUCTS}
    products = {id for total in now.values() for id, _share, _basis in total.made_of}
    return made(
        "activity",
        curves=curves,
        values={name: total.value for name, total in now.items()},
        goals={name: series.short_target(m, name) for name in OF_PRODUCTS},
        stickiness=METRICS["stickiness"].label,
        products=len(products),
    )


# Of views and engagement.

RATE = "engagement_rate"
COUNTS = METRICS[RATE].denominator + METRICS[RATE].numerator


def engagement(m: OperatorMonth) -> Fragment:
    """Show how people took part, by account and over a year of months."""
    rate = _engagement_rate(m)
    curves = series.curves(m, *COUNTS)
    if rate is None and not curves["panels"]:
        return nothing(_("阅读和互动"), _("没有按日或按月的阅读、评论、转发、点赞"))
    return made("engagement", rate=rate, curves=curves)


def _engagement_rate(m: OperatorMonth) -> dict[str, Any] | None:
    """Return the rate of the accounts that have all four counts, and its parts."""
    parts = series.of_ratio(m, RATE)
    if not parts:
        return None
    counts = {name: series.of_month(m, name) for name in COUNTS}
    table = series.by_account(m, counts, {*parts}, part=parts)
    table["totals"]["part"] = series.added(row["part"] for row in table["rows"])
    return table


# Of orders and revenue.

FUNNEL = ("views", "clicks", "orders", "gmv")  # What is counted of the way to an order


def orders(m: OperatorMonth) -> Fragment:
    """Show the way from views to orders, and revenue by stream and month."""
    funnel, revenue = _funnel(m), _revenue(m)
    if funnel is None and revenue is None:
        return nothing(_("订单和收益"), _("没有点击、订单或收益的数据"))
    curves = series.curves(m, "orders", "revenue")
    return made(
        "orders",
        funnel=funnel,
        revenue=revenue,
        curves=curves,
        before=months_back(m.month, 2)[0],
    )


def _funnel(m: OperatorMonth) -> dict[str, Any] | None:
    """Return the way from views to orders: two rates, each with its own two sums."""
    now = {name: series.of_month(m, name) for name in FUNNEL}
    if not now["clicks"] and not now["orders"]:
        return None
    before, this = (
        (
            series.of_flows(m, "clicks", "views", month),
            series.of_ratio(m, BUYING, month),
        )
        for month in months_back(m.month, 2)
    )
    clicked, bought = this
    shown = {*now["clicks"], *now["orders"]}
    table = series.by_account(m, now, shown, click=clicked, buy=bought)
    drawn = table["totals"]["orders"]
    goals = {name: series.short_target(m, name) for name in ("orders", BUYING)}
    click, buy = map(_way, this, before)
    return {
        "click": click,
        "buy": buy,
        "chained": click["now"].above == buy["now"].below,
        "goal": goals[BUYING],
        # Held against what is drawn only where every order is drawn.
        "orders": goals["orders"] if buy["now"].above == drawn else None,
        **table,
    }


BUYING = "conversion_rate"


def _way(
    now: Mapping[str, series.Sums], before: Mapping[str, series.Sums]
) -> dict[str, Any]:
    """Return one step of the way: its sums, those of last month, and of how many."""
    # Two months are beside each other only where they are of the same accounts.
    same = before.keys() == now.keys()
    return {
        "now": series.added(now.values()),
        "before": series.added(before.values()) if same else series.Sums(nan, nan),
        "accounts": len(now),
    }


CENTS = 2  # Places of yuan that are not whole


def _revenue(m: OperatorMonth) -> dict[str, Any] | None:
    """Return this month's revenue by stream."""
    by_month = series.known(series.of_year(m, "revenue"))
    if not by_month:
        return None
    streams = _streams(m)
    total = by_month.get(m.month)
    shares = [value / total for _name, value in streams] if total else []
    return {
        "streams": streams,
        "total": total,
        "cents": CENTS if any(value % 1 for _name, value in streams) else 0,
        "uneven": series.uneven(
            [
                ([value for _name, value in streams], total, CENTS),
                ([round(share, 9) * 100 for share in shares], 100 if shares else 0, 1),
            ]
        ),
        "goal": series.short_target(m, "revenue"),
        "most": max((value for _name, value in streams), default=0) or 1,
    }


def _streams(m: OperatorMonth) -> list[tuple[str, float]]:
    """Return the month's revenue by stream; one that is not ours stays as written."""
    values: dict[str, float] = {}
    for row in series.rows(m, "revenue"):
        if pd.notna(row["value"]):
            values[row["stream"]] = values.get(row["stream"], 0) + row["value"]
    return [
        (_(STREAMS[name]) if name in STREAMS else name or _("未分来源"), values[name])
        for name in [*STREAMS, *sorted(set(values) - set(STREAMS))]
        if name in values
    ]


# Of campaigns.

# What a campaign is measured by, as the work log's columns are called.
FIGURES = {"exposure": N_("曝光"), "new": N_("拉新"), "conversion": N_("转化")}


def campaigns(m: OperatorMonth) -> Fragment:
    """
    Set the campaigns' spend against budget, and results against targets.

    The sums are the score card's own: what nobody else confirmed is not in them.
    """
    card = m.card.said()
    rows = sorted(
        (at for at in m.worklog.campaigns if month_of(at.end) == m.month),
        key=lambda at: (bool(at.not_held), at.start, at.end, at.row),
    )
    held = card.measure("campaigns_held")
    results, spent = card.measure("campaign_results"), card.measure("campaign_spend")
    counted = [measure for measure in (results, spent) if measure]
    sums = {
        name: figures.decimal(digits)
        for measure in counted
        for name, digits in measure["inputs"].items()
    }
    reached = [
        (_(word), ratio(sums.get(f"{name}.value"), sums.get(f"{name}.target")))
        for name, word in FIGURES.items()
    ]
    return made(
        "campaigns",
        rows=rows,
        held=sum(not campaign.not_held for campaign in rows),
        measure=held,
        due=figures.decimal(held["target"]) if held else None,
        nobody=("", m.operator.id, m.operator.name),
        figures={name: _(word) for name, word in FIGURES.items()},
        sums=sums,
        good=[name for name, share in reached if share is not None and share >= 1],
        short=[name for name, share in reached if share is not None and share < 1],
        notes=list(dict.fromkeys(filter(None, (at["note"] for at in counted)))),
    )
