"""
The score card: what ``<operator>.json`` holds, all numbers as decimal strings.

Sums are sums of what is printed; every number that a point was made from stands
beside it, so that the card alone is enough to recompute it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import isinf
from typing import Any

from kpi_lib.appraisal import worklog_measures
from kpi_lib.appraisal.evidence import (
    Evidence,
    Number,
    Reading,
    half_up,
    text,
)
from kpi_lib.appraisal.scoring import (
    Outcome,
    complete,
    score_bonus,
    score_item,
    share,
    steps_short,
)
from kpi_lib.catalogue import METRICS
from kpi_lib.figures import joined
from kpi_lib.inputs import (
    Attainment,
    Challenge,
    Count,
    Coverage,
    Deduct,
    Linear,
    Measure,
    OneMetric,
    OverDelivery,
    PostsReaching,
    Rating,
    Ratio,
    Tier,
    Tiers,
)
from kpi_lib.inputs import GivenRating as Given
from kpi_lib.language import N_, _
from kpi_lib.workspace import canonical_json, sha256

SCHEMA = 1

NAMED = 4
"""Pending measures that a flag names; the score card marks every one."""


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
        strings; points, possible, rated and score stand on every level. `sum` is of
        the items; `total` has the bonus beside it and a veto's cap above it.
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
                    "kpi": item.kpi.label,
                    "name": item.name.label,
                    "detail": [line.written for line in item.detail],
                    "detail_beside": [line.beside for line in item.detail],
                    "weight": item.weight if plan.weight_span(item) else "",
                    "weight_span": plan.weight_span(item),
                    "points": text(item.points),
                    **_sums(scored),
                    "measures": [_measure(outcome) for outcome in scored],
                }
            )
    extra = score_bonus(evidence)
    sums = _sums(outcomes)
    bonus, veto = _bonus(evidence, extra), _veto(evidence)
    total = _total(sums["score"], bonus, veto)
    every = [*outcomes, *extra]
    waiting = any(one.status == "pending" for one in every)
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
        "sum": sums["score"],
        "bonus": bonus,
        "veto": veto,
        "total": total,
        "grade": "" if waiting else _grade(evidence, total, sums["possible"]),
        "pending": waiting,
        "final": False,
        "signed": False,
        "signoff": None,
        "flags": [*_flags(evidence, every, veto), *flags],
        "groups": [
            {
                "id": group.id,
                "name": group.name.label,
                "points": text(sum((i.points for i in group.items), Fraction(0))),
                **_sums_of([r for r in rows if r["group"] == group.id]),
            }
            for group in plan.groups
        ],
        "items": rows,
        "ratings": _ratings(evidence, every),
        "appeals": [],
        "rests_on": _rests_on(evidence, every),
        "same_results": _same_results(every),
        "duties": [
            {
                "id": duty.id,
                "name": duty.name.label,
                "detail": duty.detail.written,
                "detail_beside": duty.detail.beside,
            }
            for duty in plan.duties
        ],
    }
    card["score_sha256"] = sha256(canonical_json(_signed_part(card)).encode())
    return card


def _signed_part(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a signature stands for: the numbers, not the remarks."""
    signed = ("id", "points", "possible", "score", "status", "inputs", "evidence")

    def plain(measures: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{key: measure[key] for key in signed} for measure in measures]

    return {
        "operator": card["operator"],
        "month": card["month"],
        "plan": card["plan"],
        "items": [
            {"id": item["id"], "measures": plain(item["measures"])}
            for item in card["items"]
        ],
        "bonus": card["bonus"] and plain(card["bonus"]["measures"]),
        "veto": card["veto"],
    }


# Sums.


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


def _bonus(evidence: Evidence, outcomes: Sequence[Outcome]) -> dict[str, Any] | None:
    """Return the row of points beyond the 100, under the plan's own cap."""
    cap = evidence.plan.bonus
    if cap is None:
        return None
    sums = _sums(outcomes)
    score = None if sums["score"] is None else min(Decimal(sums["score"]), half_up(cap))
    return {
        "cap": text(cap),
        **sums,
        "sum": sums["score"],
        "score": None if score is None else str(score),
        "measures": [
            {"item": outcome.key.partition(".")[0], **_measure(outcome)}
            for outcome in outcomes
        ],
    }


