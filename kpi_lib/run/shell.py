"""
Cells run by IPython's shell in this very process, outputs told as Jupyter messages.

What `kpi_lib.run.forked` does in the child. There is no kernel, no event loop and no
thread of ours: what a cell prints goes to two files in memory, also what a program
that it started prints, and is told before the next output and at the cell's end.
"""

from __future__ import annotations

import base64
import faulthandler
import io
import json
import os
import sys
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from IPython.core import page
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

INLINE = "module://matplotlib_inline.backend_inline"
"""Where pyplot draws, as in a kernel."""

# As in a kernel: colours, and no pager that waits for a key.
TERMINAL = {
    "TERM": "xterm-color",
    "CLICOLOR": "1",
    "FORCE_COLOR": "1",
    "CLICOLOR_FORCE": "1",
    "PAGER": "cat",
    "GIT_PAGER": "cat",
}

STREAMS = ("stdout", "stderr")


class Source(NamedTuple):
    """A code cell: its number in the notebook, its text, whether it may raise."""

    number: int
    text: str
    may_raise: bool


class Messages:
    """
    The way to the parent.

    Parameters
    ----------
    channel : int
        Descriptor to write messages to: eight bytes of length, then JSON.
    captured : pair of int
        Descriptors of the files in memory behind standard output and error.
    """

    def __init__(self, channel: int, captured: Sequence[int]) -> None:
        self._channel = channel
        self._captured = dict(zip(STREAMS, captured, strict=True))
        self._told = dict.fromkeys(STREAMS, 0)

    def write(self, name: str, text: str) -> None:
        """Print; what came by the other stream before is told before."""
        for other in STREAMS:
            if other != name:
                self._tell(other)
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        while left:
            left = left[os.write(self._captured[name], left) :]

    def send(self, kind: str, content: Mapping[str, Any]) -> None:
        """Send a message, after all that was printed before it."""
        for name in STREAMS:
            self._tell(name)
        self._post(kind, content)

    def _tell(self, name: str) -> None:
        file, told = self._captured[name], self._told[name]
        size = os.fstat(file).st_size
        if size > told:
            text = os.pread(file, size - told, told).decode("utf-8", "replace")
            self._told[name] = size
            self._post("stream", {"name": name, "text": text, "to": size})

    def _post(self, kind: str, content: Mapping[str, Any]) -> None:
        message = {"msg_type": kind, "content": content}
        body = json.dumps(message, default=_base64).encode()
        left = memoryview(len(body).to_bytes(8, "big") + body)
        while left:
            left = left[os.write(self._channel, left) :]


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    raise TypeError(f"{type(value).__name__} is no JSON")


class _Stream(io.TextIOBase):
    """Standard output or error: whoever wants its descriptor gets the true one."""

    encoding = "utf-8"

    def __init__(self, messages: Messages, name: str) -> None:
        self._messages, self._name = messages, name

    def write(self, text: str) -> int:
        self._messages.write(self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return 1 + STREAMS.index(self._name)


class _Hook(DisplayHook):
    """The value of a cell's last line, as a message."""

    def write_output_prompt(self) -> None:
        """Write none."""

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        self.shell.messages.send(  # type: ignore[union-attr]
            "execute_result",
            {
                "data": format_dict,
                "metadata": md_dict or {},
                "execution_count": self.prompt_count,
            },
        )

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Publisher(DisplayPublisher):
    """Displays and their updates, as messages."""

    def publish(
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        *_: object,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **__: object,
    ) -> None:
        self.shell.messages.send(
            "update_display_data" if update else "display_data",
            {"data": data, "metadata": metadata or {}, "transient": transient or {}},
        )

    def clear_output(self, wait: bool = False) -> None:
        self.shell.messages.send("clear_output", {"wait": wait})


class _Shell(InteractiveShell):
    """IPython without a terminal and without a kernel."""

    displayhook_class = _Hook
    display_pub_class = _Publisher
    messages: Messages

    def enable_gui(self, gui: object = None) -> None:
        """Do nothing: there is no loop that a window could wait in."""

    def init_virtualenv(self) -> None:
        """Do nothing: the interpreter is the environment's own."""

    def init_environment(self) -> None:
        os.environ.update(TERMINAL)

    def _showtraceback(self, etype: type, evalue: object, stb: list[str]) -> None:
        self.error = {
            "ename": etype.__name__,
            "evalue": str(evalue),
            "traceback": stb,
        }
        self.messages.send("error", self.error)


def run(sources: Sequence[Source], channel: int, captured: Sequence[int]) -> None:
    """
    Run cells until one raises that may not; the caller ends this process then.

    Parameters
    ----------
    sources : sequence of Source
        The code cells, in their order.
    channel, captured
        As for `Messages`; 1 and 2 are made to lead to `captured`.
    """
    messages = _capture(channel, captured)
    shell = _shell(messages)
    for source in sources:
        count = shell.execution_count
        messages.send("execute_input", {"execution_count": count})
        shell.error = {}
        result = shell.run_cell(source.text, store_history=True)  # type: ignore[no-untyped-call]
        _flush()
        reply = {} if result.success else shell.error or {"ename": "SyntaxError"}
        messages.send("execute_reply", reply)
        if reply and not source.may_raise:
            return


def _capture(channel: int, captured: Sequence[int]) -> Messages:
    faulthandler.disable()  # it would write on the terminal of our parent
    messages = Messages(channel, captured)
    for descriptor, file in enumerate(captured, start=1):
        os.dup2(file, descriptor)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    # Not of our parent: nobody answers, and its buffers are not ours to print.
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    for descriptor, name in enumerate(STREAMS, start=1):
        setattr(sys, name, _Stream(messages, name))
        own = open(descriptor, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        setattr(sys, f"__{name}__", own)
    return messages


def _flush() -> None:
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is not None:
            stream.flush()


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    text = warnings.formatwarning(message, category, filename, lineno, line)
    (file or sys.stderr).write(text)


def _shell(messages: Messages) -> _Shell:
    """Start IPython as a kernel would: without history, in a fresh namespace."""
    here = {"", os.fspath(Path.cwd())}
    # A file in the workspace must not stand for a library.
    sys.path[:] = [entry for entry in sys.path if entry not in here]
    # What our parent's tests or notebook do with warnings is not the cells' own.
    warnings.showwarning = _warn
    warnings.resetwarnings()
    for category in (
        DeprecationWarning,
        PendingDeprecationWarning,
        ImportWarning,
        ResourceWarning,
    ):
        warnings.simplefilter("ignore", category)
    os.environ["MPLBACKEND"] = INLINE
    if matplotlib := sys.modules.get("matplotlib"):
        matplotlib.rcParams["backend"] = INLINE
    _Shell.messages = messages
    InteractiveShell.clear_instance()
    shell = _Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    # A pager would wait for a key, and a page shows nothing of it.
    nothing = page.as_hook(lambda *_, **__: None)  # type: ignore[no-untyped-call]
    shell.set_hook("show_in_pager", nothing, 0)  # type: ignore[no-untyped-call]
    return shell
