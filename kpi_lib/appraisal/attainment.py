"""
Targets against results: coverage, challenge, attainment, over-delivery.

The rules are those of the appraisal's "Attainment" section: a target below the
band counts as if it stood at the floor, one set late and easier than the one
before it does not count, and a required metric without an approved target is
pending: it never drops out of a mean.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import median

from kpi_lib.appraisal.evidence import (
    Evidence,
    Number,
    Past,
    Reading,
    against_less,
    excluded,
    half_up,
    pending,
    text,
)
from kpi_lib.catalogue import HORIZONS, METRICS, Metric
from kpi_lib.days import quarter_of, shift
from kpi_lib.figures import joined, listed
from kpi_lib.inputs import (
    Attainment,
    Challenge,
    Coverage,
    OneMetric,
    OverDelivery,
    Target,
)
from kpi_lib.language import _
from kpi_lib.months import Total, mapped_metrics

BASELINE_MONTHS = 3
LEAST_MONTHS = 2
"""A baseline is the median of the three months before, of at least two."""

MOST_LEAVE = Fraction(1, 5)
"""A month with more leave than this share of its working days has no baseline."""


def required(evidence: Evidence) -> tuple[str, ...]:
    """
    Return the metrics that the operator is measured on, in the catalogue's order.

    Parameters
    ----------
    evidence : Evidence
        With roster, layouts and plan.

    Returns
    -------
    tuple of str
        The roster's list, or the plan's metrics that a layout expected of an own
        account maps; stickiness with them where both DAU and MAU are.
    """
    named = evidence.operator.required
    if named is None:
        mapped = {
            metric
            for account in evidence.accounts
            for metric in mapped_metrics(account, evidence.layouts)
        }
        chosen = {m for m in evidence.plan.metrics if _is_mapped(m, mapped)}
        # An operator without videos is measured on articles (APPRAISAL, Metrics).
        if "completion_rate" in chosen:
            chosen.discard("read_completion")
    else:
        chosen = set(named)
    if {"dau", "mau"} <= chosen:
        chosen.add("stickiness")
    return tuple(metric for metric in METRICS if metric in chosen)


def _is_mapped(metric: str, mapped: set[str]) -> bool:
    parts = [part for part in METRICS[metric].parts if part != "/"]
    return metric in mapped or (bool(parts) and mapped.issuperset(parts))


# Which target holds.


@dataclass(frozen=True)
class Held:
    """The target that holds for a metric and platform, and what it replaced."""

    target: Target
    late: bool
    refused: tuple[Target, ...] = ()


def holding(
    evidence: Evidence, metric: str, horizon: str, platform: str = ""
) -> Held | None:
    """
    Return the target that holds.

    Parameters
    ----------
    evidence : Evidence
        With the operator's targets.
    metric, horizon, platform : str
        The key; the period is the month's, its quarter's or its year's.

    Returns
    -------
    Held or None
        The row set last before the month's end; a row set after the month's first
        day that is easier than the one before it holds only with a reason.
    """
    key = (metric, horizon, platform, period(evidence.month, horizon))
    rows = sorted(
        (
            row
            for row in evidence.targets
            if (row.metric, row.horizon, row.platform, row.period) == key
            and row.set_on <= evidence.last_day
        ),
        key=lambda row: row.set_on,
    )
    held: Target | None = None
    refused: list[Target] = []
    for row in rows:
        late = row.set_on > evidence.first_day
        if held and late and _easier(row, held) and not _excused(row):
            refused.append(row)
            continue
        held = row
    if held is None:
        return None
    return Held(held, not in_force(evidence, held), tuple(refused))


def period(month: str, horizon: str) -> str:
    """Return the period of a month under a horizon, as targets.csv writes it."""
    return {
        "short": month,
        "mid": quarter_of(month),
        "long": month[:4],
        "ultimate": "",
    }[horizon]


def in_force(evidence: Evidence, row: Target) -> bool:
    """Say whether a target stood, approved or on record, when the month began."""
    return row.set_on <= evidence.first_day and (
        bool(row.approved_by) or row.sha256 in evidence.known_targets
    )


def _excused(row: Target) -> bool:
    return bool(row.approved_by and row.note)


def _easier(row: Target, than: Target) -> bool:
    found = METRICS.get(row.metric)
    if found and found.less_is_better:
        return row.value > than.value
    return row.value < than.value


def _approved(evidence: Evidence, row: Target) -> bool:
    return bool(row.approved_by) or in_force(evidence, row)


# The baseline.


def past(
    evidence: Evidence, metric: str, platform: str = "", month: str = ""
) -> tuple[Past, ...]:
    """
    Return the three months before a month, each compared with it.

    Parameters
    ----------
    evidence : Evidence
        With the months before.
    metric, platform : str
        Whose months; of followers the gains.
    month : str
        Whose targets they are a yardstick of; empty for the appraised month.

    Returns
    -------
    tuple of Past
        The latest first; only months with the same accounts, shares and bases have
        a value.
    """
    key = (metric, month or evidence.month, platform)
    if key not in evidence.sums.past:
        evidence.sums.past[key] = tuple(_past(evidence, *key))
    return evidence.sums.past[key]


def _past(evidence: Evidence, metric: str, at: str, platform: str) -> list[Past]:
    name = "followers_gain" if metric == "followers" else metric
    now = evidence.total(name, month=at, platform=platform)
    reference = now.made_of if now.value is not None else None
    found: list[Past] = []
    for back in range(1, BASELINE_MONTHS + 1):
        earlier = shift(at, -back)
        total = evidence.total(name, month=earlier, platform=platform)
        if total.value is None or total.gaps:
            why = _("数据不全") if total.gaps else _("没有数据")
            found.append(Past(earlier, None, why))
            continue
        if _away(evidence, earlier):
            found.append(
                Past(earlier, None, _("请假超过工作日的{most}%", most=100 * MOST_LEAVE))
            )
            continue
        if reference is None:
            reference = total.made_of
        if total.made_of == reference:
            found.append(Past(earlier, Fraction(total.value)))
        else:
            found.append(Past(earlier, None, _("账号、份额或口径不同")))
    return found


def baseline(
    evidence: Evidence, metric: str, platform: str = "", month: str = ""
) -> Fraction | None:
    """
    Return what the operator did before, as a yardstick of targets.

    Parameters
    ----------
    evidence : Evidence
        With the months before.
    metric, platform : str
        Whose baseline.
    month : str
        Whose targets it is a yardstick of; empty for the appraised month.

    Returns
    -------
    Fraction or None
        The median of the three months before with the same accounts, shares and
        bases; of followers the median gain. None with fewer than two such months
        or a median that is not above zero.
    """
    months = past(evidence, metric, platform, month)
    values = [one.value for one in months if one.value is not None]
    if len(values) < LEAST_MONTHS:
        return None
    middle = Fraction(median(values))
    return middle if middle > 0 else None


def _away(evidence: Evidence, month: str) -> bool:
    here, days = evidence.presence(month)
    return days > 0 and Fraction(days - here, days) > MOST_LEAVE


# One row of targets against its result.


@dataclass(frozen=True, kw_only=True)
class Row:
    """
    One short target and what became of it.

    Parameters
    ----------
    metric, platform : str
        The key.
    target : Target
        The row of targets.csv.
    counted : Fraction
        The target as it counts: floor, leave and part months applied.
    value : Fraction, inf or None
        The result; of followers the gain.
    opening : Fraction
        Of followers the opening level; 0 for all others.
    attained : Fraction, inf or None
        Value against target, not capped.
    met_only : bool
        True where only met or not met can be said.
    growth : Fraction or None
        Target over baseline, rounded to 0.1 %; None without a baseline.
    floored : bool
        True if the floor replaced the target.
    held : Held
        Whether it was late, and which rows were refused.
    gaps : tuple of str
        Why the result is missing.
    sources : tuple of dict
        Files and rows of the result.
    base : Fraction or None
        The baseline.
    approved : bool
        True if the target may be scored at all.
    """

    metric: str
    platform: str
    target: Target
    counted: Fraction
    value: Number | None
    opening: Fraction
    attained: Number | None
    met_only: bool
    growth: Fraction | None
    floored: bool
    held: Held
    gaps: tuple[str, ...]
    sources: tuple[dict[str, str], ...] = ()
    base: Fraction | None = None
    approved: bool = True

    @property
    def inputs(self) -> dict[str, str]:
        """Every number that the row's attainment and growth were made from."""
        key = f"{self.metric}@{self.platform}" if self.platform else self.metric
        found = {
            "value": text(self.value),
            "target": text(Fraction(self.target.value)),
            "counted": text(self.counted),
            "opening": text(self.opening) if self.metric == "followers" else "",
            "baseline": text(self.base),
            "growth": text(self.growth),
            "met_only": "1" if self.met_only else "",
        }
        return {f"{key}.{name}": told for name, told in found.items() if told}


