"""
Tidy frame to Axes in the house style, and Axes to SVG that is fit for a page.

Every panel is drawn at its native size, 280 px wide, and is told apart from its
neighbours by the caption the page gives it. Nothing here opens a file of data.
"""

from __future__ import annotations

import copy
import io
import math
import re
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Protocol, cast
from xml.etree import ElementTree as ET

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib import colors, font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.collections import Collection as Points
from matplotlib.figure import Figure
from matplotlib.text import Text

from kpi_lib import figures
from kpi_lib.language import _
from kpi_lib.workspace import write_atomic

STYLE = Path(__file__).with_name("house.mplstyle")

INKS: dict[str, tuple[str, str]] = {
    "#010101": ("ink", "#1c1e20"),
    "#020202": ("mute", "#5f6468"),
    "#030303": ("rule", "#d9d8d2"),
    "#040404": ("shade", "#f3f1eb"),
    "#050505": ("hol", "#eae6da"),
    "#060606": ("s", "#1d4c7c"),
}
"""Reserved colour: variable of the page, and the colour where no page sets it."""

INK, MUTE, RULE, SHADE, HOLIDAY, SERIES = INKS

WIDTH = 280
LEFT, TOP, BOTTOM = 36, 16, 20
RIGHT = 56
"""Room for the value at the end of a line."""

NAMESPACE = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}href"

DASHES = (5, 3.75)
"""4 px on, 3 px off, at the width .8 by which matplotlib multiplies."""

CLIMB = 3
"""How many px above the frame a campaign's bar lies."""

NOTE = "note"
"""Class of a long note: a panel too small for it drops it."""

LINE = 11
"""From line to line of a note in px."""

WORDY = 50
"""A note of what is missing that is wider than this, in px, is a long one."""

ROWS = tuple(f"#0700{at:02x}" for at in range(100))
"""Reserved colours of the rows of a dot plot, one a row."""

Format = Callable[[float], str]


@dataclass(frozen=True)
class Mark:
    """
    A span of days that is marked above the frame.

    Parameters
    ----------
    sign : str
        Printed above the bar, such as ①.
    name : str
        What it stands for; named once beside the panels.
    start, end : date
        First and last day.
    """

    sign: str
    name: str
    start: date
    end: date


