"""
Questions of an analyst, a line each: a month in, a picture with its numbers out.

Every answer is drawn with the report's own charts, shows itself in a notebook, and
carries the tidy frame that it is made from as ``.frame``. The month stands first in
every question. Metrics, operators, platforms and accounts go by id or Chinese name;
`operator`, `platform` and `account` narrow what is asked, as of `Workbook.values`,
`Workbook.totals` and `Workbook.published`; `back` is a number of months, the open one
included.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

import pandas as pd

from kpi_lib import page
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.figures import brief, exact, month_short, percent, short
from kpi_lib.months import ONCE_A_PRODUCT
from kpi_lib.page import Fragment, charts
from kpi_lib.workbook import campaigns, frames, patterns
from kpi_lib.workbook.answers import (
    MOST,
    Answer,
    Drawing,
    Table,
    answer,
    curves,
    scale_of,
    text_of,
    unit_of,
    whose,
    zh,
)
from kpi_lib.workbook.tables import BY, Some, Tables, listed, refusal


def _section(
    section: Callable[[OperatorMonth], Fragment],
    metrics: Collection[str],
    m: Tables,
    *,
    operator: str = "",
    platform: Some = (),
    month: str = "",
) -> Fragment:
    """Show a section of the report; of the team or some platforms month by month."""
    opened = m.at(month or m.month)
    if not operator or listed(platform):
        # A target of all accounts must not stand beside results of some.
        return months(opened, *metrics, operator=operator, platform=platform)
    return section(opened.operator(operator))


followers = partial(_section, page.followers, ("followers",))
activity = partial(_section, page.activity, ("dau", "mau", "stickiness"))
engagement = partial(
    _section,
    page.engagement,
    ("engagement_rate", "completion_rate", "read_completion"),
)
orders = partial(_section, page.orders, ("orders", "conversion_rate", "revenue"))
published = partial(_section, page.platforms, ())


def days(
    m: Tables,
    *metrics: str,
    metric: Some = (),
    operator: str = "",
    platform: Some = (),
    account: Some = (),
) -> Answer:
    """
    Draw metrics day by day over the month, a panel an account.

    Returns
    -------
    Answer
        One row per metric, account and day, as of `Workbook.values`.
    """
    names = [m.metric(name) for name in (*metrics, *listed(metric))]
    frame = m.values(*names, operator=operator, platform=platform, account=account)
    curve = partial(charts.day_curve, days=days_of(m.month), calendar=m.calendar)
    title = f"{whose(m, operator)}{month_short(m.month)}每天的{zh(*names)}"
    sub = "一个账号一张图，同一指标同一纵轴；断开处没有数据，不是0。"
    return curves("days", title, sub, frame, m, curve, "account")


def months(
    m: Tables,
    *metrics: str,
    metric: Some = (),
    by: str = "platform",
    operator: str = "",
    platform: Some = (),
    back: int = 12,
) -> Answer:
    """
    Draw metrics month by month, a panel a platform (or account, operator, team).

    Returns
    -------
    Answer
        One row per metric, month and key, as of `Workbook.totals`.
    """
    names = [m.metric(name) for name in (*metrics, *listed(metric))]
    frame = m.totals(*names, by=by, operator=operator, platform=platform, months=back)
    curve = partial(charts.month_curve, months=m.months[-back:])
    title = f"{whose(m, operator)}近{back}个月的{zh(*names)}"
    sub = (
        "按考核的口径合成月值；同一指标同一纵轴。"
        "写着“换了口径”的月份，与之前的不能相比。"
    )
    return curves("months", title, sub, frame, m, curve, by)


def compare(
    m: Tables,
    metric: str,
    *,
    by: str = "platform",
    operator: str = "",
    platform: Some = (),
) -> Answer:
    """
    Compare platforms, operators or accounts in the month, and with the one before.

    Returns
    -------
    Answer
        One row per key, largest first: `key`, `name`, `value`, `before` (last month;
        may be missing), `change` (relative; missing where the two are not counted
        alike), `breaks` (whether they are not).
    """
    name = m.metric(metric)
    rows = m.totals(name, by=by, operator=operator, platform=platform, months=2)
    now, past = (
        rows[rows["month"] == month].set_index("key")
        for month in (m.months[-1], m.months[-2])
    )
    frame = now.assign(before=past["value"].reindex(now.index)).reset_index()
    frame = frame.sort_values("value", ascending=False, ignore_index=True)
    base = frame["before"].where((frame["before"] > 0) & ~frame["breaks"])
    frame = frame.assign(change=frame["value"] / base - 1)
    frame = frame[["key", "name", "value", "before", "change", "breaks"]]
    text = text_of(name)
    title = f"{whose(m, operator)}{month_short(m.month)}{zh(name)}"
    drawings = []
    if len(frame):
        title += _largest(frame, "最高" if METRICS[name].unit == "share" else "最多")
        ax = charts.bars(frame.head(MOST), text=text)
        drawings = [Drawing(ax, f"{name}-{by}", zh(name), unit_of(name))]
    shown = pd.DataFrame(
        {
            BY[by]: frame["name"],
            "当月": frame["value"].map(text),
            "上月": frame["before"].map(text),
            "变化": frame["change"].map(partial(percent, places=1, sign=True)),
        }
    )
    table = Table(shown, figures=3)
    sub = "条是当月，竖线是上月。"
    if len(frame) > MOST:
        sub += f"图中是最大的{MOST}个，其余{len(frame) - MOST}个在表里。"
    if (frame["breaks"] & frame["before"].notna()).any():
        names = "、".join(frame.loc[frame["breaks"] & frame["before"].notna(), "name"])
        sub += f"{names}两个月的口径不同（手工、期末减期初、当月发布），不算变化。"
    return answer("compare", title, sub, frame, drawings, table)


def _largest(frame: pd.DataFrame, most: str) -> str:
    """Name the first of several, if no other has as much."""
    first = frame[frame["value"] == frame["value"].iloc[0]]
    if len(frame) == 1:
        return ""
    if len(first) == 1:
        return f"：{brief(first['name'].iloc[0])}{most}"
    return f"：{len(first)}个并列{most}"


def publishing(
    m: Tables, *, operator: str = "", platform: Some = (), back: int = 3
) -> Answer:
    """
    Show at which hours of which weekdays posts went out.

    Returns
    -------
    Answer
        One row per weekday (0 Monday) and hour that has posts: `value` (posts).
    """
    posts = m.published(operator=operator, platform=platform, months=back)
    frame = patterns.publishing_times(posts)
    count = int(frame["value"].sum())
    title, drawings = f"{whose(m, operator)}没有写明钟点的作品", []
    if count:
        title = f"{whose(m, operator)}{_busiest(frame)}"
        ax = charts.week_hours(frame)
        drawings = [Drawing(ax, "hours", "发布时间", f"{count}条作品")]
    return answer(
        "publishing",
        title,
        f"近{back}个月的作品，颜色越深越多；只有日期、没有钟点的导出（"
        f"{len(posts) - count}条）不在图中。",
        frame,
        drawings,
    )


def _busiest(hours: pd.DataFrame) -> str:
    """Name the hour with most posts, if no other has as many."""
    most = hours[hours["value"] == hours["value"].max()]
    if len(most) > 1:
        return f"有{len(most)}个钟点并列最多，各{int(most['value'].iloc[0])}条"
    day, hour = charts.WEEKDAYS[int(most["weekday"].iloc[0])], int(most["hour"].iloc[0])
    return f"最常在星期{day}{hour}时发布"


def top_posts(
    m: Tables,
    metric: str = "views",
    *,
    operator: str = "",
    platform: Some = (),
    most: int = 5,
) -> Answer:
    """
    Show which posts carry the month by a counter, and name the first few.

    Returns
    -------
    Answer
        One row per post, largest first, with its running share; posts are ranked by a
        rate, too, which has no share.
    """
    name = m.metric(metric)
    posts = m.published(operator=operator, platform=platform)
    frame = patterns.top_posts(posts, name)
    whole = bool(frame["share"].notna().any())
    title, drawings = f"{whose(m, operator)}没有作品的{zh(name)}", []
    if whole:
        first = min(most, len(frame))
        share = percent(frame["share"].iloc[first - 1], 0)
        title = f"前{first}条作品占了{len(frame)}条的{zh(name)}的{share}"
        what = f"{zh(name)}的累计占比"
        drawings = [Drawing(charts.shares(frame), name, what, "虚线：条条一样")]
    elif len(frame):
        title = f"{whose(m, operator)}{len(frame)}条作品的{zh(name)}，从高到低"
    text = _text(name, exact)
    first_few = frame.head(most)
    shown = pd.DataFrame(
        {
            "作品": first_few["title"].map(partial(brief, most=24)),
            "账号": first_few["account"].map(m.names("account")),
            "发布": first_few["published_at"].dt.strftime("%m-%d"),
            zh(name): first_few["value"].map(text),
        }
    )
    if whole:
        shown["累计"] = first_few["share"].map(partial(percent, places=0))
    sub = "当月发布的作品，从多到少；累计数以最近一次下载为准。"
    return answer("top", title, sub, frame, drawings, Table(shown, figures=1 + whole))


def campaign(m: Tables, campaign: str = "", metric: str = "views") -> Answer:
    """
    Set a campaign's days beside like spans before, with the uncertainty stated.

    Parameters
    ----------
    m : Workbook
        The month.
    campaign : str
        Id or name of a campaign of the month's work log; empty: its first.
    metric : str
        What is on record by day: a flow, a ratio of flows, DAU.

    Returns
    -------
    Answer
        One row per span: `at` (0 the campaign, negative before, 1 after), `first`,
        `last`, `value` (mean of a day, the operator's own part; a ratio is one sum of
        the span's days and accounts over the other).

    Raises
    ------
    InvalidInput
        A level, or a ratio of a month: their days do not add up.
    """
    name = m.metric(metric)
    if not frames.days_compare(name):
        raise refusal(f"{zh(name)}不能按天加起来，几天不能相比", "views、互动率这样的")
    found = m.campaigns
    if campaign and len(found):
        found = found[(found["id"] == campaign) | (found["name"] == campaign)]
    if found.empty:
        return answer("campaign", f"工作记录里没有活动{campaign or ''}", "", found)
    entry = found.iloc[0]
    first, last = entry["start"].date(), entry["end"].date()
    near = campaigns.range_of(first, last)
    own = _sums(m, name, str(entry["operator"]))
    total = campaigns.whole_days(own[own["date"] <= near[-1]], near[0].date())
    frame = campaigns.spans(total, first, last)
    effect = campaigns.effect(frame)
    title = f"{entry['name']}：{entry['start']:%m-%d}至{entry['end']:%m-%d}的{zh(name)}"
    if effect is None:
        return answer("campaign", title, "没有足够的日子可以对照。", frame)
    text, scale = _text(name), scale_of(name, frame["value"])
    ax = charts.windows(frame, low=effect.low, high=effect.high, scale=scale, end=text)
    count = int(total["accounts"].iloc[0])
    mean = "" if METRICS[name].unit == "share" else "日均"
    sub = effect.sentence(text, campaigns.outside(total, first, last), mean)
    sub += f"只算每天都有数据的{count}个账号。"
    file = f"{entry['id']}-{name}"
    note = f"每段的{mean or zh(name)}；带子是按之前的走势推到活动这几天的范围"
    drawing = Drawing(ax, file, zh(name), note)
    return answer("campaign", title, sub, frame, [drawing])


def _text(metric: str, other: charts.Format = short) -> charts.Format:
    """Return how values of a metric are printed in a sentence or a table."""
    share = METRICS[metric].unit == "share"
    return partial(percent, places=2) if share else other


def _sums(m: Tables, metric: str, operator: str) -> pd.DataFrame:
    """Return what is added up of every own day: `above`, of a ratio also `below`."""
    ratio = METRICS[metric]
    rows = m.days_of(operator, (), (), len(m.months))
    days = frames.sums_of_days(rows, ratio.numerator or (metric,), ratio.denominator)
    if metric in ONCE_A_PRODUCT:
        days = days[frames.first_of_product(days, m.roster.accounts, ["date"])]
    return days


def bought(m: Tables, *, operator: str = "", platform: Some = ()) -> Answer:
    """
    List signs of bought traffic: hints with their reasons, never points.

    Returns
    -------
    Answer
        One row per sign: `account`, `date`, `what`, `reason`.
    """
    posts = m.published(operator=operator, platform=platform)
    levels, views = (
        m.values(metric, operator=operator, platform=platform)
        for metric in ("followers", "views")
    )
    signs = [patterns.empty_views(posts), patterns.empty_followers(levels, views)]
    frame = pd.concat(signs, ignore_index=True)
    what = f"有{len(frame)}处值得问一问" if len(frame) else "没有看到买量的迹象"
    shown = pd.DataFrame(
        {
            "账号": frame["account"].map(m.names("account")),
            "日期": pd.to_datetime(frame["date"]).dt.strftime("%m-%d"),
            "什么": frame["what"].map(partial(brief, most=24)),
            "为什么列出来": frame["reason"],
        }
    )
    return answer(
        "bought",
        f"{whose(m, operator)}{what}",
        "看两件事：阅读/播放超过平常3倍而互动不到平常的三分之一的作品，粉丝一天涨了"
        "平常的5倍而阅读/播放没有多的日子。只是提示，不进评分；推荐位、热点、转载也会这样。",
        frame,
        table=Table(shown),
    )
