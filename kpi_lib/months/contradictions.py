"""
Figures that contradict each other: flagged, never changed.

What a platform says twice it should say alike. Values are compared only where they
stand in one and the same file, and only those that the month counts; one finding an
account, kind and table, with every row where one stands and the first as an example.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import NamedTuple

from kpi_lib.catalogue import METRICS, words
from kpi_lib.days import days_of
from kpi_lib.errors import Problem
from kpi_lib.exports import DailyRow, PostRow
from kpi_lib.language import N_, Sentence
from kpi_lib.months.arrivals import Arrived, File
from kpi_lib.months.clean import Cleaned
from kpi_lib.months.counters import WEIGHTED, Counters, closed_and_opened
from kpi_lib.months.totals import Number, spans

# From here on a platform may write 1.2万: round figures are taken with a margin.
ROUNDED_FROM = 1000

# What is said of each kind, in a note where nothing rests on it; what to do about it.
KINDS, DO = words("contradictions", "contradictions_do")


class Clash(NamedTuple):
    """What kind it is, of which account and thing, where it stands, how it reads."""

    account: str
    kind: str
    thing: str
    place: DailyRow | PostRow
    example: Sentence


def contradictions(
    arrived: Arrived, cleaned: Cleaned, before: Cleaned
) -> Iterator[Problem]:
    """
    Tell what contradicts itself: one finding for each account and kind, by account.

    Compares the days and posts of each file, and the closing counters with the opening
    ones, which the month before kept.
    """
    # Each once, however many files tell of it.
    things: dict[tuple[str, str, str], Clash] = {}
    for thing in (
        *_in_files(arrived, cleaned),
        *_between_downloads(arrived, cleaned, before),
    ):
        things.setdefault(thing[:3], thing)
    tables: dict[tuple[str, str, str, str], list[Clash]] = defaultdict(list)
    for (account, kind, _), thing in sorted(things.items()):
        tables[account, kind, thing.place.source, thing.place.sheet].append(thing)
    for (_, kind, source, sheet), of_table in tables.items():
        yield Problem(
            what=Sentence(
                N_("{what}（第{rows}行；如{example}）"),
                what=Sentence(KINDS[kind], n=len(of_table)),
                rows=spans((thing.place.row for thing in of_table), "、"),
                example=of_table[0].example,
            ),
            where=source,
            place=sheet,
            do=Sentence(DO[kind]),
            level="note" if kind.endswith("_aside") else "warning",
        )


# Within one file.


def _in_files(arrived: Arrived, cleaned: Cleaned) -> Iterator[Clash]:
    counted = {
        (row.account, row.date, row.metric): row.value
        for row in cleaned.daily
        if not row.part and not row.censored
    }
    for file in sorted(arrived.files, key=lambda file: file.source):
        for day, rows in sorted(_by_day(file, counted).items()):
            yield from _of_day(file.account, str(day), rows)
        for post in file.posts:
            yield from _of_post(file.account, post)


# The level of the day before, among the rows of a day.
YESTERDAY = "followers before"


def _by_day(
    file: File, counted: Mapping[tuple[str, date, str], float]
) -> dict[date, dict[str, DailyRow]]:
    """Sort a file's values that count by day and metric, with the level before each."""
    days: dict[date, dict[str, DailyRow]] = defaultdict(dict)
    levels: dict[date, DailyRow] = {}
    for row in file.export.daily:
        if row.part:
            continue
        inside = f"{row.date:%Y-%m}" == file.month
        # A value that lost to another one, or stands against one, counts nowhere.
        if inside and counted.get((file.account, row.date, row.metric)) == row.value:
            days[row.date][row.metric] = row
        elif inside or row.account:
            continue
        if row.metric == "followers":
            levels[row.date] = row
    for day, rows in days.items():
        if before := levels.get(day - timedelta(days=1)):
            rows[YESTERDAY] = before
    return days


def _of_day(account: str, day: str, rows: Mapping[str, DailyRow]) -> Iterator[Clash]:
    """Check a day against itself and the level of the day before."""
    value = {metric: row.value for metric, row in rows.items()}
    if {"net_follows", "follows", "unfollows"} <= set(rows):
        net, new, lost = (value[name] for name in ("net_follows", *PARTS))
        if _apart(net, new - lost, net, new, lost):
            text = N_("{day}净增{net}，新增{new}，取消{lost}")
            example = _example(text, day=day, net=net, new=new, lost=lost)
            yield Clash(account, "net", day, rows["net_follows"], example)
    # The change of a level must be the day's own net, or what its parts make.
    parts = ("net_follows",) if "net_follows" in rows else PARTS
    if {"followers", YESTERDAY, *parts} <= set(rows):
        made_of = [value[part] for part in parts]
        net = made_of[0] - sum(made_of[1:])
        level, before = value["followers"], value[YESTERDAY]
        if _apart(level - before, net, level, before, *made_of):
            text = N_("{day}粉丝数由{before}到{now}，净增{net}")
            example = _example(text, day=day, before=before, now=level, net=net)
            yield Clash(account, "level", day, rows["followers"], example)
    for metric, example in _shares(value, "{day}{metric}{share}", day=day):
        yield Clash(account, "rate", f"{day}{metric}", rows[metric], example)
    for example in _likes(value, N_("{day}点赞{likes}，阅读/播放{views}"), day=day):
        yield Clash(account, "likes", day, rows["likes"], example)


