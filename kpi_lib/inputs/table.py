"""
Tables that people write, read into row models; every mistake with its cell.

Each column is declared once: the form of its cell in the annotation of a row model's
field, what it is called and the template's example in ``columns.yml``. `columns` reads
them for the reader here and for the writer of templates.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from xlsxwriter.utility import xl_col_to_name

from kpi_lib import files
from kpi_lib.catalogue import entries
from kpi_lib.errors import ExportError, InvalidInput, Problem
from kpi_lib.files import Cell
from kpi_lib.grouping import grouped
from kpi_lib.held import is_noise
from kpi_lib.inputs import forms
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.forms import Form, Part, Wrong, WrongForm, choices, normal, quoted

R = TypeVar("R", bound="Row")

# Sheets of a template that hold no rows: its notes and its lists of choices.
OTHER_SHEETS = ("说明", "选项")

# --- declared --------------------------------------------------------------------


@dataclass(frozen=True)
class Header:
    """What ``columns.yml`` says of a column, as it is told there."""

    zh: str = ""
    also: Sequence[str] = ()
    example: str = ""
    required: bool | None = None
    wide: bool = False
    cell_of: str = ""


@dataclass(frozen=True)
class Column:
    """A column as its field declares it; `names` begins with the header written."""

    name: str
    names: tuple[str, ...]
    required: bool  # Whether the table must have it
    filled: bool  # Whether no cell may be blank; a blank one else is the default
    header: Header
    form: Form


class Row(Part):
    """A row of a table; fields `source`, `sheet` and `row` tell where it stands."""

    # The name of its file in data/, without the ending; that of the workspace too, and
    # of the field of a work log.
    FILE: ClassVar[str] = ""

    SHEET: ClassVar[str] = ""  # What its sheet of a workbook is called

    # Whether the table must have every column, also those that may be blank.
    WHOLE: ClassVar[bool] = False

    KEY: ClassVar[tuple[str, ...]] = ()  # The fields that no two rows may share

    EXAMPLE: ClassVar[str] = ""  # How the first cell of an example row begins

    HEADERS: ClassVar[Mapping[str, Any]] = entries("inputs/columns.yml")

    @classmethod
    def laid(
        cls, sheet: TableSheet, records: Sequence[files.Record]
    ) -> Iterable[TableRow]:
        """Find the rows on a sheet."""
        return table_rows(sheet, records, columns(cls))

    @property
    def meaning(self) -> str:
        """What it says, wherever it stands and whatever its number."""
        return self.model_dump_json(exclude={"id", "source", "row", "sha256"})

    @property
    def named(self) -> str:
        """Who stands for it: confirmed, approved, rated, stated; not of oneself."""
        by = "" if getattr(self, "kind", "") == "self" else getattr(self, "by", "")
        return str(getattr(self, "confirmed_by", getattr(self, "approved_by", by)))

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Tell what is wrong between cells, once each of them is right alone."""
        yield from ()

    def doubts(self, directory: Directory) -> Iterator[Wrong]:
        """Tell what may be wrong with a row that counts all the same."""
        yield from ()

    def meant(self, directory: Directory) -> Any:
        """Return the row as it is meant by what other files say."""
        return self

    def again(self, before: TableRow) -> Wrong:
        """Say that an earlier row has the same key."""
        key = [column for column in columns(type(self)) if column.name in self.KEY]
        named = [column.header.zh for column in key]
        name = "和".join(filter(None, ("、".join(named[:-1]), named[-1])))
        return Wrong("", f"{name}与{before.place()}相同", do="请删去其中一行")


def columns(model: type[Row]) -> tuple[Column, ...]:
    """Return the columns of a row model, in the order in which they are declared."""
    return tuple(column for column in _read_by(model) if not column.header.cell_of)


def _read_by(model: type[Row]) -> tuple[Column, ...]:
    """Return every field that reads a cell."""
    fields = {field.alias or name: field for name, field in model.model_fields.items()}
    read_by = []
    for name, told in model.HEADERS[model.__name__].items():
        field, header = fields[name], Header(**told)
        marks = (*field.metadata, *_marks(field.annotation))
        form = next((mark for mark in marks if isinstance(mark, Form)), Form())
        filled = field.is_required() if header.required is None else header.required
        names = (header.zh, name, *header.also)
        required = filled or model.WHOLE
        read_by.append(Column(name, names, required, filled, header, form))
    return tuple(read_by)


