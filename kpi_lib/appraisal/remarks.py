"""What stands beside a score: remarks on plan and files, appeals, the signature."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from kpi_lib import days, figures, months
from kpi_lib.appraisal.card import Card
from kpi_lib.appraisal.evidence import Evidence, few
from kpi_lib.catalogue import DUE, HORIZONS, METRICS
from kpi_lib.errors import Problem
from kpi_lib.files import MANUAL
from kpi_lib.inputs import Account, Entry, Inputs, Plan, Target
from kpi_lib.language import N_, Name, Sentence
from kpi_lib.workspace import BOOKS

NOBODY = N_("{sheet}第{rows}行的“{name}”不是花名册里的主管或approvers，不算确认")


def of_entries(evidence: Evidence) -> Iterator[Sentence]:
    """Say which rows do not count: of another month, twice, or confirmed by nobody."""
    rows: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for entry, why in evidence.aside:
        rows[why, entry.SHEET, ""].append(entry.row)
    for row in naming(evidence):
        if not evidence.confirmed(row):
            rows[NOBODY, sheet_of(row), row.named].append(row.row)
    for (why, sheet, name), at in rows.items():
        where = months.spans(at, "、")
        yield Sentence(why, sheet=sheet, rows=where, name=name, month=evidence.month)


def naming(evidence: Evidence) -> list[Entry | Target]:
    """Return the rows that name who stands for them, of the log and of the targets."""
    targets = sorted(evidence.of_month, key=lambda row: (row.row, row.key, row.set_on))
    rows: list[Entry | Target] = [*evidence.worklog.entries(), *targets]
    return [row for row in rows if row.named]


def sheet_of(row: Entry | Target) -> str:
    """Return what the sheet of a row is called, or its file where it has one table."""
    several = isinstance(row, Entry) or row.source in BOOKS
    return row.SHEET if several else row.source.rpartition("/")[2]


def of_decisions(evidence: Evidence, inputs: Inputs) -> Iterator[Sentence]:
    """Say which decisions on own accounts are nobody's who may decide."""
    own = [account.id for account in evidence.accounts]
    for row in inputs.decisions:
        if row.account in own and row not in inputs.decided:
            yield Sentence(NOBODY, sheet="decisions.csv", rows=row.row, name=row.by)


def of_days(evidence: Evidence) -> Iterator[Sentence]:
    """Say of which accounts a number rests on fewer days than are due."""
    needed = {
        part
        for metric in evidence.goals.required
        for part in (metric, *METRICS[metric].parts)
    }
    labels: dict[tuple[str, float, float], list[Name]] = defaultdict(list)
    for metric in METRICS:
        for row in evidence.short_of_days.get(metric, ()) if metric in needed else ():
            lacks = row["account"], row["days_present"], row["days_due"]
            labels[lacks].append(METRICS[metric].label)
    for (account, present, due), metrics in labels.items():
        yield Sentence(
            "{account}只有{n}天的数，应有{due}天，缺的天不计：{metrics}",
            account=evidence.roster.account(account).name,
            n=f"{present:g}",
            due=f"{due:g}",
            metrics=few(metrics),
        )


def of_targets(
    evidence: Evidence, recorded: Mapping[str, Mapping[str, Any]]
) -> Iterator[Sentence]:
    """Say which targets came late, or claim a day on which no record has them."""
    first: dict[tuple[str, ...], Target] = {}
    told: dict[str, list[Sentence]] = {}
    run = [month for month, record in recorded.items() if "targets" in record]
    for row in sorted(evidence.of_month, key=lambda row: row.set_on):
        before = first.setdefault(row.key, row)
        known = row.sha256 in evidence.known_targets
        late = row.set_on > days.days_of(evidence.month)[0]
        if not late and (known or days.month_of(row.set_on) > max(run, default="")):
            continue
        was = "" if before is row else f"{figures.plain(before.value)}→"
        told.setdefault(LATE if late else BACKDATED, []).append(target_said(row, was))
    for why, targets in told.items():
        yield Sentence(why, month=evidence.month, targets=few(targets))


LATE = N_("{month}开始之后定的：{targets}")
BACKDATED = N_("设定日早于上一次考核，那时的记录里却没有：{targets}")


