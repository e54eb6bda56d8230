import re
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from babel.numbers import format_decimal
from hypothesis import given
from hypothesis.strategies import decimals, integers
from matplotlib.axes import Axes

from kpi_lib import figures
from kpi_lib.days import Calendar, days_of, months_back
from kpi_lib.language import (
    LANGUAGES,
    LOCALES,
    _,
    speaking,
)
from kpi_lib.page import charts

DAYS = days_of("2026-10")
CALENDAR = Calendar({})


def month(*, missing: range = range(0), step: float = 1.0) -> pd.DataFrame:
    days = [day for day in DAYS if day.day not in missing]
    return pd.DataFrame({"date": days, "value": [day.day * step for day in days]})


def curve(values: pd.DataFrame, **more: object) -> Axes:
    made = charts.scale(values["value"])
    return charts.day_curve(
        values,
        days=DAYS,
        calendar=CALENDAR,
        scale=made,
        **more,
    )


def drawn(ax: Axes, **more: Any) -> str:
    given: dict[str, Any] = {"title": "DAU日活", "last": "31人", "prefix": "a"} | more
    return charts.svg(ax, **given)


def runs(ax: Axes) -> list[int]:
    """Return the number of points of every run of the series."""
    return [
        len(line.get_xdata())
        for line in ax.lines
        if line.get_color() == charts.Ink.SERIES and line.get_marker() != "o"
    ]


def test_a_missing_day_is_a_gap_and_is_told() -> None:
    ax = curve(month(missing=range(12, 15)))

    assert runs(ax) == [11, 17]
    assert "缺3天" in drawn(ax)


def test_a_lone_day_between_gaps_is_still_seen() -> None:
    values = month(missing=range(2, 20))

    dots = [line for line in curve(values).lines if line.get_marker() == "o"]

    assert list(dots[0].get_xdata()) == [1, 31]


def test_counts_start_at_zero() -> None:
    assert charts.scale([8_000, 9_000]).low == 0


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        pytest.param([0.052], (0.0, 0.02, 0.04, 0.06), id="share"),
        pytest.param([-0.012, 0.03], (-0.02, 0.0, 0.02, 0.04), id="below zero"),
        pytest.param([], (0.0, 0.5, 1.0), id="nothing"),
        pytest.param([0, 0], (0.0, 0.5, 1.0), id="zeros"),
        pytest.param([float("nan"), 3.6], (0.0, 1.0, 2.0, 3.0, 4.0), id="missing"),
    ],
)
def test_a_scale_has_round_steps(values: list[float], ticks: tuple[float, ...]) -> None:
    assert charts.scale(values).ticks == ticks


def test_below_zero_the_axis_lies_on_zero_and_its_labels_below_the_frame() -> None:
    ax = curve(month().assign(value=[-10.0, *range(1, 31)]))
    above = curve(month())
    frame = 150 - 16 - 20
    pad, usual = (one.xaxis.get_major_ticks()[0].get_pad() for one in (ax, above))

    assert ax.get_ylim() == (-20, 40)
    assert ax.spines["bottom"].get_position() == ("data", 0)
    assert pad == pytest.approx(5 + frame / 3)
    assert above.spines["bottom"].get_position() != ("data", 0)
    assert usual < pad


def test_weekends_and_holidays_are_shaded_and_a_worked_saturday_is_not() -> None:
    ax = curve(month())
    shades = {
        (round(patch.get_x() + 0.5), patch.get_facecolor()[0])  # type: ignore[attr-defined]
        for patch in ax.patches
    }

    assert (1, 5 / 255) in shades, "1–7 October is a holiday"
    assert (11, 4 / 255) in shades, "11 October is a Sunday"
    assert not any(first == 10 for first, _ in shades), "10 October is worked"


def test_the_target_is_a_thin_dashed_labelled_line() -> None:
    ax = curve(month(), target=20.0, target_text="目标20")
    dashed = [line for line in ax.lines if line.is_dashed()]

    assert [line.get_linewidth() for line in dashed] == [0.8]
    assert "目标20" in drawn(ax)


def steps(ax: Axes) -> dict[float, float]:
    """Return the target of every place that has one; a step reaches half-way."""
    (line,) = [line for line in ax.lines if line.is_dashed()]
    assert line.get_drawstyle() == "steps-mid"
    drawn = pd.Series(np.asarray(line.get_ydata()), np.asarray(line.get_xdata()))
    found: dict[float, float] = drawn.astype(float).dropna().to_dict()
    return found


