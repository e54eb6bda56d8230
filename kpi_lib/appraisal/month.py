"""
The front door: one month of a workspace, cleaned, scored, and cut to one operator.

``m = open_month("2026-10")`` gives the team's tables; ``m.operator("op-01")`` gives
what one operator may see, and nothing of the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, cast

import pandas as pd

from kpi_lib import months
from kpi_lib.appraisal import proposals
from kpi_lib.appraisal.card import score
from kpi_lib.appraisal.evidence import Evidence, Sums
from kpi_lib.appraisal.quotas import Quotas
from kpi_lib.appraisal.quotas import quotas as quotas_of
from kpi_lib.catalogue import METRICS, Metric
from kpi_lib.days import LOOK_BACK, REACH, Calendar, days_of, months_back, shift
from kpi_lib.errors import Problem
from kpi_lib.figures import listed
from kpi_lib.files import (
    Layout,
    Platform,
    layouts,
    platforms,
)
from kpi_lib.inputs import (
    Account,
    Inputs,
    Operator,
    Plan,
    Roster,
    Target,
    Worklog,
    for_month,
)
from kpi_lib.language import N_, _, say
from kpi_lib.months import ONCE_A_PRODUCT, load_findings
from kpi_lib.months import load as load_months
from kpi_lib.workspace import Workspace, sha256_file

EARLIER = 3
"""Months before the appraised one whose scores are shown beside it."""


OWN_DAYS = [
    *("date", "account", "platform", "metric", "part"),
    *("value", "basis", "censored"),
]
"""What an operator's page needs to know of a daily value."""


@dataclass(frozen=True, kw_only=True)
class OperatorMonth:
    """
    What one operator's page is made from: the own part, nothing of anybody else.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    operator : Operator
        Who is appraised.
    accounts : tuple of Account
        Own accounts of the month, in the roster's order.
    platforms : mapping of str to Platform
        Names, seals and colours of their platforms.
    calendar : Calendar
        Working days and holidays.
    daily : DataFrame
        One row per date, account, metric and part, over twelve months; `value` is the
        own part (followers and flows × share; DAU and MAU whole).
    monthly : DataFrame
        One row per month, account, metric and stream, see ``metrics.MONTHLY``.
    posts : DataFrame
        One row per post published in the month on an own day, latest counters.
    ledger : DataFrame
        One row per record of the own accounts' files.
    files : DataFrame
        One row per file of the own accounts; `layout` is empty where no declaration
        knows the file.
    targets : tuple of Target
        The operator's rows of targets.csv.
    worklog : Worklog
        The operator's entries.
    quotas : Quotas
        The month's short targets by day and by week.
    card : dict
        The score card, schema 1.
    earlier : tuple of dict
        Score cards of up to three months before, ascending, each by the plan of its
        month; of months with own entries in the work log.
    flags : tuple of str
        What stands above the score.
    definitions : mapping of str to Metric
        The catalogue.
    """

    month: str
    operator: Operator
    accounts: tuple[Account, ...]
    platforms: Mapping[str, Platform]
    calendar: Calendar
    daily: pd.DataFrame
    monthly: pd.DataFrame
    posts: pd.DataFrame
    ledger: pd.DataFrame
    files: pd.DataFrame
    targets: tuple[Target, ...]
    worklog: Worklog
    quotas: Quotas
    card: dict[str, Any]
    earlier: tuple[dict[str, Any], ...]
    flags: tuple[str, ...]
    definitions: Mapping[str, Metric] = field(default_factory=lambda: METRICS)

    @cached_property
    def by_month(self) -> dict[str, dict[str, dict[str, float]]]:
        """Metric → month → account → value in the metric's unit, streams added up."""
        known = self.monthly[self.monthly["value"].notna()]
        sums = known.groupby(["metric", "month", "account"], sort=True)["value"].sum()
        found: dict[str, dict[str, dict[str, float]]] = {}
        for key, value in sums.items():
            metric, month, account = map(str, cast("tuple[str, ...]", key))
            found.setdefault(metric, {}).setdefault(month, {})[account] = value
        return found

    @cached_property
    def by_day(self) -> dict[tuple[str, str], dict[date, float]]:
        """Account and metric → day → value in the metric's unit, parts added up."""
        # By plain values: a frame for each of a hundred keys takes ten times as long.
        places, dates = pd.factorize(self.daily["date"], sort=True)
        days = [at.date() for at in pd.DatetimeIndex(dates)]
        columns = [self.daily[name].tolist() for name in ("account", "metric", "value")]
        found: dict[tuple[str, str], dict[date, float]] = {}
        for account, metric, value, at in zip(*columns, places.tolist(), strict=True):
            own = found.setdefault((account, metric), {})
            own[days[at]] = own.get(days[at], 0) + value
        return found

    @property
    def previous(self) -> dict[str, Any] | None:
        """Last month's score card, if there is one."""
        before = shift(self.month, -1)
        return next((card for card in self.earlier if card["month"] == before), None)


