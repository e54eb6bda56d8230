"""A series that is come by in another way from some month on: the break is shown."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pandas as pd
import pytest

from kpi_lib import appraisal
from kpi_lib import page as sections
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.page import bases, charts
from kpi_lib.page.sections import engagement, followers
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


def test_a_series_breaks_where_its_basis_changes(moved: OperatorMonth) -> None:
    made_of = bases.of_year(moved, "views")

    assert made_of.breaks == ["2026-09"]
    assert made_of.told("人") == "人；9月起换了数据来源，前后不可比"
    assert made_of.words("2026-08") != made_of.words("2026-09")


def test_a_series_of_one_basis_does_not_break(sample: appraisal.Month) -> None:
    made_of = bases.of_year(sample.operator("op-02"), "views")

    assert made_of.breaks == []
    assert made_of.told("人") == "人"


def test_the_curve_breaks_and_its_table_says_so(
    moved: OperatorMonth, sample: appraisal.Month
) -> None:
    html = str(sections.followers(moved))
    table = html[html.index("图中的数字：粉丝数</summary>") :]
    before = str(sections.followers(sample.operator("op-02")))

    assert "9月起换了数据来源，前后不可比" in text_of(html)
    assert "数据来源" in table
    assert re.search(r"2026-08</th>.*当月发布的累计.*2026-09</th>", table, re.DOTALL)
    assert "数据来源" not in text_of(before)


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


def test_growth_is_not_told_over_two_bases(moved: OperatorMonth) -> None:
    text = text_of(sections.followers(moved))
    unseen = replace(moved, daily=moved.daily[moved.daily["date"] < "2026-10-01"])

    assert followers._moved(moved, "dy-01")
    assert not followers._moved(moved, "bili-01")
    assert "示例抖音甲本月换了数据来源，不和上月末比。" in text
    assert not followers._moved(unseen, "dy-01"), "nothing on record is no other way"
    assert "4图同一纵轴" in text


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


def test_the_weeks_break_where_an_account_is_counted_otherwise() -> None:
    weeks = [date(2026, 9, 7) + timedelta(weeks=at) for at in range(6)]
    days = pd.date_range(weeks[0], periods=42)
    daily = pd.DataFrame({"date": days, "metric": "views", "value": 7.0})
    steady = daily.assign(account="a", basis="daily")
    by_hand = daily.assign(account="b", basis="manual")
    later = by_hand.assign(basis=by_hand["basis"].mask(days >= "2026-09-28", "daily"))

    def breaks(*accounts: pd.DataFrame) -> list[date]:
        return engagement._weekly(pd.concat(accounts), "views", weeks)[2]

    assert breaks(steady, by_hand) == []
    assert breaks(steady, later) == [date(2026, 9, 28)]
    values = pd.DataFrame({"week": weeks, "value": range(6)})
    ax = charts.week_curve(values, weeks=weeks, breaks=[weeks[3]])
    assert [3.5, 3.5] in [list(line.get_xdata()) for line in ax.lines]
