"""What counted, what did not and why, and where every number comes from."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

import pandas as pd

from kpi_lib.catalogue import DUE, METRICS
from kpi_lib.errors import Problem
from kpi_lib.fragments import Fragment, flags_of, made, who_is
from kpi_lib.month import OperatorMonth
from kpi_lib.workdays import months_back

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
            files=[],
            unknown=[],
            fates=_fates(m.ledger),
            flags=flags_of(m),
            left=[],
            totals={},
            bases=BASES,
        )
    return made(
        "counted",
        files=_file_rows(m.files[m.files["layout"] != ""], m),
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
    used = set(m.monthly["metric"]) | {one.metric for one in m.targets}
    rates = {"engagement_rate", "stickiness", "conversion_rate"}
    return made(
        "sources",
        card=m.card,
        operator=m.card["operator"],
        definitions=[
            one
            for name, one in m.definitions.items()
            if name in used | rates and name not in DUE
        ],
        kinds={"stock": "期末值", "flow": "合计", "mean": "日均", "ratio": "先加后除"},
        assumed=m.calendar.assumed(m.month),
    )


def files(found: pd.DataFrame, expected: Sequence[tuple[str, str]] = ()) -> Fragment:
    """
    Set the files that came against those that the roster expects.

    Parameters
    ----------
    found : DataFrame
        One row per file: source, account, platform, layout (empty if unknown),
        records, kept, left, days, basis.
    expected : sequence of (account, layout)
        What the roster expects, in its order.

    Returns
    -------
    Fragment
        Missing ones first, unknown files by name.
    """
    have = set(zip(found["account"], found["layout"], strict=True))
    return made(
        "files",
        missing=[one for one in expected if tuple(one) not in have],
        expected=len(expected),
        files=_file_rows(found[found["layout"] != ""], None),
        unknown=list(found.loc[found["layout"] == "", "source"]),
    )


def fates(ledger: pd.DataFrame) -> Fragment:
    """
    Say what became of every row; the sum is the number of rows read.

    Parameters
    ----------
    ledger : DataFrame
        One row per record: source, fate.

    Returns
    -------
    Fragment
    """
    return made(
        "fates",
        fates=_fates(ledger),
        total=len(ledger),
        files=ledger["source"].nunique(),
    )


def quarantine(ledger: pd.DataFrame) -> Fragment:
    """
    List why rows were left out, with a first example of each reason.

    Parameters
    ----------
    ledger : DataFrame
        One row per record: source, sheet, row, fate, reason, column, raw.

    Returns
    -------
    Fragment
    """
    left = _left(ledger, most=40)
    return made("quarantine", left=left, total=sum(one["count"] for one in left))


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
        (word, [str(one) for one in problems if one.level == level])
        for level, word in levels.items()
    ]
    return made("findings", groups=[group for group in groups if group[1]])


def compare(monthly: pd.DataFrame, month: str) -> Fragment:
    """
    Set each account's month beside the one before, to see what looks wrong.

    Parameters
    ----------
    monthly : DataFrame
        One row per account, metric, stream and month, with `value`.
    month : str
        The month looked at.

    Returns
    -------
    Fragment
    """
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
