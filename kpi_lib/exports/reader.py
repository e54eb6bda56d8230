"""
An export, recognised by its header and read by its declaration.

Columns are found by name, never by position or by the file's name. A row that
cannot be read is data: it goes to quarantine with its column, value and reason.
A file that cannot be read is an exception. Every row has one line in the ledger.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from itertools import chain, compress, pairwise, repeat
from operator import not_
from pathlib import Path
from typing import Literal, NamedTuple

from kpi_lib import files
from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.days import days_of
from kpi_lib.errors import LedgerError, Problem
from kpi_lib.exports import columns, orders
from kpi_lib.exports.columns import Columns
from kpi_lib.exports.recognise import Match, recognise
from kpi_lib.files import (
    MANUAL,
    Cell,
    Column,
    Layout,
    Number,
    Order,
    Platform,
    Record,
    Sheet,
    WrongValue,
    header_key,
    layouts,
    platforms,
)

__all__ = [
    "Column",
    "DailyRow",
    "Export",
    "Layout",
    "LedgerRow",
    "Platform",
    "PostRow",
    "layouts",
    "platforms",
    "read",
]

Fate = Literal[
    "kept", "duplicate", "total", "blank", "header", "preamble", "note", "outside",
    "private", "quarantined", "conflict",
]  # fmt: skip

Basis = Literal["daily", "level", "manual"]

TOTALS = frozenset(
    [
        *["累计", "合计", "总计", "总和", "汇总", "小计", "全部", "平均", "日均"],
        *["均值", "平均值", "total", "totals", "grandtotal", "sum", "average"],
    ]
)
"""First words of rows that sum up others, as `header_key` writes them."""

_TOTALS = tuple(sorted(TOTALS))

NOTE_STARTS = re.compile(r"注|备注|说明|提示|数据来源|来源|\*|#|※")
SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)

MANY_DAYS = 10
"""A daily figure that grows so many days in a row by chance: one in 10!."""

PERCENT_OF = {"completion_rate": "video", "read_completion": "article"}
"""Rates that only one kind of post has; on the other kind the cell is no value."""


class DailyRow(NamedTuple):
    """
    One value of one day.

    Parameters
    ----------
    account : str
        Empty unless the file itself names it.
    date : date
        The day.
    metric, part : str
        Metric of the catalogue; its stream, or empty.
    value : float
        In the metric's unit.
    basis : {"daily", "level", "manual"}
        A flow of the day, a level on the day, or written down by hand.
    censored : bool
        True for "at least so many".
    source, sheet : str
        Where it stands.
    block, row : int
        Table within the sheet; row as a spreadsheet shows it.
    """

    account: str
    date: date
    metric: str
    part: str
    value: float
    basis: Basis
    censored: bool
    source: str
    sheet: str
    block: int
    row: int


class PostRow(NamedTuple):
    """
    One post with its counters on the day of download.

    Parameters
    ----------
    post : str
        Key that stays the same over downloads.
    title : str
        Its title, possibly empty.
    published_at : datetime
        Midnight where the file tells only the day.
    kind : {"article", "video", "micro", ""}
        What it is.
    status : str
        As the platform writes it.
    metrics : dict of str to float
        Counters and rates (fractions); a missing one is absent.
    censored : frozenset of str
        Metrics whose value is "at least so many".
    source, sheet : str
        Where it stands.
    block, row : int
        Table within the sheet; row as a spreadsheet shows it.
    """

    post: str
    title: str
    published_at: datetime
    kind: str
    status: str
    metrics: dict[str, float]
    censored: frozenset[str]
    source: str
    sheet: str
    block: int
    row: int


class LedgerRow(NamedTuple):
    """
    What became of one row of a file.

    Parameters
    ----------
    source, sheet : str
        Where it stands.
    block, row : int
        Table within the sheet; row as a spreadsheet shows it.
    line : int or None
        First line of the record in a CSV.
    fate : str
        See `Fate`.
    reason : str
        A sentence, where the fate needs one.
    column, raw : str
        Column and value in question, where there is one.
    """

    source: str
    sheet: str
    block: int
    row: int
    line: int | None
    fate: Fate
    reason: str
    column: str
    raw: str


# As _make does, without its way through Python: half of what a plain file costs.
_daily_row: Callable[[Iterable[object]], DailyRow] = partial(tuple.__new__, DailyRow)
_ledger_row: Callable[[Iterable[object]], LedgerRow] = partial(tuple.__new__, LedgerRow)


@dataclass(frozen=True)
class Export:
    """
    An export that was read.

    Parameters
    ----------
    source : str
        The file, relative to the workspace.
    layout, platform : str
        Ids. A file filled in by hand has the platform that was asked for.
    encoding : str
        Encoding of text; empty for workbooks.
    created, modified : date or None
        Days in the workbook's properties, true or not (see the layout).
    daily : list of DailyRow
        Values of the month.
    other : list of DailyRow
        Values of other months; their rows have the fate ``outside``.
    posts : list of PostRow
        Posts, of whatever month.
    ledger : list of LedgerRow
        One row for every row of every sheet.
    findings : list of Problem
        What a reader should know, none of it an error.
    """

    source: str
    layout: str
    platform: str
    encoding: str
    created: date | None
    modified: date | None
    daily: list[DailyRow]
    other: list[DailyRow]
    posts: list[PostRow]
    ledger: list[LedgerRow]
    findings: list[Problem]


def read(
    path: Path, *, month: str, platform: str | None = None, source: str | None = None
) -> Export:
    """
    Read an export.

    Parameters
    ----------
    path : Path
        The file.
    month : str
        Month whose days are kept, ``2026-10``.
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
    source = path.name if source is None else source
    if streamed := orders.from_csv(path, platform=platform, source=source):
        return _orders(streamed, month)
    book = files.read(path, where=source)
    found = recognise(book, platform, source)
    layout = found[0].layout
    if layout.grain == "orders":
        return _orders(_orders_of(book, found[0], source), month)
    reading = _Reading(source, month, layout)
    for sheet in book.sheets:
        before = len(reading.ledger)
        reading.findings.extend(sheet.notices)
        blocks = [match for match in found if match.sheet.name == sheet.name]
        for match in blocks:
            plain = columns.read(match) if len(found) == 1 else None
            reading.table(match, plain)
        if not blocks:
            reading.aside(sheet)
        # Side by side every record stands in each of the tables.
        times = len(layout.beside) or 1 if blocks else 1
        rows = len(reading.ledger) - before
        if rows != book.records[sheet.name] * times:
            raise LedgerError(source, book.records[sheet.name], rows)
    reading.tell()
    return Export(
        source=source,
        layout=layout.id,
        platform=layout.platform or platform or "",
        encoding=book.encoding,
        created=book.created,
        modified=book.modified,
        daily=reading.daily,
        other=reading.other,
        posts=reading.posts,
        ledger=reading.ledger,
        findings=reading.findings,
    )


