import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kpi_lib import page as sections
from kpi_lib.appraisal import Card, Month, OperatorMonth
from kpi_lib.errors import Problem
from kpi_lib.inputs.entries import GivenRating
from kpi_lib.inputs.roster import Account, Roster
from kpi_lib.language import LANGUAGES, speaking, to_json
from kpi_lib.page import parts as parts_module
from kpi_lib.page import templates
from kpi_lib.page.sections import followers, score_card
from tests import sample_month
from tests.pages import Reader, rows_of, text_of
from tests.sample_month import MONTH, PERSON

PARTS: dict[str, Callable[[Any], sections.Fragment]] = {
    "header": sections.header,
    "sentences": sections.sentences,
    "waterfall": sections.waterfall,
    "score_card": sections.score_card,
    "metrics": sections.metrics,
    "platforms": sections.platforms,
    "followers": sections.followers,
    "activity": sections.activity,
    "orders": sections.orders,
    "engagement": sections.engagement,
    "counted": sections.counted,
    "sources": sections.sources,
}


@pytest.fixture(scope="module")
def parts(month: OperatorMonth) -> dict[str, str]:
    return {name: str(made(month)) for name, made in PARTS.items()}


def test_the_head_says_who_how_much_and_how_sure(parts: dict[str, str]) -> None:
    text = text_of(parts["header"])

    for said in (
        "示例运营丙",
        "2026年10月",
        "76.38",
        "满分100分，已评95分",
        "暂定",
        "得分率80.4%",
        "待定5",
        "失分18.62",
        "7个账号：自有产品、视频号",
    ):
        assert said in text


def test_flags_stand_above_the_score(parts: dict[str, str]) -> None:
    assert parts["header"].index("5分待定") < parts["header"].index("76.38")


def test_a_grade_is_shown_only_where_nothing_is_pending(
    rough: Month, month: OperatorMonth
) -> None:
    complete = rough.operator("op-02")
    pending = replace(month, card=Card(month.card | {"grade": "合格"}))

    assert "良好" in text_of(sections.header(complete))
    assert "合格" not in text_of(sections.header(pending))


def test_the_change_is_on_the_measures_both_months_could_rate(
    month: OperatorMonth,
) -> None:
    text = text_of(str(sections.header(month)))

    assert "比9月（同口径95分）" in text
    assert "−2.93" in text
    assert "79.31→76.38" in text


def test_without_last_month_nothing_is_compared(rough: Month) -> None:
    log = {MONTH: rough.worklog}
    alone = sample_month.person(sample_month.with_inputs(rough, worklogs=log))

    assert "没有可比的上月评分" in text_of(sections.header(alone))
    assert "没有可比的上月评分" in text_of(sections.sentences(alone))


def test_sentences_claim_what_the_card_carries(parts: dict[str, str]) -> None:
    text = text_of(parts["sentences"])

    assert "内容运营得分最多：30分得26.29分（88%）。" in text
    assert "失分最多的是超额达成（本月95.59%），失6.00分，占总失分18.62分的32%" in text
    assert "上升最多的是目标有挑战（+1.17）。下降最多的是活动预算（−1.50）。" in text
    assert "先处理短期目标达成，共5分待定" in text
    assert "总分为81.14～81.18。" in text, "76.38 and what the item may get"


def test_the_next_steps_are_those_of_the_card(
    month: OperatorMonth, parts: dict[str, str]
) -> None:
    steps = [text_of(at) for at in re.findall(r"<li>(.*?)</li>", parts["sentences"])]
    card = text_of(parts["score_card"])

    assert steps == [f"{step['text']}。" for step in month.card["focus"]]
    assert "超过100%后每高1个百分点得0.30分，最多再得6.00分" in steps[0]
    for step in month.card["focus"]:
        assert f"下月{step['text']}" in card
        assert step["sum"] in card


def test_of_several_that_tie_all_are_named_or_none() -> None:
    losses = [("甲", Decimal(3)), ("乙", Decimal(2)), ("丙", Decimal(2))]

    assert parts_module.tied(losses) == [(["甲"], 3), (["乙", "丙"], 2)]
    assert parts_module.foremost(losses, 2) == losses[:1], "乙 or 丙 is no choice"
    assert parts_module.foremost(losses, 3) == losses
    assert parts_module.foremost(losses[1:], 1) == losses[1:], "both are the largest"


