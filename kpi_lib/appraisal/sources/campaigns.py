"""Sources of the campaigns' own numbers: results against targets, spend of budget."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from typing_extensions import override

from kpi_lib.appraisal.evidence import Evidence, Reading, pending, text
from kpi_lib.appraisal.sources.base import Source, cite, counted, own, unconfirmed
from kpi_lib.appraisal.sources.worklog import ended_in, no_campaigns
from kpi_lib.inputs import Campaign, Measure
from kpi_lib.language import N_, Sentence

_FIGURES = (
    ("exposure", N_("活动“{names}”没有填曝光")),
    ("new", N_("活动“{names}”没有填拉新")),
    ("conversion", N_("活动“{names}”没有填转化")),
)
"""What a campaign has a target and a result of, and what is said of a missing one."""


def _campaigns(evidence: Evidence) -> list[Campaign]:
    """Return the campaigns whose last day lies in the month."""
    rows = own(evidence, evidence.worklog.campaigns)
    return [row for row in rows if ended_in(row, evidence.month)]


def _sum(amounts: Iterable[Decimal | int | None]) -> Fraction:
    return sum((Fraction(amount or 0) for amount in amounts), Fraction(0))


class CampaignResults(Source):
    """
    The mean over exposure, new followers and conversions of result ÷ target.

    Per figure the results of the month's campaigns are added, and so are the
    targets; each figure is capped at 100 %; figures without a target are left out.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        if why := no_campaigns(evidence):
            return why
        rows = _campaigns(evidence)
        shares: list[Fraction] = []
        inputs: dict[str, str] = {}
        for name, lacking in _FIGURES:
            aimed = [row for row in rows if getattr(row, f"{name}_target")]
            target = _sum(getattr(row, f"{name}_target") for row in aimed)
            if not target:
                continue
            blank = [
                row.name
                for row in aimed
                if getattr(row, name) is None and not row.not_held
            ]
            if blank:
                return pending(Sentence(lacking, names=blank), evidence=cite(rows))
            confirmed = counted(evidence, measure, aimed)
            result = _sum(getattr(row, name) for row in confirmed)
            inputs |= {f"{name}.value": text(result), f"{name}.target": text(target)}
            shares.append(min(result / target, Fraction(1)))
        if not shares:
            note = Sentence("活动没有曝光、拉新、转化的目标")
            return pending(note, evidence=cite(rows))
        return Reading(
            value=sum(shares, Fraction(0)) / len(shares),
            target=Fraction(1),
            unit="%",
            note=unconfirmed(len(rows) - len(counted(evidence, measure, rows))),
            inputs=inputs,
            evidence=cite(rows),
        )


class CampaignSpend(Source):
    """
    Spend ÷ budget of the campaigns ended in the month.

    A budget that nobody else confirmed is no budget; spend without a budget is
    read as infinitely over it.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        if why := no_campaigns(evidence):
            return why
        rows = _campaigns(evidence)
        held = [row for row in rows if not row.not_held]
        blank = [row.name for row in held if row.spend is None]
        if blank:
            note = Sentence("活动“{names}”没有填实际花费", names=blank)
            return pending(note, evidence=cite(rows))
        if not held:
            return pending(Sentence("没有举办的活动，没有花费"), evidence=cite(rows))
        spend = _sum(row.spend for row in rows)
        budget = _sum(row.budget for row in counted(evidence, measure, rows))
        share: Fraction | float = Fraction(0)
        if budget:
            share = spend / budget
        elif spend:
            share = float("inf")
        return Reading(
            value=share,
            unit="%",
            note="" if budget else Sentence("没有他人确认的预算"),
            inputs={"spend": text(spend), "budget": text(budget)},
            evidence=cite(rows),
        )
