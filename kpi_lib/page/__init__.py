"""
What operators and managers read: sections, charts, HTML, PDF.

In goes one operator's month, the cards of a team, or the tables of a cleaned month; out
come the sections of a page, each a `Fragment` that a notebook shows as it is. Of an
executed notebook comes the page itself (`page`), of a page its PDF (`pdf`). `charts`
draws tidy frames. Sentences are said here, in the language that is spoken.
"""

from __future__ import annotations

from kpi_lib.page import charts
from kpi_lib.page.html import failure_page, missing_page, page, sealed
from kpi_lib.page.locked import locked
from kpi_lib.page.parts import Brand, Fragment, brand_of, made, seal, style
from kpi_lib.page.printing import browser, pdf, required
from kpi_lib.page.sections.cleaning import (
    arrival,
    compare,
    fates,
    files,
    findings,
    quarantine,
)
from kpi_lib.page.sections.duties import (
    activity,
    campaigns,
    engagement,
    orders,
    platforms,
)
from kpi_lib.page.sections.followers import followers, horizons_of
from kpi_lib.page.sections.score import header, sentences, settled, waterfall
from kpi_lib.page.sections.score_card import score_card
from kpi_lib.page.sections.sources import counted, sources
from kpi_lib.page.sections.targets import metrics, next_month, quotas
from kpi_lib.page.sections.team import (
    team_confirmed,
    team_evidence,
    team_files,
    team_grades,
    team_header,
    team_items,
    team_missing,
    team_money,
    team_scores,
)
from kpi_lib.page.series import panel, texts_of
from kpi_lib.page.templates import environment, render, text
