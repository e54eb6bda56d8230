"""Hours, top posts, campaigns, signs: on frames small enough to reckon by hand."""

from datetime import date

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kpi_lib.workbook import patterns


def posts(views: list[float], **more: object) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "account": "dy-01",
            "post": [str(at) for at in range(len(views))],
            "title": [f"第{at}条" for at in range(len(views))],
            "published_at": pd.Timestamp("2026-10-05 20:30"),
            "views": views,
            "comments": 10.0,
            "shares": 10.0,
            "likes": 30.0,
        }
    )
    return frame.assign(**more)


def days(values: list[float], first: str = "2026-07-06") -> pd.DataFrame:
    return pd.DataFrame(
        {"date": pd.date_range(first, periods=len(values)), "value": values}
    )


def test_posts_are_counted_by_weekday_and_hour() -> None:
    both = pd.concat(
        [
            posts([1, 2]),
            posts([3], account="gzh-01", published_at=pd.Timestamp("2026-10-06")),
        ]
    )

    # 公众号's export has days only: midnight is no hour.
    assert patterns.publishing_times(both).to_numpy().tolist() == [[0, 20, 2]]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_running_shares_rise_to_the_whole(views: list[int]) -> None:
    found = patterns.top_posts(posts([float(one) for one in views]), "views")

    assert found["value"].tolist() == sorted(views, reverse=True)
    if sum(views):
        assert found["share"].iloc[-1] == pytest.approx(1)
        assert found["share"].is_monotonic_increasing


def test_only_accounts_without_a_gap_are_added_up() -> None:
    whole = days([1, 2, 3]).assign(account="a")
    gap = days([5, 5, 5]).drop(index=1).assign(account="b")
    found = patterns.whole_days(pd.concat([whole, gap]))

    assert found["value"].tolist() == [1, 2, 3]
    assert set(found["accounts"]) == {1}


def test_spans_have_the_campaigns_length_and_weekdays() -> None:
    first, last = date(2026, 10, 1), date(2026, 10, 9)  # nine days: two weeks a step
    known = pd.DataFrame({"date": patterns.range_of(first, last), "value": 1.0})
    found = patterns.spans(known, first, last)

    assert found["at"].tolist() == list(range(-8, 2))
    assert {when.weekday() for when in found["first"]} == {first.weekday()}
    assert set((found["last"] - found["first"]).dt.days) == {8}


def test_a_span_that_lacks_a_day_is_left_out() -> None:
    first, last = date(2026, 10, 1), date(2026, 10, 3)
    known = pd.DataFrame({"date": patterns.range_of(first, last), "value": 1.0})
    found = patterns.spans(known.drop(index=1), first, last)

    assert found["at"].tolist() == list(range(-7, 2))


@pytest.mark.parametrize(
    ("during", "verdict"), [(9.0, "above"), (0.5, "below"), (2.0, "inside")]
)
def test_the_range_of_the_spans_before_is_the_yardstick(
    during: float, verdict: str
) -> None:
    cut = pd.DataFrame({"at": [-3, -2, -1, 0, 1], "value": [1.0, 3.0, 2.0, during, 4]})
    found = patterns.effect(cut)

    assert found is not None
    assert (found.low, found.middle, found.high, found.after) == (1, 2, 3, 4)
    assert found.verdict == verdict
    assert found.chance == (2, 4)
    assert "先后不等于因果" in found.sentence()


def test_too_few_spans_say_nothing() -> None:
    cut = pd.DataFrame({"at": [-2, -1, 0], "value": [1.0, 2.0, 9.0]})

    assert patterns.effect(cut) is None
    assert patterns.effect(cut[cut["at"] < 0]) is None


def test_views_without_engagement_are_told_with_the_reason() -> None:
    found = patterns.empty_views(posts([1000.0] * 8 + [30_000.0]))

    assert found["what"].tolist() == ["第8条"]
    assert "30倍" in found["reason"].iloc[0]
    assert "互动率0.17%" in found["reason"].iloc[0]


def test_a_hit_that_people_take_part_in_is_no_sign() -> None:
    hit = posts([1000.0] * 8 + [30_000.0], likes=[30.0] * 8 + [900.0])

    assert patterns.empty_views(hit).empty
    assert patterns.empty_views(posts([1000.0] * 3 + [30_000.0])).empty  # too few


def test_followers_without_views_are_told() -> None:
    levels = [1000.0 + 10 * at for at in range(25)]
    levels = [one + (500 if at >= 20 else 0) for at, one in enumerate(levels)]
    views = days([100.0] * 25).assign(account="a")
    found = patterns.empty_followers(days(levels).assign(account="a"), views)

    assert found["date"].tolist() == [pd.Timestamp("2026-07-26")]
    assert "一天多了510人，平常一天变化10人" in found["reason"].iloc[0]


def test_followers_after_a_hit_or_a_gap_are_no_sign() -> None:
    levels = [1000.0 + 10 * at + (500 if at >= 20 else 0) for at in range(25)]
    seen = days([100.0] * 20 + [9000.0] + [100.0] * 4).assign(account="a")
    plain = days([100.0] * 25).assign(account="a")
    known = days(levels).assign(account="a")

    assert patterns.empty_followers(known, seen).empty
    # Without the day before, two days' growth is no day's jump.
    assert patterns.empty_followers(known.drop(index=19), plain).empty
