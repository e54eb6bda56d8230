"""Runs whose jobs are done in this very process, so that many take little time."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from kpi_lib.run import processes


class InTurn:
    """Jobs in this very process, one after another."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def in_turn(self, calls: Sequence[Callable[[], Any]]) -> list[Future[Any]]:
        futures: list[Future[Any]] = []
        for call in calls:
            futures.append(Future())
            futures[-1].set_result(call())
        return futures

    def shutdown(self, **_: object) -> None:
        pass


@pytest.fixture
def in_turn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    environment, path = dict(os.environ), [*sys.path]
    monkeypatch.setattr(processes, "FreshProcesses", InTurn)
    # Each shell would clean up at the end of the tests, a second or so each.
    monkeypatch.setattr(atexit, "register", lambda call, *_, **__: call)
    yield
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
