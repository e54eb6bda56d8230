"""docs/appraisal.md: every number of the plan in it is the plan's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpi_lib.inputs.kinds import exact
from tests.scored import PLAN

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"`((?:evidence|band|weights)\.\w+)`\s*[(（]([^)）]+)[)）]")

PAGES = {
    path.name: path.read_text("utf-8")
    for path in sorted((ROOT / "docs").glob("appraisal*.md"))
}


def numbers(page: str) -> set[tuple[str, str]]:
    return {(key, number) for key, number in NUMBER.findall(page)}


@pytest.mark.parametrize("name", PAGES)
def test_numbers_of_the_rules_are_the_plans(name: str) -> None:
    found = numbers(PAGES[name])
    for key, number in found:
        part, field = key.split(".")
        values = PLAN.weights if part == "weights" else vars(getattr(PLAN, part))
        assert exact(number) == exact(str(values[field])), key

    fields = {f"{part}.{name}" for part in ("band",) for name in vars(PLAN.band)}
    named = {key for key, _ in found}
    assert fields <= named
    assert {key for key in named if key.startswith("evidence.")} == {
        f"evidence.{name}"
        for name, value in vars(PLAN.evidence).items()
        if not isinstance(value, bool)
    }


def test_both_languages_say_the_same_numbers() -> None:
    assert len(PAGES) == 2
    english, chinese = (numbers(page) for page in PAGES.values())
    assert english == chinese
    headings = [re.findall(r"^## ", page, re.M) for page in PAGES.values()]
    assert len(headings[0]) == len(headings[1])
