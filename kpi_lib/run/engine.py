"""
Runs a notebook with parameters, to its end or to a ``RunError``.

Parameters are checked before anything runs (papermill only warns about a name it does
not know, and takes NaN); the cells run in a forked child (`kpi_lib.run.forked`), or
else in a kernel of the very interpreter that runs, in the workspace's folder, with no
configuration, history or start-up file of its user; every cell has a time limit; the
executed notebook is written aside and renamed, and holds no time of day, so that the
same inputs give the same bytes.
"""

from __future__ import annotations

import ast
import logging
import math
import os
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import papermill
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, papermill_engines
from papermill.exceptions import PapermillExecutionError

from kpi_lib.errors import InvalidInput, Problem, RunError
from kpi_lib.run import processes
from kpi_lib.run.forked import ForkedEngine, why_not
from kpi_lib.workspace import write_atomic

Value = str | int | float | bool | None

START_TIMEOUT = 60
"""Seconds in which a kernel must answer: thirty times what a cold one takes."""

CELL_TIMEOUT = 300
"""Seconds that a cell may take: a month of 400 exports is cleaned in under 30."""

_INJECTED = "injected-parameters"
_TIMES = ("start_time", "end_time", "duration")

# papermill and nbclient tell here what the RunError tells; without a handler Python
# would print it on the terminal.
logging.getLogger("papermill").addHandler(logging.NullHandler())


def execute(
    notebook: Path,
    parameters: Mapping[str, Value],
    *,
    output: Path,
    folder: Path,
    job: str = "",
    start_timeout: int = START_TIMEOUT,
    cell_timeout: int = CELL_TIMEOUT,
    kernel: bool = False,
) -> NotebookNode:
    """
    Run a notebook with parameters and save what came of it.

    Parameters
    ----------
    notebook : Path
        The notebook, with one cell tagged ``parameters``; never changed.
    parameters : Mapping of str to str, int, float, bool or None
        Values by name. Names that the notebook does not declare, values of another
        type than its default, NaN and infinity are refused.
    output : Path
        Where the executed notebook is saved. One that failed is saved beside it as
        ``<name>.failed.ipynb``, and what stood under ``output`` stays.
    folder : Path
        Current folder of the kernel; the caller's own never changes.
    job : str
        What the error names; default: the notebook's name.
    start_timeout, cell_timeout : int
        Seconds for the kernel's first answer, and for each cell.
    kernel : bool
        True to run the cells in a kernel also where a forked child could.

    Returns
    -------
    NotebookNode
        The executed notebook, as saved.

    Raises
    ------
    InvalidInput
        If a parameter is refused, or the notebook declares none. No kernel ran.
    RunError
        If a cell raised or took too long, the kernel died or did not start (twice),
        or a cell was left out.
    """
    checked(notebook, parameters)
    limits = _Limits(start_timeout, cell_timeout)
    engine = _IN_KERNEL if kernel else _FORKED
    run = _attempt(notebook, parameters, folder, limits, engine)
    if run.error is not None and run.cell is None:
        # Two kernels that start at once can be in each other's way: ask once more.
        run = _attempt(notebook, parameters, folder, limits, engine)
    name, value = _told(run.error, cell_timeout) if run.error else _left_out(run)
    failed = output.with_suffix(".failed.ipynb")
    if not name and run.executed is not None:
        write_atomic(output, _text(run.executed))
        failed.unlink(missing_ok=True)
        return run.executed
    if run.cell is not None and run.executed is not None:
        write_atomic(failed, _text(run.executed))
    saved = str(failed) if run.cell is not None else ""
    raise RunError(job or notebook.stem, run.cell, name, value, saved) from run.error


def read(path: Path) -> NotebookNode:
    """
    Return a notebook as it lies there.

    Parameters
    ----------
    path : Path
        An ``.ipynb`` file.

    Returns
    -------
    NotebookNode
        In the format's version 4.

    Raises
    ------
    OSError, ValueError
        If there is none, or it is no notebook.
    """
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call,no-any-return]


def why_kernel(notebook: Path) -> str:
    """
    Say why a notebook runs in a kernel and not in a forked child.

    Parameters
    ----------
    notebook : Path
        The notebook.

    Returns
    -------
    str
        Empty where it runs in a child, or is no notebook.
    """
    try:
        return why_not(read(notebook), "python3")
    except (OSError, ValueError):
        return ""


