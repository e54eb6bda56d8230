"""Monthly KPI appraisal of a new-media team: exports in, one page per operator out."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from kpi_lib.workbook import open_month

__all__ = ["open_month"]


def __getattr__(name: str) -> Any:
    # pandas and the rest are loaded when a month is opened, not for `kpi --help`.
    if name == "open_month":
        from kpi_lib.workbook import open_month

        return open_month
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