PARTS = ("follows", "unfollows")


def _of_post(account: str, post: PostRow) -> Iterator[Clash]:
    for metric, example in _shares(post.metrics, "{metric}{share}"):
        yield Clash(account, "rate", f"{post.post}{metric}", post, example)
    if "views" not in post.censored:
        for example in _likes(post.metrics, N_("点赞{likes}，阅读/播放{views}")):
            yield Clash(account, "likes", post.post, post, example)


def _shares(
    value: Mapping[str, float], text: str, **more: str
) -> Iterator[tuple[str, Sentence]]:
    """Walk the rates that are no share of anything."""
    for metric in WEIGHTED:  # shares of something: never below 0 nor above 1
        if metric in value and not 0 <= value[metric] <= 1:
            name, share = METRICS[metric].label, f"{value[metric] * 100:g}%"
            yield metric, Sentence(text, metric=name, share=share, **more)


def _likes(value: Mapping[str, float], text: str, **more: str) -> Iterator[Sentence]:
    if {"likes", "views"} <= set(value) and _more(value["likes"], value["views"]):
        yield _example(text, likes=value["likes"], views=value["views"], **more)


# Counters between two downloads.


def _between_downloads(
    arrived: Arrived, cleaned: Cleaned, before: Cleaned
) -> Iterator[Clash]:
    """Check the closing counters of each account against the opening ones."""
    first = days_of(arrived.month)[0]
    closings, openings = closed_and_opened(arrived, cleaned.posts, before.posts)
    by_day: dict[str, set[str]] = defaultdict(set)
    for row in cleaned.daily:
        if not row.part and not row.censored:
            by_day[row.account].add(row.metric)
    # Without an opening, or a closing of a known day, nothing is subtracted.
    compared = {account for account, _ in openings} & {
        account for (account, _), closing in closings.items() if closing.day
    }
    for account, kind in sorted({*closings, *openings}):
        if account not in compared:
            continue
        # Where days are on record the counters of that metric count for nothing.
        used = [
            name
            for name, metric in METRICS.items()
            if metric.kind == "flow" and name not in by_day[account]
        ]
        opening, closing = openings.get((account, kind)), closings.get((account, kind))
        then = opening.posts if opening else {}
        now = closing.posts if closing else {}
        for post in sorted({*then, *now}):
            start, end = then.get(post), now.get(post)
            if start and end:
                yield from _fallen(account, post, start, end, used)
            # What is new in the month began at 0.
            elif (only := start or end) and (start or only.published < first):
                counted = not only.counts.keys().isdisjoint(used)
                text = N_("只在期初的下载里") if start else N_("只在期末的下载里")
                kind = "once" if counted else "once_aside"
                yield Clash(account, kind, post, only.row, Sentence(text))


def _fallen(
    account: str, post: str, start: Counters, end: Counters, used: Iterable[str]
) -> Iterator[Clash]:
    for metric in used:
        before, after = start.counts.get(metric), end.counts.get(metric)
        if before is None or after is None or not _more(float(before), float(after)):
            continue
        text, name = N_("{metric}由{before}到{now}"), METRICS[metric].label
        example = _example(text, metric=name, before=before, now=after)
        yield Clash(account, "fell", post, end.row, example)


# How figures are written and compared.


def _example(text: str, **values: Number | str) -> Sentence:
    """Show what contradicts itself, its figures as people write them."""
    shown = {
        name: value
        if isinstance(value, str)
        else f"{float(value):,.2f}".removesuffix(".00")
        for name, value in values.items()
    }
    return Sentence(text, **shown)


def _margin(value: float) -> float:
    """Return by how much a round figure may be off: 1.2万 is 11,950 to 12,050."""
    whole = int(abs(value))
    if whole < ROUNDED_FROM or whole != abs(value) or whole % 100:
        return 0.0
    unit = 100
    while whole % (unit * 10) == 0:
        unit *= 10
    return unit / 2


def _apart(figure: float, other: float, *made_of: float) -> bool:
    """Say whether two figures differ by more than rounding explains."""
    return abs(figure - other) > sum(_margin(value) for value in made_of) + 1e-6


def _more(figure: float, other: float) -> bool:
    """Say whether one figure is above another by more than rounding explains."""
    return figure - _margin(figure) > other + _margin(other) + 1e-6