def short_rows(evidence: Evidence, metric: str) -> list[Row]:
    """
    Return a metric's short targets against their results.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    metric : str
        A name of the catalogue.

    Returns
    -------
    list of Row
        The target of the whole, or one row per platform that has one; empty
        without a target.
    """
    whole = holding(evidence, metric, "short")
    if whole:
        return [_row(evidence, metric, "", whole)]
    platforms = dict.fromkeys(account.platform for account in evidence.accounts)
    found = []
    for platform in platforms:
        held = holding(evidence, metric, "short", platform)
        if held:
            found.append(_row(evidence, metric, platform, held))
    return found


def _row(evidence: Evidence, metric: str, platform: str, held: Held) -> Row:
    found = METRICS[metric]
    less = found.less_is_better
    band = evidence.plan.band
    target = Fraction(held.target.value)
    base = baseline(evidence, metric, platform)
    opening = Fraction(0)
    gaps: list[str] = []
    sources: tuple[dict[str, str], ...] = ()
    value: Number | None
    if metric == "followers":
        began = evidence.total("followers_opening", platform=platform)
        result = evidence.total("followers_gain", platform=platform)
        if began.value is None or _unmatched(evidence, result, platform):
            gaps.append(_("有账号没有月初或月末的粉丝数"))
        else:
            opening = Fraction(began.reading(evidence.which) or 0)
    else:
        result = evidence.total(metric, platform=platform)
    value = result.reading(evidence.which)
    gaps += result.gaps
    if value is None and not gaps:
        gaps.append(_("没有{metric}", metric=found.label))
    sources = result.sources

    growth = None
    floored = False
    if base is not None:
        growth = growth_of(target - opening, base, less=less)
        floor = base / (1 + band.floor) if less else opening + base * (1 + band.floor)
        below = target > floor if less else target < floor
        if below and not _excused(held.target):
            target, floored = floor, True
    if found.kind == "flow" or metric == "followers":
        target = opening + (target - opening) * evidence.part
    attained, met_only = _attained(metric, value, target, opening)
    return Row(
        metric=metric,
        platform=platform,
        target=held.target,
        counted=target,
        value=value,
        opening=opening,
        attained=attained,
        met_only=met_only,
        growth=growth,
        floored=floored,
        held=held,
        gaps=tuple(dict.fromkeys(gaps)),
        sources=sources,
        base=base,
        approved=_approved(evidence, held.target),
    )


