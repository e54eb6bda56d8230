"""New workspaces, new months, and the empty work log of a month."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from kpi_lib import files
from kpi_lib.days import is_month
from kpi_lib.errors import Problem, WorkspaceError
from kpi_lib.inputs import everything
from kpi_lib.inputs.entries import OTHER_SHEETS, SHEETS
from kpi_lib.inputs.records import TABLES
from kpi_lib.inputs.table import Row, columns
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.template import Choices, write_template
from kpi_lib.workspace import Workspace, write_atomic

PACKAGE = Path(__file__).parents[1]
EMPTY = Path(__file__).parent / "empty"
"""What a new workspace begins with, beside the headers of its tables."""

TEMPLATE = "data/raw/worklog-template.xlsx"
"""Where a new workspace keeps a work log to copy; no month's, so never read."""

EXAMPLE_MONTH = "2026-01"

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
        problem = Problem(
            what="已经存在且不是空文件夹，什么也没有写",
            where=str(folder),
            expected="还不存在的文件夹，或空文件夹",
            do="请换一个名字",
        )
        raise WorkspaceError((problem,))
    data = folder / "data"
    made = [
        _copy(EMPTY / "README.md", folder / "README.md"),
        _copy(EMPTY / "roster.yml", data / "roster.yml"),
        _header(Target, data / "targets.csv"),
        *(_header(model, data / f"{name}.csv") for name, model in TABLES.items()),
    ]
    made += [
        _copy(path, folder / "notebooks" / path.name)
        for path in sorted(notebooks_source().glob("*.ipynb"))
    ]
    template = folder / TEMPLATE
    write_worklog_template(template, EXAMPLE_MONTH, {}, _platforms())
    # The plan is what makes the folder a workspace, so it comes last: a half-made
    # folder is not taken for one.
    plan = _copy(plan_source(), data / "plan.yml")
    return [*made, template, plan]


def new_month(
    root: Path,
    month: str,
    operators: Mapping[str, str],
    accounts: Collection[str],
    measures: Sequence[str] = (),
) -> list[Path]:
    """
    Make the folders of a month's accounts and its work log; return what was made.

    What is there already is left as it is. `measures` are for the ratings' drop-down.
    """
    workspace = Workspace(root)
    folder = workspace.raw(month)
    made = [folder / account for account in accounts if not (folder / account).is_dir()]
    for own in made:
        own.mkdir(parents=True)
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
        The folders and the work log made; what is there already is left as it is.

    Raises
    ------
    InvalidInput
        If what people wrote cannot be used.
    """
    inputs = everything.for_month(workspace, month)
    people = inputs.roster.appraised(month)
    accounts = dict.fromkeys(
        account.id
        for person in people
        for account in inputs.roster.owned_by(person, month)
    )
    return new_month(
        workspace.root,
        month,
        {person.id: person.name for person in people},
        accounts,
        [measure.name.zh for _, measure in inputs.plan.measures()],
    )


def notebooks_source() -> Path:
    """Return the notebooks: the package's copy, or in an editable install the own."""
    packaged = PACKAGE / "default" / "notebooks"
    return packaged if packaged.is_dir() else PACKAGE.parent / "notebooks"


def plan_source() -> Path:
    """Return the default plan: the package's, or in an editable install the own."""
    packaged = PACKAGE / "default" / "plan.yml"
    return packaged if packaged.is_file() else PACKAGE.parent / "data" / "plan.yml"


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def _header(model: type[Row], path: Path) -> Path:
    """Write a CSV of a header alone, with the mark that Excel needs for UTF-8."""
    names = ",".join(column.names[0] for column in columns(model))
    write_atomic(path, f"\ufeff{names}\n")
    return path


def _platforms() -> dict[str, str]:
    return {platform.id: platform.name for platform in files.platforms().values()}


def write_worklog_template(
    path: Path,
    month: str,
    operators: Mapping[str, str],
    platforms: Mapping[str, str],
    measures: Sequence[str] = (),
) -> None:
    """
    Write an empty work log: drop-downs, checks, and one example row a sheet.

    Operators' and platforms' ids and names and the names of the plan's measures are
    for the drop-downs.
    """
    if not is_month(month):
        expected = "YYYY-MM，例如2026-10"
        raise WorkspaceError((Problem(what=f"“{month}”不是月份", expected=expected),))
    write_template(
        path,
        title=f"{month}工作记录",
        month=month,
        notes=(OTHER_SHEETS[0], [line.format(month=month) for line in NOTES]),
        sheets={sheet.zh: sheet.entry for sheet in SHEETS},
        choices_on=OTHER_SHEETS[1],
        choices=(
            # Lists that can be passed: a name is read as well as an id, and of oneself
            # one may say more than the plan measures.
            Choices("运营编号", [*operators], "operator", passable=True),
            Choices("姓名", [*operators.values()]),
            Choices("平台", [*platforms.values()], "platform"),
            Choices("量化指标", measures, "measure", passable=True),
        ),
    )
