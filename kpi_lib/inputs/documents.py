"""
YAML and tables that people write, read strictly and with line numbers.

Whatever is wrong becomes one `Problem` each, with the line or the cell, what was
expected and the choices; all of them are collected before anything is raised.
"""

from __future__ import annotations

import re
import types
import unicodedata
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    Protocol,
    TypeGuard,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

from pydantic import BaseModel, BeforeValidator, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from kpi_lib import files
from kpi_lib.errors import ExportError, InvalidInput, Problem
from kpi_lib.files import Cell

M = TypeVar("M", bound=BaseModel)
T = TypeVar("T")
Path_ = tuple[str | int, ...]

YAML_LIMIT = 5_000_000
"""Bytes of a YAML file: a roster of a thousand accounts is a twentieth of it."""

BRACKETS = 100
"""Unclosed brackets beyond which a file is refused unread: the parser takes seconds."""

DATE_FORM = "日期，例如2026-10-31"
MONTH_FORM = "月份，例如2026-10"
NUMBER_FORM = "数字，例如1200、1,200、12.5或35%"
WHOLE_FORM = "不小于0的整数，例如12"


class WrongForm(ValueError):
    """A value not of the form wanted; its text says which form that is."""


# --- cells ---------------------------------------------------------------------

_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-(\d{1,2})|/(\d{1,2})/(\d{1,2})|年(\d{1,2})月(\d{1,2})日)",
    re.ASCII,
)
_MONTH = re.compile(r"(\d{4})(?:-(\d{1,2})|/(\d{1,2})|年(\d{1,2})月)", re.ASCII)
_NUMBER = re.compile(
    r"([+-]?(?:\d{1,15}|\d{1,3}(?:,\d{3}){1,4})(?:\.\d{1,12})?) ?([%％]?)", re.ASCII
)
_YEARS = range(2000, 2100)


def to_date(cell: object) -> date:
    """
    Read a date strictly.

    Parameters
    ----------
    cell : object
        A real date, or text as 2026-10-31, 2026/10/31 or 2026年10月31日.

    Returns
    -------
    date
        The day.

    Raises
    ------
    WrongForm
        For anything else; the text says the form expected.
    """
    if isinstance(cell, datetime):
        if cell.time().isoformat() != "00:00:00":
            raise WrongForm(f"{DATE_FORM}，不带钟点")
        cell = cell.date()
    if isinstance(cell, str):
        match = _DATE.fullmatch(cell.strip())
        if match is None:
            raise WrongForm(DATE_FORM)
        try:
            cell = date(*(int(part) for part in match.groups() if part))
        except ValueError:
            raise WrongForm(f"存在的{DATE_FORM}") from None
    if not isinstance(cell, date) or cell.year not in _YEARS:
        raise WrongForm(DATE_FORM)
    return cell


def to_month(cell: object) -> str:
    """
    Read a month strictly.

    Parameters
    ----------
    cell : object
        Text as 2026-10, 2026/10 or 2026年10月; or the first day of a month, which
        is what a spreadsheet makes of ``2026-10``.

    Returns
    -------
    str
        The month, ``2026-10``.

    Raises
    ------
    WrongForm
        For anything else.
    """
    if isinstance(cell, date):
        day = to_date(cell)
        if day.day != 1:
            raise WrongForm(MONTH_FORM)
        return f"{day:%Y-%m}"
    match = _MONTH.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        raise WrongForm(MONTH_FORM)
    year, month = (int(part) for part in match.groups() if part)
    if year not in _YEARS or not 1 <= month <= 12:
        raise WrongForm(f"存在的{MONTH_FORM}")
    return f"{year:04d}-{month:02d}"


def to_decimal(cell: object) -> Decimal:
    """
    Read a number strictly and exactly.

    Parameters
    ----------
    cell : object
        A real number, or text as 1200, 1,200, 12.5 or 35% (which is 0.35).

    Returns
    -------
    Decimal
        The number.

    Raises
    ------
    WrongForm
        For anything else: words, units, not-a-number, infinity, true and false.
    """
    if isinstance(cell, bool) or not isinstance(cell, str | int | float | Decimal):
        raise WrongForm(NUMBER_FORM)
    if not isinstance(cell, str):
        # Fifteen digits, as Excel shows a float: 0.1 + 0.2 is 0.3 there.
        number = Decimal(f"{cell:.15g}" if isinstance(cell, float) else cell)
        if not number.is_finite():
            raise WrongForm(NUMBER_FORM)
        return number
    match = _NUMBER.fullmatch(cell.strip())
    if match is None:
        raise WrongForm(NUMBER_FORM)
    number = Decimal(match[1].replace(",", ""))
    return number / 100 if match[2] else number


