"""How a score is settled on the page, the line of months, and the team's new parts."""

import copy
import re
from dataclasses import replace
from typing import Any

import pytest

from kpi_lib import page as sections
from kpi_lib.appraisal import OperatorMonth
from tests.example_month import card, earlier, example
from tests.page.test_sections import HOSTILE, Reader, text_of

SIGNED = {
    "action": "sign",
    "by": "示例主管",
    "on": "2026-11-06",
    "reason": "",
    "total": "76.72",
    "void": False,
}


@pytest.fixture(scope="module")
def month() -> OperatorMonth:
    return example()


def settled(month: OperatorMonth, **keys: Any) -> str:
    made: Any = replace(month, card=card() | keys)
    return text_of(str(sections.settled(made)))


def test_a_self_rating_stands_beside_the_score_and_counts_nothing(
    month: OperatorMonth,
) -> None:
    text = settled(month)

    assert "自评（不计分）" in text
    assert re.search(r"周/月复盘第42周的复盘.*?5\.00\s*4\.00满分5", text)


def test_a_rating_stands_beside_what_was_computed(month: OperatorMonth) -> None:
    made = card()
    measure = made["items"][3]["measures"][4]
    measure["rating"] = {"computed": "4.00", "by": "示例主管"}
    measure["score"] = "5.00"
    rating = made["ratings"][1] | {
        "item": "content.周/月复盘",
        "points": "5",
        "reason": "系统维护",
        "counted": True,
    }
    row = re.search(
        r"系统维护.*?4\.00\s*5\.00满分5",
        settled(month, items=made["items"], ratings=[rating]),
    )

    assert row is not None


def test_a_rating_that_does_not_count_says_so(month: OperatorMonth) -> None:
    text = settled(month)

    assert "没有写理由" in text
    assert "2.00没有计入" in text


def test_a_word_of_a_scale_is_shown_as_a_word(month: OperatorMonth) -> None:
    rating = card()["ratings"][1] | {"points": "", "word": "优秀"}

    assert "优秀没有计入" in settled(month, ratings=[rating])


def test_without_words_nothing_is_made_up(month: OperatorMonth) -> None:
    text = settled(month, ratings=[], appeals=[])

    assert "没有交自评。" in text
    assert "没有用评定替换计算值。" in text
    assert "没有申诉。" in text


def test_an_appeal_is_open_until_it_is_decided(month: OperatorMonth) -> None:
    (one,) = card()["appeals"]
    decided = one | {
        "decision": "维持原分",
        "decided_by": "示例主管",
        "decided_on": "2026-11-07",
    }

    assert "还没有答复" in settled(month, appeals=[one])
    assert "维持原分示例主管，2026-11-07" in settled(month, appeals=[decided])


def test_a_veto_keeps_the_sum_in_sight(month: OperatorMonth) -> None:
    veto = {"cap": "59", "by": "示例主管", "on": "2026-11-06", "reason": "泄露数据。"}
    text = settled(month, veto=veto, total="59.00")

    assert (
        "示例主管于2026-11-06决定，总分以59分封顶；各项合计76.72分，总分59.00分。"
        "理由：泄露数据。" in text
    )


def test_bonus_points_stand_under_their_cap(month: OperatorMonth) -> None:
    measure = card()["items"][0]["measures"][0] | {"item": "target_setting"}
    text = settled(month, bonus={"cap": "5", "score": "4.29", "measures": [measure]})

    assert "加分4.29分，最多5分" in text
    assert "目标覆盖24/28格4.29最多5" in text


def test_what_points_rest_on_adds_up_to_the_score(month: OperatorMonth) -> None:
    text = settled(month)

    assert "76.72分中35.11分靠平台导出的数据，占46%" in text
    assert "没有他人确认的记录6.37" in text


def test_a_bonus_measure_is_found_by_its_key(month: OperatorMonth) -> None:
    measure = card()["items"][0]["measures"][0] | {
        "item": "x",
        "id": "extra",
        "name": "额外收益",
    }
    bonus = {"cap": "5", "score": "4.29", "measures": [measure]}
    same = [{"metric": "revenue", "name": "平台收益", "measures": ["x.extra"]}]

    text = settled(month, bonus=bonus, same_results=same)

    assert "平台收益额外收益" in text


def test_what_counts_twice_is_named(month: OperatorMonth) -> None:
    text = settled(month)

    assert "有1个结果同时计在几项里" in text
    assert "短期目标达成、超额达成、粉丝/订单/收益" in text


@pytest.mark.parametrize(
    ("signoff", "final", "said"),
    [
        pytest.param(None, False, "主管还没有签字，结果是暂定的。", id="none"),
        pytest.param(
            SIGNED, True, "示例主管于2026-11-06签字，76.72分，是终稿。", id="final"
        ),
        pytest.param(SIGNED, False, "还有待定的分，结果仍是暂定的。", id="pending"),
        pytest.param(
            SIGNED | {"void": True, "total": "75.00"},
            False,
            "签过75.00分，之后评分变了，签字已失效；现在是76.72分，要重新签字。",
            id="void",
        ),
        pytest.param(
            SIGNED | {"action": "reopen", "total": "", "reason": "漏了一份导出"},
            False,
            "重新打开，结果又是暂定的。理由：漏了一份导出。",
            id="reopened",
        ),
    ],
)
def test_the_state_of_the_signature(
    month: OperatorMonth, signoff: Any, final: bool, said: str
) -> None:
    assert said in settled(month, signoff=signoff, final=final)


