"""What stands beside a score: remarks on plan and files, appeals, the signature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from kpi_lib.appraisal.card import Card
from kpi_lib.errors import Problem
from kpi_lib.inputs import Account, Inputs, Plan
from kpi_lib.language import Sentence

MANUAL = "手工填报"
"""Name of the layout that people fill in by hand: unconfirmed by its nature."""


def rewritten(
    plan: Plan, digest: str, recorded: Mapping[str, Mapping[str, Any]]
) -> list[str]:
    """Say whether the plan was rewritten under the version of an earlier record."""
    months = [
        month
        for month, record in recorded.items()
        if (record["plan"]["id"], record["plan"]["version"]) == (plan.id, plan.version)
        and record["plan"]["sha256"] != digest
    ]
    return [
        Sentence(
            "考核计划{plan}第{version}版的内容与{month}考核时不同，版本号没有变",
            plan=plan.id,
            version=plan.version,
            month=month,
        )
        for month in months[-1:]
    ]


def of_files(
    accounts: Sequence[Account], findings: Iterable[Problem], files: pd.DataFrame
) -> Iterator[str]:
    """Say what the cleaning found on accounts, and which formats are unsure."""
    names = {account.id: account.name for account in accounts}
    for problem in findings:
        if problem.level == "note":
            continue
        where = problem.where.split("、")[0].split("/")
        for account in sorted(names.keys() & set(where)):
            name, what, file = names[account], problem.what, where[-1]
            if "不同的值" in what or not file:
                yield Sentence("{account}：{what}", account=name, what=what)
            else:
                yield Sentence(
                    "{account}（{file}）：{what}", account=name, file=file, what=what
                )
    own = files[files["account"].isin(list(names))]
    unsure = own[(own["layout"] != "") & ~own["confirmed"]]
    formats = sorted(set(unsure["layout_name"]) - {MANUAL})
    if formats:
        yield Sentence("这些导出的格式还没有用真实文件核对过：{names}", names=formats)


def appeals(inputs: Inputs, operator: str, month: str) -> list[dict[str, str]]:
    """Return the month's appeals as they were made and decided."""
    names = {key: measure.name.label for key, measure in inputs.plan.measures()}
    return [
        {
            "id": row.id,
            "measure": row.measure,
            "name": names.get(row.measure, row.measure),
            "text": row.text,
            "on": str(row.on),
            "decision": row.decision,
            "decided_by": row.decided_by,
            "decided_on": str(row.decided_on or ""),
        }
        for row in inputs.appeals
        if (row.operator, row.month) == (operator, month)
    ]


def signed(card: Card, inputs: Inputs) -> Card:
    """Say whether a manager signed this very score; a changed one voids it."""
    whose = (card["operator"], card["month"])
    rows = [row for row in inputs.signoffs if (row.operator, row.month) == whose]
    if not rows:
        return card
    last = rows[-1]
    void = last.action == "sign" and (
        last.score_sha256 != card["score_sha256"]
        or last.total != Decimal(card["total"] or 0)
    )
    holds = last.action == "sign" and not void
    why = Sentence("{by}{on}的签字已失效：签字之后评分变了", by=last.by, on=last.on)
    return card | {
        "signoff": {
            "action": last.action,
            "by": last.by,
            "on": str(last.on),
            "reason": last.reason,
            "total": "" if last.total is None else str(last.total),
            "void": void,
        },
        "flags": [*card["flags"], *([why] if void else [])],
        "signed": holds,
        "final": holds and not card["pending"],
    }
