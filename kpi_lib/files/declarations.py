"""
The declarations of platforms and their exports: ``formats/*.yml``, parsed.

A platform is a file, not a class: its identity, and for every export that it
offers which column is which metric. One reader (`kpi_lib.exports`) serves all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import IO, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.files.cells import MoneyUnit, NumberKind, Scale
from kpi_lib.files.moments import EpochUnit
from kpi_lib.language import Name, simplified

Form = Literal["article", "video", "social", "product"]
Grain = Literal["daily", "posts", "orders", "none"]
PostKind = Literal["article", "video", "micro", ""]
ColumnKind = NumberKind | Literal["text", "date", "datetime"]

_ROLES = (
    "date published_at title id link kind status after_sales account metric value note"
)
ROLES = frozenset(_ROLES.split())
"""Keys of `columns` that are no metrics."""

FORMATS = Path(__file__).with_name("formats")
MANUAL = "manual"
"""Id of the layout that any platform may use: figures written down by hand."""

Hex = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Platform(_Declared):
    """A platform's identity."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    name: str
    en: str
    # The one character of its seal, and its colours on the light and the dark page.
    seal: Annotated[str, Field(min_length=1, max_length=1)]
    light: Hex
    dark: Hex
    form: Form
    confirmed: bool  # at least one layout is known from a real export
    order: int  # place in lists: the plan's own order

    @property
    def label(self) -> Name:
        """Its name, to be said in any language."""
        return Name(self.name, self.en)


class Column(_Declared):
    """One column of an export, or several that add up to one metric."""

    kind: ColumnKind
    source: tuple[str, ...] = ()  # the header and its aliases
    # Instead: headers (each with its aliases) to be added, all of them needed.
    sum: tuple[tuple[str, ...], ...] = ()
    required: bool = True  # a file without it is refused
    # How a column writes a share is fixed here, never guessed.
    scale: Scale | None = None
    unit: MoneyUnit = "yuan"
    signed: bool = False
    missing: tuple[str, ...] = ()  # marks for "no value" beside the general ones
    epoch: EpochUnit | None = None  # of a date counted from 1970
    # The only sheet where the column means this: a workbook with one metric a sheet
    # has the same header on all of them.
    sheet: str = ""

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """Headers with their aliases, one for each column of the file."""
        return self.sum or (self.source,)

    @cached_property
    def keys(self) -> tuple[tuple[str, ...], ...]:
        """The same, as headers are compared."""
        return tuple(tuple(map(header_key, names)) for names in self.parts)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.source) == bool(self.sum):
            raise ValueError("source or sum, one of them")
        if (self.kind == "percent") != (self.scale is not None):
            raise ValueError("a percent column, and no other, has a scale")
        if self.epoch and self.kind not in {"date", "datetime"}:
            raise ValueError("only a date has an epoch")
        return self


class Beside(_Declared):
    """One of several tables that stand side by side in a sheet."""

    needs: Annotated[tuple[str, ...], Field(min_length=1)]  # headers of its own
    why: Annotated[str, Field(min_length=1)]  # why nothing of it is counted


