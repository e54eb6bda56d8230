"""
Sources that hold results against targets: coverage, challenge, attainment.

A required metric without an approved target is pending: it never drops out of a mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from typing_extensions import override

from kpi_lib.appraisal.evidence import (
    Evidence,
    Number,
    Reading,
    cited,
    excluded,
    pending,
    text,
)
from kpi_lib.appraisal.goals import Goal, in_force, is_mapped, period
from kpi_lib.appraisal.sources.base import Source, plan_of
from kpi_lib.catalogue import HORIZONS, METRICS, Metric
from kpi_lib.figures import joined
from kpi_lib.inputs import (
    Attainment,
    Coverage,
    Measure,
    OneMetric,
    OverDelivery,
    Target,
)
from kpi_lib.language import Sentence
from kpi_lib.months import mapped_metrics

NONE_REQUIRED = Sentence("没有必考的指标")


# Means over the required metrics.


@dataclass(frozen=True)
class _Mean:
    value: Fraction | None
    goals: list[Goal]
    missing: list[str]


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
    for metric in metrics:
        goals = evidence.goals.of(metric)
        every += goals
        missing += _unset(metric, goals)
        counted = [(goal, share_of(goal)) for goal in goals if not skip(goal)]
        for goal, share in counted:
            if share is None:
                missing += [gap for gap in goal.result.gaps if gap not in missing]
        known = [Fraction(share) for _, share in counted if share is not None]
        if not known or len(known) < len(counted):
            continue
        weight = evidence.plan.weights.get(metric, Fraction(1))
        total += weight * sum(known, Fraction(0)) / len(known)
        weights += weight
    return _Mean(total / weights if weights else None, every, missing)


def _unset(metric: str, goals: Sequence[Goal]) -> list[str]:
    """Say that a metric has no target, or one that nobody approved."""
    label = METRICS[metric].label
    if not goals:
        return [Sentence("{metric}没有短期目标", metric=label)]
    if not all(goal.approved for goal in goals):
        return [Sentence("{metric}的短期目标没有批准", metric=label)]
    return []


def _reading(
    evidence: Evidence,
    mean: _Mean,
    *,
    unit: str = "%",
    extra: Mapping[str, str] | None = None,
) -> Reading:
    goals = mean.goals
    inputs = dict(extra or {})
    for goal in goals:
        inputs |= goal.inputs
        weight = evidence.plan.weights.get(goal.metric)
        if weight is not None:
            inputs[f"{goal.metric}.weight"] = text(weight)
    rows = [
        cited("data/targets.csv", str(goal.target.row), metric=goal.metric)
        for goal in goals
    ]
    reading = Reading(
        value=mean.value,
        target=Fraction(1),
        unit=unit,
        note=_floors(goals),
        inputs=inputs,
        parts=tuple(goal.part for goal in goals),
        evidence=(*rows, *(row for goal in goals for row in goal.result.sources)),
        flags=tuple(_flags(goals)),
    )
    if not mean.missing:
        return reading
    note = joined(mean.missing)
    return replace(reading, state="pending", value=None, target=None, note=note)


def _flags(goals: Iterable[Goal]) -> Iterable[str]:
    for goal in goals:
        label = METRICS[goal.metric].label
        if goal.held.late:
            yield Sentence(
                "{metric}的短期目标在月初之后才生效（{on}）",
                metric=label,
                on=goal.target.set_on,
            )
        for row in goal.held.refused:
            yield Sentence(
                "{metric}在{on}改低到{value}，没有批准和理由，仍按原目标",
                metric=label,
                on=row.set_on,
                value=_value(row),
            )


def _value(row: Target) -> str:
    return text(Fraction(row.value))


def _floors(goals: Iterable[Goal]) -> str:
    return joined(
        Sentence(
            "{metric}的目标{target}低于下限，按{counted}计",
            metric=METRICS[goal.metric].label,
            target=_value(goal.target),
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


class _OfResults(Source):
    """Sources that count the results of metrics."""

    rests_on = "exports"
    shares_results = True

    @override
    def metrics(self, measure: Measure, reading: Reading) -> list[str]:
        return list(dict.fromkeys(part["metric"] for part in reading.parts))


class AttainmentSource(_OfResults):
    """Mean attainment over required metrics, each row up to the cap."""

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        source = plan_of(measure, Attainment)
        metrics = evidence.goals.required
        if source.metrics != "required":
            metrics = tuple(name for name in metrics if name in source.metrics)
        if not metrics:
            return excluded(NONE_REQUIRED)
        mean = _mean(evidence, metrics, lambda goal: _capped(goal, source.cap))
        return _reading(evidence, mean, extra={"cap": text(source.cap)})


class OverDeliverySource(_OfResults):
    """
    Mean attainment in which only challenging targets go beyond 100 %.

    Rows without a baseline or below the band enter at most as 1.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        cap = plan_of(measure, OverDelivery).cap
        floor = evidence.plan.band.floor

        def share(goal: Goal) -> Fraction | None:
            plain = goal.met_only or goal.growth is None or goal.growth < floor
            return _capped(goal, Fraction(1) if plain else cap)

        metrics = evidence.goals.required
        if not metrics:
            return excluded(NONE_REQUIRED)
        mean = _mean(evidence, metrics, share)
        extra = {"cap": text(cap), "band.floor": text(floor)}
        return _reading(evidence, mean, extra=extra)


