"""
Which export a file is, by its headers alone.

The header stands within the first dozen rows. Names are compared in one width,
without space and case; what a layout requires must be there, nothing may be
there twice, and what fits two layouts is refused. Where a layout says that a file
holds several tables, each becomes a sheet of its own, told by its block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from typing import NamedTuple, NoReturn

from kpi_lib import files
from kpi_lib.errors import ExportColumns, Problem, UnknownExport
from kpi_lib.files import (
    MANUAL,
    Layout,
    Record,
    Sheet,
    header_key,
    layouts,
    platforms,
)

HEADER_WITHIN = 12
"""Preambles seen are at most ten lines long (Google Analytics)."""

FEW = 12
"""So many layouts a problem may name; no platform has as many."""


@dataclass(frozen=True)
class Match:
    """
    A table that a layout knows.

    Parameters
    ----------
    sheet : Sheet
        Where it stands; of several tables in a sheet, its own part.
    header : int
        Index of the header's record; -1 where it has none that is known.
    layout : Layout
        The layout.
    columns : dict of str to tuple of int
        Positions of every role and metric that the file has.
    known : int
        Headers that the layout knows.
    block : int
        Place among the tables of the sheet, from 0.
    why : str
        Why nothing of it is counted; empty for a table that is.
    """

    sheet: Sheet
    header: int
    layout: Layout
    columns: dict[str, tuple[int, ...]] = field(default_factory=dict)
    known: int = 0
    block: int = 0
    why: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The header as written, without what surrounds it."""
        if self.header < 0:
            return ()
        return tuple(map(files.plain, self.sheet.records[self.header].cells))


class _Fit(NamedTuple):
    """How a row of headers fits a layout; wholly, where nothing is wrong."""

    columns: dict[str, tuple[int, ...]]
    known: int
    missing: list[str]
    extra: list[str]
    repeated: list[str]

    @property
    def whole(self) -> bool:
        return not (self.missing or self.extra)


def recognise(book: files.Book, platform: str | None, source: str) -> list[Match]:
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
        One for each table that is known. Several of one file only where its
        layout says so, or where filled in by hand.
    """
    every = layouts()
    allowed = [
        layout
        for layout in every.values()
        if platform is None or layout.platform in {platform, ""}
    ]
    matches = _matches(book, allowed, source)
    if not matches:
        _refuse_unknown(book, allowed, [*every.values()], source)
    different = {match.layout.id for match in matches}
    several = different == {MANUAL} or matches[0].layout.arranged
    if len(matches) > 1 and not several:
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


def _matches(book: files.Book, allowed: Sequence[Layout], source: str) -> list[Match]:
    """Every table that is known; layouts of several tables are looked for first."""
    for layout in allowed:
        if layout.arranged and (found := _arranged(book, layout, source)):
            return found
    plain = [layout for layout in allowed if not layout.arranged]
    return [
        match
        for sheet in book.sheets
        if (match := _sheet_match(sheet, plain, source)) is not None
    ]


def _arranged(book: files.Book, layout: Layout, source: str) -> list[Match]:
    if layout.sheets:
        names = {header_key(sheet.name) for sheet in book.sheets}
        if names.isdisjoint(map(header_key, layout.sheets)):
            return []
        return [
            _sheet_match(sheet, [layout], source)
            or Match(sheet, -1, layout, why=layout.why)
            for sheet in book.sheets
        ]
    cut = _beside if layout.beside else _stacked
    return [match for sheet in book.sheets for match in cut(sheet, layout, source)]


def _beside(sheet: Sheet, layout: Layout, _: str) -> list[Match]:
    """Tables side by side: one for each run of headers without a gap."""
    for index, record in enumerate(sheet.records[:HEADER_WITHIN]):
        runs = [
            [place for place, _ in run]
            for filled, run in groupby(
                enumerate(record.cells), lambda cell: bool(header_key(cell[1]))
            )
            if filled
        ]
        heads = [{header_key(record.cells[place]) for place in run} for run in runs]
        if len(runs) != len(layout.beside) or not all(
            head.issuperset(map(header_key, table.needs))
            for head, table in zip(heads, layout.beside, strict=True)
        ):
            continue
        # A table reaches to where the next begins, so that no cell is lost.
        starts = [0, *(run[0] for run in runs[1:])]
        stops = [*starts[1:], None]
        return [
            Match(
                sheet=replace(
                    sheet,
                    records=tuple(
                        one._replace(cells=one.cells[start:stop])
                        for one in sheet.records
                    ),
                ),
                header=index,
                layout=layout,
                block=block,
                why=table.why,
            )
            for block, (table, start, stop) in enumerate(
                zip(layout.beside, starts, stops, strict=True)
            )
        ]
    return []


def _stacked(sheet: Sheet, layout: Layout, source: str) -> list[Match]:
    """Tables one above the other: each from its first row to the next one's."""
    records = sheet.records
    firsts = [_first_key(record) for record in records]
    titles = {header_key(title) for title in layout.titles}
    opening = tuple(map(header_key, layout.opens_with))
    if titles:
        starts = [at for at, first in enumerate(firsts) if first in titles]
        # One such word alone may be anything.
        if len(starts) < 2 or starts[0] >= HEADER_WITHIN:
            return []
    else:
        if not any(first.startswith(opening) for first in firsts[:HEADER_WITHIN]):
            return []
        starts = [
            at
            for at, record in enumerate(records)
            if (at == 0 or records[at - 1].blank or firsts[at - 1].startswith("#"))
            and not (record.blank or firsts[at].startswith("#"))
        ]
    begins = [0, *starts[1:]]
    found = []
    for block, (begin, start, end) in enumerate(
        zip(begins, starts, [*starts[1:], len(records)], strict=True)
    ):
        part = replace(sheet, records=records[begin:end])
        header = start - begin
        fit = _fit(layout, part, part.records[header])
        if layout.grain == "none" or not fit.whole:
            found.append(Match(part, header, layout, block=block, why=layout.why))
        else:
            match = Match(part, header, layout, fit.columns, fit.known, block)
            _refuse_repeated(match, source)
            found.append(match)
    return found


