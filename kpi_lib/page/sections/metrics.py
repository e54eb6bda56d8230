"""The table of metrics: month, target, attained, last month, a line of the year."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_lib import figures, months
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, months_back
from kpi_lib.language import _
from kpi_lib.page import series
from kpi_lib.page.parts import Fragment, made, nothing, platform_of
from kpi_lib.page.templates import ratio

WIDTH, HEIGHT, MARGIN = 116, 24, 4  # Of the line of twelve months, px

LEAST_SPAN = 0.1  # A line's height is this much of its highest value at least


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
    rows = [
        _row(m, part)
        for name in METRICS
        for (metric, _platform), part in parts.items()
        if metric == name
    ]
    known = [row for row in rows if row["attained"] is not None]
    short = [row for row in known if row["attained"] < 1]
    before = months_back(m.month, 2)[0]
    away = [day for day in days_of(before) if m.operator.leave_on(day)]
    return made(
        "metrics",
        rows=rows,
        known=len(known),
        reached=len(known) - len(short),
        worst=min(short, key=lambda row: row["attained"], default=None),
        before=before,
        away=len(away),
        width=WIDTH,
        height=HEIGHT,
    )


def _row(m: OperatorMonth, part: Mapping[str, str]) -> dict[str, Any]:
    """Return one metric: what the card holds of it, and its twelve months."""
    metric, platform = METRICS[part["metric"]], part["platform"]
    year = series.of_year(m, metric.result, platform)
    values = series.known(year)
    amount, sign = figures.amount(metric.name), metric.moves_by_gain
    share = metric.unit == "share"

    def printed(value: figures.Number) -> str:
        return figures.exact(value, sign=True) if sign else amount(value)

    value, opening = (figures.decimal(part[key]) for key in ("value", "opening"))
    goal = figures.decimal(part["counted"])
    aim = None if goal is None else goal - (opening or 0)
    last, now = map(values.get, months_back(m.month, 2))
    change = None
    # Two months are beside each other only where they are of the same accounts.
    if last is not None and now is not None and m.month not in series.breaks(year):
        change = now - last if share else ratio(now - last, last)
    name = part["name"]
    if platform:
        place = platform_of(m, platform).name
        name = _("{name}（{platform}）", name=name, platform=place)
    return {
        "name": _("{metric}（增长）", metric=name) if sign else name,
        "value": printed(value),
        "days": year[m.month].days,
        "goal": printed(aim),
        "attained": figures.decimal(part["attained"]),
        "change": figures.NONE
        if change is None
        else _("{by}点", by=figures.percent(change, 2, sign=True).rstrip("%"))
        if share
        else figures.percent(change, sign=True),
        "said": series.year_in_words(values, value, aim, printed),
        "lines": _lines(year),
    }


def _lines(year: Mapping[str, months.Total]) -> list[list[tuple[float, float]]]:
    """Lay out the months with a value; no line joins two that do not compare."""
    values, broken = series.known(year), series.breaks(year)
    low, high = (end(values.values(), default=0.0) for end in (min, max))
    span = max(high - low, LEAST_SPAN * abs(high)) or 1.0
    base = (low + high - span) / 2
    step = (WIDTH - 2 * MARGIN) / (len(year) - 1)
    lines: list[list[tuple[float, float]]] = []
    joined = False
    for at, month in enumerate(year):
        if month in values:
            y = HEIGHT - MARGIN - (values[month] - base) / span * (HEIGHT - 2 * MARGIN)
            if not joined or month in broken:
                lines.append([])
            lines[-1].append((round(MARGIN + at * step, 1), round(y, 1)))
        joined = month in values
    return lines
