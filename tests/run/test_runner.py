import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kpi_lib.errors import InvalidInput, WorkspaceError
from kpi_lib.held import read_run
from kpi_lib.inputs import load_roster, people, prepare
from kpi_lib.months import arrivals
from kpi_lib.run import alone, jobs, notices, record, runner
from kpi_lib.run import stale as stale_module
from kpi_lib.run.jobs import Outcome
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.tiny_workspace import MONTH

pytestmark = pytest.mark.notebook

JOBS = [*(f"clean 2026-{n:02}" for n in (7, 8, 9, 10)), "op-01", "op-02", "team"]


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, list[Outcome]]:
    place = tiny_workspace.build(tmp_path_factory.mktemp("first"))
    return place, runner.run(place, "latest")


@pytest.fixture
def place(first: tuple[Workspace, list[Outcome]], tmp_path: Path) -> Workspace:
    """A workspace that was run once, in another folder."""
    shutil.copytree(first[0].root, tmp_path / "copy")
    return Workspace(tmp_path / "copy")


def contents(place: Workspace) -> dict[str, bytes]:
    """Return every file but the timings, which alone may differ."""
    found = {
        place.relative(path): path.read_bytes()
        for path in sorted(place.root.rglob("*"))
        if path.is_file() and not path.name.startswith(".")
    }
    run = recorded(place)
    found[f"reports/{MONTH}/run.json"] = json.dumps({**run, "timings": 0}).encode()
    return found


def recorded(place: Workspace) -> dict[str, Any]:
    return read_run(place.reports(MONTH) / "run.json")


def states(outcomes: list[Outcome]) -> dict[str, str]:
    return {outcome.job: outcome.state for outcome in outcomes}


def test_a_run_leaves_every_file(first: tuple[Workspace, list[Outcome]]) -> None:
    place, outcomes = first

    assert states(outcomes) == {
        **{f"clean 2026-0{n}": "made" for n in (7, 8, 9)},
        "clean 2026-10": "made",
        "op-01": "made",
        "op-02": "made",
        "team": "made",
    }
    assert {path.name for path in place.reports(MONTH).iterdir()} == {
        "clean.html", "executed", "index.html", "missing.html", "run.json",
        "scores.csv", "scores.xlsx", "targets.proposed.csv",
        "op-01.evidence.parquet", "op-01.html", "op-01.json",
        "op-02.evidence.parquet", "op-02.html", "op-02.json",
    }  # fmt: skip
    assert "op-02" not in (place.reports(MONTH) / "op-01.html").read_text("utf-8")


def test_nobody_can_be_called_what_a_job_or_a_file_of_ours_is(
    first: tuple[Workspace, list[Outcome]],
) -> None:
    place, outcomes = first
    jobs = {outcome.job.split()[0] for outcome in outcomes}
    paths = [
        path
        for folder in (place.root / "reports", place.data / "clean")
        for path in folder.rglob("[a-z]*")
    ]
    files = {path.name.split(".")[0] for path in paths}

    assert "team" in jobs & files
    assert (jobs | files) - {"op-01", "op-02", "note"} <= people.RESERVED


def test_run_json_holds_what_was_used_and_made(
    first: tuple[Workspace, list[Outcome]],
) -> None:
    place, _ = first
    run = recorded(place)
    used = {**run["inputs"], **run["outputs"]}

    assert run["schema"] == 1
    assert {"data/plan.yml", "data/roster.yml", "reports/2026-10/op-01.html"} <= set(
        used
    )
    assert {path: record.of_file(place.root / path) for path in used} == used
    assert run["plan"]["sha256"] == run["inputs"]["data/plan.yml"]
    assert list(run["jobs"]) == JOBS
    assert set(run["timings"]) >= {"op-01", "team"}


def test_scores_are_one_row_a_measure_and_no_formula(
    first: tuple[Workspace, list[Outcome]],
) -> None:
    text = (first[0].reports(MONTH) / "scores.csv").read_bytes().decode("utf-8-sig")
    rows = list(csv.DictReader(text.splitlines()))

    assert [(row["operator"], row["measure"], row["score"]) for row in rows] == [
        ("op-01", "coverage", "4.29"),
        ("op-02", "coverage", "4.29"),
    ]
    assert rows[0]["measure_name"] == "'=覆盖"


