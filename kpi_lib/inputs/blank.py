"""
New workspaces, new months, and the work log's Excel template.

The template is written from the sheets that the reader declares (`worklog.SHEETS`),
so whatever can be chosen in it can be read back.
"""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from kpi_lib import files
from kpi_lib.days import is_month
from kpi_lib.errors import Problem, WorkspaceError
from kpi_lib.inputs import everything, records, targets
from kpi_lib.inputs.worklog import SHEETS, LogColumn
from kpi_lib.workspace import Workspace, write_atomic

PACKAGE = Path(__file__).parents[1]
TEMPLATE = "data/raw/worklog-template.xlsx"
"""Where a new workspace keeps a work log to copy; no month's, so never read."""

# A fixed day: the workbook would else carry the moment it was written.
CREATED = datetime(2026, 1, 1)
EXAMPLE_MONTH = "2026-01"
ROWS = 1000
"""Rows of the template that carry drop-downs and checks."""

ROSTER = """\
# 运营人员与账号。编号加引号：小写字母开头，只含小写字母、数字和-。
# 填写时删去行尾的[]，把例子去掉#改成自己的，再运行kpi check核对。

operators: []
#  - id: "op-01"
#    name: 示例运营甲
#    team: 新媒体
#    manager: 示例主管
#    from: 2026-01-01                  # 任职的第一天
#    # to: 2026-12-31                  # 任职的最后一天，在任不写
#    # required: [followers, views]    # 必考指标；不写则按考核计划与账号推得
#    # leave:                          # 休假，cover是代班人的编号
#    #   - {from: 2026-10-12, to: 2026-10-14, kind: 年假, cover: "op-02"}

accounts: []
#  - id: "toutiao-a"                   # 也是data/raw/月份/下的文件夹名
#    platform: toutiao                 # 平台编号，见README的“能读什么”
#    name: 示例头条号
#    url: https://example.com/
#    product: ""                       # 账号属于哪个产品（DAU/MAU按产品计）
#    expects: [toutiao.works]          # 每月应到的导出版式
#    from: 2026-01-01                  # 账号纳入考核的第一天
#    owners:                           # 每一天的份额合计为1
#      - {operator: "op-01", from: 2026-01-01, share: 1}
"""

README = """\
# 新媒体KPI考核工作区

1. 填写`data/roster.yml`（人员与账号）和`data/targets.csv`（目标），
   运行`kpi check`核对。
2. `kpi new-month 2026-10`建好当月的文件夹和工作记录`worklog.xlsx`。
3. 把各平台导出的文件原样放进`data/raw/2026-10/账号编号/`。
4. `kpi run 2026-10`，结果在`reports/2026-10/index.html`。

| 文件 | 内容 |
| --- | --- |
| `data/plan.yml` | 考核计划：项目、分值、规则 |
| `data/roster.yml` | 运营人员、账号、谁在何时负责哪些账号 |
| `data/targets.csv` | 短期、中期、后期、终极目标与应完成数 |
| `data/decisions.csv` | 导出里互相矛盾的数以哪个为准 |
| `data/downloads.csv` | 文件名里没有下载日的导出是哪天下载的 |
| `data/calendar.csv` | 与国家日历不同的休息日（off）和工作日（work） |
| `data/signoff.csv` | 主管签字（sign）与重开（reopen） |
| `data/appeals.csv` | 申诉与处理 |
| `data/raw/worklog-template.xlsx` | 工作记录的样子；每月的一份由`kpi new-month`生成 |
| `notebooks/` | 四本笔记本：清洗、探索、考核、团队 |
"""


