"""
Jobs: a notebook to run, a page to make of it.

A job never raises what a notebook raised: it comes back as an outcome, so that the
others go on. What it publishes is whole and checked, or a page that says what failed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from kpi_lib import inputs
from kpi_lib.days import shift
from kpi_lib.errors import KpiError, RunError, of_system, printable
from kpi_lib.figures import month_name
from kpi_lib.held import holding, read_run
from kpi_lib.language import N_, _, speaking
from kpi_lib.run import cards, notices, record
from kpi_lib.run.outstanding import lacking, owed, to_decide
from kpi_lib.run.record import NOTEBOOKS, Kind
from kpi_lib.workspace import STRAY, Workspace, write_atomic

CLEANING = N_("数据清洗")

MADE = "made.json"  # In a cleaned month's folder: its key, and what was made


@dataclass(frozen=True, kw_only=True)
class Job:
    """
    One notebook to run: for what, and on what it depends.

    Its name is ``clean`` and a month, an operator's id, or ``team``; ``parts`` are the
    hashes of all that it depends on, ``meant`` those of every file that it may read;
    ``who`` is whom or what the page is about. Its page is told that its notebook was
    ``edited``, the ``head`` of the record, and what ``last`` was published: of the
    operator, or of all.
    """

    name: str
    kind: Kind
    root: Path
    month: str
    parameters: dict[str, str]
    parts: dict[str, str]
    who: str
    meant: Mapping[str, str] = field(default_factory=dict)
    edited: str = ""
    head: str = ""
    last: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """Title of the page."""
        return f"{self.subject} {month_name(self.month)}"

    @property
    def subject(self) -> str:
        """Whom or what the page is about, in the language spoken; names are data."""
        return self.who if self.kind == "operator" else _(self.who)

    @property
    def lang(self) -> str:
        """Language of the page."""
        return self.parameters["lang"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    What became of one job.

    ``state`` is ``unchanged`` if nothing that it depends on changed and it was left
    alone; ``error`` is one line, empty unless it failed; ``outputs`` are the SHA-256 of
    the files it made, by path relative to the workspace; ``total`` what is published.
    """

    job: str
    state: Literal["made", "unchanged", "failed"]
    error: str = ""
    seconds: float = 0.0
    outputs: dict[str, str] = field(default_factory=dict)
    total: dict[str, Any] = field(default_factory=dict)


_Made = tuple[dict[str, str], dict[str, Any]]


def work(job: Job) -> Outcome:
    """Do one job, in this process; nothing is raised but what ends the process."""
    started = time.monotonic()
    workspace = Workspace(job.root)
    make = {"clean": _clean, "operator": _appraise, "team": _team}[job.kind]
    try:
        with speaking(job.lang):
            outputs, total = make(workspace, job)
    # Whatever goes wrong must not take the other operators' pages with it, and an
    # exception of a library may not survive the way to the parent.
    except Exception as err:
        return refuse(job, reason_of(err), time.monotonic() - started)
    seconds = time.monotonic() - started
    return Outcome(
        job=job.name, state="made", seconds=seconds, outputs=outputs, total=total
    )


def reason_of(err: BaseException) -> str:
    """Return an error as a reader is told it; one that is not ours by its class."""
    if isinstance(err, OSError):
        return str(of_system(err))
    return str(err) if isinstance(err, KpiError) else f"{type(err).__name__}：{err}"


def refuse(job: Job, error: str, seconds: float = 0) -> Outcome:
    """Fail a job, and say on its page why."""
    # The error stands behind the job's name everywhere.
    error = printable(" ".join(error.split())).removeprefix(f"{job.name}：")
    _publish_failure(Workspace(job.root), job, error)
    return Outcome(job=job.name, state="failed", error=error, seconds=seconds)


def _execute(workspace: Workspace, job: Job, output: Path) -> Any:
    from kpi_lib.run import notebook

    path, folder = workspace.notebooks / NOTEBOOKS[job.kind], workspace.root
    return notebook.execute(
        path, job.parameters, output=output, folder=folder, job=job.name
    )


def tables_of(workspace: Workspace, month: str) -> dict[str, str]:
    """Return the hashes of a month's cleaned tables, without the notebook."""
    outputs = read_run(workspace.clean(month) / MADE).get("outputs", {})
    return {
        path: content
        for path, content in outputs.items()
        if not path.endswith(".ipynb")
    }


def entry(
    parts: Mapping[str, str], outputs: Mapping[str, str], error: str = ""
) -> dict[str, Any]:
    """Return what is recorded of a job, in one order whoever made it."""
    return {
        "outcome": "failed" if error else "done",
        "error": error,
        "parts": dict(sorted(parts.items())),
        "outputs": dict(sorted(outputs.items())),
    }


