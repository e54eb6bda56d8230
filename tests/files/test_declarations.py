"""Declarations refuse what they cannot mean."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from pydantic import ValidationError
from ruamel.yaml import YAML

import kpi_lib
from kpi_lib.catalogue import METRICS, entries
from kpi_lib.files.declarations import Column, Layout, header_key, layouts
from kpi_lib.language import catalogue

DATE = Column(kind="date", source=("日期",))
COUNT = Column(kind="count", source=("播放量",))


def layout(grain: str, **columns: Column) -> Layout:
    return Layout.model_validate(
        {
            "id": "examplevideo.daily",
            "platform": "examplevideo",
            "name": "示例",
            "grain": grain,
            "confirmed": False,
            "columns": columns,
        }
    )


def test_headers_hold_aliases_and_ignored_ones() -> None:
    declared = layout("daily", date=DATE, views=COUNT)

    assert declared.headers == {"日期", "播放量"}
    assert declared.metrics == ("views",)


@pytest.mark.parametrize(
    ("grain", "columns", "message"),
    [
        pytest.param(
            "daily", {"date": DATE, "plays": COUNT}, "没有“plays”", id="metric"
        ),
        pytest.param(
            "daily",
            {"date": DATE, "revenue:shop": COUNT},
            "没有“revenue:shop”",
            id="stream",
        ),
        pytest.param(
            "daily",
            {"date": DATE, "completion_rate": COUNT},
            "是比率",
            id="ratio by day",
        ),
        pytest.param(
            "daily", {"date": DATE, "views": DATE}, "应是数", id="date for metric"
        ),
        pytest.param("posts", {"date": DATE}, "要有", id="grain"),
        pytest.param("none", {"date": DATE}, "不写columns", id="nothing counted"),
        pytest.param("none", {}, "写明why", id="nothing said"),
        pytest.param("weekly", {"date": DATE}, "grain", id="unknown grain"),
    ],
)
def test_layouts_that_cannot_be(
    grain: str, columns: dict[str, Column], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        layout(grain, **columns)


def test_what_is_known_needs_something_to_be_known_by() -> None:
    declared = {"id": "a.b", "platform": "a", "name": "示例", "grain": "none"}

    with pytest.raises(ValidationError, match="能认出它"):
        Layout.model_validate({**declared, "confirmed": True, "why": "不是指标"})


@pytest.mark.parametrize(
    ("column", "message"),
    [
        pytest.param({"kind": "count"}, "source和sum", id="no header"),
        pytest.param({"kind": "percent", "source": ["率"]}, "要写scale", id="no scale"),
        pytest.param(
            {"kind": "count", "source": ["数"], "scale": "fraction"},
            "要写scale",
            id="scale of a count",
        ),
        pytest.param(
            {"kind": "count", "source": ["数"], "epoch": "s"},
            "只有日期",
            id="epoch of a count",
        ),
        pytest.param(
            {"kind": "count", "sources": ["数"]}, "Extra inputs", id="typing error"
        ),
    ],
)
def test_columns_that_cannot_be(column: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Column.model_validate(column)


@pytest.mark.parametrize(
    "written",
    ["阅读（播放）量", " 阅读(播放)量 ", "阅读【播放】量", "阅读\u200b(播放) 量"],
)
def test_headers_are_compared_in_one_form(written: str) -> None:
    assert header_key(written) == "阅读(播放)量"


DECLARED = ("metrics.yml", "words.yml", "run/sheets.yml", "files/formats/**.yml")
"""Where a declaration of ours says something, as babel.cfg has them."""


def test_what_a_declaration_says_is_found_and_has_its_english() -> None:
    reasons = {layout.why for layout in layouts().values()}
    reasons |= {table.why for one in layouts().values() for table in one.beside}
    sentences = {
        str(message)
        for _, _, message, *_ in extract_from_dir(
            Path(kpi_lib.__file__).parent,
            [(name, "tests.declared_words:sentences_of") for name in DECLARED],
        )
    }

    assert reasons - {""} - sentences == set()
    assert {metric.zh for metric in METRICS.values()} - sentences == set()
    assert sentences - catalogue().keys() == set()


SHIPPED = Path(kpi_lib.__file__).parent


@pytest.mark.parametrize(
    "name", sorted(str(at.relative_to(SHIPPED)) for at in SHIPPED.rglob("*.yml"))
)
def test_a_shipped_file_says_the_same_to_the_reader_of_peoples_files(name: str) -> None:
    by_people = YAML(typ="safe", pure=True).load(SHIPPED / name)

    # True is no 1, and a key no yes.
    assert repr(entries.__wrapped__(name)) == repr(by_people)
