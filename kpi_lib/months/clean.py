"""
Raw rows → kept rows, and what became of every other one.

Files come in already read (`kpi_lib.months.arrivals`); tables go out. Nothing here
opens a file, and no row leaves without a fate in the ledger.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import pandas as pd

from kpi_lib.catalogue import METRICS
from kpi_lib.errors import LedgerError, Problem
from kpi_lib.exports import (
    DailyRow,
    Export,
    LedgerRow,
    PostRow,
)
from kpi_lib.inputs import Decision

DAILY = {
    "date": "datetime64[s]",
    "account": "str",
    "platform": "str",
    "metric": "str",
    "part": "str",
    "value": "float64",
    "basis": "str",
    "censored": "bool",
    "source": "str",
    "sheet": "str",
    "block": "int64",
    "row": "int64",
}
POSTS = {
    "account": "str",
    "platform": "str",
    "post": "str",
    "title": "str",
    "published_at": "datetime64[s]",
    "kind": "str",
    "status": "str",
    **dict.fromkeys(METRICS, "float64"),
    "censored": "str",
    "downloaded": "datetime64[s]",
    "source": "str",
    "sheet": "str",
    "block": "int64",
    "row": "int64",
}
LEDGER = {
    "account": "str",
    "source": "str",
    "sheet": "str",
    "block": "int64",
    "row": "int64",
    "line": "Int64",
    "fate": "str",
    "reason": "str",
    "column": "str",
    "raw": "str",
}


@dataclass(frozen=True, kw_only=True)
class File:
    """
    One export as it arrived.

    Parameters
    ----------
    source : str
        Path relative to the workspace.
    account, platform : str
        Whose folder it lies in, and the platform of that account.
    downloaded : date or None
        Download day, if any is known.
    borrowed : bool
        True for a file from another month's folder.
    export : Export or None
        What was read; None if the file could not be taken.
    refusal : tuple of Problem
        Why not.
    lost : tuple of LedgerRow
        Every record of a file that could not be taken.
    """

    source: str
    account: str
    platform: str
    downloaded: date | None = None
    borrowed: bool = False
    export: Export | None = None
    refusal: tuple[Problem, ...] = ()
    lost: tuple[LedgerRow, ...] = ()

    @property
    def layout(self) -> str:
        """Id of the layout; empty for a file that could not be taken."""
        return self.export.layout if self.export else ""

    @property
    def ledger(self) -> Sequence[LedgerRow]:
        """Every record of the file with the fate that reading gave it."""
        return self.export.ledger if self.export else self.lost


@dataclass(frozen=True, kw_only=True)
class Cleaned:
    """
    The tables of one month.

    Parameters
    ----------
    daily : DataFrame
        One row per account, date, metric and part: see ``DAILY``.
    posts : DataFrame
        One row per post and download: see ``POSTS``.
    daily_conflicts, posts_conflicts : DataFrame
        The same columns: values that contradict each other, left out of the above.
    ledger : DataFrame
        One row per record of every sheet of every file: see ``LEDGER``.
    findings : tuple of Problem
        What is worth telling about the files.
    """

    daily: pd.DataFrame
    posts: pd.DataFrame
    daily_conflicts: pd.DataFrame
    posts_conflicts: pd.DataFrame
    ledger: pd.DataFrame
    findings: tuple[Problem, ...]


class _Place(NamedTuple):
    source: str
    sheet: str
    block: int
    row: int


class _Fates:
    """What became of each record, as the files' values are compared."""

    def __init__(self) -> None:
        self._seen: dict[_Place, Counter[str]] = defaultdict(Counter)
        self._why: dict[tuple[_Place, str], tuple[str, str]] = {}

    def note(
        self, row: DailyRow | PostRow, fate: str, reason: str = "", column: str = ""
    ) -> None:
        place = _Place(row.source, row.sheet, row.block, row.row)
        self._seen[place][fate] += 1
        if reason:
            self._why.setdefault((place, fate), (reason, column))

    def of(self, row: LedgerRow) -> LedgerRow:
        """Return the ledger row with its final fate."""
        place = _Place(row.source, row.sheet, row.block, row.row)
        seen = self._seen.get(place)
        if row.fate != "kept" or not seen:
            return row
        # A record holds several metrics: the worst that happened to one is told.
        for fate in ("conflict", "quarantined", "kept", "duplicate", "outside"):
            if seen[fate]:
                reason, column = self._why.get((place, fate), (row.reason, row.column))
                return row._replace(fate=fate, reason=reason, column=column)
        return row