def test_accounts_with_as_many_posts_are_both_named(
    sample: Month, month: OperatorMonth
) -> None:
    tied = text_of(sections.platforms(sample.operator("op-02")))
    alone = text_of(sections.platforms(month))

    assert "本月发布作品23个，示例抖音甲、示例B站最多，各10个；21天没有发布" in tied
    assert "本月发布作品16个，示例视频号最多，9个" in alone


def test_losses_and_pending_add_up_to_what_was_possible(month: OperatorMonth) -> None:
    card = month.card
    lost = sum((by for _, by in parts_module.losses(card)), Decimal(0))
    waiting = sum((measure.possible for measure in card.waiting), Decimal(0))

    assert lost > 0
    assert waiting == 5
    assert lost + waiting + card.earned == card.possible


def test_a_veto_is_a_loss_of_its_own(rough: Month, tmp_path: Path) -> None:
    veto = GivenRating(
        operator=PERSON,
        item="数据造假",
        kind="veto",
        by="示例主管",
        on=date(2026, 11, 6),
        reason="泄露数据。",
    )
    opened = sample_month.with_plan(rough, tmp_path, lambda plan: f"veto: 59\n{plan}")
    capped = sample_month.with_log(opened, ratings=(veto,)).score(PERSON)

    assert ("一票否决", capped.reached - 59) in parts_module.losses(capped)


def test_the_waterfall_goes_from_possible_to_the_score(parts: dict[str, str]) -> None:
    html = parts["waterfall"]

    assert "前4项失11.00分，占总失分18.62分的59%" in text_of(html)
    assert html.count("<svg") == 2, "once wide, once narrow"
    assert html.count('class="top"') == 8, "four of them, wide and narrow"
    assert "其余5项" in html
    assert html.index("超额达成") < html.index("合理意见被采纳")


def test_the_plan_s_own_columns_stand_in_the_score_card(parts: dict[str, str]) -> None:
    html = parts["score_card"]
    heads = re.findall(r'<th scope="col"[^>]*>([^<]+)</th>', html)

    assert heads == ["KPI指标", "量化KPI", "具体内容", "分值", "权重", "评分"]
    assert 'rowspan="3">工作效率' in html
    assert 'rowspan="2"><span class="k">权重</span>20%' in html
    assert html.count('<details class="measure') == 22
    assert " open>" not in html


def test_a_measure_opens_to_how_it_was_scored(parts: dict[str, str]) -> None:
    text = text_of(parts["score_card"])

    for said in (
        "线性：100%得0分，120%得满分",
        "6×(95.59%−100%)÷(120%−100%)，在0与6之间=0.00",
        "data/targets.csv第368–380行，粉丝数、新增关注、DAU日活等13个",
        "kpi explain 2026-10 op-03 over_delivery",
        "有不确定的值，在decisions.csv选定或写准后计入，得分在4.76与4.80之间",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        pytest.param(["5-35"], "第5–35行", id="a range"),
        pytest.param(["4,6,8"], "第4–8行中的3行", id="some rows"),
        pytest.param(["7"], "第7行", id="one row"),
        pytest.param(["2-4", "5-6"], "第2–6行", id="joined"),
        pytest.param([""], "", id="no row"),
    ],
)
def test_evidence_says_where(rows: list[str], place: str) -> None:
    assert score_card._place("", rows) == place


def test_each_duty_draws_its_curves(parts: dict[str, str]) -> None:
    charts = {name: html.count('<svg class="chart"') for name, html in parts.items()}

    drawn = ("followers", "activity", "orders", "engagement")
    assert [charts[name] for name in drawn] == [1, 2, 2, 4]
    assert parts["metrics"].count('class="spark"') == 13


