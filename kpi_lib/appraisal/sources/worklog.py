"""
Sources that count rows of the work log.

A row counts when its 确认人 names somebody other than the operator, where the
plan says that a measure must be confirmed; an unconfirmed row stays below the
line and out of what stands above it. A sheet without rows is missing, unless the
sheet 确认 says with name and date that there was none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from typing_extensions import override

from kpi_lib import days
from kpi_lib.appraisal.evidence import Evidence, Reading, excluded, pending, text
from kpi_lib.appraisal.sources.base import (
    NONE_HERE,
    Source,
    against,
    by_another,
    cite,
    counted,
    due_number,
    missing,
    no_due,
    none_here,
    own,
    plan_of,
    unconfirmed,
)
from kpi_lib.figures import joined
from kpi_lib.inputs import Communities, Measure
from kpi_lib.language import Sentence

Predicate = Callable[[Any, str], bool]
"""A question about a row of the work log in a month."""


def _every(row: Any, month: str) -> bool:
    return True


def planned_in(row: Any, month: str) -> bool:
    """Say whether a content was planned for the month."""
    return days.month_of(row.planned) == month


def ended_in(row: Any, month: str) -> bool:
    """Say whether a campaign's last day lies in the month."""
    return days.month_of(row.end) == month


@dataclass(frozen=True, kw_only=True)
class LogCount(Source):
    """
    Rows of one sheet that satisfy something, against what was due or all rows.

    Parameters
    ----------
    sheet, rows : str
        Name of the sheet, and the field of the work log that holds its rows.
    unit : str
        What is counted, for the reader.
    counts : callable
        Which rows stand above the line.
    among : callable
        Which rows are looked at at all.
    of : {"due", "rows", "more", "nothing"}
        What stands below the line: the due number, the rows, the larger of both, or
        nothing, where the number itself is scored.
    due : str
        Name of the due number.
    tells_confirmed : bool
        Whether points rest on confirmed entries where others confirmed all that count,
        also where the plan does not ask for it.
    """

    sheet: str
    rows: str
    unit: str
    counts: Predicate = _every
    among: Predicate = _every
    of: Literal["due", "rows", "more", "nothing"] = "due"
    due: str = ""
    tells_confirmed: bool = False

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        month = evidence.month
        entries = own(evidence, getattr(evidence.worklog, self.rows))
        if why := self._nothing(evidence, entries):
            return why
        due, note = self._due(evidence, measure)
        if self.due and due is None:
            return no_due(self.due)
        rows = [row for row in entries if self.among(row, month)]
        met = [row for row in rows if self.counts(row, month)]
        number = len(counted(evidence, measure, met))
        notes = joined([note, unconfirmed(len(met) - number)])
        if self.of == "nothing":
            return Reading(
                value=Fraction(number),
                unit=self.unit,
                note=notes,
                inputs={"value": str(number), "rows": str(len(rows))},
                evidence=cite(rows),
            )
        below = {"rows": Fraction(len(rows)), "due": due or Fraction(0)}
        confirmed = self.tells_confirmed and bool(met)
        return against(
            rows,
            number,
            below.get(self.of, max(below.values())),
            self.unit,
            notes,
            confirmed=confirmed and all(by_another(evidence, row) for row in met),
        )

    def _nothing(self, evidence: Evidence, entries: Sequence[Any]) -> Reading | None:
        """Return why there is nothing to count; None where there is."""
        if entries or none_here(evidence, self.sheet):
            return None
        return missing(self.sheet)

    def _due(self, evidence: Evidence, measure: Measure) -> tuple[Fraction | None, str]:
        """Return the due number, and what to know about it."""
        default = getattr(measure.source, "due", None)
        return due_number(evidence, self.due, default) if self.due else None, ""


class CampaignsHeld(LogCount):
    """Campaigns held, against the due number; excluded where none was wanted."""

    def _nothing(self, evidence: Evidence, entries: Sequence[Any]) -> Reading | None:
        return no_campaigns(evidence)


def no_campaigns(evidence: Evidence) -> Reading | None:
    """Return why no campaign of the month is scored; None where one is."""
    rows = own(evidence, evidence.worklog.campaigns)
    if any(ended_in(row, evidence.month) for row in rows):
        return None
    if due_number(evidence, "campaigns_due") == 0:
        return excluded(Sentence("本月不要求活动（campaigns_due为0）"))
    return None if none_here(evidence, "活动") else missing("活动")


