"""
An export, recognised by its header and read by its declaration.

Columns are found by name, never by position or by the file's name. A row that
cannot be read is data: it goes to quarantine with its column, value and reason.
A file that cannot be read is an exception. Every row has one line in the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from kpi_lib import files
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import ExportError, LedgerError, Problem
from kpi_lib.exports.grains import Days, Grain, Manual, Posts, numbered
from kpi_lib.exports.headers import Table
from kpi_lib.exports.orders import Orders
from kpi_lib.exports.recognise import UNREAD, recognise
from kpi_lib.exports.record import (
    BLANK,
    HEADER,
    SUMS,
    TORN,
    Outcome,
    Row,
    Wrong,
    first_shown,
)
from kpi_lib.exports.rows import Export, LedgerRow
from kpi_lib.files import MANUAL, Book, Record, Sheet, header_key, layouts
from kpi_lib.grouping import grouped
from kpi_lib.language import N_, Sentence

GRAINS = {"daily": Days, "posts": Posts, "orders": Orders, "none": Grain}


def read(
    path: Path | Book,
    *,
    month: str,
    platform: str | None = None,
    source: str | None = None,
) -> Export:
    """
    Read an export.

    Parameters
    ----------
    path : Path or Book
        The file, or what was read of it.
    month : str
        Where a date lacks its year or its order: it is of this month, ``2026-10``.
    platform : str or None
        Id of the platform that the file must be of; None where unknown.
    source : str or None
        What the file is called in results; its name by default.

    Returns
    -------
    Export
        Its values, its ledger and what is worth telling.

    Raises
    ------
    Unreadable
        If the bytes are no table.
    UnknownExport
        If no declaration knows the header.
    ExportColumns
        If a known layout lacks columns, repeats them, or two layouts fit.
    LedgerError
        If rows are unaccounted for.
    """
    source = getattr(path, "name", "") if source is None else source
    book = path
    if not isinstance(book, Book):
        book = files.read(book, where=source, most=_most(platform))
    try:
        return _of_book(book, month, platform, source)
    except ExportError as refusal:
        refused = type(refusal)(_of_file(source, refusal.problems))
        lost = Outcome("quarantined", refusal.problems[0].what)
        refused.ledger = tuple(
            row for sheet in book.sheets for row in _unread(sheet, lost, source)
        )
        raise refused from None


def _of_file(source: str, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Say of every problem which file it is of."""
    return tuple(replace(problem, where=source) for problem in problems)


def _of_book(book: Book, month: str, platform: str | None, source: str) -> Export:
    tables = recognise(book, platform)
    layout = tables[0].layout
    grain = (Manual if layout.id == MANUAL else GRAINS[layout.grain])(source, month)
    ledger: list[LedgerRow] = []
    findings: list[Problem] = []
    for sheet in book.sheets:
        findings += sheet.notices
        here = [table for table in tables if table.sheet.name == sheet.name]
        rows = list(_sheet(sheet, here, grain, findings))
        # Side by side every record stands in each of the tables.
        times = len(layout.beside) or 1 if here else 1
        if len(rows) != book.records[sheet.name] * times:
            raise LedgerError(source, book.records[sheet.name], len(rows))
        ledger += rows
    findings += _left_out(tables)
    findings += grain.finish()
    findings += _quarantined(ledger)
    return Export(
        source=source,
        layout=layout.id,
        platform=layout.platform or platform or "",
        encoding=book.encoding,
        created=book.created,
        modified=book.modified,
        daily=grain.daily,
        posts=grain.posts,
        ledger=ledger,
        findings=[*_of_file(source, findings)],
    )


def _most(platform: str | None) -> files.Most:
    """Return how many cells a file may have: more where it may be one of orders."""
    orders = any(
        layout.grain == "orders" and platform in {None, layout.platform}
        for layout in layouts().values()
    )
    return files.MOST_ORDER_CELLS if orders else files.MOST_CELLS


# ---------------------------------------------------------------- the ledger


def _sheet(
    sheet: Sheet, tables: list[Table], grain: Grain, findings: list[Problem]
) -> Iterator[LedgerRow]:
    """Account for every record of a sheet; what is told of it goes to findings."""
    if not tables:
        why = Sentence("这张表没有认得的表头，没有读")
        yield from _unread(sheet, Outcome("note", why), grain.source)
        if any(not record.blank for record in sheet.records):
            what = Sentence("表“{sheet}”没有认得的表头，没有读", sheet=sheet.name)
            findings.append(Problem(what=what, level="note"))
    for table in tables:
        if not table.why:
            grain.begin(table)
        data = 0
        for index, record in enumerate(table.sheet.records):
            outcome = _outcome(table, index, record, grain)
            data += outcome.fate not in {"header", "preamble", "blank"}
            if isinstance(grain, Orders):  # nothing of a row of orders is repeated
                outcome = outcome._replace(raw="")
            place = (grain.source, sheet.name, table.block, record.row, record.line)
            yield LedgerRow(*place, *outcome)
        findings += _of_table(table, data)


