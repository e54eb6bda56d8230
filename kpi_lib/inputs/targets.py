"""
Targets and due numbers: what was to be reached, set when and approved by whom.

A row is never overwritten: the latest one before the month's end holds, the earlier
ones stay on record. Which row holds is decided in scoring; here each is only read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from kpi_lib.catalogue import DUE, HORIZONS, METRICS
from kpi_lib.errors import Problem, TargetsError
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
from kpi_lib.workspace import canonical_json, sha256

COLUMNS: dict[str, tuple[str, ...]] = {
    "operator": ("operator", "运营"),
    "metric": ("metric", "指标"),
    "platform": ("platform", "平台"),
    "horizon": ("horizon", "期限"),
    "period": ("period", "周期"),
    "value": ("value", "目标值", "数值"),
    "set_on": ("set_on", "设定日"),
    "approved_by": ("approved_by", "批准人"),
    "note": ("note", "说明", "备注"),
}
"""Columns of targets.csv and the headers each may have."""

REQUIRED = ("operator", "metric", "horizon", "period", "value", "set_on")

_QUARTER = re.compile(r"(20\d{2})-?[Qq]([1-4])", re.ASCII)
_YEAR = re.compile(r"20\d{2}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Target:
    """
    One row of targets.csv.

    Parameters
    ----------
    operator : str
        Operator id.
    metric : str
        A metric of the catalogue, or a due number as ``contents_due``.
    platform : str
        Platform id; empty for all own platforms together.
    horizon : str
        One of ``short``, ``mid``, ``long``, ``ultimate``.
    period : str
        ``2026-10``, ``2026-Q4``, ``2026``, or empty for ultimate.
    value : Decimal
        In the metric's unit; a rate as a fraction.
    set_on : date
        The day it was set.
    approved_by, note : str
        Who approved it, and why it is as it is.
    row : int
        Its row as a spreadsheet counts.
    sha256 : str
        Hash of the row's meaning, the same however the value was written.
    """

    operator: str
    metric: str
    platform: str
    horizon: str
    period: str
    value: Decimal
    set_on: date
    approved_by: str = ""
    note: str = ""
    row: int = 0
    sha256: str = ""

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What the target is for; several rows of one key are its history."""
        return self.operator, self.metric, self.platform, self.horizon, self.period


def load(
    path: Path,
    *,
    owned: Mapping[str, Collection[str]],
    platforms: Mapping[str, str],
    where: str = "data/targets.csv",
) -> tuple[Target, ...]:
    """
    Read the targets.

    Parameters
    ----------
    path : Path
        The CSV or workbook; none at all is no target.
    owned : mapping of str to collection of str
        Operator ids and the platform ids on which each owns something
        (`Roster.platforms_of`).
    platforms : mapping of str to str
        Platform ids and their Chinese names.
    where : str
        The file as messages name it.

    Returns
    -------
    tuple of Target
        In the order of the file.

    Raises
    ------
    TargetsError
        With one problem for every mistake, each with its row.
    """
    rows = load_table(path, COLUMNS, TargetsError, where, REQUIRED)
    problems: list[Problem] = []
    targets: list[Target] = []
    first: dict[tuple[object, ...], TableRow] = {}
    platform = _platform_form(platforms)
    for row in rows:
        noted = len(problems)
        target = _target(Cells(row, where, problems), owned, platform)
        if len(problems) > noted:
            continue
        before = first.setdefault((*target.key, target.set_on), row)
        if before is not row:
            Cells(row, where, problems).note(
                "",
                f"与{before.place()}的对象、周期和设定日都相同",
                do="请删去一行；改目标要另写一行，设定日写修改的日期",
            )
        targets.append(target)
    if problems:
        raise TargetsError(tuple(problems))
    return tuple(targets)


