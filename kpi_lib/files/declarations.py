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
from importlib import resources
from typing import IO, Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.language import language, translated

Form = Literal["article", "video", "social", "product"]
Grain = Literal["daily", "posts", "orders", "none"]
PostKind = Literal["article", "video", "micro", ""]
ColumnKind = Literal[
    "text", "date", "datetime", "count", "money", "percent", "duration", "stars"
]

ROLES = (
    "date",
    "published_at",
    "title",
    "id",
    "link",
    "kind",
    "status",
    "after_sales",
    "account",
    "metric",
    "value",
    "note",
)
"""Keys of `columns` that are no metrics."""

MANUAL = "manual"
"""Id of the layout that any platform may use: figures written down by hand."""

Hex = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Platform(_Declared):
    """
    A platform's identity.

    Parameters
    ----------
    id : str
        Name in rosters, folders and tables.
    name, en : str
        What pages call it.
    seal : str
        The one character of its seal.
    light, dark : str
        Colour of the seal on the light and on the dark page.
    form : {"article", "video", "social", "product"}
        What it mainly carries.
    confirmed : bool
        True where at least one layout is known from a real export.
    order : int
        Place in lists: the plan's own order.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    name: str
    en: str
    seal: Annotated[str, Field(min_length=1, max_length=1)]
    light: Hex
    dark: Hex
    form: Form
    confirmed: bool
    order: int

    @property
    def label(self) -> str:
        """Its name in the language that is spoken."""
        return self.en if language() == "en" else translated(self.name)


class Column(_Declared):
    """
    One column of an export, or several that add up to one metric.

    Parameters
    ----------
    kind : str
        Grammar of its cells.
    source : tuple of str
        The header and its aliases.
    sum : tuple of tuple of str
        Instead of `source`: headers (each with its aliases) to be added; all
        of them are needed.
    required : bool
        Whether a file without it is refused.
    scale : {"text_percent", "fraction", "percent_number"} or None
        How a percent column writes a share. Fixed here, never guessed.
    unit : {"yuan", "fen"}
        Unit of a money column.
    signed : bool
        Whether values below 0 are possible.
    missing : tuple of str
        Marks for "no value" beside the general ones.
    epoch : {"s", "ms"} or None
        Unit of a date that is written as time since 1970.
    sheet : str
        Name of the only sheet where the column means this: a workbook with
        one metric a sheet has the same header on all of them.
    """

    kind: ColumnKind
    source: tuple[str, ...] = ()
    sum: tuple[tuple[str, ...], ...] = ()
    required: bool = True
    scale: Literal["text_percent", "fraction", "percent_number"] | None = None
    unit: Literal["yuan", "fen"] = "yuan"
    signed: bool = False
    missing: tuple[str, ...] = ()
    epoch: Literal["s", "ms"] | None = None
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
    """
    One of several tables that stand side by side in a sheet.

    Parameters
    ----------
    needs : tuple of str
        Headers by which it is known.
    why : str
        Why nothing of it is counted, as a sentence of the ledger.
    """

    needs: Annotated[tuple[str, ...], Field(min_length=1)]
    why: Annotated[str, Field(min_length=1)]


class Layout(_Declared):
    """
    One export of a platform.

    Parameters
    ----------
    id : str
        ``<platform>.<layout>``, or ``manual``.
    platform : str
        Id of its platform; empty for ``manual``.
    name : str
        What the platform calls it.
    grain : {"daily", "posts", "orders", "none"}
        A row per day, per post with counters, or per line of an order; none where
        nothing in it is a metric of ours: known, and every row accounted for.
    confirmed : bool
        True where the headers are known from a real export or from code that
        reads one.
    properties_dates_true : bool
        Whether the workbook's own properties tell the day of download.
    download : str
        Where it is found in the platform's back end.
    columns : dict of str to Column
        By role (see `ROLES`) or metric, a part behind a colon: ``revenue:ads``.
    any_metric : bool
        True where the file holds one metric or more of those listed.
    needs : tuple of tuple of str
        Headers, each with its aliases, that the file must have beside its
        columns.
    closed : bool
        True where a header that is not known here means another table: a
        further dimension would turn one row per day into many.
    why : str
        Why rows, tables or sheets that are known here are not counted.
    beside : tuple of Beside
        Tables side by side, from left to right, under one row of headers; empty
        columns stand between them.
    titles : tuple of str
        First cells of rows that begin a table, where tables stand one above the
        other.
    opens_with : tuple of str
        How one of the first lines begins; tables with headers of their own
        follow, with empty lines between.
    sheets : tuple of str
        Sheets of which a workbook has one at least.
    ignore : tuple of str
        Known headers that are not used.
    id_in_link : str
        Regular expression whose groups, joined by ``:``, are the post's id.
    kinds : dict of str to tuple of str
        Post kinds, by words in the column ``kind``.
    default_kind : {"article", "video", "micro", ""}
        Kind of posts without that column.
    private : tuple of str
        Words in the column ``status`` of posts that only their author sees.
    paid, unpaid : tuple of str
        What the column ``status`` says of orders that count, and that do not.
    standing, refunded : tuple of str
        What the column ``after_sales`` says of orders that count, and that do not.
    """

    id: str
    platform: str
    name: str
    grain: Grain
    confirmed: bool
    columns: dict[str, Column] = {}
    properties_dates_true: bool = False
    download: str = ""
    any_metric: bool = False
    needs: tuple[tuple[str, ...], ...] = ()
    closed: bool = False
    why: str = ""
    beside: tuple[Beside, ...] = ()
    titles: tuple[str, ...] = ()
    opens_with: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    id_in_link: str = ""
    kinds: dict[PostKind, tuple[str, ...]] = {}
    default_kind: PostKind = ""
    private: tuple[str, ...] = ()
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
    """
    Return a header as headers are compared.

    Parameters
    ----------
    text : object
        A header cell.

    Returns
    -------
    str
        One width, one kind of brackets, no space, no case, nothing hidden.
    """
    folded = unicodedata.normalize("NFKC", "" if text is None else str(text))
    folded = folded.translate(str.maketrans("【】[]〔〕", "()()()"))
    return "".join(
        ch for ch in folded if not ch.isspace() and unicodedata.category(ch) != "Cf"
    ).casefold()


def declaration(text: str) -> tuple[Platform, dict[str, Layout]]:
    """
    Parse the declaration of one platform.

    Parameters
    ----------
    text : str
        What a file of ``formats/`` holds.

    Returns
    -------
    Platform, dict of str to Layout
        The platform, and its layouts by id.
    """
    content = YAML(typ="safe", pure=True).load(text)
    declared = content.pop("layouts", [])
    platform = Platform(**content)
    found = {}
    for layout in declared:
        full = f"{platform.id}.{layout.pop('id')}"
        found[full] = Layout(id=full, platform=platform.id, **layout)
    return platform, found


@cache
def _declarations() -> tuple[dict[str, Platform], dict[str, Layout]]:
    platforms, layouts = [], {}
    files = (resources.files("kpi_lib.files") / "formats").iterdir()
    for file in sorted(files, key=lambda file: file.name):
        if not file.name.endswith(".yml"):
            continue
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
    """
    Return every declared platform.

    Returns
    -------
    dict of str to Platform
        By id, in the plan's order.
    """
    return dict(_declarations()[0])


def layouts() -> dict[str, Layout]:
    """
    Return every declared layout.

    Returns
    -------
    dict of str to Layout
        By id: ``<platform>.<layout>`` and ``manual``.
    """
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
