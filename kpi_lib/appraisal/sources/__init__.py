"""Where measures' numbers come from: a class a kind of source, found by its kind."""

from __future__ import annotations

from typing import Any

from kpi_lib.appraisal.evidence import Evidence, Reading, pending
from kpi_lib.appraisal.sources import accounts, targets, worklog  # each enters its own
from kpi_lib.appraisal.sources.base import SOURCES, Source
from kpi_lib.inputs import Measure
from kpi_lib.language import Sentence


class _RatedByManager(Source[Any], kind="rated"):
    """Nothing is computed: a manager rates."""

    def read(self) -> Reading:
        return pending(Sentence("等主管评分"))


def source_of(evidence: Evidence, measure: Measure) -> Source[Any]:
    """Return a measure's source, of one operator's month."""
    return SOURCES[measure.source.kind](evidence, measure)
