"""Tables for a spreadsheet, read back by two readers and computed anew."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from python_calamine import CalamineWorkbook

from kpi_lib.run import score_book, sheets, spreadsheets
from tests.example_month import card, item, measure

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "+1",
    "-2+3",
    "@SUM(A1:A9)",
    "＝1+1",
    "\t=1",
    "【x】/[y]:*?\\",
    "'引号'",
    "长" * 200,
    "😀" * 40,
    "R&D &P",
    "\x01控制符",
)
BEGINNINGS = tuple("=+-@\t\r\n＝＋－＠")


def read(cards: list[dict[str, Any]], *, values: bool = False) -> Workbook:
    return openpyxl.load_workbook(
        io.BytesIO(score_book.scores_xlsx(cards)), data_only=values
    )


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def bonus(cap: str, *scores: str | None) -> dict[str, Any]:
    made = [
        measure(f"加分{n}", "4", score, item="extra") for n, score in enumerate(scores)
    ]
    return {"cap": cap, "score": None, "measures": made}


def closing(content: Workbook, sheet: str = "op-01 示例运营甲") -> dict[str, Any]:
    """Return the rows below the table: title to score."""
    found = {row[2].value: row[5].value for row in content[sheet].iter_rows(min_row=4)}
    return {title: found[title] for title in (*score_book.SUMS, "合计")}


# The formulas computed anew from the constants, as a spreadsheet would.


def numbers(cells: list[Any]) -> list[Decimal]:
    return [cell for cell in cells if isinstance(cell, Decimal)]


def flat(cells: tuple[Any, ...]) -> list[Any]:
    return [
        one for cell in cells for one in (cell if isinstance(cell, list) else [cell])
    ]


def divided(top: Any, bottom: Any, word: str) -> Any:
    both = isinstance(top, Decimal) and isinstance(bottom, Decimal)
    return top / bottom if both and bottom else word


FUNCTIONS = {
    "SUM": lambda *cells: sum(numbers(flat(cells)), Decimal(0)),
    "COUNT": lambda cells: len(numbers(cells)),
    "MIN": lambda *cells: min(numbers(flat(cells))),
    "ROUND": lambda number, places: round(number, int(places)),
    "IF": lambda test, yes, no: yes if test else no,
    "ISNUMBER": lambda cell: isinstance(cell, Decimal),
    "SUMIF": lambda cells, _, other: sum(
        numbers([y for x, y in zip(cells, other, strict=True) if numbers([x])]),
        Decimal(0),
    ),
    "DIVIDED": divided,
}


def computed(book: Workbook, sheet: str, place: str) -> Any:
    """Return a cell's value, of a formula from the cells that it names."""
    cell = book[sheet][place]
    if cell.data_type == "n" and cell.value is not None:
        return Decimal(str(cell.value))
    if cell.data_type != "f":
        return cell.value
    text = re.sub(r"IFERROR\((\w+)/(\w+),", r"DIVIDED(\1,\2,", cell.value[1:])

    def named(found: re.Match[str]) -> str:
        if found["text"]:
            return found[0]
        other = found["sheet"] or sheet
        if not found["last"]:
            return f"CELL({other!r}, {found['first']!r})"
        part = [c.coordinate for (c,) in book[other][found[0]]]
        return f"[{','.join(f'CELL({other!r}, {one!r})' for one in part)}]"

    pattern = (
        r"(?P<text>\"[^\"]*\")|(?:'(?P<sheet>[^']+)'!)?"
        r"(?P<first>\b[A-Z]+[0-9]+)(?::(?P<last>[A-Z]+[0-9]+))?"
    )
    names = FUNCTIONS | {"CELL": lambda where, at: computed(book, where, at)}
    return eval(re.sub(pattern, named, text), {"__builtins__": {}}, names)  # noqa: S307


def check(cards: list[dict[str, Any]]) -> int:
    """Compare every formula's value with its cells; return how many there are."""
    book, values = read(cards), read(cards, values=True)
    places = [
        (sheet.title, cell.coordinate)
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "f"
    ]
    for sheet, place in places:
        expected = computed(book, sheet, place)
        found = values[sheet][place].value
        if isinstance(expected, Decimal):
            assert found == pytest.approx(float(expected), abs=1e-9), (sheet, place)
        else:
            assert found == expected, (sheet, place)
    return len(places)


