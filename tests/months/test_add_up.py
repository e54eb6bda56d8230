"""Days and counters → months: hand-overs, shares, openings, bounds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import inf, isnan
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.exports import DailyRow, PostRow
from kpi_lib.figures import unrounded
from kpi_lib.inputs import EvidenceRules
from kpi_lib.inputs.roster import Account, Operator, Roster
from kpi_lib.months import add_up, totals
from kpi_lib.months.arrivals import Arrived
from kpi_lib.months.clean import Cleaned, Post
from tests.given import Given

MONTH = "2026-10"
DAYS = days_of(MONTH)


def people(*owners: dict[str, object], **more: object) -> Roster:
    known = {
        "id": "tt",
        "platform": "toutiao",
        "name": "示例头条",
        "from": "2025-01-01",
        "expects": ["toutiao.trend"],
        "owners": list(owners) or [{"operator": "op-01", "from": "2025-01-01"}],
    }
    return Roster(
        operators=tuple(
            Operator.model_validate(
                {"id": id_, "name": id_, "manager": "主管", "from": "2025-01-01"}
            )
            for id_ in ("op-01", "op-02")
        ),
        accounts=(Account.model_validate(known | more),),
    )


def days(metric: str, values: dict[date, float], **more: object) -> list[DailyRow]:
    row = DailyRow(
        account="tt",
        date=DAYS[0],
        metric=metric,
        part="",
        value=0.0,
        basis="level" if metric == "followers" else "daily",
        censored=False,
        source="data/raw/a.xlsx",
        sheet="Sheet1",
        block=0,
        row=0,
    )
    return [
        row._replace(date=day, value=float(value), row=at + 3)._replace(**more)
        for at, (day, value) in enumerate(values.items())
    ]


PLACE = {"source": "data/raw/b.xlsx", "sheet": "Sheet1", "block": 0, "row": 2}


def posts(*rows: dict[str, Any]) -> list[Post]:
    """Make posts: what is no field of theirs is a metric."""
    known = {"post": "p", "title": "", "kind": "article", "status": ""} | PLACE
    return [
        Post(
            str(row.get("account", "tt")),
            row.get("downloaded"),
            PostRow(
                published_at=row["published_at"],
                metrics={name: float(row[name]) for name in METRICS if name in row},
                censored=row.get("censored", frozenset()),
                **{name: row.get(name, usual) for name, usual in known.items()},
            ),
        )
        for row in rows
    ]


def total_of(
    table: pd.DataFrame, metric: str, roster: Roster | None = None
) -> totals.Total:
    accounts = (roster or people()).accounts
    return totals.total(by_metric(table), metric, accounts=accounts)


def by_metric(table: pd.DataFrame) -> totals.Rows:
    (rows,) = totals.by_month(table).values()
    return rows


def months(
    roster: Roster,
    *,
    daily_before: Sequence[DailyRow] = (),
    posts_before: Sequence[Post] = (),
    evidence: EvidenceRules | None = None,
    **rows: Sequence[Any],
) -> pd.DataFrame:
    arrived = Arrived(
        month=MONTH,
        given=Given(roster=roster, evidence=evidence or EvidenceRules()),
        first_days={"tt": DAYS[0]},
    )
    before = Cleaned(daily=tuple(daily_before), posts=tuple(posts_before))
    now = Cleaned(**{name: tuple(found) for name, found in rows.items()})
    return add_up.add_up(arrived, now, before)


def cut(
    now: Sequence[Post], *, month: str, before: Sequence[Post] = ()
) -> pd.DataFrame:
    """Add another month's counters up, without what is due of it."""
    given = Given(roster=people(expects=[]))
    arrived = Arrived(month=month, given=given)
    table = add_up.add_up(arrived, Cleaned(posts=now), Cleaned(posts=before))
    return table[table["metric"] == "favorites"]


def row(table: pd.DataFrame, metric: str, operator: str = "op-01") -> pd.Series:
    found = table[(table["metric"] == metric) & (table["operator"] == operator)]

    assert len(found) == 1

    return found.iloc[0]


