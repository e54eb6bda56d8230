"""Tables for a spreadsheet, read back by two readers and computed anew."""

import copy
import csv
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook
from python_calamine import CalamineWorkbook

from kpi_lib.appraisal import Month, score
from kpi_lib.inputs.entries import GivenRating
from kpi_lib.inputs.plan import Plan
from kpi_lib.inputs.records import Signoff
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.run import sheets, spreadsheets
from tests import scored
from tests.sample_month import MONTH, with_inputs

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
        io.BytesIO(spreadsheets.scores_xlsx(cards)), data_only=values
    )


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


Given = Sequence[tuple[str, str | None]]
"""Measures of an item: the points that each is worth and what a manager gave."""

ITEMS: dict[str, Given] = {
    "a": [("40", "38.25")],
    "b": [("20", "18.47"), ("20", None)],
    "c": [("20", "20")],
}
"""76.72 of 80 rated points, 20 pending."""


def card(
    items: Mapping[str, Given] = ITEMS,
    extra: Given = (),
    *,
    cap: str = "5",
    veto: str = "",
    id: str = "op-01",
    name: str = "示例运营甲",
) -> dict[str, Any]:
    """Score a plan all of whose measures a manager rates, the `extra` ones as bonus."""
    given: list[GivenRating] = []

    def rated(item: str, at: int, points: str, got: str | None) -> dict[str, Any]:
        key = f"m{at}" if item != "extra" else f"e{at}"
        whole = f"{'a' if item == 'extra' else item}.{key}"
        row = {"operator": id, "kind": "manager", "by": scored.MANAGER}
        row |= {"item": whole, "on": date(2026, 11, 3), "reason": "见周会记录"}
        if got is not None:
            given.append(GivenRating(**row, points=Decimal(got)))
        return {
            "id": key,
            "name": {"zh": whole},
            "source": {"kind": "rated"},
            "rule": {"kind": "rating"},
            "points": points,
            "bonus": item == "extra",
        }

    def row_of(item: str, measures: Given) -> dict[str, Any]:
        made = [rated(item, at, *one) for at, one in enumerate(measures)]
        if item == "a":
            made += [rated("extra", at, *one) for at, one in enumerate(extra)]
        points = sum(Decimal(points) for points, _ in measures)
        title = {"zh": item}
        return {"id": item, "kpi": title, "name": title, "detail": [title]} | {
            "points": str(points),
            "weight": f"{points}%",
            "measures": made,
        }

    rows = [row_of(item, measures) for item, measures in items.items()]
    groups = {"efficiency": rows[:2], "operations": rows[2:]}
    plan = {"id": "rated", "version": "1", "valid_from": "2026-01"} | {
        "name": {"zh": "主管评定"},
        "metrics": ["views"],
        "band": {"floor": "5%", "full": "20%", "top": "50%"}
        | {"at_floor": "1/3", "above": "1/2"},
        "grades": [{"name": {"zh": "合格"}, "at_least": 0}],
        "groups": [
            {"id": group, "name": {"zh": group}, "items": part}
            for group, part in groups.items()
            if part
        ],
    }
    if extra:
        plan["bonus"] = cap
    if veto:
        plan["veto"] = veto
        row = {"operator": id, "kind": "veto", "by": scored.MANAGER, "item": "数据"}
        given.append(GivenRating(**row, on=date(2026, 11, 3), reason="作弊"))
    evidence = scored.evidence(
        Plan.model_validate(plan),
        scored.people({}, id=id, name=name),
        [],
        log=Worklog(month=MONTH, ratings=tuple(given)),
    )
    return dict(score(evidence).said())


def closing(content: Workbook, sheet: str = "op-01 示例运营甲") -> dict[str, Any]:
    """Return the rows below the table: title to score."""
    found = {row[2].value: row[5].value for row in content[sheet].iter_rows(min_row=4)}
    return {title: found[title] for title in (*spreadsheets.SUMS, "合计")}


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
    "bonus": (card(extra=[("4", "2.25"), ("4", None)]), "78.97"),
    "bonus over its cap": (card(extra=[("4", "3.50"), ("4", "2")]), "81.72"),
    "bonus that waits": (card(extra=[("4", None)]), "76.72"),
    "no bonus": (card() | {"bonus": None, "veto": None}, "76.72"),
    "veto": (card(veto="59"), "59.00"),
    "veto over a bonus": (card(extra=[("4", "4")], veto="59"), "59.00"),
    "veto that changes nothing": (card(veto="80"), "76.72"),
}


