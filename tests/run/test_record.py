"""One changed byte of an input, a page or the record is found."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kpi_lib.run import runner
from kpi_lib.run.verify import verify
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.tiny_workspace import MONTH

pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = tiny_workspace.build(tmp_path_factory.mktemp("verified"))
    runner.run(place, "latest")
    return place


@pytest.fixture
def place(run_once: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(run_once.root, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def change_one_byte(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_nothing_changed(place: Workspace) -> None:
    assert verify(place, MONTH) == []


@pytest.mark.parametrize(
    ("name", "told"),
    [
        pytest.param("data/plan.yml", "输入文件在运行之后被改过", id="plan"),
        pytest.param(
            "data/raw/2026-10/zhihu-01/2026-11-02/手工填报.csv",
            "输入文件在运行之后被改过",
            id="export",
        ),
        pytest.param(
            "reports/2026-10/op-01.html", "结果文件在运行之后被改过", id="page"
        ),
        pytest.param(
            "reports/2026-10/op-01.json", "结果文件在运行之后被改过", id="card"
        ),
        pytest.param(
            "reports/2026-10/scores.xlsx", "结果文件在运行之后被改过", id="workbook"
        ),
        pytest.param("reports/2026-10/run.json", "与运行记录不符", id="run"),
    ],
)
def test_a_changed_byte_is_found(place: Workspace, name: str, told: str) -> None:
    change_one_byte(place.root / name)
    (problem,) = verify(place, MONTH)

    assert problem.where == name
    assert told in problem.what


def test_a_missing_page_and_a_new_export_are_found(place: Workspace) -> None:
    (place.reports(MONTH) / "op-02.html").unlink()
    (place.raw(MONTH) / "zhihu-01" / "new.csv").write_text("x", encoding="utf-8")
    told = {problem.where: problem.what for problem in verify(place, MONTH)}

    assert told == {
        "data/raw/2026-10/zhihu-01/new.csv": "运行之后新加的输入文件",
        "reports/2026-10/op-02.html": "结果文件不见了",
    }


def test_a_line_taken_out_of_the_record_is_found(place: Workspace) -> None:
    change = place.data / "roster.yml"
    change.write_text(change.read_text("utf-8") + "# x\n", encoding="utf-8")
    runner.run(place, MONTH)
    first, second = place.record.read_text("utf-8").splitlines()
    place.record.write_text(second + "\n", encoding="utf-8")
    (problem,) = verify(place, MONTH)

    assert "第1行" in str(problem)
    assert "接不上" in problem.what
    assert first != second


def test_a_month_without_a_record_says_so(place: Workspace) -> None:
    assert "没有2026-09的记录" in verify(place, "2026-09")[0].what