HANDED_OVER = (
    {"operator": "op-01", "from": "2025-01-01", "to": "2026-10-15"},
    {"operator": "op-02", "from": "2026-10-16"},
)


class TestDays:
    def test_a_flow_goes_to_the_owner_of_each_day(self) -> None:
        table = months(
            people(*HANDED_OVER), daily=days("views", dict.fromkeys(DAYS, 10))
        )

        assert row(table, "views")["value"] == 150
        assert row(table, "views", "op-02")["value"] == 160
        assert row(table, "views")["days_due"] == 15

    def test_a_level_goes_to_the_owner_of_the_last_day(self) -> None:
        levels = {day: 1000 + 10 * at for at, day in enumerate(DAYS)}
        before = days("followers", {date(2026, 9, 30): 990})
        table = months(
            people(*HANDED_OVER), daily=days("followers", levels), daily_before=before
        )

        # op-01 keeps the change up to the 15th: 1140 − 990; op-02 1300 − 1140.
        assert row(table, "followers_gain")["value"] == 150
        assert row(table, "followers_gain", "op-02")["value"] == 160
        assert row(table, "followers", "op-02")["value"] == 1300
        assert table.query("operator == 'op-01' and metric == 'followers'").empty

    def test_shares_split_and_add_up(self) -> None:
        shared = (
            {"operator": "op-01", "from": "2025-01-01", "share": "0.6"},
            {"operator": "op-02", "from": "2025-01-01", "share": "0.4"},
        )
        table = months(people(*shared), daily=days("views", {DAYS[0]: 100}))

        assert row(table, "views")["value"] == 60
        assert row(table, "views", "op-02")["value"] == 40

    def test_users_of_a_shared_product_are_whole_for_each_owner(self) -> None:
        shared = (
            {"operator": "op-01", "from": "2025-01-01", "share": "0.6"},
            {"operator": "op-02", "from": "2025-01-01", "share": "0.4"},
        )
        table = months(people(*shared), daily=days("dau", dict.fromkeys(DAYS, 500)))

        assert [row(table, "dau", id)["value"] for id in ("op-01", "op-02")] == [
            500
        ] * 2

    def test_missing_days_are_not_zero(self) -> None:
        seen = dict.fromkeys(DAYS[:20], 500)
        table = months(people(), daily=days("dau", seen))

        assert row(table, "dau")["value"] == 500
        assert row(table, "dau")["days_present"] == 20

    def test_a_metric_that_is_due_and_absent_is_missing(self) -> None:
        table = months(people(), daily=days("views", {DAYS[0]: 1}))

        assert isnan(row(table, "likes")["value"])
        total = totals.total(by_metric(table), "likes", accounts=people().accounts)
        assert total.gaps == ("tt没有点赞",)

    def test_account_days(self) -> None:
        whenever = EvidenceRules(reached_within=None)
        views = days("views", dict.fromkeys(DAYS[:28], 1))
        found = row(months(people(), evidence=whenever, daily=views), "account_days")

        assert (found["value"], found["days_due"]) == (28, 31)
        assert found["gap"].date() == DAYS[28]


