"""
The made-up team's numbers in the true layouts of the platforms' exports.

One function a layout: an account and a stretch of days (or a download day) in,
file names and bytes out. Headers, file types, encodings and oddities are those of
real files; every figure and title is made up.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from sample_files import (
    Author,
    Row,
    SheetRows,
    csv_bytes,
    excelize_bytes,
    html_bytes,
    words,
    xls_bytes,
    xlsx_bytes,
)
from sample_team import (
    ACCOUNTS,
    APPRAISED,
    BURST,
    BY_ID,
    CLOSING,
    QUARTERS,
    Account,
    Post,
    counters,
    daily,
    days_of,
    listed,
    posts,
    rng,
)

Files = dict[str, bytes]
Days = Sequence[date]

MISSING = ("sph-01", date(2026, 10, 23))  # nobody wrote this day down
CONFLICT = BURST[:3]
SETTLED = ("bili-01", "likes", date(2026, 9, 10))
UNFINISHED = 0.3  # of a day's figure, as a download of the next morning shows it
GO_XLSX = Author("示例", "Go XLSX")

NAMES = {
    "followers": "粉丝数",
    "views": "阅读/播放",
    "comments": "评论",
    "shares": "转发",
    "likes": "点赞",
    "impressions": "曝光",
    "clicks": "引流点击",
    "orders": "电商订单",
    "gmv": "成交额",
    "dau": "DAU日活",
    "mau": "MAU月活",
    "revenue:article": "平台收益（图文）",
    "revenue:video": "平台收益（视频）",
    "revenue:column": "平台收益（专栏）",
    "revenue:tips": "平台收益（打赏）",
    "revenue:circle": "平台收益（圈子）",
    "revenue:ads": "平台收益（自营广告）",
}
DOUYIN_DAILY = {
    "followers": "总粉丝量",
    "views": "播放量",
    "likes": "作品点赞",
    "comments": "作品评论",
    "shares": "作品分享",
}
# What the daily layouts of an account give, so that 手工填报 need not.
GIVEN = {
    "gongzhonghao.users": ("followers",),
    "toutiao.trend": ("impressions", "views", "likes", "comments"),
    "toutiao.fans": ("followers",),
    "douyin.daily": ("followers",),
    "douyin.posts_daily": ("views", "likes", "comments", "shares"),
    "zhihu.daily": ("views", "likes", "comments", "shares"),
    "bilibili.history": ("followers", "views", "likes", "comments", "shares"),
    "shipinhao.daily": ("views", "likes", "comments", "shares"),
}


# Daily layouts


def gongzhonghao_users(account: Account, span: Days) -> Files:
    """用户分析: an HTML table under .xls, a title row above the header."""
    table = daily(account.id)
    header = ("时间", "新关注人数", "取消关注人数", "净增关注人数", "累积关注人数")
    rows = [
        (
            day.isoformat(),
            table["follows"][day],
            table["unfollows"][day],
            table["follows"][day] - table["unfollows"][day],
            table["followers"][day],
        )
        for day in span
    ]
    title = f"用户分析（{span[0]}至{span[-1]}）"
    return {"user_analysis.xls": html_bytes(title, header, rows)}


def toutiao_trend(account: Account, span: Days) -> Files:
    """数据趋势: the total row 累计 stands directly under the header."""
    table = daily(account.id)
    rows = []
    for day in span:
        shown, read = table["impressions"][day], table["views"][day]
        likes, comments = table["likes"][day], table["comments"][day]
        rows.append((shown, shown // 9, read, read // 7, likes, comments))
    total = ("累计", *(sum(column) for column in zip(*rows, strict=True)))
    header = words(
        """
        时间 展现量 粉丝展现量 阅读(播放)量 粉丝阅读(播放)量 点赞量 评论量
        """
    )
    lines = [(day.isoformat(), *row) for day, row in zip(span, rows, strict=True)]
    return {
        f"数据趋势_100001_{span[0]:%Y%m%d}-{span[-1]:%Y%m%d}.xlsx": excelize_bytes(
            [header, total, *lines]
        )
    }


def toutiao_fans(account: Account, span: Days) -> Files:
    """粉丝趋势, a day a row."""
    table = daily(account.id)
    header = words(
        """
        时间 总粉丝数 粉丝变化数 新增粉丝数 流失粉丝数 活跃粉丝数 总铁粉数
        """
    )
    rows = []
    for day in span:
        level, new = table["followers"][day], table["follows"][day]
        lost = table["unfollows"][day]
        rows.append(
            (day.isoformat(), level, new - lost, new, lost, level // 12, level // 40)
        )
    return {
        f"粉丝趋势_{span[0]:%Y%m%d}-{span[-1]:%Y%m%d}.xlsx": excelize_bytes(
            [header, *rows]
        )
    }


def douyin_daily(account: Account, span: Days) -> Files:
    """账号总览: one metric per file, named only in the header."""
    table = daily(account.id)
    with_table = "douyin.posts_daily" in account.layouts
    files = {}
    for metric, name in DOUYIN_DAILY.items():
        if with_table and metric in GIVEN["douyin.posts_daily"]:
            continue
        rows: list[Row] = [("日期", name)]
        rows += [(day.isoformat(), str(table[metric][day])) for day in span]
        sheet = SheetRows("Sheet1", rows)
        files[f"数据表现_{name}.xlsx"] = xlsx_bytes([sheet], GO_XLSX)
    return files


def douyin_followers(account: Account, span: Days) -> Files:
    """账号总览 of one metric, which both accounts have."""
    name = "数据表现_总粉丝量.xlsx"
    return {name: douyin_daily(account, span)[name]}


def douyin_posts_daily(account: Account, span: Days) -> Files:
    """投稿分析: a table by day, all text; its 5秒完播率 is no 完播率."""
    table, noise = daily(account.id), rng(account.id, "posts daily", span[0])
    header = words(
        """
        日期 投稿量 总播放量 总点赞量 总分享量 总评论量 5秒完播率 2秒跳出率 封面点击率
        平均播放时长
        """
    )
    rows: list[Row] = [header]
    counted = ("views", "likes", "shares", "comments")
    known = posts(account.id)
    for day in span:
        counts = (table[name][day] for name in counted)
        published = sum(post.published.date() == day for post in known)
        rows.append(
            (
                day.isoformat(),
                str(published),
                *(str(count) for count in counts),
                f"{52 + 12 * noise.random():.2f}%",
                f"{22 + 9 * noise.random():.2f}%",
                f"{6 + 3 * noise.random():.2f}%",
                f"{17 + 6 * noise.random():.2f}s",
            )
        )
    return {"投稿分析_每日数据.xlsx": xlsx_bytes([SheetRows("Sheet1", rows)], GO_XLSX)}


def bilibili_history(account: Account, span: Days, unfinished: float = 1) -> Files:
    """历史累计数据趋势: CSV with a BOM."""
    table = daily(account.id)
    rows: list[Row] = [words("时间 播放量 累计粉丝 点赞 收藏 硬币 评论 弹幕 分享")]
    metrics = words("views followers likes favorites coins comments danmaku shares")
    for day in span:
        figures = {name: table[name][day] for name in metrics}
        if day == span[-1]:
            figures["likes"] = round(figures["likes"] * unfinished)
        rows.append((day.isoformat(), *figures.values()))
    return {"历史累计数据趋势.csv": csv_bytes(rows)}


def shipinhao_daily(account: Account, span: Days, unfinished: float = 1) -> Files:
    """视频号每日数据: CSV with a BOM."""
    table = daily(account.id)
    rows: list[Row] = [words("时间 播放 推荐 喜欢 评论 分享 关注")]
    for day in span:
        if (account.id, day) == MISSING:
            continue
        counts = (table[name][day] for name in words("views recommends likes comments"))
        follows = table["follows"][day] * (unfinished if day == span[-1] else 1)
        shares = table["shares"][day]
        rows.append((f"{day:%Y/%m/%d}", *counts, shares, round(follows)))
    return {"视频号数据概览.csv": csv_bytes(rows, newline="\n")}


def zhihu_daily(account: Account, span: Days) -> Files:
    """日报表: CSV text under an .xls name."""
    table = daily(account.id)
    rows: list[Row] = [words("日期 阅读 播放 点赞 喜欢 评论 收藏 分享")]
    for day in span:
        likes = table["likes"][day]
        rest = (table[name][day] for name in ("comments", "favorites", "shares"))
        rows.append((day.isoformat(), table["views"][day], 0, likes, likes // 3, *rest))
    return {"日报表.xls": csv_bytes(rows, bom=False, newline="\n")}


def manual(account: Account, span: Days, metrics: Sequence[str]) -> Files:
    """手工填报: what no export gives, a row a day and metric."""
    table = daily(account.id)
    rows: list[Row] = [
        (day.isoformat(), account.id, NAMES[metric], table[metric][day], "")
        for day in span
        for metric in metrics
        if day in table[metric] and (account.id, day) != MISSING
    ]
    if not rows:
        return {}
    first = (*rows[0][:4], "示例数据，全为虚构")
    header = ("日期", "账号", "指标", "数值", "备注")
    return {"手工填报.csv": csv_bytes([header, first, *rows[1:]])}


# Layouts of posts: counters since publishing


def gongzhonghao_notified(account: Account, downloaded: date) -> Files:
    """已通知内容: true BIFF, every cell text, two months a file at most."""
    table = counters(account.id, downloaded)
    header = words(
        """
        内容标题 发表时间 总阅读人数 总阅读次数 总分享人数 总分享次数 阅读后关注人数
        送达人数 公众号消息阅读次数 送达阅读率 首次分享次数 分享产生阅读次数
        首次分享率 每次分享带来阅读次数 阅读完成率 内容url
        """
    )
    files = {}
    for start, end in (
        ("2026-05", "2026-06"),
        ("2026-07", "2026-08"),
        ("2026-09", "2026-10"),
    ):
        rows: list[Row] = []
        for post in listed(account.id, downloaded):
            if not start <= f"{post.published:%Y-%m}" <= end:
                continue
            row = table[post.number]
            views, shares = row["views"], row["shares"]
            first = shares * 3 // 5
            rows.append(
                (
                    post.title,
                    f"{post.published:%Y%m%d}",
                    views * 9 // 10,
                    views,
                    shares * 4 // 5,
                    shares,
                    row["follows"],
                    account.fans,
                    views // 3,
                    f"{views / 3 / account.fans:.4f}",
                    first,
                    shares * 2,
                    f"{first / (views // 3):.4f}" if views > 2 else "",
                    f"{2 if shares else 0:.4f}" if shares else "",
                    f"{post.rate:.4f}",
                    "http://mp.weixin.qq.com/s?__biz=U0FNUExF&"
                    f"mid={2247480000 + post.number}&idx=1&sn=sample#rd",
                )
            )
        if rows:
            name = f"已通知内容_{start.replace('-', '')}-{end.replace('-', '')}.xls"
            files[name] = xls_bytes("New Sheet1", [header, *rows])
    return files


def toutiao_works(account: Account, downloaded: date) -> Files:
    """作品列表 图文: three scales of numbers in one sheet."""
    table = counters(account.id, downloaded)
    rows: list[Row] = [
        words(
            """
            标题 发布时间 ID 链接 展现量 粉丝展现量 阅读量 粉丝阅读量 点击率
            平均阅读完成率 平均阅读时长 点赞量 评论量 转发量 分享量 收藏量
            """
        )
    ]
    for post in listed(account.id, downloaded):
        row = table[post.number]
        shown, views, shares = row["impressions"], row["views"], row["shares"]
        known = views > 0
        rows.append(
            (
                post.title,
                f"{post.published:%Y-%m-%d %H:%M:%S}",
                str(post.key),
                f"https://toutiao.com/i{post.key}/",
                shown,
                shown // 9,
                views,
                views // 7,
                f"{views / shown if shown else 0:.2f}",
                f"{100 * post.rate if known else -1:.2f}",
                30 + post.number % 40 if known else -1,
                row["likes"],
                row["comments"],
                shares * 3 // 10,
                shares - shares * 3 // 10,
                row["favorites"],
            )
        )
    return {f"图文_-_1-{len(rows) - 1}.xlsx": excelize_bytes(rows)}


def baijiahao_articles(account: Account, downloaded: date) -> Files:
    """百家号 内容数据: sheet `data`, every cell text."""
    table = counters(account.id, downloaded)
    rows: list[Row] = [
        words(
            """
            标题 链接 发布时间 阅读量 评论量 点赞量 收藏量 分享量 推荐量
            """
        )
    ]
    order = words("views comments likes favorites shares impressions")
    rows += [
        (
            post.title,
            f"http://baijiahao.baidu.com/builder/preview/s?id={post.key}",
            f"{post.published:%Y-%m-%d}",
            *(str(table[post.number][name]) for name in order),
        )
        for post in listed(account.id, downloaded)
    ]
    made = f"{downloaded}T09:30:00+08:00"
    author = Author("Unknown Creator", "Microsoft Excel", made)
    return {"百家号内容数据.xlsx": xlsx_bytes([SheetRows("data", rows)], author)}


def douyin_works(account: Account, downloaded: date) -> Files:
    """作品列表导出: edition A up to September, edition B in October; 自见 rows."""
    later = downloaded >= CLOSING["2026-10"]
    header_a = words(
        """
        作品名称 发布时间 体裁 审核状态 播放量 完播率 5s完播率 封面点击率 2s跳出率
        平均播放时长 点赞量 分享量 评论量 收藏量 主页访问量 粉丝增量
        """
    )
    header_b = words(
        """
        作品名称 发布时间 体裁 发布状态 播放量 完播率 5s完播率 作品时长 2s跳出率
        平均播放时长 点赞量 评论量 分享量 收藏量 主页访问量 粉丝增量
        """
    )
    header = header_b if later else header_a
    table = counters(account.id, downloaded)
    rows: list[Row] = [header]
    for post in listed(account.id, downloaded):
        cells = _douyin_cells(post, table[post.number])
        rows.append(tuple(cells[name] for name in header))
    return {"作品列表导出.xlsx": xlsx_bytes([SheetRows("Sheet1", rows)], GO_XLSX)}


def _douyin_cells(post: Post, row: Mapping[str, int]) -> dict[str, str]:
    state = "自见" if post.private else "公开"
    views = 14 if post.private else row["views"]
    return {
        "作品名称": f"{post.title}\n#示例话题 #虚构数据",
        "发布时间": f"{post.published:%Y-%m-%d %H:%M:%S}",
        "体裁": "1min-视频" if post.number % 3 else "1-3min视频",
        "审核状态": state,
        "发布状态": state,
        "播放量": str(views),
        "完播率": f"{post.rate:.6f}",
        "5s完播率": f"{min(0.9, post.rate + 0.2):.6f}",
        "封面点击率": "-",
        "作品时长": f"{35 + post.number % 50}.00",
        "2s跳出率": f"{0.42 - post.rate / 3:.6f}",
        "平均播放时长": f"{10 + 30 * post.rate:.6f}",
        "点赞量": str(row["likes"]),
        "分享量": str(row["shares"]),
        "评论量": str(row["comments"]),
        "收藏量": str(row["favorites"]),
        "主页访问量": str(views // 60),
        "粉丝增量": str(row["follows"] - row["unfollows"]),
    }


def bilibili_compare(account: Account, downloaded: date) -> Files:
    """近期稿件对比: at most ten videos a file, so several files."""
    table = counters(account.id, downloaded)
    header = words(
        """
        视频标题 发布时间 播放量 游客播放占比 粉丝观看率 封标点击率 粉丝点击率
        游客点击率 3秒跳出率 粉丝3秒跳出率 游客3秒跳出率 互动率 粉丝互动率 游客互动率
        涨粉量 播转粉率 取关量 点赞量 点赞率 评论量 评论率 弹幕量 弹幕率 收藏量 收藏率
        投币量 投币率 转发量 转发率 平均播放进度
        """
    )
    found = listed(account.id, downloaded)
    files = {}
    for at, begin in enumerate(range(0, len(found), 10)):
        rows: list[Row] = [header]
        for post in found[begin : begin + 10]:
            cells = _bilibili_cells(post, table[post.number])
            rows.append(tuple(cells[name] for name in header))
        name = f"近期稿件对比 ({at}).csv" if at else "近期稿件对比.csv"
        files[name] = csv_bytes(rows, newline="\n", final_newline=False)
    return files


def _bilibili_cells(post: Post, row: Mapping[str, int]) -> dict[str, str | int]:
    views = row["views"]

    def share(count: int) -> str:
        return f"{100 * count / views if views else 0:.1f}%"

    cells: dict[str, str | int] = {
        "视频标题": post.title,
        "发布时间": f"{post.published:%Y年%m月%d日 %H:%M:%S}",
        "播放量": views,
        "游客播放占比": f"{70 + post.number % 25}%",
        "粉丝观看率": f"{3 + post.number % 9}.4%",
        "涨粉量": row["follows"],
        "播转粉率": share(row["follows"]),
        "取关量": row["unfollows"],
        "平均播放进度": f"{100 * post.rate + 8:.1f}%",
    }
    for name in ("封标点击率", "粉丝点击率", "游客点击率"):
        cells[name] = f"{2 + post.number % 3}.5星"
    for name in ("3秒跳出率", "粉丝3秒跳出率", "游客3秒跳出率"):
        cells[name] = f"{30 + post.number % 20}.5%"
    acted = row["likes"] + row["comments"] + row["shares"]
    for name in ("互动率", "粉丝互动率", "游客互动率"):
        cells[name] = share(acted)
    counted = {
        "点赞": "likes",
        "评论": "comments",
        "弹幕": "danmaku",
        "收藏": "favorites",
        "投币": "coins",
        "转发": "shares",
    }
    for word, metric in counted.items():
        cells |= {f"{word}量": row[metric], f"{word}率": share(row[metric])}
    return cells


def shipinhao_posts(account: Account, downloaded: date) -> Files:
    """动态数据明细: 15 columns up to September, 19 in October; titles of many lines."""
    table = counters(account.id, downloaded)
    header = words(
        """
        视频描述 视频ID 发布时间 完播率 平均播放时长 播放量 推荐 喜欢 评论量 分享量
        关注量 转发聊天和朋友圈 设为铃声 设为状态 设为朋友圈封面
        """
    )
    added: tuple[str, ...] = ()
    if downloaded >= CLOSING["2026-10"]:
        added = words(
            """
            企微链接点击次数 企微链接点击人数
            添加到通讯录次数 添加到通讯录人数
            """
        )
    rows: list[Row] = [header + added]
    for post in listed(account.id, downloaded):
        row = table[post.number]
        views = row["views"]
        rows.append(
            (
                f'{post.title}\n关注"示例视频号"，每周更新 🍂\n',
                f"export/SAMPLE{post.key}",
                f"{post.published:%Y/%m/%d}",
                f"{100 * post.rate:.2f}%" if views else "-",
                f"{9 + 30 * post.rate:.2f}秒" if views else 0,
                views,
                row["recommends"],
                row["likes"],
                row["comments"],
                row["shares"],
                row["follows"],
                row["shares"],
                0,
                0,
                0,
                *("" for _ in added),
            )
        )
    content = csv_bytes(rows, newline="\n", quote_text=True, final_newline=False)
    return {"视频号动态数据明细.csv": content}


def xiaohongshu_notes(account: Account, downloaded: date) -> Files:
    """笔记列表明细表: a merged note above the header, an empty title, real numbers."""
    table = counters(account.id, downloaded)
    header = words(
        """
        笔记标题 首次发布时间 体裁 曝光 观看量 封面点击率 点赞 评论 收藏 涨粉 分享
        人均观看时长 弹幕
        """
    )
    rows: list[Row] = [("最多导出排序后前1000条笔记",) * len(header), header]
    for post in listed(account.id, downloaded):
        row = table[post.number]
        shown, views = row["impressions"], row["views"]
        rows.append(
            (
                "" if post.number == 3 else post.title,
                f"{post.published:%Y年%m月%d日%H时%M分%S秒}",
                "视频" if post.number % 2 else "图文",
                shown,
                views,
                round(views / shown, 3) if shown else 0,
                row["likes"],
                row["comments"],
                row["favorites"],
                row["follows"],
                row["shares"],
                12 + post.number % 20,
                0,
            )
        )
    sheet = SheetRows("Sheet1", rows, merged=("A1:M1",))
    author = Author("Apache POI", "Apache POI", f"{downloaded}T01:20:00Z")
    return {"笔记列表明细表.xlsx": xlsx_bytes([sheet], author, inline=True)}


DAILY: dict[str, Callable[[Account, Days], Files]] = {
    "gongzhonghao.users": gongzhonghao_users,
    "toutiao.trend": toutiao_trend,
    "toutiao.fans": toutiao_fans,
    "douyin.daily": douyin_daily,
    "douyin.posts_daily": douyin_posts_daily,
    "zhihu.daily": zhihu_daily,
    "bilibili.history": bilibili_history,
    "shipinhao.daily": shipinhao_daily,
}
POSTS: dict[str, Callable[[Account, date], Files]] = {
    "gongzhonghao.notified": gongzhonghao_notified,
    "toutiao.works": toutiao_works,
    "baijiahao.articles": baijiahao_articles,
    "douyin.works": douyin_works,
    "bilibili.compare": bilibili_compare,
    "shipinhao.posts": shipinhao_posts,
    "xiaohongshu.notes": xiaohongshu_notes,
}


# Which files lie where


def _folder(month: str, account: str, downloaded: date | None = None) -> str:
    day = f"{downloaded}/" if downloaded else ""
    return f"data/raw/{month}/{account}/{day}"


def _into(folder: str, files: Files) -> Files:
    return {folder + name: content for name, content in files.items()}


def _named_by_day(files: Files, downloaded: date) -> Files:
    """Put the download day at the end of names, for files outside a day's folder."""
    named = {}
    for name, content in files.items():
        stem, _, kind = name.rpartition(".")
        named[f"{stem}_{downloaded}.{kind}"] = content
    return named


