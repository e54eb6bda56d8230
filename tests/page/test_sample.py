"""The sample's month on the page, and the small month of the tests against it."""

from typing import Any

import pandas as pd
import pytest

from kpi_lib import appraisal
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.workspace import Workspace
from tests.example_month import example
from tests.example_page import HEADED
from tests.sample_month import MONTH

FRAMES = ("daily", "monthly", "posts", "ledger", "files")


@pytest.fixture(scope="module")
def sample(sample_place: Workspace) -> appraisal.Month:
    return appraisal.open_month(MONTH, str(sample_place.root))


@pytest.fixture(scope="module")
def true(sample: appraisal.Month) -> OperatorMonth:
    return sample.operator("op-01")


@pytest.mark.parametrize("name", FRAMES)
def test_the_small_month_has_the_columns_of_a_true_one(
    name: str, true: OperatorMonth
) -> None:
    small: pd.DataFrame = getattr(example(), name)
    whole: pd.DataFrame = getattr(true, name)
    kinds = {column: whole[column].dtype.kind for column in whole}

    assert {column: small[column].dtype.kind for column in small} == {
        column: kinds.get(column, "no such column") for column in small
    }


def keys(card: dict[str, Any]) -> dict[str, set[str]]:
    """Return the keys of a card and of its parts."""
    items = card["items"]
    return {
        "card": set(card),
        "item": set().union(*items),
        "measure": set().union(*(one for item in items for one in item["measures"])),
        "proposal": set().union(*card["proposals"]),
        "group": set().union(*card["groups"]),
        "rests_on": set(card["rests_on"]),
    }


def test_the_small_card_has_the_keys_of_a_true_one(true: OperatorMonth) -> None:
    small, whole = keys(example().card), keys(true.card)

    assert {part: small[part] - whole[part] for part in small} == {
        part: set() for part in small
    }


@pytest.mark.parametrize("heading", HEADED)
def test_every_section_says_something_of_the_sample(
    heading: str, sample: appraisal.Month
) -> None:
    for person in sample.appraised:
        assert str(HEADED[heading](sample.operator(person.id))).strip()
