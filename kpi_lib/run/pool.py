"""
The processes in which a run's jobs are done.

Jobs go to any ``concurrent.futures.Executor``. Where a fork is safe, ours is one parent
that imports and warms what a report needs and forks a child for every job: nothing is
imported twice, nothing of one job reaches another, and a job that kills its process
loses only itself. Elsewhere processes are started anew.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
)
from itertools import count
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from kpi_lib import inputs
from kpi_lib.errors import printable
from kpi_lib.run import processes
from kpi_lib.run.jobs import (
    Job,
    Outcome,
    refuse,
    work,
)

DIED = "进程中途退出，可能是内存不足"

Call = tuple[int, Callable[..., Any], tuple[Any, ...]]
"""Number of a call, the function, its arguments."""


class Pool:
    """
    An executor for jobs; to be used in a ``with`` block.

    Parameters
    ----------
    workers : int
        Jobs that run at once, at most; of no matter where an executor is given.
    executor : Executor, optional
        Where jobs run instead. Its workers must be processes, and it stays open.
    """

    def __init__(self, workers: int, executor: Executor | None = None) -> None:
        self._workers, self._given = workers, executor
        self._own: Executor | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self._close()

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome]]:
        """
        Run jobs.

        Parameters
        ----------
        jobs : sequence of Job
            In any order.

        Yields
        ------
        Job, Outcome
            As they come in.
        """
        lost: list[Job] = []
        for job, future in self._submitted(jobs):
            if isinstance(future.exception(), BrokenExecutor):
                lost.append(job)
            else:
                yield job, _outcome(job, future)
        # When an executor breaks, all jobs under way are lost. Each gets another go by
        # itself, so that the one that kills is told from those that stood beside it.
        for job in lost:
            self._close()
            for _, future in self._submitted([job]):
                yield job, _outcome(job, future)

    def _submitted(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Future[Outcome]]]:
        futures = {self._submit(job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future

    def _submit(self, job: Job) -> Future[Outcome]:
        executor = self._given or self._own
        if executor is None:
            executor = self._own = _executor(self._workers)
        try:
            return executor.submit(work, job)
        except BrokenExecutor as err:  # by a job before this one
            future: Future[Outcome] = Future()
            future.set_exception(err)
            return future

    def _close(self) -> None:
        if self._own is not None:
            self._own.shutdown(cancel_futures=True)
            self._own = None


def _executor(workers: int) -> Executor:
    if not processes.why_not_fork():
        return WarmExecutor(workers)
    return ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_die_with_parent
    )


def _outcome(job: Job, future: Future[Outcome]) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BrokenExecutor | Died):
        return refuse(job, DIED)
    return refuse(job, f"{type(error).__name__}：{printable(str(error))}")


def _die_with_parent() -> None:
    """End this process when the run is killed: it must not write after it."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


# ------------------------------------------------------------- the warm parent


class Died(Exception):
    """A child ended before it could answer; the others go on."""


class WarmExecutor(Executor):
    """
    Calls functions in children forked from a warm parent, a child for each call.

    Parameters
    ----------
    workers : int
        Children at once, at most.
    """

    def __init__(self, workers: int) -> None:
        near, far = get_context("spawn").Pipe()
        # Started anew and not forked: this process may be anybody's, with threads. Not
        # by multiprocessing, which would run the caller's main module once more.
        self._process = subprocess.Popen(
            [
                *(
                    sys.executable,
                    "-P",
                    "-c",
                    "from kpi_lib.run import pool; pool.serve()",
                ),
                *map(str, (far.fileno(), workers, os.getpid())),
            ],
            stdin=subprocess.DEVNULL,
            pass_fds=[far.fileno()],
            # numpy asks once, when it is imported, how many threads it may have.
            env={**os.environ, **processes.ONE_THREAD},
        )
        far.close()
        self._parent = near
        with contextlib.suppress(OSError):  # it ended: the listener sees it too
            near.send(inputs.kept())
        self._open: dict[int, Future[Any]] = {}
        self._numbers, self._lock, self._ended = count(), threading.Lock(), False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def submit(
        self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Future[Any]:
        """
        Call a function in a child.

        Parameters
        ----------
        fn : callable
            Importable by its name.
        *args
            What it is called with; whatever a `Job` among them reads of its month is
            read before the fork.
        **kwargs
            Are not taken.

        Returns
        -------
        Future
            Raises ``Died`` if its child did, and ``BrokenExecutor`` if the parent did.

        Raises
        ------
        BrokenExecutor
            If the parent died before.
        TypeError
            For a named argument.
        """
        if kwargs:
            raise TypeError("positional arguments only")
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:
            if self._ended:
                raise BrokenExecutor(DIED)
            number = next(self._numbers)
            self._open[number] = future
            with contextlib.suppress(OSError):  # the listener sees it too
                self._parent.send((number, fn, args))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """
        End the parent, and with it whatever it still does.

        Parameters
        ----------
        wait : bool
            Let it finish what was submitted.
        cancel_futures : bool
            Do not.
        """
        if wait and not cancel_futures:
            for future in [*self._open.values()]:
                future.exception()
        self._process.kill()
        self._process.wait()
        self._listener.join()
        self._parent.close()

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                number, done, value = self._parent.recv()
                future = self._open.pop(number)
                if done:
                    future.set_result(value)
                else:
                    future.set_exception(value)
        with self._lock:
            self._ended = True
        for future in self._open.values():
            future.set_exception(BrokenExecutor(DIED))


def serve() -> None:
    """
    Be the warm parent: fork a child for each call that comes, until the run ends.

    A command of its own; its arguments are the descriptor of the connection to the run,
    the children at once, and the process number of the run.
    """
    descriptor, workers, parent = map(int, sys.argv[1:])
    processes.die_with_parent(parent)
    # A key that interrupts the run reaches us too: the run itself ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Nothing of what is imported is garbage; to look for it takes a tenth of the time.
    gc.disable()
    with processes.without(processes.SLOW):
        from kpi_lib.run import warm
    run = Connection(descriptor)
    inputs.keep(run.recv())
    warm.up()
    gc.enable()
    waiting: deque[Call] = deque()
    under_way: dict[Connection, tuple[int, int]] = {}
    while True:
        ready = connection.wait([run, *under_way])
        if run in ready:
            try:
                waiting.append(run.recv())
            except EOFError:
                return
        for told in [told for told in under_way if told in ready]:
            number, pid = under_way.pop(told)
            run.send((number, *_answer(told, pid)))
        while waiting and len(under_way) < workers:
            number, fn, args = waiting.popleft()
            for job in args:
                if isinstance(job, Job):
                    warm.inputs(job)
            told, pid = _forked(fn, args)
            under_way[told] = number, pid


def _forked(fn: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Connection, int]:
    parent = os.getpid()
    near, far = get_context("fork").Pipe(duplex=False)
    pid = os.fork()
    if not pid:
        _child(fn, args, far, parent)
    far.close()
    return near, pid


def _child(
    fn: Callable[..., Any], args: tuple[Any, ...], told: Connection, parent: int
) -> NoReturn:
    try:
        processes.die_with_parent(parent)
        try:
            told.send((True, fn(*args)))
        except Exception as err:
            told.send((False, err))
    finally:
        os._exit(0)


def _answer(told: Connection, pid: int) -> tuple[bool, Any]:
    """Return what a child came to; that it died if it could not tell."""
    answer: tuple[bool, Any] = False, Died(DIED)
    with told, contextlib.suppress(EOFError, OSError):
        answer = told.recv()
    os.waitpid(pid, 0)
    return answer
