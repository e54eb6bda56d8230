"""docs/wording.md: the fixed terms in three languages, and the pages held to them."""

import re
from pathlib import Path

import pandas as pd
import pytest

from kpi_lib import page as sections
from kpi_lib.appraisal import Month, OperatorMonth
from kpi_lib.language import catalogue, speaking, traditional
from kpi_lib.page import html
from tests.pages import notebook_of, text_of

ROOT = Path(__file__).parents[2]

TERMS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (ROOT / "docs/wording.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and "---" not in line and "简体" not in line
]


def test_the_terms_are_what_the_pages_say() -> None:
    said = {term: (traditional(term), catalogue()[term]) for term, *_more in TERMS}

    assert len(TERMS) > 40
    assert said == {term: (hant, english) for term, hant, english, _not in TERMS}


@pytest.fixture(scope="module")
def pages(sample: Month, month: OperatorMonth) -> dict[str, str]:
    cards = [sample.score("op-01"), month.card]
    m = sample.operator("op-02")
    team = (
        sections.team_scores(cards, ["丁"]),
        sections.team_grades(cards),
        sections.team_items(cards),
        sections.team_money(cards),
        sections.team_evidence(cards),
        sections.team_confirmed(cards),
        sections.team_missing(["丁"]),
        sections.team_files(cards),
    )
    cleaning = (
        sections.arrival(pd.DataFrame(), (), m.calendar),
        sections.files(month.files),
        sections.fates(month.ledger),
        sections.quarantine(month.ledger),
        sections.compare(month.monthly, month.month),
    )
    return {
        "op-02": html.page(notebook_of(m), title="乙"),
        "op-03": html.page(notebook_of(month), title="丙"),
        "index": "".join(map(str, team)),
        "clean": "".join(map(str, cleaning)),
    }


def test_no_page_says_it_otherwise(pages: dict[str, str]) -> None:
    words = {word for *_term, other in TERMS for word in other.split("、") if word}
    told = {name: text_of(page) for name, page in pages.items()}

    assert [(n, w) for n, text in told.items() for w in words if w in text] == []
    assert [name for name, text in told.items() if re.search("[「」『』]", text)] == []


def test_every_table_has_a_name(pages: dict[str, str]) -> None:
    nameless = [
        (name, table)
        for name, page in pages.items()
        for table, next_ in re.findall(r"(<table[^>]*>)\s*(<\w+)", page)
        if "aria-label" not in table and next_ != "<caption"
    ]

    assert nameless == []


@pytest.mark.parametrize("language", ["zh-Hans", "zh-Hant", "en"])
def test_each_measure_leads_to_its_paragraph(
    month: OperatorMonth, language: str
) -> None:
    with speaking(language):
        page = f"{sections.score_card(month)}{sections.sources(month)}"
    ids = set(re.findall(r'id="(rule-\w+)"', page))
    links = re.findall(r'href="#(rule-\w+)"', page)

    assert len(links) == 22
    assert set(links) == ids, "each paragraph is there, and each is led to"
