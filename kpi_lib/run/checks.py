"""Reads and scores, writes nothing: every problem of a month, before it is run."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from kpi_lib import inputs
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.inputs import Inputs
from kpi_lib.workspace import REGISTER, Workspace

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
    from kpi_lib.run.foreseen import foreseen, in_memory

    problems = inputs.strays(workspace)
    given: Inputs | None = None
    whole = False
    try:
        given = inputs.for_month(workspace, month)
        problems += (*given.mistakes, *given.worklogs[month].findings)
        for file, plan in given.plans.items():
            do = "请核对：打分按分值，权重只显示"
            problems += [
                Problem(what=what, where=file, do=do, level="warning")
                for what in plan.doubts()
            ]
        whole = True
    except InvalidInput as err:
        problems += err.problems
        # The exports are looked at even if a plan or a target is wrong, but not without
        # a roster; what is wrong with that is told already.
        with contextlib.suppress(InvalidInput):
            given = inputs.load_for_exports(workspace)
    if given is not None:
        try:
            if not whole:
                arrived = months.arrive(workspace, month, given)
                problems += months.tidy(arrived).findings
            else:
                opened = in_memory(workspace, month, given)
                problems += (*opened.findings, *foreseen(opened))
                if not given.roster.appraised(month):
                    what, do = f"{month}没有要考核的人", "请登记人员和账号"
                    nobody = Problem(what=what, where=REGISTER, do=do, level="warning")
                    problems.append(nobody)
        except InvalidInput as err:  # a name or a folder that cannot be read
            problems += err.problems
        what = "没有写应到导出（expects），不知道该有哪些，它的指标都不考"
        expects = Problem(what=what, where=REGISTER, level="warning")
        for account in given.roster.accounts:
            if not account.expects:
                problems.append(replace(expects, place=f"账号{account.id}"))
    return sorted(dict.fromkeys(problems), key=lambda at: _ORDER.index(at.level))
