"""
A papermill engine: a notebook's cells run in a child forked from this process.

What this process has imported the child has too, so that nothing is started and
nothing imported anew; and no state of one notebook reaches the next, since every
notebook has a child of its own. ``papermill IN OUT --engine kpi`` uses it as well.
Where a fork is not safe, or a notebook needs a true kernel, papermill's own engine
runs it, and the log says so.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import platform
import select
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine

from kpi_lib.run import processes

DIED, CELL_LATE, LATE = "DeadKernelError", "CellTimeoutError", "NotebookTimeoutError"
"""Names of the errors of a cell that did not come to its end by itself."""

Message = dict[str, Any]

# What a kernel of IPython says of itself.
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": f"ipython{sys.version_info.major}",
    "version": platform.python_version(),
}

logger = logging.getLogger("papermill")


def why_not(notebook: NotebookNode, kernel: str) -> str:
    """
    Say why a notebook needs a kernel.

    Parameters
    ----------
    notebook : NotebookNode
        What is to run.
    kernel : str
        The kernel it asks for.

    Returns
    -------
    str
        Empty if its cells can run in a forked child.
    """
    spec = notebook.metadata.get("kernelspec", {})
    if spec.get("language", "python") != "python" or not kernel.startswith("python"):
        return f"内核{kernel}不是本解释器"
    if any("ipywidgets" in cell.source for cell in _code(notebook)):
        return "ipywidgets要和内核往来"
    return processes.why_not_fork()


class ForkedEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Cells in a forked child; papermill's own engine where that cannot be."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        execution_timeout: float | None = None,
        notebook_timeout: float | None = None,
        resources: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """
        Run the cells of a notebook.

        Parameters
        ----------
        nb_man : NotebookExecutionManager
            papermill's record of the run.
        kernel_name : str
            The kernel that the notebook asks for.
        execution_timeout, notebook_timeout : float, optional
            Seconds for each cell, and for all of them; default: no limit.
        resources : mapping, optional
            Under ``metadata`` and ``path`` the folder to run in; default: this one.
        **kwargs
            For papermill's own engine.
        """
        if why := why_not(nb_man.nb, kernel_name):
            logger.warning("%s：改用papermill自带的引擎", why)
            super().execute_managed_notebook(
                nb_man,
                kernel_name,
                execution_timeout=execution_timeout,
                resources=resources or {},
                **kwargs,
            )
            return
        folder = (resources or {}).get("metadata", {}).get("path") or Path.cwd()
        client = _Client(nb_man, record_timing=False)
        client.run(Path(folder), execution_timeout, notebook_timeout)


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client with a forked child where it has a kernel."""

    def run(
        self, folder: Path, cell_timeout: float | None, notebook_timeout: float | None
    ) -> None:
        self.reset_execution_trackers()
        self.nb.metadata["language_info"] = LANGUAGE
        self._limits = _Limits(cell_timeout, notebook_timeout)
        with _Child([*self._sources()], folder) as self._child:
            self.papermill_execute_cells()

    def execute_cell(self, cell: NotebookNode, cell_index: int) -> NotebookNode:
        """Take what the child tells of a cell until it is done."""
        if not self._runs(cell):
            return cell
        cell.outputs, cell.execution_count = [], None
        self.clear_before_next_output = False
        until, late = self._limits.of_cell()
        while True:
            message = self._child.message(until)
            if message is None:
                self._give_up(cell, cell_index, late)
            if message["msg_type"] == "execute_reply":
                break
            self._take(cell, cell_index, **message)
        if message["content"] and not self._may_raise(cell):
            raise CellExecutionError.from_cell_and_msg(cell, message["content"])
        return cell

    def _give_up(self, cell: NotebookNode, number: int, late: Message) -> NoReturn:
        """End the child, and show in the cell what happened to it."""
        died, printed = self._child.end()
        content = {**(died or late), "traceback": []}
        for kind, told in (*(("stream", one) for one in printed), ("error", content)):
            self._take(cell, number, kind, told)
        raise CellExecutionError.from_cell_and_msg(cell, content)

    def _take(
        self, cell: NotebookNode, number: int, msg_type: str, content: Message
    ) -> None:
        head = {"msg_type": msg_type, "header": {"msg_type": msg_type}}
        self.process_message(
            {**head, "parent_header": {}, "content": content}, cell, number
        )

    def _sources(self) -> Sequence[tuple[int, str, bool]]:
        return [
            (number, cell.source, self._may_raise(cell))
            for number, cell in enumerate(self.nb.cells)
            if self._runs(cell)
        ]

    def _runs(self, cell: NotebookNode) -> bool:
        skipped = self.skip_cells_with_tag in cell.metadata.get("tags", [])
        return cell.cell_type == "code" and bool(cell.source.strip()) and not skipped

    @staticmethod
    def _may_raise(cell: NotebookNode) -> bool:
        return "raises-exception" in cell.metadata.get("tags", [])


