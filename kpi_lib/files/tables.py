"""
Bytes to rows: CSV and its kin, Excel and web tables, whatever a name pretends.

The kind is told by the first bytes. Text is read here; workbooks and pages are
read by a small child process, because a foreign file can abort its reader.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import csv
import errno
import io
import json
import os
import re
import select
import stat
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from kpi_lib.errors import Problem, Unreadable
from kpi_lib.files.cells import Cell

__all__ = ["Book", "Cell", "Record", "Sheet", "parse", "read", "read_bytes"]

Kind = Literal["csv", "xlsx", "xls", "html"]

SIZE_CAP = 50 * 1024 * 1024
MOST_CELLS = 800_000
"""As for workbooks; an order file of a million rows is read elsewhere."""
MOST_OWN_CELLS = 4_000_000
"""Of a CSV that people write: the targets of a thousand operators for a year."""
MOST_COLUMNS = 16_384
"""As Excel has: a longer row is no row of a table."""
TIME_OUT = 10.0
AHEAD, MOST_AHEAD = 60_000, 8
"""Bytes and files that are sent before they are read: less than a pipe holds."""
HEAD = 32
"""Bytes of the line before an answer."""
WORKER = Path(__file__).with_name("sandbox.py")

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK"
DELIMITERS = ",\t;"
EXPECTED = "完整的xlsx、xls、CSV或网页表格"
CONTROLS = [chr(number) for number in (*range(1, 9), *range(14, 32))]
"""Characters that text does not hold; line ends, tabs and form feeds it may."""
HEAD_LINES, HEAD_CHARACTERS = 12, 1 << 16
"""So many lines tell the delimiter; headers stand within the first dozen rows."""


class Record(NamedTuple):
    """
    One row of a sheet.

    Parameters
    ----------
    row : int
        The row's number as a spreadsheet shows it, from 1.
    line : int or None
        First line of the record in a CSV, from 1.
    cells : tuple of Cell
        From column A on; empty ones are None.
    """

    row: int
    line: int | None
    cells: tuple[Cell, ...]

    @property
    def blank(self) -> bool:
        """Whether nothing is shown in the row."""
        return not any(
            cell is not None and not (isinstance(cell, str) and not cell.strip())
            for cell in self.cells
        )


@dataclass(frozen=True)
class Sheet:
    """
    One sheet of a workbook, the whole of a CSV, one table of a page.

    Parameters
    ----------
    name : str
        Its name; empty for a CSV.
    records : tuple of Record
        Every row down to the last with something in it, blank ones too.
    hidden : bool
        Whether a reader of the workbook does not see it.
    notices : tuple of Problem
        What is worth telling: hidden rows, suspicious quotes.
    """

    name: str
    records: tuple[Record, ...]
    hidden: bool = False
    notices: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Book:
    """
    A file that was read.

    Parameters
    ----------
    kind : {"csv", "xlsx", "xls", "html"}
        What the bytes are.
    encoding : str
        Encoding of text; empty for workbooks.
    sheets : tuple of Sheet
        In the file's order, hidden ones too.
    created, modified : date or None
        Days in the workbook's properties, in China. Names are never read.
    records : mapping of str to int
        Rows of each sheet, by a counter that shares nothing with the reader.
    """

    kind: Kind
    encoding: str
    sheets: tuple[Sheet, ...]
    created: date | None = None
    modified: date | None = None
    records: Mapping[str, int] = field(default_factory=dict)


def read(path: Path, *, where: str, most: int = MOST_CELLS) -> Book:
    """
    Read a file into rows.

    Parameters
    ----------
    path : Path
        The file; its name says nothing about its kind.
    where : str
        What problems call it: relative to the workspace, with ``/``.
    most : int
        Cells that a CSV may have.

    Returns
    -------
    Book
        Its sheets and rows.

    Raises
    ------
    Unreadable
        With one line that says what the file is and what to do; also if the
        reader and the counter do not find the same rows.
    """
    _WORKERS.reached(path)
    return parse(read_bytes(path, where=where), where=where, most=most)


def read_bytes(path: Path, *, where: str) -> bytes:
    """
    Return the bytes of a regular file of at most 50 MB.

    Parameters
    ----------
    path : Path
        The file. A link, a pipe or a device is refused, not followed.
    where : str
        What problems call it.

    Returns
    -------
    bytes
        All of it.
    """
    with open_file(path, where=where) as stream:
        length = os.fstat(stream.fileno()).st_size
        if length > SIZE_CAP:
            size = length / 1024 / 1024
            raise _refusal(
                where,
                f"文件有{size:.0f}MB，上限50MB",
                "缩短时间段再导出",
                expected="50MB以内",
            )
        # Asked for what is there: room for the cap is not at hand for nothing.
        content = stream.read(length + 1)
        if len(content) > length:  # it has grown meanwhile
            content += stream.read(SIZE_CAP + 1 - len(content))
        return content


def ahead(paths: Iterable[Path]) -> None:
    """
    Say which files are read next, so that workbooks are opened meanwhile.

    Parameters
    ----------
    paths : iterable of Path
        In the order of reading. A file that is then not read, or has changed, is
        no harm.
    """
    _WORKERS.ahead(path for path in paths if path.suffix.lower() == ".xlsx")


def open_file(path: Path, *, where: str) -> BinaryIO:
    """
    Open a regular file; a link, a pipe or a device is refused, not followed.

    Parameters
    ----------
    path : Path
        The file.
    where : str
        What problems call it.

    Returns
    -------
    BinaryIO
        Its bytes, to be closed by the caller.
    """
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # not on every system
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError as err:
        raise _refusal(where, "没有这个文件", "检查路径") from err
    except OSError as err:
        # With O_NOFOLLOW a link is a loop of links.
        link = err.errno == errno.ELOOP
        raise _refusal(
            where,
            "打不开文件（是符号链接）" if link else "打不开文件",
            "放入导出的文件本身，并确认有读取权限",
            expected="普通文件",
        ) from err
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refusal(where, "不是普通文件", "放入导出的文件本身", expected="普通文件")
    return os.fdopen(descriptor, "rb")


def parse(content: bytes, *, where: str, most: int = MOST_CELLS) -> Book:
    """
    Turn the bytes of a file into rows.

    Parameters
    ----------
    content : bytes
        All of a file.
    where : str
        What problems call it.
    most : int
        Cells that a CSV may have.

    Returns
    -------
    Book
        Its sheets and rows.
    """
    if not content.removeprefix(codecs.BOM_UTF8).strip(b"\0 \t\r\n"):
        raise _refusal(where, "文件是空的", "重新导出")
    if content.startswith(ZIP):
        return _ask_worker("xlsx", content, "", where)
    if content.startswith(OLE):
        return _ask_worker("xls", content, "", where)
    text, encoding = decode(content, where=where)
    start = text.lstrip()
    if start.startswith("<"):
        return _read_markup(start, encoding, where)
    _refuse_json(start, where)
    return _read_csv(text, encoding, where, most)


# ---------------------------------------------------------------------- text


def decode(content: bytes, *, where: str) -> tuple[str, str]:
    """
    Decode text: a byte order mark, else strict UTF-8, else strict GB18030.

    Parameters
    ----------
    content : bytes
        The bytes of a text file.
    where : str
        What problems call it.

    Returns
    -------
    tuple of str
        The text without its mark, and the name of the encoding.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strict(content, "utf-16", where), "utf-16"
    if content.startswith(codecs.BOM_UTF8):
        return _strict(content, "utf-8-sig", where), "utf-8-sig"
    if _zeros_alternate(content):
        raise _refusal(
            where,
            "像是UTF-16编码，但开头没有标记，不能确定",
            "在Excel里另存为“CSV UTF-8”",
            expected="UTF-8、GB18030或带标记的UTF-16",
        )
    try:
        return _printable(content.decode("utf-8"), where), "utf-8"
    except UnicodeDecodeError as err:
        # Broken UTF-8 often passes as GB18030 and comes out as garbage. True
        # GB18030 fails as UTF-8 within its first characters.
        before = content[: err.start].decode("utf-8")
        if sum(character >= "\u0800" for character in before) >= 3:
            raise _undecodable(content, err, where) from err
    return _strict(content, "gb18030", where).removeprefix("\ufeff"), "gb18030"


