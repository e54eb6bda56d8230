"""
The way in: every file of a month, opened once, read or refused with a reason.

And the way out: the cleaned tables as parquet. What lies between is
`kpi_lib.months.clean` and `kpi_lib.months.add_up`, which open nothing.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from math import nan
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
from pyarrow import compute
from pyarrow import parquet as parquet_file

from kpi_lib import exports, files
from kpi_lib.days import Calendar, Week, days_of, shift
from kpi_lib.errors import ExportError, Problem
from kpi_lib.exports import LedgerRow
from kpi_lib.files import layouts
from kpi_lib.inputs import Account, Decision, Roster
from kpi_lib.months import add_up, clean, contradictions
from kpi_lib.months.clean import Cleaned, File
from kpi_lib.workspace import (
    OWN,
    Workspace,
    canonical_json,
    write_atomic,
)

GROUP = 8_192
"""Rows that are read together: tables are sorted by account, so that what one operator
has of a month of any size lies in a group or a few."""

LOOK_AHEAD = 3
"""Days of an account without a daily file are looked for this many months ahead."""

FILES = {
    "source": "str",
    "account": "str",
    "platform": "str",
    "layout": "str",
    "layout_name": "str",
    "confirmed": "bool",
    "encoding": "str",
    "downloaded": "datetime64[s]",
    "borrowed": "bool",
    "records": "int64",
    "kept": "int64",
    "left": "int64",
    "days": "int64",
    "basis": "str",
}

_NOISE = re.compile(r"^(\.|~\$)|^(thumbs\.db|desktop\.ini)$", re.IGNORECASE)
_DAY = re.compile(r"(?<!\d)(\d{4})-?(\d{2})-?(\d{2})\)?$", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """
    What arrived for a month.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    files : tuple of File
        Every file, read for this month.
    findings : tuple of Problem
        Folders and files that belong to nobody, files that did not come.
    first_days : dict of str to date
        Account → day of its first export ever.
    """

    month: str
    files: tuple[File, ...]
    findings: tuple[Problem, ...]
    first_days: dict[str, date]


def arrive(
    workspace: Workspace,
    month: str,
    roster: Roster,
    downloads: Mapping[str, date],
) -> Arrived:
    """
    Read every export of a month.

    Parameters
    ----------
    workspace : Workspace
        Where the exports lie.
    month : str
        ``YYYY-MM``.
    roster : Roster
        The accounts, and the layouts expected of each.
    downloads : mapping of str to date
        Download days that a person wrote down, by file.

    Returns
    -------
    Arrived
        Files with what was read; a file that cannot be taken is among them, with
        its reason and all of its records.
    """
    files: list[File] = []
    findings: list[Problem] = []
    first_days: dict[str, date] = {}
    for account in roster.accounts:
        own = _folder(workspace, month, account, month, downloads)
        ahead = _folder(workspace, shift(month, 1), account, month, downloads)
        days = [] if _days(own) else _days(ahead)
        for by in range(2, LOOK_AHEAD + 1):
            # A history file covers a quarter and lies in one month's folder only.
            if days or _days(own):
                break
            later = shift(month, by)
            days = _days(_folder(workspace, later, account, month, downloads))
        counters = [
            file
            for file in ahead
            if file.export
            and file.export.posts
            and file.downloaded
            and _closing(file.downloaded, month)
        ]
        found = [*own, *days, *(file for file in counters if file not in days)]
        files += found
        findings += _lacking(account, month, found)
        first = _first_day(workspace, account, month, found)
        if first:
            first_days[account.id] = max(first, account.from_)
    findings += _strays(workspace, month, {account.id for account in roster.accounts})
    return Arrived(
        month=month,
        files=tuple(files),
        findings=tuple(findings),
        first_days=first_days,
    )


def _folder(
    workspace: Workspace,
    folder: str,
    account: Account,
    month: str,
    downloads: Mapping[str, date],
) -> list[File]:
    """Read one account's files in one month's folder, as files of ``month``."""
    return [
        _file(workspace, path, account, month, downloads, borrowed=folder != month)
        for path in _paths(workspace.raw(folder) / account.id)
    ]


def _paths(folder: Path) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        if not path.is_dir() and not is_noise(path.name):
            yield path


def is_noise(name: str) -> bool:
    """Say whether a file is the desktop's own and never read as an export."""
    return _NOISE.search(name) is not None


