"""
Executed notebook to one page that runs nothing and calls nobody.

The only home of nbconvert. Inputs are hidden, markdown is the package's own prose,
outputs are the fragments that `kpi_lib.page` rendered; anything else that a cell
printed is shown as escaped text. The notebooks' prose is Chinese; a paragraph that the
catalogue knows is said in the language of the page.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from typing import Any

# By this jsonschema would compile a grammar of web addresses as it is imported, which
# takes longer than all else; in notebooks, for which it is there, it checks none.
if grammar := "rfc3987_syntax" not in sys.modules:
    sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
import nbformat
from nbconvert.exporters import TemplateExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat.v4 import new_code_cell, new_notebook, new_output

from kpi_lib import figures
from kpi_lib.appraisal import Card
from kpi_lib.language import LANGUAGES, _, catalogue, speaking, spoken, translated
from kpi_lib.page import templates
from kpi_lib.page.parts import SEALED

if grammar:  # whoever else wants it has it
    del sys.modules["rfc3987_syntax"]

# What a page may load: nothing but what it carries itself.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"

FRAGMENT = '<div class="kpi">'
STYLE = "<style data-kpi>"
MAIN = '<main id="top">'


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
        return f'<h2 id="{id}"><span class="n">{number}</span> {text}</h2>\n'


def _prose(source: str, contents: list[tuple[str, int, str]]) -> str:
    """Render one markdown cell; headings stay outside the column of prose."""
    text = "\n\n".join(map(_said, _paragraphs(source)))
    html = str(MarkdownWithMath(renderer=_Prose(contents)).render(text)).strip()
    parts = re.split(r"(<h[12][ >].*?</h[12]>)", html, flags=re.DOTALL)
    return "\n".join(
        part if part.startswith(("<h1", "<h2")) else f'<div class="prose">{part}</div>'
        for part in map(str.strip, parts)
        if part
    )


def _paragraphs(source: str) -> list[str]:
    """Return headings with their marks, and paragraphs, of one cell."""
    return [part.strip() for part in re.split(r"\n\s*\n", source) if part.strip()]


def _said(paragraph: str) -> str:
    """Say a paragraph in the language spoken; one that is not ours stays."""
    words = paragraph.lstrip("#").strip()
    ours = words in catalogue()
    return paragraph.replace(words, translated(words)) if ours else paragraph


def _shown(output: Mapping[str, Any]) -> str:
    """Show an output: a fragment as it is, other text escaped, the rest not at all."""
    kind = output["output_type"]
    if kind == "stream":
        return _text(output["text"]) if output.get("name") == "stdout" else ""
    if kind == "error":
        return _text(f"{output['ename']}: {output['evalue']}")
    data = output.get("data", {})
    html = "".join(data.get("text/html", ""))  # a text, or its lines
    if html.startswith(FRAGMENT):
        # A page stands beside what it links to, a notebook does not.
        return "\n" + re.sub(r'(?<=href=")\.\./reports/[\d-]+/', "", html)
    if html.startswith(STYLE) or SEALED in data:
        return ""
    return _text(data.get("text/plain", ""))


def _text(text: str | Sequence[str]) -> str:
    shown = "".join(text).strip()
    return f"\n<pre>{escape(shown)}</pre>" if shown else ""


@cache
def _exporter() -> TemplateExporter:
    """Build the exporter once: compiling our template costs more than a page."""
    exporter = TemplateExporter(  # type: ignore[no-untyped-call]
        template_name="kpi",
        extra_template_basedirs=[str(templates.HERE)],
        file_extension=".html",
        exclude_input=True,
    )
    exporter.register_filter("shown", _shown)  # type: ignore[no-untyped-call]
    exporter.environment.globals["_"] = templates.said
    return exporter


def page(
    notebook: nbformat.NotebookNode,
    *,
    title: str,
    lang: str = LANGUAGES[0],
    told: Sequence[str] = (),
    anchor: str = "",
    home: str = "index.html",
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
    told : sequence of str
        What is said above everything, a line each.
    anchor : str
        What is said below everything: what vouches for the page.
    home : str
        The page that it belongs to; empty for that page itself.

    Returns
    -------
    str
        HTML without a script, with everything it needs inside.
    """
    contents: list[tuple[str, int, str]] = []
    with speaking(lang):
        data = sealed(notebook)
        card = Card.from_json(data).said() if data else None
        # What is about a score stays away until there is something to score.
        left_out = {"notebook-only", *(["score"] if card and not card.begun else [])}
        # Markdown is rendered ahead of the template, which needs the contents first.
        cells = [
            cell | {"source": _prose(cell.source, contents)}
            if cell.cell_type == "markdown"
            else cell
            for cell in notebook.cells
            if left_out.isdisjoint(cell.metadata.get("tags", []))
        ]
        about = {
            "title": title,
            "lang": lang,
            "policy": POLICY,
            "css": templates.css(),
            "contents": contents,
            "told": told,
            "anchor": anchor,
            "home": home,
            **_heading(card, title),
        }
        copy = nbformat.from_dict({**notebook, "cells": cells})  # type: ignore[no-untyped-call]
        html, _resources = _exporter().from_notebook_node(
            copy, resources={"page": about}
        )
    if "<h1" not in html:
        html = html.replace(MAIN, f"{MAIN}\n<h1>{escape(title)}</h1>", 1)
    return re.sub(r"\n\s*\n+", "\n", html)


def _heading(card: Card | None, title: str) -> dict[str, str]:
    """Say who, when and how much for the contents list and the printed margin."""
    if card is None or not card.begun:
        return {
            "who": title,
            "when": "",
            "score": "",
            "print_left": _css_text(title),
            "print_right": '""',
        }
    grade = "" if card.unrated else card["grade"]
    grade = "　".join(filter(None, (grade, "" if card["final"] else _("暂定"))))
    total = figures.points(card.total) if card.total is not None else _("未评")
    month = figures.month_name(card["month"])
    plan = card["plan"]
    version = _("计划{plan}第{version}版", plan=plan["id"], version=plan["version"])
    about = (figures.brief(card["name"]), month, _("KPI考核"), total)
    return {
        "who": card["name"],
        "when": month,
        "score": f"{total} / {figures.plain(card.rated)}　{grade}",
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
    return _alone("failure", name, month, lang, name=name, lines=list(lines))


def missing_page(
    rows: Sequence[Mapping[str, Any]],
    month: str,
    *,
    until: Sequence[Mapping[str, Any]] = (),
    lang: str = LANGUAGES[0],
) -> str:
    """
    Make the page of what is still missing.

    Parameters
    ----------
    rows : sequence of mapping
        A row a measure that waits: operator and name, item, the card's measure.
    month : str
        The appraised month.
    until : sequence of mapping
        What is to be done until when: day, who, what, do.
    lang : str
        Language of the page.

    Returns
    -------
    str
        HTML with a table of them.
    """
    with speaking(lang):
        told = {"rows": spoken(list(rows)), "until": spoken(list(until))}
        return _alone("missing", _("还缺什么"), month, lang, **told)


def _alone(section: str, title: str, month: str, lang: str, **context: Any) -> str:
    """Make a page of one section, without a notebook."""
    with speaking(lang):
        html = templates.render(section, month=month, **context)
        title = f"{title} {figures.month_name(month)}"
    output = new_output("display_data", {"text/html": f"{FRAGMENT}{html}</div>"})  # type: ignore[no-untyped-call]
    cell = new_code_cell(id=section, outputs=[output])  # type: ignore[no-untyped-call]
    notebook = new_notebook(cells=[cell])  # type: ignore[no-untyped-call]
    return page(notebook, title=title, lang=lang)
