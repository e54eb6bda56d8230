"""What counted, what did not and why, and where every number comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kpi_lib import numbers
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import Problem, printable
from kpi_lib.fragments import Brand, Fragment, flags_of, made, shade_of, who_is
from kpi_lib.layouts import MANUAL, layouts, platforms
from kpi_lib.month import OperatorMonth
from kpi_lib.roster import Account
from kpi_lib.workdays import Calendar, months_back

SHOWN_HERE = {
    "followers",
    "follows",
    "unfollows",
    "dau",
    "mau",
    "views",
    "comments",
    "shares",
    "likes",
    "clicks",
    "orders",
    "gmv",
    "revenue",
    "account_days",
}
"""What the page prints of every month, asked for or not."""

FATES = {
    "kept": "计入",
    "duplicate": "重复",
    "total": "合计行",
    "blank": "空行",
    "header": "表头",
    "preamble": "表头以上的说明",
    "note": "说明行",
    "outside": "别的月份",
    "private": "不公开，不计",
    "quarantined": "读不懂，未计入",
    "conflict": "两个值，待选定",
}
"""What became of a row, in the reader's words; in the order of the page."""


BASES = {
    "daily": "按日",
    "level": "按日",
    "difference": "两次下载之差",
    "published": "当月发布的累计",
    "manual": "手工填报",
    "listed": "只列作品，数按日",
    "": "—",
}


LOOKED_AT = ("quarantined", "conflict", "duplicate", "private")
"""Fates whose rows a reader may want to see one by one."""


def counted(m: OperatorMonth) -> Fragment:
    """
    Say what counted and what did not: files, rows, reasons, flags.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    if m.files.empty:
        return made(
            "counted",
            groups=[],
            unknown=[],
            fates=_fates(m.ledger),
            flags=flags_of(m),
            left=[],
            totals={},
        )
    return made(
        "counted",
        groups=_by_owner(_file_rows(m.files[m.files["layout"] != ""], m)),
        unknown=list(m.files.loc[m.files["layout"] == "", "source"]),
        fates=_fates(m.ledger),
        flags=flags_of(m),
        left=_left(m.ledger),
        totals={key: int(m.files[key].sum()) for key in ("records", "kept", "left")},
    )


def _file_rows(files: pd.DataFrame, m: OperatorMonth | None) -> list[dict[str, Any]]:
    accounts = {account.id: account for account in m.accounts} if m else {}
    rows = []
    for record in files.to_dict("records"):
        one = {str(key): value for key, value in record.items()}
        account = accounts.get(one["account"])
        rows.append(
            one
            | {
                "name": re.sub(r"^data/raw/[^/]+/[^/]+/", "", str(one["source"])),
                "who": who_is(m, account) if m and account else None,
                "basis": BASES.get(one["basis"], one["basis"]),
                "days": int(one["days"]) if pd.notna(one["days"]) else 0,
            }
        )
    return rows


def _by_owner(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the files of each account up; a day counts once where one file has all."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row["account"]), []).append(row)
    return [
        {
            "who": own[0]["who"],
            "account": account,
            "rows": own,
            "count": len(own),
            "days": max(one["days"] for one in own),
            "bases": list(dict.fromkeys(one["basis"] for one in own)),
            **{
                key: sum(int(one[key]) for one in own)
                for key in ("records", "kept", "left")
            },
        }
        for account, own in groups.items()
    ]


def _fates(ledger: pd.DataFrame) -> list[tuple[str, int]]:
    counts = ledger["fate"].value_counts()
    return [
        (word, int(counts[fate]))
        for fate, word in FATES.items()
        if fate in counts.index
    ]


def _left(ledger: pd.DataFrame, most: int = 12) -> list[dict[str, Any]]:
    """Group the rows that were left out for a reason, with a first example."""
    rows = ledger[ledger["fate"].isin(LOOKED_AT)]
    found = []
    for (fate, reason), part in rows.groupby(["fate", "reason"], sort=True):
        first = part.iloc[0]
        found.append(
            {
                "fate": FATES[str(fate)],
                "reason": reason,
                "count": len(part),
                "source": str(first["source"]).rsplit("/", 1)[-1],
                "sheet": first["sheet"],
                "row": int(first["row"]),
                "column": first["column"],
                "raw": first["raw"],
                "order": LOOKED_AT.index(str(fate)),
            }
        )
    found.sort(key=lambda one: (one["order"], -one["count"], one["reason"]))
    return found[:most]


def sources(m: OperatorMonth) -> Fragment:
    """
    Define the metrics used, name the plan, and say how to check a point.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    present = set(m.monthly.loc[m.monthly["month"] == m.month, "metric"])
    wanted = {one.metric for one in m.targets}
    return made(
        "sources",
        card=m.card,
        operator=m.card["operator"],
        definitions=[
            one
            for name, one in m.definitions.items()
            if name in wanted | (present & SHOWN_HERE)
            or (one.parts and set(one.parts) - {"/"} <= present)
        ],
        kinds={"stock": "期末值", "flow": "合计", "mean": "日均", "ratio": "先加后除"},
        assumed=m.calendar.assumed(m.month),
    )


