"""The table of metrics: month, target, attained, last month, a line of the year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_lib import figures, months
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import months_back
from kpi_lib.language import _
from kpi_lib.page.parts import Fragment, made, nothing, platform_of

WIDTH, HEIGHT, MARGIN = 116, 24, 4
"""Of the line of twelve months, px."""

LEAST_SPAN = 0.1
"""What a line's height stands for at least, of its highest value: flat looks flat."""


def metrics(m: OperatorMonth) -> Fragment:
    """Set every metric with a target beside its target, last month and the year."""
    parts = {
        (part["metric"], part["platform"]): part
        for measure in m.card.said().plain
        for part in measure["parts"]
        if part["metric"]
    }
    if not parts:
        return nothing(_("指标"), _("本月没有考核结果的指标"))
    by_month = months.by_month(m.monthly)
    rows = [
        _row(m, by_month, part)
        for name in METRICS
        for (metric, _platform), part in parts.items()
        if metric == name
    ]
    known = [row for row in rows if row["attained"] is not None]
    short = [row for row in known if row["attained"] < 1]
    return made(
        "metrics",
        rows=rows,
        known=len(known),
        reached=len(known) - len(short),
        worst=min(short, key=lambda row: row["attained"], default=None),
        before=months_back(m.month, 2)[0],
        width=WIDTH,
        height=HEIGHT,
    )


def _row(
    m: OperatorMonth, by_month: Mapping[str, months.Rows], part: Mapping[str, str]
) -> dict[str, Any]:
    """Return one metric: what the card holds of it, and its twelve months."""
    metric, platform = METRICS[part["metric"]], part["platform"]
    totals = {
        month: months.total(
            by_month.get(month, {}),
            metric.result,
            accounts=m.accounts,
            platform=platform,
        )
        for month in months_back(m.month, 12)
    }
    _earlier, last, now = [*totals.values()][-3:]
    amount, sign = figures.amount(metric.name), metric.moves_by_gain
    share = metric.unit == "share"

    def printed(value: figures.Number) -> str:
        return figures.exact(value, sign=True) if sign else amount(value)

    value, opening = (figures.decimal(part[key]) for key in ("value", "opening"))
    goal = figures.decimal(part["counted"])
    change = None
    # Two months are beside each other only where they are of the same accounts.
    if None not in (last.value, now.value) and last.made_of == now.made_of:
        by = float(now.value or 0) - float(last.value or 0)
        change = by if share else by / float(last.value) if last.value else None
    name = part["name"]
    if platform:
        place = platform_of(m, platform).name
        name = _("{name}（{platform}）", name=name, platform=place)
    ends = [float(at.value) for at in totals.values() if at.value is not None]
    return {
        "name": _("{metric}（增长）", metric=name) if sign else name,
        "value": printed(value),
        "goal": printed(None if goal is None else goal - (opening or 0)),
        "attained": figures.decimal(part["attained"]),
        "change": figures.NONE
        if change is None
        else _("{by}点", by=figures.percent(change, 2, sign=True).rstrip("%"))
        if share
        else figures.percent(change, sign=True),
        "said": _(
            "近12个月{low}～{high}，本月{now}，目标{goal}",
            low=printed(min(ends, default=None)),
            high=printed(max(ends, default=None)),
            now=printed(value),
            goal=printed(None if goal is None else goal - (opening or 0)),
        ),
        "lines": _lines(totals),
    }


def _lines(totals: Mapping[str, months.Total]) -> list[list[tuple[float, float]]]:
    """Lay out the months with a value; no line joins two of other accounts or bases."""
    known = [
        (at, float(total.value), total.made_of)
        for at, total in enumerate(totals.values())
        if total.value is not None
    ]
    low, high = (
        end((value for _at, value, _of in known), default=0.0) for end in (min, max)
    )
    span = max(high - low, LEAST_SPAN * abs(high)) or 1.0
    base = (low + high - span) / 2
    step = (WIDTH - 2 * MARGIN) / (len(totals) - 1)
    lines: list[list[tuple[float, float]]] = []
    for (at, value, of), before in zip(known, [None, *known], strict=False):
        y = HEIGHT - MARGIN - (value - base) / span * (HEIGHT - 2 * MARGIN)
        if before is None or before[0] != at - 1 or before[2] != of:
            lines.append([])
        lines[-1].append((round(MARGIN + at * step, 1), round(y, 1)))
    return lines
