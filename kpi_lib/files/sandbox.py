"""
The small child process that opens foreign workbooks for `kpi_lib.files.tables`.

A single stray cell makes the Excel reader abort its whole process, and a zip
bomb takes all memory: so files are parsed here, under limits, and a death costs
one file. Run as a script by `tables`; imports nothing of the package.

Protocol, over stdin and stdout: a JSON line ``{"kind", "size"}`` and that many
bytes in; a line ``{"size": …}`` of 32 bytes and that many bytes of JSON out. The answer
is ``{"sheets": […], "created", "modified"}``, or ``{"refused": code}`` with
``about`` and ``place`` where there is more to say.
"""

from __future__ import annotations

import html.parser
import io
import json
import math
import re
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any, BinaryIO
from xml.parsers import expat

import lxml.html
import python_calamine
from lxml import etree

HEAD = 32
"""Bytes of the line before an answer, as in `kpi_lib.files.tables`."""

MEMORY = 512 * 1024 * 1024
SECONDS = 10
PARTS = 2_000
INFLATED = 200 * 1024 * 1024
RATIO, RATIO_FROM = 200, 1024 * 1024
SMALL = 4 * 1024 * 1024
"""Parts up to this size are inflated once and kept."""
PLAIN_UP_TO = 64 * 1024 * 1024
"""Larger sheets are counted piece by piece."""
CELLS = 800_000
"""Most cells of a sheet's used rectangle: the reader holds all of it at once."""

COLUMNS = 16_384
"""Columns that Excel has."""

LOCAL = struct.Struct("<4s2xH18xHH")
"""What stands before a part: its mark, flags, and lengths of its name and extras."""

ODD_FLAGS = 0b1 | 0b10_0000 | 0b100_0000
"""Locked, patched or strongly locked: left to the archive's own reader to refuse."""

CHINA = timezone(timedelta(hours=8))
COLUMN = re.compile(r"[A-Z]{1,3}", re.ASCII)
OUTSIDE_TABLE = -1


class Refused(Exception):
    """A file that is not taken; its fields become the reader's line."""

    def __init__(self, code: str, about: str = "", place: str = "") -> None:
        super().__init__(code, about, place)
        self.code, self.about, self.place = code, about, place


# ----------------------------------------------------------------- workbooks


def read_xlsx(content: bytes) -> dict[str, Any]:
    """Read a zip workbook: its directory first, then its marks, then its cells."""
    try:
        package = Package(content)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, zlib.error) as err:
        raise Refused("damaged") from err
    if "xl/workbook.xml" not in package.names:
        raise Refused("not_xlsx", ", ".join(sorted(package.names)[:3]))
    empty_strings = empty_shared_strings(package)
    marks = {
        name: scan_sheet(package, part, empty_strings, name)
        for name, part in sheet_parts(package).items()
    }
    book = open_book(content)
    sheets = []
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        mark = marks.get(meta.name)
        if mark is None:
            raise Refused("damaged", place=meta.name)
        rows, merged = book_rows(book, meta.name)
        for (row, column), text in mark.patches.items():
            put(rows, row, column, text)
        filled = [number for number, row in enumerate(rows, 1) if holds_text(row)]
        for top, left, bottom, right in merged:
            clear_merged(rows, top, left, bottom, right)
        last = filled[-1] if filled else 0
        sheets.append(
            {
                "name": meta.name,
                "hidden": meta.visible != python_calamine.SheetVisibleEnum.Visible,
                "rows": rows[:last],
                "filled": len(filled),
                "records": mark.last,
                "records_filled": mark.filled,
                "hidden_rows": mark.hidden,
            }
        )
    created, modified = properties(package)
    return {"sheets": sheets, "created": created, "modified": modified}


