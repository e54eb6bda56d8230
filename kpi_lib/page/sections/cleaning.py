"""What arrived, how it was read, and what became of every row."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.catalogue import METRICS, words
from kpi_lib.days import Calendar, months_back
from kpi_lib.errors import Problem, printable
from kpi_lib.files import MANUAL, layouts, platforms
from kpi_lib.inputs import Account
from kpi_lib.language import N_, _, say
from kpi_lib.months import reason
from kpi_lib.page.parts import (
    Brand,
    Fragment,
    brand_of,
    dressed,
    made,
    shade_of,
    told_apart,
    unknown,
)

# What became of a row, in the reader's words; in the order of the page.
(FATES,) = words("fates")

# How numbers are come by, in the reader's words.
BASES = words("bases")[0] | {"": figures.NONE}

# Fates whose rows a reader may want to see one by one.
LOOKED_AT = ("quarantined", "partial", "conflict", "duplicate", "private")


def arrival(
    days: pd.DataFrame, accounts: Sequence[Account], calendar: Calendar
) -> Fragment:
    """
    Draw what arrived: accounts by days, against what the roster expects.

    `days` holds one row per account and day: account, date, state.
    """
    if days.empty:
        return made("arrival", rows=[])
    brands = _Brands(accounts)
    dates = [stamp.date() for stamp in days["date"].drop_duplicates()]
    shades = [shade_of(day, calendar) for day in dates]
    rows: list[dict[str, Any]] = []
    groups = [*days.groupby("account", sort=False)]
    named = told_apart([brands[str(id)] for id, _part in groups])
    for who, (_id, part) in zip(named, groups, strict=True):
        states = list(part["state"])
        missing = [
            day for day, state in zip(dates, states, strict=True) if state in GAPS
        ]
        weekly = not BY_WEEK.isdisjoint(states)
        gaps = {day.isocalendar()[:2] for day in missing} if weekly else missing
        rows.append(
            {
                "who": who,
                "cells": list(zip(states, shades, strict=True)),
                "due": any(states),
                "missing": len(missing),
                "gaps": len(gaps),
                "weekly": weekly,
            }
        )
    most = max(row["missing"] for row in rows)
    worst = [row for row in rows if row["missing"] == most]
    return made(
        "arrival",
        rows=rows,
        days=list(zip((day.day for day in dates), shades, strict=True)),
        worst=worst[0] if len(worst) == 1 else None,
    )


# What was due and is not on record: not there, or downloaded too late.
GAPS = ("missing", "late")

# States of an account of which only counters are exported, once a week.
BY_WEEK = {"covered", "download"}


class _Brands(dict[str, Brand]):
    """Accounts in their platforms' clothes, by id; one that is not ours in grey."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        every = platforms()
        for account in accounts:
            self[account.id] = dressed(account, brand_of(every[account.platform]))

    def __missing__(self, id: str) -> Brand:
        return unknown(id)


def files(
    found: pd.DataFrame,
    expected: Sequence[tuple[str, str]] = (),
    accounts: Sequence[Account] = (),
) -> Fragment:
    """
    Say how each file was read, and which the roster expects in vain.

    `found` holds one row per file: source, account, platform, layout (empty if
    unknown), records, kept, left, days, basis. `expected` names account and layout;
    without `accounts` they are called by their ids.
    """
    brands = _Brands(accounts)
    have = set(zip(found["account"], found["layout"], strict=True))
    groups: dict[str, list[dict[Any, Any]]] = {account.id: [] for account in accounts}
    for row in file_rows(found[found["layout"] != ""]):
        groups.setdefault(str(row["account"]), []).append(row | _reading(row))
    return made(
        "files",
        missing=[
            (brands[id], _layout_name(layout))
            for id, layout in expected
            if (id, layout) not in have
        ],
        expected=len(expected),
        groups=[(brands[id], rows) for id, rows in groups.items() if rows],
        unknown=list(found.loc[found["layout"] == "", "source"]),
    )


def file_rows(files: pd.DataFrame) -> list[dict[Any, Any]]:
    """Return one row per file, as people call file and way of counting."""
    rows: list[dict[Any, Any]] = files.to_dict("records")
    return [
        row
        | {
            "name": re.sub(r"^data/raw/[^/]+/[^/]+/", "", str(row["source"])),
            "basis": _(BASES.get(row["basis"], row["basis"])),
            "days": int(row["days"]) if pd.notna(row["days"]) else 0,
        }
        for row in rows
    ]


def _layout_name(layout: str) -> str:
    """Name an export as its platform does; the one filled in by hand is ours."""
    declared = layouts().get(layout)
    return str(say(declared.label)) if declared else layout


def _reading(row: Mapping[str, Any]) -> dict[str, Any]:
    """Say how a file was read: as what, in which encoding, of which day."""
    day = row.get("downloaded")
    return {
        "name": re.sub(r"^\d{4}-\d{2}-\d{2}/", "", str(row["name"])),
        "read_as": _layout_name(str(row["layout"])),
        "sure": bool(row.get("confirmed", True)) or row["layout"] == MANUAL,
        "encoding": row.get("encoding", ""),
        "day": figures.span(day, day) if day is not None and pd.notna(day) else "—",
        "folder": row["source"].split("/")[2] if row.get("borrowed") else "",
    }


def fates(ledger: pd.DataFrame, accounts: Sequence[Account] = ()) -> Fragment:
    """
    Say what became of every row; the sum is the number of rows read.

    `ledger` holds one row per record: source, fate, and account where `accounts` are
    given, which get a row each.
    """
    brands = _Brands(accounts)
    rows = []
    for account in accounts if "account" in ledger else ():
        own = ledger.loc[ledger["account"] == account.id, "fate"]
        if len(own):
            rows.append((brands[account.id], _sides(own)))
    return made(
        "fates",
        files=ledger["source"].nunique(),
        fates=fates_of(ledger),
        rows=rows,
        sums=_sides(ledger["fate"]),
    )


