"""
Runs a notebook with parameters, to its end or to a ``RunError``.

Parameters are checked before anything runs (by the engine: papermill only warns about a
name it does not know); the cells run in this process, in the workspace's folder; the
executed notebook is written aside and renamed, and holds no time of day, so that the
same inputs give the same bytes.
"""

from __future__ import annotations

import ast
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import papermill
from nbformat import NotebookNode
from papermill.engines import papermill_engines
from papermill.exceptions import PapermillExecutionError

from kpi_lib import held
from kpi_lib.errors import InvalidInput, RunError
from kpi_lib.run.engine import INJECTED, InProcessEngine
from kpi_lib.run.record import FAILED, of_notebook
from kpi_lib.workspace import write_atomic

Value = str | int | float | bool | None

_TIMES = ("start_time", "end_time", "duration")

papermill_engines.register("kpi", InProcessEngine)
# papermill tells here what the RunError tells; without a handler Python would print it
# on the terminal.
logging.getLogger("papermill").addHandler(logging.NullHandler())


def execute(
    notebook: Path,
    parameters: Mapping[str, str],
    *,
    output: Path,
    folder: Path,
    job: str = "",
) -> NotebookNode:
    """
    Run a notebook with parameters in this process, and save what came of it.

    Names that the notebook does not declare are refused, but for ``lang``. One that
    failed is saved beside ``output`` as ``<name>.failed.ipynb``, and what stood under
    ``output`` stays.
    """
    names = declared(notebook)
    # Only a page that is written in several languages declares one.
    parameters = {n: v for n, v in parameters.items() if n != "lang" or n in names}
    given = read(notebook)  # and not by papermill: what is held is what runs
    begun: list[Any] = []
    error: Exception | None = None
    try:
        papermill.execute_notebook(
            given,
            None,
            parameters,
            engine_name="kpi",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            # Nothing is saved on the way: 15 ms a cell, and a kill tears it.
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            # Not papermill's cwd, which it says in the log.
            resources={"metadata": {"path": str(folder)}},
            begun=begun,
        )
    # Whatever papermill, IPython or the system raise is one thing here: a notebook that
    # did not run.
    except Exception as err:
        error = err
    job = job or notebook.stem
    if not begun:
        raise RunError(job, None, type(error).__name__, str(error)) from error
    executed: NotebookNode = begun[-1].nb
    executed.metadata.papermill["input_path"] = notebook.name
    if isinstance(error, PapermillExecutionError):
        name, value = error.ename, error.evalue
    elif error is not None:
        name, value = type(error).__name__, str(error)
    else:
        name, value = _left_out(executed)
    failed = output.with_suffix(FAILED)
    if not name:
        write_atomic(output, _text(executed))
        failed.unlink(missing_ok=True)
        return executed
    cell, saved = begun[-1].step or None, ""
    if cell:
        write_atomic(failed, _text(executed))
        saved = str(failed)
    raise RunError(job, cell, name, value, saved) from error


def read(path: Path) -> NotebookNode:
    """Return a notebook as it lies there; OSError or ValueError if it is none."""
    content = path.read_bytes()
    held.held(path, of_notebook(path, content))
    text = content.decode("utf-8")
    return nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call,no-any-return]


def declared(notebook: Path) -> dict[str, Value]:
    """Return the parameters of a notebook's one such cell, in order, with defaults."""
    try:
        cells = [
            cell.source
            for cell in read(notebook).cells
            if "parameters" in cell.metadata.get("tags", [])
        ]
        (source,) = cells
        return dict(_assignment(node) for node in ast.parse(source).body)
    except (OSError, ValueError, SyntaxError) as err:
        raise InvalidInput.of(
            "不是可以运行的笔记本",
            where=notebook.name,
            expected="有且只有一个带parameters标签的格，其中只有“名称=值”",
            do="请从备份恢复，或用kpi init DIR建一个新的工作区，从里面拷贝一份",
        ) from err


def _assignment(node: ast.stmt) -> tuple[str, Value]:
    match node:
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=default)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as default)
        ):
            value = ast.literal_eval(default)
            if isinstance(value, str | int | float | bool | None):
                return name, value
    raise ValueError(ast.unparse(node))


def _text(executed: NotebookNode) -> str:
    """Return the notebook as text, without times and chance in it."""
    for cell in executed.cells:
        if INJECTED in cell.metadata.get("tags", []):
            cell["id"] = INJECTED
    for metadata in (executed.metadata, *(cell.metadata for cell in executed.cells)):
        for name in _TIMES:
            metadata.get("papermill", {}).pop(name, None)
    return nbformat.writes(executed) + "\n"  # type: ignore[no-untyped-call,no-any-return]


def _left_out(executed: NotebookNode) -> tuple[str, str]:
    """Return what to tell if code cells have no count of execution, else nothing."""
    cells = [
        cell
        for cell in executed.cells
        # Without what papermill puts between.
        if cell.cell_type == "code" and INJECTED not in cell.metadata.get("tags", [])
    ]
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
