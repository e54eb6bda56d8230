"""
Which target holds, what it is held against, and what became of it.

The rules are those of the appraisal's "Attainment" section: a target below the
band counts as if it stood at the floor, one set late and easier than the one
before it does not count, and leave scales what accrues by the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from statistics import median

from kpi_lib.appraisal.evidence import Evidence, Number, attained, half_up, text
from kpi_lib.catalogue import METRICS, Metric
from kpi_lib.days import days_of, shift
from kpi_lib.inputs import Operator, Target
from kpi_lib.language import N_, Sentence
from kpi_lib.months import Total


@dataclass(frozen=True)
class Past:
    """One month before a scored one: its value, or why it does not compare."""

    month: str
    value: Fraction | None
    why: str = ""


@dataclass(frozen=True)
class Share:
    """What a month of leave gave its cover: a part of the target, and what came."""

    away: Operator
    target: Fraction
    value: Number


@dataclass(frozen=True, kw_only=True)
class Goal:
    """One short target and what became of it."""

    target: Target  # the row that holds
    refused: tuple[Target, ...]  # later rows that do not
    value: Number | None  # the result; of followers the gain
    opening: Fraction  # the level from which followers were gained
    gaps: tuple[str, ...]  # what the result lacks
    sources: tuple[dict[str, str], ...]
    counted: Fraction  # as it counts: floor, leave, covers and part months applied
    planned: Fraction  # what the whole month was to bring, the floor applied
    base: Fraction | None  # the baseline
    growth: Fraction | None  # target over baseline, rounded to 0.1 %
    floored: bool  # whether the floor was applied
    approved: bool  # only an approved one may be scored
    covered: tuple[Share, ...] = ()  # of those on leave; in `counted` and the result
    days: str = ""  # on record of those due where some lack, as 28/31

    @property
    def metric(self) -> Metric:
        """What it is a target of."""
        return METRICS[self.target.metric]

    @property
    def wanted(self) -> Fraction:
        """What the result had to be: of a level the gain up to it."""
        return self.counted - self.opening

    @property
    def met_only(self) -> bool:
        """Whether only met or not met can be said."""
        less = self.metric.less_is_better
        return self.value is not None and not less and self.wanted <= 0

    @property
    def attained(self) -> Number | None:
        """Result against target, not capped."""
        if self.value is None:
            return None
        less = self.metric.less_is_better
        return max(Fraction(0), attained(self.value, self.wanted, less=less))

    @property
    def inputs(self) -> dict[str, str]:
        """Every number that attainment and growth were made from."""
        key = "@".join(filter(None, (self.target.metric, self.target.platform)))
        numbers = {
            **self._numbers,
            "baseline": text(self.base),
            "growth": text(self.growth),
            "met_only": "1" if self.met_only else "",
        }
        return {f"{key}.{name}": number for name, number in numbers.items() if number}

    @property
    def part(self) -> dict[str, str]:
        """The goal as a part of a mean, for the reader."""
        return {
            "metric": self.metric.name,
            "name": self.metric.label,
            "platform": self.target.platform,
            **self._numbers,
            "attained": text(self.attained),
            "baseline": text(self.base),
            "growth": text(self.growth),
            "days": self.days,
        }

    @property
    def _numbers(self) -> dict[str, str]:
        numbers = {
            "value": text(self.value),
            "target": text(self.target.value),
            "counted": text(self.counted),
        }
        if self.covered:
            target, value = self.of_leave
            numbers |= {"covered": text(target), "covered_value": text(value)}
        opening = text(self.opening) if self.metric.moves_by_gain else ""
        return numbers | {"opening": opening}

    @property
    def of_leave(self) -> tuple[Fraction, Number]:
        """Target and result that came from those on leave."""
        target = sum((share.target for share in self.covered), Fraction(0))
        return target, sum((share.value for share in self.covered), Fraction(0))


class Goals:
    """The targets of one operator's month; every row is worked out once."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.required = evidence.plan.required(evidence.operator, evidence.accounts)
        # A metric's short target against its result; None without a target.
        self.goal = cache(partial(_with_covers, evidence))

    def of(self, metric: str) -> list[Goal]:
        """Return the short target of the whole, or one per platform that has one."""
        whole = self.goal(metric)
        if whole:
            return [whole]
        platforms = dict.fromkeys(a.platform for a in self.evidence.accounts)
        goals = [self.goal(metric, platform) for platform in platforms]
        return [goal for goal in goals if goal]


# Which target holds.


