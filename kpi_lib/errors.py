"""
What can go wrong, on one screen.

KpiError
├── InvalidInput          one or more problems in something a person wrote: its file
├── ExportError           a platform export that cannot be taken
│   ├── Unreadable        bytes that are no table: damaged, locked, hostile, empty
│   ├── UnknownExport     a table whose header no declaration knows
│   └── ExportColumns     a known layout with missing or repeated columns
├── LedgerError           rows read are not rows accounted for (a fault of ours)
├── WorkspaceError        no workspace, no such month, a folder in use
├── MachineTrouble        a moment's trouble of the machine, not of a file: try again
└── RunError              a notebook that did not run to its end

Every exception passes all of its arguments to ``super().__init__``, so that it
can cross a process pool, and builds its text in ``__str__``.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self

from kpi_lib.language import N_, Name, Sentence

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """
    One thing that is wrong or worth telling, as one line for a reader.

    Parameters
    ----------
    what : str
        What is wrong, in the reader's language, without a full stop.
    where : str
        The file, relative to the workspace, with ``/``; or a command.
    place : str
        Line, cell, sheet or row inside the file; empty for the whole file.
    expected : str
        What was expected, with the choices where there are few.
    do : str
        What to do about it.
    level : {"error", "warning", "note"}
        An error refuses, a warning is flagged on the page, a note is told.
    of : str
        The operator whose row it is in, and whose page alone it stops; empty: all.
    """

    what: str
    where: str = ""
    place: str = ""
    expected: str = ""
    do: str = ""
    level: Level = "error"
    of: str = ""

    @property
    def marked(self) -> str:
        """The line with how grave it is before it, as commands tell it."""
        words = {"error": "错误", "warning": "提醒", "note": "说明"}
        return f"{words[self.level]} {self}"

    def __str__(self) -> str:
        """Return *where, place: what；应为 …。do。* on one line, safe to print."""
        head = "，".join(part for part in (self.where, self.place) if part)
        text = f"{head}：{self.what}" if head else self.what
        if self.expected:
            text += f"；应为{self.expected}"
        text += "。"
        if self.do:
            text += f"{self.do}。"
        return printable(text)


class KpiError(Exception):
    """Whatever this package raises on purpose."""


class InvalidInput(KpiError):
    """Something that a person wrote cannot be used; every problem, not the first."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(problems)
        self.problems = problems

    @classmethod
    def of(cls, what: str, **more: Any) -> Self:
        """Return one with a single problem."""
        return cls((Problem(what=what, **more),))

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    def _render_traceback_(self) -> list[str]:
        """Show a notebook's reader what to mend, not where our code stood."""
        return [str(self)]


class ExportError(InvalidInput):
    """A platform export cannot be taken."""

    # A row of the ledger for every record, where the file could be opened.
    ledger: tuple[Any, ...] = ()


class Unreadable(ExportError):
    """The bytes are no table that we read: damaged, locked, hostile or empty."""


class UnknownExport(ExportError):
    """A table whose header no declaration knows."""


class ExportColumns(ExportError):
    """A known layout whose columns are missing, repeated or ambiguous."""


class LedgerError(KpiError):
    """Rows read are not rows accounted for: our fault, never caught."""

    def __init__(self, source: str, records: int, rows: int) -> None:
        super().__init__(source, records, rows)
        self.source, self.records, self.rows = source, records, rows

    def __str__(self) -> str:
        return (
            f"{self.source}：文件有{self.records}行，台账只有{self.rows}行；"
            "这是程序的错误，结果不可用。请把文件交给维护者。"
        )


class WorkspaceError(InvalidInput):
    """No workspace, no such month, or a folder somebody else works in."""


class MachineTrouble(KpiError):
    """
    What the machine failed to do, and no file is to blame for: it may work again.

    Nothing that came of it may be kept as a result.
    """

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return str(self.problem)


class RunError(KpiError):
    """
    A notebook that did not run to its end.

    `job` is the operator's id, or the notebook's name for a job of the whole month;
    `cell` counts code cells from 1, None where none was reached; `name` and `value` are
    class and text of what was raised; `notebook` is where it was saved, if it was.
    """

    def __init__(
        self, job: str, cell: int | None, name: str, value: str, notebook: str = ""
    ) -> None:
        super().__init__(job, cell, name, value, notebook)
        self.job, self.cell, self.name = job, cell, name
        self.value, self.notebook = value, notebook

    def __str__(self) -> str:
        place = f"第{self.cell}个代码格" if self.cell else "启动时"
        # A sentence of ours says all; the text of another error wants its class.
        ours = self.value.endswith("。")
        why = self.value if ours else f"{self.name}：{self.value}"
        return printable(f"{self.job}：{place}出错，{why}".replace("\n", " "))


# --- what the system refuses -----------------------------------------------------

# Numbers of what may work again in a moment, whatever file it was about.
BUSY = frozenset((errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE))


def of_system(err: OSError, where: str = "") -> Problem:
    """Say on one line what the system refused, and whether to read or to write."""
    from kpi_lib.catalogue import REFUSED  # it needs what stands here

    name = os.fsdecode(err.filename) if isinstance(err.filename, str | bytes) else ""
    if name and err.errno in (errno.EACCES, errno.EPERM):
        what, do = N_("写不进去，没有写入权限"), N_("请确认工作区可以写入")
        if shut := _shut(Path(name)):
            what, do = N_("读不了，没有读取权限"), N_("请它的主人开放读取权限")
            where, name = (where if shut == Path(name) else ""), str(shut)
        return Problem(what=Sentence(what), where=where or name, do=Sentence(do))
    for refused in REFUSED:
        if errno.errorcode.get(err.errno or 0) in refused["numbers"]:
            what, do = Name.read(refused["what"]), Name.read(refused["do"])
            return Problem(what=what, where=where or name, do=do)
    said = Sentence("系统不允许（{why}）", why=err.strerror or str(err))
    return Problem(what=said, where=where or name, do=Sentence("请用kpi doctor查看"))


def _shut(path: Path) -> Path | None:
    """Return what of a path may not be read, from the top; None if nothing."""
    effective = os.access in os.supports_effective_ids
    for part in (*reversed(path.parents), path):
        if not os.access(part, os.F_OK, effective_ids=effective):
            return None
        wanted = os.R_OK if part == path else os.X_OK
        if not os.access(part, wanted, effective_ids=effective):
            return part
    return None


def printable(text: str) -> str:
    """Escape control, format and separator characters that a terminal would obey."""
    return "".join(
        ch if ch == "\n" or ch.isprintable() else f"\\u{ord(ch):04x}" for ch in text
    )
