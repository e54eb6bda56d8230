"""
Runs that are killed: at the n-th file that is opened or renamed, or a moment later.

As a script it is such a run, ``python kills.py ROOT FORCE``. What it and all processes
under it open and rename is counted by kill_site/sitecustomize.py, which Python imports
before anything else.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from kpi_lib.run import runner
from kpi_lib.workspace import STRAY, Workspace

MONTH = "2026-10"
ROOT = Path(__file__).parents[1]
SITE = Path(__file__).with_name("kill_site")
WRITES = 38
"""Files that a run writes and renames, about."""

SLOW = 120
"""Seconds that a run may take: many times what it does."""


def contents(place: Workspace) -> dict[str, bytes]:
    """Return every file but hidden ones, without the timings, which may differ."""
    found = {
        place.relative(path): path.read_bytes()
        for path in sorted(place.root.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    name = f"reports/{MONTH}/run.json"
    if name in found:
        run = {**json.loads(found[name]), "timings": 0}
        found[name] = json.dumps(run).encode()
    return found


def torn(place: Workspace) -> list[str]:
    """Return the files that are there under their name and not whole."""
    return [
        place.relative(path)
        for folder in (place.root / "reports", place.data / "clean")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.name.startswith(STRAY) and not _whole(path)
    ]


def _whole(path: Path) -> bool:
    import pandas as pd  # a run that is to be killed looks at no table

    try:
        if path.suffix in (".json", ".ipynb"):
            json.loads(path.read_text("utf-8"))
        elif path.suffix == ".jsonl":
            [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        elif path.suffix == ".parquet":
            pd.read_parquet(path, use_threads=False)
        elif path.suffix == ".html":
            return path.read_text("utf-8").rstrip().endswith("</html>")
    except (ValueError, OSError):
        return False
    return True


def killed(place: Workspace, *, force: bool, at: int, later: float = 0) -> bool:
    """
    Start a run and kill it at its n-th write, or so many seconds later.

    Returns whether it was still at work.
    """
    counter = place.root.with_suffix(".count")
    counter.write_bytes(b"")
    settings = {
        "PYTHONPATH": os.pathsep.join([str(SITE), str(ROOT)]),
        "KILLS_ROOT": str(place.root),
        "KILLS_COUNTER": str(counter),
        "KILLS_AT": str(0 if later else at),
    }
    run = subprocess.Popen(
        [sys.executable, __file__, str(place.root), str(int(force))],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + SLOW
    while run.poll() is None and time.monotonic() < end:
        if later and counter.stat().st_size >= at:
            time.sleep(later)
            break
        time.sleep(0.01)
    run.kill()
    run.wait()
    return run.returncode == -signal.SIGKILL


def kills(place: Workspace, number: int, seed: int) -> Iterator[bool]:
    """
    Kill so many runs, each of which goes on from where the one before ended.

    They lie apart over the writes of a run, at chance within their parts; every other
    one falls between two writes.
    """
    chance = random.Random(seed)
    parts = chance.sample(range(number), number)
    for n, part in enumerate(parts):
        first, last = (1 + (part + end) * WRITES // number for end in (0, 1))
        yield killed(
            place,
            force=chance.random() < 0.5,
            at=chance.randrange(first, max(first + 1, last)),
            later=chance.uniform(0.005, 0.1) if n % 2 else 0,
        )


def _run() -> None:
    root, force = sys.argv[1:3]
    runner.run(Workspace(Path(root)), MONTH, force=force == "1", workers=2)


if __name__ == "__main__":
    _run()
