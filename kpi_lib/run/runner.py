"""
The main job: clean what is stale, one report per operator, the team's index.

Nothing that stands and still holds is made again; one notebook that fails leaves the
others' pages. The tables, ``run.json`` and the record's line come last, so that what
they name was there before them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kpi_lib.held import read_json
from kpi_lib.language import LANGUAGES, from_json, speaking
from kpi_lib.run import processes, record, spreadsheets, stale
from kpi_lib.run.alone import alone
from kpi_lib.run.jobs import Job, Outcome, entry, reason_of, refuse, work
from kpi_lib.run.stale import Agenda, Status, appraised, looked_back, newest
from kpi_lib.workspace import Workspace, sha256, write_atomic

SCHEMA = 1

Progress = Callable[[Outcome, int, int], None]


def run(
    workspace: Workspace,
    month: str,
    *,
    operators: Sequence[str] | None = None,
    workers: int | None = None,
    lang: str = LANGUAGES[0],
    force: bool = False,
    pdf: bool = False,
    scheduler: str = "",
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
    lang : {"zh-Hans", "zh-Hant", "en", ""}
        Language of the pages; empty: of those that stand.
    force : bool
        Also re-make what is not stale.
    pdf : bool
        Also print each operator's page to a PDF.
    scheduler : str
        Address of a Dask scheduler, whose workers do the jobs; empty: this machine.
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
    with alone(workspace), ExitStack() as stack:
        agenda = Agenda(workspace, month, lang)
        chosen = appraised(agenda.inputs.roster, month, operators)
        months = looked_back(workspace, month)
        total = len(months) + len(chosen) + 1
        workers = workers or processes.workers()
        doing = _Work(agenda, workers, total, progress)
        if scheduler:
            from kpi_lib.run import cluster

            connecting = cluster.connected(scheduler, workspace)
            doing.call_each = stack.enter_context(connecting)
        outcomes = doing.clean(months, force)
        failed = [done.job for done in outcomes if done.state == "failed"]
        broken = [name.removeprefix(stale.CLEANED) for name in failed]
        jobs = agenda.operator_jobs(chosen)
        # Baselines of a month that was not cleaned would be wrong without a word.
        outcomes += doing.refuse(jobs, broken) if broken else doing.each(jobs, force)
        if pdf:
            _print(workspace, month, outcomes)
        totals = _totals(agenda, outcomes)
        # The index links the PDFs that stand there.
        outcomes += doing.each([agenda.team_job(totals)], force)
        _record(agenda, doing.jobs, outcomes, totals)
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
    workspace : Workspace
        Where everything lies.
    month : str
        ``YYYY-MM``, or ``latest``.
    force : bool
        Also if nothing changed.
    progress : callable, optional
        Called with the outcome, and twice 1.

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
    with alone(workspace):
        agenda = Agenda(workspace, month)
        return _Work(agenda, 1, 1, progress).clean([month], force)


def status(workspace: Workspace, month: str) -> list[Status]:
    """
    Tell how every job of a month stands, without making anything.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies.
    month : str
        ``YYYY-MM``, or ``latest``.

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
    agenda = Agenda(workspace, month)
    tables = stale.off(workspace, stale.tables(agenda.recorded))
    jobs = [
        agenda.clean_job(month),
        *agenda.operator_jobs(appraised(agenda.inputs.roster, month)),
        agenda.team_job(),
    ]
    return [
        *(agenda.standing(job) for job in jobs),
        *(
            Status(job=Path(path).name, state="stale", why=f"{path}不见了或被改过")
            for path in tables
        ),
    ]


@dataclass
class _Work:
    """The jobs of a run as they are done, counted and told."""

    agenda: Agenda
    workers: int
    total: int
    progress: Progress | None
    call_each: Callable[..., Iterable[tuple[Job, Any]]] = field(
        default_factory=lambda: processes.each
    )
    jobs: dict[str, Job] = field(default_factory=dict)  # Those to be done, by name
    done: int = 0

    def clean(self, months: Sequence[str], force: bool) -> list[Outcome]:
        """Clean months in one process: each reads files of those around it."""
        jobs = [self.agenda.clean_job(month) for month in months]
        outcomes = self.each(jobs, force, in_turn=True)
        own = self.agenda.clean_job(months[-1])
        # The month before may have been killed, and cleaned after it.
        if outcomes[-1].state == "made" and self.agenda.standing(own).state == "stale":
            outcomes[-1:] = self._made([[own]])
        return outcomes

    def each(
        self, jobs: Sequence[Job], force: bool, in_turn: bool = False
    ) -> list[Outcome]:
        """Do what is not done, apart or in turn; return outcomes in the jobs' order."""
        outcomes: dict[str, Outcome] = {}
        open_jobs: list[Job] = []
        for job in jobs:
            own = job.month == self.agenda.month
            # The month is compared with the one before it, which may change now.
            anew = own and (force or (in_turn and open_jobs))
            if anew or self.agenda.standing(job).state != "done":
                open_jobs.append(job)
            else:
                outputs = dict(self.agenda.entry(job.name)["outputs"])
                outcome = Outcome(job=job.name, state="unchanged", outputs=outputs)
                outcomes[job.name] = outcome
                self._tell(outcome)
        self.jobs |= {job.name: job for job in open_jobs}
        stretches = [open_jobs] if in_turn else [[job] for job in open_jobs]
        with closing(self._made(stretches)) as made:
            for outcome in made:
                outcomes[outcome.job] = outcome
                self._tell(outcome)
        return [outcomes[job.name] for job in jobs]

    def refuse(self, jobs: Sequence[Job], broken: Sequence[str]) -> list[Outcome]:
        """Fail what cannot be done for want of months that are not clean."""
        more = f"等{len(broken)}个月" if len(broken) > 1 else ""
        reason = f"{broken[0]}{more}没有清洗完，考核没有依据"
        self.jobs |= {job.name: job for job in jobs}
        outcomes = [refuse(job, reason) for job in jobs]
        for outcome in outcomes:
            self._tell(outcome)
        return outcomes

    def _made(
        self, stretches: Sequence[Sequence[Job]], alone: bool = False
    ) -> Generator[Outcome, None, None]:
        """Do jobs, a process a stretch; yield what became of them as they come in."""
        months = {job.month for stretch in stretches for job in stretch}
        warm = {
            "root": str(self.agenda.workspace.root),
            "months": sorted({self.agenda.month, *months}),
            "lang": self.agenda.lang,
        }
        killed: list[Job] = []
        for job, answer in self.call_each(
            work, stretches, workers=self.workers, warm=warm
        ):
            if isinstance(answer, Outcome):
                yield answer
            elif isinstance(answer, processes.Died) and answer.killed and not alone:
                killed.append(job)
            else:
                yield refuse(job, reason_of(answer))
        # Whatever kills one may take others along, and memory may do for one by itself:
        # each gets another go alone.
        for job in killed:
            yield from self._made([[job]], alone=True)

    def _tell(self, outcome: Outcome) -> None:
        self.done += 1
        if self.progress:
            self.progress(outcome, self.done, self.total)


