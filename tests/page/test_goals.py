"""Campaigns, quotas and next month's targets on the page."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from kpi_lib import page as sections
from kpi_lib.appraisal import Month, OperatorMonth
from kpi_lib.appraisal.quotas import quotas
from kpi_lib.inputs.entries import Campaign, Content, NoneHere
from kpi_lib.inputs.roster import Operator, Roster
from kpi_lib.inputs.targets import Target
from tests.pages import Reader, rows_of, text_of
from tests.sample_month import MONTH, PERSON, person, with_inputs, with_log
from tests.scored import aim


def with_due(opened: Month, metric: str, due: str) -> Month:
    """Open the month again with another number due; an empty one is not due."""
    others = [
        target
        for target in opened.inputs.targets
        if (target.operator, target.metric, target.period) != (PERSON, metric, MONTH)
    ]
    mine: list[Target] = [aim(metric, due, operator=PERSON)] if due else []
    return with_inputs(opened, targets=(*others, *mine))


def with_campaigns(
    opened: Month, *rows: Campaign, due: str = "1", none_here: bool = False
) -> OperatorMonth:
    """Score PERSON's month with other campaigns, or the word that there is none."""
    word = NoneHere(operator=PERSON, sheet="活动", by="示例主管", on=date(2026, 11, 3))
    logged = with_log(opened, campaigns=rows, confirmations=(word,) * none_here)
    return person(with_due(logged, "campaigns_due", due))


def campaign(first: int = 1, last: int = 3, **more: Any) -> Campaign:
    return Campaign(
        **{
            "operator": PERSON,
            "id": f"H{first}",
            "name": "一场",
            "start": date(2026, 10, first),
            "end": date(2026, 10, last),
            "confirmed_by": "示例主管",
        }
        | more
    )


# Campaigns.


def test_campaigns_stand_by_their_first_day_and_those_not_held_last(
    rough: Month, month: OperatorMonth
) -> None:
    called_off = campaign(1, 2, name="取消的", not_held="场地没有批")
    strange = campaign(28, 31, name="十一月的", end=date(2026, 11, 2))
    made = with_campaigns(rough, called_off, campaign(5, 6), strange)

    def names(m: OperatorMonth) -> list[str]:
        html = str(sections.campaigns(m))
        return re.findall(r'<bdi class="clip">([^<]*)</bdi>', html)

    assert names(month) == ["秋日打卡", "双十一预热群活动", "线下见面会"]
    assert names(made) == ["一场", "取消的"], "a month later is another month"
    assert "未办：场地没有批" in text_of(sections.campaigns(made))


def test_the_title_of_the_campaigns_is_made_of_the_card(month: OperatorMonth) -> None:
    text = text_of(sections.campaigns(month))

    assert "应办活动1场，已办2场；曝光达标，拉新、转化未达标；" in text
    assert "支出超预算4.7%" in text


def test_the_sums_are_the_ones_the_card_counted(month: OperatorMonth) -> None:
    html = str(sections.campaigns(month))
    foot = text_of(rows_of(html)[-1])

    assert "¥12,560" in foot
    assert "104.7%" in foot
    assert "106.1%" in foot
    assert "929/1,100" in foot


def test_what_nobody_else_confirmed_is_marked(rough: Month) -> None:
    made = with_campaigns(rough, campaign(confirmed_by=PERSON), campaign(4, 5))

    rows = rows_of(str(sections.campaigns(made)))

    assert ["未经他人确认" in row for row in rows[1:3]] == [True, False]


@pytest.mark.parametrize(
    ("due", "none_here", "rows", "said"),
    [
        pytest.param("2", False, 1, "应办活动2场，已办1场", id="too few"),
        pytest.param("1", False, 1, "应办活动1场，已办1场", id="one"),
        pytest.param("1", False, 2, "应办活动1场，已办2场", id="more"),
        pytest.param("", False, 1, "已办活动1场", id="none due"),
        pytest.param("0", True, 0, "本月无应办活动，也无活动记录", id="excluded"),
        pytest.param(
            "2", False, 0, "没有活动可列：工作记录的“活动”表没有记录", id="pending"
        ),
        pytest.param("2", True, 0, "应办2场。", id="stated none"),
    ],
)
def test_what_was_held_against_what_was_due(
    rough: Month, due: str, none_here: bool, rows: int, said: str
) -> None:
    held = [campaign(1), campaign(5, 6)][:rows]
    made = with_campaigns(rough, *held, due=due, none_here=none_here)

    assert said in text_of(sections.campaigns(made))


def test_a_sum_that_the_card_did_not_count_is_not_made_up(rough: Month) -> None:
    made = with_campaigns(rough, campaign(budget=Decimal(9)))

    html = str(sections.campaigns(made))

    assert "预算" not in text_of(html.split("</h3>")[0])
    assert text_of(rows_of(html)[-1]).count("—") == 6
    assert text_of(html).count("没有填实际花费") == 1


# Quotas.


def with_contents(opened: Month, counts: list[int], due: str = "36") -> OperatorMonth:
    """Score PERSON's month with so many contents on each of its days."""
    contents = tuple(
        Content(
            operator=PERSON,
            id=f"C{day}-{at}",
            title=f"一篇{day}-{at}",
            form="article",
            planned=date(2026, 10, day),
            planned_platforms=("weibo",),
            published_platforms=("weibo",),
        )
        for day, count in enumerate(counts, 1)
        for at in range(count)
    )
    logged = with_log(opened, contents=contents)
    return person(with_due(logged, "contents_due", due))