class Days(Protocol):
    """What shading needs to know of a calendar."""

    def is_working(self, day: date) -> bool:
        """Tell whether a day is worked."""

    def is_holiday(self, day: date) -> bool:
        """Tell whether a day is a public holiday."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """
    A vertical scale that several panels share.

    Parameters
    ----------
    low, high : float
        Ends of the scale, in the unit of the values.
    ticks : tuple of float
        Where grid lines and labels stand.
    text : callable
        How a tick is printed.
    """

    low: float
    high: float
    ticks: tuple[float, ...]
    text: Format = figures.axis


@cache
def _house_style() -> mpl.RcParams:
    """Read the house style, once."""
    return mpl.rc_params_from_file(STYLE, use_default_template=False)


@contextmanager
def _house() -> Iterator[None]:
    """Draw in the house style, silent about the one warning we cause on purpose."""
    with mpl.rc_context(_house_style()), warnings.catch_warnings():
        # The page draws the text in the reader's own Chinese font.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing", UserWarning)
        yield


def scale(
    values: Sequence[float] | pd.Series,
    *,
    zero: bool = True,
    text: Format = figures.axis,
    steps: int = 3,
) -> Scale:
    """
    Choose a scale of round steps that holds all values.

    Parameters
    ----------
    values : sequence of float
        Everything drawn on the panels that share the scale, targets too; missing
        values are passed over.
    zero : bool
        Whether zero is shown; counts always do.
    text : callable
        How a tick is printed.
    steps : int
        About how many grid lines lie above the lowest.

    Returns
    -------
    Scale
    """
    known = [float(value) for value in values if math.isfinite(float(value))]
    low, high = min(known, default=0.0), max(known, default=1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        high += abs(high) or 1.0
    span = high - low
    size = 10.0 ** math.floor(math.log10(span / steps))
    step = next(
        (size * by for by in (1, 2, 5, 10) if span / (size * by) <= steps + 0.7), span
    )
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(step * at, 10) for at in range(first, max(last, first + 1) + 1))
    return Scale(low=ticks[0], high=ticks[-1], ticks=ticks, text=text)


class Panel(Axes):
    """Axes that show themselves where a cell ends with them."""

    def _repr_svg_(self) -> str:
        return standalone(self, title="")


def panel(height: int = 150, *, left: int = LEFT, right: int = RIGHT) -> Axes:
    """
    Open one empty panel.

    Parameters
    ----------
    height : int
        Height in px; the width is always 280.
    left : int
        Margin at the left in px, for the labels of the rows.
    right : int
        Margin at the right in px, for the label at the end of the line.

    Returns
    -------
    Axes
        Of a figure of its own, outside pyplot's state; a notebook shows it.
    """
    with _house():
        figure = Figure(figsize=(WIDTH / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        ax = figure.add_axes(
            (
                left / WIDTH,
                BOTTOM / height,
                (WIDTH - left - right) / WIDTH,
                (height - BOTTOM - TOP) / height,
            ),
            axes_class=Panel,
        )
        ax.patch.set_visible(False)
        # seaborn reads the tick labels; without automatic ones that costs nothing.
        ax.set_xticks([])
        ax.set_yticks([])
    return ax


def _dress(ax: Axes, scale: Scale, ticks: dict[float, str]) -> None:
    """Set both axes: round ticks, no titles, nothing clipped."""
    ax.set(xlabel="", ylabel="", ylim=(scale.low, scale.high))
    ax.set_yticks(list(scale.ticks), [scale.text(at) for at in scale.ticks])
    ax.set_xticks(list(ticks), list(ticks.values()))
    for line in (*ax.lines, *ax.get_ygridlines()):
        line.set_clip_on(False)
    if scale.low < 0:
        ax.spines["bottom"].set_position(("data", 0))
        ax.tick_params(
            axis="x",
            pad=5
            + (0 - scale.low)
            / (scale.high - scale.low)
            * (ax.get_position().height * ax.figure.bbox.height),
        )


def shade(ax: Axes, days: Sequence[date], calendar: Days) -> None:
    """
    Shade days off: weekends lightly, public holidays more.

    Parameters
    ----------
    ax : Axes
        A panel whose x is the position of a day in `days`, from 1.
    days : sequence of date
        The days of the month.
    calendar : Days
        Says which day is worked and which is a holiday.
    """
    kinds = [
        HOLIDAY
        if calendar.is_holiday(day)
        else ""
        if calendar.is_working(day)
        else SHADE
        for day in days
    ]
    edges = [
        0,
        *(at for at, (a, b) in enumerate(pairwise(kinds), 1) if a != b),
        len(kinds),
    ]
    for start, end in pairwise(edges):
        if kinds[start]:
            ax.axvspan(
                max(start + 0.5, 0.5),
                end + 0.5,
                facecolor=kinds[start],
                edgecolor="none",
                zorder=0,
                clip_on=False,
            )


def mark(ax: Axes, days: Sequence[date], marks: Sequence[Mark]) -> None:
    """
    Mark campaigns: a bar above the frame, with its sign.

    Parameters
    ----------
    ax : Axes
        A panel whose x is the position of a day in `days`, from 1.
    days : sequence of date
        The days of the month.
    marks : sequence of Mark
        Their days outside the month are left out.
    """
    px = 1 / (ax.get_position().height * ax.figure.bbox.height)
    above = ax.get_xaxis_transform()
    for one in marks:
        inside = [at for at, day in enumerate(days, 1) if one.start <= day <= one.end]
        if not inside:
            continue
        ax.plot(
            [inside[0] - 0.5, inside[-1] + 0.5],
            [1 + CLIMB * px] * 2,
            color=MUTE,
            linewidth=1.6,
            solid_capstyle="butt",
            transform=above,
            clip_on=False,
        )
        ax.text(
            (inside[0] + inside[-1]) / 2,
            1 + (CLIMB + 3) * px,
            one.sign,
            ha="center",
            va="baseline",
            fontsize=10,
            color=MUTE,
            transform=above,
        )


def _runs(points: pd.DataFrame) -> pd.DataFrame:
    """Give each run of known values a number, so that no line joins over a gap."""
    known = points["value"].notna()
    return points.assign(run=(known != known.shift()).cumsum())[known]


def _line(ax: Axes, points: pd.DataFrame) -> None:
    """Draw runs of `x`, `value` as one series; a lone point becomes a dot."""
    drawn = _runs(points)
    if drawn.empty:
        return
    sns.lineplot(
        drawn,
        x="x",
        y="value",
        units="run",
        estimator=None,
        errorbar=None,
        color=SERIES,
        linewidth=2,
        legend=False,
        ax=ax,
    )
    lone = drawn[~drawn["run"].duplicated(keep=False)]
    dots = pd.concat([lone, drawn.tail(1)]).drop_duplicates("x")
    ax.plot(
        dots["x"],
        dots["value"],
        linestyle="none",
        marker="o",
        markersize=4.5,
        color=SERIES,
        markeredgewidth=0,
    )


def _end_label(ax: Axes, x: float, y: float, text: str, by: float = 6) -> None:
    """Write the last value, bold, so many px right of the end of its line."""
    ax.annotate(
        text,
        (x, y),
        xytext=(by, -4),
        textcoords="offset points",
        fontsize=11,
        fontweight="bold",
        va="baseline",
        annotation_clip=False,
    )


def _target(ax: Axes, points: pd.DataFrame, value: float, text: str) -> None:
    """Draw the target, labelled where the series is not."""
    first, last = ax.get_xlim()
    ax.plot(
        [first, last],
        [value, value],
        color=INK,
        linewidth=0.8,
        dashes=DASHES,
        clip_on=False,
        zorder=1.5,
    )
    known = points.dropna(subset="value")
    low, high = ax.get_ylim()
    per_px = (high - low) / (ax.get_position().height * ax.figure.bbox.height)
    room = _width(text) / (ax.get_position().width * WIDTH) * (last - first)
    near = {"left": known["x"] <= first + room, "right": known["x"] >= last - room}
    gap = (known["value"] - value) / per_px
    # Above the line first, where a label is looked for.
    for side, above in (
        ("left", True),
        ("right", True),
        ("left", False),
        ("right", False),
    ):
        own = gap[near[side]] if above else -gap[near[side]]
        fits = value + 13 * per_px <= high if above else value - 13 * per_px >= low
        if fits and not own.between(-2, 15).any():
            _note(
                ax,
                first if side == "left" else last,
                value,
                (3 if side == "left" else -3, 4 if above else -11),
                side,
                text,
            )
            return
    end = float(gap.iloc[-1]) if len(gap) else 99.0
    # No room on the line: right of the frame, clear of the value at its end.
    below = end > 0
    base = -4 if abs(end) >= 14 else end - 4 + (-14 if below else 14)
    lines = _lines(text, (1 - ax.get_position().x1) * WIDTH)
    for at, line in enumerate(lines if below else reversed(lines)):
        by = base + (-at if below else at) * LINE
        _note(ax, last, value, (6, by), "left", line)


def _lines(text: str, room: float) -> list[str]:
    """Break a note that is wider than its room before its last word, if that helps."""
    lines = text.rsplit(" ", 1)
    helps = _width(text) > room >= max(map(_width, lines))
    return lines if helps else [text]


def _note(
    ax: Axes, x: float, y: float, by: tuple[float, float], side: str, text: str
) -> None:
    """Write a small note beside a point, moved by so many px."""
    ax.annotate(
        text,
        (x, y),
        xytext=by,
        textcoords="offset points",
        ha=side,
        va="baseline",
        fontsize=10,
        annotation_clip=False,
        gid=NOTE,
    )


def _width(text: str) -> float:
    """Estimate the width of a note in px: 10 for a Chinese character, 6 for others."""
    return 6 + sum(10 if ord(ch) > 0x2E7F else 6 for ch in text)


def _note_gaps(
    ax: Axes,
    points: pd.DataFrame,
    word: Callable[[int], str],
    due: pd.Series | None = None,
    *,
    upright: bool = False,
) -> None:
    """
    Write how much of what is due is missing, at the base of the widest gap.

    Between bars a word stands upright: lying, it would cover its neighbours.
    """
    known = points["value"].notna()
    if due is not None:
        points, known = points[due], known[due]
    if known.all() or not known.any():
        return
    gaps = points[~known].assign(run=(known != known.shift()).cumsum()[~known])
    widest = gaps[gaps["run"] == gaps["run"].value_counts().idxmax()]
    text, at = word(len(gaps)), float(widest["x"].mean())
    turned = upright and len(text) > 1
    if not turned:
        first, last = ax.get_xlim()
        half = _width(text) / 2 / (ax.get_position().width * WIDTH) * (last - first)
        at = min(max(at, first + half), last - half)
    ax.annotate(
        text,
        (at, ax.get_ylim()[0]),
        xytext=(0, 4),
        textcoords="offset points",
        ha="left" if turned else "center",
        va="center" if turned else "baseline",
        rotation=90 if turned else 0,
        rotation_mode="anchor",
        fontsize=10,
        color=MUTE,
        annotation_clip=False,
        gid=NOTE if _width(text) > WORDY else None,
    )


def _finish(
    ax: Axes,
    points: pd.DataFrame,
    target: float | None,
    word: str,
    end: Format | None,
) -> Axes:
    """Add what every curve has: target, note of gaps, value at the end."""
    if target is not None:
        _target(ax, points, target, word)
    known = points.dropna(subset="value")
    if end is not None and len(known):
        last = known.iloc[-1]
        _end_label(ax, float(last["x"]), float(last["value"]), end(last["value"]))
    return ax


def day_curve(
    values: pd.DataFrame,
    *,
    days: Sequence[date] = (),
    calendar: Days | None = None,
    scale: Scale | None = None,
    end: Format = figures.short,
    target: float | None = None,
    target_text: str = "",
    due: Collection[date] | None = None,
    marks: Sequence[Mark] = (),
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
    due : collection of date, optional
        Days that count as missing where they have no value; all of them if not given.
    marks : sequence of Mark
        Campaigns.

    Returns
    -------
    Axes
    """
    days, scale = _span(values, days), _scaled(values, scale)
    points = _by_day(values, days)
    own = pd.Series([due is None or day in due for day in days])
    with _house():
        ax = panel()
        _line(ax, points)
        ax.set_xlim(0.5, len(days) + 0.5)
        _dress(ax, scale, _day_ticks(len(days)))
        if calendar is not None:
            shade(ax, days, calendar)
        mark(ax, days, marks)
        _note_gaps(ax, points, lambda n: _("缺{n}天", n=n), own)
        return _finish(ax, points, target, target_text, end)


