"""A series that is come by in another way from some month on: the break is shown."""

import re
from dataclasses import replace

import pandas as pd
import pytest

from kpi_lib import appraisal
from kpi_lib import page as sections
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.page import charts, series
from tests.pages import text_of


@pytest.fixture(scope="module")
def moved(sample: appraisal.Month) -> OperatorMonth:
    """A month before which one account's numbers were written by hand."""
    m = sample.operator("op-02")
    months, days = m.monthly, m.daily
    old_months = (months["account"] == "dy-01") & (months["month"] < "2026-09")
    old_days = (days["account"] == "dy-01") & (days["date"] < "2026-10-01")
    return replace(
        m,
        monthly=months.assign(basis=months["basis"].mask(old_months, "published")),
        daily=days.assign(basis=days["basis"].mask(old_days, "listed")),
    )


def test_a_series_breaks_where_it_is_made_of_something_else(
    moved: OperatorMonth, sample: appraisal.Month
) -> None:
    views = series.of_year(moved, "views")
    steady = series.of_year(sample.operator("op-02"), "views")

    assert set(series.breaks(views)) - set(series.breaks(steady)) == {"2026-09"}


def test_a_series_breaks_where_shares_or_accounts_change(
    sample: appraisal.Month,
) -> None:
    m = sample.operator("op-02")
    mine = m.monthly[m.monthly["account"] == "dy-01"]
    assert series.breaks(series.of_year(replace(m, monthly=mine), "views")) == []

    late = mine["month"] >= "2026-09"
    shared = mine.assign(share=mine["share"].mask(late, 0.5))
    alone = m.monthly["account"].isin(["dy-01"]) | (m.monthly["month"] >= "2026-08")
    joined = m.monthly[alone & m.monthly["account"].isin(["dy-01", "bili-01"])]

    assert series.breaks(series.of_year(replace(m, monthly=shared), "views")) == [
        "2026-09"
    ]
    assert series.breaks(series.of_year(replace(m, monthly=joined), "views")) == [
        "2026-08"
    ]


def test_the_curve_says_where_it_breaks(
    moved: OperatorMonth, sample: appraisal.Month
) -> None:
    html = str(sections.followers(moved))
    before = str(sections.followers(sample.operator("op-02")))

    assert "9月" in text_of(html).partition("起账号、份额或数据来源变了")[0][-8:]
    assert html != before


def test_nothing_joins_the_months_of_two_bases() -> None:
    months = [f"2026-{month:02}" for month in range(1, 11)]
    values = pd.DataFrame({"month": months, "value": range(10)})
    ax = charts.month_curve(values, months=months, breaks=["2026-09"])
    runs = [
        len(line.get_xdata())
        for line in ax.lines
        if line.get_color() == charts.Ink.SERIES and line.get_marker() != "o"
    ]

    assert runs == [8, 2]
    assert [8.5, 8.5] in [list(line.get_xdata()) for line in ax.lines]


def test_no_change_is_computed_between_two_sources(moved: OperatorMonth) -> None:
    months = moved.monthly[moved.monthly["account"] == "dy-01"]
    html = str(sections.compare(months, "2026-09"))
    after = str(sections.compare(months, "2026-10"))

    assert "换了数据来源</td>" in html
    assert not re.search(r"阅读/播放</td>(?:<td[^>]*>[^<]*</td>){2}<td[^>]*>[+−]", html)
    assert re.search(r"阅读/播放</td>(?:<td[^>]*>[^<]*</td>){2}<td[^>]*>[+−]", after)


def test_no_line_of_the_table_of_metrics_goes_across_a_change(
    moved: OperatorMonth, sample: appraisal.Month
) -> None:
    def lines(m: OperatorMonth) -> list[int]:
        return [
            svg.count("<path") - 1
            for svg in re.findall(r"<svg.*?</svg>", str(sections.metrics(m)), re.DOTALL)
        ]

    before, after = lines(sample.operator("op-02")), lines(moved)

    assert len(before) == len(after) == 12
    assert sum(after) > sum(before)
