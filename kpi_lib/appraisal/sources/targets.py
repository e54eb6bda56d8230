"""
Sources that hold results against targets: coverage, challenge, attainment.

A required metric without an approved target is pending: it never drops out of a mean.
"""

from __future__ import annotations

from abc import abstractmethod
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
from kpi_lib.appraisal.goals import Goal, gaps_of, in_force, is_mapped, targets_of
from kpi_lib.appraisal.sources.base import Source, plan_of
from kpi_lib.catalogue import HORIZONS, METRICS
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
        shares = [Fraction(share) for _, share in counted if share is not None]
        if not shares or len(shares) < len(counted):
            continue
        weight = evidence.plan.weights.get(metric, Fraction(1))
        total += weight * sum(shares, Fraction(0)) / len(shares)
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
        cited("data/targets.csv", str(goal.target.row), metric=goal.metric)
        for goal in goals
    ]
    reading = Reading(
        value=mean.value,
        target=Fraction(1),
        unit="%",
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


class RequiredSource(Source):
    """Sources that look at the required metrics; excluded where there are none."""

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        metrics = self.chosen(measure, evidence.goals.required)
        if not metrics:
            return excluded(Sentence("没有必考的指标"))
        return self.of(evidence, measure, metrics)

    def chosen(self, measure: Measure, required: Sequence[str]) -> Sequence[str]:
        """Return which of the required metrics the measure looks at."""
        return required

    @abstractmethod
    def of(
        self, evidence: Evidence, measure: Measure, metrics: Sequence[str]
    ) -> Reading:
        """Return what the metrics give, one or more."""


class ResultsSource(Source):
    """Sources that count the results of metrics."""

    rests_on = "exports"
    shares_results = True

    @override
    def metrics(self, measure: Measure, reading: Reading) -> list[str]:
        return list(dict.fromkeys(part["metric"] for part in reading.parts))


class AttainmentSource(ResultsSource, RequiredSource):
    """Mean attainment over required metrics, each row up to the cap."""

    @override
    def chosen(self, measure: Measure, required: Sequence[str]) -> Sequence[str]:
        metrics = plan_of(measure, Attainment).metrics
        if metrics == "required":
            return required
        return [metric for metric in required if metric in metrics]

    @override
    def of(
        self, evidence: Evidence, measure: Measure, metrics: Sequence[str]
    ) -> Reading:
        cap = plan_of(measure, Attainment).cap
        mean = _mean(evidence, metrics, lambda goal: _capped(goal, cap))
        return _reading(evidence, mean, {"cap": text(cap)})


class OverDeliverySource(ResultsSource, RequiredSource):
    """Mean attainment in which only targets within the band go beyond 100 %."""

    @override
    def of(
        self, evidence: Evidence, measure: Measure, metrics: Sequence[str]
    ) -> Reading:
        cap = plan_of(measure, OverDelivery).cap
        floor = evidence.plan.band.floor

        def share(goal: Goal) -> Fraction | None:
            plain = goal.met_only or goal.growth is None or goal.growth < floor
            return _capped(goal, Fraction(1) if plain else cap)

        mean = _mean(evidence, metrics, share)
        return _reading(evidence, mean, {"cap": text(cap), "band.floor": text(floor)})


class OneMetricSource(ResultsSource):
    """One metric and its short target, or the plan's number, scaled with leave."""

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        source = plan_of(measure, OneMetric)
        metric = METRICS[source.metric]
        if source.target is None:
            goal = evidence.goals.goal(source.metric, source.platform)
            if goal is None:
                return pending(_unset(source.metric, [])[0])
            value, target = goal.result.value, goal.wanted
            gaps = [*goal.result.gaps, *_unset(source.metric, [goal])]
            reading = _reading(evidence, _Mean(None, [goal], []), {})
        else:
            total = evidence.total(metric.result, platform=source.platform)
            value = total.reading(evidence.which)
            target = source.target * (evidence.part if metric.accrues else 1)
            gaps = gaps_of(source.metric, value, total.gaps)
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

    @override
    def metrics(self, measure: Measure, reading: Reading) -> list[str]:
        return [plan_of(measure, OneMetric).metric]


class ChallengeSource(RequiredSource):
    """How challenging the short targets are, of those with a baseline."""

    rests_on = "confirmed"  # targets count only with an approval

    @override
    def of(
        self, evidence: Evidence, measure: Measure, metrics: Sequence[str]
    ) -> Reading:

        def share(goal: Goal) -> Fraction | None:
            return None if goal.growth is None else in_band(goal.growth, evidence)

        mean = _mean(evidence, metrics, share, skip=lambda goal: goal.growth is None)
        without = dict.fromkeys(
            METRICS[goal.metric].label for goal in mean.goals if goal.growth is None
        )
        note = Sentence("没有基线，不计：{metrics}", metrics=list(without))
        if mean.value is None and not mean.missing:
            return excluded(note if without else Sentence("没有基线"))
        band = evidence.plan.band
        extra = {
            "band.floor": text(band.floor),
            "band.full": text(band.full),
            "band.top": text(band.top),
            "band.at_floor": str(band.at_floor),
            "band.above": str(band.above),
        }
        reading = _reading(evidence, mean, extra)
        if mean.missing:
            return reading
        return replace(reading, note=note if without else "")


def in_band(growth: Fraction, evidence: Evidence) -> Fraction:
    """Return the share of points that a growth earns (APPRAISAL, Attainment)."""
    band = evidence.plan.band
    if growth < band.floor:
        return Fraction(0)
    if growth < band.full:
        way = (growth - band.floor) / (band.full - band.floor)
        return band.at_floor + (1 - band.at_floor) * way
    return Fraction(1) if growth <= band.top else band.above


class CoverageSource(RequiredSource):
    """Cells of required metric × horizon that had a target when the month began."""

    rests_on = "confirmed"

    @override
    def of(
        self, evidence: Evidence, measure: Measure, metrics: Sequence[str]
    ) -> Reading:
        horizons = plan_of(measure, Coverage).horizons
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
    """Return rows of the whole, or of every own platform that maps the metric."""
    standing = [
        row for row in targets_of(evidence, metric, horizon) if in_force(evidence, row)
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
