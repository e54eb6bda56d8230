"""The team's page: scores, grades, items, money, thin evidence, missing pages."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.days import shift
from kpi_lib.language import _
from kpi_lib.page.parts import (
    ZERO,
    Card,
    Fragment,
    item_name,
    losses,
    made,
    measure_of,
    measures,
    nothing,
    pending,
    points,
    rate_of,
)


def team_header(cards: Sequence[Card], missing: Sequence[str], month: str) -> Fragment:
    """
    Make the head of the team's page: month, who is missing, how many are settled.

    Parameters
    ----------
    cards : sequence of dict
        The cards of the month.
    missing : sequence of str
        Operators without a page.
    month : str
        The appraised month.

    Returns
    -------
    Fragment
    """
    settled = sum(bool(card["final"]) for card in cards)
    values = {"rated": len(cards), "settled": settled, "open": len(cards) - settled}
    state = (
        _("{rated}人有评分，{settled}人已定，{open}人暂定。", **values)
        if values["open"]
        else _("{rated}人有评分，{settled}人已定。", **values)
    )
    return made("team_header", state=state, missing=list(missing), month=month)


def team_scores(
    cards: Sequence[Card],
    missing: Sequence[str] = (),
    before: Sequence[Card] = (),
    printed: Collection[str] = (),
) -> Fragment:
    """
    List the team's scores, highest share first, each linked to its page.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.
    missing : sequence of str
        Operators without a page; they stand last, without a score.
    before : sequence of dict
        Last month's cards.
    printed : collection of str
        Ids of the operators whose page also stands there as a PDF.

    Returns
    -------
    Fragment
    """
    last = {card["operator"]: card for card in before}
    rows = [
        {
            "card": card,
            "rate": rate_of(card),
            "last": last.get(card["operator"]),
            "last_rate": rate_of(last[card["operator"]])
            if card["operator"] in last
            else None,
            "lost": losses(card)[:1],
            "pdf": card["operator"] in printed,
        }
        for card in _ranked(cards)
    ]
    month = figures.month_short(shift(cards[0]["month"], -1)) if cards else ""
    return made(
        "team_scores", rows=rows, missing=list(missing), points=points, before=month
    )


def _ranked(cards: Sequence[Card]) -> list[Card]:
    """Sort by the share of the rated points, whoever was not rated last."""

    def share(card: Card) -> Decimal:
        rate = rate_of(card)
        return Decimal(-1) if rate is None else rate

    return sorted(cards, key=lambda card: (-share(card), card["operator"]))


def team_grades(cards: Sequence[Card]) -> Fragment:
    """
    Show how many have which grade: a square a person, no share, no curve.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.

    Returns
    -------
    Fragment
        The grades that occur, the highest score first; without a grade last.
    """
    names: dict[str, list[Card]] = {}
    for card in sorted(_ranked(cards), key=lambda card: not card["grade"]):
        names.setdefault(card["grade"], []).append(card)
    return made("team_grades", grades=list(names.items()), all=len(cards))


def team_money(cards: Sequence[Card]) -> Fragment:
    """
    Add up what campaigns may cost and cost, and what the platforms paid.

    An account that several operators share stands in each card by its share only, and
    a campaign belongs to one operator: the sums count nothing twice.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.

    Returns
    -------
    Fragment
    """
    rows = [_money(card) for card in sorted(cards, key=lambda card: card["operator"])]
    # A goal without its result would make the rate of the sums a false one.
    paired = [row for row in rows if row["revenue"] is not None]
    sums = {
        "budget": _known([row["budget"] for row in rows]),
        "spend": _known([row["spend"] for row in rows]),
        "revenue": _known([row["revenue"] for row in paired]),
        "goal": _known([row["goal"] for row in paired]),
    }
    lacking = [row["name"] for row in rows if row["revenue"] is None]
    return made(
        "team_money",
        rows=rows,
        sums=sums | _shares(sums),
        lacking=figures.listed(lacking),
        known=any(value is not None for value in sums.values()),
    )


def _money(card: Card) -> dict[str, Any]:
    """Read budget, spend and revenue from the numbers that the measures used."""
    spent = measure_of(card, "campaign_spend")
    inputs = spent["inputs"] if spent else {}
    found: dict[str, Decimal | None] = {
        key: figures.decimal(inputs.get(key)) for key in ("budget", "spend")
    }
    parts = _revenue(card)
    values = [figures.decimal(part["value"]) for part in parts]
    found["revenue"] = _whole(values)
    found["goal"] = _whole([figures.decimal(part["counted"]) for part in parts])
    return {
        "operator": card["operator"],
        "name": card["name"],
        **found,
        **_shares(found),
    }


def _revenue(card: Card) -> list[Card]:
    """Return the rows of revenue of the first measure that counts it."""
    for one in measures(card):
        parts = [part for part in one.get("parts", ()) if part["metric"] == "revenue"]
        if parts:
            return parts
    return []


def _known(values: Sequence[Decimal | None]) -> Decimal | None:
    """Add up what is known; nothing known is not zero."""
    known = [value for value in values if value is not None]
    return sum(known, ZERO) if known else None


def _whole(values: Sequence[Decimal | None]) -> Decimal | None:
    """Add up; a sum with a missing part is no sum."""
    return None if None in values else _known(values)


def _shares(found: Mapping[str, Decimal | None]) -> dict[str, Decimal | None]:
    spend, budget = found["spend"], found["budget"]
    revenue, goal = found["revenue"], found["goal"]
    return {
        "spent": spend / budget if budget and spend is not None else None,
        "reached": revenue / goal if goal and revenue is not None else None,
    }


def team_files(cards: Sequence[Card], printed: Collection[str] = ()) -> Fragment:
    """
    Link what else stands beside this page.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.
    printed : collection of str
        Ids of the operators whose page also stands there as a PDF.

    Returns
    -------
    Fragment
    """
    people = [card for card in cards if card["operator"] in printed]
    return made("team_files", people=people)


def team_items(cards: Sequence[Card]) -> Fragment:
    """
    Lay items against operators: the redder a cell, the more was lost.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.

    Returns
    -------
    Fragment
    """
    if not cards:
        return nothing(_("评分"), _("本月还没有一份评分"))
    ordered = sorted(cards, key=lambda card: card["operator"])
    names = {
        item["id"]: item_name(card, item) for card in ordered for item in card["items"]
    }
    whole = {item["id"]: item["points"] for card in ordered for item in card["items"]}
    rows = []
    for id, name in names.items():
        cells = []
        for card in ordered:
            item = next((one for one in card["items"] if one["id"] == id), None)
            if item is None or item["score"] is None:
                out = item is None or not points(item["possible"])
                cells.append({"score": None, "heat": 0, "rated": "0", "out": out})
                continue
            rated = points(item["rated"])
            lost = 1 - points(item["score"]) / rated if rated else ZERO
            cells.append(
                {
                    "score": item["score"],
                    "out": False,
                    "rated": item["rated"],
                    "whole": rated >= points(item["possible"]),
                    "heat": round(float(max(lost, ZERO)) * 40),
                }
            )
        rows.append({"name": name, "points": whole[id], "cells": cells})
    return made("team_items", rows=rows, cards=ordered)


def team_evidence(cards: Sequence[Card]) -> Fragment:
    """
    Show how much of each score is pending or not confirmed, and what is flagged.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.

    Returns
    -------
    Fragment
        Operators with something pending, unconfirmed or flagged, most points pending
        first.
    """
    rows: list[dict[str, Any]] = [
        {
            "card": card,
            "waiting": figures.listed([one["name"] for one in pending(card)]),
            "open": points(card["possible"]) - points(card["rated"]),
            "unconfirmed": points(card["rests_on"]["unconfirmed"]),
        }
        for card in cards
    ]
    thin = [
        row for row in rows if row["open"] or row["unconfirmed"] or row["card"]["flags"]
    ]
    thin.sort(
        key=lambda row: (-row["open"], -row["unconfirmed"], row["card"]["operator"])
    )
    return made("team_evidence", rows=thin, all=len(rows))


def team_missing(missing: Sequence[str]) -> Fragment:
    """
    Name the operators whose page failed or is missing.

    Parameters
    ----------
    missing : sequence of str
        Names, or a line each with what failed.

    Returns
    -------
    Fragment
    """
    return made("team_missing", missing=list(missing))
