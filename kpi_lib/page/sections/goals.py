"""What was meant to happen: campaigns, quotas by week and day, next month's targets."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from kpi_lib import figures as figures_module
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import Campaign
from kpi_lib.language import N_, _
from kpi_lib.months import amount
from kpi_lib.page.figures import of_month, sum_known
from kpi_lib.page.parts import (
    Card,
    Fragment,
    made,
    measure_of,
    numbered,
    platform_of,
    said,
    shade_of,
)

FIGURES = {"exposure": N_("曝光"), "new": N_("拉新"), "conversion": N_("转化")}
"""What a campaign is measured by, as the work log's columns are called."""


def campaigns(m: OperatorMonth) -> Fragment:
    """
    Set the campaigns' spend against budget, and results against targets.

    The sums are the score card's own: what nobody else confirmed is not in them.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    rows = numbered(m)
    held, results, spent = (
        measure_of(said(m.card), f"campaign{part}")
        for part in ("s_held", "_results", "_spend")
    )
    if not rows:
        return made("said", text=_no_campaign(held))
    notes = [one["note"] for one in (results, spent) if one and one["note"]]
    return made(
        "campaigns",
        title=_campaign_title(rows, held, results, spent),
        rows=[_campaign(m, sign, one) for sign, one in rows],
        figures=[_(name) for name in FIGURES.values()],
        sums=_sums(results, spent),
        notes=list(dict.fromkeys(notes)),
    )


def _no_campaign(held: Card | None) -> str:
    """Say why there is no campaign to show."""
    if held is None or held["status"] == "excluded":
        return _("本月没有应办的活动，也没有活动记录。")
    if held["status"] == "pending":
        return _("没有活动可列：{why}。", why=held["note"])
    due = figures_module.plain(held["target"])
    return _("工作记录写明本月没有活动；应办{due}场。", due=due)


def _campaign(m: OperatorMonth, sign: str, one: Campaign) -> dict[str, Any]:
    """Return one row: what was planned, what came, and who confirmed it."""
    over = one.spend / one.budget - 1 if one.spend and one.budget else Decimal(0)
    return {
        "sign": sign,
        "name": one.name,
        "days": figures_module.span(one.start, one.end),
        "budget": one.budget,
        "spend": one.spend,
        "over": max(over, Decimal(0)),
        "figures": [
            (_(named), getattr(one, name), getattr(one, f"{name}_target"))
            for name, named in FIGURES.items()
        ],
        "not_held": one.not_held,
        "confirmed": one.confirmed_by not in ("", m.operator.id, m.operator.name),
    }


def _sums(results: Card | None, spent: Card | None) -> dict[str, Any]:
    """Return the sums that the score card counted; None where it counted none."""
    counted = (results["inputs"] if results else {}) | (
        spent["inputs"] if spent else {}
    )
    known = {key: figures_module.decimal(value) for key, value in counted.items()}
    budget, spend = known.get("budget"), known.get("spend")
    return {
        "budget": budget,
        "spend": spend,
        "share": spend / budget if budget and spend is not None else None,
        "figures": [
            (_(named), known.get(f"{name}.value"), known.get(f"{name}.target"))
            for name, named in FIGURES.items()
        ],
    }


def _campaign_title(
    rows: Sequence[tuple[str, Campaign]],
    held: Card | None,
    results: Card | None,
    spent: Card | None,
) -> str:
    """Say how many were held, which figures were reached, and what was spent."""
    sums = _sums(results, spent)
    return figures_module.joined(
        [
            _held_clause(rows, held),
            _reached_clause(sums["figures"]),
            _spend_clause(sums),
        ]
    )


def _held_clause(rows: Sequence[tuple[str, Campaign]], measure: Card | None) -> str:
    held = sum(not one.not_held for _sign, one in rows)
    due = figures_module.decimal(measure["target"]) if measure else None
    if not due:
        return _("办了{held}场活动", held=held)
    if held != due or held < len(rows):
        planned = figures_module.plain(due)
        return _("应办{planned}场活动，办了{held}场", planned=planned, held=held)
    if held == 1:
        return _("应办的1场活动办了")
    return _("{held}场活动都办了", held=held)


def _reached_clause(
    figures: Sequence[tuple[str, Decimal | None, Decimal | None]],
) -> str:
    known = [
        (name, result >= target)
        for name, result, target in figures
        if result is not None and target
    ]
    good = figures_module.listed([name for name, reached in known if reached])
    short = figures_module.listed([name for name, reached in known if not reached])
    if good and short:
        return _("{good}达到目标，{short}没有达到", good=good, short=short)
    if good:
        return _("{good}达到目标", good=good)
    return _("{short}没有达到目标", short=short) if short else ""


def _spend_clause(sums: Card) -> str:
    if sums["share"] is None:
        return ""
    if sums["share"] > 1:
        return _("支出超预算{over}", over=figures_module.percent(sums["share"] - 1))
    return _("支出是预算的{share}", share=figures_module.percent(sums["share"]))


# Quotas.

CONTENTS = "contents"
"""What the published contents are called among the quotas."""

TINY = 1e-9
"""Under this a day quota such as 12/21 and what was added up to it are one number."""


def quotas(m: OperatorMonth) -> Fragment:
    """
    Show day and week attainment: contents on the calendar's columns, the rest by week.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month, with `quotas`.

    Returns
    -------
    Fragment
    """
    named: dict[str, list[str]] = {}
    for metric, note in m.quotas.notes.items():
        named.setdefault(note, []).append(_quota_name(metric))
    notes = [
        _("{metrics}：{note}。", metrics=figures_module.listed(names), note=note)
        for note, names in named.items()
    ]
    if m.quotas.months.empty:
        why = notes or [_("没有可以分到每天的目标或应完成数，排不出定量。")]
        return made("quotas", strip=None, table=None, notes=why)
    return made("quotas", strip=_strip(m), table=_by_week(m), notes=notes)


def _strip(m: OperatorMonth) -> dict[str, Any] | None:
    """Return the contents of every day against the day's quota."""
    days = _of(m.quotas.days, CONTENTS).sort_values("date")
    if days.empty:
        return None
    weeks = _of(m.quotas.weeks, CONTENTS).sort_values("first")
    top = max(float(days[["quota", "result"]].max().max()), TINY)
    working = days[days["working"]]
    each = float(working["quota"].iloc[0]) if len(working) else 0.0
    return {
        "title": _week_title(weeks),
        "each": each,
        "due": float(days["quota"].sum()),
        "done": days["result"].sum(min_count=1),
        "level": 100 * each / top,
        "missing": int(days["result"].isna().sum()),
        "days": [_day(m, row, top) for row in days.to_dict("records")],
        "weeks": [_week(row) for row in weeks.to_dict("records")],
    }