def _first_key(record: Record) -> str:
    """Return the first thing that stands in a row, as headers are compared."""
    return next(filter(None, map(header_key, record.cells)), "")


def _sheet_match(sheet: Sheet, allowed: Sequence[Layout], source: str) -> Match | None:
    for index, record in enumerate(sheet.records[:HEADER_WITHIN]):
        fits = [
            Match(
                sheet,
                index,
                layout,
                fit.columns,
                fit.known,
                why=layout.why if layout.grain == "none" else "",
            )
            for layout in allowed
            if (fit := _fit(layout, sheet, record)).whole
        ]
        if not fits:
            continue
        # What was only heard of never stands in the way of what was seen.
        fits = [match for match in fits if match.layout.confirmed] or fits
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


_FITS: dict[tuple[int, str, tuple[str | None, ...]], tuple[Layout, _Fit]] = {}
"""Rows of text that were looked at, by layout, sheet and cells: exports of one kind
begin alike. The layout is kept, so that its number stays its own."""

MOST_FITS = 4096


def _fit(layout: Layout, sheet: Sheet, record: Record) -> _Fit:
    """Find the layout's columns in a row, and what does not fit."""
    # Only text: 1, 1.0 and True are one key.
    if not {str, type(None)}.issuperset(map(type, record.cells)):
        return _find(layout, sheet, record)
    key = (id(layout), sheet.name, record.cells)
    if key not in _FITS:
        if len(_FITS) >= MOST_FITS:
            _FITS.clear()
        _FITS[key] = layout, _find(layout, sheet, record)  # type: ignore[index]
    return _FITS[key][1]  # type: ignore[index]


def _find(layout: Layout, sheet: Sheet, record: Record) -> _Fit:
    places: dict[str, int] = {}
    for place, cell in enumerate(record.cells):
        places.setdefault(header_key(cell), place)
    places.pop("", None)
    known = len(layout.headers & places.keys())
    if not known:
        return _Fit({}, 0, ["任意一列"], [], [])
    columns: dict[str, tuple[int, ...]] = {}
    missing: list[str] = []
    here = {
        key: column
        for key, column in layout.columns.items()
        if header_key(column.sheet) in {"", header_key(sheet.name)}
    }
    for key, column in here.items():
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
    needed = [*layout.needs, *((name,) for one in layout.beside for name in one.needs)]
    missing += [
        names[0] for names in needed if places.keys().isdisjoint(map(header_key, names))
    ]
    extra = [
        files.plain(record.cells[place])
        for key, place in places.items()
        if layout.closed and key not in layout.headers
    ]
    return _Fit(columns, known, missing, extra, _repeated(layout, record))


