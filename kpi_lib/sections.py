"""
The parts of the page, each made from one operator's month: what notebooks call.

Every function takes what a month holds and returns a Fragment: HTML that was
rendered through the escaping templates and that a notebook shows as it is. No
sentence there claims more than the numbers it is made from.
"""

from __future__ import annotations

from kpi_lib.card_sections import header, score_card, sentences, waterfall
from kpi_lib.fan_sections import followers, platforms
from kpi_lib.fragments import SEALED, Fragment, Seal, Style, seal, style
from kpi_lib.goal_sections import campaigns, next_month, quotas
from kpi_lib.settled_sections import settled
from kpi_lib.source_sections import (
    arrival,
    compare,
    counted,
    fates,
    files,
    findings,
    quarantine,
    sources,
)
from kpi_lib.team_sections import (
    team_evidence,
    team_files,
    team_grades,
    team_header,
    team_items,
    team_missing,
    team_money,
    team_scores,
)
from kpi_lib.traffic_sections import activity, engagement, orders

__all__ = [
    "SEALED",
    "Fragment",
    "Seal",
    "Style",
    "activity",
    "arrival",
    "campaigns",
    "compare",
    "counted",
    "engagement",
    "fates",
    "files",
    "findings",
    "followers",
    "header",
    "next_month",
    "orders",
    "platforms",
    "quarantine",
    "quotas",
    "score_card",
    "seal",
    "sentences",
    "settled",
    "sources",
    "style",
    "team_evidence",
    "team_files",
    "team_grades",
    "team_header",
    "team_items",
    "team_missing",
    "team_money",
    "team_scores",
    "waterfall",
]
