"""
A month's reports: `kpi run` against what a user would do, and against the limit.

    .venv/bin/python bench/report.py [--quick] [--rounds 5]

Per round in turn, whole processes seen from outside, the same notebook, operators and
tables: a plain loop of papermill and nbconvert (3 operators), the loop two at a time
(6), `kpi run` (20), and the same sections, page and files by plain functions in two
forked processes without any notebook (20). Before anything is timed, the tool's
notebook must equal the loop's. Then a large team: all of it, nothing changed, one row
changed; and the seconds a report takes in teams of 20, 200 and 600. Prints a line for
each round, a table of ratios and one line of JSON; ends with 1 if a floor is not
reached.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import functools
import inspect
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import team

from kpi_lib.run import processes
from kpi_lib.workspace import Workspace

BIN = Path(sys.executable).parent
WORKERS = 2
ALONE, TWO, ALL = 3, 6, 20
BESIDE = "b: CPU of kpi run beside that of its charts, s a report"
LARGEST = "growth: a report in the largest team / in the smallest"
FLOORS = {
    "a: plain loop / kpi run": (7, "at least"),
    "a: loop two at a time / kpi run": (3.5, "at least"),
    "b: kpi run / limit": (1.35, "at most"),
    BESIDE: (0.15, "at most"),
    "c: nothing changed / full run": (1 / 50, "at most"),
    "e: MiB a worker": (400, "at most"),
    LARGEST: (1.25, "at most"),
}


def loop(place: Workspace, operators: list[str], at_once: int) -> None:
    """Run papermill and nbconvert for each operator, so many at a time."""
    script = (
        '"$0/papermill" -k python3 notebooks/3-appraisal.ipynb "loop/$1.ipynb"'
        f' -p month {team.MONTH} -p operator "$1" --no-progress-bar >/dev/null 2>&1'
        ' && "$0/jupyter" nbconvert --to html --no-input "loop/$1.ipynb"'
        " >/dev/null 2>&1"
    )
    (place.root / "loop").mkdir(exist_ok=True)
    subprocess.run(
        ["xargs", "-P", str(at_once), "-I{}", "sh", "-c", script, str(BIN), "{}"],
        input="\n".join(operators),
        text=True,
        cwd=place.root,
        check=True,
    )


def tool(place: Workspace, *more: str) -> None:
    """Make every report that is not there."""
    subprocess.run(
        [BIN / "kpi", "run", team.MONTH, "--workers", str(WORKERS), *more],
        cwd=place.root,
        check=True,
        stdout=subprocess.DEVNULL,
    )


def afresh(place: Workspace) -> None:
    shutil.rmtree(place.root / "reports", ignore_errors=True)
    tool(place)


def limit(place: Workspace, operators: list[str]) -> float:
    """Make the same pages by plain functions; return the CPU seconds of the charts."""
    done = subprocess.run(
        [sys.executable, __file__, "--limit", *operators],
        cwd=place.root,
        env={**os.environ, **processes.ONE_THREAD},
        check=True,
        stdout=subprocess.PIPE,
    )
    return float(done.stdout)


def plain(operators: list[str]) -> None:
    """Be the limit: import once, fork, draw, render, write."""
    import multiprocessing

    from kpi_lib.page import charts
    from kpi_lib.run import warm

    timed(charts)
    warm.up()
    with multiprocessing.get_context("fork").Pool(WORKERS) as pool:
        print(sum(pool.map(plain_page, operators, chunksize=1)))


TAKEN: list[float] = []
"""CPU seconds of each chart of the page that is being made."""


def timed(charts: Any) -> None:
    """Let every chart note the CPU seconds that it takes."""
    inside = 0

    def noting(draw: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(draw)
        def noted(*args: Any, **kwargs: Any) -> Any:
            nonlocal inside
            inside += 1
            start = time.process_time()
            try:
                return draw(*args, **kwargs)
            finally:
                inside -= 1
                if not inside:  # one chart's function may call another's
                    TAKEN.append(time.process_time() - start)

        return noted

    for name, draw in inspect.getmembers(charts, inspect.isfunction):
        if draw.__module__.startswith(charts.__name__) and not name.startswith("_"):
            setattr(charts, name, noting(draw))


def plain_page(operator: str) -> float:
    """Make one page and its files; return the CPU seconds of its charts."""
    from kpi_lib.appraisal import month
    from kpi_lib.page import html as html_module
    from kpi_lib.workspace import write_atomic

    TAKEN.clear()
    source = nbformat.read(Path("notebooks/3-appraisal.ipynb"), as_version=4)
    names: dict[str, Any] = {}
    for cell in source.cells:
        if cell.cell_type != "code":
            continue
        *before, last = cell.source.rstrip().split("\n")
        if last.startswith("sections."):
            exec("\n".join(before), names)  # the notebook's own lines, by themselves
            cell.outputs = [shown(eval(last, names))]  # noqa: S307
        else:
            exec(cell.source, names)
        if "parameters" in cell.metadata.get("tags", []):
            names.update(month=team.MONTH, operator=operator)
    html = html_module.page(source, title=operator)
    folder = Path("limit")
    write_atomic(folder / f"{operator}.html", html)
    card = json.dumps(html_module.sealed(source), ensure_ascii=False, indent=1)
    write_atomic(folder / f"{operator}.json", card)
    evidence = month.evidence_bytes(Workspace(Path()), team.MONTH, operator)
    write_atomic(folder / f"{operator}.evidence.parquet", evidence)
    return sum(TAKEN)


def shown(value: Any) -> Any:
    if hasattr(value, "_repr_mimebundle_"):
        data = value._repr_mimebundle_()
    else:
        data = {"text/html": value._repr_html_()}
    data = data[0] if isinstance(data, tuple) else data
    return nbformat.v4.new_output("display_data", data=data)


def same(place: Workspace, operator: str) -> None:
    """Stop unless the tool's notebook equals the loop's, cell by cell."""
    ours = place.reports(team.MONTH) / "executed" / f"{operator}.ipynb"
    outputs = [
        [
            (one.get("data"), one.get("text"))
            for cell in nbformat.read(path, as_version=4).cells
            for one in cell.get("outputs", [])
        ]
        for path in (ours, place.root / "loop" / f"{operator}.ipynb")
    ]
    if outputs[0] != outputs[1]:
        raise SystemExit("the tool's notebook is not the loop's: no figures")


def adopt() -> None:
    """Let whatever outlives its parent under us be our child: its time counts, too."""
    set_child_subreaper = 36
    ctypes.CDLL(None).prctl(set_child_subreaper, 1, 0, 0, 0)


def spent(do: Callable[[], None]) -> tuple[float, float]:
    """Return the seconds that something took, and those of processor under us."""
    # What this process itself keeps, the reader's child and the server of jobs, stays.
    kept = {*children(os.getpid())}
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    do()
    while late := {*children(os.getpid())} - kept:
        for pid in late:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
    wall, after = (
        time.perf_counter() - start,
        resource.getrusage(resource.RUSAGE_CHILDREN),
    )
    user, system = after.ru_utime - before.ru_utime, after.ru_stime - before.ru_stime
    return wall, user + system


def seconds(do: Callable[[], None]) -> float:
    return spent(do)[0]


class Memory(threading.Thread):
    """The most that this process's descendants hold, by what each has for itself."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.done = threading.Event()
        self.most = 0.0

    def run(self) -> None:
        while not self.done.wait(0.1):
            held = [pss(pid) for pid in descendants(os.getpid())]
            self.most = max(self.most, sum(held) / 1024 / WORKERS)


