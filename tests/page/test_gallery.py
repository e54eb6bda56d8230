"""docs/gallery.md: every line runs and draws the picture below it; the codebook."""

from __future__ import annotations

import ast
import inspect
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes

from kpi_lib.page import charts
from kpi_lib.workbook.workbook import Workbook
from tests import codebook

ROOT = Path(__file__).parents[2]
GALLERY = ROOT / "docs/gallery.md"
REWRITE = os.environ.get("KPI_REWRITE_GOLDEN") == "1"

_ENTRY = re.compile(r"```python\n(.*?)```\n\n!\[[^]]*\]\(([^)]+)\)", re.S)
_SETUP = re.compile(r"```python setup\n(.*?)```", re.S)


def entries() -> list[tuple[str, str]]:
    return _ENTRY.findall(GALLERY.read_text("utf-8"))


@pytest.fixture(scope="module")
def names(m: Workbook) -> dict[str, Any]:
    """What the setup block defines, run in the workspace."""
    (setup,) = _SETUP.findall(GALLERY.read_text("utf-8"))
    found: dict[str, Any] = {}
    here = Path.cwd()
    try:
        os.chdir(m.workspace.root)
        exec(setup, found)
    finally:
        os.chdir(here)
    return found


def shown(code: str, names: dict[str, Any]) -> Any:
    """Run a block and return the value of its last expression, as a cell shows it."""
    *lines, last = split(code)
    exec("\n".join(lines), names)
    return eval(last, names)  # noqa: S307


def split(code: str) -> list[str]:
    return [ast.unparse(node) for node in ast.parse(code).body]


@pytest.mark.golden
@pytest.mark.parametrize(
    ("code", "image"), entries(), ids=[one for _, one in entries()]
)
def test_the_line_draws_the_picture(
    names: dict[str, Any], code: str, image: str, tmp_path: Path
) -> None:
    made = shown(code, names)
    kept = GALLERY.parent / image
    if isinstance(made, Axes):
        drawn = charts.save(made, tmp_path / kept.name)
    else:
        (drawn,) = charts.save_all(made, tmp_path)
    if REWRITE:
        kept.parent.mkdir(exist_ok=True)
        shutil.copy(drawn, kept)

    assert drawn.name == kept.name
    assert drawn.read_text("utf-8") == kept.read_text("utf-8")


def test_every_chart_is_in_the_gallery_and_nothing_else() -> None:
    text = GALLERY.read_text("utf-8")
    drawing = {
        name
        for name, one in inspect.getmembers(charts, inspect.isfunction)
        if not name.startswith("_") and one.__annotations__.get("return") == "Axes"
    } - {"panel"}

    assert {name for name in drawing if f"`charts.{name}`" not in text} == set()
    pictures = {path.name for path in (GALLERY.parent / "gallery").iterdir()}
    assert pictures == {Path(image).name for _, image in entries()}
    assert sum(one.stat().st_size for one in GALLERY.parent.rglob("*.svg")) < 200_000


@pytest.mark.golden
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("codebook.md", codebook.codebook()),
        ("codebook.zh-CN.md", codebook.codebook_zh()),
    ],
)
def test_the_codebook_is_the_catalogue(name: str, text: str) -> None:
    path = ROOT / "docs" / name
    if REWRITE:
        path.write_text(text, encoding="utf-8")

    assert path.read_text("utf-8") == text
