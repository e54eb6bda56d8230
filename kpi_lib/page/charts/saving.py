"""Charts taken along: files that stand alone, and the house's look for other plots."""

from __future__ import annotations

import copy
import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from cycler import cycler
from matplotlib import colors, font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.collections import Collection
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from kpi_lib.files import platforms
from kpi_lib.page.charts.markup import svg
from kpi_lib.page.charts.panels import Ink, Panel, house, house_style, width_of
from kpi_lib.workspace import write_atomic

# Chinese fonts that matplotlib can draw with, best first.
FONTS = Path(__file__).with_name("fonts.txt").read_text("utf-8").splitlines()

FONT_FILE = re.compile(
    r"(Sans(CJK|SC|CN)|PingFang|msyh|wqy|simhei).*\.(tt[cf]|otf)$", re.I
)

FONT_HINT = (
    "这台电脑没有matplotlib能用的中文字体，PNG里的汉字会是方框："
    "Debian、Ubuntu上sudo apt-get install fonts-noto-cjk，再重开内核；或存成SVG"
)

PAPER = "#fcfbf8"  # Ground of a picture that stands alone, as the page's


# A sheet's width, what is left around it and between panels, and above each, in px.
SHEET, MARGIN, GAP, CAPTION = 800, 24, 20, 24


def style() -> dict[str, str]:
    """
    Dress an analyst's own plots: Chinese glyphs, the house's look, its colours.

    Returns
    -------
    dict of str to str
        Colour by platform, by its id and by its Chinese name: seaborn's ``palette``.

    Examples
    --------
    >>> style()["抖音"] == style()["douyin"]
    True
    """
    true = {str(ink): ink.light for ink in Ink}
    palette: dict[str, str] = {}
    for platform in platforms().values():
        palette |= dict.fromkeys((platform.id, platform.name), platform.light)
    look: dict[str, Any] = {
        key: true.get(str(value), value) for key, value in house_style().items()
    }
    look |= dict.fromkeys(("figure.facecolor", "savefig.facecolor"), PAPER)
    look |= {"font.family": _families(), "figure.dpi": 108, "savefig.dpi": 216}
    look["axes.prop_cycle"] = cycler(color=[*dict.fromkeys(palette.values())])
    mpl.rcParams.update(look)  # type: ignore[arg-type]
    return palette


