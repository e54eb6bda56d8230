"""
Foreign bytes, read safely: rows and cells under limits, and what a platform declares.

In go the bytes of a file that somebody downloaded or wrote; out come a `Book` of
sheets, records and cells, or one refusal that names file, place and remedy. The grammar
of a cell (`number`, `day`, `moment` …) and the declarations of platform exports
(``formats/*.yml``: `platforms`, `layouts`) stand here for both kinds of readers.
"""

from __future__ import annotations

from kpi_lib.files.book import (
    MOST_CELLS,
    MOST_ORDER_CELLS,
    MOST_OWN_CELLS,
    Book,
    Most,
    Record,
    Sheet,
)
from kpi_lib.files.cells import (
    Cell,
    Number,
    NumberKind,
    WrongValue,
    is_below,
    is_missing,
    number,
    plain,
    shown,
)
from kpi_lib.files.declarations import (
    FORMATS,
    MANUAL,
    Column,
    Declaration,
    Layout,
    Platform,
    declaration,
    declare,
    declared,
    header_key,
    layouts,
    platforms,
)
from kpi_lib.files.moments import Order, date_order, day, epoch, moment
from kpi_lib.files.tables import read
