"""How a score is settled on the page, the line of months, and the team's new parts."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_lib import page as sections
from kpi_lib.appraisal import Card, Month, OperatorMonth, score
from kpi_lib.inputs.entries import GivenRating
from kpi_lib.inputs.records import Signoff
from kpi_lib.inputs.worklog import Worklog
from tests import scored
from tests.pages import HOSTILE, Reader, text_of
from tests.sample_month import (
    MONTH,
    PERSON,
    bonus,
    person,
    with_inputs,
    with_log,
    with_plan,
)

MANAGER = "示例主管"
SIGNED = date(2026, 11, 6)


def settled(month: OperatorMonth, opened: Month) -> str:
    """Score the month's operator anew and show how the score is settled."""
    scored_anew = replace(month, card=opened.score(month.operator.id))
    return text_of(sections.settled(scored_anew))


def rating(**more: Any) -> GivenRating:
    known = {"operator": PERSON, "kind": "manager", "by": MANAGER, "on": SIGNED}
    return GivenRating(**{"item": "over_delivery.suggestions", **known, **more})


def signed(opened: Month, operator: str, **more: Any) -> Month:
    """Open the month again with the manager's signature under a score."""
    card = opened.score(operator)
    row = {
        "month": MONTH,
        "operator": operator,
        "action": "sign",
        "total": card.total,
        "score_sha256": card["score_sha256"],
        "by": MANAGER,
        "on": SIGNED,
    }
    return with_inputs(opened, signoffs=(Signoff(**{**row, **more}),))


def test_a_self_rating_stands_beside_the_score_and_counts_nothing(
    month: OperatorMonth, rough: Month
) -> None:
    text = settled(month, rough)

    assert "自评（不计分）" in text
    assert re.search(r"任务一次通过\s按验收记录自评.*?3\.50\s*3\.67\s满分4", text)


def test_a_rating_stands_beside_what_was_computed(
    month: OperatorMonth, rough: Month
) -> None:
    row = re.search(r"按签到表核定.*?4\.59\s*4\.20\s满分5", settled(month, rough))

    assert row is not None


def test_a_rating_that_does_not_count_says_so(
    month: OperatorMonth, rough: Month
) -> None:
    text = settled(month, with_log(rough, ratings=(rating(points=Decimal(2)),)))

    assert "未写理由" in text
    assert "2.00 未计入" in text


def test_a_word_of_a_scale_is_shown_as_a_word(
    month: OperatorMonth, rough: Month
) -> None:
    word = rating(word="优秀", reason="见周会记录")

    assert "优秀 未计入" in settled(month, with_log(rough, ratings=(word,)))


def test_without_words_nothing_is_made_up(month: OperatorMonth, rough: Month) -> None:
    text = settled(month, with_inputs(with_log(rough, ratings=()), appeals=()))

    assert "未交自评。" in text
    assert "主管未调整得分。" in text
    assert "没有申诉。" in text


def test_an_appeal_is_open_until_it_is_decided(
    month: OperatorMonth, rough: Month
) -> None:
    (appeal,) = (row for row in rough.inputs.appeals if row.operator == PERSON)
    decided = appeal.model_copy(
        update={
            "decision": "维持原分",
            "decided_by": MANAGER,
            "decided_on": date(2026, 11, 7),
        }
    )

    assert "尚未答复" in settled(month, rough)
    text = settled(month, with_inputs(rough, appeals=(decided,)))
    assert "维持原分 示例主管，2026-11-07" in text


def test_a_veto_keeps_the_sum_in_sight(
    month: OperatorMonth, rough: Month, tmp_path: Path
) -> None:
    opened = with_plan(rough, tmp_path, lambda plan: f"veto: 59\n{plan}")
    veto = rating(item="数据", kind="veto", reason="泄露数据。")
    text = settled(month, with_log(opened, ratings=(veto,)))

    # Without the manager's 4.20 the campaign's own 4.59 count.
    assert (
        "示例主管于2026-11-06决定，总分以59分封顶；各项合计76.77分，总分59.00分。"
        "理由：泄露数据。" in text
    )


@pytest.fixture(scope="module")
def with_bonus(rough: Month, tmp_path_factory: pytest.TempPathFactory) -> Month:
    """The month by a plan that gives up to 5 points more for revenue."""
    return with_plan(rough, tmp_path_factory.mktemp("bonus"), bonus)


def test_bonus_points_stand_under_their_cap(
    month: OperatorMonth, with_bonus: Month
) -> None:
    text = settled(month, with_bonus)

    assert "加分4.74分，最多5分" in text
    assert re.search(r"额外收益[^额]*?4\.74 最多5", text)