def to_whole(cell: object) -> int:
    """
    Read a count: a whole number, 0 or more.

    Parameters
    ----------
    cell : object
        As for `to_decimal`.

    Returns
    -------
    int
        The count.

    Raises
    ------
    WrongForm
        For a fraction, a negative number or anything that is no number.
    """
    try:
        number = to_decimal(cell)
    except WrongForm:
        raise WrongForm(WHOLE_FORM) from None
    if number < 0 or number != number.to_integral_value():
        raise WrongForm(WHOLE_FORM)
    return int(number)


Day = Annotated[date, BeforeValidator(to_date)]
"""A date in a model: pydantic's own would read 20261001 as seconds since 1970."""

Number = Annotated[Decimal, BeforeValidator(to_decimal)]
"""An exact number in a model; ``35%`` is 0.35, true and false are refused."""


def shown(cell: object) -> str:
    """
    Quote a cell for a message, cut to a readable length.

    Parameters
    ----------
    cell : object
        Any cell.

    Returns
    -------
    str
        The cell in Chinese quotation marks, or the word for an empty one.
    """
    if cell is None or cell == "":
        return "空白"
    if isinstance(cell, bool):
        text = "true" if cell else "false"
    elif isinstance(cell, datetime) and cell.time().isoformat() == "00:00:00":
        text = cell.date().isoformat()
    else:
        text = str(cell)
    return f"“{text if len(text) <= 40 else text[:39] + '…'}”"


def choices(values: Collection[str], limit: int = 40) -> str:
    """
    Write the values allowed, in the order given.

    Parameters
    ----------
    values : collection of str
        The values.
    limit : int
        How many are written out; the rest is counted.

    Returns
    -------
    str
        ``甲、乙、丙``, or ``甲、乙…等30个``.
    """
    listed = "、".join(list(values)[:limit])
    return listed if len(values) <= limit else f"{listed}…等{len(values)}个"


