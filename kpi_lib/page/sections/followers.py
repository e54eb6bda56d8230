"""The duty of followers: growth by day, who came and left, the way to targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import HORIZONS, METRICS
from kpi_lib.days import days_of, month_of, months_back, months_of, quarter_of
from kpi_lib.language import N_, _
from kpi_lib.page import bases, charts, series, sums
from kpi_lib.page.parts import Brand, Fragment, made, nothing, who_is
from kpi_lib.page.templates import ratio


@dataclass(frozen=True)
class Growth:
    """One account's followers by day, as shares over its opening level."""

    who: Brand
    by_day: dict[date, float]
    goal: float | None
    """The target on the same scale, where the account has one of its own."""
    level: float
    """Followers on the last day known."""
    due: list[date]
    """The own days."""

    @property
    def late(self) -> bool:
        """Whether it was taken over during the month, and grows since then."""
        return bool(self.due) and self.due[0].day > 1

    @property
    def last(self) -> float:
        """Growth on the last day known."""
        return self.by_day[max(self.by_day)]


SINCE = {
    False: N_("比上月末{growth}，{level}人"),
    True: N_("比接手前{growth}，{level}人"),
}
"""What growth is told of: a whole month, or one that began late."""


def followers(m: OperatorMonth) -> Fragment:
    """Show each account's growth by day, then who came and who left."""
    before = months_back(m.month, 2)[0]
    opening = series.of_month(m, "followers_opening") or series.of_month(
        m, "followers", before
    )
    grown = _growths(m, opening)
    rows = _rows(m, opening)
    if not grown and not rows:
        return nothing(_("粉丝数"), _("没有一个账号有粉丝数"))
    totals = {
        key: series.sum_known(row[key] for row in rows)
        for key in ("level", "lost", "new", "net")
    }
    horizons = horizons_of(m)
    return made(
        "followers",
        year=_year(m),
        panels=_growth_panels(m, grown),
        grown=grown,
        moved=[
            account.name
            for account in m.accounts
            if account.id in opening and _moved(m, account.id)
        ],
        late=[growth.who.name for growth in grown if growth.late],
        rows=rows,
        totals=totals,
        uneven=sums.uneven(
            ([row[key] for row in rows], value, 0) for key, value in totals.items()
        ),
        widest=max(
            (row[key] or 0 for row in rows for key in ("new", "lost")), default=0
        )
        or 1,
        best=_best(m, grown),
        met=[growth.last >= growth.goal for growth in grown if growth.goal is not None],
        before=before,
        marks=series.marks_told(m),
        horizons=horizons,
        stand=_stand(horizons),
        table=series.day_table(
            m,
            [(growth.who.name, growth.by_day) for growth in grown],
            lambda value: figures.percent(value, 2, sign=True),
        ),
    )


def _year(m: OperatorMonth) -> tuple[series.Panel, dict[str, Any]] | None:
    """Draw the followers of twelve months, all own accounts added up."""
    by_month = series.total_by_month(m, "followers")
    if not by_month:
        return None
    label = METRICS["followers"].label
    return (
        series.year_panel(
            m, "followers", by_month, note=_("月末，近12个月，人"), prefix="fans"
        ),
        series.year_table(m, [(label, by_month)], "followers"),
    )


def _growths(m: OperatorMonth, opening: Mapping[str, float]) -> list[Growth]:
    """Return the growth of every account with daily levels and an opening one."""
    accounts = Counter(account.platform for account in m.accounts)
    grown = []
    for account in m.accounts:
        levels = series.by_day(m, account.id, "followers")
        start = opening.get(account.id)
        if not levels or not start or _moved(m, account.id):
            continue
        goal = series.short_target(m, "followers", account.platform)
        alone = accounts[account.platform] == 1
        grown.append(
            Growth(
                who=who_is(m, account),
                by_day={day: level / start - 1 for day, level in levels.items()},
                goal=goal / start - 1 if goal and alone else None,
                level=levels[max(levels)],
                due=series.own_days(m, account),
            )
        )
    return grown


def _moved(m: OperatorMonth, account: str) -> bool:
    """Say whether the month's levels are come by in another way than the one before."""
    days = bases.of_days(m, account, "followers")
    before = [basis for day, basis in days.items() if month_of(day) < m.month]
    now = {basis for day, basis in days.items() if month_of(day) == m.month}
    return bool(before and now) and now != {before[-1]}


