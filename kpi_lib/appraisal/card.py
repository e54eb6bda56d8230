"""
The score card: what ``<operator>.json`` holds, read through typed numbers.

Access by key gives what the file holds: decimal strings, sentences and names; the
properties give numbers, and what is derived from them, once for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property
from typing import Any

import pandas as pd

from kpi_lib import figures, language
from kpi_lib.appraisal.quotas import Quotas
from kpi_lib.days import Calendar, shift
from kpi_lib.files import Platform
from kpi_lib.grouping import grouped
from kpi_lib.inputs import Account, Operator, Target, Worklog
from kpi_lib.months import Rows, by_month

ZERO = Decimal(0)


def _number(digits: str | None) -> Decimal:
    """Read points of a card; what is not rated counts as none, and 0.00 as 0."""
    return Decimal(digits or 0) or ZERO


class _Part(dict[str, Any]):
    """Something of the card that has points; a mapping of what the file holds."""

    @property
    def points(self) -> Decimal:
        """Points that the plan gives for it."""
        return figures.decimal(self["points"]) or ZERO

    @property
    def possible(self) -> Decimal:
        """Points after exclusions."""
        return _number(self["possible"])

    @property
    def rated(self) -> Decimal:
        """Possible points of what could be rated."""
        return _number(self["rated"])

    @property
    def unrated(self) -> Decimal:
        """Possible points of what could not be rated."""
        return self.possible - self.rated

    @property
    def scored(self) -> bool:
        """Whether anything of it could be rated."""
        return self["score"] is not None

    @property
    def earned(self) -> Decimal:
        """Points that it got; none where nothing is rated."""
        return _number(self["score"])


class CardMeasure(_Part):
    """One measure of a card."""

    @property
    def waits(self) -> bool:
        """Whether it waits for evidence."""
        return bool(self["status"] == "pending")

    @property
    def between(self) -> tuple[Decimal, Decimal]:
        """The least and the most points that it may get once nothing waits."""
        if not self.waits:
            return self.earned, self.earned
        least, most = map(_number, self.get("between", ("", self["possible"])))
        return least, most

    @property
    def lost(self) -> Decimal:
        """Points that it could have had and did not get; none while it waits."""
        return self.possible - self.earned if self.scored else ZERO

    @property
    def full(self) -> bool:
        """Whether it got every point that was possible."""
        return self.scored and ZERO < self.possible <= self.earned


class CardItem(_Part):
    """One item of a card, a row of the plan's own table."""

    @cached_property
    def measures(self) -> tuple[CardMeasure, ...]:
        """Its measures without bonus ones, in the plan's order."""
        return tuple(map(CardMeasure, self["measures"]))

    @property
    def rate(self) -> Decimal | None:
        """Its points as a share of the rated ones; None where nothing is rated."""
        return self.earned / (self.rated or 1) if self.scored else None


