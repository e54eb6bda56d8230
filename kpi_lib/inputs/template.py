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
from xlsxwriter.utility import xl_col_to_name

from kpi_lib.days import is_month
from kpi_lib.errors import WorkspaceError
from kpi_lib.inputs.directory import platform_names
from kpi_lib.inputs.entries import SHEETS
from kpi_lib.inputs.table import OTHER_SHEETS, Column, Row, columns
from kpi_lib.inputs.targets import NAMES, Across
from kpi_lib.workspace import write_atomic

# A fixed day: the workbook would else carry the moment it was written.
CREATED = datetime(2026, 1, 1)
ROWS = 1000  # Rows that carry drop-downs and checks

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


TARGET_NOTES = (
    "{month}目标：一行一个人的一项指标，短期是这个月，中期是本季度，后期是本年；没有目标的格留空。",
    "比率填45%这样的写法；应完成数（任务、内容等）只填短期；平台留空指全部平台合计。",
    "有目标的行要填设定日和批准人，批准人要是运营本人以外的人；上月和建议两列只供参考，不读取。",
    "改目标要另写一行，设定日写修改的那天，原来的行留着。这一页和“选项”页不读取。",
)

WORKLOG: Mapping[str, type[Row]] = {entry.SHEET: entry for entry in SHEETS}
MATRIX: Mapping[str, type[Row]] = {"目标": Across}  # Sheets of a template, their rows


def write_template(
    path: Path,
    month: str,
    sheets: Mapping[str, type[Row]],
    operators: Mapping[str, str],
    measures: Sequence[str] = (),
    rows: Sequence[Mapping[str, str]] = (),
) -> None:
    """
    Write what is to be filled in: drop-downs, checks, one example row a sheet, or rows.

    `operators` (ids and names) and `measures` are for the drop-downs; `rows` are begun,
    by the names of columns. The same arguments give the same bytes.
    """
    if not is_month(month):
        expected = "YYYY-MM，例如2026-10"
        raise WorkspaceError.of(f"“{month}”不是月份", expected=expected)
    template = _Template(month, operators, measures)
    template.notes(TARGET_NOTES if sheets is MATRIX else NOTES)
    for name, model in sheets.items():
        template.sheet(name, columns(model), rows)
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
        font = {"font_size": 11, "valign": "vcenter"}
        self.head = book.add_format(
            {**font, "bold": True, "font_color": _INK, "bg_color": _PAPER}
            | {"bottom": 1, "bottom_color": _RULE}
        )
        self.plain = book.add_format(font)
        # As text, or Excel makes a day of 2026-10 and a number of an id.
        numbers = {"text": "@", "date": "yyyy-mm-dd", "count": "0"}
        numbers |= dict.fromkeys(("amount", "number"), "General")
        faint = {**font, "italic": True, "font_color": _FAINT}
        self.formats = {
            kind: book.add_format({**font, "num_format": number})
            for kind, number in numbers.items()
        }
        self.examples = {
            kind: book.add_format({**faint, "num_format": number})
            for kind, number in (numbers | {"count": "General"}).items()
        }

    def notes(self, notes: Sequence[str]) -> None:
        """Write a sheet of lines to read."""
        sheet = self.book.add_worksheet(OTHER_SHEETS[0])
        sheet.set_column(0, 0, 90, self.plain)
        lines = [line.format(month=self.month) for line in notes]
        sheet.write_column(0, 0, lines, self.plain)

    def sheet(
        self,
        name: str,
        declared: Sequence[Column],
        rows: Sequence[Mapping[str, str]] = (),
    ) -> None:
        """Write a sheet to fill in, with rows that are begun."""
        sheet = self.book.add_worksheet(name)
        sheet.freeze_panes(1, 0)
        sheet.set_row(0, 22)
        for at, column in enumerate(declared):
            width = WIDE if column.header.wide else WIDTHS.get(column.form.kind, USUAL)
            form = self.formats.get(column.form.kind, self.formats["text"])
            sheet.set_column(at, at, width, form)
            sheet.write_string(0, at, column.names[0], self.head)
            self._example(sheet, at, column)
            sheet.write_column(1, at, [row.get(column.name) for row in rows], form)
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
            letter, last = xl_col_to_name([*self.listed].index(kind)), len(values) + 1
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
# What Excel checks, or tells, of each kind of cells.
CHECKS: Mapping[str, Mapping[str, Any]] = {
    "date": _checked("date", "不是日期", "请填日期，例如2026-10-31。", **_DAYS),
    "count": _checked("integer", "不是整数", "请填不小于0的整数。", **_LEAST),
    "amount": _checked("decimal", "不是数字", "请填不小于0的数字。", **_LEAST),
    "platforms": _told("平台", "填平台的中文名，多个之间用顿号，例如公众号、头条号。"),
    "points": _told("分数", "填分数，或计划里的等级词，例如优秀；否决不填。"),
    "period": _told("周期", "周填2026-W41或这一周里的一天；月填2026-10。"),
}
