"""
Every path of a workspace by name, and the one way in which files are written.

A workspace is a folder that holds ``data/plan.yml``. Nothing here reads what is in
the files; nothing elsewhere puts a path together by hand.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from kpi_lib.days import is_month
from kpi_lib.errors import InvalidInput, WorkspaceError

PLAN = "data/plan.yml"

# What the workbook to fill in may be called.
BOOKS = ("data/填写.xlsx", "data/workspace.xlsx")

REGISTER = (
    "花名册（data/填写.xlsx或data/roster.yml）"  # Where people and accounts stand
)

# What jobs, pages and files of ours are called, without their endings: no one's id.
NAMES = frozenset(
    [
        *("index", "clean", "missing", "team", "run", "record", "scores", "targets"),
        *("executed", "worklog", "made", "own", "findings"),
    ]
)

OWN = "own.json"  # In a cleaned month: hashes of the rows of each account and operator

STRAY = ".tmp-"  # How a file's name begins that is being written; never a result


def refuse_strangers(parameters: Iterable[str], cells: Iterable[str]) -> None:
    """Refuse parameters that a notebook's cells do not set: papermill only warns."""
    declared = re.findall(r"^(\w+)", "\n".join(cells), re.MULTILINE)
    for name in parameters:
        if name not in declared:
            raise InvalidInput.of(f"没有参数“{name}”", expected="、".join(declared))


def _parameters_injected() -> None:
    """Look, in a notebook, at the cell that papermill put behind its parameters."""
    if shell := sys.modules.get("IPython") and sys.modules["IPython"].get_ipython():
        cells = shell.user_ns.get("In", [])
        for at, cell in enumerate(cells):
            if cell.startswith("# Parameters\n") and any(cells[:at]):
                refuse_strangers(re.findall(r"^(\w+) = ", cell, re.M), cells[:at])


@dataclass(frozen=True)
class Workspace:
    """
    A folder that holds ``data/plan.yml``, and where everything lies in it.

    Its root is made absolute, symbolic links followed.
    """

    root: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", Path(self.root).resolve())

    @classmethod
    def find(cls, start: str | Path = "") -> Workspace:
        """Return the workspace around a path; empty: around the current folder."""
        _parameters_injected()
        origin = Path(start or ".").resolve()
        for folder in (origin, *origin.parents):
            if (folder / PLAN).is_file():
                return cls(folder)
        raise WorkspaceError.of(
            f"这里和上级文件夹都没有{PLAN}，不是工作区",
            where=str(start) or ".",
            do="请进入工作区的文件夹，或用--workspace（笔记本里是root）指明，"
            "或用kpi init DIR新建一个",
        )

    @property
    def data(self) -> Path:
        """What people write."""
        return self.root / "data"

    @property
    def plan(self) -> Path:
        """The appraisal plan."""
        return self.root / PLAN

    @property
    def roster(self) -> Path:
        """Operators and accounts."""
        return self.data / "roster.yml"

    @property
    def workbook(self) -> Path:
        """The workbook to fill in, whose sheets are tables and the roster."""
        return self._either(*(self.root / name for name in BOOKS))

    @property
    def notebooks(self) -> Path:
        """The notebooks."""
        return self.root / "notebooks"

    @property
    def record(self) -> Path:
        """The record of all runs, one JSON line each, append only."""
        return self.root / "reports" / "record.jsonl"

    @property
    def lock(self) -> Path:
        """The lock that a run holds."""
        return self.root / "reports" / ".lock"

    def raw(self, month: str) -> Path:
        """Return the folder of a month's exports as downloaded."""
        return self.data / "raw" / _checked(month)

    def clean(self, month: str) -> Path:
        """Return the folder of a month's cleaned tables."""
        return self.data / "clean" / _checked(month)

    def reports(self, month: str) -> Path:
        """Return the folder of a month's pages and records."""
        return self.root / "reports" / _checked(month)

    def worklog(self, month: str) -> Path:
        """Return a month's work log: the workbook, or a folder of CSVs; never both."""
        return self._either(
            self.raw(month) / "worklog.xlsx", self.raw(month) / "worklog"
        )

    def worklogs(self, month: str) -> list[Path]:
        """Return the work logs that people keep for themselves, ascending."""
        return sorted(self.raw(month).glob("worklog-*.xlsx"))

    def months(self) -> list[str]:
        """Return the months with a folder under ``data/raw``, ascending."""
        folder = self.data / "raw"
        if not folder.is_dir():
            return []
        return sorted(
            entry.name
            for entry in folder.iterdir()
            if entry.is_dir() and is_month(entry.name)
        )

    def relative(self, path: Path) -> str:
        """Return a path as in every ``source``: relative to the root, with ``/``."""
        try:
            name = (self.root / path).relative_to(self.root).as_posix()
            name.encode()
        except UnicodeEncodeError:
            raise WorkspaceError.of(
                "文件名不是UTF-8编码，多半是在别的系统里压缩或解压的",
                where=name,
                expected="UTF-8的文件名",
                do="请改名，或用能选编码的软件重新解压",
            ) from None
        except ValueError:
            raise WorkspaceError.of("文件不在工作区内", where=str(path)) from None
        return name

    def table(self, name: str) -> Path:
        """Return targets, decisions, downloads, calendar …, as CSV or as workbook."""
        return self._either(self.data / f"{name}.csv", self.data / f"{name}.xlsx")

    def _either(self, usual: Path, instead: Path) -> Path:
        if not instead.exists():
            return usual
        if usual.exists():
            raise WorkspaceError.of(
                f"与{instead.name}同时存在，不知道以哪个为准",
                where=self.relative(usual),
                expected="其中一个",
                do="请把内容合到一个里，删去另一个",
            )
        return instead


def _checked(month: str) -> str:
    """Return the month if it is one: a path must not come from any other text."""
    if is_month(month):
        return month
    raise WorkspaceError.of(f"“{month}”不是月份", expected="YYYY-MM，例如2026-10")


def write_atomic(path: Path, content: bytes | str) -> None:
    """
    Write a file so that under its name is the old content or the whole new one.

    Folders above it are made; text is written as UTF-8 without changing line ends. If
    it cannot be written (OSError), the old file stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not its whole name, which may be as long as a name can be.
    aside = path.parent / f"{STRAY}{uuid4().hex}{path.suffix[:9]}"
    try:
        with aside.open("xb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _sync_folder(path.parent)
    finally:
        aside.unlink(missing_ok=True)


def sha256(content: bytes) -> str:
    """Return the SHA-256 of bytes as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: object) -> str:
    """Write a value as JSON in the one form that is hashed: sorted, without spaces."""
    return json.dumps(
        value,
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # pragma: no cover - a folder cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
