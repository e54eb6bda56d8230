"""
A campaign's days beside spans alike, held against where those before were going.

A number that grows lies above its past without any campaign: what is expected is the
straight line through the spans before. How often the series itself leaves such a range
without one is counted and said.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

import numpy as np
import pandas as pd

from kpi_lib import figures

SPANS = 8  # Spans before a campaign, of which the line is drawn

FEWEST = 4  # Fewer spans than these say nothing of where they were going

BACK = 90  # Days before a campaign from which like spans are tried, one begun every day

ENOUGH = 20  # Of fewer tries no share is told


def whole_days(days: pd.DataFrame, since: date) -> pd.DataFrame:
    """
    Add up the accounts that are on record on every day from `since` on.

    Parameters
    ----------
    days : DataFrame
        One row per account and day: `date`, `account`, `above`; of a ratio `below`.
    since : date
        The first day that counts for who is added up; earlier ones are added up where
        the same accounts are on record.

    Returns
    -------
    DataFrame
        One row per day: `date`, `above`, `below` (1 where none is given: a day),
        `accounts` (how many were added up). A sum over whoever happens to be there
        would rise and fall with the accounts.
    """
    if days.empty:
        return pd.DataFrame({"date": [], "above": [], "below": [], "accounts": []})
    wide = days.pivot_table(index="date", columns="account", values="above")
    whole = wide.columns[wide[wide.index >= pd.Timestamp(since)].notna().all()]
    sums = wide[whole].sum(axis=1, skipna=False).rename("above").to_frame()
    sums["below"] = 1.0
    if "below" in days:
        lower = days.pivot_table(index="date", columns="account", values="below")
        sums["below"] = lower[whole].sum(axis=1, skipna=False)
    if whole.empty:
        sums = sums.head(0)
    return sums.dropna().reset_index().assign(accounts=len(whole))


def range_of(first: date, last: date) -> pd.DatetimeIndex:
    """Return the days from the first span before a campaign to the one after."""
    step = _step(first, last)
    return pd.date_range(first - SPANS * step, last + step)


def _step(first: date, last: date) -> timedelta:
    return timedelta(weeks=ceil(((last - first).days + 1) / 7))


def spans(days: pd.DataFrame, first: date, last: date) -> pd.DataFrame:
    """
    Cut days into spans like a campaign's: same length, same weekdays.

    Returns
    -------
    DataFrame
        One row per span of which every day is on record: `at` (0 the campaign's own,
        −8 to −1 before, 1 after), `first`, `last`, `value` (the mean of a day; of a
        ratio its two sums over the span, divided).
    """
    length, step = (last - first).days + 1, _step(first, last).days
    near = range_of(first, last)
    sums = days.set_index("date")[["above", "below"]].reindex(near).to_numpy()
    rows = []
    for at in range(-SPANS, 2):
        begin = (at + SPANS) * step
        above, below = sums[begin : begin + length].T
        if not np.isnan([above, below]).any() and below.sum():
            ends = near[begin], near[begin + length - 1]
            rows.append((at, *ends, float(above.sum() / below.sum())))
    return pd.DataFrame(rows, columns=["at", "first", "last", "value"])


@dataclass(frozen=True)
class Effect:
    """A campaign's mean day, and where the spans before it were going."""

    during: float
    low: float
    expected: float
    high: float
    spans: int

    @property
    def verdict(self) -> str:
        """Whether the campaign's days lie above, below or inside the range."""
        if self.during > self.high:
            return "above"
        return "below" if self.during < self.low else "inside"

    def sentence(
        self,
        text: Callable[[float], str],
        tried: tuple[int, int],
        mean: str = "日均",
    ) -> str:
        """
        Say what is seen, and how sure it is.

        Parameters
        ----------
        text : callable
            How a value of the metric is printed.
        tried : (int, int)
            How many ordinary spans lie outside, and of how many, as of `outside`.
        mean : str
            What the value of a span is called; nothing before a rate.
        """
        where = {"above": "高于", "below": "低于", "inside": "仍在"}[self.verdict]
        tail = "的范围之内，看不出变化" if self.verdict == "inside" else "的范围"
        by = ""
        if self.expected > 0:
            more = figures.percent(self.during / self.expected - 1, 1, sign=True)
            by = f"（相差{more}）"
        often, of = tried
        sure = (
            f"同一序列在这之前的{of}段同样长的日子里，有{often}段也落在各自这样的范围以外"
            if of >= ENOUGH
            else "之前的日子太少，量不出平时有多少段也会落在这样的范围以外"
        )
        return (
            f"活动期间{mean}{text(self.during)}；之前{self.spans}段同长同星期的走势延伸到"
            f"这几天是{text(self.expected)}{by}，{where}{text(self.low)}至{text(self.high)}"
            f"{tail}。{sure}；先后不等于因果，同期的节日、热点和推荐位没有分开。"
        )


def effect(cut: pd.DataFrame) -> Effect | None:
    """
    Hold a campaign's own span against the line through at least four before.

    Returns
    -------
    Effect or None
        The range is the line's end, and from it as far down and up as the spans
        before lie from the line. None where too few are on record.
    """
    value = cut.set_index("at")["value"]
    before = value[value.index < 0]
    if 0 not in value.index or len(before) < FEWEST:
        return None
    at = before.index.to_numpy(dtype=float)
    slope, expected = np.polyfit(at, before.to_numpy(), 1)
    off = before - (expected + slope * at)
    return Effect(
        during=float(value[0]),
        low=float(expected + min(off.min(), 0)),
        expected=float(expected),
        high=float(expected + max(off.max(), 0)),
        spans=len(before),
    )


def outside(days: pd.DataFrame, first: date, last: date) -> tuple[int, int]:
    """
    Try spans as long as a campaign's that ended before it, one begun every day.

    Returns
    -------
    (int, int)
        How many lie outside the range of the line through their own spans before,
        and how many were tried.
    """
    length = (last - first).days + 1
    shifts = [timedelta(days=back) for back in range(length, BACK + 1)]
    tries = [effect(spans(days, first - by, last - by)) for by in shifts]
    verdicts = [tried.verdict != "inside" for tried in tries if tried]
    return sum(verdicts), len(verdicts)
