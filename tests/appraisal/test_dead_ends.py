"""Every way to wait says what is missing, and what it names ends the waiting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kpi_lib.appraisal import scoring
from kpi_lib.inputs.entries import (
    Campaign,
    Community,
    GivenRating,
    Interaction,
    NoneHere,
    Review,
    Task,
)
from kpi_lib.inputs.worklog import Worklog
from tests import scored
from tests.scored import ID, MANAGER, MONTH, PLAN, aim, measure

NOV = date(2026, 11, 12)

CAMPAIGN = Campaign(
    operator=ID, id="A", name="秋日", start=date(2026, 10, 8), end=date(2026, 10, 9),
    budget=Decimal(100), spend=Decimal(90), new_target=Decimal(10), new=Decimal(9),
    confirmed_by=MANAGER,
)  # fmt: skip
COMMUNITY = Community(operator=ID, name="一群", members=90, speakers=30)
TASK = Task(operator=ID, id="T", name="选题", planned=date(2026, 10, 9))
REVIEW = Review(operator=ID, kind="month", period=MONTH, link="a", delivered=NOV)
MEMBERS = {"kind": "communities", "active_share": "10%", "active_people": 20}


def none(sheet: str) -> dict[str, Any]:
    return {"confirmations": (NoneHere(operator=ID, sheet=sheet, by=MANAGER, on=NOV),)}


def without(row: Any, field_: str) -> Any:
    return row.model_copy(update={field_: None})


@dataclass(frozen=True, kw_only=True)
class Way:
    """A source that waits, the words that tell it, and what these ask for."""

    source: dict[str, Any]
    words: str
    given: dict[str, Any] = field(default_factory=dict)
    then: dict[str, Any] = field(default_factory=dict)


ATTAINED = {"kind": "attainment", "metrics": ["views"]}
UNAPPROVED = aim("views", "900", approved_by="", set_on=date(2026, 10, 30))
FOLLOWERS = {"followers": 10_200, "followers_gain": 100, "followers_opening": 10_100}

WAYS = {
    "no target": Way(
        source=ATTAINED,
        words="阅读/播放没有短期目标",
        then={"aims": [aim("views", "900")]},
    ),
    "a target that nobody approved": Way(
        source=ATTAINED,
        words="阅读/播放的短期目标没有批准",
        given={"aims": [UNAPPROVED]},
        then={"aims": [UNAPPROVED.model_copy(update={"approved_by": MANAGER})]},
    ),
    "no figure": Way(
        source=ATTAINED,
        words="没有阅读/播放",
        given={"aims": [aim("views", "900")], "values": {"likes": 1}},
        then={"aims": [aim("views", "900")]},
    ),
    "a follower target at the opening": Way(
        source={"kind": "attainment", "metrics": ["followers"]},
        words="粉丝目标10100不高于月初的10100：请改目标",
        given={"aims": [aim("followers", "10100")], "values": FOLLOWERS},
        then={"aims": [aim("followers", "10150")], "values": FOLLOWERS},
    ),
    "no due number": Way(
        source={"kind": "tasks_on_time"},
        words="没有任务的应完成数（目标表的tasks_due）",
        given={"tasks": (TASK,)},
        then={"tasks": (TASK,), "aims": [aim("tasks_due", "1")]},
    ),
    "an empty sheet": Way(
        source={"kind": "suggestions_adopted"},
        words="工作记录的“建议”表没有记录，也没有在“确认”表写明无",
        then=none("建议"),
    ),
    "a campaign without a figure": Way(
        source={"kind": "campaign_results"},
        words="活动“秋日”没有填拉新",
        given={"campaigns": (without(CAMPAIGN, "new"),)},
        then={"campaigns": (CAMPAIGN,)},
    ),
    "a campaign without targets": Way(
        source={"kind": "campaign_results"},
        words="活动没有曝光、拉新、转化的目标",
        given={"campaigns": (without(CAMPAIGN, "new_target"),)},
        then={"campaigns": (CAMPAIGN,)},
    ),
    "a campaign without spend": Way(
        source={"kind": "campaign_spend"},
        words="活动“秋日”没有填实际花费",
        given={"campaigns": (without(CAMPAIGN, "spend"),)},
        then={"campaigns": (CAMPAIGN,)},
    ),
    "a community without members": Way(
        source=MEMBERS,
        words="社群“一群”没有填成员数或发言人数",
        given={
            "communities": (without(COMMUNITY, "members"),),
            "aims": [aim("communities_due", "0")],
        },
        then={"communities": (COMMUNITY,), "aims": [aim("communities_due", "0")]},
    ),
    "the month's review": Way(
        source={"kind": "reviews"},
        words="月复盘还没有记录（2026-11-06前交），也没有在“确认”表写明无",
        given={"reviews": (without(REVIEW, "delivered"),)},
        then={"reviews": (REVIEW,)},
    ),
    "the month's review, not to come": Way(
        source={"kind": "reviews"},
        words="也没有在“确认”表写明无",
        given={"reviews": (without(REVIEW, "delivered"),)},
        then={"reviews": (without(REVIEW, "delivered"),), **none("复盘")},
    ),
    "comments of no log": Way(
        source={"kind": "comments_answered"},
        words="工作记录的“互动”表没有记录",
        given={"values": {"comments": 8}},
        then={
            "values": {"comments": 8},
            "interactions": (
                Interaction(operator=ID, date=date(2026, 10, 9), platform="toutiao",
                            received=8, answered=8),
            ),
        },
    ),
    "no list of works": Way(
        source={"kind": "posts_reaching", "metric": "views", "at_least": 10},
        words="没有作品清单，不知道几篇达标",
        then={"listed": scored.posts(("tt", "toutiao", 9, 12, 1))},
    ),
    "a manager's rating": Way(source={"kind": "rated"}, words="等主管评分"),
}  # fmt: skip


COUNTED = ("posts_reaching", "campaign_spend", "suggestions_adopted")


def read(way: Way, changes: dict[str, Any]) -> Any:
    known = {"values": {"views": 1000}, "aims": [], "listed": None} | changes
    sheets = {key: known.pop(key) for key in [*known] if key not in
              ("values", "aims", "listed")}  # fmt: skip
    roster = scored.people({"tt": "toutiao"}, required=["views", "followers"])
    rule = {"rule": {"kind": "rating"}} if way.source["kind"] == "rated" else {}
    if way.source["kind"] in (
        "posts_reaching",
        "campaign_spend",
        "suggestions_adopted",
    ):
        rule = {"rule": {"kind": "count", "each": 1}}
    given = scored.evidence(
        PLAN, roster, scored.values("tt", "toutiao", **known["values"]),
        known["aims"], log=Worklog(month=MONTH, **sheets), listed=known["listed"],
    )  # fmt: skip
    return given, measure(way.source, **rule)


@pytest.mark.parametrize("name", WAYS)
def test_what_waits_names_what_ends_it(name: str) -> None:
    way = WAYS[name]
    before, after = (scoring.read(*read(way, of)) for of in (way.given, way.then))

    assert before.state == "pending"
    assert way.words in str(before.note)
    if name != "a manager's rating":
        assert after.state in ("given", "excluded")


@pytest.mark.parametrize("name", WAYS)
def test_whatever_waits_a_manager_may_rate(name: str) -> None:
    given, own = read(WAYS[name], WAYS[name].given)
    rating = GivenRating(operator=ID, item=own.id, kind="manager", points=Decimal(4),
                         by=MANAGER, on=NOV, reason="核定", row=2)  # fmt: skip
    log = replace(given.worklogs[MONTH], ratings=(rating,))
    rated = replace(given, worklogs={MONTH: log})
    item = PLAN.groups[0].items[0].model_copy(update={"measures": (own,)})
    (outcome,) = scoring.score_item(rated, item)

    assert (outcome.status, outcome.score) == ("rated_by_manager", Decimal("4.00"))