def init(folder: Path) -> list[Path]:
    """
    Make an empty workspace.

    Parameters
    ----------
    folder : Path
        A folder that does not exist or is empty.

    Returns
    -------
    list of Path
        The files written, in order.

    Raises
    ------
    WorkspaceError
        If something is there already.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise WorkspaceError(
            (
                Problem(
                    what="已经存在且不是空文件夹，什么也没有写",
                    where=str(folder),
                    expected="还不存在的文件夹，或空文件夹",
                    do="请换一个名字",
                ),
            )
        )
    data = folder / "data"
    written = {folder / "README.md": README, data / "roster.yml": ROSTER}
    written[data / "targets.csv"] = _header(targets.COLUMNS)
    for name, columns in records.COLUMNS.items():
        written[data / f"{name}.csv"] = _header(columns)
    for path, text in written.items():
        write_atomic(path, text)
    notebooks = [
        _copy(path, folder / "notebooks" / path.name)
        for path in sorted(notebooks_source().glob("*.ipynb"))
    ]
    template = folder / TEMPLATE
    write_worklog_template(template, EXAMPLE_MONTH, {}, _platforms())
    # The plan is what makes the folder a workspace, so it comes last: a half-made
    # folder is not taken for one.
    plan = _copy(plan_source(), data / "plan.yml")
    return [*written, *notebooks, template, plan]


def new_month(
    root: Path,
    month: str,
    operators: Mapping[str, str],
    accounts: Collection[str],
    measures: Sequence[str] = (),
) -> list[Path]:
    """
    Make the folders of a month and its work-log template.

    Parameters
    ----------
    root : Path
        The workspace's folder.
    month : str
        As ``2026-10``.
    operators : mapping of str to str
        Ids and names of those who are appraised.
    accounts : collection of str
        Ids of the accounts that live in the month.
    measures : sequence of str
        Names of the plan's measures, for the ratings' drop-down.

    Returns
    -------
    list of Path
        What was made; what is there already is left as it is.

    Raises
    ------
    WorkspaceError
        If `month` is no month.
    """
    workspace = Workspace(root)
    folder = workspace.raw(month)
    made = []
    for account in accounts:
        own = folder / account
        if not own.is_dir():
            own.mkdir(parents=True)
            made.append(own)
    worklog = workspace.worklog(month)
    if not worklog.exists():
        write_worklog_template(worklog, month, operators, _platforms(), measures)
        made.append(worklog)
    return made


def prepare(workspace: Workspace, month: str) -> list[Path]:
    """
    Make the folders of a month for those whom the roster knows in it.

    Parameters
    ----------
    workspace : Workspace
        Where its roster lies.
    month : str
        As ``2026-10``.

    Returns
    -------
    list of Path
        As of `new_month`.

    Raises
    ------
    InvalidInput
        If what people wrote cannot be used.
    """
    given = everything.for_month(workspace, month)
    roster = given.roster
    people = {one.id: one.name for one in roster.appraised(month)}
    accounts = {
        account.id: None
        for person in roster.appraised(month)
        for account in roster.owned_by(person, month)
    }
    measures = [one.name.zh for _, one in given.plan.measures()]
    return new_month(workspace.root, month, people, list(accounts), measures)


def notebooks_source() -> Path:
    """
    Return the folder of the notebooks that this package runs.

    Returns
    -------
    Path
        The copy in the package, or the repository's in an editable install.
    """
    packaged = PACKAGE / "default" / "notebooks"
    return packaged if packaged.is_dir() else PACKAGE.parent / "notebooks"


def plan_source() -> Path:
    """
    Return the default plan.

    Returns
    -------
    Path
        The copy in the package, or the repository's in an editable install.
    """
    packaged = PACKAGE / "default" / "plan.yml"
    return packaged if packaged.is_file() else PACKAGE.parent / "data" / "plan.yml"


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def _header(columns: Mapping[str, tuple[str, ...]]) -> str:
    """Write a CSV of a header alone, with the mark that Excel needs for UTF-8."""
    text = io.StringIO()
    names = [aliases[0] for aliases in columns.values()]
    csv.writer(text, lineterminator="\n").writerow(names)
    return "\ufeff" + text.getvalue()


def _platforms() -> dict[str, str]:
    return {one.id: one.name for one in files.platforms().values()}


# --- the work log's template ------------------------------------------------------

NOTES = (
    "{month}工作记录：每张表记一个主题，没有的事不用写行。",
    "灰色的例子行（第一格以“例”开头）永远不计，可以留着也可以删去。",
    "运营填编号或姓名，平台填中文名；多个平台之间用顿号，例如公众号、头条号。",
    "日期填2026-10-31这样的写法；周期填2026-W41（周）或2026-10（月）。",
    "确认人要是运营本人以外的人：没有确认的行不计为完成。",
    "整张表没有内容时，请在“确认”表里写明“无”、姓名和日期，否则按缺资料待定。",
    "评分表里主管的评分要有姓名、日期和理由；自评只显示，不计分。",
    "这一页和“选项”页不读取。",
)
WIDTHS = {"date": 12, "operator": 12, "yes_no": 8, "word": 10, "count": 10}
WIDE = ("name", "text", "title", "link", "basis", "reason", "not_held")
_INK, _PAPER, _FAINT, _RULE = "#1F2A37", "#E8EDF3", "#8A94A0", "#C5CED8"


def write_worklog_template(
    path: Path,
    month: str,
    operators: Mapping[str, str],
    platforms: Mapping[str, str],
    measures: Sequence[str] = (),
) -> None:
    """
    Write an empty work log: drop-downs, checks, and one example row a sheet.

    Parameters
    ----------
    path : Path
        The workbook; the same arguments give the same bytes.
    month : str
        The month, as ``2026-10``; the examples lie in it.
    operators : mapping of str to str
        Operator ids and names for the drop-downs.
    platforms : mapping of str to str
        Platform ids and Chinese names for the drop-downs.
    measures : sequence of str
        Names of the plan's measures for the drop-downs.

    Raises
    ------
    WorkspaceError
        If `month` is no month.
    """
    if not is_month(month):
        expected = "YYYY-MM，例如2026-10"
        raise WorkspaceError((Problem(what=f"“{month}”不是月份", expected=expected),))
    content = io.BytesIO()
    book = xlsxwriter.Workbook(
        content,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"title": f"{month}工作记录", "created": CREATED})
    _Template(book, month, operators, platforms, measures).write()
    book.close()
    write_atomic(path, content.getvalue())


class _Template:
    """Writes the sheets of one template."""

    def __init__(
        self,
        book: Any,
        month: str,
        operators: Mapping[str, str],
        platforms: Mapping[str, str],
        measures: Sequence[str],
    ) -> None:
        self.book, self.month = book, month
        self.operators, self.platforms = operators, platforms
        self.measures = measures
        font = {"font_size": 11, "valign": "vcenter"}
        self.head = book.add_format(
            {**font, "bold": True, "font_color": _INK, "bg_color": _PAPER}
            | {"bottom": 1, "bottom_color": _RULE}
        )
        self.plain = book.add_format(font)
        self.formats = {
            "date": book.add_format({**font, "num_format": "yyyy-mm-dd"}),
            "count": book.add_format({**font, "num_format": "0"}),
            "amount": book.add_format(font),
        }
        # As text, or Excel makes a day of 2026-10 and a number of an id.
        self.text = book.add_format({**font, "num_format": "@"})
        faint = {**font, "italic": True, "font_color": _FAINT}
        self.example = book.add_format({**faint, "num_format": "@"})
        self.example_number = book.add_format(faint)
        self.example_date = book.add_format({**faint, "num_format": "yyyy-mm-dd"})

    def write(self) -> None:
        """Write every sheet: notes, subjects, choices."""
        self._notes()
        for spec in SHEETS:
            sheet = self.book.add_worksheet(spec.zh)
            sheet.freeze_panes(1, 0)
            sheet.set_row(0, 22)
            for at, column in enumerate(spec.columns):
                form = self.formats.get(column.kind, self.text)
                sheet.set_column(at, at, _width(column), form)
                sheet.write_string(0, at, column.zh, self.head)
                self._example(sheet, at, column)
                self._check(sheet, at, column)
        self._choices()

    def _notes(self) -> None:
        sheet = self.book.add_worksheet("说明")
        sheet.set_column(0, 0, 90, self.plain)
        for row, line in enumerate(NOTES):
            sheet.write_string(row, 0, line.format(month=self.month), self.plain)

    def _choices(self) -> None:
        sheet = self.book.add_worksheet("选项")
        sheet.set_column(0, 3, 16, self.text)
        columns: tuple[tuple[str, Sequence[str]], ...] = (
            ("运营编号", list(self.operators)),
            ("姓名", list(self.operators.values())),
            ("平台", list(self.platforms.values())),
            ("量化指标", self.measures),
        )
        for at, (title, values) in enumerate(columns):
            sheet.write_string(0, at, title, self.head)
            for row, value in enumerate(values, 1):
                sheet.write_string(row, at, value, self.text)

    def _example(self, sheet: Any, at: int, column: LogColumn) -> None:
        text = column.example.format(month=self.month)
        if not text:
            return
        if column.kind == "date":
            sheet.write_datetime(1, at, date.fromisoformat(text), self.example_date)
        elif column.kind in ("count", "amount"):
            sheet.write_number(1, at, int(text), self.example_number)
        else:
            sheet.write_string(1, at, text, self.example)

    def _check(self, sheet: Any, at: int, column: LogColumn) -> None:
        check = self._checks(column)
        if check:
            sheet.data_validation(1, at, ROWS, at, {"ignore_blank": True, **check})

    def _checks(self, column: LogColumn) -> dict[str, Any]:
        """Return Excel's check of a column; none for free text."""
        if column.words is not None:
            return _listed(list(column.words))
        if column.kind == "yes_no":
            return _listed(["是", "否"])
        if column.kind == "operator" and self.operators:
            # A warning that can be passed: a name is read as well as an id.
            return _listed(f"=选项!$A$2:$A${len(self.operators) + 1}", "warning")
        if column.kind == "measure" and self.measures:
            # A warning that can be passed: of oneself one may say more.
            return _listed(f"=选项!$D$2:$D${len(self.measures) + 1}", "warning")
        if column.kind == "platform" and self.platforms:
            return _listed(f"=选项!$C$2:$C${len(self.platforms) + 1}")
        return dict(_NUMERIC.get(column.kind, {}))


