"""The grammar of cells, beyond what the twins of the exports show."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from kpi_lib.files import cells, moments
from kpi_lib.files.cells import (
    Number,
    NumberKind,
    Scale,
    WrongValue,
)


@pytest.mark.parametrize(
    ("kind", "written", "value"),
    [
        ("money", "¥1,024.33", 1024.33),
        ("money", "￥5元", 5),
        ("money", 29.5, 29.5),
    ],
)
def test_numbers_of_other_kinds(kind: NumberKind, written: str, value: float) -> None:
    assert cells.number(written, kind) == Number(value)


def test_fen_become_yuan() -> None:
    assert cells.number("1,250", "money", unit="fen") == Number(12.5)


@pytest.mark.parametrize(
    ("scale", "written", "value"),
    [
        pytest.param("text_percent", "55.9%", 0.559, id="percent sign"),
        pytest.param("text_percent", "５５.９％", 0.559, id="full width"),
        pytest.param("text_percent", 0.559, 0.559, id="turned by Excel"),
        pytest.param("text_percent", "0", 0, id="zero needs no sign"),
        pytest.param("fraction", "0.6667", 0.6667, id="fraction"),
        pytest.param("fraction", "1", 1, id="one is all"),
        pytest.param("fraction", "67.52%", 0.6752, id="sign beats scale"),
        pytest.param("percent_number", "24.50", 0.245, id="percent number"),
        pytest.param("percent_number", "1", 0.01, id="one is one percent"),
        pytest.param("percent_number", "100.00", 1, id="hundred is all"),
    ],
)
def test_shares_on_their_declared_scale(
    scale: Scale, written: str, value: float
) -> None:
    assert cells.number(written, "percent", scale=scale) == Number(value)


@pytest.mark.parametrize(
    ("scale", "written", "reason"),
    [
        ("fraction", "55.9", "超过100%"),
        ("fraction", "7.7143", "超过100%"),
        ("percent_number", "100.1", "超过100%"),
        ("text_percent", "55.9", "没有百分号"),
        ("text_percent", "<0.1%", "不是比率"),
        ("fraction", "3.5星", "不是比率"),
    ],
)
def test_shares_that_do_not_fit_their_scale(
    scale: Scale, written: str, reason: str
) -> None:
    with pytest.raises(WrongValue, match=reason):
        cells.number(written, "percent", scale=scale)


@pytest.mark.parametrize("written", ["-1", "-1.00", -1, -1.0])
def test_declared_mark_is_missing_and_only_there(written: str | float) -> None:
    assert cells.is_missing(written, ("-1",))
    assert not cells.is_missing(written)


@pytest.mark.parametrize("written", [0, "0", "0.00", False])
def test_zero_is_not_missing(written: str | float) -> None:
    assert not cells.is_missing(written)


@pytest.mark.parametrize(
    "written",
    [
        "2026-06-03 16:41:25",
        "2026-06-03T16:41:25",
        "2026/6/3 16:41:25",
        "2026年06月03日 16:41:25",
        "2026年06月03日16时41分25秒",
        "20260603 16:41:25",
        datetime(2026, 6, 3, 16, 41, 25),
    ],
)
def test_times_in_their_forms(written: str | datetime) -> None:
    assert moments.moment(written) == datetime(2026, 6, 3, 16, 41, 25)


@pytest.mark.parametrize(
    "written", [35999, 73000, 46296.5e3, True, "昨天", "26-06-03", "2026"]
)
def test_what_is_no_time(written: str | float) -> None:
    with pytest.raises(WrongValue, match="不是日期"):
        moments.moment(written)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        pytest.param("10月5日", date(2026, 10, 5), id="year of the month"),
        pytest.param("10/10/2026", date(2026, 10, 10), id="same both ways"),
        pytest.param("10/02/2026", date(2026, 10, 2), id="one order fits"),
    ],
)
def test_days_settled_by_the_month_say_so(written: str, day: date) -> None:
    assert moments.day(written, "2026-10") == (day, True)


@pytest.mark.parametrize(
    ("days", "order"),
    [
        pytest.param(["10/13/2026", "10/02/2026"], "month first", id="one exists"),
        pytest.param(["13/10/2026", "02/10/2026"], "day first", id="the other exists"),
        pytest.param(["10/02/2026", "10/03/2026"], "month first", id="all inside"),
        pytest.param(["10/02/2026", "09/30/2026"], "month first", id="some outside"),
        pytest.param(["10/02/2026", "02/10/2026"], "", id="they contradict"),
        pytest.param(["10/02/2026", "99/99/2026"], "month first", id="one is broken"),
        pytest.param(["12/25/2026"], "", id="none in the month"),
        pytest.param(["2026-10-02", None], "", id="nothing to order"),
    ],
)
def test_one_order_of_month_and_day_for_a_table(
    days: list[str | None], order: str
) -> None:
    assert moments.date_order(days, "2026-10") == order


@pytest.mark.parametrize(
    ("written", "unit", "expected"),
    [
        pytest.param("1790784000", "s", datetime(2026, 10, 1), id="seconds"),
        pytest.param(1790784000, "s", datetime(2026, 10, 1), id="a number"),
        pytest.param("1790784000000", "ms", datetime(2026, 10, 1), id="thousandths"),
        pytest.param("20261001", "s", None, id="a day is no such number"),
        pytest.param("1790784000000", "s", None, id="another unit"),
        pytest.param("2026-10-01", "s", None, id="a date"),
    ],
)
def test_time_since_1970_in_china(
    written: str | int, unit: cells.EpochUnit, expected: datetime | None
) -> None:
    assert moments.epoch(written, unit) == expected


@pytest.mark.parametrize(
    ("written", "below"),
    [("<0.1%", True), ("＜0.1％", True), ("<1", True), ("0.1%", False), ("<", False)],
)
def test_below_a_threshold_is_no_number(written: str, below: bool) -> None:
    assert cells.is_below(written) is below


def test_hidden_characters_and_widths_are_ironed_out() -> None:
    assert cells.plain("\u200b１２，３\ufeff ") == "12,3"
    assert cells.plain("\u2212" + "4") == "-4"


@pytest.mark.parametrize(
    ("written", "kind"),
    [("-0", "count"), ("-0.00", "money"), ("-0%", "percent")],
)
def test_a_minus_nought_is_a_nought(written: str, kind: cells.NumberKind) -> None:
    assert str(cells.number(written, kind).value) == "0.0"
