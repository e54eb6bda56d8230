"""The page in a real browser: nothing runs, nothing is called, nothing overflows."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from nbformat.v4 import new_markdown_cell, new_notebook
from playwright.sync_api import Browser, Page, sync_playwright

from kpi_lib import page as sections
from kpi_lib.appraisal import Card, Month, OperatorMonth
from kpi_lib.errors import Problem
from kpi_lib.figures import points
from kpi_lib.language import speaking
from kpi_lib.page import html
from tests.pages import HOSTILE, HOSTILE_NAME, notebook_of, shown

CHROMIUM = Path("/usr/bin/chromium")

pytestmark = pytest.mark.browser

if not CHROMIUM.exists():
    if os.environ.get("CI"):
        pytest.fail("no Chromium: apt-get install chromium", pytrace=False)
    pytest.skip("no Chromium: apt-get install chromium", allow_module_level=True)


def spoken(month: OperatorMonth, language: str) -> str:
    with speaking(language):
        notebook = notebook_of(month)
    return html.page(notebook, title="op-03", lang=language)


def team(cards: list[Card], language: str = "zh-Hans") -> str:
    with speaking(language):
        return html.page(_team(cards), title="团队", lang=language)


def _team(cards: list[Card]) -> Any:
    cells = [
        shown(sections.team_header(cards, [HOSTILE], "2026-10"), id="a"),
        shown(sections.team_scores(cards, [HOSTILE], cards[1:], ["op-02"]), id="b"),
        shown(sections.team_items(cards), id="c"),
        shown(sections.team_evidence(cards), id="d"),
        shown(sections.team_grades(cards), id="e"),
        shown(sections.team_money(cards), id="f"),
        shown(sections.team_files(cards, ["op-02"]), id="g"),
    ]
    return new_notebook(cells=cells)


def arrived() -> pd.DataFrame:
    """Lay out what came: one account with every state a day can have."""
    states = ["present", "covered", "download", "missing", ""]
    days = pd.date_range("2026-10-01", periods=31)
    return pd.DataFrame(
        {
            "account": HOSTILE_NAME,
            "date": days,
            "state": [states[at % len(states)] for at in range(len(days))],
        }
    )


def clean(m: OperatorMonth) -> str:
    cells = [
        new_markdown_cell("## 到了哪些文件？", id="h"),
        shown(sections.arrival(arrived(), (), m.calendar), id="0"),
        shown(sections.files(m.files, [("zhihu-a", HOSTILE)]), id="a"),
        shown(sections.fates(m.ledger), id="b"),
        shown(sections.quarantine(m.ledger), id="c"),
        shown(sections.findings([Problem(what=HOSTILE, where=HOSTILE)]), id="e"),
        shown(sections.compare(m.monthly, m.month), id="d"),
    ]
    return html.page(new_notebook(cells=cells), title="清洗")


PAGES = (
    *("appraisal", "english", "traditional", "hostile", "empty"),
    *("team", "english team", "clean", "hostile clean", "failure"),
)


@pytest.fixture(scope="module")
def files(
    sample: Month,
    month: OperatorMonth,
    hostile: OperatorMonth,
    nothing: OperatorMonth,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    # The third has an appeal that waits for an answer.
    whose = ("op-01", "op-02", "op-03")
    cards = [*(sample.score(id) for id in whose), hostile.card]
    pages = {
        "appraisal": html.page(notebook_of(month), title="示例运营丙"),
        "english": spoken(month, "en"),
        "traditional": spoken(month, "zh-Hant"),
        "hostile": html.page(notebook_of(hostile), title=HOSTILE),
        "empty": html.page(notebook_of(nothing), title="空"),
        "team": team(cards),
        "english team": team(cards, "en"),
        "clean": clean(month),
        "hostile clean": clean(hostile),
        "failure": html.failure_page(HOSTILE, "2026-10", [HOSTILE]),
    }
    assert tuple(pages) == PAGES
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, text in pages.items():
        path = folder / f"{name.replace(' ', '-')}.html"
        path.write_text(text, encoding="utf-8")
        found[name] = path.as_uri()
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"]
        )
        yield made
        made.close()


@dataclass
class Kept:
    """A page that stays open for many tests, and what it did since it was opened."""

    page: Page
    dialogs: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def watch(self) -> None:
        self.page.on(
            "dialog", lambda told: (self.dialogs.append(told.message), told.dismiss())
        )
        self.page.on("request", lambda request: self.calls.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))


class Pages:
    """Pages of a browser: each is opened once, and given as it was opened."""

    def __init__(self, browser: Browser, files: dict[str, str]) -> None:
        self._browser, self._files = browser, files
        self._kept: dict[tuple[str, bool], Kept] = {}

    def kept(self, name: str, *, bypass_csp: bool = False) -> Kept:
        """Open a page, or give the one that is open."""
        key = (name, bypass_csp)
        if key not in self._kept:
            kept = self._kept[key] = Kept(self._browser.new_page(bypass_csp=bypass_csp))
            kept.watch()
            kept.page.goto(self._files[name])
            kept.page.evaluate(
                "window.folded = [...document.querySelectorAll('details')]"
                ".map(d => !d.open)"
            )
        return self._kept[key]

    def __call__(self, name: str, width: int, **more: bool) -> Page:
        """Give a page of a width as it was opened: to be looked at only."""
        page = self.kept(name, **more).page
        page.emulate_media(media="screen", color_scheme="light")
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(
            "document.querySelectorAll('details')"
            ".forEach((d, at) => { d.open = !window.folded[at]; });"
            "window.scrollTo(0, 0)"
        )
        return page

    def anew(self, name: str, width: int) -> Page:
        """Open a page that may be changed."""
        page = self._browser.new_page(viewport={"width": width, "height": 900})
        page.goto(self._files[name])
        return page


@pytest.fixture(scope="module")
def opened(browser: Browser, files: dict[str, str]) -> Pages:
    return Pages(browser, files)


UNFOLD = "document.querySelectorAll('details').forEach(d => { d.open = true; })"


@pytest.mark.parametrize("name", PAGES)
def test_nothing_runs_and_nobody_is_called(
    opened: Pages, files: dict[str, str], name: str
) -> None:
    kept = opened.kept(name)

    assert kept.dialogs == []
    assert kept.calls == [files[name]]
    assert kept.said == []


@pytest.mark.parametrize(
    ("name", "width"),
    [
        *((name, width) for name in PAGES for width in (360, 1440)),
        # The other two layouts differ in the appraisal only.
        *(("hostile", width) for width in (600, 1000)),
    ],
)
def test_nothing_scrolls_sideways(opened: Pages, name: str, width: int) -> None:
    page = opened(name, width)
    page.evaluate(UNFOLD)
    wide = page.evaluate("document.documentElement.scrollWidth")
    # What sticks out, for whoever has to mend it.
    out = page.evaluate(
        """width => [...document.querySelectorAll('main *')]
        .filter(e => e.getBoundingClientRect().right > width + 1
            && !e.closest('.scroll, svg, .vh, .clip, .name, .named'))
        .slice(0, 5).map(e => e.tagName + '.' + e.className)""",
        width,
    )

    assert (wide, out) == (width, [])


@pytest.mark.parametrize(
    "name", ["appraisal", "english", "traditional", "clean", "english team"]
)
def test_no_width_scrolls_sideways(opened: Pages, name: str) -> None:
    page = opened(name, 320)
    wide = []
    # From one width to the next no layout begins and ends.
    for width in range(320, 1441, 28):
        page.set_viewport_size({"width": width, "height": 900})
        reach = page.evaluate(
            """() => [false, true].map(unfolded => {
                for (const d of document.querySelectorAll('details')) d.open = unfolded;
                return document.documentElement.scrollWidth;
            })"""
        )
        wide += [(width, reach)] if max(reach) > width else []

    assert wide == []


@pytest.mark.parametrize(
    ("width", "most"), [pytest.param(360, 10_100, id="phone"), (1440, 10_000)]
)
def test_the_page_is_no_longer_than_it_has_to_be(
    opened: Pages, width: int, most: int
) -> None:
    page = opened("appraisal", width)

    assert page.evaluate("document.documentElement.scrollHeight") <= most


@pytest.mark.parametrize("name", PAGES)
def test_no_figure_is_broken_over_two_lines(opened: Pages, name: str) -> None:
    page = opened(name, 360)
    page.evaluate(UNFOLD)
    broken = page.evaluate(
        r"""() => [...document.querySelectorAll('main *')]
        .filter(e => !e.children.length && !e.closest('svg, .vh')
            && /^[−+¥]?\d[\d,.]*%?$/.test(e.textContent.trim()))
        .filter(e => {
            const range = document.createRange();
            range.selectNodeContents(e);
            const tops = [...range.getClientRects()].map(one => Math.round(one.top));
            return new Set(tops).size > 1;
        }).map(e => e.textContent)"""
    )

    assert broken == []


COLOURS = ("color-contrast", "link-in-text-block")
"""Rules that a scheme of colours may break; no other one knows of it."""

LOOKS = """
const seen = new Set();
for (const text of document.querySelectorAll('body *')) {
  const words = [...text.childNodes].some(n => n.nodeType === 3 && n.data.trim());
  if (!words || !text.getClientRects().length) continue;
  const own = getComputedStyle(text);
  const look = [text.tagName, text.className, own.color, own.fontSize, own.fontWeight];
  for (let at = text; at; at = at.parentElement) {
    const style = getComputedStyle(at);
    look.push(style.backgroundColor, style.backgroundImage, style.opacity);
  }
  const key = look.filter(part => part !== 'rgba(0, 0, 0, 0)' && part !== 'none'
    && part !== '1').join();
  if (!seen.has(key)) text.dataset.look = '';
  seen.add(key);
}
"""
"""Marks the first text of every look: what its contrast is made of, and its class."""

LOOKED = {"include": [["[data-look]"]]}

SCHEMES = ("light", "dark")
WHOLE = ("light", 360)
"""Where the contrast of every text is measured, which takes six times as long as all
else; where only scheme, width or words are others, one text of every look is enough."""

IN_ALL = ("appraisal", "team", "clean", "failure")
"""Pages that are looked at in each scheme and width."""


@pytest.mark.parametrize(
    ("name", "scheme", "width", "whole"),
    [
        *(
            (name, scheme, width, (scheme, width) == WHOLE)
            for name in IN_ALL
            for scheme in SCHEMES
            for width in (360, 1440)
        ),
        # The words alone differ: each scheme and each width once.
        *(
            (name, *seen, False)
            for name in ("english", "traditional", "english team")
            for seen in zip(SCHEMES, (360, 1440), strict=True)
        ),
    ],
)
def test_the_page_is_accessible(
    opened: Pages,
    name: str,
    scheme: Literal["light", "dark"],
    width: int,
    *,
    whole: bool,
) -> None:
    page = opened(name, width, bypass_csp=True)
    page.emulate_media(color_scheme=scheme)
    page.evaluate(UNFOLD)
    # What passes is not written out: that takes longer than to look.
    only: dict[str, Any] = {"resultTypes": ["violations"]}
    axe = Axe()
    if whole:
        found = axe.run(page, options=only).response["violations"]
    else:
        page.evaluate(LOOKS)
        colours = only | {"runOnly": list(COLOURS)}
        found = axe.run(page, context=LOOKED, options=colours).response["violations"]
        if scheme == "light" or name not in IN_ALL:
            rest = only | {"rules": {rule: {"enabled": False} for rule in COLOURS}}
            found += axe.run(page, options=rest).response["violations"]

    assert [(one["id"], one["nodes"][0]["html"][:120]) for one in found] == []


def test_a_pale_word_is_found_by_its_look_too(opened: Pages) -> None:
    page = opened.anew("team", 360)
    page.evaluate(
        """for (const pale of ['#999', '#aaa']) {
            const text = document.createElement('p');
            text.innerHTML = '<b>示例甲</b><i>示例乙</i>';
            text.firstChild.style.color = pale;
            document.querySelector('main').append(text);
        }"""
    )
    page.evaluate(LOOKS)
    found = Axe().run(page, context=LOOKED, options={"runOnly": list(COLOURS)})

    assert [len(one["nodes"]) for one in found.response["violations"]] == [2]


@pytest.mark.parametrize(
    ("width", "side", "bar"),
    [
        pytest.param(1440, True, False, id="wide"),
        pytest.param(768, False, True, id="tablet"),
        pytest.param(360, False, True, id="phone"),
    ],
)
def test_the_contents_stand_at_the_side_or_above(
    opened: Pages, width: int, side: bool, bar: bool
) -> None:
    page = opened("appraisal", width)

    assert page.locator("nav.side").is_visible() is side
    assert page.locator("nav.topbar").is_visible() is bar


def test_the_contents_stay_in_reach_of_a_thumb(opened: Pages) -> None:
    page = opened.anew("appraisal", 360)
    page.evaluate("window.scrollTo(0, 5000)")
    bar = page.locator("nav.topbar")
    bar.get_by_text("目录").click()
    link = page.locator("nav.topbar a[href='#s4']")

    assert (bar.bounding_box() or {})["y"] == 0
    assert "76.38 / 95" in bar.inner_text()
    assert (link.bounding_box() or {})["height"] >= 24
    link.click()
    assert page.url.endswith("#s4")
    assert not link.is_visible(), "chosen, the list is closed"
    top = page.locator("#s4").bounding_box() or {}
    assert top["y"] >= (bar.bounding_box() or {})["height"], "nothing stands over it"


def test_the_dark_page_is_dark(opened: Pages) -> None:
    page = opened("appraisal", 1440)
    page.emulate_media(color_scheme="dark")

    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(22, 24, 26)"
    )


def test_a_closed_measure_is_printed_open(opened: Pages) -> None:
    page = opened("appraisal", 1440)
    closed = page.locator("details.measure:not([open]) dl").first

    assert not closed.is_visible()
    page.emulate_media(media="print")
    assert closed.is_visible()
    assert not page.locator("nav.side").is_visible()


def test_taps_find_their_target(opened: Pages) -> None:
    page = opened("appraisal", 360)
    low = page.evaluate(
        """[...document.querySelectorAll('main summary')]
        .filter(e => e.getBoundingClientRect().height < 24).length"""
    )

    assert low == 0


def test_the_numbers_on_the_page_are_those_of_the_card(
    opened: Pages, month: OperatorMonth
) -> None:
    page = opened("appraisal", 1440)
    held = month.card
    scores = [
        points(one["score"]) if one["score"] is not None else "待定"
        for item in held["items"]
        for one in item["measures"]
    ]
    items = [points(item["score"]) for item in held["items"]]

    assert page.locator(".big").inner_text() == points(held["total"])
    assert page.locator(".measure .s b").all_inner_texts() == scores
    assert page.locator(".card tbody td.got > b").all_inner_texts() == items


def test_the_alt_text_of_every_chart_holds_its_last_value(opened: Pages) -> None:
    page = opened("appraisal", 1440)
    charts = page.evaluate(
        """[...document.querySelectorAll('svg.chart')].map(svg => [
            svg.getAttribute('aria-label'),
            [...svg.querySelectorAll('text[font-size="11px"]')].map(t => t.textContent),
        ])"""
    )

    assert len(charts) == 9
    # An end label is the last value drawn.
    for alt, ends in charts:
        assert all(end in alt for end in ends), alt


def test_every_drawing_stands_over_its_numbers(opened: Pages) -> None:
    page = opened("appraisal", 1440)
    alone = page.evaluate(
        """[...document.querySelectorAll('.grid, .fall')].filter(e => {
            const after = (e.closest('.beside') || e).nextElementSibling;
            return !(after && after.matches('details.data'));
        }).length"""
    )

    assert alone == 0


A4 = {"width": 688, "height": 994}
"""A4 without its margins, in px."""


@pytest.mark.parametrize("name", ["appraisal", "english", "hostile"])
def test_every_chart_is_printed_whole(opened: Pages, name: str) -> None:
    page = opened(name, A4["width"])
    page.emulate_media(media="print")
    figures = page.evaluate(
        """[...document.querySelectorAll('.panel, .fall')].map(e => {
            const box = e.getBoundingClientRect();
            return [getComputedStyle(e).breakInside, box.right, box.height];
        })"""
    )

    assert len(figures) == 10
    for inside, right, height in figures:
        assert inside == "avoid"
        assert right <= A4["width"]
        assert height < A4["height"] / 2


def test_the_page_reads_in_order_without_its_style(opened: Pages) -> None:
    page = opened.anew("appraisal", 1440)
    page.evaluate("document.querySelectorAll('style').forEach(e => e.remove())")
    text = page.locator("main").inner_text()
    order = ["示例运营丙", "数据提示", "76.38", "下月重点", "失分构成", "评分表"]
    places = [text.index(one) for one in order]

    assert places == sorted(places)
    assert "视视频号" not in text
