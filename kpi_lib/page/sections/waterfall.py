"""Where the points went: from all that were possible down to the score."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

from kpi_lib import figures
from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, losses, made, total

Losses = Sequence[tuple[str, Decimal]]
"""Names and the points that they lost."""

MERGED = Decimal("0.30")
"""Losses under this many points share one bar of the waterfall."""


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
    top = large[:TOP_LOSSES]
    return made(
        "waterfall",
        title=_where(card, top),
        sub=figures.sentences(*_read_as(card, low, len(top))),
        possible=card.possible,
        total=card.earned,
        drawings=[_drawn(bars, low, high, size) for size in SIZES],
        table=losses(card),
        bonus=card.bonus_points,
        waiting=card.waiting,
    )


def _where(card: Card, top: Losses) -> str:
    """Say in a title where the points went."""
    if card.cut_off:
        return _(
            "一票否决：合计{reached}分，只计{total}分",
            reached=figures.points(card.reached),
            total=figures.points(card.earned),
        )
    lost = card.lost
    if not lost:
        return _("可评的分全部得到") if card.rated else _("还没有可评的项目")
    whole, of_top = (total(by for _name, by in part) for part in (lost, top))
    values = {"n": len(lost), "top": len(top), "whole": figures.points(whole)}
    if len(lost) <= TOP_LOSSES:
        return _("{n}项共失{whole}分", **values)
    sentence = _GATHERED if of_top * 2 >= whole else _SCATTERED
    return _(sentence, of_top=figures.points(of_top), **values)


_GATHERED = N_("失分集中在前{top}项：{whole}分中占{of_top}分")


_SCATTERED = N_("失分分散在{n}项：前{top}项占{whole}分中的{of_top}分")


def _read_as(card: Card, low: Decimal, red: int) -> Iterator[str]:
    """Say how the waterfall is to be read."""
    yield _(
        "从{possible}分往下，按失分多少排列。", possible=figures.plain(card.possible)
    )
    if red:
        yield _("红色是最大的{n}项。", n=red)
    if card.waiting:
        yield _("斜纹是待定，不是失分。")
    if card.bonus_points:
        yield _("空心的一格往上，是加分。")
    if low:
        yield _("横轴从{low}分起。", low=figures.plain(low))
    if full := sum(measure.full for measure in card.plain):
        yield _("得满分的{n}项不画。", n=full)


def _steps(card: Card, large: Losses, rest: Losses) -> list[Bar]:
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
    for order, (name, by) in enumerate(large):
        step(name, "top" if order < TOP_LOSSES else "loss", by)
    if rest:
        step(_("其余{n}项", n=len(rest)), "loss", total(by for _name, by in rest))
    if card.bonus_points:
        step(_("加分"), "gain", -card.bonus_points)
    if card.cut_off:
        step(_("一票否决"), "top", card.cut_off)
    return [*bars, Bar(_("得分"), "end", at, at, figures.points(at))]


@dataclass(frozen=True)
class Size:
    """A width for which the waterfall is drawn, px; `label` is the names' most."""

    name: str
    width: int
    label: int
    right: int
    row: int


SIZES = (Size("wide", 860, 150, 800, 19), Size("narrow", 328, 124, 296, 20))
"""Beside the text and on a phone."""


EM = 11
"""Size of the names in the waterfall, px."""


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
    bars: Sequence[Bar], low: Decimal, high: Decimal, size: Size
) -> dict[str, Any]:
    """Place the waterfall's rows in px for one width."""
    span = float(high - low) or 1.0
    names = [_fitted(bar.name, size.label) for bar in bars]
    label = math.ceil(max(map(_room, names)))
    left = label + 12

    def x(points: Decimal) -> float:
        return round(left + (size.right - left) * float(points - low) / span, 1)

    most = 6 if size.width > 400 else 5
    step = next((by for by in (5, 10, 20, 50) if span / by <= most), 100)
    return {
        "name": size.name,
        "width": size.width,
        "label": label,
        "left": left,
        "right": size.right,
        "height": size.row * len(bars) + 28,
        "row": size.row,
        "bottom": size.row * len(bars) + 6,
        "ticks": [(x(Decimal(at)), at) for at in range(int(low), int(high) + 1, step)],
        "bars": [
            {
                "kind": bar.kind,
                "label": name,
                "text": bar.text,
                "y": 4 + size.row * at,
                "x0": x(bar.low),
                "x1": x(bar.high),
                "end": x(bar.high if bar.kind == "gain" else bar.low),
            }
            for at, (bar, name) in enumerate(zip(bars, names, strict=True))
        ],
    }
