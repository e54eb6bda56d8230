"""How a score is settled: own and manager's words, appeals, what it rests on, names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.catalogue import words
from kpi_lib.language import _
from kpi_lib.page.parts import Fragment, made, total

# What points rest on, the surest first.
(RESTS,) = words("rests")


def settled(m: OperatorMonth) -> Fragment:
    """Show ratings, veto, bonus, appeals, what points rest on, and sign-off."""
    card = m.card.said()
    ratings = [_rating(rating, card) for rating in card["ratings"]]
    own, managers = (
        [rating for rating in ratings if rating["kind"] == kind]
        for kind in ("self", "manager")
    )
    return made(
        "settled",
        card=card,
        own=own,
        ratings=managers,
        rests=_rests(card),
        same=[
            (result["name"], [card.measures[key]["name"] for key in result["measures"]])
            for result in card["same_results"]
        ],
    )


def _rating(rating: Mapping[str, Any], card: Card) -> dict[str, Any]:
    """Set a rating beside what was computed: both stay visible."""
    measure: Mapping[str, Any] = card.measures.get(rating["item"], {})
    replaced = measure.get("rating")
    computed = replaced["computed"] if replaced else measure.get("score")
    return {
        **rating,
        "name": rating["name"] or rating["item"],
        "given": rating["word"] or figures.points(rating["points"]),
        "computed": figures.points(computed),
        "possible": figures.plain(measure.get("possible")),
    }


def _rests(card: Card) -> dict[str, Any] | None:
    """Return how many points rest on what, and the sentence about the surest part."""
    points = card.rests_on
    whole, sure = total(points.values()), points["exports"]
    if not whole:
        return None
    return {
        "whole": whole,
        "sure": sure,
        "rows": [(_(word), points[key], key) for key, word in RESTS.items()],
    }
