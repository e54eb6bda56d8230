"""
Exports and people's inputs, added up to months.

In go the files of a month (`arrive`); out come tables, of which no row is missing
(`tidy`, `save`, `load`), and totals of one operator's own part (`total`).

A number has one form on its way. A cell is read as the float that prints as the
platform wrote it, and kept so in parquet; wherever figures are added, divided or shared
it is taken exactly (`Fraction(repr(value))`), and what a month comes to is rounded
once, to the float nearest. Points are made from these by exact fractions again.
"""

from __future__ import annotations

from kpi_lib.months.arrivals import arrive, day_at_the_end, expected, grains
from kpi_lib.months.store import load, load_findings, parquet, rows, save
from kpi_lib.months.tables import Tables, arrival, reason, scored, tidy
from kpi_lib.months.totals import (
    BY_DAYS,
    ONCE_A_PRODUCT,
    Rows,
    Total,
    by_day,
    by_month,
    days_short,
    exact,
    exactly,
    lacks_days,
    spans,
    total,
)
