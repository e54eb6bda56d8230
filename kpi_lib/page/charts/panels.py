"""The empty panel in the house style: its colours, sizes, scale and notes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from kpi_lib import figures

STYLE = Path(__file__).with_name("house.mplstyle")


class Ink(StrEnum):
    """
    Colours of a drawing: codes that nothing else has, so that they are found again.

    A page puts its own `variable` in their place, a file that stands alone `light`.
    """

    variable: str
    light: str

    INK = "#010101", "ink", "#1c1e20"
    MUTE = "#020202", "mute", "#5f6468"
    RULE = "#030303", "rule", "#d9d8d2"
    SHADE = "#040404", "shade", "#f3f1eb"
    HOLIDAY = "#050505", "hol", "#eae6da"
    SERIES = "#060606", "s", "#1d4c7c"

    def __new__(cls, code: str, variable: str, light: str) -> Ink:
        """Be the code itself, for matplotlib."""
        ink = str.__new__(cls, code)
        ink._value_, ink.variable, ink.light = code, variable, light
        return ink


WIDTH = 280
LEFT, TOP, BOTTOM = 36, 16, 20
RIGHT = 56  # Room for the value at the end of a line

DASHES = (5, 3.75)  # 4 px on, 3 px off, at the width .8 by which matplotlib multiplies

NOTE = "note"  # Class of a long note: a panel too small for it drops it

Format = Callable[[float], str]


@dataclass(frozen=True, kw_only=True)
class Scale:
    """
    An axis that several panels share.

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


STEPS = 3  # About how many grid lines lie above the lowest


def scale(
    values: Sequence[float] | pd.Series,
    *,
    zero: bool = True,
    text: Format = figures.axis,
) -> Scale:
    """
    Choose a scale of about three round steps that holds all values.

    Parameters
    ----------
    values : sequence of float
        Everything drawn on the panels that share the scale, targets too; missing
        values are passed over.
    zero : bool
        Whether zero is shown; counts always do.
    text : callable
        How a tick is printed.

    Returns
    -------
    Scale
    """
    finite = [float(value) for value in values if math.isfinite(float(value))]
    low, high = min(finite, default=0.0), max(finite, default=1.0)
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if high == low:
        high += abs(high) or 1.0
    span = high - low
    size = 10.0 ** math.floor(math.log10(span / STEPS))
    step = next(
        (size * by for by in (1, 2, 5, 10) if span / (size * by) <= STEPS + 0.7), span
    )
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(round(step * at, 10) for at in range(first, max(last, first + 1) + 1))
    return Scale(low=ticks[0], high=ticks[-1], ticks=ticks, text=text)


@cache
def house_style() -> mpl.RcParams:
    """Return the house's look, its colours as `Ink` has them."""
    return mpl.rc_params_from_file(STYLE, use_default_template=False)


@contextmanager
def house() -> Iterator[None]:
    """Draw in the house style, silent about the one warning we cause on purpose."""
    with mpl.rc_context(house_style()), warnings.catch_warnings():
        # The page draws the text in the reader's own Chinese font.
        warnings.filterwarnings("ignore", r"Glyph \d+ .* missing", UserWarning)
        yield


class Panel(Axes):
    """Axes that show themselves where a cell ends with them."""

    series = ""  # Colour of the series, ``#rrggbb``; empty for the accent

    def _repr_svg_(self) -> str:
        from kpi_lib.page.charts.saving import standalone

        return standalone(cast("Figure", self.figure), title="")


class Picture(Figure):
    """The figure of a panel: whoever saves it gets true colours, and Chinese."""

    def savefig(self, *args: Any, **options: Any) -> None:
        """Save as matplotlib does, as it looks on the page."""
        from kpi_lib.page.charts.saving import print_to

        print_to(self, *args, **options)


def panel(height: int = 150, *, right: int = RIGHT) -> Axes:
    """
    Open one empty panel.

    Parameters
    ----------
    height : int
        Height in px; the width is always 280.
    right : int
        The margin in px for the label at the end of the line.

    Returns
    -------
    Axes
        Of a figure of its own, outside pyplot's state; a notebook shows it.
    """
    with house():
        figure = Picture(figsize=(WIDTH / 72, height / 72), dpi=72)
        FigureCanvasSVG(figure)
        figure.patch.set_visible(False)
        ax = figure.add_axes(
            (
                LEFT / WIDTH,
                BOTTOM / height,
                (WIDTH - LEFT - right) / WIDTH,
                (height - BOTTOM - TOP) / height,
            ),
            axes_class=Panel,
        )
        ax.patch.set_visible(False)
        # seaborn reads the tick labels; without automatic ones that costs nothing.
        ax.set_xticks([])
        ax.set_yticks([])
    return ax


def height_of(ax: Axes) -> float:
    """Return how high the frame is, in px."""
    return ax.get_position().height * ax.figure.bbox.height


def dress(ax: Axes, scale: Scale, ticks: dict[float, str]) -> None:
    """Set both axes: round ticks, no titles, nothing clipped."""
    ax.set(xlabel="", ylabel="", ylim=(scale.low, scale.high))
    ax.set_yticks(list(scale.ticks), [scale.text(at) for at in scale.ticks])
    ax.set_xticks(list(ticks), list(ticks.values()))
    for line in (*ax.lines, *ax.get_ygridlines()):
        line.set_clip_on(False)
    if scale.low < 0:
        # The axis lies on zero, its labels stay below the frame.
        ax.spines["bottom"].set_position(("data", 0))
        below = -scale.low / (scale.high - scale.low) * height_of(ax)
        ax.tick_params(axis="x", pad=5 + below)


def write(
    ax: Axes, text: str, at: tuple[float, float], by: tuple[float, float], **look: Any
) -> None:
    """Write a text beside a point, moved by so many px, also outside the frame."""
    options: dict[str, Any] = {"fontsize": 10, "va": "baseline"} | look
    ax.annotate(
        text, at, by, textcoords="offset points", annotation_clip=False, **options
    )


def end_label(ax: Axes, x: float, y: float, text: str) -> None:
    """Write the last value, bold, right of the end of its line."""
    write(ax, text, (x, y), (6, -4), fontsize=11, fontweight="bold")


def note(
    ax: Axes, x: float, y: float, by: tuple[float, float], side: str, text: str
) -> None:
    """Write a small note beside a point; a panel too small for it drops it."""
    write(ax, text, (x, y), by, ha=side, gid=NOTE)


def width_of(text: str) -> float:
    """Estimate the width of a note in px: 10 for a Chinese character, 6 for others."""
    return 6 + sum(10 if ord(ch) > 0x2E7F else 6 for ch in text)
