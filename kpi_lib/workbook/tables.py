"""
A month as tidy tables, asked by name.

Frames say their grain; filters take ids or the Chinese names of pages; what is not on
record is absent, never zero. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Self

import pandas as pd

from kpi_lib import days
from kpi_lib.appraisal import Month, OperatorMonth
from kpi_lib.catalogue import METRICS, words
from kpi_lib.days import REACH
from kpi_lib.errors import InvalidInput, WorkspaceError
from kpi_lib.files import Platform, platforms
from kpi_lib.inputs import Campaign, Target
from kpi_lib.run import newest
from kpi_lib.workbook import frames
from kpi_lib.workspace import Workspace

# What `Workbook.totals` adds up to, and what it is called.
(BY,) = words("by")

# Columns of `Workbook.totals`.
TOTALS = ("metric", "month", "key", "name", "value", "basis", "breaks")

Some = str | Collection[str] | None  # One name or several; an empty one is none


@dataclass(frozen=True)
class Tables(Month):
    """The `Month` that pages are made from, with everybody's tables, asked by name."""

    def __post_init__(self) -> None:
        folder = self.workspace.clean(self.month)
        if not (folder / "daily.parquet").is_file():
            raise WorkspaceError.of(
                f"{self.month}的导出文件还没有清洗",
                where=self.workspace.relative(folder),
                do=f"先运行kpi run {self.month}，它连同回看的月份一起清洗",
            )

    def __repr__(self) -> str:
        people = "、".join(person.name for person in self.appraised)
        return f"<{self.month}：{people}>"

    @classmethod
    def open(cls, workspace: Workspace, month: str) -> Self:
        """Open a month of a workspace, or its ``latest``."""
        return super().open(workspace, newest(workspace, month))

    def at(self, month: str) -> Self:
        """Open another month of the same workspace; this one itself if it is meant."""
        return self if month == self.month else self.open(self.workspace, month)

    def operator(self, operator: str) -> OperatorMonth:
        """Cut the month to one operator (id or name): what the page's sections take."""
        return self._cut(self.operator_id(operator))

    @cached_property
    def _cut(self) -> Callable[[str], OperatorMonth]:
        return cache(super().operator)

    # Tables.

    @property
    def operators(self) -> pd.DataFrame:
        """One row per operator appraised, `accounts` being how many are their own."""
        names = ("id", "name", "team", "manager")
        people = frames.of_records(self.appraised, names).rename(
            columns={"id": "operator"}
        )
        owned = [self.roster.owned_by(person, self.month) for person in self.appraised]
        return people.assign(accounts=[len(accounts) for accounts in owned])

    @property
    def accounts(self) -> pd.DataFrame:
        """One row per account of the roster, with the id and name of its platform."""
        names = ("id", "name", "platform", "product")
        rows = frames.of_records(self.roster.accounts, names).rename(
            columns={"id": "account"}
        )
        rows.insert(3, "platform_name", rows["platform"].map(self.names("platform")))
        return rows

    @property
    def targets(self) -> pd.DataFrame:
        """
        All rows of targets.csv.

        Returns
        -------
        DataFrame
            One row per row of the file: `operator`, `metric`, `platform` (empty: all
            own), `horizon`, `period`, `value` (the metric's unit, a rate as a
            fraction), `set_on`, `approved_by`, `note`.
        """
        return _dumped(self.inputs.targets, Target)

    @property
    def campaigns(self) -> pd.DataFrame:
        """One row per campaign of the month's work log: days, CNY, targets, results."""
        return _dumped(self.worklog.campaigns, Campaign)

    @cached_property
    def posts(self) -> pd.DataFrame:
        """One row per post, as downloaded last; only metrics that have a value."""
        last = self.downloads.sort_values("downloaded", na_position="first")
        last = last.drop_duplicates(["account", "post"], keep="last")
        empty = [name for name in METRICS if name in last and last[name].isna().all()]
        return last.drop(columns=empty).sort_index().reset_index(drop=True)

    # Questions.

    def values(self, *names: str, months: int = 1, **only: Any) -> pd.DataFrame:
        """
        Return metrics by day, their parts added up.

        Parameters
        ----------
        *names : str
            Metrics by name or Chinese name, see docs/codebook.md.
        months : int
            Months back, this one included; 1 to 12.
        **only : str or collection of str
            `operator`: the own part of one operator (days owned × share); without it
            whole accounts. `platform`, `account`: one or several.

        Returns
        -------
        DataFrame
            One row per metric, account and day on record: `metric`, `account`,
            `platform`, `date`, `value`. Of a ratio the days that have all its parts.

        Raises
        ------
        InvalidInput
            A name that is not known, with those that are; no name at all; a ratio of
            what is of a month only (stickiness), which `totals` has.

        Examples
        --------
        >>> days = m.values("views", operator="op-01", platform="头条号")
        >>> list(days.columns)
        ['metric', 'account', 'platform', 'date', 'value']
        >>> days["account"].unique().tolist()
        ['tt-01']
        """
        metrics = self._metrics(names)
        for metric in metrics:
            if not frames.has_days(metric):
                zh = METRICS[metric].zh
                raise refusal(f"{zh}是一个月的数，没有每天的值", "m.totals或months")
        rows = self.days_of(months, **only)
        values = pd.concat(
            [frames.by_day(rows, metric) for metric in metrics], ignore_index=True
        )
        return values[["metric", "account", "platform", "date", "value"]]

    def days_of(self, months: int, operator: str = "", **only: Some) -> pd.DataFrame:
        """Return the rows of `daily`, or one operator's part, that `values` adds up."""
        rows = self.daily
        if operator:
            rows = self.own_days(self.operator_id(operator))
        rows = self._only(rows, **only)
        return rows[rows["date"] >= pd.Timestamp(f"{self.since(months)}-01")]

    def totals(
        self, *names: str, by: str = "platform", months: int = 12, **only: Any
    ) -> pd.DataFrame:
        """
        Return metrics by month, added up as the appraisal adds them up.

        Levels and flows are added, ratios are one sum over another, DAU and MAU are
        taken once a product.

        Parameters
        ----------
        *names : str
            Metrics by name or Chinese name.
        by : {"account", "platform", "operator", "product", "team"}
            What to add up to; an account without a product is in none.
        months : int
            Months back, this one included; 1 to 13, which is this month of last year.
        **only : str or collection of str
            As of `values`.

        Returns
        -------
        DataFrame
            One row per metric, month and `by` that has a value: `metric`, `month`,
            `key` (the id), `name`, `value`; `basis`, how the accounts were counted
            (daily, manual, difference, published; several where they differ); and
            `breaks`, true where an account was counted on another basis in its month
            before: across it nothing grew or shrank.

        Raises
        ------
        InvalidInput
            A name that is not known, with those that are; no name at all.

        Examples
        --------
        >>> year = m.totals("engagement_rate", by="platform", operator="op-01")
        >>> list(year.columns)
        ['metric', 'month', 'key', 'name', 'value', 'basis', 'breaks']
        >>> bool(year["value"].between(0, 1).all())
        True
        """
        rows = self._of_months(self.monthly, by, **only)
        sums = frames.by_month(rows, self._metrics(names), by, self.roster.accounts)
        return self._told(sums, by, months)

    def ratio(
        self,
        above: str,
        below: str,
        *,
        per: int = 1,
        by: str = "platform",
        months: int = 12,
        **only: Any,
    ) -> pd.DataFrame:
        """
        Return one flow over another by month: one sum over the other.

        Both sums are of the same accounts, and of the days on which both are known;
        where one of them has no days, of months that have both.

        Parameters
        ----------
        above, below : str
            Metrics by name or Chinese name.
        per : int
            Below how many: 1000 for revenue per 1,000 views.
        by, months, **only
            As of `totals`.

        Returns
        -------
        DataFrame
            As of `totals`; `metric` is what the ratio is called.

        Raises
        ------
        InvalidInput
            A metric that is no flow: its days do not add up.

        Examples
        --------
        >>> m.ratio("revenue", "views", per=1000, account="tt-01")["key"].unique()[0]
        'toutiao'
        """
        top, base = self._metrics((above, below))
        if level := [at for at in (top, base) if METRICS[at].kind != "flow"]:
            what = f"{METRICS[level[0]].zh}不能相加，不能这样相比"
            raise refusal(what, "views、revenue这样的")
        own = [self.own_days(at.id).assign(operator=at.id) for at in self.appraised]
        days = self._of_months(pd.concat(own), by, **only)
        rows = self._of_months(self.monthly, by, **only)
        sums = frames.ratio_by_month(days, rows, (top, base), by)
        name = f"每{per:,}{METRICS[base].zh}的{METRICS[top].zh}"
        return self._told(
            sums.assign(metric=name, value=per * sums["value"]), by, months
        )

    def _of_months(
        self, rows: pd.DataFrame, by: str, operator: str = "", **only: Some
    ) -> pd.DataFrame:
        """Return the rows that are asked for, each with what it is added up to."""
        id_of("by", by, {key: key for key in BY})
        products = {account.id: account.product for account in self.roster.accounts}
        rows = self._only(rows, **only).assign(team="team")
        rows["product"] = rows["account"].map(products).replace("", None)
        if operator:
            rows = rows[rows["operator"] == self.operator_id(operator)]
        return rows.dropna(subset=by)

    def _told(self, sums: pd.DataFrame, by: str, months: int) -> pd.DataFrame:
        """Return sums of some months under the names that pages have."""
        # Whether the first month is counted as the one before it, that one tells.
        totals = sums.rename(columns={by: "key"})
        totals = totals[totals["month"] >= self.since(months)].reset_index(drop=True)
        totals["name"] = totals["key"].map(self.names(by))
        return totals[list(TOTALS)]

    def published(
        self, *, months: int = 1, operator: str = "", **only: Any
    ) -> pd.DataFrame:
        """
        Return posts by their day of publishing, with their latest counters.

        Parameters
        ----------
        months : int
            Months back, this one included.
        operator : str
            Only those published on a day of the operator's own; empty: all.
        **only : str or collection of str
            `platform`, `account`: one or several.

        Returns
        -------
        DataFrame
            One row per account and post, columns as of `posts`.

        Examples
        --------
        >>> posts = m.published(operator="op-02", platform=["抖音", "B站"])
        >>> sorted(posts["platform"].unique())
        ['bilibili', 'douyin']
        """
        self.since(months)
        id = self.operator_id(operator) if operator else ""
        own = self._only(self.own_posts(id, months), **only)
        return own.reindex(columns=self.downloads.columns)

    # Names.

    @property
    def platforms(self) -> dict[str, Platform]:
        """The team's platforms by id, in the plan's order: names, seals, colours."""
        used = {account.platform for account in self.roster.accounts}
        return {id: platform for id, platform in platforms().items() if id in used}

    def names(self, by: str) -> dict[str, str]:
        """Return names by id of what `totals` adds up to."""
        match by:
            case "platform":
                return {id: platform.name for id, platform in self.platforms.items()}
            case "account":
                return {account.id: account.name for account in self.roster.accounts}
            case "operator":
                people = {person.id: person.name for person in self.roster.operators}
                # What came on days of leave stands apart from the cover's own.
                return people | {
                    self.roster.in_place_of(leave.cover, person.id): (
                        f"{people[leave.cover]}代{person.name}"
                    )
                    for person in self.roster.operators
                    for leave in person.leave
                    if leave.cover
                }
            case "product":
                return {at.product: at.product for at in self.roster.accounts}
        return {"team": BY["team"]}

    def metric(self, name: str) -> str:
        """Return the field name of a metric, also given its Chinese name."""
        return id_of("指标", name, {id: metric.zh for id, metric in METRICS.items()})

    def _metrics(self, names: Sequence[Some]) -> list[str]:
        if not (given := [name for some in names for name in listed(some)]):
            raise refusal("没有写指标", "一个或几个指标的名称，如views、互动率")
        return [self.metric(name) for name in given]

    def platform(self, name: str) -> str:
        """Return the id of a platform of the team's, also given its Chinese name."""
        return id_of("平台", name, self.names("platform"))

    def operator_id(self, name: str) -> str:
        """Return the id of an operator of the month, also given the name."""
        names = {person.id: person.name for person in self.appraised}
        return id_of("运营", name, names)

    def account_id(self, name: str) -> str:
        """Return the id of an account, also given its name."""
        return id_of("账号", name, self.names("account"))

    def since(self, months: int) -> str:
        """Return the first of so many months back, the open one included."""
        if not 1 <= months <= REACH:
            raise refusal(f"months是{months}", f"1至{REACH}")
        return days.months_back(self.month, months)[0]

    def _only(
        self, rows: pd.DataFrame, platform: Some = (), account: Some = ()
    ) -> pd.DataFrame:
        if platform_ids := [self.platform(name) for name in listed(platform)]:
            rows = rows[rows["platform"].isin(platform_ids)]
        if account_ids := [self.account_id(name) for name in listed(account)]:
            rows = rows[rows["account"].isin(account_ids)]
        return rows


