"""Promise 5: a refusal names file, place, reason and what to do; never a traceback."""

import contextlib
import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kpi_lib import cli
from kpi_lib.__main__ import main
from kpi_lib.run import record
from kpi_lib.workspace import Workspace
from tests import kills, tiny_notebook, tiny_workspace
from tests.tiny_workspace import MONTH

FAR = "甲" * 90
"""A name longer than a file system takes: 270 bytes."""


@dataclass(frozen=True)
class Told:
    """What a command answered."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err


def kpi(*words: object) -> Told:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main([str(word) for word in words])
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    return Told(code, out.getvalue(), err.getvalue())


@pytest.fixture
def place() -> Iterator[Workspace]:
    """A workspace that is not root's alone: the commands are somebody else's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        place = tiny_workspace.build(Path(folder) / "w")
        for path in (place.root, *place.root.rglob("*")):
            os.chown(path, 65534, -1) if os.geteuid() == 0 else None
        try:
            yield place
        finally:
            os.seteuid(os.getuid())


def export(place: Workspace) -> Path:
    (path,) = place.raw(MONTH).rglob("*.csv")
    return path


def not_utf8(place: Workspace) -> None:
    name = os.fsencode(export(place).parent) + "/数据.csv".encode("gbk")
    Path(os.fsdecode(name)).write_bytes(export(place).read_bytes())


def closed(path: Callable[[Workspace], Path]) -> Callable[[Workspace], None]:
    def close(place: Workspace) -> None:
        path(place).chmod(0)
        if os.geteuid() == 0:
            record.versions()  # its modules may lie where only root reads
            os.seteuid(65534)

    return close


def damaged_card(content: str, name: str = "op-01") -> Callable[[Workspace], None]:
    def damage(place: Workspace) -> None:
        place.reports(MONTH).mkdir(parents=True)
        (place.reports(MONTH) / f"{name}.json").write_text(content, "utf-8")

    return damage


def points(value: str) -> Callable[[Workspace], None]:
    def change(place: Workspace) -> None:
        text = place.plan.read_text("utf-8")
        place.plan.write_text(text.replace("points: 5", f"points: {value}", 1), "utf-8")

    return change


def nothing(place: Workspace) -> None:
    """Leave it as it is."""


def download(name: str) -> Callable[[Workspace], None]:
    def write(place: Workspace) -> None:
        (place.root.parent / name).write_bytes(export(place).read_bytes())

    return write


RAW = f"data/raw/{MONTH}/zhihu-01"
ROWS = [
    *(
        pytest.param(not_utf8, command, RAW, "文件名不是UTF-8", id=f"a name: {command}")
        for command in (
            f"check {MONTH}",
            f"run {MONTH}",
            f"clean {MONTH}",
            f"status {MONTH}",
        )
    ),
    *(
        pytest.param(
            closed(lambda place: export(place).parents[1]),
            command,
            RAW,
            "没有读取权限",
            id=f"an account's folder: {command}",
        )
        for command in (f"check {MONTH}", f"run {MONTH}", f"status {MONTH}")
    ),
    pytest.param(
        closed(export), f"check {MONTH}", "手工填报.csv", "没有读取权限", id="an export"
    ),
    *(
        pytest.param(
            closed(lambda place: place.plan),
            command,
            "data/plan.yml",
            "没有读取权限",
            id=f"the plan: {command}",
        )
        for command in (f"check {MONTH}", f"run {MONTH}", f"status {MONTH}")
    ),
    *(
        pytest.param(
            closed(lambda place: place.data),
            command,
            "data",
            "没有读取权限",
            id=f"data: {command}",
        )
        for command in (f"check {MONTH} --workspace W", f"status {MONTH} --workspace W")
    ),
    *(
        pytest.param(
            nothing,
            f"new-month {month}",
            "",
            f"“{month}”不是月份",
            id=f"new-month {month}",
        )
        for month in ("2026-1", "latest", "../x", "9999-13")
    ),
    *(
        pytest.param(nothing, f"{command} 2026-1", "", "2026-1", id=command)
        for command in ("run", "clean", "check", "status", "verify")
    ),
    pytest.param(nothing, "explain 2026-1 op-01", "", "不是月份", id="explain a month"),
    pytest.param(
        nothing, f"explain {MONTH} ../op-01", "", "的评分卡", id="explain ../"
    ),
    pytest.param(nothing, f"explain {MONTH} {FAR}", "", "的评分卡", id="explain far"),
    *(
        pytest.param(
            damaged_card(text),
            f"explain {MONTH} op-01",
            "op-01.json",
            "读不懂",
            id=f"a card: {text[:20]}",
        )
        for text in ("", "{", "[]", "{}", '{"schema": 1, "items": [1]}', "\x00")
    ),
    pytest.param(
        damaged_card("{}", "run"),
        f"explain {MONTH} run",
        "run",
        "的评分卡",
        id="explain run",
    ),
    pytest.param(
        nothing,
        "init W/data/plan.yml/new",
        "plan.yml",
        "应当是文件夹",
        id="init under a file",
    ),
    pytest.param(nothing, "init /proc/new", "/proc/new", "", id="init on /proc"),
    pytest.param(nothing, f"init W/{FAR}", "", "名字太长", id="init over-long"),
    *(
        pytest.param(
            points(value),
            f"check {MONTH}",
            "data/plan.yml",
            "points是",
            id=f"points {value}",
        )
        for value in (".inf", "1e999", "-.inf", ".nan")
    ),
    pytest.param(
        download("甲" * 80 + "a" * 11 + ".csv"),
        "add W/../" + "甲" * 80 + "a" * 11 + ".csv --account zhihu-01"
        " --downloaded 2026-11-02",
        "",
        "放进",
        id="add 255 bytes",
    ),
    *(
        pytest.param(
            download("a.csv"),
            f"add W/../a.csv --account zhihu-01 --downloaded {day}",
            "",
            "",
            id=f"add {day}",
        )
        for day in ("0001-01-01", "9999-12-31", "2026-02-30", "20261102", "x")
    ),
    pytest.param(
        download("a.csv"),
        "formats learn W/../a.csv --platform kuaishou --out W/no/such/x.yml",
        "",
        "",
        id="learn --out in no folder",
    ),
    *(
        pytest.param(nothing, command, "", "", id=f"wrong use: {command}")
        for command in (
            "explian",
            "run",
            f"run {MONTH} --workers 0",
            f"run {MONTH} --lang fr",
            f"run {MONTH} --wat",
            "run a b",
            f"run {MONTH} --workers x",
            "--wat",
            f"run {MONTH} --lang",
            f"rescore {MONTH}",
        )
    ),
]


