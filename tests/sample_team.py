"""
The made-up team: accounts, what was published, and the numbers of every day.

Nothing here is measured from anybody. Each account has one curve of views (its
own scale, growth, weekdays, holidays, campaigns); the other daily numbers follow
from it by rates; the counters of posts share the same days out over the posts,
so that exports of posts, daily totals and the work log fit together.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache

import chinese_calendar
from sample_files import words

SEED = "made-up team 1"
START, END = date(2025, 11, 1), date(2026, 10, 31)
BEYOND = date(2026, 11, 4)  # counters are downloaded up to here
POSTS_FROM = date(2026, 6, 1)
APPRAISED = ("2026-08", "2026-09", "2026-10")
QUARTERS = (
    (date(2025, 11, 1), date(2026, 1, 31)),
    (date(2026, 2, 1), date(2026, 4, 30)),
    (date(2026, 5, 1), date(2026, 7, 31)),
)
CLOSING = {
    "2026-07": date(2026, 8, 2),
    "2026-08": date(2026, 9, 2),
    "2026-09": date(2026, 10, 2),
    "2026-10": date(2026, 11, 2),
}
HANDOVER = date(2026, 10, 16)  # first day of the second 抖音 with op-02
OUTING = date(2026, 8, 21)  # a day off in data/calendar.csv
MANAGER = "示例主管"
OPERATORS = {
    "op-01": "示例运营甲",
    "op-02": "示例运营乙",
    "op-03": "示例运营丙",
    "op-04": "示例运营丁",
}
PLATFORMS = {
    "gongzhonghao": "公众号",
    "toutiao": "头条号",
    "baijiahao": "百家号",
    "qiehao": "企鹅号",
    "sohu": "搜狐号",
    "zhihu": "知乎",
    "douyin": "抖音",
    "kuaishou": "快手",
    "bilibili": "B站",
    "xigua": "西瓜视频",
    "shipinhao": "视频号",
    "shequn": "社群",
    "weibo": "微博",
    "tieba": "贴吧",
    "xiaohongshu": "小红书",
    "product": "自有产品",
}

# Factors of Monday to Sunday and of public holidays, by what an account shows.
WEEKDAYS = {
    "article": (1.04, 1.06, 1.05, 1.02, 0.99, 0.91, 0.93),
    "video": (0.93, 0.94, 0.95, 0.97, 1.04, 1.11, 1.08),
    "social": (0.98, 0.99, 1.00, 1.00, 1.02, 1.01, 1.00),
    "product": (0.96, 0.97, 0.98, 0.99, 1.02, 1.05, 1.04),
}
HOLIDAY = {"article": 0.82, "video": 1.20, "social": 1.12, "product": 1.15}
CAMPAIGNS = (
    (date(2025, 11, 8), date(2025, 11, 11), 1.22),
    (date(2026, 6, 16), date(2026, 6, 18), 1.20),
    (date(2026, 8, 18), date(2026, 8, 19), 1.10),
    (date(2026, 9, 18), date(2026, 9, 20), 1.12),
    (date(2026, 10, 22), date(2026, 10, 25), 1.24),
)


# A day on which many more people than usual began to follow 视频号.
BURST = ("sph-01", "follows", date(2026, 10, 14), 5)
AT_BURST = (BURST[0], BURST[2])


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Who owns an account, from when to when, with which share."""

    operator: str
    share: str = "1"
    start: date | None = None
    end: date | None = None

    def holds(self, day: date) -> bool:
        """Say whether the day is one of the owner's."""
        return (self.start or day) <= day <= (self.end or day)


