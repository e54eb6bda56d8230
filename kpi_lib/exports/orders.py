"""
Orders of a shop, line by line: counted and added up, nothing personal kept.

An order export has a record for each line of an order (sub-order), and may have a
million of them: it is read as it streams in, never as a whole. Orders are distinct
order numbers; money is added line by line. The export tells no time of payment, so
an order counts on the day it was submitted, if it was paid and not refunded when
the file was exported. Recipients, telephones and addresses are columns that are
never looked at, and no cell is ever quoted, so that a shifted one tells nothing.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import os
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Literal, NamedTuple

from kpi_lib import files
from kpi_lib.errors import ExportColumns, Problem, Unreadable
from kpi_lib.files import Book, Cell, Layout, Sheet, WrongValue, header_key, layouts

SIZE_CAP = 1 << 30
"""Bytes of an order file; other files have the cap of `kpi_lib.files.tables`."""

ROWS_CAP = 1_500_000
"""Records of an order file: so many are read in about 0.6 GiB of memory."""

LINE_CAP = 1 << 20
HEAD, HEADER_WITHIN = 1 << 16, 12

TOTALS = frozenset(["合计", "总计", "汇总", "小计", "累计", "total"])
GAP = 31
"""Days without an order that are still 0; after more, the file is of two parts."""

ROUNDED_IDS = 3
"""Fewer numbers than this may end in zeros by chance; one does once in 10,000."""

Fate = Literal[
    "kept", "duplicate", "total", "blank", "header", "preamble", "note", "outside",
    "private", "quarantined",
]  # fmt: skip

_ID = re.compile(r"[0-9A-Za-z_-]{1,40}", re.ASCII)
_ROUNDED = re.compile(r"-?\d+(\.\d+)?E\+\d+", re.ASCII | re.IGNORECASE)
_YUAN = re.compile(r"(\d{1,9})(?:\.(\d{1,2}))?", re.ASCII)
_TIME = re.compile(
    r"\d{4}-\d\d-\d\d (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.0)?", re.ASCII
)


class Entry(NamedTuple):
    """
    What became of one record.

    Parameters
    ----------
    sheet : str
        Where it stands.
    row : int
        As a spreadsheet shows it.
    line : int or None
        First line of the record in a CSV.
    fate : str
        As in `kpi_lib.exports`; ``private`` for an order that does not count.
    reason, column : str
        Why, and by which column. The cell itself is not repeated.
    day : date or None
        The day of an order that counts.
    """

    sheet: str
    row: int
    line: int | None
    fate: Fate
    reason: str = ""
    column: str = ""
    day: date | None = None


@dataclass
class Day:
    """
    The orders of one day.

    Parameters
    ----------
    row : int
        First record that counts, else first of the day; that of the header for a
        day without any.
    orders : int
        Distinct orders that count.
    fen : int
        Their money.
    """

    row: int
    orders: int = 0
    fen: int = 0


class _Table(NamedTuple):
    """A header that was found, and how its file is written."""

    layout: Layout
    places: dict[str, int]
    names: tuple[str, ...]
    row: int
    encoding: str = ""
    delimiter: str = ","


class _Wrong(Exception):
    """A record for quarantine."""

    def __init__(self, reason: str, column: str = "") -> None:
        super().__init__(reason, column)
        self.reason, self.column = reason, column


@dataclass
class Orders:
    """
    An order file on its way; `entries` reads it, and then `days` is filled.

    Parameters
    ----------
    source : str
        What problems call it.
    layout : Layout
        Its declaration.
    encoding : str
        Encoding of text; empty for workbooks.
    days : dict of date to Day
        From the first day with an order of any kind to the last: a day between
        them on which nothing was sold is known to be 0.
    findings : list of Problem
        What a reader should know.
    records : dict of str to int
        Records of each sheet, by a counter that shares nothing with the reader.
    """

    source: str
    table: _Table
    stream: BinaryIO | None = None
    book: Book | None = None
    sheet: str = ""
    days: dict[date, Day] = field(default_factory=dict)
    findings: list[Problem] = field(default_factory=list)
    records: dict[str, int] = field(default_factory=dict)

    @property
    def layout(self) -> Layout:
        """The declaration that knows the header."""
        return self.table.layout

    @property
    def encoding(self) -> str:
        """Encoding of text; empty for workbooks."""
        return self.book.encoding if self.book else self.table.encoding

    def entries(self) -> Iterator[Entry]:
        """
        Read the file, record by record.

        Yields
        ------
        Entry
            One for each record, in the file's order.
        """
        tally = _Tally(self.source, self.table)
        if self.book is not None:
            yield from self._of_book(self.book, tally)
        elif self.stream is not None:
            with self.stream as stream:
                yield from self._of_csv(stream, tally)
        self.days = tally.every_day()
        self.findings += tally.findings()

    def _of_book(self, book: Book, tally: _Tally) -> Iterator[Entry]:
        for sheet in book.sheets:
            self.findings.extend(sheet.notices)
            self.records[sheet.name] = book.records[sheet.name]
            if sheet.name == self.sheet:
                for record in sheet.records:
                    yield tally.entry(sheet.name, record.row, record.line, record.cells)
            else:
                yield from _aside(sheet)

    def _of_csv(self, stream: BinaryIO, tally: _Tally) -> Iterator[Entry]:
        table = self.table
        lines = _Lines(stream, table, self.source)
        reader = csv.reader(lines, delimiter=table.delimiter, strict=True)
        line = 1
        row = 0
        try:
            for row, fields in enumerate(reader, 1):
                if row > ROWS_CAP:
                    raise _refusal(
                        self.source,
                        f"超过{ROWS_CAP // 10_000}万行",
                        "缩短时间段，分几次导出",
                    )
                yield tally.entry("", row, line, fields)
                line = reader.line_num + 1
        except csv.Error:
            raise _refusal(
                self.source,
                "引号没有配对，或一个单元格过长",
                "重新导出；不要用记事本改导出的文件",
                f"第{line}行",
            ) from None
        if lines.records != row:
            raise _refusal(
                self.source,
                f"两种数法得到的行数不同：{lines.records}和{row}",
                "重新导出",
            )
        self.records[""] = lines.records


def from_csv(path: Path, *, platform: str | None, source: str) -> Orders | None:
    """
    Take a file if it is a CSV of orders.

    Parameters
    ----------
    path : Path
        The file.
    platform : str or None
        Platform that it must be of.
    source : str
        What problems call it.

    Returns
    -------
    Orders or None
        None for everything else, which is then for `kpi_lib.files.tables` to read.

    Raises
    ------
    Unreadable
        If it is an order file beyond the cap, or no regular file.
    """
    known = [
        layout
        for layout in layouts().values()
        if layout.grain == "orders" and platform in {None, layout.platform}
    ]
    if not known:
        return None
    stream = files.open_file(path, where=source)
    with contextlib.ExitStack() as closing:
        closing.enter_context(stream)
        table = _table(stream.read(HEAD), known)
        if table is None:
            return None
        size = os.fstat(stream.fileno()).st_size
        if size > SIZE_CAP:
            raise _refusal(
                source, f"文件有{size >> 20}MB，订单文件上限1024MB", "缩短时间段再导出"
            )
        stream.seek(0)
        closing.pop_all()
    return Orders(source=source, table=table, stream=stream)


def from_book(
    book: Book,
    layout: Layout,
    sheet: Sheet,
    header: int,
    columns: Mapping[str, tuple[int, ...]],
    *,
    source: str,
) -> Orders:
    """
    Take a book whose header was recognised as orders: a CSV saved as a workbook.

    Parameters
    ----------
    book : Book
        The file.
    layout : Layout
        What it was recognised as.
    sheet : Sheet
        The sheet of the orders.
    header : int
        Index of its header's record.
    columns : mapping of str to tuple of int
        Positions of the columns, by role and metric.
    source : str
        What problems call it.

    Returns
    -------
    Orders
        To be read.
    """
    record = sheet.records[header]
    table = _Table(
        layout=layout,
        places={key: places[0] for key, places in columns.items()},
        names=tuple(files.plain(cell) for cell in record.cells),
        row=record.row,
    )
    return Orders(source=source, table=table, book=book, sheet=sheet.name)


def _aside(sheet: Sheet) -> Iterator[Entry]:
    for record in sheet.records:
        reason = "" if record.blank else "这张表没有认得的表头，没有读"
        fate: Fate = "blank" if record.blank else "note"
        yield Entry(sheet.name, record.row, record.line, fate, reason)


# ---------------------------------------------------------------- recognition


def _table(head: bytes, known: Sequence[Layout]) -> _Table | None:
    """Find the header of an order file; None for whatever is not clearly one."""
    if b"\0" in head or b"\n" not in head:
        return None
    bom = head.startswith(codecs.BOM_UTF8)
    for encoding in ("utf-8-sig",) if bom else ("utf-8", "gb18030"):
        # A broken byte further down is told, with its line, when it is come to.
        text = head.decode(encoding, errors="replace")
        for delimiter in files.DELIMITERS:
            found = _header(text, delimiter, known)
            if found is not None:
                return found._replace(encoding=encoding, delimiter=delimiter)
    return None


def _header(text: str, delimiter: str, known: Sequence[Layout]) -> _Table | None:
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter)
    try:
        for row, cells in zip(range(1, HEADER_WITHIN + 1), reader, strict=False):
            for layout in known:
                places = _places(layout, cells)
                if places is not None:
                    names = tuple(files.plain(cell) for cell in cells)
                    return _Table(layout, places, names, row)
    except csv.Error:
        return None
    return None


def _places(layout: Layout, cells: Sequence[str]) -> dict[str, int] | None:
    """Positions of the columns, if each stands there exactly once."""
    keys = [header_key(cell) for cell in cells]
    found = {}
    for role, column in layout.columns.items():
        names = set(map(header_key, column.source))
        at = [place for place, key in enumerate(keys) if key in names]
        if len(at) != 1:
            return None
        found[role] = at[0]
    return found


# -------------------------------------------------------------------- reading


class _Lines:
    """
    The lines of a file, decoded one by one, and its records counted in passing.

    The counter knows quotes but no fields, and shares nothing with the reader.
    """

    def __init__(self, stream: BinaryIO, table: _Table, source: str) -> None:
        self._stream, self._source = stream, source
        self._encoding, self._delimiter = table.encoding, table.delimiter
        field_ = rf'(?:"[^"]*+(?:""[^"]*+)*+"|(?!")[^{table.delimiter}\r\n]*+)'
        self._closed = re.compile(rf"(?:{field_}(?:{table.delimiter}|\r?\n|\r|\Z))*+")
        self._open = ""
        self.records = 0

    def __iter__(self) -> Iterator[str]:
        number = 0
        while raw := self._stream.readline(LINE_CAP + 1):
            number += 1
            place = f"第{number}行"
            if len(raw) > LINE_CAP or len(self._open) > LINE_CAP:
                raise _refusal(
                    self._source,
                    "一行超过1MB，多半是引号没有配对",
                    "重新导出；不要用记事本改导出的文件",
                    place,
                )
            try:
                text = raw.decode(self._encoding if number == 1 else self._further)
            except UnicodeDecodeError as err:
                raise _refusal(
                    self._source,
                    f"这一行的第{err.start + 1}个字节不能按{self._encoding}解读",
                    "文件可能被截断或改坏：重新导出",
                    place,
                ) from None
            if "\0" in text:
                raise _refusal(self._source, "里面有不是文本的内容", "重新导出", place)
            self._count(text)
            yield text
        if self._open:
            self.records += 1

    @property
    def _further(self) -> str:
        # A byte order mark stands at the very start only.
        return self._encoding.removesuffix("-sig")

    def _count(self, line: str) -> None:
        if not self._open and '"' not in line and "\r" not in line[:-2]:
            self.records += 1
            return
        self._open += line
        if self._closed.fullmatch(self._open):
            self.records += files.count_records(self._open, self._delimiter)
            self._open = ""


class _Tally:
    """What is kept of the records: numbers of orders, and sums by day."""

    def __init__(self, source: str, table: _Table) -> None:
        self.source, self.table = source, table
        layout = table.layout
        self._paid, self._unpaid = _words(layout.paid), _words(layout.unpaid)
        self._standing, self._refunded = (
            _words(layout.standing),
            _words(layout.refunded),
        )
        self._vocabulary = frozenset(
            ch
            for word in self._paid | self._unpaid | self._standing | self._refunded
            for ch in word
        )
        self._lines: dict[str, int] = {}
        self._orders: set[str] = set()
        self._days: dict[date, Day] = {}
        self._told: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._left: Counter[str] = Counter()
        self._reasons: dict[str, str] = {}
        self._long = self._zeros = self._data = 0

    def entry(
        self, sheet: str, row: int, line: int | None, cells: Sequence[Cell]
    ) -> Entry:
        """Return what becomes of a record."""
        if not any(cell not in (None, "") for cell in cells):
            return Entry(sheet, row, line, "blank")
        if row < self.table.row:
            return Entry(sheet, row, line, "preamble")
        if row == self.table.row or self._is_header(cells):
            return Entry(sheet, row, line, "header")
        # One object for row and line where they are equal, a million times.
        line = row if line == row else line
        self._data += 1
        try:
            return Entry(sheet, row, line, *self._fate(row, cells))
        except _Wrong as wrong:
            reason = self._reasons.setdefault(wrong.reason, wrong.reason)
            self._told[wrong.column, reason].append(row)
            return Entry(sheet, row, line, "quarantined", reason, wrong.column)

    def _is_header(self, cells: Sequence[Cell]) -> bool:
        places = self.table.places
        return all(
            place < len(cells) and files.plain(cells[place]) == self.table.names[place]
            for place in places.values()
        )

    def _fate(
        self, row: int, cells: Sequence[Cell]
    ) -> tuple[Fate, str, str] | tuple[Fate, str, str, date]:
        if aside := self._aside(cells):
            return aside
        self._refuse_width(cells)
        order, line = self._id("orders", row, cells), self._id("id", row, cells)
        texts = [
            files.plain(cells[self.table.places[role]])
            for role in ("date", "status", "after_sales", "gmv")
        ]
        same = zlib.crc32("\n".join([order, *texts]).encode())
        before = self._lines.get(line)
        if before == same:
            return "duplicate", "与前面一行完全相同，只计一次", ""
        if before is not None:
            raise _Wrong("同一个子订单编号出现两次，内容不同", self._name("id"))
        self._lines[line] = same
        day = self._day(texts[0], cells[self.table.places["date"]])
        if left := self._not_counted(texts[1], texts[2]):
            self._left[left[1]] += 1
            self._days.setdefault(day, Day(row))
            return left
        fen = self._fen(texts[3])
        total = self._days.setdefault(day, Day(row))
        total.fen += fen
        if order not in self._orders:
            self._orders.add(order)
            total.row = total.row if total.orders else row
            total.orders += 1
        return "kept", "", "", day

    def _aside(self, cells: Sequence[Cell]) -> tuple[Fate, str, str] | None:
        filled = [cell for cell in cells if cell not in (None, "")]
        word = header_key(filled[0]).rstrip(":") if len(str(filled[0])) < 12 else ""
        if word in TOTALS:
            return "total", "汇总行，不计", ""
        lone = len(filled) == 1 and not _ID.fullmatch(files.plain(filled[0]))
        return ("note", "说明文字，不是数据", "") if lone else None

    def _refuse_width(self, cells: Sequence[Cell]) -> None:
        width, head = len(cells), len(self.table.names)
        if width > head and any(cell not in (None, "") for cell in cells[head:]):
            raise _Wrong("比表头多几格，可能错列")
        if width < head and (self.table.encoding or width <= max(self._needed)):
            raise _Wrong("比表头少几格，可能被截断")

    @property
    def _needed(self) -> Iterable[int]:
        return self.table.places.values()

    def _name(self, role: str) -> str:
        return self.table.names[self.table.places[role]]

    def _id(self, role: str, row: int, cells: Sequence[Cell]) -> str:
        cell = cells[self.table.places[role]]
        text = files.plain(cell).lstrip("'`")
        if isinstance(cell, float) or _ROUNDED.fullmatch(text):
            # Rounded to 15 digits, several orders have become one: no use.
            raise self._mangled(row, f"“{self._name(role)}”是{text[:24]}的样子")
        if not _ID.fullmatch(text):
            raise _Wrong("不是编号", self._name(role))
        if role == "orders" and len(text) > 15:
            self._long += 1
            self._zeros += text[15:].strip("0") == ""
        return text

    def _mangled(self, row: int, what: str) -> ExportColumns:
        return ExportColumns(
            (
                Problem(
                    what=f"{what}，末几位已被Excel改掉，分不清是几个订单",
                    where=self.source,
                    place=f"第{row}行" if row else "",
                    do="重新下载，直接放入；不要用Excel打开后保存",
                ),
            )
        )

    def _day(self, text: str, cell: Cell) -> date:
        try:
            if _TIME.fullmatch(text):
                return date.fromisoformat(text[:10])
            return files.moment(cell if isinstance(cell, date) else text).date()
        except (WrongValue, ValueError):
            raise _Wrong("不是时间", self._name("date")) from None

    def _fen(self, text: str) -> int:
        if match := _YUAN.fullmatch(text):
            return int(match[1]) * 100 + int((match[2] or "0").ljust(2, "0"))
        try:
            return round(files.number(text, "money").value * 100)
        except WrongValue:
            raise _Wrong("不是金额", self._name("gmv")) from None

    def _not_counted(self, status: str, after: str) -> tuple[Fate, str, str] | None:
        if status in self._unpaid:
            why = f"订单状态是{status}，没有成交，不计"
            return "private", self._reasons.setdefault(why, why), self._name("status")
        if status not in self._paid:
            raise self._unknown(status, "status")
        if after in self._refunded:
            why = f"售后状态是{after}，不计"
            reason = self._reasons.setdefault(why, why)
            return "private", reason, self._name("after_sales")
        if not files.is_missing(after) and after not in self._standing:
            raise self._unknown(after, "after_sales")
        return None

    def _unknown(self, word: str, role: str) -> _Wrong:
        # Only what is made of the words known is repeated: a shifted cell might
        # hold somebody's name.
        known = len(word) <= 12 and self._vocabulary.issuperset(word) and word
        told = f"“{word}”" if known else ""
        return _Wrong(f"不认得的状态{told}", self._name(role))

    # ------------------------------------------------------------- at the end

    def every_day(self) -> dict[date, Day]:
        """Return the days, and those between them on which nothing was ordered."""
        if self._long >= ROUNDED_IDS and self._zeros == self._long:
            raise self._mangled(0, f"“{self._name('orders')}”第16位起全是0")
        if not self._days:
            return {}
        found = dict(self._days)
        for one, two in pairwise(sorted(self._days)):
            gap = (two - one).days
            if gap <= GAP:
                between = (one + timedelta(days=by) for by in range(1, gap))
                found.update((day, Day(self.table.row)) for day in between)
        return dict(sorted(found.items()))

    def findings(self) -> list[Problem]:
        """Return what a reader should know."""
        found = []
        unknown = [
            name
            for name in self.table.names
            if name and header_key(name) not in self.table.layout.headers
        ]
        if unknown:
            found.append(self._problem(f"没有用到的列：{'、'.join(unknown)}"))
        if not self._data:
            found.append(
                self._problem("只有表头，没有数据", "warning", "确认时间段后重新导出")
            )
        else:
            found.append(
                self._problem("没有付款时间，订单按提交的日子计，以导出时的状态为准")
            )
        found += [
            self._problem(f"{count}行{reason}")
            for reason, count in sorted(self._left.items())
        ]
        for (column, reason), rows in self._told.items():
            name = f"“{column}”" if column else ""
            shown = "、".join(map(str, rows[:8]))
            some = f"第{shown}行" if len(rows) <= 8 else f"第{shown}等{len(rows)}行"
            found.append(
                self._problem(
                    f"{some}{name}{reason}，整行没有计入",
                    "warning",
                    "对照后台核对；新的状态写进formats/doudian.yml的对应一栏"
                    if reason.startswith("不认得的状态")
                    else "对照后台改正后重新导出",
                )
            )
        return found

    def _problem(
        self, what: str, level: Literal["warning", "note"] = "note", do: str = ""
    ) -> Problem:
        return Problem(what=what, where=self.source, do=do, level=level)


def _words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(map(files.plain, words))


def _refusal(where: str, what: str, do: str, place: str = "") -> Unreadable:
    return Unreadable((Problem(what=what, where=where, place=place, do=do),))
