"""
Questions of an analyst, a line each: a month in, a picture with its numbers out.

Every answer is drawn with the report's own charts, shows itself in a notebook, and
carries the tidy frame that it is made from as ``.frame``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pandas as pd
from matplotlib.axes import Axes

from kpi_lib import page
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.figures import (
    axis,
    brief,
    exact,
    month_short,
    percent,
    short,
)
from kpi_lib.page import Brand, Fragment, Panel, charts, panel, percent_tick
from kpi_lib.workbook import patterns
from kpi_lib.workbook.team import TeamMonth
from kpi_lib.workspace import sha256

Some = str | Collection[str]

MOST = 12
"""Panels shown at once; the rest is counted."""


@dataclass(frozen=True)
class Answer(Fragment):
    """
    A picture with the frame behind it.

    Parameters
    ----------
    html : str
        Rendered and escaped.
    frame : DataFrame
        What is drawn.
    drawings : tuple of (str, Axes)
        The charts, each with a name fit for a file.
    """

    frame: pd.DataFrame
    drawings: tuple[tuple[str, Axes], ...] = ()

    def charts(self) -> Iterable[tuple[str, Axes]]:
        """Name and return every chart, as `charts.save_all` wants them."""
        return self.drawings

    def __repr__(self) -> str:
        return f"<{len(self.drawings)}张图，{len(self.frame)}行数据>"


@dataclass(frozen=True)
class _Drawing:
    """One chart: for a file's name, for its caption, for its colour."""

    ax: Axes
    file: str
    name: str
    note: str = ""
    who: Brand | None = None


@dataclass(frozen=True)
class _Table:
    """Rows of cells as they are printed; words stand left, figures right."""

    words: Sequence[str]
    figures: Sequence[str]
    rows: Sequence[Sequence[str]]


def _answer(
    kind: str,
    title: str,
    sub: str,
    frame: pd.DataFrame,
    drawings: Sequence[_Drawing] = (),
    table: _Table | None = None,
) -> Answer:
    """Render an answer; its ids are unlike those of any other on the page."""
    mark = sha256(f"{kind} {title} {[(d.name, d.note) for d in drawings]}".encode())[:8]
    panels: list[Panel] = [
        panel(
            one.ax,
            name=one.name,
            note=one.note,
            last=one.note,
            prefix=f"{kind}{mark}{at}-",
            who=one.who,
        )
        for at, one in enumerate(drawings)
    ]
    html = page.render("explore", title=title, sub=sub, panels=panels, table=table)
    named = tuple(
        (re.sub(r"[^\w-]+", "-", f"{kind}-{one.file}"), one.ax) for one in drawings
    )
    return Answer(html, frame, named)


# The report's own sections, for any operator, platforms and month.


def _only(own: OperatorMonth, wanted: Collection[str]) -> OperatorMonth:
    """Keep the accounts and rows of some platforms."""
    if not wanted:
        return own
    return replace(
        own,
        accounts=tuple(a for a in own.accounts if a.platform in wanted),
        **{
            name: frame[frame["platform"].isin(wanted)].reset_index(drop=True)
            for name in ("daily", "monthly", "posts")
            for frame in [getattr(own, name)]
        },
    )


def _section(
    section: Callable[[OperatorMonth], Fragment],
    m: TeamMonth,
    *,
    operator: str,
    platform: Some = (),
    month: str = "",
) -> Fragment:
    """
    Show a section of the report.

    Parameters
    ----------
    m : TeamMonth
        The month.
    operator : str
        Roster id or name.
    platform : str or collection of str
        Only these; none: all.
    month : str
        Another month, ``YYYY-MM``; empty: the one that is open.

    Returns
    -------
    Fragment
    """
    opened = m.at(month or m.month)
    wanted = [opened.platform(one) for one in _listed(platform)]
    return section(_only(opened.operator(operator), wanted))


followers = partial(_section, page.followers)
activity = partial(_section, page.activity)
engagement = partial(_section, page.engagement)
orders = partial(_section, page.orders)
published = partial(_section, page.platforms)


# Curves and comparisons of any metric.


