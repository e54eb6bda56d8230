"""
Sources that hold results against targets: coverage, challenge, attainment.

A required metric without an approved target is pending: it never drops out of a mean.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from itertools import chain
from operator import attrgetter
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal.evidence import (
    Evidence,
    Number,
    Reading,
    cited,
    excluded,
    pending,
    text,
)
from kpi_lib.appraisal.goals import Goal, gaps_of, holding, in_force, targets_of
from kpi_lib.appraisal.sources.base import P, Source, cite
from kpi_lib.catalogue import HORIZONS, METRICS
from kpi_lib.days import months_back
from kpi_lib.figures import amount, joined
from kpi_lib.inputs import Account, Target, kinds
from kpi_lib.language import N_, Sentence


def _unset(metric: str, goals: Sequence[Goal]) -> list[str]:
    """Say that a metric has no target, or one that nobody approved."""
    label = METRICS[metric].label
    if not goals:
        return [Sentence("{metric}没有短期目标", metric=label)]
    if not all(goal.approved for goal in goals):
        return [Sentence("{metric}的短期目标没有批准", metric=label)]
    return []


def _of_goals(evidence: Evidence, goals: Sequence[Goal], **more: Any) -> Reading:
    """Return a reading with every number and row of the goals it is made from."""
    inputs = dict(more.pop("inputs", {}))
    for goal in goals:
        inputs |= goal.inputs
        if weight := evidence.plan.weights.get(goal.metric.name):
            inputs[f"{goal.metric.name}.weight"] = text(weight)
    rows = [
        cited(goal.target.source, str(goal.target.row), metric=goal.metric.name)
        for goal in goals
    ]
    return Reading(
        note=joined(
            Sentence(
                "{metric}的目标{target}低于下限，按{counted}计",
                metric=goal.metric.label,
                target=text(goal.target.value),
                counted=text(goal.counted),
            )
            for goal in goals
            if goal.floored
        ),
        inputs=inputs,
        evidence=(*rows, *(row for goal in goals for row in goal.sources)),
        flags=tuple(
            Sentence(
                "{metric}在{on}改低到{value}，没有批准和理由，仍按原目标",
                metric=goal.metric.label,
                on=row.set_on,
                value=text(row.value),
            )
            for goal in goals
            for row in goal.refused
        ),
        **more,
    )


# The kinds.


class _Required(Source[P]):
    """A source that looks at required metrics; excluded where there are none."""

    def read(self) -> Reading:
        named = getattr(self.plan, "metrics", "required")
        required = self.evidence.goals.required
        metrics = [name for name in required if named == "required" or name in named]
        return self.of(metrics) if metrics else excluded(NOTHING)

    @abstractmethod
    def of(self, metrics: Sequence[str]) -> Reading: ...


class _Mean(_Required[P]):
    """The weighted mean over required metrics of the plain mean over their goals."""

    @abstractmethod
    def share(self, goal: Goal) -> Number | None:
        """Return what a goal enters with; None where its result is not known."""

    @abstractmethod
    def bounds(self) -> dict[str, str]:
        """Return the numbers of the plan by which shares were made."""

    def left_out(self, goal: Goal) -> bool:
        """Say whether a goal does not enter."""
        return False

    def said(self, reading: Reading, goals: Sequence[Goal]) -> Reading:
        """Return a mean from which nothing is missing with what to know about it."""
        return reading

    def of(self, metrics: Sequence[str]) -> Reading:
        total = weights = Fraction(0)
        every: list[Goal] = []
        missing: dict[str, None] = {}
        parts: list[dict[str, str]] = []
        for metric in metrics:
            goals = self.evidence.goals.of(metric)
            every += goals
            missing |= dict.fromkeys(_unset(metric, goals))
            shares = {
                goal.target.platform: self.share(goal)
                for goal in goals
                if not self.left_out(goal)
            }
            known = [Fraction(share) for share in shares.values() if share is not None]
            weight = self.evidence.plan.weights.get(metric, Fraction(1))
            weight /= len(shares) or 1
            complete = len(known) == len(shares)
            if complete:
                total += weight * sum(known, Fraction(0))
                weights += weight * len(known)
            for goal in goals:
                share = shares.get(goal.target.platform)
                if share is None and not self.left_out(goal):
                    missing |= dict.fromkeys(goal.gaps)
                entered = complete and share is not None
                own = {"weight": str(weight), "share": text(share)} if entered else {}
                parts.append({**goal.part, "weight": "", "share": "", **own})
        reading = _of_goals(
            self.evidence,
            every,
            value=total / weights if weights else None,
            target=Fraction(1),
            unit="%",
            inputs=self.bounds(),
            parts=tuple(parts),
        )
        if not missing:
            return self.said(reading, every)
        note = joined(missing)
        return replace(reading, state="pending", value=None, target=None, note=note)


class _Results(Source[P]):
    """A source that counts the results of metrics."""

    rests_on = "exports"
    shares_results = True

    def metrics(self, reading: Reading) -> list[str]:
        return list(dict.fromkeys(part["metric"] for part in reading.parts))


def _capped(goal: Goal, cap: Fraction) -> Fraction | None:
    if goal.gaps or goal.attained is None:
        return None
    return Fraction(min(goal.attained, cap))


class _Attainment(
    _Results[kinds.Attainment], _Mean[kinds.Attainment], kind="attainment"
):
    """Mean attainment over required metrics, each row up to the cap."""

    def share(self, goal: Goal) -> Number | None:
        return _capped(goal, self.plan.cap)

    def bounds(self) -> dict[str, str]:
        return {"cap": text(self.plan.cap)}


class _OverDelivery(
    _Results[kinds.OverDelivery], _Mean[kinds.OverDelivery], kind="over_delivery"
):
    """Mean attainment in which only targets within the band go beyond 100 %."""

    def of(self, metrics: Sequence[str]) -> Reading:
        goals = [*map(self.evidence.goals.of, metrics)]
        # Without any baseline no target may count beyond 100 %: nothing to earn.
        if all(goals) and all(goal.base is None for goal in chain(*goals)):
            return excluded(Sentence("没有一项必考指标有基线，不看超额"))
        return super().of(metrics)

    def share(self, goal: Goal) -> Number | None:
        floor = self.evidence.plan.band.floor
        plain = goal.met_only or goal.growth is None or goal.growth < floor
        return _capped(goal, Fraction(1) if plain else self.plan.cap)

    def bounds(self) -> dict[str, str]:
        floor = self.evidence.plan.band.floor
        return {"cap": text(self.plan.cap), "band.floor": text(floor)}


class _OneMetric(_Results[kinds.OneMetric], kind="metric"):
    """One metric and its short target, or the plan's number, scaled with leave."""

    def read(self) -> Reading:
        evidence, plan, metric = self.evidence, self.plan, METRICS[self.plan.metric]
        if plan.target is None:
            goal = evidence.goals.goal(plan.metric, plan.platform)
            if goal is None:
                return pending(_unset(plan.metric, [])[0])
            value, target = goal.value, goal.wanted
            gaps = [*goal.gaps, *_unset(plan.metric, [goal])]
            reading = _of_goals(evidence, [goal], parts=(goal.part,))
        else:
            total = evidence.total(metric.result, platform=plan.platform)
            value = total.reading(evidence.which)
            part = evidence.charge(plan.metric) if metric.accrues else Fraction(1)
            target = plan.target * part
            gaps = gaps_of(plan.metric, value, total.gaps)
            reading = Reading(evidence=total.sources)
        less = {"less": "1"} if metric.less_is_better else {}
        numbers = {"value": text(value), "target": text(target), **less}
        reading = replace(
            reading,
            value=value,
            target=target,
            unit="%" if metric.unit == "share" else "",
            inputs={**reading.inputs, **numbers},
            less=metric.less_is_better,
        )
        if not gaps:
            return reading
        return replace(reading, state="pending", value=None, note=joined(gaps))


