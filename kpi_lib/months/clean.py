"""
Raw rows → kept rows, and what became of every other one.

Files come in already read (`kpi_lib.months.arrivals`); rows go out, exact as they were
read. Nothing here opens a file, and no row leaves without a fate in the ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from kpi_lib.catalogue import METRICS
from kpi_lib.days import stretches
from kpi_lib.errors import LedgerError, Problem
from kpi_lib.exports import DailyRow, LedgerRow, PostRow
from kpi_lib.figures import unrounded
from kpi_lib.inputs import Decision
from kpi_lib.language import N_, Sentence
from kpi_lib.months.arrivals import File
from kpi_lib.months.totals import spans

MANY_DAYS = 10
"""So many days that contradict themselves, and none that does not, are no accident."""

TOGETHER: dict[tuple[str, ...], Callable[..., bool]] = {
    ("net_follows", "follows", "unfollows"): lambda net, new, lost: net == new - lost,
    ("likes", "views"): lambda likes, views: likes <= views,
}
"""Metrics of a day, and how they fit together."""

BACKWARDS = Sentence("这几列每一天都互相矛盾，像是弄反了，决定之前不计")


class Post(NamedTuple):
    """A post of an account with its counters on the day of one download."""

    account: str
    downloaded: date | None
    row: PostRow


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What counts of a month's files, and what became of every record."""

    daily: Sequence[DailyRow] = ()
    """One row per account (named in each), date, metric and part."""
    posts: Sequence[Post] = ()
    """One row per post and download."""
    daily_conflicts: Sequence[DailyRow] = ()
    """Values that contradict each other, left out of the above."""
    posts_conflicts: Sequence[Post] = ()
    ledger: Sequence[tuple[str, LedgerRow]] = ()
    """The account, and one row per record of every sheet of every file."""
    findings: Sequence[Problem] = ()

    def of(self, accounts: Collection[str]) -> Cleaned:
        """Return the rows that count, of some accounts."""
        return Cleaned(
            daily=[row for row in self.daily if row.account in accounts],
            posts=[post for post in self.posts if post.account in accounts],
        )


class _Fates:
    """What became of each record, as the files' values are compared."""

    def __init__(self) -> None:
        self._fates: dict[tuple[object, ...], Counter[str]] = defaultdict(Counter)
        self._why: dict[tuple[object, ...], tuple[str, str]] = {}
        self.doubted: dict[str, list[str]] = {}
        """Metrics that do not count, by file: they contradict each other every day."""

    def note(
        self, row: DailyRow | PostRow, fate: str, reason: str = "", column: str = ""
    ) -> None:
        place = _place(row)
        self._fates[place][fate] += 1
        if reason:
            self._why.setdefault((place, fate), (reason, column))

    def is_own(
        self, row: DailyRow | PostRow, file: File, names: Mapping[str, str]
    ) -> bool:
        """Return whether a row is of its folder's account; it is out if it is not."""
        if file.doubt:
            self.note(row, "conflict", file.doubt)
            return False
        if row.account in ("", file.account, names.get(file.account)):
            return True
        reason = Sentence("账号应为{account}，与所在的文件夹一致", account=file.account)
        self.note(row, "quarantined", reason, "账号")
        return False

    def of(self, row: LedgerRow) -> LedgerRow:
        """Return the ledger row with its final fate."""
        place = _place(row)
        fates = self._fates.get(place)
        if not row.counted or not fates:
            return row
        # A record holds several metrics: the worst that happened to one is told.
        for fate in ("conflict", "quarantined", "kept", "duplicate"):
            if fates[fate]:
                reason, column = self._why.get((place, fate), (row.reason, row.column))
                own = row.fate if fate == "kept" else fate
                return row._replace(fate=own, reason=reason, column=column)
        return row


def _place(row: DailyRow | PostRow | LedgerRow) -> tuple[str, str, int, int]:
    return row.source, row.sheet, row.block, row.row


def clean(
    files: Iterable[File],
    *,
    names: Mapping[str, str],
    decisions: Iterable[Decision] = (),
) -> Cleaned:
    """Keep what counts; `names`: by id, as manual entries may write an account."""
    ordered = sorted(files, key=lambda file: file.source)
    fates = _Fates()
    chosen = {
        (decision.month, decision.source, decision.row, decision.metric)
        for decision in decisions
    }
    daily, daily_conflicts = _daily(ordered, names, chosen, fates)
    posts, posts_conflicts = _posts(ordered, names, fates)
    for file in ordered:
        places = {_place(row) for row in file.ledger}
        if len(places) != len(file.ledger):
            raise LedgerError(file.source, len(places), len(file.ledger))
    return Cleaned(
        daily=daily,
        posts=posts,
        daily_conflicts=daily_conflicts,
        posts_conflicts=posts_conflicts,
        ledger=[
            (file.account, fates.of(row)) for file in ordered for row in file.ledger
        ],
        findings=(
            *(finding for file in ordered for finding in _of_file(file, fates)),
            *_conflicts(daily_conflicts, posts_conflicts),
        ),
    )


