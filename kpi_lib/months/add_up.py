"""
Kept rows → months, each number with its basis and the rows behind it.

A month's number of one operator and account is made by exactly one basis:

- ``daily`` or ``manual``: the days on record are added up (flows), averaged
  (means), or the last one counts (stocks); never scaled up;
- ``difference``: closing less opening counters of the posts;
- ``published``: closing counters of the posts of the month, where no opening is
  known.

Where values contradict each other or are only a lower bound, `value` leaves them
out and `low` and `high` say between which bounds the truth lies.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import inf, isinf, nan
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.catalogue import METRICS
from kpi_lib.days import Calendar, days_of, shift
from kpi_lib.files import Layout
from kpi_lib.inputs import Account, Roster
from kpi_lib.language import Sentence
from kpi_lib.workspace import canonical_json

MONTHLY = {
    "month": "str",
    "operator": "str",
    "account": "str",
    "platform": "str",
    "metric": "str",
    "stream": "str",
    "value": "float64",
    "low": "float64",
    "high": "float64",
    "basis": "str",
    "share": "float64",
    "days_present": "float64",
    "days_due": "float64",
    "opened": "datetime64[s]",
    "closed": "datetime64[s]",
    "sources": "str",
}

BASES = ("daily", "difference", "published", "manual")
"""In order of trust: an account's metric takes the first basis that it has."""

ENOUGH = Fraction(4, 5)
"""Under this share of the days due a flow is pending (APPRAISAL, Which month)."""

WEIGHTED = {
    "completion_rate": ("completed_views", "video_views"),
    "read_completion": ("read_through", "article_views"),
}
"""Rates of posts or days → the two sums that carry their weight."""

COUNTER_WINDOW = 5
"""A closing counter is downloaded by this day of the next month."""


@dataclass
class _Cell:
    """One operator, account, metric and stream, as it is being added up."""

    basis: str
    share: float = 0.0
    value: Fraction | float | None = None
    days: set[date] = field(default_factory=set)
    due: Fraction = Fraction(0)
    opened: date | None = None
    closed: date | None = None
    rows: dict[tuple[str, str], list[int]] = field(
        default_factory=lambda: defaultdict(list)
    )
    sums: dict[tuple[str, str], Fraction] = field(
        default_factory=lambda: defaultdict(Fraction)
    )

    def add(self, row: _Value, amount: Fraction | float) -> None:
        self.value = amount if self.value is None else self.value + amount
        self.cite(row, amount)

    def cite(self, row: _Value, amount: Fraction | float) -> None:
        place = (row.source, row.sheet)
        self.rows[place].append(row.row)
        if isinstance(amount, Fraction):
            self.sums[place] += amount


@dataclass(frozen=True)
class _Value:
    """One value of one row of a file."""

    day: date
    value: Fraction | float
    basis: str
    source: str
    sheet: str
    row: int


@dataclass(frozen=True)
class _Tables:
    """Daily rows and posts of one month in one reading of the conflicts."""

    daily: pd.DataFrame
    posts: pd.DataFrame


def months(
    month: str,
    *,
    daily: pd.DataFrame,
    posts: pd.DataFrame,
    daily_conflicts: pd.DataFrame,
    posts_conflicts: pd.DataFrame,
    daily_before: pd.DataFrame,
    posts_before: pd.DataFrame,
    roster: Roster,
    layouts: Mapping[str, Layout],
    calendar: Calendar,
    first_days: Mapping[str, date],
) -> pd.DataFrame:
    """
    Add up a month per operator, account, metric and stream.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    daily, posts, daily_conflicts, posts_conflicts : DataFrame
        The tables of `kpi_lib.months.clean` of this month.
    daily_before, posts_before : DataFrame
        The same of the month before: opening levels and opening counters.
    roster : Roster
        Who owns which account on which day, in which share.
    layouts : mapping of str to Layout
        The layouts known, by id.
    calendar : Calendar
        For the weeks of accounts that have counters only.
    first_days : mapping of str to date
        Account → day of its first export ever; days before it are not due.

    Returns
    -------
    DataFrame
        One row per operator, account, metric and stream, see ``MONTHLY``;
        `value` in the metric's unit, the operator's own part; missing where
        something is due and nothing is on record; `sources` as JSON.
    """
    before = _Tables(daily_before, posts_before)
    work = _Work(month, roster, layouts, calendar, first_days)
    everybody = {account.id for account in roster.accounts}
    plain = work.compute(_Tables(daily, posts), before, everybody)
    # An account is added up from its own rows alone.
    unsure = {
        *daily["account"][daily["censored"]],
        *posts["account"][posts["censored"] != ""],
        *daily_conflicts["account"],
        *posts_conflicts["account"],
    }
    sure = {key: cell for key, cell in plain.items() if key[1] not in unsure}
    daily, posts, daily_conflicts, posts_conflicts = (
        frame[frame["account"].isin(unsure)]
        for frame in (daily, posts, daily_conflicts, posts_conflicts)
    )
    least = _Tables(
        _with(daily, daily_conflicts, "min"), _with_posts(posts, posts_conflicts, "min")
    )
    most = _Tables(
        _censored(_with(daily, daily_conflicts, "max")),
        _censored_posts(_with_posts(posts, posts_conflicts, "max")),
    )
    low, high = (
        {**sure, **work.compute(tables, before, unsure)} for tables in (least, most)
    )
    rows = [
        _row(month, key, plain.get(key, low[key]), work, (plain, low, high))
        for key in sorted({*plain, *low})
    ]
    return pd.DataFrame(rows, columns=list(MONTHLY)).astype(MONTHLY)


