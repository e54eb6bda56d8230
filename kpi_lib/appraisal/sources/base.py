"""What every kind of source is, and what those of the work log share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from string import Formatter
from typing import Any, ClassVar, Generic, TypeVar, cast

from kpi_lib import months
from kpi_lib.appraisal.evidence import Evidence, Reading, cited, excluded, pending, text
from kpi_lib.appraisal.goals import due_number, due_target
from kpi_lib.catalogue import DUE
from kpi_lib.grouping import grouped
from kpi_lib.inputs import Entry, Measure
from kpi_lib.language import N_, Sentence

EMPTY = N_("工作记录的“{sheet}”表没有记录，也没有在“{none}”表写明无")
# Of what is due all the same, to say that there was none is to say that none was done.
EMPTY_OR_0 = N_("工作记录的“{sheet}”表没有记录，也没有在“{none}”表写明无（写明计0分）")

NONE_HERE = "确认"  # The sheet that states, signed, that another has nothing

P = TypeVar("P")

SOURCES: dict[str, type[Source[Any]]] = {}  # By the kind that the plan writes


@dataclass(frozen=True)
class Source(ABC, Generic[P]):
    """
    A kind of source, of one measure: where the measure's number comes from.

    Its points rest on exports, on confirmed entries, or (``log``) as each entry stands;
    it may count results of metrics that other measures count too.
    """

    evidence: Evidence
    measure: Measure

    rests_on: ClassVar[str] = "log"
    shares_results: ClassVar[bool] = False
    bounded: ClassVar[bool] = True  # Whether uncertain values of the month may move it

    def __init_subclass__(cls, kind: str = "") -> None:
        """Enter a class under the kind that the plan writes."""
        if kind:
            SOURCES[kind] = cls

    @property
    def plan(self) -> P:
        """What the plan says of it."""
        return cast("P", self.measure.source)

    @abstractmethod
    def read(self) -> Reading:
        """Return value, target, inputs and the rows behind them, or why not."""

    def metrics(self, reading: Reading) -> list[str]:
        """Return the metrics whose results were counted, each once."""
        metric = getattr(self.plan, "metric", "")
        return [metric] if metric else []


COUNTED = Sentence("计入")
UNCONFIRMED = Sentence("没有主管确认")


class LogSource(Source[P]):
    """A source of one sheet, with the name of its due number if it has one."""

    entry: ClassVar[type[Entry]]
    due: ClassVar[str] = ""
    bounded = False

    def read(self) -> Reading:
        """Return what the rows give, or why there is nothing to read."""
        written = list(getattr(self.evidence.worklog, self.entry.FILE))
        if nothing := self.without(written):
            return nothing
        rows = [row for row in written if self.among(row)]
        counted, reading = self.counted(rows), self.of(rows)
        due = due_target(self.evidence, self.due)
        confirmed = bool(counted) and all(map(self.evidence.confirmed, counted))
        return replace(
            reading,
            confirmed=confirmed,
            evidence=(*cite([*rows, *([due] if due else [])]), *reading.evidence),
            rows=tuple(self._told(written)),
        )

    def _told(self, rows: Sequence[Any]) -> Iterator[dict[str, str]]:
        """Say of every row whether it counts, or why not; alike ones together."""
        places: dict[str, list[int]] = {}
        told = [
            (row, self.why_not(row) or (COUNTED if self._stands(row) else UNCONFIRMED))
            for row in rows
        ]
        for row, why in (*told, *self.evidence.aside):
            if isinstance(row, self.entry):
                places.setdefault(_said(why, row, self.evidence), []).append(row.row)
        for said, at in places.items():
            yield {"rows": months.spans(at, "、"), "why": said}

    def due_number(self) -> tuple[Fraction | None, str]:
        """Return the due number, and what to know about it."""
        default = getattr(self.plan, "due", None)
        return due_number(self.evidence, self.due, default) if self.due else None, ""

    def without(self, rows: Sequence[Any]) -> Reading | None:
        """Return why there is nothing to read; None where there is."""
        sheet = self.entry.SHEET
        if rows:
            return None
        none, (due, _) = self.evidence.has_none(sheet), self.due_number()
        # A due number of 0 and a signed "none" say the same: one of them is enough.
        if self.due and (due == 0 or (none and due is None)):
            return excluded(
                Sentence(
                    "本月不要求{due}（应完成数为0，或确认为无）", due=DUE[self.due]
                )
            )
        if none:
            return None
        excludes = self.due and due is None
        zero = not excludes and self.of([]).state == "given"
        text = EMPTY_OR_0 if zero else EMPTY
        return pending(Sentence(text, sheet=sheet, none=NONE_HERE))

    @abstractmethod
    def of(self, rows: list[Any]) -> Reading:
        """Return what the rows give."""

    def among(self, row: Any) -> bool:
        """Say whether a row is looked at at all."""
        return True

    def why_not(self, row: Any) -> str:
        """Say why a row, confirmed or not, is none that is counted; or nothing."""
        return ""

    def counted(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows that count: confirmed, where that is required."""
        return [row for row in rows if not self.why_not(row) and self._stands(row)]

    def unconfirmed(self, rows: Sequence[Any]) -> str:
        """Say how many rows would count with another's confirmation."""
        number = sum(not self.why_not(row) and not self._stands(row) for row in rows)
        return Sentence("{n}行没有他人确认，不计", n=number) if number else ""

    def _stands(self, row: Entry) -> bool:
        return self.measure.confirm != "required" or self.evidence.confirmed(row)


