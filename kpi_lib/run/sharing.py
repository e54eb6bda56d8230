"""What may leave the house: each operator's page, in a file named for people."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from kpi_lib import inputs
from kpi_lib.errors import InvalidInput, Problem, WorkspaceError
from kpi_lib.held import read_json, read_run
from kpi_lib.run import runner
from kpi_lib.run.stale import appraised, newest
from kpi_lib.workspace import Workspace, write_atomic

LEAST_PASSWORD = 8  # Characters: who has the file may try as long as they like

# A link to a file beside the page; those inside it or to another site stay.
_LINK = re.compile(
    r'<a\b[^>]*\bhref="(?!\w+:)([^"#]+)(?:#[^"]*)?"[^>]*>(.*?)</a>', re.DOTALL
)


@dataclass(frozen=True)
class Parcel:
    """
    One file that may be handed out.

    Attributes
    ----------
    job : str
        The operator's id, or ``team`` for the index.
    person : str
        The operator's name; 团队 for the index.
    source : Path
        The page or PDF as a run made it.
    name : str
        What the file is called for people.
    problems : tuple of Problem
        What to know before it is handed out: that it is stale, or provisional.
    """

    job: str
    person: str
    source: Path
    name: str
    problems: tuple[Problem, ...]


def parcels(
    workspace: Workspace,
    month: str,
    *,
    operators: Sequence[str] | None = None,
    team: bool = False,
    pdf: bool = False,
) -> list[Parcel]:
    """
    Tell what there is to share of a month; nothing is written.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies.
    month : str
        ``YYYY-MM``, or ``latest``.
    operators : sequence of str, optional
        Ids; None for everybody who is appraised.
    team : bool
        The index too, which shows everybody.
    pdf : bool
        Each operator's PDF too.

    Returns
    -------
    list of Parcel
        In the roster's order, the index last.

    Raises
    ------
    WorkspaceError
        If one of the pages failed, or was not made yet.
    InvalidInput
        If an operator is not appraised in the month, or inputs cannot be used.
    """
    month = newest(workspace, month)
    people = appraised(inputs.load(workspace, month).roster, month, operators)
    same = Counter(person.name for person in people)
    named = [
        (person.id, person.name + (f" {person.id}" if same[person.name] > 1 else ""))
        for person in people
    ]
    states = {job.job: job for job in runner.status(workspace, month)}
    folder = workspace.reports(month)
    endings = (".html", ".pdf") if pdf else (".html",)
    wanted = [(*person, ending) for person in named for ending in endings]
    if team:
        wanted.append(("team", "团队", ".html"))
    made, failed = [], []
    for id, name, ending in wanted:
        source = folder / f"{'index' if id == 'team' else id}{ending}"
        where = workspace.relative(source)
        state = states[id]
        if state.state in ("failed", "missing") or not source.is_file():
            do = f"请先运行kpi run {month}{' --pdf' if ending == '.pdf' else ''}"
            failed.append(Problem(what="没有做成，不能交出去", where=where, do=do))
            continue
        problems = []
        if state.state == "stale":
            what = f"已过期（{state.why}），交出去的是旧的"
            do = f"请先运行kpi run {month}"
            problems.append(Problem(what=what, where=where, do=do, level="warning"))
        provisional = id != "team" and not read_json(folder / f"{id}.json")["final"]
        if provisional:
            what = "还是暂定，文件名里写明"
            problems.append(Problem(what=what, where=where, level="note"))
        kind = "考核总览" if id == "team" else "考核报告"
        person = re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", name)
        mark = "（暂定）" if provisional else ""
        called = f"{month} {person} {kind}{mark}{ending}"
        made.append(Parcel(id, name, source, called, tuple(problems)))
    if failed:
        raise WorkspaceError(tuple(failed))
    return made


def hand_out(
    shared: Sequence[Parcel], to: Path, passwords: Mapping[str, str] | None = None
) -> None:
    """
    Write the files: pages without links to what is not shared, locked if asked.

    Parameters
    ----------
    shared : sequence of Parcel
        Of one month, as `parcels` tells them.
    to : Path
        The folder; made where it is not there. Files of these names are replaced.
    passwords : mapping of str to str, optional
        The password of each `Parcel.job`; None leaves the pages open.

    Raises
    ------
    OSError
        If a file cannot be written; those before it stand.
    """
    names = {p.source.name: p.name for p in shared}
    for parcel in shared:
        content = parcel.source.read_bytes()
        if parcel.source.suffix == ".html":
            html = _LINK.sub(lambda link: _relinked(link, names), content.decode())
            if passwords is not None:
                from kpi_lib import page

                lang = str(read_run(parcel.source.with_name("run.json")).get("lang"))
                html = page.locked(html, passwords[parcel.job], lang=lang)
            content = html.encode()
        write_atomic(to / parcel.name, content)


def _relinked(link: re.Match[str], names: Mapping[str, str]) -> str:
    """Lead a link to the shared file; what is not shared leaves its text alone."""
    if link[1] in names:
        return link[0].replace(link[1], quote(names[link[1]]), 1)
    return f"<span>{link[2]}</span>"


def passwords_of(file: Path, shared: Sequence[Parcel]) -> dict[str, str]:
    """
    Read who opens which page with what.

    Parameters
    ----------
    file : Path
        UTF-8: one line with a password for all; or a line a page, the operator's id or
        name (team or 团队 for the index), a space, the password.
    shared : sequence of Parcel
        The pages that want a password.

    Returns
    -------
    dict of str to str
        By `Parcel.job`.

    Raises
    ------
    InvalidInput
        If a page has no password, a line no page, or a password is too short.
    """
    lines = [line for line in file.read_text("utf-8-sig").splitlines() if line.strip()]
    jobs = {key: p.job for p in shared for key in (p.job, p.person)}
    pairs = [line.strip().partition(" ") for line in lines]
    if len(lines) == 1 and pairs[0][0] not in jobs:
        given = dict.fromkeys(jobs.values(), lines[0].strip())
    else:
        strangers = [n for n, (who, *_) in enumerate(pairs, 1) if who not in jobs]
        if strangers:
            raise InvalidInput.of(
                "这一行开头不是要交出去的人",
                where=str(file),
                place=f"第{strangers[0]}行",
                expected="编号或姓名、一个空格、密码；或者全部只有一行密码",
            )
        given = {jobs[who]: password.strip() for who, _, password in pairs}
    for parcel in shared:
        if len(given.get(parcel.job, "")) < LEAST_PASSWORD:
            raise InvalidInput.of(
                f"{parcel.person}的密码没有写或太短",
                where=str(file),
                expected=f"至少{LEAST_PASSWORD}个字符",
                do="拿到文件的人可以一直试下去，请用一句话那么长的密码",
            )
    return given
