"""
What a report needs, imported and used once, so that forked children need not.

No table is read here: parquet's library would start threads, and a fork with threads
under way can hang.
"""

from __future__ import annotations

import contextlib
import gc

import nbformat
from pyarrow import dataset

from kpi_lib import appraisal, files, page
from kpi_lib.errors import KpiError
from kpi_lib.inputs import load
from kpi_lib.language import speaking
from kpi_lib.run import engine, shell
from kpi_lib.run.jobs import Job
from kpi_lib.workspace import Workspace

USED = (dataset, engine, appraisal, shell)
"""Imported for the children's sake alone."""


def up() -> None:
    """Load declarations, templates, fonts and the exporter."""
    files.layouts()
    files.platforms()
    made = page.environment()
    for name in made.list_templates():
        made.get_template(name)
    # Compiles what every notebook is checked by when it is read and written.
    nbformat.validate(nbformat.v4.new_notebook())  # type: ignore[no-untyped-call]
    # The shortest page there is: it compiles what every page is made with.
    page.failure_page("", "2026-01", [])
    page.charts.svg(page.charts.panel(), title="", last="", prefix="warm")
    # A page's figures are many objects and little garbage.
    gc.set_threshold(50_000, 10, 10)
    gc.collect()
    # Not looked at again: a collection in a child would copy every page it touches.
    gc.freeze()


def inputs(job: Job) -> None:
    """
    Read what people wrote for a job's month, for all children of the month.

    Parameters
    ----------
    job : Job
        About to be done; what is wrong with the inputs is told there.
    """
    with speaking(job.lang), contextlib.suppress(KpiError, OSError):
        read = load(Workspace(job.root), job.month)
        for log in read.worklogs.values():
            log.own("")  # sorted by operator here, and not in every child
    # As above: a large team's targets are a million objects.
    gc.freeze()
