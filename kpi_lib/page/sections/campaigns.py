"""Campaigns: spend against budget, results against targets."""

from __future__ import annotations

from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import CardMeasure, OperatorMonth
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, made, numbered
from kpi_lib.page.templates import ratio

FIGURES = {"exposure": N_("曝光"), "new": N_("拉新"), "conversion": N_("转化")}
"""What a campaign is measured by, as the work log's columns are called."""


def campaigns(m: OperatorMonth) -> Fragment:
    """
    Set the campaigns' spend against budget, and results against targets.

    The sums are the score card's own: what nobody else confirmed is not in them.
    """
    rows, card = numbered(m), m.card.said()
    held = card.measure("campaigns_held")
    results, spent = card.measure("campaign_results"), card.measure("campaign_spend")
    sums = _sums(results, spent)
    rated = [row for row in sums["figures"] if row[1] is not None and row[2]]
    notes = (measure["note"] for measure in (results, spent) if measure)
    return made(
        "campaigns",
        rows=[
            (
                sign,
                campaign,
                [
                    (
                        _(word),
                        getattr(campaign, name),
                        getattr(campaign, f"{name}_target"),
                    )
                    for name, word in FIGURES.items()
                ],
            )
            for sign, campaign in rows
        ],
        held=sum(not campaign.not_held for _sign, campaign in rows),
        measure=held,
        due=figures.decimal(held["target"]) if held else None,
        nobody=("", m.operator.id, m.operator.name),
        figures=[_(word) for word in FIGURES.values()],
        sums=sums,
        good=[name for name, result, target in rated if result >= target],
        short=[name for name, result, target in rated if result < target],
        notes=list(dict.fromkeys(filter(None, notes))),
    )


def _sums(results: CardMeasure | None, spent: CardMeasure | None) -> dict[str, Any]:
    """Return the sums that the score card counted; None where it counted none."""
    numbers = {
        name: figures.decimal(digits)
        for measure in (results, spent)
        if measure
        for name, digits in measure["inputs"].items()
    }
    budget, spend = numbers.get("budget"), numbers.get("spend")
    return {
        "budget": budget,
        "spend": spend,
        "share": ratio(spend, budget),
        "figures": [
            (_(word), numbers.get(f"{name}.value"), numbers.get(f"{name}.target"))
            for name, word in FIGURES.items()
        ],
    }
