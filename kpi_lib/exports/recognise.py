"""
Which export a file is, by its headers alone.

The header stands within the first dozen rows. Names are compared in one width,
without space and case; what a layout requires must be there, nothing may be
there twice, and what fits two layouts is refused. Where a layout says that a file
holds several tables, each becomes a sheet of its own, told by its block.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import NamedTuple, NoReturn

from kpi_lib import files
from kpi_lib.errors import ExportColumns, Problem, UnknownExport
from kpi_lib.files import (
    MANUAL,
    Layout,
    Record,
    Sheet,
    header_key,
    layouts,
    platforms,
)
from kpi_lib.language import Sentence

HEADER_WITHIN = 12
"""Preambles seen are at most ten lines long (Google Analytics)."""

FEW = 12
"""So many layouts a problem may name; no platform has as many."""


@dataclass(frozen=True)
class Table:
    """
    A table that a layout knows.

    Its own part of a sheet of several tables; `header` is the index of the header's
    record (-1 where it has none that is known), `columns` the positions of every role
    and metric that the file has, `known` how many of its headers the layout knows,
    `block` its place in the sheet, `why` the reason why nothing of it is counted.
    """

    sheet: Sheet
    header: int
    layout: Layout
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    known: int = 0
    block: int = 0
    why: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header as written, without what surrounds it."""
        if self.header < 0:
            return ()
        return tuple(map(files.plain, self.sheet.records[self.header].cells))


class _Fit(NamedTuple):
    """How a row of headers fits a layout; wholly, where nothing is wrong."""

    columns: dict[str, tuple[int, ...]]
    known: int
    missing: list[str]
    extra: list[str]

    @property
    def whole(self) -> bool:
        return not (self.missing or self.extra)


def recognise(book: files.Book, platform: str | None, source: str) -> list[Table]:
    """
    Find the tables of a file by their headers, or refuse it.

    Returns
    -------
    list of Table
        Several of one file only where its layout says so, or where filled in by hand.
    """
    every = list(layouts().values())
    allowed = [
        layout
        for layout in every
        if platform is None or layout.platform in {platform, ""}
    ]
    tables = _tables(book, allowed, source)
    if not tables:
        _refuse_unknown(book, allowed, every, source)
    by_hand = {table.layout.id for table in tables} == {MANUAL}
    if len(tables) > 1 and not (by_hand or tables[0].layout.arranged):
        names = [f"“{table.sheet.name}”" for table in tables]
        raise _columns(
            Sentence("{sheets}都像是要读的表，不知该取哪一张", sheets=names),
            source,
            Sentence("只留下一张，或分成几个文件"),
        )
    return tables


def _columns(
    what: Sentence, source: str, do: Sentence, place: str = ""
) -> ExportColumns:
    return ExportColumns((Problem(what=what, where=source, place=place, do=do),))


def _tables(book: files.Book, allowed: Sequence[Layout], source: str) -> list[Table]:
    """Every table that is known; layouts of several tables are looked for first."""
    for layout in allowed:
        if layout.arranged and (tables := _arranged(book, layout, source)):
            return tables
    plain = [layout for layout in allowed if not layout.arranged]
    return [
        table
        for sheet in book.sheets
        if (table := _sheet_table(sheet, plain, source)) is not None
    ]


def _arranged(book: files.Book, layout: Layout, source: str) -> list[Table]:
    if layout.sheets:
        names = {header_key(sheet.name) for sheet in book.sheets}
        if names.isdisjoint(map(header_key, layout.sheets)):
            return []
        return [
            _sheet_table(sheet, [layout], source)
            or Table(sheet, -1, layout, why=_why(layout))
            for sheet in book.sheets
        ]
    cut = _beside if layout.beside else _stacked
    return [table for sheet in book.sheets for table in cut(sheet, layout, source)]


def _beside(sheet: Sheet, layout: Layout, _: str) -> list[Table]:
    """Tables side by side: one for each run of headers without a gap."""
    for index, record in enumerate(sheet.records[:HEADER_WITHIN]):
        runs = [
            [place for place, _ in run]
            for filled, run in groupby(
                enumerate(record.cells), lambda cell: bool(header_key(cell[1]))
            )
            if filled
        ]
        heads = [{header_key(record.cells[place]) for place in run} for run in runs]
        if len(runs) != len(layout.beside) or not all(
            head.issuperset(map(header_key, table.needs))
            for head, table in zip(heads, layout.beside, strict=True)
        ):
            continue
        # A table reaches to where the next begins, so that no cell is lost.
        starts = [0, *(run[0] for run in runs[1:])]
        stops = [*starts[1:], None]
        return [
            Table(
                sheet=replace(
                    sheet,
                    records=tuple(
                        record._replace(cells=record.cells[start:stop])
                        for record in sheet.records
                    ),
                ),
                header=index,
                layout=layout,
                block=block,
                why=Sentence(table.why),
            )
            for block, (table, start, stop) in enumerate(
                zip(layout.beside, starts, stops, strict=True)
            )
        ]
    return []


