"""Reads everything, writes nothing: every problem of a month, before it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kpi_lib import inputs
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.inputs import Inputs
from kpi_lib.workspace import Workspace

if TYPE_CHECKING:
    from kpi_lib.months import Given

_ORDER = ("error", "warning", "note")


def check(workspace: Workspace, month: str) -> list[Problem]:
    """
    Tell every problem of what people wrote and of the exports of a month.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    list of Problem
        Errors first, then warnings, then notes; each kind in the order of reading.
    """
    problems: list[Problem] = []
    try:
        given = inputs.for_month(workspace, month)
        problems += given.worklogs[month].findings
        problems += _findings(workspace, month, given)
    except InvalidInput as err:
        problems += err.problems
        problems += _exports(workspace, month)
    return sorted(
        dict.fromkeys(problems), key=lambda problem: _ORDER.index(problem.level)
    )


def _exports(workspace: Workspace, month: str) -> list[Problem]:
    """Look at the exports even if a plan or a target is wrong; not without a roster."""
    try:
        people, downloads, decisions = inputs.load_for_exports(workspace)
    except InvalidInput:
        # Told already, with the other files that people wrote.
        return []
    from kpi_lib import months  # pandas: only where exports are read

    given = months.Given(roster=people, downloads=downloads, decisions=decisions)
    return _findings(workspace, month, given)


def _findings(workspace: Workspace, month: str, given: Given | Inputs) -> list[Problem]:
    from kpi_lib import months

    return [*months.tidy(months.arrive(workspace, month, given)).findings]
