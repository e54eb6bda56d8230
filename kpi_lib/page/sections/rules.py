"""The law of the score, beside the score: each measure links to its paragraph."""

from __future__ import annotations

import re
from functools import cache

from mistune import create_markdown

from kpi_lib.inputs import default
from kpi_lib.language import _, traditional

# First words, in Chinese and in English, of what is said of a kind of source.
PARAGRAPHS = {
    "coverage": ("目标覆盖", "Coverage"),
    "challenge": ("挑战性", "Challenge"),
    "over_delivery": ("超额", "Over-delivery"),
    "attainment": ("达成率", "Attainment"),
    "account_days": ("账号日", "Account-days"),
    "entries": ("填写的记录", "What is written"),
}


def paragraph(kind: str) -> str:
    """Return the id of the paragraph on a kind of source; most are rows of sheets."""
    return f"rule-{kind if kind in PARAGRAPHS else 'entries'}"


@cache
def law(spoken: str) -> str:
    """Render docs/appraisal in one language: our own text, with ids to link to."""
    english = spoken == "en"
    path = "docs/appraisal.md" if english else "docs/appraisal.zh-CN.md"
    text = default(path).read_text(encoding="utf-8").partition("\n## ")[2]
    # Files beside the original are none beside a report.
    text = re.sub(r"\[([^]]+)\]\([^)]*\)", r"\1", f"## {text}").replace("## ", "### ")
    html = str(create_markdown(escape=True, plugins=["table"])(text))
    html = html.replace("<table>", f'<table aria-label="{_("规则")}">')
    for kind, words in PARAGRAPHS.items():
        found = rf"<(p|h3)>(?=(?:<strong>)?{words[english]}\b)"
        html = re.sub(found, rf'<\1 id="rule-{kind}">', html, count=1)
    return traditional(html) if spoken == "zh-Hant" else html
