"""A team begins with its downloads: people, accounts and a first page from files."""

from __future__ import annotations

import os
import shutil
import sys
import zipfile
from datetime import date, datetime
from io import StringIO
from pathlib import Path

import pytest

from kpi_lib.appraisal import Card
from kpi_lib.errors import InvalidInput
from kpi_lib.run import adding, beginning
from tests import tiny_workspace
from tests.test_cli import kpi

EXPORTS = tiny_workspace.ROOT / "tests/data/exports"


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """Two people's downloads, in folders as people name them."""
    folder = tmp_path / "下载"
    for source, target in {
        "toutiao/works.xlsx": "10月/示例甲/头条号/作品.xlsx",
        "toutiao/trend.xlsx": "10月/示例甲/趋势.xlsx",
        "douyin/works.xlsx": "10月/示例乙/示例抖音一/作品.xlsx",
        "douyin/works_edition_b.xlsx": "10月/示例乙/示例抖音二/2026-11-02/作品.xlsx",
    }.items():
        (folder / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXPORTS / source, folder / target)
    return folder


def shown(rows: dict[str, list[dict[str, object]]]) -> tuple[list[object], list[str]]:
    people = [row["name"] for row in rows["人员"]]
    fields = ("operator", "id", "platform", "name", "expects")
    return people, [" ".join(str(row[at]) for at in fields) for row in rows["账号"]]


def test_a_folder_tells_people_accounts_and_what_to_expect(downloads: Path) -> None:
    people, accounts = shown(beginning.proposed(downloads))

    assert people == ["示例乙", "示例甲"]
    assert accounts == [
        "示例乙 douyin-01 抖音 示例抖音一 作品列表",
        "示例乙 douyin-02 抖音 示例抖音二 作品列表",
        "示例甲 toutiao-01 头条号 示例甲的头条号 作品列表、数据趋势",
    ]


def test_a_zip_tells_the_same(downloads: Path, tmp_path: Path) -> None:
    path = tmp_path / "10月.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(downloads.rglob("*.xlsx")):
            packed.write(file, file.relative_to(downloads))

    assert beginning.proposed(path) == beginning.proposed(downloads)


def test_files_of_nobody_are_of_one_who_is_still_to_be_named(tmp_path: Path) -> None:
    shutil.copy(EXPORTS / "toutiao/trend.xlsx", tmp_path / "趋势.xlsx")
    (tmp_path / "说明.txt").write_text("不是导出文件", "utf-8")
    people, accounts = shown(beginning.proposed(tmp_path))

    assert people == ["<姓名>"]
    assert accounts == ["<姓名> toutiao-01 头条号 <姓名>的头条号 数据趋势"]


def test_nothing_begins_with_a_folder_without_exports(tmp_path: Path) -> None:
    (tmp_path / "说明.txt").write_text("不是导出文件", "utf-8")

    with pytest.raises(InvalidInput, match="里面没有认得的导出文件"):
        beginning.proposed(tmp_path)


def test_the_name_of_a_folder_tells_the_day(downloads: Path, tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    file = downloads / "10月/示例乙/示例抖音二/2026-11-02/作品.xlsx"
    text = place.roster.read_text("utf-8").replace(
        "platform: zhihu", "platform: douyin"
    )
    place.roster.write_text(text.replace("[manual]", "[douyin.works]"), "utf-8")
    (added,) = adding.add(place, [file], "zhihu-01")

    assert added.day == "2026-11-02下载（看文件夹名）"


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answer", "day", "times"),
    [
        ("是\n", "2026-11-03", 1),
        ("2026-11-2\n", "2026-11-02", 1),
        ("昨天\n2026-11-02\n", "2026-11-02", 2),
        ("不\n", "", 1),
        ("", "", 1),
    ],
)
def test_a_day_that_nothing_tells_is_asked_for_once(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    day: str,
    times: int,
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    files = [tmp_path / "一.csv", tmp_path / "二.csv"]
    for likes, file in enumerate(files):
        head = "日期,账号,指标,数值,备注\n"
        file.write_text(f"{head}2026-10-30,zhihu-01,点赞,{likes},\n", "utf-8")
        saved = datetime(2026, 11, 3, 12).timestamp()
        os.utime(file, (saved, saved))
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    where = ("--workspace", str(place.root))
    done, out, _ = kpi(capsys, "add", *map(str, files), *where)

    assert done == (not day)
    assert out.count("看不出一.csv是哪天下载的，它在2026-11-03保存") == times
    asked = place.raw("2026-10") / "zhihu-01" / (day or "nowhere")
    placed = [path.name for path in asked.glob("?.csv")]
    assert sorted(placed) == (["一.csv", "二.csv"] if day else [])


@pytest.mark.parametrize(
    ("kind", "value", "begun"),
    [
        ("account_days", "0", False),
        ("account_days", "31", False),
        ("coverage", "0", False),
        ("coverage", "1", True),
        ("reviews", "0", True),
    ],
)
def test_a_score_begins_with_a_target_or_a_row(
    kind: str, value: str, begun: bool
) -> None:
    measure = {"source": {"kind": kind}, "value": value, "score": "1"}
    rows = [{"measures": [measure, {"source": {"kind": "tasks"}, "score": None}]}]

    assert Card({"possible": "10", "items": rows}).begun == begun
    assert Card({"possible": "0", "items": rows}).begun
    assert Card({"possible": "10", "items": rows, "appeals": [{}]}).begun


def test_all_begins_with_the_year_of_the_newest_row(downloads: Path) -> None:
    rows = beginning.proposed(downloads)

    assert {row["from"] for row in (*rows["人员"], *rows["账号"])} == {date(2026, 1, 1)}
