"""
The record of runs held against what lies there now, and against the raw files.

An error is what no run of ours can have left; what a later run or a later export
brought is a note. Whoever changes files, ``run.json`` and every line after is not found
here, but by any older page, which prints the hash of the record as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from kpi_lib.days import is_month
from kpi_lib.errors import KpiError, Level, Problem
from kpi_lib.held import files_in, read_json, read_run
from kpi_lib.run import record
from kpi_lib.run.jobs import MADE
from kpi_lib.run.record import Line
from kpi_lib.run.stale import CLEANED, looked_back
from kpi_lib.workspace import BOOKS, Workspace, sha256

AGAIN = "重新运行，或从备份恢复"
FIND_OUT = "从备份恢复，或查明是谁改的"


def verify(workspace: Workspace, month: str) -> list[Problem]:
    """
    Compare a month's record with what lies there now.

    Parameters
    ----------
    workspace : Workspace
        Where record, inputs and outputs lie.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    list of Problem
        An error per broken line and per file that was changed, is missing or is none
        of ours; a note for what came later.
    """
    where = workspace.relative(workspace.record)
    # Where there is no page either, nobody took the record away.
    level: Level = "error" if workspace.reports(month).is_dir() else "note"
    first = f"先运行kpi run {month}"
    if not workspace.record.is_file():
        return [Problem(what="没有运行记录", where=where, do=first, level=level)]
    try:
        lines = record.lines(workspace.record)
    except OSError as err:
        what = f"读不了（{err.strerror}）"
        return [Problem(what=what, where=where, do="请确认有读取权限")]
    if broken := _broken(workspace.record, lines):
        at, what = broken
        return [Problem(what=what, where=where, place=f"第{at}行", do=FIND_OUT)]
    newest = record.newest(lines)
    if month not in newest:
        return [Problem(what=f"没有{month}的记录", where=where, do=first, level=level)]
    runs = {each: _run(workspace, each) for each in newest}
    wrong = [
        problem
        for each in dict.fromkeys([month, lines[-1].month])
        for problem in _line(workspace, each, newest[each], runs[each])
    ]
    return wrong or [*_files(workspace, month, runs, newest)]


def _broken(path: Path, lines: Sequence[Line]) -> tuple[int, str] | None:
    """Return the first line that is none or does not follow the one before."""
    before = ""
    for number, line in enumerate(lines, 1):
        if not line.month or not isinstance(line.says.get("run"), str):
            return number, "不是一行运行记录，或只有半行"
        if line.says.get("previous") != before:
            return number, "与上一行接不上：这一行或上一行被改过、删过或加过"
        before = line.hash
    whole = b"".join(line.text + b"\n" for line in lines)
    return None if path.read_bytes() == whole else (len(lines), "最后一行没有写完")


def _run(workspace: Workspace, month: str) -> dict[str, Any]:
    """Return a month's run.json; empty if it is none or is not what runs write."""
    try:
        run = read_run(workspace.reports(month) / "run.json")
        record.written(run, "")
    except (KpiError, KeyError, ValueError):
        return {}
    return run if "jobs" in run else {}


def _line(
    workspace: Workspace, month: str, newest: tuple[int, Line], run: Mapping[str, Any]
) -> Iterator[Problem]:
    """Hold the newest line of a month and its run.json against each other."""
    number, line = newest
    where = workspace.relative(workspace.reports(month) / "run.json")
    if not run or record.of(record.chained(run)) != line.says["run"]:
        what = "不见了，或与运行记录不符"
        yield Problem(what=what, where=where, place="", do=AGAIN)
    elif record.written(run, str(line.says["previous"])) != line.text:
        record_file = workspace.relative(workspace.record)
        what = f"与{where}不符：这一行被改过"
        yield Problem(what=what, where=record_file, place=f"第{number}行", do=FIND_OUT)


def _files(
    workspace: Workspace,
    month: str,
    runs: Mapping[str, Mapping[str, Any]],
    newest: Mapping[str, tuple[int, Line]],
) -> Iterator[Problem]:
    """Hold files against the month's run, and what it shares against later ones."""
    run = runs[month]
    made = {other: _made(workspace, runs[other]) for other in runs if runs[other]}
    later = {
        other: {**runs[other]["inputs"], **made[other]}
        for other in sorted(made, key=lambda other: newest[other][0])
        if newest[other][0] > newest[month][0]
    }
    inputs = record.of_month(record.inputs(workspace), month)
    yield from _compared(run["inputs"], inputs, "输入", month, later)
    there = {path: record.of_file(workspace.root / path) for path in made[month]}
    yield from _compared(made[month], there, "结果", month, later)
    folders = {workspace.clean(each) for each in looked_back(workspace, month)}
    ours = {path for outputs in made.values() for path in outputs}
    for folder in [*sorted(folders), workspace.reports(month)]:
        for name in map(workspace.relative, files_in(folder)):
            if name not in ours and not name.endswith(("/run.json", record.FAILED)):
                what, do = "不是运行做出来的文件", "查明来历，再删去"
                yield Problem(what=what, where=name, do=do)


