"""
The month's cards as tables for a spreadsheet: cards in, bytes out.

The same cards give the same bytes. No text is ever a formula; scores.xlsx has a sheet
an operator, and its sums are formulas, each written with its value for viewers that do
not calculate.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from kpi_lib.inputs import STATUS
from kpi_lib.language import N_, _, spoken
from kpi_lib.run import sheets
from kpi_lib.run.sheets import FIGURE, LOOK, TEXT, TOTAL, Book, Cell, Sheet, lines_of

# Not the typed one of `appraisal`: the process that starts a run imports no frames.
Card = Mapping[str, Any]  # A card, an item or a measure, its texts said

_POINTS, _SCORE, _SHARE = "General", "0.00", "0.00%"

PENDING, EXCLUDED = STATUS["pending"], STATUS["excluded"]


BONUS = N_("加分")  # The bonus among the items, and what it is called; no id of a plan


def rows_of(card: Card) -> list[Card]:
    """Return the items that have measures, and the bonus as one more at last."""
    # An item of nothing but bonus measures has no row of its own.
    rows = [row for row in card["items"] if row["measures"]]
    return [*rows, *_bonus_of(card)]


def _bonus_of(card: Card) -> list[Card]:
    bonus = card.get("bonus")
    if not bonus:
        return []
    names = dict.fromkeys(("kpi", "name"), _(BONUS))
    blank = dict.fromkeys(("group", "weight"), "")
    detail = [_("总分之外，最多加{n}分。", n=bonus["cap"])]
    row = {"id": BONUS, "points": bonus["cap"], "weight_span": 1, "detail": detail}
    return [{**bonus, **names, **blank, **row}]


def tables(cards: Sequence[Card]) -> dict[str, bytes]:
    """Return the files of all operators that stand beside their pages."""
    cards = [spoken(card) for card in cards]
    return {
        "scores.csv": scores_csv(cards),
        "scores.xlsx": scores_xlsx(cards),
        "targets.proposed.csv": proposed_csv(cards),
    }


def scores_csv(cards: Iterable[Card]) -> bytes:
    """Return scores.csv: one row per operator and measure, bonus measures last."""
    rows = [
        {
            **measure,
            **{name: card[name] for name in ("month", "operator", "name")},
            "group": row["group"],
            "item": row["id"],
            "item_name": row["name"],
            "measure": measure["id"],
            "measure_name": measure["name"],
        }
        for card in cards
        for row in rows_of(card)
        for measure in row["measures"]
    ]
    return _csv(LOOK["scores"], rows)


def proposed_csv(cards: Iterable[Card]) -> bytes:
    """Return targets.proposed.csv: next month's proposals of all operators."""
    rows = [
        {**proposal, "operator": card["operator"]}
        for card in cards
        for proposal in card.get("proposals") or ()
    ]
    return _csv(LOOK["proposed"], rows)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(columns)
    table.writerows([sheets.harmless(row.get(at)) for at in columns] for row in rows)
    return text.getvalue().encode("utf-8-sig")


WIDE = {column["zh"]: column["width"] for column in LOOK["card"]}

FIGURES, SUMS = LOOK["figures"], [sum_["zh"] for sum_ in LOOK["sums"]]

_AT = {title: at for at, title in enumerate(WIDE)}

_HEAD, _FIRST = 2, 3  # Rows of a card's sheet, from 0: column titles, first measure


def scores_xlsx(cards: Sequence[Card]) -> bytes:
    """Return scores.xlsx: a summary, then the score card of each operator."""
    book = Book(_("KPI评分"))
    summary = book.sheet(_(sheets.SUMMARY))
    own = [book.sheet(f"{card['operator']} {card['name']}") for card in cards]
    cells = [
        _CardSheet(sheet, card).write() for sheet, card in zip(own, cards, strict=True)
    ]
    _summarise(summary, cards, [sheet.name for sheet in own], cells)
    return book.content()


