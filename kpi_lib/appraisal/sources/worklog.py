"""
Sources that count rows of the work log.

A row counts when its 确认人 may speak for the operator's work, where the plan says
that a measure must be confirmed; an unconfirmed row stays below the line and out of
what stands above it. A sheet without rows is missing, unless the sheet 确认 says with
name and date that there was none.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction
from itertools import chain
from math import isinf
from typing import Any, ClassVar, Literal

import pandas as pd

from kpi_lib import days
from kpi_lib.appraisal.evidence import Reading, excluded, few, pending, text
from kpi_lib.appraisal.sources import base
from kpi_lib.catalogue import METRICS
from kpi_lib.figures import joined
from kpi_lib.files import platforms
from kpi_lib.inputs import entries, kinds
from kpi_lib.language import N_, Sentence


class _Count(base.LogSource[base.P]):
    """
    Rows of one sheet that satisfy something, against what was due or all rows.

    `below` the line stand the due number, the rows, or nothing, where the number itself
    is scored.
    """

    unit: ClassVar[str]
    below: ClassVar[Literal["due", "rows", "nothing"]] = "due"

    def of(self, rows: list[Any]) -> Reading:
        due, note = self.due_number()
        if self.due and due is None:
            return base.no_due(self.due)
        number = len(self.counted(rows))
        notes = joined([note, self.unconfirmed(rows)])
        if self.below == "nothing":
            return Reading(
                value=Fraction(number),
                unit=self.unit,
                note=notes,
                inputs={"value": str(number), "rows": str(len(rows))},
            )
        below = Fraction(len(rows)) if self.below == "rows" else due or Fraction(0)
        return base.against(number, below, self.unit, notes)


# Tasks, suggestions, contents, adjustments.


UNDONE = N_("“{name}”没有实际完成日")
LATE = N_("“{name}”应在{planned}前，{done}完成，晚")


class _TasksOnTime(_Count[Any], kind="tasks_on_time"):
    """Tasks done by the day planned, against those due."""

    entry, unit, due = entries.Task, "项", "tasks_due"

    def why_not(self, row: entries.Task) -> str:
        if row.done is None:
            return UNDONE
        return "" if row.done <= row.planned else LATE


class _TasksAccepted(_Count[Any], kind="tasks_accepted"):
    """Tasks accepted without rework, of those done."""

    entry, unit, below = entries.Task, "项", "rows"

    def among(self, row: entries.Task) -> bool:
        return row.done is not None

    def why_not(self, row: entries.Task) -> str:
        if row.done is None:
            return UNDONE
        if row.rework:
            return N_("“{name}”返工过")
        return "" if row.accepted else N_("“{name}”没有验收")


class _SuggestionsAdopted(_Count[Any], kind="suggestions_adopted"):
    """Suggestions adopted."""

    entry, unit, below = entries.Suggestion, "条", "nothing"

    def why_not(self, row: entries.Suggestion) -> str:
        return "" if row.adopted else N_("“{text}”没有采纳")


class _ContentsPublished(_Count[Any], kind="contents_published"):
    """Contents planned for the month and published, against the due number."""

    entry, unit, due = entries.Content, "条", "contents_due"

    def why_not(self, row: entries.Content) -> str:
        if late := self.evidence.came_late(row):
            text = N_("“{title}”计划{planned}，{on}才发布，晚")
            return Sentence(text, title=row.title, planned=row.planned, on=late)
        if self.evidence.came_out(row):
            return ""
        if row.published_platforms:
            return N_("“{title}”：账号的作品清单里没有")
        return N_("“{title}”没有填已发平台")

    def without(self, rows: Sequence[Any]) -> Reading | None:
        """Tell of posts of a month that is said to have no contents."""
        reading, month = super().without(rows), self.evidence.month
        if reading is None or not self.evidence.has_none(self.entry.SHEET):
            return reading
        listed = chain.from_iterable(self.evidence.listed.values())
        posts = sum(days.month_of(day) == month for day, _ in listed)
        said = Sentence(POSTS_ALL_THE_SAME, n=posts, none=base.NONE_HERE)
        return replace(reading, flags=(said,) if posts else ())

    def of(self, rows: list[Any]) -> Reading:
        came, late = self.evidence.came_out, self.evidence.came_late
        # Of every content, so that two measures of them tell the same once.
        all_ = self.evidence.worklog.contents
        denied = [at.title for at in all_ if {*at.published_platforms} - {*came(at)}]
        untrue = {DENIED: denied, CAME_LATE: [at.title for at in all_ if late(at)]}
        told = (Sentence(text, contents=few(at)) for text, at in untrue.items() if at)
        return replace(super().of(rows), flags=tuple(told))


POSTS_ALL_THE_SAME = N_("“{none}”表写明没有内容，账号本月却发布了{n}个作品")
DENIED = N_("写着已发，账号的作品清单里却没有，不计：{contents}")
CAME_LATE = N_("比计划日晚，不算发布完成：{contents}")


class _ContentsDistributed(_ContentsPublished, kind="contents_distributed"):
    """Published contents that reached every platform planned for them."""

    below, due = "rows", ""

    def among(self, row: entries.Content) -> bool:
        return bool(self.evidence.came_out(row))

    def why_not(self, row: entries.Content) -> str:
        if not self.among(row):
            return super().why_not(row)
        lacking = {*row.planned_platforms} - self.evidence.came_out(row).keys()
        known = platforms()
        names = [known[id].label if id in known else id for id in sorted(lacking)]
        text = N_("“{name}”没有发到{platforms}")
        return Sentence(text, name=row.title, platforms=names) if names else ""


class _Adjustments(_Count[kinds.Documented], kind="adjustments"):
    """Documented adjustments of the direction of content, against the due number."""

    entry, unit, due = entries.Adjustment, "次", "adjustments_due"


# Campaigns.


class _Campaigns(base.LogSource[base.P]):
    """A source of the campaigns that ended in the month; none may be wanted."""

    entry, due = entries.Campaign, "campaigns_due"

    def why_not(self, row: entries.Campaign) -> str:
        return N_("“{name}”没有举办：{not_held}") if row.not_held else ""


class _CampaignsHeld(_Campaigns[Any], _Count[Any], kind="campaigns_held"):
    """Campaigns held, against the due number."""

    unit = "场"


NOT_HELD = Sentence("本月没有举办活动")

# What a campaign has a target and a result of; the metric of exports that it is, and
# the one that an account tells of if it may have it.
FIGURES = {
    "exposure": (Sentence("曝光"), "impressions", "views"),
    "new": (Sentence("拉新"), "follows", "followers"),
    "conversion": (Sentence("转化"), "orders", "clicks"),
}
OVER = N_("活动的{figure}填了{typed}，按各账号活动期间的{metric}只计{most}")


class _CampaignResults(_Campaigns[Any], kind="campaign_results"):
    """
    The mean over exposure, new followers and conversions of result ÷ target.

    Per figure the results of the month's campaigns are added, and so are the
    targets; each figure is capped at 100 %; figures without a target are left out.
    """

    def of(self, rows: list[entries.Campaign]) -> Reading:
        counts: list[tuple[str, Fraction, Fraction]] = []
        inputs: dict[str, str] = {}
        flags: list[Sentence] = []
        for name, (figure, *_) in FIGURES.items():
            aimed = [row for row in rows if getattr(row, f"{name}_target")]
            target = base.total(getattr(row, f"{name}_target") for row in aimed)
            if not target:
                continue
            held = [row for row in aimed if not row.not_held]
            if blank := [row.name for row in held if getattr(row, name) is None]:
                lacking = N_("活动“{names}”没有填{figure}")
                return pending(Sentence(lacking, names=blank, figure=figure))
            result, told = self._result(name, self.counted(aimed))
            flags += told
            inputs |= {f"{name}.value": text(result), f"{name}.target": text(target)}
            counts.append((figure, result, target))
        if all(row.not_held for row in rows):
            return excluded(NOT_HELD)
        if not counts:
            lacking = Sentence("活动没有曝光、拉新、转化的目标")
            return pending(lacking)
        reading = base.mean(counts, inputs, self.unconfirmed(rows))
        return replace(reading, flags=tuple(flags))

    def _result(
        self, name: str, rows: Sequence[entries.Campaign]
    ) -> tuple[Fraction, list[Sentence]]:
        """Add up a figure, up to what the accounts' own days did; tell of more."""
        figure, metric, beside = FIGURES[name]
        typed = [base.total([getattr(row, name)]) for row in rows]
        spans = [[*pd.date_range(row.start, row.end)] for row in rows]
        # What two campaigns share of their days counts for one of them.
        spans.append([*chain(*spans)])
        *each, every = self.evidence.brought(metric, beside, spans)
        result = Fraction(min(every, sum(map(min, typed, each), Fraction(0))))
        numbers = {"typed": text(sum(typed, Fraction(0))), "most": text(result)}
        over = Sentence(OVER, figure=figure, metric=METRICS[metric].label, **numbers)
        return result, [over] if result < sum(typed) else []


