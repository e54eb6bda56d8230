"""Every section of every operator of the sample."""

import pytest

from kpi_lib import appraisal
from tests.pages import HEADED


@pytest.mark.parametrize("heading", HEADED)
def test_every_section_says_something_of_the_sample(
    heading: str, sample: appraisal.Month
) -> None:
    for person in sample.appraised:
        assert str(HEADED[heading](sample.operator(person.id))).strip()
