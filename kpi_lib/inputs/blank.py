"""New workspaces, new months, and the workbook that is filled in."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from kpi_lib.catalogue import DUE
from kpi_lib.days import shift
from kpi_lib.errors import InvalidInput, Problem, WorkspaceError
from kpi_lib.inputs import everything
from kpi_lib.inputs.everything import Inputs
from kpi_lib.inputs.people import Operator
from kpi_lib.inputs.plan import load_plan
from kpi_lib.inputs.points import Points, laid_out
from kpi_lib.inputs.records import TABLES
from kpi_lib.inputs.roster import REGISTER
from kpi_lib.inputs.table import Row, TableSheet, columns, table_rows
from kpi_lib.inputs.targets import NAMES, Across, Target
from kpi_lib.inputs.template import Rows, columns_of, write_template
from kpi_lib.workspace import Workspace, write_atomic

PACKAGE = Path(__file__).parents[1]
# What a new workspace begins with, beside the headers of its tables.
EMPTY = Path(__file__).parent / "empty"


# Rows of sheets by the fields of their columns, by the sheets' names.
Begun = Mapping[str, Sequence[Mapping[str, Any]]]


def init(folder: Path, rows: Begun = MappingProxyType({})) -> list[Path]:
    """
    Make a new workspace.

    Parameters
    ----------
    folder : Path
        A folder that does not exist or is empty.
    rows : mapping of str to sequence of mapping
        What the sheets 人员 and 账号 begin with, by the fields of their columns.

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
        raise WorkspaceError.of(
            "已经存在且不是空文件夹，什么也没有写",
            where=str(folder),
            expected="还不存在的文件夹，或空文件夹",
            do="请换一个名字",
        )
    made = not folder.exists()
    try:
        return _write(folder, rows)
    except BaseException:  # stopped or refused half-way: it can be begun again
        for path in folder.iterdir() if folder.is_dir() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if made and folder.is_dir():
            folder.rmdir()
        raise


