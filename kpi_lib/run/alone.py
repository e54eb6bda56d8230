"""One run at a time in a workspace, and in plain words what keeps one from writing."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import filelock

from kpi_lib.errors import WorkspaceError, of_system
from kpi_lib.held import read_json
from kpi_lib.workspace import STRAY, Workspace, canonical_json, write_atomic


@contextlib.contextmanager
def alone(workspace: Workspace) -> Iterator[None]:
    """
    Hold a workspace's lock in a block; whoever comes second is told who holds it.

    What the system refuses in it, a full disk, a closed folder, is told on one line.
    """
    holder = workspace.lock.with_suffix(".json")
    try:
        workspace.lock.parent.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(workspace.lock, timeout=0):
            since = datetime.now().astimezone().isoformat(" ", "seconds")
            write_atomic(holder, canonical_json({"pid": os.getpid(), "since": since}))
            # What a killed run wrote aside: nobody else writes there now.
            for folder in (workspace.record.parent, workspace.data / "clean"):
                for path in folder.rglob(f"{STRAY}*"):
                    if path.is_file():  # a folder is somebody else's
                        path.unlink(missing_ok=True)
            try:
                yield
            finally:
                holder.unlink(missing_ok=True)
    except filelock.Timeout:
        who = read_json(holder)
        raise WorkspaceError.of(
            f"另一次运行正在进行（进程{who.get('pid', '未知')}，"
            f"开始于{who.get('since', '未知')}）",
            where="reports",
            do="请等它结束",
        ) from None
    except OSError as err:
        where = str(err.filename or "reports")
        with contextlib.suppress(WorkspaceError):
            where = workspace.relative(Path(where))
        raise WorkspaceError((of_system(err, where),)) from err