def days(
    m: TeamMonth,
    *metrics: str,
    metric: Some = (),
    operator: str = "",
    platform: Some = (),
    account: Some = (),
) -> Answer:
    """
    Draw metrics day by day over the month, a panel an account.

    Parameters
    ----------
    m : TeamMonth
        The month.
    *metrics : str
        Metrics by name or Chinese name; `metric` takes them as a collection.
    metric : str or collection of str
        The same.
    operator, platform, account
        As of `TeamMonth.values`.

    Returns
    -------
    Answer
        One row per metric, account and day.
    """
    names = [m.metric(one) for one in (*metrics, *_listed(metric))]
    frame = m.values(*names, operator=operator, platform=platform, account=account)
    drawings = []
    for name in names:
        rows = frame[frame["metric"] == name]
        groups = list(rows.groupby("account", sort=True))
        drawings += [
            _Drawing(
                charts.day_curve(
                    values,
                    days=days_of(m.month),
                    calendar=m.calendar,
                    scale=_scale(name, rows["value"]),
                    end=_text(name),
                ),
                f"{name}-{id}",
                _of_account(m, str(id)).name,
                _caption(name),
                _of_account(m, str(id)),
            )
            for id, values in groups[:MOST]
        ]
    rest = _rest(frame, names)
    return _answer(
        "days",
        f"{_who(m, operator)}{month_short(m.month)}每天的{_zh(names)}",
        f"一个账号一张图，同一指标同一纵轴；断开处没有数据，不是0。{rest}",
        frame,
        drawings,
    )


def months(
    m: TeamMonth,
    *metrics: str,
    metric: Some = (),
    by: str = "platform",
    operator: str = "",
    platform: Some = (),
    back: int = 12,
) -> Answer:
    """
    Draw metrics month by month, a panel a platform (or account, operator, team).

    Parameters
    ----------
    m : TeamMonth
        The month.
    *metrics : str
        Metrics by name or Chinese name; `metric` takes them as a collection.
    metric : str or collection of str
        The same.
    by, operator, platform
        As of `TeamMonth.totals`.
    back : int
        Months back, this one included; 2 to 12.

    Returns
    -------
    Answer
        One row per metric, month and key.
    """
    names = [m.metric(one) for one in (*metrics, *_listed(metric))]
    frame = m.totals(*names, by=by, operator=operator, platform=platform, months=back)
    drawings = []
    for name in names:
        rows = frame[frame["metric"] == name]
        drawings += [
            _Drawing(
                charts.month_curve(
                    values,
                    months=m.months[-back:],
                    scale=_scale(name, rows["value"]),
                    end=_text(name),
                ),
                f"{name}-{key}",
                str(values["name"].iloc[0]),
                _caption(name),
                _brand(m, by, str(key)),
            )
            for key, values in list(rows.groupby("key", sort=True))[:MOST]
        ]
    return _answer(
        "months",
        f"{_who(m, operator)}近{back}个月的{_zh(names)}",
        f"按考核的口径合成月值；同一指标同一纵轴。{_rest(frame, names, 'key')}",
        frame,
        drawings,
    )


def compare(
    m: TeamMonth,
    metric: str,
    *,
    by: str = "platform",
    operator: str = "",
    platform: Some = (),
) -> Answer:
    """
    Compare platforms, operators or accounts in the month, and with the one before.

    Parameters
    ----------
    m : TeamMonth
        The month.
    metric : str
        A metric by name or Chinese name.
    by, operator, platform
        As of `TeamMonth.totals`.

    Returns
    -------
    Answer
        One row per key, largest first: `key`, `name`, `value`, `before` (last month;
        may be missing), `change` (relative).
    """
    name = m.metric(metric)
    rows = m.totals(name, by=by, operator=operator, platform=platform, months=2)
    wide = rows.pivot_table(index=["key", "name"], columns="month", values="value")
    wide = wide.reindex(columns=m.months[-2:])
    wide.columns = pd.Index(["before", "value"])
    frame = wide.dropna(subset="value").sort_values("value", ascending=False)
    base = frame["before"].where(frame["before"] > 0)
    frame = frame.assign(change=frame["value"] / base - 1).reset_index()
    text = _text(name)
    title = f"{_who(m, operator)}{month_short(m.month)}{_zh([name])}"
    if len(frame):
        title += f"：{brief(frame['name'].iloc[0])}最多"
    return _answer(
        "compare",
        title,
        "条是当月，竖线是上月。",
        frame,
        [
            _Drawing(
                charts.bars(frame.head(MOST), text=text),
                f"{name}-{by}",
                METRICS[name].zh,
                _caption(name, unit_only=True),
            )
        ]
        if len(frame)
        else [],
        _Table(
            [_BY[by]],
            ["当月", "上月", "变化"],
            [
                (
                    row["name"],
                    text(row["value"]),
                    text(row["before"]),
                    percent(row["change"], 1, sign=True),
                )
                for row in frame.to_dict("records")
            ],
        ),
    )