def _marks(kind: object) -> Iterator[object]:
    """Walk what `Annotated` carries inside a type: ``Day | None`` holds the day's."""
    if get_origin(kind) is Annotated:
        yield from get_args(kind)[1:]
    for part in get_args(kind):
        yield from _marks(part)


# --- read ------------------------------------------------------------------------


@dataclass(frozen=True)
class TableSheet:
    """A sheet of a table that people write, and what is wrong with it."""

    name: str  # Of the sheet of a workbook; empty for a CSV
    where: str
    problems: list[Problem]
    # Where each column of the header stands, from 0.
    positions: dict[str, int] = field(default_factory=dict)
    # What each column is called in this file.
    headers: dict[str, str] = field(default_factory=dict)

    def place(self, record: files.Record, at: int | None = None, name: str = "") -> str:
        """Name a cell by its letters in a workbook, by the name given in a CSV."""
        if not self.name:
            return f"第{record.line or record.row}行{name}"
        cell = (
            f"第{record.row}行" if at is None else f"{xl_col_to_name(at)}{record.row}"
        )
        return f"{self.name}!{cell}"

    def note(
        self, place: str, what: str, expected: str = "", do: str = "", **more: Any
    ) -> None:
        """Note what is wrong at a place; `more`: how grave it is, and in whose row."""
        more |= {"where": self.where, "place": place, "expected": expected, "do": do}
        self.problems.append(Problem(what=what, **more))


@dataclass(frozen=True)
class TableRow:
    """One row of a table that people write; text is stripped, a blank cell is None."""

    sheet: TableSheet
    record: files.Record
    cells: Mapping[str, Cell]  # Every declared column

    def header(self, column: str) -> str:
        """Return what a column is called in this file."""
        return self.sheet.headers.get(column, column)

    def place(self, column: str = "") -> str:
        """Name a cell or the row: ``任务!D7`` in a workbook, ``第7行“value”`` else."""
        name = f"“{self.header(column)}”" if column else ""
        return self.sheet.place(self.record, self.sheet.positions.get(column), name)

    def note(self, wrong: Wrong, **more: Any) -> None:
        """Note what is wrong with a cell."""
        what = wrong.what or f"“{self.header(wrong.column)}”没有填"
        do = wrong.do if wrong.what else "请补上"
        self.sheet.note(self.place(wrong.column), what, wrong.expected, do, **more)


# Where a table stands: what its file is called, the sheet, how rows lie on it.
Place = tuple[str, files.Sheet, Any]


def load_table(
    path: Path,
    model: type[R],
    where: str,
    directory: Directory | None,
    problems: list[Problem],
    beside: Iterable[Place] = (),
    **more: Any,
) -> tuple[R, ...]:
    """
    Read a CSV, or a workbook's one sheet with content; no file is no row.

    `beside` is where else it may stand. What is wrong is noted in `problems`.
    """
    book = read_book(path, where)
    filled = [
        sheet
        for sheet in (book.sheets if book else ())
        if any(not record.blank for record in sheet.records)
        and normal(sheet.name) not in OTHER_SHEETS
    ]
    if len(filled) > 1:
        names = choices([sheet.name for sheet in filled])
        what = f"有{len(filled)}张有内容的表：{names}"
        expected, do = "只有一张表", "请删去其余的表"
        raise InvalidInput.of(what, where=where, expected=expected, do=do)
    places = [*((where, sheet, None) for sheet in filled), *beside]
    return read_places(places, model, directory, problems, **more)


def read_places(
    places: Iterable[Place],
    model: type[R],
    directory: Directory | None,
    problems: list[Problem],
    **more: Any,
) -> tuple[R, ...]:
    """Read a table wherever it stands; rows in two places are refused, both named."""
    rows: dict[str, tuple[R, ...]] = {}
    for where, sheet, lay in places:
        noted = TableSheet(sheet.name, where, problems)
        found = read_rows(noted, sheet.records, model, directory, lay=lay, **more)
        rows[where] = tuple(found)
        # What stands in several files by its keys is told by them.
        other = where if "first" in more else next(filter(rows.get, rows), where)
        if rows[where] and other != where:
            what, do = f"{other}里也有“{model.SHEET}”", "请合到一处，删去另一处的行"
            noted.note(sheet.name, what, "只写在一处", do)
    return tuple(chain.from_iterable(rows.values()))


