"""
The same jobs by a Dask cluster: the only home of `distributed` (the extra `cluster`).

A worker does a job as this machine would, in a process of its own. It has the workspace
under the same path, by a shared file system, and this very code.
"""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from contextlib import contextmanager
from functools import partial
from typing import Any

from kpi_lib.errors import WorkspaceError
from kpi_lib.held import read_json
from kpi_lib.run import processes, record
from kpi_lib.run.processes import Item
from kpi_lib.workspace import Workspace

WORKSPACE = "工作区"  # Beside code and versions, what must be alike
SHARE = "请把工作区放在共享文件系统上，各处路径相同"
INSTALL = "请在那台机器上装同一个提交和requirements.lock，再启动工作进程"


@contextmanager
def connected(address: str, workspace: Workspace) -> Iterator[Callable[..., Any]]:
    """Give a cluster's way to do the jobs of a run, called as `processes.each` is."""
    try:
        from distributed import Client
    except ImportError as err:
        raise WorkspaceError.of(
            "没有安装distributed", do='请运行pip install "kpi-lib[cluster]"'
        ) from err
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # told in a line below
    start = f"dask worker {address} --nthreads 1"
    try:
        client = Client(address, timeout=10, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as err:
        raise WorkspaceError.of(
            "连不上调度器",
            where=address,
            expected="tcp://主机:端口",
            do=f"请先运行dask scheduler，再在每台机器上运行{start}",
        ) from err
    with client:
        ours = _standing(workspace)
        # A worker of other code may not even have this function.
        workers = client.run(_standing, workspace, on_error="return")
        if not workers:
            raise WorkspaceError.of("没有工作进程", where=address, do=f"请运行{start}")
        for worker, theirs in workers.items():
            known = theirs if isinstance(theirs, dict) else {}
            if off := [name for name in ours if known.get(name) != ours[name]]:
                what = f"工作进程的{off[0]}与这里不同"
                do = SHARE if off == [WORKSPACE] else INSTALL
                raise WorkspaceError.of(what, where=worker, do=do)
        yield partial(_each, client.get_executor(pure=False))  # type: ignore[no-untyped-call]


def _standing(workspace: Workspace) -> dict[str, object]:
    """Tell, here or of a worker, its code and versions, and the run that it sees."""
    return {
        "kpi_lib": record.package(),
        **record.versions(),
        WORKSPACE: read_json(workspace.lock.with_suffix(".json")),
    }


def _each(
    executor: Any,
    call: Callable[[Item], Any],
    turns: Iterable[Sequence[Item]],
    **options: Any,
) -> Iterator[tuple[Item, Any]]:
    """Hand all turns out, which the scheduler divides; yield what comes of them."""
    given = {executor.submit(_there, call, [*turn], options): turn for turn in turns}
    for future in as_completed(given):
        try:
            answers = future.result()
        except Exception as err:  # of the cluster: whatever a job raises is an answer
            why = f"集群断开了，或工作进程一再死掉（{type(err).__name__}）"
            lost = processes.Died(0, "", f"{why}。请再运行一次，只做没有做完的。")
            answers = [(item, lost) for item in given[future]]
        yield from answers


def _there(
    call: Callable[[Item], Any], turn: Sequence[Item], options: Mapping[str, Any]
) -> list[tuple[Item, Any]]:
    """Do a turn on a worker, as this machine would."""
    # A worker that a nanny starts again may not begin processes, unless told otherwise.
    multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
    return [*processes.each(call, [turn], **options)]
