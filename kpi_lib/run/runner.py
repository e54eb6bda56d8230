"""
The main job: clean what is stale, one report per operator, the team's index.

Nothing that stands and still holds is made again; one notebook that fails leaves the
others' pages. The tables, ``run.json`` and the record's line come last, so that what
they name was there before them.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime
from pathlib import Path
from typing import Any

import filelock

from kpi_lib.errors import Problem, WorkspaceError
from kpi_lib.inputs import for_month
from kpi_lib.language import LANGUAGES, from_json, speaking
from kpi_lib.run import processes, provenance, spreadsheets
from kpi_lib.run.cards import printed
from kpi_lib.run.jobs import (
    MADE,
    Job,
    Outcome,
    refuse,
)
from kpi_lib.run.pool import Pool
from kpi_lib.run.stale import (
    Agenda,
    Status,
    appraised,
    looked_back,
    newest,
)
from kpi_lib.workspace import (
    STRAY,
    Workspace,
    canonical_json,
    sha256,
    write_atomic,
)

SCHEMA = 1

Progress = Callable[[Outcome, int, int], None]
"""Called with each outcome, the jobs done so far and the jobs in all."""


def run(
    workspace: Workspace,
    month: str,
    *,
    operators: Sequence[str] | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    lang: str = LANGUAGES[0],
    force: bool = False,
    pdf: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:
    """
    Make every page of a month that is missing or stale.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies.
    month : str
        ``YYYY-MM``, or ``latest`` for the newest month with exports.
    operators : sequence of str, optional
        Ids from the roster; default: all that are active in the month.
    workers : int, optional
        Jobs that run at once; default: one per core, less where memory is short.
    executor : Executor, optional
        Where jobs run instead of in processes of our own. Its workers must be
        processes, on this machine.
    lang : {"zh-Hans", "zh-Hant", "en"}
        Language of the pages.
    force : bool
        Also re-make what is not stale.
    pdf : bool
        Also print each operator's page to a PDF.
    progress : callable, optional
        Called with each outcome, the jobs done so far and the jobs in all.

    Returns
    -------
    list of Outcome
        The cleaned months, the operators in roster order, the team.

    Raises
    ------
    InvalidInput
        If what people wrote cannot be used, with every problem; or if another run is
        at work in the workspace. Nothing was run.
    """
    month = newest(workspace, month)
    if pdf:
        from kpi_lib import page

        page.required()
    with told_plainly(workspace), alone(workspace):
        # Before anything is read: what changes from now on is for the next run.
        files = provenance.inputs(workspace)
        seen = provenance.seen(workspace, month, lang, files)
        if not (operators or force or pdf) and (
            stand := _stand(workspace, month, seen)
        ):
            return _unchanged(workspace, month, stand, progress)
        inputs = for_month(workspace, month)
        chosen = appraised(inputs.roster, month, operators)
        agenda = Agenda(workspace, month, inputs, lang, files)
        months = looked_back(workspace, month)
        with Pool(workers or processes.workers(), executor) as pool:
            doing = _Doing(agenda, pool, len(months) + len(chosen) + 1, progress)
            outcomes = doing.clean(months, force)
            broken = [one.job.split()[-1] for one in outcomes if one.state == "failed"]
            jobs = agenda.operator_jobs(chosen)
            # Baselines of a month that was not cleaned would be wrong without a word.
            outcomes += (
                doing.refuse(jobs, broken) if broken else doing.each(jobs, force)
            )
            if pdf:
                _print(workspace.reports(month), outcomes)
            # The index links the PDFs that stand there.
            outcomes += doing.each([agenda.team_job()], force)
        _record(agenda, outcomes)
        if operators is None and all(one.state != "failed" for one in outcomes):
            write_atomic(_seen(workspace, month), seen)
        return outcomes


def clean(
    workspace: Workspace,
    month: str,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> list[Outcome]:
    """
    Clean a month's exports, through the notebook, if anything changed.

    Parameters
    ----------
    workspace, month, force, progress
        As for ``run``.

    Returns
    -------
    list of Outcome
        One.

    Raises
    ------
    InvalidInput
        As for ``run``.
    """
    month = newest(workspace, month)
    files = provenance.inputs(workspace)
    inputs = for_month(workspace, month)
    with told_plainly(workspace), alone(workspace), Pool(1) as pool:
        agenda = Agenda(workspace, month, inputs, _lang(workspace, month), files)
        return _Doing(agenda, pool, 1, progress).clean([month], force)


def status(workspace: Workspace, month: str) -> list[Status]:
    """
    Tell how every job of a month stands, without making anything.

    Parameters
    ----------
    workspace, month
        As for ``run``.

    Returns
    -------
    list of Status
        The month's cleaning, each operator in roster order, the team; then tables
        of all operators that are no longer what a run left.

    Raises
    ------
    InvalidInput
        If what people wrote cannot be used.
    """
    month = newest(workspace, month)
    lang = _lang(workspace, month)
    files = provenance.inputs(workspace)
    seen = provenance.seen(workspace, month, lang, files)
    if stand := _stand(workspace, month, seen):
        earlier = {f"clean {one}" for one in looked_back(workspace, month)[:-1]}
        return [Status(job=name, state="done") for name in stand if name not in earlier]
    inputs = for_month(workspace, month)
    agenda = Agenda(workspace, month, inputs, lang, files)
    return [*(agenda.standing(job) for job in _jobs(agenda)), *_tables(agenda)]


def _seen(workspace: Workspace, month: str) -> Path:
    """Name the file that holds what a run of a whole month had seen, as one hash."""
    return workspace.record.parent / f".seen-{month}"


def _stand(workspace: Workspace, month: str, seen: str) -> dict[str, dict[str, Any]]:
    """
    Return what is recorded of every job, if nothing changed and all it made stands.

    Nothing of it need be understood: at two hundred operators that would take several
    times as long. Empty where a job may be stale, or where no whole month was run.
    """
    left = _seen(workspace, month)
    if not left.is_file() or left.read_bytes() != seen.encode():
        return {}
    cleaned = {
        f"clean {one}": provenance.read_json(workspace.clean(one) / MADE)
        for one in looked_back(workspace, month)
    }
    recorded = provenance.read_json(workspace.reports(month) / "run.json")
    jobs: dict[str, dict[str, Any]] = {**cleaned, **recorded.get("jobs", {})}
    outputs = dict(recorded.get("outputs", {}))
    for entry in jobs.values():
        outputs.update(entry.get("outputs", {}))
    shown = provenance.of(printed(month, str(workspace.root)))
    whole = (
        all(entry.get("outcome") == "done" for entry in jobs.values())
        and all(
            provenance.of_file(workspace.root / path) == content
            for path, content in outputs.items()
        )
        and jobs.get("team", {}).get("parts", {}).get("printed") == shown
    )
    return jobs if whole else {}


def _unchanged(
    workspace: Workspace,
    month: str,
    jobs: Mapping[str, Mapping[str, Any]],
    progress: Progress | None,
) -> list[Outcome]:
    """Return the outcomes of a run that had nothing to do but see to the record."""
    record = provenance.read_json(workspace.reports(month) / "run.json")
    del record["timings"]
    provenance.append(workspace.record, record)
    outcomes = [
        Outcome(job=name, state="unchanged", outputs=entry["outputs"])
        for name, entry in jobs.items()
    ]
    for number, outcome in enumerate(outcomes, 1):
        if progress:
            progress(outcome, number, len(outcomes))
    return outcomes


def _lang(workspace: Workspace, month: str) -> str:
    """Return the language of a month's pages as they stand."""
    last = provenance.read_json(workspace.reports(month) / "run.json")
    return str(last.get("lang", LANGUAGES[0]))


