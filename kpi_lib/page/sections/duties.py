"""The duties: publishing, users, engagement, orders and revenue, campaigns."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.days import days_of, month_of, months_back
from kpi_lib.inputs import Content
from kpi_lib.language import N_, _
from kpi_lib.page import series
from kpi_lib.page.parts import (
    Fragment,
    made,
    nothing,
    platform_of,
    shade_of,
    told_apart,
    who_is,
)
from kpi_lib.page.templates import ratio

# Of publishing: what went out where, by day, by plan, and the best and the last.


def platforms(m: OperatorMonth) -> Fragment:
    """Show what was published where: by day, by plan, and the best and the last."""
    if m.posts.empty and not m.worklog.contents:
        return nothing(_("发布"), _("本月没有作品数据，也没有内容记录"))
    return made(
        "platforms",
        calendar=_calendar(m),
        matrix=_matrix(m),
        posts=best_posts(m),
    )


def _calendar(m: OperatorMonth) -> dict[str, Any] | None:
    """Count the posts of every account and day."""
    if m.posts.empty:
        return None
    days = days_of(m.month)
    shades = [shade_of(day, m.calendar) for day in days]
    published = pd.to_datetime(m.posts["published_at"]).dt.date
    counts = Counter(zip(m.posts["account"], published, strict=True))
    brands = told_apart([who_is(m, account) for account in m.accounts])
    by_account = [(who, [counts[who.id, day] for day in days]) for who in brands]
    rows = [(who, posts, sum(posts)) for who, posts in by_account if any(posts)]
    most = max(total for _who, _posts, total in rows)
    every_day = zip(*(posts for _who, posts, _total in rows), strict=True)
    return {
        "published": counts.total(),
        "most": most,
        "first": [who.name for who, _posts, total in rows if total == most],
        "several": len(rows) > 1,
        "empty": sum(not any(posts) for posts in every_day),
        "days": list(zip((day.day for day in days), shades, strict=True)),
        "rows": [
            (who, list(zip(posts, shades, strict=True)), total)
            for who, posts, total in rows
        ],
    }


def _matrix(m: OperatorMonth) -> dict[str, Any] | None:
    """List the contents that did not reach every platform planned for them."""
    contents = [
        content for content in m.worklog.contents if content.published_platforms
    ]
    if not contents:
        return None
    columns = _columns(m, contents)
    broken = sorted(filter(_lacking, contents), key=lambda at: (at.planned, at.row))
    missed = Counter(id for content in broken for id in _lacking(content))
    most = max(missed.values(), default=0)
    complete = [content for content in contents if not _lacking(content)]
    return {
        "missed": missed.total(),
        "worst": [platform_of(m, id).name for id in columns if missed[id] == most],
        "columns": [platform_of(m, id) for id in columns],
        "total": len(contents),
        "complete": len(complete),
        "sums": [
            sum(id in content.published_platforms for content in complete)
            for id in columns
        ],
        "rows": broken,
    }


def _columns(m: OperatorMonth, contents: Sequence[Content]) -> list[str]:
    """Return the platforms that contents were for, the operator's own first."""
    used = [
        id
        for content in contents
        for id in (*content.planned_platforms, *content.published_platforms)
    ]
    own = [account.platform for account in m.accounts if account.platform in used]
    return list(dict.fromkeys([*own, *used]))


def _lacking(content: Content) -> set[str]:
    return set(content.planned_platforms) - set(content.published_platforms)


def best_posts(m: OperatorMonth) -> dict[str, Any] | None:
    """Pick the three posts most above their account's median, and the two least."""
    if m.posts.empty or "views" not in m.posts or m.posts["views"].isna().all():
        return None
    posts = m.posts[m.posts["views"].notna()]
    median = posts.groupby("account")["views"].transform("median")
    ranked = posts.assign(times=posts["views"] / median.where(median > 0)).sort_values(
        ["times", "account", "post"], ascending=[False, True, True]
    )
    few = len(ranked) <= 5
    chosen = ranked if few else pd.concat([ranked.head(3), ranked.tail(2)])
    return {
        "all": few,
        "rows": [_post(m, post) for post in chosen.to_dict("records")],
    }


def _post(m: OperatorMonth, post: dict[Any, Any]) -> dict[str, Any]:
    account = next((at for at in m.accounts if at.id == post["account"]), None)
    counts = [post.get(name, math.nan) for name in ("comments", "shares", "likes")]
    views = float(post["views"])
    known = views and not any(map(pd.isna, counts))
    return {
        "title": post["title"],
        "who": who_is(m, account) if account else None,
        "day": figures.day_short(pd.Timestamp(post["published_at"])),
        "views": views,
        "times": post["times"],
        "rate": sum(counts) / views if known else None,
    }


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
        "before": series.added(before.values())
        if same
        else series.Sums(math.nan, math.nan),
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
