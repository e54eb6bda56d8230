"""
What a process must be told of the system it runs on, and nothing of notebooks.

Only Linux forks here: macOS has libraries that break in a forked child, Windows has no
fork at all.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1"
    for library in ("OMP", "OPENBLAS", "MKL", "VECLIB_MAXIMUM", "NUMEXPR")
}
"""Environment of every process that works: the jobs share the cores among themselves,
and a library's threads would be cut in two by a fork."""

SLOW = "rfc3987_syntax"
"""Where jsonschema finds it, it takes a second to compile a grammar of web addresses.
No notebook is checked by that."""

A_WORKER = 400 << 20
"""Bytes that a worker and the notebook under it may take."""

_PR_SET_PDEATHSIG = 1


def why_not_fork() -> str:
    """Say why no process is forked on this system; empty where it is safe."""
    return "" if sys.platform == "linux" else f"{sys.platform}上fork不安全"


def die_with_parent(parent: int) -> None:
    """
    End this forked process as soon as its parent is gone, whatever took it.

    Parameters
    ----------
    parent : int
        The parent's process number, asked for before the fork.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before the line above
        os._exit(1)


@contextlib.contextmanager
def without(module: str) -> Iterator[None]:
    """
    Let what is imported in a block believe that an optional module is not there.

    Parameters
    ----------
    module : str
        Its name; not imported yet.
    """
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # as Python documents it
    try:
        yield
    finally:
        del sys.modules[module]


def threads() -> int:
    """Return the threads of this process that the system knows, of all libraries."""
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - names are not wanted


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
        known = dict(line.split(":", 1) for line in lines)
        free.append(int(known.get("MemAvailable", "").split()[0]) << 10)
    group = Path("/sys/fs/cgroup")
    with contextlib.suppress(OSError, ValueError):  # "max" is no number: no limit
        limit = int((group / "memory.max").read_text("ascii"))
        free.append(limit - int((group / "memory.current").read_text("ascii")))
    return min(free)