# -------------------------------------------------------------------- orders


def _orders_of(book: files.Book, match: Match, source: str) -> orders.Orders:
    return orders.from_book(
        book,
        match.layout,
        match.sheet,
        match.header,
        match.columns,
        source=source,
    )


def _orders(found: orders.Orders, month: str) -> Export:
    """Read a file of orders: its lines into the ledger, its days into values."""
    source, sheet = found.source, found.sheet
    ledger = [
        LedgerRow(source, one.sheet, 0, one.row, one.line, one.fate, one.reason,
                  one.column, "")
        for one in found.entries(month)
    ]  # fmt: skip
    for name, records in found.records.items():
        rows = sum(row.sheet == name for row in ledger)
        if rows != records:
            raise LedgerError(source, records, rows)
    values_ = [
        DailyRow("", day, metric, "", value, "daily", False, source, sheet, 0, one.row)
        for day, one in found.days.items()
        for metric, value in (("orders", float(one.orders)), ("gmv", one.fen / 100))
    ]
    return Export(
        source=source,
        layout=found.layout.id,
        platform=found.layout.platform,
        encoding=found.encoding,
        created=found.book.created if found.book else None,
        modified=found.book.modified if found.book else None,
        daily=[row for row in values_ if f"{row.date:%Y-%m}" == month],
        other=[row for row in values_ if f"{row.date:%Y-%m}" != month],
        posts=[],
        ledger=ledger,
        findings=found.findings,
    )


