"""Who owns what of an account on which day, and what is due of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from fractions import Fraction

from kpi_lib.days import days_of
from kpi_lib.inputs import Account, Roster
from kpi_lib.months.arrivals import Arrived


class Owned:
    """Everybody's days and shares of the accounts in one month."""

    def __init__(self, arrived: Arrived) -> None:
        self.arrived, self.month, self.given = arrived, arrived.month, arrived.given
        self.days = days_of(arrived.month)
        roster = self.given.roster
        # Who looks after what on which days; days of leave are the cover's.
        self.shares = {
            account.id: in_charge(roster, account, self.days)
            for account in roster.accounts
        }

    def due(self, account: str, operator: str) -> list[date]:
        """Return the operator's days of an account since its first export."""
        first = self.arrived.first_days.get(account, self.days[0])
        own = self.shares[account].get(operator, ())
        return [day for day in own if day >= first]

    def owned(self, account: str, operator: str) -> dict[date, Fraction]:
        """Return the days on which an operator owns of an account, and the shares."""
        whole = self.given.roster.account(account)
        shares = ((day, whole.shares(day).get(operator, 0)) for day in self.days)
        return {day: Fraction(share) for day, share in shares if share}

    def owed(self, account: Account) -> dict[str, dict[date, Fraction]]:
        """Return everybody's account-days: own ones less leave, plus covers."""
        owed: dict[str, dict[date, Fraction]] = {}
        for bearer, shares in self.shares[account.id].items():
            days = owed.setdefault(bearer.split()[0], {})
            for day in self.due(account.id, bearer):
                days[day] = days.get(day, Fraction(0)) + shares[day]
        return owed

    def weeks(
        self, owed: Mapping[date, Fraction], downloads: Collection[date]
    ) -> tuple[Fraction, dict[date, Fraction]]:
        """Return due and present of an account with counters only: one a week."""
        due, present = Fraction(0), dict[date, Fraction]()
        for week in self.given.calendar.weeks(self.month):
            inside = [owed[day] for day in week.days_in_month if day in owed]
            if not inside or not week.working_days:
                continue
            unit = 7 * max(inside)
            due += unit
            came = [day for day in downloads if week.start <= day <= week.end]
            present |= dict.fromkeys(came[:1], unit)
        return due, present


def in_charge(
    roster: Roster, account: Account, days: Iterable[date]
) -> dict[str, dict[date, Fraction]]:
    """Return who looks after how much of an account on which days."""
    shares: dict[str, dict[date, Fraction]] = {}
    for day in days:
        for operator, share in roster.in_charge(account, day).items():
            shares.setdefault(operator, {})[day] = share
    return shares