# Posts, campaigns, signs.


def publishing(
    m: TeamMonth, *, operator: str = "", platform: Some = (), back: int = 3
) -> Answer:
    """
    Show at which hours of which weekdays posts went out.

    Parameters
    ----------
    m : TeamMonth
        The month.
    operator, platform
        As of `TeamMonth.published`.
    back : int
        Months of publishing, this one included.

    Returns
    -------
    Answer
        One row per weekday (0 Monday) and hour that has posts: `value` (posts).
    """
    posts = m.published(operator=operator, platform=platform, months=back)
    frame = patterns.publishing_times(posts)
    count = int(frame["value"].sum())
    drawings, title = [], f"{_who(m, operator)}没有写明钟点的作品"
    if count:
        busiest = frame.sort_values("value").iloc[-1]
        day, hour = charts.WEEKDAYS[int(busiest["weekday"])], int(busiest["hour"])
        title = f"{_who(m, operator)}最常在星期{day}{hour}时发布"
        drawings = [
            _Drawing(charts.week_hours(frame), "hours", "发布时间", f"{count}条作品")
        ]
    return _answer(
        "publishing",
        title,
        f"近{back}个月的作品，颜色越深越多；只有日期、没有钟点的导出（"
        f"{len(posts) - count}条）不在图中。",
        frame,
        drawings,
    )


def top_posts(
    m: TeamMonth,
    metric: str = "views",
    *,
    operator: str = "",
    platform: Some = (),
    most: int = 5,
) -> Answer:
    """
    Show which posts carry the month.

    Parameters
    ----------
    m : TeamMonth
        The month.
    metric : str
        A counter of posts.
    operator, platform
        As of `TeamMonth.published`.
    most : int
        How many posts are named.

    Returns
    -------
    Answer
        One row per post, largest first, with its running share.
    """
    name = m.metric(metric)
    posts = m.published(operator=operator, platform=platform)
    frame = patterns.top_posts(posts, name)
    title, drawings = f"{_who(m, operator)}没有作品的{_zh([name])}", []
    if len(frame) and frame["value"].sum() > 0:
        first = min(most, len(frame))
        held = percent(frame["share"].iloc[first - 1], 0)
        title = f"前{first}条作品占了{len(frame)}条的{_zh([name])}的{held}"
        drawings = [
            _Drawing(
                charts.shares(frame),
                name,
                f"{METRICS[name].zh}的累计占比",
                "虚线：条条一样",
            )
        ]
    return _answer(
        "top",
        title,
        "当月发布的作品，从多到少；累计数以最近一次下载为准。",
        frame,
        drawings,
        _Table(
            ["作品", "账号", "发布"],
            [METRICS[name].zh, "累计"],
            [
                (
                    brief(row["title"], 24),
                    _of_account(m, row["account"]).name,
                    f"{row['published_at']:%m-%d}",
                    exact(row["value"]),
                    percent(row["share"], 0),
                )
                for row in frame.head(most).to_dict("records")
            ],
        ),
    )


def campaign(m: TeamMonth, campaign: str = "", metric: str = "views") -> Answer:
    """
    Set a campaign's days beside like spans before, with the uncertainty stated.

    Parameters
    ----------
    m : TeamMonth
        The month.
    campaign : str
        Id or name of a campaign of the month's work log; empty: its first.
    metric : str
        A flow that is on record by day.

    Returns
    -------
    Answer
        One row per span: `at` (0 the campaign, negative before, 1 after), `first`,
        `last`, `value` (mean of a day, the operator's own part).
    """
    name = m.metric(metric)
    held = m.campaigns
    if campaign and len(held):
        held = held[(held["id"] == campaign) | (held["name"] == campaign)]
    if held.empty:
        return _answer("campaign", f"工作记录里没有活动{campaign or ''}", "", held)
    one = held.iloc[0]
    own = m.values(name, operator=str(one["operator"]), months=len(m.months))
    first, last = one["start"].date(), one["end"].date()
    total = patterns.whole_days(own[own["date"].isin(patterns.range_of(first, last))])
    frame = patterns.spans(total, first, last)
    found = patterns.effect(frame)
    title = f"{one['name']}：{one['start']:%m-%d}至{one['end']:%m-%d}的{_zh([name])}"
    if found is None:
        return _answer("campaign", title, "没有足够的日子可以对照。", frame)
    ax = charts.windows(
        frame,
        low=found.low,
        high=found.high,
        scale=_scale(name, frame["value"]),
    )
    count = int(total["accounts"].iloc[0])
    sub = f"{found.sentence()}只算每天都有数据的{count}个账号。"
    file = f"{one['id']}-{name}"
    drawing = _Drawing(ax, file, METRICS[name].zh, "每段的日均；带子是之前的范围")
    return _answer("campaign", title, sub, frame, [drawing])