class OneMetricSource(_OfResults):
    """
    One metric and its short target, or the plan's own number as target.

    A number of the plan scales with leave as targets do.
    """

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        source = plan_of(measure, OneMetric)
        metric = METRICS[source.metric]
        if source.target is not None:
            return self._against_plan(evidence, source, source.target)
        goal = evidence.goals.goal(source.metric, source.platform)
        if goal is None:
            return pending(_unset(source.metric, [])[0])
        missing = [*goal.result.gaps, *_unset(source.metric, [goal])]
        mean = _Mean(None, [goal], missing)
        reading = _reading(evidence, mean, unit=_unit(metric))
        return replace(
            reading,
            value=None if missing else goal.result.value,
            target=goal.wanted,
            less=metric.less_is_better,
            inputs={
                **reading.inputs,
                **_numbers(goal.result.value, goal.wanted, metric),
            },
        )

    def _against_plan(
        self, evidence: Evidence, source: OneMetric, target: Fraction
    ) -> Reading:
        metric = METRICS[source.metric]
        total = evidence.total(metric.result, platform=source.platform)
        value = total.reading(evidence.which)
        if metric.accrues:
            target *= evidence.part
        reading = Reading(
            value=value,
            target=target,
            unit=_unit(metric),
            inputs=_numbers(value, target, metric),
            evidence=total.sources,
            less=metric.less_is_better,
        )
        gaps = total.gaps
        if value is None and not gaps:
            gaps = (Sentence("没有{metric}", metric=metric.label),)
        if gaps:
            return replace(reading, state="pending", value=None, note=joined(gaps))
        return reading

    @override
    def metrics(self, measure: Measure, reading: Reading) -> list[str]:
        return [plan_of(measure, OneMetric).metric]


def _unit(metric: Metric) -> str:
    return "%" if metric.unit == "share" else ""


def _numbers(value: Number | None, target: Fraction, metric: Metric) -> dict[str, str]:
    less = {"less": "1"} if metric.less_is_better else {}
    return {"value": text(value), "target": text(target), **less}


