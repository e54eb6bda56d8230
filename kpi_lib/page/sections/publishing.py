"""What was published where: by day, by plan, and the best and the last."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.days import days_of
from kpi_lib.inputs import Content
from kpi_lib.language import _
from kpi_lib.page.parts import (
    Fragment,
    made,
    nothing,
    platform_of,
    shade_of,
    told_apart,
    who_is,
)


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
