"""
One operator's own part of a month, over all own accounts: what points are made from.

`monthly` holds each account's part rounded once, to the float nearest; a float is read
back as the decimal number that it prints as (`exactly`), so that counts and money of
two decimals are again what the platform wrote. From there on everything is exact. What
an analyst is shown of many keys at once (`kpi_lib/workbook/frames.py`) is a float.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import chain, pairwise
from math import inf, isinf
from typing import Any

import pandas as pd

from kpi_lib.catalogue import GAINS, METRICS
from kpi_lib.days import days_of, runs
from kpi_lib.inputs import Account, EvidenceRules, Roster
from kpi_lib.language import N_, Sentence
from kpi_lib.months.owned import in_charge

# An exact number; a float only for infinity (a value known by its lower bound).
Number = Fraction | float

# Bases that add days up.
BY_DAYS = ("daily", "manual")

# Never added over accounts of one product (APPRAISAL, Metrics).
ONCE_A_PRODUCT = ("dau", "mau")

# Of a ratio of one account: its two sums, and the bounds of each.
SUMS = ("above", "above_low", "above_high", "below", "below_low", "below_high")

# Flows in name only: a gain needs two levels, not every day between them.
NOT_BY_DAYS = (*GAINS, "account_days")

# Below it every whole number is a float of its own.
WHOLE = 2**53


def exactly(value: float) -> Number:
    """Return the number that a float was written as: no binary dust."""
    if isinf(value):
        return inf
    # Most are counts, and a text need not be made of them.
    if value.is_integer() and abs(value) < WHOLE:
        return Fraction(int(value))
    return Fraction(repr(value))


def exact(number: Fraction) -> str:
    """Return a number as a decimal string, at most six places, no exponent."""
    if number.denominator == 1:
        return str(number)
    rounded = round(number, 6)
    text = f"{float(rounded):.6f}" if rounded.denominator != 1 else str(rounded)
    return text.rstrip("0").rstrip(".") if "." in text else text


def spans(rows: Iterable[int], comma: str = ",") -> str:
    """
    Write row numbers as spans.

    Parameters
    ----------
    rows : iterable of int
        Row numbers, in any order, repeated or not.
    comma : str
        What stands between spans.

    Returns
    -------
    str
        For instance ``"5-35,40"``.
    """
    return comma.join(
        str(first) if first == last else f"{first}-{last}" for first, last in runs(rows)
    )


@dataclass(frozen=True, kw_only=True)
class Total:
    """
    One metric of one operator and month, over all own accounts.

    Parameters
    ----------
    value, low, high : Fraction, float or None
        The number, None where there is none; its bounds where values contradict
        each other.
    made_of : tuple of (str, float, str)
        Account, share and basis of all parts; months with others do not compare.
    gaps : tuple of str
        Why it is not to be scored, one clause each; empty if it may be.
    sources : tuple of dict
        Evidence: source, sheet, rows, metric, sum.
    days : str
        As `days_short` has it: what it rests on, where days are lacking.
    """

    value: Number | None
    low: Number | None
    high: Number | None
    made_of: tuple[tuple[str, float, str], ...] = ()
    days: str = ""
    gaps: tuple[str, ...] = ()
    sources: tuple[dict[str, str], ...] = ()

    def reading(self, which: str) -> Number | None:
        """Return `value`, `low` or `high` by name."""
        reading: Number | None = getattr(self, which)
        return reading


# Metric → its rows of `monthly`, in the order of accounts and streams.
Rows = Mapping[str, Sequence[Mapping[Hashable, Any]]]


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
    rules: EvidenceRules | None = None,
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
    rules : EvidenceRules, optional
        How many days must be on record; default: as usual.

    Returns
    -------
    Total
        Flows and levels are added; ratios are one sum over another, over the
        accounts that have both; DAU and MAU are taken once a product.
    """
    rules = rules or EvidenceRules()
    if platform:
        monthly = _only(monthly, "platform", {platform})
    if METRICS[metric].parts:
        return _ratio(monthly, metric, accounts, rules)
    if metric in ONCE_A_PRODUCT:
        monthly = _once_a_product(monthly, metric, accounts)
    rows = monthly.get(metric, ())
    return Total(
        **{which: _sum(row[which] for row in rows) for which in _READINGS},
        made_of=tuple(
            sorted({(row["account"], row["share"], row["basis"]) for row in rows})
        ),
        gaps=tuple(gap for row in rows for gap in _gap(row, metric, rules)),
        sources=tuple(
            {"metric": metric, **cited}
            for row in rows
            for cited in json.loads(row["sources"])
        ),
        days=days_short(metric, rows),
    )


_READINGS = ("value", "low", "high")


def _sum(values: Iterable[float]) -> Number | None:
    there = [exactly(value) for value in values if not pd.isna(value)]
    return sum(there[1:], there[0]) if there else None


def _only(rows: Rows, name: str, wanted: Collection[str]) -> Rows:
    """Keep the rows with a wanted account or platform."""
    return {
        metric: [row for row in of_metric if row[name] in wanted]
        for metric, of_metric in rows.items()
    }


def _once_a_product(rows: Rows, metric: str, accounts: Sequence[Account]) -> Rows:
    """Keep the rows of the first account of each product that has a metric."""
    there = {row["account"] for row in rows.get(metric, ())}
    # What is set last stands: of each product its first account.
    own = [account for account in reversed(accounts) if account.id in there]
    first = {account.product or account.id: account.id for account in own}
    return _only(rows, "account", first.values())