class _Challenge(_Mean[Any], kind="challenge"):
    """How challenging the short targets are, of those with a baseline."""

    rests_on = "approved"  # targets count only with an approval

    def share(self, goal: Goal) -> Number | None:
        return None if goal.growth is None else in_band(goal.growth, self.evidence)

    def left_out(self, goal: Goal) -> bool:
        return goal.growth is None

    def bounds(self) -> dict[str, str]:
        band = self.evidence.plan.band
        growths = {f"band.{at}": text(getattr(band, at)) for at in _GROWTHS}
        return growths | {f"band.{at}": str(getattr(band, at)) for at in _SHARES}

    def said(self, reading: Reading, goals: Sequence[Goal]) -> Reading:
        without = dict.fromkeys(g.metric.label for g in goals if self.left_out(g))
        lacking = Sentence("没有基线，不计：{metrics}", metrics=list(without))
        if reading.value is None:
            return excluded(lacking if without else Sentence("没有基线"))
        bounds = {at.removeprefix("band."): to for at, to in self.bounds().items()}
        words = Sentence(
            "增幅不到{floor}不得分，{floor}得{at_floor}，{full}得满分，其间按直线；"
            "超过{top}得{above}",
            **bounds | {at: figures.percent(bounds[at], 0) for at in _GROWTHS},
        )
        return replace(reading, note=joined([words, lacking if without else ""]))


_GROWTHS, _SHARES = ("floor", "full", "top"), ("at_floor", "above")


