"""What a file is once it was read: sheets of records, and the limits on its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from kpi_lib.errors import Problem, Unreadable
from kpi_lib.files.cells import Cell
from kpi_lib.language import N_, Name, Sentence

Kind = Literal["csv", "xlsx", "xls", "html"]

EXPECTED = Sentence("完整的xlsx、xls、CSV或网页表格")
AGAIN = Sentence("重新导出")


class Record(NamedTuple):
    """
    One row of a sheet.

    Parameters
    ----------
    row : int
        Its number as a spreadsheet shows it, from 1.
    line : int or None
        First line of the record in a CSV, from 1.
    cells : tuple of Cell
        From column A on; empty ones are None.
    """

    row: int
    line: int | None
    cells: tuple[Cell, ...]

    @property
    def blank(self) -> bool:
        """Whether nothing is shown in the row."""
        for cell in self.cells:
            if cell is not None and (not isinstance(cell, str) or cell.strip()):
                return False
        return True


@dataclass(frozen=True)
class Sheet:
    """
    One sheet of a workbook, the whole of a CSV, one table of a page.

    Parameters
    ----------
    name : str
        Its name; empty for a CSV.
    records : tuple of Record
        Every row down to the last with something in it, blank ones too.
    notices : tuple of Problem
        What is worth telling: hidden rows, suspicious quotes.
    torn : int or None
        The row in which a broken download ends.
    """

    name: str
    records: tuple[Record, ...]
    notices: tuple[Problem, ...] = ()
    torn: int | None = None


@dataclass(frozen=True)
class Book:
    """
    A file that was read.

    Parameters
    ----------
    kind : {"csv", "xlsx", "xls", "html"}
        What the bytes are.
    encoding : str
        Encoding of text; empty for workbooks.
    sheets : tuple of Sheet
        In the file's order, hidden ones too.
    created, modified : date or None
        Days in the workbook's properties, in China. Names are never read.
    records : mapping of str to int
        Rows of each sheet, by a counter that shares nothing with the reader.
    """

    kind: Kind
    encoding: str
    sheets: tuple[Sheet, ...]
    created: date | None = None
    modified: date | None = None
    records: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Most:
    """
    How many cells a CSV may have.

    Parameters
    ----------
    cells : int
        So many.
    said : Name
        The number as a message says it.
    do : Sentence
        What to do about a larger one.
    """

    cells: int
    said: Name
    do: Sentence


SHORTER = Sentence("缩短时间段再导出")

# As for workbooks.
MOST_CELLS = Most(800_000, Name("80万", "800,000"), SHORTER)

# Of a CSV that people write: the targets of a thousand operators for a year.
MOST_OWN_CELLS = Most(4_000_000, Name("400万", "4,000,000"), SHORTER)

# Of a CSV of orders: about 200,000 lines of the widest export that is known.
MOST_ORDER_CELLS = Most(5_000_000, Name("500万", "5,000,000"), Sentence("按周分次导出"))


def refusal(
    where: str,
    what: Sentence,
    do: Sentence,
    *,
    expected: Sentence = EXPECTED,
    place: str = "",
) -> Unreadable:
    """Return the refusal of a file, in one line."""
    return Unreadable.of(what, where=where, place=place, expected=expected, do=do)


def disagreement(where: str, counted: int, found: int) -> Unreadable:
    """Refuse one file, not the run: its bytes can be read in two ways."""
    template = N_("两种读法得到的行数不同（{counted}行和{found}行）")
    what = Sentence(template, counted=counted, found=found)
    return refusal(where, what, Sentence("重新导出；仍然如此时请把文件交给维护者"))
