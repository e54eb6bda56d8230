"""
The rows of the work log: what no platform exports, one sheet a subject.

`SHEETS` names the sheets; the columns of each stand in its row model, from which the
reader (`worklog`) and the writer of the template (`blank`) both work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ValidationInfo, field_validator

from kpi_lib.days import month_of, week_of
from kpi_lib.inputs import forms
from kpi_lib.inputs.directory import Directory, unknown
from kpi_lib.inputs.forms import Day, Form, Note, Text, Whole, Wrong, named, words
from kpi_lib.inputs.kinds import Rating, plain
from kpi_lib.inputs.table import Header, Row, TableRow

# --- forms of its cells ------------------------------------------------------------

_YES = "是 已采纳 采纳 已验收 通过 合格 已返工 返工 有 √ ✓ y yes true 1"
_NO = "否 未采纳 不采纳 未验收 未通过 不通过 不合格 未返工 无 没有 × ✗ n no false 0"
# Every word for yes and no that is understood; a blank cell is: not yet.
YES_NO = dict.fromkeys(_YES.split(), True) | dict.fromkeys(_NO.split(), False)

# Forms of contents.
FORMS = {
    "图文": "article",
    "视频": "video",
    "短内容": "micro",
    "直播": "live",
    "其他": "other",
}


_WEEK = re.compile(r"(20\d{2})-?[Ww](\d{1,2})", re.ASCII)


def _week(cell: object) -> str:
    match = _WEEK.fullmatch(cell.strip()) if isinstance(cell, str) else None
    if match is None:
        return week_of(forms.to_date(cell))
    return week_of(date.fromisocalendar(int(match[1]), int(match[2]), 1))


# How the period of a review is read: a week, or a month.
_PERIODS = {
    "week": forms.expecting("周，例如2026-W41，或这一周里的一天", _week),
    "month": forms.expecting(forms.MONTH_FORM, forms.to_month),
}


def _is_word(cell: object) -> bool:
    return isinstance(cell, str) and not any(sign.isdigit() for sign in cell)


def _points(cell: object) -> Decimal | None:
    """Take points; a word of a scale is no points."""
    return None if _is_word(cell) else forms.to_amount(cell)


def _word(cell: object) -> str:
    """Take a word of a scale: which words, only the plan knows."""
    return forms.to_text(cell) if _is_word(cell) else ""


_WORDS = ("是", "否")
YesNo = Annotated[bool, Form(forms.one_of(YES_NO, _WORDS), "yes_no", _WORDS)]
Some = forms.Amount | None
Platforms = Annotated[tuple[str, ...], named("several_platforms", "platforms")]
Operator = Annotated[str, named("operator", "operator")]

# Columns of several sheets. The first column of each marks its example row.
Id = Annotated[Text, Header("编号", example="例1")]
Whose = Annotated[Operator, Header("运营", example="示例运营甲")]
FirstWhose = Annotated[Operator, Header("运营", example="例")]
DayOfIt = Annotated[Day, Header("日期", example="{month}-09")]
ConfirmedBy = Annotated[Note, Header("确认人", example="示例主管")]

# --- the rows -----------------------------------------------------------------------


_ENTERED: list[type[Entry]] = []


class Entry(Row):
    """A row of the work log, and its file, sheet (none in a CSV) and row."""

    EXAMPLE = "例"

    FIELD: ClassVar[str] = ""  # Of the `Worklog`, that holds it; its sheet in English
    DATED: ClassVar[str] = ""  # The field whose date decides its month, if one does

    operator: str
    source: str = ""
    sheet: str = ""
    row: int = 0

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Enter the sheet that it is the row of."""
        _ENTERED.extend([cls] if cls.FIELD else [])

    def doubts(self, directory: Directory) -> Iterator[Wrong]:
        """Tell of a day of another month, and of platforms without an own account."""
        day = getattr(self, self.DATED) if self.DATED else None
        if day and directory.month and month_of(day) != directory.month:
            do = "请核对日期；别的月份的记录请写在那个月里"
            yield Wrong(self.DATED, f"{day}不在{directory.month}", do=do)
        owned = directory.owned.get(self.operator)
        for column in ("platform", "planned_platforms", "published_platforms"):
            named = getattr(self, column, ())
            for id in (named,) if isinstance(named, str) else named:
                if owned is not None and id not in owned:
                    what = f"“{self.operator}”没有{directory.platforms[id]}的账号"
                    yield Wrong(column, what, do="请核对运营和平台")


class Numbered(Entry):
    """A row of a sheet whose rows have ids."""

    KEY = ("id",)

    id: str

    def again(self, before: TableRow) -> Wrong:
        """Say that the id is taken."""
        what = f"编号{forms.quoted(self.id)}已在{before.place('id')}用过"
        return Wrong("id", what, "每行一个编号", "请换一个编号，或删去重复的行")


