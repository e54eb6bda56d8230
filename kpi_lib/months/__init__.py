"""
Exports and people's inputs, added up to months.

In go the files of a month (`arrive`); out come tables, of which no row is missing
(`tidy`, `save`, `load`), and totals of one operator's own part (`total`).
"""

from __future__ import annotations

from kpi_lib.months.add_up import (
    COUNTER_WINDOW,
    ONCE_A_PRODUCT,
    Rows,
    Total,
    amount,
    by_day,
    by_month,
    exact,
    mapped_metrics,
    spans,
    total,
)
from kpi_lib.months.arrivals import (
    arrival,
    arrive,
    day_at_the_end,
    expected,
    files_table,
    is_noise,
    load,
    parquet,
    rows,
    save,
    tables_of,
    tidy,
)
from kpi_lib.months.findings import (
    load as load_findings,
)
from kpi_lib.months.stored import (
    recognised,
    retold,
)

__all__ = [
    "COUNTER_WINDOW",
    "ONCE_A_PRODUCT",
    "Rows",
    "Total",
    "amount",
    "arrival",
    "arrive",
    "by_day",
    "by_month",
    "day_at_the_end",
    "exact",
    "expected",
    "files_table",
    "is_noise",
    "load",
    "load_findings",
    "mapped_metrics",
    "parquet",
    "recognised",
    "retold",
    "rows",
    "save",
    "spans",
    "tables_of",
    "tidy",
    "total",
]
