"""What is said of days: days off are shaded, campaigns marked above the frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Protocol

from matplotlib.axes import Axes

from kpi_lib.page.charts.panels import Ink, height_of

CLIMB = 3
"""How many px above the frame a campaign's bar lies."""


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


def draw_mark(ax: Axes, days: Sequence[date], mark: Mark) -> None:
    """Mark a campaign's days of the month: a bar above the frame, with its sign."""
    inside = [at for at, day in enumerate(days, 1) if mark.start <= day <= mark.end]
    if not inside:
        return
    px = 1 / height_of(ax)
    above = ax.get_xaxis_transform()
    ax.plot(
        [inside[0] - 0.5, inside[-1] + 0.5],
        [1 + CLIMB * px] * 2,
        color=Ink.MUTE,
        linewidth=1.6,
        solid_capstyle="butt",
        transform=above,
        clip_on=False,
    )
    ax.text(
        (inside[0] + inside[-1]) / 2,
        1 + (CLIMB + 3) * px,
        mark.sign,
        ha="center",
        va="baseline",
        fontsize=10,
        color=Ink.MUTE,
        transform=above,
    )