@dataclass(frozen=True, kw_only=True)
class Account:
    """
    One account and how its numbers are made.

    Parameters
    ----------
    id, platform, name, product : str
        As in the roster.
    form : {"article", "video", "social", "product"}
        Which weekdays and holidays it feels.
    layouts : tuple of str
        The layouts expected of it, ``manual`` among them.
    owners : tuple of Owner
        As in the roster.
    views, growth : float
        Views of a day at the start, growth a month.
    rates : mapping
        Per view: comments, shares, likes, favorites, impressions.
    fans, fan_rate : float
        Followers at the start; new ones per view. No fans: no level known.
    click_rate, order_rate, price : float
        Clicks per view, orders per click, money per order. 0: no shop.
    streams : mapping
        Money per 1,000 views by stream of revenue.
    manual : tuple of str
        Metrics that reach us by 手工填报 in the appraised months.
    """

    id: str
    platform: str
    name: str
    form: str
    owners: tuple[Owner, ...]
    layouts: tuple[str, ...] = ("manual",)
    product: str = ""
    views: float = 0
    growth: float = 0
    rates: Mapping[str, float] = field(default_factory=dict)
    fans: int = 0
    fan_rate: float = 0
    click_rate: float = 0
    order_rate: float = 0
    price: float = 0
    streams: Mapping[str, float] = field(default_factory=dict)
    manual: tuple[str, ...] = ()

    def share(self, operator: str, day: date) -> float:
        """Return the operator's share of the account on a day."""
        return sum(
            float(owner.share)
            for owner in self.owners
            if owner.operator == operator and owner.holds(day)
        )

    @property
    def has_posts(self) -> bool:
        """Whether a list of posts is downloaded from it."""
        return any(layout in POST_LAYOUTS for layout in self.layouts)


POST_LAYOUTS = words(
    """
    gongzhonghao.notified toutiao.works baijiahao.articles douyin.works
    bilibili.compare shipinhao.posts xiaohongshu.notes
    """
)
ALL = ("followers", "views", "comments", "shares", "likes")
SHOP = ("clicks", "orders", "gmv")
ARTICLE = {"comments": 0.005, "shares": 0.012, "likes": 0.021, "favorites": 0.009}
VIDEO = {"comments": 0.004, "shares": 0.006, "likes": 0.038, "favorites": 0.008}
SOCIAL = {"comments": 0.007, "shares": 0.005, "likes": 0.024}


def _only(operator: str) -> tuple[Owner, ...]:
    return (Owner(operator=operator),)


