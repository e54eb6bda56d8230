"""The published score cards of a month, as the team index reads them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from kpi_lib import held, inputs
from kpi_lib.days import shift
from kpi_lib.inputs import Operator
from kpi_lib.workspace import Workspace

if TYPE_CHECKING:
    from kpi_lib.appraisal import Card


def published(month: str, root: str = "") -> list[Card]:
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
    list of Card
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
    places = _places(month, month, root)
    return [person.name for person, path in places if not path.is_file()]


def before(month: str, root: str = "") -> list[Card]:
    """
    Read last month's cards of the operators of this month.

    Parameters
    ----------
    month, root : str
        As in `published`.

    Returns
    -------
    list of Card
        In the roster's order; whoever has none is left out.
    """
    return _read(month, shift(month, -1), root)


def _read(month: str, of: str, root: str) -> list[Card]:
    """Read the cards that stand there."""
    # Only a page asks: the process that starts it needs no tables and frames.
    from kpi_lib.appraisal import Card

    places = [path for _, path in _places(month, of, root) if path.is_file()]
    return [Card.from_json(json.loads(held.read(path))) for path in places]


def _places(month: str, of: str, root: str) -> list[tuple[Operator, Path]]:
    """Return who is appraised in a month, and where the card `of` one should lie."""
    workspace = Workspace.find(root)
    people = inputs.load(workspace, month).roster.appraised(month)
    return [(person, workspace.reports(of) / f"{person.id}.json") for person in people]


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
