"""A page on paper: bookmarks, text that can be selected, one line without a browser."""

import os
import re
import zlib
from pathlib import Path

import pytest

from kpi_lib.appraisal import Month
from kpi_lib.errors import WorkspaceError
from kpi_lib.page import html, printing
from tests.pages import HEADED, notebook_of
from tests.sample_month import person

if not printing.browser():
    if os.environ.get("CI"):
        pytest.fail("no Chromium: apt-get install chromium", pytrace=False)
    pytest.skip("no Chromium: apt-get install chromium", allow_module_level=True)


@pytest.fixture(scope="module")
def printed(sample: Month, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    page = tmp_path_factory.mktemp("page") / "op-03.html"
    page.write_text(html.page(notebook_of(person(sample)), title="示例运营丙"), "utf-8")
    return printing.pdf(page)


def test_the_pdf_has_a_bookmark_for_every_heading(printed: bytes) -> None:
    assert b"/Outlines" in printed
    assert printed.count(b"/Title") > len(HEADED)


def test_the_pdf_s_text_can_be_selected(printed: bytes) -> None:
    assert b"/ToUnicode" in printed


def characters(pdf: bytes) -> str:
    """Return what a PDF says its glyphs are, by its last word on each table."""
    tables = {}
    for at in printing.STREAM.finditer(pdf):
        text = zlib.decompress(pdf[at.end() : at.end() + int(at[2])])
        if b"begincmap" in text:
            tables[at[1]] = text
    codes = re.findall(rb"(?m)^<\w+> <(\w{4})>$", b"".join(tables.values()))
    return "".join(chr(int(code, 16)) for code in codes)


def titles(pdf: bytes) -> list[str]:
    found = {at[1]: at[2].decode() for at in printing.BOOKMARK.finditer(pdf)}
    return [bytes.fromhex(title).decode("utf-16-be") for title in found.values()]


def test_the_pdf_is_searched_by_what_people_type(printed: bytes) -> None:
    found = characters(printed)

    assert set("示例目标月") <= set(found)
    assert re.findall("[\u2e80-\u2fdf]", found) == []


def test_each_bookmark_is_said_once(printed: bytes) -> None:
    said = titles(printed)

    assert len(said) > len(HEADED)
    assert [title for title in said if printing._once(title) != title] == []


@pytest.mark.parametrize(
    ("title", "once"),
    [
        pytest.param("净增9,729人净增9,729人", "净增9,729人", id="whole"),
        pytest.param(
            "没算的行，没算的行，为什么为什么", "没算的行，为什么", id="clauses"
        ),
        pytest.param("本月：甲，甲，乙", "本月：甲，甲，乙", id="a word twice"),
        pytest.param("11月", "11月", id="a figure twice"),
    ],
)
def test_a_title_that_stands_twice(title: str, once: str) -> None:
    assert printing._once(title) == once


def test_what_is_no_pdf_of_this_browser_stays_as_it_is() -> None:
    assert printing.mended(b"%PDF-1.7\n") == b"%PDF-1.7\n"


def test_the_pdf_is_a4_and_short_enough_to_be_signed(printed: bytes) -> None:
    boxes = set(re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed))
    pages = len(re.findall(rb"/Type /Page\b", printed))

    assert [(round(float(a)), round(float(b))) for a, b in boxes] == [(595, 842)]
    assert pages <= 8


def test_without_a_browser_one_line_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(WorkspaceError, match="没有Chromium，不能做PDF") as caught:
        printing.pdf(tmp_path / "op-01.html")

    assert "安装chromium" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_browser_that_makes_nothing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    idle = tmp_path / "chromium"
    idle.write_text("#!/bin/sh\n")
    idle.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(WorkspaceError, match="Chromium没有做出PDF"):
        printing.pdf(tmp_path / "op-01.html")
