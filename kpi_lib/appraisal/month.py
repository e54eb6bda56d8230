"""
One month of a workspace, cleaned, scored, and cut to one operator.

A `Month` has the team's tables; ``m.operator("op-01")`` gives what one operator may
see, and nothing of the others. People open it as a `Workbook`: `kpi_lib.open_month`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, lru_cache, partial
from typing import Any, Self

import pandas as pd

from kpi_lib import months
from kpi_lib.appraisal import proposals, remarks
from kpi_lib.appraisal.card import Card, OperatorMonth
from kpi_lib.appraisal.compose import score
from kpi_lib.appraisal.evidence import Covered, Evidence, History
from kpi_lib.appraisal.quotas import quotas
from kpi_lib.catalogue import METRICS
from kpi_lib.days import LOOK_BACK, REACH, Calendar, days_of, months_back
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import platforms
from kpi_lib.held import read, read_run
from kpi_lib.inputs import Inputs, Operator, Plan, Roster, Worklog, for_month
from kpi_lib.months import ONCE_A_PRODUCT, load_findings
from kpi_lib.months import load as load_months
from kpi_lib.workspace import Workspace, sha256

EARLIER = 3  # Months before the appraised one whose scores are shown beside it

# What an operator's page needs to know of a daily value.
OWN_DAYS = [
    *("date", "account", "platform", "metric", "part"),
    *("value", "basis", "censored"),
]


class _Own:
    """One operator's part of a month, each thing worked out once."""

    def __init__(self, month: Month, operator: str) -> None:
        self.month, self.operator = month, month.roster.operator(operator)
        self.evidence = cache(self._gather)

    @cached_property
    def history(self) -> History:
        """The operator's months as they were added up."""
        monthly = self.month.monthly
        own = monthly[monthly["operator"] == self.operator.id]
        return History(own, self.month.roster, self.operator)

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Account, date and share of every day in charge in the months shown."""
        roster, id = self.month.roster, self.operator.id
        days = [day for month in self.month.months for day in days_of(month)]
        shares = []
        for account in roster.ever_owned_by(id):
            turns, share = {days[0], *roster.turns(account)}, None
            for day in days:
                if day in turns:
                    share = roster.in_charge(account, day).get(id)
                if share:
                    shares.append((account.id, day, float(share)))
        frame = pd.DataFrame(shares, columns=["account", "date", "share"])
        return frame.astype({"date": "datetime64[s]", "account": "str"})

    @cached_property
    def days(self) -> pd.DataFrame:
        """The operator's part of every day: a small read, however large the team."""
        month, id = self.month, self.operator.id
        small = month if month.only else replace(month, only=id)
        return small.own_days(id)

    def _gather(self, month: str, *, covers: bool = True) -> Evidence:
        """Gather what a month's score is made from, by the plan of that month."""
        inputs = self.month.inputs
        if wrong := tuple(at for at in inputs.mistakes if at.of == self.operator.id):
            raise InvalidInput(wrong)
        return Evidence(
            month=month,
            plan=inputs.plan_of(month, self.operator),
            history=self.history,
            calendar=inputs.calendar,
            targets=inputs.targets_of(self.operator.id),
            known_targets=self.month.known_targets,
            worklogs=inputs.worklogs,
            posts=self.posts(month),
            days=lambda: self.days,
            covered=tuple(self._covered(month)) if covers else (),
        )

    def _covered(self, month: str) -> Iterator[Covered]:
        """Gather those on leave whom the operator covered."""
        whole, roster = self.month, self.month.roster
        for id, days in roster.covered_by(self.operator.id, month).items():
            # A month read for one operator alone lacks the rows of the others.
            away = _Own(replace(whole, only=id) if whole.only else whole, id)
            name = roster.in_place_of(self.operator.id, id)
            rows = whole.monthly[whole.monthly["operator"] == name]
            brought = History(rows, roster, away.operator)
            # What was covered counts by the plan of who covered.
            plan = whole.inputs.plan_of(month, self.operator)
            evidence = replace(away.evidence(month, covers=False), plan=plan)
            yield Covered(evidence, len(days), brought)

    def posts(self, month: str) -> pd.DataFrame:
        """Return every post of the own accounts with the share of its day."""
        accounts = self.month.roster.owned_by(self.operator, month)
        posts = _rows_of(self.month.load("posts", month), [a.id for a in accounts])
        shares = _dated(posts).merge(self.shares, on=["account", "date"], how="left")
        return _latest(shares).fillna({"share": 0.0})


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

    @classmethod
    def open(cls, workspace: Workspace, month: str) -> Self:
        """Open a month; what people wrote is read now, tables when first asked for."""
        return cls(workspace, month, for_month(workspace, month))

    @cached_property
    def _of(self) -> Callable[[str], _Own]:
        # One after another: those of hundreds would fill the memory.
        return lru_cache(maxsize=1)(partial(_Own, self))

    @property
    def calendar(self) -> Calendar:
        """Working days and holidays."""
        return self.inputs.calendar

    @property
    def roster(self) -> Roster:
        """Operators and accounts."""
        return self.inputs.roster

    @property
    def worklog(self) -> Worklog:
        """The month's work log."""
        return self.inputs.worklogs[self.month]

    @property
    def appraised(self) -> list[Operator]:
        """Who is appraised in the month."""
        return self.roster.appraised(self.month)

    @property
    def months(self) -> list[str]:
        """The twelve months shown, ascending."""
        return months_back(self.month, LOOK_BACK)

    def load(
        self, name: str, *months: str, columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Read one kind of table of some months, the own rows of `only` alone."""
        return load_months(self.workspace, months, name, self._own, columns)

    @cached_property
    def _own(self) -> dict[str, list[str]] | None:
        if not self.only:
            return None
        accounts = [account.id for account in self.roster.ever_owned_by(self.only)]
        away = [self.roster.in_place_of(self.only, p.id) for p in self.roster.operators]
        return {"operator": [self.only, *away], "account": accounts}

    @cached_property
    def daily(self) -> pd.DataFrame:
        """
        One row per account, date, metric and part, over twelve months.

        Beside the key: platform, value (the metric's unit), basis, censored, and the
        place it was read from.
        """
        columns = OWN_DAYS if self.only else None
        return self.load("daily", *self.months, columns=columns)

    @cached_property
    def downloads(self) -> pd.DataFrame:
        """
        One row per post and download of the month.

        Title, kind, status, day of publishing, a column a metric (counters as the
        platform shows them, rates as fractions), and the place it was read from.
        """
        return self.load("posts", self.month)

    @cached_property
    def monthly(self) -> pd.DataFrame:
        """
        One row per month, operator, account, metric and stream, over thirteen months.

        The operator's part: value with its bounds low and high, basis, share, days
        present and due, days of the opening and closing download, sources.
        """
        return self.load("monthly", *months_back(self.month, REACH))

    @cached_property
    def ledger(self) -> pd.DataFrame:
        """One row per record of every file of the month: where, fate, reason, cell."""
        return self.load("ledger", self.month)

    @cached_property
    def files(self) -> pd.DataFrame:
        """One row per file of the month."""
        return self.load("files", self.month)

    @cached_property
    def findings(self) -> tuple[Problem, ...]:
        """What cleaning had to tell."""
        return load_findings(self.workspace, self.month)

    @cached_property
    def recorded(self) -> dict[str, dict[str, Any]]:
        """What ``run.json`` of every earlier month says, by month."""
        return {
            path.parent.name: read_run(path)
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

    def evidence(self, operator: str, plan: Plan | None = None) -> Evidence:
        """Gather what a score is made from, by the month's plan or by another."""
        evidence = self._of(operator).evidence(self.month)
        return replace(evidence, plan=plan) if plan else evidence

    def score(self, operator: str) -> Card:
        """Score one operator, with proposals, appeals and the signature."""
        evidence = self.evidence(operator)
        person = self.roster.operator(operator)
        plan, file = evidence.plan, self.inputs.plan_file(person)
        digest = plan.digest(sha256(read(self.workspace.root / file)))
        flags = [
            *remarks.rewritten(plan, digest, self.recorded),
            *remarks.of_targets(evidence, self.recorded),
            *remarks.of_decisions(evidence, self.inputs),
            *remarks.of_people(evidence, self.recorded),
            *remarks.of_files(evidence.accounts, self.findings, self.files),
        ]
        card = score(evidence, flags=flags, plan_sha256=digest)
        beside = {
            "proposals": proposals.propose(evidence),
            "appeals": remarks.appeals(self.inputs, plan, operator, self.month),
        }
        return remarks.signed(Card(card | beside), self.inputs)

    def _earlier(self, operator: str) -> tuple[Card, ...]:
        """Score the months before that have own entries in the work log."""
        own = self._of(operator)
        cards = []
        for month in months_back(self.month, EARLIER + 1)[:-1]:
            log = self.inputs.worklogs.get(month)
            if log is None or not self.inputs.has_plan(month):
                continue
            if not months.rows(self.workspace, month, "monthly"):
                continue
            written = log.own(operator) != Worklog(month=month, source=log.source)
            if written and own.operator in self.roster.appraised(month):
                cards.append(score(own.evidence(month)))
        return tuple(cards)

    def operator(self, operator: str) -> OperatorMonth:
        """Cut the month to one operator: the own part of everything, with the card."""
        person = self.roster.operator(operator)
        if self.only != operator:
            # However large the team, a page is made from a small read.
            return replace(self, only=operator).operator(operator)
        accounts = tuple(self.roster.owned_by(person, self.month))
        ids = [account.id for account in accounts]
        declared = platforms()
        card = self.score(operator)
        own = self._of(operator)
        monthly = own.history.monthly
        monthly = monthly[monthly["month"].isin(self.months)]
        return OperatorMonth(
            month=self.month,
            operator=person,
            accounts=accounts,
            platforms={a.platform: declared[a.platform] for a in accounts},
            calendar=self.inputs.calendar,
            daily=own.days,
            monthly=monthly.drop(columns="operator").reset_index(drop=True),
            posts=self.own_posts(operator),
            ledger=_rows_of(self.ledger, ids),
            files=_rows_of(self.files, ids),
            targets=self.inputs.targets_of(operator),
            worklog=self.worklog.own(operator),
            quotas=quotas(self.evidence(operator), self.daily),
            card=card,
            earlier=self._earlier(operator),
        )

    def own_days(self, operator: str) -> pd.DataFrame:
        """
        Return the operator's part of every day of the twelve months.

        Returns
        -------
        DataFrame
            One row per date, account, metric and part; `value` × share, but DAU and
            MAU whole.
        """
        own = self.daily.merge(self._of(operator).shares, on=["account", "date"])
        whole = own["metric"].isin(ONCE_A_PRODUCT)
        own["value"] = own["value"].where(whole, own["value"] * own["share"])
        return own[OWN_DAYS].sort_values(OWN_DAYS[:5], ignore_index=True)

    def own_posts(self, operator: str = "", back: int = 1) -> pd.DataFrame:
        """
        Return posts with their latest counters, everybody's or of an operator's days.

        Returns
        -------
        DataFrame
            One row per account and post of `back` months, columns as of `downloads`.
        """
        months = months_back(self.month, back)
        posts = self.load("posts", *months)
        dated = _dated(posts)
        own = dated[dated["date"].dt.strftime("%Y-%m").isin(months)]
        if operator:
            own = own.merge(self._of(operator).shares, on=["account", "date"])
        return _latest(own)[posts.columns].sort_values(
            ["account", "published_at", "post"], ignore_index=True
        )


def _dated(posts: pd.DataFrame) -> pd.DataFrame:
    """Return posts with the day of publishing, as a `date`."""
    return posts.assign(date=posts["published_at"].dt.normalize())


def _latest(posts: pd.DataFrame) -> pd.DataFrame:
    """Return one row per account and post: what was downloaded last."""
    ordered = posts.sort_values(["account", "post", "downloaded"], na_position="first")
    return ordered.drop_duplicates(["account", "post"], keep="last")


def _rows_of(frame: pd.DataFrame, accounts: list[str]) -> pd.DataFrame:
    return frame[frame["account"].isin(accounts)].reset_index(drop=True)


def _in_charge(
    roster: Roster, operator: str, rows: pd.DataFrame, days: pd.Series
) -> pd.DataFrame:
    """Return the rows of days that an operator looks after; an unknown day may be."""

    @cache
    def own(account: str, day: pd.Timestamp) -> bool:
        charge = roster.in_charge(roster.account(account), day.date())
        return any(name.split()[0] == operator for name in charge)

    pairs = zip(rows["account"], days, strict=True)
    return rows.loc[[bool(pd.isna(day) or own(account, day)) for account, day in pairs]]


def evidence_bytes(workspace: Workspace, month: str, operator: str) -> bytes:
    """
    Return the rows behind one operator's score, as parquet.

    Parameters
    ----------
    workspace : Workspace
        Where the month lies.
    month, operator : str
        ``YYYY-MM``, and a roster id.

    Returns
    -------
    bytes
        One row per value of the month on an own account: daily values of the days in
        charge and counters of posts published on such, each with file, sheet and row.
    """
    opened = replace(Month.open(workspace, month), only=operator)
    ids = [account.id for account in opened.roster.owned_by(operator, month)]
    daily = _rows_of(opened.load("daily", month), ids)
    daily = _in_charge(opened.roster, operator, daily, daily["date"])
    counters = [name for name in METRICS if name in opened.downloads]
    posts = _rows_of(opened.downloads, ids)
    published = posts["published_at"].dt.normalize()
    posts = _in_charge(opened.roster, operator, posts, published).melt(
        id_vars=[
            *("account", "platform", "post", "downloaded"),
            *("source", "sheet", "block", "row"),
        ],
        value_vars=counters,
        var_name="metric",
    )
    rows = pd.concat([daily, posts.dropna(subset=["value"])], ignore_index=True)
    order = ["account", "metric", "source", "sheet", "block", "row"]
    return months.parquet(rows.sort_values(order, ignore_index=True))
