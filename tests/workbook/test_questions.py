"""Questions of a line, their drop-downs, and charts as files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pandas as pd
import pytest
from matplotlib.axes import Axes
from PIL import Image

from kpi_lib.errors import InvalidInput
from kpi_lib.page import charts
from kpi_lib.page.charts import saving
from kpi_lib.page.parts import Fragment
from kpi_lib.workbook import answers, drop_downs, questions
from kpi_lib.workbook.answers import Answer
from kpi_lib.workbook.workbook import Workbook

ASKED: dict[str, Callable[[Workbook], Answer]] = {
    "days": lambda m: questions.days(m, "views", "互动率", operator="op-02"),
    "months": lambda m: questions.months(m, "completion_rate", back=4),
    "compare": lambda m: questions.compare(m, "views", by="operator"),
    "publishing": lambda m: questions.publishing(m),
    "top": lambda m: questions.top_posts(m, operator="op-02"),
    "campaign": lambda m: questions.campaign(m, "国庆出行合拍", "views"),
    "bought": lambda m: questions.bought(m),
}


@pytest.mark.parametrize("name", ASKED)
def test_an_answer_shows_itself_and_carries_its_numbers(m: Workbook, name: str) -> None:
    answer = ASKED[name](m)
    html = answer._repr_html_()

    assert html.count('<svg class="chart"') == len(answer.drawings)
    assert len(list(answer.charts())) == len(answer.drawings)
    assert (len(answer.drawings) > 0) == (name != "bought")
    assert isinstance(answer.frame, pd.DataFrame)
    assert "行数据" in repr(answer)


def test_ids_of_two_answers_never_meet(m: Workbook) -> None:
    both = [questions.days(m, "views", account=one) for one in ("dy-01", "ks-01")]
    ids = [
        node.attrib["id"]
        for answer in both
        for svg in answer.html.split("<svg")[1:]
        for node in ET.fromstring("<svg" + svg.split("</svg>")[0] + "</svg>").iter()
        if "id" in node.attrib
    ]

    assert ids
    assert len(ids) == len(set(ids))


def test_the_largest_comes_first_and_last_month_is_beside(m: Workbook) -> None:
    frame = questions.compare(m, "views", by="operator").frame

    assert frame["value"].is_monotonic_decreasing
    first = frame.iloc[0]
    assert first["change"] == pytest.approx(first["value"] / first["before"] - 1)


def test_no_change_is_told_where_the_basis_changed(m: Workbook) -> None:
    before = m.at("2026-08")
    answer = questions.compare(before, "views", by="account")
    by_key = answer.frame.set_index("key")

    assert by_key.loc["gzh-01", "breaks"]
    assert by_key.loc["gzh-01", "before"] > 0
    assert pd.isna(by_key.loc["gzh-01", "change"])
    assert not by_key.loc["dy-01", "breaks"]
    assert not pd.isna(by_key.loc["dy-01", "change"])
    assert "示例公众号甲" in answer.html
    assert "两个月的口径不同" in answer.html


def test_a_break_is_written_beside_its_curve(m: Workbook) -> None:
    broken = questions.months(m, "views", by="account", operator="op-01", back=5)
    whole = questions.months(m, "views", by="account", operator="op-02", back=5)

    assert "7月、8月换了口径" in broken.html
    assert "月换了口径" not in whole.html
    # The change is drawn too: a line of a lone place, between two months.
    breaks = {
        name: [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2]
        for name, ax in broken.charts()
    }
    assert breaks["months-views-gzh-01"] == [1.5, 2.5]
    assert breaks["months-views-tt-01"] == []


def test_the_most_is_claimed_by_one_alone(m: Workbook) -> None:
    tied = questions.compare(m, "account_days", by="account")

    assert "17个并列最多" in tied.html
    title = questions.publishing(m, operator="op-04").title
    assert title.startswith("示例运营丁近3个月的作品：")


def test_the_reports_sections_are_one_operators_month(m: Workbook) -> None:
    every = questions.followers(m, operator="op-01")
    before = questions.activity(m, operator="op-01", month="2026-09")

    assert "示例公众号甲" in every.html
    assert before.html != questions.activity(m, operator="op-01").html
    with pytest.raises(InvalidInput, match="没有平台“优酷”"):
        questions.orders(m, operator="op-01", platform="优酷")


def test_no_target_of_all_platforms_stands_beside_one_of_them(m: Workbook) -> None:
    # 167,245 of all platforms stood beside two accounts' 96,817 and read 8 % for 97 %.
    every = questions.followers(m, operator="op-02")
    one = questions.followers(m, operator="op-02", platform="抖音")
    right = m.totals("followers", operator="op-02", platform="抖音")

    assert "167,245" in every.html
    assert "目标" not in one.html
    pd.testing.assert_frame_equal(one.frame, right)  # type: ignore[attr-defined]


def test_a_campaign_that_is_not_there_is_said(m: Workbook) -> None:
    with pytest.raises(InvalidInput, match="没有活动“H9”；应为H2610-01（重阳"):
        questions.campaign(m, "H9")
    # Accounts with counters of posts only have no days to compare.
    assert "没有足够的日子" in questions.campaign(m, "H2610-01", "read_completion").html


def test_the_answer_is_to_what_is_chosen(m: Workbook) -> None:
    asked = drop_downs.ask(questions.days, m, metric=("views",), operator="op-01")
    first = asked.answer
    asked.controls["operator"].value = "op-02"

    assert set(first.frame["account"]) & {"tt-01"}
    assert "示例头条号" in first.html
    assert "示例抖音甲" in asked.answer.html


def test_no_metric_is_offered_that_would_be_refused(m: Workbook) -> None:
    campaign = drop_downs.ask(questions.campaign, m, campaign="", metric="views")
    days = drop_downs.ask(questions.days, m, metric=("views",), operator="op-01")
    offered = [
        {id for _, id in asked.controls["metric"].options} for asked in (campaign, days)
    ]

    assert {"views", "engagement_rate", "dau"} <= offered[0]
    assert not offered[0] & {"followers", "mau", "stickiness"}
    assert "followers" in offered[1]
    assert "stickiness" not in offered[1]


def test_the_team_is_a_choice_wherever_an_operator_is(m: Workbook) -> None:
    asked = drop_downs.ask(questions.activity, m, operator="op-01")
    asked.controls["operator"].value = ""

    assert asked.controls["operator"].options[0] == (drop_downs.EVERY, "")
    assert "团队近12个月的DAU日活" in asked.answer.html


def test_a_rate_of_posts_is_a_percentage_without_a_running_share(m: Workbook) -> None:
    html = questions.top_posts(m, "completion_rate").html

    assert "累计</th>" not in html
    assert "占了" not in html
    assert "%</bdi>" in html


def test_a_refusal_is_one_line_below_the_drop_downs(m: Workbook) -> None:
    asked = drop_downs.ask(questions.activity, m, operator="op-01", month="2026-10")
    asked.controls["month"].value = "2026-01"

    assert "先运行kpi run 2026-01" in asked.answer.html


@pytest.mark.parametrize("name", drop_downs.CHOICES)
def test_every_choice_has_options(m: Workbook, name: str) -> None:
    labels = [label for label, _ in drop_downs.CHOICES[name][1](m)]

    assert labels
    assert len(labels) == len(set(labels))


def test_hostile_titles_are_escaped(m: Workbook) -> None:
    cells = pd.DataFrame({"<b>": ["<script>alert(1)</script>"], "1": ["2"]})
    table = answers.Table(cells, figures=1)
    html = answers.answer("x", "<i>", "$\\frac{$", pd.DataFrame(), (), table).html

    assert "<script>" not in html
    assert "<b>" not in html
    assert "<i>" not in html


def curve() -> Axes:
    values = pd.DataFrame(
        {"name": ["抖音", "公众号"], "value": [3, 1], "before": [2, None]}
    )
    return charts.bars(values)


def test_a_chart_at_the_end_of_a_cell_shows_itself() -> None:
    ax: Any = curve()

    assert ax._repr_svg_() == saving.standalone(ax.figure, title="")


def test_a_saved_svg_stands_alone_and_is_the_same_again(tmp_path: Path) -> None:
    ax: Any = curve()
    ax.series = "#443680"
    first = charts.save(ax, tmp_path / "a.svg", title="<比较>")
    text = first.read_text("utf-8")

    assert ET.fromstring(text).attrib["width"] == "280"
    assert "var(" not in text
    assert "#443680" in text
    assert "Noto Sans CJK SC" in text
    assert charts.save(ax, tmp_path / "b.svg", title="<比较>")
    assert (tmp_path / "b.svg").read_text("utf-8") == text


@pytest.mark.filterwarnings("ignore:这台电脑没有:UserWarning")
@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")
def test_a_saved_png_is_in_true_colours_and_leaves_the_chart(tmp_path: Path) -> None:
    ax: Any = curve()
    ax.series = "#443680"
    before = ax._repr_svg_()
    path = charts.save(ax, tmp_path / "a.png")
    with Image.open(path) as picture:
        wide, pixels = picture.width, picture.convert("RGB").getcolors(10**6)
    colours = {colour: count for count, colour in pixels or []}

    assert wide == 3 * charts.WIDTH
    assert colours[0x44, 0x36, 0x80] > 1000
    assert (6, 6, 6) not in colours
    assert ax._repr_svg_() == before


def test_a_machine_without_a_chinese_font_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "FONTS", ())

    with pytest.warns(UserWarning, match="apt-get install fonts-noto-cjk"):
        charts.save(curve(), tmp_path / "a.png")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"应为\.svg或\.png"):
        charts.save(curve(), tmp_path / "a.gif")


def test_all_charts_of_an_answer_are_saved_by_name(m: Workbook, tmp_path: Path) -> None:
    answer = questions.days(m, "views", operator="op-02", platform="抖音")
    names = [path.name for path in charts.save_all(answer, tmp_path / "new")]

    assert names == ["days-views-dy-01.svg", "days-views-dy-02.svg"]


def test_the_months_charts_have_names_of_their_own(m: Workbook) -> None:
    names = [name for name, _ in m.charts()]

    assert len(names) == len(set(names)) > 30
    assert all(name.isascii() for name in names)


def test_the_band_is_the_range_before() -> None:
    values = pd.DataFrame({"at": [-1, 0, 1], "value": [5.0, 9.0, 6.0]})
    ax = charts.windows(values, low=4, high=6, scale=charts.scale([0, 9]))
    words = [text.get_text() for text in ax.texts]

    assert "9" in words
    assert [one.get_text() for one in ax.get_xticklabels()] == ["前1", "活动", "后"]


def test_a_fragment_is_still_a_fragment(m: Workbook) -> None:
    made: Any = questions.bought(m)

    assert isinstance(made, Fragment)
    assert str(made) == made.html