Key = tuple[str, str, str, str]


def _row(
    month: str,
    key: Key,
    cell: _Cell,
    work: _Work,
    readings: Sequence[Mapping[Key, _Cell]],
) -> tuple[object, ...]:
    operator, account, metric, stream = key
    value, low, high = (
        _number(reading[key].value if key in reading else None) for reading in readings
    )
    # A conflict can turn either way (a level less a level): bounds are bounds.
    low, high = min(low, high), max(low, high)
    sources = [
        {
            "source": source,
            "sheet": sheet,
            "rows": spans(cell.rows[source, sheet]),
            "sum": exact(cell.sums[source, sheet]),
        }
        for source, sheet in sorted(cell.rows)
    ]
    return (
        month,
        operator,
        account,
        work.roster.account(account).platform,
        metric,
        stream,
        value,
        low,
        high,
        cell.basis,
        cell.share,
        float(len(cell.days)) if metric != "account_days" else value,
        float(cell.due),
        cell.opened,
        cell.closed,
        canonical_json(sources),
    )


def _number(value: Fraction | float | None) -> float:
    return nan if value is None else float(value)


def exact(number: Fraction) -> str:
    """Return a number as a decimal string, at most six places, no exponent."""
    if number.denominator == 1:
        return str(number)
    rounded = round(number, 6)
    text = f"{float(rounded):.6f}" if rounded.denominator != 1 else str(rounded)
    return text.rstrip("0").rstrip(".") if "." in text else text


def amount(metric: str) -> Callable[[figures.Number], str]:
    """
    Return how a value of a metric is printed.

    Parameters
    ----------
    metric : str
        A name of the catalogue.

    Returns
    -------
    callable
        From a value in the metric's unit to text: 5.25%, ¥11,047, 6,109.
    """
    match METRICS[metric].unit:
        case "share":
            return lambda value: figures.percent(value, 2)
        case "CNY":
            return figures.money
    return figures.exact


def spans(rows: Iterable[int]) -> str:
    """
    Write row numbers as spans.

    Parameters
    ----------
    rows : iterable of int
        Row numbers, in any order, repeated or not.

    Returns
    -------
    str
        For instance ``"5-35,40"``.
    """
    ordered = sorted(set(rows))
    out: list[str] = []
    start = 0
    for at, row in enumerate(ordered):
        if at + 1 == len(ordered) or ordered[at + 1] != row + 1:
            first = ordered[start]
            out.append(str(row) if first == row else f"{first}-{row}")
            start = at + 1
    return ",".join(out)


# The three readings: values left out, the least of each, the greatest of each.

_DAY = ["account", "date", "metric", "part"]
_POST = ["account", "downloaded", "post"]


def _with(kept: pd.DataFrame, conflicts: pd.DataFrame, which: str) -> pd.DataFrame:
    if conflicts.empty:
        return kept
    ordered = conflicts.sort_values(
        [*_DAY, "value"], ascending=[True] * len(_DAY) + [which == "min"]
    )
    return pd.concat([kept, ordered.drop_duplicates(_DAY)], ignore_index=True)


def _with_posts(
    kept: pd.DataFrame, conflicts: pd.DataFrame, which: str
) -> pd.DataFrame:
    if conflicts.empty:
        return kept
    named = [name for name in METRICS if name in conflicts]
    picked = conflicts.drop_duplicates(_POST).set_index(_POST)
    bounds = conflicts.groupby(_POST, dropna=False)[named].agg(which)
    picked[named] = bounds.loc[picked.index]
    return pd.concat([kept, picked.reset_index()[kept.columns]], ignore_index=True)


