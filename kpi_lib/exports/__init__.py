"""
An export, recognised by its header and read by its declaration.

In goes a file of a platform; out comes an `Export`: rows of days and posts, and what
became of every record. `draft` writes a declaration for a file that none knows.
"""

from __future__ import annotations

from kpi_lib.exports.learn import draft
from kpi_lib.exports.reader import read
from kpi_lib.exports.rows import DailyRow, Export, Fate, LedgerRow, PostRow
