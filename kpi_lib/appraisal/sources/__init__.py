"""Where measures' numbers come from: a class a kind of source, found by its kind."""

from __future__ import annotations

from typing_extensions import override

from kpi_lib.appraisal.evidence import Evidence, Reading, pending
from kpi_lib.appraisal.sources.accounts import ACCOUNTS
from kpi_lib.appraisal.sources.base import Source
from kpi_lib.appraisal.sources.targets import TARGETS
from kpi_lib.appraisal.sources.worklog import WORKLOG
from kpi_lib.inputs import Measure
from kpi_lib.language import Sentence


class RatedByManager(Source):
    """Nothing is computed: a manager rates."""

    @override
    def read(self, evidence: Evidence, measure: Measure) -> Reading:
        return pending(Sentence("等主管评分"))


SOURCES = {**TARGETS, **ACCOUNTS, **WORKLOG, "rated": RatedByManager()}
"""By the kind that the plan writes."""


def source_of(measure: Measure) -> Source:
    """Return the class of a measure's source."""
    return SOURCES[measure.source.kind]
