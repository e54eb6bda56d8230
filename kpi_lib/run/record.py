"""
What pages are made from, as hashes, and the record of runs.

The record is a chain: every line holds the hash of the line before, so that a line
that was changed or taken out later can be found. The newest line of a month stands for
its ``run.json``, and that for every input and output. Both are read as what anybody may
have changed: a line that is none stops no run.
"""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

from kpi_lib.days import REACH, months_back, shift
from kpi_lib.held import files_in, json_object
from kpi_lib.workspace import (
    Workspace,
    canonical_json,
    sha256,
    sha256_file,
    write_atomic,
)

Kind = Literal["clean", "operator", "team"]

NOTEBOOKS: dict[Kind, str] = {
    "clean": "1-clean.ipynb",
    "operator": "3-appraisal.ipynb",
    "team": "4-team.ipynb",
}

FAILED = ".failed.ipynb"

NEAR = range(-1, 4)  # Months whose folders hold exports of a month, before and after


def of(value: object) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return sha256(canonical_json(value).encode())


def of_file(path: Path) -> str:
    """Return the SHA-256 of a file; empty if there is none or it cannot be read."""
    try:
        if path.suffix == ".ipynb":
            return of_notebook(path, path.read_bytes())
        return sha256_file(path) if path.is_file() else ""
    except OSError:
        return ""


def of_notebook(path: Path, content: bytes) -> str:
    """Return the SHA-256 of a notebook; of one to run without what an editor adds."""
    if path.parent.name != "notebooks":
        return sha256(content)
    try:
        cells = [
            (cell["cell_type"], cell["metadata"].get("tags"), "".join(cell["source"]))
            for cell in json_object(content)["cells"]
        ]
        return of(cells)
    except (LookupError, TypeError, AttributeError):
        return sha256(content)


def hashes(workspace: Workspace, paths: Iterable[Path]) -> dict[str, str]:
    """Hash files by their path relative to the workspace, in their order."""
    return {workspace.relative(path): of_file(path) for path in paths}


QUOTED = ("docs/appraisal.md", "docs/appraisal.zh-CN.md")


@cache
def package() -> str:
    """Return the SHA-256 over this package's own files: what pages are made by."""
    from kpi_lib.inputs import default

    home = Path(__file__).parents[1]
    files = {
        path.relative_to(home).as_posix(): path for path in sorted(home.rglob("*"))
    }
    # What pages quote lies beside the package in a repository.
    quoted = {name: default(name) for name in QUOTED}
    return of(
        {
            name: sha256_file(path)
            for name, path in (files | quoted).items()
            if path.is_file() and "__pycache__" not in path.parts
        }
    )


@cache
def versions() -> Mapping[str, str]:
    """Return the versions of Python, this package and the libraries that it needs."""
    # A new version of any makes every page stale: it may shape the bytes.
    needed = [at for at in sorted(metadata.requires("kpi-lib") or ()) if ";" not in at]
    names = ["kpi-lib", "numpy", *(re.split("[^a-z0-9.-]", at)[0] for at in needed)]
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in names},
    }


def inputs(workspace: Workspace) -> dict[str, str]:
    """Hash what people put under ``data/``, and the notebooks that jobs run."""
    paths = files_in(workspace.data, but=workspace.data / "clean")
    notebooks = [workspace.notebooks / name for name in NOTEBOOKS.values()]
    return hashes(workspace, [*paths, *notebooks])


def of_month(files: Mapping[str, str], month: str) -> dict[str, str]:
    """Return those of `inputs` that a month can rest on."""
    near = {shift(earlier, by) for earlier in months_back(month, REACH) for by in NEAR}
    raw = tuple(f"data/raw/{month}/" for month in near)
    return {
        path: content
        for path, content in files.items()
        if path.startswith(raw) or not path.startswith("data/raw/")
    }


def text_of(value: Mapping[str, Any]) -> str:
    """Write ``run.json`` or ``made.json``, to be read by people, too."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


# --- the chain -------------------------------------------------------------------


class Line(NamedTuple):
    """A line of the record, and what it says: nothing if it is no line of ours."""

    text: bytes
    says: Mapping[str, Any]

    @property
    def hash(self) -> str:
        """What the next line calls this one."""
        return sha256(self.text)

    @property
    def month(self) -> str:
        """Of what month's run it tells; empty if it does not."""
        return str(self.says.get("month", ""))


def lines(path: Path) -> list[Line]:
    """Return the lines of the record as they lie there."""
    content = path.read_bytes() if path.exists() else b""
    texts = content.removesuffix(b"\n").split(b"\n") if content else []
    return [Line(text, json_object(text)) for text in texts]


def newest(lines: Iterable[Line]) -> dict[str, tuple[int, Line]]:
    """Return the number, from 1, and the newest line of each month."""
    return {line.month: (at, line) for at, line in enumerate(lines, 1) if line.month}


def head(path: Path, month: str) -> str:
    """Return the hash of the newest line of months before one; empty if none."""
    before = [line.hash for line in lines(path) if "" < line.month < month]
    return before[-1] if before else ""


def chained(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a line of the record stands for: a run.json without its chance."""
    return {key: run[key] for key in run if key not in ("timings", "seen")}


def written(run: Mapping[str, Any], previous: str) -> bytes:
    """Write the line of a ``run.json`` that follows another line."""
    entry = {
        "month": run["month"],
        "run": of(chained(run)),
        "plan": run["plan"]["sha256"],
        "code": run["code"],
        "inputs": of(run["inputs"]),
        "outputs": of(run["outputs"]),
        "previous": previous,
    }
    return canonical_json(entry).encode()


def append(path: Path, run: Mapping[str, Any]) -> bool:
    """Add a line for a ``run.json``, unless the month's newest is that line."""
    there = lines(path)
    _, last = newest(there).get(run["month"], (0, Line(b"", {})))
    if last.text == written(run, str(last.says.get("previous", ""))):
        return False
    texts = [line.text for line in there]
    texts.append(written(run, there[-1].hash if there else ""))
    # The whole file anew, not an append: a kill must not leave half a line.
    write_atomic(path, b"\n".join(texts) + b"\n")
    return True