def _tables(agenda: Agenda) -> list[Status]:
    """Tell of the month's tables that are gone or changed; a run writes them anew."""
    jobs = agenda.recorded.get("jobs", {}).values()
    told = {path for entry in jobs for path in entry["outputs"]}
    return [
        Status(job=Path(path).name, state="stale", why=f"{path}不见了或被改过")
        for path, content in agenda.recorded.get("outputs", {}).items()
        if path not in told
        and provenance.of_file(agenda.workspace.root / path) != content
    ]


def _jobs(agenda: Agenda) -> list[Job]:
    """Return the jobs that run.json tells of: the month's own, of everybody."""
    operators = appraised(agenda.inputs.roster, agenda.month)
    return [
        agenda.clean_job(agenda.month),
        *agenda.operator_jobs(operators),
        agenda.team_job(),
    ]


class _Doing:
    """The jobs of a run as they are done, counted and told."""

    def __init__(
        self, agenda: Agenda, pool: Pool, total: int, progress: Progress | None
    ) -> None:
        self._agenda, self._pool = agenda, pool
        self._done, self._total, self._progress = 0, total, progress

    def clean(self, months: Sequence[str], force: bool) -> list[Outcome]:
        """Clean months; the last one, which is compared with those before, at last."""
        jobs = [self._agenda.clean_job(month) for month in months[:-1]]
        outcomes = self.each(jobs, force)
        return outcomes + self.each([self._agenda.clean_job(months[-1])], force)

    def each(self, jobs: Sequence[Job], force: bool) -> list[Outcome]:
        """Do what is not done; return an outcome for each job, in their order."""
        outcomes: dict[str, Outcome] = {}
        open_: list[Job] = []
        for job in jobs:
            anew = force and job.month == self._agenda.month
            if anew or self._agenda.standing(job).state != "done":
                open_.append(job)
            else:
                kept = self._agenda.entry(job)["outputs"]
                outcomes[job.name] = Outcome(
                    job=job.name, state="unchanged", outputs=kept
                )
                self._tell(outcomes[job.name])
        for job, outcome in self._pool.run(open_):
            outcomes[job.name] = outcome
            self._tell(outcome)
        return [outcomes[job.name] for job in jobs]

    def refuse(self, jobs: Sequence[Job], broken: Sequence[str]) -> list[Outcome]:
        more = f"等{len(broken)}个月" if len(broken) > 1 else ""
        reason = f"{broken[0]}{more}没有清洗完，考核没有依据"
        outcomes = [refuse(job, reason) for job in jobs]
        for outcome in outcomes:
            self._tell(outcome)
        return outcomes

    def _tell(self, outcome: Outcome) -> None:
        self._done += 1
        if self._progress:
            self._progress(outcome, self._done, self._total)


