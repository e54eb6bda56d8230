"""Next month's targets: three steps, their growth, how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, made, platform_of
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
    """Propose next month's targets: three steps, their growth, how they were made."""
    proposals = m.card.said()["proposals"]
    if not proposals:
        return made("said", text=_("没有必考的指标，没有可以建议的目标。"))

    def rows(metrics: Iterable[str]) -> list[dict[str, Any]]:
        return [
            _printed(m, proposal)
            for metric in metrics
            for proposal in proposals
            if proposal["metric"] == metric
        ]

    plans = {name: rows(metrics) for name, metrics in PLANS.items()}
    planned = {metric for metrics in PLANS.values() for metric in metrics}
    rest = dict.fromkeys(
        at["metric"] for at in proposals if at["metric"] not in planned
    )
    groups = plans | {REST: rows(rest)}
    return made(
        "next_month",
        period=proposals[0]["period"],
        plans=[
            (_(name), rows, [METRICS[metric].label for metric in PLANS[name]])
            for name, rows in plans.items()
        ],
        groups=[(_(name), rows) for name, rows in groups.items() if rows],
        steps=[_(name) for name in STEPS.values()],
        methods=_methods(chain.from_iterable(groups.values())),
        month=m.month,
        noted=any(proposal["note"] for proposal in proposals),
    )


def _printed(m: OperatorMonth, proposal: Mapping[str, Any]) -> dict[str, Any]:
    """Print one proposal; of followers the gain, with the level it leads to."""
    metric = METRICS[proposal["metric"]]
    gain, level = metric.moves_by_gain, proposal["middle"]
    printed, name = figures.amount(proposal["metric"]), quota_name(proposal["metric"])
    if proposal["platform"]:
        platform = platform_of(m, proposal["platform"]).name
        name = _("{name}（{platform}）", name=name, platform=platform)
    # A level stands in the proposal; what is compared with the median is the gain.
    gained = sum_known(of_month(m, metric.result).values())
    return {
        "name": name,
        "baseline": printed(proposal["baseline"]),
        "months": proposal["months"],
        "value": printed(gained if gain else proposal["value"]),
        "steps": [printed(proposal[f"gain_{at}" if gain else at]) for at in STEPS],
        "given": bool(level),
        "easier": "middle" in proposal["easier"].split(),
        "level": figures.exact(level) if gain and level else "",
        "growths": [proposal[f"growth_{at}"] for at in STEPS],
        "method": proposal["method"],
        "note": proposal["note"],
    }


def _methods(rows: Iterable[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return each way of computing once, with the metrics that it is of."""
    named: dict[str, list[str]] = {}
    for row in rows:
        if row["method"]:
            named.setdefault(row["method"], []).append(row["name"])
    return [(figures.listed(names), method) for method, names in named.items()]
