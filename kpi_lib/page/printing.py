"""Prints a page to PDF with the Chromium of the machine."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from kpi_lib.errors import Problem, WorkspaceError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
TIMEOUT = 60
"""Seconds for a page: twenty times what one takes."""


def browser() -> str:
    """Return the path of a Chromium; empty if this machine has none."""
    return next((path for path in map(shutil.which, NAMES) if path), "")


def required() -> str:
    """
    Return the path of a Chromium.

    Raises
    ------
    WorkspaceError
        If this machine has none.
    """
    found = browser()
    if found:
        return found
    problem = Problem(
        what="没有Chromium，不能做PDF",
        where="--pdf",
        do="请安装chromium，或用浏览器打开页面后打印",
    )
    raise WorkspaceError((problem,))


def pdf(page: Path) -> bytes:
    """
    Print a page, with bookmarks made from its headings.

    Parameters
    ----------
    page : Path
        An HTML file that needs nothing else.

    Returns
    -------
    bytes
        The PDF.

    Raises
    ------
    WorkspaceError
        If there is no Chromium, or it made nothing.
    """
    command = required()
    with tempfile.TemporaryDirectory(
        prefix="kpi-", ignore_cleanup_errors=True
    ) as private:
        made = Path(private) / "page.pdf"
        # The sandbox cannot start as root; the page is ours and runs nothing.
        as_root = os.name != "nt" and os.geteuid() == 0
        # One that hangs has made nothing, and is told as such.
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [
                    command,
                    "--headless",
                    "--disable-gpu",
                    *(["--no-sandbox"] if as_root else []),
                    "--no-pdf-header-footer",
                    "--generate-pdf-document-outline",
                    f"--user-data-dir={private}",
                    f"--print-to-pdf={made}",
                    page.resolve().as_uri(),
                ],
                check=False,
                capture_output=True,
                timeout=TIMEOUT,
            )
        if made.is_file():
            return made.read_bytes()
    raise WorkspaceError((Problem(what="Chromium没有做出PDF", where=page.name),))