def _file(
    workspace: Workspace,
    path: Path,
    account: Account,
    month: str,
    downloads: Mapping[str, date],
    *,
    borrowed: bool,
) -> File:
    source = workspace.relative(path)
    try:
        export = exports.read(
            path, month=month, platform=account.platform, source=source
        )
    except ExportError as refusal:
        return File(
            source=source,
            account=account.id,
            platform=account.platform,
            borrowed=borrowed,
            refusal=refusal.problems,
            lost=tuple(_lost(path, source, refusal)),
        )
    true = layouts()[export.layout].properties_dates_true
    return File(
        source=source,
        account=account.id,
        platform=account.platform,
        downloaded=_downloaded(path, source, downloads)
        or (export.modified or export.created if true else None),
        borrowed=borrowed,
        export=export,
    )


def _lost(path: Path, source: str, refusal: ExportError) -> Iterator[LedgerRow]:
    """Give every record of a refused file its place in the ledger."""
    reason = refusal.problems[0].what
    try:
        book = files.read(path, where=source)
    except ExportError:
        yield LedgerRow(source, "", 0, 0, None, "quarantined", reason, "", "")
        return
    for sheet in book.sheets:
        for record in sheet.records:
            blank = all(cell in (None, "") for cell in record.cells)
            yield LedgerRow(
                source,
                sheet.name,
                0,
                record.row,
                record.line,
                "blank" if blank else "quarantined",
                "" if blank else reason,
                "",
                "",
            )


def _downloaded(path: Path, source: str, downloads: Mapping[str, date]) -> date | None:
    """Return the download day: of the folder, the file name, or a person's note."""
    return (
        day_at_the_end(path.parent.name)
        or day_at_the_end(path.stem)
        or downloads.get(source)
    )


def day_at_the_end(name: str) -> date | None:
    """
    Return the day at the end of a name.

    Parameters
    ----------
    name : str
        Of a folder, or of a file without its ending.

    Returns
    -------
    date or None
        None where it ends in no day of the calendar.
    """
    found = _DAY.search(name)
    try:
        return date(*(int(part) for part in found.groups())) if found else None
    except ValueError:
        return None


def _closing(day: date, month: str) -> bool:
    last = days_of(month)[-1]
    return last < day <= last + timedelta(days=add_up.COUNTER_WINDOW)


def _days(files: Sequence[File]) -> list[File]:
    return [file for file in files if file.export and file.export.daily]


def _first_day(
    workspace: Workspace, account: Account, month: str, files: Sequence[File]
) -> date | None:
    first = days_of(month)[0]
    for earlier in workspace.months():
        if earlier < month and any(_paths(workspace.raw(earlier) / account.id)):
            return first
    days = [
        day
        for file in files
        if file.export
        for day in (
            *(row.date for row in file.export.daily),
            *(row.date for row in file.export.other if row.date < first),
            *([file.downloaded] if file.export.posts and file.downloaded else []),
        )
    ]
    return max(min(days), first) if days else None


def expected(roster: Roster, month: str) -> list[tuple[str, str]]:
    """
    Return what should arrive for a month.

    Parameters
    ----------
    roster : Roster
        The accounts and the layouts expected of each.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    list of (account, layout)
        In the roster's order, accounts that live in the month only.
    """
    first, last = days_of(month)[0], days_of(month)[-1]
    return [
        (account.id, layout)
        for account in roster.accounts
        if account.overlaps(first, last)
        for layout in account.expects
    ]


def _lacking(account: Account, month: str, files: Sequence[File]) -> list[Problem]:
    """Name the layouts that the roster expects and that did not come."""
    first, last = days_of(month)[0], days_of(month)[-1]
    if not account.overlaps(first, last):
        return []
    came = {file.layout for file in files}
    return [
        Problem(
            what=f"没有收到{_layout_name(layout)}",
            where=f"data/raw/{month}/{account.id}/",
            expected=f"{account.name}的{layout}",
            do="把平台后台下载的文件原样放进这个文件夹，或从花名册的expects里去掉",
            level="warning",
        )
        for layout in account.expects
        if layout not in came
    ]


def _layout_name(layout: str) -> str:
    known = layouts()
    return known[layout].name if layout in known else layout


