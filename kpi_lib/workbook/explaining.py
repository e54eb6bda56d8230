"""From a point back to its numbers: the published card, in lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping

from kpi_lib.appraisal import Card, CardMeasure
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import Problem, WorkspaceError
from kpi_lib.inputs import STATUS
from kpi_lib.workspace import Workspace


def explain(
    workspace: Workspace, month: str, operator: str, measure: str = ""
) -> list[str]:
    """
    Tell how an operator's published points came about.

    Parameters
    ----------
    workspace : Workspace
        Where the published cards lie.
    month : str
        ``YYYY-MM``.
    operator : str
        Roster id.
    measure : str
        ``item.measure``, or the measure's id alone; empty for a line per measure.

    Returns
    -------
    list of str
        Lines: value, target, rule with the numbers put in, points, files and rows.

    Raises
    ------
    WorkspaceError
        There is no published card, or no such measure; names those there are.
    """
    path = workspace.reports(month) / f"{operator}.json"
    cards = sorted({file.stem for file in path.parent.glob("*.json")} - {"run"})
    again = f"先运行kpi run {month}"
    if operator not in cards:  # nor a path to somewhere else
        where = workspace.relative(path.parent)
        raise _refused(where, f"没有{operator}的评分卡", "、".join(cards), again)
    place = workspace.relative(path)
    try:
        card = Card.from_json(json.loads(path.read_text(encoding="utf-8")))
        return _lines(card, place, measure)
    except (LookupError, TypeError, ValueError, AttributeError) as err:
        what, expected = "评分卡损坏，读不懂", "运行写下的原样文件"
        raise _refused(place, what, expected, again) from err


def _lines(card: Card, place: str, measure: str) -> list[str]:
    if not measure:
        lines = [_line(key, own) for key, own in card.measures.items()]
        return [*_head(card), *lines, *_focus(card), *_foot(card)]
    meant = [key for key, own in card.measures.items() if measure in (key, own["id"])]
    if len(meant) != 1:
        keys = "、".join(card.measures)
        raise _refused(place, f"没有量化指标{measure}", keys, "")
    key = meant[0]
    own = card.measures[key]
    return [*_head(card), _line(key, own), *_detail(own), *_focus(card, key)]


def _refused(where: str, what: str, expected: str, do: str) -> WorkspaceError:
    return WorkspaceError((Problem(what=what, where=where, expected=expected, do=do),))


def _head(card: Card) -> list[str]:
    rated = f"已评{card['rated']}分，满分{card['possible']}分"
    lines = [f"{card['name']} {card['month']}：{card['total'] or '—'}（{rated}）"]
    if bonus := card["bonus"]:
        lines.append(f"加分：{bonus['score'] or '—'}（最多{bonus['cap']}分）")
    if veto := card["veto"]:
        lines.append(
            f"一票否决：合计{card['sum']}，总分不超过{veto['cap']}"
            f"（{veto['by']}，{veto['on']}，{veto['reason']}）"
        )
    return lines


def _focus(card: Card, key: str = "") -> list[str]:
    """Tell what to do next month, of all measures or of one, with its arithmetic."""
    steps = [step for step in card.get("focus", ()) if key in ("", step["measure"])]
    return [
        f"下月重点：{step['text']}" + (f"（{step['sum']}）" if step["sum"] else "")
        for step in steps
    ]


def _foot(card: Card) -> list[str]:
    """Tell of the signature, or how to sign."""
    signoff = card["signoff"]
    if card["signed"]:
        return [f"已由{signoff['by']}在{signoff['on']}签字"]
    return [f"签字：kpi sign {card['month']} --by 签字人"]


def _line(key: str, measure: CardMeasure) -> str:
    score = measure["score"] if measure.scored else "—"
    note = f"；{measure['note']}" if measure["note"] else ""
    state = STATUS[measure["status"]]
    return f"{key} {measure['name']}：{score}/{measure['possible']}分，{state}{note}"


def _weighed(part: Mapping[str, str]) -> str:
    """Tell what a part of a mean counts as, and how much it weighs."""
    if not part.get("share"):
        return ""
    return f"，计入{part['share']}，权重{part['weight']}"


def _detail(measure: CardMeasure) -> list[str]:
    texts = {
        "数值": measure["show"]["text"],
        "目标": measure["show"]["target"],
        "得分": measure["rule"]["text"],
    }
    lines = [f"  {what}：{text}" for what, text in texts.items() if text]
    if "rating" in measure:
        rating = measure["rating"]
        lines.append(
            f"  主管评定：{rating['word'] or rating['points'] + '分'}，"
            f"{rating['by']}，{rating['on']}，"
            f"{rating['reason']}；计算值{rating['computed'] or '—'}"
        )
    for part in measure["parts"]:
        counted = part["counted"]
        capped = f"，按{counted}计" if counted != part["target"] else ""
        lines.append(
            f"  {part.get('name', part['metric'])}：数值{part['value'] or '—'}，"
            f"目标{part['target']}{capped}，"
            f"达成{part['attained'] or '—'}{_weighed(part)}"
        )
    inputs = measure["inputs"].items()
    lines += [f"  用到的数：{name}={value}" for name, value in inputs]
    for cited in measure["evidence"]:
        sheet = f"“{cited['sheet']}”" if cited["sheet"] else ""
        metric = METRICS[cited["metric"]].zh if cited["metric"] else ""
        total = f"，{metric}合计{cited['sum']}" if metric and cited["sum"] else ""
        lines.append(f"  依据：{cited['source']}{sheet}第{cited['rows']}行{total}")
    return lines
