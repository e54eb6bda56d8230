"""
Everything that people decided and recorded for a month, read in one go.

Every problem of every file is collected, so that a person mends them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from kpi_lib.days import Calendar, months_back
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import layouts, platforms
from kpi_lib.inputs import records, worklog
from kpi_lib.inputs.documents import by_operator
from kpi_lib.inputs.plan import EvidenceRules, Plan, Rating
from kpi_lib.inputs.plan import for_month as plan_of
from kpi_lib.inputs.plan import load_all as load_plans
from kpi_lib.inputs.records import Appeal, Decision, Signoff
from kpi_lib.inputs.roster import Roster
from kpi_lib.inputs.roster import load as load_roster
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.targets import load as load_targets
from kpi_lib.inputs.worklog import Rateable, Worklog
from kpi_lib.language import language
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
    own_targets : mapping of str to tuple of Target
        The same by operator, sorted once for all that read them.
    worklogs : mapping of str to Worklog
        Month → work log: the month's own and those of the two before it.
    decisions, downloads, calendar, signoffs, appeals
        As their files say.
    """

    month: str
    plans: Mapping[str, Plan]
    roster: Roster
    targets: tuple[Target, ...]
    own_targets: Mapping[str, tuple[Target, ...]]
    worklogs: Mapping[str, Worklog]
    decisions: tuple[Decision, ...]
    downloads: Mapping[str, date]
    calendar: Calendar
    signoffs: tuple[Signoff, ...]
    appeals: tuple[Appeal, ...]

    def targets_of(self, operator: str) -> tuple[Target, ...]:
        """Return an operator's rows of targets.csv, in their order."""
        return self.own_targets.get(operator, ())

    @property
    def plan_file(self) -> str:
        """The file of the month's plan, relative to the workspace."""
        return plan_of(self.plans, self.month)

    @property
    def plan(self) -> Plan:
        """The plan of the month."""
        return self.plans[self.plan_file]

    def has_plan(self, month: str) -> bool:
        """Say whether any plan was valid in a month."""
        return any(one.valid_from <= month for one in self.plans.values())

    def plan_of(self, month: str) -> Plan:
        """Return the plan by which a month is appraised."""
        return self.plans[plan_of(self.plans, month)]

    def evidence_of(self, month: str) -> EvidenceRules:
        """Return what must be on record in a month, usual where it has no plan."""
        return self.plan_of(month).evidence if self.has_plan(month) else EvidenceRules()


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
    plan_of(given.plans, month)
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

Kept = dict[tuple[Path, str, str], tuple[Stamp, Any]]
"""What was read last by workspace, name and language, and the files' stamps then."""

_KEPT: Kept = {}


def kept() -> Kept:
    """
    Return what this process has read, for another one that would read it again.

    Returns
    -------
    dict
        By workspace, name and language: the files' stamps, and what was made of them.
    """
    return {**_KEPT}


def keep(read: Kept) -> None:
    """
    Take over what another process has read; a file that changed is read anew.

    Parameters
    ----------
    read : dict
        What `kept` returned there.
    """
    _KEPT.update(read)


def _once(
    workspace: Workspace, name: str, files: Iterable[Path], read: Callable[[], T]
) -> T:
    """Read once for as long as no file changes its number, size or time."""
    stats = [(path, path.stat()) for path in sorted(files)]
    stamp = tuple(
        (str(at), one.st_ino, one.st_size, one.st_mtime_ns) for at, one in stats
    )
    key = (workspace.root, name, language())  # messages are in the language spoken
    if key not in _KEPT or _KEPT[key][0] != stamp:
        _KEPT[key] = stamp, read()
    found: T = _KEPT[key][1]
    return found


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
    # The folders too: a file may go as well as come.
    decided = [*workspace.data.glob("*.*")]
    given = _once(workspace, "data", decided, lambda: _decided(workspace))
    problems = [*given.problems]
    worklogs: dict[str, Worklog] = {}
    for past in months_back(month, WORKLOGS):
        logs = [*workspace.raw(past).glob("worklog*")]
        files = [*decided, *logs, *(one for log in logs for one in log.glob("*"))]
        log, wrong = _once(
            workspace, past, files, partial(_worklog, workspace, past, given)
        )
        problems += wrong
        if log is not None:
            worklogs[past] = log
    if problems:
        raise InvalidInput(tuple(problems))
    return Inputs(month=month, worklogs=worklogs, **given.values)


class _Decided(NamedTuple):
    """All but the work logs, whatever month it is for; and what is wrong with it."""

    values: dict[str, Any]
    problems: list[Problem]


def _taken(
    workspace: Workspace,
    problems: list[Problem],
    path: Callable[[], Path],
    read: Callable[[Path, str], T],
) -> T | None:
    """Read a file; what is wrong with it is noted."""
    try:
        file = path()
        return read(file, workspace.relative(file))
    except InvalidInput as refusal:
        problems.extend(refusal.problems)
        return None


def _decided(workspace: Workspace) -> _Decided:
    problems: list[Problem] = []
    names = _platform_names()
    take = partial(_taken, workspace, problems)
    plans = take(lambda: workspace.data, load_plans)
    people = take(
        lambda: workspace.roster,
        lambda file, where: load_roster(
            file, platforms=names, layouts=layouts(), where=where
        ),
    )
    downloads = take(lambda: workspace.downloads, records.downloads)
    days = take(lambda: workspace.calendar, records.calendar)
    values: dict[str, Any] = {
        "plans": plans,
        "roster": people,
        "downloads": downloads,
        "calendar": None if days is None else Calendar(days),
    }
    if people is None:
        return _Decided(values, problems)
    measures = _named(plans.values()) if plans else {}
    operators = {one.id: one.name for one in people.operators}
    accounts = [account.id for account in people.accounts]
    values["decisions"] = take(
        lambda: workspace.decisions,
        lambda file, where: records.decisions(file, where, accounts=accounts),
    )
    values["signoffs"] = take(
        lambda: workspace.signoff,
        lambda file, where: records.signoffs(file, where, operators=operators),
    )
    values["appeals"] = take(
        lambda: workspace.appeals,
        lambda file, where: records.appeals(
            file,
            where,
            operators=operators,
            measures={name: one.key for name, one in measures.items()},
        ),
    )
    values["targets"] = take(
        lambda: workspace.targets,
        lambda file, where: load_targets(
            file, owned=people.platforms_of(), platforms=names, where=where
        ),
    )
    values["own_targets"] = by_operator(values["targets"] or ())
    return _Decided(values, problems)


def _worklog(
    workspace: Workspace, month: str, given: _Decided
) -> tuple[Worklog | None, list[Problem]]:
    problems: list[Problem] = []
    people: Roster | None = given.values["roster"]
    if people is None:
        return None, problems
    log = _taken(
        workspace,
        problems,
        lambda: workspace.worklog(month),
        lambda file, where: worklog.load(
            file,
            month=month,
            operators={one.id: one.name for one in people.operators},
            platforms=_platform_names(),
            measures=_rateable(given.values["plans"] or {}, month),
            where=where,
        ),
    )
    return log, problems


def _platform_names() -> dict[str, str]:
    return {one.id: one.name for one in platforms().values()}
