"""The committed sample in a folder of its own, its last months cleaned."""

import shutil
from itertools import pairwise
from pathlib import Path

from kpi_lib import inputs, intake, workdays
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
    given = inputs.load(workspace, MONTH)
    past = [workdays.shift(MONTH, -months), *workdays.months_back(MONTH, months)]
    arrived = {
        at: intake.arrive(workspace, at, given.roster, given.downloads) for at in past
    }
    for before, at in pairwise(past):
        cleaned, monthly = intake.tidy(
            arrived[at],
            arrived[before],
            roster=given.roster,
            calendar=given.calendar,
            decisions=given.decisions,
        )
        intake.save(workspace, arrived[at], cleaned, monthly)
    return workspace
