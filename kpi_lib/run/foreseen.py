"""What a run would leave pending or out: the month is scored in memory, to be told."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from kpi_lib import months
from kpi_lib.appraisal import SETTLED, Card, Month
from kpi_lib.days import months_back
from kpi_lib.errors import InvalidInput, Level, Problem
from kpi_lib.inputs import Inputs, Operator
from kpi_lib.run import record
from kpi_lib.run.stale import Agenda, looked_back
from kpi_lib.workspace import Workspace

TOLD: dict[str, tuple[Level, str]] = {
    "pending": ("warning", "会待定（{points}分）"),
    "excluded": ("note", "会不计（{points}分）"),
    "zero": ("warning", "按考核计划会计0分（{points}分）"),
}
"""What is told of a measure, by its status on the card."""


@dataclass(frozen=True, kw_only=True)
class _InMemory(Month):
    """A month of which some tables were not written."""

    tables: Mapping[str, Mapping[str, pd.DataFrame]]
    told: tuple[Problem, ...]

    def load(
        self, name: str, *months: str, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Take what is in memory, and read the rest."""
        read = [month for month in months if month not in self.tables]
        frames = [super().load(name, *read, columns=columns)] if read else []
        frames += [self.tables[month][name] for month in months if month not in read]
        frames = [frame for frame in frames if len(frame)] or frames[:1]
        return pd.concat(frames, ignore_index=True)

    @property
    def findings(self) -> tuple[Problem, ...]:
        """What cleaning had to tell."""
        return self.told


def foreseen(
    workspace: Workspace, month: str, given: Inputs, tables: months.Tables
) -> list[Problem]:
    """
    Tell every measure that a run would not score, or score as nothing, and why.

    Parameters
    ----------
    workspace, month : Workspace, str
        Where it lies; ``YYYY-MM``.
    given : Inputs
        What people wrote.
    tables : Tables
        The month, cleaned and added up.

    Returns
    -------
    list of Problem
        By operator, in the order of the plan; a warning of what waits or counts as
        nothing, a note of what is excluded.
    """
    cleaned = {month: tables.frames()} | {
        at: months.scored(months.arrive(workspace, at, given))
        for at in _not_cleaned(workspace, month, given)
    }
    told = tables.findings
    opened = _InMemory(workspace, month, given, tables=cleaned, told=told)
    problems: list[Problem] = []
    for person in opened.appraised:
        # Whoever has a mistake in a row of the own is told so already.
        with contextlib.suppress(InvalidInput):
            problems += _of_card(person, opened.score(person.id))
    return problems


def _not_cleaned(workspace: Workspace, month: str, given: Inputs) -> list[str]:
    """Name the months of the baseline that stand nowhere as they would be cleaned."""
    back = given.evidence_of(month).baseline_months + 1
    needed = set(months_back(month, back)) - {month}
    agenda = Agenda(workspace, month, "", record.inputs(workspace))
    return [
        at
        for at in looked_back(workspace, month)
        if at in needed and agenda.standing(agenda.clean_job(at)).state != "done"
    ]


def _of_card(person: Operator, card: Card) -> Iterator[Problem]:
    bonus = card["bonus"]["measures"] if card["bonus"] else ()
    rows = [(item["name"], each) for item in card["items"] for each in item["measures"]]
    for item, measure in [*rows, *(("加分", each) for each in bonus)]:
        if measure["status"] in TOLD:
            yield told(person, str(item), measure)


def told(person: Operator, item: str, measure: Mapping[str, Any]) -> Problem:
    """Tell of one measure of a card what a run would not score, and why."""
    level, text = TOLD[measure["status"]]
    what = text.format(points=measure["points"])
    note = str(measure["note"])
    return Problem(
        level=level,
        where=f"{person.name}（{person.id}）",
        place=f"{item}·{measure['name']}",
        what=f"{what}：{note}" if note else what,
        do=str(SETTLED) if measure["status"] == "pending" else "",
    )
