"""What a fresh machine is set up with: the lock, conda's twin of it, make and CI."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from kpi_lib.run import doctor

ROOT = Path(__file__).parent.parent
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
TEST_LOCK = (ROOT / "requirements-test.lock").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def pins(lock: str = LOCK) -> list[str]:
    """Return ``name==version`` of a lock, with the marker where there is one."""
    return re.findall(r"^([a-z0-9][^ ]*==[^\\\n]*[^\\\n ])", lock, re.MULTILINE)


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_conda_gets_the_same_names_and_versions() -> None:
    environment = YAML(typ="safe").load(ROOT / "environment.yml")
    python, pip, by_pip = environment["dependencies"]

    assert (python, pip) == ("python=3.11", "pip")
    assert by_pip["pip"] == [*pins(), "-e ."]


def names(needs: list[str]) -> set[str]:
    return {plain(re.split(r"[<>=!~ \[]", need)[0]) for need in needs}


def test_the_lock_of_a_run_holds_what_it_needs_and_nothing_of_the_tests() -> None:
    run, tests = names(pins()), names(pins(TEST_LOCK))

    assert names(PROJECT["dependencies"]) <= run
    assert names(PROJECT["optional-dependencies"]["dev"]) <= run | tests
    assert {"mypy", "playwright", "pytest", "ruff"} <= tests
    assert not run & tests


@pytest.mark.parametrize("lock", [LOCK, TEST_LOCK])
def test_every_package_has_its_hashes(lock: str) -> None:
    blocks = re.split(r"^(?=[a-z0-9])", lock, flags=re.MULTILINE)
    packages = [block for block in blocks if "==" in block.split("\n")[0]]

    assert len(packages) == len(pins(lock)) > 20
    assert all("--hash=sha256:" in block for block in packages)


@pytest.mark.parametrize("lock", [LOCK, TEST_LOCK])
def test_the_lock_names_no_registry(lock: str) -> None:
    assert re.search(r"https?://|--index-url|--find-links", lock) is None


def test_windows_is_set_up_as_make_does_it() -> None:
    batch = (ROOT / "setup.bat").read_bytes()
    made = re.findall(r"-m (pip install .*)", (ROOT / "Makefile").read_text("utf-8"))
    lines = batch.decode("utf-8").splitlines()

    assert batch.count(b"\n") == batch.count(b"\r\n")
    assert [
        re.sub(r".* -m (pip install .*) \|\| goto failed", r"\1", line)
        for line in lines
        if "pip install" in line
    ] == [line for line in made if "requirements-test" not in line]


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci/run").read_text("utf-8")

    assert "make test" in script
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_an_old_python_is_one_clear_line(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)

    made = subprocess.run(
        ["make", "report", f"PYTHON={old}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert made.returncode != 0
    assert "需要Python 3.11或更新的版本" in made.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_doctor_finds_what_differs_from_the_lock(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "typer==0.0.1 \\\n    --hash=sha256:00\n"
        "no-such-package==1.0 \\\n    --hash=sha256:00\n"
        "only-elsewhere==1.0 ; sys_platform == 'nowhere' \\\n    --hash=sha256:00\n"
    )
    found = doctor.packages(lock)

    assert not found.ok
    assert "应为0.0.1" in found.found
    assert "no-such-package 没有安装（应为1.0）" in found.found
    assert "only-elsewhere" not in found.found


def test_the_doctor_has_a_remedy_for_everything() -> None:
    findings = doctor.examine()

    assert [one.subject for one in findings][:4] == [
        "Python",
        "软件包",
        "中文字体",
        "Chromium",
    ]
    assert all(one.do for one in findings if not one.ok)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.skipif(not (ROOT / ".venv").exists(), reason="the hooks use .venv")
def test_every_hook_passes_on_what_is_here(tmp_path: Path) -> None:
    def call(*words: str) -> str:
        done = subprocess.run(
            words,
            cwd=tmp_path / "copy",
            env=os.environ | {"PRE_COMMIT_HOME": str(tmp_path / "home")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    shutil.copytree(
        ROOT,
        tmp_path / "copy",
        ignore=shutil.ignore_patterns(".*_cache", ".venv", ".git", "data", "reports"),
    )
    (tmp_path / "copy/.venv").symlink_to(ROOT / ".venv")
    call("git", "init", "-q")
    call("git", "add", "-A")

    told = call(str(Path(sys.executable).with_name("pre-commit")), "run", "--all-files")

    assert told.count("Passed") == 4


def test_the_hooks_ask_no_network() -> None:
    config = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    hooks = YAML(typ="safe").load(config)["repos"]

    assert [one["repo"] for one in hooks] == ["local"]
    assert {hook["language"] for hook in hooks[0]["hooks"]} == {"system"}