def _daily_files(account: Account, span: Days) -> Files:
    files: Files = {}
    for layout in account.layouts:
        if layout in DAILY:
            files |= DAILY[layout](account, span)
    return files


def _post_files(account: Account, downloaded: date) -> Files:
    files: Files = {}
    for layout in account.layouts:
        if layout in POSTS:
            files |= POSTS[layout](account, downloaded)
    return files


def _streams(account: Account) -> tuple[str, ...]:
    return tuple(f"revenue:{stream}" for stream in account.streams)


def history() -> Files:
    """Return the nine months before: daily totals, one file a quarter."""
    files: Files = {}
    for account in ACCOUNTS:
        given = {
            metric for layout in account.layouts for metric in GIVEN.get(layout, ())
        }
        if account.id == "dy-02":
            given = set(DOUYIN_DAILY)
        wanted = [
            metric
            for metric in NAMES
            if metric in daily(account.id)
            and metric not in given
            and (account.platform != "product" or metric in account.manual)
        ]
        for start, end in QUARTERS:
            downloaded = end + timedelta(days=2)
            span = [start + timedelta(days=at) for at in range((end - start).days + 1)]
            quarter = _daily_files(account, span) | manual(account, span, wanted)
            folder = _folder(f"{end:%Y-%m}", account.id)
            files |= _into(folder, _named_by_day(quarter, downloaded))
    return files


