import json
import subprocess
import sys
from pathlib import Path

import pytest

from kpi_lib.__main__ import main
from kpi_lib.workspace import Workspace
from tests import tiny_notebook, tiny_workspace
from tests.tiny_workspace import MONTH

HEAVY = ("pandas", "numpy", "matplotlib", "papermill", "nbconvert", "pydantic", "rich")


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return tiny_workspace.build(tmp_path)


def kpi(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """Run a command in this process; return its exit code and what it printed."""
    with pytest.raises(SystemExit) as caught:
        main(words)
    code = caught.value.code
    out, err = capsys.readouterr()
    return (code if isinstance(code, int) else 0 if code is None else 1), out, err


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom kpi_lib.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: print(end.code)\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert told.stdout.splitlines()[-2:] == ["0", "[]"]


def test_a_run_that_has_nothing_to_do_imports_no_tables() -> None:
    code = "import kpi_lib.run.runner, sys; print({'pandas', 'numpy'} & {*sys.modules})"
    told = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "set()"


@pytest.mark.parametrize(
    "command", ["init", "check", "clean", "run", "status", "doctor"]
)
def test_every_command_has_help_with_an_example(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    code, out, _ = kpi(capsys, command, "--help")

    assert code == 0
    assert f"例：kpi {command}" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert kpi(capsys, "--version")[:2] == (0, "kpi 0.1.0\n")


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(["explian"], id="no such command"),
        pytest.param(["run"], id="no month"),
        pytest.param(["run", MONTH, "--workers", "0"], id="no workers"),
        pytest.param(["run", MONTH, "--lang", "fr"], id="no such language"),
    ],
)
def test_wrong_use_is_2(capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    code, _, err = kpi(capsys, *words)

    assert code == 2
    assert "Traceback" not in err


def test_no_workspace_is_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, err = kpi(capsys, "status", MONTH, "--workspace", str(tmp_path))

    assert (code, out) == (1, "")
    assert len(err.splitlines()) == 1
    assert "没有data/plan.yml" in err


def test_check_tells_every_problem_and_writes_nothing(
    capsys: pytest.CaptureFixture[str], place: Workspace
) -> None:
    place.plan.write_text("id: tiny\nverison: 2\n", "utf-8")
    place.table("targets").write_text("operator,metrik\nop-01,x\n", "utf-8")
    (place.raw(MONTH) / "zhihu-01/页面.csv").write_text("<html>登录</html>", "utf-8")
    before = sorted(place.root.rglob("*"))
    code, out, err = kpi(capsys, "check", "--workspace", str(place.root))

    assert (code, err) == (1, "")
    assert "错误 data/plan.yml，第2行" in out
    assert "错误 data/targets.csv" in out
    assert "错误 data/raw/2026-10/zhihu-01/页面.csv" in out
    assert sorted(place.root.rglob("*")) == before


def test_check_of_a_good_month_as_json(
    capsys: pytest.CaptureFixture[str], place: Workspace
) -> None:
    code, out, _ = kpi(capsys, "check", MONTH, "--json", "--workspace", str(place.root))
    told = [json.loads(line) for line in out.splitlines()]

    assert code == 0
    assert {one["level"] for one in told} <= {"warning", "note"}


def test_a_broken_plan_stops_a_run_before_it_starts(
    capsys: pytest.CaptureFixture[str], place: Workspace
) -> None:
    place.plan.write_text("id: tiny\nverison: 2\n", "utf-8")
    code, out, err = kpi(capsys, "run", "latest", "--workspace", str(place.root))

    assert (code, out) == (1, "")
    assert all(line.startswith("data/plan.yml") for line in err.splitlines())
    assert len(err.splitlines()) > 1
    assert not place.reports(MONTH).exists()


@pytest.mark.notebook
def test_a_run_prints_a_line_a_job_and_where_the_index_is(
    capsys: pytest.CaptureFixture[str], place: Workspace
) -> None:
    where = ("--workspace", str(place.root))
    tiny_workspace.appraisal(place, "assert operator == 'op-01'")
    code, out, _ = kpi(capsys, "run", "latest", *where)
    lines = out.splitlines()

    assert code == 1
    assert len(lines) == 8
    assert "7/7 team 已做" in lines
    assert any(" op-02 失败：第2个代码格出错，AssertionError" in line for line in lines)
    assert lines[-1] == f"索引页：{place.reports(MONTH) / 'index.html'}"

    code, out, _ = kpi(capsys, "status", MONTH, *where)
    assert code == 1
    assert "op-01 已做" in out.splitlines()
    for command in ("status", "check", "verify"):
        named = kpi(capsys, command, MONTH, *where)
        assert kpi(capsys, command, "latest", *where) == named
    named = kpi(capsys, "explain", MONTH, "op-01", *where)
    assert kpi(capsys, "explain", "latest", "op-01", *where) == named

    tiny_workspace.appraisal(place)
    code, out, _ = kpi(capsys, "run", MONTH, "--json", *where)
    told = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert {one["job"]: one["state"] for one in told}["op-02"] == "made"

    code, out, _ = kpi(capsys, "run", MONTH, *where)
    assert code == 0
    assert "没有变化，什么也没有重做。" in out.splitlines()


@pytest.mark.notebook
def test_clean_says_what_it_refused(
    capsys: pytest.CaptureFixture[str], place: Workspace
) -> None:
    cell = (
        "from kpi_lib import inputs, months\n"
        "from kpi_lib.workspace import Workspace\n"
        "place = Workspace.find('.')\n"
        "given = inputs.for_month(place, month)\n"
        "months.save(place, months.tidy(months.arrive(place, month, given)))"
    )
    tiny_notebook.write(place.notebooks / "1-clean.ipynb", cell)
    (place.raw(MONTH) / "zhihu-01/页面.csv").write_text("<html>登录</html>", "utf-8")
    code, out, _ = kpi(capsys, "clean", MONTH, "--workspace", str(place.root))

    assert code == 1
    assert f"错误 data/raw/{MONTH}/zhihu-01/页面.csv：是网页，里面没有表格" in out
    assert out.splitlines()[-1].startswith("清洗结果在")