class Task(Numbered):
    """A task of a week."""

    SHEET, FIELD, DATED = "任务", "tasks", "planned"

    id: Id
    operator: Whose
    name: Annotated[Text, Header("任务", example="整理选题", wide=True)]
    planned: Annotated[Day, Header("计划完成日", example="{month}-09")]
    done: Annotated[Day | None, Header("实际完成日", example="{month}-08")] = None
    accepted: Annotated[YesNo | None, Header("验收", example="是")] = None
    rework: Annotated[YesNo | None, Header("返工", example="否")] = None
    confirmed_by: ConfirmedBy = ""

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that what is accepted is done."""
        if self.accepted and self.done is None:
            what = "验收为是，却没有实际完成日"
            yield Wrong("done", what, do="请补上日期，或改正验收")


class Campaign(Numbered):
    """A campaign, in the month of its last day."""

    SHEET, FIELD, DATED = "活动", "campaigns", "end"

    id: Id
    operator: Whose
    name: Annotated[Text, Header("名称", example="周年庆", wide=True)]
    start: Annotated[Day, Header("开始", example="{month}-09")]
    end: Annotated[Day, Header("结束", example="{month}-15")]
    budget: Annotated[Some, Header("预算", example="3000")] = None
    spend: Annotated[Some, Header("实际花费", example="2800")] = None
    exposure_target: Annotated[Some, Header("曝光目标", example="50000")] = None
    exposure: Annotated[Some, Header("曝光", example="52000")] = None
    new_target: Annotated[Some, Header("拉新目标", example="300")] = None
    new: Annotated[Some, Header("拉新", example="280")] = None
    conversion_target: Annotated[Some, Header("转化目标", example="40")] = None
    conversion: Annotated[Some, Header("转化", example="41")] = None
    not_held: Annotated[Note, Header("未举办原因", wide=True)] = ""
    confirmed_by: ConfirmedBy = ""

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that it ends after it began."""
        if self.end < self.start:
            what = f"结束日{self.end}早于开始日{self.start}"
            yield Wrong("end", what, do="请改正其中一个日期")


class Suggestion(Entry):
    """A suggestion, adopted or not."""

    SHEET, FIELD, DATED = "建议", "suggestions", "date"

    operator: FirstWhose
    text: Annotated[Text, Header("建议", example="统一封面", wide=True)]
    date: DayOfIt
    adopted: Annotated[YesNo | None, Header("采纳", example="是")] = None
    confirmed_by: ConfirmedBy = ""


class Review(Entry):
    """The review of a week (``2026-W41``) or of a month (``2026-10``)."""

    SHEET, FIELD = "复盘", "reviews"

    operator: FirstWhose
    kind: Annotated[
        Literal["week", "month"],
        words({"周": "week", "月": "month"}),
        Header("周/月", example="月"),
    ]
    period: Annotated[str, Form(kind="period"), Header("周期", example="{month}")]
    delivered: Annotated[Day | None, Header("交付日", example="{month}-10")] = None
    link: Annotated[Note, Header("链接", example="复盘.pptx", wide=True)] = ""
    confirmed_by: ConfirmedBy = ""

    @field_validator("period", mode="before")
    @classmethod
    def _period(cls, cell: object, info: ValidationInfo) -> str:
        """Read a week or a month, as the cell before it says."""
        if cell is None:
            raise forms.WrongForm("2026-W41这样的周，或2026-10这样的月份")
        kind = info.data.get("kind")
        cell = forms.with_year(cell, getattr(info.context, "month", ""))
        return _PERIODS[kind](cell) if kind else ""


class Content(Numbered):
    """A content, planned for platforms and published on some."""

    SHEET, FIELD, DATED = "内容", "contents", "planned"

    id: Id
    operator: Whose
    title: Annotated[Text, Header("标题", example="秋季选题一", wide=True)]
    form: Annotated[str, words(FORMS), Header("形式", example="图文")]
    planned: Annotated[Day, Header("计划日", example="{month}-09")]
    planned_platforms: Annotated[
        Platforms, Header("计划平台", example="公众号、头条号")
    ]
    published_platforms: Annotated[
        Platforms, Header("已发平台", example="公众号、头条号")
    ] = ()
    link: Annotated[Note, Header("链接", wide=True)] = ""


class Community(Entry):
    """A community and how many of it speak."""

    SHEET, FIELD = "社群", "communities"

    operator: FirstWhose
    name: Annotated[Text, Header("名称", example="读者一群", wide=True)]
    founded: Annotated[Day | None, Header("成立日", example="{month}-09")] = None
    members: Annotated[Whole | None, Header("成员数", example="200")] = None
    speakers: Annotated[Whole | None, Header("发言人数", example="26")] = None

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that who speaks is a member."""
        if self.speakers is None or self.members is None:
            return
        if self.speakers > self.members:
            what = f"发言人数{self.speakers}多于成员数{self.members}"
            yield Wrong("speakers", what, do="请改正其中一个数字")


class Feedback(Entry):
    """Feedback or a user portrait, given to the product department."""

    SHEET, FIELD, DATED = "反馈", "feedback", "date"

    operator: FirstWhose
    kind: Annotated[
        Literal["feedback", "portrait"],
        words({"反馈": "feedback", "画像": "portrait"}),
        Header("反馈/画像", example="反馈"),
    ]
    date: DayOfIt
    text: Annotated[Note, Header("内容", example="希望能按章节跳转", wide=True)] = ""
    to: Annotated[Note, Header("交给", example="产品部")] = ""
    link: Annotated[Note, Header("链接", wide=True)] = ""
    confirmed_by: ConfirmedBy = ""


class Interaction(Entry):
    """Comments received and answered on a day and platform."""

    SHEET, FIELD, DATED = "互动", "interactions", "date"

    operator: FirstWhose
    date: DayOfIt
    platform: Annotated[
        str, named("platform", "platform"), Header("平台", example="头条号")
    ]
    received: Annotated[Whole, Header("收到", example="32")]
    answered: Annotated[Whole, Header("回复", example="30")]

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that no more is answered than received."""
        if self.answered > self.received:
            what = f"回复{self.answered}多于收到{self.received}"
            yield Wrong("answered", what, do="请改正其中一个数字")