def arrival(
    days: pd.DataFrame, accounts: Sequence[Account], calendar: Calendar
) -> Fragment:
    """
    Draw what arrived: accounts by days, against what the roster expects.

    Parameters
    ----------
    days : DataFrame
        One row per account and day: account, date, state, see `intake.arrival`.
    accounts : sequence of Account
        Names and platforms, in the roster's order.
    calendar : Calendar
        Working days and holidays.

    Returns
    -------
    Fragment
    """
    if days.empty:
        return made("arrival", rows=[], days=[], title="", weekly=False)
    brands = _brands(accounts)
    dates = [stamp.date() for stamp in days["date"].drop_duplicates()]
    kinds = [shade_of(day, calendar) for day in dates]
    rows, lacking = [], []
    for account, part in days.groupby("account", sort=False):
        states = list(part["state"])
        weekly = bool({"covered", "download"} & set(states))
        gaps = [
            day for day, state in zip(dates, states, strict=True) if state == "missing"
        ]
        weeks = {day.isocalendar()[:2] for day in gaps}
        unit = "周" if weekly else "天"
        number = len(weeks) if weekly else len(gaps)
        who = brands.get(str(account)) or _unknown(str(account))
        rows.append(
            {
                "who": who,
                "cells": list(zip(states, kinds, strict=True)),
                "gap": f"{number}{unit}" if number else "",
                "due": any(states),
            }
        )
        if number:
            lacking.append((len(gaps), f"{numbers.brief(who.name)}缺{number}{unit}"))
    return made(
        "arrival",
        rows=rows,
        days=list(zip((day.day for day in dates), kinds, strict=True)),
        title=_arrival_title(lacking, sum(bool(row["due"]) for row in rows)),
        weekly=bool({"covered", "download"} & set(days["state"])),
    )


def _arrival_title(lacking: Sequence[tuple[int, str]], due: int) -> str:
    if not due:
        return "花名册没有要求任何账号交导出"
    if not lacking:
        return f"{due}个账号，每一天都到齐了"
    worst = max(lacking, key=lambda one: one[0])[1]
    told = worst if len(lacking) == 1 else f"最多的是{worst}"
    return f"{due}个账号中{due - len(lacking)}个到齐，{len(lacking)}个有缺；{told}"


def _brands(accounts: Sequence[Account]) -> dict[str, Brand]:
    """Dress accounts in their platforms' clothes, by id."""
    known = platforms()
    found = {}
    for account in accounts:
        one = known[account.platform]
        found[account.id] = Brand(
            account.id,
            account.name or one.name,
            one.name,
            one.seal,
            one.light,
            one.dark,
        )
    return found


