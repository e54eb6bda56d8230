"""Figures that contradict each other are flagged with their place, never changed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from kpi_lib.errors import Problem
from kpi_lib.inputs import Decision, EvidenceRules
from kpi_lib.inputs.roster import Account, Operator, Roster
from kpi_lib.months.arrivals import arrive
from kpi_lib.months.tables import Tables, arrival, tidy
from kpi_lib.workspace import Workspace
from tests.given import Given

MONTH = "2026-10"
MANUAL = ("日期", "账号", "指标", "数值", "备注")
ARTICLES = "标题,链接,发布时间,阅读量,评论量,点赞量,收藏量,分享量,推荐量"


def account(id_: str, platform: str, *expects: str) -> Account:
    return Account.model_validate(
        {
            "id": id_,
            "platform": platform,
            "name": f"示例{id_}",
            "from": "2026-08-15",
            "expects": expects,
            "owners": [{"operator": "op-01", "from": "2026-08-15"}],
        }
    )


ROSTER = Roster(
    operators=(
        Operator.model_validate(
            {"id": "op-01", "name": "甲", "manager": "主管", "from": "2026-08-15"}
        ),
    ),
    accounts=(
        account("sohu-01", "sohu", "manual"),
        account("bjh-01", "baijiahao", "baijiahao.articles"),
    ),
)


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "plan.yml").write_text("id: x\n", encoding="utf-8")
    return Workspace(tmp_path)


def put(place: Workspace, name: str, *rows: tuple[object, ...]) -> Path:
    path = place.data / "raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [",".join(str(cell) for cell in row) for row in (MANUAL, *rows)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def cleaned(place: Workspace) -> Tables:
    return tidy(arrive(place, MONTH, Given(roster=ROSTER)))


def flags(place: Workspace) -> list[Problem]:
    """Return the warnings, but not of what did not come: accounts come one by one."""
    return [
        problem
        for problem in cleaned(place).findings
        if problem.level == "warning" and "没有收到" not in problem.what
    ]


def day(at: int, metric: str, value: object) -> tuple[object, ...]:
    return (f"{MONTH}-{at:02d}", "sohu-01", metric, value, "")


def posts(place: Workspace, name: str, **of: tuple[str, int, int]) -> Path:
    """Write counters: key → day of publishing, views, likes."""
    lines = [
        f"一篇{key},http://example.com/s?id=10000000000{key[1:]},{day},{views},1,{likes},1,1,9"
        for key, (day, views, likes) in of.items()
    ]
    path = place.data / "raw" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([ARTICLES, *lines]) + "\n", encoding="utf-8")
    return path


class TestDays:
    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            pytest.param(
                [
                    day(3, "新增关注", 9),
                    day(3, "取消关注", 3),
                    day(3, "净增关注", 5),
                    day(4, "新增关注", 9),
                    day(4, "取消关注", 3),
                    day(4, "净增关注", 7),
                ],
                "有2天的净增关注不等于新增减取消，照原样计"
                "（第4、7行；如2026-10-03净增5，新增9，取消3）",
                id="net",
            ),
            pytest.param(
                [
                    day(3, "粉丝数", 100),
                    day(4, "粉丝数", 130),
                    day(4, "净增关注", 29),
                ],
                "有1天的粉丝数变化不等于当天的净增关注，照原样计"
                "（第3行；如2026-10-04粉丝数由100到130，净增29）",
                id="change of the level",
            ),
            pytest.param(
                [
                    ("2026-09-30", "", "粉丝数", 100, ""),
                    day(1, "粉丝数", 130),
                    day(1, "新增关注", 40),
                    day(1, "取消关注", 5),
                ],
                "粉丝数由100到130，净增35",
                id="level of the month before, net from its parts",
            ),
            pytest.param(
                [day(3, "点赞", 12), day(3, "阅读/播放", 11)],
                "有1处点赞多于阅读/播放，照原样计"
                "（第2行；如2026-10-03点赞12，阅读/播放11）",
                id="likes",
            ),
        ],
    )
    def test_a_contradiction_is_flagged_and_the_values_stay(
        self, place: Workspace, rows: list[tuple[object, ...]], said: str
    ) -> None:
        put(place, "2026-10/sohu-01/a.csv", *rows)
        (flag,) = flags(place)

        assert said in flag.what
        assert flag.where == "data/raw/2026-10/sohu-01/a.csv"
        inside = [row for row in rows if str(row[0]).startswith(MONTH)]
        assert len(cleaned(place).daily) == len(inside)

    @pytest.mark.parametrize(
        "rows",
        [
            pytest.param(
                [day(3, "新增关注", 9), day(3, "取消关注", 3), day(3, "净增关注", 6)],
                id="net adds up",
            ),
            pytest.param(
                [day(3, "粉丝数", 100), day(5, "粉丝数", 130), day(5, "净增关注", 5)],
                id="a day between is missing",
            ),
            pytest.param(
                [
                    day(3, "粉丝数", "12.3万"),
                    day(4, "粉丝数", "12.4万"),
                    day(4, "净增关注", 312),
                ],
                id="levels are round",
            ),
            pytest.param(
                [day(3, "点赞", 12), day(3, "阅读/播放", 12)], id="as many likes"
            ),
            pytest.param([day(3, "净增关注", -5)], id="nothing to compare"),
        ],
    )
    def test_no_false_alarm(
        self, place: Workspace, rows: list[tuple[object, ...]]
    ) -> None:
        put(place, "2026-10/sohu-01/a.csv", *rows)

        assert flags(place) == []

    def test_figures_of_two_files_are_not_held_against_each_other(
        self, place: Workspace
    ) -> None:
        put(place, "2026-10/sohu-01/a.csv", day(3, "点赞", 12))
        put(place, "2026-10/sohu-01/b.csv", day(3, "阅读/播放", 11))

        assert flags(place) == []

    def test_a_contradiction_downloaded_twice_is_one(self, place: Workspace) -> None:
        rows = [day(3, "点赞", 12), day(3, "阅读/播放", 11)]
        put(place, "2026-10/sohu-01/a.csv", *rows)
        put(place, "2026-10/sohu-01/b.csv", *rows)
        (flag,) = flags(place)

        assert flag.what.startswith("有1处")

    def test_a_value_that_counts_nowhere_is_not_held_against_others(
        self, place: Workspace
    ) -> None:
        put(place, "2026-10/sohu-01/a.csv", day(3, "点赞", 12), day(3, "阅读/播放", 11))
        put(place, "2026-10/sohu-01/b.csv", day(3, "点赞", 10))
        (flag,) = flags(place)

        assert "有不同的值，未计" in flag.what

    def test_rows_of_another_account_are_told(self, place: Workspace) -> None:
        row = ("2026-10-03", "zhihu-01", "点赞", 12, "")
        put(place, "2026-10/sohu-01/a.csv", row, row)
        (flag,) = flags(place)

        assert "有1行写的是别的账号，隔离未计：第2行" in flag.what


class TestFiles:
    @pytest.mark.parametrize(
        ("days", "right", "out"),
        [
            pytest.param(10, 0, True, id="on every one of ten days"),
            pytest.param(9, 0, False, id="nine days may be chance"),
            pytest.param(10, 5, False, id="one day is right"),
        ],
    )
    def test_columns_that_contradict_each_other_every_day_wait_for_a_decision(
        self, place: Workspace, days: int, right: int, out: bool
    ) -> None:
        rows = [
            row
            for at in range(1, days + 1)
            for row in (
                day(at, "新增关注", 9),
                day(at, "取消关注", 3),
                day(at, "净增关注", 6 if at == right else -6),
                day(at, "阅读/播放", 50),
            )
        ]
        put(place, "2026-10/sohu-01/a.csv", *rows)
        tables = cleaned(place)

        assert ("follows" not in set(tables.daily["metric"])) is out
        assert "views" in set(tables.daily["metric"])
        swapped = [p for p in flags(place) if "像是列弄反了" in p.what]
        assert bool(swapped) is out
        if out:
            source = "data/raw/2026-10/sohu-01/a.csv"
            decision = Decision(
                month=MONTH, account="sohu-01", date=date(2026, 10, 1),
                metric="follows", source=source, row=2, by="主管",
                on=date(2026, 11, 3), reason="平台口径如此",
            )  # fmt: skip
            given = Given(roster=ROSTER, decisions=(decision,))
            tables = tidy(arrive(place, MONTH, given))
            assert "follows" in set(tables.daily["metric"])

    @pytest.mark.parametrize(
        ("written", "agrees"),
        [("1.2万", True), ("1.1万", False), ("1万+", True), ("2万+", False)],
    )
    def test_a_rounded_value_gives_way_to_the_exact_one_that_it_stands_for(
        self, place: Workspace, written: str, agrees: bool
    ) -> None:
        put(place, "2026-10/sohu-01/a.csv", day(3, "阅读/播放", written))
        put(place, "2026-10/sohu-01/b.csv", day(3, "阅读/播放", 12_034))
        values = list(cleaned(place).daily["value"])

        assert values == ([12_034] if agrees else [])

    def test_noughts_after_the_download_are_no_data(self, place: Workspace) -> None:
        rows = [day(at, "阅读/播放", 50 if at < 20 else 0) for at in range(1, 32)]
        put(place, "2026-10/sohu-01/2026-10-25/a.csv", *rows)
        tables = cleaned(place)

        assert len(tables.daily) == 25
        assert tables.daily["date"].max().day == 25
        assert (tables.ledger["fate"] == "outside").sum() == 6
        told = [p.what for p in tables.findings if "下载日2026-10-25之后" in p.what]
        assert told == ["2026-10-26至2026-10-31在下载日2026-10-25之后，这些0没有计"]

    def test_figures_after_the_download_are_told(self, place: Workspace) -> None:
        put(place, "2026-10/sohu-01/2026-10-25/a.csv", day(26, "阅读/播放", 7))

        assert [flag.do for flag in flags(place)] == ["核对下载日期"]
        assert len(cleaned(place).daily) == 1

    def test_a_file_of_another_month_is_told(self, place: Workspace) -> None:
        put(place, "2026-10/sohu-01/a.csv", ("2026-08-03", "", "点赞", 5, ""))
        (flag,) = flags(place)

        assert flag.what == "里面是2026-08-03至2026-08-03的数，没有2026-10的"

    def test_a_download_under_way_is_refused(self, place: Workspace) -> None:
        put(place, "2026-10/sohu-01/a.csv.crdownload", day(3, "点赞", 5))
        told = [str(p) for p in cleaned(place).findings if p.level == "error"]

        assert len(told) == 1
        assert "下载没有完成" in told[0]


class TestPosts:
    def test_more_likes_than_views(self, place: Workspace) -> None:
        posts(place, "2026-10/bjh-01/2026-11-02/a.csv", p1=("2026-10-03", 5, 6))
        told = [one.what for one in flags(place)]

        assert told == [
            "有1处点赞多于阅读/播放，照原样计（第2行；如点赞6，阅读/播放5）"
        ]

    def test_counters_that_fell(self, place: Workspace) -> None:
        posts(
            place,
            "2026-09/bjh-01/2026-10-02/a.csv",
            p1=("2026-09-03", 50, 6),
            p2=("2026-09-04", 50, 6),
        )
        posts(
            place,
            "2026-10/bjh-01/2026-11-02/a.csv",
            p1=("2026-09-03", 40, 6),
            p2=("2026-09-04", 60, 5),
        )
        (flag,) = flags(place)

        assert flag.what == (
            "有2条作品的累计数比上次下载时少，差照算为负（第2-3行；如阅读/播放由50到40）"
        )
        assert flag.where == "data/raw/2026-10/bjh-01/2026-11-02/a.csv"

    def test_a_negative_difference_stays_in_the_sum(self, place: Workspace) -> None:
        posts(place, "2026-09/bjh-01/2026-10-02/a.csv", p1=("2026-09-03", 50, 6))
        posts(place, "2026-10/bjh-01/2026-11-02/a.csv", p1=("2026-09-03", 40, 6))
        monthly = cleaned(place).monthly

        assert monthly.query("metric == 'views'")["value"].item() == -10

    def test_posts_in_only_one_of_the_two_downloads(self, place: Workspace) -> None:
        posts(
            place,
            "2026-09/bjh-01/2026-10-02/a.csv",
            p1=("2026-09-03", 50, 6),
            p2=("2026-09-04", 50, 6),
        )
        posts(
            place,
            "2026-10/bjh-01/2026-11-02/a.csv",
            p2=("2026-09-04", 60, 6),
            p3=("2026-09-05", 60, 6),
            p4=("2026-10-05", 60, 6),
        )
        opening, closing = flags(place)
        once = "有1条作品只在期初、期末两次下载中的一次里，没有差可算，没有计"

        assert opening.what == f"{once}（第2行；如只在期初的下载里）"
        assert opening.where == "data/raw/2026-09/bjh-01/2026-10-02/a.csv"
        assert closing.what == f"{once}（第3行；如只在期末的下载里）"
        assert closing.where == "data/raw/2026-10/bjh-01/2026-11-02/a.csv"

    @pytest.mark.parametrize(
        ("day", "window", "taken"),
        [
            pytest.param("05", 5, True, id="the last day of the window"),
            pytest.param("06", 5, False, id="the day after"),
            pytest.param("06", 6, True, id="the plan says until day 6"),
        ],
    )
    def test_the_next_month_s_folder_closes_this_one(
        self, place: Workspace, day: str, window: int, taken: bool
    ) -> None:
        counters = {"p1": ("2026-10-03", 50, 6)}
        posts(place, f"2026-11/bjh-01/2026-11-{day}/a.csv", **counters)
        given = Given(roster=ROSTER, evidence=EvidenceRules(counter_window=window))
        files = arrive(place, MONTH, given).files

        assert [file.borrowed for file in files] == [True] * taken

    def test_counters_of_one_download_that_contradict_each_other(
        self, place: Workspace
    ) -> None:
        posts(place, "2026-10/bjh-01/2026-11-02/a.csv", p1=("2026-10-03", 50, 6))
        posts(place, "2026-10/bjh-01/2026-11-02/b.csv", p1=("2026-10-03", 51, 6))
        tables = cleaned(place)
        (flag,) = flags(place)
        views = tables.monthly.query("metric == 'views'")

        assert tables.posts.empty
        assert list(tables.ledger["fate"]) == ["header", "conflict"] * 2
        assert flag.what == "2026-11-02下载的1条内容的计数有不同的值，未计"
        assert flag.where.count("a.csv第2行、data/raw") == 1
        assert (views["low"].item(), views["high"].item()) == (50, 51)

    def test_without_an_opening_nothing_is_compared(self, place: Workspace) -> None:
        posts(place, "2026-10/bjh-01/2026-11-02/a.csv", p1=("2026-09-03", 50, 6))

        assert flags(place) == []

    def test_what_nothing_rests_on_is_no_flag(self, place: Workspace) -> None:
        by_hand = [
            (f"{MONTH}-03", "bjh-01", name, 900, "")
            for name in ("曝光", "阅读/播放", "评论", "点赞", "收藏", "转发")
        ]
        put(place, "2026-10/bjh-01/b.csv", *by_hand)
        posts(place, "2026-09/bjh-01/2026-10-02/a.csv", p1=("2026-09-03", 50, 6))
        posts(place, "2026-10/bjh-01/2026-11-02/a.csv", p2=("2026-10-03", 50, 6))
        (told,) = [one for one in cleaned(place).findings if "期初" in one.what]

        assert told.level == "note"


def test_a_file_without_a_download_day_is_asked_for_it(place: Workspace) -> None:
    posts(place, "2026-10/bjh-01/a.csv", p1=("2026-10-03", 50, 6))
    (flag,) = flags(place)

    assert "没有下载日期" in flag.what
    assert "kpi add" in flag.do
    assert "--downloaded" in flag.do


def test_hidden_rows_and_sheets_count_and_are_told(place: Workspace) -> None:
    path = place.data / "raw/2026-10/sohu-01/a.xlsx"
    path.parent.mkdir(parents=True)
    with xlsxwriter.Workbook(str(path)) as book:
        shown, hidden = book.add_worksheet("说明"), book.add_worksheet("数据")
        shown.write_row(0, 0, ["只是说明"])
        rows = [MANUAL, day(3, "点赞", 12), day(4, "点赞", 13)]
        for at, row in enumerate(rows):
            hidden.write_row(at, 0, row)
        hidden.set_row(2, options={"hidden": True})
        hidden.hide()
    result = cleaned(place)
    told = [one.what for one in result.findings]

    assert list(result.daily["value"]) == [12, 13]
    assert "表“数据”是隐藏的，照常计入" in told
    assert "第3行是隐藏的，照常计入" in told


class TestArrival:
    def days(self, place: Workspace, account: str) -> str:
        """Return the month as one character a day."""
        arrived = arrive(place, MONTH, Given(roster=ROSTER))
        days = arrival(arrived, tidy(arrived))
        marks = {
            "present": "#",
            "missing": "-",
            "": ".",
            "covered": "~",
            "download": "D",
        }
        own = days[days["account"] == account]
        return "".join(marks[state] for state in own["state"])

    def test_days_on_record_missing_and_not_yet_due(self, place: Workspace) -> None:
        put(place, "2026-10/sohu-01/a.csv", day(3, "点赞", 1), day(6, "点赞", 1))

        assert self.days(place, "sohu-01") == "..#--#" + "-" * 25

    def test_an_account_that_never_sent_anything_owes_all_days(
        self, place: Workspace
    ) -> None:
        assert self.days(place, "sohu-01") == "-" * 31

    def test_counters_owe_a_download_a_week(self, place: Workspace) -> None:
        one = {"p1": ("2026-09-03", 50, 6)}
        posts(place, "2026-09/bjh-01/2026-10-02/a.csv", **one)
        posts(place, "2026-10/bjh-01/2026-10-15/a.csv", **one)

        # The week of 28 September ends in a holiday and belongs to September.
        assert self.days(place, "bjh-01") == (".D.." + "-" * 7 + "~~~D~~~" + "-" * 13)


class TestAccountDays:
    """A day counts where a download reached it within the plan's days after it."""

    roster = ROSTER.model_copy(
        update={
            "accounts": (
                *ROSTER.accounts,
                account("sph-01", "shipinhao", "shipinhao.daily", "manual"),
            )
        }
    )

    def found(
        self, place: Workspace, within: int | None = 7, account: str = "sph-01"
    ) -> tuple[float, float, str]:
        """Return the days on record of those due, and the first that is not."""
        rules = EvidenceRules(reached_within=within)
        given = Given(roster=self.roster, evidence=rules)
        monthly = tidy(arrive(place, MONTH, given)).monthly
        row = monthly.set_index(["account", "metric"]).loc[account, "account_days"]
        gap = "" if pd.isna(row["gap"]) else f"{row['gap']:%m-%d}"
        return row["value"], row["days_due"], gap

    def downloads(self, place: Workspace, *downloaded: str, until: int = 0) -> None:
        """Put what each download has: the month's days before its own."""
        for name in downloaded:
            last = until or (int(name[-2:]) - 1 if name.startswith(MONTH) else 31)
            lines = ["时间,播放,推荐,喜欢,评论,分享,关注"]
            lines += [f"2026/10/{at:02d},90,9,9,1,1,1" for at in range(1, last + 1)]
            path = place.raw(MONTH) / "sph-01" / name / "视频号数据概览.csv"
            path.parent.mkdir(parents=True)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    @pytest.mark.parametrize(
        ("within", "found"),
        [
            # The 24th, a week later a Saturday, could be reached until the Monday.
            pytest.param(7, (8, 31, "10-01"), id="from the 24th on"),
            pytest.param(8, (9, 31, "10-01"), id="from the 23rd on"),
            pytest.param(
                10, (11, 31, "10-01"), id="from the 21st on, until a Saturday"
            ),
            pytest.param(None, (31, 31, ""), id="whenever"),
        ],
    )
    def test_one_download_a_month_reaches_its_end(
        self, place: Workspace, within: int | None, found: tuple[float, float, str]
    ) -> None:
        self.downloads(place, "2026-11-02")

        assert self.found(place, within) == found

    def test_a_download_a_week_reaches_every_day(self, place: Workspace) -> None:
        weekly = [f"{MONTH}-{at:02d}" for at in (8, 15, 22, 29)]
        self.downloads(place, *weekly, "2026-11-02")

        assert self.found(place) == (31, 31, "")

    def test_a_week_left_out_is_late_from_its_first_day(self, place: Workspace) -> None:
        self.downloads(place, *(f"{MONTH}-{at:02d}" for at in (8, 22)), "2026-11-02")

        # The 8th to the 14th had to come by the 15th to 21st; the 22nd, 23rd by 30th.
        assert self.found(place) == (22, 31, "10-08")

    def test_a_download_of_no_known_day_reaches_nothing(self, place: Workspace) -> None:
        self.downloads(place, "latest", until=31)

        told = tidy(arrive(place, MONTH, Given(roster=self.roster))).findings

        assert self.found(place) == (0, 31, "10-01")
        assert any("没有下载日期" in problem.what for problem in told)

    def test_days_after_their_download_are_not_reached(self, place: Workspace) -> None:
        self.downloads(place, f"{MONTH}-08", until=31)

        assert self.found(place)[0] == 8

    def test_figures_by_hand_reach_nothing_where_exports_are_due(
        self, place: Workspace
    ) -> None:
        rows = [(f"{MONTH}-{at:02d}", "", "点赞", 9, "") for at in range(1, 32)]
        put(place, f"{MONTH}/sph-01/{MONTH}-31/手工填报.csv", *rows)
        put(place, f"{MONTH}/sohu-01/手工填报.csv", *rows, day(31, "评论", 1))

        assert self.found(place) == (0, 31, "10-01")
        assert self.found(place, account="sohu-01") == (31, 31, "")

    def test_lists_of_posts_owe_weeks_from_their_first_download_on(
        self, place: Workspace
    ) -> None:
        rows = [(f"{MONTH}-{at:02d}", "", "粉丝数", 9, "") for at in range(1, 32)]
        put(place, f"{MONTH}/bjh-01/手工填报.csv", *rows)
        posts(place, f"{MONTH}/bjh-01/{MONTH}-22/a.csv", p1=("2026-10-03", 50, 6))

        # Three weeks of October are left: 22nd, 29th; November's first day ends one.
        assert self.found(place, account="bjh-01")[:2] == (7, 14)


