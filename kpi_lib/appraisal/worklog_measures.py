"""
Sources that count in the work log, and on the days of the accounts.

A row counts when its 确认人 names somebody other than the operator, where the
plan says that a measure must be confirmed; an unconfirmed row stays below the
line and out of what stands above it. A sheet without rows is missing, unless the
sheet 确认 says with name and date that there was none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from typing import Protocol, TypeVar

from kpi_lib import days, months
from kpi_lib.appraisal.evidence import (
    Evidence,
    Reading,
    excluded,
    pending,
    text,
)
from kpi_lib.catalogue import DUE, METRICS
from kpi_lib.figures import joined, listed
from kpi_lib.inputs import (
    Adjustments,
    Campaign,
    Communities,
    Feedback,
    Measure,
    PostsReaching,
    Target,
    Task,
    Worklog,
)
from kpi_lib.language import N_, _

NONE_HERE = "确认"
"""The sheet that states, signed, that another has nothing."""

UNITS = {
    "格": N_("{n}格"),
    "项": N_("{n}项"),
    "条": N_("{n}条"),
    "次": N_("{n}次"),
    "场": N_("{n}场"),
    "篇": N_("{n}篇"),
    "账号日": N_("{n}账号日"),
}
"""Units of readings: how so many of them are said."""


class _Entry(Protocol):
    @property
    def operator(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def sheet(self) -> str: ...
    @property
    def row(self) -> int: ...


class _Confirmable(_Entry, Protocol):
    @property
    def confirmed_by(self) -> str: ...


E = TypeVar("E", bound=_Entry)
C = TypeVar("C", bound=_Confirmable)


def _own(evidence: Evidence, entries: Iterable[E]) -> list[E]:
    return [e for e in entries if e.operator == evidence.operator.id]


def _confirmed(evidence: Evidence, measure: Measure, by: str) -> bool:
    """Say whether a row counts: confirmed by another, or confirming not required."""
    if measure.confirm != "required":
        return True
    return bool(by) and by not in (evidence.operator.id, evidence.operator.name)


def _counted(
    evidence: Evidence, measure: Measure, rows: Sequence[C]
) -> tuple[list[C], str]:
    """Return the rows that count, and how many want another's confirmation."""
    counted = [r for r in rows if _confirmed(evidence, measure, r.confirmed_by)]
    return counted, _unconfirmed(len(rows) - len(counted))


def _by_others(evidence: Evidence, rows: Sequence[_Confirmable]) -> bool:
    """Say whether somebody else confirmed every row, asked for or not."""
    own = ("", evidence.operator.id, evidence.operator.name)
    return bool(rows) and all(row.confirmed_by not in own for row in rows)


def _none(evidence: Evidence, sheet: str, worklog: Worklog | None = None) -> bool:
    """Say whether the sheet 确认 states, signed, that a sheet has nothing."""
    log = worklog or evidence.worklog
    return any(n.sheet == sheet and n.by for n in _own(evidence, log.none_here))


def _cite(entries: Sequence[_Entry]) -> tuple[dict[str, str], ...]:
    places: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        places.setdefault((entry.source, entry.sheet), []).append(entry.row)
    return tuple(
        {
            "source": source,
            "sheet": sheet,
            "rows": months.spans(rows),
            "metric": "",
            "sum": str(len(rows)),
        }
        for (source, sheet), rows in places.items()
    )


def due_number(
    evidence: Evidence, name: str, default: int | None = None
) -> Fraction | None:
    """
    Return a due number, scaled by the working days present.

    Parameters
    ----------
    evidence : Evidence
        With the operator's targets.
    name : str
        As ``contents_due``.
    default : int, optional
        The plan's, where no row says otherwise.

    Returns
    -------
    Fraction or None
        From a row of targets.csv that a manager approved, or the default; never
        from what the operator typed. None where there is neither.
    """
    rows = sorted(
        (
            row
            for row in evidence.targets
            if row.metric == name
            and row.horizon == "short"
            and row.period == evidence.month
            and row.set_on <= evidence.last_day
            and row.approved_by
        ),
        key=lambda row: row.set_on,
    )
    if not rows and default is None:
        return None
    number = Fraction(_held(evidence, rows).value) if rows else Fraction(default or 0)
    return number * evidence.part


def _held(evidence: Evidence, rows: Sequence[Target]) -> Target:
    """Return the row set last; a late and easier one needs a reason in its note."""
    held = rows[0]
    for row in rows[1:]:
        late = row.set_on > evidence.first_day
        if not (late and row.value < held.value and not row.note):
            held = row
    return held


