"""Boundaries that move pay, each held from the side on which nobody stood."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from kpi_lib.appraisal import scoring
from kpi_lib.appraisal.evidence import Reading, excluded, pending
from kpi_lib.appraisal.goals import growth_of
from kpi_lib.appraisal.rules import rule_of
from kpi_lib.days import Calendar
from kpi_lib.inputs.entries import Review
from kpi_lib.inputs.worklog import Worklog
from tests import scored
from tests.scored import MONTH, PLAN, aim, measure


@pytest.mark.parametrize("missing", ["pending", "zero", "exclude"])
def test_what_is_excluded_stays_so_whatever_the_plan_says_of_missing_evidence(
    missing: str,
) -> None:
    own = measure({"kind": "coverage", "horizons": ["short"]}, missing=missing)
    waits = {"pending": "pending", "zero": "zero", "exclude": "excluded"}[missing]

    assert scoring._state(own, excluded("")) == "excluded"
    assert scoring._state(own, pending("")) == waits


@pytest.mark.parametrize(
    ("value", "left"), [(0, "3/5"), (1, "7/10"), (4, "1"), (5, "1")]
)
def test_nothing_at_all_is_the_whole_way_short(value: int, left: str) -> None:
    rule = {"kind": "deduct", "per": "0.02", "step": {"size": "1%", "of": "target"}}
    own = measure({"kind": "challenge"}, rule=rule)
    reading = Reading(value=Fraction(value), target=Fraction(4))

    assert rule_of(own).share(reading) == Fraction(left)


def test_a_target_of_none_at_all_has_no_growth() -> None:
    assert growth_of(Fraction(0), Fraction(5), less=True) is None
    assert growth_of(Fraction(4), Fraction(5), less=True) == Fraction("0.25")


@pytest.mark.parametrize(
    ("platforms", "covered"),
    [(["douyin"], 0), (["douyin", "toutiao"], 1), (["douyin", "toutiao", "weibo"], 1)],
)
def test_a_cell_is_covered_by_rows_of_just_the_own_platforms(
    platforms: list[str], covered: int
) -> None:
    roster = scored.people({"tt": "toutiao", "dy": "douyin"}, required=["views"])
    rows = [
        *scored.values("tt", "toutiao", views=10),
        *scored.values("dy", "douyin", views=10),
    ]
    aims = [aim("views", "20", platform) for platform in platforms]
    own = measure({"kind": "coverage", "horizons": ["short"]})

    assert scoring.read(scored.evidence(PLAN, roster, rows, aims), own).value == covered


def test_a_week_of_leave_owes_no_review() -> None:
    weeks = [week for week in Calendar().weeks(MONTH) if week.due]
    leave = [{"from": weeks[1].working_days[0], "to": weeks[1].working_days[-1]}]
    month = Review(
        operator=scored.ID, kind="month", period=MONTH, delivered=date(2026, 11, 3)
    )
    log = Worklog(month=MONTH, reviews=(month,))
    own = measure({"kind": "reviews"})
    there, away = (
        scoring.read(scored.evidence(PLAN, roster, [], log=log), own)
        for roster in (
            scored.people({"tt": "toutiao"}),
            scored.people({"tt": "toutiao"}, leave=leave),
        )
    )

    assert there.target == len(weeks) + 1
    assert away.target == len(weeks)


@pytest.mark.parametrize(("leave", "target"), [(0, "3100"), (10, "2100")])
def test_the_plans_own_target_is_cut_by_days_of_leave(leave: int, target: str) -> None:
    days = [{"from": "2026-10-01", "to": f"2026-10-{leave:02d}"}] if leave else []
    roster = scored.people({"tt": "toutiao"}, leave=days)
    rows = scored.values("tt", "toutiao", views=2100)
    own = measure({"kind": "metric", "metric": "views", "target": 3100})

    reading = scoring.read(scored.evidence(PLAN, roster, rows), own)
    assert reading.target == Decimal(target)