def window(place: Workspace, downloaded: str, views: dict[int, int]) -> None:
    """Put what 小红书 tells of the last days, with a sheet for each metric."""
    path = place.data / f"raw/2026-10/xhs-01/{downloaded}/近7日观看数据.xlsx"
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("账号总体观看数据").write_row(0, 0, ["指标", "数值"])
        sheet = book.add_worksheet("观看趋势")
        sheet.write_row(0, 0, ["日期", "数值"])
        for row, (day_, value) in enumerate(views.items(), 1):
            sheet.write_row(row, 0, [f"2026年10月{day_:02}日", value])


def of_windows(place: Workspace) -> Tables:
    own = account("xhs-01", "xiaohongshu", "xiaohongshu.daily")
    roster = Roster(operators=ROSTER.operators, accounts=(own,))
    return tidy(arrive(place, MONTH, Given(roster=roster)))


@pytest.mark.parametrize(
    ("first", "later", "values"),
    [
        pytest.param("2026-10-12", "2026-10-13", {10: 5, 11: 160, 12: 7}, id="later"),
        pytest.param("2026-10-13", "2026-10-12", {10: 5, 12: 7}, id="earlier"),
        pytest.param("2026-10-12", "2026-10-12", {10: 5, 12: 7}, id="the same day"),
        pytest.param("其他", "2026-10-13", {10: 5, 12: 7}, id="day not known"),
    ],
)
def test_the_last_day_of_a_download_is_told_better_by_a_later_one(
    place: Workspace, first: str, later: str, values: dict[int, int]
) -> None:
    window(place, f"甲/{first}", {10: 5, 11: 90})
    window(place, f"乙/{later}", {10: 5, 11: 160, 12: 7})
    daily = of_windows(place).daily

    assert dict(zip(daily["date"].dt.day, daily["value"], strict=True)) == values