def test_the_table_of_metrics_holds_what_the_card_holds(
    month: OperatorMonth, parts: dict[str, str]
) -> None:
    (rows,) = (
        [
            [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
            for row in rows_of(html)[1:]
        ]
        for html in [re.sub(r"<svg.*?</svg>", "", parts["metrics"], flags=re.DOTALL)]
    )
    named = {row[0]: row[1:5] for row in rows}

    assert named["粉丝数（增长） 28/31天"] == ["+3,563", "+3,478", "102.4%", "+25.1%"]
    assert named["粘性"][:3] == ["22.99%", "24.83%", "92.6%"]
    assert named["平台收益 30/31天"][:3] == ["¥3,141", "¥3,311", "94.9%"]
    assert "13项指标中3项达到目标；差得最多的是新增关注，" in text_of(parts["metrics"])


def test_every_drawing_has_its_numbers_in_a_table(parts: dict[str, str]) -> None:
    for name in ("waterfall", "followers", "activity", "orders", "engagement"):
        assert '<details class="data">' in parts[name], name


def test_ids_are_unlike_all_over_the_page(parts: dict[str, str]) -> None:
    ids = re.findall(r'\bid="([^"]+)"', "".join(parts.values()))

    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("name", PARTS)
def test_a_month_without_data_says_so(name: str, nothing: OperatorMonth) -> None:
    html = str(PARTS[name](nothing))

    assert '<svg class="chart"' not in html
    if name in {"platforms", "followers", "activity", "orders", "engagement"}:
        assert '<p class="none">' in html


@pytest.mark.parametrize("name", PARTS)
def test_hostile_names_are_text(name: str, hostile: OperatorMonth) -> None:
    page = Reader(str(PARTS[name](hostile)))

    assert {tag for tag, _ in page.elements} & {"script", "img", "iframe"} == set()
    for _, attributes in page.elements:
        assert not any(key.startswith("on") for key in attributes)


def test_a_file_that_no_declaration_knows_is_named(parts: dict[str, str]) -> None:
    text = text_of(parts["counted"])

    assert "不认识的文件" in text
    assert "data/raw/2026-10/wb-01/2026-11-02/说明.txt" in text
    assert "读入1,098行，计入1,046行，未计入52行" in text


def test_sources_define_the_metrics_and_say_how_to_check(
    parts: dict[str, str], month: OperatorMonth
) -> None:
    text = text_of(parts["sources"])

    assert "kpi explain 2026-10 op-03" in text
    assert f"sha256 {month.card['plan']['sha256'][:12]}…" in text
    assert "粘性" in text


@pytest.mark.parametrize(
    ("since", "said"),
    [
        pytest.param("2025-11", "互动率本月没有数据", id="ever"),
        pytest.param("2026-10", "互动率本月没有数据", id="this month"),
    ],
)
def test_where_nobody_viewed_there_is_no_rate(
    month: OperatorMonth, since: str, said: str
) -> None:
    def unseen(frame: pd.DataFrame, months: pd.Series) -> pd.DataFrame:
        metric, silent = frame["metric"], months >= since
        value = frame["value"].mask(silent & (metric == "views"), 0.0)
        if "below" not in frame:
            return frame.assign(value=value)
        rate = silent & (metric == "engagement_rate")
        below = frame["below"].mask(rate, 0.0)
        return frame.assign(value=value.mask(rate), below=below)

    silent = replace(
        month,
        daily=unseen(month.daily, month.daily["date"].dt.strftime("%Y-%m")),
        monthly=unseen(month.monthly, month.monthly["month"]),
    )
    html = str(sections.engagement(silent))
    rates = re.findall(r'<td class="r b rate"[^>]*>([^<]*)</td>', html)

    assert said in text_of(html)
    assert set(rates) <= {"—"}


def with_accounts(opened: Month, **changed: Any) -> OperatorMonth:
    """Cut the month to PERSON with accounts changed: all of them, or those of an id."""
    accounts = tuple(
        Account.model_validate(
            account.model_dump(by_alias=True)
            | changed.get(account.platform, changed.get("all", {}))
        )
        for account in opened.roster.accounts
    )
    roster = Roster(operators=opened.roster.operators, accounts=accounts)
    return sample_month.person(sample_month.with_inputs(opened, roster=roster))


def test_team_scores_name_who_is_missing_and_link_the_rest(
    sample: Month, hostile: OperatorMonth
) -> None:
    cards = [sample.score("op-01"), hostile.card]
    page = Reader(str(sections.team_scores(cards, ["示例运营丁"])))

    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]

    folder = f"../reports/{hostile.month}"
    assert links == [f"{folder}/op-01.html", f"{folder}/op-03.html"]
    assert "示例运营丁" in page.text
    assert "未生成" in page.text


