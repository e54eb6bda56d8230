"""
The small child process that opens foreign workbooks, asked by `kpi_lib.files.child`.

A single stray cell makes the Excel reader abort its whole process, and a zip
bomb takes all memory: so files are parsed here, under limits, and a death costs
one file. Run as a script; imports nothing of the package.

Protocol, over stdin and stdout: a JSON line ``{"kind", "size"}`` and that many
bytes in; a line ``{"size"}`` and that many bytes of JSON out. The answer is
``{"sheets": […]}`` and the times ``created`` and ``modified`` where they are told,
or ``{"refused": code}`` with ``about`` and ``place`` where there is more to say.
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
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, BinaryIO

import lxml.html
import python_calamine
from lxml import etree

try:
    import resource
except ImportError:  # Windows: the parent's time-out remains
    resource = None  # type: ignore[assignment]

MEMORY = 512 * 1024 * 1024
SECONDS = 10
PARTS = 2_000
COLUMNS = 16_384
INFLATED = 200 * 1024 * 1024
RATIO, RATIO_FROM = 200, 1024 * 1024
LINKS = "xl/_rels/workbook.xml.rels"
# Most cells of a sheet's used rectangle: the reader holds all of it at once.
CELLS = 800_000


def N_(template: str, **values: int) -> list[Any]:  # noqa: N802 - as gettext calls it
    """Write a sentence as the package's `Sentence.read` takes it."""
    return [template, values]


class Refused(Exception):
    """A file that is not taken; its fields become the reader's line."""

    def __init__(self, code: str, about: str | list[Any] = "", place: str = "") -> None:
        super().__init__(code, about, place)


def too_many_cells(rows: int, columns: int, place: str = "") -> Refused:
    """Return the refusal of a table that no memory holds."""
    about = N_("{rows}行×{columns}列", rows=rows, columns=columns)
    return Refused("too_many_cells", about, place)


def read_xlsx(content: bytes) -> dict[str, Any]:
    """Read a zip workbook: its directory first, then its marks, then its cells."""
    package = Package(content)
    if "xl/workbook.xml" not in package.names:
        raise Refused("not_xlsx", ", ".join(sorted(package.names)[:3]))
    empty_strings = empty_shared_strings(package)
    marks = {
        name: scan_sheet(package, part, empty_strings, name)
        for name, part in sheet_parts(package).items()
    }
    return {"sheets": [*book_sheets(content, marks)], **properties(package)}


def read_xls(content: bytes) -> dict[str, Any]:
    """Read a BIFF workbook."""
    if "EncryptedPackage".encode("utf-16-le") in content:
        raise Refused("locked")
    return {"sheets": [*book_sheets(content)]}


def book_sheets(
    content: bytes, marks: dict[str, Marks] | None = None
) -> Iterator[dict[str, Any]]:
    """Read every worksheet; BIFF has no second reader that counts (no marks)."""
    book = open_book(content)
    for meta in book.sheets_metadata:
        if meta.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        mark = Marks() if marks is None else marks.get(meta.name)
        if mark is None:
            raise Refused("damaged", place=meta.name)
        yield {
            "name": meta.name,
            "hidden": meta.visible != python_calamine.SheetVisibleEnum.Visible,
            **sheet_rows(book, meta.name, mark if marks else None),
            "patches": [[*place, text] for place, text in mark.patches.items()],
            "counted": [mark.last, mark.filled] if marks else [None, None],
            "hidden_rows": mark.hidden,
            "hidden_columns": [c for c in mark.hidden_columns if c <= mark.widest],
        }


class Package:
    """The parts of a zip workbook, after its directory was found harmless."""

    def __init__(self, content: bytes) -> None:
        self.archive = zipfile.ZipFile(io.BytesIO(content))
        parts = self.archive.infolist()
        check_directory(parts)
        for part in parts:
            if part.filename.endswith((".xml", ".rels")):
                self._inspect(part.filename)
        self.names = {part.filename for part in parts}

    def _inspect(self, part: str) -> None:
        """Read a part to its end (so its checksum is checked); no DOCTYPE in it."""
        tail = b""
        with self.archive.open(part) as stream:
            while chunk := stream.read(1 << 16):
                # What may declare entities, in one byte a character or two.
                if b"<!doctype" in (tail + chunk).replace(b"\0", b"").lower():
                    raise Refused("hostile", "DOCTYPE")
                tail = chunk[-32:]

    def tree(self, part: str) -> etree._Element:
        """Return a small part as a tree."""
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        return etree.fromstring(self.archive.read(part), parser)


def check_directory(parts: list[zipfile.ZipInfo]) -> None:
    """Refuse bombs and strange names before anything is inflated."""
    if len(parts) > PARTS:
        raise Refused("bomb", N_("{n}个部分", n=len(parts)))
    if sum(part.file_size for part in parts) > INFLATED:
        raise Refused("bomb", N_("展开后超过200MB"))
    if len({part.filename for part in parts}) < len(parts):
        raise Refused("hostile", N_("有同名的部分"))
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