def _daily(
    files: Sequence[File],
    names: Mapping[str, str],
    chosen: Collection[tuple[str, str, int, str]],
    fates: _Fates,
) -> tuple[list[DailyRow], list[DailyRow]]:
    """Keep one value per account, day, metric and part; list contradictions."""
    values: dict[tuple[str, date, str, str], list[DailyRow]] = defaultdict(list)
    for file in files:
        fates.doubted[file.source] = doubted = _doubted(file, chosen)
        for row in file.daily:
            if row.metric in doubted and not file.doubt:
                fates.note(row, "conflict", BACKWARDS, METRICS[row.metric].zh)
            elif fates.is_own(row, file, names):
                own = row._replace(account=file.account)
                values[file.account, row.date, row.metric, row.part].append(own)
    kept: list[DailyRow] = []
    conflicts: list[DailyRow] = []
    for (_, day, metric, _), rows in sorted(values.items()):
        month = f"{day:%Y-%m}"
        picked = [row for row in rows if (month, row.source, row.row, metric) in chosen]
        if winner := picked[0] if picked else _agreed(rows):
            kept.append(winner)
            for row in rows:
                _note(row, winner, fates)
        else:
            name = METRICS[metric].label
            reason = Sentence("{day}的{metric}有不同的值", day=str(day), metric=name)
            for row in rows:
                fates.note(row, "conflict", reason, METRICS[metric].zh)
            conflicts += rows
    return kept, conflicts


def _doubted(file: File, chosen: Collection[tuple[str, str, int, str]]) -> list[str]:
    """Return the metrics of a file that contradict each other on every day.

    They count when a decision names the file and one of them.
    """
    days: dict[date, dict[str, float]] = defaultdict(dict)
    for row in file.daily:
        if not (row.part or row.censored or row.rounded):
            days[row.date][row.metric] = row.value
    decided = {metric for _, source, _, metric in chosen if source == file.source}
    doubted: list[str] = []
    for metrics, fit in TOGETHER.items():
        values = [of_day for of_day in days.values() if of_day.keys() >= {*metrics}]
        whole = len(values) >= MANY_DAYS and decided.isdisjoint(metrics)
        if whole and not any(fit(*(of[metric] for metric in metrics)) for of in values):
            doubted += metrics
    return doubted


def _agreed(rows: Sequence[DailyRow]) -> DailyRow | None:
    """Return the row that says what all say, some of them less exactly; if they do."""
    exact = [row for row in rows if not (row.censored or row.rounded)]
    told = {(row.value, row.censored, row.rounded) for row in exact or rows}
    if len(told) > 1:
        return None
    winner = (exact or rows)[0]
    for row in rows if exact else ():
        least, most = (
            unrounded(row.value, row.rounded, high) for high in (False, True)
        )
        if winner.value < least or (winner.value > most and not row.censored):
            return None
    return winner


def _note(row: DailyRow, winner: DailyRow, fates: _Fates) -> None:
    if row is winner:
        fates.note(row, "kept")
    elif row.value == winner.value or row.rounded or row.censored:
        fates.note(row, "duplicate", _same(winner.source))
    else:
        where = _name(winner.source)
        reason = Sentence("已选定{file}第{row}行", file=where, row=winner.row)
        fates.note(row, "conflict", reason)


def _same(source: str) -> Sentence:
    return Sentence("与{file}里的相同", file=_name(source))


def _name(source: str) -> str:
    """Return a file by the folder of its day and its name, as people know it."""
    return "/".join(source.split("/")[4:]) or source


