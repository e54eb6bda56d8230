"""The sheet of points: what is typed there holds, sums are checked, the page tells."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

from kpi_lib import inputs
from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import everything
from kpi_lib.workspace import Workspace

MONTH = "2026-10"
COLUMNS = ("计划分值", "计划权重", "分值", "权重")


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    inputs.init(tmp_path / "team")
    return Workspace(tmp_path / "team")


def typed(place: Workspace, cells: dict[str, tuple[str, object]]) -> None:
    """Type into the rows of measures: 分值 or 权重, and what."""
    book = openpyxl.load_workbook(place.workbook)
    sheet = book["考核表"]
    header = [cell.value for cell in sheet[1]]
    for row in range(2, sheet.max_row + 1):
        measure = sheet.cell(row, header.index("量化指标") + 1).value
        if measure in cells:
            column, value = cells[measure]
            sheet.cell(row, header.index(column) + 1, value)
    book.save(place.workbook)


def test_a_new_workbook_has_the_plan_in_its_own_layout(place: Workspace) -> None:
    sheet = openpyxl.load_workbook(place.workbook)["考核表"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]

    assert rows[0] == [
        "计划",
        "项目",
        "量化指标",
        "计划分值",
        "计划权重",
        "分值",
        "权重",
    ]
    assert rows[1][:5] == ["plan.yml", "制定目标", "目标覆盖", "5", "15%"]
    assert sum(float(row[3]) for row in rows[1:]) == 100
    assert {row[5] for row in rows[1:]} == {row[6] for row in rows[1:]} == {None}


def test_nothing_typed_changes_nothing(place: Workspace) -> None:
    plan = everything.load(place, MONTH).plans["data/plan.yml"]

    assert plan == inputs.load_plan(place.plan)
    assert plan.digest("0" * 64) == "0" * 64


def test_points_and_weights_that_are_typed_hold(place: Workspace) -> None:
    typed(
        place,
        {
            "发布完成": ("分值", 13),
            "目标覆盖": ("分值", "0.5"),
            "目标有挑战": ("分值", 4.5),
        },
    )
    before = inputs.load_plan(place.plan)
    plan = everything.load(place, MONTH).plans["data/plan.yml"]
    points = {key: measure.points for key, measure in plan.measures()}

    assert points["content.published"] == 13
    assert {item.id: item.points for item in plan.items()} == {
        item.id: item.points + {"content": 5, "target_setting": -5}.get(item.id, 0)
        for item in before.items()
    }
    # A measure by its name is the new one, and the plan is another to the record.
    assert plan.called["发布完成"][1].points == 13
    assert plan.digest("0" * 64) != before.digest("0" * 64)
    assert plan.version == before.version
    (doubt,) = [what for what in plan.doubts() if "内容运营" in what]
    assert "30%" in doubt
    assert "35分" in doubt


def test_a_weight_stands_for_the_item(place: Workspace) -> None:
    typed(place, {"目标覆盖": ("权重", 0.1), "发布完成": ("权重", "35%")})
    plan = everything.load(place, MONTH).plans["data/plan.yml"]
    weights = {item.id: item.weight for item in plan.items()}

    assert (weights["target_setting"], weights["content"]) == ("10%", "35%")


def test_sums_that_are_wrong_are_told_with_the_sheet(place: Workspace) -> None:
    typed(place, {"发布完成": ("分值", 13)})

    with pytest.raises(InvalidInput) as refusal:
        everything.load(place, MONTH)

    assert str(refusal.value) == (
        "data/填写.xlsx，考核表第9行：各项分值合计105分，应为100分，请改正各项的points。"
    )


def test_an_unknown_measure_or_plan_is_told_with_its_cell(place: Workspace) -> None:
    book = openpyxl.load_workbook(place.workbook)
    book["考核表"].append(["plan.yml", None, "发布完", None, None, 5, None])
    book["考核表"].append(["plan.yaml", None, "发布完成", None, None, 5, None])
    book["考核表"].append(["plan.yml", None, "旧指标", None, None, None, None])
    book.save(place.workbook)

    with pytest.raises(InvalidInput) as refusal:
        everything.load(place, MONTH)
    first, second = str(refusal.value).splitlines()

    assert first.startswith("data/填写.xlsx，考核表!C")
    assert "计划里没有量化指标“发布完”" in first
    assert second.startswith("data/填写.xlsx，考核表!A")
    assert "没有计划“plan.yaml”；应为plan.yml" in second


def test_points_typed_over_those_of_the_plan_are_told(place: Workspace) -> None:
    typed(place, {"发布完成": ("计划分值", 12)})
    everything.load(place, MONTH)
    told = [str(at) for at in everything.load(place, MONTH).mistakes]
    plan = everything.load(place, MONTH).plans["data/plan.yml"]

    assert dict(plan.measures())["content.published"].points == 8
    assert told == [
        "data/填写.xlsx，考核表!D9：计划里是8分，这一格改了不算。要改的填在“分值”那一格。"
    ]


def test_a_measure_by_its_name_and_by_its_key_is_one(place: Workspace) -> None:
    typed(place, {"发布完成": ("分值", 8)})
    book = openpyxl.load_workbook(place.workbook)
    book["考核表"].append(["plan.yml", None, "content.published", None, None, 9, None])
    book.save(place.workbook)

    with pytest.raises(InvalidInput, match="同一项写了两次。请删去其中一行"):
        everything.load(place, MONTH)