def _censored(daily: pd.DataFrame) -> pd.DataFrame:
    return daily.assign(value=daily["value"].mask(daily["censored"], inf))


def _censored_posts(posts: pd.DataFrame) -> pd.DataFrame:
    marked = posts.loc[posts["censored"] != ""]
    if marked.empty:
        return posts
    posts = posts.copy()
    for at, names in marked["censored"].items():
        posts.loc[at, names.split("、")] = inf
    return posts


class _Work:
    """Everything that stays the same over the three readings of a month."""

    def __init__(
        self,
        month: str,
        roster: Roster,
        layouts: Mapping[str, Layout],
        calendar: Calendar,
        first_days: Mapping[str, date],
    ) -> None:
        self.month = month
        self.roster = roster
        self.layouts = layouts
        self.calendar = calendar
        self.days = days_of(month)
        self.first_days = first_days
        self.shares = {
            account.id: _owners(account, self.days) for account in roster.accounts
        }
        self.means = {
            (account, operator): float(sum(own.values(), Fraction(0)) / len(self.days))
            for account, owners in self.shares.items()
            for operator, own in owners.items()
        }

    def compute(
        self, now: _Tables, before: _Tables, only: Collection[str]
    ) -> dict[Key, _Cell]:
        """Add up one reading, of some accounts."""
        accounts = [one for one in self.roster.accounts if one.id in only]
        now, before = (
            _Tables(*(table[table["account"].isin(only)] for table in tables))
            for tables in ((now.daily, now.posts), (before.daily, before.posts))
        )
        by_basis: dict[str, dict[Key, _Cell]] = {basis: {} for basis in BASES}
        series, levels = _series(now.daily), _series(before.daily)
        for (account, metric, part), values in series.items():
            for operator in self.shares.get(account, {}):
                self._days(by_basis, (operator, account, metric, part), values)
        self._counters(by_basis, now.posts, before.posts)
        cells = self._choose(by_basis)
        self._followers(cells, accounts, series, levels)
        self._gaps(cells, accounts, series, levels)
        self._account_days(cells, accounts, now, before)
        self._ratios(cells)
        return cells

    def _own(self, account: str, operator: str) -> dict[date, Fraction]:
        return self.shares.get(account, {}).get(operator, {})

    def _due(self, account: str, operator: str) -> list[date]:
        first = self.first_days.get(account)
        return [
            day
            for day in self._own(account, operator)
            if first is not None and day >= first
        ]

    def _mean_share(self, account: str, operator: str) -> float:
        return self.means.get((account, operator), 0.0)

    def _days(
        self,
        by_basis: dict[str, dict[Key, _Cell]],
        key: Key,
        values: Mapping[date, _Value],
    ) -> None:
        """Days → a flow, a mean or a stock of one operator."""
        operator, account, metric, _ = key
        own = self._own(account, operator)
        mine = [value for day, value in sorted(values.items()) if day in own]
        if not mine:
            return
        kind = METRICS[metric].kind
        basis = "manual" if all(v.basis == "manual" for v in mine) else "daily"
        cell = _Cell(
            basis=basis,
            share=self._mean_share(account, operator),
            days={value.day for value in mine},
            due=Fraction(len(self._due(account, operator))),
        )
        if kind == "flow":
            for value in mine:
                cell.add(value, value.value * own[value.day])
        elif kind == "mean":
            for value in mine:
                cell.add(value, value.value)
            if cell.value is not None:
                cell.value /= len(mine)
        elif kind == "stock":
            # A level counts for the owners of the month's last day, for nobody else.
            if self.days[-1] not in own:
                return
            last = mine[-1]
            share = own[self.days[-1]] if metric == "followers" else Fraction(1)
            cell.add(last, last.value * share)
            cell.closed = last.day
        by_basis[basis][key] = cell

    # Counters of posts.

    def _counters(
        self,
        by_basis: dict[str, dict[Key, _Cell]],
        posts: pd.DataFrame,
        posts_before: pd.DataFrame,
    ) -> None:
        closings = snapshots(_weighted(posts), self.month)
        openings = snapshots(_weighted(posts_before), shift(self.month, -1))
        first, last = self.days[0], self.days[-1]
        opened = {account for account, _ in openings}
        for (account, kind), closing in sorted(closings.items()):
            opening = openings.get((account, kind))
            # One basis per account: a kind that the opening has none of began at 0.
            basis = "difference" if account in opened and closing.day else "published"
            for post, counters in sorted(closing.posts.items()):
                published = counters.published
                if published > last or (basis == "published" and published < first):
                    continue
                known = opening.posts.get(post) if opening else None
                if published < first and known is None:
                    continue  # in only one of the two downloads: no difference
                owners = self.roster.account(account).shares(published)
                for operator, part in owners.items():
                    share = Fraction(part)
                    if not share:
                        continue
                    for metric, value in counters.counts.items():
                        if known and metric not in known.counts:
                            continue
                        key = (operator, account, metric, "")
                        cell = by_basis[basis].setdefault(
                            key,
                            _Cell(
                                basis=basis,
                                share=self._mean_share(account, operator),
                                opened=opening.day if opening else None,
                                closed=closing.day,
                            ),
                        )
                        cell.add(counters.at(value), value * share)
                        if known:
                            cell.add(
                                known.at(known.counts[metric]),
                                -known.counts[metric] * share,
                            )

    def _choose(self, by_basis: Mapping[str, Mapping[Key, _Cell]]) -> dict[Key, _Cell]:
        """Keep one basis per operator, account and metric, all streams together."""
        chosen: dict[tuple[str, str, str], str] = {}
        days: dict[tuple[str, str, str, str], set[date]] = defaultdict(set)
        for basis in BASES:
            for (operator, account, metric, _part), cell in by_basis[basis].items():
                chosen.setdefault((operator, account, metric), basis)
                days[basis, operator, account, metric] |= cell.days
        for basis in BASES:
            for key, cell in by_basis[basis].items():
                # A day with one stream of revenue is a day on record for all.
                cell.days = days[basis, *key[:3]]
        return {
            key: cell
            for basis in BASES
            for key, cell in by_basis[basis].items()
            if chosen[key[:3]] == basis
        }

    # What a stock gained.

    def _followers(
        self,
        cells: dict[Key, _Cell],
        accounts: Sequence[Account],
        series: Mapping[tuple[str, str, str], Mapping[date, _Value]],
        before: Mapping[tuple[str, str, str], Mapping[date, _Value]],
    ) -> None:
        for account in accounts:
            levels = dict(before.get((account.id, "followers", ""), {}))
            levels |= series.get((account.id, "followers", ""), {})
            if not levels:
                continue
            for operator, own in self.shares[account.id].items():
                gain, opening = _gain(own, levels)
                if gain is None or opening is None:
                    continue
                mean = self._mean_share(account.id, operator)
                seen = {day for day in levels if day in own}
                due = Fraction(len(self._due(account.id, operator)))
                basis = gain.basis
                gain.share = opening.share = mean
                gain.days, gain.due = seen, due
                opening.basis = basis
                cells[operator, account.id, "followers_gain", ""] = gain
                cells[operator, account.id, "followers_opening", ""] = opening

    # What is due and missing.

    def _gaps(
        self,
        cells: dict[Key, _Cell],
        accounts: Sequence[Account],
        series: Mapping[tuple[str, str, str], Mapping[date, _Value]],
        before: Mapping[tuple[str, str, str], Mapping[date, _Value]],
    ) -> None:
        """Write a row without a value for what an own account maps and lacks."""
        recorded: dict[str, set[str]] = defaultdict(set)
        for name, metric, _part in (*series, *before):
            recorded[name].add(metric)
        there = {key[:3] for key in cells}
        for account in accounts:
            mapped = set(mapped_metrics(account, self.layouts))
            if "manual" in account.expects:
                mapped |= recorded[account.id]
            if "followers" in mapped:
                mapped.add("followers_gain")
            for operator in self.shares[account.id]:
                due = self._due(account.id, operator)
                if not due:
                    continue
                for metric in mapped:
                    kind = METRICS[metric].kind
                    ended = kind == "stock" and self.days[-1] not in due
                    if (
                        kind == "ratio"
                        or ended
                        or (operator, account.id, metric) in there
                    ):
                        continue
                    cells[operator, account.id, metric, ""] = _Cell(
                        basis="",
                        share=self._mean_share(account.id, operator),
                        due=Fraction(len(due)),
                    )

    # Account-days.

    def _account_days(
        self,
        cells: dict[Key, _Cell],
        accounts: Sequence[Account],
        now: _Tables,
        before: _Tables,
    ) -> None:
        kept = _days_by_account(now.daily, "date")
        # A first week's download may lie in the folder of the month that it closes.
        both = pd.concat([now.posts, before.posts], ignore_index=True)
        downloads = _days_by_account(both, "downloaded")
        for account in accounts:
            known = [
                self.layouts[n]
                for n in account.expects
                if n in self.layouts and self.layouts[n].grain != "none"
            ]
            if not known:
                continue
            daily = any(layout.grain != "posts" for layout in known)
            for operator, owed in self._owed(account).items():
                if daily:
                    days = kept[account.id] & set(owed)
                    due = sum(owed.values(), Fraction(0))
                    present = sum((owed[day] for day in days), Fraction(0))
                else:
                    due, present = self._weeks(owed, downloads[account.id])
                if due:
                    cells[operator, account.id, "account_days", ""] = _Cell(
                        basis="daily" if daily else "published",
                        share=self._mean_share(account.id, operator),
                        value=present,
                        due=due,
                    )

    def _weeks(
        self, owed: Mapping[date, Fraction], downloads: set[date]
    ) -> tuple[Fraction, Fraction]:
        """Return due and present of an account with counters only: one a week."""
        due = present = Fraction(0)
        for week in self.calendar.weeks(self.month):
            inside = [owed[day] for day in week.days_in_month if day in owed]
            if not inside or not week.working_days:
                continue
            unit = 7 * max(inside)
            due += unit
            if any(week.start <= day <= week.end for day in downloads):
                present += unit
        return due, present

    def _owed(self, account: Account) -> dict[str, dict[date, Fraction]]:
        """Return everybody's account-days: own ones less leave, plus covers."""
        first = self.first_days.get(account.id)
        owed: dict[str, dict[date, Fraction]] = {}
        for owner, own in self.shares[account.id].items():
            person = self.roster.operator(owner)
            for day, share in own.items():
                if first is None or day < first:
                    continue
                away = person.leave_on(day)
                if bearer := owner if away is None else away.cover:
                    days = owed.setdefault(bearer, {})
                    days[day] = days.get(day, Fraction(0)) + share
        return owed

    def _ratios(self, cells: dict[Key, _Cell]) -> None:
        """Divide sums of one account, never average ratios."""
        for operator, account in sorted({key[:2] for key in cells}):
            for name, metric in METRICS.items():
                if not metric.parts:
                    continue
                above = [
                    cells.get((operator, account, m, "")) for m in metric.numerator
                ]
                below = [
                    cells.get((operator, account, m, "")) for m in metric.denominator
                ]
                parts = [
                    cell for cell in (*above, *below) if cell and cell.value is not None
                ]
                if len(parts) != len(above) + len(below):
                    continue
                divisor = sum(_number(cell.value) for cell in below if cell)
                if divisor <= 0 or isinf(divisor):
                    continue
                first = parts[0]
                cells[operator, account, name, ""] = _Cell(
                    basis=first.basis,
                    share=first.share,
                    value=sum(_number(cell.value) for cell in above if cell) / divisor,
                    days=first.days,
                    due=first.due,
                    opened=first.opened,
                    closed=first.closed,
                )


