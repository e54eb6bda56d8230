"""
A Dask cluster against a run's own processes, and what a report costs in larger teams.

    .venv/bin/python bench/cluster.py [--quick] [--rounds 3]
    .venv/bin/python bench/cluster.py --draw    # docs/cost.svg from cost.json alone

The same eight reports, whole commands seen from outside, the ways taking turns: one
and two of the own processes, one and two Dask workers of this machine. Then in teams of
12, 100 and 1,000, the largest in the first round alone, what a report of a whole month
costs: of sixty reports spread over the team (all where there are fewer), and a share of
what a run costs that finds nothing to do; and the most memory held by everything that
makes them, for each of two workers. Before anything is timed both ways must give the
same page. Every round is written to cost.json, from which docs/cost.svg is drawn.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import psutil
import report
import seaborn as sns
import team
from matplotlib import rc_context
from matplotlib.figure import Figure

from kpi_lib.page import charts
from kpi_lib.workspace import Workspace

HERE = Path(__file__).parent
FIGURES, PICTURE = HERE / "cost.json", HERE.parent / "docs" / "cost.svg"
REPORTS = 8
SIZES = (12, 100, 1000)
ONCE = 1000  # A team this large takes minutes a round
MOST = 60  # Reports of a larger team that are made anew
CHOSEN = [f"op-0{1 + at % 4}-{at // 4:03}" for at in range(REPORTS)]
POOL, DASK = "own processes", "Dask"
TWO = 2


@contextlib.contextmanager
def cluster(workers: int) -> Iterator[str]:
    """Run a scheduler and so many workers; give its address."""
    with contextlib.ExitStack() as stack:
        words = ["scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
        address = stack.enter_context(dask(*words))
        for _ in range(workers):
            words = ["--host", "127.0.0.1", "--nthreads", "1", "--no-dashboard"]
            stack.enter_context(dask("worker", address, *words))
        yield address


@contextlib.contextmanager
def dask(*words: str) -> Iterator[str]:
    """Run a program of Dask; give the first address that it tells of."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stderr is not None
            for line in process.stderr:
                if told := re.search(r"tcp://127\.0\.0\.1:\d+", line):
                    yield told[0]
                    break
        finally:
            process.terminate()
            process.communicate()


def made(place: Workspace, *how: str, chosen: Sequence[str] = CHOSEN) -> float:
    """Make reports anew; return the seconds of them."""
    # Not by --force, which would clean the month, too.
    for name in chosen:
        (place.reports(team.MONTH) / f"{name}.html").unlink(missing_ok=True)
    names = [f"--operator={name}" for name in chosen or CHOSEN]
    command = [report.BIN / "kpi", "run", team.MONTH, *names, *how]
    quiet = subprocess.DEVNULL
    run = partial(subprocess.run, command, cwd=place.root, check=True, stdout=quiet)
    return report.spent(run)[0]


def same(place: Workspace, address: str) -> None:
    """Stop unless both ways give the same page."""
    page = place.reports(team.MONTH) / f"{CHOSEN[0]}.html"
    pages = []
    for how in (["--workers", "2"], ["--scheduler", address]):
        made(place, *how)
        pages.append(page.read_bytes())
    if pages[0] != pages[1]:
        raise SystemExit("a page of the cluster is not the run's own: no figures")


def against_the_pool(place: Workspace, rounds: int) -> dict[str, list[float]]:
    """Return what a report takes by Dask in what it takes by the own processes."""
    ratios: dict[str, list[float]] = {}
    with cluster(1) as one, cluster(TWO) as two:
        same(place, two)
        same(place, one)  # and both are warm
        ways = {
            "pool of one": ["--workers", "1"],
            "pool of two": ["--workers", "2"],
            "one Dask worker": ["--scheduler", one],
            "two Dask workers": ["--scheduler", two],
        }
        for turn in range(rounds):
            order = [*ways][turn % len(ways) :] + [*ways][: turn % len(ways)]
            taken = {way: made(place, *ways[way]) for way in order}
            found = {
                "one Dask worker / pool of one": taken["one Dask worker"]
                / taken["pool of one"],
                "two Dask workers / pool of two": taken["two Dask workers"]
                / taken["pool of two"],
                "two Dask workers / one": taken["two Dask workers"]
                / taken["one Dask worker"],
            }
            for name, ratio in found.items():
                ratios.setdefault(name, []).append(ratio)
            report.line(turn, rounds, found)
    return ratios


def processor() -> float:
    """Return the processor seconds of whatever began under us, also of what ended."""
    times = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            times.append(sum(process.cpu_times()[:4]))
    return sum(times) + sum(psutil.Process().cpu_times()[2:4])


