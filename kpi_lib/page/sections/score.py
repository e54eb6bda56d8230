"""The score: its head and sentences, where the points went, and how it is settled."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from operator import itemgetter
from typing import Any
from unicodedata import east_asian_width

from kpi_lib import figures
from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.catalogue import words
from kpi_lib.language import _
from kpi_lib.page import series
from kpi_lib.page.parts import (
    Fragment,
    Points,
    foremost,
    losses,
    made,
    platform_of,
    tied,
    total,
)
from kpi_lib.page.sections.duties import best_posts

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
        flags=flags[0 if card.begun else bool(card.waiting) :],
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
    return made("accounts", card=card, rows=rows, posts=best_posts(m), wanting=wanting)


# Where the points went: from all that were possible down to the score.

MERGED = Decimal("0.30")  # Losses under this many points share one bar of the waterfall


TOP_LOSSES = 4


@dataclass(frozen=True)
class Bar:
    """One row of the waterfall in points: from where to where, and what it says."""

    name: str
    kind: str
    low: Decimal
    high: Decimal
    text: str


def waterfall(m: OperatorMonth) -> Fragment:
    """
    Show where the points went: from all that were possible down to the score.

    A bonus is a step up, and a veto the last step down: the bars add up.
    """
    card = m.card.said()
    large = [loss for loss in card.lost if loss[1] >= MERGED] or card.lost
    bars = _steps(card, large, card.lost[len(large) :])
    low = Decimal(math.floor((min(bar.low for bar in bars) - 1) / 5) * 5)
    low, high = max(low, Decimal(0)), max(bar.high for bar in bars)
    top = foremost(large, TOP_LOSSES)
    return made(
        "waterfall",
        card=card,
        low=low,
        top=[by for _name, by in top],
        whole=[by for _name, by in card.lost],
        few=len(card.lost) <= TOP_LOSSES,
        full=sum(measure.full for measure in card.plain),
        drawings=[_drawn(bars, low, high, size) for size in SIZES],
        table=losses(card),
    )


def _steps(card: Card, large: Points, rest: Points) -> list[Bar]:
    """Stack the steps from the possible points to the score."""
    at = card.possible
    bars = [Bar(_("满分"), "end", at, at, figures.plain(at))]

    def step(name: str, kind: str, by: Decimal, text: str = "") -> None:
        nonlocal at
        text = text or figures.points(-by, sign=True)
        bars.append(Bar(name, kind, min(at, at - by), max(at, at - by), text))
        at -= by

    if waiting := card.waiting:
        by = total(measure.possible for measure in waiting)
        text = _("待定{points}", points=figures.points(by))
        step(_("待定{n}项", n=len(waiting)), "pending", by, text)
    red = len(foremost(large, TOP_LOSSES))
    for order, (name, by) in enumerate(large):
        step(name, "top" if order < red else "loss", by)
    if rest:
        step(_("其余{n}项", n=len(rest)), "loss", total(by for _name, by in rest))
    if card.bonus_points:
        step(_("加分"), "gain", -card.bonus_points)
    if card.cut_off:
        step(_("一票否决"), "top", card.cut_off)
    return [*bars, Bar(_("得分"), "end", at, at, figures.points(at))]


# For which widths the waterfall is drawn, px: beside the text and on a phone; `label`
# is the most that names take.
SIZES = (
    {"name": "wide", "width": 680, "label": 165, "right": 630, "row": 20},
    {"name": "narrow", "width": 328, "label": 132, "right": 292, "row": 18},
)


EM = 12  # Size of the names in the waterfall, px


def _room(text: str) -> float:
    """Return about how wide a text is, px: others take 0.56 of a Chinese square."""
    return EM * sum(1 if east_asian_width(ch) in "WF" else 0.56 for ch in text)


def _fitted(text: str, room: int) -> str:
    """Cut a name to what there is room for."""
    if _room(text) <= room:
        return text
    ends = (at for at in range(len(text), 0, -1) if _room(text[:at]) + EM <= room)
    return text[: next(ends, 0)].rstrip() + "…"


def _drawn(
    bars: Sequence[Bar], low: Decimal, high: Decimal, size: Mapping[str, Any]
) -> dict[str, Any]:
    """Place the waterfall's rows in px for one width."""
    span = float(high - low) or 1.0
    names = [_fitted(bar.name, size["label"]) for bar in bars]
    label = math.ceil(max(map(_room, names)))
    left, right = label + 12, int(size["right"])

    def x(points: Decimal) -> float:
        return round(left + (right - left) * float(points - low) / span, 1)

    most = 6 if size["width"] > 400 else 5
    step = next((by for by in (5, 10, 20, 50) if span / by <= most), 100)
    return {
        **size,
        "label": label,
        "left": left,
        "height": size["row"] * len(bars) + 28,
        "bottom": size["row"] * len(bars) + 6,
        "ticks": [(x(Decimal(at)), at) for at in range(int(low), int(high) + 1, step)],
        "bars": [
            {
                "kind": bar.kind,
                "label": name,
                "text": bar.text,
                "y": 4 + size["row"] * at,
                "x0": x(bar.low),
                "x1": x(bar.high),
                "end": x(bar.high if bar.kind == "gain" else bar.low),
            }
            for at, (bar, name) in enumerate(zip(bars, names, strict=True))
        ],
    }


# How a score is settled: own and manager's words, appeals, what it rests on, names.

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
