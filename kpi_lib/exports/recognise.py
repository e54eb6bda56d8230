"""
Which export a file is, by its headers alone.

The header stands within the first dozen rows. Names are compared in one width,
without space and case; what a layout requires must be there, nothing may be
there twice, and what fits two layouts is refused. Where a layout says that a file
holds several tables, each becomes a sheet of its own, told by its block.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby, pairwise

from kpi_lib import files
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import ExportColumns, Problem, UnknownExport
from kpi_lib.exports.headers import Fit, find_fits, over_two_rows, repeated, title_of
from kpi_lib.files import (
    MANUAL,
    Cell,
    Layout,
    Record,
    Sheet,
    header_key,
    layouts,
)
from kpi_lib.language import N_, Sentence

HEADER_WITHIN = 12
"""Preambles seen are at most ten lines long (Google Analytics)."""

_VALUE = re.compile(r"[-+<¥]?\d[\d.,:/%+ 千万亿kw年月日时分秒星T-]*", re.IGNORECASE)
"""What stands under a header and is none: a number, a share, a date, a time."""

UNREAD = Sentence("表头和上面的表不同，也不认得，这张表没有读")

TOTALS = frozenset(
    [
        *["累计", "合计", "总计", "总和", "汇总", "小计", "全部", "平均", "日均"],
        *["均值", "平均值", "total", "totals", "grandtotal", "sum", "average"],
    ]
)
"""First words of rows that sum up others, as `header_key` writes them."""

NOTE_STARTS = re.compile(r"注|备注|说明|提示|数据来源|来源|\*|#|※")

FEW = 12
"""So many layouts a problem may name; no platform has as many."""


@dataclass(frozen=True)
class Table:
    """
    A table that a layout knows: its own part of a sheet of several.

    `header` is the index of the header's record (-1 where none is known), `columns`
    the places of every role and metric that the file has, `units` those whose header
    tells the unit of its numbers, `block` its place in the sheet, `why` the reason why
    nothing of it is counted; `head` the cells of the header, if not of one record.
    """

    sheet: Sheet
    header: int
    layout: Layout
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    units: dict[int, str] = field(default_factory=dict)
    block: int = 0
    why: str = ""
    head: tuple[Cell, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header as written, without what surrounds it."""
        return tuple(map(files.plain, self._head))

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The header as headers are compared."""
        return tuple(map(header_key, self._head))

    @property
    def _head(self) -> tuple[Cell, ...]:
        if self.header < 0:
            return ()
        return self.head or self.sheet.records[self.header].cells

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
        raise _elsewhere(book, every, source) or _nearest(book, allowed, source)
    by_hand = {table.layout.id for table in tables} == {MANUAL}
    names = list(dict.fromkeys(f"“{table.sheet.name}”" for table in tables))
    if len(names) > 1 and not (by_hand or tables[0].layout.arranged):
        raise _refusal(
            Sentence("{sheets}都像是要读的表，不知该取哪一张", sheets=names),
            source,
            Sentence("只留下一张，或分成几个文件"),
        )
    return tables


def _refusal(
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
        part
        for sheet in book.sheets
        if (table := _sheet_table(sheet, plain, source)) is not None
        for part in _cut(table, plain, source)
    ]


def _arranged(book: files.Book, layout: Layout, source: str) -> list[Table]:
    if layout.sheets:
        names = {header_key(sheet.name) for sheet in book.sheets}
        if names.isdisjoint(map(header_key, layout.sheets)):
            return []
        return [
            _sheet_table(sheet, [layout], source)
            or Table(sheet, -1, layout, why=Sentence(layout.why))
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
    tables = []
    begins, ends = [0, *starts[1:]], [*starts[1:], len(records)]
    for block, (start, begin, end) in enumerate(zip(starts, begins, ends, strict=True)):
        part = replace(sheet, records=records[begin:end])
        fit = next(find_fits(part, start - begin, [layout]), None)
        if layout.grain == "none" or fit is None or not fit.whole:
            why = Sentence(layout.why) if layout.why else _lacks(layout, part, fit)
            tables.append(Table(part, start - begin, layout, block=block, why=why))
        else:
            tables.append(_table(fit, source, block))
    return tables


def _lacks(layout: Layout, sheet: Sheet, fit: Fit | None) -> Sentence:
    """Say why a table of a file of several is not counted, by its own header."""
    metrics = [METRICS[name].label for name in layout.metrics]
    if fit is None:
        return Sentence("表头里没有日期和{metrics}", metrics=metrics)
    if fit.missing:
        return Sentence("表头里没有{columns}", columns=fit.missing)
    return Sentence("除了日期还按{columns}分行", columns=fit.extra)


def _first_key(record: Record) -> str:
    """Return the first thing that stands in a row, as headers are compared."""
    return next(filter(None, map(header_key, record.cells)), "")


def _sheet_table(sheet: Sheet, allowed: Sequence[Layout], source: str) -> Table | None:
    """Take the first row that is the header of a layout, and of one only."""
    records = sheet.records[:HEADER_WITHIN]
    heads = [(at, record.cells) for at, record in enumerate(records)]
    heads += [
        (at, head)
        for at, (above, below) in enumerate(pairwise(records), 1)
        if (head := over_two_rows(above.cells, below.cells))
    ]
    for header, head in heads:
        if fit := _best(sheet, header, head, allowed, source):
            return _table(fit, source)
    return None


def _best(
    sheet: Sheet,
    header: int,
    head: tuple[Cell, ...],
    allowed: Sequence[Layout],
    source: str,
) -> Fit | None:
    """Return the one layout that a row is the header of, if it is one."""
    fits = [fit for fit in find_fits(sheet, header, allowed, head) if fit.whole]
    if not fits:
        return None
    # What was only heard of never stands in the way of what was seen.
    fits = [fit for fit in fits if fit.layout.confirmed] or fits
    most = max(fit.known for fit in fits)
    best, *more = [fit for fit in fits if fit.known == most]
    if more:
        names = [title_of(fit.layout) for fit in (best, *more)]
        raise _refusal(
            Sentence("表头同样符合几种导出：{layouts}", layouts=names),
            source,
            Sentence("把文件放进账号的文件夹，平台就确定了"),
            best.place,
        )
    return best


def _cut(table: Table, allowed: Sequence[Layout], source: str) -> list[Table]:
    """Begin another table wherever another header stands below a table's rows."""
    records = table.sheet.records
    starts = [
        at
        for at in range(table.header + 1, len(records))
        if _is_another_header(table, records[at])
    ]
    if not starts:
        return [table]
    tables = [replace(table, sheet=replace(table.sheet, records=records[: starts[0]]))]
    for block, (start, end) in enumerate(pairwise([*starts, len(records)]), 1):
        part = replace(table.sheet, records=records[start:end])
        fit = _best(part, 0, part.records[0].cells, allowed, source)
        if fit and fit.layout.grain == table.layout.grain != "orders":
            tables.append(_table(fit, source, block))
        else:
            tables.append(Table(part, 0, table.layout, block=block, why=UNREAD))
    return tables


