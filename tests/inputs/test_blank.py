"""New workspaces, new months and the workbook's template."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from kpi_lib import files
from kpi_lib.errors import WorkspaceError
from kpi_lib.inputs import blank, records, roster, template, worklog
from kpi_lib.inputs.directory import Directory, platform_names
from kpi_lib.inputs.table import columns, load_table, read_sheets
from kpi_lib.workspace import Workspace, write_atomic
from tests.raising import raising

OPERATORS = {"op-01": "示例运营甲", "op-02": "示例运营乙"}
MONTH = "2026-10"


def load_roster(path: Path) -> roster.Roster:
    known = files.layouts()
    return roster.load_roster(path, platform_names(), known)


def load_worklog(path: Path) -> worklog.Worklog:
    known = Directory(operators=OPERATORS, platforms=platform_names(), month=MONTH)
    beside = read_sheets(path, path.name, template.BOOK, [])
    where = path.with_name("worklog.xlsx")
    return raising(worklog.load_worklog, where, MONTH, known, where.name, beside=beside)


@pytest.fixture
def empty_log(tmp_path: Path) -> Path:
    path = tmp_path / "填写.xlsx"
    template.write_template(path, MONTH, OPERATORS, (), {})
    return path


def test_init_makes_a_workspace_that_reads_as_empty(tmp_path: Path) -> None:
    folder = tmp_path / "team"
    written = blank.init(folder)
    workspace = Workspace.find(folder / "data")

    assert sorted(written) == sorted(p for p in folder.rglob("*") if p.is_file())
    assert load_roster(workspace.roster) == roster.Roster()
    for model in records.TABLES:
        path = workspace.table(model.FILE)
        assert raising(load_table, path, model, model.FILE, None) == ()
    assert workspace.months() == []
    assert workspace.plan.read_bytes() == blank.default("data/plan.yml").read_bytes()
    assert {path.name for path in workspace.notebooks.iterdir()} == {
        path.name for path in blank.default("notebooks").glob("*.ipynb")
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


def owning(folder: Path, *accounts: str) -> Workspace:
    """Write a roster of one operator and some accounts into a workspace."""
    lines = ["operators:", "- {id: op-01, name: 甲, manager: 乙, from: 2026-01-01}"]
    lines += ["accounts:"]
    for id_ in accounts:
        whole = f"id: {id_}, platform: {id_[:-2]}, name: {id_}, from: 2026-01-01"
        whole += ", expects: [toutiao.works, toutiao.fans]" if "toutiao" in id_ else ""
        owner = "{operator: op-01, from: 2026-01-01}"
        lines.append(f"- {{{whole}, owners: [{owner}]}}")
    workspace = Workspace(folder)
    workspace.roster.write_text("\n".join(lines), encoding="utf-8")
    return workspace


def test_a_new_month_has_folders_and_leaves_what_is_there(tmp_path: Path) -> None:
    blank.init(tmp_path)
    made = blank.prepare(owning(tmp_path, "toutiao-a", "douyin-a"), MONTH)
    again = blank.prepare(owning(tmp_path, "toutiao-a", "douyin-b"), MONTH)

    assert [path.relative_to(tmp_path).as_posix() for path in made] == [
        "data/raw/2026-10/toutiao-a",
        "data/raw/2026-10/douyin-a",
        "data/填写.xlsx",
    ]
    assert [path.name for path in again] == ["douyin-b"]


def test_what_is_no_month_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match="2026-13”不是月份"):
        blank.prepare(Workspace(tmp_path), "2026-13")


def test_the_template_is_the_same_bytes_each_time(empty_log: Path) -> None:
    first = empty_log.read_bytes()
    template.write_template(empty_log, MONTH, OPERATORS, (), {})

    assert empty_log.read_bytes() == first


def test_the_examples_of_the_template_are_never_counted(empty_log: Path) -> None:
    found = load_worklog(empty_log)

    assert found == worklog.Worklog(month=MONTH, source="worklog.xlsx")


def test_the_examples_are_right_once_they_are_no_examples(empty_log: Path) -> None:
    book = openpyxl.load_workbook(empty_log)
    for spec in worklog.SHEETS:
        sheet = book[spec.SHEET]
        first = "T1" if columns(spec)[0].name == "id" else "op-01"
        month, _, *cells = [cell.value for cell in sheet[2]]
        for at, value in enumerate([month, first, *cells], 1):
            sheet.cell(3, at, value)
    book.save(empty_log)

    found = load_worklog(empty_log)

    assert all(len(getattr(found, spec.FILE)) == 1 for spec in worklog.SHEETS)
    # Beside its example of a campaign, somebody's word that there is none.
    assert [finding.place for finding in found.findings] == ["确认!第3行"]


def test_drop_downs_offer_only_what_is_read_back(empty_log: Path) -> None:
    book = openpyxl.load_workbook(empty_log)
    listed = book["选项"]
    checks = {
        (sheet, str(one.sqref)): one
        for sheet in book.sheetnames
        for one in book[sheet].data_validations.dataValidation
    }

    assert checks["任务", "C2:C5001"].formula1 == "=选项!$A$2:$A$3".removeprefix("=")
    assert [listed["A2"].value, listed["A3"].value] == list(OPERATORS.values())
    assert checks["内容", "E2:E5001"].formula1 == '"图文,视频,短内容,直播,其他"'
    assert checks["任务", "E2:E5001"].type == "date"
    assert checks["互动", "E2:E5001"].type == "whole"
    assert checks["活动", "G2:G5001"].type == "decimal"
    names = [cell.value for cell in listed["B"] if cell.value][1:]
    assert names == list(platform_names().values())


def test_the_template_holds_no_formula(empty_log: Path) -> None:
    with zipfile.ZipFile(empty_log) as archive:
        parts = [name for name in archive.namelist() if "/worksheets/" in name]
        texts = [archive.read(name) for name in parts]

    assert not any(b"<f>" in text for text in texts)


def test_the_matrix_begins_a_row_for_all_that_is_asked(tmp_path: Path) -> None:
    blank.init(tmp_path)
    place = owning(tmp_path, "toutiao-a")
    proposed = place.reports("2026-09") / "targets.proposed.csv"
    write_atomic(
        proposed,
        "operator,metric,platform,value,middle\n"
        "op-01,views,toutiao,1,2\nop-01,views,,5000,6000\n",
    )
    matrix = blank.prepare(place, MONTH)[-1]
    header, *rows = openpyxl.load_workbook(matrix)["目标"].iter_rows(values_only=True)
    asked = [dict(zip(header, row, strict=True)) for row in rows]

    assert matrix == place.workbook
    assert {(row["月份"], row["运营"]) for row in asked} == {(MONTH, "甲")}
    names = [row["指标"] for row in asked]
    assert (names[0], names[-1]) == ("粉丝数", "communities_due")
    (views,) = (row for row in asked if row["指标"] == "阅读/播放")
    assert (views["上月"], views["建议"], views["短期"]) == ("5000", "6000", None)
    # Nothing is asked twice: who writes the month's targets elsewhere is not asked.
    matrix.unlink()
    row = "op-01,views,short,2026-10,1,2026-09-30"
    header_row = "operator,metric,horizon,period,value,set_on"
    place.table("targets").write_text(f"{header_row}\n{row}\n", "utf-8")
    assert blank.prepare(place, MONTH) == [matrix]
    assert openpyxl.load_workbook(matrix)["目标"].max_row == 1
