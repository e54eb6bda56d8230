"""The score on the page: head, sentences, waterfall, the plan's own table."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from kpi_lib import numbers
from kpi_lib.catalogue import METRICS
from kpi_lib.fragments import (
    ZERO,
    Card,
    Fragment,
    flags_of,
    item_name,
    losses,
    made,
    measures,
    pending,
    platform_of,
    points,
    rate_of,
)
from kpi_lib.month import LOOK_BACK, OperatorMonth
from kpi_lib.workdays import months_back

MERGED = Decimal("0.30")
"""Losses under this many points share one bar of the waterfall."""


TOP_LOSSES = 4


RULES = {
    "ratio": "按比例",
    "linear": "线性",
    "tiers": "分档",
    "deduct": "每差一档扣分",
    "count": "按件",
    "rating": "评定",
    "veto": "一票否决",
}


STATUS = {
    "scored": "",
    "pending": "待定",
    "rated_by_manager": "主管评定",
    "zero": "缺，按0分",
    "excluded": "不考",
}


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

    now, before = scored(m.card), scored(m.previous)
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
    card = m.card
    possible, rated = points(card["possible"]), points(card["rated"])
    total = points(card["total"])
    return made(
        "header",
        card=card,
        total=total,
        rated=rated,
        possible=possible,
        pending=possible - rated,
        lost=rated - total,
        change=_change(m),
        trend=_trend(m),
        short_month=numbers.month_short,
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
        (numbers.month_short(one), numbers.percent(rates[one])) for one in sorted(rates)
    ]
    return {
        "width": width,
        "height": height,
        "dots": dots,
        "line": "M" + "L".join(f"{x} {y}" for x, y in dots),
        "label": f"得分率，近{len(rates)}个月",
        "ends": f"{told[0][0]}{told[0][1]}→{told[-1][0]}{told[-1][1]}",
        "alt": "得分率：{all}".format(all="，".join("".join(one) for one in told)),
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
        ("挣分", _earned(m.card)),
        ("失分", _lost(m.card)),
        ("变化", _changed(m)),
        ("接着做", _next(m.card)),
    ]
    return made("sentences", rows=rows)


def _earned(card: Card) -> str:
    rated = [one for one in card["items"] if one["score"] is not None]
    if not rated:
        return "还没有可评的项目。"
    best = max(rated, key=lambda one: points(one["score"]))
    if not points(best["score"]):
        return "可评的项目都还没有得分。"
    share = points(best["score"]) / (points(best["rated"]) or 1)
    text = (
        f"得分最多的是「{item_name(card, best)}」："
        f"可评的{numbers.plain(best['rated'])}分得{numbers.points(best['score'])}，"
        f"得分率{numbers.percent(share, 0)}。"
    )
    full = [
        f"「{one['name']}」"
        for one in measures(card)
        if one["score"] is not None
        and points(one["possible"]) > 0
        and points(one["score"]) >= points(one["possible"])
    ]
    return text + (f"{len(full)}项得满分：{_some(full)}。" if full else "")


def _some(names: list[str], most: int = 3) -> str:
    return "".join(names[:most]) + (f"等{len(names)}项" if len(names) > most else "")


def _lost(card: Card) -> str:
    lost = losses(card)
    if not lost:
        return (
            f"可评的{numbers.plain(card['rated'])}分没有失分。"
            if points(card["rated"])
            else "还没有可评的项目，说不上失分。"
        )
    whole = sum((by for _, by in lost), ZERO)
    name, most = lost[0]
    shown = [
        f"（{one['show']['text']}）"
        for one in measures(card)
        if one["name"] == name and one["show"].get("text")
    ]
    text = f"最多的一项是「{name}」{''.join(shown[:1])}，少{numbers.points(most)}分"
    if len(lost) > 1:
        share = numbers.percent(most / whole, 0)
        text += f"，占全部失分{numbers.points(whole)}分的{share}。"
        text += f"其次是「{lost[1][0]}」，少{numbers.points(lost[1][1])}分"
    return f"{text}。"


def _changed(m: OperatorMonth) -> str:
    change = _change(m)
    if change is None:
        return "没有可比的上月评分。"
    month = numbers.month_short(change.month)
    head = f"同样可评的{numbers.plain(change.rated)}分，与{month}比"
    if not change.moved:
        return f"{head}，每一项都没有变。"
    head += f"，得分{_by(change.by)}" if change.by else "，合计没有变"
    parts = []
    name, most = max(change.moved, key=lambda one: one[1])
    if most > 0:
        parts.append(f"多得最多的是「{name}」，{_by(most)}分")
    name, least = min(change.moved, key=lambda one: one[1])
    if least < 0:
        parts.append(f"少得最多的是「{name}」，{_by(least)}分")
    return f"{head}。{'；'.join(parts)}。"


def _by(value: Decimal) -> str:
    return f"{'多' if value > 0 else '少'}{numbers.points(abs(value))}"


def _next(card: Card) -> str:
    waiting = pending(card)
    total = points(card["total"])
    if waiting:
        open_points = sum((points(one["possible"]) for one in waiting), ZERO)
        names = _some([f"「{one['name']}」" for one in waiting])
        low, high = numbers.points(total), numbers.points(total + open_points)
        why = waiting[0].get("note", "") if len(waiting) == 1 else ""
        return (
            f"先处理{names}，共{numbers.plain(open_points)}分待定"
            f"{f'：{why}' if why else ''}。总分在{low}与{high}之间。"
        )
    lost = losses(card)[:3]
    if not lost:
        return "没有待定，也没有失分。"
    gain = sum((by for _, by in lost), ZERO)
    return (
        f"没有待定。离满分最远的是{_some([f'「{name}」' for name, _ in lost])}，"
        f"共{numbers.points(gain)}分。"
    )


@dataclass(frozen=True)
class Bar:
    """One row of the waterfall, in points and in px."""

    name: str
    kind: str
    low: Decimal
    high: Decimal
    text: str
    y: float = 0
    x0: float = 0
    x1: float = 0
    label: str = ""


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
    """
    card = m.card
    possible, total = points(card["possible"]), points(card["total"])
    lost = losses(card)
    kept = [one for one in lost if one[1] >= MERGED] or lost
    rest = lost[len(kept) :]
    bars = _steps(card, kept, rest)
    low = Decimal(math.floor((total - 1) / 5) * 5)
    low = max(low, ZERO)
    top = kept[:TOP_LOSSES]
    whole = sum((by for _, by in lost), ZERO)
    of_top = sum((by for _, by in top), ZERO)
    if not lost:
        title = "可评的分全部得到" if points(card["rated"]) else "还没有可评的项目"
    elif len(lost) > TOP_LOSSES:
        title = (
            (
                f"失分集中在前{len(top)}项：{numbers.points(whole)}分中占"
                f"{numbers.points(of_top)}分"
            )
            if of_top * 2 >= whole
            else (
                f"失分分散在{len(lost)}项：前{len(top)}项占{numbers.points(whole)}分中的"
                f"{numbers.points(of_top)}分"
            )
        )
    else:
        title = f"{len(lost)}项共失{numbers.points(whole)}分"
    full = sum(
        one["score"] is not None
        and ZERO < points(one["possible"]) <= points(one["score"])
        for one in measures(card)
    )
    return made(
        "waterfall",
        title=title,
        bars=bars,
        possible=possible,
        total=total,
        low=low,
        full=full,
        pending=bool(pending(card)),
        red=len(top),
        drawings=[
            _drawn(bars, low, possible, *size)
            for size in (
                ("wide", 860, 104, 116, 800, 19),
                ("narrow", 328, 92, 98, 300, 20),
            )
        ],
        table=[*lost],
        waiting=pending(card),
        merged=rest,
    )


