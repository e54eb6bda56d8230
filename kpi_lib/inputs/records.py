"""The small tables beside the plan: decisions, downloads, signatures and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import Field

from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import forms
from kpi_lib.inputs.directory import Directory, unknown
from kpi_lib.inputs.forms import Day, Form, Note, Text, Wrong, WrongForm, named, words
from kpi_lib.inputs.points import Points
from kpi_lib.inputs.roster import REGISTER
from kpi_lib.inputs.table import Row
from kpi_lib.inputs.targets import Target

RAW = "data/raw/"  # Where every source lies, relative to the workspace

HASH_FORM = "64位的score_sha256，从考核报告的JSON里原样拷贝"

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)


def _source(cell: object) -> str:
    expected = f"相对于工作区的路径，例如{RAW}2026-10/账号/文件.xlsx"
    if not isinstance(cell, str):
        raise WrongForm(expected)
    source = cell.replace("\\", "/")
    parts = source.split("/")
    if not source.startswith(RAW) or len(parts) < 5 or {"", ".", ".."} & set(parts):
        raise WrongForm(expected)
    return source


def _sha256(cell: object) -> str:
    if cell in (None, ""):
        return ""
    if not isinstance(cell, str) or not _SHA256.fullmatch(cell):
        raise WrongForm(HASH_FORM)
    return cell


_METRIC = forms.id_or_name({name: metric.zh for name, metric in METRICS.items()})

Source = Annotated[str, Form(_source)]
Operator = Annotated[str, named("operator", "operator")]


class _Record(Row):
    WHOLE = True


class Decision(_Record):
    """Which of two contradicting values holds: that of `source` and `row`."""

    FILE, SHEET = "decisions", "取舍"
    KEY = ("account", "date", "metric")

    month: forms.Month
    account: Annotated[str, named("account")]
    date: Day
    metric: Annotated[str, Form(_METRIC)]
    source: Source
    row: Annotated[forms.Whole, Field(ge=1)]
    by: Text
    on: Day
    reason: Text


class Download(_Record):
    """The day on which a file was downloaded that does not tell it: downloads.csv."""

    FILE, SHEET = "downloads", "下载日"
    KEY = ("source",)

    source: Source
    downloaded: Day


class DayOff(_Record):
    """A day off or a working day that wins over the public calendar: calendar.csv."""

    FILE, SHEET = "calendar", "休息日"
    KEY = ("date",)

    date: Day
    kind: Annotated[str, words({"休": "off", "班": "work"})]
    name: Note = ""


class Signoff(_Record):
    """
    A manager's signature under a score, or its withdrawal.

    The last row of an operator and month holds; it is void when `score_sha256` is no
    longer the score's.
    """

    FILE, SHEET = "signoff", "签字"

    month: forms.Month
    operator: Operator
    action: Annotated[str, words({"签字": "sign", "重开": "reopen"})]
    total: forms.Number | None
    score_sha256: Annotated[str, Form(_sha256)]
    by: Text
    on: Day
    reason: Note = ""

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Nobody signs for oneself; a signature names what it is under."""
        if self.action == "sign" and self.total is None:
            yield Wrong("total", expected=forms.NUMBER_FORM)
        if self.action == "sign" and not self.score_sha256:
            yield Wrong("score_sha256", expected=HASH_FORM)
        if self.action == "reopen" and not self.reason:
            yield Wrong("reason", expected=forms.TEXT_FORM)
        if directory.is_own(self.by, self.operator):
            what = f"{self.by}不能为自己的考核签字"
            yield Wrong("by", what, "运营本人以外的人", "请由主管签字")


class Appeal(_Record):
    """An operator's objection to a measure; open while `decision` is empty."""

    FILE, SHEET = "appeals", "申诉"
    KEY = ("id",)

    id: Text
    month: forms.Month
    operator: Operator
    measure: Text
    text: Text
    on: Day
    decision: Note = ""
    decided_by: Note = ""
    decided_on: Day | None = None

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Check what it is about, then who must have decided it, and when."""
        called = directory.called(self.operator, self.month)
        if called is not None and self.measure not in called:
            yield unknown("measure", self.measure, called)
        if self.decision and not self.decided_by:
            yield Wrong("decided_by", expected=forms.TEXT_FORM)
        if self.decision and self.decided_on is None:
            yield Wrong("decided_on", expected=forms.DATE_FORM)

    def meant(self, directory: Directory) -> Appeal:
        """Return it with the measure's key for the name by which it was called."""
        called = directory.called(self.operator, self.month) or {}
        key, _ = called.get(self.measure, (self.measure, None))
        return self.model_copy(update={"measure": key})


class Figure(Row):
    """A figure that no export has; its value is read as an export's is."""

    FILE, SHEET, EXAMPLE = "figures", "手工数", "例"

    account: Annotated[str, named("account", "account")]
    date: Day
    metric: Text
    value: Any
    note: Note = ""
    source: str = ""
    row: int = 0


# The row of each table, targets first.
TABLES: tuple[type[Row], ...] = (Target, Decision, Download, DayOff, Signoff, Appeal)

# The row of each sheet that the workbook may have.
BOOK: tuple[type[Row], ...] = (*REGISTER, *TABLES, Figure, Points)