def _no_due(name: str) -> Reading:
    return pending(
        _("没有{due}的应完成数（targets.csv的{name}）", due=_(DUE[name]), name=name)
    )


def _missing(sheet: str) -> Reading:
    return pending(
        _(
            "工作记录的“{sheet}”表没有记录，也没有在“{none}”表写明无",
            sheet=sheet,
            none=NONE_HERE,
        )
    )


def _share(
    entries: Sequence[_Entry],
    above: Fraction | int,
    below: Fraction | int,
    unit: str,
    note: str = "",
    *,
    confirmed: bool = False,
) -> Reading:
    """Return a count against a due number; 0 of 0 is excluded."""
    if below == 0:
        return excluded(_("应完成数为0"), unit=unit)
    return Reading(
        value=Fraction(above),
        target=Fraction(below),
        unit=unit,
        note=note,
        inputs={"value": text(Fraction(above)), "target": text(Fraction(below))},
        evidence=_cite(entries),
        confirmed=confirmed,
    )


# Tasks and suggestions.


def tasks_on_time(evidence: Evidence, measure: Measure) -> Reading:
    """Count tasks done by their planned day, against the larger of rows and due."""
    tasks = _own(evidence, evidence.worklog.tasks)
    if not tasks and not _none(evidence, "任务"):
        return _missing("任务")
    due = due_number(evidence, "tasks_due")
    if due is None:
        return _no_due("tasks_due")
    on_time = [t for t in tasks if t.done and t.planned and t.done <= t.planned]
    counted, told = _counted(evidence, measure, on_time)
    whole = max(Fraction(len(tasks)), due)
    confirmed = _by_others(evidence, on_time)
    return _share(tasks, len(counted), whole, "项", told, confirmed=confirmed)


def tasks_accepted(evidence: Evidence, measure: Measure) -> Reading:
    """Count done tasks that were accepted without rework, against tasks done."""
    tasks = _own(evidence, evidence.worklog.tasks)
    if not tasks and not _none(evidence, "任务"):
        return _missing("任务")
    done = [task for task in tasks if task.done]

    def passed(task: Task) -> bool:
        return bool(task.accepted) and not task.rework

    accepted = [
        t for t in done if passed(t) and _confirmed(evidence, measure, t.confirmed_by)
    ]
    return _share(
        done,
        len(accepted),
        len(done),
        "项",
        _unconfirmed(len([t for t in done if passed(t)]) - len(accepted)),
    )


def _unconfirmed(number: int) -> str:
    return _("{n}行没有他人确认，不计", n=number) if number else ""


def suggestions_adopted(evidence: Evidence, measure: Measure) -> Reading:
    """Count suggestions that were adopted, and confirmed by another."""
    rows = _own(evidence, evidence.worklog.suggestions)
    if not rows and not _none(evidence, "建议"):
        return _missing("建议")
    adopted = [row for row in rows if row.adopted]
    counted = [r for r in adopted if _confirmed(evidence, measure, r.confirmed_by)]
    return Reading(
        value=Fraction(len(counted)),
        unit="条",
        note=_unconfirmed(len(adopted) - len(counted)),
        inputs={"value": str(len(counted)), "rows": str(len(rows))},
        evidence=_cite(rows),
    )


# Contents and reviews.


def contents_published(evidence: Evidence, measure: Measure) -> Reading:
    """Count the month's contents that were published, against the due number."""
    rows = _own(evidence, evidence.worklog.contents)
    if not rows and not _none(evidence, "内容"):
        return _missing("内容")
    due = due_number(evidence, "contents_due")
    if due is None:
        return _no_due("contents_due")
    planned = [r for r in rows if days.month_of(r.planned) == evidence.month]
    published = [row for row in planned if row.published_platforms]
    return _share(planned, len(published), due, "条")


def contents_distributed(evidence: Evidence, measure: Measure) -> Reading:
    """Count published contents that reached every platform planned for them."""
    rows = _own(evidence, evidence.worklog.contents)
    if not rows and not _none(evidence, "内容"):
        return _missing("内容")
    published = [
        row
        for row in rows
        if days.month_of(row.planned) == evidence.month and row.published_platforms
    ]
    whole = [
        r for r in published if set(r.planned_platforms) <= set(r.published_platforms)
    ]
    return _share(published, len(whole), len(published), "条")


