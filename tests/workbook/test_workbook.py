"""The front door: tidy tables, one-line questions, every command one call."""

from __future__ import annotations

import contextlib
import doctest
import io
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from kpi_lib import appraisal
from kpi_lib.appraisal.month import Month
from kpi_lib.catalogue import METRICS
from kpi_lib.cli import app
from kpi_lib.errors import InvalidInput, WorkspaceError
from kpi_lib.months import totals
from kpi_lib.page.charts import saving
from kpi_lib.run import sheets
from kpi_lib.workbook import (
    cards,
    drop_downs,
    frames,
    posts,
    questions,
    tables,
    workbook,
)
from kpi_lib.workbook.workbook import Workbook
from kpi_lib.workspace import Workspace

KEYS = {
    "posts": ["account", "post"],
    "daily": ["account", "date", "metric", "part"],
    "monthly": ["month", "operator", "account", "metric", "stream"],
    "ledger": ["source", "sheet", "block", "row"],
    "files": ["source"],
    "operators": ["operator"],
    "accounts": ["account"],
    "targets": ["operator", "metric", "platform", "horizon", "period", "set_on"],
    "campaigns": ["id"],
    "scores": ["operator", "item", "measure"],
}


def test_importing_the_package_loads_no_pandas() -> None:
    code = "import kpi_lib, sys; print('pandas' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"


def test_another_name_of_the_package_is_an_attribute_error() -> None:
    import kpi_lib

    with pytest.raises(AttributeError, match="no attribute 'open_moth'"):
        kpi_lib.open_moth  # noqa: B018 - the access is what is tested


@pytest.mark.parametrize("name", KEYS)
def test_tables_are_tidy_by_the_grain_they_state(m: Workbook, name: str) -> None:
    frame = getattr(m, name)

    assert len(frame)
    assert not frame.duplicated(KEYS[name]).any()


def test_values_are_the_operators_own_part(m: Workbook) -> None:
    whole = m.values("clicks", account="shop-01")
    own = m.values("clicks", operator="op-01", account="shop-01")

    assert own["value"].sum() == pytest.approx(0.3 * whole["value"].sum())


def test_filters_take_ids_and_chinese_names(m: Workbook) -> None:
    by_id = m.values("views", operator="op-02", platform=["douyin"], months=2)
    by_name = m.values("阅读/播放", operator="示例运营乙", platform="抖音", months=2)

    pd.testing.assert_frame_equal(by_name, by_id)
    assert set(by_id["platform"]) == {"douyin"}
    assert sorted(by_id["date"].dt.month.unique()) == [9, 10]


def test_a_total_beside_its_parts_is_not_counted_twice() -> None:
    day = {"account": "a", "platform": "p", "date": pd.Timestamp("2026-10-01")}
    rows = pd.DataFrame(
        [
            {**day, "metric": "revenue", "part": part, "value": value}
            for part, value in (("", 5.0), ("ads", 2.0), ("tips", 3.0))
        ]
    )

    assert frames.by_day(rows, "revenue")["value"].tolist() == [5.0]
    assert frames.by_day(rows.iloc[1:], "revenue")["value"].tolist() == [5.0]


def test_a_ratio_by_day_is_of_days_with_all_its_parts(m: Workbook) -> None:
    day = {"account": "zhihu-01", "operator": "op-01"}
    parts = m.values("comments", "shares", "likes", "views", **day)  # type: ignore[arg-type]
    wide = parts.pivot_table(index="date", columns="metric", values="value").dropna()
    rate = (wide["comments"] + wide["shares"] + wide["likes"]) / wide["views"]
    found = m.values("engagement_rate", **day).set_index("date")["value"]  # type: ignore[arg-type]

    pd.testing.assert_series_equal(found, rate, check_names=False)


