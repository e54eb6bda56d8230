"""Calls in a process of their own, as a run's jobs are."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from kpi_lib.run import notebook
from kpi_lib.run.processes import STEP_LIMIT, FreshProcesses


def fresh(
    call: Callable[..., Any], *args: Any, limit: float = STEP_LIMIT, **more: Any
) -> Any:
    """Call a function that can be imported; return or raise what it does."""
    with closing(FreshProcesses(1, limit=limit)) as processes:
        (future,) = processes.in_turn([partial(call, *args, **more)])
        return future.result()


def execute(*args: Any, limit: float = STEP_LIMIT, **more: Any) -> Any:
    """Run a notebook."""
    return fresh(notebook.execute, *args, limit=limit, **more)
