"""A folder imports only from those before it; another one only through its face."""

import ast
import importlib
import re
from functools import cache
from pathlib import Path

import pytest

import kpi_lib

HOME = Path(kpi_lib.__file__).parent
PAGE = HOME.parent / "docs" / "architecture.md"

FLOORS = re.findall(r"^- `(\w+)`: ", PAGE.read_text("utf-8"), re.MULTILINE)
"""Folders in the order of docs/architecture.md, the ground first."""

BESIDE = {"exports", "inputs"}
"""Folders between which no arrow goes either way."""

HOMES = {
    "seaborn": {"page"},
    "IPython": {"run", "workbook"},
    "papermill": {"run"},
    "jupyter_client": {"run"},
    "nbclient": {"run"},
    "nbconvert": {"page"},
    "python_calamine": {"files"},
    "xlsxwriter": {"inputs", "page", "run"},
    "chinese_calendar": {"root"},
    "cryptography": {"page"},
    "ruamel": {"inputs", "files"},
    "yaml": {"root"},
    "distributed": {"run"},
    "filelock": {"run"},
    "ipywidgets": {"workbook"},
    "opencc": {"root"},
    "typer": {"root"},
}

BELOW_THE_PAGE = {"files", "exports", "inputs", "months", "appraisal"}
"""Sentences travel through these as template and values; the page says them."""

MODULES = sorted(HOME.rglob("*.py"))


@cache
def texts() -> dict[Path, str]:
    """Return what may use a face: package, tests and notebooks."""
    return {
        path: path.read_text("utf-8")
        for place in (HOME, PAGE.parents[1] / "tests", PAGE.parents[1] / "notebooks")
        for path in place.rglob("*")
        if path.suffix in (".py", ".ipynb")
    }


def name_of(path: Path) -> str:
    return path.relative_to(HOME).as_posix()


def folder_of(path: Path) -> str:
    parts = path.relative_to(HOME).parts
    return parts[0] if len(parts) > 1 else "root"


@cache
def imported(path: Path) -> list[tuple[str, str]]:
    """Return module and name of every import, also inside functions."""
    names: list[tuple[str, str]] = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            names += [(node.module or "", alias.name) for alias in node.names]
    return names


def entered(path: Path) -> set[tuple[str, str]]:
    """Return the folders that a module imports from, and what past their faces."""
    ways = set()
    for module, name in imported(path):
        parts = module.split(".")
        if parts[0] != "kpi_lib":
            continue
        place = [*parts[1:], name] if parts == ["kpi_lib"] else parts[1:]
        folder = place[0] if place[0] in FLOORS else "root"
        ways.add((folder, ".".join(place[1:])))
    return ways


def test_the_page_names_every_folder() -> None:
    folders = {path.parent.name for path in HOME.glob("*/__init__.py")}

    assert sorted(FLOORS) == sorted(folders | {"root"})


@pytest.mark.parametrize("folder", FLOORS[1:])
def test_the_page_names_what_each_face_gives(folder: str) -> None:
    row = re.search(rf"^\| `{folder}` \|.*\| (.+) \|$", PAGE.read_text("utf-8"), re.M)
    face = importlib.import_module(f"kpi_lib.{folder}")

    assert row is not None
    assert set(re.findall(r"`(\w+)`", row[1])) <= set(vars(face))


@pytest.mark.parametrize("folder", FLOORS[1:])
def test_a_face_gives_nothing_that_nobody_takes(folder: str) -> None:
    taken = {
        name
        for path, text in texts().items()
        if not path.is_relative_to(HOME / folder)
        for names in re.findall(
            rf"\b{folder}\.(\w+)|from kpi_lib\.{folder} import ([(].+?[)]|.+?$)",
            text,
            re.MULTILINE | re.DOTALL,
        )
        for name in re.findall(r"\w+", " ".join(names))
    }
    face = imported(HOME / folder / "__init__.py")

    assert {name for module, name in face if module.startswith("kpi_lib")} <= taken


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_come_from_folders_below_and_through_their_faces(path: Path) -> None:
    own = folder_of(path)
    if path.parent == HOME and path.stem in ("__init__", "cli", "cli_formats"):
        allowed = set(FLOORS)
    else:
        allowed = {*FLOORS[: FLOORS.index(own) + 1]}
        allowed -= BESIDE - {own} if own in BESIDE else set()

    assert {folder for folder, _ in entered(path)} <= allowed
    assert {
        (folder, past)
        for folder, past in entered(path)
        if past and folder not in (own, "root")
    } == set()


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_has_one_home(library: str) -> None:
    homes = {
        folder_of(path)
        for path in MODULES
        if any(module.split(".")[0] == library for module, _ in imported(path))
    }

    assert homes <= HOMES[library]


@pytest.mark.parametrize(
    "path", [path for path in MODULES if folder_of(path) in BELOW_THE_PAGE], ids=name_of
)
def test_nothing_is_said_below_the_page(path: Path) -> None:
    names = {name for module, name in imported(path) if module == "kpi_lib.language"}

    assert names & {"_", "language", "translated"} == set()
