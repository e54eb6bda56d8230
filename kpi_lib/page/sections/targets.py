"""Targets: held against results, broken down by day and week, proposed anew."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain
from typing import Any

import pandas as pd

from kpi_lib import figures, months
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, months_back
from kpi_lib.grouping import grouped
from kpi_lib.language import N_, _
from kpi_lib.page import series
from kpi_lib.page.parts import Fragment, made, nothing, platform_of, shade_of
from kpi_lib.page.templates import ratio

# The table of metrics: month, target, attained, last month, a line of the year.

WIDTH, HEIGHT, MARGIN = 116, 24, 4  # Of the line of twelve months, px

LEAST_SPAN = 0.1  # A line's height is this much of its highest value at least


def metrics(m: OperatorMonth) -> Fragment:
    """Set every metric with a target beside its target, last month and the year."""
    parts = {
        (part["metric"], part["platform"]): part
        for measure in m.card.said().plain
        for part in measure["parts"]
        if part["metric"]
    }
    if not parts:
        return nothing(_("指标"), _("本月没有考核结果的指标"))
    rows = [
        _row(m, part)
        for name in METRICS
        for (metric, _platform), part in parts.items()
        if metric == name
    ]
    known = [row for row in rows if row["attained"] is not None]
    short = [row for row in known if row["attained"] < 1]
    before = months_back(m.month, 2)[0]
    away = [day for day in days_of(before) if m.operator.leave_on(day)]
    return made(
        "metrics",
        rows=rows,
        known=len(known),
        reached=len(known) - len(short),
        worst=min(short, key=lambda row: row["attained"], default=None),
        before=before,
        away=len(away),
        width=WIDTH,
        height=HEIGHT,
    )


def _row(m: OperatorMonth, part: Mapping[str, str]) -> dict[str, Any]:
    """Return one metric: what the card holds of it, and its twelve months."""
    metric, platform = METRICS[part["metric"]], part["platform"]
    year = series.of_year(m, metric.result, platform)
    values = series.known(year)
    amount, sign = figures.amount(metric.name), metric.moves_by_gain
    share = metric.unit == "share"

    def printed(value: figures.Number) -> str:
        return figures.exact(value, sign=True) if sign else amount(value)

    value, opening = (figures.decimal(part[key]) for key in ("value", "opening"))
    goal = figures.decimal(part["counted"])
    aim = None if goal is None else goal - (opening or 0)
    last, now = map(values.get, months_back(m.month, 2))
    change = None
    # Two months are beside each other only where they are of the same accounts.
    if last is not None and now is not None and m.month not in series.breaks(year):
        change = now - last if share else ratio(now - last, last)
    name = part["name"]
    if platform:
        place = platform_of(m, platform).name
        name = _("{name}（{platform}）", name=name, platform=place)
    return {
        "name": _("{metric}（增长）", metric=name) if sign else name,
        "value": printed(value),
        "days": year[m.month].days,
        "goal": printed(aim),
        "attained": figures.decimal(part["attained"]),
        "change": figures.NONE
        if change is None
        else _("{by}点", by=figures.percent(change, 2, sign=True).rstrip("%"))
        if share
        else figures.percent(change, sign=True),
        "said": series.year_in_words(values, value, aim, printed),
        "lines": _lines(year),
    }


def _lines(year: Mapping[str, months.Total]) -> list[list[tuple[float, float]]]:
    """Lay out the months with a value; no line joins two that do not compare."""
    values, broken = series.known(year), series.breaks(year)
    low, high = (end(values.values(), default=0.0) for end in (min, max))
    span = max(high - low, LEAST_SPAN * abs(high)) or 1.0
    base = (low + high - span) / 2
    step = (WIDTH - 2 * MARGIN) / (len(year) - 1)
    lines: list[list[tuple[float, float]]] = []
    joined = False
    for at, month in enumerate(year):
        if month in values:
            y = HEIGHT - MARGIN - (values[month] - base) / span * (HEIGHT - 2 * MARGIN)
            if not joined or month in broken:
                lines.append([])
            lines[-1].append((round(MARGIN + at * step, 1), round(y, 1)))
        joined = month in values
    return lines


# Quotas by day and by week: contents on the calendar, the rest by week.

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


# Next month's targets: three steps, their growth, how they were made.

# The plans that the appraisal plan's daily duties ask for, by what they move.
PLANS = {
    N_("增粉计划"): ("followers",),
    N_("定增计划"): ("dau", "mau", "stickiness"),
    N_("收益计划"): ("orders", "conversion_rate", "revenue"),
}


# The three proposals of a metric, and what they are called.
STEPS = {"low": N_("低"), "middle": N_("中"), "high": N_("高")}


def next_month(m: OperatorMonth) -> Fragment:
    """Propose next month's targets: three steps, their growth, how they were made."""
    proposals = m.card.said()["proposals"]
    if not proposals:
        return made("said", text=_("没有必考的指标，没有可以建议的目标。"))

    def rows(metrics: Iterable[str]) -> list[dict[str, Any]]:
        return [
            _printed(m, proposal)
            for metric in metrics
            for proposal in proposals
            if proposal["metric"] == metric
        ]

    plans = {_(name): rows(metrics) for name, metrics in PLANS.items()}
    planned = {metric for metrics in PLANS.values() for metric in metrics}
    rest = rows(
        dict.fromkeys(at["metric"] for at in proposals if at["metric"] not in planned)
    )
    every = [*chain(*plans.values()), *rest]
    given = {name: [row for row in own if row["given"]] for name, own in plans.items()}
    return made(
        "next_month",
        period=proposals[0]["period"],
        plans=[(name, own) for name, own in given.items() if own],
        rest=[row for row in rest if row["given"]],
        without=[row["name"] for row in every if not row["given"]],
        steps=[_(name) for name in STEPS.values()],
        methods=_named(every, "method"),
        notes=_named(every, "note"),
        month=m.month,
    )


def _printed(m: OperatorMonth, proposal: Mapping[str, Any]) -> dict[str, Any]:
    """Print one proposal; of followers the gain, with the level it leads to."""
    metric = METRICS[proposal["metric"]]
    gain, level = metric.moves_by_gain, proposal["middle"]
    printed = figures.amount(proposal["metric"])
    # A level stands in the proposal; what is compared with the median is the gain.
    gained = series.sum_known(series.of_month(m, metric.result).values())
    return {
        "name": quota_name(proposal["metric"]),
        "baseline": printed(proposal["baseline"]),
        "months": proposal["months"],
        "value": printed(gained if gain else proposal["value"]),
        "steps": [printed(proposal[f"gain_{at}" if gain else at]) for at in STEPS],
        "given": bool(level),
        "growths": [proposal[f"growth_{at}"] for at in STEPS],
        "method": proposal["method"],
        "note": proposal["note"],
    }


def _named(rows: Iterable[dict[str, Any]], key: str) -> list[tuple[str, str]]:
    """Return each text of the rows once, with the metrics that it is of."""
    named = grouped((row[key], row["name"]) for row in rows if row[key])
    return [(figures.listed(names), text) for text, names in named.items()]
