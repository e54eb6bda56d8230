"""Campaigns, quotas and next month's targets on the page."""

import math
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kpi_lib import page as sections
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.inputs.entries import Campaign
from kpi_lib.page import parts
from tests.example_month import card, empty, example, quotas
from tests.page.test_sections import HOSTILE, Reader, text_of


@pytest.fixture(scope="module")
def month() -> OperatorMonth:
    return example()


def with_campaigns(month: OperatorMonth, *rows: Campaign, **held: Any) -> Any:
    """Make the month with other campaigns, and another measure of those held."""
    log = replace(month.worklog, contents=(), campaigns=rows)
    made = card()
    made.measure("campaigns_held").data.update(held)  # type: ignore[union-attr]
    return replace(month, worklog=log, card=made)


def campaign(first: int = 1, last: int = 3, **more: Any) -> Campaign:
    return Campaign(
        **{
            "operator": "op-01",
            "id": "H",
            "name": "一场",
            "start": date(2026, 10, first),
            "end": date(2026, 10, last),
        }
        | more
    )


def rows_of(html: str) -> list[str]:
    return re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)


# Campaigns.


def test_campaigns_are_numbered_by_their_first_day(month: OperatorMonth) -> None:
    marks = [(sign, one.name) for sign, one in parts.numbered(month)]

    assert marks == [("①", "国庆打卡"), ("②", "秋日种草")]


def test_one_that_was_not_held_has_no_number(month: OperatorMonth) -> None:
    called_off = campaign(1, 2, name="取消的", not_held="场地没有批")
    strange = campaign(28, 31, name="十一月的", end=date(2026, 11, 2))
    made = with_campaigns(month, called_off, campaign(5, 6), strange)

    marks = [(sign, one.name) for sign, one in parts.numbered(made)]

    assert marks == [("①", "一场"), ("", "取消的")]
    assert "没有办：场地没有批" in text_of(str(sections.campaigns(made)))


@pytest.mark.parametrize(
    ("number", "sign"), [(1, "①"), (20, "⑳"), (21, "(21)")], ids=str
)
def test_circled(number: int, sign: str) -> None:
    assert parts.circled(number) == sign


def test_the_title_of_the_campaigns_is_made_of_the_card(month: OperatorMonth) -> None:
    text = text_of(str(sections.campaigns(month)))

    assert "2场活动都办了；曝光达到目标，拉新、转化没有达到；支出超预算8.4%" in text


def test_the_sums_are_the_ones_the_card_counted(month: OperatorMonth) -> None:
    html = str(sections.campaigns(month))
    foot = text_of(rows_of(html)[-1])

    assert "¥10,840" in foot
    assert "108.4%" in foot
    assert "121.4%" in foot
    assert "7,180/9,205" in foot


def test_what_nobody_else_confirmed_is_marked(month: OperatorMonth) -> None:
    made = with_campaigns(
        month, campaign(confirmed_by="op-01"), campaign(4, 5, confirmed_by="示例主管")
    )

    rows = rows_of(str(sections.campaigns(made)))

    assert ["没有他人确认" in row for row in rows[1:3]] == [True, False]


@pytest.mark.parametrize(
    ("held", "rows", "said"),
    [
        pytest.param({"target": "2"}, 1, "应办2场活动，办了1场", id="too few"),
        pytest.param({"target": "1"}, 1, "应办的1场活动办了", id="one"),
        pytest.param({"target": "1"}, 2, "应办1场活动，办了2场", id="more"),
        pytest.param({"target": None}, 1, "办了1场活动", id="none due"),
        pytest.param(
            {"status": "excluded"}, 0, "没有应办的活动，也没有活动记录", id="excluded"
        ),
        pytest.param(
            {"status": "pending", "note": "没有记录"},
            0,
            "没有活动可列：没有记录。",
            id="pending",
        ),
        pytest.param(
            {"status": "scored", "target": "2"}, 0, "应办2场。", id="stated none"
        ),
    ],
)
def test_what_was_held_against_what_was_due(
    month: OperatorMonth, held: dict[str, Any], rows: int, said: str
) -> None:
    made = with_campaigns(month, *[campaign()] * rows, **held)

    assert said in text_of(str(sections.campaigns(made)))


def test_a_sum_that_the_card_did_not_count_is_not_made_up(month: OperatorMonth) -> None:
    made = with_campaigns(month, campaign(spend=Decimal(9)))
    for kind in ("campaign_spend", "campaign_results"):
        measure = made.card.measure(kind)
        measure.data.update(inputs={}, note="活动没有填实际花费")  # type: ignore[union-attr]

    html = str(sections.campaigns(made))

    assert "预算" not in text_of(html.split("</h3>")[0])
    assert text_of(rows_of(html)[-1]).count("—") == 6
    assert text_of(html).count("活动没有填实际花费") == 1


# Quotas.


def of_contents(month: OperatorMonth, results: list[float], goal: float = 36.0) -> Any:
    made = quotas({"contents": results}, {"contents": goal})
    return replace(month, quotas=made)


def states(html: str) -> list[str]:
    """Return the words in the cells of the row by day."""
    row = next(row for row in rows_of(html) if "按日</th>" in row)
    return re.findall(r"<td[^>]*>([^<]*)</td>", row)


