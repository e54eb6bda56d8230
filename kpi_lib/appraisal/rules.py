"""
Rules: how a number becomes points, a class a kind of rule, found by its kind.

Each knows its share of the points, its parameters as the card keeps them, its words,
and its arithmetic with the numbers put in, as a person would check it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor, isinf
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from kpi_lib import figures
from kpi_lib.appraisal.evidence import Number, Reading, half_up, text
from kpi_lib.catalogue import words
from kpi_lib.figures import joined
from kpi_lib.inputs import Measure, kinds
from kpi_lib.language import Sentence

R = TypeVar("R", bound=BaseModel)

# Units of readings: how so many of them are said.
(UNITS,) = words("counted")


RULES: dict[str, type[Rule[Any]]] = {}  # By the kind that the plan writes


@dataclass(frozen=True)
class Rule(ABC, Generic[R]):
    """A kind of rule, with what the plan says of it and the measure's points."""

    plan: R
    points: Fraction

    def __init_subclass__(cls, kind: str) -> None:
        """Enter a class under the kind that the plan writes."""
        RULES[kind] = cls

    def share(self, reading: Reading) -> Fraction:
        """Return the share of the points that a given reading earns, 0 to 1."""
        raise TypeError(self.plan)

    @abstractmethod
    def words(self, *, share: bool) -> Sentence:
        """Put the rule in words; bounds of a share are percentages."""

    def worked(self, reading: Reading, possible: Decimal) -> str:
        """Write the sum with the numbers put in, without its result."""
        raise TypeError(self.plan)

    def pace(self, reading: Reading) -> tuple[Fraction, str]:
        """
        Return the share of the points that one more earns, and its sum without them.

        One more is a percentage point of a share, else one of what is counted. None at
        all (0) where less is better, or only a bound is met or not.
        """
        return Fraction(0), ""

    def begin(self, reading: Reading) -> Fraction | None:
        """Return from where on one more earns anything; None where it does now."""
        return None

    @property
    def most(self) -> Fraction:
        """The largest share of the points that it gives."""
        return Fraction(1)

    @property
    def goal(self) -> str:
        """What a share has to reach for all points, as a reader wants it."""
        return "100%"

    def show(self, reading: Reading) -> dict[str, str]:
        """Return value and target as a reader wants them."""
        unit = reading.unit
        if reading.value is None:
            return {"value": "", "target": "", "unit": "", "text": ""}
        value = shown(reading.value, unit)
        if is_share(reading):
            return {"value": value, "target": self.goal, "unit": "", "text": value}
        target = shown(reading.target, unit) if reading.target is not None else ""
        together = f"{value}/{target}" if target else value
        if unit in UNITS:
            # What stands behind a number: English has a space there.
            unit, together = (Sentence(UNITS[unit], n=n) for n in ("", together))
        unit = "" if unit == "%" else unit
        return {"value": value, "target": target, "unit": unit, "text": together}


class _Ratio(Rule[kinds.Ratio], kind="ratio"):
    """Points × min(value ÷ target, cap)."""

    def share(self, reading: Reading) -> Fraction:
        return max(Fraction(0), Fraction(min(_attained(reading), self.plan.cap)))

    def words(self, *, share: bool) -> Sentence:
        cap = figures.percent(text(self.plan.cap), 0)
        return Sentence("按比例，封顶{cap}", cap=cap)

    def worked(self, reading: Reading, possible: Decimal) -> str:
        share = f"min({divided(reading)}, {percent(self.plan.cap)})"
        if _attained(reading) < 0:
            share = f"max({share}, 0%)"
        return f"{text(possible)}×{share}"

    def pace(self, reading: Reading) -> tuple[Fraction, str]:
        return _one_more(reading, "share")

    @property
    def most(self) -> Fraction:
        return self.plan.cap


class _Linear(Rule[kinds.Linear], kind="linear"):
    """None at ``from``, all at ``to``, straight between, flat outside."""

    def share(self, reading: Reading) -> Fraction:
        low, high = self.plan.from_, self.plan.to
        got = compared(reading, self.plan.of)
        if isinf(got):
            return Fraction(1 if high > low else 0)
        return min(max((Fraction(got) - low) / (high - low), Fraction(0)), Fraction(1))

    def words(self, *, share: bool) -> Sentence:
        low, high = (
            _worded(end, share=share) for end in (self.plan.from_, self.plan.to)
        )
        return Sentence("线性：{low}得0分，{high}得满分", low=low, high=high)

    def worked(self, reading: Reading, possible: Decimal) -> str:
        of, points = self.plan.of, text(possible)
        low, high = (bound(end, reading, of) for end in (self.plan.from_, self.plan.to))
        return Sentence(
            "{sum}，在0与{points}之间",
            sum=f"{points}×({got(reading, of)}−{low})÷({high}−{low})",
            points=points,
        )

    def pace(self, reading: Reading) -> tuple[Fraction, str]:
        low, high = self.plan.from_, self.plan.to
        more, by = _one_more(reading, self.plan.of)
        if high < low:
            return super().pace(reading)
        ends = [bound(end, reading, self.plan.of) for end in (high, low)]
        return more / (high - low), f"{by}÷({ends[0]}−{ends[1]})"

    def begin(self, reading: Reading) -> Fraction | None:
        low = self.plan.from_
        return low if compared(reading, self.plan.of) < low else None

    @property
    def goal(self) -> str:
        return percent(self.plan.to)


