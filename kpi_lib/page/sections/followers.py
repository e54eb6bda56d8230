"""Two daily duties on the page: what was published where, and how fans grew."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import HORIZONS
from kpi_lib.days import (
    days_of,
    months_back,
    months_of,
    quarter_of,
)
from kpi_lib.language import _
from kpi_lib.page import charts
from kpi_lib.page.figures import (
    Panel,
    by_month,
    campaign_marks,
    data_table,
    marks_told,
    of_month,
    own_days,
    owned_span,
    panel,
    percent_tick,
    series,
    short_target,
    sum_known,
)
from kpi_lib.page.parts import (
    Brand,
    Fragment,
    made,
    nothing,
    platform_of,
    shade_of,
    who_is,
)


def platforms(m: OperatorMonth) -> Fragment:
    """
    Show what was published where: by day, by plan, and the best and the last.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    if m.posts.empty and not m.worklog.contents:
        return nothing(_("发布"), _("本月没有作品数据，也没有内容记录"))
    return made(
        "platforms",
        calendar=_calendar(m),
        matrix=_matrix(m),
        posts=_best_posts(m),
    )


def _calendar(m: OperatorMonth) -> dict[str, Any] | None:
    """Count the posts of every account and day."""
    if m.posts.empty:
        return None
    days = days_of(m.month)
    published = m.posts.assign(day=pd.to_datetime(m.posts["published_at"]).dt.day)
    counts = published.groupby(["account", "day"]).size()
    kinds = [shade_of(day, m.calendar) for day in days]
    rows = []
    for account in m.accounts:
        found = [int(counts.get((account.id, day.day), 0)) for day in days]
        if any(found):
            rows.append(
                (who_is(m, account), list(zip(found, kinds, strict=True)), sum(found))
            )
    empty = sum(not any(row[1][at][0] for row in rows) for at in range(len(days)))
    who, _cells, most = max(rows, key=lambda row: row[2])
    told = {"n": int(counts.sum()), "who": figures.brief(who.name), "most": most}
    return {
        "title": _(
            "本月发布{n}条，{who}最多，{most}条；{empty}天没有发布", empty=empty, **told
        )
        if empty
        else _("本月发布{n}条，{who}最多，{most}条", **told),
        "days": list(zip((day.day for day in days), kinds, strict=True)),
        "rows": rows,
    }


def _matrix(m: OperatorMonth) -> dict[str, Any] | None:
    """List the contents that did not reach every platform planned for them."""
    contents = [one for one in m.worklog.contents if one.published_platforms]
    if not contents:
        return None
    order = list(
        dict.fromkeys(
            [a.platform for a in m.accounts]
            + [
                p
                for one in contents
                for p in (*one.planned_platforms, *one.published_platforms)
            ]
        )
    )
    used = {
        p
        for one in contents
        for p in (*one.planned_platforms, *one.published_platforms)
    }
    columns = [id for id in order if id in used]
    broken = [
        one
        for one in contents
        if set(one.planned_platforms) - set(one.published_platforms)
    ]
    missed = Counter(
        id
        for one in broken
        for id in set(one.planned_platforms) - set(one.published_platforms)
    )
    worst = [
        platform_of(m, id).name
        for id in columns
        if missed and missed[id] == max(missed.values())
    ]
    return {
        "title": _matrix_title(len(contents), len(broken), missed.total(), worst),
        "columns": [platform_of(m, id) for id in columns],
        "total": len(contents),
        "complete": len(contents) - len(broken),
        "sums": [
            sum(id in one.published_platforms for one in contents if one not in broken)
            for id in columns
        ],
        "rows": [
            (
                one.title,
                figures.day_short(one.planned),
                [
                    "yes"
                    if id in one.published_platforms
                    else "no"
                    if id in one.planned_platforms
                    else ""
                    for id in columns
                ],
            )
            for one in sorted(broken, key=lambda one: (one.planned, one.row))
        ],
    }


def _matrix_title(total: int, broken: int, missed: int, worst: list[str]) -> str:
    """Say how many contents lack a platform, and which is lacked most."""
    if not broken:
        return _("已发布的{n}条内容都到达了计划的平台", n=total)
    names = figures.listed(worst)
    if missed == 1:
        return _("1条内容没有到达计划的平台：{platforms}", platforms=names)
    return _(
        "{n}条内容没有到达计划的平台，缺得最多的是{platforms}",
        n=broken,
        platforms=names,
    )


