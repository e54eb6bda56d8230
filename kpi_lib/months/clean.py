"""
Raw rows → kept rows, and what became of every other one.

Files come in already read (`kpi_lib.months.arrivals`); rows go out, exact as they were
read. Nothing here opens a file, and no row leaves without a fate in the ledger.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from kpi_lib.catalogue import METRICS
from kpi_lib.days import stretches
from kpi_lib.errors import LedgerError, Problem
from kpi_lib.exports import DailyRow, Fate, LedgerRow, PostRow
from kpi_lib.figures import unrounded
from kpi_lib.files import MANUAL
from kpi_lib.grouping import grouped
from kpi_lib.inputs import Decision
from kpi_lib.language import N_, Sentence
from kpi_lib.months.arrivals import File
from kpi_lib.months.totals import spans

# So many days that contradict themselves, and none that does not, are no accident.
MANY_DAYS = 10

# Metrics of a day, and how they fit together.
TOGETHER: dict[tuple[str, ...], Callable[..., bool]] = {
    ("net_follows", "follows", "unfollows"): lambda net, new, lost: net == new - lost,
    ("likes", "views"): lambda likes, views: likes <= views,
}

# What may happen to the values of a record, what is told first at first.
WORST: tuple[Fate, ...] = ("conflict", "quarantined", "kept", "duplicate")

BACKWARDS = Sentence("这几列每一天都互相矛盾，像是弄反了，决定之前不计")


Row = DailyRow | PostRow


class Post(NamedTuple):
    """A post of an account with its counters on the day of one download."""

    account: str
    downloaded: date | None
    row: PostRow


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """What counts of a month's files, and what contradicts itself."""

    # One row per account (named in each), date, metric and part.
    daily: Sequence[DailyRow] = ()
    # One row per post and download.
    posts: Sequence[Post] = ()
    # Values that contradict each other, left out of the above.
    daily_conflicts: Sequence[DailyRow] = ()
    posts_conflicts: Sequence[Post] = ()

    def of(self, accounts: Collection[str]) -> Cleaned:
        """Return the rows that count, of some accounts."""
        return Cleaned(
            daily=[row for row in self.daily if row.account in accounts],
            posts=[post for post in self.posts if post.account in accounts],
        )


