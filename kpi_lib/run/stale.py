"""
What a month's jobs depend on, and whether what stands there was made from it.

The key of a job is the hash of all its parts; they are put together here and nowhere
else. A job is done when its record holds the same key and every file that it made has
the bytes it had: never by what a notebook says of itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kpi_lib.days import REACH, months_back, shift
from kpi_lib.errors import Problem, RosterError, WorkspaceError
from kpi_lib.inputs import (
    Operator,
    Roster,
    by_operator,
    for_month,
)
from kpi_lib.language import N_
from kpi_lib.run import record
from kpi_lib.run.cards import printed
from kpi_lib.run.jobs import (
    CLEANING,
    MADE,
    NOTEBOOKS,
    Job,
    Kind,
    before,
    tables_of,
)
from kpi_lib.workspace import OWN, Workspace

CLEANED = "clean "
"""How the name of the job that cleans a month begins."""

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
    """How a job of a month stands; why, for a reader: what changed or failed."""

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
    months = workspace.months()
    if month == "latest" and months:
        return months[-1]
    if month in months:
        return month
    raise WorkspaceError.of(
        f"没有{month}的导出文件" if months else "还没有任何月份的导出文件",
        where="data/raw",
        expected="、".join(months[-6:]),
        do="请把导出文件放到data/raw/<月份>/<账号>/",
    )


def looked_back(workspace: Workspace, month: str) -> list[str]:
    """Return a month and those before it that exports may tell of, ascending."""
    there = set(workspace.months())
    return [
        earlier
        for earlier in months_back(month, REACH)
        if there & {shift(earlier, by) for by in NEAR if by >= 0}
    ]


def appraised(
    roster: Roster, month: str, only: Sequence[str] | None = None
) -> list[Operator]:
    """Return the operators of a month in roster order, all or those asked for."""
    everybody = roster.appraised(month)
    ids = [operator.id for operator in everybody]
    strangers = [f"{month}没有运营“{id}”" for id in only or () if id not in ids]
    if strangers:
        where, known = "data/roster.yml", "、".join(ids)
        raise RosterError(
            tuple(Problem(what=who, where=where, expected=known) for who in strangers)
        )
    return [operator for operator in everybody if only is None or operator.id in only]


def entry_of(
    workspace: Workspace, recorded: Mapping[str, Any], name: str
) -> dict[str, Any]:
    """Return what is recorded of a job: beside its tables, or in a month's run.json."""
    if name.startswith(CLEANED):
        folder = workspace.clean(name.removeprefix(CLEANED))
        return record.read_json(folder / MADE)
    return dict(recorded.get("jobs", {}).get(name, {}))


def standing(
    workspace: Workspace,
    name: str,
    entry: Mapping[str, Any],
    changed: Sequence[str] = (),
) -> Status:
    """Tell how a job stands, by what is recorded of it and which parts changed."""
    if not entry:
        return Status(job=name, state="missing", why="还没有做过")
    if entry.get("outcome") != "done":
        return Status(job=name, state="failed", why=str(entry.get("error")))
    if changed:
        return Status(job=name, state="stale", why=f"{'、'.join(changed)}有变化")
    if gone := off(workspace, entry.get("outputs", {})):
        return Status(job=name, state="stale", why=f"{gone[0]}不见了或被改过")
    return Status(job=name, state="done")


def off(workspace: Workspace, outputs: Mapping[str, str]) -> list[str]:
    """Return the paths of outputs that are gone or have other bytes."""
    return [
        path
        for path, content in outputs.items()
        if record.of_file(workspace.root / path) != content
    ]


def tables(recorded: Mapping[str, Any]) -> dict[str, str]:
    """Return the outputs in a ``run.json`` that are of all operators, with hashes."""
    jobs = recorded.get("jobs", {}).values()
    pages = {path for entry in jobs for path in entry["outputs"]}
    outputs: dict[str, str] = recorded.get("outputs", {})
    return {path: outputs[path] for path in outputs if path not in pages}


def unchanged(workspace: Workspace, month: str, seen: str) -> dict[str, dict[str, Any]]:
    """
    Return what is recorded of every job, if nothing changed and all it made stands.

    Nothing of it need be understood: at two hundred operators that would take several
    times as long. Empty where a job may be stale, or where no whole month was run.
    """
    recorded = record.read_json(workspace.reports(month) / "run.json")
    if recorded.get("seen") != seen:
        return {}
    names = [f"{CLEANED}{earlier}" for earlier in looked_back(workspace, month)]
    names += [name for name in recorded["jobs"] if name not in names]
    entries = {name: entry_of(workspace, recorded, name) for name in names}
    stand = not off(workspace, tables(recorded)) and all(
        standing(workspace, name, entry).state == "done"
        for name, entry in entries.items()
    )
    return entries if stand else {}


