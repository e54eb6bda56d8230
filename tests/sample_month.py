"""The committed sample in a folder of its own, its last months cleaned."""

import shutil
from pathlib import Path

from kpi_lib import days
from kpi_lib.inputs import everything
from kpi_lib.months import arrivals, store, tables
from kpi_lib.workspace import Workspace

ROOT = Path(__file__).parents[1]
MONTH = "2026-10"


def build(root: Path, months: int = 5) -> Workspace:
    """Copy what people write and the notebooks, and clean the last months."""
    shutil.copytree(
        ROOT / "data", root / "data", ignore=shutil.ignore_patterns("clean")
    )
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    workspace = Workspace(root)
    given = everything.load(workspace, MONTH)
    for at in days.months_back(MONTH, months):
        store.save(workspace, tables.tidy(arrivals.arrive(workspace, at, given)))
    return workspace
