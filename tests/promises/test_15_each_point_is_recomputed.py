"""
Every question, metric and filter of the sample, computed again without the package.

Plain pandas on the month's three tables, from what the metrics say of themselves: kind,
parts, numerator. Nothing is drawn: an answer is its frame.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from statistics import median
from typing import Any, NamedTuple

import pandas as pd
import pytest

from kpi_lib.catalogue import METRICS
from kpi_lib.workbook import answers, posts, questions
from kpi_lib.workbook.answers import Answer
from kpi_lib.workbook.workbook import Workbook

OPERATORS = ("op-01", "op-02", "op-03", "op-04")
BACK = 5
KINDS = [
    "engagement_rate", "views", "followers", "followers_gain", "dau", "stickiness",
    "conversion_rate", "completion_rate", "revenue",
]  # fmt: skip
"""Metrics of every kind; all of them where no platform is chosen."""

ONE_ACCOUNT = {"dau", "mau", "stickiness"}
"""Of one product: the sample's is app-01, whole for each of its owners."""

Values = dict[tuple[str, ...], float]


class Choice(NamedTuple):
    """Whose, and of which platforms."""

    operator: str = ""
    platform: str = ""


@pytest.fixture(scope="module")
def m(m: Workbook) -> Workbook:
    """The month, whose days and posts are cut to an operator once for all questions."""
    kept = replace(m)
    vars(kept)["own_days"], vars(kept)["own_posts"] = map(
        cache, (m.own_days, m.own_posts)
    )
    return kept


@pytest.fixture
def asked(m: Workbook, monkeypatch: pytest.MonkeyPatch) -> Workbook:
    """Give the month, its answers without their drawings."""

    def bare(_kind: str, title: str, sub: str, frame: pd.DataFrame, *_: Any) -> Answer:
        return Answer(f"{title}\n{sub}", frame)

    for module in (questions, posts):
        monkeypatch.setattr(module, "answer", bare)
    monkeypatch.setattr(answers, "curves", bare)
    for chart in ("bars", "points", "windows"):
        monkeypatch.setattr(questions.charts, chart, lambda *_, **__: None)
    return m


def choices(m: Workbook) -> Iterator[Choice]:
    """Walk everybody, every platform, every operator on each of theirs."""
    yield Choice()
    for platform in m.platforms:
        yield Choice(platform=platform)
    for operator in OPERATORS:
        yield Choice(operator)
        person = m.roster.operator(operator)
        for one in {a.platform for a in m.roster.owned_by(person, m.month)}:
            yield Choice(operator, one)


