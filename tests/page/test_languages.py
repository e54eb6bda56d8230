"""Parts of the pages in three languages: no sentence of ours stays untranslated."""

import dataclasses
import json
import re
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from pydantic import BaseModel

from kpi_lib import language
from kpi_lib import page as sections
from kpi_lib.appraisal import Card, Month, OperatorMonth
from kpi_lib.appraisal.quotas import Quotas
from kpi_lib.inputs.entries import GivenRating
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.language import Sentence, speaking
from kpi_lib.page.html import failure_page, page
from tests.declared_words import prose_of
from tests.pages import shown
from tests.sample_month import PERSON, bonus, person, with_log, with_plan

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHINESE = re.compile("[\u3001-\u303f\u3400-\u9fff\uf900-\ufaff\uff01-\uffef]")

PARTS = {
    "header": sections.header,
    "sentences": sections.sentences,
    "waterfall": sections.waterfall,
    "score_card": sections.score_card,
    "platforms": sections.platforms,
    "followers": sections.followers,
    "activity": sections.activity,
    "orders": sections.orders,
    "engagement": sections.engagement,
    "campaigns": sections.campaigns,
    "quotas": sections.quotas,
    "next_month": sections.next_month,
    "settled": sections.settled,
    "counted": sections.counted,
    "sources": sections.sources,
}


def latin(text: str) -> str:
    """Write data in Latin letters, so that all Chinese that is left is ours."""
    return CHINESE.sub(lambda found: chr(97 + ord(found[0]) % 26), text)


def in_latin(part: Any) -> Any:
    """Write everything that a month holds in Latin letters, but for our sentences."""
    if isinstance(part, Sentence):
        return Sentence(part.template, **in_latin(part.values))
    if isinstance(part, str):
        return latin(part)
    if isinstance(part, Card):
        return Card(in_latin(dict(part)))
    if isinstance(part, dict):
        return {latin(str(name)): in_latin(one) for name, one in part.items()}
    if isinstance(part, tuple) and hasattr(part, "_fields"):
        return type(part)(*map(in_latin, part))
    if isinstance(part, list | tuple):
        return type(part)(map(in_latin, part))
    if isinstance(part, pd.DataFrame):
        said = {"said": part["said"].map(said_in_latin)} if "said" in part else {}
        return part.map(in_latin).assign(**said)
    if isinstance(part, BaseModel):
        return part.model_copy(update=in_latin(dict(part)))
    if isinstance(part, Worklog | Quotas):
        own = {one.name: getattr(part, one.name) for one in dataclasses.fields(part)}
        return dataclasses.replace(part, **in_latin(own))
    return part


def said_in_latin(written: str) -> str:
    """Write the values of a sentence in Latin letters, as a ledger keeps it."""
    if not written:
        return written
    template, *values = json.loads(written)
    return json.dumps([template, *map(in_latin, values)])


def month_of(made: OperatorMonth) -> OperatorMonth:
    """Write a month's data in Latin letters; catalogues stay as they are."""
    own = {
        field.name: getattr(made, field.name)
        for field in dataclasses.fields(made)
        if field.name not in ("platforms", "calendar", "definitions")
    }
    return dataclasses.replace(made, **in_latin(own))


Capped = Callable[[str], OperatorMonth]


@pytest.fixture(scope="module")
def capped(rough: Month, tmp_path_factory: pytest.TempPathFactory) -> Capped:
    """Score the month with a bonus and, where it says to how much, a veto."""
    folder = tmp_path_factory.mktemp("plan")
    ratings = [row for row in rough.worklog.ratings if row.operator == PERSON]
    veto = GivenRating(
        operator=PERSON,
        item="数据",
        kind="veto",
        by="示例主管",
        on=date(2026, 11, 6),
        reason="作弊",
    )

    def score(cap: str) -> OperatorMonth:
        if not cap:
            return person(with_plan(rough, folder, bonus))
        opened = with_plan(rough, folder, lambda plan: f"veto: {cap}\n{bonus(plan)}")
        return person(with_log(opened, ratings=(*ratings, veto)))

    return score


