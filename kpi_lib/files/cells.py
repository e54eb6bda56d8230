"""
The grammar of cells: what counts as a number, a share, a day, or nothing.

Closed on purpose. What it does not know is wrong, with a sentence that says so;
it is never guessed and never 0.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone
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
        *[
            "",
            "-",
            "--",
            "---",
            "—",
            "——",
            "–",
            "***",
            "/",
            "null",
            "none",
            "n/a",
            "na",
        ],
        *["#n/a", "nan", "无", "无数据", "暂无", "暂无数据"],
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
_WEEKDAY = r"(?: ?\(?(?:周|星期)([一二三四五六日天])\)?)?"
_CLOCK_OF_DAY = r"(\d{1,2})(?:时|[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?)?[分秒]?)"
_ZONE = r"(?: ?(Z|[+-]\d{2}:?\d{2}))?"
_TIME = rf"{_WEEKDAY}(?:[T ]?{_CLOCK_OF_DAY}{_ZONE})?"
_YMD = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{_TIME}", re.ASCII)
_COMPACT = re.compile(rf"(\d{{4}})(\d{{2}})(\d{{2}}){_TIME}", re.ASCII)
_NO_YEAR = re.compile(rf"(\d{{1,2}})月(\d{{1,2}})日{_WEEKDAY}", re.ASCII)
_YEAR_LAST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})", re.ASCII)
_SERIAL = re.compile(r"(?:3[6-9]|[4-6]\d|7[0-2])\d{3}(?:\.\d+)?", re.ASCII)
"""Days since the end of 1899, from 1998 to 2099: an Excel date without its format."""
_NAMED = re.compile(
    r"(?:([a-z]{3,})\.? (\d{1,2})|(\d{1,2})(?: de)? ([a-z]{3,})\.?)"
    r"(?:,? (?:de |del )?(\d{4}))?",
    re.ASCII,
)
_MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november"
        " december",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre"
        " diciembre",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "ene feb mar abr may jun jul ago sep oct nov dic",
    )
    for number, name in enumerate(names.split(), 1)
} | {"sept": 9}
"""Months as the layouts' languages write them, whole and short."""
_WRAPPED = re.compile(r'="([^"]*)"|\'(?=[\d+-])(.*)', re.DOTALL)
"""What keeps a number from being changed by Excel: a formula, an apostrophe."""
_THIN = re.compile("(?<=\\d)[\u00a0\u202f\u2009](?=\\d{3}(?!\\d))")
"""A no-break or thin space that parts thousands."""
_INSIDE = re.compile("\\d[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+[\\d.,]")
"""An invisible character within a number."""
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
"""Characters that show what follows in another direction."""
_COUNTED = re.compile(r"(?<=[\d千k万w亿+])(?:人次|人|次)$")
_LOOKALIKES = ("<super>", "<sub>", "<circle>", "<fraction>", "<square>")


_NO_DAY = N_("“{value}”看不出是哪一年哪一天，应写成2026-10-01的样子")
_NO_DATE = N_(
    "“{value}”不是日期；认得的写法如2026-10-01、2026/10/1、20261001、"
    "2026年10月1日、10月1日、Oct 1, 2026"
)
_WEEKDAYS = "一二三四五六日天"
_EXCEL_ZERO = datetime(1899, 12, 30)
CHINA = timezone(timedelta(hours=8))


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
    rounded : float
        The step to which the source itself rounds or cuts: 1000 for 1.2万, else 0.
    hidden : bool
        True where invisible characters stand between its digits.
    """

    value: float
    censored: bool = False
    rounded: float = 0.0
    hidden: bool = False

    def plus(self, other: Number) -> Number:
        """Return the sum of two columns: as little certain as each of them."""
        return Number(
            self.value + other.value,
            self.censored or other.censored,
            self.rounded + other.rounded,
            self.hidden or other.hidden,
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
    text = text.strip() if text.isascii() else _one_width(text)
    if text[:1] in {"=", "'"} and (match := _WRAPPED.fullmatch(text)):
        return (match[1] or match[2] or "").strip()
    return text


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
    if not raw.isascii():
        _refuse_lookalikes(raw)
        raw = _THIN.sub(",", raw)
    text = plain(raw).casefold()
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
    return quantity._replace(hidden=True) if _INSIDE.search(raw) else quantity


def _refuse_lookalikes(raw: str) -> None:
    """Refuse digits that are none, and characters that show others than stand there."""
    if any(unicodedata.decomposition(char).startswith(_LOOKALIKES) for char in raw):
        wrong = Sentence("“{value}”里有上标、带圈一类的数字", value=shown(raw))
        raise WrongValue(wrong)
    if _OVERRIDES.search(raw):
        wrong = Sentence(
            "“{value}”里有改变文字方向的隐藏字符，看到的和存的不是同一个数",
            value=_OVERRIDES.sub("", shown(raw)),
        )
        raise WrongValue(wrong)


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
        value = value if f"{value:%Y-%m}" == month else None
    elif (named := _named(text)) and not named[0]:
        value = _valid(text, int(month[:4]), *named[1:]).date()
        value = value if f"{value:%Y-%m}" == month else None
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
    if not isinstance(cell, bool) and _SERIAL.fullmatch(text):
        value = _EXCEL_ZERO + timedelta(days=float(text))
        return _valid(text, *value.timetuple()[:6])
    if (named := _named(text)) and named[0]:
        return _valid(text, *named)
    match = _YMD.fullmatch(text) or _COMPACT.fullmatch(text)
    if match is None or isinstance(cell, bool | float):
        raise WrongValue(Sentence(_NO_DATE, value=shown(cell)))
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
    number = _MONTHS.get(match[1] or match[4]) if match else None
    if match is None or number is None:
        return None
    return int(match[5] or 0), number, int(match[2] or match[3])


def _agree(text: str, value: date, weekday: str | None) -> None:
    """Refuse a day whose weekday is another's."""
    if weekday and _WEEKDAYS.index(weekday) % 7 != value.weekday():
        wrong = Sentence("“{value}”的星期和日期对不上", value=shown(text))
        raise WrongValue(wrong)


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


def _decimal(text: str) -> tuple[Decimal, bool, float]:
    """Return a value, whether it is only a lower bound, and the step of rounding."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise WrongValue(Sentence("“{value}”不是数", value=shown(text)))
    sign, digits, fraction, unit, plus = match.groups()
    value = Decimal(digits.replace(",", "") + (fraction or "")) * UNITS[unit or ""]
    if value > LARGEST:
        raise WrongValue(Sentence("“{value}”大得不可能", value=shown(text)))
    # With + 0 a minus nought is a nought, here and below.
    signed = -value + 0 if sign == "-" else value
    step = UNITS[unit].scaleb(1 - len(fraction or ".")) if unit else Decimal(0)
    return signed, plus == "+", float(step)


def _count(text: str) -> Number:
    value, censored, rounded = _decimal(_COUNTED.sub("", text))
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
