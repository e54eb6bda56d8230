"""Readers of tables note what is wrong; where a test wants it raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from kpi_lib.errors import InvalidInput, Problem

T = TypeVar("T")


def raising(read: Callable[..., T], *arguments: object, **more: Any) -> T:
    """Read, and raise every error that was noted."""
    problems: list[Problem] = []
    rows = read(*arguments, problems, **more)
    wrong = tuple(problem for problem in problems if problem.level == "error")
    if wrong:
        raise InvalidInput(wrong)
    return rows
