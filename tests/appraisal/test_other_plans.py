"""Three plans of other teams, without a line of code for them, worked by hand."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from kpi_lib.appraisal.compose import score
from kpi_lib.inputs import load_plan
from kpi_lib.inputs.entries import GivenRating
from kpi_lib.inputs.worklog import Worklog
from tests.recompute import differences
from tests.scored import (
    ID,
    MANAGER,
    MONTH,
    aim,
    evidence,
    people,
    posts,
    read_plan,
    scores,
    values,
)

ROOT = Path(__file__).parents[2]


class TestDeductions:
    PLAN = read_plan("deductions")
    ROSTER = people({"tt": "toutiao", "dy": "douyin"})
    NOW = (
        *values(
            "tt",
            "toutiao",
            followers=10_744,
            followers_opening=10_000,
            followers_gain=744,
            views=90_000,
            read_through=54_500,
            article_views=100_000,
        ),
        *values("dy", "douyin", completed_views=37_000, video_views=100_000),
    )
    TARGETS = (
        aim("followers", "11000"),
        aim("completion_rate", "0.4", row=3),
        aim("views", "100000", row=4),
    )
    # Three posts reach 5,000 views, and one of an account that is half one's own.
    LISTED = posts(
        ("tt", "toutiao", 9, 5_000, 1.0),
        ("tt", "toutiao", 12, 4_999, 1.0),
        ("tt", "toutiao", 13, 8_000, 1.0),
        ("dy", "douyin", 14, 90_000, 1.0),
        ("dy", "douyin", 15, 6_000, 0.5),
        ("dy", "douyin", 16, 60_000, 0.0),
    )

    def test_by_hand(self) -> None:
        card = score(
            evidence(self.PLAN, self.ROSTER, self.NOW, self.TARGETS, listed=self.LISTED)
        )

        assert scores(card) == {
            # Gain 744 of 1,000: 256 short, two whole hundreds: 30 − 2 × 1.
            "growth.followers": "28.00",
            # 37 % of 40 %: short by 7.5 % of the target, seven whole steps of 0.5.
            "quality.completion": "16.50",
            # 54.5 % of 60 %: five whole points, 2 each: nothing is left of 10.
            "quality.reading": "0.00",
            # 3 + 0.5 posts, a point each.
            "output.posts": "3.50",
            # 90 % lies half way from 80 % to 100 %.
            "output.views": "10.00",
        }
        assert (card["total"], card["grade"]) == ("58.00", "不合格")
        assert differences(card) == []

    def test_the_arithmetic_stands_beside_the_points(self) -> None:
        card = score(
            evidence(self.PLAN, self.ROSTER, self.NOW, self.TARGETS, listed=self.LISTED)
        )
        told = card["items"][0]["measures"][0]["rule"]["text"]

        assert told == "30−1×2（744对1000，每差100一档），不低于0=28.00"

    def test_below_the_floor_nothing(self) -> None:
        low = [
            row | ({"value": 79_000.0} if row["metric"] == "views" else {})
            for row in self.NOW
        ]
        card = score(evidence(self.PLAN, self.ROSTER, low, self.TARGETS))

        assert scores(card)["output.views"] == "0.00"

    def test_without_a_list_of_posts_nobody_knows(self) -> None:
        card = score(evidence(self.PLAN, self.ROSTER, self.NOW, self.TARGETS))
        posts_ = card["items"][2]["measures"][0]

        assert (posts_["status"], posts_["score"]) == ("pending", None)
        assert posts_["note"] == "没有作品清单，不知道几篇达标"
        assert card["grade"] == ""


def rating(item: str, **more: object) -> GivenRating:
    known = {
        "operator": ID,
        "item": item,
        "kind": "manager",
        "by": MANAGER,
        "on": date(2026, 11, 3),
        "reason": "见周会记录",
    }
    return GivenRating(**{**known, **more})  # type: ignore[arg-type]


class TestRated:
    PLAN = read_plan("rated")
    ROSTER = people({"tt": "toutiao"})
    # 28 of 31 due days are 90.3 %: the second tier.
    NOW = tuple(values("tt", "toutiao", account_days=28))
    RATINGS = (
        rating("quality.content", word="优秀"),
        rating("quality.teamwork", word="良好"),
        rating("discipline.response", points=Decimal("15.5")),
    )

    def card(self, *ratings: GivenRating) -> dict[str, object]:
        log = Worklog(month=MONTH, ratings=ratings)
        return score(evidence(self.PLAN, self.ROSTER, self.NOW, log=log))

    def test_by_hand(self) -> None:
        card = self.card(*self.RATINGS)

        assert scores(card) == {
            "quality.content": "40.00",  # 优秀: all of 40
            "quality.teamwork": "17.00",  # 良好: 85 % of 20
            "discipline.response": "15.50",
            "discipline.on_record": "10.00",  # over 80 %, under 95 %: half of 20
        }
        assert (card["total"], card["grade"]) == ("82.50", "合格")
        assert card["rests_on"]["rated"] == "72.50"
        assert differences(card) == []

    def test_a_veto_caps_the_total_and_the_sum_stays_visible(self) -> None:
        veto = rating("总分", kind="veto", reason="数据造假")
        card = self.card(*self.RATINGS, veto)

        assert (card["sum"], card["total"], card["grade"]) == (
            "82.50",
            "59.00",
            "不合格",
        )
        assert card["veto"]["reason"] == "数据造假"
        assert any("一票否决：数据造假" in flag for flag in card["flags"])
        assert differences(card) == []

    @pytest.mark.parametrize(
        "missing",
        [
            pytest.param({"by": "示例运营甲"}, id="by oneself"),
            pytest.param({"on": None}, id="no day"),
            pytest.param({"reason": ""}, id="no reason"),
        ],
    )
    def test_an_incomplete_veto_does_not_count_and_is_told(
        self, missing: dict[str, object]
    ) -> None:
        veto = rating("总分", kind="veto").model_copy(update=missing)
        card = self.card(*self.RATINGS, veto)

        assert card["total"] == "82.50"
        assert any("否决没有计入" in flag for flag in card["flags"])

    def test_unrated_is_pending_not_zero(self) -> None:
        card = self.card(*self.RATINGS[:2])

        assert (card["rated"], card["possible"]) == ("80", "100")
        assert (card["total"], card["grade"]) == ("67.00", "")

    def test_a_self_rating_is_shown_and_never_counted(self) -> None:
        own = rating(
            "discipline.response", kind="self", points=Decimal(20), by="示例运营甲"
        )
        card = self.card(*self.RATINGS[:2], own)

        assert scores(card)["discipline.response"] is None
        assert [(r["kind"], r["counted"]) for r in card["ratings"]] == [
            ("manager", True),
            ("manager", True),
            ("self", False),
        ]

    def test_the_last_rating_holds(self) -> None:
        later = rating("quality.content", word="合格", on=date(2026, 11, 5))
        card = self.card(later, *self.RATINGS)

        assert scores(card)["quality.content"] == "24.00"  # 60 % of 40


class TestVideo:
    PLAN = read_plan("video")
    ROSTER = people(
        {"dy": "douyin", "bili": "bilibili"},
        required=["followers", "completion_rate"],
    )
    NOW = (
        *values(
            "dy",
            "douyin",
            views=450_000,
            completed_views=30_000,
            video_views=100_000,
            unfollows=250,
            followers=51_200,
            followers_opening=50_000,
            followers_gain=1_200,
        ),
        *values(
            "bili",
            "bilibili",
            views=60_000,
            completed_views=20_000,
            video_views=50_000,
        ),
    )
    TARGETS = (
        aim("views", "500000", "douyin"),
        aim("views", "70000", "bilibili", row=3),
        aim("completion_rate", "0.4", "douyin", row=4),
        aim("completion_rate", "0.5", "bilibili", row=5),
        aim("followers", "51500", row=6),
    )
    LISTED = posts(
        ("dy", "douyin", 9, 250_000, 1.0),
        ("dy", "douyin", 20, 100_000, 1.0),
        ("bili", "bilibili", 21, 300_000, 1.0),
    )

    def test_by_hand(self) -> None:
        card = score(
            evidence(self.PLAN, self.ROSTER, self.NOW, self.TARGETS, listed=self.LISTED)
        )

        assert scores(card) == {
            "douyin.views": "27.00",  # 450,000 of 500,000: 90 % of 30
            "bilibili.views": "12.00",  # over 50,000, under 80,000: 60 % of 20
            # Completion 0.75 on 抖音 and 0.8 on B站: 0.775, weighing 2; followers
            # gained 1,200 of 1,500: 0.8. (2 × 0.775 + 0.8) ÷ 3 of 40.
            "audience.attained": "31.33",
            # Fewer is better: 200 allowed, 250 lost: 0.8 of 10.
            "audience.lost": "8.00",
            # Two posts on 抖音, 3 points each, 9 at most.
            "douyin.hits": "6.00",
        }
        assert card["sum"] == "78.33"
        # The plan adds at most 5.
        assert (card["bonus"]["score"], card["total"]) == ("5.00", "83.33")
        assert (card["possible"], card["grade"]) == ("100", "B")
        assert differences(card) == []

    def test_a_pending_bonus_keeps_the_score_provisional(self) -> None:
        card = score(evidence(self.PLAN, self.ROSTER, self.NOW, self.TARGETS))

        assert (card["total"], card["grade"], card["pending"]) == ("78.33", "", True)
        assert card["rated"] == "100"

    def test_one_metric_on_two_platforms_is_not_one_result(self) -> None:
        card = score(
            evidence(self.PLAN, self.ROSTER, self.NOW, self.TARGETS, listed=self.LISTED)
        )

        assert card["same_results"] == []


class TestFirstMonth:
    """What a new workspace may use for its first two months."""

    SHIPPED = ROOT / "kpi_lib" / "inputs" / "empty" / "first-month.yml"

    def test_it_is_the_plan_but_for_what_is_not_yet_appraised(self) -> None:
        usual = (ROOT / "data" / "plan.yml").read_text("utf-8").splitlines()
        first = self.SHIPPED.read_text("utf-8").splitlines()
        other = [line for line in first if line not in usual and line[:1] != "#"]

        assert set(map(str.strip, other)) == {
            'version: "first"',
            "not_yet: {zh: 从第三个月起, en: from the third month on}",
        }
        assert [line for line in usual if line not in first and line[:1] != "#"] == [
            'version: "1"'
        ]

    def test_the_rest_says_from_when_on(self) -> None:
        by = load_plan(self.SHIPPED, "first-month.yml")
        roster = people({"tt": "toutiao"}, required=["views"])
        rows = values("tt", "toutiao", views=1000)
        card = score(evidence(by, roster, rows, [aim("views", "1000")]))
        later = "从第三个月起考核"
        not_yet = {key for key, own in card.measures.items() if own["note"] == later}

        assert set(card.measures) - not_yet == {
            "target_setting.attainment",
            "weekly_tasks.on_time",
            "weekly_tasks.accepted",
            "content.published",
            "content.distributed",
            "content.reviews",
        }
        assert all(card.measures[key]["status"] == "excluded" for key in not_yet)
        # 15 of its item's only measure; of over-delivery nothing is left.
        assert card.measures["target_setting.attainment"]["score"] == "15.00"
        assert card["possible"] == "55"
