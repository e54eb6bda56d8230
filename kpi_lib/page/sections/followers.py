"""The duty of followers: a year by months, who came and left, the way to targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import HORIZONS
from kpi_lib.days import days_of, months_of, periods_of
from kpi_lib.language import _
from kpi_lib.page import series
from kpi_lib.page.parts import Fragment, made, nothing
from kpi_lib.page.templates import ratio

GAIN = "followers_gain"
COUNTS = ("followers", "follows", "unfollows", GAIN)


def followers(m: OperatorMonth) -> Fragment:
    """Show the followers of a year, who came and who left, the way to the targets."""
    counts = {name: series.of_month(m, name) for name in COUNTS}
    # The change of the followers is what counts, where there is one.
    counts[GAIN] = series.of_month(m, "net_follows") | counts[GAIN]
    shown = {*counts["followers"], *counts["follows"], *counts[GAIN]}
    table = series.by_account(m, counts, shown)
    if not table["rows"]:
        return nothing(_("粉丝数"), _("没有一个账号有粉丝数"))
    horizons = horizons_of(m)
    curves = series.curves(m, "followers")
    return made(
        "followers",
        curves=curves,
        **table,
        horizons=horizons,
        stand=_stand(horizons),
    )


def horizons_of(m: OperatorMonth) -> list[dict[str, Any]]:
    """
    Set the followers against the targets of all four horizons that hold now.

    `way` is the share of the way to the target, 1 or more if reached, as it is scored;
    `elapsed` that of the period's days; `missing` the followers short of the target,
    None where they are not known. The ultimate target has no period: it is measured by
    the followers now.
    """
    level = series.sum_known(series.of_month(m, "followers").values())
    periods = periods_of(m.month)
    goals = {
        target.horizon: float(target.value)
        for target in sorted(m.targets, key=lambda target: target.set_on)
        if target.metric == "followers"
        and not target.platform
        and periods.get(target.horizon) == target.period
        and target.set_on <= days_of(m.month)[-1]
    } | {"short": series.short_target(m, "followers") or 0.0}
    rows = []
    for name, span in periods.items():
        goal = goals.get(name, 0.0)
        if goal <= 0:
            continue
        row = {"name": _(HORIZONS[name]), "period": span, "goal": goal}
        months = months_of(span) if span else ()
        since = _since(m, months) if months else None
        start, gained = since or (None, None)
        elapsed = _elapsed(months, m.month) if months else None
        reached = level if since is None else series.sum_whole(since)
        missing = None if reached is None else max(round(goal - reached, 6), 0)
        rows.append(
            row
            | {
                "start": start,
                "gained": gained,
                "elapsed": elapsed,
                "way": _way(goal, level, since),
                "missing": missing,
                "state": _state(missing, elapsed),
            }
        )
    return rows


def _state(missing: float | None, elapsed: float | None) -> str:
    """Say how a horizon stands: a period that ended short is not on its way."""
    if missing is None:
        return "unknown"
    if not missing:
        return "met"
    return "missed" if elapsed is not None and elapsed >= 1 else "open"


def _stand(horizons: Sequence[Mapping[str, Any]]) -> str:
    """Say of every horizon how it stands, those that ended short by how much."""

    def named(state: str) -> str:
        return figures.listed([at["name"] for at in horizons if at["state"] == state])

    met, on, unknown = map(named, ("met", "open", "unknown"))
    return figures.joined(
        [
            _("{horizons}的粉丝目标已达到", horizons=met) if met else "",
            *(
                _(
                    "{horizon}的粉丝目标没有达到，差{n}人",
                    horizon=one["name"],
                    n=figures.exact(one["missing"]),
                )
                for one in horizons
                if one["state"] == "missed"
            ),
            _("{horizons}的粉丝目标还在途中", horizons=on) if on else "",
            _(
                "{horizons}的粉丝目标看不出进度，期内有的月份没有粉丝数",
                horizons=unknown,
            )
            if unknown
            else "",
        ]
    )


def _way(
    goal: float, level: float | None, since: tuple[float | None, float | None] | None
) -> float | None:
    if since is None:
        return ratio(level, goal)
    start, gained = since
    return None if start is None or goal <= start else ratio(gained, goal - start)


def _since(
    m: OperatorMonth, months: Sequence[str]
) -> tuple[float | None, float | None]:
    """Return the opening followers of a period and the gain of its months so far."""
    since = [month for month in months if month <= m.month]
    gains = [series.of_month(m, "followers_gain", month) for month in since]
    if not all(gains):
        return None, None
    # An account that was taken over later opens with the followers it had then.
    first: dict[str, float] = {}
    for month in since:
        first = series.of_month(m, "followers_opening", month) | first
    return sum(first.values()), sum(sum(gained.values()) for gained in gains)


def _elapsed(months: Sequence[str], month: str) -> float:
    """Return the share of the days of a period that have gone by at a month's end."""
    gone = sum(len(days_of(at)) for at in months if at <= month)
    return gone / sum(len(days_of(at)) for at in months)
