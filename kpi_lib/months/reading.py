"""A file is parsed once by a process, however many months look at it."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from kpi_lib import exports
from kpi_lib.errors import ExportError
from kpi_lib.exports import Export, LedgerRow
from kpi_lib.files import declared
from kpi_lib.held import held, holding
from kpi_lib.workspace import sha256_file

# Files that are kept as they were read: those of about four quarters of a team.
KEPT = 1024


def read(path: Path, *, month: str, platform: str, at: str) -> Export:
    """
    Read a file of a month's folder, or give what was read of the same bytes.

    One that cannot be taken has no layout, a ledger of every record, and among the
    findings why.
    """
    try:
        content = sha256_file(path) if path.is_file() else ""
    except OSError:  # reading says why it cannot be opened
        content = ""
    held(path, content)
    # What is kept as read of these bytes must be read of them.
    with holding(path.parent, {path.name: content}):
        return _read(path, month, platform, at, content, declared())


@lru_cache(maxsize=KEPT)
def _read(
    path: Path, month: str, platform: str, at: str, content: str, declared: str
) -> Export:
    """Read a file; of what it holds and what is declared, by whatever text they are."""
    try:
        return exports.read(path, month=month, platform=platform, source=at)
    except ExportError as refusal:
        reason = refusal.problems[0].what
        nothing = LedgerRow(at, "", 0, 0, None, "quarantined", reason, "", "")
        ledger, why = [*refusal.ledger] or [nothing], [*refusal.problems]
        return Export(at, "", platform, "", None, None, [], [], ledger, why)