# ------------------------------------------------------------------- reading


class _Wrong(Exception):
    """A row for quarantine."""

    def __init__(self, column: str, raw: str, reason: str) -> None:
        super().__init__(column, raw, reason)
        self.column, self.raw, self.reason = column, raw, reason


class _Outcome(NamedTuple):
    fate: Fate
    reason: str = ""
    column: str = ""
    raw: str = ""


@dataclass
class _Reading:
    """The rows of one file on their way; `table` reads one table of it."""

    source: str
    month: str
    layout: Layout
    daily: list[DailyRow] = field(default_factory=list)
    other: list[DailyRow] = field(default_factory=list)
    posts: list[PostRow] = field(default_factory=list)
    ledger: list[LedgerRow] = field(default_factory=list)
    findings: list[Problem] = field(default_factory=list)
    left: dict[str, list[Match]] = field(default_factory=dict)
    seen: dict[tuple[object, ...], _Row] = field(default_factory=dict)
    told: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    order: Order = ""
    falling: bool = False

    def aside(self, sheet: Sheet) -> None:
        """Account for a sheet that is not the table."""
        for record in sheet.records:
            fate: Fate = "blank" if record.blank else "note"
            reason = "" if record.blank else "这张表没有认得的表头，没有读"
            self._enter(sheet, 0, record, _Outcome(fate, reason))
        if any(not record.blank for record in sheet.records):
            self._find(f"表“{sheet.name}”没有认得的表头，没有读", "note")

    def table(self, match: Match, plain: Columns | None = None) -> None:
        """Read one table: what is plain by columns, any other row by row."""
        sheet = match.sheet
        if plain:
            self._lines(match, sheet.records[: match.header + 1])
            self._columns(match, plain)
        else:
            self._lines(match, sheet.records)
        self._tell_table(match, plain is not None)

    def _columns(self, match: Match, plain: Columns) -> None:
        place = (self.source, match.sheet.name, match.block)
        rows = [record.row for record in plain.records]
        series = []
        for key, numbers in plain.numbers.items():
            metric, _, part = key.partition(":")
            basis = "level" if METRICS[metric].kind == "stock" else "daily"
            what = map(repeat, ("", metric, part, basis, False, *place))
            account, name, stream, of, censored, source, sheet, block = what
            series.append(
                zip(account, plain.days, name, stream, numbers, of, censored, source,
                    sheet, block, rows, strict=False)
            )  # fmt: skip
        first, *_, last = days_of(self.month)
        inside = [first <= day <= last for day in plain.days]
        by_day = [*zip(*series, strict=True)]
        for taken, here in ((self.daily, inside), (self.other, map(not_, inside))):
            taken.extend(map(_daily_row, chain.from_iterable(compress(by_day, here))))
        self.ledger += [
            _ledger_row(
                (*place, row, line, "kept", "", "", "")
                if here
                else (*place, row, line, "outside", f"{day}不在{self.month}", "", "")
            )
            for (row, line, _), day, here in zip(
                plain.records, plain.days, inside, strict=True
            )
        ]
        self.falling = not plain.growing(MANY_DAYS)

    def _lines(self, match: Match, records: Sequence[Record]) -> None:
        sheet = match.sheet
        if "date" in match.columns:
            below = records[match.header + 1 :]
            dates = [_Row(match, record).cell("date") for record in below]
            self.order = files.date_order(dates, self.month)
        for index, record in enumerate(records):
            if record.blank:
                outcome = _Outcome("blank")
            elif index < match.header:
                outcome = _Outcome("preamble", raw=_first(record))
            elif index == match.header or self._is_header(match, record):
                outcome = _Outcome("header")
            else:
                outcome = self._row(match, record)
            self._enter(sheet, match.block, record, outcome)

    def _enter(
        self, sheet: Sheet, block: int, record: Record, outcome: _Outcome
    ) -> None:
        place = (self.source, sheet.name, block, record.row, record.line)
        self.ledger.append(LedgerRow(*place, *outcome))

    @staticmethod
    def _is_header(match: Match, record: Record) -> bool:
        if match.header < 0:
            return False
        head = match.sheet.records[match.header].cells
        return len(record.cells) == len(head) and all(
            header_key(cell) == header_key(name)
            for cell, name in zip(record.cells, head, strict=True)
        )

    def _row(self, match: Match, record: Record) -> _Outcome:
        row = _Row(match, record)
        if match.why:
            return row.not_counted()
        if aside := row.total_or_note():
            return aside
        try:
            row.refuse_width()
            if match.layout.id == MANUAL:
                return self._manual(row)
            if match.layout.grain == "daily":
                return self._daily(row)
            return self._post(row)
        except _Wrong as wrong:
            return _Outcome("quarantined", wrong.reason, wrong.column, wrong.raw)

    def _daily(self, row: _Row) -> _Outcome:
        day = self._day(row)
        found = {
            key: row.number(key) for key in row.match.columns if key in row.metrics
        }
        known = {key: number for key, number in found.items() if number is not None}
        self._remember(row, known.values())
        if self._repeated("", day, *sorted(known.items()), row=row):
            return _Outcome("duplicate", "与前面一行完全相同，只计一次")
        target = self.daily if self._inside(day) else self.other
        for key, number in known.items():
            metric, _, part = key.partition(":")
            basis: Basis = "level" if METRICS[metric].kind == "stock" else "daily"
            target.append(self._value(row, "", day, metric, part, number, basis))
        if target is self.other:
            return _Outcome("outside", f"{day}不在{self.month}")
        return _Outcome("kept", "" if known else "这一天各列都缺数")

    def _manual(self, row: _Row) -> _Outcome:
        day = self._day(row)
        account = row.text("account")
        raw = row.text("metric")
        metric, part = manual_metric(raw)
        if metric not in METRICS:
            raise _Wrong("指标", raw, metric)
        declared = _manual_column(metric)
        number = row.number("value", declared)
        if number is None:
            return _Outcome("kept", "没有填数值", row.header("value"))
        self._remember(row, [number])
        if self._repeated(account, day, metric, part, number.value, row=row):
            return _Outcome("duplicate", "与前面一行完全相同，只计一次")
        target = self.daily if self._inside(day) else self.other
        value = self._value(row, account, day, metric, part, number, "manual")
        target.append(value)
        if target is self.other:
            return _Outcome("outside", f"{day}不在{self.month}")
        return _Outcome("kept")

    def _post(self, row: _Row) -> _Outcome:
        layout = row.match.layout
        status = row.text("status")
        if any(word in status for word in layout.private):
            column = row.header("status")
            return _Outcome("private", "只有作者可见，不计", column, status)
        published = self._published(row)
        kind = row.kind()
        if not kind:
            self.told["体裁不认得，完播率和阅读完成率不计"].append(row.record.row)
        title = row.text("title")
        numbers = {}
        for key in row.match.columns:
            if key in row.metrics and PERCENT_OF.get(key, kind) == kind:
                number = row.number(key)
                if number is not None:
                    numbers[key] = number
                elif files.is_below(row.cell(key)):
                    self.told["比率只写了“小于”（如<0.1%），按缺数处理"].append(
                        row.record.row
                    )
        self._remember(row, numbers.values())
        key = self._post_key(row, published, title)
        if self._repeated(key, title, published, status, *numbers.items(), row=row):
            return _Outcome("duplicate", "与前面一行完全相同，只计一次")
        self.posts.append(
            PostRow(
                post=key,
                title=title,
                published_at=published,
                kind=kind,
                status=status,
                metrics={name: number.value for name, number in numbers.items()},
                censored=frozenset(k for k, n in numbers.items() if n.censored),
                source=self.source,
                sheet=row.match.sheet.name,
                block=row.match.block,
                row=row.record.row,
            )
        )
        return _Outcome("kept")

    def _day(self, row: _Row) -> date:
        cell = row.cell("date")
        try:
            since = row.match.layout.columns["date"].epoch
            if since and (moment := files.epoch(cell, since)):
                return moment.date()
            found = files.day(cell, self.month, self.order)
        except WrongValue as err:
            raise _Wrong(row.header("date"), files.shown(cell), str(err)) from err
        if found.assumed:
            self.told["日期没有写年份或次序，按这个月读"].append(row.record.row)
        return found.value

    @staticmethod
    def _published(row: _Row) -> datetime:
        cell = row.cell("published_at")
        since = row.match.layout.columns["published_at"].epoch
        if since and (moment := files.epoch(cell, since)):
            return moment
        try:
            return files.moment(cell)
        except WrongValue as err:
            column = row.header("published_at")
            raise _Wrong(column, files.shown(cell), str(err)) from err

    def _post_key(self, row: _Row, published: datetime, title: str) -> str:
        cell = row.cell("id")
        exact = not isinstance(cell, float) and not SCIENTIFIC.fullmatch(str(cell))
        if cell is not None and exact:
            return files.plain(cell)
        if cell is not None:
            self.told["编号的末几位被Excel改掉，改用链接或发布时间识别"].append(
                row.record.row
            )
        pattern = self.layout.id_in_link
        if pattern and (match := re.search(pattern, row.text("link"))):
            return ":".join(match.groups())
        return " ".join([f"{published:%Y-%m-%dT%H:%M:%S}", *title.split()])

    def _inside(self, day: date) -> bool:
        return day.isoformat()[:7] == self.month

    def _value(
        self,
        row: _Row,
        account: str,
        day: date,
        metric: str,
        part: str,
        number: Number,
        basis: Basis,
    ) -> DailyRow:
        return DailyRow(
            account=account,
            date=day,
            metric=metric,
            part=part,
            value=number.value,
            basis=basis,
            censored=number.censored,
            source=self.source,
            sheet=row.match.sheet.name,
            block=row.match.block,
            row=row.record.row,
        )

    def _repeated(self, *content: object, row: _Row) -> bool:
        """Return whether an equal row stood before; a differing one is kept."""
        return self.seen.setdefault(content, row) is not row

    def _remember(self, row: _Row, numbers: Iterable[Number]) -> None:
        """Keep in mind what the source rounded or cut."""
        for number in numbers:
            if number.rounded:
                self.told["数值在平台上已经四舍五入（万、千、亿）"].append(
                    row.record.row
                )
            if number.censored:
                self.told["数值只知道下限（如10万+）"].append(row.record.row)

    # ------------------------------------------------------------- findings

    def _find(self, what: str, level: Literal["warning", "note"], do: str = "") -> None:
        self.findings.append(Problem(what=what, where=self.source, do=do, level=level))

    def _tell_table(self, match: Match, plain: bool) -> None:
        if not plain and not any(
            (row.sheet, row.block) == (match.sheet.name, match.block)
            and row.fate not in {"header", "preamble", "blank"}
            for row in self.ledger
        ):
            where = f"表“{match.sheet.name}”" if match.layout.sheets else ""
            self._find(f"{where}只有表头，没有数据", "warning", "确认时间段后重新导出")
        if match.why:
            self.left.setdefault(match.why, []).append(match)
        else:
            self._tell_columns(match, plain)

    def _tell_columns(self, match: Match, plain: bool) -> None:
        unknown = [
            name
            for name in match.names
            if name and header_key(name) not in match.layout.headers
        ]
        if unknown:
            self._find(
                f"没有用到的列：{'、'.join(unknown)}",
                "note",
                f"要用时写进formats里{match.layout.id}的columns，不用时写进ignore",
            )
        # In a plain table every column has its name.
        nameless = [] if plain else _nameless(match)
        if nameless:
            self._find(f"第{'、'.join(nameless)}列有数据却没有列名，没有用到", "note")
        absent = [
            METRICS[key.partition(":")[0]].zh
            for key in match.layout.metric_columns
            if key not in match.columns
        ]
        if absent and not match.layout.any_metric:
            self._find(f"文件里没有这些列，相应指标缺数：{'、'.join(absent)}", "note")

    def tell(self) -> None:
        """Sum up what the tables and rows had to tell."""
        for why, tables_ in self.left.items():
            names = dict.fromkeys(match.sheet.name for match in tables_)
            several = self.layout.sheets and f"表“{'”“'.join(names)}”"
            self._find(f"{several or '认得，'}没有计入：{why}", "note")
        for what, rows in self.told.items():
            self._find(f"{_rows(rows)}{what}", "note")
        grown = [] if self.falling else _never_falling([*self.daily, *self.other])
        for metric in grown:
            self._find(
                f"“{METRICS[metric].zh}”每天都比前一天多，像是累计数而不是当天的数",
                "warning",
                "对照后台核对几天；是累计数就不能相加",
            )
        groups: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row in self.ledger:
            if row.fate == "quarantined":
                groups[row.column, row.reason].append(row.row)
        for (column, reason), rows in groups.items():
            name = f"“{column}”" if column else ""
            self._find(
                f"{_rows(rows)}{name}{reason}，整行没有计入",
                "warning",
                "对照后台改正后重新导出",
            )


