"""Cells in the job's own process, told as a kernel tells them."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import papermill
import pytest

from kpi_lib.errors import RunError
from kpi_lib.run import notebook as notebooks
from tests.fresh import execute, fresh
from tests.sample_month import ROOT
from tests.tiny_notebook import write

pytestmark = pytest.mark.notebook

CELLS = {
    "print": ("print('甲', month); print('乙')", "甲 2026-10\n乙\n", ""),
    "two streams": (
        "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)",
        "1\n3\n",
        "2\n",
    ),
    "child program": ("import os\n_ = os.system('echo 甲')", "甲\n", ""),
    "descriptor": ("import os\n_ = os.write(1, b'x\\n')", "x\n", ""),
    "shell": ("!echo $((1 + 1))", "2\r\n", ""),
    "value": ("1 + 1", "", ""),
    "no value": ("1 + 1;", "", ""),
    "last value": ("_ = 3\n_", "", ""),
    "await": ("import asyncio\nawait asyncio.sleep(0, '甲')", "", ""),
    "frame": ("import pandas as pd\npd.DataFrame({'粉丝': [1, 2]})", "", ""),
    "bytes": (
        "from IPython.display import Image\n"
        "Image(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(64))",
        "",
        "",
    ),
    "update": ("h = display(1, display_id='a')\nprint(2)\nh.update(3)", "2\n", ""),
    "clear": (
        "print(1)\nget_ipython().run_line_magic('pinfo', 'print')\n"
        "from IPython.display import clear_output\nclear_output()\nprint(2)",
        "2\n",
        "",
    ),
    "clear later": (
        "from IPython.display import clear_output\n"
        "print(1)\nclear_output(wait=True)\nprint(2)",
        "2\n",
        "",
    ),
    "magic": ("%env KPI_TEST=1", "env: KPI_TEST=1\n", ""),
    "cell magic": ("%%writefile note.txt\n甲", "Writing note.txt\n", ""),
    "script": ("%%bash\necho 甲; echo 乙 >&2", "甲\n", "乙\n"),
    "module": ("print(__name__)\nimport __main__\n__main__.month", "__main__\n", ""),
    "folder": (
        "import os, sys\nprint(os.getcwd() in sys.path, '' in sys.path)",
        "False False\n",
        "",
    ),
    "warning": (
        "import warnings\nwarnings.filterwarnings('always')\nwarnings.warn('甲')",
        "",
        "CELL:3: UserWarning: 甲\n  warnings.warn('甲')\n",
    ),
    "draw": (
        "import matplotlib.pyplot as plt\n"
        "plt.figure(figsize=(1, 1)).text(0, 0, 'a')\n"
        "plt.show()",
        "",
        "",
    ),
}
"""By name a cell, and what it prints and prints as errors."""

FAILING = {
    "error": "def f():\n    return {}['粉丝']\nf()",
    "syntax": "f(",
    "exit": "import sys\nsys.exit(3)",
}

FILE = r"<ipython-input-[^>]+>|[\w/.]*\d{6,}\.py"
"""What the file of a cell is called: by chance of the process."""


def ours(folder: Path, *cells: str) -> list[Any]:
    """Run cells by the engine; return the code cells, whether or not one failed."""
    notebook = write(folder / "ours.ipynb", *cells)
    made = folder / "ours.out.ipynb"
    try:
        execute(notebook, {}, output=made, folder=folder)
    except RunError as error:
        made = Path(error.notebook)
    return code(made)


def kernels(folder: Path, *cells: str) -> list[Any]:
    """Run cells in a true kernel, by papermill's own engine."""
    notebook, made = write(folder / "k.ipynb", *cells), folder / "k.out.ipynb"
    with contextlib.suppress(papermill.PapermillExecutionError):
        papermill.execute_notebook(
            notebook, made, kernel_name="python3", progress_bar=False, cwd=folder
        )
    return [
        cell
        for cell in code(made)
        if "papermill-error-cell-tag" not in cell.metadata.get("tags", [])
    ]


def code(path: Path) -> list[Any]:
    return [cell for cell in notebooks.read(path).cells if cell.cell_type == "code"]


def shown(cell: Any) -> tuple[Any, ...]:
    """Return a cell with its outputs but what it printed, which a kernel tells late."""
    outputs = [dict(one) for one in cell.outputs if one.output_type != "stream"]
    for output in outputs:
        if output["output_type"] == "error":
            text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(output["traceback"]))
            output["traceback"] = re.sub(FILE, "CELL", text)
            output["evalue"] = re.sub(FILE, "CELL", output["evalue"])
    return cell.source, cell.execution_count, outputs