def _print(workspace: Workspace, month: str, outcomes: Iterable[Outcome]) -> None:
    """Print pages without the PDF that a run made of them; it is the job's, too."""
    from kpi_lib import page

    for outcome in outcomes:
        html = workspace.reports(month) / f"{outcome.job}.html"
        if outcome.state != "failed" and html.is_file():
            pdf = html.with_suffix(".pdf")
            if workspace.relative(pdf) not in outcome.outputs:
                write_atomic(pdf, page.pdf(html))
            outcome.outputs.update(record.hashes(workspace, [pdf]))


def _totals(agenda: Agenda, outcomes: Iterable[Outcome]) -> dict[str, dict[str, Any]]:
    """Return what is published of each operator: by this run, or else before."""
    published = dict(agenda.recorded.get("totals", {}))
    published |= {one.job: one.total for one in outcomes if one.total}
    ids = [one.id for one in appraised(agenda.inputs.roster, agenda.month)]
    return {id: published[id] for id in ids if id in published}


def _record(
    agenda: Agenda,
    jobs: Mapping[str, Job],
    outcomes: Sequence[Outcome],
    totals: Mapping[str, Any],
) -> None:
    """Write the tables, then ``run.json``, then a line of the record."""
    workspace, month = agenda.workspace, agenda.month
    folder = workspace.reports(month)
    entries = _entries(agenda, jobs, {outcome.job: outcome for outcome in outcomes})
    with speaking(agenda.lang):
        tables = spreadsheets.tables(_cards(folder, entries))
    outputs = {}
    for name, content in tables.items():
        path = folder / name
        outputs[workspace.relative(path)] = sha256(content)
        if not path.is_file() or path.read_bytes() != content:
            write_atomic(path, content)
    for recorded in entries.values():
        outputs.update(recorded["outputs"])
    plans = {
        file: {
            "id": plan.id,
            "version": plan.version,
            "sha256": plan.digest(agenda.files[file]),
        }
        for file, plan in agenda.inputs.plans.items()
    }
    timings = agenda.recorded.get("timings", {}) | {
        outcome.job: round(outcome.seconds, 3)
        for outcome in outcomes
        if outcome.seconds
    }
    run = {
        "schema": SCHEMA,
        "month": month,
        "lang": agenda.lang,
        "plan": plans[agenda.inputs.plan_file()],
        "plans": plans,
        "code": record.package(),
        "versions": record.versions(),
        "inputs": agenda.files,
        "edited": agenda.edited,
        "targets": {
            f"{row.source}:{row.row}:{row.horizon}": row.sha256
            for row in agenda.inputs.targets
        },
        "totals": totals,
        "people": {
            person.id: agenda.inputs.roster.standing(person, agenda.month)
            for person in agenda.inputs.roster.appraised(agenda.month)
        },
        "jobs": entries,
        "outputs": dict(sorted(outputs.items())),
        "timings": timings,
    }
    if run != agenda.recorded:
        write_atomic(folder / "run.json", record.text_of(run))
    record.append(workspace.record, run)


def _entries(
    agenda: Agenda, jobs: Mapping[str, Job], outcomes: Mapping[str, Outcome]
) -> dict[str, dict[str, Any]]:
    """Return what run.json says of each job: what was done now, or else before."""
    months = looked_back(agenda.workspace, agenda.month)
    names = [f"{stale.CLEANED}{month}" for month in months]
    names += [each.id for each in appraised(agenda.inputs.roster, agenda.month)]
    entries = {}
    for name in (*names, "team"):
        job, outcome = jobs.get(name), outcomes.get(name)
        if job and outcome and (job.kind != "clean" or outcome.error):
            entries[name] = entry(job.parts, outcome.outputs, outcome.error)
        # Its parts tell what it was made from, also if that has changed since; those
        # of a month stand beside its tables.
        elif recorded := agenda.entry(name):
            if outcome and outcome.state == "unchanged":  # but perhaps printed now
                recorded["outputs"] = outcome.outputs
            entries[name] = recorded
    return entries


def _cards(
    folder: Path, entries: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the cards that stand, in roster order."""
    done = [name for name in entries if entries[name]["outcome"] == "done"]
    paths = [folder / f"{name}.json" for name in done]
    return [from_json(read_json(path)) for path in paths if path.is_file()]
