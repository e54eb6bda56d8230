"""
The month's cards as tables for a spreadsheet: cards in, bytes out.

The same cards give the same bytes. No text is ever a formula; the workbook's sums
are formulas, each written with its value for viewers that do not calculate.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from kpi_lib.inputs import STATUS
from kpi_lib.language import N_, _, spoken

if TYPE_CHECKING:
    import pandas as pd

Card = Mapping[str, Any]

SCORE_COLUMNS = (
    "month", "operator", "name", "group", "item", "item_name", "measure",
    "measure_name", "points", "possible", "rated", "score", "status", "value",
    "target", "note",
)  # fmt: skip

PROPOSED_COLUMNS = (
    "operator", "metric", "name", "platform", "period", "unit", "baseline", "months",
    "value", "low", "middle", "high", "gain_low", "gain_middle", "gain_high",
    "growth_low", "growth_middle", "growth_high", "last_year", "method", "note",
)  # fmt: skip

BONUS = N_("加分")
"""The bonus among the items, and what it is called; no id of a plan."""

PENDING, EXCLUDED = STATUS["pending"], STATUS["excluded"]


def tables(cards: Sequence[Card]) -> dict[str, bytes]:
    """
    Return the files of all operators that stand beside their pages.

    Parameters
    ----------
    cards : sequence of dict
        The month's cards, in roster order.

    Returns
    -------
    dict of str to bytes
        By file name.
    """
    cards = [spoken(card) for card in cards]
    return {
        "scores.csv": scores_csv(cards),
        "scores.xlsx": scores_xlsx(cards),
        "targets.proposed.csv": proposed_csv(cards),
    }


# Tables of text.


def scores_csv(cards: Iterable[Card]) -> bytes:
    """
    Return scores.csv: one row per operator and measure, bonus measures last.

    Parameters
    ----------
    cards : iterable of dict
        The month's cards, in roster order.

    Returns
    -------
    bytes
        UTF-8 with a BOM; the columns are `SCORE_COLUMNS`.
    """
    rows = [
        {
            **measure,
            "month": card["month"],
            "operator": card["operator"],
            "name": card["name"],
            "group": item["group"],
            "item": item["id"],
            "item_name": item["name"],
            "measure": measure["id"],
            "measure_name": measure["name"],
        }
        for card in cards
        for item in [*card["items"], *_bonus(card)]
        for measure in item["measures"]
    ]
    return _csv(SCORE_COLUMNS, rows)


def proposed_csv(cards: Iterable[Card]) -> bytes:
    """
    Return targets.proposed.csv: next month's proposals of all operators.

    Parameters
    ----------
    cards : iterable of dict
        The month's cards, in roster order.

    Returns
    -------
    bytes
        UTF-8 with a BOM; the columns are `PROPOSED_COLUMNS`.
    """
    rows = [
        {**proposal, "operator": card["operator"]}
        for card in cards
        for proposal in card.get("proposals") or ()
    ]
    return _csv(PROPOSED_COLUMNS, rows)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(columns)
    table.writerows([harmless(row.get(name)) for name in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def harmless(cell: object) -> str:
    """
    Return a cell's text so that no spreadsheet takes it for a formula.

    Parameters
    ----------
    cell : object
        Text, a number, or None.

    Returns
    -------
    str
        Numbers as they are, text that begins like a formula with ``'`` before it.
    """
    text = "" if cell is None else str(cell)
    begins = text.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    return f"'{text}" if begins and not _NUMBER.fullmatch(text) else text


_NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(%?)")


def _bonus(card: Card) -> list[dict[str, Any]]:
    """Return the bonus as one more item, if the plan has any."""
    bonus = card.get("bonus")
    if not bonus:
        return []
    return [
        {"group": "", "id": BONUS, "kpi": _(BONUS), "name": _(BONUS), "weight": ""}
        | {"weight_span": 1, "points": bonus["cap"], "measures": bonus["measures"]}
        | {"detail": [_("总分之外，最多加{n}分。", n=bonus["cap"])]}
    ]


# The workbook.

CREATED = datetime(2026, 1, 1)
"""A fixed day: the workbook would else carry the moment it was written."""

FONT = {"font_name": "微软雅黑", "font_size": 10, "font_scheme": "none"}
LINE, TALLEST = 15, 409
"""Points of a line of text, and the highest row that Excel has."""

LONGEST_NAME, LONGEST_TEXT, LONGEST_HEADER = 31, 32_767, 100
"""UTF-16 units: Excel's most for a sheet's name and a cell, ours in a page's head."""

