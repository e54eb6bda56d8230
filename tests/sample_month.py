"""The committed sample in a folder of its own, its last months cleaned."""

import shutil
from itertools import pairwise
from pathlib import Path

from kpi_lib import days
from kpi_lib.inputs import everything
from kpi_lib.months import arrivals
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
    past = [days.shift(MONTH, -months), *days.months_back(MONTH, months)]
    arrived = {
        at: arrivals.arrive(workspace, at, given.roster, given.downloads) for at in past
    }
    for before, at in pairwise(past):
        cleaned, monthly = arrivals.tidy(
            arrived[at],
            arrived[before],
            roster=given.roster,
            calendar=given.calendar,
            decisions=given.decisions,
        )
        arrivals.save(workspace, arrived[at], cleaned, monthly)
    return workspace
