"""
A made-up team of any size: the sample's operators over and over, under other names.

Its months are cleaned already: the sample's tables are multiplied as tables, with what
a run records of them, so that a run begins with the reports.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import python_calamine
import xlsxwriter
from ruamel.yaml import YAML

from kpi_lib.months import store
from kpi_lib.run import jobs, runner
from kpi_lib.run.jobs import MADE
from kpi_lib.run.stale import Agenda
from kpi_lib.workspace import (
    OWN,
    Workspace,
    canonical_json,
    sha256_file,
)

ROOT = Path(__file__).parents[1]
MONTH = "2026-10"
SAMPLE = 4
"""Operators of the sample."""

TABLES = ("daily", "posts", "monthly", "ledger", "files")


def cleaned(folder: Path) -> Path:
    """Clean the sample's months in a folder of its own; return their tables."""
    for name in ("data", "notebooks"):
        ignored = shutil.ignore_patterns("clean")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    runner.run(Workspace(folder), MONTH, operators=["op-01"])
    return folder / "data/clean"


def build(root: Path, operators: int, tables: Path) -> Workspace:
    """Make a workspace of so many operators; a multiple of the sample's."""
    copies = [f"-{number:03}" for number in range(operators // SAMPLE)]
    (root / "data").mkdir(parents=True)
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for name in ("plan.yml", "calendar.csv"):
        shutil.copy(ROOT / "data" / name, root / "data" / name)
    for name in ("decisions.csv", "downloads.csv"):
        head = (ROOT / "data" / name).read_text("utf-8").splitlines()[0]
        (root / "data" / name).write_text(head + "\n", "utf-8")
    names = _roster(root, copies)
    _targets(root, copies)
    for folder in sorted((ROOT / "data/raw").iterdir()):
        _raw(folder, root / "data/raw" / folder.name, copies, names)
    place = Workspace(root)
    _clean(place, copies, tables)
    return place


def _roster(root: Path, copies: list[str]) -> list[str]:
    yaml = YAML(typ="safe")
    sample = yaml.load((ROOT / "data/roster.yml").read_text("utf-8"))
    team: dict[str, list[Any]] = {"operators": [], "accounts": []}
    for copy in copies:
        text = json.dumps(sample, default=str, ensure_ascii=False)
        one = json.loads(text)
        for person in one["operators"]:
            person.update(id=person["id"] + copy, name=person["name"] + copy)
            for leave in person.get("leave", []):
                leave.update(
                    {"cover": leave["cover"] + copy} if "cover" in leave else {}
                )
        for account in one["accounts"]:
            account.update(id=account["id"] + copy, name=account["name"] + copy)
            account["product"] = account.get("product") and account["product"] + copy
            account.update(url="")
            for owner in account["owners"]:
                owner["operator"] += copy
        for kind in team:
            team[kind] += [{k: v for k, v in x.items() if v} for x in one[kind]]
    with (root / "data/roster.yml").open("w", encoding="utf-8") as out:
        YAML(typ="safe").dump(_dated(team), out)
    return [person["name"] for person in sample["operators"]]


def _dated(value: Any) -> Any:
    """Turn texts that are days back into days."""
    if isinstance(value, dict):
        return {key: _dated(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_dated(one) for one in value]
    try:
        return date.fromisoformat(value) if len(value) == 10 else value
    except (TypeError, ValueError):
        return value


def _targets(root: Path, copies: list[str]) -> None:
    with (ROOT / "data/targets.csv").open(encoding="utf-8-sig", newline="") as file:
        head, *rows = csv.reader(file)
    with (root / "data/targets.csv").open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(head)
        for copy in copies:
            out.writerows([row[0] + copy, *row[1:]] for row in rows)


def _raw(source: Path, target: Path, copies: list[str], names: list[str]) -> None:
    target.mkdir(parents=True)
    for entry in sorted(source.iterdir()):
        if entry.is_dir():
            for copy in copies:
                # Nothing of it is read again, only hashed.
                shutil.copytree(
                    entry, target / (entry.name + copy), copy_function=os.link
                )
        else:
            _worklog(entry, target / entry.name, copies, set(names))


def _worklog(source: Path, target: Path, copies: list[str], names: set[str]) -> None:
    book = python_calamine.load_workbook(source)
    with xlsxwriter.Workbook(target, {"default_date_format": "yyyy-mm-dd"}) as out:
        for name in book.sheet_names:
            head, *rows = book.get_sheet_by_name(name).to_python()
            sheet = out.add_worksheet(name)
            sheet.write_row(0, 0, head)
            keyed, who = head[0] == "编号", head.index("运营")
            rows = [row for row in rows if row[0] != "例"]
            for number, (copy, row) in enumerate(
                ((copy, row) for copy in copies for row in rows), 1
            ):
                cells = [
                    f"{cell}{copy}" if at == who or (keyed and at == 0) or cell in names
                    else cell
                    for at, cell in enumerate(row)
                ]  # fmt: skip
                sheet.write_row(number, 0, cells)


def _clean(place: Workspace, copies: list[str], tables: Path) -> None:
    for source in sorted(tables.iterdir()):
        folder = place.clean(source.name)
        folder.mkdir(parents=True)
        frames = {
            name: _copied(pd.read_parquet(source / f"{name}.parquet"), copies)
            for name in TABLES
        }
        for name, frame in frames.items():
            (folder / f"{name}.parquet").write_bytes(store.parquet(frame))
        (folder / "findings.json").write_text("[]\n")
        own = store.own_rows(frames, [])
        (folder / OWN).write_text(canonical_json(own) + "\n")
        for notebook in source.glob("*.ipynb"):
            shutil.copy(notebook, folder)
    agenda = Agenda(place, MONTH, "zh-Hans")
    for folder in sorted((place.data / "clean").iterdir()):
        job = agenda.clean_job(folder.name)
        made = {place.relative(path): sha256_file(path) for path in folder.iterdir()}
        entry = jobs.entry(job.parts, made)
        (folder / MADE).write_text(json.dumps(entry))


def _copied(frame: pd.DataFrame, copies: list[str]) -> pd.DataFrame:
    """Multiply a table under other names, in the order in which cleaning writes it."""
    whole = pd.concat([frame] * len(copies), ignore_index=True)
    suffix = pd.Series(copies, dtype="str").repeat(len(frame)).reset_index(drop=True)
    order = [name for name in ("operator", "account") if name in frame]
    for name in order:
        whole[name] = whole[name] + suffix
    return whole.sort_values(order, kind="stable", ignore_index=True)
