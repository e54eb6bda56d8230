"""The team's page: scores, grades, items, money, thin evidence, missing pages."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import Card, CardItem, CardMeasure
from kpi_lib.days import shift
from kpi_lib.grouping import grouped
from kpi_lib.language import _, say
from kpi_lib.page.parts import Fragment, losses, made, nothing, rows_in, tied, total
from kpi_lib.page.series import sum_known, sum_whole

# `missing` names the operators without a page; `printed` holds the ids of those whose
# page is there as a PDF too.


_TO_A_FILE = re.compile(r'(?<=href=")(?=[\w.-]+\.\w+")')


def _linked(template: str, cards: Sequence[Card], /, **values: Any) -> Fragment:
    """Render what links to the month's reports, so that a notebook finds them, too."""
    folder = f"../reports/{cards[0]['month']}/" if cards else ""
    return Fragment(_TO_A_FILE.sub(folder, str(made(template, **values))))


def team_header(cards: Sequence[Card], missing: Sequence[str], month: str) -> Fragment:
    """Make the head of the team's page: month, who is missing, how many are settled."""
    settled = sum(bool(card["final"]) for card in cards)
    rated = sum(card.begun for card in cards)
    return made(
        "team_header", rated=rated, settled=settled, missing=missing, month=month
    )


def team_scores(
    cards: Sequence[Card],
    missing: Sequence[str] = (),
    before: Sequence[Card] = (),
    printed: Collection[str] = (),
) -> Fragment:
    """List the scores, most points first, beside last month's, linked to the pages."""
    last = {card["operator"]: card for card in before}
    rows = [
        {
            "card": card,
            "last": last.get(card["operator"]),
            "lost": [(figures.listed(at), by) for at, by in tied(losses(card))[:1]],
            "pdf": card["operator"] in printed,
        }
        for card in _ranked(cards)
        if card.begun
    ]
    waiting = [
        *((at["name"], at["operator"], _("还不评分")) for at in cards if not at.begun),
        *((name, "", _("未生成")) for name in missing),
    ]
    month = figures.month_short(shift(cards[0]["month"], -1)) if cards else ""
    return _linked("team_scores", cards, rows=rows, waiting=waiting, before=month)


def _ranked(cards: Iterable[Card]) -> list[Card]:
    """Sort by points: what waits lifts nobody; whoever was not rated stands last."""

    def place(card: Card) -> tuple[bool, Decimal, str]:
        return card.rate is None, -card.earned, card["operator"]

    return sorted(cards, key=place)


def _by_id(cards: Iterable[Card]) -> list[Card]:
    return sorted(cards, key=lambda card: str(card["operator"]))


def team_grades(cards: Sequence[Card]) -> Fragment:
    """Show how many have which grade, the best first: no share, no curve."""
    begun = [card for card in _ranked(cards) if card.begun]
    ranked = sorted(begun, key=lambda card: not card["grade"])
    people = grouped((card["grade"], card) for card in ranked)
    return made("team_grades", grades=list(people.items()), all=len(begun))


def team_money(cards: Sequence[Card]) -> Fragment:
    """
    Add up what campaigns may cost and cost, and what the platforms paid.

    An account that several operators share stands in each card by its share only, and
    a campaign belongs to one operator: the sums count nothing twice.
    """
    amounts = [(card, _money(card)) for card in _by_id(cards)]
    # A goal without its result would make the rate of the sums a false one.
    paired = [money for _card, money in amounts if money["revenue"] is not None]
    every = [money for _card, money in amounts]
    sums = {
        key: sum_known(money[key] for money in (paired if key in REVENUE else every))
        for key in (*CAMPAIGNS, *REVENUE)
    }
    lacking = [card["name"] for card, money in amounts if money["revenue"] is None]
    return _linked(
        "team_money",
        cards,
        rows=[
            {"operator": card["operator"], "name": card["name"], **money}
            for card, money in amounts
        ],
        sums=sums,
        lacking=figures.listed(lacking),
        known=any(amount is not None for amount in sums.values()),
    )


Money = Mapping[str, Decimal | None]

# What is added up of campaigns and of revenue.
CAMPAIGNS, REVENUE = ("budget", "spend"), ("revenue", "goal")


def _money(card: Card) -> Money:
    """Read budget, spend and revenue from the numbers that the measures used."""
    spent = card.measure("campaign_spend")
    inputs = spent["inputs"] if spent else {}
    parts = _revenue(card)
    return {
        **{key: figures.decimal(inputs.get(key)) for key in CAMPAIGNS},
        "revenue": sum_whole(figures.decimal(part["value"]) for part in parts),
        "goal": sum_whole(figures.decimal(part["counted"]) for part in parts),
    }