class TestBounds:
    def test_a_conflict_is_left_out_and_bounded(self) -> None:
        out = [
            *days("views", {DAYS[1]: 40}),
            *days("views", {DAYS[1]: 70}, source="data/raw/c.xlsx"),
        ]
        table = months(
            people(), daily=days("views", {DAYS[0]: 100}), daily_conflicts=out
        )
        found = row(table, "views")

        assert (found["value"], found["low"], found["high"]) == (100, 140, 170)

    def test_counters_that_contradict_each_other_are_bounded(self) -> None:
        table = months(
            people(),
            posts=posts(OCTOBER | CLOSED | {"favorites": 5}),
            posts_conflicts=posts(
                OCTOBER | CLOSED | {"post": "b", "favorites": 4, "shares": 1},
                OCTOBER | CLOSED | {"post": "b", "favorites": 7, "row": 3},
            ),
        )
        bounds = [
            [row(table, metric)[which] for which in ("value", "low", "high")]
            for metric in ("favorites", "shares")
        ]

        assert bounds[0] == [5, 9, 12]
        assert [isnan(bounds[1][0]), *bounds[1][1:]] == [True, 1, 1]

    def test_a_censored_counter_is_a_lower_bound(self) -> None:
        censored = {"views": 100_000, "censored": frozenset({"views"})}
        table = months(people(), posts=posts(OCTOBER | CLOSED | censored))

        assert (row(table, "views")["low"], row(table, "views")["high"]) == (
            100_000,
            inf,
        )

    @pytest.mark.parametrize(
        ("value", "low", "high"),
        [(12_000, 11_500, 13_000), (-12_000, -13_000, -11_500)],
    )
    def test_what_the_source_rounds_has_bounds(
        self, value: float, low: float, high: float
    ) -> None:
        assert (unrounded(value, 1000, False), unrounded(value, 1000, True)) == (
            low,
            high,
        )

    def test_a_gain_of_rounded_levels_is_bounded_on_both_sides(self) -> None:
        table = months(
            people(),
            daily_before=days("followers", {date(2026, 9, 30): 11_000}, rounded=1000.0),
            daily=days("followers", {DAYS[-1]: 12_000}, rounded=1000.0),
        )
        gain = row(table, "followers_gain")

        # From 11,999 or so to 11,500 at least; from 10,500 to 13,000 at most.
        assert (gain["value"], gain["low"], gain["high"]) == (1000, -500, 2500)

    def test_a_counter_that_began_from_at_least_so_many(self) -> None:
        table = months(
            people(),
            posts_before=posts(
                SEPTEMBER
                | OPENED
                | {"views": 100_000, "censored": frozenset({"views"})}
            ),
            posts=posts(SEPTEMBER | CLOSED | {"views": 123_000}),
        )
        views = row(table, "views")

        assert (views["low"], views["high"]) == (0, 23_000)

    def test_a_censored_value_is_a_lower_bound(self) -> None:
        table = months(people(), daily=days("views", {DAYS[0]: 100_000}, censored=True))
        found = row(table, "views")

        assert (found["low"], found["high"]) == (100_000, inf)

    def test_a_day_known_from_below_only_is_not_on_record(self) -> None:
        rows = days("views", {DAYS[0]: 100_000}, censored=True)
        table = months(people(), daily=[*rows, *days("views", {DAYS[1]: 50})])
        found = row(table, "views")

        assert (found["days_present"], found["value"]) == (1, 100_050)


def flows(**values: Sequence[float | None]) -> list[DailyRow]:
    """Make days of some metrics, from the first on; None: the cell is missing."""
    return [
        row
        for metric, numbers in values.items()
        for row in days(
            metric,
            {
                DAYS[at]: number
                for at, number in enumerate(numbers)
                if number is not None
            },
        )
    ]