class _Tiers(Rule[kinds.Tiers], kind="tiers"):
    """The share of the first tier whose bound holds; none: no points."""

    def share(self, reading: Reading) -> Fraction:
        number = compared(reading, self.plan.of)
        tiers = self.plan.tiers
        return next((tier.share for tier in tiers if tier.holds(number)), Fraction(0))

    def words(self, *, share: bool) -> Sentence:
        bounds = [_worded(tier.bound, share=share) for tier in self.plan.tiers]
        shares = [figures.percent(str(tier.share), 0) for tier in self.plan.tiers]
        return Sentence("分档：{tiers}", tiers=self._steps(bounds, shares))

    def _steps(self, bounds: Sequence[str], shares: Sequence[str]) -> list[Sentence]:
        return [
            Sentence("{bound}得{share}", bound=f"{_sign(tier)}{bound}", share=share)
            for tier, bound, share in zip(self.plan.tiers, bounds, shares, strict=True)
        ]

    def worked(self, reading: Reading, possible: Decimal) -> str:
        of = self.plan.of
        bounds = [bound(tier.bound, reading, of) for tier in self.plan.tiers]
        shares = [percent(tier.share) for tier in self.plan.tiers]
        return Sentence(
            "{sum}（{got}，{tiers}）",
            sum=f"{text(possible)}×{text(half_up(self.share(reading)))}",
            got=got(reading, of),
            tiers=joined(self._steps(bounds, shares)),
        )

    @property
    def goal(self) -> str:
        best = self.plan.tiers[0]
        return f"{_sign(best)}{percent(best.bound)}"


class _Deduct(Rule[kinds.Deduct], kind="deduct"):
    """Full points less ``per`` for every whole step short of the target."""

    def share(self, reading: Reading) -> Fraction:
        lost = self.plan.per * self.steps(reading)
        return max(Fraction(0), 1 - lost / self.points)

    def steps(self, reading: Reading) -> int:
        """Count the whole steps by which a value falls short of its target."""
        value, target = _finite(reading.value or 0), reading.target or Fraction(0)
        short = max(Fraction(0), value - target if reading.less else target - value)
        size = self.plan.step.size
        if self.plan.step.of == "target":
            size *= abs(target)
        elif self.plan.step.of == "points":
            size /= 100
        # Short of a target of nothing at all: one step for the whole of it.
        return floor(short / size) if size else int(short > 0)

    def words(self, *, share: bool) -> Sentence:
        step = self.plan.step
        size = text(step.size)
        return Sentence(
            _EACH[step.of],
            size=figures.plain(size) if step.of == "unit" else figures.percent(size, 0),
            per=figures.plain(text(self.plan.per)),
        )

    def worked(self, reading: Reading, possible: Decimal) -> str:
        step = self.plan.step
        per = half_up(self.plan.per * Fraction(possible) / self.points)
        return Sentence(
            _DEDUCTED[step.of],
            sum=f"{text(possible)}−{text(per)}×{self.steps(reading)}",
            value=shown(reading.value, reading.unit),
            target=shown(reading.target, reading.unit),
            size=percent(step.size) if step.of == "target" else text(step.size),
        )


# What one step is of: in words, and in a sum.
_EACH, _DEDUCTED = words("each_step", "deducted")


class _Count(Rule[kinds.Count], kind="count"):
    """``each`` points a piece, up to the points."""

    def share(self, reading: Reading) -> Fraction:
        number = _finite(reading.value or 0)
        return min(number * self.plan.each / self.points, Fraction(1))

    def words(self, *, share: bool) -> Sentence:
        each = figures.plain(text(self.plan.each))
        return Sentence("按件：每件{each}分", each=each)

    def worked(self, reading: Reading, possible: Decimal) -> str:
        number = shown(reading.value, reading.unit)
        given, of = text(possible), text(self.points)
        least = f"min({number}×{text(self.plan.each)}, {of})"
        return least if given == of else f"{given}×{least}÷{of}"

    def pace(self, reading: Reading) -> tuple[Fraction, str]:
        more, by = _one_more(reading, "value")
        written = f"{by}×{text(self.plan.each)}÷{text(self.points)}"
        return more * self.plan.each / self.points, written


