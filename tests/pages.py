"""A page's notebook as an engine leaves it, made without running one; and its text."""

import re
from html.parser import HTMLParser
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kpi_lib import page as sections
from kpi_lib.page import parts

HOSTILE = "价格$5与$6 $\\frac{$<script>alert(1)</script>'\"😀" + "长" * 160
HOSTILE_NAME = "<img src=x onerror=alert(1)>$x$" + "很长的名字" * 30

HEADED = {
    "失分构成": sections.waterfall,
    "评分表": sections.score_card,
    "指标总表": sections.metrics,
    "平台": sections.platforms,
    "粉丝数": sections.followers,
    "DAU / MAU": sections.activity,
    "电商订单 / 平台收益": sections.orders,
    "阅读 / 评论 / 转发 / 点赞": sections.engagement,
    "活动": sections.campaigns,
    "周、日完成情况": sections.quotas,
    "下月目标": sections.next_month,
    "自评、评定、申诉、签字": sections.settled,
    "数据取用情况": sections.counted,
    "计分规则与指标定义": sections.sources,
}


def shown(value: Any, *, id: str = "cell") -> NotebookNode:
    """Make an executed cell that displays one value."""
    if isinstance(value, parts.Seal):
        data = value._repr_mimebundle_()
    else:
        data = {"text/html": value._repr_html_()}
    return new_code_cell(
        "from kpi_lib import page",
        id=id,
        outputs=[new_output("display_data", data=data)],
    )


def notebook_of(m: Any) -> NotebookNode:
    """Make the executed appraisal notebook of a month."""
    cells = [
        shown(sections.style(), id="style"),
        shown(sections.header(m), id="header"),
        shown(sections.sentences(m), id="sentences"),
    ]
    for at, (heading, part) in enumerate(HEADED.items()):
        cells.append(new_markdown_cell(f"## {heading}", id=f"h{at}"))
        cells.append(shown(part(m), id=f"c{at}"))
    return new_notebook(cells=[*cells, shown(sections.seal(m), id="seal")])


class Reader(HTMLParser):
    """Collects elements, attributes and text as a browser would read them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def text_of(html: object) -> str:
    """Return what is read of a fragment."""
    return Reader(str(html)).text


def rows_of(html: str) -> list[str]:
    """Return the rows of its tables."""
    return re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
