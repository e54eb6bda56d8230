"""Files of a month: which of them tell of it, and what was read of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property, lru_cache
from pathlib import Path

from kpi_lib import exports
from kpi_lib.days import days_of, shift
from kpi_lib.errors import Problem
from kpi_lib.exports import DailyRow, Export, LedgerRow, PostRow
from kpi_lib.files import MANUAL, Book, Record, Sheet, layouts
from kpi_lib.held import files_in, is_noise, listed
from kpi_lib.inputs import Account, Inputs, Roster, with_year
from kpi_lib.language import N_, Sentence
from kpi_lib.months.doubts import doubts
from kpi_lib.months.reading import read
from kpi_lib.workspace import Workspace

# Days of an account without a daily file are looked for this many months ahead.
LOOK_AHEAD = 3

_DAY = re.compile(
    r"(?<!\d)(\d{4})(?:-?(\d{2})-?(\d{2})|[-年](\d{1,2})[-月](\d{1,2})日?)\)?$",
    re.ASCII,
)


# From which day to which a file tells of something is not when it was downloaded.
_RANGE = re.compile(r"(\d{4}-?\d\d-?\d\d) ?[-~至到] ?(\d{4}-?\d\d-?\d\d)\)?$", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class File:
    """
    One export, of which the days of one month are taken.

    `source` is its path relative to the workspace, `account` whose folder it lies in,
    `borrowed` true if that is another month's; `export` is what was read, of whatever
    month, without a layout if it could not be taken; `downloaded` the download day, if
    any is known; `doubt` why it seems to belong elsewhere.
    """

    source: str
    account: str
    month: str
    export: Export
    downloaded: date | None = None
    borrowed: bool = False
    doubt: str = ""

    def doubted(self, doubts: Mapping[str, str]) -> File:
        """Return it with why it is in doubt, by source."""
        why = doubts.get(self.source)
        return replace(self, doubt=why) if why else self

    @property
    def posts(self) -> Sequence[PostRow]:
        """Posts with their counters on the day of download, of whatever month."""
        return self.export.posts

    @cached_property
    def daily(self) -> list[DailyRow]:
        """The values of the month's days."""
        return [
            row
            for row in self.export.daily
            # A nought of a day to come is no value.
            if f"{row.date:%Y-%m}" == self.month
            and (row.value or row.date <= self._last)
        ]

    @property
    def _last(self) -> date:
        return self.downloaded or date.max

    @property
    def ahead(self) -> list[DailyRow]:
        """The values of days after the download, which cannot be known."""
        return [row for row in self.export.daily if row.date > self._last]

    @cached_property
    def _empty_days(self) -> set[date]:
        return {row.date for row in self.ahead} - {row.date for row in self.daily}

    @cached_property
    def stands_until(self) -> date:
        """The last day of which a later download tells nothing better."""
        last = max(row.date for row in self.export.daily)
        return last - timedelta(days=layouts()[self.export.layout].provisional)

    def yields(self, row: DailyRow) -> bool:
        """Say whether another export tells better what stands in a row's column."""
        column = layouts()[self.export.layout].columns.get(row.metric)
        return column is not None and column.yields

    @cached_property
    def ledger(self) -> list[LedgerRow]:
        """Every record of the file with its fate: days of other months are outside."""
        return [self._cut(row) for row in self.export.ledger]

    def _cut(self, row: LedgerRow) -> LedgerRow:
        if row.day is None:
            return row
        if f"{row.day:%Y-%m}" == self.month:
            if row.day not in self._empty_days:
                return row
            why = Sentence("{day}在下载日之后，0不是数", day=str(row.day))
            return row._replace(fate="outside", reason=why)
        return row._replace(fate="outside", reason=_outside(row.day, self.month))


@lru_cache(maxsize=4096)  # a quarter's file has as many rows of other months
def _outside(day: date, month: str) -> Sentence:
    return Sentence("{day}不在{month}", day=str(day), month=month)


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """
    What arrived for a month, and what people wrote (`given`).

    `files` are all that tell of the month, also those that cannot be taken, `before`
    those of the month before: opening levels and counters. `findings` are folders and
    files that belong to nobody, and files that did not come. `first_days` has the day
    of each account's first export ever, or its own first: none before is due.
    """

    month: str
    given: Inputs
    files: tuple[File, ...] = ()
    before: tuple[File, ...] = ()
    findings: tuple[Problem, ...] = ()
    first_days: Mapping[str, date] = field(default_factory=dict)

    def in_time(self, account: Account) -> set[date]:
        """
        Return the days of an account that are no later than the plan allows.

        What people write by hand has no download: of an account of which nothing else
        is expected by day, every day is.
        """
        within = self.given.evidence_of(self.month).reached_within
        if within is None or not grains(account, by_hand=False) - {"posts"}:
            return {*days_of(self.month)}
        after, before = self.given.calendar.after, timedelta(days=within - 1)
        return {
            day
            for file in self.files
            if file.account == account.id and file.export.layout != MANUAL
            if file.downloaded and not file.doubt
            for day in {row.date for row in file.daily}
            if day <= file.downloaded <= after(day + before, 1)
        }


