"""From a point back to its numbers: the published card, in lines for a terminal."""

from __future__ import annotations

import json
from typing import Any

from kpi_lib.catalogue import METRICS
from kpi_lib.errors import Problem, WorkspaceError
from kpi_lib.workspace import Workspace

STATUS = {
    "scored": "已评",
    "rated_by_manager": "主管评定",
    "pending": "待定",
    "zero": "没有依据，按计划记零分",
    "excluded": "不计，分值转给同项的其他指标",
}


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
    card = json.loads(path.read_text(encoding="utf-8"))
    known = {
        f"{item['id']}.{one['id']}": one
        for item in card["items"]
        for one in item["measures"]
    }
    if not measure:
        return [*_head(card), *(_line(key, one) for key, one in known.items())]
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


def _head(card: dict[str, Any]) -> list[str]:
    rated = f"已评{card['rated']}分，满分{card['possible']}分"
    return [f"{card['name']} {card['month']}：{card['total'] or '—'}（{rated}）"]


def _line(key: str, one: dict[str, Any]) -> str:
    score = one["score"] if one["score"] is not None else "—"
    note = f"；{one['note']}" if one["note"] else ""
    told = f"{score}/{one['possible']}分，{STATUS[one['status']]}{note}"
    return f"{key} {one['name']}：{told}"


def _detail(one: dict[str, Any]) -> list[str]:
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
            f"  主管评定：{given['points']}分，{given['by']}，{given['on']}，"
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
