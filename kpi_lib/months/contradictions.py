"""
Figures that contradict each other: flagged, never changed.

What a platform says twice it should say alike. Values are compared only where they
stand in one and the same file, and only those that the month counts; one finding an
account and kind, with how many there are and where the first one stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, shift
from kpi_lib.errors import Problem
from kpi_lib.exports import DailyRow, PostRow
from kpi_lib.months.add_up import Counters, snapshots
from kpi_lib.months.clean import File

RATES = ("completion_rate", "read_completion")
"""Shares of something: never below 0 nor above 1."""

ROUNDED_FROM = 1000
"""From here on a platform may write 1.2万: round figures are taken with a margin."""


class _Found(NamedTuple):
    """One contradiction: where it stands, what it is of, and how it reads."""

    source: str
    sheet: str
    row: int
    thing: str
    example: str


@dataclass
class _Findings:
    """Contradictions by account and kind, each thing once however many files tell."""

    found: dict[tuple[str, str], dict[str, _Found]] = field(
        default_factory=lambda: defaultdict(dict)
    )

    def add(self, account: str, kind: str, one: _Found) -> None:
        self.found[account, kind].setdefault(one.thing, one)

    def problems(self) -> Iterator[Problem]:
        for (_, kind), things in sorted(self.found.items()):
            first = things[min(things)]
            sheet = f"表“{first.sheet}”" if first.sheet else ""
            yield Problem(
                what=f"{KINDS[kind].format(n=len(things))}；"
                f"例：{sheet}第{first.row}行，{first.example}",
                where=first.source,
                do=DO.get(kind, "对照后台核对；是导出错了就重新导出"),
                level="note" if kind.endswith("_aside") else "warning",
            )


KINDS = {
    "net": "有{n}天的净增关注不等于新增减取消，照原样计",
    "level": "有{n}天的粉丝数变化不等于当天的净增关注，照原样计",
    "rate": "有{n}处完播率或阅读完成率不在0与1之间，照原样计",
    "likes": "有{n}处点赞多于阅读/播放，照原样计",
    "fell": "有{n}条作品的累计数比上次下载时少，差照算为负",
    "once": "有{n}条作品只在期初、期末两次下载中的一次里，没有差可算，没有计",
    "once_aside": "有{n}条作品只在期初、期末两次下载中的一次里，只列作品，数按日计",
}
"""What is said of each kind; in a note where nothing rests on it."""

DO = {
    "fell": "多半是平台清理或作者删了评论；不对的，重新导出",
    "once": "多半是下载时选的时间段不全，或作品已删；时间段不全的重新导出",
    "once_aside": "不必处理",
}


def check(
    month: str,
    files: Sequence[File],
    *,
    daily: pd.DataFrame,
    posts: pd.DataFrame,
    posts_before: pd.DataFrame,
) -> tuple[Problem, ...]:
    """
    Tell what contradicts itself.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    files : sequence of File
        The month's files, as they were read.
    daily, posts : DataFrame
        What cleaning kept of them.
    posts_before : DataFrame
        Posts kept of the month before: the opening counters.

    Returns
    -------
    tuple of Problem
        One for each account and kind, by account; each names the first file.
    """
    found = _Findings()
    kept = {
        (account, day.date(), metric): value
        for account, day, metric, part, value, censored in daily[
            ["account", "date", "metric", "part", "value", "censored"]
        ].itertuples(index=False, name=None)
        if not part and not censored
    }
    for file in sorted(files, key=lambda file: file.source):
        if file.export:
            _days(file, kept, found)
            for post in file.export.posts:
                _post(file.account, post, found)
    by_day: dict[str, set[str]] = defaultdict(set)
    for account, _, metric in kept:
        by_day[account].add(metric)
    _counters(month, posts, posts_before, by_day, found)
    return tuple(found.problems())


def _days(
    file: File, kept: Mapping[tuple[str, date, str], float], found: _Findings
) -> None:
    """Check the days of one file, each against itself and the day before it."""
    assert file.export is not None
    days: dict[date, dict[str, DailyRow]] = defaultdict(dict)
    for row in file.export.daily:
        # A value that lost to another one, or stands against one, counts nowhere.
        if not row.part and kept.get((file.account, row.date, row.metric)) == row.value:
            days[row.date][row.metric] = row
    earlier: dict[date, DailyRow] = {
        row.date: row
        for row in file.export.other
        if row.metric == "followers" and not row.part and not row.account
    }
    for day, rows in sorted(days.items()):
        _one_day(file.account, day, rows, found)
        before = days.get(day - timedelta(days=1), {}).get(
            "followers", earlier.get(day - timedelta(days=1))
        )
        if "followers" in rows and before is not None:
            _change(file.account, day, rows, before, found)


def _one_day(
    account: str, day: date, rows: Mapping[str, DailyRow], found: _Findings
) -> None:
    values = {metric: row.value for metric, row in rows.items()}
    if {"net_follows", "follows", "unfollows"} <= set(rows):
        net, new, lost = (values[m] for m in ("net_follows", "follows", "unfollows"))
        if _apart(net, new - lost, net, new, lost):
            _tell(
                found,
                account,
                "net",
                rows["net_follows"],
                str(day),
                f"{day}净增{_number(net)}，新增{_number(new)}，取消{_number(lost)}",
            )
    for metric in RATES:
        if metric in rows and not 0 <= values[metric] <= 1:
            _tell(
                found,
                account,
                "rate",
                rows[metric],
                f"{day}{metric}",
                f"{day}{METRICS[metric].zh}{_share(values[metric])}",
            )
    if {"likes", "views"} <= set(rows) and _more(values["likes"], values["views"]):
        _tell(
            found,
            account,
            "likes",
            rows["likes"],
            str(day),
            f"{day}点赞{_number(values['likes'])}，"
            f"{METRICS['views'].zh}{_number(values['views'])}",
        )


def _change(
    account: str,
    day: date,
    rows: Mapping[str, DailyRow],
    before: DailyRow,
    found: _Findings,
) -> None:
    """Check the change of a level against the day's own net."""
    if "net_follows" in rows:
        parts = [rows["net_follows"].value]
        net = parts[0]
    elif {"follows", "unfollows"} <= set(rows):
        parts = [rows["follows"].value, rows["unfollows"].value]
        net = parts[0] - parts[1]
    else:
        return
    level = rows["followers"].value
    if _apart(level - before.value, net, level, before.value, *parts):
        _tell(
            found,
            account,
            "level",
            rows["followers"],
            str(day),
            f"{day}粉丝数由{_number(before.value)}到{_number(level)}，"
            f"净增{_number(net)}",
        )


