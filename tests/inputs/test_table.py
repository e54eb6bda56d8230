"""Tables that people write: header, rows and cells; columns are declared once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import ClassVar

import pytest
import xlsxwriter

from kpi_lib import files
from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import table
from kpi_lib.inputs.forms import Day, Note, Number, Whole
from kpi_lib.inputs.table import Row
from tests.raising import raising


class Measured(Row):
    """What was measured on a day."""

    KEY = ("date",)
    HEADERS: ClassVar = {
        "Measured": {
            "date": {"zh": "日期"},
            "value": {"zh": "数值", "example": "12"},
            "note": {"zh": "说明", "also": ["备注"]},
        }
    }

    date: Day
    value: Number | None = None
    note: Note = ""
    row: int = 0


def load(folder: Path, text: str) -> tuple[Measured, ...]:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8-sig")
    return raising(table.load_table, path, Measured, "data/t.csv", None)


def rows(folder: Path, text: str) -> list[table.TableRow]:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8-sig")
    (sheet,) = files.read(path, where="t.csv").sheets
    noted = table.TableSheet("", "t.csv", [])
    return table.table_rows(noted, sheet.records, table.columns(Measured))


def test_rows_know_their_lines_and_places(tmp_path: Path) -> None:
    text = '\nＤate ,数值\n2026-10-01,"1\n2"\n,\n2026-10-02, 5\n'
    first, second = rows(tmp_path, text)

    assert (first.record.row, first.record.line) == (3, 3)
    assert (second.record.row, second.record.line) == (5, 6)
    assert second.cells == {"date": "2026-10-02", "value": "5", "note": None}
    assert second.place("value") == "第6行“数值”"


def test_columns_are_what_the_fields_declare() -> None:
    declared = [
        (column.name, column.names, column.required, column.form.kind)
        for column in table.columns(Measured)
    ]

    assert declared == [
        ("date", ("日期", "date"), True, "date"),
        ("value", ("数值", "value"), False, "text"),
        ("note", ("说明", "note", "备注"), False, "text"),
    ]


def test_a_blank_cell_is_what_its_type_says(tmp_path: Path) -> None:
    (row,) = load(tmp_path, "date,value,备注\n2026/10/1,,\n")

    assert row == Measured(date=date(2026, 10, 1), value=None, note="", row=2)


def test_mistakes_of_a_row_come_in_the_order_of_its_columns(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, "date,value\n,x\n2026-10-01,1\n2026-10-01,2\n")

    assert [str(problem) for problem in caught.value.problems] == [
        "data/t.csv，第2行“date”：“date”没有填；应为日期，例如2026-10-31。请补上。",
        "data/t.csv，第2行“value”：值是“x”；应为数字，例如1200、1,200、1.5万或35%。"
        "请改正这一格。",
        "data/t.csv，第4行：日期与第3行相同。请删去其中一行。",
    ]


def test_a_row_made_in_code_is_checked_too() -> None:
    class Counted(Row):
        pieces: Whole

    assert Counted(pieces=3) != Counted(pieces=4)
    with pytest.raises(ValueError, match="不小于0的整数"):
        Counted(pieces=-1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "value\n1\n", "第1行：缺少列日期；应为日期、数值、说明", id="missing"
        ),
        pytest.param("date,x\n", "第1行第2列：不认识的列“x”", id="unknown"),
        pytest.param("date,日期\n", "列“日期”重复", id="twice"),
        pytest.param("date,\n2026-10-01,5\n", "没有表头", id="no-header"),
        pytest.param("date\n2026-10-01,5\n", "第2行第2列：内容比表头多", id="shifted"),
        pytest.param("date,数值\n2026-10-01，5\n", "第2行：.*中文逗号", id="comma"),
        pytest.param("date，数值\n", "第1行：.*中文逗号", id="comma-in-the-header"),
        pytest.param('date\n"2026\n', "没有配对的引号", id="quote"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, text)


def test_a_workbook_with_two_filled_sheets_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("一", "二"):
            book.add_worksheet(name).write_string(0, 0, "date")

    with pytest.raises(InvalidInput, match="有2张有内容的表：一、二；应为只有一张表"):
        raising(table.load_table, path, Measured, "data/t.xlsx", None)