@pytest.mark.parametrize("metric", [n for n, one in METRICS.items() if one.target])
def test_totals_are_what_is_scored(m: Workbook, metric: str) -> None:
    found = m.totals(metric, by="operator", months=2)
    scored = {}
    for (month, operator), rows in m.monthly.groupby(["month", "operator"]):
        value = totals.total(
            totals.by_month(rows)[month], metric, accounts=m.roster.accounts
        ).value
        if value is not None and month in m.months[-2:]:
            scored[month, operator] = float(value)

    assert dict(
        zip(zip(found["month"], found["key"], strict=True), found["value"], strict=True)
    ) == pytest.approx(scored)


def test_the_team_counts_dau_once_a_product(m: Workbook) -> None:
    everybody = m.totals("dau", by="operator", months=1)["value"]
    together = m.totals("dau", by="team", months=1)["value"]

    assert together.tolist() == [everybody.max()]


def test_an_unknown_name_is_refused_with_the_choices(m: Workbook) -> None:
    with pytest.raises(InvalidInput, match="没有指标“view”；应为followers（粉丝数）"):
        m.values("view")
    with pytest.raises(InvalidInput, match="没有平台“抖”；应为gongzhonghao（公众号）"):
        m.published(platform="抖")
    with pytest.raises(InvalidInput, match="没有运营“op-09”"):
        m.score("op-09")
    with pytest.raises(InvalidInput, match="months是14；应为1至13"):
        m.values("views", months=14)


def test_several_metrics_may_come_as_a_list(m: Workbook) -> None:
    both = m.totals("views", "likes", months=1)

    assert m.totals(["views", "likes"], months=1).equals(both)  # type: ignore[arg-type]


def test_a_card_is_the_pages_card_and_a_table(m: Workbook) -> None:
    card = m.score("op-01")

    assert card == m.operator("op-01").card
    assert card == appraisal.Month.open(m.workspace, m.month).score("op-01")
    assert card.frame["score"].sum() == pytest.approx(float(card["total"]))
    assert card["total"] in card._repr_html_()


def test_the_month_says_what_is_here(m: Workbook) -> None:
    html = m._repr_html_()

    assert "2026年10月" in html
    assert f"{len(m.ledger):,}行" in html
    assert "示例运营丁" in html
    assert "示例运营丁" in repr(m)


def test_a_month_that_was_not_cleaned_names_the_command(
    m: Workbook, sample_place: Workspace
) -> None:
    with pytest.raises(WorkspaceError, match="先运行kpi run 2026-01"):
        m.at("2026-01")
    with pytest.raises(WorkspaceError, match="没有"):
        workbook.open_month("2031-01", str(sample_place.root))