def targets_of(evidence: Evidence, metric: str, horizon: str) -> list[Target]:
    """Return the month's targets of a metric under a horizon."""
    key = (metric, horizon)
    return [row for row in evidence.of_month if (row.metric, row.horizon) == key]


def holding(
    evidence: Evidence, metric: str, platform: str = ""
) -> tuple[Target | None, tuple[Target, ...]]:
    """Return the short target that holds, of the whole or of a platform; and others."""
    rows = targets_of(evidence, metric, "short")
    own = [row for row in rows if row.platform == platform]
    return _standing(evidence.operator, own)


def short_targets(
    operator: Operator, rows: Iterable[Target]
) -> dict[tuple[str, str, str], float]:
    """
    Return the short targets of all months, each as it is held there.

    Parameters
    ----------
    operator : Operator
        Whose targets they are.
    rows : iterable of Target
        All of them.

    Returns
    -------
    dict of (str, str, str) to float
        By metric, platform (empty: of the whole) and month, in the metric's unit.
    """
    places: dict[tuple[str, str, str], list[Target]] = {}
    for row in rows:
        if row.horizon == "short":
            place = (row.metric, row.platform, row.period)
            places.setdefault(place, []).append(row)
    held = {at: _standing(operator, own)[0] for at, own in places.items()}
    return {at: float(row.value) for at, row in held.items() if row}


def _standing(
    operator: Operator, rows: Sequence[Target]
) -> tuple[Target | None, tuple[Target, ...]]:
    """Return the row set last, and those refused: late, easier and without a reason."""
    standing: Target | None = None
    refused: list[Target] = []
    for row in sorted(rows, key=lambda row: row.set_on):
        days = days_of(row.period)
        late = row.set_on > days[0]
        if row.set_on > days[-1]:
            continue
        if standing and late and _easier(row, standing) and not _excused(operator, row):
            refused.append(row)
        else:
            standing = row
    return standing, tuple(refused)


def due_target(evidence: Evidence, name: str) -> Target | None:
    """Return the row of a due number that a manager approved."""
    rows = targets_of(evidence, name, "short")
    approved = [row for row in rows if evidence.confirmed(row)]
    return _standing(evidence.operator, approved)[0]


def due_number(
    evidence: Evidence, name: str, default: int | None = None
) -> Fraction | None:
    """Return a due number, scaled by the working days present; None without one."""
    # A row that a manager approved, or the plan's; never what the operator typed.
    target = due_target(evidence, name)
    number = target.value if target else default
    return None if number is None else Fraction(number) * evidence.part


def in_force(evidence: Evidence, row: Target) -> bool:
    """Say whether a target stood, approved or on record, by the plan's deadline."""
    return row.set_on <= evidence.deadline and (
        evidence.confirmed(row) or row.sha256 in evidence.known_targets
    )


def _excused(operator: Operator, row: Target) -> bool:
    """Say whether a manager approved an easier target and a reason is written."""
    return operator.is_approver(row.named) and bool(row.note)


def _easier(row: Target, than: Target) -> bool:
    less = row.metric in METRICS and METRICS[row.metric].less_is_better
    return row.value > than.value if less else row.value < than.value


# The baseline.


def past(
    evidence: Evidence, metric: str, platform: str = "", month: str = ""
) -> tuple[Past, ...]:
    """Return the months before a month that are compared with it, the latest first."""
    at = month or evidence.month
    # Only months with the same accounts, shares and bases have a value.
    result = METRICS[metric].result
    now = evidence.total(result, month=at, platform=platform)
    reference = now.made_of if now.value is not None else None
    months: list[Past] = []
    for back in range(1, evidence.plan.evidence.baseline_months + 1):
        earlier = shift(at, -back)
        total = evidence.total(result, month=earlier, platform=platform)
        why = _no_yardstick(evidence, earlier, total)
        if not why:
            if reference is None:
                reference = total.made_of
            if total.made_of != reference:
                why = Sentence("账号、份额或口径不同")
        value = None if why or total.value is None else Fraction(total.value)
        months.append(Past(earlier, value, why))
    return tuple(months)


def _no_yardstick(evidence: Evidence, month: str, total: Total) -> str:
    """Say why a month is no yardstick by itself; empty where it may be one."""
    if total.gaps:
        return Sentence("数据不全")
    if total.value is None:
        return Sentence("没有数据")
    here, days = evidence.presence(month)
    most = evidence.plan.evidence.most_leave
    if days > 0 and Fraction(days - here, days) > most:
        return Sentence("请假超过工作日的{most}%", most=text(100 * most))
    return ""


