"""Where measures' numbers come from: a class a kind of source, found by its kind."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import nan
from typing import Any

from kpi_lib import months
from kpi_lib.appraisal.evidence import Evidence, Reading, pending, text
from kpi_lib.appraisal.sources import targets, worklog  # each enters its own kinds
from kpi_lib.appraisal.sources.base import SOURCES, Source, against, cite, part
from kpi_lib.catalogue import METRICS
from kpi_lib.files import layouts
from kpi_lib.inputs import Measure, kinds
from kpi_lib.language import N_, Sentence


def source_of(evidence: Evidence, measure: Measure) -> Source[Any]:
    """Return a measure's source, of one operator's month."""
    return SOURCES[measure.source.kind](evidence, measure)


# Sources of neither targets nor the work log: a rating, accounts, posts.


class _RatedByManager(Source[Any], kind="rated"):
    """Nothing is computed: a manager rates."""

    def read(self) -> Reading:
        return pending(Sentence("等主管评分"))


def _sum(values: Iterable[float]) -> Fraction:
    return sum((Fraction(months.exactly(value)) for value in values), Fraction(0))


class _AccountDays(Source[Any], kind="account_days"):
    """Account-days on record, against those due."""

    rests_on = "exports"

    def read(self) -> Reading:
        now = self.evidence.now
        rows = now[now["metric"] == "account_days"]
        if rows.empty:
            return pending(self._nothing_due())
        value, due = _sum(rows["value"]), _sum(rows["days_due"])
        parts = tuple(
            part(
                account.name or account.id,
                _sum(own["value"]),
                _sum(own["days_due"]),
                account=account.id,
            )
            for account in self.evidence.accounts
            if len(own := rows[rows["account"] == account.id])
        )
        files = self.evidence.total("account_days").sources
        return against(value, due, "账号日", evidence=files, parts=parts)

    def _nothing_due(self) -> Sentence:
        """Say why no account-day is due, by what the roster and the folders have."""
        known, accounts = layouts(), self.evidence.accounts
        if not accounts:
            return Sentence("没有应交数据的账号日：本月没有自己的账号")
        expected = [
            account
            for account in accounts
            if any(known[id].grain != "none" for id in account.expects if id in known)
        ]
        text = N_("没有应交数据的账号日：还没有收到过{accounts}的任何导出")
        if not expected:
            text = N_("没有应交数据的账号日：花名册没有写{accounts}该交哪些导出")
        return Sentence(text, accounts=[a.name for a in expected or accounts])


class _PostsOfStandard(Source[kinds.PostsReaching], kind="posts_reaching"):
    """
    Own posts of the month whose counter reaches the plan's standard (每篇达标).

    A post counts by the owner's share on its publishing day.
    """

    rests_on = "exports"

    def metrics(self, reading: Reading) -> list[str]:
        return [self.plan.metric]

    def read(self) -> Reading:
        metric, posts = self.plan.metric, self.evidence.posts
        if posts.empty:
            return pending(Sentence("没有作品清单，不知道几篇达标"))
        published = posts["published_at"].dt.strftime("%Y-%m") == self.evidence.month
        posts = posts[published & (posts["share"] > 0)]
        if self.plan.platform:
            posts = posts[posts["platform"] == self.plan.platform]
        counters = posts.get(metric, posts["share"] * nan)
        label = METRICS[metric].label
        if blank := int(counters.isna().sum()):
            return pending(Sentence("{n}篇作品没有{metric}", n=blank, metric=label))
        number = _sum(posts.loc[counters >= float(self.plan.at_least), "share"])
        least = text(self.plan.at_least)
        return Reading(
            value=number,
            unit="篇",
            note=Sentence(
                "{metric}达到{least}为达标，共{n}篇",
                metric=label,
                least=least,
                n=len(posts),
            ),
            inputs={
                "value": text(number),
                "posts": str(len(posts)),
                "at_least": least,
            },
            evidence=cite(posts.itertuples(), metric),
        )