@contextlib.contextmanager
def told_plainly(workspace: Workspace) -> Iterator[None]:
    """
    Say on one line what the system refused to write.

    Parameters
    ----------
    workspace : Workspace
        Where it was to be written.

    Raises
    ------
    WorkspaceError
        For a full disk, a folder that may not be written, and the like.
    """
    try:
        yield
    except OSError as err:
        full = err.errno in (errno.ENOSPC, errno.EDQUOT)
        what = "磁盘满了" if full else f"写不进去（{err.strerror or err}）"
        where = str(err.filename or "reports")
        with contextlib.suppress(WorkspaceError):
            where = workspace.relative(Path(where))
        raise WorkspaceError(
            (
                Problem(
                    what=what,
                    where=where,
                    do="请腾出空间" if full else "请确认工作区可以写入",
                ),
            )
        ) from err


def _sweep(workspace: Workspace) -> None:
    """Take away what a killed run wrote aside: nobody else writes there now."""
    for folder in (workspace.record.parent, workspace.data / "clean"):
        for path in folder.rglob(f"{STRAY}*"):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """
    Hold a workspace's lock for as long as the block runs.

    Parameters
    ----------
    workspace : Workspace
        Nobody else may run in it.

    Raises
    ------
    WorkspaceError
        If it is taken, naming the process that holds it and since when.
    """
    workspace.lock.parent.mkdir(parents=True, exist_ok=True)
    holder = workspace.lock.with_suffix(".json")
    try:
        with filelock.FileLock(workspace.lock, timeout=0):
            since = datetime.now().astimezone().isoformat(" ", "seconds")
            write_atomic(holder, canonical_json({"pid": os.getpid(), "since": since}))
            _sweep(workspace)
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except filelock.Timeout:
        who = provenance.read_json(holder)
        raise WorkspaceError(
            (
                Problem(
                    what=f"另一次运行正在进行（进程{who.get('pid', '未知')}，"
                    f"开始于{who.get('since', '未知')}）",
                    where="reports",
                    do="请等它结束",
                ),
            )
        ) from None


