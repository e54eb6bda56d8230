"""From a point back to its numbers: the published card, in lines for a terminal."""

from __future__ import annotations

import json

from kpi_lib import page
from kpi_lib.appraisal import Card
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import WorkspaceError
from kpi_lib.held import read_json
from kpi_lib.inputs import STATUS, WrongForm, id_or_name
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
        Roster id, or name.
    measure : str
        ``item.measure``, its id or name alone; empty for a line per measure.

    Returns
    -------
    list of str
        Lines: value, target, rule with the numbers put in, points, files and rows.

    Raises
    ------
    WorkspaceError
        There is no published card, or no such measure; names those there are.
    """
    folder, again = workspace.reports(month), f"先运行kpi run {month}"
    files = [file for file in sorted(folder.glob("*.json")) if file.stem != "run"]
    cards = {file.stem: str(read_json(file).get("name", file.stem)) for file in files}
    try:
        path = folder / f"{id_or_name(cards)(operator)}.json"
    except WrongForm as err:
        where, what = workspace.relative(folder), f"没有{operator}的评分卡"
        raise WorkspaceError.of(what, where=where, expected=str(err), do=again) from err
    place = workspace.relative(path)
    try:
        card = Card.from_json(json.loads(path.read_text(encoding="utf-8")))
        measures = {
            key: own
            for key, own in card.measures.items()
            if measure in ("", key, own["id"], own["name"])
        }
        if not measure or len(measures) == 1:
            told = {"states": STATUS, "metrics": METRICS, "alone": bool(measure)}
            text = page.text("explain", card=card, measures=measures, **told)
            return text.splitlines()
    except (LookupError, TypeError, ValueError, AttributeError) as err:
        what, expected = "评分卡损坏，读不懂", "运行写下的原样文件"
        raise WorkspaceError.of(what, where=place, expected=expected, do=again) from err
    named = (f"{own['name']}（{key}）" for key, own in card.measures.items())
    what, expected = f"没有量化指标{measure}", "、".join(named)
    raise WorkspaceError.of(what, where=place, expected=expected)