def test_nothing_changed_nothing_is_made(place: Workspace) -> None:
    before = contents(place)
    outcomes = runner.run(place, MONTH)

    assert set(states(outcomes).values()) == {"unchanged"}
    assert contents(place) == before


def test_nothing_changed_is_told_of_every_job(place: Workspace) -> None:
    outcomes = runner.run(place, MONTH)

    assert list(states(outcomes)) == JOBS
    assert {path for one in outcomes for path in one.outputs} >= {
        "data/clean/2026-10/1-clean.ipynb",
        "reports/2026-10/op-01.html",
    }
    assert {one.state for one in runner.status(place, MONTH)} == {"done"}


@pytest.mark.parametrize(
    "path",
    [
        "data/roster.yml",
        "data/clean/2026-07/note.txt",
        "reports/2026-10/op-02.json",
        "reports/2026-10/scores.csv",
        "reports/2026-10/op-02.pdf",
        "reports/2026-09/run.json",
        "data/raw/2026-10/new.txt",
    ],
)
def test_whatever_changed_is_told_or_made_again(place: Workspace, path: str) -> None:
    (place.root / path).parent.mkdir(exist_ok=True)
    with (place.root / path).open("a", encoding="utf-8") as file:
        file.write("\n")
    told = {one.state for one in runner.status(place, MONTH)} != {"done"}

    assert told or "made" in states(runner.run(place, MONTH)).values()


def test_what_changed_while_a_run_was_at_work_is_for_the_next(place: Workspace) -> None:
    def changed(outcome: Outcome, done: int, total: int) -> None:
        if outcome.job == "op-02":
            text = place.roster.read_text("utf-8")
            place.roster.write_text(text + "\n", "utf-8")

    runner.run(place, MONTH, force=True, progress=changed)

    assert "stale" in {one.state for one in runner.status(place, MONTH)}
    assert "made" in states(runner.run(place, MONTH)).values()


def test_a_record_that_is_gone_is_written_anew(place: Workspace) -> None:
    before = place.record.read_bytes()
    place.record.unlink()

    assert set(states(runner.run(place, MONTH)).values()) == {"unchanged"}
    assert place.record.read_bytes() == before


NOTHING_IS_READ = """
from kpi_lib.inputs import everything
from kpi_lib.workspace import Workspace
everything.load_table = everything.load_worklog = None
everything.load(Workspace.find(), month)
"""

