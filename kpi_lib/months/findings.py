"""What cleaning had to tell, as it was written; read without reading tables."""

from __future__ import annotations

import json

from kpi_lib.errors import Problem
from kpi_lib.workspace import Workspace


def load(workspace: Workspace, month: str) -> tuple[Problem, ...]:
    """
    Read what cleaning a month had to tell.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    month : str
        ``YYYY-MM``.

    Returns
    -------
    tuple of Problem
        Empty if the month was not cleaned.
    """
    path = workspace.clean(month) / "findings.json"
    if not path.is_file():
        return ()
    return tuple(Problem(**told) for told in json.loads(path.read_text("utf-8")))
