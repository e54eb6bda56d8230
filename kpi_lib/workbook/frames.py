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
from kpi_lib.months import BY_DAYS, ONCE_A_PRODUCT

SIDES = ["above", "below"]  # The two sums of a ratio


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
    sides = zip(SIDES, (above, below), strict=True)
    sums = {side: known[list(of)].sum(axis=1) for side, of in sides if of}
    return pd.DataFrame(sums).reset_index()


def by_month(
    rows: pd.DataFrame, metrics: Sequence[str], by: str, accounts: Sequence[Account]
) -> pd.DataFrame:
    """
    Return metrics by month and another column of `monthly`.

    Returns
    -------
    DataFrame
        One row per metric, month and `by` that has a value: `month`, `by`, `value`,
        `metric`; `basis`, how its accounts were counted, and `breaks`, whether one of
        them was counted otherwise in its month before.
    """
    asked = pd.DataFrame({"at": range(len(metrics)), "metric": metrics})
    made_of = [METRICS[name].parts or (name,) for name in metrics]
    once = {*ONCE_A_PRODUCT}  # whole in the rows of every owner
    shared = [at for at, of in enumerate(made_of) if once & {metrics[at], *of}]
    own = rows.merge(asked)
    whole = own[own["at"].isin(shared)]
    first = first_of_product(whole, accounts, ["at", "month", by])
    own = own[first.reindex(own.index, fill_value=True)]
    ratio = own["metric"].isin([name for name in metrics if METRICS[name].parts])
    above, below = own["above"].where(ratio, own["value"]), own["below"].where(ratio)
    known = above.notna() & (below.notna() | ~ratio)
    own = own.assign(above=above, below=below)[known]
    parts = pd.Series(made_of, name="metric").explode().rename_axis("at").reset_index()
    return _added(rows, own, parts, by).merge(asked, on="at")


def ratio_by_month(
    days: pd.DataFrame, rows: pd.DataFrame, parts: tuple[str, str], by: str
) -> pd.DataFrame:
    """
    Return one flow over another by month and another column of `monthly`.

    Of the days that both have; where there are none, of months that are whole of both.

    Returns
    -------
    DataFrame
        As of `by_month`, without `metric`.
    """
    above, below = parts
    keys = [*dict.fromkeys(("month", "operator", "account", "platform", by))]
    both = [
        sums_of_days(own, (above,), (below,)).assign(operator=id)
        for id, own in days.groupby("operator")
    ]
    known = pd.concat(both or [days.assign(above=0.0, below=0.0).head(0)])
    known = known.assign(month=known["date"].dt.strftime("%Y-%m"))
    places = days[keys[1:]].drop_duplicates()
    daily = known.drop(columns="platform").merge(places, on=["operator", "account"])
    own = rows[rows["metric"].isin(parts)].dropna(subset="value")
    counters = ~own["basis"].isin(BY_DAYS)
    whole = own[counters | (own["days_present"] >= own["days_due"])]
    monthly = whole.pivot_table("value", keys, "metric", "sum")
    monthly = monthly.reindex(columns=[*parts]).dropna().set_axis(SIDES, axis=1)
    sums = daily.groupby(keys)[SIDES].sum().combine_first(monthly).reset_index()
    asked = pd.DataFrame({"at": 0, "metric": parts})
    return _added(rows, sums.assign(at=0), asked, by).drop(columns="at")


def _added(
    rows: pd.DataFrame, counted: pd.DataFrame, parts: pd.DataFrame, by: str
) -> pd.DataFrame:
    """Add up, for each `at`, what is counted of rows; divide what has a lower side."""
    keys = ["at", "month", by]
    sums = counted.groupby(keys)[SIDES].sum(min_count=1)
    above, below = sums["above"], sums["below"]
    values = above.where(below.isna(), above / below.where(below != 0)).rename("value")
    bases = _bases(rows, counted, parts, by)
    return values.dropna().reset_index().merge(bases, on=keys, how="left")


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
    rows: pd.DataFrame, counted: pd.DataFrame, parts: pd.DataFrame, by: str
) -> pd.DataFrame:
    """Return how the accounts of a month and key were counted; a ratio: its parts."""
    parts = rows[rows["value"].notna()].merge(parts)
    place = ["at", "month", "operator", "account"]
    parts = parts.merge(counted[place].drop_duplicates())
    parts = parts.sort_values("month", kind="stable", ignore_index=True)
    series = [*dict.fromkeys(("at", by, "account", "metric"))]
    first = parts.drop_duplicates([*series, "month"])
    before = first.groupby(series)["basis"].shift()
    broken = first.index[before.notna() & (before != first["basis"])]
    parts["breaks"] = parts.index.isin(broken)
    keys = ["at", "month", by]
    each = parts.sort_values("basis").drop_duplicates([*keys, "basis"])
    words = each.groupby(keys)["basis"].agg("、".join)
    breaks = parts.groupby(keys)["breaks"].any()
    if by == "operator":  # who took an account over has not grown by it
        held = parts.assign(held=parts["account"] + " " + parts["share"].astype("str"))
        sets = held.groupby(["at", "operator", "month"])["held"].agg(frozenset)
        before = sets.groupby(level=["at", "operator"]).shift()
        breaks |= (before.notna() & (before != sets)).swaplevel()
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