class _CampaignSpend(_Campaigns[Any], kind="campaign_spend"):
    """
    Spend ÷ budget of the campaigns ended in the month.

    A budget that nobody else confirmed is no budget; spend without a budget is
    read as infinitely over it.
    """

    def of(self, rows: list[entries.Campaign]) -> Reading:
        held = [row for row in rows if not row.not_held]
        if blank := [row.name for row in held if row.spend is None]:
            note = Sentence("活动“{names}”没有填实际花费", names=blank)
            return pending(note)
        if not held:
            return excluded(NOT_HELD)
        spend = base.total(row.spend for row in rows)
        budget = base.total(row.budget for row in self.counted(rows))
        numbers = {"spend": text(spend), "budget": text(budget)}
        note = Sentence("没有他人确认的预算")
        if budget:
            note = Sentence("花费{spend}元，预算{budget}元", **numbers)
        return Reading(
            value=spend / budget if budget else float("inf") if spend else Fraction(0),
            unit="%",
            of=(spend, budget) if budget else None,
            note=note,
            inputs=numbers,
        )


# Feedback, reviews, comments, communities.


class _FeedbackDelivered(_Count[kinds.Documented], kind="feedback"):
    """
    Feedback items and user portraits delivered, against the due number.

    The due number rises by one in a quarter's last month if the quarter has no
    portrait yet.
    """

    entry, unit, due = entries.Feedback, "条", "feedback_due"

    def due_number(self) -> tuple[Fraction | None, str]:
        due, _ = super().due_number()
        if due is None or int(self.evidence.month[5:]) % 3 or self._portrayed():
            return due, ""
        return due + 1, Sentence("本季度还没有用户画像，应交数加1")

    def why_not(self, row: entries.Feedback) -> str:
        if not self.evidence.plan.evidence.documented:
            return ""
        if row.kind == "portrait":
            return "" if row.link else N_("{date}的画像没有写链接或文件")
        return "" if row.text and row.to else N_("{date}的反馈没有写内容或交给谁")

    def _portrayed(self) -> bool:
        """Say whether the quarter that the month ends has a user portrait."""
        evidence = self.evidence
        return any(
            row.kind == "portrait"
            for month in days.months_back(evidence.month, 3)
            if month in evidence.worklogs
            for row in self.counted(
                evidence.worklogs[month].own(evidence.operator.id).feedback
            )
        )


