"""The notebooks as people run them: top to bottom, and by papermill's own command."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from kpi_lib.page import html
from kpi_lib.workspace import Workspace
from tests.fresh import execute
from tests.sample_month import MONTH, ROOT
from tests.test_notebooks_style import NAMES

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning:zmq"),
]

MOST = 60
"""Seconds that all four may take, top to bottom."""


def run_all(place: Workspace, name: str) -> Any:
    """Run a notebook as JupyterLab's Run All does: in its folder, nothing injected."""
    notebook = nbformat.read(place.notebooks / f"{name}.ipynb", as_version=4)
    client = NotebookClient(
        notebook, timeout=300, resources={"metadata": {"path": place.notebooks}}
    )
    client.execute()
    return notebook


@pytest.fixture(scope="module")
def place(
    sample_place: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Workspace:
    """The sample in a folder of its own: 1-clean writes."""
    root = tmp_path_factory.mktemp("notebooks") / "team"
    shutil.copytree(sample_place.root, root)
    return Workspace(root)


@pytest.fixture(scope="module")
def executed(place: Workspace) -> dict[str, Any]:
    os.environ["PYTHONPATH"] = str(ROOT)
    before = used()
    done = {name: run_all(place, name) for name in NAMES}
    return done | {"seconds": used() - before}


def used() -> float:
    """Return the kernels' seconds of the processor: whoever else works counts not."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return children.ru_utime + children.ru_stime


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_top_to_bottom(executed: dict[str, Any], name: str) -> None:
    cells = [cell for cell in executed[name].cells if cell.cell_type == "code"]
    outputs = [output for cell in cells for output in cell.outputs]

    assert all(cell.execution_count for cell in cells)
    assert {one.output_type for one in outputs} <= {"execute_result", "display_data"}


def test_the_four_take_less_than_a_minute(executed: dict[str, Any]) -> None:
    assert executed["seconds"] < MOST


def test_explore_reads_without_widgets(executed: dict[str, Any]) -> None:
    bundles = [
        output.data
        for cell in executed["2-explore"].cells
        for output in cell.get("outputs", [])
    ]
    asked = [
        one for one in bundles if "application/vnd.jupyter.widget-view+json" in one
    ]

    assert len(asked) >= 10
    assert all('<div class="kpi">' in one["text/html"] for one in asked)
    assert sum("<svg" in one["text/html"] for one in asked) >= 9


def page(notebook: Any) -> str:
    return html.page(notebook, title="一页")


def test_papermill_and_run_all_give_the_page_of_the_run(
    executed: dict[str, Any], place: Workspace, tmp_path: Path
) -> None:
    source = place.notebooks / "3-appraisal.ipynb"
    wanted = {"month": MONTH, "operator": "op-01"}
    ours = execute(source, wanted, output=tmp_path / "ours.ipynb", folder=place.root)
    by_hand = tmp_path / "out.ipynb"
    subprocess.run(
        [
            *(str(Path(sys.executable).with_name("papermill")), str(source)),
            *(str(by_hand), "--no-progress-bar", "--log-level", "ERROR"),
            *("-p", "operator", "op-01", "-p", "month", MONTH),
        ],
        cwd=place.notebooks,
        check=True,
        capture_output=True,
    )
    theirs = nbformat.read(by_hand, as_version=4)

    assert html.sealed(ours)
    assert html.sealed(theirs) == html.sealed(ours)
    assert html.sealed(executed["3-appraisal"]) == html.sealed(ours)
    assert page(theirs) == page(ours)
    assert page(executed["3-appraisal"]) == page(ours)
    assert outputs(theirs) == outputs(ours)


def outputs(notebook: Any) -> list[Any]:
    """Return what every cell shows."""
    return [
        [dict(output.data) for output in cell.get("outputs", [])]
        for cell in notebook.cells
        if "injected-parameters" not in cell.metadata.get("tags", [])
    ]