def _repeated(layout: Layout, record: Record) -> list[str]:
    keys = [header_key(cell) for cell in record.cells if header_key(cell)]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    for column in layout.columns.values():
        for names in column.parts:
            both = [key for key in dict.fromkeys(map(header_key, names)) if key in keys]
            repeated += [f"{'和'.join(both)}（同一列的两种写法）"] * (len(both) > 1)
    return repeated


def _refuse_repeated(match: Match, source: str) -> None:
    record = match.sheet.records[match.header]
    if repeated := _fit(match.layout, match.sheet, record).repeated:
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
    book: files.Book,
    allowed: Sequence[Layout],
    every: Sequence[Layout],
    source: str,
) -> NoReturn:
    """Say what the file is not: another platform's, a layout changed, or unknown."""
    for match in _matches(book, every, source):
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
        (fit, layout, sheet, record)
        for layout in allowed
        for sheet in book.sheets
        for record in sheet.records[:HEADER_WITHIN]
        if (fit := _fit(layout, sheet, record)).known
    ]
    choices = "、".join(_title(layout) for layout in allowed)
    if not tried:
        raise UnknownExport(
            (
                Problem(
                    what="没有认得的表头",
                    where=source,
                    expected=choices if len(allowed) <= FEW else "",
                    do=_BIG5 if _looks_big5(book) else _LEARN,
                ),
            )
        )
    fit, layout, sheet, record = max(
        tried, key=lambda near: (near[0].known, -len(near[0].missing))
    )
    differences = [
        f"{word}：{'、'.join(names)}"
        for word, names in (
            ("缺少列", fit.missing),
            ("多出列", fit.extra),
            # Its columns are there, but not what tells one account's from others.
            ("缺少表", layout.sheets if fit.whole else ()),
            ("缺少空列", ("各表之间",) if fit.whole and layout.beside else ()),
            ("缺少开头几行", layout.opens_with if fit.whole else ()),
        )
        if names
    ]
    problem = Problem(
        what="，".join([f"最接近{_title(layout)}", *differences]),
        where=source,
        place=_place(sheet, record),
        do="导出时勾选全部列；平台改了列名时，在formats里补别名，"
        "或用kpi formats learn起草一份声明",
    )
    # Two headers and most of what is required: the layout it is meant to be.
    if fit.known >= 2 and len(fit.missing) <= fit.known:
        raise ExportColumns((problem,))
    raise UnknownExport((problem,))


_LEARN = (
    "确认导出的是哪一种；认得的版式见kpi formats，"
    "新的导出用kpi formats learn起草一份声明"
)
_LEARN = "新的导出用kpi formats learn起草一份声明"
_BIG5 = "像是Big5（繁体）编码：在Excel里另存为“CSV UTF-8”再放入"


def _looks_big5(book: files.Book) -> bool:
    """
    Return whether text read as GB18030 is likelier Big5.

    Only of a file without a header that is known, and only for the advice: the
    same bytes are valid in both, so it never decides how a file is read.
    """
    if book.encoding != "gb18030":
        return False
    cells = (cell for record in book.sheets[0].records[:2] for cell in record.cells)
    text = "".join(str(cell) for cell in cells if cell is not None)
    try:
        again = text.encode("gb18030").decode("big5")
    except UnicodeError:
        return False
    wide = [ch for ch in again if ch > "\x7f"]
    # Its first half holds the common characters; GB text hardly falls into it.
    common = all(ch.encode("big5")[0] <= 0xC6 for ch in wide)
    return len(wide) >= 4 and common


def _title(layout: Layout) -> str:
    platform = platforms().get(layout.platform)
    return f"{platform.name}“{layout.name}”" if platform else f"“{layout.name}”"


def _place(sheet: Sheet, record: Record) -> str:
    return f"{sheet.name}第{record.row}行" if sheet.name else f"第{record.row}行"
