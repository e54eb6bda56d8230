"""
All pages of a month: only what is stale, one job a page, and the record.

In goes a workspace and a month; out come the files of ``reports/`` and an `Outcome` a
job. Nothing heavy is imported before there is something to do.
"""

from __future__ import annotations

from kpi_lib.run.adding import add, learn, own_formats
from kpi_lib.run.beginning import proposed
from kpi_lib.run.cards import before, missing, printed, published
from kpi_lib.run.checks import check
from kpi_lib.run.doctor import examine
from kpi_lib.run.jobs import Outcome
from kpi_lib.run.lab import lab
from kpi_lib.run.outstanding import due, to_do
from kpi_lib.run.runner import clean, run, status
from kpi_lib.run.sharing import hand_out, parcels, passwords_of
from kpi_lib.run.sheets import frames_xlsx
from kpi_lib.run.signing import to_sign
from kpi_lib.run.stale import Status, newest
from kpi_lib.run.verify import recompute, verify
