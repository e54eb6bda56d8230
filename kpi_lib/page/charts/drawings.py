"""The charts: series over days or months; names, spans and dots beside each other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from kpi_lib import figures
from kpi_lib.days import Calendar
from kpi_lib.language import _
from kpi_lib.page.charts import panels
from kpi_lib.page.charts.panels import RIGHT, WIDTH, Format, Ink, Scale, width_of

# One series over days or months: gaps told, targets drawn, days off shaded.

LINE = 11  # From line to line of a note in px

WORDY = 50  # A note of what is missing that is wider than this, in px, is a long one


def day_curve(
    values: pd.DataFrame,
    *,
    days: Sequence[date] = (),
    calendar: Calendar | None = None,
    scale: Scale | None = None,
    end: Format = figures.short,
    target: float | None = None,
    target_text: str = "",
) -> Axes:
    """
    Draw one month by day; a missing day is a gap.

    Parameters
    ----------
    values : DataFrame
        One row per day, with `date` and `value`; days may be absent or missing.
    days : sequence of date
        All days of the month, ascending; from the first day to the last if not given.
    calendar : Calendar, optional
        For the shading of days off.
    scale : Scale, optional
        The vertical scale; one that holds the values if not given.
    end : callable
        How the value at the end of the line is printed.
    target : float, optional
        Drawn as a thin dashed line.
    target_text : str
        Label of the target.

    Returns
    -------
    Axes
    """
    dates = pd.to_datetime(values["date"])
    by_date = values["value"].set_axis(dates)
    days = days or [at.date() for at in pd.date_range(dates.min(), dates.max())]
    points = _in_order(by_date, pd.to_datetime(list(days)))
    with panels.house():
        ax = panels.panel()
        line(ax, points)
        ax.set_xlim(0.5, len(days) + 0.5)
        sevenths = [day for day in range(1, len(days) - 3, 7) if day < 29]
        ticks = {float(day): str(day) for day in (*sevenths, len(days))}
        panels.dress(ax, scale or panels.scale(values["value"]), ticks)
        if calendar is not None:
            shade(ax, days, calendar)
        _note_gaps(ax, points, lambda n: _("缺{n}天", n=n))
        goals = pd.DataFrame({"x": ax.get_xlim(), "value": target}, dtype=float)
        _finish(ax, points, goals, lambda _: target_text, end)
    return ax


def month_curve(
    values: pd.DataFrame,
    *,
    months: Sequence[str] = (),
    scale: Scale | None = None,
    end: Format = figures.short,
    targets: Mapping[str, float] | None = None,
    target_text: Format = figures.short,
    breaks: Collection[str] = (),
) -> Axes:
    """
    Draw one figure over months; a missing month is a gap.

    Parameters
    ----------
    values : DataFrame
        One row per month, with `month` (``YYYY-MM``) and `value`.
    months : sequence of str
        All months, ascending; those of `values` if not given.
    scale, end
        As of `day_curve`.
    targets : mapping of str to float, optional
        By month, drawn as thin dashed steps.
    target_text : callable
        Label of the last of them.
    breaks : collection of str
        Months that are counted in another way than those before: nothing joins them.

    Returns
    -------
    Axes
    """
    months = months or sorted({*values["month"]})
    ticks = {
        float(at): figures.month_short(month)
        if at == len(months)
        else figures.month_tick(month)
        for at, month in enumerate(months, 1)
        if (len(months) - at) % 3 == 0
    }
    points = _in_order(values.set_index("month")["value"], months)
    points["broken"] = [month in breaks for month in months]
    with panels.house():
        ax = panels.panel()
        line(ax, points)
        ax.set_xlim(1, max(len(points), 2))
        panels.dress(ax, scale or panels.scale(values["value"]), ticks)
        _note_gaps(ax, points, lambda n: _("缺{n}个月", n=n))
        goals = _in_order(pd.Series(targets or {}, dtype=float), months)
        _finish(ax, points, goals, target_text, end)
    return ax


# From values to points: `x` from 1, `value` missing where nothing is known.


def _in_order(values: pd.Series, places: Collection[object]) -> pd.DataFrame:
    if values.index.has_duplicates:
        raise ValueError(_("一条曲线在一处只能有一行：请先筛选到一个账号、平台或指标"))
    placed = values.astype(float).reindex(list(places))
    return pd.DataFrame({"x": range(1, len(places) + 1), "value": placed.to_numpy()})


# What is drawn.


def line(ax: Axes, points: pd.DataFrame) -> None:
    """Draw known values as one series, not joined over a gap; a lone one is a dot.

    Nor over a break (`broken`), which a thin line marks.
    """
    known = points["value"].notna()
    broken = points.get("broken", pd.Series(False, index=points.index))
    drawn = points.assign(run=((known != known.shift()) | broken).cumsum())[known]
    for x in points.loc[broken, "x"]:
        ax.axvline(x - 0.5, color=Ink.MUTE, linewidth=0.8, linestyle=":")
    if drawn.empty:
        return
    sns.lineplot(
        drawn,
        x="x",
        y="value",
        units="run",
        estimator=None,
        errorbar=None,
        color=Ink.SERIES,
        linewidth=2,
        legend=False,
        ax=ax,
    )
    lone = drawn[~drawn["run"].duplicated(keep=False)]
    dots = pd.concat([lone, drawn.tail(1)]).drop_duplicates("x")
    ax.plot(dots["x"], dots["value"], "o", ms=4.5, mew=0, color=Ink.SERIES)


def shade(ax: Axes, days: Sequence[date], calendar: Calendar) -> None:
    """Shade days off: weekends lightly, public holidays more."""

    def ink(day: date) -> str:
        if calendar.is_holiday(day):
            return Ink.HOLIDAY
        return "" if calendar.is_working(day) else Ink.SHADE

    inks = [ink(day) for day in days]
    changes = [at for at, (a, b) in enumerate(pairwise(inks), 1) if a != b]
    for start, end in pairwise([0, *changes, len(inks)]):
        if inks[start]:
            ax.axvspan(
                start + 0.5,
                end + 0.5,
                facecolor=inks[start],
                edgecolor="none",
                zorder=0,
                clip_on=False,
            )


def _finish(
    ax: Axes, points: pd.DataFrame, goals: pd.DataFrame, label: Format, end: Format
) -> None:
    """Draw targets as steps; write the last value and target right of the frame."""
    thin: dict[str, Any] = {"linewidth": 0.8, "dashes": panels.DASHES, "zorder": 1.5}
    thin |= {"color": Ink.INK, "drawstyle": "steps-mid", "clip_on": False}
    if goals["value"].notna().any():
        ax.plot(goals["x"], goals["value"], **thin)
    x, target = goals.iloc[-1]
    off = 99.0
    for last, value in points.dropna(subset="value")[["x", "value"]].tail(1).to_numpy():
        panels.end_label(ax, last, value, end(value))
        low, high = ax.get_ylim()
        off = (value - target) / (high - low) * panels.height_of(ax)
    if pd.isna(target):
        return
    # Clear of the value at its end.
    below = off > 0
    base = -4 if abs(off) >= 14 else off - 4 + (-14 if below else 14)
    lines = _broken(label(target), (1 - ax.get_position().x1) * WIDTH)
    for at, part in enumerate(lines if below else reversed(lines)):
        down = base + (-at if below else at) * LINE
        panels.note(ax, x, target, (6, down), "left", part)


def _broken(text: str, room: float) -> list[str]:
    """Break a note that is wider than its room before its last word, if that helps."""
    lines = text.rsplit(" ", 1)
    helps = width_of(text) > room >= max(map(width_of, lines))
    return lines if helps else [text]


def _note_gaps(
    ax: Axes,
    points: pd.DataFrame,
    missing: Callable[[int], str],
) -> None:
    """Write how much is missing, at the base of the widest gap."""
    known = points["value"].notna()
    if known.all() or not known.any():
        return
    gaps = points[~known].assign(run=(known != known.shift()).cumsum()[~known])
    widest = gaps[gaps["run"] == gaps["run"].value_counts().idxmax()]
    text, at = missing(len(gaps)), float(widest["x"].mean())
    first, last = ax.get_xlim()
    half = width_of(text) / 2 / (ax.get_position().width * WIDTH) * (last - first)
    at = min(max(at, first + half), last - half)
    panels.write(
        ax,
        text,
        (at, ax.get_ylim()[0]),
        (0, 4),
        ha="center",
        color=Ink.MUTE,
        gid=panels.NOTE if width_of(text) > WORDY else None,
    )


# Names, rates, hours, spans and shares beside each other.


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