@dataclass(frozen=True)
class _Row:
    """One record of a table, its cells by role and metric."""

    match: Match
    record: Record

    @property
    def metrics(self) -> Mapping[str, Column]:
        return self.match.layout.metric_columns

    def header(self, key: str) -> str:
        """Return the header of a column as the file writes it."""
        places = self.match.columns.get(key, ())
        return "＋".join(self.match.names[place] for place in places)

    def cells(self, key: str) -> tuple[Cell, ...]:
        """Return the cells of a column, one unless it is a sum."""
        cells = self.record.cells
        return tuple(
            cells[place] if place < len(cells) else None
            for place in self.match.columns.get(key, ())
        )

    def cell(self, key: str) -> Cell:
        """Return the cell of a column, None where the file has no such column."""
        return next(iter(self.cells(key)), None)

    def text(self, key: str) -> str:
        """Return the text of a cell, trimmed."""
        cell = self.cell(key)
        return "" if cell is None else str(cell).strip()

    def number(self, key: str, column: Column | None = None) -> Number | None:
        """Return the number of a column; None if missing, in one of a sum too."""
        column = column or self.match.layout.columns[key]
        found = []
        for cell in self.cells(key):
            if files.is_missing(cell, column.missing):
                return None
            if column.kind == "percent" and files.is_below(cell):
                return None
            if column.kind in {"text", "date", "datetime"}:
                raise _Wrong(self.header(key), files.shown(cell), "这一列不是数")
            try:
                number = files.number(
                    cell,
                    column.kind,  # type: ignore[arg-type]  # narrowed just above
                    scale=column.scale or "fraction",
                    unit=column.unit,
                    signed=column.signed,
                )
            except WrongValue as err:
                raise _Wrong(self.header(key), files.shown(cell), str(err)) from err
            found.append(number)
        if len(found) == 1:  # as mostly; 0 + makes a minus nought a nought
            return found[0]._replace(value=0 + found[0].value)
        return Number(
            sum(number.value for number in found),
            any(number.censored for number in found),
            any(number.rounded for number in found),
        )

    def kind(self) -> str:
        """Return the post's kind by the words of its column."""
        text = self.text("kind")
        for kind, words in self.match.layout.kinds.items():
            if any(word in text for word in words):
                return kind
        return self.match.layout.default_kind

    def not_counted(self) -> _Outcome:
        """Return the fate of a row of a table of which nothing is counted."""
        if _first(self.record).startswith("#"):
            return _Outcome("preamble", raw=_first(self.record))
        words = (header_key(cell).rstrip(":") for cell in self.record.cells)
        if any(word in TOTALS for word in words):
            return _Outcome("total", "汇总行，不计", raw=_first(self.record))
        return _Outcome("note", self.match.why)

    def total_or_note(self) -> _Outcome | None:
        """Return the fate of a row that is no day and no post."""
        layout = self.match.layout
        key = "date" if layout.grain == "daily" else "published_at"
        dated = not files.is_missing(self.cell(key))
        first = next((c for c in self.record.cells if not files.is_missing(c)), None)
        word = header_key(first).rstrip(":")
        summing = word in TOTALS and (not dated or first == self.cell(key))
        # Google writes the word behind the figures, beyond the last header.
        beyond = self.record.cells[len(self.match.names) :]
        summing |= any(header_key(cell) in TOTALS for cell in beyond)
        # Also 累计（9月1日至9月30日）; no day begins with such a word.
        if layout.grain == "daily":
            summing |= header_key(self.cell(key)).startswith(_TOTALS)
        if summing:
            return _Outcome("total", "汇总行，不计", raw=files.shown(first))
        missing = [files.is_missing(cell) for cell in self.record.cells]
        filled = missing.count(False)
        text = files.plain(first)
        # A lone day without figures is a day, and a broken one is not hidden here.
        alone = filled == 1 and not text[:1].isdigit()
        if alone or (filled <= 2 and not dated and NOTE_STARTS.match(text)):
            return _Outcome("note", "说明文字，不是数据", raw=files.shown(first))
        return None

    def refuse_width(self) -> None:
        """Refuse a CSV row with more or fewer cells than the header."""
        if self.record.line is None:
            return
        width, head = len(self.record.cells), len(self.match.names)
        if width > head and any(c is not None for c in self.record.cells[head:]):
            reason = f"比表头多{width - head}格，可能错列"
        elif width < head:
            reason = f"比表头少{head - width}格，可能被截断"
        else:
            return
        raise _Wrong("", _first(self.record), reason)


