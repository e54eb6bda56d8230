"""
What to look for in a month's tables: frames in, tidy frames out.

Nothing here is scored. A sign is a hint with its reason: it says what is unusual, not
why.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

import pandas as pd

from kpi_lib import figures

SPANS = 8
"""Spans before a campaign: with no effect at all, 2 in 9 fall outside their range."""

ENGAGED = ["comments", "shares", "likes"]


def publishing_times(posts: pd.DataFrame) -> pd.DataFrame:
    """
    Count posts by weekday and hour of publishing.

    Returns
    -------
    DataFrame
        One row per weekday and hour with a post: `weekday` (0 Monday), `hour`,
        `value` (posts). Accounts whose export has days only, so that every post
        stands at midnight, are left out.
    """
    at = posts["published_at"]
    timed = (at != at.dt.normalize()).groupby(posts["account"]).transform("any")
    when = at[timed]
    hours = pd.DataFrame({"weekday": when.dt.day_of_week, "hour": when.dt.hour})
    return hours.groupby(["weekday", "hour"]).size().rename("value").reset_index()


def top_posts(posts: pd.DataFrame, metric: str) -> pd.DataFrame:
    """
    Rank posts by a counter, with the share that the first ones hold together.

    Returns
    -------
    DataFrame
        One row per post with a counter, largest first: `rank` (from 1), `account`,
        `title`, `published_at`, `value`, `share` (running, 0 to 1).
    """
    counted = posts.dropna(subset=metric).rename(columns={metric: "value"})
    ranked = counted.sort_values(
        ["value", "account", "post"], ascending=[False, True, True], ignore_index=True
    )
    total = ranked["value"].sum()
    return ranked.assign(
        rank=range(1, len(ranked) + 1),
        share=ranked["value"].cumsum() / (total if total > 0 else float("nan")),
    )[["rank", "account", "title", "published_at", "value", "share"]]


def whole_days(days: pd.DataFrame) -> pd.DataFrame:
    """
    Add up the accounts that are on record on every day there is.

    Returns
    -------
    DataFrame
        One row per day: `date`, `value`, `accounts` (how many were added up). A sum
        over whoever happens to be there would rise and fall with the accounts.
    """
    wide = days.pivot_table(index="date", columns="account", values="value")
    whole = wide.loc[:, wide.notna().all()]
    if whole.empty:
        return pd.DataFrame({"date": [], "value": [], "accounts": []})
    total = whole.sum(axis=1).rename("value").reset_index()
    return total.assign(accounts=whole.shape[1])


def range_of(first: date, last: date) -> pd.DatetimeIndex:
    """Return the days from the first span before a campaign to the one after."""
    step = _step(first, last)
    return pd.date_range(first - SPANS * step, last + step)


def _step(first: date, last: date) -> timedelta:
    return timedelta(weeks=ceil(((last - first).days + 1) / 7))


def spans(days: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """
    Cut days into spans like a campaign's: same length, same weekdays.

    Returns
    -------
    DataFrame
        One row per span of which every day is on record: `at` (0 the campaign's own,
        −8 to −1 before, 1 after), `first`, `last`, `value` (the mean of a day).
    """
    length = (last - first).days + 1
    step = _step(first, last)
    values = days.set_index("date")["value"]
    rows = []
    for at in range(-SPANS, 2):
        begin = pd.Timestamp(first + at * step)
        inside = values.reindex(pd.date_range(begin, periods=length))
        if inside.notna().all():
            end = inside.index[-1]
            rows.append((at, begin, end, float(inside.mean())))
    return pd.DataFrame(rows, columns=["at", "first", "last", "value"])


@dataclass(frozen=True)
class Effect:
    """Mean days of a campaign, of the spans before, and of the one after, if known."""

    during: float
    low: float
    middle: float
    high: float
    spans: int
    after: float | None

    @property
    def verdict(self) -> str:
        """Whether the campaign's days lie above, below or inside the range."""
        if self.during > self.high:
            return "above"
        return "below" if self.during < self.low else "inside"

    @property
    def chance(self) -> tuple[int, int]:
        """How often as many spans alike put the newest outside: 2 in n + 1."""
        return 2, self.spans + 1

    def sentence(self) -> str:
        """Say what is seen, and how sure it is."""
        change = figures.percent(self.during / self.middle - 1, 0, sign=True)
        where = {"above": "高于", "below": "低于", "inside": "仍在"}[self.verdict]
        range_ = f"{figures.short(self.low)}至{figures.short(self.high)}"
        tail = "的范围之内，看不出变化" if self.verdict == "inside" else "的范围"
        often, of = self.chance
        return (
            f"活动期间日均{figures.short(self.during)}，比之前{self.spans}段同长同星期"
            f"的中位数{figures.short(self.middle)}{change}，{where}{range_}{tail}。"
            f"即使什么也没有变，每{of}次也有{often}次落在这样的范围以外；"
            "先后不等于因果，同期的节日、热点和推荐位没有分开。"
        )


def effect(cut: pd.DataFrame) -> Effect | None:
    """Compare a campaign's own span with at least three before; else None."""
    value = cut.set_index("at")["value"]
    before = value[value.index < 0]
    if 0 not in value.index or len(before) < 3:
        return None
    return Effect(
        during=float(value[0]),
        low=float(before.min()),
        middle=float(before.median()),
        high=float(before.max()),
        spans=len(before),
        after=float(value[1]) if 1 in value.index else None,
    )


MANY, FEW, LEAST = 3.0, 1 / 3, 8
"""A post is told of: views × 3 and engagement ÷ 3 of its account's median, of 8 up."""

JUMP, DAYS = 5.0, 20
"""A day is told of: five times the account's usual change, of 20 days up."""


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
    rows = [
        (
            post["account"],
            post["published_at"].normalize(),
            post["title"],
            f"阅读/播放{figures.short(post['views'])}，是这个账号中位数的"
            f"{figures.plain(round(post['times'], 1))}倍，"
            f"互动率{figures.percent(post['rate'], 2)}，"
            f"不到平常{figures.percent(post['usual'], 2)}的三分之一",
        )
        for post in signs.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["account", "date", "what", "reason"])


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
    signs = days.assign(usual=usual, middle=middle)[odd]
    rows = [
        (
            day["account"],
            day["date"],
            "粉丝",
            f"一天多了{figures.exact(day['gain'])}人，平常一天变化"
            f"{figures.exact(day['usual'])}人，当天阅读/播放"
            f"{figures.short(day['value_views'])}，不高于中位数"
            f"{figures.short(day['middle'])}",
        )
        for day in signs.to_dict("records")
    ]
    return pd.DataFrame(rows, columns=["account", "date", "what", "reason"])
