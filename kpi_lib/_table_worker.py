"""
The small child process that opens foreign workbooks for `kpi_lib.tables`.

A single stray cell makes the Excel reader abort its whole process, and a zip
bomb takes all memory: so files are parsed here, under limits, and a death costs
one file. Run as a script by `tables`; imports nothing of the package.

Protocol, over stdin and stdout: a JSON line ``{"kind", "size"}`` and that many
bytes in; a JSON line ``{"size"}`` and that many bytes of JSON out. The answer
is ``{"sheets": […], "created", "modified"}`` or ``{"refused": code, "about": …}``.
"""

from __future__ import annotations

import html.parser
import io
import json
import math
import re
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta, timezone
from functools import cache
from typing import Any, BinaryIO

import lxml.html
import python_calamine
from lxml import etree

MEMORY = 512 * 1024 * 1024
SECONDS = 10
PARTS = 2_000
INFLATED = 200 * 1024 * 1024
RATIO, RATIO_FROM = 200, 1024 * 1024
CELLS = 2_000_000
"""Most cells of a sheet's used rectangle: the reader holds all of it at once."""

CHINA = timezone(timedelta(hours=8))
COLUMN = re.compile(r"[A-Z]{1,3}", re.ASCII)
OUTSIDE_TABLE = -1


class Refused(Exception):
    """A file that is not taken; `code` and `about` become the reader's line."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(code, about)
        self.code, self.about = code, about


# ----------------------------------------------------------------- workbooks


def read_xlsx(content: bytes) -> dict[str, Any]:
    """Read a zip workbook: its directory first, then its marks, then its cells."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        names = check_archive(archive)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as err:
        raise Refused("damaged", str(err)) from err
    if "xl/workbook.xml" not in names:
        raise Refused("not_xlsx", ", ".join(sorted(names)[:3]))
    parts = sheet_parts(archive)
    empty_strings = empty_shared_strings(archive)
    marks = {
        name: scan_sheet(archive, part, empty_strings) for name, part in parts.items()
    }
    book = open_book(content)
    sheets = []
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        mark = marks.get(meta.name)
        if mark is None:
            raise Refused("damaged", meta.name)
        rows, merged = book_rows(book, meta.name)
        for (row, column), text in mark["patches"].items():
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
                "records": mark["last"],
                "records_filled": mark["filled"],
                "hidden_rows": mark["hidden_rows"],
            }
        )
    created, modified = properties(archive)
    return {"sheets": sheets, "created": created, "modified": modified}


def check_archive(archive: zipfile.ZipFile) -> set[str]:
    """Refuse bombs by the directory, then inflate once, counting what comes."""
    parts = archive.infolist()
    if len(parts) > PARTS:
        raise Refused("bomb", f"{len(parts)}个部分")
    if sum(part.file_size for part in parts) > INFLATED:
        raise Refused("bomb", "展开后超过200MB")
    for part in parts:
        if ".." in part.filename.split("/") or part.filename.startswith("/"):
            raise Refused("hostile", part.filename)
        if part.flag_bits & 1:
            raise Refused("locked")
        if part.file_size > RATIO_FROM and (
            part.file_size > RATIO * max(part.compress_size, 1)
        ):
            raise Refused("bomb", part.filename)
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            refuse_doctype(archive, part)
    return {part.filename for part in parts}


