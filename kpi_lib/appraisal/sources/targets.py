"""
Sources that hold results against targets: coverage, challenge, attainment.

A required metric without an approved target is pending: it never drops out of a mean.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import chain
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
from kpi_lib.appraisal.goals import (
    Goal,
    gaps_of,
    holding,
    in_force,
    is_mapped,
    targets_of,
)
from kpi_lib.appraisal.sources.base import P, Source
from kpi_lib.catalogue import HORIZONS, METRICS
from kpi_lib.figures import joined
from kpi_lib.inputs import Account, Target, kinds
from kpi_lib.language import N_, Sentence

# Means over the required metrics.


@dataclass(frozen=True)
class _Mean:
    value: Fraction | None
    goals: list[Goal]
    missing: list[str]
    parts: list[dict[str, str]]


def _mean(
    evidence: Evidence,
    metrics: Iterable[str],
    share_of: Callable[[Goal], Number | None],
    *,
    skip: Callable[[Goal], bool] = lambda goal: False,
) -> _Mean:
    """Return the weighted mean over metrics of the plain mean over their goals."""
    total = weights = Fraction(0)
    every: list[Goal] = []
    missing: list[str] = []
    parts: list[dict[str, str]] = []
    for metric in metrics:
        goals = evidence.goals.of(metric)
        every += goals
        missing += _unset(metric, goals)
        counted = [goal for goal in goals if not skip(goal)]
        shares = {goal.platform: share_of(goal) for goal in counted}
        for goal in counted:
            if shares[goal.platform] is None:
                missing += [gap for gap in goal.result.gaps if gap not in missing]
        known = [Fraction(share) for share in shares.values() if share is not None]
        weight = evidence.plan.weights.get(metric, Fraction(1)) / (len(counted) or 1)
        if len(known) < len(counted):
            known = []
        total += weight * sum(known, Fraction(0))
        weights += weight * len(known)
        for goal in goals:
            share = shares.get(goal.platform) if known else None
            own = "" if share is None else str(weight)
            parts.append({**goal.part, "weight": own, "share": text(share)})
    return _Mean(total / weights if weights else None, every, missing, parts)


def _unset(metric: str, goals: Sequence[Goal]) -> list[str]:
    """Say that a metric has no target, or one that nobody approved."""
    label = METRICS[metric].label
    if not goals:
        return [Sentence("{metric}没有短期目标", metric=label)]
    if not all(goal.approved for goal in goals):
        return [Sentence("{metric}的短期目标没有批准", metric=label)]
    return []


def _reading(evidence: Evidence, mean: _Mean, extra: Mapping[str, str]) -> Reading:
    """Return a mean with every number and row that it was made from."""
    goals = mean.goals
    inputs = dict(extra)
    for goal in goals:
        inputs |= goal.inputs
        weight = evidence.plan.weights.get(goal.metric)
        if weight is not None:
            inputs[f"{goal.metric}.weight"] = text(weight)
    rows = [
        cited(goal.target.source, str(goal.target.row), metric=goal.metric)
        for goal in goals
    ]
    reading = Reading(
        value=mean.value,
        target=Fraction(1),
        unit="%",
        note=_floors(goals),
        inputs=inputs,
        parts=tuple(mean.parts),
        evidence=(*rows, *(row for goal in goals for row in goal.result.sources)),
        flags=tuple(_flags(goals)),
    )
    if not mean.missing:
        return reading
    note = joined(mean.missing)
    return replace(reading, state="pending", value=None, target=None, note=note)


def _flags(goals: Iterable[Goal]) -> Iterable[str]:
    for goal in goals:
        for row in goal.held.refused:
            yield Sentence(
                "{metric}在{on}改低到{value}，没有批准和理由，仍按原目标",
                metric=METRICS[goal.metric].label,
                on=row.set_on,
                value=text(row.value),
            )


def _floors(goals: Iterable[Goal]) -> str:
    return joined(
        Sentence(
            "{metric}的目标{target}低于下限，按{counted}计",
            metric=METRICS[goal.metric].label,
            target=text(goal.target.value),
            counted=text(goal.counted),
        )
        for goal in goals
        if goal.floored
    )


def _capped(goal: Goal, cap: Fraction) -> Fraction | None:
    if goal.result.gaps or goal.attained is None:
        return None
    return Fraction(min(goal.attained, cap))


# The kinds.


class _Required(Source[P]):
    """A source that looks at required metrics; excluded where there are none."""

    def read(self) -> Reading:
        metrics = self.chosen(self.evidence.goals.required)
        return self.of(metrics) if metrics else excluded(Sentence("没有必考的指标"))

    def chosen(self, required: Sequence[str]) -> Sequence[str]:
        return required

    @abstractmethod
    def of(self, metrics: Sequence[str]) -> Reading: ...


class _Results(Source[P]):
    """A source that counts the results of metrics."""

    rests_on = "exports"
    shares_results = True

    def metrics(self, reading: Reading) -> list[str]:
        return list(dict.fromkeys(part["metric"] for part in reading.parts))


class _Attainment(_Results[kinds.Attainment], _Required[kinds.Attainment]):
    """Mean attainment over required metrics, each row up to the cap."""

    def chosen(self, required: Sequence[str]) -> Sequence[str]:
        metrics = self.plan.metrics
        if metrics == "required":
            return required
        return [metric for metric in required if metric in metrics]

    def of(self, metrics: Sequence[str]) -> Reading:
        cap = self.plan.cap
        mean = _mean(self.evidence, metrics, lambda goal: _capped(goal, cap))
        return _reading(self.evidence, mean, {"cap": text(cap)})


class _OverDelivery(_Results[kinds.OverDelivery], _Required[kinds.OverDelivery]):
    """Mean attainment in which only targets within the band go beyond 100 %."""

    def of(self, metrics: Sequence[str]) -> Reading:
        cap, floor = self.plan.cap, self.evidence.plan.band.floor

        def share(goal: Goal) -> Fraction | None:
            plain = goal.met_only or goal.growth is None or goal.growth < floor
            return _capped(goal, Fraction(1) if plain else cap)

        mean = _mean(self.evidence, metrics, share)
        bounds = {"cap": text(cap), "band.floor": text(floor)}
        return _reading(self.evidence, mean, bounds)


class _OneMetric(_Results[kinds.OneMetric]):
    """One metric and its short target, or the plan's number, scaled with leave."""

    def read(self) -> Reading:
        evidence, plan, metric = self.evidence, self.plan, METRICS[self.plan.metric]
        if plan.target is None:
            goal = evidence.goals.goal(plan.metric, plan.platform)
            if goal is None:
                return pending(_unset(plan.metric, [])[0])
            value, target = goal.result.value, goal.wanted
            gaps = [*goal.result.gaps, *_unset(plan.metric, [goal])]
            reading = _reading(evidence, _Mean(None, [goal], [], [goal.part]), {})
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

    def metrics(self, reading: Reading) -> list[str]:
        return [self.plan.metric]