def _zeros_alternate(content: bytes) -> bool:
    """Return whether zeros stand at every second byte only, as in UTF-16."""
    head = content[:4096]
    even, odd = head[::2].count(0), head[1::2].count(0)
    return min(even, odd) == 0 and max(even, odd) >= 4  # a few digits or commas


def _strict(content: bytes, encoding: str, where: str) -> str:
    try:
        return _printable(content.decode(encoding), where)
    except UnicodeDecodeError as err:
        raise _undecodable(content, err, where) from err


def _undecodable(content: bytes, err: UnicodeDecodeError, where: str) -> Unreadable:
    line = content.count(b"\n", 0, err.start) + 1
    byte = content[err.start : err.start + 1].hex()
    return Unreadable(
        (
            Problem(
                what=f"第{err.start + 1}个字节（0x{byte}）不能按UTF-8或GB18030解读",
                where=where,
                place=f"第{line}行",
                expected="从头到尾同一种编码的文字",
                do="文件可能被截断或改坏：重新导出，或在Excel里另存为“CSV UTF-8”",
            ),
        )
    )


def _printable(text: str, where: str) -> str:
    """Refuse what decodes but is no text: pictures, archives, programs."""
    odd = sum(map(text[:100_000].count, CONTROLS))
    if "\0" in text or odd * 100 > min(len(text), 100_000):
        raise _refusal(where, "不是文本，也不是Excel文件", "放入平台导出的原文件")
    return text


