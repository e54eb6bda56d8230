"""Where measures' numbers come from: a class a kind of source, found by its kind."""

from __future__ import annotations

from math import nan
from typing import Any

import pandas as pd

from kpi_lib import months
from kpi_lib.appraisal.evidence import Evidence, Reading, few, pending, text
from kpi_lib.appraisal.sources import targets, worklog  # each enters its own kinds
from kpi_lib.appraisal.sources.base import SOURCES, Source, against, cite, part, total
from kpi_lib.catalogue import METRICS
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


# Of the account-days of a month, what is on record and what is due.
OF_DAYS = ("value", "days_due")


class _AccountDays(Source[Any], kind="account_days"):
    """Account-days on record, against those due."""

    rests_on = "exports"

    def read(self) -> Reading:
        rows = self.evidence.history.rows(self.evidence.month).get("account_days", ())
        if not rows:
            return pending(self._nothing_due())
        by_id = {row["account"]: row for row in rows}
        own = [(at, by_id[at.id]) for at in self.evidence.accounts if at.id in by_id]
        parts = tuple(
            part(at.name, *(total([row[of]]) for of in OF_DAYS), account=at.id)
            for at, row in own
        )
        gaps = [
            Sentence("{account}（{day}）", account=at.name, day=row["gap"].date())
            for at, row in own
            if not pd.isna(row["gap"])
        ]
        late = Sentence("没有按时在册的天，各账号最早的：{gaps}", gaps=few(gaps))
        files = self.evidence.total("account_days").sources
        value, due = (total(row[of] for row in rows) for of in OF_DAYS)
        note = late if gaps else ""
        return against(value, due, "账号日", note, evidence=files, parts=parts)

    def _nothing_due(self) -> Sentence:
        """Say why no account-day is due, by what the roster and the folders have."""
        accounts = self.evidence.accounts
        if not accounts:
            return Sentence("没有应交数据的账号日：本月没有自己的账号")
        expected = [account for account in accounts if months.grains(account)]
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
        number = total(posts.loc[counters >= float(self.plan.at_least), "share"])
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
