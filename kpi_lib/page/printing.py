"""Prints a page to PDF with the Chromium of the machine."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
import tempfile
import unicodedata
import zlib
from pathlib import Path

from kpi_lib.errors import WorkspaceError

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
TIMEOUT = 60  # Seconds for a page: twenty times what one takes


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
    raise WorkspaceError.of(
        "没有Chromium，不能做PDF",
        where="--pdf",
        do="请安装chromium，或用浏览器打开页面后打印",
    )


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
            return mended(made.read_bytes())
    raise WorkspaceError.of("Chromium没有做出PDF", where=page.name)


STREAM = re.compile(rb"(\d+) 0 obj\n<</Filter /FlateDecode\n/Length (\d+)>> stream\n")
BOOKMARK = re.compile(rb"(\d+) 0 obj\n<</Title <FEFF(\w+)>(\n/Dest.*?>>)\nendobj", re.S)
END = re.compile(rb"trailer\n<<(.*?)>>\nstartxref\n(\d+)\n%%EOF\s*$", re.S)
RADICAL = re.compile(rb"^(<\w+> <)(2[EF]\w\w)(?=>$)", re.M)


def mended(raw: bytes) -> bytes:
    """
    Let a PDF of Chromium's be searched, and say each of its bookmarks once.

    A glyph of a Chinese font may serve a character and its radical; Chromium writes
    down the radical, which nobody types. A heading that is first on its sheet is told
    twice. What is mended is appended, as PDF allows: nothing that was there moves.
    """
    end, changed = END.search(raw), {}
    for at in STREAM.finditer(raw):
        text = zlib.decompress(raw[at.end() : at.end() + int(at[2])])
        if b"begincmap" in text and RADICAL.search(text):
            body = zlib.compress(RADICAL.sub(_character, text))
            head = b"<</Filter /FlateDecode\n/Length %d>> stream\n" % len(body)
            changed[at[1]] = head + body + b"\nendstream"
    for at in BOOKMARK.finditer(raw):
        said = bytes.fromhex(at[2].decode()).decode("utf-16-be")
        once = _once(said)
        if once != said:
            title = once.encode("utf-16-be").hex().upper().encode()
            changed[at[1]] = b"<</Title <FEFF%b>%b" % (title, at[3])
    if end is None or not changed:
        return raw
    table = b""
    for name, content in changed.items():
        table += b"%b 1\n%010d 00000 n \n" % (name, len(raw))
        raw += b"%b 0 obj\n%b\nendobj\n" % (name, content)
    last = b"trailer\n<<%b\n/Prev %b>>\nstartxref\n%d\n%%%%EOF\n"
    return raw + b"xref\n" + table + last % (end[1], end[2], len(raw))


# Radicals that Unicode says no character for.
SIMPLIFIED = dict(
    zip(
        "⺎⺠⻁⻄⻅⻆⻉⻋⻓⻔⻘⻚⻛⻜⻝⻢⻣⻤⻥⻦⻧⻨⻩⻪⻬⻮⻰",
        "兀民虎西见角贝车长门青页风飞食马骨鬼鱼鸟卤麦黄黾齐齿龙",
        strict=True,
    )
)


def _character(radical: re.Match[bytes]) -> bytes:
    written = chr(int(radical[2], 16))
    plain = SIMPLIFIED.get(written) or unicodedata.normalize("NFKC", written)
    return radical[1] + b"%04X" % ord(plain)


def _once(title: str) -> str:
    """Say a title once of which each clause, or the whole, stands twice."""
    half = title[: len(title) // 2]
    if title == half * 2:
        return half
    *clauses, last = re.findall(r"[^；，：]+[；，：]?", title) or [title]
    if clauses and clauses[::2] == clauses[1::2]:
        return "".join([*clauses[::2], _once(last)])
    return title