# fmt: off
ACCOUNTS = (
    # The product stands first: of several accounts with DAU the first one counts.
    Account(
        id="app-01", platform="product", name="示例产品App", product="示例产品",
        form="product", views=38000, growth=0.018,
        owners=tuple(Owner(operator=key, share="0.25") for key in OPERATORS),
        manual=("dau", "mau"),
    ),
    Account(
        id="shop-01", platform="product", name="示例产品商城", product="示例商城",
        form="product", views=9000, growth=0.03,
        click_rate=0.14, order_rate=0.05, price=68,
        owners=tuple(
            Owner(operator=key, share=share)
            for key, share in zip(OPERATORS, ("0.3", "0.3", "0.2", "0.2"), strict=True)
        ),
        manual=SHOP,
    ),
    Account(
        id="gzh-01", platform="gongzhonghao", name="示例公众号甲", form="article",
        owners=_only("op-01"), views=2600, growth=0.08, rates=ARTICLE,
        fans=18400, fan_rate=0.021, click_rate=0.030, order_rate=0.06, price=79,
        streams={"article": 21, "tips": 3.5},
        layouts=("gongzhonghao.notified", "gongzhonghao.users", "manual"),
        manual=("comments", "likes", *SHOP),
    ),
    Account(
        id="tt-01", platform="toutiao", name="示例头条号", form="article",
        owners=_only("op-01"), views=5200, growth=0.085,
        rates=ARTICLE | {"impressions": 11.5}, fans=9200, fan_rate=0.006,
        streams={"article": 6.5, "column": 2.2},
        layouts=("toutiao.works", "toutiao.trend", "toutiao.fans", "manual"),
    ),
    Account(
        id="bjh-01", platform="baijiahao", name="示例百家号", form="article",
        owners=_only("op-01"), views=1900, growth=0.06,
        rates=ARTICLE | {"impressions": 14}, layouts=("baijiahao.articles",),
    ),
    Account(
        id="qeh-01", platform="qiehao", name="示例企鹅号", form="article",
        owners=_only("op-01"), views=1100, growth=0.05, rates=ARTICLE,
        fans=2100, fan_rate=0.004, streams={"article": 4}, manual=ALL,
    ),
    Account(
        id="sohu-01", platform="sohu", name="示例搜狐号", form="article",
        owners=_only("op-01"), views=800, growth=0.045, rates=ARTICLE,
        fans=1300, fan_rate=0.004, streams={"ads": 5}, manual=ALL,
    ),
    Account(
        id="zhihu-01", platform="zhihu", name="示例知乎", form="article",
        owners=_only("op-01"), views=1700, growth=0.075, rates=ARTICLE,
        fans=3900, fan_rate=0.008, streams={"column": 9, "tips": 1.5},
        layouts=("zhihu.daily", "manual"), manual=("followers",),
    ),
    Account(
        id="dy-01", platform="douyin", name="示例抖音甲", form="video",
        owners=_only("op-02"), views=11800, growth=0.06, rates=VIDEO,
        fans=36500, fan_rate=0.009, click_rate=0.012, order_rate=0.045, price=59,
        streams={"video": 3.1},
        layouts=("douyin.works", "douyin.daily", "douyin.posts_daily", "manual"),
        manual=SHOP,
    ),
    Account(
        id="ks-01", platform="kuaishou", name="示例快手", form="video",
        owners=_only("op-02"), views=6400, growth=0.05, rates=VIDEO,
        fans=14200, fan_rate=0.008, click_rate=0.008, order_rate=0.04, price=49,
        streams={"video": 2.6}, manual=(*ALL, *SHOP),
    ),
    Account(
        id="bili-01", platform="bilibili", name="示例B站", form="video",
        owners=_only("op-02"), views=4100, growth=0.055,
        rates=VIDEO | {"favorites": 0.015, "coins": 0.011, "danmaku": 0.006},
        fans=8700, fan_rate=0.010, streams={"video": 4.4, "tips": 1.8},
        layouts=("bilibili.compare", "bilibili.history", "manual"),
    ),
    Account(
        id="xg-01", platform="xigua", name="示例西瓜视频", form="video",
        owners=_only("op-02"), views=2300, growth=0.02, rates=VIDEO,
        fans=5100, fan_rate=0.005, streams={"video": 3.6}, manual=ALL,
    ),
    Account(
        id="sph-01", platform="shipinhao", name="示例视频号", form="video",
        owners=_only("op-03"), views=3600, growth=0.025,
        rates=VIDEO | {"recommends": 0.011}, fans=7300, fan_rate=0.011,
        streams={"video": 3.9, "tips": 1.2},
        layouts=("shipinhao.posts", "shipinhao.daily", "manual"),
        manual=("followers",),
    ),
    Account(
        id="sq-01", platform="shequn", name="示例社群", form="social",
        owners=_only("op-03"), views=1500, growth=0.012,
        rates={"comments": 0.055, "likes": 0.03}, fans=1850, fan_rate=0.006,
        click_rate=0.09, order_rate=0.11, price=72, streams={"circle": 30},
        manual=("followers", "views", "comments", "likes", *SHOP),
    ),
    Account(
        id="wb-01", platform="weibo", name="示例微博", form="social",
        owners=_only("op-03"), views=7700, growth=0.008, rates=SOCIAL,
        fans=21900, fan_rate=0.003, streams={"ads": 2.4}, manual=ALL,
    ),
    Account(
        id="tb-01", platform="tieba", name="示例贴吧", form="social",
        owners=_only("op-03"), views=2500, growth=-0.004, rates=SOCIAL,
        fans=6400, fan_rate=0.003, manual=ALL,
    ),
    Account(
        id="xhs-01", platform="xiaohongshu", name="示例小红书", form="social",
        owners=_only("op-03"), views=2900, growth=0.035,
        rates=SOCIAL | {"favorites": 0.018, "impressions": 7.5},
        fans=5600, fan_rate=0.012, click_rate=0.022, order_rate=0.05, price=65,
        layouts=("xiaohongshu.notes", "manual"), manual=("followers", *SHOP),
    ),
    Account(
        id="gzh-02", platform="gongzhonghao", name="示例公众号乙", form="article",
        owners=(
            Owner(operator="op-04", share="0.6"),
            Owner(operator="op-01", share="0.4"),
        ),
        views=1500, growth=0.02, rates=ARTICLE, fans=7600, fan_rate=0.018,
        click_rate=0.028, order_rate=0.055, price=75, streams={"article": 17},
        layouts=("gongzhonghao.notified", "gongzhonghao.users", "manual"),
        manual=("comments", "likes", *SHOP),
    ),
    Account(
        id="dy-02", platform="douyin", name="示例抖音乙", form="video",
        owners=(
            Owner(operator="op-04", end=HANDOVER - timedelta(days=1)),
            Owner(operator="op-02", start=HANDOVER),
        ),
        views=5400, growth=0.03, rates=VIDEO, fans=12800, fan_rate=0.008,
        layouts=("douyin.works", "douyin.daily"),
    ),
)
# fmt: on
BY_ID = {account.id: account for account in ACCOUNTS}