def _listed(source: str | list[str], severity: str = "stop") -> dict[str, Any]:
    return {
        "validate": "list",
        "source": source,
        "error_type": severity,
        "error_title": "不在选项里",
        "error_message": "请从下拉列表里选。",
    }


_NUMERIC: dict[str, dict[str, Any]] = {
    "date": {
        "validate": "date",
        "criteria": "between",
        "minimum": date(2000, 1, 1),
        "maximum": date(2099, 12, 31),
        "error_title": "不是日期",
        "error_message": "请填日期，例如2026-10-31。",
    },
    "count": {
        "validate": "integer",
        "criteria": ">=",
        "value": 0,
        "error_title": "不是整数",
        "error_message": "请填不小于0的整数。",
    },
    "amount": {
        "validate": "decimal",
        "criteria": ">=",
        "value": 0,
        "error_title": "不是数字",
        "error_message": "请填不小于0的数字。",
    },
    "platforms": {
        "validate": "any",
        "input_title": "平台",
        "input_message": "填平台的中文名，多个之间用顿号，例如公众号、头条号。",
    },
    "points": {
        "validate": "any",
        "input_title": "分数",
        "input_message": "填分数，或计划里的等级词，例如优秀；否决不填。",
    },
    "period": {
        "validate": "any",
        "input_title": "周期",
        "input_message": "周填2026-W41或这一周里的一天；月填2026-10。",
    },
}


def _width(column: LogColumn) -> int:
    if column.name in WIDE:
        return 28
    if column.kind == "platforms":
        return 24
    return WIDTHS.get(column.kind, 12)
