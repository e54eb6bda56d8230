"""
Kept rows → months, each number with its basis and the rows behind it.

A month's number of one operator and account is made by exactly one basis:

- ``daily`` or ``manual``: the days on record are added up (flows), averaged
  (means), or the last one counts (stocks); never scaled up;
- ``difference``: closing less opening counters of the posts;
- ``published``: closing counters of the posts of the month, where no opening is
  known.

Where values contradict each other or are only a lower bound, `value` leaves them
out and `low` and `high` say between which bounds the truth lies. Everything is added
in whole numbers and fractions; `value`, `low` and `high` are rounded once, at the end.
"""

from __future__ import annotations

from collections import ChainMap, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from math import inf, isinf, nan

import pandas as pd

from kpi_lib.catalogue import GAINS, METRICS, Metric, entries
from kpi_lib.exports import DailyRow
from kpi_lib.figures import unrounded
from kpi_lib.inputs import Account
from kpi_lib.months.arrivals import Arrived, grains
from kpi_lib.months.cells import Cell, Cells, Key, Value, add_ratios, ratio_bounds
from kpi_lib.months.clean import Cleaned, Post
from kpi_lib.months.counters import (
    WEIGHTED,
    Counters,
    Snapshot,
    bounds,
    closed_and_opened,
    post_bound,
)
from kpi_lib.months.owned import Owned
from kpi_lib.months.totals import Number, exactly

# Columns of each table and how they are held.
SCHEMAS = {
    table: {
        column: held
        for name, held in columns.items()
        for column in (METRICS if name == "metrics" else (name,))
    }
    for table, columns in entries("months/tables.yml").items()
}

MONTHLY = SCHEMAS["monthly"]

# In order of trust: an account's metric takes the first basis that it has.
BASES = ("daily", "difference", "published", "manual")


Days = Mapping[date, Value]
# Account, metric and part → the values of its days.
Series = Mapping[tuple[str, str, str], Days]


def add_up(arrived: Arrived, cleaned: Cleaned, before: Cleaned) -> pd.DataFrame:
    """
    Add up a month, whose opening levels and counters are of the month `before`.

    Returns
    -------
    DataFrame
        One row per operator, account, metric and stream, see ``MONTHLY``;
        `value` in the metric's unit, the operator's own part; missing where
        something is due and nothing is on record; `sources` as JSON.
    """
    adding = _Adding(arrived)
    everybody = {account.id for account in arrived.given.roster.accounts}
    plain = adding.cells(cleaned, before, everybody)
    # An account is added up from its own rows alone.
    unsure = _unsure(cleaned) | _unsure(before)
    sure = {key: cell for key, cell in plain.items() if key.account not in unsure}
    least, most = (
        (_bound(cleaned, high), _bound(before, high)) for high in (False, True)
    )
    # What is gained is least where it ends lowest and began highest.
    low = {**sure, **adding.cells(least[0], most[1], unsure, begun=most[0])}
    high = {**sure, **adding.cells(most[0], least[1], unsure, begun=least[0])}
    rows = [
        adding.row(key, plain.get(key, low[key]), (plain, low, high))
        for key in sorted({*plain, *low})
    ]
    return pd.DataFrame(rows, columns=list(MONTHLY)).astype(MONTHLY)


def _rounded(value: Number | None) -> float:
    return nan if value is None else float(value)


def _unsure(cleaned: Cleaned) -> set[str]:
    """Return the accounts some of whose values are known only between bounds."""
    return {
        *(row.account for row in cleaned.daily if row.censored or row.rounded),
        *(at.account for at in cleaned.posts if at.row.censored or at.row.rounded),
        *(row.account for row in cleaned.daily_conflicts),
        *(post.account for post in cleaned.posts_conflicts),
    }


def _bound(cleaned: Cleaned, most: bool) -> Cleaned:
    """Return the month with the least, or the most, of what contradicts itself."""
    days: dict[tuple[str, date, str, str], DailyRow] = {}
    for row in sorted(cleaned.daily_conflicts, key=lambda row: row.value, reverse=most):
        days.setdefault((row.account, row.date, row.metric, row.part), row)
    daily = (*cleaned.daily, *days.values())
    posts = (*cleaned.posts, *bounds(cleaned.posts_conflicts, most=most))
    return Cleaned(
        daily=tuple(_day_bound(row, most) for row in daily),
        posts=tuple(post_bound(post, most) for post in posts),
    )


def _day_bound(row: DailyRow, most: bool) -> DailyRow:
    """Return a value as low, or as high, as what the source tells allows."""
    if row.censored:
        return row._replace(value=inf) if most else row
    return row._replace(value=unrounded(row.value, row.rounded, most))