def grains(account: Account, *, by_hand: bool = True) -> set[str]:
    """
    Return what an account owes by the layouts that the roster expects of it.

    Parameters
    ----------
    account : Account
        Of the roster.
    by_hand : bool
        Whether figures written by hand are owed too.

    Returns
    -------
    set of str
        ``posts`` for lists of posts, ``daily`` and others for what comes by day.
    """
    known = layouts()
    owed = [name for name in account.expects if by_hand or name != MANUAL]
    owes: set[str] = {known[name].grain for name in owed if name in known}
    return owes - {"none"}


def arrive(workspace: Workspace, month: str, given: Inputs) -> Arrived:
    """
    Read every export of a month, and of the month before what opens this one.

    Parameters
    ----------
    workspace : Workspace
        Where the exports lie.
    month : str
        ``YYYY-MM``.
    given : Inputs
        What people wrote.

    Returns
    -------
    Arrived
        Files with what was read, each file read once by a process.
    """
    files: list[File] = []
    before: list[File] = []
    first_days: dict[str, date] = {}
    for account in given.roster.accounts:
        own = _Folders(workspace, month, account, given).files()
        files += own
        before += _Folders(workspace, shift(month, -1), account, given).files()
        first_days[account.id] = max(
            _first_day(workspace, account, month, own), account.from_
        )
    doubted = doubts([*before, *files], {row.source for row in given.decided})
    return Arrived(
        month=month,
        given=given,
        files=tuple(file.doubted(doubted) for file in files),
        before=tuple(file.doubted(doubted) for file in before),
        findings=(
            *_lacking(given.roster, month, files),
            *(problem for file in files for problem in _of_other_days(file)),
            *_strays(workspace, month, first_days),
        ),
        first_days=first_days,
    )


@dataclass(frozen=True)
class _Folders:
    """The folders in which one account's files of one month may lie."""

    workspace: Workspace
    month: str
    account: Account
    given: Inputs

    def files(self) -> list[File]:
        """Return the files of the own folder, and of later ones what belongs here."""
        taken = [self._file(path, self.month) for path in self._paths(0)]
        for by in range(1, LOOK_AHEAD + 1):
            # A history file covers a quarter and lies in one month's folder only.
            days_wanted = not any(file.daily for file in taken)
            later = [
                self._file(path, shift(self.month, by))
                for path in self._paths(by)
                # Not opened where neither its days nor its counters are wanted.
                if days_wanted or (by == 1 and self._may_close(self._noted(path)))
            ]
            taken += [
                file
                for file in later
                if (days_wanted and file.daily) or (by == 1 and self._closes(file))
            ]
        return [*taken, *self._typed()]

    def _typed(self) -> Iterator[File]:
        """Yield what was typed into the workbook as the file that it stands for."""
        own = [
            row
            for row in self.given.figures
            if row.account == self.account.id and f"{row.date:%Y-%m}" == self.month
        ]
        if own:
            # Each account's own, as the files of two are never one.
            source = f"{own[0].source}/{self.account.id}"
            head = Record(1, None, ("日期", "指标", "数值", "备注"))
            cells = ((at.row, at.date, at.metric, at.value, at.note) for at in own)
            rows = (head, *(Record(row, None, (*each,)) for row, *each in cells))
            book = Book("xlsx", "", (Sheet("", rows),), records={"": len(rows)})
            id, of = self.account.id, self.account.platform
            export = exports.read(book, month=self.month, platform=of, source=source)
            yield File(source=source, account=id, month=self.month, export=export)

    def _paths(self, by: int) -> list[Path]:
        return _exports(self.workspace, shift(self.month, by), self.account)

    def _file(self, path: Path, folder: str) -> File:
        account, source = self.account, self.workspace.relative(path)
        export = read(path, month=folder, platform=account.platform, at=source)
        day = self._noted(path) if export.layout else None
        if not day and export.layout and layouts()[export.layout].properties_dates_true:
            # Saving a file again changes the one and never the other.
            day = export.created or export.modified
        return File(
            source=source,
            account=account.id,
            month=self.month,
            export=export,
            downloaded=day,
            borrowed=folder != self.month,
        )

    def _noted(self, path: Path) -> date | None:
        """Return the download day: of the folder, the file name, or a person's note."""
        return (
            day_at_the_end(str(with_year(path.parent.name, self.month)))
            or day_at_the_end(path.stem)
            or self.given.downloads.get(self.workspace.relative(path))
        )

    def _may_close(self, day: date | None) -> bool:
        """Say whether counters of a day may close the month; an unknown day may."""
        if day is None:
            return True
        window = self.given.evidence_of(self.month).counter_window
        return f"{day:%Y-%m}" == shift(self.month, 1) and day.day <= window

    def _closes(self, file: File) -> bool:
        day = file.downloaded
        return bool(file.posts) and day is not None and self._may_close(day)


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
        None where it ends in no day of the calendar, or in a span of days.
    """
    digits = None if _RANGE.search(name) else _DAY.search(name)
    try:
        return date(*(int(at) for at in digits.groups() if at)) if digits else None
    except ValueError:
        return None


def _exports(workspace: Workspace, month: str, account: Account) -> list[Path]:
    """Return the files of an account in a month's folder, in the order of names."""
    folder = workspace.raw(month) / account.id
    return listed(folder, files_in(folder))


