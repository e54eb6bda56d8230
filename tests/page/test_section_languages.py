"""Goals, settlement, sources and the team's page in three languages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kpi_lib import page
from kpi_lib.errors import Problem
from kpi_lib.files.declarations import MANUAL, layouts
from kpi_lib.language import LANGUAGES, Sentence, speaking
from tests.pages import text_of

CHINESE = re.compile("[\u3400-\u9fff]")
PARTS: dict[str, Any] = {
    "campaigns": page.campaigns,
    "quotas": page.quotas,
    "next_month": page.next_month,
    "settled": page.settled,
    "counted": page.counted,
    "sources": page.sources,
    "fates": lambda m: page.fates(m.ledger, m.accounts),
    "quarantine": lambda m: page.quarantine(m.ledger),
    "files": lambda m: page.files(
        m.files, [("sph-01", "manual"), ("none", "manual")], m.accounts
    ),
    "arrival": lambda m: page.arrival(
        pd.DataFrame(
            {
                "account": ["sph-01", "sph-01"],
                "date": pd.to_datetime(["2026-10-01", "2026-10-02"]),
                "state": ["present", "missing"],
            }
        ),
        m.accounts,
        m.calendar,
    ),
    "compare": lambda m: page.compare(m.monthly, m.month, m.accounts),
    "findings": lambda m: page.findings(
        [Problem(what=Sentence("文件是空的"), do=Sentence("对照后台改正后重新导出"))]
    ),
    "team_header": lambda m: page.team_header([m.card], ["op-2"], m.month),
    "team_scores": lambda m: page.team_scores([m.card], ["op-2"]),
    "team_grades": lambda m: page.team_grades([m.card]),
    "team_items": lambda m: page.team_items([m.card]),
    "team_money": lambda m: page.team_money([m.card]),
    "team_evidence": lambda m: page.team_evidence([m.card]),
    "team_missing": lambda m: page.team_missing(["op-2"]),
    "team_files": lambda m: page.team_files([m.card], ["op-01"]),
}


def words(value: Any) -> set[str]:
    """Return every text of a card or of a frame: what is data on the page."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return set().union(*map(words, value))
    return {str(value)} if CHINESE.search(str(value)) else set()


@pytest.mark.parametrize("part", PARTS)
def test_english_has_no_chinese_but_data(part: str, month: Any) -> None:
    with speaking("en"):
        text = text_of(str(PARTS[part](month)))
    data = words(month.card)
    data |= {one.name for one in (*month.worklog.campaigns, *month.accounts)}
    data |= {one.name for one in month.platforms.values()}
    data |= {str(cell) for cell in month.ledger[["raw", "column"]].to_numpy().ravel()}
    data |= {"说明.txt", "约1.2万"}
    # What the rules quote: cells, and the name of a sheet.
    data |= {"1.2万", "10万+", "确认", "无"}
    data |= {one.not_held for one in month.worklog.campaigns}
    data |= {Path(source).name for source in month.files["source"]}
    data |= {one.name for one in layouts().values() if one.id != MANUAL}
    for name in sorted(data - {""}, key=len, reverse=True):
        text = text.replace(name, "")

    assert CHINESE.findall(text) == []


@pytest.mark.parametrize(
    ("part", "titles"),
    [
        pytest.param(
            "campaigns",
            ("应办活动1场，已办2场", "應辦活動1場，已辦2場", "1 campaign due, 2 held"),
            id="campaigns",
        ),
        pytest.param(
            "quotas",
            ("4周中3周完成", "4週中3週完成", "in 3 of 4 weeks"),
            id="quotas",
        ),
        pytest.param(
            "next_month",
            ("建议的11月目标", "建議的11月目標", "Proposed targets for Nov"),
            id="next month",
        ),
        pytest.param(
            "settled",
            (
                "平台导出数据",
                "平臺導出數據",
                "rest on platform exports",
            ),
            id="settled",
        ),
        pytest.param(
            "counted", ("未计入52行", "未計入52行", "rows counted"), id="counted"
        ),
        pytest.param(
            "fates", ("每行都有去向", "每行都有去向", "each accounted for"), id="fates"
        ),
        pytest.param(
            "quarantine",
            (
                "行无法识别，已隔离，未计入",
                "行無法識別，已隔離，未計入",
                "could not be read",
            ),
            id="quarantine",
        ),
        pytest.param("team_header", ("人有评分", "人有評分", "rated"), id="team"),
    ],
)
def test_titles_in_three_languages(
    part: str, titles: tuple[str, str, str], month: Any
) -> None:
    for language, title in zip(LANGUAGES, titles, strict=True):
        with speaking(language):
            assert title in text_of(str(PARTS[part](month)))