def _clean(workspace: Workspace, job: Job) -> _Made:
    folder = workspace.clean(job.month)
    notebook = folder / NOTEBOOKS["clean"]
    # The month before may be one that this very process has just cleaned.
    tables = tables_of(workspace, shift(job.month, -1))
    compared = {"before": record.of(tables)} if "before" in job.parts else {}
    with holding(workspace.root, {**job.meant, **tables}):
        _execute(workspace, job, notebook)
    if not compared:
        # Not fit for a page: what it compares with may not have been there yet.
        notebook.unlink()
    made = [
        path
        for path in folder.iterdir()
        if path.name != MADE and not path.name.startswith(STRAY)
    ]
    outputs = record.hashes(workspace, sorted(made))
    text = record.text_of(entry({**job.parts, **compared}, outputs))
    write_atomic(folder / MADE, text)
    return outputs, {}


def _appraise(workspace: Workspace, job: Job) -> _Made:
    from kpi_lib import appraisal, page

    folder = workspace.reports(job.month)
    notebook = folder / "executed" / f"{job.name}.ipynb"
    with holding(workspace.root, job.meant):
        executed = _execute(workspace, job, notebook)
        evidence = appraisal.evidence_bytes(workspace, job.month, job.name)
    card = page.sealed(executed)
    if card is None or (card["operator"], card["month"]) != (job.name, job.month):
        raise RunError(
            job.name, None, "NoCard", "笔记本没有以本人本月的评分卡结束", str(notebook)
        )
    total = notices.published(card["total"], job.parts, job.last)
    files: dict[str, bytes | str] = {
        "evidence.parquet": evidence,
        "json": json.dumps(card, ensure_ascii=False, indent=1) + "\n",
        "html": _page(job, executed, notices.said(total)),
    }
    for suffix, content in files.items():
        write_atomic(folder / f"{job.name}.{suffix}", content)
    # What was printed from the page before is no picture of this one.
    (folder / f"{job.name}.pdf").unlink(missing_ok=True)
    pages = [folder / f"{job.name}.{suffix}" for suffix in sorted(files)]
    return record.hashes(workspace, [notebook, *pages]), total


def _team(workspace: Workspace, job: Job) -> _Made:
    from kpi_lib import page
    from kpi_lib.run.notebook import read

    folder = workspace.reports(job.month)
    notebook = folder / "executed" / "team.ipynb"
    source = workspace.clean(job.month) / NOTEBOOKS["clean"]
    with holding(workspace.root, job.meant):
        executed = _execute(workspace, job, notebook)
        cleaning = read(source) if source.is_file() else None
        made = cards.published(job.month, str(workspace.root))
        until = owed(workspace, inputs.load(workspace, job.month), job.month)
    pages = [folder / f"{name}.html" for name in ("index", "clean", "missing")]
    index, cleaned, missing = pages
    rows = [row for row in lacking(made) if row["measure"]["status"] != "excluded"]
    rows.sort(key=lambda row: -Decimal(row["points"]))
    until += to_decide(made)
    html = page.missing_page(rows, job.month, until=until, lang=job.lang)
    write_atomic(missing, html)
    said = {who: notices.said(total) for who, total in job.last.items()}
    changes = [f"{who}：{change}" for who, change in said.items() if change]
    if rows or until:
        points = sum(Decimal(row["points"]) for row in rows)
        lack = N_("还缺：{n}项待定（{points}分），{m}件事没有做：见missing.html。")
        changes.insert(0, _(lack, n=len(rows), points=points, m=len(until)))
    write_atomic(index, _page(job, executed, *changes))
    about = _(CLEANING)
    if cleaning is not None:
        title = f"{about} {month_name(job.month)}"
        html = page.page(cleaning, title=title, lang=job.lang)
    else:
        failed = [_("清洗没有做完")]
        html = page.failure_page(about, job.month, failed, lang=job.lang)
    write_atomic(cleaned, html)
    return record.hashes(workspace, [notebook, *pages]), {}


def _page(job: Job, executed: Any, *told: str) -> str:
    """Make a page of a notebook, with what it is told."""
    from kpi_lib import page

    edited = notices.edited(job.edited, job.month) if job.edited else ""
    return page.page(
        executed,
        title=job.title,
        lang=job.lang,
        told=[line for line in (edited, *told) if line],
        anchor=notices.anchor(record.of(job.parts), job.head),
        home="" if job.kind == "team" else "index.html",
    )


def _publish_failure(workspace: Workspace, job: Job, error: str) -> None:
    """Take away what no longer holds; a page that says what failed stands there."""
    from kpi_lib import page

    folder = workspace.reports(job.month)
    if job.kind == "clean":
        # Its tables too: nobody may compare with what was made of other files.
        for path in workspace.clean(job.month).glob("*.*"):
            if not path.name.endswith(record.FAILED):
                path.unlink()
        return
    (folder / "executed" / f"{job.name}.ipynb").unlink(missing_ok=True)
    name = "index" if job.kind == "team" else job.name
    for suffix in ("json", "evidence.parquet", "pdf"):
        (folder / f"{name}.{suffix}").unlink(missing_ok=True)
    with speaking(job.lang):
        html = page.failure_page(job.subject, job.month, [error], lang=job.lang)
    write_atomic(folder / f"{name}.html", html)
