"""Whatever dialect a month is written in, it reads back as it was written."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import xlsxwriter
import xlwt
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kpi_lib.exports import reader
from kpi_lib.months import clean
from kpi_lib.months.arrivals import File

MONTH = "2026-10"
METRICS = {
    "播放量": "views",
    "累计粉丝": "followers",
    "点赞": "likes",
    "收藏": "favorites",
    "评论": "comments",
    "分享": "shares",
}
"""Header of B站's 历史累计数据趋势 → metric; 硬币 and 弹幕 are known and not used."""

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
FEW = settings(
    max_examples=30,
    deadline=None,  # the machine may be busy
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)

Values = dict[tuple[date, str], float]


@dataclass(frozen=True)
class Written:
    """A month and how it is written; `rows` are day and value by header."""

    rows: tuple[tuple[int, dict[str, int | None]], ...]
    headers: tuple[str, ...]
    styles: tuple[str, ...]
    day_form: str
    preamble: tuple[str, ...]
    blanks: frozenset[int]
    kind: str
    encoding: str
    end: str

    def values(self) -> Values:
        """Return what must be read: slow, and without the package."""
        found = {}
        for day, cells in self.rows:
            for header, value in cells.items():
                if header in METRICS and value is not None:
                    found[date(2026, 10, day), METRICS[header]] = float(value)
        return found

    def lines(self) -> list[list[str]]:
        """Return every record of the file, as text."""
        lines = [[text] for text in self.preamble]
        lines.append(["时间", *self.headers])
        for number, (day, cells) in enumerate(self.rows):
            if number in self.blanks:
                lines.append([])
            figures = [
                styled(cells[header], self.styles[place % len(self.styles)])
                for place, header in enumerate(self.headers)
            ]
            lines.append([self.day_form.format(day=day), *figures])
        return lines

    def content(self) -> bytes:
        """Return the file."""
        return WRITERS[self.kind](self)


def styled(value: int | None, style: str) -> str:
    """Write a number; in 万 only where nothing is lost."""
    if value is None:
        return {"plain": "-", "commas": "", "units": "--", "wide": "无数据"}[style]
    if style == "commas":
        return f"{value:,}"
    if style == "units" and value and value % 1000 == 0:
        return f"{value // 10000}.{value // 1000 % 10}万"
    return str(value).translate(FULL_WIDTH) if style == "wide" else str(value)


def as_text(month: Written, delimiter: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator=month.end)
    writer.writerows(month.lines())
    return out.getvalue().encode(month.encoding)


def as_xlsx(month: Written) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate(month.lines()):
            for column, text in enumerate(cells):
                # As platforms do: some cells are numbers, the rest is text.
                if text.isascii() and text.isdigit() and len(text) < 8:
                    sheet.write_number(row, column, int(text))
                else:
                    sheet.write_string(row, column, text)
    return out.getvalue()


def as_biff(month: Written) -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("New Sheet1")
    for row, cells in enumerate(month.lines()):
        for column, text in enumerate(cells):
            sheet.write(row, column, text)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def as_page(month: Written) -> bytes:
    rows = "".join(
        f"<tr>{''.join(f'<td>{text}</td>' for text in cells)}</tr>"
        for cells in month.lines()
    )
    return f"<html><body><table>{rows}</table></body></html>".encode(month.encoding)


WRITERS = {
    "comma": lambda month: as_text(month, ","),
    "tab": lambda month: as_text(month, "\t"),
    "semicolon": lambda month: as_text(month, ";"),
    "xlsx": as_xlsx,
    "biff": as_biff,
    "page": as_page,
}
COUNTS = st.one_of(
    st.none(),
    st.integers(0, 2_000_000),
    st.integers(0, 300).map(lambda thousands: thousands * 1000),
)


