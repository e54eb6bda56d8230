"""A locked page opens with its password, in a real browser, from a disk."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from kpi_lib.page import locked
from kpi_lib.page.html import POLICY
from tests.page.test_browser import CHROMIUM

pytestmark = pytest.mark.browser

PASSWORD = "示例口令 Übung 7"
HTML = f"""<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}"><title>示例甲</title>
<style>h1 {{ color: rgb(1, 2, 3); }}</style></head>
<body><h1>示例甲 89.65分</h1><script>document.title = "ran";</script></body></html>"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_page()
        browser.close()


def test_it_opens_with_the_password_alone_and_asks_nobody(
    chromium: Page, tmp_path: Path
) -> None:
    path = tmp_path / "示例.html"
    path.write_text(locked(HTML, PASSWORD), "utf-8")
    calls: list[str] = []
    chromium.on("request", lambda request: calls.append(request.url))
    chromium.goto(path.as_uri())
    chromium.fill("input", f"{PASSWORD} ")
    chromium.click("button")
    chromium.wait_for_selector("output:has-text('不对')")

    assert "89.65" not in chromium.content()
    chromium.fill("input", "示例口令 U\u0308bung 7")  # as another keyboard writes it
    chromium.click("button")
    chromium.wait_for_selector("h1:has-text('89.65')")
    color = chromium.evaluate("getComputedStyle(document.querySelector('h1')).color")

    assert chromium.title() == "示例甲"  # no script but the one that opened it has run
    assert color == "rgb(1, 2, 3)"
    assert calls == [path.as_uri()]


def test_nothing_of_the_page_stands_in_the_file() -> None:
    text = locked(HTML, PASSWORD)

    assert not re.search(r"示例甲|89\.65|示例口令", text)
    assert text != locked(HTML, PASSWORD)
    assert 'data-rounds="600000"' in text
    assert "Wrong password" in locked(HTML, PASSWORD, lang="en")


def test_the_policy_names_the_one_script_by_its_hash() -> None:
    text = locked(HTML, PASSWORD)
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

    assert f"default-src 'none'; script-src 'sha256-{digest}'; " in text
