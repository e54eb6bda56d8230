"""A real scheduler and real workers on this machine give the bytes of a run alone."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future
from pathlib import Path
from typing import Any

import pytest
from distributed import Client

from kpi_lib.__main__ import main
from kpi_lib.errors import WorkspaceError
from kpi_lib.run import cluster, record, runner
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.tiny_workspace import MONTH

pytestmark = pytest.mark.notebook

AT = re.compile(r"(tcp://127\.0\.0\.1:\d+)")


@contextlib.contextmanager
def started(*words: str, cwd: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a program of Dask; give the first address that it tells of."""
    process = subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        cwd=cwd,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stderr is not None
        lines = (AT.search(line) for line in process.stderr)
        yield process, next(found[1] for found in lines if found)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    words = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with started(*words, cwd=tmp_path_factory.mktemp("scheduler")) as (_, address):
        yield address


def worker(
    address: str, cwd: Path
) -> contextlib.AbstractContextManager[tuple[subprocess.Popen[str], str]]:
    words = ("worker", address, "--host", "127.0.0.1", "--nthreads", "1")
    return started(*words, "--no-dashboard", cwd=cwd)


def made(place: Workspace) -> dict[str, bytes]:
    folders = (place.reports(MONTH), place.clean(MONTH))
    return {
        place.relative(path): path.read_bytes()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "run.json"
    }


def test_two_workers_of_whom_one_is_killed_give_the_bytes_of_a_run_alone(
    scheduler: str, tmp_path: Path
) -> None:
    alone = tiny_workspace.build(tmp_path / "alone" / "w")
    runner.run(alone, MONTH)
    place = tiny_workspace.build(tmp_path / "cluster" / "w")
    killed: list[int] = []
    with worker(scheduler, tmp_path), worker(scheduler, tmp_path):
        with Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(2)
            first = min(client.run(os.getpid).values())

        def kill(*_: object) -> None:
            if not killed:
                killed.append(first)
                os.kill(first, signal.SIGKILL)

        outcomes = runner.run(place, MONTH, scheduler=scheduler, progress=kill)

    assert killed
    assert {one.state for one in outcomes} == {"made"}
    assert made(place) == made(alone)


def test_a_cluster_without_workers_is_one_line(scheduler: str, tmp_path: Path) -> None:
    with (
        pytest.raises(WorkspaceError, match="没有工作进程。请运行dask worker tcp://"),
        cluster.connected(scheduler, Workspace(tmp_path)),
    ):
        pass


def refused(scheduler: str, place: Workspace, words: str) -> None:
    with Client(scheduler, set_as_default=False) as client:
        client.wait_for_workers(1)
    with pytest.raises(WorkspaceError, match=words) as caught:
        runner.run(place, MONTH, scheduler=scheduler)

    assert "\n" not in str(caught.value)
    assert not place.reports(MONTH).exists()


def test_a_worker_of_other_code_or_without_the_workspace_is_refused(
    scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    with worker(scheduler, tmp_path):
        with monkeypatch.context() as patched:
            # As where the same path leads to another folder, in which no run begins.
            patched.setattr(cluster, "read_json", lambda path: {"pid": 0})
            refused(scheduler, place, "工作区与这里不同。请把工作区放在共享")
        ours = {**record.versions(), "pandas": "0"}
        monkeypatch.setattr(record, "versions", lambda: ours)
        refused(scheduler, place, "pandas与这里不同。请在那台机器上装同一个提交")
        monkeypatch.setattr(record, "package", lambda: "0")
        refused(scheduler, place, "kpi_lib与这里不同。请在那台机器上装同一个提交")


def test_no_scheduler_is_one_line_and_exit_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    nobody = "tcp://127.0.0.1:9"
    words = ["run", MONTH, "--scheduler", nobody, "--workspace", str(place.root)]
    with pytest.raises(SystemExit) as caught:
        main(words)
    printed = "".join(capsys.readouterr())

    assert caught.value.code == 1
    assert f"{nobody}：连不上调度器；应为tcp://主机:端口。" in printed
    assert printed.count("\n") == 1
    assert not place.reports(MONTH).exists()


def test_jobs_that_a_lost_cluster_was_at_are_told_in_a_line() -> None:
    lost: Future[list[int]] = Future()
    lost.set_exception(CancelledError())

    class Lost(Executor):
        def submit(self, *_: object) -> Any:  # type: ignore[override]
            return lost

    each = cluster._each(Lost(), abs, [[-1, -2]], workers=1)

    told = [(item, str(answer)) for item, answer in each]
    why = "集群断开了，或工作进程一再死掉（CancelledError）"
    words = f"{why}。请再运行一次，只做没有做完的。"
    assert told == [(-1, words), (-2, words)]
