"""Targets over the working days, worked out by hand for October 2026."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.appraisal.evidence import Evidence
from kpi_lib.appraisal.quotas import Quotas, quotas
from kpi_lib.days import Calendar, days_of
from kpi_lib.inputs.entries import Content, NoneHere
from kpi_lib.inputs.roster import Account, Roster
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.months.add_up import SCHEMAS
from tests.appraisal.test_scoring import (
    MONTH,
    PAST,
    TARGETS,
    evidence,
    month_rows,
)
from tests.appraisal.test_scoring import target as one_target
from tests.scored import with_ratios, with_roster, with_rows

FIRST = date(2026, 10, 1)


def daily(
    metric: str,
    values: Mapping[date, float],
    account: str = "tt-main",
    part: str = "",
) -> pd.DataFrame:
    rows = [
        {
            "account": account,
            "platform": "toutiao",
            "metric": metric,
            "part": part,
            "date": pd.Timestamp(day),
            "value": value,
            "basis": "daily",
            "censored": False,
            "source": "a.xlsx",
            "sheet": "1",
            "block": 0,
            "row": at + 2,
        }
        for at, (day, value) in enumerate(values.items())
    ]
    return pd.DataFrame(rows, columns=list(SCHEMAS["daily"])).astype(SCHEMAS["daily"])


NOTHING = daily("views", {})


def every_day(value: float) -> dict[date, float]:
    return dict.fromkeys(days_of(MONTH), value)


def of(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    return frame[frame["metric"] == metric].reset_index(drop=True)


def on(made: Quotas, metric: str, day: int) -> pd.Series:
    return of(made.days, metric).iloc[day - 1]


class TestDays:
    def test_what_accrues_every_day_is_spread_over_every_day(self) -> None:
        made = quotas(evidence((one_target("likes", "310"),)), NOTHING)
        days = of(made.days, "likes")

        assert len(days) == 31
        assert set(days["quota"]) == {10.0}
        assert on(made, "likes", 9)["quota_sum"] == 90

    def test_contents_go_by_eighteen_working_days(self) -> None:
        # 2026-10: 1 to 7 are off, Saturday 10 is worked: 3 + 5 + 5 + 5 = 18 days.
        made = quotas(evidence((one_target("contents_due", "180"),)), NOTHING)
        days = of(made.days, "contents")

        assert days["working"].sum() == 18
        assert set(days["quota"]) == {0.0, 10.0}
        assert on(made, "contents", 10)["quota"] == 10  # a Saturday that is worked
        assert on(made, "contents", 7)["quota"] == 0
        assert on(made, "contents", 9)["quota_sum"] == 20  # the 8th and the 9th

    def test_weeks_are_cut_at_the_edge(self) -> None:
        aims = (one_target("likes", "310"), one_target("contents_due", "180"))
        made = quotas(evidence(aims), NOTHING)
        weeks = of(made.weeks, "likes")

        assert list(weeks["week"]) == [f"2026-W{n}" for n in range(40, 45)]
        worked = of(made.days, "likes").groupby("week")["working"].sum()
        assert list(worked) == [0, 3, 5, 5, 5]
        assert list(weeks["quota"]) == [40, 70, 70, 70, 60]
        assert list(of(made.weeks, "contents")["quota"]) == [0, 30, 50, 50, 50]
        assert weeks["first"][0] == pd.Timestamp("2026-10-01")
        assert weeks["last"][4] == pd.Timestamp("2026-10-31")

    def test_a_calendar_row_wins(self) -> None:
        off = Calendar({date(2026, 10, 10): (True, "")})
        due = evidence((one_target("contents_due", "170"),))
        made = quotas(replace(due, calendar=off), NOTHING)

        assert on(made, "contents", 10)["quota"] == 0
        assert on(made, "contents", 9)["quota"] == 10  # 170 over 17 days

    def test_a_year_in_no_calendar_has_its_weekdays(self) -> None:
        # February 2035 begins on a Thursday and has 20 weekdays.
        rows = month_rows("2035-02", likes=100)
        future = with_rows(
            evidence((one_target("likes", "200", period="2035-02"),)),
            with_ratios(rows),
            month="2035-02",
            worklogs={"2035-02": Worklog(month="2035-02")},
        )
        days = quotas(future, NOTHING).days

        assert future.calendar.assumed("2035-02")
        assert days["working"].sum() == 20
        assert days["quota"].sum() == 200

    def test_leave_takes_its_days_and_its_part(self) -> None:
        # Leave on 11 of 31 days: 200 over the 20 others, none on leave; of contents on
        # 9 of 18 working days: 90 over the 9 others.
        leave = [{"from": "2026-10-19", "to": "2026-10-29", "kind": "年假"}]
        aims = (one_target("likes", "310"), one_target("contents_due", "180"))
        made = quotas(evidence(aims, leave=leave), NOTHING)

        for metric, month in (("likes", 200), ("contents", 90)):
            assert on(made, metric, 16)["quota"] == 10
            assert on(made, metric, 20)["quota"] == 0
            assert not on(made, metric, 20)["working"]
            assert of(made.months, metric)["quota"][0] == month

    def test_one_who_left_has_quotas_to_the_last_day(self) -> None:
        # Employed to the 16th: 310 × 16/31 = 160 over 16 days.
        gone = evidence((one_target("likes", "310"),), to="2026-10-16")
        made = quotas(gone, NOTHING)

        assert on(made, "likes", 16)["quota"] == pytest.approx(10)
        assert on(made, "likes", 17)["quota"] == 0
        assert of(made.months, "likes")["quota"][0] == pytest.approx(160)

    def test_a_month_away_has_no_quota(self) -> None:
        leave = [{"from": "2026-10-01", "to": "2026-10-31", "kind": "产假"}]
        made = quotas(evidence((one_target("likes", "180"),), leave=leave), NOTHING)

        assert made.days.empty
        assert made.notes == {"likes": "目标不大于0，不分到日"}


class TestWhichTarget:
    def test_a_low_target_counts_at_the_floor(self) -> None:
        # Baseline 100: 50 counts as 105.
        made = quotas(evidence((one_target("likes", "50"),)), NOTHING)

        assert of(made.months, "likes")["quota"][0] == 105

    def test_followers_are_a_gain(self) -> None:
        # 10,330 less the opening 10,000 is 330 over 31 days.
        made = quotas(evidence(TARGETS), NOTHING)

        assert on(made, "followers", 8)["quota"] == pytest.approx(330 / 31)
        assert of(made.months, "followers")["attained"][0] == 1

    def test_followers_without_an_opening_have_none(self) -> None:
        now = month_rows(MONTH, followers=10_330)
        made = quotas(evidence((TARGETS[2],), now=now), NOTHING)

        assert made.days.empty
        assert made.notes == {"followers": "不分到日：有账号没有月初或月末的粉丝数"}

    @pytest.mark.parametrize(
        ("metric", "value", "note"),
        [
            pytest.param("unfollows", "50", "越少越好，不分到日", id="less is better"),
            pytest.param("gmv", "0", "目标不大于0，不分到日", id="nothing wanted"),
        ],
    )
    def test_no_quota(self, metric: str, value: str, note: str) -> None:
        made = quotas(evidence((one_target(metric, value),)), NOTHING)

        assert made.months.empty
        assert made.notes == {metric: note}

    def test_stocks_and_rates_have_none(self) -> None:
        targets = (one_target("mau", "5000"), one_target("completion_rate", "0.4"))

        assert quotas(evidence(targets), NOTHING).notes == {}

    def test_platform_rows_add_up(self) -> None:
        rows = (one_target("likes", "180", platform="toutiao"),)
        made = quotas(evidence(rows), daily("likes", every_day(1)))

        assert of(made.months, "likes")["quota"][0] == 180
        assert of(made.days, "likes")["result_sum"].iloc[-1] == 31
        assert made.notes == {"likes": "各平台的目标相加"}

    def test_an_unapproved_target_is_told(self) -> None:
        made = quotas(evidence((one_target("likes", "180", approved_by=""),)), NOTHING)

        assert made.notes["likes"] == "短期目标没有批准"


class TestResults:
    def test_days_off_count_into_the_running_sum(self) -> None:
        made = quotas(
            evidence((one_target("likes", "310"),)), daily("likes", every_day(4))
        )

        assert on(made, "likes", 7)["result_sum"] == 28
        assert on(made, "likes", 8)["attained"] == 0.4
        # 5 to 11 October: seven days of 4 against seven of 10.
        assert of(made.weeks, "likes")["attained"][1] == pytest.approx(28 / 70)

    def test_a_missing_day_is_not_zero(self) -> None:
        values = every_day(4)
        del values[date(2026, 10, 1)], values[date(2026, 10, 9)]
        made = quotas(evidence((one_target("likes", "180"),)), daily("likes", values))

        assert pd.isna(on(made, "likes", 1)["result_sum"])
        assert pd.isna(on(made, "likes", 9)["result"])
        assert on(made, "likes", 9)["result_sum"] == 28
        assert on(made, "likes", 31)["result_sum"] == 29 * 4

    def test_a_gain_is_the_step_from_the_level_before(self) -> None:
        # 10,000 on 30 September, then one more a day, the 9th unknown: the 10th
        # brings two.
        levels = {date(2026, 9, 30) + timedelta(n): 10_000.0 + n for n in range(32)}
        del levels[date(2026, 10, 9)]
        made = quotas(evidence(TARGETS), daily("followers", levels))

        assert on(made, "followers", 1)["result"] == 1
        assert pd.isna(on(made, "followers", 9)["result"])
        assert on(made, "followers", 10)["result"] == 2
        assert on(made, "followers", 31)["result_sum"] == 31

    def test_streams_add_up_and_a_total_hides_its_parts(self) -> None:
        rows = month_rows(MONTH, revenue=62)
        streams = [
            {**rows[0], "stream": stream, "value": 31.0}
            for stream in ("article", "tips")
        ]
        both = [daily("revenue", every_day(1), part=p) for p in ("article", "tips")]
        target = (one_target("revenue", "180"),)
        parts = quotas(evidence(target, now=streams), pd.concat(both))
        # The same platform lists the total as well: once a day, not twice.
        total = pd.concat([*both, daily("revenue", every_day(2))])
        whole = quotas(evidence(target, now=rows), total)

        assert on(parts, "revenue", 31)["result_sum"] == 62
        assert on(whole, "revenue", 31)["result_sum"] == 62

    def test_counters_have_a_month_but_no_days(self) -> None:
        now = [{**month_rows(MONTH, likes=90)[0], "basis": "difference"}]
        given_now = evidence((one_target("likes", "180"),), now=now)
        made = quotas(given_now, daily("likes", every_day(1)))

        assert made.days["result"].isna().all()
        assert made.weeks["result"].isna().all()
        assert made.months["attained"][0] == 0.5
        assert made.notes == {"likes": "示例头条没有按日的数，日和周没有结果"}

    def test_another_owners_days_are_not_there(self) -> None:
        # From the 17th the account is another's; half of it before that.
        given_now = evidence((one_target("likes", "180"),))
        account = given_now.roster.accounts[0].model_dump(by_alias=True)
        owners = [
            {"operator": "op-01", "from": FIRST, "to": date(2026, 10, 16), "share": 0.5}
        ]
        shared = Roster(
            operators=given_now.roster.operators,
            accounts=(Account.model_validate(account | {"owners": owners}),),
        )
        made = quotas(with_roster(given_now, shared), daily("likes", every_day(4)))

        assert on(made, "likes", 16)["result_sum"] == 16 * 2
        assert pd.isna(on(made, "likes", 17)["result"])

    def test_row_order_changes_nothing(self) -> None:
        days = pd.concat(
            [daily("likes", every_day(4)), daily("followers", every_day(10_100))]
        )
        made = quotas(evidence(TARGETS), days)
        turned = with_rows(evidence(TARGETS[::-1]), evidence().monthly[::-1])
        again = quotas(turned, days[::-1])

        for name in ("days", "weeks", "months"):
            pd.testing.assert_frame_equal(getattr(made, name), getattr(again, name))


def content(day: str, *published: str, title: str = "示例") -> Content:
    return Content(
        operator="op-01",
        source="worklog.xlsx",
        sheet="内容",
        row=2,
        id=f"C{day}",
        title=title,
        form="图文",
        planned=date.fromisoformat(day),
        planned_platforms=("toutiao",),
        published_platforms=published,
    )


class TestContents:
    DUE = (one_target("contents_due", "9"),)

    def log(self, *contents: Content, none: bool = False) -> Worklog:
        given_none = NoneHere(
            operator="op-01",
            source="worklog.xlsx",
            sheet="内容",
            row=2,
            by="示例主管",
            on=date(2026, 11, 2),
        )
        return Worklog(
            month=MONTH, contents=contents, confirmations=(given_none,) if none else ()
        )

    def test_published_on_the_day_planned(self) -> None:
        # 9 over 18 days is half a content a day.
        log = self.log(
            content("2026-10-09", "toutiao"),
            content("2026-10-09", "toutiao", title="另一条"),
            content("2026-10-12"),
            content("2026-11-02", "toutiao"),
        )
        made = quotas(evidence(self.DUE, log=log), NOTHING)

        assert on(made, "contents", 9)["quota"] == 0.5
        assert on(made, "contents", 9)["result"] == 2
        assert on(made, "contents", 12)["result"] == 0
        assert of(made.months, "contents")["result"][0] == 2

    def test_a_blank_sheet_is_missing_a_signed_none_is_zero(self) -> None:
        blank = quotas(evidence(self.DUE, log=self.log()), NOTHING)
        none = quotas(evidence(self.DUE, log=self.log(none=True)), NOTHING)

        assert blank.days["result"].isna().all()
        assert blank.notes == {"contents": "工作记录的“内容”表没有记录"}
        assert none.months["result"][0] == 0


@settings(max_examples=40)
@given(
    value=st.integers(1, 10**9),
    first=st.integers(1, 31),
    length=st.integers(0, 30),
    off=st.sets(st.integers(1, 31), max_size=25),
)
def test_days_and_weeks_sum_to_the_target(
    value: int, first: int, length: int, off: set[int]
) -> None:
    last = min(31, first + length)
    leave = [{"from": f"2026-10-{first:02d}", "to": f"2026-10-{last:02d}"}]
    likes: Evidence = evidence(
        (one_target("likes", str(value), note="示例"),), leave=leave
    )
    closed = Calendar({date(2026, 10, day): (True, "") for day in off})
    likes = with_rows(likes, with_ratios([*PAST]), calendar=closed)
    made = quotas(likes, NOTHING)

    if not likes.present():
        assert made.days.empty
        return
    counted = float(Fraction(value) * likes.charge("likes"))
    assert made.days["quota"].sum() == pytest.approx(counted)
    assert made.weeks["quota"].sum() == pytest.approx(counted)
    assert made.days["quota_sum"].iloc[-1] == counted
    assert (made.days["quota"] > 0).sum() == len(likes.days_in_charge)


@settings(max_examples=40)
@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), min_size=31, max_size=31))
def test_days_sum_to_the_month(values: list[int | None]) -> None:
    known = {
        day: float(value)
        for day, value in zip(days_of(MONTH), values, strict=True)
        if value is not None
    }
    made = quotas(evidence((one_target("likes", "180"),)), daily("likes", known))
    weeks, days = made.weeks["result"], made.days["result"]

    assert days.notna().sum() == len(known)
    assert days.sum() == sum(known.values())
    assert weeks.sum() == sum(known.values())
