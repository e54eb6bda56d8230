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
from typing import Any, Literal

from typing_extensions import override

from kpi_lib import days
from kpi_lib.appraisal.evidence import Evidence, Reading, excluded, pending, text
from kpi_lib.appraisal.goals import due_number
from kpi_lib.appraisal.sources.base import (
    NONE_HERE,
    LogSource,
    Source,
    against,
    by_another,
    cite,
    counted,
    mean,
    no_due,
    plan_of,
    unconfirmed,
)
from kpi_lib.figures import joined
from kpi_lib.inputs import (
    Campaign,
    Communities,
    Community,
    Interaction,
    Measure,
    Review,
)
from kpi_lib.language import N_, Sentence

Predicate = Callable[[Any], bool]
"""A question about a row of the work log."""


def _every(row: Any) -> bool:
    return True


@dataclass(frozen=True)
class LogCount(LogSource):
    """Rows of one sheet that satisfy something, against what was due or all rows."""

    unit: str = ""
    counts: Predicate = _every  # which rows stand above the line
    among: Predicate = _every  # which are looked at at all
    # Below the line: the due number, the rows, the larger of both, or nothing, where
    # the number itself is scored.
    below: Literal["due", "rows", "more", "nothing"] = "due"
    due: str = ""  # name of the due number
    # Whether points rest on confirmed entries where others confirmed all that count,
    # also where the plan does not ask for it.
    tells_confirmed: bool = False

    @override
    def of(self, evidence: Evidence, measure: Measure, rows: list[Any]) -> Reading:
        due, note = self.due_of(evidence, measure)
        if self.due and due is None:
            return no_due(self.due)
        rows = [row for row in rows if self.among(row)]
        met = [row for row in rows if self.counts(row)]
        number = len(counted(evidence, measure, met))
        notes = joined([note, unconfirmed(len(met) - number)])
        if self.below == "nothing":
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
            below.get(self.below, max(below.values())),
            self.unit,
            notes,
            confirmed=confirmed and all(by_another(evidence, row) for row in met),
        )

    def due_of(
        self, evidence: Evidence, measure: Measure
    ) -> tuple[Fraction | None, str]:
        """Return the due number, and what to know about it."""
        default = getattr(measure.source, "due", None)
        return due_number(evidence, self.due, default) if self.due else None, ""


# Campaigns.


class CampaignSource(LogSource):
    """A source of the campaigns that ended in the month; none may be wanted."""

    @override
    def without(
        self, evidence: Evidence, entries: Sequence[Any], rows: Sequence[Any]
    ) -> Reading | None:
        if rows:
            return None
        if due_number(evidence, "campaigns_due") == 0:
            return excluded(Sentence("本月不要求活动（campaigns_due为0）"))
        return super().without(evidence, rows, rows)


class CampaignsHeld(CampaignSource, LogCount):
    """Campaigns held, against the due number."""


_FIGURES = (
    ("exposure", N_("活动“{names}”没有填曝光")),
    ("new", N_("活动“{names}”没有填拉新")),
    ("conversion", N_("活动“{names}”没有填转化")),
)
"""What a campaign has a target and a result of, and what is said of a missing one."""


def _sum(amounts: Iterable[Decimal | int | None]) -> Fraction:
    return sum((Fraction(amount or 0) for amount in amounts), Fraction(0))


