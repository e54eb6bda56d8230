"""
The score card: sources give numbers, rules make points, sums are of what is printed.

Fractions all the way; one rounding, half up to 0.01, when a measure's points are
written down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from math import floor, isinf
from typing import Any

from kpi_lib import attainment, logged
from kpi_lib.evidence import Evidence, Number, Reading, half_up, text
from kpi_lib.plan import (
    Attainment,
    Challenge,
    Count,
    Coverage,
    Deduct,
    Item,
    Linear,
    Measure,
    OverDelivery,
    Rating,
    Ratio,
    Tiers,
)
from kpi_lib.worklog import Rating as Given
from kpi_lib.workspace import canonical_json, sha256

SCHEMA = 1


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """
    One measure with its points.

    Parameters
    ----------
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
        told = "" if low.value == high.value else "有不同的值，但得分相同"
        return replace(low, note=_join(low.note, told))
    between = f"有不同的值没有选定，得分在{least}与{most}之间"
    return replace(low, state="pending", note=_join(low.note, between))


def _join(*parts: str) -> str:
    return "；".join(part for part in parts if part)


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
        case _:
            return logged.SOURCES[measure.source.kind](evidence, measure)


# From a reading to a share of the points.


def share(measure: Measure, reading: Reading) -> Fraction:  # noqa: C901 - a rule a case
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
    value, target = reading.value, reading.target
    if value is None:
        raise ValueError(measure.id)
    match measure.rule:
        case Ratio(cap=cap):
            return max(Fraction(0), _capped(value, target or Fraction(1), cap))
        case Linear(from_=start, to=end):
            if isinf(value):
                return Fraction(1 if end > start else 0)
            way = (Fraction(value) / (target or 1) - start) / (end - start)
            return min(max(way, Fraction(0)), Fraction(1))
        case Tiers(tiers=tiers):
            for tier in tiers:
                if tier.at_least is not None and value >= tier.at_least:
                    return tier.share
                if tier.at_most is not None and value <= tier.at_most:
                    return tier.share
            return Fraction(0)
        case Deduct(per=per, step=step):
            short = max(Fraction(0), (target or Fraction(0)) - _finite(value))
            size = step.size
            if step.of == "target":
                size *= target or Fraction(1)
            elif step.of == "points":
                size /= 100
            lost = per * floor(short / size)
            return max(Fraction(0), 1 - lost / measure.points)
        case Count(each=each):
            return min(_finite(value) * each / measure.points, Fraction(1))
        case Rating():
            return _finite(value) / measure.points


def _finite(value: Number) -> Fraction:
    # A value known only by its lower bound is read as endless: nothing is short.
    return Fraction(10**18) if isinf(value) else Fraction(value)


def _capped(value: Number, target: Fraction, cap: Fraction) -> Fraction:
    return cap if isinf(value) else min(Fraction(value) / target, cap)


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
        One per measure, in the plan's order. Points of excluded measures go to the
        others in proportion; if all are excluded they leave what is possible.
    """
    readings = [
        Reading(state="pending", note="等主管评分")
        if isinstance(measure.rule, Rating)
        else read(evidence, measure)
        for measure in item.measures
    ]
    states = [
        "excluded"
        if reading.state == "excluded"
        or (reading.state == "pending" and measure.missing == "exclude")
        else "zero"
        if reading.state == "pending" and measure.missing == "zero"
        else reading.state
        for measure, reading in zip(item.measures, readings, strict=True)
    ]
    possible = spread(
        [measure.points for measure in item.measures],
        [state == "excluded" for state in states],
    )
    return [
        _outcome(evidence, item, measure, reading, state, points)
        for measure, reading, state, points in zip(
            item.measures, readings, states, possible, strict=True
        )
    ]


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
    rating = _rating(evidence, item, measure)
    if rating and rating.points is not None and state != "excluded":
        given = Fraction(rating.points) / measure.points * Fraction(possible)
        score = half_up(min(max(given, Fraction(0)), Fraction(possible)))
        return Outcome(
            measure=measure,
            status="rated_by_manager",
            reading=reading,
            possible=possible,
            score=score,
            rating=rating,
            computed=computed,
        )
    return Outcome(
        measure=measure,
        status="scored" if state == "given" else state,
        reading=reading,
        possible=possible,
        score=computed,
        computed=computed,
    )


def _rating(evidence: Evidence, item: Item, measure: Measure) -> Given | None:
    """Return the manager's last complete rating of a measure, by id or name."""
    operator = evidence.operator
    names = {f"{item.id}.{measure.id}", measure.id, measure.name.zh}
    complete = [
        rating
        for rating in evidence.worklog.ratings
        if rating.operator == operator.id
        and rating.kind == "manager"
        and rating.item in names
        and rating.points is not None
        and rating.by not in ("", operator.id, operator.name)
        and rating.on is not None
        and rating.reason
    ]
    return max(complete, key=lambda r: (r.on, r.row)) if complete else None


