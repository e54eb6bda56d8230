"""What people wrote that a month's tables rest on, put together in a test."""

from __future__ import annotations

from dataclasses import dataclass, field

from kpi_lib.inputs import EvidenceRules, Inputs


@dataclass(frozen=True, kw_only=True)
class Given(Inputs):
    """Inputs without a plan, of which only the rules of evidence are given."""

    evidence: EvidenceRules = field(default_factory=EvidenceRules)

    def evidence_of(self, month: str) -> EvidenceRules:
        """Return how much must be on record, the same in every month."""
        return self.evidence
