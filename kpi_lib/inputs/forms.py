"""
Forms of a cell: what is taken as a day, a month, a number, a word of a closed list.

A reading function returns the value or raises `WrongForm`, whose text says which form
is expected. A `Form` in a field's annotation makes pydantic use it, and tells the
template how the cell is offered.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, Any, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    GetCoreSchemaHandler,
    ValidationInfo,
    model_validator,
)
from pydantic_core import CoreSchema, ErrorDetails, core_schema

from kpi_lib import files
from kpi_lib.catalogue import METRICS, entries
from kpi_lib.errors import InvalidInput

T = TypeVar("T")

# Metrics that targets may be set for, and their names.
TARGETED = {name: metric.zh for name, metric in METRICS.items() if metric.target}

DATE_FORM = "日期，例如2026-10-31"
MONTH_FORM = "月份，例如2026-10"
NUMBER_FORM = "数字，例如1200、1,200、1.5万或35%"
WHOLE_FORM = "不小于0的整数，例如12"
AMOUNT_FORM = "不小于0的数字"
TEXT_FORM = "不为空的文字"


def bare(name: str) -> str:
    """Fold a name: what looks the same, with spaces or without."""
    return normal(name).replace(" ", "")


@lru_cache(maxsize=10_000)  # a few names are asked for with every row
def normal(text: str) -> str:
    """Fold what looks the same: widths, case, spaces, invisible characters."""
    folded = unicodedata.normalize("NFKC", text)
    visible = "".join(ch for ch in folded if unicodedata.category(ch) != "Cf")
    return " ".join(visible.split()).casefold()


class WrongForm(ValueError):
    """A value not of the form wanted; its text says which form that is."""


@dataclass
class Wrong(ValueError):
    """What is wrong with a cell beside its form; no `what`: it is not filled."""

    column: str
    what: str = ""
    expected: str = ""
    do: str = ""


class Part(BaseModel):
    """A part of a YAML file: frozen, no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    def _conflicts(self) -> Iterator[str]:
        """Tell what is wrong between its values, once each of them is right alone."""
        yield from ()

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        for conflict in self._conflicts():
            raise ValueError(conflict)
        return self


# --- reading -------------------------------------------------------------------

_MONTH = re.compile(r"(\d{4})(?:-(\d{1,2})|/(\d{1,2})|年(\d{1,2})月)", re.ASCII)
_SHORT = re.compile(
    r"(\d{1,2})月(?:(\d{1,2})[日号])?|第(\d{1,2})周|[Ww](\d{1,2})", re.ASCII
)
_NUMBER = re.compile(
    r"([+-]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,12})?) ?"
    r"(?:([%％千万亿])元?|[元个人次])?",
    re.ASCII,
)
_SEPARATORS = re.compile(r"[、，,；;/／|\s]+")
_UNITS = {None: 1, "千": 1000, "万": 10_000, "亿": 100_000_000}
_YEARS = range(2000, 2100)


def to_date(cell: object) -> date:
    """Take a real date, or text as 2026-10-31, 2026/10/31 or 2026年10月31日."""
    try:
        # Not of digits alone: 46296 may be a day to Excel, and any number to people.
        text = isinstance(cell, str) and not {*"-/年"}.isdisjoint(cell)
        day = files.moment(str(cell)) if text else cell
    except files.WrongValue:
        no_such = "存在的" if str(cell).strip()[:4].isdecimal() else ""
        raise WrongForm(no_such + DATE_FORM) from None
    if isinstance(day, datetime):
        if day.time().isoformat() != "00:00:00":
            raise WrongForm(f"{DATE_FORM}，不带钟点")
        day = day.date()
    if not isinstance(day, date) or day.year not in _YEARS:
        raise WrongForm(DATE_FORM)
    return day


def to_month(cell: object) -> str:
    """Take text as 2026-10, 2026/10 or 2026年10月; a first day is what Excel makes."""
    if isinstance(cell, date):
        day = to_date(cell)
        if day.day != 1:
            raise WrongForm(MONTH_FORM)
        return f"{day:%Y-%m}"
    match = _MONTH.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        raise WrongForm(MONTH_FORM)
    year, month = (int(part) for part in match.groups() if part)
    if year not in _YEARS or not 1 <= month <= 12:
        raise WrongForm(f"存在的{MONTH_FORM}")
    return f"{year:04d}-{month:02d}"


