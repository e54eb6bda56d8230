"""The duty of views and engagement: the rate by account, a year by months."""

from __future__ import annotations

from typing import Any

from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.language import _
from kpi_lib.page import series, sums
from kpi_lib.page.parts import Fragment, made, nothing, who_is

RATE = "engagement_rate"
REACTIONS = METRICS[RATE].numerator
COUNTS = METRICS[RATE].denominator + REACTIONS


def engagement(m: OperatorMonth) -> Fragment:
    """Show how people took part, by account and over a year of months."""
    rate = _engagement_rate(m)
    curves = series.curves(m, *COUNTS)
    if rate is None and not curves.panels:
        return nothing(_("阅读和互动"), _("没有按日或按月的阅读、评论、转发、点赞"))
    return made("engagement", rate=rate, curves=curves)


def _engagement_rate(m: OperatorMonth) -> dict[str, Any] | None:
    """Return the rate of the accounts that have all four counts, and its parts."""
    parts = sums.of_ratio(m, RATE)
    if not parts:
        return None
    counts = {name: series.of_month(m, name) for name in COUNTS}
    rows: list[dict[str, Any]] = [
        {
            "who": who_is(m, account),
            "part": parts[account.id],
            **{name: values[account.id] for name, values in counts.items()},
            "days": {at: series.days_told(m, at, account.id) for at in COUNTS},
        }
        for account in m.accounts
        if account.id in parts
    ]
    totals = {name: sum(row[name] for row in rows) for name in COUNTS}
    return {
        "rows": rows,
        "totals": totals
        | {"days": {}, "part": sums.added(row["part"] for row in rows)},
        "uneven": sums.uneven(
            ([row[name] for row in rows], totals[name], 0) for name in COUNTS
        ),
    }
