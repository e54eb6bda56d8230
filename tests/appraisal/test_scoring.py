"""A month worked out by hand: each expected number stands in the test's own words."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_lib.appraisal import scoring
from kpi_lib.appraisal.compose import score
from kpi_lib.appraisal.evidence import Evidence, History, Reading, half_up
from kpi_lib.appraisal.rules import rule_of
from kpi_lib.appraisal.sources.targets import in_band
from kpi_lib.days import Calendar
from kpi_lib.inputs import plan
from kpi_lib.inputs.entries import (
    Campaign,
    Community,
    Content,
    Feedback,
    GivenRating,
    Interaction,
    NoneHere,
    Review,
    Suggestion,
    Task,
)
from kpi_lib.inputs.roster import Account, Operator, Roster
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from tests.scored import PLAN, baseline, values, with_ratios, with_rows

MONTH = "2026-10"
BEFORE = ("2026-07", "2026-08", "2026-09")


def operator(**more: object) -> Operator:
    return Operator.model_validate(
        {
            "id": "op-01",
            "name": "示例运营甲",
            "manager": "示例主管",
            "from": "2025-01-01",
            "required": ["followers", "views", "likes"],
        }
        | more
    )


def roster(**more: object) -> Roster:
    account = {
        "id": "tt-main",
        "platform": "toutiao",
        "name": "示例头条",
        "from": "2025-01-01",
        "expects": ["toutiao.trend"],
        "owners": [{"operator": "op-01", "from": "2025-01-01"}],
    }
    second = {"id": "zh", "platform": "zhihu", "name": "示例知乎", "expects": []}
    both = (Account.model_validate(each) for each in (account, {**account, **second}))
    return Roster(operators=(operator(**more),), accounts=tuple(both))


month_rows = partial(values, "tt-main", "toutiao")
"""One account's month: every metric on all of its days."""


def target(metric: str, value: str, **more: object) -> Target:
    known: dict[str, object] = {
        "operator": "op-01",
        "metric": metric,
        "platform": "",
        "horizon": "short",
        "period": MONTH,
        "value": Decimal(value),
        "set_on": date(2026, 9, 28),
        "approved_by": "示例主管",
        "row": 2,
        "sha256": f"{metric}-{value}",
    }
    return Target(**{**known, **more})  # type: ignore[arg-type]


# Three months before: views 1000, 1200, 1100 → baseline 1100; likes 100 each;
# followers gained 200, 300, 400 → median gain 300; opening 10,000.
PAST = [
    row
    for month, views, gain in zip(
        BEFORE, (1000, 1200, 1100), (200, 300, 400), strict=True
    )
    for row in month_rows(month, views=views, likes=100, followers_gain=gain)
]
NOW = month_rows(
    MONTH,
    views=1265,
    likes=100,
    followers=10_330,
    followers_gain=330,
    followers_opening=10_000,
)
TARGETS = (
    target("views", "1265"),  # +15 % over 1100
    target("likes", "125", row=3),  # +25 %
    target("followers", "10330", row=4),  # a gain of 330, +10 % over 300
)


def evidence(
    targets: tuple[Target, ...] = TARGETS,
    now: list[dict[str, object]] = NOW,
    log: Worklog | None = None,
    **more: object,
) -> Evidence:
    people = roster(**more)
    return Evidence(
        month=MONTH,
        plan=PLAN,
        history=History(with_ratios([*PAST, *now]), people, people.operators[0]),
        calendar=Calendar(),
        targets=targets,
        worklogs={MONTH: log or Worklog(month=MONTH)},
    )


def measure(name: str) -> plan.Measure:
    item, _, wanted = name.partition(".")
    return next(
        one
        for found in PLAN.items()
        if found.id == item
        for one in found.measures
        if one.id == wanted
    )


def points(name: str, given: Evidence) -> Decimal:
    found = measure(name)
    reading = scoring.read(given, found)

    assert reading.state == "given", reading.note

    return half_up(rule_of(found).share(reading) * found.points)