def refuse_doctype(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Read a part to its end (so its checksum is checked); no DOCTYPE in it."""
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 16):
            if b"<!doctype" in (tail + chunk).replace(b"\0", b"").lower():
                raise Refused("hostile", "DOCTYPE")
            tail = chunk[-32:]


def xml_events(
    archive: zipfile.ZipFile, part: str, *tags: str
) -> Iterator[etree._Element]:
    """Elements of these names, one after another, nothing fetched or expanded."""
    with archive.open(part) as stream:
        walk = etree.iterparse(
            stream,
            tag=tuple(f"{{*}}{tag}" for tag in tags),
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=True,
        )
        for _, element in walk:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]


def sheet_parts(archive: zipfile.ZipFile) -> dict[str, str]:
    """Name of every worksheet and the part that holds it."""
    targets = {
        str(element.get("Id")): (
            str(element.get("Type", "")),
            str(element.get("Target", "")),
        )
        for element in xml_tree(archive, "xl/_rels/workbook.xml.rels")
    }
    parts = {}
    for element in xml_tree(archive, "xl/workbook.xml").iter("{*}sheet"):
        key = next(
            (value for name, value in element.items() if str(name).endswith("}id")), ""
        )
        type_, target = targets.get(str(key), ("", ""))
        if type_.endswith("/worksheet"):
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            parts[str(element.get("name", ""))] = path
    return parts


def xml_tree(archive: zipfile.ZipFile, part: str) -> etree._Element:
    """Return a small part as a tree."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(archive.read(part), parser)


def empty_shared_strings(archive: zipfile.ZipFile) -> set[int]:
    """Return the numbers of the shared strings that show nothing."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return set()
    return {
        number
        for number, element in enumerate(
            xml_events(archive, "xl/sharedStrings.xml", "si")
        )
        if not shown(element)
    }


def shown(element: etree._Element) -> bool:
    """Return whether a string element shows any text (readings of 漢字 do not)."""
    return any(
        (text.text or "").strip()
        for text in element.iter("{*}t")
        if etree.QName(text.getparent()).localname != "rPh"
    )


def scan_sheet(
    archive: zipfile.ZipFile, part: str, empty_strings: set[int]
) -> dict[str, Any]:
    """
    Count the rows of a sheet from its XML, without the reader.

    Parameters
    ----------
    archive : ZipFile
        The workbook.
    part : str
        Part of the sheet.
    empty_strings : set of int
        Shared strings without text.

    Returns
    -------
    dict
        `last` row with something in it, `filled` rows, `hidden_rows` with
        something in them, and `patches`: cells that the reader would drop
        without a word, an error value or a formula without a result.
    """
    last = filled = widest = tallest = row_number = 0
    hidden, patches = [], {}
    for row in xml_events(archive, part, "row"):
        row_number = int(row.get("r") or row_number + 1)
        column = 0
        content = False
        for cell in row:
            reference = (cell.get("r") or "").rstrip("0123456789")
            column = column_number(reference) if reference else column + 1
            shows, patch = cell_content(cell, empty_strings)
            if shows is None:
                continue
            widest, tallest = max(widest, column), max(tallest, row_number)
            if patch:
                patches[row_number, column] = patch
            content = content or shows
        if content:
            filled, last = filled + 1, max(last, row_number)
            if row.get("hidden") in {"1", "true"}:
                hidden.append(row_number)
    if widest * tallest > CELLS:
        raise Refused("too_many_cells", f"{tallest}行×{widest}列")
    return {"last": last, "filled": filled, "hidden_rows": hidden, "patches": patches}


def cell_content(
    cell: etree._Element, empty_strings: set[int]
) -> tuple[bool | None, str]:
    """
    Return whether a cell shows anything, and what the reader would drop of it.

    Parameters
    ----------
    cell : Element
        One cell. There are many: its children are looked at once.
    empty_strings : set of int
        Shared strings without text.

    Returns
    -------
    tuple
        None for a cell without content, else whether it shows anything; an
        error value, or the formula that has no result, as text.
    """
    value, formula, inline = None, None, None
    for child in cell:
        tag = str(child.tag)
        if tag.endswith("}v"):
            value = child.text or ""
        elif tag.endswith("}f"):
            formula = child.text or ""
        elif tag.endswith("}is"):
            inline = shown(child)
    if value is None and formula is None and inline is None:
        return None, ""
    kind = cell.get("t")
    if kind == "e":
        return True, value or "#ERROR"
    if formula is not None and not value and kind != "str":
        return True, f"={formula}"
    if kind == "inlineStr":
        return bool(inline), ""
    text = (value or "").strip()
    if kind == "s" and text.isdigit():
        return int(text) not in empty_strings, ""
    return bool(text), ""


@cache
def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA."""
    if not COLUMN.fullmatch(letters):
        raise Refused("damaged", letters)
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def properties(archive: zipfile.ZipFile) -> tuple[str | None, str | None]:
    """Return the days made and changed, in China; whoever made it stays unread."""
    found: dict[str, str] = {}
    if "docProps/core.xml" in archive.namelist():
        for name in ("created", "modified"):
            for element in xml_tree(archive, "docProps/core.xml").iter(f"{{*}}{name}"):
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
        raise Refused("damaged", str(err)) from err


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
        raise Refused("damaged", str(err)) from err
    areas = [
        (top + 1, left + 1, bottom + 1, right + 1)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges or []
    ]
    return [[plain(cell) for cell in row] for row in rows], areas


def plain(cell: object) -> object:
    """Return a cell as JSON can say it."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, str | bool | int):
        return cell
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return repr(cell)
        # Excel keeps every number as a float; a whole one is shown without ".0".
        whole = cell.is_integer() and abs(cell) < 2**53
        return int(cell) if whole else cell
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
    return any(
        cell is not None and not (isinstance(cell, str) and not cell.strip())
        for cell in row
    )


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
        raise Refused("damaged", str(err)) from err
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
        return {"refused": refusal.code, "about": refusal.about}
    except MemoryError:
        return {"refused": "too_big", "about": ""}
    except Exception as err:  # foreign bytes: any error of a parser is theirs
        return {"refused": "damaged", "about": f"{type(err).__name__}: {err}"}


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
        sink.write(json.dumps({"size": len(reply)}).encode() + b"\n")
        sink.write(reply)
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
