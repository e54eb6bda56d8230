"""One record of a table: its cells by role and metric, and what is no data in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import NamedTuple, TypeVar

from kpi_lib import files
from kpi_lib.exports.headers import Table
from kpi_lib.exports.recognise import NOTE_STARTS, TOTALS
from kpi_lib.exports.rows import Fate
from kpi_lib.files import Cell, Column, Number, Record, WrongValue, header_key
from kpi_lib.language import Sentence

T = TypeVar("T")

_TOTALS = tuple(TOTALS)
_NTH = re.compile(r"\d{1,4}", re.ASCII)

SUMS = frozenset({"累计", "合计", "总计", "总和", "汇总", "total", "grandtotal", "sum"})


class Outcome(NamedTuple):
    """What becomes of a record: its fate, why, and by which column and value."""

    fate: Fate
    reason: str = ""
    column: str = ""
    raw: str = ""
    day: date | None = None


BLANK, HEADER, KEPT = Outcome("blank"), Outcome("header"), Outcome("kept")
NOTE = Outcome("note", Sentence("说明文字，不是数据"))
TOTAL = Outcome("total", Sentence("汇总行，不计"))
TWICE = Outcome("duplicate", Sentence("与前面一行完全相同，只计一次"))

TORN = Sentence("最后一行没有写完，下载像是中断了")


class Wrong(Exception):
    """A record for quarantine."""

    def __init__(self, column: str, raw: str, reason: Sentence) -> None:
        super().__init__(column, raw, reason)
        self.outcome = Outcome("quarantined", reason, column, raw)


class Row(NamedTuple):
    """One record of a table, its cells by role and metric."""

    table: Table
    record: Record

    def header(self, key: str) -> str:
        """Return the header of a column as the file writes it."""
        places = self.table.columns.get(key, ())
        return "＋".join(self.table.names[place] for place in places)

    def cell(self, key: str) -> Cell:
        """Return the cell of a column, None where the file has no such column."""
        place = self.table.firsts.get(key)
        cells = self.record.cells
        return None if place is None or place >= len(cells) else cells[place]

    def text(self, key: str) -> str:
        """Return the text of a cell, trimmed."""
        cell = self.cell(key)
        return "" if cell is None else str(cell).strip()

    def wrong(self, key: str, error: WrongValue, cell: Cell) -> Wrong:
        """Return the quarantine of a cell outside the grammar."""
        return Wrong(self.header(key), files.shown(cell), error.reason)

    def when(self, key: str, read: Callable[[Cell], T]) -> datetime | T:
        """Return the day or time of a column, as its declaration counts it."""
        cell = self.cell(key)
        unit, start = self.table.layout.columns[key].epoch, self.table.start
        if start and (number := _NTH.fullmatch(files.plain(cell))):
            return start + timedelta(days=int(number[0]))
        if unit and (moment := files.epoch(cell, unit)):
            return moment
        try:
            return read(cell)
        except WrongValue as err:
            raise self.wrong(key, err, cell) from err

    def numbers(self, keys: Iterable[str]) -> tuple[dict[str, Number], Outcome]:
        """Return the numbers of some columns, and what that makes of the row."""
        numbers: dict[str, Number] = {}
        wrong: list[Outcome] = []
        for key in keys:
            try:
                number = self.number(key)
            except Wrong as err:
                wrong.append(err.outcome)
                continue
            if number is not None:
                numbers[key] = number
        return numbers, _partial(wrong) if wrong else KEPT

    def number(self, key: str, column: Column | None = None) -> Number | None:
        """Return the number of a column; None if missing, in one of a sum too."""
        column = column or self.table.layout.columns[key]
        cells = self.record.cells
        total: Number | None = None
        for place in self.table.columns[key]:
            cell = self.table.number_cell(place, cells)
            if files.is_missing(cell, column.missing) or (
                column.kind == "percent" and files.is_below(cell)
            ):
                return None
            try:
                number = files.number(
                    cell,
                    column.kind,  # type: ignore[arg-type]  # a declaration has no other for a metric
                    scale=column.scale or "fraction",
                    unit=column.unit,
                    signed=column.signed,
                )
            except WrongValue as err:
                raise self.wrong(key, err, cell) from err
            total = number if total is None else total.plus(number)
        return total

    def not_counted(self) -> Outcome:
        """Return the fate of a row of a table of which nothing is counted."""
        first = first_shown(self.record)
        if first.startswith("#"):
            return Outcome("preamble", raw=first)
        if not TOTALS.isdisjoint(self.words):
            return TOTAL._replace(raw=first)
        return Outcome("note", self.table.why)

    def total_or_note(self) -> Outcome | None:
        """Return the fate of a row that is no day, no post and no order."""
        posts = self.table.layout.grain == "posts"
        stamp = self.cell("published_at" if posts else "date")
        dated = not files.is_missing(stamp)
        cells = (cell for cell in self.record.cells if not files.is_missing(cell))
        filled = list(islice(cells, 3))  # as many as are asked for below
        first = filled[0] if filled else None
        text = files.plain(first)
        # No word of a sum begins with a digit, as most rows do.
        word = "" if text[:1].isdigit() else header_key(first).rstrip(":")
        summing = word in TOTALS and (not dated or first == stamp)
        # Google writes the word behind the figures, beyond the last header.
        for cell in self.record.cells[len(self.table.names) :]:
            summing |= header_key(cell) in TOTALS
        # Also 累计（9月1日至9月30日）; no day begins with such a word.
        if self.table.layout.grain == "daily":
            summing |= header_key(stamp).startswith(_TOTALS)
        if summing:
            return TOTAL._replace(raw=files.shown(first))
        # A lone day without figures is a day, and a broken one is not hidden here.
        alone = len(filled) == 1 and not text[:1].isdigit()
        if alone or (len(filled) <= 2 and not dated and NOTE_STARTS.match(text)):
            return NOTE._replace(raw=files.shown(first))
        return None

    def of_another_part(self) -> Outcome | None:
        """Return the fate of a row of a part that the declaration does not take."""
        for key, column in self.table.layout.columns.items():
            cell, words = self.cell(key), column.only
            if words and header_key(cell) not in map(header_key, words):
                name = self.header(key)
                why = Sentence("“{column}”只取{words}", column=name, words=words)
                return Outcome("note", why, name, files.shown(cell))
        return None

    @property
    def words(self) -> Iterator[str]:
        """Its cells as the words of sums are compared."""
        return (header_key(cell).rstrip(":") for cell in self.record.cells)

    def refuse_broken(self) -> None:
        """Refuse the row in which a download ends, or a CSV's of another width."""
        cells, head = self.record.cells, len(self.table.names)
        more = 0 if self.record.line is None else len(cells) - head
        if self.record.row == self.table.sheet.torn:
            reason = TORN
        elif more > 0 and any(cell is not None for cell in cells[head:]):
            reason = Sentence("比表头多{n}格，可能错列", n=more)
        elif more < 0:
            reason = Sentence("比表头少{n}格，可能被截断", n=-more)
        else:
            return
        raise Wrong("", first_shown(self.record), reason)


def _partial(wrong: Sequence[Outcome]) -> Outcome:
    """Return the fate of a row of which some cells count and some do not."""
    reasons = list(dict.fromkeys(outcome.reason for outcome in wrong))
    return Outcome(
        "partial",
        reasons[0] if len(reasons) == 1 else Sentence("{reasons:；}", reasons=reasons),
        "、".join(outcome.column for outcome in wrong),
        "、".join(outcome.raw for outcome in wrong),
    )


def first_shown(record: Record) -> str:
    """Return what stands first in a record, as a message quotes it."""
    cells = (cell for cell in record.cells if not files.is_missing(cell))
    return files.shown(next(cells, None))
