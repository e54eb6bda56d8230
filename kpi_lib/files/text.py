"""Text to rows: its encoding, its delimiter, its quotes, and the rows counted again."""

from __future__ import annotations

import codecs
import csv
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from kpi_lib.errors import Problem, Unreadable
from kpi_lib.files.book import Book, Most, Record, Sheet, disagreement, refusal
from kpi_lib.language import N_, Sentence

# As Excel has: a longer row is no row of a table.
MOST_COLUMNS = 16_384
DELIMITERS = ",\t;|"
# Characters that text does not hold; line ends, tabs and form feeds it may.
CONTROLS = [chr(number) for number in (*range(1, 9), *range(14, 32))]
# So long a line is no row: its cells alone would take hundreds of megabytes.
LONG_LINE = 20_000_000
# So many rows tell how long the cells of a column are.
FORM_ROWS = 3
# So many lines tell the delimiter; headers stand within the first dozen rows.
HEAD_LINES, HEAD_CHARACTERS = 12, 1 << 16

_LINES = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")

AS_UTF_8 = Sentence("在Excel里另存为“CSV UTF-8”")
NARROW = Sentence("每行{n}格以内", n=MOST_COLUMNS)
BY_HAND = Sentence("重新导出；不要用记事本改导出的文件")


# ------------------------------------------------------------------ encoding


