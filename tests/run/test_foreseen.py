"""What a run leaves pending or out is named before it, and nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kpi_lib import appraisal, inputs, months, run
from kpi_lib.__main__ import main
from kpi_lib.run import outstanding
from kpi_lib.workbook.workbook import Workbook
from kpi_lib.workspace import Workspace
from tests import tiny_workspace

MONTH = "2026-10"
LEVELS = {"pending": "warning", "excluded": "note", "zero": "warning"}

Told = set[tuple[str, str, str, str]]


def told_of(place: Workspace) -> Told:
    """Return level, operator, measure and sentence of what check foresees."""
    return {
        (one.level, one.where, one.place, one.what)
        for one in run.check(place, MONTH)
        if "·" in one.place
    }


def at_stake(measure: Mapping[str, Any]) -> str:
    """Return a measure's points with what it has of those that are out."""
    out = measure["status"] == "excluded"
    return str(measure["points" if out else "possible"])


def left_by_a_run(cards: Mapping[str, Mapping[str, Any]]) -> Told:
    """Return the same of the cards that a run makes."""
    words = {"pending": "会待定", "excluded": "会不计", "zero": "按考核计划会计0分"}
    return {
        (
            LEVELS[measure["status"]],
            f"{card['name']}（{id}）",
            f"{item['name']}·{measure['name']}（{at_stake(measure)}分）",
            words[measure["status"]]
            + (f"：{measure['note']}" if measure["note"] else ""),
        )
        for id, card in cards.items()
        for item in card["items"]
        for measure in item["measures"]
        if measure["status"] in LEVELS
    }


def scored(place: Workspace) -> dict[str, Mapping[str, Any]]:
    """Clean the month for real and score everybody."""
    given = inputs.for_month(place, MONTH)
    months.save(place, months.tidy(months.arrive(place, MONTH, given)))
    opened = appraisal.Month.open(place, MONTH)
    return {person.id: opened.score(person.id) for person in opened.appraised}


def test_of_the_sample_all_that_waits_or_is_left_out_is_named(m: Workbook) -> None:
    cards = {person.id: m.score(person.id) for person in m.appraised}
    right = left_by_a_run(cards)

    assert {level for level, *_ in right} == {"warning", "note"}
    assert told_of(m.workspace) == right


def test_of_a_tiny_workspace_too_with_nothing_written(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path)
    before = sorted(place.root.rglob("*"))
    told = told_of(place)

    assert sorted(place.root.rglob("*")) == before
    assert len(told) > 20
    assert told == left_by_a_run(scored(place))


def test_a_month_with_points_that_wait_is_never_called_good(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tiny_workspace.build(tmp_path)
    with pytest.raises(SystemExit) as ended:
        main(["check", MONTH, "--workspace", str(place.root)])
    out = capsys.readouterr().out

    assert ended.value.code == 0
    assert "没有发现问题" not in out
    assert "提醒 示例甲（op-01）、示例乙（op-02），" in out
    assert "分）：会待定：" in out


def test_a_wrong_plan_is_told_and_nothing_is_foreseen(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path)
    place.plan.write_text("id: tiny\nverison: 2\n", "utf-8")

    assert told_of(place) == set()
    assert any(one.level == "error" for one in run.check(place, MONTH))


def test_what_a_plan_counts_as_nothing_is_told() -> None:
    measure = {"status": "zero", "name": "任务", "note": "没有任务记录"}
    card = {"operator": "op-01", "name": "示例甲"}
    found = outstanding.told(card, "执行力", measure, "6")

    assert (found.level, found.place) == ("warning", "执行力·任务（6分）")
    assert found.what == "按考核计划会计0分：没有任务记录"


def test_what_costs_points_in_silence_is_told(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    text = place.roster.read_text("utf-8")
    place.roster.write_text(text.replace("    expects: [manual]\n", ""), "utf-8")
    (place.raw(MONTH) / "工作记录-示例甲.xlsx").write_bytes(b"")
    (place.data / "targets (1).csv").write_bytes(b"")
    plan = place.plan.read_text("utf-8")
    assert plan.count("weight: 30%") == plan.count("weight: 20%") == 1
    swapped = plan.replace("weight: 30%", "weight: 25%")
    place.plan.write_text(swapped.replace("weight: 20%", "weight: 25%"), "utf-8")

    told = {str(one) for one in run.check(place, MONTH) if one.level == "warning"}

    assert {
        "花名册（data/填写.xlsx或data/roster.yml），账号zhihu-01：没有写应到导出（expects），"
        "不知道该有哪些，它的指标都不考。",
        "data/raw/2026-10/工作记录-示例甲.xlsx：不属于花名册里的任何账号，没有读；"
        "应为以账号id命名的文件夹。工作记录要叫worklog.xlsx或worklog-姓名.xlsx，请改名。",
    } <= told
    (stray,) = (one for one in told if "targets (1).csv" in one)
    assert stray.startswith("data/targets (1).csv：不认识的文件，没有读；应为plan.yml")
    weights = {one.split("分值是")[1] for one in told if "的权重是25%" in one}
    assert {what[:3] for what in weights} == {"20分", "30分"}
