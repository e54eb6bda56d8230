"""
Months, working days and weeks.

Working days come from chinesecalendar, over which the rows of data/calendar.csv
win. A year in neither is read as plain Mondays to Fridays, and `Calendar.assumed`
says so: the page has to tell it.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from itertools import count, groupby, islice

import chinese_calendar
from chinese_calendar import Holiday

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)

LOOK_BACK = 12  # Months that the curves show, the appraised one included

# Months that a page is made from: a year ago, next month followed on the first. The
# earlier scores, each with the months of its baseline, lie within.
REACH = LOOK_BACK + 1


def month_of(day: date) -> str:
    """Return the month of a day, as ``2026-10``."""
    return f"{day.year:04d}-{day.month:02d}"


def is_month(text: str) -> bool:
    """Say whether a text is a month, ``2026-10``."""
    return _MONTH.fullmatch(text) is not None


def _split(month: str) -> tuple[int, int]:
    match = _MONTH.fullmatch(month)
    if match is None:
        raise ValueError(f"月份“{month}”应为2026-10这样的写法")
    return int(match[1]), int(match[2])


def shift(month: str, by: int) -> str:
    """Return the month so many months later, or earlier."""
    year, number = _split(month)
    count = year * 12 + number - 1 + by
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def months_back(month: str, n: int) -> list[str]:
    """Return the `n` months that end with a month, ascending."""
    return [shift(month, by) for by in range(1 - n, 1)]


@cache
def days_of(month: str) -> tuple[date, ...]:
    """Return every day of a month, ascending."""
    year, number = _split(month)
    last = monthrange(year, number)[1]
    return tuple(date(year, number, day) for day in range(1, last + 1))


def quarter_of(month: str) -> str:
    """Return the quarter of a month, as ``2026-Q4``."""
    year, number = _split(month)
    return f"{year:04d}-Q{(number + 2) // 3}"


def periods_of(month: str) -> dict[str, str]:
    """Return the period of a month under each horizon, as targets.csv writes it."""
    mid, long = quarter_of(month), month[:4]
    return {"short": month, "mid": mid, "long": long, "ultimate": ""}


def months_of(period: str) -> list[str]:
    """Return the months of ``2026-10``, ``2026-Q4`` or ``2026``, ascending."""
    if is_month(period):
        return [period]
    year, _, quarter = period.partition("-Q")
    first, last = (3 * int(quarter) - 2, 3 * int(quarter)) if quarter else (1, 12)
    return [f"{year}-{at:02d}" for at in range(first, last + 1)]


def week_of(day: date) -> str:
    """Return the ISO week of a day, as ``2026-W41``; the year is the week's."""
    year, week, _ = day.isocalendar()
    return f"{year:04d}-W{week:02d}"


@dataclass(frozen=True, slots=True)
class Week:
    """
    A week from Monday to Sunday, seen from one month.

    `days_in_month` lie in the month: a quota week is cut at its edge; `working_days`
    may lie outside it.
    """

    start: date
    end: date
    days_in_month: tuple[date, ...]
    working_days: tuple[date, ...]

    @property
    def name(self) -> str:
        """The ISO week, ``2026-W41``."""
        return week_of(self.start)

    @property
    def due(self) -> date | None:
        """The day its review is due, the last working day; None: owes nothing."""
        return self.working_days[-1] if self.working_days else None


@dataclass(frozen=True)
class Calendar:
    """Which days are worked; rows of data/calendar.csv (day off?, name) win."""

    overrides: Mapping[date, tuple[bool, str]] = field(default_factory=dict)

    def is_working(self, day: date) -> bool:
        """Say whether a day is worked."""
        if day in self.overrides:
            return not self.overrides[day][0]
        if not _known(day.year):
            return day.weekday() < 5
        return _worked(day)

    def is_holiday(self, day: date) -> bool:
        """Say whether a day is off for a holiday, not for an ordinary weekend."""
        if self.is_working(day):
            return False
        return day.weekday() < 5 or bool(self.name(day))

    def name(self, day: date) -> str:
        """Return the Chinese name of the holiday that a day is off or worked for."""
        if day in self.overrides:
            return self.overrides[day][1]
        if not _known(day.year):
            return ""
        _, name = chinese_calendar.get_holiday_detail(day)
        return str(Holiday(name).chinese) if name else ""

    def working_days(self, month: str) -> list[date]:
        """Return the working days of a month, ascending."""
        return [day for day in days_of(month) if self.is_working(day)]

    def assumed(self, month: str) -> bool:
        """Say whether the year is neither in chinesecalendar nor in the overrides."""
        year, _ = _split(month)
        return not _known(year) and all(day.year != year for day in self.overrides)

    def weeks(self, month: str) -> list[Week]:
        """
        Return the weeks that belong to a month, ascending.

        A week belongs whole to the month of its last working day; one without a
        working day belongs to the month of its Sunday and owes nothing.
        """
        return [
            week
            for week in self.quota_weeks(month)
            if month_of(week.due or week.end) == month
        ]

    def quota_weeks(self, month: str) -> list[Week]:
        """Return the weeks that a month's days lie in, wherever they belong."""
        days = days_of(month)
        monday = days[0] - timedelta(days=days[0].weekday())
        weeks = []
        while monday <= days[-1]:
            week = [monday + timedelta(days=by) for by in range(7)]
            weeks.append(
                Week(
                    start=week[0],
                    end=week[-1],
                    days_in_month=tuple(d for d in week if month_of(d) == month),
                    working_days=tuple(d for d in week if self.is_working(d)),
                )
            )
            monday += timedelta(days=7)
        return weeks

    def review_due(self, month: str, working_day: int) -> date:
        """Return the working day of the next month (its last, if it has fewer)."""
        following = shift(month, 1)
        days = self.working_days(following) or days_of(following)
        return days[min(working_day, len(days)) - 1]

    def after(self, day: date, working_days: int) -> date:
        """Return the day so many working days after another."""
        following = (day + timedelta(days=by) for by in count(1))
        worked = filter(self.is_working, following)
        return [day, *islice(worked, working_days)][-1]


# A page asks for the same days hundreds of times; chinesecalendar is slow to answer.


@cache
def _worked(day: date) -> bool:
    return bool(chinese_calendar.is_workday(day))


@cache
def _known(year: int) -> bool:
    """Say whether chinesecalendar holds the year: it raises for the others."""
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return False
    return True


def stretches(days: Iterable[date]) -> list[str]:
    """
    Write days as a message names them.

    Parameters
    ----------
    days : iterable of date
        In any order.

    Returns
    -------
    list of str
        Single days and stretches of days that follow each other, in order, for
        instance ``["2026-10-02", "2026-10-05~2026-10-07"]``.
    """
    spans = runs(day.toordinal() for day in days)
    ends = (tuple(map(date.fromordinal, span)) for span in spans)
    return [str(one) if one == last else f"{one}~{last}" for one, last in ends]


def runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Walk the first and the last of numbers that follow one another."""
    # They are as far from their places as each other.
    places = enumerate(sorted(set(numbers)))
    for _, run in groupby(places, lambda at: at[1] - at[0]):
        together = [number for _, number in run]
        yield together[0], together[-1]
