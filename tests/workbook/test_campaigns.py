"""A campaign beside the spans before it: on series small enough to reckon by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_lib.errors import InvalidInput
from kpi_lib.figures import short
from kpi_lib.workbook import campaigns, questions
from kpi_lib.workbook.workbook import Workbook

FIRST, LAST = date(2026, 10, 1), date(2026, 10, 3)


def days(values: list[float], first: str = "2026-07-06") -> pd.DataFrame:
    at = pd.date_range(first, periods=len(values))
    return pd.DataFrame({"date": at, "above": values, "below": 1.0})


def cut(*values: float) -> pd.DataFrame:
    """Make spans: the last value is the campaign's own."""
    at = range(1 - len(values), 1)
    return pd.DataFrame({"at": at, "value": values})


def test_only_accounts_without_a_gap_are_added_up() -> None:
    whole = days([1, 2, 3]).assign(account="a")
    gap = days([5, 5, 5]).drop(index=1).assign(account="b")
    found = campaigns.whole_days(pd.concat([whole, gap]), date(2026, 7, 6))

    assert found["above"].tolist() == [1, 2, 3]
    assert set(found["accounts"]) == {1}


def test_who_is_added_up_hangs_on_the_spans_not_on_what_lies_before() -> None:
    whole = days([1, 2, 3]).assign(account="a")
    gap = days([5, 5, 5]).drop(index=0).assign(account="b")
    found = campaigns.whole_days(pd.concat([whole, gap]), date(2026, 7, 7))

    assert found["above"].tolist() == [7, 8]
    assert set(found["accounts"]) == {2}


def test_a_rate_is_one_sum_over_the_other() -> None:
    # 3 of 10 and 1 of 90 are 4 of 100, not 31 %.
    both = pd.concat(
        [
            days([3.0] * 80).assign(account="a", below=10.0),
            days([1.0] * 80).assign(account="b", below=90.0),
        ]
    )
    total = campaigns.whole_days(both, date(2026, 7, 6))
    found = campaigns.spans(total, date(2026, 9, 7), date(2026, 9, 9))

    assert len(found) == 10
    assert found["value"].tolist() == pytest.approx([0.04] * 10)


def test_spans_have_the_campaigns_length_and_weekdays() -> None:
    first, last = date(2026, 10, 1), date(2026, 10, 9)  # nine days: two weeks a step
    known = days([1.0] * 150, "2026-06-01")
    found = campaigns.spans(known, first, last)

    assert found["at"].tolist() == list(range(-8, 2))
    assert {when.weekday() for when in found["first"]} == {first.weekday()}
    assert set((found["last"] - found["first"]).dt.days) == {8}


def test_a_span_that_lacks_a_day_is_left_out() -> None:
    at = campaigns.range_of(FIRST, LAST)
    known = pd.DataFrame({"date": at, "above": 1.0, "below": 1.0})
    found = campaigns.spans(known.drop(index=1), FIRST, LAST)

    assert found["at"].tolist() == list(range(-7, 2))


@pytest.mark.parametrize(
    ("during", "verdict"), [(9.0, "above"), (0.5, "below"), (2.0, "inside")]
)
def test_what_does_not_move_is_held_against_its_own_range(
    during: float, verdict: str
) -> None:
    found = campaigns.effect(cut(1, 3, 3, 1, during))

    assert found is not None
    assert found.verdict == verdict
    assert (found.expected, found.low, found.high) == pytest.approx((2, 1, 3))
    assert "先后不等于因果" in found.sentence(short, (3, 40))


@given(st.floats(0, 100), st.floats(-5, 20))
def test_growth_that_goes_on_is_no_effect(level: float, slope: float) -> None:
    values = [level + slope * at for at in range(9)]
    found = campaigns.effect(cut(*values))

    assert found is not None
    assert found.during == pytest.approx(found.expected, abs=1e-6)


def test_a_step_beyond_the_line_is_an_effect() -> None:
    found = campaigns.effect(cut(10, 21, 29, 41, 49, 60))

    assert found is not None
    # The least squares line through 10, 21, 29, 41, 49 ends at 59.4.
    assert found.expected == pytest.approx(59.4)
    assert found.verdict == "inside"
    assert campaigns.effect(cut(10, 21, 29, 41, 49, 75)).verdict == "above"  # type: ignore[union-attr]


def test_too_few_spans_say_nothing() -> None:
    assert campaigns.effect(cut(1, 2, 3, 9)) is None
    assert campaigns.effect(cut(1, 2, 3, 4, 9)) is not None
    assert campaigns.effect(cut(1, 2, 3, 4, 9).iloc[:-1]) is None


def test_the_share_outside_is_counted_on_the_series_itself() -> None:
    noise = np.random.default_rng(7).normal(0, 3, 200)
    series = days([100.0 + at + off for at, off in enumerate(noise)], "2026-04-01")
    often, of = campaigns.outside(series, FIRST, LAST)
    again = [
        campaigns.effect(
            campaigns.spans(
                series, FIRST - timedelta(days=back), LAST - timedelta(days=back)
            )
        )
        for back in range(3, campaigns.BACK + 1)
    ]

    assert of == len(again) == 88
    assert often == sum(one is not None and one.verdict != "inside" for one in again)
    assert 0 < often < of


def test_without_earlier_days_no_share_is_told() -> None:
    found = campaigns.effect(cut(1, 3, 3, 1, 9))

    assert found is not None
    assert "量不出" in found.sentence(short, (1, 5))
    assert "40段同样长的日子里，有3段" in found.sentence(short, (3, 40))


def test_the_product_of_a_growing_account_does_not_change_the_verdict(
    m: Workbook,
) -> None:
    # +12 % over the median of the eight spans before; on their line, +4.6 %, inside.
    html = questions.campaign(m, "H2610-01", "views").html

    assert "相差+4.6%" in html
    assert "看不出变化" in html
    assert "即使什么也没有变" not in html


def test_a_campaigns_rate_is_as_high_as_its_accounts(m: Workbook) -> None:
    # Three accounts' rates were added up: 11 % where each has 3.7 to 3.8 %.
    answer = questions.campaign(m, "H2610-01", "互动率")

    assert answer.frame["value"].between(0.034, 0.040).all()
    assert "活动期间3.81%" in answer.html


@pytest.mark.parametrize("metric", ["followers", "mau", "粘性"])
def test_what_days_do_not_add_up_to_is_refused(m: Workbook, metric: str) -> None:
    with pytest.raises(InvalidInput, match="不能按天加起来"):
        questions.campaign(m, "H2610-01", metric)
