"""
Everything that people decided and recorded for a month, read in one go.

Every problem of every file is collected, so that a person mends them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from kpi_lib.days import Calendar, months_back
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import Declaration, declare, layouts, platforms
from kpi_lib.held import files_in, held, holding, is_noise, listed
from kpi_lib.inputs import kinds, plan, roster
from kpi_lib.inputs.directory import Directory, Rateable, platform_names
from kpi_lib.inputs.people import Roster
from kpi_lib.inputs.plan import EvidenceRules, Plan
from kpi_lib.inputs.records import Appeal, DayOff, Decision, Download, Signoff
from kpi_lib.inputs.table import Row, by_operator, load_table
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog, load_worklog
from kpi_lib.inputs.yaml import load_document
from kpi_lib.workspace import Workspace, sha256_file

T = TypeVar("T")
R = TypeVar("R", bound=Row)


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """
    What people wrote; of exports alone, the roster and what has to do with files.

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

    month: str = ""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    roster: Roster
    targets: tuple[Target, ...] = ()
    worklogs: Mapping[str, Worklog] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    downloads: Mapping[str, date] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    signoffs: tuple[Signoff, ...] = ()
    appeals: tuple[Appeal, ...] = ()

    def targets_of(self, operator: str) -> tuple[Target, ...]:
        """Return an operator's rows of targets.csv, in their order."""
        return self._own_targets.get(operator, ())

    @cached_property
    def _own_targets(self) -> dict[str, tuple[Target, ...]]:
        return by_operator(self.targets)

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
        return any(plan.valid_from <= month for plan in self.plans.values())

    def plan_of(self, month: str) -> Plan:
        """Return the plan by which a month is appraised."""
        return self.plans[plan.for_month(self.plans, month)]

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
    plan.for_month(inputs.plans, month)
    return inputs


WORKLOGS = 6
"""Months of work logs: a quarter's portraits, also for the earlier scores shown."""


# --- read once -------------------------------------------------------------------

Stamp = Mapping[str, str]
"""
Files and the hashes of their bytes.

Of the bytes, not of size and time: a file that is written again within one tick of the
file system's clock keeps its inode, size and time, and must yet be read again. To hash
what people write takes a millisecond, to parse it a hundred.
"""

_KEPT: dict[tuple[Path, str], tuple[Stamp, Any]] = {}
"""What was read last by workspace and name, and the files' stamp then."""


def _once(
    workspace: Workspace, name: str, stamp: Stamp, read: Callable[..., T], *of: object
) -> T:
    """Read once for as long as no file comes, goes or changes."""
    key = (workspace.root, name)
    if key not in _KEPT or _KEPT[key][0] != stamp:
        with holding(workspace.root, stamp):
            _KEPT[key] = stamp, read(workspace, *of)
    value: T = _KEPT[key][1]
    return value


def _stamp(workspace: Workspace, files: Iterable[Path]) -> Stamp:
    """Hash files; one that cannot be read has no hash."""
    stamp: dict[str, str] = {}
    for file in files:
        try:
            digest = sha256_file(file) if file.is_file() else ""
        except OSError:
            digest = ""
        held(file, digest)
        stamp[workspace.relative(file)] = digest
    return stamp


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
    there = [path for path in workspace.data.glob("*") if not path.is_dir()]
    written = [path for path in sorted(there) if not is_noise(path.name)]
    data = _stamp(workspace, listed(workspace.data, written, deep=False))
    data = {**data, **formats(workspace)}
    decided = _once(workspace, "data", data, _decided)
    problems = [*decided.problems]
    worklogs: dict[str, Worklog] = {}
    for past in months_back(month, WORKLOGS):
        # The folder too: a file of it may go as well as come.
        folder = workspace.raw(past) / "worklog"
        parts = listed(folder, files_in(folder))
        logs = [folder.with_suffix(".xlsx"), *([folder] if folder.is_dir() else [])]
        stamp = {**data, **_stamp(workspace, [*logs, *parts])}
        log, wrong = _once(workspace, past, stamp, _worklog, past, decided)
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
    directory: Directory | None = None


def formats(workspace: Workspace) -> Stamp:
    """
    Read a workspace's own declarations of exports, which stand from now on.

    Parameters
    ----------
    workspace : Workspace
        Where they lie, in ``data/formats/``.

    Returns
    -------
    mapping of str to str
        The files and their hashes.

    Raises
    ------
    InvalidInput
        With one problem for every mistake of the first file that is wrong.
    """
    folder = workspace.data / "formats"
    paths = listed(folder, files_in(folder))
    stamp = _stamp(workspace, paths)
    declare(_once(workspace, "formats", stamp, _formats, paths))
    return stamp


