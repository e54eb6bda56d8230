"""
Bytes to rows: CSV and its kin, Excel and web tables, whatever a name pretends.

The kind is told by the first bytes. Text is read here; workbooks and pages are
read by a small child process, because a foreign file can abort its reader.
"""

from __future__ import annotations

import codecs
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

from kpi_lib.catalogue import words
from kpi_lib.errors import BUSY, MachineTrouble, Problem, Unreadable, of_system
from kpi_lib.files import child
from kpi_lib.files.book import (
    AGAIN,
    EXPECTED,
    MOST_CELLS,
    Book,
    Kind,
    Most,
    Record,
    Sheet,
    disagreement,
    refusal,
)
from kpi_lib.files.moments import CHINA
from kpi_lib.files.text import decode, read_csv, refuse_json
from kpi_lib.held import held
from kpi_lib.language import N_, Sentence
from kpi_lib.workspace import sha256

SIZE_CAP = 50 * 1024 * 1024

# How browsers name a file while they download it.
UNFINISHED = {".crdownload", ".part", ".partial", ".download", ".opdownload"}

# So many rows or columns a notice names.
MOST_NUMBERS = 10

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK"
OTHERS = {
    **dict.fromkeys((b"\x89PNG", b"\xff\xd8\xff", b"GIF8"), N_("图片")),
    **dict.fromkeys((b"Rar!", b"7z\xbc\xaf"), N_("压缩包")),
    b"%PDF": N_("PDF"),
}

ORIGINAL = Sentence("放入平台导出的原文件")
ITSELF = Sentence("放入导出的文件本身，不要放快捷方式或链接")
ORDINARY = Sentence("普通文件")


def read(path: Path, *, where: str, most: Most = MOST_CELLS) -> Book:
    """
    Read a file into rows.

    Parameters
    ----------
    path : Path
        The file; its name says nothing about its kind.
    where : str
        What problems call it: relative to the workspace, with ``/``.
    most : Most
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
    if path.suffix.lower() in UNFINISHED:
        what = Sentence("下载没有完成（文件名以{ending}结尾）", ending=path.suffix)
        raise refusal(where, what, Sentence("重新下载，等下载完成后再放入"))
    return parse(read_bytes(path, where, most), where=where, most=most)


def read_bytes(path: Path, where: str, most: Most = MOST_CELLS) -> bytes:
    """Return the bytes of a regular file of at most 50 MB."""
    with _open(path, where) as stream:
        length = os.fstat(stream.fileno()).st_size
        if length > SIZE_CAP:
            raise refusal(
                where,
                Sentence("文件有{size}MB，上限50MB", size=f"{length / 2**20:.0f}"),
                most.do,
                expected=Sentence("50MB以内"),
            )
        # Asked for what is there: room for the cap is not at hand for nothing.
        content = stream.read(length + 1)
        if len(content) > length:  # it has grown meanwhile
            content += stream.read(SIZE_CAP + 1 - len(content))
        held(path, sha256(content))
        return content


def _open(path: Path, where: str) -> BinaryIO:
    """Open a regular file; a link, a pipe or a device is refused, not followed."""
    flags = os.O_RDONLY
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"):  # not on every system
        flags |= getattr(os, name, 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError as err:
        held(path, "")
        raise refusal(where, Sentence("没有这个文件"), Sentence("检查路径")) from err
    except OSError as err:
        if err.errno == errno.ELOOP:  # with O_NOFOLLOW a link is a loop of links
            what = Sentence("打不开文件（是符号链接）")
            raise refusal(where, what, ITSELF, expected=ORDINARY) from err
        held(path, "")
        problem = replace(of_system(err, where), expected=ORDINARY)
        kind = MachineTrouble(problem) if err.errno in BUSY else Unreadable((problem,))
        raise kind from err
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise refusal(where, Sentence("不是普通文件"), ITSELF, expected=ORDINARY)
    return os.fdopen(descriptor, "rb")


def parse(content: bytes, *, where: str, most: Most = MOST_CELLS) -> Book:
    """Turn the bytes of a file into rows."""
    if not content.removeprefix(codecs.BOM_UTF8).strip(b"\0 \t\r\n"):
        raise refusal(where, Sentence("文件是空的"), AGAIN)
    if content.startswith(ZIP):
        return _ask_child("xlsx", content, "", where)
    if content.startswith(OLE):
        return _ask_child("xls", content, "", where)
    if kind := next((OTHERS[at] for at in OTHERS if content.startswith(at)), None):
        what = Sentence("这是{kind}，不是导出的表格", kind=Sentence(kind))
        raise refusal(where, what, Sentence("下载表格文件再放入"))
    text, encoding = decode(content, where)
    start = text.lstrip()
    if start.startswith("<"):
        return _read_markup(start, encoding, where)
    refuse_json(start, where)
    return read_csv(text, encoding, where, most)


def _read_markup(start: str, encoding: str, where: str) -> Book:
    head = start[:2000].lower()
    if "<!doctype" in head and "<!doctype html" not in head:
        raise refusal(where, Sentence("文件声明了外部定义（DOCTYPE），不读"), AGAIN)
    if "urn:schemas-microsoft-com:office:spreadsheet" in head:
        raise refusal(where, Sentence("是XML表格"), Sentence("在Excel里另存为xlsx"))
    if head.startswith("<?xml") and "<html" not in head and "<table" not in head:
        raise refusal(where, Sentence("是XML，不是表格"), ORIGINAL)
    return _ask_child("html", start.encode("utf-8"), encoding, where)


# ----------------------------------------------------------- the child process

# What is wrong, what to do, and what was expected where not `EXPECTED`, by code.
REFUSED, REMEDIES, WANTED = words("refused", "remedies", "wanted")


def _ask_child(kind: Kind, content: bytes, encoding: str, where: str) -> Book:
    answer = child.CHILD.ask(kind, content)
    if answer.get("refused") == child.BY_THE_MACHINE:
        what = Sentence("读它的程序两次被系统中断或没有回答，文件未必有错")
        do = Sentence("关闭其他占用内存的程序，再运行一次；仍然如此时用kpi doctor查看")
        raise MachineTrouble(Problem(what=what, where=where, do=do))
    if "refused" in answer:
        code = answer["refused"]
        what, do, expected = REFUSED[code], REMEDIES[code], WANTED.get(code, EXPECTED)
        if about := answer.get("about"):
            about = Sentence.read(about) if isinstance(about, list) else about[:80]
            what = Sentence("{refusal}（{about}）", refusal=what, about=about)
        place = str(answer.get("place") or "")[:40]
        raise refusal(where, what, do, expected=expected, place=place)
    sheets = tuple(_sheet(sheet, kind, where) for sheet in answer["sheets"])
    return Book(
        kind=kind,
        encoding=encoding,
        sheets=sheets,
        created=_china_day(answer.get("created", "")),
        modified=_china_day(answer.get("modified", "")),
        # BIFF is not counted a second time.
        records={
            sheet.name: parsed["counted"][0] if kind != "xls" else len(sheet.records)
            for sheet, parsed in zip(sheets, answer["sheets"], strict=True)
        },
    )


def _sheet(parsed: dict[str, Any], kind: Kind, where: str) -> Sheet:
    """Take a sheet of the child's answer, if both counts of its rows agree."""
    rows = parsed["rows"]
    for row, column, text in parsed.get("patches", ()):
        _put(rows, row, column, text)
    records = [Record(row, None, tuple(cells)) for row, cells in enumerate(rows, 1)]
    filled = [record.row for record in records if not record.blank]
    for area in parsed.get("merged", ()):
        _clear_merged(records, *area)
    if kind != "html":  # a page's rows are counted down to the last, blank or not
        del records[filled[-1] if filled else 0 :]
    for counted, found in zip(
        parsed["counted"], (len(records), len(filled)), strict=True
    ):
        if counted not in {None, found}:
            raise disagreement(where, counted, found)
    return Sheet(
        name=parsed["name"],
        records=tuple(records),
        notices=tuple(_notices(parsed, bool(records), where)),
    )