def _first_day(
    workspace: Workspace, account: Account, month: str, files: Sequence[File]
) -> date:
    first, last = days_of(month)[0], days_of(month)[-1]
    for earlier in workspace.months():
        if earlier < month and _exports(workspace, earlier, account):
            return first
    days = [file.downloaded for file in files if file.posts and file.downloaded]
    # Lists of posts alone owe a download a week from the first one on.
    if grains(account) != {"posts"}:
        every = (row.date for file in files for row in file.export.daily)
        days += [day for day in every if day <= last]
    return max(min(days, default=first), first)


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


def _lacking(roster: Roster, month: str, files: Sequence[File]) -> list[Problem]:
    """Name the layouts that the roster expects and that did not come."""
    known, came = layouts(), {(file.account, file.export.layout) for file in files}
    return [
        Problem(
            what=Sentence(
                "没有收到{layout}",
                layout=known[layout].name if layout in known else layout,
            ),
            where=f"data/raw/{month}/{account}/",
            expected=Sentence(
                "{account}的{export}",
                account=roster.account(account).name,
                export=layout,
            ),
            do=Sentence(
                "把平台后台下载的文件原样放进这个文件夹，或从花名册的expects里去掉"
            ),
            level="warning",
        )
        for account, layout in expected(roster, month)
        if (account, layout) not in came
    ]


def _of_other_days(file: File) -> Iterator[Problem]:
    """Tell of a file of another month, and of one with days after its download."""
    days = sorted({row.date for row in file.export.daily})
    if days and not file.borrowed and not any(f"{d:%Y-%m}" == file.month for d in days):
        yield Problem(
            what=Sentence(
                "里面是{first}至{last}的数，没有{month}的",
                first=str(days[0]),
                last=str(days[-1]),
                month=file.month,
            ),
            where=file.source,
            do=Sentence("核对时间段；放错月份的，移进那个月的文件夹"),
            level="warning",
        )
    if file.ahead:
        first, last = (f(row.date for row in file.ahead) for f in (min, max))
        zero = not any(row.value for row in file.ahead)
        yield Problem(
            what=Sentence(
                N_("{first}至{last}在下载日{day}之后，这些0没有计")
                if zero
                else N_("{first}至{last}在下载日{day}之后，却有数"),
                first=str(first),
                last=str(last),
                day=str(file.downloaded),
            ),
            where=file.source,
            do=Sentence("不必处理") if zero else Sentence("核对下载日期"),
            level="note" if zero else "warning",
        )


def _strays(workspace: Workspace, month: str, accounts: Iterable[str]) -> list[Problem]:
    """Name what lies in the month's folder and belongs to no account."""
    folder = workspace.raw(month)
    return [
        Problem(
            what=Sentence("不属于花名册里的任何账号，没有读"),
            where=workspace.relative(path) + ("/" if path.is_dir() else ""),
            expected=Sentence("以账号id命名的文件夹"),
            do=Sentence("工作记录要叫worklog.xlsx或worklog-姓名.xlsx，请改名")
            if re.search("worklog|工作记录", path.name)
            else Sentence("改名或移进账号的文件夹，或在花名册里登记这个账号"),
            level="warning",
        )
        for path in (sorted(folder.iterdir()) if folder.is_dir() else ())
        if path.name not in {*accounts, "worklog.xlsx", "worklog"}
        and path not in workspace.worklogs(month)
        and not is_noise(path.name)
    ]
