"""What a run would leave pending or out: the month is scored in memory, to be told."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from kpi_lib import months
from kpi_lib.appraisal import Month
from kpi_lib.days import months_back
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.inputs import Inputs
from kpi_lib.run.outstanding import lacking, told
from kpi_lib.run.stale import Agenda, looked_back
from kpi_lib.workspace import Workspace


@dataclass(frozen=True, kw_only=True)
class InMemory(Month):
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


def in_memory(workspace: Workspace, month: str, given: Inputs) -> InMemory:
    """
    Open a month with what does not stand as it would be cleaned now, written nowhere.

    Parameters
    ----------
    workspace, month : Workspace, str
        Where it lies; ``YYYY-MM``.
    given : Inputs
        What people wrote.

    Returns
    -------
    InMemory
        The month, whose `findings` are those of cleaning it.
    """
    tables: dict[str, Mapping[str, pd.DataFrame]] = {}
    found = months.load_findings(workspace, month)
    for at in _not_cleaned(workspace, month, given):
        arrived = months.arrive(workspace, at, given)
        if at == month:
            tidied = months.tidy(arrived)
            tables[at], found = tidied.frames(), tidied.findings
        else:
            tables[at] = months.scored(arrived)
    return InMemory(workspace, month, given, tables=tables, told=found)


def foreseen(opened: InMemory) -> list[Problem]:
    """
    Tell every measure that a run would not score, or score as nothing, and why.

    Parameters
    ----------
    opened : InMemory
        The month.

    Returns
    -------
    list of Problem
        By operator, in the order of the plan; a warning of what waits or counts as
        nothing, a note of what is excluded.
    """
    cards = []
    for person in opened.appraised:
        # Whoever has a mistake in a row of the own is told so already. The rows of one
        # at a time: those of hundreds would fill the memory.
        with contextlib.suppress(InvalidInput):
            cards.append(replace(opened, only=person.id).score(person.id))
    return [told(**row) for row in lacking(cards)]


def _not_cleaned(workspace: Workspace, month: str, given: Inputs) -> list[str]:
    """Name a month, and those of its baseline, that do not stand as cleaned now."""
    needed = {*months_back(month, given.evidence_of(month).baseline_months + 1)}
    agenda = Agenda(workspace, month)
    return [
        at
        for at in looked_back(workspace, month)
        if at in needed and agenda.standing(agenda.clean_job(at)).state != "done"
    ]
