"""The plan's own table, each measure opening to how it was scored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import Card, CardItem, CardMeasure, OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import STATUS
from kpi_lib.language import _
from kpi_lib.page.parts import Fragment, made, total


def score_card(m: OperatorMonth) -> Fragment:
    """Print the plan's own table, each measure opening to how it was scored."""
    card = m.card.said()
    rated = (measure for measure in card.plain if measure.scored)
    worst = max(rated, key=lambda measure: measure.lost, default=None)
    # On paper the parts of a mean stand once: the means are over the same metrics.
    means = (at for at in card.plain if at.get("parts") and not _grows(at))
    first = next(means, None)

    def item(row: CardItem) -> dict[str, Any]:
        return {
            **row,
            "row": row,
            "lines": list(zip(row["detail"], row["detail_beside"], strict=True)),
            "views": [
                _view(measure, opened=measure is worst, once=measure is first)
                for measure in row.measures
            ],
        }

    groups = []
    for group in card["groups"]:
        rows = [row for row in card.rows if row["group"] == group["id"]]
        groups.append(
            {
                "name": group["name"],
                "score": total(row.earned for row in rows),
                "possible": total(row.possible for row in rows),
                "items": list(map(item, rows)),
            }
        )
    return made("score_card", card=card, groups=groups, bonus=_bonus(card))


def _bonus(card: Card) -> list[dict[str, Any]]:
    """List the measures beyond the 100 points by the item that they belong to."""
    names = {row["id"]: card.called(row) for row in card.rows}
    by_item: dict[str, list[CardMeasure]] = {}
    for measure in card.extra:
        by_item.setdefault(measure["item"], []).append(measure)
    return [
        {
            "kpi": names.get(id, id),
            "points": total(measure.points for measure in measures),
            "score": total(measure.earned for measure in measures)
            if any(measure.scored for measure in measures)
            else None,
            "views": list(map(_view, measures)),
        }
        for id, measures in by_item.items()
    ]


def _grows(measure: CardMeasure) -> bool:
    """Say whether a measure looks at targets over their baselines, not at results."""
    return bool(measure["source"]["kind"] == "challenge")


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    """Write one metric of a mean: followers as a gain, rates as percent."""
    metric = METRICS[part["metric"]]

    def written(digits: str, less: str = "") -> str:
        number = figures.decimal(digits)
        if number is None:
            return figures.NONE
        number -= figures.decimal(less) or 0
        if metric.unit == "share":
            return figures.percent(number, 2)
        return figures.exact(number)

    return {
        **part,
        "label": metric.label,
        "value": written(part["value"]),
        "aim": written(part["counted"], part["opening"]),
        "growth": figures.decimal(part["growth"]),
        "floored": part["counted"] != part["target"],
    }


def _view(
    measure: CardMeasure, *, opened: bool = False, once: bool = False
) -> dict[str, object]:
    show, status = measure["show"], measure["status"]
    value, target = (
        f"{show[key]}{show.get('unit', '')}" if show.get(key) else ""
        for key in ("value", "target")
    )
    share = measure.earned / (measure.possible or 1)
    return {
        **measure,
        "parts": [_part(part) for part in measure.get("parts", ())],
        "grows": _grows(measure),
        "text": show.get("text", ""),
        "value": value or show.get("text", ""),
        "target": target,
        "open": opened,
        "once": once,
        "word": "" if status == "scored" else _(STATUS[status]),
        "width": float(min(share, Decimal(1)) * 100),
        "evidence": _evidence(measure.get("evidence", [])),
    }


FILES_SHOWN = 4
"""Files named as evidence of one measure; the card's JSON holds every row."""


def _evidence(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum evidence up by file and sheet: the page names files, the JSON every row."""
    places: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for part in parts:
        places.setdefault((part["source"], part.get("sheet") or ""), []).append(part)
    files = [
        {
            "source": re.sub(r"^data/raw/\d{4}-\d{2}/", "", source),
            "place": _place(sheet, [str(part.get("rows") or "") for part in own]),
            "metrics": figures.listed(_metrics(own), 3),
        }
        for (source, sheet), own in places.items()
    ]
    return {
        "shown": files[:FILES_SHOWN],
        "more": len(files) - FILES_SHOWN,
        "files": len({source for source, _sheet in places}),
    }


def _metrics(parts: Iterable[Mapping[str, Any]]) -> list[str]:
    """Name the metrics of some evidence, each once."""
    metrics = dict.fromkeys(part.get("metric") for part in parts)
    return [METRICS[name].label for name in metrics if name in METRICS]


def _place(sheet: str, rows: Sequence[str]) -> str:
    """Say where in a file: the sheet, and its rows or how many of them."""
    spans = [
        tuple(int(end) for end in span.split("-"))
        for span in dict.fromkeys(",".join(rows).split(","))
        if span.replace("-", "").isdigit()
    ]
    listed = {at for span in spans for at in range(span[0], span[-1] + 1)}
    where = _rows(min(listed), max(listed), len(listed)) if listed else ""
    if not sheet:
        return where
    if not where:
        return _("「{sheet}」", sheet=sheet)
    return _("「{sheet}」{rows}", sheet=sheet, rows=where)


def _rows(first: int, last: int, n: int) -> str:
    """Say which rows, or how many of which."""
    if n == 1:
        return _("第{row}行", row=first)
    if n == last - first + 1:
        return _("第{first}–{last}行", first=first, last=last)
    return _("第{first}–{last}行中的{n}行", first=first, last=last, n=n)