def _best(m: OperatorMonth, grown: Sequence[Growth]) -> list[Growth]:
    """
    Return whoever grew most: all that print the same share, nobody if none grew.

    Only accounts of the whole month are compared; half of one grows less.
    """
    whole = [growth for growth in grown if len(growth.due) == len(days_of(m.month))]
    most = max((growth.last for growth in whole), default=0.0)
    alike = [at for at in whole if _percent(at.last) == _percent(most)]
    return alike if len(whole) > 1 and most > 0 else []


def _growth_panels(m: OperatorMonth, grown: Sequence[Growth]) -> list[series.Panel]:
    """Draw every account on the same scale."""
    shares = [
        at for growth in grown for at in (*growth.by_day.values(), growth.goal or 0)
    ]
    scale = charts.scale(shares, text=series.percent_tick)
    panels = []
    for at, growth in enumerate(grown):
        ax = charts.day_curve(
            series.frame(growth.by_day),
            **series.of_days(m),
            scale=scale,
            end=_percent,
            target=growth.goal,
            target_text=series.target_text(_percent(growth.goal)),
            due=growth.due,
        )
        level, days = figures.short(growth.level), series.owned_span(m, growth.due)
        panels.append(
            series.panel(
                ax,
                name=growth.who.name,
                note=_("{level}人，{days}", level=level, days=days)
                if days
                else _("{level}人", level=level),
                last=_(
                    SINCE[growth.late],
                    growth=_percent(growth.last),
                    level=figures.exact(growth.level),
                ),
                prefix=f"fan{at}",
                who=growth.who,
            )
        )
    return panels


def _percent(share: float | None) -> str:
    return figures.percent(share, 1, sign=True)


def _rows(m: OperatorMonth, opening: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return level, new, lost and net of every account that has any of them."""
    columns = {
        "level": series.of_month(m, "followers"),
        "new": series.of_month(m, "follows"),
        "lost": series.of_month(m, "unfollows"),
        "net": series.of_month(m, "net_follows") | series.of_month(m, "followers_gain"),
    }
    rows = []
    for account in m.accounts:
        row = {key: values.get(account.id) for key, values in columns.items()}
        level, start = row["level"], opening.get(account.id)
        if row["net"] is None and level is not None and start is not None:
            row["net"] = level - start
        if any(row[key] is not None for key in ("level", "new", "net")):
            rows.append({"who": who_is(m, account), **row})
    return rows


def horizons_of(m: OperatorMonth) -> list[dict[str, Any]]:
    """
    Set the followers against the targets of all four horizons that hold now.

    `way` is the share of the way to the target, 1 or more if reached, as it is scored;
    `elapsed` that of the period's days; `missing` the followers short of the target,
    None where they are not known. The ultimate target has no period: it is measured by
    the followers now.
    """
    level = series.sum_known(series.of_month(m, "followers").values())
    periods = {
        "short": m.month,
        "mid": quarter_of(m.month),
        "long": m.month[:4],
        "ultimate": "",
    }
    goals = {
        target.horizon: float(target.value)
        for target in sorted(m.targets, key=lambda target: target.set_on)
        if target.metric == "followers"
        and not target.platform
        and periods.get(target.horizon) == target.period
    }
    rows = []
    for name, period in periods.items():
        goal = goals.get(name, 0.0)
        if goal <= 0:
            continue
        row = {"name": _(HORIZONS[name]), "period": period, "goal": goal}
        months = months_of(period) if period else ()
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
    gains = m.by_month.get("followers_gain", {})
    if not set(since) <= set(gains):
        return None, None
    # An account that was taken over later opens with the followers it had then.
    first: dict[str, float] = {}
    for month in since:
        first = series.of_month(m, "followers_opening", month) | first
    return sum(first.values()), sum(sum(gains[month].values()) for month in since)


def _elapsed(months: Sequence[str], month: str) -> float:
    """Return the share of the days of a period that have gone by at a month's end."""
    gone = sum(len(days_of(at)) for at in months if at <= month)
    return gone / sum(len(days_of(at)) for at in months)
