"""JupyterLab on a workspace: it asks nobody for news or versions, its user nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from kpi_lib.workspace import Workspace

SETTINGS = Path(__file__).parent


def lab(workspace: Workspace) -> int:
    """Open a workspace's notebooks in JupyterLab until it ends; its exit code."""
    flags = [
        f"--config={SETTINGS / 'jupyter_lab_config.json'}",
        f"--LabApp.app_settings_dir={SETTINGS}",
        # In a container everybody is root, and the page is on loopback.
        *(["--allow-root"] if getattr(os, "geteuid", int)() == 0 else []),
    ]
    command = [sys.executable, "-m", "jupyterlab", *flags]
    return subprocess.call(command, cwd=workspace.root)