def read_book(path: Path, where: str) -> files.Book | None:
    """Read a file that people write as a book of sheets; None where there is none."""
    if not path.exists():
        return None
    try:
        book = files.read(path, where=where, most=files.MOST_OWN_CELLS)
    except ExportError as refusal:
        raise InvalidInput(refusal.problems) from None
    wrong = tuple(
        notice
        for sheet in book.sheets
        for notice in sheet.notices
        # A warning of an export (a stray quote that swallows rows) is an error
        # here: whoever wrote the file is there to mend it.
        if notice.level != "note"
    )
    if wrong:
        raise InvalidInput(tuple(replace(notice, level="error") for notice in wrong))
    return book


def read_sheets(
    path: Path, where: str, models: Iterable[type[Row]], problems: list[Problem]
) -> dict[type[Any], tuple[str, files.Sheet]]:
    """
    Return each sheet with content by its model, with the name of its file.

    The path is of a workbook, or of a folder of files that are named like sheets. What
    is no such sheet, or a sheet for the second time, is noted.
    """
    kind = "文件" if path.is_dir() else "表"
    named = {normal(at): each for each in models for at in (each.SHEET, each.FILE)}
    found: dict[type[Any], tuple[str, files.Sheet]] = {}
    for file in sorted(path.iterdir()) if path.is_dir() else [path]:
        if is_noise(file.name):  # lock files of office programs
            continue
        part = f"{where}/{file.name}" if path.is_dir() else where
        try:
            book = read_book(file, part)
        except InvalidInput as refusal:
            problems.extend(refusal.problems)
            continue
        for sheet in book.sheets if book else ():
            title = file.stem if path.is_dir() else sheet.name
            blank = all(record.blank for record in sheet.records)
            if blank or normal(title) in OTHER_SHEETS:
                continue
            noted = TableSheet(sheet.name, part, problems)
            model = named.get(normal(title))
            if model is None:
                expected = choices([each.SHEET for each in models])
                do = f"请改正{kind}名，或把内容移到别的文件"
                noted.note("", f"不认识的{kind}“{title}”", expected, do)
            elif model in found:
                before, other = found[model]
                what = f"“{model.SHEET}”已在{before}的表“{other.name}”"
                noted.note("", what, do="请合并成一张")
            else:
                found[model] = part, sheet
    return found


def read_rows(
    sheet: TableSheet,
    records: Sequence[files.Record],
    model: type[R],
    directory: Directory | None = None,
    *,
    lay: Callable[..., Iterable[TableRow]] | None = None,
    first: dict[Hashable, TableRow] | None = None,
) -> Iterator[R]:
    """
    Yield each row that is right, as the model; what is wrong is noted.

    `lay` finds the rows on a sheet; `first` has those of the same table before it.
    """
    lay, first = lay or model.laid, {} if first is None else first
    directory = directory or Directory()
    read_by = _read_by(model)
    for row in lay(sheet, records):
        if model.EXAMPLE and str(row.cells[read_by[0].name]).startswith(model.EXAMPLE):
            continue
        place = {"source": sheet.where, "sheet": sheet.name, "row": row.record.row}
        values = {at: place[at] for at in place.keys() & model.model_fields.keys()} | {
            column.name: cell
            for column in read_by
            if (cell := row.cells[column.header.cell_of or column.name]) is not None
            or column.filled
        }
        try:
            value = model.model_validate(values, context=directory)
        except ValidationError as refusal:
            mistakes = _of_cells(refusal.errors(include_url=False), read_by)
        else:
            mistakes = [*value.mistakes(directory)]
            key = tuple(getattr(value, name) for name in model.KEY)
            before = first.setdefault(key, row) if key else row
            mistakes += [value.again(before)] if before is not row else []
            if not mistakes:
                for doubt in value.doubts(directory):
                    row.note(doubt, level="warning")
                yield value.meant(directory)
        for mistake in mistakes:
            row.note(mistake, of=whose(row, directory))


def whose(row: TableRow, directory: Directory) -> str:
    """Return whom a row is about; empty where its cell does not say."""
    try:
        if "account" in row.cells:
            account = directory.account(row.cells["account"])
            return directory.owners.get(account, "")
        return directory.operator(row.cells.get("operator"))
    except WrongForm:
        return ""


