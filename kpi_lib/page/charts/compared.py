"""Names, rates, hours, spans and shares beside each other."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import figures
from kpi_lib.page.charts import panels
from kpi_lib.page.charts.panels import RIGHT, WIDTH, Format, Ink, Scale, width_of


def bars(values: pd.DataFrame, *, text: Format = figures.short) -> Axes:
    """
    Draw one bar a name, so that names compare; a mark says where it was before.

    Parameters
    ----------
    values : DataFrame
        One row per name, in the order drawn: `name`, `value`, and `before` (may be
        missing), all in one unit.
    text : callable
        How a value is printed.

    Returns
    -------
    Axes
    """
    values = values.reindex(columns=["name", "value", "before"])
    with panels.house():
        ax = panels.panel(panels.BOTTOM + 22 * max(len(values), 1))
        names = [figures.brief(str(name), 9) for name in values["name"]]
        left = 6 + max(map(width_of, names), default=0)
        ax.set_position(
            (left / WIDTH, 0.02, (WIDTH - left - RIGHT) / WIDTH, 0.96), which="both"
        )
        rows = range(len(values))
        ax.barh(rows, values["value"], height=0.55, color=Ink.SERIES, linewidth=0)
        ax.plot(values["before"], rows, "|", ms=14, mew=1.5, color=Ink.INK)
        both = pd.concat([values["value"], values["before"]])
        low, high = min(both.min(), 0), max(both.max(), 0)
        ax.set(
            xlim=(low, high or (1 if not low else 0)), ylim=(len(values) - 0.5, -0.5)
        )
        ax.grid(visible=False)
        ax.spines["bottom"].set_visible(False)
        ax.set_yticks(list(rows), names, color=Ink.INK)
        for row, value in zip(rows, values["value"], strict=True):
            panels.note(ax, ax.get_xlim()[1], row, (6, -4), "left", text(value))
    return ax


def windows(
    values: pd.DataFrame,
    *,
    low: float,
    high: float,
    scale: Scale,
    end: Format = figures.short,
) -> Axes:
    """
    Draw spans of equal length before, during and after a campaign.

    Parameters
    ----------
    values : DataFrame
        One row per span, in order: `at` (0 the campaign's own, negative before),
        `value`.
    low, high : float
        The range that the campaign is held against, drawn as a band.
    scale : Scale
        The vertical scale.
    end : callable
        How the campaign's own value is printed.

    Returns
    -------
    Axes
    """
    campaign, others = values[values["at"] == 0], values[values["at"] != 0]
    first, last = int(values["at"].min()), int(values["at"].max())
    ticks = {float(first): f"前{-first}", 0.0: "活动"}
    if last > 0:
        ticks[float(last)] = "后"
    with panels.house():
        ax = panels.panel(150)
        ax.axhspan(low, high, facecolor=Ink.HOLIDAY, edgecolor="none", zorder=0)
        for points, size, fill in ((others, 5, "none"), (campaign, 8, Ink.SERIES)):
            (dots,) = ax.plot(points["at"], points["value"], "o", color=Ink.SERIES)
            dots.set(markersize=size, markerfacecolor=fill, clip_on=False)
        ax.set_xlim(first - 0.5, last + 0.5)
        panels.dress(ax, scale, ticks)
        for value in campaign["value"].astype(float):
            panels.end_label(ax, ax.get_xlim()[1], value, end(value))
    return ax


def points(values: pd.DataFrame, *, x: Scale, y: Scale) -> Axes:
    """
    Draw a dot for each thing that has two numbers.

    Parameters
    ----------
    values : DataFrame
        One row per thing: `x`, `y`.
    x, y : Scale
        Both scales.

    Returns
    -------
    Axes
    """
    with panels.house():
        ax = panels.panel(right=12)
        (dots,) = ax.plot(values["x"], values["y"], "o", color=Ink.SERIES)
        dots.set(markersize=4, alpha=0.6, markeredgewidth=0, clip_on=False)
        ax.set_xlim(x.low, x.high)
        panels.dress(ax, y, {at: x.text(at) for at in x.ticks})
    return ax
