"""
Targets, rules and the score card: points with their arithmetic and evidence.

In go a month's tables and what people wrote; out comes a `Month`, and of it one
`OperatorMonth` each: the card, and nothing of anybody else.
"""

from __future__ import annotations

from kpi_lib.appraisal.card import (
    measures,
    score,
)
from kpi_lib.appraisal.evidence import (
    Evidence,
)
from kpi_lib.appraisal.month import (
    Month,
    OperatorMonth,
    evidence_bytes,
    open_month,
)
from kpi_lib.days import LOOK_BACK

__all__ = [
    "LOOK_BACK",
    "Evidence",
    "Month",
    "OperatorMonth",
    "evidence_bytes",
    "measures",
    "open_month",
    "score",
]
