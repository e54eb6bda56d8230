"""Where measures' numbers come from: a class a kind of source, found by its kind."""

from __future__ import annotations

from typing_extensions import override

from kpi_lib.appraisal.evidence import Evidence, Reading, pending
from kpi_lib.appraisal.sources.accounts import (
    AccountDays,
    CommentsAnswered,
    PostsOfStandard,
)
from kpi_lib.appraisal.sources.base import Source
from kpi_lib.appraisal.sources.campaigns import CampaignResults, CampaignSpend
from kpi_lib.appraisal.sources.targets import (
    AttainmentSource,
    ChallengeSource,
    CoverageSource,
    OneMetricSource,
    OverDeliverySource,
)
from kpi_lib.appraisal.sources.worklog import (
    CampaignsHeld,
    CommunitiesKept,
    FeedbackDelivered,
    LogCount,
    Reviews,
    ended_in,
    planned_in,
)
from kpi_lib.inputs import Measure
from kpi_lib.language import Sentence


class RatedByManager(Source):
    """Nothing is computed: a manager rates."""

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        return pending(Sentence("等主管评分"))


SOURCES: dict[str, Source] = {
    "coverage": CoverageSource(),
    "challenge": ChallengeSource(),
    "attainment": AttainmentSource(),
    "over_delivery": OverDeliverySource(),
    "metric": OneMetricSource(),
    "posts_reaching": PostsOfStandard(),
    "account_days": AccountDays(),
    "comments_answered": CommentsAnswered(),
    "rated": RatedByManager(),
    "reviews": Reviews(),
    "communities": CommunitiesKept(),
    "campaign_results": CampaignResults(),
    "campaign_spend": CampaignSpend(),
    "campaigns_held": CampaignsHeld(
        sheet="活动",
        rows="campaigns",
        unit="场",
        among=ended_in,
        counts=lambda row, month: not row.not_held,
        due="campaigns_due",
        tells_confirmed=True,
    ),
    "tasks_on_time": LogCount(
        sheet="任务",
        rows="tasks",
        unit="项",
        counts=lambda row, month: bool(
            row.done and row.planned and row.done <= row.planned
        ),
        of="more",
        due="tasks_due",
        tells_confirmed=True,
    ),
    "tasks_accepted": LogCount(
        sheet="任务",
        rows="tasks",
        unit="项",
        among=lambda row, month: bool(row.done),
        counts=lambda row, month: bool(row.accepted) and not row.rework,
        of="rows",
    ),
    "suggestions_adopted": LogCount(
        sheet="建议",
        rows="suggestions",
        unit="条",
        counts=lambda row, month: bool(row.adopted),
        of="nothing",
    ),
    "contents_published": LogCount(
        sheet="内容",
        rows="contents",
        unit="条",
        among=planned_in,
        counts=lambda row, month: bool(row.published_platforms),
        due="contents_due",
    ),
    "contents_distributed": LogCount(
        sheet="内容",
        rows="contents",
        unit="条",
        among=lambda row, month: (
            planned_in(row, month) and bool(row.published_platforms)
        ),
        counts=lambda row, month: (
            set(row.planned_platforms) <= set(row.published_platforms)
        ),
        of="rows",
    ),
    "adjustments": LogCount(
        sheet="调整", rows="adjustments", unit="次", due="adjustments_due"
    ),
    "feedback": FeedbackDelivered(
        sheet="反馈", rows="feedback", unit="条", due="feedback_due"
    ),
}
"""By the kind that the plan writes."""


def source_of(measure: Measure) -> Source:
    """Return the class of a measure's source."""
    return SOURCES[measure.source.kind]