def test_three_lines_wait_for_names(month: OperatorMonth) -> None:
    text = settled(month)

    for role in ("本人　示例运营甲", "主管　示例主管", "人事"):
        assert role in text


def test_hostile_words_are_text(month: OperatorMonth) -> None:
    made = card(name=HOSTILE)
    for one in (*made["ratings"], *made["appeals"]):
        one.update(
            {key: HOSTILE for key in ("name", "reason", "text", "by") if key in one}
        )
    page = Reader(str(sections.settled(replace(month, card=made))))

    assert {tag for tag, _ in page.elements} & {"script", "img", "iframe"} == set()
    assert HOSTILE in page.text


# The head.


def test_the_line_of_months_can_be_read_aloud(month: OperatorMonth) -> None:
    html = str(sections.header(month))

    assert 'aria-label="得分率：7月74.2%、8月78.1%、9月79.7%、10月81.6%"' in html
    assert "得分率，近4个月" in html


def test_two_months_are_no_line(month: OperatorMonth) -> None:
    short: Any = replace(month, earlier=month.earlier[-1:])

    assert "trend" not in str(sections.header(short))


def test_months_by_another_plan_are_left_out(month: OperatorMonth) -> None:
    other = month.earlier[0] | {"plan": {"id": "other", "version": "1"}}
    made: Any = replace(month, earlier=(other, *month.earlier[1:]))

    assert "得分率，近3个月" in str(sections.header(made))


def test_a_final_score_says_so(month: OperatorMonth) -> None:
    done = earlier(card()) | {"final": True, "signed": True}
    text = text_of(str(sections.header(replace(month, card=done))))

    assert "终稿" in text
    assert "暂定" not in text


# The team.


def with_money(id: str, budget: str, spend: str, revenue: str, goal: str) -> Any:
    """Make a card whose measures used these amounts; empty ones are not there."""
    made = copy.deepcopy(card(id, f"示例{id}"))
    by_name = {one["name"]: one for item in made["items"] for one in item["measures"]}
    amounts = {"budget": budget, "spend": spend}
    by_name["活动预算"]["inputs"] = {key: at for key, at in amounts.items() if at}
    part = {"metric": "revenue", "value": revenue, "counted": goal}
    by_name["短期目标达成"]["parts"] = [part] if goal else []
    return made


def cells(html: str, row: int) -> list[str]:
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [text_of(cell) for cell in re.findall(r"<td.*?</td>", rows[row])]


def test_money_adds_up_what_the_cards_hold() -> None:
    html = str(
        sections.team_money(
            [
                with_money("op-02", "8000", "8600", "4000.5", "5000"),
                with_money("op-01", "10000", "9400", "38556", "27000"),
            ]
        )
    )

    assert cells(html, 1) == ["10,000", "9,400", "94.0%", "38,556", "27,000", "142.8%"]
    assert cells(html, -1) == [
        "18,000",
        "18,000",
        "100.0%",
        "42,557",
        "32,000",
        "133.0%",
    ]


def test_what_a_card_does_not_hold_is_named_and_not_zero() -> None:
    html = str(
        sections.team_money(
            [
                with_money("op-01", "10000", "9400", "38556", "27000"),
                with_money("op-02", "", "", "", "12000"),
                with_money("op-03", "", "", "", ""),
            ]
        )
    )

    assert cells(html, 3) == ["—"] * 6
    assert "合计里没有示例op-02、示例op-03的平台收益" in text_of(html)
    # A goal without its result would make the rate of the sums a false one.
    assert cells(html, -1)[3:] == ["38,556", "27,000", "142.8%"]


def test_money_without_any_says_so() -> None:
    html = str(sections.team_money([with_money("op-01", "", "", "", "")]))

    assert "没有活动费用，也没有平台收益" in html


def test_grades_are_people_not_shares() -> None:
    cards = [
        card(),
        card("op-02", "乙") | {"total": "84", "rated": "100", "grade": "良好"},
        card("op-03", "丙")
        | {"total": "92", "rated": "100", "grade": "优秀", "final": True},
    ]
    html = str(sections.team_grades(cards))

    heads = re.findall(r'<th scope="row">([^<]+)</th>', html)
    assert heads == ["优秀", "良好", "有待定的分"]
    assert html.count('class="open"') == 2
    assert "%" not in html


def test_scores_stand_beside_last_month_s() -> None:
    last = earlier(card())
    html = str(sections.team_scores([card(), card("op-02")], [], [last], ["op-02"]))
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)

    assert "79.7%" in rows[1]
    assert "合格" in rows[1]
    assert 'data-l="9月">—' in rows[2]
    assert 'href="op-02.pdf"' in rows[2]
    assert "pdf" not in rows[1]


def test_files_are_linked_that_stand_there() -> None:
    html = str(sections.team_files([card(), card("op-02")], ["op-02"]))
    links = [at["href"] for tag, at in Reader(html).elements if tag == "a"]

    assert links == [
        "scores.xlsx",
        "scores.csv",
        "targets.proposed.csv",
        "op-02.pdf",
        "clean.html",
    ]


def test_points_on_unconfirmed_entries_are_thin_evidence() -> None:
    sure = card("op-02") | {"rated": "100", "flags": []}
    sure |= {"rests_on": sure["rests_on"] | {"unconfirmed": "0"}}
    html = str(sections.team_evidence([card(), sure]))

    assert "2人中1人有" in text_of(html)
    assert "6.37" in text_of(html)


def test_an_empty_team_has_its_parts() -> None:
    assert "还没有一份评分" in str(sections.team_grades([]))
    assert "clean.html" in str(sections.team_files([]))
    assert "没有活动费用" in str(sections.team_money([]))
