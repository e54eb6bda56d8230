"""No test leaves anything to the next one of its process (conftest.py)."""

import os
import signal
import sys
from pathlib import Path

import matplotlib as mpl
import pytest
from IPython.core.interactiveshell import InteractiveShell
from matplotlib import pyplot as plt

from kpi_lib.language import language, speak
from tests.conftest import as_it_was


def seen() -> list[object]:
    return [
        dict(os.environ),
        Path.cwd(),
        [*sys.path],
        signal.getsignal(signal.SIGTERM),
        signal.getsignal(signal.SIGINT),
        language(),
        dict.copy(mpl.rcParams),
        plt.get_fignums(),
        InteractiveShell.initialized(),
    ]


def leave_all_behind(folder: Path) -> None:
    os.environ["LEFT"] = "1"
    os.environ.pop("PATH")
    os.chdir(folder)
    sys.path.insert(0, "left")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    speak("en")
    mpl.rcParams.update({"lines.linewidth": 9, "backend": "svg"})
    plt.figure()
    InteractiveShell.instance()


@pytest.mark.parametrize("fails", [False, True])
def test_what_a_test_leaves_behind_is_put_back(tmp_path: Path, *, fails: bool) -> None:
    before = seen()
    try:
        with as_it_was():
            leave_all_behind(tmp_path)
            left = seen()
            assert not fails
    except AssertionError:
        assert fails

    assert [was for was, now in zip(before, left, strict=True) if was == now] == []
    assert seen() == before