def rng(*what: object) -> random.Random:
    """Return a generator of its own for a thing, so that order never matters."""
    return random.Random("/".join(str(part) for part in (SEED, *what)))


def days(start: date, end: date) -> list[date]:
    """Return every day from start to end, both included."""
    return [start + timedelta(days=at) for at in range((end - start).days + 1)]


def days_of(month: str) -> list[date]:
    """Return the days of a month."""
    start = date.fromisoformat(f"{month}-01")
    after = (start + timedelta(days=32)).replace(day=1)
    return days(start, after - timedelta(days=1))


def is_working(day: date) -> bool:
    """Say whether the made-up team works on a day."""
    return day != OUTING and bool(chinese_calendar.is_workday(day))


def working_days(month: str) -> list[date]:
    """Return the working days of a month."""
    return [day for day in days_of(month) if is_working(day)]


# The numbers of every day


def _season(account: Account, day: date) -> float:
    factor = WEEKDAYS[account.form][day.weekday()]
    if chinese_calendar.is_holiday(day) and day.weekday() < 5:
        factor *= HOLIDAY[account.form]
    for start, end, bump in CAMPAIGNS:
        if start <= day <= end:
            factor *= bump
    return factor


def _trend(account: Account) -> dict[date, float]:
    # Growth by repeated multiplication: powers differ between C libraries.
    level, trend = account.views, {}
    for day in days(START, BEYOND):
        trend[day] = level
        level *= 1 + account.growth / 30
    return trend


@cache
def daily(account_id: str) -> dict[str, dict[date, float]]:
    """
    Return an account's numbers, metric by metric and day by day.

    Parameters
    ----------
    account_id : str
        The account.

    Returns
    -------
    dict
        Counts as whole numbers, money to 0.01; revenue as ``revenue:<stream>``.
    """
    account = BY_ID[account_id]
    noise = rng(account.id, "daily")

    def around(value: float, spread: float = 0.1) -> float:
        return value * (1 - spread + 2 * spread * noise.random())

    trend, table = _trend(account), {}
    views = {day: round(around(trend[day] * _season(account, day))) for day in trend}
    if "dau" in account.manual:
        return {"dau": views, "mau": _mau(views)}
    table["views"] = views
    for metric, rate in account.rates.items():
        table[metric] = {
            day: round(around(seen * rate, 0.15)) for day, seen in views.items()
        }
    if account.fans:
        table |= _fans(account, views, noise)
    if account.click_rate:
        clicks = {
            day: round(around(n * account.click_rate)) for day, n in views.items()
        }
        orders = {
            day: round(around(n * account.order_rate, 0.2)) for day, n in clicks.items()
        }
        table |= {"clicks": clicks, "orders": orders}
        table["gmv"] = {
            day: round(around(n * account.price, 0.08), 2) for day, n in orders.items()
        }
    for stream, money in account.streams.items():
        table[f"revenue:{stream}"] = {
            day: round(around(n * money / 1000), 2) for day, n in views.items()
        }
    if account.platform == "product":
        del table["views"]  # visits to a shop are no views of content
    return table


def _mau(dau: Mapping[date, int]) -> dict[date, float]:
    """Return the MAU that the product reports on the last day of each month."""
    table: dict[date, float] = {}
    by_month: dict[str, list[int]] = {}
    for day, people in dau.items():
        by_month.setdefault(f"{day:%Y-%m}", []).append(people)
        if (day + timedelta(days=1)).day == 1:
            month = by_month[f"{day:%Y-%m}"]
            table[day] = round(sum(month) / len(month) * 4.35)
    return table


