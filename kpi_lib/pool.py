"""
The processes in which a run's jobs are done, a process for each job.

Where a fork is safe, one parent imports and warms what a report needs and forks a child
for every job: nothing is imported twice, nothing of one job reaches another, and a job
that kills its process loses only itself. Elsewhere processes are started anew.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import NoReturn

from kpi_lib import processes
from kpi_lib.errors import printable
from kpi_lib.jobs import Job, Outcome, refuse, work

DIED = "进程中途退出，可能是内存不足"


class Pool:
    """
    Processes in which jobs run; to be used in a ``with`` block.

    Parameters
    ----------
    workers : int
        Jobs that run at once, at most.
    """

    def __init__(self, workers: int) -> None:
        self._way = _Started(workers) if processes.why_not_fork() else _Warm(workers)

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self._way.close()

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
        if jobs:
            yield from self._way.run(jobs)


class _Warm:
    """A warm parent in a process of its own, started when a job is there to be done."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._parent: Connection | None = None

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome]]:
        left = {job.name: job for job in jobs}
        for _ in range(2):  # a parent that was killed is started once more
            try:
                parent = self._running()
                for job in left.values():
                    parent.send(job)
                while left:
                    name, outcome = parent.recv()
                    job = left.pop(name)
                    yield job, outcome or refuse(job, DIED)
            except (EOFError, OSError):
                self.close()
        for job in left.values():
            yield job, refuse(job, DIED)

    def close(self) -> None:
        """End the parent, and with it whatever it still does."""
        if self._parent is not None:
            self._parent.close()
            self._process.kill()
            self._process.join()
            self._parent = None

    def _running(self) -> Connection:
        if self._parent is None:
            # Started anew and not forked: this process may be anybody's, with threads.
            context = get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(
                target=_serve, args=(theirs, self._workers, os.getpid())
            )
            # numpy asks once, when it is imported, how many threads it may have.
            before = {name: os.environ.get(name) for name in processes.ONE_THREAD}
            os.environ.update(processes.ONE_THREAD)
            try:
                self._process.start()
            finally:
                for name, value in before.items():
                    os.environ.pop(name)
                    if value is not None:
                        os.environ[name] = value
            theirs.close()
            self._parent = ours
        return self._parent


def _serve(run: Connection, workers: int, parent: int) -> None:
    """Be the warm parent: fork a child for each job that comes, until the run ends."""
    processes.die_with_parent(parent)
    # A key that interrupts the run reaches us too: the run itself ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from kpi_lib import warm

    warm.up()
    waiting: deque[Job] = deque()
    under_way: dict[Connection, tuple[Job, int]] = {}
    while True:
        ready = connection.wait([run, *under_way])
        if run in ready:
            try:
                waiting.append(run.recv())
            except EOFError:
                return
        for told in [told for told in under_way if told in ready]:
            job, pid = under_way.pop(told)
            run.send((job.name, _taken(told, pid)))
        while waiting and len(under_way) < workers:
            job = waiting.popleft()
            warm.inputs(job)
            told, pid = _forked(job)
            under_way[told] = job, pid


def _forked(job: Job) -> tuple[Connection, int]:
    parent = os.getpid()
    near, far = get_context("fork").Pipe(duplex=False)
    pid = os.fork()
    if not pid:
        _child(job, far, parent)
    far.close()
    return near, pid


def _child(job: Job, told: Connection, parent: int) -> NoReturn:
    try:
        processes.die_with_parent(parent)
        told.send(work(job))
    finally:
        os._exit(0)


def _taken(told: Connection, pid: int) -> Outcome | None:
    """Return what a child came to; None if it died before it could tell."""
    outcome: Outcome | None = None
    with told, contextlib.suppress(EOFError, OSError):
        outcome = told.recv()
    os.waitpid(pid, 0)
    return outcome


class _Started:
    """Processes started anew: where there is no safe fork."""

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._pool: ProcessPoolExecutor | None = None

    def run(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome]]:
        lost: list[Job] = []
        for job, future in self._submitted(jobs):
            if isinstance(future.exception(), BrokenProcessPool):
                lost.append(job)
            else:
                yield job, _outcome(job, future)
        # When one process dies, all jobs under way are lost. Each gets another go by
        # itself, so that the one that kills is told from those that stood beside it.
        for job in lost:
            self.close()
            for _, future in self._submitted([job]):
                yield job, _outcome(job, future)
        if lost:
            self.close()

    def _submitted(self, jobs: Sequence[Job]) -> Iterator[tuple[Job, Future[Outcome]]]:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers,
                mp_context=get_context("spawn"),
                initializer=_die_with_parent,
            )
        futures = {self._pool.submit(work, job): job for job in jobs}
        for future in as_completed(futures):
            yield futures[future], future

    def close(self) -> None:
        """End the processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


def _outcome(job: Job, future: Future[Outcome]) -> Outcome:
    error = future.exception()
    if error is None:
        return future.result()
    died = isinstance(error, BrokenProcessPool)
    return refuse(
        job, DIED if died else f"{type(error).__name__}：{printable(str(error))}"
    )


def _die_with_parent() -> None:
    """End this process when the run is killed: it must not write after it."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            connection.wait([parent.sentinel])
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
