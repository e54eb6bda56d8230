"""The score on the page: head, sentences, waterfall, the plan's own table."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from unicodedata import east_asian_width

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import LOOK_BACK, months_back
from kpi_lib.inputs import STATUS
from kpi_lib.language import N_, _
from kpi_lib.page.parts import (
    ZERO,
    Card,
    Fragment,
    cut_off,
    flags_of,
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

MERGED = Decimal("0.30")
"""Losses under this many points share one bar of the waterfall."""


TOP_LOSSES = 4


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
    full = [one["name"] for one in measures(card) if _is_full(one)]
    if full:
        told.append(_("{n}项得满分：{names}。", n=len(full), names=_quoted(full)))
    return told


def _is_full(one: Card) -> bool:
    """Say whether a measure has every point that was possible."""
    if one["score"] is None:
        return False
    return ZERO < points(one["possible"]) <= points(one["score"])


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

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
        A bonus is a step up, and a veto the last step down: the bars add up.
    """
    card = said(m.card)
    possible, total = points(card["possible"]), points(card["total"])
    lost = losses(card, veto=False)
    kept = [one for one in lost if one[1] >= MERGED] or lost
    bars = _steps(card, kept, lost[len(kept) :])
    low = max(Decimal(math.floor((min(bar.low for bar in bars) - 1) / 5) * 5), ZERO)
    high = max(bar.high for bar in bars)
    top = kept[:TOP_LOSSES]
    title = _where(card, lost, top)
    return made(
        "waterfall",
        title=title,
        sub=figures.sentences(*_read_as(card, low, len(top))),
        bars=bars,
        possible=possible,
        total=total,
        drawings=[_drawn(bars, low, high, size) for size in SIZES],
        table=losses(card),
        bonus=_bonus_points(card),
        waiting=pending(card),
    )


def _bonus_points(card: Card) -> Decimal:
    """Return what the bonus adds to the sum of the items."""
    return points(card["bonus"]["score"]) if card["bonus"] else ZERO


def _where(
    card: Card, lost: Sequence[tuple[str, Decimal]], top: Sequence[tuple[str, Decimal]]
) -> str:
    """Say in a title where the points went."""
    total = points(card["total"])
    if cut_off(card):
        return _(
            "一票否决：合计{reached}分，只计{total}分",
            reached=figures.points(total + cut_off(card)),
            total=figures.points(total),
        )
    if not lost:
        if points(card["rated"]):
            return _("可评的分全部得到")
        return _("还没有可评的项目")
    whole = sum((by for _name, by in lost), ZERO)
    of_top = sum((by for _name, by in top), ZERO)
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
        "从{possible}分往下，按失分多少排列。", possible=figures.plain(card["possible"])
    )
    if red:
        yield _("红色是最大的{n}项。", n=red)
    if pending(card):
        yield _("斜纹是待定，不是失分。")
    if _bonus_points(card):
        yield _("空心的一格往上，是加分。")
    if low:
        yield _("横轴从{low}分起。", low=figures.plain(low))
    if full := sum(map(_is_full, measures(card))):
        yield _("得满分的{n}项不画。", n=full)


def _steps(
    card: Card,
    kept: Sequence[tuple[str, Decimal]],
    rest: Sequence[tuple[str, Decimal]],
) -> list[Bar]:
    """Stack the steps from the possible points to the score."""
    at = points(card["possible"])
    bars = [Bar(_("满分"), "end", at, at, figures.plain(at))]

    def step(name: str, kind: str, by: Decimal, text: str = "") -> None:
        nonlocal at
        told = text or figures.points(-by, sign=True)
        bars.append(Bar(name, kind, min(at, at - by), max(at, at - by), told))
        at -= by

    if waiting := pending(card):
        by = sum((points(one["possible"]) for one in waiting), ZERO)
        told = _("待定{points}", points=figures.points(by))
        step(_("待定{n}项", n=len(waiting)), "pending", by, told)
    for order, (name, by) in enumerate(kept):
        step(name, "top" if order < TOP_LOSSES else "loss", by)
    if rest:
        by = sum((by for _name, by in rest), ZERO)
        step(_("其余{n}项", n=len(rest)), "loss", by)
    if bonus := _bonus_points(card):
        step(_("加分"), "gain", -bonus)
    if by := cut_off(card):
        step(_("一票否决"), "top", by)
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