def _formats(workspace: Workspace, paths: Iterable[Path]) -> list[Declaration]:
    read: list[Declaration] = []
    for path in paths:
        where = workspace.relative(path)
        own = load_document(path, Declaration, InvalidInput, where).value
        expected = f"data/formats/{own.id}.yml"
        if where != expected:  # else two might tell of one platform
            raise InvalidInput.of(
                "不是以平台编号命名的文件", where=where, expected=expected, do="请改名"
            )
        read.append(own)
    return read


def load_roster(workspace: Workspace) -> Roster:
    """
    Read the roster alone.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.

    Returns
    -------
    Roster
        Everything in it checked.

    Raises
    ------
    RosterError
        With one problem for every mistake, each with its line.
    """
    formats(workspace)
    path = workspace.roster
    return roster.load_roster(
        path, platforms(), layouts(), where=workspace.relative(path)
    )


def load_for_exports(
    workspace: Workspace,
) -> tuple[Roster, dict[str, date], tuple[Decision, ...]]:
    """
    Read what exports are read by, whatever is wrong with plans and targets.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.

    Returns
    -------
    tuple
        `roster`, `downloads` and `decisions`, as in `Inputs`.

    Raises
    ------
    InvalidInput
        With the problems of the first file that is wrong.
    """
    people = load_roster(workspace)
    downloads = _downloads(workspace)
    return people, downloads, _table(workspace, Decision, _directory(people, ()))


def _table(
    workspace: Workspace, model: type[R], directory: Directory | None = None
) -> tuple[R, ...]:
    path = workspace.table(model.FILE)
    return load_table(path, model, workspace.relative(path), directory)


def _downloads(workspace: Workspace) -> dict[str, date]:
    return {row.source: row.downloaded for row in _table(workspace, Download)}


def _calendar(workspace: Workspace) -> Calendar:
    days_off = _table(workspace, DayOff)
    return Calendar({row.date: (row.kind, row.name) for row in days_off})


def _taken(
    problems: list[Problem], read: Callable[..., T], *arguments: object
) -> T | None:
    """Read a file; what is wrong with it, or that there are two, is noted."""
    try:
        return read(*arguments)
    except InvalidInput as refusal:
        problems.extend(refusal.problems)
        return None


def _decided(workspace: Workspace) -> _Decided:
    problems: list[Problem] = []
    take: Callable[..., Any] = partial(_taken, problems)
    values = {
        "plans": take(plan.load_all, workspace.data),
        "roster": take(load_roster, workspace),
        "downloads": take(_downloads, workspace),
        "calendar": take(_calendar, workspace),
    }
    if values["roster"] is None:
        return _Decided(values, problems)
    directory = _directory(values["roster"], (values["plans"] or {}).values())
    # What names people, their accounts and the plan's measures.
    for name, model in (
        ("decisions", Decision),
        ("signoffs", Signoff),
        ("appeals", Appeal),
        ("targets", Target),
    ):
        values[name] = take(_table, workspace, model, directory)
    return _Decided(values, problems, directory)


def _worklog(
    workspace: Workspace, month: str, decided: _Decided
) -> tuple[Worklog | None, list[Problem]]:
    problems: list[Problem] = []
    if decided.directory is None:
        return None, problems
    plan_files: Mapping[str, Plan] = decided.values["plans"] or {}
    valid = [plan for plan in plan_files.values() if plan.valid_from <= month]
    measures = _rateable(valid[-1:]) if valid else None
    directory = replace(decided.directory, measures=measures)

    def read() -> Worklog:
        path = workspace.worklog(month)  # refused where there are two
        return load_worklog(path, month, directory, workspace.relative(path))

    return _taken(problems, read), problems


def _directory(people: Roster, valid: Iterable[Plan]) -> Directory:
    """Return what tables may name; of two plans that use a name the later one holds."""
    measures = _rateable(valid)
    return Directory(
        operators={operator.id: operator.name for operator in people.operators},
        platforms=platform_names(),
        accounts=[account.id for account in people.accounts],
        owned=people.platforms_of(),
        keys={name: measure.key for name, measure in measures.items()},
    )


def _rateable(valid: Iterable[Plan]) -> dict[str, Rateable]:
    """Return what each measure may be called; of two plans the later one holds."""
    rateable: dict[str, Rateable] = {}
    for written in valid:
        measures = dict(written.measures())
        for name, keys in written.named().items():
            if len(keys) > 1:
                continue
            rule, points = measures[keys[0]].rule, measures[keys[0]].points
            rateable[name] = Rateable(
                key=keys[0],
                points=Decimal(points.numerator) / Decimal(points.denominator),
                scale=tuple(rule.scale) if isinstance(rule, kinds.Rating) else (),
            )
    return rateable