def without_results(month: OperatorMonth, day: int = 0) -> OperatorMonth:
    """Leave a day of the contents without a result, or all of them."""
    tables = {}
    for name in ("days", "weeks", "months") if not day else ("days",):
        table = getattr(month.quotas, name)
        gone = table["metric"] == "contents"
        if day:
            gone &= table["date"].dt.day == day
        tables[name] = table.assign(result=table["result"].mask(gone))
    return replace(month, quotas=replace(month.quotas, **tables))


def states(html: str) -> list[str]:
    """Return the words in the cells of the row by day."""
    row = next(row for row in rows_of(html) if "按日</th>" in row)
    return re.findall(r'<td class="(?!r")[^>]*>([^<]*)</td>', row)


def test_a_day_is_reached_short_missed_or_off(rough: Month) -> None:
    # 18 working days from the 8th, two a day: ahead once, then behind.
    counts = [0] * 31
    counts[3], counts[7], counts[8] = 3, 3, 1
    said = states(str(sections.quotas(with_contents(rough, counts))))

    assert said[0] == "0条，没有定量"
    assert said[3] == "3条，休息日发的"
    assert said[7] == "3条，达到"
    assert said[8] == "1条，没有达到，累计没有落后"
    assert said[13] == "0条，没有达到，累计也落后"


def test_a_missing_day_says_so_and_is_no_zero(rough: Month) -> None:
    made = without_results(with_contents(rough, [2] * 31), day=13)
    html = str(sections.quotas(made))

    assert states(html)[12] == "缺"
    assert "缺1天的记录，不计为0" in text_of(html)


def test_weeks_without_any_record_are_missing(rough: Month) -> None:
    week = rough.daily["date"].between("2026-10-19", "2026-10-25")
    daily = rough.daily[~(week & (rough.daily["metric"] == "orders"))]
    made = replace(person(rough), quotas=quotas(rough.evidence(PERSON), daily))
    html = str(sections.quotas(made))
    orders = next(row for row in rows_of(html) if "电商订单</th>" in row)
    cells = [text_of(cell) for cell in re.findall(r"<td.*?</td>", orders)]

    assert cells[4] == "缺"
    assert "缺7天" in cells[-1]


def test_the_strip_stands_on_the_calendar_s_columns(month: OperatorMonth) -> None:
    html = str(sections.quotas(month))
    strip = html[: html.index("</table>")]
    spans = [int(span) for span in re.findall(r'<td colspan="(\d+)"', strip)]

    assert spans == [4, 7, 7, 7, 6]
    assert len(states(strip)) == 31


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        pytest.param([2] * 31, "4周均完成发布量", id="all"),
        pytest.param(
            [2] * 18 + [0] * 10 + [2] * 3,
            "4周中2周完成发布量；10月19日至25日差距最大，应发10条，实发0条",
            id="some",
        ),
        pytest.param([2] * 18 + [0] * 13, "4周中2周完成发布量\n", id="two as far off"),
    ],
)
def test_the_title_says_which_weeks(rough: Month, counts: list[int], said: str) -> None:
    assert said in text_of(sections.quotas(with_contents(rough, counts)))


def test_the_title_says_that_nothing_is_known(month: OperatorMonth) -> None:
    assert "没有内容记录，发布量无法判断" in text_of(
        sections.quotas(without_results(month))
    )


def test_counters_have_no_days_to_miss(month: OperatorMonth) -> None:
    html = str(sections.quotas(month))
    views = next(row for row in rows_of(html) if "阅读/播放</th>" in row)

    assert "缺" not in text_of(views)
    assert "92.3%" in views
    assert (
        "阅读/播放、评论、转发、点赞：示例小红书没有按日的数，日和周没有结果。"
        in text_of(html)
    )


def test_without_any_quota_the_reasons_stand_there(
    empty: Month, nothing: OperatorMonth
) -> None:
    goal = aim("unfollows", "200", operator=PERSON)
    why = person(with_inputs(empty, targets=(goal,)))

    assert "排不出定量" in text_of(sections.quotas(nothing))
    assert "取消关注：越少越好，不分到日。" in text_of(sections.quotas(why))


# Next month.


def test_the_plans_of_the_duties_are_named(month: OperatorMonth) -> None:
    text = text_of(str(sections.next_month(month)))

    assert "建议的11月目标，等主管确认" in text
    assert "粉丝净增2,9783,5633,200+7.5%3,400+14.2%3,600+20.9%" in "".join(text.split())
    assert "成交率6.53%6.53%6.90%+5.7%7.40%" in "".join(text.split())
    assert text.index("增粉计划") < text.index("定增计划") < text.index("收益计划")


def test_a_gain_is_set_against_gains(month: OperatorMonth) -> None:
    rows = rows_of(str(sections.next_month(month)))
    row = next(row for row in rows if "粉丝净增</th>" in row)

    assert "3,563" in row


def test_what_has_no_proposal_says_why(nothing: OperatorMonth) -> None:
    text = text_of(sections.next_month(nothing))

    assert "暂无建议值：粉丝净增、" in text
    assert "没有基线：近3个月只有0个月可比" in text


def test_a_plan_without_required_metrics_is_not_made_up(rough: Month) -> None:
    operators = tuple(
        Operator.model_validate(one.model_dump(by_alias=True) | {"required": ["views"]})
        for one in rough.roster.operators
    )
    roster = Roster(operators=operators, accounts=rough.roster.accounts)
    made = person(with_inputs(rough, roster=roster))

    text = text_of(sections.next_month(made))

    assert "其他指标的建议值：阅读/播放" in text
    assert "粉丝" not in text


@pytest.mark.parametrize(
    "part", [sections.campaigns, sections.quotas, sections.next_month]
)
def test_hostile_words_are_text(part: Any, hostile: OperatorMonth) -> None:
    page = Reader(str(part(hostile)))

    assert {tag for tag, _ in page.elements} & {"script", "img", "iframe"} == set()