def _owners(account: Account, days: Iterable[date]) -> dict[str, dict[date, Fraction]]:
    """Return who owns how much of an account on which of the days."""
    owners: dict[str, dict[date, Fraction]] = {}
    for day in days:
        for operator, share in account.shares(day).items():
            if share:
                owners.setdefault(operator, {})[day] = Fraction(share)
    return owners


def _gain(
    own: Mapping[date, Fraction], levels: Mapping[date, _Value]
) -> tuple[_Cell | None, _Cell | None]:
    """
    Return what the own shares of a level gained, and the level it began from.

    Days of one share form a span; a span gains the last known level on its days
    less the last known level before it (APPRAISAL, Attainment: followers).
    """
    known = sorted(levels)
    gain = opening = None
    days = sorted(own)
    start = 0
    for at, day in enumerate(days):
        ends = (
            at + 1 == len(days)
            or own[days[at + 1]] != own[day]
            or days[at + 1] != day + timedelta(days=1)
        )
        if not ends:
            continue
        first, last, share = days[start], day, own[day]
        start = at + 1
        earlier = [d for d in known if d < first]
        within = [d for d in known if first <= d <= last]
        if not earlier or not within:
            return None, None
        begun, ended = levels[earlier[-1]], levels[within[-1]]
        if gain is None or opening is None:
            gain = _Cell(basis=ended.basis, opened=begun.day)
            opening = _Cell(basis=begun.basis, closed=begun.day)
            opening.add(begun, begun.value * share)
        gain.add(ended, ended.value * share)
        gain.add(begun, -begun.value * share)
        gain.closed = ended.day
        gain.basis = "manual" if ended.basis == "manual" else "daily"
    return gain, opening


