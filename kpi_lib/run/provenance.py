"""
What a page was made from: hashes of inputs, code and versions, and the record of runs.

The record is a chain: every line holds the hash of the line before, so that a line
that was changed or taken out later can be found.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

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


def versions() -> dict[str, str]:
    """Return the versions of Python, this package and the libraries behind a page."""
    return {
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in ("kpi-lib", *LIBRARIES)},
    }


def inputs(workspace: Workspace) -> dict[str, str]:
    """
    Hash every file that people put under ``data/``.

    Parameters
    ----------
    workspace : Workspace
        Where they lie.

    Returns
    -------
    dict of str to str
        SHA-256 by path relative to the workspace, ascending; without what was made,
        hidden files and the lock files of spreadsheets.
    """
    return _hashed(workspace, workspace.data, but=workspace.data / "clean")


def seen(workspace: Workspace, month: str, lang: str, files: Mapping[str, str]) -> str:
    """
    Hash all that a run of a month reads, and what it is made by.

    Parameters
    ----------
    workspace : Workspace
        Where it lies; what the run itself makes does not count.
    month : str
        ``YYYY-MM``.
    lang : str
        Language of the pages.
    files : mapping of str to str
        What `inputs` returned.

    Returns
    -------
    str
        SHA-256; as long as it is the same, every job has the key it had.
    """
    own = workspace.reports(month)
    earlier = [one for one in own.parent.glob("*") if one.is_dir() and one != own]
    folders = [workspace.notebooks, *sorted(earlier)]
    others = [_hashed(workspace, one) for one in folders]
    return of([lang, package(), versions(), files, others])


def _hashed(
    workspace: Workspace, folder: Path, *, but: Path | None = None
) -> dict[str, str]:
    """Return the SHA-256 of each file in a folder by its path, ascending."""
    found = {}
    # By texts and not by Path: a large team has ten thousand files and more.
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if Path(place, name) != but]
        within = workspace.relative(Path(place))
        for name in names:
            path = f"{place}{os.sep}{name}"
            if not name.startswith((".", "~$")) and os.path.isfile(path):  # noqa: PTH113
                found[f"{within}/{name}"] = sha256_file(Path(path))
    return dict(sorted(found.items()))


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object that we wrote; empty if it is not there or damaged."""
    try:
        value = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def append(path: Path, run: Mapping[str, Any]) -> bool:
    """
    Append a line to the record, unless the month's newest line says the same.

    Parameters
    ----------
    path : Path
        ``record.jsonl``.
    run : Mapping
        ``run.json`` without its timings.

    Returns
    -------
    bool
        True if a line was appended.
    """
    old = path.read_text("utf-8") if path.exists() else ""
    lines = old.splitlines()
    entry = {
        "month": run["month"],
        "run": of(run),
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