def _strays(workspace: Workspace, month: str, accounts: set[str]) -> list[Problem]:
    """Name what lies in the month's folder and belongs to no account."""
    folder = workspace.raw(month)
    if not folder.is_dir():
        return []
    out: list[Problem] = []
    for path in sorted(folder.iterdir()):
        if is_noise(path.name) or path.name in accounts:
            continue
        if path.name in ("worklog.xlsx", "worklog"):
            continue
        out.append(
            Problem(
                what="不属于花名册里的任何账号，没有读",
                where=workspace.relative(path) + ("/" if path.is_dir() else ""),
                expected="以账号id命名的文件夹",
                do="改名或移进账号的文件夹，或在data/roster.yml里登记这个账号",
                level="warning",
            )
        )
    return out


# From files to tables, and out.


def tables_of(
    arrived: Arrived,
    before: Arrived,
    *,
    roster: Roster,
    decisions: Sequence[Decision] = (),
) -> tuple[Cleaned, Cleaned]:
    """
    Clean a month and the one before it, and hold their figures together.

    Parameters
    ----------
    arrived, before : Arrived
        The month, and the one before: opening levels and counters.
    roster : Roster
        Names of the accounts.
    decisions : sequence of Decision
        Which of two contradicting values holds.

    Returns
    -------
    Cleaned, Cleaned
        The month's tables, with what contradicts itself among the findings, and
        those of the month before.
    """
    names = {account.id: account.name for account in roster.accounts}
    cleaned, past = (
        clean.clean(one.files, one.month, names=names, decisions=decisions)
        for one in (arrived, before)
    )
    told = contradictions.check(
        arrived.month,
        arrived.files,
        daily=cleaned.daily,
        posts=cleaned.posts,
        posts_before=past.posts,
    )
    return replace(cleaned, findings=(*cleaned.findings, *told)), past


def tidy(
    arrived: Arrived,
    before: Arrived,
    *,
    roster: Roster,
    calendar: Calendar,
    decisions: Sequence[Decision] = (),
) -> tuple[Cleaned, pd.DataFrame]:
    """
    Clean a month and add it up.

    Parameters
    ----------
    arrived, before : Arrived
        The month, and the one before: opening levels and counters.
    roster : Roster
        Owners and shares.
    calendar : Calendar
        Weeks.
    decisions : sequence of Decision
        Which of two contradicting values holds.

    Returns
    -------
    Cleaned, DataFrame
        The month's tables, and one row per operator, account, metric and stream.
    """
    cleaned, past = tables_of(arrived, before, roster=roster, decisions=decisions)
    monthly = add_up.months(
        arrived.month,
        daily=cleaned.daily,
        posts=cleaned.posts,
        daily_conflicts=cleaned.daily_conflicts,
        posts_conflicts=cleaned.posts_conflicts,
        daily_before=past.daily,
        posts_before=past.posts,
        roster=roster,
        layouts=layouts(),
        calendar=calendar,
        first_days=arrived.first_days,
    )
    return cleaned, monthly


def files_table(
    arrived: Arrived, cleaned: Cleaned, monthly: pd.DataFrame
) -> pd.DataFrame:
    """
    List the files.

    Parameters
    ----------
    arrived : Arrived
        The month's files.
    cleaned : Cleaned
        Their ledger, after files were compared.
    monthly : DataFrame
        Which basis the account's posts took.

    Returns
    -------
    DataFrame
        One row per file, see ``FILES``; `layout` is empty where no declaration
        knows the file; `records` are rows of the ledger.
    """
    kept = cleaned.ledger[cleaned.ledger["fate"] == "kept"]["source"].value_counts()
    counters = monthly[monthly["basis"].isin(["difference", "published"])]
    bases = dict(zip(counters["account"], counters["basis"], strict=True))
    rows = []
    for file in sorted(arrived.files, key=lambda file: file.source):
        layout = layouts().get(file.layout)
        export = file.export
        counted = int(kept.get(file.source, 0))
        rows.append(
            (
                file.source,
                file.account,
                file.platform,
                file.layout,
                layout.name if layout else "",
                layout.confirmed if layout else False,
                export.encoding if export else "",
                file.downloaded,
                file.borrowed,
                len(file.ledger),
                counted,
                len(file.ledger) - counted,
                len({row.date for row in export.daily}) if export else 0,
                _basis(file, bases),
            )
        )
    return pd.DataFrame(rows, columns=list(FILES)).astype(FILES)


def _basis(file: File, bases: Mapping[str, str]) -> str:
    if not file.export or layouts()[file.layout].grain == "none":
        return ""
    if file.export.posts:
        # Where days are on record, counters only list what was published.
        return bases.get(file.account, "listed")
    return "manual" if file.layout == "manual" else "daily"