def sheet_parts(package: Package) -> dict[str, str]:
    """Name of every worksheet and the part that holds it."""
    links = {str(link.get("Id")): link for link in package.tree(LINKS)}
    parts = {}
    for element in package.tree("xl/workbook.xml").iter("{*}sheet"):
        key = element.xpath("string(@*[local-name()='id' and namespace-uri()])")
        link = links.get(str(key))
        if link is not None and str(link.get("Type")).endswith("/worksheet"):
            target = str(link.get("Target", ""))
            path = target[1:] if target.startswith("/") else f"xl/{target}"
            parts[str(element.get("name", ""))] = path
    return parts


def elements(package: Package, part: str, *tags: str) -> Iterator[etree._Element]:
    """Yield the elements of some names, one at a time in memory."""
    with package.archive.open(part) as stream:
        for _, element in etree.iterparse(
            stream,
            tag=[f"{{*}}{tag}" for tag in tags],
            resolve_entities=False,
            no_network=True,
            remove_comments=True,
            remove_pis=True,
        ):
            yield element
            parent = element.getparent()
            element.clear()
            if parent is not None:
                del parent[: parent.index(element)]


def shown_text(element: etree._Element) -> str:
    """Return a string's text; readings of 漢字 (rPh) do not show."""
    if len(element) == 1 and element[0].tag.endswith("}t"):  # as nearly all are
        return element[0].text or ""
    return "".join(
        text.text or ""
        for text in element.iter("{*}t")
        if not any(True for _ in text.iterancestors("{*}rPh"))
    )


def empty_shared_strings(package: Package) -> set[int]:
    """Return the numbers of the shared strings that show nothing."""
    if "xl/sharedStrings.xml" not in package.names:
        return set()
    strings = elements(package, "xl/sharedStrings.xml", "si")
    return {
        number for number, text in enumerate(strings) if not shown_text(text).strip()
    }


@dataclass
class Marks:
    """What is counted of a sheet from its XML, without the reader."""

    last: int = 0  # the last row with something in it
    filled: int = 0  # so many such rows, and which of them are hidden
    hidden: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    # What the reader would drop without a word: an error value, or the formula that
    # has no result.
    patches: dict[tuple[int, int], str] = field(default_factory=dict)
    tallest: int = 0  # the corner of the used rectangle
    widest: int = 0


def scan_sheet(
    package: Package, part: str, empty_strings: set[int], name: str
) -> Marks:
    """Count the rows of a sheet, and refuse one too large to be read."""
    marks = Marks()
    number = 0
    for row in elements(package, part, "col", "row"):
        if row.tag.endswith("}col"):
            if row.get("hidden") in {"1", "true"}:
                last = min(int(row.get("max") or 0), COLUMNS)
                marks.hidden_columns += range(int(row.get("min") or 1), last + 1)
            continue
        number = int(row.get("r") or number + 1)
        if not scan_row(row, number, empty_strings, marks):
            continue
        marks.filled += 1
        marks.last = max(marks.last, number)
        if row.get("hidden") in {"1", "true"}:
            marks.hidden.append(number)
    if marks.widest * marks.tallest > CELLS:
        raise too_many_cells(marks.tallest, marks.widest, name)
    return marks


def scan_row(
    row: etree._Element, number: int, empty_strings: set[int], marks: Marks
) -> bool:
    """Mark the cells of a row; return whether it shows anything."""
    shows = False
    column = 0
    for cell in row.iterchildren("{*}c"):
        reference = cell.get("r")
        column = (
            column_number(reference.rstrip("0123456789")) if reference else column + 1
        )
        parts = {part.tag.rpartition("}")[2]: part for part in cell}
        if not parts.keys() & {"v", "f", "is"}:
            continue
        marks.widest = max(marks.widest, column)
        marks.tallest = max(marks.tallest, number)
        kind = cell.get("t")
        value = (parts["v"].text or "") if "v" in parts else ""
        if kind == "e":
            marks.patches[number, column] = value or "#ERROR"
        elif "f" in parts and not value and kind != "str":
            marks.patches[number, column] = f"={parts['f'].text or ''}"
        elif shows or not cell_shows(kind, value.strip(), parts, empty_strings):
            continue
        shows = True
    return shows


def cell_shows(
    kind: str | None,
    value: str,
    parts: dict[str, etree._Element],
    empty_strings: set[int],
) -> bool:
    """Return whether a cell shows anything."""
    if kind == "inlineStr":
        return "is" in parts and bool(shown_text(parts["is"]).strip())
    if kind == "s" and value.isdigit():
        return int(value) not in empty_strings
    return bool(value)