def day_bars(
    values: pd.DataFrame,
    *,
    days: Sequence[date] = (),
    calendar: Days | None = None,
    scale: Scale | None = None,
    target: float | None = None,
    due: Collection[date] | None = None,
    marks: Sequence[Mark] = (),
    cut: Format = figures.short,
) -> Axes:
    """
    Draw one month as a bar a day; a missing day has none and is told.

    Parameters
    ----------
    values : DataFrame
        One row per day, with `date` and `value`.
    days : sequence of date
        All days of the month, ascending; from the first day to the last if not given.
    calendar : Days, optional
        For the shading of days off.
    scale : Scale, optional
        The vertical scale; a higher bar is cut at its top and labelled.
    target : float, optional
        Drawn as a thin dashed line without a label.
    due : collection of date, optional
        Days that count as missing where they have no value; all of them if not given.
    marks : sequence of Mark
        Campaigns.
    cut : callable
        How the value of a bar is printed that is higher than the scale.

    Returns
    -------
    Axes
    """
    days, scale = _span(values, days), _scaled(values, scale)
    points = _by_day(values, days)
    own = pd.Series([due is None or day in due for day in days])
    with _house():
        ax = panel(132, right=8)
        shown = points.assign(value=points["value"].clip(upper=scale.high))
        sns.barplot(
            shown.dropna(subset="value"),
            x="x",
            y="value",
            native_scale=True,
            errorbar=None,
            color=SERIES,
            saturation=1,
            width=0.72,
            linewidth=0,
            ax=ax,
        )
        ax.set_xlim(0.4, len(days) + 0.6)
        _dress(ax, scale, _day_ticks(len(days)))
        for bar in ax.patches:
            bar.set_clip_on(False)
        if calendar is not None:
            shade(ax, days, calendar)
        mark(ax, days, marks)
        _note_gaps(ax, points, lambda n: _("缺"), own, upright=True)
        _note_cut(ax, points, scale, cut)
        if target is not None:
            ax.plot(
                ax.get_xlim(),
                [target, target],
                color=INK,
                linewidth=0.8,
                dashes=DASHES,
                clip_on=False,
            )
    return ax


