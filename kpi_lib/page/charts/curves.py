"""One series over days or months: gaps told, targets drawn, days off shaded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import Protocol

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from kpi_lib import figures
from kpi_lib.language import _
from kpi_lib.page.charts.panels import (
    NOTE,
    WIDTH,
    Format,
    Ink,
    Scale,
    dashed,
    dress,
    end_label,
    height_of,
    house,
    note,
    panel,
    scale,
    width_of,
    write,
)

LINE = 11  # From line to line of a note in px

WORDY = 50  # A note of what is missing that is wider than this, in px, is a long one


class Days(Protocol):
    """What shading needs to know of a calendar."""

    def is_working(self, day: date) -> bool:
        """Tell whether a day is worked."""

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a public holiday."""


def day_curve(
    values: pd.DataFrame,
    *,
    days: Sequence[date] = (),
    calendar: Days | None = None,
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
    calendar : Days, optional
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
    days = _span(values, days)
    points = _by_day(values, days)
    with house():
        ax = panel()
        line(ax, points)
        ax.set_xlim(0.5, len(days) + 0.5)
        sevenths = [day for day in range(1, len(days) - 3, 7) if day < 29]
        ticks = {float(day): str(day) for day in (*sevenths, len(days))}
        dress(ax, scale or _scale(values), ticks)
        if calendar is not None:
            shade(ax, days, calendar)
        _note_gaps(ax, points, lambda n: _("缺{n}天", n=n))
        if target is not None:
            line_of = pd.DataFrame({"x": ax.get_xlim(), "value": target})
            _target(ax, points, line_of, target_text)
        _end(ax, points, end)
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
    months = months or sorted(values["month"])
    ticks = {
        float(at): figures.month_short(month)
        if at == len(months)
        else figures.month_tick(month)
        for at, month in enumerate(months, 1)
        if (len(months) - at) % 3 == 0
    }
    points = _in_order(values.set_index("month")["value"], months)
    points["broken"] = [month in breaks for month in months]
    with house():
        ax = panel()
        line(ax, points)
        ax.set_xlim(1, max(len(points), 2))
        dress(ax, scale or _scale(values), ticks)
        _note_gaps(ax, points, lambda n: _("缺{n}个月", n=n))
        steps = _steps(ax, {at: (targets or {}).get(at) for at in months})
        if len(known := steps["value"].dropna()):
            _target(ax, points, steps, target_text(known.iloc[-1]))
        _end(ax, points, end)
    return ax


# From values to points: `x` from 1, `value` missing where nothing is known.


def _scale(values: pd.DataFrame) -> Scale:
    return scale(values["value"])


def _span(values: pd.DataFrame, days: Sequence[date]) -> Sequence[date]:
    """Return the days that are given, or every day from the first to the last."""
    dates = pd.to_datetime(values["date"])
    return days or [day.date() for day in pd.date_range(dates.min(), dates.max())]


def _by_day(values: pd.DataFrame, days: Sequence[date]) -> pd.DataFrame:
    by_date = values["value"].set_axis(pd.to_datetime(values["date"]))
    return _in_order(by_date, pd.to_datetime(list(days)))


def _in_order(values: pd.Series, places: Collection[object]) -> pd.DataFrame:
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


def shade(ax: Axes, days: Sequence[date], calendar: Days) -> None:
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


def _end(ax: Axes, points: pd.DataFrame, end: Format) -> None:
    """Write the value at the end."""
    known = points.dropna(subset="value")
    if len(known):
        last = known.iloc[-1]
        end_label(ax, float(last["x"]), float(last["value"]), end(last["value"]))


def _steps(ax: Axes, targets: Mapping[str, float | None]) -> pd.DataFrame:
    """Return the ends of a step a month, missing where there is no target."""
    first, last = ax.get_xlim()
    ends = [
        (x, value)
        for at, value in enumerate(targets.values(), 1)
        for x in (max(at - 0.5, first), min(at + 0.5, last))
    ]
    return pd.DataFrame(ends, columns=["x", "value"], dtype=float)


def _target(ax: Axes, points: pd.DataFrame, steps: pd.DataFrame, text: str) -> None:
    """Draw the target, labelled where neither the series nor another step is."""
    dashed(ax, steps["x"].tolist(), steps["value"].tolist()).set_clip_on(False)
    ways = steps.dropna()
    (first, last), (end, target) = ax.get_xlim(), ways.iloc[-1]
    others = ways[ways["value"] != target]
    known = pd.concat([points.dropna(subset="value"), others])
    low, high = ax.get_ylim()
    per_px = (high - low) / height_of(ax)
    room = width_of(text) / (ax.get_position().width * WIDTH) * (last - first)
    near = {"right": known["x"].between(end - room, end)}
    if ways["x"].iloc[0] == first and others.empty:
        near = {"left": known["x"] <= first + room} | near
    gap = (known["value"] - target) / per_px
    # Above the line first, where a label is looked for.
    for above in (True, False):
        fits = target + 13 * per_px <= high if above else target - 13 * per_px >= low
        for side, close in near.items():
            x, by = (first, 3) if side == "left" else (end, -3)
            clear = gap[close] if above else -gap[close]
            if fits and not clear.between(-2, 15).any():
                note(ax, x, target, (by, 4 if above else -11), side, text)
                return
    # No room on the line: right of the frame, clear of the value at its end.
    values = points["value"].dropna()
    over = (values.iloc[-1] - target) / per_px if len(values) else 99.0
    below = over > 0
    base = -4 if abs(over) >= 14 else over - 4 + (-14 if below else 14)
    lines = _broken(text, (1 - ax.get_position().x1) * WIDTH)
    for at, part in enumerate(lines if below else reversed(lines)):
        down = base + (-at if below else at) * LINE
        note(ax, last, target, (6, down), "left", part)


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
    write(
        ax,
        text,
        (at, ax.get_ylim()[0]),
        (0, 4),
        ha="center",
        color=Ink.MUTE,
        gid=NOTE if width_of(text) > WORDY else None,
    )
