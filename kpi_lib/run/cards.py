"""The published score cards of a month, as the team index reads them."""

from __future__ import annotations

import json
from typing import Any

from kpi_lib import inputs
from kpi_lib.days import shift
from kpi_lib.workspace import Workspace


def published(month: str, root: str = "") -> list[dict[str, Any]]:
    """
    Read the cards that stand under their final names.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    root : str
        A path in the workspace; empty for the nearest one upward.

    Returns
    -------
    list of dict
        One card per operator, in the roster's order; never recomputed.
    """
    return _read(month, month, root)


def missing(month: str, root: str = "") -> list[str]:
    """
    Name the operators of the month without a published card.

    Parameters
    ----------
    month, root : str
        As in `published`.

    Returns
    -------
    list of str
        Names, in the roster's order.
    """
    workspace = Workspace.find(root)
    people = inputs.load(workspace, month).roster.appraised(month)
    return [
        person.name
        for person in people
        if not (workspace.reports(month) / f"{person.id}.json").is_file()
    ]


def before(month: str, root: str = "") -> list[dict[str, Any]]:
    """
    Read last month's cards of the operators of this month.

    Parameters
    ----------
    month, root : str
        As in `published`.

    Returns
    -------
    list of dict
        In the roster's order; whoever has none is left out.
    """
    return _read(month, shift(month, -1), root)


def _read(month: str, of: str, root: str) -> list[dict[str, Any]]:
    """Read the cards `of` a month that stand there, of whoever is appraised in one."""
    workspace = Workspace.find(root)
    people = inputs.load(workspace, month).roster.appraised(month)
    paths = [workspace.reports(of) / f"{person.id}.json" for person in people]
    return [json.loads(path.read_text("utf-8")) for path in paths if path.is_file()]


def printed(month: str, root: str = "") -> list[str]:
    """
    Name the PDFs that stand beside the pages of a month.

    Parameters
    ----------
    month, root : str
        As in `published`.

    Returns
    -------
    list of str
        Operators' ids, ascending.
    """
    folder = Workspace.find(root).reports(month)
    return sorted(path.stem for path in folder.glob("*.pdf"))