def children(pid: int) -> list[int]:
    found: list[int] = []
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, listed.read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    own = children(pid)
    return [*own, *(below for child in own for below in descendants(child))]


def pss(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    return next(int(x.split()[1]) for x in text.splitlines() if x.startswith("Pss:"))


def against_loops(place: Workspace, rounds: int) -> dict[str, list[float]]:
    names = [f"op-0{1 + at % 4}-{at // 4:03}" for at in range(ALL)]
    loop(place, names[:1], 1)
    memory = Memory()
    memory.start()
    afresh(place)
    memory.done.set()
    same(place, names[0])
    limit(place, names[:2])
    ways: dict[str, tuple[int, Callable[[], None]]] = {
        "loop": (ALONE, lambda: loop(place, names[:ALONE], 1)),
        "two": (TWO, lambda: loop(place, names[:TWO], 2)),
        "tool": (ALL, lambda: afresh(place)),
        "limit": (ALL, lambda: charts.append(limit(place, names) / ALL)),
    }
    charts: list[float] = []
    ratios: dict[str, list[float]] = {}
    for turn in range(rounds):
        order = [*ways][turn % len(ways) :] + [*ways][: turn % len(ways)]
        wall, cpu = {}, {}
        for way in order:
            reports, do = ways[way]
            wall[way], cpu[way] = (one / reports for one in spent(do))
        found = {
            "a: plain loop / kpi run": wall["loop"] / wall["tool"],
            "a: loop two at a time / kpi run": wall["two"] / wall["tool"],
            "b: kpi run / limit": wall["tool"] / wall["limit"],
            "b: CPU of kpi run / limit": cpu["tool"] / cpu["limit"],
            "b: CPU of kpi run beside that of the limit, s a report": cpu["tool"]
            - cpu["limit"],
            "b: CPU of the charts, s a report": charts[-1],
            BESIDE: cpu["tool"] - charts[-1],
        }
        for name, one in found.items():
            ratios.setdefault(name, []).append(one)
        line(turn, rounds, found)
    return {**ratios, "e: MiB a worker": [memory.most]}


def line(turn: int, rounds: int, found: dict[str, float]) -> None:
    told = ", ".join(f"{name} {one:.3g}" for name, one in found.items())
    print(f"round {turn + 1} of {rounds}: {told}", flush=True)


def changes(place: Workspace, rounds: int) -> dict[str, list[float]]:
    """Time a large team: all, nothing changed, one row of one operator changed."""
    whole = seconds(lambda: afresh(place))
    nothing, one = [], []
    targets = place.data / "targets.csv"
    text = targets.read_text("utf-8")
    for turn in range(rounds):
        nothing.append(seconds(lambda: tool(place)) / whole)
        row = text.splitlines()[1]
        number = row.split(",")[5]
        changed = row.replace(f",{number},", f",{int(number) + turn + 1},")
        targets.write_text(text.replace(row, changed), "utf-8")
        one.append(seconds(lambda: tool(place)) / whole)
        line(turn, rounds, {"nothing changed": nothing[-1], "one changed": one[-1]})
    return {
        "c: nothing changed / full run": nothing,
        "c: one operator changed / full run": one,
    }


def growth(places: list[Workspace], rounds: int) -> dict[str, list[float]]:
    """Return what a report takes in the larger teams, in those of the smallest."""
    chosen = [f"op-01-{number:03}" for number in range(4)]
    ratios: dict[str, list[float]] = {}
    for turn in range(rounds):
        taken = []
        for place in places:
            # Not by --force, which would clean the month, too.
            for name in chosen:
                (place.reports(team.MONTH) / f"{name}.html").unlink(missing_ok=True)
            tool(place, *(f"--operator={name}" for name in chosen))
            run = json.loads((place.reports(team.MONTH) / "run.json").read_text())
            taken.append(statistics.median(run["timings"][name] for name in chosen))
        found = {
            "growth: a report in the large team / in the smallest": taken[1] / taken[0],
            LARGEST: taken[2] / taken[0],
        }
        for name, one in found.items():
            ratios.setdefault(name, []).append(one)
        line(turn, rounds, found)
    return ratios


def told(ratios: dict[str, list[float]]) -> bool:
    """Print the table; return whether every floor is reached."""
    good = True
    print(f"{'ratio':56}{'median':>9}{'range':>18}  floor")
    for name, found in ratios.items():
        middle = statistics.median(found)
        bound, side = FLOORS.get(name, (0, ""))
        kept = not side or (middle >= bound if side == "at least" else middle <= bound)
        good &= kept
        spread = f"{min(found):.3f}-{max(found):.3f}"
        floor = f"{side} {bound:.3g}{'' if kept else '  NOT REACHED'}" if side else ""
        print(f"{name:56}{middle:9.3f}{spread:>18}  {floor}")
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description="ratios of making reports")
    parser.add_argument(
        "--quick", action="store_true", help="two rounds and smaller large teams"
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--limit", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.limit:
        plain(options.limit)
        return 0
    adopt()
    rounds = min(options.rounds, 2) if options.quick else options.rounds
    sizes = (ALL, 40, 100) if options.quick else (ALL, 200, 600)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        tables = team.cleaned(root / "sample")
        small, large, largest = (
            team.build(root / f"team{size}", size, tables) for size in sizes
        )
        ratios = against_loops(small, rounds)
        ratios |= changes(large, rounds)
        ratios |= growth([small, large, largest], min(rounds, 3))
    good = told(ratios)
    setting = {
        "operators": sizes,
        "workers": WORKERS,
        "rounds": rounds,
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "python": platform.python_version(),
    }
    rounded = {name: [round(x, 4) for x in found] for name, found in ratios.items()}
    print(json.dumps({"bench": "report", "setting": setting, "ratios": rounded}))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
