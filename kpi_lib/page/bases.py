"""How numbers are come by, and where a series changes that: no rate across it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.days import months_back
from kpi_lib.language import N_, _

BY_DAYS = ("daily", "manual")
"""Bases of months that were added up from days."""


def of_month(m: OperatorMonth, metric: str, month: str = "") -> dict[str, str]:
    """Return account to basis of one month, of the appraised one if not given."""
    rows = m.monthly[(m.monthly["metric"] == metric) & m.monthly["value"].notna()]
    rows = rows[rows["month"] == (month or m.month)]
    return dict(zip(rows["account"], rows["basis"], strict=True))


def of_days(m: OperatorMonth, account: str, metric: str) -> dict[date, str]:
    """Return the basis of every day of twelve months on which an account has one."""
    rows = m.daily[(m.daily["account"] == account) & (m.daily["metric"] == metric)]
    days = [day.date() for day in pd.DatetimeIndex(rows["date"])]
    return dict(sorted(zip(days, rows["basis"], strict=True)))


BASES = {
    "daily": N_("按日"),
    "level": N_("按日"),
    "difference": N_("两次下载相减"),
    "published": N_("当月发布的累计"),
    "manual": N_("手工填报"),
    "listed": N_("仅作品清单，数值取自按日文件"),
    "": figures.NONE,
}
"""How numbers are come by, in the reader's words."""


@dataclass(frozen=True)
class Bases:
    """How the months of a series are come by, and where that changes."""

    by_month: Mapping[str, Mapping[tuple[str, str], str]]
    """Month to account and stream to basis, months ascending."""

    @property
    def breaks(self) -> list[str]:
        """Months in which an account has another basis than in its month before."""
        last: dict[tuple[str, str], str] = {}
        found = []
        for month, now in self.by_month.items():
            if any(last.get(id, basis) != basis for id, basis in now.items()):
                found.append(month)
            last |= now
        return found

    def told(self, note: str) -> str:
        """Add to a caption where the series breaks."""
        if not self.breaks:
            return note
        names = figures.listed([figures.month_short(month) for month in self.breaks])
        return _("{note}；{months}起换了数据来源，前后不可比", note=note, months=names)

    def words(self, month: str) -> str:
        """Name the bases of a month."""
        words = dict.fromkeys(_(BASES[at]) for at in self.by_month[month].values())
        return figures.listed([*words]) or figures.NONE


def of_year(
    m: OperatorMonth, metric: str, accounts: Collection[str] | None = None
) -> Bases:
    """Return how twelve months of a metric are come by; of all accounts, or some."""
    rows = m.monthly[(m.monthly["metric"] == metric) & m.monthly["value"].notna()]
    found: dict[str, dict[tuple[str, str], str]] = {
        month: {} for month in months_back(m.month, 12)
    }
    columns = ("month", "account", "stream", "basis")
    for month, account, stream, basis in zip(
        *(rows[name].tolist() for name in columns), strict=True
    ):
        if month in found and (accounts is None or account in accounts):
            found[month][account, stream] = basis
    return Bases(found)