def _gap(
    row: Mapping[Hashable, Any], metric: str, rules: EvidenceRules
) -> Iterable[Sentence]:
    """Say why an account's part is not to be scored, if it is not."""
    label, account = METRICS[metric].label, row["account"]
    if pd.isna(row["value"]) and pd.isna(row["low"]):
        yield Sentence("{account}没有{metric}", account=account, metric=label)
        return
    present, due = row["days_present"], row["days_due"]
    by_days = METRICS[metric].kind in ("flow", "mean", "ratio")
    enough = rules.days_on_record * Fraction(due)
    if by_days and lacks_days(row) and Fraction(present) < enough:
        text = N_("{account}的{metric}只有{present}天，应有{due}天")
        days = {"present": f"{present:g}", "due": f"{due:g}"}
        yield Sentence(text, account=account, metric=label, **days)


def lacks_days(row: Mapping[Hashable, Any]) -> bool:
    """
    Say whether a number rests on fewer days than are due.

    Parameters
    ----------
    row : mapping
        A row of ``MONTHLY``.

    Returns
    -------
    bool
        False for what is not added up by days.
    """
    by_days = row["basis"] in BY_DAYS and row["metric"] not in NOT_BY_DAYS
    return bool(by_days and row["days_present"] < row["days_due"])


def days_short(metric: str, rows: Iterable[Mapping[Hashable, Any]]) -> str:
    """
    Tell on how many days a figure rests where they are not all there.

    Parameters
    ----------
    metric : str
        Any name of the catalogue.
    rows : iterable of mapping
        Rows of ``MONTHLY`` that the figure is added up from.

    Returns
    -------
    str
        Days on record of those due, as ``"28/31"``, of the account that lacks most;
        empty if none lacks any, and of what is no sum or mean of days.
    """
    if METRICS[metric].kind not in ("flow", "mean"):
        return ""
    days = [
        (int(row["days_present"]), int(row["days_due"]))
        for row in rows
        if 0 < row["days_present"] < row["days_due"]
    ]
    least = min(days, key=lambda at: Fraction(*at), default=())
    return "/".join(map(str, least))


def _ratio(
    monthly: Rows, metric: str, accounts: Sequence[Account], rules: EvidenceRules
) -> Total:
    numerator, denominator = METRICS[metric].numerator, METRICS[metric].denominator
    parts = (*numerator, *denominator)
    counted = {row["account"] for row in monthly.get(metric, ())}
    monthly = _only(monthly, "account", counted)
    if set(parts) <= set(ONCE_A_PRODUCT):
        monthly = _once_a_product(monthly, metric, accounts)
    due = [row for row in monthly.get(metric, ()) if not row["basis"]]
    lacking = [gap for row in due for gap in _gap(row, metric, rules)]
    # An account that lacks one of the sums is in neither.
    rows = [
        row
        for row in monthly.get(metric, ())
        if not (pd.isna(row["above"]) or pd.isna(row["below"]))
    ]
    sums = {name: _sum(row[name] for row in rows) for name in SUMS}

    def divide(over: str, under: str) -> Number | None:
        top, bottom = sums[over], sums[under]
        return top / bottom if top is not None and bottom else None

    value = divide("above", "below")
    bounds = [divide("above_low", "below_high"), divide("above_high", "below_low")]
    there = [bound for bound in (value, *bounds) if bound is not None]
    totals = [total(monthly, part, accounts=accounts, rules=rules) for part in parts]
    gaps = dict.fromkeys(chain(lacking, *(each.gaps for each in totals)))
    return Total(
        value=value,
        low=min(there, default=None),
        high=max(there, default=None),
        made_of=tuple(sorted({part for each in totals for part in each.made_of})),
        gaps=tuple(gaps or (gap for row in rows for gap in _gap(row, metric, rules))),
        sources=tuple(cited for row in rows for cited in json.loads(row["sources"])),
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
        Kept daily values (``DAILY``) of the month; for the gain of followers also of
        the month before.
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
    named = GAINS[metric].name if metric in GAINS else metric
    series: dict[tuple[str, str], dict[date, Fraction]] = defaultdict(dict)
    near = daily[(daily["metric"] == named) & daily["account"].isin(rows["account"])]
    for row in near.to_dict("records"):
        number = Fraction(exactly(row["value"]))
        series[row["account"], row["part"]][row["date"].date()] = number
    days: dict[date, Fraction] = defaultdict(Fraction)
    without: list[str] = []
    for row in rows.to_dict("records"):
        account = row["account"]
        if row["basis"] not in BY_DAYS:
            without.append(account)
            continue
        values = dict(sorted(series[account, row["stream"]].items()))
        if metric in GAINS:
            values = _steps(values)
        charge = in_charge(roster, roster.account(account), days_of(row["month"]))
        own = charge.get(row["operator"], {})
        for day, value in values.items():
            if day in own:
                days[day] += value * own[day]
    return dict(days), sorted(set(without))


def _steps(levels: Mapping[date, Fraction]) -> dict[date, Fraction]:
    """Return what each known level adds to the one known before it."""
    return {
        day: level - before for (_, before), (day, level) in pairwise(levels.items())
    }