def test_team_items_redden_with_what_was_lost(month: OperatorMonth) -> None:
    html = str(sections.team_items([month.card]))
    heat = dict(
        re.findall(
            r'<th scope="row">([^<]+)</th><td class="r">[\d.]+</td>'
            r'<td class="r" style="--h:(\d+)%">',
            html,
        )
    )

    assert int(heat["超额与建议"]) > int(heat["活动运营"]) > int(heat["内容运营"])


def test_team_parts_without_cards() -> None:
    assert "还没有" in str(sections.team_scores([]))
    assert "还没有" in str(sections.team_items([]))
    assert "还没有" in str(sections.team_evidence([]))
    assert "全部个人页已生成" in str(sections.team_missing([]))
    assert "0人有评分" in str(sections.team_header([], ["示例运营丁"], MONTH))


def test_files_set_what_came_against_what_was_expected(month: OperatorMonth) -> None:
    html = str(
        sections.files(
            month.files, [("sph-01", "shipinhao.daily"), ("zhihu-a", "manual")]
        )
    )

    assert "缺1个" in html
    assert "zhihu-a" in html
    assert html.index("zhihu-a") < html.index("不认识的文件")


def test_the_fates_of_rows_are_counted(month: OperatorMonth) -> None:
    text = text_of(str(sections.fates(month.ledger)))

    assert "15个文件共1,098行" in text
    assert "计入 1,046" in text


def test_quarantine_gives_a_row_for_every_reason(month: OperatorMonth) -> None:
    text = text_of(str(sections.quarantine(month.ledger)))

    assert "2行无法识别，已隔离，未计入" in text
    assert "“约1.2万”不是数" in text


def test_compare_puts_what_moved_most_first(month: OperatorMonth) -> None:
    html = str(sections.compare(month.monthly, MONTH))
    first = re.findall(r'<td class="r">([+−][\d.]+)%</td></tr>', html)
    sizes = [abs(float(value.replace("−", "-"))) for value in first]

    assert sizes == sorted(sizes, reverse=True)


def test_findings_are_listed_by_level() -> None:
    html = str(
        sections.findings(
            [Problem(what="缺文件", level="warning"), Problem(what="读不懂")]
        )
    )

    assert html.index("读不懂") < html.index("缺文件")
    assert "无需说明" in str(sections.findings([]))


def test_a_platform_without_a_declaration_is_named(rough: Month) -> None:
    planned = {"planned_platforms": ("elsewhere",)}
    content = (
        sample_month.person(rough)
        .worklog.contents[0]
        .model_copy(update={**planned, "published_platforms": ("douyin",)})
    )
    strange = sample_month.with_log(rough, contents=(content,))

    assert "elsewhere" in str(sections.platforms(sample_month.person(strange)))


def test_the_style_is_shown_once_and_the_card_is_sealed(month: Any) -> None:
    sealed = sections.seal(month)._repr_mimebundle_()

    assert sections.style()._repr_html_().startswith("<style data-kpi>")
    assert sealed[parts_module.SEALED] == to_json(month.card)
    assert sealed["text/plain"] == ""


def test_a_template_that_misses_a_name_is_refused() -> None:
    with pytest.raises(Exception, match="is undefined"):
        templates.render("nothing", what="粉丝数")


def test_titles_break_between_clauses_only() -> None:
    html = str(templates.clauses("失分集中：前4项，占9.55分<b>"))

    assert html == (
        '<span class="c">失分集中：</span><span class="c">前4项，</span>'
        '<span class="c">占9.55分&lt;b&gt;</span>'
    )


