"""A signature is put under what was read, by whoever may, and nothing is pasted."""

from __future__ import annotations

import shutil
import sys
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from kpi_lib import inputs
from kpi_lib.errors import InvalidInput
from kpi_lib.run import cards, runner, signing
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.run.test_standing import build
from tests.test_cli import kpi
from tests.tiny_workspace import MONTH

pytestmark = [pytest.mark.notebook, pytest.mark.usefixtures("in_turn")]

ON = date(2026, 11, 6)
APPEAL = f"A1,{MONTH},op-01,target_setting.coverage,少算了一格,2026-11-04,,,\n"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A month that was run, of the sample's notebooks."""
    place = tiny_workspace.build(tmp_path_factory.mktemp("first") / "w")
    shutil.copytree(
        tiny_workspace.ROOT / "notebooks", place.notebooks, dirs_exist_ok=True
    )
    head = "id,month,operator,measure,text,on,decision,decided_by,decided_on\n"
    place.table("appeals").write_text(head + APPEAL, "utf-8")
    runner.run(place, MONTH)
    return place


@pytest.fixture
def place(first: Workspace, tmp_path: Path) -> Workspace:
    shutil.copytree(first.root, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def test_a_month_is_signed_by_one_command(
    place: Workspace,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ("sign", MONTH, "--by", "示例主管", "--workspace", str(place.root))
    monkeypatch.setattr(sys, "stdin", StringIO("不\n"))
    code, out, _ = kpi(capsys, *words)
    assert (code, place.table("signoff").exists()) == (1, False)
    assert "  没有答复的申诉：目标覆盖，少算了一格（2026-11-04）" in out

    monkeypatch.setattr(sys, "stdin", StringIO("是\n"))
    code, out, _ = kpi(capsys, *words)
    assert code == 0
    assert "下个月：kpi new-month 2026-11" in out
    signed = cards.published(MONTH, str(place.root))
    assert [card["signed"] for card in signed] == [True, False]  # 未评
    index = (place.reports(MONTH) / "index.html").read_text("utf-8")
    page = (place.reports(MONTH) / "op-01.html").read_text("utf-8")
    assert index.count("申诉1条没有答复") == page.count("申诉1条没有答复") == 1

    code, out, _ = kpi(capsys, *words, "--yes")
    assert (code, out.splitlines()[-1]) == (0, "没有要签的。")
    assert "，已经签字" in out


@pytest.mark.parametrize("name", ["<签字人>", "示例甲", "别人", ""])
def test_whoever_may_not_sign_is_refused(place: Workspace, name: str) -> None:
    with pytest.raises(InvalidInput, match="不能签字；应为示例主管"):
        signing.to_sign(place, MONTH, name, ON)


def test_nothing_out_of_date_is_signed(place: Workspace) -> None:
    with place.roster.open("a", encoding="utf-8") as file:
        file.write("\n")

    with pytest.raises(InvalidInput, match=r"clean 2026-10.*已经过期.*先运行kpi run"):
        signing.to_sign(place, MONTH, "示例主管", ON)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_rows_are_written_below_those_that_are_there(
    tmp_path: Path, encoding: str
) -> None:
    place = build(tmp_path / "w")
    head = "签字人,月份,运营,动作,总分,校验值,签字日,理由"
    old = f"示例主管,2026-09,op-01,签字,80,{'a' * 64},2026-10-08,“好”"
    place.table("signoff").write_bytes(f"{head}\n{old}".encode(encoding))
    row = inputs.Signoff(
        month=MONTH, operator="op-02", action="reopen", by="示例主管", on=ON,
        total=None, score_sha256="", reason="=漏,了",
    )  # fmt: skip
    lines = inputs.add_rows(place, [row]).read_text("utf-8-sig").splitlines()

    assert lines[:2] == [head, old]
    assert lines[2] == f'示例主管,{MONTH},op-02,reopen,,,2026-11-06,"=漏,了"'


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("signoff.xlsx", b"PK\x03\x04\xff", id="workbook"),
        pytest.param("signoff.csv", "签字人\n".encode("gb18030"), id="not UTF-8"),
        pytest.param("signoff.csv", b"month\toperator\n", id="tabs"),
        pytest.param("signoff.csv", "月份,备忘\n".encode(), id="another column"),
    ],
)
def test_other_tables_are_filled_in_by_people(
    tmp_path: Path, name: str, content: bytes
) -> None:
    place = build(tmp_path / "w")
    (place.data / name).write_bytes(content)
    row = inputs.Signoff(
        month=MONTH, operator="op-02", action="sign", by="示例主管", on=ON,
        total=None, score_sha256="",
    )  # fmt: skip

    with pytest.raises(InvalidInput, match=f"data/{name}：不是UTF-8"):
        inputs.add_rows(place, [row])
    assert (place.data / name).read_bytes() == content