def _note_cut(ax: Axes, points: pd.DataFrame, scale: Scale, text: Format) -> None:
    """Write the value of every bar that is cut, beside its top."""
    for at, value in points.loc[points["value"] > scale.high].itertuples(index=False):
        left = at > len(points) / 2
        ax.annotate(
            text(value),
            (at, scale.high),
            xytext=(-4 if left else 4, -9),
            textcoords="offset points",
            ha="right" if left else "left",
            va="baseline",
            fontsize=10,
            fontweight="bold",
            annotation_clip=False,
        )


def month_curve(
    values: pd.DataFrame,
    *,
    months: Sequence[str] = (),
    scale: Scale | None = None,
    end: Format = figures.short,
    target: float | None = None,
    target_text: str = "",
) -> Axes:
    """
    Draw one figure over months; a missing month is a gap.

    Parameters
    ----------
    values : DataFrame
        One row per month, with `month` (``YYYY-MM``) and `value`.
    months : sequence of str
        All months, ascending; those of `values` if not given.
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
    months = months or sorted(values["month"])
    known = values.set_index("month")["value"].reindex(list(months))
    points = pd.DataFrame(
        {"x": range(1, len(months) + 1), "value": known.astype(float).to_numpy()}
    )
    ticks = {
        float(at): figures.month_short(month)
        if at == len(months)
        else figures.month_tick(month)
        for at, month in enumerate(months, 1)
        if (len(months) - at) % 3 == 0
    }
    scale = _scaled(values, scale)
    return _long(
        points,
        ticks,
        lambda n: _("缺{n}个月", n=n),
        scale,
        end,
        target,
        target_text,
    )


def week_curve(
    values: pd.DataFrame,
    *,
    weeks: Sequence[date] = (),
    scale: Scale | None = None,
    end: Format = figures.short,
) -> Axes:
    """
    Draw one figure over weeks; a missing week is a gap.

    Parameters
    ----------
    values : DataFrame
        One row per week, with `week` (its Monday) and `value`.
    weeks : sequence of date
        All Mondays, ascending; those of `values` if not given.
    scale : Scale, optional
        The vertical scale; one that holds the values if not given.
    end : callable
        How the value at the end of the line is printed.

    Returns
    -------
    Axes
    """
    weeks = weeks or sorted(values["week"])
    known = values.set_index("week")["value"].reindex(list(weeks))
    points = pd.DataFrame(
        {"x": range(1, len(weeks) + 1), "value": known.astype(float).to_numpy()}
    )
    starts = [
        (float(at), week)
        for at, week in enumerate(weeks, 1)
        if week.day <= 7 and (week.month - weeks[-1].month) % 3 == 0
    ]
    ticks = {at: figures.month_short(week.isoformat()) for at, week in starts}
    scale = _scaled(values, scale)
    return _long(points, ticks, lambda n: _("缺{n}周", n=n), scale, end, None, "")


def _long(
    points: pd.DataFrame,
    ticks: dict[float, str],
    word: Callable[[int], str],
    scale: Scale,
    end: Format,
    target: float | None,
    target_text: str,
) -> Axes:
    """Draw a curve over months or weeks."""
    with _house():
        ax = panel()
        _line(ax, points)
        ax.set_xlim(1, max(len(points), 2))
        _dress(ax, scale, ticks)
        _note_gaps(ax, points, word)
        return _finish(ax, points, target, target_text, end)


DOT_ROW = 26
DOT_LEFT = 84


def dot_plot(values: pd.DataFrame, *, scale: Scale, end: Format) -> Axes:
    """
    Set this month beside last month and the target, a row for each account.

    Parameters
    ----------
    values : DataFrame
        One row per account: `name`, `now` (drawn solid), `before` (hollow), `target`
        (a tick); all but `name` in one unit, missing where unknown.
    scale : Scale
        The horizontal scale.
    end : callable
        How this month's value is printed at the end of the row.

    Returns
    -------
    Axes
        Row `i` in the reserved colour ``ROWS[i]``.
    """
    rows = values.reset_index(drop=True).assign(y=range(len(values)))
    rows["ink"] = [ROWS[at % len(ROWS)] for at in rows["y"]]
    with _house():
        ax = panel(DOT_ROW * len(rows) + BOTTOM + TOP, left=DOT_LEFT)
        both = rows.dropna(subset=["now", "before"])
        ax.hlines(
            both["y"], both["before"], both["now"], colors=list(both["ink"]), lw=1
        )
        before = rows.dropna(subset="before")
        ax.scatter(
            before["before"],
            before["y"],
            s=36,
            facecolors="none",
            edgecolors=list(before["ink"]),
            linewidths=1.2,
            clip_on=False,
        )
        sns.scatterplot(
            rows.dropna(subset="now"),
            x="now",
            y="y",
            hue="ink",
            palette={ink: ink for ink in rows["ink"]},
            s=49,
            linewidth=0,
            legend=False,
            clip_on=False,
            zorder=3,
            ax=ax,
        )
        goal = rows.dropna(subset="target")
        ax.vlines(goal["target"], goal["y"] - 0.32, goal["y"] + 0.32, INK, lw=1.4)
        ax.set(xlabel="", ylabel="", xlim=(scale.low, scale.high))
        ax.set_ylim(len(rows) - 0.5, -0.5)
        ax.set_xticks(list(scale.ticks), [scale.text(at) for at in scale.ticks])
        ax.set_yticks(list(rows["y"]), [_fitted(name) for name in rows["name"]])
        ax.grid(visible=False, axis="y")
        ax.grid(visible=True, axis="x")
        for row in rows.dropna(subset="now").itertuples():
            _end_label(ax, scale.high, float(str(row.y)), end(float(str(row.now))), 11)
    return ax


def _fitted(name: str) -> str:
    """Cut a name to what fits left of a row."""
    fits = [at for at in range(len(name) + 1) if _width(name[:at]) <= DOT_LEFT - 4]
    return name if fits[-1] == len(name) else name[: fits[-1] - 1] + "…"


def _scaled(values: pd.DataFrame, given: Scale | None) -> Scale:
    """Return the scale that is given, or one that holds the values."""
    return given or scale(values["value"])


def _span(values: pd.DataFrame, days: Sequence[date]) -> Sequence[date]:
    """Return the days that are given, or every day from the first to the last."""
    known = pd.to_datetime(values["date"])
    return days or [day.date() for day in pd.date_range(known.min(), known.max())]


def _by_day(values: pd.DataFrame, days: Sequence[date]) -> pd.DataFrame:
    """Lay values on the days of a month: one row per day, `x` from 1."""
    known = pd.Series(
        values["value"].astype(float).to_numpy(), index=pd.to_datetime(values["date"])
    )
    return pd.DataFrame(
        {
            "x": range(1, len(days) + 1),
            "value": known.reindex(pd.to_datetime(list(days))).to_numpy(),
        }
    )


def _day_ticks(length: int) -> dict[float, str]:
    """Label every seventh day and the last."""
    sevenths = [day for day in range(1, length - 3, 7) if day < 29]
    return {float(day): str(day) for day in (*sevenths, length)}


def svg(
    ax: Axes,
    *,
    title: str,
    last: str,
    prefix: str,
    series: str = "",
    rows: Sequence[tuple[str, str]] = (),
) -> str:
    """
    Make a panel fit for the page: the one door out of matplotlib.

    Parameters
    ----------
    ax : Axes
        A finished panel.
    title : str
        What is drawn, for whoever cannot see it.
    last : str
        The last value, or another fact that sums the panel up.
    prefix : str
        Put before every id; unlike any other on the page.
    series : str
        Light colour of the series, ``#rrggbb``; empty for the accent.
    rows : sequence of (light, dark)
        Colours of the rows of a dot plot.

    Returns
    -------
    str
        An ``<svg>`` without prolog, metadata, style element and fixed size, with
        colours as variables of the page and text in the page's font.
    """
    figure = cast("Figure", ax.figure)
    with _house(), io.StringIO() as buffer:
        figure.savefig(
            buffer,
            format="svg",
            metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")),
        )
        root = ET.fromstring(buffer.getvalue())
    for unwanted in ("metadata", "title"):
        for child in root.findall(NAMESPACE + unwanted):
            root.remove(child)
    inks = {code: f"var(--{name},{light})" for code, (name, light) in INKS.items()}
    if series:
        inks[SERIES] = f"var(--s,{series})"
    for code, (light, dark) in zip(ROWS, rows, strict=False):
        inks[code] = f"var(--s,{light});--l:{light};--d:{dark}"
    body = "".join(_markup(child, prefix, inks) for child in root)
    size = _short(root.attrib["viewBox"])
    label = escape(_("{title}：{last}", title=title, last=last) if last else title)
    return (
        f'<svg class="chart" viewBox="{size}" width="100%" role="img"'
        f' aria-label="{label}">{body}</svg>'
    )


NUMBER = re.compile(r"-?\d*\.\d+")
GEOMETRY = {
    "d",
    "x",
    "y",
    "x1",
    "x2",
    "y1",
    "y2",
    "width",
    "height",
    "transform",
    "points",
}
DEFAULTS = {"stroke-linejoin": "miter", "opacity": "1", "stroke-miterlimit": "100000"}


def _short(text: str) -> str:
    """Round coordinates to one decimal and close up the space between them."""
    rounded = NUMBER.sub(lambda at: f"{float(at[0]):.1f}".removesuffix(".0"), text)
    return re.sub(r" *\n *| +(?=[A-Za-z])|(?<=[A-Z]) +", "", rounded).strip()


def _markup(node: ET.Element, prefix: str, inks: dict[str, str]) -> str:
    """Print one element and what is in it; groups that say nothing are dropped."""
    name = node.tag.removeprefix(NAMESPACE)
    if name == "style" or (name == "defs" and _only_style(node)):
        return ""
    inner = "".join(_markup(child, prefix, inks) for child in node)
    if node.text and node.text.strip():
        inner = escape(node.text, quote=False) + inner
    attributes = _attributes(node, name, prefix, inks)
    if name == "g" and not attributes:
        return inner
    return (
        f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"
    )


def _only_style(node: ET.Element) -> bool:
    """Tell whether definitions hold nothing but a style."""
    return all(child.tag == NAMESPACE + "style" for child in node)


def _attributes(node: ET.Element, name: str, prefix: str, inks: dict[str, str]) -> str:
    """Print an element's attributes: ids prefixed, style as plain attributes."""
    kept: dict[str, str] = {}
    for key, value in node.attrib.items():
        if key == "style":
            kept |= _style(value, inks)
        elif key == "id":
            kept |= _identity(name, value, prefix)
        elif key == XLINK:
            kept["href"] = "#" + prefix + value.removeprefix("#")
        elif key == "clip-path":
            kept[key] = value.replace("url(#", f"url(#{prefix}")
        elif key in GEOMETRY:
            kept[key] = _short(value)
        else:
            kept[key] = value
    if name == "text" and kept.get("transform", "").startswith("rotate(-0"):
        del kept["transform"]
    painted = {key: value for key, value in kept.items() if value.startswith("var(")}
    plain = {key: value for key, value in kept.items() if key not in painted}
    if painted:
        # var() is allowed in a style, not in an attribute.
        plain["style"] = ";".join(f"{key}:{value}" for key, value in painted.items())
    return "".join(f' {key}="{escape(value)}"' for key, value in plain.items())


