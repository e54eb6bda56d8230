"""
The page's templates: one environment that escapes, one style sheet.

Everything from data passes through here, and through nothing else, on its way into
a page: autoescape is on and an undefined name is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TypeVar

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from kpi_lib import figures, language

HERE = Path(__file__).parent

Amount = TypeVar("Amount", float, Decimal)

# Parts of the one style sheet; the later one may lean on the earlier.
SHEETS = ("page.css", "sections.css")


def clauses(text: str) -> Markup:
    """Let a title break between its clauses only."""
    parts = re.findall(r"[^；，：]+[；，：]?|[；，：]", _read(text))
    span = Markup('<span class="c">{}</span>')
    return Markup("").join(span.format(part) for part in parts)


def _read(text: str) -> str:
    """Return a text as it is read, also of one that is escaped."""
    said = language.say(text)
    return str(said.unescape() if isinstance(said, Markup) else said)


def said(text: str, **values: object) -> Markup:
    """Say a sentence in the language of the page, escaped."""
    safe = {name: escape(language.say(value)) for name, value in values.items()}
    return Markup(language._(text, **safe))


def told(sentences: Iterable[str]) -> Markup:
    """Say sentences one after the other."""
    return Markup(figures.sentences(*map(escape, map(language.say, sentences))))


def joined(remarks: Iterable[str]) -> Markup:
    """Say remarks in one sentence, each once; empty ones are left out."""
    return Markup(language.say(figures.joined(map(escape, remarks))))


def bdi(text: object) -> Markup:
    """Set text from data apart: its own direction does not disturb a sentence."""
    return Markup("<bdi>{}</bdi>").format(language.say(text))


def ratio(part: Amount | None, whole: Amount | None) -> Amount | None:
    """Divide what is known; a part of nothing has no ratio."""
    return part / whole if whole and part is not None else None


@cache
def environment() -> Environment:
    """Return the one environment in which fragments are rendered."""
    made = Environment(
        loader=FileSystemLoader(HERE / "sections"),
        # A text for a terminal is no page.
        autoescape=lambda name: not str(name).endswith(".txt.j2"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=language.say,
    )
    made.globals |= {
        "_": said,
        "language": language.language,
        "ratio": ratio,
    }
    # A template calls them by their own names.
    filters: tuple[Callable[..., str], ...] = (
        *(bdi, clauses, told, joined),
        *(figures.brief, figures.listed, figures.exact, figures.short, figures.plain),
        *(figures.points, figures.percent, figures.money, figures.span),
        *(figures.day_short, figures.month_name, figures.month_short),
    )
    made.filters |= {each.__name__: each for each in filters}
    return made


# Where words run together if the style sheet does not part them.
GLUED = re.compile(r"([^\s>]|</\w+>)(?=<(?:span|small)\b(?! class=.c\b))")


def render(template: str, **values: object) -> str:
    """Render one template of this folder's sections."""
    html = text(f"{template}.html", **values)
    return GLUED.sub(r"\1 ", re.sub(r"\n\s*", "\n", html)).strip()


def text(template: str, **values: object) -> str:
    """Render one template as it stands: ``.html`` escaped, ``.txt`` for a terminal."""
    return environment().get_template(f"{template}.j2").render(values)


@cache
def css() -> str:
    """Return the style sheet of every page and fragment, without its comments."""
    text = "".join((HERE / name).read_text(encoding="utf-8") for name in SHEETS)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*\n\s*", "\n", text).strip()