def _steps(
    card: Card, kept: list[tuple[str, Decimal]], rest: list[tuple[str, Decimal]]
) -> list[Bar]:
    """Stack the losses from the possible points down to the score."""
    at = points(card["possible"])
    bars = [Bar("满分", "end", at, at, numbers.plain(at))]
    waiting = pending(card)
    steps = [
        (name, "top" if order < TOP_LOSSES else "loss", by, "")
        for order, (name, by) in enumerate(kept)
    ]
    if waiting:
        by = sum((points(one["possible"]) for one in waiting), ZERO)
        steps.insert(0, (f"待定{len(waiting)}项", "pending", by, "待定"))
    if rest:
        by = sum((by for _, by in rest), ZERO)
        steps.append((f"其余{len(rest)}项", "loss", by, ""))
    for name, kind, by, word in steps:
        text = f"{word}{numbers.points(by)}" if word else numbers.points(-by)
        bars.append(Bar(name, kind, at - by, at, text))
        at -= by
    return [*bars, Bar("得分", "end", at, at, numbers.points(at))]


def _drawn(
    bars: list[Bar],
    low: Decimal,
    high: Decimal,
    name: str,
    width: int,
    label: int,
    left: int,
    right: int,
    row: int,
) -> dict[str, object]:
    """Place the waterfall's rows in px for one width."""
    span = float(high - low) or 1.0

    def x(points: Decimal) -> float:
        return round(left + (right - left) * float(points - low) / span, 1)

    step = next(
        (by for by in (5, 10, 20, 50) if span / by <= (6 if width > 400 else 5)), 100
    )
    most = 9 if width > 400 else 8
    return {
        "name": name,
        "width": width,
        "label": label,
        "left": left,
        "right": right,
        "height": row * len(bars) + 28,
        "row": row,
        "bottom": row * len(bars) + 6,
        "ticks": [(x(Decimal(at)), at) for at in range(int(low), int(high) + 1, step)],
        "bars": [
            Bar(
                bar.name,
                bar.kind,
                bar.low,
                bar.high,
                bar.text,
                4 + row * at,
                x(bar.low),
                x(bar.high),
                bar.name if len(bar.name) <= most else bar.name[: most - 1] + "…",
            )
            for at, bar in enumerate(bars)
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
    card = m.card
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
                        "views": [
                            _measure_view(part, part is worst) | {"once": part is first}
                            for part in one["measures"]
                        ],
                    }
                    for one in items
                ],
            }
        )
    return made("score_card", card=card, groups=groups, points=points)


