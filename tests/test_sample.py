"""The sample team: the same bytes every time, and every hard case really in it."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from kpi_lib.exports import reader
from kpi_lib.files import layouts, platforms
from kpi_lib.inputs import roster, targets, worklog
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.table import load_table
from tests.raising import raising

HERE = Path(__file__).resolve().parent
WORKSPACE = HERE.parent
MIB = 1024 * 1024
OCTOBER = "data/raw/2026-10"
NAMES = {key: platform.name for key, platform in platforms().items()}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sample written anew, in another zone and hash seed."""
    root = tmp_path_factory.mktemp("sample")
    subprocess.run(
        [sys.executable, HERE / "make_sample.py", "--out", root],
        check=True,
        env=os.environ | {"PYTHONHASHSEED": "7", "TZ": "America/New_York"},
    )
    return root


@pytest.fixture(scope="module")
def people(made: Path) -> roster.Roster:
    """Return the sample's roster."""
    return roster.load_roster(made / "data/roster.yml", NAMES, layouts())


@pytest.fixture(scope="module")
def goals(made: Path, people: roster.Roster) -> tuple[targets.Target, ...]:
    """Return the sample's targets."""
    directory = Directory(
        operators={person.id: person.name for person in people.operators},
        platforms=NAMES,
        owned=people.platforms_of(),
    )
    path = made / "data/targets.csv"
    return raising(load_table, path, targets.Target, "", directory)


@pytest.fixture(scope="module")
def log(made: Path, people: roster.Roster) -> Callable[[str], worklog.Worklog]:
    """Return a reader of the sample's work logs."""

    def read(month: str) -> worklog.Worklog:
        where = f"data/raw/{month}/worklog.xlsx"
        operators = {operator.id: operator.name for operator in people.operators}
        directory = Directory(operators=operators, platforms=NAMES)
        return raising(worklog.load_worklog, made / where, month, directory, where)

    return read


def _files(root: Path) -> dict[str, bytes]:
    """Return what the generator owns: data/ without the plan and what is made."""
    return {
        name: path.read_bytes()
        for path in sorted((root / "data").rglob("*"))
        if path.is_file()
        and (name := path.relative_to(root).as_posix()) != "data/plan.yml"
        and not name.startswith("data/clean/")
    }


def _rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def _read(made: Path, name: str) -> reader.Export:
    month, account = name.split("/")[2:4]
    roster_file = made / "data/roster.yml"
    found = roster.load_roster(roster_file, NAMES, layouts()).account(account)
    return reader.read(made / name, month=month, platform=found.platform, source=name)


def _october(goal: targets.Target, operator: str, metric: str) -> bool:
    return (goal.operator, goal.metric, goal.period) == (operator, metric, "2026-10")


def test_same_files_as_committed(made: Path) -> None:
    committed, again = _files(WORKSPACE), _files(made)

    assert sorted(committed) == sorted(again)
    assert [name for name in again if committed[name] != again[name]] == []


def test_size(made: Path) -> None:
    assert sum(map(len, _files(made).values())) <= 5 * MIB


def test_team(people: roster.Roster) -> None:
    covered = {account.platform for account in people.accounts}

    assert len(people.operators) == 4
    assert covered == set(platforms()) - {"youtube", "doudian"}


@pytest.mark.parametrize("month", ["2026-07", "2026-10"])
def test_every_export_is_known_and_clean(made: Path, month: str) -> None:
    for name in _files(made):
        if name.startswith(f"data/raw/{month}/") and not name.endswith("worklog.xlsx"):
            export = _read(made, name)
            bad = [row for row in export.ledger if row.fate == "quarantined"]

            assert bad == [], name
            assert [str(told) for told in export.findings if told.level != "note"] == []


@pytest.mark.parametrize("month", ["2026-08", "2026-09", "2026-10"])
def test_worklog_has_every_sheet(
    log: Callable[[str], worklog.Worklog], month: str
) -> None:
    entries = log(month)

    assert entries.findings == ()
    assert [one.SHEET for one in worklog.SHEETS if not getattr(entries, one.FILE)] == []


