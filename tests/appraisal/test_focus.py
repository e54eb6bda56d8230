"""What to do next month: a step is worth what the rule gives for it, and no more."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib import appraisal
from kpi_lib.appraisal.evidence import Reading, half_up
from kpi_lib.appraisal.focus import LINES, focus
from kpi_lib.appraisal.rules import rule_of
from kpi_lib.appraisal.scoring import Outcome
from tests.appraisal.test_rules import RULES, computed, measure


def outcome(
    rule: dict[str, Any], *, status: str = "scored", **reading: Any
) -> tuple[Outcome, Fraction]:
    held, read = measure(rule), Reading(**reading)
    held = held.model_copy(update={"source": held.source})
    share = rule_of(held).share(read)
    made = Outcome(
        key="item.m",
        measure=held,
        source=None,  # type: ignore[arg-type]  # no step asks for it
        status=status,
        reading=read,
        possible=Decimal(5),
        score=half_up(share * 5) if status == "scored" else None,
    )
    return made, share


@settings(max_examples=300)
@given(
    rule=st.sampled_from(RULES),
    value=st.integers(0, 300),
    target=st.integers(1, 300),
    share=st.booleans(),
)
def test_one_more_earns_what_its_pace_says(
    rule: dict[str, Any], value: int, target: int, share: bool
) -> None:
    unit, by = ("%", Fraction(1, 100)) if share else ("条", Fraction(1))
    number = Fraction(value, 100) if share else Fraction(value)
    reading = Reading(
        value=number, target=Fraction(1) if share else Fraction(target), unit=unit
    )
    of = rule_of(measure(rule))
    pace, written = of.pace(reading)
    more = of.share(replace(reading, value=number + by)) - of.share(reading)

    assert more <= pace or not pace
    if more > 0 and of.share(replace(reading, value=number + by)) < of.most:
        begun = of.begin(reading) is None
        assert not pace or not begun or more == pace
    if pace:
        assert computed(f"5{written}") == 5 * pace


@pytest.mark.parametrize(
    ("rule", "reading", "said", "left"),
    [
        pytest.param(
            {"kind": "linear", "from": "100%", "to": "120%"},
            {"value": Fraction("0.9757"), "target": Fraction(1), "unit": "%"},
            "指标：本月97.57%，超过100%后每高1个百分点得0.25分，最多再得5.00分",
            "5.00",
            id="under where it begins",
        ),
        pytest.param(
            {"kind": "linear", "from": "100%", "to": "120%"},
            {"value": Fraction("1.1"), "target": Fraction(1), "unit": "%"},
            "指标：本月110%，每高1个百分点得0.25分，最多再得2.50分",
            "2.50",
            id="on its way",
        ),
        pytest.param(
            {"kind": "ratio"},
            {"value": Fraction("0.995"), "target": Fraction(1), "unit": "%"},
            "指标：本月99.5%，到100%得满分，最多再得0.02分",
            "0.02",
            id="less than a step is left",
        ),
        pytest.param(
            {"kind": "count", "each": "2"},
            {"value": Fraction(1), "unit": "条"},
            "指标：本月1条，再有1条得2.00分，最多再得3.00分",
            "3.00",
            id="by count",
        ),
        pytest.param(
            {"kind": "count", "each": "2"},
            {"value": Fraction(2), "unit": "条"},
            "指标：本月2条，再有1条得1.00分",
            "1.00",
            id="the last one gives what is left",
        ),
        pytest.param(
            {"kind": "count", "each": "2"},
            {"value": Fraction(2), "unit": "条", "note": "1行没有他人确认，不计"},
            "指标：本月2条，再有1条得1.00分；1行没有他人确认，不计",
            "1.00",
            id="one more is written down and waits",
        ),
        pytest.param(
            {"kind": "ratio"},
            {"value": Fraction(9), "target": Fraction(12), "unit": "项"},
            "指标：本月9/12项，再有1项得0.42分，最多再得1.25分",
            "1.25",
            id="of what was due",
        ),
        pytest.param(
            {
                "kind": "tiers",
                "tiers": [
                    {"at_most": "100%", "share": 1},
                    {"at_most": "110%", "share": "1/2"},
                ],
            },
            {"value": Fraction("1.04"), "unit": "%"},
            "指标：本月104%，到≤100%得满分，最多再得2.50分",
            "2.50",
            id="by tiers",
        ),
    ],
)
def test_a_step_in_words(
    rule: dict[str, Any], reading: dict[str, Any], said: str, left: str
) -> None:
    made, _share = outcome(rule, **reading)
    made = replace(made, measure=_of(made.measure))
    (step,) = focus([made])

    assert step["text"] == said
    assert step["left"] == left
    if step["sum"]:
        sum_, _equals, result = step["sum"].partition("=")
        assert half_up(computed(sum_)) == Decimal(result)


def _of(measure: Any) -> Any:
    """Return a measure whose source is one that a person moves."""
    return measure.model_copy(
        update={"source": type("Source", (), {"kind": "attainment"})()}
    )


@pytest.mark.parametrize(
    ("status", "value", "kind"),
    [
        pytest.param("pending", "0.5", "attainment", id="waits"),
        pytest.param("rated_by_manager", "0.5", "attainment", id="a manager's rating"),
        pytest.param("scored", "1", "attainment", id="nothing is left"),
        pytest.param("scored", "0.5", "challenge", id="a target set"),
    ],
)
def test_what_no_act_of_a_person_moves_is_no_step(
    status: str, value: str, kind: str
) -> None:
    made, _share = outcome(
        {"kind": "ratio"}, value=Fraction(value), target=Fraction(1), unit="%"
    )
    source = type("Source", (), {"kind": kind})()
    held = made.measure.model_copy(update={"source": source})

    assert focus([replace(made, status=status, measure=held)]) == []


def test_steps_of_the_sample_are_the_largest_losses_and_never_more(
    sample: appraisal.Month,
) -> None:
    for person in sample.appraised:
        card = sample.score(person.id)
        steps = card["focus"]
        left = [Decimal(step["left"]) for step in steps]

        assert 0 < len(steps) <= LINES
        assert left == sorted(left, reverse=True)
        for step, most in zip(steps, left, strict=True):
            assert most <= card.measures[step["measure"]].lost
            assert Decimal(step["step"] or 0) <= most