def _print(folder: Path, outcomes: Iterable[Outcome]) -> None:
    from kpi_lib import page

    for outcome in outcomes:
        html = folder / f"{outcome.job}.html"
        if outcome.state != "failed" and html.is_file():
            write_atomic(html.with_suffix(".pdf"), page.pdf(html))


def _record(agenda: Agenda, outcomes: Iterable[Outcome]) -> None:
    """Write the tables, then ``run.json``, then a line of the record."""
    folder = agenda.workspace.reports(agenda.month)
    entries = _entries(agenda, {one.job: one for one in outcomes})
    outputs = _kept_tables(agenda, entries)
    if not outputs:
        with speaking(agenda.lang):
            tables = spreadsheets.tables(_cards(folder, entries))
        for name, content in tables.items():
            write_atomic(folder / name, content)
            outputs[agenda.workspace.relative(folder / name)] = sha256(content)
    for entry in entries.values():
        outputs.update(entry["outputs"])
    plan = agenda.inputs.plan
    record = {
        "schema": SCHEMA,
        "month": agenda.month,
        "lang": agenda.lang,
        "plan": {
            "id": plan.id,
            "version": plan.version,
            "sha256": agenda.files[agenda.inputs.plan_file],
        },
        "code": agenda.code,
        "versions": provenance.versions(),
        "inputs": agenda.files,
        "targets": {str(row.row): row.sha256 for row in agenda.inputs.targets},
        "jobs": entries,
        "outputs": dict(sorted(outputs.items())),
    }
    timings = {
        **agenda.recorded.get("timings", {}),
        **{one.job: round(one.seconds, 3) for one in outcomes if one.seconds},
    }
    if {**agenda.recorded, **record, "timings": timings} != agenda.recorded:
        text = json.dumps({**record, "timings": timings}, ensure_ascii=False, indent=1)
        write_atomic(folder / "run.json", text + "\n")
    provenance.append(agenda.workspace.record, record)


def _kept_tables(
    agenda: Agenda, entries: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Return the tables that stand; none if a card or one of them is another now."""
    recorded = agenda.recorded
    if recorded.get("jobs") != entries or recorded.get("lang") != agenda.lang:
        return {}
    pages = {path for entry in entries.values() for path in entry["outputs"]}
    tables = {
        path: content
        for path, content in recorded.get("outputs", {}).items()
        if path not in pages
    }
    stand = all(
        provenance.of_file(agenda.workspace.root / path) == content
        for path, content in tables.items()
    )
    return tables if stand else {}


def _entries(
    agenda: Agenda, outcomes: Mapping[str, Outcome]
) -> dict[str, dict[str, Any]]:
    """Return what run.json says of each job: what was done now, or else before."""
    entries: dict[str, dict[str, Any]] = {}
    for job in _jobs(agenda):
        outcome = outcomes.get(job.name)
        if outcome and outcome.state != "unchanged":
            entry: Mapping[str, Any] = {
                "outcome": "failed" if outcome.state == "failed" else "done",
                "error": outcome.error,
                "key": job.key,
                "parts": job.parts,
                "outputs": outcome.outputs,
            }
        else:
            # Its parts tell what it was made from, also if that has changed since.
            entry = agenda.entry(job)
        if entry:
            # In one order, whether it was made now or by a run that was ended.
            entries[job.name] = {
                "outcome": entry["outcome"],
                "error": entry.get("error", ""),
                "key": entry["key"],
                "parts": dict(sorted(entry["parts"].items())),
                "outputs": dict(sorted(entry["outputs"].items())),
            }
    return entries


def _cards(
    folder: Path, entries: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the cards that stand, in roster order."""
    return [
        from_json(provenance.read_json(folder / f"{name}.json"))
        for name, entry in entries.items()
        if entry["outcome"] == "done" and (folder / f"{name}.json").is_file()
    ]