def measures(card: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """
    Return every measure of a card, the bonus ones at last.

    Parameters
    ----------
    card : Mapping
        A score card, schema 1.

    Returns
    -------
    dict of str to dict
        By the plan's ``item.measure``.
    """
    bonus = card["bonus"]["measures"] if card["bonus"] else []
    return {
        f"{item['id']}.{one['id']}": one
        for item in card["items"]
        for one in item["measures"]
    } | {f"{one['item']}.{one['id']}": one for one in bonus}


def _veto(evidence: Evidence) -> dict[str, str] | None:
    """Return the last complete veto, where the plan names a cap for it."""
    cap = evidence.plan.veto
    vetoes = [
        rating
        for rating in evidence.worklog.ratings
        if rating.kind == "veto" and complete(evidence, rating)
    ]
    if cap is None or not vetoes:
        return None
    last = vetoes[-1]
    return {
        "cap": str(half_up(cap)),
        "by": last.by,
        "on": str(last.on),
        "reason": last.reason,
    }


def _total(
    summed: str | None,
    bonus: Mapping[str, Any] | None,
    veto: Mapping[str, str] | None,
) -> str | None:
    if summed is None:
        return None
    total = Decimal(summed)
    if bonus and bonus["score"] is not None:
        total += Decimal(bonus["score"])
    return str(min(total, Decimal(veto["cap"])) if veto else total)


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
            return grade.name.label
    return ""


# What stands above the score, and what it rests on.


def _flags(
    evidence: Evidence, outcomes: Sequence[Outcome], veto: Mapping[str, str] | None
) -> list[str]:
    told: list[str] = []
    waiting = [o for o in outcomes if o.status == "pending"]
    if waiting:
        points = _decimal(sum((o.possible for o in waiting), Decimal(0)))
        named = joined(
            _("{name}（{n}分）", name=o.measure.name.label, n=_decimal(o.possible))
            for o in waiting[:NAMED]
        )
        few = len(waiting) <= NAMED
        sentence = _PENDING if few else _PENDING_MANY
        told.append(_(sentence, points=points, names=named, n=len(waiting)))
    if veto:
        told.append(_("一票否决：{reason}（{by}，{on}），总分不超过{cap}", **veto))
    elif any(rating.kind == "veto" for rating in evidence.worklog.ratings):
        told.append(_("有一条否决没有计入：计划没有一票否决，或否决缺姓名、日期、理由"))
    here, days = evidence.presence()
    if here < days:
        told.append(
            _(
                "本月{days}个工作日在岗{here}天，流量目标和应完成数按比例折算",
                days=days,
                here=here,
            )
        )
    if evidence.calendar.assumed(evidence.month):
        told.append(_("这一年没有放假安排，工作日按周一至周五计"))
    for outcome in outcomes:
        told += outcome.reading.flags
    return list(dict.fromkeys(told))


_PENDING = N_("{points}分待定：{names}")
_PENDING_MANY = N_("{points}分待定：{names}等{n}项")


def _ratings(evidence: Evidence, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """List every rating as it was given: self ratings are shown, never counted."""
    names = {key: measure.name.label for key, measure in evidence.plan.measures()}
    used = [outcome.rating for outcome in outcomes]
    return [
        {
            "kind": rating.kind,
            "item": rating.item,
            "name": names.get(rating.item, rating.item),
            "points": "" if rating.points is None else text(Fraction(rating.points)),
            "word": rating.word,
            "by": rating.by,
            "on": str(rating.on or ""),
            "reason": rating.reason,
            "counted": any(rating is one for one in used)
            or (rating.kind == "veto" and _is_veto(evidence, rating)),
        }
        for rating in evidence.worklog.ratings
    ]


def _is_veto(evidence: Evidence, rating: Given) -> bool:
    return evidence.plan.veto is not None and complete(evidence, rating)


def _rests_on(evidence: Evidence, outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Add the points up by what they rest on; a mixed measure counts as by hand."""
    sums = {
        name: Decimal("0.00")
        for name in ("exports", "manual", "confirmed", "unconfirmed", "rated")
    }
    by_hand = _by_hand(evidence)
    for outcome in outcomes:
        if outcome.score is not None:
            sums[_rests(outcome, by_hand)] += outcome.score
    return {name: str(points) for name, points in sums.items()}


def _by_hand(evidence: Evidence) -> frozenset[str]:
    """Return the metrics of the month with a value that was written down by hand."""
    now = evidence.monthly[evidence.monthly["month"] == evidence.month]
    return frozenset(now.loc[now["basis"] == "manual", "metric"])


def _rests(outcome: Outcome, by_hand: frozenset[str]) -> str:
    measure = outcome.measure
    if outcome.status == "rated_by_manager":
        return "rated"
    match measure.source:
        case Attainment() | OverDelivery() | OneMetric() | PostsReaching():
            parts = {
                part
                for metric in _metrics_of(outcome)
                for part in (metric, *METRICS[metric].parts)
            }
            return "manual" if parts & by_hand else "exports"
        case Coverage() | Challenge():
            return "confirmed"  # targets count only with an approval
        case _ if measure.source.kind == "account_days":
            return "exports"
        case _:
            sure = measure.confirm == "required" or outcome.reading.confirmed
            return "confirmed" if sure else "unconfirmed"


def _metrics_of(outcome: Outcome) -> list[str]:
    source = outcome.measure.source
    if isinstance(source, OneMetric | PostsReaching):
        return [source.metric]
    return list(dict.fromkeys(part["metric"] for part in outcome.reading.parts))


def _same_results(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Name every metric whose result counts in more than one measure."""
    found: dict[str, list[tuple[str, str]]] = {}
    for outcome in outcomes:
        source = outcome.measure.source
        if isinstance(source, Attainment | OverDelivery | OneMetric):
            platform = source.platform if isinstance(source, OneMetric) else ""
            for metric in _metrics_of(outcome):
                found.setdefault(metric, []).append((outcome.key, platform))
    same = []
    for metric, uses in found.items():
        # A use of one platform shares its result with that platform and with all.
        for platform in sorted({p for _key, p in uses if p}) or [""]:
            keys = [key for key, p in uses if p in ("", platform)]
            if len(keys) > 1:
                name = METRICS[metric].label
                same.append({"metric": metric, "name": name, "measures": keys})
    return same


# One measure, as it is shown.


def _measure(outcome: Outcome) -> dict[str, Any]:
    measure, reading = outcome.measure, outcome.reading
    shown: dict[str, Any] = {
        "id": measure.id,
        "name": measure.name.label,
        "points": text(measure.points),
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
            "points": "" if given.points is None else text(Fraction(given.points)),
            "word": given.word,
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
        case Linear(from_=start, to=end, of=of):
            return {"from": text(start), "to": text(end), "of": of}
        case Tiers(tiers=tiers, of=of):
            return {
                "tiers": [
                    {
                        ("at_most" if t.at_least is None else "at_least"): text(
                            t.bound
                        ),
                        "share": str(t.share),
                    }
                    for t in tiers
                ],
                "of": of,
            }
        case Deduct(per=per, step=step):
            return {"per": text(per), "step": {"size": text(step.size), "of": step.of}}
        case Count(each=each):
            return {"each": text(each)}
        case Rating(scale=scale):
            return {"scale": {word: text(given) for word, given in scale.items()}}


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


def _is_share(reading: Reading) -> bool:
    """Say whether the value is a share already: of nothing, or of a target of 1."""
    return reading.unit == "%" and reading.target in (None, 1)


def _show(measure: Measure, reading: Reading) -> dict[str, str]:
    """Return value and target as a reader wants them."""
    unit = reading.unit
    if reading.value is None:
        return {"value": "", "target": "", "unit": "", "text": ""}
    value = _shown(reading.value, unit)
    if _is_share(reading):
        goal = _goal(measure)
        return {"value": value, "target": goal, "unit": "", "text": value}
    target = _shown(reading.target, unit) if reading.target is not None else ""
    said = f"{value}/{target}" if target else value
    if unit in worklog_measures.UNITS:
        # What stands behind a number: English has a space there.
        unit, said = (_(worklog_measures.UNITS[unit], n=n) for n in ("", said))
    unit = "" if unit == "%" else unit
    return {"value": value, "target": target, "unit": unit, "text": said}


def _goal(measure: Measure) -> str:
    match measure.rule:
        case Linear(to=end):
            return _percent(end)
        case Tiers(tiers=tiers):
            return f"{_sign(tiers[0])}{_percent(tiers[0].bound)}"
        case _:
            return "100%"


def _arithmetic(outcome: Outcome) -> str:
    """Write the rule with its numbers put in, as a person would check it."""
    measure, reading = outcome.measure, outcome.reading
    points = _decimal(outcome.possible)
    if outcome.rating:
        given = outcome.rating
        return _(
            _RATED_WORD if given.word else _RATED_POINTS,
            given=given.word or text(Fraction(given.points or 0)),
            by=given.by,
            on=given.on,
            score=outcome.score,
        )
    if outcome.status != "scored" or reading.value is None:
        return ""
    match measure.rule:
        case Ratio(cap=cap):
            sum_ = f"{points}×min({_divided(reading)}, {_percent(cap)})"
        case Linear(from_=start, to=end, of=of):
            low, high = (_bound(bound, reading, of) for bound in (start, end))
            sum_ = _(
                "{sum}，在0与{points}之间",
                sum=f"{points}×({_got(reading, of)}−{low})÷({high}−{low})",
                points=points,
            )
        case Tiers(of=of) as rule:
            part = _decimal(half_up(share(measure, reading)))
            sum_ = _(
                "{sum}（{got}，{tiers}）",
                sum=f"{points}×{part}",
                got=_got(reading, of),
                tiers=_tiers(rule, reading),
            )
        case Deduct() as rule:
            sum_ = _deducted(rule, outcome)
        case Count(each=each):
            sum_ = f"min({_shown(reading.value, reading.unit)}×{text(each)}, {points})"
        case Rating():
            return ""
    return f"{sum_}={outcome.score}"


def _divided(reading: Reading) -> str:
    """Write value ÷ target, the other way round where less is better."""
    value = _shown(reading.value, reading.unit)
    if _is_share(reading):
        return value
    target = _shown(reading.target, reading.unit)
    return f"{target}÷{value}" if reading.less else f"{value}÷{target}"


def _got(reading: Reading, of: str) -> str:
    return _divided(reading) if of == "share" else _shown(reading.value, reading.unit)


def _bound(bound: Fraction | None, reading: Reading, of: str) -> str:
    """Write a bound in the unit of what is compared with it."""
    plain = of == "value" or (reading.target is None and reading.unit != "%")
    return _shown(bound, reading.unit) if plain else _percent(bound)


def _tiers(rule: Tiers, reading: Reading) -> str:
    return joined(
        _(
            "{bound}得{share}",
            bound=f"{_sign(t)}{_bound(t.bound, reading, rule.of)}",
            share=_percent(t.share),
        )
        for t in rule.tiers
    )


def _word(tier: Tier) -> str:
    return "at_most" if tier.at_least is None else "at_least"


def _sign(tier: Tier) -> str:
    return {"at_most": "≤", "at_least": "≥"}[_word(tier)]


def _deducted(rule: Deduct, outcome: Outcome) -> str:
    """Write how many whole steps were missing, and what each cost."""
    reading, possible = outcome.reading, Fraction(outcome.possible)
    steps = steps_short(rule, reading)
    per = half_up(rule.per * possible / outcome.measure.points)
    of, size = rule.step.of, rule.step.size
    value, target = (_shown(n, reading.unit) for n in (reading.value, reading.target))
    return _(
        _DEDUCTED[of],
        sum=f"{_decimal(outcome.possible)}−{_decimal(per)}×{steps}",
        value=value,
        target=target,
        size=_percent(size) if of == "target" else text(size),
    )


_RATED_WORD = N_("主管评定{given}（{by}，{on}）：{score}分")
_RATED_POINTS = N_("主管评定{given}分（{by}，{on}）：{score}分")
_DEDUCTED = {
    "target": N_("{sum}（{value}对{target}，每差目标的{size}一档），不低于0"),
    "points": N_("{sum}（{value}对{target}，每差{size}个百分点一档），不低于0"),
    "unit": N_("{sum}（{value}对{target}，每差{size}一档），不低于0"),
}
"""What one step is of."""