SUMMARY = N_("汇总")

COLUMNS = (
    (N_("KPI指标"), 10), (N_("量化KPI"), 10), (N_("具体内容"), 56), (N_("分值"), 6),
    (N_("权重"), 7), (N_("评分"), 8), (N_("量化指标"), 19), (N_("数值"), 13),
    (N_("目标"), 13), (N_("得分算式"), 34), (N_("可得分"), 8), (N_("得分"), 8),
    (N_("状态"), 11), (N_("说明"), 30),
)  # fmt: skip
"""The plan's own table, then its measures: titles and widths in digits."""

FIGURES = ("分值", "权重", "评分", "数值", "目标", "可得分", "得分")
SUMS = (N_("总分"), N_("可得分"), N_("已评分"), N_("得分率"))

_AT = {title: at for at, (title, _width) in enumerate(COLUMNS)}
_HEAD, _FIRST = 2, 3
"""Rows of a card's sheet, from 0: its column titles, its first measure."""

_CELL = {"valign": "top", "text_wrap": True, "bottom": 1, "bottom_color": "#d9d8d2"}
_TEXT = {**_CELL, "align": "left", "indent": 1}
_FIGURE = {**_CELL, "align": "right"}
_TOTAL = {**_FIGURE, "bold": True}
_HEADING = {
    "bold": True,
    "valign": "top",
    "text_wrap": True,
    "bg_color": "#fcfbf8",
    "bottom": 1,
}
_POINTS, _SCORE, _SHARE = "General", "0.00", "0.00%"


class Cell(NamedTuple):
    """Where a formula stands, its value, and how that is shown."""

    place: str
    value: float | str
    form: str


def scores_xlsx(cards: Sequence[Card]) -> bytes:
    """
    Return scores.xlsx: a summary, then the score card of each operator.

    Parameters
    ----------
    cards : sequence of dict
        The month's cards, in roster order.

    Returns
    -------
    bytes
        The workbook. Sums are formulas, the summary's cells refer to the sheets of
        the operators; what is pending or excluded is a word, which sums pass over.
    """
    content = io.BytesIO()
    book = _book(content, _("KPI评分"))
    taken = [_(SUMMARY)]
    summary = _Sheet(book, taken[0])
    found = []
    for card in cards:
        taken.append(sheet_name(f"{card['operator']} {card['name']}", taken))
        cells = _CardSheet(_Sheet(book, taken[-1]), card).write()
        found.append((taken[-1], cells))
    _summarise(summary, cards, found)
    book.close()
    return content.getvalue()


def _book(content: io.BytesIO, title: str) -> Any:
    """Open a workbook in which no text becomes a formula, a link or a number."""
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": FONT,
    }
    book = xlsxwriter.Workbook(content, options)
    book.set_properties({"title": title, "created": CREATED})
    return book


def sheet_name(text: str, taken: Collection[str]) -> str:
    r"""
    Return a sheet's name that Excel takes and no other sheet has.

    Parameters
    ----------
    text : str
        What to call it.
    taken : collection of str
        Names of other sheets; Excel tells them apart without regard to case.

    Returns
    -------
    str
        At most 31 UTF-16 units, without ``[]:*?/\\'`` and control characters.
    """
    plain = "".join(" " if c in "[]:*?/\\'" else c for c in text if c.isprintable())
    plain = " ".join(plain.split()) or _(SUMMARY)
    known = {name.casefold() for name in taken}
    name, number = _cut(plain, LONGEST_NAME), 1
    while name.casefold() in known:
        number += 1
        name = f"{_cut(plain, LONGEST_NAME - len(str(number)) - 1)}~{number}"
    return name


