"""Small frames from which months are scored: made-up numbers, plain to add up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

from kpi_lib.appraisal import Card, goals
from kpi_lib.appraisal.evidence import Evidence, History
from kpi_lib.catalogue import METRICS
from kpi_lib.days import Calendar
from kpi_lib.inputs import Measure, plan
from kpi_lib.inputs.roster import Account, Operator, Roster
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.months import add_up

MONTH = "2026-10"
PLAN = plan.load_plan(Path(__file__).parents[1] / "data" / "plan.yml")
PLANS = Path(__file__).parent / "data" / "plans"
ID = "op-01"
MANAGER = "示例主管"


def read_plan(name: str) -> plan.Plan:
    """Read one of the plans of tests/data/plans."""
    return plan.load_plan(PLANS / f"{name}.yml", f"{name}.yml")


def people(accounts: Mapping[str, str], **more: object) -> Roster:
    """Make a roster of one operator with accounts, by id and platform."""
    operator = Operator.model_validate(
        {"id": ID, "name": "示例运营甲", "manager": MANAGER, "from": "2025-01-01"}
        | more
    )
    return Roster(
        operators=(operator,),
        accounts=tuple(
            Account.model_validate(
                {
                    "id": id_,
                    "platform": platform,
                    "name": f"示例{id_}",
                    "from": "2025-01-01",
                    "expects": [],
                    "owners": [{"operator": ID, "from": "2025-01-01"}],
                }
            )
            for id_, platform in accounts.items()
        ),
    )


def values(
    account: str, platform: str, month: str = MONTH, **numbers: float
) -> list[dict[str, object]]:
    """Make the rows of one account's month: every metric on all of its days."""
    return [
        {
            "month": month,
            "operator": ID,
            "account": account,
            "platform": platform,
            "metric": metric,
            "stream": "",
            "value": number,
            "low": number,
            "high": number,
            "basis": "daily",
            "share": 1.0,
            "days_present": 31.0,
            "days_due": 31.0,
            "opened": None,
            "closed": None,
            "sources": "[]",
        }
        for metric, number in numbers.items()
    ]


def aim(metric: str, value: str, platform: str = "", **more: object) -> Target:
    """Make an approved short target of the month, set before it began."""
    known: dict[str, object] = {
        "operator": ID,
        "metric": metric,
        "platform": platform,
        "horizon": "short",
        "period": MONTH,
        "value": Decimal(value),
        "set_on": date(2026, 9, 28),
        "approved_by": MANAGER,
        "row": 2,
        "sha256": f"{metric}-{platform}-{value}",
    }
    return Target(**{**known, **more})  # type: ignore[arg-type]


def measure(source: dict[str, Any], **more: Any) -> Measure:
    """Make a measure of a source, 5 points in proportion."""
    return Measure.model_validate(
        {
            "id": "m",
            "name": {"zh": "指标"},
            "source": source,
            "rule": {"kind": "ratio"},
            "points": 5,
            **more,
        }
    )


def posts(*rows: tuple[str, str, int, float, float]) -> pd.DataFrame:
    """Make posts of October: account, platform, day, views, own share."""
    return pd.DataFrame(
        [
            {
                "account": account,
                "platform": platform,
                "post": f"p{at}",
                "published_at": pd.Timestamp(2026, 10, day),
                "views": views,
                "share": share,
                "source": f"data/raw/2026-10/{account}/posts.csv",
                "sheet": "",
                "row": at + 2,
            }
            for at, (account, platform, day, views, share) in enumerate(rows)
        ]
    )


def with_ratios(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Make the month's table of rows, with the ratio of each account's sums."""
    every = list(rows)
    accounts: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for row in every:
        key = (row["month"], row["operator"], row["account"])
        accounts.setdefault(key, {})[row["metric"]] = row
    for there in accounts.values():
        for name, metric in METRICS.items():
            sides = {"above": metric.numerator, "below": metric.denominator}
            parts = [part for side in sides.values() for part in side]
            if not parts or name in there or not set(parts) <= there.keys():
                continue
            sums = {
                side + suffix: sum(there[part][of] for part in names)
                for side, names in sides.items()
                for of, suffix in (("value", ""), ("low", "_low"), ("high", "_high"))
            }
            value = sums["above"] / sums["below"] if sums["below"] else float("nan")
            every.append(
                {**there[parts[0]], "metric": name, "value": value, "low": value,
                 "high": value, **sums}
            )  # fmt: skip
    columns = add_up.MONTHLY
    return pd.DataFrame(every, columns=list(columns)).astype(columns)


def evidence(
    by: plan.Plan,
    roster: Roster,
    rows: Iterable[dict[str, object]],
    targets: Sequence[Target] = (),
    *,
    log: Worklog | None = None,
    listed: pd.DataFrame | None = None,
) -> Evidence:
    """Gather what one operator's October is scored from."""
    return Evidence(
        month=MONTH,
        plan=by,
        history=History(with_ratios(rows), roster, roster.operators[0]),
        calendar=Calendar(),
        targets=tuple(targets),
        worklogs={MONTH: log or Worklog(month=MONTH)},
        posts=pd.DataFrame() if listed is None else listed,
    )


def baseline(given: Evidence, metric: str, *, month: str = "") -> Fraction | None:
    """Return the median of a metric's months before a month."""
    return goals.median_of(given, goals.past(given, metric, month=month))


def with_rows(given: Evidence, monthly: pd.DataFrame, **more: object) -> Evidence:
    """Put other months behind an evidence."""
    history = History(monthly, given.roster, given.operator)
    return replace(given, history=history, **more)  # type: ignore[arg-type]


def with_roster(given: Evidence, roster: Roster) -> Evidence:
    """Put other owners behind an evidence."""
    return replace(given, history=History(given.monthly, roster, given.operator))


def scores(card: Card) -> dict[str, str | None]:
    """Return the printed points of every measure of a card, bonus ones too."""
    return {key: one["score"] for key, one in card.measures.items()}