@pytest.mark.parametrize(("arrange", "command", "where", "what"), ROWS)
def test_row(
    place: Workspace,
    arrange: Callable[[Workspace], None],
    command: str,
    where: str,
    what: str,
) -> None:
    arrange(place)
    words = [word.replace("W", str(place.root), 1) for word in command.split()]
    with contextlib.chdir(place.root):
        told = kpi(*words)

    assert "Traceback" not in told.all
    assert "程序的错误" not in told.all
    assert where in told.all
    assert what in told.all


# --- stopped at any moment ---------------------------------------------------------

STOPPED = (
    "已停止。已经写好的文件都是完整的，没有写到一半的；"
    "再运行同一条命令，会从这里接着做。"
)

AT_AN_IMPORT = """
import os, sys
class Stop:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), {number})
sys.meta_path.insert(0, Stop())
from kpi_lib.__main__ import main
main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["kpi_lib.cli", "typer", "pydantic", "pandas"])
def test_stopped_while_it_is_loaded(
    place: Workspace, module: str, number: signal.Signals
) -> None:
    code = AT_AN_IMPORT.format(module=module, number=int(number))
    words = ("check", MONTH, "--workspace", str(place.root))
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (128 + number, "")
    assert done.stderr.splitlines() == [STOPPED]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_at_work_nothing_half_stands(
    place: Workspace, number: signal.Signals
) -> None:
    here = place.root / "here"
    cell = f"open({str(here)!r}, 'w').close(); import time; time.sleep(100)"
    tiny_notebook.write(place.notebooks / "1-clean.ipynb", cell)
    command = [sys.executable, "-m", "kpi_lib", "run", MONTH]
    with subprocess.Popen(
        [*command, "--workspace", str(place.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not here.exists() and process.poll() is None:
            time.sleep(0.05)
        os.killpg(process.pid, number)
        _, err = process.communicate()
    assert process.returncode == 128 + number
    assert err.splitlines() == [STOPPED]
    assert kills.torn(place) == []


# --- a fault of the program --------------------------------------------------------


def test_a_fault_of_ours_is_said_to_be_one_and_kept_in_a_file(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(cli, "tell", broken)
    told = kpi("check", MONTH, "--workspace", place.root)

    line = re.fullmatch(
        r"这是程序的错误，不是文件或操作的问题（ZeroDivisionError：of ours）；"
        r"已经写好的文件仍然完整。经过记在(.+\.txt)，请把它交给维护者。\n",
        told.err,
    )
    assert (told.code, told.out) == (1, "")
    assert line is not None
    story = Path(line[1]).read_text("utf-8")
    Path(line[1]).unlink()
    assert f"kpi ['check', '{MONTH}'" in story
    assert "ZeroDivisionError: of ours" in story
