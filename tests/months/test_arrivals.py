"""From files in folders to tables: nothing is skipped without a word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kpi_lib import exports, files
from kpi_lib.inputs.records import Decision
from kpi_lib.inputs.roster import Account, Operator, Roster
from kpi_lib.months import arrivals, reading, store, tables
from kpi_lib.months.arrivals import Arrived
from kpi_lib.months.tables import Tables
from kpi_lib.workspace import Workspace
from tests.given import Given

MONTH = "2026-10"
HEAD = "日期,账号,指标,数值,备注"


def account(id_: str, platform: str, *expects: str) -> Account:
    return Account.model_validate(
        {
            "id": id_,
            "platform": platform,
            "name": f"示例{id_}",
            "from": "2025-01-01",
            "expects": expects,
            "owners": [{"operator": "op-01", "from": "2025-01-01"}],
        }
    )


ROSTER = Roster(
    operators=(
        Operator.model_validate(
            {"id": "op-01", "name": "甲", "manager": "主管", "from": "2025-01-01"}
        ),
    ),
    accounts=(account("sohu-01", "sohu", "manual"),),
)

Put = Callable[..., Path]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plan.yml").write_text("id: x\n", encoding="utf-8")
    return Workspace(tmp_path)


@pytest.fixture
def put(workspace: Workspace) -> Put:
    def write(name: str, *rows: str, encoding: str = "utf-8") -> Path:
        path = workspace.data / "raw" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(rows) + "\n", encoding=encoding)
        return path

    return write


def arrive(workspace: Workspace, month: str = MONTH) -> Arrived:
    return arrivals.arrive(workspace, month, Given(roster=ROSTER))


def tidy(workspace: Workspace, *decisions: Decision) -> Tables:
    given = Given(roster=ROSTER, decisions=decisions)
    return tables.tidy(arrivals.arrive(workspace, MONTH, given))


def days(metric: str, *numbers: int, month: str = MONTH) -> list[str]:
    return [
        f"{month}-{at:02d},sohu-01,{metric},{number},"
        for at, number in enumerate(numbers, 1)
    ]


class TestArrive:
    def test_a_file_that_no_declaration_knows_is_named_with_all_of_its_rows(
        self, workspace: Workspace, put: Put
    ) -> None:
        put("2026-10/sohu-01/new.csv", "日子,热度", "10-01,5", "10-02,6")
        cleaned = tidy(workspace)

        assert list(cleaned.files["layout"]) == [""]
        assert list(cleaned.ledger["fate"]) == ["quarantined"] * 3
        assert any("new.csv" in str(problem) for problem in cleaned.findings)

    def test_what_did_not_come_is_named(self, workspace: Workspace) -> None:
        (problem,) = arrive(workspace).findings

        assert str(problem).startswith("data/raw/2026-10/sohu-01/：没有收到手工填报")

    def test_a_folder_of_nobody_is_named(self, workspace: Workspace, put: Put) -> None:
        put("2026-10/sohu/a.csv", HEAD)
        told = [str(problem) for problem in arrive(workspace).findings]

        assert any(
            "data/raw/2026-10/sohu/" in line and "花名册" in line for line in told
        )

    def test_files_of_the_desktop_are_no_exports(
        self, workspace: Workspace, put: Put
    ) -> None:
        put("2026-10/sohu-01/.DS_Store", "x")
        put("2026-10/sohu-01/~$a.xlsx", "x")
        put("2026-10/Thumbs.db", "x")
        # What JupyterLab puts beside a file that is opened in it.
        put("2026-10/sohu-01/.ipynb_checkpoints/a-checkpoint.csv", HEAD)

        assert arrive(workspace).files == ()

    @pytest.mark.parametrize(
        ("name", "day"),
        [
            pytest.param("2026-11-02/a.csv", date(2026, 11, 2), id="folder"),
            pytest.param("2026-11-2/a.csv", date(2026, 11, 2), id="short"),
            pytest.param("11月2日/a.csv", date(2026, 11, 2), id="no-year"),
            pytest.param("a_2026-11-03.csv", date(2026, 11, 3), id="end of the name"),
            pytest.param("a_20261104.csv", date(2026, 11, 4), id="without dashes"),
            pytest.param(
                "2026-11-02/a_2026-11-03.csv", date(2026, 11, 2), id="folder first"
            ),
            pytest.param("a_2026-13-03.csv", None, id="no such day"),
            pytest.param("a_100120261104.csv", None, id="part of a longer number"),
        ],
    )
    def test_download_day(
        self, workspace: Workspace, put: Put, name: str, day: date | None
    ) -> None:
        put(f"2026-10/sohu-01/{name}", HEAD, *days("点赞", 1))
        (file,) = arrive(workspace).files

        assert file.downloaded == day

    def test_download_day_from_a_note(self, workspace: Workspace, put: Put) -> None:
        path = put("2026-10/sohu-01/a.csv", HEAD, *days("点赞", 1))
        noted = {workspace.relative(path): date(2026, 11, 5)}
        given = Given(roster=ROSTER, downloads=noted)
        (file,) = arrivals.arrive(workspace, MONTH, given).files

        assert file.downloaded == date(2026, 11, 5)

    def test_history_lies_in_one_folder_and_serves_the_months_before_it(
        self, workspace: Workspace, put: Put
    ) -> None:
        put(
            "2026-12/sohu-01/quarter.csv",
            HEAD,
            *days("点赞", 1, 2, 3),
            *days("点赞", 4, 5, month="2026-11"),
            *days("点赞", 6, month="2026-12"),
        )
        cleaned = tidy(workspace)

        assert cleaned.daily["value"].sum() == 6
        assert sorted(cleaned.ledger["fate"]) == [
            "header",
            *["kept"] * 3,
            *["outside"] * 3,
        ]
        assert cleaned.monthly.query("metric == 'likes'")["value"].item() == 6

    def test_a_month_with_its_own_days_takes_none_from_later_folders(
        self, workspace: Workspace, put: Put
    ) -> None:
        put("2026-10/sohu-01/a.csv", HEAD, *days("点赞", 1))
        put("2026-11/sohu-01/b.csv", HEAD, *days("点赞", 7, 8))

        assert tidy(workspace).daily["value"].sum() == 1


class TestReading:
    @pytest.fixture(autouse=True)
    def _fresh(self) -> None:
        reading._read.cache_clear()

    @pytest.fixture
    def parsed(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Names of the files that are parsed, in their order."""
        names: list[str] = []
        read = exports.read

        def noted(path: Path, **more: Any) -> exports.Export:
            names.append(path.name)
            return read(path, **more)

        monkeypatch.setattr(exports, "read", noted)
        return names

    def test_a_file_is_parsed_once_for_all_months(
        self, workspace: Workspace, put: Put, parsed: list[str]
    ) -> None:
        put(
            "2026-12/sohu-01/quarter.csv",
            HEAD,
            *(
                row
                for at in (10, 11, 12)
                for row in days("点赞", 1, month=f"2026-{at}")
            ),
        )
        for month in ("2026-10", "2026-11", "2026-12"):
            found = tables.tidy(arrive(workspace, month))
            assert found.daily["value"].sum() == 1

        assert parsed == ["quarter.csv"]

    def test_other_bytes_are_parsed_anew(
        self, workspace: Workspace, put: Put, parsed: list[str]
    ) -> None:
        for number in (1, 2):
            put("2026-10/sohu-01/a.csv", HEAD, *days("点赞", number))
            assert tidy(workspace).daily["value"].sum() == number

        assert len(parsed) == 2

    def test_what_is_not_wanted_is_not_opened(
        self, workspace: Workspace, put: Put, parsed: list[str]
    ) -> None:
        put("2026-10/sohu-01/2026-11-02/a.csv", HEAD, *days("点赞", 1))
        put("2026-11/sohu-01/2026-11-20/b.csv", HEAD, *days("点赞", 7, month="2026-11"))
        arrive(workspace)

        # October has its days, and what comes on 20 November closes no month; for
        # September, which has none, both are looked into.
        assert sorted(set(parsed)) == ["a.csv", "b.csv"]
        parsed.clear()
        put("2026-09/sohu-01/2026-10-02/c.csv", HEAD, *days("点赞", 7, month="2026-09"))
        put("2026-11/sohu-01/2026-11-20/d.csv", HEAD, *days("点赞", 8, month="2026-11"))
        arrive(workspace)
        assert parsed == ["c.csv"]

    def test_a_refused_file_is_opened_once(
        self, workspace: Workspace, put: Put, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        opened: list[str] = []
        read = files.read

        def noted(path: Path, **more: Any) -> files.Book:
            opened.append(path.name)
            return read(path, **more)

        monkeypatch.setattr(files, "read", noted)
        put("2026-10/sohu-01/new.csv", "日子,热度", "10-03,5", "", "10-04,6")

        assert list(tidy(workspace).ledger["fate"]) == [
            "quarantined",
            "quarantined",
            "blank",
            "quarantined",
        ]
        assert opened == ["new.csv"]


class TestTidy:
    def test_equal_values_count_once(self, workspace: Workspace, put: Put) -> None:
        put("2026-10/sohu-01/a.csv", HEAD, *days("点赞", 1, 2))
        put("2026-10/sohu-01/b.csv", HEAD, *days("点赞", 1, 2, 3), encoding="gb18030")
        cleaned = tidy(workspace)

        assert list(cleaned.daily["value"]) == [1, 2, 3]
        assert cleaned.ledger["fate"].value_counts().to_dict() == {
            "kept": 3,
            "duplicate": 2,
            "header": 2,
        }

    def test_contradictions_are_left_out_and_told_once(
        self, workspace: Workspace, put: Put
    ) -> None:
        put("2026-10/sohu-01/a.csv", HEAD, *days("点赞", 1, 2, 9))
        put("2026-10/sohu-01/b.csv", HEAD, *days("点赞", 7, 8, 9))
        cleaned = tidy(workspace)
        (problem,) = cleaned.findings

        assert list(cleaned.daily["value"]) == [9]
        assert "2026-10-01~2026-10-02的点赞有不同的值，未计" in str(problem)

    def test_a_decision_chooses(self, workspace: Workspace, put: Put) -> None:
        put("2026-10/sohu-01/a.csv", HEAD, *days("点赞", 1))
        path = put("2026-10/sohu-01/b.csv", HEAD, *days("点赞", 7))
        chosen = Decision(
            month=MONTH,
            account="sohu-01",
            date=date(2026, 10, 1),
            metric="likes",
            source=workspace.relative(path),
            row=2,
            by="主管",
            on=date(2026, 11, 3),
            reason="以后台为准",
        )
        cleaned = tidy(workspace, chosen)

        assert list(cleaned.daily["value"]) == [7]
        assert cleaned.findings == ()
        assert "conflict" in set(cleaned.ledger["fate"])

    def test_a_row_of_another_account_is_quarantined(
        self, workspace: Workspace, put: Put
    ) -> None:
        put("2026-10/sohu-01/a.csv", HEAD, "2026-10-01,zhihu-01,点赞,5,")
        cleaned = tidy(workspace)

        assert cleaned.daily.empty
        assert "账号应为sohu-01" in cleaned.ledger["reason"].iloc[-1]

    def test_the_ledger_has_every_record(self, workspace: Workspace, put: Put) -> None:
        path = put(
            "2026-10/sohu-01/a.csv",
            HEAD,
            *days("点赞", 1, 2),
            "",
            "2026-10-40,sohu-01,点赞,5,",
            "2026-10-05,sohu-01,点赞,约5,",
            "2026-11-05,sohu-01,点赞,5,",
        )
        cleaned = tidy(workspace)
        book = files.read(path, where="a.csv")

        assert len(cleaned.ledger) == sum(book.records.values())
        assert cleaned.ledger["fate"].value_counts().to_dict() == {
            "kept": 2,
            "quarantined": 2,
            "header": 1,
            "blank": 1,
            "outside": 1,
        }

    def test_saved_tables_read_back_and_have_the_same_bytes(
        self, workspace: Workspace, put: Put
    ) -> None:
        put("2026-10/sohu-01/a.csv", HEAD, *days("点赞", 1, 2))

        def save() -> dict[str, bytes]:
            paths = store.save(workspace, tidy(workspace))
            return {path.name: path.read_bytes() for path in paths}

        first = save()

        assert save() == first
        for name in ("daily", "posts", "monthly", "ledger", "files"):
            assert f"{name}.parquet" in first
            assert list(store.load(workspace, [MONTH], name)) == list(
                store.load(workspace, ["2026-01"], name)
            )

    @pytest.mark.parametrize(
        "accounts", [["a"], ["b", "d"], ["nobody"], [], list("abcd")]
    )
    def test_own_rows_are_all_rows_but_the_others(
        self, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, accounts: list[str]
    ) -> None:
        monkeypatch.setattr(store, "GROUP", 3)  # an account over several groups
        rows = pd.DataFrame({"account": list("aaaabbccccd"), "value": range(11)})
        path = workspace.clean(MONTH) / "daily.parquet"
        path.parent.mkdir(parents=True)
        path.write_bytes(store.parquet(rows.astype({"account": "str"})))
        own = store.load(
            workspace, [MONTH], "daily", {"operator": ["op-01"], "account": accounts}
        )

        everything = store.load(workspace, [MONTH], "daily")
        expected = everything[everything["account"].isin(accounts)]
        assert own.dtypes.astype(str).equals(expected.dtypes.astype(str))
        # Texts of few rows are held another way.
        own = own.astype(expected.dtypes)
        pd.testing.assert_frame_equal(own, expected.reset_index(drop=True))


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("数据趋势_20261001-20261031", None),
        ("粉丝 2026-10-01至2026-10-31", None),
        ("数据趋势_20251101-20260131_2026-02-02", date(2026, 2, 2)),
        ("作品列表_20261102", date(2026, 11, 2)),
        ("作品列表_1-60_2026-11-02", date(2026, 11, 2)),
    ],
)
def test_a_span_of_days_in_a_name_is_no_day_of_download(
    name: str, day: date | None
) -> None:
    assert arrivals.day_at_the_end(name) == day
