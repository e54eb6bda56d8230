"""What counted, what did not and why, and where every number comes from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from mistune import create_markdown

from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS, entries
from kpi_lib.grouping import grouped
from kpi_lib.inputs import default
from kpi_lib.language import _, language, traditional
from kpi_lib.page import series
from kpi_lib.page.parts import Fragment, made, who_is
from kpi_lib.page.sections.cleaning import fates_of, file_rows, left_out

# What the page prints of every month, asked for or not.
SHOWN_HERE = frozenset(entries("words.yml")["shown"])


# What is counted of a file: its rows, those that counted, those that did not.
ROWS = ("records", "kept", "left")


def counted(m: OperatorMonth) -> Fragment:
    """Say what counted and what did not: files, rows, reasons, flags."""
    totals = {key: int(m.files[key].sum()) for key in ROWS}
    return made(
        "counted",
        groups=_by_owner(m, file_rows(m.files[m.files["layout"] != ""])),
        unknown=list(m.files.loc[m.files["layout"] == "", "source"]),
        fates=fates_of(m.ledger),
        left=left_out(m.ledger),
        totals=totals,
    )


def _by_owner(m: OperatorMonth, rows: Sequence[dict[Any, Any]]) -> list[dict[str, Any]]:
    """Add the files of each account up; a day counts once where one file has all."""
    brands = {account.id: who_is(m, account) for account in m.accounts}
    groups = grouped((row["account"], row) for row in rows)
    return [
        {
            "who": brands.get(account),
            "account": account,
            "rows": own,
            "count": len(own),
            "days": max(file["days"] for file in own),
            "bases": list(dict.fromkeys(file["basis"] for file in own)),
            **{key: sum(file[key] for file in own) for key in ROWS},
        }
        for account, own in groups.items()
    ]


def sources(m: OperatorMonth) -> Fragment:
    """Define the metrics used, name the plan, and say how to check a point."""
    present = set(m.monthly.loc[m.monthly["month"] == m.month, "metric"])
    wanted = {target.metric for target in m.targets} | (present & SHOWN_HERE)
    return made(
        "sources",
        card=m.card.said(),
        operator=m.card["operator"],
        law=law(language()),
        definitions=[
            metric
            for name, metric in METRICS.items()
            if name in wanted or (metric.parts and present.issuperset(metric.parts))
        ],
        kinds={kind: _(name) for kind, name in series.KINDS.items()},
        assumed=m.calendar.assumed(m.month),
    )


# The law of the score, beside the score: each measure links to its paragraph.

# First words, in Chinese and in English, of what is said of a kind of source.
PARAGRAPHS: dict[str, list[str]] = entries("words.yml")["paragraphs"]


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
