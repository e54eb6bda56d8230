"""What every kind of source is, and what those of the work log share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Protocol, TypeVar

from typing_extensions import override

from kpi_lib import days, months
from kpi_lib.appraisal.evidence import (
    Evidence,
    Reading,
    cited,
    excluded,
    pending,
    text,
)
from kpi_lib.catalogue import DUE
from kpi_lib.inputs import SHEETS, Entry, Measure
from kpi_lib.language import Sentence

NONE_HERE = "确认"
"""The sheet that states, signed, that another has nothing."""

FIELDS = {sheet.zh: sheet.field for sheet in SHEETS}
"""Sheet → the field of the work log that holds its rows."""


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


@dataclass(frozen=True)
class LogSource(Source):
    """A source of one sheet, of rows whose date `within` lies in the month."""

    sheet: str
    within: str = ""

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        entries = entries_of(evidence, self.sheet)
        rows = [row for row in entries if self._in_month(row, evidence.month)]
        nothing = self.without(evidence, entries, rows)
        return nothing or self.of(evidence, measure, rows)

    def without(
        self, evidence: Evidence, entries: Sequence[Any], rows: Sequence[Any]
    ) -> Reading | None:
        """Return why there is nothing to read; None where there is."""
        if entries or none_here(evidence, self.sheet):
            return None
        return missing(self.sheet)

    @abstractmethod
    def of(self, evidence: Evidence, measure: Measure, rows: list[Any]) -> Reading:
        """Return what the rows give."""

    def _in_month(self, row: Any, month: str) -> bool:
        return not self.within or days.month_of(getattr(row, self.within)) == month


class _Confirmable(Protocol):
    """A row that names who confirmed it."""

    @property
    def confirmed_by(self) -> str: ...


C = TypeVar("C", bound=_Confirmable)
M = TypeVar("M")


def plan_of(measure: Measure, model: type[M]) -> M:
    """Return what the plan says of a measure's source."""
    if not isinstance(measure.source, model):
        raise TypeError(measure.source)
    return measure.source


def entries_of(evidence: Evidence, sheet: str) -> Sequence[Any]:
    """Return the operator's rows of a sheet."""
    return getattr(evidence.worklog, FIELDS[sheet])  # type: ignore[no-any-return]


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
    statements = evidence.worklog.none_here
    return any(row.sheet == sheet and row.by for row in statements)


def cite(entries: Sequence[Entry]) -> tuple[dict[str, str], ...]:
    """Return the rows of the work log behind a number, file by file."""
    places: dict[tuple[str, str], list[int]] = {}
    for entry in entries:
        places.setdefault((entry.source, entry.sheet), []).append(entry.row)
    return tuple(
        cited(source, months.spans(rows), sheet=sheet, total=str(len(rows)))
        for (source, sheet), rows in places.items()
    )


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
    entries: Sequence[Entry],
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


def mean(
    shares: Sequence[Fraction],
    entries: Sequence[Entry],
    inputs: Mapping[str, str],
    note: str = "",
) -> Reading:
    """Return the plain mean of shares, of a target of 1."""
    return Reading(
        value=sum(shares, Fraction(0)) / len(shares),
        target=Fraction(1),
        unit="%",
        note=note,
        inputs=inputs,
        evidence=cite(entries),
    )
