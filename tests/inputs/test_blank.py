"""New workspaces, new months and the work log's template."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from kpi_lib import files
from kpi_lib.errors import WorkspaceError
from kpi_lib.inputs import (
    blank,
    records,
    roster,
    targets,
    worklog,
)
from kpi_lib.workspace import Workspace

OPERATORS = {"op-01": "示例运营甲", "op-02": "示例运营乙"}
MONTH = "2026-10"


def platforms() -> dict[str, str]:
    return {one.id: one.name for one in files.platforms().values()}


def load_roster(path: Path) -> roster.Roster:
    known = files.layouts()
    return roster.load(path, platforms=files.platforms(), layouts=known)


def load_worklog(path: Path) -> worklog.Worklog:
    return worklog.load(
        path,
        month=MONTH,
        operators=OPERATORS,
        platforms=platforms(),
        where="worklog.xlsx",
    )


@pytest.fixture
def template(tmp_path: Path) -> Path:
    path = tmp_path / "worklog.xlsx"
    blank.write_worklog_template(path, MONTH, OPERATORS, platforms())
    return path


def test_init_makes_a_workspace_that_reads_as_empty(tmp_path: Path) -> None:
    folder = tmp_path / "team"
    written = blank.init(folder)
    workspace = Workspace.find(folder / "data")

    assert sorted(written) == sorted(p for p in folder.rglob("*") if p.is_file())
    assert load_roster(workspace.roster) == roster.Roster()
    assert targets.load(workspace.targets, owned={}, platforms={}) == ()
    assert records.decisions(workspace.decisions, accounts=()) == ()
    assert records.downloads(workspace.downloads) == {}
    assert records.calendar(workspace.calendar) == {}
    assert records.signoffs(workspace.signoff, operators={}) == ()
    assert records.appeals(workspace.appeals, operators=(), measures={}) == ()
    assert workspace.months() == []
    assert workspace.plan.read_bytes() == blank.plan_source().read_bytes()
    assert {path.name for path in workspace.notebooks.iterdir()} == {
        path.name for path in blank.notebooks_source().glob("*.ipynb")
    }


def test_csvs_open_in_excel_as_utf8(tmp_path: Path) -> None:
    blank.init(tmp_path)

    for path in sorted((tmp_path / "data").glob("*.csv")):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf"), path.name


def test_two_new_workspaces_are_the_same_bytes(tmp_path: Path) -> None:
    one, two = blank.init(tmp_path / "one"), blank.init(tmp_path / "two")

    assert [p.read_bytes() for p in one] == [p.read_bytes() for p in two]


def test_init_refuses_a_folder_that_is_not_empty(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    with pytest.raises(WorkspaceError, match="不是空文件夹，什么也没有写") as caught:
        blank.init(tmp_path)

    assert len(str(caught.value).splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    with pytest.raises(WorkspaceError, match="不是空文件夹"):
        blank.init(tmp_path / "mine.txt")


def test_the_example_in_the_roster_is_right_once_uncommented(tmp_path: Path) -> None:
    empty = (blank.EMPTY / "roster.yml").read_text("utf-8")
    lines = empty.replace(": []", ":").splitlines()
    text = "\n".join(line[1:] if line.startswith("#  ") else line for line in lines)
    path = tmp_path / "roster.yml"
    path.write_text(text, encoding="utf-8")

    found = load_roster(path)

    assert [account.id for account in found.accounts] == ["toutiao-a"]
    assert found.accounts[0].owners[0].operator == found.operators[0].id


def test_new_month_makes_folders_and_leaves_what_is_there(tmp_path: Path) -> None:
    blank.init(tmp_path)
    made = blank.new_month(tmp_path, MONTH, OPERATORS, ["toutiao-a", "douyin-a"])
    again = blank.new_month(tmp_path, MONTH, OPERATORS, ["toutiao-a", "douyin-b"])

    assert [path.relative_to(tmp_path).as_posix() for path in made] == [
        "data/raw/2026-10/toutiao-a",
        "data/raw/2026-10/douyin-a",
        "data/raw/2026-10/worklog.xlsx",
    ]
    assert [path.name for path in again] == ["douyin-b"]


def test_what_is_no_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="2026-13”不是月份"):
        blank.write_worklog_template(tmp_path / "w.xlsx", "2026-13", {}, {})


def test_the_template_is_the_same_bytes_each_time(template: Path) -> None:
    first = template.read_bytes()
    blank.write_worklog_template(template, MONTH, OPERATORS, platforms())

    assert template.read_bytes() == first


def test_the_examples_of_the_template_are_never_counted(template: Path) -> None:
    found = load_worklog(template)

    assert found == worklog.Worklog(month=MONTH, source="worklog.xlsx")


def test_the_examples_are_right_once_they_are_no_examples(template: Path) -> None:
    book = openpyxl.load_workbook(template)
    for spec in worklog.SHEETS:
        sheet = book[spec.zh]
        first = "T1" if spec.columns[0].name == "id" else "op-01"
        cells = [cell.value for cell in sheet[2]][1:]
        for at, value in enumerate([first, *cells], 1):
            sheet.cell(3, at, value)
    book.save(template)

    found = load_worklog(template)

    assert all(len(getattr(found, spec.field)) == 1 for spec in worklog.SHEETS)
    assert found.findings == ()


def test_drop_downs_offer_only_what_is_read_back(template: Path) -> None:
    book = openpyxl.load_workbook(template)
    listed = book["选项"]
    checks = {
        (sheet, str(one.sqref)): one
        for sheet in book.sheetnames
        for one in book[sheet].data_validations.dataValidation
    }

    assert checks["任务", "B2:B1001"].formula1 == "=选项!$A$2:$A$3".removeprefix("=")
    assert [listed["A2"].value, listed["A3"].value] == list(OPERATORS)
    assert checks["内容", "D2:D1001"].formula1 == '"图文,视频,短内容,直播,其他"'
    assert checks["任务", "D2:D1001"].type == "date"
    assert checks["互动", "D2:D1001"].type == "whole"
    assert checks["活动", "F2:F1001"].type == "decimal"
    names = [cell.value for cell in listed["C"]][1:]
    assert names == list(platforms().values())


def test_the_template_holds_no_formula(template: Path) -> None:
    with zipfile.ZipFile(template) as archive:
        parts = [name for name in archive.namelist() if "/worksheets/" in name]
        texts = [archive.read(name) for name in parts]

    assert not any(b"<f>" in text for text in texts)
