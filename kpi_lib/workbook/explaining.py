"""From a point back to its numbers: the published card, in lines for a terminal."""

from __future__ import annotations

import json

from kpi_lib import page
from kpi_lib.appraisal import Card
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import WorkspaceError
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
        what, expected = f"没有{operator}的评分卡", "、".join(cards)
        raise WorkspaceError.of(what, where=where, expected=expected, do=again)
    place = workspace.relative(path)
    try:
        card = Card.from_json(json.loads(path.read_text(encoding="utf-8")))
        measures = {
            key: own
            for key, own in card.measures.items()
            if measure in ("", key, own["id"])
        }
        if not measure or len(measures) == 1:
            told = {"states": STATUS, "metrics": METRICS, "alone": bool(measure)}
            text = page.text("explain.txt", card=card, measures=measures, **told)
            return text.splitlines()
    except (LookupError, TypeError, ValueError, AttributeError) as err:
        what, expected = "评分卡损坏，读不懂", "运行写下的原样文件"
        raise WorkspaceError.of(what, where=place, expected=expected, do=again) from err
    what, expected = f"没有量化指标{measure}", "、".join(card.measures)
    raise WorkspaceError.of(what, where=place, expected=expected)
