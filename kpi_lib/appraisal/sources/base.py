"""What every kind of source is, and what those of the work log share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import ClassVar, Protocol, TypeVar

from kpi_lib import months
from kpi_lib.appraisal.evidence import (
    Evidence,
    Reading,
    cited,
    excluded,
    pending,
    text,
)
from kpi_lib.catalogue import DUE
from kpi_lib.inputs import Measure, Target
from kpi_lib.language import Sentence

NONE_HERE = "确认"
"""The sheet that states, signed, that another has nothing."""


class Source(ABC):
    """A kind of source: where a measure's number comes from."""

    rests_on: ClassVar[str] = "log"
    """What its points rest on: exports, confirmed; ``log``: as each entry stands."""

    shares_results: ClassVar[bool] = False
    """Whether it counts results of metrics that other measures may count too."""

    @abstractmethod
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        """Return value, target, inputs and the rows behind them, or why not."""

    def metrics(self, measure: Measure, reading: Reading) -> list[str]:
        """Return the metrics whose results were counted, each once."""
        return []


class _Entry(Protocol):
    """A row of the work log."""

    @property
    def operator(self) -> str: ...
    @property
    def source(self) -> str: ...
    @property
    def sheet(self) -> str: ...
    @property
    def row(self) -> int: ...


class _Confirmable(_Entry, Protocol):
    """A row that names who confirmed it."""

    @property
    def confirmed_by(self) -> str: ...


E = TypeVar("E", bound=_Entry)
C = TypeVar("C", bound=_Confirmable)
M = TypeVar("M")


def plan_of(measure: Measure, model: type[M]) -> M:
    """Return what the plan says of a measure's source."""
    if not isinstance(measure.source, model):
        raise TypeError(measure.source)
    return measure.source


def own(evidence: Evidence, entries: Iterable[E]) -> list[E]:
    """Return the operator's own rows."""
    return [entry for entry in entries if entry.operator == evidence.operator.id]


def by_another(evidence: Evidence, row: _Confirmable) -> bool:
    """Say whether somebody else than the operator confirmed a row."""
    operator = evidence.operator
    return row.confirmed_by not in ("", operator.id, operator.name)


def counted(evidence: Evidence, measure: Measure, rows: Sequence[C]) -> list[C]:
    """Return the rows that count: confirmed by another, or confirming not required."""
    if measure.confirm != "required":
        return list(rows)
    return [row for row in rows if by_another(evidence, row)]


def unconfirmed(number: int) -> str:
    """Say how many rows want another's confirmation."""
    return Sentence("{n}行没有他人确认，不计", n=number) if number else ""


def none_here(evidence: Evidence, sheet: str) -> bool:
    """Say whether the sheet 确认 states, signed, that a sheet has nothing."""
    statements = own(evidence, evidence.worklog.none_here)
    return any(row.sheet == sheet and row.by for row in statements)


def cite(entries: Sequence[_Entry]) -> tuple[dict[str, str], ...]:
    """Return the rows of the work log behind a number, file by file."""
    places: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        places.setdefault((entry.source, entry.sheet), []).append(entry.row)
    return tuple(
        cited(source, months.spans(rows), sheet=sheet, total=str(len(rows)))
        for (source, sheet), rows in places.items()
    )


def due_number(
    evidence: Evidence, name: str, default: int | None = None
) -> Fraction | None:
    """
    Return a due number, scaled by the working days present.

    From a row of targets.csv that a manager approved, or the plan's default; never
    from what the operator typed. None where there is neither.
    """
    rows = [
        row
        for row in evidence.targets
        if row.metric == name
        and row.horizon == "short"
        and row.period == evidence.month
        and row.set_on <= evidence.last_day
        and row.approved_by
    ]
    if rows:
        return Fraction(_last(evidence, rows).value) * evidence.part
    return None if default is None else Fraction(default) * evidence.part


def _last(evidence: Evidence, rows: Sequence[Target]) -> Target:
    """Return the row set last; a late and easier one needs a reason in its note."""
    first, *others = sorted(rows, key=lambda row: row.set_on)
    standing = first
    for row in others:
        late = row.set_on > evidence.first_day
        if not (late and row.value < standing.value and not row.note):
            standing = row
    return standing


def no_due(name: str) -> Reading:
    """Return a reading that waits for a due number."""
    return pending(
        Sentence("没有{due}的应完成数（targets.csv的{name}）", due=DUE[name], name=name)
    )


def missing(sheet: str) -> Reading:
    """Return a reading that waits for a sheet without rows."""
    return pending(
        Sentence(
            "工作记录的“{sheet}”表没有记录，也没有在“{none}”表写明无",
            sheet=sheet,
            none=NONE_HERE,
        )
    )


def against(
    entries: Sequence[_Entry],
    value: Fraction | int,
    target: Fraction | int,
    unit: str,
    note: str = "",
    *,
    confirmed: bool = False,
) -> Reading:
    """Return a count against what was due; 0 of 0 is excluded."""
    if target == 0:
        return excluded(Sentence("应完成数为0"), unit=unit)
    return Reading(
        value=Fraction(value),
        target=Fraction(target),
        unit=unit,
        note=note,
        inputs={"value": text(Fraction(value)), "target": text(Fraction(target))},
        evidence=cite(entries),
        confirmed=confirmed,
    )
