import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kpi_lib import page as sections
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.page import html as html_module
from tests.pages import notebook_of, shown

HOSTILE = "价格$5</title><script>alert(1)</script>😀"


@pytest.fixture(scope="module")
def page(month: OperatorMonth) -> str:
    return html_module.page(notebook_of(month), title="示例运营丙 2026年10月")


def one(*cells: nbformat.NotebookNode) -> str:
    return html_module.page(new_notebook(cells=list(cells)), title="一页")


def test_a_page_carries_everything_and_calls_nobody(page: str) -> None:
    assert html_module.POLICY in page
    assert "<script" not in page
    assert not re.search(r'\b(src|href)="(?!#|index\.html")', page)
    assert not re.search(r"url\((?!#)", page)
    assert "@import" not in page
    assert '<html lang="zh-Hans">' in page


def test_a_page_is_well_formed(page: str) -> None:
    class Balance(HTMLParser):
        """Keeps the stack of open elements."""

        empty = frozenset({"meta", "br", "path", "rect", "line", "use", "col", "wbr"})

        def __init__(self) -> None:
            super().__init__()
            self.open: list[str] = []

        def handle_starttag(self, tag: str, attrs: object) -> None:
            if tag not in self.empty:
                self.open.append(tag)

        def handle_endtag(self, tag: str) -> None:
            if tag not in self.empty:
                assert self.open.pop() == tag

        def handle_startendtag(self, tag: str, attrs: object) -> None:
            assert tag in self.empty

    reader = Balance()
    reader.feed(page)

    assert reader.open == []


def test_a_page_is_small(page: str) -> None:
    assert len(page.encode()) < 400 * 1024


def test_the_same_notebook_gives_the_same_bytes(
    month: OperatorMonth, page: str
) -> None:
    again = html_module.page(notebook_of(month), title="示例运营丙 2026年10月")

    assert again == page


def test_the_contents_list_is_made_from_the_headings(page: str) -> None:
    assert page.count('<a href="#s2"><span>2</span> <span>评分表</span></a>') == 2
    assert '<h2 id="s2"><span class="n">2</span> 评分表</h2>' in page


def test_every_link_inside_the_page_leads_somewhere(page: str) -> None:
    ids = set(re.findall(r'\bid="([^"]+)"', page))

    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_the_contents_carry_name_score_and_state(page: str) -> None:
    assert "76.38 / 95　暂定" in page


def test_code_is_hidden_and_the_style_stands_once(page: str) -> None:
    assert "kpi_lib" not in page
    assert page.count("--paper:#fcfbf8") == 1


def test_cells_for_the_notebook_only_are_left_out() -> None:
    tags = {"tags": ["notebook-only"]}
    html = one(
        new_markdown_cell("只在笔记本", metadata=tags),
        new_code_cell(
            metadata=tags, outputs=[new_output("stream", name="stdout", text="也不要")]
        ),
        new_markdown_cell("这句要"),
    )

    assert "只在笔记本" not in html
    assert "也不要" not in html
    assert '<div class="prose"><p>这句要</p></div>' in html


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(new_output("stream", name="stdout", text=HOSTILE), id="printed"),
        pytest.param(
            new_output("execute_result", data={"text/plain": HOSTILE}), id="a value"
        ),
        pytest.param(
            new_output(
                "display_data",
                data={"text/html": "<script>alert(1)</script>", "text/plain": HOSTILE},
            ),
            id="foreign html",
        ),
        pytest.param(
            new_output("error", ename="ValueError", evalue=HOSTILE, traceback=[]),
            id="an error",
        ),
    ],
)
def test_what_is_no_fragment_is_escaped_text(output: nbformat.NotebookNode) -> None:
    html = one(new_code_cell(outputs=[output]))

    assert "<script" not in html
    assert "&lt;script&gt;alert(1)" in html


@pytest.mark.parametrize(
    "output",
    [
        pytest.param(new_output("stream", name="stderr", text="警告"), id="warnings"),
        pytest.param(
            new_output("display_data", data={"image/png": "aGk="}), id="pictures"
        ),
        pytest.param(
            new_output("display_data", data={"application/javascript": "alert(1)"}),
            id="script",
        ),
    ],
)
def test_what_a_page_never_shows(output: nbformat.NotebookNode) -> None:
    html = one(new_code_cell(outputs=[output]))

    assert "警告" not in html
    assert "alert" not in html
    assert "<img" not in html


def test_markdown_lets_no_html_through() -> None:
    html = one(
        new_markdown_cell("## <script>alert(1)</script>\n\n<img src=x> 价格$5与$6")
    )

    assert "<script" not in html
    assert "<img" not in html
    assert "价格$5与$6" in html


def test_a_hostile_title_stays_a_title() -> None:
    html = html_module.page(new_notebook(cells=[]), title=HOSTILE)

    assert "<script" not in html
    assert '"</title>' not in html
    assert html.count("</title>") == 1
    assert html.count("</style>") == 1


def test_the_card_is_read_back_from_the_notebook(month: OperatorMonth) -> None:
    notebook = notebook_of(month)
    kept = nbformat.reads(nbformat.writes(notebook), as_version=4)

    assert html_module.sealed(kept) == month.card.to_json()
    assert html_module.sealed(new_notebook(cells=notebook.cells[:-1])) is None


def test_a_failure_has_a_page_of_its_own() -> None:
    html = html_module.failure_page(HOSTILE, "2026-10", ["第3个代码格出错：<b>"])

    assert "本页未生成" in html
    assert "第3个代码格出错：&lt;b&gt;" in html
    assert "<script" not in html
    assert html_module.POLICY in html


def test_a_team_page_links_its_neighbours() -> None:
    html = one(
        new_markdown_cell("## 清洗\n\n[文件和行](clean.html)"),
        shown(sections.team_missing(["示例运营丁"])),
    )

    assert '<a href="clean.html">文件和行</a>' in html
    assert "示例运营丁" in html


def test_links_lead_to_files_of_the_month_from_a_notebook_and_from_the_page(
    month: OperatorMonth,
) -> None:
    cards = [month.card]
    parts = [
        sections.team_scores(cards, printed=["op-03"]),
        sections.team_items(cards),
        sections.team_money(cards),
        sections.team_evidence(cards),
        sections.team_files(cards, ["op-03"]),
    ]
    written = [re.findall(r'href="([^"]+)"', str(part)) for part in parts]
    together = sections.Fragment("".join(map(str, parts)))
    on_the_page = re.findall(r'href="([^"#][^"]*)"', one(shown(together)))

    # JupyterLab looks from the notebook's folder, notebooks/.
    assert all(written)
    assert {Path(link).parent for links in written for link in links} == {
        Path("../reports", month.month)
    }
    assert {Path(link).name for links in written for link in links} <= {*on_the_page}
    assert not any("/" in link for link in on_the_page)
