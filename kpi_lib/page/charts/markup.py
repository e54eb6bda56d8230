"""Axes to SVG that is fit for a page: the one door out of matplotlib."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable
from html import escape
from typing import cast
from xml.etree import ElementTree as ET

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kpi_lib.language import _
from kpi_lib.page.charts.panels import NOTE, Ink, Panel, house

NAMESPACE = "{http://www.w3.org/2000/svg}"
XLINK = "{http://www.w3.org/1999/xlink}href"


def svg(
    drawing: Axes | Figure,
    *,
    title: str,
    last: str,
    prefix: str,
    series: str = "",
    points: Iterable[tuple[float, float, str]] = (),
) -> str:
    """
    Make a panel fit for the page.

    Parameters
    ----------
    drawing : Axes or Figure
        A finished panel.
    title : str
        What is drawn, for whoever cannot see it.
    last : str
        The last value, or another fact that sums the panel up.
    prefix : str
        Put before every id; unlike any other on the page.
    series : str
        Light colour of the series, ``#rrggbb``, which a panel keeps; empty for the
        accent.
    points : iterable of (float, float, str)
        Places on the axes, and what a pointer that rests there is told.

    Returns
    -------
    str
        An ``<svg>`` without prolog, metadata, style element and fixed size, with
        colours as variables of the page and text in the page's font.
    """
    if isinstance(drawing, Panel):
        drawing.series = series
    figure = drawing if isinstance(drawing, Figure) else cast("Figure", drawing.figure)
    with house(), io.StringIO() as buffer:
        # As it is, in the codes of `Ink`: a panel's own figure saves true colours.
        Figure.savefig(
            figure,
            buffer,
            format="svg",
            metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")),
        )
        root = ET.fromstring(buffer.getvalue())
    for unwanted in ("metadata", "title"):
        for child in root.findall(NAMESPACE + unwanted):
            root.remove(child)
    inks = {str(ink): f"var(--{ink.variable},{ink.light})" for ink in Ink}
    if series:
        inks[Ink.SERIES] = f"var(--s,{series})"
    body = "".join(_markup(child, prefix, inks) for child in root)
    for x, y, said in points:
        across, up = figure.axes[0].transData.transform((x, y))
        body += (
            f'<circle cx="{across:.1f}" cy="{figure.bbox.height - up:.1f}" r="7"'
            f' fill="none" pointer-events="all"><title>{escape(said)}</title></circle>'
        )
    size = _short(root.attrib["viewBox"])
    label = escape(_("{title}：{last}", title=title, last=last) if last else title)
    return (
        f'<svg class="chart" viewBox="{size}" width="100%" role="img"'
        f' aria-label="{label}">{body}</svg>'
    )


NUMBER = re.compile(r"-?\d*\.\d+")
GEOMETRY = frozenset(
    ("d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "transform", "points")
)
DEFAULTS = {"stroke-linejoin": "miter", "opacity": "1", "stroke-miterlimit": "100000"}


def _short(text: str) -> str:
    """Round coordinates to one decimal and close up the space between them."""
    rounded = NUMBER.sub(lambda at: f"{float(at[0]):.1f}".removesuffix(".0"), text)
    return re.sub(r" *\n *| +(?=[A-Za-z])|(?<=[A-Z]) +", "", rounded).strip()


def _markup(node: ET.Element, prefix: str, inks: dict[str, str]) -> str:
    """Print one element and what is in it; groups that say nothing are dropped."""
    name = node.tag.removeprefix(NAMESPACE)
    only_style = all(child.tag == NAMESPACE + "style" for child in node)
    if name == "style" or (name == "defs" and only_style):
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


def _attributes(node: ET.Element, name: str, prefix: str, inks: dict[str, str]) -> str:
    """Print an element's attributes: ids prefixed, style as plain attributes."""
    kept: dict[str, str] = {}
    for key, value in node.attrib.items():
        match key:
            case "style":
                kept |= _style(value, inks)
            case "id":
                kept |= _identity(name, value, prefix)
            case "clip-path":
                kept[key] = value.replace("url(#", f"url(#{prefix}")
            case _ if key == XLINK:
                kept["href"] = "#" + prefix + value.removeprefix("#")
            case _:
                kept[key] = _short(value) if key in GEOMETRY else value
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
    attributes: dict[str, str] = {}
    for rule in text.split(";"):
        key, _, value = (part.strip() for part in rule.partition(":"))
        if not key or DEFAULTS.get(key) == value:
            continue
        if key == "font":
            size = re.search(r"([\d.]+)px", value)
            attributes["font-size"] = _short(size[1]) if size else "10"
            if "bold" in value or re.match(r"[67]00", value):
                attributes["font-weight"] = "600"
        elif key != "font-family":
            attributes[key] = inks.get(value, value)
    return attributes
