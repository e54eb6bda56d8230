"""
A small operator's month with made-up numbers, of the true objects.

For what the sample lacks: hostile text, an empty month, pending measures, a veto.
`tests/page/test_sample.py` holds its frames and its card against the sample's.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd

from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.appraisal.quotas import DAYS, WEEKS, Quotas
from kpi_lib.appraisal.quotas import MONTHS as BY_MONTH
from kpi_lib.catalogue import METRICS
from kpi_lib.days import Calendar, days_of, week_of
from kpi_lib.files.declarations import Platform
from kpi_lib.inputs.entries import Campaign, Content, Interaction
from kpi_lib.inputs.roster import Account, Operator, Owner
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.language import Sentence
from kpi_lib.months.add_up import MONTHLY

MONTHS = [f"2025-{at:02d}" for at in (11, 12)] + [
    f"2026-{at:02d}" for at in range(1, 11)
]
MONTH = MONTHS[-1]

PLATFORMS: dict[str, tuple[str, str, str, str, str]] = {
    "gongzhonghao": ("公众号", "公", "#0f6251", "#aadfc4", "article"),
    "toutiao": ("头条号", "头", "#9a2401", "#da8773", "article"),
    "douyin": ("抖音", "抖", "#443680", "#958dd8", "video"),
    "bilibili": ("B站", "B", "#55073b", "#b76a8e", "video"),
    "shipinhao": ("视频号", "视", "#a06209", "#f7b673", "social"),
    "weibo": ("微博", "微", "#327999", "#72c6f7", "social"),
    "product": ("自有产品", "产", "#1d4c7c", "#93bff0", "product"),
}

FANS = {
    "gongzhonghao": (128_400, 84),
    "toutiao": (86_200, 34),
    "douyin": (312_600, 464),
    "bilibili": (41_800, 70),
    "shipinhao": (57_300, 72),
    "weibo": (203_900, 39),
}


def measure(
    name: str, points: str, score: str | None, text: str = "", **more: Any
) -> dict[str, Any]:
    """Make one measure of a card; no score makes it pending."""
    made = {
        "id": more.pop("id", name),
        "name": name,
        "points": points,
        "possible": points,
        "rated": points if score is not None else "0",
        "score": score,
        "status": "scored" if score is not None else "pending",
        "value": None,
        "target": None,
        "source": {"kind": ""},
        "show": {"value": "", "target": "", "unit": "", "text": text},
        "rule": {
            "kind": "ratio",
            "params": {"cap": "1"},
            "words": Sentence("按比例，封顶{cap}", cap="100%"),
            "text": "",
        },
        "inputs": {},
        "note": "",
        "evidence": [],
    }
    return made | more


def item(
    id: str,
    group: str,
    kpi: str,
    detail: list[str],
    weight: str,
    span: int,
    measures: list[dict[str, Any]],
) -> dict[str, Any]:
    """Make one item of a card; its numbers are the sums of its measures."""

    def total(key: str) -> str:
        return str(sum(Decimal(at[key] or 0) for at in measures))

    rated = total("rated")
    return {
        "id": id,
        "group": group,
        "kpi": kpi,
        "name": id,
        "detail": detail,
        "detail_beside": [""] * len(detail),
        "weight": weight,
        "weight_span": span,
        "points": total("points"),
        "possible": total("possible"),
        "rated": rated,
        "score": total("score") if rated != "0" else None,
        "measures": measures,
    }


MEASURES = {
    "target_setting": "目标覆盖 5 4.29 24/28格|目标有挑战 5 3.57 5/7个"
    "|短期目标达成 5 4.66 93.29%",
    "over_delivery": "超额达成 6 1.38 平均104.60%|合理意见被采纳 4 2.00 1条",
    "weekly_tasks": "任务按时 6 5.37 34/38项|任务一次通过 4 3.44 31/36项",
    "content": "发布完成 8 7.73 58/60条|内容分发到位 6 5.07 49/58条"
    "|互动量达成 8 7.32 平均91.50%|完播率 3 2.88 33.6%|周/月复盘 5 4.00 4/5次",
    "campaigns": "活动举办 2 2.00 2/2场|活动效果达成 5 4.12 平均82.33%"
    "|活动预算 3 1.50 108.40%",
    "data_analysis": "数据在册 6 5.90 183/186账号日|内容方向调整 3 2.25 3/4次"
    "|粉丝/订单/收益 6 5.62 平均93.67%",
    "user_ops": "评论回复率 4 - 两个值：64，81|反馈产品部门 2 1.67 5/6条"
    "|社群活跃 2 - 没有记录|粘性 2 1.95 21.4%",
}
"""Name, points, score and result of every measure, by its item."""

ITEMS = {
    "target_setting": ("efficiency", "执行力", "15%", 1),
    "over_delivery": ("efficiency", "执行力", "20%", 2),
    "weekly_tasks": ("efficiency", "执行力", "", 0),
    "content": ("operations", "内容运营", "30%", 1),
    "campaigns": ("operations", "活动运营", "10%", 1),
    "data_analysis": ("operations", "数据分析", "15%", 1),
    "user_ops": ("operations", "用户运营", "10%", 1),
}
"""Group, KPI, weight and the items that the weight is of."""

DETAIL = {
    "target_setting": [
        "制定有挑战且合理的短期/中期/后期/终极KPI，例如：粉丝数、DAU、MAU、转化、"
        "电商订单、平台收益、完播率、阅读/评论/转发/点赞…"
    ],
    "over_delivery": ["超额完成任务，并能提出合理意见并被采纳。"],
    "weekly_tasks": ["保质保量，完成每周定制的任务KPI；"],
    "content": [
        "完成内容创意（图文/视频）文案策划，并做好各平台的内容分发。",
        "1.根据每月具体定量KPI，按每月/每周/每天量化，并一定要完成，"
        "做到今日事今日毕，否则需加班完成；",
        "3.每周/每月必须复盘，然后向相关领导进行数据可视化总结汇报；",
    ],
    "campaigns": [
        "通过线上或者线下的活动提升产品曝光度，促进产品的拉新和转化。",
        "活动可能会涉及优惠折扣券、礼品、现金红包等，做好可控的预算需求；",
    ],
    "data_analysis": [
        "每天定时定点统计并分析其所有相关综合数据，并对其及时调整完善内容创作方向。"
    ],
    "user_ops": [
        "了解用户的需求反馈给产品部门，促进产品/内容的优化，组建社群并激活社群。"
    ],
}


def evidence(
    source: str, rows: str, metric: str = "", total: str = ""
) -> dict[str, str]:
    """Make one piece of evidence."""
    return {
        "source": source,
        "sheet": "",
        "rows": rows,
        "metric": metric,
        "sum": total,
    }


def details() -> dict[str, dict[str, Any]]:
    """Return what a few measures carry beside their numbers."""
    return {
        "目标覆盖": {
            "value": "24",
            "target": "28",
            "show": {"value": "24", "target": "28", "unit": "格", "text": "24/28格"},
            "rule": {
                "kind": "ratio",
                "params": {"cap": "1"},
                "words": Sentence("按比例，封顶{cap}", cap="100%"),
                "text": "5×min(24÷28,1)=4.29",
            },
            "evidence": [evidence("data/targets.csv", "5-35")],
        },
        "超额达成": {
            "value": "1.046",
            "target": "1.2",
            "show": {
                "value": "104.60%",
                "target": "120%",
                "unit": "",
                "text": "平均104.60%",
            },
            "parts": [
                {
                    "metric": "views",
                    "platform": "",
                    "value": "2651462",
                    "target": "2534858",
                    "counted": "2534858",
                    "opening": "",
                    "attained": "1.046",
                    "growth": "0.08",
                }
            ],
            "rule": {
                "kind": "linear",
                "params": {"from": "1", "to": "1.2"},
                "words": Sentence(
                    "线性：{low}得0分，{high}得满分", low="100%", high="120%"
                ),
                "text": "6×（104.60%−100%）÷（120%−100%）=1.38",
            },
            "evidence": [
                evidence("data/clean/2026-10/monthly.parquet", "1-7"),
                evidence("data/targets.csv", "14-20", "revenue", "38556"),
            ],
        },
        "活动举办": {
            "value": "2",
            "target": "2",
            "source": {"kind": "campaigns_held"},
        },
        "活动效果达成": {
            "source": {"kind": "campaign_results"},
            "inputs": {
                "exposure.value": "1335000",
                "exposure.target": "1100000",
                "new.value": "7180",
                "new.target": "9205",
                "conversion.value": "355",
                "conversion.target": "515",
            },
        },
        "活动预算": {
            "source": {"kind": "campaign_spend"},
            "inputs": {"budget": "10000", "spend": "10840"},
        },
        "评论回复率": {"note": "微博10月19日的评论回复数有两个不同的值，没有选定。"},
        "社群活跃": {"note": "社群记录没有交。"},
    }


def card(operator: str = "op-01", name: str = "示例运营甲") -> Card:
    """Make the card of the design's mock: 76.72 of 94 rated points, 6 pending."""
    more, items = details(), []
    for id, (group, kpi, weight, span) in ITEMS.items():
        rows = (row.split(" ") for row in MEASURES[id].split("|"))
        measures = [
            measure(
                title,
                points,
                None if score == "-" else score,
                text,
                **more.get(title, {}),
            )
            for title, points, score, text in rows
        ]
        items.append(item(id, group, kpi, DETAIL[id], weight, span, measures))

    def total(key: str) -> str:
        return str(sum(Decimal(row[key] or 0) for row in items))

    return Card(
        {
            "schema": 1,
            "operator": operator,
            "name": name,
            "month": MONTH,
            "manager": "示例主管",
            "accounts": list(PLATFORMS),
            "plan": {
                "id": "new-media",
                "version": "2",
                "sha256": "4f1c" + "0" * 56 + "9a02",
            },
            "total": total("score"),
            "sum": total("score"),
            "veto": None,
            "bonus": None,
            "ratings": [
                {
                    "kind": "self",
                    "item": "content.周/月复盘",
                    "name": "周/月复盘",
                    "points": "5",
                    "word": "",
                    "by": name,
                    "on": "2026-11-03",
                    "reason": "第42周的复盘晚一天交，内容是全的",
                    "counted": False,
                },
                {
                    "kind": "manager",
                    "item": "over_delivery.合理意见被采纳",
                    "name": "合理意见被采纳",
                    "points": "2",
                    "word": "",
                    "by": "示例主管",
                    "on": "2026-11-04",
                    "reason": "",
                    "counted": False,
                },
            ],
            "appeals": [
                {
                    "id": "A-02",
                    "measure": "content.周/月复盘",
                    "name": "周/月复盘",
                    "text": "第42周系统维护，复盘晚一天才能交",
                    "on": "2026-11-05",
                    "decision": "",
                    "decided_by": "",
                    "decided_on": "",
                }
            ],
            "signoff": None,
            "rests_on": {
                "exports": "35.11",
                "manual": "6.00",
                "confirmed": "27.24",
                "unconfirmed": "6.37",
                "rated": "2.00",
            },
            "same_results": [
                {
                    "metric": "revenue",
                    "name": "平台收益",
                    "measures": [
                        "target_setting.短期目标达成",
                        "over_delivery.超额达成",
                        "data_analysis.粉丝/订单/收益",
                    ],
                }
            ],
            "proposals": _proposals(),
            "points": "100",
            "possible": total("possible"),
            "rated": total("rated"),
            "grade": "",
            "final": False,
            "signed": False,
            "score_sha256": "c97e" + "0" * 56 + "51bd",
            "flags": [
                "6分待定：微博10月19日的评论回复数有两个不同的值（4分）；"
                "社群记录没有交（2分）。",
                "B站缺3天。",
            ],
            "groups": [
                {"id": "efficiency", "name": "工作效率"},
                {"id": "operations", "name": "综合运营"},
            ],
            "items": items,
            "duties": [{"id": "platform", "name": "平台", "detail": "不限于图文…"}],
        }
    )


