"""The grammar of days and times in cells: what it does not know is never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from typing import Literal, NamedTuple

from babel import Locale

from kpi_lib.files.cells import Cell, WrongValue, plain
from kpi_lib.language import N_

Order = Literal["", "month first", "day first"]
EpochUnit = Literal["s", "ms"]

_EPOCH_END = 4_102_444_800  # the year 2100
_EPOCH = re.compile(r"\d{9,13}", re.ASCII)
_WEEKDAY = r"(?: ?\(?(?:周|星期)([一二三四五六日天])\)?)?"
_CLOCK_OF_DAY = r"(\d{1,2})(?:时|[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?[分秒]?)"
_ZONE = r"(?: ?(Z|[+-]\d{2}:?\d{2}))?"
_TIME = rf"{_WEEKDAY}(?:[T ]?{_CLOCK_OF_DAY}{_ZONE})?"
_YMD = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{_TIME}", re.ASCII)
_COMPACT = re.compile(rf"(\d{{4}})(\d{{2}})(\d{{2}}){_TIME}", re.ASCII)
_NO_YEAR = re.compile(rf"(\d{{1,2}})月(\d{{1,2}})日{_WEEKDAY}", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
# Days since the end of 1899, from 1998 to 2099: an Excel date without its format.
_SERIAL = re.compile(r"(?:3[6-9]|[4-6]\d|7[0-2])\d{3}(?:\.\d+)?", re.ASCII)
_NAMED = re.compile(
    r"(?:([^\W\d_]{3,})\.? ([0-9]{1,2})|([0-9]{1,2})\.?(?: de)? ([^\W\d_]{3,})\.?)"
    r"(?:,? (?:de |del )?([0-9]{4}))?"
)
# Of interfaces whose exports name months; no name is of two months.
LANGUAGES = ("en", "es", "de", "pt", "fr", "it")

_NO_DAY = N_("“{value}”看不出是哪一年哪一天，应写成2026-10-01的样子")
_NO_DATE = N_(
    "“{value}”不是日期；认得的写法如2026-10-01、2026/10/1、20261001、"
    "2026年10月1日、10月1日、Oct 1, 2026"
)
_WEEKDAYS = "一二三四五六日天"
_EXCEL_ZERO = datetime(1899, 12, 30)
CHINA = timezone(timedelta(hours=8))


class Day(NamedTuple):
    """A day that was read; assumed where its year or order is that of the month."""

    value: date
    assumed: bool = False


@lru_cache(maxsize=4096, typed=True)  # the days of a month are few
def day(cell: Cell, month: str, order: Order | None = None) -> Day:
    """
    Read a day, or raise `WrongValue`.

    Parameters
    ----------
    cell : Cell
        A cell that is not missing; a time of day is dropped.
    month : str
        Month of the file, ``2026-10``. A day without a year counts only where
        it falls into this month.
    order : {"", "month first", "day first"} or None
        Order of 10/02/2026 in the whole file, as `date_order` tells it; None
        asks this cell alone.
    """
    text = plain(cell)
    value: date | None = None
    if match := _NO_YEAR.fullmatch(text):
        value = _valid(text, int(month[:4]), int(match[1]), int(match[2])).date()
        _agree(text, value, match[3])
    elif (named := _named(text)) and not named[0]:
        value = _valid(text, int(month[:4]), *named[1:]).date()
    elif _YEAR_LAST.fullmatch(text):
        order = date_order([cell], month) if order is None else order
        if order and (value := _ordered(text, order)):
            return Day(value, assumed=True)
    else:
        return Day(moment(cell).date())
    if value is None or f"{value:%Y-%m}" != month:
        raise WrongValue(_NO_DAY, text)
    return Day(value, assumed=True)


def date_order(cells: Iterable[Cell], month: str) -> Order:
    """
    Return the order of month and day in dates like 10/02/2026.

    Parameters
    ----------
    cells : iterable of Cell
        The dates of a whole table: one order holds for all of them.
    month : str
        Month of the file.

    Returns
    -------
    {"", "month first", "day first"}
        The one order that makes every date exist, some of them in the month;
        where both do, the one that puts all of them there; else none.
    """
    texts = [text for cell in cells if _YEAR_LAST.fullmatch(text := plain(cell))]
    orders: tuple[Order, Order] = ("month first", "day first")
    # A date that does not exist in any order is wrong by itself, not a witness.
    days = [
        pair
        for text in texts
        if any(pair := tuple(_ordered(text, order) for order in orders))
    ]
    wholly: dict[Order, bool] = {}
    for order, dates in zip(orders, zip(*days, strict=True), strict=False):
        inside = [f"{value:%Y-%m}" == month for value in dates if value]
        if len(inside) == len(days) and any(inside):
            wholly[order] = all(inside)
    if len(wholly) == 1:
        return next(iter(wholly))
    # Both put all of them into the month only where month and day are equal.
    return next((order for order in wholly if wholly[order]), "")


def _ordered(text: str, order: Order) -> date | None:
    match = _YEAR_LAST.fullmatch(text)
    if match is None:
        return None
    first, second, year = (int(part) for part in match.groups())
    month, day_ = (first, second) if order == "month first" else (second, first)
    try:
        return date(year, month, day_)
    except ValueError:
        return None


def epoch(cell: Cell, unit: EpochUnit) -> datetime | None:
    """Read a time in China, counted from 1970; None where it is no such number."""
    text = plain(cell)
    if isinstance(cell, bool | date) or not _EPOCH.fullmatch(text):
        return None
    seconds = int(text) // (1000 if unit == "ms" else 1)
    # Seconds taken for thousandths, or the reverse, fall far outside.
    if not 0 < seconds < _EPOCH_END:
        return None
    local = datetime(1970, 1, 1) + timedelta(seconds=seconds, hours=8)
    return local if local.year >= 2000 else None


@lru_cache(maxsize=4096, typed=True)
def moment(cell: Cell) -> datetime:
    """Read a local time, or a day as its midnight; or raise `WrongValue`."""
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None, microsecond=0)
    if isinstance(cell, date):
        return datetime.combine(cell, time())
    text = plain(cell)
    if not isinstance(cell, bool) and _SERIAL.fullmatch(text):
        value = _EXCEL_ZERO + timedelta(days=float(text))
        return _valid(text, *value.timetuple()[:6])
    if (named := _named(text)) and named[0]:
        return _valid(text, *named)
    match = _YMD.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None or isinstance(cell, bool | float):
        raise WrongValue(_NO_DATE, cell)
    year, month, day_, weekday, *clock, zone = match.groups()
    value = _valid(text, *(int(part or 0) for part in (year, month, day_, *clock)))
    _agree(text, value.date(), weekday)
    if zone:
        value = value.replace(
            tzinfo=datetime.fromisoformat(f"2000-01-01T00{zone}").tzinfo
        )
        return value.astimezone(CHINA).replace(tzinfo=None)
    return value


def _named(text: str) -> tuple[int, int, int] | None:
    """Return year (0 where there is none), month and day of "April 12, 2026"."""
    match = _NAMED.fullmatch(text.casefold())
    number = _months().get(match[1] or match[4]) if match else None
    if match is None or number is None:
        return None
    return int(match[5] or 0), number, int(match[2] or match[3])


@cache
def _months() -> dict[str, int]:
    """Return the number of each month by its names, whole and short."""
    return {
        name.casefold().rstrip("."): number
        for language in LANGUAGES
        for widths in Locale(language).months.values()
        for width in ("wide", "abbreviated")
        for number, name in widths[width].items()
    }


def _agree(text: str, value: date, weekday: str | None) -> None:
    """Refuse a day whose weekday is another's."""
    if weekday and _WEEKDAYS.index(weekday) % 7 != value.weekday():
        raise WrongValue(N_("“{value}”的星期和日期对不上"), text)


def _valid(text: str, *parts: int) -> datetime:
    try:
        value = datetime(*parts)  # type: ignore[arg-type]  # at most six whole numbers
    except ValueError as err:
        raise WrongValue(N_("“{value}”不是存在的日期"), text) from err
    if not 2000 <= value.year <= 2100:
        raise WrongValue(N_("“{value}”的年份不对"), text)
    return value
