"""The sheet 考核表: points and weights that hold instead of those of a plan's file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kpi_lib.errors import Problem
from kpi_lib.inputs import kinds
from kpi_lib.inputs.directory import Directory, unknown
from kpi_lib.inputs.forms import Note, Text, Wrong, choices, quoted
from kpi_lib.inputs.plan import WITH_ABOVE, Plan
from kpi_lib.inputs.table import Row


class Points(Row):
    """Points of a measure, and the weight of its item, where they are filled in."""

    FILE, SHEET, KEY = "points", "考核表", ("plan", "measure")

    plan: Text
    item: Note = ""
    measure: Text
    planned: Any = None
    planned_weight: Any = None
    points: kinds.Positive | None = None
    weight: kinds.Positive | None = None
    source: str = ""

    @property
    def filled(self) -> bool:
        """Whether it gives anything."""
        return self.points is not None or self.weight is not None

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Check that what is filled in is of a plan and one of its measures."""
        called = directory.plans.get(self.plan)
        if self.filled and called is None:
            names = choices([*directory.plans])
            yield Wrong("plan", f"没有计划{quoted(self.plan)}", names, "请改正")
        elif self.filled and called and self.measure not in called:
            yield unknown("measure", self.measure, called)


def laid_out(file: str, plan: Plan) -> Iterator[dict[str, str]]:
    """Walk the rows of a plan in its own order, with what its file gives."""
    for item in plan.items():
        weight = "" if item.weight == WITH_ABOVE else item.weight
        for measure in item.measures:
            name = measure.name.zh
            yield {
                "plan": file,
                "item": item.name.zh,
                "measure": name if name in plan.called else f"{item.id}.{measure.id}",
                "planned": kinds.plain(measure.points),
                "planned_weight": weight,
            }
            weight = ""


def revised(
    plans: Mapping[str, Plan], rows: Sequence[Points], problems: list[Problem]
) -> dict[str, Plan]:
    """Return plans with what rows give instead; a sum that is wrong then is noted."""
    plans = dict(plans)
    for file, plan in plans.items():
        own = [row for row in rows if row.filled and file.endswith(f"/{row.plan}")]
        keys = [plan.called[row.measure][0] for row in own]
        given = list(zip(keys, own, strict=True))
        points = {key: row.points for key, row in given if row.points}
        weights = {key.partition(".")[0]: at.weight for key, at in given if at.weight}
        if own:
            plans[file] = plan.revise(points, weights)
            at = Problem(what="", where=own[0].source, place=Points.SHEET)
            problems += [replace(at, what=why) for why in plans[file].conflicts()]
    return plans