def _proposal(metric: str, numbers: str, **more: str) -> dict[str, str]:
    """Make one proposal; `numbers` are baseline, this month, low, middle, high."""
    baseline, value, low, middle, high = numbers.split()
    steps = {"low": low, "middle": middle, "high": high}
    made = {
        "metric": metric,
        "name": METRICS[metric].zh,
        "platform": "",
        "period": "2026-11",
        "unit": METRICS[metric].unit,
        "baseline": baseline,
        "months": "3",
        "value": value,
        **steps,
        **{
            f"growth_{step}": str(round(Decimal(at) / Decimal(baseline) - 1, 3))
            for step, at in steps.items()
        },
        "last_year": "",
        "method": "近三月中位数×（1＋5%、12%、20%）",
        "note": "",
    }
    return made | more


def _proposals() -> list[dict[str, str]]:
    return [
        _proposal(
            "followers",
            "17900 23742 18800 20000 21500",
            low="849000",
            middle="850200",
            high="851700",
            gain_low="18800",
            gain_middle="20000",
            gain_high="21500",
            note="年度还差38,620人，两个月",
        ),
        _proposal("dau", "8540 8633 8970 9560 10250"),
        _proposal("mau", "38300 40341 40200 42900 46000", months="2"),
        _proposal("conversion_rate", "0.041 0.04 0.0431 0.0459 0.0492"),
        _proposal(
            "revenue", "29400 38556 30900 32900 35300", note="广告收入不一定重现"
        ),
        _proposal("views", "2450000 2651000 2570000 2740000 2940000"),
    ]


