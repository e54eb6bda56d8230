"""Orders: distinct numbers, money by line, nothing personal, any size."""

from __future__ import annotations

import csv
import io
import os
import pickle
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib import files
from kpi_lib.errors import (
    ExportColumns,
    ExportError,
    UnknownExport,
    Unreadable,
)
from kpi_lib.exports import Export, reader
from kpi_lib.files import tables
from tests.sample_files import Author, Row, SheetRows, xlsx_bytes

TWIN = Path(__file__).parents[1] / "data" / "exports" / "doudian" / "orders.csv"
MONTH = "2026-10"
HEADER = (
    "主订单编号,子订单编号,订单应付金额,收件人,收件人手机号,详细地址,"
    "订单提交时间,订单状态,售后状态"
)
PERSON, PHONE, ADDRESS = "示例收件人", "13800000000", "示例省示例市示例路1号"
FIRST = 6920000000000000101


def line(
    order: object,
    part: object,
    amount: str = "10.00",
    day: str = "2026-10-01",
    status: str = "已完成",
    after: str = "-",
) -> list[str]:
    at = f"{day} 12:00:00"
    return [
        str(order), str(part), amount, PERSON, PHONE, ADDRESS, at, status, after,
    ]  # fmt: skip


def write(
    folder: Path,
    lines: Sequence[Sequence[str]],
    encoding: str = "utf-8-sig",
    delimiter: str = ",",
) -> Path:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(HEADER.split(","))
    writer.writerows(lines)
    path = folder / "orders.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def workbook(folder: Path, rows: Sequence[Row]) -> Path:
    path = folder / "orders.xlsx"
    author = Author("示例", "Excel", created="2026-11-01T03:00:00Z")
    path.write_bytes(xlsx_bytes([SheetRows("订单", rows)], author))
    return path


def read(path: Path) -> Export:
    return reader.read(path, month=MONTH, platform="doudian")


def sums(export: Export) -> dict[str, float]:
    found: dict[str, float] = {}
    for row in export.daily:
        found[row.metric] = found.get(row.metric, 0) + row.value
    return found


def fates(export: Export) -> list[str]:
    return [row.fate for row in export.ledger]


def test_lines_of_one_order_are_one_order_and_all_of_its_money(tmp_path: Path) -> None:
    lines = [line(FIRST, at, "0.10") for at in range(1, 4)] + [line(FIRST + 1, 9)]
    export = read(write(tmp_path, lines))

    assert sums(export) == {"orders": 2, "gmv": 10.3}
    assert fates(export) == ["header", *["kept"] * 4]


@pytest.mark.parametrize(
    ("status", "after", "counts"),
    [
        pytest.param("已完成", "-", True, id="done"),
        pytest.param("待发货", "", True, id="paid, not sent"),
        pytest.param("已发货", "售后关闭", True, id="claim withdrawn"),
        pytest.param("已完成", "部分退款", True, id="a part refunded"),
        pytest.param("已完成", "退款成功", False, id="refunded"),
        pytest.param("待支付", "-", False, id="unpaid"),
        pytest.param("已关闭", "-", False, id="cancelled"),
    ],
)
def test_what_counts(tmp_path: Path, status: str, after: str, counts: bool) -> None:
    lines = [line(FIRST, 1, status=status, after=after)]
    export = read(write(tmp_path, lines))

    assert sums(export) == {"orders": counts, "gmv": 10.0 * counts}
    entry = export.ledger[1]
    assert entry.fate == ("kept" if counts else "private")
    assert bool(entry.reason) is not counts


def test_a_day_with_a_line_that_was_not_read_is_known_from_below(
    tmp_path: Path,
) -> None:
    lines = [
        line(FIRST, 1),
        line(FIRST + 1, 2, day="2026-10-02", status="没见过的状态"),
        line(FIRST + 2, 3, day="2026-10-03"),
    ]
    export = read(write(tmp_path, lines))

    orders = {r.date.day: (r.value, r.censored) for r in export.daily[::2]}
    assert orders == {1: (1, False), 2: (0, True), 3: (1, False)}
    assert any("2026-10-02有读不懂的行" in str(f.what) for f in export.findings)


