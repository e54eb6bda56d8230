"""
Questions of an analyst, a line each: a month in, a picture with its numbers out.

Every answer is drawn with the report's own charts, shows itself in a notebook, carries
the tidy frame that it is made from as ``.frame``, and goes into a slide by ``.save()``.
The month stands first in every question. Metrics, operators, platforms and accounts go
by id or Chinese name. ``**only`` is ``operator=``, ``platform=`` and ``account=``: they
narrow what is asked, as of `Workbook.values`; without an operator the team is meant.
`back` is a number of months, the open one included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd

from kpi_lib import page
from kpi_lib.appraisal import OperatorMonth, short_targets
from kpi_lib.catalogue import METRICS
from kpi_lib.days import REACH, days_of, months_back
from kpi_lib.figures import exact, month_name, percent
from kpi_lib.months import ONCE_A_PRODUCT
from kpi_lib.page import Fragment, charts
from kpi_lib.workbook import answers, campaigns, frames
from kpi_lib.workbook.answers import Answer, Columns, Drawing, answer, whose, zh
from kpi_lib.workbook.posts import bought, publishing, scatter, top_posts
from kpi_lib.workbook.tables import BY, Some, Tables, id_of, listed, refusal

__all__ = [
    "activity", "bought", "campaign", "compare", "contents", "days", "engagement",
    "followers", "goals", "months", "orders", "publishing", "ratio", "scatter",
    "top_posts",
]  # fmt: skip


def __dir__() -> list[str]:
    return __all__


def _section(
    m: Tables,
    section: Callable[[OperatorMonth], Fragment],
    month: str,
    only: Mapping[str, Any],
    *metrics: str,
) -> Answer:
    """Show a section of the report above the curves of its metrics' twelve months."""
    opened, whole = m.at(month or m.month), list(filter(only.get, only)) == ["operator"]
    answered = months(opened, *metrics, by="account" if whole else "platform", **only)
    if not whole:
        # A target of all accounts must not stand beside results of some.
        return answered
    return replace(answered, html=section(opened.operator(only["operator"])).html)


def followers(m: Tables, *, month: str = "", **only: Any) -> Answer:
    """
    Show how followers grew, who came and left, and the way to the targets.

    Of one operator the report's section of a month, its curves in `.charts()`; of the
    team, or of some platforms or accounts, a curve of twelve months each.

    Returns
    -------
    Answer
        One row per metric, month and account (else platform), as of `Workbook.totals`.

    Examples
    --------
    >>> followers(m, operator="op-01").frame["month"].max()
    '2026-10'
    """
    return _section(m, page.followers, month, only, "followers")


def activity(m: Tables, *, month: str = "", **only: Any) -> Answer:
    """
    Show how many used a product, and how often they came back.

    Of one operator the report's section of a month, its curves in `.charts()`; of the
    team, or of some platforms or accounts, a curve of twelve months each.

    Returns
    -------
    Answer
        One row per metric, month and account (else platform), as of `Workbook.totals`.

    Examples
    --------
    >>> activity(m, operator="op-01").frame["month"].max()
    '2026-10'
    """
    return _section(m, page.activity, month, only, "dau", "mau", "stickiness")


def engagement(m: Tables, *, month: str = "", **only: Any) -> Answer:
    """
    Show who took part, and who read or watched to the end.

    Of one operator the report's section of a month, its curves in `.charts()`; of the
    team, or of some platforms or accounts, a curve of twelve months each.

    Returns
    -------
    Answer
        One row per metric, month and account (else platform), as of `Workbook.totals`.

    Examples
    --------
    >>> engagement(m, operator="op-01").frame["month"].max()
    '2026-10'
    """
    rates = ("engagement_rate", "completion_rate", "read_completion")
    return _section(m, page.engagement, month, only, *rates)


def orders(m: Tables, *, month: str = "", **only: Any) -> Answer:
    """
    Show the way from views to orders, and what platforms paid.

    Of one operator the report's section of a month, its curves in `.charts()`; of the
    team, or of some platforms or accounts, a curve of twelve months each.

    Returns
    -------
    Answer
        One row per metric, month and account (else platform), as of `Workbook.totals`.

    Examples
    --------
    >>> orders(m, operator="op-01").frame["month"].max()
    '2026-10'
    """
    return _section(m, page.orders, month, only, "orders", "conversion_rate", "revenue")