class Cleaning:
    """The files' values as they are compared, and what becomes of each record.

    `names` are those of accounts by id, as manual entries may write them.
    """

    def __init__(
        self,
        files: Iterable[File],
        names: Mapping[str, str],
        decisions: Iterable[Decision],
    ) -> None:
        self.files = sorted(files, key=lambda file: file.source)
        self._names = names
        self._chosen = {(at.month, at.source, at.row, at.metric) for at in decisions}
        # Metrics that do not count, by file: they contradict each other every day.
        self._doubted = {file.source: self._backwards(file) for file in self.files}
        self._by_source = {file.source: file for file in self.files}
        # A record holds several metrics: the worst that happened to one is told.
        self._worst: dict[tuple[object, ...], tuple[Fate, str, str]] = {}
        daily, daily_conflicts = self._daily()
        posts, posts_conflicts = self._posts()
        self.cleaned = Cleaned(
            daily=daily,
            posts=posts,
            daily_conflicts=daily_conflicts,
            posts_conflicts=posts_conflicts,
        )

    def _backwards(self, file: File) -> list[str]:
        """Return the metrics of a file that contradict each other on every day.

        They count when a decision names the file and one of them.
        """
        days: dict[date, dict[str, float]] = defaultdict(dict)
        for row in file.daily:
            if not (row.part or row.censored or row.rounded):
                days[row.date][row.metric] = row.value
        decided = {at[-1] for at in self._chosen if at[1] == file.source}
        doubted: list[str] = []
        for metrics, fit in TOGETHER.items():
            values = [of_day for of_day in days.values() if of_day.keys() >= {*metrics}]
            whole = len(values) >= MANY_DAYS and decided.isdisjoint(metrics)
            if whole and not any(fit(*(of[name] for name in metrics)) for of in values):
                doubted += metrics
        return doubted

    def _note(self, row: Row, fate: Fate, reason: str = "", column: str = "") -> None:
        place = _place(row)
        before = self._worst.get(place)
        if before is None or WORST.index(fate) < WORST.index(before[0]):
            self._worst[place] = fate, reason, column

    def _is_own(self, row: Row, file: File) -> bool:
        """Return whether a row is of its folder's account; it is out if it is not."""
        if file.doubt:
            self._note(row, "conflict", file.doubt)
            return False
        if row.account in ("", file.account, self._names.get(file.account)):
            return True
        reason = Sentence("账号应为{account}，与所在的文件夹一致", account=file.account)
        self._note(row, "quarantined", reason, "账号")
        return False

    def fate(self, row: LedgerRow) -> LedgerRow:
        """Return the ledger row with its final fate."""
        worst = self._worst.get(_place(row))
        if not row.counted or worst is None or worst[0] == "kept":
            return row
        fate, reason, column = worst
        return row._replace(fate=fate, reason=reason, column=column)

    def _daily(self) -> tuple[list[DailyRow], list[DailyRow]]:
        """Keep one value per account, day, metric and part; list contradictions."""
        values: dict[tuple[str, date, str, str], list[DailyRow]] = defaultdict(list)
        for file in self.files:
            doubted = self._doubted[file.source]
            for row in file.daily:
                if row.metric in doubted and not file.doubt:
                    self._note(row, "conflict", BACKWARDS, METRICS[row.metric].zh)
                elif self._is_own(row, file):
                    own = row._replace(account=file.account)
                    values[file.account, row.date, row.metric, row.part].append(own)
        kept: list[DailyRow] = []
        conflicts: list[DailyRow] = []
        for (_, day, metric, _), rows in sorted(values.items()):
            at = f"{day:%Y-%m}"
            decided = (r for r in rows if (at, r.source, r.row, metric) in self._chosen)
            picked = next(decided, None)
            if winner := picked or _agreed(rows) or _agreed(self._settled(rows)):
                kept.append(winner)
                for row in rows:
                    self._note(row, *_beside(winner, row))
            else:
                label = METRICS[metric].label
                text = N_("{day}的{metric}有不同的值")
                reason = Sentence(text, day=str(day), metric=label)
                for row in rows:
                    self._note(row, "conflict", reason, str(label))
                conflicts += rows
        return kept, conflicts

    def _settled(self, rows: Sequence[DailyRow]) -> list[DailyRow]:
        """Leave out what another export, or a later download, tells better."""
        told = [(row, self._by_source[row.source]) for row in rows]
        told = [(row, file) for row, file in told if not file.yields(row)] or told
        newest = max((f.downloaded for _, f in told if f.downloaded), default=None)
        return [
            row
            for row, file in told
            if file.downloaded in {None, newest} or row.date <= file.stands_until
        ]

    def _posts(self) -> tuple[list[Post], list[Post]]:
        """Keep one row per post and download day; list contradictions."""
        downloads: dict[tuple[str, date, str], list[Post]] = defaultdict(list)
        for file in self.files:
            for row in file.posts:
                if self._is_own(row, file):
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
                for post in posts:
                    fate = ("kept",) if post is first else _same(first.row.source)
                    self._note(post.row, *fate)
            else:
                text = N_("没有下载日期，同一内容又有不同的值")
                if first.downloaded:
                    text = N_("同一天下载的同一内容有不同的值")
                for post in posts:
                    self._note(post.row, "conflict", Sentence(text))
                conflicts += posts
        return kept, conflicts

    def ledger(self) -> Iterator[tuple[str, LedgerRow]]:
        """Walk the account and the fate of every record of every sheet of every file.

        Raises `LedgerError` if two records have one place.
        """
        for file in self.files:
            places = {_place(row) for row in file.ledger}
            if len(places) != len(file.ledger):
                raise LedgerError(file.source, len(places), len(file.ledger))
            for row in file.ledger:
                yield file.account, self.fate(row)

    def findings(self) -> Iterator[Problem]:
        """Tell what is wrong with each file, and what contradicts itself."""
        for file in self.files:
            yield from self._of_file(file)
        cleaned = self.cleaned
        yield from _conflicts(cleaned.daily_conflicts, cleaned.posts_conflicts)

    def _of_file(self, file: File) -> Iterator[Problem]:
        yield from file.export.findings
        warning = partial(Problem, where=file.source, level="warning")
        if file.doubt:
            text = N_("{why}，没有计")
            do = N_("放错的移走；没有错的，在data/decisions.csv写上这个文件")
            yield warning(what=Sentence(text, why=file.doubt), do=Sentence(do))
        if doubted := self._doubted[file.source]:
            text = N_("{metrics}每一天都互相矛盾，像是列弄反了，没有计")
            do = N_(
                "对照后台；没有错的，在data/decisions.csv写上这个文件和其中一个指标"
            )
            labels = [METRICS[metric].label for metric in doubted]
            yield warning(what=Sentence(text, metrics=labels), do=Sentence(do))
        undated = file.downloaded is None and file.export.layout != MANUAL
        if undated and (file.posts or file.daily):
            text = N_("没有下载日期，里面的天不算按时在册")
            if file.posts:
                text = N_("累计数的文件没有下载日期，只能用“当月发布”的口径")
            yield warning(
                what=Sentence(text),
                expected=Sentence("文件名末尾或上级文件夹有日期，如2026-11-02"),
                do=Sentence("用kpi add FILE --account A --downloaded DAY放进来"),
            )
        counted = [row for row in file.ledger if row.counted]
        out = [at.row for at in counted if self.fate(at).fate == "quarantined"]
        if out:
            text = N_("有{n}行写的是别的账号，隔离未计：第{rows}行")
            own = N_("{account}，与所在的文件夹一致")
            yield warning(
                what=Sentence(text, n=len(out), rows=spans(out, "、")),
                expected=Sentence(own, account=file.account),
                do=Sentence("改正账号，或把文件移进那个账号的文件夹"),
            )