def _stacked(sheet: Sheet, layout: Layout, source: str) -> list[Table]:
    """Tables one above the other: each from its first row to the next one's."""
    records = sheet.records
    firsts = [_first_key(record) for record in records]
    titles = {header_key(title) for title in layout.titles}
    opening = tuple(map(header_key, layout.opens_with))
    if titles:
        starts = [at for at, first in enumerate(firsts) if first in titles]
        # One such word alone may be anything.
        if len(starts) < 2 or starts[0] >= HEADER_WITHIN:
            return []
    else:
        if not any(first.startswith(opening) for first in firsts[:HEADER_WITHIN]):
            return []
        starts = [
            at
            for at, record in enumerate(records)
            if (at == 0 or records[at - 1].blank or firsts[at - 1].startswith("#"))
            and not (record.blank or firsts[at].startswith("#"))
        ]
    begins = [0, *starts[1:]]
    ends = [*starts[1:], len(records)]
    tables = []
    for block, begin in enumerate(begins):
        part = replace(sheet, records=records[begin : ends[block]])
        header = starts[block] - begin
        fit = _fit(layout, part, part.records[header])
        if layout.grain == "none" or not fit.whole:
            table = Table(part, header, layout, block=block, why=_why(layout))
        else:
            table = Table(part, header, layout, fit.columns, fit.known, block)
            _refuse_repeated(table, source)
        tables.append(table)
    return tables


def _first_key(record: Record) -> str:
    """Return the first thing that stands in a row, as headers are compared."""
    return next(filter(None, map(header_key, record.cells)), "")


def _sheet_table(sheet: Sheet, allowed: Sequence[Layout], source: str) -> Table | None:
    for index, record in enumerate(sheet.records[:HEADER_WITHIN]):
        fits = [
            (fit, layout)
            for layout in allowed
            if (fit := _fit(layout, sheet, record)).whole
        ]
        if not fits:
            continue
        # What was only heard of never stands in the way of what was seen.
        fits = [(fit, layout) for fit, layout in fits if layout.confirmed] or fits
        best = max(fit.known for fit, _ in fits)
        (fit, layout), *more = [pair for pair in fits if pair[0].known == best]
        if more:
            names = [_title(layout), *(_title(other) for _, other in more)]
            raise _columns(
                Sentence("表头同样符合几种导出：{layouts}", layouts=names),
                source,
                Sentence("把文件放进账号的文件夹，平台就确定了"),
                _place(sheet, record),
            )
        why = _why(layout) if layout.grain == "none" else ""
        table = Table(sheet, index, layout, fit.columns, fit.known, why=why)
        _refuse_repeated(table, source)
        return table
    return None


def _refuse_repeated(table: Table, source: str) -> None:
    """Refuse a table in which a column stands twice."""
    record = table.sheet.records[table.header]
    repeated = _repeated(table.layout, record)
    if not repeated:
        return
    raise _columns(
        Sentence("列名重复：{columns}", columns=repeated),
        source,
        Sentence("重新导出，不要合并几个文件"),
        _place(table.sheet, record),
    )


def _fit(layout: Layout, sheet: Sheet, record: Record) -> _Fit:
    """Find the layout's columns in a row, and what does not fit."""
    places: dict[str, int] = {}
    for place, cell in enumerate(record.cells):
        places.setdefault(header_key(cell), place)
    places.pop("", None)
    known = len(layout.headers & places.keys())
    if not known:
        return _Fit({}, 0, [Sentence("任意一列")], [])
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
        files.plain(record.cells[place])
        for key, place in places.items()
        if layout.closed and key not in layout.headers
    ]
    return _Fit(columns, known, missing, extra)


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