# The hard cases


def test_hand_over_and_shares(people: roster.Roster) -> None:
    owners = people.account("dy-02").owners
    shared = people.account("gzh-02").owners

    assert [owner.operator for owner in owners] == ["op-04", "op-02"]
    assert str(owners[1].from_) == "2026-10-16"
    assert [str(owner.share) for owner in shared] == ["0.6", "0.4"]


def test_campaign_over_budget(log: Callable[[str], worklog.Worklog]) -> None:
    over = [
        campaign.operator
        for campaign in log("2026-10").campaigns
        if (campaign.spend or 0) > (campaign.budget or 0)
    ]

    assert over == ["op-03"]


def test_missing_day(made: Path) -> None:
    folder = f"{OCTOBER}/sph-01/2026-11-02"
    for name in ("视频号数据概览.csv", "手工填报.csv"):
        days = {row.date.day for row in _read(made, f"{folder}/{name}").daily}

        assert days == set(range(1, 32)) - {23}, name


def test_one_conflict(made: Path) -> None:
    early, late = (
        _read(made, f"{OCTOBER}/sph-01/{day}/视频号数据概览.csv")
        for day in ("2026-10-15", "2026-11-02")
    )
    values = {(row.date, row.metric): row.value for row in late.daily}
    differing = [
        (str(row.date), row.metric)
        for row in early.daily
        if values[row.date, row.metric] != row.value
    ]

    assert differing == [("2026-10-14", "follows")]


def test_settled_conflict(made: Path) -> None:
    (decision,) = _rows((made / "data/decisions.csv").read_bytes())
    chosen = _read(made, decision["source"])
    early = _read(made, "data/raw/2026-09/bili-01/2026-09-11/历史累计数据趋势.csv")
    key = (decision["date"], decision["metric"])
    rows = {
        export.source: [r for r in export.daily if (str(r.date), r.metric) == key]
        for export in (chosen, early)
    }
    (right,), (wrong,) = rows[chosen.source], rows[early.source]

    assert right.row == int(decision["row"])
    assert right.value > wrong.value


def test_downloaded_twice(made: Path) -> None:
    names = [
        f"{OCTOBER}/tt-01/{day}/粉丝趋势_20261001-20261031.xlsx"
        for day in ("2026-11-02", "2026-11-03")
    ]
    first, second = (
        [sum(post.metrics["views"] for post in export.posts)]
        for export in (
            _read(made, f"{OCTOBER}/tt-01/{day}/图文_-_1-60.xlsx")
            for day in ("2026-11-02", "2026-11-03")
        )
    )

    assert (made / names[0]).read_bytes() == (made / names[1]).read_bytes()
    assert first < second


def test_gbk_with_a_note(made: Path) -> None:
    name = f"{OCTOBER}/dy-01/2026-11-02/数据表现_总粉丝量.csv"
    with pytest.raises(UnicodeDecodeError):
        (made / name).read_bytes().decode("utf-8")
    export = _read(made, name)

    assert export.layout == "douyin.daily"
    assert export.ledger[0].fate in {"preamble", "note"}
    assert len(export.daily) == 31


def test_total_row(made: Path) -> None:
    name = f"{OCTOBER}/tt-01/2026-11-02/数据趋势_100001_20261001-20261031.xlsx"
    fates = [row.fate for row in _read(made, name).ledger]

    assert fates[:2] == ["header", "total"]


def test_editions(made: Path) -> None:
    def columns(name: str) -> int:
        return len((made / name).read_text("utf-8-sig").splitlines()[0].split(","))

    posts = "视频号动态数据明细.csv"

    assert columns(f"data/raw/2026-09/sph-01/2026-10-02/{posts}") == 15
    assert columns(f"{OCTOBER}/sph-01/2026-11-02/{posts}") == 19


