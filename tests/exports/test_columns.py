"""A table read by columns gives what it gives cell by cell, or is not read so."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.errors import ExportError
from kpi_lib.exports import columns, reader, recognise
from kpi_lib.exports.recognise import Match
from kpi_lib.files import tables
from kpi_lib.files.cells import is_missing
from kpi_lib.files.declarations import layouts
from kpi_lib.files.tables import Record, Sheet

MONTH = "2026-10"
HEADER = ("时间", "播放", "推荐", "喜欢", "评论", "分享", "关注")

DAYS = st.dates(date(2026, 9, 28), date(2026, 11, 3))
NUMBERS = st.integers(0, 10**15 - 1)
PLAIN = st.lists(st.tuples(DAYS, *[NUMBERS] * 6), max_size=20)
ODD = st.sampled_from(
    [
        *[None, "-", "1.2万", "10万+", "-3", "合计", "１２", "01", "2026-10-5", " 7"],
        *["9999999999999999", "1,000", "注", True, 1.5, -1, 2**54, date(2026, 10, 1)],
        *[datetime(2026, 10, 2, 3, 4), "2026-02-30", "1999-10-01", "٣", "20261001"],
    ]
)


def read_both(rows: list[tuple[Any, ...]], line: bool) -> tuple[Any, Any, bool]:
    """Read rows by columns where they are plain, and cell by cell."""
    records = tuple(
        Record(number, number if line else None, cells)
        for number, cells in enumerate([HEADER, *rows], 1)
    )
    sheet = Sheet(name="", records=records)
    book = tables.Book(kind="csv", encoding="utf-8", sheets=(sheet,))
    match: Match = recognise.recognise(book, "shipinhao", "x.csv")[0]
    plain = columns.read(match)
    readings = []
    for way in (plain, None):
        reading = reader._Reading("x.csv", MONTH, match.layout)
        reading.table(match, way)
        reading.tell()
        readings.append((reading.daily, reading.ledger, reading.findings))
    return *readings, plain is not None


@settings(deadline=None)  # the first one reads the declarations
@given(PLAIN, st.booleans(), st.booleans())
def test_plain_rows_read_the_same(
    rows: list[tuple[Any, ...]], text: bool, line: bool
) -> None:
    cells = [(str(day), *map(str if text else int, numbers)) for day, *numbers in rows]
    by_columns, by_cells, plain = read_both(cells, line)

    assert by_columns == by_cells
    assert plain == (bool(rows) and len({row[0] for row in rows}) == len(rows))


@settings(deadline=None)  # the first one reads the declarations
@given(PLAIN, st.lists(st.tuples(st.integers(), st.integers(0, 7), ODD), min_size=1))
def test_one_odd_cell_changes_nothing(
    rows: list[tuple[Any, ...]], odd: list[tuple[int, int, Any]]
) -> None:
    cells = [[str(day), *map(str, numbers)] for day, *numbers in rows]
    for row, column, cell in odd if cells else ():
        found = cells[row % len(cells)]
        found[column : column + 1] = [cell]
    by_columns, by_cells, _ = read_both([tuple(row) for row in cells], True)

    assert by_columns == by_cells


def test_figures_that_only_grow_are_told_either_way() -> None:
    rows = [(f"2026-10-{day:02}", *[str(day)] * 6) for day in range(1, 15)]
    by_columns, by_cells, plain = read_both(rows[::-1], True)

    assert plain
    assert by_columns == by_cells
    assert "像是累计数" in str(by_columns[3])


def test_every_sample_export_reads_the_same() -> None:
    found = 0
    raw = Path(__file__).parents[2] / "data/raw"
    for path in sorted(raw.rglob("*/20*/*.*")):
        try:
            book = tables.read(path, where=path.name)
            matches = recognise.recognise(book, None, path.name)
        except ExportError:
            continue
        for match in matches:
            plain = columns.read(match)
            if plain is None:
                continue
            ways = []
            for way in (plain, None):
                reading = reader._Reading(path.name, MONTH, match.layout)
                reading.table(match, way)
                reading.tell()
                ways.append((reading.daily, reading.ledger, reading.findings))
            found += 1
            assert ways[0] == ways[1]

    assert found > 0


@pytest.mark.parametrize("mark", ["0", "—"])
def test_a_column_that_declares_marks_is_looked_at_cell_by_cell(mark: str) -> None:
    column = next(
        one
        for layout in layouts().values()
        for one in layout.metric_columns.values()
        if one.kind == "count"
    )
    marked = column.model_copy(update={"missing": (mark,)})

    assert columns._counts(("0", "1"), column) == [0.0, 1.0]
    assert columns._counts(("0", "1"), marked) is None
    assert is_missing("0", ("0",))