# --- tables --------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """
    A column of a table that people write.

    Parameters
    ----------
    name : str
        Its name in code.
    aliases : tuple of str
        The headers it may have, the first one in templates and messages.
    required : bool
        True if the table must have it.
    """

    name: str
    aliases: tuple[str, ...]
    required: bool = True


@dataclass(frozen=True)
class TableRow:
    """
    One row of a table that people write.

    Parameters
    ----------
    row : int
        Its number as a spreadsheet counts, from 1.
    line : int or None
        The first line of the record in a CSV; None in a workbook.
    cells : mapping of str to Cell
        Every declared column; text stripped; None for a blank or missing cell.
    sheet : str
        The sheet of a workbook; empty for a CSV.
    positions : mapping of str to int
        Where each column of the header stands, from 0.
    headers : mapping of str to str
        What each column is called in this file.
    """

    row: int
    line: int | None
    cells: Mapping[str, Cell]
    sheet: str = ""
    positions: Mapping[str, int] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def place(self, column: str = "") -> str:
        """
        Name a cell of the row, or the whole row, for a reader.

        Parameters
        ----------
        column : str
            The column's name in code; empty for the row.

        Returns
        -------
        str
            ``任务!D7`` in a workbook, ``第7行“value”`` in a CSV.
        """
        if self.sheet:
            if column in self.positions:
                return f"{self.sheet}!{letters(self.positions[column])}{self.row}"
            return f"{self.sheet}!第{self.row}行"
        name = f"“{self.headers.get(column, column)}”" if column else ""
        return f"第{self.line or self.row}行{name}"


class Cells:
    """
    The cells of one row, read strictly; what is wrong is noted, not raised.

    Parameters
    ----------
    row : TableRow
        The row.
    where : str
        The file as messages name it.
    problems : list of Problem
        Where mistakes are noted.
    """

    def __init__(self, row: TableRow, where: str, problems: list[Problem]) -> None:
        self.row, self.where, self.problems = row, where, problems

    def note(self, column: str, what: str, expected: str = "", do: str = "") -> None:
        """
        Note a mistake in a cell.

        Parameters
        ----------
        column : str
            The column's name in code; empty for the row.
        what, expected, do : str
            As in `Problem`.
        """
        self.problems.append(
            Problem(
                what=what,
                where=self.where,
                place=self.row.place(column),
                expected=expected,
                do=do,
            )
        )

    def read(self, column: str, form: Callable[[object], T]) -> T | None:
        """
        Read a cell, noting it where it is not of the form.

        Parameters
        ----------
        column : str
            The column's name in code.
        form : callable
            Reads a cell or raises `WrongForm`.

        Returns
        -------
        object or None
            What was read; None for a blank or wrong cell.
        """
        cell = self.row.cells.get(column)
        if cell is None:
            return None
        try:
            return form(cell)
        except WrongForm as wrong:
            self.note(column, f"值是{shown(cell)}", str(wrong), "请改正这一格")
            return None

    def needed(self, column: str, form: Callable[[object], T], default: T) -> T:
        """
        Read a cell that must be filled.

        Parameters
        ----------
        column : str
            The column's name in code.
        form : callable
            Reads a cell or raises `WrongForm`.
        default : object
            Stands for a wrong one, so that the reading can go on.

        Returns
        -------
        object
            What was read.
        """
        if self.row.cells.get(column) is None:
            name = self.row.headers.get(column, column)
            try:
                form(None)
                expected = ""
            except WrongForm as wrong:
                expected = str(wrong)
            self.note(column, f"“{name}”没有填", expected, "请补上")
            return default
        read = self.read(column, form)
        return default if read is None else read

    def text(self, column: str) -> str:
        """
        Read a cell as text: numbers as written, dates as 2026-10-31.

        Parameters
        ----------
        column : str
            The column's name in code.

        Returns
        -------
        str
            Empty for a blank cell.
        """
        return self.read(column, to_text) or ""


def to_text(cell: object) -> str:
    """
    Read a cell as text.

    Parameters
    ----------
    cell : object
        Any cell; a number that Excel made of an id stays the same digits.

    Returns
    -------
    str
        The text, not empty.

    Raises
    ------
    WrongForm
        For a blank cell, and for true and false.
    """
    if cell is None or isinstance(cell, bool) or cell == "":
        raise WrongForm("不为空的文字")
    if isinstance(cell, datetime):
        return str(cell.date() if cell.time().isoformat() == "00:00:00" else cell)
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def one_of(
    allowed: Mapping[str, T], listed: Sequence[str] = ()
) -> Callable[[object], T]:
    """
    Make a form that takes a closed list of words.

    Parameters
    ----------
    allowed : mapping of str to object
        Words and what they mean; widths, case and spaces do not matter.
    listed : sequence of str
        The words that the expectation lists; empty for all of them.

    Returns
    -------
    callable
        Reads a cell or raises `WrongForm`.
    """
    folded = {normal(word): value for word, value in allowed.items()}

    def form(cell: object) -> T:
        word = "" if cell is None else normal(str(cell))
        if word not in folded:
            raise WrongForm(choices(listed or tuple(allowed)))
        return folded[word]

    return form


def normal(text: str) -> str:
    """
    Fold what looks the same: widths, case, spaces, invisible characters.

    Parameters
    ----------
    text : str
        A header or a word of a closed list.

    Returns
    -------
    str
        Its folded form.
    """
    folded = unicodedata.normalize("NFKC", text)
    kept = "".join(ch for ch in folded if unicodedata.category(ch) != "Cf")
    return " ".join(kept.split()).casefold()


def letters(position: int) -> str:
    """
    Return the letters of a spreadsheet column.

    Parameters
    ----------
    position : int
        From 0.

    Returns
    -------
    str
        ``A`` for 0, ``AA`` for 26.
    """
    text = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def load_table(
    path: Path,
    columns: Mapping[str, tuple[str, ...]],
    error: type[InvalidInput],
    where: str,
    required: tuple[str, ...],
    sheet: str | None = None,
) -> list[TableRow]:
    """
    Read a CSV or a workbook that people write.

    Parameters
    ----------
    path : Path
        The file; the bytes say which it is, not the name.
    columns : mapping of str to tuple of str
        Names in code and the headers each may have.
    error : type of InvalidInput
        What is raised.
    where : str
        The file as messages name it.
    required : tuple of str
        Columns that must be there.
    sheet : str or None
        The sheet of a workbook; None where there must be only one with content.

    Returns
    -------
    list of TableRow
        One row per record that is not blank; empty where there is no file.

    Raises
    ------
    InvalidInput
        If the file or its header cannot be taken.
    """
    book = read_book(path, error, where)
    if book is None:
        return []
    filled = [one for one in book.sheets if not all(r.blank for r in one.records)]
    if sheet is not None:
        filled = [one for one in filled if normal(one.name) == normal(sheet)]
    if len(filled) > 1:
        names = choices([one.name for one in filled])
        problem = Problem(what=f"有{len(filled)}张有内容的表：{names}", where=where)
        raise error((replace(problem, expected="只有一张表", do="请删去其余的表"),))
    if not filled:
        return []
    declared = tuple(
        Column(name, aliases, required=name in required)
        for name, aliases in columns.items()
    )
    problems: list[Problem] = []
    name = "" if book.kind == "csv" else filled[0].name
    rows = table_rows(filled[0].records, declared, where, problems, name)
    if problems:
        raise error(tuple(problems))
    return rows


def read_book(path: Path, error: type[InvalidInput], where: str) -> files.Book | None:
    """
    Read a file that people write as a book of sheets.

    Parameters
    ----------
    path : Path
        The file.
    error : type of InvalidInput
        What is raised.
    where : str
        The file as messages name it.

    Returns
    -------
    Book or None
        None where there is no file.

    Raises
    ------
    InvalidInput
        If the file is no table, or a cell of it cannot be read as it is seen.
    """
    if not path.exists():
        return None
    try:
        book = files.read(path, where=where, most=files.MOST_OWN_CELLS)
    except ExportError as found:
        raise error(found.problems) from None
    wrong = tuple(
        notice
        for one in book.sheets
        for notice in one.notices
        # A warning of an export (a stray quote that swallows rows) is an error
        # here: whoever wrote the file is there to mend it.
        if notice.level != "note"
    )
    if wrong:
        raise error(tuple(replace(notice, level="error") for notice in wrong))
    return book


def table_rows(
    records: Sequence[files.Record],
    columns: Sequence[Column],
    where: str,
    problems: list[Problem],
    sheet: str = "",
) -> list[TableRow]:
    """
    Find the header of a sheet and read the rows under it.

    Parameters
    ----------
    records : sequence of Record
        The records of one sheet.
    columns : sequence of Column
        What may stand in the header.
    where : str
        The file as messages name it.
    problems : list of Problem
        Where mistakes are noted.
    sheet : str
        The sheet of a workbook; empty for a CSV.

    Returns
    -------
    list of TableRow
        One row per record that is not blank; empty where the header is wrong.
    """
    filled = [record for record in records if not record.blank]
    if not filled:
        return []
    header, *body = filled
    noted = len(problems)
    mark = _Marker(where, sheet, problems)
    positions = _positions(header, body, columns, mark)
    for record in body:
        for position in range(len(header.cells), len(record.cells)):
            if _content(record.cells[position]) is not None:
                mark(record, position, "内容比表头多出一列", do="含逗号的文字要加引号")
                break
    if len(problems) > noted:
        return []
    headers = {name: str(header.cells[at]).strip() for name, at in positions.items()}
    headers |= {c.name: c.aliases[0] for c in columns if c.name not in headers}
    return [
        TableRow(
            row=record.row,
            line=record.line,
            cells={
                column.name: _content(_at(record, positions.get(column.name)))
                for column in columns
            },
            sheet=sheet,
            positions=positions,
            headers=headers,
        )
        for record in body
    ]


def _positions(
    header: files.Record,
    body: Sequence[files.Record],
    columns: Sequence[Column],
    mark: _Marker,
) -> dict[str, int]:
    """Say where each column stands; note what is unknown, repeated or missing."""
    known = {normal(alias): col for col in columns for alias in col.aliases}
    names = choices([column.aliases[0] for column in columns])
    positions: dict[str, int] = {}
    for position, cell in enumerate(header.cells):
        column = known.get(normal(str(cell))) if _content(cell) else None
        if column is not None and column.name not in positions:
            positions[column.name] = position
        elif column is not None:
            mark(header, position, f"列{shown(cell)}重复", "每列只写一次", "请删去一列")
        elif _content(cell):
            do = "请改正表头或删去这一列"
            mark(header, position, f"不认识的列{shown(cell)}", names, do)
        elif any(_content(_at(record, position)) is not None for record in body):
            do = "请写上表头或清空这一列"
            mark(header, position, "这一列有内容，没有表头", do=do)
    missing = [c.aliases[0] for c in columns if c.required and c.name not in positions]
    if missing:
        mark(header, None, f"缺少列{'、'.join(missing)}", names, "请补上这些列")
    return positions


@dataclass(frozen=True)
class _Marker:
    """Notes what is wrong with the shape of a table."""

    where: str
    sheet: str
    problems: list[Problem]

    def __call__(
        self,
        record: files.Record,
        at: int | None,
        what: str,
        expected: str = "",
        do: str = "",
    ) -> None:
        place = f"第{record.line or record.row}行"
        if self.sheet:
            cell = f"第{record.row}行" if at is None else f"{letters(at)}{record.row}"
            place = f"{self.sheet}!{cell}"
        elif at is not None:
            place += f"第{at + 1}列"
        problem = Problem(
            what=what, where=self.where, place=place, expected=expected, do=do
        )
        self.problems.append(problem)


def _at(record: files.Record, position: int | None) -> Cell:
    if position is None or position >= len(record.cells):
        return None
    return record.cells[position]


def _content(cell: Cell) -> Cell:
    if not isinstance(cell, str):
        return cell
    return cell.strip() or None


# --- YAML ----------------------------------------------------------------------


@dataclass(frozen=True)
class Document(Generic[M]):
    """
    A YAML file as a model, with the lines it was read from.

    Parameters
    ----------
    value : BaseModel
        The validated model.
    where : str
        The file, relative to the workspace.
    tree : object
        The parsed YAML, which knows its lines.
    """

    value: M
    where: str
    tree: Any = field(repr=False)

    def line(self, *path: str | int) -> int:
        """
        Return the line, from 1, of the key or item at a path.

        Parameters
        ----------
        *path : str or int
            Keys and positions from the top; as far as they exist.

        Returns
        -------
        int
            The line of the deepest part that exists.
        """
        return _line(self.tree, path)

    def problem(self, path: Sequence[str | int], what: str, **more: str) -> Problem:
        """
        Make a problem that points at a path.

        Parameters
        ----------
        path : sequence of str or int
            Keys and positions from the top.
        what : str
            What is wrong.
        **more : str
            ``expected`` and ``do`` of the problem.

        Returns
        -------
        Problem
            An error in this file at that line.
        """
        place = f"第{self.line(*path)}行"
        return Problem(what=what, where=self.where, place=place, **more)  # type: ignore[arg-type]


def load_yaml(path: Path, model: type[M], error: type[InvalidInput], where: str) -> M:
    """
    Read a YAML file into a model.

    Parameters
    ----------
    path : Path
        The file.
    model : type of BaseModel
        What it must fit: frozen, unknown keys forbidden.
    error : type of InvalidInput
        What is raised.
    where : str
        The file as messages name it, relative to the workspace.

    Returns
    -------
    BaseModel
        The validated model.

    Raises
    ------
    InvalidInput
        With one problem for every mistake, each with its line.
    """
    return load_document(path, model, error, where).value


def load_document(
    path: Path, model: type[M], error: type[InvalidInput], where: str
) -> Document[M]:
    """
    Read a YAML file into a model and keep its lines for checks across it.

    Parameters
    ----------
    path, model, error, where
        As for `load_yaml`.

    Returns
    -------
    Document
        The model and the lines.

    Raises
    ------
    InvalidInput
        With one problem for every mistake, each with its line.
    """
    tree = _parse(path, error, where)
    try:
        plain = _plain(tree, set())
        value = model.model_validate(plain)
    except _Unsupported as found:
        raise error(
            (Problem(what=found.what, where=where, place=found.place, do=found.do),)
        ) from None
    except RecursionError:
        problem = Problem(what="层级过深，无法读取", where=where, do="请减少嵌套的层级")
        raise error((problem,)) from None
    except ValidationError as found:
        raise error(_translated(found, model, tree, where)) from None
    return Document(value, where, tree)


class _Unsupported(Exception):
    """YAML that is allowed by the language but not here."""

    def __init__(self, what: str, place: str, do: str) -> None:
        super().__init__(what, place, do)
        self.what, self.place, self.do = what, place, do


def _read_text(path: Path, error: type[InvalidInput], where: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(YAML_LIMIT + 1)
    except OSError as cause:
        missing = isinstance(cause, FileNotFoundError)
        what = "没有这个文件" if missing else f"文件打不开（{cause.strerror}）"
        do = "请用kpi init DIR建一个新的工作区，从里面拷贝一份" if missing else ""
        raise error((Problem(what=what, where=where, do=do),)) from None
    if len(content) > YAML_LIMIT:
        raise error((Problem(what="文件大于5MB，不像是手写的", where=where),))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        line = content[: cause.start].count(b"\n") + 1
        problem = Problem(
            what="不是UTF-8编码的文字",
            where=where,
            place=f"第{line}行",
            do="请在编辑器里另存为UTF-8",
        )
        raise error((problem,)) from None


def _parse(path: Path, error: type[InvalidInput], where: str) -> CommentedMap:
    text = _read_text(path, error, where)
    opened = sum(text.count(mark) for mark in "[{")
    if opened - sum(text.count(mark) for mark in "]}") > BRACKETS:
        problem = Problem(what="不是合法的YAML，有许多括号没有配对", where=where)
        raise error((problem,))
    loader = YAML(typ="rt")
    loader.allow_duplicate_keys = False
    try:
        tree = loader.load(text)
    except DuplicateKeyError as found:
        raise error((_duplicate(found, where),)) from None
    except MarkedYAMLError as found:
        raise error((_broken(found, where),)) from None
    except (YAMLError, ValueError, RecursionError) as found:
        line = re.search(r"line (\d+)|position (\d+)", str(found))
        place = f"第{line[1]}行" if line and line[1] else ""
        problem = Problem(what="不是合法的YAML", where=where, place=place)
        raise error((problem,)) from None
    if not isinstance(tree, CommentedMap):
        problem = Problem(
            what="文件是空的或不是一张表", where=where, expected="顶层是“键: 值”的表"
        )
        raise error((problem,))
    return tree


def _duplicate(found: MarkedYAMLError, where: str) -> Problem:
    key = re.search(r'duplicate key "(.*?)"', found.problem or "")
    name = shown(key[1]) if key else ""
    line = found.problem_mark.line + 1 if found.problem_mark else 1
    return Problem(
        what=f"键{name}重复",
        where=where,
        place=f"第{line}行",
        expected="每个键只写一次",
        do="请删去其中一个",
    )


def _broken(found: MarkedYAMLError, where: str) -> Problem:
    mark = found.problem_mark or found.context_mark
    place = f"第{mark.line + 1}行，第{mark.column + 1}个字" if mark else ""
    if "expected a single document" in f"{found.context} {found.problem}":
        return Problem(what="含有多个YAML文档（---）", where=where, place=place)
    return Problem(
        what="不是合法的YAML",
        where=where,
        place=place,
        expected="“键: 值”（冒号后有空格），缩进只用空格，特殊字符加引号",
        do="请检查这一行和它上面一行的缩进、冒号和引号",
    )


def _plain(node: object, seen: set[int], line: int = 1) -> object:
    """Turn ruamel's types into plain ones; refuse what would grow or run."""
    if isinstance(node, CommentedMap | CommentedSeq):
        line = node.lc.line + 1
        if id(node) in seen or getattr(node, "merge", None):
            raise _Unsupported(
                "不支持锚点与引用（& * <<）", f"第{line}行", "请把内容照写一遍"
            )
        seen.add(id(node))
        if isinstance(node, CommentedSeq):
            return [_plain(item, seen, line) for item in node]
        return {str(key): _plain(item, seen, line) for key, item in node.items()}
    if hasattr(node, "tag") and not isinstance(node, str | int | float | date):
        raise _Unsupported("不支持标签（!）", f"第{line}行", "请去掉标签")
    for kind in (bool, str, int, float, datetime, date):
        if isinstance(node, kind):
            return _exact(node, kind)
    return node


