"""The work log: every sheet read back, and every mistake with its cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.inputs import entries, worklog
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.plan import Measure
from kpi_lib.inputs.table import columns
from tests.raising import raising

OPERATORS = {"op-01": "示例运营甲", "op-02": "示例运营乙"}
PLATFORMS = {"gongzhonghao": "公众号", "toutiao": "头条号", "bilibili": "B站"}
DIRECTORY = Directory(operators=OPERATORS, platforms=PLATFORMS, month="2026-10")
REVIEWS = Measure.model_validate(
    {
        "id": "reviews",
        "name": {"zh": "周/月复盘"},
        "source": {"kind": "reviews"},
        "rule": {"kind": "ratio"},
        "points": 5,
    }
)
SCALE = {"优秀": 1, "合格": "60%", "不合格": 0}
STYLE = Measure.model_validate(
    {
        "id": "style",
        "name": {"zh": "工作态度"},
        "source": {"kind": "rated"},
        "rule": {"kind": "rating", "scale": SCALE},
        "points": 20,
    }
)
CALLED = {
    "reviews": ("content.reviews", REVIEWS),
    "周/月复盘": ("content.reviews", REVIEWS),
    "工作态度": ("work.style", STYLE),
}
WHERE = "data/raw/2026-10/worklog.xlsx"
MONTH = "2026-10"

OPTIONS = {"strings_to_urls": False, "strings_to_formulas": False}

Rows = Sequence[Sequence[object]]


def write(path: Path, sheets: Mapping[str, Rows]) -> None:
    with xlsxwriter.Workbook(path, OPTIONS) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for at, row in enumerate(rows):
                for position, cell in enumerate(row):
                    if isinstance(cell, date):
                        sheet.write_datetime(at, position, cell, day)
                    elif cell is not None:
                        sheet.write(at, position, cell)


def load(folder: Path, sheets: Mapping[str, Rows]) -> worklog.Worklog:
    path = folder / "worklog.xlsx"
    write(path, sheets)
    return raising(
        worklog.load_worklog,
        path,
        MONTH,
        replace(DIRECTORY, called=lambda *of: CALLED),
        WHERE,
    )


def header(name: str) -> list[str]:
    return [
        column.names[0]
        for sheet in worklog.SHEETS
        if name == sheet.SHEET
        for column in columns(sheet)
    ]


DAY = date(2026, 10, 9)
ROWS: dict[str, list[object]] = {
    "任务": ["T1", "op-01", "排期", DAY, date(2026, 10, 8), "是", "否", "示例主管"],
    "活动": [
        "H1", "示例运营甲", "征文", DAY, date(2026, 10, 15), 3000, 2800.5, 50000, 52000,
        300, 280, None, None, None, "示例主管",
    ],
    "建议": ["op-02", "统一封面", DAY, "未采纳", None],
    "复盘": ["op-01", "周", "2026-W41", DAY, "https://example.com/1"],
    "内容": ["C1", "op-01", "选题", "图文", DAY, "公众号、toutiao", "b站", None],
    "社群": ["op-01", "读者群", DAY, 200, 26],
    "反馈": ["op-01", "画像", DAY, "示例主管"],
    "互动": ["op-01", DAY, "头条号", 32, 30],
    "调整": ["op-01", DAY, "完播率低", "片头缩短", "示例主管"],
    "评分": ["op-01", "reviews", "主管", 4.2, "示例主管", DAY, "按签到表核定"],
    "确认": ["op-02", "活动", "无", "示例主管", DAY],
}  # fmt: skip


def test_every_sheet_is_read(tmp_path: Path) -> None:
    found = load(tmp_path, {name: [header(name), row] for name, row in ROWS.items()})

    assert found.tasks == (
        entries.Task(
            operator="op-01",
            source=WHERE,
            sheet="任务",
            row=2,
            id="T1",
            name="排期",
            planned=DAY,
            done=date(2026, 10, 8),
            accepted=True,
            rework=False,
            confirmed_by="示例主管",
        ),
    )
    assert found.campaigns[0].operator == "op-01"
    assert found.campaigns[0].spend == Decimal("2800.5")
    assert found.campaigns[0].conversion is None
    assert found.suggestions[0].adopted is False
    assert found.reviews[0].period == "2026-W41"
    assert found.contents[0].planned_platforms == ("gongzhonghao", "toutiao")
    assert found.contents[0].published_platforms == ("bilibili",)
    assert found.contents[0].form == "article"
    assert found.communities[0].speakers == 26
    assert found.feedback[0].kind == "portrait"
    assert found.interactions[0].platform == "toutiao"
    assert found.adjustments[0].text == "片头缩短"
    assert found.ratings[0].points == Decimal("4.2")
    assert (found.confirmations[0].sheet, found.confirmations[0].on) == ("活动", DAY)
    assert found.findings == ()


def test_own_holds_the_entries_of_one_operator(tmp_path: Path) -> None:
    found = load(tmp_path, {name: [header(name), row] for name, row in ROWS.items()})

    own = found.own("op-02")

    assert (len(own.suggestions), len(own.confirmations)) == (1, 1)
    assert own.tasks == ()


def test_no_work_log_is_an_empty_one(tmp_path: Path) -> None:
    found = raising(
        worklog.load_worklog, tmp_path / "no.xlsx", MONTH, Directory(), WHERE
    )

    assert found == worklog.Worklog(month=MONTH, source=WHERE)


def test_example_rows_and_blank_rows_are_never_counted(tmp_path: Path) -> None:
    example = ["例1", "谁", "什么", "某天"]
    rows = [header("任务"), example, [None, " "], ROWS["任务"]]

    assert [task.row for task in load(tmp_path, {"任务": rows}).tasks] == [4]


def test_english_headers_in_another_order(tmp_path: Path) -> None:
    rows = [["date", "operator", "kind"], [DAY, "op-01", "feedback"]]

    assert load(tmp_path, {"Feedback": rows}).feedback[0].date == DAY


@pytest.mark.parametrize(
    ("kind", "period", "expected"),
    [
        pytest.param("周", date(2026, 10, 11), "2026-W41", id="a-day-of-the-week"),
        pytest.param("week", "2026w41", "2026-W41", id="loosely-written"),
        pytest.param("周", date(2027, 1, 1), "2026-W53", id="year-of-the-week"),
        pytest.param("周", "第41周", "2026-W41", id="week-without-its-year"),
        pytest.param("月", "2026-10", "2026-10", id="month"),
        pytest.param("月", "10月", "2026-10", id="month-without-its-year"),
        pytest.param("月", datetime(2026, 10, 1), "2026-10", id="month-made-a-day"),
    ],
)
def test_periods_of_reviews(
    tmp_path: Path, kind: str, period: object, expected: str
) -> None:
    rows = [header("复盘"), ["op-01", kind, period, None, None]]

    assert load(tmp_path, {"复盘": rows}).reviews[0].period == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("公众号,头条号", id="comma"),
        pytest.param("公众号，toutiao", id="wide-comma-and-id"),
        pytest.param("公众号;头条号", id="semicolon"),
        pytest.param("公众号/头条号", id="slash"),
        pytest.param("公众号 头条号", id="space"),
        pytest.param("公众号、头条号、公众号", id="twice"),
    ],
)
def test_platforms_may_be_separated_in_several_ways(tmp_path: Path, text: str) -> None:
    row = [*ROWS["内容"][:5], text, text, None]
    found = load(tmp_path, {"内容": [header("内容"), row]}).contents[0]

    assert found.planned_platforms == ("gongzhonghao", "toutiao")


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        pytest.param("已采纳", True, id="adopted"),
        pytest.param("✓", True, id="tick"),
        pytest.param(True, True, id="true-of-excel"),
        pytest.param(1, True, id="one"),
        pytest.param("不采纳", False, id="not-adopted"),
        pytest.param("×", False, id="cross"),
    ],
)
def test_words_for_yes_and_no(tmp_path: Path, word: object, expected: bool) -> None:
    rows = [header("建议"), ["op-01", "统一封面", DAY, word, None]]

    assert load(tmp_path, {"建议": rows}).suggestions[0].adopted is expected


@pytest.mark.parametrize(
    ("sheet", "at", "cell", "message"),
    [
        pytest.param(
            "任务",
            1,
            "op-09",
            "任务!B2：值是“op-09”；应为示例运营甲（op-01",
            id="operator",
        ),
        pytest.param("任务", 3, "下周", "任务!D2：值是“下周”；应为日期", id="date"),
        pytest.param("任务", 3, None, "“计划完成日”没有填；应为日期", id="blank"),
        pytest.param("任务", 5, "待定", "任务!F2：值是“待定”；应为是、否", id="yes-no"),
        pytest.param("任务", 4, None, "任务!E2：验收为是", id="not-done"),
        pytest.param(
            "活动",
            4,
            date(2026, 10, 1),
            "活动!E2：结束日2026-10-01早于",
            id="backwards",
        ),
        pytest.param("活动", 5, "三千", "活动!F2：值是“三千”；应为数字", id="money"),
        pytest.param("活动", 6, -1, "活动!G2：.*不小于0", id="negative"),
        pytest.param("活动", 6, "=F2*2", "活动!G2：值是“=F2", id="formula-as-text"),
        pytest.param("复盘", 1, "季", "复盘!B2：值是“季”；应为周、月", id="kind"),
        pytest.param(
            "复盘",
            2,
            "2026-10",
            "复盘!C2：.*应为周，例如2026-W41",
            id="month-for-week",
        ),
        pytest.param("复盘", 2, "2026-W54", "例如2026-W41", id="no-such-week"),
        pytest.param("复盘", 2, None, "“周期”没有填；应为2026-W41", id="no-period"),
        pytest.param(
            "内容",
            5,
            "公众号、微博",
            "内容!F2：.*顿号：公众号",
            id="platform",
        ),
        pytest.param("内容", 3, "图", "内容!D2：.*应为图文、视频、", id="form"),
        pytest.param("社群", 4, 300, "社群!E2：发言人数300多于", id="speakers"),
        pytest.param("互动", 4, 33, "互动!E2：回复33多于收到32", id="answered"),
        pytest.param("互动", 3, 1.5, "互动!D2：.*不小于0的整数", id="count"),
        pytest.param("评分", 3, None, "评分!D2：“分数”没有填", id="points"),
        pytest.param("评分", 6, None, "评分!G2：“理由”没有填", id="reason"),
        pytest.param(
            "评分",
            1,
            "review",
            "评分!B2：.*应为周/月复盘（content.reviews）",
            id="item",
        ),
        pytest.param("评分", 3, 5.1, "评分!D2：5.1分超过.*0至5的分数", id="too-much"),
        pytest.param("评分", 3, "优秀", "评分!D2：不认识的评分“优秀”", id="word"),
        pytest.param("评分", 4, "示例运营甲", "评分!E2：.*不能给自己", id="oneself"),
        pytest.param("确认", 1, "群", "确认!B2：.*；应为任务、", id="sheet"),
    ],
)
def test_a_mistake_is_named_with_its_cell(
    tmp_path: Path, sheet: str, at: int, cell: object, message: str
) -> None:
    row = [*ROWS[sheet][:at], cell, *ROWS[sheet][at + 1 :]]
    rows = [header(sheet), row]

    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, {sheet: rows})


def test_a_rating_in_words_and_by_name(tmp_path: Path) -> None:
    rows = [
        header("评分"),
        ["op-01", "工作态度", "主管", "优秀", "示例主管", DAY, "无投诉"],
        ["op-01", "整体", "自评", 90, "示例运营甲", DAY, None],
    ]
    word, own = load(tmp_path, {"评分": rows}).ratings

    assert (word.item, word.word, word.points) == ("work.style", "优秀", None)
    # What is not of the plan may still be said of oneself; it is shown, not counted.
    assert (own.item, own.points) == ("整体", Decimal(90))


def test_an_id_twice_is_an_error(tmp_path: Path) -> None:
    rows = [header("任务"), ROWS["任务"], ROWS["任务"]]

    with pytest.raises(InvalidInput, match="任务!A3：编号“T1”已在任务!A2用过"):
        load(tmp_path, {"任务": rows})


def test_all_mistakes_of_all_sheets_are_told_at_once(tmp_path: Path) -> None:
    sheets = {
        "任务": [header("任务"), ["T1", "x", None, "y"]],
        "杂项": [["一"], ["二"]],
        "建议": [["运营", "建议", "日子"]],
    }

    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, sheets)

    assert [(p.place, p.what) for p in caught.value.problems] == [
        ("", "不认识的表“杂项”"),
        ("任务!B2", "值是“x”"),
        ("任务!C2", "“任务”没有填"),
        ("任务!D2", "值是“y”"),
        ("建议!C1", "不认识的列“日子”"),
        ("建议!第1行", "缺少列日期"),
    ]


def test_a_mistake_in_a_row_is_of_its_operator_alone(tmp_path: Path) -> None:
    late = [*ROWS["任务"][:3], "下周", *ROWS["任务"][4:]]
    other = ["T2", "示例运营乙", *ROWS["任务"][2:]]
    path = tmp_path / "worklog.xlsx"
    write(path, {"任务": [header("任务"), late, other]})

    wrong: list[Problem] = []
    found = worklog.load_worklog(path, MONTH, DIRECTORY, WHERE, wrong)

    assert [task.operator for task in found.tasks] == ["op-02"]
    assert [(at.of, at.place) for at in wrong] == [("op-01", "任务!D2")]


def test_a_row_of_nobody_stops_everybody(tmp_path: Path) -> None:
    nobody = ["T1", "op-09", *ROWS["任务"][2:]]
    path = tmp_path / "worklog.xlsx"
    write(path, {"任务": [header("任务"), nobody, ["T2", "op-01", None]]})

    with pytest.raises(InvalidInput) as caught:
        raising(worklog.load_worklog, path, MONTH, DIRECTORY, WHERE)

    assert [at.of for at in caught.value.problems] == ["", "op-01", "op-01"]


def test_days_of_another_month_are_told(tmp_path: Path) -> None:
    row = [*ROWS["内容"][:4], date(2026, 11, 2), *ROWS["内容"][5:]]
    found = load(tmp_path, {"内容": [header("内容"), row]})

    assert len(found.contents) == 1
    assert [str(finding) for finding in found.findings] == [
        f"{WHERE}，内容!E2：2026-11-02不在2026-10。"
        "请核对日期；别的月份的记录请写在那个月里。"
    ]


def test_what_may_be_wrong_is_told_and_counts_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "worklog.xlsx"
    sheets = {name: [header(name), ROWS[name]] for name in ("内容", "互动", "活动")}
    said = ["op-01", "活动", "无", "示例运营甲", DAY]
    write(path, {**sheets, "确认": [header("确认"), said]})
    owned = {"op-01": ("gongzhonghao", "bilibili"), "op-02": ()}

    found = raising(
        worklog.load_worklog, path, MONTH, replace(DIRECTORY, owned=owned), WHERE
    )

    assert [str(at).removeprefix(f"{WHERE}，") for at in found.findings] == [
        "内容!F2：“op-01”没有头条号的账号。请核对运营和平台。",
        "互动!C2：“op-01”没有头条号的账号。请核对运营和平台。",
        "确认!D2：示例运营甲替自己确认没有；应为运营本人以外的人。请由主管确认。",
        "确认!第2行：确认活动为无，“活动”表里却有op-01的行。请删去其中之一。",
    ]
    assert {at.level for at in found.findings} == {"warning"}
    assert (len(found.contents), len(found.confirmations)) == (1, 1)


def folder_load(folder: Path) -> worklog.Worklog:
    return raising(
        worklog.load_worklog, folder, MONTH, DIRECTORY, "data/raw/2026-10/worklog"
    )


def test_a_folder_of_csvs(tmp_path: Path) -> None:
    (tmp_path / "任务.csv").write_text(
        "编号,运营,任务,计划完成日\nT1,op-01,排期,2026-10-09\n", encoding="gb18030"
    )
    (tmp_path / "feedback.csv").write_text(
        "operator,kind,date\nop-01,反馈,2026/10/9\n", encoding="utf-8-sig"
    )
    (tmp_path / "~$任务.csv").write_bytes(b"\x00")
    found = folder_load(tmp_path)

    assert found.tasks[0].source == "data/raw/2026-10/worklog/任务.csv"
    assert (found.tasks[0].sheet, found.tasks[0].row) == ("", 2)
    assert found.feedback[0].date == DAY


def test_mistakes_in_a_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "任务.csv").write_text(
        "编号,运营,任务,计划完成日\nT1,op-01,排期,x\n", encoding="utf-8"
    )
    (tmp_path / "杂.csv").write_text("a\n", encoding="utf-8")
    (tmp_path / "空.csv").write_bytes(b"")

    with pytest.raises(InvalidInput) as caught:
        folder_load(tmp_path)

    told = str(caught.value)
    assert "worklog/任务.csv，第2行“计划完成日”：值是“x”" in told
    assert "worklog/杂.csv：不认识的文件“杂”" in told
    assert "worklog/空.csv：文件是空的" in told


def test_a_day_without_its_year_is_of_the_month_s(tmp_path: Path) -> None:
    rows = [header("建议"), ["op-01", "统一封面", "10月3日"]]

    assert load(tmp_path, {"建议": rows}).suggestions[0].date == date(2026, 10, 3)


def test_people_may_keep_logs_of_their_own(tmp_path: Path) -> None:
    """Ids are one log's own, a row in two counts once, months may stand in rows."""
    task = ROWS["任务"]
    write(tmp_path / "worklog.xlsx", {"任务": [header("任务"), task]})
    own = tmp_path / "worklog-示例运营乙.xlsx"
    others = [MONTH, "T1", "op-02", *task[2:]], ["2026-09", "T2", "op-02", *task[2:]]
    again = [MONTH, "T3", *task[1:]]
    write(own, {"任务": [["月份", *header("任务")], *others, again]})
    log = raising(
        worklog.load_worklog,
        tmp_path / "worklog.xlsx",
        MONTH,
        DIRECTORY,
        WHERE,
        own={own.name: own},
    )

    assert [(at.id, at.operator, at.source) for at in log.tasks] == [
        ("T1", "op-01", WHERE),
        ("T1", "op-02", own.name),
        ("T3", "op-01", own.name),
    ]
    kept, aside = log.once()
    assert [at.operator for at in kept.tasks] == ["op-01", "op-02"]
    assert [why for _, why in aside] == [worklog.SAID_BEFORE]


def test_a_wrong_cell_of_an_own_log_is_told_with_its_file(tmp_path: Path) -> None:
    own = tmp_path / "worklog-示例运营乙.xlsx"
    write(
        own, {"任务": [header("任务"), [*ROWS["任务"][:3], "十月", *ROWS["任务"][4:]]]}
    )
    wrong: list[Problem] = []
    nowhere = tmp_path / "worklog.xlsx"
    worklog.load_worklog(nowhere, MONTH, DIRECTORY, WHERE, wrong, own={own.name: own})

    assert [(at.where, at.place, at.of) for at in wrong] == [
        (own.name, "任务!D2", "op-01")
    ]
