"""Files that seem to belong elsewhere: told, and out until a decision names them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from kpi_lib.exports import DailyRow
from kpi_lib.language import Sentence

if TYPE_CHECKING:
    from kpi_lib.months.arrivals import File

SAME_FROM = 7
"""Fewer figures than this may be the same in two accounts by chance."""

NEAR = 3
"""Two levels so many days apart, or fewer, are compared."""

JUMP = 0.05
"""So much of a level, beyond what was gained, is no follower's doing."""

UNTOLD_JUMP = 0.3
"""The same where the file does not say what was gained."""

SMALL = 100
"""Levels that differ by fewer people are not looked at."""


def doubts(files: Sequence[File]) -> dict[str, Sentence]:
    """Return why files of a team's months are in doubt, by source."""
    found: dict[str, Sentence] = dict(_twins(files))
    for file in files:
        young = [
            post.published_at.date()
            for post in file.posts
            if any(post.metrics.values()) and file.downloaded
        ]
        if file.downloaded and max(young, default=date.min) > file.downloaded:
            text = "有{day}发布的作品，却说是{downloaded}下载的"
            day, downloaded = str(max(young)), str(file.downloaded)
            why = Sentence(text, day=day, downloaded=downloaded)
            found.setdefault(file.source, why)
    by_account: dict[str, list[File]] = defaultdict(list)
    for file in files:
        if file.source not in found:
            by_account[file.account].append(file)
    for own in by_account.values():
        found.update(_jumps(own))
    return found


def _twins(files: Sequence[File]) -> Iterator[tuple[str, Sentence]]:
    """Find files that say the same of two accounts, and name neither."""
    same: dict[object, dict[str, File]] = defaultdict(dict)
    for file in files:
        days = [
            (row.date, row.metric, row.part, row.value) for row in file.export.daily
        ]
        posts = [(post.post, *post.metrics.items()) for post in file.posts]
        named = any(row.account for row in file.export.daily)
        figures = sum(bool(value) for *_, value in days) + len(posts)
        if figures >= SAME_FROM and not named:
            same[file.export.layout, *days, *posts].setdefault(file.account, file)
    for twins in same.values():
        for file in twins.values() if len(twins) > 1 else ():
            other = next(twin for twin in twins.values() if twin is not file)
            text = "与{source}的内容一模一样，不会是两个账号的"
            yield file.source, Sentence(text, source=other.source)


def _jumps(files: Sequence[File]) -> Iterator[tuple[str, Sentence]]:
    """Find files whose first level does not follow from the last of another file."""
    known: dict[date, float] = {}
    by_first = [(levels, file) for file in files if (levels := _of("followers", file))]
    for levels, file in sorted(
        by_first, key=lambda each: (min(each[0]), each[1].source)
    ):
        day = min(levels)
        past = [at for at in known if day - timedelta(days=NEAR) <= at < day]
        if past and (why := _jump(file, max(past), known[max(past)], day, levels[day])):
            yield file.source, why
        else:
            known |= levels


def _jump(
    file: File, then: date, before: float, day: date, level: float
) -> Sentence | None:
    gained, tolerated = 0.0, UNTOLD_JUMP
    nets = _of("net_follows", file)
    between = [then + timedelta(days=by + 1) for by in range((day - then).days)]
    if all(at in nets for at in between):
        gained, tolerated = sum(nets[at] for at in between), JUMP
    if abs(level - before - gained) <= max(SMALL, tolerated * before):
        return None
    return Sentence(
        "粉丝数由{then}的{before}跳到{day}的{level}",
        then=str(then),
        before=f"{before:,.0f}",
        day=str(day),
        level=f"{level:,.0f}",
    )


def _of(metric: str, file: File) -> Mapping[date, float]:
    rows: Sequence[DailyRow] = file.export.daily
    return {
        row.date: row.value
        for row in rows
        if row.metric == metric and not row.part and not row.account
    }