def _place(row: Row | LedgerRow) -> tuple[str, str, int, int]:
    return row.source, row.sheet, row.block, row.row


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


def _beside(winner: DailyRow, row: DailyRow) -> tuple[Fate] | tuple[Fate, Sentence]:
    """Return the fate of a row, and why, beside the one that counts."""
    if row is winner:
        return ("kept",)
    if row.value == winner.value or row.rounded or row.censored:
        return _same(winner.source)
    where = _name(winner.source)
    return "conflict", Sentence("已选定{file}第{row}行", file=where, row=winner.row)


def _same(source: str) -> tuple[Fate, Sentence]:
    return "duplicate", Sentence("与{file}里的相同", file=_name(source))


def _name(source: str) -> str:
    """Return a file by the folder of its day and its name, as people know it."""
    return "/".join(source.split("/")[4:]) or source


# What is worth telling.


def _conflicts(daily: Iterable[DailyRow], posts: Iterable[Post]) -> Iterator[Problem]:
    """Tell those of one account and metric, or download day, together."""
    by_metric = grouped(((row.account, row.metric), row) for row in daily)
    for (_, metric), days in sorted(by_metric.items()):
        text = N_("{days}的{metric}有不同的值，未计")
        if len({row.date for row in days}) == 1:
            text = N_("{days}的{metric}有不同的值，未计：{values}")
        what = Sentence(
            text,
            days=stretches(row.date for row in days),
            metric=METRICS[metric].label,
            values=[f"{value:g}" for value in sorted({row.value for row in days})],
        )
        yield _conflict(what, days)
    by_download = grouped(
        ((post.account, str(post.downloaded or "")), post.row) for post in posts
    )
    for (_, day), counters in sorted(by_download.items()):
        text = N_("没有下载日期的文件里，{n}条内容的计数有不同的值，未计")
        if day:
            text = N_("{day}下载的{n}条内容的计数有不同的值，未计")
        what = Sentence(text, day=day, n=len({row.post for row in counters}))
        yield _conflict(what, counters)


def _conflict(what: Sentence, rows: Iterable[Row]) -> Problem:
    by_file = grouped((row.source, row.row) for row in rows)
    return Problem(
        what=what,
        where="、".join(
            f"{source}第{spans(numbers, '、')}行"
            for source, numbers in sorted(by_file.items())
        ),
        expected=Sentence("同一天同一指标只有一个值"),
        do=Sentence("在data/decisions.csv选定一行"),
        level="warning",
    )