CASES = {
    "pending": (card(), "76.72"),
    "bonus": (card() | {"bonus": bonus("5", "2.25", None), "total": "78.97"}, "78.97"),
    "bonus over its cap": (
        card() | {"bonus": bonus("5", "3.50", "2.00"), "total": "81.72"},
        "81.72",
    ),
    "bonus that waits": (card() | {"bonus": bonus("5", None)}, "76.72"),
    "no bonus": (card() | {"bonus": None, "veto": None}, "76.72"),
    "veto": (card() | {"veto": {"cap": "59"}, "total": "59.00"}, "59.00"),
    "veto over a bonus": (
        card() | {"veto": {"cap": "59"}, "bonus": bonus("5", "4.00"), "total": "59.00"},
        "59.00",
    ),
    "veto that changes nothing": (card() | {"veto": {"cap": "80"}}, "76.72"),
}


@pytest.mark.parametrize(("made", "total"), CASES.values(), ids=CASES)
def test_formulas_give_the_values_beside_them(made: dict[str, Any], total: str) -> None:
    # Seven items, bonus, two groups' points and scores, their sum, four closings; the
    # summary shows the closings and the items.
    extra = 2 if made.get("bonus") else 0

    assert check([made]) == 7 + 4 + 2 + 4 + 4 + 7 + extra
    assert closing(read([made], values=True))["总分"] == float(total)


def test_sums_are_of_what_is_printed() -> None:
    assert closing(read([card()], values=True)) == {
        "总分": 76.72, "可得分": 100, "已评分": 94, "得分率": 0.7672, "合计": 76.72,
    }  # fmt: skip


def test_pending_and_excluded_are_words_that_sums_pass_over() -> None:
    made = card()
    out = measure("不考的", "0", None, status="excluded", possible="0")
    made["items"][3] = item("content", "operations", "内容运营", [], "30%", 1, [out])
    waiting = measure("等着的", "10", None)
    made["items"][4] = item("campaigns", "operations", "活动", [], "", 1, [waiting])
    made |= {"total": "42.10", "possible": "70", "rated": "54"}
    content = read([made], values=True)
    column = {row[6].value: row[11].value for row in content.worksheets[1].iter_rows()}
    summary = dict(zip(*(list(content["汇总"].values)), strict=True))

    assert (column["不考的"], column["等着的"]) == ("不考", "待定")
    assert (summary["content"], summary["campaigns"]) == ("不考", "待定")
    assert check([made])


def test_an_item_of_bonus_measures_alone_has_no_row() -> None:
    made = card() | {"bonus": bonus("5", "2.00"), "total": "78.72"}
    made["items"].insert(6, item("extra", "operations", "附加", [], "", 0, []))
    made["items"][5]["weight_span"] = 2
    book = read([made])

    assert check([made])
    assert "附加" not in {row[1].value for row in book.worksheets[1]}
    assert "extra" not in {cell.value for cell in book["汇总"][1]}
    assert closing(read([made], values=True))["总分"] == 78.72


def test_nothing_rated_has_no_total() -> None:
    items = [item("a", "efficiency", "a", [], "100%", 1, [measure("b", "100", None)])]
    made = card() | {"items": items, "total": None, "rated": "0", "possible": "100"}

    assert check([made])
    assert closing(read([made], values=True)) == {
        "总分": "待定", "可得分": 100, "已评分": 0, "得分率": "待定", "合计": "待定",
    }  # fmt: skip


POINTS = st.decimals(0, 100, places=2)


@settings(max_examples=40)
@given(st.lists(st.lists(st.none() | POINTS, min_size=1, max_size=4), min_size=1))
def test_any_scores_add_up(scores: list[list[Decimal | None]]) -> None:
    items = [
        item(
            f"item-{n}",
            "efficiency" if n < 2 else "operations",
            "",
            [],
            "",
            1,
            [measure(f"{n}.{m}", "7", s and str(s)) for m, s in enumerate(part)],
        )
        for n, part in enumerate(scores)
    ]
    rated = [Decimal(one["score"]) for one in items if one["score"] is not None]
    total = str(sum(rated, Decimal("0.00"))) if rated else None
    points = sum(Decimal(one["possible"]) for one in items)
    counted = sum(Decimal(one["rated"]) for one in items)
    made = card() | {"items": items, "total": total}

    assert check([made | {"possible": str(points), "rated": str(counted)}])


