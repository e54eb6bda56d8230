"""Score cards for an analyst: one as a table, two side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_lib import page
from kpi_lib.appraisal import Card
from kpi_lib.language import say


class ScoreCard(Card):
    """
    A score card that shows itself as a table; for the rest see `appraisal.Card`.

    Examples
    --------
    >>> card = m.score("op-01")
    >>> card["total"] == str(card.total)
    True
    """

    @property
    def frame(self) -> pd.DataFrame:
        """
        The card as a table.

        Returns
        -------
        DataFrame
            One row per measure: `item`, `measure` (ids), `name`, `points` (the
            plan's), `possible` (after exclusion), `score` (missing while it is not
            rated), `status`, `note`.
        """
        return pd.DataFrame(
            [
                {
                    "item": item["id"],
                    "measure": measure["id"],
                    "name": say(measure["name"]),
                    "points": float(measure["points"]),
                    "possible": float(measure.possible),
                    "score": float(measure.earned) if measure.scored else float("nan"),
                    "status": measure["status"],
                    "note": say(measure["note"]),
                }
                for item in self.rows
                for measure in item.measures
            ]
        )

    def _repr_html_(self) -> str:
        return page.render("brief_card", card=self)


@dataclass(frozen=True, kw_only=True)
class Line:
    """
    One number on two cards: ``item.measure``, or ``total`` for the whole card.

    Points are None where nothing is rated or the card has no such measure; what was
    possible is empty where the card has no such measure.
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


@dataclass(frozen=True)
class WhatIf:
    """
    Two cards of one operator and month.

    Parameters
    ----------
    before : ScoreCard
        As things are.
    after : ScoreCard
        As they would be.
    """

    before: ScoreCard
    after: ScoreCard

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The total, then every measure of either card, by ``item.measure``."""
        before, after = (
            {"total": {**card, "name": "总分", "score": card["total"]}, **card.measures}
            for card in (self.before, self.after)
        )
        keys = {**before, **after}
        return tuple(_line(k, before.get(k, {}), after.get(k, {})) for k in keys)

    @property
    def moved(self) -> list[Line]:
        """Measures in which the two cards differ."""
        return [line for line in self.lines[1:] if line.changed]

    @property
    def frame(self) -> pd.DataFrame:
        """
        The two cards side by side.

        Returns
        -------
        DataFrame
            One row for the total, then one per measure of either card: `key`
            (``item.measure``), `name`, `possible_before`, `score_before`,
            `possible_after`, `score_after`, `change` (points; missing where one of
            the two is not rated).
        """
        rows = [
            {
                "key": line.key,
                "name": say(line.name),
                "possible_before": line.possible_before,
                "score_before": line.before,
                "possible_after": line.possible_after,
                "score_after": line.after,
                "change": line.by,
            }
            for line in self.lines
        ]
        frame = pd.DataFrame(rows)
        numbers = frame.columns.drop(["key", "name"])
        return frame.assign(**{name: pd.to_numeric(frame[name]) for name in numbers})

    @property
    def change(self) -> Decimal:
        """What the total would gain, in points; 0 where nothing is rated."""
        return self.lines[0].by or Decimal(0)

    def as_dict(self) -> dict[str, Any]:
        """Return whose cards they are, both grades and all lines as plain values."""
        return {
            "operator": self.after["operator"],
            "name": self.after["name"],
            "grades": (self.before["grade"], self.after["grade"]),
            "lines": [asdict(line) for line in self.lines],
        }

    def _repr_html_(self) -> str:
        return page.render("what_if", m=self, total=self.lines[0], lines=self.moved)


def _line(key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Line:
    return Line(
        key=key,
        name=(after or before)["name"],
        before=before.get("score"),
        after=after.get("score"),
        possible_before=before.get("possible", ""),
        possible_after=after.get("possible", ""),
    )
