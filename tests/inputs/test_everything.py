"""All inputs of a month, read together and once."""

import os
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kpi_lib import inputs
from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import everything
from kpi_lib.language import speaking
from tests import tiny_workspace


def test_a_file_is_read_once_for_all_months_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    read: list[str] = []
    for part, name in (
        (everything.roster, "load_roster"),
        (everything, "load_worklog"),
    ):
        load = getattr(part, name)

        def counted(
            file: Path, *rest: object, load: Any = load, **more: object
        ) -> object:
            read.append(place.relative(file))
            return load(file, *rest, **more)

        monkeypatch.setattr(part, name, counted)
    everything.load(place, "2026-10")
    first = sorted(read)
    everything.load(place, "2026-09")
    added = sorted(set(read) - set(first))

    assert "data/roster.yml" in first
    assert len(read) == len(first) + len(added)
    assert added == ["data/raw/2026-04/worklog.xlsx"]

    place.roster.write_text(place.roster.read_text("utf-8") + "\n", "utf-8")
    read.clear()
    everything.load(place, "2026-10")
    assert sorted(read) == first


def test_a_file_written_again_within_a_tick_of_the_clock_is_read_again(
    tmp_path: Path,
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    calendar = place.table("calendar")
    calendar.write_text("date,off or work,name\n2026-10-12,off,A\n", "utf-8")
    before = calendar.stat()
    first = everything.load(place, "2026-10")
    text = calendar.read_text("utf-8")
    with calendar.open("r+", encoding="utf-8") as file:
        file.write(text.replace("A", "B"))
    os.utime(calendar, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = calendar.stat()
    again = everything.load(place, "2026-10")

    assert (after.st_ino, after.st_size) == (before.st_ino, before.st_size)
    assert after.st_mtime_ns == before.st_mtime_ns
    assert [*first.calendar.overrides.values()] == [(True, "A")]
    assert [*again.calendar.overrides.values()] == [(True, "B")]


def test_what_is_read_does_not_hang_on_the_language_spoken(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    chinese = everything.load(place, "2026-10")
    with speaking("en"):
        assert everything.load(place, "2026-10").plans is chinese.plans
        place.table("targets").write_text("operator,metrik\nop-01,x\n", "utf-8")
        with pytest.raises(InvalidInput, match="不认识的列“metrik”"):
            everything.load(place, "2026-10")


def test_each_file_is_hashed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    hash_of = everything.sha256_file
    hashed: list[Path] = []

    def counted(file: Path) -> str:
        hashed.append(file)
        return hash_of(file)

    monkeypatch.setattr(everything, "sha256_file", counted)
    everything.load(place, "2026-10")

    assert place.plan in hashed
    assert len(hashed) == len(set(hashed))


def test_a_target_stands_in_one_place_only(tmp_path: Path) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    (matrix,) = (at for at in inputs.prepare(place, "2026-10") if at.suffix == ".xlsx")
    book = openpyxl.load_workbook(matrix)
    sheet = book["目标"]
    for column, cell in {
        "短期": 300,
        "设定日": "2026-09-30",
        "批准人": "示例主管",
    }.items():
        (at,) = (cell.column for cell in sheet[1] if cell.value == column)
        sheet.cell(2, at, cell)
    book.save(matrix)
    (target,) = everything.load(place, "2026-10").targets

    assert (target.operator, target.metric, target.value) == ("op-01", "tasks_due", 300)

    header = "operator,metric,horizon,period,value,set_on"
    row = "示例甲,tasks_due,短期,2026-10,400,2026-09-30"
    place.table("targets").write_text(f"{header}\n{row}\n", "utf-8")
    found = everything.load(place, "2026-10")

    assert [(at.of, str(at)) for at in found.mistakes] == [
        (
            "op-01",
            "data/填写.xlsx，目标!第2行：与data/targets.csv第2行的对象、"
            "周期和设定日都相同。请删去一行；改目标要另写一行，设定日写修改的日期。",
        )
    ]
    assert [target.value for target in found.targets] == [400]
