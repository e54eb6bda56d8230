"""A team's first month: from a folder of downloads to a signed month, counted."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest

from kpi_lib import inputs
from kpi_lib.held import read_json
from kpi_lib.workspace import Workspace
from tests.test_cli import kpi

MONTH = "2026-10"
EXPORTS = Path(__file__).parent / "data/exports/toutiao"

Rows = dict[str, list[list[object]]]

# What is typed before anything else.
ROSTER: Rows = {
    "人员": [["op-01", "示例甲", "示例主管", "2026-10-01"]],
    "账号": [
        [
            *("示例甲", "tt-01", "头条号", "示例头条"),
            *("toutiao.works、toutiao.trend", "2026-10-01"),
        ]
    ],
}

# Days and weeks as people write them.
ROWS: Rows = {
    "任务": [
        [MONTH, "T1", "示例甲", "写稿", "10月9日", "10月8日", "是", "否", "示例主管"]
    ],
    "复盘": [
        [MONTH, "示例甲", "周", "第41周", "10月9日", "复盘.pptx", "示例主管"],
        [MONTH, "示例甲", "月", "10月", "11月3日", "复盘.pptx", "示例主管"],
    ],
    "手工数": [["示例头条", "2026-09-30", "粉丝数", "5200"]],
}


def fill(path: Path, rows: Rows) -> int:
    """Type rows into a workbook below what is there; return how many cells."""
    book = openpyxl.load_workbook(path)
    for sheet, lines in rows.items():
        for line in lines:
            book[sheet].append(line)
    book.save(path)
    return sum(len(line) for lines in rows.values() for line in lines)


def set_targets(path: Path, targets: dict[str, object]) -> int:
    """Type short targets into the rows that are begun; return how many cells."""
    book = openpyxl.load_workbook(path)
    sheet = book["目标"]
    header = [cell.value for cell in sheet[1]]
    at = {name: header.index(name) + 1 for name in ("指标", "短期", "设定日", "批准人")}
    for row in range(2, sheet.max_row + 1):
        metric = sheet.cell(row, at["指标"]).value
        if metric in targets:
            told: Sequence[object] = (targets[metric], "2026-10-09", "示例主管")
            for name, value in zip(("短期", "设定日", "批准人"), told, strict=True):
                sheet.cell(row, at[name], value)
    book.save(path)
    return 3 * len(targets)


@pytest.mark.notebook
def test_from_a_folder_of_downloads_to_a_signed_month(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
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

    given("init", str(place.root))
    monkeypatch.chdir(place.root)
    cells = fill(place.workbook, ROSTER)
    told = given("add", str(downloads.parent), "--downloaded", "2026-11-02")
    assert told.count("放进data/raw/2026-10/tt-01/2026-11-02/") == 2
    given("new-month", MONTH)
    # A first look needs no more: a page, and what waits for what.
    told = given("next", MONTH)
    assert (place.reports(MONTH) / "op-01.html").is_file()
    assert "会待定" in told
    assert (len(commands), cells) == (4, 10)

    cells += set_targets(place.workbook, {"阅读/播放": 1000, "tasks_due": 1})
    cells += fill(place.workbook, ROWS)
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
    assert "都与运行时一样" in given("verify", MONTH)
    assert [row.by for row in inputs.load(place, MONTH).signoffs] == ["示例主管"]
    assert commands == ["init", "add", "new-month", "next", "next", "sign", "verify"]
    assert cells == 43
    # All of it stands in the one workbook.
    assert not [*place.data.glob("raw/*/worklog*"), *place.data.glob("targets.*.xlsx")]