class _Rating(Rule[kinds.Rating], kind="rating"):
    """A person's points, or a word of the scale; never computed."""

    def words(self, *, share: bool) -> Sentence:
        return Sentence("评定")


def rule_of(measure: Measure) -> Rule[Any]:
    """Return a measure's rule with what the plan says of it."""
    return RULES[measure.rule.kind](measure.rule, measure.points)


def written(value: Any, key: str = "") -> Any:
    """Return what the plan says of a rule as strings, for the card."""
    if isinstance(value, BaseModel):
        names = {n: field.alias or n for n, field in type(value).model_fields.items()}
        parts = {names[name]: part for name, part in value if part is not None}
        value = {name: part for name, part in parts.items() if name != "kind"}
    if isinstance(value, dict):
        return {name: written(part, name) for name, part in value.items()}
    if isinstance(value, tuple):
        return [written(part) for part in value]
    if isinstance(value, Fraction):  # a third of the points has no end as a decimal
        return str(value) if key == "share" else text(value)
    return value


# Numbers that rules look at.


def _attained(reading: Reading) -> Number:
    attained = reading.attained
    if attained is None:
        raise ValueError(reading.note)
    return attained


def compared(reading: Reading, of: str) -> Number:
    """Return what bounds are compared with: value ÷ target, or the value."""
    attained = _attained(reading)
    return attained if of == "share" or reading.value is None else reading.value


def _finite(value: Number) -> Fraction:
    # A value known only by its lower bound is read as endless: nothing is short.
    return Fraction(10**18) if isinf(value) else Fraction(value)


def _sign(tier: kinds.Tier) -> str:
    return "≤" if tier.at_least is None else "≥"


# Numbers as a reader is shown them.


def percent(number: Number | None) -> str:
    """Write a share as a percentage of two places; what is not whole never as 100%."""
    if number is None:
        return "—"
    if isinf(number):
        return "∞"
    exact = figures.decimal(str(Fraction(number) * 100)) or Decimal(0)
    places = figures.short_of_whole(exact, 2)
    return f"{figures.rounded(exact, places).normalize():f}%"


def shown(number: Number | None, unit: str) -> str:
    """Write a reading's number; the unit tells a share."""
    if unit == "%":
        return percent(number)
    if number is None:
        return "—"
    return "∞" if isinf(number) else text(half_up(Fraction(number)))


def is_share(reading: Reading) -> bool:
    """Say whether the value is a share already: of nothing, or of a target of 1."""
    return reading.unit == "%" and reading.target in (None, 1)


def divided(reading: Reading) -> str:
    """Write value ÷ target, less-is-better the other way round; or if it is met."""
    value = shown(reading.value, reading.unit)
    if reading.of:
        part, whole = map(text, reading.of)
        return f"{part}÷{whole}"
    if is_share(reading):
        return value
    target = shown(reading.target, reading.unit)
    if not reading.divides:
        sign = "≤" if reading.less else "≥"
        if not reading.attained:
            sign = ">" if reading.less else "<"
        return f"{percent(reading.attained)}（{value}{sign}{target}）"
    return f"{target}÷{value}" if reading.less else f"{value}÷{target}"


def _one_more(reading: Reading, of: str) -> tuple[Fraction, str]:
    """Return what is compared with bounds of one more, and how that is written."""
    if reading.unit == "%":
        alone = of == "value" or is_share(reading)
        return (Fraction(1, 100), "×1%") if alone else (Fraction(0), "")
    if of == "value" or reading.target is None:
        return Fraction(1), ""
    if reading.less or not reading.divides:
        return Fraction(0), ""
    return 1 / reading.target, f"÷{text(reading.target)}"


def got(reading: Reading, of: str) -> str:
    """Write what bounds are compared with."""
    return divided(reading) if of == "share" else shown(reading.value, reading.unit)


def bound(number: Fraction, reading: Reading, of: str) -> str:
    """Write a bound in the unit of what is compared with it."""
    alone = of == "value" or (reading.target is None and reading.unit != "%")
    return shown(number, reading.unit) if alone else percent(number)


def _worded(number: Fraction, *, share: bool) -> str:
    """Print a bound as the value it is compared with is printed."""
    digits = text(number)
    return figures.percent(digits, 0) if share else figures.plain(digits)
