"""The plan's own table, each measure opening to how it was scored."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import Card, CardItem, CardMeasure, OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.grouping import grouped
from kpi_lib.inputs import STATUS
from kpi_lib.language import _
from kpi_lib.page.parts import Brand, Fragment, made, rows_in, total, who_is
from kpi_lib.page.sections.sources import paragraph
from kpi_lib.page.templates import ratio

MEANS = ("attainment", "over_delivery")  # Sources that are means over the same targets


def score_card(m: OperatorMonth) -> Fragment:
    """Print the plan's own table, each measure opening to how it was scored."""
    card = m.card.said()
    steps = {step["measure"]: step for step in card["focus"]}
    # On paper the parts of means over the same results stand once.
    means = [at for at in card.plain if at["parts"] and at["source"]["kind"] in MEANS]

    def item(row: CardItem) -> dict[str, Any]:
        return {
            **row,
            "row": row,
            "lines": list(zip(row["detail"], row["detail_beside"], strict=True)),
            "views": [
                _view(
                    m,
                    measure,
                    again=measure in means[1:],
                    step=steps.get(f"{row['id']}.{measure['id']}"),
                )
                for measure in row.measures
            ],
        }

    groups = [
        {
            **group,
            "items": [item(row) for row in card.rows if row["group"] == group["id"]],
        }
        for group in card["groups"]
    ]
    return made("score_card", card=card, groups=groups, bonus=_bonus(m, card))


def _bonus(m: OperatorMonth, card: Card) -> list[dict[str, Any]]:
    """List the measures beyond the 100 points by the item that they belong to."""
    names = {row["id"]: card.called(row) for row in card.rows}
    by_item = grouped((measure["item"], measure) for measure in card.extra)
    return [
        {
            "kpi": names.get(id, id),
            "points": total(measure.points for measure in measures),
            "score": total(measure.earned for measure in measures)
            if any(measure.scored for measure in measures)
            else None,
            "views": [_view(m, measure) for measure in measures],
        }
        for id, measures in by_item.items()
    ]


def _parts(m: OperatorMonth, measure: CardMeasure) -> dict[str, Any] | None:
    """Lay out what a mean, or a sum over accounts, is made of; it is the last row."""
    parts = measure["parts"]
    if not parts:
        return None
    brands = {account.id: who_is(m, account) for account in m.accounts}
    rows = [_part(m, part, brands.get(part.get("account", ""))) for part in parts]
    weights = [at for part in parts if (at := figures.decimal(part.get("weight")))]
    known = figures.decimal(measure["value"]) is not None
    capped: dict[str, list[str]] = {}
    for row in rows:
        if row["weight"] and row["attained"] > row["share"]:
            capped.setdefault(_why(row, measure["inputs"]), []).append(row["label"])
    return {
        "rows": rows,
        "grows": measure["source"]["kind"] == "challenge",
        "weight": total(weights),
        "even": len(set(weights)) == 1,
        "mean": measure["value"] if known and len(weights) > 1 else None,
        "attained": ratio(
            *(figures.decimal(measure[at]) for at in ("value", "target"))
        ),
        "sums": known and bool(parts[0].get("account")),
        "capped": capped if measure["source"]["kind"] != "challenge" else {},
    }


def _why(part: Mapping[str, Any], inputs: Mapping[str, str]) -> str:
    """Say why a part counts as less than was attained."""
    most = figures.percent(part["share"], 0)
    floor = figures.decimal(inputs.get("band.floor"))
    if floor is None:
        return _("至多计{most}", most=most)
    if part["growth"] is None:
        return _("没有基线，至多计{most}", most=most)
    if part["growth"] < floor:
        low = figures.percent(floor, 0)
        return _("目标增幅不到{low}，至多计{most}", low=low, most=most)
    return _("至多计{most}", most=most)


def _part(
    m: OperatorMonth, part: Mapping[str, Any], who: Brand | None
) -> dict[str, Any]:
    """Write one part: followers as a gain, rates as percent."""
    metric = METRICS.get(part["metric"])

    def written(digits: str, less: str = "") -> str:
        number = figures.decimal(digits)
        if number is None:
            return figures.NONE
        number -= figures.decimal(less) or 0
        if metric and metric.unit == "share":
            return figures.percent(number, 2)
        return figures.plain(number, 2)

    numbers = ("attained", "growth", "share")
    return {
        **part,
        **{name: figures.decimal(part.get(name)) for name in numbers},
        "weight": part.get("weight", ""),
        "label": part["name"],
        "who": who,
        "value": written(part["value"]),
        "base": written(part.get("baseline", "")),
        "aim": written(part["counted"], part["opening"]),
        "floored": part["counted"] != part["target"],
    }


def _view(
    m: OperatorMonth,
    measure: CardMeasure,
    *,
    again: bool = False,
    step: Mapping[str, Any] | None = None,
) -> dict[str, object]:
    show, status = measure["show"], measure["status"]
    share = measure.earned / (measure.possible or 1)
    of = _parts(m, measure)
    # Days on record come from every file of the own accounts.
    files = m.files["source"] if of and of["sums"] else ()
    return {
        **measure,
        "of": of,
        "step": step,
        # What a rating replaced, or what one of two values gives, did not count.
        "text": "" if "rating" in measure or measure.waits else show["text"],
        "replaced": show["text"] if "rating" in measure else "",
        "again": again,
        "law": paragraph(measure["source"]["kind"]),
        "word": "" if status == "scored" else _(STATUS[status]),
        "width": float(min(share, Decimal(1)) * 100),
        "evidence": _evidence(
            measure["evidence"] or [{"source": name} for name in files]
        ),
    }


FILES_SHOWN = 4  # Files named as evidence of a measure; the card's JSON has every row


def _evidence(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Sum evidence up by file and sheet: the page names files, the JSON every row."""
    places = grouped(((at["source"], at.get("sheet") or ""), at) for at in parts)
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
    listed = rows_in(rows)
    where = _rows(min(listed), max(listed), len(listed)) if listed else ""
    if not sheet:
        return where
    if not where:
        return _("“{sheet}”", sheet=sheet)
    return _("“{sheet}”{rows}", sheet=sheet, rows=where)


def _rows(first: int, last: int, n: int) -> str:
    """Say which rows, or how many of which."""
    if n == 1:
        return _("第{row}行", row=first)
    if n == last - first + 1:
        return _("第{first}–{last}行", first=first, last=last)
    return _("第{first}–{last}行中的{n}行", first=first, last=last, n=n)
