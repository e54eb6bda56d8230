"""
The score card is composed: outcomes, their sums, and what stands above them.

Sums are sums of what is printed; every number that a point was made from stands
beside it, so that the card alone is enough to recompute it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import chain
from typing import Any

from kpi_lib.appraisal import remarks
from kpi_lib.appraisal.card import Card
from kpi_lib.appraisal.evidence import Covered, Evidence, few, half_up, text
from kpi_lib.appraisal.focus import focus
from kpi_lib.appraisal.rules import Rule, rule_of, written
from kpi_lib.appraisal.scoring import AWAY, Outcome, complete, score_item
from kpi_lib.catalogue import METRICS, words
from kpi_lib.days import days_of
from kpi_lib.figures import amount, joined
from kpi_lib.inputs import GivenRating, Item, Plan, Target
from kpi_lib.language import N_, Sentence
from kpi_lib.workspace import canonical_json, sha256

SCHEMA = 1

# How every measure that waits is settled.
SETTLED = Sentence("待定的补上后重新运行；补不上的，由主管在“评分”表评定")


def score(
    evidence: Evidence, *, flags: Sequence[str] = (), plan_sha256: str = ""
) -> Card:
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
    Card
        Schema 1: what ``<operator>.json`` holds. Points, possible, rated and score
        stand on every level. `sum` is of the items; `total` has the bonus beside it
        and a veto's cap above it.
    """
    plan, operator = evidence.plan, evidence.operator
    scored = {item.id: score_item(evidence, item) for item in plan.items()}
    outcomes = [*chain(*scored.values())]
    extra = [*chain(*(score_item(evidence, i, bonus=True) for i in plan.items()))]
    every = [*outcomes, *extra]
    sums = _sums(outcomes)
    bonus, veto = _bonus(evidence, extra), _veto(evidence)
    total = sums["score"]
    if total is not None:
        reached = Decimal(total) + Decimal((bonus and bonus["score"]) or 0)
        total = str(min(reached, Decimal(veto["cap"])) if veto else reached)
    waiting = any(outcome.status == "pending" for outcome in every)
    rows = [
        _item(evidence, group.id, item, scored[item.id])
        for group in plan.groups
        for item in group.items
    ]
    card: dict[str, Any] = {
        "schema": SCHEMA,
        "operator": operator.id,
        "name": operator.name,
        "month": evidence.month,
        "manager": operator.manager,
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
        "flags": [*filter(None, dict.fromkeys(_flags(evidence, every, veto))), *flags],
        "groups": _groups(plan, scored),
        "items": rows,
        "ratings": _ratings(evidence, every),
        "confirmed": _confirmed(evidence),
        "appeals": [],
        "rests_on": {
            name: _sums(resting)["score"] or "0.00"
            for name, resting in _resting(evidence, every).items()
        },
        "same_results": _same_results(every),
        "focus": focus(outcomes),
    }
    card["score_sha256"] = sha256(canonical_json(_signed_part(card)).encode())
    return Card(card)


def _item(
    evidence: Evidence, group: str, item: Item, outcomes: Sequence[Outcome]
) -> dict[str, Any]:
    span = evidence.plan.weight_span(item)
    return {
        "id": item.id,
        "group": group,
        "kpi": item.kpi.label,
        "name": item.name.label,
        "detail": [line.written for line in item.detail],
        "detail_beside": [line.beside for line in item.detail],
        "weight": item.weight if span else "",
        "weight_span": span,
        "points": text(item.points),
        **_sums(outcomes),
        "measures": [_measure(outcome) for outcome in outcomes],
    }


def _groups(
    plan: Plan, scored: Mapping[str, Sequence[Outcome]]
) -> list[dict[str, Any]]:
    return [
        {
            "id": group.id,
            "name": group.name.label,
            "points": text(sum((item.points for item in group.items), Fraction(0))),
            **_sums([*chain(*(scored[item.id] for item in group.items))]),
        }
        for group in plan.groups
    ]


def _confirmed(evidence: Evidence) -> list[dict[str, Any]]:
    """List the rows that stand in the name of somebody who may confirm or approve."""
    return [
        {
            "name": row.named,
            "sheet": remarks.sheet_of(row),
            "row": row.row,
            "what": row.meaning,
            "text": remarks.target_said(row) if isinstance(row, Target) else "",
        }
        for row in remarks.naming(evidence)
        if evidence.confirmed(row)
    ]


