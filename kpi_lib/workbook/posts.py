"""Questions about posts: when they went out, which carry a month, what goes along."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd

from kpi_lib.figures import brief, exact, percent
from kpi_lib.page import charts
from kpi_lib.workbook import answers, patterns
from kpi_lib.workbook.answers import Answer, Columns, Drawing, answer, whose, zh
from kpi_lib.workbook.tables import Tables

ENOUGH = 8  # Of fewer posts nothing is claimed


def publishing(
    m: Tables, metric: str = "views", *, by: str = "hour", back: int = 3, **only: Any
) -> Answer:
    """
    Ask when posts go out, and whether it matters: posts against their accounts' usual.

    Parameters
    ----------
    by : {"hour", "weekday"}
        What posts are put together by.

    Returns
    -------
    Answer
        One row per hour (or weekday, 0 Monday) with posts: `at`, `posts`, `value` (the
        middle one of them as a multiple of its account's middle post), `name`,
        `before` (always 1).

    Examples
    --------
    >>> publishing(m, by="weekday").frame["name"].tolist()[0]
    '星期一'
    """
    name = m.metric(metric)
    posts = m.published(months=back, **only)
    frame = patterns.by_time(posts, name, by)
    title, drawings = f"{whose(m, **only)}近{back}个月没有写明钟点的作品", []
    told = frame[frame["posts"] >= ENOUGH]
    if len(frame):
        habit = answers.most_of(frame.assign(value=frame["posts"]))
        effect = (
            answers.most_of(told, "最高") or f"，没有两处各满{ENOUGH}条作品，比不出高低"
        )
        title = f"{whose(m, **only)}近{back}个月的作品{habit}；{zh(name)}{effect}"
        ax = charts.bars(frame, text="{:.2f}倍".format)
        drawings = [Drawing(ax, f"{name}-{by}", zh(name), "是账号中位数的几倍")]
    left = len(posts) - int(frame["posts"].sum())
    sub = (
        f"作品各除以自己账号的中位数，再取每处的中位数；竖线是1倍。不满{ENOUGH}条的不下"
        f"结论；内容、平台没有分开。另有{left}条没有钟点。{m.since(back)}至{m.month}发布。"
    )
    columns = {"作品": ("posts", exact), "倍数": ("value", "{:.2f}倍".format)}
    table = answers.printed(frame, {"时间": ("name", str), **columns})
    return answer("publishing", title, sub, frame, drawings, table)


def scatter(
    m: Tables,
    x: str = "completion_rate",
    y: str = "shares",
    *,
    back: int = 3,
    **only: Any,
) -> Answer:
    """
    Lay two metrics of posts against each other, a dot a post, a panel a platform.

    Returns
    -------
    Answer
        One row per post that has both: `platform`, `account`, `title`,
        `published_at`, `x`, `y`.

    Examples
    --------
    >>> scatter(m, "views", "likes", platform="抖音").frame["platform"].unique()[0]
    'douyin'
    """
    across, up = m.metric(x), m.metric(y)
    posts = m.published(months=back, **only)
    frame = posts[["platform", "account", "title", "published_at"]].assign(
        x=patterns.of_posts(posts, across), y=patterns.of_posts(posts, up)
    )
    frame = frame.dropna(subset=["x", "y"]).reset_index(drop=True)
    drawings = []
    scales = [
        answers.scale_of(name, frame[at]) for name, at in ((across, "x"), (up, "y"))
    ]
    for id, dots in sorted(frame.groupby("platform"), key=lambda each: -len(each[1])):
        ranks = dots[["x", "y"]].rank()
        told = f"{ranks['x'].corr(ranks['y']):+.2f}" if len(dots) >= ENOUGH else "太少"
        who = answers.brand(m, "platform", str(id))
        ax = charts.points(dots, x=scales[0], y=scales[1])
        note = f"{len(dots)}条，等级相关{told}"
        whole = m.names("platform")[str(id)]
        drawings.append(Drawing(ax, f"{across}-{up}-{id}", whole, note, who))
    title = f"{whose(m, **only)}{len(frame)}条作品的{zh(across)}（横）和{zh(up)}（竖）"
    sub = (
        f"近{back}个月，一个点一条作品，各图同一横轴、同一纵轴。等级相关从−1到+1，近0是"
        "看不出关系；有关系也不等于因果。"
    )
    return answer("scatter", title, sub, frame, drawings)


def top_posts(
    m: Tables, metric: str = "views", *, most: int = 10, **only: Any
) -> Answer:
    """
    Rank the month's posts by a counter or a rate, and say how much the first carry.

    Returns
    -------
    Answer
        One row per post, largest first, with its running share; posts are ranked by a
        rate, too, which has no share.
    """
    name = m.metric(metric)
    posts = m.published(**only)
    frame = patterns.top_posts(posts, name)
    whole = bool(frame["share"].notna().any())
    title, drawings = f"{whose(m, **only)}{len(frame)}条作品的{zh(name)}，从高到低", []
    if whole:
        first = min(most, len(frame))
        share = percent(frame["share"].iloc[first - 1], 0)
        title = f"前{first}条作品占了{len(frame)}条的{zh(name)}的{share}"
    text = answers.sentence_of(name, exact)
    first_few = frame.head(most)
    if len(frame):
        ranked = first_few.assign(name=first_few["title"], before=float("nan"))
        ax = charts.bars(ranked, text=text)
        drawings = [Drawing(ax, name, zh(name), answers.unit_of(name))]
    columns: Columns = {zh(name): ("value", text)}
    if whole:
        columns = {**columns, "累计": ("share", partial(percent, places=0))}
    table = answers.printed(
        first_few,
        {
            "作品": ("title", partial(brief, most=24)),
            "账号": ("account", m.names("account").get),
            "发布": ("published_at", "{:%m-%d}".format),
            **columns,
        },
    )
    sub = "当月发布的作品，从多到少；累计数以最近一次下载为准。"
    return answer("top", title, sub, frame, drawings, table)


def bought(m: Tables, **only: Any) -> Answer:
    """
    List signs of bought traffic: hints with their reasons, never points.

    Returns
    -------
    Answer
        One row per sign: `account`, `date`, `what`, `reason`.
    """
    posts = m.published(**only)
    levels, views = (m.values(name, **only) for name in ("followers", "views"))
    signs = [patterns.empty_views(posts), patterns.empty_followers(levels, views)]
    frame = pd.concat(signs, ignore_index=True)
    what = f"有{len(frame)}处值得问一问" if len(frame) else "没有看到买量的迹象"
    table = answers.printed(
        frame,
        {
            "账号": ("account", m.names("account").get),
            "日期": ("date", "{:%m-%d}".format),
            "什么": ("what", partial(brief, most=24)),
            "为什么列出来": ("reason", str),
        },
    )
    return answer(
        "bought",
        f"{whose(m, **only)}{what}",
        "看两件事：阅读/播放超过平常3倍而互动不到平常的三分之一的作品，粉丝一天涨了"
        "平常的5倍而阅读/播放没有多的日子。只是提示，不进评分；推荐位、热点、转载也会这样。",
        frame,
        table=table,
    )
