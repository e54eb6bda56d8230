"""What cleaning tells is written down so that any page can say it."""

from __future__ import annotations

import re

import pytest

from kpi_lib.files.declarations import layouts
from kpi_lib.inputs import everything
from kpi_lib.language import Sentence, say, speaking
from kpi_lib.months import store, tables
from kpi_lib.workspace import Workspace

CHINESE = re.compile("[\u3400-\u9fff]")


def texts(workspace: Workspace, month: str) -> set[str]:
    """Return every reason and finding of a month as they were written down."""
    ledger = store.load(workspace, [month], "ledger")
    rows = ledger.drop_duplicates(["reason", "said"]).to_dict("records")
    return {
        *(tables.reason(row) for row in rows),
        *(
            text
            for problem in store.load_findings(workspace, month)
            for text in (problem.what, problem.expected, problem.do)
        ),
    }


def left_over(text: str, data: set[str]) -> str:
    """Return the Chinese that is left of a sentence beside quoted and named data."""
    with speaking("en"):
        said = say(text)
    for name in sorted(data, key=len, reverse=True):
        said = said.replace(name, "")
    return said if CHINESE.search(re.sub("“[^”]*”", "", said)) else ""


def named(workspace: Workspace, month: str) -> set[str]:
    files = store.load(workspace, [month], "files")
    accounts = everything.for_month(workspace, month).roster.accounts
    return {
        *(account.name for account in accounts),
        *(part for path in files["source"] for part in path.split("/")),
        *(layout.name for layout in layouts().values()),
    }


@pytest.mark.parametrize("month", ["2026-09", "2026-10"])
def test_the_sample_s_sentences_are_said(sample_place: Workspace, month: str) -> None:
    names = named(sample_place, month)
    sentences = {t for t in texts(sample_place, month) if isinstance(t, Sentence)}

    assert sentences
    assert {left_over(sentence, names) for sentence in sentences} == {""}


def test_every_text_of_the_sample_is_said(sample_place: Workspace) -> None:
    month = "2026-10"
    names = named(sample_place, month)

    assert {left_over(text, names) for text in texts(sample_place, month)} == {""}


def test_a_reason_is_kept_as_it_reads_and_as_it_is_said(
    sample_place: Workspace,
) -> None:
    ledger = store.load(sample_place, ["2026-07"], "ledger")
    outside = ledger[ledger["fate"] == "outside"].iloc[0]
    reason = tables.reason(outside)

    assert reason == outside["reason"]
    with speaking("en"):
        assert say(reason) == f"{reason.partition('不在')[0]} is not in 2026-07"


def test_a_finding_comes_back_as_a_sentence(sample_place: Workspace) -> None:
    found = store.load_findings(sample_place, "2026-10")
    (conflict,) = [one for one in found if "有不同的值，未计" in one.what]

    assert conflict.what == "2026-10-14的新增关注有不同的值，未计：82、275"
    with speaking("en"):
        assert say(conflict.what) == (
            "New followers of 2026-10-14 has different values; not counted: 82, 275"
        )
