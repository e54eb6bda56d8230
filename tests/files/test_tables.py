"""Bytes to rows: kinds, encodings, limits, and files that must be refused."""

from __future__ import annotations

import ast
import io
import os
import re
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter
import xlwt
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kpi_lib.errors import MachineTrouble, Unreadable
from kpi_lib.files import child, tables, text
from kpi_lib.files.book import MOST_ORDER_CELLS, Book

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def parse(content: bytes | str) -> Book:
    raw = content.encode() if isinstance(content, str) else content
    return tables.parse(raw, where="raw/a.csv")


def cells(book: Book, sheet: int = 0) -> list[tuple[object, ...]]:
    return [record.cells for record in book.sheets[sheet].records]


def zipped(parts: dict[str, str | bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def workbook(rows: str, **more: str | bytes) -> bytes:
    """As 头条号 writes: an empty fill, a wrong dimension, no shared strings."""
    return zipped(
        {
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/'
            'package/2006/content-types"><Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Default Extension="xml" ContentType="application/xml"/></Types>',
            "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/'
            f'package/2006/relationships"><Relationship Id="rId1" Type="{LINKS}/'
            'officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.'
            'openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
            f'Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="rId2" Type="{LINKS}/styles" Target="styles.xml"/>'
            "</Relationships>",
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets>'
            '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
            "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><fonts count="1"><font>'
            '</font></fonts><fills count="1"><fill></fill></fills></styleSheet>',
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><dimension '
            f'ref="A1"></dimension><sheetData>{rows}</sheetData></worksheet>',
            **more,
        }
    )


def excel(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    fill(book)
    book.close()
    return out.getvalue()


def biff(rows: dict[tuple[int, int], object]) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("New Sheet1")
    for (row, column), value in rows.items():
        sheet.write(row, column, value)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


# ------------------------------------------------------------------------ text


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("gbk", "gb18030"),
        ("utf-16", "utf-16"),
    ],
)
def test_encodings(encoding: str, told: str) -> None:
    book = parse("日期,粉丝\n2026-10-01,“三”\n".encode(encoding))

    assert (book.kind, book.encoding) == ("csv", told)
    assert cells(book) == [("日期", "粉丝"), ("2026-10-01", "“三”")]


def test_broken_utf8_is_refused_at_its_byte_not_read_as_gb18030() -> None:
    content = "日期,粉丝数量\n2026-10-01,三千".encode()

    with pytest.raises(Unreadable, match="第2行：第35个字节"):
        parse(content[:-1])


def test_a_byte_is_named_by_its_place_in_the_file_mark_and_all() -> None:
    with pytest.raises(Unreadable, match="第2行：第8个字节（0xff）"):
        parse(b"\xef\xbb\xbfa,b\n\xff,2\n")


def test_bytes_of_no_encoding_are_refused_with_their_place() -> None:
    with pytest.raises(Unreadable, match="第2行：第5个字节（0xff）"):
        parse(b"a,b\n\xff,2\n")


def test_records_know_row_and_line() -> None:
    book = parse('\ufeff标题,数\n"第一行\n第二行",1\n\n"说""好""",2')
    records = book.sheets[0].records

    assert [(record.row, record.line) for record in records] == [
        (1, 1),
        (2, 2),
        (3, 4),
        (4, 5),
    ]
    assert records[1].cells == ("第一行\n第二行", "1")
    assert records[2].blank
    assert records[3].cells == ('说"好"', "2")
    assert book.records == {"": 4}


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param("a,b\n1,2\n", 2, id="comma"),
        pytest.param("a\tb\r\n1\t2\r\n", 2, id="tab, CRLF"),
        pytest.param("a;b\r1;2\r", 2, id="semicolon, CR"),
        pytest.param(
            "标题\t数\n一，二,三\t1,000\n四,五\t2,000\n", 3, id="commas within"
        ),
        pytest.param('标题\t数\n"a,b,c,d,e"\t1\n', 2, id="quoted commas"),
        pytest.param("说明一行\na,b\n1,2", 3, id="a line on top"),
    ],
)
def test_delimiters(text: str, rows: int) -> None:
    book = parse(text)

    assert book.records == {"": rows}
    assert {len(row) for row in cells(book)[-2:]} == {2}