def chosen(rows: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    if choice.operator and "operator" in rows:
        rows = rows[rows["operator"] == choice.operator]
    return rows[rows["platform"] == choice.platform] if choice.platform else rows


def close(found: Values, right: Values) -> None:
    assert found == pytest.approx(right, rel=1e-9)


def of(frame: pd.DataFrame, *keys: str) -> Values:
    rows = zip(*(frame[key] for key in keys), strict=True)
    return dict(zip(rows, frame["value"], strict=True))


# By month: what `months` and `compare` answer.


def by_month(rows: pd.DataFrame, by: str, metrics: list[str]) -> Values:
    """Add up the values of accounts; of a ratio the two sums, then divide."""
    right: Values = {}
    for metric in metrics:
        own = rows[rows["metric"] == metric]
        if metric in ONE_ACCOUNT:
            own = own.drop_duplicates(["month", by, "account"])
        sums: dict[tuple[str, str], list[float]] = {}
        for row in own.to_dict("records"):
            ratio = METRICS[metric].kind == "ratio"
            pair = (row["above"], row["below"]) if ratio else (row["value"], 1.0)
            if not any(map(pd.isna, pair)):
                key = (str(row["month"]), str(row[by]))
                both = sums.setdefault(key, [0.0, 0.0])
                both[0] += pair[0]
                both[1] = both[1] + pair[1] if ratio else 1.0
        for (month, key), (above, below) in sums.items():
            if below:
                right[metric, month, key] = above / below
    return right


@pytest.mark.parametrize("by", ["account", "platform", "operator", "team"])
def test_months_and_compare_are_sums_and_divided_sums(asked: Workbook, by: str) -> None:
    m = asked
    table = m.monthly[m.monthly["month"] >= m.months[-BACK]].assign(team="team")
    for choice in choices(m):
        if by != "account" and all(choice):
            continue  # both filters at once: by account is enough
        metrics = KINDS if choice.platform else [*METRICS]
        right = by_month(chosen(table, choice), by, metrics)
        frame = questions.months(m, *metrics, by=by, back=BACK, **choice._asdict())

        close(of(frame.frame, "metric", "month", "key"), right)
        for metric in KINDS[:2] if any(choice) else metrics:
            now, before = (
                {
                    key: value
                    for (name, at, key), value in right.items()
                    if (name, at) == (metric, month)
                }
                for month in (m.months[-1], m.months[-2])
            )
            found = questions.compare(m, metric, by=by, **choice._asdict()).frame
            told = found.dropna(subset="before").set_index("key")["before"].to_dict()

            assert dict(zip(found["key"], found["value"], strict=True)) == (
                pytest.approx(now, rel=1e-9)
            )
            assert told == pytest.approx(
                {key: before[key] for key in now.keys() & before}
            )
            assert found["value"].is_monotonic_decreasing


def test_the_months_two_sums_are_of_days_on_which_both_are_known(m: Workbook) -> None:
    days = m.daily[m.daily["date"] >= pd.Timestamp(f"{m.month}-01")]
    rows = m.monthly[(m.monthly["month"] == m.month) & (m.monthly["share"] == 1)]
    seen = 0
    for name, metric in METRICS.items():
        if metric.kind != "ratio" or name in ONE_ACCOUNT:
            continue
        own = days[days["metric"].isin(metric.parts)]
        known = own.groupby(["account", "date"])["metric"].nunique()
        for row in rows[rows["metric"] == name].to_dict("records"):
            bases = rows[
                (rows["account"] == row["account"])
                & rows["metric"].isin(metric.parts)
            ]["basis"]  # fmt: skip
            if not set(bases) <= {"daily", "manual"}:
                continue
            at = known.get(row["account"], pd.Series(dtype=int))
            whole = at[at == len(metric.parts)].index
            mine = own[(own["account"] == row["account"]) & own["date"].isin(whole)]
            sums = mine.groupby("metric")["value"].sum()
            seen += 1

            assert row["above"] == pytest.approx(sums[list(metric.numerator)].sum())
            assert row["below"] == pytest.approx(sums[list(metric.denominator)].sum())
    assert seen > 5


# By day: what `days` answers.


KEPT: dict[Choice, pd.DataFrame] = {}  # of the one sample


def of_days(m: Workbook, choice: Choice) -> pd.DataFrame:
    """Return accounts × days, a column a metric; the own part of an operator."""
    if choice not in KEPT:
        KEPT[choice] = _of_days(m, choice)
    return KEPT[choice]


def _of_days(m: Workbook, choice: Choice) -> pd.DataFrame:
    days = m.daily[m.daily["date"] >= pd.Timestamp(f"{m.month}-01")]
    days = chosen(days, choice)
    # Where a total stands beside its parts, it counts.
    both = days.groupby(["account", "metric"])["part"].transform(lambda p: "" in set(p))
    days = days[~both | (days["part"] == "")]
    if choice.operator:
        person = m.roster.operator(choice.operator)
        share = {
            (account.id, day): float(account.shares(day.date()).get(person.id, 0))
            for account in m.roster.accounts
            for day in days["date"].unique()
        }
        shares = [share[key] for key in zip(days["account"], days["date"], strict=True)]
        whole = days["metric"].isin(["dau", "mau"])
        days = days.assign(part_of=shares)
        days = days[days["part_of"] > 0]
        own = days["value"] * days["part_of"].where(~whole, 1.0)
        days = days.assign(value=own)
    keys = ["account", "date", "metric"]
    wide = days.pivot_table("value", keys[:2], "metric", "sum")
    return wide.reindex(columns=list(METRICS))


def test_days_are_of_accounts_and_days_with_all_parts(asked: Workbook) -> None:
    m = asked
    every = [name for name in METRICS if name != "stickiness"]
    for choice in choices(m):
        wide = of_days(m, choice)
        right: Values = {}
        for name in every:
            metric = METRICS[name]
            values = wide[name]
            if metric.parts:
                known = wide[list(metric.parts)].dropna()
                below = known[list(metric.denominator)].sum(axis=1)
                above = known[list(metric.numerator)].sum(axis=1)
                values = above[below > 0] / below[below > 0]
            for (account, day), value in values.dropna().items():  # type: ignore[misc]
                right[name, account, day] = value
        frame = questions.days(m, *every, **choice._asdict()).frame

        close(of(frame, "metric", "account", "date"), right)


# Posts: what `top_posts` and `publishing` answer.


def of_posts(m: Workbook, choice: Choice) -> pd.DataFrame:
    """Return the month's posts with their last counters, on the operator's days."""
    posts = chosen(m.downloads, choice).sort_values("downloaded", na_position="first")
    posts = posts.groupby(["account", "post"], as_index=False).tail(1)
    posts = posts[posts["published_at"].dt.strftime("%Y-%m") == m.month]
    if not choice.operator:
        return posts
    person = m.roster.operator(choice.operator)
    own = [
        bool(m.roster.account(account).shares(day.date()).get(person.id, 0))
        for account, day in zip(posts["account"], posts["published_at"], strict=True)
    ]
    return posts[pd.Series(own, index=posts.index, dtype=bool)]


def test_top_posts_rank_counters_and_divided_parts(asked: Workbook) -> None:
    m = asked
    for choice in choices(m):
        posts = of_posts(m, choice)
        for name in [*KINDS, "likes"] if choice.platform else METRICS:
            metric = METRICS[name]
            values = posts[name].astype(float)
            if metric.parts:
                parts = posts[list(metric.parts)]
                below = parts[list(metric.denominator)].sum(axis=1, skipna=False)
                above = parts[list(metric.numerator)].sum(axis=1, skipna=False)
                values = (above / below.where(below > 0)).fillna(values)
            right = sorted(values.dropna(), reverse=True)
            found = questions.top_posts(m, name, **choice._asdict())

            assert found.frame["value"].tolist() == pytest.approx(right)
            shares = found.frame["share"].dropna()
            if metric.kind == "flow" and sum(right) > 0:
                assert shares.iloc[-1] == pytest.approx(1)
                assert shares.tolist() == pytest.approx(
                    [sum(right[: at + 1]) / sum(right) for at in range(len(right))]
                )
            else:
                assert shares.empty
                assert "占了" not in found.html


@pytest.mark.parametrize("by", ["hour", "weekday"])
def test_every_post_with_an_hour_is_held_against_its_account(
    asked: Workbook, by: str
) -> None:
    m = asked
    for choice in choices(m):
        posts = of_posts(m, choice)
        at = posts["published_at"]
        timed = (at != at.dt.normalize()).groupby(posts["account"]).transform("any")
        own = posts[timed.astype(bool)].dropna(subset="views")
        times: dict[int, list[float]] = {}
        for row in own.to_dict("records"):
            mine = own[own["account"] == row["account"]]["views"]
            when = row["published_at"]
            key = when.hour if by == "hour" else when.weekday()
            times.setdefault(key, []).append(row["views"] / median(mine))
        found = questions.publishing(m, by=by, back=1, **choice._asdict()).frame

        assert found["posts"].tolist() == [len(times[key]) for key in sorted(times)]
        assert found["value"].tolist() == pytest.approx(
            [median(times[key]) for key in sorted(times)]
        )


def test_scatter_has_every_post_with_both(asked: Workbook) -> None:
    m = asked
    for choice in choices(m):
        posts = of_posts(m, choice).dropna(subset=["views", "likes"])
        frame = questions.scatter(m, "views", "likes", back=1, **choice._asdict()).frame

        assert sorted(frame["x"]) == sorted(posts["views"])
        assert sorted(frame["y"]) == sorted(posts["likes"])


# A ratio of one's own.


def two_sums(m: Workbook, choice: Choice, parts: list[str]) -> pd.DataFrame:
    """Return accounts, a column a part: sums of common days, else of whole months."""
    month = m.monthly[(m.monthly["month"] == m.month) & m.monthly["metric"].isin(parts)]
    short = month["days_present"] < month["days_due"]
    whole = month[~(month["basis"].isin(["daily", "manual"]) & short)]
    sums = []
    for operator in [choice.operator] if choice.operator else OPERATORS:
        own = Choice(operator, choice.platform)
        days = of_days(m, own)[parts].dropna().groupby("account").sum()
        months = chosen(whole, own).pivot_table("value", "account", "metric", "sum")
        months = months.reindex(columns=parts).dropna()
        sums += [days, months[~months.index.isin(days.index)]]
    return pd.concat(sums).groupby(level=0).sum()


@pytest.mark.parametrize(
    ("above", "below"),
    [
        pytest.param("revenue", "views", id="a counter below"),
        pytest.param("shares", "views", id="two counters"),
        pytest.param("orders", "clicks", id="a shop of four"),
    ],
)
def test_a_ratio_is_of_the_days_that_both_have_or_of_whole_months(
    m: Workbook, above: str, below: str
) -> None:
    platform = {account.id: account.platform for account in m.roster.accounts}
    for choice in choices(m):
        sums = two_sums(m, choice, [above, below])
        for by in ("account", "platform")[: 1 if any(choice) else 2]:
            keys = sums.index if by == "account" else sums.index.map(platform)
            added = sums.groupby(keys).sum()
            right = (added[above] / added[below])[added[below] > 0]
            how = {"by": by, "months": 1, **choice._asdict()}
            found = m.ratio(above, below, **how).set_index("key")["value"]

            assert found.to_dict() == pytest.approx(right.to_dict(), rel=1e-9)
    told = m.ratio(above, below, by="account", months=1)
    counted = told["basis"].str.contains("difference").any()
    assert counted == (below == "views")
    assert told["key"].isin(["gzh-02", "shop-01"]).any()  # of several owners


# The way to the targets.


def test_goals_are_gains_over_what_was_to_be_gained(asked: Workbook) -> None:
    m = asked
    year = [f"2026-{at:02}" for at in range(1, 11)]
    spans = {"short": year[-1:], "mid": year[-1:], "long": year}
    gone = {"short": 1.0, "mid": 31 / 92, "long": 304 / 365}
    names = {"短期": "short", "中期": "mid", "后期": "long", "终极": "ultimate"}
    periods = {"short": "2026-10", "mid": "2026-Q4", "long": "2026", "ultimate": ""}
    told: list[float] = []
    for choice in filter(lambda at: at.operator and not at.platform, choices(m)):
        rows = chosen(m.monthly, choice).dropna(subset="value")
        level = rows[(rows["month"] == m.month) & (rows["metric"] == "followers")]
        targets = m.targets[
            (m.targets["operator"] == choice.operator)
            & (m.targets["metric"] == "followers")
            & (m.targets["platform"] == "")
        ]
        found = questions.goals(m, operator=choice.operator).frame
        for row in found.to_dict("records"):
            horizon = names[row["name"]]
            at = (targets["horizon"] == horizon) & (
                targets["period"] == periods[horizon]
            )
            (goal,) = targets.loc[at, "value"]
            if horizon == "ultimate":
                reached = level["value"].sum()
                right = reached / goal
            else:
                own = rows[rows["month"].isin(spans[horizon])]
                opened = own[own["metric"] == "followers_opening"]
                start = opened.sort_values("month").drop_duplicates("account")
                opening = start["value"].sum()
                gained = own[own["metric"] == "followers_gain"]
                gain = gained["value"].sum()
                if gained["month"].nunique() < len(spans[horizon]):
                    gain = float("nan")  # a month without any is not a gain of zero
                reached, right = opening + gain, gain / (goal - opening)

                assert row["before"] == pytest.approx(gone[horizon])
            missing = max(goal - reached, 0) if reached == reached else reached
            told.append(right)
            assert row["goal"] == goal
            assert row["value"] == pytest.approx(right, nan_ok=True)
            assert row["missing"] == pytest.approx(missing, nan_ok=True)
        assert len(found) == 4
    assert 0 < sum(at == at for at in told) < len(told)


# Days of a campaign.


@pytest.mark.parametrize("metric", ["views", "engagement_rate", "conversion_rate"])
def test_a_campaigns_spans_are_of_the_accounts_on_record(
    asked: Workbook, metric: str
) -> None:
    m = asked
    for entry in m.campaigns.to_dict("records"):
        frame = questions.campaign(m, entry["id"], metric).frame
        rows = m.daily.assign(account=m.daily["account"])
        whose = Choice(entry["operator"])
        person = m.roster.operator(whose.operator)
        parts = METRICS[metric].parts or (metric,)
        rows = rows[rows["metric"].isin(parts)]
        shares = [
            float(m.roster.account(account).shares(day.date()).get(person.id, 0))
            for account, day in zip(rows["account"], rows["date"], strict=True)
        ]
        rows = rows.assign(value=rows["value"] * shares, own=shares)
        rows = rows[rows["own"] > 0]
        known = rows.pivot_table("value", ["date", "account"], "metric", "sum").dropna()
        first, last = frame["first"].min(), frame["last"].max()
        inside = known.loc[first:last]
        counts = inside.groupby("account").size()
        within = inside.index.get_level_values("date").nunique()
        accounts = counts[counts == within].index
        for span in frame.to_dict("records"):
            mine = known.loc[span["first"] : span["last"]]
            mine = mine[mine.index.get_level_values("account").isin(accounts)]
            ratio = METRICS[metric]
            above = mine[list(ratio.numerator or parts)].sum().sum()
            length = (span["last"] - span["first"]).days + 1
            below = mine[list(ratio.denominator)].sum().sum() if ratio.parts else length

            assert span["value"] == pytest.approx(above / below)
