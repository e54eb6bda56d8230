"""Rows of a day and rows of a post: what their cells give, or why they do not."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from itertools import chain, compress, pairwise
from typing import NamedTuple

from kpi_lib import files
from kpi_lib.catalogue import METRICS, STREAMS
from kpi_lib.days import stretches
from kpi_lib.errors import Problem
from kpi_lib.exports.headers import Table
from kpi_lib.exports.record import KEPT, TWICE, Outcome, Row, Wrong
from kpi_lib.exports.rows import Basis, DailyRow, PostRow
from kpi_lib.files import Column, Number, Order, header_key
from kpi_lib.grouping import grouped
from kpi_lib.language import N_, Sentence

SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)

# Rates that only one kind of post has; on the other kind the cell is no value.
PERCENT_OF = {"completion_rate": "video", "read_completion": "article"}

ROUNDED = N_("{rows}数值在平台上已经四舍五入（万、千、亿）")
HIDDEN = N_("{rows}数字中间有看不见的字符，已按去掉它们的数读，请对照后台")
AT_LEAST = N_("{rows}数值只知道下限（如10万+）")
ASSUMED = N_("{rows}日期没有写年份或次序，按这个月读")
MANGLED = N_("{rows}编号的末几位被Excel改掉，改用链接或发布时间识别")
NO_KIND = N_("{rows}体裁不认得，完播率和阅读完成率不计")
BELOW = N_("{rows}比率只写了“小于”（如<0.1%），按缺数处理")


class Grain:
    """The rows of one file, taken one by one; each grain knows what a row is."""

    def __init__(self, source: str, month: str) -> None:
        self.source, self.month = source, month
        self.daily: list[DailyRow] = []
        self.posts: list[PostRow] = []
        self._seen: dict[tuple[object, ...], Row] = {}
        self._remarks: dict[str, list[int]] = defaultdict(list)

    def begin(self, table: Table) -> None:
        """Look at a table before its rows are taken."""

    def take(self, row: Row) -> Outcome:
        """Take a row of data, or raise `Wrong`."""
        raise NotImplementedError

    def lose(self, row: Row) -> None:
        """Learn that a row could not be read."""

    def add_total(self, row: Row) -> None:
        """Learn what the file says that its rows come to."""

    def finish(self) -> list[Problem]:
        """Return what is worth telling, after the last row."""
        return [
            Problem(what=Sentence(template, rows=numbered(rows)), level="note")
            for template, rows in self._remarks.items()
        ]

    def _repeated(self, row: Row, *content: object) -> bool:
        """Return whether an equal row stood before; a differing one is kept."""
        return self._seen.setdefault(content, row) is not row

    def _remark(self, row: Row, remark: str) -> None:
        self._remarks[remark].append(row.record.row)

    def _remember(self, row: Row, numbers: Iterable[Number]) -> None:
        """Keep in mind what the source rounded or cut."""
        for number in numbers:
            told = (number.rounded, number.hidden, number.censored)
            for remark in compress((ROUNDED, HIDDEN, AT_LEAST), told):
                self._remark(row, remark)


class Days(Grain):
    """Rows of a day, each column a metric."""

    _order: Order = ""

    def __init__(self, source: str, month: str) -> None:
        super().__init__(source, month)
        self._totals: list[Total] = []
        self._missing: dict[str, set[date]] = defaultdict(set)
        self._days: dict[tuple[str, int], set[date]] = defaultdict(set)

    def begin(self, table: Table) -> None:
        """One order of month and day holds for all dates of a table."""
        place = table.firsts.get("date")
        if place is None:  # a table of which nothing is counted
            return
        dates = [
            cell
            for record in table.sheet.records[table.header + 1 :]
            for cell in record.cells[place : place + 1]
        ]
        self._order = files.date_order(dates, self.month)

    def take(self, row: Row) -> Outcome:
        """Take the values of a day."""
        day = self._day(row)
        self._days[row.table.sheet.name, row.table.block].add(day)
        numbers, fate = row.numbers(row.table.metrics)
        if not numbers and fate is not KEPT:
            return fate._replace(fate="quarantined")
        self._remember(row, numbers.values())
        if fate is KEPT:  # a cell that is wrong is told by itself
            for key in row.table.metrics:
                if key not in numbers:
                    self._missing[_metric(key)[0]].add(day)
        account = row.text("account")
        if self._repeated(row, account, day, *sorted(numbers.items())):
            return TWICE
        self.daily += [
            self._value(row, (account, day, *_metric(key)), number)
            for key, number in numbers.items()
        ]
        if not numbers:
            fate = fate._replace(reason=Sentence("这一天各列都缺数"))
        return fate._replace(day=day)

    def finish(self) -> list[Problem]:
        """Also tell of missing cells, and what figures say against themselves."""
        findings = super().finish()
        for metric, days in self._missing.items():
            what = Sentence(
                "{metric}有{n}天没有数：{days}",
                metric=METRICS[metric].label,
                n=len(days),
                days=stretches(days),
            )
            findings.append(Problem(what=what, level="note"))
        return [*findings, *doubts(self.daily, self._totals)]

    def add_total(self, row: Row) -> None:
        """Keep the sums that the file gives of its own columns."""
        numbers, _ = row.numbers(row.table.metrics)
        values = {_metric(key): number.value for key, number in numbers.items()}
        table = row.table
        place = (table.sheet.name, table.block)
        total = Total(*place, row.record.row, values, self._days[place])
        self._totals.append(total)

    def _day(self, row: Row) -> date:
        day = row.when("date", lambda cell: files.day(cell, self.month, self._order))
        if isinstance(day, datetime):
            return day.date()
        if day.assumed:
            self._remark(row, ASSUMED)
        return day.value

    def _value(
        self, row: Row, what: tuple[str, date, str, str], number: Number
    ) -> DailyRow:
        basis: Basis = "level" if METRICS[what[2]].kind == "stock" else "daily"
        table = row.table
        return DailyRow(
            *what, number.value, basis, number.censored, self.source,
            table.sheet.name, table.block, row.record.row, number.rounded,
        )  # fmt: skip


@cache
def _metric(key: str) -> tuple[str, str]:
    """Return the metric and the part of a column's key."""
    metric, _, part = key.partition(":")
    return metric, part