def _refuse_json(start: str, where: str) -> None:
    """Refuse a failed download: the error text of an interface, as JSON."""
    if not start.startswith(("{", "[")):
        return
    try:
        value = json.loads(start)
    except (ValueError, RecursionError):
        return
    message = ""
    if isinstance(value, dict):
        found = [value[key] for key in ("msg", "message", "error") if key in value]
        message = f"：{str(found[0])[:60]}" if found else ""
    raise _refusal(
        where, f"不是表格，是下载失败时的JSON文字{message}", "登录后台重新下载"
    )


def _read_csv(text: str, encoding: str, where: str, most: int) -> Book:
    delimiter = _delimiter(text)
    counted = {"": count_records(text, delimiter)}
    if '"' not in text:  # every mark counts: told before two million are held
        _refuse_size(0, text.count("\n") + text.count(delimiter), most, where, 0)
        if records := _unquoted(text, delimiter, most):
            return _csv_book(records, [], encoding, counted, where)
    records, notices = _quoted(text, delimiter, most, where)
    return _csv_book(records, notices, encoding, counted, where)


def _csv_book(
    records: list[Record],
    notices: list[Problem],
    encoding: str,
    counted: dict[str, int],
    where: str,
) -> Book:
    if len(records) != counted[""]:
        raise _disagreement(where, counted[""], len(records))
    sheet = Sheet(name="", records=tuple(records), notices=tuple(notices))
    return Book(kind="csv", encoding=encoding, sheets=(sheet,), records=counted)