class TestAttainment:
    def test_mean_is_weighted_and_capped(self) -> None:
        # views 1265/1265 = 1 (weight 2), likes 100/125 = 0.8, followers 330/330 = 1:
        # (2×1 + 0.8 + 1) ÷ 4 = 0.95; of 5 points 4.75.
        assert points("target_setting.attainment", evidence()) == Decimal("4.75")

    def test_followers_count_as_gain_not_as_level(self) -> None:
        # A level of 10,165 against 10,330 looks like 98 %; it is 165 of 330.
        now = [
            {**row, "value": 165, "low": 165, "high": 165}
            if row["metric"] == "followers_gain"
            else row
            for row in NOW
        ]

        # (2×1 + 0.8 + 0.5) ÷ 4 = 0.825 → 4.125, half up 4.13
        assert points("target_setting.attainment", evidence(now=now)) == Decimal("4.13")

    def test_a_sandbagged_target_counts_at_the_floor(self) -> None:
        # Likes: baseline 100, a target of 50 counts as 105; 100/105 = 0.952381.
        low = (*TARGETS[:1], target("likes", "50", row=3), *TARGETS[2:])

        # (2 + 0.952381 + 1) ÷ 4 = 0.988095 → 4.94
        assert points("target_setting.attainment", evidence(low)) == Decimal("4.94")

    def test_a_reason_excuses_a_low_target(self) -> None:
        low = (*TARGETS[:1], target("likes", "50", note="暂停投放"), *TARGETS[2:])

        assert points("target_setting.attainment", evidence(low)) == Decimal("5.00")

    def test_a_late_and_easier_target_does_not_count(self) -> None:
        late = target("likes", "110", row=9, set_on=date(2026, 10, 20))
        reading = scoring.read(
            evidence((*TARGETS, late)), measure("target_setting.attainment")
        )

        assert reading.value == Fraction(95, 100)
        assert "点赞在2026-10-20改低到110" in "；".join(reading.flags)

    def test_a_dropped_target_leaves_the_measure_pending(self) -> None:
        reading = scoring.read(
            evidence(TARGETS[:2]), measure("target_setting.attainment")
        )

        assert reading.state == "pending"
        assert reading.note == "粉丝数没有短期目标"

    def test_an_unapproved_target_leaves_the_measure_pending(self) -> None:
        targets = (*TARGETS[:2], target("followers", "10330", approved_by=""))
        reading = scoring.read(evidence(targets), measure("target_setting.attainment"))

        assert reading.state == "pending"
        assert reading.note == "粉丝数的短期目标没有批准"

    def test_under_four_fifths_of_the_days_is_pending(self) -> None:
        now = [
            {**row, "days_present": 24.0} if row["metric"] == "views" else row
            for row in NOW
        ]
        reading = scoring.read(evidence(now=now), measure("target_setting.attainment"))

        assert reading.state == "pending"
        assert reading.note == "tt-main的阅读/播放只有24天，应有31天"

    def test_leave_scales_flows(self) -> None:
        # 2026-10 has 18 working days; leave on 9 of them leaves one half.
        leave = [{"from": "2026-10-19", "to": "2026-10-29", "kind": "年假"}]
        given = evidence(leave=leave)
        here, days = given.presence()

        assert (here, days) == (9, 18)
        # views 1265/632.5 → 1, likes 100/62.5 → 1, gain 330/165 → 1
        assert points("target_setting.attainment", given) == Decimal("5.00")