ARRIVAL = {"account": "str", "date": "datetime64[s]", "state": "str"}


def arrival(
    arrived: Arrived,
    before: Arrived,
    cleaned: Cleaned,
    *,
    roster: Roster,
    calendar: Calendar,
) -> pd.DataFrame:
    """
    Set every account's days against what the roster expects of it.

    Parameters
    ----------
    arrived, before : Arrived
        The month, and the one before: a first week's download may lie there.
    cleaned : Cleaned
        The month's tables.
    roster : Roster
        The accounts and the layouts expected of each.
    calendar : Calendar
        For the weeks of accounts that have counters only.

    Returns
    -------
    DataFrame
        One row per account that lives in the month and day, see ``ARRIVAL``;
        `state` is ``present``, ``missing`` or empty for a day that is not due; an
        account with counters only owes a download a week: its days are ``download``
        on the day itself, ``covered`` or ``missing`` on the others of the week.
    """
    kept: dict[str, set[date]] = {}
    for account, day in zip(
        cleaned.daily["account"], cleaned.daily["date"].dt.date, strict=True
    ):
        kept.setdefault(account, set()).add(day)
    downloads: dict[str, set[date]] = {}
    for file in (*before.files, *arrived.files):
        if file.export and file.export.posts and file.downloaded:
            downloads.setdefault(file.account, set()).add(file.downloaded)
    days = days_of(arrived.month)
    rows = []
    for owner in roster.accounts:
        if not owner.overlaps(days[0], days[-1]):
            continue
        # One that never sent anything still owes what the roster expects of it.
        first = arrived.first_days.get(owner.id, owner.from_)
        states = _states(
            owner,
            [day for day in days if owner.overlaps(day, day) and day >= first],
            kept.get(owner.id, set()),
            downloads.get(owner.id, set()),
            calendar.weeks(arrived.month),
        )
        rows += [(owner.id, day, states.get(day, "")) for day in days]
    return pd.DataFrame(rows, columns=list(ARRIVAL)).astype(ARRIVAL)


def _states(
    account: Account,
    due: Sequence[date],
    kept: set[date],
    downloads: set[date],
    weeks: Sequence[Week],
) -> dict[date, str]:
    known = [layouts()[name] for name in account.expects if name in layouts()]
    if any(layout.grain != "posts" for layout in known):
        return dict.fromkeys(due, "missing") | dict.fromkeys(kept, "present")
    states: dict[date, str] = {}
    for week in weeks if known else ():
        inside = [day for day in week.days_in_month if day in due]
        if week.working_days:
            came = any(week.start <= day <= week.end for day in downloads)
            states |= dict.fromkeys(inside, "covered" if came else "missing")
    return (
        states | dict.fromkeys(kept, "present") | dict.fromkeys(downloads, "download")
    )


def save(
    workspace: Workspace, arrived: Arrived, cleaned: Cleaned, monthly: pd.DataFrame
) -> list[Path]:
    """
    Write the tables of a month to data/clean.

    Returns
    -------
    list of Path
        daily, posts, monthly, ledger, files as parquet; findings and hashes of
        everybody's rows as JSON.
    """
    folder = workspace.clean(arrived.month)
    frames = {
        "daily": cleaned.daily,
        "posts": cleaned.posts,
        "monthly": monthly,
        "ledger": cleaned.ledger,
        "files": files_table(arrived, cleaned, monthly),
    }
    written = []
    for name, frame in frames.items():
        path = folder / f"{name}.parquet"
        write_atomic(path, parquet(frame))
        written.append(path)
    told = [asdict(problem) for problem in (*arrived.findings, *cleaned.findings)]
    texts = {"findings.json": told, OWN: own_rows(frames, told)}
    for name, value in texts.items():
        write_atomic(folder / name, canonical_json(value) + "\n")
    return [*written, *(folder / name for name in texts)]


