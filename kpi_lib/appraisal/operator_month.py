"""What one operator's page is made from: the own part, nothing of anybody else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from kpi_lib.appraisal.card import Card
from kpi_lib.appraisal.quotas import Quotas
from kpi_lib.days import Calendar, shift
from kpi_lib.files import Platform
from kpi_lib.inputs import Account, Operator, Target, Worklog
from kpi_lib.months import Rows, by_month


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