def contents(m: Tables, *, month: str = "", **only: Any) -> Answer:
    """
    Show what was published where, beside what was planned.

    Of one operator the report's section of a month, its curves in `.charts()`; of the
    team, or of some platforms or accounts, a curve of twelve months each.

    Returns
    -------
    Answer
        One row per metric, month and account (else platform), as of `Workbook.totals`.

    Examples
    --------
    >>> contents(m, operator="op-01").frame["month"].max()
    '2026-10'
    """
    return _section(m, page.platforms, month, only, "views")


def days(m: Tables, *metrics: str, metric: Some = (), **only: Any) -> Answer:
    """
    Draw metrics day by day over the month, a panel an account.

    Returns
    -------
    Answer
        One row per metric, account and day, as of `Workbook.values`.
    """
    names = [m.metric(name) for name in (*metrics, *listed(metric))]
    frame = m.values(*names, **only)
    curve = partial(charts.day_curve, days=days_of(m.month), calendar=m.calendar)
    title = f"{whose(m, **only)}{month_name(m.month)}每天的{zh(*names)}"
    sub = "一个账号一张图，同一指标同一纵轴；断开处没有数据，不是0。"
    return answers.curves("days", title, sub, frame, m, curve, "account")


def months(
    m: Tables,
    *metrics: str,
    metric: Some = (),
    by: str = "platform",
    back: int = 12,
    **only: Any,
) -> Answer:
    """
    Draw metrics month by month, a panel a platform (or whatever `by` says).

    Returns
    -------
    Answer
        One row per metric, month and key, as of `Workbook.totals`, and `target`: the
        month's short one as it is held; missing where none is of just these accounts.

    Examples
    --------
    >>> own = months(m, "views", by="operator", operator="op-01").frame
    >>> own.loc[own["month"] == "2026-10", "target"].tolist()
    [960500.0]
    """
    names = [m.metric(name) for name in (*metrics, *listed(metric))]
    frame = m.totals(*names, by=by, months=back, **only)
    frame = frame.assign(target=_targets(m, frame, by, **only))
    curve = partial(charts.month_curve, months=m.months[-back:])
    title = f"{whose(m, **only)}近{back}个月的{zh(*names)}"
    sub = (
        "按考核的口径合成月值；同一指标同一纵轴。"
        "写着“换了账号或口径”的月份，与之前的不能相比。"
    )
    return answers.curves("months", title, sub, frame, m, curve, by)


def _targets(
    m: Tables,
    frame: pd.DataFrame,
    by: str,
    operator: str = "",
    platform: Some = (),
    account: Some = (),
) -> pd.Series:
    """Return the target of each row that is of one operator, whole or of a platform."""
    asked = [m.platform(name) for name in listed(platform)] or [""]
    own = m.operator_id(operator) if operator else ""
    held: dict[tuple[str, ...], float] = {
        (who.id, *at): value
        for who in m.appraised
        for at, value in short_targets(who, m.inputs.targets_of(who.id)).items()
    }
    whole = by == "operator" and len(asked) == 1
    if account or not (whole or by == "platform"):
        held = {}
    places = zip(frame["metric"], frame["key"], frame["month"], strict=True)
    targets = [
        held.get((key, metric, *asked, month) if whole else (own, metric, key, month))
        for metric, key, month in places
    ]
    return pd.Series(targets, index=frame.index, dtype=float)


