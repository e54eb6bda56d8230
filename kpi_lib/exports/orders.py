"""
Orders of a shop, line by line: counted and added up, nothing personal kept.

An order export has a record for each line of an order (sub-order). Orders are distinct
order numbers; money is added line by line. The export tells no time of payment, so
an order counts on the day it was submitted, if it was paid and not refunded when
the file was exported. Recipients, telephones and addresses are columns that are
never looked at, and no cell is ever quoted, so that a shifted one tells nothing.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, pairwise

from kpi_lib import files
from kpi_lib.errors import ExportColumns, Problem
from kpi_lib.exports.grains import Grain, numbered
from kpi_lib.exports.headers import Table
from kpi_lib.exports.record import KEPT, TWICE, Outcome, Row, Wrong
from kpi_lib.exports.rows import DailyRow
from kpi_lib.files import WrongValue
from kpi_lib.language import N_, Sentence

# Days without an order that are still 0; after more, the file is of two parts.
GAP = 31

# Fewer numbers than this may end in zeros by chance; one does once in 10,000.
ROUNDED_IDS = 3

UNPAID = N_("{n}行订单状态是{status}，没有成交，不计")
OF_NO_DAY = N_("{rows}读不出是哪一天的订单，每天的订单和成交额都只知道下限")
OF_A_DAY = N_("{day}有读不懂的行（{rows}），这天的订单和成交额只知道下限")
REFUNDED = N_("{n}行售后状态是{status}，不计")
ENDS_IN_ZEROS = N_("“{column}”第16位起全是0，末几位已被Excel改掉，分不清是几个订单")
IS_ROUNDED = N_("“{column}”是{value}的样子，末几位已被Excel改掉，分不清是几个订单")

_PAID_AT = re.compile("(付款|支付).*时间")
_ID = re.compile(r"[0-9A-Za-z_-]{1,40}", re.ASCII)
_ROUNDED = re.compile(r"-?\d+(\.\d+)?E\+\d+", re.ASCII | re.IGNORECASE)


@dataclass
class _Day:
    """Orders of one day and their money in fen, by the first record that counts."""

    row: int
    orders: int = 0
    fen: int = 0


class Orders(Grain):
    """Lines of orders: they give the orders and the money of each day."""

    def begin(self, table: Table) -> None:
        """Take the words of the declaration."""
        layout = table.layout
        self._table, self._head = table, table.sheet.records[table.header]
        told = (layout.paid, layout.unpaid, layout.standing, layout.refunded)
        words = [frozenset(map(files.plain, of_kind)) for of_kind in told]
        self._paid, self._unpaid, self._standing, self._refunded = words
        self._letters = frozenset("".join(chain(*words)))
        self._lines: dict[str, tuple[str, ...]] = {}
        self._orders: set[str] = set()
        self._days: dict[date, _Day] = {}
        self._left: Counter[tuple[str, str]] = Counter()
        self._long = self._zeros = 0
        # Days of lines whose fate is not known; None for a line without its day.
        self._unsure: dict[date | None, list[int]] = defaultdict(list)

    def take(self, row: Row) -> Outcome:
        """Take a line: it counts, or it is said why not."""
        order, line = self._id(row, "orders"), self._id(row, "id")
        submitted, status, after, money = (
            files.plain(row.cell(role))
            for role in ("date", "status", "after_sales", "gmv")
        )
        content = (order, submitted, status, after, money)
        before = self._lines.setdefault(line, content)
        if before is not content:
            if before == content:
                return TWICE
            why = Sentence("同一个子订单编号出现两次，内容不同")
            raise Wrong(row.header("id"), "", why)
        day = self._day(row, submitted)
        if left := self._not_counted(row, status, after):
            self._days.setdefault(day, _Day(row.record.row))
            return left
        fen = self._fen(row, money)
        sums = self._days.setdefault(day, _Day(row.record.row))
        sums.fen += fen
        if order not in self._orders:
            self._orders.add(order)
            sums.row = sums.row if sums.orders else row.record.row
            sums.orders += 1
        return KEPT._replace(day=day)

    def lose(self, row: Row) -> None:
        """Remember the day of a line that might count and could not be read."""
        try:
            day = self._day(row, files.plain(row.cell("date")))
        except Wrong:
            self._unsure[None].append(row.record.row)
        else:
            self._days.setdefault(day, _Day(row.record.row))
            self._unsure[day].append(row.record.row)

    def finish(self) -> list[Problem]:
        """Give every day its orders and its money; tell how they are counted."""
        if self._long >= ROUNDED_IDS and self._zeros == self._long:
            column = Row(self._table, self._head).header("orders")
            raise _mangled(Sentence(ENDS_IN_ZEROS, column=column))
        for day, sums in self._every_day().items():
            sheet, block = self._table.sheet.name, self._table.block
            values = (("orders", float(sums.orders)), ("gmv", sums.fen / 100))
            place = (self.source, sheet, block, sums.row)
            at_least = not self._unsure.keys().isdisjoint({day, None})
            for metric, value in values:
                row = DailyRow("", day, metric, "", value, "daily", at_least, *place)
                self.daily.append(row)
        findings = []
        for unsure, rows in self._unsure.items():
            what = Sentence(OF_NO_DAY, rows=numbered(rows))
            if unsure:
                what = Sentence(OF_A_DAY, day=unsure, rows=numbered(rows))
            findings.append(Problem(what=what, level="warning"))
        if self._lines:
            findings.append(Problem(what=self._dated(), level="note"))
        for (template, status), lines in sorted(self._left.items()):
            what = Sentence(template, n=lines, status=status)
            findings.append(Problem(what=what, level="note"))
        return findings

    def _dated(self) -> Sentence:
        """Say which day an order counts on, by the columns that the file has."""
        paid_at = next(filter(_PAID_AT.search, self._table.names), "")
        if not paid_at:
            return Sentence("没有付款时间，订单按提交的日子计，以导出时的状态为准")
        template = N_("订单按提交的日子计（“{column}”没有用），以导出时的状态为准")
        return Sentence(template, column=paid_at)

    def _every_day(self) -> dict[date, _Day]:
        """Return the days, and those between them on which nothing was ordered."""
        days = dict(self._days)
        for day, later in pairwise(sorted(self._days)):
            gap = (later - day).days
            if gap <= GAP:
                between = (day + timedelta(days=by) for by in range(1, gap))
                days.update((empty, _Day(self._head.row)) for empty in between)
        return dict(sorted(days.items()))

    def _id(self, row: Row, role: str) -> str:
        cell = row.cell(role)
        text = files.plain(cell).lstrip("'`")
        if isinstance(cell, float) or _ROUNDED.fullmatch(text):
            # Rounded to 15 digits, several orders have become one: no use.
            what = Sentence(IS_ROUNDED, column=row.header(role), value=text[:24])
            raise _mangled(what, Sentence("第{row}行", row=row.record.row))
        if not _ID.fullmatch(text):
            raise Wrong(row.header(role), "", Sentence("不是编号"))
        if role == "orders" and len(text) > 15:
            self._long += 1
            self._zeros += text[15:].strip("0") == ""
        return text

    @staticmethod
    def _day(row: Row, text: str) -> date:
        cell = row.cell("date")
        try:
            return files.moment(cell if isinstance(cell, date) else text).date()
        except WrongValue:
            raise Wrong(row.header("date"), "", Sentence("不是时间")) from None

    @staticmethod
    def _fen(row: Row, text: str) -> int:
        try:
            return round(files.number(text, "money").value * 100)
        except WrongValue:
            raise Wrong(row.header("gmv"), "", Sentence("不是金额")) from None

    def _not_counted(self, row: Row, status: str, after: str) -> Outcome | None:
        if status in self._unpaid:
            self._left[UNPAID, status] += 1
            why = Sentence("订单状态是{status}，没有成交，不计", status=status)
            return Outcome("private", why, row.header("status"))
        if status not in self._paid:
            raise self._unknown(row, "status", status)
        if after in self._refunded:
            self._left[REFUNDED, after] += 1
            why = Sentence("售后状态是{status}，不计", status=after)
            return Outcome("private", why, row.header("after_sales"))
        if not files.is_missing(after) and after not in self._standing:
            raise self._unknown(row, "after_sales", after)
        return None

    def _unknown(self, row: Row, role: str, word: str) -> Wrong:
        # Only what is made of the words known is repeated: a shifted cell might
        # hold somebody's name.
        why = Sentence("不认得的状态")
        if word and len(word) <= 12 and self._letters.issuperset(word):
            why = Sentence("不认得的状态“{status}”", status=word)
        return Wrong(row.header(role), "", why)


def _mangled(what: Sentence, place: str = "") -> ExportColumns:
    do = Sentence("重新下载，直接放入；不要用Excel打开后保存")
    return ExportColumns.of(what, place=place, do=do)
