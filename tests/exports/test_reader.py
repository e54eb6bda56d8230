"""Every layout on a made-up twin of its true form, and what must be refused."""

from __future__ import annotations

import csv
import io
import os
import random
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.catalogue import METRICS
from kpi_lib.errors import ExportColumns, UnknownExport
from kpi_lib.exports import Export, reader
from kpi_lib.files import header_key, layouts, platforms, tables
from kpi_lib.language import Sentence, catalogue, say, speaking
from kpi_lib.months.arrivals import File
from kpi_lib.months.clean import Cleaning

TWINS = Path(__file__).parents[1] / "data" / "exports"
MONTH = "2026-10"
REWRITE = os.environ.get("KPI_REWRITE_GOLDEN") == "1"
"""Write the expected rows anew; then read every line of the difference."""

Place = tuple[str, int, int]
PLACE = ("sheet", "block")
COLUMNS = (
    "row", "fate", "account", "day", "post", "kind", "metric", "part", "basis",
    "value", "censored", "reason",
)  # fmt: skip

GOLDEN = [
    ("gongzhonghao.notified", "gongzhonghao/notified.xls"),
    ("gongzhonghao.users", "gongzhonghao/users.xls"),
    ("gongzhonghao.channels", "gongzhonghao/channels.csv"),
    ("gongzhonghao.ads", "gongzhonghao/ads.csv"),
    ("toutiao.works", "toutiao/works.xlsx"),
    ("toutiao.trend", "toutiao/trend.xlsx"),
    ("toutiao.fans", "toutiao/fans.xlsx"),
    ("baijiahao.articles", "baijiahao/articles.xlsx"),
    ("douyin.works", "douyin/works.xlsx"),
    ("douyin.works", "douyin/works_edition_b.xlsx"),
    ("douyin.daily", "douyin/daily_followers.csv"),
    ("douyin.posts_daily", "douyin/posts_daily.csv"),
    ("bilibili.compare", "bilibili/compare.csv"),
    ("bilibili.history", "bilibili/history.csv"),
    ("bilibili.followers", "bilibili/followers_level_alone.csv"),
    ("bilibili.followers", "bilibili/followers.csv"),
    ("shipinhao.posts", "shipinhao/posts.csv"),
    ("shipinhao.posts", "shipinhao/posts_19_columns.csv"),
    ("shipinhao.daily", "shipinhao/daily.csv"),
    ("shipinhao.followers", "shipinhao/followers.csv"),
    ("xiaohongshu.notes", "xiaohongshu/notes.xlsx"),
    ("youtube.totals", "youtube/totals_views.csv"),
    ("youtube.totals", "youtube/totals_subscribers.csv"),
    ("youtube.totals", "youtube/totals_german.csv"),
    ("zhihu.daily", "zhihu/daily.xls"),
    ("zhihu.followers", "zhihu/followers.csv"),
    ("doudian.orders", "doudian/orders.csv"),
    ("manual", "manual/manual.csv"),
    ("gongzhonghao.tendency", "gongzhonghao/tendency.xls"),
    ("gongzhonghao.article", "gongzhonghao/article.xls"),
    ("gongzhonghao.article", "gongzhonghao/article_edition_times.xls"),
    ("gongzhonghao.sources", "gongzhonghao/sources.csv"),
    ("toutiao.works", "toutiao/works_micro.xlsx"),
    ("toutiao.videos", "toutiao/videos.xlsx"),
    ("douyin.performance", "douyin/performance.xlsx"),
    ("douyin.overview", "douyin/overview.xlsx"),
    ("douyin.yinlang", "douyin/yinlang.csv"),
    ("douyin.yinlang", "douyin/yinlang_header_only.xlsx"),
    ("xiaohongshu.daily", "xiaohongshu/daily_views.xlsx"),
    ("xiaohongshu.daily", "xiaohongshu/daily_interactions.xlsx"),
    ("xiaohongshu.daily", "xiaohongshu/daily_followers.xlsx"),
    ("xiaohongshu.daily", "xiaohongshu/daily_posts.xlsx"),
    ("xiaohongshu.note", "xiaohongshu/note.xlsx"),
    ("youtube.totals", "youtube/totals_table_by_date.csv"),
    ("youtube.table", "youtube/table.csv"),
    ("youtube.chart", "youtube/chart.csv"),
    ("product.ga4", "product/ga4.csv"),
    ("product.ga4", "product/ga4_free_form.csv"),
    ("product.ga4", "product/ga4_snapshot.csv"),
    ("qiehao.articles", "qiehao/articles.csv"),
    ("qiehao.videos", "qiehao/videos.csv"),
    ("kuaishou.daily", "kuaishou/daily.csv"),
    ("weibo.daily", "weibo/daily.csv"),
    ("weibo.posts", "weibo/posts.csv"),
    ("tieba.daily", "tieba/daily.csv"),
    ("sohu.articles", "sohu/articles.csv"),
    ("xigua.videos", "xigua/videos.xlsx"),
    ("shequn.wecom", "shequn/wecom.csv"),
    ("shequn.weibo_group", "shequn/weibo_group.csv"),
]