def growth_of(target: Fraction, base: Fraction, *, less: bool) -> Fraction | None:
    """Return target over baseline, to 0.1 %; less-is-better the other way round."""
    if not less:
        return Fraction(half_up(target / base - 1, "0.001"))
    # Wanting none at all of something has no growth to speak of.
    return Fraction(half_up(base / target - 1, "0.001")) if target > 0 else None


def _unmatched(evidence: Evidence, gained: Total, platform: str) -> bool:
    """Say whether an own account that should have a gain has none."""
    have = {account for account, _, _ in gained.made_of}
    levels = evidence.total("followers", platform=platform)
    return any(account not in have for account, _, _ in levels.made_of)


def _attained(
    metric: str, value: Number | None, target: Fraction, opening: Fraction
) -> tuple[Number | None, bool]:
    """Return value against target, uncapped, and whether only "met" can be said."""
    if value is None:
        return None, False
    one, none = Fraction(1), Fraction(0)
    if METRICS[metric].less_is_better:
        return against_less(value, target), False
    if metric == "followers":
        if target > opening:
            return max(none, value / (target - opening)), False
        return (one if opening + value >= target else none), True
    if target > 0:
        return max(none, value / target), False
    return (one if value >= target else none), True


# Means over the required metrics.


@dataclass(frozen=True)
class _Mean:
    value: Fraction | None
    rows: list[Row]
    missing: list[str]


