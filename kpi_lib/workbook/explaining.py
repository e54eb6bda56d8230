"""From a point back to its numbers: the published card, in lines for a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from kpi_lib.appraisal import Card
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import Problem, WorkspaceError
from kpi_lib.inputs import STATUS
from kpi_lib.workspace import Workspace


def explain(
    workspace: Workspace, month: str, operator: str, measure: str = ""
) -> list[str]:
    """
    Tell how an operator's points came about.

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
    if not path.is_file():
        raise _refused(
            workspace.relative(path),
            "没有这份评分卡",
            _cards(workspace, month),
            f"先运行kpi run {month}",
        )
    card = Card.from_json(json.loads(path.read_text(encoding="utf-8")))
    known = card.measures
    if not measure:
        lines = [_line(key, one) for key, one in known.items()]
        return [*_head(card), *lines, *_foot(card)]
    found = {k: one for k, one in known.items() if measure in (k, one["id"])}
    if len(found) != 1:
        raise _refused(
            workspace.relative(path), f"没有量化指标{measure}", "、".join(known), ""
        )
    ((key, one),) = found.items()
    return [*_head(card), _line(key, one), *_detail(one)]


def _refused(where: str, what: str, expected: str, do: str) -> WorkspaceError:
    return WorkspaceError((Problem(what=what, where=where, expected=expected, do=do),))


def _cards(workspace: Workspace, month: str) -> str:
    folder = workspace.reports(month)
    names = sorted(path.stem for path in folder.glob("*.json") if path.stem != "run")
    return "、".join(names)


def _head(card: Card) -> list[str]:
    rated = f"已评{card['rated']}分，满分{card['possible']}分"
    lines = [f"{card['name']} {card['month']}：{card['total'] or '—'}（{rated}）"]
    if card["bonus"]:
        given = card["bonus"]["score"] or "—"
        lines.append(f"加分：{given}（最多{card['bonus']['cap']}分）")
    if card["veto"]:
        veto = card["veto"]
        lines.append(
            f"一票否决：合计{card['sum']}，总分不超过{veto['cap']}"
            f"（{veto['by']}，{veto['on']}，{veto['reason']}）"
        )
    return lines


def _foot(card: Card) -> list[str]:
    """Tell of the signature, or how to sign."""
    signoff = card["signoff"]
    if card["signed"]:
        return [f"已由{signoff['by']}在{signoff['on']}签字"]
    row = f"{card['month']},{card['operator']},sign,{card['total'] or ''}"
    row += f",{card['score_sha256']},<签字人>,<日期>,"
    return [f"签字：在data/signoff.csv加一行 {row}"]


def _line(key: str, one: Mapping[str, Any]) -> str:
    score = one["score"] if one["score"] is not None else "—"
    note = f"；{one['note']}" if one["note"] else ""
    told = f"{score}/{one['possible']}分，{STATUS[one['status']]}{note}"
    return f"{key} {one['name']}：{told}"


def _detail(one: Mapping[str, Any]) -> list[str]:
    lines = []
    shown = one["show"]
    if shown["text"]:
        lines.append(f"  数值：{shown['text']}")
    if shown["target"]:
        lines.append(f"  目标：{shown['target']}")
    if one["rule"]["text"]:
        lines.append(f"  得分：{one['rule']['text']}")
    if "rating" in one:
        given = one["rating"]
        lines.append(
            f"  主管评定：{given['word'] or given['points'] + '分'}，"
            f"{given['by']}，{given['on']}，"
            f"{given['reason']}；计算值{given['computed'] or '—'}"
        )
    for part in one["parts"]:
        name = METRICS[part["metric"]].zh
        counted = part["counted"]
        held = f"，按{counted}计" if counted != part["target"] else ""
        lines.append(
            f"  {name}：数值{part['value'] or '—'}，目标{part['target']}{held}，"
            f"达成{part['attained'] or '—'}"
        )
    lines += [f"  用到的数：{name}={value}" for name, value in one["inputs"].items()]
    for cited in one["evidence"]:
        sheet = f"“{cited['sheet']}”" if cited["sheet"] else ""
        metric = METRICS[cited["metric"]].zh if cited["metric"] else ""
        total = f"，{metric}合计{cited['sum']}" if metric and cited["sum"] else ""
        lines.append(f"  依据：{cited['source']}{sheet}第{cited['rows']}行{total}")
    return lines