class TestRatios:
    """Both sums of a ratio cover the same days, accounts and posts."""

    def test_a_day_without_views_is_in_neither_sum(self) -> None:
        parts = flows(
            views=[1000, None, 1000],
            comments=[10, 900, 10],
            shares=[20, 900, 20],
            likes=[20, 900, 20],
        )
        table = months(people(), daily=parts)
        ratio = row(table, "engagement_rate")

        assert ratio["value"] == ratio["low"] == ratio["high"] == 0.05
        assert (ratio["above"], ratio["below"]) == (100, 2000)
        assert ratio["days_present"] == 2
        cited = json.loads(ratio["sources"])
        assert {(each["metric"], each["sum"]) for each in cited} == {
            ("comments", "20"), ("shares", "40"), ("likes", "40"), ("views", "2000"),
        }  # fmt: skip

    def test_too_few_common_days_are_said(self) -> None:
        whole = [100.0] * 31
        clicks = [None] * 7 + whole[7:]  # 24 of 31 days are less than 80 %
        orders = [*whole[7:], *[None] * 7]
        table = months(people(), daily=flows(clicks=clicks, orders=orders))
        gaps = total_of(table, "conversion_rate").gaps

        assert row(table, "conversion_rate")["days_present"] == 17
        assert [str(gap) for gap in gaps if "成交率" in gap or "引流点击" in gap]

    def test_sums_of_accounts_are_divided_where_both_are_known(self) -> None:
        table = months(people(), daily=flows(clicks=[100, 100], orders=[10, None]))
        other = table.assign(account="zz", above=5.0, below=10.0)
        both = pd.concat([table, other[other["metric"] == "conversion_rate"]])

        assert total_of(both, "conversion_rate").value == Fraction(15, 110)

    def test_counters_and_days_are_paired_only_in_whole_months(self) -> None:
        days_of_month = flows(
            comments=[1.0] * 30 + [None], shares=[1.0] * 31, likes=[1.0] * 31
        )
        counters = posts(OCTOBER | CLOSED | {"views": 1000})
        table = months(people(), daily=days_of_month, posts=counters)
        assert isnan(row(table, "engagement_rate")["value"])

        whole = flows(comments=[1.0] * 31, shares=[1.0] * 31, likes=[1.0] * 31)
        table = months(people(), daily=whole, posts=counters)
        assert row(table, "engagement_rate")["value"] == 93 / 1000

    @settings(max_examples=50)
    @given(
        pairs=st.lists(
            st.tuples(
                st.one_of(st.none(), st.integers(0, 1000)),
                st.one_of(st.none(), st.integers(0, 1000)),
            ),
            min_size=1,
            max_size=31,
        ),
        conflict=st.one_of(st.none(), st.integers(0, 1000)),
    )
    def test_it_is_the_ratio_of_the_common_days_and_within_its_bounds(
        self, pairs: list[tuple[int | None, int | None]], conflict: int | None
    ) -> None:
        out: list[DailyRow] = []
        if conflict is not None:  # the last day's clicks contradict each other
            out = [
                *days("clicks", {DAYS[len(pairs) - 1]: conflict}),
                *days("clicks", {DAYS[len(pairs) - 1]: 1001}),
            ]
            pairs = [*pairs[:-1], (pairs[-1][0], None)]
        orders = [pair[0] for pair in pairs]
        clicks = [pair[1] for pair in pairs]
        table = months(
            people(), daily=flows(orders=orders, clicks=clicks), daily_conflicts=out
        )
        found = table[table["metric"] == "conversion_rate"]
        both = [(o, c) for o, c in pairs if o is not None and c is not None]
        below = sum(c for _, c in both)

        if below:
            ratio = found.iloc[0]
            assert ratio["value"] == pytest.approx(sum(o for o, _ in both) / below)
            assert ratio["low"] <= ratio["value"] <= ratio["high"]
            assert ratio["days_present"] == len(both)
        else:
            assert found["value"].isna().all()


HALF = ({"operator": "op-01", "from": "2025-01-01", "share": 0.5},)