def _write(folder: Path, rows: Begun) -> list[Path]:
    data = folder / "data"
    written = [
        _copy(EMPTY / "README.md", folder / "README.md"),
        _copy(EMPTY / "roster.yml", data / "roster.yml"),
        _copy(EMPTY / "first-month.yml", data / "first-month.yml"),
        *(_header(model, data / f"{model.FILE}.csv") for model in TABLES),
    ]
    written += [
        _copy(path, folder / "notebooks" / path.name)
        for path in sorted(default("notebooks").glob("*.ipynb"))
    ]
    book = Workspace(folder).workbook
    begun = {at: dict(enumerate(rows.get(at.SHEET, ()), 2)) for at in REGISTER}
    plan = load_plan(default("data/plan.yml"))
    begun[Points] = dict(enumerate(laid_out("plan.yml", plan), 2))
    write_template(book, "2026-01", {}, (), begun)  # the month is of the examples
    # The plan is what makes the folder a workspace, so it comes last: a half-made
    # folder is not taken for one.
    return [*written, book, _copy(default("data/plan.yml"), data / "plan.yml")]


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
        The folders made, and the workbook where anything in it is new: its drop-downs,
        a row for each metric asked of each; what people typed stands as it stood.

    Raises
    ------
    InvalidInput
        If what people wrote cannot be used.
    """
    folder = workspace.raw(month)
    inputs = everything.for_month(workspace, month)
    people = inputs.roster.appraised(month)
    owned = (inputs.roster.owned_by(person, month) for person in people)
    accounts = dict.fromkeys(account.id for own in owned for account in own)
    folders = [folder / account for account in accounts]
    made = [folder for folder in folders if not folder.is_dir()]
    for folder in made:
        folder.mkdir(parents=True)
    rows = _typed(workspace)
    begun = rows.setdefault(Across, {})
    asked = {row.period for row in inputs.targets}
    if month not in asked.union(str(row["month"]) for row in begun.values()):
        following = max(begun, default=1) + 1
        begun |= dict(enumerate(_asked(workspace, inputs, people), following))
    file = inputs.plan_file().rpartition("/")[2]
    laid = rows.setdefault(Points, {})
    if file not in {row["plan"] for row in laid.values()}:
        laid |= dict(enumerate(laid_out(file, inputs.plan), max(laid, default=1) + 1))
    # Its own sheet offers them, or else they stand in the roster's file.
    names = {} if rows.get(Operator) else {at.id: at.name for at in people}
    measures = [measure.name.zh for _, measure in inputs.plan.measures()]
    book = workspace.workbook
    before = book.read_bytes() if book.exists() else b""
    write_template(book, month, names, measures, rows)
    return [*made, book] if book.read_bytes() != before else made


def _typed(workspace: Workspace) -> Rows:
    """Return what stands in the workbook."""
    rows: Rows = {}
    problems: list[Problem] = []
    for model, (where, sheet) in everything.sheets(workspace).items():
        of = Across if model is Target else model
        noted = TableSheet(sheet.name, where, problems)
        found = table_rows(noted, sheet.records, columns_of(of))
        rows[of] = {row.record.row: row.cells for row in found}
    if problems:
        raise InvalidInput(tuple(problems))
    return rows


def _asked(
    workspace: Workspace, inputs: Inputs, people: Sequence[Operator]
) -> Iterator[dict[str, str]]:
    """Begin a row for each metric asked of each, with what the last month proposes."""
    path = workspace.reports(shift(inputs.month, -1)) / "targets.proposed.csv"
    text = path.read_text("utf-8-sig") if path.is_file() else ""
    rows = csv.DictReader(io.StringIO(text))
    hints = {(row["operator"], row["metric"], row["platform"]): row for row in rows}
    for person in people:
        own = inputs.roster.owned_by(person, inputs.month)
        metrics = inputs.plan_of(inputs.month, person).required(person, own)
        for metric in (*metrics, *DUE):
            asked = {"month": inputs.month, "operator": person.name}
            hint = hints.get((person.id, metric, ""), {})
            hinted = {"last": hint.get("value", ""), "proposed": hint.get("middle", "")}
            yield {**asked, "metric": NAMES[metric], **hinted}


def add_rows(workspace: Workspace, rows: Sequence[Row]) -> Path:
    """
    Write rows below those that a table has, in its own columns and headers.

    Parameters
    ----------
    workspace : Workspace
        Where the table lies; one that is not there is begun.
    rows : sequence of Row
        At least one, all of one table.

    Returns
    -------
    Path
        The table, its earlier lines as they were.

    Raises
    ------
    WorkspaceError
        If it is no CSV in UTF-8 with commas: others people fill in themselves, as the
        workbook.
    """
    model = type(rows[0])
    path = workspace.table(model.FILE)
    book, sheet = everything.sheets(workspace).get(model, ("", None))
    if sheet and len(sheet.records) > 1:
        what = f"“{model.SHEET}”写在这里，程序不往里面加行"
        raise WorkspaceError.of(what, where=book, do=f"请把它的行移到data/{path.name}")
    if not path.exists():
        _header(model, path)
    names = {name: each.name for each in columns(model) for name in each.names}
    try:
        text = path.read_text("utf-8-sig")
        fields = [names[name] for name in next(csv.reader(text.splitlines()))]
    except (ValueError, KeyError) as err:
        raise WorkspaceError.of(
            "不是UTF-8、用逗号分隔的CSV，程序不往里面加行",
            where=workspace.relative(path),
            do="请另存为CSV UTF-8，再运行一次",
        ) from err
    added = io.StringIO(newline="")
    cells = ([getattr(row, field) for field in fields] for row in rows)
    csv.writer(added, lineterminator="\n").writerows(cells)
    write_atomic(path, f"\ufeff{text.rstrip()}\n{added.getvalue()}")
    return path


def default(path: str) -> Path:
    """Return what new workspaces get: packaged, or the repository's own to edit."""
    copy = PACKAGE / "default" / Path(path).name
    return copy if copy.exists() else PACKAGE.parent / path


def _copy(source: Path, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def _header(model: type[Row], path: Path) -> Path:
    """Write a CSV of a header alone, with the mark that Excel needs for UTF-8."""
    names = ",".join(column.names[0] for column in columns(model))
    write_atomic(path, f"\ufeff{names}\n")
    return path