def test_a_day_is_reached_short_missed_or_off(month: OperatorMonth) -> None:
    # 18 working days from the 8th, two a day: ahead once, then behind.
    results = [0.0] * 31
    results[3], results[7], results[8] = 3.0, 3.0, 1.0
    said = states(str(sections.quotas(of_contents(month, results))))

    assert said[0] == "0条，没有定量"
    assert said[3] == "3条，休息日发的"
    assert said[7] == "3条，达到"
    assert said[8] == "1条，没有达到，累计没有落后"
    assert said[13] == "0条，没有达到，累计也落后"


def test_a_missing_day_says_so_and_is_no_zero(month: OperatorMonth) -> None:
    results = [2.0] * 31
    results[12] = math.nan
    html = str(sections.quotas(of_contents(month, results)))

    assert states(html)[12] == "缺"
    assert "缺1天的记录，不当作0" in text_of(html)


def test_weeks_without_any_record_are_missing(month: OperatorMonth) -> None:
    html = str(sections.quotas(month))
    likes = next(row for row in rows_of(html) if "点赞</th>" in row)
    cells = [text_of(cell) for cell in re.findall(r"<td.*?</td>", likes)]

    assert cells[4] == "缺"
    assert "缺7天" in cells[-1]


def test_the_strip_stands_on_the_calendar_s_columns(month: OperatorMonth) -> None:
    html = str(sections.quotas(month))
    strip = html[: html.index("</table>")]
    spans = [int(span) for span in re.findall(r'<td colspan="(\d+)"', strip)]

    assert spans == [4, 7, 7, 7, 6]
    assert len(states(html)) == 31


@pytest.mark.parametrize(
    ("results", "said"),
    [
        pytest.param([2.0] * 31, "有定量的4周，内容都达到", id="all"),
        pytest.param(
            [2.0] * 18 + [0.0] * 13,
            "有定量的4周中，内容2周达到；差得最多的是10月19日至25日，定量10条，发布0条",
            id="some",
        ),
        pytest.param([math.nan] * 31, "内容没有记录", id="none known"),
    ],
)
def test_the_title_says_which_weeks(
    month: OperatorMonth, results: list[float], said: str
) -> None:
    assert said in text_of(str(sections.quotas(of_contents(month, results))))


def test_counters_have_no_days_to_miss(month: OperatorMonth) -> None:
    known = quotas({"views": [math.nan] * 31}, {"views": 9000.0})
    made = replace(
        known,
        months=known.months.assign(result=9900.0),
        notes={"views": "公众号没有按日的数，日和周没有结果"},
    )
    html = str(sections.quotas(replace(month, quotas=made)))

    assert "缺" not in text_of(html.split("<tbody>")[1])
    assert "110.0%" in html
    assert "阅读/播放：公众号没有按日的数，日和周没有结果。" in html


def test_without_any_quota_the_reasons_stand_there() -> None:
    nothing = empty()
    notes = {"unfollows": "越少越好，不分到日"}
    why = replace(nothing, quotas=replace(nothing.quotas, notes=notes))

    assert "排不出定量" in text_of(str(sections.quotas(nothing)))
    assert "取消关注：越少越好，不分到日。" in text_of(str(sections.quotas(why)))


# Next month.


def test_the_plans_of_the_duties_are_named(month: OperatorMonth) -> None:
    text = text_of(str(sections.next_month(month)))

    assert "建议的11月目标，等主管确认" in text
    assert "粉丝净增建议20,000人，在18,800与21,500之间，月末到850,200人。" in text
    assert "成交率建议4.59%，在4.31%与4.92%之间。" in text
    assert text.index("增粉计划") < text.index("定增计划") < text.index("收益计划")


def test_a_gain_is_set_against_gains(month: OperatorMonth) -> None:
    grown = month.monthly.assign(metric="followers_gain").iloc[:1]
    gain = grown.assign(month=month.month, value=23_742.0)
    made: Any = replace(month, monthly=gain)
    row = next(
        row for row in rows_of(str(sections.next_month(made))) if "粉丝净增</th>" in row
    )

    assert "23,742" in row


def test_what_has_no_proposal_says_why(month: OperatorMonth) -> None:
    made = card()
    for one in made["proposals"]:
        blank = {key: "" for key in one if key.startswith(("low", "mid", "high"))}
        one.update(blank, note="没有基线：近3个月只有1个月可比")
    text = text_of(str(sections.next_month(replace(month, card=made))))

    assert "粉丝净增没有建议。" in text
    assert "没有基线：近3个月只有1个月可比" in text


def test_a_plan_without_required_metrics_is_not_made_up(month: OperatorMonth) -> None:
    kept = [one for one in card()["proposals"] if one["metric"] == "views"]
    made: Any = replace(month, card=card() | {"proposals": kept})
    text = text_of(str(sections.next_month(made)))

    assert "这几项本月不考，没有建议：粉丝数。" in text


@pytest.mark.parametrize(
    "part", [sections.campaigns, sections.quotas, sections.next_month]
)
def test_hostile_words_are_text(part: Any, month: OperatorMonth) -> None:
    made = with_campaigns(month, campaign(name=HOSTILE, not_held=HOSTILE))
    made.card["proposals"][0].update(note=HOSTILE, method=HOSTILE)
    page = Reader(str(part(made)))

    assert {tag for tag, _ in page.elements} & {"script", "img", "iframe"} == set()
