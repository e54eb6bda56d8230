"""The duty of followers: growth by day, who came and left, the way to targets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import HORIZONS
from kpi_lib.days import days_of, months_back, months_of, quarter_of
from kpi_lib.language import _
from kpi_lib.page import charts, series
from kpi_lib.page.parts import Brand, Fragment, made, nothing, who_is


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
    def last(self) -> float:
        """Growth on the last day known."""
        return self.by_day[max(self.by_day)]


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
    horizons = _horizons(m, totals["level"])
    return made(
        "followers",
        panels=_growth_panels(m, grown),
        rows=rows,
        totals=totals,
        widest=max(
            (row[key] or 0 for row in rows for key in ("new", "lost")), default=0
        )
        or 1,
        title=_growth_title(grown),
        sub=_growth_note(m, grown, before),
        net_title=_net_title(totals["net"]),
        horizons_title=_horizons_title(horizons),
        horizons=horizons,
        table=series.day_table(
            m,
            [(growth.who.name, growth.by_day) for growth in grown],
            lambda value: figures.percent(value, 2, sign=True),
        ),
    )


def _growths(m: OperatorMonth, opening: Mapping[str, float]) -> list[Growth]:
    """Return the growth of every account with daily levels and an opening one."""
    accounts = Counter(account.platform for account in m.accounts)
    grown = []
    for account in m.accounts:
        levels = series.by_day(m, account.id, "followers")
        start = opening.get(account.id)
        if not levels or not start:
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


def _growth_panels(m: OperatorMonth, grown: Sequence[Growth]) -> list[series.Panel]:
    """Draw every account on the same scale."""
    shares = [
        at for growth in grown for at in (*growth.by_day.values(), growth.goal or 0)
    ]
    scale = charts.scale(shares, text=series.percent_tick)
    marks = series.campaign_marks(m)
    panels = []
    for at, growth in enumerate(grown):
        ax = charts.day_curve(
            series.frame(growth.by_day),
            days=days_of(m.month),
            calendar=m.calendar,
            scale=scale,
            end=_percent,
            target=growth.goal,
            target_text=series.target_text(_percent(growth.goal)),
            due=growth.due,
            marks=marks,
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
                    "比上月末{growth}，{level}人",
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


def _growth_title(grown: Sequence[Growth]) -> str:
    """Say who grew most, and how many targets were reached."""
    if not grown:
        return ""
    best = max(grown, key=lambda growth: growth.last)
    most = {"who": figures.brief(best.who.name), "growth": _percent(best.last)}
    title = (
        _("{who}比例增长最多，{growth}", **most)
        if len(grown) > 1
        else _("{who}粉丝数{growth}", **most)
    )
    met = [growth.last >= growth.goal for growth in grown if growth.goal is not None]
    return figures.joined([title, _goals_met(len(met), sum(met))])


def _goals_met(n: int, met: int) -> str:
    """Say how many of the accounts with a target reached it."""
    if not n:
        return ""
    if met == n:
        return _("有目标的{n}个账号都达到", n=n)
    if not met:
        return _("有目标的{n}个账号都没有达到", n=n)
    return _("有目标的{n}个账号{met}个达到", n=n, met=met)


def _growth_note(m: OperatorMonth, grown: Sequence[Growth], before: str) -> str:
    """Say how the panels are read."""
    month = figures.month_short(before)
    with_goal = any(growth.goal is not None for growth in grown)
    return figures.sentences(
        _("比{month}末增长，%；{n}图同一纵轴。", month=month, n=len(grown))
        if len(grown) > 1
        else _("比{month}末增长，%。", month=month),
        _("虚线是本月目标。") if with_goal else "",
        _("断开处没有数据。"),
        series.marks_told(series.campaign_marks(m)),
        _("深底是法定假日，浅底是周末。"),
    )


def _net_title(net: float | None) -> str:
    """Say what the accounts gained together."""
    if net is None:
        return _("净增没有数据")
    if net < 0:
        return _("净减{n}人", n=figures.exact(-net))
    return _("净增{n}人", n=figures.exact(net))


def _rows(m: OperatorMonth, opening: Mapping[str, float]) -> list[dict[str, Any]]:
    """Return level, new, lost and net of every account that has any of them."""
    levels, new = series.of_month(m, "followers"), series.of_month(m, "follows")
    lost, net = series.of_month(m, "unfollows"), series.of_month(m, "net_follows")
    gain = series.of_month(m, "followers_gain")
    rows = []
    for account in m.accounts:
        id = account.id
        level = levels.get(id)
        change = gain.get(id, net.get(id))
        if change is None and level is not None and id in opening:
            change = level - opening[id]
        if level is None and change is None and id not in new:
            continue
        rows.append(
            {
                "who": who_is(m, account),
                "level": level,
                "new": new.get(id),
                "lost": lost.get(id),
                "net": change,
            }
        )
    return rows


@dataclass(frozen=True)
class Horizon:
    """How far the followers have come towards one target."""

    name: str
    period: str
    """The month, quarter or year it is for; empty for the ultimate one."""
    goal: float
    start: float | None
    """Followers when the period began; None if unknown."""
    gained: float | None
    """Followers gained since, on own days; None if unknown."""
    level: float | None
    """Followers now: what a target without an end is measured by."""
    elapsed: float | None
    """Share of the period's days gone by; None for the ultimate one."""

    @property
    def way(self) -> float | None:
        """Share of the way to the target, 1 or more if reached; as it is scored."""
        if self.elapsed is None:
            return None if self.level is None else self.level / self.goal
        if self.start is None or self.gained is None or self.goal <= self.start:
            return None
        return self.gained / (self.goal - self.start)


def _horizons(m: OperatorMonth, level: float | None) -> list[Horizon]:
    """Set the followers against the targets of all four horizons that hold now."""
    periods = {
        "short": m.month,
        "mid": quarter_of(m.month),
        "long": m.month[:4],
        "ultimate": "",
    }
    latest = {
        target.horizon: target
        for target in sorted(m.targets, key=lambda target: target.set_on)
        if target.metric == "followers"
        and not target.platform
        and periods.get(target.horizon) == target.period
    }
    horizons = []
    for name, period in periods.items():
        target = latest.get(name)
        if target is None or target.value <= 0:
            continue
        months = months_of(period) if period else ()
        start, gained = _since(m, months) if months else (None, None)
        horizons.append(
            Horizon(
                name=_(HORIZONS[name]),
                period=period,
                goal=float(target.value),
                start=start,
                gained=gained,
                level=level,
                elapsed=_elapsed(months, m.month) if months else None,
            )
        )
    return horizons


def _horizons_title(horizons: Sequence[Horizon]) -> str:
    """Say how many of the targets are reached."""
    if not horizons:
        return ""
    n, name = len(horizons), horizons[0].name
    met = sum(horizon.way is not None and horizon.way >= 1 for horizon in horizons)
    if n > 1 and met:
        return _("{n}个期限的粉丝目标，{met}个已达到", n=n, met=met)
    if n > 1:
        return _("{n}个期限的粉丝目标，都还在途中", n=n)
    if met:
        return _("{horizon}的粉丝目标已达到", horizon=name)
    return _("{horizon}的粉丝目标还在途中", horizon=name)


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
