"""Forms of a cell: what is taken, and what is refused with the form expected."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_lib.inputs import forms
from kpi_lib.inputs.forms import WrongForm


@pytest.mark.parametrize(
    ("form", "cell", "expected"),
    [
        pytest.param(forms.to_date, "2026/1/5", date(2026, 1, 5), id="slashes"),
        pytest.param(forms.to_date, "2026年10月31日", date(2026, 10, 31), id="chinese"),
        pytest.param(
            forms.to_date, datetime(2026, 10, 1), date(2026, 10, 1), id="cell"
        ),
        pytest.param(forms.to_date, "２０２６-10/01", date(2026, 10, 1), id="mixed"),
        pytest.param(forms.to_month, "2026年1月", "2026-01", id="month-chinese"),
        pytest.param(
            forms.to_month, date(2026, 10, 1), "2026-10", id="month-made-a-day"
        ),
        pytest.param(forms.to_decimal, "1,234.5", Decimal("1234.5"), id="comma"),
        pytest.param(forms.to_decimal, "35％", Decimal("0.35"), id="percent"),
        pytest.param(forms.to_decimal, "1.5万", Decimal(15000), id="ten-thousands"),
        pytest.param(forms.to_decimal, "-3千元", Decimal(-3000), id="thousands"),
        pytest.param(forms.to_decimal, "3,000元", Decimal(3000), id="yuan"),
        pytest.param(forms.to_whole, "300个", 300, id="pieces"),
        pytest.param(forms.to_decimal, 0.1 + 0.2, Decimal("0.3"), id="float"),
        pytest.param(forms.to_whole, 12.0, 12, id="whole"),
        pytest.param(forms.to_text, 7.0, "7", id="an-id-that-excel-made-a-number"),
    ],
)
def test_what_is_taken(
    form: Callable[[object], object], cell: object, expected: object
) -> None:
    assert form(cell) == expected


@pytest.mark.parametrize(
    ("form", "cell"),
    [
        pytest.param(forms.to_date, "2026-02-29", id="no-such-day"),
        pytest.param(forms.to_date, "26-10-01", id="short-year"),
        pytest.param(forms.to_date, 46296, id="serial"),
        pytest.param(forms.to_date, datetime(2026, 10, 1, 8), id="time"),
        pytest.param(forms.to_date, "46296", id="serial-as-text"),
        pytest.param(forms.to_date, "20261001", id="digits-alone"),
        pytest.param(forms.to_date, "2026-10-01 08:00", id="clock"),
        pytest.param(forms.to_date, None, id="blank-date"),
        pytest.param(forms.to_month, "2026-13", id="month-13"),
        pytest.param(forms.to_month, date(2026, 10, 2), id="no-month"),
        pytest.param(forms.to_month, 2026.1, id="number-for-month"),
        pytest.param(forms.to_decimal, "1,23", id="grouping"),
        pytest.param(forms.to_decimal, "1_000", id="underscore"),
        pytest.param(forms.to_decimal, "1e5", id="exponent"),
        pytest.param(forms.to_decimal, "约1.2万", id="words"),
        pytest.param(forms.to_decimal, "1.2万%", id="two-units"),
        pytest.param(forms.to_decimal, float("nan"), id="nan"),
        pytest.param(forms.to_decimal, float("inf"), id="inf"),
        pytest.param(forms.to_decimal, True, id="true"),
        pytest.param(forms.to_decimal, "", id="empty"),
        pytest.param(forms.to_whole, "1.5", id="fraction"),
        pytest.param(forms.to_whole, -1, id="negative"),
    ],
)
def test_what_is_refused_says_the_form(
    form: Callable[[object], object], cell: object
) -> None:
    with pytest.raises(WrongForm, match="例如"):
        form(cell)


@given(st.decimals(-(10**9), 10**9, allow_nan=False, places=4))
def test_a_number_is_read_exactly(number: Decimal) -> None:
    assert forms.to_decimal(f"{number:f}") == number
    assert forms.to_decimal(f"{number:,f}") == number


@pytest.mark.parametrize(
    ("cell", "month", "expected"),
    [
        pytest.param("10月3日", "2026-10", "2026-10-3", id="day"),
        pytest.param("10月3号", "2026-10", "2026-10-3", id="day-as-spoken"),
        pytest.param("9月", "2026-10", "2026-9", id="month"),
        pytest.param("W41", "2026-10", "2026-W41", id="week"),
        pytest.param("第41周", "2026-10", "2026-W41", id="week-in-chinese"),
        # The nearest year: December and January are neighbours.
        pytest.param("1月2日", "2026-12", "2027-1-2", id="into-the-next-year"),
        pytest.param("12月30日", "2027-01", "2026-12-30", id="from-the-year-before"),
        pytest.param("W53", "2027-01", "2026-W53", id="last-week-of-the-year-before"),
        pytest.param("W1", "2026-12", "2027-W1", id="first-week-of-the-next"),
        pytest.param("7月1日", "2027-01", "2027-7-1", id="six-months-away"),
        pytest.param("10月3日", "", "10月3日", id="no-month-known"),
        pytest.param("10.3", "2026-10", "10.3", id="may-be-a-number"),
        pytest.param("41", "2026-10", "41", id="a-number"),
        pytest.param(date(2026, 10, 3), "2026-10", date(2026, 10, 3), id="a-day"),
    ],
)
def test_a_year_is_added_where_the_month_tells_it(
    cell: object, month: str, expected: object
) -> None:
    assert forms.with_year(cell, month) == expected