class TestShares:
    def test_half_of_a_counter_is_half_of_its_difference(self) -> None:
        table = months(
            people(*HALF),
            posts_before=posts(SEPTEMBER | OPENED | {"favorites": 30}),
            posts=posts(SEPTEMBER | CLOSED | {"favorites": 50}),
        )
        assert row(table, "favorites")["value"] == 10

    def test_half_of_a_level_begins_before_the_month(self) -> None:
        levels = {DAYS[0]: 1010, DAYS[1]: 1030, DAYS[-1]: 1100}
        table = months(
            people(*HALF),
            daily_before=days("followers", {date(2026, 9, 30): 1000}),
            daily=days("followers", levels),
        )
        assert row(table, "followers_opening")["value"] == 500
        assert row(table, "followers_gain")["value"] == 50
        assert row(table, "followers")["value"] == 550

    def test_a_level_counts_by_the_share_of_the_last_day(self) -> None:
        owners = (
            {"operator": "op-01", "from": "2025-01-01", "to": "2026-10-30"},
            {"operator": "op-01", "from": "2026-10-31", "share": 0.5},
            {"operator": "op-02", "from": "2026-10-31", "share": 0.5},
        )
        table = months(
            people(*owners), daily=days("followers", {DAYS[-2]: 900, DAYS[-1]: 1000})
        )
        assert row(table, "followers")["value"] == 500
        assert row(table, "followers", "op-02")["value"] == 500

    def test_users_of_a_month_are_whole_for_who_owns_half(self) -> None:
        table = months(people(*HALF), daily=days("mau", {DAYS[-1]: 5000}))
        assert row(table, "mau")["value"] == 5000

    @pytest.mark.parametrize(
        ("begun", "ended", "bases"),
        [
            ("level", "level", ("daily", "daily")),
            ("manual", "level", ("manual", "manual")),
            ("level", "manual", ("manual", "daily")),
        ],
    )
    def test_a_gain_of_a_level_by_hand_rests_on_the_hand(
        self, begun: str, ended: str, bases: tuple[str, str]
    ) -> None:
        table = months(
            people(),
            daily_before=days("followers", {date(2026, 9, 30): 1000}, basis=begun),
            daily=days("followers", {DAYS[-1]: 1100}, basis=ended),
        )
        found = (row(table, "followers_gain"), row(table, "followers_opening"))
        assert tuple(each["basis"] for each in found) == bases

    def test_a_rate_of_a_day_weighs_as_much_as_its_views(self) -> None:
        table = months(
            people(platform="douyin", expects=["douyin.daily"]),
            daily=[
                *days("views", {DAYS[0]: 100, DAYS[1]: 300}),
                *days("completion_rate", {DAYS[0]: 0.5, DAYS[1]: 0.25}),
            ],
        )
        assert row(table, "completion_rate")["value"] == 125 / 400


SEPTEMBER = {"published_at": datetime(2026, 9, 20), "post": "old"}
OCTOBER = {"published_at": datetime(2026, 10, 9), "post": "new"}


OPENED = {"downloaded": date(2026, 10, 2)}


CLOSED = {"downloaded": date(2026, 11, 2)}


