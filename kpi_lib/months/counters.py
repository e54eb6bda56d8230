"""Counters of posts: which download closes a month, and what stands in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import chain
from math import isnan

from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, shift
from kpi_lib.exports import PostRow
from kpi_lib.figures import unrounded
from kpi_lib.grouping import grouped
from kpi_lib.months.arrivals import Arrived
from kpi_lib.months.cells import Value
from kpi_lib.months.clean import Post
from kpi_lib.months.totals import Number, exactly

# Rates of posts or days → the two sums that carry their weight.
WEIGHTED = {
    "completion_rate": ("completed_views", "video_views"),
    "read_completion": ("read_through", "article_views"),
}


@dataclass(frozen=True)
class Counters:
    """The counters of one post in one download: by metric, exact, with their place."""

    row: PostRow
    counts: Mapping[str, Number]

    @property
    def published(self) -> date:
        """The day it came out."""
        return self.row.published_at.date()

    def at(self, value: Number) -> Value:
        """Return one of its counters, or what was taken off it, with its place."""
        row = self.row
        place = (row.source, row.sheet, row.row)
        return Value(self.published, value, "", *place, row.post)


@dataclass(frozen=True)
class Snapshot:
    """An account's posts of one kind in one download; its day, if that is known."""

    day: date | None
    posts: Mapping[str, Counters]

    def has_of(self, opening: Snapshot) -> Fraction:
        """Return the share of another's posts, as far back as its own go, it has."""
        since = min(counters.published for counters in self.posts.values())
        old = [p for p, had in opening.posts.items() if had.published >= since]
        return Fraction(len(self.posts.keys() & old), len(old)) if old else Fraction(1)


def closed_and_opened(
    arrived: Arrived, now: Iterable[Post], before: Iterable[Post]
) -> list[dict[tuple[str, str], Snapshot]]:
    """Return the closing counters of a month and of the one before, which open it."""
    return [
        snapshots(posts, month, arrived.given.evidence_of(month).counter_window)
        for posts, month in ((now, arrived.month), (before, shift(arrived.month, -1)))
    ]


def snapshots(
    posts: Iterable[Post], month: str, window: int
) -> dict[tuple[str, str], Snapshot]:
    """
    Return each account's closing counters of a month, by account and kind of post.

    The first download in the window of days of the next month, else the last one
    inside the month; files without a download day only where nothing else is there.
    """
    first, last = days_of(month)[0], days_of(month)[-1]
    end = last + timedelta(days=window)
    groups = grouped(((post.account, post.row.kind), post) for post in posts)
    closings: dict[tuple[str, str], Snapshot] = {}
    for key, group in sorted(groups.items()):
        days = sorted({post.downloaded for post in group if post.downloaded})
        after = [day for day in days if last < day <= end]
        inside = [day for day in days if first <= day <= last]
        closing = after[0] if after else inside[-1] if inside else None
        counters = {
            row.post: Counters(row, _counts(row.metrics))
            for _, downloaded, row in group
            if downloaded == closing
        }
        if counters:
            closings[key] = Snapshot(closing, counters)
    return closings


def _counts(metrics: Mapping[str, float]) -> dict[str, Number]:
    """Make counters exact; rates become counters too, which can be subtracted."""
    counts = {
        name: exactly(metrics[name])
        for name in METRICS
        if name in metrics and name not in WEIGHTED
    }
    for rate, (above, below) in WEIGHTED.items():
        if rate in metrics and "views" in counts:
            counts[above] = exactly(metrics[rate]) * counts["views"]
            counts[below] = counts["views"]
    return {name: count for name, count in counts.items() if not isnan(count)}


def bounds(posts: Sequence[Post], *, most: bool) -> list[Post]:
    """Return one row per post that contradicts itself: the least or most of each."""
    groups = grouped(((at.account, at.downloaded, at.row.post), at) for at in posts)
    pick = max if most else min
    rows = []
    for group in groups.values():
        told = [post.row.metrics for post in group]
        metrics = {
            name: pick(counts[name] for counts in told if name in counts)
            for name in chain(*told)
        }
        rows.append(group[0]._replace(row=group[0].row._replace(metrics=metrics)))
    return rows


def post_bound(post: Post, most: bool) -> Post:
    """Return a post whose counters are as low, or as high, as the source allows."""
    row = post.row
    bounded = {
        metric: unrounded(row.metrics[metric], step, most)
        for metric, step in row.rounded
    }
    if most:  # "at least so many" has no end
        bounded |= dict.fromkeys(row.censored, float("inf"))
    if not bounded:
        return post
    return post._replace(row=row._replace(metrics={**row.metrics, **bounded}))