DAYS = {
    "hit": N_("{n}条，达到"),
    "near": N_("{n}条，没有达到，累计没有落后"),
    "miss": N_("{n}条，没有达到，累计也落后"),
    "extra": N_("{n}条，休息日发的"),
    "rest": N_("{n}条，没有定量"),
    "gap": N_("缺"),
}
"""What is said of a day, by what became of its quota."""


def _day(m: OperatorMonth, row: dict[Any, Any], top: float) -> dict[str, Any]:
    """Return one day: reached, short, missed, not on record, or without a quota."""
    result, quota = float(row["result"]), float(row["quota"])
    unknown = math.isnan(result)
    behind = bool(row["result_sum"] < row["quota_sum"] - TINY)
    if unknown:
        state = "gap"
    elif quota <= TINY:
        state = "extra" if result > 0 else "rest"
    elif result >= quota - TINY:
        state = "hit"
    else:
        # Three of 3.17 is short, but nothing is owed where the sum keeps up.
        state = "miss" if behind else "near"
    return {
        "day": row["date"].day,
        "said": _(DAYS[state], n=figures_module.plain(result, 2)),
        "shade": shade_of(row["date"].date(), m.calendar),
        "state": state,
        "result": result,
        "quota": quota,
        "height": 0.0 if unknown else 100 * result / top,
        "run": "gap" if unknown else "late" if behind else "level",
    }


