"""Two plans side by side on one month: what another plan would have given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from kpi_lib import appraisal, inputs
from kpi_lib.appraisal import Card, open_month
from kpi_lib.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    One number on two cards.

    Parameters
    ----------
    key, name : str
        ``item.measure`` and its name; key ``total`` for the whole card.
    before, after : str or None
        Points; None where nothing is rated or the card has no such measure.
    possible_before, possible_after : str
        Out of how many; empty where the card has no such measure.
    """

    key: str
    name: str
    before: str | None
    after: str | None
    possible_before: str = ""
    possible_after: str = ""

    @property
    def changed(self) -> bool:
        """Whether the two cards differ here."""
        return (self.before, self.possible_before) != (self.after, self.possible_after)

    @property
    def by(self) -> Decimal | None:
        """Points more or fewer; None where either is missing."""
        if self.before is None or self.after is None:
            return None
        return Decimal(self.after) - Decimal(self.before)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """
    One operator's cards by two plans.

    Parameters
    ----------
    operator, name : str
        Whose.
    grades : tuple of str
        Before and after; empty while anything is pending.
    lines : tuple of Line
        The total, then every measure of either card.
    """

    operator: str
    name: str
    grades: tuple[str, str]
    lines: tuple[Line, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values."""
        return asdict(self)


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> Comparison:
    """
    Put two cards of one operator side by side.

    Parameters
    ----------
    before, after : Mapping
        Score cards, schema 1.

    Returns
    -------
    Comparison
        Measures are matched by ``item.measure``.
    """
    old, new = Card(before).measures, Card(after).measures
    total = Line(
        key="total",
        name="总分",
        before=before["total"],
        after=after["total"],
        possible_before=before["possible"],
        possible_after=after["possible"],
    )
    return Comparison(
        operator=after["operator"],
        name=after["name"],
        grades=(before["grade"], after["grade"]),
        lines=(total, *(_line(key, old, new) for key in {**old, **new})),
    )


def _line(
    key: str, old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]
) -> Line:
    before, after = old.get(key, {}), new.get(key, {})
    return Line(
        key=key,
        name=(after or before)["name"],
        before=before.get("score"),
        after=after.get("score"),
        possible_before=before.get("possible", ""),
        possible_after=after.get("possible", ""),
    )


def rescore(workspace: Workspace, month: str, file: Path) -> list[Comparison]:
    """
    Score a month by another plan, beside its own; nothing is written.

    Parameters
    ----------
    workspace : Workspace
        With the month cleaned.
    month : str
        ``YYYY-MM``.
    file : Path
        The other plan; its ``valid_from`` does not matter here.

    Returns
    -------
    list of Comparison
        One per operator of the month, in the roster's order.

    Raises
    ------
    InvalidInput
        The plan, or anything else that people wrote, cannot be used.
    """
    other = inputs.load_plan(file, str(file))
    opened = open_month(month, str(workspace.root))
    return [
        compare(
            appraisal.score(opened.evidence(person.id)),
            appraisal.score(opened.evidence(person.id, plan=other)),
        )
        for person in opened.operators
    ]
