"""
The small tables beside the plan: decisions, downloads, calendar, signatures, appeals.

Each is read whole and strictly; none at all is an empty one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal, TypeVar

from kpi_lib.catalogue import METRICS
from kpi_lib.errors import Problem, RecordError
from kpi_lib.inputs.documents import (
    Cells,
    TableRow,
    WrongForm,
    choices,
    load_table,
    one_of,
    to_date,
    to_decimal,
    to_month,
    to_text,
    to_whole,
)

T = TypeVar("T")

COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "decisions": {
        "month": ("month", "月份"),
        "account": ("account", "账号"),
        "date": ("date", "日期"),
        "metric": ("metric", "指标"),
        "source": ("source", "文件"),
        "row": ("row", "行"),
        "by": ("by", "决定人"),
        "on": ("on", "决定日"),
        "reason": ("reason", "理由"),
    },
    "downloads": {
        "source": ("source", "文件"),
        "downloaded": ("downloaded", "下载日"),
    },
    "calendar": {
        "date": ("date", "日期"),
        "kind": ("off or work", "休或班"),
        "name": ("name", "名称"),
    },
    "signoff": {
        "month": ("month", "月份"),
        "operator": ("operator", "运营"),
        "action": ("action", "动作"),
        "total": ("total", "总分"),
        "score_sha256": ("score_sha256", "校验值"),
        "by": ("by", "签字人"),
        "on": ("on", "签字日"),
        "reason": ("reason", "理由"),
    },
    "appeals": {
        "id": ("id", "编号"),
        "month": ("month", "月份"),
        "operator": ("operator", "运营"),
        "measure": ("measure", "量化指标"),
        "text": ("text", "申诉内容"),
        "on": ("on", "申诉日"),
        "decision": ("decision", "处理结果"),
        "decided_by": ("decided_by", "处理人"),
        "decided_on": ("decided_on", "处理日"),
    },
}
"""Columns of each table and the headers they may have; the first one is written."""

RAW = "data/raw/"
"""Where every source lies, relative to the workspace."""

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """
    Which of two contradicting values of an export holds: a row of decisions.csv.

    Parameters
    ----------
    month, account : str
        Where the contradiction is.
    date : date
        The day of the values.
    metric : str
        Name in the catalogue.
    source, row
        The file and row whose value holds.
    by, on, reason
        Who decided, when and why.
    """

    month: str
    account: str
    date: dt.date
    metric: str
    source: str
    row: int
    by: str
    on: dt.date
    reason: str


@dataclass(frozen=True, kw_only=True)
class Signoff:
    """
    A manager's signature under a score, or its withdrawal: a row of signoff.csv.

    Parameters
    ----------
    month, operator : str
        Whose month.
    action : {"sign", "reopen"}
        The last row of an operator and month holds.
    total : Decimal or None
        The total signed; None for a withdrawal.
    score_sha256 : str
        Hash of the score signed; the signature is void when it no longer fits.
    by, on, reason
        Who, when and why.
    """

    month: str
    operator: str
    action: Literal["sign", "reopen"]
    total: Decimal | None
    score_sha256: str
    by: str
    on: dt.date
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Appeal:
    """
    An operator's objection to a measure, and what became of it: appeals.csv.

    Parameters
    ----------
    id, month, operator, measure, text : str
        What it is about.
    on : date
        When it was made.
    decision, decided_by, decided_on
        What became of it; empty while it is open.
    """

    id: str
    month: str
    operator: str
    measure: str
    text: str
    on: dt.date
    decision: str = ""
    decided_by: str = ""
    decided_on: dt.date | None = None


def decisions(
    path: Path, where: str = "data/decisions.csv", *, accounts: Collection[str]
) -> tuple[Decision, ...]:
    """
    Read the decisions on contradicting values.

    Parameters
    ----------
    path : Path
        The CSV or workbook.
    accounts : collection of str
        Ids of the roster's accounts.
    where : str
        The file as messages name it.

    Returns
    -------
    tuple of Decision
        In the order of the file; one per account, day and metric.

    Raises
    ------
    RecordError
        With one problem for every mistake, each with its row.
    """
    return tuple(
        _rows(
            path,
            "decisions",
            where,
            lambda cells: _decision(cells, accounts),
            lambda d: (d.account, d.date, d.metric),
            "账号、日期和指标",
        )
    )


def downloads(path: Path, where: str = "data/downloads.csv") -> dict[str, dt.date]:
    """
    Read the download days of files that do not tell them.

    Parameters
    ----------
    path : Path
        The CSV or workbook.
    where : str
        The file as messages name it.

    Returns
    -------
    dict of str to date
        Sources, relative to the workspace, and their download days.

    Raises
    ------
    RecordError
        With one problem for every mistake, each with its row.
    """
    return dict(_rows(path, "downloads", where, _download, lambda d: d[0], "文件"))


def calendar(
    path: Path, where: str = "data/calendar.csv"
) -> dict[dt.date, tuple[bool, str]]:
    """
    Read the days off and working days that win over the public calendar.

    Parameters
    ----------
    path : Path
        The CSV or workbook.
    where : str
        The file as messages name it.

    Returns
    -------
    dict of date to (bool, str)
        As `Calendar` takes it: True for a day off, and its name.

    Raises
    ------
    RecordError
        With one problem for every mistake, each with its row.
    """
    return dict(_rows(path, "calendar", where, _day, lambda d: d[0], "日期"))


def signoffs(
    path: Path, where: str = "data/signoff.csv", *, operators: Mapping[str, str]
) -> tuple[Signoff, ...]:
    """
    Read the signatures.

    Parameters
    ----------
    path : Path
        The CSV or workbook.
    operators : mapping of str to str
        Ids and names of the roster's operators; nobody signs for themselves.
    where : str
        The file as messages name it.

    Returns
    -------
    tuple of Signoff
        In the order of the file: of an operator and month the last one holds.

    Raises
    ------
    RecordError
        With one problem for every mistake, each with its row.
    """
    return tuple(
        _rows(path, "signoff", where, lambda cells: _signoff(cells, operators))
    )


def appeals(
    path: Path,
    where: str = "data/appeals.csv",
    *,
    operators: Collection[str],
    measures: Mapping[str, str],
) -> tuple[Appeal, ...]:
    """
    Read the appeals.

    Parameters
    ----------
    path : Path
        The CSV or workbook.
    operators : collection of str
        Ids of the roster's operators.
    measures : mapping of str to str
        What a measure may be called → the plan's ``item.measure``.
    where : str
        The file as messages name it.

    Returns
    -------
    tuple of Appeal
        In the order of the file.

    Raises
    ------
    RecordError
        With one problem for every mistake, each with its row.
    """
    return tuple(
        _rows(
            path,
            "appeals",
            where,
            lambda cells: _appeal(cells, operators, measures),
            lambda a: a.id,
            "编号",
        )
    )


def _rows(
    path: Path,
    table: str,
    where: str,
    make: Callable[[Cells], T],
    key: Callable[[T], Hashable] | None = None,
    key_words: str = "",
) -> Iterator[T]:
    """Read a table; `key` says what no two rows may share."""
    columns = COLUMNS[table]
    rows = load_table(path, columns, RecordError, where, tuple(columns))
    problems: list[Problem] = []
    first: dict[Hashable, TableRow] = {}
    found: list[T] = []
    for row in rows:
        cells = Cells(row, where, problems)
        noted = len(problems)
        made = make(cells)
        if len(problems) > noted:
            continue
        found.append(made)
        if key is not None and (before := first.setdefault(key(made), row)) is not row:
            cells.note("", f"{key_words}与{before.place()}相同", do="请删去其中一行")
    if problems:
        raise RecordError(tuple(problems))
    return iter(found)


def _known(ids: Collection[str], kind: str) -> Callable[[object], str]:
    def form(cell: object) -> str:
        if cell is None or to_text(cell) not in ids:
            none = "现在一个也没有"
            raise WrongForm(f"roster.yml里的{kind}编号：{choices(ids) or none}")
        return to_text(cell)

    return form


def _decision(cells: Cells, accounts: Collection[str]) -> Decision:
    return Decision(
        month=cells.needed("month", to_month, ""),
        account=cells.needed("account", _known(accounts, "账号"), ""),
        date=cells.needed("date", to_date, dt.date.min),
        metric=cells.needed("metric", _METRIC, ""),
        source=cells.needed("source", _source, ""),
        row=cells.needed("row", _row, 0),
        by=cells.needed("by", to_text, ""),
        on=cells.needed("on", to_date, dt.date.min),
        reason=cells.needed("reason", to_text, ""),
    )


def _download(cells: Cells) -> tuple[str, dt.date]:
    return (
        cells.needed("source", _source, ""),
        cells.needed("downloaded", to_date, dt.date.min),
    )


def _day(cells: Cells) -> tuple[dt.date, tuple[bool, str]]:
    return (
        cells.needed("date", to_date, dt.date.min),
        (cells.needed("kind", _OFF, default=True), cells.text("name")),
    )


def _signoff(cells: Cells, operators: Mapping[str, str]) -> Signoff:
    action = cells.needed("action", _ACTION, "")
    signed = action == "sign"
    if action == "reopen":
        cells.needed("reason", to_text, "")
    operator = cells.needed("operator", _known(operators, "运营"), "")
    by = cells.needed("by", to_text, "")
    if operator and by in (operator, operators.get(operator)):
        what = f"{by}不能为自己的考核签字"
        cells.note("by", what, "运营本人以外的人", "请由主管签字")
    return Signoff(
        month=cells.needed("month", to_month, ""),
        operator=operator,
        action="sign" if signed else "reopen",
        total=cells.needed("total", to_decimal, Decimal(0))
        if signed
        else cells.read("total", to_decimal),
        score_sha256=cells.needed("score_sha256", _sha256, "")
        if signed
        else cells.read("score_sha256", _sha256) or "",
        by=by,
        on=cells.needed("on", to_date, dt.date.min),
        reason=cells.text("reason"),
    )


def _appeal(
    cells: Cells, operators: Collection[str], measures: Mapping[str, str]
) -> Appeal:
    decision = cells.text("decision")
    decided_by = cells.text("decided_by")
    decided_on = cells.read("decided_on", to_date)
    if decision:
        decided_by = cells.needed("decided_by", to_text, "")
        decided_on = cells.needed("decided_on", to_date, dt.date.min)
    return Appeal(
        id=cells.needed("id", to_text, ""),
        month=cells.needed("month", to_month, ""),
        operator=cells.needed("operator", _known(operators, "运营"), ""),
        measure=cells.needed("measure", one_of(measures), ""),
        text=cells.needed("text", to_text, ""),
        on=cells.needed("on", to_date, dt.date.min),
        decision=decision,
        decided_by=decided_by,
        decided_on=decided_on,
    )


_METRIC = one_of(
    {metric.zh: name for name, metric in METRICS.items()} | {n: n for n in METRICS},
    tuple(METRICS),
)
_OFF = one_of({"休": True, "班": False, "off": True, "work": False}, ("off", "work"))
_ACTION = one_of(
    {"签字": "sign", "重开": "reopen", "sign": "sign", "reopen": "reopen"},
    ("sign", "reopen"),
)


def _source(cell: object) -> str:
    expected = f"相对于工作区的路径，例如{RAW}2026-10/账号/文件.xlsx"
    if not isinstance(cell, str):
        raise WrongForm(expected)
    source = cell.replace("\\", "/")
    parts = source.split("/")
    if not source.startswith(RAW) or len(parts) < 5 or {"", ".", ".."} & set(parts):
        raise WrongForm(expected)
    return source


def _row(cell: object) -> int:
    row = to_whole(cell)
    if row < 1:
        raise WrongForm("行号，从1起")
    return row


def _sha256(cell: object) -> str:
    if not isinstance(cell, str) or not _SHA256.fullmatch(cell):
        raise WrongForm("64位的score_sha256，从考核报告的JSON里原样拷贝")
    return cell
