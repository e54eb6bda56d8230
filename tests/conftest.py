import pytest
from hypothesis import settings

from kpi_lib import open_month
from kpi_lib.workbook.workbook import Workbook
from kpi_lib.workspace import Workspace
from tests import sample_month

# No property hangs on the clock: the machine may be busy, a first example reads files.
settings.register_profile("kpi", deadline=None)
settings.load_profile("kpi")


@pytest.fixture(scope="session")
def sample_place(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The sample with its last five months cleaned; to be read only."""
    return sample_month.build(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def m(sample_place: Workspace) -> Workbook:
    """The sample's October through the front door."""
    return open_month(sample_month.MONTH, str(sample_place.root))
