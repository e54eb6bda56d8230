"""Drafts from somebody's own file: they load, and they read the very file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from kpi_lib.errors import ExportColumns, ExportError, UnknownExport
from kpi_lib.exports import Export, learn, reader
from kpi_lib.files import Layout, declaration, declare, layouts, platforms

TWINS = Path(__file__).parents[1] / "data" / "exports"
MONTH = "2026-10"
NEW = "exampleapp"

LEARNT = [
    "gongzhonghao/notified.xls",
    "gongzhonghao/users.xls",
    "toutiao/works.xlsx",
    "toutiao/trend.xlsx",
    "toutiao/fans.xlsx",
    "baijiahao/articles.xlsx",
    "douyin/works.xlsx",
    "douyin/works_edition_b.xlsx",
    "douyin/daily_followers.csv",
    "douyin/posts_daily.csv",
    "bilibili/compare.csv",
    "bilibili/history.csv",
    "shipinhao/posts.csv",
    "shipinhao/posts_19_columns.csv",
    "shipinhao/daily.csv",
    "xiaohongshu/notes.xlsx",
    "youtube/totals_views.csv",
    "zhihu/daily.xls",
]


def use(text: str) -> Layout:
    """Put a draft beside the declarations, as a file of data/formats/ stands."""
    drafted = declaration(text)
    declare([drafted])
    (layout,) = drafted.named.values()
    return layout


@pytest.fixture(autouse=True)
def _nothing_own() -> Iterator[None]:
    yield
    declare(())


def days(export: Export) -> dict[tuple[object, ...], float]:
    return {(row.date, row.metric, row.part): row.value for row in export.daily}


def counters(export: Export) -> dict[tuple[int, str], float]:
    return {
        (post.row, metric): value
        for post in export.posts
        for metric, value in post.metrics.items()
    }


@pytest.mark.parametrize("name", LEARNT)
def test_a_draft_reads_the_file_it_was_learnt_from(
    name: str,
) -> None:
    true = reader.read(TWINS / name, month=MONTH)
    text = learn.draft(TWINS / name, platform=NEW)
    layout = use(text)
    # Of several columns that are added elsewhere the draft takes one, and says so.
    partly = set(re.findall(r"也像(\w+)，已取", text))
    drafted = reader.read(TWINS / name, month=MONTH, platform=NEW)

    assert layout.grain == layouts()[true.layout].grain
    assert not layout.confirmed
    assert drafted.layout == layout.id
    assert len(drafted.ledger) == len(true.ledger)
    for values in (days, counters):
        expected, found = values(true), values(drafted)
        common = expected.keys() & found.keys()
        both = {key for key in common if not partly & {*map(str, key)}}
        assert both or not expected
        assert {key: found[key] for key in both} == {key: expected[key] for key in both}


@pytest.mark.parametrize("name", LEARNT)
def test_every_guess_is_marked(name: str) -> None:
    text = learn.draft(TWINS / name, platform=NEW)
    guesses = [line for line in text.splitlines() if "source:" in line or "- " in line]

    assert len(guesses) > 2
    assert [
        line
        for line in guesses
        if not re.search(r"  # 待确认：\S", line) and "- id:" not in line
    ] == []


def test_a_draft_is_the_same_each_time() -> None:
    path = TWINS / "douyin" / "works.xlsx"

    assert learn.draft(path, platform=NEW) == learn.draft(path, platform=NEW)


def write(folder: Path, text: str) -> Path:
    path = folder / "export.csv"
    path.write_text(text, encoding="utf-8")
    return path


FOREIGN = (
    "某应用数据导出,,,,,\n"
    "统计日期,总曝光量,完播比例,新指标,联系电话,成交额(分)\n"
    "2026-10-01,1.2万,12.5%,-,13800000000,1000\n"
    "2026-10-02,300,40%,3.5星,13800000001,2050\n"
)


def test_unknown_names_are_guessed_or_left(
    tmp_path: Path,
) -> None:
    path = write(tmp_path, FOREIGN)
    with pytest.raises(UnknownExport, match="kpi formats learn"):
        reader.read(path, month=MONTH, platform="kuaishou")
    text = learn.draft(path, platform=NEW)
    layout = use(text)
    export = reader.read(path, month=MONTH, platform=NEW)

    assert "表头在第2行" in text
    assert layout.metrics == ("impressions",)
    assert layout.ignore == ("完播比例", "新指标", "联系电话", "成交额(分)")
    assert "1380000" not in text
    assert [row.value for row in export.daily] == [12000, 300]


@pytest.mark.parametrize(
    ("cells", "settings"),
    [
        pytest.param(["0.5", "1", "0"], {"scale": "fraction"}, id="fraction"),
        pytest.param(["24.5", "100"], {"scale": "percent_number"}, id="number"),
        pytest.param(["24.5%", "0%"], {"scale": "text_percent"}, id="sign"),
        pytest.param(
            ["24.5", "-1"],
            {"scale": "percent_number", "missing": ("-1",)},
            id="-1 is none",
        ),
    ],
)
def test_scales_are_told_by_the_values(
    tmp_path: Path, cells: list[str], settings: dict[str, object]
) -> None:
    rows = "".join(f"甲,2026-10-0{at},{c}\n" for at, c in enumerate(cells, 1))
    text = learn.draft(write(tmp_path, f"标题,发布时间,完播率\n{rows}"), platform=NEW)
    (layout,) = declaration(text).layouts
    column = layout.columns["completion_rate"]

    assert {name: getattr(column, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        pytest.param("1,2\n3,4\n", UnknownExport, "像表头的一行", id="no header"),
        pytest.param(
            "日期,播放量,播放量\n2026-10-01,1,2\n",
            ExportColumns,
            "列名重复：播放量",
            id="repeated",
        ),
        pytest.param("甲,乙\n1,2\n", UnknownExport, "没有一列是日期", id="no date"),
    ],
)
def test_what_cannot_be_learnt(
    tmp_path: Path, text: str, error: type[ExportError], message: str
) -> None:
    with pytest.raises(error, match=message):
        learn.draft(write(tmp_path, text), platform=NEW)


def test_a_header_without_rows_is_learnt_by_name(tmp_path: Path) -> None:
    text = learn.draft(write(tmp_path, "日期,播放量\n"), platform=NEW)
    (layout,) = declaration(text).layouts

    assert set(layout.columns) == {"date", "views"}


def test_odd_names_stay_yaml(tmp_path: Path) -> None:
    head = '日期,"a: [b]","#1",\'x\',"- y","多\n行","\x7f"'
    path = write(tmp_path, f"{head}\n2026-10-01,1,1,1,1,1,1\n")
    text = learn.draft(path, platform=NEW)
    (layout,) = declaration(text).layouts

    assert layout.ignore == ("a: [b]", "#1", "'x'", "- y", "多\n行", "\x7f")


def test_a_platform_is_named_by_its_id_or_name(tmp_path: Path) -> None:
    path = write(tmp_path, FOREIGN)
    text = learn.draft(path, platform="快手")

    assert platforms()["kuaishou"].label == declaration(text).label
    assert "存为data/formats/kuaishou.yml" in text
    assert "seal" not in text
    with pytest.raises(ExportError, match="没有“某应用”这个平台"):
        learn.draft(path, platform="某应用")


def test_a_file_that_is_known_already_is_told() -> None:
    text = learn.draft(TWINS / "toutiao/fans.xlsx", platform="toutiao")

    assert "已经认得，是toutiao.fans" in text
    assert "- id: daily" in text


def test_days_with_several_rows_and_other_tables_are_told(tmp_path: Path) -> None:
    text = "日期,播放量,来源\n2026-10-01,1,甲\n2026-10-01,2,乙\n2026-10-02,3,甲\n"
    below = "\n地区,占比\n北京,10%\n"
    told = learn.draft(write(tmp_path, text + below), platform=NEW)

    assert "2026-10-01等1天各有几行" in told
    assert "第6行像另一张表的表头" in told
    alone = learn.draft(write(tmp_path, "日期,新数\n2026-10-01,1\n"), platform=NEW)
    assert "# 注意" not in alone


def test_the_total_of_followers_is_no_unknown_word(tmp_path: Path) -> None:
    path = write(
        tmp_path, "日期,关注者总数,关注者变化\n2026-10-01,9,1\n2026-10-02,8,-1\n"
    )
    (layout,) = declaration(learn.draft(path, platform=NEW)).layouts

    assert layout.metrics == ("followers", "net_follows")
