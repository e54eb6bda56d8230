"""
Which export a file is, by its headers alone.

The header stands within the first dozen rows. Names are compared in one width,
without space and case; what a layout requires must be there, nothing may be
there twice, and what fits two layouts is refused. Where a layout says that a file
holds several tables, each becomes a sheet of its own, told by its block.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby, pairwise

from kpi_lib import files
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import ExportColumns, ExportError, UnknownExport
from kpi_lib.exports.headers import Table, find_fits, over_two_rows, repeated, title_of
from kpi_lib.files import MANUAL, Layout, Record, Sheet, header_key, layouts
from kpi_lib.language import N_, Sentence

# Preambles seen are at most ten lines long (Google Analytics).
HEADER_WITHIN = 12

# What stands under a header and is none: a number, a share, a date, a time.
_VALUE = re.compile(r"[-+<¥]?\d[\d.,:/%+ 千万亿kw年月日时分秒星T-]*", re.IGNORECASE)

UNREAD = Sentence("表头和上面的表不同，也不认得，这张表没有读")

_TOTALS = (
    "累计 合计 总计 总和 汇总 小计 全部 平均 日均 均值 平均值 "
    "total totals grandtotal sum average gesamt"
)
# First words of rows that sum up others, as `header_key` writes them.
TOTALS = frozenset(_TOTALS.split())

NOTE_STARTS = re.compile(r"注|备注|说明|提示|数据来源|来源|\*|#|※")

# So many layouts a problem may name; no platform has as many.
FEW = 12


def recognise(book: files.Book, platform: str | None) -> list[Table]:
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
    tables = _tables(book, allowed)
    if not tables:
        raise _elsewhere(book, every) or _nearest(book, allowed)
    by_hand = {table.layout.id for table in tables} == {MANUAL}
    names = list(dict.fromkeys(f"“{table.sheet.name}”" for table in tables))
    if len(names) > 1 and not (by_hand or tables[0].layout.arranged):
        raise ExportColumns.of(
            Sentence("{sheets}都像是要读的表，不知该取哪一张", sheets=names),
            do=Sentence("只留下一张，或分成几个文件"),
        )
    return tables


def _tables(book: files.Book, allowed: Sequence[Layout]) -> list[Table]:
    """Every table that is known; layouts of several tables are looked for first."""
    for layout in allowed:
        if layout.arranged and (tables := _arranged(book, layout)):
            return tables
    plain = [layout for layout in allowed if not layout.arranged]
    return [
        part
        for sheet in book.sheets
        if (table := _sheet_table(sheet, plain)) is not None
        for part in _cut(table, plain)
    ]


def _arranged(book: files.Book, layout: Layout) -> list[Table]:
    if layout.sheets:
        names = {header_key(sheet.name) for sheet in book.sheets}
        if names.isdisjoint(map(header_key, layout.sheets)):
            return []
        return [
            _sheet_table(sheet, [layout])
            or Table(sheet, -1, layout, why=Sentence(layout.why))
            for sheet in book.sheets
        ]
    cut = _beside if layout.beside else _stacked
    return [table for sheet in book.sheets for table in cut(sheet, layout)]


def _beside(sheet: Sheet, layout: Layout) -> Iterator[Table]:
    """Tables side by side: one for each run of headers without a gap."""
    for index, record in enumerate(sheet.records[:HEADER_WITHIN]):
        filled = enumerate(map(header_key, record.cells))
        runs = [
            dict(run)
            for named, run in groupby(filled, lambda cell: cell[1] != "")
            if named
        ]
        if len(runs) != len(layout.beside) or not all(
            {*run.values()}.issuperset(map(header_key, table.needs))
            for run, table in zip(runs, layout.beside, strict=True)
        ):
            continue
        # A table reaches to where the next begins, so that no cell is lost.
        starts = [0, *map(min, runs[1:])]
        parts = zip(layout.beside, starts, [*starts[1:], None], strict=True)
        for block, (table, start, stop) in enumerate(parts):
            records = tuple(
                record._replace(cells=record.cells[start:stop])
                for record in sheet.records
            )
            part, head = replace(sheet, records=records), records[index].cells
            why = Sentence(table.why)
            yield Table(part, index, layout, head, block=block, why=why)
        return


def _stacked(sheet: Sheet, layout: Layout) -> Iterator[Table]:
    """Tables one above the other: each from its first row to the next one's."""
    records = sheet.records
    # What stands first in each row, as headers are compared.
    firsts = [next(filter(None, map(header_key, r.cells)), "") for r in records]
    if layout.titles:
        titles = {header_key(title) for title in layout.titles}
        starts = [at for at, first in enumerate(firsts) if first in titles]
        # One such word alone may be anything.
        if len(starts) < 2 or starts[0] >= HEADER_WITHIN:
            return
    else:
        opening = tuple(map(header_key, layout.opens_with))
        if not any(first.startswith(opening) for first in firsts[:HEADER_WITHIN]):
            return
        starts = [
            at
            for at, record in enumerate(records)
            if (at == 0 or records[at - 1].blank or firsts[at - 1].startswith("#"))
            and not (record.blank or firsts[at].startswith("#"))
        ]
    bounds = pairwise([0, *starts[1:], len(records)])
    for block, (start, (begin, end)) in enumerate(zip(starts, bounds, strict=False)):
        part, at = replace(sheet, records=records[begin:end]), start - begin
        table = next(find_fits(part, at, [layout]), None)
        if layout.grain == "none" or table is None or not table.whole:
            why = Sentence(layout.why) if layout.why else _lacks(layout, table)
            yield Table(part, at, layout, records[start].cells, block=block, why=why)
        else:
            yield replace(_settled(table, block), start=_start(firsts[:start], layout))


