"""JupyterLab on a workspace: it asks nobody for news or versions, its user nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from kpi_lib.workspace import Workspace

SETTINGS = Path(__file__).parent


def lab(workspace: Workspace) -> int:
    """Open a workspace's notebooks in JupyterLab until it ends; its exit code."""
    # Its root too may open it: in a container nobody else is there.
    config = SETTINGS / "jupyter_lab_config.json"
    flags = [f"--config={config}", f"--LabApp.app_settings_dir={SETTINGS}"]
    command = [sys.executable, "-m", "jupyterlab", *flags]
    return subprocess.call(command, cwd=workspace.root)