def target_said(row: Target, was: str = "") -> Sentence:
    """Say what a target is for, its value and since when."""
    numbers = {"value": f"{was}{figures.plain(row.value)}", "on": str(row.set_on)}
    return Sentence("{target}{value}（{on}）", target=_name(row), **numbers)


def _name(row: Target) -> Sentence:
    """Name a target by its metric, platform and horizon, or a due number."""
    if row.metric in DUE:
        return Sentence("{due}的应完成数", due=DUE[row.metric])
    text = N_("{platform}{metric}的{horizon}目标")
    horizon, metric = HORIZONS[row.horizon], METRICS[row.metric].label
    return Sentence(text, platform=row.platform, metric=metric, horizon=horizon)


def of_people(
    evidence: Evidence, recorded: Mapping[str, Mapping[str, Any]]
) -> Iterator[Sentence]:
    """Say for which published months the roster now asks something else."""
    operator = evidence.operator
    changed = [
        month
        for month, record in recorded.items()
        if (then := record.get("people", {}).get(operator.id))
        and then != evidence.roster.standing(operator, month)
    ]
    if changed:
        text = N_("{months}发表之后，花名册里当月的必考指标、账号或份额改过")
        yield Sentence(text, months=changed)


def rewritten(
    plan: Plan, digest: str, recorded: Mapping[str, Mapping[str, Any]]
) -> Iterator[Sentence]:
    """Say whether the plan was rewritten under the version of an earlier record."""
    months = [
        month
        for month, record in recorded.items()
        for said in (record["plan"], *record.get("plans", {}).values())
        if (said["id"], said["version"]) == (plan.id, plan.version)
        and said["sha256"] != digest
    ]
    if months:
        text = N_("考核计划{plan}第{version}版的内容与{month}考核时不同，版本号没有变")
        yield Sentence(text, plan=plan.id, version=plan.version, month=months[-1])


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
    # What people fill in by hand is unconfirmed by its nature.
    unsure = own[~own["layout"].isin(["", MANUAL]) & ~own["confirmed"]]
    formats = sorted(set(unsure["layout_name"]))
    if formats:
        yield Sentence("这些导出的格式还没有用真实文件核对过：{names}", names=formats)


APPEAL = ("id", "measure", "text", "on", "decision", "decided_by", "decided_on")


def appeals(
    inputs: Inputs, plan: Plan, operator: str, month: str
) -> list[dict[str, str]]:
    """Return the month's appeals as they were made and decided."""
    names = {key: measure.name.label for key, measure in plan.measures()}
    return [
        {key: str(getattr(row, key) or "") for key in APPEAL}
        | {"name": names.get(row.measure, row.measure)}
        for row in inputs.appeals
        if (row.operator, row.month) == (operator, month)
    ]


def signed(card: Card, inputs: Inputs) -> Card:
    """Say whether a manager signed this very score; a changed one voids it."""
    whose = (card["operator"], card["month"])
    rows = [row for row in inputs.signoffs if (row.operator, row.month) == whose]
    operator = inputs.roster.operator(card["operator"])
    strangers = dict.fromkeys(r.by for r in rows if not operator.is_approver(r.by))
    flags = card["flags"] + [
        Sentence("“{name}”不是花名册里的主管或approvers，签字不算", name=name)
        for name in strangers
    ]
    rows = [row for row in rows if row.by not in strangers]
    if not rows:
        return Card(card | {"flags": flags})
    last = rows[-1]
    void = last.action == "sign" and (
        last.score_sha256 != card["score_sha256"]
        or last.total != Decimal(card["total"] or 0)
    )
    holds = last.action == "sign" and not void
    if void:
        why = Sentence("{by}{on}的签字已失效：签字之后评分变了", by=last.by, on=last.on)
        flags.append(why)
    beside = {
        "signoff": {
            **{
                name: str(getattr(last, name))
                for name in ("action", "by", "on", "reason")
            },
            "total": "" if last.total is None else str(last.total),
            "void": void,
        },
        "flags": flags,
        "signed": holds,
        "final": holds and not card["pending"],
    }
    return Card(card | beside)