def _is_another_header(table: Table, record: Record) -> bool:
    """Return whether a row names columns, and others than the header above it."""
    place = table.firsts.get("published_at", table.firsts.get("date"))
    if place is None or files.is_missing(next(iter(record.cells[place:]), None)):
        return False  # a post without figures may be all words, but for its time
    words = []
    for cell in record.cells:
        text = files.plain(cell)
        if text and (not isinstance(cell, str) or _VALUE.fullmatch(text)):
            return False
        if not files.is_missing(cell):
            words.append(header_key(cell))
    if len(words) < 2 or words[0].rstrip(":") in TOTALS or NOTE_STARTS.match(words[0]):
        return False
    return words != [key for key in table.keys if key]


def _table(fit: Fit, source: str, block: int = 0) -> Table:
    """Return the table under a header, if no column stands twice in it."""
    layout = fit.layout
    if twice := repeated(layout, fit.head):
        raise _refusal(
            Sentence("列名重复：{columns}", columns=twice),
            source,
            Sentence("重新导出，不要合并几个文件"),
            fit.place,
        )
    why = Sentence(layout.why) if layout.grain == "none" else ""
    return Table(
        fit.sheet, fit.header, layout, fit.columns, fit.units, block, why, fit.head
    )


# ------------------------------------------------------------- what it is not


