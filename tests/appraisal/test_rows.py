"""Which rows of the work log count, and what is said of those that do not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest

from kpi_lib.appraisal import scoring
from kpi_lib.appraisal.evidence import Evidence, Reading
from kpi_lib.inputs import plan
from kpi_lib.inputs.entries import (
    Campaign,
    Community,
    Content,
    Feedback,
    NoneHere,
    Review,
    Task,
)
from kpi_lib.inputs.worklog import Worklog
from tests import scored
from tests.scored import ID, MANAGER, MONTH, PLAN, aim, measure

HELD = PLAN.model_copy(
    update={"evidence": plan.EvidenceRules(review_grace=0, documented=False)}
)


def month(*targets: Any, by: plan.Plan = PLAN, **sheets: Any) -> Evidence:
    roster = scored.people({"tt": "toutiao"}, required=["views", "followers"])
    rows = scored.values("tt", "toutiao", views=1000)
    log = Worklog(month=MONTH, **sheets)
    return scored.evidence(by, roster, rows, targets, log=log)


def read(given: Evidence, kind: str, **more: Any) -> Reading:
    confirm = "required" if kind in CONFIRMED else "shown"
    return scoring.read(given, measure({"kind": kind, **more}, confirm=confirm))


CONFIRMED = ("tasks_on_time", "tasks_accepted", "reviews", "feedback",
             "campaign_results")  # fmt: skip


def told(reading: Reading) -> dict[str, str]:
    return {row["rows"]: str(row["why"]) for row in reading.rows}


def task(row: int, done: date | None, **more: Any) -> Task:
    known = {"accepted": True, "confirmed_by": MANAGER} | more
    return Task(operator=ID, id=f"T{row}", name="选题", planned=date(2026, 10, 9),
                done=done, row=row, **known)  # fmt: skip


def test_tasks_say_on_their_day_after_it_and_without_a_word() -> None:
    given = month(
        aim("tasks_due", "4"),
        tasks=(
            task(2, date(2026, 10, 9)),
            task(3, date(2026, 10, 10)),
            task(4, None, accepted=None),
            task(5, date(2026, 10, 8), confirmed_by=""),
            task(6, date(2026, 10, 8), rework=True),
        ),
    )
    on_time, accepted = (read(given, f"tasks_{of}") for of in ("on_time", "accepted"))

    assert (on_time.value, accepted.value) == (2, 2)
    assert told(on_time) == {
        "2、6": "计入",
        "3": "“选题”应在2026-10-09前，2026-10-10完成，晚",
        "4": "“选题”没有实际完成日",
        "5": "没有主管确认",
    }
    assert told(accepted)["6"] == "“选题”返工过"


def review(row: int, on: date | None, **more: Any) -> Review:
    known = {"kind": "week", "period": "2026-W42", "link": "a", "confirmed_by": MANAGER}
    return Review(operator=ID, delivered=on, row=row, **known | more)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        # W42 works until Friday 16 October; Monday 19 is its day of grace.
        pytest.param(review(2, date(2026, 10, 16)), "计入", id="on its last day"),
        pytest.param(review(2, date(2026, 10, 19)), "计入", id="the day of grace"),
        pytest.param(
            review(2, date(2026, 10, 20)),
            "2026-W42应在2026-10-19前，2026-10-20交，晚",
            id="the day after",
        ),
        pytest.param(
            review(2, date(2026, 10, 16), link=""),
            "2026-W42没有写链接或文件",
            id="without a link",
        ),
        pytest.param(
            review(2, date(2026, 10, 16), confirmed_by=ID),
            "没有主管确认",
            id="confirmed by oneself",
        ),
        pytest.param(
            review(2, date(2026, 10, 2), period="2026-W40"),
            "2026-W40不是本月应交的",
            id="of another month",
        ),
        pytest.param(review(2, None), "2026-W42没有交付日", id="without a day"),
    ],
)
def test_a_review_says_why_it_counts_or_not(row: Review, why: str) -> None:
    monthly = review(3, date(2026, 11, 3), kind="month", period=MONTH)
    reading = read(month(reviews=(row, monthly)), "reviews")

    assert told(reading)["2-3" if why == "计入" else "2"].startswith(why)
    assert reading.value == (2 if why == "计入" else 1)


def test_grace_and_proof_are_the_plans() -> None:
    late = review(2, date(2026, 10, 19), link="")
    rows = {"2": "2026-W42应在2026-10-16前，2026-10-19交，晚"}
    monthly = review(3, date(2026, 11, 3), kind="month", period=MONTH, link="")
    reading = read(month(by=HELD, reviews=(late, monthly)), "reviews")

    assert told(reading) == rows | {"3": "计入"}


def test_feedback_has_text_and_addressee_and_a_portrait_its_link() -> None:
    def feedback(row: int, **more: Any) -> Feedback:
        known = {"kind": "feedback", "confirmed_by": MANAGER}
        day = date(2026, 10, row)
        return Feedback(operator=ID, date=day, row=row, **known | more)

    rows = (
        feedback(8, text="夜间模式", to="产品部"),
        feedback(9, text="夜间模式"),
        feedback(10, kind="portrait", link="画像.pdf"),
        feedback(11, kind="portrait", text="画像", to="产品部"),
    )
    reading = read(month(feedback=rows), "feedback", due=2)

    assert reading.value == 2
    assert told(reading) == {
        "8、10": "计入",
        "9": "2026-10-09的反馈没有写内容或交给谁",
        "11": "2026-10-11的画像没有写链接或文件",
    }
    assert read(month(by=HELD, feedback=rows), "feedback", due=2).value == 4


def test_rows_set_aside_say_so_too() -> None:
    row = Content(
        operator=ID, id="N1", title="选题", form="article", row=2,
        planned=date(2026, 10, 9), planned_platforms=("toutiao",),
        published_platforms=("toutiao",),
    )  # fmt: skip
    march = row.model_copy(update={"id": "N3", "planned": date(2026, 3, 9), "row": 3})
    twice = row.model_copy(update={"id": "N4", "row": 4})
    given = month(aim("contents_due", "2"), contents=(row, march, twice))

    assert told(read(given, "contents_published")) == {
        "2": "计入",
        "3": "内容第3行的日期不在2026-10，不计",
        "4": "内容第4行与前面的一行相同，只计一次",
    }


def content(**more: Any) -> Content:
    both = ("toutiao", "zhihu")
    known = {"planned": date(2026, 10, 9), "planned_platforms": both,
             "published_platforms": both}  # fmt: skip
    return Content(operator=ID, id="N1", title="选题", form="article", row=2,
                   **known | more)  # fmt: skip


def listed(came: dict[str, int], title: str = "选题") -> pd.DataFrame:
    """Make the lists of posts, by platform and day of October."""
    rows = [("tt", platform, day, 9, 1) for platform, day in came.items()]
    return scored.posts(*rows).assign(title=title)


@pytest.mark.parametrize(
    ("came", "counts", "whole"),
    [
        pytest.param({"toutiao": 9, "zhihu": 9}, True, True, id="on the day"),
        # Friday the 9th is planned: 10 October is worked for the holiday.
        pytest.param({"toutiao": 10, "zhihu": 10}, True, True, id="the day of grace"),
        pytest.param({"toutiao": 11, "zhihu": 12}, False, True, id="the day after"),
        pytest.param({"toutiao": 10, "zhihu": 12}, True, True, id="first in time"),
        pytest.param({"toutiao": 12}, False, True, id="late where a list tells"),
        pytest.param({"toutiao": 2}, True, True, id="a week before"),
        pytest.param({}, True, True, id="no list at all"),
    ],
)
def test_a_content_that_came_out_late_is_told_and_is_not_in_time(
    came: dict[str, int], counts: bool, whole: bool
) -> None:
    people = scored.people({"tt": "toutiao", "zh": "zhihu"}, required=["views"])
    log = Worklog(month=MONTH, contents=(content(),))
    posts = listed(came) if came else None
    given = scored.evidence(PLAN, people, (), [aim("contents_due", "1")], log=log,
                            listed=posts)  # fmt: skip
    published, spread = (
        read(given, f"contents_{of}") for of in ("published", "distributed")
    )

    assert (published.value, spread.value) == (counts, whole)
    late = [] if counts else ["比计划日晚，不算发布完成：选题"]
    assert [str(flag) for flag in published.flags] == late
    assert spread.flags == published.flags
    day = f"2026-10-{min(came.values(), default=9):02}"
    why = "计入" if counts else f"“选题”计划2026-10-09，{day}才发布，晚"
    assert told(published) == {"2": why}


def test_what_no_list_has_is_told_once_for_all_contents() -> None:
    people = scored.people({"tt": "toutiao", "zh": "zhihu"}, required=["views"])
    gone = content().model_copy(update={"title": "没有发过的", "row": 3})
    log = Worklog(month=MONTH, contents=(content(), gone))
    given = scored.evidence(PLAN, people, (), [aim("contents_due", "2")], log=log,
                            listed=listed({"toutiao": 9, "zhihu": 9}))  # fmt: skip
    published, spread = (
        read(given, f"contents_{of}") for of in ("published", "distributed")
    )

    said = "写着已发，账号的作品清单里却没有，不计：没有发过的"
    assert [str(flag) for flag in published.flags] == [said]
    assert spread.flags == published.flags


def test_grace_of_contents_and_whether_lists_are_asked_is_the_plans() -> None:
    people = scored.people({"tt": "toutiao"}, required=["views"])
    only = content(planned_platforms=("toutiao",), published_platforms=("toutiao",))
    log = Worklog(month=MONTH, contents=(only,))
    for rules, value in (({"content_grace": 2}, 1), ({"content_grace": 1}, 0),
                         ({"held_to_posts": False}, 1)):  # fmt: skip
        by = PLAN.model_copy(update={"evidence": plan.EvidenceRules(**rules)})
        given = scored.evidence(by, people, (), [aim("contents_due", "1")], log=log,
                                listed=listed({"toutiao": 12}))  # fmt: skip
        assert read(given, "contents_published").value == value, rules


def campaign(number: str, first: int, last: int, **figures: int) -> Campaign:
    return Campaign(operator=ID, id=number, name=f"活动{number}", confirmed_by=MANAGER,
                    start=date(2026, 10, first), end=date(2026, 10, last),
                    row=int(number), **figures)  # fmt: skip


def own(metric: str, value: float, account: str = "tt", **more: object) -> pd.DataFrame:
    """Make an account's days of October, a value each."""
    rows = [{"date": day, "account": account, "metric": metric, "value": value,
             "censored": False} | more
            for day in pd.date_range("2026-10-01", "2026-10-31")]  # fmt: skip
    return pd.DataFrame(rows)


