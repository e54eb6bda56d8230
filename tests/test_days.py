"""Months, working days and weeks."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_lib.days import (
    Calendar,
    days_of,
    is_month,
    months_back,
    months_of,
    quarter_of,
    shift,
)

MONTHS = st.builds("{:04d}-{:02d}".format, st.integers(2024, 2028), st.integers(1, 12))


@pytest.mark.parametrize(
    ("month", "by", "expected"),
    [
        pytest.param("2026-10", -1, "2026-09", id="back"),
        pytest.param("2026-01", -1, "2025-12", id="over-new-year"),
        pytest.param("2026-11", 14, "2028-01", id="far-ahead"),
        pytest.param("2026-10", 0, "2026-10", id="none"),
    ],
)
def test_shift(month: str, by: int, expected: str) -> None:
    assert shift(month, by) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2026-13", id="thirteenth"),
        pytest.param("2026-1", id="short"),
        pytest.param("202610", id="no-dash"),
        pytest.param("２０２６-10", id="wide"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_month_is_refused(text: str) -> None:
    assert not is_month(text)
    with pytest.raises(ValueError, match="2026-10"):
        shift(text, 1)


def test_months_back_ascend_and_end_with_the_month() -> None:
    assert months_back("2026-02", 3) == ["2025-12", "2026-01", "2026-02"]


def test_quarter_and_days() -> None:
    assert [quarter_of(f"2026-{n:02d}") for n in (1, 3, 4, 12)] == [
        "2026-Q1",
        "2026-Q1",
        "2026-Q2",
        "2026-Q4",
    ]
    assert len(days_of("2028-02")) == 29


def test_october_2026_has_eighteen_working_days_and_one_worked_saturday() -> None:
    calendar = Calendar()

    assert len(calendar.working_days("2026-10")) == 18
    assert calendar.is_working(date(2026, 10, 10))
    assert calendar.name(date(2026, 10, 10)) == "国庆节"
    assert calendar.is_holiday(date(2026, 10, 3))
    assert not calendar.is_holiday(date(2026, 10, 10))
    assert not calendar.is_holiday(date(2026, 10, 17))
    assert calendar.name(date(2026, 10, 17)) == ""


def test_overrides_win() -> None:
    calendar = Calendar(
        {
            date(2026, 10, 10): (True, ""),
            date(2026, 10, 12): (True, "公司日"),
            date(2026, 10, 1): (False, ""),
        }
    )

    assert not calendar.is_working(date(2026, 10, 10))
    assert not calendar.is_holiday(date(2026, 10, 10))
    assert calendar.is_holiday(date(2026, 10, 12))
    assert calendar.name(date(2026, 10, 12)) == "公司日"
    assert calendar.is_working(date(2026, 10, 1))


def test_an_unknown_year_is_weekdays_and_says_so() -> None:
    calendar = Calendar()

    assert calendar.assumed("2031-05")
    assert not calendar.assumed("2026-05")
    assert len(calendar.working_days("2031-05")) == 22
    assert not Calendar({date(2031, 5, 1): (True, "劳动节")}).assumed("2031-05")


def test_a_week_belongs_to_the_month_of_its_last_working_day() -> None:
    weeks = Calendar().weeks("2026-10")

    # 28 September to 4 October: worked on 28–30 September only, so September's.
    assert [week.start for week in weeks] == [
        date(2026, 10, 5),
        date(2026, 10, 12),
        date(2026, 10, 19),
        date(2026, 10, 26),
    ]
    assert weeks[0].due == date(2026, 10, 10)
    assert weeks[0].name == "2026-W41"
    assert weeks[-1].days_in_month[-1] == date(2026, 10, 31)


def test_a_week_without_a_working_day_belongs_to_its_sunday_and_owes_nothing() -> None:
    rest = {date(2026, 9, 28) + timedelta(days=by): (True, "休") for by in range(7)}
    weeks = Calendar(rest).weeks("2026-10")

    assert weeks[0].start == date(2026, 9, 28)
    assert weeks[0].due is None


@given(MONTHS)
def test_every_week_belongs_to_exactly_one_month(month: str) -> None:
    calendar = Calendar()
    weeks = [
        week.start
        for near in (shift(month, -1), month, shift(month, 1))
        for week in calendar.weeks(near)
    ]

    steps = {after - before for before, after in pairwise(weeks)}
    assert steps == {timedelta(days=7)}


@given(MONTHS)
def test_quota_weeks_hold_every_day_of_the_month_once(month: str) -> None:
    days = tuple(
        d for week in Calendar().quota_weeks(month) for d in week.days_in_month
    )

    assert days == days_of(month)


def test_the_review_of_a_month_is_due_on_the_fifth_working_day_of_the_next() -> None:
    assert Calendar().review_due("2026-09", 5) == date(2026, 10, 13)


@pytest.mark.parametrize(
    ("period", "first", "last", "count"),
    [
        pytest.param("2026-10", "2026-10", "2026-10", 1, id="month"),
        pytest.param("2026-Q4", "2026-10", "2026-12", 3, id="quarter"),
        pytest.param("2026", "2026-01", "2026-12", 12, id="year"),
    ],
)
def test_months_of(period: str, first: str, last: str, count: int) -> None:
    months = months_of(period)

    assert (months[0], months[-1], len(months)) == (first, last, count)


@given(MONTHS)
def test_a_month_lies_in_its_own_quarter_and_year(month: str) -> None:
    assert month in months_of(quarter_of(month))
    assert month in months_of(month[:4])
