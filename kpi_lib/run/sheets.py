"""Sheets of a workbook in which no text is a formula, the same bytes every time."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.utility import xl_rowcol_to_cell

from kpi_lib.catalogue import entries
from kpi_lib.language import N_, _

if TYPE_CHECKING:
    import pandas as pd

CREATED = datetime(2026, 1, 1)  # A fixed day, not the moment of writing

LOOK = entries("run/sheets.yml")  # Formats of cells, and what tables are made of

LINE, TALLEST = 15, 409  # Points of a line of text, and the highest row that Excel has

# UTF-16 units: Excel's most for a sheet's name and a cell, ours in a page's head.
LONGEST_NAME, LONGEST_TEXT, LONGEST_HEADER = 31, 32_767, 100

SUMMARY = N_("汇总")


TEXT, FIGURE, TOTAL = LOOK["text"], LOOK["figure"], LOOK["total"]


class Cell(NamedTuple):
    """Where a formula stands, its value, and how that is shown."""

    place: str
    value: float | str
    form: str


NUMBER = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)(%?)")


def harmless(cell: object) -> str:
    """Return a cell's text so that no spreadsheet takes it for a formula."""
    text = "" if cell is None else str(cell)
    begins = text.startswith(tuple("=+-@\t\r\n＝＋－＠"))
    return f"'{text}" if begins and not NUMBER.fullmatch(text) else text


class Book:
    """A workbook in which no text becomes a formula, a link or a number."""

    def __init__(self, title: str) -> None:
        options = {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_format_properties": LOOK["font"],
        }
        self._content, self._names = io.BytesIO(), list[str]()
        self._book = xlsxwriter.Workbook(self._content, options)
        self._book.set_properties({"title": title, "created": CREATED})

    def sheet(self, text: str) -> Sheet:
        """Add a sheet by a text, as much of it as Excel takes."""
        self._names.append(sheet_name(text, self._names))
        return Sheet(self._book, self._names[-1])

    def content(self) -> bytes:
        """Close it and return its bytes."""
        self._book.close()
        return self._content.getvalue()


def sheet_name(text: str, taken: Collection[str]) -> str:
    r"""Return a sheet's name that Excel takes and no other has, whatever the case."""
    plain = "".join(" " if c in "[]:*?/\\'" else c for c in text if c.isprintable())
    plain = " ".join(plain.split()) or _(SUMMARY)
    known = {name.casefold() for name in taken}
    name, number = cut(plain, LONGEST_NAME), 1
    while name.casefold() in known:
        number += 1
        name = f"{cut(plain, LONGEST_NAME - len(str(number)) - 1)}~{number}"
    return name


def cut(text: str, most: int) -> str:
    """Keep at most so many UTF-16 units, which is what Excel counts."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore").rstrip()


class Sheet:
    """A sheet with one way to write text, one for numbers, one for formulas."""

    def __init__(self, book: Any, name: str) -> None:
        self.name, self.sheet = name, book.add_worksheet(name)
        self._add = cache(lambda *look: book.add_format(dict(look)))

    def form(self, look: Mapping[str, Any]) -> Any:
        """Return the workbook's format of a look."""
        return self._add(*look.items())

    def write(self, row: int, at: int, cell: object, look: Mapping[str, Any]) -> None:
        """Write a number, or text up to what a cell holds."""
        if not isinstance(cell, Decimal):
            cell = cut(harmless(cell), LONGEST_TEXT)
        self.sheet.write(row, at, cell, self.form(look))

    def shown(self, row: int, at: int, text: str, unit: str = "") -> None:
        """Write what a reader is shown: a number as one, with its unit."""
        match = NUMBER.fullmatch(text)
        if match is None:
            self.write(row, at, text, FIGURE)
            return
        number, percent = Decimal(match[1]), match[2]
        whole = number == number.to_integral_value()
        form = "0%" if whole else "0.00%"
        if not percent:
            form = f'General"{unit}"' if unit else "General"
        number = number / 100 if percent else number
        self.write(row, at, number, {**FIGURE, "num_format": form})

    def formula(
        self,
        row: int,
        at: int,
        formula: str,
        cell: Cell,
        look: Mapping[str, Any] = TOTAL,
    ) -> Cell:
        """Write a formula with its value; return where it stands."""
        form = self.form({**look, "num_format": cell.form})
        self.sheet.write_formula(row, at, formula, form, cell.value)
        return cell._replace(place=xl_rowcol_to_cell(row, at))

    def merged(self, first: int, last: int, at: int) -> None:
        """Make one cell of several rows, to be written into."""
        if last > first:
            self.sheet.merge_range(first, at, last, at, "", self.form(TEXT))

    def across(self, row: int, last: int, text: str) -> None:
        """Write text over the columns up to the last one."""
        self.sheet.merge_range(row, 0, row, last, "", self.form(TEXT))
        self.write(row, 0, text, TEXT)

    def head(
        self,
        row: int,
        columns: Iterable[tuple[str, int]],
        figures: Collection[str],
    ) -> None:
        """Write the titles of the columns, keep them in sight and on every page."""
        high = 1
        for at, (title, width) in enumerate(columns):
            high = max(high, lines_of(title, width + 1))
            self.sheet.set_column(at, at, width)
            side = {"align": "right"} if title in figures else {"align": "left"}
            self.write(row, at, title, {**LOOK["heading"], **side, "indent": 1})
        self.sheet.repeat_rows(row)
        self.sheet.set_row(row, height_of(high))

    def page(self, left: str, right: str) -> None:
        """Set up the print: A4 across, as wide as one page, named on each."""
        self.sheet.set_landscape()
        self.sheet.set_paper(9)
        self.sheet.fit_to_pages(1, 0)
        self.sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
        named = cut(left, LONGEST_HEADER).replace("&", "&&")
        self.sheet.set_header(f"&L{named}&R{right.replace('&', '&&')}")
        self.sheet.set_footer(
            "&C" + _("第{page}页，共{pages}页", page="&P", pages="&N")
        )


def lines_of(text: str, width: int) -> int:
    """Return how many lines text takes in a column so many digits wide."""
    return sum(
        ceil(sum(1 + (east_asian_width(c) in "WFA") for c in part) / (width - 2)) or 1
        for part in text.split("\n")
    )


def height_of(lines: float) -> float:
    """Return how high a row of so many lines is, in points."""
    return min(lines * LINE + 3, TALLEST)


WIDEST, NARROWEST = 40, 9

MOST_ROWS = 1_048_575


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
    for row, cell in zip(known.nonzero()[0] + 1, cells[known].tolist(), strict=True):
        if isinstance(cell, bool):
            cell = "是" if cell else ""
        if isinstance(cell, str):
            cell = cut(harmless(cell), LONGEST_TEXT)
        sheet.sheet.write(row, at, cell, day if isinstance(cell, date) else plain)


_DATE = {"num_format": "yyyy-mm-dd", "align": "left"}


def _wide(column: pd.Series) -> int:
    # A column of width 3 gives a line a digit: as many as the text is wide.
    cells = [lines_of(str(cell), 3) for cell in column.head(200)]
    return min(max(len(str(column.name)) + 3, NARROWEST, *cells), WIDEST)