def spread(size: int) -> list[str]:
    """Name operators of a team, at even distances."""
    step = size // MOST | 1  # Odd: the sample's four operators take turns
    return [f"op-0{1 + at % 4}-{at // 4:03}" for at in range(0, size, step)][:MOST]


def costs(make: Callable[[], float]) -> tuple[float, float]:
    """Return seconds by the clock and of the processor."""
    before = processor()
    taken = make()
    return taken, processor() - before


def growth(places: dict[int, Workspace], rounds: int) -> pd.DataFrame:
    """Return a row a round, team and way: seconds a report, MiB a worker."""
    rows: list[dict[str, Any]] = []
    for turn in range(rounds):
        for size, place in places.items():
            if turn and size >= ONCE:
                continue
            for way in (POOL, DASK) if turn % 2 else (DASK, POOL):
                with cluster(TWO) if way == DASK else contextlib.nullcontext() as at:
                    how = ["--scheduler", at] if at else ["--workers", str(TWO)]
                    made(place, *how, chosen=spread(size))
                    nothing = costs(partial(made, place, *how, chosen=()))
                    memory = report.Memory()
                    memory.start()
                    spent = costs(partial(made, place, *how, chosen=spread(size)))
                    memory.done.set()
                whole = [
                    (all_ - base) / len(spread(size)) + base / size
                    for all_, base in zip(spent, nothing, strict=True)
                ]
                figures = dict(zip(("seconds", "processor"), whole, strict=True))
                figures = {name: round(value, 2) for name, value in figures.items()}
                figures["MiB"] = round(memory.most)
                rows.append({"operators": size, "way": way, **figures})
                print(rows[-1], flush=True)
    return pd.DataFrame(rows)


def draw() -> None:
    """Draw docs/cost.svg from cost.json: every round a dot, medians joined."""
    figures = json.loads(FIGURES.read_text("utf-8"))
    frame = pd.DataFrame(figures["rows"])
    sizes = sorted(frame["operators"].unique())
    panels = {"processor": "Processor seconds a report", "MiB": "MiB a worker"}
    with rc_context({"svg.hashsalt": "cost", "svg.fonttype": "none"}):
        charts.style()
        figure = Figure(figsize=(9, 3.9))
        for ax, name in zip(figure.subplots(1, 2), panels, strict=True):
            look = {"data": frame, "x": "operators", "y": name, "hue": "way"}
            hues = {"hue_order": [POOL, DASK], "palette": ["#1d4c7c", "#b3541e"]}
            sns.lineplot(
                **look, **hues, estimator="median", errorbar=None, legend=False, ax=ax
            )
            sns.scatterplot(**look, **hues, s=22, legend=name == "MiB", ax=ax)
            ax.set(xscale="log", xlabel="Operators in the team", ylabel="")
            ax.set(
                ylim=(0, frame[name].max() * 1.25),
                xlim=(sizes[0] * 0.8, sizes[-1] * 1.25),
            )
            ax.set_xticks(sizes, [f"{size:,}" for size in sizes], minor=False)
            ax.minorticks_off()
            ax.set_title(panels[name], loc="left")
        figure.axes[1].legend(title="", loc="lower right", frameon=False)
        measured = (
            f"Measured: up to {MOST} reports of each team, made anew by two workers, "
            "and a share of start and index; every round a dot, medians joined."
        )
        figure.text(0.02, 0.06, measured, fontsize=8)
        figure.text(0.02, 0.015, figures["machine"], fontsize=8)
        figure.tight_layout(rect=(0, 0.1, 1, 1))
        figure.savefig(PICTURE, metadata={"Date": None, "Creator": None})


def machine() -> str:
    """Say what it was measured on."""
    memory, load = psutil.virtual_memory().total / 2**30, os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, Python {sys.version.split()[0]}; "
        f"load {load:.0f} at the end, of which 2 is ours."
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="a cluster, and larger teams")
    parser.add_argument("--quick", action="store_true", help="one round, small teams")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--draw", action="store_true", help="from cost.json alone")
    options = parser.parse_args()
    if options.draw:
        draw()
        return 0
    report.adopt()
    rounds = 1 if options.quick else options.rounds
    sizes = (REPORTS, 40) if options.quick else SIZES
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        tables = team.cleaned(root / "sample")
        places = {
            size: team.build(root / f"team{size}", size, tables) for size in sizes
        }
        ratios = against_the_pool(places[sizes[0]], rounds)
        rows = growth(places, rounds)
    report.told(ratios)
    print(rows.groupby(["operators", "way"]).median().to_string())
    figures = {
        "machine": machine(),
        "rounds": rounds,
        "ratios": {
            name: [round(x, 3) for x in found] for name, found in ratios.items()
        },
        "rows": rows.to_dict("records"),
    }
    if not options.quick:
        FIGURES.write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
        draw()
    print(json.dumps({"bench": "cluster", **figures}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