def score_card(m: OperatorMonth) -> Fragment:
    """
    Print the plan's own table, each measure opening to how it was scored.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    card = said(m.card)
    worst = max(
        (one for one in measures(card) if one["score"] is not None),
        key=lambda one: points(one["possible"]) - points(one["score"]),
        default=None,
    )
    # On paper the parts of a mean stand once: the means are over the same metrics.
    with_parts = [one for one in measures(card) if one.get("parts")]
    first = next((one for one in with_parts if not _grows(one)), None)
    groups = []
    for group in card["groups"]:
        items = [one for one in card["items"] if one["group"] == group["id"]]
        groups.append(
            {
                "name": group["name"],
                "score": sum((points(one["score"]) for one in items), ZERO),
                "possible": sum((points(one["possible"]) for one in items), ZERO),
                "items": [
                    one
                    | {
                        "rate": _rate(one),
                        "lines": list(
                            zip(one["detail"], one["detail_beside"], strict=True)
                        ),
                        "views": [
                            _measure_view(part, part is worst) | {"once": part is first}
                            for part in one["measures"]
                        ],
                    }
                    for one in items
                ],
            }
        )
    cut = cut_off(card)
    return made(
        "score_card",
        card=card,
        groups=groups,
        bonus=_bonus(card),
        cut=cut,
        reached=points(card["total"]) + cut,
        points=points,
    )


def _bonus(card: Card) -> list[dict[str, Any]]:
    """List the measures beyond the 100 points by the item that they belong to."""
    given = card["bonus"]["measures"] if card["bonus"] else []
    found: dict[str, list[Card]] = {}
    for one in given:
        found.setdefault(one["item"], []).append(one)
    names = {one["id"]: item_name(card, one) for one in card["items"]}
    return [
        {
            "kpi": names.get(id, id),
            "points": sum((points(one["points"]) for one in own), ZERO),
            "score": sum((points(one["score"]) for one in own), ZERO)
            if any(one["score"] is not None for one in own)
            else None,
            "views": [_measure_view(one, False) | {"once": False} for one in own],
        }
        for id, own in found.items()
    ]


def _grows(one: Card) -> bool:
    """Say whether a measure looks at targets over their baselines, not at results."""
    return bool(one.get("source", {}).get("kind") == "challenge")


def _rate(item: Card) -> str:
    """Say which share was reached, or how many points could be rated."""
    if item["score"] is None:
        return _("待定") if points(item["possible"]) else _("不考")
    if points(item["rated"]) < points(item["possible"]):
        return _("已评{rated}分", rated=figures.plain(item["rated"]))
    return figures.percent(points(item["score"]) / (points(item["rated"]) or 1), 0)


def _part(part: Card) -> dict[str, Any]:
    """Write one metric of a mean: followers as a gain, rates as percent."""
    metric = METRICS[part["metric"]]
    rate = metric.unit == "share"

    def told(number: str, less: str = "") -> str:
        found = figures.decimal(number)
        if found is None:
            return "—"
        found -= figures.decimal(less) or ZERO
        if rate:
            return figures.percent(found, 2)
        return figures.exact(found)

    attained = figures.decimal(part["attained"])
    grown = figures.decimal(part["growth"])
    return {
        "name": _("{metric}（增长）", metric=metric.label)
        if part["opening"]
        else metric.label,
        "value": told(part["value"]),
        "target": told(part["counted"], part["opening"]),
        "attained": "—" if attained is None else figures.percent(attained),
        "growth": _("没有基线") if grown is None else figures.percent(grown, sign=True),
        "floored": part["counted"] != part["target"],
    }


def _measure_view(one: Card, opened: bool) -> dict[str, object]:
    show, status = one["show"], one["status"]
    unit = show.get("unit", "")
    possible = points(one["possible"])
    lines = [
        (
            _("数值"),
            f"{show['value']}{unit}" if show.get("value") else show.get("text", ""),
        ),
        (_("目标"), f"{show['target']}{unit}" if show.get("target") else ""),
        (_("规则"), one["rule"]["words"]),
        (_("得分"), one["rule"].get("text", "")),
        (_("说明"), one.get("note", "")),
        (_("评定"), _rating(one.get("rating"))),
    ]
    return {
        "name": one["name"],
        "parts": [_part(part) for part in one.get("parts", ())],
        "grows": _grows(one),
        "text": show.get("text", ""),
        "score": one["score"],
        "possible": one["possible"],
        "points": one["points"],
        "open": opened,
        "status": one["status"],
        "word": "" if status == "scored" else _(STATUS[status]),
        "width": (
            float(min(points(one["score"]) / possible, Decimal(1)) * 100)
            if one["score"] is not None and possible
            else 0.0
        ),
        "lines": [line for line in lines if line[1]],
        "id": one["id"],
        "evidence": _evidence(one.get("evidence", [])),
    }


def _rating(given: Card | None) -> str:
    """Say who rated, why, and what had been computed: both stay visible."""
    if not given:
        return ""
    values = {name: given[name] for name in ("by", "on", "reason")}
    if given.get("computed") is None:
        return _("{by}，{on}：{reason}；没有计算值", **values)
    computed = figures.points(given["computed"])
    return _("{by}，{on}：{reason}；计算值{computed}分", computed=computed, **values)


FILES_SHOWN = 4
"""Files named as evidence of one measure; the card's JSON holds every row."""


