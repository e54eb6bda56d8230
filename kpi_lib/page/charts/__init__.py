"""
Tidy frames to Axes in the house style, and Axes to SVG that is fit for a page.

In goes a frame, one row per day, month or name; out comes a panel of native size,
280 px wide, told apart from its neighbours by the caption that the page gives it.
`svg` makes it part of a page, `save` a file that stands alone. Nothing here opens a
file of data.
"""

from __future__ import annotations

from kpi_lib.page.charts.drawings import bars, day_curve, month_curve, points, windows
from kpi_lib.page.charts.markup import svg
from kpi_lib.page.charts.panels import WIDTH, Format, Ink, Scale, panel, scale
from kpi_lib.page.charts.saving import save, save_all, save_sheet, style