def reviews(evidence: Evidence, measure: Measure) -> Reading:
    """
    Count the weekly and monthly reviews delivered in time, against those due.

    A week's review is due by its last working day, the month's by the fifth
    working day of the next; weeks without a day of presence owe nothing.
    """
    rows = _own(evidence, evidence.worklog.reviews)
    none = _none(evidence, "复盘")
    if not rows and not none:
        return _missing("复盘")
    due, delivered = 0, 0
    for week in evidence.calendar.weeks(evidence.month):
        here = [
            day
            for day in week.working_days
            if evidence.operator.holds(day) and not evidence.operator.leave_on(day)
        ]
        if week.due is None or not here:
            continue
        due += 1
        delivered += any(
            r.kind == "week"
            and r.period == week.name
            and r.delivered is not None
            and r.delivered <= week.due
            for r in rows
        )
    due += 1
    last = evidence.calendar.review_due(evidence.month)
    monthly = [r for r in rows if r.kind == "month" and r.period == evidence.month]
    closed = any(
        n.sheet == "复盘" and n.by and n.on is not None and n.on > last
        for n in _own(evidence, evidence.worklog.none_here)
    )
    if not any(r.delivered for r in monthly) and not closed:
        return pending(
            _(
                "月复盘还没有记录（{last}前交），也没有在“{none}”表写明无",
                last=last,
                none=NONE_HERE,
            ),
            evidence=_cite(rows),
            inputs={"delivered": str(delivered), "due": str(due)},
        )
    delivered += any(r.delivered is not None and r.delivered <= last for r in monthly)
    return _share(rows, delivered, due, "次")


# Campaigns.


def _campaigns(evidence: Evidence) -> list[Campaign]:
    """Return the campaigns whose last day lies in the month."""
    rows = _own(evidence, evidence.worklog.campaigns)
    return [c for c in rows if days.month_of(c.end) == evidence.month]


def _campaigns_or(evidence: Evidence) -> tuple[list[Campaign], Reading | None]:
    """Return the month's campaigns, or why there is nothing to score."""
    rows = _campaigns(evidence)
    due = due_number(evidence, "campaigns_due")
    if due == 0 and not rows:
        return rows, excluded(_("本月不要求活动（campaigns_due为0）"))
    if not rows and not _none(evidence, "活动"):
        return rows, _missing("活动")
    return rows, None


def campaigns_held(evidence: Evidence, measure: Measure) -> Reading:
    """Count campaigns held, against the due number."""
    rows, other = _campaigns_or(evidence)
    if other:
        return other
    due = due_number(evidence, "campaigns_due")
    if due is None:
        return _no_due("campaigns_due")
    held = [c for c in rows if not c.not_held]
    counted, told = _counted(evidence, measure, held)
    confirmed = _by_others(evidence, held)
    return _share(rows, len(counted), due, "场", told, confirmed=confirmed)


_FIGURES = (
    ("exposure", N_("活动“{names}”没有填曝光")),
    ("new", N_("活动“{names}”没有填拉新")),
    ("conversion", N_("活动“{names}”没有填转化")),
)


def campaign_results(evidence: Evidence, measure: Measure) -> Reading:
    """
    Return the mean over exposure, new followers and conversions of result ÷ target.

    Per figure the results of the month's campaigns are added, and so are the
    targets; each figure is capped at 100 %; figures without a target are left out.
    """
    rows, other = _campaigns_or(evidence)
    if other:
        return other
    shares: list[Fraction] = []
    inputs: dict[str, str] = {}
    for name, lacking in _FIGURES:
        aimed = [c for c in rows if getattr(c, f"{name}_target")]
        target = sum(
            (Fraction(getattr(c, f"{name}_target")) for c in aimed), Fraction(0)
        )
        if not target:
            continue
        blank = [c.name for c in aimed if getattr(c, name) is None and not c.not_held]
        if blank:
            return pending(_(lacking, names=listed(blank)), evidence=_cite(rows))
        result = sum(
            (
                Fraction(getattr(c, name) or 0)
                for c in aimed
                if _confirmed(evidence, measure, c.confirmed_by)
            ),
            Fraction(0),
        )
        inputs |= {f"{name}.value": text(result), f"{name}.target": text(target)}
        shares.append(min(result / target, Fraction(1)))
    if not shares:
        return pending(_("活动没有曝光、拉新、转化的目标"), evidence=_cite(rows))
    unconfirmed = [c for c in rows if not _confirmed(evidence, measure, c.confirmed_by)]
    return Reading(
        value=sum(shares, Fraction(0)) / len(shares),
        target=Fraction(1),
        unit="%",
        note=_unconfirmed(len(unconfirmed)),
        inputs=inputs,
        evidence=_cite(rows),
    )


