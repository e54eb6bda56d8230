"""A process a job: what one does to itself, and how it is told."""

import operator
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from kpi_lib.errors import KpiError, RunError
from kpi_lib.run import processes
from kpi_lib.run.processes import ONE_THREAD, Died, each
from tests.fresh import execute, fresh
from tests.tiny_notebook import write

pytestmark = pytest.mark.notebook

LONG = 300
"""Seconds that no test takes: what should have ended long before."""

SLEEPS = partial(time.sleep, LONG)

CRASHES = {
    "leaves": ("os._exit(9)", "子进程自己退出，退出码9"),
    "killed": ("os.kill(os.getpid(), 9)", "子进程被SIGKILL结束，可能是内存不足"),
    "segfault": ("import ctypes; ctypes.string_at(0)", "子进程被SIGSEGV结束"),
    "aborts": ("os.abort()", "子进程被SIGABRT结束"),
}


def run(folder: Path, *cells: str, **more: Any) -> Any:
    notebook = write(folder / "t.ipynb", *cells)
    return execute(notebook, {}, output=folder / "o.ipynb", folder=folder, **more)


@pytest.mark.parametrize("name", CRASHES)
def test_a_crash_names_its_cell_and_how_it_ended(tmp_path: Path, name: str) -> None:
    cell, why = CRASHES[name]
    with pytest.raises(Died) as caught:
        run(tmp_path, "1", f"import os\n{cell}", "2")

    died = caught.value
    assert (died.step, died.name, died.why) == (3, "DeadKernelError", why)
    assert died.killed == (name == "killed")
    assert not (tmp_path / "o.ipynb").exists()


def test_a_cell_that_hangs_is_ended_and_named(tmp_path: Path) -> None:
    with pytest.raises(Died) as caught:
        run(tmp_path, "1", f"import time; time.sleep({LONG})", limit=5)

    died = caught.value
    assert (died.step, died.name) == (3, "CellTimeoutError")
    assert died.why == "超过5秒没有做完"


def test_a_cell_that_hears_no_signal_is_ended_all_the_same(tmp_path: Path) -> None:
    deaf = "import signal; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]"
    with pytest.raises(Died, match="CellTimeoutError"):
        run(tmp_path, deaf, "while True: pass", limit=5)


def test_after_the_last_cell_no_cell_is_blamed(tmp_path: Path) -> None:
    with pytest.raises(Died) as caught:
        fresh(os._exit, 3)

    assert (caught.value.step, caught.value.why) == (0, "子进程自己退出，退出码3")


LEFT_BEHIND = """
import subprocess, pathlib
child = subprocess.Popen(["sleep", "300"])
pathlib.Path("pid").write_text(str(child.pid))
"""


@pytest.mark.skipif(os.name == "nt", reason="no groups of processes")
@pytest.mark.parametrize(
    ("cell", "error"),
    [
        pytest.param("child.wait()", Died, id="late"),
        pytest.param("1 / 0", RunError, id="error"),
        pytest.param("import os; os._exit(1)", Died, id="crash"),
        pytest.param("pass", None, id="success"),
    ],
)
def test_nothing_outlives_a_job(
    tmp_path: Path, cell: str, error: type[KpiError] | None
) -> None:
    if error:
        with pytest.raises(error):
            run(tmp_path, LEFT_BEHIND, cell, limit=5)
    else:
        run(tmp_path, LEFT_BEHIND, cell)

    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid: int) -> bool:
    """Wait until a process is no more, or only waits to be taken note of."""
    until = time.monotonic() + LONG
    while time.monotonic() < until:
        status = Path(f"/proc/{pid}/status")
        if not status.exists() or "State:\tZ" in status.read_text():
            return True
        time.sleep(0.01)
    return False


