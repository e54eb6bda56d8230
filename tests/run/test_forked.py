import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kpi_lib.errors import RunError
from kpi_lib.run import engine, processes
from tests.tiny_notebook import write

pytestmark = [
    pytest.mark.notebook,
    pytest.mark.skipif(bool(processes.why_not_fork()), reason="no safe fork"),
]

CELLS = {
    "print": "print('甲', month); print('乙')",
    "two streams": "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)",
    "child program": "import os\n_ = os.system('echo 甲')",
    "descriptor": "import os\n_ = os.write(1, b'x\\n')",
    "shell": "!echo $((1 + 1))",
    "value": "1 + 1",
    "no value": "1 + 1;",
    "last value": "_ = 3\n_",
    "await": "import asyncio\nawait asyncio.sleep(0, '甲')",
    "frame": "import pandas as pd\npd.DataFrame({'粉丝': [1, 2]})",
    "bytes": "from IPython.display import Image\n"
    "Image(b'\\x89PNG\\r\\n\\x1a\\n' + bytes(64))",
    "update": "h = display(1, display_id='a')\nprint(2)\nh.update(3)",
    "clear": "print(1)\nget_ipython().run_line_magic('pinfo', 'print')\n"
    "from IPython.display import clear_output\nclear_output()\nprint(2)",
    "magic": "%env KPI_TEST=1",
    "cell magic": "%%writefile note.txt\n甲",
    "script": "%%bash\necho 甲; echo 乙 >&2",
    "module": "print(__name__)\nimport __main__\n__main__.month",
    "folder": "import os, sys\nprint(os.getcwd() in sys.path, '' in sys.path)",
    "warning": "import warnings\nwarnings.filterwarnings('always')\n"
    "print(len(warnings.filters) > 0)",
    "draw": "import matplotlib.pyplot as plt\n"
    "plt.figure(figsize=(1, 1)).text(0, 0, 'a')\n"
    "plt.show()",
}

FAILING = {
    "error": "def f():\n    return {}['粉丝']\nf()",
    "syntax": "f(",
    "exit": "import sys\nsys.exit(3)",
}

FILE = r"<ipython-input-[^>]+>|[\w/.]*\d{6,}\.py"
"""What the file of a cell is called: by chance of the process."""


def outputs(path: Path, *cells: str, kernel: bool, **more: Any) -> list[Any]:
    """Run a notebook one way; return its outputs without what may differ."""
    folder = path / ("kernel" if kernel else "forked")
    notebook = write(folder / "tiny.ipynb", *cells)
    made = folder / "o.ipynb"
    try:
        engine.execute(notebook, {}, output=made, folder=folder, kernel=kernel, **more)
    except RunError as error:
        made = Path(error.notebook)
    return [plain(cell) for cell in engine.read(made).cells if cell.cell_type == "code"]


def plain(cell: Any) -> tuple[Any, ...]:
    # A kernel sends what is printed when it finds the time: only the text is compared.
    streams = {
        name: "".join(one.text for one in cell.outputs if one.get("name") == name)
        for name in ("stdout", "stderr")
    }
    told = [dict(one) for one in cell.outputs if one.output_type != "stream"]
    for one in told:
        if one["output_type"] == "error":
            text = re.sub(r"\x1b\[[\d;]*m", "", "\n".join(one["traceback"]))
            one["traceback"] = re.sub(FILE, "CELL", text)
            one["evalue"] = re.sub(FILE, "CELL", one["evalue"])
    state = cell.metadata.get("papermill")
    return cell.source, cell.execution_count, state, streams, told


def test_both_ways_tell_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With it a kernel does not look at what other programs print.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    forked = outputs(tmp_path, *CELLS.values(), kernel=False)
    kernel = outputs(tmp_path, *CELLS.values(), kernel=True)
    names = ["parameters", *CELLS]

    assert dict(zip(names, forked, strict=True)) == dict(
        zip(names, kernel, strict=True)
    )


@pytest.mark.parametrize("name", FAILING)
def test_both_ways_fail_the_same(tmp_path: Path, name: str) -> None:
    forked = outputs(tmp_path, FAILING[name], "print('end')", kernel=False)
    kernel = outputs(tmp_path, FAILING[name], "print('end')", kernel=True)

    assert forked == kernel


CRASHES = {
    "leaves": ("os._exit(9)", "子进程自己退出，退出码9"),
    "killed": ("os.kill(os.getpid(), 9)", "子进程被SIGKILL结束，可能是内存不足"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "子进程被SIGSEGV结束"),
    "aborts": ("os.abort()", "子进程被SIGABRT结束"),
}


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_is_a_failed_cell_with_its_reason(tmp_path: Path, name: str) -> None:
    cell, reason = CRASHES[name]
    started = time.monotonic()
    crashed = outputs(
        tmp_path, f"import os\nprint('before')\n{cell}", "1", kernel=False
    )

    assert time.monotonic() - started < 3  # the crash is seen at once
    _, count, state, streams, (error,) = crashed[1]
    assert (count, state["status"], streams["stdout"]) == (2, "failed", "before\n")
    assert (error["ename"], error["evalue"]) == ("DeadKernelError", reason)
    assert [cell[2]["status"] for cell in crashed[2:]] == ["pending"]


