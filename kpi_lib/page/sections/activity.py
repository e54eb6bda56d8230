"""The duty of DAU and MAU: a product's users by day, by month, and its stickiness."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from statistics import fmean

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.language import _
from kpi_lib.page import charts, series
from kpi_lib.page.parts import Fragment, made, nothing


def activity(m: OperatorMonth) -> Fragment:
    """Show DAU by day, MAU and stickiness over twelve months."""
    products = _products(m)
    daily = series.total_by_day(m, products, "dau")
    dau, mau = (series.total_by_month(m, metric, products) for metric in ("dau", "mau"))
    if not daily and not mau:
        return nothing("DAU/MAU", _("没有产品的日活或月活"))
    sticky = {month: dau[month] / mau[month] for month in dau if month in mau}
    panels, tables = [], []
    if daily:
        panels.append(_day_panel(m, daily))
        tables.append(series.day_table(m, [(METRICS["dau"].label, daily)]))
    if mau:
        panels.append(
            series.year_panel(m, "mau", mau, note=_("近12个月，人"), prefix="mau")
        )
        both = [(_("日活均值"), dau), (METRICS["mau"].label, mau)]
        tables.append(series.year_table(m, both))
    if sticky:
        note = _("日活均值÷月活")
        panels.append(
            series.year_panel(m, "stickiness", sticky, note=note, prefix="sticky")
        )
    mean = fmean(daily.values()) if daily else None
    facts = (
        (_("日活均值"), "dau", mean, figures.exact),
        (_("月活"), "mau", mau.get(m.month), figures.exact),
        (
            METRICS["stickiness"].label,
            "stickiness",
            sticky.get(m.month),
            figures.percent,
        ),
    )
    title = figures.joined(
        _against(name, value, series.short_target(m, metric), text)
        for name, metric, value, text in facts
    )
    return made(
        "activity",
        panels=panels,
        tables=[
            (_("图中的数字：{names}", names=figures.listed(table["head"])), table)
            for table in tables
        ],
        title=title or _("日活和月活"),
        sub=_note(m, products.values(), by_day=bool(daily)),
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
            days=days_of(m.month),
            calendar=m.calendar,
            scale=charts.scale([*users.values(), goal or 0]),
            marks=series.campaign_marks(m),
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


def _against(
    name: str, value: float | None, goal: float | None, text: Callable[..., str]
) -> str:
    """Say a value beside its target, where there is one."""
    if value is None:
        return ""
    if goal is None:
        return _("{name}{value}", name=name, value=text(value))
    parts = {"name": name, "value": text(value), "goal": text(goal)}
    if value >= goal:
        return _("{name}{value}，达到目标{goal}", **parts)
    return _("{name}{value}，不到目标{goal}", **parts)


def _note(m: OperatorMonth, products: Iterable[str], *, by_day: bool) -> str:
    """Say how the panels are read."""
    number = len(set(products))
    return figures.sentences(
        _("产品口径，每个产品只取一个账号，{n}个产品相加。", n=number)
        if number > 1
        else _("产品口径，每个产品只取一个账号。"),
        _("日活看日，月活与粘性看近12个月；粘性＝日活均值÷月活。"),
        series.marks_told(series.campaign_marks(m)) if by_day else "",
    )
