"""
The work log: what no platform exports, one sheet a subject.

`SHEETS` declares the sheets and their columns once: the reader below and the writer
of the template (starter) both work from it, so that they cannot differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from kpi_lib.days import month_of, week_of
from kpi_lib.errors import Problem, WorklogError
from kpi_lib.files import Book, Sheet
from kpi_lib.inputs.documents import (
    Cells,
    Column,
    TableRow,
    WrongForm,
    by_operator,
    choices,
    normal,
    one_of,
    read_book,
    shown,
    table_rows,
    to_date,
    to_decimal,
    to_month,
    to_text,
    to_whole,
)

# --- entries -------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Entry:
    """
    A row of the work log.

    Parameters
    ----------
    operator : str
        Operator id.
    source, sheet : str
        The file and its sheet; no sheet in a CSV.
    row : int
        Its row as a spreadsheet counts.
    """

    operator: str
    source: str = ""
    sheet: str = ""
    row: int = 0


@dataclass(frozen=True, kw_only=True)
class Task(Entry):
    """A task of a week: 任务."""

    id: str
    name: str
    planned: date
    done: date | None = None
    accepted: bool | None = None
    rework: bool | None = None
    confirmed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Campaign(Entry):
    """A campaign, in the month of its last day: 活动."""

    id: str
    name: str
    start: date
    end: date
    budget: Decimal | None = None
    spend: Decimal | None = None
    exposure_target: Decimal | None = None
    exposure: Decimal | None = None
    new_target: Decimal | None = None
    new: Decimal | None = None
    conversion_target: Decimal | None = None
    conversion: Decimal | None = None
    not_held: str = ""
    confirmed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Suggestion(Entry):
    """A suggestion, adopted or not: 建议."""

    text: str
    date: date
    adopted: bool | None = None
    confirmed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Review(Entry):
    """The review of a week (``2026-W41``) or of a month (``2026-10``): 复盘."""

    kind: Literal["week", "month"]
    period: str
    delivered: date | None = None
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Content(Entry):
    """A content, planned for platforms and published on some: 内容."""

    id: str
    title: str
    form: str
    planned: date
    planned_platforms: tuple[str, ...]
    published_platforms: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Community(Entry):
    """A community and how many of it speak: 社群."""

    name: str
    founded: date | None = None
    members: int | None = None
    speakers: int | None = None


@dataclass(frozen=True, kw_only=True)
class Feedback(Entry):
    """Feedback or a user portrait, given to the product department: 反馈."""

    kind: Literal["feedback", "portrait"]
    date: date
    confirmed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Interaction(Entry):
    """Comments received and answered on a day and platform: 互动."""

    date: date
    platform: str
    received: int
    answered: int


@dataclass(frozen=True, kw_only=True)
class Adjustment(Entry):
    """A documented change of the direction of content: 调整."""

    date: date
    basis: str
    text: str
    confirmed_by: str = ""


@dataclass(frozen=True, kw_only=True)
class Rating(Entry):
    """
    A rating of a measure by the operator or the manager, or a veto: 评分.

    `item` is the plan's ``item.measure`` where it is one; `word` is a word of the
    measure's scale, where it is rated in words and not in points.
    """

    item: str
    kind: Literal["self", "manager", "veto"]
    points: Decimal | None = None
    word: str = ""
    by: str = ""
    on: date | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class NoneHere(Entry):
    """
    Somebody's word that a sheet has no rows for an operator: 确认.

    `sheet` is the Chinese name of the sheet spoken of, not of the sheet 确认.
    """

    by: str
    on: date


@dataclass(frozen=True, kw_only=True)
class Rateable:
    """
    A measure as people may rate it.

    Parameters
    ----------
    key : str
        The plan's ``item.measure``.
    points : Decimal
        The most points, in the plan's points.
    scale : tuple of str
        Words that may stand for points; empty if it is rated in points only.
    """

    key: str
    points: Decimal
    scale: tuple[str, ...] = ()


# --- the sheets, declared once ----------------------------------------------------

Kind = Literal[
    "operator",
    "text",
    "date",
    "count",
    "amount",
    "yes_no",
    "word",
    "platform",
    "platforms",
    "period",
    "points",
    "measure",
]

YES_NO: dict[str, bool] = {
    **dict.fromkeys(
        ("是", "已采纳", "采纳", "已验收", "通过", "合格", "已返工", "返工", "有"), True
    ),
    **dict.fromkeys(
        ("否", "未采纳", "不采纳", "未验收", "未通过", "不通过", "不合格", "未返工"),
        False,
    ),
    **dict.fromkeys(("无", "没有", "×", "✗", "n", "no", "false", "0"), False),
    **dict.fromkeys(("√", "✓", "y", "yes", "true", "1"), True),
}
"""Every word for yes and no that is understood; a blank cell is: not yet."""

FORMS = {
    "图文": "article",
    "视频": "video",
    "短内容": "micro",
    "直播": "live",
    "其他": "other",
}
"""Forms of contents."""


@dataclass(frozen=True, kw_only=True)
class LogColumn:
    """
    A column of a sheet of the work log.

    Parameters
    ----------
    name : str
        Field of the entry.
    zh : str
        Header in Chinese, the one the template writes.
    en : str
        Header in English, an alias.
    kind : str
        What its cells hold; decides the reading and the check in the template.
    required : bool
        True if no row may leave it blank.
    words : mapping of str to object
        For a closed list: the words of the drop-down and what they mean; the
        meaning is understood as a word too.
    example : str
        The cell of the example row; ``{month}`` stands for the month.
    """

    name: str
    zh: str
    en: str
    kind: Kind = "text"
    required: bool = False
    words: Mapping[str, str] | None = None
    example: str = ""


@dataclass(frozen=True, kw_only=True)
class LogSheet:
    """
    A sheet of the work log.

    Parameters
    ----------
    zh, en : str
        Its name, and the alias.
    field : str
        Field of the `Worklog` that holds its entries.
    entry : type
        What its rows become.
    columns : tuple of LogColumn
        In the template's order; the first one marks an example row.
    dated : str
        The date that decides the month of a row; empty where there is none.
    """

    zh: str
    en: str
    field: str
    entry: type[Entry]
    columns: tuple[LogColumn, ...]
    dated: str = ""


def _operator(example: str = "") -> LogColumn:
    return LogColumn(
        name="operator", zh="运营", en="operator", kind="operator", required=True,
        example=example,
    )  # fmt: skip


_ID = LogColumn(name="id", zh="编号", en="id", required=True, example="例1")
_CONFIRMED = LogColumn(
    name="confirmed_by", zh="确认人", en="confirmed_by", example="示例主管"
)


def _column(
    name: str, zh: str, kind: Kind = "text", example: str = "", **more: Any
) -> LogColumn:
    return LogColumn(name=name, zh=zh, en=name, kind=kind, example=example, **more)


TASKS = LogSheet(
    zh="任务", en="tasks", field="tasks", entry=Task, dated="planned",
    columns=(
        _ID,
        _operator("示例运营甲"),
        _column("name", "任务", example="整理选题", required=True),
        _column("planned", "计划完成日", "date", "{month}-09", required=True),
        _column("done", "实际完成日", "date", "{month}-08"),
        _column("accepted", "验收", "yes_no", "是"),
        _column("rework", "返工", "yes_no", "否"),
        _CONFIRMED,
    ),
)  # fmt: skip

CAMPAIGNS = LogSheet(
    zh="活动", en="campaigns", field="campaigns", entry=Campaign, dated="end",
    columns=(
        _ID,
        _operator("示例运营甲"),
        _column("name", "名称", example="周年庆", required=True),
        _column("start", "开始", "date", "{month}-09", required=True),
        _column("end", "结束", "date", "{month}-15", required=True),
        _column("budget", "预算", "amount", "3000"),
        _column("spend", "实际花费", "amount", "2800"),
        _column("exposure_target", "曝光目标", "amount", "50000"),
        _column("exposure", "曝光", "amount", "52000"),
        _column("new_target", "拉新目标", "amount", "300"),
        _column("new", "拉新", "amount", "280"),
        _column("conversion_target", "转化目标", "amount", "40"),
        _column("conversion", "转化", "amount", "41"),
        _column("not_held", "未举办原因"),
        _CONFIRMED,
    ),
)  # fmt: skip

SUGGESTIONS = LogSheet(
    zh="建议", en="suggestions", field="suggestions", entry=Suggestion, dated="date",
    columns=(
        _operator("例"),
        _column("text", "建议", example="统一封面", required=True),
        _column("date", "日期", "date", "{month}-09", required=True),
        _column("adopted", "采纳", "yes_no", "是"),
        _CONFIRMED,
    ),
)  # fmt: skip

REVIEWS = LogSheet(
    zh="复盘", en="reviews", field="reviews", entry=Review,
    columns=(
        _operator("例"),
        _column(
            "kind", "周/月", "word", "月", required=True,
            words={"周": "week", "月": "month"},
        ),
        _column("period", "周期", "period", "{month}", required=True),
        _column("delivered", "交付日", "date", "{month}-10"),
        _column("link", "链接"),
    ),
)  # fmt: skip

CONTENTS = LogSheet(
    zh="内容", en="contents", field="contents", entry=Content, dated="planned",
    columns=(
        _ID,
        _operator("示例运营甲"),
        _column("title", "标题", example="秋季选题一", required=True),
        _column("form", "形式", "word", "图文", required=True, words=FORMS),
        _column("planned", "计划日", "date", "{month}-09", required=True),
        _column(
            "planned_platforms", "计划平台", "platforms", "公众号、头条号",
            required=True,
        ),
        _column("published_platforms", "已发平台", "platforms", "公众号、头条号"),
        _column("link", "链接"),
    ),
)  # fmt: skip

COMMUNITIES = LogSheet(
    zh="社群", en="communities", field="communities", entry=Community,
    columns=(
        _operator("例"),
        _column("name", "名称", example="读者一群", required=True),
        _column("founded", "成立日", "date", "{month}-09"),
        _column("members", "成员数", "count", "200"),
        _column("speakers", "发言人数", "count", "26"),
    ),
)  # fmt: skip

FEEDBACK = LogSheet(
    zh="反馈", en="feedback", field="feedback", entry=Feedback, dated="date",
    columns=(
        _operator("例"),
        _column(
            "kind", "反馈/画像", "word", "反馈", required=True,
            words={"反馈": "feedback", "画像": "portrait"},
        ),
        _column("date", "日期", "date", "{month}-09", required=True),
        _CONFIRMED,
    ),
)  # fmt: skip

INTERACTIONS = LogSheet(
    zh="互动", en="interactions", field="interactions", entry=Interaction,
    dated="date",
    columns=(
        _operator("例"),
        _column("date", "日期", "date", "{month}-09", required=True),
        _column("platform", "平台", "platform", "头条号", required=True),
        _column("received", "收到", "count", "32", required=True),
        _column("answered", "回复", "count", "30", required=True),
    ),
)  # fmt: skip

ADJUSTMENTS = LogSheet(
    zh="调整", en="adjustments", field="adjustments", entry=Adjustment, dated="date",
    columns=(
        _operator("例"),
        _column("date", "日期", "date", "{month}-09", required=True),
        _column("basis", "依据", example="完播率连降三周", required=True),
        _column("text", "调整", example="片头缩短到三秒", required=True),
        _CONFIRMED,
    ),
)  # fmt: skip

RATINGS = LogSheet(
    zh="评分", en="ratings", field="ratings", entry=Rating,
    columns=(
        _operator("例"),
        _column("item", "项目", "measure", "任务按时", required=True),
        _column(
            "kind", "类型", "word", "自评", required=True,
            words={"自评": "self", "主管": "manager", "否决": "veto"},
        ),
        _column("points", "分数", "points", "5"),
        _column("by", "姓名", example="示例运营甲", required=True),
        _column("on", "日期", "date", "{month}-28", required=True),
        _column("reason", "理由", example="全部按时"),
    ),
)  # fmt: skip

_SUBJECTS = (
    TASKS, CAMPAIGNS, SUGGESTIONS, REVIEWS, CONTENTS, COMMUNITIES, FEEDBACK,
    INTERACTIONS, ADJUSTMENTS, RATINGS,
)  # fmt: skip

CONFIRMATIONS = LogSheet(
    zh="确认", en="confirmations", field="none_here", entry=NoneHere,
    columns=(
        _operator("例"),
        _column(
            "sheet", "表", "word", "活动", required=True,
            words={one.zh: one.zh for one in _SUBJECTS},
        ),
        _column(
            "nothing", "无", "word", "无", required=True,
            words={"无": "none", "是": "yes"},
        ),
        _column("by", "姓名", example="示例主管", required=True),
        _column("on", "日期", "date", "{month}-28", required=True),
    ),
)  # fmt: skip

SHEETS: tuple[LogSheet, ...] = (*_SUBJECTS, CONFIRMATIONS)
"""Every sheet of the work log, in the template's order."""

