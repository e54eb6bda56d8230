"""Rates by account, beside last month and the target: dot plots and their table."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import months_back
from kpi_lib.language import _
from kpi_lib.page import charts
from kpi_lib.page.parts import Brand, platform_of, who_is
from kpi_lib.page.series import (
    Panel,
    of_month,
    panel,
    percent_tick,
    short_target,
)

NARROW = 0.2
"""Rates that differ by less than this share of the largest are drawn from zero."""


@dataclass(frozen=True)
class Rate:
    """
    One account's rate.

    Parameters
    ----------
    who : Brand
        The account, or a platform.
    now, before, target : float or None
        This month, last month, and this month's target.
    """

    who: Brand
    now: float | None
    before: float | None
    target: float | None


def rate_dots(m: OperatorMonth) -> dict[str, Any] | None:
    """
    Draw engagement, completion and answered comments by account.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    dict or None
        `panels` and their `table`; None where there is no rate at all.
    """
    found = [
        (name, note, rows)
        for name, note, rows in (
            (
                METRICS["engagement_rate"].label,
                _("互动÷阅读"),
                _ratios(m, "engagement_rate"),
            ),
            (
                _("完播率/阅读完成率"),
                _("按播放、阅读加权"),
                [*_ratios(m, "completion_rate"), *_ratios(m, "read_completion")],
            ),
            (_("评论回复率"), _("按平台"), _answered(m)),
        )
        if rows
    ]
    if not found:
        return None
    return {
        "title": _(
            "{names}：按账号", names=figures.listed([name for name, *_rest in found])
        ),
        "panels": [
            _dots(name, note, rows, f"dot{at}")
            for at, (name, note, rows) in enumerate(found)
        ],
        "table": {
            "head": [_("本月"), _("上月"), _("目标")],
            "rows": [
                (
                    _("{rate}，{who}", rate=name, who=figures.brief(one.who.name)),
                    [
                        figures.percent(value, 2)
                        for value in (one.now, one.before, one.target)
                    ],
                )
                for name, _note, rows in found
                for one in rows
            ],
        },
    }


def _ratios(m: OperatorMonth, metric: str) -> list[Rate]:
    """Return a ratio of the catalogue for every account that has all of its parts."""
    above, below = m.definitions[metric].numerator, m.definitions[metric].denominator
    months = (m.month, months_back(m.month, 2)[0])
    now, before = (
        {name: of_month(m, name, month) for name in (*above, *below)}
        for month in months
    )
    rows = []
    for account in m.accounts:
        value = _ratio(now, above, below, account.id)
        if value is not None:
            goal = short_target(m, metric, account.platform)
            rows.append(
                Rate(
                    who_is(m, account),
                    value,
                    _ratio(before, above, below, account.id),
                    short_target(m, metric) if goal is None else goal,
                )
            )
    return rows


def _ratio(
    values: Mapping[str, Mapping[str, float]],
    above: Sequence[str],
    below: Sequence[str],
    account: str,
) -> float | None:
    if not all(account in values[name] for name in (*above, *below)):
        return None
    base = sum(values[name][account] for name in below)
    return sum(values[name][account] for name in above) / base if base else None


def _answered(m: OperatorMonth) -> list[Rate]:
    """Return the share of comments answered on every platform on record."""
    rows = []
    for id in dict.fromkeys(one.platform for one in m.worklog.interactions):
        own = [one for one in m.worklog.interactions if one.platform == id]
        received = sum(one.received for one in own)
        if received:
            share = sum(one.answered for one in own) / received
            rows.append(Rate(platform_of(m, id), share, None, None))
    return rows


def _dots(name: str, note: str, rows: Sequence[Rate], prefix: str) -> Panel:
    """Draw one rate; its scale starts at zero where that costs little."""
    frame = pd.DataFrame(
        [(one.who.name, one.now, one.before, one.target) for one in rows],
        columns=["name", "now", "before", "target"],
    ).astype({"now": float, "before": float, "target": float})
    known = [
        value
        for value in frame[["now", "before", "target"]].to_numpy().ravel()
        if math.isfinite(value)
    ]
    # Neither blow a small difference up, nor squeeze a large one against the edge.
    zero = not NARROW * max(known) <= max(known) - min(known) <= max(known) / 2
    return panel(
        charts.dot_plot(
            frame,
            scale=charts.scale(known, zero=zero, text=percent_tick, steps=2),
            end=figures.percent,
        ),
        name=name,
        note=note,
        last=_("，").join(
            _(
                "{name}{value}",
                name=figures.brief(one.who.name),
                value=figures.percent(one.now),
            )
            for one in rows
        ),
        prefix=prefix,
        rows=[one.who for one in rows],
    )