def _fans(
    account: Account, views: Mapping[date, int], noise: random.Random
) -> dict[str, dict[date, float]]:
    follows, unfollows, level, followers = {}, {}, account.fans, {}
    for day, seen in views.items():
        new = seen * account.fan_rate * (0.85 + 0.3 * noise.random())
        follows[day] = round(new * (BURST[3] if (account.id, day) == AT_BURST else 1))
        unfollows[day] = round(follows[day] * (0.24 + 0.14 * noise.random()))
        level += follows[day] - unfollows[day]
        followers[day] = level
    return {"follows": follows, "unfollows": unfollows, "followers": followers}


# What was published


THEMES = words(
    """
    秋季收纳 通勤早餐 周末露营 旧物改造 办公室拉伸 城市骑行 厨房省时 阳台种植 亲子手工
    节气饮食 睡前阅读 小户型布置 出行清单 换季护理 咖啡入门 摄影构图
    """
)
ANGLES = words(
    """
    三个常见误区 一张清单讲清楚 新手第一步 我们试了七天 预算一百元怎么做
    老用户的五条经验 评论区最多的问题 十分钟上手
    """
)
PER_MONTH = {"op-01": 12, "op-02": 10, "op-03": 10, "op-04": 9}
PLANNED = {
    "op-01": words("gongzhonghao toutiao baijiahao qiehao sohu zhihu"),
    "op-02": ("douyin", "kuaishou", "bilibili", "xigua"),
    "op-03": ("shipinhao", "weibo", "tieba", "xiaohongshu"),
}
# (operator, month): at which contents of the month one platform was forgotten,
# and which of the month were never published.
FORGOTTEN = {
    ("op-01", "2026-08"): (4,),
    ("op-01", "2026-10"): (5,),
    ("op-02", "2026-09"): (2, 7),
    ("op-02", "2026-10"): (3,),
    ("op-03", "2026-08"): (1, 6),
    ("op-03", "2026-09"): (0,),
    ("op-03", "2026-10"): (2, 8),
    ("op-04", "2026-10"): (0,),
}
DROPPED = {
    ("op-03", "2026-10"): (9,),
    ("op-04", "2026-08"): (8,),
    ("op-04", "2026-09"): (7,),
    ("op-04", "2026-10"): (6, 8),
}


@dataclass(frozen=True)
class Content:
    """A piece that an operator planned, and where it came out."""

    id: str
    operator: str
    title: str
    form: str
    planned: date
    platforms: tuple[str, ...]
    published: tuple[str, ...]


