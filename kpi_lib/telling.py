"""
How a command tells: jobs as they finish, problems a line each; or all as JSON.

A line is printed so that no name in it can steer a terminal. Outcomes of jobs are
`run.Outcome`, which the ground does not know.
"""

from __future__ import annotations

import contextlib
import json
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import typer

from kpi_lib.errors import Problem, printable

# What is told of options and arguments, and what their values are called.
TOLD = tomllib.loads(Path(__file__).with_name("cli.toml").read_text("utf-8"))
STATES: dict[str, str] = TOLD["states"]


def option(name: str, *flags: str, **more: Any) -> Any:
    """Return an option of a command, as it is told by its name."""
    return typer.Option(*flags, **(TOLD[name] | more))


def argument(name: str) -> Any:
    """Return an argument of a command, as it is told by its name."""
    return typer.Argument(**TOLD[name])


def say(fields: dict[str, Any], line: str, as_json: bool) -> None:
    """Tell one thing, for a machine or a reader."""
    typer.echo(json.dumps(fields, ensure_ascii=False) if as_json else printable(line))


def tell(problems: Sequence[Problem], as_json: bool = False) -> bool:
    """Tell problems, those alike in one line; return whether one is an error."""
    for problem in problems if as_json else alike(problems):
        say(asdict(problem), problem.marked, as_json)
    return any(problem.level == "error" for problem in problems)


def alike(problems: Sequence[Problem]) -> Sequence[Problem]:
    """Put together what is the same at several places of a file, then of several."""
    for several in ("place", "where"):
        places: dict[Problem, dict[str, None]] = {}
        for problem in problems:
            elsewhere: dict[str, Any] = {several: "", "of": ""}
            same = places.setdefault(replace(problem, **elsewhere), {})
            same[getattr(problem, several)] = None
        problems = []
        for problem, same in places.items():
            named: dict[str, Any] = {several: "、".join(filter(None, same))}
            problems.append(replace(problem, **named))
    return problems


def near(path: Path) -> Path:
    """Return a path as seen from here, where it lies below."""
    return path.relative_to(here) if path.is_relative_to(here := Path.cwd()) else path


@contextlib.contextmanager
def telling(as_json: bool) -> Iterator[Callable[[Any, int, int], None]]:
    """Tell of jobs as they finish: a bar on a terminal, else one line for each."""
    if as_json or not (sys.stdout.isatty() and sys.stderr.isatty()):
        yield partial(_tell_job, as_json)
        return
    with typer.progressbar(length=1, show_pos=True, file=sys.stderr) as bar:

        def step(outcome: Any, done: int, total: int) -> None:
            bar.length, bar.label = total, printable(outcome.job)
            bar.update(1)
            if outcome.state == "failed":
                typer.echo()
                _tell_job(False, outcome, done, total)

        yield step


def _tell_job(as_json: bool, outcome: Any, done: int, total: int) -> None:
    seconds = round(outcome.seconds, 3)
    fields = {**vars(outcome), "seconds": seconds, "done": done, "total": total}
    del fields["outputs"]
    error = f"：{outcome.error}" if outcome.error else ""
    line = f"{done}/{total} {outcome.job} {STATES[outcome.state]}{error}"
    say(fields, line, as_json)


YES, NO = ("是", "y", "yes"), "不"

WHEN = (
    "看不出{name}是哪天下载的，它在{saved}保存。这样的文件都是哪天下载的？请写日期，如"
    "2026-11-02；写“是”，就各按保存的日期："
)


Day = date | None


def asking(day_in: Callable[[str], Day]) -> Callable[[str, date], Day]:
    """Return what asks on a terminal, once, when files were downloaded."""
    answer = ""

    def asked(name: str, saved: date) -> Day:
        nonlocal answer
        while sys.stdin.isatty() and not answer:
            answer = _answer(WHEN.format(name=name, saved=saved)) or NO
            if answer not in (*YES, NO) and not day_in(answer):
                answer = ""  # neither: asked again
        return saved if answer in YES else day_in(answer)

    return asked


def agreed(question: str) -> bool:
    """Ask, and return whether the answer is yes."""
    return _answer(f"{question}请写“是”：") in YES


def _answer(question: str) -> str:
    typer.echo(question, nl=False)
    return sys.stdin.readline().strip().lower()