class TestChallenge:
    def test_band(self) -> None:
        # views +15 % → 1/3 + 2/3 × 10/15 = 7/9; likes +25 % → 1;
        # followers +10 % → 1/3 + 2/3 × 5/15 = 5/9.
        # (2×7/9 + 1 + 5/9) ÷ 4 = 28/36 → 3.888… → 3.89
        assert points("target_setting.challenge", evidence()) == Decimal("3.89")

    @pytest.mark.parametrize(
        ("growth", "share"),
        [
            pytest.param("0.049", Fraction(0), id="below the floor"),
            pytest.param("0.05", Fraction(1, 3), id="at the floor"),
            pytest.param("0.2", Fraction(1), id="full"),
            pytest.param("0.5", Fraction(1), id="top"),
            pytest.param("0.501", Fraction(1, 2), id="above"),
        ],
    )
    def test_edges(self, growth: str, share: Fraction) -> None:
        assert in_band(Fraction(growth), evidence()) == share

    def test_other_accounts_make_no_baseline(self) -> None:
        past = [{**row, "share": 0.5} for row in PAST]
        given = with_rows(evidence(), with_ratios([*past, *NOW]))

        assert baseline(given, "views") is None
        reading = scoring.read(given, measure("target_setting.challenge"))
        assert reading.state == "excluded"


class TestOverDelivery:
    def test_linear_from_100_to_120(self) -> None:
        # views 1518/1265 = 1.2, likes 150/125 = 1.2, gain 396/330 = 1.2 → all 6 points
        now = month_rows(
            MONTH,
            views=1518,
            likes=150,
            followers=10_396,
            followers_gain=396,
            followers_opening=10_000,
        )

        assert points("over_delivery.over_delivery", evidence(now=now)) == Decimal(6)

    def test_a_target_below_the_band_never_over_delivers(self) -> None:
        low = tuple(
            row.model_copy(update={"value": row.value / 2}) for row in TARGETS[:2]
        )
        now = month_rows(
            MONTH,
            views=5000,
            likes=500,
            followers=10_330,
            followers_gain=330,
            followers_opening=10_000,
        )

        # All three enter as 100 %: no point.
        given = evidence((*low, TARGETS[2]), now=now)
        assert points("over_delivery.over_delivery", given) == Decimal(0)


class TestConflict:
    def test_pending_when_the_points_differ(self) -> None:
        now = [
            {**row, "low": 1000, "high": 1265} if row["metric"] == "views" else row
            for row in NOW
        ]
        item = next(at for at in PLAN.items() if at.id == "target_setting")
        outcomes = scoring.score_item(evidence(now=now), item)
        outcome = next(at for at in outcomes if at.measure.id == "attainment")

        assert outcome.status == "pending"
        # low: (2×1000/1265 + 1.8) ÷ 4 × 5 = 4.2263…
        assert outcome.between == (Decimal("4.23"), Decimal("4.75"))
        assert "选定后计入，得分在4.23与4.75之间" in outcome.reading.note

    def test_scored_when_either_value_gives_the_same(self) -> None:
        now = [
            {**row, "low": 1300, "high": 1400} if row["metric"] == "views" else row
            for row in NOW
        ]

        assert points("target_setting.attainment", evidence(now=now)) == Decimal("4.75")


def task(on: int | None, **more: object) -> Task:
    done = date(2026, 10, on) if on else None
    known = {
        "operator": "op-01",
        "id": "T",
        "name": "选题",
        "planned": date(2026, 10, 15),
        "done": done,
        "accepted": done is not None,
        "rework": False,
        "confirmed_by": "示例主管",
        "sheet": "任务",
        "row": 2,
    }
    return Task(**{**known, **more})  # type: ignore[arg-type]