@cache
def contents(operator: str, month: str) -> tuple[Content, ...]:
    """Return what an operator planned for a month, published or not."""
    working, count = working_days(month), PER_MONTH[operator]
    start = list(OPERATORS).index(operator) * 5 + int(month[-2:]) * 7
    pieces = []
    for at in range(count):
        planned = working[at * len(working) // count]
        platforms = PLANNED.get(operator) or _platforms_op_04(at, planned)
        published = platforms
        if at in FORGOTTEN.get((operator, month), ()):
            published = platforms[:-1]
        if at in DROPPED.get((operator, month), ()):
            published = ()
        theme = THEMES[(start + at * 3) % len(THEMES)]
        angle = ANGLES[(start + at + int(month[-2:])) % len(ANGLES)]
        form = "视频" if "douyin" in platforms or "shipinhao" in platforms else "图文"
        name = f"C{month[2:4]}{month[5:]}-{operator[-2:]}{at + 1:02d}"
        pieces.append(
            Content(
                id=name,
                operator=operator,
                title=f"{theme}：{angle}",
                form=form,
                planned=planned,
                platforms=platforms,
                published=published,
            )
        )
    return tuple(pieces)


def _platforms_op_04(at: int, planned: date) -> tuple[str, ...]:
    if planned >= HANDOVER:
        return ("gongzhonghao",)
    turns = (("douyin", "gongzhonghao"), ("douyin",), ("gongzhonghao",))
    return turns[at % 3]


# Posts and their counters

# Share of a post's views by its age in days: four fifths in the first two weeks,
# then a long tail. 公众号 counts seven days only.
DECAY = (30, 19, 12, 8, 6, 5, 4, 3, 2.4, 2, 1.7, 1.5, 1.3, 1.1)
TAIL, TAIL_LATE = 0.6, 0.12
FROZEN_AFTER = {"gongzhonghao": 7}


@dataclass(frozen=True)
class Post:
    """One post of an account."""

    account: str
    number: int
    title: str
    published: datetime
    form: str
    rate: float  # completion, constant so that completed views never fall
    quality: float
    private: bool = False

    @property
    def key(self) -> int:
        """A 19-digit id such as platforms give."""
        return 7300000000000000000 + int(f"{self.published:%y%m%d%H%M%S}") * 100


@cache
def posts(account_id: str) -> tuple[Post, ...]:
    """Return an account's posts since POSTS_FROM, the oldest first."""
    account = BY_ID[account_id]
    noise = rng(account_id, "posts")
    made = []
    for month in ("2026-06", "2026-07", *APPRAISED):
        for content in _contents_on(account, month):
            hour, minute, second = (int(noise.random() * n) for n in (12, 60, 60))
            moment = datetime(
                content.planned.year,
                content.planned.month,
                content.planned.day,
                8 + hour,
                minute,
                second,
            )
            late = int(month[-2:]) - 6
            low = 0.46 if account.form == "article" else 0.27
            rate = round(low + 0.012 * late + 0.14 * noise.random(), 4)
            quality = 0.6 + noise.random()
            made.append((moment, content.title, content.form, rate, quality, False))
        if account.platform == "douyin":
            moment = datetime.fromisoformat(f"{month}-11T23:10:05")
            made.append((moment, "测试剪辑，仅自己可见", "视频", 0.5, 0.0, True))
    made.sort()
    return tuple(
        Post(account_id, at, title, moment, form, rate, quality, private)
        for at, (moment, title, form, rate, quality, private) in enumerate(made, 1)
    )


def _contents_on(account: Account, month: str) -> list[Content]:
    found = []
    for operator in OPERATORS:
        for at, content in enumerate(contents(operator, month)):
            if account.platform not in content.published:
                continue
            taken_over = account.id == "dy-02" and operator == "op-02" and at % 2 == 0
            first = account.owners[0].operator
            if account.share(operator, content.planned) and (
                operator == first or taken_over
            ):
                found.append(content)
    return found


def _weight(account: Account, post: Post, day: date) -> float:
    age = (day - post.published.date()).days
    if age < 0 or age >= FROZEN_AFTER.get(account.platform, 400):
        return 0
    if age < len(DECAY):
        return DECAY[age] * post.quality
    return (TAIL if age < 40 else TAIL_LATE) * post.quality


@cache
def counters(account_id: str, downloaded: date) -> dict[int, dict[str, int]]:
    """
    Return the counters of an account's posts as a download shows them.

    Parameters
    ----------
    account_id : str
        The account.
    downloaded : date
        The day of the download, in its morning: the day itself is not in.

    Returns
    -------
    dict
        By number of the post: every flow of the account since publishing.
    """
    account, table = BY_ID[account_id], daily(account_id)
    flows = ("views", *account.rates, "follows", "unfollows")
    metrics = [metric for metric in flows if metric in table]
    # With daily totals, the rest of a day falls on posts older than the list.
    part = 1.0 if account.platform in ("baijiahao", "xiaohongshu") else 0.93
    sums = {
        post.number: dict.fromkeys(metrics, 0.0)
        for post in posts(account_id)
        if post.published.date() < downloaded
    }
    for day in days(POSTS_FROM, downloaded - timedelta(days=1)):
        weights = {
            post.number: weight
            for post in posts(account_id)
            if (weight := _weight(account, post, day))
        }
        whole = sum(weights.values())
        for number, weight in weights.items():
            for metric in metrics:
                sums[number][metric] += part * table[metric][day] * weight / whole
    return {
        number: {metric: int(value) for metric, value in row.items()}
        for number, row in sums.items()
    }


def listed(account_id: str, downloaded: date) -> list[Post]:
    """Return the posts that a download lists, the newest first."""
    return [
        post
        for post in reversed(posts(account_id))
        if post.published.date() < downloaded
    ]