def declared(notebook: Path) -> dict[str, Value]:
    """
    Return the parameters that a notebook declares, with their defaults.

    Parameters
    ----------
    notebook : Path
        A notebook with exactly one cell tagged ``parameters`` that holds nothing but
        assignments of literals.

    Returns
    -------
    dict of str to str, int, float, bool or None
        In the order of the cell.

    Raises
    ------
    InvalidInput
        If it is no notebook, or there is no such cell, or several, or another
        statement in it.
    """
    try:
        cells = [
            cell.source
            for cell in read(notebook).cells
            if "parameters" in cell.metadata.get("tags", [])
        ]
        (source,) = cells
        return dict(_assignment(node) for node in ast.parse(source).body)
    except (OSError, ValueError, SyntaxError) as err:
        raise InvalidInput(
            (
                Problem(
                    what="不是可以运行的笔记本",
                    where=notebook.name,
                    expected="有且只有一个带parameters标签的格，其中只有“名称=值”",
                ),
            )
        ) from err


def checked(notebook: Path, parameters: Mapping[str, Value]) -> None:
    """
    Refuse parameters that a notebook does not declare or of another type.

    Parameters
    ----------
    notebook : Path
        The notebook that is to run.
    parameters : Mapping of str to str, int, float, bool or None
        What it is to run with.

    Raises
    ------
    InvalidInput
        With a problem for each parameter, naming those that are known.
    """
    known = declared(notebook)
    problems = tuple(
        Problem(what=what, where=notebook.name, expected=expected)
        for name, value in parameters.items()
        for what, expected in _refusals(name, value, known)
    )
    if problems:
        raise InvalidInput(problems)


def _refusals(
    name: str, value: object, known: Mapping[str, Value]
) -> list[tuple[str, str]]:
    if name not in known:
        return [(f"没有参数“{name}”", "、".join(known))]
    if isinstance(value, float) and not math.isfinite(value):
        return [(f"参数“{name}”的值{value}不是数", "有限的数")]
    usual = type(known[name])
    # type(), not isinstance: True is an int, and 001 must not become 1.
    accepted = (str, int, float, bool) if known[name] is None else (usual,)
    if type(value) not in accepted:
        names = "、".join(kind.__name__ for kind in accepted)
        return [(f"参数“{name}”的值是{type(value).__name__}", names)]
    return []


def _assignment(node: ast.stmt) -> tuple[str, Value]:
    if not (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
    ):
        raise ValueError(ast.unparse(node))
    value = ast.literal_eval(node.value)
    if not isinstance(value, str | int | float | bool | None):
        raise ValueError(ast.unparse(node))  # noqa: TRY004 - the caller's one class
    return node.targets[0].id, value


@dataclass(frozen=True)
class _Attempt:
    """One go at a notebook: what it came to, the cell last begun, what was raised."""

    executed: NotebookNode | None
    cell: int | None
    error: Exception | None


@dataclass(frozen=True)
class _Limits:
    """Seconds for a kernel's first answer and for a cell."""

    start: int
    cell: int