def _best_posts(m: OperatorMonth) -> dict[str, Any] | None:
    """Pick the three posts most above their account's median, and the two least."""
    if m.posts.empty or "views" not in m.posts or m.posts["views"].notna().sum() < 1:
        return None
    posts = m.posts[m.posts["views"].notna()]
    median = posts.groupby("account")["views"].transform("median")
    posts = posts.assign(times=posts["views"] / median.where(median > 0))
    ranked = posts.sort_values(
        ["times", "account", "post"], ascending=[False, True, True]
    )
    chosen = ranked if len(ranked) <= 5 else pd.concat([ranked.head(3), ranked.tail(2)])
    by_id = {account.id: account for account in m.accounts}
    rows = []
    for post in chosen.itertuples():
        account = by_id.get(str(post.account))
        parts = [
            getattr(post, name, math.nan) for name in ("comments", "shares", "likes")
        ]
        views = float(str(post.views))
        engaged = sum(parts) / views if views and not any(map(pd.isna, parts)) else None
        rows.append(
            {
                "title": post.title,
                "who": who_is(m, account) if account else None,
                "day": figures.day_short(pd.Timestamp(str(post.published_at))),
                "views": views,
                "times": post.times,
                "rate": engaged,
            }
        )
    title = (
        _("本月作品：全部{n}条", n=len(rows))
        if len(ranked) <= 5
        else _("本月作品：相对最高的三条和最低的两条")
    )
    return {"title": title, "rows": rows}


@dataclass(frozen=True)
class Growth:
    """
    One account's followers over the month.

    Parameters
    ----------
    who : Brand
        The account.
    points : DataFrame
        One row per day: `date`, `value` as a share over the opening level.
    goal : float or None
        The target on the same scale, where the account has one of its own.
    level : float
        The last level known.
    days : list of date
        The own days.
    """

    who: Brand
    points: pd.DataFrame
    goal: float | None
    level: float
    days: list[date]

    @property
    def last(self) -> float:
        """Growth on the last day known."""
        return float(self.points["value"].iloc[-1])


def followers(m: OperatorMonth) -> Fragment:
    """
    Show each account's growth by day, then who came and who left.

    Parameters
    ----------
    m : OperatorMonth
        The operator's month.

    Returns
    -------
    Fragment
    """
    before = months_back(m.month, 2)[0]
    opening = of_month(m, "followers_opening") or of_month(m, "followers", before)
    grown = _growths(m, opening)
    rows = _fan_rows(m, opening)
    if not grown and not rows:
        return nothing(_("粉丝数"), _("没有一个账号有粉丝数"))
    totals = {
        key: sum_known(row[key] for row in rows)
        for key in ("level", "lost", "new", "net")
    }
    horizons = _horizons(m, totals)
    return made(
        "followers",
        panels=_growth_panels(m, grown),
        rows=rows,
        totals=totals,
        widest=max((max(r["new"] or 0, r["lost"] or 0) for r in rows), default=0) or 1,
        title=_growth_title(grown),
        sub=_growth_note(m, grown, before),
        net_title=_net_title(totals["net"]),
        horizons_title=_horizons_title(horizons),
        horizons=horizons,
        table=data_table(
            [(one.who.name, one.points) for one in grown],
            "date",
            lambda value: figures.percent(value, 2, sign=True),
            [pd.Timestamp(day) for day in days_of(m.month)],
            figures.day_short,
        ),
    )


def _growths(m: OperatorMonth, opening: dict[str, float]) -> list[Growth]:
    """Return the growth of every account with daily levels and an opening one."""
    platforms = Counter(account.platform for account in m.accounts)
    found = []
    for account in m.accounts:
        levels = series(m, account.id, "followers", m.month)
        start = opening.get(account.id)
        if levels.empty or not start:
            continue
        goal = short_target(m, "followers", account.platform)
        alone = platforms[account.platform] == 1
        found.append(
            Growth(
                who=who_is(m, account),
                points=levels.assign(value=levels["value"] / start - 1),
                goal=goal / start - 1 if goal and alone else None,
                level=float(levels["value"].iloc[-1]),
                days=own_days(m, account),
            )
        )
    return found


def _growth_panels(m: OperatorMonth, grown: Sequence[Growth]) -> list[Panel]:
    """Draw every account on the same scale."""
    values = [v for one in grown for v in (*one.points["value"], one.goal or 0)]
    scale = charts.scale(values, text=percent_tick)
    marks = campaign_marks(m)
    panels = []
    for at, one in enumerate(grown):
        ax = charts.day_curve(
            one.points,
            days=days_of(m.month),
            calendar=m.calendar,
            scale=scale,
            end=lambda value: figures.percent(value, 1, sign=True),
            target=one.goal,
            target_text=_("目标{value}", value=figures.percent(one.goal, 1, sign=True)),
            due=one.days,
            marks=marks,
        )
        level, days = figures.short(one.level), owned_span(m, one.days)
        panels.append(
            panel(
                ax,
                name=one.who.name,
                note=_("{level}人，{days}", level=level, days=days)
                if days
                else _("{level}人", level=level),
                last=_(
                    "比上月末{growth}，{level}人",
                    growth=figures.percent(one.last, 1, sign=True),
                    level=figures.exact(one.level),
                ),
                prefix=f"fan{at}",
                who=one.who,
            )
        )
    return panels


