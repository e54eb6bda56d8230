"""
Scoring: sources give numbers, rules make points.

Fractions all the way; one rounding, half up to 0.01, when a measure's points are
written down.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor, isinf

from kpi_lib.appraisal import attainment, worklog_measures
from kpi_lib.appraisal.evidence import (
    Evidence,
    Number,
    Reading,
    half_up,
    pending,
)
from kpi_lib.figures import joined
from kpi_lib.inputs import (
    Attainment,
    Challenge,
    Count,
    Coverage,
    Deduct,
    Item,
    Linear,
    Measure,
    OneMetric,
    OverDelivery,
    Rated,
    Rating,
    Ratio,
    Tiers,
)
from kpi_lib.inputs import GivenRating as Given
from kpi_lib.language import _

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    One measure with its points.

    Parameters
    ----------
    key : str
        The plan's ``item.measure``.
    measure : Measure
        Of the plan.
    status : {"scored", "rated_by_manager", "pending", "zero", "excluded"}
        What became of it.
    reading : Reading
        What the source gave; kept also where a manager's rating replaced it.
    possible : Decimal
        Points after the exclusions of its item.
    score : Decimal or None
        Points, rounded half up to 0.01; None unless it is rated.
    rating : Rating or None
        The manager's rating that replaced or settled it.
    computed : Decimal or None
        Points without the manager's rating.
    """

    key: str
    measure: Measure
    status: str
    reading: Reading
    possible: Decimal
    score: Decimal | None
    rating: Given | None = None
    computed: Decimal | None = None


# From a source to a reading.


def read(evidence: Evidence, measure: Measure) -> Reading:
    """
    Return what a measure's source gives.

    Where values contradict each other, or only a lower bound is known, the measure
    is read twice, with the least and with the greatest; it is pending unless both
    give the same points.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    measure : Measure
        With its source and rule.

    Returns
    -------
    Reading
        Value, target, inputs and the rows behind them, or why there is none.
    """
    if not evidence.uncertain:
        return _source(evidence, measure)
    low = _source(replace(evidence, which="low"), measure)
    high = _source(replace(evidence, which="high"), measure)
    if low == high:
        return low
    if "pending" in (low.state, high.state):
        return low if low.state == "pending" else high
    least, most = sorted(
        half_up(share(measure, reading) * measure.points) for reading in (low, high)
    )
    if least == most:
        told = "" if low.value == high.value else _("有不同的值，但得分相同")
        return replace(low, note=joined((low.note, told)))
    between = _("有不同的值没有选定，得分在{least}与{most}之间", least=least, most=most)
    return replace(low, state="pending", note=joined((low.note, between)))


def _source(evidence: Evidence, measure: Measure) -> Reading:
    match measure.source:
        case Coverage():
            return attainment.coverage(evidence, measure.source)
        case Challenge():
            return attainment.challenge(evidence, measure.source)
        case Attainment():
            return attainment.attain(evidence, measure.source)
        case OverDelivery():
            return attainment.over(evidence, measure.source)
        case OneMetric():
            return attainment.one(evidence, measure.source)
        case Rated():
            return pending(_("等主管评分"))
        case _:
            return worklog_measures.SOURCES[measure.source.kind](evidence, measure)


# From a reading to a share of the points.


def share(measure: Measure, reading: Reading) -> Fraction:
    """
    Apply a measure's rule.

    Parameters
    ----------
    measure : Measure
        With its rule and points.
    reading : Reading
        Of state ``given``.

    Returns
    -------
    Fraction
        Share of the measure's points, 0 to 1 (a ratio with a cap above 1: to the
        cap).
    """
    attained = reading.attained
    if attained is None or reading.value is None:
        raise ValueError(measure.id)
    match measure.rule:
        case Ratio(cap=cap):
            return max(Fraction(0), Fraction(min(attained, cap)))
        case Linear(from_=start, to=end, of=of):
            got = attained if of == "share" else reading.value
            if isinf(got):
                return Fraction(1 if end > start else 0)
            way = (Fraction(got) - start) / (end - start)
            return min(max(way, Fraction(0)), Fraction(1))
        case Tiers(tiers=tiers, of=of):
            got = attained if of == "share" else reading.value
            return next((tier.share for tier in tiers if tier.holds(got)), Fraction(0))
        case Deduct(per=per):
            lost = per * steps_short(measure.rule, reading)
            return max(Fraction(0), 1 - lost / measure.points)
        case Count(each=each):
            return min(_finite(reading.value) * each / measure.points, Fraction(1))
        case Rating():
            raise TypeError(measure.id)  # rated by a person, never computed


def steps_short(rule: Deduct, reading: Reading) -> int:
    """
    Count the whole steps by which a value falls short of its target.

    Parameters
    ----------
    rule : Deduct
        With the size of a step.
    reading : Reading
        Of state ``given``, with a target.

    Returns
    -------
    int
        Never below 0.
    """
    value, target = _finite(reading.value or 0), reading.target or Fraction(0)
    short = max(Fraction(0), value - target if reading.less else target - value)
    size = rule.step.size
    if rule.step.of == "target":
        size *= abs(target)
    elif rule.step.of == "points":
        size /= 100
    # Short of a target of nothing at all: one step for the whole of it.
    return floor(short / size) if size else int(short > 0)