def _cut(text: str, most: int) -> str:
    """Keep at most so many UTF-16 units, which is what Excel counts."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").rstrip()


class _Sheet:
    """A sheet with one way to write text, one for numbers, one for formulas."""

    def __init__(self, book: Any, name: str) -> None:
        self.sheet = book.add_worksheet(name)
        self._add = cache(lambda *look: book.add_format(dict(look)))

    def form(self, look: Mapping[str, Any]) -> Any:
        """Return the workbook's format of a look."""
        return self._add(*look.items())

    def text(self, row: int, at: int, text: object, look: Mapping[str, Any]) -> None:
        self.sheet.write_string(
            row, at, _cut(harmless(text), LONGEST_TEXT), self.form(look)
        )

    def number(self, row: int, at: int, number: Decimal, look: dict[str, Any]) -> None:
        self.sheet.write_number(row, at, float(number), self.form(look))

    def shown(self, row: int, at: int, text: str, unit: str = "") -> None:
        """Write what a reader is shown: a number as one, with its unit."""
        match = _NUMBER.fullmatch(text)
        if match is None:
            self.text(row, at, text, _FIGURE)
            return
        number, percent = Decimal(match[1]), match[2]
        whole = number == number.to_integral_value()
        form = "0%" if whole else "0.00%"
        if not percent:
            form = f'General"{unit}"' if unit else _POINTS
        number = number / 100 if percent else number
        self.number(row, at, number, {**_FIGURE, "num_format": form})

    def formula(
        self,
        row: int,
        at: int,
        formula: str,
        cell: Cell,
        look: Mapping[str, Any] = _TOTAL,
    ) -> Cell:
        """Write a formula with its value; return where it stands."""
        form = self.form({**look, "num_format": cell.form})
        self.sheet.write_formula(row, at, formula, form, cell.value)
        return cell._replace(place=xl_rowcol_to_cell(row, at))

    def merged(self, first: int, last: int, at: int) -> None:
        """Make one cell of several rows, to be written into."""
        if last > first:
            self.sheet.merge_range(first, at, last, at, "", self.form(_TEXT))

    def across(self, row: int, last: int, text: str) -> None:
        """Write text over the columns up to the last one."""
        self.sheet.merge_range(row, 0, row, last, "", self.form(_TEXT))
        self.text(row, 0, text, _TEXT)

    def head(
        self,
        row: int,
        columns: Iterable[tuple[str, int]],
        figures: Collection[str],
    ) -> None:
        """Write the titles of the columns, keep them in sight and on every page."""
        high = 1
        for at, (title, width) in enumerate(columns):
            high = max(high, _lines(title, width + 1))
            self.sheet.set_column(at, at, width)
            side = {"align": "right"} if title in figures else {"align": "left"}
            self.text(row, at, title, {**_HEADING, **side, "indent": 1})
        self.sheet.repeat_rows(row)
        self.sheet.set_row(row, _high(high))

    def page(self, left: str, right: str) -> None:
        """Set up the print: A4 across, as wide as one page, named on each."""
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        named = _cut(left, LONGEST_HEADER).replace("&", "&&")
        self.sheet.set_header(f"&L{named}&R{right.replace('&', '&&')}")
        self.sheet.set_footer(
            "&C" + _("第{page}页，共{pages}页", page="&P", pages="&N")
        )


