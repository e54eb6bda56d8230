"""The duty of views and engagement: the rate by account, a year by months."""

from __future__ import annotations

from typing import Any

from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.language import _
from kpi_lib.page import series, sums
from kpi_lib.page.parts import Fragment, made, nothing

RATE = "engagement_rate"
REACTIONS = METRICS[RATE].numerator
COUNTS = METRICS[RATE].denominator + REACTIONS


def engagement(m: OperatorMonth) -> Fragment:
    """Show how people took part, by account and over a year of months."""
    rate = _engagement_rate(m)
    curves = series.curves(m, *COUNTS)
    if rate is None and not curves["panels"]:
        return nothing(_("阅读和互动"), _("没有按日或按月的阅读、评论、转发、点赞"))
    return made("engagement", rate=rate, curves=curves)


def _engagement_rate(m: OperatorMonth) -> dict[str, Any] | None:
    """Return the rate of the accounts that have all four counts, and its parts."""
    parts = sums.of_ratio(m, RATE)
    if not parts:
        return None
    counts = {name: series.of_month(m, name) for name in COUNTS}
    table = sums.by_account(m, counts, parts, part=parts)
    table["totals"]["part"] = sums.added(row["part"] for row in table["rows"])
    return table