class _Adding(Owned):
    """Everything that stays the same over the three readings of a month."""

    def cells(
        self,
        now: Cleaned,
        before: Cleaned,
        accounts: Collection[str],
        begun: Cleaned | None = None,
    ) -> Cells:
        """Add up one reading, of some accounts; `begun`: where gains begin."""
        roster = self.given.roster
        own = [account for account in roster.accounts if account.id in accounts]
        now, before = now.of(accounts), before.of(accounts)
        by_basis: dict[str, Cells] = {basis: {} for basis in BASES}
        series, levels = _series(now.daily), _series(before.daily)
        begins = _series(begun.of(accounts).daily) if begun else series
        for (id, metric, part), values in series.items():
            for operator in self.shares.get(id, {}):
                key = Key(operator, id, metric, part)
                if cell := self._of_days(key, values):
                    by_basis[cell.basis][key] = cell
        listed = self._counters(by_basis, now, before)
        cells = _chosen(by_basis)
        for account in own:
            for level in GAINS.values():
                named = (account.id, level.name, "")
                ends, starts = (
                    {**_before_it_came(of, *named), **levels.get(named, {})}
                    | of.get(named, {})
                    for of in (series, begins)
                )
                self._gained(cells, account.id, level, ends, starts)
        self._gaps(cells, own, {key[:2] for key in (*series, *levels)}, listed)
        self._account_days(cells, own, series, (*now.posts, *before.posts))
        add_ratios(cells)
        return cells

    def _of_days(self, key: Key, values: Days) -> Cell | None:
        """Days → a flow, a mean or a stock of one operator."""
        own = self.shares[key.account][key.operator]
        mine = [value for day, value in sorted(values.items()) if day in own]
        if not mine:
            return None
        by_hand = all(value.basis == "manual" for value in mine)
        cell = Cell(
            basis="manual" if by_hand else "daily",
            days={value.day for value in mine if not isinf(value.value)},
            due=Fraction(len(self.due(key.account, key.operator))),
        )
        match METRICS[key.metric].kind:
            case "flow":
                for value in mine:
                    cell.add(value, value.value * own[value.day])
            case "mean":
                # A product's active users are whole for each of its owners.
                for value in mine:
                    cell.add(value, value.value)
                if cell.value is not None:
                    cell.value /= len(mine)
            case "stock":
                # A level counts for the owners of the month's last day, nobody else.
                # A product's active users are whole for whoever had a part of it.
                days, part = {*values}, Fraction(1)
                if METRICS[key.metric].moves_by_gain:
                    owned = self.owned(key.account, key.operator)
                    days &= owned.keys()
                    part = owned.get(self.days[-1], Fraction(0))
                if not part or not days:
                    return None
                last = values[max(days)]
                cell.add(last, last.value * part)
                cell.closed = last.day
        return cell

    def row(
        self, key: Key, cell: Cell, readings: Sequence[Cells]
    ) -> tuple[object, ...]:
        """Return a row of ``MONTHLY``, by its value, the least and the most of it."""
        nothing = Cell(basis="")
        cells = [reading.get(key, nothing) for reading in readings]
        value, low, high = (_rounded(reading.value) for reading in cells)
        above = [_rounded(reading.above) for reading in cells]
        below = [_rounded(reading.below) for reading in cells]
        if METRICS[key.metric].parts:
            low, high = ratio_bounds(value, above, below)
        operator, account, metric, stream = key
        platform = self.given.roster.account(account).platform
        # A conflict can turn either way (a level less a level): bounds are bounds.
        numbers = (value, min(low, high), max(low, high))
        # The share owned on the mean day of the month.
        share = sum(self.owned(account, operator).values(), Fraction(0)) / len(
            self.days
        )
        # A day that is known from below only is not on record.
        days = float(len(cell.days & cells[-1].days))
        present = days if metric != "account_days" else value
        whose = (self.month, operator, account, platform, metric, stream)
        made_of = (cell.basis, float(share), present, float(cell.due))
        places = (cell.opened, cell.closed, cell.gap, cell.sources)
        return (*whose, *numbers, *made_of, *places, *above, *below)

    # Counters of posts.

    def _counters(
        self, by_basis: Mapping[str, Cells], now: Cleaned, before: Cleaned
    ) -> set[str]:
        """Add counters up; return the accounts whose list of posts is whole."""
        closings, openings = closed_and_opened(self.arrived, now.posts, before.posts)
        opened = {account for account, _ in openings}
        listed = set()
        # What was told by day a month ago is not made up from counters now.
        by_day = {(r.account, r.metric) for r in before.daily if r.basis == "daily"}
        for (account, kind), closing in closings.items():
            opening = openings.get((account, kind))
            least = self.given.evidence_of(self.month).days_on_record
            if opening and closing.has_of(opening) < least:
                continue
            listed.add(account)
            # One basis per account: a kind that the opening has none of began at 0.
            basis = "difference" if account in opened and closing.day else "published"
            gains = self._gains(account, basis, closing, opening)
            for operator, metric, amounts in gains:
                if (account, metric) in by_day:
                    continue
                opened_on = opening.day if opening else None
                cell = by_basis[basis].setdefault(
                    Key(operator, account, metric, ""),
                    Cell(basis=basis, opened=opened_on, closed=closing.day),
                )
                for value, amount in amounts:
                    cell.add(value, amount)
        return listed

    def _gains(
        self, account: str, basis: str, closing: Snapshot, opening: Snapshot | None
    ) -> Iterator[tuple[str, str, list[tuple[Value, Number]]]]:
        """Walk operators and metrics of each post: what it has, and had at first."""
        first, last = self.days[0], self.days[-1]
        for post, counters in sorted(closing.posts.items()):
            published = counters.published
            if published > last or (basis == "published" and published < first):
                continue
            start = None  # what was published in the month began at 0
            if published < first:
                start = opening.posts.get(post) if opening else None
                if start is None:
                    continue  # in only one of the two downloads: no difference
            roster = self.given.roster
            charge = roster.in_charge(roster.account(account), published)
            for operator, part in charge.items():
                for metric, amounts in _differences(counters, start, part):
                    yield operator, metric, amounts

    # What a stock gained.

    def _gained(
        self, cells: Cells, account: str, level: Metric, levels: Days, begins: Days
    ) -> None:
        for operator, own in self.shares[account].items() if levels else ():
            if (gain := _gain(own, levels, begins)) is None:
                continue
            gain.days = {day for day in levels if day in own}
            gain.due = Fraction(len(self.due(account, operator)))
            cells[Key(operator, account, level.gain, "")] = gain
        # What a level begins from is its owner's, also of one who is on leave.
        for owner in self.given.roster.account(account).owners if levels else ():
            if opening := _opening(self.owned(account, owner.operator), begins):
                cells[Key(owner.operator, account, level.opening, "")] = opening

    # What is due and missing.

    def _gaps(
        self,
        cells: Cells,
        accounts: Sequence[Account],
        recorded: Collection[tuple[str, str]],
        listed: Collection[str],
    ) -> None:
        """Write a row without a value for what an own account maps and lacks."""
        there = {key[:3] for key in cells}
        for account in accounts:
            mapped = account.mapped
            if "manual" in account.expects:
                mapped |= {metric for id, metric in recorded if id == account.id}
            mapped |= {gain for gain, level in GAINS.items() if level.name in mapped}
            for operator in dict.fromkeys(owner.operator for owner in account.owners):
                due = self.due(account.id, operator)
                for metric in mapped if due else ():
                    owned = self.owned(account.id, operator)
                    level = METRICS[metric].moves_by_gain
                    ended = level and self.days[-1] not in owned
                    _, sum_ = WEIGHTED.get(metric, ("", metric))
                    absent = (operator, account.id, sum_) not in there
                    # A list that came may have no video, or no article, of the month.
                    weighed = metric in WEIGHTED and account.id in listed
                    if absent and not weighed and not ended:
                        key = Key(operator, account.id, metric, "")
                        cells[key] = Cell(basis="", due=Fraction(len(due)))

    # Account-days.

    def _account_days(
        self,
        cells: Cells,
        accounts: Sequence[Account],
        series: Series,
        posts: Sequence[Post],
    ) -> None:
        for account in accounts:
            if not (owes := grains(account)):
                continue
            daily = owes != {"posts"}
            there = self._by_day(account, series) if daily else _came(account, posts)
            for operator, owed in self.owed(account).items():
                due, present = sum(owed.values(), Fraction(0)), owed
                if not daily:
                    due, present = self.weeks(owed, sorted(there))
                cell = Cell(basis="daily" if daily else "published", due=due)
                cell.value = Fraction(0)
                cell.gap = min(present.keys() - there.keys(), default=None)
                for day in sorted(present.keys() & there.keys()):
                    cell.add(there[day], present[day])
                if due:
                    cells[Key(operator, account.id, "account_days", "")] = cell

    def _by_day(self, account: Account, series: Series) -> Days:
        """Return the days of an account that were downloaded in time, a value each."""
        own = [values for (id, _, _), values in series.items() if id == account.id]
        in_time = self.arrived.in_time(account)
        known = ChainMap(*map(dict, own))
        return {day: known[day] for day in known if day in in_time}