def _put(rows: list[list[Any]], row: int, column: int, text: str) -> None:
    """Set a cell, making the rows and columns up to it."""
    while len(rows) < row:
        rows.append([])
    cells = rows[row - 1]
    cells.extend([None] * (column - len(cells)))
    cells[column - 1] = text


def _clear_merged(
    records: list[Record], top: int, left: int, bottom: int, right: int
) -> None:
    """Keep a merged area's text once: some writers repeat it in every cell."""
    for row in range(top, min(bottom, len(records)) + 1):
        cells = list(records[row - 1].cells)
        for column in range(left, min(right, len(cells)) + 1):
            if (row, column) != (top, left):
                cells[column - 1] = None
        records[row - 1] = records[row - 1]._replace(cells=tuple(cells))


def _china_day(text: str) -> date | None:
    """Return the day in China of a W3C time; None if it is no such time."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return (moment.astimezone(CHINA) if moment.tzinfo else moment).date()


def _notices(parsed: dict[str, Any], rows: bool, where: str) -> Iterator[Problem]:
    note, name = partial(Problem, where=where, level="note"), parsed["name"]
    if parsed.get("hidden") and rows:
        yield note(what=Sentence("表“{sheet}”是隐藏的，照常计入", sheet=name))
    if hidden := parsed.get("hidden_rows"):
        text = N_("第{numbers}行是隐藏的，照常计入")
        if len(hidden) > MOST_NUMBERS:
            text = N_("第{numbers}等行是隐藏的，照常计入")
        what = Sentence(text, numbers=hidden[:MOST_NUMBERS])
        yield note(what=what, place=name)
    if columns := parsed.get("hidden_columns"):
        text = N_("第{numbers}列是隐藏的，照常计入")
        what = Sentence(text, numbers=columns[:MOST_NUMBERS])
        yield note(what=what, place=name)