RUNS = """
import sys
from pathlib import Path
from kpi_lib.run import runner
from kpi_lib.workspace import Workspace
for outcome in runner.run(Workspace(Path(sys.argv[1])), "latest")[-3:-1]:
    print(outcome.job, outcome.state, outcome.error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="processes are not forked")
def test_what_people_wrote_is_read_once_for_all_pages(
    place: Workspace, tmp_path: Path
) -> None:
    tiny_workspace.appraisal(place, NOTHING_IS_READ)
    script = tmp_path / "runs.py"
    script.write_text(RUNS, "utf-8")
    # Started anew: the process that this one forks from may know other months.
    done = subprocess.run(
        [sys.executable, script, place.root], check=True, capture_output=True, text=True
    )

    assert done.stdout == "op-01 made \nop-02 made \n"


def test_a_script_without_a_main_guard_may_run_a_month(place: Workspace) -> None:
    (place.root / "month.py").write_text(
        f"from pathlib import Path\n"
        f"from kpi_lib.run import runner\n"
        f"from kpi_lib.workspace import Workspace\n"
        f"print('once')\n"
        f"runner.run(Workspace(Path({str(place.root)!r})), '{MONTH}', force=True)\n",
        "utf-8",
    )
    done = subprocess.run(
        [sys.executable, place.root / "month.py"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.stdout, done.stderr, done.returncode) == ("once\n", "", 0)


@pytest.mark.parametrize("name", ["scores.csv", "scores.xlsx", "targets.proposed.csv"])
def test_a_table_that_is_gone_or_changed_is_told_and_written_anew(
    place: Workspace, name: str
) -> None:
    path = place.reports(MONTH) / name
    before, content = contents(place), path.read_bytes()
    stale = stale_module.Status(
        job=name, state="stale", why=f"reports/{MONTH}/{name}不见了或被改过"
    )

    assert {one.state for one in runner.status(place, MONTH)} == {"done"}
    path.write_bytes(content[:-1] + b"?")
    assert runner.status(place, MONTH)[-1] == stale
    runner.run(place, MONTH)
    assert contents(place) == before
    path.unlink()
    assert runner.status(place, MONTH)[-1] == stale
    runner.run(place, MONTH)
    assert contents(place) == before


def test_force_makes_the_same_bytes_in_another_folder(place: Workspace) -> None:
    before = contents(place)
    told: list[tuple[str, int, int]] = []
    outcomes = runner.run(
        place,
        MONTH,
        force=True,
        workers=2,
        progress=lambda outcome, done, total: told.append((outcome.job, done, total)),
    )

    assert states(outcomes)["op-01"] == "made"
    assert states(outcomes)["clean 2026-09"] == "unchanged"
    assert contents(place) == before
    assert [done for _, done, _ in told] == list(range(1, 8))
    assert {total for _, _, total in told} == {7}


def test_one_failure_leaves_the_others(place: Workspace) -> None:
    tiny_workspace.appraisal(place, "assert operator == 'op-01', '没有<数据>'")
    outcomes = runner.run(place, MONTH)
    folder = place.reports(MONTH)

    assert {
        name: state for name, state in states(outcomes).items() if "clean" not in name
    } == {"op-01": "made", "op-02": "failed", "team": "made"}
    assert outcomes[-2].error == "第2个代码格出错，AssertionError：没有<数据>"
    page = (folder / "op-02.html").read_text("utf-8")
    assert "AssertionError：没有&lt;数据&gt;" in page
    assert not list(folder.glob("op-02.[!h]*"))
    assert not (folder / "executed/op-02.ipynb").exists()
    assert "<pre>op-01</pre>" in (folder / "index.html").read_text("utf-8")
    assert recorded(place)["jobs"]["op-02"]["outcome"] == "failed"
    assert "op-02" not in (folder / "scores.csv").read_text("utf-8")
    assert runner.status(place, MONTH)[2] == stale_module.Status(
        job="op-02", state="failed", why=outcomes[-2].error
    )

    tiny_workspace.appraisal(place)
    assert states(runner.run(place, MONTH))["op-02"] == "made"


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        pytest.param(
            "import os; operator == 'op-02' and os.kill(os.getpid(), 9)",
            "第2个代码格出错，DeadKernelError：子进程被SIGKILL结束，可能是内存不足",
            id="its process dies",
        ),
        pytest.param(
            "import os; operator == 'op-02' and os.kill(os.getppid(), 9)",
            "进程中途退出，可能是内存不足",
            id="it takes all others along",
            marks=pytest.mark.skipif(os.name == "nt", reason="no such signal"),
        ),
        pytest.param(
            "operator = 'op-01'",
            "NoCard：笔记本没有以本人本月的评分卡结束",
            id="the card of somebody else",
        ),
    ],
)
def test_what_happens_to_one_happens_to_one(
    place: Workspace, cell: str, words: str
) -> None:
    tiny_workspace.appraisal(place, cell)
    *_, one, two, team = runner.run(place, MONTH, workers=2)

    assert (one.error, two.state, team.state) == ("", "failed", "made")
    assert words in two.error
    assert words in (place.reports(MONTH) / "op-02.html").read_text("utf-8")


def test_a_page_that_was_changed_is_made_again(place: Workspace) -> None:
    page = place.reports(MONTH) / "op-01.html"
    before = page.read_bytes()
    page.write_text("79分", "utf-8")

    status = {one.job: one for one in runner.status(place, MONTH)}
    assert status["op-01"].why == "reports/2026-10/op-01.html不见了或被改过"
    assert states(runner.run(place, MONTH))["op-01"] == "made"
    assert page.read_bytes() == before


def test_status_says_what_changed(place: Workspace) -> None:
    assert {one.state for one in runner.status(place, MONTH)} == {"done"}
    place.table("targets").write_text(
        "operator,metric,platform,horizon,period,value,set_on,approved_by,note\n"
        "op-01,followers,,short,2026-10,120,2026-09-28,示例主管,\n",
        "utf-8",
    )

    assert [(one.job, one.state, one.why) for one in runner.status(place, MONTH)] == [
        ("clean 2026-10", "done", ""),
        ("op-01", "stale", "目标有变化"),
        ("op-02", "done", ""),
        ("team", "stale", "目标有变化"),
    ]


OWN_CLEAN = """
import json
from pathlib import Path
folder = Path("data/clean") / month
folder.mkdir(parents=True, exist_ok=True)
(folder / "note.txt").write_text(str(len(list(Path("data/raw").rglob("*.csv")))))
text = json.dumps({"account": {"zhihu-01": str(len(list(Path("data/raw").rglob(
    "zhihu-01/**/*.csv"))))}, "operator": {}})