class _Challenge(_Required[Any]):
    """How challenging the short targets are, of those with a baseline."""

    rests_on = "confirmed"  # targets count only with an approval

    def of(self, metrics: Sequence[str]) -> Reading:

        def share(goal: Goal) -> Fraction | None:
            return None if goal.growth is None else in_band(goal.growth, self.evidence)

        mean = _mean(
            self.evidence, metrics, share, skip=lambda goal: goal.growth is None
        )
        without = dict.fromkeys(
            METRICS[goal.metric].label for goal in mean.goals if goal.growth is None
        )
        lacking = Sentence("没有基线，不计：{metrics}", metrics=list(without))
        if mean.value is None and not mean.missing:
            return excluded(lacking if without else Sentence("没有基线"))
        band = self.evidence.plan.band
        growths = {at: text(getattr(band, at)) for at in ("floor", "full", "top")}
        shares = {at: str(getattr(band, at)) for at in ("at_floor", "above")}
        words = Sentence(
            "增幅不到{floor}不得分，{floor}得{at_floor}，{full}得满分，其间按直线；"
            "超过{top}得{above}",
            **{at: figures.percent(growth, 0) for at, growth in growths.items()},
            **shares,
        )
        bounds = {f"band.{at}": bound for at, bound in (growths | shares).items()}
        reading = _reading(self.evidence, mean, bounds)
        if mean.missing:
            return reading
        return replace(reading, note=joined([words, lacking if without else ""]))


def in_band(growth: Fraction, evidence: Evidence) -> Fraction:
    """Return the share of points that a growth earns (APPRAISAL, Attainment)."""
    band = evidence.plan.band
    if growth < band.floor:
        return Fraction(0)
    if growth < band.full:
        way = (growth - band.floor) / (band.full - band.floor)
        return band.at_floor + (1 - band.at_floor) * way
    return Fraction(1) if growth <= band.top else band.above


class _Coverage(_Required[kinds.Coverage]):
    """Cells of required metric × horizon that had a target by the plan's deadline."""

    rests_on = "confirmed"

    def of(self, metrics: Sequence[str]) -> Reading:
        cells = {
            (metric, horizon): _covering(self.evidence, metric, horizon)
            for metric in metrics
            for horizon in self.plan.horizons
        }
        lacking = [
            Sentence(
                N_("{metric}（{horizon}，没有按期批准，或远低于短期目标）")
                if targets_of(self.evidence, metric, horizon)
                else N_("{metric}（{horizon}）"),
                metric=METRICS[metric].label,
                horizon=HORIZONS[horizon],
            )
            for (metric, horizon), rows in cells.items()
            if not rows
        ]
        covered = len(cells) - len(lacking)
        rows = ",".join(map(str, sorted({*chain(*cells.values())})))
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
                    Sentence("缺：{targets}", targets=lacking) if lacking else "",
                ]
            ),
            inputs={"covered": str(covered), "cells": str(len(cells))},
            evidence=(cited("data/targets.csv", rows),) if rows else (),
        )


def _covering(evidence: Evidence, metric: str, horizon: str) -> list[int]:
    """Return rows of the whole, or of every own platform that maps the metric."""
    standing = [
        row
        for row in targets_of(evidence, metric, horizon)
        if in_force(evidence, row) and not _hollow(evidence, row)
    ]
    whole = [row.row for row in standing if not row.platform]
    if whole:
        return whole
    needed = {
        account.platform
        for account in evidence.accounts
        if _maps(evidence, account, metric)
    }
    rows = {row.platform: row.row for row in standing}
    return list(rows.values()) if needed and needed <= set(rows) else []


def _hollow(evidence: Evidence, row: Target) -> bool:
    """Say whether a further target asks for far less than the month's own."""
    short = holding(evidence, row.metric, "short", row.platform)
    if short is None:
        return False
    further, own = Fraction(row.value), Fraction(short.target.value)
    if METRICS[row.metric].less_is_better:
        further, own = own, further
    return further < evidence.plan.evidence.further_least * own


def _maps(evidence: Evidence, account: Account, metric: str) -> bool:
    rows = evidence.monthly[evidence.monthly["account"] == account.id]
    mapped = evidence.mapped(account), set(rows["metric"])
    return any(is_mapped(metric, metrics) for metrics in mapped)


TARGETS: dict[str, type[Source[Any]]] = {
    "coverage": _Coverage,
    "challenge": _Challenge,
    "attainment": _Attainment,
    "over_delivery": _OverDelivery,
    "metric": _OneMetric,
}
"""By the kind that the plan writes."""