def _first(record: Record) -> str:
    cells = (cell for cell in record.cells if not files.is_missing(cell))
    return files.shown(next(cells, None))


def _never_falling(rows: Iterable[DailyRow]) -> list[str]:
    """Return the daily flows that grow on each of many days, as levels do."""
    days: dict[str, dict[date, float]] = defaultdict(dict)
    for row in rows:
        if row.basis == "daily":
            days[row.metric][row.date] = row.value
    found = []
    for metric, values_ in days.items():
        series = [values_[day] for day in sorted(values_)]
        growing = all(one < two for one, two in pairwise(series))
        if len(series) >= MANY_DAYS and growing:
            found.append(metric)
    return found


def _nameless(match: Match) -> list[str]:
    """Return the numbers of columns that hold something under no header."""
    names = match.names
    widest = max((len(one.cells) for one in match.sheet.records), default=0)
    if all(names) and widest <= len(names):
        return []
    filled = {
        place
        for record in match.sheet.records[match.header + 1 :]
        for place, cell in enumerate(record.cells)
        if cell is not None and (place >= len(names) or not names[place])
    }
    return [str(place + 1) for place in sorted(filled)]


def _rows(rows: Sequence[int]) -> str:
    numbers = "、".join(str(row) for row in dict.fromkeys(rows[:8]))
    return f"第{numbers}行" if len(rows) <= 8 else f"第{numbers}等{len(rows)}行"


