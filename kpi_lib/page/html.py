"""
Executed notebook to one page that runs nothing and calls nobody.

The only home of nbconvert. Code is left out, markdown is the package's own prose,
outputs are the fragments that `kpi_lib.page` rendered; anything else that a cell
printed is shown as escaped text. The notebooks' prose is Chinese; a paragraph that the
catalogue knows is said in the language of the page.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from markupsafe import Markup
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

from kpi_lib import figures
from kpi_lib.appraisal import Card
from kpi_lib.language import LANGUAGES, _, catalogue, speaking, spoken, translated
from kpi_lib.page import templates
from kpi_lib.page.parts import SEALED

# What a page may load: nothing but what it carries itself.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; font-src data:"

FRAGMENT = '<div class="kpi">'
STYLE = "<style data-kpi>"


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
        name = Markup(escape(re.sub(r"<[^>]+>", "", text)))
        self.contents.append((id, number, name))
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
    return _text("".join(data.get("text/plain", "")))


def _text(text: str) -> str:
    shown = text.strip()
    return f"\n<pre>{escape(shown)}</pre>" if shown else ""


def page(
    notebook: NotebookNode,
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
    data = sealed(notebook)
    with speaking(lang):
        card = Card.from_json(data).said() if data else None
        # What is about a score stays away until there is something to score.
        left_out = {"notebook-only", *(["score"] if card and not card.begun else [])}
        shown = [
            "\n" + _prose(cell.source, contents)
            if cell.cell_type == "markdown"
            else "".join(map(_shown, cell.get("outputs", ())))
            for cell in notebook.cells
            if left_out.isdisjoint(cell.metadata.get("tags", []))
        ]
        beside = {"told": told, "anchor": anchor, "home": home, "contents": contents}
        return _filled("".join(shown), title, lang, card, **beside)


def _filled(
    body: str, title: str, lang: str, card: Card | None = None, **beside: object
) -> str:
    """Put HTML of ours into the page, with what stands around it."""
    html = templates.text(
        "page.html",
        body=Markup(body),
        title=title,
        lang=lang,
        policy=Markup(POLICY),
        css=Markup(templates.css()),
        **_heading(card, title),
        **{"contents": (), "told": (), "anchor": "", "home": "index.html"} | beside,
    )
    return re.sub(r"\n\s*\n+", "\n", html) + "\n"


def _heading(card: Card | None, title: str) -> dict[str, str]:
    """Say who, when and how much for the contents list and the printed margin."""
    if card is None or not card.begun:
        return {
            "who": title,
            "when": "",
            "score": "",
            "print_left": _css_text(title),
            "print_right": _css_text(""),
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


def _css_text(text: str) -> Markup:
    """Write a text as a CSS string in which nothing can end string or style."""
    safe = "".join(
        ch if ch.isalnum() or ch == "　" else f"\\{ord(ch):x} " for ch in text[:80]
    )
    return Markup(f'"{safe}"')


def sealed(notebook: NotebookNode) -> dict[str, Any] | None:
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
        return _filled(f"{FRAGMENT}{html}</div>", title, lang)