def printed(cell: Any, name: str = "stdout") -> str:
    text = "".join(one.text for one in cell.outputs if one.get("name") == name)
    return re.sub(FILE, "CELL", text)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return ours(tmp_path_factory.mktemp("o"), *(cell for cell, *_ in CELLS.values()))


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
def test_what_is_shown_is_what_a_kernel_shows(run: list[Any], tmp_path: Path) -> None:
    kernel = kernels(tmp_path, *(cell for cell, *_ in CELLS.values()))

    assert [shown(cell) for cell in run] == [shown(cell) for cell in kernel]


@pytest.mark.parametrize("name", CELLS)
def test_what_is_printed_is_told_by_its_stream(run: list[Any], name: str) -> None:
    cell = run[1 + [*CELLS].index(name)]

    assert (printed(cell), printed(cell, "stderr")) == CELLS[name][1:]


def test_what_is_printed_keeps_its_order(run: list[Any]) -> None:
    streams = run[1 + [*CELLS].index("two streams")].outputs

    assert [(one.name, one.text) for one in streams] == [
        ("stdout", "1\n"),
        ("stderr", "2\n"),
        ("stdout", "3\n"),
    ]


@pytest.mark.filterwarnings("ignore:.*:DeprecationWarning")
@pytest.mark.parametrize("name", FAILING)
def test_a_cell_fails_as_in_a_kernel(tmp_path: Path, name: str) -> None:
    cells = ours(tmp_path, FAILING[name], "print('end')")
    kernel = kernels(tmp_path, FAILING[name], "print('end')")

    assert [shown(cell) for cell in cells] == [shown(cell) for cell in kernel]
    states = ["completed", "failed", "pending"]
    assert [cell.metadata.papermill.status for cell in cells] == states


def test_an_interrupt_is_a_cells_error(tmp_path: Path) -> None:
    cells = ours(tmp_path, "raise KeyboardInterrupt", "1")

    assert shown(cells[1])[2][0]["ename"] == "KeyboardInterrupt"
    assert cells[2].execution_count is None


def test_a_cell_that_may_raise_stops_nothing(tmp_path: Path) -> None:
    notebook = write(tmp_path / "t.ipynb", "1 / 0", "print('end')")
    written = notebooks.read(notebook)
    written.cells[2].metadata["tags"] = ["raises-exception"]
    notebook.write_text(notebooks.nbformat.writes(written), "utf-8")
    with pytest.raises(RunError) as caught:  # papermill takes the error's output so
        execute(notebook, {}, output=tmp_path / "o.ipynb", folder=tmp_path)

    assert printed(code(Path(caught.value.notebook))[-1]) == "end\n"


def test_papermill_by_hand_uses_the_engine(tmp_path: Path) -> None:
    write(tmp_path / "t.ipynb", "import os; print(os.getpid(), os.getppid(), month)")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "papermill", "--engine", "kpi", "-k", "python3"),
            *("t.ipynb", "o.ipynb", "-p", "month", "2026-09", "--no-progress-bar"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    made = notebooks.read(tmp_path / "o.ipynb")

    assert printed(made.cells[-1]).split()[1:] == [str(os.getpid()), "2026-09"]
    assert made.metadata.papermill.duration > 0
    assert (done.stdout, "Traceback" in done.stderr) == ("", False)


def test_a_misspelt_parameter_is_refused_by_our_first_call_in_any_kernel(
    tmp_path: Path,
) -> None:
    opening = "from kpi_lib.workspace import Workspace\nWorkspace.find()"
    notebook = write(tmp_path / "k.ipynb", opening)

    with pytest.raises(
        papermill.PapermillExecutionError, match="没有参数“mnoth”；应为month"
    ):
        papermill.execute_notebook(
            notebook,
            tmp_path / "o.ipynb",
            {"mnoth": "2026-09"},
            kernel_name="python3",
            progress_bar=False,
        )


def test_answers_stand_below_their_drop_downs(
    sample_place: Any, tmp_path: Path
) -> None:
    source = ROOT / "notebooks/2-explore.ipynb"
    executed = execute(
        source, {}, output=tmp_path / "o.ipynb", folder=sample_place.root
    )
    asked = [
        [output.data for output in cell.outputs]
        for cell in executed.cells
        if cell.cell_type == "code" and "ask(" in cell.source
    ]

    assert len(asked) >= 10
    for controls, answer in asked:
        assert "application/vnd.jupyter.widget-view+json" in controls
        assert '<div class="kpi">' in answer["text/html"]


def both(folder: Path) -> list[Any]:
    """Run a notebook twice in this process."""
    notebook = write(folder / "t.ipynb", "print('left' in globals()); left = 1", "2")
    more = {"output": folder / "o.ipynb", "folder": folder}
    return [notebooks.execute(notebook, {}, **more) for _ in range(2)]


def test_a_notebook_finds_nothing_of_the_one_before(tmp_path: Path) -> None:
    first, second = fresh(both, tmp_path)

    assert first == second
    assert "False" in str(second.cells)