class _CardSheet:
    """The score card of one operator: the plan's rows, their measures, the sums."""

    def __init__(self, sheet: _Sheet, card: Card) -> None:
        self.sheet, self.card, self.row = sheet, card, _FIRST
        # An item of nothing but bonus measures has no row of its own.
        self.items = [item for item in card["items"] if item["measures"]]

    def write(self) -> dict[str, Cell]:
        """Write it; return the cells that the summary shows, by name or item id."""
        self._top()
        items = {item["id"]: self._item(item) for item in self.items}
        last = self.row - 1
        bonus = {item["id"]: self._item(item) for item in _bonus(self.card)}
        sums = self._sums(last, list(bonus.values()))
        for flag in self.card.get("flags", ()):
            self._remark(flag)
        self.sheet.page(f"{self.card['name']} {self.card['month']}", _state(self.card))
        return sums | items | bonus

    def _top(self) -> None:
        card, sheet = self.card, self.sheet
        title = _("{name} {month} KPI评分卡", name=card["name"], month=card["month"])
        sheet.text(0, 0, title, {"bold": True, "font_size": 14, "indent": 1})
        sheet.sheet.set_row(0, 26)
        sheet.sheet.set_row(1, 22)
        plan, grade = card["plan"], card["grade"]
        told = [
            _state(card),
            _("等级{grade}", grade=grade) if grade else "",
            _("考核计划{id}第{version}版", id=plan["id"], version=plan["version"]),
            _("运营编号{id}", id=card["operator"]),
        ]
        sheet.text(1, 0, _("，").join(one for one in told if one), {"indent": 1})
        columns = [(_(title), width) for title, width in COLUMNS]
        sheet.head(_HEAD, columns, [_(title) for title in FIGURES])
        sheet.sheet.freeze_panes(_FIRST, 0)

    def _item(self, item: Card) -> Cell:
        """Write an item over the rows of its measures; return its score's cell."""
        sheet, first = self.sheet, self.row
        last = first + len(item["measures"]) - 1
        detail = "\n".join(_detail(item))
        for at in range(_AT["评分"] + 1):
            if at != _AT["权重"]:
                sheet.merged(first, last, at)
        groups = {one["id"]: one["name"] for one in self.card["groups"]}
        sheet.text(first, 0, groups.get(item["group"], item["group"]), _TEXT)
        sheet.text(first, 1, item["kpi"], _TEXT)
        sheet.text(first, 2, detail, _TEXT)
        sheet.shown(first, _AT["分值"], item["points"])
        self._weight(item)
        for measure in item["measures"]:
            self._measure(measure)
        self._heights(first, item["measures"], detail)
        return self._earned(first, last, item)

    def _weight(self, item: Card) -> None:
        """Write a weight over the items that it is the weight of."""
        items = [*self.card["items"], *_bonus(self.card)]
        at = [one["id"] for one in items].index(item["id"])
        span = items[at : at + item["weight_span"]]
        if span:
            rows = sum(len(one["measures"]) for one in span)
            self.sheet.merged(self.row, self.row + rows - 1, _AT["权重"])
            self.sheet.shown(self.row, _AT["权重"], item["weight"])

    def _measure(self, measure: Card) -> None:
        sheet, row, show = self.sheet, self.row, measure["show"]
        value = show["value"] or show["text"]
        state = STATUS[measure["status"]]
        sheet.text(row, _AT["量化指标"], measure["name"], _TEXT)
        sheet.shown(row, _AT["数值"], value, show["unit"])
        sheet.shown(row, _AT["目标"], show["target"], show["unit"])
        sheet.text(row, _AT["得分算式"], measure["rule"]["text"], _TEXT)
        sheet.shown(row, _AT["可得分"], measure["possible"])
        if measure["score"] is None:
            look = {**_FIGURE, "font_color": "#6b6e70"}
            sheet.text(row, _AT["得分"], _(state), look)
        else:
            look = {**_FIGURE, "num_format": _SCORE}
            sheet.number(row, _AT["得分"], Decimal(measure["score"]), look)
        sheet.text(row, _AT["状态"], _(state), _TEXT)
        sheet.text(row, _AT["说明"], measure["note"], _TEXT)
        self.row += 1

    def _heights(self, first: int, measures: Sequence[Card], detail: str) -> None:
        """Make the rows as high as their text, also that of the merged cell."""
        wide = dict(COLUMNS)
        rows = [
            max(
                _lines(measure["name"], wide["量化指标"]),
                _lines(measure["rule"]["text"], wide["得分算式"]),
                _lines(measure["note"], wide["说明"]),
            )
            for measure in measures
        ]
        short = max(0, _lines(detail, wide["具体内容"]) - sum(rows)) / len(rows)
        for at, lines in enumerate(rows, first):
            self.sheet.sheet.set_row(at, _high(lines + short))

    def _earned(self, first: int, last: int, item: Card) -> Cell:
        """Write the sum of an item's measures, of a bonus up to its cap."""
        out = all(one["status"] == "excluded" for one in item["measures"])
        word = _(EXCLUDED if out else PENDING)
        scores = _range("得分", first, last)
        sum_ = f"ROUND(SUM({scores}),2)"
        value = _sum(one["score"] for one in item["measures"])
        if item["id"] == BONUS:
            sum_ = f"MIN({sum_},{_place(first, '分值')})"
            value = None if value is None else min(value, Decimal(item["points"]))
        formula = f'=IF(COUNT({scores})>0,{sum_},"{word}")'
        return self.sheet.formula(
            first, _AT["评分"], formula, _valued(value, _SCORE, word)
        )

    def _sums(self, last: int, bonus: Sequence[Cell]) -> dict[str, Cell]:
        """Write the groups' sums, the total, what was possible and what is rated."""
        card = self.card
        self._groups()
        sum_ = self._sum(_("合计"), _FIRST, last, self.items).place
        added = ",".join([sum_, *(one.place for one in bonus)])
        total = f"ROUND(SUM({added}),2)"
        veto = card.get("veto")
        if veto:
            cap = self._closing(_("一票否决，总分不超过"), "", veto["cap"], _SCORE)
            total = f"MIN({total},{cap.place})"
        possible, scores = _range("可得分", _FIRST, last), _range("得分", _FIRST, last)
        formulas = {
            "总分": (f'=IF(ISNUMBER({sum_}),{total},"{_(PENDING)}")', card["total"]),
            "可得分": (f"=ROUND(SUM({possible}),2)", card["possible"]),
            "已评分": (f'=ROUND(SUMIF({scores},">=0",{possible}),2)', card["rated"]),
        }
        found = {
            title: self._closing(_(title), formula, value, _SCORE)
            for title, (formula, value) in formulas.items()
        }
        rate = f'=IFERROR({found["总分"].place}/{found["可得分"].place},"{_(PENDING)}")'
        return found | {"得分率": self._closing(_("得分率"), rate, _rate(card), _SHARE)}

    def _groups(self) -> None:
        """Write the sum of each group, whose items stand together."""
        first = _FIRST
        for group in self.card["groups"]:
            own = [one for one in self.items if one["group"] == group["id"]]
            end = first + sum(len(item["measures"]) for item in own)
            if own:
                self._sum(_("{group}小计", group=group["name"]), first, end - 1, own)
            first = end

    def _sum(self, title: str, first: int, last: int, items: Sequence[Card]) -> Cell:
        """Write what some items give and what the plan gives for them."""
        points, scores = _range("分值", first, last), _range("评分", first, last)
        formula = f'=IF(COUNT({scores})>0,ROUND(SUM({scores}),2),"{_(PENDING)}")'
        earned = _sum(item["score"] for item in items)
        cell = self._closing(title, formula, earned, _SCORE)
        given = _valued(_sum(item["points"] for item in items), _POINTS)
        row = self.row - 1
        self.sheet.formula(row, _AT["分值"], f"=ROUND(SUM({points}),2)", given)
        return cell

    def _closing(
        self, title: str, formula: str, value: Decimal | str | None, form: str
    ) -> Cell:
        """Write a row below the table: a formula, or a number where there is none."""
        row, at, sheet = self.row, _AT["评分"], self.sheet
        self.row += 1
        for column in ("分值", "权重", "评分"):
            sheet.text(row, _AT[column], "", _TOTAL)
        sheet.text(row, _AT["具体内容"], title, _TOTAL)
        cell = _valued(value, form)
        if formula:
            return sheet.formula(row, at, formula, cell)
        sheet.number(row, at, Decimal(value or 0), {**_TOTAL, "num_format": form})
        return cell._replace(place=_place(row, "评分"))

    def _remark(self, text: str) -> None:
        """Write a line of words over the whole width."""
        width = sum(dict(COLUMNS).values())
        self.sheet.across(self.row, len(COLUMNS) - 1, text)
        self.sheet.sheet.set_row(self.row, _high(_lines(text, width)))
        self.row += 1


