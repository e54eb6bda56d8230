"""What declarations, metrics and notebooks say on pages, for `make catalogue`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import nbformat
from ruamel.yaml import YAML

from kpi_lib.page import html

Said = Iterator[tuple[int, str, str, list[str]]]


def prose_of(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Said:
    """Extract the prose of a notebook's page for Babel, which babel.cfg tells so."""
    notebook = nbformat.reads(file.read().decode("utf-8"), as_version=4)  # type: ignore[no-untyped-call]
    for cell in notebook.cells:
        shown = "notebook-only" not in cell.metadata.get("tags", [])
        if cell.cell_type == "markdown" and shown:
            for paragraph in html._paragraphs(cell.source):
                yield 0, "", paragraph.lstrip("#").strip(), []


def sentences_of(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Said:
    """Extract what a declaration says on pages for Babel, which babel.cfg tells so."""
    content = YAML(typ="safe", pure=True).load(file)
    for sentence in dict.fromkeys(_spoken(content)):
        yield 0, "", sentence, []


def _spoken(content: Any) -> Iterator[str]:
    """Reasons why nothing is counted, and the names of metrics."""
    if isinstance(content, dict):
        for key, value in content.items():
            if key in {"why", "zh"} and value:
                yield value
            elif key != "meaning":  # said in English by its own ``en``
                yield from _spoken(value)
    elif isinstance(content, list):
        for value in content:
            yield from _spoken(value)