# What a spreadsheet takes for what.


def test_numbers_are_numbers_with_their_formats() -> None:
    _, sheet = read([card()]).worksheets
    found = {row[6].value: row for row in sheet.iter_rows(min_row=4)}

    def seen(name: str, at: int) -> tuple[Any, str]:
        return found[name][at].value, found[name][at].number_format

    assert seen("目标覆盖", 7) == (24, 'General"格"')
    assert seen("目标覆盖", 8) == (28, 'General"格"')
    assert seen("目标覆盖", 11) == (4.29, "0.00")
    assert seen("目标覆盖", 4) == (0.15, "0%")
    assert seen("超额达成", 7) == (1.046, "0.00%")
    assert seen("超额达成", 8) == (1.2, "0%")
    assert seen("发布完成", 7) == ("58/60条", "General")


def test_no_text_is_a_formula_whatever_people_are_called() -> None:
    plain = [card(f"op-{n:02}") for n in range(len(HOSTILE))]
    hostile = [
        card(f"op-{n:02}", name) | {"grade": name, "flags": [name]}
        for n, name in enumerate(HOSTILE)
    ]
    for one, name in zip(hostile, HOSTILE, strict=True):
        first = one["items"][0]
        first |= {"kpi": name, "detail": [name], "weight": name, "name": name}
        first["measures"][0] |= {"name": name, "note": name, "rule": {"text": name}}
        first["measures"][0]["show"] = {"value": name, "target": name, "unit": ""} | {
            "text": name
        }
    book = read(hostile)
    texts = [
        cell.value
        for sheet in book
        for row in sheet.iter_rows()
        for cell in row
        if cell.data_type == "s"
    ]

    assert check(hostile) == check(plain)
    assert not [text for text in texts if text.startswith(BEGINNINGS)]
    assert "'=cmd|' /C calc'!A0" in texts
    names = CalamineWorkbook.from_filelike(
        io.BytesIO(score_book.scores_xlsx(hostile))
    ).sheet_names
    assert names == book.sheetnames
    assert names[:3] == ["汇总", "op-00 =cmd| C calc !A0", "op-01 +1"]
    assert book.worksheets[11].oddHeader.left.text == "R&&D &&P 2026-10"


def test_a_text_longer_than_a_cell_is_cut_not_lost() -> None:
    made = card()
    made["items"][0]["measures"][0]["note"] = "长" * 40_000
    note = read([made]).worksheets[1]["N4"].value

    assert note == "长" * 32_767


def test_names_of_sheets_are_told_apart_as_excel_does() -> None:
    taken = ["汇总"]
    for text in ("op Anna", "op anna", "OP ANNA", "x" * 40, "X" * 40, "[]", ":*?"):
        taken.append(sheets.sheet_name(text, taken))

    assert taken == [
        "汇总", "op Anna", "op anna~2", "OP ANNA~3", "x" * 31, "X" * 29 + "~2",
        "汇总~2", "汇总~3",
    ]  # fmt: skip


@given(st.lists(st.text(max_size=60), max_size=5))
def test_any_name_makes_a_sheet(names: list[str]) -> None:
    taken: list[str] = []
    for name in names:
        taken.append(sheets.sheet_name(name, taken))

    assert len({name.casefold() for name in taken}) == len(names)
    for name in taken:
        assert 1 <= len(name.encode("utf-16-le")) / 2 <= 31
        assert not set(name) & set("[]:*?/\\'")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        pytest.param("=1+1", "'=1+1", id="formula"),
        pytest.param("＝1+1", "'＝1+1", id="full-width formula"),
        pytest.param("@SUM(A1)", "'@SUM(A1)", id="at"),
        pytest.param("\tx", "'\tx", id="tab"),
        pytest.param("-3.20", "-3.20", id="negative number"),
        pytest.param("-nan", "'-nan", id="no number"),
        pytest.param("+", "'+", id="sign alone"),
        pytest.param("粉丝", "粉丝", id="text"),
        pytest.param(None, "", id="nothing"),
    ],
)
def test_a_cell_is_never_a_formula(cell: object, written: str) -> None:
    assert sheets.harmless(cell) == written


