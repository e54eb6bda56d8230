"""
The analyst's door: a month to ask, what if, another plan.

In goes a month; out come tables, answers with a chart and its numbers, and drop-downs
beside them (`ask`).
"""

from __future__ import annotations

from kpi_lib.workbook import questions
from kpi_lib.workbook.cards import explain, rescore
from kpi_lib.workbook.drop_downs import ask
from kpi_lib.workbook.workbook import open_month
