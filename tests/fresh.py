"""Calls in a process of their own, as a run's jobs are."""

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from kpi_lib.run import processes
from kpi_lib.run.processes import STEP_LIMIT


def fresh(
    call: Callable[..., Any],
    *args: Any,
    limit: float = STEP_LIMIT,
    **more: Any,
) -> Any:
    """Call a function that can be imported; return or raise what it does."""
    bound = partial(call, *args, **more)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(processes, "STEP_LIMIT", limit)
        ((_, answer),) = processes.each(operator.call, [[bound]], workers=1)
    if isinstance(answer, Exception):
        raise answer
    return answer


def execute(*args: Any, limit: float = STEP_LIMIT, **more: Any) -> Any:
    """Run a notebook."""
    return fresh(_execute, *args, limit=limit, **more)


def _execute(*args: Any, **more: Any) -> Any:
    from kpi_lib.run import notebook  # which the process of a job has already

    return notebook.execute(*args, **more)
