"""
The grammar of cells: what counts as a number, a share, a day, or nothing.

Closed on purpose. What it does not know is wrong, with a sentence that says so;
it is never guessed and never 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from kpi_lib.language import N_, Sentence

Cell = str | int | float | bool | date | datetime | None
"""What a cell holds. Empty is None; text is never turned into a number."""

NumberKind = Literal["count", "money", "percent", "duration", "stars"]
Scale = Literal["text_percent", "fraction", "percent_number"]
MoneyUnit = Literal["yuan", "fen"]
Order = Literal["", "month first", "day first"]
EpochUnit = Literal["s", "ms"]

MISSING = frozenset(
    [
        *["", "-", "--", "---", "—", "——", "–", "***", "null", "none", "n/a", "na"],
        *["无", "无数据", "暂无", "暂无数据"],
    ]
)
"""What platforms write where they have no value, after `plain`."""

UNITS = {
    "": Decimal(1),
    "千": Decimal(1_000),
    "k": Decimal(1_000),
    "万": Decimal(10_000),
    "w": Decimal(10_000),
    "亿": Decimal(100_000_000),
}
LARGEST = Decimal(2**53)
"""Beyond this a float no longer holds every whole number."""

_NUMBER = re.compile(
    r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(千|k|万|w|亿)?(\+?)", re.ASCII
)
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)%", re.ASCII)
_BELOW = re.compile(r"<=?\d+(?:\.\d+)?%?", re.ASCII)
_EPOCH_END = 4_102_444_800  # the year 2100
_EPOCH = re.compile(r"\d{9,13}", re.ASCII)
_BARE = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)", re.ASCII)
_SECONDS = re.compile(
    r"(?:(\d+)(?:小时|时|h))?(?:(\d+)(?:分钟|分|min|m))?(?:(\d+(?:\.\d+)?)(?:秒|s))?",
    re.ASCII,
)
_STARS = re.compile(r"(\d(?:\.\d+)?)星", re.ASCII)
_TIME = r"(?:[T ]?(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?[分秒]?)?"
_YMD = re.compile(
    rf"(\d{{4}})([-/.年])(\d{{1,2}})[-/.月](\d{{1,2}})日?{_TIME}", re.ASCII
)
_COMPACT = re.compile(rf"(\d{{4}})()(\d{{2}})(\d{{2}}){_TIME}", re.ASCII)
_NO_YEAR = re.compile(r"(\d{1,2})月(\d{1,2})日", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_LOOKALIKES = ("<super>", "<sub>", "<circle>", "<fraction>", "<square>")


_NO_DAY = N_("“{value}”看不出是哪一年哪一天，应写成2026-10-01的样子")


class WrongValue(ValueError):
    """A cell outside the grammar; `reason` is the sentence shown."""

    def __init__(self, reason: Sentence) -> None:
        super().__init__(reason)
        self.reason = reason


class Number(NamedTuple):
    """
    A number that was read.

    Parameters
    ----------
    value : float
        In the column's unit: times, yuan, a fraction, seconds, stars.
    censored : bool
        True for "at least so many" (10万+).
    rounded : bool
        True where the source itself rounds (1.2万).
    """

    value: float
    censored: bool = False
    rounded: bool = False

    def plus(self, other: Number) -> Number:
        """Return the sum of two columns: as little certain as each of them."""
        return Number(
            self.value + other.value,
            self.censored or other.censored,
            self.rounded or other.rounded,
        )


class Day(NamedTuple):
    """A day that was read; assumed where its year or order is that of the month."""

    value: date
    assumed: bool = False


def plain(cell: Cell) -> str:
    """Return the text of a cell in one width, trimmed, without hidden characters."""
    if cell is None:
        return ""
    text = str(cell)
    if text.isascii():
        return text.strip()
    return _one_width(text)


@lru_cache(maxsize=4096)  # headers and words that come again in every file
def _one_width(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).replace("\u2212", "-")
    return "".join(ch for ch in text if unicodedata.category(ch) != "Cf").strip()


def is_missing(cell: Cell, also: tuple[str, ...] = ()) -> bool:
    """
    Return whether a cell says that there is no value, which is never 0.

    Parameters
    ----------
    cell : Cell
        Any cell.
    also : tuple of str
        Further marks that the column declares, such as ``-1``.
    """
    if cell is None:
        return True
    # Most cells begin with a digit, as no general mark does.
    if not also and not (isinstance(cell, str) and not "0" <= cell[:1] <= "9"):
        return False
    text = plain(cell)
    if text.casefold() in MISSING or text in also:
        return True
    if not also:
        return False
    # A declared -1 also comes as "-1.00" and as a number.
    marks = {Decimal(mark) for mark in also if _BARE.fullmatch(mark)}
    return bool(_BARE.fullmatch(text)) and Decimal(text) in marks


def is_below(cell: Cell) -> bool:
    """Return whether a cell only says that a share is below a threshold (<0.1%)."""
    # Neither 0 nor 0.001: no value, and to be told.
    return bool(_BELOW.fullmatch(plain(cell)))


def number(
    cell: Cell,
    kind: NumberKind,
    *,
    scale: Scale = "fraction",
    unit: MoneyUnit = "yuan",
    signed: bool = False,
) -> Number:
    """
    Read a number.

    Parameters
    ----------
    cell : Cell
        A cell that is not missing.
    kind, scale, unit : str
        What the column holds, and how it writes a share (55.9%, 0.559, 55.9) or money.
    signed : bool
        Whether values below 0 are possible.

    Raises
    ------
    WrongValue
        For anything outside the grammar.
    """
    if kind == "count" and type(cell) is str and _DIGITS.fullmatch(cell):
        return Number(float(cell))  # what most cells are, without the grammar
    if kind == "count" and type(cell) is int and 0 <= cell <= 2**53:
        return Number(float(cell))
    if isinstance(cell, bool | date):
        raise WrongValue(Sentence("“{value}”不是数", value=shown(cell)))
    raw = str(cell)
    if not raw.isascii() and any(
        unicodedata.decomposition(character).startswith(_LOOKALIKES)
        for character in raw
    ):
        raise WrongValue(
            Sentence("“{value}”里有上标、带圈一类的数字", value=shown(cell))
        )
    text = plain(cell).casefold()
    if kind == "money":
        quantity = _money(text, unit)
    elif kind == "percent":
        quantity = _share(text, scale, typed=isinstance(cell, str))
    else:
        quantity = _KINDS[kind](text)
    if quantity.value < 0 and not signed:
        raise WrongValue(
            Sentence("“{value}”小于0，这一列不可能是负数", value=shown(cell))
        )
    return quantity


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
        if f"{value:%Y-%m}" != month:
            value = None
    elif _YEAR_LAST.fullmatch(text):
        order = date_order([cell], month) if order is None else order
        value = _ordered(text, order) if order else None
    else:
        return Day(moment(cell).date())
    if value is None:
        raise WrongValue(Sentence(_NO_DAY, value=text))
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
    whole: list[Order] = []
    some: list[Order] = []
    for place, order in enumerate(orders):
        inside = [
            (value := pair[place]) is not None and f"{value:%Y-%m}" == month
            for pair in days
        ]
        if all(pair[place] for pair in days) and any(inside):
            some.append(order)
            if all(inside):
                whole.append(order)
    if len(some) == 1:
        return some[0]
    # Both put all of them into the month only where month and day are equal.
    return whole[0] if whole else ""


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
    match = _YMD.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None or isinstance(cell, bool | float):
        raise WrongValue(Sentence("“{value}”不是日期", value=shown(cell)))
    year, _, month, day_, *clock = match.groups()
    return _valid(text, *(int(part or 0) for part in (year, month, day_, *clock)))


def _valid(text: str, *parts: int) -> datetime:
    try:
        value = datetime(*parts)  # type: ignore[arg-type]  # at most six whole numbers
    except ValueError as err:
        raise WrongValue(Sentence("“{value}”不是存在的日期", value=text)) from err
    if not 2000 <= value.year <= 2100:
        raise WrongValue(Sentence("“{value}”的年份不对", value=text))
    return value


def shown(cell: Cell) -> str:
    """Return a cell as a message quotes it: one line, at most 60 characters."""
    text = " ".join(str("" if cell is None else cell).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _decimal(text: str) -> tuple[Decimal, bool, bool]:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise WrongValue(Sentence("“{value}”不是数", value=shown(text)))
    sign, digits, fraction, unit, plus = match.groups()
    value = Decimal(digits.replace(",", "") + (fraction or "")) * UNITS[unit or ""]
    if value > LARGEST:
        raise WrongValue(Sentence("“{value}”大得不可能", value=shown(text)))
    # With + 0 a minus nought is a nought, here and below.
    return (-value + 0 if sign == "-" else value), plus == "+", bool(unit)


def _count(text: str) -> Number:
    value, censored, rounded = _decimal(text)
    if value != value.to_integral_value():
        raise WrongValue(Sentence("“{value}”不是整数", value=shown(text)))
    return Number(float(value), censored, rounded)


def _money(text: str, unit: MoneyUnit) -> Number:
    value, censored, rounded = _decimal(text.removeprefix("¥").removesuffix("元"))
    return Number(float(value / 100 if unit == "fen" else value), censored, rounded)


def _share(text: str, scale: Scale, *, typed: bool) -> Number:
    if match := _PERCENT.fullmatch(text):
        value = Decimal(match[1]) / 100
    elif _BARE.fullmatch(text):
        value = Decimal(text)
        if scale == "percent_number":
            value /= 100
        elif scale == "text_percent" and typed and value != 0:
            # Only Excel itself turns 55.9% into the number 0.559.
            raise WrongValue(
                Sentence("“{value}”没有百分号，看不出是多少", value=shown(text))
            )
    else:
        raise WrongValue(Sentence("“{value}”不是比率", value=shown(text)))
    if value > 1:
        raise WrongValue(Sentence("“{value}”超过100%", value=shown(text)))
    return Number(float(value + 0))


def _duration(text: str) -> Number:
    if match := _CLOCK.fullmatch(text):
        hours, minutes, seconds = (Decimal(part or 0) for part in match.groups())
    elif _BARE.fullmatch(text):
        return Number(float(text) + 0)
    elif text and (match := _SECONDS.fullmatch(text)):
        hours, minutes, seconds = (Decimal(part or 0) for part in match.groups())
    else:
        raise WrongValue(Sentence("“{value}”不是时长", value=shown(text)))
    return Number(float(hours * 3600 + minutes * 60 + seconds))


def _stars(text: str) -> Number:
    match = _STARS.fullmatch(text)
    if match is None:
        raise WrongValue(Sentence("“{value}”不是星级", value=shown(text)))
    return Number(float(match[1]))


_KINDS = {"count": _count, "duration": _duration, "stars": _stars}
