"""
Everything that people decided and recorded for a month, read in one go.

Every problem of every file is collected, so that a person mends them together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from kpi_lib import layouts, plan, records, roster, targets, workdays, worklog
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.plan import Plan
from kpi_lib.records import Appeal, Decision, Signoff
from kpi_lib.roster import Roster
from kpi_lib.targets import Target
from kpi_lib.workdays import Calendar
from kpi_lib.worklog import Worklog
from kpi_lib.workspace import Workspace

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """
    What people wrote.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    plan : Plan
        The workspace's plan; `plan.for_month` says whether it is valid.
    roster : Roster
        Operators and accounts.
    targets : tuple of Target
        All rows of targets.csv.
    worklogs : mapping of str to Worklog
        Month → work log: the month's own and those of the two before it.
    decisions, downloads, calendar, signoffs, appeals
        As their files say.
    """

    month: str
    plan: Plan
    roster: Roster
    targets: tuple[Target, ...]
    worklogs: Mapping[str, Worklog]
    decisions: tuple[Decision, ...]
    downloads: Mapping[str, date]
    calendar: Calendar
    signoffs: tuple[Signoff, ...]
    appeals: tuple[Appeal, ...]


def for_month(workspace: Workspace, month: str) -> Inputs:
    """
    Read all that people wrote for a month, if it can be appraised.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    Inputs
        Everything, checked.

    Raises
    ------
    InvalidInput
        With every problem; or if the plan is not valid in the month.
    """
    given = load(workspace, month)
    plan.for_month(given.plan, month, workspace.relative(workspace.plan))
    return given


WORKLOGS = 4
"""Months of work logs: a quarter's portraits, also for last month's score."""


def load(workspace: Workspace, month: str) -> Inputs:
    """
    Read all that people wrote for a month.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    Inputs
        Everything, checked.

    Raises
    ------
    InvalidInput
        With every problem of every file.
    """
    problems: list[Problem] = []
    names = {one.id: one.name for one in layouts.platforms().values()}

    def take(read: Callable[[Path, str], T], path: Callable[[], Path]) -> T | None:
        try:
            file = path()
            return read(file, workspace.relative(file))
        except InvalidInput as refusal:
            problems.extend(refusal.problems)
            return None

    the_plan = take(plan.load, lambda: workspace.plan)
    people = take(
        lambda file, where: roster.load(
            file, platforms=names, layouts=layouts.layouts(), where=where
        ),
        lambda: workspace.roster,
    )
    decisions = take(records.decisions, lambda: workspace.decisions)
    downloads = take(records.downloads, lambda: workspace.downloads)
    days = take(records.calendar, lambda: workspace.calendar)
    signoffs = take(records.signoffs, lambda: workspace.signoff)
    appeals = take(records.appeals, lambda: workspace.appeals)
    aims: tuple[Target, ...] | None = None
    logs: dict[str, Worklog | None] = {}
    if people is not None:
        owned = people.platforms_of()
        known = people
        aims = take(
            lambda file, where: targets.load(
                file, owned=owned, platforms=names, where=where
            ),
            lambda: workspace.targets,
        )
        for past in workdays.months_back(month, WORKLOGS):
            logs[past] = take(
                lambda file, where, past=past: worklog.load(  # type: ignore[misc]
                    file,
                    month=past,
                    operators={one.id: one.name for one in known.operators},
                    platforms=names,
                    where=where,
                ),
                lambda past=past: workspace.worklog(past),  # type: ignore[misc]
            )
    if (
        problems
        or the_plan is None
        or people is None
        or aims is None
        or decisions is None
        or downloads is None
        or days is None
        or signoffs is None
        or appeals is None
    ):
        raise InvalidInput(tuple(problems))
    return Inputs(
        month=month,
        plan=the_plan,
        roster=people,
        targets=aims,
        worklogs={past: log for past, log in logs.items() if log is not None},
        decisions=decisions,
        downloads=downloads,
        calendar=Calendar(days),
        signoffs=signoffs,
        appeals=appeals,
    )