def save(ax: Axes, path: str | Path, *, title: str = "") -> Path:
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

    Returns
    -------
    Path
        Where it was saved.

    Raises
    ------
    ValueError
        Another ending.
    """
    return _write(_figure(ax), Path(path), title, fine=3)


def save_all(m: Any, folder: str | Path, *, kind: str = "svg") -> list[Path]:
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
    place = Path(folder)
    return [save(ax, place / f"{name}.{kind}", title=name) for name, ax in m.charts()]


def save_sheet(
    panels: Sequence[tuple[Axes, str, str]],
    path: str | Path,
    *,
    title: str,
    lines: Sequence[str] = (),
    source: str = "",
    width: int = 1280,
) -> Path:
    """
    Save panels as one picture for a slide: headline, panels, source; 16:9 if they fit.

    Parameters
    ----------
    panels : sequence of (Axes, str, str)
        Each with its name and a note, which stand above it.
    path : str or Path
        As of `save`.
    title, lines, source : str, sequence of str, str
        The headline, what stands below it, and the line at the foot.
    width : int
        In px.

    Returns
    -------
    Path
        Where it was saved.
    """
    columns = {0: 1, 4: 2}.get(len(panels), min(len(panels), 3))
    rows = -(-len(panels) // columns)
    wide = (SHEET - 2 * MARGIN - (columns - 1) * GAP) / columns
    texts = [(text, 16, Ink.INK) for text in _folded(title, 16)]
    texts += [(text, 10, Ink.MUTE) for line in lines for text in _folded(line, 10)]
    head = MARGIN + sum(1.5 * size for _, size, _ in texts)
    high = max((_figure(ax).bbox.height for ax, *_ in panels), default=0)
    room = SHEET * 9 / 16 - head - 2 * MARGIN
    high = max(high, room / max(rows, 1) - CAPTION)
    height = head + rows * (high + CAPTION) + 2 * MARGIN
    with house():
        sheet = Figure((SHEET / 72, height / 72), dpi=72)

        def write(x: float, y: float, text: str, size: float, ink: str) -> None:
            bold = "bold" if ink == Ink.INK else "normal"
            at = (x / SHEET, 1 - y / height)
            sheet.text(*at, text, fontsize=size, color=ink, fontweight=bold)

        y = float(MARGIN)
        for text, size, ink in texts:
            y += 1.5 * size
            write(MARGIN, y, text, size, ink)
        for at, (ax, name, note) in enumerate(panels):
            x = MARGIN + at % columns * (wide + GAP)
            y = head + (at // columns + 1) * (high + CAPTION)
            sheet.add_artist(_Placed(_figure(ax), (x, height - y, wide, high)))
            write(x, y - high - 6, "■", 9, series_of(_figure(ax)))
            write(x + 14, y - high - 6, name, 10, Ink.INK)
            after = 14 + width_of(name)
            # As small as it must be to end with its panel.
            fits = 10 * min(1, (wide - after) / width_of(note))
            write(x + after, y - high - 6, note, fits, Ink.MUTE)
        write(MARGIN, height - MARGIN, source, 9, Ink.MUTE)
    return _write(sheet, Path(path), title, width / SHEET)


def _folded(text: str, size: int) -> list[str]:
    """Break a text into lines that are no wider than a sheet."""
    lines = [""]
    for sign in text:
        if width_of(lines[-1] + sign) * size / 10 > SHEET - 2 * MARGIN:
            lines.append("")
        lines[-1] += sign
    return lines


class _Placed(Artist):
    """A copy of a drawing, made to fill a box on a sheet; labels keep their size."""

    def __init__(self, figure: Figure, box: tuple[float, float, float, float]) -> None:
        super().__init__()
        self._drawing, (_, _, wide, high) = coloured(figure), box
        size = figure.bbox.size
        for ax in self._drawing.axes:
            (left, low), (right, top) = ax.get_position().get_points() * size
            ends = (1 - (size[0] - right) / wide, 1 - (size[1] - top) / high)
            ax.set_position(Bbox([(left / wide, low / high), ends]), which="both")
        self._drawing.bbox_inches.set(Bbox.from_bounds(*(at / 72 for at in box)))

    def get_children(self) -> list[Artist]:
        """Return what is found in it, too."""
        return [self._drawing]

    def draw(self, renderer: RendererBase) -> None:
        """Draw it as fine as the sheet."""
        self._drawing.dpi = cast("Figure", self.figure).dpi
        self._drawing.draw(renderer)


def _figure(ax: Axes) -> Figure:
    return cast("Figure", ax.figure)


def _write(
    figure: Figure, path: Path, title: str, scale: float = 1, fine: int = 1
) -> Path:
    """Write a drawing as a file, so many times as large as it is, and as fine."""
    if path.suffix == ".svg":
        write_atomic(path, standalone(figure, title=title, scale=scale))
    elif path.suffix == ".png":
        with io.BytesIO() as buffer:
            about = {"format": "png", "metadata": {"Software": None}}
            print_to(figure, buffer, dpi=72 * scale * fine, **about)
            write_atomic(path, buffer.getvalue())
    else:
        raise ValueError(f"{path.name}：应为.svg或.png")
    return path


def print_to(figure: Figure, *place: Any, **options: Any) -> None:
    """Save a drawing by matplotlib: in true colours, on paper, in a Chinese font."""
    drawing, families = coloured(figure), _families()
    for text in drawing.findobj(Text):
        text.set_fontfamily(families)
    drawing.patch.set_visible(True)
    look: dict[str, Any] = {"dpi": 216, "facecolor": PAPER}
    with house():
        Figure.savefig(drawing, *place, **look | options)


def standalone(figure: Figure, *, title: str, scale: float = 1) -> str:
    """Make an SVG file of a drawing: colours and fonts written out, its own ground."""
    text = svg(coloured(figure), title=title, last="", prefix="c")
    families = ", ".join(f"'{family}'" for family in FONTS)
    width, height = (f"{at * scale:g}" for at in figure.bbox.size)
    head, rest = text.split(">", 1)
    head = head.replace(
        '<svg class="chart"',
        f'<svg xmlns="http://www.w3.org/2000/svg" font-family="{families}, sans-serif"',
    ).replace('width="100%"', f'width="{width}" height="{height}"')
    return f'{head}><rect width="100%" height="100%" fill="{PAPER}"/>{rest}\n'


def _families() -> list[str]:
    """Return the fonts to draw with; warns where none of them is a Chinese one."""
    if not _listed_font():
        # matplotlib's list is older than a font that was just installed.
        for path in font_manager.findSystemFonts():
            if FONT_FILE.search(Path(path).name):
                font_manager.fontManager.addfont(path)
    if not (family := _listed_font()):
        warnings.warn(FONT_HINT, stacklevel=4)
    return [family, "DejaVu Sans"] if family else ["DejaVu Sans"]


def _listed_font() -> str:
    listed = set(font_manager.get_font_names())
    return next((family for family in FONTS if family in listed), "")


def coloured(figure: Figure) -> Figure:
    """Copy a drawing in true colours."""
    drawing = copy.deepcopy(figure)
    true = {str(ink): ink.light for ink in Ink} | {str(Ink.SERIES): series_of(figure)}
    for artist in drawing.findobj():
        _recolour(artist, true)
    return drawing


def series_of(figure: Figure) -> str:
    """Return the colour of a drawing's series."""
    own = (ax.series for ax in figure.axes if isinstance(ax, Panel))
    return next(filter(None, own), Ink.SERIES.light)


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
