"""
The small child process in which foreign workbooks are opened (`sandbox.py`).

It is started when first needed and asked one file after another. It limits its own
memory and processor time: whatever a file does to its reader costs that file alone.
What the machine does to it (no memory, stopped, not started) is no fault of the file.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from datetime import date, datetime
from pathlib import Path
from typing import Any

# Seconds after which a child stands still: it ends itself after ten of processor.
TIME_OUT = 120.0

# Another child is asked once: what ends one may be a moment's lack of memory.
TRIES = 2

# Signals by which a child ends for what it read, and the refusal of that file.
BY_THE_FILE = {
    "SIGXCPU": "late",
    **dict.fromkeys(("SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGSEGV"), "died"),
}

BY_THE_MACHINE = "trouble"

SANDBOX = Path(__file__).with_name("sandbox.py")


class Child:
    """One child of this process, started again after it died."""

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self._strangers: list[subprocess.Popen[bytes]] = []
        self._owner = 0
        self._lock = threading.Lock()

    def ask(self, kind: str, content: bytes) -> dict[str, Any]:
        """Return the child's answer, or a refusal; its last is a try in vain."""
        with self._lock:
            for _ in range(TRIES):
                try:
                    reply = self._reply(kind, content)
                    hook = _dated if b'"date' in reply else None
                    answer: dict[str, Any] = json.loads(reply, object_hook=hook)
                # Not started, no thread for it, a closed pipe, a torn answer.
                except (OSError, RuntimeError, ValueError):
                    answer = {"refused": self._ended()}
                    if answer["refused"] == "late":  # it would be so again
                        break
                except BaseException:
                    # Interrupted half-way: the answer under way must not be taken
                    # for that of the next file.
                    self.close()
                    raise
                else:
                    break
            return answer

    def _ended(self) -> str:
        """Tell by how the child ended what is to blame, and take it away."""
        process = self.process
        if process is None or self._owner != os.getpid():
            return BY_THE_MACHINE
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1)
        self.close()
        code = process.returncode
        if not hasattr(signal, "SIGXCPU"):  # Windows: no limits but the time-out
            return "died" if code > 1 else "late"
        name = signal.Signals(-code).name if code < 0 else ""
        return BY_THE_FILE.get(name, BY_THE_MACHINE)

    def _reply(self, kind: str, content: bytes) -> bytes:
        process = self._running()
        sink, source = process.stdin, process.stdout
        if sink is None or source is None:
            raise BrokenPipeError
        # Ended before the answer is returned: a process with threads is not forked.
        timer = threading.Timer(TIME_OUT, process.kill)
        timer.start()
        try:
            head = json.dumps({"kind": kind, "size": len(content)}).encode()
            sink.write(head + b"\n" + content)
            sink.flush()
            return source.read(json.loads(source.readline())["size"])
        finally:
            timer.cancel()
            timer.join()

    def _running(self) -> subprocess.Popen[bytes]:
        # After a fork the child of the parent is not ours to talk to, nor its
        # pipe to hold open.
        if self._owner != os.getpid():
            if self.process is not None:
                self._strangers.append(self.process)
                _close_pipes(self.process)
            self.process, self._owner = None, os.getpid()
        if self.process is None or self.process.poll() is not None:
            self.close()
            # By its path and without the folder on the path (-P): nothing of
            # the package is imported, and it works where it is not installed.
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(SANDBOX)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self.process

    def close(self) -> None:
        """End the child, if it is ours."""
        process, self.process = self.process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        process.wait()
        _close_pipes(process)


def _dated(value: dict[str, Any]) -> Any:
    """Return the day or time that an object of one key stands for."""
    if len(value) == 1:
        if "datetime" in value:
            return datetime.fromisoformat(value["datetime"])
        if "date" in value:
            return date.fromisoformat(value["date"])
    return value


def _close_pipes(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        # What is left in the buffer has nobody to go to.
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()


CHILD = Child()
atexit.register(CHILD.close)