def _identity(name: str, id: str, prefix: str) -> dict[str, str]:
    """Keep the ids that are referred to; a note's becomes its class."""
    if name in {"path", "clipPath"}:
        return {"id": prefix + id}
    return {"class": NOTE} if id == NOTE else {}


def _style(text: str, inks: dict[str, str]) -> dict[str, str]:
    """Read a style of matplotlib's; the font's family is left to the page."""
    found: dict[str, str] = {}
    for rule in text.split(";"):
        key, _, value = (part.strip() for part in rule.partition(":"))
        if not key or DEFAULTS.get(key) == value:
            continue
        if key == "font":
            size = re.search(r"([\d.]+)px", value)
            found["font-size"] = _short(size[1]) if size else "10"
            if "bold" in value or re.match(r"[67]00", value):
                found["font-weight"] = "600"
        elif key != "font-family":
            found[key] = inks.get(value, value)
    return found


# Exploring: what only notebooks draw.


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
    with _house():
        ax = panel(BOTTOM + 22 * max(len(values), 1))
        names = [figures.brief(str(name), 9) for name in values["name"]]
        left = 6 + max(map(_width, names), default=0)
        ax.set_position(
            (left / WIDTH, 0.02, (WIDTH - left - RIGHT) / WIDTH, 0.96), which="both"
        )
        rows = range(len(values))
        ax.barh(rows, values["value"], height=0.55, color=SERIES, linewidth=0)
        ax.plot(
            values["before"],
            rows,
            linestyle="none",
            marker="|",
            markersize=14,
            markeredgewidth=1.5,
            color=INK,
        )
        high = pd.concat([values["value"], values["before"]]).max()
        ax.set(xlim=(0, high if high > 0 else 1), ylim=(len(values) - 0.5, -0.5))
        ax.grid(visible=False)
        ax.spines["bottom"].set_visible(False)
        ax.set_yticks(list(rows), names, color=INK)
        for row, value in zip(rows, values["value"], strict=True):
            _note(ax, ax.get_xlim()[1], row, (6, -4), "left", text(value))
    return ax


