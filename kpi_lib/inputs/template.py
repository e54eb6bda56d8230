"""
The workbook to fill in, written from its row models: examples, checks, drop-downs.

The reader of the same models (`table`) reads back whatever can be chosen here.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from kpi_lib.catalogue import entries
from kpi_lib.inputs.directory import platform_names
from kpi_lib.inputs.entries import SHEETS, Entry
from kpi_lib.inputs.points import Points
from kpi_lib.inputs.records import Appeal, Figure
from kpi_lib.inputs.roster import REGISTER
from kpi_lib.inputs.table import OTHER_SHEETS, Column, Row, columns
from kpi_lib.inputs.targets import NAMES, Across
from kpi_lib.inputs.worklog import OfMonth
from kpi_lib.workspace import write_atomic

# A fixed day: the workbook would else carry the moment it was written.
CREATED = datetime(2026, 1, 1)
ROWS = 5000  # Rows that carry drop-downs and checks: a year of the work log

USUAL, WIDE = 12, 28  # Widths of columns

LOOK = entries("inputs/template.yml")


BOOK: tuple[type[Row], ...] = (*REGISTER, Across, *SHEETS, Figure, Points, Appeal)

# Cells by the names of columns, by model and the number of their row.
Rows = dict[type[Row], dict[int, Mapping[str, Any]]]


def columns_of(model: type[Row]) -> tuple[Column, ...]:
    """Return the columns of a sheet: in the work log each row has its month."""
    own = columns(model)
    return (*columns(OfMonth), *own) if issubclass(model, Entry) else own


def write_template(
    path: Path,
    month: str,
    operators: Mapping[str, str],
    measures: Iterable[str],
    rows: Rows,
) -> None:
    """
    Write what is to be filled in: drop-downs, checks, one example row a sheet, or rows.

    `operators` (ids and names, none: those of its own sheet) and `measures` are for the
    drop-downs. The same arguments give the same bytes.
    """
    template = _Template(month, operators, [*measures])
    for model in dict.fromkeys((*BOOK, *rows)):
        template.sheet(model, rows.get(model, {}))
    template.save(path)


class _Template:
    """Writes the sheets of one workbook."""

    def __init__(
        self, month: str, operators: Mapping[str, str], measures: Sequence[str]
    ) -> None:
        self.month, self.content = month, io.BytesIO()
        literally = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
        options = {"in_memory": True, **dict.fromkeys(literally, False)}
        self.book = book = xlsxwriter.Workbook(self.content, options)
        book.set_properties({"title": month, "created": CREATED})
        names = [*operators.values()]
        people = [id if names.count(at) > 1 else at for id, at in operators.items()]
        self.listed: dict[str, tuple[str, Sequence[str]]] = {
            "operator": ("运营", people),
            "platform": ("平台", [*platform_names().values()]),
            "measure": ("量化指标", measures),
            "metric": ("指标", [*NAMES.values()]),
        }
        self.sources = {
            kind: f"={OTHER_SHEETS[1]}!${at}$2:${at}${len(values) + 1}"
            for at, (kind, (_, values)) in zip("ABCD", self.listed.items(), strict=True)
            if values
        }
        if not operators:
            self.sources |= LOOK["offered"]
        font = LOOK["font"]
        self.head = book.add_format(font | LOOK["head"])
        self.plain = book.add_format(font)
        numbers = {
            kind: {**font, "num_format": at["format"]}
            for kind, at in LOOK["kinds"].items()
            if "format" in at
        }
        self.formats = {kind: book.add_format(at) for kind, at in numbers.items()}
        self.examples = {
            kind: book.add_format(at | LOOK["example"]) for kind, at in numbers.items()
        }
        notes = book.add_worksheet(OTHER_SHEETS[0])
        notes.set_column(0, 0, 90, self.plain)
        notes.write_column(0, 0, LOOK["notes"], self.plain)

    def sheet(self, model: type[Row], rows: Mapping[int, Mapping[str, Any]]) -> None:
        """Write a sheet to fill in, with rows that stand there already."""
        sheet = self.book.add_worksheet(model.SHEET)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 22)
        for at, column in enumerate(columns_of(model)):
            usual = LOOK["kinds"].get(column.form.kind, {}).get("width", USUAL)
            width = WIDE if column.header.wide else usual
            form = self.formats.get(column.form.kind, self.formats["text"])
            sheet.set_column(at, at, width, form)
            sheet.write_string(0, at, column.names[0], self.head)
            for row, cells in rows.items():
                if (cell := cells.get(column.name)) not in (None, ""):
                    look = self.formats["date"] if isinstance(cell, date) else form
                    sheet.write(row - 1, at, cell, look)
            if not rows:
                self._example(sheet, at, column)
            if check := self._check(column):
                sheet.data_validation(1, at, ROWS, at, {"ignore_blank": True, **check})

    def save(self, path: Path) -> None:
        """Write the sheet of choices, a list a column, and the file."""
        text = self.formats["text"]
        sheet = self.book.add_worksheet(OTHER_SHEETS[1])
        sheet.set_column(0, len(self.listed) - 1, 16, text)
        for at, (title, values) in enumerate(self.listed.values()):
            sheet.write_string(0, at, title, self.head)
            sheet.write_column(1, at, values, text)
        self.book.close()
        write_atomic(path, self.content.getvalue())

    def _example(self, sheet: Any, at: int, column: Column) -> None:
        text: Any = column.header.example.format(month=self.month)
        if not text:
            return
        kind, value = column.form.kind, text
        if kind == "date":
            value = date.fromisoformat(text)
        elif kind in ("count", "amount"):
            value = int(text)
        sheet.write(1, at, value, self.examples.get(kind, self.examples["text"]))

    def _check(self, column: Column) -> Any:
        """Return Excel's check of a column; none for free text."""
        kind = column.form.kind
        if column.form.words:
            return LOOK["list"] | {"source": [*column.form.words]}
        if source := self.sources.get(kind):
            # An id is read as well as a name, and of oneself one may say more than the
            # plan measures.
            severity = "stop" if kind == "platform" else "warning"
            return LOOK["list"] | {"source": source, "error_type": severity}
        return LOOK["kinds"].get(kind, {}).get("check", {})