def _mean(
    evidence: Evidence,
    names: Iterable[str],
    of: Callable[[Row], Number | None],
    *,
    skip: Callable[[Row], bool] = lambda row: False,
) -> _Mean:
    """Return the weighted mean over metrics of the plain mean over their rows."""
    total = weights = Fraction(0)
    rows: list[Row] = []
    missing: list[str] = []
    for metric in names:
        found = short_rows(evidence, metric)
        label = METRICS[metric].label
        approved = [row for row in found if row.approved]
        if not found:
            missing.append(_("{metric}没有短期目标", metric=label))
        elif len(approved) < len(found):
            missing.append(_("{metric}的短期目标没有批准", metric=label))
        rows += found
        counted = [(row, of(row)) for row in found if not skip(row)]
        for row, share in counted:
            if share is None:
                missing += [gap for gap in row.gaps if gap not in missing]
        shares = [Fraction(s) for _, s in counted if s is not None]
        if not shares or len(shares) < len(counted):
            continue
        weight = evidence.plan.weights.get(metric, Fraction(1))
        total += weight * sum(shares, Fraction(0)) / len(shares)
        weights += weight
    return _Mean(total / weights if weights else None, rows, missing)


def _reading(
    evidence: Evidence,
    mean: _Mean,
    *,
    unit: str,
    extra: Mapping[str, str] | None = None,
) -> Reading:
    inputs = dict(extra or {})
    for row in mean.rows:
        inputs |= row.inputs
        weight = evidence.plan.weights.get(row.metric)
        if weight is not None:
            inputs[f"{row.metric}.weight"] = text(weight)
    cited = [
        {
            "source": "data/targets.csv",
            "sheet": "",
            "rows": str(row.target.row),
            "metric": row.metric,
            "sum": "",
        }
        for row in mean.rows
    ]
    proof = tuple(cited) + tuple(s for row in mean.rows for s in row.sources)
    flags = tuple(_flags(mean.rows))
    parts = tuple(_part(row) for row in mean.rows)
    if mean.missing:
        return pending(
            joined(mean.missing),
            inputs=inputs,
            parts=parts,
            evidence=proof,
            flags=flags,
            unit=unit,
        )
    return Reading(
        value=mean.value,
        target=Fraction(1),
        unit=unit,
        inputs=inputs,
        parts=parts,
        evidence=proof,
        flags=flags,
        note=_floors(mean.rows),
    )


def _part(row: Row) -> dict[str, str]:
    return {
        "metric": row.metric,
        "platform": row.platform,
        "value": text(row.value),
        "target": text(Fraction(row.target.value)),
        "counted": text(row.counted),
        "opening": text(row.opening) if row.metric == "followers" else "",
        "attained": text(row.attained),
        "growth": text(row.growth),
    }


def _flags(rows: Iterable[Row]) -> Iterable[str]:
    for row in rows:
        label = METRICS[row.metric].label
        if row.held.late:
            yield _(
                "{metric}的短期目标在月初之后才生效（{on}）",
                metric=label,
                on=row.target.set_on,
            )
        for refused in row.held.refused:
            yield _(
                "{metric}在{on}改低到{value}，没有批准和理由，仍按原目标",
                metric=label,
                on=refused.set_on,
                value=_shown(refused),
            )


