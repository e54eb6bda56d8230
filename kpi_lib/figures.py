"""How numbers, rates and dates read on a page, by its language; nothing is computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from functools import cache

from babel.dates import format_interval, format_skeleton
from babel.numbers import format_compact_decimal

from kpi_lib.catalogue import METRICS
from kpi_lib.language import LOCALES, N_, Name, Sentence, _, language, say

Number = int | float | Decimal | str | None

MINUS = "\u2212"
NONE = "—"
WAN = Decimal(10_000)
YI = Decimal(100_000_000)


def decimal(value: Number) -> Decimal | None:
    """Return a finite exact number (1/3 too), or None; a float by its shortest text."""
    text = str(value)
    try:
        if "/" in text:
            whole = Fraction(text)
            number = Decimal(whole.numerator) / Decimal(whole.denominator)
        else:
            number = Decimal(text)
    except (InvalidOperation, ValueError, ZeroDivisionError):
        return None
    return number if number.is_finite() else None


def rounded(value: Decimal, places: int = 0) -> Decimal:
    """Round half up to so many decimal places, as a person does."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _grouped(value: Decimal, places: int, *, sign: bool = False) -> str:
    """Print a number with a true minus, and a plus where a sign is asked for."""
    number = rounded(value, places)
    # Chinese and English group and point alike, and as Python does.
    text = f"{abs(number):,.{places}f}"
    if number < 0:
        return MINUS + text
    return "+" + text if sign and number > 0 else text


def exact(value: Number, places: int = 0, *, sign: bool = False) -> str:
    """Print a number in full, for tables: 8,633 · −1,180 · +3,876; missing: a dash."""
    number = decimal(value)
    return NONE if number is None else _grouped(number, places, sign=sign)


def short(value: Number) -> str:
    """Print a number to be read at a glance: 8,633 · 1.84万 · 3.42亿 (18.4K · 342M)."""
    number = decimal(value)
    if number is None:
        return NONE
    size = abs(rounded(number))
    # Compared after rounding, so that 99,999 is 10.0万 and never 10.00万.
    if size < WAN:
        places = 0 if number == number.to_integral_value() or size >= 100 else 1
        return _grouped(number, places)
    if language() == "en":
        return _thousands(number)
    if rounded(size / WAN, 2) < 10:
        return _grouped(number / WAN, 2) + _("万")
    if rounded(size / WAN, 1) < WAN:
        return _grouped(number / WAN, 1) + _("万")
    return _grouped(number / YI, 2) + _("亿")


def _thousands(number: Decimal) -> str:
    """Print three figures with K, M or B, as Babel counts in English."""
    figures = len(str(int(rounded(abs(number))))) % 3 or 3
    text = format_compact_decimal(
        abs(number), locale=LOCALES["en"], fraction_digits=3 - figures
    )
    return f"{MINUS}{text}" if number < 0 else text


def axis(value: Number) -> str:
    """Print a round number on an axis: 0 · 500 · 4千 · 1.2万; missing: nothing."""
    number = decimal(value)
    if number is None:
        return ""
    size = abs(number)
    for unit, word in UNITS["en" if language() == "en" else "zh"]:
        if size >= unit:
            return plain(rounded(number / unit, 2)) + _(word)
    return plain(rounded(number, 2))


_THOUSAND = Decimal(1000)
# Words for large round numbers on an axis, the largest first.
UNITS: dict[str, tuple[tuple[Decimal, str], ...]] = {
    "zh": ((YI, N_("亿")), (WAN, N_("万")), (_THOUSAND, N_("千"))),
    "en": ((_THOUSAND**3, "B"), (_THOUSAND**2, "M"), (_THOUSAND, "K")),
}


def plain(value: Number, most: int = 4) -> str:
    """Print a number as short as it is: 94 · 0.5 · 1,234 (no trailing zeros)."""
    number = decimal(value)
    if number is None:
        return NONE
    exponent = rounded(number, most).normalize().as_tuple().exponent
    places = max(0, -exponent) if isinstance(exponent, int) else 0
    return _grouped(number, places)


def points(value: Number, *, sign: bool = False) -> str:
    """Print points, always with two decimals: 76.72."""
    return exact(value, 2, sign=sign)