def _said(why: str, row: Entry, evidence: Evidence) -> str:
    """Fill a sentence from a row, if that is not done."""
    if isinstance(why, Sentence):
        return why
    beside = {"sheet": row.SHEET, "rows": row.row, "month": evidence.month}
    names = [name for _, name, *_ in Formatter().parse(why) if name]
    values = {at: beside[at] if at in beside else getattr(row, at) for at in names}
    return Sentence(why, **values)


def cite(entries: Iterable[Any], metric: str = "") -> tuple[dict[str, str], ...]:
    """Return the rows behind a number, sheet by sheet."""
    places = grouped(((at.source, getattr(at, "sheet", "")), at.row) for at in entries)
    return tuple(
        cited(
            source,
            months.spans(rows),
            sheet=sheet,
            metric=metric,
            sum="" if metric else str(len(rows)),
        )
        for (source, sheet), rows in places.items()
    )


def total(numbers: Iterable[float | Decimal | None]) -> Fraction:
    """Add numbers up as they are written, without binary dust."""
    exact = (Fraction(months.exactly(float(number or 0))) for number in numbers)
    return sum(exact, Fraction(0))


def no_due(name: str) -> Reading:
    """Return a reading that waits for a due number."""
    return pending(
        Sentence("没有{due}的应完成数（目标表的{name}）", due=DUE[name], name=name)
    )


def against(
    value: Fraction | int,
    target: Fraction | int,
    unit: str,
    note: str = "",
    **more: Any,
) -> Reading:
    """Return a count against what was due; 0 of 0 is excluded."""
    if target == 0:
        return excluded(Sentence("应完成数为0"), unit=unit)
    reading = Reading(
        value=Fraction(value),
        target=Fraction(target),
        unit=unit,
        note=note,
        inputs={"value": text(value), "target": text(target)},
    )
    return replace(reading, **more)


def part(name: str, value: Fraction, target: Fraction, **more: str) -> dict[str, str]:
    """Return a count against what was due as a part of a sum or mean, for the card."""
    return {
        "metric": "",
        "name": name,
        "platform": "",
        "value": text(value),
        "target": text(target),
        "counted": text(target),
        "opening": "",
        "attained": text(value / target if target else None),
        "growth": "",
        "days": "",
        **more,
    }


def mean(
    counts: Sequence[tuple[str, Fraction, Fraction]],
    inputs: Mapping[str, str],
    note: str = "",
) -> Reading:
    """Return the plain mean of named counts ÷ what was due, each at most 1."""
    shares = [min(value / target, Fraction(1)) for _name, value, target in counts]
    parts = tuple(
        part(*count, weight="1", share=text(share))
        for count, share in zip(counts, shares, strict=True)
    )
    share = sum(shares, Fraction(0)) / len(shares)
    return against(share, 1, "%", note, inputs=inputs, parts=parts)