class CampaignResults(CampaignSource):
    """
    The mean over exposure, new followers and conversions of result ÷ target.

    Per figure the results of the month's campaigns are added, and so are the
    targets; each figure is capped at 100 %; figures without a target are left out.
    """

    @override
    def of(self, evidence: Evidence, measure: Measure, rows: list[Campaign]) -> Reading:
        shares: list[Fraction] = []
        inputs: dict[str, str] = {}
        for name, lacking in _FIGURES:
            aimed = [row for row in rows if getattr(row, f"{name}_target")]
            target = _sum(getattr(row, f"{name}_target") for row in aimed)
            if not target:
                continue
            held = [row for row in aimed if not row.not_held]
            blank = [row.name for row in held if getattr(row, name) is None]
            if blank:
                return pending(Sentence(lacking, names=blank), evidence=cite(rows))
            confirmed = counted(evidence, measure, aimed)
            result = _sum(getattr(row, name) for row in confirmed)
            inputs |= {f"{name}.value": text(result), f"{name}.target": text(target)}
            shares.append(min(result / target, Fraction(1)))
        if not shares:
            lacking = Sentence("活动没有曝光、拉新、转化的目标")
            return pending(lacking, evidence=cite(rows))
        note = unconfirmed(len(rows) - len(counted(evidence, measure, rows)))
        return mean(shares, rows, inputs, note)


class CampaignSpend(CampaignSource):
    """
    Spend ÷ budget of the campaigns ended in the month.

    A budget that nobody else confirmed is no budget; spend without a budget is
    read as infinitely over it.
    """

    @override
    def of(self, evidence: Evidence, measure: Measure, rows: list[Campaign]) -> Reading:
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


# Feedback, reviews, comments, communities.


class FeedbackDelivered(LogCount):
    """
    Feedback items and user portraits delivered, against the due number.

    The due number rises by one in a quarter's last month if the quarter has no
    portrait yet.
    """

    @override
    def due_of(
        self, evidence: Evidence, measure: Measure
    ) -> tuple[Fraction | None, str]:
        due, _ = super().due_of(evidence, measure)
        if due is None or int(evidence.month[5:]) % 3 or _portrayed(evidence):
            return due, ""
        return due + 1, Sentence("本季度还没有用户画像，应交数加1")


def _portrayed(evidence: Evidence) -> bool:
    """Say whether the quarter that the month ends has a user portrait."""
    return any(
        row.kind == "portrait"
        for month in days.months_back(evidence.month, 3)
        if month in evidence.worklogs
        for row in evidence.worklogs[month].own(evidence.operator.id).feedback
    )


class Reviews(LogSource):
    """
    Weekly and monthly reviews delivered in time, against those due.

    A week's review is due by its last working day, the month's by the working day of
    the next month that the plan names; weeks without a day of presence owe nothing.
    """

    @override
    def of(self, evidence: Evidence, measure: Measure, rows: list[Review]) -> Reading:
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
            row.sheet == self.sheet and row.by and row.on is not None and row.on > last
            for row in evidence.worklog.none_here
        )
        if not monthly and not closed:
            note = Sentence(
                "月复盘还没有记录（{last}前交），也没有在“{none}”表写明无",
                last=last,
                none=NONE_HERE,
            )
            inputs = {"delivered": str(delivered), "due": str(due)}
            return pending(note, evidence=cite(rows), inputs=inputs)
        delivered += any(day <= last for day in monthly)
        return against(rows, delivered, due, "次")


def _weekly(evidence: Evidence, rows: Sequence[Review]) -> tuple[int, int]:
    """Return how many weekly reviews were due, and how many came in time."""
    due = delivered = 0
    for week in evidence.calendar.weeks(evidence.month):
        last = week.due
        if last is None or not any(map(evidence.works_on, week.working_days)):
            continue
        due += 1
        delivered += any(
            (row.kind, row.period) == ("week", week.name)
            and row.delivered is not None
            and row.delivered <= last
            for row in rows
        )
    return due, delivered


