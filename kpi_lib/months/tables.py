"""From files to the tables of a month, and which days they should be of and are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.errors import Problem
from kpi_lib.exports import DailyRow, LedgerRow
from kpi_lib.files import Layout, layouts
from kpi_lib.inputs import Account
from kpi_lib.language import Sentence
from kpi_lib.months.add_up import SCHEMAS, add_up
from kpi_lib.months.arrivals import Arrived, File, grains
from kpi_lib.months.clean import Cleaned, Cleaning, Post
from kpi_lib.months.contradictions import contradictions

TABLES = ("daily", "posts", "monthly", "ledger", "files")

Rows = Iterator[tuple[object, ...]]


@dataclass(frozen=True, kw_only=True)
class Tables:
    """
    The tables of one month.

    Parameters
    ----------
    daily : DataFrame
        One row per account, date, metric and part that counts.
    posts : DataFrame
        One row per post and download that counts.
    monthly : DataFrame
        One row per operator, account, metric and stream.
    ledger : DataFrame
        One row per record of every sheet of every file, with what became of it.
    files : DataFrame
        One row per file; `layout` is empty where no declaration knows it.
    findings : tuple of Problem
        What is worth telling, worst or not.
    """

    month: str
    daily: pd.DataFrame
    posts: pd.DataFrame
    monthly: pd.DataFrame
    ledger: pd.DataFrame
    files: pd.DataFrame
    findings: tuple[Problem, ...]

    def frames(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name."""
        return {name: getattr(self, name) for name in TABLES}


def tidy(arrived: Arrived) -> Tables:
    """
    Clean a month and add it up.

    Parameters
    ----------
    arrived : Arrived
        The month's files, and those of the month before.

    Returns
    -------
    Tables
        No row of any file is missing in the ledger; what contradicts itself is left
        out of the others and told.
    """
    cleaning, before = _cleaned(arrived)
    frames = _scored(arrived, cleaning.cleaned, before)
    ledger = [*cleaning.ledger()]
    files = _files(arrived.files, ledger, frames["monthly"])
    return Tables(
        month=arrived.month,
        **frames,
        ledger=_frame("ledger", _records(ledger)),
        files=_frame("files", files),
        findings=(
            *arrived.findings,
            *cleaning.findings(),
            *contradictions(arrived, cleaning.cleaned, before),
        ),
    )


def scored(arrived: Arrived) -> dict[str, pd.DataFrame]:
    """
    Clean a month and add it up, without an account of its records.

    Parameters
    ----------
    arrived : Arrived
        The month's files, and those of the month before.

    Returns
    -------
    dict of str to DataFrame
        Of the tables that `tidy` gives: daily, posts, monthly.
    """
    cleaning, before = _cleaned(arrived)
    return _scored(arrived, cleaning.cleaned, before)


def _cleaned(arrived: Arrived) -> tuple[Cleaning, Cleaned]:
    """Clean the files of a month, and of the month before what opens it."""
    given = arrived.given
    names = {account.id: account.name for account in given.roster.accounts}
    now, before = (
        Cleaning(files, names, given.decided)
        for files in (arrived.files, arrived.before)
    )
    return now, before.cleaned


def _scored(
    arrived: Arrived, cleaned: Cleaned, before: Cleaned
) -> dict[str, pd.DataFrame]:
    accounts = arrived.given.roster.accounts
    platforms = {account.id: account.platform for account in accounts}
    return {
        "daily": _frame("daily", _days(cleaned.daily, platforms)),
        "posts": _frame("posts", _posts(cleaned.posts, platforms)),
        "monthly": add_up(arrived, cleaned, before),
    }


def _frame(name: str, rows: Iterable[tuple[object, ...]]) -> pd.DataFrame:
    """Make one frame with the declared types, also when there is no row."""
    columns = SCHEMAS[name]
    return pd.DataFrame([*rows], columns=[*columns], dtype="object").astype(columns)


def _days(rows: Sequence[DailyRow], platforms: Mapping[str, str]) -> Rows:
    for account, day, *values in rows:
        yield day, account, platforms[account], *values


def _posts(posts: Sequence[Post], platforms: Mapping[str, str]) -> Rows:
    for account, downloaded, post in posts:
        *what, metrics, censored, source, sheet, block, row, _, rounded = post
        values = (metrics.get(name) for name in METRICS)
        marks = "、".join(sorted(censored))
        steps = "、".join(f"{metric} {step:g}" for metric, step in rounded)
        place = (source, sheet, block, row, steps)
        yield account, platforms[account], *what, *values, marks, downloaded, *place


