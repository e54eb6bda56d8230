"""Answers to questions: charts and a table with their numbers, and how they are put."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import page
from kpi_lib.catalogue import METRICS, UNITS
from kpi_lib.figures import month_short
from kpi_lib.page import Brand, Fragment, brand_of, charts, panel, texts_of
from kpi_lib.workbook.tables import Tables
from kpi_lib.workspace import sha256

MOST = 12
"""Panels shown at once; the rest is counted."""


class Drawing(NamedTuple):
    """One chart: for a file's name, for its caption, for its colour."""

    ax: Axes
    file: str
    name: str
    note: str = ""
    who: Brand | None = None


@dataclass(frozen=True)
class Answer(Fragment):
    """
    A picture with the frame behind it.

    Parameters
    ----------
    html : str
        Rendered and escaped.
    frame : DataFrame
        What is drawn.
    drawings : tuple of Drawing
        The charts, each with a name fit for a file.
    """

    frame: pd.DataFrame
    drawings: tuple[Drawing, ...] = ()

    def charts(self) -> Iterable[tuple[str, Axes]]:
        """Name and return every chart, as `charts.save_all` wants them."""
        return [(drawing.file, drawing.ax) for drawing in self.drawings]

    def __repr__(self) -> str:
        return f"<{len(self.drawings)}张图，{len(self.frame)}行数据>"


@dataclass(frozen=True)
class Table:
    """Cells as they are printed; the last `figures` columns stand right."""

    cells: pd.DataFrame
    figures: int = 0


def answer(
    kind: str,
    title: str,
    sub: str,
    frame: pd.DataFrame,
    drawings: Sequence[Drawing] = (),
    table: Table | None = None,
) -> Answer:
    """Render an answer; its ids are unlike those of any other on the page."""
    mark = sha256(f"{kind} {title} {[(d.name, d.note) for d in drawings]}".encode())[:8]
    panels = [
        panel(ax, name=name, note=note, last=note, prefix=f"{mark}{at}-", who=who)
        for at, (ax, _file, name, note, who) in enumerate(drawings)
    ]
    html = page.render("explore", title=title, sub=sub, panels=panels, table=table)
    files = (re.sub(r"[^\w-]+", "-", f"{kind}-{drawing.file}") for drawing in drawings)
    named = (at._replace(file=file) for at, file in zip(drawings, files, strict=True))
    return Answer(html, frame, tuple(named))


def curves(
    kind: str,
    title: str,
    sub: str,
    frame: pd.DataFrame,
    m: Tables,
    draw: Callable[..., Axes],
    by: str,
) -> Answer:
    """Answer with a panel for each metric and key, as many as there is room for."""
    drawings, more = [], 0
    for metric in frame["metric"].unique():
        rows = frame[frame["metric"] == metric]
        scale, end = scale_of(metric, rows["value"]), text_of(metric)
        panels = list(rows.groupby("key" if "key" in rows else by, sort=True))
        more += len(panels[MOST:])
        for id, values in panels[:MOST]:
            note, where = caption(metric), {}
            if "breaks" in values and values["breaks"].any():
                # Of `Workbook.totals`: from these months on it is another series.
                breaks = values.loc[values["breaks"], "month"].tolist()
                note += f"，{'、'.join(map(month_short, breaks))}换了口径"
                where = {"breaks": breaks}
            ax = draw(values, scale=scale, end=end, **where)
            name, file = m.names(by)[str(id)], f"{metric}-{id}"
            who = brand(m, by, str(id))
            drawings.append(Drawing(ax, file, name, note, who))
    sub += f"另有{more}张没有画出，可以按平台筛选。" if more else ""
    return answer(kind, title, sub, frame, drawings)


def zh(*metrics: str) -> str:
    """Name metrics in Chinese."""
    return "、".join(METRICS[metric].zh for metric in metrics)


def unit_of(metric: str) -> str:
    """Name the unit of a metric; what is shown as a percentage needs none."""
    return UNITS[METRICS[metric].unit] if METRICS[metric].unit != "share" else ""


def caption(metric: str) -> str:
    """Name a metric and its unit."""
    return "，".join(filter(None, (zh(metric), unit_of(metric))))


def text_of(metric: str) -> charts.Format:
    """Return how values of a metric are printed beside a chart."""
    return texts_of(metric)[0]


def scale_of(metric: str, values: pd.Series) -> charts.Scale:
    """Return one scale for all panels of a metric."""
    levels_of_shares = (
        METRICS[metric].unit == "share" and METRICS[metric].kind == "stock"
    )
    tick = texts_of(metric)[1]
    return charts.scale(values.tolist(), text=tick, zero=not levels_of_shares)


def whose(m: Tables, operator: str) -> str:
    """Name the operator asked about, or the team."""
    return m.names("operator")[m.operator_id(operator)] if operator else "团队"


def brand(m: Tables, by: str, id: str) -> Brand | None:
    """Return the colours of an account or platform; others have none."""
    if by not in ("account", "platform"):
        return None
    platform = m.roster.account(id).platform if by == "account" else id
    return replace(brand_of(m.platforms[platform]), id=id, name=m.names(by)[id])