def _week(row: dict[Any, Any]) -> dict[str, Any]:
    first, last = row["first"], row["last"]
    return {
        "span": (last - first).days + 1,
        "days": figures_module.span(first, last, "d"),
        "quota": float(row["quota"]),
        "result": float(row["result"]),
        "share": _share(row["result"], row["quota"]),
    }


def _share(result: float, quota: float) -> float | None:
    """Return result ÷ quota; None where either says nothing."""
    if pd.isna(result) or not quota > TINY:
        return None
    return float(result / quota)


def _week_title(weeks: pd.DataFrame) -> str:
    """Say in how many weeks the quota was reached, and which was furthest off."""
    owing = weeks[weeks["quota"] > TINY]
    known = owing[owing["result"].notna()]
    if known.empty:
        return _("内容没有记录，说不上有没有达到定量")
    short = known[known["result"] < known["quota"] - TINY]
    if short.empty:
        return _("有定量的{weeks}周，内容都达到", weeks=len(known))
    worst = short.iloc[int((short["quota"] - short["result"]).argmax())]
    return _(
        "有定量的{weeks}周中，内容{reached}周达到；"
        "差得最多的是{days}，定量{quota}条，发布{result}条",
        weeks=len(known),
        reached=len(known) - len(short),
        days=figures_module.span(worst["first"], worst["last"]),
        quota=figures_module.plain(worst["quota"], 2),
        result=figures_module.plain(worst["result"], 2),
    )


def _by_week(m: OperatorMonth) -> dict[str, Any]:
    """Return every metric's weeks and its month, contents first."""
    months = m.quotas.months.to_dict("records")
    rows = [
        _metric_weeks(m, row)
        for row in sorted(months, key=lambda row: row["metric"] != CONTENTS)
    ]
    known = [row for row in rows if row["share"] is not None]
    reached = sum(row["share"] >= 1 - TINY for row in known)
    first = _of(m.quotas.weeks, months[0]["metric"]).sort_values("first")
    return {
        "title": _reached_title(len(known), reached),
        "head": [
            (_week(row)["days"], row["quota"] > TINY)
            for row in first.to_dict("records")
        ],
        "rows": rows,
        "month": figures_module.month_short(m.month),
    }


def _reached_title(known: int, reached: int) -> str:
    if not known:
        return _("没有一个指标有可以比的结果")
    if reached == known:
        return _("有结果的{known}个指标都达到全月定量", known=known)
    if not reached:
        return _("有结果的{known}个指标都没有达到全月定量", known=known)
    return _(
        "有结果的{known}个指标中，{reached}个达到全月定量", known=known, reached=reached
    )


def _metric_weeks(m: OperatorMonth, month: dict[Any, Any]) -> dict[str, Any]:
    """Return one metric: its weeks, how many days are missing, and the month."""
    name = month["metric"]
    days = _of(m.quotas.days, name)
    # Counters of posts have no days at all: nothing of theirs is missing by day.
    by_day = bool(days["result"].notna().any())
    gaps = Counter(days[days["result"].isna()]["week"]) if by_day else Counter()
    weeks = _of(m.quotas.weeks, name).sort_values("first").to_dict("records")
    working = days[days["working"]]["quota"]
    each = _contents if name == CONTENTS else amount(name)
    return {
        "name": _quota_name(name),
        "each": each(working.iloc[0]) if len(working) else figures_module.NONE,
        "weeks": [_week(row) | {"missing": gaps[row["week"]]} for row in weeks],
        "result": figures_module.short(month["result"]),
        "quota": figures_module.short(month["quota"]),
        "share": _share(month["result"], month["quota"]),
        "missing": gaps.total(),
    }


def _contents(value: float) -> str:
    return figures_module.plain(value, 2)


def _quota_name(metric: str) -> str:
    """Name what has a quota; contents and the gain of followers are no flows."""
    names = {CONTENTS: _("内容发布"), "followers": _("粉丝净增")}
    return names.get(metric) or METRICS[metric].label


