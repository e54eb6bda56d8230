"""
One month of the team as an analyst asks for it: tidy tables, a line a question.

Frames say their grain; filters take ids or the Chinese names of pages; what is not
on record is absent, never zero. Nothing here writes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

import pandas as pd

from kpi_lib import days, page
from kpi_lib.appraisal import Month, OperatorMonth, open_month
from kpi_lib.catalogue import METRICS
from kpi_lib.days import Calendar
from kpi_lib.errors import InvalidInput, Problem, WorkspaceError
from kpi_lib.files import Platform, platforms
from kpi_lib.language import spoken
from kpi_lib.months import ONCE_A_PRODUCT

BY = ("account", "platform", "operator", "team")
"""What `TeamMonth.totals` adds up to."""


class Card(dict[str, Any]):
    """
    A score card, schema 1: the dict of ``<operator>.json``, shown as a table.

    Examples
    --------
    >>> card = m.score("op-01")  # doctest: +SKIP
    >>> card["total"]            # doctest: +SKIP
    '76.72'
    """

    @property
    def frame(self) -> pd.DataFrame:
        """
        The card as a table.

        Returns
        -------
        DataFrame
            One row per measure: `item`, `measure` (ids), `name`, `points` (the
            plan's), `possible` (after exclusion), `score` (missing while it is not
            rated), `status`, `note`.
        """
        rows = [
            {
                "item": item["id"],
                "measure": one["id"],
                "name": one["name"],
                "points": float(one["points"]),
                "possible": float(one["possible"]),
                "score": float("nan" if one["score"] is None else one["score"]),
                "status": one["status"],
                "note": one["note"],
            }
            for item in self["items"]
            for one in item["measures"]
        ]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        return page.render("brief_card", card=self)


@dataclass(frozen=True)
class TeamMonth:
    """
    One month of the team.

    Parameters
    ----------
    source : Month
        The month as pages are made from it.
    """

    source: Month
    _own: dict[str, OperatorMonth] = field(
        default_factory=dict, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        place, month = self.source.workspace, self.source.month
        if not (place.clean(month) / "daily.parquet").is_file():
            raise WorkspaceError(
                (
                    Problem(
                        what=f"{month}的导出文件还没有清洗",
                        where=place.relative(place.clean(month)),
                        do=f"先运行kpi run {month}，它连同回看的月份一起清洗",
                    ),
                )
            )

    def __repr__(self) -> str:
        people = "、".join(one.name for one in self.source.operators)
        return f"<{self.month}：{people}>"

    def at(self, month: str) -> Self:
        """
        Open another month of the same workspace.

        Parameters
        ----------
        month : str
            ``YYYY-MM``.

        Returns
        -------
        TeamMonth
            This month itself if it is meant.
        """
        if month == self.month:
            return self
        root = str(self.source.workspace.root)
        return type(self)(open_month(month, root))

    @property
    def month(self) -> str:
        """``YYYY-MM``."""
        return self.source.month

    @property
    def months(self) -> list[str]:
        """The twelve months that tables look back on, ascending, this one last."""
        return self.source.months

    @property
    def calendar(self) -> Calendar:
        """Working days and holidays."""
        return self.source.calendar

    @property
    def platforms(self) -> dict[str, Platform]:
        """The team's platforms by id, in the plan's order: names, seals, colours."""
        used = {account.platform for account in self.source.roster.accounts}
        return {id: one for id, one in platforms().items() if id in used}

    # Tables.

    @property
    def daily(self) -> pd.DataFrame:
        """
        Daily values of the team, twelve months.

        Returns
        -------
        DataFrame
            One row per account, date, metric and part (`part`: a stream or channel,
            empty where there is none). `value` in the unit of the metric, whole
            accounts; `basis` daily, level or manual; `censored` where only a lower
            bound is known; `source`, `sheet`, `row` say where it stands.
        """
        return self.source.daily

    @property
    def posts(self) -> pd.DataFrame:
        """
        Posts with their counters since publishing, from this month's exports.

        Returns
        -------
        DataFrame
            One row per post and download: `account`, `post`, `title`,
            `published_at`, one column per metric, `downloaded`.
        """
        return self.source.posts

    @property
    def monthly(self) -> pd.DataFrame:
        """
        Months as they are scored.

        Returns
        -------
        DataFrame
            One row per month, operator, account, metric and stream: `value` is the
            operator's part, with its `basis`, `share` and days on record and due.
        """
        return self.source.monthly

    @property
    def ledger(self) -> pd.DataFrame:
        """
        What became of every record of this month's files.

        Returns
        -------
        DataFrame
            One row per record: `account`, `source`, `sheet`, `row`, `fate` (kept,
            duplicate, quarantined …), `reason`, `column`, `raw`.
        """
        return self.source.ledger

    @property
    def files(self) -> pd.DataFrame:
        """
        Return what came: every file of the month.

        Returns
        -------
        DataFrame
            One row per file: `account`, `layout` (empty where no declaration knows
            it), `downloaded`, `records`, `kept`, `days`.
        """
        return self.source.files

    @property
    def operators(self) -> pd.DataFrame:
        """
        Who is appraised in the month.

        Returns
        -------
        DataFrame
            One row per operator: `operator` (id), `name`, `team`, `manager`,
            `accounts` (how many of the month are the operator's).
        """
        roster = self.source.roster
        return pd.DataFrame(
            [
                {
                    "operator": one.id,
                    "name": one.name,
                    "team": one.team,
                    "manager": one.manager,
                    "accounts": len(roster.owned_by(one, self.month)),
                }
                for one in self.source.operators
            ]
        )

    @property
    def accounts(self) -> pd.DataFrame:
        """
        The roster's accounts.

        Returns
        -------
        DataFrame
            One row per account: `account` (id), `name`, `platform` (id),
            `platform_name`, `product`.
        """
        names = {id: one.name for id, one in platforms().items()}
        return pd.DataFrame(
            [
                {
                    "account": one.id,
                    "name": one.name,
                    "platform": one.platform,
                    "platform_name": names[one.platform],
                    "product": one.product,
                }
                for one in self.source.roster.accounts
            ]
        )

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
        rows = pd.DataFrame([asdict(one) for one in self.source.targets])
        if rows.empty:
            return rows
        rows = rows.drop(columns=["row", "sha256"])
        when = pd.to_datetime(rows["set_on"])
        return rows.assign(value=rows["value"].astype(float), set_on=when)

    @property
    def campaigns(self) -> pd.DataFrame:
        """
        The month's campaigns, as the work log has them.

        Returns
        -------
        DataFrame
            One row per campaign: `id`, `operator`, `name`, `start`, `end`, `budget`
            and `spend` (CNY), and target and result of exposure, new followers and
            conversions.
        """
        rows = pd.DataFrame([asdict(one) for one in self.source.worklog.campaigns])
        if rows.empty:
            return rows
        rows = rows.drop(columns=["source", "sheet", "row"])
        return rows.assign(
            start=pd.to_datetime(rows["start"]), end=pd.to_datetime(rows["end"])
        )

    # Questions.

    def values(
        self,
        *names: str,
        operator: str = "",
        platform: str | Collection[str] = (),
        account: str | Collection[str] = (),
        months: int = 1,
    ) -> pd.DataFrame:
        """
        Return metrics by day, their parts added up.

        Parameters
        ----------
        *names : str
            Metrics by name or Chinese name, see docs/codebook.md.
        operator : str
            The own part of one operator (days owned × share); empty: whole accounts.
        platform, account : str or collection of str
            Only these; none: all.
        months : int
            Months back, this one included; 1 to 12.

        Returns
        -------
        DataFrame
            One row per metric, account and day on record: `metric`, `account`,
            `platform`, `date`, `value`. Of a ratio the days that have all its parts.

        Raises
        ------
        InvalidInput
            A name that is not known, with those that are.

        Examples
        --------
        >>> days = m.values("views", operator="op-01", platform="头条号")
        >>> list(days.columns)
        ['metric', 'account', 'platform', 'date', 'value']
        >>> days["account"].unique().tolist()
        ['tt-01']
        """
        chosen = [self.metric(name) for name in names]
        rows = self.daily
        if operator:
            rows = self.source.own_days(
                self.source.roster.operator(self.operator_id(operator))
            )
        rows = self._only(rows, platform, account)
        rows = rows[rows["date"] >= pd.Timestamp(f"{self._since(months)}-01")]
        frames = [by_day(rows, metric) for metric in chosen]
        found = pd.concat(frames, ignore_index=True)
        return found[["metric", "account", "platform", "date", "value"]]

    def totals(
        self,
        *names: str,
        by: str = "platform",
        operator: str = "",
        platform: str | Collection[str] = (),
        months: int = 12,
    ) -> pd.DataFrame:
        """
        Return metrics by month, added up as the appraisal adds them up.

        Levels and flows are added, ratios are one sum over another, DAU and MAU are
        taken once a product.

        Parameters
        ----------
        *names : str
            Metrics by name or Chinese name.
        by : {"account", "platform", "operator", "team"}
            What to add up to.
        operator : str
            Only the part of one operator; empty: of all.
        platform : str or collection of str
            Only these; none: all.
        months : int
            Months back, this one included; 1 to 12.

        Returns
        -------
        DataFrame
            One row per metric, month and `by` that has a value: `metric`, `month`,
            `key` (the id), `name`, `value`.

        Raises
        ------
        InvalidInput
            A name that is not known, with those that are.

        Examples
        --------
        >>> year = m.totals("engagement_rate", by="platform", operator="op-01")
        >>> list(year.columns)
        ['metric', 'month', 'key', 'name', 'value']
        >>> bool(year["value"].between(0, 1).all())
        True
        """
        _known("by", by, {one: one for one in BY})
        rows = self._only(self.monthly, platform, ())
        rows = rows[rows["month"] >= self._since(months)]
        if operator:
            rows = rows[rows["operator"] == self.operator_id(operator)]
        rows = rows.assign(team="team")
        frames = [
            self._by_month(rows, metric, by) for metric in map(self.metric, names)
        ]
        frame = pd.concat(frames, ignore_index=True).rename(columns={by: "key"})
        frame = frame[["metric", "month", "key", "value"]]
        frame.insert(3, "name", frame["key"].map(self._names(by)))
        return frame

    def published(
        self,
        *,
        operator: str = "",
        platform: str | Collection[str] = (),
        months: int = 1,
    ) -> pd.DataFrame:
        """
        Return posts by their day of publishing, with their latest counters.

        Parameters
        ----------
        operator : str
            Only those published on a day of the operator's own; empty: all.
        platform : str or collection of str
            Only these; none: all.
        months : int
            Months back, this one included.

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
        self._since(months)
        person = (
            self.source.roster.operator(self.operator_id(operator))
            if operator
            else None
        )
        return self._only(self.source.own_posts(person, months), platform, ())

    def score(self, operator: str) -> Card:
        """
        Score one operator, from what lies there now.

        Parameters
        ----------
        operator : str
            Roster id or name.

        Returns
        -------
        Card
            The dict of ``<operator>.json``; `frame` is a table of its measures.
        """
        return Card(spoken(self.source.score(self.operator_id(operator))))

    def operator(self, operator: str) -> OperatorMonth:
        """
        Cut the month to one operator: what the page's sections take.

        Parameters
        ----------
        operator : str
            Roster id or name.

        Returns
        -------
        OperatorMonth
            The own part of everything, with the score card; made once, then kept.
        """
        id = self.operator_id(operator)
        if id not in self._own:
            self._own[id] = self.source.operator(id)
        return self._own[id]

    # Names.

    def metric(self, name: str) -> str:
        """Return the field name of a metric, also given its Chinese name."""
        return _known("指标", name, {id: one.zh for id, one in METRICS.items()})

    def platform(self, name: str) -> str:
        """Return the id of a platform of the team's, also given its Chinese name."""
        return _known("平台", name, {id: p.name for id, p in self.platforms.items()})

    def operator_id(self, name: str) -> str:
        """Return the id of an operator of the month, also given the name."""
        return _known("运营", name, {p.id: p.name for p in self.source.operators})

    def account_id(self, name: str) -> str:
        """Return the id of an account, also given its name."""
        accounts = self.source.roster.accounts
        return _known("账号", name, {one.id: one.name for one in accounts})

    # How it looks in a notebook.

    def _repr_html_(self) -> str:
        files, ledger = self.files, self.ledger
        due = self.monthly[
            (self.monthly["metric"] == "account_days")
            & (self.monthly["month"] == self.month)
        ]
        scored = self.operators
        tables = {
            name: len(getattr(self, name))
            for name in ("daily", "posts", "monthly", "ledger", "files", "targets")
        }
        return page.render(
            "brief_month",
            month=self.month,
            first=self.months[0],
            plan=self.source.plan,
            files=len(files),
            unknown=int((files["layout"] == "").sum()),
            records=len(ledger),
            quarantined=int((ledger["fate"] == "quarantined").sum()),
            days=round(float(due["days_present"].sum()), 2),
            due=round(float(due["days_due"].sum()), 2),
            operators=scored.to_dict("records"),
            tables=tables,
        )

    # Parts.

    def _since(self, months: int) -> str:
        if not 1 <= months <= len(self.months):
            raise _refused(f"months是{months}", f"1至{len(self.months)}")
        return days.months_back(self.month, months)[0]

    def _only(
        self,
        rows: pd.DataFrame,
        platform: str | Collection[str],
        account: str | Collection[str],
    ) -> pd.DataFrame:
        for column, given, resolve in (
            ("platform", platform, self.platform),
            ("account", account, self.account_id),
        ):
            asked = [given] if isinstance(given, str) else list(given)
            if wanted := [resolve(one) for one in asked if one]:
                rows = rows[rows[column].isin(wanted)]
        return rows

    def _by_month(self, rows: pd.DataFrame, metric: str, by: str) -> pd.DataFrame:
        """Do what `metrics.total` does, for all months and keys at once."""
        found, keys = METRICS[metric], ["month", by]
        parts = (*found.numerator, *found.denominator)
        if not set(parts) <= set(ONCE_A_PRODUCT):
            # A ratio is of the accounts that have all its parts.
            rows = rows[rows["metric"].isin(parts)]
            has = rows.groupby([*keys, "account"])["metric"].transform("nunique")
            rows = rows[has == len(parts)]
        sums = {part: self._sums(rows, part, keys) for part in parts or (metric,)}
        if not parts:
            total = sums[metric]
        else:
            whole = pd.concat(sums, axis=1, join="inner").dropna()
            below = whole[list(found.denominator)].sum(axis=1)
            total = whole[list(found.numerator)].sum(axis=1) / below.where(below != 0)
        return total.dropna().rename("value").reset_index().assign(metric=metric)

    def _sums(self, rows: pd.DataFrame, metric: str, keys: list[str]) -> pd.Series:
        own = rows[rows["metric"] == metric]
        if metric in ONCE_A_PRODUCT:
            # Whole in the rows of every owner; of one product the first account.
            accounts = {one.id: one for one in self.source.roster.accounts}
            order = {id: at for at, id in enumerate(accounts)}
            product = {id: one.product or id for id, one in accounts.items()}
            own = (
                own.assign(product=own["account"].map(product))
                .sort_values("account", key=lambda ids: ids.map(order))
                .drop_duplicates([*keys, "product"])
            )
        return own.groupby(keys, sort=True)["value"].sum(min_count=1)

    def _names(self, by: str) -> Mapping[str, str]:
        return {
            "account": {one.id: one.name for one in self.source.roster.accounts},
            "platform": {id: one.name for id, one in self.platforms.items()},
            "operator": {one.id: one.name for one in self.source.roster.operators},
            "team": {"team": "团队"},
        }[by]


def _known(what: str, given: str, names: Mapping[str, str]) -> str:
    """Return the id of a name that may be an id or a Chinese name."""
    if given in names:
        return given
    found = [id for id, name in names.items() if name == given]
    if len(found) == 1:
        return found[0]
    choices = "、".join(f"{id}（{name}）" for id, name in names.items() if name != id)
    raise _refused(f"没有{what}“{given}”", choices or "、".join(names))


def _refused(what: str, expected: str) -> InvalidInput:
    return InvalidInput((Problem(what=what, expected=expected),))


def by_day(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """
    Return one metric by account and day; a ratio where all its parts are.

    Parameters
    ----------
    rows : DataFrame
        Daily values, whole or of one operator's part.
    metric : str
        A name of the catalogue.

    Returns
    -------
    DataFrame
        One row per account and day: `account`, `platform`, `date`, `value`, `metric`.
    """
    found = METRICS[metric]
    if not found.parts:
        return _summed(rows, metric)
    keys = ["account", "platform", "date"]
    parts = {
        part: _summed(rows, part).set_index(keys)["value"]
        for part in (*found.numerator, *found.denominator)
    }
    whole = pd.concat(parts, axis=1, join="inner")
    above = whole[list(found.numerator)].sum(axis=1)
    below = whole[list(found.denominator)].sum(axis=1)
    ratio = (above / below.where(below != 0)).dropna().rename("value")
    return ratio.reset_index().assign(metric=metric)


def _summed(rows: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Add the parts of a metric up; where a total stands beside them, it counts."""
    own = rows[rows["metric"] == metric]
    total = (own["part"] == "").groupby(own["account"]).transform("any")
    own = own[~total | (own["part"] == "")]
    keys = ["account", "platform", "date"]
    sums = own.groupby(keys, sort=True)["value"].sum()
    return sums.reset_index().assign(metric=metric)