def clean(
    files: Sequence[File],
    month: str,
    *,
    names: Mapping[str, str],
    decisions: Iterable[Decision] = (),
) -> Cleaned:
    """
    Turn the files of a month into tables.

    Parameters
    ----------
    files : sequence of File
        Every file that arrived, read for this month.
    month : str
        ``YYYY-MM``.
    names : mapping of str to str
        Account id → the account's name, as manual entries may write it.
    decisions : iterable of Decision
        Which of two contradicting values holds.

    Returns
    -------
    Cleaned
        Tables, and a fate for every record.

    Raises
    ------
    LedgerError
        A file has more or fewer records than the ledger: a fault of ours.
    """
    ordered = sorted(files, key=lambda file: file.source)
    fates = _Fates()
    chosen = {(d.source, d.row, d.metric) for d in decisions if d.month == month}
    daily, daily_out = _daily(ordered, names, chosen, fates)
    posts, posts_out = _posts(ordered, fates)
    ledger = [(file.account, *fates.of(row)) for file in ordered for row in file.ledger]
    for file in ordered:
        _count(file)
    return Cleaned(
        daily=_frame(daily, DAILY),
        posts=_frame(posts, POSTS),
        daily_conflicts=_frame(daily_out, DAILY),
        posts_conflicts=_frame(posts_out, POSTS),
        ledger=_frame(ledger, LEDGER),
        findings=_findings(ordered, fates, daily_out, posts_out),
    )


def _count(file: File) -> None:
    keys = {(row.sheet, row.block, row.row) for row in file.ledger}
    if len(keys) != len(file.ledger):
        raise LedgerError(file.source, len(keys), len(file.ledger))