def flat(export: Export) -> str:
    """Every row of the ledger with the values that it gave, as CSV."""
    given_by: dict[Place, list[dict[str, object]]] = {}
    for row in export.daily:
        given_by.setdefault((row.sheet, row.block, row.row), []).append(
            {
                "account": row.account,
                "day": row.date,
                "metric": row.metric,
                "part": row.part,
                "basis": row.basis,
                "value": f"{row.value:g}",
                "censored": row.censored or "",
            }
        )
    for post in export.posts:
        given_by[post.sheet, post.block, post.row] = [
            {
                "day": post.published_at,
                "post": post.post,
                "kind": post.kind,
                "metric": metric,
                "value": f"{value:.12g}",
                "censored": (metric in post.censored) or "",
            }
            for metric, value in post.metrics.items()
        ]
    # Which table, where there are several.
    several = len({(line.sheet, line.block) for line in export.ledger}) > 1
    out = io.StringIO()
    writer = csv.DictWriter(
        out,
        (*PLACE, *COLUMNS) if several else COLUMNS,
        restval="",
        lineterminator="\n",
        extrasaction="ignore",
    )
    writer.writeheader()
    for line in export.ledger:
        if line.day and f"{line.day:%Y-%m}" != MONTH:  # as months are cut out of it
            why = f"{line.day}不在{MONTH}"
            line = line._replace(fate="outside", reason=why)
        base = {name: getattr(line, name) for name in (*PLACE, "row", "fate", "reason")}
        given = given_by.get((line.sheet, line.block, line.row), [{}]) or [{}]
        writer.writerows({**base, **values} for values in given)
    return out.getvalue()


def twin(layout: str, name: str) -> Export:
    """Read a twin; what was only heard of, as a file of its own platform."""
    declared = layouts()[layout]
    platform = None if declared.confirmed else declared.platform
    return reader.read(TWINS / name, month=MONTH, platform=platform)


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "export.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize(("layout", "name"), GOLDEN, ids=[name for _, name in GOLDEN])
def test_twin_gives_the_expected_rows(layout: str, name: str) -> None:
    export = twin(layout, name)
    expected = (TWINS / name).with_suffix(".expected.csv")
    if REWRITE:
        expected.write_text(flat(export), encoding="utf-8")

    assert export.layout == layout
    assert flat(export) == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize(("layout", "name"), GOLDEN, ids=[name for _, name in GOLDEN])
def test_every_record_of_every_block_is_in_the_ledger(layout: str, name: str) -> None:
    export = twin(layout, name)
    book = tables.read(TWINS / name, where=name)

    tables_beside = len(layouts()[layout].beside) or 1
    records = sum(book.records.values()) * tables_beside
    keys = {(line.sheet, line.block, line.row) for line in export.ledger}
    assert len(export.ledger) == len(keys) == records


@pytest.mark.parametrize(("layout", "name"), GOLDEN, ids=[name for _, name in GOLDEN])
def test_what_is_told_is_a_sentence_that_has_its_english(
    layout: str, name: str
) -> None:
    export = twin(layout, name)
    texts = {row.reason for row in export.ledger if row.reason}
    texts |= {text for one in export.findings for text in (one.what, one.do) if text}

    assert {text for text in texts if not isinstance(text, Sentence)} == set()
    templates = {text.template for text in texts if isinstance(text, Sentence)}
    assert templates - catalogue().keys() == set()


def test_a_finding_is_said_with_its_lists_metrics_and_reasons(tmp_path: Path) -> None:
    text = "日期,播放量,总粉丝量,甲,乙\n2026-10-01,约1万,5,,\n2026-10-02,约1万,5,,\n"
    export = reader.read(write(tmp_path, text), month=MONTH, platform="douyin")

    with speaking("en"):
        told = [say(problem.what) for problem in export.findings]
    assert told == [
        "unused columns: 甲, 乙",
        "row 2, 3, “播放量”: “约1万” is not a number; it should be like 1234, 1,234 or "
        "12k; only this cell is not counted",
    ]


def test_a_table_by_date_gives_each_metric_that_it_holds(tmp_path: Path) -> None:
    text = (
        "Date,Views,Watch time (hours),Likes,Comments added,Shares,"
        "Subscribers gained,Subscribers lost,Subscribers,Impressions\n"
        "Total,30,1.5,5,4,3,9,2,7,400\n2026-10-01,30,1.5,5,4,3,9,2,7,400\n"
    )
    assert columns_of(tmp_path, text, "youtube") == {
        "views": 30, "likes": 5, "comments": 4, "shares": 3,
        "follows": 9, "unfollows": 2, "net_follows": 7, "impressions": 400,
    }  # fmt: skip


IGNORED = {
    ("bilibili.compare", "互动率"): "a rate, made anew from its sums",
    ("bilibili.compare", "涨粉量"): "followers gained by a post, not of the account",
    ("gongzhonghao.notified", "总阅读人数"): "people; 总阅读次数 is the views",
    ("gongzhonghao.notified", "总分享人数"): "people; 总分享次数 is the shares",
    ("gongzhonghao.channels", "阅读人数"): "people; 阅读次数 is the views",
    ("gongzhonghao.channels", "分享人数"): "people; 分享次数 is the shares",
    ("gongzhonghao.channels", "收藏人数"): "people; 收藏次数 is the favorites",
    ("gongzhonghao.ads", "曝光量"): "of the advertisement, not of the account",
    ("kuaishou.daily", "完播率"): "a rate of a day cannot be added up",
    ("product.ga4", "Engagement rate"): "Google's own, of sessions",
    ("product.ga4", "Views"): "pages of the product, not of what was published",
    ("shequn.wecom", "群总数"): "groups, not their members",
    ("shipinhao.posts", "推荐"): "an action of readers, not what was shown to them",
    ("shipinhao.posts", "关注量"): "followers gained by a post, not of the account",
    ("shipinhao.daily", "推荐"): "an action of readers, not what was shown to them",
    ("shipinhao.daily", "推荐量"): "the same in another edition",
    ("xiaohongshu.notes", "涨粉"): "followers gained by a post, not of the account",
    ("zhihu.daily", "喜欢"): "beside 点赞, which is the likes",
}
"""Columns named like a metric and left aside, and why."""


