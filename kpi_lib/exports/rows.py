"""What an export gives: values of days, posts with counters, and a ledger."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple

from kpi_lib.errors import Problem

Fate = Literal[
    "kept", "partial", "duplicate", "total", "blank", "header", "preamble", "note",
    "outside", "private", "quarantined", "conflict",
]  # fmt: skip

Basis = Literal["daily", "level", "manual"]


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
    value, censored : float, bool
        In the metric's unit; whether it is "at least so many".
    basis : {"daily", "level", "manual"}
        A flow of the day, a level on the day, or written down by hand.
    source, sheet, block, row : str, str, int, int
        Where it stands: table within the sheet, row as a spreadsheet shows it.
    rounded : float
        The step to which the source itself rounds or cuts (1000 for 1.2万); 0 for none.
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
    rounded: float = 0.0


class PostRow(NamedTuple):
    """
    One post with its counters on the day of download.

    Parameters
    ----------
    post : str
        Key that stays the same over downloads.
    title, status, kind : str
        As the platform writes them; the kind is one of ours, or empty.
    published_at : datetime
        Midnight where the file tells only the day.
    metrics : dict of str to float
        Counters and rates (fractions); a missing one is absent.
    censored : frozenset of str
        Metrics whose value is "at least so many".
    source, sheet, block, row : str, str, int, int
        Where it stands, as for a `DailyRow`.
    account : str
        Empty unless the file itself names it.
    rounded : tuple of (str, float)
        Steps of the metrics that the source itself rounds, as for a `DailyRow`.
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
    account: str = ""
    rounded: tuple[tuple[str, float], ...] = ()


class LedgerRow(NamedTuple):
    """
    What became of one row of a file.

    Parameters
    ----------
    source, sheet, block, row : str, str, int, int
        Where it stands, as for a `DailyRow`.
    line : int or None
        First line of the record in a CSV.
    fate, reason : str
        See `Fate`; a sentence, where the fate needs one.
    column, raw : str
        Column and value in question, where there is one. Of an order no value is
        ever repeated: a shifted cell might hold somebody's name.
    day : date or None
        Day of a row of days that is kept: which month it is of is not looked at here.
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
    day: date | None = None

    @property
    def counted(self) -> bool:
        """Whether something of the row counts."""
        return self.fate in {"kept", "partial"}


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
        Values of days, of whatever month.
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
    posts: list[PostRow]
    ledger: list[LedgerRow]
    findings: list[Problem]