def campaign_spend(evidence: Evidence, measure: Measure) -> Reading:
    """
    Return spend ÷ budget of the campaigns ended in the month.

    A budget that nobody else confirmed is no budget; spend without a budget is
    read as infinitely over it.
    """
    rows, other = _campaigns_or(evidence)
    if other:
        return other
    held = [c for c in rows if not c.not_held]
    blank = [c.name for c in held if c.spend is None]
    if blank:
        told = _("活动“{names}”没有填实际花费", names=listed(blank))
        return pending(told, evidence=_cite(rows))
    if not held:
        return pending(_("没有举办的活动，没有花费"), evidence=_cite(rows))
    spend = sum((Fraction(c.spend or 0) for c in rows), Fraction(0))
    budget = sum(
        (
            Fraction(c.budget or 0)
            for c in rows
            if _confirmed(evidence, measure, c.confirmed_by)
        ),
        Fraction(0),
    )
    inputs = {"spend": text(spend), "budget": text(budget)}
    if not budget:
        share: Fraction | float = float("inf") if spend else Fraction(0)
    else:
        share = spend / budget
    return Reading(
        value=share,
        unit="%",
        note="" if budget else _("没有他人确认的预算"),
        inputs=inputs,
        evidence=_cite(rows),
    )


# Posts that reach a standard.


def posts_reaching(evidence: Evidence, measure: Measure) -> Reading:
    """
    Count own posts of the month whose counter reaches the plan's standard.

    A post counts by the owner's share on its publishing day.
    """
    source = measure.source
    if not isinstance(source, PostsReaching):
        raise TypeError(source)
    posts = evidence.posts
    if posts.empty:
        return pending(_("没有作品清单，不知道几篇达标"))
    own = posts[
        (posts["published_at"].dt.strftime("%Y-%m") == evidence.month)
        & (posts["share"] > 0)
    ]
    if source.platform:
        own = own[own["platform"] == source.platform]
    label = METRICS[source.metric].label
    counted = (
        own[source.metric] if source.metric in own else own["share"] * float("nan")
    )
    blank = int(counted.isna().sum())
    if blank:
        return pending(_("{n}篇作品没有{metric}", n=blank, metric=label))
    reached = own[counted >= float(source.at_least)]
    number = sum((Fraction(repr(s)) for s in reached["share"]), Fraction(0))
    return Reading(
        value=number,
        unit="篇",
        note=_(
            "{metric}达到{least}为达标，共{n}篇",
            metric=label,
            least=text(source.at_least),
            n=len(own),
        ),
        inputs={
            "value": text(number),
            "posts": str(len(own)),
            "at_least": text(source.at_least),
        },
        evidence=tuple(
            {
                "source": str(file),
                "sheet": str(sheet),
                "rows": months.spans(rows["row"].tolist()),
                "metric": source.metric,
                "sum": "",
            }
            for (file, sheet), rows in own.groupby(["source", "sheet"], sort=True)
        ),
    )


# Data and adjustments.


def account_days(evidence: Evidence, measure: Measure) -> Reading:
    """Count account-days on record, against those due."""
    rows = evidence.monthly[
        (evidence.monthly["month"] == evidence.month)
        & (evidence.monthly["metric"] == "account_days")
    ]
    if rows.empty:
        return pending(_("没有应交数据的账号日：花名册的expects没有写"))
    present = sum((Fraction(repr(v)) for v in rows["value"]), Fraction(0))
    due = sum((Fraction(repr(v)) for v in rows["days_due"]), Fraction(0))
    return _share((), present, due, "账号日")


def adjustments(evidence: Evidence, measure: Measure) -> Reading:
    """Count documented adjustments of content direction, against the due number."""
    declared = measure.source
    default = declared.due if isinstance(declared, Adjustments) else None
    rows = _own(evidence, evidence.worklog.adjustments)
    if not rows and not _none(evidence, "调整"):
        return _missing("调整")
    due = due_number(evidence, "adjustments_due", default)
    if due is None:
        return _no_due("adjustments_due")
    counted = [r for r in rows if _confirmed(evidence, measure, r.confirmed_by)]
    note = _unconfirmed(len(rows) - len(counted))
    return _share(rows, len(counted), due, "次", note)