def test_unterminated_quote_is_refused_where_it_begins() -> None:
    with pytest.raises(Unreadable, match="第3行：从这一行起有一个没有配对的引号"):
        parse('a,b\n1,2\n"3,4\n5,6\n')


def test_quote_in_the_wrong_place_is_refused() -> None:
    with pytest.raises(Unreadable, match="第2行：引号用错"):
        parse('a,b\n"1"2,3\n')


def test_swallowed_rows_are_told() -> None:
    book = parse('标题,日期,数,量\n"甲,2026-10-01,1,2\n乙,2026-10-02,3,4\n丙",b,1,2\n')

    notices = [str(notice) for notice in book.sheets[0].notices]
    assert notices == [
        "raw/a.csv，第2行（文件第2行）：一个带引号的单元格里像是有整行数据，"
        "可能是引号错位。对照后台核对这一行。"
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"", "文件是空的", id="0 bytes"),
        pytest.param(b"\r\n \n", "文件是空的", id="blank lines only"),
        pytest.param(b"\xef\xbb\xbf", "文件是空的", id="a mark only"),
        pytest.param(
            '{"code":-1,"msg":"登录过期"}',
            "下载失败时的JSON文字：登录过期；应为完整的xlsx、xls、CSV或网页表格。登录后台重新下载",
            id="JSON error",
        ),
        pytest.param(
            "<!DOCTYPE html><html><head><title>登录</title></head><body><form>"
            '<input type="password"></form></body></html>',
            "是登录网页，不是表格：下载时登录已过期（登录）",
            id="login page",
        ),
        pytest.param(
            "<html><body><p>404</p></body></html>", "里面没有表格", id="no table"
        ),
        pytest.param(
            "<html><table><tr><td>a</td></tr><tr><td>b", "没有结尾", id="torn page"
        ),
        pytest.param(
            '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:'
            'spreadsheet"></Workbook>',
            "是XML表格",
            id="XML spreadsheet",
        ),
        pytest.param(
            '<!DOCTYPE x [<!ENTITY a "b">]><table><tr><td>&a;</td></tr></table>',
            "DOCTYPE",
            id="DOCTYPE with entities",
        ),
        pytest.param(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "这是图片", id="picture"),
        pytest.param(b"%PDF-1.7\n\0\1\2\3", "这是PDF", id="PDF"),
        pytest.param(b"RIFF\0\1\2\3WAVE", "不是文本", id="sound"),
    ],
)
def test_what_is_no_table_is_named(content: bytes | str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        parse(content)


# ------------------------------------------------------------------- workbooks


def test_a_style_sheet_that_openpyxl_refuses() -> None:
    book = parse(
        workbook(
            '<row r="1"><c r="A1" t="str"><v>标题</v></c>'
            '<c r="B1" t="str"><v>数</v></c></row>'
            '<row r="2"><c r="A2" t="str"><v>一 &amp; 二</v></c>'
            '<c r="B2"><v>24</v></c></row>'
        )
    )

    assert cells(book) == [("标题", "数"), ("一 & 二", 24)]
    assert book.records == {"Sheet1": 2}


def test_rows_are_numbered_as_a_spreadsheet_shows_them() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("甲")
        sheet.write("B3", "标题")
        sheet.write("B6", 1.5)
        sheet.write_blank("A20", None, book.add_format({"bold": True}))

    book = parse(excel(fill))

    shown = [(r.row, r.blank, r.cells[1:2]) for r in book.sheets[0].records]
    assert shown == [
        (1, True, (None,)),
        (2, True, (None,)),
        (3, False, ("标题",)),
        (4, True, (None,)),
        (5, True, (None,)),
        (6, False, (1.5,)),
    ]
    assert book.records == {"甲": 6}


def test_typed_cells_keep_their_types() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_datetime("A1", datetime(2026, 10, 1), day)
        sheet.write_datetime("B1", datetime(2026, 10, 1, 8, 30), day)
        sheet.write_number("C1", 3)
        sheet.write_boolean("D1", True)
        sheet.write_string("E1", "007")
        sheet.write_number("F1", 7546068293094769192)

    (row,) = cells(parse(excel(fill)))

    assert row[:5] == (date(2026, 10, 1), datetime(2026, 10, 1, 8, 30), 3, True, "007")
    assert [type(cell) for cell in row[2:]] == [int, bool, str, float]


def test_errors_and_formulas_without_result_are_not_dropped() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_formula("A1", "=1/0", value="#DIV/0!")
        sheet.write_formula("A2", "=SUM(B1:B9)", value="")
        sheet.write_formula("A3", "=1+1", value=2)

    assert [row[0] for row in cells(parse(excel(fill)))] == [
        "#DIV/0!",
        "=SUM(B1:B9)",
        2,
    ]


def test_hidden_rows_and_sheets_count_and_are_told() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet("甲")
        sheet.write("A1", "a")
        sheet.write("A2", "b")
        sheet.set_row(1, None, None, {"hidden": True})
        other = book.add_worksheet("乙")
        other.write("A1", "c")
        other.hide()
        book.add_chartsheet("图")

    book = parse(excel(fill))

    assert book.records == {"甲": 2, "乙": 1}
    (row,), (sheet,) = (sheet.notices for sheet in book.sheets)
    assert "第2行是隐藏的" in str(row)
    assert "表“乙”是隐藏的" in str(sheet)


def test_merged_text_comes_once() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:C1", "最多导出排序后前1000条笔记")
        sheet.write_row("A2", ["标题", "曝光", "观看量"])

    assert cells(parse(excel(fill)))[0] == ("最多导出排序后前1000条笔记", None, None)


def test_properties_give_days_in_china_and_no_names() -> None:
    core = (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/'
        'metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:dcterms="http://purl.org/dc/terms/"><dc:creator>示例人名</dc:creator>'
        "<dcterms:created>2026-10-31T18:09:20Z</dcterms:created></cp:coreProperties>"
    )
    row = '<row r="1"><c r="A1"><v>1</v></c></row>'
    book = parse(workbook(row, **{"docProps/core.xml": core}))

    assert (book.created, book.modified) == (date(2026, 11, 1), None)
    assert "示例人名" not in repr(book)


def test_biff_rows_and_numbers() -> None:
    book = parse(biff({(2, 0): "标题", (2, 1): "数", (3, 0): "甲", (3, 1): 24}))

    assert book.kind == "xls"
    assert cells(book)[2:] == [("标题", "数"), ("甲", 24)]
    assert book.records == {"New Sheet1": 4}


# ------------------------------------------------------------------- web tables


def test_page_under_an_xls_name() -> None:
    page = (
        '<html><head><meta charset="gb2312"></head><body><table><tr><td colspan="2">'
        "用户增长</td></tr><tr><th>时间</th><th>新关注人数</th></tr>"
        '<tr><td rowspan="2">2026-10-01</td><td>&nbsp;12 </td></tr>'
        "<tr><td>13</td></tr></table></body></html>"
    )
    book = parse(page.encode("gb18030"))

    assert (book.kind, book.encoding) == ("html", "gb18030")
    assert cells(book) == [
        ("用户增长", None),
        ("时间", "新关注人数"),
        ("2026-10-01", "12"),
        (None, "13"),
    ]
    assert book.records == {"表1": 4}


def test_tables_inside_tables_are_sheets_of_their_own() -> None:
    book = parse(
        "<table><tr><td>外<table><tr><td>内一</td></tr><tr><td>内二</td></tr></table>"
        "</td></tr></table>"
    )

    assert book.records == {"表1": 1, "表2": 2}
    assert cells(book, 1) == [("内一",), ("内二",)]


# ----------------------------------------------------------------- refused files


def bomb() -> bytes:
    return workbook("", **{"xl/media/big.bin": b"0" * 60_000_000})


def stray_cell() -> bytes:
    return workbook(
        '<row r="1"><c r="A1"><v>1</v></c></row>'
        '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    )


def doctype() -> bytes:
    return workbook("", **{"xl/styles.xml": '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})


def locked_workbook() -> bytes:
    return OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(1000)


def wrong_checksum() -> bytes:
    content = bytearray(workbook('<row r="1"><c r="A1"><v>1</v></c></row>'))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        at = archive.getinfo("xl/workbook.xml").header_offset
    content[at + 60] ^= 0xFF
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(bomb(), "展开后过大，不读", id="zip bomb"),
        pytest.param(
            zipped({f"{number}.xml": "" for number in range(2001)}),
            "展开后过大，不读（2001个部分）",
            id="too many parts",
        ),
        pytest.param(zipped({"../a.xml": "x"}), "不该有的内容", id="path upward"),
        pytest.param(doctype(), "不该有的内容，不读（DOCTYPE）", id="DOCTYPE"),
        pytest.param(stray_cell(), "表格范围过大", id="stray cell at the far corner"),
        pytest.param(workbook("")[:-40], "已损坏或不完整", id="truncated xlsx"),
        pytest.param(wrong_checksum(), "已损坏或不完整", id="wrong checksum"),
        pytest.param(zipped({"word/document.xml": "<a/>"}), "不是xlsx", id="docx"),
        pytest.param(locked_workbook(), "文件有密码", id="locked"),
        pytest.param(OLE + b"0" * 2000, "已损坏或不完整", id="OLE with garbage"),
        pytest.param(biff({(0, 0): "a"})[:3000], "已损坏或不完整", id="truncated xls"),
    ],
)
def test_hostile_and_broken_workbooks(content: bytes, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(content)

    assert message in str(caught.value)
    assert re.match(r"raw/a\.csv(，[^：]+)?：", str(caught.value))
    assert "\n" not in str(caught.value)


def test_reader_that_dies_costs_one_file_only() -> None:
    # The reader asks for the whole used rectangle at once and aborts.
    deadly = biff({(0, 0): "a", (65535, 255): "b"})

    with pytest.raises(Unreadable, match="崩溃"):
        parse(deadly)
    assert cells(parse(biff({(0, 0): "a"}))) == [("a",)]


@pytest.fixture
def deed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """Let the child do something before it reads a file; the first, or any."""

    def put(does: str, *, once: bool = False) -> None:
        mark = tmp_path / "done"
        only = f"if not os.path.exists({str(mark)!r}): open({str(mark)!r}, 'w'); "
        source = child.SANDBOX.read_text("utf-8")
        source = source.replace("SECONDS = 10", "SECONDS = 1")
        source = source.replace(
            "    try:\n        return READERS",
            f"    import os, time\n    {only if once else ''}{does}\n"
            "    try:\n        return READERS",
        )
        own = tmp_path / "sandbox.py"
        own.write_text(source, "utf-8")
        monkeypatch.setattr(child, "SANDBOX", own)
        child.CHILD.close()

    yield put
    child.CHILD.close()


SIMPLE = {(0, 0): "a"}


@pytest.mark.parametrize(
    "does",
    [
        pytest.param("os.kill(os.getpid(), 9)", id="killed, as for want of memory"),
        pytest.param("os.kill(os.getpid(), 19)", id="stopped"),
        pytest.param("os.kill(os.getpid(), 15)", id="ended by somebody"),
        pytest.param("os._exit(0)", id="gone"),
    ],
)
def test_what_the_machine_does_to_the_reader_is_no_fault_of_the_file(
    does: str, deed: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "TIME_OUT", 3.0)
    deed(does, once=True)
    assert cells(parse(biff(SIMPLE))) == [("a",)]

    deed(does)
    with pytest.raises(MachineTrouble) as caught:
        parse(biff(SIMPLE))
    assert str(caught.value).startswith("raw/a.csv：读它的程序两次被系统中断")
    assert "文件未必有错" in str(caught.value)
    assert "重新导出" not in str(caught.value)


def test_a_reader_that_cannot_be_started_is_no_fault_of_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    child.CHILD.close()
    monkeypatch.setattr(child.sys, "executable", "/no/such/python")

    with pytest.raises(MachineTrouble, match="文件未必有错"):
        parse(biff(SIMPLE))
    monkeypatch.undo()
    assert cells(parse(biff(SIMPLE))) == [("a",)]


def test_time_of_the_processor_is_counted_and_no_other(
    deed: Callable[..., None],
) -> None:
    deed("time.sleep(2.5)")
    assert cells(parse(biff(SIMPLE))) == [("a",)]

    deed("while True: pass")
    with pytest.raises(Unreadable, match="处理器算了10秒还读不完"):
        parse(biff(SIMPLE))


def test_the_child_stays_small() -> None:
    source = child.SANDBOX.read_text(encoding="utf-8")
    imported = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
    }

    assert not any(name.startswith(("kpi_lib", "pandas")) for name in imported)


def test_a_forked_process_has_a_reader_of_its_own() -> None:
    content = biff({(0, 0): "a"})
    assert parse(content).kind == "xls"
    child = os.fork()
    if child == 0:
        try:
            fine = cells(parse(content)) == [("a",)]
            child.CHILD.close()
        finally:
            os._exit(0 if fine else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert cells(parse(content)) == [("a",)]


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("a,b\n", encoding="utf-8")
    link, pipe = tmp_path / "link.csv", tmp_path / "pipe.csv"
    link.symlink_to(target)
    os.mkfifo(pipe)

    assert tables.read(target, where="a.csv").records == {"": 1}
    with pytest.raises(Unreadable, match=r"link\.csv：打不开文件"):
        tables.read(link, where="link.csv")
    with pytest.raises(Unreadable, match=r"pipe\.csv：不是普通文件"):
        tables.read(pipe, where="pipe.csv")
    with pytest.raises(Unreadable, match="没有这个文件"):
        tables.read(tmp_path / "none.csv", where="none.csv")
    with pytest.raises(Unreadable, match="不是普通文件"):
        tables.read(tmp_path, where="folder")


def test_files_above_the_cap_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as stream:
        stream.truncate(tables.SIZE_CAP + 1)

    with pytest.raises(Unreadable, match="上限50MB"):
        tables.read(path, where="a.csv")


# ---------------------------------------------------------------- properties

TEXT = st.text(
    st.characters(codec="gb18030", exclude_categories=("Cc", "Cs", "Zl", "Zp")),
    max_size=12,
)


@settings(deadline=None)  # the machine may be busy
@given(
    rows=st.lists(st.lists(TEXT, min_size=2, max_size=5), min_size=1, max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_reads_back_and_the_counter_agrees(rows: list[list[str]], end: str) -> None:
    quoted = [",".join('"' + cell.replace('"', '""') + '"' for cell in r) for r in rows]
    text = '"一","二"' + end + end.join(quoted)
    book = parse(b"\xef\xbb\xbf" + text.encode())

    expected = [tuple(cell or None for cell in row) for row in rows]
    assert cells(book)[1:] == expected
    assert book.records == {"": len(rows) + 1}


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet='",\t;\r\n a1', max_size=40))
@example("\r\r\r\r1")  # more empty lines than others, and a last one without its end
def test_quotes_and_line_ends_anywhere(text: str) -> None:
    try:
        book = parse(f"a{text}")
    except Unreadable as refusal:
        assert "行数不同" not in str(refusal)  # noqa: PT017 - either way is right
        return
    assert len(book.sheets[0].records) == book.records[""]


@settings(deadline=None)  # the machine may be busy
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    try:
        book = parse(content)
    except Unreadable:
        return
    assert all(len(sheet.records) == book.records[sheet.name] for sheet in book.sheets)


def test_an_answer_of_more_than_a_million_bytes_comes_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for row in range(3000):
            sheet.write_row(row, 0, [f"{row:040}"] * 10)
    (found,) = tables.read(path, where="large.xlsx").sheets

    assert [len(record.cells) for record in found.records] == [10] * 3000


def test_a_text_is_not_held_a_second_time_while_it_is_read() -> None:
    content = ("一," + "1," * 400 + "\n") * 3_000
    tracemalloc.start()
    try:
        book = text.read_csv(content, "utf-8", "a.csv", MOST_ORDER_CELLS)
        now, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(book.sheets[0].records) == 3_000
    assert peak - now < len(content)
