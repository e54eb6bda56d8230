"""Stored sentences of the cleaning come out in the language of the page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kpi_lib.files.declarations import layouts
from kpi_lib.files.tables import REFUSALS
from kpi_lib.inputs import everything
from kpi_lib.language import speaking
from kpi_lib.months import arrivals, findings
from kpi_lib.months.contradictions import DO, KINDS
from kpi_lib.months.stored import retold
from kpi_lib.workspace import Workspace
from tests.exports.test_reader import GOLDEN, twin

CHINESE = re.compile("[\u3400-\u9fff]")
HERE = Path(__file__).parents[1]


def left_over(text: str, data: set[str]) -> str:
    """Return the Chinese that is left of a sentence beside quoted and named data."""
    with speaking("en"):
        said = retold(text)
    for name in sorted(data, key=len, reverse=True):
        said = said.replace(name, "")
    return said if CHINESE.search(re.sub("“[^”]*”", "", said)) else ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "2026-10-14的新增关注有不同的值，未计",
            "New followers of 2026-10-14 has different values; not counted",
            id="metric",
        ),
        pytest.param(
            "第3、7行“播放量”“约1万”不是数，整行没有计入",
            "row 3, 7, “播放量”: “约1万” is not a number; the whole row is not counted",
            id="reason in a finding",
        ),
        pytest.param(
            "已选定2026-10-02/历史累计数据趋势.csv第11行",
            "row 11 of 2026-10-02/历史累计数据趋势.csv was chosen",
            id="file",
        ),
        pytest.param("示例的话，没有样板", "示例的话，没有样板", id="none fits"),
    ],
)
def test_values_stay_and_sentences_are_said(text: str, said: str) -> None:
    with speaking("en"):
        assert said == retold(text)


def test_chinese_stays_as_it_was_written() -> None:
    text = "与2026-10-15/视频号数据概览.csv里的相同"

    assert text == retold(text)
    with speaking("zh-Hant"):
        assert retold(text) == "與2026-10-15/视频号数据概览.csv裡的相同"


def test_what_tables_hold_is_among_the_sentences() -> None:
    reasons = {layout.why for layout in layouts().values()}
    reasons |= {table.why for one in layouts().values() for table in one.beside}
    words = {word for told in REFUSALS.values() for word in told}
    fixed = reasons | words | set(KINDS.values()) | set(DO.values())

    assert {one for one in fixed if one and left_over(one, set())} == set()


@pytest.mark.parametrize("month", ["2026-09", "2026-10"])
def test_the_sample_s_findings_and_reasons(sample_place: Workspace, month: str) -> None:
    workspace = sample_place
    ledger = arrivals.load(workspace, [month], "ledger")
    files = arrivals.load(workspace, [month], "files")
    problems = findings.load(workspace, month)
    named = {
        account.name
        for account in everything.for_month(workspace, month).roster.accounts
    }
    named |= {part for path in files["source"] for part in path.split("/")}
    named |= {layout.name for layout in layouts().values()}
    texts = {*ledger["reason"], *(p.what for p in problems), *(p.do for p in problems)}

    assert {left_over(text, named) for text in texts} == {""}


@pytest.mark.parametrize(("layout", "name"), GOLDEN, ids=[name for _, name in GOLDEN])
def test_every_golden_export_s_findings_and_reasons(layout: str, name: str) -> None:
    export = twin(layout, name)
    texts = {row.reason for row in export.ledger}
    texts |= {text for one in export.findings for text in (one.what, one.do)}
    # Headers that are not used are named as the file writes them.
    headers = {
        column
        for one in export.findings
        if one.what.startswith("没有用到的列：")
        for column in one.what.partition("：")[2].split("、")
    }

    assert {left_over(text, headers) for text in texts} <= {""}
