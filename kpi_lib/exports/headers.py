"""How a row of headers fits the layouts that are declared."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import pairwise, zip_longest

from kpi_lib import files
from kpi_lib.files import Cell, Layout, Sheet, header_key, platforms
from kpi_lib.language import Sentence

# Units that change a number; the others of a header only say what is counted.
SCALES = ("千", "万", "亿", "%")

_WITH_UNIT = re.compile(r"(.+?)\((千|万|亿|%|元|人次|人|次|个|条|篇|秒)\)")


@dataclass(frozen=True)
class Table:
    """
    A table as a layout knows it: its own part of a sheet of several.

    `header` is the index of the header's record (-1 where none is known), `head` its
    cells; `columns` the places of every role and metric that the file has, `units`
    those whose header tells the unit of its numbers. `known` headers are the layout's
    own; what is `missing` or `extra` keeps it from being read. `block` is its place in
    the sheet, `why` the reason why nothing of it is counted, `start` the day that its
    days count from.
    """

    sheet: Sheet
    header: int
    layout: Layout
    head: tuple[Cell, ...] = ()
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    known: int = 0
    missing: Sequence[str] = ()
    extra: Sequence[str] = ()
    block: int = 0
    why: str = ""
    start: datetime | None = None

    @property
    def whole(self) -> bool:
        """Whether nothing is missing, and nothing there that may not be."""
        return not (self.missing or self.extra)

    @property
    def place(self) -> Sentence:
        """Where the header stands."""
        row = self.sheet.records[self.header].row
        if self.sheet.name:
            return Sentence("{sheet}第{row}行", sheet=self.sheet.name, row=row)
        return Sentence("第{row}行", row=row)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header as written, without what surrounds it."""
        return tuple(map(files.plain, self.head))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The header as headers are compared."""
        return tuple(map(header_key, self.head))

    def number_cell(self, place: int, cells: Sequence[Cell]) -> Cell:
        """Return a cell with the unit that its header gives it: 1.2 as 1.2万."""
        cell = cells[place] if place < len(cells) else None
        unit = self.units.get(place)
        if not unit or files.is_missing(cell):
            return cell
        return f"{files.plain(cell).removesuffix(unit)}{unit}"

    @cached_property
    def firsts(self) -> dict[str, int]:
        """The place of every column, of a sum that of its first."""
        return {key: places[0] for key, places in self.columns.items()}

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The columns of the file that are metrics."""
        metrics = self.layout.metric_columns
        return tuple(key for key in self.columns if key in metrics)


def over_two_rows(
    above: tuple[Cell, ...], below: tuple[Cell, ...]
) -> tuple[Cell, ...] | None:
    """Return a header that is written over two rows, each part of a name once."""
    uppers, lowers = list(map(files.plain, above)), list(map(files.plain, below))
    if not (any(uppers) and any(lowers)):
        return None
    pairs = list(zip_longest(uppers, lowers, fillvalue=""))
    for (left, below_left), (upper, lower) in pairwise(pairs):
        if left and below_left and lower and not upper:
            return None  # a group over several columns: what it means is not known
    return tuple(f"{upper}{lower}" or None for upper, lower in pairs)


def find_fits(
    sheet: Sheet,
    header: int,
    allowed: Iterable[Layout],
    head: tuple[Cell, ...] | None = None,
) -> Iterator[Table]:
    """Say how a row fits the layouts that know one of its headers."""
    head = sheet.records[header].cells if head is None else head
    written: dict[str, int] = {}
    for place, cell in enumerate(head):
        written.setdefault(header_key(cell), place)
    written.pop("", None)
    with_unit = [match for key in written if (match := _WITH_UNIT.fullmatch(key))]
    for layout in allowed:
        places, units = _without_units(layout, written, with_unit)
        if layout.headers.isdisjoint(places):
            continue
        columns, missing = _positions(layout, sheet, places)
        if layout.any_metric and not columns.keys() & layout.metric_columns.keys():
            missing.append(Sentence("任意一列指标"))
        beside = [(name,) for table in layout.beside for name in table.needs]
        missing += [
            names[0]
            for names in [*layout.needs, *beside]
            if places.keys().isdisjoint(map(header_key, names))
        ]
        extra = [
            files.plain(head[place])
            for key, place in places.items()
            if layout.closed and key not in layout.headers
        ]
        known = len(layout.headers & places.keys())
        yield Table(sheet, header, layout, head, columns, units, known, missing, extra)


def _without_units(
    layout: Layout, written: dict[str, int], with_unit: Iterable[re.Match[str]]
) -> tuple[dict[str, int], dict[int, str]]:
    """Return places by the names a layout knows; a unit behind one is set apart."""
    places, units = dict(written), {}
    for match in with_unit:
        header, name, unit = match[0], match[1], match[2]
        if header not in layout.headers and name in layout.headers - written.keys():
            places[name] = place = places.pop(header)
            units[place] = unit if unit in SCALES else ""
    return places, units


def _positions(
    layout: Layout, sheet: Sheet, places: dict[str, int]
) -> tuple[dict[str, tuple[int, ...]], list[str]]:
    """Return where the columns stand, and the required ones that are not there."""
    columns: dict[str, tuple[int, ...]] = {}
    missing: list[str] = []
    for key, column in layout.columns.items():
        if header_key(column.sheet) not in {"", header_key(sheet.name)}:
            continue
        at = [
            next((places[name] for name in names if name in places), None)
            for names in column.keys
        ]
        present = tuple(place for place in at if place is not None)
        any_will_do = layout.any_metric and key in layout.metric_columns
        if len(present) == len(at):
            columns[key] = present
        elif column.required and not any_will_do:
            absent = zip(column.parts, at, strict=True)
            missing += [names[0] for names, place in absent if place is None]
    return columns, missing


def repeated(table: Table) -> list[str | Sentence]:
    """Return what stands twice: a header, or a column under two of its names."""
    keys = Counter(filter(None, table.keys))
    twice: list[str | Sentence] = sorted(key for key in keys if keys[key] > 1)
    for column in table.layout.columns.values():
        for names in column.keys:
            both = [name for name in dict.fromkeys(names) if name in keys]
            if len(both) > 1:
                pair = Sentence("{names}（同一列的两种写法）", names="和".join(both))
                twice.append(pair)
    return twice


def title_of(layout: Layout) -> Sentence:
    """Return a layout as messages call it."""
    platform = platforms().get(layout.platform)
    names = {"platform": platform.label if platform else "", "layout": layout.label}
    return Sentence("{platform}“{layout}”", **names)