def _exact(node: object, kind: type) -> object:
    if isinstance(node, datetime):
        return datetime.fromisoformat(node.isoformat())
    return node if kind is date else kind(node)


def _line(top: CommentedMap, path: Sequence[str | int]) -> int:
    tree: Any = top
    line = top.lc.line
    for part in path:
        if isinstance(tree, CommentedMap) and part in tree:
            line = tree.lc.key(part)[0]
        elif isinstance(tree, CommentedSeq) and _inside(tree, part):
            line = tree.lc.item(part)[0]
        else:
            break
        tree = tree[part]
    return int(line) + 1


def _inside(items: Sequence[object], part: object) -> bool:
    return isinstance(part, int) and part < len(items)


def validated(tree: object, model: type[M], error: type[InvalidInput], where: str) -> M:
    """
    Check plain values against a model, as a file's are checked.

    Parameters
    ----------
    tree : object
        Dicts, lists and scalars.
    model : type of BaseModel
        What they must fit.
    error : type of InvalidInput
        What is raised.
    where : str
        What messages call it.

    Returns
    -------
    BaseModel
        The validated model.

    Raises
    ------
    InvalidInput
        With one problem for every mistake.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as found:
        raise error(_translated(found, model, None, where)) from None


def _translated(
    found: ValidationError,
    model: type[BaseModel],
    tree: CommentedMap | None,
    where: str,
) -> tuple[Problem, ...]:
    problems: dict[tuple[Path_, str], Problem] = {}
    mistakes = found.errors(include_url=False)
    for mistake in mistakes:
        # A list is only called too short for what is wrong inside it: told already.
        inside = (m["loc"][: len(mistake["loc"])] for m in mistakes if m is not mistake)
        if mistake["type"] == "too_short" and mistake["loc"] in inside:
            continue
        path, near = _located(mistake["loc"], model)
        place = "" if tree is None else f"第{_line(tree, path)}行"
        problem = _problem(mistake, path, near, where, place)
        before = problems.get((path, problem.what))
        if before is not None and before.expected != problem.expected:
            expected = f"{before.expected}，或{problem.expected}"
            problem = Problem(
                what=problem.what, where=where, place=problem.place, expected=expected
            )
        problems[path, problem.what] = problem
    return tuple(problems.values())


def _located(
    location: Path_, model: type[BaseModel]
) -> tuple[Path_, type[BaseModel] | None]:
    """Return the path in the file and the innermost model around its last key."""
    path: list[str | int] = []
    kind: object = model
    owner: type[BaseModel] | None = model
    for part in location:
        kind, is_tag = _member(kind, part)
        if is_tag:
            continue
        owner = kind if _is_model(kind) else owner
        kind = _step(kind, part)
        path.append(part)
    return tuple(path), owner


def _is_model(kind: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _member(kind: object, part: str | int) -> tuple[object, bool]:
    """Enter a union: the member meant, and whether the part was only its tag."""
    while get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) not in (Union, types.UnionType):
        return kind, False
    given = [item for item in get_args(kind) if item is not type(None)]
    members = [_member(item, "")[0] for item in given]
    for member in members:
        if _is_model(member) and (member.__name__ == part or part in _tags(member)):
            return member, True
    if len(members) == 1:
        return members[0], False
    # A union of plain types: pydantic names the member (str, int …) in the path.
    return object, isinstance(part, str)


def _tags(model: type[BaseModel]) -> set[Hashable]:
    """Return the values of a model's literal fields: what a union may choose it by."""
    return {
        value
        for item in model.model_fields.values()
        if get_origin(item.annotation) is Literal
        for value in get_args(item.annotation)
    }