def test_a_line_without_a_day_leaves_every_day_known_from_below(
    tmp_path: Path,
) -> None:
    lines = [line(FIRST, 1), line(FIRST + 1, 2, day="昨天")]
    export = read(write(tmp_path, lines))

    assert {(row.date.day, row.censored) for row in export.daily} == {(1, True)}
    assert any("读不出是哪一天" in str(f.what) for f in export.findings)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("支付完成时间", "订单按提交的日子计（“支付完成时间”没有用）"),
        ("备注", "没有付款时间，订单按提交的日子计"),
    ],
)
def test_the_day_of_an_order_is_told_by_the_columns_of_the_file(
    tmp_path: Path, column: str, told: str
) -> None:
    path = write(tmp_path, [line(FIRST, 1)])
    header, first = path.read_text(encoding="utf-8-sig").splitlines()
    path.write_text(f"{header},{column}\n{first},-\n", encoding="utf-8")

    assert any(str(f.what).startswith(told) for f in read(path).findings)


def test_one_line_refunded_leaves_the_order(tmp_path: Path) -> None:
    lines = [line(FIRST, 1, after="退款成功"), line(FIRST, 2, "3.00")]

    assert sums(read(write(tmp_path, lines))) == {"orders": 1, "gmv": 3.0}


def test_days_between_orders_are_zero_and_days_beyond_are_unknown(
    tmp_path: Path,
) -> None:
    lines = [line(FIRST, 1, day="2026-10-02"), line(FIRST + 1, 2, day="2026-10-05")]
    export = read(write(tmp_path, lines))

    found = {row.date.day: row.value for row in export.daily if row.metric == "orders"}
    assert found == {2: 1, 3: 0, 4: 0, 5: 1}


@pytest.mark.parametrize(
    ("later", "days"),
    [
        pytest.param("2026-10-31", 31, id="30 days apart"),
        pytest.param("2026-11-01", 32, id="31 days apart: none between is 0"),
        pytest.param("2026-11-02", 2, id="32 days apart: two files in one"),
    ],
)
def test_a_gap_in_the_orders_is_zero_up_to_a_month(
    tmp_path: Path, later: str, days: int
) -> None:
    lines = [line(FIRST, 1, day="2026-10-01"), line(FIRST + 1, 2, day=later)]
    export = read(write(tmp_path, lines))

    assert len({row.date for row in export.daily}) == days


@pytest.mark.parametrize("word", ["合计", "平均", "Total", "日均："])
def test_a_row_that_sums_up_is_no_order(tmp_path: Path, word: str) -> None:
    export = read(write(tmp_path, [line(FIRST, 1), [word, "", "10.00", *[""] * 6]]))

    assert fates(export) == ["header", "kept", "total"]
    assert sums(export) == {"orders": 1, "gmv": 10.0}


def test_orders_of_any_month_are_kept_with_their_day(tmp_path: Path) -> None:
    export = read(write(tmp_path, [line(FIRST, 1, day="2026-09-30")]))

    assert {row.date for row in export.daily} == {date(2026, 9, 30)}
    assert [(row.fate, row.day) for row in export.ledger] == [
        ("header", None),
        ("kept", date(2026, 9, 30)),
    ]


# -------------------------------------------------------------- personal data


def every_word(export: Export) -> str:
    return repr(export) + "".join(str(problem) for problem in export.findings)


def test_nothing_personal_is_in_any_result() -> None:
    text = TWIN.read_text(encoding="utf-8-sig")
    assert all(word in text for word in (PERSON, PHONE, ADDRESS))
    told = every_word(reader.read(TWIN, month=MONTH))

    assert not any(word in told for word in (PERSON, PHONE, "示例路"))


