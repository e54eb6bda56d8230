"""JupyterLab on a workspace: it asks nobody for news or versions, its user nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kpi_lib.workspace import Workspace

SETTINGS = Path(__file__).parent

# The workspace is the root; root itself may open it, as in a container.
COMMAND = [
    *(sys.executable, "-m", "jupyterlab"),
    f"--config={SETTINGS / 'jupyter_lab_config.json'}",
    f"--LabApp.app_settings_dir={SETTINGS}",
]


def lab(workspace: Workspace) -> int:
    """Open a workspace's notebooks in JupyterLab until it ends; its exit code."""
    return subprocess.call(COMMAND, cwd=workspace.root)
