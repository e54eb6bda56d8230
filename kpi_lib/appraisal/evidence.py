"""What a score is made from, and what a source gives back: plain records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property
from math import floor, inf, isinf
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from kpi_lib import inputs, months
from kpi_lib.catalogue import METRICS
from kpi_lib.days import Calendar, days_of, periods_of, shift
from kpi_lib.figures import joined
from kpi_lib.language import N_, Sentence
from kpi_lib.months import Total

if TYPE_CHECKING:
    from kpi_lib.appraisal.goals import Goals

# An exact number; a float only for infinity (a value known by its lower bound).
Number = Fraction | float

Which = Literal["value", "low", "high"]


NAMED = 4  # Things that a remark names; it counts the others

EARLY = 7  # Days before the day planned on which a content may have come out

CUT = 6  # Signs of a title from which on its beginning is known again


class History:
    """One operator's months as they were added up; every total is made once."""

    def __init__(
        self, monthly: pd.DataFrame, roster: inputs.Roster, operator: inputs.Operator
    ) -> None:
        self.monthly, self.roster, self.operator = monthly, roster, operator
        self._accounts = roster.ever_owned_by(operator.id)
        self._rows = months.by_month(monthly)
        # Every total is asked for by many measures.
        self.total = cache(self._total)

    def rows(self, month: str) -> months.Rows:
        """Return the rows of a month, by metric."""
        return self._rows.get(month, {})

    def _total(
        self, metric: str, month: str, platform: str, rules: inputs.EvidenceRules
    ) -> Total:
        """Return a metric over all own accounts of a month, or those of a platform."""
        total = months.total(
            self.rows(month),
            metric,
            accounts=self._accounts,
            platform=platform,
            rules=rules,
        )
        withheld = self._withheld(metric, month, platform)
        return replace(total, gaps=(*total.gaps, *withheld))

    def _withheld(self, metric: str, month: str, platform: str) -> Iterator[Sentence]:
        """Say what was written by hand of an account before, and is not any more."""
        now = self.rows(month)
        for name in METRICS[metric].parts or (metric,):
            there = {row["account"] for row in now.get(name, ())}
            then = {
                row["account"]
                for earlier, rows in self._rows.items()
                for row in rows.get(name, ())
                if earlier < month and row["basis"] == "manual"
            }
            gone = then - there
            for account in self.roster.owned_by(self.operator, month) if gone else ():
                if platform in ("", account.platform) and account.id in gone:
                    text = N_("{account}以前手工填报{metric}，本月没有：没有了就填0")
                    label = METRICS[name].label
                    yield Sentence(text, account=account.name, metric=label)