def own_rows(
    frames: Mapping[str, pd.DataFrame], told: Sequence[Mapping[str, Any]]
) -> dict[str, dict[str, str]]:
    """
    Hash what each account and each operator has of a month's tables.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        The tables by name; those with a column `operator` are told apart by it, the
        others by `account`.
    told : sequence of dict
        The findings; one belongs to the accounts whose folders it names.

    Returns
    -------
    dict
        ``account`` and ``operator``, each a hash by id: what has the same hash has
        the same rows in the same order.
    """
    hashes: dict[str, dict[str, Any]] = {"account": {}, "operator": {}}
    for name, frame in frames.items():
        column = "operator" if "operator" in frame else "account"
        rows = pd.util.hash_pandas_object(frame, index=False).to_numpy()
        for id, places in frame.groupby(column, sort=True).indices.items():
            found = hashes[column].setdefault(str(id), hashlib.sha256())
            found.update(name.encode() + rows[places].tobytes())
    for problem in told:
        for id in hashes["account"].keys() & set(re.split("[/、]", problem["where"])):
            hashes["account"][id].update(canonical_json(problem).encode())
    return {
        column: {id: found.hexdigest() for id, found in sorted(ids.items())}
        for column, ids in hashes.items()
    }


def parquet(frame: pd.DataFrame) -> bytes:
    """Return a frame as parquet, the same bytes for the same frame."""
    out = io.BytesIO()
    frame.to_parquet(out, index=False, compression="zstd", row_group_size=GROUP)
    return out.getvalue()


def load(
    workspace: Workspace,
    months: Sequence[str],
    name: str,
    own: Mapping[str, Sequence[str]] | None = None,
    columns: Sequence[str] | None = None,
) -> pd.DataFrame:
    """
    Read a cleaned table of some months, or what of it is somebody's own.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    months : sequence of str
        ``YYYY-MM``, in the order of the rows.
    name : {"daily", "posts", "monthly", "ledger", "files"}
        Which one.
    own : mapping of str to sequence of str, optional
        The operator under ``operator``, for tables that have such a column, and
        the accounts under ``account``; default: all rows.
    columns : sequence of str, optional
        Only these, the one with the owner among them; default: all.

    Returns
    -------
    DataFrame
        Empty, with its columns, if no month was cleaned.
    """
    paths = [workspace.clean(month) / f"{name}.parquet" for month in months]
    there = [path for path in paths if path.is_file()]
    if not there:
        known = {
            "daily": clean.DAILY,
            "posts": clean.POSTS,
            "monthly": add_up.MONTHLY,
            "ledger": clean.LEDGER,
            "files": FILES,
        }[name]
        kept = {one: known[one] for one in columns or known}
        return pd.DataFrame(columns=list(kept)).astype(kept)
    if own is None:
        names = None if columns is None else [*columns]
        frames = [
            pd.read_parquet(path, columns=names, use_threads=False) for path in there
        ]
        return pd.concat(frames, ignore_index=True)
    column = "operator" if name == "monthly" else "account"
    tables = [_own_rows(path, column, own[column], columns) for path in there]
    # Made a frame once and not a month at a time, which takes as long each time.
    table = pa.concat_tables(tables, promote_options="permissive")
    rows: pd.DataFrame = table.to_pandas(use_threads=False, types_mapper=_STRINGS.get)
    return rows


def _own_rows(
    path: Path, column: str, wanted: Sequence[str], columns: Sequence[str] | None
) -> pa.Table:
    """Read the rows that have one of the texts, of the groups that may hold one."""
    metadata = parquet_file.read_metadata(path)
    schema = metadata.schema.to_arrow_schema()
    texts = [one.name for one in schema if one.type in _STRINGS]
    # By groups and not by a filter, which looks into all of a large team's rows; each
    # text once until it is known which rows stay.
    with parquet_file.ParquetFile(
        path, metadata=metadata, read_dictionary=texts, pre_buffer=False
    ) as file:
        at = file.schema_arrow.get_field_index(column)
        groups = []
        for number in range(file.num_row_groups):
            found = file.metadata.row_group(number).column(at).statistics
            bounded = found is not None and found.has_min_max
            if not bounded or any(found.min <= one <= found.max for one in wanted):
                groups.append(number)
        table = file.read_row_groups(groups, columns=columns, use_threads=False)
    rows = table.filter(compute.is_in(table[column], pa.array(wanted, pa.string())))
    return rows.cast(pa.schema([schema.field(name) for name in rows.column_names]))


_STRINGS = {
    kind: pd.StringDtype("python", na_value=nan)
    for kind in (pa.string(), pa.large_string())
}
"""How texts of small tables are held: arrow's way costs more for each step on them."""


def rows(workspace: Workspace, month: str, name: str) -> int:
    """Return the rows of a cleaned table; 0 if the month was not cleaned."""
    path = workspace.clean(month) / f"{name}.parquet"
    return int(parquet_file.read_metadata(path).num_rows) if path.is_file() else 0
