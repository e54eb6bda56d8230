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
from typing import Any

from kpi_lib.appraisal.evidence import Evidence, Reading, excluded, half_up
from kpi_lib.appraisal.rules import rule_of
from kpi_lib.appraisal.sources import source_of
from kpi_lib.appraisal.sources.base import Source
from kpi_lib.figures import joined
from kpi_lib.files import platforms
from kpi_lib.inputs import GivenRating, Item, Measure, kinds
from kpi_lib.language import N_, Sentence


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One measure with its points."""

    key: str
    measure: Measure
    source: Source[Any]
    status: str
    reading: Reading  # kept also where a manager's rating replaced it
    possible: Decimal  # after the exclusions of its item
    score: Decimal | None
    rating: GivenRating | None = None
    computed: Decimal | None = None  # points without the rating
    between: tuple[Decimal, Decimal] | None = None  # what uncertain values would get


AWAY = Sentence("本月没有在岗的工作日，不考核")
BETWEEN = N_("有不确定的值，在decisions.csv选定或写准后计入，得分在{least}与{most}之间")

# From a source to a reading.


def read(evidence: Evidence, measure: Measure) -> Reading:
    """Return what a measure's source gives; pending if uncertain values move points."""
    if not evidence.present():
        return excluded(AWAY)
    if measure.not_yet:
        return excluded(Sentence("{when}考核", when=measure.not_yet.label))
    platform = getattr(measure.source, "platform", "")
    if platform and all(own.platform != platform for own in evidence.accounts):
        text = N_("本月没有自己的{platform}账号，不考核")
        return excluded(Sentence(text, platform=platforms()[platform].label))
    # Contradicting values, or lower bounds: read with the least and the greatest.
    source = source_of(evidence, measure)
    if not (evidence.uncertain and source.bounded):
        return source.read()
    # What is printed is what is on record, as everywhere else on the page.
    readings = [
        source_of(each, measure).read() for each in (evidence, *evidence.bounds)
    ]
    told, low, high = readings
    if low == high:
        return told
    if waiting := [reading for reading in readings if reading.state == "pending"]:
        return waiting[0]
    share = rule_of(measure).share
    least, most = sorted(map(share, (low, high)))
    points = {half_up(share(each) * measure.points) for each in readings}
    if len(points) == 1:
        same = "" if low.value == high.value else Sentence("有不同的值，但得分相同")
        return replace(told, note=joined((told.note, same)))
    return replace(told, state="pending", between=(least, most))


# Items: exclusions, ratings, points.


def score_item(evidence: Evidence, item: Item, *, bonus: bool = False) -> list[Outcome]:
    """Score the measures of one item, or its bonus ones alone, in the plan's order."""
    measures = [measure for measure in item.measures if measure.bonus == bonus]
    readings = [read(evidence, measure) for measure in measures]
    states = list(map(_state, measures, readings))
    excluded = [state == "excluded" for state in states]
    possible = spread([m.points for m in measures], excluded, keep=bonus)
    return [
        _outcome(evidence, item, measure, reading, state, points)
        for measure, reading, state, points in zip(
            measures, readings, states, possible, strict=True
        )
    ]


def _state(measure: Measure, reading: Reading) -> str:
    """Apply the plan's policy for missing evidence."""
    if reading.state == "pending" and measure.missing != "pending":
        return {"exclude": "excluded", "zero": "zero"}[measure.missing]
    return reading.state


def spread(
    points: Sequence[Fraction], excluded: Sequence[bool], *, keep: bool = False
) -> list[Decimal]:
    """Give the points of excluded measures to the others, or to nobody (a bonus's)."""
    staying = [
        Fraction(0) if out else share
        for share, out in zip(points, excluded, strict=True)
    ]
    left = sum(staying, Fraction(0))
    whole = left if keep else sum(points, Fraction(0))
    possible = [half_up(whole * share / (left or 1)) for share in staying]
    if not left:
        return possible
    # The rest of rounding goes to the largest, of equals the first.
    rest = half_up(whole) - sum(possible, Decimal(0))
    possible[possible.index(max(possible))] += rest
    return possible


def _outcome(
    evidence: Evidence,
    item: Item,
    measure: Measure,
    reading: Reading,
    state: str,
    possible: Decimal,
) -> Outcome:
    computed = Decimal("0.00") if state == "zero" else None
    if state == "given":
        computed = half_up(rule_of(measure).share(reading) * Fraction(possible))
        state = "scored"
    score, rating, between = computed, None, None
    if reading.between:
        # Of the points it has in its item; of the plan's where it has none.
        points = Fraction(possible) or measure.points
        least, most = (half_up(at * points) for at in reading.between)
        between = least, most
        note = Sentence(BETWEEN, least=least, most=most)
        reading = replace(reading, note=joined((reading.note, note)))
    if state != "excluded" and (given := _rating(evidence, item, measure)):
        rating, rated = given
        score, state = half_up(rated * Fraction(possible)), "rated_by_manager"
    return Outcome(
        key=f"{item.id}.{measure.id}",
        measure=measure,
        source=source_of(evidence, measure),
        status=state,
        reading=reading,
        possible=possible,
        score=score,
        rating=rating,
        computed=computed,
        between=between if state == "pending" else None,
    )


def _rating(
    evidence: Evidence, item: Item, measure: Measure
) -> tuple[GivenRating, Fraction] | None:
    """Return the manager's last complete rating of a measure, and its share."""
    names = {f"{item.id}.{measure.id}", measure.id, measure.name.zh}
    ratings = [
        (rating, rated)
        for rating in evidence.worklog.ratings
        if rating.kind == "manager"
        and rating.item in names
        and complete(evidence, rating)
        and (rated := _rated_share(measure, rating)) is not None
    ]
    return max(ratings, key=lambda rated: (rated[0].on, rated[0].row), default=None)


def complete(evidence: Evidence, rating: GivenRating) -> bool:
    """Say whether a rating or veto has a manager's name, a day and a reason."""
    return bool(
        rating.operator == evidence.operator.id
        and evidence.confirmed(rating)
        and rating.on is not None
        and rating.reason
    )


def _rated_share(measure: Measure, rating: GivenRating) -> Fraction | None:
    """Return the share of a measure's points that a rating gives; None: not valid."""
    if rating.word:
        scale = measure.rule.scale if isinstance(measure.rule, kinds.Rating) else {}
        return scale.get(rating.word)
    if rating.points is None or not 0 <= rating.points <= measure.points:
        return None
    return Fraction(rating.points) / measure.points