ORDERS = (own("orders", 10.0),)


@pytest.mark.parametrize(
    ("days", "campaigns", "result"),
    [
        pytest.param(ORDERS, [(1, 5, 50)], 50, id="as many as the days have"),
        pytest.param(ORDERS, [(1, 5, 51)], 50, id="one more"),
        pytest.param((own("orders", 0.1 + 0.2),), [(1, 10, 3)], 3, id="no dust"),
        pytest.param((own("orders", 0.7 * 3),), [(1, 10, 21)], 21, id="nor below"),
        pytest.param(ORDERS, [(1, 5, 50), (8, 9, 20)], 70, id="two"),
        pytest.param(ORDERS, [(1, 5, 60), (8, 9, 1)], 51, id="one hides no other"),
        pytest.param(ORDERS, [(1, 5, 50), (4, 6, 30)], 60, id="shared days count once"),
        pytest.param((), [(1, 5, 60)], 60, id="no days at all"),
        pytest.param((own("views", 9.0),), [(1, 5, 60)], 60, id="nobody tells orders"),
        pytest.param(
            (*ORDERS, own("clicks", 9.0, "zh")), [(1, 5, 60)], 60,
            id="an account with clicks does not tell its orders",
        ),
        pytest.param(
            (*ORDERS, own("clicks", 9.0)), [(1, 5, 60)], 50, id="the same account does"
        ),
        pytest.param(
            (own("orders", 9.0, censored=True),), [(1, 5, 60)], 60,
            id="known from below only",
        ),
    ],
)  # fmt: skip
def test_a_campaign_brings_at_most_what_the_days_of_the_accounts_did(
    days: tuple[pd.DataFrame, ...], campaigns: list[tuple[int, int, int]], result: int
) -> None:
    rows = tuple(
        campaign(str(at), first, last, conversion=typed, conversion_target=100)
        for at, (first, last, typed) in enumerate(campaigns, 2)
    )
    known = pd.concat(days) if days else pd.DataFrame()
    given = replace(month(campaigns=rows), days=lambda: known)
    reading = read(given, "campaign_results")
    typed = sum(typed for *_, typed in campaigns)

    assert reading.inputs["conversion.value"] == str(result)
    said = f"活动的转化填了{typed}，按各账号活动期间的电商订单只计{result}"
    assert [str(flag) for flag in reading.flags] == ([said] if result < typed else [])
    rules = plan.EvidenceRules(held_to_days=False)
    by = PLAN.model_copy(update={"evidence": rules})
    free = read(replace(given, plan=by), "campaign_results")
    assert free.inputs["conversion.value"] == str(typed)
    assert not free.flags