def mapped_metrics(account: Account, layouts: Mapping[str, Layout]) -> tuple[str, ...]:
    """
    Return the metrics that an account's expected layouts map, `manual` not counted.

    Parameters
    ----------
    account : Account
        With the layouts that the roster expects of it.
    layouts : mapping of str to Layout
        The layouts known, by id.

    Returns
    -------
    tuple of str
        Field names, in the catalogue's order.
    """
    named = {
        metric
        for layout in account.expects
        if layout != "manual" and layout in layouts
        for metric in layouts[layout].metrics
    }
    return tuple(metric for metric in METRICS if metric in named)


@dataclass(frozen=True, kw_only=True)
class Total:
    """
    One metric of one operator and month, over all own accounts.

    Parameters
    ----------
    metric : str
        Field name.
    value, low, high : Fraction, inf or None
        The number, and its bounds where values contradict each other; None where
        there is none.
    made_of : tuple of (account, share, basis)
        What it was added up from; months with other parts do not compare.
    gaps : tuple of str
        Why it is not to be scored, one clause each; empty if it may be.
    sources : tuple of dict
        Evidence: source, sheet, rows, metric, sum.
    """

    metric: str
    value: Fraction | float | None
    low: Fraction | float | None
    high: Fraction | float | None
    made_of: tuple[tuple[str, float, str], ...] = ()
    gaps: tuple[str, ...] = ()
    sources: tuple[dict[str, str], ...] = ()

    def reading(self, which: str) -> Fraction | float | None:
        """Return `value`, `low` or `high` by name."""
        return {"value": self.value, "low": self.low, "high": self.high}[which]


