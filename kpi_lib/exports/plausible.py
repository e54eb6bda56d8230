"""What the figures of a file say against themselves: told, and left to a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, pairwise
from typing import NamedTuple

from kpi_lib.catalogue import METRICS
from kpi_lib.errors import Problem
from kpi_lib.exports.rows import DailyRow
from kpi_lib.grouping import grouped
from kpi_lib.language import N_, Sentence

# A daily figure that grows so many days in a row by chance: one in 10!.
MANY_DAYS = 10

# Metrics that hardly are 0 throughout in an account that is at work.
SIZES = frozenset({"views", "impressions", "followers", "dau", "mau"})


class Total(NamedTuple):
    """A row that sums up the others of its table, by column; and the days of these."""

    sheet: str
    block: int
    row: int
    values: Mapping[tuple[str, str], float]
    days: Collection[date]


Series = Mapping[str, Mapping[date, float]]

# What looks wrong, and what to do about it.
Doubt = tuple[Sentence, Sentence]


def doubts(rows: Sequence[DailyRow], totals: Iterable[Total]) -> Iterator[Problem]:
    """Walk what looks wrong in the days of a file."""
    series: dict[str, dict[date, float]] = defaultdict(dict)
    for row in rows:
        series[row.metric][row.date] = row.value
    sums = (_sums(total, rows) for total in totals)
    of_series = (_growing(rows, series), _all_zero(series), _nobody_leaves(series))
    for what, do in chain(*of_series, *sums):
        yield Problem(what=what, do=do, level="warning")


def _growing(rows: Iterable[DailyRow], series: Series) -> Iterator[Doubt]:
    """Doubt daily flows that grow on each of many days, as levels do."""
    for metric in dict.fromkeys(row.metric for row in rows if row.basis == "daily"):
        values = [series[metric][day] for day in sorted(series[metric])]
        if len(values) >= MANY_DAYS and all(a < b for a, b in pairwise(values)):
            template = N_("“{metric}”每天都比前一天多，像是累计数而不是当天的数")
            what = Sentence(template, metric=METRICS[metric].label)
            yield what, Sentence("对照后台核对几天；是累计数就不能相加")


def _all_zero(series: Series) -> Iterator[Doubt]:
    """Doubt a file of which nothing is more than 0."""
    days = {day for values in series.values() for day in values}
    zero = not any(value for values in series.values() for value in values.values())
    if zero and len(days) > 1 and SIZES & series.keys():
        template = N_("{first}至{last}的数全是0，像是没有导出成功")
        what = Sentence(template, first=min(days), last=max(days))
        yield what, Sentence("对照后台核对；不对就重新导出")


def _nobody_leaves(series: Series) -> Iterator[Doubt]:
    """Doubt new followers of many days where none is lost on any of them."""
    gained, lost = series.get("follows", {}), series.get("unfollows", {})
    net = series.get("net_follows", {})
    if len(gained) < MANY_DAYS or not any(gained.values()):
        return
    span = {"first": min(gained), "last": max(gained)}
    if len(lost) >= MANY_DAYS and not any(lost.values()):
        what = Sentence("{first}至{last}每天的取消关注都是0", **span)
    elif not lost and net == gained:
        what = Sentence("{first}至{last}每天的净增关注都等于新增关注", **span)
    else:
        return
    yield what, Sentence("对照后台核对：没有取消关注，还是没有导出")


def _sums(total: Total, rows: Iterable[DailyRow]) -> Iterator[Doubt]:
    """Doubt flows whose rows add up to another sum than the file's own."""
    own = (row for row in rows if (row.sheet, row.block) == (total.sheet, total.block))
    columns = grouped(((row.metric, row.part), row) for row in own)
    for (metric, part), value in total.values.items():
        column = columns.get((metric, part), [])
        added = sum(row.value for row in column)
        exact = len(column) == len(total.days) and not any(
            row.rounded or row.censored for row in column
        )
        flow = METRICS[metric].kind == "flow"
        if flow and exact and abs(added - value) > len(column) * 0.005:
            what = Sentence(
                "第{row}行合计的{metric}是{total}，各行加起来是{sum}",
                row=total.row,
                metric=METRICS[metric].label,
                total=f"{value:,.10g}",
                sum=f"{added:,.10g}",
            )
            yield what, Sentence("对照后台核对，文件可能少了几行")