WEEKDAYS = "一二三四五六日"


def week_hours(values: pd.DataFrame) -> Axes:
    """
    Draw a week of hours: the darker, the more.

    Parameters
    ----------
    values : DataFrame
        One row per weekday and hour that has any: `weekday` (0 Monday to 6), `hour`
        (0 to 23), `value` (above 0).

    Returns
    -------
    Axes
    """
    with _house():
        ax = panel(150, right=8)
        most = float(values["value"].max())
        columns = (values[name].astype(float) for name in ("weekday", "hour", "value"))
        for weekday, hour, value in zip(*columns, strict=True):
            # From .15, so that one is seen beside many.
            ax.bar(
                hour + 0.5,
                0.9,
                width=0.9,
                bottom=weekday - 0.45,
                color=SERIES,
                alpha=round(0.15 + 0.85 * value / most, 3),
                linewidth=0,
            )
        ax.set(xlim=(0, 24), ylim=(6.5, -0.5))
        ax.set_yticks(range(7), list(WEEKDAYS))
        ax.set_xticks(range(0, 25, 6), ["0时", "6", "12", "18", "24"])
        ax.grid(visible=False)
    return ax


def windows(values: pd.DataFrame, *, low: float, high: float, scale: Scale) -> Axes:
    """
    Draw spans of equal length before, during and after a campaign.

    Parameters
    ----------
    values : DataFrame
        One row per span, in order: `at` (0 the campaign's own, negative before),
        `value`.
    low, high : float
        Range of the spans before, drawn as a band.
    scale : Scale
        The vertical scale.

    Returns
    -------
    Axes
    """
    with _house():
        ax = panel(150)
        ax.axhspan(low, high, facecolor=HOLIDAY, edgecolor="none", zorder=0)
        own = values[values["at"] == 0]
        others = values[values["at"] != 0]
        for points, size, hollow in ((others, 5.0, True), (own, 8.0, False)):
            ax.plot(
                points["at"],
                points["value"],
                linestyle="none",
                marker="o",
                markersize=size,
                color=SERIES,
                markerfacecolor="none" if hollow else SERIES,
                clip_on=False,
            )
        ax.set_xlim(values["at"].min() - 0.5, values["at"].max() + 0.5)
        first, last = int(values["at"].min()), int(values["at"].max())
        ticks = {float(first): f"前{-first}", 0.0: "活动"}
        if last > 0:
            ticks[float(last)] = "后"
        _dress(ax, scale, ticks)
        for value in own["value"].astype(float):
            _end_label(ax, ax.get_xlim()[1], value, figures.short(value))
    return ax


