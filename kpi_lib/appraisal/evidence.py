"""What a score is made from, and what a source gives back: plain records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cached_property
from math import isinf
from typing import Literal

import pandas as pd

from kpi_lib import months
from kpi_lib.days import Calendar, days_of
from kpi_lib.files import Layout
from kpi_lib.inputs import Account, Operator, Plan, Roster, Target, Worklog
from kpi_lib.language import say
from kpi_lib.months import Total

Number = Fraction | float
"""An exact number; a float only for infinity (a value known by its lower bound)."""

Which = Literal["value", "low", "high"]


@dataclass(frozen=True)
class Past:
    """
    One month before a scored one, as a yardstick of its targets.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    value : Fraction or None
        What the operator did, in the metric's unit; None where it does not compare.
    why : str
        Why it does not.
    """

    month: str
    value: Fraction | None
    why: str = ""


@dataclass(frozen=True)
class Sums:
    """What was worked out of one operator's months already, to be done once."""

    rows: dict[str, months.Rows] = field(default_factory=dict)
    totals: dict[tuple[str, str, str], Total] = field(default_factory=dict)
    past: dict[tuple[str, str, str], tuple[Past, ...]] = field(default_factory=dict)
    present: dict[str, list[date]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """
    Everything that one operator's score of one month is made from.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    operator : Operator
        Who is appraised.
    plan : Plan
        The plan of the month.
    roster : Roster
        Owners, shares and products.
    layouts : mapping of str to Layout
        Which metrics a layout maps.
    calendar : Calendar
        Working days and weeks.
    monthly : DataFrame
        The operator's rows of this month and the ones before, see
        ``metrics.MONTHLY``.
    targets : tuple of Target
        The operator's rows of targets.csv.
    known_targets : frozenset of str
        Hashes of rows of targets.csv that stood in the record of an earlier month.
    worklogs : mapping of str to Worklog
        Month → work log, this month's and the earlier ones of its quarter.
    posts : DataFrame
        One row per post of an own account, latest counters: account, platform,
        published_at, source, sheet, row, a column a metric, and `share`, the own
        share on the publishing day (0 on another's). Empty if no list came.
    which : {"value", "low", "high"}
        Which reading of contradicting values is used.
    sums : Sums
        Shared by all that is made from the same rows.
    """

    month: str
    operator: Operator
    plan: Plan
    roster: Roster
    layouts: Mapping[str, Layout]
    calendar: Calendar
    monthly: pd.DataFrame
    targets: tuple[Target, ...]
    known_targets: frozenset[str] = frozenset()
    worklogs: Mapping[str, Worklog] = field(default_factory=dict)
    posts: pd.DataFrame = field(default_factory=pd.DataFrame)
    which: Which = "value"
    sums: Sums = field(default_factory=Sums, repr=False, compare=False)

    @property
    def worklog(self) -> Worklog:
        """The work log of the month."""
        return self.worklogs[self.month]

    def _rows(self, month: str) -> months.Rows:
        if not self.sums.rows:
            self.sums.rows.update(months.by_month(self.monthly))
        return self.sums.rows.get(month, {})

    @cached_property
    def uncertain(self) -> bool:
        """Whether a value of the month is known only between bounds."""
        now = self.monthly[self.monthly["month"] == self.month]
        return bool((now["low"].fillna(-1) != now["high"].fillna(-1)).any())

    @property
    def first_day(self) -> date:
        """First day of the month."""
        return days_of(self.month)[0]

    @property
    def last_day(self) -> date:
        """Last day of the month."""
        return days_of(self.month)[-1]

    @property
    def accounts(self) -> list[Account]:
        """Own accounts of the month, in the roster's order."""
        return self.roster.owned_by(self.operator, self.month)

    def total(self, metric: str, *, month: str = "", platform: str = "") -> Total:
        """Return a metric over all own accounts of a month."""
        key = (metric, month or self.month, platform)
        if key not in self.sums.totals:
            total = months.total(
                self._rows(key[1]),
                metric,
                accounts=self.roster.ever_owned_by(self.operator.id),
                platform=platform,
                rules=self.plan.evidence,
            )
            self.sums.totals[key] = replace(total, gaps=tuple(map(say, total.gaps)))
        return self.sums.totals[key]

    def present(self, month: str = "") -> list[date]:
        """Return the working days of a month on which the operator was present."""
        at = month or self.month
        if at not in self.sums.present:
            self.sums.present[at] = [
                day
                for day in self.calendar.working_days(at)
                if self.operator.holds(day) and not self.operator.leave_on(day)
            ]
        return self.sums.present[at]

    def presence(self, month: str = "") -> tuple[int, int]:
        """Return working days present and working days of a month."""
        days = self.calendar.working_days(month or self.month)
        return len(self.present(month)), len(days)

    @property
    def part(self) -> Fraction:
        """Share of the month's working days on which the operator was present."""
        here, days = self.presence()
        return Fraction(here, days) if days else Fraction(1)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """
    What a source gives for one measure.

    Parameters
    ----------
    value : Fraction, inf or None
        The number the rule is applied to; None where there is none.
    target : Fraction or None
        What it is divided by; 1 for sources that give a share.
    state : {"given", "pending", "excluded"}
        Whether it may be scored.
    unit : str
        Unit of value and target for the reader, e.g. 条; ``%`` for shares.
    note : str
        Why it is pending or excluded, or what to know about it.
    inputs : mapping of str to str
        Every number that was used, as decimal strings.
    evidence : tuple of dict
        Source, sheet, rows, metric, sum.
    parts : tuple of dict
        What a mean was taken over, for the reader: metric, platform, value, target,
        counted (the target as it counts), attained, growth.
    flags : tuple of str
        What has to stand above the score.
    confirmed : bool
        True if somebody else confirmed every entry that counts.
    less : bool
        True if less is better: attained is target ÷ value.
    """

    value: Number | None = None
    target: Fraction | None = None
    state: Literal["given", "pending", "excluded"] = "given"
    unit: str = ""
    note: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[Mapping[str, str], ...] = ()
    parts: tuple[Mapping[str, str], ...] = ()
    flags: tuple[str, ...] = ()
    confirmed: bool = False
    less: bool = False

    @property
    def attained(self) -> Number | None:
        """Value ÷ target, or the value alone where there is no target."""
        if self.value is None or self.target is None:
            return self.value
        if isinf(self.value):
            return Fraction(0) if self.less else self.value
        if self.less:
            return against_less(self.value, self.target)
        if self.target > 0:
            return self.value / self.target
        return Fraction(self.value >= self.target)


def against_less(value: Number, target: Fraction) -> Number:
    """Return target ÷ value where less is better; nothing at all is 1."""
    if value == 0:
        return Fraction(1)
    return target / Fraction(value) if target > 0 else Fraction(0)


def pending(note: str, **more: object) -> Reading:
    """Return a reading that cannot be scored yet, with its reason."""
    return Reading(state="pending", note=note, **more)  # type: ignore[arg-type]


def excluded(note: str, **more: object) -> Reading:
    """Return a reading whose points go to the item's other measures."""
    return Reading(state="excluded", note=note, **more)  # type: ignore[arg-type]


def text(number: Number | None) -> str:
    """Write a number as a decimal string; six places at most, exact where it ends."""
    if number is None:
        return ""
    if isinf(number):
        return "Infinity"
    return months.exact(Fraction(number))


def half_up(number: Fraction, places: str = "0.01") -> Decimal:
    """
    Round half up, from the exact fraction.

    Parameters
    ----------
    number : Fraction
        Any number.
    places : str
        The quantum, ``"0.01"`` for points.

    Returns
    -------
    Decimal
        The nearest multiple; of two equally near ones the one away from zero.
    """
    quantum = Fraction(places)
    # Whole quanta by integer arithmetic: dividing into Decimal would round twice.
    quanta, rest = divmod(abs(number), quantum)
    whole = quanta + (1 if rest * 2 >= quantum else 0)
    unit = Decimal(places)
    signed = whole if number >= 0 else -whole
    return (Decimal(signed) * unit).quantize(unit, rounding=ROUND_HALF_UP)