class Package:
    """
    The parts of a zip workbook, after its directory was found harmless.

    Parameters
    ----------
    content : bytes
        The file.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._archive = zipfile.ZipFile(io.BytesIO(content))
        self._small: dict[str, bytes] = {}
        parts = self._archive.infolist()
        check_directory(parts)
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                self._inspect(part)
        self.names = {part.filename for part in parts}

    def _inspect(self, part: zipfile.ZipInfo) -> None:
        """Read a part to its end (so its checksum is checked); no DOCTYPE in it."""
        if part.file_size <= SMALL:
            content = self._inflated(part)
            self._small[part.filename] = content
            refuse_doctype(content)
            return
        tail = b""
        with self._archive.open(part) as stream:
            while chunk := stream.read(1 << 16):
                refuse_doctype(tail + chunk)
                tail = chunk[-32:]

    def _inflated(self, part: zipfile.ZipInfo) -> bytes:
        """Return a small part; as most are written, without the archive's machinery."""
        at = part.header_offset
        head = self._content[at : at + LOCAL.size]
        if part.compress_type != zipfile.ZIP_DEFLATED or len(head) < LOCAL.size:
            return self._archive.read(part)
        mark, flags, name, extra = LOCAL.unpack(head)
        start = at + LOCAL.size
        same = self._content[start : start + name] == part.filename.encode(
            "ascii", "replace"
        )
        if mark != b"PK\3\4" or flags & ODD_FLAGS or not same:
            return self._archive.read(part)
        start += name + extra
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        packed = self._content[start : start + part.compress_size]
        content = inflater.decompress(packed, part.file_size + 1)
        whole = inflater.eof and len(content) == part.file_size
        if not whole or zlib.crc32(content) != part.CRC:
            raise zipfile.BadZipFile(part.filename)
        return content

    def read(self, part: str) -> bytes:
        """Return a whole part."""
        kept = self._small.get(part)
        return self._archive.read(part) if kept is None else kept

    def size(self, part: str) -> int:
        """Return a part's size, inflated."""
        return self._archive.getinfo(part).file_size

    def walk(self, part: str, parser: expat.XMLParserType) -> None:
        """Lead a parser through a part, piece by piece if it is large."""
        if part in self._small:
            parser.Parse(self._small[part], True)
            return
        with self._archive.open(part) as stream:
            parser.ParseFile(stream)


def check_directory(parts: list[zipfile.ZipInfo]) -> None:
    """Refuse bombs and strange names before anything is inflated."""
    if len(parts) > PARTS:
        raise Refused("bomb", f"{len(parts)}个部分")
    if sum(part.file_size for part in parts) > INFLATED:
        raise Refused("bomb", "展开后超过200MB")
    if len({part.filename for part in parts}) < len(parts):
        raise Refused("hostile", "有同名的部分")
    for part in parts:
        folders = part.filename.replace("\\", "/").split("/")
        if ".." in folders or not folders[0]:
            raise Refused("hostile", part.filename)
        if part.flag_bits & 1:
            raise Refused("locked")
        if part.file_size > RATIO_FROM and (
            part.file_size > RATIO * max(part.compress_size, 1)
        ):
            raise Refused("bomb", part.filename)


def refuse_doctype(content: bytes) -> None:
    """Refuse what may declare entities, in one byte a character or two."""
    if b"<!" in content.replace(b"\0", b"") and (
        b"<!doctype" in content.replace(b"\0", b"").lower()
    ):
        raise Refused("hostile", "DOCTYPE")


def sheet_parts(package: Package) -> dict[str, str]:
    """Name of every worksheet and the part that holds it."""
    targets = {
        str(element.get("Id")): (
            str(element.get("Type", "")),
            str(element.get("Target", "")),
        )
        for element in xml_tree(package, "xl/_rels/workbook.xml.rels")
    }
    parts = {}
    for element in xml_tree(package, "xl/workbook.xml").iter("{*}sheet"):
        key = next(
            (value for name, value in element.items() if str(name).endswith("}id")), ""
        )
        type_, target = targets.get(str(key), ("", ""))
        if type_.endswith("/worksheet"):
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            parts[str(element.get("name", ""))] = path
    return parts


