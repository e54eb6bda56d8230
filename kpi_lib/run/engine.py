"""
A papermill engine: a notebook's cells run by IPython in this very process.

``papermill IN OUT --engine kpi`` uses it, too. There is no kernel, no event loop and no
thread of ours: what a cell prints goes to two files, also what a program that it
started prints, and is told before the next output and at the cell's end. papermill
loads this module by itself; import papermill before it.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.session import Session
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine
from traitlets.config import Config

from kpi_lib.errors import of_system
from kpi_lib.run import processes
from kpi_lib.workspace import refuse_strangers

INLINE = "module://matplotlib_inline.backend_inline"

INJECTED = "injected-parameters"

STREAMS = {"stdout": 1, "stderr": 2}


class InProcessEngine(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """Cells in this process, which should do nothing else but notebooks of a kind."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        resources: Mapping[str, Any] | None = None,
        begun: list[PapermillNotebookClient] | None = None,
        execution_timeout: float | None = None,
        **_: object,
    ) -> None:
        """Run a notebook's cells; who does so is in ``begun`` before, if one fails."""
        if execution_timeout:
            raise ValueError("--engine kpi runs cells in this process: no time limit")
        tagged = [at for at in nb_man.nb.cells if "parameters" in at.metadata.tags]
        given = nb_man.nb.metadata.papermill.get("parameters", {})
        refuse_strangers(given, [at.source for at in tagged])
        client = _Client(nb_man, record_timing=False)
        if begun is not None:
            begun.append(client)
        folder = (resources or {}).get("metadata", {}).get("path") or Path.cwd()
        client.run(Path(folder))


