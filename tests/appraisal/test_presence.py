"""Target and result cover the same own days: leave, part months, a month away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.appraisal.compose import score
from kpi_lib.appraisal.evidence import Covered, Evidence
from kpi_lib.days import days_of
from kpi_lib.exports import DailyRow
from kpi_lib.inputs.roster import Account, Operator, Roster
from kpi_lib.months import add_up
from kpi_lib.months.arrivals import Arrived
from kpi_lib.months.clean import Cleaned
from tests import scored
from tests.given import Given
from tests.scored import MONTH, PLAN, aim

DAYS = days_of(MONTH)
DAILY = {"follows": 10.0, "unfollows": 4.0, "views": 1000.0}
"""What the account gets on each day; its level rises by 6 from 10,000."""


def team(**person: Any) -> Roster:
    fields = {"name": "示例", "manager": scored.MANAGER, "from": "2025-01-01"}
    operators = [
        Operator.model_validate({"id": scored.ID, **fields, **person}),
        Operator.model_validate({"id": "op-09", **fields}),
    ]
    account = Account.model_validate(
        {
            "id": "tt-main",
            "platform": "toutiao",
            "name": "示例头条",
            "from": "2025-01-01",
            "expects": ["toutiao.trend"],
            "owners": [
                {"operator": scored.ID, "from": "2025-01-01", "to": person.get("to")}
            ],
        }
    )
    return Roster(operators=tuple(operators), accounts=(account,))


def added_up(roster: Roster) -> pd.DataFrame:
    """Add up an even month of every account."""

    def row(account: str, day: date, metric: str, value: float) -> DailyRow:
        basis = "level" if metric == "followers" else "daily"
        place = ("data/raw/a.xlsx", "Sheet1", 0, day.day + 2)
        return DailyRow(account, day, metric, "", value, basis, False, *place)

    ids = [account.id for account in roster.accounts]
    level = {day: 10_000.0 + 6 * day.day for day in DAYS}
    daily = [row(i, d, name, v) for i in ids for d in DAYS for name, v in DAILY.items()]
    daily += [row(i, day, "followers", level[day]) for i in ids for day in DAYS]
    before = [row(i, date(2026, 9, 30), "followers", 10_000.0) for i in ids]
    return add_up.add_up(
        Arrived(
            month=MONTH,
            given=Given(roster=roster),
            first_days=dict.fromkeys(ids, DAYS[0]),
        ),
        Cleaned(daily=tuple(daily)),
        Cleaned(daily=tuple(before)),
    )


def month_of(roster: Roster, **targets: str) -> Evidence:
    """Return the even month of the account's owner."""
    monthly = added_up(roster)
    rows = monthly[monthly["operator"] == scored.ID].to_dict("records")
    aims = [aim(metric, value) for metric, value in targets.items()]
    return scored.evidence(PLAN, roster, rows, aims)


def covers(
    first: int, last: int, own: dict[str, str], away: dict[str, str]
) -> Evidence:
    """Return the even month of op-09, who covers the owner on some days."""
    leave = [
        {
            "from": f"2026-10-{first:02d}",
            "to": f"2026-10-{last:02d}",
            "cover": "op-09",
        }
    ]
    roster = team(leave=leave)
    account = roster.accounts[0].model_dump(by_alias=True) | {
        "id": "tt-own",
        "owners": [{"operator": "op-09", "from": "2025-01-01"}],
    }
    accounts = (*roster.accounts, Account.model_validate(account))
    roster = Roster(operators=roster.operators, accounts=accounts)
    monthly = added_up(roster)

    def of(name: str) -> list[dict[str, Any]]:
        return monthly[monthly["operator"] == name].to_dict("records")

    on_leave = scored.evidence(
        PLAN,
        roster,
        of(scored.ID),
        [aim(metric, value) for metric, value in away.items()],
    )
    turned = Roster(operators=roster.operators[::-1], accounts=accounts)
    brought = scored.evidence(PLAN, roster, of(f"op-09 for {scored.ID}")).history
    evidence = scored.evidence(
        PLAN, turned, of("op-09"), [aim(metric, value) for metric, value in own.items()]
    )
    return replace(evidence, covered=(Covered(on_leave, last - first + 1, brought),))


AIMS = {"views": "31000", "followers": "10186", "unfollows": "124"}
"""What the account does get in a whole month: every attainment is 100 %."""


