"""Answers to questions: charts and a table with their numbers, and how they are put."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import figures, page
from kpi_lib.catalogue import METRICS, UNITS
from kpi_lib.figures import month_short
from kpi_lib.page import Brand, Fragment, brand_of, charts, panel, texts_of
from kpi_lib.workbook.tables import Tables
from kpi_lib.workspace import sha256

MOST = 12  # Panels shown at once; the rest is counted


class Drawing(NamedTuple):
    """One chart: for a file's name, for its caption, for its colour."""

    ax: Axes
    file: str
    name: str
    note: str = ""
    who: Brand | None = None


class Table(NamedTuple):
    """Cells as they are printed; the last `figures` columns stand right."""

    cells: pd.DataFrame
    figures: int = 0


@dataclass(frozen=True, repr=False)
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
    title, sub : str
        The headline and the line below it.
    table : Table, optional
        Numbers as they are printed.
    """

    frame: pd.DataFrame
    drawings: tuple[Drawing, ...] = ()
    title: str = ""
    sub: str = ""
    table: Table | None = None

    def charts(self) -> list[tuple[str, Axes]]:
        """Name and return every chart, as `charts.save_all` wants them."""
        return [(drawing.file, drawing.ax) for drawing in self.drawings]

    def save(self, path: str | Path, width: int = 1280) -> Path:
        """
        Save all of it as one picture, as for a slide.

        Parameters
        ----------
        path : str or Path
            Ending in ``.png`` or ``.svg``.
        width : int
            In px.

        Returns
        -------
        Path
            Where it was saved: headline, sub-line, every panel with its unit, the
            months and the source; where nothing is drawn, the table's rows.
        """
        lines = [self.sub]
        if self.table and not self.drawings:
            lines += map("　".join, self.table.cells.astype(str).to_numpy().tolist())
        panels = [(at.ax, at.name, at.note) for at in self.drawings]
        source = "，".join(
            filter(None, ("数据：各平台的导出文件和手工填报", self.span))
        )
        return charts.save_sheet(
            panels, path, title=self.title, lines=lines, source=source, width=width
        )

    @property
    def span(self) -> str:
        """From when to when the frame is, as it tells itself."""
        for name in ("month", "date", "published_at", "first"):
            if name in self.frame and len(self.frame):
                ends = (self.frame[name].min(), self.frame[name].max())
                return "至".join(dict.fromkeys(str(end)[:10] for end in ends))
        return ""

    def __repr__(self) -> str:
        return f"<{len(self.drawings)}张图，{len(self.frame)}行数据>"


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
    return Answer(html, frame, tuple(named), title, sub, table)


# Heads of a table, and the column below each with how its cells are printed.
Columns = Mapping[str, tuple[str, Callable[[Any], str | None]]]


def printed(frame: pd.DataFrame, columns: Columns) -> Table:
    """Print columns of a frame under other heads; those with figures come last."""
    cells = {head: frame[name].map(text) for head, (name, text) in columns.items()}
    figures = [pd.api.types.is_numeric_dtype(frame[at]) for at, _ in columns.values()]
    return Table(pd.DataFrame(cells), sum(figures))


def curves(
    kind: str,
    title: str,
    sub: str,
    frame: pd.DataFrame,
    m: Tables,
    draw: Callable[..., Axes],
    by: str,
) -> Answer:
    """Answer with a panel for each metric and key, the largest, as there is room."""
    drawings, more = [], 0
    for metric in frame["metric"].unique():
        rows = frame[frame["metric"] == metric]
        drawn = pd.concat([rows["value"], rows.get("target", pd.Series(dtype=float))])
        scale, end = scale_of(metric, drawn.dropna()), text_of(metric)
        groups = list(rows.groupby("key" if "key" in rows else by, sort=True))
        groups.sort(key=lambda group: -group[1]["value"].iloc[-1])
        more += len(groups[MOST:])
        for id, values in groups[:MOST]:
            note, where = caption(metric), {}
            if "breaks" in values and values["breaks"].any():
                # Of `Workbook.totals`: from these months on it is another series.
                breaks = values.loc[values["breaks"], "month"].tolist()
                note += f"，{'、'.join(map(month_short, breaks))}换了账号或口径"
                where = {"breaks": breaks}
            if "target" in values:
                own = values.set_index("month")["target"]
                where["targets"] = own.dropna().to_dict()
                where["target_text"] = lambda target, text=end: f"目标{text(target)}"
            ax = draw(values, scale=scale, end=end, **where)
            name, file = m.names(by)[str(id)], f"{metric}-{id}"
            who = brand(m, by, str(id))
            drawings.append(Drawing(ax, file, name, note, who))
    sub += f"另有{more}张较小的没有画出，可以按平台筛选。" if more else ""
    return answer(kind, title, sub, frame, drawings)


def most_of(frame: pd.DataFrame, most: str = "最多") -> str:
    """Name the first of several, if no other has as much."""
    first = frame[frame["value"] == frame["value"].max()]
    if len(frame) <= 1:
        return ""
    names = figures.brief(first["name"].iloc[0]), f"{len(first)}个并列"
    return f"：{names[len(first) > 1]}{most}"


def zh(*metrics: str) -> str:
    """Name metrics in Chinese."""
    return "、".join(METRICS[metric].zh for metric in metrics)


def unit_of(metric: str) -> str:
    """Name the unit of a metric; what is shown as a percentage needs none."""
    return UNITS[METRICS[metric].unit] if METRICS[metric].unit != "share" else ""


def caption(metric: str) -> str:
    """Name a metric and its unit; another ratio is called what it is called."""
    if metric not in METRICS:
        return metric
    return "，".join(filter(None, (zh(metric), unit_of(metric))))


def text_of(metric: str) -> charts.Format:
    """Return how values of a metric are printed beside a chart."""
    return texts_of(metric)[0] if metric in METRICS else figures.short


def sentence_of(metric: str, other: charts.Format = figures.short) -> charts.Format:
    """Return how values of a metric are printed in a sentence or a table."""
    share = METRICS[metric].unit == "share"
    return partial(figures.percent, places=2) if share else other


def scale_of(metric: str, values: pd.Series) -> charts.Scale:
    """Return one scale for all panels of a metric."""
    if metric not in METRICS:
        return charts.scale(values)
    level = METRICS[metric].unit == "share" and METRICS[metric].kind == "stock"
    return charts.scale(values.tolist(), text=texts_of(metric)[1], zero=not level)


def whose(m: Tables, operator: str = "", **_: object) -> str:
    """Name the operator asked about, or the team."""
    return m.names("operator")[m.operator_id(operator)] if operator else "团队"


def brand(m: Tables, by: str, id: str) -> Brand | None:
    """Return the colours of an account or platform; others have none."""
    if by not in ("account", "platform"):
        return None
    platform = m.roster.account(id).platform if by == "account" else id
    return replace(brand_of(m.platforms[platform]), id=id, name=m.names(by)[id])