@pytest.mark.parametrize(("made", "total"), CASES.values(), ids=CASES)
def test_formulas_give_the_values_beside_them(made: dict[str, Any], total: str) -> None:
    # Three items, bonus, two groups' points and scores, their sum, four closings; the
    # summary shows the closings and the items.
    extra = 2 if made.get("bonus") else 0

    assert made["total"] == total
    assert check([made]) == 3 + 4 + 2 + 4 + 4 + 3 + extra
    assert closing(read([made], values=True))["总分"] == float(total)


@pytest.mark.parametrize("operator", ["op-01", "op-02", "op-03", "op-04"])
def test_formulas_of_the_sample_give_its_values(sample: Month, operator: str) -> None:
    made = sample.score(operator).said()

    # As above, of seven items.
    assert check([made]) == 7 + 4 + 2 + 4 + 4 + 7


def test_sums_are_of_what_is_printed() -> None:
    assert closing(read([card()], values=True)) == {
        "总分": 76.72, "可得分": 100, "已评分": 80, "得分率": 0.7672, "合计": 76.72,
    }  # fmt: skip


def test_pending_and_excluded_are_words_that_sums_pass_over(sample: Month) -> None:
    # Nobody held a campaign, and none was due.
    without = sample.score("op-04").said()
    waiting = card(ITEMS | {"b": [("20", None), ("20", None)]})
    for made, item, measure, word in (
        (without, "活动运营", "活动举办", "不考核"),
        (waiting, "b", "b.m0", "待定"),
    ):
        content = read([made], values=True)
        rows = content.worksheets[1].iter_rows()
        column = {row[6].value: row[11].value for row in rows}
        summary = dict(zip(*(list(content["汇总"].values)), strict=True))

        assert column[measure] == word
        assert summary[item] == word
        assert check([made])


def test_an_item_of_bonus_measures_alone_has_no_row() -> None:
    made = copy.deepcopy(card(extra=[("4", "2")]))
    item = made["items"][0] | {
        "id": "extra",
        "kpi": "附加",
        "weight": "",
        "points": "0",
    }
    made["items"].insert(1, item | {"measures": [], "weight_span": 0})
    book = read([made])

    assert check([made])
    assert "附加" not in {row[1].value for row in book.worksheets[1]}
    assert "extra" not in {cell.value for cell in book["汇总"][1]}
    assert closing(read([made], values=True))["总分"] == 78.72


def test_nothing_rated_has_no_total() -> None:
    made = card({"a": [("100", None)]})

    assert check([made])
    assert closing(read([made], values=True)) == {
        "总分": "待定", "可得分": 100, "已评分": 0, "得分率": "待定", "合计": "待定",
    }  # fmt: skip


SHARES = st.decimals(0, 1, places=4)


