"""Nothing half-done: a run that is killed at any moment is finished by the next."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_lib.errors import KpiError
from kpi_lib.run import alone, runner
from kpi_lib.workspace import STRAY, Workspace
from tests import kills, tiny_workspace

pytestmark = pytest.mark.notebook

KILLS, SERIES = 12, 3


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    place = tiny_workspace.build(tmp_path_factory.mktemp("once") / "w")
    runner.run(place, kills.MONTH)
    return place


@pytest.mark.parametrize("series", range(SERIES))
def test_killed_runs_end_in_the_bytes_of_one_never_killed(
    undisturbed: Workspace, tmp_path: Path, series: int
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    struck = 0
    for was_at_work in kills.kills(place, KILLS // SERIES, seed=series):
        struck += was_at_work
        assert kills.torn(place) == []
    runner.run(place, kills.MONTH)

    assert struck >= KILLS // SERIES // 2
    assert kills.contents(place) == kills.contents(undisturbed)


def test_what_a_killed_run_left_aside_is_swept(
    undisturbed: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(undisturbed.root, tmp_path / "w")
    place = Workspace(tmp_path / "w")
    left = [
        folder / f"{STRAY}x-op-01.html"
        for folder in (place.reports(kills.MONTH), place.clean(kills.MONTH))
    ]
    for path in left:
        path.write_text("half", "utf-8")
    folder = place.reports(kills.MONTH).parent / f"{STRAY}somebody"
    folder.mkdir()  # not ours, and in nobody's way
    runner.run(place, kills.MONTH)

    assert folder.is_dir()
    folder.rmdir()
    assert [path for path in left if path.exists()] == []
    assert kills.contents(place) == kills.contents(undisturbed)


@pytest.fixture
def anybody() -> Iterator[Path]:
    """A folder that others may enter; the test is one of them, since root may all."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        try:
            yield Path(folder)
        finally:
            os.seteuid(os.getuid())


def test_a_read_only_folder_is_one_clear_line(anybody: Path) -> None:
    place = tiny_workspace.build(anybody / "w")
    place.root.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)
    with pytest.raises(KpiError, match="reports：写不进去"):
        runner.run(place, kills.MONTH)


IN_A_SMALL_DISK = (
    'mkdir -p "$1/reports" && mount -t tmpfs -o size=64k tmpfs "$1/reports" &&'
    ' exec "$2" run 2026-10 --workspace "$1"'
)


def test_a_disk_that_fills_up_leaves_nothing_half_done(
    undisturbed: Workspace, tmp_path: Path
) -> None:
    apart = ["unshare", "--map-root-user", "--mount"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*apart, "true"], check=False).returncode
    ):
        pytest.skip("no file system of one's own to be had")
    place = tiny_workspace.build(tmp_path / "w")
    kpi = Path(sys.executable).with_name("kpi")
    full = subprocess.run(
        [*apart, "sh", "-c", IN_A_SMALL_DISK, "sh", place.root, kpi],
        capture_output=True,
        text=True,
        check=False,
    )
    assert full.returncode == 1
    assert "磁盘满了" in full.stdout + full.stderr
    assert "Traceback" not in full.stdout + full.stderr

    runner.run(place, kills.MONTH)
    assert kills.contents(place) == kills.contents(undisturbed)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no such device")
def test_a_full_disk_is_one_clear_line(undisturbed: Workspace, tmp_path: Path) -> None:
    shutil.copytree(undisturbed.root, tmp_path / "w")
    place = Workspace(tmp_path / "w")
    with (
        pytest.raises(KpiError, match="磁盘满了"),
        alone.alone(place),
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        full.write(b"x")
