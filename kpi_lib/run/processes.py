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
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from typing import Any

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1"
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
}
"""Environment of every process that works: the jobs share the cores among themselves,
and a library's threads would be cut in two by a fork."""

WARM = "KPI_WARM"
"""Environment variable with what `kpi_lib.run.warm` reads beforehand, as JSON."""

STEP_LIMIT = 300
"""Seconds that a step of a job, a cell of its notebook, may take: a month of 400
exports is cleaned in under 30."""

JOB_LIMIT = 4 * STEP_LIMIT
"""Seconds that all steps of a job may take together."""

START_LIMIT = 120
"""Seconds until a process must have begun, all that it needs imported before: 4 do."""

END_LIMIT = 10
"""Seconds until the system must have told of a process that was ended."""

A_WORKER = 400 << 20
"""Bytes that a job may take."""

_HOW = "forkserver" if sys.platform == "linux" else "spawn"
_SAFE = "PYTHONSAFEPATH"  # a file in the current folder must not stand for a library
_PR_SET_PDEATHSIG = 1
_STARTING = threading.Lock()
_SERVER_LOST = 255
"""Exit code that multiprocessing gives a process whose own it cannot know any more."""

Call = Callable[[], Any]

_starter: Connection | None = None
"""In a process that was started here: the way to whoever started it."""


class Died(Exception):
    """
    A process was at its end, or ended for being late, before it had answered.

    ``step`` is what it was at, from 1, or 0; ``killed`` is True if something else took
    it, be it for lack of memory: it may try again.
    """

    def __init__(self, step: int, name: str, why: str, killed: bool = False) -> None:
        super().__init__(step, name, why, killed)
        self.step, self.name, self.why, self.killed = step, name, why, killed


class FreshProcesses:
    """
    Calls functions, each in a process of its own, so many at once.

    Limits are in seconds: ``limit`` for each step of a call (see `reached`), ``start``
    until it begins; over everything it has `JOB_LIMIT`.
    ``warm`` is what `kpi_lib.run.warm` reads once for all; where this process had
    others before, with other months, each call reads them for itself.
    """

    def __init__(
        self,
        workers: int,
        *,
        limit: float = STEP_LIMIT,
        start: float = START_LIMIT,
        warm: Mapping[str, Any] | None = None,
    ) -> None:
        self._limit, self._start = limit, start
        self._warm = json.dumps(warm or {})
        self._context: Any = get_context(_HOW)
        self._threads = ThreadPoolExecutor(workers)
        self._running: set[BaseProcess] = set()
        self._cancelled = False
        if _HOW == "forkserver":
            from multiprocessing import forkserver

            self._context.set_forkserver_preload(["kpi_lib.run.warm"])
            # Here and not in a thread of ours: it ends with the thread that began it.
            with _setting(self._warm):
                forkserver.ensure_running()

    def in_turn(self, calls: Sequence[Call]) -> list[Future[Any]]:
        """
        Call one after another in one process, and give a future for each.

        What is called can be imported; a future raises `Died` if its process did. A
        call that ends its process fails alone: those after it get another one.
        """
        futures: list[Future[Any]] = [Future() for _ in calls]
        thread = self._threads.submit(self._do, futures, calls)
        thread.add_done_callback(partial(_cancel, futures))
        return futures

    def close(self) -> None:
        """End what is called or still to be called."""
        with _STARTING:
            self._cancelled = True
            for process in self._running:
                _end(process)
        self._threads.shutdown(cancel_futures=True)

    def _do(self, futures: Sequence[Future[Any]], calls: Sequence[Call]) -> None:
        waiting = deque(
            (future, call)
            for future, call in zip(futures, calls, strict=True)
            if future.set_running_or_notify_cancel()
        )
        while waiting:
            try:
                for returned, value in self._answers([call for _, call in waiting]):
                    future, _ = waiting.popleft()
                    settle = future.set_result if returned else future.set_exception
                    settle(value)
            except Exception as err:
                future, _ = waiting.popleft()
                future.set_exception(err)

    def _answers(self, calls: Sequence[Call]) -> Iterator[tuple[bool, Any]]:
        """Start a process for some calls; yield whether each returned, and what."""
        try:
            near, process = self._started(calls)
        except (EOFError, OSError):  # what starts them was at its end: once anew
            _end_server()
            try:
                near, process = self._started(calls)
            except (EOFError, OSError) as err:
                raise Died(0, type(err).__name__, "进程没有启动", True) from err
        with near:
            try:
                for _ in calls:
                    yield self._answer(near, process)
            finally:
                with _STARTING:
                    self._running.discard(process)
                    _end(process)

    def _started(self, calls: Sequence[Call]) -> tuple[Connection, BaseProcess]:
        near, far = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(far, calls))
        with far, _setting(self._warm):
            if self._cancelled:
                raise Died(0, "Cancelled", "不再需要")
            with _within(self._start):
                process.start()
            self._running.add(process)
        return near, process

    def _answer(self, near: Connection, process: BaseProcess) -> tuple[bool, Any]:
        step, begun = 0, time.monotonic()
        limit = self._limit
        while ready := connection.wait([near, process.sentinel], limit):
            try:
                # What it told last may have come although it is gone.
                if near not in ready and not near.poll():
                    break
                kind, value = near.recv()
            except (EOFError, OSError):
                break
            if kind != "step":
                return kind == "done", value
            step, left = value, begun + JOB_LIMIT - time.monotonic()
            limit = max(0, min(self._limit, left))
        if not ready:
            took = self._limit if limit == self._limit else JOB_LIMIT
            raise Died(step, "CellTimeoutError", f"超过{took:g}秒没有做完")
        _join(process)
        raise Died(step, "DeadKernelError", *_how(process.exitcode or 0))


def _cancel(futures: Sequence[Future[Any]], thread: Future[None]) -> None:
    """Cancel calls that will never be begun."""
    if thread.cancelled():
        for future in futures:
            future.cancel()
            future.set_running_or_notify_cancel()


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
    with _STARTING:
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


def _work(far: Connection, calls: Sequence[Call]) -> None:
    """Be the process: call one after another and tell what came of each."""
    global _starter
    _starter = far
    if hasattr(os, "setsid"):
        os.setsid()
    die_with_parent()
    threading.Thread(target=_watch, daemon=True).start()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.pop(_SAFE, None)
    os.environ.update(ONE_THREAD)
    for call in calls:
        try:
            # A fork server says nothing of what it could not import: it is told here.
            import kpi_lib.run.warm  # noqa: F401

            answer: tuple[str, Any] = "done", call()
        except Exception as err:
            answer = "raised", err
        try:
            far.send(answer)
        except (pickle.PicklingError, AttributeError, TypeError) as err:
            text = f"{answer[1]!r}: {err}"
            far.send(("raised", RuntimeError(text)))


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
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:  # pragma: no cover - other systems
        cores = os.cpu_count() or 1
    return max(1, min(cores, _memory() // A_WORKER))


def _memory() -> int:
    """Return the bytes free for us, by the system and by our group's limit."""
    free = [1 << 60]
    with contextlib.suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        free.append(int(fields.get("MemAvailable", "").split()[0]) << 10)
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # "max" is no number: no limit
        limit = int((group / "memory.max").read_text("ascii"))
        free.append(limit - int((group / "memory.current").read_text("ascii")))
    return min(free)