def test_no_declaration_hides_a_column_that_a_metric_could_take() -> None:
    def stem(name: str) -> str:
        return re.sub(r"(数|量|次数|人数)$", "", header_key(name))

    names = {word for name, m in METRICS.items() for word in (name, m.zh, m.en)}
    for layout in layouts().values():
        for column in layout.metric_columns.values():
            names.update(alias for part in column.parts for alias in part)
    stems = set(map(stem, names))
    hidden = {
        (layout.id, header)
        for layout in layouts().values()
        for header in layout.ignore
        if stem(header) in stems
    }
    assert hidden == IGNORED.keys()


WHOLE = "日期,总粉丝量\n" + "".join(
    f"2026-10-{day:02},{75_800 + day}\n" for day in range(1, 7)
)


@pytest.mark.parametrize(
    ("text", "followers"),
    [
        pytest.param(WHOLE, 75_806, id="whole"),
        pytest.param(WHOLE.rstrip("\n"), 75_806, id="only the line end is missing"),
        pytest.param(WHOLE[:-2], 75_805, id="a digit is missing"),
        pytest.param(WHOLE[:-6], 75_805, id="the cell is missing"),
        pytest.param(WHOLE[:-7], 75_805, id="the comma too"),
        pytest.param(WHOLE[:-2] + "\n", 7_580, id="somebody's own line end"),
    ],
)
def test_the_last_row_of_a_torn_file_is_out_and_told(
    tmp_path: Path, text: str, followers: int
) -> None:
    export = reader.read(write(tmp_path, text), month=MONTH, platform="douyin")

    assert export.daily[-1].value == followers
    torn = followers == 75_805
    assert (export.ledger[-1].fate == "quarantined") is torn
    assert any(f.level == "warning" for f in export.findings) is torn


def test_a_torn_column_with_a_unit_or_with_gaps(tmp_path: Path) -> None:
    header = "日期,完播率\n"
    rows = "".join(f"2026-10-{day:02},{day + 8}%\n" for day in range(1, 7))
    records = tables.parse((header + rows[:-2]).encode(), where="x").sheets[0]
    assert records.torn == 7

    gaps = rows.replace("9%", "")
    records = tables.parse((header + gaps[:-2]).encode(), where="x").sheets[0]
    assert records.torn is None


def doubts_of(folder: Path, text: str, platform: str = "douyin") -> str:
    export = reader.read(write(folder, text), month=MONTH, platform=platform)
    return "\n".join(str(f.what) for f in export.findings if f.level == "warning")


@pytest.mark.parametrize(
    ("total", "told"), [(66, ""), (70, "第2行合计的阅读/播放是70，各行加起来是66")]
)
def test_a_total_that_disagrees_with_its_rows_is_told(
    tmp_path: Path, total: int, told: str
) -> None:
    days = "".join(f"2026-10-{day:02},{day}\n" for day in (11, 10, 12, 15, 18))
    assert told in doubts_of(tmp_path, f"日期,播放量\n合计,{total}\n{days}")


def test_a_total_over_a_day_without_a_value_is_no_doubt(tmp_path: Path) -> None:
    text = "日期,播放量\n合计,70\n2026-10-01,30\n2026-10-02,--\n"
    assert doubts_of(tmp_path, text) == ""


@pytest.mark.parametrize(("last", "told"), [(0, True), (1, False)])
def test_a_file_of_zeros_is_told(tmp_path: Path, last: int, told: bool) -> None:
    text = f"日期,播放量,总粉丝量\n2026-10-01,0,0\n2026-10-02,0,{last}\n"
    assert ("的数全是0" in doubts_of(tmp_path, text)) is told


@pytest.mark.parametrize(
    ("days", "lost", "told"),
    [
        pytest.param(10, 0, True, id="ten days"),
        pytest.param(9, 0, False, id="nine may be chance"),
        pytest.param(10, 1, False, id="somebody left"),
    ],
)
def test_nobody_ever_leaving_is_told(
    tmp_path: Path, days: int, lost: int, told: bool
) -> None:
    rows = "".join(
        f"2026-10-{day:02},{5 + day % 2},{lost if day == 3 else 0},"
        f"{5 + day % 2 - (lost if day == 3 else 0)},100\n"
        for day in range(1, days + 1)
    )
    header = "时间,新关注人数,取消关注人数,净增关注人数,累积关注人数\n"
    found = doubts_of(tmp_path, header + rows, "gongzhonghao")
    assert ("每天的取消关注都是0" in found) is told


def test_every_declared_layout_has_a_twin() -> None:
    assert {layout for layout, _ in GOLDEN} == set(layouts())


# --------------------------------------------------------------- recognition

WORKS = "作品名称,发布时间,体裁,审核状态,播放量,完播率,点赞量,分享量,评论量,收藏量"