def with_year(cell: object, month: str) -> object:
    """
    Add the year to a day, month or week that has none: it lies nearest to a month.

    Parameters
    ----------
    cell : object
        Text as 10月3日, 10月, W41 or 第41周; anything else is returned as it is.
    month : str
        ``YYYY-MM``; empty where none is known.

    Returns
    -------
    object
        Text as 2026-10-3, 2026-10 or 2026-W41.
    """
    match = _SHORT.fullmatch(cell.strip()) if month and isinstance(cell, str) else None
    if match is None:
        return cell
    at, day, *weeks = match.groups()
    week = weeks[0] or weeks[1]
    away = int(at or (int(week) - 1) * 12 // 53 + 1) - int(month[5:])
    year = int(month[:4]) + (away < -6) - (away > 6)
    return f"{year}-W{week}" if week else "-".join(filter(None, (str(year), at, day)))


def to_decimal(cell: object) -> Decimal:
    """Take a real number, or text as 1,200, 35% (0.35), 1.5万 or 300个, exactly."""
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
        raise WrongForm(NUMBER_FORM)
    if not isinstance(cell, str):
        # Fifteen digits, as Excel shows a float: 0.1 + 0.2 is 0.3 there.
        number = Decimal(f"{cell:.15g}" if isinstance(cell, float) else cell)
        if not number.is_finite():
            raise WrongForm(NUMBER_FORM)
        return number
    match = _NUMBER.fullmatch(cell.strip())
    if match is None:
        raise WrongForm(NUMBER_FORM)
    number = Decimal(match[1].replace(",", ""))
    return number * _UNITS[match[2]] if match[2] in _UNITS else number / 100


def to_whole(cell: object) -> int:
    """Take a count: a whole number, 0 or more."""
    try:
        number = to_decimal(cell)
    except WrongForm:
        raise WrongForm(WHOLE_FORM) from None
    if number < 0 or number != number.to_integral_value():
        raise WrongForm(WHOLE_FORM)
    return int(number)


def to_amount(cell: object) -> Decimal:
    """Take a number, 0 or more."""
    number = to_decimal(cell)
    if number < 0:
        raise WrongForm(AMOUNT_FORM)
    return number


def to_text(cell: object) -> str:
    """Take any filled cell but true and false, also an id that Excel made a number."""
    if cell is None or isinstance(cell, bool) or cell == "":
        raise WrongForm(TEXT_FORM)
    if isinstance(cell, datetime):
        return str(cell.date() if cell.time().isoformat() == "00:00:00" else cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def to_words(cell: object) -> Any:
    """Take words of a cell, however they are separated; a list as it is."""
    if not isinstance(cell, str):
        return cell
    return tuple(part for part in _SEPARATORS.split(cell) if part)


def expecting(expected: str, read: Callable[[object], T]) -> Callable[[object], T]:
    """Return a reading function that says its expectation in other words."""

    def reworded(cell: object) -> T:
        try:
            return read(cell)
        except ValueError:  # WrongForm is one
            raise WrongForm(expected) from None

    return reworded


def one_of(
    meanings: Mapping[str, T], listed: Sequence[str] = ()
) -> Callable[[object], T]:
    """Return a reading function of a closed list; it says that `listed` is expected."""
    folded = {normal(word): meaning for word, meaning in meanings.items()}

    def read(cell: object) -> T:
        word = "" if cell is None else normal(str(cell))
        if word not in folded:
            raise WrongForm(choices(listed or tuple(meanings)))
        return folded[word]

    return read


def id_or_name(names: Mapping[str, str]) -> Callable[[object], str]:
    """Return a reading function of ids, and of names that only one id has."""
    every = list(names.values())
    ids = {name: id for id, name in names.items() if every.count(name) == 1}
    listed = [f"{name}（{id}）" for id, name in names.items()]
    return one_of(ids | {id: id for id in names}, listed or ("先在花名册里登记",))


# --- in annotations --------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Form:
    """How a cell of a field is read, and how the template offers it."""

    # Takes the cell, None for a blank one, or raises `WrongForm`.
    read: Callable[[Any], object] = lambda cell: cell
    kind: str = "text"  # The format and the check of its cells in the template
    words: tuple[str, ...] = ()  # The words of its drop-down
    named: str = ""  # Instead of `read`: what of the `Directory` reads it

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Read before pydantic checks the type: its own 20261001 is seconds."""

        def read(cell: object, info: ValidationInfo) -> object:
            if info.context is None and self.named:
                return cell
            if self.kind == "date":
                cell = with_year(cell, getattr(info.context, "month", ""))
            read = getattr(info.context, self.named) if self.named else self.read
            return read(cell)

        return core_schema.with_info_before_validator_function(read, handler(source))


def named(form: str, kind: str = "text") -> Form:
    """Return the form of a cell that names something of another file."""
    return Form(kind=kind, named=form)


def words(meanings: Mapping[str, T]) -> Form:
    """Return the form of a closed list; what a word means is understood as a word."""
    same = {str(meaning): meaning for meaning in meanings.values()}
    return Form(one_of(same | dict(meanings), tuple(meanings)), "word", tuple(meanings))


Day = Annotated[date, Form(to_date, "date")]
Month = Annotated[str, Form(to_month)]
# An exact number; ``35%`` is 0.35, true and false are refused.
Number = Annotated[Decimal, Form(to_decimal)]
Amount = Annotated[Decimal, Form(to_amount, "amount")]
Whole = Annotated[int, Form(to_whole, "count")]
Metric = Annotated[str, Form(id_or_name(TARGETED))]
Text = Annotated[str, Form(to_text)]
# Text that a row made in code may lack.
Note = Annotated[str, Form(lambda cell: to_text(cell) if cell else "")]


# --- in messages -----------------------------------------------------------------


def quoted(cell: object) -> str:
    """Quote a cell for a message, cut to a readable length."""
    if cell is None or cell == "":
        return "空白"
    if isinstance(cell, bool):
        text = "true" if cell else "false"
    elif isinstance(cell, datetime) and cell.time().isoformat() == "00:00:00":
        text = cell.date().isoformat()
    else:
        text = str(cell)
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def choices(values: Collection[str], limit: int = 40) -> str:
    """Write the values allowed in the order given: ``甲、乙``, or ``甲、乙…等50个``."""
    listed = "、".join(list(values)[:limit])
    return listed if len(values) <= limit else f"{listed}…等{len(values)}个"


# What pydantic's own kinds of mistakes expected.
_EXPECTED = entries("inputs/expected.yml")


def expectation(mistake: ErrorDetails) -> str:
    """Say what pydantic expected where it found a mistake."""
    context = mistake.get("ctx", {})
    if isinstance(context.get("error"), WrongForm):
        return str(context["error"])
    if expected := _EXPECTED["kinds"].get(mistake["type"]):
        return str(expected)
    for key in ("expected", "expected_tags"):
        if key in context:
            listed = str(context[key]).replace("'", "")
            return listed.replace(" or ", "、").replace(", ", "、")
    for key, bound in _EXPECTED["limits"].items():
        if key in context:
            return str(bound.format(context[key]))
    return f"别的值（{mistake['msg']}）"


def number_of(value: object, name: str) -> Decimal:
    """
    Read a number strictly and exactly.

    Parameters
    ----------
    value : object
        A real number, or text as 1200, 1,200, 12.5 or 35% (which is 0.35).
    name : str
        What the message calls it.

    Returns
    -------
    Decimal
        The number.

    Raises
    ------
    InvalidInput
        For anything else: words, units, not-a-number, infinity, true and false.
    """
    try:
        return to_decimal(value)
    except WrongForm as wrong:
        what = f"{name}是{quoted(value)}"
        raise InvalidInput.of(what, expected=str(wrong)) from None