class _CardSheet:
    """The score card of one operator: the plan's rows, their measures, the sums."""

    def __init__(self, sheet: Sheet, card: Card) -> None:
        self.sheet, self.card, self.row = sheet, card, _FIRST
        self.rows = rows_of(card)
        self.items = [row for row in self.rows if row["id"] != BONUS]

    def write(self) -> dict[str, Cell]:
        """Write it; return the cells that the summary shows, by name or item id."""
        self._top()
        last = _FIRST + sum(len(row["measures"]) for row in self.items) - 1
        scores = {row["id"]: self._item(row) for row in self.rows}
        sums = self._sums(last, scores.get(BONUS))
        for flag in self.card.get("flags", ()):
            self._remark(flag)
        self.sheet.page(f"{self.card['name']} {self.card['month']}", _state(self.card))
        return sums | scores

    def _top(self) -> None:
        card, sheet = self.card, self.sheet
        title = _("{name} {month} KPI评分卡", name=card["name"], month=card["month"])
        sheet.write(0, 0, title, {"bold": True, "font_size": 14, "indent": 1})
        sheet.sheet.set_row(0, 26)
        sheet.sheet.set_row(1, 22)
        plan, grade = card["plan"], card["grade"]
        facts = [
            _state(card),
            _("等级{grade}", grade=grade) if grade else "",
            _("考核计划{id}第{version}版", id=plan["id"], version=plan["version"]),
            _("运营编号{id}", id=card["operator"]),
        ]
        sheet.write(1, 0, _("，").join(filter(None, facts)), {"indent": 1})
        columns = [(_(title), width) for title, width in WIDE.items()]
        sheet.head(_HEAD, columns, [_(title) for title in FIGURES])
        sheet.sheet.freeze_panes(_FIRST, 0)

    def _item(self, row: Card) -> Cell:
        """Write an item over the rows of its measures; return its score's cell."""
        sheet, first = self.sheet, self.row
        last = first + len(row["measures"]) - 1
        detail = "\n".join(_detail(row))
        for at in range(_AT["评分"] + 1):
            if at != _AT["权重"]:
                sheet.merged(first, last, at)
        groups = {group["id"]: group["name"] for group in self.card["groups"]}
        sheet.write(first, 0, groups.get(row["group"], row["group"]), TEXT)
        sheet.write(first, 1, row["kpi"], TEXT)
        sheet.write(first, 2, detail, TEXT)
        sheet.shown(first, _AT["分值"], row["points"])
        self._weight(row)
        lines = [self._measure(measure) for measure in row["measures"]]
        # The rows are as high as their text, also that of the merged cell.
        short = max(0, lines_of(detail, WIDE["具体内容"]) - sum(lines)) / len(lines)
        for at, of_row in enumerate(lines, first):
            sheet.sheet.set_row(at, sheets.height_of(of_row + short))
        return self._earned(first, last, row)

    def _weight(self, row: Card) -> None:
        """Write a weight over the items that it is the weight of."""
        rows = [*self.card["items"], *_bonus_of(self.card)]
        at = [other["id"] for other in rows].index(row["id"])
        span = rows[at : at + row["weight_span"]]
        if span:
            height = sum(len(other["measures"]) for other in span)
            self.sheet.merged(self.row, self.row + height - 1, _AT["权重"])
            self.sheet.shown(self.row, _AT["权重"], row["weight"])

    def _measure(self, measure: Card) -> int:
        """Write a measure's row; return how many lines its text takes."""
        sheet, row, show = self.sheet, self.row, measure["show"]
        name, rule, note = measure["name"], measure["rule"]["text"], measure["note"]
        state = STATUS[measure["status"]]
        sheet.write(row, _AT["量化指标"], name, TEXT)
        sheet.shown(row, _AT["数值"], show["value"] or show["text"], show["unit"])
        sheet.shown(row, _AT["目标"], show["target"], show["unit"])
        sheet.write(row, _AT["得分算式"], rule, TEXT)
        sheet.shown(row, _AT["可得分"], measure["possible"])
        at, score = _AT["得分"], measure["score"]
        if score is None:
            sheet.write(row, at, _(state), {**FIGURE, "font_color": "#6b6e70"})
        else:
            look = {**FIGURE, "num_format": _SCORE}
            sheet.write(row, at, Decimal(score), look)
        sheet.write(row, _AT["状态"], _(state), TEXT)
        sheet.write(row, _AT["说明"], note, TEXT)
        self.row += 1
        widths = (WIDE[title] for title in ("量化指标", "得分算式", "说明"))
        return max(map(lines_of, (name, rule, note), widths))

    def _earned(self, first: int, last: int, row: Card) -> Cell:
        """Write the sum of an item's measures, of a bonus up to its cap."""
        out = all(measure["status"] == "excluded" for measure in row["measures"])
        word = _(EXCLUDED if out else PENDING)
        scores = _range("得分", first, last)
        sum_ = f"ROUND(SUM({scores}),2)"
        if row["id"] == BONUS:
            sum_ = f"MIN({sum_},{_place(first, '分值')})"
        formula = f'=IF(COUNT({scores})>0,{sum_},"{word}")'
        value = _valued(row["score"], _SCORE, word)
        return self.sheet.formula(first, _AT["评分"], formula, value)

    def _sums(self, last: int, bonus: Cell | None) -> dict[str, Cell]:
        """Write the groups' sums, the total, what was possible and what is rated."""
        card = self.card
        self._groups()
        whole = {"score": card["sum"], "points": card["points"]}
        sum_ = self._sum(_("合计"), _FIRST, last, whole).place
        added = f"{sum_},{bonus.place}" if bonus else sum_
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
        cells = {
            title: self._closing(_(title), formula, value, _SCORE)
            for title, (formula, value) in formulas.items()
        }
        rate = f'=IFERROR({cells["总分"].place}/{cells["可得分"].place},"{_(PENDING)}")'
        return cells | {"得分率": self._closing(_("得分率"), rate, _rate(card), _SHARE)}

    def _groups(self) -> None:
        """Write the sum of each group, whose items stand together."""
        first = _FIRST
        for group in self.card["groups"]:
            own = [row for row in self.items if row["group"] == group["id"]]
            end = first + sum(len(row["measures"]) for row in own)
            if own:
                self._sum(_("{group}小计", group=group["name"]), first, end - 1, group)
            first = end

    def _sum(self, title: str, first: int, last: int, of: Card) -> Cell:
        """Write what some items give and what the plan gives for them."""
        points, scores = _range("分值", first, last), _range("评分", first, last)
        formula = f'=IF(COUNT({scores})>0,ROUND(SUM({scores}),2),"{_(PENDING)}")'
        cell = self._closing(title, formula, of["score"], _SCORE)
        given = _valued(of["points"], _POINTS)
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
            sheet.write(row, _AT[column], "", TOTAL)
        sheet.write(row, _AT["具体内容"], title, TOTAL)
        cell = _valued(value, form)
        if formula:
            return sheet.formula(row, at, formula, cell)
        sheet.write(row, at, Decimal(value or 0), {**TOTAL, "num_format": form})
        return cell._replace(place=_place(row, "评分"))

    def _remark(self, text: str) -> None:
        """Write a line of words over the whole width."""
        self.sheet.across(self.row, len(WIDE) - 1, text)
        lines = lines_of(text, sum(WIDE.values()))
        self.sheet.sheet.set_row(self.row, sheets.height_of(lines))
        self.row += 1