def _unquoted(text: str, delimiter: str, most: int) -> list[Record]:
    """Read rows of a line each; none where anything is to be told of one of them."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [
            tuple(fields) if all(fields) else tuple([one or None for one in fields])
            for fields in reader
        ]
    except csv.Error:
        return []
    sizes = [*map(len, rows)]
    if max(sizes, default=0) > MOST_COLUMNS or sum(sizes) + len(rows) > most:
        return []
    numbers = range(1, len(rows) + 1)
    return [*map(Record._make, zip(numbers, numbers, rows, strict=True))]


def _quoted(
    text: str, delimiter: str, most: int, where: str
) -> tuple[list[Record], list[Problem]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    records: list[Record] = []
    notices: list[Problem] = []
    line, held = 1, 0
    try:
        for row, fields in enumerate(reader, 1):
            held += len(fields) + 1
            _refuse_size(len(fields), held, most, where, line)
            cells = tuple([value or None for value in fields])
            records.append(Record(row, line, cells))
            if reader.line_num > line and _swallows(fields, delimiter):
                notices.append(_swallowed(where, row, line))
            line = reader.line_num + 1
    except csv.Error as err:
        raise Unreadable((_csv_problem(err, where, line),)) from err
    return records, notices


def _refuse_size(width: int, held: int, most: int, where: str, line: int) -> None:
    """Refuse a row wider than Excel's, and more cells than fit into memory."""
    if width <= MOST_COLUMNS and held <= most:
        return
    wide = width > MOST_COLUMNS
    what = f"这一行有{width}格" if wide else f"表格有{most // 10_000}万格以上"
    raise _refusal(
        where,
        what,
        "重新导出；太大时缩短时间段",
        expected=f"每行{MOST_COLUMNS}格以内" if wide else f"{most // 10_000}万格以内",
        place=f"第{line}行" if line else "",
    )


def _csv_problem(err: csv.Error, where: str, line: int) -> Problem:
    if "end of data" in str(err):
        what = "从这一行起有一个没有配对的引号"
    elif "field larger" in str(err):
        what = "一个单元格超过13万字，多半是引号没有配对"
    else:
        what = f"引号用错（{err}）"
    return Problem(
        what=what,
        where=where,
        place=f"第{line}行",
        expected="成对的引号",
        do="重新导出；不要用记事本改导出的文件",
    )


def _swallows(fields: list[str], delimiter: str) -> bool:
    """Return whether a quoted cell seems to hold whole rows (a stray quote)."""
    return any(
        line.count(delimiter) >= 3 and re.search(r"20\d\d[-/年.]?\d{1,2}", line)
        for value in fields
        if "\n" in value or "\r" in value
        for line in value.splitlines()[1:]
    )


def _swallowed(where: str, row: int, line: int) -> Problem:
    return Problem(
        what="一个带引号的单元格里像是有整行数据，可能是引号错位",
        where=where,
        place=f"第{row}行（文件第{line}行）",
        do="对照后台核对这一行",
        level="warning",
    )


def _delimiter(text: str) -> str:
    """Return the delimiter that most of the first lines hold equally often."""
    # Quoted text is blanked first: a title may hold any number of commas. An
    # unquoted 1,000 may too, but not equally often in every line.
    bare = text[:HEAD_CHARACTERS]
    if '"' in bare:
        bare = re.sub(r'"[^"]*"', "", bare)
    lines = [line for line in bare.splitlines() if line.strip()][:HEAD_LINES]
    agreed = {}
    for mark in DELIMITERS:
        counts = [count for line in lines if (count := line.count(mark))]
        agreed[mark] = max(((counts.count(n), n) for n in {*counts}), default=(0, 0))
    return max(DELIMITERS, key=lambda mark: agreed[mark])


def count_records(text: str, delimiter: str) -> int:
    """
    Count the records of a CSV without reading it.

    Parameters
    ----------
    text : str
        The text.
    delimiter : str
        Its delimiter.

    Returns
    -------
    int
        Records: line ends outside quotes, and a last line without an end. A
        quote opens only at the start of a field.
    """
    if '"' not in text:
        ends = text.count("\n") + text.count("\r") - text.count("\r\n")
        return ends + (text != "" and text[-1] not in "\r\n")
    quoted, bare = '"[^"]*(?:""[^"]*)*"', f'(?!")[^{delimiter}\r\n]*'
    step = re.compile(rf"({quoted}|{bare})({delimiter}|\r\n|\r|\n)")
    count = position = 0
    open_record = False
    while match := step.match(text, position):
        open_record = match[2] == delimiter
        count += not open_record
        position = match.end()
    return count + (open_record or position < len(text))