def _start(firsts: Sequence[str], layout: Layout) -> datetime | None:
    """Return the day that the days of a table count from, by the lines above it."""
    openings = tuple(map(header_key, layout.columns["date"].counts_from))
    days = [key.partition(":")[2] for key in firsts if key.startswith(openings)]
    try:
        return files.moment(days[-1]) if days else None
    except files.WrongValue:  # without it no day is read, and each is told
        return None


def _lacks(layout: Layout, table: Table | None) -> Sentence:
    """Say why a table of a file of several is not counted, by its own header."""
    if table is None:
        metrics = [METRICS[name].label for name in layout.metrics]
        return Sentence("表头里没有日期和{metrics}", metrics=metrics)
    if table.missing:
        return Sentence("表头里没有{columns}", columns=table.missing)
    return Sentence("除了日期还按{columns}分行", columns=table.extra)


def _sheet_table(sheet: Sheet, allowed: Sequence[Layout]) -> Table | None:
    """Take the first row that is the header of a layout, and of one only."""
    records = sheet.records[:HEADER_WITHIN]
    heads = [(at, record.cells) for at, record in enumerate(records)]
    heads += [
        (at, head)
        for at, (above, below) in enumerate(pairwise(records), 1)
        if (head := over_two_rows(above.cells, below.cells))
    ]
    for header, head in heads:
        if table := _best(find_fits(sheet, header, allowed, head)):
            return _settled(table)
    return None


def _best(tables: Iterable[Table]) -> Table | None:
    """Return a row's table by the one layout that it is the header of, if it is."""
    fits = [table for table in tables if table.whole]
    if not fits:
        return None
    # What was only heard of never stands in the way of what was seen.
    fits = [table for table in fits if table.layout.confirmed] or fits
    most = max(table.known for table in fits)
    best, *more = [table for table in fits if table.known == most]
    if more:
        names = [title_of(table.layout) for table in (best, *more)]
        raise ExportColumns.of(
            Sentence("表头同样符合几种导出：{layouts}", layouts=names),
            place=best.place,
            do=Sentence("把文件放进账号的文件夹，平台就确定了"),
        )
    return best


def _cut(table: Table, allowed: Sequence[Layout]) -> Iterator[Table]:
    """Begin another table wherever another header stands below a table's rows."""
    sheet, records = table.sheet, table.sheet.records
    starts = [
        at
        for at in range(table.header + 1, len(records))
        if _is_another_header(table, records[at])
    ]
    bounds = pairwise([0, *starts, len(records)])
    for block, (start, end) in enumerate(bounds):
        part = replace(sheet, records=records[start:end])
        if block == 0:
            yield replace(table, sheet=part)
            continue
        fit = _best(find_fits(part, 0, allowed))
        if fit and fit.layout.grain == table.layout.grain != "orders":
            yield _settled(fit, block)
        else:
            head = records[start].cells
            yield Table(part, 0, table.layout, head, block=block, why=UNREAD)


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