def _unread(sheet: Sheet, outcome: Outcome, source: str) -> Iterator[LedgerRow]:
    """Give every record of a sheet that is not read its place in the ledger."""
    for record in sheet.records:
        place = (source, sheet.name, 0, record.row, record.line)
        yield LedgerRow(*place, *(BLANK if record.blank else outcome))


def _outcome(table: Table, index: int, record: Record, grain: Grain) -> Outcome:
    if record.blank:
        return BLANK
    if index < table.header:
        return Outcome("preamble", raw=first_shown(record))
    if index == table.header or _is_header(table, record):
        return HEADER
    row = Row(table, record)
    if table.why:
        return row.not_counted()
    if aside := row.total_or_note() or row.of_another_part():
        # Sums, and neither means nor sums of a part.
        if aside.fate == "total" and not SUMS.isdisjoint(row.words):
            grain.add_total(row)
        return aside
    try:
        row.refuse_broken()
        return grain.take(row)
    except Wrong as wrong:
        grain.lose(row)
        return wrong.outcome


def _is_header(table: Table, record: Record) -> bool:
    keys, cells = table.keys, record.cells
    return 0 < len(keys) == len(cells) and all(
        header_key(cell) == key for cell, key in zip(cells, keys, strict=True)
    )


# ------------------------------------------------------------------ findings


def _of_table(table: Table, data: int) -> Iterator[Problem]:
    """Tell of a table without data, and of columns that are not used or not there."""
    layout = table.layout
    if not data:
        what = Sentence("只有表头，没有数据")
        if layout.sheets:
            what = Sentence("表“{sheet}”只有表头，没有数据", sheet=table.sheet.name)
        do = Sentence("确认时间段后重新导出")
        yield Problem(what=what, do=do, level="warning")
    if table.why:
        return
    unknown = [
        name for name in table.names if name and header_key(name) not in layout.headers
    ]
    if unknown:
        what = Sentence("没有用到的列：{columns}", columns=unknown)
        do = Sentence(
            "要用时写进formats里{layout}的columns，不用时写进ignore", layout=layout.id
        )
        yield Problem(what=what, do=do, level="note")
    if nameless := _nameless(table):
        what = Sentence("第{numbers}列有数据却没有列名，没有用到", numbers=nameless)
        yield Problem(what=what, level="note")
    absent = [
        METRICS[key.partition(":")[0]].label
        for key in layout.metric_columns
        if key not in table.columns
    ]
    if absent and not layout.any_metric:
        what = Sentence("文件里没有这些列，相应指标缺数：{metrics}", metrics=absent)
        yield Problem(what=what, level="note")


def _nameless(table: Table) -> list[int]:
    """Return the numbers of columns that hold something under no header."""
    names = table.names
    filled = {
        place
        for record in table.sheet.records[table.header + 1 :]
        if len(record.cells) > len(names) or not all(names)
        for place, cell in enumerate(record.cells)
        if cell is not None and (place >= len(names) or not names[place])
    }
    return [place + 1 for place in sorted(filled)]


def _left_out(tables: list[Table]) -> Iterator[Problem]:
    """Tell once of the tables that are known and not counted, and why."""
    yield from (_not_read(table) for table in tables if table.why is UNREAD)
    known = [table for table in tables if table.why and table.why is not UNREAD]
    sheets = grouped((table.why, table.sheet.name) for table in known)
    for why, names in sheets.items():
        what = Sentence("认得，没有计入：{why}", why=why)
        if tables[0].layout.sheets:
            sheet = "”“".join(dict.fromkeys(names))
            what = Sentence("表“{sheet}”没有计入：{why}", sheet=sheet, why=why)
        yield Problem(what=what, level="note")


def _not_read(table: Table) -> Problem:
    """Tell of a second table in a sheet, of which nothing is known."""
    what = Sentence(
        "第{row}行起是另一张表（表头：{names}），不认得，没有读",
        row=table.sheet.records[0].row,
        names=[name for name in table.names if name],
    )
    do = Sentence("分成两个文件再放入；新的导出用kpi formats learn起草一份声明")
    return Problem(what=what, place=table.sheet.name, do=do, level="warning")


def _quarantined(ledger: list[LedgerRow]) -> Iterator[Problem]:
    """Tell of the rows that do not count, or not wholly, by column and reason."""
    wrong = [row for row in ledger if row.fate in {"quarantined", "partial"}]
    groups = grouped(((row.fate, row.column, row.reason), row.row) for row in wrong)
    for (fate, column, why), numbers in groups.items():
        rows = numbered(numbers)
        what = Sentence("{rows}{why}，整行没有计入", rows=rows, why=why)
        if column:
            template = N_("{rows}“{column}”{why}，整行没有计入")
            if fate == "partial":
                template = N_("{rows}“{column}”{why}，只有这一格没有计入")
            what = Sentence(template, rows=rows, column=column, why=why)
        do = Sentence("对照后台改正后重新导出")
        if why == TORN:
            do = Sentence("重新下载；核对过是完整的，就在文件末尾补一个换行")
        if why.startswith("不认得的状态"):
            do = Sentence("对照后台核对；新的状态写进formats/doudian.yml的对应一栏")
        yield Problem(what=what, do=do, level="warning")