def openings() -> Files:
    """Return the counters of posts at the start of August."""
    files: Files = {}
    for account in ACCOUNTS:
        downloaded = CLOSING["2026-07"]
        folder = _folder("2026-07", account.id, downloaded)
        files |= _into(folder, _post_files(account, downloaded))
    return files


def appraised() -> Files:
    """Return everything downloaded at the end of each appraised month."""
    files: Files = {}
    for month in APPRAISED:
        span, downloaded = days_of(month), CLOSING[month]
        for account in ACCOUNTS:
            metrics = (*account.manual, *_streams(account))
            files |= _into(
                _folder(month, account.id, downloaded),
                _daily_files(account, span)
                | _post_files(account, downloaded)
                | manual(account, span, metrics),
            )
    return files


WEEKLY = tuple(
    date.fromisoformat(day)
    for day in words(
        """
        2026-08-06 2026-08-13 2026-08-20 2026-08-27 2026-09-04 2026-09-10 2026-09-17
        2026-09-24 2026-10-08 2026-10-15 2026-10-22 2026-10-29
        """
    )
)


# What is downloaded every week of an account, the shortest of its daily exports.
SHORTEST = {
    "gongzhonghao": gongzhonghao_users,
    "toutiao": toutiao_fans,
    "douyin": douyin_followers,
    "zhihu": zhihu_daily,
    "bilibili": bilibili_history,
    "shipinhao": shipinhao_daily,
}


