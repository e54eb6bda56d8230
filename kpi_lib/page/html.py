"""
Executed notebook to one page that runs nothing and calls nobody.

The only home of nbconvert. Inputs are hidden, markdown is the package's own prose,
outputs are the fragments that `kpi_lib.page` rendered; anything else that a cell
printed is shown as escaped text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

import nbformat
from nbconvert.exporters import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets import default
from traitlets.config import Config

from kpi_lib import figures
from kpi_lib.language import (
    LANGUAGES,
    N_,
    _,
    from_json,
    speaking,
    spoken,
    translated,
)
from kpi_lib.page import templates
from kpi_lib.page.parts import SEALED

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"
"""What a page may load: nothing but what it carries itself."""

FRAGMENT = '<div class="kpi">'
STYLE = "<style data-kpi>"
MAIN = '<main id="top">'

PROSE = (
    # 1-clean
    N_("都到齐了吗？每一行去了哪里？"),
    N_("给每月跑数的人看：哪些导出到了，怎样读的，每一行的去向，以及写出了什么。"),
    N_("都到齐了吗？"),
    N_("花名册要求每个账号交的，与文件夹里实有的，逐日对照。"),
    N_("每个文件怎样读的？"),
    N_(
        "按内容和表头认，不看文件名。花名册要而没有来的排在最前；没有格式认得的文件在这里点名，不会悄悄跳过。"
    ),
    N_("每一行去了哪里？"),
    N_("台账里的行数等于文件里的行数，由另一个计数器核对；不等就停下，不出结果。"),
    N_("哪些行没算，为什么？"),
    N_("看不懂的值不猜：整行隔离，写明文件、行、列和原来的值。"),
    N_("有什么要说明的？"),
    N_(
        "缺的文件、互相矛盾的值、没有下载日期的计数，每条写明在哪里、应为什么、怎么办。值不改，只提示。"
    ),
    N_("这个月像上个月吗？"),
    N_("每个账号的合计与上月并排；差得离谱的，多半是文件放错了月份。"),
    N_("写出了什么？"),
    N_("表格写在`data/clean/`下当月的文件夹里：按天、按内容、按月、台账、文件清单。"),
    # 3-appraisal
    N_("分数去了哪里"),
    N_("评分表"),
    N_("平台"),
    N_("粉丝数"),
    N_("DAU / MAU"),
    N_("电商订单 / 平台收益"),
    N_("阅读 / 评论 / 转发 / 点赞"),
    N_("活动"),
    N_("按周、按日定量"),
    N_("下月目标"),
    N_("自评、评定、申诉、签字"),
    N_("什么算了，什么没算"),
    N_("定义与来源"),
    # 4-team
    N_("谁得了多少分？"),
    N_("主管签字以前，每个人的结果都是暂定的。"),
    N_("等级怎么分布？"),
    N_("团队强在哪里，弱在哪里？"),
    N_("花了多少，收了多少？"),
    N_("谁的结果依据不足？"),
    N_(
        "待定的分没有依据，不当作零分；本人记录，是靠本人写的记录得到、计划不要求他人确认的那部分。"
    ),
    N_("哪里还没有做完？"),
    N_("还有哪些文件"),
)
"""Headings and paragraphs of the notebooks: they stay Chinese, their pages do not."""


class _Prose(IPythonRenderer):
    """Markdown of the package: raw HTML escaped, second headings numbered."""

    def __init__(self, contents: list[tuple[str, int, str]]) -> None:
        super().__init__(escape=True)
        self.contents = contents

    def heading(self, text: str, level: int, **_: object) -> str:
        """Write a heading; the second level gets a number and an anchor."""
        if level != 2:
            return f"<h{level}>{text}</h{level}>\n"
        number = len(self.contents) + 1
        id = f"s{number}"
        self.contents.append((id, number, re.sub(r"<[^>]+>", "", text)))
        return f'<h2 id="{id}"><span class="n">{number}</span>{text}</h2>\n'


def _prose(source: str, contents: list[tuple[str, int, str]]) -> str:
    """Render one markdown cell; headings stay outside the column of prose."""
    said = "\n\n".join(map(_said, paragraphs(source)))
    html = str(MarkdownWithMath(renderer=_Prose(contents)).render(said)).strip()
    parts = re.split(r"(<h[12][ >].*?</h[12]>)", html, flags=re.DOTALL)
    return "\n".join(
        part if part.startswith(("<h1", "<h2")) else f'<div class="prose">{part}</div>'
        for part in map(str.strip, parts)
        if part
    )


def paragraphs(source: str) -> list[str]:
    """
    Return what markdown says.

    Parameters
    ----------
    source : str
        Of one cell.

    Returns
    -------
    list of str
        Headings with their marks, and paragraphs.
    """
    return [part.strip() for part in re.split(r"\n\s*\n", source) if part.strip()]


def words(paragraph: str) -> str:
    """
    Return a paragraph without the marks of a heading.

    Parameters
    ----------
    paragraph : str
        One of `paragraphs`.

    Returns
    -------
    str
    """
    return paragraph.lstrip("#").strip()


def _said(paragraph: str) -> str:
    """Say a paragraph in the language spoken; one that is not ours stays."""
    own = words(paragraph)
    return paragraph.replace(own, translated(own)) if own in PROSE else paragraph


def _shown(output: Mapping[str, Any]) -> str:
    """Show an output: a fragment as it is, other text escaped, the rest not at all."""
    kind = output["output_type"]
    if kind == "stream":
        return _text(output["text"]) if output.get("name") == "stdout" else ""
    if kind == "error":
        return _text(f"{output['ename']}: {output['evalue']}")
    held = output.get("data", {})
    html = _joined(held.get("text/html", ""))
    if html.startswith(FRAGMENT):
        return f"\n{html}"
    if html.startswith(STYLE) or SEALED in held:
        return ""
    return _text(_joined(held.get("text/plain", "")))


def _joined(text: str | Sequence[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _text(text: str | Sequence[str]) -> str:
    shown = _joined(text).strip()
    return f"\n<pre>{escape(shown)}</pre>" if shown else ""


class _PageExporter(TemplateExporter):
    """The page: our own template on nbconvert's base, no HTML pass afterwards."""

    export_from_notebook = "page"
    output_mimetype = "text/html"

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".html"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "kpi"

    @property
    def default_config(self) -> Config:
        """Leave every cell to the template."""
        return Config(
            {
                "TemplateExporter": {
                    "extra_template_basedirs": [str(templates.HERE)],
                    "exclude_input": True,
                },
            }
        )


