"""Where the points went: from all that were possible down to the score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

from kpi_lib import figures
from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.language import _
from kpi_lib.page.parts import Fragment, Points, foremost, losses, made, total

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