def _came(account: Account, posts: Iterable[Post]) -> Days:
    """Return the days on which an account's list of posts was downloaded.

    A first week's download may lie in the folder of the month that it closes.
    """
    came: dict[date, Value] = {}
    for post in posts:
        if post.account == account.id and post.downloaded:
            place = (post.row.source, post.row.sheet, post.row.row)
            came.setdefault(post.downloaded, Value(post.downloaded, 0, "", *place))
    return came


def _before_it_came(series: Series, id: str, level: str, part: str) -> Days:
    """Return where a level stood before its first day, if it is told what that gained.

    A new account has no level of an earlier day; its own file may tell it.
    """
    levels = series.get((id, level, part), {})
    net = series.get((id, "net_follows", ""), {})
    first = min(levels.keys() & net.keys(), default=None)
    if first is None or first != min(levels):
        return {}
    then, gained = levels[first], net[first]
    at = first - timedelta(days=1)
    return {at: replace(then, day=at, value=then.value - gained.value)}


def _chosen(by_basis: Mapping[str, Cells]) -> Cells:
    """Keep one basis per operator, account and metric, all streams together."""
    chosen: dict[tuple[str, str, str], str] = {}
    days: dict[tuple[str, tuple[str, str, str]], set[date]] = defaultdict(set)
    for basis in BASES:
        for key, cell in by_basis[basis].items():
            chosen.setdefault(key[:3], basis)
            # A day with one stream of revenue is a day on record for all.
            days[basis, key[:3]] |= cell.days
    return {
        key: replace(cell, days=days[basis, key[:3]])
        for basis in BASES
        for key, cell in by_basis[basis].items()
        if chosen[key[:3]] == basis
    }


