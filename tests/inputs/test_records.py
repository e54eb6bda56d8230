"""Decisions, downloads, calendar, signatures and appeals."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kpi_lib.days import Calendar
from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import plan, records
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.table import columns, load_table
from tests.raising import raising

ROOT = Path(__file__).parents[2]
SHA = "0123456789abcdef" * 4
SOURCE = "data/raw/2026-10/toutiao-a/trend.csv"
ROWS = {
    "decisions": f"2026-10,toutiao-a,2026-10-09,views,{SOURCE},12,示例主管,"
    "2026-11-02,后台",
    "downloads": f"{SOURCE},2026-11-03",
    "calendar": "2026-10-12,off,公司日",
    "signoff": f"2026-10,op-01,sign,76.72,{SHA},示例主管,2026-11-06,",
    "appeals": "s1,2026-10,op-01,reviews,周报按时,2026-11-07,维持,示例主管,2026-11-09",
}
MODELS = {model.FILE: model for model in records.TABLES}
DIRECTORY = Directory(
    operators={"op-01": "示例运营甲"},
    accounts={"toutiao-a": "示例头条"},
    called=lambda operator, month: plan.load_plan(ROOT / "data/plan.yml").called,
)


def load(folder: Path, table: str, *rows: str) -> tuple[Any, ...]:
    path = folder / f"{table}.csv"
    header = ",".join(column.names[0] for column in columns(MODELS[table]))
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8-sig")
    return raising(load_table, path, MODELS[table], f"data/{table}.csv", DIRECTORY)


def test_a_decision(tmp_path: Path) -> None:
    expected = records.Decision(
        month="2026-10",
        account="toutiao-a",
        date=date(2026, 10, 9),
        metric="views",
        source=SOURCE,
        row=12,
        by="示例主管",
        on=date(2026, 11, 2),
        reason="后台",
    )

    assert load(tmp_path, "decisions", ROWS["decisions"]) == (expected,)


def test_a_download_day_and_windows_slashes(tmp_path: Path) -> None:
    expected = records.Download(source=SOURCE, downloaded=date(2026, 11, 3))

    assert load(tmp_path, "downloads", ROWS["downloads"]) == (expected,)
    row = ROWS["downloads"].replace("/", "\\")
    assert load(tmp_path, "downloads", row) == (expected,)


def test_the_calendar_fits_the_working_days(tmp_path: Path) -> None:
    days = load(
        tmp_path, "calendar", ROWS["calendar"], "2026-10-10,休,", "2026/10/1,班,"
    )

    overrides = {day.date: (day.kind == "off", day.name) for day in days}
    assert overrides == {
        date(2026, 10, 12): (True, "公司日"),
        date(2026, 10, 10): (True, ""),
        date(2026, 10, 1): (False, ""),
    }
    assert len(Calendar(overrides).working_days("2026-10")) == 17


def test_signatures_stay_in_order(tmp_path: Path) -> None:
    reopened = "2026-10,op-01,reopen,,,示例主管,2026-11-08,补交截图"
    signed, reopen = load(tmp_path, "signoff", ROWS["signoff"], reopened)

    assert (signed.action, signed.total) == ("sign", Decimal("76.72"))
    assert (reopen.action, reopen.total, reopen.score_sha256) == ("reopen", None, "")


def test_an_appeal_may_be_open(tmp_path: Path) -> None:
    (decided,) = load(tmp_path, "appeals", ROWS["appeals"])
    (still,) = load(tmp_path, "appeals", "s2,2026-10,op-01,reviews,周报,2026-11-07,,,")

    assert decided.measure == "content.reviews"
    assert decided.decided_on == date(2026, 11, 9)
    assert (still.decision, still.decided_on) == ("", None)


@pytest.mark.parametrize("table", sorted(ROWS))
def test_no_file_and_a_header_alone_are_empty(tmp_path: Path, table: str) -> None:
    assert raising(load_table, tmp_path / "none.csv", MODELS[table], "", None) == ()
    assert not load(tmp_path, table)


@pytest.mark.parametrize(
    ("table", "old", "new", "message"),
    [
        pytest.param(
            "decisions", "views", "fans", "应为粉丝数（followers）、", id="metric"
        ),
        pytest.param("decisions", ",12,", ",0,", "“0”；应为不小于1", id="row"),
        pytest.param("decisions", ",后台", ",", "“理由”没有填", id="reason"),
        pytest.param("decisions", "data/raw", "../raw", "于工作区的路径", id="source"),
        pytest.param(
            "downloads", "10/toutiao-a/", "10/../", "相对于工作区", id="climb"
        ),
        pytest.param("downloads", "2026-11-03", "11-03", "应为日期", id="day"),
        pytest.param("calendar", "off", "rest", "“rest”；应为休、班", id="off"),
        pytest.param("signoff", "sign", "ok", "“ok”；应为签字、重开", id="action"),
        pytest.param("signoff", SHA, SHA[:-1], "64位的score_sha256", id="hash"),
        pytest.param("signoff", "76.72", "", "“总分”没有填", id="total"),
        pytest.param("signoff", "sign", "reopen", "“理由”没有填", id="why-reopen"),
        pytest.param("appeals", ",示例主管", ",", "“处理人”没有填", id="by"),
        pytest.param(
            "decisions",
            ",toutiao-a,",
            ",tt,",
            "应为示例头条（toutiao-a）",
            id="account",
        ),
        pytest.param(
            "signoff", "op-01", "op-1", "应为示例运营甲（op-01）", id="operator"
        ),
        pytest.param(
            "signoff", "示例主管", "示例运营甲", "不能为自己的考核签字", id="oneself"
        ),
        pytest.param(
            "appeals", "reviews", "review", "没有量化指标“review”，或不", id="measure"
        ),
        pytest.param("appeals", "op-01", "op-02", "应为示例运营甲（op-01）", id="who"),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, table: str, old: str, new: str, message: str
) -> None:
    assert old in ROWS[table]

    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, table, ROWS[table].replace(old, new, 1))


@pytest.mark.parametrize("table", ["decisions", "downloads", "calendar", "appeals"])
def test_the_same_thing_twice_is_an_error(tmp_path: Path, table: str) -> None:
    with pytest.raises(InvalidInput, match=r"第3行：.*与第2行相同。请删去其中一行"):
        load(tmp_path, table, ROWS[table], ROWS[table])