class TestCounters:
    def test_difference(self) -> None:
        table = months(
            people(),
            posts_before=posts(SEPTEMBER | OPENED | {"favorites": 30}),
            posts=posts(
                SEPTEMBER | CLOSED | {"favorites": 28},
                OCTOBER | CLOSED | {"favorites": 9, "row": 3},
            ),
        )
        found = row(table, "favorites")

        # 28 − 30 of the old one (counters may fall), 9 of the new one
        assert found["value"] == 7
        assert found["basis"] == "difference"
        assert found["opened"].date() == date(2026, 10, 2)
        assert found["closed"].date() == date(2026, 11, 2)

    @given(
        counters=st.lists(st.integers(0, 10**6), min_size=3, max_size=3).map(sorted),
        day=st.integers(1, 5),
    )
    def test_the_parts_of_a_post_add_up_to_its_last_counter(
        self, counters: list[int], day: int
    ) -> None:
        # Published on a day of October's window, which September's closing shows.
        early, then, last = counters
        seen = OCTOBER | {"published_at": datetime(2026, 10, 1, 8)}
        opening = posts(seen | {"downloaded": date(2026, 10, day), "favorites": early})
        closing = seen | CLOSED | {"favorites": then}
        october = months(people(), posts_before=opening, posts=posts(closing))
        september = cut(opening, month="2026-09")
        november = cut(
            posts(seen | {"downloaded": date(2026, 12, 1), "favorites": last}),
            before=posts(closing),
            month="2026-11",
        )

        assert september.empty
        assert row(october, "favorites")["value"] == then
        assert then + row(november, "favorites")["value"] == last

    def test_a_list_that_lacks_a_fifth_of_what_it_began_with_is_no_list(self) -> None:
        old = [SEPTEMBER | OPENED | {"post": f"p{n}", "views": 10} for n in range(5)]
        new = [SEPTEMBER | CLOSED | {"post": f"p{n}", "views": 30} for n in range(5)]

        enough = months(people(), posts_before=posts(*old), posts=posts(*new[:4]))
        short = months(people(), posts_before=posts(*old), posts=posts(*new[:3]))

        assert row(enough, "views")["value"] == 80
        assert isnan(row(short, "views")["value"])

    def test_what_came_by_day_before_is_not_made_of_counters(self) -> None:
        before = days("views", {date(2026, 9, 30): 5})
        counters = posts(OCTOBER | CLOSED | {"views": 9})
        table = months(people(), daily_before=before, posts=counters)

        assert isnan(row(table, "views")["value"])

    def test_without_an_opening_only_the_months_posts_count(self) -> None:
        table = months(
            people(),
            posts=posts(
                SEPTEMBER | CLOSED | {"favorites": 28},
                OCTOBER | CLOSED | {"favorites": 9, "row": 3},
            ),
        )
        found = row(table, "favorites")

        assert (found["value"], found["basis"]) == (9, "published")

    def test_the_first_download_of_the_window_closes(self) -> None:
        table = months(
            people(),
            posts=posts(
                OCTOBER | {"downloaded": date(2026, 10, 30), "favorites": 5},
                OCTOBER | {"downloaded": date(2026, 11, 2), "favorites": 7},
                OCTOBER | {"downloaded": date(2026, 11, 4), "favorites": 9},
            ),
        )

        assert row(table, "favorites")["value"] == 7

    @pytest.mark.parametrize(
        ("day", "window", "value"),
        [
            pytest.param(5, 5, 7, id="the last day of the window"),
            pytest.param(6, 5, 5, id="the day after: the last one inside the month"),
            pytest.param(6, 6, 7, id="the plan says until day 6"),
        ],
    )
    def test_the_window_of_the_plan_closes_a_month(
        self, day: int, window: int, value: int
    ) -> None:
        table = months(
            people(),
            posts=posts(
                OCTOBER | {"downloaded": date(2026, 10, 30), "favorites": 5},
                OCTOBER | {"downloaded": date(2026, 11, day), "favorites": 7},
            ),
            evidence=EvidenceRules(counter_window=window),
        )

        assert row(table, "favorites")["value"] == value

    def test_a_rate_is_weighed_exactly(self) -> None:
        table = months(
            people(),
            posts=posts(OCTOBER | CLOSED | {"views": 3, "completion_rate": 0.1}),
        )

        # Not 0.30000000000000004, which a float times a whole number comes to.
        assert row(table, "completed_views")["value"] == 0.3

    def test_a_post_belongs_to_the_owner_of_its_publishing_day(self) -> None:
        table = months(
            people(*HANDED_OVER),
            posts=posts(OCTOBER | CLOSED | {"favorites": 9}),
        )

        assert row(table, "favorites")["value"] == 9
        assert table.query("operator == 'op-02' and metric == 'favorites'").empty

    def test_rates_of_posts_are_weighted_by_views(self) -> None:
        table = months(
            people(),
            posts=posts(
                OCTOBER | CLOSED | {"views": 900, "read_completion": 0.5},
                OCTOBER
                | CLOSED
                | {"post": "b", "views": 100, "read_completion": 0.9, "row": 3},
            ),
        )

        assert row(table, "read_completion")["value"] == pytest.approx(0.54)

    def test_days_win_over_counters(self) -> None:
        table = months(
            people(),
            daily=days("likes", {DAYS[0]: 50}),
            posts=posts(OCTOBER | CLOSED | {"likes": 9}),
        )

        assert (row(table, "likes")["value"], row(table, "likes")["basis"]) == (
            50,
            "daily",
        )

    def test_a_kind_that_the_opening_has_none_of_began_at_zero(self) -> None:
        table = months(
            people(),
            posts_before=posts(SEPTEMBER | OPENED | {"views": 30}),
            posts=posts(
                SEPTEMBER | CLOSED | {"views": 40},
                OCTOBER | CLOSED | {"kind": "video", "views": 9, "row": 3},
            ),
        )

        # 10 of the old article and 9 of the month's first video, on one basis
        assert row(table, "views")["value"] == 19
        assert row(table, "views")["basis"] == "difference"