def percent(value: Number, places: int = 1, *, sign: bool = False) -> str:
    """Print a fraction as a percentage: 0.816 is 81.6%; only the whole reads 100%."""
    number = decimal(value)
    if number is None:
        return NONE
    number *= 100
    return _grouped(number, short_of_whole(number, places), sign=sign) + "%"


WHOLE = Decimal(100)
FINEST = 9  # Places of a percentage beyond which floats hold nothing but dust


def short_of_whole(percentage: Decimal, places: int) -> int:
    """Return how many places print a percentage so that 99.57 does not read 100."""
    for finer in range(places, FINEST):
        shown = abs(rounded(percentage, finer))
        if shown != WHOLE or abs(rounded(percentage, FINEST)) == WHOLE:
            return finer
    return FINEST


def money(value: Number) -> str:
    """Print yuan: ¥10,840."""
    text = exact(value)
    return text if text == NONE else f"¥{text}"


def amount(metric: str) -> Callable[[Number], str]:
    """
    Return how a value of a metric is printed: 5.25%, ¥11,047, 6,109.

    Parameters
    ----------
    metric : str
        A name of the catalogue.

    Returns
    -------
    callable
        From a value in the metric's unit to text.
    """
    match METRICS[metric].unit:
        case "share":
            return lambda value: percent(value, 2)
        case "CNY":
            return money
    return exact


def month_name(month: str) -> str:
    """Print a month in full: ``2026-10`` is 2026年10月."""
    day = date.fromisoformat(f"{month}-01")
    return str(format_skeleton("yMMM", day, None, locale=LOCALES[language()]))


def month_short(month: str) -> str:
    """Print a month, or that of a day, without its year: ``2026-10`` is 10月."""
    return str(say(month_label(month)))


@cache
def month_label(month: str) -> Name:
    """Name a month, or that of a day, for a sentence said later: 10月 · Oct."""
    number = int(month[5:7])
    name = format_skeleton("MMM", date(2000, number, 1), None, locale=LOCALES["en"])
    return Name(f"{number}月", str(name))


def month_tick(month: str) -> str:
    """Print a month on an axis whose last month is named: 7 · Jul."""
    return month_short(month) if language() == "en" else str(int(month[5:7]))


def day(at: date) -> str:
    """Print a day without its year: 10月13日 · Oct 13."""
    return str(format_skeleton("MMMd", at, None, locale=LOCALES[language()]))


def day_short(at: date) -> str:
    """Print a day as the head of a row: 10-13 · Oct 13."""
    return day(at) if language() == "en" else f"{at:%m-%d}"


def span(first: date, last: date, skeleton: str = "MMMd") -> str:
    """Print days, by a skeleton of Unicode: 10月1日至7日 · Oct 1 – 7; one alone."""
    locale = LOCALES[language()]
    if first == last:
        return str(format_skeleton(skeleton, first, None, locale=locale))
    return str(format_interval(first, last, skeleton, locale=locale))


def listed(names: list[str], most: int = 0) -> str:
    """Join names; of more than `most` (0: all) the rest is counted."""
    joined = _("、").join(map(say, names[:most] if most else names))
    if most and len(names) > most:
        return _("{names}等{n}个", names=joined, n=len(names))
    return joined


def joined(remarks: Iterable[str]) -> str:
    """Join remarks, each once, as a `Sentence` said later; empty ones are left out."""
    parts = list(dict.fromkeys(remark for remark in remarks if remark))
    if len(parts) < 2:
        return parts[0] if parts else ""
    return Sentence("{remarks:；}", remarks=parts)


def sentences(*texts: str) -> str:
    """Say whole sentences one after another; empty ones are left out."""
    gap = " " if language() == "en" else ""
    return gap.join(say(text) for text in texts if text)


def brief(name: str, most: int = 16) -> str:
    """Cut a long name for a sentence, the ellipsis included; tables show it whole."""
    return name if len(name) <= most else name[: most - 1] + "…"


def unrounded(value: float, step: float, most: bool) -> float:
    """
    Return the least, or the most, that a value rounded to a step may stand for.

    Some sources round to the nearest step and some cut what is beyond it, and a file
    does not tell which: 1.2万 is anything from 11,500 to 13,000.

    Parameters
    ----------
    value : float
        As the source writes it.
    step : float
        What it rounds to; 0 where it is exact.
    most : bool
        Which bound is asked for.

    Returns
    -------
    float
        The bound, in the unit of the value.
    """
    away = step if (value >= 0) is most else step / 2
    return value + away if most else value - away