def xml_tree(package: Package, part: str) -> etree._Element:
    """Return a small part as a tree."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(package.read(part), parser)


def empty_shared_strings(package: Package) -> set[int]:
    """Return the numbers of the shared strings that show nothing."""
    counter = StringCounter()
    if "xl/sharedStrings.xml" in package.names:
        package.walk("xl/sharedStrings.xml", counter.parser)
    return counter.empty


class StringCounter:
    """Numbers the shared strings; readings of 漢字 (rPh) do not show."""

    def __init__(self) -> None:
        self.empty: set[int] = set()
        self._number = 0
        self._shows = self._text = False
        self._readings = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, tag: str, _: dict[str, str]) -> None:
        name = local(tag)
        if name == "si":
            self._shows = False
        elif name == "rPh":
            self._readings += 1
        elif name == "t":
            self._text = not self._readings

    def _end(self, tag: str) -> None:
        name = local(tag)
        if name == "t":
            self._text = False
        elif name == "rPh":
            self._readings -= 1
        elif name == "si":
            if not self._shows:
                self.empty.add(self._number)
            self._number += 1

    def _characters(self, text: str) -> None:
        if self._text and not self._shows and text.strip():
            self._shows = True


class SheetCounter:
    """
    Counts the rows of a sheet from its XML, without the reader.

    Parameters
    ----------
    empty_strings : set of int
        Shared strings without text.

    Attributes
    ----------
    last, filled : int
        Last row with something in it, and how many such rows there are.
    hidden : list of int
        Hidden rows with something in them.
    patches : dict
        Cells that the reader would drop without a word: an error value, or the
        formula that has no result.
    widest, tallest : int
        Corner of the used rectangle.
    """

    def __init__(self, empty_strings: set[int]) -> None:
        self.last = self.filled = self.widest = self.tallest = 0
        self.hidden: list[int] = []
        self.patches: dict[tuple[int, int], str] = {}
        self._empty = empty_strings
        self._row = self._column = 0
        self._row_hidden = self._row_shows = False
        self._kind: str | None = None
        self._value: str | None = None
        self._formula: str | None = None
        self._inline: str | None = None
        self._into = ""
        self._readings = 0
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def add_plain(self, head: bytes, inner: bytes, letters: set[bytes]) -> bool:
        """
        Count one row of a plain sheet.

        Parameters
        ----------
        head, inner : bytes
            The row's attributes, and what it holds.
        letters : set of bytes
            Columns with content; those of this row are added.

        Returns
        -------
        bool
            False where the row is not plain.
        """
        cells = PLAIN_CELL.findall(inner)
        # Without comments each "<" opens a tag, so nothing hides between cells.
        tags = len(cells)
        shows = False
        for column, kind, formula, value, text in cells:
            if not value:
                continue
            letters.add(column)
            tags += 5 if formula else 3
            if kind == b"e" or (formula and not text and kind != b"str"):
                return False
            if not shows:
                self._kind = kind.decode()
                shows = self._shows(text.decode().strip())
        number = ROW_NUMBER.search(head)
        if number is None or tags != inner.count(b"<"):
            return False
        if shows:
            self.last = max(self.last, int(number[1]))
            self.filled += 1
            if ROW_HIDDEN.search(head):
                self.hidden.append(int(number[1]))
        if tags > len(cells):
            self.tallest = max(self.tallest, int(number[1]))
        return True

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = local(tag)
        if name == "c":
            reference = attributes.get("r")
            if reference:
                self._column = column_number(reference.rstrip("0123456789"))
            else:
                self._column += 1
            self._kind = attributes.get("t")
            self._value = self._formula = self._inline = None
        elif name == "v":
            self._value, self._into = "", "v"
        elif name == "f":
            self._formula, self._into = "", "f"
        elif name == "is":
            self._inline = ""
        elif name == "rPh":
            self._readings += 1
        elif name == "t":
            self._into = "" if self._readings else "is"
        elif name == "row":
            self._row = int(attributes.get("r") or self._row + 1)
            self._row_hidden = attributes.get("hidden") in {"1", "true"}
            self._row_shows, self._column = False, 0

    def _characters(self, text: str) -> None:
        if self._into == "v":
            self._value = (self._value or "") + text
        elif self._into == "f":
            self._formula = (self._formula or "") + text
        elif self._into == "is" and self._inline is not None:
            self._inline += text

    def _end(self, tag: str) -> None:
        self._into = ""
        name = local(tag)
        if name == "c":
            self._cell()
        elif name == "rPh":
            self._readings -= 1
        elif name == "row" and self._row_shows:
            self.filled += 1
            self.last = max(self.last, self._row)
            if self._row_hidden:
                self.hidden.append(self._row)

    def _cell(self) -> None:
        value, formula, kind = self._value, self._formula, self._kind
        if value is None and formula is None and self._inline is None:
            return
        if self._column > self.widest:
            self.widest = self._column
        if self._row > self.tallest:
            self.tallest = self._row
        if kind == "e":
            self.patches[self._row, self._column] = value or "#ERROR"
        elif formula is not None and not value and kind != "str":
            self.patches[self._row, self._column] = f"={formula}"
        elif self._row_shows or not self._shows((value or "").strip()):
            return
        self._row_shows = True

    def _shows(self, value: str) -> bool:
        if self._kind == "inlineStr":
            return bool((self._inline or "").strip())
        if self._kind == "s" and value.isdigit():
            return int(value) not in self._empty
        return bool(value)


def scan_sheet(
    package: Package, part: str, empty_strings: set[int], name: str
) -> SheetCounter:
    """
    Count the rows of a sheet, and refuse one too large to be read.

    Parameters
    ----------
    package : Package
        The workbook.
    part : str
        Part of the sheet.
    empty_strings : set of int
        Shared strings without text.
    name : str
        What the sheet is called.

    Returns
    -------
    SheetCounter
        At the end of its way.
    """
    counter = None
    if package.size(part) <= PLAIN_UP_TO:
        counter = plain_count(package.read(part), empty_strings)
    if counter is None:
        counter = SheetCounter(empty_strings)
        package.walk(part, counter.parser)
    if counter.widest * counter.tallest > CELLS:
        about = f"{counter.tallest}行×{counter.widest}列"
        raise Refused("too_many_cells", about, place=name)
    return counter


UTF_8 = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml(?:(?!encoding)[^>])*"
    rb"(?:encoding=[\"']utf-8[\"'](?:(?!encoding)[^>])*)?\?>)?\s*<worksheet[ >]",
    re.IGNORECASE,
)
ROW_NUMBER = re.compile(rb'\br="(\d+)"')
ROW_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
PLAIN_CELL = re.compile(
    rb'<c r="([A-Z]{1,3})\d+"(?: s="\d+")?(?: t="([a-z]+)")?'
    rb"(?:/>|>(?:(<f>)[^<]*</f>)?(<v>)([^<]*)</v></c>)"
)


def plain_count(content: bytes, empty_strings: set[int]) -> SheetCounter | None:
    """
    Count a sheet that is written in the plainest form, as most are.

    Parameters
    ----------
    content : bytes
        The part.
    empty_strings : set of int
        Shared strings without text.

    Returns
    -------
    SheetCounter
        Or None where anything is not plain, or has to be patched: the parser
        knows every form, at several times the cost.
    """
    if b"<!" in content or b"&#" in content or not UTF_8.match(content):
        return None
    counter = SheetCounter(empty_strings)
    *rows, end = content.split(b"</row>")
    if b"<row" in end or not end.rstrip().endswith(b"</worksheet>"):
        return None
    letters: set[bytes] = set()
    for number, piece in enumerate(rows):
        before, _, row = piece.partition(b"<row ")
        head, _, inner = row.partition(b">")
        if number and before.strip():
            return None
        if not counter.add_plain(head, inner, letters):
            return None
    counter.widest = max((column_number(name.decode()) for name in letters), default=0)
    return counter


def local(tag: str) -> str:
    """Return the name of an element without its prefix."""
    return tag.rpartition(":")[2] if ":" in tag else tag


@cache
def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA."""
    if not COLUMN.fullmatch(letters):
        raise Refused("damaged")
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def properties(package: Package) -> tuple[str | None, str | None]:
    """Return the days made and changed, in China; whoever made it stays unread."""
    found: dict[str, str] = {}
    if "docProps/core.xml" in package.names:
        core = xml_tree(package, "docProps/core.xml")
        for name in ("created", "modified"):
            for element in core.iter(f"{{*}}{name}"):
                found[name] = element.text or ""
    return china_day(found.get("created")), china_day(found.get("modified"))