def test_columns_are_found_by_name_in_any_order_and_width(tmp_path: Path) -> None:
    head = "净增关注人数,累计关注人数, 时间 ,取消关注人数,新关注人数"
    text = f"{head}\n9,100,2026-10-01,3,12\n"
    export = reader.read(write(tmp_path, text), month=MONTH)

    found = {row.metric: row.value for row in export.daily}
    assert export.layout == "gongzhonghao.users"
    assert found == {"follows": 12, "unfollows": 3, "net_follows": 9, "followers": 100}


def test_full_width_and_half_width_headers_are_one(tmp_path: Path) -> None:
    text = "时间,展现量,阅读（播放）量,点赞量,评论量\n2026-10-01,1,2,3,4\n"

    assert reader.read(write(tmp_path, text), month=MONTH).layout == "toutiao.trend"


def test_the_file_name_says_nothing(tmp_path: Path) -> None:
    target = tmp_path / "头条号_作品列表_2026-10.csv"
    target.write_bytes((TWINS / "douyin/works.xlsx").read_bytes())

    assert reader.read(target, month=MONTH).layout == "douyin.works"


def test_missing_column_names_the_layout_and_the_column(tmp_path: Path) -> None:
    text = WORKS.replace(",完播率", "") + "\n"

    with pytest.raises(ExportColumns, match="抖音“作品列表”，缺少列：完播率"):
        reader.read(write(tmp_path, text), month=MONTH)


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        pytest.param(
            "时间,推荐,喜欢,评论,分享,关注", "导出时勾选全部列", id="one is missing"
        ),
        pytest.param(
            "时间,主页访客,企微点击,取消关注,私信人数",
            "表头里5个列名只有2个对得上，多半是另一个页面的导出",
            id="another page",
        ),
    ],
)
def test_the_advice_follows_from_how_much_of_the_header_is_known(
    tmp_path: Path, header: str, advice: str
) -> None:
    row = ",".join(["2026-10-01", *["1"] * header.count(",")])
    with pytest.raises((ExportColumns, UnknownExport), match=advice):
        reader.read(
            write(tmp_path, f"{header}\n{row}\n"), month=MONTH, platform="shipinhao"
        )


def test_unknown_header_lists_the_choices(tmp_path: Path) -> None:
    with pytest.raises(UnknownExport, match="没有认得的表头；应为快手“数据总览”、“手"):
        reader.read(write(tmp_path, "甲,乙\n1,2\n"), month=MONTH, platform="kuaishou")


def test_another_platforms_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownExport, match="表头和抖音“作品列表”的一样"):
        reader.read(TWINS / "douyin/works.xlsx", month=MONTH, platform="bilibili")


def test_a_file_is_not_said_to_be_anothers_for_some_of_its_columns(
    tmp_path: Path,
) -> None:
    # Columns of the list of works, but not all that it must have.
    few = ",".join(WORKS.split(",")[:2])
    with pytest.raises((ExportColumns, UnknownExport)) as refused:
        reader.read(write(tmp_path, few + "\n甲,1\n"), month=MONTH, platform="bilibili")

    assert "的一样" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param(WORKS + ",播放量", "列名重复：播放量", id="same name twice"),
        pytest.param(WORKS + ",发布状态", "同一列的两种写法", id="two aliases"),
    ],
)
def test_repeated_headers_are_refused(
    tmp_path: Path, header: str, message: str
) -> None:
    with pytest.raises(ExportColumns, match=message):
        reader.read(write(tmp_path, header + "\n"), month=MONTH)


def test_equal_fit_is_refused_and_settled_by_the_platform(tmp_path: Path) -> None:
    # Both any-metric layouts know two of these columns.
    path = write(tmp_path, "date,totalReadCount,view\n2026-10-01,5,5\n")

    with pytest.raises(ExportColumns, match=r"同样符合几种导出：贴吧.*微博"):
        reader.read(path, month=MONTH)
    assert reader.read(path, month=MONTH, platform="weibo").layout == "weibo.daily"


def test_what_was_only_heard_of_never_beats_what_was_seen() -> None:
    path = TWINS / "xigua/videos.xlsx"

    assert reader.read(path, month=MONTH).layout == "toutiao.videos"
    assert reader.read(path, month=MONTH, platform="xigua").layout == "xigua.videos"


def test_a_further_dimension_is_not_a_day_of_the_account(tmp_path: Path) -> None:
    path = write(tmp_path, "Date,Zodiac sign,Views\n2026-10-01,Aries,5\n")

    with pytest.raises(ExportColumns, match="“Totals”，多出列：Zodiac sign"):
        reader.read(path, month=MONTH, platform="youtube")


def test_a_metric_a_sheet_needs_the_sheet_that_says_whose(tmp_path: Path) -> None:
    path = tmp_path / "export.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("观看趋势")
        sheet.write_row(0, 0, ["日期", "数值"])
        sheet.write_row(1, 0, ["2026年10月01日", 5])

    with pytest.raises(ExportColumns, match="“近30日数据”，缺少表：账号总体观看数据"):
        reader.read(path, month=MONTH, platform="xiaohongshu")


def test_sheets_of_one_note_are_not_the_accounts() -> None:
    export = reader.read(TWINS / "xiaohongshu/note.xlsx", month=MONTH)

    assert not export.daily
    assert {line.fate for line in export.ledger} == {"note"}


def test_tables_beside_each_other_have_a_ledger_each() -> None:
    export = reader.read(TWINS / "gongzhonghao/tendency.xls", month=MONTH)

    fates = {
        block: [line.fate for line in export.ledger if line.block == block]
        for block in range(3)
    }
    assert not export.daily
    assert fates == {
        0: ["preamble", "header", "total", "note", "note", "total", "note"],
        1: ["blank", "header", "note", "note", "blank", "blank", "blank"],
        2: ["blank", "header", "total", "note", "note", "blank", "blank"],
    }


