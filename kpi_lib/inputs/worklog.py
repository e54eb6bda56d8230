"""The work log of a month, read from a workbook or from a folder of files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from kpi_lib.days import month_of
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import Sheet
from kpi_lib.held import is_noise
from kpi_lib.inputs import entries
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.entries import SHEETS, Entry
from kpi_lib.inputs.forms import choices, normal
from kpi_lib.inputs.table import (
    OTHER_SHEETS,
    TableSheet,
    by_operator,
    read_book,
    read_rows,
)
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
# Why an entry does not count.
SAID_BEFORE = N_("{sheet}第{rows}行与前面的一行相同，只计一次")

# --- reading -------------------------------------------------------------------


def load_worklog(
    path: Path,
    month: str,
    directory: Directory,
    where: str,
    errors: list[Problem],
) -> Worklog:
    """
    Read a workbook, or a folder of one CSV or workbook a sheet; none is empty.

    What is wrong with it is noted in `errors`.
    """
    problems: list[Problem] = []
    findings: list[Problem] = []
    read: dict[str, Any] = {}
    seen: dict[str, str] = {}
    for part, title, sheet in _sheets(path, where, problems):
        kind = "文件" if path.is_dir() else "表"
        model = _BY_NAME.get(normal(title))
        noted = TableSheet(sheet.name, part, problems)
        if model is None:
            expected = choices([entry.SHEET for entry in SHEETS])
            do = f"请改正{kind}名，或把内容移到工作记录之外"
            noted.note("", f"不认识的{kind}“{title}”", expected, do)
        elif model.FIELD in seen:
            what = f"“{model.SHEET}”已在{seen[model.FIELD]}"
            noted.note("", what, do="请合并成一张")
        else:
            seen[model.FIELD] = f"{part}的表“{title}”"
            findings += sheet.notices
            rows = read_rows(noted, sheet.records, model, directory)
            read[model.FIELD] = tuple(rows)
    wrong = [problem for problem in problems if problem.level == "error"]
    errors += wrong
    findings += [problem for problem in problems if problem not in wrong]
    log = Worklog(month=month, source=where, **read)
    return replace(log, findings=(*findings, *_denied(log)))


def _sheets(
    path: Path, where: str, problems: list[Problem]
) -> Iterator[tuple[str, str, Sheet]]:
    """Yield each sheet with content: the name of its file, its own, and itself."""
    # Not lock files of office programs and the notes of file managers.
    there = sorted(path.iterdir()) if path.is_dir() else [path]
    for file in (file for file in there if not is_noise(file.name)):
        part = f"{where}/{file.name}" if path.is_dir() else where
        try:
            book = read_book(file, part)
        except InvalidInput as refusal:
            problems.extend(refusal.problems)
            continue
        for sheet in book.sheets if book else ():
            title = file.stem if path.is_dir() else sheet.name
            blank = all(record.blank for record in sheet.records)
            if not blank and normal(title) not in OTHER_SHEETS:
                yield part, title, sheet


_BY_NAME = {normal(n): entry for entry in SHEETS for n in (entry.SHEET, entry.FIELD)}


def _denied(log: Worklog) -> Iterator[Problem]:
    """Tell of rows on a sheet of which somebody says that there are none."""
    for said in log.confirmations:
        (field,) = (entry.FIELD for entry in SHEETS if said.sheet == entry.SHEET)
        if any(entry.operator == said.operator for entry in getattr(log, field)):
            yield Problem(
                what=f"确认{said.sheet}为无，“{said.sheet}”表里却有{said.operator}的行",
                where=said.source,
                place=f"{said.SHEET}!第{said.row}行",
                do="请删去其中之一",
                level="warning",
            )
