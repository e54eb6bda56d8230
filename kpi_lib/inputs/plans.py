"""The plan files of a workspace, and which of them holds in a month."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from kpi_lib.errors import PlanError, Problem
from kpi_lib.inputs.plan import Plan
from kpi_lib.inputs.yaml import load_document


def load_plan(path: Path, where: str = "data/plan.yml") -> Plan:
    """Read a plan, or raise one problem for every mistake."""
    return load_document(path, Plan, PlanError, where).value


def load_all(folder: Path, where: str = "data") -> dict[str, Plan]:
    """Read ``plan.yml`` and ``plan.<name>.yml``, by file, ``valid_from`` ascending."""
    plans: dict[str, Plan] = {}
    problems: list[Problem] = []
    for path in (folder / "plan.yml", *sorted(folder.glob("plan.*.yml"))):
        name = f"{where}/{path.name}"
        try:
            plans[name] = load_plan(path, name)
        except PlanError as refusal:
            problems += refusal.problems
    began: dict[str, str] = {}
    for name, plan in plans.items():
        first = began.setdefault(plan.valid_from, name)
        if first != name:
            problems.append(
                Problem(
                    what=f"与{first}都从{plan.valid_from}起有效",
                    where=name,
                    place="valid_from",
                    expected="每份计划一个起始月份",
                    do="改正其中一个valid_from",
                )
            )
    if problems:
        raise PlanError(tuple(problems))
    return dict(sorted(plans.items(), key=lambda item: item[1].valid_from))


def for_month(plans: Mapping[str, Plan], month: str) -> str:
    """Return the file of the plan that began last of those valid in a month."""
    valid = [name for name, plan in plans.items() if plan.valid_from <= month]
    if valid:
        return max(valid, key=lambda name: plans[name].valid_from)
    where, first = min(plans.items(), key=lambda item: item[1].valid_from)
    raise PlanError.of(
        f"计划从{first.valid_from}起有效，不能考核{month}",
        where=where,
        place="valid_from",
        expected=f"不晚于{month}的月份",
        do=f"把当月有效的计划存为{where.rpartition('/')[0]}/plan.<名称>.yml",
    )