def test_what_points_rest_on_adds_up_to_the_score(
    month: OperatorMonth, rough: Month
) -> None:
    text = settled(month, rough)

    assert "得分依据：76.38分中平台导出数据8.79分，占12%" in text
    assert "未经他人确认的记录 16.91" in text


def test_a_bonus_measure_is_found_by_its_key(
    month: OperatorMonth, with_bonus: Month
) -> None:
    text = settled(month, with_bonus)

    assert re.search(
        "平台收益短期目标达成、超额达成、粉丝/订单/收益达成、额外收益", text
    )


def test_what_counts_twice_is_named(month: OperatorMonth, rough: Month) -> None:
    text = settled(month, rough)

    assert "有13个结果在多项指标中重复计分" in text
    assert "短期目标达成、超额达成、粉丝/订单/收益达成" in text


def test_without_a_signature_a_score_is_provisional(
    month: OperatorMonth, rough: Month
) -> None:
    assert "主管尚未签字，本结果为暂定。" in settled(month, rough)


@pytest.fixture(scope="module")
def months(rough: Month, month: OperatorMonth) -> dict[str, OperatorMonth]:
    return {PERSON: month, "op-02": rough.operator("op-02")}


@pytest.mark.parametrize(
    ("operator", "row", "said"),
    [
        pytest.param(
            "op-02", {}, "示例主管于2026-11-06签字，85.04分，是终稿。", id="final"
        ),
        pytest.param(PERSON, {}, "还有待定的分，结果仍是暂定的。", id="pending"),
        pytest.param(
            "op-02",
            {"total": Decimal("75.00"), "score_sha256": "0" * 64},
            "签过75.00分，之后评分变了，签字已失效；现在是85.04分，要重新签字。",
            id="void",
        ),
        pytest.param(
            "op-02",
            {
                "action": "reopen",
                "total": None,
                "score_sha256": "",
                "reason": "漏了一份导出",
            },
            "重新打开，结果又是暂定的。理由：漏了一份导出。",
            id="reopened",
        ),
    ],
)
def test_the_state_of_the_signature(
    months: dict[str, OperatorMonth],
    rough: Month,
    operator: str,
    row: dict[str, Any],
    said: str,
) -> None:
    month = months[operator]

    assert said in settled(month, signed(rough, operator, **row))


def test_three_lines_wait_for_names(month: OperatorMonth, rough: Month) -> None:
    text = settled(month, rough)

    for role in ("本人　示例运营丙", "主管　示例主管", "人事"):
        assert role in text


def test_hostile_words_are_text(hostile: OperatorMonth) -> None:
    page = Reader(str(sections.settled(hostile)))

    assert {tag for tag, _ in page.elements} & {"script", "img", "iframe"} == set()
    assert HOSTILE in page.text


# The head.


def logged_in(opened: Month, *months: str) -> OperatorMonth:
    """Cut the month to PERSON with own entries in the work logs of these months."""
    logs = opened.inputs.worklogs
    entries = {at: replace(logs["2026-08"], month=at) for at in months}
    return person(with_inputs(opened, worklogs={**entries, MONTH: logs[MONTH]}))


def test_a_final_score_says_so(rough: Month) -> None:
    final = signed(rough, "op-02").operator("op-02")
    text = text_of(sections.header(final))

    assert "终稿" in text
    assert "暂定" not in text


# The team.


@pytest.fixture(scope="module")
def cards(sample: Month) -> dict[str, Card]:
    return {one.id: sample.score(one.id) for one in sample.appraised}


def cells(html: str, row: int) -> list[str]:
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [text_of(cell) for cell in re.findall(r"<td.*?</td>", rows[row])]


def test_money_adds_up_what_the_cards_hold(cards: dict[str, Card]) -> None:
    html = str(sections.team_money([cards["op-03"], cards["op-02"]]))

    assert cells(html, 1) == ["10,000", "9,650", "96.5%", "5,342", "5,365", "99.6%"]
    assert cells(html, 2) == ["8,000", "8,600", "107.5%", "3,141", "3,311", "94.9%"]
    assert cells(html, -1) == [
        "18,000", "18,250", "101.4%", "8,483", "8,676", "97.8%"
    ]  # fmt: skip


