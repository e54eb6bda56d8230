"""
Targets, rules and the score card: points with their arithmetic and evidence.

In go a month's tables and what people wrote; out comes a `Month`, and of it one
`OperatorMonth` each: the `Card`, and nothing of anybody else. Texts are sentences and
names that a page says later: a card is the same bytes in every language.
"""

from __future__ import annotations

from kpi_lib.appraisal.card import Card, CardItem, CardMeasure, OperatorMonth
from kpi_lib.appraisal.compose import SETTLED, score
from kpi_lib.appraisal.evidence import Evidence
from kpi_lib.appraisal.goals import holding, short_targets
from kpi_lib.appraisal.month import Month, evidence_bytes