def _read_markup(start: str, encoding: str, where: str) -> Book:
    head = start[:2000].lower()
    if "<!doctype" in head and "<!doctype html" not in head:
        raise _refusal(where, "文件声明了外部定义（DOCTYPE），不读", "重新导出")
    if "urn:schemas-microsoft-com:office:spreadsheet" in head:
        raise _refusal(where, "是XML表格", "在Excel里另存为xlsx")
    if head.startswith("<?xml") and "<html" not in head and "<table" not in head:
        raise _refusal(where, "是XML，不是表格", "放入平台导出的原文件")
    return _ask_worker("html", start.encode("utf-8"), encoding, where)


# ----------------------------------------------------------- the child process

REFUSALS: dict[str, tuple[str, str, str]] = {
    "damaged": ("文件已损坏或不完整，读不出表格", EXPECTED, "重新导出；不要改扩展名"),
    "not_xlsx": (
        "是压缩包，但不是xlsx（可能是xlsb、ods或zip）",
        EXPECTED,
        "解压，或在Excel里另存为xlsx",
    ),
    "locked": ("文件有密码", "没有密码的文件", "去掉密码再放入"),
    "bomb": (
        "压缩包展开后过大，不读",
        "展开后200MB、2000个部分以内",
        "重新导出；来历不明的文件不要放入",
    ),
    "hostile": (
        "文件里有不该有的内容，不读",
        EXPECTED,
        "重新导出；来历不明的文件不要放入",
    ),
    "too_many_cells": (
        "表格范围过大，多半是很远处有一个多余的单元格",
        "80万格以内、每行16384格以内",
        "删去多余的单元格，或重新导出",
    ),
    "too_big": ("文件太大，读它要超过512MB内存", "较短的时间段", "缩短时间段再导出"),
    "rows_outside_table": (
        "网页里有表格之外的表行，可能不完整",
        EXPECTED,
        "重新导出",
    ),
    "torn": ("网页里的表格没有结尾，下载不完整", EXPECTED, "重新导出"),
    "login": (
        "是登录网页，不是表格：下载时登录已过期",
        EXPECTED,
        "登录后台重新下载",
    ),
    "no_table": (
        "是网页，里面没有表格：多半是登录过期或出错页",
        EXPECTED,
        "登录后台重新下载",
    ),
    "died": (
        "读它的子进程崩溃了：文件有问题或占用内存过多",
        EXPECTED,
        "重新导出",
    ),
    "late": (
        f"{TIME_OUT:.0f}秒内读不完",
        "较短的时间段",
        "缩短时间段再导出",
    ),
}
"""What is wrong, what was expected, what to do, by the child's code."""


def _ask_worker(kind: Kind, content: bytes, encoding: str, where: str) -> Book:
    result = _WORKERS.ask(kind, content)
    if "refused" in result:
        what, expected, do = REFUSALS[result["refused"]]
        about = str(result.get("about") or "")[:80]
        place = str(result.get("place") or "")[:40]
        what = f"{what}（{about}）" if about else what
        raise _refusal(where, what, do, expected=expected, place=place)
    sheets, records = [], {}
    for part in result["sheets"]:
        name = part["name"]
        if part["filled"] != part["records_filled"]:
            raise _disagreement(where, part["records_filled"], part["filled"])
        if len(part["rows"]) != part["records"]:
            raise _disagreement(where, part["records"], len(part["rows"]))
        rows = [
            Record(row, None, tuple(cells)) for row, cells in enumerate(part["rows"], 1)
        ]
        sheets.append(
            Sheet(
                name=name,
                records=tuple(rows),
                hidden=part["hidden"],
                notices=_sheet_notices(part, where),
            )
        )
        records[name] = part["records"]
    return Book(
        kind=kind,
        encoding=encoding,
        sheets=tuple(sheets),
        created=_day(result["created"]),
        modified=_day(result["modified"]),
        records=records,
    )