(folder / "own.json").write_text(text)
"""


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        pytest.param("zhihu-01", ["clean 2026-10", "op-01"], id="own account"),
        pytest.param("zhihu-02", ["clean 2026-10"], id="nobody's account"),
    ],
)
def test_another_export_re_makes_its_owners_page_only(
    tmp_path: Path, name: str, stale: list[str]
) -> None:
    place = tiny_workspace.build(tmp_path)
    notebook = place.notebooks / "1-clean.ipynb"
    tiny_workspace.tiny_notebook.write(notebook, OWN_CLEAN)
    runner.run(place, MONTH)
    more = place.raw(MONTH) / name / "more.csv"
    more.parent.mkdir(exist_ok=True)
    more.write_text("日期,账号,指标,数值,备注\n", "utf-8")
    outcomes = runner.run(place, MONTH)

    own = ("clean 2026-10", "op-01", "op-02")
    made = [one.job for one in outcomes if one.state == "made" and one.job in own]
    assert made == stale


def test_only_the_operators_asked_for(place: Workspace) -> None:
    outcomes = runner.run(place, MONTH, operators=["op-02"], force=True)

    assert [one.job for one in outcomes][-2:] == ["op-02", "team"]
    assert list(recorded(place)["jobs"]) == JOBS


def test_an_operator_nobody_knows_is_refused(place: Workspace) -> None:
    expected = "没有运营“op-09”；应为示例甲（op-01）、示例乙（op-02）"
    with pytest.raises(InvalidInput, match=expected):
        runner.run(place, MONTH, operators=["op-09"])


def test_an_operator_is_meant_by_name_too(place: Workspace) -> None:
    roster = load_roster(place)
    (person,) = stale_module.appraised(roster, MONTH, ["示例乙"])

    assert person.id == "op-02"


def test_a_second_run_says_who_runs(place: Workspace) -> None:
    with (
        alone.alone(place),
        pytest.raises(WorkspaceError, match=rf"正在进行（进程{os.getpid()}，开始于20"),
    ):
        runner.run(place, MONTH)

    assert states(runner.run(place, MONTH))["team"] == "unchanged"


def test_everything_wrong_is_told_before_a_kernel_starts(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path)
    place.plan.write_text("id: tiny\nverison: 2\n", "utf-8")
    place.table("targets").write_text("operator,metrik\nop-01,x\n", "utf-8")
    with pytest.raises(InvalidInput) as caught:
        runner.run(place, MONTH)

    files = {problem.where for problem in caught.value.problems}
    assert files == {"data/plan.yml", "data/targets.csv"}
    assert not place.clean(MONTH).exists()
    assert not place.reports(MONTH).exists()


def test_a_month_that_is_not_cleaned_is_not_scored(place: Workspace) -> None:
    notebook = place.notebooks / "1-clean.ipynb"
    tiny_workspace.tiny_notebook.write(notebook, "assert month != '2026-09'")
    outcomes = {one.job: one for one in runner.run(place, MONTH)}

    assert outcomes["clean 2026-09"].state == "failed"
    assert outcomes["op-01"].error == "2026-09没有清洗完，考核没有依据"
    assert "没有清洗完" in (place.reports(MONTH) / "op-01.html").read_text("utf-8")
    assert not (place.reports(MONTH) / "op-01.json").exists()


OWN_PROCESS = """
import os
from pathlib import Path
if month == "2026-08":
    {fails}