def _unknown(account: str) -> Brand:
    return Brand(account, account, account, account[:1].upper())


def files(
    found: pd.DataFrame,
    expected: Sequence[tuple[str, str]] = (),
    accounts: Sequence[Account] = (),
) -> Fragment:
    """
    Say how each file was read, and which the roster expects in vain.

    Parameters
    ----------
    found : DataFrame
        One row per file: source, account, platform, layout (empty if unknown),
        records, kept, left, days, basis; see `intake.FILES`.
    expected : sequence of (account, layout)
        What the roster expects, in its order.
    accounts : sequence of Account
        Names and platforms; without them accounts are called by their ids.

    Returns
    -------
    Fragment
        Missing ones first, unknown files by name.
    """
    brands = _brands(accounts)
    have = set(zip(found["account"], found["layout"], strict=True))
    names = layouts()
    groups: dict[str, list[dict[str, Any]]] = {one.id: [] for one in accounts}
    for row in _file_rows(found[found["layout"] != ""], None):
        groups.setdefault(str(row["account"]), []).append(row | _reading(row))
    return made(
        "files",
        missing=[
            (
                brands.get(account) or _unknown(account),
                names[layout].name if layout in names else layout,
            )
            for account, layout in expected
            if (account, layout) not in have
        ],
        expected=len(expected),
        groups=[
            (brands.get(account) or _unknown(account), rows)
            for account, rows in groups.items()
            if rows
        ],
        unknown=list(found.loc[found["layout"] == "", "source"]),
    )


def _reading(row: Mapping[str, Any]) -> dict[str, Any]:
    """Say how a file was read: as what, in which encoding, of which day."""
    day = row.get("downloaded")
    known = layouts().get(str(row["layout"]))
    encoding = str(row.get("encoding", ""))
    return {
        "name": re.sub(r"^\d{4}-\d{2}-\d{2}/", "", str(row["name"])),
        "read_as": known.name if known else row["layout"],
        "sure": bool(row.get("confirmed", True)) or row["layout"] == MANUAL,
        "encoding": ENCODINGS.get(encoding, encoding.upper()) or "工作簿",
        "day": f"{day:%m-%d}" if day is not None and pd.notna(day) else "—",
        "folder": _elsewhere(str(row["source"])) if row.get("borrowed") else "",
    }


ENCODINGS = {"utf-8-sig": "UTF-8，有BOM", "utf-8": "UTF-8", "gb18030": "GB18030"}
"""Encodings as people know them; a workbook has none."""


def _elsewhere(source: str) -> str:
    """Return the month in whose folder a file lies."""
    parts = source.split("/")
    return parts[2] if len(parts) > 2 else ""


def fates(ledger: pd.DataFrame, accounts: Sequence[Account] = ()) -> Fragment:
    """
    Say what became of every row; the sum is the number of rows read.

    Parameters
    ----------
    ledger : DataFrame
        One row per record: source, fate, and account where `accounts` are given.
    accounts : sequence of Account
        Names and platforms: with them, a row for every account.

    Returns
    -------
    Fragment
    """
    brands = _brands(accounts)
    rows = []
    for account in brands if "account" in ledger else ():
        counts = ledger.loc[ledger["account"] == account, "fate"].value_counts()
        if len(counts):
            rows.append((brands[account], [int(counts.sum()), *_sides(counts)]))
    return made(
        "fates",
        fates=_fates(ledger),
        total=len(ledger),
        files=ledger["source"].nunique(),
        rows=rows,
        sums=[len(ledger), *_sides(ledger["fate"].value_counts())],
    )


def _sides(counts: pd.Series[int]) -> list[int]:
    """Add fates up: counted, another month's, left out, never data."""
    sides = (("kept",), ("outside",), LOOKED_AT)
    found = [sum(int(counts.get(fate, 0)) for fate in side) for side in sides]
    return [*found, int(counts.sum()) - sum(found)]


