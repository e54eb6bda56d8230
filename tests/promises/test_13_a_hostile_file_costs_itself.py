"""Hostile and broken files: one clear line each, little time, and the run alive."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
import xlwt

from kpi_lib.errors import ExportError, UnknownExport, Unreadable
from kpi_lib.exports import Export, reader
from kpi_lib.files import MOST_OWN_CELLS, child, tables
from tests.files.test_tables import workbook, zipped

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
HEADER = "日期,阅读,播放,点赞,喜欢,评论,收藏,分享"
GOOD = f"{HEADER}\n2026-10-01,1,2,3,4,5,6,7\n2026-10-02,1,2,3,4,5,6,7\n"
NAMES = HEADER.split(",")
MEMORY = 512 * 1024 * 1024

LINE = re.compile(
    r"(?P<where>[^：]+)：(?P<what>.+)；应为(?P<expected>.+)。(?P<do>.+)。"
)


def excel(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        fill(book)
    return out.getvalue()


def good_workbook() -> bytes:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, line in enumerate(GOOD.splitlines()):
            sheet.write_row(number, 0, line.split(","))

    return excel(fill)


def good_biff() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Sheet1")
    for row, line in enumerate(GOOD.splitlines()):
        for column, text in enumerate(line.split(",")):
            sheet.write(row, column, text)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read(folder: Path, content: bytes, name: str = "a.xls") -> Export:
    path = folder / name
    path.write_bytes(content)
    return reader.read(path, month="2026-10", platform="zhihu")


def assert_alive(folder: Path) -> None:
    """Read a text and a workbook well: nothing that came before is in the way."""
    for content in (GOOD.encode("gbk"), good_workbook()):
        export = read(folder, content, "good.xlsx")
        views = [row.value for row in export.daily if row.metric == "views"]
        assert views == [3, 3]
    process = child.CHILD.process
    status = Path(f"/proc/{process.pid if process else 0}/status")
    if status.exists():  # Linux
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
        assert peak is not None
        assert int(peak[1]) * 1024 < MEMORY


def lying_directory() -> bytes:
    """Declare one byte of a part that inflates to sixty million."""
    content = bytearray(workbook("", **{"xl/styles.xml": b"0" * 60_000_000}))
    size = (60_000_000).to_bytes(4, "little")
    for at in [found.start() for found in re.finditer(re.escape(size), content)]:
        content[at : at + 4] = (1).to_bytes(4, "little")
    return bytes(content)


def twice_the_same_part() -> bytes:
    content = workbook('<row r="1"><c r="A1"><v>1</v></c></row>')
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Dup"):
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    return out.getvalue()


def wide_spans() -> bytes:
    cells = '<td colspan="1000">1</td>' * 200
    return f"<table>{f'<tr>{cells}</tr>' * 1000}</table>".encode()


def thousands_of_areas_merged_over_each_other() -> bytes:
    cells = '<row r="1"><c r="A1"><v>1</v></c></row>'
    cells += '<row r="8000"><c r="CV8000"><v>1</v></c></row></sheetData><mergeCells>'
    areas = "".join(f'<mergeCell ref="A{n}:CV8000"/>' for n in range(1, 4000))
    content = workbook(f"{cells}{areas}</mergeCells><sheetData>")
    return content.replace(b"<sheetData></sheetData>", b"")


XXE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'

CASES = [
    pytest.param(
        lambda: workbook("", **{"xl/media/a.bin": b"0" * 60_000_000}),
        "压缩包展开后过大，不读（xl/media/a.bin）",
        id="zip bomb",
    ),
    pytest.param(lying_directory, "已损坏或不完整", id="zip bomb, directory lies"),
    pytest.param(
        lambda: zipped({f"{number}.xml": "" for number in range(2001)}),
        "2001个部分",
        id="2,001 parts",
    ),
    pytest.param(
        lambda: workbook("", **{"../../etc/a.xml": "x"}),
        "不该有的内容，不读（../../etc/a.xml）",
        id="path upward",
    ),
    pytest.param(
        lambda: workbook("", **{"..\\a.xml": "x"}),
        "不该有的内容",
        id="path upward, the other slash",
    ),
    pytest.param(twice_the_same_part, "有同名的部分", id="a part twice"),
    pytest.param(
        lambda: workbook("", **{"xl/sharedStrings.xml": f"{XXE}<sst>&b;</sst>"}),
        "不该有的内容，不读（DOCTYPE）",
        id="XXE in a workbook",
    ),
    pytest.param(
        lambda: workbook(
            "", **{"xl/sharedStrings.xml": f"{XXE}<sst>&b;</sst>".encode("utf-16")}
        ),
        "不该有的内容，不读（DOCTYPE）",
        id="XXE in UTF-16",
    ),
    pytest.param(
        lambda: workbook("", **{"xl/styles.xml": f"{LAUGHS}<a>&c;</a>"}),
        "不该有的内容，不读（DOCTYPE）",
        id="laughs in a workbook",
    ),
    pytest.param(
        lambda: f"{XXE}<table><tr><td>&b;</td></tr></table>".encode(),
        "DOCTYPE",
        id="XXE in a page",
    ),
    pytest.param(
        lambda: workbook(
            '<row r="1"><c r="A1"><v>1</v></c></row>'
            '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        ),
        "Sheet1：表格范围过大，多半是很远处有一个多余的单元格（1048576行×16384列）",
        id="a cell at XFD1048576",
    ),
    pytest.param(
        lambda: OLE + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(999),
        "文件有密码；应为没有密码的文件。去掉密码再放入",
        id="encrypted workbook",
    ),
    pytest.param(
        lambda: '{"success":false,"msg":"登录已过期","data":{}}'.encode(),
        "下载失败时的JSON文字：登录已过期",
        id="JSON error",
    ),
    pytest.param(lambda: b"", "文件是空的", id="0 bytes"),
    pytest.param(lambda: b"\xef\xbb\xbf\r\n\r\n", "文件是空的", id="blank lines only"),
    pytest.param(lambda: bytes(4096), "文件是空的", id="NUL bytes only"),
    pytest.param(
        lambda: GOOD.replace(",3,", ",\0,").encode(), "不是文本", id="NUL bytes"
    ),
    pytest.param(
        lambda: GOOD.encode("utf-16-le"), "像是UTF-16编码", id="UTF-16 without BOM"
    ),
    pytest.param(
        lambda: GOOD.encode("utf-16-be"), "像是UTF-16编码", id="UTF-16 BE without BOM"
    ),
    pytest.param(
        lambda: f"{GOOD}说明：每日更新".encode()[:-1],
        "第4行：第125个字节（0xe6）不能按UTF-8",
        id="truncated UTF-8",
    ),
    pytest.param(lambda: good_workbook()[:-99], "已损坏或不完整", id="truncated xlsx"),
    pytest.param(
        lambda: good_workbook()[:2000], "已损坏或不完整", id="xlsx, half of it"
    ),
    pytest.param(lambda: good_biff()[:3000], "已损坏或不完整", id="truncated xls"),
    pytest.param(
        lambda: f'{HEADER}\n"2026-10-01,1,2\n'.encode(),
        "第2行：从这一行起有一个没有配对的引号",
        id="open quote",
    ),
    pytest.param(
        lambda: b"<html><script>alert(1)</script><p>404</p></html>",
        "里面没有表格",
        id="page of a script",
    ),
    pytest.param(
        lambda: f"<table><tr><td>{HEADER}</td></tr><tr><td>1".encode(),
        "没有结尾",
        id="torn page",
    ),
    pytest.param(
        thousands_of_areas_merged_over_each_other,
        "不该有的内容，不读（Sheet1）",
        id="merged over each other",
    ),
    pytest.param(wide_spans, "内存", id="cells of a thousand columns"),
]


@pytest.mark.parametrize(("content", "message"), CASES)
def test_refused_in_one_line_and_the_next_file_is_read(
    content: Callable[[], bytes], message: str, tmp_path: Path
) -> None:
    with pytest.raises(Unreadable) as caught:
        read(tmp_path, content())

    text = str(caught.value)
    assert message in text
    line = LINE.fullmatch(text)
    assert line is not None, text
    assert line["where"].startswith("a.xls")
    assert_alive(tmp_path)


def test_big5_is_told(tmp_path: Path) -> None:
    content = "日期,閱讀,播放,點讚\n2026-10-01,1,2,3\n".encode("big5")

    with pytest.raises(UnknownExport, match="像是Big5（繁体）编码：在Excel里另存为"):
        read(tmp_path, content)
    assert_alive(tmp_path)


# ----------------------------------------------------- no files of their own


def links(folder: Path) -> Path:
    (folder / "true.csv").write_text(GOOD, encoding="utf-8")
    path = folder / "a.xls"
    path.symlink_to("true.csv")
    return path


def dangling(folder: Path) -> Path:
    path = folder / "a.xls"
    path.symlink_to("nowhere")
    return path


def pipe(folder: Path) -> Path:
    os.mkfifo(folder / "a.xls")
    return folder / "a.xls"


def directory(folder: Path) -> Path:
    (folder / "a.xls").mkdir()
    return folder / "a.xls"


def nothing(folder: Path) -> Path:
    return folder / "a.xls"


@pytest.mark.skipif(sys.platform == "win32", reason="no links and pipes to make")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        pytest.param(links, "打不开文件（是符号链接）；应为普通文件", id="link"),
        pytest.param(dangling, "打不开文件（是符号链接）", id="dangling link"),
        pytest.param(pipe, "不是普通文件；应为普通文件", id="FIFO without a writer"),
        pytest.param(directory, "不是普通文件", id="folder"),
        pytest.param(nothing, "没有这个文件", id="no file"),
    ],
)
def test_only_regular_files(
    make: Callable[[Path], Path], message: str, tmp_path: Path
) -> None:
    with pytest.raises(Unreadable, match=re.escape(message)) as caught:
        reader.read(make(tmp_path), month="2026-10")

    assert LINE.fullmatch(str(caught.value))
    assert_alive(tmp_path)


# ------------------------------------------------------------- read, and told


def findings(export: Export) -> str:
    return "\n".join(map(str, export.findings))


def test_header_only_is_told(tmp_path: Path) -> None:
    export = read(tmp_path, f"{HEADER}\n".encode())

    assert export.daily == []
    assert "a.xls：只有表头，没有数据。确认时间段后重新导出。" in findings(export)


def test_a_formula_without_a_value_is_never_nothing(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, line in enumerate(GOOD.splitlines()):
            sheet.write_row(number, 0, line.split(","))
        sheet.write_formula("B3", "=SUM(C3:H3)", value="")

    export = read(tmp_path, excel(fill))

    views = {str(row.date) for row in export.daily if row.metric == "views"}
    assert views == {"2026-10-01"}
    (left,) = [row for row in export.ledger if row.fate == "partial"]
    assert (left.row, left.column, left.raw) == (
        3,
        "阅读＋播放",
        "=SUM(C3:H3)",
    )
    assert re.search("第3行“阅读＋播放”.*只有这一格没有计入", findings(export))


def test_a_hidden_column_counts_and_is_told(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        for number, line in enumerate(GOOD.splitlines()):
            sheet.write_row(number, 0, line.split(","))
        sheet.set_column("C:D", None, None, {"hidden": True})
        sheet.set_column("Z:Z", None, None, {"hidden": True})

    export = read(tmp_path, excel(fill))

    assert {str(row.date) for row in export.daily} == {"2026-10-01", "2026-10-02"}
    assert "第3、4列是隐藏的" in findings(export)


def test_hidden_rows_and_sheets_count_and_are_told(tmp_path: Path) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        book.add_worksheet("封面").write("A1", "说明")
        sheet = book.add_worksheet("数据")
        for number, line in enumerate(GOOD.splitlines()):
            sheet.write_row(number, 0, line.split(","))
        sheet.set_row(2, None, None, {"hidden": True})
        sheet.hide()

    export = read(tmp_path, excel(fill))

    assert {str(row.date) for row in export.daily} == {"2026-10-01", "2026-10-02"}
    assert "a.xls：表“数据”是隐藏的，照常计入。" in findings(export)
    assert "a.xls，数据：第3行是隐藏的，照常计入。" in findings(export)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "gb18030"])
def test_marked_and_national_encodings_are_read(encoding: str, tmp_path: Path) -> None:
    export = read(tmp_path, GOOD.encode(encoding))

    assert len({row.date for row in export.daily}) == 2
    assert export.encoding == encoding


def test_nested_quotes_and_lines_within_a_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "作品名称,发布时间,体裁,审核状态,播放量,完播率,点赞量,分享量,评论量,收藏量\n"
        '"他说""她说""不""""了\n第二行",2026-10-01 08:00:00,视频,公开,9,0.5,1,1,1,1\n',
        encoding="utf-8",
    )
    export = reader.read(path, month="2026-10", platform="douyin")

    assert [post.title for post in export.posts] == ['他说"她说"不""了\n第二行']
    assert [(row.row, row.line, row.fate) for row in export.ledger] == [
        (1, 1, "header"),
        (2, 2, "kept"),
    ]