def _repeated(layout: Layout, record: Record) -> list[str | Sentence]:
    """Return what stands twice: a header, or a column under two of its names."""
    keys = Counter(filter(None, map(header_key, record.cells)))
    repeated: list[str | Sentence] = sorted(key for key in keys if keys[key] > 1)
    for column in layout.columns.values():
        for names in column.keys:
            both = [name for name in dict.fromkeys(names) if name in keys]
            if len(both) > 1:
                pair = Sentence("{names}（同一列的两种写法）", names="和".join(both))
                repeated.append(pair)
    return repeated


def _refuse_unknown(
    book: files.Book,
    allowed: Sequence[Layout],
    every: Sequence[Layout],
    source: str,
) -> NoReturn:
    """Say what the file is not: another platform's, a layout changed, or unknown."""
    for table in _tables(book, every, source):
        title = _title(table.layout)
        what = Sentence("这是{layout}，不是这个账号的平台导出的", layout=title)
        do = Sentence("放进对应账号的文件夹")
        raise UnknownExport((Problem(what=what, where=source, do=do),))
    near = [
        (fit, layout, sheet, record)
        for layout in allowed
        for sheet in book.sheets
        for record in sheet.records[:HEADER_WITHIN]
        if (fit := _fit(layout, sheet, record)).known
    ]
    if not near:
        few = "、".join(map(_title, allowed)) if len(allowed) <= FEW else ""
        big5 = Sentence("像是Big5（繁体）编码：在Excel里另存为“CSV UTF-8”再放入")
        learn = Sentence("新的导出用kpi formats learn起草一份声明")
        problem = Problem(
            what=Sentence("没有认得的表头"),
            where=source,
            expected=few,
            do=big5 if _looks_big5(book) else learn,
        )
        raise UnknownExport((problem,))
    fit, layout, sheet, record = max(
        near, key=lambda near: (near[0].known, -len(near[0].missing))
    )
    problem = Problem(
        what=_nearest(layout, fit),
        where=source,
        place=_place(sheet, record),
        do=Sentence(
            "导出时勾选全部列；平台改了列名时，在formats里补别名，"
            "或用kpi formats learn起草一份声明"
        ),
    )
    # Two headers and most of what is required: the layout it is meant to be.
    if fit.known >= 2 and len(fit.missing) <= fit.known:
        raise ExportColumns((problem,))
    raise UnknownExport((problem,))


def _nearest(layout: Layout, fit: _Fit) -> Sentence:
    """Say which layout a file is nearest to, and what is different."""
    title, missing, extra = _title(layout), fit.missing, fit.extra
    if missing and extra:
        return Sentence(
            "最接近{layout}，缺少列：{columns}，多出列：{extra}",
            layout=title,
            columns=missing,
            extra=extra,
        )
    if missing:
        return Sentence(
            "最接近{layout}，缺少列：{columns}", layout=title, columns=missing
        )
    if extra:
        return Sentence(
            "最接近{layout}，多出列：{columns}", layout=title, columns=extra
        )
    # Its columns are there, but not what tells one account's from others.
    if layout.sheets:
        return Sentence(
            "最接近{layout}，缺少表：{sheets}", layout=title, sheets=layout.sheets
        )
    if layout.beside:
        return Sentence("最接近{layout}，缺少空列：各表之间", layout=title)
    if layout.opens_with:
        return Sentence(
            "最接近{layout}，缺少开头几行：{lines}",
            layout=title,
            lines=layout.opens_with,
        )
    return Sentence("最接近{layout}", layout=title)


def _looks_big5(book: files.Book) -> bool:
    """Return whether text read as GB18030 is likelier Big5, for the advice only."""
    if book.encoding != "gb18030":
        return False
    cells = (cell for record in book.sheets[0].records[:2] for cell in record.cells)
    text = "".join(str(cell) for cell in cells if cell is not None)
    try:
        again = text.encode("gb18030").decode("big5")
    except UnicodeError:
        return False
    wide = [ch for ch in again if ch > "\x7f"]
    # Its first half holds the common characters; GB text hardly falls into it.
    common = all(ch.encode("big5")[0] <= 0xC6 for ch in wide)
    return len(wide) >= 4 and common


def _why(layout: Layout) -> Sentence:
    return Sentence(layout.why)


def _title(layout: Layout) -> str:
    platform = platforms().get(layout.platform)
    return f"{platform.name}“{layout.name}”" if platform else f"“{layout.name}”"


def _place(sheet: Sheet, record: Record) -> Sentence:
    if sheet.name:
        return Sentence("{sheet}第{row}行", sheet=sheet.name, row=record.row)
    return Sentence("第{row}行", row=record.row)