# Users.


def comments_answered(evidence: Evidence, measure: Measure) -> Reading:
    """
    Return comments answered ÷ received.

    Received is the larger of the work log and the exports.
    """
    rows = _own(evidence, evidence.worklog.interactions)
    if not rows and not _none(evidence, "互动"):
        return _missing("互动")
    exported = evidence.total("comments")
    number = exported.reading(evidence.which)
    if exported.gaps:
        return pending(joined(exported.gaps), evidence=_cite(rows))
    logged = Fraction(sum(row.received for row in rows))
    received = max(logged, number) if number is not None else logged
    if received == float("inf"):
        return pending(_("收到的评论数只知道下限"), evidence=_cite(rows))
    answered = Fraction(sum(row.answered for row in rows))
    if received == 0:
        return excluded(_("没有收到评论"), evidence=_cite(rows))
    return Reading(
        value=answered / Fraction(received),
        target=Fraction(1),
        unit="%",
        note=_("收到的评论数取导出") if received != logged else "",
        inputs={
            "answered": text(answered),
            "received.worklog": text(logged),
            "received.exports": text(number),
        },
        evidence=(*_cite(rows), *exported.sources),
    )


def feedback(evidence: Evidence, measure: Measure) -> Reading:
    """
    Count feedback items and user portraits delivered, against the due number.

    The due number rises by one in a quarter's last month if the quarter has no
    portrait yet.
    """
    declared = measure.source
    default = declared.due if isinstance(declared, Feedback) else None
    rows = _own(evidence, evidence.worklog.feedback)
    if not rows and not _none(evidence, "反馈"):
        return _missing("反馈")
    due = due_number(evidence, "feedback_due", default)
    if due is None:
        return _no_due("feedback_due")
    note = ""
    if int(evidence.month[5:]) % 3 == 0:
        drawn = [
            entry
            for month in days.months_back(evidence.month, 3)
            if month in evidence.worklogs
            for entry in _own(evidence, evidence.worklogs[month].feedback)
            if entry.kind == "portrait"
        ]
        if not drawn:
            due += 1
            note = _("本季度还没有用户画像，应交数加1")
    counted = [r for r in rows if _confirmed(evidence, measure, r.confirmed_by)]
    notes = joined((note, _unconfirmed(len(rows) - len(counted))))
    return _share(rows, len(counted), due, "条", notes)


def communities(evidence: Evidence, measure: Measure) -> Reading:
    """
    Return half communities founded ÷ due, half active ÷ all.

    A half that is 0 of 0 gives its points to the other; a community is active if
    enough of its members, or enough people, speak.
    """
    declared = measure.source
    if not isinstance(declared, Communities):
        raise TypeError(declared)
    rows = _own(evidence, evidence.worklog.communities)
    if not rows and not _none(evidence, "社群"):
        return _missing("社群")
    due = due_number(evidence, "communities_due")
    if due is None:
        return _no_due("communities_due")
    founded = [
        r for r in rows if r.founded and days.month_of(r.founded) == evidence.month
    ]
    blank = [r.name for r in rows if r.members is None or r.speakers is None]
    if blank:
        told = _("社群“{names}”没有填成员数或发言人数", names=listed(blank))
        return pending(told, evidence=_cite(rows))
    active = [
        r
        for r in rows
        if (r.speakers or 0) >= declared.active_people
        or (r.members and Fraction(r.speakers or 0, r.members) >= declared.active_share)
    ]
    halves: list[Fraction] = []
    if due:
        halves.append(min(Fraction(len(founded)) / due, Fraction(1)))
    if rows:
        halves.append(Fraction(len(active), len(rows)))
    if not halves:
        return excluded(_("没有社群，也不要求新建"))
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
        evidence=_cite(rows),
    )


SOURCES: dict[str, Callable[[Evidence, Measure], Reading]] = {
    "suggestions_adopted": suggestions_adopted,
    "tasks_on_time": tasks_on_time,
    "tasks_accepted": tasks_accepted,
    "contents_published": contents_published,
    "contents_distributed": contents_distributed,
    "reviews": reviews,
    "campaigns_held": campaigns_held,
    "campaign_results": campaign_results,
    "campaign_spend": campaign_spend,
    "account_days": account_days,
    "posts_reaching": posts_reaching,
    "adjustments": adjustments,
    "comments_answered": comments_answered,
    "feedback": feedback,
    "communities": communities,
}
"""Kind of source in the plan → the function that reads it."""
