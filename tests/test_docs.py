"""
The README's commands, in its order, as a new user would type them.

And, in the workspace that they leave, the notebooks as people run them: top to bottom,
and by papermill's own command.
"""

from __future__ import annotations

import ast
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from kpi_lib import inputs
from kpi_lib.page import html
from kpi_lib.workspace import Workspace
from tests.sample_month import MONTH, ROOT
from tests.test_notebooks_style import NAMES

pytestmark = pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:zmq")

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


@pytest.fixture(scope="module")
def typed(clone: Path) -> dict[str, subprocess.CompletedProcess[str]]:
    """Every command up to the first that fails, and what came of it."""
    scripts = Path(sys.executable).parent
    path = f"{scripts}{os.pathsep}{os.environ['PATH']}"
    done = {}
    for command in commands("README.md"):
        # The tests' own environment stands in for the one that make would set up.
        made = command.replace("make", f"make READY= BIN={scripts}", 1)
        done[command] = subprocess.run(
            ["sh", "-c", made if command.startswith("make") else command],
            cwd=clone,
            env=os.environ | {"PATH": path, "PYTHONPATH": str(clone)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done[command].returncode:
            break
    return done


@pytest.mark.notebook
def test_every_command_of_the_readme_works(
    clone: Path, typed: dict[str, subprocess.CompletedProcess[str]]
) -> None:
    for command, done in typed.items():
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert list(typed) == commands("README.md")
    assert next(iter(typed)) == "make report"
    pages = {page.name for page in (clone / "reports" / MONTH).glob("*.html")}
    operators = {f"op-0{number}.html" for number in (1, 2, 3, 4)}
    assert pages == {"index.html", "clean.html", "missing.html", *operators}
    assert (clone.parent / "our-team" / "data" / "plan.yml").is_file()


@pytest.mark.notebook
@pytest.mark.usefixtures("typed")
def test_what_is_shared_is_of_one_person(clone: Path) -> None:
    place = Workspace(clone)
    roster = inputs.load(place, MONTH).roster
    people = roster.appraised(MONTH)
    pages = {path.name: path for path in (clone.parent / "for-operators").iterdir()}
    assert sorted(pages) == sorted(
        f"{MONTH} {person.name} 考核报告（暂定）.html" for person in people
    )
    for person in people:
        text = pages[f"{MONTH} {person.name} 考核报告（暂定）.html"].read_text("utf-8")
        own = {account.id for account in roster.owned_by(person, MONTH)}
        others = [other for other in people if other != person]
        accounts = [a for a in roster.accounts if a.id not in own]
        scores = [
            json.loads(place.reports(MONTH).joinpath(f"{other.id}.json").read_text())
            for other in others
        ]
        strange = [
            *(word for other in others for word in (other.id, other.name)),
            *(word for account in accounts for word in (account.id, account.name)),
            *(card["total"] for card in scores),
        ]
        assert [
            word for word in strange if re.search(rf"(?<![\w-]){re.escape(word)}", text)
        ] == []
        assert re.findall(r'<a[^>]*href="(?!#|https?:)[^"]*"', text) == []


def test_both_readmes_have_the_same_commands() -> None:
    assert commands("README.zh-CN.md") == commands("README.md")


@pytest.mark.usefixtures("typed")
def test_the_readmes_python_runs(clone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = python("README.md")
    folder = clone / "scratch"
    folder.mkdir()
    monkeypatch.chdir(folder)
    exec(code, {})

    made = sorted(path.name for path in folder.iterdir())
    assert made == ["charts", "slide.png", "tables.xlsx"]
    assert len(list((folder / "charts").glob("days-views-*.svg"))) == 5


def test_both_readmes_have_the_same_python() -> None:
    """Apart from the comments, each in its own language."""
    ours, theirs = ([*map(ast.parse, python(readme))] for readme in READMES)

    assert [*map(ast.dump, ours)] == [*map(ast.dump, theirs)]


def python(readme: str) -> list[str]:
    return _PYTHON.findall((ROOT / readme).read_text(encoding="utf-8"))


@pytest.mark.parametrize("readme", READMES)
def test_files_that_a_readme_points_to_exist(readme: str) -> None:
    text = (ROOT / readme).read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([^)#:]+)\)", text)

    assert linked
    assert [name for name in linked if not (ROOT / name).exists()] == []


# The notebooks: 2-explore is run in JupyterLab itself (workbook/test_lab_browser.py).

BY_HAND = tuple(name for name in NAMES if name != "2-explore")
MOST = 35
"""Seconds that they may take, top to bottom."""


def run_all(place: Workspace, name: str) -> Any:
    """Run a notebook as JupyterLab's Run All does: in its folder, nothing injected."""
    notebook = nbformat.read(place.notebooks / f"{name}.ipynb", as_version=4)
    client = NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": place.notebooks}}
    )
    client.execute()
    return notebook


@pytest.fixture(scope="module")
def executed(
    clone: Path, typed: dict[str, subprocess.CompletedProcess[str]]
) -> dict[str, Any]:
    place = Workspace(clone)
    os.environ["PYTHONPATH"] = str(ROOT)
    before = used()
    done = {name: run_all(place, name) for name in BY_HAND}
    return done | {"seconds": used() - before}


def used() -> float:
    """Return the kernels' seconds of the processor: whoever else works counts not."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


@pytest.mark.notebook
@pytest.mark.parametrize("name", BY_HAND)
def test_it_runs_top_to_bottom(executed: dict[str, Any], name: str) -> None:
    cells = [cell for cell in executed[name].cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]

    assert all(cell.execution_count for cell in cells)
    assert {one.output_type for one in outputs} <= {"execute_result", "display_data"}


@pytest.mark.notebook
def test_they_take_little_time(executed: dict[str, Any]) -> None:
    assert executed["seconds"] < MOST


def page(notebook: Any) -> str:
    return html.page(notebook, title="一页")


@pytest.mark.notebook
def test_papermill_and_run_all_give_the_page_of_the_run(
    executed: dict[str, Any], clone: Path
) -> None:
    # Both of op-01's October: made by the run, and typed as the README says.
    ours = nbformat.read(clone / f"reports/{MONTH}/executed/op-01.ipynb", as_version=4)
    theirs = nbformat.read(clone / "out.ipynb", as_version=4)
    by_hand = executed["3-appraisal"]

    assert html.sealed(ours)
    assert html.sealed(theirs) == html.sealed(ours)
    assert html.sealed(by_hand) == html.sealed(ours)
    assert page(theirs) == page(ours)
    assert page(by_hand) == page(ours)
    assert outputs(theirs) == outputs(ours)


def outputs(notebook: Any) -> list[Any]:
    """Return what every cell shows."""
    return [
        [dict(output.data) for output in cell.get("outputs", [])]
        for cell in notebook.cells
        if "injected-parameters" not in cell.metadata.get("tags", [])
    ]
