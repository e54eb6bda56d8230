"""
The declarations of platforms and their exports: ``formats/*.yml``, parsed.

A platform is a file, not a class: its identity, and for every export that it
offers which column is which metric. One reader (`kpi_lib.exports`) serves all.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from ruamel.yaml import YAML

from kpi_lib.catalogue import METRICS, STREAMS, entries
from kpi_lib.files.cells import MoneyUnit, NumberKind, Scale
from kpi_lib.files.moments import EpochUnit
from kpi_lib.language import Name, simplified

Form = Literal["article", "video", "social", "product"]
Grain = Literal["daily", "posts", "orders", "none"]
PostKind = Literal["article", "video", "micro", ""]
ColumnKind = NumberKind | Literal["text", "date", "datetime"]

_ROLES = (
    "date published_at title id link kind status after_sales account metric value note"
    " group"
)
# Keys of `columns` that are no metrics.
ROLES = frozenset(_ROLES.split())

FORMATS = Path(__file__).with_name("formats")
# Id of the layout that any platform may use: figures written down by hand.
MANUAL = "manual"

Hex = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Named(_Declared):
    name: str  # what the platform calls it
    en: str = ""

    @property
    def label(self) -> Name:
        """Its name, to be said in any language."""
        return Name(self.name, self.en)


class Platform(_Named):
    """A platform's identity."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,31}$")]
    # The one character of its seal, and its colours on the light and the dark page.
    seal: Annotated[str, Field(min_length=1, max_length=1)]
    light: Hex
    dark: Hex
    form: Form
    confirmed: bool  # at least one layout is known from a real export
    order: int  # place in lists: the plan's own order


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
    # How lines above a table begin that tell the day from which 0000, 0001 … count.
    counts_from: tuple[str, ...] = ()
    yields: bool = False  # to what another export tells of the same day
    only: tuple[str, ...] = ()  # rows with another word in it are parts of these
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
            raise ValueError("source和sum写其中一个")
        if (self.kind == "percent") != (self.scale is not None):
            raise ValueError("比率（percent）要写scale，别的列不写")
        if self.epoch and self.kind not in {"date", "datetime"}:
            raise ValueError("只有日期可以写epoch")
        return self


class Beside(_Declared):
    """One of several tables that stand side by side in a sheet."""

    needs: Annotated[tuple[str, ...], Field(min_length=1)]  # headers of its own
    why: Annotated[str, Field(min_length=1)]  # why nothing of it is counted


class Layout(_Named):
    """One export of a platform."""

    # ``<platform>.<layout>``, or ``manual``; in a file the part behind the platform.
    id: str
    platform: str = ""  # empty for ``manual``
    # A row per day, per post with counters, or per line of an order; none where
    # nothing in it is a metric of ours: known, and every row accounted for.
    grain: Grain
    confirmed: bool  # the headers are known from a real export or code that reads one
    # By role (see `ROLES`) or metric, a part behind a colon: ``revenue:ads``.
    columns: dict[str, Column] = {}
    provisional: int = 0  # days at a download's end that a later one tells better
    reach: int = 0  # days before a download that it tells of; earlier ones are lost
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
                raise ValueError(f"没有“{key}”这个指标")
            words = column.kind in {"text", "date", "datetime"}
            if words and self.grain != "orders":  # their numbers are counted
                raise ValueError(f"指标{key}应是数（count、money、percent）")
            if self.grain == "daily" and METRICS[metric].kind == "ratio":
                raise ValueError(f"{metric}是比率，不能按日相加")
        needed = "published_at" if self.grain == "posts" else "date"
        if self.grain == "none":
            if self.columns or not (self.why or self.beside):
                raise ValueError("grain是none时不写columns，写明why")
            if not (self.needs or self.arranged):
                raise ValueError("grain是none时要有能认出它的needs或几张表")
        elif needed not in self.columns:
            raise ValueError(f"{self.grain}要有{needed}这一列")
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


class Declaration(Platform):
    """A file of ``formats/``: a platform and its exports, or what is added to one's."""

    layouts: tuple[Layout, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _added(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("layouts"), list):
            return values
        base = _shipped().get(str(values.get("id")), {"layouts": []})
        known = {layout["id"]: layout for layout in base["layouts"]}
        # Its own first: so they stand at the places at which the file has them.
        own = [
            _merged(known.pop(str(layout.get("id")), {}), layout)
            if isinstance(layout, dict)
            else layout
            for layout in values["layouts"]
        ]
        return {**base, **values, "layouts": [*own, *known.values()]}

    @property
    def named(self) -> dict[str, Layout]:
        """Its layouts by their whole ids."""
        whole = {f"{self.id}.{layout.id}": layout for layout in self.layouts}
        return {
            id: layout.model_copy(update={"id": id, "platform": self.id})
            for id, layout in whole.items()
        }


def _merged(base: Any, more: Any) -> Any:
    """Add keys and words to those that the package declares; replace the rest."""
    if isinstance(base, dict) and isinstance(more, dict):
        both = {key: _merged(base.get(key), value) for key, value in more.items()}
        return {**base, **both}
    if isinstance(base, list) and isinstance(more, list):
        return [*more, *(word for word in base if word not in more)]
    return more


@cache
def _shipped() -> dict[str, dict[str, Any]]:
    """Return what the package's own files say, by platform, and of ``manual``."""
    names = sorted(file.stem for file in FORMATS.glob("*.yml"))
    return {name: entries(f"files/formats/{name}.yml") for name in names}


def declaration(text: str) -> Declaration:
    """Parse the declaration of one platform, as a workspace may have it."""
    return Declaration.model_validate(YAML(typ="safe", pure=True).load(text))


# Those of the workspace that is read.
_OWN: list[Declaration] = []


def declare(own: Iterable[Declaration]) -> None:
    """
    Let a workspace's declarations stand beside the package's, or in their place.

    Parameters
    ----------
    own : iterable of Declaration
        All that the workspace has.
    """
    before = [*_OWN]
    _OWN[:] = own
    if before != _OWN:
        _declarations.cache_clear()


@cache
def _declarations() -> tuple[dict[str, Platform], dict[str, Layout], str]:
    shipped = (each for id, each in _shipped().items() if id != MANUAL)
    every = (*map(Declaration.model_validate, shipped), *_OWN)
    declared = {each.id: each for each in every}
    ordered = sorted(declared.values(), key=lambda each: (each.order, each.id))
    layouts: dict[str, Layout] = {}
    for id in dict.fromkeys((*_shipped(), *declared)):
        of_file = {MANUAL: Layout(id=MANUAL, **_shipped()[MANUAL])}
        layouts |= declared[id].named if id in declared else of_file
    own = "".join(each.model_dump_json() for each in _OWN)
    return {each.id: each for each in ordered}, layouts, own


def platforms() -> dict[str, Platform]:
    """Return every declared platform by id, in the plan's order."""
    return dict(_declarations()[0])


def layouts() -> dict[str, Layout]:
    """Return every declared layout by id: ``<platform>.<layout>`` and ``manual``."""
    return dict(_declarations()[1])


def declared() -> str:
    """Return what a workspace declares, as text: what is read rests on it."""
    return _declarations()[2]
