"""
The declarations of platforms and their exports: ``formats/*.yml``, parsed.

A platform is a file, not a class: its identity, and for every export that it
offers which column is which metric. One reader (`kpi_lib.exports`) serves all.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from kpi_lib.catalogue import METRICS, STREAMS

Form = Literal["article", "video", "social", "product"]
Grain = Literal["daily", "posts"]
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
    """

    kind: ColumnKind
    source: tuple[str, ...] = ()
    sum: tuple[tuple[str, ...], ...] = ()
    required: bool = True
    scale: Literal["text_percent", "fraction", "percent_number"] | None = None
    unit: Literal["yuan", "fen"] = "yuan"
    signed: bool = False
    missing: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, ...], ...]:
        """Headers with their aliases, one for each column of the file."""
        return self.sum or (self.source,)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.source) == bool(self.sum):
            raise ValueError("source or sum, one of them")
        if (self.kind == "percent") != (self.scale is not None):
            raise ValueError("a percent column, and no other, has a scale")
        return self


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
    grain : {"daily", "posts"}
        A row per day, or per post with counters.
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
    """

    id: str
    platform: str
    name: str
    grain: Grain
    confirmed: bool
    columns: dict[str, Column]
    properties_dates_true: bool = False
    download: str = ""
    any_metric: bool = False
    ignore: tuple[str, ...] = ()
    id_in_link: str = ""
    kinds: dict[PostKind, tuple[str, ...]] = {}
    default_kind: PostKind = ""
    private: tuple[str, ...] = ()

    @property
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
        used = (names for col in self.columns.values() for names in col.parts)
        known = (*(alias for names in used for alias in names), *self.ignore)
        return frozenset(map(header_key, known))

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for key in self.metric_columns:
            metric, _, part = key.partition(":")
            if metric not in METRICS or (part and part not in STREAMS):
                raise ValueError(f"no such metric: {key}")
            if self.grain == "daily" and METRICS[metric].kind == "ratio":
                raise ValueError(f"a ratio cannot be summed over days: {metric}")
        needed = "date" if self.grain == "daily" else "published_at"
        if needed not in self.columns:
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


@cache
def _declarations() -> tuple[dict[str, Platform], dict[str, Layout]]:
    yaml = YAML(typ="safe", pure=True)
    platforms, layouts = [], {}
    files = (resources.files("kpi_lib") / "formats").iterdir()
    for file in sorted(files, key=lambda file: file.name):
        if not file.name.endswith(".yml"):
            continue
        content = yaml.load(file.read_text(encoding="utf-8"))
        if file.name == f"{MANUAL}.yml":
            layouts[MANUAL] = Layout(id=MANUAL, platform="", **content)
            continue
        declared = content.pop("layouts", [])
        platform = Platform(**content)
        platforms.append(platform)
        for layout in declared:
            full = f"{platform.id}.{layout.pop('id')}"
            layouts[full] = Layout(id=full, platform=platform.id, **layout)
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