def decode(content: bytes, where: str) -> tuple[str, str]:
    """Decode by a byte order mark, else as strict UTF-8, else as strict GB18030."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return _strict(content, "utf-16", where), "utf-16"
    if content.startswith(codecs.BOM_UTF8):
        return _strict(content, "utf-8-sig", where), "utf-8-sig"
    if _zeros_alternate(content):
        what = Sentence("像是UTF-16编码，但开头没有标记，不能确定")
        expected = Sentence("UTF-8、GB18030或带标记的UTF-16")
        raise refusal(where, what, AS_UTF_8, expected=expected)
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
    # A byte order mark is counted, which the codec has cut off.
    at = err.start + len(content) - len(err.object)
    line, byte = content.count(b"\n", 0, at) + 1, content[at : at + 1].hex()
    template = N_("第{n}个字节（0x{byte}）不能按UTF-8或GB18030解读")
    do = Sentence("文件可能被截断或改坏：重新导出，或在Excel里另存为“CSV UTF-8”")
    expected = Sentence("从头到尾同一种编码的文字")
    return _at(line, where, Sentence(template, n=at + 1, byte=byte), do, expected)


def _printable(text: str, where: str) -> str:
    """Refuse what decodes but is no text: pictures, archives, programs."""
    odd = sum(map(text[:100_000].count, CONTROLS))
    if "\0" in text or odd * 100 > min(len(text), 100_000):
        do = Sentence("放入平台导出的原文件")
        raise refusal(where, Sentence("不是文本，也不是Excel文件"), do)
    return text


def refuse_json(start: str, where: str) -> None:
    """Refuse a failed download: the error text of an interface, as JSON."""
    if not start.startswith(("{", "[")):
        return
    try:
        answer = json.loads(start)
    except (ValueError, RecursionError):
        return
    what = Sentence("不是表格，是下载失败时的JSON文字")
    told = answer if isinstance(answer, dict) else {}
    if key := next((key for key in ("msg", "message", "error") if key in told), ""):
        template = N_("不是表格，是下载失败时的JSON文字：{message}")
        what = Sentence(template, message=str(told[key])[:60])
    raise refusal(where, what, Sentence("登录后台重新下载"))


# ----------------------------------------------------------------------- CSV


def read_csv(text: str, encoding: str, where: str, most: Most) -> Book:
    """Read the rows of a CSV, and count them a second time."""
    delimiter = find_delimiter(text)
    if (start := _long_line(text)) is not None:
        line = text.count("\n", 0, start) + 1
        what = Sentence("这一行有2000万字以上，不是表格的一行")
        do = Sentence("重新导出；引号没有配对时也会这样")
        raise _at(line, where, what, do, NARROW)
    counted = count_records(text, delimiter)
    records, notices = _rows(text, delimiter, most, where)
    if len(records) != counted:
        raise disagreement(where, counted, len(records))
    sheet = Sheet(
        name="",
        records=tuple(records),
        notices=tuple(notices),
        torn=torn_row(text, records),
    )
    return Book(kind="csv", encoding=encoding, sheets=(sheet,), records={"": counted})


def _long_line(text: str) -> int | None:
    """Return where a line begins that is too long; None without one."""
    # It covers one of these places, wherever it begins: no line else is looked at.
    for at in range(0, len(text), LONG_LINE):
        start = max(text.rfind(end, 0, at) for end in "\r\n") + 1
        ends = [place for end in "\r\n" if (place := text.find(end, at)) >= 0]
        if min(ends, default=len(text)) - start >= LONG_LINE:
            return start
    return None


def _rows(
    text: str, delimiter: str, most: Most, where: str
) -> tuple[list[Record], list[Problem]]:
    # Line by line: a stream of the text would hold it again, at four bytes a character.
    lines = (line[0] for line in _LINES.finditer(text))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    records: list[Record] = []
    notices: list[Problem] = []
    line, cells = 1, 0
    try:
        for row, fields in enumerate(reader, 1):
            cells += len(fields) + 1
            if cells > most.cells:
                what = Sentence("表格有{n}格以上", n=most.said)
                expected = Sentence("{n}格以内", n=most.said)
                raise _at(line, where, what, most.do, expected)
            if len(fields) > MOST_COLUMNS:
                what = Sentence("这一行有{n}格", n=len(fields))
                do = Sentence("重新导出；太大时缩短时间段")
                raise _at(line, where, what, do, NARROW)
            records.append(
                Record(row, line, tuple([value or None for value in fields]))
            )
            if reader.line_num > line and _swallows(fields, delimiter):
                what = Sentence("一个带引号的单元格里像是有整行数据，可能是引号错位")
                place = Sentence("第{row}行（文件第{line}行）", row=row, line=line)
                do = Sentence("对照后台核对这一行")
                notice = Problem(what=what, where=where, place=place, do=do)
                notices.append(replace(notice, level="warning"))
            line = reader.line_num + 1
    except csv.Error as err:
        what = _misquoted(str(err))
        raise _at(line, where, what, BY_HAND, Sentence("成对的引号")) from err
    return records, notices


def _at(
    line: int, where: str, what: Sentence, do: Sentence, expected: Sentence
) -> Unreadable:
    place = Sentence("第{row}行", row=line)
    return refusal(where, what, do, expected=expected, place=place)


def torn_row(text: str, records: Sequence[Record]) -> int | None:
    """
    Return the number of a last row that a broken download has cut, None if none is.

    All lines but the last have their end, and its last cell is missing or shorter than
    the column ever is above it.
    """
    records = [record for record in records if record.cells]  # no empty lines
    if len(records) < FORM_ROWS + 2 or text.endswith(("\n", "\r")):
        return None
    *before, last = records
    # A title above the header is narrower than the table.
    (width, _), *_ = Counter(len(record.cells) for record in before).most_common(1)
    _, *above = [record.cells[-1] for record in before if len(record.cells) == width]
    texts = [str(cell) for cell in above if cell is not None]
    if len(texts) < max(FORM_ROWS, len(above)):
        return None  # the column has gaps of its own: it has no form
    cell = str(last.cells[-1] or "") if len(last.cells) == width else ""
    ends = {text[-1] for text in texts}
    unit = len(ends) == 1 and not ends & set("0123456789")
    cut = len(cell) < min(map(len, texts)) or (unit and cell[-1:] not in ends)
    return last.row if cut else None


def _misquoted(error: str) -> Sentence:
    if "end of data" in error:
        return Sentence("从这一行起有一个没有配对的引号")
    if "field larger" in error:
        return Sentence("一个单元格超过13万字，多半是引号没有配对")
    return Sentence("引号用错（{about}）", about=error)


def _swallows(fields: list[str], delimiter: str) -> bool:
    """Return whether a quoted cell seems to hold whole rows (a stray quote)."""
    return any(
        line.count(delimiter) >= 3 and re.search(r"20\d\d[-/年.]?\d{1,2}", line)
        for value in fields
        if "\n" in value or "\r" in value
        for line in value.splitlines()[1:]
    )


def find_delimiter(text: str) -> str:
    """Return the delimiter that most of the first lines hold equally often."""
    # Quoted text is blanked first: a title may hold any number of commas. An
    # unquoted 1,000 may too, but not equally often in every line.
    bare = re.sub(r'"[^"]*"', "", text[:HEAD_CHARACTERS])
    lines = [line for line in bare.splitlines() if line.strip()][:HEAD_LINES]
    agreed = {}
    for mark in DELIMITERS:
        counts = [count for line in lines if (count := line.count(mark))]
        agreed[mark] = max(((counts.count(n), n) for n in {*counts}), default=(0, 0))
    return max(DELIMITERS, key=lambda mark: agreed[mark])


def count_records(text: str, delimiter: str) -> int:
    """Count the records of a CSV without reading it: its line ends outside quotes."""
    if '"' not in text:
        ends = text.count("\n") + text.count("\r") - text.count("\r\n")
        return ends + (text != "" and text[-1] not in "\r\n")
    # A quote opens only at the start of a field; a last line may have no end.
    # Nothing is kept to go back to: 50 MB of quotes would take gigabytes.
    quoted, bare = '"[^"]*+(?:""[^"]*+)*+"', f'(?!")[^{re.escape(delimiter)}\r\n]*+'
    step = re.compile(rf"(?:{quoted}|{bare})({re.escape(delimiter)}|\r\n|\r|\n)")
    count = position = 0
    open_record = False
    while match := step.match(text, position):
        open_record = match[1] == delimiter
        count += not open_record
        position = match.end()
    return count + (open_record or position < len(text))
