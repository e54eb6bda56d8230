"""A page's notebook as an engine leaves it, made without running one."""

from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from kpi_lib import page as sections

HEADED = {
    "分数去了哪里": sections.waterfall,
    "评分表": sections.score_card,
    "平台": sections.platforms,
    "粉丝数": sections.followers,
    "DAU / MAU": sections.activity,
    "电商订单 / 平台收益": sections.orders,
    "阅读 / 评论 / 转发 / 点赞": sections.engagement,
    "活动": sections.campaigns,
    "按周、按日定量": sections.quotas,
    "下月目标": sections.next_month,
    "自评、评定、申诉、签字": sections.settled,
    "什么算了，什么没算": sections.counted,
    "定义与来源": sections.sources,
}


def shown(value: Any, *, id: str = "cell") -> NotebookNode:
    """Make an executed cell that displays one value."""
    if isinstance(value, sections.Seal):
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