def fates_of(ledger: pd.DataFrame) -> list[tuple[str, int]]:
    """Count the rows of a ledger by what became of them, in the order of the page."""
    counts = ledger["fate"].value_counts()
    return [
        (_(word), int(counts[fate]))
        for fate, word in FATES.items()
        if fate in counts.index
    ]


def _sides(fates: pd.Series[str]) -> list[int]:
    """Count all, and of them: counted, another month's, left out, never data."""
    out = tuple(fate for fate in LOOKED_AT if fate != "partial")
    sides = (("kept", "partial"), ("outside",), out)
    rows = [int(fates.isin(side).sum()) for side in sides]
    return [len(fates), *rows, len(fates) - sum(rows)]


SHOWN = 100  # Quarantined rows that the page lists one by one


def quarantine(ledger: pd.DataFrame) -> Fragment:
    """
    List the rows that could not be read, then an example of why others were left out.

    `ledger` holds one row per record: source, sheet, row, fate, reason, column, raw.
    """
    rows = ledger[ledger["fate"].isin(("quarantined", "partial"))]
    others = ledger[~ledger["fate"].isin(("quarantined", "partial"))]
    left = left_out(others, most=40)
    listed = _one_by_one(rows)
    return made(
        "quarantine",
        rows=listed[:SHOWN],
        held=len(rows),
        more=sum(row["run"] for row in listed[SHOWN:]),
        left=left,
        total=len(rows) + sum(group["count"] for group in left),
    )


def left_out(ledger: pd.DataFrame, most: int = 12) -> list[dict[Any, Any]]:
    """Group the rows that were left out for a reason, with a first example."""
    rows = ledger[ledger["fate"].isin(LOOKED_AT)]
    groups: list[dict[Any, Any]] = [
        part.iloc[0].to_dict() | {"run": 1, "count": len(part)}
        for _fate, part in rows.groupby(["fate", "reason"], sort=True)
    ]
    for row in groups:
        row["reason"] = say(reason(row))
        row["source"] = row["source"].rsplit("/", 1)[-1]
    groups.sort(
        key=lambda row: (LOOKED_AT.index(row["fate"]), -row["count"], row["reason"])
    )
    words = {fate: _(word) for fate, word in FATES.items()}
    return [row | {"fate": words[row["fate"]]} for row in groups[:most]]


def _one_by_one(rows: pd.DataFrame) -> list[dict[Any, Any]]:
    """List rows one by one; those of a file refused as a whole stand together."""
    listed: list[dict[Any, Any]] = []
    for row in rows.to_dict("records"):
        last = listed[-1] if listed else {}
        same = all(row[k] == last.get(k) for k in ("source", "sheet", "reason"))
        if same and not (row["column"] or row["raw"] or last["column"] or last["raw"]):
            last["run"] += 1
        else:
            name = re.sub(r"^data/raw/[^/]+/", "", row["source"])
            listed.append(row | {"name": name, "run": 1})
    return [row | {"reason": say(reason(row))} for row in listed]


def findings(problems: Sequence[Problem]) -> Fragment:
    """List what reading and cleaning had to tell, worst first."""
    groups = []
    for level, word in LEVELS.items():
        own = [at for at in dict.fromkeys(problems) if at.level == level]
        if own:
            groups.append((_(word, n=len(own)), list(map(_finding, own))))
    return made("findings", groups=groups)


# What findings are called, worst first.
LEVELS = {"error": N_("错误{n}条"), "warning": N_("提示{n}条"), "note": N_("说明{n}条")}


def _finding(problem: Problem) -> dict[str, str]:
    """Say a finding again in the language of the page; where it is stays as it is."""
    parts = ("what", "expected", "do", "where", "place")
    return {name: printable(say(getattr(problem, name))) for name in parts}


def compare(
    monthly: pd.DataFrame, month: str, accounts: Sequence[Account] = ()
) -> Fragment:
    """
    Set each account's month beside the one before, to see what looks wrong.

    `monthly` holds one row per account, metric, stream and month, with `value`.
    """
    brands = _Brands(accounts)
    last = months_back(month, 2)[0]
    was, is_ = (_by_account(monthly[monthly["month"] == at]) for at in (last, month))
    rows: list[dict[str, Any]] = []
    for account, metric in sorted({*was, *is_}):
        definition = METRICS.get(metric)
        if definition is None or not definition.target:
            continue
        (before, old), (now, new) = (
            found.get((account, metric), (None, set())) for found in (was, is_)
        )
        moved = bool(old and new and old != new)
        by = now / before - 1 if before and now is not None and not moved else None
        rows.append(
            {
                "account": account,
                "who": brands.get(account),
                "metric": definition.label,
                "before": before,
                "now": now,
                "share": definition.unit == "share",
                "by": by,
                "moved": moved,
            }
        )
    rows.sort(key=lambda row: -math.inf if row["by"] is None else -abs(row["by"]))
    return made("compare", rows=rows, month=month, last=last)


def _by_account(
    monthly: pd.DataFrame,
) -> dict[tuple[str, str], tuple[float, set[str]]]:
    """Put the owners' parts of each account and metric together, with their bases."""
    rows = monthly[monthly["value"].notna()]
    values = {}
    for (account, metric), parts in rows.groupby(["account", "metric"]):
        definition = METRICS.get(str(metric))
        # Flows and followers are held in shares; means, MAU and rates are whole.
        shared = definition is not None and definition.accrues
        whole = parts["value"].sum() if shared else parts["value"].max()
        values[str(account), str(metric)] = float(whole), set(parts["basis"])
    return values