def shares(values: pd.DataFrame) -> Axes:
    """
    Draw how much of the whole the first few hold: a curve of running shares.

    Parameters
    ----------
    values : DataFrame
        One row per thing, largest first: `share` (running, 0 to 1).

    Returns
    -------
    Axes
    """
    with _house():
        ax = panel(160)
        points = pd.DataFrame(
            {"x": [0, *values["rank"]], "value": [0, *values["share"]]}
        )
        _line(ax, points)
        count = len(values)
        ax.set_xlim(0, max(count, 1))
        # What it would be if all were alike.
        ax.plot([0, count], [0, 1], color=INK, linewidth=0.8, dashes=DASHES, zorder=1.5)
        percent = scale([0, 1], text=lambda at: f"{at:.0%}", steps=4)
        _dress(ax, percent, {0.0: "0", float(count): f"{count}条"})
    return ax


# Taking a chart along: files that stand alone.

FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "SimHei",
    "Noto Sans CJK JP",
)
"""Chinese fonts that matplotlib can draw with, best first."""

FONT_HINT = (
    "这台电脑没有matplotlib能用的中文字体，PNG里的汉字会是方框："
    "Debian、Ubuntu上sudo apt-get install fonts-noto-cjk，再重开内核；或存成SVG"
)

PAPER = "#fcfbf8"
"""Ground of a picture that stands alone, as the page's."""