Rows = Mapping[str, Sequence[Mapping[Hashable, Any]]]
"""Metric → its rows of `monthly`, in the order of accounts and streams."""


def by_month(monthly: pd.DataFrame) -> dict[str, Rows]:
    """
    Sort the rows of one operator by their months and metrics.

    Parameters
    ----------
    monthly : DataFrame
        Rows of one operator, see ``MONTHLY``.

    Returns
    -------
    dict of str to mapping of str to list of dict
        Month → metric → rows, ready to be added up by `total`, all from one pass.
    """
    rows: dict[str, dict[str, list[Mapping[Hashable, Any]]]] = {}
    for row in monthly.sort_values(["account", "stream"]).to_dict("records"):
        of_month = rows.setdefault(row["month"], {})
        of_month.setdefault(row["metric"], []).append(row)
    return {**rows}


def total(
    monthly: Rows,
    metric: str,
    *,
    accounts: Sequence[Account],
    platform: str = "",
) -> Total:
    """
    Add one metric up over an operator's own accounts.

    Parameters
    ----------
    monthly : mapping of str to list of dict
        Rows of one operator and month, as `by_month` gives them.
    metric : str
        Any name of the catalogue.
    accounts : sequence of Account
        In the roster's order: of one product the first one counts for DAU and MAU.
    platform : str
        Only accounts of this platform; empty for all.

    Returns
    -------
    Total
        Flows and levels are added; ratios are one sum over another, over the
        accounts that have both; DAU and MAU are taken once a product.
    """
    found = METRICS[metric]
    if platform:
        monthly = _only(monthly, "platform", {platform})
    if found.parts:
        return _ratio(monthly, metric, accounts)
    if metric in ONCE_A_PRODUCT:
        first = _first_of_product(_accounts(monthly, metric), accounts)
        monthly = _only(monthly, "account", first)
    value: Fraction | float | None = None
    low = high = value
    made_of: set[tuple[str, float, str]] = set()
    gaps: list[str] = []
    sources: list[dict[str, str]] = []
    for row in monthly.get(metric, ()):
        made_of.add((row["account"], row["share"], row["basis"]))
        gaps += _gap(row, metric)
        value, low, high = (
            now if pd.isna(row[which]) else (now or 0) + _exactly(row[which])
            for now, which in ((value, "value"), (low, "low"), (high, "high"))
        )
        sources += [{**cited, "metric": metric} for cited in json.loads(row["sources"])]
    return Total(
        metric=metric,
        value=value,
        low=low,
        high=high,
        made_of=tuple(sorted(made_of)),
        gaps=tuple(gaps),
        sources=tuple(sources),
    )


ONCE_A_PRODUCT = ("dau", "mau")
"""Never added over accounts of one product (APPRAISAL, Metrics)."""


def _only(rows: Rows, name: str, wanted: Collection[str]) -> Rows:
    """Keep the rows with a wanted account or platform."""
    return {
        metric: [row for row in found if row[name] in wanted]
        for metric, found in rows.items()
    }


def _accounts(rows: Rows, metric: str) -> set[str]:
    return {row["account"] for row in rows.get(metric, ())}


def _first_of_product(present: set[str], accounts: Sequence[Account]) -> set[str]:
    first: dict[str, str] = {}
    for account in accounts:
        if account.id in present:
            first.setdefault(account.product or account.id, account.id)
    return set(first.values())


