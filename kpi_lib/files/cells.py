"""
The grammar of cells: what counts as a number, a share, or nothing.

Closed on purpose. What it does not know is wrong, with a sentence that says so;
it is never guessed and never 0.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Literal, NamedTuple

from kpi_lib.language import N_, Sentence

# What a cell holds. Empty is None; text is never turned into a number.
Cell = str | int | float | bool | date | datetime | None

NumberKind = Literal["count", "money", "percent"]
Scale = Literal["text_percent", "fraction", "percent_number"]
MoneyUnit = Literal["yuan", "fen"]

_NOTHING = "- -- --- — —— – *** / null none n/a na #n/a nan 无 无数据 暂无 暂无数据"
# What platforms write where they have no value, after `plain`.
MISSING = frozenset({"", *_NOTHING.split()})

UNITS = {
    "": Decimal(1),
    "千": Decimal(1_000),
    "k": Decimal(1_000),
    "万": Decimal(10_000),
    "w": Decimal(10_000),
    "亿": Decimal(100_000_000),
}
NO_NUMBER = N_("“{value}”不是数，应为1234、1,234或1.2万的样子")
# Beyond this a float no longer holds every whole number.
LARGEST = Decimal(2**53)

_NUMBER = re.compile(
    r"([+-]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(千|k|万|w|亿)?(\+?)", re.ASCII
)
_DIGITS = re.compile(r"\d{1,15}", re.ASCII)
_PERCENT = re.compile(r"([+-]?\d+(?:\.\d+)?)%", re.ASCII)
_BELOW = re.compile(r"<=?\d+(?:\.\d+)?%?", re.ASCII)
_BARE = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
# What keeps a number from being changed by Excel: a formula, an apostrophe.
_WRAPPED = re.compile(r'="([^"]*)"|\'(?=[\d+-])(.*)', re.DOTALL)
# A no-break or thin space that parts thousands.
_THIN = re.compile("(?<=\\d)[\u00a0\u202f\u2009](?=\\d{3}(?!\\d))")
# An invisible character within a number.
_INSIDE = re.compile("\\d[\u00ad\u200b-\u200f\u2060-\u2064\ufeff]+[\\d.,]")
# Characters that show what follows in another direction.
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_COUNTED = re.compile(r"(?<=[\d千k万w亿+])(?:人次|人|次)$")
_LOOKALIKES = ("<super>", "<sub>", "<circle>", "<fraction>", "<square>")


class WrongValue(ValueError):
    """A cell outside the grammar; `reason` is the sentence shown, which quotes it."""

    def __init__(self, template: str, cell: Cell) -> None:
        super().__init__(template, cell)
        self.reason = Sentence(template, value=shown(cell))


class Number(NamedTuple):
    """
    A number that was read.

    Parameters
    ----------
    value : float
        In the column's unit: times, yuan, a fraction.
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
        raise WrongValue(NO_NUMBER, cell)
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
        quantity = _count(text)
    if quantity.value < 0 and not signed:
        raise WrongValue(N_("“{value}”小于0，这一列不可能是负数"), cell)
    return quantity._replace(hidden=True) if _INSIDE.search(raw) else quantity


def _refuse_lookalikes(raw: str) -> None:
    """Refuse digits that are none, and characters that show others than stand there."""
    if any(unicodedata.decomposition(char).startswith(_LOOKALIKES) for char in raw):
        raise WrongValue(N_("“{value}”里有上标、带圈一类的数字"), raw)
    if _OVERRIDES.search(raw):
        wrong = N_("“{value}”里有改变文字方向的隐藏字符，看到的和存的不是同一个数")
        raise WrongValue(wrong, _OVERRIDES.sub("", shown(raw)))


def shown(cell: Cell) -> str:
    """Return a cell as a message quotes it: one line, at most 60 characters."""
    text = " ".join(str("" if cell is None else cell).split())
    return text if len(text) <= 60 else f"{text[:59]}…"


def _decimal(text: str) -> tuple[Decimal, bool, float]:
    """Return a value, whether it is only a lower bound, and the step of rounding."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise WrongValue(NO_NUMBER, text)
    sign, digits, fraction, unit, plus = match.groups()
    value = Decimal(digits.replace(",", "") + (fraction or "")) * UNITS[unit or ""]
    if value > LARGEST:
        raise WrongValue(N_("“{value}”大得不可能"), text)
    # With + 0 a minus nought is a nought, here and below.
    signed = -value + 0 if sign == "-" else value
    step = UNITS[unit].scaleb(1 - len(fraction or ".")) if unit else Decimal(0)
    return signed, plus == "+", float(step)


def _count(text: str) -> Number:
    value, censored, rounded = _decimal(_COUNTED.sub("", text))
    if value != value.to_integral_value():
        raise WrongValue(N_("“{value}”不是整数，这一列数的是次数或人数"), text)
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
                N_("“{value}”没有百分号，看不出是多少，应为55.9%的样子"), text
            )
    else:
        raise WrongValue(N_("“{value}”不是比率，应为55.9%的样子"), text)
    if value > 1:
        raise WrongValue(N_("“{value}”超过100%"), text)
    return Number(float(value + 0))