def _step(kind: object, part: str | int) -> object:
    """Return the type behind a key or a position."""
    if _is_model(kind):
        for name, item in kind.model_fields.items():
            if part in (name, item.alias):
                return item.annotation
        return object
    arguments = get_args(kind)
    if not arguments:
        return object
    return arguments[0] if isinstance(part, int) else arguments[-1]


_EXPECTED = {
    "string_type": "文字（编号、日期等请加引号）",
    "string_too_short": "不为空的文字",
    "int_type": "整数",
    "int_parsing": "整数",
    "int_from_float": "整数",
    "bool_type": "true或false",
    "bool_parsing": "true或false",
    "float_type": "数字",
    "float_parsing": "数字",
    "decimal_type": "数字",
    "decimal_parsing": "数字",
    "finite_number": "数字",
    "date_type": DATE_FORM,
    "date_parsing": DATE_FORM,
    "date_from_datetime_parsing": DATE_FORM,
    "list_type": "列表（每项以“- ”开头，或[甲, 乙]）",
    "tuple_type": "列表（每项以“- ”开头，或[甲, 乙]）",
    "dict_type": "“键: 值”的表",
    "mapping_type": "“键: 值”的表",
    "model_type": "“键: 值”的表",
    "model_attributes_type": "“键: 值”的表",
}