class FeedbackDelivered(LogCount):
    """
    Feedback items and user portraits delivered, against the due number.

    The due number rises by one in a quarter's last month if the quarter has no
    portrait yet.
    """

    def _due(self, evidence: Evidence, measure: Measure) -> tuple[Fraction | None, str]:
        due, _ = super()._due(evidence, measure)
        if due is None or int(evidence.month[5:]) % 3 or _portrayed(evidence):
            return due, ""
        return due + 1, Sentence("本季度还没有用户画像，应交数加1")


def _portrayed(evidence: Evidence) -> bool:
    """Say whether the quarter that the month ends has a user portrait."""
    return any(
        row.kind == "portrait"
        for month in days.months_back(evidence.month, 3)
        if month in evidence.worklogs
        for row in own(evidence, evidence.worklogs[month].feedback)
    )


class Reviews(Source):
    """
    Weekly and monthly reviews delivered in time, against those due.

    A week's review is due by its last working day, the month's by the working day of
    the next month that the plan names; weeks without a day of presence owe nothing.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        rows = own(evidence, evidence.worklog.reviews)
        if not rows and not none_here(evidence, "复盘"):
            return missing("复盘")
        due, delivered = _weekly(evidence, rows)
        due += 1
        last = evidence.calendar.review_due(
            evidence.month, evidence.plan.evidence.review_days
        )
        monthly = [
            row.delivered
            for row in rows
            if row.kind == "month" and row.period == evidence.month and row.delivered
        ]
        closed = any(
            row.sheet == "复盘" and row.by and row.on is not None and row.on > last
            for row in own(evidence, evidence.worklog.none_here)
        )
        if not monthly and not closed:
            return pending(
                Sentence(
                    "月复盘还没有记录（{last}前交），也没有在“{none}”表写明无",
                    last=last,
                    none=NONE_HERE,
                ),
                evidence=cite(rows),
                inputs={"delivered": str(delivered), "due": str(due)},
            )
        delivered += any(day <= last for day in monthly)
        return against(rows, delivered, due, "次")


def _weekly(evidence: Evidence, rows: Sequence[Any]) -> tuple[int, int]:
    """Return how many weekly reviews were due, and how many came in time."""
    due = delivered = 0
    for week in evidence.calendar.weeks(evidence.month):
        last = week.due
        if last is None or not any(map(evidence.works_on, week.working_days)):
            continue
        due += 1
        delivered += any(
            row.kind == "week"
            and row.period == week.name
            and row.delivered is not None
            and row.delivered <= last
            for row in rows
        )
    return due, delivered


class CommunitiesKept(Source):
    """
    Half communities founded ÷ due, half active ÷ all.

    A half that is 0 of 0 gives its points to the other; a community is active if
    enough of its members, or enough people, speak.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        source = plan_of(measure, Communities)
        rows = own(evidence, evidence.worklog.communities)
        if not rows and not none_here(evidence, "社群"):
            return missing("社群")
        due = due_number(evidence, "communities_due")
        if due is None:
            return no_due("communities_due")
        blank = [
            row.name for row in rows if row.members is None or row.speakers is None
        ]
        if blank:
            note = Sentence("社群“{names}”没有填成员数或发言人数", names=blank)
            return pending(note, evidence=cite(rows))
        founded = [
            row
            for row in rows
            if row.founded and days.month_of(row.founded) == evidence.month
        ]
        active = [row for row in rows if _active(row, source)]
        halves: list[Fraction] = []
        if due:
            halves.append(min(Fraction(len(founded)) / due, Fraction(1)))
        if rows:
            halves.append(Fraction(len(active), len(rows)))
        if not halves:
            return excluded(Sentence("没有社群，也不要求新建"))
        return Reading(
            value=sum(halves, Fraction(0)) / len(halves),
            target=Fraction(1),
            unit="%",
            inputs={
                "founded": str(len(founded)),
                "due": text(due),
                "active": str(len(active)),
                "all": str(len(rows)),
            },
            evidence=cite(rows),
        )


def _active(row: Any, source: Communities) -> bool:
    speakers = row.speakers or 0
    if speakers >= source.active_people:
        return True
    return bool(row.members) and Fraction(speakers, row.members) >= source.active_share
