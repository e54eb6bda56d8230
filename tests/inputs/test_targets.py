"""Targets: what is read, and every mistake in a row."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.inputs import targets
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.table import columns, load_table
from tests.raising import raising

OWNED = {"op-01": ("toutiao", "douyin"), "op-02": ()}
PLATFORMS = {"toutiao": "头条号", "douyin": "抖音", "bilibili": "B站"}
DIRECTORY = Directory(
    operators={"op-01": "示例运营甲", "op-02": "示例运营乙"},
    platforms=PLATFORMS,
    owned=OWNED,
)
HEADER = "operator,metric,platform,horizon,period,value,set_on,approved_by,note"
GOOD = "op-01,views,toutiao,short,2026-10,50000,2026-09-28,示例主管,"


def load(folder: Path, *rows: str, header: str = HEADER) -> tuple[targets.Target, ...]:
    path = folder / "targets.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8-sig")
    return raising(load_table, path, targets.Target, "data/targets.csv", DIRECTORY)


def test_a_good_row(tmp_path: Path) -> None:
    (found,) = load(tmp_path, GOOD)

    assert found.value == Decimal(50000)
    assert found.set_on == date(2026, 9, 28)
    assert found.key == ("op-01", "views", "toutiao", "short", "2026-10")
    assert found.row == 2
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("row", "field", "expected"),
    [
        pytest.param(
            "op-01,完播率,抖音,短期,2026年10月,35%,2026/9/28,,",
            "value",
            Decimal("0.35"),
            id="chinese-words-and-percent",
        ),
        pytest.param(
            'op-01,followers,,mid,2026q4,"120,000",2026-09-28,,',
            "period",
            "2026-Q4",
            id="quarter",
        ),
        pytest.param(
            "op-01,revenue,,long,2026,1e5,2026-09-28,,".replace("1e5", "100000.50"),
            "value",
            Decimal("100000.50"),
            id="year-and-money",
        ),
        pytest.param(
            "op-01,followers,,终极,,1000000,2026-01-01,,",
            "horizon",
            "ultimate",
            id="ultimate",
        ),
        pytest.param(
            "op-02,contents_due,,short,2026-10,12,2026-09-28,,",
            "metric",
            "contents_due",
            id="due",
        ),
        pytest.param(
            "op-01,net_follows,,short,2026-10,-200,2026-09-28,,",
            "value",
            Decimal(-200),
            id="a-loss-may-be-a-target",
        ),
    ],
)
def test_what_is_taken(tmp_path: Path, row: str, field: str, expected: object) -> None:
    (found,) = load(tmp_path, row)

    assert getattr(found, field) == expected


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "op-01",
            "op-09",
            "第2行“operator”：.*“op-09”.*示例运营甲（op-01）、示例",
            id="who",
        ),
        pytest.param(
            "views",
            "fans",
            "“fans”；应为粉丝数（followers）、.*communities_due",
            id="what",
        ),
        pytest.param("views", "video_views", "“video_views”", id="no-target-for-it"),
        pytest.param(
            "toutiao",
            "weibo",
            "“weibo”；应为头条号（toutiao）、抖音（douyin）、",
            id="where",
        ),
        pytest.param(
            "toutiao",
            "bilibili",
            "没有平台“bilibili”的账号；应为toutiao、douyin",
            id="not-own-platform",
        ),
        pytest.param("short", "monthly", "应为短期、中期、后期、终极。", id="horizon"),
        pytest.param(
            "2026-10", "2026-Q4", "短期目标的月份，例如2026-10", id="short-quarter"
        ),
        pytest.param("2026-10", "Oct-26", "Excel会把它改写", id="excel"),
        pytest.param(
            "2026-10", "", "“period”没有填；应为短期目标的月份", id="no-period"
        ),
        pytest.param(
            "short,2026-10", "mid,2026-10", "季度，例如2026-Q4", id="mid-month"
        ),
        pytest.param(
            "short,2026-10", "long,2026-10", "年份，例如2026", id="long-month"
        ),
        pytest.param(
            "short,", "ultimate,", "终极目标不写周期；应为空白", id="ultimate"
        ),
        pytest.param("50000", "5百", "值是“5百”；应为数字", id="unit"),
        pytest.param("50000", "nan", "应为数字", id="nan"),
        pytest.param("50000", "35%", "不是百分数", id="percent-of-a-count"),
        pytest.param("50000", "-1", "不小于0", id="negative"),
        pytest.param("50000", "", "“value”没有填；应为数字", id="no-value"),
        pytest.param(
            "views,toutiao,short,2026-10,50000",
            "likes,,short,2026-10,１２",
            "应为数字",
            id="wide-digits",
        ),
        pytest.param(
            "views,toutiao,short,2026-10,50000",
            "completion_rate,,short,2026-10,35",
            "例如35%或0.35",
            id="rate",
        ),
        pytest.param(
            "views,toutiao,short,2026-10,50000",
            "tasks_due,,short,2026-10,1.5",
            "不小于0的整数",
            id="due-fraction",
        ),
        pytest.param("views,", "tasks_due,", "应完成数不分平台", id="due-platform"),
        pytest.param(
            "views,toutiao,short,2026-10",
            "tasks_due,,long,2026",
            "按月写",
            id="due-horizon",
        ),
        pytest.param("2026-09-28", "2026-09-31", "存在的日期", id="no-such-day"),
        pytest.param(
            "2026-09-28", "28/09/2026", "应为日期，例如2026-10-31", id="day-first"
        ),
        pytest.param(
            "示例主管,", "示例主管,说明,多", "第2行第10列：内容比表头多出", id="shift"
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD

    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_two_rows_of_one_key_and_day_are_an_error(tmp_path: Path) -> None:
    again = GOOD.replace("50000", "40000")

    with pytest.raises(InvalidInput, match=r"第3行：与data/targets.csv第2行的对象"):
        load(tmp_path, GOOD, again)


def test_a_later_row_of_one_key_is_history(tmp_path: Path) -> None:
    later = GOOD.replace("2026-09-28", "2026-10-20")

    assert len({target.key for target in load(tmp_path, GOOD, later)}) == 1


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, GOOD.replace("50000", "x"), GOOD, GOOD.replace("views", "y"))

    assert [p.place for p in caught.value.problems] == ["第2行“value”", "第4行“metric”"]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param(
            HEADER + ",extra",
            "第1行第10列：不认识的列“extra”；应为运营、",
            id="unknown",
        ),
        pytest.param(HEADER.replace("set_on,", ""), "缺少列设定日", id="missing"),
        pytest.param(HEADER.replace("note", "value"), "列“value”重复", id="repeated"),
    ],
)
def test_a_wrong_header_is_named(tmp_path: Path, header: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, header=header)


def test_no_file_and_a_header_alone_are_no_targets(tmp_path: Path) -> None:
    assert load(tmp_path) == ()
    (tmp_path / "targets.csv").unlink()
    assert raising(load_table, tmp_path / "targets.csv", targets.Target, "", None) == ()


def test_the_hash_is_of_the_meaning(tmp_path: Path) -> None:
    plain, same, other = load(
        tmp_path,
        GOOD,
        'op-01,阅读/播放,头条号,短期,2026/10,"50,000.0",2026-09-28,示例主管,'.replace(
            "2026-09-28", "2026/09/27"
        ),
        GOOD.replace("50000,2026-09-28", "50001,2026-09-26"),
    )
    moved = load(tmp_path, "", "", GOOD)

    assert moved[0].sha256 == plain.sha256
    assert moved[0].row == 4
    assert len({plain.sha256, same.sha256, other.sha256}) == 3


def test_a_workbook_may_stand_for_the_csv(tmp_path: Path) -> None:
    path = tmp_path / "targets.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("目标")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, HEADER.split(","))
        sheet.write_row(1, 0, ["op-01", "completion_rate", "", "short"])
        sheet.write_datetime(1, 4, datetime(2026, 10, 1), day)
        sheet.write_number(1, 5, 0.35)
        sheet.write_datetime(1, 6, datetime(2026, 9, 28), day)
        sheet.write_row(2, 0, ["op-01", "views", "", "long", 2026, "x", "x"])

    with pytest.raises(InvalidInput) as caught:
        raising(load_table, path, targets.Target, "data/targets.xlsx", DIRECTORY)

    assert [p.place for p in caught.value.problems] == ["目标!F3", "目标!G3"]


ACROSS = [column.names[0] for column in columns(targets.Across)]


def matrix(
    folder: Path, *rows: list[object], wrong: list[Problem] | None = None
) -> tuple[targets.Target, ...]:
    path = folder / "targets.2026-10.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("目标")
        for at, row in enumerate([ACROSS, *rows]):
            sheet.write_row(at, 0, row)
        book.add_worksheet("说明").write(0, 0, "一行一个人的一项指标")
    where = f"data/{path.name}"
    told = [] if wrong is None else wrong
    return load_table(path, targets.Target, where, DIRECTORY, told)


def test_a_row_of_the_matrix_is_a_target_a_horizon(tmp_path: Path) -> None:
    when = ["2026-09-28", "示例主管", None]
    across = ["2026-10", "示例运营甲", "阅读/播放", "头条号", 1, 2, 50000, "1.5万"]
    found = matrix(
        tmp_path,
        [*across, 6e5, 9e6, *when],
        ["2026-10", "op-02", "contents_due", None, 8, 9, 12, None, None, None, *when],
        ["2026-10", "op-02", "粉丝数", None, 8, 9, *[None] * 7],
    )
    long = load(
        tmp_path,
        GOOD,
        "op-01,views,toutiao,mid,2026-Q4,15000,2026-09-28,示例主管,",
        "op-01,views,toutiao,long,2026,600000,2026-09-28,示例主管,",
        "op-01,views,toutiao,ultimate,,9000000,2026-09-28,示例主管,",
        "op-02,contents_due,,short,2026-10,12,2026-09-28,示例主管,",
    )

    assert [row.sha256 for row in found] == [row.sha256 for row in long]
    assert {row.source for row in found} == {"data/targets.2026-10.xlsx"}
    assert [row.row for row in found] == [2, 2, 2, 2, 3]


def test_a_wrong_cell_of_the_matrix_is_named(tmp_path: Path) -> None:
    wrong: list[Problem] = []
    row = ["op-01", "完播率", None, None, None]
    found = matrix(
        tmp_path,
        ["10", *row, 0.4, 0.5, None, None, "2026-09-28", None, None],
        ["2026-10", *row, 45, None, None, "高", None, "示例主管", None],
        ["2026-10", "op-02", *row[1:], 0.4, *[None] * 3, "2026-09-28", None, None],
        wrong=wrong,
    )

    assert [row.operator for row in found] == ["op-02"]
    assert [(at.of, at.place, at.what) for at in wrong] == [
        ("op-01", "目标!A2", "值是“10”"),
        ("op-01", "目标!G3", "值是“45”"),
        ("op-01", "目标!K3", "“设定日”没有填"),
        ("op-01", "目标!J3", "值是“高”"),
        ("op-01", "目标!K3", "“设定日”没有填"),
    ]
