"""
The record against the files: which byte is no longer what it was.

The record is a chain of lines, each with the hash of the one before; the newest
line of a month stands for its ``run.json``, and that for every input and output.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from kpi_lib.errors import Problem
from kpi_lib.run import provenance
from kpi_lib.workspace import Workspace, sha256


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
        One per broken line and per file that was changed, is missing or is new;
        empty if every byte is what it was.
    """
    where = workspace.relative(workspace.record)
    if not workspace.record.is_file():
        return [_problem(where, "", "没有运行记录", f"先运行kpi run {month}")]
    lines = workspace.record.read_text(encoding="utf-8").splitlines()
    found = _chain(lines, where)
    if found:
        return found
    entries = [json.loads(line) for line in lines]
    newest = [entry for entry in entries if entry["month"] == month]
    if not newest:
        return [_problem(where, "", f"没有{month}的记录", f"先运行kpi run {month}")]
    return _run(workspace, month, newest[-1])


def _problem(where: str, place: str, what: str, do: str) -> Problem:
    return Problem(what=what, where=where, place=place, do=do)


def _chain(lines: list[str], where: str) -> list[Problem]:
    """Check that every line holds the hash of the one before."""
    before = ""
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or entry.get("previous") != before:
            what = "与上一行接不上：这一行或上一行被改过、删过或加过"
            return [
                _problem(where, f"第{number}行", what, "从备份恢复，或查明是谁改的")
            ]
        before = sha256(line.encode())
    return []


def _run(workspace: Workspace, month: str, entry: Mapping[str, str]) -> list[Problem]:
    path = workspace.reports(month) / "run.json"
    run = provenance.read_json(path)
    plain = {key: value for key, value in run.items() if key != "timings"}
    if provenance.of(plain) != entry["run"]:
        where = workspace.relative(path)
        return [_problem(where, "", "不见了，或与运行记录不符", "重新运行，或查明原因")]
    now = provenance.inputs(workspace)
    return [
        *_files(run["inputs"], now, "输入"),
        *_files(
            run["outputs"],
            {
                name: provenance.of_file(workspace.root / name)
                for name in run["outputs"]
            },
            "结果",
        ),
    ]


def _files(
    recorded: Mapping[str, str], now: Mapping[str, str], kind: str
) -> list[Problem]:
    problems = []
    for name in sorted({*recorded, *now}):
        if recorded.get(name, "") == now.get(name, ""):
            continue
        if not now.get(name):
            what = f"{kind}文件不见了"
        elif name not in recorded:
            what = f"运行之后新加的{kind}文件"
        else:
            what = f"{kind}文件在运行之后被改过"
        problems.append(_problem(name, "", what, "重新运行，或从备份恢复"))
    return problems
