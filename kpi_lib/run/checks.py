"""Reads and scores, writes nothing: every problem of a month, before it is run."""

from __future__ import annotations

import contextlib
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
    Tell every problem of a month, and what a run would leave pending or out.

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
    from kpi_lib import months  # pandas: only where exports are read
    from kpi_lib.run.foreseen import foreseen

    problems: list[Problem] = []
    given: Given | Inputs | None = None
    try:
        given = inputs.for_month(workspace, month)
        problems += (*given.mistakes, *given.worklogs[month].findings)
    except InvalidInput as err:
        problems += err.problems
        # The exports are looked at even if a plan or a target is wrong, but not without
        # a roster; what is wrong with that is told already.
        with contextlib.suppress(InvalidInput):
            people, downloads, decisions = inputs.load_for_exports(workspace)
            given = months.Given(
                roster=people, downloads=downloads, decisions=decisions
            )
    if given is not None:
        try:
            tables = months.tidy(months.arrive(workspace, month, given))
            problems += tables.findings
            if isinstance(given, Inputs):
                problems += foreseen(workspace, month, given, tables)
        except InvalidInput as err:  # a name or a folder that cannot be read
            problems += err.problems
    return sorted(dict.fromkeys(problems), key=lambda at: _ORDER.index(at.level))
