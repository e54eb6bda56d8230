"""
What a run reads is what it meant to read: each file is held against its hash.

A run hashes everything once, when it begins. In a block of `holding`, whoever opens a
file tells the hash of the bytes it got, and whoever lists a folder the files it found:
another byte, a file more or less stops the job in one line, though it be put back.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from kpi_lib.errors import WorkspaceError, of_system
from kpi_lib.workspace import sha256

_NOISE = re.compile(r"^(\.|~\$)|^(thumbs\.db|desktop\.ini)$", re.IGNORECASE)


class _Meant(NamedTuple):
    root: str
    hashes: Mapping[str, str]
    names: list[str]


_MEANT: list[_Meant] = []


@contextlib.contextmanager
def holding(root: Path, hashes: Mapping[str, str]) -> Iterator[None]:
    """Hold what is read below a folder against hashes by relative path; "": cannot."""
    _MEANT.append(_Meant(f"{root.as_posix()}/", hashes, sorted(hashes)))
    try:
        yield
    finally:
        _MEANT.pop()


def held(path: Path, digest: str) -> None:
    """Refuse a file that was read with another hash than meant; "": it was not."""
    for root, hashes, _ in _MEANT:
        name = path.as_posix().removeprefix(root)
        if path.as_posix() != name and hashes.get(name, "") != digest:
            raise _changed(name)


def read(path: Path) -> bytes:
    """Read a file, held against what is meant."""
    content = path.read_bytes()
    held(path, sha256(content) if _MEANT else "")
    return content


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object that we wrote; empty if it is not there or damaged."""
    try:
        return json_object(read(path))
    except OSError:
        return {}


def json_object(text: bytes) -> dict[str, Any]:
    """Return the JSON object that a text is; empty if it is none."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


_SHAPES: dict[str, type] = {
    **dict.fromkeys(("inputs", "outputs", "targets", "totals", "jobs", "parts"), dict),
    **dict.fromkeys(("plan", "plans", "timings"), dict),
    **dict.fromkeys(("month", "lang", "code", "seen", "key"), str),
}


def read_run(path: Path) -> dict[str, Any]:
    """Return a ``run.json`` or ``made.json``, without what cannot be of one."""
    return _shaped(read_json(path))


def _shaped(value: Mapping[str, Any]) -> dict[str, Any]:
    shaped: dict[str, Any] = {
        name: part
        for name, part in value.items()
        if isinstance(part, _SHAPES.get(name, object))
    }
    for name in {"jobs", "totals", "plans"} & shaped.keys():
        parts = shaped[name].items()
        shaped[name] = {k: _shaped(part) for k, part in parts if isinstance(part, dict)}
    return shaped


def is_noise(name: str) -> bool:
    """Say whether a file or folder is the desktop's or JupyterLab's, never read."""
    return _NOISE.search(name) is not None


def files_in(folder: Path, *, but: Path | None = None) -> list[Path]:
    """
    Return the files of a folder and those below it, ascending; links are followed.

    The one walk of what is read and of what is hashed. A folder that cannot be opened
    or that leads back to one above it is refused: neither may pass for an empty one.
    """
    paths: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=_unread, followlinks=True):
        here = Path(place)
        folders[:] = [at for at in folders if here / at != but and not is_noise(at)]
        for name in folders:
            below = here / name
            if below.is_symlink() and here.resolve().is_relative_to(below.resolve()):
                raise WorkspaceError.of(
                    "是指向上级文件夹的链接，读不完",
                    where=str(below),
                    expected="指向别处的文件夹，或文件夹本身",
                    do="请删去这个链接",
                )
        paths += [here / name for name in names if not is_noise(name)]
    return sorted(paths)


def listed(folder: Path, paths: list[Path], *, deep: bool = True) -> list[Path]:
    """Return the files found in a folder, if they are those that were meant."""
    for root, _, names in _MEANT:
        start = f"{folder.as_posix()}/".removeprefix(root)
        found = {path.as_posix().removeprefix(root) for path in paths}
        at = bisect_left(names, start)
        meant = set(names[at : bisect_left(names, f"{start[:-1]}0")])  # "0" follows "/"
        if not deep:
            meant = {name for name in meant if "/" not in name.removeprefix(start)}
        if other := sorted(found ^ meant):
            raise _changed(other[0])
    return paths


def _unread(err: OSError) -> None:
    if isinstance(err, FileNotFoundError | NotADirectoryError):  # as if it were empty
        return
    raise WorkspaceError((of_system(err),)) from err


def _changed(name: str) -> WorkspaceError:
    return WorkspaceError.of(
        "在运行当中被改过、换过或拿走过，这次读到的不算",
        where=name,
        expected="从运行开始到结束都不动的文件",
        do="请等同步或编辑结束后再运行一次",
    )