def test_a_day_before_the_last_is_not(place: Workspace) -> None:
    window(place, "2026-10-12", {10: 5, 11: 90})
    window(place, "2026-10-13", {10: 6, 11: 160})
    tables = of_windows(place)

    assert list(tables.daily["value"]) == [160]
    assert list(tables.ledger["fate"]).count("conflict") == 3


FANS = "时间,净增关注,新增关注,取消关注,关注者总数\n2026/10/02,3,5,2,9\n"


@pytest.mark.parametrize("fans", [FANS, ""])
def test_what_videos_gained_gives_way_to_what_the_account_gained(
    place: Workspace, fans: str
) -> None:
    own = account("sph-01", "shipinhao", "shipinhao.daily")
    folder = place.data / "raw/2026-10/sph-01"
    folder.mkdir(parents=True)
    videos = "时间,播放,喜欢,评论,分享,关注\n2026/10/02,100,5,3,2,1\n"
    for name, text in (("a.csv", videos), ("b.csv", fans)):
        if text:
            (folder / name).write_text(text, encoding="utf-8")
    roster = Roster(operators=ROSTER.operators, accounts=(own,))
    daily = tidy(arrive(place, MONTH, Given(roster=roster))).daily

    gained = daily[daily["metric"] == "follows"]["value"]
    assert list(gained) == ([5] if fans else [1])