class TestWorklog:
    def test_tasks(self) -> None:
        tasks = (
            task(15),  # in time, accepted
            task(16),  # late, accepted
            task(14, rework=True),  # in time, reworked
            task(13, confirmed_by="示例运营甲"),  # in time, confirmed by oneself
            task(None),  # not done
        )
        due = target("tasks_due", "6")
        given = evidence((*TARGETS, due), log=Worklog(month=MONTH, tasks=tasks))

        # 2 in time and confirmed by another, of 6 due → 2.00 of 6
        assert points("weekly_tasks.on_time", given) == Decimal("2.00")
        # 2 of 4 done were accepted and confirmed by another → 2.00 of 4
        assert points("weekly_tasks.accepted", given) == Decimal("2.00")

    def test_an_empty_sheet_is_missing_not_zero(self) -> None:
        reading = scoring.read(evidence(), measure("over_delivery.suggestions"))

        assert reading.state == "pending"
        assert "“建议”表没有记录" in reading.note

    def test_a_signed_none_counts_as_zero(self) -> None:
        none = NoneHere(
            operator="op-01", sheet="建议", by="示例主管", on=date(2026, 11, 2)
        )
        log = Worklog(month=MONTH, confirmations=(none,))

        assert points("over_delivery.suggestions", evidence(log=log)) == Decimal(0)

    def test_suggestions_adopted(self) -> None:
        def said(by: str) -> Suggestion:
            return Suggestion(
                operator="op-01",
                text="换封面",
                date=date(2026, 10, 9),
                adopted=True,
                confirmed_by=by,
            )

        log = Worklog(month=MONTH, suggestions=(said("示例主管"), said("")))

        assert points("over_delivery.suggestions", evidence(log=log)) == Decimal(2)

    def test_contents(self) -> None:
        def content(day: int, *reached: str) -> Content:
            return Content(
                operator="op-01",
                id="C",
                title="清单",
                form="图文",
                planned=date(2026, 10, day),
                planned_platforms=("toutiao", "zhihu"),
                published_platforms=reached,
            )

        contents = (content(9, "toutiao", "zhihu"), content(12, "toutiao"), content(13))
        given = evidence(
            (*TARGETS, target("contents_due", "4")),
            log=Worklog(month=MONTH, contents=contents),
        )

        # 2 of 4 due → 4.00 of 8; of 2 published 1 reached all → 3.00 of 6
        assert points("content.published", given) == Decimal("4.00")
        assert points("content.distributed", given) == Decimal("3.00")

    def test_reviews(self) -> None:
        # Weeks of 2026-10: W41 to W44 (5 Oct to 31 Oct); W40's last working day is
        # 30 September. Four weeks and the month are due.
        weeks = Calendar().weeks(MONTH)
        due = [w for w in weeks if w.due]
        proof = {"link": "复盘.pptx", "confirmed_by": "示例主管"}
        rows = tuple(
            Review(
                operator="op-01", kind="week", period=w.name, delivered=w.due, **proof
            )
            for w in due[:-1]
        )
        late = rows[0].model_copy(
            update={"period": due[-1].name, "delivered": date(2026, 11, 9)}
        )
        month = rows[0].model_copy(
            update={"kind": "month", "period": MONTH, "delivered": date(2026, 11, 3)}
        )
        log = Worklog(month=MONTH, reviews=(*rows, late, month))
        expected = half_up(Fraction(5 * len(due), len(due) + 1))

        assert points("content.reviews", evidence(log=log)) == expected

    def test_campaigns(self) -> None:
        campaign = Campaign(
            operator="op-01",
            id="A",
            name="秋日",
            start=date(2026, 10, 1),
            end=date(2026, 10, 7),
            budget=Decimal(1000),
            spend=Decimal(1080),
            exposure_target=Decimal(100),
            exposure=Decimal(120),
            new_target=Decimal(50),
            new=Decimal(25),
            confirmed_by="示例主管",
        )
        given = evidence(
            (*TARGETS, target("campaigns_due", "1")),
            log=Worklog(month=MONTH, campaigns=(campaign,)),
        )

        assert points("campaigns.held", given) == Decimal(2)
        # min(1.2, 1) and 0.5 → 0.75 of 5
        assert points("campaigns.results", given) == Decimal("3.75")
        # 108 % of the budget: half of 3
        assert points("campaigns.budget", given) == Decimal("1.50")

    def test_no_campaign_required_takes_its_points_out(self) -> None:
        given = evidence((*TARGETS, target("campaigns_due", "0")))
        card = score(given)
        item = next(one for one in card["items"] if one["id"] == "campaigns")

        assert item["possible"] == "0"
        assert card["possible"] == "90"

    def test_comments_answered(self) -> None:
        seen = Interaction(
            operator="op-01",
            date=date(2026, 10, 9),
            platform="toutiao",
            received=80,
            answered=60,
        )
        now = [*NOW, *month_rows(MONTH, comments=100)]
        given = evidence(now=now, log=Worklog(month=MONTH, interactions=(seen,)))

        # 60 of the larger of 80 and 100 = 60 %; (60−50)/(100−50) of 4 = 0.80
        assert points("user_ops.answered", given) == Decimal("0.80")

    def test_communities(self) -> None:
        found = Community(
            operator="op-01",
            name="一群",
            founded=date(2026, 10, 9),
            members=100,
            speakers=10,
        )
        old = Community(operator="op-01", name="二群", members=100, speakers=9)
        given = evidence(
            (*TARGETS, target("communities_due", "2")),
            log=Worklog(month=MONTH, communities=(found, old)),
        )

        # half of 1/2 founded, half of 1/2 active → 0.5 of 2
        assert points("user_ops.communities", given) == Decimal("1.00")

    def test_feedback(self) -> None:
        said = Feedback(
            operator="op-01",
            kind="feedback",
            date=date(2026, 10, 9),
            text="夜间模式",
            to="产品部",
            confirmed_by="示例主管",
        )
        log = Worklog(month=MONTH, feedback=(said,))

        assert points("user_ops.feedback", evidence(log=log)) == Decimal("1.00")


