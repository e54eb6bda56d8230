"""The sheet 考核表: points and weights that hold instead of those of a plan's file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import kinds
from kpi_lib.inputs.directory import Directory, unknown
from kpi_lib.inputs.forms import Note, Text, Wrong, choices, quoted
from kpi_lib.inputs.plan import WITH_ABOVE, Plan
from kpi_lib.inputs.table import Row
from kpi_lib.inputs.yaml import validated


class Points(Row):
    """Points of a measure, and the weight of its item, where they are filled in."""

    FILE, SHEET, KEY = "points", "考核表", ("plan", "measure")

    plan: Text
    item: Note = ""
    measure: Text
    planned: Note = ""
    planned_weight: Any = None
    points: kinds.Positive | None = None
    weight: kinds.Positive | None = None
    source: str = ""
    row: int = 0

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

    def doubts(self, directory: Directory) -> Iterator[Wrong]:
        """Tell of points that were typed where those of the plan stand."""
        _, measure = directory.plans.get(self.plan, {}).get(self.measure, ("", None))
        if measure and self.planned not in ("", kinds.plain(measure.points)):
            what = f"计划里是{kinds.plain(measure.points)}分，这一格改了不算"
            yield Wrong("planned", what, do="要改的填在“分值”那一格")


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


def revised(plan: Plan, rows: Sequence[Points]) -> Plan:
    """Return a plan with what rows of it give instead, checked as a file is."""
    given = {plan.called[row.measure][0]: row for row in rows}
    values = plan.model_dump(by_alias=True, exclude_unset=True)
    for item in (item for group in values["groups"] for item in group["items"]):
        total = Fraction(0)
        for measure in item["measures"]:
            row = given.get(f"{item['id']}.{measure['id']}")
            if row and row.points:
                measure["points"] = row.points
            if row and row.weight:
                item["weight"] = f"{kinds.plain(row.weight * 100)}%"
            total += 0 if measure.get("bonus") else kinds.exact(measure["points"])
        item["points"] = total
    at = "、".join(str(row.row) for row in rows)
    where = f"{rows[0].source}，{Points.SHEET}第{at}行"
    if len(given) < len(rows):  # by its name and by its key
        raise InvalidInput.of("同一项写了两次", where=where, do="请删去其中一行")
    new = validated(values, Plan, where)
    new._revised = repr([(key, at.points, at.weight) for key, at in given.items()])
    return new
