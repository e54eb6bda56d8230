"""Questions of a line, their drop-downs, and charts as files."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib import colors
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from kpi_lib.errors import InvalidInput
from kpi_lib.page import charts, series
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
    answer = questions.compare(m, "views", by="operator")
    frame = answer.frame

    assert answer.title.startswith("团队2026年10月阅读/播放")
    assert frame["value"].is_monotonic_decreasing
    same = frame[~frame["breaks"]].iloc[0]
    assert same["change"] == pytest.approx(same["value"] / same["before"] - 1)


def test_who_took_an_account_over_has_not_grown_by_it(m: Workbook) -> None:
    frame = questions.compare(m, "views", by="operator").frame.set_index("key")

    assert {*frame.index[frame["breaks"]]} == {"op-02", "op-04"}  # dy-02 changed hands
    assert frame.loc[["op-02", "op-04"], "change"].isna().all()


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
    assert "两个月的账号、份额或口径不同" in answer.html


def test_a_break_is_written_beside_its_curve(m: Workbook) -> None:
    broken = questions.months(m, "views", by="account", operator="op-01", back=5)
    whole = questions.months(m, "views", by="account", operator="op-02", back=5)

    assert "7月、8月换了账号或口径" in broken.html
    assert "月换了账号或口径" not in whole.html
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
    right = m.totals("followers", operator="op-02", platform="抖音").assign(
        target=np.nan
    )

    assert "167,245" in every.html
    assert "目标" not in one.html
    pd.testing.assert_frame_equal(one.frame, right)  # type: ignore[attr-defined]


def steps(ax: Axes) -> list[float]:
    lines = [line for line in ax.lines if line.is_dashed()]
    drawn = [float(y) for line in lines for y in np.asarray(line.get_ydata())]
    return [y for y in drawn if y == y]


def test_targets_are_drawn_as_they_were_month_by_month(m: Workbook) -> None:
    rows = m.targets
    own = rows[(rows["operator"] == "op-01") & (rows["horizon"] == "short")]
    revenue = own.loc[own["metric"] == "revenue"].sort_values("period")
    answer = questions.months(m, "revenue", by="operator", operator="op-01")
    sections = series.curves(m.operator("op-01"), "revenue")

    assert revenue["value"].tolist() == [8632, 9756, 10160]
    assert steps(answer.drawings[0].ax) == [8632, 9756, 10160]
    assert answer.frame["target"].dropna().tolist() == [8632, 9756, 10160]
    assert "目标1.02万" in sections["panels"][0].svg


@pytest.mark.parametrize(
    "only",
    [
        {"by": "operator", "platform": ["抖音", "公众号"]},
        {"by": "operator", "account": "dy-01"},
        {"by": "platform", "operator": "op-01"},
        {"by": "team"},
        {"by": "account", "operator": "op-01"},
    ],
)
def test_a_target_of_more_stands_beside_nothing_of_less(
    m: Workbook, only: dict[str, Any]
) -> None:
    answer = questions.months(m, "revenue", **only)

    assert answer.frame["target"].isna().all()
    assert not any(steps(drawing.ax) for drawing in answer.drawings)


def test_a_target_of_a_platform_stands_beside_its_curve(m: Workbook) -> None:
    (row,) = m.inputs.targets_of("op-01")[:1]
    own = {"metric": "views", "horizon": "short", "period": "2026-10"}
    wechat = row.model_copy(
        update=own | {"platform": "gongzhonghao", "value": Decimal(7)}
    )
    other = replace(m, inputs=replace(m.inputs, targets=(wechat,)))
    asked: list[dict[str, Any]] = [{"by": "platform"}, {"by": "operator"}]
    for only in asked:
        answer = questions.months(other, "views", operator="op-01", **only)
        only |= {"operator": "op-01", "platform": "公众号"}
        one = questions.months(other, "views", **only)

        assert answer.frame["target"].dropna().tolist() == [7] * (only == asked[0])
        assert one.frame["target"].dropna().tolist() == [7]


def test_a_target_that_was_refused_is_nowhere(m: Workbook) -> None:
    rows = [
        row
        for row in m.inputs.targets_of("op-01")
        if row.period == "2026-10" and row.metric in ("followers", "views")
    ]
    late = {"set_on": date(2026, 10, 20), "value": Decimal(1), "approved_by": ""}
    easier = [row.model_copy(update=late) for row in rows]
    inputs = replace(m.inputs, targets=(*m.inputs.targets, *easier))
    other = replace(m, inputs=inputs)
    first, then = (
        [
            questions.goals(each, operator="op-01").frame,
            questions.months(each, "views", by="operator", operator="op-01").frame,
            each.what_if("op-01", targets={"views": 900_000}).change,
        ]
        for each in (m, other)
    )

    pd.testing.assert_frame_equal(first[0], then[0])
    pd.testing.assert_frame_equal(first[1], then[1])
    assert first[2] == then[2] != 0


def test_a_long_caption_ends_with_its_panel(tmp_path: Path) -> None:
    noted = [(curve(), "示例运营丁", "一句很长的说明" * at) for at in (1, 9)]
    path = charts.save_sheet(noted * 2, tmp_path / "a.svg", title="")
    texts = {
        str(node.text): float(node.attrib["font-size"].removesuffix("px"))
        for node in ET.fromstring(path.read_text("utf-8")).iter()
        if node.tag.endswith("text")
    }

    assert texts["一句很长的说明"] == 10
    assert 3 < texts["一句很长的说明" * 9] < 8


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


NEEDED = {
    "days": ("views",), "months": ("views",), "compare": ("views",),
    "ratio": ("revenue", "views"),
}  # fmt: skip


@pytest.mark.parametrize("name", questions.__all__)
def test_every_question_is_a_function_with_its_numbers_and_a_slide(
    m: Workbook, name: str, tmp_path: Path
) -> None:
    question = getattr(questions, name)
    answer = question(m, *NEEDED.get(name, ()))
    path = answer.save(tmp_path / "slide.svg", width=1280)
    slide = ET.fromstring(path.read_text("utf-8"))
    text = "".join(slide.itertext())

    assert inspect.isfunction(question)
    assert "Returns\n    -------\n    Answer\n" in question.__doc__
    assert isinstance(answer.frame, pd.DataFrame)
    assert answer.charts() or name == "bought"
    assert slide.attrib["width"] == "1280"
    assert answer.title in text
    assert "数据：各平台的导出文件和手工填报" in text
    for drawing in answer.drawings:
        assert drawing.name in text
    assert "\n" not in repr(answer)


def test_what_tab_shows_is_what_is_meant(m: Workbook) -> None:
    assert dir(questions) == questions.__all__
    assert {"values", "totals", "ratio", "posts", "what_if"} <= set(dir(m))
    assert not {"load", "own_days", "days_of", "known_targets"} & set(dir(m))
    for shown in (m, m.score("op-01"), m.what_if("op-01"), questions.bought(m)):
        assert len(repr(shown)) < 120


@pytest.mark.filterwarnings("ignore:这台电脑没有:UserWarning")
def test_a_slide_is_16_to_9_in_the_platforms_colours(
    m: Workbook, tmp_path: Path
) -> None:
    answer = questions.days(m, "views", account=["dy-01", "ks-01"])
    colours = [m.platforms[one].light for one in ("douyin", "kuaishou")]
    with Image.open(answer.save(tmp_path / "slide.png", width=1280)) as picture:
        size = picture.size
        pixels = {colour for _, colour in picture.convert("RGB").getcolors(10**6) or []}

    assert size == (1280, 720)
    for colour in (*colours, "#1c1e20", "#fcfbf8"):
        assert tuple(bytes.fromhex(colour[1:])) in pixels
    assert (6, 6, 6) not in pixels


@pytest.mark.filterwarnings("ignore:这台电脑没有:UserWarning")
def test_matplotlib_saves_a_panel_as_the_page_shows_it() -> None:
    buffer, figure = io.BytesIO(), curve().figure
    figure.savefig(buffer, format="png")
    with Image.open(buffer) as picture:
        pixels = {colour for _, colour in picture.convert("RGB").getcolors(10**6) or []}

    assert tuple(bytes.fromhex("1d4c7c")) in pixels
    assert not {(1, 1, 1), (2, 2, 2), (6, 6, 6)} & pixels


def test_an_analysts_own_plot_takes_the_houses_look(m: Workbook) -> None:
    with mpl.rc_context():
        palette = charts.style()
        # Not of pyplot's state, in which another test may have left its bars.
        ax = Figure().subplots()
        sns.barplot(m.totals("views", months=1), x="value", y="name", hue="name",
                    palette=palette, saturation=1, ax=ax)  # fmt: skip
        ax.set_title("各平台的阅读/播放")
        fonts, face = mpl.rcParams["font.family"], ax.figure.get_facecolor()
        ax.figure.savefig(io.BytesIO(), format="png")  # no glyph is missing
        bars = {colors.to_hex(bar.get_facecolor()) for bar in ax.patches}

    assert bars <= set(palette.values())
    assert palette["抖音"] == palette["douyin"]
    assert colors.to_hex(face) == "#fcfbf8"
    assert fonts[-1] == "DejaVu Sans"


def test_a_bar_below_zero_is_drawn() -> None:
    values = pd.DataFrame(
        {"name": ["涨", "跌"], "value": [5, -3], "before": [None, None]}
    )
    ax = charts.bars(values)
    low, high = ax.get_xlim()

    assert (low, high) == (-3, 5)
    assert [bar.get_width() for bar in ax.patches] == [5, -3]  # type: ignore[attr-defined]


def test_the_largest_are_drawn_where_there_is_no_room_for_all(m: Workbook) -> None:
    answer = questions.months(m, "views", by="platform", back=3)
    last = answer.frame[answer.frame["month"] == m.month].set_index("name")["value"]
    drawn = [drawing.name for drawing in answer.drawings]

    assert drawn == last.sort_values(ascending=False).index[:12].tolist()
    assert "另有3张较小的没有画出" in answer.sub


def test_this_month_is_held_against_last_years(m: Workbook) -> None:
    year = m.monthly.assign(month=m.monthly["month"].replace("2026-09", "2025-10"))
    older = replace(m)
    vars(older)["monthly"] = year
    found = questions.compare(older, "views", against="2025-10").frame.set_index("key")
    right = m.totals("views", months=2)
    before = right[right["month"] == "2026-09"].set_index("key")["value"]

    assert found["before"].to_dict() == pytest.approx(before.to_dict())
    with pytest.raises(InvalidInput, match="不能与2026-10相比；应为2025-10至2026-09"):
        questions.compare(m, "views", against="2026-10")


def test_products_are_added_up_from_their_accounts(m: Workbook) -> None:
    found = m.totals("dau", by="product", months=1)
    team = m.totals("dau", by="team", months=1)

    assert found["value"].sum() == pytest.approx(team["value"].sum())
    assert questions.activity(m, account="app-01").frame["metric"].nunique() == 3


def test_two_campaigns_stand_side_by_side(m: Workbook) -> None:
    both = questions.campaign(m, ["H2610-01", "国庆出行合拍"], "views")
    alone = questions.campaign(m, "国庆出行合拍", "views")
    own = both.frame[both.frame["campaign"] == "H2610-02"].reset_index(drop=True)

    pd.testing.assert_frame_equal(own, alone.frame)
    names = [drawing.name for drawing in both.drawings]
    assert names == ["重阳图文接力", "国庆出行合拍"]
    assert "每个新增花费" in both.html


def test_goals_are_those_of_the_page(m: Workbook) -> None:
    frame = questions.goals(m, operator="op-02").frame.set_index("name")

    assert frame["goal"].tolist()[0] == 167_245
    assert frame.loc["短期", "value"] == pytest.approx(0.969, abs=0.001)
    assert frame.loc["短期", "before"] == 1


def test_a_ratio_of_levels_is_refused(m: Workbook) -> None:
    with pytest.raises(InvalidInput, match="粉丝数不能相加"):
        m.ratio("followers", "views")


def test_the_answer_of_drop_downs_is_taken_along(m: Workbook, tmp_path: Path) -> None:
    asked = drop_downs.ask(questions.compare, m, metric="views", by="platform")

    assert asked.frame.equals(asked.answer.frame)
    assert asked.save(tmp_path / "a.svg").exists()


def test_a_fragment_is_still_a_fragment(m: Workbook) -> None:
    made: Any = questions.bought(m)

    assert isinstance(made, Fragment)
    assert str(made) == made.html