class TestCard:
    def test_sums_are_sums_of_what_is_printed(self) -> None:
        card = score(evidence())
        measures = [one for item in card["items"] for one in item["measures"]]
        rated = [one for one in measures if one["score"] is not None]

        assert Decimal(card["total"]) == sum(Decimal(one["score"]) for one in rated)
        assert Decimal(card["rated"]) == sum(Decimal(one["possible"]) for one in rated)
        assert card["grade"] == ""
        assert "待定" in card["flags"][0]

    def test_a_managers_rating_settles_a_pending_measure(self) -> None:
        rating = GivenRating(
            operator="op-01",
            item="over_delivery.suggestions",
            kind="manager",
            points=Decimal(3),
            by="示例主管",
            on=date(2026, 11, 2),
            reason="口头提出，已采纳",
        )
        card = score(evidence(log=Worklog(month=MONTH, ratings=(rating,))))
        found = next(
            one
            for item in card["items"]
            for one in item["measures"]
            if one["id"] == "suggestions"
        )

        assert (found["status"], found["score"]) == ("rated_by_manager", "3.00")
        assert found["rating"]["reason"] == "口头提出，已采纳"

    @pytest.mark.parametrize(
        "missing",
        [
            pytest.param({"by": ""}, id="nobody"),
            pytest.param({"by": "示例运营甲"}, id="oneself"),
            pytest.param({"on": None}, id="no day"),
            pytest.param({"reason": ""}, id="no reason"),
        ],
    )
    def test_an_incomplete_rating_counts_for_nothing(
        self, missing: dict[str, object]
    ) -> None:
        rating = GivenRating(
            operator="op-01",
            item="suggestions",
            kind="manager",
            points=Decimal(3),
            by="示例主管",
            on=date(2026, 11, 2),
            reason="有",
        ).model_copy(update=missing)
        card = score(evidence(log=Worklog(month=MONTH, ratings=(rating,))))
        statuses = {
            one["id"]: one["status"]
            for item in card["items"]
            for one in item["measures"]
        }

        assert statuses["suggestions"] == "pending"


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "value", "target", "share"),
        [
            pytest.param({"kind": "ratio"}, 3, 4, Fraction(3, 4), id="ratio"),
            pytest.param({"kind": "ratio"}, 5, 4, Fraction(1), id="ratio capped"),
            pytest.param({"kind": "ratio"}, -1, 4, Fraction(0), id="ratio below zero"),
            pytest.param(
                {"kind": "linear", "from": "50%", "to": "100%"},
                Fraction(3, 4),
                1,
                Fraction(1, 2),
                id="linear",
            ),
            pytest.param(
                {"kind": "linear", "from": 10, "to": 0},
                4,
                1,
                Fraction(3, 5),
                id="linear, less is better",
            ),
            pytest.param(
                {"kind": "tiers", "tiers": [{"at_most": "110%", "share": "1/2"}]},
                Fraction(11, 10),
                1,
                Fraction(1, 2),
                id="tier",
            ),
            pytest.param(
                {"kind": "tiers", "tiers": [{"at_most": "110%", "share": "1/2"}]},
                Fraction(12, 10),
                1,
                Fraction(0),
                id="no tier",
            ),
            pytest.param(
                {
                    "kind": "deduct",
                    "per": "0.5",
                    "step": {"size": "1%", "of": "target"},
                },
                970,
                1000,
                Fraction(7, 10),
                id="0.5 off for each 1 %",
            ),
            pytest.param(
                {"kind": "deduct", "per": 1, "step": {"size": 100, "of": "unit"}},
                799,
                1000,
                Fraction(3, 5),
                id="1 off for each whole 100 people",
            ),
            pytest.param(
                {"kind": "count", "each": 1}, 3, 1, Fraction(3, 5), id="a point each"
            ),
            pytest.param(
                {"kind": "count", "each": 1}, 9, 1, Fraction(1), id="up to the points"
            ),
        ],
    )
    def test_rule(
        self, rule: dict[str, object], value: int, target: int, share: Fraction
    ) -> None:
        made = plan.Measure.model_validate(
            {
                "id": "m",
                "name": {"zh": "指标"},
                "source": {"kind": "challenge"},
                "rule": rule,
                "points": 5,
            }
        )
        reading = Reading(value=Fraction(value), target=Fraction(target))

        assert rule_of(made).share(reading) == share


