import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kpi_lib.errors import WorkspaceError
from kpi_lib.workspace import Workspace, canonical_json, write_atomic


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "data").mkdir()
    (tmp_path / "data/plan.yml").write_text("id: x\n")
    return Workspace(tmp_path)


@pytest.mark.parametrize(
    "start",
    [
        pytest.param("", id="root"),
        pytest.param("data/raw/2026-10", id="deep inside"),
        pytest.param("data/plan.yml", id="from a file"),
    ],
)
def test_find_takes_the_nearest_folder_upward(place: Workspace, start: str) -> None:
    (place.root / "data/raw/2026-10").mkdir(parents=True)

    assert Workspace.find(place.root / start) == place


def test_find_starts_at_the_current_folder(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place.data)

    assert Workspace.find() == place


def test_find_refuses_a_folder_without_a_plan(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"没有data/plan\.yml.*--workspace"):
        Workspace.find(tmp_path)


def test_paths_are_named_after_what_they_hold(place: Workspace) -> None:
    paths = {
        "data/roster.yml": place.roster,
        "data/targets.csv": place.table("targets"),
        "data/signoff.csv": place.table("signoff"),
        "data/raw/2026-10": place.raw("2026-10"),
        "data/raw/2026-10/worklog.xlsx": place.worklog("2026-10"),
        "data/clean/2026-10": place.clean("2026-10"),
        "reports/2026-10": place.reports("2026-10"),
        "reports/record.jsonl": place.record,
    }

    assert {name: place.relative(path) for name, path in paths.items()} == {
        name: name for name in paths
    }


def test_a_workbook_stands_for_a_csv(place: Workspace) -> None:
    (place.data / "targets.xlsx").touch()

    assert place.table("targets") == place.data / "targets.xlsx"


def test_a_csv_and_a_workbook_are_one_too_many(place: Workspace) -> None:
    (place.data / "targets.xlsx").touch()
    (place.data / "targets.csv").touch()

    with pytest.raises(WorkspaceError, match=r"data/targets\.csv.*targets\.xlsx.*同时"):
        _ = place.table("targets")


def test_the_work_log_may_be_a_folder(place: Workspace) -> None:
    folder = place.raw("2026-10") / "worklog"
    folder.mkdir(parents=True)

    assert place.worklog("2026-10") == folder


@pytest.mark.parametrize(
    "month",
    [
        pytest.param("2026-13", id="no such month"),
        pytest.param("2026-1", id="one digit"),
        pytest.param("../../etc", id="traversal"),
        pytest.param("٢٠٢٦-١٠", id="other digits"),
        pytest.param("2026-10\n", id="line end"),
    ],
)
def test_a_month_is_checked_before_it_becomes_a_path(
    place: Workspace, month: str
) -> None:
    with pytest.raises(WorkspaceError, match=r"不是月份.*2026-10"):
        place.raw(month)


def test_months_are_those_with_a_raw_folder(place: Workspace) -> None:
    for name in ("2026-10", "2026-02", "draft", "2026-99"):
        (place.data / "raw" / name).mkdir(parents=True)

    assert place.months() == ["2026-02", "2026-10"]


def test_nothing_outside_has_a_relative_path(place: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="不在工作区内"):
        place.relative(place.root.parent / "other.csv")


def test_written_text_keeps_its_line_ends(tmp_path: Path) -> None:
    write_atomic(tmp_path / "a/b.txt", "甲\r\n乙\n")

    assert (tmp_path / "a/b.txt").read_bytes() == "甲\r\n乙\n".encode()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    write_atomic(file, "old")

    with pytest.raises(UnicodeEncodeError):
        write_atomic(file, "new \ud800")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomic(tmp_path / "folder", "new")

    assert {path.name for path in tmp_path.iterdir()} == {"a.txt", "folder"}
    assert file.read_text() == "old"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_written_files_are_for_the_team(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        write_atomic(tmp_path / "a.txt", "")
    finally:
        os.umask(old)

    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_a_kill_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    write_atomic(file, "0" * 1_000_000)
    code = (
        "import itertools, sys; from pathlib import Path;"
        "from kpi_lib.workspace import write_atomic;"
        "[write_atomic(Path(sys.argv[1]), str(n % 10) * 1_000_000)"
        " for n in itertools.count()]"
    )
    for wait in (0.05, 0.11, 0.17):
        with subprocess.Popen([sys.executable, "-c", code, str(file)]) as writer:
            time.sleep(wait + 0.15)
            writer.kill()
        content = file.read_text()

        assert content == content[0] * 1_000_000


def test_canonical_json_is_one_form() -> None:
    assert canonical_json({"b": [1, None], "a": "甲"}) == '{"a":"甲","b":[1,null]}'
    with pytest.raises(ValueError, match="Out of range"):
        canonical_json(float("nan"))
