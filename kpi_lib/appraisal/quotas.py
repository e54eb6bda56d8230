"""
A month's short targets, broken down to its days and weeks (量化).

A day's quota is the target as it counts (`goals.Goal.counted`) over the days in charge,
working or not, of what accrues on every day, and over the working days on which the
operator was present of contents; a week's is the sum of its days, cut at the month's
edge. Quotas are for flows, for the gain of followers and for contents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate, chain
from typing import Any

import pandas as pd

from kpi_lib.appraisal.evidence import Evidence
from kpi_lib.appraisal.goals import Goal, due_number
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, shift, week_of
from kpi_lib.figures import joined
from kpi_lib.inputs import Content
from kpi_lib.language import Sentence
from kpi_lib.months import by_day

CONTENTS = "contents"
"""Name of the published contents among the metrics of a quota."""

Row = dict[str, Any]

MONTHS = {
    "metric": "str",
    "quota": "float64",
    "result": "float64",
    "attained": "float64",
}

WEEKS = MONTHS | {
    "week": "str",
    "first": "datetime64[s]",
    "last": "datetime64[s]",
    "working_days": "int64",
}

DAYS = MONTHS | {
    "date": "datetime64[s]",
    "working": "bool",
    "week": "str",
    "quota_sum": "float64",
    "result_sum": "float64",
}


@dataclass(frozen=True)
class Quotas:
    """
    One operator's quotas of a month beside what came of them, the own part.

    `days`: a row per metric and day; `working` is False on days off, on leave and
    outside the employment; `result` is missing where nothing is on record, days off
    count; sums run from the first. `weeks`: a row per metric and week cut at the
    month's edge. `months`: a row per metric, also of counters of posts, which have no
    days. `attained` is missing without a quota or a result. `notes`: by metric.
    """

    days: pd.DataFrame
    weeks: pd.DataFrame
    months: pd.DataFrame
    notes: Mapping[str, str]


@dataclass(frozen=True)
class _Line:
    """One metric: the month's quota, its result, and the results by day."""

    metric: str
    quota: Fraction
    result: Fraction | None
    days: Mapping[date, Fraction]


def quotas(evidence: Evidence, daily: pd.DataFrame) -> Quotas:
    """Break short targets down; `daily` holds this month and the one before."""
    # What a level gained is told from the one before the month.
    before = days_of(shift(evidence.month, -1))[0]
    span = pd.Timestamp(before), pd.Timestamp(evidence.last_day)
    near = daily[daily["date"].between(*span)]
    notes: dict[str, str] = {}
    lines = [
        line
        for name, metric in METRICS.items()
        if metric.accrues
        if (line := _line(evidence, near, name, notes))
    ]
    contents = _contents(evidence, notes)
    if contents:
        lines.append(contents)
    here = evidence.present()
    if lines and not here:
        why = Sentence("本月没有在岗的工作日，无法分到日")
        notes |= {line.metric: why for line in lines}
        lines = []
    days = {line.metric: _days(evidence, line, here) for line in lines}
    return Quotas(
        _frame(chain(*days.values()), DAYS),
        _frame((row for own in days.values() for row in _weeks(evidence, own)), WEEKS),
        _frame((_row(line.metric, line.quota, line.result) for line in lines), MONTHS),
        notes,
    )


def _line(
    evidence: Evidence, daily: pd.DataFrame, metric: str, notes: dict[str, str]
) -> _Line | None:
    """Return a metric's quota and results, its platform rows added up."""
    goals = evidence.goals.of(metric)
    if not goals:
        return None
    if why := _undivided(metric, goals):
        notes[metric] = why
        return None
    goals = [goal for goal in goals if goal.wanted > 0]
    rows = evidence.now
    platforms = [goal.target.platform for goal in goals if goal.target.platform]
    if platforms:
        rows = rows[rows["platform"].isin(platforms)]
    result = METRICS[metric].result
    days, without = by_day(rows, daily, result, roster=evidence.roster)
    if note := joined(_remarks(evidence, goals, without)):
        notes[metric] = note
    results = [
        Fraction(goal.value - goal.of_leave[1])
        for goal in goals
        if goal.value is not None
    ]
    return _Line(
        metric=metric,
        quota=sum((goal.wanted - goal.of_leave[0] for goal in goals), Fraction(0)),
        result=sum(results, Fraction(0)) if len(results) == len(goals) else None,
        days={} if without else days,
    )


