"""What to do next month: what one step of a measure is worth, and how far it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from operator import itemgetter
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal.evidence import Reading, half_up, text
from kpi_lib.appraisal.rules import UNITS, Rule, percent, rule_of
from kpi_lib.appraisal.scoring import Outcome
from kpi_lib.catalogue import words
from kpi_lib.language import Sentence

LINES = 3  # Steps that are named, most to gain first; parts furthest from all of it

(SAYS,) = words("focus")


def focus(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Return the steps with most to gain, the largest first, of what a person moves."""
    steps = [step for outcome in outcomes if (step := _step(outcome))]
    return sorted(steps, key=lambda step: -Decimal(step["left"]))[:LINES]


def _step(outcome: Outcome) -> dict[str, Any] | None:
    """Return one measure's step; None where nothing is left, or no act moves it."""
    reading, rule = outcome.reading, rule_of(outcome.measure)
    # A rating is the manager's. A higher target moves every attainment the other way:
    # by itself it is no step.
    challenge = outcome.measure.source.kind == "challenge"
    if outcome.status != "scored" or outcome.score is None or challenge:
        return None
    left = half_up(rule.most * Fraction(outcome.possible)) - outcome.score
    if left <= 0:
        return None
    share, written = rule.pace(reading)
    step = half_up(share * Fraction(outcome.possible))
    kind, show = _kind(rule, reading, step, left), rule.show(reading)
    said = Sentence(
        SAYS[kind],
        name=outcome.measure.name.label,
        value=show["text"],
        begin=percent(rule.begin(reading)),
        step=step,
        left=left,
        one=Sentence(UNITS[reading.unit], n=1) if reading.unit in UNITS else "1",
        goal=show["target"],
    )
    paced = kind != "goal" and step <= left
    # A row that waits for a confirmation may be the step that is asked for.
    waits = reading.note if reading.unit in UNITS else ""
    return {
        "measure": outcome.key,
        "step": str(step) if paced else "",
        "left": str(left),
        "text": figures.joined([said, _furthest(reading.parts), waits]),
        "sum": f"{text(outcome.possible)}{written}={step}" if paced else "",
    }


def _kind(rule: Rule[Any], reading: Reading, step: Decimal, left: Decimal) -> str:
    """Choose what can be said: never a step that gives more than is left."""
    share, begun = reading.unit == "%", rule.begin(reading) is None
    if not step or (share and step >= left) or not (share or begun):
        return "goal"
    if not share:
        return "count" if step < left else "last"
    return "share" if begun else "from"


def _furthest(parts: Sequence[Mapping[str, str]]) -> str:
    """Name the parts of a mean that are furthest from all of it."""
    shares = [
        (share, part["name"])
        for part in parts
        if (share := figures.decimal(part.get("share"))) is not None and share < 1
    ]
    named = [
        Sentence("{name}{share}", name=name, share=figures.percent(share))
        for share, name in sorted(shares, key=itemgetter(0))[:LINES]
    ]
    return Sentence("差得最多的是{parts}", parts=named) if named else ""
