"""The head of the page and its sentences: who, how much, what changed."""

from __future__ import annotations

from decimal import Decimal
from operator import itemgetter
from typing import Any

from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.page import series
from kpi_lib.page.parts import (
    Fragment,
    Points,
    losses,
    made,
    platform_of,
    tied,
    total,
)
from kpi_lib.page.sections.publishing import best_posts

# What a page shows of each account before there is a score.
FIGURES = ("views", "followers", "followers_gain")


def _first(points: Points) -> tuple[list[str], Decimal]:
    """Return all that tie at the head of the list; nobody of an empty one."""
    return next(iter(tied(points)), ([], Decimal(0)))


def _change(card: Card, previous: Card | None) -> dict[str, Any] | None:
    """Compare with last month where a measure has a score and equal points.

    `up` and `down` are those that gained and lost most, and how much each.
    """
    if previous is None or previous["plan"]["id"] != card["plan"]["id"]:
        return None
    pairs = [
        (now, before)
        for key, now in card.regular.items()
        if (before := previous.regular.get(key))
        and now.scored
        and before.scored
        and now["possible"] == before["possible"]
    ]
    if not pairs:
        return None
    moves = [(now["name"], now.earned - before.earned) for now, before in pairs]
    moved = [move for move in moves if move[1]]
    ways = (sorted(moved, key=itemgetter(1), reverse=up) for up in (True, False))
    gained, (dropped, by) = map(_first, ways)
    ours, theirs = (total(at.earned for at in of) for of in zip(*pairs, strict=True))
    return {
        "month": previous["month"],
        "rated": total(at.possible for at, _before in pairs),
        "before": theirs,
        "now": ours,
        "by": ours - theirs,
        "moved": moved,
        "up": gained,
        "down": (dropped, -by),
    }


def header(m: OperatorMonth) -> Fragment:
    """Make the head of the page: who, flags, score, grade, change, rail."""
    card = m.card.said()
    names = [platform_of(m, account.platform).name for account in m.accounts]
    flags = [flag.rstrip("。") for flag in dict.fromkeys(card["flags"])]
    return made(
        "header",
        card=card,
        lost=total(by for _name, by in losses(card)),
        change=_change(card, m.previous),
        platforms=list(dict.fromkeys(names)),
        accounts=len(m.accounts),
        # The first says what waits: before there is a score a table says it.
        flags=flags if card.begun else flags[1:],
    )


def sentences(m: OperatorMonth) -> Fragment:
    """Say in a few sentences what earned, what lost, what changed, what is next."""
    card = m.card.said()
    if not card.begun:
        return _accounts(m, card)
    rated = [row for row in card.rows if row.scored]
    most = max((row.earned for row in rated), default=None)
    best = [row for row in rated if row.earned == most]
    lost, waiting = losses(card), card.waiting
    of_most = (at for at in card.plain if lost and at["name"] == lost[0][0])
    return made(
        "sentences",
        card=card,
        best=best,
        best_names=list(map(card.called, best)),
        full=[measure["name"] for measure in card.plain if measure.full],
        lost=lost,
        ranks=tied(lost),
        result=next(filter(None, (at["show"].get("text") for at in of_most)), ""),
        change=_change(card, m.previous),
        bonus=total(measure.possible for measure in card.extra if measure.waits),
        pending=total(measure.possible for measure in waiting),
        why=waiting[0].get("note", "").rstrip("。.") if len(waiting) == 1 else "",
    )


def _accounts(m: OperatorMonth, card: Card) -> Fragment:
    """Show what the accounts did, and what lacks for a score."""
    counts = {name: series.of_month(m, name) for name in FIGURES}
    posts = {at.id: int((m.posts["account"] == at.id).sum()) for at in m.accounts}
    rows = series.by_account(m, counts, {*posts}, posts=posts)["rows"]
    wanting = [
        (what, [at["name"] for at in measures], total(at.possible for at in measures))
        for what, measures in card.wanting.items()
    ]
    return made("accounts", rows=rows, posts=best_posts(m), wanting=wanting)
