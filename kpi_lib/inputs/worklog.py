"""The work log of a month, read from a workbook or from a folder of files."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kpi_lib.days import month_of
from kpi_lib.errors import Problem
from kpi_lib.files import Record, Sheet
from kpi_lib.inputs import entries, table
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.entries import SHEETS, Entry
from kpi_lib.inputs.forms import Wrong, WrongForm, normal, quoted, to_month
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
            yield from getattr(self, entry.FILE)

    def own(self, operator: str) -> Worklog:
        """Return one operator's entries, without findings: they may tell of others."""
        entries: dict[str, Any] = {
            field: theirs.get(operator, ())
            for field, theirs in self._by_operator.items()
        }
        return replace(self, findings=(), **entries)

    def once(self) -> tuple[Worklog, tuple[tuple[Entry, str], ...]]:
        """Return it with each entry once and in its month; and the others, with why."""
        kept: dict[str, dict[str, Entry]] = {entry.FILE: {} for entry in SHEETS}
        aside: list[tuple[Entry, str]] = []
        for entry in self.entries():
            day = getattr(entry, entry.DATED) if entry.DATED else None
            if day and month_of(day) != self.month:
                aside.append((entry, OF_ANOTHER_MONTH))
            elif kept[entry.FILE].setdefault(entry.meaning, entry) is not entry:
                aside.append((entry, SAID_BEFORE))
        sheets: dict[str, Any] = {
            field: tuple(entries.values()) for field, entries in kept.items()
        }
        return replace(self, **sheets), tuple(aside)

    @cached_property
    def _by_operator(self) -> dict[str, dict[str, tuple[Any, ...]]]:
        return {
            entry.FILE: table.by_operator(getattr(self, entry.FILE)) for entry in SHEETS
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
    beside: Mapping[type[table.Row], tuple[str, Sheet]] = MappingProxyType({}),
    own: Mapping[str, Path] = MappingProxyType({}),
) -> Worklog:
    """
    Read a workbook, or a folder of one CSV or workbook a sheet; none is empty.

    `beside` are sheets with the rows of every month, `own` the logs of people, by name.
    What is wrong goes to `errors`.
    """
    problems: list[Problem] = []
    files = [(where, path), *own.items()]
    logs = [table.read_sheets(file, name, SHEETS, problems) for name, file in files]
    findings: list[Problem] = []
    read: dict[str, Any] = defaultdict(tuple)
    for model in SHEETS:
        # The month's log and the workbook are one, of which each row stands once; ids
        # are one log's own.
        month_log, *others = [_laid(model, directory, log) for log in logs]
        if model in beside:
            month_log.append((*beside[model], partial(of_month, model, directory)))
        for places in (month_log, *others):
            findings += (notice for _, sheet, _ in places for notice in sheet.notices)
            read[model.FILE] += table.read_places(places, model, directory, problems)
    wrong = [problem for problem in problems if problem.level == "error"]
    errors += wrong
    findings += [problem for problem in problems if problem not in wrong]
    whole = Worklog(month=month, source=where, **read)
    return replace(whole, findings=(*findings, *_denied(whole)))


def _laid(
    model: type[Entry],
    directory: Directory,
    log: Mapping[type[table.Row], tuple[str, Sheet]],
) -> list[table.Place]:
    """Return where a log has a sheet, whose rows may each have their month."""
    if model not in log:
        return []
    where, sheet = log[model]
    header = next((record.cells for record in sheet.records if not record.blank), ())
    months = {normal(name) for at in table.columns(OfMonth) for name in at.names}
    whole = months.isdisjoint(normal(str(cell)) for cell in header)
    return [(where, sheet, None if whole else partial(of_month, model, directory))]


class OfMonth(table.Row):
    """The column that such a sheet has before its own."""

    month: str


def of_month(
    model: type[table.Row],
    directory: Directory,
    sheet: table.TableSheet,
    records: Sequence[Record],
) -> Iterator[table.TableRow]:
    """Yield the rows of the month that is read."""
    declared = (*table.columns(OfMonth), *table.columns(model))
    for row in table.table_rows(sheet, records, declared):
        month, *others = row.cells.values()
        example = model.EXAMPLE and str(others[0]).startswith(model.EXAMPLE)
        if example or not any(others):  # months may be filled down to the end
            continue
        try:
            if to_month(month) == directory.month:
                yield row
        except WrongForm as wrong:
            what = f"值是{quoted(month)}"
            told = Wrong("month", what, str(wrong), "请改正这一格")
            row.note(told, of=table.whose(row, directory))


def _denied(log: Worklog) -> Iterator[Problem]:
    """Tell of rows on a sheet of which somebody says that there are none."""
    for said in log.confirmations:
        (field,) = (entry.FILE for entry in SHEETS if said.sheet == entry.SHEET)
        if any(entry.operator == said.operator for entry in getattr(log, field)):
            yield Problem(
                what=f"确认{said.sheet}为无，“{said.sheet}”表里却有{said.operator}的行",
                where=said.source,
                place=f"{said.SHEET}!第{said.row}行",
                do="请删去其中之一",
                level="warning",
            )