def compare(
    m: Tables, metric: str, *, by: str = "platform", against: str = "", **only: Any
) -> Answer:
    """
    Compare platforms, operators, products … in the month, and with an earlier one.

    Parameters
    ----------
    against : str
        Any of the twelve months before, as this one of last year; empty: the last.

    Returns
    -------
    Answer
        One row per key, largest first: `key`, `name`, `value`, `before` (the earlier
        month; may be missing), `change` (relative; missing where the two are not
        counted alike), `breaks` (whether they are not).

    Examples
    --------
    >>> compare(m, "views", by="team", against="2025-10").frame["key"].tolist()
    ['team']
    """
    name, earlier = m.metric(metric), against or m.months[-2]
    if earlier not in (year := months_back(m.month, REACH)[:-1]):
        raise refusal(f"不能与{earlier}相比", f"{year[0]}至{year[-1]}")
    rows = m.totals(name, by=by, months=REACH, **only)
    later = rows[rows["month"] > earlier].groupby("key")["breaks"].any()
    past = rows[rows["month"] == earlier].set_index("key")["value"].rename("before")
    now = rows.loc[rows["month"] == m.month, ["key", "name", "value"]]
    frame = now.join(past, on="key").join(later, on="key")
    frame = frame.sort_values("value", ascending=False, ignore_index=True)
    base = frame["before"].where((frame["before"] > 0) & ~frame["breaks"])
    frame = frame.assign(change=frame["value"] / base - 1)
    frame = frame[["key", "name", "value", "before", "change", "breaks"]]
    text = answers.text_of(name)
    title = f"{whose(m, **only)}{month_name(m.month)}{zh(name)}"
    drawings = []
    if len(frame):
        title += answers.most_of(
            frame, "最高" if METRICS[name].unit == "share" else "最多"
        )
        ax = charts.bars(frame.head(answers.MOST), text=text)
        drawings = [Drawing(ax, f"{name}-{by}", zh(name), answers.unit_of(name))]
    columns: Columns = {
        BY[by]: ("name", str),
        "当月": ("value", text),
        against or "上月": ("before", text),
        "变化": ("change", partial(percent, places=1, sign=True)),
    }
    sub = f"条是当月，竖线是{against or '上月'}。"
    if len(frame) > answers.MOST:
        sub += (
            f"图中是最大的{answers.MOST}个，其余{len(frame) - answers.MOST}个在表里。"
        )
    if names := "、".join(frame.loc[frame["breaks"] & frame["before"].notna(), "name"]):
        sub += f"{names}两个月的账号、份额或口径不同，不算变化。"
    return answer(
        "compare", title, sub, frame, drawings, answers.printed(frame, columns)
    )


def ratio(
    m: Tables,
    above: str,
    below: str,
    *,
    by: str = "platform",
    back: int = 12,
    **how: Any,
) -> Answer:
    """
    Draw one flow over another by month, as revenue per 1,000 views.

    Returns
    -------
    Answer
        One row per month and key, as of `Workbook.ratio`.

    Examples
    --------
    >>> bool(ratio(m, "revenue", "views", per=1000).frame["value"].min() > 0)
    True
    """
    frame = m.ratio(above, below, by=by, months=back, **how)
    curve = partial(charts.month_curve, months=m.months[-back:])
    name = "".join(frame["metric"].head(1)) or "没有两样都有的账号"
    sub = "先加后除，只算两样都有的账号和日子；换了账号或口径的月份，与之前的不能相比。"
    title = f"{whose(m, **how)}近{back}个月{name}"
    return answers.curves("ratio", title, sub, frame, m, curve, by)


def goals(m: Tables, *, operator: str = "") -> Answer:
    """
    Hold followers against the targets of all four horizons, as the report does.

    Returns
    -------
    Answer
        One row per operator and horizon with a target: `operator`, `name`, `period`,
        `goal`, `value` (share of the way to it), `before` (share of the period that
        has gone by), `missing` (followers).

    Examples
    --------
    >>> goals(m, operator="op-01").frame["name"].tolist()
    ['短期', '中期', '后期', '终极']
    """
    people = [operator] if operator else m.operators["operator"]
    rows = [
        {"operator": own.operator.name, **horizon}
        for own in map(m.operator, people)
        for horizon in page.horizons_of(own)
    ]
    kept = ["operator", "name", "period", "goal", "way", "elapsed", "missing"]
    frame = pd.DataFrame(rows, columns=kept)
    frame = frame.rename(columns={"way": "value", "elapsed": "before"})
    frame = frame.astype(dict.fromkeys(("goal", "value", "before", "missing"), float))
    drawings = [
        Drawing(charts.bars(row, text=percent), f"goals-{at}", str(who), "走过的路")
        for at, (who, row) in enumerate(frame.groupby("operator", sort=False), 1)
    ]
    title = f"{whose(m, operator)}的粉丝在{month_name(m.month)}离四个期限的目标还有多远"
    sub = "条是走到目标的几成，竖线是期限已经过去的几成；终极目标没有期限。"
    return answer("goals", title, sub, frame, drawings)