def _growth_title(grown: Sequence[Growth]) -> str:
    """Say who grew most, and how many targets were reached."""
    if not grown:
        return ""
    best = max(grown, key=lambda one: one.last)
    told = {
        "who": figures.brief(best.who.name),
        "growth": figures.percent(best.last, 1, sign=True),
    }
    title = (
        _("{who}比例增长最多，{growth}", **told)
        if len(grown) > 1
        else _("{who}粉丝数{growth}", **told)
    )
    met = [one.last >= one.goal for one in grown if one.goal is not None]
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
    return figures.sentences(
        _("比{month}末增长，%；{n}图同一纵轴。", month=month, n=len(grown))
        if len(grown) > 1
        else _("比{month}末增长，%。", month=month),
        _("虚线是本月目标。") if any(one.goal is not None for one in grown) else "",
        _("断开处没有数据。"),
        marks_told(campaign_marks(m)),
        _("深底是法定假日，浅底是周末。"),
    )


def _net_title(net: float | None) -> str:
    """Say what the accounts gained together."""
    if net is None:
        return _("净增没有数据")
    if net < 0:
        return _("净减{n}人", n=figures.exact(-net))
    return _("净增{n}人", n=figures.exact(net))


def _fan_rows(m: OperatorMonth, opening: dict[str, float]) -> list[dict[str, Any]]:
    """Return level, new, lost and net of every account that has any of them."""
    now, new = of_month(m, "followers"), of_month(m, "follows")
    lost, net = of_month(m, "unfollows"), of_month(m, "net_follows")
    gain = of_month(m, "followers_gain")
    rows = []
    for account in m.accounts:
        id = account.id
        level = now.get(id)
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
    """
    How far the followers have come towards one target.

    Parameters
    ----------
    name, period : str
        The horizon as pages call it, and the month, quarter or year it is for.
    goal : float
        Followers wanted at its end.
    start, gained : float or None
        Followers when it began, and gained since on own days; None if unknown.
    level : float or None
        Followers now: what a target without an end is measured by.
    elapsed : float or None
        Share of its days gone by; None for the ultimate one.
    """

    name: str
    period: str
    goal: float
    start: float | None
    gained: float | None
    level: float | None
    elapsed: float | None

    @property
    def way(self) -> float | None:
        """Share of the way to the target, 1 or more if reached; as it is scored."""
        if self.elapsed is None:
            return None if self.level is None else self.level / self.goal
        if self.start is None or self.gained is None or self.goal <= self.start:
            return None
        return self.gained / (self.goal - self.start)


def _horizons(m: OperatorMonth, totals: dict[str, float | None]) -> list[Horizon]:
    """Set the followers against the targets of all four horizons that hold now."""
    periods = {
        "short": m.month,
        "mid": quarter_of(m.month),
        "long": m.month[:4],
        "ultimate": "",
    }
    latest = {
        one.horizon: one
        for one in sorted(m.targets, key=lambda one: one.set_on)
        if one.metric == "followers"
        and not one.platform
        and periods.get(one.horizon) == one.period
    }
    found = []
    for name, period in periods.items():
        one = latest.get(name)
        if one is None or one.value <= 0:
            continue
        start, gained = _since(m, months_of(period)) if period else (None, None)
        found.append(
            Horizon(
                name=_(HORIZONS[name]),
                period=period,
                goal=float(one.value),
                start=start,
                gained=gained,
                level=totals["level"],
                elapsed=_elapsed(months_of(period), m.month) if period else None,
            )
        )
    return found


def _horizons_title(horizons: Sequence[Horizon]) -> str:
    """Say how many of the targets are reached."""
    if not horizons:
        return ""
    met = sum(one.way is not None and one.way >= 1 for one in horizons)
    if len(horizons) > 1:
        told = {"n": len(horizons), "met": met}
        return (
            _("{n}个期限的粉丝目标，{met}个已达到", **told)
            if met
            else _("{n}个期限的粉丝目标，都还在途中", n=len(horizons))
        )
    name = horizons[0].name
    if met:
        return _("{horizon}的粉丝目标已达到", horizon=name)
    return _("{horizon}的粉丝目标还在途中", horizon=name)


def _since(
    m: OperatorMonth, months: Sequence[str]
) -> tuple[float | None, float | None]:
    """Return the opening followers of a period and the gain of its months so far."""
    since = [month for month in months if month <= m.month]
    gains = by_month(m, "followers_gain")
    if not set(since) <= set(gains["month"]):
        return None, None
    openings = by_month(m, "followers_opening")
    # An account that was taken over later opens with the followers it had then.
    first = openings[openings["month"].isin(since)].drop_duplicates("account")
    gained = gains.loc[gains["month"].isin(since), "value"].sum()
    return float(first["value"].sum()), float(gained)


def _elapsed(months: Sequence[str], month: str) -> float:
    """Return the share of the days of a period that have gone by at a month's end."""
    gone = sum(len(days_of(one)) for one in months if one <= month)
    return gone / sum(len(days_of(one)) for one in months)
