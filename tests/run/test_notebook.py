import copy
import hashlib
import sys
from pathlib import Path
from typing import Any

import nbformat
import papermill
import pytest

from kpi_lib import held
from kpi_lib.errors import InvalidInput, KpiError, RunError
from kpi_lib.run import notebook as notebooks
from kpi_lib.run import record
from tests.fresh import execute
from tests.tiny_notebook import PARAMETERS, write

SHOW = "print(month)"


def printed(executed: Any) -> str:
    return "".join(
        output.text
        for cell in executed.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "stream"
    )


def run(folder: Path, *cells: str, **more: Any) -> Any:
    notebook = write(folder / "tiny.ipynb", *cells)
    return execute(
        notebook,
        {"month": "2026-09"},
        output=folder / "out/op-01.ipynb",
        folder=folder,
        **more,
    )


@pytest.mark.notebook
def test_a_notebook_runs_with_its_parameters(tmp_path: Path) -> None:
    before = Path.cwd()
    executed = run(
        tmp_path,
        SHOW,
        "import os, sys; print(os.getcwd()); print(sys.executable)",
        "print(os.environ['OMP_NUM_THREADS'], os.environ['OPENBLAS_NUM_THREADS'])",
        "print(os.getcwd() in sys.path or '' in sys.path)",
        "print(get_ipython().history_manager.enabled, get_ipython().ipython_dir)",
    )

    lines = printed(executed).splitlines()
    assert lines[:5] == ["2026-09", str(tmp_path), sys.executable, "1 1", "False"]
    assert lines[5].startswith("False ")
    assert str(Path.home()) not in lines[5]
    assert Path.cwd() == before
    assert notebooks.read(tmp_path / "out/op-01.ipynb").cells == executed.cells
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["op-01.ipynb"]


@pytest.mark.notebook
def test_the_same_run_gives_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    for name in ("one", "two"):
        run(tmp_path / name, SHOW)

    one, two = (tmp_path / name / "out/op-01.ipynb" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert str(tmp_path) not in one.read_text("utf-8")


@pytest.mark.notebook
def test_a_cell_that_raises_is_named_and_the_notebook_kept(tmp_path: Path) -> None:
    write(tmp_path / "out/op-01.ipynb")
    old = (tmp_path / "out/op-01.ipynb").read_bytes()

    with pytest.raises(RunError, match="op-01：第3个代码格出错，KeyError") as caught:
        run(tmp_path, SHOW, "{}['粉丝']", SHOW, job="op-01")

    assert (caught.value.cell, caught.value.name) == (3, "KeyError")
    kept = notebooks.read(Path(caught.value.notebook))
    assert printed(kept) == "2026-09\n"
    assert Path(caught.value.notebook).name == "op-01.failed.ipynb"
    assert (tmp_path / "out/op-01.ipynb").read_bytes() == old


@pytest.mark.notebook
def test_a_success_takes_the_failed_notebook_away(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="ZeroDivisionError"):
        run(tmp_path, "1 / 0")
    run(tmp_path, SHOW)

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["op-01.ipynb"]


@pytest.mark.notebook
def test_a_notebook_that_leaves_early_did_not_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="没有运行的代码格：4"):
        run(tmp_path, SHOW, "import sys; sys.exit(0)", SHOW)

    assert not (tmp_path / "out/op-01.ipynb").exists()


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        pytest.param(
            {"mnoth": "2026-09"}, "没有参数“mnoth”；应为month、n、x", id="name"
        ),
        pytest.param({"a; import os": "1"}, "没有参数“a; import os”", id="code"),
    ],
)
def test_parameters_are_refused_before_anything_runs(
    tmp_path: Path, parameters: dict[str, str], words: str
) -> None:
    notebook = write(
        tmp_path / "tiny.ipynb", SHOW, parameters=f"{PARAMETERS}\nn = 1\nx = 0.5"
    )

    with pytest.raises(KpiError, match=words):
        notebooks.execute(
            notebook, parameters, output=tmp_path / "o.ipynb", folder=tmp_path
        )


def test_papermills_command_refuses_a_misspelt_name_too(tmp_path: Path) -> None:
    notebook = write(tmp_path / "tiny.ipynb", SHOW)

    with pytest.raises(InvalidInput, match="没有参数“mnoth”；应为month"):
        papermill.execute_notebook(
            notebook,
            tmp_path / "o.ipynb",
            {"mnoth": "2026-09"},
            engine_name="kpi",
            kernel_name="python3",
            language="python",
            progress_bar=False,
        )


def test_what_a_run_or_an_editor_leaves_is_no_change(tmp_path: Path) -> None:
    path = write(tmp_path / "notebooks/tiny.ipynb", SHOW)
    before = record.of_file(path)
    saved = notebooks.read(path)
    saved.metadata["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    saved.metadata["language_info"] = {"name": "python", "version": "3.13.1"}
    saved.cells[-1].outputs = [nbformat.v4.new_output("stream", text="甲")]  # type: ignore[no-untyped-call]
    saved.cells[-1].execution_count = 7
    nbformat.write(saved, path)

    assert record.of_file(path) == before
    for change in ("source", "tags"):
        other = copy.deepcopy(saved)
        if change == "source":
            other.cells[-1].source += "\n"
        else:
            other.cells[-1].metadata["tags"] = ["notebook-only"]
        nbformat.write(other, path)
        assert record.of_file(path) != before, change
    path.write_bytes(b"{}")
    assert record.of_file(path) == hashlib.sha256(b"{}").hexdigest()


def test_what_is_read_is_held_against_the_hash_that_was_recorded(
    tmp_path: Path,
) -> None:
    # An executed notebook, which the index reads, is its bytes.
    source = write(tmp_path / "notebooks/1-clean.ipynb", SHOW)
    made = write(tmp_path / "data/clean/2026-10/1-clean.ipynb", SHOW)
    meant = {
        path.relative_to(tmp_path).as_posix(): record.of_file(path)
        for path in (source, made)
    }
    with held.holding(tmp_path, meant):
        assert notebooks.read(source).cells == notebooks.read(made).cells
        made.write_text(made.read_text("utf-8") + "\n", "utf-8")
        with pytest.raises(KpiError, match="被改过"):
            notebooks.read(made)


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("import os", id="import"),
        pytest.param("month = open('x')", id="call"),
        pytest.param("a = b = 1", id="two names"),
        pytest.param("month =", id="not Python"),
    ],
)
def test_a_parameters_cell_holds_assignments_only(tmp_path: Path, cell: str) -> None:
    notebook = write(tmp_path / "tiny.ipynb", parameters=cell)

    with pytest.raises(InvalidInput, match=r"tiny\.ipynb：不是可以运行的笔记本"):
        notebooks.declared(notebook)


def test_a_missing_notebook_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(KpiError, match=r"3-appraisal\.ipynb：不是可以运行的笔记本"):
        notebooks.declared(tmp_path / "3-appraisal.ipynb")


def test_declared_parameters_keep_their_order_and_defaults(tmp_path: Path) -> None:
    notebook = write(tmp_path / "t.ipynb", parameters='b = "x"\na = 3\nc = None')

    assert notebooks.declared(notebook) == {"b": "x", "a": 3, "c": None}
    assert list(notebooks.declared(notebook)) == ["b", "a", "c"]