HANGS = """
import os, pathlib, time
pathlib.Path("pid").write_text(str(os.getpid()))
time.sleep(300)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_job_dies_with_its_run(tmp_path: Path, number: int) -> None:
    write(tmp_path / "t.ipynb", HANGS)
    script = (
        "from pathlib import Path\n"
        "from tests.fresh import execute\n"
        "execute(Path('t.ipynb'), {}, output=Path('o.ipynb'), folder=Path.cwd())"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stderr=subprocess.DEVNULL,
    )
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        assert started.poll() is None
        time.sleep(0.01)
    started.send_signal(number)
    started.wait()

    assert gone(int((tmp_path / "pid").read_text()))


def test_what_nobody_waits_for_is_ended() -> None:
    answers = each(operator.call, [[os.getpid, SLEEPS], [SLEEPS]], workers=1)
    _, pid = next(answers)
    answers.close()

    assert gone(pid)


def test_no_state_reaches_the_next_job(tmp_path: Path) -> None:
    leak = (
        "import builtins, os, random, pandas as pd\n"
        "print('LEFT' in os.environ, hasattr(builtins, 'left'), "
        "pd.get_option('display.max_rows'))\n"
        "os.environ['LEFT'] = '1'; builtins.left = 1\n"
        "pd.set_option('display.max_rows', 7)\n"
        "print(random.random())"
    )
    first, second = (
        run(tmp_path, leak).cells[-1].outputs[0].text.splitlines() for _ in range(2)
    )

    assert first[0] == second[0] == "False False 60"
    assert first[1] != second[1]


def test_calls_in_turn_share_a_process_and_die_alone() -> None:
    calls = [os.getpid, os.getpid, os.abort, os.getpid, os.getpid]
    answers = [answer for _, answer in each(operator.call, [calls], workers=1)]
    first, second, died, after, last = answers

    assert first == second
    assert isinstance(died, Died)
    assert after == last != first


def test_turns_are_at_work_at_once_and_told_as_they_come() -> None:
    turns = [[0.5, 0.1], [0.0]]
    answers = each(time.sleep, turns, workers=2)

    assert [item for item, _ in answers] == [0.0, 0.5, 0.1]


def test_what_cannot_be_told_is_an_error() -> None:
    with pytest.raises(RuntimeError, match="cannot pickle"):
        fresh(threading.Lock)


def test_an_error_of_the_preload_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import operator, os\n"
        "from kpi_lib.run.processes import each\n"
        "calls = [[os.getpid]]\n"
        "for _, err in each(operator.call, calls, workers=1, warm={'nothing': 1}):\n"
        "    print(type(err).__name__, err)\n",
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, check=True
    )

    assert (
        "ImportError TypeError：read() got an unexpected keyword argument"
        in done.stdout
    )


def test_few_threads_stand_before_a_fork() -> None:
    code = "import os, kpi_lib.run.warm; print(len(os.listdir('/proc/self/task')))"
    counted = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **ONE_THREAD, processes.WARM: "{}"},
        check=True,
        capture_output=True,
        text=True,
    )

    assert int(counted.stdout) <= 3


def test_a_file_of_the_current_folder_stands_for_no_library(tmp_path: Path) -> None:
    (tmp_path / "pandas.py").write_text("raise SystemExit('the wrong one')", "utf-8")
    code = (
        "import operator, os; from kpi_lib.run.processes import each\n"
        "import sys; sys.path.remove('')\n"
        "print(*dict(each(operator.call, [[os.getcwd]], workers=1)).values())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout.strip(), done.stderr) == (str(tmp_path), "")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are not forked")
@pytest.mark.parametrize("during", [False, True], ids=["before a job", "by one"])
def test_what_starts_jobs_may_be_stopped(
    monkeypatch: pytest.MonkeyPatch, *, during: bool
) -> None:
    server = fresh(os.getppid)
    stop = partial(os.kill, server, signal.SIGSTOP)
    if during:
        fresh(stop)
    else:
        stop()
        # Less than another start takes, however quick the machine is.
        monkeypatch.setattr(processes, "START_LIMIT", 0.2)
        ((_, stuck),) = each(operator.call, [[os.getpid]], workers=1)
        monkeypatch.undo()

        assert isinstance(stuck, Died)
        assert stuck.killed
    assert fresh(os.getppid) != server


def test_all_cells_of_a_job_have_a_limit_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "JOB_LIMIT", 2)
    with pytest.raises(Died) as caught:
        run(tmp_path, "import time; time.sleep(1)", f"time.sleep({LONG})")

    assert (caught.value.step, caught.value.why) == (3, "超过2秒没有做完")
