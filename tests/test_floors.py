"""A module imports only from floors below; a heavy library has one home."""

import ast
from pathlib import Path

import pytest

import kpi_lib

HOME = Path(kpi_lib.__file__).parent

FLOORS = {
    name: floor
    for floor, names in enumerate(
        [
            "wording",
            "errors catalogue numbers values _table_worker processes shell",
            "workspace stored workdays layouts tables templates forked",
            "documents headers orders provenance printing codebook",
            "plan roster targets worklog records columns findings",
            "exports",
            "inputs clean metrics learn",
            "crosschecks",
            "intake evidence charts cards patterns",
            "attainment logged",
            "scoring quotas proposals",
            "scorecard",
            "month checks engine",
            "fragments team",
            "series report",
            "rate_sections",
            "card_sections fan_sections traffic_sections source_sections team_sections"
            " goal_sections settled_sections",
            "sections explore",
            "controls",
            "jobs starter add doctor explain verify rescore sheets",
            "whatif",
            "agenda warm",
            "pool",
            "runner",
            "workbook",
            "cli",
        ]
    )
    for name in names.split()
}

HOMES = {
    "seaborn": {"charts"},
    "IPython": {"shell"},
    "papermill": {"engine", "forked"},
    "jupyter_client": {"engine"},
    "nbclient": {"engine", "forked"},
    "nbconvert": {"report"},
    "python_calamine": {"tables", "_table_worker"},
    "xlsxwriter": {"starter", "report", "sheets"},
    "chinese_calendar": {"workdays"},
    "ruamel": {"documents", "layouts"},
    "filelock": {"runner"},
    "ipywidgets": {"controls"},
    "opencc": {"wording"},
    "typer": {"cli"},
}

MODULES = sorted(path for path in HOME.rglob("*.py") if path != HOME / "__init__.py")


def name_of(path: Path) -> str:
    own = path.relative_to(HOME).with_suffix("")
    return ".".join(part for part in own.parts if part != "__init__")


def imported(path: Path) -> set[str]:
    """Return the dotted names that a module imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_imports_only_from_floors_below(path: Path) -> None:
    own = {name.split(".")[1] for name in imported(path) if name.startswith("kpi_lib.")}
    floor = FLOORS[name_of(path).split(".")[0]]

    assert {name for name in own if FLOORS.get(name, 99) >= floor} == set()


@pytest.mark.parametrize("library", HOMES)
def test_a_heavy_library_has_one_home(library: str) -> None:
    homes = {
        name_of(path)
        for path in MODULES
        if any(name.split(".")[0] == library for name in imported(path))
    }

    assert homes <= HOMES[library]


def test_every_module_has_a_floor() -> None:
    assert {name_of(path).split(".")[0] for path in MODULES} <= set(FLOORS)
