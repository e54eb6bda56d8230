"""
Everything that people decided and recorded for a month, read in one go.

Every problem of every file is collected, so that a person mends them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

from kpi_lib import layouts, plan, records, roster, targets, workdays, worklog
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.plan import Plan, Rating
from kpi_lib.records import Appeal, Decision, Signoff
from kpi_lib.roster import Roster
from kpi_lib.targets import Target
from kpi_lib.wording import language
from kpi_lib.workdays import Calendar
from kpi_lib.worklog import Rateable, Worklog
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
    plans : mapping of str to Plan
        By file: the plan and those that were valid before it.
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
    plans: Mapping[str, Plan]
    roster: Roster
    targets: tuple[Target, ...]
    worklogs: Mapping[str, Worklog]
    decisions: tuple[Decision, ...]
    downloads: Mapping[str, date]
    calendar: Calendar
    signoffs: tuple[Signoff, ...]
    appeals: tuple[Appeal, ...]

    @property
    def plan_file(self) -> str:
        """The file of the month's plan, relative to the workspace."""
        return plan.for_month(self.plans, self.month)

    @property
    def plan(self) -> Plan:
        """The plan of the month."""
        return self.plans[self.plan_file]

    def has_plan(self, month: str) -> bool:
        """Say whether any plan was valid in a month."""
        return any(one.valid_from <= month for one in self.plans.values())

    def plan_of(self, month: str) -> Plan:
        """Return the plan by which a month is appraised."""
        return self.plans[plan.for_month(self.plans, month)]


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
    plan.for_month(given.plans, month)
    return given


WORKLOGS = 6
"""Months of work logs: a quarter's portraits, also for the earlier scores shown."""


def _named(plans: Iterable[Plan]) -> dict[str, Rateable]:
    """Return what each measure may be called; of two plans the later one holds."""
    found: dict[str, Rateable] = {}
    for one in plans:
        measures = dict(one.measures())
        for name, keys in one.named().items():
            if len(keys) > 1:
                continue
            rule = measures[keys[0]].rule
            points = measures[keys[0]].points
            found[name] = Rateable(
                key=keys[0],
                points=Decimal(points.numerator) / Decimal(points.denominator),
                scale=tuple(rule.scale) if isinstance(rule, Rating) else (),
            )
    return found


def _rateable(plans: Mapping[str, Plan], month: str) -> dict[str, Rateable] | None:
    """Return the measures of the plan of a month; None if no plan tells."""
    valid = [one for one in plans.values() if one.valid_from <= month]
    return _named(valid[-1:]) if valid else None


Stamp = tuple[tuple[str, int, int, int], ...]

_KEPT: dict[tuple[Path, str, str], tuple[Stamp, Inputs]] = {}
"""What was read last of a month in a language, and the files' stamps then."""


def _stamp(workspace: Workspace, month: str) -> Stamp:
    """Return path, number, size and time of every file that is read for a month."""
    logs = [
        path
        for past in workdays.months_back(month, WORKLOGS)
        for log in workspace.raw(past).glob("worklog*")
        for path in (log, *log.glob("*"))
    ]
    # The folders too: a file may go as well as come.
    found = [*workspace.data.glob("*.*"), *logs]
    stats = [(path, path.stat()) for path in sorted(found)]
    return tuple(
        (str(at), one.st_ino, one.st_size, one.st_mtime_ns) for at, one in stats
    )


def load(workspace: Workspace, month: str) -> Inputs:
    """
    Read all that people wrote for a month, once for as long as no file changes.

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
    stamp, key = _stamp(workspace, month), (workspace.root, month, language())
    kept = _KEPT.get(key)
    if kept is None or kept[0] != stamp:
        kept = _KEPT[key] = stamp, _read(workspace, month)
    return kept[1]


def _read(workspace: Workspace, month: str) -> Inputs:
    problems: list[Problem] = []
    names = {one.id: one.name for one in layouts.platforms().values()}

    def take(read: Callable[[Path, str], T], path: Callable[[], Path]) -> T | None:
        try:
            file = path()
            return read(file, workspace.relative(file))
        except InvalidInput as refusal:
            problems.extend(refusal.problems)
            return None

    plans = take(plan.load_all, lambda: workspace.data)
    measures = _named(plans.values()) if plans else {}
    people = take(
        lambda file, where: roster.load(
            file, platforms=names, layouts=layouts.layouts(), where=where
        ),
        lambda: workspace.roster,
    )
    downloads = take(records.downloads, lambda: workspace.downloads)
    days = take(records.calendar, lambda: workspace.calendar)
    aims: tuple[Target, ...] | None = None
    decisions: tuple[Decision, ...] | None = None
    signoffs: tuple[Signoff, ...] | None = None
    appeals: tuple[Appeal, ...] | None = None
    logs: dict[str, Worklog | None] = {}
    if people is not None:
        owned = people.platforms_of()
        names_of = {one.id: one.name for one in people.operators}
        accounts = [account.id for account in people.accounts]
        decisions = take(
            lambda file, where: records.decisions(file, where, accounts=accounts),
            lambda: workspace.decisions,
        )
        signoffs = take(
            lambda file, where: records.signoffs(file, where, operators=names_of),
            lambda: workspace.signoff,
        )
        appeals = take(
            lambda file, where: records.appeals(
                file,
                where,
                operators=names_of,
                measures={name: one.key for name, one in measures.items()},
            ),
            lambda: workspace.appeals,
        )
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
                    operators=names_of,
                    platforms=names,
                    measures=_rateable(plans or {}, past),
                    where=where,
                ),
                lambda past=past: workspace.worklog(past),  # type: ignore[misc]
            )
    if (
        problems
        or plans is None
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
        plans=plans,
        roster=people,
        targets=aims,
        worklogs={past: log for past, log in logs.items() if log is not None},
        decisions=decisions,
        downloads=downloads,
        calendar=Calendar(days),
        signoffs=signoffs,
        appeals=appeals,
    )
