"""Quotas by day and by week: contents on the calendar, the rest by week."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.grouping import grouped
from kpi_lib.language import _
from kpi_lib.page.parts import Fragment, made, shade_of

CONTENTS = "contents"  # What the published contents are called among the quotas


TINY = 1e-9  # Under this a day's quota (12/21) and what adds up to it are one number


def quotas(m: OperatorMonth) -> Fragment:
    """Show attainment: contents day by day on the calendar, the rest by week."""
    named = grouped((note, quota_name(at)) for at, note in m.quotas.notes.items())
    notes = [
        _("{metrics}：{note}。", metrics=figures.listed(names), note=note)
        for note, names in named.items()
    ]
    if m.quotas.months.empty:
        why = notes or [_("没有可以分到每天的目标或应完成数，排不出定量。")]
        return made("quotas", strip=None, table=None, notes=why)
    return made("quotas", strip=_strip(m), table=_by_week(m), notes=notes)


def _strip(m: OperatorMonth) -> dict[str, Any] | None:
    """Return the contents of every day against the day's quota."""
    days = _of(m.quotas.days, CONTENTS).sort_values("date")
    if days.empty:
        return None
    weeks = _of(m.quotas.weeks, CONTENTS).sort_values("first")
    top = max(float(days[["quota", "result"]].max().max()), TINY)
    working = days[days["working"]]
    each = float(working["quota"].iloc[0]) if len(working) else 0.0
    return {
        **_reached(weeks),
        "each": each,
        "due": float(days["quota"].sum()),
        "done": days["result"].sum(min_count=1),
        "level": 100 * each / top,
        "missing": int(days["result"].isna().sum()),
        "days": [_day(m, row, top) for row in days.to_dict("records")],
        "weeks": [_week(row) for row in weeks.to_dict("records")],
    }


def _day(m: OperatorMonth, row: dict[Any, Any], top: float) -> dict[str, Any]:
    """Return one day: reached, short, missed, not on record, or without a quota."""
    result, quota = float(row["result"]), float(row["quota"])
    unknown = math.isnan(result)
    behind = bool(row["result_sum"] < row["quota_sum"] - TINY)
    if unknown:
        state = "gap"
    elif quota <= TINY:
        state = "extra" if result > 0 else "rest"
    elif result >= quota - TINY:
        state = "hit"
    else:
        # Three of 3.17 is short, but nothing is owed where the sum keeps up.
        state = "miss" if behind else "near"
    return {
        "day": row["date"].day,
        "shade": shade_of(row["date"].date(), m.calendar),
        "state": state,
        "result": result,
        "quota": quota,
        "height": 0.0 if unknown else 100 * result / top,
        "run": "gap" if unknown else "late" if behind else "level",
    }


def _week(row: dict[Any, Any]) -> dict[str, Any]:
    return row | {"span": (row["last"] - row["first"]).days + 1, "share": _share(row)}


def _share(row: dict[Any, Any]) -> float | None:
    """Return what was attained; None where it says nothing."""
    return None if pd.isna(row["attained"]) else row["attained"]


def _reached(weeks: pd.DataFrame) -> dict[str, Any]:
    """Count the weeks with their quota; `worst` alone was furthest off, if one was."""
    known = weeks[(weeks["quota"] > TINY) & weeks["result"].notna()]
    off = known["quota"] - known["result"]
    short = int((off > TINY).sum())
    worst = known[off > off.max() - TINY]
    return {
        "known": len(known),
        "reached": len(known) - short,
        "worst": worst.iloc[0].to_dict() if short and len(worst) == 1 else None,
    }


def _by_week(m: OperatorMonth) -> dict[str, Any]:
    """Return every metric's weeks and its month, contents first."""
    months = m.quotas.months.to_dict("records")
    rows = [
        _metric_weeks(m, row)
        for row in sorted(months, key=lambda row: row["metric"] != CONTENTS)
    ]
    known = [row for row in rows if row["share"] is not None]
    first = _of(m.quotas.weeks, months[0]["metric"]).sort_values("first")
    return {
        "known": len(known),
        "reached": sum(row["share"] >= 1 - TINY for row in known),
        "head": [
            (row["first"], row["last"], row["quota"] > TINY)
            for row in first.to_dict("records")
        ],
        "rows": rows,
        "month": m.month,
    }


def _metric_weeks(m: OperatorMonth, month: dict[Any, Any]) -> dict[str, Any]:
    """Return one metric: its weeks, how many days are missing, and the month."""
    name = month["metric"]
    days = _of(m.quotas.days, name)
    # Counters of posts have no days at all: nothing of theirs is missing by day.
    by_day = bool(days["result"].notna().any())
    gaps = Counter(days[days["result"].isna()]["week"]) if by_day else Counter()
    weeks = _of(m.quotas.weeks, name).sort_values("first").to_dict("records")
    working = days[days["working"]]["quota"]
    contents = partial(figures.plain, most=2)
    each = contents if name == CONTENTS else figures.amount(name)
    return {
        "name": quota_name(name),
        "each": each(working.iloc[0]) if len(working) else figures.NONE,
        "weeks": [_week(row) | {"missing": gaps[row["week"]]} for row in weeks],
        "result": month["result"],
        "quota": month["quota"],
        "share": _share(month),
        "missing": gaps.total(),
    }


def quota_name(metric: str) -> str:
    """Name what has a quota; contents and the gain of followers are no flows."""
    names = {CONTENTS: _("内容发布"), "followers": _("粉丝净增")}
    return names.get(metric) or METRICS[metric].label


def _of(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    return frame[frame["metric"] == metric]
