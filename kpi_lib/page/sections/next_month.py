"""Next month's targets: three steps, their growth, how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.language import N_, _
from kpi_lib.page.parts import (
    Card,
    Fragment,
    made,
    platform_of,
    said,
)
from kpi_lib.page.sections.quotas import quota_name
from kpi_lib.page.series import of_month, sum_known

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
    rest = tuple(at["metric"] for at in proposals if at["metric"] not in planned)
    groups = named | {REST: _proposed(m, tuple(dict.fromkeys(rest)))}
    return made(
        "next_month",
        title=_(
            "建议的{month}目标，等主管确认",
            month=figures.month_short(proposals[0]["period"]),
        ),
        sentences=[
            (_(name), _plan_sentences(name, rows)) for name, rows in named.items()
        ],
        groups=[(_(name), rows) for name, rows in groups.items() if rows],
        steps=[_(name) for name in STEPS.values()],
        methods=_methods(groups.values()),
        now=figures.month_short(m.month),
        noted=any(at["note"] for at in proposals),
    )


def _proposed(m: OperatorMonth, metrics: Sequence[str]) -> list[dict[str, Any]]:
    """Return the proposals of some metrics, in their order, printed."""
    return [
        _proposal(m, proposal)
        for metric in metrics
        for proposal in said(m.card)["proposals"]
        if proposal["metric"] == metric
    ]


def _proposal(m: OperatorMonth, one: Card) -> dict[str, Any]:
    """Print one proposal; of followers the gain, with the level it leads to."""
    metric = METRICS[one["metric"]]
    gain = metric.moves_by_gain
    told = figures.amount(one["metric"])
    steps = [told(one[f"gain_{step}" if gain else step]) for step in STEPS]
    platform = platform_of(m, one["platform"]).name if one["platform"] else ""
    name = quota_name(one["metric"])
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
        "level": figures.exact(one["middle"]) if gain and one["middle"] else "",
        "growths": [
            figures.percent(one[f"growth_{step}"], sign=True) for step in STEPS
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
        for row in rows:
            if row["method"]:
                named.setdefault(row["method"], []).append(row["name"])
    return [(figures.listed(names), method) for method, names in named.items()]


def _plan_sentences(name: str, rows: Sequence[dict[str, Any]]) -> list[str]:
    """Say one plan in a sentence a metric; without required metrics there is none."""
    if rows:
        return [_step_sentence(row) for row in rows]
    missing = figures.listed([METRICS[metric].label for metric in PLANS[name]])
    return [_("这几项本月不考，没有建议：{metrics}。", metrics=missing)]


def _step_sentence(row: dict[str, Any]) -> str:
    if not row["given"]:
        return _("{metric}没有建议。", metric=row["name"])
    values = dict(zip(STEPS, row["steps"], strict=True))
    if row["level"]:
        return _(
            "{metric}建议{middle}人，在{low}与{high}之间，月末到{level}人。",
            metric=row["name"],
            level=row["level"],
            **values,
        )
    return _(
        "{metric}建议{middle}，在{low}与{high}之间。", metric=row["name"], **values
    )