def _finite(value: Number) -> Fraction:
    # A value known only by its lower bound is read as endless: nothing is short.
    return Fraction(10**18) if isinf(value) else Fraction(value)


# Items: exclusions, ratings, points.


def score_item(evidence: Evidence, item: Item) -> list[Outcome]:
    """
    Score one item of the plan.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    item : Item
        Its measures.

    Returns
    -------
    list of Outcome
        One per measure but the bonus ones, in the plan's order. Points of excluded
        measures go to the others in proportion; if all are excluded they leave what
        is possible.
    """
    measures = [measure for measure in item.measures if not measure.bonus]
    readings = [read(evidence, measure) for measure in measures]
    states = [
        _state(measure, reading)
        for measure, reading in zip(measures, readings, strict=True)
    ]
    possible = spread(
        [measure.points for measure in measures],
        [state == "excluded" for state in states],
    )
    return [
        _outcome(evidence, item, measure, reading, state, points)
        for measure, reading, state, points in zip(
            measures, readings, states, possible, strict=True
        )
    ]


def score_bonus(evidence: Evidence) -> list[Outcome]:
    """
    Score the bonus measures of a plan, each with its own points at most.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.

    Returns
    -------
    list of Outcome
        One per bonus measure, in the plan's order; an excluded one has no points.
    """
    outcomes = []
    for item in evidence.plan.items():
        for measure in item.measures:
            if measure.bonus:
                reading = read(evidence, measure)
                state = _state(measure, reading)
                points = Fraction(0) if state == "excluded" else measure.points
                outcomes.append(
                    _outcome(evidence, item, measure, reading, state, half_up(points))
                )
    return outcomes


def _state(measure: Measure, reading: Reading) -> str:
    """Apply the plan's policy for missing evidence."""
    if reading.state == "pending" and measure.missing != "pending":
        return {"exclude": "excluded", "zero": "zero"}[measure.missing]
    return reading.state


def spread(points: Sequence[Fraction], excluded: Sequence[bool]) -> list[Decimal]:
    """
    Give the points of excluded measures to the others, in proportion.

    Parameters
    ----------
    points : sequence of Fraction
        The plan's points.
    excluded : sequence of bool
        Which of them are out.

    Returns
    -------
    list of Decimal
        Points rounded half up to 0.01, the rest to the largest, of equals the
        first; all zero if every one is out.
    """
    whole = sum(points, Fraction(0))
    staying = sum(
        (p for p, out in zip(points, excluded, strict=True) if not out), Fraction(0)
    )
    if not staying:
        return [Decimal("0.00") for _ in points]
    given = [
        Decimal("0.00") if out else half_up(whole * p / staying)
        for p, out in zip(points, excluded, strict=True)
    ]
    rest = half_up(whole) - sum(given, Decimal(0))
    largest = given.index(max(given))
    given[largest] += rest
    return given


def _outcome(
    evidence: Evidence,
    item: Item,
    measure: Measure,
    reading: Reading,
    state: str,
    possible: Decimal,
) -> Outcome:
    computed: Decimal | None = None
    if state == "zero":
        computed = Decimal("0.00")
    elif state == "given":
        computed = half_up(share(measure, reading) * Fraction(possible))
    found = _rating(evidence, item, measure)
    if found and state != "excluded":
        rating, given = found
        score = half_up(given * Fraction(possible))
        return Outcome(
            key=f"{item.id}.{measure.id}",
            measure=measure,
            status="rated_by_manager",
            reading=reading,
            possible=possible,
            score=score,
            rating=rating,
            computed=computed,
        )
    return Outcome(
        key=f"{item.id}.{measure.id}",
        measure=measure,
        status="scored" if state == "given" else state,
        reading=reading,
        possible=possible,
        score=computed,
        computed=computed,
    )


def _rating(
    evidence: Evidence, item: Item, measure: Measure
) -> tuple[Given, Fraction] | None:
    """Return the manager's last complete rating of a measure, and its share."""
    names = {f"{item.id}.{measure.id}", measure.id, measure.name.zh}
    found = [
        (rating, given)
        for rating in evidence.worklog.ratings
        if rating.kind == "manager"
        and rating.item in names
        and complete(evidence, rating)
        and (given := _rated_share(measure, rating)) is not None
    ]
    return max(found, key=lambda one: (one[0].on, one[0].row)) if found else None


def complete(evidence: Evidence, rating: Given) -> bool:
    """Say whether a rating or veto has somebody else's name, a day and a reason."""
    operator = evidence.operator
    return bool(
        rating.operator == operator.id
        and rating.by not in ("", operator.id, operator.name)
        and rating.on is not None
        and rating.reason
    )


def _rated_share(measure: Measure, rating: Given) -> Fraction | None:
    """Return the share of a measure's points that a rating gives; None: not valid."""
    if rating.word:
        scale = measure.rule.scale if isinstance(measure.rule, Rating) else {}
        return scale.get(rating.word)
    if rating.points is None or not 0 <= rating.points <= measure.points:
        return None
    return Fraction(rating.points) / measure.points
