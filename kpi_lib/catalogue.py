"""
Every metric, once: its name, its words, how its days become a month.

Everything else reads this table. A platform's declaration maps its columns on
these names; a plan or a target that names another metric is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from kpi_lib.language import (
    N_,
    _,
    language,
    translated,
)

Kind = Literal["stock", "flow", "mean", "ratio"]
Unit = Literal["people", "times", "orders", "CNY", "share", "days"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """
    One metric.

    Parameters
    ----------
    name : str
        Field name in every table.
    zh, en : str
        What people and pages call it.
    kind : {"stock", "flow", "mean", "ratio"}
        How days become a month: last known value, sum, mean, ratio of two sums.
    unit : {"people", "times", "orders", "CNY", "share", "days"}
        Unit of the values; a share is a fraction, 0 to 1 unless said.
    meaning : str
        One sentence, in Chinese, for the page's definitions.
    parts : tuple of str
        For a ratio: metrics of the numerator, then ``"/"``, then the denominator.
    less_is_better : bool
        True for what one wants little of.
    target : bool
        True if a target may be set for it.
    """

    name: str
    zh: str
    en: str
    kind: Kind
    unit: Unit
    meaning: str
    parts: tuple[str, ...] = ()
    less_is_better: bool = False
    target: bool = True

    @property
    def label(self) -> str:
        """Its name in the language that is spoken."""
        return self.en if language() == "en" else translated(self.zh)

    @property
    def explained(self) -> str:
        """Its meaning in the language that is spoken."""
        return _(self.meaning)

    @property
    def numerator(self) -> tuple[str, ...]:
        """Metrics that are added above the line of a ratio."""
        return self.parts[: self.parts.index("/")] if self.parts else ()

    @property
    def denominator(self) -> tuple[str, ...]:
        """Metrics that are added below the line of a ratio."""
        return self.parts[self.parts.index("/") + 1 :] if self.parts else ()


def _table(*metrics: Metric) -> dict[str, Metric]:
    return {metric.name: metric for metric in metrics}


METRICS: dict[str, Metric] = _table(
    Metric(
        name="followers",
        zh="粉丝数",
        en="Followers",
        kind="stock",
        unit="people",
        meaning=N_("月末最后一个已知的粉丝总数。"),
    ),
    Metric(
        name="follows",
        zh="新增关注",
        en="New followers",
        kind="flow",
        unit="people",
        meaning=N_("当月新关注的人数。"),
    ),
    Metric(
        name="unfollows",
        zh="取消关注",
        en="Lost followers",
        kind="flow",
        unit="people",
        meaning=N_("当月取消关注的人数，越少越好。"),
        less_is_better=True,
    ),
    Metric(
        name="net_follows",
        zh="净增关注",
        en="Net new followers",
        kind="flow",
        unit="people",
        meaning=N_("新增关注减取消关注，与粉丝数的变化核对。"),
    ),
    Metric(
        name="dau",
        zh="DAU日活",
        en="DAU",
        kind="mean",
        unit="people",
        meaning=N_("每天活跃人数在当月的日均值；同一产品只取一个账号，不相加。"),
    ),
    Metric(
        name="mau",
        zh="MAU月活",
        en="MAU",
        kind="stock",
        unit="people",
        meaning=N_("当月活跃人数，取自导出，不由日活推算。"),
    ),
    Metric(
        name="stickiness",
        zh="粘性",
        en="Stickiness",
        kind="ratio",
        unit="share",
        meaning=N_("日活均值÷月活。"),
        parts=("dau", "/", "mau"),
    ),
    Metric(
        name="impressions",
        zh="曝光",
        en="Impressions",
        kind="flow",
        unit="times",
        meaning=N_("被展现或推荐的次数。"),
    ),
    Metric(
        name="views",
        zh="阅读/播放",
        en="Views",
        kind="flow",
        unit="times",
        meaning=N_("阅读或播放的次数，不是人数。"),
    ),
    Metric(
        name="comments",
        zh="评论",
        en="Comments",
        kind="flow",
        unit="times",
        meaning=N_("收到的评论数。"),
    ),
    Metric(
        name="shares",
        zh="转发",
        en="Shares",
        kind="flow",
        unit="times",
        meaning=N_("转发与分享的次数；两者分列的平台相加，重复的平台只取一个。"),
    ),
    Metric(
        name="likes",
        zh="点赞",
        en="Likes",
        kind="flow",
        unit="times",
        meaning=N_("点赞、喜欢或赞同的次数。"),
    ),
    Metric(
        name="favorites",
        zh="收藏",
        en="Favorites",
        kind="flow",
        unit="times",
        meaning=N_("收藏的次数。"),
    ),
    Metric(
        name="engagement_rate",
        zh="互动率",
        en="Engagement rate",
        kind="ratio",
        unit="share",
        meaning=N_("（评论＋转发＋点赞）÷阅读/播放，先加后除。"),
        parts=("comments", "shares", "likes", "/", "views"),
    ),
    Metric(
        name="completed_views",
        zh="完播次数",
        en="Completed views",
        kind="flow",
        unit="times",
        meaning=N_("完播率×播放，只用来给完播率加权。"),
        target=False,
    ),
    Metric(
        name="video_views",
        zh="有完播率的播放",
        en="Views with a completion rate",
        kind="flow",
        unit="times",
        meaning=N_("有完播率的视频的播放次数。"),
        target=False,
    ),
    Metric(
        name="completion_rate",
        zh="完播率",
        en="Completion rate",
        kind="ratio",
        unit="share",
        meaning=N_("看完的播放÷播放，只算视频，按播放加权。"),
        parts=("completed_views", "/", "video_views"),
    ),
    Metric(
        name="read_through",
        zh="读完次数",
        en="Reads to the end",
        kind="flow",
        unit="times",
        meaning=N_("阅读完成率×阅读，只用来给阅读完成率加权。"),
        target=False,
    ),
    Metric(
        name="article_views",
        zh="有完成率的阅读",
        en="Reads with a completion rate",
        kind="flow",
        unit="times",
        meaning=N_("有阅读完成率的文章的阅读次数。"),
        target=False,
    ),
    Metric(
        name="read_completion",
        zh="阅读完成率",
        en="Read completion",
        kind="ratio",
        unit="share",
        meaning=N_("读完的阅读÷阅读，只算文章，按阅读加权。"),
        parts=("read_through", "/", "article_views"),
    ),
    Metric(
        name="clicks",
        zh="引流点击",
        en="Clicks",
        kind="flow",
        unit="times",
        meaning=N_("从内容点到商品或落地页的次数。"),
    ),
    Metric(
        name="orders",
        zh="电商订单",
        en="Orders",
        kind="flow",
        unit="orders",
        meaning=N_("按付款日计的订单数，以导出时为准。"),
    ),
    Metric(
        name="conversion_rate",
        zh="成交率",
        en="Conversion rate",
        kind="ratio",
        unit="share",
        meaning=N_("订单÷引流点击，先加后除。"),
        parts=("orders", "/", "clicks"),
    ),
    Metric(
        name="gmv",
        zh="成交额",
        en="GMV",
        kind="flow",
        unit="CNY",
        meaning=N_("订单的成交金额，元。"),
    ),
    Metric(
        name="revenue",
        zh="平台收益",
        en="Platform revenue",
        kind="flow",
        unit="CNY",
        meaning=N_("平台付给账号的收益，元；按来源分列。"),
    ),
    Metric(
        name="followers_gain",
        zh="粉丝增长",
        en="Follower gain",
        kind="flow",
        unit="people",
        meaning=N_("自有的最后一天的粉丝数减当月第一个自有日之前的粉丝数。"),
        target=False,
    ),
    Metric(
        name="followers_opening",
        zh="期初粉丝",
        en="Opening followers",
        kind="stock",
        unit="people",
        meaning=N_("当月第一个自有日之前最后一个已知的粉丝数。"),
        target=False,
    ),
    Metric(
        name="account_days",
        zh="在册账号日",
        en="Account-days on record",
        kind="flow",
        unit="days",
        meaning=N_("有数据的账号日；只有累计数的账号每周一次，按7天计。"),
        target=False,
    ),
)

STREAMS: dict[str, str] = {
    "article": N_("图文"),
    "video": N_("视频"),
    "column": N_("专栏"),
    "tips": N_("打赏"),
    "circle": N_("圈子"),
    "ads": N_("自营广告"),
}
"""Streams of revenue, in the plan's own order."""

DUE: dict[str, str] = {
    "tasks_due": N_("任务"),
    "contents_due": N_("内容"),
    "campaigns_due": N_("活动"),
    "adjustments_due": N_("调整"),
    "feedback_due": N_("反馈"),
    "communities_due": N_("社群"),
}
"""Due numbers: what may stand in the metric column of targets.csv beside metrics."""

HORIZONS: dict[str, str] = {
    "short": N_("短期"),
    "mid": N_("中期"),
    "long": N_("后期"),
    "ultimate": N_("终极"),
}
"""Horizons of targets: month, quarter, year, and no end."""