SHOWN = 100
"""Quarantined rows that the page lists one by one."""


def quarantine(ledger: pd.DataFrame) -> Fragment:
    """
    List the rows that could not be read, then why others were left out.

    Parameters
    ----------
    ledger : DataFrame
        One row per record: source, sheet, row, fate, reason, column, raw.

    Returns
    -------
    Fragment
        Rows in quarantine one by one; the others with an example of each reason.
    """
    rows = ledger[ledger["fate"] == "quarantined"]
    others = ledger[ledger["fate"] != "quarantined"]
    left = _left(others, most=40)
    listed = _held(rows)
    return made(
        "quarantine",
        rows=listed[:SHOWN],
        held=len(rows),
        more=sum(one["count"] for one in listed[SHOWN:]),
        left=left,
        total=len(rows) + sum(one["count"] for one in left),
    )


def _held(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """List rows one by one; those of a file refused as a whole stand together."""
    found: list[dict[str, Any]] = []
    for one in rows.to_dict("records"):
        row = {str(key): value for key, value in one.items()}
        last = found[-1] if found else {}
        same = all(row[k] == last.get(k) for k in ("source", "sheet", "reason"))
        if same and not (row["column"] or row["raw"] or last["column"] or last["raw"]):
            last["count"] += 1
            continue
        name = re.sub(r"^data/raw/[^/]+/", "", str(row["source"]))
        found.append(row | {"name": name, "count": 1})
    return found


def findings(problems: Sequence[Problem]) -> Fragment:
    """
    List what reading and cleaning had to tell, worst first.

    Parameters
    ----------
    problems : sequence of Problem
        Errors, warnings and notes.

    Returns
    -------
    Fragment
    """
    levels = {"error": "错误", "warning": "提示", "note": "说明"}
    groups = [
        (
            word,
            [
                {
                    name: printable(getattr(one, name))
                    for name in ("what", "where", "place", "expected", "do")
                }
                for one in dict.fromkeys(problems)
                if one.level == level
            ],
        )
        for level, word in levels.items()
    ]
    return made("findings", groups=[group for group in groups if group[1]])


def compare(
    monthly: pd.DataFrame, month: str, accounts: Sequence[Account] = ()
) -> Fragment:
    """
    Set each account's month beside the one before, to see what looks wrong.

    Parameters
    ----------
    monthly : DataFrame
        One row per account, metric, stream and month, with `value`.
    month : str
        The month looked at.
    accounts : sequence of Account
        Names and platforms; without them accounts are called by their ids.

    Returns
    -------
    Fragment
    """
    brands = _brands(accounts)
    last = months_back(month, 2)[0]
    values = {at: _by_account(monthly[monthly["month"] == at]) for at in (last, month)}
    rows: list[dict[str, Any]] = []
    for account, metric in sorted({*values[last], *values[month]}):
        known = METRICS.get(metric)
        if known is None or not known.target:
            continue
        before, now = (values[at].get((account, metric)) for at in (last, month))
        rows.append(
            {
                "account": account,
                "who": brands.get(account),
                "metric": known.zh,
                "before": before,
                "now": now,
                "share": known.unit == "share",
                "by": now / before - 1 if before and now is not None else None,
            }
        )
    rows.sort(key=lambda row: -math.inf if row["by"] is None else -abs(row["by"]))
    return made("compare", rows=rows, month=month, last=last)


def _by_account(monthly: pd.DataFrame) -> dict[tuple[str, str], float]:
    """Put the owners' parts of each account and metric together again."""
    rows = monthly[monthly["value"].notna()]
    found: dict[tuple[str, str], float] = {}
    for (account, metric), part in rows.groupby(["account", "metric"])["value"]:
        known = METRICS.get(str(metric))
        # Flows and followers are held in shares; means, MAU and rates are whole.
        shared = known and (known.kind == "flow" or metric == "followers")
        found[str(account), str(metric)] = float(part.sum() if shared else part.max())
    return found
