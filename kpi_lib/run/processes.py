"""
A fresh process for every job, forked from one that has imported and used it all.

What a job does to its process ends with it; only jobs that share what they read are
done in turn by one. Where processes are not forked (macOS, Windows) the same is started
anew, and takes longer.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any, Generic, TypeVar

from kpi_lib.errors import KpiError

# Environment of every process that works: the jobs share the cores among themselves,
# and a library's threads would be cut in two by a fork.
ONE_THREAD = {
    f"{library}_NUM_THREADS": "1"
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
}

WARM = "KPI_WARM"  # Variable with what `kpi_lib.run.warm` reads beforehand, as JSON

# Seconds that a step of a job, a cell of its notebook, may take: a month of 400 exports
# is cleaned in under 30.
STEP_LIMIT = 300

JOB_LIMIT = 4 * STEP_LIMIT

START_LIMIT = 120  # Seconds to begin, all that is needed imported before: 4 do

END_LIMIT = 10  # Seconds until the system must have told of a process that was ended

A_WORKER = 400 << 20

_HOW = "forkserver" if sys.platform == "linux" else "spawn"
_SAFE = "PYTHONSAFEPATH"  # a file in the current folder must not stand for a library
_PR_SET_PDEATHSIG = 1
_SERVER_LOST = 255  # multiprocessing's exit code of a process that it lost

Item = TypeVar("Item")

# In a process that was started here: the way to whoever started it.
_starter: Connection | None = None


class Died(KpiError):
    """
    A process was at its end, or ended for being late, before it had answered.

    ``step`` is what it was at, from 1, or 0; ``killed`` is True if something else took
    it, be it for lack of memory: it may try again.
    """

    def __init__(self, step: int, name: str, why: str, killed: bool = False) -> None:
        super().__init__(step, name, why, killed)
        self.step, self.name, self.why, self.killed = step, name, why, killed

    def __str__(self) -> str:
        if not self.step:
            return self.why
        return f"第{self.step}个代码格出错，{self.name}：{self.why}"


def each(
    call: Callable[[Item], Any],
    turns: Iterable[Sequence[Item]],
    *,
    workers: int,
    warm: Mapping[str, Any] | None = None,
) -> Iterator[tuple[Item, Any]]:
    """
    Call for each item, a process a turn; yield what was returned or raised as it comes.

    So many turns are at work at once, the items of each one after another: one that
    ends its process, or is late (`Died`), fails alone: those after it get another one.
    ``warm`` is what `kpi_lib.run.warm` reads once for all; where this process began
    others before with other months, each call reads them for itself. Whoever stops
    asking ends what is at work.
    """
    waiting = [_Turn(call, deque(items)) for items in turns if items]
    try:
        while waiting:
            for turn in waiting[:workers]:
                if turn.process is None:
                    try:
                        turn.begin(json.dumps(warm or {}))
                    except Exception as err:
                        yield turn.items.popleft(), err
            working = [turn for turn in waiting if turn.process]
            for turn, answer in _answers(working):
                yield turn.items.popleft(), answer
                if not turn.items:
                    turn.end()
            waiting = [turn for turn in waiting if turn.items]
    finally:
        for turn in waiting:
            turn.end()


def _answers(working: Sequence[_Turn[Item]]) -> Iterator[tuple[_Turn[Item], Any]]:
    """Wait until one has something to tell or is late; yield what is an answer."""
    if working:
        ways = [way for turn in working for way in (turn.near, turn.process.sentinel)]
        until = min(turn.until for turn in working)
        ready = connection.wait(ways, max(0, until - time.monotonic()))
    for turn in working:
        try:
            kind, value = turn.told(ready)
        except Exception as err:
            turn.end()
            kind, value = "answer", err
        if kind == "answer":
            yield turn, value


class _Turn(Generic[Item]):
    """Items that share a process, and how far it is with the first of them."""

    process: Any = None
    near: Connection

    def __init__(self, call: Callable[[Item], Any], items: deque[Item]) -> None:
        self._call, self.items = call, items

    def begin(self, warm: str) -> None:
        """Start a process for the items that are left."""
        try:
            self._start(warm)
        except (EOFError, OSError):  # what starts them was at its end: once anew
            _end_server()
            try:
                self._start(warm)
            except (EOFError, OSError) as err:
                raise Died(0, type(err).__name__, "进程没有启动", True) from err
        self._next()

    def _start(self, warm: str) -> None:
        context: Any = get_context(_HOW)
        if _HOW == "forkserver":
            context.set_forkserver_preload(["kpi_lib.run.warm"])
        near, far = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(far, self._call, [*self.items]))
        with far, _setting(warm), _within(START_LIMIT):
            process.start()
        self.near, self.process = near, process

    def _next(self) -> None:
        self._step, self._begun = 0, time.monotonic()
        self.until = self._begun + STEP_LIMIT

    def told(self, ready: Sequence[object]) -> tuple[str, Any]:
        """Return what the process told, if anything; raise if it died or is late."""
        try:
            # What it told last may have come although it is gone.
            gone = self.process.sentinel in ready
            if self.near in ready or (gone and self.near.poll()):
                kind, value = self.near.recv()
                if kind == "step":
                    self._step, now = value, time.monotonic()
                    self.until = min(now + STEP_LIMIT, self._begun + JOB_LIMIT)
                else:
                    self._next()
                return kind, value
        except (EOFError, OSError):
            gone = True
        if gone:
            _join(self.process)
            how = _how(self.process.exitcode or 0)
            raise Died(self._step, "DeadKernelError", *how)
        if self.until > time.monotonic():
            return "nothing", None
        took = JOB_LIMIT if self.until == self._begun + JOB_LIMIT else STEP_LIMIT
        raise Died(self._step, "CellTimeoutError", f"超过{took:g}秒没有做完")

    def end(self) -> None:
        """End the process, if there is one, and what it left running."""
        if self.process is not None:
            self.near.close()
            _end(self.process)
            self.process = None


def reached(step: int) -> None:
    """Tell whoever started this process which step begins; 0 when the last is done."""
    if _starter is not None:
        _starter.send(("step", step))


def _how(code: int) -> tuple[str, bool]:
    """Say how a process ended, and whether it may try again."""
    if code == _SERVER_LOST:
        return "进程中途退出，可能是内存不足", True
    if code >= 0:
        return f"子进程自己退出，退出码{code}", False
    name = signal.Signals(-code).name
    killed = name == "SIGKILL"
    return f"子进程被{name}结束{'，可能是内存不足' if killed else ''}", killed


def _end(process: BaseProcess) -> None:
    """End a process and what it started and left running."""
    if process.pid is not None and hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
    _join(process)


def _join(process: BaseProcess) -> None:
    """Wait for a process that is at its end; who should tell of it may be stuck."""
    process.join(END_LIMIT)
    if process.is_alive():
        _end_server()
        process.join(END_LIMIT)


@contextlib.contextmanager
def _within(seconds: float) -> Iterator[None]:
    """End what starts processes if it does not within a time; it is begun again."""
    timer = threading.Timer(seconds, _end_server)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _end_server() -> None:
    if _HOW == "forkserver":
        from multiprocessing import forkserver

        # Nothing else tells it: whoever asks one that was stopped waits for ever.
        pid = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
        with contextlib.suppress(ProcessLookupError, ChildProcessError, TypeError):
            os.kill(pid, signal.SIGKILL)
            # Left to be taken note of by whoever begins it again.
            os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)


@contextlib.contextmanager
def _setting(warm: str) -> Iterator[None]:
    """Let what is started in a block have its environment, and not run our main."""
    ours = {**ONE_THREAD, _SAFE: "1", WARM: warm}
    before = {name: os.environ[name] for name in ours if name in os.environ}
    main = sys.modules["__main__"]
    os.environ.update(ours)
    # multiprocessing would import a caller's script once more, which runs it if it
    # has no guard; there is no other way to tell it not to.
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
        for name in ours.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)


def _work(far: Connection, call: Callable[[Item], Any], items: Sequence[Item]) -> None:
    """Be the process: call for one after another and tell what came of each."""
    global _starter
    _starter = far
    if hasattr(os, "setsid"):
        os.setsid()
    die_with_parent()
    threading.Thread(target=_watch, daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.pop(_SAFE, None)
    os.environ.update(ONE_THREAD)
    for item in items:
        try:
            # A fork server says nothing of what it could not import: it is told here.
            import kpi_lib.run.warm  # noqa: F401

            answer = call(item)
        except Exception as err:
            answer = err
        try:
            far.send(("answer", answer))
        except (pickle.PicklingError, AttributeError, TypeError) as err:
            far.send(("answer", RuntimeError(f"{answer!r}: {err}")))


def die_with_parent() -> None:
    """Let the system end this process with the one that forked it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _watch() -> None:
    """End this process with the run, also where the system does not, or did before."""
    if parent := parent_process():
        connection.wait([parent.sentinel])
        os._exit(1)


def workers() -> int:
    """Return the jobs that should run at once: a core each, less if memory is short."""
    import psutil  # type: ignore[import-untyped]

    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # pragma: no cover - other systems
        cores = os.cpu_count() or 1
    free: int = psutil.virtual_memory().available
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # "max" is no number: no limit
        limit = int((group / "memory.max").read_text("ascii"))
        free = min(free, limit - int((group / "memory.current").read_text("ascii")))
    return max(1, min(cores, free // A_WORKER))