def _summarise(
    sheet: _Sheet,
    cards: Sequence[Card],
    found: Sequence[tuple[str, Mapping[str, Cell]]],
) -> None:
    """Write a row per operator, every number a reference to the operator's sheet."""
    every = [item for card in cards for item in card["items"] if item["measures"]]
    every += [item for card in cards for item in _bonus(card)]
    items = {item["id"]: item["name"] for item in every}
    titles = {title: _(title) for title in SUMS} | items
    words = ((_("编号"), 12), (_("姓名"), 16), (_("状态"), 16), (_("等级"), 10))
    figures = tuple(titles.values())
    sheet.head(0, (*words, *((title, 11) for title in figures)), figures)
    for row, (card, (name, cells)) in enumerate(zip(cards, found, strict=True), 1):
        told = (card["operator"], card["name"], _state(card), card["grade"])
        for at, text in enumerate(told):
            sheet.text(row, at, text, _TEXT)
        for at, key in enumerate(titles, len(words)):
            if key in cells:
                look = _TOTAL if key == SUMS[0] else _FIGURE
                formula = f"='{name}'!{cells[key].place}"
                sheet.formula(row, at, formula, cells[key], look)
        high = max(
            _lines(text, wide) for text, (_title, wide) in zip(told, words, strict=True)
        )
        sheet.sheet.set_row(row, _high(high))
    sheet.sheet.freeze_panes(1, 2)
    sheet.sheet.autofilter(0, 0, len(cards), len(words) + len(titles) - 1)
    sheet.page(_("KPI评分汇总"), cards[0]["month"] if cards else "")


