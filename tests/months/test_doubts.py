"""Files that seem to belong elsewhere: told, and out until a decision names them."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kpi_lib.inputs import Decision, Roster
from kpi_lib.months import arrive, tidy
from kpi_lib.months.doubts import doubts
from kpi_lib.workspace import Workspace
from tests.given import Given
from tests.sample_month import MONTH, ROOT

USERS = f"data/raw/{MONTH}/gzh-02/2026-11-02"


def given() -> Given:
    accounts = [
        {
            "id": id,
            "platform": "gongzhonghao",
            "name": id,
            "expects": ["gongzhonghao.users"],
            "from": "2025-01-01",
            "owners": [{"operator": "op-01", "from": "2025-01-01"}],
        }
        for id in ("gzh-01", "gzh-02")
    ]
    person = {"id": "op-01", "name": "甲", "manager": "乙", "from": "2025-01-01"}
    return Given(
        roster=Roster.model_validate({"operators": [person], "accounts": accounts})
    )


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """The sample's two accounts, the second with the first one's files of October."""
    for month in ("2026-09", MONTH):
        for id in ("gzh-01", "gzh-02"):
            own = Path("data") / "raw" / month
            which = "gzh-01" if month == MONTH else id
            shutil.copytree(ROOT / own / which, tmp_path / own / id)
    return Workspace(tmp_path)


def test_one_file_in_two_folders_is_told_and_out(place: Workspace) -> None:
    made = tidy(arrive(place, MONTH, given()))
    told = [str(problem.what) for problem in made.findings]

    assert sum("内容一模一样" in what for what in told) >= 2
    levels = made.daily[made.daily["metric"] == "followers"]
    assert levels[levels["basis"] != "manual"].empty


def test_a_decision_that_names_the_file_lets_it_in(place: Workspace) -> None:
    out = arrive(place, MONTH, given())
    doubted = [file for file in out.files if file.doubt]
    mine = next(file for file in doubted if file.account == "gzh-01" and file.daily)
    decision = Decision(
        month=MONTH, account="gzh-01", date=date(2026, 10, 9), metric="followers",
        source=mine.source, row=2, by="乙", on=date(2026, 11, 3), reason="是它",
    )  # fmt: skip
    again = arrive(place, MONTH, replace(given(), decisions=(decision,)))
    still = {file.source for file in again.files if file.doubt}

    own = decision.model_copy(update={"by": "甲"})
    nobodys = arrive(place, MONTH, replace(given(), decisions=(own,)))
    assert {file.source for file in nobodys.files if file.doubt} > still
    assert mine.source not in still
    assert still == {file.source for file in doubted} - {mine.source}


@pytest.mark.parametrize(("more", "jumps"), [(4000, True), (90, False), (0, False)])
def test_a_level_that_jumps_between_two_files(
    place: Workspace, more: int, jumps: bool
) -> None:
    arrived = arrive(place, MONTH, given())
    files = [
        file for file in (*arrived.before, *arrived.files) if file.account == "gzh-01"
    ]
    higher = [
        replace(
            file,
            export=replace(
                file.export,
                daily=[
                    row._replace(value=row.value + more)
                    if row.metric == "followers" and file.month == MONTH
                    else row
                    for row in file.export.daily
                ],
            ),
        )
        for file in files
    ]

    october = {
        file.source
        for file in higher
        if file.month == MONTH and any(r.metric == "followers" for r in file.daily)
    }
    told = doubts(higher)

    assert any("跳到" in why for why in told.values()) is jumps
    # A week's file that goes on from one in doubt is in doubt with it.
    assert len(october) > 2
    assert told.keys() == (october if jumps else set())
    # What a person decided on is followed as any other.
    first, *_ = sorted(october)
    assert len(doubts(higher, {first})) == (1 if jumps else 0)
