from pathlib import Path
from typing import Any

import pytest

from kpi_lib.inputs import everything
from tests import tiny_workspace


def test_a_file_is_read_once_for_all_months_until_it_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tiny_workspace.build(tmp_path / "w")
    read: list[str] = []
    for part, name in ((everything, "load_roster"), (everything.worklog, "load")):
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