class Card(_Part):
    """
    The score card of one operator and month, schema 1.

    What ``<operator>.json`` holds, by its keys (``card["total"]`` is ``"76.72"``, and
    texts are sentences and names that `kpi_lib.language.say` says), with the numbers
    as properties: `possible`, `rated`, `total`, `bonus_points`, `reached`, `cut_off`,
    `rate`, `lost`, `state`; `rows`, `measures` by ``item.measure``, and `measure` by
    its source.
    """

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Card:
        """Read a card as ``json.loads`` gives it."""
        return cls(language.from_json(dict(data)))

    def said(self) -> Card:
        """Return it with its texts in the language that is spoken now."""
        return self._said(language.language())

    @cached_property
    def _said(self) -> Callable[[str], Card]:
        # Every section of a page asks for it.
        return cache(lambda _: Card(language.spoken(self)))

    def to_json(self) -> dict[str, Any]:
        """Return what ``json.dumps`` takes: the same bytes in every language."""
        return dict(language.to_json(self))

    @cached_property
    def rows(self) -> tuple[CardItem, ...]:
        """Its items in the plan's order."""
        return tuple(map(CardItem, self["items"]))

    def called(self, row: CardItem) -> str:
        """Name an item by its KPI, by its own name where the KPI has several items."""
        several = sum(other["kpi"] == row["kpi"] for other in self.rows) > 1
        name: str = row["name"] if several else row["kpi"]
        return name

    @cached_property
    def plain(self) -> tuple[CardMeasure, ...]:
        """Measures without bonus ones, in the plan's order."""
        return tuple(measure for row in self.rows for measure in row.measures)

    @cached_property
    def extra(self) -> tuple[CardMeasure, ...]:
        """Bonus measures, in the plan's order."""
        bonus = self["bonus"]
        return tuple(map(CardMeasure, bonus["measures"])) if bonus else ()

    @cached_property
    def regular(self) -> dict[str, CardMeasure]:
        """Measures without bonus ones by the plan's ``item.measure``."""
        return {
            f"{row['id']}.{measure['id']}": measure
            for row in self.rows
            for measure in row.measures
        }

    @cached_property
    def measures(self) -> dict[str, CardMeasure]:
        """Every measure by the plan's ``item.measure``, the bonus ones at last."""
        return self.regular | {f"{m['item']}.{m['id']}": m for m in self.extra}

    def measure(self, kind: str) -> CardMeasure | None:
        """Return the first measure that a kind of source feeds; None without one."""
        fed = (m for m in self.plain if m["source"]["kind"] == kind)
        return next(fed, None)

    @property
    def waiting(self) -> list[CardMeasure]:
        """Measures that wait for evidence."""
        return [measure for measure in self.plain if measure.waits]

    @property
    def begun(self) -> bool:
        """Whether more is to show than that there are exports and no targets."""
        if not self.possible or self.get("signoff") or self.get("appeals"):
            return True
        rated = [at for at in self.plain if at.scored]
        kinds = {(at["source"]["kind"], at["value"] == "0") for at in rated}
        of_none = {("account_days", False), ("account_days", True), ("coverage", True)}
        return not kinds <= of_none

    @property
    def wanting(self) -> dict[str, list[CardMeasure]]:
        """What lacks, in the words of the notes, and the measures that wait for it."""
        return grouped((str(at["note"]), at) for at in self.waiting)

    @property
    def open_appeals(self) -> list[Mapping[str, Any]]:
        """Appeals that nobody decided yet."""
        return [each for each in self.get("appeals", ()) if not each["decision"]]

    @property
    def total(self) -> Decimal | None:
        """The score with bonus and veto; None where nothing is rated."""
        return Decimal(self["total"]) if self["total"] else None

    @property
    def earned(self) -> Decimal:
        """The score with bonus and veto; none where nothing is rated."""
        return self.total or ZERO

    @property
    def bonus_points(self) -> Decimal:
        """Points beyond the items, up to the plan's cap."""
        return _number(self["bonus"]["score"]) if self["bonus"] else ZERO

    @property
    def reached(self) -> Decimal:
        """The sum of items and bonus, before a veto."""
        return sum((m.earned for m in self.plain), ZERO) + self.bonus_points

    @property
    def between(self) -> tuple[Decimal, Decimal]:
        """The least and the most that the total may be: the sums of its measures'."""
        least, most = (
            sum((m.between[at] for m in self.plain), ZERO)
            + min(
                sum((m.between[at] for m in self.extra), ZERO),
                _number(self["bonus"]["cap"]) if self["bonus"] else ZERO,
            )
            for at in (0, 1)
        )
        cap = _number(self["veto"]["cap"]) if self["veto"] else most
        return min(least, cap), min(most, cap)

    @property
    def cut_off(self) -> Decimal:
        """What a veto cut off the sum of items and bonus."""
        return ZERO if self.total is None else max(self.reached - self.total, ZERO)

    @property
    def rate(self) -> Decimal | None:
        """The score as a share of the rated points; None where nothing was rated."""
        return (self.total or ZERO) / self.rated if self.rated else None

    @property
    def lost(self) -> list[tuple[str, Decimal]]:
        """Names of measures and the points that they lost, the most first."""
        losses = [(m["name"], m.lost) for m in self.plain if m.lost > 0]
        return sorted(losses, key=lambda loss: -loss[1])

    @property
    def rests_on(self) -> dict[str, Decimal]:
        """Points by what they rest on: exports, manual, confirmed and so on."""
        return {key: _number(points) for key, points in self["rests_on"].items()}

    @property
    def state(self) -> str:
        """How it stands: final, pending, void, reopened, open (not signed)."""
        sign = self["signoff"]
        if not sign:
            return "open"
        if sign["action"] == "reopen":
            return "reopened"
        if sign["void"]:
            return "void"
        return "final" if self["final"] else "pending"


# What one operator's page is made from: the own part, nothing of anybody else.


@dataclass(frozen=True, kw_only=True)
class OperatorMonth:
    """
    What one operator's page is made from: the own part, nothing of anybody else.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    operator : Operator
        Who is appraised.
    accounts : tuple of Account
        Own accounts of the month, in the roster's order.
    platforms, calendar : mapping of str to Platform, Calendar
        Names, seals and colours of their platforms; working days and holidays.
    daily : DataFrame
        One row per date, account, metric and part, over twelve months; `value` is the
        own part (followers and flows × share; DAU and MAU whole).
    monthly : DataFrame
        One row per month, account, metric and stream, see ``months.MONTHLY``.
    posts : DataFrame
        One row per post published in the month on an own day, latest counters.
    ledger, files : DataFrame
        One row per record, and one per file, of the own accounts; `layout` is empty
        where no declaration knows the file.
    targets, worklog : tuple of Target, Worklog
        The operator's rows of targets.csv and entries.
    quotas : Quotas
        The month's short targets by day and by week.
    card : Card
        The score card, schema 1.
    earlier : tuple of Card
        Score cards of up to three months before, ascending, each by the plan of its
        month; of months with own entries in the work log.
    """

    month: str
    operator: Operator
    accounts: tuple[Account, ...]
    platforms: Mapping[str, Platform]
    calendar: Calendar
    daily: pd.DataFrame
    monthly: pd.DataFrame
    posts: pd.DataFrame
    ledger: pd.DataFrame
    files: pd.DataFrame
    targets: tuple[Target, ...]
    worklog: Worklog
    quotas: Quotas
    card: Card
    earlier: tuple[Card, ...]

    @cached_property
    def by_month(self) -> dict[str, Rows]:
        """Month → metric → rows of `monthly`, as `months.total` adds them up."""
        return by_month(self.monthly)

    @cached_property
    def by_day(self) -> dict[tuple[str, str], dict[date, float]]:
        """Account and metric → day → value in the metric's unit, parts added up."""
        # By plain values: a frame for each of a hundred keys takes ten times as long.
        places, dates = pd.factorize(self.daily["date"], sort=True)
        days = [at.date() for at in pd.DatetimeIndex(dates)]
        columns = [self.daily[name].tolist() for name in ("account", "metric", "value")]
        values: dict[tuple[str, str], dict[date, float]] = {}
        for account, metric, value, at in zip(*columns, places.tolist(), strict=True):
            own = values.setdefault((account, metric), {})
            own[days[at]] = own.get(days[at], 0) + value
        return values

    @property
    def previous(self) -> Card | None:
        """Last month's score card, if there is one."""
        before = shift(self.month, -1)
        return next((card for card in self.earlier if card["month"] == before), None)
