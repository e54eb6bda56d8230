"""Hours, top posts, campaigns, signs: on frames small enough to reckon by hand."""

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


def test_posts_of_a_time_are_held_against_the_usual_of_their_accounts() -> None:
    monday, tuesday = pd.Timestamp("2026-10-05 20:30"), pd.Timestamp("2026-10-06 08:10")
    both = pd.concat(
        [
            posts([100, 300]).assign(published_at=[monday, tuesday]),
            posts([10, 10, 40], account="ks-01").assign(published_at=monday),
            posts([3], account="gzh-01", published_at=pd.Timestamp("2026-10-06")),
        ],
        ignore_index=True,
    )
    hours = patterns.by_time(both, "views", "hour")
    days = patterns.by_time(both, "views", "weekday")

    # dy-01's middle is 200, ks-01's 10. 公众号's export has days only: no hour.
    assert hours[["at", "posts", "value", "name"]].to_numpy().tolist() == [
        [8, 1, 1.5, "8时"],
        [20, 4, 1.0, "20时"],
    ]
    assert days["name"].tolist() == ["星期一", "星期二"]
    assert days["value"].tolist() == hours["value"].tolist()[::-1]


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_running_shares_rise_to_the_whole(views: list[int]) -> None:
    found = patterns.top_posts(posts([float(one) for one in views]), "views")

    assert found["value"].tolist() == sorted(views, reverse=True)
    if sum(views):
        assert found["share"].iloc[-1] == pytest.approx(1)
        assert found["share"].is_monotonic_increasing


def test_a_rate_ranks_posts_and_has_no_running_share() -> None:
    # 0.10 of 100 and 0.05 of 1,000 do not add up to anything.
    found = patterns.top_posts(
        posts([1000.0, 500.0, float("nan")], engagement_rate=float("nan")),
        "engagement_rate",
    )

    assert found["value"].tolist() == [0.1, 0.05]
    assert found["title"].tolist() == ["第1条", "第0条"]
    assert found["share"].isna().all()


def test_a_rate_that_the_platform_showed_stands_where_parts_are_missing() -> None:
    known = {"completed_views": float("nan"), "video_views": float("nan")}
    shown = posts([1.0, 2.0], completion_rate=[0.25, 0.5], **known)

    assert patterns.top_posts(shown, "completion_rate")["value"].tolist() == [0.5, 0.25]


def test_numbers_below_zero_have_no_running_share() -> None:
    found = patterns.top_posts(
        posts([1.0, 1.0], net_follows=[10.0, -2.0]), "net_follows"
    )

    assert found["share"].isna().all()


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
