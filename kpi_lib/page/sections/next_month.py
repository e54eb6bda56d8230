"""Next month's targets: three steps, their growth, how they were made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.grouping import grouped
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, made
from kpi_lib.page.sections.quotas import quota_name
from kpi_lib.page.series import of_month, sum_known

# The plans that the appraisal plan's daily duties ask for, by what they move.
PLANS = {
    N_("增粉计划"): ("followers",),
    N_("定增计划"): ("dau", "mau", "stickiness"),
    N_("收益计划"): ("orders", "conversion_rate", "revenue"),
}


# The three proposals of a metric, and what they are called.
STEPS = {"low": N_("低"), "middle": N_("中"), "high": N_("高")}


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

    plans = {_(name): rows(metrics) for name, metrics in PLANS.items()}
    planned = {metric for metrics in PLANS.values() for metric in metrics}
    rest = rows(
        dict.fromkeys(at["metric"] for at in proposals if at["metric"] not in planned)
    )
    every = [*chain(*plans.values()), *rest]
    given = {name: [row for row in own if row["given"]] for name, own in plans.items()}
    return made(
        "next_month",
        period=proposals[0]["period"],
        plans=[(name, own) for name, own in given.items() if own],
        rest=[row for row in rest if row["given"]],
        without=[row["name"] for row in every if not row["given"]],
        steps=[_(name) for name in STEPS.values()],
        methods=_named(every, "method"),
        notes=_named(every, "note"),
        month=m.month,
    )


def _printed(m: OperatorMonth, proposal: Mapping[str, Any]) -> dict[str, Any]:
    """Print one proposal; of followers the gain, with the level it leads to."""
    metric = METRICS[proposal["metric"]]
    gain, level = metric.moves_by_gain, proposal["middle"]
    printed = figures.amount(proposal["metric"])
    # A level stands in the proposal; what is compared with the median is the gain.
    gained = sum_known(of_month(m, metric.result).values())
    return {
        "name": quota_name(proposal["metric"]),
        "baseline": printed(proposal["baseline"]),
        "months": proposal["months"],
        "value": printed(gained if gain else proposal["value"]),
        "steps": [printed(proposal[f"gain_{at}" if gain else at]) for at in STEPS],
        "given": bool(level),
        "growths": [proposal[f"growth_{at}"] for at in STEPS],
        "method": proposal["method"],
        "note": proposal["note"],
    }


def _named(rows: Iterable[dict[str, Any]], key: str) -> list[tuple[str, str]]:
    """Return each text of the rows once, with the metrics that it is of."""
    named = grouped((row[key], row["name"]) for row in rows if row[key])
    return [(figures.listed(names), text) for text, names in named.items()]
