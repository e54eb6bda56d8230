"""
The month's cards as tables for a spreadsheet: cards in, bytes out.

The same cards give the same bytes. No text is ever a formula; the workbook's sums
are formulas, each written with its value for viewers that do not calculate.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kpi_lib.language import spoken
from kpi_lib.run.score_book import Card, rows_of, scores_xlsx
from kpi_lib.run.sheets import (
    LONGEST_TEXT,
    Book,
    Sheet,
    cut,
    harmless,
    lines_of,
)

if TYPE_CHECKING:
    import pandas as pd

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
    return _csv(SCORE_COLUMNS, rows)


def proposed_csv(cards: Iterable[Card]) -> bytes:
    """Return targets.proposed.csv: next month's proposals of all operators."""
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
    book = Book(title)
    for name, frame in frames.items():
        if len(frame) > MOST_ROWS:
            raise ValueError(f"{name}有{len(frame)}行，一张工作表最多{MOST_ROWS}行")
        sheet = book.sheet(name)
        columns = [(str(column), _wide(frame[column])) for column in frame]
        sheet.head(0, columns, ())
        for at, column in enumerate(frame):
            look = {"num_format": form} if (form := forms.get(str(column))) else {}
            _column(sheet, at, frame[column], look)
        sheet.sheet.freeze_panes(1, 0)
        sheet.sheet.autofilter(0, 0, max(len(frame), 1), max(len(columns) - 1, 0))
    return book.content()


def _column(sheet: Sheet, at: int, cells: pd.Series, look: dict[str, Any]) -> None:
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
            write.write_string(row, at, cut(harmless(cell), LONGEST_TEXT), plain)


_DATE = {"num_format": "yyyy-mm-dd", "align": "left"}


def _wide(column: pd.Series) -> int:
    # A column of width 3 gives a line a digit: as many as the text is wide.
    cells = [lines_of(str(cell), 3) for cell in column.head(200)]
    return min(max(len(str(column.name)) + 3, NARROWEST, *cells), WIDEST)