def _of_cells(
    mistakes: Sequence[ErrorDetails], read_by: Sequence[Column]
) -> list[Wrong]:
    """Say what is wrong with each cell, in the order of the columns."""
    order = [*(column.name for column in read_by), ""]  # the row as a whole comes last
    wrong = []
    for mistake in mistakes:
        column, cell = str((*mistake["loc"], "")[0]), mistake["input"]
        cause = mistake.get("ctx", {}).get("error")
        if not column:
            cause = Wrong("", str(cause))
        elif not isinstance(cause, Wrong):
            what = "" if cell is None else f"值是{quoted(cell)}"
            cause = Wrong(column, what, forms.expectation(mistake), "请改正这一格")
        wrong.append(cause)
    return sorted(wrong, key=lambda each: order.index(each.column))


# --- the header ------------------------------------------------------------------


def table_rows(
    sheet: TableSheet, records: Sequence[files.Record], declared: Sequence[Column]
) -> list[TableRow]:
    """Find the header of a sheet and return the rows under it; none if it is wrong."""
    filled = [record for record in records if not record.blank]
    if not filled:
        return []
    header, *body = filled
    before = len(sheet.problems)
    for record in filled:
        cells = [cell for cell in record.cells if _content(cell)]
        if not sheet.name and len(cells) == 1 and "，" in str(cells[0]):
            do = "请把分隔用的中文逗号“，”改成英文逗号“,”"
            sheet.note(sheet.place(record), "整行只有一格，用了中文逗号", do=do)
    _find_columns(sheet, header, body, declared)
    for record in body:
        beyond = range(len(header.cells), len(record.cells))
        at = next((at for at in beyond if _at(record, at) is not None), None)
        if at is not None:
            place, do = sheet.place(record, at, f"第{at + 1}列"), "含逗号的文字要加引号"
            sheet.note(place, "内容比表头多出一列", do=do)
    if len(sheet.problems) > before:
        return []
    for column in declared:
        at = sheet.positions.get(column.name)
        name = column.names[0] if at is None else str(header.cells[at]).strip()
        sheet.headers[column.name] = name
    stands = {name: sheet.positions.get(name) for name in sheet.headers}
    return [
        TableRow(sheet, record, {name: _at(record, at) for name, at in stands.items()})
        for record in body
    ]


def _find_columns(
    sheet: TableSheet,
    header: files.Record,
    body: Sequence[files.Record],
    declared: Sequence[Column],
) -> None:
    """Find where each column stands; note what is unknown, repeated or missing."""
    named = {normal(name): column for column in declared for name in column.names}
    expected = choices([column.names[0] for column in declared])
    for at, cell in enumerate(header.cells):
        place = sheet.place(header, at, f"第{at + 1}列")
        column = named.get(normal(str(cell))) if _content(cell) else None
        if column is not None and column.name not in sheet.positions:
            sheet.positions[column.name] = at
        elif column is not None:
            sheet.note(place, f"列{quoted(cell)}重复", "每列只写一次", "请删去一列")
        elif _content(cell):
            do = "请改正表头或删去这一列"
            sheet.note(place, f"不认识的列{quoted(cell)}", expected, do)
        elif any(_at(record, at) is not None for record in body):
            do = "请写上表头或清空这一列"
            sheet.note(place, "这一列有内容，没有表头", do=do)
    missing = [
        column.names[0]
        for column in declared
        if column.required and column.name not in sheet.positions
    ]
    if missing:
        what = f"缺少列{'、'.join(missing)}"
        sheet.note(sheet.place(header), what, expected, "请补上这些列")


def _at(record: files.Record, position: int | None) -> Cell:
    if position is None or position >= len(record.cells):
        return None
    return _content(record.cells[position])


def _content(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    return cell.strip() or None


# --- rows about people -------------------------------------------------------------


Own = TypeVar("Own", bound=Any)


def by_operator(rows: Iterable[Own]) -> dict[str, tuple[Own, ...]]:
    """
    Group rows by whom they are about.

    Parameters
    ----------
    rows : iterable
        With an `operator`.

    Returns
    -------
    dict of str to tuple
        Operator's id → the own rows, in their order.
    """
    own = grouped((row.operator, row) for row in rows)
    return {operator: tuple(of_one) for operator, of_one in own.items()}