@pytest.mark.parametrize(
    "person",
    [
        pytest.param({}, id="the whole month"),
        pytest.param({"to": "2026-10-15"}, id="left on the 15th"),
        pytest.param(
            {"leave": [{"from": "2026-10-12", "to": "2026-10-25", "cover": "op-09"}]},
            id="two weeks of leave with a cover",
        ),
        pytest.param(
            {"leave": [{"from": "2026-10-12", "to": "2026-10-25"}]},
            id="two weeks of leave without one",
        ),
        pytest.param(
            {"leave": [{"from": "2026-10-01", "to": "2026-10-30"}]},
            id="all but the last day",
        ),
    ],
)
@pytest.mark.parametrize("metric", AIMS)
def test_an_even_month_attains_as_much_on_any_part_of_it(
    metric: str, person: dict[str, Any]
) -> None:
    (goal,) = month_of(team(**person), **AIMS).goals.of(metric)
    assert goal.attained == 1


def test_a_level_that_was_taken_over_is_cut_once() -> None:
    # Employed, and the owner, from the 16th: the level begins at 10,090, and what is
    # left of the way to 10,186 is the plan of the second half.
    roster = team(**{"from": "2026-10-16"})
    account = roster.accounts[0].model_dump(by_alias=True)
    account["owners"] = [{"operator": scored.ID, "from": "2026-10-16"}]
    account["from"] = date(2026, 10, 16)
    taken = Roster(
        operators=roster.operators, accounts=(Account.model_validate(account),)
    )
    (goal,) = month_of(taken, **AIMS).goals.of("followers")

    assert (goal.opening, goal.value) == (10_090, 96)
    assert goal.wanted == 96


@settings(max_examples=30)
@given(first=st.integers(1, 31), length=st.integers(0, 29))
def test_target_and_result_share_their_days(first: int, length: int) -> None:
    last = min(31, first + length)
    leave = [{"from": f"2026-10-{first:02d}", "to": f"2026-10-{last:02d}"}]
    here = 31 - (last - first + 1)
    evidence = month_of(team(leave=leave), **AIMS)
    (goal,) = evidence.goals.of("views")

    assert goal.counted == 1000 * here
    assert (goal.value or 0) == 1000 * here
    assert evidence.charge("views") == Fraction(here, 31)


def test_nobody_is_appraised_for_a_month_away() -> None:
    leave = [{"from": "2026-10-01", "to": "2026-10-31", "kind": "产假"}]
    card = score(month_of(team(leave=leave), **AIMS))
    measures = [measure for item in card["items"] for measure in item["measures"]]

    assert {measure["status"] for measure in measures} == {"excluded"}
    assert (float(card["possible"]), card["total"], card["grade"]) == (0, None, "")
    assert list(map(str, card["flags"])) == ["本月没有在岗的工作日，不考核"]


def test_one_working_day_is_enough_to_be_appraised() -> None:
    leave = [{"from": "2026-10-01", "to": "2026-10-29"}]
    card = score(month_of(team(leave=leave), **AIMS))

    assert card["possible"] != "0.00"
    assert "本月31天在岗2天" in str(card["flags"])


@settings(max_examples=30)
@given(
    first=st.integers(1, 31), length=st.integers(0, 30), metric=st.sampled_from([*AIMS])
)
def test_days_of_leave_count_once_with_target_and_result(
    first: int, length: int, metric: str
) -> None:
    last = min(31, first + length)
    cover = covers(first, last, AIMS, AIMS)
    (goal,) = cover.goals.of(metric)
    away = cover.covered[0].away
    (own,) = away.goals.of(metric)

    assert goal.attained == 1
    # Both together have both accounts' whole month, as target and as result.
    alone = replace(cover, covered=()).goals.of(metric)[0]
    assert own.wanted + goal.wanted == 2 * alone.wanted
    assert (own.value or 0) + (goal.value or 0) == 2 * (alone.value or 0)


def test_a_cover_takes_neither_target_nor_result_without_the_other() -> None:
    without = {"views": "31000"}
    evidence = covers(5, 9, AIMS, without)
    (views,), (lost,) = (evidence.goals.of(name) for name in ("views", "unfollows"))

    assert (views.counted, views.value) == (36_000, 36_000)
    assert (lost.counted, lost.value) == (124, 124)
    said = [str(flag) for flag in score(evidence)["flags"]]
    assert any(
        "值班5天" in flag and "阅读/播放目标加5,000、结果加5,000" in flag
        for flag in said
    )


def test_a_month_covered_whole_is_no_part_of_the_month_away() -> None:
    evidence = covers(1, 31, AIMS, AIMS)
    (goal,) = evidence.goals.of("views")

    assert (goal.counted, goal.value) == (62_000, 62_000)
    assert score(evidence.covered[0].away)["total"] is None