def _post(account: str, post: PostRow, found: _Findings) -> None:
    values = post.metrics
    for metric in RATES:
        if metric in values and not 0 <= values[metric] <= 1:
            _tell(
                found,
                account,
                "rate",
                post,
                f"{post.post}{metric}",
                f"{METRICS[metric].zh}{_share(values[metric])}",
            )
    known = {"likes", "views"} <= set(values) and "views" not in post.censored
    if known and _more(values["likes"], values["views"]):
        _tell(
            found,
            account,
            "likes",
            post,
            post.post,
            f"点赞{_number(values['likes'])}，"
            f"{METRICS['views'].zh}{_number(values['views'])}",
        )


def _tell(
    found: _Findings,
    account: str,
    kind: str,
    row: DailyRow | PostRow,
    thing: str,
    example: str,
) -> None:
    found.add(account, kind, _Found(row.source, row.sheet, row.row, thing, example))


# Counters between two downloads.


def _counters(
    month: str,
    posts: pd.DataFrame,
    posts_before: pd.DataFrame,
    by_day: Mapping[str, set[str]],
    found: _Findings,
) -> None:
    """Check the closing counters of each account against the opening ones."""
    closings = snapshots(posts, month)
    openings = snapshots(posts_before, shift(month, -1))
    # Without an opening, or a closing of a known day, nothing is subtracted.
    compared = {account for account, _ in openings} & {
        account for (account, _), one in closings.items() if one.day is not None
    }
    for account, kind in sorted({*closings, *openings}):
        if account not in compared:
            continue
        # Where days are on record the counters of that metric count for nothing.
        used = set(METRICS) - by_day.get(account, set())
        opening, closing = openings.get((account, kind)), closings.get((account, kind))
        before = opening.posts if opening else {}
        after = closing.posts if closing else {}
        for post in sorted({*before, *after}):
            if post in before and post in after:
                _fallen(account, post, before[post], after[post], used, found)
            else:
                _alone(account, month, post, before, after, used, found)


def _fallen(
    account: str,
    post: str,
    then: Counters,
    now: Counters,
    used: set[str],
    found: _Findings,
) -> None:
    for metric, value in now.counts.items():
        if metric not in used or METRICS[metric].kind != "flow":
            continue
        if metric in then.counts and _more(float(then.counts[metric]), float(value)):
            change = f"由{_number(then.counts[metric])}到{_number(value)}"
            example = f"{METRICS[metric].zh}{change}"
            one = _Found(now.source, now.sheet, now.row, post, example)
            found.add(account, "fell", one)


def _alone(
    account: str,
    month: str,
    post: str,
    before: Mapping[str, Counters],
    after: Mapping[str, Counters],
    used: set[str],
    found: _Findings,
) -> None:
    """Tell of a post that one download has and the other should have."""
    known = before.get(post) or after[post]
    if post in after and known.published >= days_of(month)[0]:
        return  # new in the month: it began at 0
    which = "期初" if post in before else "期末"
    counted = {m for m in known.counts if METRICS[m].kind == "flow"} & used
    found.add(
        account,
        "once" if counted else "once_aside",
        _Found(known.source, known.sheet, known.row, post, f"只在{which}的下载里"),
    )


def _number(value: object) -> str:
    number = float(value)  # type: ignore[arg-type]
    return f"{number:,.0f}" if number == int(number) else f"{number:,.2f}"


def _share(value: float) -> str:
    return f"{value * 100:g}%"


def _margin(value: float) -> float:
    """Return by how much a round figure may be off: 1.2万 is 11,950 to 12,050."""
    whole = int(abs(value))
    if whole < ROUNDED_FROM or whole != abs(value) or whole % 100:
        return 0.0
    unit = 100
    while whole % (unit * 10) == 0:
        unit *= 10
    return unit / 2


def _apart(one: float, other: float, *made_of: float) -> bool:
    """Say whether two figures differ by more than rounding explains."""
    return abs(one - other) > sum(_margin(value) for value in made_of) + 1e-6


def _more(one: float, other: float) -> bool:
    """Say whether one figure is above another by more than rounding explains."""
    return one - _margin(one) > other + _margin(other) + 1e-6