def _target(
    cells: Cells,
    owned: Mapping[str, Collection[str]],
    platform: Callable[[object], str],
) -> Target:
    operator = cells.needed("operator", _known(owned), "")
    metric = cells.needed("metric", _METRIC, "")
    horizon = cells.needed("horizon", _HORIZON, "")
    target = Target(
        operator=operator,
        metric=metric,
        platform=cells.read("platform", platform) or "",
        horizon=horizon,
        period=_period(cells, horizon),
        value=cells.needed("value", _value(metric), Decimal(0)),
        set_on=cells.needed("set_on", to_date, date.min),
        approved_by=cells.text("approved_by"),
        note=cells.text("note"),
        row=cells.row.row,
    )
    _check(cells, target, owned)
    return _hashed(target)


def _check(cells: Cells, target: Target, owned: Mapping[str, Collection[str]]) -> None:
    if target.metric in DUE:
        if target.platform:
            cells.note("platform", "应完成数不分平台", "空白", "请清空这一格")
        if target.horizon not in ("", "short"):
            cells.note("horizon", "应完成数按月写", "short或短期", "请按月各写一行")
    elif target.platform and target.operator:
        own = owned[target.operator]
        if target.platform not in own:
            what = f"“{target.operator}”没有平台“{target.platform}”的账号"
            cells.note("platform", what, choices(own) or "空白", "请改正平台或运营")


def _hashed(target: Target) -> Target:
    fields = asdict(target)
    del fields["row"], fields["sha256"]
    fields["value"] = f"{target.value.normalize():f}"
    fields["set_on"] = target.set_on.isoformat()
    digest = sha256(canonical_json(fields).encode())
    return replace(target, sha256=digest)


def _known(ids: Collection[str]) -> Callable[[object], str]:
    def form(cell: object) -> str:
        if cell is None or to_text(cell) not in ids:
            raise WrongForm(
                f"roster.yml里的运营编号：{choices(ids) or '现在一个也没有'}"
            )
        return to_text(cell)

    return form


def _metric_form() -> Callable[[object], str]:
    names = [name for name, metric in METRICS.items() if metric.target] + list(DUE)
    words = {METRICS[name].zh: name for name in names if name in METRICS}
    return one_of(words | {name: name for name in names}, names)


def _platform_form(platforms: Mapping[str, str]) -> Callable[[object], str]:
    names = {name: id_ for id_, name in platforms.items()}
    return one_of(names | {id_: id_ for id_ in platforms}, tuple(platforms))


_METRIC = _metric_form()
_HORIZON = one_of(
    {zh: name for name, zh in HORIZONS.items()} | {name: name for name in HORIZONS}
)


def _period(cells: Cells, horizon: str) -> str:
    if horizon == "ultimate":
        if cells.row.cells.get("period") is not None:
            cells.note("period", "终极目标不写周期", "空白", "请清空这一格")
        return ""
    forms = {"short": _month, "mid": _quarter, "long": _year}
    if horizon not in forms:
        return ""
    return cells.needed("period", forms[horizon], "")


def _month(cell: object) -> str:
    try:
        return to_month(cell)
    except WrongForm:
        raise WrongForm(
            "短期目标的月份，例如2026-10（Excel会把它改写成Oct-26，请把这一列设为文本）"
        ) from None


def _quarter(cell: object) -> str:
    match = _QUARTER.fullmatch(to_text(cell)) if cell is not None else None
    if match is None:
        raise WrongForm("中期目标的季度，例如2026-Q4")
    return f"{match[1]}-Q{match[2]}"


def _year(cell: object) -> str:
    if isinstance(cell, date) or cell is None or not _YEAR.fullmatch(to_text(cell)):
        raise WrongForm("后期目标的年份，例如2026")
    return to_text(cell)


def _value(metric: str) -> Callable[[object], Decimal]:
    """Return the form of a metric's value."""
    if metric in DUE:
        return lambda cell: Decimal(to_whole(cell))
    unit = METRICS[metric].unit if metric else ""

    def form(cell: object) -> Decimal:
        number = to_decimal(cell)
        if unit == "share" and not 0 <= number <= 1:
            raise WrongForm("0至1的比率，例如35%或0.35")
        if unit != "share" and isinstance(cell, str) and cell.strip()[-1] in "%％":
            raise WrongForm("数字，不是百分数：这个指标是个数或金额")
        if number < 0 and metric != "net_follows":
            raise WrongForm("不小于0的数字")
        return number

    return form
