"""The duty of DAU and MAU: a product's users by day, by month, and its stickiness."""

from __future__ import annotations

from datetime import date
from statistics import fmean

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.language import _
from kpi_lib.page import charts, series, sums
from kpi_lib.page.parts import Fragment, made, nothing


def activity(m: OperatorMonth) -> Fragment:
    """Show DAU by day and MAU over twelve months; stickiness in words."""
    products = _products(m)
    daily = series.total_by_day(m, products, "dau")
    dau, mau = (series.total_by_month(m, metric, products) for metric in ("dau", "mau"))
    if not daily and not mau:
        return nothing("DAU/MAU", _("没有产品的日活或月活"))
    panels, tables = [], []
    if daily:
        panels.append(_day_panel(m, daily))
        tables.append(series.day_table(m, [(METRICS["dau"].label, daily)]))
    if mau:
        panels.append(
            series.year_panel(
                m, "mau", mau, note=_("近12个月，人"), prefix="mau", accounts=products
            )
        )
        both = [(_("日活均值"), dau), (METRICS["mau"].label, mau)]
        tables.append(series.year_table(m, both, "mau", accounts=products))
    return made(
        "activity",
        panels=panels,
        tables=tables,
        values={
            "dau": dau.get(m.month),
            "mau": mau.get(m.month),
            "stickiness": sums.added(
                part
                for id, part in sums.of_ratio(m, "stickiness").items()
                if id in products
            ).rate,
        },
        goals={
            name: series.short_target(m, name) for name in ("dau", "mau", "stickiness")
        },
        stickiness=METRICS["stickiness"].label,
        products=len(products),
        marks=series.marks_told(m) if daily else "",
    )


def _products(m: OperatorMonth) -> dict[str, str]:
    """Choose, for each product, the account that stands first: account → product."""
    measured = set(m.daily.loc[m.daily["metric"] == "dau", "account"]) | set(
        m.monthly.loc[m.monthly["metric"].isin(["dau", "mau"]), "account"]
    )
    chosen: dict[str, str] = {}
    for account in m.accounts:
        product = account.product or account.id
        if account.id in measured and product not in chosen.values():
            chosen[account.id] = product
    return chosen


def _day_panel(m: OperatorMonth, users: dict[date, float]) -> series.Panel:
    goal = series.short_target(m, "dau")
    last = max(users)
    return series.panel(
        charts.day_curve(
            series.frame(users),
            **series.of_days(m),
            scale=charts.scale([*users.values(), goal or 0]),
            target=goal,
            target_text=series.target_text(figures.short(goal)),
        ),
        name=METRICS["dau"].label,
        note=_("{month}，人", month=figures.month_short(m.month)),
        last=_(
            "{day}{n}人，日均{mean}人",
            day=figures.day(last),
            n=figures.short(users[last]),
            mean=figures.exact(fmean(users.values())),
        ),
        prefix="dau",
    )
