"""
What a month's jobs depend on, and whether what stands there was made from it.

The key of a job is the hash of all its parts; they are put together here and nowhere
else. A job is done when its record holds the same key and every file that it made has
the bytes it had: never by what a notebook says of itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kpi_lib.days import REACH, months_back, shift
from kpi_lib.errors import Problem, RosterError, WorkspaceError
from kpi_lib.inputs import (
    SHEETS,
    Account,
    Inputs,
    Operator,
    Roster,
    Worklog,
    by_operator,
)
from kpi_lib.language import N_
from kpi_lib.run import provenance
from kpi_lib.run.cards import printed
from kpi_lib.run.jobs import (
    APPRAISAL,
    CLEAN,
    CLEANING,
    MADE,
    TEAM,
    Job,
)
from kpi_lib.workspace import OWN, Workspace

NEAR = range(-1, 4)
"""Months whose folders hold exports of a month: openings before, history after."""

WORDS = {
    "exports": "导出文件",
    "earlier": "更早的导出文件",
    "before": "上月清洗结果",
    "worklog": "工作记录",
    "cleaned": "清洗结果",
    "cleaning": "清洗记录",
    "plan": "考核计划",
    "roster": "人员与账号",
    "targets": "目标",
    "calendar": "工作日历",
    "decisions": "取舍决定",
    "downloads": "下载日期",
    "signoff": "签字",
    "appeals": "申诉",
    "promised": "以前的计划和目标记录",
    "cards": "评分卡",
    "printed": "PDF",
    "code": "程序",
    "versions": "软件包版本",
    "notebook": "笔记本",
    "parameters": "参数",
}
"""What a part of a key is called when it changed."""


@dataclass(frozen=True, kw_only=True)
class Status:
    """
    How one job of a month stands.

    Parameters
    ----------
    job : str
        As in ``Outcome``.
    state : {"done", "stale", "failed", "missing"}
        Stale: made, but not from what lies there now.
    why : str
        What changed or failed, for a reader; empty when done.
    """

    job: str
    state: Literal["done", "stale", "failed", "missing"]
    why: str = ""


def newest(workspace: Workspace, month: str) -> str:
    """
    Return the month meant, which has exports.

    Parameters
    ----------
    workspace : Workspace
        Where to look.
    month : str
        ``YYYY-MM`` or ``latest``.

    Returns
    -------
    str
        ``YYYY-MM``.

    Raises
    ------
    WorkspaceError
        If there is no such month, naming those there are.
    """
    known = workspace.months()
    if month == "latest" and known:
        return known[-1]
    if month in known:
        return month
    raise WorkspaceError(
        (
            Problem(
                what=f"没有{month}的导出文件" if known else "还没有任何月份的导出文件",
                where="data/raw",
                expected="、".join(known[-6:]),
                do="请把导出文件放到data/raw/<月份>/<账号>/",
            ),
        )
    )


def looked_back(workspace: Workspace, month: str) -> list[str]:
    """
    Return a month and those it looks back on, as far as exports may tell of them.

    Parameters
    ----------
    workspace : Workspace
        Where exports lie.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    list of str
        Ascending; the month is the last.
    """
    there = set(workspace.months())
    return [
        one
        for one in months_back(month, REACH)
        if there & {shift(one, by) for by in NEAR if by >= 0}
    ]


def appraised(
    roster: Roster, month: str, only: Sequence[str] | None = None
) -> list[Operator]:
    """
    Return the operators to report on.

    Parameters
    ----------
    roster : Roster
        Everybody.
    month : str
        ``YYYY-MM``.
    only : sequence of str, optional
        Ids; default: all who are employed on a day of the month.

    Returns
    -------
    list of Operator
        In roster order.

    Raises
    ------
    RosterError
        If an id is not that of an operator of the month, naming those there are.
    """
    everybody = roster.appraised(month)
    known = [one.id for one in everybody]
    problems = tuple(
        Problem(
            what=f"{month}没有运营“{identity}”",
            where="data/roster.yml",
            expected="、".join(known),
        )
        for identity in only or ()
        if identity not in known
    )
    if problems:
        raise RosterError(problems)
    return [one for one in everybody if only is None or one.id in only]


class Agenda:
    """
    The jobs of a month as they should stand now.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies.
    month : str
        ``YYYY-MM``.
    inputs : Inputs
        What people decided.
    lang : str
        Language of the pages.
    files : mapping of str to str
        ``provenance.inputs``, from before the inputs were read.

    Attributes
    ----------
    code : str
        Hash of this package.
    recorded : dict
        ``run.json`` of the month as it stands; empty if there is none.
    """

    def __init__(
        self,
        workspace: Workspace,
        month: str,
        inputs: Inputs,
        lang: str,
        files: Mapping[str, str],
    ) -> None:
        self.workspace, self.month = workspace, month
        self.inputs, self.lang = inputs, lang
        self.code = provenance.package()
        self.recorded = provenance.read_json(workspace.reports(month) / "run.json")
        self._files = files
        self._versions = provenance.of(provenance.versions())

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of every input of the month, by path relative to the workspace."""
        near = {
            shift(month, by) for month in months_back(self.month, REACH) for by in NEAR
        }
        raw = tuple(f"data/raw/{month}/" for month in near)
        return {
            path: content
            for path, content in self._files.items()
            if path.startswith(raw) or not path.startswith("data/raw/")
        }

    def clean_job(self, month: str) -> Job:
        """Return the job that cleans a month."""
        own = month == self.month
        near = tuple(f"data/raw/{shift(month, by)}/" for by in NEAR)
        # An account's days are due from its first export ever.
        earlier = {
            "/".join(path.split("/")[:4])
            for path in self._files
            if "data/raw/" < path < f"data/raw/{month}"
        }
        return self._job(
            f"clean {month}",
            "clean",
            CLEAN,
            {"month": month, "lang": self.lang},
            {
                "exports": self._under(*near),
                "earlier": provenance.of(sorted(earlier)),
                "before": self._cleaned(shift(month, -1)) if own else "",
                **self._data("roster", "decisions", "downloads", "calendar"),
            },
            who=CLEANING,
            # Only the notebook compares with the month before and has a language, the
            # tables have not: it must be right where it becomes a page.
            loose=() if own else ("before", "parameters"),
        )

    def operator_jobs(self, operators: Sequence[Operator]) -> list[Job]:
        """Return the jobs that make operators' reports, each from its own inputs."""
        owned = _Owned(self)
        shared = self._data("plan", "calendar")
        return [
            self._job(
                operator.id,
                "operator",
                APPRAISAL,
                {"month": self.month, "operator": operator.id, "lang": self.lang},
                {**owned.parts(operator), **shared},
                who=operator.name,
            )
            for operator in operators
        ]

    def team_job(self) -> Job:
        """Return the job that makes the index from the cards that stand there."""
        published = {
            f"{month}/{operator.id}": provenance.of_file(
                self.workspace.reports(month) / f"{operator.id}.json"
            )
            for month in (shift(self.month, -1), self.month)
            for operator in self.inputs.roster.operators
        }
        return self._job(
            "team",
            "team",
            TEAM,
            {"month": self.month, "lang": self.lang},
            {
                "cards": provenance.of(published),
                "printed": provenance.of(printed(self.month, str(self.workspace.root))),
                "cleaning": provenance.of_file(
                    self.workspace.clean(self.month) / f"{CLEAN}.ipynb"
                ),
                "cleaned": self._cleaned(*months_back(self.month, REACH)),
                **self._data("plan", "roster", "targets", "calendar"),
            },
            who=N_("团队"),
        )

    def entry(self, job: Job) -> dict[str, Any]:
        """Return what is recorded of a job; empty if nothing."""
        if job.kind == "clean":
            return provenance.read_json(self.workspace.clean(job.month) / MADE)
        return dict(self.recorded.get("jobs", {}).get(job.name, {}))

    def standing(self, job: Job) -> Status:
        """Compare a job with what is recorded of it."""
        entry = self.entry(job)
        if not entry:
            return Status(job=job.name, state="missing", why="还没有做过")
        if entry.get("outcome") != "done":
            return Status(job=job.name, state="failed", why=str(entry.get("error")))
        parts: Mapping[str, str] = entry.get("parts", {})
        changed = [
            WORDS.get(part, part)
            for part in {**job.parts, **parts}
            if part not in job.loose and job.parts.get(part) != parts.get(part)
        ]
        if changed:
            why = f"{'、'.join(changed)}有变化"
            return Status(job=job.name, state="stale", why=why)
        for path, content in entry.get("outputs", {}).items():
            if provenance.of_file(self.workspace.root / path) != content:
                why = f"{path}不见了或被改过"
                return Status(job=job.name, state="stale", why=why)
        return Status(job=job.name, state="done")

    def _job(
        self,
        name: str,
        kind: Literal["clean", "operator", "team"],
        notebook: str,
        parameters: dict[str, str],
        parts: dict[str, str],
        *,
        who: str,
        loose: tuple[str, ...] = (),
    ) -> Job:
        source = self.workspace.notebooks / f"{notebook}.ipynb"
        return Job(
            name=name,
            kind=kind,
            root=self.workspace.root,
            month=parameters["month"],
            parameters=parameters,
            parts={
                **parts,
                "code": self.code,
                "versions": self._versions,
                "notebook": provenance.of_file(source),
                "parameters": provenance.of(parameters),
            },
            who=who,
            loose=loose,
        )

    def _data(self, *names: str) -> dict[str, str]:
        """Hash files in data/ by their name, be they CSV, workbook or YAML."""
        return {name: self._under(f"data/{name}.") for name in names}

    def _under(self, *prefixes: str) -> str:
        return provenance.of(
            {
                path: content
                for path, content in self._files.items()
                if path.startswith(prefixes)
            }
        )

    def made(self, month: str) -> dict[str, str]:
        """Return the cleaned tables of a month by path, with their hashes."""
        entry = provenance.read_json(self.workspace.clean(month) / MADE)
        outputs: dict[str, str] = entry.get("outputs", {})
        return {
            path: content
            for path, content in outputs.items()
            if not path.endswith(".ipynb")
        }

    def _cleaned(self, *months: str) -> str:
        """Hash of the cleaned tables of months, without the notebooks beside them."""
        return provenance.of(
            {
                path: content
                for month in months
                for path, content in self.made(month).items()
            }
        )