folder = Path("data/clean") / month
folder.mkdir(parents=True, exist_ok=True)
(folder / "note.txt").write_text(f"{{os.getppid()}} {{os.getpid()}}")
"""


@pytest.mark.parametrize(
    ("fails", "why"),
    [("1 / 0", "ZeroDivisionError"), ("os.abort()", "子进程被SIGABRT结束")],
)
def test_months_are_cleaned_in_turn_and_fail_alone(
    place: Workspace, fails: str, why: str
) -> None:
    notebook = place.notebooks / "1-clean.ipynb"
    tiny_workspace.tiny_notebook.write(notebook, OWN_PROCESS.format(fails="pass"))
    outcomes = runner.run(place, MONTH, workers=1)
    cleaned = [place.clean(f"2026-{n:02}") / "note.txt" for n in (7, 8, 9, 10)]
    notes = {path.read_text("utf-8") for path in cleaned}

    assert len(notes) == 1
    assert set(states(outcomes).values()) == {"made"}

    tiny_workspace.tiny_notebook.write(notebook, OWN_PROCESS.format(fails=fails))
    outcomes = runner.run(place, MONTH, workers=1)
    assert {
        job: state for job, state in states(outcomes).items() if "clean" in job
    } == {
        **{f"clean 2026-{n:02}": "made" for n in (7, 9, 10)},
        "clean 2026-08": "failed",
    }
    assert why in outcomes[1].error
    assert "第2个代码格" in outcomes[1].error


KILLED_ONCE = """
import os
from pathlib import Path
if month == "2026-09" and not Path("killed").exists():
    Path("killed").touch()
    os.kill(os.getpid(), 9)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such signal")
def test_a_month_is_compared_with_the_one_before_also_if_that_was_killed(
    tmp_path: Path,
) -> None:
    place = tiny_workspace.build(tmp_path)
    cells = (KILLED_ONCE, tiny_workspace.CLEAN)
    tiny_workspace.tiny_notebook.write(place.notebooks / "1-clean.ipynb", *cells)
    outcomes = runner.run(place, MONTH)

    assert set(states(outcomes).values()) == {"made"}
    compared = read_run(place.clean(MONTH) / jobs.MADE)["parts"]["before"]
    assert compared == record.of(jobs.tables_of(place, "2026-09"))


COUNTING = """
from pathlib import Path
from kpi_lib import exports, inputs, months, workspace
if not hasattr(exports, "uncounted"):
    exports.uncounted = exports.read
def read(path, **more):
    with Path("parsed.txt").open("a", encoding="utf-8") as file:
        print(path.name, file=file)
    return exports.uncounted(path, **more)
exports.read = read
ws = workspace.Workspace.find("")
arrived = months.arrive(ws, month, inputs.load(ws, month))
months.save(ws, months.tidy(arrived))
"""


def test_a_file_is_parsed_once_by_a_run(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path)
    tiny_workspace.tiny_notebook.write(place.notebooks / "1-clean.ipynb", COUNTING)
    for month in ("2026-07", "2026-08", "2026-09"):
        path = place.raw(month) / f"zhihu-01/{month}.csv"
        path.parent.mkdir(parents=True)
        path.write_text(
            f"日期,账号,指标,数值,备注\n{month}-02,zhihu-01,粉丝数,90,\n", "utf-8"
        )
    outcomes = runner.run(place, MONTH, workers=2)

    assert set(states(outcomes).values()) == {"made"}
    assert sorted((place.root / "parsed.txt").read_text("utf-8").split()) == sorted(
        path.name for path in place.data.rglob("raw/*/zhihu-01/**/*.csv")
    )