def test_what_is_known_and_not_counted_is_told_once() -> None:
    export = reader.read(TWINS / "gongzhonghao/article.xls", month=MONTH)

    assert [(problem.level, problem.what) for problem in export.findings] == [
        ("note", "认得，没有计入：一篇文章的数，不是账号的；文章的次数在“已通知内容”里")
    ]


def test_big5_is_named_where_nothing_is_known(tmp_path: Path) -> None:
    text = "日期,標題,發布時間,瀏覽次數\n2026-10-01,範例,2026-10-01,5\n"

    with pytest.raises(UnknownExport, match="像是Big5"):
        reader.read(write(tmp_path, text, "big5"), month=MONTH)
    other = "甲方名称,乙方名称,丙方名称\n1,2,3\n"
    with pytest.raises(UnknownExport, match="没有认得的表头") as refusal:
        reader.read(write(tmp_path, other, "gb18030"), month=MONTH)
    assert "Big5" not in str(refusal.value)


def test_unmapped_columns_are_told_not_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "日期,总粉丝量,新指标\n2026-10-01,5,6\n")
    export = reader.read(path, month=MONTH)

    assert [row.value for row in export.daily] == [5]
    assert any("没有用到的列：新指标" in str(problem) for problem in export.findings)
    assert {problem.level for problem in export.findings} == {"note"}


def test_a_shorter_list_of_the_same_posts_contradicts_nothing(tmp_path: Path) -> None:
    row = "示例,2026-10-02 08:00:00,视频,公开,9,0.5,1,0,0,0"
    short = "示例,2026-10-02 08:00:00,9,0.4,0.2,8.2"
    head = "作品名称,发布时间,播放量,5s完播率,2s跳出率,平均播放时长"
    both = []
    for name, text in (("a", f"{head}\n{short}"), ("b", f"{WORKS}\n{row}")):
        (tmp_path / name).mkdir()
        export = reader.read(write(tmp_path / name, f"{text}\n"), month=MONTH)
        both.append(File(source=name, account="a", month=MONTH, export=export))
    cleaned = Cleaning(both, {}, ()).cleaned

    assert not cleaned.posts_conflicts
    assert [post.row.metrics["likes"] for post in cleaned.posts] == [1]


def test_header_only_is_told(tmp_path: Path) -> None:
    export = reader.read(write(tmp_path, "日期,总粉丝量\n"), month=MONTH)

    assert not export.daily
    assert [str(problem) for problem in export.findings] == [
        "export.csv：只有表头，没有数据。确认时间段后重新导出。"
    ]


# --------------------------------------------------------------------- values


def one_day(folder: Path, value: str, day: str = "2026-10-01") -> Export:
    out = io.StringIO()
    csv.writer(out).writerows([["日期", "播放量", "总粉丝量"], [day, value, "7"]])
    return reader.read(write(folder, out.getvalue()), month=MONTH)


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("12,345", 12345),
        ("１２３", 123),
        ("1.2万", 12000),
        ("3.5w", 35000),
        ("3千", 3000),
        ("3.4亿", 340_000_000),
        ("10万+", 100_000),
        ("33.0", 33),
        ("0", 0),
        ("1\u00a0234", 1234),
        ("1\u202f234\u202f567", 1_234_567),
        ("56次", 56),
        ("1.2万人次", 12_000),
        ('="1234"', 1234),
        ("'1234", 1234),
        ("\t1234", 1234),
    ],
)
def test_numbers_with_units(tmp_path: Path, written: str, value: float) -> None:
    export = one_day(tmp_path, written)

    row = next(row for row in export.daily if row.metric == "views")
    assert (row.value, row.censored) == (value, written.endswith("+"))


@pytest.mark.parametrize(
    "written",
    ["-", "--", "—", "", "null", "N/A", "无数据", "***", "#N/A", "NaN", "/"],
)
def test_missing_is_never_zero(tmp_path: Path, written: str) -> None:
    export = one_day(tmp_path, written)

    assert [row.metric for row in export.daily] == ["followers"]
    assert [row.fate for row in export.ledger] == ["header", "kept"]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        pytest.param("约1.2万", "不是数", id="about"),
        pytest.param("1e3", "不是数", id="scientific"),
        pytest.param("1_000", "不是数", id="underscore"),
        pytest.param("١٢", "不是数", id="arabic-indic"),
        pytest.param("1²", "上标", id="superscript"),
        pytest.param("\u202e54321", "改变文字方向", id="shown in another direction"),
        pytest.param("1,23", "不是数", id="comma in the wrong place"),
        pytest.param("12.5", "不是整数", id="half a view"),
        pytest.param("-3", "不可能是负数", id="negative"),
        pytest.param("9" * 20, "大得不可能", id="too large"),
        pytest.param("=1+1", "不是数", id="formula"),
        pytest.param("12%", "不是数", id="percent"),
    ],
)
def test_a_cell_that_is_anything_else_takes_out_its_own_value(
    tmp_path: Path, written: str, reason: str
) -> None:
    export = one_day(tmp_path, written)
    row = export.ledger[1]

    assert [(row.metric, row.value) for row in export.daily] == [("followers", 7)]
    assert (row.fate, row.column, row.raw) == ("partial", "播放量", written)
    assert reason in row.reason
    assert any(problem.level == "warning" for problem in export.findings)


