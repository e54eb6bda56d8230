"""
Gaming the targets does not pay.

Run by hand, ``python -m tests.test_gaming`` prints what each way of setting targets
would have earned on the same results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.appraisal.compose import score
from kpi_lib.inputs.targets import Target
from tests.scored import PLAN, aim, evidence, people, values

BASE = {"views": 100_000, "likes": 2_000, "orders": 100, "revenue": 8_000}
GAIN, OPENING = 1_000, 50_000
METRICS = (*BASE, "followers")
ROSTER = people({"gzh": "gongzhonghao"}, required=list(METRICS))
PAST = [
    row
    for month in ("2026-07", "2026-08", "2026-09")
    for row in values("gzh", "gongzhonghao", month, **BASE, followers_gain=GAIN)
]
FLOOR = Fraction(105, 100)

Growths = Mapping[str, Fraction]


def month(results: Growths) -> list[dict[str, object]]:
    """Make a month in which every metric stands at so many times its baseline."""
    gained = int(GAIN * results["followers"])
    return [
        *PAST,
        *values(
            "gzh",
            "gongzhonghao",
            followers=OPENING + gained,
            followers_opening=OPENING,
            followers_gain=gained,
            **{metric: int(base * results[metric]) for metric, base in BASE.items()},
        ),
    ]


def short(metric: str, times: Fraction, **more: object) -> Target:
    """Make a short target of so many times the baseline, to the last digit."""
    value = OPENING + GAIN * times if metric == "followers" else BASE[metric] * times
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return aim(metric, str(exact), **more)


def earned(targets: list[Target], results: Growths) -> Decimal:
    """Return all points of the card: nothing else of it can be rated here."""
    card = score(evidence(PLAN, ROSTER, month(results), targets))

    # Whatever was made up, a score lies between nothing and its points.
    assert card["total"] is None or Decimal(card["total"]) == sum(
        Decimal(item["score"]) for item in card["items"] if item["score"]
    )
    for item in card["items"]:
        for one in item["measures"]:
            if one["score"] is not None:
                assert 0 <= Decimal(one["score"]) <= Decimal(one["possible"])
    return Decimal(card["total"] or 0)


hundredths = st.integers(0, 300).map(lambda n: Fraction(n, 100))
growths = st.fixed_dictionaries(dict.fromkeys(METRICS, hundredths))


@settings(max_examples=60, deadline=None)
@given(aims=growths, results=growths)
def test_raising_targets_to_the_floor_never_costs(
    aims: Growths, results: Growths
) -> None:
    raised = {metric: max(times, FLOOR) for metric, times in aims.items()}
    low = [short(metric, times) for metric, times in aims.items()]
    high = [short(metric, times) for metric, times in raised.items()]

    assert earned(low, results) <= earned(high, results)


@settings(max_examples=40, deadline=None)
@given(aims=growths, results=growths, metric=st.sampled_from(METRICS))
def test_more_of_a_good_metric_never_costs(
    aims: Growths, results: Growths, metric: str
) -> None:
    targets = [short(name, times) for name, times in aims.items()]
    more = {**results, metric: results[metric] + Fraction(1, 4)}

    assert earned(targets, results) <= earned(targets, more)


Way = Callable[[], list[Target]]


def _all(times: str) -> Way:
    return lambda: [short(metric, Fraction(times)) for metric in METRICS]


def _half_sandbagged() -> list[Target]:
    return [
        short(metric, Fraction("0.5" if at % 2 else "1.1"))
        for at, metric in enumerate(METRICS)
    ]


def _one_silly() -> list[Target]:
    return [
        short(metric, Fraction("5" if metric == "likes" else "1.1"))
        for metric in METRICS
    ]


def _lowered_late() -> list[Target]:
    late = [
        short(metric, Fraction("0.8"), set_on=date(2026, 10, 20), row=9)
        for metric in METRICS
    ]
    return [*_all("1.1")(), *late]


def _one_dropped() -> list[Target]:
    return _all("1.1")()[1:]


def _unapproved() -> list[Target]:
    return [row.model_copy(update={"approved_by": ""}) for row in _all("1.1")()]


HONEST = {f"+{n} %": _all(f"1.{n:02d}") for n in (5, 10, 20, 30)}
GAMES: dict[str, Way] = {
    "all at half the baseline": _all("0.5"),
    "every other one at half": _half_sandbagged,
    "one silly (× 5)": _one_silly,
    "lowered late": _lowered_late,
    "one dropped": _one_dropped,
    "nobody approved": _unapproved,
}


def mixed(number: int) -> list[Growths]:
    """Make so many months of mixed results around +10 %, always the same."""
    random = Random(2026)
    return [
        {
            metric: Fraction(max(0, round(random.gauss(110, 20))), 100)
            for metric in METRICS
        }
        for _ in range(number)
    ]


def average(way: Way, results: list[Growths]) -> Decimal:
    """Return the mean points of a way of setting targets."""
    total = sum((earned(way(), one) for one in results), Decimal(0))
    return (total / len(results)).quantize(Decimal("0.01"))


@pytest.fixture(scope="module")
def honest() -> Decimal:
    return average(HONEST["+10 %"], mixed(12))


@pytest.mark.parametrize("game", GAMES)
def test_no_game_earns_what_honest_targets_do(game: str, honest: Decimal) -> None:
    # Lowering late leaves the honest targets in force: as much, and never more.
    assert average(GAMES[game], mixed(12)) <= honest


if __name__ == "__main__":
    months = mixed(200)
    for name, way in {**HONEST, **GAMES}.items():
        print(f"{name:26} {average(way, months)}")
