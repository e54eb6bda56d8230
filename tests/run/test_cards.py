"""What the team's page reads: published cards of two months, PDFs, who is missing."""

import json
from pathlib import Path

import pytest

from kpi_lib.run import cards
from tests import tiny_workspace
from tests.tiny_workspace import MONTH


@pytest.fixture
def root(tmp_path: Path) -> str:
    """A workspace with one card of this month and both of the month before."""
    place = tiny_workspace.build(tmp_path)
    for month, id in ((MONTH, "op-02"), ("2026-09", "op-02"), ("2026-09", "op-01")):
        place.reports(month).mkdir(parents=True, exist_ok=True)
        path = place.reports(month) / f"{id}.json"
        path.write_text(json.dumps({"operator": id, "month": month}), "utf-8")
    (place.reports(MONTH) / "op-02.pdf").write_bytes(b"%PDF-1.4")
    return str(tmp_path)


def test_only_what_is_published_is_read(root: str) -> None:
    assert cards.published(MONTH, root) == [{"operator": "op-02", "month": MONTH}]
    assert cards.missing(MONTH, root) == ["示例甲"]


def test_last_month_s_cards_come_in_the_roster_s_order(root: str) -> None:
    found = [(card["operator"], card["month"]) for card in cards.before(MONTH, root)]

    assert found == [("op-01", "2026-09"), ("op-02", "2026-09")]


def test_nobody_has_a_card_of_a_month_that_was_not_run(root: str) -> None:
    assert cards.before("2026-09", root) == []


def test_what_was_printed_is_named(root: str) -> None:
    assert cards.printed(MONTH, root) == ["op-02"]
    assert cards.printed("2026-08", root) == []
