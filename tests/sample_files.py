"""
Rows to bytes, in the file types that platforms really hand out.

Every function gives the same bytes for the same rows on any machine: zips are
stored, not deflated (deflate differs between versions of zlib), and carry one
fixed time.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape as escape_html
from xml.sax.saxutils import escape, quoteattr

import xlwt

Cell = str | int | float | date | None
Row = Sequence[Cell]

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
EPOCH = date(1899, 12, 30)  # day 0 of Excel's calendar, as it counts after 1900-03
DATE_STYLE = 1

STYLES = (
    f'{HEAD}<styleSheet xmlns="{MAIN}">'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="2"><xf/><xf numFmtId="14" applyNumberFormat="1"/></cellXfs>'
    "</styleSheet>"
)
# The empty third fill is what real 头条 files carry and openpyxl refuses.
STYLES_BROKEN = (
    f'{HEAD}<styleSheet xmlns="{MAIN}">'
    '<fonts count="1"><font><sz val="11"></sz></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"></patternFill></fill>'
    '<fill><patternFill patternType="gray125"></patternFill></fill><fill></fill>'
    "</fills>"
    '<borders count="1"><border></border></borders>'
    '<cellStyleXfs count="1"><xf></xf></cellStyleXfs>'
    '<cellXfs count="2"><xf></xf><xf fillId="2"></xf></cellXfs></styleSheet>'
)


@dataclass(frozen=True)
class Author:
    """What the document properties of a workbook say."""

    creator: str
    application: str
    created: str = "2006-09-16T00:00:00Z"


@dataclass(frozen=True)
class SheetRows:
    """One sheet of a workbook: its name, rows and merged ranges."""

    name: str
    rows: Sequence[Row]
    merged: tuple[str, ...] = ()


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text, for headers that read better as one text."""
    return tuple(text.split())


def csv_bytes(
    rows: Iterable[Row],
    *,
    bom: bool = True,
    encoding: str = "utf-8",
    newline: str = "\r\n",
    quote_text: bool = False,
    final_newline: bool = True,
) -> bytes:
    """Return rows as CSV in the dialect asked for."""
    text = io.StringIO()
    quoting = csv.QUOTE_NONNUMERIC if quote_text else csv.QUOTE_MINIMAL
    writer = csv.writer(text, lineterminator=newline, quoting=quoting)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    content = text.getvalue()
    if not final_newline:
        content = content.removesuffix(newline)
    return (b"\xef\xbb\xbf" if bom else b"") + content.encode(encoding)


def xls_bytes(sheet: str, rows: Iterable[Row]) -> bytes:
    """Return a true BIFF8 workbook whose cells are all text."""
    book = xlwt.Workbook(encoding="utf-8")
    page = book.add_sheet(sheet)
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            page.write(at, column, "" if cell is None else str(cell))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def html_bytes(title: str, header: Row, rows: Iterable[Row]) -> bytes:
    """Return an HTML table, as the 公众号 back-end saves it under .xls."""

    def line(cells: Row) -> str:
        return "".join(f"<td>{escape_html(str(cell))}</td>" for cell in cells)

    lines = [
        '<html><head><meta http-equiv="Content-Type" '
        'content="text/html; charset=utf-8"/></head><body><table border="1">',
        f'<tr><td colspan="{len(header)}">{escape_html(title)}</td></tr>',
        f"<tr>{line(header)}</tr>",
        *(f"<tr>{line(row)}</tr>" for row in rows),
        "</table></body></html>",
    ]
    return "\n".join(lines).encode()


def xlsx_bytes(
    sheets: Sequence[SheetRows], author: Author, *, inline: bool = False
) -> bytes:
    """
    Return a workbook.

    Parameters
    ----------
    sheets : sequence of SheetRows
        Text becomes text, numbers numbers, dates dates, None no cell.
    author : Author
        For the document properties.
    inline : bool
        Text in the cells, as Apache POI streams it, instead of shared strings.
    """
    strings: dict[str, int] = {}
    parts = {
        f"xl/worksheets/sheet{at}.xml": _sheet_xml(sheet, None if inline else strings)
        for at, sheet in enumerate(sheets, start=1)
    }
    items = "".join(
        f'<si><t xml:space="preserve">{escape(text)}</t></si>' for text in strings
    )
    parts["xl/sharedStrings.xml"] = (
        f'{HEAD}<sst xmlns="{MAIN}" uniqueCount="{len(strings)}">{items}</sst>'
    )
    parts["xl/styles.xml"] = STYLES
    return _package(parts, [sheet.name for sheet in sheets], author)


def excelize_bytes(rows: Sequence[Row], *, sheet: str = "Sheet1") -> bytes:
    """
    Return a workbook as Go's Excelize writes it for 头条.

    Strings stand in the cells as formula strings, the dimension is wrong and
    the style sheet has an empty fill, so that openpyxl refuses the file.
    """
    lines = []
    for at, row in enumerate(rows, start=1):
        cells = "".join(
            f'<c r="{_column(column)}{at}" t="str"><v>{escape(cell)}</v></c>'
            if isinstance(cell, str)
            else f'<c r="{_column(column)}{at}"><v>{cell}</v></c>'
            for column, cell in enumerate(row)
        )
        lines.append(f'<row r="{at}">{cells}</row>')
    parts = {
        "xl/worksheets/sheet1.xml": (
            f'{HEAD}<worksheet xmlns="{MAIN}"><dimension ref="A1"></dimension>'
            f"<sheetData>{''.join(lines)}</sheetData></worksheet>"
        ),
        "xl/styles.xml": STYLES_BROKEN,
    }
    return _package(parts, [sheet], Author("xuri", "Go Excelize"))


