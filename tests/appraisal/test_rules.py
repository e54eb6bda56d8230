"""Rules in words: each kind says its own numbers."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.appraisal.evidence import Reading
from kpi_lib.appraisal.rules import percent, rule_of
from kpi_lib.inputs import Measure


def measure(rule: dict[str, Any]) -> Measure:
    kind = "rated" if rule["kind"] == "rating" else "challenge"
    return Measure.model_validate(
        {
            "id": "m",
            "name": {"zh": "指标"},
            "source": {"kind": kind},
            "rule": rule,
            "points": 5,
        }
    )


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        pytest.param({"kind": "ratio", "cap": "95%"}, "按比例，封顶95%", id="ratio"),
        pytest.param(
            {"kind": "linear", "from": "100%", "to": "120%"},
            "线性：100%得0分，120%得满分",
            id="linear",
        ),
        pytest.param({"kind": "count", "each": 0.5}, "按件：每件0.5分", id="count"),
        pytest.param(
            {
                "kind": "tiers",
                "tiers": [
                    {"at_most": "100%", "share": 1},
                    {"at_most": "110%", "share": "1/2"},
                ],
            },
            "分档：≤100%得100%、≤110%得50%",
            id="tiers",
        ),
        pytest.param(
            {"kind": "deduct", "per": 0.5, "step": {"size": "1%", "of": "target"}},
            "每少目标的1%扣0.5分",
            id="deduct",
        ),
        pytest.param({"kind": "rating"}, "评定", id="rating"),
    ],
)
def test_rules_in_words(rule: dict[str, Any], words: str) -> None:
    assert rule_of(measure(rule)).words(share=True) == words


def computed(formula: str) -> Fraction:
    """Work a printed sum out: what stands in brackets behind a number explains it."""
    plain = re.sub(r"（[^）]*）", "", formula).split("，")[0].replace("∞", "10**30")
    python = re.sub(r"(\d+(?:\.\d+)?)%", r"(\1/100)", plain).translate(
        str.maketrans({"×": "*", "÷": "/", "−": "-"})
    )
    exact = re.sub(r"(\d+(?:\.\d+)?)", r"Fraction('\1')", python)
    assert re.fullmatch(r"(Fraction\('[\d.]+'\)|min|max|[-+*/(), ])+", exact)
    return Fraction(eval(exact, {"Fraction": Fraction, "min": min, "max": max}))  # noqa: S307


RULES = [
    {"kind": "ratio"},
    {"kind": "ratio", "cap": "80%"},
    {"kind": "linear", "from": "50%", "to": "100%"},
    {"kind": "linear", "from": "110%", "to": "100%"},
    {"kind": "count", "each": "0.5"},
    {"kind": "tiers", "tiers": [{"at_least": "100%", "share": 1}]},
    {"kind": "deduct", "per": "0.5", "step": {"size": "10%", "of": "target"}},
    {"kind": "deduct", "per": "0.5", "step": {"size": "100", "of": "unit"}},
]


@settings(max_examples=300)
@given(
    rule=st.sampled_from(RULES),
    value=st.integers(-1000, 1000),
    target=st.integers(-1000, 1000),
    less=st.booleans(),
)
def test_every_printed_sum_is_the_one_that_was_computed(
    rule: dict[str, Any], value: int, target: int, less: bool
) -> None:
    number = abs(value) if less or rule["kind"] == "count" else value
    reading = Reading(value=Fraction(number), target=Fraction(target), less=less)
    of = rule_of(measure(rule))
    points = of.share(reading) * 5
    worked = str(of.worked(reading, Decimal(5)))
    printed = computed(worked)
    if "不低于0" in worked or "在0与5之间" in worked:
        printed = max(Fraction(0), min(printed, Fraction(5)))

    assert printed == points


@pytest.mark.parametrize(
    ("value", "target", "less", "printed"),
    [
        pytest.param(150, 0, False, "5×min(100%（150≥0）, 100%)", id="a target of 0"),
        pytest.param(-310, -500, False, "5×min(100%（-310≥-500）, 100%)", id="met"),
        pytest.param(-620, -500, False, "5×min(0%（-620<-500）, 100%)", id="not met"),
        pytest.param(0, 155, True, "5×min(100%（0≤155）, 100%)", id="nothing lost"),
        pytest.param(3, 0, True, "5×min(0%（3>0）, 100%)", id="none was allowed"),
        pytest.param(-9, 9, False, "5×max(min(-9÷9, 100%), 0%)", id="below nought"),
        pytest.param(90, 100, False, "5×min(90÷100, 100%)", id="divided"),
        pytest.param(200, 100, True, "5×min(100÷200, 100%)", id="less is better"),
    ],
)
def test_what_is_only_met_or_not_is_not_divided(
    value: int, target: int, less: bool, printed: str
) -> None:
    reading = Reading(value=Fraction(value), target=Fraction(target), less=less)

    assert rule_of(measure({"kind": "ratio"})).worked(reading, Decimal(5)) == printed


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        pytest.param(Fraction(39, 40), "97.5%", id="two places at most"),
        pytest.param(Fraction(1), "100%", id="all"),
        pytest.param(Fraction(99_998, 100_000), "99.998%", id="not rounded up to all"),
        pytest.param(Fraction(1_000_001, 10**6), "100.0001%", id="nor down to it"),
        pytest.param(Fraction(0), "0%", id="nothing"),
    ],
)
def test_only_the_whole_reads_as_100_percent(share: Fraction, shown: str) -> None:
    assert percent(share) == shown


def test_a_count_says_how_its_points_grew_with_its_item() -> None:
    """Of 4 points, 10 with those of a measure that is out: half of 4 is 5 of 10."""
    four = measure({"kind": "count", "each": 2}).model_copy(
        update={"points": Fraction(4)}
    )
    rule = rule_of(four)
    reading = Reading(value=Fraction(1))

    assert rule.worked(reading, Decimal(4)) == "min(1×2, 4)"
    assert rule.worked(reading, Decimal(10)) == "10×min(1×2, 4)÷4"
    assert computed("10×min(1×2, 4)÷4") == rule.share(reading) * 10 == 5
