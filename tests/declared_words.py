"""What declarations and metrics say on pages, for `make catalogue`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

from ruamel.yaml import YAML


def sentences_of(
    file: IO[bytes], keywords: object, comment_tags: object, options: object
) -> Iterator[tuple[int, str, str, list[str]]]:
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