# The card.


def score(
    evidence: Evidence, *, flags: Sequence[str] = (), plan_sha256: str = ""
) -> dict[str, Any]:
    """
    Score one operator's month.

    Parameters
    ----------
    evidence : Evidence
        Everything the score is made from.
    flags : sequence of str
        What the cleaning has to say above the score.
    plan_sha256 : str
        Of the plan's file.

    Returns
    -------
    dict
        The card, schema 1: what ``<operator>.json`` holds. All numbers are decimal
        strings; points, possible, rated and score stand on every level.
    """
    plan = evidence.plan
    rows: list[dict[str, Any]] = []
    outcomes: list[Outcome] = []
    for group in plan.groups:
        for item in group.items:
            scored = score_item(evidence, item)
            outcomes += scored
            rows.append(
                {
                    "id": item.id,
                    "group": group.id,
                    "kpi": item.kpi.zh,
                    "name": item.name.zh,
                    "detail": [line.zh for line in item.detail],
                    "weight": item.weight if plan.weight_span(item) else "",
                    "weight_span": plan.weight_span(item),
                    "points": _points(item.points),
                    **_sums(scored),
                    "measures": [_measure(outcome) for outcome in scored],
                }
            )
    sums = _sums(outcomes)
    waiting = [o for o in outcomes if o.status == "pending"]
    total, veto = _vetoed(evidence, sums["score"])
    card: dict[str, Any] = {
        "schema": SCHEMA,
        "operator": evidence.operator.id,
        "name": evidence.operator.name,
        "month": evidence.month,
        "manager": evidence.operator.manager,
        "accounts": [account.id for account in evidence.accounts],
        "plan": {"id": plan.id, "version": plan.version, "sha256": plan_sha256},
        "points": "100",
        "possible": sums["possible"],
        "rated": sums["rated"],
        "total": total,
        "grade": "" if waiting else _grade(evidence, total, sums["possible"]),
        "final": False,
        "signed": False,
        "flags": [*_card_flags(evidence, outcomes, veto), *flags],
        "groups": [
            {
                "id": group.id,
                "name": group.name.zh,
                "points": _points(sum((i.points for i in group.items), Fraction(0))),
                **_sums_of([r for r in rows if r["group"] == group.id]),
            }
            for group in plan.groups
        ],
        "items": rows,
        "duties": [
            {"id": duty.id, "name": duty.name.zh, "detail": duty.detail.zh}
            for duty in plan.duties
        ],
    }
    card["score_sha256"] = sha256(canonical_json(_signed_part(card)).encode())
    return card