def china_day(text: str | None) -> str | None:
    """Return the day in China of a W3C time; None if it is no such time."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    if moment.tzinfo is not None:
        moment = moment.astimezone(CHINA)
    return moment.date().isoformat()


def read_xls(content: bytes) -> dict[str, Any]:
    """
    Read a BIFF workbook.

    Its rows are counted by the reader's own used range: BIFF has no second
    reader here that is worth its weight.
    """
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Refused("locked")
    book = open_book(content)
    sheets = []
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        if sheet.total_height * sheet.total_width > CELLS:
            size = f"{sheet.total_height}行×{sheet.total_width}列"
            raise Refused("too_many_cells", size)
        rows, merged = book_rows(book, meta.name)
        filled = [number for number, row in enumerate(rows, 1) if holds_text(row)]
        for top, left, bottom, right in merged:
            clear_merged(rows, top, left, bottom, right)
        last = filled[-1] if filled else 0
        sheets.append(
            {
                "name": meta.name,
                "hidden": meta.visible != python_calamine.SheetVisibleEnum.Visible,
                "rows": rows[:last],
                "filled": len(filled),
                "records": last,
                "records_filled": len(filled),
                "hidden_rows": [],
            }
        )
    return {"sheets": sheets, "created": None, "modified": None}


def open_book(content: bytes) -> python_calamine.CalamineWorkbook:
    """Open a workbook, or refuse it by what the reader says."""
    try:
        return python_calamine.load_workbook(io.BytesIO(content))
    except python_calamine.PasswordError as err:
        raise Refused("locked") from err
    except python_calamine.CalamineError as err:
        if "password" in str(err).lower() or "encrypt" in str(err).lower():
            raise Refused("locked") from err
        raise Refused("damaged") from err


def book_rows(
    book: python_calamine.CalamineWorkbook, name: str
) -> tuple[list[list[Any]], list[tuple[int, int, int, int]]]:
    """Return all rows of a sheet from row 1 on, and its merged areas, from 1."""
    try:
        sheet = book.get_sheet_by_name(name)
        # Without this the reader drops leading empty rows, and every number of
        # a row would be wrong.
        rows = sheet.to_python(skip_empty_area=False)
    except python_calamine.CalamineError as err:
        raise Refused("damaged") from err
    areas = [
        (top + 1, left + 1, bottom + 1, right + 1)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
    ]
    # Most cells are whole numbers: those are looked at no further.
    return [
        [
            int(cell)
            if type(cell) is float and cell.is_integer() and abs(cell) < 2**53
            else plain(cell)
            for cell in row
        ]
        for row in rows
    ], areas


def plain(cell: object) -> object:
    """Return a cell as JSON can say it."""
    if type(cell) is str:
        return cell or None
    if type(cell) is float:
        if not math.isfinite(cell):
            return repr(cell)
        # Excel keeps every number as a float; a whole one is shown without ".0".
        whole = cell.is_integer() and abs(cell) < 2**53
        return int(cell) if whole else cell
    if cell == "" or cell is None:
        return None
    if isinstance(cell, str | bool | int):
        return cell
    if isinstance(cell, datetime):
        return {"datetime": cell.isoformat()}
    if isinstance(cell, date):
        return {"date": cell.isoformat()}
    if isinstance(cell, time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(cell)


def put(rows: list[list[Any]], row: int, column: int, text: str) -> None:
    """Set a cell, making the rows and columns up to it."""
    while len(rows) < row:
        rows.append([])
    cells = rows[row - 1]
    cells.extend([None] * (column - len(cells)))
    cells[column - 1] = text


def clear_merged(
    rows: list[list[Any]], top: int, left: int, bottom: int, right: int
) -> None:
    """Keep a merged area's text once: some writers repeat it in every cell."""
    for row in range(top, min(bottom, len(rows)) + 1):
        cells = rows[row - 1]
        for column in range(left, min(right, len(cells)) + 1):
            if (row, column) != (top, left):
                cells[column - 1] = None