@dataclass(frozen=True)
class Covered:
    """One on leave whom the operator covered: on how many days, what they brought."""

    away: Evidence
    days: int
    brought: History


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """
    Everything that one operator's score of one month is made from.

    Parameters
    ----------
    month, plan : str, inputs.Plan
        ``YYYY-MM``, and the plan of the month.
    history : History
        The operator, the roster, and the rows of this month and the ones before;
        shared by all months of one operator.
    calendar : Calendar
        Working days and weeks.
    targets, known_targets : tuple of Target, frozenset of str
        The operator's rows of targets.csv; hashes of rows that stood in the record of
        an earlier month.
    worklogs : mapping of str to Worklog
        Month → work log, of everybody; `worklog` is the operator's own part.
    posts : DataFrame
        One row per post of an own account, latest counters: account, platform,
        published_at, source, sheet, row, a column a metric, and `share`, the own
        share on the publishing day (0 on another's). Empty if no list came.
    days : callable
        Gives the operator's part of every day, see ``Month.own_days``; few ask for it.
    which : {"value", "low", "high"}
        Which reading of contradicting values is used.
    covered : tuple of Covered
        Those on leave whom the operator covered.
    """

    month: str
    plan: inputs.Plan
    history: History = field(repr=False)
    calendar: Calendar
    targets: tuple[inputs.Target, ...]
    known_targets: frozenset[str] = frozenset()
    worklogs: Mapping[str, inputs.Worklog] = field(default_factory=dict, repr=False)
    posts: pd.DataFrame = field(default_factory=pd.DataFrame)
    days: Callable[[], pd.DataFrame] = pd.DataFrame
    which: Which = "value"
    covered: tuple[Covered, ...] = ()

    @property
    def operator(self) -> inputs.Operator:
        """Who is appraised."""
        return self.history.operator

    @property
    def roster(self) -> inputs.Roster:
        """Owners, shares and products."""
        return self.history.roster

    @property
    def monthly(self) -> pd.DataFrame:
        """The operator's rows of all months, see ``months.MONTHLY``."""
        return self.history.monthly

    @cached_property
    def now(self) -> pd.DataFrame:
        """The operator's rows of the appraised month."""
        return self.monthly[self.monthly["month"] == self.month]

    @cached_property
    def _entries(self) -> tuple[inputs.Worklog, tuple[tuple[inputs.Entry, str], ...]]:
        return self.worklogs[self.month].own(self.operator.id).once()

    @property
    def worklog(self) -> inputs.Worklog:
        """The operator's entries that count: of the month, each once."""
        return self._entries[0]

    @property
    def aside(self) -> tuple[tuple[inputs.Entry, str], ...]:
        """The operator's other entries, with why they do not count."""
        return self._entries[1]

    @cached_property
    def goals(self) -> Goals:
        """The targets that hold against their results, each worked out once."""
        # Goals are made of evidence: their module imports this one.
        from kpi_lib.appraisal.goals import Goals

        return Goals(self)

    @cached_property
    def uncertain(self) -> bool:
        """Whether a value of the month is known only between bounds."""
        return bool((self.now["low"].fillna(-1) != self.now["high"].fillna(-1)).any())

    @cached_property
    def bounds(self) -> tuple[Evidence, Evidence]:
        """The same read with the least and with the greatest of uncertain values."""
        return replace(self, which="low"), replace(self, which="high")

    @cached_property
    def deadline(self) -> date:
        """The day until which targets of the month are set in time."""
        before = shift(self.month, -1)
        return self.calendar.review_due(before, self.plan.evidence.target_days)

    @cached_property
    def accounts(self) -> list[inputs.Account]:
        """Own accounts of the month, in the roster's order."""
        return self.roster.owned_by(self.operator, self.month)

    def total(self, metric: str, *, month: str = "", platform: str = "") -> Total:
        """Return a metric over all own accounts of a month."""
        return self.history.total(
            metric, month or self.month, platform, self.plan.evidence
        )

    @cached_property
    def of_month(self) -> list[inputs.Target]:
        """The targets that the month is held against, set before its end."""
        periods, last = periods_of(self.month), days_of(self.month)[-1]
        return [
            row
            for row in self.targets
            if row.period == periods[row.horizon] and row.set_on <= last
        ]

    @cached_property
    def short_of_days(self) -> dict[str, list[Mapping[Hashable, Any]]]:
        """The rows of the month that rest on fewer days than are due, by metric."""
        return {
            metric: short
            for metric, rows in self.history.rows(self.month).items()
            if metric != "mau"  # known once a month
            and (short := [row for row in rows if months.lacks_days(row)])
        }

    @cached_property
    def listed(self) -> dict[str, list[tuple[date, str]]]:
        """Day and folded title of every post of the own accounts, by platform."""
        listed: dict[str, list[tuple[date, str]]] = defaultdict(list)
        for post in self.posts.to_dict("records"):
            day, title = post["published_at"].date(), inputs.bare(str(post["title"]))
            listed[post["platform"]].append((day, title))
        return listed

    def came_out(self, content: inputs.Content) -> dict[str, date | None]:
        """Return where a content came out, as written and denied by no list, by day."""
        if not self.plan.evidence.held_to_posts:
            return dict.fromkeys(content.published_platforms)
        title, own = inputs.bare(content.title), {a.platform for a in self.accounts}
        since = content.planned - timedelta(days=EARLY)
        came: dict[str, date | None] = {}
        for platform in content.published_platforms:
            # A platform cuts a long title, or has a description with it.
            alike = [
                (day, name)
                for day, name in self.listed.get(platform, ())
                if day >= since
                if not name or title in name or (len(name) >= CUT and name in title)
            ]
            if platform in own and (alike or platform not in self.listed):
                # A post without a title may be this one; of its day it tells nothing.
                came[platform] = min((day for day, name in alike if name), default=None)
        return came

    def came_late(self, content: inputs.Content) -> date | None:
        """Return the day on which a content first came out, if that was too late."""
        first = min(filter(None, self.came_out(content).values()), default=date.min)
        grace = self.plan.evidence.content_grace
        return first if first > self.calendar.after(content.planned, grace) else None

    def brought(
        self, metric: str, beside: str, spans: Sequence[Sequence[pd.Timestamp]]
    ) -> Sequence[Number]:
        """
        Add up a metric over own days; infinite where exports do not tell all of it.

        An account may have it untold that has never told it, and tells what stands
        `beside` it.
        """
        known, untold = self.days(), [inf for _ in spans]
        if known.empty or not self.plan.evidence.held_to_days:
            return untold
        of, others = (known[known["metric"] == name] for name in (metric, beside))
        if of.empty or {*others["account"]} - {*of["account"]}:
            return untold
        each = (of[of["date"].isin(days)] for days in spans)
        # A part by share is a float: its dust is none that anybody typed too much.
        return [
            inf
            if days["censored"].any()
            else round(Fraction(sum(map(months.exactly, days["value"]))), 6)
            for days in each
        ]

    def present(self, month: str = "") -> list[date]:
        """Return the working days of a month on which the operator was present."""
        return [
            day
            for day in self.calendar.working_days(month or self.month)
            if self.works_on(day)
        ]

    def works_on(self, day: date) -> bool:
        """Say whether the operator is employed and not on leave on a day."""
        return self.operator.holds(day) and not self.operator.leave_on(day)

    def confirmed(self, row: inputs.Entry | inputs.Target) -> bool:
        """Say whether the manager, or another who may, stands for a row."""
        return self.operator.is_approver(row.named)

    def has_none(self, sheet: str, after: date = date.min) -> bool:
        """Say whether the sheet 确认 states, after a day, that a sheet has nothing."""
        return any(
            row.sheet == sheet and row.on > after and self.confirmed(row)
            for row in self.worklog.confirmations
        )

    def presence(self, month: str = "") -> tuple[int, int]:
        """Return working days present and working days of a month."""
        days = self.calendar.working_days(month or self.month)
        return len(self.present(month)), len(days)

    @cached_property
    def part(self) -> Fraction:
        """Share of the month's working days on which the operator was present."""
        here, days = self.presence()
        return Fraction(here, days) if days else Fraction(1)

    @cached_property
    def days_in_charge(self) -> list[date]:
        """Days of the month, working or not, of employment without leave."""
        return [day for day in days_of(self.month) if self.works_on(day)]

    def charge(self, metric: str, own: int | None = None) -> Fraction:
        """
        Return the part of a month's target that falls on the days in charge, or `own`.

        A level's gain is counted from where it stood before the first own day, so that
        the days before have taken nothing off a flow's way and are no part of it.
        """
        moves = METRICS[metric].moves_by_gain
        days = [
            day
            for day in days_of(self.month)
            if day >= self.operator.from_ or not moves
        ]
        here = len(self.days_in_charge) if own is None else own
        return Fraction(here, len(days)) if days else Fraction(0)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What a source gives for one measure; a rule is applied to value ÷ target."""

    value: Number | None = None
    target: Fraction | None = None  # 1 for sources that give a share
    state: Literal["given", "pending", "excluded"] = "given"
    unit: str = ""  # for the reader; % for shares
    of: tuple[Fraction, Fraction] | None = None  # the two counts a share was made of
    note: str = ""  # why it is pending or excluded, or what to know
    inputs: Mapping[str, str] = field(default_factory=dict)  # all numbers used
    evidence: tuple[Mapping[str, str], ...] = ()  # the rows behind them
    rows: tuple[Mapping[str, str], ...] = ()  # of the work log, and if they count
    parts: tuple[Mapping[str, str], ...] = ()  # what a mean was taken over
    flags: tuple[str, ...] = ()  # stand above the score
    confirmed: bool = False  # somebody else confirmed all that counts
    less: bool = False  # less is better
    between: tuple[Fraction, Fraction] | None = None  # shares that uncertain values get

    @property
    def divides(self) -> bool:
        """Whether value and target are divided, not only said to be met or not."""
        if not self.target or self.target < 0:
            return False
        return not (self.less and self.value == 0)

    @property
    def attained(self) -> Number | None:
        """Value ÷ target, or the value alone where there is no target."""
        if self.value is None or self.target is None:
            return self.value
        return attained(self.value, self.target, less=self.less)


def attained(value: Number, target: Fraction, *, less: bool) -> Number:
    """Return value ÷ target, turned where less is better; of no target if it is met."""
    if target > 0 and less and value:
        return Fraction(0) if isinf(value) else target / Fraction(value)
    if target > 0 and not less:
        return value if isinf(value) else value / target
    return Fraction(value == 0 if less else value >= target)


def pending(note: str, **more: object) -> Reading:
    """Return a reading that cannot be scored yet, with its reason."""
    return Reading(state="pending", note=note, **more)  # type: ignore[arg-type]


def excluded(note: str, **more: object) -> Reading:
    """Return a reading whose points go to the item's other measures."""
    return Reading(state="excluded", note=note, **more)  # type: ignore[arg-type]


def text(number: Number | Decimal | None) -> str:
    """Write a number as a decimal string; six places at most, exact where it ends."""
    if number is None:
        return ""
    if isinf(number):
        return "Infinity"
    return months.exact(Fraction(number))


def cited(source: str, rows: str, **more: str) -> dict[str, str]:
    """Return the rows of a sheet behind a number, as the card keeps them."""
    return {"source": source, "rows": rows, "sheet": "", "metric": "", "sum": ""} | more


def few(names: Sequence[str], most: int = NAMED) -> str:
    """Name the first of several things, and count all where there are more."""
    named = joined(names[:most])
    if len(names) <= most:
        return named
    return Sentence("{names}等{n}项", names=named, n=len(names))


def half_up(number: Fraction, places: str = "0.01") -> Decimal:
    """Round half up from the exact fraction to a multiple of a quantum."""
    # Whole quanta by exact arithmetic: dividing into Decimal would round twice.
    quanta = floor(abs(number) / Fraction(places) + Fraction(1, 2))
    return Decimal(quanta if number >= 0 else -quanta) * Decimal(places)