def _made(workspace: Workspace, run: Mapping[str, Any]) -> dict[str, str]:
    """Return the hashes of all that a run made, with what stands beside tables."""
    beside = {
        workspace.relative(workspace.clean(name.removeprefix(CLEANED)) / MADE): sha256(
            record.text_of(entry).encode()
        )
        for name, entry in run["jobs"].items()
        if name.startswith(CLEANED) and entry.get("outcome") == "done"
    }
    return {**run["outputs"], **beside}


def _compared(
    recorded: Mapping[str, str],
    now: Mapping[str, str],
    kind: str,
    month: str,
    later: Mapping[str, Mapping[str, str]],
) -> Iterator[Problem]:
    """Tell of files that are not as recorded; together what came or was used later."""
    came: dict[str, list[str]] = {}
    for name in sorted({*recorded, *now}):
        was, is_ = recorded.get(name, ""), now.get(name, "")
        used = [run for run, files in later.items() if _used(files, name, is_)]
        if was == is_:
            continue
        of = name.removeprefix("data/raw/").removeprefix("data/targets.")[:7]
        if name not in recorded and is_month(of) and of > month:
            came.setdefault(f"是{month}的运行之后来的，没有用", []).append(name)
        elif used:
            what = f"与{month}的运行用的不同，是{used[-1]}的运行用的"
            came.setdefault(what, []).append(name)
        elif not is_:
            yield Problem(what=f"{kind}文件不见了", where=name, do=AGAIN)
        elif name in BOOKS:  # filled in all the time: its rows are in the keys of jobs
            what = f"之后又填过，{month}的内容变没变，kpi status会说"
            came.setdefault(what, []).append(name)
        elif name not in recorded:
            yield Problem(what=f"运行之后新加的{kind}文件", where=name, do=AGAIN)
        else:
            yield Problem(what=f"{kind}文件在运行之后被改过", where=name, do=AGAIN)
    for what, names in came.items():
        more = f"等{len(names)}个文件" if len(names) > 1 else ""
        do = "要按现在的算就重新运行"
        yield Problem(what=what, where=names[0] + more, do=do, level="note")


def _used(files: Mapping[str, str], name: str, now: str) -> bool:
    """Say whether a run took a file as it is now, which is not of one month alone."""
    if name.startswith(("data/raw/", "reports/")):
        return False
    folder, _, _ = name.rpartition("/")
    if name.startswith("data/clean/") and f"{folder}/{MADE}" not in files:
        return False
    return files.get(name, "") == now


# --- from the raw files ----------------------------------------------------------


def recompute(workspace: Workspace, month: str) -> list[Problem]:
    """
    Clean and score a month anew from its raw files, in memory, by no notebook.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies; nothing is written there.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    list of Problem
        One per number of a standing card that does not come out again.
    """
    from kpi_lib import inputs, months
    from kpi_lib.run.foreseen import InMemory

    given = inputs.for_month(workspace, month)
    own = months.tidy(months.arrive(workspace, month, given))
    tables = {month: own.frames()} | {
        at: months.scored(months.arrive(workspace, at, inputs.load(workspace, at)))
        for at in looked_back(workspace, month)
        if at != month
    }
    opened = InMemory(workspace, month, given, tables=tables, told=own.findings)
    return [
        problem
        for person in opened.appraised
        for problem in _differing(
            workspace.reports(month) / f"{person.id}.json",
            opened.score(person.id).to_json(),
            workspace,
        )
    ]


def _differing(
    path: Path, anew: Mapping[str, Any], workspace: Workspace
) -> list[Problem]:
    stands, where = read_json(path), workspace.relative(path)
    if not stands:
        return [Problem(what="没有评分卡，或读不出", where=where, do=AGAIN)]
    then, now = _numbers(stands), _numbers(anew)
    return [
        Problem(
            what=f"由原始文件重算得{now.get(name)}，这里写的是{then.get(name)}",
            where=where,
            place=name,
            do="查明是谁改的，再重新运行kpi run --force",
        )
        for name in {**then, **now}
        if then.get(name) != now.get(name)
    ]


NUMBERS = ("total", "points", "possible", "rated", "score", "value", "target", "grade")


def _numbers(card: Mapping[str, Any]) -> dict[str, object]:
    """Return every such number of a card, by where it stands."""
    numbers = {name: card.get(name) for name in NUMBERS if name in card}
    for item in card.get("items", ()):
        for measure in item.get("measures", ()):
            at = f"{item.get('id')}.{measure.get('id')}"
            numbers |= {f"{at} {name}": measure.get(name) for name in NUMBERS}
    return numbers