@settings(max_examples=40)
@given(st.lists(st.lists(st.none() | SHARES, min_size=1, max_size=4), min_size=1))
def test_any_scores_add_up(shares: list[list[Decimal | None]]) -> None:
    # The 100 points of a plan, in pieces of two decimals.
    number = sum(map(len, shares))
    pieces = [Decimal(100 * 100 // number) / 100] * (number - 1)
    worth = iter([*pieces, 100 - sum(pieces)])
    made = card(
        {
            f"i{n}": [
                (str(points), None if share is None else f"{points * share:.2f}")
                for share, points in zip(part, worth, strict=False)
            ]
            for n, part in enumerate(shares)
        }
    )

    assert check([made])


# What a spreadsheet takes for what.


def test_numbers_are_numbers_with_their_formats(sample: Month) -> None:
    made = copy.deepcopy(dict(sample.score("op-03").said()))
    # What has no number shows its text.
    made["items"][3]["measures"][0]["show"] |= {"value": "", "text": "9/10条"}
    _, sheet = read([made]).worksheets
    found = {row[6].value: row for row in sheet.iter_rows(min_row=4)}

    def seen(name: str, at: int) -> tuple[Any, str]:
        return found[name][at].value, found[name][at].number_format

    assert seen("目标覆盖", 7) == (51, 'General"格"')
    assert seen("目标覆盖", 8) == (52, 'General"格"')
    assert seen("目标覆盖", 11) == (4.9, "0.00")
    assert seen("目标覆盖", 4) == (0.15, "0%")
    assert seen("超额达成", 7) == (0.9563, "0.00%")
    assert seen("超额达成", 8) == (1.2, "0%")
    assert seen("发布完成", 7) == ("9/10条", "General")


def test_no_text_is_a_formula_whatever_people_are_called() -> None:
    plain = [card(id=f"op-{n:02}") for n in range(len(HOSTILE))]
    hostile = [
        copy.deepcopy(card(id=f"op-{n:02}", name=name) | {"grade": name})
        for n, name in enumerate(HOSTILE)
    ]
    for one, name in zip(hostile, HOSTILE, strict=True):
        one["flags"] = [name]
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
        io.BytesIO(spreadsheets.scores_xlsx(hostile))
    ).sheet_names
    assert names == book.sheetnames
    assert names[:3] == ["汇总", "op-00 =cmd| C calc !A0", "op-01 +1"]
    assert book.worksheets[11].oddHeader.left.text == "R&&D &&P 2026-10"


def test_a_text_longer_than_a_cell_is_cut_not_lost() -> None:
    made = copy.deepcopy(card())
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


def test_two_readers_see_the_same_cards(sample: Month) -> None:
    score = sample.score("op-02")
    row = Signoff(
        month=MONTH,
        operator="op-02",
        action="sign",
        total=score.total,
        score_sha256=score["score_sha256"],
        by="示例主管",
        on=date(2026, 11, 6),
    )
    signed = with_inputs(sample, signoffs=(row,)).score("op-02")
    cards = [sample.score("op-01").said(), signed.said()]
    names = ["汇总", "op-01 示例运营甲", "op-02 示例运营乙"]
    book = CalamineWorkbook.from_filelike(io.BytesIO(spreadsheets.scores_xlsx(cards)))
    titles, first, second = book.get_sheet_by_name("汇总").to_python()
    formula = read(cards)["汇总"]["E2"].value

    assert book.sheet_names == read(cards).sheetnames == names
    assert titles[:6] == ["编号", "姓名", "状态", "等级", "总分", "可得分"]
    assert first[:6] == ["op-01", "示例运营甲", "暂定", "良好", 89.65, 100]
    assert second[:6] == ["op-02", "示例运营乙", "终稿", "良好", 85.04, 100]
    assert re.fullmatch(r"='op-01 示例运营甲'!F\d+", formula)


def test_a_card_is_laid_out_as_the_plan_and_set_up_for_print(sample: Month) -> None:
    summary, sheet = read([sample.score("op-01").said()]).worksheets
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
    cards = [card(extra=[("4", "1")]), card(id="op-02")]

    assert spreadsheets.tables(cards) == spreadsheets.tables(cards)


# Tables of text.


def test_scores_are_one_row_a_measure_and_the_bonus_last() -> None:
    made = card(name="=甲", extra=[("4", "2.25"), ("4", None)])
    content = spreadsheets.scores_csv([made])
    rows = rows_of(content)

    assert content.startswith(b"\xef\xbb\xbfmonth,operator,name,")
    assert len(rows) == sum(len(one["measures"]) for one in made["items"]) + 2
    assert {row["name"] for row in rows} == {"'=甲"}
    assert [(row["item"], row["status"], row["score"]) for row in rows[-2:]] == [
        ("加分", "rated_by_manager", "2.25"),
        ("加分", "pending", ""),
    ]


def test_proposals_stand_with_their_operator() -> None:
    proposal = {"metric": "views", "name": "阅读", "baseline": "1000", "note": "=x"}
    cards = [card() | {"proposals": []}, card(id="op-02") | {"proposals": [proposal]}]
    content = spreadsheets.proposed_csv(cards)
    (row,) = rows_of(content)

    assert content.startswith(b"\xef\xbb\xbfoperator,metric,name,platform,period,")
    assert {name: value for name, value in row.items() if value} == {
        "operator": "op-02", "metric": "views", "name": "阅读",
        "baseline": "1000", "note": "'=x",
    }  # fmt: skip
