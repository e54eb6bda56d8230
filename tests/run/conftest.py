"""Runs whose jobs are done in this very process, so that many take little time."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import pytest

from kpi_lib.run import processes


def here(
    call: Callable[[Any], Any], turns: Iterable[Sequence[Any]], **_: object
) -> Iterator[tuple[Any, Any]]:
    """Call for each item in this very process."""
    for items in turns:
        yield from [(item, call(item)) for item in items]


@pytest.fixture
def in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "each", here)
    # Each shell would clean up at the end of the tests, a second or so each.
    monkeypatch.setattr(atexit, "register", lambda call, *_, **__: call)