def test_no_space_is_typed_between_chinese_and_figures(parts: dict[str, str]) -> None:
    for name, html in parts.items():
        # A space between two elements is layout, not text.
        lines = re.split(r"<[^>]+>", html)
        for line in (one for one in lines if not one.startswith("kpi explain")):
            assert not re.search(r"[一-龥] \d|\d [一-龥]", line), (name, line)


def with_posts(month: OperatorMonth, views: list[float]) -> OperatorMonth:
    """Make the month with these posts of one account, by their views."""
    one = month.posts[month.posts["account"] == "sph-01"].iloc[:1]
    posts = pd.concat([one] * len(views), ignore_index=True)
    names = [f"作品{value:.0f}次" for value in views]
    return replace(month, posts=posts.assign(views=views, title=names, post=names))


@pytest.mark.parametrize(
    ("views", "title", "listed"),
    [
        pytest.param(
            [400, 100, 700, 200, 600, 300, 500],
            "高于本账号中位数最多的3条、最低的2条",
            [700, 600, 500, 200, 100],
            id="the best three and the last two",
        ),
        pytest.param(
            [400, 100, 700, 200, 600],
            "全部5条",
            [700, 600, 400, 200, 100],
            id="all of five",
        ),
    ],
)
def test_posts_stand_best_first(
    month: OperatorMonth, views: list[float], title: str, listed: list[int]
) -> None:
    text = text_of(str(sections.platforms(with_posts(month, views))))

    assert f"本月作品：{title}" in text
    assert [int(at) for at in re.findall(r"作品(\d+)次", text)] == listed


@pytest.mark.parametrize(("rows", "more"), [(100, ""), (101, "另有1行")], ids=str)
def test_a_hundred_quarantined_rows_are_listed(
    month: OperatorMonth, rows: int, more: str
) -> None:
    one = month.ledger[month.ledger["fate"] == "quarantined"].iloc[:1]
    ledger = pd.concat([one] * rows, ignore_index=True).assign(row=range(2, rows + 2))
    html = str(sections.quarantine(ledger))

    assert html.count('<tr><th scope="row"><code>') == 100
    assert more in html
    assert ("另有" in html) is bool(more)


@pytest.mark.parametrize(
    ("since", "way"),
    [
        pytest.param((500.0, 300.0), 0.6, id="on the way"),
        pytest.param((None, 300.0), None, id="unknown start"),
        pytest.param((1000.0, 300.0), None, id="nothing to gain"),
        pytest.param(None, 0.8, id="without an end"),
    ],
)
def test_the_way_to_a_target_of_followers(
    since: tuple[float | None, float] | None, way: float | None
) -> None:
    assert followers._way(1000.0, 800.0, since) == way


def test_a_horizon_counts_the_gain_of_own_days_since_it_began(
    month: OperatorMonth,
) -> None:
    rows = [
        ("2026-09", "weibo-a", 500.0, 70.0),
        ("2026-10", "weibo-a", 570.0, 30.0),
        ("2026-10", "douyin-a", 900.0, 5.0),
    ]
    monthly = pd.DataFrame(
        [
            (at, account, "", metric, "", value)
            for at, account, opening, gain in rows
            for metric, value in (
                ("followers_opening", opening),
                ("followers_gain", gain),
            )
        ],
        columns=["month", "account", "platform", "metric", "stream", "value"],
    )
    held: Any = replace(month, monthly=monthly)

    assert followers._since(held, ["2026-10", "2026-11"]) == (1470, 35)
    assert followers._since(held, ["2026-09", "2026-10"]) == (1400, 105)
    assert followers._since(held, ["2026-08", "2026-09"]) == (None, None)
    assert followers._elapsed(["2026-10", "2026-11", "2026-12"], MONTH) == 31 / 92


def test_a_period_that_ended_short_is_not_on_its_way(
    sample: Month, month: OperatorMonth
) -> None:
    short = text_of(sections.followers(sample.operator("op-02")))
    met = text_of(sections.followers(month))

    assert "短期的粉丝目标没有达到，差314人；中期、终极的粉丝目标还在途中" in short
    assert "短期的粉丝目标已达到；中期、终极的粉丝目标还在途中" in met
    assert "后期的粉丝目标看不出进度，期内有的月份没有粉丝数" in met