def _revenue(card: Card) -> list[Mapping[str, Any]]:
    """Return the rows of revenue of the first measure that counts it."""
    rows = (
        [part for part in measure.get("parts", ()) if part["metric"] == "revenue"]
        for measure in card.plain
    )
    return next(filter(None, rows), [])


def team_files(cards: Sequence[Card], printed: Collection[str] = ()) -> Fragment:
    """Link what else stands beside this page."""
    people = [card for card in cards if card["operator"] in printed]
    return _linked("team_files", cards, people=people)


def team_items(cards: Sequence[Card]) -> Fragment:
    """Lay items against operators: the redder a cell, the more was lost."""
    ordered = [card for card in _by_id(cards) if card.begun]
    if not ordered:
        return nothing(_("评分"), _("本月还没有一份评分"))
    names = {row["id"]: say(card.called(row)) for card in ordered for row in card.rows}
    points = {row["id"]: row.points for card in ordered for row in card.rows}
    by_card = [{row["id"]: row for row in card.rows} for card in ordered]
    rows = [
        {
            "name": name,
            "points": points[id],
            "cells": [_cell(own.get(id)) for own in by_card],
        }
        for id, name in names.items()
    ]
    return _linked("team_items", cards, rows=rows, cards=ordered)


def _cell(row: CardItem | None) -> dict[str, Any]:
    """Return an item's score, and how red what was lost of it makes the cell."""
    if row is None or row.rate is None:
        out = row is None or not row.possible
        return {"score": None, "heat": 0, "out": out}
    lost = max(1 - row.rate, Decimal(0)) if row.rated else 0
    return {
        "score": row["score"],
        "out": False,
        "rated": row.rated,
        "whole": row.unrated <= 0,
        "heat": round(float(lost) * 40),
    }


def team_evidence(cards: Sequence[Card]) -> Fragment:
    """
    Show how much of each score is pending or not confirmed, and what is flagged.

    Most points pending first; whoever has nothing of the kind is left out.
    """

    def order(card: Card) -> tuple[Decimal, Decimal, str]:
        return -card.unrated, -card.rests_on["unconfirmed"], card["operator"]

    thin = [
        card
        for card in sorted(cards, key=order)
        if card.unrated or card.rests_on["unconfirmed"] or card["flags"]
    ]
    rows = [
        (card, figures.listed([at["name"] for at in card.waiting])) for card in thin
    ]
    return _linked("team_evidence", cards, rows=rows, all=len(cards))


# Columns that tell one row of a sheet from another, the first that it has.
WHAT_OF_A_ROW = ("name", "title", "text", "item", "date", "sheet")

# Columns that hold the day on which a row was written, or of what it tells.
DAY_OF_A_ROW = ("set_on", "on", "delivered", "done", "end", "date")


def team_confirmed(cards: Sequence[Card]) -> Fragment:
    """List what stands in another person's name, latest first, and what hangs on it."""
    people = []
    for card in map(Card.said, _by_id(cards)):
        places = {key: _places(measure) for key, measure in card.measures.items()}
        rows, hanging = [], set()
        for row in card["confirmed"]:
            written = json.loads(row["what"])
            of = {
                key
                for key, measure in card.measures.items()
                if (row["sheet"], row["row"]) in places[key]
                or written.get("item") in (key, measure["name"])
            }
            hanging |= of
            rows.append(
                row
                | {
                    # A card that an earlier version made has no text.
                    "what": row.get("text") or _first(written, WHAT_OF_A_ROW),
                    "day": _first(written, DAY_OF_A_ROW),
                    "measures": [at for key, at in card.measures.items() if key in of],
                }
            )
        points = total(card.measures[key].earned for key in hanging)
        rows.sort(key=lambda row: row["day"], reverse=True)
        people.append((card, rows, points))
    return made("team_confirmed", people=[at for at in people if at[1]])


def _first(written: Mapping[str, Any], columns: Iterable[str]) -> str:
    return str(next(filter(None, map(written.get, columns)), ""))


def _places(measure: CardMeasure) -> set[tuple[str | None, int]]:
    """Return the rows that a measure was made from, by sheet and by file."""
    return {
        (name, row)
        for part in measure["evidence"]
        for name in (part.get("sheet"), part["source"].rpartition("/")[2])
        for row in rows_in([str(part.get("rows") or "")])
    }


def team_missing(missing: Sequence[str]) -> Fragment:
    """Name the operators whose page is missing, or say what failed, a line each."""
    return made("team_missing", missing=list(missing))