def in_band(growth: Fraction, evidence: Evidence) -> Fraction:
    """Return the share of points that a growth earns (APPRAISAL, Attainment)."""
    band = evidence.plan.band
    if growth < band.floor:
        return Fraction(0)
    if growth < band.full:
        way = (growth - band.floor) / (band.full - band.floor)
        return band.at_floor + (1 - band.at_floor) * way
    return Fraction(1) if growth <= band.top else band.above


class _Coverage(_Required[kinds.Coverage], kind="coverage"):
    """Cells of required metric × horizon that had a target by the plan's deadline."""

    rests_on = "approved"

    def of(self, metrics: Sequence[str]) -> Reading:
        cells = {
            (metric, horizon): _covering(self.evidence, metric, horizon)
            for metric in metrics
            for horizon in self.plan.horizons
        }
        lacking: dict[str, list[Sentence]] = {}
        for (metric, horizon), rows in cells.items():
            there = targets_of(self.evidence, metric, horizon)
            cell = {"metric": METRICS[metric].label, "horizon": HORIZONS[horizon]}
            if not rows:
                why = LATE if there else MISSING
                said = Sentence("{metric}（{horizon}）", **cell)
                lacking.setdefault(why, []).append(said)
        covered = sum(map(bool, cells.values()))
        return Reading(
            value=Fraction(covered),
            target=Fraction(len(cells)),
            unit="格",
            note=joined(
                [
                    Sentence(
                        "{n}项指标，各{horizons}个期限",
                        n=len(metrics),
                        horizons=len(self.plan.horizons),
                    ),
                    *(
                        Sentence(why, targets=targets, on=self.evidence.deadline)
                        for why, targets in lacking.items()
                    ),
                    *self._ended(metrics),
                ]
            ),
            inputs={"covered": str(covered), "cells": str(len(cells))},
            evidence=cite(chain(*cells.values())),
        )

    def _ended(self, metrics: Sequence[str]) -> Iterator[Sentence]:
        """Hold the targets whose quarter or year ends with the month against it."""
        evidence = self.evidence
        for horizon, months in (("mid", 3), ("long", 12)):
            latest = {
                row.metric: row
                for metric in metrics
                if METRICS[metric].unit != "share"  # one month's is none of three
                for row in sorted(targets_of(evidence, metric, horizon), key=set_on)
                if not row.platform and evidence.confirmed(row)
            }
            results = [*map(partial(self._over, months), latest.values())]
            if int(evidence.month[5:]) % months == 0 and results:
                text = N_("到期的{horizon}目标（结果/目标）：{results}")
                yield Sentence(text, horizon=HORIZONS[horizon], results=results)

    def _over(self, months: int, row: Target) -> Sentence:
        """Say what became of a target: a flow adds up, a level counts as it is now."""
        metric, printed = METRICS[row.metric], amount(row.metric)
        span = months_back(self.evidence.month, months if metric.kind == "flow" else 1)
        values = [self.evidence.total(metric.name, month=at).value for at in span]
        known = [value for value in values if value is not None]
        result = printed(text(sum(known, Fraction(0)) if known == values else None))
        numbers = f"{result}/{printed(row.value)}"
        return Sentence("{metric}{result}", metric=metric.label, result=numbers)


set_on = attrgetter("set_on")

MISSING = N_("缺：{targets}")
NOTHING = Sentence("没有必考的指标；在“人员”的必考指标（花名册的required）里写上要考的")
LATE = N_("{on}前没有批准，或远低于短期目标：{targets}")


def _covering(evidence: Evidence, metric: str, horizon: str) -> list[Target]:
    """Return rows of the whole, or of every own platform that maps the metric."""
    standing = [
        row
        for row in targets_of(evidence, metric, horizon)
        if in_force(evidence, row) and not _hollow(evidence, row)
    ]
    whole = [row for row in standing if not row.platform]
    if whole:
        return whole
    needed = {
        account.platform
        for account in evidence.accounts
        if _maps(evidence, account, metric)
    }
    rows = {row.platform: row for row in standing}
    return list(rows.values()) if needed and needed <= set(rows) else []


def _hollow(evidence: Evidence, row: Target) -> bool:
    """Say whether a further target asks for far less than the month's own."""
    short, _ = holding(evidence, row.metric, row.platform)
    if short is None:
        return False
    further, own = Fraction(row.value), Fraction(short.value)
    if METRICS[row.metric].less_is_better:
        further, own = own, further
    return further < evidence.plan.evidence.further_least * own


def _maps(evidence: Evidence, account: Account, metric: str) -> bool:
    rows = evidence.monthly[evidence.monthly["account"] == account.id]
    mapped = account.mapped, set(rows["metric"])
    return any(METRICS[metric].is_in(metrics) for metrics in mapped)