@dataclass(frozen=True)
class _Kept:
    """What was worked out already of operators of a month, by their ids."""

    sums: dict[str, Sums] = field(default_factory=dict)
    evidence: dict[tuple[str, str], Evidence] = field(default_factory=dict)
    owned: dict[str, pd.DataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Month:
    """
    One month of a workspace.

    Parameters
    ----------
    workspace : Workspace
        Where it lies.
    month : str
        ``YYYY-MM``.
    inputs : Inputs
        What people decided and recorded.
    only : str
        The operator whose rows alone are read; empty for everybody's.
    """

    workspace: Workspace
    month: str
    inputs: Inputs
    only: str = ""
    _kept: _Kept = field(init=False, default_factory=_Kept, repr=False, compare=False)

    @property
    def plan(self) -> Plan:
        """The plan of the month."""
        return self.inputs.plan

    @property
    def roster(self) -> Roster:
        """Operators and accounts."""
        return self.inputs.roster

    @property
    def calendar(self) -> Calendar:
        """Working days and holidays."""
        return self.inputs.calendar

    @property
    def targets(self) -> tuple[Target, ...]:
        """All rows of targets.csv."""
        return self.inputs.targets

    @property
    def worklog(self) -> Worklog:
        """The month's work log."""
        return self.inputs.worklogs[self.month]

    @property
    def operators(self) -> list[Operator]:
        """Who is appraised in the month."""
        return self.roster.appraised(self.month)

    @property
    def months(self) -> list[str]:
        """The twelve months shown, ascending."""
        return months_back(self.month, LOOK_BACK)

    def _load(
        self, name: str, *months: str, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        return load_months(self.workspace, months, name, self._own, columns)

    @cached_property
    def _own(self) -> dict[str, list[str]] | None:
        if not self.only:
            return None
        accounts = [account.id for account in self.roster.ever_owned_by(self.only)]
        return {"operator": [self.only], "account": accounts}

    @cached_property
    def daily(self) -> pd.DataFrame:
        """One row per account, date, metric and part, over twelve months."""
        columns = OWN_DAYS if self.only else None
        return self._load("daily", *self.months, columns=columns)

    @cached_property
    def posts(self) -> pd.DataFrame:
        """One row per post and download of the month."""
        return self._load("posts", self.month)

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """One row per month, operator, account, metric and stream."""
        return self._load("monthly", *months_back(self.month, REACH))

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """One row per record of every file of the month."""
        return self._load("ledger", self.month)

    @cached_property
    def files(self) -> pd.DataFrame:
        """One row per file of the month."""
        return self._load("files", self.month)

    @cached_property
    def findings(self) -> tuple[Problem, ...]:
        """What cleaning had to tell."""
        return load_findings(self.workspace, self.month)

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        """The layouts known, by id."""
        return layouts()

    @cached_property
    def recorded(self) -> dict[str, dict[str, Any]]:
        """What ``run.json`` of every earlier month says, by month."""
        return {
            path.parent.name: json.loads(path.read_text(encoding="utf-8"))
            for path in sorted(self.workspace.record.parent.glob("*/run.json"))
            if path.parent.name < self.month
        }

    @property
    def known_targets(self) -> frozenset[str]:
        """Hashes of rows of targets.csv on record in the runs of earlier months."""
        return frozenset(
            row
            for record in self.recorded.values()
            for row in record.get("targets", {}).values()
        )

    def evidence(
        self, operator: str, month: str = "", plan: Plan | None = None
    ) -> Evidence:
        """
        Gather what one operator's score is made from.

        Parameters
        ----------
        operator : str
            Roster id.
        month : str
            This month, or one of the three before it; empty for this month.
        plan : Plan, optional
            Another plan than the month's own.

        Returns
        -------
        Evidence
            Only the operator's own rows.
        """
        at = month or self.month
        if plan:
            return self._gathered(operator, at, plan)
        if (operator, at) not in self._kept.evidence:
            usual = self.inputs.plan_of(at)
            self._kept.evidence[operator, at] = self._gathered(operator, at, usual)
        return self._kept.evidence[operator, at]

    def _gathered(self, operator: str, month: str, plan: Plan) -> Evidence:
        person = self.roster.operator(operator)
        return Evidence(
            month=month,
            operator=person,
            plan=plan,
            roster=self.roster,
            layouts=self.layouts,
            calendar=self.calendar,
            monthly=self.monthly[self.monthly["operator"] == operator],
            targets=self.inputs.targets_of(operator),
            known_targets=self.known_targets,
            worklogs={
                at: log.own(operator) for at, log in self.inputs.worklogs.items()
            },
            posts=self._counted_posts(person, month)
            if plan.counts_posts
            else pd.DataFrame(),
            # Added up once for the score, the earlier ones, quotas and proposals.
            sums=self._kept.sums.setdefault(operator, Sums()),
        )

    def score(self, operator: str) -> dict[str, Any]:
        """
        Score one operator, by the plan of the month.

        Parameters
        ----------
        operator : str
            Roster id.

        Returns
        -------
        dict
            The card, schema 1.
        """
        card = score(
            self.evidence(operator),
            flags=self._flags(operator),
            plan_sha256=sha256_file(self.workspace.root / self.inputs.plan_file),
        )
        card["proposals"] = proposals.propose(self.evidence(operator))
        return self._signed(card | {"appeals": self._appeals(operator)})

    def _appeals(self, operator: str) -> list[dict[str, str]]:
        """Return the month's appeals as they were made and decided."""
        names = {key: one.name.label for key, one in self.plan.measures()}
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
            for row in self.inputs.appeals
            if (row.operator, row.month) == (operator, self.month)
        ]

    def _signed(self, card: dict[str, Any]) -> dict[str, Any]:
        """Say whether a manager signed this very score; a changed one voids it."""
        rows = [
            row
            for row in self.inputs.signoffs
            if (row.operator, row.month) == (card["operator"], card["month"])
        ]
        if not rows:
            return card
        last = rows[-1]
        void = last.action == "sign" and (
            last.score_sha256 != card["score_sha256"]
            or last.total != Decimal(card["total"] or 0)
        )
        signed = last.action == "sign" and not void
        told = _("{by}{on}的签字已失效：签字之后评分变了", by=last.by, on=last.on)
        return card | {
            "signoff": {
                "action": last.action,
                "by": last.by,
                "on": str(last.on),
                "reason": last.reason,
                "total": "" if last.total is None else str(last.total),
                "void": void,
            },
            "flags": [*card["flags"], *([told] if void else [])],
            "signed": signed,
            "final": signed and not card["pending"],
        }

    def _earlier(self, operator: str) -> tuple[dict[str, Any], ...]:
        """Score the months before that have own entries in the work log."""
        person = self.roster.operator(operator)
        found = []
        for month in months_back(self.month, EARLIER + 1)[:-1]:
            log = self.inputs.worklogs.get(month)
            if log is None or not self.inputs.has_plan(month):
                continue
            if not months.rows(self.workspace, month, "monthly"):
                continue
            own = log.own(operator)
            written = own != Worklog(month=month, source=log.source)
            if written and person in self.roster.appraised(month):
                found.append(score(self.evidence(operator, month)))
        return tuple(found)

    def _flags(self, operator: str) -> list[str]:
        """Say what changed of the plan, and what cleaning found on own accounts."""
        own = {account.id for account in self.roster.owned_by(operator, self.month)}
        told = self._rewritten()
        for problem in self.findings:
            where = problem.where.split("、")[0].split("/")
            for account in sorted(own & set(where)):
                name = self.roster.account(account).name
                whole = "不同的值" in problem.what or not where[-1]
                if problem.level != "note":
                    told.append(
                        _(
                            _OF_ACCOUNT if whole else _OF_FILE,
                            account=name,
                            file=where[-1],
                            what=say(problem.what),
                        )
                    )
        files = self.files[self.files["account"].isin(own)]
        unsure = files[(files["layout"] != "") & ~files["confirmed"]]
        names = sorted(set(unsure["layout_name"]) - {MANUAL})
        if names:
            named = listed(names)
            told.append(_("这些导出的格式还没有用真实文件核对过：{names}", names=named))
        return told

    def _rewritten(self) -> list[str]:
        """Say whether the plan was rewritten under an unchanged version."""
        now = self.plan
        digest = sha256_file(self.workspace.root / self.inputs.plan_file)
        return [
            _(
                "考核计划{plan}第{version}版的内容与{month}考核时不同，版本号没有变",
                plan=now.id,
                version=now.version,
                month=month,
            )
            for month, record in self.recorded.items()
            if (record["plan"]["id"], record["plan"]["version"])
            == (now.id, now.version)
            and record["plan"]["sha256"] != digest
        ][-1:]

    def operator(self, operator: str) -> OperatorMonth:
        """
        Cut the month to one operator.

        Parameters
        ----------
        operator : str
            Roster id.

        Returns
        -------
        OperatorMonth
            The own part of everything, with the score card.

        Raises
        ------
        RosterError
            Nobody has this id.
        """
        person = self.roster.operator(operator)
        if self.only != operator:
            # However large the team, a page is made from a small read.
            return replace(self, only=operator).operator(operator)
        accounts = tuple(self.roster.owned_by(person, self.month))
        ids = [account.id for account in accounts]
        known = platforms()
        card = self.score(operator)
        monthly = self.monthly[
            (self.monthly["operator"] == operator)
            & self.monthly["month"].isin(self.months)
        ]
        return OperatorMonth(
            month=self.month,
            operator=person,
            accounts=accounts,
            platforms={a.platform: known[a.platform] for a in accounts},
            calendar=self.calendar,
            daily=self.own_days(person),
            monthly=monthly.drop(columns="operator").reset_index(drop=True),
            posts=self.own_posts(person),
            ledger=_of(self.ledger, ids),
            files=_of(self.files, ids),
            targets=self.inputs.targets_of(operator),
            worklog=self.worklog.own(operator),
            quotas=quotas_of(self.evidence(operator), self.daily),
            card=card,
            earlier=self._earlier(operator),
            flags=tuple(card["flags"]),
        )

    def _shares(self, operator: Operator) -> pd.DataFrame:
        """Return account, date and share of every day owned in the months shown."""
        if operator.id not in self._kept.owned:
            self._kept.owned[operator.id] = self._days_owned(operator)
        return self._kept.owned[operator.id]

    def _days_owned(self, operator: Operator) -> pd.DataFrame:
        rows = [
            (account.id, day, float(share))
            for account in self.roster.ever_owned_by(operator.id)
            for month in self.months
            for day in days_of(month)
            if (share := self.roster.share(account, operator, day))
        ]
        frame = pd.DataFrame(rows, columns=["account", "date", "share"])
        return frame.astype({"date": "datetime64[s]", "account": "str"})

    def own_days(self, operator: Operator) -> pd.DataFrame:
        """
        Return the operator's part of every day of the twelve months.

        Parameters
        ----------
        operator : Operator
            Whose.

        Returns
        -------
        DataFrame
            One row per date, account, metric and part; `value` × share, but DAU and
            MAU whole.
        """
        own = self.daily.merge(self._shares(operator), on=["account", "date"])
        whole = own["metric"].isin(ONCE_A_PRODUCT)
        own["value"] = own["value"].where(whole, own["value"] * own["share"])
        return own[OWN_DAYS].sort_values(OWN_DAYS[:5], ignore_index=True)

    def _counted_posts(self, operator: Operator, month: str) -> pd.DataFrame:
        """Return every post of the own accounts with the share of its day."""
        posts = self._load("posts", month)
        own = posts.assign(date=posts["published_at"].dt.normalize()).merge(
            self._shares(operator), on=["account", "date"], how="left"
        )
        mine = [account.id for account in self.roster.owned_by(operator, month)]
        latest = own[own["account"].isin(mine)].sort_values(
            ["account", "post", "downloaded"], na_position="first"
        )
        return latest.drop_duplicates(["account", "post"], keep="last").fillna(
            {"share": 0.0}
        )

    def own_posts(
        self, operator: Operator | None = None, back: int = 1
    ) -> pd.DataFrame:
        """
        Return posts with their latest counters.

        Parameters
        ----------
        operator : Operator, optional
            Only those published on a day of the operator's own; default: everybody's.
        back : int
            Months of publishing, this one included.

        Returns
        -------
        DataFrame
            One row per account and post, columns as of `posts`.
        """
        months = months_back(self.month, back)
        posts = self.posts if back == 1 else self._load("posts", *months)
        posts = posts.assign(date=posts["published_at"].dt.normalize())
        first, last = days_of(months[0])[0], days_of(months[-1])[-1]
        own = posts[posts["date"].between(pd.Timestamp(first), pd.Timestamp(last))]
        if operator is not None:
            own = own.merge(self._shares(operator), on=["account", "date"])
        latest = own.sort_values(["account", "post", "downloaded"], na_position="first")
        return latest.drop_duplicates(["account", "post"], keep="last")[
            posts.columns.drop("date")
        ].sort_values(["account", "published_at", "post"], ignore_index=True)


_OF_ACCOUNT, _OF_FILE = N_("{account}：{what}"), N_("{account}（{file}）：{what}")
"""Where a finding of the cleaning is."""

MANUAL = "手工填报"
"""Name of the layout that people fill in by hand: unconfirmed by its nature."""


def _of(frame: pd.DataFrame, accounts: list[str]) -> pd.DataFrame:
    return frame[frame["account"].isin(accounts)].reset_index(drop=True)


def open_month(month: str, root: str = "") -> Month:
    """
    Open a month of a workspace.

    Parameters
    ----------
    month : str
        ``YYYY-MM``.
    root : str
        A path in the workspace; empty for the nearest one upward.

    Returns
    -------
    Month
        Tables are read when they are first asked for.

    Raises
    ------
    InvalidInput
        With every problem of what people wrote.
    WorkspaceError
        If there is no workspace.
    """
    workspace = Workspace.find(root)
    return Month(workspace, month, for_month(workspace, month))


def evidence_bytes(month: str, operator: str, root: str = "") -> bytes:
    """
    Return the rows behind one operator's score, as parquet.

    Parameters
    ----------
    month, operator, root : str
        As in `open_month`, and a roster id.

    Returns
    -------
    bytes
        One row per value of the month on an own account: daily values and counters
        of posts, each with file, sheet and row.
    """
    opened = replace(open_month(month, root), only=operator)
    ids = [account.id for account in opened.roster.owned_by(operator, month)]
    daily = _of(opened._load("daily", month), ids)
    counters = [name for name in METRICS if name in opened.posts]
    posts = _of(opened.posts, ids).melt(
        id_vars=[
            "account",
            "platform",
            "post",
            "downloaded",
            "source",
            "sheet",
            "block",
            "row",
        ],
        value_vars=counters,
        var_name="metric",
    )
    rows = pd.concat([daily, posts.dropna(subset=["value"])], ignore_index=True)
    order = ["account", "metric", "source", "sheet", "block", "row"]
    return months.parquet(rows.sort_values(order, ignore_index=True))