def _of(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    return frame[frame["metric"] == metric]


# Next month's targets.

PLANS = {
    N_("增粉计划"): ("followers",),
    N_("定增计划"): ("dau", "mau", "stickiness"),
    N_("收益计划"): ("orders", "conversion_rate", "revenue"),
}
"""The plans that the appraisal plan's daily duties ask for, by what they move."""

REST = N_("其他指标")

STEPS = {"low": N_("低"), "middle": N_("中"), "high": N_("高")}
"""The three proposals of a metric, and what they are called."""


def next_month(m: OperatorMonth) -> Fragment:
    """
    Propose next month's targets: three steps, their growth, how they were made.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month; the card holds the proposals.

    Returns
    -------
    Fragment
    """
    proposals = said(m.card)["proposals"]
    if not proposals:
        return made("said", text=_("没有必考的指标，没有可以建议的目标。"))
    named = {name: _proposed(m, metrics) for name, metrics in PLANS.items()}
    planned = {metric for metrics in PLANS.values() for metric in metrics}
    rest = tuple(one["metric"] for one in proposals if one["metric"] not in planned)
    groups = named | {REST: _proposed(m, tuple(dict.fromkeys(rest)))}
    return made(
        "next_month",
        title=_(
            "建议的{month}目标，等主管确认",
            month=figures_module.month_short(proposals[0]["period"]),
        ),
        sentences=[
            (_(name), _plan_sentences(name, rows)) for name, rows in named.items()
        ],
        groups=[(_(name), rows) for name, rows in groups.items() if rows],
        steps=[_(name) for name in STEPS.values()],
        methods=_methods(groups.values()),
        now=figures_module.month_short(m.month),
        noted=any(one["note"] for one in proposals),
    )


def _proposed(m: OperatorMonth, metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Return the proposals of some metrics, in their order, printed."""
    return [
        _proposal(m, one)
        for metric in metrics
        for one in said(m.card)["proposals"]
        if one["metric"] == metric
    ]


def _proposal(m: OperatorMonth, one: Card) -> dict[str, Any]:
    """Print one proposal; of followers the gain, with the level it leads to."""
    metric = METRICS[one["metric"]]
    gain = metric.moves_by_gain
    told = amount(one["metric"])
    steps = [told(one[f"gain_{step}" if gain else step]) for step in STEPS]
    platform = platform_of(m, one["platform"]).name if one["platform"] else ""
    name = _quota_name(one["metric"])
    # A level stands in the proposal; what is compared with the median is the gain.
    now = sum_known(of_month(m, metric.result).values()) if gain else one["value"]
    return {
        "name": _("{name}（{platform}）", name=name, platform=platform)
        if platform
        else name,
        "baseline": told(one["baseline"]),
        "months": one["months"],
        "value": told(now),
        "steps": steps,
        "given": bool(one["middle"]),
        "level": figures_module.exact(one["middle"]) if gain and one["middle"] else "",
        "growths": [
            figures_module.percent(one[f"growth_{step}"], sign=True) for step in STEPS
        ],
        "method": one["method"],
        "note": one["note"],
    }


def _methods(
    groups: Iterable[Sequence[dict[str, Any]]],
) -> list[tuple[str, str]]:
    """Return each way of computing once, with the metrics that it is of."""
    named: dict[str, list[str]] = {}
    for rows in groups:
        for one in rows:
            if one["method"]:
                named.setdefault(one["method"], []).append(one["name"])
    return [(figures_module.listed(names), method) for method, names in named.items()]


def _plan_sentences(name: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say one plan in a sentence a metric; without required metrics there is none."""
    if rows:
        return [_step_sentence(one) for one in rows]
    missing = figures_module.listed([METRICS[one].label for one in PLANS[name]])
    return [_("这几项本月不考，没有建议：{metrics}。", metrics=missing)]


def _step_sentence(one: dict[str, Any]) -> str:
    if not one["given"]:
        return _("{metric}没有建议。", metric=one["name"])
    values = dict(zip(STEPS, one["steps"], strict=True))
    if one["level"]:
        return _(
            "{metric}建议{middle}人，在{low}与{high}之间，月末到{level}人。",
            metric=one["name"],
            level=one["level"],
            **values,
        )
    return _(
        "{metric}建议{middle}，在{low}与{high}之间。", metric=one["name"], **values
    )