def _posts(
    files: Sequence[File], names: Mapping[str, str], fates: _Fates
) -> tuple[list[Post], list[Post]]:
    """Keep one row per post and download day; list contradictions."""
    downloads: dict[tuple[str, date, str], list[Post]] = defaultdict(list)
    for file in files:
        for row in file.posts:
            if not fates.is_own(row, file, names):
                continue
            key = (file.account, file.downloaded or date.min, row.post)
            downloads[key].append(Post(file.account, file.downloaded, row))
    kept: list[Post] = []
    conflicts: list[Post] = []
    for _, posts in sorted(downloads.items()):
        # A shorter list of the same posts (抖音 投稿表现) contradicts nothing.
        first = max(posts, key=lambda post: len(post.row.metrics))
        counters = first.row.metrics.items()
        if all(post.row.metrics.items() <= counters for post in posts):
            kept.append(first)
            fates.note(first.row, "kept")
            for post in posts:
                if post is not first:
                    fates.note(post.row, "duplicate", _same(first.row.source))
        else:
            reason = (
                Sentence("同一天下载的同一内容有不同的值")
                if first.downloaded
                else Sentence("没有下载日期，同一内容又有不同的值")
            )
            for post in posts:
                fates.note(post.row, "conflict", reason)
            conflicts += posts
    return kept, conflicts


# What is worth telling.


def _of_file(file: File, fates: _Fates) -> Iterator[Problem]:
    yield from file.export.findings
    if file.doubt:
        yield Problem(
            what=Sentence("{why}，没有计", why=file.doubt),
            where=file.source,
            do=Sentence("放错的移走；没有错的，在data/decisions.csv写上这个文件"),
            level="warning",
        )
    if doubted := fates.doubted[file.source]:
        yield Problem(
            what=Sentence(
                "{metrics}每一天都互相矛盾，像是列弄反了，没有计",
                metrics=[METRICS[metric].label for metric in doubted],
            ),
            where=file.source,
            do=Sentence(
                "对照后台；没有错的，在data/decisions.csv写上这个文件和其中一个指标"
            ),
            level="warning",
        )
    if file.posts and file.downloaded is None:
        yield Problem(
            what=Sentence("累计数的文件没有下载日期，只能用“当月发布”的口径"),
            where=file.source,
            expected=Sentence("文件名末尾或上级文件夹有日期，如2026-11-02"),
            do=Sentence("用kpi add FILE --account A --downloaded DAY放进来"),
            level="warning",
        )
    strangers = [
        row.row
        for row in file.ledger
        if row.counted and fates.of(row).fate == "quarantined"
    ]
    if strangers:
        yield Problem(
            what=Sentence(
                "有{n}行写的是别的账号，隔离未计：第{rows}行",
                n=len(strangers),
                rows=spans(strangers, "、"),
            ),
            where=file.source,
            expected=Sentence("{account}，与所在的文件夹一致", account=file.account),
            do=Sentence("改正账号，或把文件移进那个账号的文件夹"),
            level="warning",
        )


def _conflicts(daily: Iterable[DailyRow], posts: Iterable[Post]) -> Iterator[Problem]:
    """Tell those of one account and metric, or download day, together."""
    by_metric = _places(
        ((row.account, row.metric), str(row.date), row) for row in daily
    )
    for metric, days in by_metric:
        what = Sentence(
            "{days}的{metric}有不同的值，未计",
            days=stretches(map(date.fromisoformat, days)),
            metric=METRICS[metric].label,
        )
        yield _conflict(what, set().union(*days.values()))
    by_download = _places(
        ((post.account, str(post.downloaded or "")), post.row.post, post.row)
        for post in posts
    )
    for day, of_posts in by_download:
        n = len(of_posts)
        what = Sentence("没有下载日期的文件里，{n}条内容的计数有不同的值，未计", n=n)
        if day:
            text = N_("{day}下载的{n}条内容的计数有不同的值，未计")
            what = Sentence(text, day=day, n=n)
        yield _conflict(what, set().union(*of_posts.values()))


def _places(
    rows: Iterable[tuple[tuple[str, str], str, DailyRow | PostRow]],
) -> Iterator[tuple[str, dict[str, set[tuple[str, int]]]]]:
    """Walk accounts and their metrics or days, with where each thing stands."""
    places: dict[tuple[str, str], dict[str, set[tuple[str, int]]]] = defaultdict(dict)
    for group, thing, row in rows:
        places[group].setdefault(thing, set()).add((row.source, row.row))
    for (_, name), things in sorted(places.items()):
        yield name, things


def _conflict(what: Sentence, places: set[tuple[str, int]]) -> Problem:
    by_file: dict[str, list[int]] = defaultdict(list)
    for source, row in places:
        by_file[source].append(row)
    return Problem(
        what=what,
        where="、".join(
            f"{source}第{spans(rows, '、')}行"
            for source, rows in sorted(by_file.items())
        ),
        expected=Sentence("同一天同一指标只有一个值"),
        do=Sentence("在data/decisions.csv选定一行"),
        level="warning",
    )