@cache
def column_number(letters: str) -> int:
    """Return 1 for A, 27 for AA."""
    if not re.fullmatch("[A-Z]{1,3}", letters):
        raise Refused("damaged")
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def properties(package: Package) -> dict[str, str]:
    """Return the times made and changed; whoever made it stays unread."""
    if "docProps/core.xml" not in package.names:
        return {}
    core = package.tree("docProps/core.xml")
    return {
        name: element.text or ""
        for name in ("created", "modified")
        for element in core.iter(f"{{*}}{name}")
    }


def open_book(content: bytes) -> python_calamine.CalamineWorkbook:
    """Open a workbook, or refuse it by what the reader says."""
    try:
        return python_calamine.load_workbook(io.BytesIO(content))
    except python_calamine.CalamineError as err:
        locked = isinstance(err, python_calamine.PasswordError) or re.search(
            "password|encrypt", str(err), re.IGNORECASE
        )
        raise Refused("locked" if locked else "damaged") from err


def sheet_rows(
    book: python_calamine.CalamineWorkbook, name: str, mark: Marks | None
) -> dict[str, Any]:
    """Return all rows of a sheet from row 1 on, and its merged areas, from 1."""
    sheet = book.get_sheet_by_name(name)
    height, width = sheet.total_height, sheet.total_width
    if mark is None and height * width > CELLS:
        raise too_many_cells(height, width)
    # Without this the reader drops leading empty rows, and every number of a row
    # would be wrong.
    rows = [[plain(cell) for cell in r] for r in sheet.to_python(skip_empty_area=False)]
    height, width = (mark.tallest, mark.widest) if mark else (height, width)
    # Areas do not overlap: together they are no larger than the sheet.
    merged, cells = [], 0
    for (top, left), (bottom, right) in set(sheet.merged_cell_ranges or []):
        inside = (min(bottom + 1, height) - top) * (min(right + 1, width) - left)
        if top < height and left < width:
            merged.append((top + 1, left + 1, bottom + 1, right + 1))
            cells += inside
    if cells > height * width:
        raise Refused("hostile", name)
    return {"rows": rows, "merged": merged}


def plain(cell: object) -> object:
    """Return a cell as JSON can say it."""
    if cell == "" or cell is None:
        return None
    if isinstance(cell, float):
        if not math.isfinite(cell):
            return repr(cell)
        # Excel keeps every number as a float; a whole one is shown without ".0".
        whole = cell.is_integer() and abs(cell) < 2**53
        return int(cell) if whole else cell
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
            if not self.open:
                raise Refused("rows_outside_table")
            self.rows[self.open[-1]] += 1
        elif tag == "input" and ("type", "password") in attrs:
            self.password = True

    def handle_endtag(self, tag: str) -> None:
        """Close the innermost table."""
        if tag == "table" and self.open:
            self.open.pop()


def read_html(content: bytes) -> dict[str, Any]:
    """Read every table of a page, UTF-8, as a sheet of its own."""
    counter = RowCounter()
    counter.feed(content.decode("utf-8"))
    counter.close()
    parser = lxml.html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True)
    page = lxml.html.document_fromstring(content, parser=parser)
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
        widest = max(map(len, rows), default=0)
        if widest > COLUMNS or sum(map(len, rows)) > CELLS:
            raise too_many_cells(len(rows), widest, f"表{number + 1}")
        counted = [counter.rows.get(number, 0), None]
        sheets.append({"name": f"表{number + 1}", "rows": rows, "counted": counted})
    return {"sheets": sheets}


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
                covered = range(len(cells), len(cells) + width)
                below.update(dict.fromkeys(covered, height - 1))
            cells.extend([text or None] + [None] * (width - 1))
        rows.append(cells)
        blocked = below
    return rows


def span(cell: lxml.html.HtmlElement, name: str) -> int:
    """Return how many columns or rows a cell covers."""
    text = (cell.get(name) or "1").strip()
    return min(max(int(text), 1), 1000) if text.isascii() and text.isdigit() else 1


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
        return dict(zip(("refused", "about", "place"), refusal.args, strict=True))
    except MemoryError:
        return {"refused": "too_big"}
    except Exception:  # foreign bytes: any error of a parser is theirs
        return {"refused": "damaged"}


def limit() -> None:
    """Allow so much memory, and so many seconds of processor more from now on."""
    if resource is None:
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    spent = math.ceil(usage.ru_utime + usage.ru_stime)
    most = {resource.RLIMIT_CPU: spent + SECONDS, resource.RLIMIT_AS: MEMORY}
    for kind, soft in most.items():
        hard = resource.getrlimit(kind)[1]
        low = hard != resource.RLIM_INFINITY and hard < soft
        resource.setrlimit(kind, (hard if low else soft, hard))


def serve(source: BinaryIO, sink: BinaryIO) -> None:
    """Answer one file after another until the parent closes its end."""
    while line := source.readline():
        request = json.loads(line)
        limit()
        result = answer(request["kind"], source.read(request["size"]))
        reply = json.dumps(result, ensure_ascii=True, allow_nan=False).encode()
        sink.write(json.dumps({"size": len(reply)}).encode() + b"\n" + reply)
        sink.flush()


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
