"""The head of the page and its sentences: who, how much, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.days import LOOK_BACK, months_back
from kpi_lib.language import N_, _
from kpi_lib.page.parts import (
    ZERO,
    Card,
    Fragment,
    flags_of,
    is_full,
    item_name,
    losses,
    made,
    measures,
    pending,
    platform_of,
    points,
    rate_of,
    said,
)


@dataclass(frozen=True)
class Change:
    """Two months on the measures that both could rate."""

    month: str
    rated: Decimal
    before: Decimal
    now: Decimal
    moved: list[tuple[str, Decimal]]

    @property
    def by(self) -> Decimal:
        """Points more or fewer."""
        return self.now - self.before


def _change(m: OperatorMonth) -> Change | None:
    """Compare with last month where a measure has a score and equal points."""
    if m.previous is None or m.previous["plan"]["id"] != m.card["plan"]["id"]:
        return None

    def scored(card: Card) -> dict[tuple[str, str], Card]:
        return {
            (item["id"], one["id"]): one
            for item in card["items"]
            for one in item["measures"]
            if one["score"] is not None
        }

    now, before = scored(said(m.card)), scored(m.previous)
    same = [
        key
        for key in now
        if key in before and now[key]["possible"] == before[key]["possible"]
    ]
    if not same:
        return None
    moved = [
        (now[key]["name"], points(now[key]["score"]) - points(before[key]["score"]))
        for key in same
    ]
    return Change(
        month=m.previous["month"],
        rated=sum((points(now[key]["possible"]) for key in same), ZERO),
        before=sum((points(before[key]["score"]) for key in same), ZERO),
        now=sum((points(now[key]["score"]) for key in same), ZERO),
        moved=[one for one in moved if one[1]],
    )


def header(m: OperatorMonth) -> Fragment:
    """
    Make the head of the page: who, flags, score, grade, change, rail.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    card = said(m.card)
    possible, rated = points(card["possible"]), points(card["rated"])
    total = points(card["total"])
    return made(
        "header",
        card=card,
        total=total,
        rated=rated,
        possible=possible,
        pending=possible - rated,
        lost=sum((by for _name, by in losses(card)), ZERO),
        change=_change(m),
        trend=_trend(m),
        short_month=figures.month_short,
        platforms=list(
            dict.fromkeys(platform_of(m, a.platform).name for a in m.accounts)
        ),
        accounts=len(m.accounts),
        flags=[flag.rstrip("。") for flag in flags_of(m)],
    )


TREND = (150, 36, 5)
"""Width, height and margin of the line of score rates, px."""


LEAST_SPAN = Decimal("0.2")
"""What the line's height stands for at least: a tenth of a point is no mountain."""


def _trend(m: OperatorMonth) -> dict[str, Any] | None:
    """Lay out the score rates of the months by this plan; None for fewer than three."""
    rates = {
        card["month"]: rate
        for card in (*m.earlier, m.card)
        if card["plan"]["id"] == m.card["plan"]["id"]
        and (rate := rate_of(card)) is not None
    }
    if len(rates) < 3 or m.month not in rates:
        return None
    width, height, margin = TREND
    months = [one for one in months_back(m.month, LOOK_BACK) if one >= min(rates)]
    low, high = min(rates.values()), max(rates.values())
    span = max(high - low, LEAST_SPAN)
    base = (low + high - span) / 2
    step = (width - 2 * margin) / (len(months) - 1)
    dots = [
        (
            round(margin + at * step, 1),
            round(
                height
                - margin
                - float((rates[one] - base) / span) * (height - 2 * margin),
                1,
            ),
        )
        for at, one in enumerate(months)
        if one in rates
    ]
    told = [
        _(
            "{month}{rate}",
            month=figures.month_short(one),
            rate=figures.percent(rates[one]),
        )
        for one in sorted(rates)
    ]
    return {
        "width": width,
        "height": height,
        "dots": dots,
        "line": "M" + "L".join(f"{x} {y}" for x, y in dots),
        "label": _("得分率，近{n}个月", n=len(rates)),
        "ends": _("{before}→{now}", before=told[0], now=told[-1]),
        "alt": _("得分率：{rates}", rates=figures.listed(told)),
    }