def _signed_part(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a signature stands for: the numbers, not the remarks."""
    return {
        "operator": card["operator"],
        "month": card["month"],
        "plan": card["plan"],
        "items": [
            {
                "id": item["id"],
                "measures": [
                    {
                        key: measure[key]
                        for key in (
                            "id",
                            "points",
                            "possible",
                            "score",
                            "status",
                            "inputs",
                            "evidence",
                        )
                    }
                    for measure in item["measures"]
                ],
            }
            for item in card["items"]
        ],
    }


def _points(number: Fraction) -> str:
    return text(number)


def _sums(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Add up what is printed."""
    rated = [o for o in outcomes if o.score is not None]
    return {
        "possible": _decimal(sum((o.possible for o in outcomes), Decimal(0))),
        "rated": _decimal(sum((o.possible for o in rated), Decimal(0))),
        "score": str(sum((o.score or Decimal(0) for o in rated), Decimal("0.00")))
        if rated
        else None,
    }


def _sums_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    scores = [Decimal(row["score"]) for row in rows if row["score"] is not None]
    return {
        "possible": _decimal(sum((Decimal(r["possible"]) for r in rows), Decimal(0))),
        "rated": _decimal(sum((Decimal(r["rated"]) for r in rows), Decimal(0))),
        "score": str(sum(scores, Decimal("0.00"))) if scores else None,
    }


def _decimal(number: Decimal) -> str:
    """Write 100, 94 or 82.5: no trailing zeros, no exponent."""
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _grade(evidence: Evidence, total: str | None, possible: str) -> str:
    if total is None or not Decimal(possible):
        return ""
    percent = 100 * Fraction(total) / Fraction(possible)
    for grade in evidence.plan.grades:
        if percent >= grade.at_least:
            return grade.name.zh
    return ""


def _vetoed(evidence: Evidence, total: str | None) -> tuple[str | None, Given | None]:
    """Cap the total where a complete veto stands and the plan names a cap."""
    cap = evidence.plan.veto
    vetoes = [
        rating
        for rating in evidence.worklog.ratings
        if rating.operator == evidence.operator.id
        and rating.kind == "veto"
        and rating.by
        and rating.on is not None
        and rating.reason
    ]
    if cap is None or total is None or not vetoes:
        return total, None
    return str(min(Decimal(total), half_up(cap))), vetoes[-1]


NAMED = 4
"""Pending measures that a flag names; the score card marks every one."""


def _card_flags(
    evidence: Evidence, outcomes: Sequence[Outcome], veto: Given | None
) -> list[str]:
    told: list[str] = []
    waiting = [o for o in outcomes if o.status == "pending"]
    if waiting:
        points = _decimal(sum((o.possible for o in waiting), Decimal(0)))
        named = "；".join(
            f"{o.measure.name.zh}（{_decimal(o.possible)}分）" for o in waiting[:NAMED]
        )
        more = f"等{len(waiting)}项" if len(waiting) > NAMED else ""
        told.append(f"{points}分待定：{named}{more}")
    if veto:
        told.append(f"一票否决：{veto.reason}（{veto.by}，{veto.on}）")
    here, days = evidence.presence()
    if here < days:
        told.append(f"本月{days}个工作日在岗{here}天，流量目标和应完成数按比例折算")
    if evidence.calendar.assumed(evidence.month):
        told.append("这一年没有放假安排，工作日按周一至周五计")
    for outcome in outcomes:
        told += outcome.reading.flags
    return list(dict.fromkeys(told))


def _measure(outcome: Outcome) -> dict[str, Any]:
    measure, reading = outcome.measure, outcome.reading
    shown: dict[str, Any] = {
        "id": measure.id,
        "name": measure.name.zh,
        "points": _points(measure.points),
        "possible": _decimal(outcome.possible),
        "rated": _decimal(outcome.possible) if outcome.score is not None else "0",
        "score": None if outcome.score is None else str(outcome.score),
        "status": outcome.status,
        "value": text(reading.value),
        "target": text(reading.target),
        "show": _show(measure, reading),
        "source": {"kind": measure.source.kind},
        "rule": {
            "kind": measure.rule.kind,
            "params": _params(measure),
            "text": _arithmetic(outcome),
        },
        "inputs": dict(reading.inputs),
        "note": reading.note,
        "parts": [dict(part) for part in reading.parts],
        "evidence": [dict(cited) for cited in reading.evidence],
    }
    if outcome.rating:
        given = outcome.rating
        shown["rating"] = {
            "points": text(Fraction(given.points or 0)),
            "by": given.by,
            "on": str(given.on),
            "reason": given.reason,
            "computed": None if outcome.computed is None else str(outcome.computed),
        }
    return shown


def _params(measure: Measure) -> dict[str, Any]:
    match measure.rule:
        case Ratio(cap=cap):
            return {"cap": text(cap)}
        case Linear(from_=start, to=end):
            return {"from": text(start), "to": text(end)}
        case Tiers(tiers=tiers):
            return {
                "tiers": [
                    {
                        ("at_least" if t.at_least is not None else "at_most"): text(
                            t.at_least if t.at_least is not None else t.at_most
                        ),
                        "share": str(t.share),
                    }
                    for t in tiers
                ]
            }
        case Deduct(per=per, step=step):
            return {"per": text(per), "step": {"size": text(step.size), "of": step.of}}
        case Count(each=each):
            return {"each": text(each)}
        case Rating(scale=scale):
            return {"scale": {word: text(points) for word, points in scale.items()}}


def _percent(number: Number | None) -> str:
    if number is None:
        return "—"
    if isinf(number):
        return "∞"
    return f"{_decimal(half_up(Fraction(number) * 100))}%"


def _shown(number: Number | None, unit: str) -> str:
    if unit == "%":
        return _percent(number)
    if number is None:
        return "—"
    return "∞" if isinf(number) else _decimal(half_up(Fraction(number)))


def _show(measure: Measure, reading: Reading) -> dict[str, str]:
    """Return value and target as a reader wants them."""
    unit = reading.unit
    if reading.value is None:
        return {"value": "", "target": "", "unit": "", "text": ""}
    value = _shown(reading.value, unit)
    if unit == "%":
        goal = _goal(measure)
        return {"value": value, "target": goal, "unit": "", "text": value}
    target = _shown(reading.target, unit) if reading.target is not None else ""
    joined = f"{value}/{target}{unit}" if target else f"{value}{unit}"
    return {"value": value, "target": target, "unit": unit, "text": joined}


def _goal(measure: Measure) -> str:
    match measure.rule:
        case Linear(to=end):
            return _percent(end)
        case Tiers(tiers=tiers):
            first = tiers[0]
            bound = first.at_least if first.at_least is not None else first.at_most
            return f"{'≥' if first.at_least is not None else '≤'}{_percent(bound)}"
        case _:
            return "100%"


def _arithmetic(outcome: Outcome) -> str:
    """Write the rule with its numbers put in, as a person would check it."""
    measure, reading = outcome.measure, outcome.reading
    points = _decimal(outcome.possible)
    if outcome.rating:
        given = outcome.rating
        return (
            f"主管评定{text(Fraction(given.points or 0))}分（{given.by}，{given.on}）"
        )
    if outcome.status != "scored" or reading.value is None:
        return ""
    value = _shown(reading.value, reading.unit)
    target = _shown(reading.target, reading.unit)
    match measure.rule:
        case Ratio(cap=cap):
            over = value if reading.unit == "%" else f"{value}÷{target}"
            sum_ = f"{points}×min({over}, {_percent(cap)})"
        case Linear(from_=start, to=end):
            sum_ = (
                f"{points}×({value}−{_percent(start)})"
                f"÷({_percent(end)}−{_percent(start)})，在0与{points}之间"
            )
        case Tiers():
            part = _decimal(half_up(share(measure, reading)))
            sum_ = f"{points}×{part}（{value}，{_tiers(measure)}）"
        case Deduct(per=per, step=step):
            sum_ = f"{points}−{text(per)}×每少{text(step.size)}（{value}对{target}）"
        case Count(each=each):
            sum_ = f"min({value}×{text(each)}, {points})"
        case _:
            sum_ = value
    return f"{sum_}={outcome.score}"


def _tiers(measure: Measure) -> str:
    if not isinstance(measure.rule, Tiers):
        return ""
    return "；".join(
        f"{'≥' if t.at_least is not None else '≤'}"
        f"{_percent(t.at_least if t.at_least is not None else t.at_most)}"
        f"得{_percent(t.share)}"
        for t in measure.rule.tiers
    )