LEFT_BEHIND = """
import subprocess, pathlib
child = subprocess.Popen(["sleep", "60"])
pathlib.Path("pid").write_text(str(child.pid))
"""


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        pytest.param("child.wait()", "CellTimeoutError：超过1秒没有做完", id="cell"),
        pytest.param("1 / 0", "ZeroDivisionError", id="error"),
        pytest.param("import os; os._exit(1)", "退出码1", id="crash"),
    ],
)
def test_nothing_outlives_a_notebook(tmp_path: Path, cell: str, words: str) -> None:
    notebook = write(tmp_path / "t.ipynb", LEFT_BEHIND, cell)
    with pytest.raises(RunError, match=words):
        engine.execute(
            notebook, {}, output=tmp_path / "o.ipynb", folder=tmp_path, cell_timeout=1
        )

    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid: int) -> bool:
    """Say whether a process is no more, or only waits to be taken note of."""
    for _ in range(100):
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.01)
    return False


def test_no_state_reaches_the_next_notebook(tmp_path: Path) -> None:
    leak = (
        "import builtins, os, random, pandas as pd\n"
        "print('LEFT' in os.environ, hasattr(builtins, 'left'), "
        "pd.get_option('display.max_rows'))\n"
        "os.environ['LEFT'] = '1'; builtins.left = 1\n"
        "pd.set_option('display.max_rows', 7)\n"
        "print(random.random())"
    )
    first, second = (
        outputs(tmp_path, leak, kernel=False)[1][3]["stdout"].splitlines()
        for _ in range(2)
    )

    assert first[0] == second[0] == "False False 60"
    assert first[1] != second[1]


def test_papermill_by_hand_uses_the_engine(tmp_path: Path) -> None:
    write(
        tmp_path / "t.ipynb", "import sys; print('ipykernel.kernelapp' in sys.modules)"
    )
    subprocess.run(
        [
            *(sys.executable, "-m", "papermill", "--engine", "kpi", "-k", "python3"),
            *("t.ipynb", "o.ipynb", "-p", "month", "2026-09"),
        ],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    made = engine.read(tmp_path / "o.ipynb")

    assert made.cells[-1].outputs[0].text == "False\n"
    assert made.cells[-1].metadata.papermill.duration < 5
    assert made.metadata.papermill.duration > 0


def test_the_notebooks_own_limit_ends_it(tmp_path: Path) -> None:
    import papermill

    notebook = write(
        tmp_path / "t.ipynb", "import time; time.sleep(0.1)", "time.sleep(9)"
    )
    with pytest.raises(papermill.PapermillExecutionError) as caught:
        papermill.execute_notebook(
            notebook,
            tmp_path / "o.ipynb",
            engine_name="kpi",
            kernel_name="python3",
            progress_bar=False,
            notebook_timeout=1.5,
        )

    assert caught.value.ename == "NotebookTimeoutError"
    assert caught.value.evalue == "整本笔记本超过1.5秒没有做完"
    last = engine.read(tmp_path / "o.ipynb").cells[-1]
    assert last.metadata.papermill.status == "failed"


def test_a_notebook_that_needs_a_kernel_gets_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notebook = write(
        tmp_path / "t.ipynb",
        "# not ipywidgets\nimport sys; print('ipykernel.kernelapp' in sys.modules)",
    )
    made = engine.execute(notebook, {}, output=tmp_path / "o.ipynb", folder=tmp_path)

    assert made.cells[-1].outputs[0].text == "True\n"
    assert "ipywidgets要和内核往来：改用papermill自带的引擎" in caplog.text


def test_a_module_is_left_out_for_a_block_and_no_longer() -> None:
    code = (
        "import sys; from kpi_lib.run import processes\n"
        "with processes.without(processes.SLOW): import nbformat, jsonschema\n"
        "print(processes.SLOW in sys.modules)\n"
        "import rfc3987_syntax; print(rfc3987_syntax.__name__)\n"
        "with processes.without(processes.SLOW): import rfc3987_syntax"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    )

    assert done.stdout == f"False\n{processes.SLOW}\n"


def test_few_threads_stand_before_a_fork() -> None:
    code = (
        "import kpi_lib.appraisal, kpi_lib.page, kpi_lib.run.engine\n"
        "from kpi_lib.run import processes; print(processes.threads())"
    )
    counted = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **processes.ONE_THREAD},
        check=True,
        capture_output=True,
        text=True,
    )

    assert int(counted.stdout) <= 3