def holds_text(row: list[Any]) -> bool:
    """Return whether a row shows anything."""
    # Most rows show something in their first cell: a plain loop ends there.
    for cell in row:
        if cell is not None and not (isinstance(cell, str) and not cell.strip()):
            return True
    return False


# ----------------------------------------------------------------- web pages


class RowCounter(html.parser.HTMLParser):
    """Counts the rows of every table, without the parser that reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: dict[int, int] = {}
        self.open: list[int] = []
        self.password = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count a row for the innermost open table."""
        if tag == "table":
            self.open.append(len(self.rows))
            self.rows[len(self.rows)] = 0
        elif tag == "tr":
            table = self.open[-1] if self.open else OUTSIDE_TABLE
            if table == OUTSIDE_TABLE:
                raise Refused("rows_outside_table")
            self.rows[table] += 1
        elif tag == "input" and ("type", "password") in attrs:
            self.password = True

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost table."""
        if tag == "table" and self.open:
            self.open.pop()


def read_html(content: bytes) -> dict[str, Any]:
    """Read every table of a page, UTF-8, as a sheet of its own."""
    text = content.decode("utf-8")
    counter = RowCounter()
    counter.feed(text)
    counter.close()
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    try:
        page = lxml.html.document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError) as err:
        raise Refused("damaged") from err
    title = " ".join((page.findtext(".//title") or "").split())[:40]
    if counter.open:
        raise Refused("torn")
    if counter.password:
        raise Refused("login", title)
    if not any(counter.rows.values()):
        raise Refused("no_table", title)
    sheets = []
    for number, table in enumerate(page.iter("table")):
        rows = table_rows(table)
        refuse_size(rows, f"表{number + 1}")
        filled = sum(holds_text(row) for row in rows)
        sheets.append(
            {
                "name": f"表{number + 1}",
                "hidden": False,
                "rows": rows,
                "filled": filled,
                "records": counter.rows.get(number, 0),
                "records_filled": filled,
                "hidden_rows": [],
            }
        )
    return {"sheets": sheets, "created": None, "modified": None}


def refuse_size(rows: list[list[Any]], name: str) -> None:
    """Refuse what no workbook could hold either."""
    widest = max(map(len, rows), default=0)
    if widest > COLUMNS or sum(map(len, rows)) > CELLS:
        raise Refused("too_many_cells", f"{len(rows)}行×{widest}列", place=name)


def table_rows(table: lxml.html.HtmlElement) -> list[list[Any]]:
    """Rows of a table but not of tables inside it; a spanned cell's text once."""
    rows: list[list[Any]] = []
    blocked: dict[int, int] = {}
    for line in table.iter("tr"):
        if next(line.iterancestors("table")) is not table:
            continue
        cells: list[Any] = []
        below = {column: left - 1 for column, left in blocked.items() if left > 1}
        for cell in line.iterchildren("td", "th"):
            while len(cells) in blocked:
                cells.append(None)
            text = cell.text_content().replace("\xa0", " ").strip()
            width, height = span(cell, "colspan"), span(cell, "rowspan")
            if height > 1:
                start = len(cells)
                below.update(dict.fromkeys(range(start, start + width), height - 1))
            cells.extend([text or None] + [None] * (width - 1))
        rows.append(cells)
        blocked = below
    return rows


