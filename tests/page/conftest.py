"""Months that pages are made of: all scored from files, once a suite."""

from functools import partial

import pytest

from kpi_lib import appraisal
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.workspace import Workspace
from tests import sample_month
from tests.conftest import World
from tests.pages import HOSTILE, HOSTILE_NAME
from tests.sample_month import MONTH


@pytest.fixture(scope="session")
def rough(world: World, sample_place: Workspace) -> appraisal.Month:
    """The sample's October with what it lacks, see `sample_month.rough`."""
    place = world("rough", partial(sample_month.rough, sample=sample_place))
    return sample_month.opened(place)


@pytest.fixture(scope="session")
def month(rough: appraisal.Month) -> OperatorMonth:
    """The month of the tests of this folder."""
    return sample_month.person(rough)


@pytest.fixture(scope="session")
def hostile(world: World, sample_place: Workspace) -> OperatorMonth:
    """The same month, every name, title, reason and broken cell of it hostile."""
    make = partial(
        sample_month.rough, sample=sample_place, name=HOSTILE_NAME, text=HOSTILE
    )
    place = world("hostile", make)
    return sample_month.person(appraisal.Month.open(place, MONTH))


@pytest.fixture(scope="session")
def empty(world: World) -> appraisal.Month:
    """A team whose operator has no account and sent nothing."""
    place = world("nothing", sample_month.nothing)
    return appraisal.Month.open(place, MONTH)


@pytest.fixture(scope="session")
def nothing(empty: appraisal.Month) -> OperatorMonth:
    """A month in which nothing arrived: every section must still say so."""
    return sample_month.person(empty)
