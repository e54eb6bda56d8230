"""Whatever platforms are asked for: a target stands beside the result it is of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import combinations

import pytest

from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.inputs import Target
from kpi_lib.workbook import questions
from kpi_lib.workbook.narrowing import narrowed, told
from kpi_lib.workbook.workbook import Workbook

OPERATORS = ("op-01", "op-02", "op-03", "op-04")
OWN = Decimal("123456")


def of_one_platform(own: OperatorMonth, metric: str, platform: str) -> Target:
    """Make this month's target of one platform."""
    return next(iter(own.targets)).model_copy(
        update={
            "metric": metric,
            "platform": platform,
            "horizon": "short",
            "period": own.month,
            "value": OWN,
            "set_on": date(2026, 9, 28),
        }
    )


def filters(own: OperatorMonth) -> Iterator[frozenset[str]]:
    """Walk every choice of the platforms that there is anything of."""
    every = sorted({account.platform for account in own.accounts})
    for count in range(1, len(every) + 1):
        yield from map(frozenset, combinations(every, count))


def accounts_of(own: OperatorMonth, metric: str) -> set[str]:
    """Name the accounts that have a metric, or a part of it, in any month."""
    definition = METRICS[metric]
    names = {metric, definition.gain, definition.opening, *definition.parts}
    return set(own.monthly.loc[own.monthly["metric"].isin(names), "account"])


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_target_and_its_result_cover_the_same_accounts(
    m: Workbook, operator: str
) -> None:
    whole = m.operator(operator)
    some = {account.platform for account in whole.accounts}
    own = replace(
        whole,
        targets=(
            *whole.targets,
            *(of_one_platform(whole, "followers", one) for one in sorted(some)),
        ),
    )
    for platforms in filters(own):
        cut = narrowed(own, platforms)
        for target in cut.targets:
            meant = accounts_of(own, target.metric)
            if target.value == OWN:
                alone = target.platform or next(iter(platforms))
                of_it = own.monthly["platform"] == alone
                meant &= set(own.monthly.loc[of_it, "account"])
                left = narrowed(cut, {alone}) if target.platform else cut
            else:
                left = cut

            assert accounts_of(left, target.metric) == meant, (platforms, target)


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_target_that_is_left_out_is_told(m: Workbook, operator: str) -> None:
    own = m.operator(operator)
    for platforms in filters(own):
        cut = narrowed(own, platforms)
        lost = {
            target.metric
            for target in own.targets
            if target.period == own.month and target not in cut.targets
        }
        for metric in lost & METRICS.keys():
            text = told(own, cut, {metric})

            assert METRICS[metric].zh in text, (platforms, metric)


def test_nothing_is_left_out_where_nothing_is_filtered(m: Workbook) -> None:
    own = m.operator("op-01")
    every = {account.platform for account in own.accounts}

    assert narrowed(own, []) is own
    targets = {target for target in own.targets if target.metric in METRICS}
    assert {*narrowed(own, every).targets} == targets
    assert told(own, narrowed(own, every), METRICS) == ""


def test_one_platform_of_several_shows_no_target_of_all(m: Workbook) -> None:
    # 167,245 of all platforms stood beside two accounts' 96,817 and read 8 % for 97 %.
    all_platforms = questions.followers(m, operator="op-02").html
    one = questions.followers(m, operator="op-02", platform="抖音").html

    assert "167,245" in all_platforms
    assert "没有列出" not in all_platforms
    assert "167,245" not in one
    assert "粉丝数的目标管着全部平台，只看一部分账号时没有列出。" in one


def test_one_platform_shows_the_target_of_its_own(m: Workbook) -> None:
    own = m.operator("op-02")
    own = replace(own, targets=(of_one_platform(own, "followers", "douyin"),))
    cut = narrowed(own, ["douyin"])
    gains = {row["account"] for row in cut.by_month[m.month]["followers_gain"]}

    assert {account.platform for account in cut.accounts} == {"douyin"}
    assert gains == {"dy-01", "dy-02"}
    assert [target.platform for target in cut.targets] == ["douyin", ""]
    assert "这个平台自己的" in told(own, cut, ["followers"])


def test_comments_and_contents_follow_the_filter(m: Workbook) -> None:
    log = narrowed(m.operator("op-02"), ["douyin"]).worklog

    assert {row.platform for row in log.interactions} <= {"douyin"}
    assert log.contents
    for row in log.contents:
        assert "douyin" in {*row.planned_platforms, *row.published_platforms}
