"""Files that seem to belong elsewhere: told, and out until a decision names them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from kpi_lib.grouping import grouped
from kpi_lib.language import N_, Sentence

if TYPE_CHECKING:
    from kpi_lib.months.arrivals import File

# Fewer figures than this may be the same in two accounts by chance.
SAME_FROM = 7

# Two levels so many days apart, or fewer, are compared.
NEAR = 3

# So much of a level, beyond what was gained, is no follower's doing; the same where the
# file does not say what was gained; and so few people that nobody looks at them.
JUMP, UNTOLD_JUMP, SMALL = 0.05, 0.3, 100


def doubts(files: Sequence[File], decided: Collection[str] = ()) -> dict[str, Sentence]:
    """Return why files of a team's months are in doubt, by source, but decided ones."""
    found = {**dict(_younger(files)), **dict(_twins(files))}
    sure = [at for at in files if at.source not in found or at.source in decided]
    for own in grouped((file.account, file) for file in sure).values():
        found.update(_jumps(own, decided))
    return {source: why for source, why in found.items() if source not in decided}


def _younger(files: Sequence[File]) -> Iterator[tuple[str, Sentence]]:
    """Find files that were downloaded, they say, before a post of theirs came out."""
    for file in files:
        days = (p.published_at.date() for p in file.posts if any(p.metrics.values()))
        day = max(days, default=date.min)
        if file.downloaded and day > file.downloaded:
            told = {"day": str(day), "downloaded": str(file.downloaded)}
            yield file.source, Sentence("有{day}的作品，下载日却是{downloaded}", **told)


def _twins(files: Sequence[File]) -> Iterator[tuple[str, Sentence]]:
    """Find files that say the same of two accounts, and name neither."""
    same: dict[object, dict[str, File]] = defaultdict(dict)
    for file in files:
        daily = file.export.daily
        days = [(row.date, row.metric, row.part, row.value) for row in daily]
        posts = [(post.post, *post.metrics.items()) for post in file.posts]
        figures = sum(bool(value) for *_, value in days) + len(posts)
        if figures >= SAME_FROM and not any(row.account for row in daily):
            same[file.export.layout, *days, *posts].setdefault(file.account, file)
    for twins in same.values():
        for file in twins.values() if len(twins) > 1 else ():
            other = next(twin.source for twin in twins.values() if twin is not file)
            yield file.source, Sentence("与{source}的内容一模一样", source=other)


def _jumps(
    files: Sequence[File], decided: Collection[str]
) -> Iterator[tuple[str, Sentence]]:
    """Find files whose first level does not follow from the last of another file.

    What follows from nothing but a file in doubt is in doubt with it.
    """
    seen: dict[date, tuple[float, bool]] = {}  # a level, and if it is in doubt
    with_levels = [(levels, f) for f in files if (levels := _of("followers", f))]
    for levels, file in sorted(with_levels, key=lambda each: min(each[0])):
        day, nets = min(levels), _of("net_follows", file)
        near = [at for at in seen if day - timedelta(days=NEAR) <= at < day]
        # One that counts is looked at first, then the latest.
        then = max(near, key=lambda at: (not seen[at][1], at), default=day)
        before, doubted = seen.get(then, (levels[day], False))
        gained, tolerated = 0.0, UNTOLD_JUMP
        between = [then + timedelta(days=by + 1) for by in range((day - then).days)]
        if all(at in nets for at in between):
            gained, tolerated = sum(nets[at] for at in between), JUMP
        off = abs(levels[day] - before - gained) > max(SMALL, tolerated * before)
        out = off != doubted and file.source not in decided
        own = {at: (level, out) for at, level in levels.items()}
        seen = own | seen if out else seen | own
        if out:
            why = N_("粉丝数由{then}的{before}跳到{day}的{level}")
            if doubted:
                why = N_("粉丝数接着{then}的{before}，那份文件也存疑")
            told = {"then": str(then), "day": str(day), "before": f"{before:,.0f}"}
            yield file.source, Sentence(why, **told, level=f"{levels[day]:,.0f}")


def _of(metric: str, file: File) -> Mapping[date, float]:
    return {
        row.date: row.value
        for row in file.export.daily
        if row.metric == metric and not (row.part or row.account)
    }
