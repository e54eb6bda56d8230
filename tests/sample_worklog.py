"""
The made-up team's work log, a workbook a month.

Numbers that the exports know too (comments received, contents published) are
taken from the same source as the exports, so that both agree.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from sample_files import Author, Row, SheetRows, words, xlsx_bytes
from sample_team import (
    ACCOUNTS,
    CLOSING,
    MANAGER,
    OPERATORS,
    PLATFORMS,
    contents,
    daily,
    days,
    days_of,
    is_working,
    working_days,
)

HEADERS = {
    "任务": words("编号 运营 任务 计划完成日 实际完成日 验收 返工 确认人"),
    "活动": words(
        """
        编号 运营 名称 开始 结束 预算 实际花费 曝光目标 曝光 拉新目标 拉新
        转化目标 转化 未举办原因 确认人
        """
    ),
    "建议": words("运营 建议 日期 采纳 确认人"),
    "复盘": words("运营 周/月 周期 交付日 链接 确认人"),
    "内容": words("编号 运营 标题 形式 计划日 计划平台 已发平台 链接"),
    "社群": words("运营 名称 成立日 成员数 发言人数"),
    "反馈": words("运营 反馈/画像 日期 内容 交给 链接 确认人"),
    "互动": words("运营 日期 平台 收到 回复"),
    "调整": words("运营 日期 依据 调整 确认人"),
    "评分": words("运营 项目 类型 分数 姓名 日期 理由"),
    "确认": words("运营 表 无 姓名 日期"),
}
TASKS = words(
    """
    整理一周选题并排期 复核各平台发布清单 汇总评论区问题 更新数据看板
    完成封面与标题测试 准备下周直播脚本 清理旧内容链接 核对引流链接
    """
)
NEEDS = words("想按章节跳转 希望订单能改地址 群里想看直播回放 想要夜间模式")
TASKS_A_WEEK = 3
# Of the tasks of a month, counted through: done late, sent back, never done.
LATE = {"op-01": (7,), "op-02": (3, 8), "op-03": (2, 5, 9), "op-04": (1, 4, 6, 10)}
REWORK = {"op-01": (), "op-02": (6,), "op-03": (4,), "op-04": (2, 7)}
UNDONE = {("op-04", "2026-10"): (11,), ("op-03", "2026-09"): (12,)}
ANSWERED = {"op-01": 0.93, "op-02": 0.81, "op-03": 0.88, "op-04": 0.72}
# Operator, month, first and last day, budget and spend, then target and result of
# exposure, new followers and conversions. The last one went over its budget.
CAMPAIGNS = """
处暑阅读周 op-01 2026-08 18 21 4000 3860 60000 63100 400 372 30 27
夏末挑战赛 op-02 2026-08 14 20 9000 8700 180000 201400 900 955 60 52
社群打卡七日 op-03 2026-08 10 16 3000 2950 40000 36800 300 262 80 83
中秋征文 op-01 2026-09 18 24 5000 4720 70000 68800 450 431 35 36
开学季短视频 op-02 2026-09 5 12 8000 7990 170000 164000 850 801 55 58
秋日换新直播 op-03 2026-09 18 20 6000 6000 90000 97700 500 489 120 131
重阳图文接力 op-01 2026-10 15 19 5000 4890 75000 81200 500 476 40 43
国庆出行合拍 op-02 2026-10 1 6 10000 9650 240000 262800 1200 1087 70 66
双十一预热群活动 op-03 2026-10 22 25 8000 8600 120000 118300 700 588 150 141
"""
# Operator, day of October 2026, adopted, confirmed. The one without confirmation
# is adopted by the operator's own word only.
SUGGESTIONS = """
标题先在群里投票再发 op-01 12 是 示例主管
图文末尾统一放索引 op-01 21 是 示例主管
片头压到两秒以内 op-02 14 是 示例主管
合拍素材提前一周征集 op-02 27 否 示例主管
群公告改为每周一发 op-03 13 是 示例主管
贴吧置顶改用问答 op-03 20 是
两个公众号错开发文时间 op-04 19 否 示例主管
"""
FEEDBACK = {"op-01": 2, "op-02": 2, "op-03": 2, "op-04": 1}
ADJUSTMENTS = {"op-01": 2, "op-02": 2, "op-03": 2, "op-04": 1}
NO_REVIEW = ("op-03", "2026-W42")
LATE_REVIEWS = (("op-04", "2026-W38"), ("op-04", "2026-10"))


def weeks(month: str) -> list[tuple[str, date]]:
    """Return the weeks of a month, by their last working day: ISO name and that day."""
    found = {}
    for day in working_days(month):
        monday = day - timedelta(days=day.weekday())
        week_days = days(monday, monday + timedelta(days=6))
        last = max(each for each in week_days if is_working(each))
        if f"{last:%Y-%m}" == month:
            year, week, _ = last.isocalendar()
            found[f"{year}-W{week:02d}"] = last
    return sorted(found.items())


def _day(month: str, day: int) -> date:
    return date.fromisoformat(f"{month}-{day:02d}")


def _yes(value: bool) -> str:
    return "是" if value else "否"


def _tasks(month: str) -> list[Row]:
    # The template's example row, left in as people do: it is never counted.
    first = days_of(month)[0]
    rows: list[Row] = [
        ("例", "op-01", "示例：这一行不计", first, first, "是", "否", MANAGER)
    ]
    for operator in OPERATORS:
        at = 0
        for _, last in weeks(month):
            for _ in range(TASKS_A_WEEK):
                at += 1
                done: date | None = last
                if at in LATE[operator]:
                    done = last + timedelta(days=2)
                if at in UNDONE.get((operator, month), ()):
                    done = None
                again = at in REWORK[operator]
                rows.append(
                    (
                        f"T{month[2:4]}{month[5:]}-{operator[-2:]}{at:02d}",
                        operator,
                        TASKS[(at + int(operator[-1])) % len(TASKS)],
                        last,
                        done,
                        _yes(True) if done else "",
                        _yes(again) if done else "",
                        MANAGER if done else "",
                    )
                )
    return rows


def _campaigns(month: str) -> list[Row]:
    rows: list[Row] = []
    for line in CAMPAIGNS.strip().splitlines():
        name, operator, held, start, end, *figures = line.split()
        if held == month:
            rows.append(
                (
                    f"H{month[2:4]}{month[5:]}-{operator[-2:]}",
                    operator,
                    name,
                    _day(month, int(start)),
                    _day(month, int(end)),
                    *map(int, figures),
                    "",
                    MANAGER,
                )
            )
    return rows


def _suggestions(month: str) -> list[Row]:
    if month != "2026-10":
        return [
            (name, "合并重复的数据表", _day(month, 18), _yes(name != "op-04"), MANAGER)
            for name in OPERATORS
        ]
    rows: list[Row] = []
    for line in SUGGESTIONS.strip().splitlines():
        text, operator, day, adopted, *confirmed = line.split()
        rows.append((operator, text, _day(month, int(day)), adopted, *confirmed))
    return rows


def _reviews(month: str) -> list[Row]:
    after = working_days(f"{CLOSING[month]:%Y-%m}")
    due = [("周", week, last) for week, last in weeks(month)]
    due.append(("月", month, after[3]))
    rows: list[Row] = []
    for operator in OPERATORS:
        for kind, period, day in due:
            if (operator, period) == NO_REVIEW:
                continue
            late = (operator, period) in LATE_REVIEWS
            delivered = day + timedelta(days=4) if late else day
            link = f"https://example.com/review/{operator}/{period}"
            rows.append((operator, kind, period, delivered, link, MANAGER))
    return rows


def _contents(month: str) -> list[Row]:
    return [
        (
            piece.id,
            operator,
            piece.title,
            piece.form,
            piece.planned,
            "、".join(PLATFORMS[name] for name in piece.platforms),
            "、".join(PLATFORMS[name] for name in piece.published),
            f"https://example.com/content/{piece.id}" if piece.published else "",
        )
        for operator in OPERATORS
        for piece in contents(operator, month)
    ]


def _communities(month: str) -> list[Row]:
    at = int(month[-2:]) - 8
    # Each month founds one more; what was founded stays.
    cities: list[Row] = [
        ("op-03", f"示例城市群{8 + n:02d}", first, 128 + 15 * n, 33 + 2 * n)
        for n in range(at + 1)
        for first in [days_of(f"2026-{8 + n:02d}")[10]]
    ]
    return [
        ("op-03", "示例福利群一", date(2025, 12, 8), 486 + 6 * at, 71 + 4 * at),
        ("op-03", "示例福利群二", date(2026, 3, 16), 412 + 9 * at, 38 + at),
        *cities,
    ]


def _feedback(month: str) -> list[Row]:
    rows: list[Row] = []
    for operator, count in FEEDBACK.items():
        for at in range(count):
            day = working_days(month)[5 + 8 * at]
            text = NEEDS[(at + int(operator[-1])) % len(NEEDS)]
            rows.append((operator, "反馈", day, text, "产品部", "", MANAGER))
        if month == "2026-09" and operator in ("op-01", "op-02"):
            link = f"https://example.com/portrait/{operator}/{month}"
            day = working_days(month)[15]
            rows.append((operator, "画像", day, "", "产品部", link, MANAGER))
    return rows


def _interactions(month: str) -> list[Row]:
    halves = (days_of(month)[:15], days_of(month)[15:])
    rows: list[Row] = []
    for operator, rate in ANSWERED.items():
        for account in ACCOUNTS:
            for half in halves:
                comments = daily(account.id).get("comments", {})
                got = round(
                    sum(
                        account.share(operator, day) * comments.get(day, 0)
                        for day in half
                    )
                )
                if got:
                    name = PLATFORMS[account.platform]
                    rows.append((operator, half[-1], name, got, round(got * rate)))
    return rows


def _adjustments(month: str) -> list[Row]:
    texts = (
        ("收藏率高于上月的选题集中在清单类", "下半月增加两篇清单类"),
        ("前两秒跳出率偏高", "开头改为先给结果"),
    )
    rows: list[Row] = []
    for operator, count in ADJUSTMENTS.items():
        for at in range(count):
            basis, text = texts[at]
            day = working_days(month)[7 + 6 * at]
            # One of August that nobody confirmed.
            confirmed = (operator, month, at) != ("op-02", "2026-08", 1)
            rows.append((operator, day, basis, text, MANAGER if confirmed else ""))
    return rows


def _ratings(month: str) -> list[Row]:
    day = working_days(f"{CLOSING[month]:%Y-%m}")[2]
    rows: list[Row] = [
        (operator, "任务一次通过", "自评", points, name, day, "按验收记录自评")
        for (operator, name), points in zip(
            OPERATORS.items(), (4, 3.5, 3.5, 3), strict=True
        )
    ]
    if month == "2026-10":
        rows.append(
            (
                "op-03",
                "活动效果达成",
                "主管",
                4.2,
                MANAGER,
                day,
                "线下到场人数不在系统内，按签到表核定",
            )
        )
    return rows


def _none_here(month: str) -> list[Row]:
    day = working_days(f"{CLOSING[month]:%Y-%m}")[1]
    sheets = [("op-04", "活动")]
    sheets += [(operator, "社群") for operator in ("op-01", "op-02", "op-04")]
    return [(operator, sheet, "无", MANAGER, day) for operator, sheet in sheets]


ROWS: dict[str, Callable[[str], list[Row]]] = {
    "任务": _tasks,
    "活动": _campaigns,
    "建议": _suggestions,
    "复盘": _reviews,
    "内容": _contents,
    "社群": _communities,
    "反馈": _feedback,
    "互动": _interactions,
    "调整": _adjustments,
    "评分": _ratings,
    "确认": _none_here,
}


def workbook(month: str) -> bytes:
    """Return the work log of a month as an Excel workbook."""
    sheets = [
        SheetRows(name, [header, *ROWS[name](month)])
        for name, header in HEADERS.items()
    ]
    return xlsx_bytes(sheets, Author("示例团队（虚构）", "Microsoft Excel"))