NONE = (NoneHere(operator=ID, sheet="活动", by=MANAGER, on=date(2026, 11, 4)),)


@pytest.mark.parametrize(
    ("due", "none", "state"),
    [
        pytest.param("0", (), "excluded", id="a due number of 0 alone"),
        pytest.param("", NONE, "excluded", id="none confirmed alone"),
        pytest.param("1", NONE, "given", id="none confirmed where one is due"),
        pytest.param("1", (), "pending", id="nothing said where one is due"),
        pytest.param("", (), "pending", id="nothing said at all"),
    ],
)
def test_a_due_of_zero_or_a_confirmed_none_is_enough(
    due: str, none: tuple[NoneHere, ...], state: str
) -> None:
    aims = [aim("campaigns_due", due)] if due else []
    reading = read(month(*aims, confirmations=none), "campaigns_held")

    assert reading.state == state
    assert (reading.value == 0) is (state == "given")


def test_a_community_left_out_still_counts_where_none_is_due() -> None:
    then = Community(operator=ID, name="一群", members=300, speakers=2)
    given = month(aim("communities_due", "0"))
    before = Worklog(month="2026-09", communities=(then,))
    given = replace(given, worklogs=given.worklogs | {"2026-09": before})
    source = {"active_share": "10%", "active_people": 20}

    assert read(given, "communities", **source).value == 0
    assert read(month(aim("communities_due", "0")), "communities", **source).state == (
        "excluded"
    )