class ChallengeSource(Source):
    """
    How challenging and reasonable the short targets are, by the plan's band.

    Metrics without a baseline are left out and named; excluded if none is left.
    """

    rests_on = "confirmed"  # targets count only with an approval

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        metrics = evidence.goals.required
        if not metrics:
            return excluded(NONE_REQUIRED)

        def share(goal: Goal) -> Fraction | None:
            return None if goal.growth is None else in_band(goal.growth, evidence)

        mean = _mean(evidence, metrics, share, skip=lambda goal: goal.growth is None)
        without = dict.fromkeys(
            METRICS[goal.metric].label for goal in mean.goals if goal.growth is None
        )
        note = (
            Sentence("没有基线，不计：{metrics}", metrics=list(without))
            if without
            else ""
        )
        if mean.value is None and not mean.missing:
            return excluded(note or Sentence("没有基线"))
        band = evidence.plan.band
        extra = {
            "band.floor": text(band.floor),
            "band.full": text(band.full),
            "band.top": text(band.top),
            "band.at_floor": str(band.at_floor),
            "band.above": str(band.above),
        }
        reading = _reading(evidence, mean, extra=extra)
        return replace(reading, note=note) if reading.state == "given" else reading


def in_band(growth: Fraction, evidence: Evidence) -> Fraction:
    """
    Return the share of points that a target's growth over the baseline earns.

    None below the floor, `at_floor` at it, straight up to full, full to the top,
    `above` beyond (APPRAISAL, Attainment).
    """
    band = evidence.plan.band
    if growth < band.floor:
        return Fraction(0)
    if growth < band.full:
        way = (growth - band.floor) / (band.full - band.floor)
        return band.at_floor + (1 - band.at_floor) * way
    return Fraction(1) if growth <= band.top else band.above


class CoverageSource(Source):
    """Cells of required metric × horizon that had a target when the month began."""

    rests_on = "confirmed"

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        horizons = plan_of(measure, Coverage).horizons
        metrics = evidence.goals.required
        if not metrics:
            return excluded(NONE_REQUIRED)
        cells = [
            (metric, horizon, _covering(evidence, metric, horizon))
            for metric in metrics
            for horizon in horizons
        ]
        lacking = [
            Sentence(
                "{metric}（{horizon}）",
                metric=METRICS[metric].label,
                horizon=HORIZONS[horizon],
            )
            for metric, horizon, rows in cells
            if not rows
        ]
        covered = len(cells) - len(lacking)
        numbers = sorted({row for _, _, rows in cells for row in rows})
        rows = ",".join(map(str, numbers))
        return Reading(
            value=Fraction(covered),
            target=Fraction(len(cells)),
            unit="格",
            note=Sentence("缺：{targets}", targets=lacking) if lacking else "",
            inputs={"covered": str(covered), "cells": str(len(cells))},
            evidence=(cited("data/targets.csv", rows),) if rows else (),
        )


def _covering(evidence: Evidence, metric: str, horizon: str) -> list[int]:
    """
    Return the rows of targets.csv that cover a cell; empty if it is not.

    A row with an empty platform, or rows for every own platform that maps the metric.
    """
    standing = [
        row
        for row in evidence.targets
        if row.metric == metric
        and row.horizon == horizon
        and row.period == period(evidence.month, horizon)
        and in_force(evidence, row)
    ]
    whole = [row.row for row in standing if not row.platform]
    if whole:
        return whole
    needed = {
        account.platform
        for account in evidence.accounts
        if _maps(evidence, account.id, metric)
    }
    rows = {row.platform: row.row for row in standing}
    return list(rows.values()) if needed and needed <= set(rows) else []


def _maps(evidence: Evidence, account: str, metric: str) -> bool:
    expected = mapped_metrics(evidence.roster.account(account), evidence.layouts)
    if is_mapped(metric, set(expected)):
        return True
    rows = evidence.monthly[evidence.monthly["account"] == account]
    return is_mapped(metric, set(rows["metric"]))


TARGETS: dict[str, Source] = {
    "coverage": CoverageSource(),
    "challenge": ChallengeSource(),
    "attainment": AttainmentSource(),
    "over_delivery": OverDeliverySource(),
    "metric": OneMetricSource(),
}
"""By the kind that the plan writes."""
