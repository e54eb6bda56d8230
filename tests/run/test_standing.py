"""What stands was made from what stands, whatever happened before."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

import kpi_lib.workspace
from kpi_lib.errors import Problem
from kpi_lib.held import read_run
from kpi_lib.run import runner
from kpi_lib.run.verify import verify
from kpi_lib.workspace import Workspace
from tests import tiny_notebook, tiny_workspace
from tests.conftest import World
from tests.tiny_workspace import MONTH

pytestmark = [pytest.mark.notebook, pytest.mark.usefixtures("in_turn")]

CLEAN = """
from pathlib import Path
from kpi_lib import held
folder = Path("data/clean") / month
folder.mkdir(parents=True, exist_ok=True)
export = Path("data/raw/2026-10/zhihu-01/2026-11-02/手工填报.csv").absolute()
(folder / "note.txt").write_text(str(held.read(export).count(b"1")))
"""

TOTAL = """
from kpi_lib import inputs, workspace
place = workspace.Workspace.find("")
note = (place.clean(month) / "note.txt").read_text()
targets = [target.value for target in inputs.load(place, month).targets_of(operator)]
"""

HEAD = "operator,metric,platform,horizon,period,value,set_on,approved_by,note\n"
TARGETS = {
    number: HEAD + f"op-01,followers,,short,2026-10,{number},2026-09-28,示例主管,\n"
    for number in (120, 130)
}
EXPORTS = {
    count: f"日期,账号,指标,数值,备注\n2026-10-31,zhihu-01,粉丝数,{count},\n"
    for count in (20, 111)
}

TOLD = re.compile(r'<main id="top">\s*<div class="flag" .*?</div></div>')
"""What a page says of runs before: all else is a matter of what stands."""


def build(root: Path) -> Workspace:
    place = tiny_workspace.build(root)
    tiny_notebook.write(place.notebooks / "1-clean.ipynb", CLEAN)
    card = tiny_workspace.CARD.replace(
        '"total": "4.29"', '"total": f"{sum(targets)}.{note}"'
    )
    tiny_notebook.write(
        place.notebooks / "3-appraisal.ipynb",
        TOTAL,
        card,
        parameters=f'{tiny_notebook.PARAMETERS}\noperator = "op-01"\nlang = ""',
    )
    write_targets(place, 120)
    write_export(place, 20)
    return place


def write_targets(place: Workspace, number: int) -> None:
    place.table("targets").write_text(TARGETS[number], "utf-8")


def write_export(place: Workspace, count: int) -> None:
    (export,) = place.raw(MONTH).rglob("*.csv")
    export.write_text(EXPORTS[count], "utf-8")


def standing(place: Workspace) -> dict[str, bytes]:
    """Return every file that says how the month is, without what it was before."""
    found = {}
    for path in sorted(place.root.rglob("*")):
        name = place.relative(path)
        if path.is_file() and not path.name.startswith(".") and "record" not in name:
            content = path.read_bytes()
            if path.suffix == ".html":
                content = TOLD.sub("", content.decode()).encode()
            found[name] = content
    run = read_run(place.reports(MONTH) / "run.json")
    totals = {id: total["total"] for id, total in run["totals"].items()}
    keys = {name: entry["parts"] for name, entry in run["jobs"].items()}
    found[f"reports/{MONTH}/run.json"] = repr((totals, keys, run["inputs"])).encode()
    return found


def errors(problems: Sequence[Problem]) -> list[Problem]:
    return [problem for problem in problems if problem.level == "error"]


def after_a_run(world: World, root: Path) -> Workspace:
    """Give a copy of the workspace as its first run left it, to be changed."""
    ran = world("after a run", lambda path: runner.run(build(path), MONTH))
    shutil.copytree(ran.root, root)
    return Workspace(root)


@pytest.fixture
def place(world: World, tmp_path: Path) -> Workspace:
    return after_a_run(world, tmp_path / "w")


def total(place: Workspace) -> str:
    return str(read_run(place.reports(MONTH) / "op-01.json")["total"])


def test_a_target_that_was_put_back_is_appraised(place: Workspace) -> None:
    before = standing(place)
    write_targets(place, 130)
    runner.run(place, MONTH, operators=["op-01"])
    assert total(place) == "130.3"
    write_targets(place, 120)
    runner.run(place, MONTH)

    assert total(place) == "120.3"
    assert standing(place) == before


def test_pages_of_another_language_do_not_stay(place: Workspace) -> None:
    before = standing(place)
    runner.run(place, MONTH, lang="en", operators=["op-02"])
    runner.run(place, MONTH)

    assert standing(place) == before


class Killed(BaseException):
    """Takes a run away, as a signal would."""


def killed(place: Workspace, at: int) -> bool:
    """Run a month and end it after the n-th file has come under its name."""
    left = [at]

    def sync(_: Path) -> None:
        left[0] -= 1
        if not left[0]:
            raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kpi_lib.workspace, "_sync_folder", sync)
        try:
            runner.run(place, MONTH)
        except Killed:
            return True
    return False


@pytest.mark.parametrize("what", ["targets", "export"])
def test_what_a_killed_run_made_of_other_inputs_does_not_stay(
    place: Workspace, tmp_path: Path, what: str
) -> None:
    before = standing(place)
    ends = []
    for at in range(1, 60, 3):
        shutil.copytree(place.root, tmp_path / "killed")
        copy = Workspace(tmp_path / "killed")
        if what == "targets":
            write_targets(copy, 130)
        else:
            write_export(copy, 111)
        struck = killed(copy, at)
        write_targets(copy, 120)
        write_export(copy, 20)
        runner.run(copy, MONTH)
        ends.append(standing(copy) == before)
        shutil.rmtree(copy.root)
        if not struck:
            break

    assert all(ends)
    assert len(ends) >= 4


FRESH: dict[tuple[int, int, str], dict[str, bytes]] = {}
"""What a full run in a new workspace leaves, by inputs and language."""


def fresh(targets: int, export: int, lang: str) -> dict[str, bytes]:
    key = (targets, export, lang)
    if key not in FRESH:
        with tempfile.TemporaryDirectory() as folder:
            place = build(Path(folder) / "w")
            write_targets(place, targets)
            write_export(place, export)
            runner.run(place, MONTH, lang=lang)
            FRESH[key] = standing(place)
    return FRESH[key]


LANG = st.sampled_from(["zh-Hans", "en"])


class Month(RuleBasedStateMachine):
    """Edits, put-backs, runs of some or in another language, and kills."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.place = build(Path(self.folder.name) / "w")
        self.targets, self.export = 120, 20

    @rule(number=st.sampled_from(list(TARGETS)))
    def set_targets(self, number: int) -> None:
        self.targets = number
        write_targets(self.place, number)

    @rule(count=st.sampled_from(list(EXPORTS)))
    def come_again(self, count: int) -> None:
        self.export = count
        write_export(self.place, count)

    @rule(lang=LANG, who=st.sampled_from(["op-01", "op-02"]), force=st.booleans())
    def run_one(self, lang: str, who: str, force: bool) -> None:
        runner.run(self.place, MONTH, lang=lang, operators=[who], force=force)

    @rule()
    def clean(self) -> None:
        runner.clean(self.place, MONTH)

    @rule(at=st.integers(1, 45))
    def kill(self, at: int) -> None:
        killed(self.place, at)

    @rule(lang=LANG)
    def run(self, lang: str) -> None:
        runner.run(self.place, MONTH, lang=lang)

        assert standing(self.place) == fresh(self.targets, self.export, lang)
        assert {one.state for one in runner.status(self.place, MONTH)} == {"done"}
        assert errors(verify(self.place, MONTH)) == []

    def teardown(self) -> None:
        try:
            self.run("zh-Hans")
        finally:
            self.folder.cleanup()


def test_whatever_happened_a_run_leaves_what_a_first_one_would() -> None:
    run_state_machine_as_test(
        Month,
        settings=settings(
            max_examples=6,
            stateful_step_count=8,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