def _elsewhere(
    book: files.Book, every: Sequence[Layout], source: str
) -> UnknownExport | None:
    """Say that a file is another platform's, if it is."""
    for table in _tables(book, every, source):
        title = title_of(table.layout)
        what = Sentence(
            "表头和{layout}的一样，这个账号的平台没有这样的导出", layout=title
        )
        do = Sentence("确认是哪个账号的，放进它的文件夹")
        expected = Sentence("这个账号的平台的导出")
        problem = Problem(what=what, where=source, expected=expected, do=do)
        return UnknownExport((problem,))
    return None


def _nearest(
    book: files.Book, allowed: Sequence[Layout], source: str
) -> UnknownExport | ExportColumns:
    """Say which layout a file is nearest to, or that nothing of it is known."""
    fits = [
        fit
        for sheet in book.sheets
        for header in range(min(HEADER_WITHIN, len(sheet.records)))
        for fit in find_fits(sheet, header, allowed)
    ]
    if not fits:
        few = "、".join(map(title_of, allowed)) if len(allowed) <= FEW else ""
        big5 = Sentence("像是Big5（繁体）编码：在Excel里另存为“CSV UTF-8”再放入")
        learn = Sentence("新的导出用kpi formats learn起草一份声明")
        problem = Problem(
            what=Sentence("没有认得的表头"),
            where=source,
            expected=few,
            do=big5 if _looks_big5(book) else learn,
        )
        return UnknownExport((problem,))
    order = {layout.id: place for place, layout in enumerate(allowed)}
    fit = max(
        fits, key=lambda fit: (fit.known, -len(fit.missing), -order[fit.layout.id])
    )
    problem = Problem(
        what=_difference(fit),
        where=source,
        place=fit.place,
        do=_towards(fit),
    )
    # Two headers and most of what is required: the layout it is meant to be.
    if fit.known >= 2 and len(fit.missing) <= fit.known:
        return ExportColumns((problem,))
    return UnknownExport((problem,))


def _towards(fit: Fit) -> Sentence:
    """Say what to do about a file, by how much of its header is known."""
    names = sum(bool(header_key(cell)) for cell in fit.head)
    if fit.known * 2 < names:
        return Sentence(
            "表头里{names}个列名只有{known}个对得上，多半是另一个页面的导出："
            "换成要的那份，或用kpi formats learn起草一份声明",
            names=names,
            known=fit.known,
        )
    if fit.extra and not fit.missing:
        return Sentence("导出时不要再按别的维度分列")
    return Sentence(
        "导出时勾选全部列；平台改了列名时，在formats里补别名，"
        "或用kpi formats learn起草一份声明"
    )


def _difference(fit: Fit) -> Sentence:
    layout, missing, extra = fit.layout, fit.missing, fit.extra
    title = title_of(layout)
    if missing and extra:
        return Sentence(
            "最接近{layout}，缺少列：{columns}，多出列：{extra}",
            layout=title,
            columns=missing,
            extra=extra,
        )
    if missing or extra:
        template = (
            N_("最接近{layout}，缺少列：{columns}")
            if missing
            else N_("最接近{layout}，多出列：{columns}")
        )
        return Sentence(template, layout=title, columns=missing or extra)
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
