"""The workbook to fill in: the roster and tables as its sheets."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from kpi_lib import inputs, months
from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import blank, entries
from kpi_lib.workspace import Workspace, write_atomic

MONTH, JAN = "2026-10", "2026-01-01"
PEOPLE = [
    ("编号", "姓名", "主管", "开始"),
    ("例：op-01", "示例", "示例", None),
    ("op-01", "示例甲", "示例主管", "2026-01-01"),
    ("op-02", "示例乙", "示例主管", "2026-03-01"),
]
ACCOUNTS = [
    ("编号", "平台", "账号名", "运营", "应到导出", "份额", "开始"),
    ("tt-01", "头条号", "示例头条", "示例甲", "toutiao.works、manual", None, JAN),
    ("dy-01", "抖音", "示例抖音", "op-02", None, None, "2026-03-01"),
]


def book(place: Workspace, **sheets: list[tuple[object, ...]]) -> Path:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    made.save(place.workbook)
    return place.workbook


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    blank.init(tmp_path / "team")
    return Workspace(tmp_path / "team")


def test_the_roster_stands_on_sheets(place: Workspace) -> None:
    away = [("运营", "开始", "结束", "代班人")]
    away += [("示例甲", "2026-10-12", "2026-10-14", "示例乙")]
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 休假=away)

    found = inputs.load_roster(place)

    assert [person.id for person in found.appraised(MONTH)] == ["op-01", "op-02"]
    assert found.account("tt-01").platform == "toutiao"
    assert found.account("tt-01").expects == ("toutiao.works", "manual")
    assert str(found.account("dy-01").owners[0].from_) == "2026-03-01"
    assert found.operator("op-01").leave[0].cover == "op-02"


def test_a_shared_account_has_a_row_an_owner(place: Workspace) -> None:
    rows = [
        *ACCOUNTS,
        ("tt-01", "头条号", "示例头条", "示例乙", None, "40%", "2026-03-01"),
    ]
    rows[1] = (*rows[1][:5], "60%", JAN)
    book(place, 人员=PEOPLE, 账号=rows)

    with pytest.raises(InvalidInput) as wrong:  # before the second one came
        inputs.load_roster(place)

    assert [problem.place for problem in wrong.value.problems] == ["tt-01"]
    assert "份额合计是0.6" in str(wrong.value)


@pytest.mark.parametrize(
    ("people", "accounts", "place_of", "what"),
    [
        ([PEOPLE[0], ("甲", "甲", "乙", JAN)], ACCOUNTS, "人员!A2", "“甲”"),
        ([*PEOPLE, PEOPLE[2]], ACCOUNTS, "人员!第5行", "编号与人员!第3行相同"),
        (
            PEOPLE,
            [*ACCOUNTS, ("x-1", "火星", "火", "示例甲", None, None, JAN)],
            "账号!B4",
            "“火星”",
        ),
        (
            PEOPLE,
            [*ACCOUNTS, ("dy-01", "抖音", "别的", "示例甲", None, 1, JAN)],
            "dy-01",
            "已在",
        ),
        (
            PEOPLE,
            [*ACCOUNTS, ("tt-02", "头条号", "丁", "示例甲", "抖音的", None, JAN)],
            "tt-02",
            "没有版式",
        ),
    ],
)
def test_a_mistake_in_the_roster_has_its_cell(
    place: Workspace,
    people: list[tuple[object, ...]],
    accounts: list[tuple[object, ...]],
    place_of: str,
    what: str,
) -> None:
    book(place, 人员=people, 账号=accounts)

    with pytest.raises(InvalidInput) as wrong:
        inputs.load_roster(place)

    told = wrong.value.problems[0]
    assert (told.where, told.place) == ("data/填写.xlsx", place_of)
    assert what in told.what


def test_what_stands_in_two_places_is_refused_with_both(place: Workspace) -> None:
    text = "operators:\n- {id: op-09, name: 丙, manager: 丁, from: 2026-01-01}\n"
    book(place, 人员=PEOPLE, 账号=ACCOUNTS)
    place.roster.write_text(text, "utf-8")

    with pytest.raises(
        InvalidInput, match=r"填写.xlsx：data/roster.yml里也有人员和账号"
    ):
        inputs.load_roster(place)


def test_tables_are_read_from_their_sheets(place: Workspace) -> None:
    appeal = ("a1", MONTH, "示例甲", "任务按时", "漏了一项", "2026-11-05")
    header = ("编号", "月份", "运营", "量化指标", "申诉内容", "申诉日")
    rest = ("处理结果", "处理人", "处理日")
    figures = [("账号", "日期", "指标", "数值"), ("示例头条", "2026-09-30", "粉丝", 5)]
    sheets = {"申诉": [header + rest, appeal], "手工数": figures}
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, **sheets)

    found = inputs.for_month(place, MONTH)

    assert [row.operator for row in found.appeals] == ["op-01"]
    assert [(row.account, row.value, row.row) for row in found.figures] == [
        ("tt-01", 5, 2)
    ]
    # The same table as a CSV with rows too: refused, both named.
    table = place.table("appeals")
    table.write_text(table.read_text("utf-8") + ",".join(appeal) + ",,,\n", "utf-8")
    with pytest.raises(
        InvalidInput, match=r"填写.xlsx，申诉：data/appeals.csv里也有“申诉”"
    ):
        inputs.for_month(place, MONTH)


def test_a_wrong_row_stops_its_own_person_alone(place: Workspace) -> None:
    signed = [("月份", "运营", "动作", "总分", "校验值", "签字人", "签字日", "理由")]
    signed += [(MONTH, "示例甲", "重开", None, None, "示例主管", "昨天", "有误")]
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 签字=signed)

    found = inputs.for_month(place, MONTH)

    assert [(at.of, at.place) for at in found.mistakes] == [("op-01", "签字!G2")]


def test_a_sheet_of_another_name_is_told(place: Workspace) -> None:
    book(place, 人员=PEOPLE, 帐号=ACCOUNTS)

    with pytest.raises(InvalidInput, match="不认识的表“帐号”"):
        inputs.for_month(place, MONTH)


def test_a_new_workspace_has_the_workbook_and_reads_as_empty(place: Workspace) -> None:
    names = openpyxl.load_workbook(place.workbook).sheetnames

    assert names[:5] == ["说明", "人员", "账号", "休假", "目标"]
    assert names[5:-4] == [entry.SHEET for entry in entries.SHEETS]
    assert names[-4:] == ["手工数", "考核表", "申诉", "选项"]
    found = inputs.for_month(place, MONTH)
    assert (found.roster.operators, found.targets, found.figures) == ((), (), ())
    assert not [*found.worklogs[MONTH].entries()]


def test_drop_downs_offer_whom_the_workbook_itself_names(place: Workspace) -> None:
    made = openpyxl.load_workbook(place.workbook)
    offered = {
        (sheet.title, str(check.sqref)[0]): check.formula1
        for sheet in made
        for check in sheet.data_validations.dataValidation
    }

    assert offered["账号", "A"] == offered["申诉", "C"] == "人员!$B$2:$B$1001"
    assert offered["任务", "C"] == offered["目标", "B"] == offered["账号", "A"]
    assert offered["手工数", "A"] == "账号!$D$2:$D$1001"
    assert offered["账号", "C"].startswith("选项!")


def test_figures_typed_on_the_sheet_open_the_month(place: Workspace) -> None:
    figures: list[tuple[object, ...]] = [("账号", "日期", "指标", "数值")]
    figures += [("示例头条", "2026-09-30", "粉丝数", "1.5万")]
    figures += [("示例头条", "2026-10-31", "粉丝数", "约两万")]
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 手工数=figures)

    arrived = months.arrive(place, MONTH, inputs.for_month(place, MONTH))

    (file,) = arrived.before
    assert file.source == "data/填写.xlsx/tt-01"
    assert [(row.date.day, row.value, row.row) for row in file.daily] == [
        (30, 15000, 2)
    ]
    (now,) = arrived.files
    assert [(row.fate, row.row) for row in now.ledger][1:] == [("quarantined", 3)]


TASKS: list[tuple[object, ...]] = [
    ("月份", "编号", "运营", "任务", "计划完成日", "实际完成日", "验收", "确认人"),
    ("2026-10", "例1", "示例", "例子", None, None, None, None),
    ("2026-10", "T1", "示例甲", "写稿", "10月9日", "2026-10-08", "是", "示例主管"),
    ("2026-09", "T2", "示例甲", "写稿", "9月9日", None, None, None),
]


def test_rows_of_the_log_are_read_in_their_month(place: Workspace) -> None:
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 任务=TASKS)

    found = inputs.for_month(place, MONTH).worklogs

    ids = {month: [task.id for task in log.tasks] for month, log in found.items()}
    assert (ids[MONTH], ids["2026-09"], ids["2026-08"]) == (["T1"], ["T2"], [])
    (task,) = found[MONTH].tasks
    assert (task.source, task.sheet, task.row) == ("data/填写.xlsx", "任务", 3)
    assert str(task.planned) == "2026-10-09"


@pytest.mark.parametrize(
    ("month", "what"), [(None, "值是空白；应为月份"), ("10月", "值是“10月”")]
)
def test_a_row_of_no_month_stops_its_own_person_alone(
    place: Workspace, month: object, what: str
) -> None:
    wrong = (month, "T3", "示例乙", "写稿", "2026-10-09", None, None, None)
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 任务=[*TASKS, wrong])

    found = inputs.for_month(place, MONTH)

    assert {(at.of, at.place) for at in found.mistakes} == {("op-02", "任务!A5")}
    assert what in str(found.mistakes[0])
    assert [task.id for task in found.worklogs[MONTH].tasks] == ["T1"]


def test_a_log_without_months_is_refused(place: Workspace) -> None:
    rows = [row[1:] for row in TASKS]
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 任务=rows)

    with pytest.raises(InvalidInput, match="任务!第1行：缺少列月份"):
        inputs.for_month(place, MONTH)


def test_a_log_in_two_places_is_refused_with_both(place: Workspace) -> None:
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 任务=TASKS)
    other = place.worklog(MONTH)
    other.parent.mkdir(parents=True)
    made = openpyxl.Workbook()
    made.active.title = "任务"
    for row in (TASKS[0][1:], TASKS[2][1:]):
        made.active.append(row)
    made.save(other)

    with pytest.raises(
        InvalidInput, match=r"填写.xlsx，任务：.*worklog.xlsx里也有“任务”"
    ):
        inputs.for_month(place, MONTH)
    # The month before stands in the workbook alone.
    assert inputs.for_month(place, "2026-09").worklogs["2026-09"].tasks


def test_targets_stand_in_a_matrix(place: Workspace) -> None:
    header = ("月份", "运营", "指标", "短期", "中期", "设定日", "批准人")
    row = (MONTH, "示例甲", "阅读/播放", 1000, "1.5万", "2026-10-02", "示例主管")
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 目标=[header, row])

    found = inputs.for_month(place, MONTH).targets

    assert [(at.horizon, at.period, at.value, at.row) for at in found] == [
        ("short", MONTH, 1000, 2),
        ("mid", "2026-Q4", 15000, 2),
    ]


def typed(path: Path) -> dict[str, list[tuple[object, ...]]]:
    return {
        sheet.title: [*sheet.iter_rows(values_only=True)]
        for sheet in openpyxl.load_workbook(path)
        if sheet.title not in ("说明", "选项")
    }


def test_a_new_month_begins_targets_and_leaves_what_was_typed(place: Workspace) -> None:
    made = openpyxl.load_workbook(place.workbook)
    for row in PEOPLE[2:]:
        made["人员"].append(row)
    columns = [made["账号"].cell(1, at).value for at in range(1, 9)]
    for row in ACCOUNTS[1:]:
        told = dict(zip((*ACCOUNTS[0][:2], "账号", *ACCOUNTS[0][3:]), row, strict=True))
        made["账号"].append(
            [told.get("编号" if n == "账号编号" else n) for n in columns]
        )
    figure = ("示例头条", datetime(2026, 9, 30), "粉丝数", 0, "=1+1")
    made["手工数"].append(figure)
    made["任务"].append([*TASKS[2][:6], "√", False])
    made["任务"].cell(9, 1, "2026-10")  # a row that is only begun, below blank ones
    made.save(place.workbook)
    before = typed(place.workbook)
    proposed = "operator,metric,platform,value,middle\nop-01,views,,5000,6000\n"
    write_atomic(place.reports("2026-09") / "targets.proposed.csv", proposed)

    folders = blank.prepare(place, MONTH)

    assert [path.name for path in folders] == ["tt-01", "dy-01", "填写.xlsx"]
    after = typed(place.workbook)
    header, *begun = after.pop("目标")
    assert header == before.pop("目标")[0]
    told = [dict(zip(header, row, strict=True)) for row in begun]
    assert {row["运营"] for row in told} == {"示例甲", "示例乙"}
    (views,) = (r for r in told if (r["运营"], r["指标"]) == ("示例甲", "阅读/播放"))
    assert (views["月份"], views["上月"], views["建议"]) == (MONTH, "5000", "6000")
    for name, rows in before.items():
        width = len(rows[0])
        kept = [row[:width] for row in after[name]][: len(rows)]
        assert kept[: len(rows)] == rows, name
    # Once more, and nothing is asked twice.
    assert blank.prepare(place, MONTH) == []


def test_a_figure_of_no_day_stops_whose_account_it_is(place: Workspace) -> None:
    figures: list[tuple[object, ...]] = [("账号", "日期", "指标", "数值")]
    figures += [("示例头条", "9月30日", "粉丝数", 5)]  # of which year?
    book(place, 人员=PEOPLE, 账号=ACCOUNTS, 手工数=figures)

    found = inputs.for_month(place, MONTH)

    assert [(at.of, at.place) for at in found.mistakes] == [("op-01", "手工数!B2")]


def test_a_command_adds_no_rows_beside_those_of_the_workbook(place: Workspace) -> None:
    signed = [("月份", "运营", "动作", "总分", "校验值", "签字人", "签字日", "理由")]
    signed += [(MONTH, "示例甲", "重开", None, None, "示例主管", "2026-11-05", "有误")]
    path = book(place, 人员=PEOPLE, 账号=ACCOUNTS, 签字=signed)
    (row,) = inputs.for_month(place, MONTH).signoffs
    before = path.read_bytes(), place.table("signoff").read_bytes()

    with pytest.raises(InvalidInput, match=r"填写.xlsx：“签字”写在这里"):
        inputs.add_rows(place, [row])

    assert (path.read_bytes(), place.table("signoff").read_bytes()) == before
