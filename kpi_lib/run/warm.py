"""
What a job needs, imported and used once, so that the processes of jobs need not.

Loaded by the process that those of jobs are forked from. No table is read here:
parquet's library would start threads, and a fork with threads under way can hang.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from kpi_lib.run import processes

# Imported for the jobs' sake alone.
NEEDED = ("IPython", "kpi_lib.page", "kpi_lib.run.notebook", "pyarrow.dataset")


def up() -> None:
    """Import all; load declarations, templates, fonts and the exporter."""
    for name in NEEDED:
        import_module(name)
    import nbformat

    from kpi_lib import files, page

    files.layouts()
    files.platforms()
    environment = page.environment()
    for name in environment.list_templates():
        environment.get_template(name)
    # Compiles what every notebook is checked by when it is read and written.
    nbformat.validate(nbformat.v4.new_notebook())  # type: ignore[no-untyped-call]
    # The shortest page there is: it compiles what every page is made with.
    page.failure_page("", "2026-01", [])
    page.charts.svg(page.charts.panel(), title="", last="", prefix="warm")


def read(*, root: str = "", months: Sequence[str] = (), lang: str = "") -> None:
    """Read what people wrote for months; what is wrong with it is told elsewhere."""
    from kpi_lib import inputs
    from kpi_lib.errors import KpiError
    from kpi_lib.language import speaking
    from kpi_lib.workspace import Workspace

    for month in months:
        with speaking(lang), contextlib.suppress(KpiError, OSError):
            given = inputs.load(Workspace(Path(root)), month)
            for log in given.worklogs.values():
                log.own("")  # sorted by operator here, and not in every job


def _begin() -> None:
    processes.die_with_parent()
    # Nothing of what is imported is garbage; to look for it takes a tenth of the time.
    gc.disable()
    up()
    read(**json.loads(os.environ[processes.WARM]))
    del os.environ[processes.WARM]
    gc.enable()
    # A page's figures are many objects and little garbage.
    gc.set_threshold(50_000, 10, 10)
    gc.collect()
    # Not looked at again: a collection in a child would copy every page it touches.
    gc.freeze()


if processes.WARM in os.environ:
    try:
        _begin()
    except Exception as err:
        # The one class that a fork server takes; the job that imports this tells it.
        raise ImportError(f"{type(err).__name__}：{err}") from err
