"""The work log of a month, read from a workbook or from a folder of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

from kpi_lib.days import month_of
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import Book
from kpi_lib.held import is_noise
from kpi_lib.inputs import entries
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.entries import OTHER_SHEETS, SHEETS, Entry
from kpi_lib.inputs.forms import choices, normal
from kpi_lib.inputs.table import TableRow, TableSheet, by_operator, read_book, read_rows
from kpi_lib.language import N_


@dataclass(frozen=True, kw_only=True)
class Worklog:
    """
    The work log of a month: entries by subject, in the order of the file.

    `source` is its file or folder, also where there is none; `findings` are warnings
    and notes: days of another month, hidden rows.
    """

    month: str
    source: str = ""
    tasks: tuple[entries.Task, ...] = ()
    campaigns: tuple[entries.Campaign, ...] = ()
    suggestions: tuple[entries.Suggestion, ...] = ()
    reviews: tuple[entries.Review, ...] = ()
    contents: tuple[entries.Content, ...] = ()
    communities: tuple[entries.Community, ...] = ()
    feedback: tuple[entries.Feedback, ...] = ()
    interactions: tuple[entries.Interaction, ...] = ()
    adjustments: tuple[entries.Adjustment, ...] = ()
    ratings: tuple[entries.GivenRating, ...] = ()
    confirmations: tuple[entries.NoneHere, ...] = ()
    findings: tuple[Problem, ...] = ()

    def entries(self) -> Iterator[Entry]:
        """Walk the entries of all sheets."""
        for entry in SHEETS:
            yield from getattr(self, entry.FIELD)

    def own(self, operator: str) -> Worklog:
        """Return one operator's entries, without findings: they may tell of others."""
        entries: dict[str, Any] = {
            field: theirs.get(operator, ())
            for field, theirs in self._by_operator.items()
        }
        return replace(self, findings=(), **entries)

    def once(self) -> tuple[Worklog, tuple[tuple[Entry, str], ...]]:
        """Return it with each entry once and in its month; and the others, with why."""
        kept: dict[str, dict[str, Entry]] = {entry.FIELD: {} for entry in SHEETS}
        aside: list[tuple[Entry, str]] = []
        for entry in self.entries():
            day = getattr(entry, entry.DATED) if entry.DATED else None
            if day and month_of(day) != self.month:
                aside.append((entry, OF_ANOTHER_MONTH))
            elif kept[entry.FIELD].setdefault(entry.meaning, entry) is not entry:
                aside.append((entry, SAID_BEFORE))
        sheets: dict[str, Any] = {
            field: tuple(entries.values()) for field, entries in kept.items()
        }
        return replace(self, **sheets), tuple(aside)

    @cached_property
    def _by_operator(self) -> dict[str, dict[str, tuple[Any, ...]]]:
        return {
            entry.FIELD: by_operator(getattr(self, entry.FIELD)) for entry in SHEETS
        }


OF_ANOTHER_MONTH = N_("{sheet}第{rows}行的日期不在{month}，不计")
SAID_BEFORE = N_("{sheet}第{rows}行与前面的一行相同，只计一次")
"""Why an entry does not count."""

# --- reading -------------------------------------------------------------------


def load_worklog(path: Path, month: str, directory: Directory, where: str) -> Worklog:
    """Read a workbook, or a folder of one CSV or workbook a sheet; none is empty."""
    reader = _Reader(month, directory)
    for part, name, book in _books(path, where, reader.problems):
        reader.read(part, name, book)
    if reader.problems:
        raise InvalidInput(tuple(reader.problems))
    return Worklog(
        month=month, source=where, findings=tuple(reader.findings), **reader.entries
    )


def _books(
    path: Path, where: str, problems: list[Problem]
) -> Iterator[tuple[str, str, Book]]:
    """Yield each file: how it is named, its sheet if it is one, and what is in it."""
    files = [(where, "", path)]
    if path.is_dir():
        files = [
            (f"{where}/{file.name}", file.stem, file)
            for file in sorted(path.iterdir())
            # Not lock files of office programs and the notes of file managers.
            if not is_noise(file.name)
        ]
    for part, name, file in files:
        try:
            book = read_book(file, part)
        except InvalidInput as refusal:
            problems.extend(refusal.problems)
            continue
        if book is not None:
            yield part, name, book


_BY_NAME = {normal(n): entry for entry in SHEETS for n in (entry.SHEET, entry.FIELD)}


class _Reader:
    """Turns the sheets of one month into entries and notes what is wrong."""

    def __init__(self, month: str, directory: Directory) -> None:
        self.month, self.directory = month, directory
        self.problems: list[Problem] = []
        self.findings: list[Problem] = []
        self.entries: dict[str, Any] = {}
        self.seen: dict[str, str] = {}

    def read(self, where: str, name: str, book: Book) -> None:
        """Read every sheet of a file; `name` is given where a file is one sheet."""
        for sheet in book.sheets:
            if all(record.blank for record in sheet.records):
                continue
            title = name or sheet.name
            if normal(title) in OTHER_SHEETS:
                continue
            model = _BY_NAME.get(normal(title))
            if model is None:
                self._unknown(where, title, "文件" if name else "表")
            elif model.FIELD in self.seen:
                what = f"“{model.SHEET}”已在{self.seen[model.FIELD]}"
                do = "请合并成一张"
                self.problems.append(Problem(what=what, where=where, do=do))
            else:
                self.seen[model.FIELD] = f"{where}的表“{title}”"
                self.findings.extend(sheet.notices)
                in_book = "" if book.kind == "csv" else sheet.name
                noted = TableSheet(in_book, where, self.problems)
                rows = [*read_rows(noted, sheet.records, model, self.directory)]
                self.entries[model.FIELD] = tuple(entry for _, entry in rows)
                for row, entry in rows:
                    self._check_month(row, entry)

    def _unknown(self, where: str, title: str, kind: str) -> None:
        self.problems.append(
            Problem(
                what=f"不认识的{kind}“{title}”",
                where=where,
                expected=choices([entry.SHEET for entry in SHEETS]),
                do=f"请改正{kind}名，或把内容移到工作记录之外",
            )
        )

    def _check_month(self, row: TableRow, entry: Entry) -> None:
        day: date | None = getattr(entry, entry.DATED) if entry.DATED else None
        if day is None or month_of(day) == self.month:
            return
        self.findings.append(
            Problem(
                what=f"{row.header(entry.DATED)}{day}不在{self.month}",
                where=row.sheet.where,
                place=row.place(entry.DATED),
                do="请核对日期；别的月份的记录请写在那个月里",
                level="warning",
            )
        )