def _column(at: int) -> str:
    return chr(65 + at) if at < 26 else chr(64 + at // 26) + chr(65 + at % 26)


def _cell(ref: str, cell: Cell, strings: dict[str, int] | None) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        if strings is None:
            return f'<c r="{ref}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
        at = strings.setdefault(cell, len(strings))
        return f'<c r="{ref}" t="s"><v>{at}</v></c>'
    if isinstance(cell, date):
        return f'<c r="{ref}" s="{DATE_STYLE}"><v>{(cell - EPOCH).days}</v></c>'
    return f'<c r="{ref}"><v>{cell}</v></c>'


def _sheet_xml(sheet: SheetRows, strings: dict[str, int] | None) -> str:
    width = max(len(row) for row in sheet.rows)
    lines = []
    for at, row in enumerate(sheet.rows, start=1):
        cells = "".join(
            _cell(f"{_column(column)}{at}", cell, strings)
            for column, cell in enumerate(row)
        )
        lines.append(f'<row r="{at}">{cells}</row>')
    merged = "".join(f'<mergeCell ref="{ref}"/>' for ref in sheet.merged)
    if merged:
        merged = f'<mergeCells count="{len(sheet.merged)}">{merged}</mergeCells>'
    return (
        f'{HEAD}<worksheet xmlns="{MAIN}">'
        f'<dimension ref="A1:{_column(width - 1)}{len(sheet.rows)}"/>'
        f"<sheetData>{''.join(lines)}</sheetData>{merged}</worksheet>"
    )


def _package(parts: Mapping[str, str], sheets: Sequence[str], author: Author) -> bytes:
    kinds = {
        "xl/styles.xml": "styles",
        "xl/sharedStrings.xml": "sharedStrings",
    }
    numbers = range(1, len(sheets) + 1)
    tags = "".join(
        f'<sheet name={quoteattr(name)} sheetId="{at}" r:id="rId{at}"/>'
        for at, name in zip(numbers, sheets, strict=True)
    )
    links = [(f"rId{at}", "worksheet", f"worksheets/sheet{at}.xml") for at in numbers]
    links += [
        (f"rId{len(sheets) + at}", kind, part.removeprefix("xl/"))
        for at, (part, kind) in enumerate(kinds.items(), start=1)
        if part in parts
    ]
    spreadsheet = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    types = "".join(
        f'<Override PartName="/{part}" ContentType="{spreadsheet}.'
        f'{kinds.get(part, "worksheet")}+xml"/>'
        for part in parts
    )
    whole = {
        "[Content_Types].xml": (
            f'{HEAD}<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/xl/workbook.xml" '
            f'ContentType="{spreadsheet}.sheet.main+xml"/>{types}'
            '<Override PartName="/docProps/core.xml" ContentType='
            '"application/vnd.openxmlformats-package.core-properties+xml"/>'
            '<Override PartName="/docProps/app.xml" ContentType="application/'
            'vnd.openxmlformats-officedocument.extended-properties+xml"/></Types>'
        ),
        "_rels/.rels": _relations(
            [
                ("rId1", f"{RELATIONS}/officeDocument", "xl/workbook.xml"),
                (
                    "rId2",
                    f"{PACKAGE}/relationships/metadata/core-properties",
                    "docProps/core.xml",
                ),
                ("rId3", f"{RELATIONS}/extended-properties", "docProps/app.xml"),
            ]
        ),
        "docProps/app.xml": (
            f'{HEAD}<Properties xmlns="http://schemas.openxmlformats.org/'
            'officeDocument/2006/extended-properties">'
            f"<Application>{escape(author.application)}</Application></Properties>"
        ),
        "docProps/core.xml": _core(author),
        "xl/workbook.xml": (
            f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">'
            f"<sheets>{tags}</sheets></workbook>"
        ),
        "xl/_rels/workbook.xml.rels": _relations(
            [(key, f"{RELATIONS}/{kind}", part) for key, kind, part in links]
        ),
        **parts,
    }
    return _stored(whole)


def _core(author: Author) -> str:
    stamp = f'xsi:type="dcterms:W3CDTF">{author.created}'
    return (
        f'{HEAD}<cp:coreProperties xmlns:cp="{PACKAGE}/metadata/core-properties" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<dc:creator>{escape(author.creator)}</dc:creator>"
        f"<dcterms:created {stamp}</dcterms:created>"
        f"<dcterms:modified {stamp}</dcterms:modified></cp:coreProperties>"
    )


def _relations(links: Iterable[tuple[str, str, str]]) -> str:
    tags = "".join(
        f'<Relationship Id="{key}" Type="{kind}" Target="{target}"/>'
        for key, kind, target in links
    )
    home = f"{PACKAGE}/relationships"
    return f'{HEAD}<Relationships xmlns="{home}">{tags}</Relationships>'


def _stored(parts: Mapping[str, str]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, text in parts.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # else Windows writes another byte than Linux
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text.encode())
    return content.getvalue()