def earlier(now: Card) -> Card:
    """Make last month's card: two measures differ, nothing was pending."""
    scores = {
        "内容分发到位": "4.32",
        "活动预算": "3.00",
        "评论回复率": "3.20",
        "社群活跃": "2.00",
        "超额达成": "0.00",
    }
    items = []
    for one in now["items"]:
        measures = [
            part
            | {
                "score": scores.get(part["name"], part["score"]),
                "status": "scored",
                "rated": part["possible"],
            }
            for part in one["measures"]
        ]
        items.append(one | {"measures": measures})
    return now | {
        "month": MONTHS[-2],
        "items": items,
        "final": True,
        "grade": "合格",
        "total": "79.67",
        "rated": "100",
    }


def _days() -> list[date]:
    first, last = date(2025, 11, 1), date(2026, 10, 31)
    return [first + timedelta(at) for at in range((last - first).days + 1)]


def _frame(columns: str, rows: list[tuple[Any, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns.split())


def _daily() -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    days = _days()
    gap = {date(2026, 10, day) for day in (12, 13, 14)}
    for order, (platform, (closing, pace)) in enumerate(FANS.items()):
        where = (f"{platform}-a", platform)
        for at, day in enumerate(days):
            if platform == "bilibili" and day in gap:
                continue
            wave = 1 + 0.28 * math.sin(at * 1.7 + order) + 0.2 * math.sin(at * 0.45)
            if platform == "douyin" and day == date(2026, 10, 22):
                wave = 3.4
            views = round(closing / 14 * wave)
            values = {
                "followers": closing
                - pace * (len(days) - 1 - at)
                + round(pace * 0.6 * math.sin(at / 3 + order)),
                "follows": round(pace * 1.3 * wave),
                "unfollows": round(pace * 0.3),
                "views": views,
                "comments": round(views * 0.006),
                "shares": round(views * 0.011),
                "likes": round(views * 0.034),
                "clicks": round(views * 0.0056),
                "orders": round(views * 0.00023),
                "gmv": round(views * 0.0235),
            }
            rows += [
                (day, *where, metric, "", float(value), "daily", False)
                for metric, value in values.items()
            ]
    product = ("product-a", "product", "dau", "")
    for at, day in enumerate(days):
        dau = 7400 + at * 3.4 + 420 * math.sin(at * 0.9)
        rows.append((day, *product, round(dau), "manual", False))
    frame = _frame("date account platform metric part value basis censored", rows)
    return frame.assign(date=pd.to_datetime(frame["date"]))


def _monthly(daily: pd.DataFrame) -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    month = daily["date"].dt.strftime("%Y-%m")
    keys = [month, "account", "platform", "metric"]
    for (*key, metric), part in daily.groupby(keys, sort=True):
        values = part["value"]
        value = {"followers": values.iloc[-1], "dau": values.mean()}.get(
            metric, values.sum()
        )
        days = (len(part), 31, None, None)
        rows.append((*key, metric, "", value, "daily", 1.0, *days))
    streams = {
        "article": 6210,
        "video": 14980,
        "column": 4320,
        "tips": 1246,
        "circle": 3300,
        "ads": 8500,
    }
    for at, name in enumerate(MONTHS):
        users = ("mau", "", 33_800 + 590 * at, "manual", 1.0, 1, 1, None, None)
        rows.append((name, "product-a", "product", *users))
        for stream, whole in streams.items():
            value = round(whole * (0.7 + 0.3 * at / 11), 2)
            money = ("revenue", stream, value, "daily", 1.0, 31, 31, None, None)
            rows.append((name, "toutiao-a", "toutiao", *money))
    frame = _frame(
        "month account platform metric stream value basis share days_present "
        "days_due opened closed",
        rows,
    )
    return frame.astype({name: MONTHLY[name] for name in frame})


def _posts() -> pd.DataFrame:
    titles = [
        "十元以内的厨房好物",
        "秋日种草·第1篇",
        "周末去哪：三条城市步道",
        "活动规则说明（更新）",
        "直播预告：种草周",
        "读者来信：换季怎么吃",
    ]
    rows: list[tuple[Any, ...]] = []
    for order, platform in enumerate(FANS):
        for at in range(18 + order * 3):
            day = datetime(2026, 10, 1 + (at * 7 + order * 3) % 31, 12)
            wave = 1 + 0.9 * math.sin(at * 2.1 + order)
            views = round(FANS[platform][0] / 9 * wave)
            post = (f"{platform}{at}", titles[(at + order) % len(titles)], day)
            counts = (float(views), views * 0.006, views * 0.011, views * 0.034)
            rows.append((f"{platform}-a", platform, *post, "article", *counts))
    return _frame(
        "account platform post title published_at kind views comments shares likes",
        rows,
    )


RAW = "data/raw/2026-10"


def _source(platform: str) -> str:
    return f"{RAW}/{platform}-a/{platform}_2026-10.csv"


def _files() -> pd.DataFrame:
    rows: list[tuple[Any, ...]] = []
    for platform in FANS:
        days = 28 if platform == "bilibili" else 31
        read_as = (f"{platform}-a", platform, f"{platform}.daily")
        rows.append((_source(platform), *read_as, 341, 335, 6, days, "daily"))
    rows.append((f"{RAW}/weibo-a/说明.txt", "weibo-a", "weibo", "", 0, 0, 0, 0, ""))
    return _frame("source account platform layout records kept left days basis", rows)


def _ledger() -> pd.DataFrame:
    left = [
        (1, "header", "表头", "", ""),
        (337, "total", "合计行", "", "合计,1,2"),
        (338, "blank", "空行", "", ""),
        (339, "duplicate", "与第40行相同", "", "2026-10-03,1"),
        (340, "quarantined", "不是数：约1.2万", "阅读量", "2026-10-04,约1.2万"),
        (341, "conflict", "同一天两个值：64，81", "评论", "2026-10-19,64"),
    ]
    kept = [(at, "kept", "", "", "") for at in range(2, 337)]
    rows = [(_source(name), "", *row) for name in FANS for row in (*kept, *left)]
    return _frame("source sheet row fate reason column raw", rows)


def _target(
    metric: str,
    value: str,
    platform: str = "",
    horizon: str = "short",
    period: str = MONTH,
) -> Target:
    return Target(
        operator="op-01",
        metric=metric,
        platform=platform,
        horizon=horizon,
        period=period,
        value=Decimal(value),
        set_on=date(2026, 9, 28),
        approved_by="示例主管",
        row=2,
    )


def _contents() -> tuple[Content, ...]:
    every = tuple(FANS)
    made = []
    for at in range(20):
        planned = every if at % 3 else every[:4]
        reached = planned if at % 4 else tuple(p for p in planned if p != "bilibili")
        made.append(
            Content(
                id=f"C{at:03d}",
                operator="op-01",
                title=f"秋季内容第{at + 1}篇",
                form="图文",
                planned=date(2026, 10, 1 + at),
                planned_platforms=planned,
                published_platforms=reached,
                source="worklog.xlsx",
                sheet="内容",
                row=at + 2,
            )
        )
    return tuple(made)


def _campaigns() -> tuple[Campaign, ...]:
    """Make two campaigns that were held, the second over its budget."""
    names = [
        f"{name}{end}"
        for name in ("exposure", "new", "conversion")
        for end in ("_target", "")
    ]
    rows = (
        ("H2", "秋日种草", (20, 25), "6000 6880 600000 715000 5205 3770 315 207"),
        ("H1", "国庆打卡", (1, 7), "4000 3960 500000 620000 4000 3410 200 148"),
    )
    return tuple(
        Campaign(
            operator="op-01",
            row=row,
            id=id,
            name=name,
            start=date(2026, 10, first),
            end=date(2026, 10, last),
            confirmed_by="示例主管",
            **dict(
                zip(
                    ("budget", "spend", *names),
                    map(Decimal, amounts.split()),
                    strict=True,
                )
            ),
        )
        for row, (id, name, (first, last), amounts) in zip((3, 2), rows, strict=True)
    )


def quotas(results: dict[str, list[float]], goals: dict[str, float]) -> Quotas:
    """
    Break goals down per day and week of the month, by the calendar's working days.

    Parameters
    ----------
    results : dict of str to list of float
        Metric → a result for every day; NaN where nothing is on record.
    goals : dict of str to float
        Metric → what the month should bring.
    """
    calendar, days = Calendar({}), days_of(MONTH)
    working = [calendar.is_working(day) for day in days]
    frames = []
    for metric, found in results.items():
        each = goals[metric] / sum(working)
        frame = pd.DataFrame({"metric": metric, "date": pd.to_datetime(days)})
        frame["working"] = working
        frame["week"] = [week_of(day) for day in days]
        frame["quota"] = [each if on else 0.0 for on in working]
        frame["result"] = found
        frame["quota_sum"] = frame["quota"].cumsum()
        frame["result_sum"] = frame["result"].fillna(0).cumsum()
        frames.append(frame)
    by_day = pd.concat(frames, ignore_index=True)
    by_week = (
        by_day.groupby(["metric", "week"], sort=False)
        .agg(
            first=("date", "min"),
            last=("date", "max"),
            working_days=("working", "sum"),
            quota=("quota", "sum"),
            result=("result", lambda values: values.sum(min_count=1)),
        )
        .reset_index()
    )
    by_month = (
        by_day.groupby("metric", sort=False)
        .agg(
            quota=("quota", "sum"),
            result=("result", lambda values: values.sum(min_count=1)),
        )
        .reset_index()
    )
    return Quotas(
        days=_attained(by_day, DAYS),
        weeks=_attained(by_week, WEEKS),
        months=_attained(by_month, BY_MONTH),
        notes={},
    )


def _attained(frame: pd.DataFrame, types: dict[str, str]) -> pd.DataFrame:
    quota = frame["quota"].where(frame["quota"] > 0)
    whole = frame.assign(attained=frame["result"] / quota)
    return whole[list(types)].astype(types)


def _quotas() -> Quotas:
    """Make the month's quotas: contents short in two weeks, views with gaps."""
    contents = [0, 0, 1, 3, 3, 3, 4, 3, 3, 4, 0, 3, 3, 2, 2, 3, 4, 0, 3, 3, 4]
    contents += [3, 2, 3, 0, 2, 3, 3, 2, 3, 4]
    views = [84_000 + 9_000 * math.sin(at) for at in range(31)]
    views[11:13] = [math.nan, math.nan]
    likes = [2_900.0 if at < 18 or at > 24 else math.nan for at in range(31)]
    results = {
        "contents": [float(one) for one in contents],
        "views": views,
        "likes": likes,
        "followers": [766.0] * 31,
    }
    goals = {"contents": 57.0, "views": 2_570_000, "likes": 88_000, "followers": 18_800}
    return quotas(results, goals)


def quotas_of_nothing() -> Quotas:
    """Make the quotas of a month without a single goal."""
    full = _quotas()
    return Quotas(
        days=full.days.iloc[:0],
        weeks=full.weeks.iloc[:0],
        months=full.months.iloc[:0],
        notes={},
    )


def _interactions() -> tuple[Interaction, ...]:
    return tuple(
        Interaction(
            operator="op-01",
            date=date(2026, 10, 5 + at),
            platform=platform,
            received=50,
            answered=40 + at,
        )
        for at, platform in enumerate(FANS)
    )


def account(platform: str, name: str, *owners: Owner) -> Account:
    """Make an account, owned the whole time where nothing else is said."""
    always = Owner.model_validate({"operator": "op-01", "from": "2025-11-01"})
    return Account.model_validate(
        {
            "id": f"{platform}-a",
            "platform": platform,
            "name": name,
            "product": "示例产品" if platform == "product" else "",
            "owners": owners or (always,),
            "from": "2025-11-01",
        }
    )


def example(
    name: str = "示例运营甲", called: str = "", text: str = ""
) -> OperatorMonth:
    """
    Make the month of one operator with six accounts and a product.

    Parameters
    ----------
    name : str
        The operator's name, hostile ones too.
    called : str
        Name of every account; empty for the platform's own.
    text : str
        Stands for every title, file, sheet, header, cell and campaign; empty for
        harmless ones.

    Returns
    -------
    OperatorMonth
    """
    daily = _daily()
    made = card(name=name)
    platforms = {
        id: Platform(
            id=id,
            name=zh,
            en=id.title(),
            seal=seal,
            light=light,
            dark=dark,
            form=form,
            confirmed=True,
            order=order,
        )
        for order, (id, (zh, seal, light, dark, form)) in enumerate(PLATFORMS.items())
    }
    posts, ledger, files = _posts(), _ledger(), _files()
    contents, campaigns = _contents(), _campaigns()
    if text:
        posts = posts.assign(title=text)
        ledger = ledger.assign(sheet=text, column=text, raw=text, reason=text)
        files = files.assign(source=files["source"] + text)
        contents = tuple(
            content.model_copy(update={"title": text}) for content in contents
        )
        campaigns = tuple(
            campaign.model_copy(update={"name": text}) for campaign in campaigns
        )
    return OperatorMonth(
        month=MONTH,
        operator=Operator.model_validate(
            {"id": "op-01", "name": name, "manager": "示例主管", "from": "2025-01-01"}
        ),
        accounts=tuple(
            account(id, called or platform.name) for id, platform in platforms.items()
        ),
        platforms=platforms,
        calendar=Calendar({}),
        daily=daily,
        monthly=_monthly(daily),
        posts=posts,
        ledger=ledger,
        files=files,
        targets=(
            _target("followers", "309000", "douyin"),
            _target("dau", "8900"),
            _target("mau", "37300"),
            _target("stickiness", "0.22"),
            _target("conversion_rate", "0.051"),
            _target("orders", "1585"),
            _target("revenue", "27000"),
            _target("followers", "1000000", "", "ultimate", ""),
        ),
        worklog=Worklog(
            month=MONTH,
            contents=contents,
            campaigns=campaigns,
            interactions=_interactions(),
        ),
        card=made,
        earlier=tuple(
            earlier(made) | {"month": month, "total": total}
            for month, total in zip(
                MONTHS[-4:-1], ("74.20", "78.05", "79.67"), strict=True
            )
        ),
        quotas=_quotas(),
    )


def empty() -> OperatorMonth:
    """Make a month in which nothing arrived: every section must still say so."""
    full = example()
    lists = ("ratings", "appeals", "proposals", "same_results")
    items = [
        item
        | {
            "score": None,
            "rated": "0",
            "measures": [
                measure | {"score": None, "status": "pending", "rated": "0"}
                for measure in item["measures"]
            ],
        }
        for item in full.card["items"]
    ]
    return replace(
        full,
        accounts=(),
        daily=full.daily.iloc[:0],
        monthly=full.monthly.iloc[:0],
        posts=full.posts.iloc[:0],
        ledger=full.ledger.iloc[:0],
        files=full.files.iloc[:0],
        targets=(),
        worklog=Worklog(month=MONTH),
        quotas=quotas_of_nothing(),
        earlier=(),
        card=full.card
        | {name: [] for name in lists}
        | {"rests_on": dict.fromkeys(full.card["rests_on"], "0")}
        | {"total": None, "rated": "0", "items": items},
    )