@cache
def _exporter() -> _PageExporter:
    """Build the exporter once: compiling its template costs more than a page."""
    exporter = _PageExporter()  # type: ignore[no-untyped-call]
    exporter.register_filter("shown", _shown)  # type: ignore[no-untyped-call]
    exporter.environment.globals["_"] = templates.said
    return exporter


def page(
    notebook: nbformat.NotebookNode, *, title: str, lang: str = LANGUAGES[0]
) -> str:
    """
    Turn an executed notebook into one self-contained page.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; code is hidden, cells tagged ``notebook-only`` are left out.
    title : str
        The page's title.
    lang : str
        Language of the page; its fragments were made in it.

    Returns
    -------
    str
        HTML without a script, with everything it needs inside.
    """
    with speaking(lang):
        return _page(notebook, title, lang)


def _page(notebook: nbformat.NotebookNode, title: str, lang: str) -> str:
    card = sealed(notebook)
    exporter = _exporter()
    contents: list[tuple[str, int, str]] = []
    cells = [_rendered(cell, contents) for cell in notebook.cells]
    copy = nbformat.NotebookNode({**notebook, "cells": cells})  # type: ignore[no-untyped-call]
    resources = {
        "page": {
            "title": title,
            "lang": lang,
            "policy": POLICY,
            "css": templates.css(),
            "contents": contents,
            **_heading(card and spoken(from_json(card)), title),
        }
    }
    html, _resources = exporter.from_notebook_node(copy, resources=resources)
    if "<h1" not in html:
        html = html.replace(MAIN, f"{MAIN}\n<h1>{escape(title)}</h1>", 1)
    return re.sub(r"\n\s*\n+", "\n", html)


def _rendered(
    cell: nbformat.NotebookNode, contents: list[tuple[str, int, str]]
) -> nbformat.NotebookNode:
    """Render markdown ahead of the template, which needs the contents first."""
    if cell.cell_type != "markdown" or "notebook-only" in cell.metadata.get("tags", []):
        return cell
    return nbformat.NotebookNode({**cell, "source": _prose(cell.source, contents)})  # type: ignore[no-untyped-call]


def _heading(card: Mapping[str, Any] | None, title: str) -> dict[str, str]:
    """Say who, when and how much for the contents list and the printed margin."""
    if card is None:
        return {
            "who": title,
            "when": "",
            "score": "",
            "print_left": _css_text(title),
            "print_right": '""',
        }
    whole = card["rated"] == card["possible"]
    grade = card["grade"] if whole and card["grade"] else ""
    grade = "　".join(filter(None, (grade, "" if card["final"] else _("暂定"))))
    total = figures.points(card["total"]) if card["total"] is not None else _("未评")
    month = figures.month_name(card["month"])
    plan = card["plan"]
    version = _("计划{plan}第{version}版", plan=plan["id"], version=plan["version"])
    about = (figures.brief(card["name"]), month, _("KPI考核"))
    return {
        "who": card["name"],
        "when": month,
        "score": f"{total} / {figures.plain(card['rated'])}　{grade}",
        "print_left": _css_text("　".join(about)),
        "print_right": _css_text("　".join(filter(None, (grade, version)))),
    }


def _css_text(text: str) -> str:
    """Write a text as a CSS string in which nothing can end string or style."""
    safe = "".join(
        ch if ch.isalnum() or ch == "　" else f"\\{ord(ch):x} " for ch in text[:80]
    )
    return f'"{safe}"'


def sealed(notebook: nbformat.NotebookNode) -> dict[str, Any] | None:
    """
    Read the card back that the notebook's last cell displayed.

    Parameters
    ----------
    notebook : NotebookNode
        Executed.

    Returns
    -------
    dict or None
        The card, schema 1; None if no cell displayed one.
    """
    for cell in reversed(notebook.cells):
        for output in cell.get("outputs", []):
            card = output.get("data", {}).get(SEALED)
            if card is not None:
                return dict(card)
    return None


def failure_page(
    name: str, month: str, lines: Sequence[str], *, lang: str = LANGUAGES[0]
) -> str:
    """
    Make the page that stands where a report could not be made.

    Parameters
    ----------
    name : str
        The operator's name, or the notebook's.
    month : str
        The appraised month.
    lines : sequence of str
        What failed, a line each.
    lang : str
        Language of the page.

    Returns
    -------
    str
        HTML in the same clothes, without a score.
    """
    with speaking(lang):
        html = templates.render("failure", name=name, month=month, lines=list(lines))
        title = f"{name} {figures.month_name(month)}"
    output = {
        "output_type": "display_data",
        "metadata": {},
        "data": {"text/html": f"{FRAGMENT}{html}</div>"},
    }
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "failure",
        "metadata": {},
        "source": "",
        "execution_count": None,
        "outputs": [output],
    }
    notebook = nbformat.from_dict(  # type: ignore[no-untyped-call]
        {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    )
    return page(notebook, title=title, lang=lang)
