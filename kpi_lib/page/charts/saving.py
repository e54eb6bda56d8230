"""Charts taken along: files that stand alone, in the page's light colours."""

from __future__ import annotations

import copy
import io
import re
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, cast

from matplotlib import colors, font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.text import Text

from kpi_lib.page.charts.markup import svg
from kpi_lib.page.charts.panels import WIDTH, Ink, house
from kpi_lib.workspace import write_atomic

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

FONT_FILE = re.compile(
    r"(Sans(CJK|SC|CN)|PingFang|msyh|wqy|simhei).*\.(tt[cf]|otf)$", re.I
)

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
    text = svg(ax, title=title, last="", prefix="c", series=series)
    text = re.sub(r"var\(--\w+,(#[0-9a-f]{6})\)", r"\1", text)
    families = ", ".join(f"'{family}'" for family in FONTS)
    size = re.search(r'viewBox="0 0 (\S+) (\S+)"', text)
    width, height = size.groups() if size else (WIDTH, WIDTH)
    head, rest = text.split(">", 1)
    head = head.replace(
        '<svg class="chart"',
        f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{families}, sans-serif"',
    ).replace('width="100%"', f'width="{width}" height="{height}"')
    return f'{head}><rect width="100%" height="100%" fill="{PAPER}"/>{rest}\n'


def _chinese_font() -> str:
    """Return a Chinese font that matplotlib finds here; empty if there is none."""
    if not _listed_font():
        # matplotlib's list is older than a font that was just installed.
        for path in sorted(font_manager.findSystemFonts()):
            if FONT_FILE.search(Path(path).name):
                font_manager.fontManager.addfont(path)
    return _listed_font()


def _listed_font() -> str:
    listed = set(font_manager.get_font_names())
    return next((family for family in FONTS if family in listed), "")


def _png(ax: Axes, series: str) -> bytes:
    """Draw a copy in true colours and a Chinese font."""
    figure = copy.deepcopy(cast("Figure", ax.figure))
    figure.patch.set_visible(True)
    true = {str(ink): ink.light for ink in Ink}
    true[Ink.SERIES] = series or Ink.SERIES.light
    family = _chinese_font()
    if not family:
        warnings.warn(FONT_HINT, stacklevel=3)
    for artist in figure.findobj():
        _recolour(artist, true)
        if isinstance(artist, Text) and family:
            artist.set_fontfamily([family, "DejaVu Sans"])
    with house(), io.BytesIO() as buffer:
        figure.savefig(
            buffer, format="png", dpi=216, facecolor=PAPER, metadata={"Software": None}
        )
        return buffer.getvalue()


COLOURS = ("color", "facecolor", "edgecolor", "markerfacecolor", "markeredgecolor")


def _recolour(artist: Artist, true: dict[str, str]) -> None:
    """Put true colours in the place of the reserved ones, as clear as they were."""
    for name in COLOURS:
        get = getattr(artist, f"get_{name}", None)
        put = getattr(artist, f"set_{name}", None)
        if get is None or put is None:
            continue
        rgba = colors.to_rgba_array(get())
        new = [(true.get(colors.to_hex(at), tuple(at[:3])), at[3]) for at in rgba]
        if new and isinstance(artist, Collection):
            put(new)
        elif len(new) == 1:
            put(new[0])
