"""What should arrive for a month, and on which days it did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from kpi_lib.days import Week, days_of
from kpi_lib.files import layouts
from kpi_lib.inputs import Account
from kpi_lib.months.arrivals import Arrived
from kpi_lib.months.owned import days_by_account
from kpi_lib.months.tables import Tables

ARRIVAL = {"account": "str", "date": "datetime64[s]", "state": "str"}


def arrival(arrived: Arrived, tables: Tables) -> pd.DataFrame:
    """
    Set every account's days against what the roster expects of it.

    Parameters
    ----------
    arrived : Arrived
        The month's files; a first week's download may lie in those of the month before.
    tables : Tables
        The month's tables.

    Returns
    -------
    DataFrame
        One row per account that lives in the month and day: account, date, state;
        `state` is ``present``, ``missing`` or empty for a day that is not due; an
        account with counters only owes a download a week: its days are ``download``
        on the day itself, ``covered`` or ``missing`` on the others of the week.
    """
    daily = tables.daily
    stamps = (stamp.date() for stamp in daily["date"])
    present = days_by_account(zip(daily["account"], stamps, strict=True))
    downloads = days_by_account(
        (file.account, file.downloaded)
        for file in (*arrived.before, *arrived.files)
        if file.posts
    )
    days, weeks = days_of(arrived.month), arrived.given.calendar.weeks(arrived.month)
    rows = []
    for owner in arrived.given.roster.accounts:
        if not owner.overlaps(days[0], days[-1]):
            continue
        first = arrived.first_days[owner.id]
        states = _states(
            owner,
            [day for day in days if owner.overlaps(day, day) and day >= first],
            present[owner.id],
            downloads[owner.id],
            weeks,
        )
        rows += [(owner.id, day, states.get(day, "")) for day in days]
    return pd.DataFrame(rows, columns=list(ARRIVAL)).astype(ARRIVAL)


def _states(
    account: Account,
    due: Sequence[date],
    present: set[date],
    downloads: set[date],
    weeks: Sequence[Week],
) -> dict[date, str]:
    expects = [layouts()[name] for name in account.expects if name in layouts()]
    if any(layout.grain != "posts" for layout in expects):
        return dict.fromkeys(due, "missing") | dict.fromkeys(present, "present")
    states: dict[date, str] = {}
    for week in weeks if expects else ():
        inside = [day for day in week.days_in_month if day in due]
        if week.working_days:
            came = any(week.start <= day <= week.end for day in downloads)
            states |= dict.fromkeys(inside, "covered" if came else "missing")
    return (
        states
        | dict.fromkeys(present, "present")
        | dict.fromkeys(downloads, "download")
    )