def _shown(row: Target) -> str:
    return text(Fraction(row.value))


def _floors(rows: Iterable[Row]) -> str:
    return joined(
        _(
            "{metric}的目标{target}低于下限，按{counted}计",
            metric=METRICS[row.metric].label,
            target=_shown(row.target),
            counted=text(row.counted),
        )
        for row in rows
        if row.floored
    )


def _capped(attained: Number | None, cap: Fraction) -> Fraction | None:
    return None if attained is None else Fraction(min(attained, cap))


def attain(evidence: Evidence, source: Attainment) -> Reading:
    """
    Return the mean attainment over required metrics.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    source : Attainment
        Which metrics, and the cap of each row.

    Returns
    -------
    Reading
        A share, 0 to the cap; excluded if none of the metrics is required; pending
        if one has no approved target or no value.
    """
    names = required(evidence)
    if source.metrics != "required":
        names = tuple(name for name in names if name in source.metrics)
    if not names:
        return excluded(_("没有必考的指标"))
    cap = source.cap
    mean = _mean(
        evidence,
        names,
        lambda row: None if row.gaps else _capped(row.attained, cap),
    )
    return _reading(evidence, mean, unit="%", extra={"cap": text(cap)})


def over(evidence: Evidence, source: OverDelivery) -> Reading:
    """
    Return the mean attainment in which only challenging targets go beyond 100 %.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    source : OverDelivery
        The cap of each row.

    Returns
    -------
    Reading
        A share; rows without a baseline or below the band enter at most as 1.
    """
    floor = evidence.plan.band.floor

    def share(row: Row) -> Fraction | None:
        if row.gaps:
            return None
        plain = row.met_only or row.growth is None or row.growth < floor
        return _capped(row.attained, Fraction(1) if plain else source.cap)

    names = required(evidence)
    if not names:
        return excluded(_("没有必考的指标"))
    mean = _mean(evidence, names, share)
    extra = {"cap": text(source.cap), "band.floor": text(floor)}
    return _reading(evidence, mean, unit="%", extra=extra)


def one(evidence: Evidence, source: OneMetric) -> Reading:
    """
    Return one metric and its short target, or the plan's own number as target.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    source : OneMetric
        Which metric, on which platform, against which number of the plan.

    Returns
    -------
    Reading
        Value and target in the metric's unit, of followers the gain; a number of the
        plan scales with leave as targets do. Pending without an approved target or
        without a value.
    """
    found = METRICS[source.metric]
    if source.target is not None:
        return _against_plan(evidence, source, source.target)
    held = holding(evidence, source.metric, "short", source.platform)
    if held is None:
        return pending(_("{metric}没有短期目标", metric=found.label))
    row = _row(evidence, source.metric, source.platform, held)
    missing = list(row.gaps)
    if not _approved(evidence, held.target):
        missing.append(_("{metric}的短期目标没有批准", metric=found.label))
    mean = _Mean(None, [row], missing)
    reading = _reading(evidence, mean, unit="%" if found.unit == "share" else "")
    target = row.counted - row.opening
    return replace(
        reading,
        value=None if missing else row.value,
        target=target,
        less=found.less_is_better,
        inputs={**reading.inputs, **_against(row.value, target, found)},
    )


def _against(value: Number | None, target: Fraction, found: Metric) -> dict[str, str]:
    told = {"value": text(value), "target": text(target)}
    return told | ({"less": "1"} if found.less_is_better else {})


def _against_plan(evidence: Evidence, source: OneMetric, target: Fraction) -> Reading:
    found = METRICS[source.metric]
    name = "followers_gain" if source.metric == "followers" else source.metric
    result = evidence.total(name, platform=source.platform)
    value = result.reading(evidence.which)
    if found.kind == "flow" or source.metric == "followers":
        target *= evidence.part
    reading = Reading(
        value=value,
        target=target,
        unit="%" if found.unit == "share" else "",
        inputs=_against(value, target, found),
        evidence=result.sources,
        less=found.less_is_better,
    )
    gaps = result.gaps
    if value is None and not gaps:
        gaps = (_("没有{metric}", metric=found.label),)
    if gaps:
        return replace(reading, state="pending", value=None, note=joined(gaps))
    return reading


