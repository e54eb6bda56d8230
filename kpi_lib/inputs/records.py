"""The small tables beside the plan: decisions, downloads, signatures and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import forms
from kpi_lib.inputs.directory import Directory, unknown
from kpi_lib.inputs.forms import Day, Form, Note, Text, Wrong, WrongForm, named, words
from kpi_lib.inputs.table import Header, Row
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
MonthCell = Annotated[forms.Month, Header("月份")]
OperatorCell = Annotated[str, named("operator"), Header("运营")]


class _Record(Row):
    WHOLE = True


class Decision(_Record):
    """Which of two contradicting values holds: that of `source` and `row`."""

    FILE = "decisions"
    KEY = ("account", "date", "metric")

    month: MonthCell
    account: Annotated[str, named("account"), Header("账号")]
    date: Annotated[Day, Header("日期")]
    metric: Annotated[str, Form(_METRIC), Header("指标")]
    source: Annotated[Source, Header("文件")]
    row: Annotated[forms.Whole, Field(ge=1), Header("行")]
    by: Annotated[Text, Header("决定人")]
    on: Annotated[Day, Header("决定日")]
    reason: Annotated[Text, Header("理由")]


class Download(_Record):
    """The day on which a file was downloaded that does not tell it: downloads.csv."""

    FILE = "downloads"
    KEY = ("source",)

    source: Annotated[Source, Header("文件")]
    downloaded: Annotated[Day, Header("下载日")]


class DayOff(_Record):
    """A day off or a working day that wins over the public calendar: calendar.csv."""

    FILE = "calendar"
    KEY = ("date",)

    date: Annotated[Day, Header("日期")]
    kind: Annotated[
        Literal["off", "work"],
        words({"休": "off", "班": "work"}),
        Header("休或班", also=("off or work",)),
    ]
    name: Annotated[Note, Header("名称")] = ""


class Signoff(_Record):
    """
    A manager's signature under a score, or its withdrawal.

    The last row of an operator and month holds; it is void when `score_sha256` is no
    longer the score's.
    """

    FILE = "signoff"

    month: MonthCell
    operator: OperatorCell
    action: Annotated[
        Literal["sign", "reopen"],
        words({"签字": "sign", "重开": "reopen"}),
        Header("动作"),
    ]
    total: Annotated[forms.Number | None, Header("总分")]
    score_sha256: Annotated[str, Form(_sha256), Header("校验值")]
    by: Annotated[Text, Header("签字人")]
    on: Annotated[Day, Header("签字日")]
    reason: Annotated[Note, Header("理由")] = ""

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

    FILE = "appeals"
    KEY = ("id",)

    id: Annotated[Text, Header("编号")]
    month: MonthCell
    operator: OperatorCell
    measure: Annotated[Text, Header("量化指标")]
    text: Annotated[Text, Header("申诉内容")]
    on: Annotated[Day, Header("申诉日")]
    decision: Annotated[Note, Header("处理结果")] = ""
    decided_by: Annotated[Note, Header("处理人")] = ""
    decided_on: Annotated[Day | None, Header("处理日")] = None

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


# The row of each table, targets first.
TABLES: tuple[type[Row], ...] = (Target, Decision, Download, DayOff, Signoff, Appeal)