def _signed_part(card: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a signature stands for: the numbers, not the remarks."""
    signed = ("id", "points", "possible", "score", "status", "inputs", "evidence")

    def numbers(measures: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{key: measure[key] for key in signed} for measure in measures]

    return {
        "operator": card["operator"],
        "month": card["month"],
        "plan": card["plan"],
        "items": [
            {"id": item["id"], "measures": numbers(item["measures"])}
            for item in card["items"]
        ],
        "bonus": card["bonus"] and numbers(card["bonus"]["measures"]),
        "veto": card["veto"],
        "confirmed": card["confirmed"],
    }


# Sums.


def _sums(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Add up what is printed."""
    rated = [outcome.possible for outcome in outcomes if outcome.score is not None]
    scores = [outcome.score for outcome in outcomes if outcome.score is not None]
    return {
        "possible": text(sum((o.possible for o in outcomes), Decimal(0))),
        "rated": text(sum(rated, Decimal(0))),
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


def _veto(evidence: Evidence) -> dict[str, str] | None:
    """Return the last complete veto, where the plan names a cap for it."""
    cap, vetoes = evidence.plan.veto, _vetoes(evidence)
    if cap is None or not vetoes:
        return None
    said = {key: str(getattr(vetoes[-1], key)) for key in ("by", "on", "reason")}
    return {"cap": str(half_up(cap)), **said}


def _vetoes(evidence: Evidence) -> list[GivenRating]:
    ratings = evidence.worklog.ratings
    return [r for r in ratings if r.kind == "veto" and complete(evidence, r)]


def _grade(evidence: Evidence, total: str | None, possible: str) -> str:
    if total is None or not Decimal(possible):
        return ""
    percent = 100 * Fraction(total) / Fraction(possible)
    grades = (g.name.label for g in evidence.plan.grades if percent >= g.at_least)
    return next(grades, "")


# What stands above the score, and what it rests on.


def _flags(
    evidence: Evidence, outcomes: Sequence[Outcome], veto: Mapping[str, str] | None
) -> Iterator[str]:
    waiting = [outcome for outcome in outcomes if outcome.status == "pending"]
    if waiting:
        yield joined((_waiting(waiting), SETTLED))
    if veto:
        yield Sentence("一票否决：{reason}（{by}，{on}），总分不超过{cap}", **veto)
    elif any(rating.kind == "veto" for rating in evidence.worklog.ratings):
        yield Sentence("有一条否决没有计入：计划没有一票否决，或否决缺姓名、日期、理由")
    yield from remarks.of_entries(evidence)
    yield from remarks.of_days(evidence)
    yield from _presence(evidence)
    if evidence.calendar.assumed(evidence.month):
        yield Sentence("这一年没有放假安排，工作日按周一至周五计")
    for outcome in outcomes:
        yield from outcome.reading.flags
    yield joined(_on_somebodys_word(evidence, outcomes))


def _presence(evidence: Evidence) -> Iterator[Sentence]:
    """Say on which days the score rests, where these are not all of the month's."""
    here, days = evidence.presence()
    if not here:
        yield AWAY
        return
    whole, own = days_of(evidence.month), evidence.days_in_charge
    if len(own) < len(whole):
        yield Sentence(
            "本月{all}天在岗{own}天，按天累积的目标和结果都只算这{own}天；"
            "{days}个工作日在岗{here}天，应完成数按此折算",
            all=len(whole),
            own=len(own),
            days=days,
            here=here,
        )
    for covered in evidence.covered:
        yield _covering(evidence, covered)


def _covering(evidence: Evidence, covered: Covered) -> Sentence:
    """Say what the days of a cover added to targets and results."""
    away = covered.away.operator
    added = joined(
        Sentence(
            "{metric}目标加{target}、结果加{value}",
            metric=METRICS[metric].label,
            target=amount(METRICS[metric].result)(text(share.target)),
            value=amount(METRICS[metric].result)(text(share.value)),
        )
        for metric in evidence.goals.required
        for goal in evidence.goals.of(metric)
        for share in goal.covered
        if share.away is away
    )
    return Sentence(
        "代{name}值班{days}天，这些天的目标和结果计在这里：{added}",
        name=away.name,
        days=covered.days,
        added=added or Sentence("没有双方都有的目标"),
    )


def _waiting(waiting: Sequence[Outcome]) -> Sentence:
    points = text(sum((outcome.possible for outcome in waiting), Decimal(0)))
    names = [
        Sentence("{name}（{n}分）", name=at.measure.name.label, n=text(at.possible))
        for at in waiting
    ]
    return Sentence("{points}分待定：{names}", points=points, names=few(names))


(WORDS,) = words("on_word")


def _on_somebodys_word(
    evidence: Evidence, outcomes: Sequence[Outcome]
) -> Iterator[Sentence]:
    """Say how many points rest on entries of the log, confirmed or not."""
    names = (row.named for row in evidence.worklog.entries() if evidence.confirmed(row))
    by = list(dict.fromkeys(names))
    resting = _resting(evidence, [o for o in outcomes if o.source.rests_on == "log"])
    for word, told in WORDS.items():
        if earned := [outcome for outcome in resting[word] if outcome.score]:
            points = text(sum((each.score or 0 for each in earned), Decimal(0)))
            measures = few([each.measure.name.label for each in earned], 1)
            yield Sentence(told, points=points, measures=measures, by=by)


def _ratings(evidence: Evidence, outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """List every rating as it was given: self ratings are shown, never counted."""
    plan = evidence.plan
    names = {key: measure.name.label for key, measure in plan.measures()}
    used = [outcome.rating for outcome in outcomes]
    return [
        {
            "kind": rating.kind,
            "item": rating.item,
            "name": names.get(rating.item, rating.item),
            **_given(rating),
            "counted": any(rating is counted for counted in used)
            or (plan.veto is not None and rating in _vetoes(evidence)),
        }
        for rating in evidence.worklog.ratings
    ]


def _resting(
    evidence: Evidence, outcomes: Sequence[Outcome]
) -> dict[str, list[Outcome]]:
    """Sort measures by what they rest on; a mixed measure counts as by hand."""
    kinds = ("exports", "manual", "approved", "confirmed", "unconfirmed", "rated")
    resting: dict[str, list[Outcome]] = {kind: [] for kind in kinds}
    now = evidence.now
    by_hand = frozenset(now.loc[now["basis"] == "manual", "metric"])
    for outcome in outcomes:
        if outcome.score is not None:
            resting[_rests(outcome, by_hand)].append(outcome)
    return resting


def _rests(outcome: Outcome, by_hand: frozenset[str]) -> str:
    """Say what a measure's points rest on: a metric by hand, a confirmed entry."""
    reading, source = outcome.reading, outcome.source
    if outcome.status == "rated_by_manager":
        return "rated"
    if source.rests_on == "log":
        return "confirmed" if reading.confirmed else "unconfirmed"
    parts = {
        part
        for metric in source.metrics(reading)
        for part in (metric, *METRICS[metric].parts)
    }
    return "manual" if parts & by_hand else source.rests_on


def _same_results(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Name every metric whose result counts in more than one measure."""
    uses: dict[str, list[tuple[str, str]]] = {}
    for outcome in outcomes:
        if outcome.source.shares_results:
            platform = getattr(outcome.source.plan, "platform", "")
            for metric in outcome.source.metrics(outcome.reading):
                uses.setdefault(metric, []).append((outcome.key, platform))
    same = []
    for metric, counted in uses.items():
        # A use of one platform shares its result with that platform and with all.
        for platform in sorted({place for _key, place in counted if place}) or [""]:
            keys = [key for key, place in counted if place in ("", platform)]
            if len(keys) > 1:
                name = METRICS[metric].label
                same.append({"metric": metric, "name": name, "measures": keys})
    return same


# One measure, as it is shown.


def _measure(outcome: Outcome) -> dict[str, Any]:
    measure, reading = outcome.measure, outcome.reading
    rule = rule_of(measure)
    show = rule.show(reading)
    card: dict[str, Any] = {
        "id": measure.id,
        "name": measure.name.label,
        "points": text(measure.points),
        **_sums([outcome]),
        "status": outcome.status,
        "value": text(reading.value),
        "target": text(reading.target),
        "show": show,
        "source": {"kind": measure.source.kind},
        "rule": {
            "kind": measure.rule.kind,
            "params": written(measure.rule),
            "words": rule.words(share=show["value"].endswith("%")),
            "text": _arithmetic(rule, outcome),
        },
        "inputs": dict(reading.inputs),
        "note": reading.note,
        "parts": [dict(part) for part in reading.parts],
        "evidence": [dict(cited) for cited in reading.evidence],
    }
    if reading.rows:
        card["rows"] = [dict(row) for row in reading.rows]
    if outcome.between:
        card["between"] = list(map(str, outcome.between))
    if outcome.rating:
        computed = None if outcome.computed is None else str(outcome.computed)
        card["rating"] = {**_given(outcome.rating), "computed": computed}
    return card


def _given(rating: GivenRating) -> dict[str, str]:
    """Return what a person gave, and who."""
    return {
        "points": text(rating.points),
        "word": rating.word,
        "by": rating.by,
        "on": str(rating.on or ""),
        "reason": rating.reason,
    }


def _arithmetic(rule: Rule[Any], outcome: Outcome) -> str:
    """Write the rule with its numbers put in, as a person would check it."""
    if outcome.rating:
        rating = outcome.rating
        return Sentence(
            _RATED_WORD if rating.word else _RATED_POINTS,
            given=rating.word or text(rating.points or Decimal(0)),
            by=rating.by,
            on=rating.on,
            score=outcome.score,
        )
    if outcome.status != "scored" or outcome.reading.value is None:
        return ""
    worked = rule.worked(outcome.reading, outcome.possible)
    return Sentence("{sum}={score}", sum=worked, score=outcome.score)


_RATED_WORD = N_("主管评定{given}（{by}，{on}）：{score}分")
_RATED_POINTS = N_("主管评定{given}分（{by}，{on}）：{score}分")