class TestSpread:
    def test_the_rest_goes_to_the_largest(self) -> None:
        # 10 points over 3 and 3 and 3 of 9: 3.33 each, 0.01 to the first.
        got = scoring.spread(
            [Fraction(1), Fraction(3), Fraction(3), Fraction(3)], [True] + [False] * 3
        )

        assert got == [Decimal(n) for n in ("0.00", "3.34", "3.33", "3.33")]

    @given(
        st.lists(st.tuples(st.integers(1, 40), st.booleans()), min_size=1, max_size=6)
    )
    def test_nothing_is_lost(self, parts: list[tuple[int, bool]]) -> None:
        whole = [Fraction(points) for points, _ in parts]
        out = [gone for _, gone in parts]
        got = scoring.spread(whole, out)

        expected = Decimal(0) if all(out) else Decimal(int(sum(whole)))
        assert sum(got) == expected
        assert all(number == 0 for number, gone in zip(got, out, strict=True) if gone)


@given(st.fractions(min_value=-1000, max_value=1000))
def test_half_up_is_within_half_a_cent(number: Fraction) -> None:
    rounded = Fraction(half_up(number))

    assert abs(rounded - number) <= Fraction(1, 200)
    assert (rounded * 100).denominator == 1


def test_half_up_rounds_halves_away_from_zero() -> None:
    assert half_up(Fraction("4.125")) == Decimal("4.13")
    assert half_up(Fraction("-4.125")) == Decimal("-4.13")


def test_a_plan_may_ask_that_another_confirms_tasks_in_time() -> None:
    asked = measure("weekly_tasks.on_time").model_copy(update={"confirm": "required"})
    tasks = (task(15), task(14, confirmed_by="示例运营甲"))
    log = Worklog(month=MONTH, tasks=tasks)
    given_ = evidence((*TARGETS, target("tasks_due", "2")), log=log)
    reading = scoring.read(given_, asked)

    # Both in time; what the operator confirmed stays below the line only.
    assert (reading.value, reading.target) == (1, 2)
    assert reading.note == "1行没有他人确认，不计"
