"""
What a month's jobs depend on, and whether what stands there was made from it.

The key of a job is the hash of all its parts; they are put together here and nowhere
else. A job is done when its record holds the same key and every file that it made has
the bytes it had: never by what a notebook says of itself. Nothing else says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

from kpi_lib.days import REACH, months_back, shift
from kpi_lib.errors import InvalidInput, Problem, WorkspaceError
from kpi_lib.held import holding, read_json, read_run
from kpi_lib.inputs import (
    Operator,
    Roster,
    WrongForm,
    by_operator,
    default,
    for_month,
    id_or_name,
)
from kpi_lib.language import LANGUAGES, N_
from kpi_lib.run import notices, record
from kpi_lib.run.cards import printed
from kpi_lib.run.jobs import CLEANING, MADE, Job, tables_of
from kpi_lib.run.outstanding import owed
from kpi_lib.run.record import NEAR, NOTEBOOKS, Kind
from kpi_lib.workspace import OWN, REGISTER, Workspace

CLEANED = "clean "


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
        filled = (at for at in reversed(months) if any(workspace.raw(at).glob("*/*")))
        return next(filled, months[-1])
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
    called = id_or_name({operator.id: operator.name for operator in everybody})
    chosen: list[str] = []
    strangers: list[Problem] = []
    for name in only or ():
        try:
            chosen.append(called(name))
        except WrongForm as err:
            what, do = f"{month}没有运营“{name}”", "请改正，或在花名册里登记"
            stranger = Problem(what=what, where=REGISTER, expected=str(err), do=do)
            strangers.append(stranger)
    if strangers:
        raise InvalidInput(tuple(strangers))
    return [at for at in everybody if only is None or at.id in chosen]


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
    pages = {path for entry in jobs for path in entry.get("outputs", {})}
    outputs: dict[str, str] = recorded.get("outputs", {})
    return {path: outputs[path] for path in outputs if path not in pages}


class Agenda:
    """
    The jobs of a month as they should stand.

    ``recorded`` is the ``run.json`` that stands; its pages tell the language where none
    is asked for.
    """

    def __init__(self, workspace: Workspace, month: str, lang: str = "") -> None:
        # Before anything is read: what changes from now on is for the next run.
        self._files = record.inputs(workspace)
        with holding(workspace.root, self._files):
            self.inputs = for_month(workspace, month)
        self.recorded = read_run(workspace.reports(month) / "run.json")
        self.workspace, self.month = workspace, month
        self.lang = lang or str(self.recorded.get("lang", LANGUAGES[0]))
        self._months, self._hashed = months_back(month, REACH), dict[str, str]()
        self._record = record.head(workspace.record, month)
        runs = sorted(workspace.record.parent.glob("*/run.json"))
        runs = [path for path in runs if path.parent.name < month]
        self._runs = record.hashes(workspace, runs)

    @cached_property
    def edited(self) -> list[str]:
        """The notebooks that are not the program's own."""
        names = [f"notebooks/{name}" for name in NOTEBOOKS.values()]
        own = {name: record.of_file(default(name)) for name in names}
        return [name for name in names if self._files[name] != own[name]]

    @property
    def files(self) -> dict[str, str]:
        """SHA-256 of every input of the month, by path relative to the workspace."""
        return record.of_month(self._files, self.month)

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
        both = (shift(month, -1), month)
        evidence = [self.inputs.evidence_of(at) for at in both]
        figures = [at for at in self.inputs.figures if f"{at.date:%Y-%m}" in both]
        parts = {
            "exports": self._under(*near),
            "earlier": sorted(earlier),
            **({"before": tables_of(self.workspace, shift(month, -1))} if own else {}),
            **self._data("formats"),
            **self._given("roster", "decisions", "downloads", "calendar"),
            "figures": repr(figures),
            "plan": [repr(rules) for rules in evidence],
        }
        return self._job("clean", f"{CLEANED}{month}", CLEANING, parts, month=month)

    def operator_jobs(self, operators: Sequence[Operator]) -> list[Job]:
        """Return the jobs that make operators' reports, each from its own inputs."""
        inputs = self.inputs
        shared = {**self._data("formats", "plan"), **self._given("calendar")}
        shared["points"] = [plan.digest("") for plan in inputs.plans.values()]
        logged: dict[str, list[str]] = defaultdict(list)
        for month, log in inputs.worklogs.items():
            for entry in log.entries():
                logged[entry.operator].append(f"{month} {entry!r}")
        signoffs, appeals = by_operator(inputs.signoffs), by_operator(inputs.appeals)
        of_months = {at: tables_of(self.workspace, at) for at in self._months}
        tables = {path: each[path] for each in of_months.values() for path in each}
        with holding(self.workspace.root, {**tables, **self._runs}):
            cleaned = [
                (each, read_json(self.workspace.clean(month) / OWN) if each else {})
                for month, each in of_months.items()
            ]
            runs = {path: read_run(self.workspace.root / path) for path in self._runs}
        plans = [(at, run.get("plan"), run.get("plans")) for at, run in runs.items()]
        on_record = {
            row for run in runs.values() for row in run.get("targets", {}).values()
        }
        meant = {**self._written(), **tables, **self._runs}
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
            owned = [roster.ever_owned_by(person.id) for person in people]
            accounts = [account.id for each in owned for account in each]
            names = [person.id for person in people]
            names += [roster.in_place_of(id, name) for name in names]
            targets = [row for person in people for row in inputs.targets_of(person.id)]
            parts = {
                "worklog": logged[id],
                "mistakes": [str(at) for at in inputs.mistakes if at.of in names],
                "cleaned": [_rows(*tables, accounts, names) for tables in cleaned],
                "roster": repr([*zip(people, owned, strict=True)]),
                "targets": repr([*targets]),
                "signoff": repr([*signoffs.get(id, ())]),
                "appeals": repr([*appeals.get(id, ())]),
                "promised": [
                    plans,
                    [row.sha256 for row in targets if row.sha256 in on_record],
                    [run.get("people", {}).get(id) for run in runs.values()],
                ],
                "record": self._record,
                **shared,
            }
            job = self._job("operator", id, operator.name, parts, operator=id)
            jobs.append(replace(job, meant=meant, last=self._published(id)))
        return jobs

    def team_job(self, totals: Mapping[str, Any] | None = None) -> Job:
        """Return the job that makes the index from the cards that stand there."""
        place = self.workspace
        cards = record.hashes(
            place,
            [
                place.reports(month) / f"{operator.id}.json"
                for month in (shift(self.month, -1), self.month)
                for operator in self.inputs.roster.operators
            ],
        )
        notebook = place.clean(self.month) / NOTEBOOKS["clean"]
        cleaning = record.hashes(place, [notebook])
        parts = {
            "cards": cards,
            "printed": printed(self.month, str(place.root)),
            "cleaning": cleaning,
            "cleaned": [tables_of(place, month) for month in self._months],
            "owed": owed(place, self.inputs, self.month),
            "record": self._record,
            **self._data("formats", "plan"),
            **self._given("roster", "targets", "calendar"),
        }
        job = self._job("team", "team", N_("团队"), parts)
        meant = {**self._written(), **cards, **cleaning}
        roster = self.inputs.roster
        last = {roster.operator(id).name: total for id, total in (totals or {}).items()}
        return replace(job, meant=meant, last=last)

    def entry(self, name: str) -> dict[str, Any]:
        """Return what is recorded of a job, beside its tables or in ``run.json``."""
        if name.startswith(CLEANED):
            folder = self.workspace.clean(name.removeprefix(CLEANED))
            return read_run(folder / MADE)
        return dict(self.recorded.get("jobs", {}).get(name, {}))

    def standing(self, job: Job) -> Status:
        """Compare a job with what is recorded of it, and that with what stands."""
        entry, name = self.entry(job.name), job.name
        if not entry:
            return Status(job=name, state="missing", why="还没有做过")
        if entry.get("outcome") != "done":
            return Status(job=name, state="failed", why=str(entry.get("error")))
        if changed := notices.changed(job.parts, entry.get("parts", {})):
            words = "、".join(notices.WORDS.get(part, part) for part in changed)
            return Status(job=name, state="stale", why=f"{words}有变化")
        if gone := off(self.workspace, entry.get("outputs", {})):
            return Status(job=name, state="stale", why=f"{gone[0]}不见了或被改过")
        return Status(job=name, state="done")

    def _published(self, operator: str) -> dict[str, Any]:
        """Return what run.json keeps of a total, and where and of what it was."""
        if not (total := self.recorded.get("totals", {}).get(operator)):
            return {}
        lines = record.newest(record.lines(self.workspace.record))
        at, _ = lines.get(self.month, (0, None))
        return {**total, "at": at, "parts": self.entry(operator).get("parts", {})}

    def _written(self) -> dict[str, str]:
        """Return the hashes of what people wrote, without exports."""
        return {
            path: content
            for path, content in self._files.items()
            if not path.startswith("data/raw/") or "/worklog" in path
        }

    def _job(
        self,
        kind: Kind,
        name: str,
        who: str,
        parts: Mapping[str, object],
        **parameters: str,
    ) -> Job:
        parameters = {"month": self.month, **parameters, "lang": self.lang}
        notebook = f"notebooks/{NOTEBOOKS[kind]}"
        edited = notebook in self.edited
        parts = {
            **parts,
            "code": record.package(),
            "versions": record.versions(),
            "notebook": [self._files[notebook], edited],
        }
        # Only a notebook has a language and compares with the month before, the tables
        # of other months have not: it must be right where it becomes a page.
        if parameters["month"] == self.month:
            parts["parameters"] = parameters
        return Job(
            name=name,
            kind=kind,
            root=self.workspace.root,
            month=parameters["month"],
            parameters=parameters,
            parts={part: record.of(value) for part, value in parts.items()},
            who=who,
            meant=self._files,
            edited=notebook if edited else "",
            head=self._record,
        )

    def _given(self, *names: str) -> Mapping[str, object]:
        """Return files as `_data`, and what was read of them or of the workbook."""
        for name in {*names} - self._hashed.keys():
            self._hashed[name] = record.of(repr(getattr(self.inputs, name)))
        return {name: [self._data(name), self._hashed[name]] for name in names}

    def _data(self, *names: str) -> dict[str, dict[str, str]]:
        """Return files in data/ by their name, be they CSV, workbook, YAML or more."""
        return {name: self._under(*(f"data/{name}{e}" for e in "./")) for name in names}

    def _under(self, *prefixes: str) -> dict[str, str]:
        files = self._files.items()
        return {path: content for path, content in files if path.startswith(prefixes)}


def _rows(
    tables: Mapping[str, str],
    own: Mapping[str, Any],
    accounts: Sequence[str],
    names: Sequence[str],
) -> object:
    """Return the hashes of some rows of a month's tables, or of the whole tables."""
    if not own:
        return tables
    return [
        {account: own["account"].get(account) for account in accounts},
        [own["operator"].get(name) for name in names],
    ]
