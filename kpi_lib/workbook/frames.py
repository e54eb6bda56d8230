"""
Sums of a month's tables by day and by month, for any metric and many keys at once.

Shown, never scored: floats and pandas do here what `kpi_lib.months.total` does exactly
for one operator and month; a test holds the two equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

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
    ratio = METRICS[metric]
    days = sums_of_days(rows, ratio.numerator or (metric,), ratio.denominator)
    values = days["above"]
    if ratio.parts:
        values = values / days["below"].where(days["below"] != 0)
    return days.assign(value=values, metric=metric).dropna(subset="value")


def sums_of_days(
    rows: pd.DataFrame, above: Sequence[str], below: Sequence[str] = ()
) -> pd.DataFrame:
    """
    Add up what stands above and below a line, of days on which all of it is known.

    Returns
    -------
    DataFrame
        One row per account and day: `account`, `platform`, `date`, `above`, and
        `below` where there is anything below.
    """
    parts = {part: _of_days(rows, part) for part in (*above, *below)}
    known = pd.concat(parts, axis=1, join="inner").dropna()
    sides = {"above": above, "below": below}
    sums = {side: known[list(of)].sum(axis=1) for side, of in sides.items() if of}
    return pd.DataFrame(sums).reset_index()


def by_month(
    rows: pd.DataFrame, metric: str, by: str, accounts: Sequence[Account]
) -> pd.DataFrame:
    """
    Return one metric by month and another column of `monthly`.

    Returns
    -------
    DataFrame
        One row per month and `by` that has a value: `month`, `by`, `value`, `metric`;
        `basis`, how its accounts were counted, and `breaks`, whether one of them was
        counted otherwise in its month before.
    """
    counted = _counted(rows, metric, by, accounts)
    groups = counted.groupby(["month", by], sort=True)
    if METRICS[metric].parts:
        above, below = (groups[side].sum(min_count=1) for side in ("above", "below"))
        values = above / below.where(below != 0)
    else:
        values = groups["value"].sum(min_count=1)
    found = values.dropna().rename("value").reset_index().assign(metric=metric)
    return found.merge(_bases(rows, counted, metric, by), on=["month", by], how="left")


def _counted(
    rows: pd.DataFrame, metric: str, by: str, accounts: Sequence[Account]
) -> pd.DataFrame:
    """Return the rows that a metric is added up from; of a ratio, with both sums."""
    own = rows[rows["metric"] == metric]
    if {metric, *METRICS[metric].parts} & {*ONCE_A_PRODUCT}:
        # Whole in the rows of every owner.
        first = first_of_product(own, accounts, ["month", by])
        own = own[first]
    sums = ["above", "below"] if METRICS[metric].parts else ["value"]
    return own.dropna(subset=sums)


def first_of_product(
    rows: pd.DataFrame, accounts: Sequence[Account], keys: Sequence[str]
) -> pd.Series:
    """Mark the rows, one for each of the keys and products, of its first account."""
    order = {account.id: at for at, account in enumerate(accounts)}
    product = {account.id: account.product or account.id for account in accounts}
    named = rows.assign(
        product=rows["account"].map(product), order=rows["account"].map(order)
    ).sort_values("order", kind="stable")
    return ~named.duplicated([*keys, "product"]).reindex(rows.index)


def _bases(
    rows: pd.DataFrame, counted: pd.DataFrame, metric: str, by: str
) -> pd.DataFrame:
    """Return how the accounts of a month and key were counted; a ratio: its parts."""
    made_of = METRICS[metric].parts or (metric,)
    parts = rows[rows["metric"].isin(made_of) & rows["value"].notna()]
    place = ["month", "operator", "account"]
    parts = parts.merge(counted[place].drop_duplicates())
    parts = parts.sort_values("month", kind="stable", ignore_index=True)
    series = [*dict.fromkeys((by, "account", "metric"))]
    first = parts.drop_duplicates([*series, "month"])
    before = first.groupby(series)["basis"].shift()
    broken = first.index[before.notna() & (before != first["basis"])]
    parts["breaks"] = parts.index.isin(broken)
    each = parts.sort_values("basis").drop_duplicates(["month", by, "basis"])
    words = each.groupby(["month", by])["basis"].agg("、".join)
    breaks = parts.groupby(["month", by])["breaks"].any()
    return pd.concat([words, breaks], axis=1).reset_index()


def has_days(metric: str) -> bool:
    """Say whether a metric has a value of a day: all but ratios of whole months."""
    parts = METRICS[metric].parts
    return all(METRICS[part].kind == "flow" for part in parts)


def days_compare(metric: str) -> bool:
    """Say whether spans of days compare: flows, their ratios, means; no levels."""
    return has_days(metric) and METRICS[metric].kind != "stock"


def _of_days(rows: pd.DataFrame, metric: str) -> pd.Series:
    """Add the parts of a metric up; where a total stands beside them, it counts."""
    own = rows[rows["metric"] == metric]
    total = (own["part"] == "").groupby(own["account"]).transform("any")
    own = own[~total | (own["part"] == "")]
    return own.groupby(["account", "platform", "date"], sort=True)["value"].sum()