def _problem(
    mistake: ErrorDetails,
    path: Path_,
    near: type[BaseModel] | None,
    where: str,
    place: str,
) -> Problem:
    kind, context = mistake["type"], mistake.get("ctx", {})
    name = key_path(path)
    if kind == "extra_forbidden":
        expected = choices(_keys(near)) if near else ""
        return Problem(
            what=f"不认识的键{name}",
            where=where,
            place=place,
            expected=expected,
            do="请改正拼写或删去这一行",
        )
    if kind == "missing":
        return Problem(what=f"缺少{name}", where=where, place=place, do="请补上这个键")
    if kind == "union_tag_not_found":
        key = str(context.get("discriminator", "")).strip("'")
        return Problem(what=f"{name}缺少{key}", where=where, place=place)
    cause = context.get("error")
    if kind == "value_error" and not isinstance(cause, WrongForm):
        what = f"{name}：{cause}" if name else str(cause)
        return Problem(what=what, where=where, place=place)
    return Problem(
        what=f"{name}是{_value(mistake['input'])}",
        where=where,
        place=place,
        expected=str(cause) if cause else _expectation(kind, context, mistake["msg"]),
    )


def _expectation(kind: str, context: Mapping[str, Any], message: str) -> str:
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    for key in ("expected", "expected_tags"):
        if key in context:
            return (
                str(context[key])
                .replace("'", "")
                .replace(" or ", "、")
                .replace(", ", "、")
            )
    limits = (("ge", "不小于"), ("gt", "大于"), ("le", "不大于"), ("lt", "小于"))
    for key, word in limits:
        if key in context:
            return f"{word}{context[key]}"
    if "min_length" in context:
        return f"至少{context['min_length']}项"
    if "max_length" in context:
        return f"至多{context['max_length']}项"
    if "pattern" in context:
        return f"符合{context['pattern']}"
    return f"别的值（{message}）"


def _value(value: object) -> str:
    if isinstance(value, dict):
        return "一张“键: 值”的表"
    if isinstance(value, list):
        return "一个列表"
    return shown(value)


def _keys(model: type[BaseModel]) -> list[str]:
    return [item.alias or name for name, item in model.model_fields.items()]


def key_path(path: Sequence[str | int]) -> str:
    """
    Write a path in a YAML file for a reader.

    Parameters
    ----------
    path : sequence of str or int
        Keys and positions, from 0.

    Returns
    -------
    str
        ``operators[1].leave[1].from``, positions from 1.
    """
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part + 1}]"
        else:
            text += f".{part}" if text else part
    return text


# Rows about people.


class _OfOperator(Protocol):
    @property
    def operator(self) -> str: ...


R = TypeVar("R", bound=_OfOperator)


def by_operator(rows: Iterable[R]) -> dict[str, tuple[R, ...]]:
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
    found: dict[str, list[R]] = {}
    for row in rows:
        found.setdefault(row.operator, []).append(row)
    return {operator: tuple(own) for operator, own in found.items()}