def _summarise(
    sheet: Sheet,
    cards: Sequence[Card],
    names: Sequence[str],
    cells: Sequence[Mapping[str, Cell]],
) -> None:
    """Write a row per operator, every number a reference to the operator's sheet."""
    rows = [row for card in cards for row in rows_of(card)]
    # The bonus, which not every plan has, stands after every item.
    rows.sort(key=lambda row: bool(row["id"] == BONUS))
    titles = {title: _(title) for title in SUMS}
    titles |= {row["id"]: row["name"] for row in rows}
    words = ((_("编号"), 12), (_("姓名"), 16), (_("状态"), 16), (_("等级"), 10))
    figures = tuple(titles.values())
    sheet.head(0, (*words, *((title, 11) for title in figures)), figures)
    for row, (card, name, own) in enumerate(zip(cards, names, cells, strict=True), 1):
        texts = (card["operator"], card["name"], _state(card), card["grade"])
        for at, text in enumerate(texts):
            sheet.write(row, at, text, TEXT)
        for at, key in enumerate(titles, len(words)):
            if key in own:
                look = TOTAL if key == SUMS[0] else FIGURE
                formula = f"='{name}'!{own[key].place}"
                sheet.formula(row, at, formula, own[key], look)
        widths = (width for _title, width in words)
        sheet.sheet.set_row(row, sheets.height_of(max(map(lines_of, texts, widths))))
    sheet.sheet.freeze_panes(1, 2)
    sheet.sheet.autofilter(0, 0, len(cards), len(words) + len(titles) - 1)
    sheet.page(_("KPI评分汇总"), cards[0]["month"] if cards else "")


def _state(card: Card) -> str:
    state = _("终稿") if card["final"] else _("暂定")
    return _("{state}，一票否决", state=state) if card.get("veto") else state


def _detail(row: Card) -> list[str]:
    """Return the plan's wording of an item, each line with its English below."""
    beside = row.get("detail_beside") or [""] * len(row["detail"])
    pairs = zip(row["detail"], beside, strict=True)
    return [line for pair in pairs for line in pair if line]


def _rate(card: Card) -> Decimal | None:
    possible = Decimal(card["possible"])
    return Decimal(card["total"]) / possible if card["total"] and possible else None


def _valued(value: Decimal | str | None, form: str, word: str = "") -> Cell:
    return Cell("", (word or _(PENDING)) if value is None else float(value), form)


def _place(row: int, title: str) -> str:
    return str(xl_rowcol_to_cell(row, _AT[title]))


def _range(title: str, first: int, last: int) -> str:
    return f"{_place(first, title)}:{_place(last, title)}"
