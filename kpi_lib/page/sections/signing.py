"""How a score is settled: own and manager's words, appeals, what it rests on, names."""

from __future__ import annotations

from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.language import N_, _
from kpi_lib.page.parts import (
    ZERO,
    Card,
    Fragment,
    made,
    points,
    said,
)

RESTS = {
    "exports": N_("平台导出的数据"),
    "manual": N_("手工填报的数据"),
    "confirmed": N_("他人确认或批准过的记录"),
    "unconfirmed": N_("没有他人确认的记录"),
    "rated": N_("主管评定"),
}
"""What points rest on, the surest first."""


def settled(m: OperatorMonth) -> Fragment:
    """
    Show self assessment, ratings, veto, bonus, appeals, what points rest on, sign-off.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    card = said(m.card)
    named = _named(card)
    given = [_rating(one, named) for one in card["ratings"]]
    return made(
        "settled",
        card=card,
        own=[one for one in given if one["kind"] == "self"],
        ratings=[one for one in given if one["kind"] == "manager"],
        veto=_veto(card),
        bonus=_bonus(card),
        appeals=[_appeal(one) for one in card["appeals"]],
        rests=_rests(card),
        same=[
            (
                one["name"],
                figures.listed([_find(named, key)["name"] for key in one["measures"]]),
            )
            for one in card["same_results"]
        ],
        state=_state(card),
        names=[
            (_("本人"), card["name"]),
            (_("主管"), card["manager"]),
            (_("人事"), ""),
        ],
    )


def _named(card: Card) -> dict[str, Card]:
    """Return every measure under the name people call it by: item.measure."""
    measures = {
        f"{item['id']}.{one['id']}": one
        for item in card["items"]
        for one in item["measures"]
    }
    bonus = card["bonus"]["measures"] if card["bonus"] else ()
    return measures | {one["id"]: one for one in bonus}


def _find(named: dict[str, Card], key: str) -> Card:
    """Return a measure by its key; one of the bonus stands there by its id alone."""
    return named.get(key) or named.get(key.rpartition(".")[2], {})


def _rating(given: Card, named: dict[str, Card]) -> dict[str, Any]:
    """Set a rating beside what was computed: both stay visible."""
    measure = _find(named, given["item"])
    replaced = measure.get("rating")
    computed = replaced["computed"] if replaced else measure.get("score")
    return {
        "kind": given["kind"],
        "name": given["name"] or given["item"],
        "given": given["word"] or figures.points(given["points"]),
        "computed": figures.points(computed),
        "possible": figures.plain(measure.get("possible")),
        "by": given["by"],
        "on": given["on"],
        "reason": given["reason"],
        "counted": given["counted"],
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
        total=figures.points(card["total"]),
        reason=veto["reason"].rstrip("。"),
    )


def _bonus(card: Card) -> dict[str, Any] | None:
    bonus = card["bonus"]
    if not bonus:
        return None
    return {
        "title": _(
            "加分{score}分，最多{cap}分",
            score=figures.points(bonus["score"]),
            cap=figures.plain(bonus["cap"]),
        ),
        "measures": bonus["measures"],
    }


def _appeal(one: Card) -> dict[str, Any]:
    """Return an appeal; an open one says that it is."""
    return {
        "name": one["name"] or one["measure"],
        "text": one["text"],
        "on": one["on"],
        "open": not one["decision"],
        "decision": one["decision"],
        "decided_by": one["decided_by"],
        "decided_on": one["decided_on"],
    }


def _rests(card: Card) -> dict[str, Any] | None:
    """Return how many points rest on what, and the sentence about the surest part."""
    parts = [
        (_(word), points(card["rests_on"][key]), key) for key, word in RESTS.items()
    ]
    whole = sum((by for _word, by, _key in parts), ZERO)
    if not whole:
        return None
    return {
        "title": _(
            "{total}分中{exports}分靠平台导出的数据，占{share}",
            total=figures.points(whole),
            exports=figures.points(parts[0][1]),
            share=figures.percent(parts[0][1] / whole, 0),
        ),
        "rows": [(word, by, float(100 * by / whole), key) for word, by, key in parts],
        "total": whole,
    }


def _state(card: Card) -> str:
    """Say who signed what and whether it still holds."""
    sign = card["signoff"]
    if not sign:
        return _("主管还没有签字，结果是暂定的。")
    values = {
        "by": sign["by"],
        "on": sign["on"],
        "total": figures.points(sign["total"] or None),
        "now": figures.points(card["total"]),
        "reason": sign["reason"].rstrip("。"),
    }
    if sign["action"] == "reopen":
        if not sign["reason"]:
            return _("{by}于{on}重新打开，结果又是暂定的。", **values)
        return _("{by}于{on}重新打开，结果又是暂定的。理由：{reason}。", **values)
    if sign["void"]:
        return _(
            "{by}于{on}签过{total}分，之后评分变了，签字已失效；"
            "现在是{now}分，要重新签字。",
            **values,
        )
    if not card["final"]:
        return _("{by}于{on}签字，{total}分；还有待定的分，结果仍是暂定的。", **values)
    return _("{by}于{on}签字，{total}分，是终稿。", **values)
