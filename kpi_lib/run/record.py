"""
What a page was made from, and the record of runs held against it.

The record is a chain: every line holds the hash of the line before, so that a line
that was changed or taken out later can be found. The newest line of a month stands for
its ``run.json``, and that for every input and output.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from kpi_lib.errors import Problem
from kpi_lib.run.cards import printed
from kpi_lib.workspace import (
    Workspace,
    canonical_json,
    sha256,
    sha256_file,
    write_atomic,
)

# What shapes the bytes of a page: a new version of any makes every page stale.
LIBRARIES = (
    "babel", "chinesecalendar", "jinja2", "lxml", "matplotlib", "nbconvert", "nbformat",
    "numpy", "opencc", "pandas", "papermill", "pyarrow", "pydantic", "python-calamine",
    "seaborn", "xlsxwriter",
)  # fmt: skip


def of(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return sha256(canonical_json(value).encode())


def of_file(path: Path) -> str:
    """Return the SHA-256 of a file; empty if there is none."""
    return sha256_file(path) if path.is_file() else ""


@cache
def package() -> str:
    """Return the SHA-256 over this package's own files: what pages are made by."""
    home = Path(__file__).parents[1]
    return of(
        {
            path.relative_to(home).as_posix(): sha256_file(path)
            for path in sorted(home.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }
    )


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of Python, this package and the libraries behind a page."""
    names = ("kpi-lib", *LIBRARIES)
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in names},
    }


def inputs(workspace: Workspace) -> dict[str, str]:
    """Hash what people put under ``data/``, by path relative to the workspace."""
    return _hashed(workspace, workspace.data, but=workspace.data / "clean")


def seen(workspace: Workspace, month: str, lang: str, files: Mapping[str, str]) -> str:
    """
    Hash all that a run of a month reads, its `inputs` given, and what it is made by.

    As long as it is the same, every job has the key it had.
    """
    own = workspace.reports(month)
    earlier = [path for path in own.parent.glob("*") if path.is_dir() and path != own]
    folders = [workspace.notebooks, *sorted(earlier)]
    others = [_hashed(workspace, folder) for folder in folders]
    prints = printed(month, str(workspace.root))
    return of([lang, package(), versions(), files, others, prints])


def _hashed(
    workspace: Workspace, folder: Path, *, but: Path | None = None
) -> dict[str, str]:
    """Hash each file in a folder by its path, ascending, but what is hidden or open."""
    hashes = {}
    # By texts and not by Path: a large team has ten thousand files and more.
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(place, name) != but]
        within = workspace.relative(Path(place))
        for name in names:
            path = f"{place}{os.sep}{name}"
            if not name.startswith((".", "~$")) and os.path.isfile(path):  # noqa: PTH113
                hashes[f"{within}/{name}"] = sha256_file(Path(path))
    return dict(sorted(hashes.items()))


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object that we wrote; empty if it is not there or damaged."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def chained(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line of the record stands for: a run.json without its chance."""
    return {key: run[key] for key in run if key not in ("timings", "seen")}


def append(path: Path, run: Mapping[str, Any]) -> bool:
    """Add a line for a ``run.json``, unless the month's newest says the same."""
    old = path.read_text("utf-8") if path.exists() else ""
    lines = old.splitlines()
    entry = {
        "month": run["month"],
        "run": of(chained(run)),
        "plan": run["plan"]["sha256"],
        "code": run["code"],
        "inputs": of(run["inputs"]),
        "outputs": of(run["outputs"]),
    }
    same_month = [
        line for line in map(json.loads, lines) if line["month"] == entry["month"]
    ]
    if same_month and {**same_month[-1], **entry} == same_month[-1]:
        return False
    previous = sha256(lines[-1].encode()) if lines else ""
    # The whole file anew, not an append: a kill must not leave half a line.
    write_atomic(path, old + canonical_json({**entry, "previous": previous}) + "\n")
    return True


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
    first = f"先运行kpi run {month}"
    if not workspace.record.is_file():
        return [Problem(what="没有运行记录", where=where, do=first)]
    lines = workspace.record.read_text(encoding="utf-8").splitlines()
    if broken := _broken(lines):
        what = "与上一行接不上：这一行或上一行被改过、删过或加过"
        do = "从备份恢复，或查明是谁改的"
        return [Problem(what=what, where=where, place=f"第{broken}行", do=do)]
    of_month = [line for line in map(json.loads, lines) if line["month"] == month]
    if not of_month:
        return [Problem(what=f"没有{month}的记录", where=where, do=first)]
    path = workspace.reports(month) / "run.json"
    run = read_json(path)
    if of(chained(run)) != of_month[-1]["run"]:
        where, do = workspace.relative(path), "重新运行，或查明原因"
        return [Problem(what="不见了，或与运行记录不符", where=where, do=do)]
    outputs = {name: of_file(workspace.root / name) for name in run["outputs"]}
    return [
        *_files(run["inputs"], inputs(workspace), "输入"),
        *_files(run["outputs"], outputs, "结果"),
    ]


def _broken(lines: list[str]) -> int:
    """Return the first line that does not hold the hash of the one before; 0: none."""
    before = ""
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            entry = None
        if not isinstance(entry, dict) or entry.get("previous") != before:
            return number
        before = sha256(line.encode())
    return 0


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
        problems.append(Problem(what=what, where=name, do="重新运行，或从备份恢复"))
    return problems