class _Reviews(base.LogSource[Any], kind="reviews"):
    """
    Weekly and monthly reviews delivered in time, against those due.

    A week's review is due by its last working day, the month's by the working day of
    the next month that the plan names; weeks without a day of presence owe nothing,
    and who has left owes none of the month.
    """

    entry = entries.Review

    def owed(self) -> dict[tuple[str, str], date]:
        """Return the day by which each review is due, by kind and period."""
        evidence, month = self.evidence, self.evidence.month
        rules, calendar = evidence.plan.evidence, evidence.calendar
        owed = {
            ("week", week.name): calendar.after(week.due, rules.review_grace)
            for week in calendar.weeks(month)
            if week.due and any(map(evidence.works_on, week.working_days))
        }
        last = calendar.review_due(month, rules.review_days)
        if evidence.operator.holds(last):
            owed["month", month] = last
        return owed

    def why_not(self, row: entries.Review) -> str:
        due = self.owed().get((row.kind, row.period))
        if due is None:
            return N_("{period}不是本月应交的")
        if row.delivered is None:
            return N_("{period}没有交付日")
        if not row.link and self.evidence.plan.evidence.documented:
            return N_("{period}没有写链接或文件")
        numbers = {"period": row.period, "due": due, "on": row.delivered}
        late = Sentence("{period}应在{due}前，{on}交，晚", **numbers)
        return late if row.delivered > due else ""

    def of(self, rows: list[entries.Review]) -> Reading:
        owed, month = self.owed(), ("month", self.evidence.month)
        delivered = {(row.kind, row.period) for row in self.counted(rows)}
        written = {(row.kind, row.period) for row in rows if row.delivered}
        last = owed.get(month)
        if (
            last is None
            or month in written
            or self.evidence.has_none(self.entry.SHEET, after=last)
        ):
            return base.against(len(delivered), len(owed), "次", self.unconfirmed(rows))
        early = self.evidence.has_none(self.entry.SHEET)
        note = Sentence(NONE_EARLY if early else NONE, last=last, none=base.NONE_HERE)
        inputs = {"delivered": str(len(delivered)), "due": str(len(owed))}
        return pending(note, inputs=inputs)


NONE = N_("月复盘还没有记录（{last}前交），也没有在“{none}”表写明无")
NONE_EARLY = N_("“{none}”表的无是月复盘到期（{last}）以前写的，到期以后写明才算")

LACKING_DAYS = N_(
    "{platform}的导出缺几天的评论，记录的收到数也不比导出的多：补上那几天的导出"
)


