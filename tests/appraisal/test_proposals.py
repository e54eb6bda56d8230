"""Next month's targets: the band over the median, rounded by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kpi_lib.appraisal.evidence import Evidence
from kpi_lib.appraisal.goals import past
from kpi_lib.appraisal.proposals import LEVELS, propose, rounded
from kpi_lib.appraisal.sources.targets import in_band
from kpi_lib.inputs.plan import Band
from kpi_lib.inputs.roster import Account, Roster
from tests.appraisal.test_scoring import MONTH, PLAN, evidence, month_rows
from tests.scored import baseline, with_ratios, with_roster, with_rows

MONTHS = ("2026-08", "2026-09", MONTH)


def three(metric: str, values: Sequence[float | None], **more: object) -> Evidence:
    """The appraised month and the two before it, with one metric."""
    rows = [
        row
        for month, value in zip(MONTHS, values, strict=True)
        if value is not None
        for row in month_rows(month, **{metric: value})
    ]
    made = evidence(required=[metric], **more)
    return with_rows(made, with_ratios(rows))


def followers(gains: Sequence[float], level: float) -> Evidence:
    rows = [
        row
        for month, gain in zip(MONTHS, gains, strict=True)
        for row in month_rows(month, followers_gain=gain)
    ]
    rows += month_rows(MONTH, followers=level)
    made = evidence(required=["followers"])
    return with_rows(made, with_ratios(rows))


def numbers(row: dict[str, str], prefix: str = "") -> list[str]:
    return [row[f"{prefix}{level}"] for level in LEVELS]


class TestNumbers:
    def test_the_band_over_the_median(self) -> None:
        # Median of 2000, 2200, 2500 is 2200: × 1.05 = 2310 → 2400,
        # × 1.125 = 2475 → 2500, × 1.2 = 2640 → 2700; 2400 ÷ 2200 = 1.0909…
        row = propose(three("views", (2000, 2200, 2500)))[0]

        assert (row["baseline"], row["months"], row["value"]) == ("2200", "3", "2500")
        assert numbers(row) == ["2400", "2500", "2700"]
        assert numbers(row, "growth_") == ["0.091", "0.136", "0.227"]
        assert row["period"] == "2026-11"
        assert row["method"] == (
            "8月、9月、10月的中位数×（1＋5%、12.5%、20%），向上取2位有效数字"
        )

    def test_a_third_figure_where_two_would_be_the_same(self) -> None:
        # 1050, 1125, 1200 would be 1100, 1200, 1200.
        row = propose(three("views", (1000, 1000, 1000)))[0]

        assert numbers(row) == ["1050", "1130", "1200"]
        assert "取3位有效数字" in row["method"]

    def test_followers_are_a_level_with_a_gain(self) -> None:
        # Gains 300: 315 → 320, 337.5 → 340, 360; the own level is 10,330.4: targets
        # are whole, so the gains end in .6.
        row = propose(followers((200, 300, 400), 10_330.4))[0]

        assert (row["baseline"], row["value"]) == ("300", "10330.4")
        assert numbers(row) == ["10651", "10671", "10691"]
        assert numbers(row, "gain_") == ["320.6", "340.6", "360.6"]
        assert numbers(row, "growth_") == ["0.069", "0.135", "0.202"]

    def test_less_is_better_is_divided_and_rounded_down(self) -> None:
        # 210 ÷ 1.05 = 200, ÷ 1.125 = 186.67 → 180, ÷ 1.2 = 175 → 170
        row = propose(three("unfollows", (210, 210, 210)))[0]

        assert numbers(row) == ["200", "180", "170"]
        assert numbers(row, "growth_") == ["0.05", "0.167", "0.235"]
        assert "中位数÷（1＋5%、12.5%、20%），向下取2位" in row["method"]

    def test_a_rate_keeps_its_places_and_ends_at_one(self) -> None:
        # 0.38 → 0.399 → 0.4, 0.4275 → 0.43, 0.456 → 0.46
        assert numbers(_rate(0.38)) == ["0.4", "0.43", "0.46"]
        # 0.945, but 1.0125 and 1.08 are no rates.
        assert numbers(_rate(0.9)) == ["0.945", "1", "1"]

    def test_money_and_counts_are_whole(self) -> None:
        # 5.5 → 5.775, 6.1875, 6.6
        row = propose(three("revenue", (5.5, 5.5, 5.5)))[0]

        assert numbers(row) == ["6", "7", "7"]

    def test_daily_actives_are_a_level(self) -> None:
        row = propose(three("dau", (40_000, 40_000, 44_000)))[0]

        assert numbers(row) == ["42000", "45000", "48000"]


def _rate(rate: float) -> dict[str, str]:
    rows = [
        row
        for month in MONTHS
        for row in month_rows(month, orders=rate * 1000, clicks=1000)
    ]
    made = evidence(required=["conversion_rate"])
    return propose(with_rows(made, with_ratios(rows)))[0]


class TestNone:
    def test_one_month_is_no_baseline(self) -> None:
        row = propose(three("views", (None, None, 2500)))[0]

        assert [*numbers(row), row["baseline"], row["method"]] == [""] * 5
        assert row["value"] == "2500"
        assert row["note"] == (
            "没有基线：近3个月只有1个月可比，至少要2个月（8月、9月没有数据）"
        )

    def test_a_median_of_zero(self) -> None:
        row = propose(three("orders", (0, 0, 5)))[0]

        assert row["note"] == "没有基线：近3个月的中位数不大于0"

    def test_a_month_on_leave_does_not_count(self) -> None:
        # September 2026 has 22 working days; leave on 5 of them is over 20 %.
        leave = [{"from": "2026-09-07", "to": "2026-09-11", "kind": "年假"}]
        given_leave = three("views", (2000, 9000, 2200), leave=leave)

        assert [one.value for one in past(given_leave, "views", month="2026-11")] == [
            2200,
            None,
            2000,
        ]
        assert propose(given_leave)[0]["baseline"] == "2100"

    def test_followers_without_a_level(self) -> None:
        made = followers((3, 3, 3), 10)
        gains = made.monthly[made.monthly["metric"] != "followers"]
        row = propose(with_rows(made, gains))[0]

        assert row["note"] == "没有月末的粉丝数"

    def test_an_account_given_away_next_month(self) -> None:
        made = three("views", (2000, 2200, 2500))
        account = made.roster.accounts[0].model_dump(by_alias=True)
        owners = [{"operator": "op-01", "from": "2025-01-01", "to": date(2026, 11, 15)}]
        given_away = Roster(
            operators=made.roster.operators,
            accounts=(Account.model_validate(account | {"owners": owners}),),
        )
        row = propose(with_roster(made, given_away))[0]

        assert numbers(row) == [""] * 3
        assert row["note"] == "11月的账号或份额与这几个月不同，届时没有基线"

    def test_one_who_leaves(self) -> None:
        row = propose(three("views", (2000, 2200, 2500), to="2026-10-31"))[0]

        assert numbers(row) == [""] * 3
        assert row["note"] == "11月不在职"


class TestNotes:
    def test_last_years_step_is_told_and_not_used(self) -> None:
        rows = [
            *month_rows("2025-10", views=1000),
            *month_rows("2025-11", views=1300),
        ]
        made = three("views", (2000, 2200, 2500))
        row = propose(with_rows(made, with_ratios([*rows, *_records(made)])))[0]

        assert row["last_year"] == "1.3"
        assert row["note"].endswith("；去年11月是10月的130.0%，只作参考")
        assert numbers(row) == ["2400", "2500", "2700"]

    def test_last_year_on_another_basis_is_not_told(self) -> None:
        rows = [
            *month_rows("2025-10", views=1000),
            {**month_rows("2025-11", views=1300)[0], "basis": "published"},
        ]
        made = three("views", (2000, 2200, 2500))
        row = propose(with_rows(made, with_ratios([*rows, *_records(made)])))[0]

        assert row["last_year"] == ""

    @pytest.mark.parametrize(
        ("now", "note"),
        [
            pytest.param(
                2701,
                "低、中、高档低于本月的2,701：各档都从8月、9月、10月的中位数2,200算起",
                id="above all",
            ),
            pytest.param(
                2700,
                "低、中档低于本月的2,700：各档都从8月、9月、10月的中位数2,200算起",
                id="at the highest",
            ),
            pytest.param(2400, "", id="at the lowest"),
            pytest.param(2100, "本月结果2,100不及基线2,200", id="below the baseline"),
        ],
    )
    def test_this_month_outside(self, now: float, note: str) -> None:
        values = (2200, 2300, now) if now < 2200 else (2000, 2200, now)

        assert propose(three("views", values))[0]["note"] == note

    def test_of_what_one_wants_little_of_more_is_easier(self) -> None:
        # 210 ÷ 1.05 = 200, ÷ 1.125 → 180, ÷ 1.2 → 170
        row = propose(three("unfollows", (210, 210, 190)))[0]

        assert row["easier"] == "low"
        assert row["note"] == (
            "低档高于本月的190：各档都从8月、9月、10月的中位数210算起"
        )

    def test_a_gain_is_compared_with_a_gain(self) -> None:
        row = propose(followers((300, 300, 330), 10_330))[0]

        assert row["easier"] == "low"
        assert row["note"].startswith("低档低于本月的330：")

    def test_a_month_with_gaps_is_told_and_not_compared(self) -> None:
        made = three("views", (2000, 2200, 900))
        short = made.monthly["days_present"].where(made.monthly["month"] != MONTH, 20)
        given_short = with_rows(made, made.monthly.assign(days_present=short))

        assert propose(given_short)[0]["note"] == "本月数据不全"
        assert propose(given_short)[0]["months"] == "2"

    def test_leave_known_of_next_month(self) -> None:
        # November 2026 has 21 working days; the leave takes 5 of them.
        leave = [{"from": "2026-11-02", "to": "2026-11-06", "kind": "年假"}]
        row = propose(three("views", (2000, 2200, 2500), leave=leave))[0]
        level = propose(three("dau", (2000, 2200, 2500), leave=leave))[0]

        assert row["note"].endswith(
            "按全月提出；11月30天预计在岗25天，目标届时按天数折算"
        )
        assert numbers(row) == ["2400", "2500", "2700"]
        assert level["easier"] == "low"

    def test_outside_the_band_is_said(self) -> None:
        # One order a month: 1.05, 1.125 and 1.2 are all 2.
        row = propose(three("orders", (1, 1, 1)))[0]

        assert numbers(row) == ["2", "2", "2"]
        assert row["note"] == "取整后低、中、高的增幅在5%至50%之外"


def _records(made: Evidence) -> list[dict[str, object]]:
    return [
        {str(name): value for name, value in row.items()}
        for row in made.monthly.to_dict("records")
    ]


def test_the_baseline_is_the_one_next_month_is_held_against() -> None:
    made = three("views", (2000, 2200, 2500))
    rows = [*_records(made), *month_rows("2026-11", views=1)]
    then = with_rows(made, with_ratios(rows), month="2026-11")

    assert baseline(made, "views", month="2026-11") == baseline(then, "views") == 2200
    assert baseline(made, "views") != 2200


def test_row_order_changes_nothing() -> None:
    made = followers((200, 300, 400), 10_330)

    assert propose(with_rows(made, made.monthly[::-1])) == propose(made)


@given(st.fractions(Fraction(1, 1000), 10**8), st.integers(1, 4), st.booleans())
def test_rounding_is_safe(number: Fraction, digits: int, whole: bool) -> None:
    up = rounded(number, digits, whole=whole, up=True)
    down = rounded(number, digits, whole=whole, up=False)

    assert down <= number <= up
    # A step is at most one unit of the last figure kept, or of the whole number.
    step = max(number / 10 ** (digits - 1), Fraction(whole))
    assert up - down <= step
    if whole:
        assert up.denominator == down.denominator == 1


@settings(max_examples=60)
@given(
    metric=st.sampled_from(["views", "orders", "revenue", "unfollows", "dau"]),
    base=st.integers(1, 10**7),
    floor=st.integers(1, 40),
    width=st.integers(1, 40),
    top=st.integers(0, 40),
)
def test_every_proposal_is_in_the_band_or_said_to_be_outside(
    metric: str, base: int, floor: int, width: int, top: int
) -> None:
    band = Band(
        floor=f"{floor}%",
        full=f"{floor + width}%",
        top=f"{floor + width + top}%",
        at_floor="1/3",
        above="1/2",
    )
    plan = PLAN.model_copy(update={"band": band})
    made = replace(three(metric, (base,) * 3), plan=plan)
    row = propose(made)[0]

    for level, zh in zip(LEVELS, "低中高", strict=True):
        growth = row[f"growth_{level}"]
        said = zh in row["note"].partition("取整后")[2].partition("的增幅")[0]
        inside = bool(growth) and band.floor <= Fraction(growth) <= band.top
        assert inside != said
        # Never below the floor, so it never costs points for lack of challenge.
        assert not growth or in_band(Fraction(growth), made) >= Fraction(1, 3)
