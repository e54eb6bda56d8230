"""`verify` is read because it never cries wolf, and finds what was changed."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from kpi_lib import appraisal, inputs, months
from kpi_lib import page as page_folder
from kpi_lib.held import read_run
from kpi_lib.run import record, runner
from kpi_lib.run.stale import looked_back
from kpi_lib.run.verify import recompute, verify
from kpi_lib.workspace import Workspace, sha256_file
from tests import tiny_workspace
from tests.conftest import World
from tests.run.test_standing import (
    after_a_run,
    build,
    errors,
    write_export,
    write_targets,
)
from tests.tiny_workspace import MONTH

pytestmark = [pytest.mark.notebook, pytest.mark.usefixtures("in_turn")]


@pytest.fixture
def place(world: World, tmp_path: Path) -> Workspace:
    return after_a_run(world, tmp_path / "w")


def export(place: Workspace, month: str) -> Path:
    path = place.raw(month) / f"zhihu-01/{month}-28/export.csv"
    path.parent.mkdir(parents=True)
    path.write_text("日期,账号,指标,数值,备注\n", "utf-8")
    return path


def told(place: Workspace, month: str = MONTH) -> list[str]:
    return [str(problem) for problem in errors(verify(place, month))]


# --- it never cries wolf -----------------------------------------------------------


def test_a_new_workspace_has_nothing_to_verify(tmp_path: Path) -> None:
    place = Workspace(tmp_path / "new")
    inputs.init(place.root)

    assert [problem.level for problem in verify(place, MONTH)] == ["note"]


def test_three_years_of_history_are_no_change(tmp_path: Path) -> None:
    place = build(tmp_path / "w")
    for year in (2024, 2025, 2026):
        for month in range(1, 13):
            if f"{year}-{month:02}" < MONTH:
                export(place, f"{year}-{month:02}")
    runner.run(place, MONTH)

    assert verify(place, MONTH) == []


def test_what_the_next_month_brings_is_no_alarm(place: Workspace) -> None:
    export(place, "2026-11")
    (note,) = verify(place, MONTH)
    assert (note.level, note.where) == (
        "note",
        "data/raw/2026-11/zhihu-01/2026-11-28/export.csv",
    )

    # The workbook, filled in all the time, is no alarm either: its rows are in the keys
    # of jobs. Of matrices that of the next month is none, one of this month is.
    inputs.prepare(place, "2026-11")
    assert told(place) == []
    assert any("之后又填过" in note.what for note in verify(place, MONTH))
    place.workbook.unlink()
    matrix = place.data / "targets.2026-11.xlsx"
    matrix.write_bytes(b"")
    assert told(place) == []
    matrix.rename(place.data / "targets.2026-10.xlsx")
    assert "data/targets.2026-10.xlsx：运行之后新加的输入文件" in told(place)[0]
    (place.data / "targets.2026-10.xlsx").unlink()

    write_targets(place, 130)
    assert told(place) != []
    runner.run(place, "2026-11")
    assert told(place) == []
    assert verify(place, "2026-11") == []


def test_a_record_that_was_taken_away_is_no_new_workspace(place: Workspace) -> None:
    place.record.unlink()

    assert "没有运行记录" in told(place)[0]


# --- it finds ----------------------------------------------------------------------


def test_any_changed_bit_of_the_newest_line_is_found(place: Workspace) -> None:
    content = place.record.read_bytes()
    found = []
    for at in range(len(content)):
        changed = bytearray(content)
        changed[at] ^= 1 << at % 7
        place.record.write_bytes(changed)
        found.append(bool(told(place)))

    assert all(found)


@pytest.mark.parametrize("key", ["month", "run", "plan", "code", "inputs", "outputs"])
def test_any_key_of_the_newest_line_is_held(place: Workspace, key: str) -> None:
    line = json.loads(place.record.read_text("utf-8"))
    line[key] = line[key][::-1]
    text = json.dumps(line, sort_keys=True, separators=(",", ":"))
    place.record.write_text(f"{text}\n", "utf-8")

    assert told(place) != []


def forge_an_earlier_table(place: Workspace) -> None:
    table = place.clean("2026-08") / "note.txt"
    table.write_text("9", "utf-8")
    made = place.clean("2026-08") / "made.json"
    entry = read_run(made)
    entry["outputs"][place.relative(table)] = sha256_file(table)
    made.write_text(record.text_of(entry), "utf-8")


def edit_a_cell(place: Workspace) -> None:
    """Change what runs: what an editor notes beside it is no change."""
    notebook = place.notebooks / "3-appraisal.ipynb"
    notebook.write_text(notebook.read_text("utf-8").replace("4.29", "4.92"), "utf-8")


def append(path: str) -> Callable[[Workspace], None]:
    def change(place: Workspace) -> None:
        (place.root / path).parent.mkdir(exist_ok=True)
        with (place.root / path).open("a", encoding="utf-8") as file:
            file.write("\n")

    return change


@pytest.mark.parametrize(
    ("change", "where"),
    [
        pytest.param(
            forge_an_earlier_table, "data/clean/2026-08/note.txt", id="table and hash"
        ),
        pytest.param(edit_a_cell, "notebooks/3-appraisal.ipynb", id="a cell"),
        *(
            pytest.param(append(path), path, id=path)
            for path in (
                "data/clean/2026-07/note.txt",
                "data/clean/2026-10/made.json",
                "reports/2026-10/op-01.html",
                "reports/2026-10/op-09.html",
                "reports/2026-10/op-09.json",
                "data/clean/2026-09/daily.parquet",
                "data/raw/2026-10/zhihu-01/new.csv",
            )
        ),
    ],
)
def test_what_was_changed_or_laid_beside_is_named(
    place: Workspace, change: Callable[[Workspace], None], where: str
) -> None:
    change(place)

    assert any(line.startswith(f"{where}：") for line in told(place))


def test_a_page_opened_in_jupyterlab_is_no_alarm(place: Workspace) -> None:
    kept = place.reports(MONTH) / ".ipynb_checkpoints" / "op-01-checkpoint.html"
    kept.parent.mkdir()
    kept.write_text("<p>", "utf-8")

    assert not any(line.startswith(place.relative(kept)) for line in told(place))


@pytest.mark.skipif(
    not (os.environ.get("CI") or page_folder.browser()), reason="no Chromium"
)
def test_a_forged_pdf_is_found_and_printed_anew(place: Workspace) -> None:
    forged = place.reports(MONTH) / "op-01.pdf"
    forged.write_bytes(b"%PDF-1.4 of somebody")
    assert f"{place.relative(forged)}：不是运行做出来的文件" in told(place)[0]

    runner.run(place, MONTH, operators=["op-01"], pdf=True)
    printed = forged.read_bytes()
    assert b"of somebody" not in printed
    assert told(place) == []
    runner.run(place, MONTH, operators=["op-01"], pdf=True)
    assert forged.read_bytes() == printed

    append(place.relative(forged))(place)
    assert f"{place.relative(forged)}：结果文件在运行之后被改过" in told(place)[0]


# --- record and run.json may hold anything -----------------------------------------

HOSTILE = {
    "a bad byte": lambda content: content[:-9] + b"\xff" + content[-8:],
    "half a line": lambda content: content + content[:90],
    "a list": lambda content: content + b"[]\n",
    "no month": lambda content: content + b"{}\n",
    "a month that is none": lambda content: content + b'{"month":[1]}\n',
    "deep": lambda content: content + b"[" * 100_000,
    "nothing": lambda content: b"",
    "empty lines": lambda content: content + b"\n\n",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_damaged_record_stops_no_run_and_is_one_line(
    place: Workspace, name: str
) -> None:
    place.record.write_bytes(HOSTILE[name](place.record.read_bytes()))

    assert len(told(place)) == 1
    write_targets(place, 130)
    assert {one.state for one in runner.run(place, MONTH)} <= {"made", "unchanged"}
    assert {one.state for one in runner.status(place, MONTH)} == {"done"}
    assert len(told(place)) == (name != "nothing")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[" * 100_000, id="deep"),
        *("", "{", "[]", "{}", "\\ud800", '{"jobs": []}'),
        '{"jobs": {"op-01": 1}, "totals": {"op-01": []}, "lang": 3, "timings": []}',
        '{"jobs": {"op-01": {"outcome": "done", "parts": [], "outputs": 7}}}',
        '{"totals": {"op-01": {"before": 1}, "op-02": {"total": 7}}}',
    ],
)
def test_a_damaged_run_json_is_made_anew(place: Workspace, text: str) -> None:
    path = place.reports(MONTH) / "run.json"
    path.write_text(text, "utf-8")
    later = export(place, "2026-11")

    assert len(told(place)) == 1
    assert runner.status(place, MONTH)
    runner.run(place, "2026-11")
    later.unlink()
    runner.run(place, MONTH)
    assert {one.state for one in runner.status(place, MONTH)} == {"done"}
    assert told(place) == []


# --- what was published, and by what -----------------------------------------------


def page(place: Workspace, name: str, month: str = MONTH) -> str:
    """Return the lines that a run adds to a page: all of it is long to compare."""
    html = (place.reports(month) / f"{name}.html").read_text("utf-8")
    return "\n".join(re.findall(r'<span>.*?</span>|<p class="meta">.*?</p>', html))


def test_a_total_that_a_run_changes_says_so(place: Workspace) -> None:
    assert "上一次运行" not in page(place, "op-01")
    write_targets(place, 130)
    runner.run(place, MONTH)
    said = "总分在上一次运行（运行记录第1行）是120.3，现在是130.3；变了的：目标。"

    assert said in page(place, "op-01")
    assert f"示例甲：{said}" in page(place, "index")
    assert "上一次运行" not in page(place, "op-02")
    runner.run(place, MONTH, force=True)
    assert said in page(place, "op-01")

    write_export(place, 111)
    runner.run(place, MONTH)
    assert "运行记录第2行）是130.3，现在是130.6；变了的：清洗结果" in page(
        place, "op-01"
    )


def test_a_page_of_an_edited_notebook_says_so(place: Workspace) -> None:
    edited = [f"notebooks/{name}" for name in record.NOTEBOOKS.values()]

    assert "改过的笔记本notebooks/3-appraisal.ipynb生成" in page(place, "op-01")
    assert read_run(place.reports(MONTH) / "run.json")["edited"] == edited
    shutil.copytree(
        tiny_workspace.ROOT / "notebooks", place.notebooks, dirs_exist_ok=True
    )
    assert {one.why for one in runner.status(place, MONTH)} == {"笔记本有变化"}


def test_a_page_prints_what_vouches_for_it(place: Workspace) -> None:
    run = read_run(place.reports(MONTH) / "run.json")
    key = record.of(run["jobs"]["op-01"]["parts"])
    assert f"本页的依据{key[:12]}，此前各月的运行记录没有。" in page(place, "op-01")

    export(place, "2026-11")
    runner.run(place, "2026-11")
    head = record.lines(place.record)[0].hash[:12]
    for name in ("op-01", "index"):
        assert f"此前各月的运行记录{head}。" in page(place, name, "2026-11")


# --- from the raw files --------------------------------------------------------------


def test_every_number_is_computed_again_from_the_raw_files(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    for month in looked_back(place, MONTH):
        given = inputs.load(place, month)
        months.save(place, months.tidy(months.arrive(place, month, given)))
    opened = appraisal.Month.open(place, MONTH)
    folder = place.reports(MONTH)
    folder.mkdir(parents=True)
    for id in ("op-01", "op-02"):
        card = opened.operator(id).card.to_json()
        (folder / f"{id}.json").write_text(json.dumps(card), "utf-8")
    assert recompute(place, MONTH) == []

    card["items"][0]["measures"][0]["score"] = "99"
    card["total"] = "100.00"
    (folder / "op-02.json").write_text(json.dumps(card), "utf-8")
    first, second = recompute(place, MONTH)
    assert (first.where, first.place) == ("reports/2026-10/op-02.json", "total")
    assert "这里写的是100.00" in first.what
    assert second.place.endswith(" score")
    (folder / "op-01.json").unlink()
    assert "没有评分卡" in recompute(place, MONTH)[0].what
