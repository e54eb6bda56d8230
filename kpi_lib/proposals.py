"""
Next month's targets, proposed: challenging and reasonable by the plan's own band.

The yardstick is the baseline that next month will be held against: the median of the
appraised month and the two before it. The three values stand at the band's floor,
halfway, and where it is full, rounded so that none falls short of its growth. There
is no seasonal model: last year's step between the same months is only a note.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import ceil, floor

from kpi_lib import attainment, workdays
from kpi_lib.catalogue import METRICS
from kpi_lib.evidence import Evidence, text
from kpi_lib.metrics import mapped_metrics
from kpi_lib.numbers import percent

LEVELS = ("low", "middle", "high")

DIGITS = (2, 3)
"""Significant figures of proposed numbers; the second where the first will not do."""

UNITS = {
    "people": "人",
    "times": "次",
    "orders": "单",
    "CNY": "元",
    "share": "比率",
    "days": "天",
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
    following = workdays.shift(evidence.month, 1)
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
        "name": found.zh,
        "platform": "",
        "period": following,
        "unit": UNITS[found.unit],
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
            f"去年{_short(following)}是{_short(evidence.month)}的{percent(text(last))}，"
            "只作参考"
        )
    out["last_year"] = text(last)
    out["method"] = _method(evidence, metric, past, digits) if aims else ""
    out["note"] = "；".join(notes)
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
    past: list[attainment.Past],
    base: Fraction | None,
    level: Fraction | None,
) -> str:
    """Say why there is nothing to propose; empty where there is."""
    if not any(evidence.operator.holds(day) for day in workdays.days_of(following)):
        return f"{_short(following)}不在职"
    if base is None:
        known = [one for one in past if one.value is not None]
        months: dict[str, list[str]] = {}
        for one in past[::-1]:
            if one.value is None:
                months.setdefault(one.why, []).append(_short(one.month))
        lacking = "；".join(f"{'、'.join(at)}{why}" for why, at in months.items())
        if len(known) < attainment.LEAST_MONTHS:
            return (
                f"没有基线：近{len(past)}个月只有{len(known)}个月可比，"
                f"至少要{attainment.LEAST_MONTHS}个月（{lacking}）"
            )
        return f"没有基线：近{len(past)}个月的中位数不大于0"
    if level is None:
        return "没有月末的粉丝数"
    if _moves(evidence, metric, following, past):
        return f"{_short(following)}的账号或份额与这几个月不同，届时没有基线"
    return ""


def _moves(
    evidence: Evidence, metric: str, following: str, past: list[attainment.Past]
) -> bool:
    """Say whether the roster already knows of other accounts or shares next month."""
    name = "followers_gain" if metric == "followers" else metric
    latest = next(one.month for one in past if one.value is not None)
    made_of = evidence.total(name, month=latest).made_of
    then = {account: share for account, share, _ in made_of}
    days = workdays.days_of(following)
    if any(_share(evidence, id_, days) != share for id_, share in then.items()):
        return True
    added = [
        account
        for account in evidence.roster.owned_by(evidence.operator, following)
        if account not in evidence.accounts
    ]
    parts = {metric, *METRICS[metric].parts}
    return any(parts & {*mapped_metrics(a, evidence.layouts)} for a in added)


def _share(evidence: Evidence, account: str, days: list[date]) -> float:
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
    word = "净增" if metric == "followers" else "结果"
    if total.gaps:
        notes.append("本月数据不全")
    elif now is not None and base is not None:
        high = aims["high"].gain
        if now < high if less else now > high:
            notes.append(f"本月{word}{text(now)}已超过高的一档")
        elif now > base if less else now < base:
            notes.append(f"本月{word}{text(now)}不及基线{text(base)}")
    band = evidence.plan.band
    outside = [
        zh
        for level, zh in zip(LEVELS, "低中高", strict=True)
        if not _inside(evidence, aims[level])
    ]
    if outside:
        span = f"{_percent(band.floor)}至{_percent(band.top)}"
        notes.append(f"取整后{'、'.join(outside)}的增幅在{span}之外")
    scales = METRICS[metric].kind == "flow" or metric == "followers"
    here, days = evidence.presence(following)
    if scales and here < days:
        notes.append(
            f"按全勤提出；{_short(following)}{days}个工作日预计在岗{here}天，"
            "目标届时按比例折算"
        )
    return notes


def _last_year(evidence: Evidence, metric: str, following: str) -> Fraction | None:
    """Return a year ago's same month over the one before it, where they compare."""
    name = "followers_gain" if metric == "followers" else metric
    then = evidence.total(name, month=workdays.shift(following, -12))
    before = evidence.total(name, month=workdays.shift(evidence.month, -12))
    if then.value is None or before.value is None or then.gaps or before.gaps:
        return None
    if then.made_of != before.made_of or before.value <= 0:
        return None
    return Fraction(then.value) / Fraction(before.value)


def _method(
    evidence: Evidence, metric: str, past: list[attainment.Past], digits: int
) -> str:
    months = "、".join(_short(one.month) for one in past[::-1] if one.value is not None)
    what = "净增" if metric == "followers" else METRICS[metric].zh
    less = METRICS[metric].less_is_better
    steps = "、".join(_percent(growth) for growth in _growths(evidence))
    start = "月末粉丝数＋" if metric == "followers" else ""
    sign = "÷" if less else "×"
    side = "向下" if less else "向上"
    return (
        f"{start}{months}{what}的中位数{sign}（1＋{steps}），{side}取{digits}位有效数字"
    )


def _percent(growth: Fraction) -> str:
    return f"{text(growth * 100)}%"


def _short(month: str) -> str:
    return f"{int(month[5:])}月"