def _dated(value: dict[str, Any]) -> Any:
    """Return the day or time that an object of one key stands for."""
    if len(value) == 1:
        if "datetime" in value:
            return datetime.fromisoformat(value["datetime"])
        if "date" in value:
            return date.fromisoformat(value["date"])
    return value


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _sheet_notices(part: dict[str, Any], where: str) -> tuple[Problem, ...]:
    notices = []
    if part["hidden"] and part["rows"]:
        notices.append(
            Problem(
                what=f"表“{part['name']}”是隐藏的，照常计入",
                where=where,
                level="note",
            )
        )
    if part["hidden_rows"]:
        rows = "、".join(str(row) for row in part["hidden_rows"][:10])
        more = "等" if len(part["hidden_rows"]) > 10 else ""
        notices.append(
            Problem(
                what=f"第{rows}{more}行是隐藏的，照常计入",
                where=where,
                place=part["name"],
                level="note",
            )
        )
    return tuple(notices)


class _Workers:
    """One child a process: started when first needed, again after it died."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._strangers: list[subprocess.Popen[bytes]] = []
        self._owner = 0
        self._lock = threading.Lock()
        self._coming: deque[Path] = deque()
        self._sent: deque[bytes] = deque()
        self._answers: dict[bytes, bytes] = {}

    def ask(self, kind: Kind, content: bytes) -> dict[str, Any]:
        """Return the child's answer; a refusal if it died or took too long."""
        with self._lock:
            try:
                reply = self._reply(kind, content)
                hook = _dated if b'"date' in reply else None
                result: dict[str, Any] = json.loads(reply, object_hook=hook)
            except (OSError, ValueError) as err:  # a closed pipe, a torn answer
                self.close()
                late = isinstance(err, TimeoutError)
                return {"refused": "late" if late else "died"}
            except BaseException:
                # Interrupted half-way: the answer under way must not be taken
                # for that of the next file.
                self.close()
                raise
            return result

    def ahead(self, paths: Iterable[Path]) -> None:
        """Take note of workbooks that will be read."""
        self._coming = deque(paths)

    def reached(self, path: Path) -> None:
        """Forget a workbook that is read now."""
        if self._coming and self._coming[0] == path:
            self._coming.popleft()

    def _reply(self, kind: Kind, content: bytes) -> bytes:
        child = self._running()
        if os.name == "nt":
            return _by_thread(child, _request(kind, content))
        # The child answers in the order of asking; what it answered to files that are
        # read later is kept until then.
        while content in self._sent:
            self._answers[self._sent[0]] = _receive(child)
            self._sent.popleft()
        if content not in self._answers:
            while self._sent:
                self._answers[self._sent[0]] = _receive(child)
                self._sent.popleft()
            _send(child, _request(kind, content))
            self._answers[content] = _receive(child)
        reply = self._answers.pop(content)
        self._send_ahead(child)
        return reply

    def _send_ahead(self, child: subprocess.Popen[bytes]) -> None:
        """Send the next files, as many as a pipe holds: then no write can block."""
        if len(self._answers) > MOST_AHEAD:  # announced, and never read
            self._answers.clear()
        while self._coming and len(self._sent) < MOST_AHEAD:
            try:
                content = read_bytes(self._coming[0], where="")
            except Unreadable:
                content = b""  # told when it is read
            room = AHEAD - sum(map(len, self._sent))
            if content.startswith(ZIP) and len(content) < AHEAD:
                if len(content) > room:
                    return
                _send(child, _request("xlsx", content))
                self._sent.append(content)
            self._coming.popleft()

    def _running(self) -> subprocess.Popen[bytes]:
        # After a fork the child of the parent is not ours to talk to, nor its
        # pipe to hold open.
        if self._owner != os.getpid():
            if self._child is not None:
                self._strangers.append(self._child)
                _close_pipes(self._child)
            self._child, self._owner = None, os.getpid()
            self._sent.clear()
        if self._child is None or self._child.poll() is not None:
            self.close()
            # By its path and without the folder on the path (-P): nothing of
            # the package is imported, and it works where it is not installed.
            self._child = subprocess.Popen(
                [sys.executable, "-P", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0 if os.name != "nt" else -1,
            )
        return self._child

    def close(self) -> None:
        """End the child, if it is ours."""
        child, self._child = self._child, None
        self._sent.clear()
        self._answers.clear()
        if child is None or self._owner != os.getpid():
            return
        child.kill()
        child.wait()
        _close_pipes(child)


def _request(kind: Kind, content: bytes) -> bytes:
    head = json.dumps({"kind": kind, "size": len(content)}).encode()
    return head + b"\n" + content


def _send(child: subprocess.Popen[bytes], request: bytes) -> None:
    """Send without a thread that watches: a process with threads is not forked."""
    if child.stdin is None:
        raise BrokenPipeError
    until, sink = time.monotonic() + TIME_OUT, child.stdin.fileno()
    os.set_blocking(sink, False)
    left = memoryview(request)
    while left:
        _await(sink, select.POLLOUT, until)
        left = left[os.write(sink, left) :]


def _receive(child: subprocess.Popen[bytes]) -> bytes:
    if child.stdout is None:
        raise BrokenPipeError
    until, source = time.monotonic() + TIME_OUT, child.stdout.fileno()
    head = b""
    while not head.endswith(b"\n"):
        _await(source, select.POLLIN, until)
        # A few bytes, so that nothing of the next answer is taken.
        piece = os.read(source, HEAD)
        if not piece:
            raise BrokenPipeError
        head += piece
    size = int(json.loads(head)["size"])
    reply = bytearray()
    while len(reply) < size:
        _await(source, select.POLLIN, until)
        piece = os.read(source, size - len(reply))
        if not piece:
            raise BrokenPipeError
        reply += piece
    return bytes(reply)


def _await(descriptor: int, event: int, until: float) -> None:
    poll = select.poll()
    poll.register(descriptor, event)
    if not poll.poll(max(until - time.monotonic(), 0) * 1000):
        raise TimeoutError


def _by_thread(
    child: subprocess.Popen[bytes], request: bytes
) -> bytes:  # pragma: no cover - pipes cannot be polled on Windows
    """Send and receive, a thread ends the child when it is late."""
    source, sink = child.stdout, child.stdin
    if source is None or sink is None:
        raise BrokenPipeError
    late = threading.Event()

    def give_up() -> None:
        late.set()
        child.kill()

    timer = threading.Timer(TIME_OUT, give_up)
    timer.start()
    try:
        sink.write(request)
        sink.flush()
        return source.read(json.loads(source.readline())["size"])
    except (OSError, ValueError) as err:
        raise (TimeoutError if late.is_set() else BrokenPipeError) from err
    finally:
        timer.cancel()
        timer.join()


def _close_pipes(child: subprocess.Popen[bytes]) -> None:
    for stream in (child.stdin, child.stdout):
        # What is left in the buffer has nobody to go to.
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.close()


_WORKERS = _Workers()
atexit.register(_WORKERS.close)


def _disagreement(where: str, counted: int, found: int) -> Unreadable:
    """Refuse one file, not the run: its bytes can be read in two ways."""
    return _refusal(
        where,
        f"两种读法得到的行数不同（{counted}行和{found}行）",
        "重新导出；仍然如此时请把文件交给维护者",
    )


def _refusal(
    where: str, what: str, do: str, *, expected: str = EXPECTED, place: str = ""
) -> Unreadable:
    return Unreadable(
        (Problem(what=what, where=where, place=place, expected=expected, do=do),)
    )
