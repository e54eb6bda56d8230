"""Rates by account, beside last month and the target: dot plots and their table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import shift
from kpi_lib.language import _
from kpi_lib.page import charts, series
from kpi_lib.page.parts import Brand, platform_of, who_is

NARROW = 0.2
"""Rates that differ by less than this share of the largest are drawn from zero."""


class Rate(NamedTuple):
    """One account's rate."""

    who: Brand
    now: float | None
    before: float | None
    target: float | None


def rate_dots(m: OperatorMonth) -> dict[str, Any] | None:
    """Draw engagement, completion and answered comments by account."""
    label = METRICS["engagement_rate"].label
    completion = _ratios(m, "completion_rate") + _ratios(m, "read_completion")
    rates = (
        (label, _("互动÷阅读"), _ratios(m, "engagement_rate")),
        (_("完播率/阅读完成率"), _("按播放、阅读加权"), completion),
        (_("评论回复率"), _("按平台"), _answered(m)),
    )
    drawn = [(name, note, rows) for name, note, rows in rates if rows]
    if not drawn:
        return None
    return {
        "names": [name for name, *_rest in drawn],
        "panels": [
            _dots(name, note, rows, f"dot{at}")
            for at, (name, note, rows) in enumerate(drawn)
        ],
        "table": {
            "head": [_("本月"), _("上月"), _("目标")],
            "rows": [
                (
                    _("{rate}，{who}", rate=name, who=figures.brief(rate.who.name)),
                    [
                        figures.percent(value, 2)
                        for value in (rate.now, rate.before, rate.target)
                    ],
                )
                for name, _note, rows in drawn
                for rate in rows
            ],
        },
    }


def _ratios(m: OperatorMonth, metric: str) -> list[Rate]:
    """Return a ratio of the catalogue for every account that has all of its parts."""
    now, before = (
        series.of_month(m, metric, month) for month in (m.month, shift(m.month, -1))
    )
    rows = []
    for account in m.accounts:
        value = now.get(account.id)
        goal = series.short_target(m, metric, account.platform)
        if goal is None:
            goal = series.short_target(m, metric)
        if value is not None:
            last = before.get(account.id)
            rows.append(Rate(who_is(m, account), value, last, goal))
    return rows


def _answered(m: OperatorMonth) -> list[Rate]:
    """Return the share of comments answered on every platform on record."""
    rows = []
    for id in dict.fromkeys(comments.platform for comments in m.worklog.interactions):
        own = [
            comments for comments in m.worklog.interactions if comments.platform == id
        ]
        received = sum(comments.received for comments in own)
        if received:
            answered = sum(comments.answered for comments in own)
            rows.append(Rate(platform_of(m, id), answered / received, None, None))
    return rows


def _dots(name: str, note: str, rows: Sequence[Rate], prefix: str) -> series.Panel:
    """Draw one rate; its scale starts at zero where that costs little."""
    values = pd.DataFrame(rows)[["now", "before", "target"]].astype(float)
    low, high = values.min().min(), values.max().max()
    # Neither blow a small difference up, nor squeeze a large one against the edge.
    zero = not NARROW * high <= high - low <= high / 2
    tick, shown = series.percent_tick, values.melt()["value"]
    return series.panel(
        charts.dot_plot(
            values.assign(name=[rate.who.name for rate in rows]),
            scale=charts.scale(shown, zero=zero, text=tick, steps=2),
            end=figures.percent,
        ),
        name=name,
        note=note,
        last=_("，").join(
            _(
                "{name}{value}",
                name=figures.brief(rate.who.name),
                value=figures.percent(rate.now),
            )
            for rate in rows
        ),
        prefix=prefix,
        rows=[rate.who for rate in rows],
    )