@pytest.mark.parametrize("by", range(1, 9))
def test_a_shifted_row_tells_nothing_personal(tmp_path: Path, by: int) -> None:
    row = line(FIRST, 1)
    export = read(write(tmp_path, [row[by:] + row[:by], line(FIRST, 2)]))

    assert fates(export) == ["header", "quarantined", "kept"]
    told = every_word(export)
    assert not any(word in told for word in (PERSON, PHONE, "示例路"))


def test_a_file_refused_tells_nothing_personal(tmp_path: Path) -> None:
    path = write(tmp_path, [line(FIRST, 1)])
    path.write_bytes(path.read_bytes() + f'"{PERSON}","{PHONE}'.encode())

    with pytest.raises(ExportError) as caught:
        read(path)
    assert PERSON not in str(caught.value)
    assert PERSON.encode() not in pickle.dumps(caught.value)


# -------------------------------------------------------------------- numbers


def test_long_numbers_are_compared_whole(tmp_path: Path) -> None:
    # As floats, or as Excel keeps them, these three are one.
    lines = [line(f"{FIRST + at}\t", at) for at in range(3)]

    assert sums(read(write(tmp_path, lines)))["orders"] == 3


@pytest.mark.parametrize("mangled", ["6.92E+18", "6.92000000000000E+18"])
def test_numbers_that_excel_rounded_are_refused(tmp_path: Path, mangled: str) -> None:
    with pytest.raises(ExportColumns, match=r"第2行：“主订单编号”.*已被Excel改掉"):
        read(write(tmp_path, [line(mangled, 1)]))


def test_numbers_that_all_end_in_zeros_are_refused(tmp_path: Path) -> None:
    lines = [line(692000000000000 * 10**4 + at * 10**5, at) for at in range(3)]

    with pytest.raises(ExportColumns, match="第16位起全是0"):
        read(write(tmp_path, lines))


def test_a_workbook_with_numbers_as_text_is_read(tmp_path: Path) -> None:
    lines = [line(FIRST, 1), line(FIRST, 2), line(FIRST + 1, 3)]
    rows = [HEADER.split(","), *lines]
    path = workbook(tmp_path, rows)
    export = read(path)

    assert export.created == date(2026, 11, 1)
    assert sums(export) == {"orders": 2, "gmv": 30.0}
    assert fates(export) == ["header", *["kept"] * 3]
    assert PERSON not in every_word(export)


def test_a_workbook_with_rounded_numbers_is_refused(tmp_path: Path) -> None:
    rows = [HEADER.split(","), [6.92e18, *line("", 1)[1:]]]
    path = workbook(tmp_path, rows)

    with pytest.raises(ExportColumns, match="已被Excel改掉"):
        read(path)


# ---------------------------------------------------------------------- bytes


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_encodings_and_delimiters_change_nothing(
    tmp_path: Path, encoding: str, delimiter: str
) -> None:
    lines = [line(FIRST, 1), line(FIRST, 2, "1,280.50")]
    export = read(write(tmp_path, lines, encoding, delimiter))

    assert sums(export) == {"orders": 1, "gmv": 1290.5}


@pytest.mark.parametrize(
    ("tail", "message"),
    [
        pytest.param(b"\xff\xfe\r\n", "第3行：第.*个字节（0xff）", id="bytes"),
        pytest.param(b'"open,1\r\n2\r\n', "第3行.*没有配对的引号", id="quote"),
        pytest.param(b"a\0b\r\n", "不是文本", id="nul"),
        pytest.param(b"x" * (1 << 20), "超过13万字", id="one line"),
    ],
)
def test_broken_files_are_refused_with_a_place(
    tmp_path: Path, tail: bytes, message: str
) -> None:
    path = write(tmp_path, [line(FIRST, 1)])
    path.write_bytes(path.read_bytes() + tail)

    with pytest.raises(Unreadable, match=message):
        read(path)