def _differences(
    counters: Counters, start: Counters | None, share: Fraction
) -> Iterator[tuple[str, list[tuple[Value, Number]]]]:
    """Walk the metrics of a post: an own share of what it has, less what it had."""
    for metric, value in counters.counts.items() if share else ():
        amounts = [(counters.at(value), value * share)]
        if start is not None:
            if metric not in start.counts:
                continue
            had = start.counts[metric]
            if isinf(had):  # at least so many then, and at most what it is now
                had = value
            amounts.append((start.at(had), -had * share))
        yield metric, amounts


def _gain(own: Mapping[date, Fraction], levels: Days, begins: Days) -> Cell | None:
    """
    Return what the own shares of a level gained.

    Days of one share form a span; a span gains the last known level on its days
    less the last known level before it (APPRAISAL, Attainment: followers).
    """
    spans = []
    for first, last in _stretches(own):
        earlier = [day for day in begins if day < first]
        within = [day for day in levels if first <= day <= last]
        if not earlier or not within:
            return None
        spans.append((own[last], begins[max(earlier)], levels[max(within)]))
    (_, begun, _), (_, _, ended) = spans[0], spans[-1]
    # What is told from one level written by hand rests on the hand.
    by_hand = any("manual" in (level.basis for level in span[1:]) for span in spans)
    basis = "manual" if by_hand else "daily"
    gain = Cell(basis=basis, opened=begun.day, closed=ended.day)
    for share, begun, ended in spans:
        gain.add(ended, ended.value * share)
        gain.add(begun, -begun.value * share)
    return gain


def _opening(owned: Mapping[date, Fraction], levels: Days) -> Cell | None:
    """Return the level that the owned share began from; None for a mere cover."""
    first = min(owned, default=date.min)
    earlier = [day for day in levels if day < first]
    if not earlier:
        return None
    begun = levels[max(earlier)]
    basis = "manual" if begun.basis == "manual" else "daily"
    opening = Cell(basis=basis, closed=begun.day)
    opening.add(begun, begun.value * owned[first])
    return opening


def _stretches(own: Mapping[date, Fraction]) -> Iterator[tuple[date, date]]:
    """Walk the first and last day of each stretch of days that have one share."""
    start = None
    for day in sorted(own):
        start = start or day
        if own.get(day + timedelta(days=1)) != own[day]:
            yield start, day
            start = None


def _series(rows: Iterable[DailyRow]) -> dict[tuple[str, str, str], dict[date, Value]]:
    """Sort daily values by account, metric and part; a total hides its parts."""
    series: dict[tuple[str, str, str], dict[date, Value]] = defaultdict(dict)
    for row in rows:
        series[row.account, row.metric, row.part][row.date] = Value(
            row.date, exactly(row.value), row.basis, row.source, row.sheet, row.row
        )
    for account, rate, part in list(series):
        if rate in WEIGHTED:
            above, below = WEIGHTED[rate]
            views = series.get((account, "views", ""), {})
            for day, value in series.pop((account, rate, part)).items():
                if day in views:
                    weighed = replace(value, value=value.value * views[day].value)
                    series[account, above, part][day] = weighed
                    series[account, below, part][day] = views[day]
    totals = {(account, metric) for account, metric, part in series if not part}
    return {
        (account, metric, part): values
        for (account, metric, part), values in series.items()
        if not part or (account, metric) not in totals
    }
