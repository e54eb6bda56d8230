"""
Sources that count rows of the work log.

A row counts when its 确认人 names somebody other than the operator, where the
plan says that a measure must be confirmed; an unconfirmed row stays below the
line and out of what stands above it. A sheet without rows is missing, unless the
sheet 确认 says with name and date that there was none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any, ClassVar, Literal

from kpi_lib import days
from kpi_lib.appraisal.evidence import Reading, excluded, few, pending, text
from kpi_lib.appraisal.goals import due_number
from kpi_lib.appraisal.sources.base import (
    NONE_HERE,
    LogSource,
    P,
    Source,
    against,
    cite,
    mean,
    no_due,
    unconfirmed,
)
from kpi_lib.figures import joined
from kpi_lib.files import platforms
from kpi_lib.inputs import entries, kinds
from kpi_lib.language import N_, Sentence


class _Count(LogSource[P]):
    """Rows of one sheet that satisfy something, against what was due or all rows."""

    unit: ClassVar[str]
    below: ClassVar[Literal["due", "rows", "nothing"]] = "due"
    """
    Below the line: the due number, the rows, or nothing, where the number itself is
    scored.
    """
    due: ClassVar[str] = ""
    """Name of the due number."""
    tells_confirmed: ClassVar[bool] = False
    """
    Whether points rest on confirmed entries where others confirmed all that count,
    also where the plan does not ask for it.
    """

    def among(self, row: Any) -> bool:
        """Say whether a row is looked at at all."""
        return True

    def counts(self, row: Any) -> bool:
        """Say whether a row stands above the line."""
        return True

    def of(self, rows: list[Any]) -> Reading:
        due, note = self.due_number()
        if self.due and due is None:
            return no_due(self.due)
        rows = [row for row in rows if self.among(row)]
        met = [row for row in rows if self.counts(row)]
        number = len(self.counted(met))
        notes = joined([note, unconfirmed(len(met) - number)])
        if self.below == "nothing":
            return Reading(
                value=Fraction(number),
                unit=self.unit,
                note=notes,
                inputs={"value": str(number), "rows": str(len(rows))},
                evidence=cite(rows),
            )
        below = Fraction(len(rows)) if self.below == "rows" else due or Fraction(0)
        confirmed = self.tells_confirmed and bool(met)
        return against(
            rows,
            number,
            below,
            self.unit,
            notes,
            confirmed=confirmed and all(self.evidence.confirmed(row) for row in met),
        )

    def due_number(self) -> tuple[Fraction | None, str]:
        """Return the due number, and what to know about it."""
        default = getattr(self.plan, "due", None)
        return due_number(self.evidence, self.due, default) if self.due else None, ""


# Tasks, suggestions, contents, adjustments.


class _Tasks(_Count[Any]):
    entry = entries.Task
    unit = "项"


class _TasksOnTime(_Tasks):
    """Tasks done by the day planned, against those due."""

    due = "tasks_due"
    tells_confirmed = True

    def counts(self, row: entries.Task) -> bool:
        return row.done is not None and row.done <= row.planned


class _TasksAccepted(_Tasks):
    """Tasks accepted without rework, of those done."""

    below = "rows"

    def among(self, row: entries.Task) -> bool:
        return row.done is not None

    def counts(self, row: entries.Task) -> bool:
        return bool(row.accepted) and not row.rework


class _SuggestionsAdopted(_Count[Any]):
    """Suggestions adopted."""

    entry = entries.Suggestion
    unit = "条"
    below = "nothing"

    def counts(self, row: entries.Suggestion) -> bool:
        return bool(row.adopted)


class _Contents(_Count[Any]):
    entry = entries.Content
    unit = "条"

    def published(self, row: entries.Content) -> bool:
        return bool(self.evidence.published_on(row))

    def of(self, rows: list[Any]) -> Reading:
        denied = [
            Sentence(
                "{title}（{platforms}）",
                title=row.title,
                platforms=[platforms()[p].label for p in sorted(missing)],
            )
            for row in rows
            if (missing := {*row.published_platforms} - self.evidence.published_on(row))
        ]
        text = N_("写着已发，账号的作品清单里却没有，不计：{contents}")
        told = (Sentence(text, contents=few(denied)),) if denied else ()
        return replace(super().of(rows), flags=told)


class _ContentsPublished(_Contents):
    """Contents planned for the month and published, against the due number."""

    due = "contents_due"
    counts = _Contents.published


class _ContentsDistributed(_Contents):
    """Published contents that reached every platform planned for them."""

    below = "rows"
    among = _Contents.published

    def counts(self, row: entries.Content) -> bool:
        return set(row.planned_platforms) <= self.evidence.published_on(row)


class _Adjustments(_Count[kinds.Documented]):
    """Documented adjustments of the direction of content, against the due number."""

    entry = entries.Adjustment
    unit = "次"
    due = "adjustments_due"


# Campaigns.


class _Campaigns(LogSource[Any]):
    """A source of the campaigns that ended in the month; none may be wanted."""

    entry = entries.Campaign

    def without(self, rows: Sequence[Any]) -> Reading | None:
        if not rows and due_number(self.evidence, "campaigns_due") == 0:
            return excluded(Sentence("本月不要求活动（campaigns_due为0）"))
        return super().without(rows)


class _CampaignsHeld(_Campaigns, _Count[Any]):
    """Campaigns held, against the due number."""

    unit = "场"
    due = "campaigns_due"
    tells_confirmed = True

    def counts(self, row: entries.Campaign) -> bool:
        return not row.not_held


NOT_HELD = Sentence("本月没有举办活动")

_FIGURES = (
    ("exposure", N_("曝光"), N_("活动“{names}”没有填曝光")),
    ("new", N_("拉新"), N_("活动“{names}”没有填拉新")),
    ("conversion", N_("转化"), N_("活动“{names}”没有填转化")),
)
"""What a campaign has a target and a result of, and what is said of a missing one."""


def _sum(amounts: Iterable[Decimal | int | None]) -> Fraction:
    return sum((Fraction(amount or 0) for amount in amounts), Fraction(0))


class _CampaignResults(_Campaigns):
    """
    The mean over exposure, new followers and conversions of result ÷ target.

    Per figure the results of the month's campaigns are added, and so are the
    targets; each figure is capped at 100 %; figures without a target are left out.
    """

    def of(self, rows: list[entries.Campaign]) -> Reading:
        counts: list[tuple[str, Fraction, Fraction]] = []
        inputs: dict[str, str] = {}
        for name, label, lacking in _FIGURES:
            aimed = [row for row in rows if getattr(row, f"{name}_target")]
            target = _sum(getattr(row, f"{name}_target") for row in aimed)
            if not target:
                continue
            held = [row for row in aimed if not row.not_held]
            blank = [row.name for row in held if getattr(row, name) is None]
            if blank:
                return pending(Sentence(lacking, names=blank), evidence=cite(rows))
            result = _sum(getattr(row, name) for row in self.counted(aimed))
            inputs |= {f"{name}.value": text(result), f"{name}.target": text(target)}
            counts.append((Sentence(label), result, target))
        if all(row.not_held for row in rows):
            return excluded(NOT_HELD, evidence=cite(rows))
        if not counts:
            lacking = Sentence("活动没有曝光、拉新、转化的目标")
            return pending(lacking, evidence=cite(rows))
        note = unconfirmed(len(rows) - len(self.counted(rows)))
        return mean(counts, rows, inputs, note)


class _CampaignSpend(_Campaigns):
    """
    Spend ÷ budget of the campaigns ended in the month.

    A budget that nobody else confirmed is no budget; spend without a budget is
    read as infinitely over it.
    """

    def of(self, rows: list[entries.Campaign]) -> Reading:
        held = [row for row in rows if not row.not_held]
        blank = [row.name for row in held if row.spend is None]
        if blank:
            note = Sentence("活动“{names}”没有填实际花费", names=blank)
            return pending(note, evidence=cite(rows))
        if not held:
            return excluded(NOT_HELD, evidence=cite(rows))
        spend = _sum(row.spend for row in rows)
        budget = _sum(row.budget for row in self.counted(rows))
        share: Fraction | float = Fraction(0)
        if budget:
            share = spend / budget
        elif spend:
            share = float("inf")
        return Reading(
            value=share,
            unit="%",
            of=(spend, budget) if budget else None,
            note=Sentence(
                "花费{spend}元，预算{budget}元", spend=text(spend), budget=text(budget)
            )
            if budget
            else Sentence("没有他人确认的预算"),
            inputs={"spend": text(spend), "budget": text(budget)},
            evidence=cite(rows),
        )


# Feedback, reviews, comments, communities.


class _FeedbackDelivered(_Count[kinds.Documented]):
    """
    Feedback items and user portraits delivered, against the due number.

    The due number rises by one in a quarter's last month if the quarter has no
    portrait yet.
    """

    entry = entries.Feedback
    unit = "条"
    due = "feedback_due"

    def due_number(self) -> tuple[Fraction | None, str]:
        due, _ = super().due_number()
        if due is None or int(self.evidence.month[5:]) % 3 or self._portrayed():
            return due, ""
        return due + 1, Sentence("本季度还没有用户画像，应交数加1")

    def _portrayed(self) -> bool:
        """Say whether the quarter that the month ends has a user portrait."""
        evidence = self.evidence
        return any(
            row.kind == "portrait"
            for month in days.months_back(evidence.month, 3)
            if month in evidence.worklogs
            for row in evidence.worklogs[month].own(evidence.operator.id).feedback
            if row in self.counted([row])
        )


class _Reviews(LogSource[Any]):
    """
    Weekly and monthly reviews delivered in time, against those due.

    A week's review is due by its last working day, the month's by the working day of
    the next month that the plan names; weeks without a day of presence owe nothing.
    """

    entry = entries.Review

    def of(self, rows: list[entries.Review]) -> Reading:
        evidence = self.evidence
        due, delivered = self._weekly(rows)
        last = evidence.calendar.review_due(
            evidence.month, evidence.plan.evidence.review_days
        )
        if not evidence.operator.holds(last):  # who has left owes none
            return against(rows, delivered, due, "次")
        due += 1
        monthly = [
            row.delivered
            for row in rows
            if row.kind == "month" and row.period == evidence.month and row.delivered
        ]
        if not monthly and not evidence.has_none(self.entry.SHEET, after=last):
            note = Sentence(
                "月复盘还没有记录（{last}前交），也没有在“{none}”表写明无",
                last=last,
                none=NONE_HERE,
            )
            inputs = {"delivered": str(delivered), "due": str(due)}
            return pending(note, evidence=cite(rows), inputs=inputs)
        delivered += any(day <= last for day in monthly)
        return against(rows, delivered, due, "次")

    def _weekly(self, rows: Sequence[entries.Review]) -> tuple[int, int]:
        """Return how many weekly reviews were due, and how many came in time."""
        due = delivered = 0
        for week in self.evidence.calendar.weeks(self.evidence.month):
            last = week.due
            if not last or not any(map(self.evidence.works_on, week.working_days)):
                continue
            due += 1
            delivered += any(
                (row.kind, row.period) == ("week", week.name)
                and row.delivered is not None
                and row.delivered <= last
                for row in rows
            )
        return due, delivered


class _CommentsAnswered(LogSource[Any]):
    """
    Comments answered ÷ received, on each platform the larger of log and exports.

    Where exports lack days, what they lack was received too: the log must know of it.
    """

    entry = entries.Interaction

    def of(self, rows: list[entries.Interaction]) -> Reading:
        evidence = self.evidence
        exported = evidence.total("comments")
        if exported.gaps:
            return pending(joined(exported.gaps), evidence=cite(rows))
        received, inputs, more = Fraction(0), {}, []
        short = evidence.short_of_days.get("comments", ())
        places = [*(a.platform for a in evidence.accounts), *(r.platform for r in rows)]
        for platform in dict.fromkeys(places):
            of_platform = [row for row in rows if row.platform == platform]
            logged = Fraction(sum(row.received for row in of_platform))
            total = evidence.total("comments", platform=platform)
            number = total.reading(evidence.which) or Fraction(0)
            if number == float("inf"):
                note = Sentence("收到的评论数只知道下限")
                return pending(note, evidence=cite(rows))
            lacking = any(row["platform"] == platform for row in short)
            if lacking and logged <= number:
                note = Sentence(
                    "{platform}的导出缺几天的评论，记录的收到数也不比导出的多：补上那几天的导出",
                    platform=platforms()[platform].label,
                )
                return pending(note, evidence=cite(rows))
            if logged < number:
                more.append(platforms()[platform].label)
            if largest := max(logged, Fraction(number)):
                received += largest
                inputs[f"received.worklog.{platform}"] = text(logged)
                inputs[f"received.exports.{platform}"] = text(number)
        if received == 0:
            return excluded(Sentence("没有收到评论"), evidence=cite(rows))
        answered = Fraction(sum(row.answered for row in rows))
        numbers = {"answered": text(answered), "received": text(received)}
        notes = [Sentence("回复{answered}条，收到{received}条", **numbers)]
        if more:
            notes.append(Sentence("{platforms}收到的评论数取导出", platforms=more))
        return Reading(
            value=answered / received,
            target=Fraction(1),
            unit="%",
            of=(answered, received),
            note=joined(notes),
            inputs={"answered": text(answered), **inputs},
            evidence=(*cite(rows), *exported.sources),
        )


class _CommunitiesKept(LogSource[kinds.Communities]):
    """
    Half communities founded ÷ due, half active ÷ all.

    A half that is 0 of 0 gives its points to the other; a community is active if
    enough of its members, or enough people, speak.
    """

    entry = entries.Community

    def of(self, rows: list[entries.Community]) -> Reading:
        due = due_number(self.evidence, "communities_due")
        if due is None:
            return no_due("communities_due")
        blank = [row.name for row in rows if None in (row.members, row.speakers)]
        if blank:
            note = Sentence("社群“{names}”没有填成员数或发言人数", names=blank)
            return pending(note, evidence=cite(rows))
        month = self.evidence.month
        founded = sum(
            row.founded is not None and days.month_of(row.founded) == month
            for row in rows
        )
        active = sum(map(self._active, rows))
        halves: list[tuple[str, Fraction, Fraction]] = []
        if due:
            halves.append((Sentence("新建社群"), Fraction(founded), due))
        gone = self._gone(rows)
        number = len(rows) + len(gone)
        if number:
            halves.append((Sentence("活跃社群"), Fraction(active), Fraction(number)))
        if not halves:
            return excluded(Sentence("没有社群，也不要求新建"))
        numbers = {"founded": founded, "due": due, "active": active, "all": number}
        inputs = {name: text(Fraction(str(n))) for name, n in numbers.items()}
        note = Sentence("上月有、本月没有记录，算不活跃：{names}", names=gone)
        return mean(halves, rows, inputs, note if gone else "")

    def _gone(self, rows: list[entries.Community]) -> list[str]:
        """Name the communities of the month before that the log no longer has."""
        before = self.evidence.worklogs.get(days.shift(self.evidence.month, -1))
        then = before.own(self.evidence.operator.id).communities if before else ()
        names = {row.name for row in rows}
        return [row.name for row in then if row.name not in names and row.members]

    def _active(self, community: entries.Community) -> bool:
        speakers, members = community.speakers or 0, community.members or 0
        if speakers >= self.plan.active_people:
            return True
        return bool(members) and Fraction(speakers, members) >= self.plan.active_share


WORKLOG: dict[str, type[Source[Any]]] = {
    "tasks_on_time": _TasksOnTime,
    "tasks_accepted": _TasksAccepted,
    "suggestions_adopted": _SuggestionsAdopted,
    "contents_published": _ContentsPublished,
    "contents_distributed": _ContentsDistributed,
    "reviews": _Reviews,
    "campaigns_held": _CampaignsHeld,
    "campaign_results": _CampaignResults,
    "campaign_spend": _CampaignSpend,
    "adjustments": _Adjustments,
    "feedback": _FeedbackDelivered,
    "comments_answered": _CommentsAnswered,
    "communities": _CommunitiesKept,
}
"""By the kind that the plan writes."""
