"""
Targets and due numbers: what was to be reached, set when and approved by whom.

A row is never overwritten; which of several holds is decided in scoring.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any

from pydantic import ValidationInfo, field_validator

from kpi_lib.catalogue import DUE, HORIZONS, METRICS
from kpi_lib.days import periods_of
from kpi_lib.files import Record
from kpi_lib.inputs import forms, table
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.forms import Day, Form, Note, Wrong, WrongForm, named, words
from kpi_lib.inputs.table import Row, TableRow, TableSheet
from kpi_lib.workspace import canonical_json, sha256

# What a target may be set for: metrics and due numbers, and their names.
NAMES = forms.TARGETED | {name: name for name in DUE}
_HORIZON = words({zh: name for name, zh in HORIZONS.items()})


_MONTH = forms.expecting(
    "短期目标的月份，例如2026-10（Excel会把它改写成Oct-26，请把这一列设为文本）",
    forms.to_month,
)
# How the period of a further horizon is written; ultimate has none.
_PERIODS = {
    "mid": (r"(20\d{2})-?[Qq]([1-4])", "中期目标的季度，例如2026-Q4"),
    "long": (r"(20\d{2})", "后期目标的年份，例如2026"),
}


class Target(Row):
    """
    One row of targets.csv.

    A due number (``contents_due``) is a metric too. `platform` is empty for all own
    platforms together; a rate is a fraction; `sha256` is of the row's meaning, the
    same however the value was written.
    """

    FILE, SHEET = "targets", "目标"
    KEY = ("operator", "metric", "platform", "horizon", "period", "set_on")

    operator: Annotated[str, named("operator")]
    metric: Annotated[str, Form(forms.id_or_name(NAMES))]
    platform: Annotated[str, named("platform")] = ""
    horizon: Annotated[str, _HORIZON]
    period: str
    value: Decimal
    set_on: Day
    approved_by: Note = ""
    note: Note = ""
    source: str = "data/targets.csv"
    row: int = 0
    sha256: str = ""

    @field_validator("period", mode="before")
    @classmethod
    def _period(cls, cell: object, info: ValidationInfo) -> str:
        """Read the period that the horizon has; none where that is wrong already."""
        if info.context is None:  # made in code, not read
            return str(cell)
        horizon = info.data.get("horizon", "")
        if horizon == "ultimate" and cell is not None:
            raise Wrong("period", "终极目标不写周期", "空白", "请清空这一格")
        if horizon not in _PERIODS:
            return _MONTH(cell) if horizon == "short" else ""
        form, expected = _PERIODS[horizon]
        match = re.fullmatch(form, str(cell).strip(), re.ASCII)
        if match is None:
            raise WrongForm(expected)
        return "-Q".join(match.groups())

    @field_validator("value", mode="before")
    @classmethod
    def _value(cls, cell: object, info: ValidationInfo) -> Any:
        """Read a count, an amount or a rate, as the metric is."""
        if info.context is None:  # made in code, not read
            return cell
        metric = info.data.get("metric", "")
        if metric in DUE:
            return Decimal(forms.to_whole(cell))
        number = forms.to_decimal(cell)
        is_share = metric in METRICS and METRICS[metric].unit == "share"
        if is_share and not 0 <= number <= 1:
            raise WrongForm("0至1的比率，例如35%或0.35")
        if not is_share and isinstance(cell, str) and cell.strip()[-1] in "%％":
            raise WrongForm("数字，不是百分数：这个指标是个数或金额")
        if number < 0 and metric != "net_follows":
            raise WrongForm(forms.AMOUNT_FORM)
        return number

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What the target is for; several rows of one key are its history."""
        return self.operator, self.metric, self.platform, self.horizon, self.period

    @classmethod
    def laid(cls, sheet: TableSheet, records: Sequence[Record]) -> Iterable[TableRow]:
        """Find them one below the other, or in a matrix, which has 短期 as a column."""
        header = next((record.cells for record in records if not record.blank), ())
        if {"short", "短期"}.isdisjoint(forms.normal(str(cell)) for cell in header):
            return super().laid(sheet, records)
        return _spread(sheet, records)

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Due numbers are of a month and all platforms; others of own platforms."""
        if self.metric in DUE:
            if self.platform:
                yield Wrong("platform", "应完成数不分平台", "空白", "请清空这一格")
            if self.horizon != "short":
                expected = "short或短期"
                yield Wrong("horizon", "应完成数按月写", expected, "请按月各写一行")
        elif self.platform and self.platform not in directory.owned[self.operator]:
            what = f"“{self.operator}”没有平台“{self.platform}”的账号"
            expected = forms.choices(directory.owned[self.operator]) or "空白"
            yield Wrong("platform", what, expected, "请改正平台或运营")

    def again(self, before: TableRow) -> Wrong:
        """Say that the same target was set on that day already."""
        what = f"与{before.sheet.where}{before.place()}的对象、周期和设定日都相同"
        return Wrong("", what, do="请删去一行；改目标要另写一行，设定日写修改的日期")

    def meant(self, directory: Directory) -> Target:
        """Return the target with the hash of its meaning."""
        meaning = self.model_dump(mode="json", exclude={"source", "row", "sha256"})
        meaning["value"] = f"{self.value.normalize():f}"
        digest = sha256(canonical_json(meaning).encode())
        return self.model_copy(update={"sha256": digest})


class Across(Row):
    """A row of a matrix of targets: a metric in a month, its horizons across."""

    SHEET = Target.SHEET

    month: str
    operator: Annotated[str, named("operator", "operator")]
    metric: Annotated[str, Form(kind="metric")]
    platform: Annotated[str, named("platform", "platform")] = ""
    last: Any = None
    proposed: Any = None
    short: Annotated[Any, Form(kind="number")] = None
    mid: Annotated[Any, Form(kind="number")] = None
    long: Annotated[Any, Form(kind="number")] = None
    ultimate: Annotated[Any, Form(kind="number")] = None
    set_on: Day
    approved_by: Note = ""
    note: Note = ""


def _spread(sheet: TableSheet, records: Sequence[Record]) -> Iterator[TableRow]:
    """Yield a row of a target for every cell of a matrix that is filled."""
    for row in table.table_rows(sheet, records, table.columns(Across)):
        values = {name: row.cells[name] for name in HORIZONS}
        filled = {name: cell for name, cell in values.items() if cell is not None}
        periods = {"short": row.cells["month"]}
        try:
            periods |= periods_of(forms.to_month(row.cells["month"]))
        except WrongForm:  # told once, as of a short target
            filled = dict([("short", cell) for cell in filled.values()][:1])
        at, called = sheet.positions, sheet.headers
        for name, value in filled.items():
            cells = {"horizon": name, "period": periods[name] or None, "value": value}
            stands = replace(
                sheet,
                positions={**at, "value": at[name], "period": at["month"]},
                headers={**called, "value": called[name], "period": called["month"]},
            )
            yield TableRow(stands, row.record, {**row.cells, **cells})