def _state(card: Card) -> str:
    state = _("终稿") if card["final"] else _("暂定")
    return _("{state}，一票否决", state=state) if card.get("veto") else state


def _detail(item: Card) -> list[str]:
    """Return the plan's wording of an item, each line with its English below."""
    beside = item.get("detail_beside") or [""] * len(item["detail"])
    pairs = zip(item["detail"], beside, strict=True)
    return [line for pair in pairs for line in pair if line]


def _rate(card: Card) -> Decimal | None:
    possible = Decimal(card["possible"])
    return Decimal(card["total"]) / possible if card["total"] and possible else None


def _sum(numbers: Iterable[str | None]) -> Decimal | None:
    """Add up what is rated; None if nothing is."""
    rated = [Decimal(number) for number in numbers if number is not None]
    return sum(rated, Decimal(0)) if rated else None


def _valued(value: Decimal | str | None, form: str, word: str = "") -> Cell:
    return Cell("", (word or _(PENDING)) if value is None else float(value), form)


def _place(row: int, title: str) -> str:
    return str(xl_rowcol_to_cell(row, _AT[title]))


def _range(title: str, first: int, last: int) -> str:
    return f"{_place(first, title)}:{_place(last, title)}"


def _lines(text: str, width: int) -> int:
    """Return how many lines text takes in a column so many digits wide."""
    return sum(
        ceil(sum(1 + (east_asian_width(c) in "WFA") for c in part) / (width - 2)) or 1
        for part in text.split("\n")
    )


def _high(lines: float) -> float:
    return min(lines * LINE + 3, TALLEST)


# Frames: any table, a sheet each.

WIDEST, NARROWEST = 40, 9
"""Digits that a column of a frame is wide."""

MOST_ROWS = 1_048_575
"""Rows that a sheet holds below its head."""


def frames_xlsx(
    frames: Mapping[str, pd.DataFrame], forms: Mapping[str, str], title: str
) -> bytes:
    """
    Return a workbook with one sheet a frame.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        By the sheet's name.
    forms : mapping of str to str
        Excel's number format by column; others are shown as they are.
    title : str
        Of the workbook.

    Returns
    -------
    bytes
        Numbers and dates as such, missing ones as empty cells, text never a formula;
        the head stays in sight and filters. The same bytes for the same frames.

    Raises
    ------
    ValueError
        More rows than a sheet holds.
    """
    content = io.BytesIO()
    book = _book(content, title)
    taken: list[str] = []
    for name, frame in frames.items():
        if len(frame) > MOST_ROWS:
            raise ValueError(f"{name}有{len(frame)}行，一张工作表最多{MOST_ROWS}行")
        taken.append(sheet_name(name, taken))
        sheet = _Sheet(book, taken[-1])
        columns = [(str(column), _wide(frame[column])) for column in frame]
        sheet.head(0, columns, ())
        for at, column in enumerate(frame):
            look = {"num_format": form} if (form := forms.get(str(column))) else {}
            _column(sheet, at, frame[column], look)
        sheet.sheet.freeze_panes(1, 0)
        sheet.sheet.autofilter(0, 0, max(len(frame), 1), max(len(columns) - 1, 0))
    book.close()
    return content.getvalue()


def _column(sheet: _Sheet, at: int, cells: pd.Series, look: dict[str, Any]) -> None:
    """Write one column; what is missing stays empty."""
    known = cells.notna().to_numpy()
    # One format a column: half a million cells have no time to look theirs up.
    plain, day = sheet.form(look), sheet.form(_DATE | look)
    write = sheet.sheet
    for row, cell in zip(known.nonzero()[0] + 1, cells[known].tolist(), strict=True):
        if isinstance(cell, bool):
            write.write_string(row, at, "是" if cell else "", plain)
        elif isinstance(cell, int | float | Decimal):
            write.write_number(row, at, float(cell), plain)
        elif isinstance(cell, date):
            write.write_datetime(row, at, cell, day)
        elif cell != "":
            write.write_string(row, at, _cut(harmless(cell), LONGEST_TEXT), plain)


_DATE = {"num_format": "yyyy-mm-dd", "align": "left"}


def _wide(column: pd.Series) -> int:
    # A column of width 3 gives a line a digit: as many as the text is wide.
    cells = [_lines(str(cell), 3) for cell in column.head(200)]
    return min(max(len(str(column.name)) + 3, NARROWEST, *cells), WIDEST)