class _InKernel(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """papermill's own engine, which also hands out what it ran when it failed."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, began: list[NotebookNode], **kwargs: Any
    ) -> None:
        began.append(nb_man.nb)
        super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


class _Forked(_InKernel, ForkedEngine):  # type: ignore[misc]
    """The same over the project's engine, which comes next in the order of classes."""


_IN_KERNEL, _FORKED = "kpi-in-kernel", "kpi-forked"
papermill_engines.register(_IN_KERNEL, _InKernel)
papermill_engines.register(_FORKED, _Forked)


def _attempt(
    notebook: Path,
    parameters: Mapping[str, Value],
    folder: Path,
    limits: _Limits,
    engine: str,
) -> _Attempt:
    began: list[NotebookNode] = []
    error: Exception | None = None
    with tempfile.TemporaryDirectory(
        prefix="kpi-", ignore_cleanup_errors=True
    ) as private:
        try:
            papermill.execute_notebook(
                notebook,
                None,
                dict(parameters),
                engine_name=engine,
                kernel_name="python3",
                language="python",
                progress_bar=False,
                # Nothing is saved on the way: 15 ms a cell, and a kill tears it.
                request_save_on_cell_execute=False,
                autosave_cell_every=0,
                start_timeout=limits.start,
                execution_timeout=limits.cell,
                kernel_manager_class=_kernel_of(Path(private)),
                # Not papermill's cwd, which moves this whole process.
                resources={"metadata": {"path": str(folder)}},
                record_timing=False,
                # Killed at the end: history is off and nothing else is open.
                shutdown_kernel="immediate",
                began=began,
            )
        # A kernel may fail in any class (papermill, nbclient, jupyter_client, zmq, the
        # system): all are one thing here, a notebook that did not run.
        except Exception as err:
            error = err
    executed = began[-1] if began else None
    return _Attempt(executed, _last_started(executed) if executed else None, error)


def _kernel_of(private: Path) -> type[AsyncKernelManager]:
    """Return a manager of kernels of this interpreter that keep to one folder."""

    class OwnKernel(AsyncKernelManager):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.connection_file = str(private / "kernel.json")
            if os.name != "nt":
                # Sockets in a folder of one's own: no port to race for or listen on.
                self.transport, self.ip = "ipc", str(private / "ipc")

        @property
        def kernel_spec(self) -> KernelSpec:
            # Not looked up: a kernelspec of the user may carry the same name.
            return KernelSpec(
                argv=[
                    sys.executable,
                    *("-m", "ipykernel_launcher", "-f", "{connection_file}"),
                    "--HistoryManager.enabled=False",
                    # A file in the workspace must not stand for a library.
                    "--InteractiveShellApp.ignore_cwd=True",
                    # It would tell on our terminal that it was ended.
                    "--Application.log_level=CRITICAL",
                ],
                display_name="Python 3",
                language="python",
                env={
                    **processes.ONE_THREAD,
                    "IPYTHONDIR": str(private / "ipython"),
                    "JUPYTER_CONFIG_DIR": str(private / "config"),
                    "JUPYTER_RUNTIME_DIR": str(private),
                },
            )

    return OwnKernel


def _text(executed: NotebookNode) -> str:
    """Return the notebook as text, without times, paths and chance in it."""
    record: dict[str, Any] = executed.metadata.get("papermill", {})
    for path in ("input_path", "output_path"):
        if record.get(path):
            record[path] = Path(record[path]).name
    for cell in executed.cells:
        if _INJECTED in cell.metadata.get("tags", []):
            cell["id"] = _INJECTED
    for metadata in (executed.metadata, *(cell.metadata for cell in executed.cells)):
        for name in _TIMES:
            metadata.get("papermill", {}).pop(name, None)
    return nbformat.writes(executed) + "\n"  # type: ignore[no-untyped-call,no-any-return]


def _own_code(executed: NotebookNode) -> list[NotebookNode]:
    """Return the notebook's own code cells, without what papermill puts between."""
    return [
        cell
        for cell in executed.cells
        if cell.cell_type == "code" and _INJECTED not in cell.metadata.get("tags", [])
    ]


def _last_started(executed: NotebookNode) -> int | None:
    """
    Return the number of the last code cell that was begun, from 1.

    The status in papermill's metadata says ``completed`` for every cell after a
    kernel died; the time of a cell's start is there only if it was reached.
    """
    begun = [
        number
        for number, cell in enumerate(_own_code(executed), start=1)
        if cell.metadata.get("papermill", {}).get("start_time")
    ]
    return begun[-1] if begun else None


def _left_out(run: _Attempt) -> tuple[str, str]:
    """Return what to tell if code cells have no count of execution, else nothing."""
    cells = _own_code(run.executed) if run.executed else []
    if not cells:
        return "NothingRun", "没有运行任何代码格"
    left = [
        str(number)
        for number, cell in enumerate(cells, start=1)
        if cell.source.strip() and cell.execution_count is None
    ]
    if not left:
        return "", ""
    return "CellsLeftOut", f"没有运行的代码格：{'、'.join(left)}"


def _told(error: Exception, cell_timeout: int) -> tuple[str, str]:
    """Return class and text of an error as a reader is told them."""
    if isinstance(error, PapermillExecutionError):
        return error.ename, error.evalue
    if isinstance(error, CellTimeoutError):
        return "CellTimeoutError", f"超过{cell_timeout}秒没有做完"
    if isinstance(error, DeadKernelError):
        return "DeadKernelError", "内核中途退出，可能是内存不足"
    return type(error).__name__, str(error)