def _gap(row: Mapping[Hashable, Any], metric: str) -> list[str]:
    label, account = METRICS[metric].label, row["account"]
    if pd.isna(row["value"]) and pd.isna(row["low"]):
        return [Sentence("{account}没有{metric}", account=account, metric=label)]
    by_days = row["basis"] in ("daily", "manual") and METRICS[metric].kind in (
        "flow",
        "mean",
    )
    if not by_days or metric in NOT_BY_DAYS:
        return []
    present, due = row["days_present"], row["days_due"]
    if due and Fraction(present) < ENOUGH * Fraction(due):
        return [
            Sentence(
                "{account}的{metric}只有{present}天，应有{due}天",
                account=account,
                metric=label,
                present=f"{present:g}",
                due=f"{due:g}",
            )
        ]
    return []


NOT_BY_DAYS = ("followers_gain", "account_days")
"""Flows in name only: a gain needs two levels, not every day between them."""


def _ratio(monthly: Rows, metric: str, accounts: Sequence[Account]) -> Total:
    found = METRICS[metric]
    parts = (*found.numerator, *found.denominator)
    if not set(parts) <= set(ONCE_A_PRODUCT):
        whole = set.intersection(*(_accounts(monthly, part) for part in parts))
        monthly = _only(monthly, "account", whole)
    above = [total(monthly, part, accounts=accounts) for part in found.numerator]
    below = [total(monthly, part, accounts=accounts) for part in found.denominator]

    def divide(over: str, under: str) -> Fraction | float | None:
        numbers = [t.reading(over) for t in above], [t.reading(under) for t in below]
        if None in (*numbers[0], *numbers[1]):
            return None
        top, bottom = (sum(n for n in side if n is not None) for side in numbers)
        return top / bottom if bottom else None

    return Total(
        metric=metric,
        value=divide("value", "value"),
        low=divide("low", "high"),
        high=divide("high", "low"),
        made_of=tuple(sorted({m for t in (*above, *below) for m in t.made_of})),
        gaps=tuple(dict.fromkeys(g for t in (*above, *below) for g in t.gaps)),
        sources=tuple(s for t in (*above, *below) for s in t.sources),
    )


def by_day(
    monthly: pd.DataFrame, daily: pd.DataFrame, metric: str, *, roster: Roster
) -> tuple[dict[date, Fraction], list[str]]:
    """
    Return what a month's number of one operator was added up from, day by day.

    Parameters
    ----------
    monthly : DataFrame
        Rows of one operator and month, see ``MONTHLY``: they say which basis counts.
    daily : DataFrame
        Kept daily values (`kpi_lib.months.clean.DAILY`) of the month; for the gain of
        followers also of the month before.
    metric : str
        A flow of the catalogue, or ``followers_gain``.
    roster : Roster
        Who owns which account on which day, in which share.

    Returns
    -------
    (dict of date to Fraction, list of str)
        Own part of every day on record, in the metric's unit; and the accounts
        that have the metric but not by day (counters of posts, or nothing at all).
    """
    rows = monthly[monthly["metric"] == metric]
    named = "followers" if metric == "followers_gain" else metric
    series: dict[tuple[str, str], dict[date, Fraction]] = defaultdict(dict)
    near = daily[(daily["metric"] == named) & daily["account"].isin(rows["account"])]
    for account, part, at, value in near[
        ["account", "part", "date", "value"]
    ].itertuples(index=False, name=None):
        series[account, part][at.date()] = Fraction(_exactly(value))
    days: dict[date, Fraction] = defaultdict(Fraction)
    without: list[str] = []
    for month, operator, account, stream, basis in rows[
        ["month", "operator", "account", "stream", "basis"]
    ].itertuples(index=False, name=None):
        if basis not in ("daily", "manual"):
            without.append(account)
            continue
        values = dict(sorted(series[account, stream].items()))
        if metric == "followers_gain":
            values = _steps(values)
        owners = _owners(roster.account(account), days_of(month))
        own = owners.get(operator, {})
        for day, value in values.items():
            if day in own:
                days[day] += value * own[day]
    return dict(days), sorted(set(without))


def _steps(levels: Mapping[date, Fraction]) -> dict[date, Fraction]:
    """Return what each known level adds to the one known before it."""
    return {
        day: level - before for (_, before), (day, level) in pairwise(levels.items())
    }


# Frames → plain values.


def _exactly(value: float) -> Fraction | float:
    if isinf(value):
        return inf
    # Most are counts, and a text need not be made of them.
    if value.is_integer() and abs(value) < EXACT:
        return Fraction(int(value))
    # A float of two decimals prints as it was read: no binary dust.
    return Fraction(repr(value))