def _records(ledger: Iterable[tuple[str, LedgerRow]]) -> Rows:
    for account, (*values, _day) in ledger:
        reason = values[LedgerRow._fields.index("reason")]
        kept = reason.written() if isinstance(reason, Sentence) else None
        yield account, *values, json.dumps(kept, ensure_ascii=False) if kept else ""


def reason(row: Mapping[Any, Any] | pd.Series[Any]) -> str:
    """
    Return why a record of the ledger has its fate, to be said in any language.

    Parameters
    ----------
    row : mapping or Series
        A row of the ledger's table.

    Returns
    -------
    str
        A sentence where one was written down.
    """
    said = row.get("said")  # tables of an earlier version have no such column
    if isinstance(said, str) and said:
        return Sentence.read(json.loads(said))
    return str(row["reason"])


def _files(
    files: Sequence[File],
    ledger: Iterable[tuple[str, LedgerRow]],
    monthly: pd.DataFrame,
) -> Rows:
    counters = monthly[monthly["basis"].isin(["difference", "published"])]
    bases = dict(zip(counters["account"], counters["basis"], strict=True))
    kept = Counter(row.source for _, row in ledger if row.counted)
    for file in sorted(files, key=lambda file: file.source):
        layout = layouts().get(file.export.layout)
        counted = kept[file.source]
        yield (
            file.source,
            file.account,
            file.export.platform,
            file.export.layout,
            layout.name if layout else "",
            layout.confirmed if layout else False,
            file.export.encoding,
            file.downloaded,
            file.borrowed,
            len(file.ledger),
            counted,
            len(file.ledger) - counted,
            len({row.date for row in file.daily}),
            _basis(file, layout, bases),
        )


def _basis(file: File, layout: Layout | None, bases: Mapping[str, str]) -> str:
    if layout is None or layout.grain == "none":
        return ""
    if file.posts:
        # Where days are on record, counters only list what was published.
        return bases.get(file.account, "listed")
    return "manual" if layout.id == "manual" else "daily"


# What should arrive for a month, and on which days it did.


def arrival(arrived: Arrived, tables: Tables) -> pd.DataFrame:
    """
    Set every account's days against what the roster expects of it.

    Parameters
    ----------
    arrived : Arrived
        The month's files; a first week's download may lie in those of the month before.
    tables : Tables
        The month's tables.

    Returns
    -------
    DataFrame
        One row per account that lives in the month and day: account, date, state;
        `state` is ``present``, ``late`` (downloaded too late to be on record),
        ``missing`` or empty for a day that is not due; an
        account with counters only owes a download a week: its days are ``download``
        on the day itself, ``covered`` or ``missing`` on the others of the week.
    """
    by_account = tables.daily.groupby("account")["date"]
    present = {id: {*days.dt.date} for id, days in by_account}
    days = days_of(arrived.month)
    rows = []
    for account in arrived.given.roster.accounts:
        if account.overlaps(days[0], days[-1]):
            states = _states(arrived, account, present.get(account.id, set()))
            rows += [(account.id, day, states.get(day, "")) for day in days]
    return _frame("arrival", rows)


def _states(arrived: Arrived, account: Account, present: set[date]) -> dict[date, str]:
    first, owes = arrived.first_days[account.id], grains(account)
    days = (day for day in days_of(arrived.month) if account.overlaps(day, day))
    due = {day for day in days if day >= first}
    if owes - {"posts"}:
        late, in_time = dict.fromkeys(present, "late"), arrived.in_time(account)
        there = late | dict.fromkeys(present & in_time, "present")
        return dict.fromkeys(due, "missing") | there
    downloads = {
        file.downloaded
        for file in (*arrived.before, *arrived.files)
        if file.account == account.id and file.posts and file.downloaded
    }
    states = dict.fromkeys(present, "present") | dict.fromkeys(downloads, "download")
    for week in arrived.given.calendar.weeks(arrived.month) if owes else ():
        if week.working_days:
            came = any(week.start <= day <= week.end for day in downloads)
            inside = due.intersection(week.days_in_month)
            states = dict.fromkeys(inside, "covered" if came else "missing") | states
    return states
