"""
What a month's jobs depend on, and whether what stands there was made from it.

The key of a job is the hash of all its parts; they are put together here and nowhere
else. A job is done when its record holds the same key and every file that it made has
the bytes it had: never by what a notebook says of itself.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from kpi_lib.days import REACH, months_back, shift
from kpi_lib.errors import Problem, RosterError, WorkspaceError
from kpi_lib.inputs import (
    Account,
    Inputs,
    Operator,
    Roster,
    Worklog,
    by_operator,
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
    problems = tuple(
        Problem(
            what=f"{month}没有运营“{identity}”",
            where="data/roster.yml",
            expected="、".join(ids),
        )
        for identity in only or ()
        if identity not in ids
    )
    if problems:
        raise RosterError(problems)
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
        inputs: Inputs,
        lang: str,
        files: Mapping[str, str],
    ) -> None:
        self.workspace, self.month = workspace, month
        self.inputs, self.lang = inputs, lang
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
        return self._job(
            "clean",
            f"{CLEANED}{month}",
            CLEANING,
            {
                "exports": self._under(*near),
                "earlier": record.of(sorted(earlier)),
                "before": before(self.workspace, month) if own else "",
                **self._data("roster", "decisions", "downloads", "calendar"),
                "plan": record.of([repr(rules) for rules in evidence]),
            },
            {"month": month},
            # Only the notebook compares with the month before and has a language, the
            # tables have not: it must be right where it becomes a page.
            loose=() if own else ("before", "parameters"),
        )

    def operator_jobs(self, operators: Sequence[Operator]) -> list[Job]:
        """Return the jobs that make operators' reports, each from its own inputs."""
        parts_of = self._own_parts()
        shared = self._data("plan", "calendar")
        return [
            self._job(
                "operator",
                operator.id,
                operator.name,
                {**parts_of(operator), **shared},
                {"month": self.month, "operator": operator.id},
            )
            for operator in operators
        ]

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
        cleaned = [tables_of(self.workspace, month) for month in self._months]
        return self._job(
            "team",
            "team",
            N_("团队"),
            {
                "cards": record.of(published),
                "printed": record.of(printed(self.month, str(self.workspace.root))),
                "cleaning": record.of_file(notebook),
                "cleaned": record.of(dict(ChainMap(*cleaned))),
                **self._data("plan", "roster", "targets", "calendar"),
            },
            {"month": self.month},
        )

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
        parts: Mapping[str, str],
        parameters: Mapping[str, str],
        loose: tuple[str, ...] = (),
    ) -> Job:
        parameters = {**parameters, "lang": self.lang}
        return Job(
            name=name,
            kind=kind,
            root=self.workspace.root,
            month=parameters["month"],
            parameters=parameters,
            parts={
                **parts,
                "code": record.package(),
                "versions": record.of(record.versions()),
                "notebook": record.of_file(self.workspace.notebooks / NOTEBOOKS[kind]),
                "parameters": record.of(parameters),
            },
            who=who,
            loose=loose,
        )

    def _data(self, *names: str) -> dict[str, str]:
        """Hash files in data/ by their name, be they CSV, workbook or YAML."""
        return {name: self._under(f"data/{name}.") for name in names}

    def _under(self, *prefixes: str) -> str:
        return record.of(
            {
                path: content
                for path, content in self._files.items()
                if path.startswith(prefixes)
            }
        )

    def _own_parts(self) -> Callable[[Operator], dict[str, str]]:
        """Return how to hash each of one operator's own inputs, out of everybody's."""
        inputs, logged = self.inputs, _entries(self.inputs.worklogs)
        signoffs, appeals = by_operator(inputs.signoffs), by_operator(inputs.appeals)
        tables = {month: tables_of(self.workspace, month) for month in self._months}
        rows = {
            month: record.read_json(self.workspace.clean(month) / OWN)
            for month in self._months
        }
        runs = _runs_before(self.workspace, self.month)
        plans = {month: run.get("plan") for month, run in runs.items()}
        on_record = {
            row for run in runs.values() for row in run.get("targets", {}).values()
        }

        def parts(operator: Operator) -> dict[str, str]:
            id = operator.id
            accounts = inputs.roster.ever_owned_by(id)
            targets = inputs.targets_of(id)
            promised = [row.sha256 for row in targets if row.sha256 in on_record]
            own: dict[str, object] = {
                "worklog": logged.get(id, []),
                # All rows of a month where they were not told apart.
                "cleaned": [
                    _own_rows(rows[month], operator, accounts) or tables[month]
                    for month in self._months
                ],
                "roster": repr((operator, accounts)),
                "targets": repr([*targets]),
                "signoff": repr([*signoffs.get(id, ())]),
                "appeals": repr([*appeals.get(id, ())]),
                "promised": [plans, promised],
            }
            return {name: record.of(part) for name, part in own.items()}

        return parts


def _own_rows(
    rows: Mapping[str, Mapping[str, str]],
    operator: Operator,
    accounts: Sequence[Account],
) -> list[object]:
    """Return the hashes of an operator's own rows of a month, if rows have any."""
    if not rows:
        return []
    ids = [account.id for account in accounts if account.id in rows["account"]]
    own = {id: rows["account"][id] for id in ids}
    return [own, rows["operator"].get(operator.id, "")]


def _entries(worklogs: Mapping[str, Worklog]) -> dict[str, list[str]]:
    """Return every entry of the work logs, by whom it is about."""
    entries: dict[str, list[str]] = {}
    for month, log in worklogs.items():
        for entry in log.entries():
            entries.setdefault(entry.operator, []).append(f"{month} {entry!r}")
    return entries


def _runs_before(workspace: Workspace, month: str) -> dict[str, dict[str, Any]]:
    """Return what the runs of earlier months have on record, by month."""
    return {
        path.parent.name: record.read_json(path)
        for path in sorted(workspace.record.parent.glob("*/run.json"))
        if path.parent.name < month
    }