def _dumped(
    rows: Sequence[Target | Campaign], model: type[Target | Campaign]
) -> pd.DataFrame:
    """Return rows that people wrote, numbers as floats, without where they wrote."""
    place = {"source", "sheet", "row", "sha256"}
    fields = model.model_fields
    types = {"Decimal": "float64", "datetime": "datetime64[s]"}
    frame = pd.DataFrame([row.model_dump() for row in rows], columns=list(fields))
    numbers = {
        name: kind
        for name, field in fields.items()
        for word, kind in types.items()
        if word in str(field.annotation)
    }
    return frame.astype(numbers).drop(columns=[*place & fields.keys()])


# Names that people write, an id or the Chinese name, become ids or are refused.


def listed(names: Some) -> list[str]:
    """Return the names given, be it one, several or none."""
    return list(filter(None, [names] if isinstance(names, str) else names or ()))


def id_of(kind: str, given: str, names: Mapping[str, str]) -> str:
    """Return the id of a name, which may be the id; `names` are Chinese ones by id."""
    if given in names:
        return given
    ids = [id for id, name in names.items() if name == given]
    if len(ids) == 1:
        return ids[0]
    choices = "、".join(f"{id}（{name}）" for id, name in names.items() if name != id)
    raise refusal(f"没有{kind}“{given}”", choices or "、".join(names))


def refusal(what: str, expected: str, where: str = "") -> InvalidInput:
    """Return the refusal of something that was asked for, with what there is."""
    return InvalidInput.of(what, where=where, expected=expected)
