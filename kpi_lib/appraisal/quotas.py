"""
A month's short targets, broken down to its days and weeks (量化).

A day's quota is the target as it counts (`goals.Goal.counted`) over the days in charge,
working or not, of what accrues on every day, and over the working days on which the
operator was present of contents; a week's is the sum of its days, cut at the month's
edge. Quotas are for flows, for the gain of followers and for contents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate

import pandas as pd

from kpi_lib.appraisal.evidence import Evidence
from kpi_lib.appraisal.goals import Goal, due_number
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, shift, week_of
from kpi_lib.figures import joined
from kpi_lib.inputs import Content
from kpi_lib.language import Sentence
from kpi_lib.months import by_day

CONTENTS = "contents"  # Name of the published contents among the metrics of a quota

MONTHS = ("metric", "quota", "result", "attained")
WEEKS = (*MONTHS, "week", "first", "last")
DAYS = (*MONTHS, "date", "working", "week", "quota_sum", "result_sum")
TYPES = {
    **dict.fromkeys((*MONTHS[1:], *DAYS[-2:]), "float64"),
    **dict.fromkeys(("date", "first", "last"), "datetime64[s]"),
    **{"metric": "str", "week": "str", "working": "bool"},
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
    span = pd.Timestamp(before), pd.Timestamp(days_of(evidence.month)[-1])
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
    none = pd.DataFrame(columns=DAYS, dtype="object")
    days = pd.concat([none, *(_days(evidence, line, here) for line in lines)])
    whole = [(line.metric, line.quota, line.result) for line in lines]
    months = pd.DataFrame(whole, columns=["metric", "quota", "result"], dtype="object")
    return Quotas(
        _frame(days.reset_index(drop=True), DAYS),
        _frame(_weeks(days), WEEKS),
        _frame(months, MONTHS),
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
    published = Counter(row.planned for row in rows if evidence.came_out(row))
    # The sheet lists every content: a day without one is a known 0.
    days = {day: Fraction(published[day]) for day in days_of(evidence.month)}
    return _Line(CONTENTS, due, sum(days.values(), Fraction(0)), days)


def _days(evidence: Evidence, line: _Line, here: Sequence[date]) -> pd.DataFrame:
    """Return a metric's rows of ``DAYS``, still exact."""
    own = here if line.metric == CONTENTS else evidence.days_in_charge
    each, begun = line.quota / len(own), min(line.days, default=date.max)
    days = pd.DataFrame({"date": days_of(evidence.month)}, dtype="object")
    day = days["date"]
    days["metric"], days["week"] = line.metric, day.map(week_of)
    days["working"] = day.isin(here)
    days["quota"] = day.map(lambda of: each if of in own else Fraction(0))
    days["result"] = pd.Series(map(line.days.get, day), dtype="object")
    days["quota_sum"] = days["quota"].cumsum()
    results = [line.days.get(of, Fraction(0)) for of in day]
    days["result_sum"] = pd.Series(accumulate(results)).where(day >= begun, None)
    return days


def _weeks(days: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of ``WEEKS``: sums of days, cut at the month's edge."""
    each = days.groupby(["metric", "week"], sort=False)
    return each.agg(
        quota=("quota", "sum"),
        result=("result", lambda of: of.sum() if of.notna().any() else None),
        first=("date", "min"),
        last=("date", "max"),
    ).reset_index()


def _frame(rows: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Make the table; exact numbers become floats here and not before."""
    rows["attained"] = [
        None if result is None or quota <= 0 else result / quota
        for quota, result in zip(rows["quota"], rows["result"], strict=True)
    ]
    return rows[[*columns]].astype({name: TYPES[name] for name in columns})