def test_a_row_without_a_sound_value_is_out_with_all_its_reasons(
    tmp_path: Path,
) -> None:
    text = "日期,播放量,总粉丝量\n2026-10-01,约3,-8\n2026-10-02,5,9\n"
    export = reader.read(write(tmp_path, text), month=MONTH)

    assert {row.date.day for row in export.daily} == {2}
    row = export.ledger[1]
    assert (row.fate, row.column, row.raw) == (
        "quarantined",
        "播放量、总粉丝量",
        "约3、-8",
    )
    assert "不是数" in row.reason
    assert "不可能是负数" in row.reason


def test_a_post_keeps_what_can_be_read_of_it(tmp_path: Path) -> None:
    text = (TWINS / "shipinhao/posts.csv").read_text(encoding="utf-8-sig")
    broken = text.replace('"32.50秒",413,', '"32.50秒",约3,')
    before = reader.read(write(tmp_path, text), month=MONTH, platform="shipinhao")
    after = reader.read(write(tmp_path, broken), month=MONTH, platform="shipinhao")

    assert len(after.posts) == len(before.posts)
    metrics = dict(before.posts[0].metrics)
    del metrics["views"]
    assert after.posts[0].metrics == metrics


@pytest.mark.parametrize(
    ("written", "value", "step"),
    [("1.2万", 12_000, 1_000), ("1.20万", 12_000, 100), ("3千", 3_000, 1_000),
     ("12000", 12_000, 0)],
)  # fmt: skip
def test_what_the_source_rounds_keeps_its_step(
    tmp_path: Path, written: str, value: float, step: float
) -> None:
    row = next(r for r in one_day(tmp_path, written).daily if r.metric == "views")

    assert (row.value, row.rounded) == (value, step)


def test_an_invisible_character_in_a_number_is_told(tmp_path: Path) -> None:
    export = one_day(tmp_path, "1\u200b23")

    assert {row.value for row in export.daily if row.metric == "views"} == {123}
    assert any("看不见的字符" in str(problem.what) for problem in export.findings)


# ---------------------------------------------------------- headers, and more


def columns_of(folder: Path, text: str, platform: str = "douyin") -> dict[str, float]:
    export = reader.read(write(folder, text), month=MONTH, platform=platform)
    return {row.metric: row.value for row in export.daily}


@pytest.mark.parametrize(
    ("text", "values"),
    [
        pytest.param(
            "日期,播放量(万),总粉丝量（人）\n2026-10-01,1.2,7\n",
            {"views": 12_000, "followers": 7},
            id="units in headers",
        ),
        pytest.param(
            "日期,播放量,播放量(万)\n2026-10-01,12345,1.2\n",
            {"views": 12_345},
            id="the header that is declared comes first",
        ),
        pytest.param(
            "日期,播放量,總粉絲量\n2026-10-01,5,7\n",
            {"views": 5, "followers": 7},
            id="traditional characters",
        ),
        pytest.param(
            "日期|播放量|总粉丝量\n2026-10-01|1,234|7\n",
            {"views": 1234, "followers": 7},
            id="bars between cells",
        ),
        pytest.param(
            ",播放,总粉丝\n日期,量,量\n2026-10-01,5,7\n",
            {"views": 5, "followers": 7},
            id="header over two rows",
        ),
    ],
)
def test_headers_in_their_forms(
    tmp_path: Path, text: str, values: dict[str, float]
) -> None:
    assert columns_of(tmp_path, text) == values


def test_a_group_over_headers_says_what_they_mean_and_is_not_dropped(
    tmp_path: Path,
) -> None:
    text = "日期,近七天,\n,播放量,总粉丝量\n2026-10-01,5,7\n"
    with pytest.raises((ExportColumns, UnknownExport)):
        columns_of(tmp_path, text)


def test_a_second_header_begins_a_table_of_its_own(tmp_path: Path) -> None:
    text = (
        "日期,播放量\n2026-10-01,5\n2026-10-02,6\n"
        "\n"
        "日期,总粉丝量\n2026-10-01,700\n2026-10-02,701\n"
    )
    export = reader.read(write(tmp_path, text), month=MONTH, platform="douyin")

    values = [(row.metric, row.date.day, row.value) for row in export.daily]
    assert values == [
        ("views", 1, 5),
        ("views", 2, 6),
        ("followers", 1, 700),
        ("followers", 2, 701),
    ]
    assert len(export.ledger) == 7


def test_a_post_of_words_alone_begins_no_table(tmp_path: Path) -> None:
    header, first, *rest = (
        (TWINS / "weibo/posts.csv").read_text(encoding="utf-8-sig").splitlines()
    )
    words = ",".join(["某条" if at < 2 else "-" for at in range(header.count(",") + 1)])
    names = header.split(",")
    missing = words.split(",")
    missing[names.index("createTimeText")] = "-"
    text = "\n".join([header, ",".join(missing), first, *rest, ""])
    export = reader.read(write(tmp_path, text), month=MONTH, platform="weibo")

    assert len(export.posts) == len(twin("weibo.posts", "weibo/posts.csv").posts)