def weekly() -> Files:
    """Return the week's downloads: the days since the last, and 百家号's counters."""
    files: Files = {}
    for last, day in pairwise((WEEKLY[0].replace(day=1), *WEEKLY)):
        first = max(last, day.replace(day=1))
        span = [first + timedelta(days=at) for at in range((day - first).days)]
        for account in ACCOUNTS:
            folder = _folder(f"{day:%Y-%m}", account.id, day)
            if account.platform in SHORTEST:
                files |= _into(folder, SHORTEST[account.platform](account, span))
            if account.platform == "baijiahao":
                files |= _into(folder, baijiahao_articles(account, day))
    return files


def twice() -> Files:
    """Return what was downloaded a second time, with and without another value."""
    files: Files = {}
    again = date(2026, 11, 3)
    account = BY_ID["tt-01"]
    folder = _folder("2026-10", account.id, again)
    files |= _into(folder, toutiao_works(account, again))
    files |= _into(folder, toutiao_fans(account, days_of("2026-10")))
    # The morning after, the last day of the table was not finished yet.
    unfinished = ((CONFLICT, shipinhao_daily), (SETTLED, bilibili_history))
    for (name, _, day), layout in unfinished:
        span = [each for each in days_of(f"{day:%Y-%m}") if each <= day]
        folder = _folder(f"{day:%Y-%m}", name, day + timedelta(days=1))
        files |= _into(folder, layout(BY_ID[name], span, UNFINISHED))
    return files


RESAVED = "data/raw/2026-10/dy-01/2026-11-02/数据表现_总粉丝量"
UNDATED = "data/raw/2026-09/xhs-01/笔记列表明细表.xlsx"


def exports() -> Files:
    """Return every export of the sample, by path."""
    files = history() | openings() | appraised() | weekly() | twice()
    # An operator saved this one again as CSV: GBK, with a line of his own on top.
    del files[f"{RESAVED}.xlsx"]
    fans = daily("dy-01")["followers"]
    rows: list[Row] = [("示例数据：账号总览另存为CSV",), ("日期", "总粉丝量")]
    rows += [(day.isoformat(), fans[day]) for day in days_of("2026-10")]
    files[f"{RESAVED}.csv"] = csv_bytes(rows, bom=False, encoding="gbk")
    # Nothing in this path tells the download day: data/downloads.csv does.
    dated = _folder("2026-09", "xhs-01", CLOSING["2026-09"]) + UNDATED.rsplit("/", 1)[1]
    files[UNDATED] = files.pop(dated)
    return files
