"""The shape of the notebooks: an article with one-line calls, not a program."""

import ast
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any

import nbformat
import pytest

FOLDER = Path(__file__).parent.parent / "notebooks"
NAMES = ("1-clean", "2-explore", "3-appraisal", "4-team")
PROGRAM = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.For,
    ast.While,
    ast.Try,
    ast.With,
    ast.Lambda,
)


@pytest.fixture(params=NAMES)
def notebook(request: pytest.FixtureRequest) -> Any:
    return nbformat.read(FOLDER / f"{request.param}.ipynb", as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def lines(cell: Any) -> int:
    return len([line for line in cell.source.splitlines() if line.strip()])


def is_import(cell: Any) -> bool:
    body = ast.parse(cell.source).body
    return any(isinstance(node, ast.Import | ast.ImportFrom) for node in body)


def test_it_is_a_valid_notebook_with_ids(notebook: Any) -> None:
    nbformat.validate(notebook)

    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


def test_no_outputs_are_committed(notebook: Any) -> None:
    assert all(not cell.outputs for cell in code(notebook))
    assert all(cell.execution_count is None for cell in code(notebook))


def test_title_parameters_imports_come_first(notebook: Any) -> None:
    title, *_ = notebook.cells
    parameters, imports, *rest = code(notebook)

    assert title.cell_type == "markdown"
    assert title.source.startswith("# ")
    assert parameters.metadata.tags == ["parameters"]
    assert is_import(imports)
    assert not any(is_import(cell) for cell in rest)


def test_one_parameters_cell_of_assignments_with_a_comment_each(notebook: Any) -> None:
    tagged = [
        cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])
    ]
    body = ast.parse(tagged[0].source).body

    assert len(tagged) == 1
    assert all(
        isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "str"
        for node in body
    )
    assert all("#" in line for line in tagged[0].source.splitlines() if line.strip())
    names = [ast.unparse(node.target) for node in body]  # type: ignore[attr-defined]
    assert {"month", "root"} <= set(names)


def test_what_is_imported_comes_from_the_package(notebook: Any) -> None:
    (cell,) = [cell for cell in code(notebook) if is_import(cell)]
    # pandas alone besides it: what the reader may want to look at is a frame.
    homes = [
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name  # type: ignore[attr-defined]
        for node in ast.parse(cell.source).body
    ]

    assert {str(home).split(".")[0] for home in homes} <= {"kpi_lib", "pandas"}


def test_code_is_calls_not_a_program(notebook: Any) -> None:
    for cell in code(notebook):
        nodes = list(ast.walk(ast.parse(cell.source)))

        assert not [node for node in nodes if isinstance(node, PROGRAM)], cell.source
        assert lines(cell) <= 12, cell.source
    assert median(lines(cell) for cell in code(notebook)) <= 3


def test_about_half_is_prose(notebook: Any) -> None:
    markdown = [cell for cell in notebook.cells if cell.cell_type == "markdown"]
    share = len(markdown) / len(notebook.cells)

    assert 15 <= len(notebook.cells) <= 35
    assert 0.40 <= share <= 0.55


def headings(name: str) -> list[str]:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    return [
        line.lstrip("# ").strip()
        for cell in notebook.cells[1:]
        if cell.cell_type == "markdown"
        for line in cell.source.splitlines()
        if line.startswith("#")
    ]


def test_an_analyst_s_notebook_asks() -> None:
    # The last section says what was written, and where.
    asked = headings("2-explore")[:-1]

    assert asked
    assert [one for one in asked if not one.endswith(("？", "?"))] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != "2-explore"])
def test_what_becomes_a_page_has_titles(name: str) -> None:
    titles = headings(name)

    assert titles
    assert [one for one in titles if one.endswith(("？", "?"))] == []


def test_git_sees_no_change_after_a_run_and_a_save(tmp_path: Path) -> None:
    # As JupyterLab writes it; the filter that `make` sets up takes it out again.
    for name in NAMES:
        saved = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
        saved.metadata["language_info"] = {"name": "python", "version": "3.13.1"}
        for cell in code(saved):
            cell.outputs = [nbformat.v4.new_output("stream", text="甲\n")]  # type: ignore[no-untyped-call]
            cell.execution_count = 3
            cell.metadata["execution"] = {"iopub.status.busy": "2026-11-28T13:00:00Z"}
        text = nbformat.writes(saved)
        (tmp_path / f"{name}.ipynb").write_text(f"{text}\n", "utf-8")
    makefile = (FOLDER.parent / "Makefile").read_text("utf-8")
    flags = re.findall(r"^STRIP := (.*)$", makefile, re.MULTILINE)[0].split()
    files = sorted(tmp_path.iterdir())
    subprocess.run([sys.executable, "-m", "nbstripout", *flags, *files], check=True)

    for file in files:
        assert file.read_bytes() == (FOLDER / file.name).read_bytes(), file.name
