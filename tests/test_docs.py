"""The README's commands, in its order, as a new user would type them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_lib.workbook.workbook import Workbook

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
_PYTHON = re.compile(r"^```python\n(.*?)^```", re.M | re.S)
_BLOCK = re.compile(r"^( *)```sh(?P<flags>[^\n]*)\n(?P<text>.*?)^\1```", re.M | re.S)


def commands(readme: str) -> list[str]:
    text = (ROOT / readme).read_text(encoding="utf-8")
    return [
        line.strip()
        for block in _BLOCK.finditer(text)
        if "no-test" not in block["flags"]
        for line in block["text"].splitlines()
        if line.strip()
    ]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is in the repository, and nothing that was made."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    folder = tmp_path_factory.mktemp("docs") / "clone"
    for name in filter(None, listed.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    return folder


@pytest.mark.notebook
def test_every_command_of_the_readme_works(clone: Path) -> None:
    scripts = Path(sys.executable).parent
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    asked = commands("README.md")

    assert asked[0] == "make report"
    for command in asked:
        # The tests' own environment stands in for the one that make would set up.
        typed = command.replace("make", f"make READY= BIN={scripts}", 1)
        done = subprocess.run(
            ["sh", "-c", typed if command.startswith("make") else command],
            cwd=clone,
            env=os.environ | {"PATH": path, "PYTHONPATH": str(clone)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    pages = {page.name for page in (clone / "reports" / "2026-10").glob("*.html")}
    operators = {f"op-0{number}.html" for number in (1, 2, 3, 4)}
    assert pages == {"index.html", "clean.html", *operators}
    assert (clone.parent / "our-team" / "data" / "plan.yml").is_file()


def test_both_readmes_have_the_same_commands() -> None:
    assert commands("README.zh-CN.md") == commands("README.md")


@pytest.mark.parametrize("readme", READMES)
def test_the_readmes_python_runs(
    m: Workbook, monkeypatch: pytest.MonkeyPatch, readme: str
) -> None:
    (code,) = _PYTHON.findall((ROOT / readme).read_text(encoding="utf-8"))
    folder = m.workspace.root / "scratch" / readme
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    exec(code, {})

    assert sorted(path.name for path in folder.iterdir()) == ["charts", "tables.xlsx"]
    assert len(list((folder / "charts").glob("days-views-*.svg"))) == 5


@pytest.mark.parametrize("readme", READMES)
def test_files_that_a_readme_points_to_exist(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#:]+)\)", text)

    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []
