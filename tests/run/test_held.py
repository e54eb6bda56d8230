"""Every byte that a run reads is one that it meant to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from kpi_lib.errors import WorkspaceError
from kpi_lib.held import files_in, holding, read, read_json
from kpi_lib.inputs import load
from kpi_lib.run import record, runner
from kpi_lib.run.stale import Status
from kpi_lib.workspace import Workspace, sha256
from tests import tiny_notebook, tiny_workspace
from tests.run.test_standing import HEAD, TARGETS, write_targets
from tests.tiny_workspace import MONTH

pytestmark = [pytest.mark.notebook, pytest.mark.usefixtures("in_turn")]

READS = """
from kpi_lib import inputs, months, workspace
ws = workspace.Workspace.find("")
arrived = months.arrive(ws, month, inputs.load(ws, month))
months.save(ws, months.tidy(arrived))
"""


def build(root: Path, *cells: str) -> Workspace:
    place = tiny_workspace.build(root)
    tiny_notebook.write(place.notebooks / "1-clean.ipynb", *cells, READS)
    return place


def states(place: Workspace) -> dict[str, Status]:
    return {one.job: one for one in runner.status(place, MONTH)}


# --- swapped and put back ------------------------------------------------------------

SWAPPED = """
from pathlib import Path
(export,) = Path("data/raw").rglob("*.csv")
kept = export.read_bytes()
{swap}
try:
    {read}
finally:
    export.write_bytes(kept)
    Path(f"{{export}}.csv").unlink(missing_ok=True)
"""


@pytest.mark.parametrize(
    "swap",
    [
        pytest.param('export.write_bytes(kept.replace(b"100", b"999"))', id="bytes"),
        pytest.param("export.unlink()", id="away"),
        pytest.param('Path(f"{export}.csv").write_bytes(kept)', id="one more"),
    ],
)
def test_an_export_that_is_changed_for_a_moment_is_caught(
    tmp_path: Path, swap: str
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    cell = SWAPPED.format(swap=swap, read=READS.strip().replace("\n", "\n    "))
    tiny_notebook.write(place.notebooks / "1-clean.ipynb", cell)
    outcomes = {one.job: one for one in runner.run(place, MONTH)}

    assert outcomes[f"clean {MONTH}"].state == "failed"
    assert "在运行当中被改过、换过或拿走过" in outcomes[f"clean {MONTH}"].error
    assert "手工填报.csv" in outcomes[f"clean {MONTH}"].error
    assert not list(place.reports(MONTH).glob("op-*.json"))


CHANGES_A_TARGET = """
from pathlib import Path
from kpi_lib import inputs, workspace
path = Path("data/targets.csv")
kept = path.read_text()
path.write_text(kept.replace("120", "130"))
try:
    inputs.load(workspace.Workspace.find(""), month)
finally:
    path.write_text(kept)
"""


def test_what_people_wrote_is_held_too(tmp_path: Path) -> None:
    place = build(tmp_path / "w")
    write_targets(place, 120)
    tiny_workspace.appraisal(place, CHANGES_A_TARGET)
    *_, one, two, _team = runner.run(place, MONTH)

    assert [one.state, two.state] == ["failed", "failed"]
    assert "data/targets.csv：在运行当中被改过" in one.error
    assert states(place)["op-01"].state == "failed"


def test_tables_are_held_where_they_are_read(tmp_path: Path) -> None:
    place = build(tmp_path / "w")
    tiny_workspace.appraisal(
        place,
        "from pathlib import Path\n"
        "from kpi_lib import months, workspace\n"
        "ws = workspace.Workspace.find('')\n"
        "path = ws.clean(month) / 'daily.parquet'\n"
        "kept = path.read_bytes()\n"
        "path.write_bytes(kept[:-1] + b'?')\n"
        "try:\n"
        "    months.load(ws, [month], 'daily')\n"
        "finally:\n"
        "    path.write_bytes(kept)",
    )
    *_, one, _two, _team = runner.run(place, MONTH)

    assert "data/clean/2026-10/daily.parquet：在运行当中被改过" in one.error


def test_a_notebook_runs_as_it_was_hashed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = build(tmp_path / "w")

    def edit(*_: object) -> None:
        tiny_workspace.appraisal(place, "print('another one')")

    outcomes = {one.job: one for one in runner.run(place, MONTH, progress=edit)}
    assert outcomes["op-01"].state == "failed"
    assert "notebooks/3-appraisal.ipynb：在运行当中被改过" in outcomes["op-01"].error


def test_nothing_is_kept_of_bytes_other_than_those_hashed(tmp_path: Path) -> None:
    place = build(tmp_path / "w")
    write_targets(place, 120)
    path = place.table("targets")
    other = {"data/targets.csv": sha256(TARGETS[130].encode())}
    meant = record.inputs(place) | other
    with holding(place.root, meant), pytest.raises(WorkspaceError, match="targets"):
        load(place, MONTH)

    assert [target.value for target in load(place, MONTH).targets_of("op-01")] == [120]
    path.write_text(HEAD, "utf-8")
    assert load(place, MONTH).targets_of("op-01") == ()


def test_in_no_run_a_file_may_change(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"a": 1}', "utf-8")

    with holding(tmp_path / "elsewhere", {}):
        assert read_json(path) == {"a": 1}
    with holding(tmp_path, {}), pytest.raises(WorkspaceError, match=r"a\.json"):
        read(path)
    assert read(path) == b'{"a": 1}'


# --- links to folders ----------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["data/raw", "data/raw/2026-10", "data/raw/2026-10/zhihu-01", "2026-11-02"]
)
def test_what_lies_behind_a_link_is_read_and_hashed_alike(
    tmp_path: Path, name: str
) -> None:
    plain = build(tmp_path / "plain")
    runner.run(plain, MONTH)
    place = build(tmp_path / "w")
    folder = place.root / name
    if not folder.exists():
        folder = place.raw(MONTH) / "zhihu-01" / name
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    runner.run(place, MONTH)
    table = "2026-10/daily.parquet"

    assert (place.data / "clean" / table).read_bytes() == (
        plain.data / "clean" / table
    ).read_bytes()
    (export,) = (tmp_path / "elsewhere").rglob("*.csv")
    export.write_text(export.read_text("utf-8").replace("100", "101"), "utf-8")
    assert states(place)[f"clean {MONTH}"].why == "导出文件有变化"


def test_a_link_that_leads_back_is_refused_in_one_line(tmp_path: Path) -> None:
    place = build(tmp_path / "w")
    (place.raw(MONTH) / "zhihu-01" / "again").symlink_to(place.data)

    with pytest.raises(WorkspaceError, match="again：是指向上级文件夹的链接"):
        runner.run(place, MONTH)


def test_a_folder_that_is_not_there_has_no_files(tmp_path: Path) -> None:
    assert files_in(tmp_path / "nothing") == []
