"""
Sources that count rows of the work log.

A row counts when its 确认人 names somebody other than the operator, where the
plan says that a measure must be confirmed; an unconfirmed row stays below the
line and out of what stands above it. A sheet without rows is missing, unless the
sheet 确认 says with name and date that there was none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, TypeVar

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
from kpi_lib.inputs import Campaign, Communities, Measure
from kpi_lib.language import N_, Sentence

R = TypeVar("R")

Predicate = Callable[[Any], bool]
"""A question about a row of the work log."""


def _every(row: Any) -> bool:
    return True


@dataclass(frozen=True)
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
    within : str
        Name of the date that must lie in the month; empty: any row of the sheet.
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
    within: str = ""
    of: Literal["due", "rows", "more", "nothing"] = "due"
    due: str = ""
    tells_confirmed: bool = False

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        entries = own(evidence, getattr(evidence.worklog, self.rows))
        if why := self._nothing(evidence, entries):
            return why
        due, note = self._due(evidence, measure)
        if self.due and due is None:
            return no_due(self.due)
        rows = _within(evidence, entries, self.within)
        rows = [row for row in rows if self.among(row)]
        met = [row for row in rows if self.counts(row)]
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
        return _no_campaigns(evidence)


def _within(evidence: Evidence, rows: Sequence[R], name: str) -> list[R]:
    """Return the rows of which a date lies in the month; without a name all of them."""
    month = evidence.month
    return [r for r in rows if not name or days.month_of(getattr(r, name)) == month]


def _campaigns(evidence: Evidence) -> list[Campaign]:
    """Return the campaigns whose last day lies in the month."""
    return _within(evidence, own(evidence, evidence.worklog.campaigns), "end")


def _no_campaigns(evidence: Evidence) -> Reading | None:
    """Return why no campaign of the month is scored; None where one is."""
    if _campaigns(evidence):
        return None
    if due_number(evidence, "campaigns_due") == 0:
        return excluded(Sentence("本月不要求活动（campaigns_due为0）"))
    return None if none_here(evidence, "活动") else missing("活动")


_FIGURES = (
    ("exposure", N_("活动“{names}”没有填曝光")),
    ("new", N_("活动“{names}”没有填拉新")),
    ("conversion", N_("活动“{names}”没有填转化")),
)
"""What a campaign has a target and a result of, and what is said of a missing one."""


def _sum(amounts: Iterable[Decimal | int | None]) -> Fraction:
    return sum((Fraction(amount or 0) for amount in amounts), Fraction(0))


class CampaignResults(Source):
    """
    The mean over exposure, new followers and conversions of result ÷ target.

    Per figure the results of the month's campaigns are added, and so are the
    targets; each figure is capped at 100 %; figures without a target are left out.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        if why := _no_campaigns(evidence):
            return why
        rows = _campaigns(evidence)
        shares: list[Fraction] = []
        inputs: dict[str, str] = {}
        for name, lacking in _FIGURES:
            aimed = [row for row in rows if getattr(row, f"{name}_target")]
            target = _sum(getattr(row, f"{name}_target") for row in aimed)
            if not target:
                continue
            blank = [
                row.name
                for row in aimed
                if getattr(row, name) is None and not row.not_held
            ]
            if blank:
                return pending(Sentence(lacking, names=blank), evidence=cite(rows))
            confirmed = counted(evidence, measure, aimed)
            result = _sum(getattr(row, name) for row in confirmed)
            inputs |= {f"{name}.value": text(result), f"{name}.target": text(target)}
            shares.append(min(result / target, Fraction(1)))
        if not shares:
            note = Sentence("活动没有曝光、拉新、转化的目标")
            return pending(note, evidence=cite(rows))
        return Reading(
            value=sum(shares, Fraction(0)) / len(shares),
            target=Fraction(1),
            unit="%",
            note=unconfirmed(len(rows) - len(counted(evidence, measure, rows))),
            inputs=inputs,
            evidence=cite(rows),
        )


class CampaignSpend(Source):
    """
    Spend ÷ budget of the campaigns ended in the month.

    A budget that nobody else confirmed is no budget; spend without a budget is
    read as infinitely over it.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        if why := _no_campaigns(evidence):
            return why
        rows = _campaigns(evidence)
        held = [row for row in rows if not row.not_held]
        blank = [row.name for row in held if row.spend is None]
        if blank:
            note = Sentence("活动“{names}”没有填实际花费", names=blank)
            return pending(note, evidence=cite(rows))
        if not held:
            return pending(Sentence("没有举办的活动，没有花费"), evidence=cite(rows))
        spend = _sum(row.spend for row in rows)
        budget = _sum(row.budget for row in counted(evidence, measure, rows))
        share: Fraction | float = Fraction(0)
        if budget:
            share = spend / budget
        elif spend:
            share = float("inf")
        return Reading(
            value=share,
            unit="%",
            note="" if budget else Sentence("没有他人确认的预算"),
            inputs={"spend": text(spend), "budget": text(budget)},
            evidence=cite(rows),
        )


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


WORKLOG: dict[str, Source] = {
    "tasks_on_time": LogCount(
        "任务",
        "tasks",
        "项",
        counts=lambda r: bool(r.done and r.planned and r.done <= r.planned),
        of="more",
        due="tasks_due",
        tells_confirmed=True,
    ),
    "tasks_accepted": LogCount(
        "任务",
        "tasks",
        "项",
        among=lambda r: bool(r.done),
        counts=lambda r: bool(r.accepted) and not r.rework,
        of="rows",
    ),
    "suggestions_adopted": LogCount(
        "建议", "suggestions", "条", counts=lambda r: bool(r.adopted), of="nothing"
    ),
    "contents_published": LogCount(
        "内容",
        "contents",
        "条",
        within="planned",
        counts=lambda r: bool(r.published_platforms),
        due="contents_due",
    ),
    "contents_distributed": LogCount(
        "内容",
        "contents",
        "条",
        within="planned",
        among=lambda r: bool(r.published_platforms),
        counts=lambda r: set(r.planned_platforms) <= set(r.published_platforms),
        of="rows",
    ),
    "reviews": Reviews(),
    "campaigns_held": CampaignsHeld(
        "活动",
        "campaigns",
        "场",
        within="end",
        counts=lambda r: not r.not_held,
        due="campaigns_due",
        tells_confirmed=True,
    ),
    "campaign_results": CampaignResults(),
    "campaign_spend": CampaignSpend(),
    "adjustments": LogCount("调整", "adjustments", "次", due="adjustments_due"),
    "feedback": FeedbackDelivered("反馈", "feedback", "条", due="feedback_due"),
    "communities": CommunitiesKept(),
}
"""By the kind that the plan writes."""
