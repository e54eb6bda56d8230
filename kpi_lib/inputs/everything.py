"""
Everything that people decided and recorded for a month, read in one go.

Every problem of every file is collected, so that a person mends them together.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from kpi_lib.days import Calendar, months_back
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import Declaration, Sheet, declare, layouts
from kpi_lib.grouping import grouped
from kpi_lib.held import files_in, held, holding, is_noise, listed
from kpi_lib.inputs import plan, points, records, roster
from kpi_lib.inputs.directory import Called, Directory, platform_names
from kpi_lib.inputs.entries import SHEETS
from kpi_lib.inputs.people import Operator, Roster
from kpi_lib.inputs.plan import EvidenceRules, Plan
from kpi_lib.inputs.points import Points
from kpi_lib.inputs.table import Row, by_operator, load_table, read_sheets
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog, load_worklog
from kpi_lib.inputs.yaml import load_document
from kpi_lib.workspace import Workspace, sha256_file

T = TypeVar("T")


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
    decisions, downloads, calendar, signoffs, appeals, figures
        As their files or sheets say.
    mistakes : tuple of Problem
        What is wrong in rows of one operator each: it stops that one's page alone.
    """

    month: str = ""
    plans: Mapping[str, Plan] = field(default_factory=dict)
    roster: Roster
    targets: tuple[Target, ...] = ()
    worklogs: Mapping[str, Worklog] = field(default_factory=dict)
    decisions: tuple[records.Decision, ...] = ()
    downloads: Mapping[str, date] = field(default_factory=dict)
    calendar: Calendar = field(default_factory=Calendar)
    signoffs: tuple[records.Signoff, ...] = ()
    appeals: tuple[records.Appeal, ...] = ()
    figures: tuple[records.Figure, ...] = ()
    mistakes: tuple[Problem, ...] = ()

    @property
    def decided(self) -> tuple[records.Decision, ...]:
        """The decisions that count: of a name that may decide."""
        decides = self.roster.decides
        return tuple(row for row in self.decisions if decides(row.by, row.account))

    def targets_of(self, operator: str) -> tuple[Target, ...]:
        """Return an operator's rows of targets.csv, in their order."""
        return self._own_targets.get(operator, ())

    @cached_property
    def _own_targets(self) -> dict[str, tuple[Target, ...]]:
        return by_operator(self.targets)

    @property
    def plan(self) -> Plan:
        """The month's plan for all whom no other names."""
        return self.plan_of(self.month)

    def has_plan(self, month: str) -> bool:
        """Say whether any plan was valid in a month."""
        return any(plan.valid_from <= month for plan in self.plans.values())

    def plan_file(self, operator: Operator | None = None) -> str:
        """Return the file of an operator's plan of the month, or of the one for all."""
        return plan.for_month(self.plans, self.month, operator)

    def plan_of(self, month: str, operator: Operator | None = None) -> Plan:
        """Return the plan by which an operator's month is appraised."""
        written = self.plans[plan.for_month(self.plans, month, operator)]
        if not written.for_:
            return written
        return written.model_copy(update={"evidence": self.evidence_of(month)})

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
        With every problem; or if nobody's plan, or more than one of a person, is valid.
    """
    inputs = load(workspace, month)
    for person in (None, *inputs.roster.appraised(month)):
        plan.for_month(inputs.plans, month, person)
    return inputs


WORKLOGS = 6  # Months of work logs: a quarter's portraits, for earlier scores too


# --- read once -------------------------------------------------------------------

# Files and the hashes of their bytes. Of the bytes, not of size and time: a file that
# is written again within one tick of the file system's clock keeps its inode, size and
# time, and must yet be read again. To hash what people write takes a millisecond, to
# parse it a hundred.
Stamp = Mapping[str, str]

# What was read last by workspace and name, and the files' stamp then.
_KEPT: dict[tuple[Path, str], tuple[Stamp, Any]] = {}


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
        With every problem of every file, if one of them is not of one operator alone.
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
        logs = [folder.with_suffix(".xlsx"), *workspace.worklogs(past), *parts]
        logs += [folder] if folder.is_dir() else []
        stamp = {**data, **_stamp(workspace, logs)}
        log, wrong = _once(workspace, past, stamp, _worklog, past, decided)
        problems += wrong
        if log is not None:
            worklogs[past] = log
    if not all(problem.of for problem in problems if problem.level == "error"):
        raise InvalidInput(tuple(problems))
    mistakes = tuple(problems)
    return Inputs(month=month, worklogs=worklogs, mistakes=mistakes, **decided.values)


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
        own, _ = load_document(path, Declaration, where)
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
    InvalidInput
        With one problem for every mistake, each with its line.
    """
    formats(workspace)
    problems: list[Problem] = []
    known = Directory(platforms=platform_names())
    people = roster.of_sheets(partial(_read, workspace, problems), known)
    if problems:
        raise InvalidInput(tuple(problems))
    of = workspace.roster, known.platforms, layouts()
    if people == Roster():
        return roster.load_roster(*of)
    book = workspace.relative(workspace.workbook)
    if workspace.roster.exists() and roster.load_roster(*of) != Roster():
        what, do = "data/roster.yml里也有人员和账号", "请合到一处，删去另一处的"
        raise InvalidInput.of(what, where=book, expected="只写在一处", do=do)
    kinds: Any = dict(people)
    roster.Checks(people, layouts(), book, lambda at: kinds[at[0]][at[1]].id).run()
    return people


