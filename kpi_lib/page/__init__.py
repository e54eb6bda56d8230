"""
What operators and managers read: sections, charts, HTML, PDF.

In goes one operator's month; out come the parts of the page, each a `Fragment` that a
notebook shows as it is, and of an executed notebook the page itself (`page`).
"""

from __future__ import annotations

from kpi_lib.page.charts import (
    WEEKDAYS,
    Format,
    Scale,
    bars,
    day_curve,
    month_curve,
    scale,
    shares,
    svg,
    week_hours,
    windows,
)
from kpi_lib.page.charts import (
    panel as chart_panel,
)
from kpi_lib.page.figures import (
    Panel,
    panel,
    percent_tick,
)
from kpi_lib.page.html import (
    failure_page,
    page,
    sealed,
)
from kpi_lib.page.parts import (
    SEALED,
    Brand,
    Fragment,
    Seal,
    Style,
    made,
    seal,
    style,
)
from kpi_lib.page.printing import (
    browser,
    pdf,
    required,
)
from kpi_lib.page.sections.activity import (
    activity,
    engagement,
    orders,
)
from kpi_lib.page.sections.followers import (
    followers,
    platforms,
)
from kpi_lib.page.sections.goals import campaigns, next_month, quotas
from kpi_lib.page.sections.score import header, score_card, sentences, waterfall
from kpi_lib.page.sections.signing import settled
from kpi_lib.page.sections.sources import (
    arrival,
    compare,
    counted,
    fates,
    files,
    findings,
    quarantine,
    sources,
)
from kpi_lib.page.sections.team import (
    team_evidence,
    team_files,
    team_grades,
    team_header,
    team_items,
    team_missing,
    team_money,
    team_scores,
)
from kpi_lib.page.templates import (
    environment,
    render,
)

__all__ = [
    "SEALED",
    "WEEKDAYS",
    "Brand",
    "Format",
    "Fragment",
    "Panel",
    "Scale",
    "Seal",
    "Style",
    "activity",
    "arrival",
    "bars",
    "browser",
    "campaigns",
    "chart_panel",
    "compare",
    "counted",
    "day_curve",
    "engagement",
    "environment",
    "failure_page",
    "fates",
    "files",
    "findings",
    "followers",
    "header",
    "made",
    "month_curve",
    "next_month",
    "orders",
    "page",
    "panel",
    "pdf",
    "percent_tick",
    "platforms",
    "quarantine",
    "quotas",
    "render",
    "required",
    "scale",
    "score_card",
    "seal",
    "sealed",
    "sentences",
    "settled",
    "shares",
    "sources",
    "style",
    "svg",
    "team_evidence",
    "team_files",
    "team_grades",
    "team_header",
    "team_items",
    "team_missing",
    "team_money",
    "team_scores",
    "waterfall",
    "week_hours",
    "windows",
]