# ------------------------------------------------------- figures by hand


def manual_metric(text: str) -> tuple[str, str]:
    """
    Return the metric and part that somebody wrote into 指标.

    Parameters
    ----------
    text : str
        Chinese, English or field name; a part in brackets or behind a colon:
        平台收益（视频）, ``revenue:video``.

    Returns
    -------
    tuple of str
        Metric and part; where there is no such metric, the sentence that says
        so, and an empty part.
    """
    key, _, part = header_key(text).rstrip(")").replace("(", ":", 1).partition(":")
    metric = _METRIC_NAMES.get(key, "")
    stream = _STREAM_NAMES.get(part, "")
    if not metric:
        return f"没有“{files.shown(text)}”这个指标，可用：{'、'.join(_FILLABLE)}", ""
    if METRICS[metric].kind == "ratio":
        parts = "、".join(METRICS[p].zh for p in METRICS[metric].parts)
        return f"“{METRICS[metric].zh}”由别的数算出，请填{parts}", ""
    if metric not in _FILLABLE.values():
        return f"“{METRICS[metric].zh}”由程序算出，不能填", ""
    if part and (not stream or metric != "revenue"):
        return f"“{files.shown(text)}”的来源应为{'、'.join(STREAMS.values())}之一", ""
    return metric, stream


_FILLABLE = {
    metric.zh: name
    for name, metric in METRICS.items()
    if metric.kind != "ratio" and name not in {"followers_gain", "followers_opening"}
}
_METRIC_NAMES = {
    header_key(word): name
    for name, metric in METRICS.items()
    for word in (name, metric.zh, metric.en)
}
_STREAM_NAMES = {
    header_key(word): name for name, zh in STREAMS.items() for word in (name, zh)
}


def _manual_column(metric: str) -> Column:
    """Return the grammar of a value written by hand: the metric's own unit."""
    money = METRICS[metric].unit == "CNY"
    return Column(
        kind="money" if money else "count",
        source=("数值",),
        signed=metric in {"net_follows", "revenue", "gmv"},
    )