class _Limits:
    """Until when a cell may run, and what to say if it does not end."""

    def __init__(self, cell: float | None, notebook: float | None) -> None:
        self._cell, self._notebook = cell, notebook
        self._end = time.monotonic() + notebook if notebook else float("inf")

    def of_cell(self) -> tuple[float, Message]:
        until = time.monotonic() + (self._cell or float("inf"))
        if until <= self._end:
            return until, {
                "ename": CELL_LATE,
                "evalue": f"超过{self._cell}秒没有做完",
            }
        return self._end, {
            "ename": LATE,
            "evalue": f"整本笔记本超过{self._notebook}秒没有做完",
        }


class _Child:
    """
    The forked process and what it tells; to be used in a ``with`` block.

    Parameters
    ----------
    sources : sequence of (number, text, may raise)
        Its cells.
    folder : Path
        Where it runs.
    """

    def __init__(self, sources: Sequence[tuple[int, str, bool]], folder: Path) -> None:
        self._sources, self._folder = sources, folder
        self._pending = bytearray()
        self._code: int | None = None
        self._late = False

    def __enter__(self) -> _Child:
        with contextlib.ExitStack() as stack:
            private = stack.enter_context(
                tempfile.TemporaryDirectory(prefix="kpi-", ignore_cleanup_errors=True)
            )
            self._captured = [os.memfd_create(name) for name in ("out", "err")]
            self._told = dict.fromkeys(("stdout", "stderr"), 0)
            self._channel, far = os.pipe()
            self._pid = self._fork(Path(private), far)
            os.close(far)
            os.set_blocking(self._channel, False)
            self._watch = os.pidfd_open(self._pid)
            for descriptor in (*self._captured, self._channel, self._watch):
                stack.callback(os.close, descriptor)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._reap()
        self._stack.close()

    def message(self, until: float) -> Message | None:
        """Return the next message; None when the child is gone or it is too late."""
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(self._watch, select.POLLIN)
        while True:
            if message := self._next():
                return message
            left = until - time.monotonic()
            wait = None if left == float("inf") else max(left, 0) * 1000
            ready = {descriptor for descriptor, _ in poll.poll(wait)}
            self._late = not ready
            if not ready or not self._read():
                # Gone, or late; what it told last may still have come.
                return self._next()

    def end(self) -> tuple[Message, list[Message]]:
        """
        End the child.

        Returns
        -------
        dict, list of dict
            How it had ended by itself, empty if it had not; and what was printed
            that it could not tell any more.
        """
        gone = not self._late
        # Its pipe ends before it does.
        select.select([self._watch], [], [], float(gone))
        self._reap()
        printed = []
        for name, file in zip(self._told, self._captured, strict=True):
            told = self._told[name]
            if text := os.pread(file, os.fstat(file).st_size - told, told):
                printed.append({"name": name, "text": text.decode("utf-8", "replace")})
        return ({"ename": DIED, "evalue": self._how()} if gone else {}), printed

    def _how(self) -> str:
        code = self._code or 0
        if code >= 0:
            return f"子进程自己退出，退出码{code}"
        name = signal.Signals(-code).name
        memory = "，可能是内存不足" if name == "SIGKILL" else ""
        return f"子进程被{name}结束{memory}"

    def _read(self) -> bool:
        """Take what there is; False if the child is gone and there is nothing."""
        with contextlib.suppress(BlockingIOError):
            if piece := os.read(self._channel, 1 << 20):
                self._pending += piece
                return True
            return False
        return not select.select([self._watch], [], [], 0)[0]

    def _next(self) -> Message | None:
        size = int.from_bytes(self._pending[:8], "big")
        if len(self._pending) < 8 + size or not size:
            return None
        message: Message = json.loads(self._pending[8 : 8 + size])
        del self._pending[: 8 + size]
        if message["msg_type"] == "stream":
            self._told[message["content"]["name"]] = message["content"].pop("to")
        return message

    def _reap(self) -> None:
        """End the whole group: also what the cells started and left running."""
        if self._code is not None:
            return
        # Before the wait: until then no other process can have this number.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        self._code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])

    def _fork(self, private: Path, channel: int) -> int:
        parent = os.getpid()
        with warnings.catch_warnings():
            # Newer Pythons warn of threads; those of libraries are counted in tests.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            self._work(parent, private, channel)
            code = 0
        except BaseException:  # no cell's error: those are told as messages
            os.write(self._captured[1], traceback.format_exc().encode())
        finally:
            # Nothing of our parent is ours to close, flush or unwind.
            os._exit(code)

    def _work(self, parent: int, private: Path, channel: int) -> None:
        from kpi_lib.run import shell

        os.setsid()
        processes.die_with_parent(parent)
        os.environ.update(
            processes.ONE_THREAD,
            IPYTHONDIR=str(private / "ipython"),
            JUPYTER_CONFIG_DIR=str(private / "config"),
            JUPYTER_RUNTIME_DIR=str(private),
        )
        os.chdir(self._folder)
        shell.run(
            [shell.Source(*one) for one in self._sources], channel, self._captured
        )


def _code(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]