class Agenda:
    """
    The jobs of a month as they should stand.

    ``files`` are the hashes from before the inputs were read; ``recorded`` is the
    ``run.json`` that stands.
    """

    def __init__(
        self,
        workspace: Workspace,
        month: str,
        lang: str,
        files: Mapping[str, str],
    ) -> None:
        self.workspace, self.month, self.lang = workspace, month, lang
        self.inputs = for_month(workspace, month)
        self.recorded = record.read_json(workspace.reports(month) / "run.json")
        self._files, self._months = files, months_back(month, REACH)

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of every input of the month, by path relative to the workspace."""
        near = {shift(month, by) for month in self._months for by in NEAR}
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
        # Of the plans, how much must be on record: nothing else is cleaned by.
        evidence = [self.inputs.evidence_of(at) for at in (shift(month, -1), month)]
        parts = {
            "exports": self._under(*near),
            "earlier": sorted(earlier),
            "before": before(self.workspace, month) if own else {},
            **self._data("roster", "decisions", "downloads", "calendar"),
            "plan": [repr(rules) for rules in evidence],
        }
        # Only the notebook compares with the month before and has a language, the
        # tables have not: it must be right where it becomes a page.
        loose = () if own else ("before", "parameters")
        name = f"{CLEANED}{month}"
        return self._job("clean", name, CLEANING, parts, loose, month=month)

    def operator_jobs(self, operators: Sequence[Operator]) -> list[Job]:
        """Return the jobs that make operators' reports, each from its own inputs."""
        inputs, shared = self.inputs, self._data("plan", "calendar")
        logged: dict[str, list[str]] = defaultdict(list)
        for month, log in inputs.worklogs.items():
            for entry in log.entries():
                logged[entry.operator].append(f"{month} {entry!r}")
        signoffs, appeals = by_operator(inputs.signoffs), by_operator(inputs.appeals)
        cleaned = [_Rows(self.workspace, month) for month in self._months]
        runs = {
            path.parent.name: record.read_json(path)
            for path in sorted(self.workspace.record.parent.glob("*/run.json"))
            if path.parent.name < self.month
        }
        plans = {month: run.get("plan") for month, run in runs.items()}
        on_record = {
            row for run in runs.values() for row in run.get("targets", {}).values()
        }
        jobs = []
        for operator in operators:
            id, roster = operator.id, inputs.roster
            # Days of leave count for who covers them.
            away = dict.fromkeys(
                roster.operator(covered)
                for month in self._months
                for covered in roster.covered_by(id, month)
            )
            people = [operator, *away]
            targets = [row for person in people for row in inputs.targets_of(person.id)]
            parts = {
                "worklog": logged[id],
                "cleaned": [rows.of(id, people, roster) for rows in cleaned],
                "roster": repr(
                    [(person, roster.ever_owned_by(person.id)) for person in people]
                ),
                "targets": repr([*targets]),
                "signoff": repr([*signoffs.get(id, ())]),
                "appeals": repr([*appeals.get(id, ())]),
                "promised": [
                    plans,
                    [row.sha256 for row in targets if row.sha256 in on_record],
                    [run.get("people", {}).get(id) for run in runs.values()],
                ],
                **shared,
            }
            jobs.append(
                self._job("operator", id, operator.name, parts, operator=operator.id)
            )
        return jobs

    def team_job(self) -> Job:
        """Return the job that makes the index from the cards that stand there."""
        published = {
            f"{month}/{operator.id}": record.of_file(
                self.workspace.reports(month) / f"{operator.id}.json"
            )
            for month in (shift(self.month, -1), self.month)
            for operator in self.inputs.roster.operators
        }
        notebook = self.workspace.clean(self.month) / NOTEBOOKS["clean"]
        parts = {
            "cards": published,
            "printed": printed(self.month, str(self.workspace.root)),
            "cleaning": record.of_file(notebook),
            "cleaned": [tables_of(self.workspace, month) for month in self._months],
            **self._data("plan", "roster", "targets", "calendar"),
        }
        return self._job("team", "team", N_("团队"), parts)

    def entry(self, name: str) -> dict[str, Any]:
        """Return what is recorded of a job; empty if nothing."""
        return entry_of(self.workspace, self.recorded, name)

    def standing(self, job: Job) -> Status:
        """Compare a job with what is recorded of it."""
        entry = self.entry(job.name)
        parts: Mapping[str, str] = entry.get("parts", {})
        changed = [
            WORDS.get(part, part)
            for part in {**job.parts, **parts}
            if part not in job.loose and job.parts.get(part) != parts.get(part)
        ]
        return standing(self.workspace, job.name, entry, changed)

    def _job(
        self,
        kind: Kind,
        name: str,
        who: str,
        parts: Mapping[str, object],
        loose: tuple[str, ...] = (),
        **parameters: str,
    ) -> Job:
        parameters = {"month": self.month, **parameters, "lang": self.lang}
        parts = {
            **parts,
            "code": record.package(),
            "versions": record.versions(),
            "notebook": record.of_file(self.workspace.notebooks / NOTEBOOKS[kind]),
            "parameters": parameters,
        }
        return Job(
            name=name,
            kind=kind,
            root=self.workspace.root,
            month=parameters["month"],
            parameters=parameters,
            parts={part: record.of(value) for part, value in parts.items()},
            who=who,
            loose=loose,
        )

    def _data(self, *names: str) -> dict[str, dict[str, str]]:
        """Return files in data/ by their name, be they CSV, workbook or YAML."""
        return {name: self._under(f"data/{name}.") for name in names}

    def _under(self, *prefixes: str) -> dict[str, str]:
        files = self._files.items()
        return {path: content for path, content in files if path.startswith(prefixes)}


class _Rows:
    """The hashes of a month's cleaned rows, by whose they are."""

    def __init__(self, workspace: Workspace, month: str) -> None:
        self._tables = tables_of(workspace, month)
        self._rows = record.read_json(workspace.clean(month) / OWN)

    def of(self, operator: str, people: Sequence[Operator], roster: Roster) -> object:
        """Return those of an operator and of whom they cover, or the whole tables."""
        if not self._rows:
            return self._tables
        accounts = {
            account.id: self._rows["account"].get(account.id)
            for person in people
            for account in roster.ever_owned_by(person.id)
        }
        names = [person.id for person in people]
        names += [roster.in_place_of(operator, id) for id in names]
        return [accounts, [self._rows["operator"].get(name) for name in names]]