EXACT = 2**53
"""Below it every whole number is a float of its own."""


def _series(daily: pd.DataFrame) -> dict[tuple[str, str, str], dict[date, _Value]]:
    """Sort daily values by account, metric and part; a total hides its parts."""
    out: dict[tuple[str, str, str], dict[date, _Value]] = defaultdict(dict)
    columns = [
        "account",
        "metric",
        "part",
        "date",
        "value",
        "basis",
        "source",
        "sheet",
        "row",
    ]
    for account, metric, part, day, value, basis, source, sheet, row in daily[
        columns
    ].itertuples(index=False, name=None):
        out[account, metric, part][day.date()] = _Value(
            day.date(), _exactly(value), basis, source, sheet, row
        )
    for rate, (above, below) in WEIGHTED.items():
        for account, metric, part in list(out):
            if metric != rate:
                continue
            views = out.get((account, "views", ""), {})
            for day, value in out.pop((account, metric, part)).items():
                if day in views:
                    out[account, above, part][day] = _times(value, views[day])
                    out[account, below, part][day] = views[day]
    totals = {(account, metric) for account, metric, part in out if not part}
    return {
        key: values
        for key, values in out.items()
        if not key[2] or (key[0], key[1]) not in totals
    }


def _days_by_account(frame: pd.DataFrame, column: str) -> dict[str, set[date]]:
    days: dict[str, set[date]] = defaultdict(set)
    dated = frame.dropna(subset=[column])
    for account, day in zip(dated["account"], dated[column].dt.date, strict=True):
        days[account].add(day)
    return days


def _times(rate: _Value, views: _Value) -> _Value:
    return _Value(
        rate.day,
        rate.value * views.value,
        rate.basis,
        rate.source,
        rate.sheet,
        rate.row,
    )


def _weighted(posts: pd.DataFrame) -> pd.DataFrame:
    """Turn the rates of posts into counters that can be subtracted."""
    posts = posts.copy()
    for rate, (above, below) in WEIGHTED.items():
        posts[below] = posts["views"].where(posts[rate].notna())
        posts[above] = posts[rate] * posts["views"]
    return posts.drop(columns=list(WEIGHTED))


@dataclass(frozen=True)
class Counters:
    """
    The counters of one post in one download.

    Parameters
    ----------
    published : date
        When the post came out.
    counts : mapping of str to Fraction
        Metric → counter.
    source, sheet, row
        Where it stands.
    """

    published: date
    counts: Mapping[str, Fraction | float]
    source: str
    sheet: str
    row: int

    def at(self, value: Fraction | float) -> _Value:
        """Return one of its counters, or what was taken off it, with its place."""
        return _Value(self.published, value, "", self.source, self.sheet, self.row)


@dataclass(frozen=True)
class Snapshot:
    """
    An account's posts of one kind in one download.

    Parameters
    ----------
    day : date or None
        The day of download, if it is known.
    posts : mapping of str to Counters
        Post → its counters.
    """

    day: date | None
    posts: Mapping[str, Counters]


def snapshots(posts: pd.DataFrame, month: str) -> dict[tuple[str, str], Snapshot]:
    """
    Return each account's closing counters of a month, per kind of post.

    The first download on day 1 to 5 of the next month, else the last one inside the
    month; files without a download day only where nothing else is there.

    Parameters
    ----------
    posts : DataFrame
        See `kpi_lib.months.clean.POSTS`.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    dict of (account, kind) to Snapshot
    """
    first, last = days_of(month)[0], days_of(month)[-1]
    window = last + timedelta(days=COUNTER_WINDOW)
    out: dict[tuple[str, str], Snapshot] = {}
    for (account, kind), group in posts.groupby(["account", "kind"]):
        days = sorted({d.date() for d in group["downloaded"].dropna()})
        after = [day for day in days if last < day <= window]
        inside = [day for day in days if first <= day <= last]
        closing = after[0] if after else inside[-1] if inside else None
        if closing is None:
            rows = group[group["downloaded"].isna()]
        else:
            rows = group[group["downloaded"] == pd.Timestamp(closing)]
        if not rows.empty:
            out[str(account), str(kind)] = Snapshot(closing, _counters(rows))
    return out


def _counters(rows: pd.DataFrame) -> dict[str, Counters]:
    named = [name for name in METRICS if name in rows]
    out: dict[str, Counters] = {}
    for record in rows.to_dict("records"):
        out[record["post"]] = Counters(
            record["published_at"].date(),
            {n: _exactly(record[n]) for n in named if pd.notna(record[n])},
            record["source"],
            record["sheet"],
            record["row"],
        )
    return out
