"""
The work log to fill in, written from its row models: examples, checks, drop-downs.

The reader of the same models (`table`) reads back whatever can be chosen here.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from kpi_lib.days import is_month
from kpi_lib.errors import WorkspaceError
from kpi_lib.inputs.directory import platform_names
from kpi_lib.inputs.entries import OTHER_SHEETS, SHEETS
from kpi_lib.inputs.table import Column, columns, letters
from kpi_lib.workspace import write_atomic

# A fixed day: the workbook would else carry the moment it was written.
CREATED = datetime(2026, 1, 1)
ROWS = 1000
"""Rows that carry drop-downs and checks."""

WIDTHS = {"platforms": 24, "yes_no": 8, "word": 10, "count": 10}
USUAL, WIDE = 12, 28
_INK, _PAPER, _FAINT, _RULE = "#1F2A37", "#E8EDF3", "#8A94A0", "#C5CED8"

NOTES = (
    "{month}工作记录：每张表记一个主题，没有的事不用写行。",
    "灰色的例子行（第一格以“例”开头）永远不计，可以留着也可以删去。",
    "运营填编号或姓名，平台填中文名；多个平台之间用顿号，例如公众号、头条号。",
    "日期填2026-10-31这样的写法；周期填2026-W41（周）或2026-10（月）。",
    "确认人要是运营本人以外的人：没有确认的行不计为完成。",
    "整张表没有内容时，请在“确认”表里写明“无”、姓名和日期，否则按缺资料待定。",
    "评分表里主管的评分要有姓名、日期和理由；自评只显示，不计分。",
    "这一页和“选项”页不读取。",
)


def write_worklog_template(
    path: Path, month: str, operators: Mapping[str, str], measures: Sequence[str] = ()
) -> None:
    """
    Write an empty work log: drop-downs, checks, and one example row a sheet.

    `operators` (ids and names) and `measures` are for the drop-downs; the same
    arguments give the same bytes.
    """
    if not is_month(month):
        expected = "YYYY-MM，例如2026-10"
        raise WorkspaceError.of(f"“{month}”不是月份", expected=expected)
    content = io.BytesIO()
    literally = ("strings_to_formulas", "strings_to_urls", "strings_to_numbers")
    book = xlsxwriter.Workbook(
        content, {"in_memory": True, **dict.fromkeys(literally, False)}
    )
    book.set_properties({"title": f"{month}工作记录", "created": CREATED})
    names = [*operators.values()]
    people = [id if names.count(at) > 1 else at for id, at in operators.items()]
    listed = {
        "operator": ("运营", people),
        "platform": ("平台", [*platform_names().values()]),
        "measure": ("量化指标", measures),
    }
    template = _Template(book, month, listed)
    notes_on, choices_on = OTHER_SHEETS
    template.notes(notes_on)
    for entry in SHEETS:
        template.sheet(entry.SHEET, columns(entry))
    template.choices(choices_on)
    book.close()
    write_atomic(path, content.getvalue())


class _Template:
    """Writes the sheets of one workbook."""

    def __init__(
        self, book: Any, month: str, listed: Mapping[str, tuple[str, Sequence[str]]]
    ) -> None:
        self.book, self.month, self.listed = book, month, listed
        font = {"font_size": 11, "valign": "vcenter"}
        self.head = book.add_format(
            {**font, "bold": True, "font_color": _INK, "bg_color": _PAPER}
            | {"bottom": 1, "bottom_color": _RULE}
        )
        self.plain = book.add_format(font)
        # As text, or Excel makes a day of 2026-10 and a number of an id.
        numbers = {"text": "@", "date": "yyyy-mm-dd", "count": "0", "amount": "General"}
        faint = {**font, "italic": True, "font_color": _FAINT}
        self.formats = {
            kind: book.add_format({**font, "num_format": number})
            for kind, number in numbers.items()
        }
        self.examples = {
            kind: book.add_format({**faint, "num_format": number})
            for kind, number in (numbers | {"count": "General"}).items()
        }

    def notes(self, name: str) -> None:
        """Write a sheet of lines to read."""
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, 0, 90, self.plain)
        lines = [line.format(month=self.month) for line in NOTES]
        sheet.write_column(0, 0, lines, self.plain)

    def sheet(self, name: str, declared: Sequence[Column]) -> None:
        """Write a sheet to fill in."""
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 22)
        for at, column in enumerate(declared):
            width = WIDE if column.header.wide else WIDTHS.get(column.form.kind, USUAL)
            form = self.formats.get(column.form.kind, self.formats["text"])
            sheet.set_column(at, at, width, form)
            sheet.write_string(0, at, column.names[0], self.head)
            self._example(sheet, at, column)
            if check := self._check(column):
                sheet.data_validation(1, at, ROWS, at, {"ignore_blank": True, **check})

    def choices(self, name: str) -> None:
        """Write the sheet of choices, a list a column."""
        text = self.formats["text"]
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, len(self.listed) - 1, 16, text)
        for at, (title, values) in enumerate(self.listed.values()):
            sheet.write_string(0, at, title, self.head)
            sheet.write_column(1, at, values, text)

    def _example(self, sheet: Any, at: int, column: Column) -> None:
        text = column.header.example.format(month=self.month)
        if not text:
            return
        form = self.examples.get(column.form.kind, self.examples["text"])
        if column.form.kind == "date":
            sheet.write_datetime(1, at, date.fromisoformat(text), form)
        elif column.form.kind in ("count", "amount"):
            sheet.write_number(1, at, int(text), form)
        else:
            sheet.write_string(1, at, text, form)

    def _check(self, column: Column) -> Mapping[str, Any]:
        """Return Excel's check of a column; none for free text."""
        if column.form.words:
            return _listed([*column.form.words])
        kind = column.form.kind
        if kind in self.listed and (values := self.listed[kind][1]):
            letter, last = letters([*self.listed].index(kind)), len(values) + 1
            source = f"={OTHER_SHEETS[1]}!${letter}$2:${letter}${last}"
            # An id is read as well as a name, and of oneself one may say more than the
            # plan measures.
            return _listed(source, "stop" if kind == "platform" else "warning")
        return CHECKS.get(kind, {})


def _listed(source: str | list[str], severity: str = "stop") -> dict[str, Any]:
    limits = {"source": source, "error_type": severity}
    return _checked("list", "不在选项里", "请从下拉列表里选。", **limits)


def _checked(kind: str, title: str, message: str, **limits: Any) -> dict[str, Any]:
    told = {"error_title": title, "error_message": message}
    return {"validate": kind, **limits, **told}


def _told(title: str, message: str) -> dict[str, Any]:
    return {"validate": "any", "input_title": title, "input_message": message}


_FIRST, _LAST = date(2000, 1, 1), date(2099, 12, 31)
_DAYS = {"criteria": "between", "minimum": _FIRST, "maximum": _LAST}
_LEAST = {"criteria": ">=", "value": 0}
CHECKS: Mapping[str, Mapping[str, Any]] = {
    "date": _checked("date", "不是日期", "请填日期，例如2026-10-31。", **_DAYS),
    "count": _checked("integer", "不是整数", "请填不小于0的整数。", **_LEAST),
    "amount": _checked("decimal", "不是数字", "请填不小于0的数字。", **_LEAST),
    "platforms": _told("平台", "填平台的中文名，多个之间用顿号，例如公众号、头条号。"),
    "points": _told("分数", "填分数，或计划里的等级词，例如优秀；否决不填。"),
    "period": _told("周期", "周填2026-W41或这一周里的一天；月填2026-10。"),
}
"""What Excel checks, or tells, of each kind of cells."""