def test_a_script_within_a_page_is_never_a_figure(tmp_path: Path) -> None:
    page = (
        "<html><head><script>document.write('<tr><td>9</td></tr>')</script></head>"
        "<body onload='alert(1)'><table><tr><td>时间</td><td>新关注人数</td>"
        "<td>取消关注人数</td><td>净增关注人数</td><td>累积关注人数</td></tr>"
        "<tr><td>2026-10-01</td><td>3</td><td>1</td><td>2</td><td>10"
        "<img src='http://example.invalid/a' onerror='alert(1)'></td></tr></table>"
        "</body></html>"
    )
    path = tmp_path / "a.xls"
    path.write_text(page, encoding="utf-8")
    export = reader.read(path, month="2026-10", platform="gongzhonghao")

    found = {row.metric: row.value for row in export.daily}
    assert found["followers"] == 10
    assert found["follows"] == 3


# -------------------------------------------------- memory of the reader itself

MEASURED = """
import resource, sys
from pathlib import Path
from kpi_lib import exports
from kpi_lib.errors import ExportError
resource.setrlimit(resource.RLIMIT_CPU, (15, 15))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    exports.read(Path(sys.argv[1]), month="2026-10", platform="zhihu")
except ExportError as err:
    print(err)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="sizes are told in other units")
@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(
            lambda: b"1" * 10_000_000, "超过13万字", id="one line, 10 MB of text"
        ),
        pytest.param(
            lambda: b"1," * 5_000_000, "80万格以上", id="one line, 10 MB of cells"
        ),
        pytest.param(lambda: b"1," * 20_000, "这一行有20001格", id="one line too wide"),
        pytest.param(
            lambda: b"[" * 10_000_000, "超过13万字", id="one line, 10 MB of JSON"
        ),
        pytest.param(
            lambda: b"<table><tr>" + b"<td>1</td>" * 100_000 + b"</tr></table>",
            "1行×100000列",
            id="one line, 1 MB of page",
        ),
        pytest.param(
            lambda: b'"' * 10_000_000, "超过13万字", id="one line, 10 MB of quotes"
        ),
        pytest.param(lambda: b'"' * 49_000_000, "2000万字以上", id="49 MB of quotes"),
        pytest.param(lambda: b"," * 49_000_000, "2000万字以上", id="49 MB of commas"),
        pytest.param(
            lambda: b"a" * 19_999_999 + b"\n" + b"a" * 20_000_000,
            "第2行：这一行有2000万字以上",
            id="a line of just so many letters",
        ),
        pytest.param(
            lambda: (b"a" * 2_000_000 + b"\n") * 20, "超过13万字", id="20 lines of 2 MB"
        ),
        pytest.param(
            lambda: b'"a""b"\n' * 7_000_000, "80万格以上", id="49 MB of pairs"
        ),
        pytest.param(
            lambda: GOOD.encode() + b"\n" * 40_000_000,
            "80万格以上",
            id="40 MB of line ends",
        ),
        pytest.param(
            lambda: GOOD.encode() + b"1,2,3,4,5,6,7,8\n" * 3_000_000,
            "80万格以上",
            id="48 MB of rows",
        ),
    ],
)
def test_a_large_file_costs_little_memory(
    content: Callable[[], bytes], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.xls"
    path.write_bytes(content())
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,  # far beyond the limit on the processor's time within
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )

    text, more = done.stdout.strip().split("\n")
    assert message in text
    assert LINE.fullmatch(text), text
    assert int(more) * 1024 < MEMORY


def test_every_refusal_crosses_a_process_pool() -> None:
    with pytest.raises(ExportError) as caught:
        tables.parse(b"", where="a.xls")

    again = type(caught.value)(*caught.value.args)
    assert str(again) == str(caught.value)


def test_a_table_that_people_write_may_be_larger(tmp_path: Path) -> None:
    path = tmp_path / "targets.csv"
    path.write_bytes(b"1,2,3,4,5,6,7,8,9\n" * 100_000)

    with pytest.raises(Unreadable, match="80万格以上"):
        tables.read(path, where="x.csv")
    book = tables.read(path, where="x.csv", most=MOST_OWN_CELLS)
    assert len(book.sheets[0].records) == 100_000