class Manual(Days):
    """Figures written down by hand: a row for a day and a metric."""

    def take(self, row: Row) -> Outcome:
        """Take one value of a day."""
        day = self._day(row)
        account = row.text("account")
        metric, part = manual_metric(row.text("metric"))
        number = row.number("value", _manual_column(metric))
        if number is None:
            return Outcome("kept", Sentence("没有填数值"), row.header("value"))
        self._remember(row, [number])
        if self._repeated(row, account, day, metric, part, number.value):
            return TWICE
        what = (account, day, metric, part)
        self.daily.append(self._value(row, what, number)._replace(basis="manual"))
        return KEPT._replace(day=day)


class Posts(Grain):
    """Rows of a post, with its counters on the day of download."""

    def take(self, row: Row) -> Outcome:
        """Take the counters of a post."""
        layout = row.table.layout
        status = row.text("status")
        if any(word in status for word in layout.private):
            why = Sentence("只有作者可见，不计")
            return Outcome("private", why, row.header("status"), status)
        published = row.when("published_at", files.moment)
        kind = self._kind(row)
        title = row.text("title")
        numbers, fate = self._counters(row, kind)
        self._remember(row, numbers.values())
        post = self._post(row, published, title)
        if self._repeated(row, post, title, published, status, *numbers.items()):
            return TWICE
        self.posts.append(
            PostRow(
                account=row.text("account"),
                post=post,
                title=title,
                published_at=published,
                kind=kind,
                status=status,
                metrics={key: number.value for key, number in numbers.items()},
                censored=frozenset(k for k, n in numbers.items() if n.censored),
                rounded=tuple((k, n.rounded) for k, n in numbers.items() if n.rounded),
                source=self.source,
                sheet=row.table.sheet.name,
                block=row.table.block,
                row=row.record.row,
            )
        )
        return fate

    def _kind(self, row: Row) -> str:
        """Return the post's kind by the words of its column."""
        layout, text = row.table.layout, row.text("kind")
        said = [(kind, word) for kind, words in layout.kinds.items() for word in words]
        kind = next((kind for kind, word in said if word in text), layout.default_kind)
        if not kind:
            self._remark(row, NO_KIND)
        return kind

    def _counters(self, row: Row, kind: str) -> tuple[dict[str, Number], Outcome]:
        keys = [key for key in row.table.metrics if PERCENT_OF.get(key, kind) == kind]
        for key in keys:
            if files.is_below(row.cell(key)):
                self._remark(row, BELOW)
        return row.numbers(keys)

    def _post(self, row: Row, published: datetime, title: str) -> str:
        """Return a key that stays the same over downloads."""
        cell = row.cell("id")
        if cell is not None:
            if not isinstance(cell, float) and not SCIENTIFIC.fullmatch(str(cell)):
                return files.plain(cell)
            self._remark(row, MANGLED)
        pattern = row.table.layout.id_in_link
        if pattern and (match := re.search(pattern, row.text("link"))):
            return ":".join(match.groups())
        return " ".join([f"{published:%Y-%m-%dT%H:%M:%S}", *title.split()])


