"""The head of the page and its sentences: who, how much, what changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import Card, CardMeasure, OperatorMonth
from kpi_lib.days import LOOK_BACK, months_back
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, flags_of, losses, made, platform_of, total


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


def _change(card: Card, previous: Card | None) -> Change | None:
    """Compare with last month where a measure has a score and equal points."""
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
    return Change(
        month=previous["month"],
        rated=total(now.possible for now, _before in pairs),
        before=total(before.earned for _now, before in pairs),
        now=total(now.earned for now, _before in pairs),
        moved=[
            (now["name"], now.earned - before.earned)
            for now, before in pairs
            if now.earned != before.earned
        ],
    )


def header(m: OperatorMonth) -> Fragment:
    """Make the head of the page: who, flags, score, grade, change, rail."""
    card = m.card.said()
    names = [platform_of(m, account.platform).name for account in m.accounts]
    return made(
        "header",
        card=card,
        total=card.earned,
        rated=card.rated,
        possible=card.possible,
        pending=card.unrated,
        lost=total(by for _name, by in losses(card)),
        change=_change(card, m.previous),
        trend=_trend(m),
        short_month=figures.month_short,
        platforms=list(dict.fromkeys(names)),
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
        card["month"]: card.rate
        for card in (*m.earlier, m.card)
        if card["plan"]["id"] == m.card["plan"]["id"] and card.rate is not None
    }
    if len(rates) < 3 or m.month not in rates:
        return None
    width, height, margin = TREND
    months = [at for at in months_back(m.month, LOOK_BACK) if at >= min(rates)]
    low, high = min(rates.values()), max(rates.values())
    span = max(high - low, LEAST_SPAN)
    base = (low + high - span) / 2
    step = (width - 2 * margin) / (len(months) - 1)

    def y(rate: Decimal) -> float:
        return height - margin - float((rate - base) / span) * (height - 2 * margin)

    dots = [
        (round(margin + at * step, 1), round(y(rates[month]), 1))
        for at, month in enumerate(months)
        if month in rates
    ]
    captions = [
        _(
            "{month}{rate}",
            month=figures.month_short(month),
            rate=figures.percent(rates[month]),
        )
        for month in sorted(rates)
    ]
    return {
        "width": width,
        "height": height,
        "dots": dots,
        "line": "M" + "L".join(f"{x} {y}" for x, y in dots),
        "label": _("得分率，近{n}个月", n=len(rates)),
        "ends": _("{before}→{now}", before=captions[0], now=captions[-1]),
        "alt": _("得分率：{rates}", rates=figures.listed(captions)),
    }


def sentences(m: OperatorMonth) -> Fragment:
    """Say in a few sentences what earned, what lost, what changed, what is next."""
    card = m.card.said()
    rows = {
        _("挣分"): _earned(card),
        _("失分"): _lost(card),
        _("变化"): _changed(_change(card, m.previous)),
        _("接着做"): _next(card),
    }
    return made(
        "sentences",
        rows=[(word, figures.sentences(*texts)) for word, texts in rows.items()],
    )


def _earned(card: Card) -> list[str]:
    rated = [row for row in card.rows if row.scored]
    if not rated:
        return [_("还没有可评的项目。")]
    best = max(rated, key=lambda row: row.earned)
    if not best.earned:
        return [_("可评的项目都还没有得分。")]
    texts = [
        _(
            "得分最多的是「{item}」：可评的{rated}分得{score}，得分率{share}。",
            item=card.called(best),
            rated=figures.plain(best.rated),
            score=figures.points(best.earned),
            share=figures.percent(best.rate, 0),
        )
    ]
    full = [measure["name"] for measure in card.plain if measure.full]
    if full:
        texts.append(_("{n}项得满分：{names}。", n=len(full), names=_quoted(full)))
    return texts


def _quoted(names: Sequence[str], most: int = 3) -> str:
    """List names in quotes, the first few of them."""
    return figures.listed([_("「{name}」", name=name) for name in names], most)


def _lost(card: Card) -> list[str]:
    lost = losses(card)
    if not lost:
        if not card.rated:
            return [_("还没有可评的项目，说不上失分。")]
        return [_("可评的{rated}分没有失分。", rated=figures.plain(card.rated))]
    whole = total(by for _name, by in lost)
    name, most = lost[0]
    values = {"name": _with_result(card, name), "by": figures.points(most)}
    if len(lost) == 1:
        return [_("只有一项失分：{name}，少{by}分。", **values)]
    second, less = lost[1]
    return [
        _(
            "最多的一项是{name}，少{by}分，占全部失分{whole}分的{share}。",
            whole=figures.points(whole),
            share=figures.percent(most / whole, 0),
            **values,
        ),
        _("其次是「{name}」，少{by}分。", name=second, by=figures.points(less)),
    ]


def _with_result(card: Card, name: str) -> str:
    """Name a measure in quotes, with its result where there is one."""
    results = (at["show"].get("text") for at in card.plain if at["name"] == name)
    shown = next(filter(None, results), "")
    if shown:
        return _("「{name}」（{shown}）", name=name, shown=shown)
    return _("「{name}」", name=name)


def _changed(change: Change | None) -> list[str]:
    if change is None:
        return [_("没有可比的上月评分。")]
    values = {
        "rated": figures.plain(change.rated),
        "month": figures.month_short(change.month),
        "by": figures.points(abs(change.by)),
    }
    if not change.moved:
        return [_("同样可评的{rated}分，与{month}比，每一项都没有变。", **values)]
    sentence = _MORE if change.by > 0 else _LESS if change.by else _EVEN
    return [_(sentence, **values), _moved(change.moved)]


_MORE = N_("同样可评的{rated}分，与{month}比，得分多{by}。")


_LESS = N_("同样可评的{rated}分，与{month}比，得分少{by}。")


_EVEN = N_("同样可评的{rated}分，与{month}比，合计没有变。")


def _moved(moved: Sequence[tuple[str, Decimal]]) -> str:
    """Name the measure that gained most and the one that lost most."""
    up, most = max(moved, key=lambda change: change[1])
    down, least = min(moved, key=lambda change: change[1])
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
    if card.waiting:
        return _to_settle(card.waiting, card.earned)
    lost = losses(card)[:3]
    if not lost:
        return [_("没有待定，也没有失分。")]
    return [
        _("没有待定。"),
        _(
            "离满分最远的是{names}，共{gain}分。",
            names=_quoted([name for name, _by in lost]),
            gain=figures.points(total(by for _name, by in lost)),
        ),
    ]


def _to_settle(waiting: Sequence[CardMeasure], earned: Decimal) -> list[str]:
    """Say what is pending, and between what the total will be."""
    by = total(measure.possible for measure in waiting)
    names = _quoted([measure["name"] for measure in waiting])
    values = {"names": names, "n": figures.plain(by)}
    why = waiting[0].get("note", "").rstrip("。.") if len(waiting) == 1 else ""
    return [
        _("先处理{names}，共{n}分待定：{why}。", why=why, **values)
        if why
        else _("先处理{names}，共{n}分待定。", **values),
        _(
            "总分在{low}与{high}之间。",
            low=figures.points(earned),
            high=figures.points(earned + by),
        ),
    ]