def test_targets_of_months_are_a_step_each() -> None:
    months = months_back("2026-10", 5)
    values = pd.DataFrame({"month": months, "value": [10.0, 20, 30, 40, 50]})
    targets = {"2026-06": 12.0, "2026-08": 25.0, "2026-09": 25.0, "2026-10": 60.0}
    scale = charts.scale([*values["value"], *targets.values()])
    ax = charts.month_curve(values, targets=targets, scale=scale)

    assert steps(ax) == {1.0: 12.0, 3.0: 25.0, 4.0: 25.0, 5.0: 60.0}
    assert ">60</text>" in drawn(ax)
    assert ">12</text>" not in drawn(ax)


def test_a_month_without_a_target_names_none_of_those_before() -> None:
    values = pd.DataFrame({"month": ["2026-09", "2026-10"], "value": [1.0, 2.0]})
    ax = charts.month_curve(values, targets={"2026-09": 3.0})

    assert steps(ax) == {1.0: 3.0}
    assert ">3</text>" not in drawn(ax)


def test_months_without_a_target_have_no_dashed_line() -> None:
    values = pd.DataFrame({"month": ["2026-09", "2026-10"], "value": [1.0, 2.0]})
    ax = charts.month_curve(values, targets={"2026-01": 3.0})

    assert not [line for line in ax.lines if line.is_dashed()]


def test_the_last_value_stands_at_the_end_of_the_line() -> None:
    assert ">31</text>" in drawn(curve(month()))


def test_a_drawing_is_the_same_bytes_every_time() -> None:
    assert drawn(curve(month())) == drawn(curve(month()))


def test_a_drawing_is_fit_for_the_page() -> None:
    svg = drawn(curve(month()), series="#443680")
    root = ET.fromstring(svg)

    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == "DAU日活：31人"
    assert root.attrib["width"] == "100%"
    assert root.attrib["viewBox"] == "0 0 280 150"
    assert "height" not in root.attrib
    for unwanted in ("<style", "<metadata", "<?xml", "font-family", "#0101", "#0606"):
        assert unwanted not in svg
    assert "var(--s,#443680)" in svg
    assert all(one.startswith("a") for one in re.findall(r' id="([^"]+)"', svg))
    assert not re.search(r"\d\.\d\d", re.sub(r">[^<]*<|stroke-width=\S+", "", svg))
    assert len(svg) < 8 * 1024


def test_a_pointer_on_a_point_is_told_its_value() -> None:
    svg = drawn(curve(month()), points=[(31.0, 31.0, "10月31日<31>")])
    (place,) = ET.fromstring(svg).iter("circle")
    # The label at the end of the line stands beside its last point.
    (end,) = [
        at
        for at in ET.fromstring(svg).iter("text")
        if at.text == "31" and at.get("font-weight")
    ]

    assert place.findtext("title") == "10月31日<31>"
    assert place.get("pointer-events") == "all"
    assert abs(float(place.get("cy", 0)) - float(end.get("y", 0))) < 8
    assert 0 < float(end.get("x", 0)) - float(place.get("cx", 0)) < 12


def test_two_drawings_share_no_id() -> None:
    ids = [
        set(re.findall(r' id="([^"]+)"', drawn(curve(month()), prefix=prefix)))
        for prefix in ("a", "b")
    ]

    assert ids[0]
    assert not ids[0] & ids[1]


def test_rounding_leaves_text_alone() -> None:
    svg = drawn(curve(month(step=0.005), end=lambda value: f"−{value:.3f}"))

    assert ">−0.155</text>" in svg


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(r"价格$5与$6 $\frac{$", id="mathematics"),
        pytest.param("<script>alert(1)</script>", id="script"),
        pytest.param('"><img src=x onerror=alert(1)>', id="attribute"),
        pytest.param("😀\u202e", id="emoji and direction"),
    ],
)
def test_hostile_text_is_drawn_as_text(text: str) -> None:
    ax = curve(month(), target=20.0, target_text=text)
    root = ET.fromstring(drawn(ax, title=text))

    assert root.attrib["aria-label"] == f"{text}：31人"
    assert text in [node.text for node in root.iter("text")]