def _evidence(parts: Sequence[Card]) -> dict[str, Any]:
    """Sum evidence up by file and sheet: the page names files, the JSON every row."""
    found: dict[tuple[str, str], list[Card]] = {}
    for part in parts:
        found.setdefault((part["source"], part.get("sheet") or ""), []).append(part)
    shown = [
        {
            "source": re.sub(r"^data/raw/\d{4}-\d{2}/", "", source),
            "place": _place(sheet, [str(one.get("rows") or "") for one in own]),
            "metrics": figures.listed(_metrics(own), 3),
        }
        for (source, sheet), own in found.items()
    ]
    return {
        "shown": shown[:FILES_SHOWN],
        "more": len(shown) - FILES_SHOWN,
        "files": len({source for source, _ in found}),
    }


def _metrics(parts: Sequence[Card]) -> list[str]:
    """Name the metrics of some evidence, each once."""
    names = [
        METRICS[one["metric"]].label for one in parts if one.get("metric") in METRICS
    ]
    return list(dict.fromkeys(names))


def _place(sheet: str, rows: Sequence[str]) -> str:
    """Say where in a file: the sheet, and its rows or how many of them."""
    spans = [
        tuple(int(end) for end in span.split("-"))
        for span in dict.fromkeys(",".join(rows).split(","))
        if span.replace("-", "").isdigit()
    ]
    where = _rows(spans) if spans else ""
    if not sheet:
        return where
    if not where:
        return _("「{sheet}」", sheet=sheet)
    return _("「{sheet}」{rows}", sheet=sheet, rows=where)


def _rows(spans: Sequence[tuple[int, ...]]) -> str:
    """Say which rows, or how many of which."""
    first, last = min(span[0] for span in spans), max(span[-1] for span in spans)
    listed = {at for span in spans for at in range(span[0], span[-1] + 1)}
    if len(listed) == 1:
        return _("第{row}行", row=first)
    if len(listed) == last - first + 1:
        return _("第{first}–{last}行", first=first, last=last)
    return _("第{first}–{last}行中的{n}行", first=first, last=last, n=len(listed))