def campaign(m: Tables, campaign: Some = (), metric: str = "views") -> Answer:
    """
    Set campaigns' days beside like spans before, with the uncertainty stated.

    Parameters
    ----------
    m : Workbook
        The month.
    campaign : str or collection of str
        Ids or names of campaigns of the month's work log, which stand side by side;
        none: its first.
    metric : str
        What is on record by day: a flow, a ratio of flows, DAU.

    Returns
    -------
    Answer
        One row per campaign and span: `campaign`, `at` (0 the campaign, negative
        before, 1 after), `first`, `last`, `value` (mean of a day, the operator's own
        part; a ratio is one sum of the span's days and accounts over the other).

    Raises
    ------
    InvalidInput
        A level, or a ratio of a month: their days do not add up. No such campaign.

    Examples
    --------
    >>> both = campaign(m, ["H2610-01", "H2610-02"], "views")
    >>> both.frame["campaign"].unique().tolist()
    ['H2610-01', 'H2610-02']
    """
    name = m.metric(metric)
    if not frames.days_compare(name):
        raise refusal(f"{zh(name)}不能按天加起来，几天不能相比", "views、互动率这样的")
    table = m.campaigns.set_index("id", drop=False)
    names = {str(id): str(name) for id, name in table["name"].items()}
    asked = [id_of("活动", name, names) for name in listed(campaign)] or [*names][:1]
    if not asked:
        return answer("campaign", "工作记录里没有活动", "", table)
    rows = (row for id in asked for _, row in table.loc[[id]].iterrows())
    effects = [_effect(m, row, name) for row in rows]
    frame = pd.concat([each.frame for each in effects], ignore_index=True)
    drawings = [drawing for each in effects for drawing in each.drawings]
    if len(effects) == 1:
        return answer("campaign", effects[0].title, effects[0].sub, frame, drawings)
    own = table.loc[asked].assign(cost=table["spend"] / table["new"])
    columns: Columns = {
        "活动": ("name", str),
        "花费": ("spend", exact),
        "曝光": ("exposure", exact),
        "新增": ("new", exact),
        "每个新增花费": ("cost", partial(exact, places=2)),
    }
    title = f"{len(effects)}个活动并排：{zh(name)}"
    sub = " ".join(f"{each.title}：{each.sub}" for each in effects)
    return answer(
        "campaign", title, sub, frame, drawings, answers.printed(own, columns)
    )


def _effect(m: Tables, entry: pd.Series, name: str) -> Answer:
    """Answer of one campaign: its title, sentence, spans and drawing; without HTML."""
    first, last = entry["start"].date(), entry["end"].date()
    near = campaigns.range_of(first, last)
    own = _sums(m, name, str(entry["operator"]))
    total = campaigns.whole_days(own[own["date"] <= near[-1]], near[0].date())
    frame = campaigns.spans(total, first, last)
    effect = campaigns.effect(frame)
    title = f"{entry['name']}：{entry['start']:%m-%d}至{entry['end']:%m-%d}的{zh(name)}"
    frame.insert(0, "campaign", entry["id"])
    if effect is None:
        return Answer("", frame, title=title, sub="没有足够的日子可以对照。")
    text, scale = answers.sentence_of(name), answers.scale_of(name, frame["value"])
    ax = charts.windows(frame, low=effect.low, high=effect.high, scale=scale, end=text)
    count = int(total["accounts"].iloc[0])
    mean = "" if METRICS[name].unit == "share" else "日均"
    sub = effect.sentence(text, campaigns.outside(total, first, last), mean)
    sub += f"只算每天都有数据的{count}个账号。"
    note = f"每段的{mean or zh(name)}；带子是按之前的走势推到活动这几天的范围"
    drawing = Drawing(ax, f"{entry['id']}-{name}", str(entry["name"]), note)
    return Answer("", frame, (drawing,), title=title, sub=sub)


def _sums(m: Tables, metric: str, operator: str) -> pd.DataFrame:
    """Return what is added up of every own day: `above`, of a ratio also `below`."""
    ratio = METRICS[metric]
    rows = m.days_of(len(m.months), operator)
    days = frames.sums_of_days(rows, ratio.numerator or (metric,), ratio.denominator)
    if metric in ONCE_A_PRODUCT:
        days = days[frames.first_of_product(days, m.roster.accounts, ["date"])]
    return days
