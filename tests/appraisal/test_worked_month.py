"""A whole month by the default plan, every number worked out by hand beside it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import cache

import pytest

from kpi_lib.appraisal import Card
from kpi_lib.appraisal.compose import score
from kpi_lib.inputs import plan
from kpi_lib.inputs.entries import (
    Adjustment,
    Campaign,
    Content,
    Feedback,
    Interaction,
    NoneHere,
    Review,
    Suggestion,
    Task,
)
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from tests.recompute import differences
from tests.scored import ID, MANAGER, MONTH, PLAN, aim, evidence, people, scores, values

ROSTER = people(
    {"gzh": "gongzhonghao", "app": "product", "zh": "zhihu"},
    required=[
        "followers", "dau", "mau", "views", "comments", "likes", "orders", "revenue",
        "read_completion",
    ],
)  # fmt: skip

# The three months before were alike but for the followers gained: 900, 1,000, 1,100.
PAST = [
    row
    for month, gain in (("2026-07", 900), ("2026-08", 1000), ("2026-09", 1100))
    for row in (
        *values(
            "gzh",
            "gongzhonghao",
            month,
            followers_gain=gain,
            views=100_000,
            comments=400,
            likes=2_000,
            orders=50,
            revenue=8_000,
            read_through=50_000,
            article_views=100_000,
        ),
        *values("app", "product", month, dau=5_000, mau=20_000),
    )
]
NOW = [
    *values(
        "gzh",
        "gongzhonghao",
        followers=51_210,
        followers_opening=50_000,
        followers_gain=1_210,
        views=138_000,
        comments=384,
        likes=2_205,
        orders=88,
        revenue=8_280,
        read_through=49_500,
        article_views=100_000,
        account_days=27.9,
    ),
    *values("app", "product", dau=5_500, mau=22_000, account_days=31),
]
#              target  over the baseline      result
SHORT = {
    "followers": "51100",  # gain 1,100: +10 %      1,210: 110 %
    "dau": "5500",  #                   +10 %       5,500: 100 %
    "mau": "24000",  #                  +20 %      22,000: 91.67 %
    "stickiness": "0.2625",  #           +5 %        0.25: 95.24 %
    "views": "115000",  #               +15 %     138,000: 120 %, weighing 2
    "comments": "480",  #               +20 %         384: 80 %
    "likes": "2060",  # +3 %: below the floor, counts as 2,100; 2,205: 105 %
    "orders": "80",  #                  +60 %          88: 110 %
    "revenue": "9200",  #               +15 %       8,280: 90 %
    "read_completion": "0.55",  #       +10 %       0.495: 90 %
}


def further(horizon: str, period: str, *metrics: str) -> list[Target]:
    return [
        aim(metric, "1000000", horizon=horizon, period=period) for metric in metrics
    ]


TARGETS = [
    *(aim(metric, value) for metric, value in SHORT.items()),
    *further("mid", "2026-Q4", *list(SHORT)[:9]),
    *further("long", "2026", *list(SHORT)[:8]),
    *further("ultimate", "", "followers"),
    aim("tasks_due", "5"),
    aim("contents_due", "12"),
    aim("campaigns_due", "2"),
    aim("communities_due", "0"),
]


def day(number: int, month: int = 10) -> date:
    return date(2026, month, number)


def task(done: int | None, *, rework: bool = False) -> Task:
    return Task(
        operator=ID,
        id=f"T{done}",
        name="选题",
        planned=day(16),
        done=day(done) if done else None,
        accepted=done is not None,
        rework=rework,
        confirmed_by=MANAGER,
    )


def content(number: int) -> Content:
    """Twelve planned; ten published; one of them on one platform of two."""
    reached = ("gongzhonghao", "zhihu")[: 1 if number == 0 else 2]
    return Content(
        operator=ID,
        id=f"C{number}",
        title=f"清单{number}",
        form="图文",
        planned=day(12 + number),
        planned_platforms=("gongzhonghao", "zhihu"),
        published_platforms=reached if number < 10 else (),
    )


def review(kind: str, period: str, on: date) -> Review:
    more = {"link": "复盘.pptx", "confirmed_by": MANAGER}
    return Review(operator=ID, kind=kind, period=period, delivered=on, **more)  # type: ignore[arg-type]


LOG = Worklog(
    month=MONTH,
    # Four of five due tasks were done, three in time, one sent back.
    tasks=(task(15), task(16), task(14, rework=True), task(19)),
    suggestions=(
        Suggestion(
            operator=ID, text="封面", date=day(9), adopted=True, confirmed_by=MANAGER
        ),
        Suggestion(operator=ID, text="栏目", date=day(12), adopted=False),
    ),
    contents=tuple(content(number) for number in range(12)),
    # W40 ends its work on 30 September; four weeks are October's, W43 came late.
    reviews=(
        review("week", "2026-W41", day(10)),
        review("week", "2026-W42", day(16)),
        review("week", "2026-W43", day(27)),
        review("week", "2026-W44", day(30)),
        review("month", MONTH, day(3, 11)),
    ),
    campaigns=(
        Campaign(
            operator=ID,
            id="A",
            name="秋日征文",
            start=day(12),
            end=day(18),
            budget=Decimal(2000),
            spend=Decimal(2100),
            exposure_target=Decimal(100_000),
            exposure=Decimal(80_000),
            new_target=Decimal(250),
            new=Decimal(300),
            confirmed_by=MANAGER,
        ),
    ),
    adjustments=(
        Adjustment(
            operator=ID, date=day(9), basis="完读低", text="缩短", confirmed_by=MANAGER
        ),
        Adjustment(operator=ID, date=day(20), basis="收藏高", text="加清单"),
    ),
    interactions=(
        Interaction(
            operator=ID,
            date=day(9),
            platform="gongzhonghao",
            received=350,
            answered=300,
        ),
    ),
    feedback=(
        Feedback(
            operator=ID,
            kind="feedback",
            date=day(9),
            text="想要夜间模式",
            to="产品部",
            confirmed_by=MANAGER,
        ),
        Feedback(
            operator=ID,
            kind="portrait",
            date=day(22),
            link="画像.pdf",
            confirmed_by=MANAGER,
        ),
    ),
    confirmations=(NoneHere(operator=ID, sheet="社群", by=MANAGER, on=day(2, 11)),),
)


@cache
def worked() -> Card:
    """Score it once."""
    return score(evidence(PLAN, ROSTER, [*PAST, *NOW], TARGETS, log=LOG))


POINTS = {
    # 10 short, 9 mid, 8 long, 1 ultimate: 28 of 40 cells of 5 points.
    "target_setting.coverage": "3.50",
    # +10 %: 1/3 + 2/3 × 5/15 = 5/9 (followers, DAU, completion); +15 %: 7/9 (views
    # twice, revenue); +20 %: 1 (MAU, comments); +5 %: 1/3; +3 %: 0; +60 %: 1/2.
    # (3 × 5/9 + 3 × 7/9 + 2 + 1/3 + 1/2) ÷ 11 = 0.6212
    "target_setting.challenge": "3.11",
    # (1 + 1 + 0.9167 + 0.9524 + 2 × 1 + 0.8 + 1 + 1 + 0.9 + 0.9) ÷ 11 = 0.9517
    "target_setting.attainment": "4.76",
    # (1.1 + 1 + 0.9167 + 0.9524 + 2 × 1.2 + 0.8 + 1 + 1.1 + 0.9 + 0.9) ÷ 11 =
    # 1.00628; likes lie below the band: at most 1. 0.00628 ÷ 0.2 of 6.
    "over_delivery.over_delivery": "0.19",
    "over_delivery.suggestions": "2.00",  # one adopted, two points each
    "weekly_tasks.on_time": "3.60",  # 3 of 5 due
    "weekly_tasks.accepted": "3.00",  # 3 of 4 done
    "content.published": "6.67",  # 10 of 12 due, of 8
    "content.distributed": "5.40",  # 9 of 10 published, of 6
    "content.engagement": "7.60",  # (2 × 1 + 0.8 + 1) ÷ 4 = 0.95 of 8
    "content.completion": "2.70",  # 0.9 of 3
    "content.reviews": "4.00",  # 3 weeks and the month of 5 due
    "campaigns.held": "1.00",  # 1 of 2 due
    "campaigns.results": "4.50",  # (0.8 + 1) ÷ 2 of 5
    "campaigns.budget": "1.50",  # 105 %: half of 3
    "data_analysis.on_record": "5.70",  # 58.9 of 62 account-days, of 6
    "data_analysis.adjustments": "1.50",  # one confirmed of 2 due, of 3
    "data_analysis.conversion": "5.80",  # (1 + 1 + 0.9) ÷ 3 of 6
    # No communities, none due: their 2 points go to the other 8 in proportion.
    "user_ops.answered": "2.81",  # 300 of 384: (0.78125 − 0.5) ÷ 0.5 of 5
    "user_ops.feedback": "2.50",  # 2 of 2 due, of 2.5
    "user_ops.communities": None,
    "user_ops.stickiness": "2.38",  # 0.95238 of 2.5
}


def test_every_point() -> None:
    assert scores(worked()) == POINTS


@pytest.mark.parametrize(
    ("item", "score"),
    [
        ("target_setting", "11.37"),
        ("over_delivery", "2.19"),
        ("weekly_tasks", "6.60"),
        ("content", "26.37"),
        ("campaigns", "7.00"),
        ("data_analysis", "13.00"),
        ("user_ops", "7.69"),
    ],
)
def test_every_item(item: str, score: str) -> None:
    assert {one["id"]: one["score"] for one in worked()["items"]}[item] == score


def test_the_whole() -> None:
    card = worked()

    assert (card["total"], card["rated"], card["possible"]) == ("74.22", "100", "100")
    assert (card["grade"], card["final"]) == ("合格", False)
    assert card["groups"][0]["score"] == "20.16"
    assert differences(card) == []


def test_what_the_points_rest_on() -> None:
    # Exports: attainment and its kin and the days on record. Approved: targets.
    # Confirmed: what another confirmed. Unconfirmed: what only the operator wrote.
    assert worked()["rests_on"] == {
        "exports": "29.13",  # 4.76 + 0.19 + 7.60 + 2.70 + 5.70 + 5.80 + 2.38
        "manual": "0.00",
        "approved": "6.61",  # 3.50 + 3.11
        # 2.00 + 3.60 + 3.00 + 4.00 + 1.00 + 4.50 + 1.50 + 1.50 + 2.50
        "confirmed": "23.60",
        # 6.67 + 5.40 + 2.81
        "unconfirmed": "14.88",
        "rated": "0.00",
    }


def test_which_measures_count_the_same_result() -> None:
    same = {one["metric"]: one["measures"] for one in worked()["same_results"]}

    assert same["views"] == [
        "target_setting.attainment",
        "over_delivery.over_delivery",
        "content.engagement",
    ]
    assert same["stickiness"][-1] == "user_ops.stickiness"


@pytest.mark.parametrize(
    ("missing", "status", "rated", "possible", "points"),
    [
        pytest.param("pending", "pending", "94", "100", None, id="pending"),
        pytest.param("zero", "zero", "100", "100", "0.00", id="zero"),
        pytest.param("exclude", "excluded", "100", "100", None, id="exclude"),
    ],
)
def test_the_three_policies_for_missing_evidence(
    missing: str, status: str, rated: str, possible: str, points: str | None
) -> None:
    changed = PLAN.model_dump(by_alias=True)
    for group in changed["groups"]:
        for item in group["items"]:
            for one in item["measures"]:
                if item["id"] == "weekly_tasks" and one["id"] == "on_time":
                    one["missing"] = missing
    by = plan.Plan.model_validate(changed)
    # Without a due number for tasks the six points of on_time have no evidence.
    without = [row for row in TARGETS if row.metric != "tasks_due"]
    card = score(evidence(by, ROSTER, [*PAST, *NOW], without, log=LOG))
    item = next(one for one in card["items"] if one["id"] == "weekly_tasks")

    assert (item["measures"][0]["status"], item["measures"][0]["score"]) == (
        status,
        points,
    )
    assert (card["rated"], card["possible"]) == (rated, possible)
    # Excluded, the other measure carries all ten points: 3 of 4 tasks.
    assert item["measures"][1]["score"] == ("7.50" if missing == "exclude" else "3.00")


def test_the_order_of_rows_changes_nothing() -> None:
    turned = evidence(
        PLAN, ROSTER, [*reversed(NOW), *reversed(PAST)], TARGETS[::-1], log=LOG
    )
    card = score(turned)

    assert scores(card) == POINTS
    assert card["score_sha256"] == worked()["score_sha256"]
