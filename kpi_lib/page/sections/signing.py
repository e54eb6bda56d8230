"""How a score is settled: own and manager's words, appeals, what it rests on, names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, made, total

RESTS = {
    "exports": N_("平台导出的数据"),
    "manual": N_("手工填报的数据"),
    "confirmed": N_("他人确认或批准过的记录"),
    "unconfirmed": N_("没有他人确认的记录"),
    "rated": N_("主管评定"),
}
"""What points rest on, the surest first."""


def settled(m: OperatorMonth) -> Fragment:
    """Show ratings, veto, bonus, appeals, what points rest on, and sign-off."""
    card = m.card.said()
    ratings = [_rating(rating, card) for rating in card["ratings"]]
    own, managers = (
        [rating for rating in ratings if rating["kind"] == kind]
        for kind in ("self", "manager")
    )
    return made(
        "settled",
        card=card,
        own=own,
        ratings=managers,
        veto=_veto(card),
        bonus=_bonus(card),
        rests=_rests(card),
        same=[
            (result["name"], _names(card, result)) for result in card["same_results"]
        ],
        state=_state(card),
        names=[
            (_("本人"), card["name"]),
            (_("主管"), card["manager"]),
            (_("人事"), ""),
        ],
    )


def _names(card: Card, result: Mapping[str, Any]) -> str:
    return figures.listed([card.measures[key]["name"] for key in result["measures"]])


def _rating(rating: Mapping[str, Any], card: Card) -> dict[str, Any]:
    """Set a rating beside what was computed: both stay visible."""
    measure: Mapping[str, Any] = card.measures.get(rating["item"], {})
    replaced = measure.get("rating")
    computed = replaced["computed"] if replaced else measure.get("score")
    return {
        **rating,
        "name": rating["name"] or rating["item"],
        "given": rating["word"] or figures.points(rating["points"]),
        "computed": figures.points(computed),
        "possible": figures.plain(measure.get("possible")),
    }


def _veto(card: Card) -> str:
    """Say in one sentence what a veto did; empty without one."""
    veto = card["veto"]
    if not veto:
        return ""
    return _(
        "一票否决：{by}于{on}决定，总分以{cap}分封顶；"
        "各项合计{sum}分，总分{total}分。理由：{reason}。",
        by=veto["by"],
        on=veto["on"],
        cap=figures.plain(veto["cap"]),
        sum=figures.points(card["sum"]),
        total=figures.points(card.total),
        reason=veto["reason"].rstrip("。"),
    )


def _bonus(card: Card) -> dict[str, Any] | None:
    bonus = card["bonus"]
    if not bonus:
        return None
    title = _(
        "加分{score}分，最多{cap}分",
        score=figures.points(bonus["score"]),
        cap=figures.plain(bonus["cap"]),
    )
    return {"title": title, "measures": card.extra}


def _rests(card: Card) -> dict[str, Any] | None:
    """Return how many points rest on what, and the sentence about the surest part."""
    points = card.rests_on
    whole, sure = total(points.values()), points["exports"]
    if not whole:
        return None
    return {
        "title": _(
            "{total}分中{exports}分靠平台导出的数据，占{share}",
            total=figures.points(whole),
            exports=figures.points(sure),
            share=figures.percent(sure / whole, 0),
        ),
        "rows": [
            (_(word), points[key], float(100 * points[key] / whole), key)
            for key, word in RESTS.items()
        ],
    }


SIGNATURES = {
    "open": N_("主管还没有签字，结果是暂定的。"),
    "reopened": N_("{by}于{on}重新打开，结果又是暂定的。"),
    "void": N_(
        "{by}于{on}签过{total}分，之后评分变了，签字已失效；现在是{now}分，要重新签字。"
    ),
    "pending": N_("{by}于{on}签字，{total}分；还有待定的分，结果仍是暂定的。"),
    "final": N_("{by}于{on}签字，{total}分，是终稿。"),
}
"""What is said of the signature, by the card's state."""

WHY_REOPENED = N_("{by}于{on}重新打开，结果又是暂定的。理由：{reason}。")


def _state(card: Card) -> str:
    """Say who signed what and whether it still holds."""
    sign = card["signoff"]
    if not sign:
        return _(SIGNATURES[card.state])
    given_why = card.state == "reopened" and sign["reason"]
    return _(
        WHY_REOPENED if given_why else SIGNATURES[card.state],
        by=sign["by"],
        on=sign["on"],
        total=figures.points(sign["total"] or None),
        now=figures.points(card.total),
        reason=sign["reason"].rstrip("。"),
    )
