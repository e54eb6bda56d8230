"""
What if: the score card under other targets, weights or rules, beside the true one.

Nothing is written and the record is not touched; a changed plan goes through the same
checks as plan.yml.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pandas as pd

from kpi_lib import appraisal, inputs, page
from kpi_lib.appraisal import Evidence, Month
from kpi_lib.errors import InvalidInput, PlanError, Problem
from kpi_lib.inputs import Plan, Target
from kpi_lib.language import spoken
from kpi_lib.workbook.rescoring import Comparison, compare
from kpi_lib.workbook.team import Card

Value = Decimal | float | int | str
Changes = Mapping[str, Any]

WHERE = "假设的计划"


@dataclass(frozen=True)
class WhatIf:
    """
    Two cards of one operator and month.

    Parameters
    ----------
    before : Card
        As things are.
    after : Card
        As they would be.
    """

    before: Card
    after: Card

    @property
    def comparison(self) -> Comparison:
        """Both cards as ``kpi rescore`` puts two plans side by side."""
        return compare(self.before, self.after)

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
                "key": one.key,
                "name": one.name,
                "possible_before": one.possible_before,
                "score_before": one.before,
                "possible_after": one.possible_after,
                "score_after": one.after,
                "change": one.by,
            }
            for one in self.comparison.lines
        ]
        frame = pd.DataFrame(rows)
        figures = frame.columns.drop(["key", "name"])
        return frame.assign(**{name: pd.to_numeric(frame[name]) for name in figures})

    @property
    def change(self) -> Decimal:
        """What the total would gain, in points; 0 where nothing is rated."""
        return self.comparison.lines[0].by or Decimal(0)

    def _repr_html_(self) -> str:
        total, *lines = self.comparison.lines
        moved = [one for one in lines if one.changed]
        return page.render("what_if", m=self, total=total, lines=moved)


def what_if(
    month: Month,
    operator: str,
    *,
    targets: Mapping[str, Value] | None = None,
    plan: Changes | None = None,
) -> WhatIf:
    """
    Score an operator twice: as things are, and with changes.

    Parameters
    ----------
    month : Month
        The month as it is; not changed.
    operator : str
        Roster id.
    targets : mapping of str to number, optional
        The month's target by metric, in the metric's unit, a rate as a fraction or
        ``"35%"``; ``"views/douyin"`` for the target of one platform.
    plan : mapping of str to value, optional
        What to change in the plan: ``"content.published"`` for a measure,
        ``"content"`` for an item, each with a dict of its keys; any other key of
        plan.yml, as ``weights`` or ``band``, with the keys to change in it.

    Returns
    -------
    WhatIf
        Both cards.

    Raises
    ------
    InvalidInput
        A target of a metric without one, a key that the plan does not have.
    PlanError
        The changed plan does not hold, as points that do not add up to 100.
    """
    now = month.evidence(operator)
    then = month.evidence(
        operator, plan=changed_plan(now.plan, plan) if plan else now.plan
    )
    if targets:
        then = replace(then, targets=_targets(then, targets))
    return WhatIf(*(Card(spoken(appraisal.score(of))) for of in (now, then)))


def changed_plan(plan: Plan, changes: Changes) -> Plan:
    """
    Return a changed copy of a plan that went through its checks.

    Parameters
    ----------
    plan : Plan
        Not changed.
    changes : mapping of str to value
        As in `what_if`. An item whose measures got other points, and that is not
        given any itself, has their sum.

    Returns
    -------
    Plan

    Raises
    ------
    PlanError
        As if it were read from a file.
    """
    tree = _exact(plan.model_dump(by_alias=True))
    items = {item["id"]: item for group in tree["groups"] for item in group["items"]}
    for key, change in changes.items():
        item, _, measure = key.partition(".")
        if item in items:
            known = {one["id"]: one for one in items[item]["measures"]}
            if measure and measure not in known:
                raise _unknown(key, [f"{item}.{id}" for id in known])
            _merge(known[measure] if measure else items[item], change)
        elif key in tree and isinstance(tree[key], dict):
            _merge(tree[key], change)
        elif key in tree:
            tree[key] = change
        else:
            raise _unknown(key, [*items, *tree])
    for id, item in items.items():
        if "points" not in changes.get(id, {}):
            own = [one for one in item["measures"] if not one["bonus"]]
            points = (Fraction(str(one["points"])) for one in own)
            item["points"] = str(sum(points, Fraction(0)))
    return inputs.validated(tree, Plan, PlanError, WHERE)


def _exact(node: Any) -> Any:
    """Write exact numbers as texts, which the plan's own readers take."""
    if isinstance(node, dict):
        return {key: _exact(value) for key, value in node.items() if value is not None}
    if isinstance(node, list | tuple):
        return [_exact(value) for value in node]
    return str(node) if isinstance(node, Fraction) else node


def _merge(old: dict[str, Any], change: Any) -> None:
    if not isinstance(change, Mapping):
        raise InvalidInput(
            (Problem(what=f"改动{change!r}不是一张表", expected='如{"points": 5}'),)
        )
    for key, value in change.items():
        if isinstance(old.get(key), dict) and isinstance(value, Mapping):
            # A rule or source of another kind has other keys: it replaces the old.
            same = value.get("kind", old[key].get("kind")) == old[key].get("kind")
            old[key] = {**old[key], **value} if same else dict(value)
        else:
            old[key] = value


def _unknown(key: str, known: list[str]) -> InvalidInput:
    what = f"计划里没有{key}"
    return InvalidInput((Problem(what=what, where=WHERE, expected="、".join(known)),))


def _targets(evidence: Evidence, changes: Mapping[str, Value]) -> tuple[Target, ...]:
    """Return the targets with other values; the newest row of each is what counts."""
    own = {
        (one.metric, one.platform): one
        for one in sorted(evidence.targets, key=lambda one: one.set_on)
        if (one.horizon, one.period) == ("short", evidence.month)
        and one.set_on <= evidence.last_day
    }
    values: dict[Target, Decimal] = {}
    for key, value in changes.items():
        metric, _, platform = key.partition("/")
        if (metric, platform) not in own:
            names = ["/".join(filter(None, one)) for one in own]
            what = f"{evidence.month}没有{key}的短期目标"
            raise InvalidInput((Problem(what=what, expected="、".join(names)),))
        values[own[metric, platform]] = inputs.number_of(value, f"{key}的目标")
    return tuple(
        replace(one, value=values[one]) if one in values else one
        for one in evidence.targets
    )