def test_a_second_table_that_is_not_known_is_told_and_not_read(tmp_path: Path) -> None:
    text = "日期,播放量\n2026-10-01,5\nDate,Applause\n2026-10-02,999\n"
    export = reader.read(write(tmp_path, text), month=MONTH, platform="douyin")

    assert [(row.metric, row.value) for row in export.daily] == [("views", 5)]
    assert [row.fate for row in export.ledger] == ["header", "kept", "header", "note"]
    (told,) = [problem for problem in export.findings if problem.level != "note"]
    assert "第3行起是另一张表（表头：Date、Applause）" in str(told.what)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-10-05", 5),
        ("20261005", 5),
        ("2026/10/5", 5),
        ("2026.10.05", 5),
        ("2026年10月5日", 5),
        ("2026-10-05 00:00:00", 5),
        ("10月5日", 5),
        ("10/25/2026", 25),
        ("25/10/2026", 25),
        ("2026年10月05日 00时", 5),
        ("2026-10-05(周一)", 5),
        ("10月5日（星期一）", 5),
        ("2026-10-05T23:30:00+08:00", 5),
        ("2026-10-04T16:00:00Z", 5),
        ("46300", 5),
        ("46300.75", 5),
        ('="2026-10-05"', 5),
        ("'2026-10-05", 5),
        ("October 5", 5),
        ("Oct 5, 2026", 5),
        ("5 Oct 2026", 5),
        ("5 de octubre", 5),
        ("5 de octubre de 2026", 5),
    ],
)
def test_days_in_their_forms(tmp_path: Path, written: str, day: int) -> None:
    export = one_day(tmp_path, "1", written)

    assert {row.date for row in export.daily} == {date(2026, 10, day)}


@pytest.mark.parametrize(
    "written",
    [
        "2026-13-01",
        "2026-10-32",
        "9月5日",
        "01/02/2026",
        "2026-10-05(周二)",
        "5 de marzo",
        "2026-10-01 ~ 2026-10-31",
    ],
)
def test_days_that_cannot_be_told_go_to_quarantine(
    tmp_path: Path, written: str
) -> None:
    export = one_day(tmp_path, "1", written)

    assert [row.fate for row in export.ledger] == ["header", "quarantined"]
    assert export.ledger[1].column == "日期"


def test_one_order_of_month_and_day_holds_for_the_file(tmp_path: Path) -> None:
    days = ["10/13/2026", "10/02/2026", "09/10/2026", "13/45/2026"]
    rows = "".join(f"{day},{at}\n" for at, day in enumerate(days))
    export = reader.read(write(tmp_path, f"日期,总粉丝量\n{rows}"), month=MONTH)

    # By itself 09/10/2026 would be the 9th of October.
    assert [row.date for row in export.daily] == [
        date(2026, 10, 13),
        date(2026, 10, 2),
        date(2026, 9, 10),
    ]
    assert export.ledger[-1].fate == "quarantined"


