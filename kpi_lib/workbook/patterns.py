"""
What to look for in a month's posts: frames in, tidy frames out.

Nothing here is scored. A sign is a hint with its reason: it says what is unusual, not
why.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.catalogue import METRICS

ENGAGED = ["comments", "shares", "likes"]


# What posts are put together by: pandas' name for it, and what each is called.
TIMES: dict[str, tuple[str, Callable[[int], str]]] = {
    "hour": ("hour", "{}时".format),
    "weekday": ("day_of_week", lambda day: f"星期{'一二三四五六日'[day]}"),
}


def by_time(posts: pd.DataFrame, metric: str, by: str) -> pd.DataFrame:
    """
    Hold posts of every hour, or weekday, against the usual of their accounts.

    Returns
    -------
    DataFrame
        One row per time with posts: `at`, `posts`, `value` (median multiple of the
        account's own median), `name`, `before` (always 1). Accounts whose export has
        days only, so that every post stands at midnight, are left out.
    """
    when = posts["published_at"]
    timed = (when != when.dt.normalize()).groupby(posts["account"]).transform("any")
    known = posts.assign(value=of_posts(posts, metric))[timed].dropna(subset="value")
    usual = known["value"].groupby(known["account"]).transform("median")
    times = (known["value"] / usual.where(usual > 0)).dropna()
    unit, text = TIMES[by]
    found = times.groupby(getattr(known["published_at"].dt, unit).rename("at"))
    rows: pd.DataFrame = found.agg(posts="size", value="median").reset_index()
    return rows.assign(name=rows["at"].map(text), before=1.0)


def top_posts(posts: pd.DataFrame, metric: str) -> pd.DataFrame:
    """
    Rank posts by a counter or a rate; of a counter, with the share of the first ones.

    Returns
    -------
    DataFrame
        One row per post that has it, largest first: `rank` (from 1), `account`,
        `title`, `published_at`, `value`, `share` (running, 0 to 1; missing where
        values do not add up to a whole: rates, levels, numbers below zero).
    """
    counted = posts.assign(value=of_posts(posts, metric)).dropna(subset="value")
    ranked = counted.sort_values(
        ["value", "account", "post"], ascending=[False, True, True], ignore_index=True
    )
    total = ranked["value"].sum()
    adds_up = METRICS[metric].kind == "flow" and (ranked["value"] >= 0).all()
    return ranked.assign(
        rank=range(1, len(ranked) + 1),
        share=ranked["value"].cumsum()
        / (total if adds_up and total > 0 else float("nan")),
    )[["rank", "account", "title", "published_at", "value", "share"]]


def of_posts(posts: pd.DataFrame, metric: str) -> pd.Series:
    """Return a counter; a rate of the parts that a post has, else as it was shown."""
    ratio = METRICS[metric]
    if not ratio.parts:
        return posts[metric]
    above, below = (
        posts[list(side)].sum(axis=1, skipna=False)
        for side in (ratio.numerator, ratio.denominator)
    )
    return (above / below.where(below > 0)).fillna(posts[metric])


# A post is told of: views × 3 and engagement ÷ 3 of its account's median, of 8 up.
MANY, FEW, LEAST = 3.0, 1 / 3, 8

JUMP, DAYS = 5.0, 20  # A day is told of: five times the usual change, of 20 days up


def empty_views(posts: pd.DataFrame) -> pd.DataFrame:
    """
    Find posts that were seen far more than usual and hardly taken part in.

    Returns
    -------
    DataFrame
        One row per sign: `account`, `date`, `what`, `reason`.
    """
    posts = posts.dropna(subset=["views", *ENGAGED])
    posts = posts[posts["views"] > 0]
    rate = posts[ENGAGED].sum(axis=1) / posts["views"]
    by = posts["account"]
    views = posts["views"].groupby(by).transform("median")
    usual = rate.groupby(by).transform("median")
    enough = by.groupby(by).transform("size") >= LEAST
    odd = enough & (posts["views"] >= MANY * views) & (rate <= FEW * usual)
    signs = posts.assign(times=posts["views"] / views, rate=rate, usual=usual)[odd]
    signs = signs.assign(date=signs["published_at"].dt.normalize(), what=signs["title"])
    return _told(
        signs,
        lambda post: (
            f"阅读/播放{figures.short(post['views'])}，是这个账号中位数的"
            f"{figures.plain(round(post['times'], 1))}倍，"
            f"互动率{figures.percent(post['rate'], 2)}，"
            f"不到平常{figures.percent(post['usual'], 2)}的三分之一"
        ),
    )


def empty_followers(levels: pd.DataFrame, views: pd.DataFrame) -> pd.DataFrame:
    """
    Find days on which followers jumped while no more was seen than usual.

    `levels` and `views` have one row per account and day; an account without views is
    not judged.

    Returns
    -------
    DataFrame
        One row per sign: `account`, `date`, `what`, `reason`.
    """
    levels = levels.sort_values(["account", "date"])
    step = levels.groupby("account")["date"].diff() == pd.Timedelta(days=1)
    gain = levels.groupby("account")["value"].diff().where(step)
    days = levels.assign(gain=gain).dropna(subset="gain")
    days = days.merge(views, on=["account", "date"], suffixes=("", "_views"))
    by = days["account"]
    usual = days["gain"].abs().groupby(by).transform("median")
    middle = days["value_views"].groupby(by).transform("median")
    enough = by.groupby(by).transform("size") >= DAYS
    jump = days["gain"] >= JUMP * usual.clip(lower=1)
    odd = enough & jump & (days["value_views"] <= middle)
    return _told(
        days.assign(usual=usual, middle=middle, what="粉丝")[odd],
        lambda day: (
            f"一天多了{figures.exact(day['gain'])}人，平常一天变化"
            f"{figures.exact(day['usual'])}人，当天阅读/播放"
            f"{figures.short(day['value_views'])}，不高于中位数"
            f"{figures.short(day['middle'])}"
        ),
    )


def _told(
    signs: pd.DataFrame, reason: Callable[[dict[Hashable, Any]], str]
) -> pd.DataFrame:
    """Return where signs are, and of each why."""
    reasons = [reason(row) for row in signs.to_dict("records")]
    return signs[["account", "date", "what"]].assign(reason=reasons)