def _undivided(metric: str, goals: Sequence[Goal]) -> str:
    """Say why targets are not broken down to days; empty where they are."""
    if METRICS[metric].less_is_better:
        return Sentence("越少越好，不分到日")
    gaps = [gap for goal in goals for gap in goal.gaps]
    if METRICS[metric].moves_by_gain and gaps:
        return Sentence("不分到日：{why}", why=joined(gaps))
    if not any(goal.wanted > 0 for goal in goals):
        return Sentence("目标不大于0，不分到日")
    return ""


def _remarks(
    evidence: Evidence, goals: Sequence[Goal], without: Sequence[str]
) -> Iterator[str]:
    """Say what to know about a quota; `without`: accounts that have no days."""
    if not all(goal.approved for goal in goals):
        yield Sentence("短期目标没有批准")
    if goals[0].target.platform:
        yield Sentence("各平台的目标相加")
    if without:
        names = [evidence.roster.account(id_).name or id_ for id_ in without]
        yield Sentence("{accounts}没有按日的数，日和周没有结果", accounts=names)
    if any(goal.covered for goal in goals):
        yield Sentence("代班的目标和结果不在其中")
    for goal in goals:
        yield from goal.gaps


def _contents(evidence: Evidence, notes: dict[str, str]) -> _Line | None:
    """Return the contents due, and those published on the day they were planned for."""
    due = due_number(evidence, "contents_due")
    if due is None or due <= 0:
        return None
    rows = evidence.worklog.contents
    if not rows and not evidence.has_none(Content.SHEET):
        notes[CONTENTS] = Sentence("工作记录的“{sheet}”表没有记录", sheet=Content.SHEET)
        return _Line(CONTENTS, due, None, {})
    published = Counter(row.planned for row in rows if evidence.published_on(row))
    # The sheet lists every content: a day without one is a known 0.
    days = {day: Fraction(published[day]) for day in days_of(evidence.month)}
    return _Line(CONTENTS, due, sum(days.values(), Fraction(0)), days)


def _row(metric: str, quota: Fraction, result: Fraction | None, **more: object) -> Row:
    attained = None if result is None or quota <= 0 else result / quota
    held = {"quota": quota, "result": result, "attained": attained}
    return {"metric": metric, **held, **more}


def _days(evidence: Evidence, line: _Line, here: Sequence[date]) -> list[Row]:
    """Return a metric's rows of ``DAYS``, still exact."""
    days = days_of(evidence.month)
    own = here if line.metric == CONTENTS else evidence.days_in_charge
    each = line.quota / len(own)
    quota = [each if day in own else Fraction(0) for day in days]
    results = [line.days.get(day, Fraction(0)) for day in days]
    begun = min(line.days, default=date.max)
    return [
        _row(
            line.metric,
            wanted,
            line.days.get(day),
            date=day,
            working=day in here,
            week=week_of(day),
            quota_sum=wanted_sum,
            result_sum=result_sum if day >= begun else None,
        )
        for day, wanted, wanted_sum, result_sum in zip(
            days, quota, accumulate(quota), accumulate(results), strict=True
        )
    ]


def _weeks(evidence: Evidence, days: Sequence[Row]) -> Iterator[Row]:
    """Yield a metric's rows of ``WEEKS``: sums of its days."""
    for week in evidence.calendar.quota_weeks(evidence.month):
        inside = [row for row in days if row["date"] in week.days_in_month]
        results = [row["result"] for row in inside if row["result"] is not None]
        yield _row(
            days[0]["metric"],
            sum((row["quota"] for row in inside), Fraction(0)),
            sum(results, Fraction(0)) if results else None,
            week=week.name,
            first=week.days_in_month[0],
            last=week.days_in_month[-1],
            working_days=sum(row["working"] for row in inside),
        )


def _frame(rows: Iterable[Row], columns: Mapping[str, str]) -> pd.DataFrame:
    """Make the table; exact numbers become floats here and not before."""
    cells = [[row[name] for name in columns] for row in rows]
    return pd.DataFrame(cells, columns=list(columns)).astype(dict(columns))