def _daily(
    files: Sequence[File],
    names: Mapping[str, str],
    chosen: set[tuple[str, int, str]],
    fates: _Fates,
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Keep one value per account, day, metric and part; list contradictions."""
    values: dict[tuple[str, date, str, str], list[tuple[File, DailyRow]]] = {}
    for file in files:
        for row in file.export.daily if file.export else ():
            if row.account not in ("", file.account, names.get(file.account)):
                fates.note(
                    row,
                    "quarantined",
                    f"账号应为{file.account}，与所在的文件夹一致",
                    "账号",
                )
                continue
            key = (file.account, row.date, row.metric, row.part)
            values.setdefault(key, []).append((file, row))
    kept: list[tuple[object, ...]] = []
    out: list[tuple[object, ...]] = []
    for key in sorted(values):
        entries = values[key]
        picked = [
            entry
            for entry in entries
            if (entry[1].source, entry[1].row, entry[1].metric) in chosen
        ]
        if len({(row.value, row.censored) for _, row in entries}) == 1 or picked:
            winner = (picked or entries)[0]
            kept.append(_daily_tuple(*winner))
            for entry in entries:
                _tell_daily(entry, winner, fates)
        else:
            for file, row in entries:
                zh = METRICS[row.metric].zh
                fates.note(row, "conflict", f"{row.date}的{zh}有不同的值", zh)
                out.append(_daily_tuple(file, row))
    return kept, out


def _tell_daily(
    entry: tuple[File, DailyRow], winner: tuple[File, DailyRow], fates: _Fates
) -> None:
    row, won = entry[1], winner[1]
    if entry is winner:
        fates.note(row, "kept")
    elif row.value == won.value:
        fates.note(row, "duplicate", _same(won.source))
    else:
        fates.note(row, "conflict", f"已选定{_name(won.source)}第{won.row}行")


def _same(source: str) -> str:
    return f"与{_name(source)}里的相同"


def _name(source: str) -> str:
    """Return a file by the folder of its day and its name, as people know it."""
    return "/".join(source.split("/")[4:]) or source


def _daily_tuple(file: File, row: DailyRow) -> tuple[object, ...]:
    return (
        row.date,
        file.account,
        file.platform,
        row.metric,
        row.part,
        row.value,
        row.basis,
        row.censored,
        row.source,
        row.sheet,
        row.block,
        row.row,
    )


def _posts(
    files: Sequence[File], fates: _Fates
) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Keep one row per post and download day; list contradictions."""
    values: dict[tuple[str, date | None, str], list[tuple[File, PostRow]]] = (
        defaultdict(list)
    )
    for file in files:
        for row in file.export.posts if file.export else ():
            values[file.account, file.downloaded, row.post].append((file, row))
    kept: list[tuple[object, ...]] = []
    out: list[tuple[object, ...]] = []
    for _, entries in sorted(values.items(), key=_by_download):
        # A shorter list of the same posts (抖音 投稿表现) contradicts nothing.
        first = max(entries, key=lambda entry: len(entry[1].metrics))
        known = first[1].metrics.items()
        if all(row.metrics.items() <= known for _, row in entries):
            kept.append(_post_tuple(*first))
            fates.note(first[1], "kept")
            for _, row in entries:
                if row is not first[1]:
                    fates.note(row, "duplicate", _same(first[1].source))
        else:
            for file, row in entries:
                reason = "同一天下载的同一内容有不同的值"
                if file.downloaded is None:
                    reason = "没有下载日期，同一内容又有不同的值"
                fates.note(row, "conflict", reason)
                out.append(_post_tuple(file, row))
    return kept, out


def _by_download(
    item: tuple[tuple[str, date | None, str], object],
) -> tuple[str, date, str]:
    account, downloaded, post = item[0]
    return account, downloaded or date.min, post


def _post_tuple(file: File, row: PostRow) -> tuple[object, ...]:
    return (
        file.account,
        file.platform,
        row.post,
        row.title,
        row.published_at,
        row.kind,
        row.status,
        *(row.metrics.get(name) for name in METRICS),
        "、".join(sorted(row.censored)),
        file.downloaded,
        row.source,
        row.sheet,
        row.block,
        row.row,
    )


def _frame(
    rows: Sequence[tuple[object, ...]], columns: Mapping[str, str]
) -> pd.DataFrame:
    """Make one frame with the declared types, also when there is no row."""
    frame = pd.DataFrame(rows, columns=list(columns), dtype="object")
    return frame.astype(dict(columns))


def _findings(
    files: Sequence[File],
    fates: _Fates,
    daily_out: Sequence[tuple[object, ...]],
    posts_out: Sequence[tuple[object, ...]],
) -> tuple[Problem, ...]:
    found: list[Problem] = []
    for file in files:
        found += file.refusal
        if not file.export:
            continue
        found += file.export.findings
        if file.export.posts and file.downloaded is None:
            found.append(
                Problem(
                    what="累计数的文件没有下载日期，只能用“当月发布”的口径",
                    where=file.source,
                    expected="文件名末尾或上级文件夹有日期，如2026-11-02",
                    do="用kpi add FILE --account A --downloaded DAY放进来",
                    level="warning",
                )
            )
        found += _not_ours(file, fates)
    found += _daily_conflicts(daily_out)
    found += _posts_conflicts(posts_out)
    return tuple(found)


def _not_ours(file: File, fates: _Fates) -> list[Problem]:
    """Tell of rows that reading took and that belong to another account."""
    rows = [
        row.row
        for row in file.ledger
        if row.fate == "kept" and fates.of(row).fate == "quarantined"
    ]
    if not rows:
        return []
    return [
        Problem(
            what=f"有{len(rows)}行写的是别的账号，隔离未计；例：第{min(rows)}行",
            where=file.source,
            expected=f"{file.account}，与所在的文件夹一致",
            do="改正账号，或把文件移进那个账号的文件夹",
            level="warning",
        )
    ]


def _daily_conflicts(rows: Sequence[tuple[object, ...]]) -> list[Problem]:
    """Tell contradictions of one account and metric together, however many days."""
    told: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for values in rows:
        row = dict(zip(DAILY, values, strict=True))
        place = f"{row['source']}第{row['row']}行"
        told[str(row["account"]), str(row["metric"])][str(row["date"])].add(place)
    found = []
    for (_, metric), days in sorted(told.items()):
        first, last = min(days), max(days)
        when = first if len(days) == 1 else f"{first}至{last}之间有{len(days)}天"
        found.append(_contradiction(f"{when}的{METRICS[metric].zh}", days[first]))
    return found


def _posts_conflicts(rows: Sequence[tuple[object, ...]]) -> list[Problem]:
    """Tell contradictions of one account and download day together."""
    told: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(
        lambda: defaultdict(set)
    )
    for values in rows:
        row = dict(zip(POSTS, values, strict=True))
        place = f"{row['source']}第{row['row']}行"
        day = str(row["downloaded"] or "")
        told[str(row["account"]), day][str(row["post"])].add(place)
    found = []
    for (_, day), posts in sorted(told.items()):
        when = f"{day}下载的" if day else "没有下载日期的文件里，"
        found.append(
            _contradiction(
                f"{when}{len(posts)}条内容的计数", min(posts.values(), key=sorted)
            )
        )
    return found


def _contradiction(thing: str, places: set[str]) -> Problem:
    return Problem(
        what=f"{thing}有不同的值，未计",
        where="、".join(sorted(places)),
        expected="同一天同一指标只有一个值",
        do="在data/decisions.csv选定一行",
        level="warning",
    )