class Layout(_Declared):
    """One export of a platform."""

    id: str  # ``<platform>.<layout>``, or ``manual``
    platform: str  # empty for ``manual``
    name: str  # what the platform calls it
    # A row per day, per post with counters, or per line of an order; none where
    # nothing in it is a metric of ours: known, and every row accounted for.
    grain: Grain
    confirmed: bool  # the headers are known from a real export or code that reads one
    # By role (see `ROLES`) or metric, a part behind a colon: ``revenue:ads``.
    columns: dict[str, Column] = {}
    properties_dates_true: bool = False  # the workbook tells the day of download
    download: str = ""  # where it is found in the platform's back end
    any_metric: bool = False  # the file holds one metric or more of those listed
    needs: tuple[tuple[str, ...], ...] = ()  # headers (with aliases) beside columns
    # A header that is not known here means another table: a further dimension would
    # turn one row per day into many.
    closed: bool = False
    why: str = ""  # why rows, tables or sheets that are known here are not counted
    # Tables side by side, from left to right under one row of headers, empty columns
    # between them; or one above the other, begun by rows with these first cells.
    beside: tuple[Beside, ...] = ()
    titles: tuple[str, ...] = ()
    opens_with: tuple[str, ...] = ()  # a first line begins so; tables follow, apart
    sheets: tuple[str, ...] = ()  # of which a workbook has one at least
    ignore: tuple[str, ...] = ()  # known headers that are not used
    id_in_link: str = ""  # its groups, joined by ``:``, are the post's id
    kinds: dict[PostKind, tuple[str, ...]] = {}  # by words in the column ``kind``
    default_kind: PostKind = ""  # of posts without that column
    private: tuple[str, ...] = ()  # words in ``status``: only their author sees it
    # What ``status`` and ``after_sales`` say of orders that count, and that do not.
    paid: tuple[str, ...] = ()
    unpaid: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()
    refunded: tuple[str, ...] = ()

    @cached_property
    def metric_columns(self) -> dict[str, Column]:
        """The columns that are metrics, by ``metric`` or ``metric:part``."""
        return {key: col for key, col in self.columns.items() if key not in ROLES}

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics it maps, without their parts; none for ``manual``."""
        return tuple(dict.fromkeys(key.split(":")[0] for key in self.metric_columns))

    @cached_property
    def headers(self) -> frozenset[str]:
        """Every header that the layout knows, as `header_key` writes it."""
        used = [names for col in self.columns.values() for names in col.parts]
        used += [*self.needs, *(table.needs for table in self.beside), self.ignore]
        return frozenset(header_key(alias) for names in used for alias in names)

    @property
    def arranged(self) -> bool:
        """Whether it is more than one table under one header."""
        return bool(self.beside or self.titles or self.opens_with or self.sheets)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key, column in self.metric_columns.items():
            metric, _, part = key.partition(":")
            if metric not in METRICS or (part and part not in STREAMS):
                raise ValueError(f"no such metric: {key}")
            words = column.kind in {"text", "date", "datetime"}
            if words and self.grain != "orders":  # their numbers are counted
                raise ValueError(f"a metric is a number: {key}")
            if self.grain == "daily" and METRICS[metric].kind == "ratio":
                raise ValueError(f"a ratio cannot be summed over days: {metric}")
        needed = "published_at" if self.grain == "posts" else "date"
        if self.grain == "none":
            if self.columns or not (self.why or self.beside):
                raise ValueError("grain none has no columns, and says why")
            if not (self.needs or self.arranged):
                raise ValueError("grain none needs something to be known by")
        elif needed not in self.columns:
            raise ValueError(f"{self.grain} needs the column {needed}")
        re.compile(self.id_in_link)
        return self


@lru_cache(maxsize=4096)
def header_key(text: object) -> str:
    """Return a header as headers are compared: no space, case, width, tradition."""
    folded = unicodedata.normalize("NFKC", "" if text is None else str(text))
    folded = folded.translate(str.maketrans("【】[]〔〕", "()()()"))
    key = "".join(
        ch for ch in folded if not ch.isspace() and unicodedata.category(ch) != "Cf"
    ).casefold()
    try:
        key.encode("gb2312")
    except UnicodeEncodeError:  # traditional characters, or others beyond the common
        return simplified(key)
    return key


def declaration(text: str) -> tuple[Platform, dict[str, Layout]]:
    """
    Parse the declaration of one platform, a file of ``formats/``.

    Returns
    -------
    Platform, dict of str to Layout
        The platform, and its layouts by id.
    """
    content = YAML(typ="safe", pure=True).load(text)
    declared = content.pop("layouts", [])
    platform = Platform(**content)
    layouts = {}
    for layout in declared:
        full = f"{platform.id}.{layout.pop('id')}"
        layouts[full] = Layout(id=full, platform=platform.id, **layout)
    return platform, layouts


@cache
def _declarations() -> tuple[dict[str, Platform], dict[str, Layout]]:
    platforms, layouts = [], {}
    for file in sorted(FORMATS.glob("*.yml")):
        text = file.read_text(encoding="utf-8")
        if file.name == f"{MANUAL}.yml":
            content = YAML(typ="safe", pure=True).load(text)
            layouts[MANUAL] = Layout(id=MANUAL, platform="", **content)
            continue
        platform, declared = declaration(text)
        platforms.append(platform)
        layouts |= declared
    platforms.sort(key=lambda platform: (platform.order, platform.id))
    return {platform.id: platform for platform in platforms}, layouts


def platforms() -> dict[str, Platform]:
    """Return every declared platform by id, in the plan's order."""
    return dict(_declarations()[0])


def layouts() -> dict[str, Layout]:
    """Return every declared layout by id: ``<platform>.<layout>`` and ``manual``."""
    return dict(_declarations()[1])


def sentences_of(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, str, list[str]]]:
    """Extract what a declaration says on pages for Babel, which babel.cfg tells so."""
    content = YAML(typ="safe", pure=True).load(file)
    for sentence in dict.fromkeys(_spoken(content)):
        yield 0, "", sentence, []


def _spoken(content: Any) -> Iterator[str]:
    """Reasons why nothing is counted, and the names of metrics."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key in {"why", "zh"} and value:
                yield value
            elif key != "meaning":  # said in English by its own ``en``
                yield from _spoken(value)
    elif isinstance(content, list):
        for value in content:
            yield from _spoken(value)
