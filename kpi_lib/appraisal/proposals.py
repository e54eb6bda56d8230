"""
Next month's targets, proposed: challenging and reasonable by the plan's own band.

The yardstick is the baseline that next month will be held against: the median of the
appraised month and the two before it. The three values stand at the band's floor,
halfway, and where it is full, rounded so that none falls short of its growth. There
is no seasonal model: last year's step between the same months is only a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple

from kpi_lib.appraisal import goals, rules
from kpi_lib.appraisal.evidence import Evidence, text
from kpi_lib.catalogue import METRICS, UNITS, words
from kpi_lib.days import days_of, shift
from kpi_lib.figures import amount, joined, month_label, percent
from kpi_lib.grouping import grouped
from kpi_lib.language import Name, Sentence

# The three proposals, and what they are called.
LEVELS = {"low": Sentence("低"), "middle": Sentence("中"), "high": Sentence("高")}

(SAID,) = words("proposed")

# Significant figures of proposed numbers; the second where the first will not do.
DIGITS = (2, 3)


def propose(evidence: Evidence) -> list[dict[str, str]]:
    """
    Propose the short targets of the month after the appraised one.

    Returns
    -------
    list of dict
        One per required metric, numbers as decimal strings in its unit: `months` are
        how many the median is of, `value` is this month's, `growth_low` … are over the
        baseline. Of followers the targets are levels, the baseline and `gain_low` …
        gains.
    """
    return [_Proposal(evidence, metric).row() for metric in evidence.goals.required]


class _Aim(NamedTuple):
    """One proposed number, its growth over the baseline, and what it gains."""

    value: Fraction
    growth: Fraction | None
    gain: Fraction


class _Proposal:
    """One metric's proposal, from what the months before it were."""

    def __init__(self, evidence: Evidence, metric: str) -> None:
        self.evidence, self.metric = evidence, METRICS[metric]
        self.following = shift(evidence.month, 1)
        self.past = goals.past(evidence, metric, month=self.following)
        self.compared = [past for past in self.past if past.value is not None]
        self.base = goals.median_of(evidence, self.past)
        self.result = evidence.total(self.metric.result)
        self.level = self._level()
        self.why = self._why_not()
        band = evidence.plan.band
        self.growths = (band.floor, (band.floor + band.full) / 2, band.full)
        self.aims: dict[str, _Aim] = {}
        if not self.why and self.base is not None and self.level is not None:
            self._aim_at(self.base, self.level)

    def row(self) -> dict[str, str]:
        """Return the proposal as the card keeps it."""
        last = self._last_year()
        every = [(level, self.aims.get(level)) for level in LEVELS]
        row = {
            "metric": self.metric.name,
            "name": self.metric.label,
            "platform": "",
            "period": self.following,
            "unit": UNITS[self.metric.unit],
            "baseline": text(self.base),
            "months": str(len(self.compared)),
            "value": text(self.evidence.total(self.metric.name).value),
            **{level: text(aim and aim.value) for level, aim in every},
            **{f"growth_{level}": text(aim and aim.growth) for level, aim in every},
        }
        if self.metric.moves_by_gain:
            row |= {f"gain_{level}": text(aim and aim.gain) for level, aim in every}
        notes: list[str] = [self.why] if self.why else [*self._notes()]
        if last is not None:
            notes.append(
                Sentence(
                    "去年{month}是{before}的{ratio}，只作参考",
                    month=month_label(self.following),
                    before=month_label(self.evidence.month),
                    ratio=percent(text(last)),
                )
            )
        row["easier"] = " ".join(self.easier())
        row["last_year"] = text(last)
        row["method"] = "" if self.why else self._method()
        row["note"] = joined(notes)
        return row

    def _aim_at(self, base: Fraction, level: Fraction) -> None:
        """Choose the three numbers and their figures: few, but apart, in the band."""
        for self.digits in DIGITS:
            aims = [self._aim(base, level, growth) for growth in self.growths]
            self.aims = dict(zip(LEVELS, aims, strict=True))
            apart = len({aim.value for aim in aims}) == len(aims)
            if apart and all(map(self._inside, aims)):
                break

    def _inside(self, aim: _Aim) -> bool:
        band = self.evidence.plan.band
        return aim.growth is not None and band.floor <= aim.growth <= band.top

    def _aim(self, base: Fraction, level: Fraction, growth: Fraction) -> _Aim:
        """Return the number that stands at a growth over the baseline, rounded."""
        less = self.metric.less_is_better
        whole = self.metric.unit != "share"
        exact = base / (1 + growth) if less else base * (1 + growth)
        value = rounded(exact, self.digits, whole=whole, up=not less)
        if not whole:
            value = min(value, Fraction(1))
        if self.metric.moves_by_gain:
            # An own part of a level is not always whole; the target is.
            value = Fraction(ceil(level + value))
        gain = value - level
        return _Aim(value, goals.growth_of(gain, base, less=less), gain)

    def _level(self) -> Fraction | None:
        """Return what a gain is added to: the level from which next month begins."""
        if not self.metric.moves_by_gain:
            return Fraction(0)
        level = self.evidence.total(self.metric.name)
        return None if level.value is None or level.gaps else Fraction(level.value)

    def _why_not(self) -> str:
        """Say why there is nothing to propose; empty where there is."""
        evidence, month = self.evidence, month_label(self.following)
        if not any(evidence.operator.holds(day) for day in days_of(self.following)):
            return Sentence("{month}不在职", month=month)
        if self.base is None:
            return self._no_baseline()
        if self.level is None:
            return Sentence("没有月末的粉丝数")
        if self._moves():
            return Sentence(
                "{month}的账号或份额与这几个月不同，届时没有基线", month=month
            )
        return ""

    def _no_baseline(self) -> str:
        months = len(self.past)
        least = self.evidence.plan.evidence.least_months
        if len(self.compared) >= least:
            return Sentence("没有基线：近{past}个月的中位数不大于0", past=months)
        lacking = [past for past in self.past[::-1] if past.value is None]
        reasons = grouped((past.why, month_label(past.month)) for past in lacking)
        return Sentence(
            "没有基线：近{past}个月只有{known}个月可比，至少要{least}个月（{why}）",
            past=months,
            known=len(self.compared),
            least=least,
            why=joined(
                Sentence("{months}{why}", months=names, why=why)
                for why, names in reasons.items()
            ),
        )

    def _moves(self) -> bool:
        """Say whether the roster already knows other accounts or shares next month."""
        evidence, days = self.evidence, days_of(self.following)

        def share(account: str) -> float:
            own, id = evidence.roster.account(account), evidence.operator.id
            of = (Fraction(own.shares(at).get(id, 0)) for at in days)
            return float(sum(of, Fraction(0)) / len(days))

        latest = self.compared[0].month
        made_of = evidence.total(self.metric.result, month=latest).made_of
        if any(share(account) != before for account, before, _ in made_of):
            return True
        added = [
            account
            for account in evidence.roster.owned_by(evidence.operator, self.following)
            if account not in evidence.accounts
        ]
        parts = {self.metric.name, *self.metric.parts}
        return any(parts & account.mapped for account in added)

    def _notes(self) -> Iterator[Sentence]:
        evidence, band = self.evidence, self.evidence.plan.band
        if self.result.gaps:
            yield Sentence("本月数据不全")
        yield from self._remarks()
        outside = [LEVELS[at] for at, aim in self.aims.items() if not self._inside(aim)]
        if outside:
            yield Sentence(
                "取整后{levels}的增幅在{floor}至{top}之外",
                levels=outside,
                floor=rules.percent(band.floor),
                top=rules.percent(band.top),
            )
        days = len(days_of(self.following))
        here = sum(map(evidence.works_on, days_of(self.following)))
        if self.metric.accrues and here < days:
            yield Sentence(
                "按全月提出；{month}{days}天预计在岗{here}天，目标届时按天数折算",
                month=month_label(self.following),
                days=days,
                here=here,
            )

    def _remarks(self) -> Iterator[Sentence]:
        """Say which proposals ask for less than the month gave, or that it gave little.

        Of a month with gaps only the first: what lacks would add to it.
        """
        less = self.metric.less_is_better
        now, base = self.result.value, self.base
        if now is None or base is None:
            return
        print_ = amount(self.metric.result)
        said = {"value": print_(text(now)), "base": print_(text(base))}
        if easier := self.easier():
            levels = [LEVELS[level] for level in easier]
            way = "higher" if less else "lower"
            yield Sentence(SAID[way], levels=levels, months=self._months(), **said)
        elif not self.result.gaps and (now > base if less else now < base):
            way = "gain_below" if self.metric.moves_by_gain else "below"
            yield Sentence(SAID[way], **said)

    def easier(self) -> list[str]:
        """Return the levels that ask for less than this month's result."""
        now, less = self.result.value, self.metric.less_is_better
        return [
            level
            for level, aim in self.aims.items()
            if now is not None and (aim.gain > now if less else aim.gain < now)
        ]

    def _last_year(self) -> Fraction | None:
        """Return a year ago's same month over the one before, where they compare."""
        result = self.metric.result
        then = self.evidence.total(result, month=shift(self.following, -12))
        before = self.evidence.total(result, month=shift(self.evidence.month, -12))
        if then.value is None or before.value is None or then.gaps or before.gaps:
            return None
        if then.made_of != before.made_of or before.value <= 0:
            return None
        return Fraction(then.value) / Fraction(before.value)

    def _months(self) -> list[Name]:
        """Name the months of the median, the first first."""
        return [month_label(past.month) for past in self.compared[::-1]]

    def _method(self) -> str:
        way = "down" if self.metric.less_is_better else "up"
        way = "gain_up" if self.metric.moves_by_gain else way
        return Sentence(
            SAID[way],
            months=self._months(),
            steps=list(map(rules.percent, self.growths)),
            digits=self.digits,
        )


def rounded(number: Fraction, digits: int, *, whole: bool, up: bool) -> Fraction:
    """Round a number above zero to significant figures, always to the same side."""
    exponent = 0
    while number >= Fraction(10) ** (exponent + 1):
        exponent += 1
    while number < Fraction(10) ** exponent:
        exponent -= 1
    step = Fraction(10) ** (exponent + 1 - digits)
    if whole:
        step = max(step, Fraction(1))
    return (ceil if up else floor)(number / step) * step