class _CommentsAnswered(base.LogSource[Any], kind="comments_answered"):
    """
    Comments answered ÷ received, on each platform the larger of log and exports.

    Where exports lack days, what they lack was received too: the log must know of it.
    """

    entry, bounded = entries.Interaction, True

    def of(self, rows: list[entries.Interaction]) -> Reading:
        exported = self.evidence.total("comments")
        received = dict(self._received(rows))
        short = self.evidence.short_of_days.get("comments", ())
        lacking = [
            Sentence(LACKING_DAYS, platform=platforms()[platform].label)
            for platform in dict.fromkeys(row["platform"] for row in short)
            if received[platform][0] <= received[platform][1]
        ]
        if why := (*exported.gaps, *lacking):
            return pending(joined(why))
        if any(isinf(number) for _, number in received.values()):
            note = Sentence("收到的评论数只知道下限")
            return pending(note)
        whole = sum((Fraction(max(pair)) for pair in received.values()), Fraction(0))
        if not whole:
            return excluded(Sentence("没有收到评论"))
        answered = Fraction(sum(row.answered for row in rows))
        numbers = {"answered": text(answered), "received": text(whole)}
        note = Sentence("回复{answered}条，收到{received}条", **numbers)
        more = [
            platforms()[at].label for at, (own, put) in received.items() if own < put
        ]
        other = Sentence("{platforms}收到的评论数取导出", platforms=more)
        inputs = {
            f"received.{of}.{platform}": text(number)
            for platform, pair in received.items()
            for of, number in zip(("worklog", "exports"), pair, strict=True)
            if any(pair)
        }
        return base.against(
            answered / whole,
            1,
            "%",
            joined([note, other if more else ""]),
            of=(answered, whole),
            inputs={"answered": text(answered), **inputs},
            evidence=exported.sources,
        )

    def _received(
        self, rows: Sequence[entries.Interaction]
    ) -> Iterator[tuple[str, tuple[Fraction, Fraction | float]]]:
        """Walk the platforms with the numbers received by the log and by exports."""
        evidence = self.evidence
        places = [*(a.platform for a in evidence.accounts), *(r.platform for r in rows)]
        for platform in dict.fromkeys(places):
            logged = Fraction(sum(r.received for r in rows if r.platform == platform))
            total = evidence.total("comments", platform=platform)
            yield platform, (logged, total.reading(evidence.which) or Fraction(0))


class _CommunitiesKept(base.LogSource[kinds.Communities], kind="communities"):
    """
    Half communities founded ÷ due, half active ÷ all.

    A half that is 0 of 0 gives its points to the other; a community is active if
    enough of its members, or enough people, speak.
    """

    entry, due = entries.Community, "communities_due"

    def without(self, rows: Sequence[Any]) -> Reading | None:
        nothing = super().without(rows)
        # One that is no longer in the log still counts.
        kept = nothing and nothing.state == "excluded" and self._gone([])
        return None if kept else nothing

    def of(self, rows: list[entries.Community]) -> Reading:
        due, _ = self.due_number()
        if due is None and rows:
            return base.no_due(self.due)
        due = due or Fraction(0)
        blank = [row.name for row in rows if None in (row.members, row.speakers)]
        if blank:
            note = Sentence("社群“{names}”没有填成员数或发言人数", names=blank)
            return pending(note)
        month, gone = self.evidence.month, self._gone(rows)
        founded = sum(str(row.founded).startswith(month) for row in rows)
        active, number = len(self.counted(rows)), len(rows) + len(gone)
        halves = [
            (name, Fraction(value), Fraction(of))
            for name, value, of in (
                (Sentence("新建社群"), founded, due),
                (Sentence("活跃社群"), active, number),
            )
            if of
        ]
        if not halves:
            return excluded(Sentence("没有社群，也不要求新建"))
        numbers = {"founded": founded, "due": due, "active": active, "all": number}
        inputs = {name: text(Fraction(str(n))) for name, n in numbers.items()}
        note = Sentence("上月有、本月没有记录，算不活跃：{names}", names=gone)
        return base.mean(halves, inputs, note if gone else "")

    def _gone(self, rows: list[entries.Community]) -> list[str]:
        """Name the communities of the month before that the log no longer has."""
        before = self.evidence.worklogs.get(days.shift(self.evidence.month, -1))
        then = before.own(self.evidence.operator.id).communities if before else ()
        names = {row.name for row in rows}
        return [row.name for row in then if row.name not in names and row.members]

    def why_not(self, row: entries.Community) -> str:
        speakers, members = row.speakers or 0, row.members or 0
        share = Fraction(speakers, members) if members else Fraction(0)
        if speakers >= self.plan.active_people or share >= self.plan.active_share:
            return ""
        return N_("“{name}”不活跃：{members}人中{speakers}人发言")
