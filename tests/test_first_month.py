"""A team's first month: from a folder of downloads to a signed month, counted."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import openpyxl
import pytest

from kpi_lib import inputs
from kpi_lib.appraisal import Card
from kpi_lib.held import read_json
from kpi_lib.workspace import Workspace
from tests.test_cli import kpi

MONTH = "2026-10"
EXPORTS = Path(__file__).parent / "data/exports/toutiao"

# Days and weeks as people write them.
ROWS: dict[str, list[list[object]]] = {
    "任务": [
        [MONTH, "T1", "示例甲", "写稿", "10月9日", "10月8日", "是", "否", "示例主管"]
    ],
    "复盘": [
        [MONTH, "示例甲", "周", "第41周", "10月9日", "复盘.pptx", "示例主管"],
        [MONTH, "示例甲", "月", "10月", "11月3日", "复盘.pptx", "示例主管"],
    ],
    "手工数": [["示例甲的头条号", "2026-09-30", "粉丝数", "5200"]],
}

# What is typed into rows that stand there, by a cell of the row: columns and values.
SET = {"设定日": "2026-10-09", "批准人": "示例主管"}
CELLS: dict[str, dict[str, dict[str, object]]] = {
    "人员": {"示例甲": {"主管": "示例主管"}},
    "目标": {"阅读/播放": {"短期": 1000, **SET}, "tasks_due": {"短期": 1, **SET}},
}


def fill(path: Path, rows: Mapping[str, list[list[object]]]) -> int:
    """Type rows into a workbook below what is there; return how many cells."""
    book = openpyxl.load_workbook(path)
    for sheet, lines in rows.items():
        for line in lines:
            book[sheet].append(line)
    book.save(path)
    return sum(len(line) for lines in rows.values() for line in lines)


def type_in(path: Path, cells: Mapping[str, Mapping[str, Mapping[str, object]]]) -> int:
    """Type cells into the rows that are begun; return how many."""
    book, typed = openpyxl.load_workbook(path), 0
    for name, by_row in cells.items():
        sheet = book[name]
        header = [cell.value for cell in sheet[1]]
        for row in range(2, sheet.max_row + 1):
            key = next((c.value for c in sheet[row] if c.value in by_row), None)
            for column, value in by_row.get(str(key), {}).items():
                sheet.cell(row, header.index(column) + 1, value)
                typed += 1
    book.save(path)
    return typed


@pytest.mark.notebook
def test_from_a_folder_of_downloads_to_a_signed_month(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    downloads, place = tmp_path / "10月/示例甲", Workspace(tmp_path / "our-team")
    downloads.mkdir(parents=True)
    for name in ("works.xlsx", "trend.xlsx"):
        shutil.copy(EXPORTS / name, downloads)
    commands: list[str] = []

    def given(*words: str, code: int = 0) -> str:
        commands.append(words[0])
        done, out, err = kpi(capsys, *words)
        assert done == code, out + err
        return out

    # A first look needs nothing typed: a page of what the account did.
    from_here = ("--from", str(downloads.parent), "--downloaded", "2026-11-02")
    told = given("init", str(place.root), *from_here)
    assert told.count("放进data/raw/2026-10/toutiao-01/2026-11-02/") == 2
    page = (place.reports(MONTH) / "op-01.html").read_text("utf-8")
    for said in ("账号这个月", "要评分，还差这些", "工作记录的“任务”表没有记录"):
        assert said in page
    for score in ("满分100分", "失分构成", 'class="big"'):
        assert score not in page
    assert "目标覆盖 0.00/5、数据在册 " in page
    index = (place.reports(MONTH) / "index.html").read_text("utf-8")
    assert "还不评分" in index
    assert "还没有一份评分；点姓名看账号这个月的数。" in index
    assert "无人有待定分" not in index
    assert not Card.from_json(read_json(place.reports(MONTH) / "op-01.json")).begun
    # What waits is told once for what it is, not once a measure.
    assert told.count("“任务”表没有记录") == 1
    monkeypatch.chdir(place.root)
    assert "都与运行时一样" in kpi(capsys, "verify", MONTH)[1]

    cells = type_in(place.workbook, CELLS) + fill(place.workbook, ROWS)
    told = given("next", MONTH)
    card = read_json(place.reports(MONTH) / "op-01.json")
    scored = {
        measure["id"]
        for item in card["items"]
        for measure in item["measures"]
        if measure["status"] == "scored"
    }
    assert {"on_time", "reviews"} <= scored
    told = given("sign", MONTH, "--by", "示例主管", "--yes")
    assert "以“示例主管”的名义为1人签字" in told
    assert read_json(place.reports(MONTH) / "op-01.json")["signed"]

    assert commands == ["init", "next", "sign"]
    assert cells == 34
    # The next month is begun, in the same workbook, and this one stands as signed.
    sheet = openpyxl.load_workbook(place.workbook)["目标"]
    periods = [row[0].value for row in sheet.iter_rows(min_row=2)]
    assert set(periods) == {MONTH, "2026-11"}
    assert "都与运行时一样" in given("verify", MONTH)
    assert [row.by for row in inputs.load(place, MONTH).signoffs] == ["示例主管"]
    # All of it stands in the one workbook.
    assert not [*place.data.glob("raw/*/worklog*"), *place.data.glob("targets.*.xlsx")]