def test_private_posts(made: Path) -> None:
    fates = {
        row.fate
        for row in _read(made, f"{OCTOBER}/dy-01/2026-11-02/作品列表导出.xlsx").ledger
    }

    assert "private" in fates


def test_empty_title(made: Path) -> None:
    notes = _read(made, f"{OCTOBER}/xhs-01/2026-11-02/笔记列表明细表.xlsx").posts
    titles = [note.title for note in notes]

    assert titles.count("") == 1


@pytest.mark.parametrize(
    ("name", "start"),
    [
        pytest.param("gzh-01/2026-11-02/user_analysis.xls", b"<html", id="html"),
        pytest.param(
            "gzh-01/2026-11-02/已通知内容_202609-202610.xls", b"\xd0\xcf\x11", id="biff"
        ),
        pytest.param("zhihu-01/2026-11-02/日报表.xls", "日期".encode(), id="csv"),
        pytest.param("bjh-01/2026-11-02/百家号内容数据.xlsx", b"PK", id="zip"),
        pytest.param(
            "sph-01/2026-11-02/视频号动态数据明细.csv", b"\xef\xbb\xbf", id="bom"
        ),
    ],
)
def test_file_types(made: Path, name: str, start: bytes) -> None:
    assert (made / OCTOBER / name).read_bytes().startswith(start)


def test_openpyxl_refuses_toutiao(made: Path) -> None:
    with pytest.raises(TypeError, match="Fill"):
        openpyxl.load_workbook(made / OCTOBER / "tt-01/2026-11-02/图文_-_1-60.xlsx")


def test_no_campaigns_is_said(
    log: Callable[[str], worklog.Worklog], goals: tuple[targets.Target, ...]
) -> None:
    (due,) = [goal for goal in goals if _october(goal, "op-04", "campaigns_due")]
    said = {(none.operator, none.sheet) for none in log("2026-10").confirmations}

    assert due.value == 0
    assert ("op-04", "活动") in said


def test_reviews(log: Callable[[str], worklog.Worklog]) -> None:
    given = {(r.operator, r.period): r.delivered for r in log("2026-10").reviews}

    assert ("op-03", "2026-W42") not in given
    assert len(given) == 4 * 5 - 1
    # The fifth working day of November.
    assert [key[0] for key, day in given.items() if str(day) > "2026-11-06"] == [
        "op-04"
    ]


def test_unconfirmed_suggestion(log: Callable[[str], worklog.Worklog]) -> None:
    open_ = [s.operator for s in log("2026-10").suggestions if not s.confirmed_by]

    assert open_ == ["op-03"]


def test_late_and_revised_targets(goals: tuple[targets.Target, ...]) -> None:
    late = [goal for goal in goals if str(goal.set_on) > "2026-09-30"]
    views = [goal for goal in goals if _october(goal, "op-02", "views")]

    assert [(goal.operator, goal.metric) for goal in late] == [("op-04", "shares")]
    assert [str(goal.set_on) for goal in views] == ["2026-09-15", "2026-09-28"]


def test_one_cell_has_no_target(
    people: roster.Roster, goals: tuple[targets.Target, ...]
) -> None:
    given = {
        (goal.operator, goal.metric, goal.horizon)
        for goal in goals
        if goal.period in {"2026-10", "2026-Q4", "2026", ""}
    }
    missing = [
        (operator.id, metric, horizon)
        for operator in people.operators
        for metric in operator.required or ()
        for horizon in ("short", "mid", "long", "ultimate")
        if (operator.id, metric, horizon) not in given
    ]

    assert missing == [("op-03", "conversion_rate", "ultimate")]


def test_download_day_known_only_by_list(made: Path) -> None:
    (row,) = _rows((made / "data/downloads.csv").read_bytes())

    assert (made / row["source"]).is_file()
    assert row["downloaded"] == "2026-10-02"