class Adjustment(Entry):
    """A documented change of the direction of content."""

    SHEET, FIELD, DATED = "调整", "adjustments", "date"

    operator: FirstWhose
    date: DayOfIt
    basis: Annotated[Text, Header("依据", example="完播率连降三周", wide=True)]
    text: Annotated[Text, Header("调整", example="片头缩短到三秒", wide=True)]
    confirmed_by: ConfirmedBy = ""


class GivenRating(Entry):
    """A rating by the operator or the manager, in points or a word, or a veto."""

    SHEET, FIELD = "评分", "ratings"

    operator: FirstWhose
    item: Annotated[
        str, Form(forms.to_text, "measure"), Header("项目", example="任务按时")
    ]
    kind: Annotated[
        Literal["self", "manager", "veto"],
        words({"自评": "self", "主管": "manager", "否决": "veto"}),
        Header("类型", example="自评"),
    ]
    points: Annotated[
        Decimal | None, Form(_points, "points"), Header("分数", example="5")
    ] = None
    word: Annotated[str, Form(_word), Header(cell_of="points")] = ""
    # A rating made in code may lack its person and its day, a row may not.
    by: Annotated[Text, Header("姓名", example="示例运营甲", required=True)] = ""
    on: Annotated[
        date | None,
        Form(forms.to_date, "date"),
        Header("日期", example="{month}-28", required=True),
    ] = None
    reason: Annotated[Note, Header("理由", example="全部按时", wide=True)] = ""

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Check who rates, then what is rated and with how much."""
        if self.kind != "self":
            if directory.is_own(self.by, self.operator):
                what = f"{self.by}不能给自己评分或否决"
                yield Wrong("by", what, "运营本人以外的人", "请由主管填写")
            if not self.reason:
                yield Wrong("reason", expected="主管评分和否决的理由")
        if self.kind != "veto" and self.points is None and not self.word:
            yield Wrong("points", expected=forms.AMOUNT_FORM)
        yield from self._against(directory)

    def _against(self, directory: Directory) -> Iterator[Wrong]:
        """Hold it against the measures of the plan; of oneself one may say more."""
        called = directory.called(self.operator, directory.month)
        if self.kind == "veto" or called is None:
            return
        if self.item not in called:
            if self.kind == "manager":
                yield unknown("item", self.item, called)
            return
        _, measure = called[self.item]
        scale = measure.rule.scale if isinstance(measure.rule, Rating) else {}
        expected = f"0至{plain(measure.points)}的分数"
        if self.word and self.word not in scale:
            expected = f"{forms.choices(scale)}，或{expected}" if scale else expected
            what = f"不认识的评分{forms.quoted(self.word)}"
            yield Wrong("points", what, expected, "请改正")
        elif self.points is not None and Fraction(self.points) > measure.points:
            yield Wrong("points", f"{self.points}分超过这项的分值", expected, "请改正")

    def meant(self, directory: Directory) -> GivenRating:
        """Return it with the measure's key for the name by which it was called."""
        called = directory.called(self.operator, directory.month) or {}
        if self.kind == "veto" or self.item not in called:
            return self
        return self.model_copy(update={"item": called[self.item][0]})


class NoneHere(Entry):
    """Somebody's word that `sheet` has no rows for an operator."""

    SHEET, FIELD = "确认", "confirmations"

    operator: FirstWhose
    sheet: Annotated[
        str,
        words({entry.SHEET: entry.SHEET for entry in _ENTERED}),
        Header("表", example="活动", required=True),
    ] = ""
    nothing: Annotated[
        Literal["none", "yes"],
        words({"无": "none", "是": "yes"}),
        Header("无", example="无", required=True),
    ] = "none"
    by: Annotated[Text, Header("姓名", example="示例主管")]
    on: Annotated[Day, Header("日期", example="{month}-28")]

    def doubts(self, directory: Directory) -> Iterator[Wrong]:
        """Tell of who confirms it for oneself."""
        if directory.is_own(self.by, self.operator):
            what = f"{self.by}替自己确认没有"
            yield Wrong("by", what, "运营本人以外的人", "请由主管确认")


# The entries of every sheet of the work log, in the template's order.
SHEETS = tuple(_ENTERED)
