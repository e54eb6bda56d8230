"""Edges that move pay: each is held from both sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from kpi_lib.appraisal import goals, scoring
from kpi_lib.appraisal.evidence import Evidence
from kpi_lib.appraisal.sources.targets import in_band
from kpi_lib.days import Calendar
from kpi_lib.inputs import Target
from tests.scored import PLAN, aim, baseline, evidence, measure, people, values

BEFORE = ("2026-07", "2026-08", "2026-09")
ROSTER = people({"tt": "toutiao"}, required=["views"])


def month(
    *targets: Target,
    views: float = 1000,
    past: Sequence[float] = (1000, 1000, 1000),
    **more: object,
) -> Evidence:
    """Make a month of one metric, with the months before it, the earliest first."""
    rows = [
        row
        for at, number in zip(BEFORE[-len(past) :], past, strict=True)
        for row in values("tt", "toutiao", at, views=number)
    ]
    now = values("tt", "toutiao", views=views)
    roster = people({"tt": "toutiao"}, required=["views"], **more)
    return evidence(PLAN, roster, [*rows, *now], targets)


@pytest.mark.parametrize(
    ("set_on", "late"),
    [
        # After the holiday, 8, 9, the Saturday 10, 12 and 13 October are worked.
        pytest.param(date(2026, 10, 13), False, id="on the fifth working day"),
        pytest.param(date(2026, 10, 14), True, id="the day after"),
    ],
)
def test_a_target_set_by_the_deadline_is_in_force(set_on: date, late: bool) -> None:
    given = month(aim("views", "1200", set_on=set_on))
    target, _ = goals.holding(given, "views")

    assert target
    assert goals.in_force(given, target) is not late
    coverage = measure({"kind": "coverage", "horizons": ["short"]})
    assert scoring.read(given, coverage).value == (0 if late else 1)


@pytest.mark.parametrize(
    ("set_on", "value"),
    [
        pytest.param(date(2026, 10, 1), 1100, id="on the first day"),
        pytest.param(date(2026, 10, 2), 1200, id="the day after"),
    ],
)
def test_an_easier_target_counts_until_the_first_day(set_on: date, value: int) -> None:
    easier = aim("views", "1100", set_on=set_on, row=3)
    given = month(aim("views", "1200"), easier)
    target, refused = goals.holding(given, "views")
    drawn = goals.short_targets(given.operator, given.targets)

    assert target
    assert target.value == value
    assert drawn == {("views", "", "2026-10"): value}
    assert len(refused) == (value == 1200)


@pytest.mark.parametrize(
    ("set_on", "there"),
    [
        pytest.param(date(2026, 10, 31), True, id="on the last day"),
        pytest.param(date(2026, 11, 1), False, id="the day after"),
    ],
)
def test_a_target_of_the_month_is_set_by_its_last_day(
    set_on: date, there: bool
) -> None:
    given = month(aim("views", "1200", set_on=set_on))
    target, _ = goals.holding(given, "views")
    drawn = goals.short_targets(given.operator, given.targets)

    assert (target is not None) is there
    assert (("views", "", "2026-10") in drawn) is there


@pytest.mark.parametrize(
    ("growth", "share"),
    [
        pytest.param("0.049", Fraction(0), id="below the floor"),
        pytest.param("0.05", Fraction(1, 3), id="at the floor"),
        # 1/3 + 2/3 × 0.149/0.15
        pytest.param("0.199", Fraction(149, 225) + Fraction(1, 3), id="below full"),
        pytest.param("0.2", Fraction(1), id="full"),
        pytest.param("0.201", Fraction(1), id="above full"),
        pytest.param("0.5", Fraction(1), id="top"),
        pytest.param("0.501", Fraction(1, 2), id="above the top"),
    ],
)
def test_the_band(growth: str, share: Fraction) -> None:
    assert in_band(Fraction(growth), month()) == share


@pytest.mark.parametrize(
    ("target", "counted", "floored"),
    [
        pytest.param("1049", 1050, True, id="below"),
        pytest.param("1050", 1050, False, id="at"),
        pytest.param("1051", 1051, False, id="above"),
    ],
)
def test_the_floor_of_a_target(target: str, counted: int, floored: bool) -> None:
    goal = month(aim("views", target)).goals.goal("views")

    assert goal
    assert (goal.counted, goal.floored) == (counted, floored)


@pytest.mark.parametrize(
    ("views", "attained", "over"),
    [
        pytest.param(1199, "1199/1200", "1199/1200", id="below 100 %"),
        pytest.param(1200, "1", "1", id="100 %"),
        pytest.param(1201, "1", "1201/1200", id="above 100 %"),
        pytest.param(1799, "1", "1799/1200", id="below 150 %"),
        pytest.param(1800, "1", "3/2", id="150 %"),
        pytest.param(1801, "1", "3/2", id="above 150 %"),
    ],
)
def test_the_caps(views: int, attained: str, over: str) -> None:
    given = month(aim("views", "1200"), views=views)
    plain, beyond = (
        scoring.read(given, measure(source)).value
        for source in (
            {"kind": "attainment", "metrics": "required"},
            {"kind": "over_delivery"},
        )
    )

    assert (plain, beyond) == (Fraction(attained), Fraction(over))


@pytest.mark.parametrize(
    ("target", "over"),
    [
        pytest.param("1049", "1", id="below the band"),
        pytest.param("1050", "3/2", id="in it"),
    ],
)
def test_only_a_challenging_target_is_over_delivered(target: str, over: str) -> None:
    given = month(aim("views", target, note="经批准"), views=2000)

    reading = scoring.read(given, measure({"kind": "over_delivery"}))
    assert reading.value == Fraction(over)


@pytest.mark.parametrize(
    ("past", "base"),
    [
        pytest.param([800], None, id="one month"),
        pytest.param([800, 1000], 900, id="two months"),
        pytest.param([800, 1000, 1100], 1000, id="three months"),
        pytest.param([0, 0, 500], None, id="a median of nothing"),
    ],
)
def test_a_baseline_is_of_two_months_at_least(
    past: list[float], base: int | None
) -> None:
    assert baseline(month(past=past), "views") == base


@pytest.mark.parametrize(
    ("away", "compares"),
    [
        pytest.param(4, True, id="a fifth"),
        pytest.param(5, False, id="more"),
    ],
)
def test_a_month_with_more_than_a_fifth_of_leave_is_no_baseline(
    away: int, compares: bool
) -> None:
    days = Calendar().working_days("2026-09")
    closed = Calendar(dict.fromkeys(days[20:], (True, "停工")))
    leave = [{"from": day, "to": day, "kind": "年假"} for day in days[:away]]
    given = replace(month(leave=leave), calendar=closed)

    assert given.presence("2026-09") == (20 - away, 20)
    last = goals.past(given, "views")[0]
    assert (last.month, last.value is not None) == ("2026-09", compares)
    assert last.why == ("" if compares else "请假超过工作日的20%")


def test_the_plan_says_how_many_months_a_baseline_needs() -> None:
    rules = PLAN.evidence.model_copy(
        update={"baseline_months": 2, "least_months": 1, "most_leave": Fraction(1, 4)}
    )
    strict = PLAN.model_copy(update={"evidence": rules})
    given = replace(month(past=[500, 1000, 1200]), plan=strict)

    # August and September alone: 1000 and 1200.
    assert [past.month for past in goals.past(given, "views")] == ["2026-09", "2026-08"]
    assert baseline(given, "views") == 1100
    assert baseline(replace(month(past=[500]), plan=strict), "views") == 500


def test_every_goal_is_worked_out_once() -> None:
    given = month(aim("views", "1200"))

    assert given.goals.of("views")[0] is given.goals.goal("views")
    assert replace(given, targets=()).goals.of("views") == []
