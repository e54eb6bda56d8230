"""What this machine lacks, each with the one line that mends it."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from kpi_lib.errors import WorkspaceError
from kpi_lib.workspace import Workspace

DISK = 1 << 30  # Free bytes that a year of 20 operators takes twice over

LOCK = Path(__file__).parents[2] / "requirements.lock"

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^ ;\\]+)( *;)?", re.MULTILINE)


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what there is, and what mends it if it is not ok."""

    subject: str
    ok: bool
    found: str
    do: str = ""


def examine(folder: Path | None = None) -> list[Finding]:
    """
    Look at this machine: Python, packages, fonts, Chromium, the disk and access to it.

    Parameters
    ----------
    folder : Path, optional
        A workspace; default: the one around the current folder, if any.

    Returns
    -------
    list of Finding
        Each with what mends it.
    """
    # An older one than the package is written for would not have come this far.
    python = Finding("Python", True, platform.python_version())
    return [python, packages(LOCK), fonts(), chromium(), *_workspace(folder)]


def packages(lock: Path) -> Finding:
    """Compare what is installed with the lock; without one nothing is compared."""
    if not lock.is_file():
        return Finding("软件包", True, "没有requirements.lock，不核对")
    off = [
        f"{name} {installed or '没有安装'}（应为{'或'.join(versions)}）"
        for name, versions in pins(lock).items()
        if (installed := _installed(name)) not in versions
    ]
    there = "、".join(off) or "与requirements.lock一致"
    do = ".venv/bin/python -m pip install --require-hashes -r requirements.lock"
    return Finding("软件包", not off, there, do)


def pins(lock: Path) -> dict[str, tuple[str, ...]]:
    """Return by name the versions that a lock allows; "" if only some need it."""
    allowed: dict[str, tuple[str, ...]] = {}
    for name, version, marker in _PIN.findall(lock.read_text("utf-8")):
        more = (version, "") if marker else (version,)
        allowed[name] = (*allowed.get(name, ()), *more)
    return allowed


def fonts() -> Finding:
    """Look for a Chinese font, which PDFs and pictures need (pages do not)."""
    lister = shutil.which("fc-list")
    if lister:
        ask = [lister, ":lang=zh-cn", "family"]
        listed = subprocess.run(ask, capture_output=True, text=True, timeout=30)
        there = min(listed.stdout.splitlines(), default="").split(",")[0]
        ok = bool(there)
    else:
        # Windows and macOS bring Chinese fonts and have no fontconfig.
        ok = sys.platform in ("win32", "darwin")
        there = "系统自带" if ok else "没有fontconfig，无法查看"
    do = "sudo apt-get install fontconfig fonts-noto-cjk"
    return Finding("中文字体", ok, there or "没有", do)


def chromium() -> Finding:
    """Look for a Chromium, which PDFs need."""
    from kpi_lib import page

    path = page.browser()
    there = path or "没有，不能做PDF"
    return Finding("Chromium", bool(path), there, "sudo apt-get install chromium")


def _workspace(folder: Path | None) -> Iterator[Finding]:
    try:
        root = Workspace.find(folder or "").root
    except WorkspaceError as err:
        yield Finding("工作区", folder is None, str(err), "kpi init DIR")
        return
    free = shutil.disk_usage(root).free
    do = f"请在{root}所在的磁盘上腾出1GB"
    yield Finding("磁盘", free >= DISK, f"剩余{free / DISK:.1f}GB", do)
    places = [root / "data", root / "reports"]
    places = [place for place in places if place.exists()]
    closed = [str(place) for place in places if not os.access(place, os.W_OK)]
    there = f"不能写入{'、'.join(closed)}" if closed else "可以写入"
    do = "请改由文件夹的主人运行，或请他开放写入权限"
    yield Finding("写入权限", not closed, there, do)


def _installed(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