class Drawn(Protocol):
    """What has charts to save: an answer of `explore`, or a whole month."""

    def charts(self) -> Iterable[tuple[str, Axes]]:
        """Name and draw every chart."""


def chinese_font() -> str:
    """
    Return a Chinese font that matplotlib finds on this machine.

    Returns
    -------
    str
        Its family; empty if there is none.
    """
    if not _known_font():
        # matplotlib's list is older than a font that was just installed.
        for path in sorted(font_manager.findSystemFonts()):
            if FONT_FILE.search(Path(path).name):
                font_manager.fontManager.addfont(path)
    return _known_font()


FONT_FILE = re.compile(
    r"(Sans(CJK|SC|CN)|PingFang|msyh|wqy|simhei).*\.(tt[cf]|otf)$", re.I
)


def _known_font() -> str:
    known = set(font_manager.get_font_names())
    return next((family for family in FONTS if family in known), "")


def save(ax: Axes, path: str | Path, *, title: str = "", series: str = "") -> Path:
    """
    Save one chart as a file that stands alone, in the page's light colours.

    Parameters
    ----------
    ax : Axes
        A finished panel; left as it is.
    path : str or Path
        Ending in ``.svg`` (text stays text, drawn in the reader's font) or ``.png``
        (three times as fine; warns where no Chinese font is installed).
    title : str
        What is drawn, for whoever cannot see it.
    series : str
        Colour of the series, ``#rrggbb``; empty for the accent.

    Returns
    -------
    Path
        Where it was saved.

    Raises
    ------
    ValueError
        Another ending.
    """
    path = Path(path)
    if path.suffix == ".svg":
        write_atomic(path, standalone(ax, title=title, series=series))
    elif path.suffix == ".png":
        write_atomic(path, _png(ax, series))
    else:
        raise ValueError(f"{path.name}：应为.svg或.png")
    return path


def save_all(m: Drawn, folder: str | Path, *, kind: str = "svg") -> list[Path]:
    """
    Save every chart of a month, or of one answer.

    Parameters
    ----------
    m : Workbook or Answer
        What names and draws its charts.
    folder : str or Path
        Made if it is not there.
    kind : {"svg", "png"}
        As of `save`.

    Returns
    -------
    list of Path
        One per chart, named by it.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return [save(ax, folder / f"{name}.{kind}", title=name) for name, ax in m.charts()]


def standalone(ax: Axes, *, title: str, series: str = "") -> str:
    """
    Make an SVG file of a panel: colours and fonts written out, a ground of its own.

    Parameters
    ----------
    ax : Axes
        A finished panel.
    title, series : str
        As of `save`.

    Returns
    -------
    str
        The same bytes for the same drawing.
    """
    row = series or INKS[SERIES][1]
    rows = [(row, row)] * len(ROWS)
    text = svg(ax, title=title, last="", prefix="c", series=series, rows=rows)
    text = re.sub(r";--[ld]:#[0-9a-f]{6}", "", text)
    text = re.sub(r"var\(--\w+,(#[0-9a-f]{6})\)", r"\1", text)
    families = ", ".join(f"'{family}'" for family in FONTS)
    ground = f'<rect width="100%" height="100%" fill="{PAPER}"/>'
    size = re.search(r'viewBox="0 0 (\S+) (\S+)"', text)
    width, height = size.groups() if size else (WIDTH, WIDTH)
    head, rest = text.split(">", 1)
    head = head.replace(
        '<svg class="chart"',
        f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{families}, sans-serif"',
    ).replace('width="100%"', f'width="{width}" height="{height}"')
    return f"{head}>{ground}{rest}\n"


COLOURS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def _png(ax: Axes, series: str) -> bytes:
    """Draw a copy in true colours and a Chinese font."""
    figure = copy.deepcopy(cast("Figure", ax.figure))
    figure.patch.set_visible(True)
    true = {code: light for code, (_, light) in INKS.items()}
    true[SERIES] = series or true[SERIES]
    true |= dict.fromkeys(ROWS, true[SERIES])
    family = chinese_font()
    if not family:
        warnings.warn(FONT_HINT, stacklevel=3)
    for artist in figure.findobj():
        _recolour(artist, true)
        if isinstance(artist, Text) and family:
            artist.set_fontfamily([family, "DejaVu Sans"])
    with _house(), io.BytesIO() as buffer:
        figure.savefig(
            buffer, format="png", dpi=216, facecolor=PAPER, metadata={"Software": None}
        )
        return buffer.getvalue()


def _recolour(artist: Artist, true: dict[str, str]) -> None:
    """Put true colours in the place of the reserved ones, as clear as they were."""
    for name in COLOURS:
        get = getattr(artist, f"get_{name}", None)
        put = getattr(artist, f"set_{name}", None)
        if get is None or put is None:
            continue
        now = colors.to_rgba_array(get())
        new = [(true.get(colors.to_hex(one), tuple(one[:3])), one[3]) for one in now]
        if new and isinstance(artist, Points):
            put(new)
        elif len(new) == 1:
            put(new[0])
