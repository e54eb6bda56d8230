"""A manager's signature: what it would stand under, as lines to read, and its rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from kpi_lib import inputs
from kpi_lib.errors import InvalidInput, WorkspaceError
from kpi_lib.held import read_run
from kpi_lib.inputs import Signoff
from kpi_lib.run import cards, notices
from kpi_lib.run.runner import status
from kpi_lib.workspace import REGISTER, Workspace

if TYPE_CHECKING:
    from kpi_lib.appraisal import Card


def to_sign(
    workspace: Workspace, month: str, by: str, on: date
) -> tuple[list[str], list[Signoff]]:
    """
    Tell what a person would sign of a month, and return the rows that say so.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies; nothing is written.
    month : str
        ``YYYY-MM``; its pages must be made of what lies there now.
    by : str
        Who signs: a manager, or one of the approvers.
    on : date
        The day of the signature.

    Returns
    -------
    tuple of list of str, list of Signoff
        Lines on everybody whom the person may sign for: total, what waits, open
        appeals, what changed, what is flagged. A row for each score not signed yet.

    Raises
    ------
    InvalidInput
        If it is no name, or nobody's approver; or if a page is not up to date.
    """
    people = inputs.for_month(workspace, month).roster.appraised(month)
    own = {person.id for person in people if person.is_approver(by)}
    if not own:
        what = f"“{by}”不是任何人的主管或approvers，不能签字"
        managers = "、".join(dict.fromkeys(person.manager for person in people))
        raise InvalidInput.of(what, where=REGISTER, expected=managers)
    folder = workspace.reports(month)
    jobs = [at for at in status(workspace, month) if at.job in {*own, f"clean {month}"}]
    if late := [at.job for at in jobs if at.state != "done"]:
        what = f"{'、'.join(late)}没有做完，或已经过期"
        do = f"先运行kpi run {month}，再签字"
        raise WorkspaceError.of(what, where=workspace.relative(folder), do=do)
    totals = read_run(folder / "run.json")["totals"]
    lines: list[str] = []
    rows: list[Signoff] = []
    for card in cards.published(month, str(workspace.root)):
        if (id := card["operator"]) not in own:
            continue
        lines += _told(card, totals.get(id, {}))
        if card.total is not None and not card["signed"]:
            row = {"month": month, "operator": id, "action": "sign", "by": by, "on": on}
            digest = card["score_sha256"]
            rows.append(Signoff(**row, total=card.total, score_sha256=digest))
    return lines, rows


def _told(card: Card, total: Mapping[str, Any]) -> Iterator[str]:
    """Say under what a name would stand."""
    waits = f"，{len(card.waiting)}项待定，签了也是暂定" if card.waiting else ""
    state = "，已经签字" if card["signed"] else ""
    score = f"{card['total'] or '未评'}/{card['possible']}分"
    yield f"{card['name']}（{card['operator']}）：{score}{waits}{state}"
    for at in card.open_appeals:
        yield f"  没有答复的申诉：{at['name']}，{at['text']}（{at['on']}）"
    for remark in (notices.said(total), *card["flags"]):
        if remark:
            yield f"  {remark}"
