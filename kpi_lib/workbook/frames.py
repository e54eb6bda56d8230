"""
Sums of a month's tables by day and by month, for any metric and many keys at once.

Shown, never scored: floats and pandas do here what `kpi_lib.months.total` does exactly
for one operator and month; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import pandas as pd

from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import Account
from kpi_lib.months import ONCE_A_PRODUCT


def of_records(records: Iterable[object], columns: Sequence[str]) -> pd.DataFrame:
    """Return some attributes of objects, a row each."""
    rows = [[getattr(record, name) for name in columns] for record in records]
    return pd.DataFrame(rows, columns=list(columns))


def by_day(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """
    Return one metric by account and day; a ratio where all its parts are.

    Returns
    -------
    DataFrame
        One row per account and day: `account`, `platform`, `date`, `value`, `metric`.
    """
    return _values(metric, lambda part: _of_days(rows, part))


def by_month(
    rows: pd.DataFrame, metric: str, by: str, accounts: Sequence[Account]
) -> pd.DataFrame:
    """
    Return one metric by month and another column of `monthly`.

    Returns
    -------
    DataFrame
        One row per month and `by` that has a value: `month`, `by`, `value`, `metric`.
    """
    parts = METRICS[metric].parts
    if not set(parts) <= set(ONCE_A_PRODUCT):
        # A ratio is of the accounts that have all its parts.
        rows = rows[rows["metric"].isin(parts)]
        groups = rows.groupby(["month", by, "account"])["metric"]
        rows = rows[groups.transform("nunique") == len(parts)]
    return _values(metric, lambda part: _of_months(rows, part, by, accounts))


def _values(metric: str, sums: Callable[[str], pd.Series]) -> pd.DataFrame:
    """Return the sums of a metric, or of a ratio one sum over the other."""
    ratio = METRICS[metric]
    if ratio.parts:
        parts = {part: sums(part) for part in ratio.parts}
        whole = pd.concat(parts, axis=1, join="inner").dropna()
        below = whole[list(ratio.denominator)].sum(axis=1)
        values = whole[list(ratio.numerator)].sum(axis=1) / below.where(below != 0)
    else:
        values = sums(metric)
    return values.dropna().rename("value").reset_index().assign(metric=metric)


def _of_days(rows: pd.DataFrame, metric: str) -> pd.Series:
    """Add the parts of a metric up; where a total stands beside them, it counts."""
    own = rows[rows["metric"] == metric]
    total = (own["part"] == "").groupby(own["account"]).transform("any")
    own = own[~total | (own["part"] == "")]
    return own.groupby(["account", "platform", "date"], sort=True)["value"].sum()


def _of_months(
    rows: pd.DataFrame, metric: str, by: str, accounts: Sequence[Account]
) -> pd.Series:
    own = rows[rows["metric"] == metric]
    if metric in ONCE_A_PRODUCT:
        # Whole in the rows of every owner; of one product the first account.
        order = {account.id: at for at, account in enumerate(accounts)}
        product = {account.id: account.product or account.id for account in accounts}
        own = (
            own.assign(product=own["account"].map(product))
            .sort_values("account", key=lambda ids: ids.map(order))
            .drop_duplicates(["month", by, "product"])
        )
    return own.groupby(["month", by], sort=True)["value"].sum(min_count=1)