def _settled(table: Table, block: int = 0) -> Table:
    """Return the table under a header, if no column stands twice in it."""
    if twice := repeated(table):
        raise ExportColumns.of(
            Sentence("列名重复：{columns}", columns=twice),
            place=table.place,
            do=Sentence("重新导出，不要合并几个文件"),
        )
    why = Sentence(table.layout.why) if table.layout.grain == "none" else ""
    return replace(table, block=block, why=why)


# ------------------------------------------------------------- what it is not


def _elsewhere(book: files.Book, every: Sequence[Layout]) -> UnknownExport | None:
    """Say that a file is another platform's, if it is."""
    tables = _tables(book, every)
    if not tables:
        return None
    return UnknownExport.of(
        Sentence(
            "表头和{layout}的一样，这个账号的平台没有这样的导出",
            layout=title_of(tables[0].layout),
        ),
        expected=Sentence("这个账号的平台的导出"),
        do=Sentence("确认是哪个账号的，放进它的文件夹"),
    )


def _nearest(book: files.Book, allowed: Sequence[Layout]) -> ExportError:
    """Say which layout a file is nearest to, or that nothing of it is known."""
    fits = [
        fit
        for sheet in book.sheets
        for header in range(min(HEADER_WITHIN, len(sheet.records)))
        for fit in find_fits(sheet, header, allowed)
    ]
    if not fits:
        few = allowed if len(allowed) <= FEW else ()
        names = Sentence("{layouts}", layouts=[*map(title_of, few)])
        what = Sentence("没有认得的表头")
        return UnknownExport.of(what, expected=names, do=_remedy(book))
    order = {layout.id: place for place, layout in enumerate(allowed)}
    fit = max(
        fits, key=lambda fit: (fit.known, -len(fit.missing), -order[fit.layout.id])
    )
    # Two headers and most of what is required: the layout it is meant to be.
    meant = fit.known >= 2 and len(fit.missing) <= fit.known
    error = ExportColumns if meant else UnknownExport
    return error.of(_difference(fit), place=fit.place, do=_towards(fit))


def _remedy(book: files.Book) -> Sentence:
    """Say what to do about a file without any known header, by what it looks like."""
    first = next((at.cells for at in book.sheets[0].records if not at.blank), ())
    cells = [str(cell) for cell in first if cell not in (None, "")]
    if any(_is_garbled(cell) for cell in cells):
        return Sentence("文字成了乱码，多半是在Excel里打开保存过：重新下载，原样放入")
    if any(re.fullmatch(r"[\d.,%:/ -]+", cell) for cell in cells):
        return Sentence("第一行像是数据，表头可能被删了：重新下载，原样放入")
    if _looks_big5(book):
        return Sentence("像是Big5（繁体）编码：在Excel里另存为“CSV UTF-8”再放入")
    return Sentence("新的导出用kpi formats learn起草一份声明")


def _is_garbled(cell: str) -> bool:
    """Return whether a text is UTF-8 that was read as GBK, and written so."""
    if "\ufffd" in cell:
        return True
    try:
        return cell.encode("gbk").decode("utf-8") != cell
    except UnicodeError:
        return False


def _towards(fit: Table) -> Sentence:
    """Say what to do about a file, by how much of its header is known."""
    names = sum(key != "" for key in fit.keys)
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


def _difference(fit: Table) -> Sentence:
    layout = fit.layout
    nearest = (
        (
            fit.missing and fit.extra,
            N_("最接近{layout}，缺少列：{columns}，多出列：{extra}"),
        ),
        (fit.missing, N_("最接近{layout}，缺少列：{columns}")),
        (fit.extra, N_("最接近{layout}，多出列：{columns}")),
        # Its columns are there, but not what tells one account's from others.
        (layout.sheets, N_("最接近{layout}，缺少表：{sheets}")),
        (layout.beside, N_("最接近{layout}，缺少空列：各表之间")),
        (layout.opens_with, N_("最接近{layout}，缺少开头几行：{lines}")),
        (True, N_("最接近{layout}")),
    )
    return Sentence(
        next(template for holds, template in nearest if holds),
        layout=title_of(layout),
        columns=fit.missing or fit.extra,
        extra=fit.extra,
        sheets=layout.sheets,
        lines=layout.opens_with,
    )


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