def challenge(evidence: Evidence, source: Challenge) -> Reading:
    """
    Return how challenging and reasonable the short targets are, by the plan's band.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    source : Challenge
        Of the plan; it has no parameters.

    Returns
    -------
    Reading
        A share, 0 to 1: none below the floor, `at_floor` at it, straight up to full,
        full to the top, `above` beyond; metrics without a baseline are left out and
        named; excluded if none is left.
    """
    names = required(evidence)
    if not names:
        return excluded(_("没有必考的指标"))
    mean = _mean(
        evidence,
        names,
        lambda row: in_band(row.growth, evidence) if row.growth is not None else None,
        skip=lambda row: row.growth is None,
    )
    without = [METRICS[row.metric].label for row in mean.rows if row.growth is None]
    named = listed(list(dict.fromkeys(without)))
    told = _("没有基线，不计：{metrics}", metrics=named) if without else ""
    if mean.value is None and not mean.missing:
        return excluded(told or _("没有基线"))
    band = evidence.plan.band
    extra = {
        "band.floor": text(band.floor),
        "band.full": text(band.full),
        "band.top": text(band.top),
        "band.at_floor": str(band.at_floor),
        "band.above": str(band.above),
    }
    reading = _reading(evidence, mean, unit="%", extra=extra)
    if reading.state != "given":
        return reading
    return replace(reading, note=told)


def in_band(growth: Fraction, evidence: Evidence) -> Fraction:
    """Return the share of points that a target's growth over the baseline earns."""
    band = evidence.plan.band
    if growth < band.floor:
        return Fraction(0)
    if growth < band.full:
        way = (growth - band.floor) / (band.full - band.floor)
        return band.at_floor + (1 - band.at_floor) * way
    return Fraction(1) if growth <= band.top else band.above


def coverage(evidence: Evidence, source: Coverage) -> Reading:
    """
    Count cells of required metric × horizon that had a target when the month began.

    Parameters
    ----------
    evidence : Evidence
        The operator's month.
    source : Coverage
        The horizons.

    Returns
    -------
    Reading
        Cells covered, against all cells; a cell is covered by a row with an empty
        platform or by rows for every own platform that maps the metric.
    """
    names = required(evidence)
    if not names:
        return excluded(_("没有必考的指标"))
    covered = 0
    lacking: list[str] = []
    rows: list[int] = []
    for metric in names:
        for horizon in source.horizons:
            found = _covering(evidence, metric, horizon)
            if found:
                covered += 1
                rows += found
            else:
                lacking.append(
                    _(
                        "{metric}（{horizon}）",
                        metric=METRICS[metric].label,
                        horizon=_(HORIZONS[horizon]),
                    )
                )
    cells = len(names) * len(source.horizons)
    cited = {
        "source": "data/targets.csv",
        "sheet": "",
        "rows": ",".join(str(row) for row in sorted(set(rows))),
        "metric": "",
        "sum": "",
    }
    return Reading(
        value=Fraction(covered),
        target=Fraction(cells),
        unit="格",
        note=_("缺：{targets}", targets=listed(lacking)) if lacking else "",
        inputs={"covered": str(covered), "cells": str(cells)},
        evidence=(cited,) if rows else (),
    )


def _covering(evidence: Evidence, metric: str, horizon: str) -> list[int]:
    """Return the rows of targets.csv that cover a cell; empty if it is not."""
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
    have = {row.platform: row.row for row in standing}
    return list(have.values()) if needed and needed <= set(have) else []


def _maps(evidence: Evidence, account: str, metric: str) -> bool:
    found = evidence.roster.account(account)
    if _is_mapped(metric, set(mapped_metrics(found, evidence.layouts))):
        return True
    own = evidence.monthly[evidence.monthly["account"] == account]
    return _is_mapped(metric, set(own["metric"]))
