"""Campaigns: spend against budget, results against targets."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import CardMeasure, OperatorMonth
from kpi_lib.inputs import Campaign
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, made, numbered

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
    if not rows:
        return made("said", text=_no_campaign(held))
    sums = _sums(results, spent)
    notes = [measure["note"] for measure in (results, spent) if measure]
    return made(
        "campaigns",
        title=figures.joined(
            [
                _held_clause(rows, held),
                _reached_clause(sums["figures"]),
                _spend_clause(sums["share"]),
            ]
        ),
        rows=[_campaign(m, sign, campaign) for sign, campaign in rows],
        figures=[_(name) for name in FIGURES.values()],
        sums=sums,
        notes=list(dict.fromkeys(filter(None, notes))),
    )


def _no_campaign(held: CardMeasure | None) -> str:
    """Say why there is no campaign to show."""
    if held is None or held["status"] == "excluded":
        return _("本月没有应办的活动，也没有活动记录。")
    if held.waits:
        return _("没有活动可列：{why}。", why=held["note"])
    due = figures.plain(held["target"])
    return _("工作记录写明本月没有活动；应办{due}场。", due=due)


def _campaign(m: OperatorMonth, sign: str, campaign: Campaign) -> dict[str, Any]:
    """Return one row: what was planned, what came, and who confirmed it."""
    spend, budget = campaign.spend, campaign.budget
    over = spend / budget - 1 if spend and budget else Decimal(0)
    return {
        "sign": sign,
        "name": campaign.name,
        "days": figures.span(campaign.start, campaign.end),
        "budget": budget,
        "spend": spend,
        "over": max(over, Decimal(0)),
        "figures": [
            (_(word), getattr(campaign, name), getattr(campaign, f"{name}_target"))
            for name, word in FIGURES.items()
        ],
        "not_held": campaign.not_held,
        "confirmed": campaign.confirmed_by not in ("", m.operator.id, m.operator.name),
    }


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
        "share": spend / budget if budget and spend is not None else None,
        "figures": [
            (_(word), numbers.get(f"{name}.value"), numbers.get(f"{name}.target"))
            for name, word in FIGURES.items()
        ],
    }


def _held_clause(
    rows: Sequence[tuple[str, Campaign]], measure: CardMeasure | None
) -> str:
    held = sum(not campaign.not_held for _sign, campaign in rows)
    due = figures.decimal(measure["target"]) if measure else None
    if not due:
        return _("办了{held}场活动", held=held)
    if held != due or held < len(rows):
        planned = figures.plain(due)
        return _("应办{planned}场活动，办了{held}场", planned=planned, held=held)
    if held == 1:
        return _("应办的1场活动办了")
    return _("{held}场活动都办了", held=held)


def _reached_clause(
    sums: Sequence[tuple[str, Decimal | None, Decimal | None]],
) -> str:
    reached = [
        (name, result >= target)
        for name, result, target in sums
        if result is not None and target
    ]
    good = figures.listed([name for name, is_reached in reached if is_reached])
    short = figures.listed([name for name, is_reached in reached if not is_reached])
    if good and short:
        return _("{good}达到目标，{short}没有达到", good=good, short=short)
    if good:
        return _("{good}达到目标", good=good)
    return _("{short}没有达到目标", short=short) if short else ""


def _spend_clause(share: Decimal | None) -> str:
    if share is None:
        return ""
    if share > 1:
        return _("支出超预算{over}", over=figures.percent(share - 1))
    return _("支出是预算的{share}", share=figures.percent(share))