def numbered(rows: Sequence[int]) -> Sentence:
    """Return rows as a message names them."""
    numbers = list(dict.fromkeys(rows[:8]))
    if len(rows) <= 8:
        return Sentence("第{numbers}行", numbers=numbers)
    return Sentence("第{numbers}等{n}行", numbers=numbers, n=len(rows))


# ------------------------------------------------------- figures by hand

# What may stand in 指标.
FILLABLE = {
    metric.zh: name
    for name, metric in METRICS.items()
    if metric.kind != "ratio" and name not in {"followers_gain", "followers_opening"}
}

_METRIC_NAMES = {
    header_key(word): name
    for name, metric in METRICS.items()
    for word in (name, metric.zh, metric.en)
}
_STREAM_NAMES = {
    header_key(word): name for name, zh in STREAMS.items() for word in (name, zh)
}


def manual_metric(text: str) -> tuple[str, str]:
    """Return the metric and part that somebody wrote into 指标, or raise `Wrong`."""
    # The Chinese, English or field name; a part in brackets or behind a colon:
    # 平台收益（视频）, ``revenue:video``.
    key, _, part = header_key(text).rstrip(")").replace("(", ":", 1).partition(":")
    metric, stream = _METRIC_NAMES.get(key, ""), _STREAM_NAMES.get(part, "")
    said: dict[str, object] = {"value": files.shown(text)}
    if not metric:
        template = N_("没有“{value}”这个指标，可用：{metrics}")
        said["metrics"] = [Sentence(name) for name in FILLABLE]
    elif METRICS[metric].kind == "ratio":
        template = N_("“{metric}”由别的数算出，请填{metrics}")
        parts = [METRICS[name].label for name in METRICS[metric].parts]
        said = {"metric": METRICS[metric].label, "metrics": parts}
    elif metric not in FILLABLE.values():
        template = N_("“{metric}”由程序算出，不能填")
        said = {"metric": METRICS[metric].label}
    elif part and (not stream or metric != "revenue"):
        template = N_("“{value}”的来源应为{streams}之一")
        said["streams"] = [Sentence(name) for name in STREAMS.values()]
    else:
        return metric, stream
    raise Wrong("指标", text, Sentence(template, **said))


@cache
def _manual_column(metric: str) -> Column:
    """Return the grammar of a value written by hand: the metric's own unit."""
    money = METRICS[metric].unit == "CNY"
    return Column(
        kind="money" if money else "count",
        source=("数值",),
        signed=metric in {"net_follows", "revenue", "gmv"},
    )


# What the figures of a file say against themselves: told, and left to a person.

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
