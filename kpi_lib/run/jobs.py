"""
Jobs: a notebook to run, a page to make of it.

A job never raises what a notebook raised: it comes back as an outcome, so that the
others go on. What it publishes is whole and checked, or a page that says what failed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from kpi_lib.errors import KpiError, RunError, printable
from kpi_lib.figures import month_name
from kpi_lib.language import (
    LANGUAGES,
    N_,
    _,
    speaking,
)
from kpi_lib.run import provenance
from kpi_lib.workspace import (
    STRAY,
    Workspace,
    sha256_file,
    write_atomic,
)

CLEAN, APPRAISAL, TEAM = "1-clean", "3-appraisal", "4-team"
"""The notebooks that are run, without suffix."""

CLEANING = N_("数据清洗")
"""What the page of a cleaning is about."""

MADE = "made.json"
"""In a cleaned month's folder: the key it was made by, and what was made."""


@dataclass(frozen=True, kw_only=True)
class Job:
    """
    One notebook to run: for what, and on what it depends.

    Parameters
    ----------
    name : str
        ``clean`` and its month, an operator's id, or ``team``.
    kind : {"clean", "operator", "team"}
        Which notebook, and what is made of it.
    root : Path
        The workspace.
    month : str
        ``YYYY-MM``.
    parameters : dict of str to str
        What the notebook is run with.
    parts : dict of str to str
        Hash of everything the job depends on, by the name of the part.
    who : str
        Whom or what the page is about.
    loose : tuple of str
        Parts that may differ without the job being stale.
    """

    name: str
    kind: Literal["clean", "operator", "team"]
    root: Path
    month: str
    parameters: dict[str, str]
    parts: dict[str, str]
    who: str
    loose: tuple[str, ...] = ()

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
        return self.parameters.get("lang", LANGUAGES[0])

    @property
    def key(self) -> str:
        """Hash of all that the job depends on."""
        return provenance.of(self.parts)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    What became of one job.

    Parameters
    ----------
    job : str
        Name of the job.
    state : {"made", "unchanged", "failed"}
        Unchanged: nothing it depends on changed, and it was left alone.
    error : str
        One line; empty unless failed.
    seconds : float
        Time it took; 0 if unchanged.
    outputs : dict of str to str
        SHA-256 of the files it made, by path relative to the workspace.
    kernel : str
        Why its cells ran in a kernel, which takes longer; empty if they did not.
    """

    job: str
    state: Literal["made", "unchanged", "failed"]
    error: str = ""
    seconds: float = 0.0
    outputs: dict[str, str] = field(default_factory=dict)
    kernel: str = ""


def work(job: Job) -> Outcome:
    """
    Do one job, here and now.

    Parameters
    ----------
    job : Job
        What to do.

    Returns
    -------
    Outcome
        ``made`` or ``failed``; nothing is raised but what ends the process.
    """
    from kpi_lib.run import engine

    started = time.monotonic()
    workspace = Workspace(job.root)
    do = {"clean": _clean, "operator": _appraise, "team": _team}[job.kind]
    error = kernel = ""
    outputs: dict[str, str] = {}
    try:
        with speaking(job.lang):
            kernel = engine.why_kernel(_notebook(workspace, job))
            outputs = do(workspace, job)
    except KpiError as err:
        error = str(err)
    # Whatever else goes wrong must not take the other operators' pages with it, and
    # an exception of a library may not survive the way to the parent.
    except Exception as err:
        error = f"{type(err).__name__}：{err}"
    # The error stands behind the job's name everywhere.
    error = printable(" ".join(error.split())).removeprefix(f"{job.name}：")
    if error:
        _publish_failure(workspace, job, error)
    return Outcome(
        job=job.name,
        state="failed" if error else "made",
        error=error,
        seconds=time.monotonic() - started,
        outputs=outputs,
        kernel=kernel,
    )


def refuse(job: Job, error: str) -> Outcome:
    """
    Fail a job that cannot be done, and say so on its page.

    Parameters
    ----------
    job : Job
        What was to be done.
    error : str
        Why not, on one line.

    Returns
    -------
    Outcome
        ``failed``.
    """
    _publish_failure(Workspace(job.root), job, error)
    return Outcome(job=job.name, state="failed", error=error)


def _notebook(workspace: Workspace, job: Job) -> Path:
    name = {"clean": CLEAN, "operator": APPRAISAL, "team": TEAM}[job.kind]
    return workspace.notebooks / f"{name}.ipynb"


def _execute(workspace: Workspace, job: Job, output: Path) -> Any:
    from kpi_lib.run import engine

    path = _notebook(workspace, job)
    known = engine.declared(path)
    # Only a page that is written in several languages declares one.
    parameters = {
        name: value
        for name, value in job.parameters.items()
        if name in known or name != "lang"
    }
    return engine.execute(
        path, parameters, output=output, folder=workspace.root, job=job.name
    )


def _hashes(workspace: Workspace, made: Iterable[Path]) -> dict[str, str]:
    """Hash what a job made, once."""
    return {workspace.relative(path): sha256_file(path) for path in sorted(made)}


def _clean(workspace: Workspace, job: Job) -> dict[str, str]:
    folder = workspace.clean(job.month)
    notebook = folder / f"{CLEAN}.ipynb"
    _execute(workspace, job, notebook)
    if job.loose:
        # Not fit for a page: what it compares with may not have been there yet.
        notebook.unlink()
    outputs = _hashes(
        workspace,
        (
            path
            for path in folder.iterdir()
            if path.name != MADE and not path.name.startswith(STRAY)
        ),
    )
    entry = {
        "outcome": "done",
        "key": job.key,
        "parts": job.parts,
        "outputs": outputs,
    }
    text = json.dumps(entry, ensure_ascii=False, indent=1, sort_keys=True)
    write_atomic(folder / MADE, text + "\n")
    return outputs


def _appraise(workspace: Workspace, job: Job) -> dict[str, str]:
    from kpi_lib import appraisal, page

    folder = workspace.reports(job.month)
    notebook = folder / "executed" / f"{job.name}.ipynb"
    executed = _execute(workspace, job, notebook)
    card = page.sealed(executed)
    if card is None or (card["operator"], card["month"]) != (job.name, job.month):
        raise RunError(
            job.name, None, "NoCard", "笔记本没有以本人本月的评分卡结束", str(notebook)
        )
    html = page.page(executed, title=job.title, lang=job.lang)
    evidence = appraisal.evidence_bytes(job.month, job.name, str(workspace.root))
    files: dict[str, bytes | str] = {
        "evidence.parquet": evidence,
        "json": json.dumps(card, ensure_ascii=False, indent=1) + "\n",
        "html": html,
    }
    for suffix, content in files.items():
        write_atomic(folder / f"{job.name}.{suffix}", content)
    # What was printed from the page before is no picture of this one.
    (folder / f"{job.name}.pdf").unlink(missing_ok=True)
    pages = [folder / f"{job.name}.{suffix}" for suffix in files]
    return _hashes(workspace, [notebook, *pages])


def _team(workspace: Workspace, job: Job) -> dict[str, str]:
    from kpi_lib import page
    from kpi_lib.run import engine

    folder = workspace.reports(job.month)
    notebook = folder / "executed" / "team.ipynb"
    executed = _execute(workspace, job, notebook)
    index, cleaned = folder / "index.html", folder / "clean.html"
    write_atomic(index, page.page(executed, title=job.title, lang=job.lang))
    source = workspace.clean(job.month) / f"{CLEAN}.ipynb"
    about = _(CLEANING)
    if source.is_file():
        title = f"{about} {month_name(job.month)}"
        html = page.page(engine.read(source), title=title, lang=job.lang)
    else:
        failed = [_("清洗没有做完")]
        html = page.failure_page(about, job.month, failed, lang=job.lang)
    write_atomic(cleaned, html)
    return _hashes(workspace, [notebook, index, cleaned])


def _publish_failure(workspace: Workspace, job: Job, error: str) -> None:
    """Take away what no longer holds; a page that says what failed stands there."""
    from kpi_lib import page

    folder = workspace.reports(job.month)
    if job.kind == "clean":
        for name in (MADE, f"{CLEAN}.ipynb"):
            (workspace.clean(job.month) / name).unlink(missing_ok=True)
        return
    (folder / "executed" / f"{job.name}.ipynb").unlink(missing_ok=True)
    name = "index" if job.kind == "team" else job.name
    for suffix in ("json", "evidence.parquet", "pdf"):
        (folder / f"{name}.{suffix}").unlink(missing_ok=True)
    with speaking(job.lang):
        html = page.failure_page(job.subject, job.month, [error], lang=job.lang)
    write_atomic(folder / f"{name}.html", html)