def test_seconds_since_1970_only_where_declared(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    path = write(tmp_path, "日期,群总人数\n1790784000,5\n")
    other = write(tmp_path / "other", "日期,总粉丝量\n1790784000,5\n")

    export = reader.read(path, month=MONTH, platform="shequn")
    refused = reader.read(other, month=MONTH, platform="douyin")
    assert [row.date for row in export.daily] == [date(2026, 10, 1)]
    assert [line.fate for line in refused.ledger] == ["header", "quarantined"]


def test_below_a_threshold_is_missing_and_told(tmp_path: Path) -> None:
    row = "示例,2026-10-02 08:00:00,视频,公开,9,<0.1%,1,0,0,0"
    export = reader.read(write(tmp_path, f"{WORKS}\n{row}\n"), month=MONTH)

    assert export.posts[0].metrics["views"] == 9
    assert "completion_rate" not in export.posts[0].metrics
    assert any("按缺数处理" in problem.what for problem in export.findings)


def test_conflicting_days_of_one_file_are_both_returned(tmp_path: Path) -> None:
    text = "日期,总粉丝量\n2026-10-01,5\n2026-10-01,6\n2026-10-01,5\n"
    export = reader.read(write(tmp_path, text), month=MONTH)

    assert [row.value for row in export.daily] == [5, 6]
    assert [row.fate for row in export.ledger] == [
        "header", "kept", "kept", "duplicate"
    ]  # fmt: skip


def test_daily_figures_that_never_fall_are_suspected_to_be_levels(
    tmp_path: Path,
) -> None:
    rows = "".join(f"2026-10-{day:02},{100 * day}\n" for day in range(1, 12))
    export = reader.read(write(tmp_path, f"日期,播放量\n{rows}"), month=MONTH)

    assert [(problem.level, problem.what) for problem in export.findings] == [
        ("warning", "“阅读/播放”每天都比前一天多，像是累计数而不是当天的数")
    ]


@pytest.mark.parametrize(
    ("line", "fate"),
    [
        pytest.param("合计,5", "total", id="total"),
        pytest.param(",5,合计", "total", id="total beyond the header"),
        pytest.param("总计：,5", "total", id="total with a colon"),
        pytest.param("累计（2026-10-01至2026-10-31）,5", "total", id="total of a span"),
        pytest.param(",", "blank", id="blank"),
        pytest.param("注：数据每日12点更新,", "note", id="note"),
        pytest.param("日期,总粉丝量", "header", id="header again"),
        pytest.param("2026-10-02", "quarantined", id="cut short"),
        pytest.param("2026-10-02,5,6", "quarantined", id="too wide"),
    ],
)
def test_fates_of_rows_that_are_no_data(tmp_path: Path, line: str, fate: str) -> None:
    text = f"日期,总粉丝量\n2026-10-01,5\n{line}\n"
    export = reader.read(write(tmp_path, text), month=MONTH)

    assert [row.value for row in export.daily] == [5]
    assert [row.fate for row in export.ledger] == ["header", "kept", fate]


def test_a_day_of_any_month_is_kept(tmp_path: Path) -> None:
    text = "日期,总粉丝量\n2026-10-01,5\n2026-09-30,4\n2026-09-29,\n"
    export = reader.read(write(tmp_path, text), month=MONTH)

    assert [row.value for row in export.daily] == [5, 4]
    assert [(row.fate, row.day and row.day.day) for row in export.ledger] == [
        ("header", None),
        ("kept", 1),
        ("kept", 30),
        ("kept", 29),
    ]


@pytest.mark.parametrize("word", ["合计", "Total", "总计："])
def test_a_word_of_a_sum_first_in_an_undated_row_is_a_total(
    tmp_path: Path, word: str
) -> None:
    text = f"总粉丝量,备注,日期\n5,,2026-10-01\n{word},5,\n{word},5,2026-10-02\n"
    export = reader.read(write(tmp_path, text), month=MONTH)

    # With a day it is no sum of the others, and no number either.
    assert [row.fate for row in export.ledger] == [
        "header", "kept", "total", "quarantined"
    ]  # fmt: skip
    posts = f"{WORKS}\n{word},,,,9,,9,9,9,9\n"
    (undated,) = reader.read(write(tmp_path, posts), month=MONTH).ledger[1:]
    assert (undated.fate, undated.raw) == ("total", word)


@pytest.mark.parametrize(
    ("first", "fate"),
    [
        pytest.param("合计", "total", id="the sum stands where the day does"),
        pytest.param("2026-10-02", "kept", id="a post that is called so"),
    ],
)
def test_a_word_of_a_sum_beside_a_date(tmp_path: Path, first: str, fate: str) -> None:
    head = WORKS.replace("作品名称,发布时间", "发布时间,作品名称")
    text = f"{head}\n{first},合计,视频,公开,9,,9,9,9,9\n"
    (row,) = reader.read(write(tmp_path, text), month=MONTH).ledger[1:]

    assert row.fate == fate


def test_a_picture_post_has_no_completion_rate() -> None:
    export = reader.read(TWINS / "douyin/works.xlsx", month=MONTH)

    rated = {post.kind: "completion_rate" in post.metrics for post in export.posts}
    assert rated == {"video": True, "article": False}


def test_days_of_download_are_told_by_the_layout() -> None:
    true = reader.read(TWINS / "baijiahao/articles.xlsx", month=MONTH)
    false = reader.read(TWINS / "toutiao/works.xlsx", month=MONTH)
    known = layouts()

    assert true.created == date(2026, 11, 1)
    assert known[true.layout].properties_dates_true
    assert false.created == date(2006, 9, 16)
    assert not known[false.layout].properties_dates_true


# --------------------------------------------------------------- declarations


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
            for part in parts
        ]
        return sum(
            weight * part
            for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
        )

    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def test_platforms_are_told_apart_and_readable() -> None:
    declared = list(platforms().values())

    assert len({platform.seal for platform in declared}) == len(declared)
    assert min(contrast(platform.light, "#fcfbf8") for platform in declared) >= 4.5
    assert min(contrast(platform.dark, "#16181a") for platform in declared) >= 4.5


def test_platforms_of_the_plan_come_first_and_in_order() -> None:
    named = [platform.name for platform in platforms().values()]

    assert named[:10] == [
        "公众号", "头条号", "百家号", "企鹅号", "搜狐号", "知乎",
        "抖音", "快手", "B站", "西瓜视频",
    ]  # fmt: skip


def test_layouts_map_only_metrics_of_the_catalogue() -> None:
    for layout in layouts().values():
        assert set(layout.metrics) <= METRICS.keys()


# ------------------------------------------------------------------ properties

NAMES = {"播放量": "views", "作品点赞": "likes", "总粉丝量": "followers"}


@settings(deadline=None)  # the machine may be busy
@given(
    table=st.lists(
        st.tuples(*[st.none() | st.integers(0, 10**9) for _ in NAMES]),
        min_size=1,
        max_size=31,
    ),
    order=st.randoms(use_true_random=False),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]),
    delimiter=st.sampled_from([",", "\t", ";"]),
    grouped=st.booleans(),
)
def test_a_daily_table_reads_back_equal(
    tmp_path_factory: pytest.TempPathFactory,
    table: list[tuple[int | None, ...]],
    order: random.Random,
    encoding: str,
    delimiter: str,
    grouped: bool,
) -> None:
    first = date(2026, 10, 1)
    rows = {first + timedelta(days=at): row for at, row in enumerate(table)}
    columns = ["日期", *NAMES]
    order.shuffle(columns)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(columns)
    days = list(rows)
    order.shuffle(days)
    for day in days:
        cells = dict(zip(NAMES, rows[day], strict=True))
        text = {
            name: "-" if value is None else f"{value:,}" if grouped else str(value)
            for name, value in cells.items()
        }
        writer.writerow([{"日期": f"{day}", **text}[name] for name in columns])
    path = write(tmp_path_factory.mktemp("daily"), out.getvalue(), encoding)

    export = reader.read(path, month=MONTH)

    expected = {
        (day, metric, value)
        for day, row in rows.items()
        for metric, value in zip(NAMES.values(), row, strict=True)
        if value is not None
    }
    assert {(row.date, row.metric, row.value) for row in export.daily} == expected
    assert len(export.ledger) == len(rows) + 1