@pytest.mark.parametrize(
    ("missing", "elapsed", "state"),
    [
        pytest.param(0, 1, "met", id="reached at the end"),
        pytest.param(0, 0.3, "met", id="reached before the end"),
        pytest.param(314, 1, "missed", id="ended short"),
        pytest.param(314, 0.34, "open", id="on its way"),
        pytest.param(314, None, "open", id="without an end"),
        pytest.param(None, 1, "unknown", id="no opening level"),
    ],
)
def test_how_a_horizon_stands(
    missing: float | None, elapsed: float | None, state: str
) -> None:
    assert followers._state(missing, elapsed) == state


def test_files_stand_by_account_and_open_one_by_one(parts: dict[str, str]) -> None:
    html = parts["counted"]
    head, rest = html.split("<summary>按账号、按文件</summary>")

    assert "视频号数据概览.csv" not in head.split("无法识别格式，未计入")[1]
    assert "视频号数据概览.csv" in rest


def test_definitions_are_those_of_what_the_page_shows(parts: dict[str, str]) -> None:
    text = text_of(parts["sources"])

    assert "粘性" in text
    assert "互动率" in text
    assert "阅读完成率" not in text, "no article has been read to its end"
    assert "收藏" not in text, "nobody asked for favourites"


DUTIES = ("platforms", "followers", "activity", "orders", "engagement")

TITLED = {
    "zh-Hans": {
        "platforms": "本月发布作品16个，示例视频号最多，9个",
        "followers": "净增3,563人",
        "activity": "月活214,400，达到目标207,900",
        "orders": "引流点击率4.09%，成交率6.53%",
        "engagement": "互动率3.88%",
    },
    "zh-Hant": {
        "platforms": "本月發佈作品16個，示例视频号最多，9個",
        "followers": "淨增3,563人",
        "activity": "月活214,400，達到目標207,900",
        "orders": "引流點擊率4.09%，成交率6.53%",
        "engagement": "互動率3.88%",
    },
    "en": {
        "platforms": "16 posts this month, most on 示例视频号: 9",
        "followers": "Net gain of 3,563 followers",
        "activity": "MAU 214,400, target 207,900 reached",
        "orders": "Click-through rate 4.09%, conversion rate 6.53%",
        "engagement": "Engagement rate 3.88%",
    },
}

TOLD = {
    "zh-Hans": {
        "followers": "粉丝数：近12个月5.12万～7.67万，本月7.67万，目标7.67万",
    },
    "zh-Hant": {
        "followers": "粉絲數：近12個月5.12萬～7.67萬，本月7.67萬，目標7.67萬",
    },
    "en": {
        "activity": "MAU: 12 months 171K to 214K, this month 214K, target 208K",
    },
}


@pytest.fixture(scope="module")
def spoken(month: OperatorMonth) -> dict[str, dict[str, str]]:
    found = {}
    for language in LANGUAGES:
        with speaking(language):
            found[language] = {name: str(PARTS[name](month)) for name in DUTIES}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_and_alt_texts_speak_the_language(
    spoken: dict[str, dict[str, str]], language: str
) -> None:
    for name, title in TITLED[language].items():
        assert title in text_of(spoken[language][name])
    for name, told in TOLD[language].items():
        alts = re.findall(r'aria-label="([^"]*)"', spoken[language][name])
        assert told in alts


def test_the_duties_in_english_keep_chinese_for_data_only(
    spoken: dict[str, dict[str, str]], month: OperatorMonth
) -> None:
    data = [one.name for one in month.platforms.values()]
    data += [one.seal for one in month.platforms.values()]
    data += [one.name for one in month.worklog.campaigns]
    data += [one.title for one in month.worklog.contents]
    data += [one.name for one in month.accounts]
    data += list(month.posts["title"])
    html = unescape("".join(spoken["en"].values()))
    for name in sorted(data, key=len, reverse=True):
        html = html.replace(name, "")

    assert re.findall(r"[㐀-鿿：；，。、（）「」]+", html) == []