def _grows(one: Card) -> bool:
    """Say whether a measure looks at targets over their baselines, not at results."""
    return bool(one.get("source", {}).get("kind") == "challenge")


def _rate(item: Card) -> str:
    """Say which share was reached, or how many points could be rated."""
    if item["score"] is None:
        return "待定" if points(item["possible"]) else "不考"
    if points(item["rated"]) < points(item["possible"]):
        return f"已评{numbers.plain(item['rated'])}分"
    return numbers.percent(points(item["score"]) / (points(item["rated"]) or 1), 0)


def _part(part: Card) -> dict[str, Any]:
    """Write one metric of a mean: followers as a gain, rates as percent."""
    metric = METRICS[part["metric"]]
    rate = metric.unit == "share"

    def told(number: str, less: str = "") -> str:
        found = numbers.decimal(number)
        if found is None:
            return "—"
        found -= numbers.decimal(less) or ZERO
        if rate:
            return numbers.percent(found, 2)
        return numbers.exact(found)

    attained = numbers.decimal(part["attained"])
    grown = numbers.decimal(part["growth"])
    return {
        "name": f"{metric.zh}（增长）" if part["opening"] else metric.zh,
        "value": told(part["value"]),
        "target": told(part["counted"], part["opening"]),
        "attained": "—" if attained is None else numbers.percent(attained),
        "growth": "没有基线" if grown is None else numbers.percent(grown, sign=True),
        "floored": part["counted"] != part["target"],
    }


def _measure_view(one: Card, opened: bool) -> dict[str, object]:
    show = one["show"]
    unit = show.get("unit", "")
    possible = points(one["possible"])
    lines = [
        (
            "数值",
            f"{show['value']}{unit}" if show.get("value") else show.get("text", ""),
        ),
        ("目标", f"{show['target']}{unit}" if show.get("target") else ""),
        ("规则", _rule(one["rule"], share=str(show.get("value")).endswith("%"))),
        ("得分", one["rule"].get("text", "")),
        ("说明", one.get("note", "")),
        ("评定", _rating(one.get("rating"))),
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
        "word": STATUS.get(one["status"], ""),
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
    computed = (
        f"计算值{numbers.points(given['computed'])}分"
        if given.get("computed") is not None
        else "没有计算值"
    )
    return f"{given['by']}，{given['on']}：{given['reason']}；{computed}"


def _rule(rule: Card, *, share: bool) -> str:
    """Put a rule in words; its arithmetic is a line of its own."""
    params = rule.get("params", {})
    words = RULES.get(rule["kind"], str(rule["kind"]))
    match rule["kind"]:
        case "ratio":
            return f"{words}，封顶{numbers.percent(params['cap'], 0)}"
        case "linear":
            low, high = (_bound(params[end], share=share) for end in ("from", "to"))
            return f"{words}：{low}得0分，{high}得满分"
        case "count":
            return f"{words}：每件{numbers.plain(params['each'])}分"
        case "deduct":
            size, of = params["step"]["size"], params["step"]["of"]
            step = {
                "target": f"目标的{numbers.percent(size, 0)}",
                "points": f"{numbers.percent(size, 0)}（百分点）",
            }.get(of, numbers.plain(size))
            return f"每少{step}扣{numbers.plain(params['per'])}分"
        case "tiers":
            steps = [_tier(one, share=share) for one in params["tiers"]]
            return f"{words}：{'，'.join(steps)}"
    return words


def _bound(value: str, *, share: bool) -> str:
    """Print a bound as the value it is compared with is printed."""
    return numbers.percent(value, 0) if share else numbers.plain(value)


def _tier(one: Mapping[str, str], *, share: bool) -> str:
    """Print one step of a tier."""
    at_least = "at_least" in one
    bound = _bound(one["at_least" if at_least else "at_most"], share=share)
    return f"{'≥' if at_least else '≤'}{bound}得{numbers.percent(one['share'], 0)}"


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
            "metrics": numbers.listed(_metrics(own), 3),
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
    names = [METRICS[one["metric"]].zh for one in parts if one.get("metric") in METRICS]
    return list(dict.fromkeys(names))


def _place(sheet: str, rows: Sequence[str]) -> str:
    """Say where in a file: the sheet, and its rows or how many of them."""
    place = f"「{sheet}」" if sheet else ""
    spans = [
        tuple(int(end) for end in span.split("-"))
        for span in dict.fromkeys(",".join(rows).split(","))
        if span.replace("-", "").isdigit()
    ]
    if not spans:
        return place
    first, last = min(span[0] for span in spans), max(span[-1] for span in spans)
    listed = {at for span in spans for at in range(span[0], span[-1] + 1)}
    if len(listed) == 1:
        return f"{place}第{first}行"
    where = f"{place}第{first}–{last}行"
    return where if len(listed) == last - first + 1 else f"{where}中的{len(listed)}行"
