"""What if: two cards side by side, and nothing written."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from kpi_lib.errors import InvalidInput
from kpi_lib.run import record
from kpi_lib.workbook.cards import changed_plan
from kpi_lib.workbook.workbook import Workbook


def test_a_higher_target_costs_points_and_touches_nothing(m: Workbook) -> None:
    before = record.inputs(m.workspace)
    found = m.what_if("op-01", targets={"views": 2_000_000})

    assert found.change < 0
    assert found.before["total"] == m.score("op-01")["total"]
    assert record.inputs(m.workspace) == before
    assert found.change == Decimal(found.after["total"]) - Decimal(
        found.before["total"]
    )


def test_the_same_target_changes_nothing(m: Workbook) -> None:
    same = m.targets.query(
        "operator == 'op-01' and metric == 'views' and period == '2026-10'"
    )["value"].iloc[-1]
    found = m.what_if("示例运营甲", targets={"views": float(same)})

    assert found.change == 0
    assert (found.frame["change"].fillna(0) == 0).all()
    assert "得分没有变化" in found._repr_html_()


def test_points_move_from_one_measure_to_another(m: Workbook) -> None:
    points = {"content.published": {"points": 10}, "content.reviews": {"points": 3}}
    frame = m.what_if("op-01", plan=points).frame.set_index("key")

    assert frame.loc["content.published", "possible_after"] == 10
    assert frame.loc["content.reviews", "possible_after"] == 3
    assert frame.loc["total", "possible_after"] == 100


def test_a_rule_of_another_kind_replaces_the_old(m: Workbook) -> None:
    rule = {"kind": "tiers", "tiers": [{"at_least": "2", "share": "1"}]}
    plan = changed_plan(m.inputs.plan, {"content.published": {"rule": rule}})
    found = m.what_if("op-01", plan={"content.published": {"rule": rule}})

    assert dict(plan.measures())["content.published"].rule.kind == "tiers"
    assert found.frame.set_index("key").loc["content.published", "score_after"] == 0


def test_an_unchanged_copy_is_the_same_plan(m: Workbook) -> None:
    assert changed_plan(m.inputs.plan, {}) == m.inputs.plan
    changed = changed_plan(m.inputs.plan, {"weights": {"views": 3}})
    assert changed.weights["views"] == Fraction(3)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param(
            {"content.published": {"points": 9}}, "101分，应为100分", id="sum"
        ),
        pytest.param({"content.published": {"pints": 8}}, "不认识的键", id="typo"),
        pytest.param({"band": {"floor": "30%"}}, "floor＜full≤top", id="band"),
        pytest.param({"grades": []}, "grades", id="empty"),
    ],
)
def test_a_plan_that_does_not_hold_is_refused(
    m: Workbook, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        m.what_if("op-01", plan=changes)


def test_what_is_not_there_is_refused_with_what_is(m: Workbook) -> None:
    with pytest.raises(InvalidInput, match=r"没有gmv的短期目标；应为.*views"):
        m.what_if("op-01", targets={"gmv": 1})
    with pytest.raises(InvalidInput, match="views的目标是“一万”；应为数字"):
        m.what_if("op-01", targets={"views": "一万"})
    with pytest.raises(InvalidInput, match=r"没有content\.x；应为content\.published"):
        m.what_if("op-01", plan={"content.x": {"points": 1}})
    with pytest.raises(InvalidInput, match="不是一张表"):
        m.what_if("op-01", plan={"content.published": 5})


def test_the_file_of_another_plan_is_one_more_what_if(
    m: Workbook, tmp_path: Path
) -> None:
    text = m.workspace.plan.read_text("utf-8")
    other = tmp_path / "draft.yml"
    # Over-delivery is paid from 95 % on.
    other.write_text(
        text.replace("from: 100%, to: 120%", "from: 95%, to: 120%"), "utf-8"
    )
    pair = m.what_if("op-01", plan=other)
    frame = m.rescore(other)

    assert [line.key for line in pair.moved] == ["over_delivery.over_delivery"]
    assert pair.change > 0
    assert frame["operator"].unique().tolist() == m.operators["operator"].tolist()
    own = frame[frame["operator"] == "op-01"].drop(columns="operator")
    pd.testing.assert_frame_equal(own.reset_index(drop=True), pair.frame)