MONTHS = ("rough", "nothing rated", "bonus and veto")
CURVES = ("platforms", "followers", "activity", "orders", "engagement")
SEEN = [
    (part, name)
    for part in PARTS
    for name in MONTHS
    # Curves know nothing of points.
    if not (part in CURVES and name == "bonus and veto")
]


@pytest.fixture(scope="module")
def months(
    month: OperatorMonth, nothing: OperatorMonth, capped: Capped
) -> dict[str, OperatorMonth]:
    """Months with their data in Latin letters."""
    made = (month, nothing, capped("59"))
    return dict(zip(MONTHS, map(month_of, made), strict=True))


class Words(HTMLParser):
    """Collects what is read or spoken: text and labels."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.said += [value or "" for name, value in attrs if name == "aria-label"]

    def handle_data(self, data: str) -> None:
        if data.strip() and self.lasttag != "style":
            self.said.append(data.strip())


@pytest.mark.parametrize(("part", "name"), SEEN)
def test_nothing_of_ours_stays_chinese_in_english(
    part: str, name: str, months: dict[str, OperatorMonth]
) -> None:
    with speaking("en"):
        html = str(PARTS[part](months[name]))
    # The rules quote cells, and the name of a sheet.
    said = [re.sub(r"1\.2万|10万\+|确认|无", "", one) for one in Words(html).said]

    assert [one for one in said if CHINESE.search(one)] == []


@pytest.mark.parametrize(("part", "name"), SEEN)
def test_nothing_of_ours_stays_simplified_in_traditional(
    part: str, name: str, months: dict[str, OperatorMonth]
) -> None:
    with speaking("zh-Hant"):
        said = Words(str(PARTS[part](months[name]))).said

    assert [one for one in said if language.traditional(one) != one] == []
    assert CHINESE.search("".join(said))


def test_the_frame_of_a_page_is_english(months: dict[str, OperatorMonth]) -> None:
    notebook = nbformat.read(NOTEBOOKS / "3-appraisal.ipynb", as_version=4)
    with speaking("en"):
        notebook.cells.append(shown(sections.seal(months["rough"])))
    html = page(notebook, title="op-01 Oct 2026", lang="en")

    assert '<html lang="en">' in html
    assert "Where points were lost" in html
    assert re.search(r"@top-left\{content:\"\w+　Oct\\20 2026　KPI", html)
    assert [one for one in Words(html).said if CHINESE.search(one)] == []


def test_a_failure_is_told_in_the_language_of_the_page() -> None:
    html = failure_page("Ann", "2026-10", ["no card"], lang="en")

    assert '<html lang="en">' in html
    assert "This page could not be made" in html
    assert [one for one in Words(html).said if CHINESE.search(one)] == []


@pytest.mark.parametrize("name", ["1-clean", "3-appraisal", "4-team"])
def test_every_paragraph_of_a_notebook_has_its_english(name: str) -> None:
    with (NOTEBOOKS / f"{name}.ipynb").open("rb") as file:
        prose = [said for _, _, said, _ in prose_of(file, (), (), {})]

    assert prose
    assert [said for said in prose if said not in language.catalogue()] == []


def test_the_plans_own_wording_is_marked_and_has_its_english_beside(
    month: OperatorMonth,
) -> None:
    with speaking("en"):
        html = str(sections.score_card(month))

    assert re.search(
        r"<summary>Set challenging and reasonable[^<]*</summary>"
        r'\s*<p lang="zh-Hans">制定有挑战',
        html,
    )
    assert 'lang="zh-Hans"' not in str(sections.score_card(month))


@pytest.mark.parametrize(
    ("cap", "total"),
    [pytest.param("59", "59.00", id="cut off"), pytest.param("", "81.12", id="not")],
)
def test_the_bars_add_up_with_bonus_and_veto(
    cap: str, total: str, capped: Capped
) -> None:
    month = capped(cap)
    waterfall, table = (
        Words(str(made(month))).said
        for made in (sections.waterfall, sections.score_card)
    )
    steps = waterfall[: waterfall.index("图中的数字")]
    at = steps.index("加分")

    assert steps[at + 1] == "+4.74"
    assert ("−22.12" in steps) is bool(cap)
    assert total in steps
    assert "+4.74" in table
    assert any("合计81.12分，总分不超过59分" in one for one in table) is bool(cap)
