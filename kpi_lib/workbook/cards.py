"""
Score cards for an analyst: one as a table, two side by side, what if, and from where.

What if: the card under other targets, weights, rules or another plan. Nothing is
written and the record is not touched; a changed plan goes through the same checks as
plan.yml.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from kpi_lib import appraisal, inputs, page
from kpi_lib.appraisal import Card, Evidence, Month, holding
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import WorkspaceError
from kpi_lib.held import read_json
from kpi_lib.inputs import STATUS, Plan, Target
from kpi_lib.language import say
from kpi_lib.workbook.tables import refusal
from kpi_lib.workspace import Workspace

Value = Decimal | float | int | str
Changes = Mapping[str, Any]

WHERE = "假设的计划"


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

    def __repr__(self) -> str:
        return f"<{self['name']} {self['month']}：{self['total'] or '未评'}>"

    def _repr_html_(self) -> str:
        return page.render("brief_card", card=self)


@dataclass(frozen=True)
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

    def __str__(self) -> str:
        """Write both numbers, and by how much they differ."""
        before, after = (
            f"{score or '待定'}/{possible}" if possible else "没有这一项"
            for score, possible in (
                (self.before, self.possible_before),
                (self.after, self.possible_after),
            )
        )
        return f"{before}→{after}" + (f"（{self.by:+.2f}）" if self.by else "")


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
            {**asdict(line), "name": say(line.name), "change": line.by}
            for line in self.lines
        ]
        scores = {"before": "score_before", "after": "score_after"}
        points = ["possible_before", "score_before", "possible_after", "score_after"]
        frame = pd.DataFrame(rows).rename(columns=scores).set_index(["key", "name"])
        numbers: pd.DataFrame = frame[[*points, "change"]].apply(pd.to_numeric)
        return numbers.reset_index()

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
    numbers: list[Any] = [card.get("score") for card in (before, after)]
    numbers += [card.get("possible", "") for card in (before, after)]
    return Line(key, (after or before)["name"], *numbers)


def what_if(
    month: Month,
    operator: str,
    *,
    targets: Mapping[str, Value] | None = None,
    plan: Changes | Plan | str | Path | None = None,
) -> WhatIf:
    """Score an operator twice: as things are, and with changes or by another plan."""
    before = month.evidence(operator)
    if isinstance(plan, str | Path):
        plan = inputs.load_plan(Path(plan), str(plan))
    elif not isinstance(plan, Plan):
        plan = changed_plan(before.plan, plan) if plan else before.plan
    after = month.evidence(operator, plan=plan)
    after = replace(after, targets=_targets(after, targets or {}))
    return WhatIf(*(ScoreCard(appraisal.score(of)) for of in (before, after)))


def rescore(month: Month, plan: str | Path) -> list[WhatIf]:
    """
    Score everybody of a month by another plan's file, beside its own.

    Nothing is written; the plan's ``valid_from`` does not matter here. `InvalidInput`
    is raised where it, or anything else that people wrote, cannot be used.
    """
    other = inputs.load_plan(Path(plan), str(plan))
    return [what_if(month, person.id, plan=other) for person in month.appraised]


def changed_plan(plan: Plan, changes: Changes) -> Plan:
    """
    Return a changed copy of a plan that went through its checks.

    An item whose measures got other points, and that is not given any itself, has
    their sum.
    """
    # Exact numbers are dumped as texts, which the plan's own readers take.
    tree = plan.model_dump(mode="json", by_alias=True, exclude_none=True)
    items = {item["id"]: item for group in tree["groups"] for item in group["items"]}
    for key, change in changes.items():
        item, _, measure = key.partition(".")
        if item in items:
            measures = {entry["id"]: entry for entry in items[item]["measures"]}
            if measure and measure not in measures:
                keys = [f"{item}.{id}" for id in measures]
                raise refusal(f"计划里没有{key}", "、".join(keys), WHERE)
            _merge(measures[measure] if measure else items[item], change)
        elif key in tree and isinstance(tree[key], dict):
            _merge(tree[key], change)
        elif key in tree:
            tree[key] = change
        else:
            raise refusal(f"计划里没有{key}", "、".join([*items, *tree]), WHERE)
    for id, item in items.items():
        if "points" not in changes.get(id, {}):
            plain = (entry for entry in item["measures"] if not entry["bonus"])
            points = (Fraction(str(entry["points"])) for entry in plain)
            item["points"] = str(sum(points, Fraction(0)))
    return inputs.validated(tree, Plan, WHERE)


def _merge(old: dict[str, Any], change: Any) -> None:
    if not isinstance(change, Mapping):
        raise refusal(f"改动{change!r}不是一张表", '如{"points": 5}')
    for key, value in change.items():
        if isinstance(old.get(key), dict) and isinstance(value, Mapping):
            # A rule or source of another kind has other keys: it replaces the old.
            same = value.get("kind", old[key].get("kind")) == old[key].get("kind")
            old[key] = {**old[key], **value} if same else dict(value)
        else:
            old[key] = value


def _targets(evidence: Evidence, changes: Mapping[str, Value]) -> tuple[Target, ...]:
    """Return the targets with other values in the rows that hold."""
    values: dict[Target, Decimal] = {}
    for key, value in changes.items():
        metric, _, platform = key.partition("/")
        target, _ = holding(evidence, metric, platform)
        if target is None:
            rows = [row for row in evidence.targets if row.period == evidence.month]
            keys = ["/".join(filter(None, (at.metric, at.platform))) for at in rows]
            expected = "、".join(dict.fromkeys(keys))
            raise refusal(f"{evidence.month}没有{key}的短期目标", expected)
        values[target] = inputs.number_of(value, f"{key}的目标")
    return tuple(
        target.model_copy(update={"value": values[target]})
        if target in values
        else target
        for target in evidence.targets
    )


# From a point back to its numbers: the published card, in lines for a terminal.


def explain(
    workspace: Workspace, month: str, operator: str, measure: str = ""
) -> list[str]:
    """
    Tell how an operator's published points came about.

    Parameters
    ----------
    workspace : Workspace
        Where the published cards lie.
    month : str
        ``YYYY-MM``.
    operator : str
        Roster id, or name.
    measure : str
        ``item.measure``, its id or name alone; empty for a line per measure.

    Returns
    -------
    list of str
        Lines: value, target, rule with the numbers put in, points, files and rows.

    Raises
    ------
    WorkspaceError
        There is no published card, or no such measure; names those there are.
    """
    folder, again = workspace.reports(month), f"先运行kpi run {month}"
    files = [file for file in sorted(folder.glob("*.json")) if file.stem != "run"]
    cards = {file.stem: str(read_json(file).get("name", file.stem)) for file in files}
    try:
        path = folder / f"{inputs.id_or_name(cards)(operator)}.json"
    except inputs.WrongForm as err:
        where, what = workspace.relative(folder), f"没有{operator}的评分卡"
        raise WorkspaceError.of(what, where=where, expected=str(err), do=again) from err
    place = workspace.relative(path)
    try:
        card = Card.from_json(json.loads(path.read_text(encoding="utf-8")))
        measures = {
            key: own
            for key, own in card.measures.items()
            if measure in ("", key, own["id"], own["name"])
        }
        if not measure or len(measures) == 1:
            told = {"states": STATUS, "metrics": METRICS, "alone": bool(measure)}
            text = page.text("explain.txt", card=card, measures=measures, **told)
            return text.splitlines()
    except (LookupError, TypeError, ValueError, AttributeError) as err:
        what, expected = "评分卡损坏，读不懂", "运行写下的原样文件"
        raise WorkspaceError.of(what, where=place, expected=expected, do=again) from err
    named = (f"{own['name']}（{key}）" for key, own in card.measures.items())
    what, expected = f"没有量化指标{measure}", "、".join(named)
    raise WorkspaceError.of(what, where=place, expected=expected)