class _Owned:
    """What each operator's report is made from, of inputs that hold everybody's."""

    def __init__(self, agenda: Agenda) -> None:
        self._inputs, self._months = agenda.inputs, months_back(agenda.month, REACH)
        self._made = {month: agenda.made(month) for month in self._months}
        self._rows = {
            month: provenance.read_json(agenda.workspace.clean(month) / OWN)
            for month in self._months
        }
        self._logged = _entries(self._inputs.worklogs)
        self._recorded = _recorded(agenda.workspace, agenda.month)
        self._plans = {
            month: record.get("plan") for month, record in self._recorded.items()
        }
        self._promised = {
            row
            for record in self._recorded.values()
            for row in record.get("targets", {}).values()
        }
        given = self._inputs
        self._signoffs = by_operator(given.signoffs)
        self._appeals = by_operator(given.appeals)

    def parts(self, operator: Operator) -> dict[str, str]:
        """Return a hash of each of one operator's own inputs."""
        id = operator.id
        accounts = self._inputs.roster.ever_owned_by(id)
        targets = self._inputs.targets_of(id)
        promised = [row.sha256 for row in targets if row.sha256 in self._promised]
        parts: dict[str, object] = {
            "worklog": self._logged.get(id, []),
            "cleaned": [self._cleaned(month, id, accounts) for month in self._months],
            "roster": repr((operator, accounts)),
            "targets": repr([*targets]),
            "signoff": repr([*self._signoffs.get(id, ())]),
            "appeals": repr([*self._appeals.get(id, ())]),
            "promised": [self._plans, promised],
        }
        return {name: provenance.of(part) for name, part in parts.items()}

    def _cleaned(
        self, month: str, operator: str, accounts: Sequence[Account]
    ) -> object:
        """Return the hashes of the own rows; of all rows if none were told apart."""
        rows = self._rows[month]
        if not rows:
            return self._made[month]
        ids = [account.id for account in accounts]
        own = {id: rows["account"][id] for id in ids if id in rows["account"]}
        return [own, rows["operator"].get(operator, "")]


def _entries(worklogs: Mapping[str, Worklog]) -> dict[str, list[str]]:
    """Return every entry of the work logs, by whom it is about."""
    found: dict[str, list[str]] = {}
    for month, log in worklogs.items():
        for sheet in SHEETS:
            for entry in getattr(log, sheet.field):
                found.setdefault(entry.operator, []).append(f"{month} {entry!r}")
    return found


def _recorded(workspace: Workspace, month: str) -> dict[str, dict[str, Any]]:
    """Return what the runs of earlier months have on record, by month."""
    return {
        path.parent.name: provenance.read_json(path)
        for path in sorted(workspace.record.parent.glob("*/run.json"))
        if path.parent.name < month
    }
