"""What is missing is told with whose it is, and before it costs points."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from kpi_lib import months, run
from kpi_lib.appraisal import Card
from kpi_lib.run import outstanding, runner
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.test_cli import kpi
from tests.tiny_workspace import MONTH


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return tiny_workspace.build(tmp_path / "w")


def told(place: Workspace, day: int, month: int = 10) -> list[str]:
    return [str(one) for one in outstanding.due(place, date(2026, month, day))]


W43 = "2026-10-26前交2026-W43的复盘"


@pytest.mark.parametrize(
    ("day", "due"), [(18, False), (19, True), (26, True), (27, False)]
)
def test_a_review_is_told_a_week_before_its_day(
    place: Workspace, day: int, due: bool
) -> None:
    line = f"示例甲、示例乙：{W43}。写进工作记录的“复盘”表。"

    assert (line in told(place, day)) == due


def test_what_is_delivered_is_not_owed(place: Workspace) -> None:
    log = place.raw(MONTH) / "worklog"
    log.mkdir()
    (log / "复盘.csv").write_text(
        "运营,周/月,周期,交付日,链接\n示例甲,周,2026-W43,2026-10-22,\n", "utf-8"
    )

    assert f"示例乙：{W43}。写进工作记录的“复盘”表。" in told(place, 23)


def test_targets_and_the_closing_download_come_after_the_month(
    place: Workspace,
) -> None:
    line = "示例知乎：2026-11-05前（从2026-11-01起）下载2026-10的导出文件"
    export = next(place.raw(MONTH).glob("zhihu-01/*"))
    assert not any(one.startswith(line) for one in told(place, 31))
    export.rename(export.with_name("2026-10-31"))

    assert any(one.startswith(line) for one in told(place, 31))
    assert any("前定下2026-11的短期目标" in one for one in told(place, 31))
    assert not any("2026-11的短期目标" in one for one in told(place, 7, 11))


def expecting(place: Workspace, platform: str, *layouts: str) -> None:
    text = place.roster.read_text("utf-8").replace("platform: zhihu", platform)
    place.roster.write_text(
        text.replace("[manual]", f"[{', '.join(layouts)}]"), "utf-8"
    )


def downloaded(place: Workspace, day: str) -> None:
    (place.raw(MONTH) / "zhihu-01" / day).mkdir(parents=True)


WEEKLY = "示例知乎：2026-10-25前下载2026-W43的作品列表。下载后用kpi add放进来。"


@pytest.mark.parametrize(
    ("layouts", "day", "due"),
    [
        (["toutiao.works"], "2026-10-18", True),
        (["toutiao.works"], "2026-10-26", True),
        (["toutiao.works"], "2026-10-19", False),
        (["toutiao.works"], "2026-10-25", False),
        # Days tell by themselves; nobody waits for a week's list.
        (["toutiao.works", "toutiao.trend"], "2026-10-18", False),
        # So do days written by hand: the score card has the account whole by them.
        (["toutiao.works", "manual"], "2026-10-18", False),
        (["manual"], "2026-10-18", False),
    ],
)
def test_the_weekly_download_of_an_account_of_counters_is_told(
    place: Workspace, layouts: list[str], day: str, due: bool
) -> None:
    expecting(place, "platform: toutiao", *layouts)
    downloaded(place, day)

    assert (WEEKLY in told(place, 24)) == due


WINDOW = "示例知乎：2026-10-31前下载“近30日数据”，晚了就没有2026-10月初的数"


@pytest.mark.parametrize(
    ("day", "today", "due"),
    [
        ("2026-10-01", 24, True),  # tells of the days before it alone
        ("2026-10-01", 23, False),  # more than a week ahead
        ("2026-10-05", 24, True),  # the closing download reaches back to the 6th
        ("2026-10-06", 24, False),
        ("2026-10-31", 31, False),
    ],
)
def test_a_window_is_told_before_it_closes(
    place: Workspace, day: str, today: int, due: bool
) -> None:
    expecting(place, "platform: xiaohongshu", "xiaohongshu.daily")
    downloaded(place, day)

    assert any(one.startswith(WINDOW) for one in told(place, today)) == due


def test_a_file_that_is_wrong_is_told_and_stops_nothing(place: Workspace) -> None:
    place.table("targets").write_text("operator,metrik\nop-01,x\n", "utf-8")

    assert told(place, 23)[0].startswith("data/targets.csv")


@pytest.mark.notebook
@pytest.mark.usefixtures("in_turn")
def test_next_runs_and_tells_what_waits(
    place: Workspace,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shutil.copytree(
        tiny_workspace.ROOT / "notebooks", place.notebooks, dirs_exist_ok=True
    )
    before = run.check(place, MONTH)
    code, out, _ = kpi(capsys, "next", "--workspace", str(place.root))
    lines = [line for line in out.splitlines() if line.startswith("提醒 示例甲")]
    # Those alike stand in one line.
    measures = sum(len(re.findall(r"（[\d.]+分）", line)) for line in lines)
    page = (place.reports(MONTH) / "missing.html").read_text("utf-8")
    index = (place.reports(MONTH) / "index.html").read_text("utf-8")

    assert code == 0
    until = '2026-10-26</th><td class="full" data-l="谁">'
    until += "<bdi>示例甲</bdi>、<bdi>示例乙</bdi></td>"

    assert measures == page.count('<a href="op-01.html">') > len(lines) > 3
    assert until in page
    assert "件事没有做：见missing.html" in index
    assert runner.status(place, MONTH)[-1].state == "done"
    # What was cleaned stands, and no export is read again to tell the same.
    monkeypatch.delattr(months, "arrive")
    assert run.check(place, MONTH) == before


def test_an_appeal_without_an_answer_and_a_missing_signature_are_told() -> None:
    appeal = {"text": "活动没有算转载", "decision": ""}
    answered = {"text": "复盘晚了一天", "decision": "维持原分"}
    unrated = {"month": MONTH, "manager": "主管", "signed": False, "total": ""}
    unrated["pending"] = False
    signed = unrated | {"name": "甲", "total": "80", "signed": True}
    cards = [
        Card(signed | {"appeals": [appeal, answered]}),
        Card(unrated | {"name": "乙"}),  # there is nothing to sign
        Card(unrated | {"name": "丙", "total": "70"}),
        Card(unrated | {"name": "丁", "total": "70", "pending": True}),  # not yet whole
    ]

    assert [row["what"] for row in outstanding.to_decide(cards)] == [
        "答复甲的申诉：活动没有算转载",
        "给丙的分数签字",
    ]


def test_kpi_alone_is_next_and_outside_a_workspace_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = kpi(capsys)

    assert (code, err.count("\n")) == (1, 1)
    assert "用kpi init DIR新建一个" in err


def test_the_newest_month_is_the_newest_with_exports(
    place: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kpi(capsys, "init", str(place.root / "new"))[0] == 0
    assert kpi(capsys, "check", "--workspace", str(place.root / "new"))[0] == 0
    assert (
        "没有要考核的人"
        in kpi(capsys, "check", "--workspace", str(place.root / "new"))[1]
    )
    (place.raw("2026-11")).mkdir()

    assert outstanding.published("2026-11", str(place.root)) == []
    assert runner.newest(place, "latest") == MONTH
