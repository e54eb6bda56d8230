"""Rules in words: each kind says its own numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

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
