"""
Workbooks to fill in, written from row models: headers, examples, checks, drop-downs.

The reader of the same models (`table`) reads back whatever can be chosen here.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from kpi_lib.inputs.table import Column, Row, columns, letters
from kpi_lib.workspace import write_atomic

# A fixed day: the workbook would else carry the moment it was written.
CREATED = datetime(2026, 1, 1)
ROWS = 1000
"""Rows that carry drop-downs and checks."""

WIDTHS = {"platforms": 24, "yes_no": 8, "word": 10, "count": 10}
USUAL, WIDE = 12, 28
_INK, _PAPER, _FAINT, _RULE = "#1F2A37", "#E8EDF3", "#8A94A0", "#C5CED8"


@dataclass(frozen=True)
class Choices:
    """
    A column of the sheet of choices.

    Parameters
    ----------
    title : str
        Its header.
    values : sequence of str
        What may be chosen.
    kind : str
        The kind of cells whose drop-down it is; empty for one that only tells.
    passable : bool
        Whether another value may be written all the same.
    """

    title: str
    values: Sequence[str]
    kind: str = ""
    passable: bool = False


def write_template(
    path: Path,
    *,
    title: str,
    month: str,
    notes: tuple[str, Sequence[str]],
    sheets: Mapping[str, type[Row]],
    choices_on: str,
    choices: Sequence[Choices],
) -> None:
    """Write an empty workbook; the same arguments give the same bytes."""
    content = io.BytesIO()
    literally = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    book = xlsxwriter.Workbook(
        content, {"in_memory": True, **dict.fromkeys(literally, False)}
    )
    book.set_properties({"title": title, "created": CREATED})
    template = _Template(book, month, choices_on, choices)
    template.notes(*notes)
    for name, model in sheets.items():
        template.sheet(name, columns(model))
    template.choices()
    book.close()
    write_atomic(path, content.getvalue())


class _Template:
    """Writes the sheets of one workbook."""

    def __init__(
        self, book: Any, month: str, choices_on: str, choices: Sequence[Choices]
    ) -> None:
        self.book, self.month = book, month
        self.choices_on, self.listed = choices_on, choices
        font = {"font_size": 11, "valign": "vcenter"}
        self.head = book.add_format(
            {**font, "bold": True, "font_color": _INK, "bg_color": _PAPER}
            | {"bottom": 1, "bottom_color": _RULE}
        )
        self.plain = book.add_format(font)
        self.formats = {
            "date": book.add_format({**font, "num_format": "yyyy-mm-dd"}),
            "count": book.add_format({**font, "num_format": "0"}),
            "amount": book.add_format(font),
        }
        # As text, or Excel makes a day of 2026-10 and a number of an id.
        self.text = book.add_format({**font, "num_format": "@"})
        faint = {**font, "italic": True, "font_color": _FAINT}
        self.example = book.add_format({**faint, "num_format": "@"})
        self.example_number = book.add_format(faint)
        self.example_date = book.add_format({**faint, "num_format": "yyyy-mm-dd"})

    def notes(self, name: str, lines: Sequence[str]) -> None:
        """Write a sheet of lines to read."""
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 90, self.plain)
        for row, line in enumerate(lines):
            sheet.write_string(row, 0, line, self.plain)

    def sheet(self, name: str, declared: Sequence[Column]) -> None:
        """Write a sheet to fill in."""
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 22)
        for at, column in enumerate(declared):
            width = WIDE if column.header.wide else WIDTHS.get(column.form.kind, USUAL)
            form = self.formats.get(column.form.kind, self.text)
            sheet.set_column(at, at, width, form)
            sheet.write_string(0, at, column.names[0], self.head)
            self._example(sheet, at, column)
            if check := self._check(column):
                sheet.data_validation(1, at, ROWS, at, {"ignore_blank": True, **check})

    def choices(self) -> None:
        """Write the sheet of choices, a list a column."""
        sheet = self.book.add_worksheet(self.choices_on)
        sheet.set_column(0, len(self.listed) - 1, 16, self.text)
        for at, choices in enumerate(self.listed):
            sheet.write_string(0, at, choices.title, self.head)
            for row, value in enumerate(choices.values, 1):
                sheet.write_string(row, at, value, self.text)

    def _example(self, sheet: Any, at: int, column: Column) -> None:
        text = column.header.example.format(month=self.month)
        if not text:
            return
        if column.form.kind == "date":
            sheet.write_datetime(1, at, date.fromisoformat(text), self.example_date)
        elif column.form.kind in ("count", "amount"):
            sheet.write_number(1, at, int(text), self.example_number)
        else:
            sheet.write_string(1, at, text, self.example)

    def _check(self, column: Column) -> Mapping[str, Any]:
        """Return Excel's check of a column; none for free text."""
        if column.form.words:
            return _listed([*column.form.words])
        for at, choices in enumerate(self.listed):
            if choices.kind == column.form.kind and choices.values:
                letter, last = letters(at), len(choices.values) + 1
                source = f"={self.choices_on}!${letter}$2:${letter}${last}"
                return _listed(source, "warning" if choices.passable else "stop")
        return CHECKS.get(column.form.kind, {})


def _listed(source: str | list[str], severity: str = "stop") -> dict[str, Any]:
    return {
        "validate": "list",
        "source": source,
        "error_type": severity,
        "error_title": "不在选项里",
        "error_message": "请从下拉列表里选。",
    }


CHECKS: Mapping[str, Mapping[str, Any]] = {
    "date": {
        "validate": "date",
        "criteria": "between",
        "minimum": date(2000, 1, 1),
        "maximum": date(2099, 12, 31),
        "error_title": "不是日期",
        "error_message": "请填日期，例如2026-10-31。",
    },
    "count": {
        "validate": "integer",
        "criteria": ">=",
        "value": 0,
        "error_title": "不是整数",
        "error_message": "请填不小于0的整数。",
    },
    "amount": {
        "validate": "decimal",
        "criteria": ">=",
        "value": 0,
        "error_title": "不是数字",
        "error_message": "请填不小于0的数字。",
    },
    "platforms": {
        "validate": "any",
        "input_title": "平台",
        "input_message": "填平台的中文名，多个之间用顿号，例如公众号、头条号。",
    },
    "points": {
        "validate": "any",
        "input_title": "分数",
        "input_message": "填分数，或计划里的等级词，例如优秀；否决不填。",
    },
    "period": {
        "validate": "any",
        "input_title": "周期",
        "input_message": "周填2026-W41或这一周里的一天；月填2026-10。",
    },
}
"""What Excel checks, or tells, of each kind of cells."""