def median_of(evidence: Evidence, months: Sequence[Past]) -> Fraction | None:
    """Return the baseline, a median; None of too few months, or not above zero."""
    values = [past.value for past in months if past.value is not None]
    if len(values) < evidence.plan.evidence.least_months:
        return None
    middle = Fraction(median(values))
    return middle if middle > 0 else None


# One target against its result.


def _with_covers(evidence: Evidence, metric: str, platform: str = "") -> Goal | None:
    goal = _own_goal(evidence, metric, platform)
    if goal is None or goal.value is None:
        return goal
    totals = [*_brought(evidence, metric, platform)]
    covered = replace(goal, covered=tuple(share for share, _ in totals))
    target, brought = covered.of_leave
    return replace(
        covered,
        counted=goal.counted + target,
        value=goal.value + brought,
        sources=(*goal.sources, *(row for _, total in totals for row in total.sources)),
    )


def _brought(
    evidence: Evidence, metric: str, platform: str
) -> Iterator[tuple[Share, Total]]:
    """Walk whom the operator covered: their target's part, what those days brought."""
    for covered in evidence.covered if METRICS[metric].accrues else ():
        goal = _own_goal(covered.away, metric, platform)
        if goal is None or not goal.approved:
            continue  # neither target nor result
        total = covered.brought.total(
            METRICS[metric].result, evidence.month, platform, evidence.plan.evidence
        )
        target = goal.planned * covered.away.charge(metric, covered.days)
        value = total.reading(evidence.which) or Fraction(0)
        yield Share(covered.away.operator, target, value), total


def _own_goal(evidence: Evidence, metric: str, platform: str) -> Goal | None:
    row, refused = holding(evidence, metric, platform)
    if row is None:
        return None
    definition = METRICS[metric]
    total = evidence.total(definition.result, platform=platform)
    opening, unopened = _opening(evidence, definition, platform, total)
    value = total.reading(evidence.which)
    base = median_of(evidence, past(evidence, metric, platform))
    target = Fraction(row.value)
    growth = None
    floored = False
    if base is not None:
        less = definition.less_is_better
        growth = growth_of(target - opening, base, less=less)
        floor = evidence.plan.band.floor
        easiest = base / (1 + floor) if less else opening + base * (1 + floor)
        below = target > easiest if less else target < easiest
        if below and not _excused(evidence.operator, row):
            target, floored = easiest, True
    planned = target - opening
    if definition.accrues:
        target = opening + planned * evidence.charge(metric)
    gaps = gaps_of(metric, value, [*unopened, *total.gaps])
    if opening and planned <= 0 and not _excused(evidence.operator, row):
        gaps.append(Sentence(NOT_ABOVE, target=text(row.value), opening=text(opening)))
    return Goal(
        target=row,
        refused=refused,
        value=value,
        opening=opening,
        gaps=tuple(dict.fromkeys(gaps)),
        sources=total.sources,
        counted=target,
        planned=planned,
        base=base,
        growth=growth,
        floored=floored,
        approved=evidence.confirmed(row) or in_force(evidence, row),
        days=total.days,
    )


NOT_ABOVE = N_(
    "粉丝目标{target}不高于月初的{opening}：请改目标；真要减少，由主管批准并在备注写理由"
)


def _opening(
    evidence: Evidence, metric: Metric, platform: str, gained: Total
) -> tuple[Fraction, list[str]]:
    """Return the level from which a gain began, 0 of what has none; or what lacks."""
    if not metric.moves_by_gain:
        return Fraction(0), []
    began = evidence.total(metric.opening, platform=platform)
    level = evidence.total(metric.name, platform=platform)
    # An own account that should have a gain may have none.
    accounts, moved = ({made[0] for made in of.made_of} for of in (level, gained))
    if began.value is None or accounts - moved:
        return Fraction(0), [Sentence("有账号没有月初或月末的粉丝数")]
    # The higher it began the less was gained: both bounds are of one opening.
    which = {"low": "high", "high": "low"}.get(evidence.which, "value")
    return Fraction(began.reading(which) or 0), []


def gaps_of(metric: str, value: Number | None, gaps: Sequence[str]) -> list[str]:
    """Return what a result lacks: its gaps, or that there is none of it at all."""
    if value is None and not gaps:
        return [Sentence("没有{metric}", metric=METRICS[metric].label)]
    return list(gaps)


def growth_of(target: Fraction, base: Fraction, *, less: bool) -> Fraction | None:
    """Return target over baseline, to 0.1 %; less-is-better the other way round."""
    if not less:
        return Fraction(half_up(target / base - 1, "0.001"))
    # Wanting none at all of something has no growth to speak of.
    return Fraction(half_up(base / target - 1, "0.001")) if target > 0 else None