def bought(m: TeamMonth, *, operator: str = "", platform: Some = ()) -> Answer:
    """
    List signs of bought traffic: hints with their reasons, never points.

    Parameters
    ----------
    m : TeamMonth
        The month.
    operator, platform
        As of `TeamMonth.values`.

    Returns
    -------
    Answer
        One row per sign: `account`, `date`, `what`, `reason`.
    """
    posts = m.published(operator=operator, platform=platform)
    both = m.values("followers", "views", operator=operator, platform=platform)
    levels, views = (both[both["metric"] == one] for one in ("followers", "views"))
    frame = pd.concat(
        [patterns.empty_views(posts), patterns.empty_followers(levels, views)],
        ignore_index=True,
    )
    title = (
        f"{_who(m, operator)}有{len(frame)}处值得问一问"
        if len(frame)
        else f"{_who(m, operator)}没有看到买量的迹象"
    )
    return _answer(
        "bought",
        title,
        "看两件事：阅读/播放超过平常3倍而互动不到平常的三分之一的作品，粉丝一天涨了"
        "平常的5倍而阅读/播放没有多的日子。只是提示，不进评分；推荐位、热点、转载也会这样。",
        frame,
        (),
        _Table(
            ["账号", "日期", "什么", "为什么列出来"],
            [],
            [
                (
                    _of_account(m, row["account"]).name,
                    f"{row['date']:%m-%d}",
                    brief(row["what"], 24),
                    row["reason"],
                )
                for row in frame.to_dict("records")
            ],
        )
        if len(frame)
        else None,
    )


# Words, scales, colours.


def _listed(given: Some) -> list[str]:
    return [given] if isinstance(given, str) and given else list(given)


def _zh(names: Iterable[str]) -> str:
    return "、".join(METRICS[name].zh for name in names)


_BY = {"platform": "平台", "account": "账号", "operator": "运营", "team": "团队"}

UNITS = {
    "people": "人",
    "times": "次",
    "orders": "单",
    "CNY": "元",
    "share": "",
    "days": "天",
}


def _caption(name: str, *, unit_only: bool = False) -> str:
    unit = UNITS[METRICS[name].unit]
    words = [] if unit_only else [METRICS[name].zh]
    return "，".join(filter(None, (*words, unit)))


def _text(name: str) -> charts.Format:
    return percent if METRICS[name].unit == "share" else short


def _scale(name: str, values: pd.Series) -> charts.Scale:
    share, stock = METRICS[name].unit == "share", METRICS[name].kind == "stock"
    tick = percent_tick if share else axis
    return charts.scale(values.tolist(), text=tick, zero=not (stock and share))


def _who(m: TeamMonth, operator: str) -> str:
    people = dict(zip(m.operators["operator"], m.operators["name"], strict=True))
    return people[m.operator_id(operator)] if operator else "团队"


def _rest(frame: pd.DataFrame, names: Sequence[str], key: str = "account") -> str:
    """Say how many panels there was no room for."""
    counts = [frame[frame["metric"] == name][key].nunique() for name in names]
    more = sum(max(0, count - MOST) for count in counts)
    return f"另有{more}张没有画出，可以按平台筛选。" if more else ""


def _of_account(m: TeamMonth, id: str) -> Brand:
    return _brand(m, "account", id) or Brand(id, id, id, id[:1])


def _brand(m: TeamMonth, by: str, id: str) -> Brand | None:
    """Return the colours of an account or platform; others have none."""
    if by == "account":
        own = m.source.roster.account(id)
        one = m.platforms[own.platform]
        return Brand(id, own.name or one.name, one.name, one.seal, one.light, one.dark)
    if by == "platform":
        one = m.platforms[id]
        return Brand(id, one.name, one.name, one.seal, one.light, one.dark)
    return None
