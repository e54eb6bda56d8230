"""Sources of the accounts: days on record, posts of a standard."""

from __future__ import annotations

from fractions import Fraction

from typing_extensions import override

from kpi_lib import months
from kpi_lib.appraisal.evidence import Evidence, Reading, cited, pending, text
from kpi_lib.appraisal.sources.base import Source, against, plan_of
from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import Measure, PostsReaching
from kpi_lib.language import Sentence


class AccountDays(Source):
    """Account-days on record, against those due."""

    rests_on = "exports"

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        rows = evidence.now[evidence.now["metric"] == "account_days"]
        if rows.empty:
            return pending(Sentence("没有应交数据的账号日：花名册的expects没有写"))
        present = sum((Fraction(repr(v)) for v in rows["value"]), Fraction(0))
        due = sum((Fraction(repr(v)) for v in rows["days_due"]), Fraction(0))
        return against((), present, due, "账号日")


class PostsOfStandard(Source):
    """
    Own posts of the month whose counter reaches the plan's standard (每篇达标).

    A post counts by the owner's share on its publishing day.
    """

    rests_on = "exports"

    @override
    def metrics(self, measure: Measure, reading: Reading) -> list[str]:
        return [plan_of(measure, PostsReaching).metric]

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        source = plan_of(measure, PostsReaching)
        posts = evidence.posts
        if posts.empty:
            return pending(Sentence("没有作品清单，不知道几篇达标"))
        posts = posts[
            (posts["published_at"].dt.strftime("%Y-%m") == evidence.month)
            & (posts["share"] > 0)
        ]
        if source.platform:
            posts = posts[posts["platform"] == source.platform]
        label = METRICS[source.metric].label
        counters = (
            posts[source.metric]
            if source.metric in posts
            else posts["share"] * float("nan")
        )
        if blank := int(counters.isna().sum()):
            return pending(Sentence("{n}篇作品没有{metric}", n=blank, metric=label))
        reached = posts[counters >= float(source.at_least)]
        number = sum((Fraction(repr(s)) for s in reached["share"]), Fraction(0))
        least = text(source.at_least)
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
            evidence=tuple(
                cited(
                    str(file),
                    months.spans(rows["row"].tolist()),
                    sheet=str(sheet),
                    metric=source.metric,
                )
                for (file, sheet), rows in posts.groupby(["source", "sheet"], sort=True)
            ),
        )


ACCOUNTS: dict[str, Source] = {
    "account_days": AccountDays(),
    "posts_reaching": PostsOfStandard(),
}
"""By the kind that the plan writes."""
