"""Own declarations in data/formats: read with the package's, refused by their line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_lib import exports, files, inputs, run
from kpi_lib.errors import InvalidInput, UnknownExport
from kpi_lib.exports import Export
from kpi_lib.months import reading
from kpi_lib.run.stale import Agenda
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.tiny_workspace import MONTH

FANS = "统计日,粉丝存量\n2026-10-01,20\n2026-10-02,21\n"
KUAISHOU = """\
id: kuaishou
layouts:
  - id: fans
    name: 粉丝
    grain: daily
    confirmed: false
    columns:
      date: {source: [统计日], kind: date}
      followers: {source: [粉丝存量], kind: count}
"""
ORDERS = (
    "主订单编号,子订单编号,订单提交时间,订单状态,售后状态,应付总价\n"
    "A1,B1,2026-10-01 10:00:00,已完成,仲裁中,9.90\n"
)
DOUDIAN = """\
id: doudian
layouts:
  - id: orders
    columns: {gmv: {source: [应付总价]}}
    standing: [仲裁中]
"""


@pytest.fixture(autouse=True)
def _nothing_own() -> Iterator[None]:
    yield
    files.declare(())


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, platform: str) -> Export:
    return exports.read(path, month=MONTH, platform=platform)


def test_a_platform_of_the_package_gets_another_layout(tmp_path: Path) -> None:
    path = write(tmp_path, "fans.csv", FANS)
    with pytest.raises(UnknownExport):
        read(path, "kuaishou")
    write(tmp_path, "data/formats/kuaishou.yml", KUAISHOU)
    inputs.formats(Workspace(tmp_path))
    export = read(path, "kuaishou")

    assert export.layout == "kuaishou.fans"
    assert [row.value for row in export.daily] == [20, 21]
    assert {"kuaishou.fans", "kuaishou.daily"} <= files.layouts().keys()
    assert files.platforms()["kuaishou"].name == "快手"


def test_a_layout_of_the_package_gets_words_and_aliases(tmp_path: Path) -> None:
    path = write(tmp_path, "orders.csv", ORDERS)
    write(tmp_path, "data/formats/doudian.yml", DOUDIAN)
    inputs.formats(Workspace(tmp_path))
    export = read(path, "doudian")
    known = files.layouts()["doudian.orders"]

    assert {row.metric: row.value for row in export.daily} == {"orders": 1, "gmv": 9.9}
    assert {"仲裁中", "退款中"} <= {*known.standing}
    assert known.columns["gmv"].source == ("应付总价", "订单应付金额")


def test_the_next_workspace_has_none_of_it(tmp_path: Path) -> None:
    write(tmp_path / "a", "data/formats/kuaishou.yml", KUAISHOU)
    inputs.formats(Workspace(tmp_path / "a"))
    inputs.formats(Workspace(tmp_path / "b"))

    assert "kuaishou.fans" not in files.layouts()


def test_what_was_read_without_them_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, "fans.csv", FANS)
    kind = {"month": MONTH, "platform": "kuaishou", "at": "fans.csv"}
    before = reading.read(path, **kind)
    files.declare([files.declaration(KUAISHOU)])

    assert not before.layout
    assert reading.read(path, **kind).layout == "kuaishou.fans"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            KUAISHOU.replace("followers", "fans"),
            "第3行：layouts[1]：没有“fans”",
            id="metric",
        ),
        pytest.param(
            KUAISHOU.replace("name:", "nmae:"),
            "第4行：不认识的键layouts[1].nmae",
            id="key",
        ),
        pytest.param(KUAISHOU.replace("daily", "weekly"), "第5行", id="grain"),
        pytest.param(KUAISHOU.replace("kuaishou", "newapp"), "缺少name", id="platform"),
        pytest.param("id: [", "不是合法的YAML", id="no yaml"),
        pytest.param("layouts: []\n", "缺少id", id="no platform"),
        pytest.param("id: kuaishou\nlayouts: x\n", "第2行：layouts是", id="no list"),
        pytest.param("id: kuaishou\nlayouts: [x]\n", "第2行：layouts[1]是", id="text"),
    ],
)
def test_a_faulty_one_is_a_line(tmp_path: Path, text: str, told: str) -> None:
    write(tmp_path, "data/formats/kuaishou.yml", text)
    with pytest.raises(InvalidInput) as refused:
        inputs.formats(Workspace(tmp_path))
    lines = [str(problem) for problem in refused.value.problems]

    assert all(line.startswith("data/formats/kuaishou.yml，第") for line in lines)
    assert any(told in line for line in lines)


def test_a_file_is_called_as_its_platform(tmp_path: Path) -> None:
    write(tmp_path, "data/formats/ks.yml", KUAISHOU)
    expected = r"ks\.yml：.*应为data/formats/kuaishou\.yml"
    with pytest.raises(InvalidInput, match=expected):
        inputs.formats(Workspace(tmp_path))


def test_they_are_part_of_every_job_of_a_month(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path)

    def parts() -> list[str]:
        agenda = Agenda(place, MONTH)
        people = agenda.inputs.roster.appraised(MONTH)
        own = agenda.operator_jobs(people)
        jobs = [agenda.clean_job(MONTH), *own, agenda.team_job()]
        return [job.parts["formats"] for job in jobs]

    before = parts()
    write(place.root, "data/formats/kuaishou.yml", KUAISHOU)
    after = parts()

    assert len({*before}) == len({*after}) == 1
    assert before[0] != after[0]


def test_a_draft_is_written_where_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "导出.csv", FANS)
    monkeypatch.chdir(tmp_path)
    shown = run.learn(path, "newapp")
    place = tiny_workspace.build(tmp_path / "team")
    monkeypatch.chdir(place.root)
    told = run.learn(path, "newapp")
    run.own_formats()

    assert "id: newapp" in shown
    assert "data/formats/newapp.yml：请逐条看过" in told
    assert read(path, "newapp").layout == "newapp.daily"
    with pytest.raises(InvalidInput, match=r"已经有了，不覆盖.*--out"):
        run.learn(path, "newapp")
