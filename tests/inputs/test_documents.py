"""YAML and tables that people write: strict forms, lines, cells and choices."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from kpi_lib.errors import PlanError, RecordError
from kpi_lib.inputs import documents
from kpi_lib.inputs.documents import Day, Number, WrongForm


class Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Ratio(Model):
    kind: Literal["ratio"]
    cap: Number = Decimal(1)


class Linear(Model):
    kind: Literal["linear"]
    from_: Number = Field(alias="from")
    to: Number


class Item(Model):
    id: str
    rule: Annotated[Ratio | Linear, Field(discriminator="kind")]
    missing: Literal["pending", "zero"] = "pending"
    count: int | None = Field(default=None, ge=0)


class Top(Model):
    id: str
    since: Day
    items: tuple[Item, ...]
    weights: dict[str, Number] = {}


GOOD = """\
id: sample
since: 2026-10-01
items:
  - id: one
    rule: {kind: ratio, cap: 150%}
  - id: two
    count: 3
    rule:
      kind: linear
      from: 0.1
      to: "1"
weights: {views: 2}
"""


def load(folder: Path, text: str | bytes) -> Top:
    path = folder / "top.yml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return documents.load_yaml(path, Top, PlanError, "data/top.yml")


def test_good_yaml(tmp_path: Path) -> None:
    found = load(tmp_path, "\ufeff" + GOOD)

    assert found.since == date(2026, 10, 1)
    assert found.items[0].rule == Ratio(kind="ratio", cap=Decimal("1.5"))
    assert found.items[1].rule.from_ == Decimal("0.1")
    assert found.weights == {"views": Decimal(2)}


def test_a_document_knows_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "top.yml"
    path.write_text(GOOD, encoding="utf-8")
    document = documents.load_document(path, Top, PlanError, "data/top.yml")

    assert document.line("items", 1) == 6
    assert document.line("items", 1, "rule", "to") == 11
    assert document.line("items", 1, "nothing") == 6
    assert str(document.problem(("weights",), "不对")) == "data/top.yml，第12行：不对。"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("id: sample", "id: 5", "第1行：id是“5”；应为文字", id="text"),
        pytest.param("2026-10-01", "20261001", "第2行：since是.*应为日期", id="date"),
        pytest.param("150%", "true", r"第5行：items\[1\].rule.cap是“true”", id="true"),
        pytest.param("cap", "cpa", "不认识的键.*cpa；应为kind、cap", id="unknown-key"),
        pytest.param("kind: ratio", "kind: rato", "应为ratio、linear", id="kind"),
        pytest.param('      to: "1"\n', "", r"缺少items\[2\].rule.to", id="missing"),
        pytest.param("count: 3", "count: 1.5", "第7行.*应为整数", id="whole"),
        pytest.param("count: 3", "count: -1", "应为不小于0", id="limit"),
        pytest.param("count: 3", "missing: no", "应为pending、zero", id="literal"),
        pytest.param("views: 2", "views: .nan", "weights.views是.*应为数字", id="nan"),
        pytest.param("views: 2", "views: 2, views: 3", "键“views”重复", id="twice"),
        pytest.param("id: one", "[one", "第5行.*不是合法的YAML", id="syntax"),
        pytest.param("{views: 2}", "&a {views: 2}\nx: *a", "不支持锚点", id="anchor"),
        pytest.param("id: sample", "id: !x sample", "不支持标签", id="tag"),
        pytest.param("weights:", "---\nweights:", "含有多个YAML文档", id="documents"),
    ],
)
def test_a_mistake_in_yaml_is_named(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    assert old in GOOD

    with pytest.raises(PlanError, match=message):
        load(tmp_path, GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "文件是空的", id="empty"),
        pytest.param("- 1\n", "不是一张表", id="list"),
        pytest.param("id: 中\nname: 文".encode("gb18030"), "第1行：不是UTF-8", id="gb"),
        pytest.param("x: " + "[" * 3000, "括号没有配对", id="deep"),
        pytest.param(b"id: \x00", "不是合法的YAML", id="control"),
        pytest.param(b"#" * 5_000_001, "大于5MB", id="large"),
    ],
)
def test_what_is_no_document_is_refused(
    tmp_path: Path, text: str | bytes, message: str
) -> None:
    with pytest.raises(PlanError, match=message):
        load(tmp_path, text)


def test_a_missing_document_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="没有这个文件。请用kpi init"):
        documents.load_yaml(tmp_path / "no.yml", Top, PlanError, "data/no.yml")


def test_all_mistakes_in_yaml_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("id: sample", "id: 5").replace("views: 2", "views: x")

    with pytest.raises(PlanError) as caught:
        load(tmp_path, text)

    assert [problem.place for problem in caught.value.problems] == ["第1行", "第12行"]


@pytest.mark.parametrize(
    ("form", "cell", "expected"),
    [
        pytest.param(documents.to_date, "2026/1/5", date(2026, 1, 5), id="slashes"),
        pytest.param(
            documents.to_date, "2026年10月31日", date(2026, 10, 31), id="chinese"
        ),
        pytest.param(
            documents.to_date, datetime(2026, 10, 1), date(2026, 10, 1), id="cell"
        ),
        pytest.param(documents.to_month, "2026年1月", "2026-01", id="month-chinese"),
        pytest.param(
            documents.to_month, date(2026, 10, 1), "2026-10", id="month-made-a-day"
        ),
        pytest.param(documents.to_decimal, "1,234.5", Decimal("1234.5"), id="comma"),
        pytest.param(documents.to_decimal, "35％", Decimal("0.35"), id="percent"),
        pytest.param(documents.to_decimal, 0.1 + 0.2, Decimal("0.3"), id="float"),
        pytest.param(documents.to_whole, 12.0, 12, id="whole"),
        pytest.param(documents.to_text, 7.0, "7", id="an-id-that-excel-made-a-number"),
    ],
)
def test_what_is_taken(
    form: Callable[[object], object], cell: object, expected: object
) -> None:
    assert form(cell) == expected


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        pytest.param(documents.to_date, "2026-02-29", id="no-such-day"),
        pytest.param(documents.to_date, "26-10-01", id="short-year"),
        pytest.param(documents.to_date, "2026-10/01", id="mixed"),
        pytest.param(documents.to_date, 46296, id="serial"),
        pytest.param(documents.to_date, datetime(2026, 10, 1, 8), id="time"),
        pytest.param(documents.to_date, "２０２６-10-01", id="wide"),
        pytest.param(documents.to_date, None, id="blank-date"),
        pytest.param(documents.to_month, "2026-13", id="month-13"),
        pytest.param(documents.to_month, date(2026, 10, 2), id="no-month"),
        pytest.param(documents.to_month, 2026.1, id="number-for-month"),
        pytest.param(documents.to_decimal, "1,23", id="grouping"),
        pytest.param(documents.to_decimal, "1_000", id="underscore"),
        pytest.param(documents.to_decimal, "1e5", id="exponent"),
        pytest.param(documents.to_decimal, "约1.2万", id="words"),
        pytest.param(documents.to_decimal, float("nan"), id="nan"),
        pytest.param(documents.to_decimal, float("inf"), id="inf"),
        pytest.param(documents.to_decimal, True, id="true"),
        pytest.param(documents.to_decimal, "", id="empty"),
        pytest.param(documents.to_whole, "1.5", id="fraction"),
        pytest.param(documents.to_whole, -1, id="negative"),
    ],
)
def test_what_is_refused_says_the_form(
    form: Callable[[object], object], cell: object
) -> None:
    with pytest.raises(WrongForm, match="例如"):
        form(cell)


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=4))
def test_a_number_is_read_exactly(number: Decimal) -> None:
    assert documents.to_decimal(f"{number:f}") == number
    assert documents.to_decimal(f"{number:,f}") == number


@given(st.integers(0, 20_000))
def test_letters_count_as_a_spreadsheet_does(position: int) -> None:
    back = 0
    for letter in documents.letters(position):
        back = back * 26 + ord(letter) - ord("A") + 1

    assert back == position + 1


COLUMNS = {"day": ("date", "日期"), "value": ("value", "数值"), "note": ("note",)}


def table(folder: Path, text: str) -> list[documents.TableRow]:
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8-sig")
    return documents.load_table(path, COLUMNS, RecordError, "data/t.csv", ("day",))


def test_rows_know_their_lines_and_places(tmp_path: Path) -> None:
    text = '\nＤate ,数值\n2026-10-01,"1\n2"\n,\n2026-10-02, 5\n'
    first, second = table(tmp_path, text)

    assert (first.row, first.line) == (3, 3)
    assert (second.row, second.line) == (5, 6)
    assert second.cells == {"day": "2026-10-02", "value": "5", "note": None}
    assert second.place("value") == "第6行“数值”"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(
            "value\n1\n", "第1行：缺少列date；应为date、value、note", id="missing"
        ),
        pytest.param("date,x\n", "第1行第2列：不认识的列“x”", id="unknown"),
        pytest.param("date,日期\n", "列“日期”重复", id="twice"),
        pytest.param("date,\n2026-10-01,5\n", "没有表头", id="no-header"),
        pytest.param("date\n2026-10-01,5\n", "第2行第2列：内容比表头多", id="shifted"),
        pytest.param('date\n"2026\n', "没有配对的引号", id="quote"),
    ],
)
def test_a_wrong_table_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RecordError, match=message):
        table(tmp_path, text)


def test_a_workbook_with_two_filled_sheets_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("一", "二"):
            book.add_worksheet(name).write_string(0, 0, "date")

    with pytest.raises(RecordError, match="有2张有内容的表：一、二；应为只有一张表"):
        documents.load_table(path, COLUMNS, RecordError, "data/t.xlsx", ("day",))

    rows = documents.load_table(
        path, COLUMNS, RecordError, "data/t.xlsx", ("day",), sheet="二"
    )
    assert rows == []
