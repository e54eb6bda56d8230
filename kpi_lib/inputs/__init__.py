"""
What people write: plan, roster, targets, work log, decisions, signatures.

In go the workspace's own files; out come `Inputs`, checked as a whole, or every problem
with its line or cell. `init` and `prepare` write what people fill in.
"""

from __future__ import annotations

from kpi_lib.inputs.blank import init, prepare
from kpi_lib.inputs.entries import (
    SHEETS,
    Campaign,
    Community,
    Content,
    Entry,
    Interaction,
    Review,
    Task,
)
from kpi_lib.inputs.entries import Rating as GivenRating
from kpi_lib.inputs.everything import Inputs, for_month, keep, kept, load
from kpi_lib.inputs.forms import WrongForm, to_decimal
from kpi_lib.inputs.forms import shown as shown_value
from kpi_lib.inputs.people import Account, Operator, Roster
from kpi_lib.inputs.plan import (
    STATUS,
    Adjustments,
    Attainment,
    Challenge,
    Communities,
    Count,
    Coverage,
    Deduct,
    EvidenceRules,
    Feedback,
    Item,
    Linear,
    Measure,
    OneMetric,
    OverDelivery,
    Plan,
    PostsReaching,
    Rated,
    Rating,
    Ratio,
    Tier,
    Tiers,
)
from kpi_lib.inputs.plans import load as load_plan
from kpi_lib.inputs.records import Decision, decisions, downloads
from kpi_lib.inputs.roster import load as load_roster
from kpi_lib.inputs.table import by_operator
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.inputs.yaml import validated

__all__ = [
    "SHEETS",
    "STATUS",
    "Account",
    "Adjustments",
    "Attainment",
    "Campaign",
    "Challenge",
    "Communities",
    "Community",
    "Content",
    "Count",
    "Coverage",
    "Decision",
    "Deduct",
    "Entry",
    "EvidenceRules",
    "Feedback",
    "GivenRating",
    "Inputs",
    "Interaction",
    "Item",
    "Linear",
    "Measure",
    "OneMetric",
    "Operator",
    "OverDelivery",
    "Plan",
    "PostsReaching",
    "Rated",
    "Rating",
    "Ratio",
    "Review",
    "Roster",
    "Target",
    "Task",
    "Tier",
    "Tiers",
    "Worklog",
    "WrongForm",
    "by_operator",
    "decisions",
    "downloads",
    "for_month",
    "init",
    "keep",
    "kept",
    "load",
    "load_plan",
    "load_roster",
    "prepare",
    "shown_value",
    "to_decimal",
    "validated",
]