def sentences(m: OperatorMonth) -> Fragment:
    """
    Say in a few sentences what earned, what lost, what changed, what is next.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    rows = [
        (_("挣分"), _earned(said(m.card))),
        (_("失分"), _lost(said(m.card))),
        (_("变化"), _changed(m)),
        (_("接着做"), _next(said(m.card))),
    ]
    return made(
        "sentences", rows=[(word, figures.sentences(*said)) for word, said in rows]
    )


def _earned(card: Card) -> list[str]:
    rated = [one for one in card["items"] if one["score"] is not None]
    if not rated:
        return [_("还没有可评的项目。")]
    best = max(rated, key=lambda one: points(one["score"]))
    if not points(best["score"]):
        return [_("可评的项目都还没有得分。")]
    share = points(best["score"]) / (points(best["rated"]) or 1)
    told = [
        _(
            "得分最多的是「{item}」：可评的{rated}分得{score}，得分率{share}。",
            item=item_name(card, best),
            rated=figures.plain(best["rated"]),
            score=figures.points(best["score"]),
            share=figures.percent(share, 0),
        )
    ]
    full = [one["name"] for one in measures(card) if is_full(one)]
    if full:
        told.append(_("{n}项得满分：{names}。", n=len(full), names=_quoted(full)))
    return told


def _quoted(names: Sequence[str], most: int = 3) -> str:
    """List names in quotes, the first few of them."""
    return figures.listed([_("「{name}」", name=name) for name in names], most)


def _lost(card: Card) -> list[str]:
    lost = losses(card)
    if not lost:
        if not points(card["rated"]):
            return [_("还没有可评的项目，说不上失分。")]
        return [_("可评的{rated}分没有失分。", rated=figures.plain(card["rated"]))]
    whole = sum((by for _name, by in lost), ZERO)
    name, most = lost[0]
    values = {"name": _shown(card, name), "by": figures.points(most)}
    if len(lost) == 1:
        return [_("只有一项失分：{name}，少{by}分。", **values)]
    return [
        _(
            "最多的一项是{name}，少{by}分，占全部失分{whole}分的{share}。",
            whole=figures.points(whole),
            share=figures.percent(most / whole, 0),
            **values,
        ),
        _(
            "其次是「{name}」，少{by}分。",
            name=lost[1][0],
            by=figures.points(lost[1][1]),
        ),
    ]


def _shown(card: Card, name: str) -> str:
    """Name a measure in quotes, with its result where there is one."""
    found = (one["show"].get("text") for one in measures(card) if one["name"] == name)
    shown = next(filter(None, found), "")
    if shown:
        return _("「{name}」（{shown}）", name=name, shown=shown)
    return _("「{name}」", name=name)


def _changed(m: OperatorMonth) -> list[str]:
    change = _change(m)
    if change is None:
        return [_("没有可比的上月评分。")]
    values = {
        "rated": figures.plain(change.rated),
        "month": figures.month_short(change.month),
    }
    if not change.moved:
        return [_("同样可评的{rated}分，与{month}比，每一项都没有变。", **values)]
    if change.by:
        sentence = _MORE if change.by > 0 else _LESS
        first = _(sentence, by=figures.points(abs(change.by)), **values)
    else:
        first = _("同样可评的{rated}分，与{month}比，合计没有变。", **values)
    return [first, _moved(change.moved)]


_MORE = N_("同样可评的{rated}分，与{month}比，得分多{by}。")


_LESS = N_("同样可评的{rated}分，与{month}比，得分少{by}。")


def _moved(moved: Sequence[tuple[str, Decimal]]) -> str:
    """Name the measure that gained most and the one that lost most."""
    up, most = max(moved, key=lambda one: one[1])
    down, least = min(moved, key=lambda one: one[1])
    more, less = figures.points(most), figures.points(-least)
    if least >= 0:
        return _("多得最多的是「{up}」，多{more}分。", up=up, more=more)
    if most <= 0:
        return _("少得最多的是「{down}」，少{less}分。", down=down, less=less)
    return _(
        "多得最多的是「{up}」，多{more}分；少得最多的是「{down}」，少{less}分。",
        up=up,
        more=more,
        down=down,
        less=less,
    )


def _next(card: Card) -> list[str]:
    waiting = pending(card)
    if waiting:
        return _to_settle(waiting, points(card["total"]))
    lost = losses(card)[:3]
    if not lost:
        return [_("没有待定，也没有失分。")]
    gain = sum((by for _name, by in lost), ZERO)
    return [
        _("没有待定。"),
        _(
            "离满分最远的是{names}，共{gain}分。",
            names=_quoted([name for name, _by in lost]),
            gain=figures.points(gain),
        ),
    ]


def _to_settle(waiting: Sequence[Card], total: Decimal) -> list[str]:
    """Say what is pending, and between what the total will be."""
    by = sum((points(one["possible"]) for one in waiting), ZERO)
    values = {"names": _quoted([one["name"] for one in waiting])}
    values["n"] = figures.plain(by)
    why = waiting[0].get("note", "").rstrip("。.") if len(waiting) == 1 else ""
    return [
        _("先处理{names}，共{n}分待定：{why}。", why=why, **values)
        if why
        else _("先处理{names}，共{n}分待定。", **values),
        _(
            "总分在{low}与{high}之间。",
            low=figures.points(total),
            high=figures.points(total + by),
        ),
    ]
