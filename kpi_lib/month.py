"""
The front door: one month of a workspace, cleaned, scored, and cut to one operator.

``m = open_month("2026-10")`` gives the team's tables; ``m.operator("op-01")`` gives
what one operator may see, and nothing of the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

import pandas as pd

from kpi_lib import inputs, intake, metrics, scoring, workdays
from kpi_lib.catalogue import METRICS, Metric
from kpi_lib.errors import Problem
from kpi_lib.evidence import Evidence
from kpi_lib.inputs import Inputs
from kpi_lib.layouts import Layout, Platform, layouts, platforms
from kpi_lib.plan import Plan
from kpi_lib.roster import Account, Operator, Roster
from kpi_lib.targets import Target
from kpi_lib.workdays import Calendar
from kpi_lib.worklog import Worklog
from kpi_lib.workspace import Workspace, sha256_file

LOOK_BACK = 12
"""Months that the curves show, the appraised one included."""

BASELINE = 3
"""Months before a scored one that its baselines need."""


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
    card : dict
        The score card, schema 1.
    previous : dict or None
        Last month's score card by the same plan; None where there is no work log.
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
    card: dict[str, Any]
    previous: dict[str, Any] | None
    flags: tuple[str, ...]
    definitions: Mapping[str, Metric] = field(default_factory=lambda: METRICS)


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
    """

    workspace: Workspace
    month: str
    inputs: Inputs

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
        return workdays.months_back(self.month, LOOK_BACK)

    def _table(self, name: str, months: list[str]) -> pd.DataFrame:
        frames = [intake.load(self.workspace, month, name) for month in months]
        return pd.concat(frames, ignore_index=True)

    @cached_property
    def daily(self) -> pd.DataFrame:
        """One row per account, date, metric and part, over twelve months."""
        return self._table("daily", self.months)

    @cached_property
    def posts(self) -> pd.DataFrame:
        """One row per post and download of the month."""
        return intake.load(self.workspace, self.month, "posts")

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """One row per month, operator, account, metric and stream."""
        # Last month's score needs the three months before it as well.
        reach = max(LOOK_BACK, BASELINE + 2)
        return self._table("monthly", workdays.months_back(self.month, reach))

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """One row per record of every file of the month."""
        return intake.load(self.workspace, self.month, "ledger")

    @cached_property
    def files(self) -> pd.DataFrame:
        """One row per file of the month."""
        return intake.load(self.workspace, self.month, "files")

    @cached_property
    def findings(self) -> tuple[Problem, ...]:
        """What cleaning had to tell."""
        return intake.findings(self.workspace, self.month)

    @cached_property
    def layouts(self) -> dict[str, Layout]:
        """The layouts known, by id."""
        return layouts()

    @cached_property
    def known_targets(self) -> frozenset[str]:
        """Hashes of rows of targets.csv on record in the runs of earlier months."""
        found: set[str] = set()
        folder = self.workspace.record.parent
        for path in sorted(folder.glob("*/run.json")):
            if path.parent.name < self.month:
                record = json.loads(path.read_text(encoding="utf-8"))
                found.update(record.get("targets", {}).values())
        return frozenset(found)

    def evidence(self, operator: str, month: str = "") -> Evidence:
        """
        Gather what one operator's score is made from.

        Parameters
        ----------
        operator : str
            Roster id.
        month : str
            This month, or the one before it; empty for this month.

        Returns
        -------
        Evidence
            Only the operator's own rows.
        """
        person = self.roster.operator(operator)
        own = self.monthly[self.monthly["operator"] == operator]
        return Evidence(
            month=month or self.month,
            operator=person,
            plan=self.plan,
            roster=self.roster,
            layouts=self.layouts,
            calendar=self.calendar,
            monthly=own,
            targets=tuple(t for t in self.targets if t.operator == operator),
            known_targets=self.known_targets,
            worklogs={
                at: log.own(operator) for at, log in self.inputs.worklogs.items()
            },
        )

    def score(self, operator: str) -> dict[str, Any]:
        """
        Score one operator.

        Parameters
        ----------
        operator : str
            Roster id.

        Returns
        -------
        dict
            The card, schema 1.
        """
        card = scoring.score(
            self.evidence(operator),
            flags=self._flags(operator),
            plan_sha256=sha256_file(self.workspace.plan),
        )
        return self._sign(card)

    def _sign(self, card: dict[str, Any]) -> dict[str, Any]:
        """Say whether a manager signed this very score; a changed one voids it."""
        rows = [
            row
            for row in self.inputs.signoffs
            if (row.operator, row.month) == (card["operator"], card["month"])
        ]
        if not rows or rows[-1].action != "sign":
            return card
        if rows[-1].score_sha256 != card["score_sha256"]:
            void = f"{rows[-1].on}的签字已失效：签字之后评分变了"
            return card | {"flags": [*card["flags"], void]}
        waiting = Decimal(card["rated"]) < Decimal(card["possible"])
        return card | {"signed": True, "final": not waiting}

    def _previous(self, operator: str) -> dict[str, Any] | None:
        before = workdays.shift(self.month, -1)
        person = self.roster.operator(operator)
        log = self.inputs.worklogs.get(before)
        known = set(self.monthly["month"])
        if person not in self.roster.appraised(before) or before not in known:
            return None
        if log is None or log.own(operator) == Worklog(month=before, source=log.source):
            return None
        return scoring.score(self.evidence(operator, before))

    def _flags(self, operator: str) -> list[str]:
        """Say what cleaning found on the operator's own accounts."""
        own = {account.id for account in self.roster.owned_by(operator, self.month)}
        told = []
        for problem in self.findings:
            where = problem.where.split("、")[0].split("/")
            for account in sorted(own & set(where)):
                name = self.roster.account(account).name
                file = (
                    ""
                    if "不同的值" in problem.what or not where[-1]
                    else f"（{where[-1]}）"
                )
                if problem.level != "note":
                    told.append(f"{name}{file}：{problem.what}")
        files = self.files[self.files["account"].isin(own)]
        unsure = files[(files["layout"] != "") & ~files["confirmed"]]
        names = sorted(set(unsure["layout_name"]) - {MANUAL})
        if names:
            told.append(f"这些导出的格式还没有用真实文件核对过：{'、'.join(names)}")
        return told

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
            targets=tuple(t for t in self.targets if t.operator == operator),
            worklog=self.worklog.own(operator),
            card=card,
            previous=self._previous(operator),
            flags=tuple(card["flags"]),
        )

    def _shares(self, operator: Operator) -> pd.DataFrame:
        """Return account, date and share of every day owned in the months shown."""
        rows = [
            (account.id, day, float(share))
            for account in self.roster.accounts
            if any(owner.operator == operator.id for owner in account.owners)
            for month in self.months
            for day in workdays.days_of(month)
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
        whole = own["metric"].isin(metrics.ONCE_A_PRODUCT)
        own["value"] = own["value"].where(whole, own["value"] * own["share"])
        columns = ["date", "account", "platform", "metric", "part", "value", "basis"]
        return own[[*columns, "censored"]].sort_values(columns[:5], ignore_index=True)

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
        months = workdays.months_back(self.month, back)
        posts = self.posts if back == 1 else self._table("posts", months)
        posts = posts.assign(date=posts["published_at"].dt.normalize())
        first, last = workdays.days_of(months[0])[0], workdays.days_of(months[-1])[-1]
        own = posts[posts["date"].between(pd.Timestamp(first), pd.Timestamp(last))]
        if operator is not None:
            own = own.merge(self._shares(operator), on=["account", "date"])
        latest = own.sort_values(["account", "post", "downloaded"], na_position="first")
        return latest.drop_duplicates(["account", "post"], keep="last")[
            posts.columns.drop("date")
        ].sort_values(["account", "published_at", "post"], ignore_index=True)


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
    return Month(workspace, month, inputs.for_month(workspace, month))


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
    opened = open_month(month, root)
    ids = [account.id for account in opened.roster.owned_by(operator, month)]
    daily = _of(intake.load(opened.workspace, month, "daily"), ids)
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
    return intake.parquet(rows.sort_values(order, ignore_index=True))
