"""Campaigns: spend against budget, results against targets."""

from __future__ import annotations

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.days import month_of
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, made
from kpi_lib.page.templates import ratio

# What a campaign is measured by, as the work log's columns are called.
FIGURES = {"exposure": N_("曝光"), "new": N_("拉新"), "conversion": N_("转化")}


def campaigns(m: OperatorMonth) -> Fragment:
    """
    Set the campaigns' spend against budget, and results against targets.

    The sums are the score card's own: what nobody else confirmed is not in them.
    """
    card = m.card.said()
    rows = sorted(
        (at for at in m.worklog.campaigns if month_of(at.end) == m.month),
        key=lambda at: (bool(at.not_held), at.start, at.end, at.row),
    )
    held = card.measure("campaigns_held")
    results, spent = card.measure("campaign_results"), card.measure("campaign_spend")
    counted = [measure for measure in (results, spent) if measure]
    sums = {
        name: figures.decimal(digits)
        for measure in counted
        for name, digits in measure["inputs"].items()
    }
    reached = [
        (_(word), ratio(sums.get(f"{name}.value"), sums.get(f"{name}.target")))
        for name, word in FIGURES.items()
    ]
    return made(
        "campaigns",
        rows=rows,
        held=sum(not campaign.not_held for campaign in rows),
        measure=held,
        due=figures.decimal(held["target"]) if held else None,
        nobody=("", m.operator.id, m.operator.name),
        figures={name: _(word) for name, word in FIGURES.items()},
        sums=sums,
        good=[name for name, share in reached if share is not None and share >= 1],
        short=[name for name, share in reached if share is not None and share < 1],
        notes=list(dict.fromkeys(filter(None, (at["note"] for at in counted)))),
    )
