"""2-explore, cell by cell, in a team that lacks most of what it asks about."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import nbformat
import pytest

from kpi_lib.inputs import everything
from kpi_lib.months import arrivals, store, tables
from kpi_lib.workbook.drop_downs import Asked
from kpi_lib.workspace import Workspace
from tests import tiny_workspace
from tests.sample_month import ROOT

ROWS = """日期,账号,指标,数值,备注
2026-10-30,zhihu-01,粉丝数,90,
2026-10-31,zhihu-01,粉丝数,100,
2026-10-31,zhihu-01,阅读/播放,700,
"""


@pytest.fixture
def poor(tmp_path: Path) -> Workspace:
    """One account on one platform, two days, two metrics; no posts, no targets."""
    place = tiny_workspace.build(tmp_path)
    export = place.raw(tiny_workspace.MONTH) / "zhihu-01/2026-11-02/手工填报.csv"
    export.write_text(ROWS, "utf-8")
    given = everything.load(place, tiny_workspace.MONTH)
    arrived = arrivals.arrive(place, tiny_workspace.MONTH, given)
    store.save(place, tables.tidy(arrived))
    return place


def test_every_cell_answers_or_says_why_not(
    poor: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(poor.root)
    notebook = nbformat.read(ROOT / "notebooks/2-explore.ipynb", as_version=4)
    names: dict[str, Any] = {}
    shown = []
    for cell in notebook.cells:
        if cell.cell_type == "code":
            *lines, last = ast.parse(cell.source).body
            exec(ast.unparse(ast.Module(lines, [])), names)
            if isinstance(last, ast.Expr):
                shown.append(eval(ast.unparse(last), names))  # noqa: S307
            else:
                exec(ast.unparse(last), names)
    asked = [one for one in shown if isinstance(one, Asked)]
    answers = [one.answer for one in asked]

    assert len(asked) >= 10
    refused = [one.html for one in answers if "应为" in one.html]
    assert refused == []
    assert "知乎" in answers[0].html
    assert (poor.root / "build/2026-10/views.csv").read_text("utf-8").count("\n") == 2
    assert (poor.root / "build/2026-10/views.png").stat().st_size > 5000
