"""
Which export a file is, by its headers alone.

The header stands within the first dozen rows. Names are compared in one width,
without space and case; what a layout requires must be there, nothing may be
there twice, and what fits two layouts is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from kpi_lib import tables, values
from kpi_lib.errors import ExportColumns, Problem, UnknownExport
from kpi_lib.layouts import MANUAL, Layout, header_key, layouts, platforms
from kpi_lib.tables import Record, Sheet

HEADER_WITHIN = 12
"""Preambles seen are at most ten lines long (Google Analytics)."""


@dataclass(frozen=True)
class Match:
    """
    A header that a layout knows.

    Parameters
    ----------
    sheet : Sheet
        Where it stands.
    header : int
        Index of its record.
    layout : Layout
        The layout.
    columns : dict of str to tuple of int
        Positions of every role and metric that the file has.
    known : int
        Headers that the layout knows.
    """

    sheet: Sheet
    header: int
    layout: Layout
    columns: dict[str, tuple[int, ...]]
    known: int

    @property
    def names(self) -> tuple[str, ...]:
        """The header as written, without what surrounds it."""
        cells = self.sheet.records[self.header].cells
        return tuple(values.plain(cell) for cell in cells)


def recognise(book: tables.Book, platform: str | None, source: str) -> list[Match]:
    """
    Find the layout of a file by its headers.

    Parameters
    ----------
    book : Book
        The file.
    platform : str or None
        Platform that it must be of.
    source : str
        What problems call it.

    Returns
    -------
    list of Match
        One for each sheet that is read; more than one only where filled in by
        hand.
    """
    every = layouts()
    allowed = [
        layout
        for layout in every.values()
        if platform is None or layout.platform in {platform, ""}
    ]
    matches = [
        match
        for sheet in book.sheets
        if (match := _sheet_match(sheet, allowed, source)) is not None
    ]
    if not matches:
        _refuse_unknown(book, allowed, [*every.values()], source)
    different = {match.layout.id for match in matches}
    if len(matches) > 1 and different != {MANUAL}:
        names = "、".join(f"“{match.sheet.name}”" for match in matches)
        raise ExportColumns(
            (
                Problem(
                    what=f"{names}都像是要读的表，不知该取哪一张",
                    where=source,
                    do="只留下一张，或分成几个文件",
                ),
            )
        )
    return matches


def _sheet_match(sheet: Sheet, allowed: Sequence[Layout], source: str) -> Match | None:
    for index, record in enumerate(sheet.records[:HEADER_WITHIN]):
        fits = [
            Match(sheet, index, layout, columns, known)
            for layout in allowed
            for columns, known, missing in [_fit(layout, record)]
            if not missing
        ]
        if not fits:
            continue
        best = max(match.known for match in fits)
        chosen = [match for match in fits if match.known == best]
        if len(chosen) > 1:
            names = "、".join(_title(match.layout) for match in chosen)
            raise ExportColumns(
                (
                    Problem(
                        what=f"表头同样符合几种导出：{names}",
                        where=source,
                        place=_place(sheet, record),
                        do="把文件放进账号的文件夹，平台就确定了",
                    ),
                )
            )
        _refuse_repeated(chosen[0], source)
        return chosen[0]
    return None


def _fit(
    layout: Layout, record: Record
) -> tuple[dict[str, tuple[int, ...]], int, list[str]]:
    """Positions of the layout's columns, headers known, required ones missing."""
    places: dict[str, int] = {}
    for place, cell in enumerate(record.cells):
        places.setdefault(header_key(cell), place)
    places.pop("", None)
    columns: dict[str, tuple[int, ...]] = {}
    missing: list[str] = []
    for key, column in layout.columns.items():
        at = [
            next((places[k] for k in map(header_key, names) if k in places), None)
            for names in column.parts
        ]
        present = tuple(place for place in at if place is not None)
        if len(present) == len(at):
            columns[key] = present
        elif column.required and not (
            layout.any_metric and key in layout.metric_columns
        ):
            absent = zip(column.parts, at, strict=True)
            missing.extend(names[0] for names, place in absent if place is None)
    if layout.any_metric and not columns.keys() & layout.metric_columns.keys():
        missing.append("任意一列指标")
    return columns, len(layout.headers & places.keys()), missing


def _refuse_repeated(match: Match, source: str) -> None:
    cells = match.sheet.records[match.header].cells
    keys = [header_key(cell) for cell in cells if header_key(cell)]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    for column in match.layout.columns.values():
        for names in column.parts:
            both = [key for key in dict.fromkeys(map(header_key, names)) if key in keys]
            repeated += [f"{'和'.join(both)}（同一列的两种写法）"] * (len(both) > 1)
    if repeated:
        raise ExportColumns(
            (
                Problem(
                    what=f"列名重复：{'、'.join(repeated)}",
                    where=source,
                    place=_place(match.sheet, match.sheet.records[match.header]),
                    do="重新导出，不要合并几个文件",
                ),
            )
        )


def _refuse_unknown(
    book: tables.Book,
    allowed: Sequence[Layout],
    every: Sequence[Layout],
    source: str,
) -> NoReturn:
    """Say what the file is not: another platform's, a layout changed, or unknown."""
    for sheet in book.sheets:
        if match := _sheet_match(sheet, every, source):
            raise UnknownExport(
                (
                    Problem(
                        what=f"这是{_title(match.layout)}，不是这个账号的平台导出的",
                        where=source,
                        do="放进对应账号的文件夹",
                    ),
                )
            )
    tried = [
        (known, missing, layout, sheet, record)
        for layout in allowed
        for sheet in book.sheets
        for record in sheet.records[:HEADER_WITHIN]
        for _, known, missing in [_fit(layout, record)]
        if known
    ]
    choices = "、".join(_title(layout) for layout in allowed)
    if not tried:
        raise UnknownExport(
            (
                Problem(
                    what="没有认得的表头",
                    where=source,
                    expected=choices,
                    do="确认导出的是哪一种；认得的版式见kpi formats",
                ),
            )
        )
    known, missing, layout, sheet, record = max(
        tried, key=lambda near: (near[0], -len(near[1]))
    )
    problem = Problem(
        what=f"最接近{_title(layout)}，缺少列：{'、'.join(missing)}",
        where=source,
        place=_place(sheet, record),
        do="导出时勾选全部列；平台改了列名时，在formats里补别名",
    )
    # Two headers and most of what is required: the layout it is meant to be.
    if known >= 2 and len(missing) <= known:
        raise ExportColumns((problem,))
    raise UnknownExport((problem,))


def _title(layout: Layout) -> str:
    platform = platforms().get(layout.platform)
    return f"{platform.name}“{layout.name}”" if platform else f"“{layout.name}”"


def _place(sheet: Sheet, record: Record) -> str:
    return f"{sheet.name}第{record.row}行" if sheet.name else f"第{record.row}行"