# The workbook as it is opened and printed.


def test_two_readers_see_the_same_cards() -> None:
    cards = [card(), card("op-02", "示例运营乙") | {"final": True, "grade": "良好"}]
    names = ["汇总", "op-01 示例运营甲", "op-02 示例运营乙"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(score_book.scores_xlsx(cards)))
    titles, first, second = book.get_sheet_by_name("汇总").to_python()
    formula = read(cards)["汇总"]["E2"].value

    assert book.sheet_names == read(cards).sheetnames == names
    assert titles[:6] == ["编号", "姓名", "状态", "等级", "总分", "可得分"]
    assert first[:6] == ["op-01", "示例运营甲", "暂定", "", 76.72, 100]
    assert second[:6] == ["op-02", "示例运营乙", "终稿", "良好", 76.72, 100]
    assert re.fullmatch(r"='op-01 示例运营甲'!F\d+", formula)


def test_a_card_is_laid_out_as_the_plan_and_set_up_for_print() -> None:
    summary, sheet = read([card()]).worksheets
    heads = [cell.value for cell in sheet[3]]

    assert heads[:6] == ["KPI指标", "量化KPI", "具体内容", "分值", "权重", "评分"]
    assert "E7:E10" in {str(span) for span in sheet.merged_cells.ranges}
    assert (sheet.freeze_panes, summary.freeze_panes) == ("A4", "C2")
    assert (sheet.print_title_rows, summary.print_title_rows) == ("$3:$3", "$1:$1")
    assert summary.auto_filter.ref == "A1:O2"
    for one in (sheet, summary):
        assert one.page_setup.orientation == "landscape"
        assert (one.page_setup.paperSize, one.page_setup.fitToHeight) == (9, 0)
        assert {cell.font.name for row in one for cell in row} == {"微软雅黑"}
    assert sheet.oddHeader.left.text == "示例运营甲 2026-10"
    assert sheet.oddFooter.center.text == "第&P页，共&N页"


def test_no_cards_make_empty_tables() -> None:
    made = spreadsheets.tables([])

    assert read([]).sheetnames == ["汇总"]
    assert rows_of(made["scores.csv"]) == rows_of(made["targets.proposed.csv"]) == []


def test_the_same_cards_give_the_same_bytes() -> None:
    cards = [card() | {"bonus": bonus("5", "1.00")}, card("op-02")]

    assert spreadsheets.tables(cards) == spreadsheets.tables(cards)


# Tables of text.


def test_scores_are_one_row_a_measure_and_the_bonus_last() -> None:
    made = card(name="=甲") | {"bonus": bonus("5", "2.25", None)}
    content = spreadsheets.scores_csv([made])
    rows = rows_of(content)

    assert content.startswith(b"\xef\xbb\xbfmonth,operator,name,")
    assert len(rows) == sum(len(one["measures"]) for one in made["items"]) + 2
    assert {row["name"] for row in rows} == {"'=甲"}
    assert [(row["item"], row["status"], row["score"]) for row in rows[-2:]] == [
        ("加分", "scored", "2.25"),
        ("加分", "pending", ""),
    ]


def test_proposals_stand_with_their_operator() -> None:
    proposal = {"metric": "views", "name": "阅读", "baseline": "1000", "note": "=x"}
    cards = [card() | {"proposals": []}, card("op-02") | {"proposals": [proposal]}]
    content = spreadsheets.proposed_csv(cards)
    (row,) = rows_of(content)

    assert content.startswith(b"\xef\xbb\xbfoperator,metric,name,platform,period,")
    assert {name: value for name, value in row.items() if value} == {
        "operator": "op-02", "metric": "views", "name": "阅读",
        "baseline": "1000", "note": "'=x",
    }  # fmt: skip
