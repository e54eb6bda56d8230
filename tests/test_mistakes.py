"""The mistakes of a newcomer's first month, each with the answer that it gets."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from kpi_lib import inputs, months
from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import everything
from kpi_lib.run import adding, beginning
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.test_cli import kpi

MONTH = "2026-10"
EXPORTS = tiny_workspace.ROOT / "tests/data/exports"

Do = Callable[[Workspace], None]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A team of two with their downloads, as `kpi init --from` begins it."""
    folder = tmp_path_factory.mktemp("begun")
    for source, target in {
        "toutiao/trend.xlsx": "示例甲/趋势.xlsx",
        "gongzhonghao/users.xls": "示例甲/用户.xls",
        "douyin/works.xlsx": "示例乙/作品.xlsx",
    }.items():
        (folder / "下载" / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXPORTS / source, folder / "下载" / target)
    rows = beginning.proposed(folder / "下载")
    for row in rows["人员"]:
        row["manager"] = "示例主管"
    inputs.init(folder / "team", rows)
    place = Workspace(folder / "team")
    day = rows["人员"][0]["from"].replace(month=11, day=2)
    assert len([*adding.add(place, [folder / "下载"], downloaded=day)]) == 3
    return place


@pytest.fixture
def place(begun: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(begun.root, tmp_path / "w")
    return Workspace(tmp_path / "w")


def typed(place: Workspace) -> str:
    """Return what is told of what people wrote."""
    try:
        given = everything.load(place, MONTH)
    except InvalidInput as refusal:
        return str(refusal)
    told = (*given.mistakes, *given.worklogs[MONTH].findings)
    return "\n".join(map(str, told))


def arrived(place: Workspace, month: str = MONTH) -> str:
    """Return what is told of the exports."""
    found = months.tidy(months.arrive(place, month, everything.load(place, month)))
    return "\n".join(map(str, found.findings))


# --- targets ---------------------------------------------------------------------

HEADER = "运营,指标,平台,期限,周期,数值,设定日,批准人,备注\n"
TARGET = {
    "operator": "示例甲",
    "metric": "阅读/播放",
    "period": MONTH,
    "value": "1000",
}


def target(**cells: str) -> str:
    row = TARGET | cells
    return (
        f"{row['operator']},{row['metric']},,短期,{row['period']},{row['value']},"
        "2026-10-09,示例主管,\n"
    )


@pytest.mark.parametrize(
    ("cells", "answer"),
    [
        ({"value": "约2万"}, "第2行“数值”：值是“约2万”；应为数字，例如1200"),
        ({"period": "Oct-26"}, "Excel会把它改写成Oct-26，请把这一列设为文本"),
        ({"operator": "运营甲"}, "应为示例乙（op-01）、示例甲（op-02）"),
        ({"metric": "阅读"}, "应为粉丝数（followers）、新增关注（follows）"),
        ({"metric": "完播率", "value": "45"}, "应为0至1的比率，例如35%或0.35"),
    ],
)
def test_a_wrong_cell_of_a_target_is_told(
    place: Workspace, cells: dict[str, str], answer: str
) -> None:
    place.table("targets").write_text(HEADER + target(**cells), "utf-8")

    assert answer in typed(place)


@pytest.mark.parametrize(("value", "meant"), [("1.5万", 15000), ("300个", 300)])
def test_amounts_as_people_write_them_are_read(
    place: Workspace, value: str, meant: int
) -> None:
    place.table("targets").write_text(HEADER + target(value=value), "utf-8")

    assert [at.value for at in everything.load(place, MONTH).targets] == [meant]


def test_chinese_commas_are_named(place: Workspace) -> None:
    text = (HEADER + target()).replace(",", "，")
    place.table("targets").write_text(text, "utf-8")

    assert "请把分隔用的中文逗号“，”改成英文逗号“,”" in typed(place)


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_other_encodings_and_a_workbook_are_read(
    place: Workspace, encoding: str
) -> None:
    text = HEADER + target()
    place.table("targets").write_bytes(text.encode(encoding))
    assert len(everything.load(place, MONTH).targets) == 1

    place.table("targets").write_bytes(text.replace(",", "\t").encode(encoding))
    assert len(everything.load(place, MONTH).targets) == 1

    place.table("targets").unlink()
    book = openpyxl.Workbook()
    for line in text.splitlines():
        book.active.append(line.split(","))
    book.save(place.data / "targets.xlsx")
    assert len(everything.load(place, MONTH).targets) == 1


# --- the work log ------------------------------------------------------------------

DAY = "2026-10-09"
TASK = [MONTH, "T1", "示例甲", "写稿", DAY, "2026-10-08", "是", "否", "示例主管"]
REVIEW = [MONTH, "示例甲", "周", "2026-W41", DAY, "复盘.pptx", "示例主管"]
NONE = [MONTH, "示例甲", "活动", "无", "示例主管", "2026-10-28"]
CONTENT = [MONTH, "C1", "示例甲", "选题", "图文", DAY, "头条号", "头条号", None]
HELD = [MONTH, "H1", "示例甲", "征文", DAY, "2026-10-15", "3000元", 2800, "5万"]
ANSWERED = [MONTH, "示例甲", DAY, "头条号", 10, 12]
SHEETS = {"任务": TASK, "复盘": REVIEW, "确认": NONE, "内容": CONTENT, "活动": HELD}


def log(place: Workspace, **rows: dict[int, object]) -> None:
    """Type a row a sheet, with some cells changed."""
    book = openpyxl.load_workbook(place.workbook)
    for sheet, cells in rows.items():
        row = [*SHEETS[sheet]] if sheet in SHEETS else []
        row += [None] * (max(cells, default=0) + 1 - len(row))
        for at, cell in cells.items():
            row[at] = cell
        book[sheet].append(row)
    book.save(place.workbook)


@pytest.mark.parametrize(
    ("rows", "answer"),
    [
        ({"任务": {4: "10.30"}}, "任务!E3：值是“10.30”；应为日期，例如2026-10-31"),
        ({"任务": {4: "2027-10-30"}}, "任务!E3：2027-10-30不在2026-10。请核对日期"),
        ({"任务": {4: "2026-09-30"}}, "任务!E3：2026-09-30不在2026-10"),
        ({"任务": {2: "全体"}}, "任务!C3：值是“全体”；应为示例乙（op-01）"),
        ({"复盘": {3: "41"}}, "复盘!D3：值是“41”；应为周，例如2026-W41"),
        (
            {"确认": {2: "活动、建议"}},
            "确认!C3：值是“活动、建议”；应为任务、活动",
        ),
        ({"确认": {3: "没有"}}, "确认!D3：值是“没有”；应为无、是"),
        (
            {"确认": {4: "示例甲"}},
            "确认!E3：示例甲替自己确认没有；应为运营本人以外",
        ),
        ({"确认": {}, "活动": {}}, "确认活动为无，“活动”表里却有op-02的行"),
        ({"内容": {6: "小红书"}}, "“op-02”没有小红书的账号。请核对运营和平台"),
        (
            {"互动": dict(enumerate(ANSWERED))},
            "互动!F3：回复12多于收到10",
        ),
    ],
)
def test_a_wrong_cell_of_the_log_is_told(
    place: Workspace, rows: dict[str, dict[int, object]], answer: str
) -> None:
    log(place, **rows)

    assert answer in typed(place)


@pytest.mark.parametrize(
    "rows",
    [
        {"任务": {4: "10月9日", 5: "2026/10/8", 6: "Y", 7: "N"}},
        {"任务": {4: "2026年10月9日"}},
        {"复盘": {3: "W41"}},
        {"复盘": {3: "第41周"}},
        {"复盘": {2: "月", 3: "10月", 4: "2026-11-03"}},
        {"活动": {}},
        {"内容": {6: "公众号,头条号", 7: "公众号/头条号"}},
    ],
)
def test_what_people_write_is_read(
    place: Workspace, rows: dict[str, dict[int, object]]
) -> None:
    log(place, **rows)

    assert typed(place) == ""


# --- files and folders -------------------------------------------------------------

WORKS = "douyin-01/2026-11-02/作品.xlsx"


def changed(place: Workspace, change: Callable[[Worksheet], object]) -> None:
    path = place.raw(MONTH) / WORKS
    book = openpyxl.load_workbook(path)
    change(book.active)
    book.save(path)


def moved(where: str) -> Do:
    def move(place: Workspace) -> None:
        target = place.raw(MONTH) / where
        target.parent.mkdir(parents=True, exist_ok=True)
        (place.raw(MONTH) / WORKS).rename(target)

    return move


def written(where: str, content: bytes) -> Do:
    def write(place: Workspace) -> None:
        (place.raw(MONTH) / where).write_bytes(content)

    return write


def garbled(place: Workspace) -> None:
    path = place.raw(MONTH) / WORKS
    sheet = openpyxl.load_workbook(path).active
    rows = (",".join(str(cell or "") for cell in row) for row in sheet.values)
    text = "\n".join(rows).encode().decode("gbk", "replace")
    path.with_suffix(".csv").write_text(text, "utf-8")
    path.unlink()


def renamed(sheet: Worksheet) -> None:
    for cell in sheet[1]:
        cell.value = "列X" if cell.value == "播放量" else cell.value


@pytest.mark.parametrize(
    ("do", "answer"),
    [
        (moved("toutiao-01/2026-11-02/作品.xlsx"), "表头和抖音“作品列表”的一样"),
        (moved("山野头条/作品.xlsx"), "不属于花名册里的任何账号，没有读"),
        (lambda place: changed(place, lambda at: at.delete_rows(1)), "表头可能被删了"),
        (garbled, "文字成了乱码，多半是在Excel里打开保存过"),
        (lambda place: changed(place, renamed), "缺少列：播放量"),
        (written("douyin-01/2026-11-02/截图.png", b"\x89PNG\r\n\x1a\n\0"), "这是图片"),
        (written("douyin-01/2026-11-02/说明.pdf", b"%PDF-1.7\n"), "这是PDF"),
        (written("工作记录.xlsx", b"x"), "工作记录要叫worklog.xlsx或worklog-姓名.xlsx"),
        (written("worklog.xls", b"x"), "工作记录要叫worklog.xlsx或worklog-姓名.xlsx"),
    ],
)
def test_a_wrong_file_is_told_with_what_to_do(
    place: Workspace, do: Do, answer: str
) -> None:
    do(place)

    assert answer in arrived(place)


@pytest.mark.parametrize("name", ["2026-11-2", "11月2日"])
def test_a_folder_named_by_its_day_tells_the_download_day(
    place: Workspace, name: str
) -> None:
    moved(f"douyin-01/{name}/作品.xlsx")(place)
    (file,) = (
        file
        for file in months.arrive(place, MONTH, everything.load(place, MONTH)).files
        if file.source.endswith("作品.xlsx")
    )

    assert str(file.downloaded) == "2026-11-02"


def test_a_file_of_another_month_is_told(place: Workspace) -> None:
    folder = place.raw("2026-11") / "toutiao-01/2026-11-03"
    folder.mkdir(parents=True)
    shutil.copy(EXPORTS / "toutiao/trend.xlsx", folder / "趋势.xlsx")

    assert "里面是2026-10-01至2026-10-02的数，没有2026-11的" in arrived(
        place, "2026-11"
    )


def test_what_a_desktop_leaves_is_no_file(place: Workspace) -> None:
    before = arrived(place)
    for name in (".DS_Store", "Thumbs.db", "~$作品.xlsx"):
        written(f"douyin-01/2026-11-02/{name}", b"x")(place)

    assert arrived(place) == before


# --- commands ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("new-month", "2026-1"), "“2026-1”不是月份；应为YYYY-MM，例如2026-10"),
        (("new-month", "10月"), "“10月”不是月份；应为YYYY-MM，例如2026-10"),
        (("explain", "2026-1", "示例甲"), "“2026-1”不是月份"),
        (("run", "202610"), "没有202610的导出文件；应为2026-10"),
        (("rescore", "2026-1", "--plan", "x.yml"), "没有2026-1的导出文件；应为2026-10"),
        (("sign", MONTH, "--by", "<签字人>"), "不能签字；应为示例主管"),
    ],
)
def test_a_wrong_word_of_a_command_is_told_in_one_line(
    place: Workspace,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    answer: str,
) -> None:
    code, out, err = kpi(capsys, *words, "--workspace", str(place.root))

    assert code == 1
    assert answer in out + err
    assert "Traceback" not in out + err


@pytest.mark.parametrize("day", ["2026-11-2", "2026/11/2"])
def test_a_day_is_read_as_people_write_it(
    place: Workspace, capsys: pytest.CaptureFixture[str], day: str
) -> None:
    file = str(EXPORTS / "douyin/works.xlsx")
    words = ("add", file, "--account", "示例乙的抖音", "--downloaded", day)
    code, out, err = kpi(capsys, *words, "--workspace", str(place.root))

    assert code == 0, out + err
    assert "2026-11-02下载（按写明的下载日期）" in out


def test_another_file_of_the_same_name_is_told(
    place: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    book = openpyxl.load_workbook(EXPORTS / "douyin/works.xlsx")
    book.active.cell(2, 1, "改过的标题")
    book.save(tmp_path / "作品.xlsx")
    words = ("add", str(tmp_path / "作品.xlsx"), "--downloaded", "2026-11-02")
    code, out, _ = kpi(capsys, *words, "--workspace", str(place.root))

    assert code == 0
    assert "已有同名而内容不同的文件，这份叫作品 (1).xlsx" in out