class _Client(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client with a shell in this process where it has a kernel."""

    step = 0  # The number of the code cell that was begun last, from 1

    def run(self, folder: Path) -> None:
        self.reset_execution_trackers()
        self.nb.metadata["language_info"] = {"name": "python"}
        with (
            tempfile.TemporaryDirectory(prefix="kpi-", ignore_cleanup_errors=True) as p,
            contextlib.chdir(folder),
            contextlib.closing(_Outputs(self, Path(p))) as outputs,
        ):
            self._outputs, self._shell = outputs, _shell(outputs, Path(p))
            self.papermill_execute_cells()
            processes.reached(0)

    def execute_cell(self, cell: NotebookNode, cell_index: int) -> NotebookNode:
        """Run a cell; its outputs are put into it as they come."""
        tags = cell.metadata.get("tags", [])
        if cell.cell_type != "code":
            return cell
        self.step += INJECTED not in tags
        processes.reached(self.step)
        if not cell.source.strip() or self.skip_cells_with_tag in tags:
            return cell
        shell = self._shell
        cell.outputs, cell.execution_count = [], shell.execution_count
        self.clear_before_next_output = False
        shell.error = {}
        with self._outputs.of(cell, cell_index):
            result = shell.run_cell(cell.source, store_history=True)  # type: ignore[no-untyped-call]
        if not result.success and "raises-exception" not in tags:
            error = shell.error or {"ename": "SyntaxError", "evalue": ""}
            raise CellExecutionError.from_cell_and_msg(cell, error)
        return cell


class _Outputs:
    """What comes out of a cell, by whatever way, in its order."""

    def __init__(self, client: _Client, private: Path) -> None:
        self._client = client
        self._written = {}
        self._read = {}
        self._streams = {name: _Stream(self, name) for name in STREAMS}
        for name in STREAMS:
            path = private / name
            self._written[name] = path.open("ab", buffering=0)
            self._read[name] = path.open("rb", buffering=0)

    def close(self) -> None:
        """Take nothing more."""
        for file in (*self._written.values(), *self._read.values()):
            file.close()

    @contextlib.contextmanager
    def of(self, cell: NotebookNode, number: int) -> Iterator[None]:
        """Take what is printed in a block, also by other programs, into a cell."""
        self._cell, self._number = cell, number
        kept = {name: (getattr(sys, name), os.dup(at)) for name, at in STREAMS.items()}
        for name, at in STREAMS.items():
            kept[name][0].flush()
            os.dup2(self._written[name].fileno(), at)
            setattr(sys, name, self._streams[name])
        try:
            yield
        finally:
            for stream in (sys.__stdout__, sys.__stderr__):
                if stream is not None:
                    stream.flush()
            self._collect()
            for name, (stream, own) in kept.items():
                setattr(sys, name, stream)
                os.dup2(own, STREAMS[name])
                os.close(own)

    def write(self, name: str, text: str) -> None:
        """Add what a cell printed, after what programs printed before it."""
        self._collect()
        self._print(name, text.encode("utf-8", "backslashreplace").decode())

    def add(self, kind: str, content: Mapping[str, Any]) -> None:
        """Add an output, given as a kernel would send it."""
        self._collect()
        self._post(kind, content)

    def _collect(self) -> None:
        for name, file in self._read.items():
            if printed := file.read():
                self._print(name, printed.decode("utf-8", "replace"))

    def _print(self, name: str, text: str) -> None:
        last = self._cell.outputs[-1] if self._cell.outputs else {}
        if last.get("name") == name and not self._client.clear_before_next_output:
            last["text"] += text
        else:
            self._post("stream", {"name": name, "text": text})

    def _post(self, kind: str, content: Mapping[str, Any]) -> None:
        head = {"msg_type": kind, "header": {"msg_type": kind}, "parent_header": {}}
        message = {**head, "content": content}
        self._client.process_message(message, self._cell, self._number)


class _Stream(io.TextIOBase):
    """Standard output or error: whoever wants its descriptor gets the true one."""

    encoding = "utf-8"

    def __init__(self, outputs: _Outputs, name: str) -> None:
        self._outputs, self._name = outputs, name

    def write(self, text: str) -> int:
        self._outputs.write(self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return STREAMS[self._name]


class _Session(Session):
    """What a kernel's shell tells goes into the cell, and over no socket."""

    outputs: _Outputs

    def send(  # type: ignore[override]  # of a message only what is told counts
        self, _: object, told: Any, content: Any = None, *__: Any, **___: Any
    ) -> None:
        """Put a message into the cell, given whole or as its kind and content."""
        message = told if isinstance(told, dict) else {"msg_type": told}
        self.outputs.add(message["msg_type"], message.get("content", content))


class _Shell(ZMQInteractiveShell):
    """A kernel's shell without its kernel."""

    error: Mapping[str, Any]
    session: _Session

    def enable_gui(self, gui: object = None) -> None:
        """Do nothing: there is no loop that a window could wait in."""

    def init_virtualenv(self) -> None:
        """Do nothing: the interpreter is the environment's own."""

    def _showtraceback(self, etype: type, evalue: object, stb: list[str]) -> None:
        self.error = {
            "ename": etype.__name__,
            "evalue": str(of_system(evalue) if isinstance(evalue, OSError) else evalue),
            "traceback": stb,
        }
        self.session.send(None, "error", self.error)


def _shell(outputs: _Outputs, private: Path) -> _Shell:
    """Start IPython as a kernel would: no history or settings of its user's."""
    here = {"", os.fspath(Path.cwd())}
    # A file in the workspace must not stand for a library.
    sys.path[:] = [entry for entry in sys.path if entry not in here]
    os.environ.update(
        processes.ONE_THREAD, MPLBACKEND=INLINE, IPYTHONDIR=str(private / "ipython")
    )
    if matplotlib := sys.modules.get("matplotlib"):
        matplotlib.rcParams["backend"] = INLINE
    if _Shell.initialized():  # the notebook before, and all that it held
        _Shell.instance().user_ns.clear()
        _Shell.clear_instance()
    InteractiveShell.clear_instance()
    shell = _Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    shell.session = _Session()
    shell.session.outputs = outputs
    ways: tuple[Any, ...] = (shell.displayhook, shell.display_pub)
    for way in ways:
        way.session = shell.session
    return shell