def sheets(workspace: Workspace) -> Mapping[type[Row], tuple[str, Sheet]]:
    """Return the sheets of the workbook that is filled in, by their models."""
    stamp = _stamp(workspace, [workspace.workbook])
    return _once(workspace, "workbook", stamp, _sheets)


def _sheets(workspace: Workspace) -> Mapping[type[Row], tuple[str, Sheet]]:
    path, wrong = workspace.workbook, list[Problem]()
    found = read_sheets(path, workspace.relative(path), (*records.BOOK, *SHEETS), wrong)
    if wrong:
        raise InvalidInput(tuple(wrong))
    return found


def _read(
    workspace: Workspace,
    problems: list[Problem],
    model: type[Row],
    directory: Directory | None,
    **more: Any,
) -> tuple[Any, ...]:
    """Read a table, from its own file or from its sheet of the workbook."""
    path = workspace.table(model.FILE)
    beside = [(*at, None) for of, at in sheets(workspace).items() if of is model]
    where = workspace.relative(path)
    return load_table(path, model, where, directory, problems, beside, **more)


def strays(workspace: Workspace) -> list[Problem]:
    """
    Tell of files beside the plan that nothing reads.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.

    Returns
    -------
    list of Problem
        A warning for each, by name.
    """
    tables = "|".join(("填写", *(model.FILE for model in records.BOOK)))
    read = re.compile(
        r"(plan(\..+)?|roster|first-month)\.yml|targets\..+\.xlsx"
        rf"|(workspace|{tables})\.(csv|xlsx)"
    )
    return [
        Problem(
            what="不认识的文件，没有读",
            where=workspace.relative(path),
            expected=f"plan.yml、roster.yml、{tables.replace('|', '、')}.csv或.xlsx",
            do="请改名，或移到别处",
            level="warning",
        )
        for path in sorted(workspace.data.iterdir())
        if path.is_file() and not is_noise(path.name) and not read.fullmatch(path.name)
    ]


def load_for_exports(workspace: Workspace) -> Inputs:
    """
    Read what exports are read by, whatever is wrong with plans and targets.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.

    Returns
    -------
    Inputs
        `roster`, `downloads`, `decisions` and `figures` alone.

    Raises
    ------
    InvalidInput
        If one of them is wrong.
    """
    decided = _decided(workspace)
    names = ("roster", "downloads", "decisions", "figures")
    needed: dict[str, Any] = {name: decided.values.get(name) for name in names}
    if None in needed.values():
        raise InvalidInput(tuple(decided.problems))
    return Inputs(**needed)


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
    plans = take(plan.load_all, workspace.data)
    if plans:
        called = {file.rpartition("/")[2]: at.called for file, at in plans.items()}
        given = take(_read, workspace, problems, Points, Directory(plans=called)) or ()
        filled = ((f"data/{row.plan}", row) for row in given if row.filled)
        for file, own in grouped(filled).items():
            plans[file] = take(points.revised, plans[file], own) or plans[file]
    people = take(load_roster, workspace)
    if people and plans:
        problems += plan.mistakes(plans, people)
    directory = people and _directory(people, plans or {})

    def rows(model: type[Row], **more: Any) -> Any:
        return _read(workspace, problems, model, directory, **more)

    def targets() -> tuple[Target, ...]:
        first: dict[Hashable, Any] = {}
        written: tuple[Target, ...] = rows(Target, first=first)
        for path in sorted(workspace.data.glob("targets.*.xlsx")):
            of = path, Target, workspace.relative(path), directory, problems
            written += load_table(*of, first=first)
        return written

    days_off = take(rows, records.DayOff) or ()
    days = {row.date: (row.kind == "off", row.name) for row in days_off}
    values = {"plans": plans, "roster": people, "calendar": Calendar(days)}
    values["downloads"] = take(
        lambda: {at.source: at.downloaded for at in rows(records.Download)}
    )
    if directory is None:
        return _Decided(values, problems)
    # What names people, their accounts and the plan's measures.
    values["decisions"] = take(rows, records.Decision)
    values["signoffs"] = take(rows, records.Signoff)
    values["appeals"] = take(rows, records.Appeal)
    values["figures"] = take(rows, records.Figure)
    values["targets"] = take(targets)
    return _Decided(values, problems, directory)


def _worklog(
    workspace: Workspace, month: str, decided: _Decided
) -> tuple[Worklog | None, list[Problem]]:
    problems: list[Problem] = []
    if decided.directory is None:
        return None, problems
    directory = replace(decided.directory, month=month)

    def read() -> Worklog:
        path = workspace.worklog(month)  # refused where there are two
        where, beside = workspace.relative(path), sheets(workspace)
        own = {workspace.relative(at): at for at in workspace.worklogs(month)}
        return load_worklog(path, month, directory, where, problems, beside, own)

    return _taken(problems, read), problems


def _directory(people: Roster, plans: Mapping[str, Plan]) -> Directory:
    """Return what tables may name."""

    def called(operator: str, month: str) -> Called | None:
        try:
            file = plan.for_month(plans, month, people.operator(operator))
        except (InvalidInput, ValueError):  # no plan then, or two: told where it counts
            return None
        return plans[file].called

    owners = {at.id: {own.operator for own in at.owners} for at in people.accounts}
    return Directory(
        owners={id: min(own) for id, own in owners.items() if len(own) == 1},
        operators={operator.id: operator.name for operator in people.operators},
        platforms=platform_names(),
        accounts={account.id: account.name for account in people.accounts},
        owned=people.platforms_of(),
        called=called,
    )