def test_months_are_gaps_where_nothing_is_known() -> None:
    months = months_back("2026-10", 12)
    values = pd.DataFrame({"month": months[:5] + months[7:], "value": range(10)})
    ax = charts.month_curve(values, months=months, scale=charts.scale(values["value"]))

    assert runs(ax) == [5, 5]
    assert "缺2个月" in drawn(ax)
    assert ">10月</text>" in drawn(ax)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        pytest.param(8633, "8,633", id="below ten thousand"),
        pytest.param(18_400, "1.84万", id="wan"),
        pytest.param(99_999, "10.0万", id="never 10.00万"),
        pytest.param(327_000, "32.7万", id="ten wan"),
        pytest.param(342_000_000, "3.42亿", id="yi"),
        pytest.param(99_999_999, "1.00亿", id="never 10000.0万"),
        pytest.param(-1234, "−1,234", id="true minus"),
        pytest.param(None, "—", id="missing"),
        pytest.param(float("nan"), "—", id="not a number"),
    ],
)
def test_short_numbers(value: float | None, text: str) -> None:
    assert figures.short(value) == text


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        pytest.param(figures.points("76.7"), "76.70", id="points"),
        pytest.param(figures.points("0.625"), "0.63", id="half up"),
        pytest.param(figures.exact(3876, sign=True), "+3,876", id="sign"),
        pytest.param(figures.exact(-0.2), "0", id="no minus zero"),
        pytest.param(figures.percent(0.816), "81.6%", id="percent"),
        pytest.param(figures.percent(-0.0123, sign=True), "−1.2%", id="less"),
        pytest.param(figures.percent("1/3", 0), "33%", id="fraction"),
        pytest.param(figures.percent(0.9957, 0), "99.6%", id="not rounded up to all"),
        pytest.param(figures.percent(0.99996), "99.996%", id="however near"),
        pytest.param(figures.percent(1.004, 0), "100.4%", id="nor down to all"),
        pytest.param(figures.percent(-0.997, 0), "−99.7%", id="nor up to a loss"),
        pytest.param(figures.percent(1 - 1e-16, 0), "100%", id="dust of floats"),
        pytest.param(figures.percent(1, 2), "100.00%", id="all"),
        pytest.param(figures.plain("94.0"), "94", id="plain"),
        pytest.param(figures.axis(12_000), "1.2万", id="axis"),
        pytest.param(figures.axis(4_000), "4千", id="axis thousand"),
        pytest.param(figures.money(10840), "¥10,840", id="money"),
        pytest.param(figures.month_name("2026-10"), "2026年10月", id="month"),
        pytest.param(figures.listed(list("abcd"), 2), "a、b等4个", id="listed"),
        pytest.param(figures.brief("长" * 20), "长" * 15 + "…", id="brief"),
    ],
)
def test_numbers_read_as_chinese_does(shown: str, text: str) -> None:
    assert shown == text


@pytest.mark.parametrize("lang", LANGUAGES)
@given(value=decimals(-(10**12), 10**12, places=3), places=integers(0, 3))
def test_numbers_are_grouped_as_their_language_does(
    lang: str, value: Decimal, places: int
) -> None:
    pattern = "#,##0" + ("." + "0" * places if places else "")
    number = abs(figures.rounded(value, places))
    with speaking(lang):
        shown = figures.exact(value, places).lstrip("−")

    assert shown == format_decimal(number, pattern, locale=LOCALES[lang])


def test_a_frame_alone_makes_a_chart() -> None:
    months = pd.DataFrame({"month": ["2026-09", "2026-10"], "value": [1.0, 2.0]})

    assert charts.day_curve(month()).get_xlim() == (0.5, 31.5)
    assert charts.month_curve(months).get_xlim() == (1, 2)


def test_a_curve_of_several_series_is_refused_not_drawn_as_one() -> None:
    twice = pd.DataFrame({"month": ["2026-09", "2026-09"], "value": [1.0, 2.0]})
    with pytest.raises(ValueError, match="一条曲线在一处只能有一行：请先筛选"):
        charts.month_curve(twice)
    with pytest.raises(ValueError, match="一条曲线在一处只能有一行：请先筛选"):
        charts.day_curve(pd.concat([month(), month()]))


def test_bars_need_no_month_before() -> None:
    ax = charts.bars(pd.DataFrame({"name": ["a", "b"], "value": [1.0, 2.0]}))

    assert [patch.get_width() for patch in ax.patches] == [1, 2]  # type: ignore[attr-defined]


def test_a_long_note_of_a_target_is_broken_right_of_the_frame() -> None:
    hugging = month(step=0.001).assign(value=20.0)
    with speaking("en"):
        ax = curve(hugging, target=20.0, target_text=_("目标{value}", value="20.05K"))
    texts = [node.text for node in ET.fromstring(drawn(ax)).iter("text")]

    assert {"Target", "20.05K"} <= set(texts)


def test_a_missing_day_is_told_in_the_language_of_the_page() -> None:
    with speaking("en"):
        assert "3 days missing" in drawn(curve(month(missing=range(12, 15))))