class CommentsAnswered(LogSource):
    """Comments answered ÷ received: the larger of the work log and the exports."""

    @override
    def of(
        self, evidence: Evidence, measure: Measure, rows: list[Interaction]
    ) -> Reading:
        exported = evidence.total("comments")
        if exported.gaps:
            return pending(joined(exported.gaps), evidence=cite(rows))
        number = exported.reading(evidence.which)
        logged = Fraction(sum(row.received for row in rows))
        received = logged if number is None else max(logged, number)
        if received == float("inf"):
            return pending(Sentence("收到的评论数只知道下限"), evidence=cite(rows))
        if received == 0:
            return excluded(Sentence("没有收到评论"), evidence=cite(rows))
        answered = Fraction(sum(row.answered for row in rows))
        return Reading(
            value=answered / Fraction(received),
            target=Fraction(1),
            unit="%",
            note=Sentence("收到的评论数取导出") if received != logged else "",
            inputs={
                "answered": text(answered),
                "received.worklog": text(logged),
                "received.exports": text(number),
            },
            evidence=(*cite(rows), *exported.sources),
        )


class CommunitiesKept(LogSource):
    """
    Half communities founded ÷ due, half active ÷ all.

    A half that is 0 of 0 gives its points to the other; a community is active if
    enough of its members, or enough people, speak.
    """

    @override
    def of(
        self, evidence: Evidence, measure: Measure, rows: list[Community]
    ) -> Reading:
        source = plan_of(measure, Communities)
        due = due_number(evidence, "communities_due")
        if due is None:
            return no_due("communities_due")
        blank = [row.name for row in rows if None in (row.members, row.speakers)]
        if blank:
            note = Sentence("社群“{names}”没有填成员数或发言人数", names=blank)
            return pending(note, evidence=cite(rows))
        month = evidence.month
        founded = sum(
            row.founded is not None and days.month_of(row.founded) == month
            for row in rows
        )
        active = sum(_active(row, source) for row in rows)
        halves: list[Fraction] = []
        if due:
            halves.append(min(Fraction(founded) / due, Fraction(1)))
        if rows:
            halves.append(Fraction(active, len(rows)))
        if not halves:
            return excluded(Sentence("没有社群，也不要求新建"))
        inputs = {
            "founded": str(founded),
            "due": text(due),
            "active": str(active),
            "all": str(len(rows)),
        }
        return mean(halves, rows, inputs)


def _active(community: Community, source: Communities) -> bool:
    speakers, members = community.speakers or 0, community.members or 0
    if speakers >= source.active_people:
        return True
    return bool(members) and Fraction(speakers, members) >= source.active_share


WORKLOG: dict[str, Source] = {
    "tasks_on_time": LogCount(
        "任务",
        unit="项",
        counts=lambda row: bool(row.done and row.planned and row.done <= row.planned),
        below="more",
        due="tasks_due",
        tells_confirmed=True,
    ),
    "tasks_accepted": LogCount(
        "任务",
        unit="项",
        among=lambda row: bool(row.done),
        counts=lambda row: bool(row.accepted) and not row.rework,
        below="rows",
    ),
    "suggestions_adopted": LogCount(
        "建议", unit="条", counts=lambda row: bool(row.adopted), below="nothing"
    ),
    "contents_published": LogCount(
        "内容",
        "planned",
        unit="条",
        counts=lambda row: bool(row.published_platforms),
        due="contents_due",
    ),
    "contents_distributed": LogCount(
        "内容",
        "planned",
        unit="条",
        among=lambda row: bool(row.published_platforms),
        counts=lambda row: set(row.planned_platforms) <= set(row.published_platforms),
        below="rows",
    ),
    "reviews": Reviews("复盘"),
    "campaigns_held": CampaignsHeld(
        "活动",
        "end",
        unit="场",
        counts=lambda row: not row.not_held,
        due="campaigns_due",
        tells_confirmed=True,
    ),
    "campaign_results": CampaignResults("活动", "end"),
    "campaign_spend": CampaignSpend("活动", "end"),
    "adjustments": LogCount("调整", unit="次", due="adjustments_due"),
    "feedback": FeedbackDelivered("反馈", unit="条", due="feedback_due"),
    "comments_answered": CommentsAnswered("互动"),
    "communities": CommunitiesKept("社群"),
}
"""By the kind that the plan writes."""