def test_a_file_above_the_cap_is_to_be_exported_by_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "SIZE_CAP", 100)

    with pytest.raises(Unreadable) as caught:
        read(write(tmp_path, [line(FIRST, 1)]))
    assert str(caught.value) == (
        "orders.csv：文件有0MB，上限50MB；应为50MB以内。按周分次导出。"
    )


def test_too_many_lines_are_to_be_exported_by_week(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(files.MOST_ORDER_CELLS, cells=len(HEADER.split(",")) + 1)
    path = write(tmp_path, [line(FIRST, 1)])
    monkeypatch.setattr(files, "MOST_ORDER_CELLS", few)

    with pytest.raises(Unreadable) as caught:
        read(path)
    assert str(caught.value) == (
        "orders.csv，第2行：表格有500万格以上；应为500万格以内。按周分次导出。"
    )


@pytest.mark.skipif(sys.platform != "linux", reason="sizes are told in other units")
def test_two_hundred_thousand_lines_are_read_within_the_limits(tmp_path: Path) -> None:
    more = ["示例帆布袋", "白色,大号", "1", "0.00", "", "2026-10-09 10:00:00"] * 2
    names = HEADER + "".join(f",选购商品{at}" for at in range(len(more)))
    path = tmp_path / "orders.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(names.split(","))
        for at in range(200_000):
            day = f"2026-10-{1 + at % 31:02}"
            writer.writerow([*line(FIRST + at // 2, at, "0.10", day), *more])
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )

    found, money, kib = map(float, done.stdout.split())
    assert (found, round(money, 2)) == (100_000, 20_000.0)
    assert kib * 1024 < 1 << 29


MEASURED = """
import resource, sys
from pathlib import Path
from kpi_lib import exports
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
export = exports.read(Path(sys.argv[1]), month="2026-10", platform="doudian")
for metric in ("orders", "gmv"):
    print(sum(row.value for row in export.daily if row.metric == metric))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    link = tmp_path / "link.csv"
    link.symlink_to(TWIN)

    with pytest.raises(Unreadable, match="链接"):
        read(link)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(HEADER.replace("订单状态,", "") + "\n", encoding="utf-8")

    with pytest.raises(ExportColumns, match="抖店“订单”，缺少列：订单状态"):
        read(path)


def test_orders_in_another_platforms_folder_are_named() -> None:
    with pytest.raises(UnknownExport, match="表头和抖店“订单”的一样"):
        reader.read(TWIN, month=MONTH, platform="douyin")


# ------------------------------------------------------------------ properties


@settings(deadline=None)
@given(
    lines=st.lists(
        st.tuples(
            st.integers(0, 5),
            st.integers(0, 99_999),
            st.integers(1, 31),
            st.sampled_from(["已完成", "已关闭"]),
            st.text(st.sampled_from('甲",\n\r ;\t'), max_size=6),
        ),
        max_size=20,
    ),
    order=st.randoms(use_true_random=False),
)
def test_any_lines_add_up(
    tmp_path_factory: pytest.TempPathFactory,
    lines: list[tuple[int, int, int, str, str]],
    order: random.Random,
) -> None:
    written = []
    for at, (number, fen, day, status, name) in enumerate(lines):
        row = line(FIRST + number, at, f"{fen / 100:.2f}", f"2026-10-{day:02}", status)
        row[3] = name
        written.append(row)
    order.shuffle(written)
    export = read(write(tmp_path_factory.mktemp("orders"), written))

    counted = [one for one in lines if one[3] == "已完成"]
    found = sums(export)
    assert found.get("orders", 0) == len({number for number, *_ in counted})
    assert round(found.get("gmv", 0) * 100) == sum(fen for _, fen, *_ in counted)
    assert len(export.ledger) == len(lines) + 1
