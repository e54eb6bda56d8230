"""The plan's own table, each measure opening to how it was scored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import STATUS
from kpi_lib.language import _
from kpi_lib.page.parts import (
    ZERO,
    Card,
    Fragment,
    cut_off,
    item_name,
    made,
    measures,
    points,
    said,
)


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