@pytest.mark.parametrize("past", [0, 3])
def test_over_delivery_wants_a_baseline(past: int) -> None:
    roster = scored.people({"tt": "toutiao"}, required=["views"])
    months = [MONTH, "2026-09", "2026-08", "2026-07"][: past + 1]
    rows = [
        row for at in months for row in scored.values("tt", "toutiao", at, views=1000)
    ]
    given = scored.evidence(PLAN, roster, rows, [aim("views", "1100")])
    reading = read(given, "over_delivery")

    assert reading.state == ("given" if past else "excluded")
    without = read(replace(given, targets=()), "over_delivery")
    assert without.state == "pending"


@pytest.mark.parametrize(
    ("value", "note", "state"),
    [
        pytest.param("10101", "", "given", id="above"),
        pytest.param("10100", "", "pending", id="at the opening level"),
        pytest.param("10000", "清理僵尸粉", "given", id="fewer, with a reason"),
    ],
)
def test_a_follower_target_not_above_the_opening_is_asked_about(
    value: str, note: str, state: str
) -> None:
    roster = scored.people({"tt": "toutiao"}, required=["followers"])
    rows = scored.values("tt", "toutiao", followers=10_200, followers_gain=100,
                         followers_opening=10_100)  # fmt: skip
    given = scored.evidence(PLAN, roster, rows, [aim("followers", value, note=note)])
    reading = read(given, "attainment", metrics="required")

    assert reading.state == state
    assert ("不高于月初的10100" in reading.note) is (state == "pending")


def test_a_measure_of_a_platform_is_for_those_who_have_it() -> None:
    given = month(aim("views", "1000", "toutiao"))
    ours, theirs = (
        read(given, "metric", metric="views", platform=platform)
        for platform in ("toutiao", "douyin")
    )

    assert (ours.state, theirs.state) == ("given", "excluded")


def test_whole_figures_may_be_given_to_named_owners() -> None:
    people = scored.people({"app": "app"}, required=["dau", "mau", "views"])
    for owners, required in (([ID], {"dau", "mau", "views", "stickiness"}),
                             (["op-09"], {"views"})):  # fmt: skip
        by = PLAN.model_copy(update={"owners": dict.fromkeys(("dau", "mau"), owners)})
        given = scored.evidence(by, people, scored.values("app", "app", dau=5))
        assert set(given.goals.required) == required


def test_targets_set_late_are_called_late_and_not_missing() -> None:
    given = month(aim("views", "1100", set_on=date(2026, 10, 14)))
    note = read(given, "coverage", horizons=["short"]).note

    assert "缺：粉丝数（短期）" in note
    assert "2026-10-13前没有批准，或远低于短期目标：阅读/播放（短期）" in note
    assert Fraction(read(given, "coverage", horizons=["short"]).value or 0) == 0


def test_targets_of_a_quarter_stand_beside_their_results_when_it_ends() -> None:
    roster = scored.people({"tt": "toutiao"}, required=["views", "mau"])
    months = ["2026-12", "2026-11", MONTH]
    rows = [
        row
        for at, month in enumerate(months)
        for row in scored.values("tt", "toutiao", month, views=1000 + at, mau=500 - at)
    ]
    further = {"horizon": "mid", "period": "2026-Q4"}
    aims = [
        aim("views", "2500", **further),
        aim("views", "3000", **further, set_on=date(2026, 9, 29)),
        aim("mau", "600", **further),
        aim("views", "9", **further, set_on=date(2026, 9, 30), approved_by="外人"),
    ]
    given = scored.evidence(PLAN, roster, rows, aims)
    ends, before, gap = (
        read(replace(at, month=month), "coverage", horizons=["mid"]).note
        for at, month in (
            (given, "2026-12"),
            (given, "2026-11"),
            (scored.with_rows(given, given.monthly[given.monthly["month"] > MONTH]),
             "2026-12"),
        )
    )  # fmt: skip

    due = "到期的中期目标（结果/目标）："
    assert f"{due}MAU月活500/600、阅读/播放3,003/3,000" in ends
    assert due not in before
    assert "阅读/播放—/3,000" in gap
