"""A page on paper: bookmarks, text that can be selected, one line without a browser."""

import os
import re
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