def span(cell: lxml.html.HtmlElement, name: str) -> int:
    """Return how many columns or rows a cell covers."""
    text = (cell.get(name) or "1").strip()
    return min(max(int(text), 1), 1000) if text.isascii() and text.isdigit() else 1


# ------------------------------------------------------------------ the loop

READERS: dict[str, Callable[[bytes], dict[str, Any]]] = {
    "xlsx": read_xlsx,
    "xls": read_xls,
    "html": read_html,
}


def answer(kind: str, content: bytes) -> dict[str, Any]:
    """Read one file; whatever its parsers raise is a damaged file."""
    try:
        return READERS[kind](content)
    except Refused as refusal:
        return {
            "refused": refusal.code,
            "about": refusal.about,
            "place": refusal.place,
        }
    except MemoryError:
        return {"refused": "too_big"}
    except Exception:  # foreign bytes: any error of a parser is theirs
        return {"refused": "damaged"}


def limit_memory() -> None:
    """Limit the address space, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the parent's time-out remains
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def limit_time() -> None:
    """Allow so many seconds of processor more, from now on."""
    try:
        import resource
    except ImportError:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = math.ceil(usage.ru_utime + usage.ru_stime)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (spent + SECONDS, hard))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer one file after another until the parent closes its end."""
    limit_memory()
    while line := source.readline():
        request = json.loads(line)
        limit_time()
        result = answer(request["kind"], source.read(request["size"]))
        reply = json.dumps(result, ensure_ascii=True, allow_nan=False).encode()
        head = json.dumps({"size": len(reply)}, separators=(",", ":")).encode()
        sink.write(head.ljust(HEAD - 1) + b"\n" + reply)
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