@st.composite
def months(draw: st.DrawFn) -> Written:
    headers = draw(st.permutations([*METRICS, "硬币", "弹幕"]))
    days = draw(st.lists(st.integers(1, 31), unique=True, min_size=1, max_size=12))
    rows = tuple((day, {header: draw(COUNTS) for header in headers}) for day in days)
    return Written(
        rows=rows,
        headers=tuple(headers),
        styles=tuple(
            draw(
                st.lists(
                    st.sampled_from(["plain", "commas", "units", "wide"]),
                    min_size=1,
                    max_size=4,
                )
            )
        ),
        day_form=draw(
            st.sampled_from(
                [
                    "2026-10-{day:02}",
                    "2026/10/{day}",
                    "202610{day:02}",
                    "2026年10月{day:02}日",
                ]
            )
        ),
        preamble=tuple(
            draw(st.lists(st.sampled_from(["数据趋势", "统计周期：10月"]), max_size=3))
        ),
        blanks=draw(st.frozensets(st.integers(0, 12), max_size=3)),
        kind=draw(st.sampled_from([*WRITERS])),
        encoding=draw(st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"])),
        end=draw(st.sampled_from(["\n", "\r\n"])),
    )


def read(month: Written, source: str = "a.xls") -> reader.Export:
    """Read through the door that everybody uses, under a name that tells nothing."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / source
        path.write_bytes(month.content())
        return reader.read(path, month=MONTH, platform="bilibili", source=source)


def values(export: reader.Export) -> Values:
    found = {(row.date, row.metric): row.value for row in export.daily}
    assert len(found) == len(export.daily)
    return found


def cleaning(*files: reader.Export) -> clean.Cleaning:
    arrived = [
        File(
            source=export.source,
            account="b1",
            month=MONTH,
            export=export,
        )
        for export in files
    ]
    return clean.Cleaning(arrived, {}, ())


def cleaned(*files: reader.Export) -> clean.Cleaned:
    return cleaning(*files).cleaned


def tidy(rows: Sequence[reader.DailyRow]) -> Values:
    return {(row.date, row.metric): row.value for row in rows}


@settings(FEW, max_examples=100)
@given(months())
def test_any_dialect_reads_back(month: Written) -> None:
    export = read(month)

    assert values(export) == month.values()


@FEW
@given(months())
def test_every_row_is_in_the_ledger_once(month: Written) -> None:
    export = read(month)

    # Counted by what was written: nothing of the package takes part.
    lines = month.lines()
    assert [row.row for row in export.ledger] == [*range(1, len(lines) + 1)]
    fates = [row.fate for row in export.ledger]
    assert fates.count("blank") == sum(not line for line in lines)
    assert fates.count("preamble") == len(month.preamble)
    assert fates.count("header") == 1
    assert fates.count("kept") == len(month.rows)


@FEW
@given(months(), st.randoms(use_true_random=False), st.sampled_from([*WRITERS]))
def test_order_blank_lines_and_encoding_change_nothing(
    month: Written, chance: object, kind: str
) -> None:
    rows = list(month.rows)
    chance.shuffle(rows)  # type: ignore[attr-defined]
    other = replace(
        month,
        rows=tuple(rows),
        blanks=frozenset({1, 2, 5}) - month.blanks,
        encoding="gb18030" if month.encoding != "gb18030" else "utf-8-sig",
        kind=kind,
    )

    assert values(read(other)) == values(read(month))


@FEW
@given(months(), st.integers(0, 12))
def test_two_halves_are_the_whole(month: Written, cut: int) -> None:
    parts = [month.rows[:cut], month.rows[cut:]]
    # The halves share a row, as downloads that overlap do.
    if parts[0] and parts[1]:
        parts[1] = (parts[0][-1], *parts[1])
    halves = [
        read(replace(month, rows=rows), f"{number}.csv")
        for number, rows in enumerate(parts)
        if rows
    ]
    merged, whole = cleaned(*halves), cleaned(read(month))

    assert tidy(merged.daily) == tidy(whole.daily) == month.values()
    assert len(merged.daily) == len(whole.daily)
    assert not merged.daily_conflicts
    assert len([*cleaning(*halves).ledger()]) == sum(
        len(half.ledger) for half in halves
    )


@FEW
@given(months())
def test_cleaning_twice_changes_nothing(month: Written) -> None:
    once = cleaned(read(month))
    found = tidy(once.daily)
    headers = {metric: header for header, metric in METRICS.items()}
    rows: dict[int, dict[str, int | None]] = {
        day: dict.fromkeys([*METRICS, "硬币", "弹幕"]) for day, _ in month.rows
    }
    for (day, metric), value in found.items():
        rows[day.day][headers[metric]] = int(value)
    again = cleaned(read(replace(month, rows=tuple(rows.items()))))

    assert tidy(again.daily) == found
    assert cleaned(read(month)) == once