class TestGaps:
    @pytest.mark.parametrize(
        ("present", "share", "gaps"),
        [
            pytest.param(24, None, 0, id="exactly 80 % is enough"),
            pytest.param(23, None, 1, id="a day less is not"),
            pytest.param(23, "1/2", 0, id="the plan asks for half"),
            pytest.param(14, "1/2", 1, id="less than the plan asks for"),
        ],
    )
    def test_days_on_record(self, present: int, share: str | None, gaps: int) -> None:
        # Due on 30 days of October.
        roster = people({"operator": "op-01", "from": "2026-10-02"})
        values = dict.fromkeys(DAYS[1 : present + 1], 10)
        rules = EvidenceRules(days_on_record=share) if share else EvidenceRules()
        own = totals.total(
            by_metric(months(roster, daily=days("views", values))),
            "views",
            accounts=roster.accounts,
            rules=rules,
        )

        assert own.value == 10 * present
        assert len(own.gaps) == gaps

    def test_streams_share_their_days(self) -> None:
        daily = [
            *days("revenue", dict.fromkeys(DAYS, 5.0), part="article"),
            *days("revenue", {DAYS[3]: 60.0}, part="tips"),
        ]
        table = months(people(), daily=daily)
        own = totals.total(by_metric(table), "revenue", accounts=people().accounts)

        assert (own.value, own.gaps) == (31 * 5 + 60, ())

    def test_an_account_given_away_without_a_level_is_a_gap(self) -> None:
        table = months(
            people(*HANDED_OVER, expects=["toutiao.fans"]),
            daily=days("views", {DAYS[0]: 1}),
        )
        own = total_of(table[table["operator"] == "op-01"], "followers_gain")

        assert own.gaps == ("tt没有粉丝增长",)


class TestTotal:
    def test_dau_is_taken_once_a_product(self) -> None:
        roster = people(product="app")
        twin = roster.accounts[0].model_copy(update={"id": "tt2"})
        roster = roster.model_copy(update={"accounts": (*roster.accounts, twin)})
        both = [
            *days("dau", {DAYS[0]: 500}),
            *days("dau", {DAYS[0]: 700}, account="tt2"),
        ]
        table = months(roster, daily=both)
        own = table[table["operator"] == "op-01"]

        assert total_of(own, "dau", roster).value == 500

    def test_a_ratio_is_one_sum_over_another(self) -> None:
        daily = [
            *days("views", {DAYS[0]: 100, DAYS[1]: 900}),
            *days("likes", {DAYS[0]: 50, DAYS[1]: 10}),
            *days("comments", {DAYS[0]: 0, DAYS[1]: 0}),
            *days("shares", {DAYS[0]: 0, DAYS[1]: 0}),
        ]
        table = months(people(), daily=daily)
        got = totals.total(
            by_metric(table), "engagement_rate", accounts=people().accounts
        )

        # 60 of 1,000, not the mean of 50 % and 1.1 %
        assert float(got.value or 0) == 0.06


# A frame is made for every example: no deadline on a busy machine.
@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 29),
    st.lists(st.integers(0, 10_000), min_size=31, max_size=31),
)
def test_the_parts_of_an_account_add_up_to_the_whole(
    day: int, values: list[int]
) -> None:
    split = date(2026, 10, day + 1)
    roster = people(
        {"operator": "op-01", "from": "2025-01-01", "to": split - timedelta(days=1)},
        {"operator": "op-02", "from": split},
    )
    table = months(roster, daily=days("views", dict(zip(DAYS, values, strict=True))))

    assert table.loc[table["metric"] == "views", "value"].sum() == sum(values)


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        pytest.param([5, 6, 7], "5-7", id="one span"),
        pytest.param([7, 5, 6, 9, 9], "5-7,9", id="unsorted, repeated"),
        pytest.param([], "", id="none"),
    ],
)
def test_spans(rows: list[int], text: str) -> None:
    assert totals.spans(rows) == text