OTHER_SHEETS = ("说明", "选项")
"""Sheets of the template that hold no entries: its notes and its lists of choices."""

EXAMPLE = "例"
"""How the first cell of an example row begins; such a row is never counted."""


@dataclass(frozen=True, kw_only=True)
class Worklog:
    """
    The work log of a month.

    Parameters
    ----------
    month : str
        As ``2026-10``.
    source : str
        The file or folder; also where there is none.
    tasks, campaigns, suggestions, reviews, contents, communities : tuple
        Entries, in the order of the file.
    feedback, interactions, adjustments, ratings, none_here : tuple
        Entries, in the order of the file.
    findings : tuple of Problem
        Warnings and notes: days of another month, hidden rows.
    """

    month: str
    source: str = ""
    tasks: tuple[Task, ...] = ()
    campaigns: tuple[Campaign, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    reviews: tuple[Review, ...] = ()
    contents: tuple[Content, ...] = ()
    communities: tuple[Community, ...] = ()
    feedback: tuple[Feedback, ...] = ()
    interactions: tuple[Interaction, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    ratings: tuple[Rating, ...] = ()
    none_here: tuple[NoneHere, ...] = ()
    findings: tuple[Problem, ...] = ()

    def own(self, operator: str) -> Worklog:
        """
        Return the entries of one operator.

        Parameters
        ----------
        operator : str
            The id.

        Returns
        -------
        Worklog
            Without findings: they may tell of others.
        """
        entries: dict[str, Any] = {
            field: own.get(operator, ()) for field, own in self._by_operator.items()
        }
        return replace(self, findings=(), **entries)

    @cached_property
    def _by_operator(self) -> dict[str, dict[str, tuple[Any, ...]]]:
        return {one.field: by_operator(getattr(self, one.field)) for one in SHEETS}


# --- reading -------------------------------------------------------------------


def load(
    path: Path,
    *,
    month: str,
    operators: Mapping[str, str],
    platforms: Mapping[str, str],
    measures: Mapping[str, Rateable] | None = None,
    where: str,
) -> Worklog:
    """
    Read the work log of a month.

    Parameters
    ----------
    path : Path
        A workbook, or a folder with one CSV or workbook a sheet; none at all is an
        empty log.
    month : str
        As ``2026-10``.
    operators : mapping of str to str
        Operator ids and names; a cell may hold either.
    platforms : mapping of str to str
        Platform ids and Chinese names; a cell may hold either.
    measures : mapping of str to Rateable, optional
        What a measure may be called → the measure, by the plan of the month; None
        where no plan tells: ratings are then taken as they are.
    where : str
        The file or folder as messages name it.

    Returns
    -------
    Worklog
        Every entry checked.

    Raises
    ------
    WorklogError
        With one problem for every mistake, each with its sheet and cell.
    """
    reader = _Reader(month, operators, platforms, measures)
    for part, name, book in _books(path, where, reader.problems):
        reader.read(part, name, book)
    if reader.problems:
        raise WorklogError(tuple(reader.problems))
    entries = {field: tuple(found) for field, found in reader.entries.items()}
    return Worklog(
        month=month, source=where, findings=tuple(reader.findings), **entries
    )


def _books(
    path: Path, where: str, problems: list[Problem]
) -> Iterator[tuple[str, str, Book]]:
    """Yield each file: how it is named, its sheet if it is one, and what is in it."""
    if not path.is_dir():
        book = read_book(path, WorklogError, where)
        if book is not None:
            yield where, "", book
        return
    for file in sorted(path.iterdir()):
        # Lock files of office programs and the notes of file managers.
        if file.name.startswith((".", "~$")):
            continue
        part = f"{where}/{file.name}"
        try:
            book = read_book(file, WorklogError, part)
        except WorklogError as found:
            problems.extend(found.problems)
            continue
        if book is not None:
            yield part, file.stem, book


_NAMES = {normal(name): one for one in SHEETS for name in (one.zh, one.en)}
_SEPARATORS = re.compile(r"[、，,；;/／|\s]+")
_WEEK = re.compile(r"(20\d{2})-?[Ww](\d{1,2})", re.ASCII)


class _Reader:
    """Turns the sheets of one month into entries and notes what is wrong."""

    def __init__(
        self,
        month: str,
        operators: Mapping[str, str],
        platforms: Mapping[str, str],
        measures: Mapping[str, Rateable] | None,
    ) -> None:
        self.month = month
        self.operators, self.measures = operators, measures
        self.problems: list[Problem] = []
        self.findings: list[Problem] = []
        self.entries: dict[str, list[Any]] = {one.field: [] for one in SHEETS}
        self.seen: dict[str, str] = {}
        platform = _named(platforms)
        self.forms: dict[Kind, Callable[[object], object]] = {
            "operator": _named(operators),
            "text": to_text,
            "date": to_date,
            "count": to_whole,
            "amount": _amount,
            "yes_no": one_of(YES_NO, ("是", "否")),
            "platform": platform,
            "platforms": _several(platform),
            "period": _period,
            "points": _points,
            "measure": to_text,
        }

    def read(self, where: str, name: str, book: Book) -> None:
        """Read every sheet of a file; `name` is given where a file is one sheet."""
        for sheet in book.sheets:
            if all(record.blank for record in sheet.records):
                continue
            title = name or sheet.name
            if normal(title) in OTHER_SHEETS:
                continue
            spec = _NAMES.get(normal(title))
            if spec is None:
                self._unknown(where, title, "文件" if name else "表")
            elif spec.field in self.seen:
                what = f"“{spec.zh}”已在{self.seen[spec.field]}"
                do = "请合并成一张"
                self.problems.append(Problem(what=what, where=where, do=do))
            else:
                self.seen[spec.field] = f"{where}的表“{title}”"
                self.findings.extend(sheet.notices)
                self._sheet(
                    spec, sheet, where, "" if book.kind == "csv" else sheet.name
                )

    def _unknown(self, where: str, title: str, kind: str) -> None:
        self.problems.append(
            Problem(
                what=f"不认识的{kind}“{title}”",
                where=where,
                expected=choices([one.zh for one in SHEETS]),
                do=f"请改正{kind}名，或把内容移到工作记录之外",
            )
        )

    def _sheet(self, spec: LogSheet, sheet: Sheet, where: str, name: str) -> None:
        columns = [
            Column(column.name, (column.zh, column.en), required=column.required)
            for column in spec.columns
        ]
        ids: dict[str, TableRow] = {}
        for row in table_rows(sheet.records, columns, where, self.problems, name):
            if _is_example(row, spec):
                continue
            cells = Cells(row, where, self.problems)
            noted = len(self.problems)
            values = {c.name: self._cell(cells, c) for c in spec.columns}
            if len(self.problems) > noted:
                continue
            if spec is RATINGS:
                values |= self._rating(cells, values)
            values |= _CHECKS.get(spec.field, _nothing)(cells, values)
            self._once(cells, values, ids)
            if len(self.problems) > noted:
                continue
            self._other_month(cells, spec, values)
            self.entries[spec.field].append(_entry(spec, values, where, name, row))

    def _cell(self, cells: Cells, column: LogColumn) -> object:
        if column.words is not None:
            meanings = {meaning: meaning for meaning in column.words.values()}
            form = one_of(meanings | dict(column.words), tuple(column.words))
            return cells.needed(column.name, form, "")
        read = self.forms[column.kind]
        if column.required:
            return cells.needed(column.name, read, None)
        value = cells.read(column.name, read)
        if value is None and column.kind in ("text", "platforms"):
            return "" if column.kind == "text" else ()
        return value

    def _rating(self, cells: Cells, values: dict[str, Any]) -> dict[str, Any]:
        """Check who rates, then what is rated."""
        if values["kind"] != "self":
            by, own = values["by"], values["operator"]
            if by in (own, self.operators.get(own)):
                what = f"{by}不能给自己评分或否决"
                cells.note("by", what, "运营本人以外的人", "请由主管填写")
            if not values["reason"]:
                cells.note("reason", "“理由”没有填", "主管评分和否决的理由", "请补上")
        points = values["points"]
        if values["kind"] != "veto" and points is None:
            cells.note("points", "“分数”没有填", "不小于0的数字", "请补上")
        in_words = isinstance(points, str)
        return {
            "points": None if in_words else points,
            "word": points if in_words else "",
            "item": self._rated(cells, values),
        }

    def _rated(self, cells: Cells, values: dict[str, Any]) -> str:
        """Find the measure that is meant, and check its points by the plan."""
        item, points = values["item"], values["points"]
        if values["kind"] == "veto" or self.measures is None:
            return str(item)
        one = self.measures.get(item)
        if one is None:
            if values["kind"] == "manager":
                what = f"计划里没有量化指标{shown(item)}，或不止一个"
                cells.note("item", what, self._named_measures(), "请写全称")
            return str(item)
        expected = f"0至{one.points:f}的分数"
        if isinstance(points, str) and points not in one.scale:
            if one.scale:
                expected = f"{choices(one.scale)}，或{expected}"
            cells.note("points", f"不认识的评分{shown(points)}", expected, "请改正")
        elif isinstance(points, Decimal) and points > one.points:
            cells.note("points", f"{points}分超过这项的分值", expected, "请改正")
        return one.key

    def _named_measures(self) -> str:
        names = {one.key: name for name, one in (self.measures or {}).items()}
        return choices([f"{name}（{key}）" for key, name in names.items()])

    def _once(
        self, cells: Cells, values: dict[str, Any], ids: dict[str, TableRow]
    ) -> None:
        if "id" not in values:
            return
        before = ids.setdefault(values["id"], cells.row)
        if before is not cells.row:
            what = f"编号{shown(values['id'])}已在{before.place('id')}用过"
            cells.note("id", what, "每行一个编号", "请换一个编号，或删去重复的行")

    def _other_month(
        self, cells: Cells, spec: LogSheet, values: dict[str, Any]
    ) -> None:
        day = values.get(spec.dated)
        if day is None or month_of(day) == self.month:
            return
        header = cells.row.headers[spec.dated]
        self.findings.append(
            Problem(
                what=f"{header}{day}不在{self.month}",
                where=cells.where,
                place=cells.row.place(spec.dated),
                do="请核对日期；别的月份的记录请写在那个月里",
                level="warning",
            )
        )


def _is_example(row: TableRow, spec: LogSheet) -> bool:
    first = row.cells.get(spec.columns[0].name)
    return isinstance(first, str) and first.startswith(EXAMPLE)


def _entry(
    spec: LogSheet, values: dict[str, Any], where: str, sheet: str, row: TableRow
) -> Entry:
    names = {field.name for field in fields(spec.entry)}
    given = {name: value for name, value in values.items() if name in names}
    return spec.entry(**{"source": where, "sheet": sheet, "row": row.row, **given})


def _named(names: Mapping[str, str]) -> Callable[[object], str]:
    """Take an id, or a name that only one id has."""
    several = list(names.values())
    words = {name: id_ for id_, name in names.items() if several.count(name) == 1}
    listed = [f"{name}（{id_}）" for id_, name in names.items()]
    return one_of(
        words | {id_: id_ for id_ in names}, listed or ("先在roster.yml里登记",)
    )


def _several(form: Callable[[object], str]) -> Callable[[object], tuple[str, ...]]:
    def read(cell: object) -> tuple[str, ...]:
        parts = [part for part in _SEPARATORS.split(to_text(cell)) if part]
        if not parts:
            raise WrongForm("平台名，多个之间用顿号")
        try:
            return tuple(dict.fromkeys(form(part) for part in parts))
        except WrongForm as wrong:
            raise WrongForm(f"平台名，多个之间用顿号：{wrong}") from None

    return read


def _amount(cell: object) -> Decimal:
    number = to_decimal(cell)
    if number < 0:
        raise WrongForm("不小于0的数字")
    return number


def _points(cell: object) -> Decimal | str:
    """Take points, or a word of a scale: which words, only the plan knows."""
    if isinstance(cell, str) and not any(sign.isdigit() for sign in cell):
        return to_text(cell)
    return _amount(cell)


# --- checks within a row ----------------------------------------------------------


def _nothing(_cells: Cells, _values: dict[str, Any]) -> dict[str, Any]:
    return {}


def _task(cells: Cells, values: dict[str, Any]) -> dict[str, Any]:
    if values["accepted"] and values["done"] is None:
        cells.note("done", "验收为是，却没有实际完成日", do="请补上日期，或改正验收")
    return {}


def _campaign(cells: Cells, values: dict[str, Any]) -> dict[str, Any]:
    if values["end"] < values["start"]:
        what = f"结束日{values['end']}早于开始日{values['start']}"
        cells.note("end", what, do="请改正其中一个日期")
    return {}


def _community(cells: Cells, values: dict[str, Any]) -> dict[str, Any]:
    members, speakers = values["members"], values["speakers"]
    if speakers is not None and members is not None and speakers > members:
        what = f"发言人数{speakers}多于成员数{members}"
        cells.note("speakers", what, do="请改正其中一个数字")
    return {}


def _review(cells: Cells, values: dict[str, Any]) -> dict[str, Any]:
    form = _week if values["kind"] == "week" else _whole_month
    return {"period": cells.needed("period", form, "")}


_CHECKS: dict[str, Callable[[Cells, dict[str, Any]], dict[str, Any]]] = {
    "tasks": _task,
    "campaigns": _campaign,
    "communities": _community,
    "reviews": _review,
}


def _period(cell: object) -> object:
    """Take any period: what it must be hangs on the cell beside it."""
    if cell is None:
        raise WrongForm("2026-W41这样的周，或2026-10这样的月份")
    return cell


def _week(cell: object) -> str:
    expected = "周，例如2026-W41，或这一周里的一天"
    match = _WEEK.fullmatch(cell.strip()) if isinstance(cell, str) else None
    try:
        if match is None:
            return week_of(to_date(cell))
        return week_of(date.fromisocalendar(int(match[1]), int(match[2]), 1))
    except ValueError:  # WrongForm is one
        raise WrongForm(expected) from None


def _whole_month(cell: object) -> str:
    try:
        return to_month(cell)
    except WrongForm:
        raise WrongForm("月份，例如2026-10") from None
