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
from operator import attrgetter, methodcaller
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from kpi_lib.days import Calendar, months_back
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import layouts, platforms
from kpi_lib.inputs import plans, records, roster, targets, worklog
from kpi_lib.inputs.directory import Rateable
from kpi_lib.inputs.people import Roster
from kpi_lib.inputs.plan import EvidenceRules, Plan, Rating
from kpi_lib.inputs.records import Appeal, Decision, Signoff
from kpi_lib.inputs.table import by_operator
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.workspace import Workspace, sha256_file

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
        return plans.for_month(self.plans, self.month)

    @property
    def plan(self) -> Plan:
        """The plan of the month."""
        return self.plans[self.plan_file]

    def has_plan(self, month: str) -> bool:
        """Say whether any plan was valid in a month."""
        return any(plan.valid_from <= month for plan in self.plans.values())

    def plan_of(self, month: str) -> Plan:
        """Return the plan by which a month is appraised."""
        return self.plans[plans.for_month(self.plans, month)]

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
    inputs = load(workspace, month)
    plans.for_month(inputs.plans, month)
    return inputs


WORKLOGS = 6
"""Months of work logs: a quarter's portraits, also for the earlier scores shown."""


# --- read once -------------------------------------------------------------------

Stamp = tuple[tuple[str, str], ...]
"""
Files and the hashes of their bytes.

Of the bytes, not of size and time: a file that is written again within one tick of the
file system's clock keeps its inode, size and time, and must yet be read again. To hash
what people write takes a millisecond, to parse it a hundred.
"""

_KEPT: dict[tuple[Path, str], tuple[Stamp, Any]] = {}
"""What was read last by workspace and name, and the files' stamp then."""


def _once(
    workspace: Workspace, name: str, files: Iterable[Path], read: Callable[[], T]
) -> T:
    """Read once for as long as no file comes, goes or changes."""
    stamp = tuple((str(file), _hash(file)) for file in sorted(files))
    key = (workspace.root, name)
    if key not in _KEPT or _KEPT[key][0] != stamp:
        _KEPT[key] = stamp, read()
    value: T = _KEPT[key][1]
    return value


def _hash(file: Path) -> str:
    """Hash a file's bytes; a folder and a file that cannot be read have none."""
    try:
        return "" if file.is_dir() else sha256_file(file)
    except OSError:
        return ""


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
    decided_in = [*workspace.data.glob("*.*")]
    decided = _once(workspace, "data", decided_in, lambda: _decided(workspace))
    problems = [*decided.problems]
    worklogs: dict[str, Worklog] = {}
    for past in months_back(month, WORKLOGS):
        # The folder too: a file of it may go as well as come.
        logs = [*workspace.raw(past).glob("worklog*")]
        parts = [part for log in logs for part in log.glob("*")]
        log, wrong = _once(
            workspace,
            past,
            [*decided_in, *logs, *parts],
            partial(_worklog, workspace, past, decided),
        )
        problems += wrong
        if log is not None:
            worklogs[past] = log
    if problems:
        raise InvalidInput(tuple(problems))
    return Inputs(month=month, worklogs=worklogs, **decided.values)


# --- read together ---------------------------------------------------------------


class _Decided(NamedTuple):
    """All but the work logs, whatever month it is for; and what is wrong with it."""

    values: dict[str, Any]
    problems: list[Problem]


def _taken(
    workspace: Workspace,
    problems: list[Problem],
    file: Callable[[Workspace], Path],
    read: Callable[..., T],
    **more: Any,
) -> T | None:
    """Read a file; what is wrong with it, or that there are two, is noted."""
    try:
        path = file(workspace)
        return read(path, where=workspace.relative(path), **more)
    except InvalidInput as refusal:
        problems.extend(refusal.problems)
        return None


def _decided(workspace: Workspace) -> _Decided:
    problems: list[Problem] = []
    take = partial(_taken, workspace, problems)
    values: dict[str, Any] = {
        "plans": take(attrgetter("data"), plans.load_all),
        "roster": take(
            attrgetter("roster"),
            roster.load,
            platforms=_platform_names(),
            layouts=layouts(),
        ),
        "downloads": take(attrgetter("downloads"), records.downloads),
    }
    days_off = take(attrgetter("calendar"), records.calendar)
    values["calendar"] = None if days_off is None else Calendar(days_off)
    if values["roster"] is not None:
        values |= _of_people(take, values["roster"], values["plans"] or {})
    return _Decided(values, problems)


def _of_people(
    take: Callable[..., Any], people: Roster, plan_files: Mapping[str, Plan]
) -> dict[str, Any]:
    """Read what names people and their accounts."""
    operators = _names(people)
    measures = _rateable(plan_files.values())
    values = {
        "decisions": take(
            attrgetter("decisions"),
            records.decisions,
            accounts=[account.id for account in people.accounts],
        ),
        "signoffs": take(attrgetter("signoff"), records.signoffs, operators=operators),
        "appeals": take(
            attrgetter("appeals"),
            records.appeals,
            operators=operators,
            measures={name: measure.key for name, measure in measures.items()},
        ),
        "targets": take(
            attrgetter("targets"),
            targets.load,
            owned=people.platforms_of(),
            platforms=_platform_names(),
        ),
    }
    return values | {"own_targets": by_operator(values["targets"] or ())}


def _worklog(
    workspace: Workspace, month: str, decided: _Decided
) -> tuple[Worklog | None, list[Problem]]:
    problems: list[Problem] = []
    people: Roster | None = decided.values["roster"]
    if people is None:
        return None, problems
    plan_files: Mapping[str, Plan] = decided.values["plans"] or {}
    valid = [plan for plan in plan_files.values() if plan.valid_from <= month]
    log = _taken(
        workspace,
        problems,
        methodcaller("worklog", month),
        worklog.load,
        month=month,
        operators=_names(people),
        platforms=_platform_names(),
        measures=_rateable(valid[-1:]) if valid else None,
    )
    return log, problems


def _rateable(plan_files: Iterable[Plan]) -> dict[str, Rateable]:
    """Return what each measure may be called; of two plans the later one holds."""
    rateable: dict[str, Rateable] = {}
    for plan in plan_files:
        measures = dict(plan.measures())
        for name, keys in plan.named().items():
            if len(keys) > 1:
                continue
            rule = measures[keys[0]].rule
            points = measures[keys[0]].points
            rateable[name] = Rateable(
                key=keys[0],
                points=Decimal(points.numerator) / Decimal(points.denominator),
                scale=tuple(rule.scale) if isinstance(rule, Rating) else (),
            )
    return rateable


def _names(people: Roster) -> dict[str, str]:
    return {operator.id: operator.name for operator in people.operators}


def _platform_names() -> dict[str, str]:
    return {platform.id: platform.name for platform in platforms().values()}
