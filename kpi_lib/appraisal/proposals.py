"""
Next month's targets, proposed: challenging and reasonable by the plan's own band.

The yardstick is the baseline that next month will be held against: the median of the
appraised month and the two before it. The three values stand at the band's floor,
halfway, and where it is full, rounded so that none falls short of its growth. There
is no seasonal model: last year's step between the same months is only a note.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

from kpi_lib.appraisal import attainment
from kpi_lib.appraisal.evidence import Evidence, Past, text
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of, shift
from kpi_lib.figures import (
    joined,
    listed,
    month_short,
    percent,
)
from kpi_lib.language import N_, _
from kpi_lib.months import amount, mapped_metrics

LEVELS = {"low": N_("低"), "middle": N_("中"), "high": N_("高")}
"""The three proposals, and what they are called."""

DIGITS = (2, 3)
"""Significant figures of proposed numbers; the second where the first will not do."""

UNITS = {
    "people": N_("人"),
    "times": N_("次"),
    "orders": N_("单"),
    "CNY": N_("元"),
    "share": N_("比率"),
    "days": N_("天"),
}


def propose(evidence: Evidence) -> list[dict[str, str]]:
    """
    Propose the short targets of the month after the appraised one.

    Parameters
    ----------
    evidence : Evidence
        The operator's month and the ones before; thirteen months tell of last year.

    Returns
    -------
    list of dict
        One per required metric, numbers as decimal strings in the metric's unit,
        ``""`` where there is none: `metric`, `name`, `platform`, `period`, `unit`,
        `baseline`, `months` (how many the median is of), `value` (this month),
        `low`, `middle`, `high`, `growth_low` … (over the baseline, a fraction, as
        the plan's band will read it), `last_year` (a ratio), `method`, `note`. Of
        followers the targets are levels, `gain_low` … the gains in them, and the
        baseline a gain.
    """
    return [_proposal(evidence, metric) for metric in attainment.required(evidence)]


@dataclass(frozen=True)
class _Aim:
    """One proposed number."""

    value: Fraction
    gain: Fraction
    growth: Fraction | None


def _proposal(evidence: Evidence, metric: str) -> dict[str, str]:
    found = METRICS[metric]
    following = shift(evidence.month, 1)
    past = attainment.past(evidence, metric, month=following)
    base = attainment.baseline(evidence, metric, month=following)
    now = evidence.total(metric)
    level = _level(evidence) if metric == "followers" else Fraction(0)
    why = _why_not(evidence, metric, following, past, base, level)
    aims: dict[str, _Aim] = {}
    digits = 0
    if not why and base is not None and level is not None:
        aims, digits = _aims(evidence, metric, base, level)
    last = _last_year(evidence, metric, following)
    out = {
        "metric": metric,
        "name": found.label,
        "platform": "",
        "period": following,
        "unit": _(UNITS[found.unit]),
        "baseline": text(base),
        "months": str(len([one for one in past if one.value is not None])),
        "value": text(now.value),
    }
    out |= {name: text(aims[name].value) if aims else "" for name in LEVELS}
    out |= {
        f"growth_{name}": text(aims[name].growth) if aims else "" for name in LEVELS
    }
    if metric == "followers":
        out |= {
            f"gain_{name}": text(aims[name].gain) if aims else "" for name in LEVELS
        }
    notes = [why] if why else _notes(evidence, metric, following, aims, base)
    if last is not None:
        notes.append(
            _(
                "去年{month}是{before}的{ratio}，只作参考",
                month=month_short(following),
                before=month_short(evidence.month),
                ratio=percent(text(last)),
            )
        )
    out["last_year"] = text(last)
    out["method"] = _method(evidence, metric, past, digits) if aims else ""
    out["note"] = joined(notes)
    return out


def _growths(evidence: Evidence) -> tuple[Fraction, Fraction, Fraction]:
    band = evidence.plan.band
    return band.floor, (band.floor + band.full) / 2, band.full


def _level(evidence: Evidence) -> Fraction | None:
    """Return the own followers at the month's end, from which next month begins."""
    total = evidence.total("followers")
    return None if total.value is None or total.gaps else Fraction(total.value)


def _aims(
    evidence: Evidence, metric: str, base: Fraction, level: Fraction
) -> tuple[dict[str, _Aim], int]:
    """Return the three numbers and their figures: few, but apart and in the band."""
    for digits in DIGITS:
        aims = [
            _aim(metric, base, level, growth, digits) for growth in _growths(evidence)
        ]
        apart = len({aim.value for aim in aims}) == len(aims)
        if apart and all(_inside(evidence, aim) for aim in aims):
            break
    return dict(zip(LEVELS, aims, strict=True)), digits


def _inside(evidence: Evidence, aim: _Aim) -> bool:
    band = evidence.plan.band
    return aim.growth is not None and band.floor <= aim.growth <= band.top


def _aim(
    metric: str, base: Fraction, level: Fraction, growth: Fraction, digits: int
) -> _Aim:
    """Return the number that stands at a growth over the baseline, safely rounded."""
    found = METRICS[metric]
    less = found.less_is_better
    whole = found.unit != "share"
    exact = base / (1 + growth) if less else base * (1 + growth)
    value = rounded(exact, digits, whole=whole, up=not less)
    if not whole:
        value = min(value, Fraction(1))
    if metric == "followers":
        # An own part of a level is not always whole; the target is.
        value = Fraction(ceil(level + value))
    gain = value - level
    return _Aim(value, gain, attainment.growth_of(gain, base, less=less))


def rounded(number: Fraction, digits: int, *, whole: bool, up: bool) -> Fraction:
    """
    Round to significant figures, always to the same side.

    Parameters
    ----------
    number : Fraction
        Above zero.
    digits : int
        How many figures.
    whole : bool
        Whether the result is a whole number.
    up : bool
        Up, or else down.

    Returns
    -------
    Fraction
        Never on the other side of `number`.
    """
    exponent = 0
    while number >= Fraction(10) ** (exponent + 1):
        exponent += 1
    while number < Fraction(10) ** exponent:
        exponent -= 1
    step = Fraction(10) ** (exponent + 1 - digits)
    if whole:
        step = max(step, Fraction(1))
    return (ceil if up else floor)(number / step) * step


def _why_not(
    evidence: Evidence,
    metric: str,
    following: str,
    past: Sequence[Past],
    base: Fraction | None,
    level: Fraction | None,
) -> str:
    """Say why there is nothing to propose; empty where there is."""
    if not any(evidence.operator.holds(day) for day in days_of(following)):
        return _("{month}不在职", month=month_short(following))
    if base is None:
        known = [one for one in past if one.value is not None]
        months: dict[str, list[str]] = {}
        for one in past[::-1]:
            if one.value is None:
                months.setdefault(one.why, []).append(month_short(one.month))
        if len(known) < attainment.LEAST_MONTHS:
            return _(
                "没有基线：近{past}个月只有{known}个月可比，至少要{least}个月（{why}）",
                past=len(past),
                known=len(known),
                least=attainment.LEAST_MONTHS,
                why=joined(
                    _("{months}{why}", months=listed(at), why=why)
                    for why, at in months.items()
                ),
            )
        return _("没有基线：近{past}个月的中位数不大于0", past=len(past))
    if level is None:
        return _("没有月末的粉丝数")
    if _moves(evidence, metric, following, past):
        return _(
            "{month}的账号或份额与这几个月不同，届时没有基线",
            month=month_short(following),
        )
    return ""


def _moves(
    evidence: Evidence, metric: str, following: str, past: Sequence[Past]
) -> bool:
    """Say whether the roster already knows of other accounts or shares next month."""
    name = "followers_gain" if metric == "followers" else metric
    latest = next(one.month for one in past if one.value is not None)
    made_of = evidence.total(name, month=latest).made_of
    then = {account: share for account, share, _ in made_of}
    days = days_of(following)
    if any(_share(evidence, id_, days) != share for id_, share in then.items()):
        return True
    added = [
        account
        for account in evidence.roster.owned_by(evidence.operator, following)
        if account not in evidence.accounts
    ]
    parts = {metric, *METRICS[metric].parts}
    return any(parts & {*mapped_metrics(a, evidence.layouts)} for a in added)


def _share(evidence: Evidence, account: str, days: Sequence[date]) -> float:
    shares = (
        Fraction(evidence.roster.share(account, evidence.operator, day)) for day in days
    )
    return float(sum(shares, Fraction(0)) / len(days))


def _notes(
    evidence: Evidence,
    metric: str,
    following: str,
    aims: dict[str, _Aim],
    base: Fraction | None,
) -> list[str]:
    notes = []
    less = METRICS[metric].less_is_better
    name = "followers_gain" if metric == "followers" else metric
    total = evidence.total(name)
    now = total.value
    above, below = _COMPARED[metric == "followers"]
    told = amount(name)
    if total.gaps:
        notes.append(_("本月数据不全"))
    elif now is not None and base is not None:
        high = aims["high"].gain
        if now < high if less else now > high:
            notes.append(_(above, value=told(text(now))))
        elif now > base if less else now < base:
            notes.append(_(below, value=told(text(now)), base=told(text(base))))
    band = evidence.plan.band
    outside = [
        _(LEVELS[level]) for level in LEVELS if not _inside(evidence, aims[level])
    ]
    if outside:
        notes.append(
            _(
                "取整后{levels}的增幅在{floor}至{top}之外",
                levels=listed(outside),
                floor=_percent(band.floor),
                top=_percent(band.top),
            )
        )
    scales = METRICS[metric].kind == "flow" or metric == "followers"
    here, days = evidence.presence(following)
    if scales and here < days:
        notes.append(
            _(
                "按全勤提出；{month}{days}个工作日预计在岗{here}天，目标届时按比例折算",
                month=month_short(following),
                days=days,
                here=here,
            )
        )
    return notes


_COMPARED = {
    True: (N_("本月净增{value}已超过高的一档"), N_("本月净增{value}不及基线{base}")),
    False: (N_("本月结果{value}已超过高的一档"), N_("本月结果{value}不及基线{base}")),
}
"""What is said of a month above the high proposal or below the baseline: of followers,
whose gain is compared, and of all others."""


def _last_year(evidence: Evidence, metric: str, following: str) -> Fraction | None:
    """Return a year ago's same month over the one before it, where they compare."""
    name = "followers_gain" if metric == "followers" else metric
    then = evidence.total(name, month=shift(following, -12))
    before = evidence.total(name, month=shift(evidence.month, -12))
    if then.value is None or before.value is None or then.gaps or before.gaps:
        return None
    if then.made_of != before.made_of or before.value <= 0:
        return None
    return Fraction(then.value) / Fraction(before.value)


def _method(evidence: Evidence, metric: str, past: Sequence[Past], digits: int) -> str:
    if metric == "followers":
        sentence = _UP_FROM_LEVEL
    else:
        sentence = _DOWN if METRICS[metric].less_is_better else _UP
    return _(
        sentence,
        months=listed(
            [month_short(p.month) for p in past[::-1] if p.value is not None]
        ),
        steps=listed([_percent(growth) for growth in _growths(evidence)]),
        digits=digits,
    )


_UP_FROM_LEVEL = N_(
    "月末粉丝数＋{months}净增的中位数×（1＋{steps}），向上取{digits}位有效数字"
)
_UP = N_("{months}的中位数×（1＋{steps}），向上取{digits}位有效数字")
_DOWN = N_("{months}的中位数÷（1＋{steps}），向下取{digits}位有效数字")


def _percent(growth: Fraction) -> str:
    return f"{text(growth * 100)}%"