def test_a_month_without_exports_names_those_there_are(place: Workspace) -> None:
    with pytest.raises(WorkspaceError, match="没有2026-11的导出文件；应为2026-10"):
        runner.run(place, "2026-11")


def test_clean_alone_makes_the_tables(place: Workspace) -> None:
    (place.clean(MONTH) / "note.txt").write_text("9", "utf-8")
    (outcome,) = runner.clean(place, MONTH)

    assert outcome.state == "made"
    assert (place.clean(MONTH) / "note.txt").read_text("utf-8") == "1"


def test_the_record_is_a_chain(tmp_path: Path) -> None:
    path = tmp_path / "record.jsonl"
    run: dict[str, Any] = {
        "month": "2026-09",
        "plan": {"sha256": "a"},
        "code": "b",
        "inputs": {},
        "outputs": {},
    }

    assert record.append(path, run)
    assert record.append(path, {**run, "month": "2026-10"})
    assert not record.append(path, run)
    assert record.append(path, {**run, "code": "c"})
    lines = path.read_text("utf-8").splitlines()
    before = ["", *(record.sha256(line.encode()) for line in lines)]
    assert [json.loads(line)["previous"] for line in lines] == before[:3]


def test_the_reach_is_that_of_the_tables() -> None:
    assert list(record.NEAR) == list(range(-1, arrivals.LOOK_AHEAD + 1))


def test_words_for_every_part(first: tuple[Workspace, list[Outcome]]) -> None:
    entries = recorded(first[0])["jobs"].values()

    assert {part for entry in entries for part in entry["parts"]} <= set(notices.WORDS)


def test_a_page_made_anew_takes_its_old_pdf_away(place: Workspace) -> None:
    printed = place.reports(MONTH) / "op-01.pdf"
    printed.write_bytes(b"%PDF-1.4 of the page before")
    other = place.reports(MONTH) / "op-02.pdf"
    other.write_bytes(b"%PDF-1.4")

    outcomes = runner.run(place, MONTH, operators=["op-01"], force=True)

    assert states(outcomes)["op-01"] == "made"
    assert not printed.exists()
    assert other.exists()


def test_the_index_is_stale_when_a_pdf_comes(place: Workspace) -> None:
    (place.reports(MONTH) / "op-02.pdf").write_bytes(b"%PDF-1.4")

    (team,) = [one for one in runner.status(place, MONTH) if one.job == "team"]

    assert (team.state, team.why) == ("stale", "PDF有变化")


def test_another_language_leaves_the_months_before(place: Workspace) -> None:
    before = {path: record.of_file(path) for path in place.root.rglob("note.txt")}
    outcomes = runner.run(place, MONTH, lang="en")

    assert states(outcomes) == {
        **{f"clean 2026-0{n}": "unchanged" for n in (7, 8, 9)},
        "clean 2026-10": "made",
        "op-01": "made",
        "op-02": "made",
        "team": "made",
    }
    assert before == {path: record.of_file(path) for path in before}
    for name in ("op-01", "index", "clean"):
        page = (place.reports(MONTH) / f"{name}.html").read_text("utf-8")
        assert '<html lang="en"' in page
        assert "Oct 2026" in page
    # The pages as they stand tell the language of what is looked at later.
    assert {one.state for one in runner.status(place, MONTH)} == {"done"}
    assert states(runner.clean(place, MONTH)) == {"clean 2026-10": "unchanged"}


def test_a_workbook_that_is_begun_remakes_no_month(place: Workspace) -> None:
    """Who writes YAML and CSV gets a workbook from new-month, and nothing is stale."""
    prepare(place, "2026-11")

    assert place.workbook.exists()
    assert set(states(runner.run(place, MONTH)).values()) == {"unchanged"}
