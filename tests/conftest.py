import contextlib
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import matplotlib as mpl
import pytest
from filelock import FileLock
from hypothesis import settings

from kpi_lib import appraisal, open_month
from kpi_lib.inputs import yaml
from kpi_lib.language import language, speaking
from kpi_lib.workbook.workbook import Workbook
from kpi_lib.workspace import Workspace
from tests import sample_month

# No property hangs on the clock: the machine may be busy, a first example reads files.
settings.register_profile("kpi", deadline=None)
settings.load_profile("kpi")

# Many workspaces have the same plan; what a text is parsed into is only read.
yaml._parsed = lru_cache(64)(yaml._parsed)

SLOW = (
    "test_docs.py",
    "test_browser.py",
    "test_06_nothing_or_a_whole_file.py",
    "test_attacks.py",
    "test_15_each_point_is_recomputed.py",
    "test_lab_browser.py",
    "test_questions.py",
    "test_runner.py",
    "test_processes.py",
    "test_month.py",
    "test_13_a_hostile_file_costs_itself.py",
    "test_engine.py",
    "test_workbook.py",
    "test_goals.py",
    "test_verify.py",
    "test_languages.py",
    "test_cluster.py",
    "test_orders.py",
    "test_gaming.py",
    "test_tables.py",
    "test_signing.py",
    "test_standing.py",
    "test_first_month.py",
    "test_05_one_line_no_traceback.py",
    "test_foreseen.py",
    "test_spreadsheets.py",
)
"""Files that took longest when each was run alone, the longest first: begun last, they
would keep one worker busy while the others wait."""


def pytest_xdist_auto_num_workers() -> int:
    """Take one more than there are cores: many tests wait for a process or browser."""
    return (os.cpu_count() or 1) + 1


MEMORY = Path("/dev/shm")


def roomy(folder: Path) -> bool:
    """Say whether a folder takes all that the tests write, programs too."""
    if not folder.is_dir():
        return False
    place = os.statvfs(folder)
    free = place.f_bavail * place.f_frsize
    return free > 4 << 30 and not place.f_flag & os.ST_NOEXEC


def pytest_configure(config: pytest.Config) -> None:
    """Let xdist give files out in our order, not by size; hear Ctrl-C."""
    config.option.loadscopereorder = False
    if roomy(MEMORY):  # on a disk every run waits until its files are safe there
        tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)
    gc.disable()  # nothing of what is imported and collected is garbage
    # A suite in the background ignores Ctrl-C, and so would every program it starts.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slow files first, everything else as it was."""
    place = {name: at for at, name in enumerate(SLOW)}
    items.sort(key=lambda item: place.get(item.path.name, len(SLOW)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Give every test, with the fixtures that are made for it, a process as new."""
    with as_it_was():
        return (yield)


@contextlib.contextmanager
def as_it_was() -> Iterator[None]:
    """
    Put back what the tests of a process share: else they hang on their order.

    That is the environment, the folder, sys.path, what a signal does, the language that
    is spoken, how matplotlib draws and into which figures, the shell of a notebook.
    """
    environment, folder, path = dict(os.environ), Path.cwd(), [*sys.path]
    answers = {number: signal.getsignal(number) for number in SIGNALS}
    look = dict.copy(mpl.rcParams)
    try:
        with speaking(language()):
            yield
    finally:
        if os.environ != environment:
            os.environ.clear()
            os.environ.update(environment)
        os.chdir(folder)
        sys.path[:] = path
        for number, answer in answers.items():
            signal.signal(number, answer)
        dict.update(mpl.rcParams, look)
        if pyplot := sys.modules.get("matplotlib.pyplot"):
            pyplot.close("all")
        shells = sys.modules.get("IPython.core.interactiveshell")
        if shells and shells.InteractiveShell.initialized():
            type(shells.InteractiveShell.instance()).clear_instance()


SIGNALS = (signal.SIGINT, signal.SIGTERM)


def pytest_collection_finish() -> None:
    """Look for garbage again, but not in what stays to the end."""
    gc.freeze()
    gc.enable()
    gc.set_threshold(50_000, 10, 10)  # as in a run's jobs (kpi_lib/run/warm.py)


World = Callable[[str, Callable[[Path], object]], Workspace]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Give a workspace that is built once a suite, whichever worker needs it first."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent

    def once(name: str, build: Callable[[Path], object]) -> Workspace:
        root = shared / name
        with FileLock(shared / f"{name}.lock"):
            if not root.exists():
                aside = shared / f"{name}.part"
                shutil.rmtree(aside, ignore_errors=True)
                build(aside)
                aside.rename(root)
        return Workspace(root)

    return once


@pytest.fixture(scope="session")
def sample_place(world: World) -> Workspace:
    """The sample with its last five months cleaned; to be read only."""
    return world("sample", sample_month.build)


@pytest.fixture(scope="session")
def sample(sample_place: Workspace) -> appraisal.Month:
    """The sample's October, as the pages are made from it."""
    return sample_month.opened(sample_place)


@pytest.fixture(scope="session")
def m(sample_place: Workspace) -> Workbook:
    """The sample's October through the front door."""
    return open_month(sample_month.MONTH, str(sample_place.root))
