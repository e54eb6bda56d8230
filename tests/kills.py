"""
Runs that are killed: at a moment, or before the n-th file that is opened or renamed.

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
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from kpi_lib.run import runner
from kpi_lib.workspace import STRAY, Workspace

MONTH = "2026-10"
ROOT = Path(__file__).parents[1]
SITE = Path(__file__).with_name("kill_site")
SLOW = 60
"""Seconds that a run may take: ten times what it does."""


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


def killed(place: Workspace, *, force: bool, at: int = 0, after: float = SLOW) -> bool:
    """Start a run and kill it; return whether it was still at work."""
    counter = place.root.with_suffix(".count")
    counter.write_bytes(b"")
    settings = {
        "PYTHONPATH": os.pathsep.join([str(SITE), str(ROOT)]),
        "KILLS_ROOT": str(place.root),
        "KILLS_COUNTER": str(counter),
        "KILLS_AT": str(at),
    }
    run = subprocess.Popen(
        [sys.executable, __file__, str(place.root), str(int(force))],
        env={**os.environ, **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        run.wait(after)
    except subprocess.TimeoutExpired:
        run.kill()
        run.wait()
    return run.returncode == -signal.SIGKILL


def kills(place: Workspace, number: int, seed: int) -> Iterator[bool]:
    """Kill so many runs, at chance; each goes on from where the one before ended."""
    chance = random.Random(seed)
    for _ in range(number):
        force = chance.random() < 0.5
        if chance.random() < 0.5:
            yield killed(place, force=force, at=chance.randint(1, 40))
        else:
            yield killed(place, force=force, after=chance.uniform(0.5, 5))


def _run() -> None:
    root, force = sys.argv[1:3]
    runner.run(Workspace(Path(root)), MONTH, force=force == "1", workers=2)


if __name__ == "__main__":
    _run()
