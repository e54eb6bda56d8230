"""
The rows of the work log: what no platform exports, one sheet a subject.

`SHEETS` names the sheets; the cells of each stand in its row model, what its columns
are called in ``columns.yml``: the reader (`worklog`) and the writer of the template
(`blank`) both work from them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, ClassVar

from pydantic import ValidationInfo, field_validator

from kpi_lib.days import month_of, week_of
from kpi_lib.inputs import forms
from kpi_lib.inputs.directory import Directory, unknown
from kpi_lib.inputs.forms import Day, Form, Note, Text, Whole, Wrong, named, words
from kpi_lib.inputs.kinds import Rating, plain
from kpi_lib.inputs.table import Row, TableRow

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

# --- the rows -----------------------------------------------------------------------


_ENTERED: list[type[Entry]] = []


class Entry(Row):
    """A row of the work log, and its file, sheet (none in a CSV) and row."""

    EXAMPLE = "例"

    DATED: ClassVar[str] = ""  # The field whose date decides its month, if one does

    operator: str
    source: str = ""
    sheet: str = ""
    row: int = 0

    @classmethod
    def __pydantic_init_subclass__(cls, **more: Any) -> None:
        """Enter the sheet that it is the row of."""
        _ENTERED.extend([cls] if cls.FILE else [])

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

    SHEET, FILE, DATED = "任务", "tasks", "planned"

    id: Text
    operator: Operator
    name: Text
    planned: Day
    done: Day | None = None
    accepted: YesNo | None = None
    rework: YesNo | None = None
    confirmed_by: Note = ""

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that what is accepted is done."""
        if self.accepted and self.done is None:
            what = "验收为是，却没有实际完成日"
            yield Wrong("done", what, do="请补上日期，或改正验收")


class Campaign(Numbered):
    """A campaign, in the month of its last day."""

    SHEET, FILE, DATED = "活动", "campaigns", "end"

    id: Text
    operator: Operator
    name: Text
    start: Day
    end: Day
    budget: Some = None
    spend: Some = None
    exposure_target: Some = None
    exposure: Some = None
    new_target: Some = None
    new: Some = None
    conversion_target: Some = None
    conversion: Some = None
    not_held: Note = ""
    confirmed_by: Note = ""

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that it ends after it began."""
        if self.end < self.start:
            what = f"结束日{self.end}早于开始日{self.start}"
            yield Wrong("end", what, do="请改正其中一个日期")


class Suggestion(Entry):
    """A suggestion, adopted or not."""

    SHEET, FILE, DATED = "建议", "suggestions", "date"

    operator: Operator
    text: Text
    date: Day
    adopted: YesNo | None = None
    confirmed_by: Note = ""


class Review(Entry):
    """The review of a week (``2026-W41``) or of a month (``2026-10``)."""

    SHEET, FILE = "复盘", "reviews"

    operator: Operator
    kind: Annotated[str, words({"周": "week", "月": "month"})]
    period: Annotated[str, Form(kind="period")]
    delivered: Day | None = None
    link: Note = ""
    confirmed_by: Note = ""

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

    SHEET, FILE, DATED = "内容", "contents", "planned"

    id: Text
    operator: Operator
    title: Text
    form: Annotated[str, words(FORMS)]
    planned: Day
    planned_platforms: Platforms
    published_platforms: Platforms = ()
    link: Note = ""


class Community(Entry):
    """A community and how many of it speak."""

    SHEET, FILE = "社群", "communities"

    operator: Operator
    name: Text
    founded: Day | None = None
    members: Whole | None = None
    speakers: Whole | None = None

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that who speaks is a member."""
        if self.speakers is None or self.members is None:
            return
        if self.speakers > self.members:
            what = f"发言人数{self.speakers}多于成员数{self.members}"
            yield Wrong("speakers", what, do="请改正其中一个数字")


class Feedback(Entry):
    """Feedback or a user portrait, given to the product department."""

    SHEET, FILE, DATED = "反馈", "feedback", "date"

    operator: Operator
    kind: Annotated[str, words({"反馈": "feedback", "画像": "portrait"})]
    date: Day
    text: Note = ""
    to: Note = ""
    link: Note = ""
    confirmed_by: Note = ""


class Interaction(Entry):
    """Comments received and answered on a day and platform."""

    SHEET, FILE, DATED = "互动", "interactions", "date"

    operator: Operator
    date: Day
    platform: Annotated[str, named("platform", "platform")]
    received: Whole
    answered: Whole

    def mistakes(self, directory: Directory) -> Iterator[Wrong]:
        """Say that no more is answered than received."""
        if self.answered > self.received:
            what = f"回复{self.answered}多于收到{self.received}"
            yield Wrong("answered", what, do="请改正其中一个数字")


class Adjustment(Entry):
    """A documented change of the direction of content."""

    SHEET, FILE, DATED = "调整", "adjustments", "date"

    operator: Operator
    date: Day
    basis: Text
    text: Text
    confirmed_by: Note = ""


class GivenRating(Entry):
    """A rating by the operator or the manager, in points or a word, or a veto."""

    SHEET, FILE = "评分", "ratings"

    operator: Operator
    item: Annotated[str, Form(forms.to_text, "measure")]
    kind: Annotated[str, words({"自评": "self", "主管": "manager", "否决": "veto"})]
    points: Annotated[Decimal | None, Form(_points, "points")] = None
    word: Annotated[str, Form(_word)] = ""
    # A rating made in code may lack its person and its day, a row may not.
    by: Text = ""
    on: Annotated[date | None, Form(forms.to_date, "date")] = None
    reason: Note = ""

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

    SHEET, FILE = "确认", "confirmations"

    operator: Operator
    sheet: Annotated[str, words({entry.SHEET: entry.SHEET for entry in _ENTERED})] = ""
    nothing: Annotated[str, words({"无": "none", "是": "yes"})] = "none"
    by: Text
    on: Day

    def doubts(self, directory: Directory) -> Iterator[Wrong]:
        """Tell of who confirms it for oneself."""
        if directory.is_own(self.by, self.operator):
            what = f"{self.by}替自己确认没有"
            yield Wrong("by", what, "运营本人以外的人", "请由主管确认")


# The entries of every sheet of the work log, in the template's order.
SHEETS = tuple(_ENTERED)
