"""The duty of DAU and MAU: a product's users, a year by months, and its stickiness."""

from __future__ import annotations

from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.language import _
from kpi_lib.page import series
from kpi_lib.page.parts import Fragment, made, nothing

OF_PRODUCTS = ("dau", "mau", "stickiness")


def activity(m: OperatorMonth) -> Fragment:
    """Show DAU and MAU over twelve months; stickiness in words."""
    curves = series.curves(m, "dau", "mau")
    if not curves["panels"]:
        return nothing("DAU/MAU", _("没有产品的日活或月活"))
    now = {name: series.of_year(m, name)[m.month] for name in OF_PRODUCTS}
    products = {id for total in now.values() for id, _share, _basis in total.made_of}
    return made(
        "activity",
        curves=curves,
        values={name: total.value for name, total in now.items()},
        goals={name: series.short_target(m, name) for name in OF_PRODUCTS},
        stickiness=METRICS["stickiness"].label,
        products=len(products),
    )
