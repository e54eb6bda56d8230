"""The team's page: scores side by side, thin evidence, missing pages."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kpi_lib.fragments import (
    ZERO,
    Card,
    Fragment,
    item_name,
    losses,
    made,
    nothing,
    pending,
    points,
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
    return made(
        "team_header", cards=cards, missing=list(missing), month=month, settled=settled
    )


def team_scores(cards: Sequence[Card], missing: Sequence[str] = ()) -> Fragment:
    """
    List the team's scores, highest share first, each linked to its page.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.
    missing : sequence of str
        Operators without a page; they stand last, without a score.

    Returns
    -------
    Fragment
    """

    def share(card: Card) -> Decimal:
        rated = points(card["rated"])
        return points(card["total"]) / rated if rated else Decimal(-1)

    rows = [
        {"card": card, "lost": losses(card)[:1]}
        for card in sorted(cards, key=lambda card: (-share(card), card["operator"]))
    ]
    return made("team_scores", rows=rows, missing=list(missing), points=points)


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
        return nothing("评分", "本月还没有一份评分")
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
    Show how much of each score is still pending, and what is flagged.

    Parameters
    ----------
    cards : sequence of dict
        The cards of one month.

    Returns
    -------
    Fragment
        Operators with something pending or flagged, most points pending first.
    """
    rows: list[dict[str, Any]] = [
        {
            "card": card,
            "waiting": [one["name"] for one in pending(card)],
            "open": points(card["possible"]) - points(card["rated"]),
        }
        for card in cards
    ]
    thin = [row for row in rows if row["open"] or row["card"]["flags"]]
    thin.sort(key=lambda row: (-row["open"], row["card"]["operator"]))
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