def test_a_refusal_in_a_notebook_is_its_lines_and_no_traceback(
    m: Workbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell = InteractiveShell(config=Config({"HistoryManager": {"enabled": False}}))
    with contextlib.redirect_stdout(io.StringIO()) as said:
        shell.push({"m": m})
        shell.run_cell("m.values('view')")

    assert said.getvalue().startswith("没有指标“view”；应为")
    assert "Traceback" not in said.getvalue()


def test_another_month_is_opened_from_this_one(m: Workbook) -> None:
    assert m.at("2026-10") is m
    assert isinstance(m.at("2026-09"), Workbook)
    assert m.at("2026-09").months[-1] == "2026-09"


def test_every_command_is_one_call() -> None:
    # They need no month, or talk to a person: `next` is check and run with a list,
    # nothing is signed without a yes, and `share` is for whoever sends pages out.
    elsewhere = {"init", "doctor", "formats", "lab", "next", "share", "sign"}
    commands = {
        one.name or one.callback.__name__  # type: ignore[union-attr]
        for one in app.registered_commands
    } - elsewhere

    assert {
        name for name in commands if not hasattr(Workbook, _call(str(name)))
    } == set()


def _call(command: str) -> str:
    return command.replace("-", "_")


def test_check_status_and_verify_are_frames(m: Workbook) -> None:
    assert list(m.check().columns)[:3] == ["level", "where", "place"]
    assert set(m.status()["state"]) == {"missing"}
    assert "先运行kpi run 2026-10" in m.verify()["do"].iloc[0]


def test_new_month_and_add_work_on_the_workspace(m: Workbook, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(m.workspace.root, tmp_path / "team")
    own = workbook.open_month("2026-10", str(tmp_path / "team"))
    made = own.new_month("2026-11")
    export = next(own.workspace.raw("2026-10").glob("zhihu-01/*/日报表.xls"))
    added = own.add([export], "示例知乎", month="2026-11")

    assert own.workspace.workbook in made
    assert added["state"].tolist() == ["refused"] or "data/raw/2026-11" in str(
        added["target"].iloc[0]
    )


def test_everything_goes_into_one_workbook(m: Workbook, tmp_path: Path) -> None:
    path = m.to_excel(tmp_path / "m.xlsx")
    book = openpyxl.load_workbook(path, read_only=True)
    head, first = book["daily"].iter_rows(min_row=1, max_row=2, values_only=True)

    assert book.sheetnames == list(workbook.TABLES)
    assert list(head) == list(m.daily.columns)
    assert first[head.index("date")] == m.daily["date"].iloc[0].to_pydatetime()
    assert first[head.index("value")] == m.daily["value"].iloc[0]


def test_numbers_of_people_are_floats_and_an_empty_table_has_its_columns(
    m: Workbook,
) -> None:
    bare = replace(m.inputs, targets=())
    empty = replace(m, inputs=bare)

    assert m.campaigns.dtypes["spend"] == "float64"
    assert m.campaigns["budget"].round(2).sum() > 0
    assert list(empty.targets.columns) == list(m.targets.columns)
    assert empty.targets.dtypes["value"] == "float64"


def test_a_post_is_there_once_as_it_was_downloaded_last(m: Workbook) -> None:
    again = m.downloads.sort_values("downloaded").groupby(["account", "post"])
    last = again["views"].last()
    posts = m.posts.set_index(["account", "post"])["views"]

    assert len(m.posts) < len(m.downloads)
    assert not {"dau", "orders"} & {*m.posts.columns}
    assert posts.index.is_unique
    pd.testing.assert_series_equal(posts.dropna(), last[posts.dropna().index])


def test_no_text_of_a_frame_is_a_formula() -> None:
    frame = pd.DataFrame(
        {
            "title": ["=1+1", "＋SUM", "@x", "-5", "普通", None],
            "rate": [0.5, float("nan"), -1, 0, 1, 2],
            "when": pd.to_datetime(["2026-10-01"] * 5 + [None]),
            "sure": [True, False] * 3,
        }
    )
    made = sheets.frames_xlsx({"a/b": frame}, {"rate": "0.00%"}, "t")
    sheet = openpyxl.load_workbook(io.BytesIO(made))["a b"]
    rows = list(sheet.iter_rows(min_row=2))

    assert [row[0].value for row in rows] == [
        "'=1+1", "'＋SUM", "'@x", "-5", "普通", None,
    ]  # fmt: skip
    assert {cell.data_type for row in rows for cell in row} == {"s", "n", "d"}
    assert rows[0][1].number_format == "0.00%"
    assert rows[1][1].value is None
    assert made == sheets.frames_xlsx({"a/b": frame}, {"rate": "0.00%"}, "t")


def test_docstrings_run_as_they_are(
    m: Workbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(m.workspace.root)
    failed = {
        module.__name__: doctest.testmod(
            module, extraglobs={"m": m}, report=False
        ).failed
        for module in (tables, cards, workbook, drop_downs, questions, posts, saving)
    }

    assert failed == dict.fromkeys(failed, 0)


def test_public_methods_say_their_shape() -> None:
    public = [
        name
        for part in (Workbook, tables.Tables, Month)
        for name, value in vars(part).items()
        if not name.startswith("_") and not isinstance(value, str)
    ]

    assert len(public) > 30
    for name in public:
        text = getattr(Workbook, name).__doc__
        assert text, name
        assert "Returns" not in text or "-------" in text
    assert Month.own_posts.__doc__