def test_what_a_card_does_not_hold_is_named_and_not_zero(
    sample: Month, empty: Month, cards: dict[str, Card]
) -> None:
    goal = scored.aim("revenue", "12000", operator=PERSON)
    promised = with_inputs(empty, targets=(goal,)).score(PERSON)
    targets = [one for one in sample.inputs.targets if one.metric != "revenue"]
    unpaid = with_inputs(sample, targets=tuple(targets)).score("op-04")
    html = str(sections.team_money([cards["op-01"], promised, unpaid]))

    assert cells(html, 2) == ["—", "—", "—", "—", "12,000", "—"]
    assert cells(html, 3) == ["—"] * 6
    assert "合计不含示例运营丙、示例运营丁的平台收益" in text_of(html)
    # A goal without its result would make the rate of the sums a false one.
    assert cells(html, -1)[3:] == cells(html, 1)[3:]
    assert "—" not in cells(html, 1)


def test_money_without_any_says_so(nothing: OperatorMonth) -> None:
    html = str(sections.team_money([nothing.card]))

    assert "没有活动费用，也没有平台收益" in html


def test_grades_are_people_not_shares(sample: Month, cards: dict[str, Card]) -> None:
    final = signed(sample, "op-04").score("op-04")
    html = str(sections.team_grades([cards["op-03"], final, cards["op-02"]]))

    heads = re.findall(r'<th scope="row">([^<]+)</th>', html)
    assert heads == ["良好", "合格", "有待定分"]
    assert html.count('class="open"') == 2
    assert "%" not in html


def test_scores_stand_beside_last_month_s(
    month: OperatorMonth, cards: dict[str, Card]
) -> None:
    before = [month.previous] if month.previous else []
    html = str(
        sections.team_scores([month.card, cards["op-02"]], [], before, ["op-02"])
    )
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)

    assert 'data-l="9月">—' in rows[1]
    assert 'op-02.pdf"' in rows[1]
    assert "84.0%" in rows[2]
    assert "良好" in rows[2]
    assert "pdf" not in rows[2]


def test_files_are_linked_that_stand_there(cards: dict[str, Card]) -> None:
    some = [cards["op-01"], cards["op-02"]]
    html = str(sections.team_files(some, ["op-02"]))
    links = [at["href"] for tag, at in Reader(html).elements if tag == "a"]

    assert {Path(link).parent for link in links} == {Path("../reports", MONTH)}
    assert [Path(link).name for link in links] == [
        "scores.xlsx",
        "scores.csv",
        "targets.proposed.csv",
        "op-02.pdf",
        "missing.html",
        "clean.html",
    ]


def test_points_on_unconfirmed_entries_are_thin_evidence(
    month: OperatorMonth,
) -> None:
    # All rated by the manager, but for days on record.
    plan, roster = scored.read_plan("rated"), scored.people({"tt": "toutiao"})
    ratings = tuple(
        rating(operator=scored.ID, item=item, points=Decimal(15), reason="见周会记录")
        for item in ("quality.content", "quality.teamwork", "discipline.response")
    )
    log = Worklog(month=MONTH, ratings=ratings)
    days = scored.values("tt", "toutiao", account_days=31)
    sure = score(scored.evidence(plan, roster, days, log=log))
    html = str(sections.team_evidence([month.card, sure]))

    assert "2人中1人有" in text_of(html)
    assert "16.91" in text_of(html)


def test_an_empty_team_has_its_parts() -> None:
    assert "还没有一份评分" in str(sections.team_grades([]))
    assert "clean.html" in str(sections.team_files([]))
    assert "没有活动费用" in str(sections.team_money([]))


def test_the_index_lists_who_approved_which_target_the_latest_first(
    sample: Month,
) -> None:
    card = sample.score("op-04").said()
    table = str(sections.team_confirmed([card]))
    rows = [
        [text_of(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.S)
    ]
    header, *rows = rows
    days = [row[0] for row in rows]
    targets = [row for row in rows if "targets.csv" in row[1]]

    assert header[:3] == ["日期", "位置", "内容"]
    assert len(rows) == len(card["confirmed"])
    assert days == sorted(days, reverse=True)
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", day) for day in days)
    assert "签字之后" not in table
    early = signed(sample, "op-04", on=date(2026, 10, 1)).score("op-04")
    after = str(sections.team_confirmed([early]))
    assert after.count("签字之后") == sum(day > "2026-10-01" for day in days) > 0
    # A due number and a target, each with what hangs on it.
    due = next(row for row in targets if row[2].startswith("内容的应完成数"))
    assert "发布完成" in due[4]
    orders = next(row for row in targets if row[2].startswith("电商订单的短期目标"))
    assert "目标覆盖" in orders[4]
    assert "短期目标达成" in orders[4]
