"""Where measures' numbers come from: a class a kind of source, found by its kind."""

from __future__ import annotations

from typing import Any

from kpi_lib.appraisal.evidence import Evidence, Reading, pending
from kpi_lib.appraisal.sources.accounts import ACCOUNTS
from kpi_lib.appraisal.sources.base import Source
from kpi_lib.appraisal.sources.targets import TARGETS
from kpi_lib.appraisal.sources.worklog import WORKLOG
from kpi_lib.inputs import Measure
from kpi_lib.language import Sentence


class _RatedByManager(Source[Any]):
    """Nothing is computed: a manager rates."""

    def read(self) -> Reading:
        return pending(Sentence("等主管评分"))


SOURCES: dict[str, type[Source[Any]]] = {
    **TARGETS,
    **ACCOUNTS,
    **WORKLOG,
    "rated": _RatedByManager,
}
"""By the kind that the plan writes."""


def source_of(evidence: Evidence, measure: Measure) -> Source[Any]:
    """Return a measure's source, of one operator's month."""
    return SOURCES[measure.source.kind](evidence, measure)
