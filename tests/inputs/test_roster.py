"""The roster: people, accounts and shares, and every mistake in them."""

from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest

from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import people, roster

PLATFORMS = {"toutiao": "头条号", "douyin": "抖音"}
LAYOUTS = ("toutiao.works", "toutiao.trend", "douyin.works", "manual")

GOOD = """\
operators:
  - id: "op-01"
    name: 示例运营甲
    team: 新媒体
    manager: 示例主管
    from: 2026-01-01
    required: [followers, views]
    leave:
      - {from: 2026-10-12, to: 2026-10-14, kind: 年假, cover: "op-02"}
  - id: "op-02"
    name: 示例运营乙
    manager: 示例主管
    from: 2026-03-01
    to: 2026-12-31
accounts:
  - id: "toutiao-a"
    platform: toutiao
    name: 示例头条
    url: https://example.com/a
    expects: [toutiao.works, manual]
    from: 2026-01-01
    owners:
      - {operator: "op-01", from: 2026-01-01, to: 2026-10-15}
      - {operator: "op-01", from: 2026-10-16, share: 0.4}
      - {operator: "op-02", from: 2026-10-16, to: 2026-12-31, share: 60%}
      - {operator: "op-01", from: 2027-01-01, share: 0.6}
  - id: "douyin-a"
    platform: douyin
    name: 示例抖音
    from: 2026-05-01
    to: 2026-09-30
    owners:
      - {operator: "op-02", from: 2026-05-01, to: 2026-09-30}
"""
# The fourth owner above overlaps the second: mended here, kept wrong in a test.
GOOD = GOOD.replace(
    '"op-01", from: 2026-10-16, share: 0.4}',
    '"op-01", from: 2026-10-16, to: 2026-12-31, share: 0.4}',
).replace("from: 2027-01-01, share: 0.6}", "from: 2027-01-01}")


def load(folder: Path, text: str) -> roster.Roster:
    path = folder / "roster.yml"
    path.write_text(text, encoding="utf-8")
    return roster.load_roster(path, PLATFORMS, LAYOUTS)


def test_a_good_roster(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)

    assert found.operator("op-01").required == ("followers", "views")
    assert found.operator("op-02").required is None
    assert found.account("toutiao-a").expects == ("toutiao.works", "manual")
    assert found.operator("op-01").leave_on(date(2026, 10, 13)).cover == "op-02"
    assert found.operator("op-01").leave_on(date(2026, 10, 15)) is None


@pytest.mark.parametrize(
    ("account", "operator", "day", "share"),
    [
        pytest.param("toutiao-a", "op-01", date(2026, 10, 15), "1", id="whole"),
        pytest.param("toutiao-a", "op-01", date(2026, 10, 16), "0.4", id="part"),
        pytest.param("toutiao-a", "op-02", date(2026, 10, 16), "0.6", id="percent"),
        pytest.param("toutiao-a", "op-02", date(2026, 10, 15), "0", id="not-yet"),
        pytest.param("douyin-a", "op-02", date(2026, 10, 1), "0", id="closed"),
    ],
)
def test_share(
    tmp_path: Path, account: str, operator: str, day: date, share: str
) -> None:
    shares = load(tmp_path, GOOD).account(account).shares(day)

    assert shares.get(operator, 0) == Decimal(share)


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("示例主管", True),
        (" 示例　主管 ", True),  # spaces of any width
        ("Ｌi  Lei", True),  # an approver, in full width and another case
        ("外人", False),
        ("", False),
        ("op-01", False),
        ("OP-01", False),
        ("示例 运营甲", False),  # also where the roster names it
    ],
)
def test_who_may_confirm(name: str, may: bool) -> None:
    person = roster.Operator.model_validate(
        {
            "id": "op-01",
            "name": "示例运营甲",
            "manager": "示例主管",
            "approvers": ["li lei", "示例运营甲"],
            "from": "2026-01-01",
        }
    )

    assert person.is_approver(name) is may


def test_shares_change_on_a_handful_of_days(tmp_path: Path) -> None:
    account = load(tmp_path, GOOD).account("toutiao-a")

    days = (date(2026, 1, 1), date(2026, 10, 16), date(2027, 1, 1))
    assert [account.shares(day) for day in days] == [
        {"op-01": Decimal(1)},
        {"op-01": Decimal("0.4"), "op-02": Decimal("0.6")},
        {"op-01": Decimal(1)},
    ]
    for day in (date(2025, 12, 31), date(2026, 10, 15), date(2026, 10, 16)):
        owners = [owner for owner in account.owners if owner.holds(day)]
        assert account.shares(day) == {own.operator: own.share for own in owners}


def test_nobody_owns_an_account_after_its_end(tmp_path: Path) -> None:
    account = load(tmp_path, GOOD).account("douyin-a")

    assert account.shares(date(2026, 9, 30)) == {"op-02": Decimal(1)}
    assert account.shares(date(2026, 10, 1)) == {}


def test_owned_by_lists_each_account_once_in_order(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)

    assert [a.id for a in found.owned_by("op-01", "2026-10")] == ["toutiao-a"]
    assert [a.id for a in found.owned_by("op-02", "2026-09")] == ["douyin-a"]
    assert found.owned_by("op-01", "2025-12") == []
    assert [o.id for o in found.appraised("2026-02")] == ["op-01"]


def test_unknown_names_list_the_choices(tmp_path: Path) -> None:
    found = load(tmp_path, GOOD)

    with pytest.raises(InvalidInput, match="没有运营人员“op-09”；应为op-01、op-02"):
        found.operator("op-09")
    with pytest.raises(InvalidInput, match="没有账号“x”；应为toutiao-a、douyin-a"):
        found.account("x")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            '  - id: "op-02"',
            '  - id: "op-01"',
            "第10行：编号“op-01”已在第2行用过",
            id="duplicate",
        ),
        pytest.param('id: "op-02"', "id: Op_02", "第10行：.*小写字母开头", id="bad-id"),
        pytest.param(
            'id: "op-02"', 'id: "index"', "第10行：.*保留给程序", id="reserved"
        ),
        pytest.param('id: "op-02"', 'id: "team"', "保留给程序", id="team"),
        pytest.param('"toutiao-a"', '"worklog"', "第16行：.*保留给程序", id="worklog"),
        pytest.param(
            "platform: toutiao",
            "platform: totiao",
            r"第17行：accounts\[1\].platform是“totiao”；应为头条号（toutiao）、抖音（douyin）",
            id="platform",
        ),
        pytest.param(
            "toutiao.works",
            "douyin.works",
            "第20行：平台“toutiao”没有版式“douyin.works”；"
            "应为作品列表（toutiao.works）、数据趋势（toutiao.trend）、手工填报（manual）",
            id="layout-of-another-platform",
        ),
        pytest.param(
            "[toutiao.works, manual]", "[manual, manual]", "写了两次", id="layout-twice"
        ),
        pytest.param(
            "share: 60%",
            "share: 50%",
            "第22行：账号“toutiao-a”2026-10-16至2026-12-31的份额合计是0.9"
            "（op-01 0.4、op-02 0.5）；应为每一天合计为1",
            id="sum",
        ),
        pytest.param(
            "from: 2026-01-01, to: 2026-10-15}",
            "from: 2026-01-02, to: 2026-10-15}",
            "2026-01-01至2026-01-01的份额合计是0（无人负责）",
            id="gap-at-the-start",
        ),
        pytest.param(
            '"op-02", from: 2026-05-01, to: 2026-09-30}',
            '"op-02", from: 2026-05-01, to: 2026-10-30}',
            "超出了账号“douyin-a”的起止；应为2026-05-01至2026-09-30之内",
            id="owner-beyond-the-account",
        ),
        pytest.param(
            "to: 2026-12-31, share: 60%",
            "share: 60%",
            "“op-02”负责账号“toutiao-a”的日期2026-10-16起超出了任职期",
            id="employment",
        ),
        pytest.param(
            '"op-02", from: 2026-10-16',
            '"op-07", from: 2026-10-16',
            "第25行：不认识的运营人员“op-07”；应为op-01、op-02",
            id="operator",
        ),
        pytest.param(
            "from: 2027-01-01}",
            "from: 2026-12-31}",
            "“op-01”在同一天里写了两次",
            id="same-owner-twice",
        ),
        pytest.param("share: 0.4", "share: 0", "大于0、至多为1", id="share-zero"),
        pytest.param("share: 0.4", "share: true", "应为数字", id="share-true"),
        pytest.param(
            'cover: "op-02"',
            'cover: "op-01"',
            "第9行：代班人“op-01”不是另一位",
            id="cover",
        ),
        pytest.param(
            "from: 2026-10-12",
            "from: 2025-10-12",
            "不在“op-01”的任职期内",
            id="leave",
        ),
        pytest.param(
            "from: 2026-10-12",
            "from: 2026-10-15",
            "结束日2026-10-14早于",
            id="backwards",
        ),
        pytest.param(
            "[followers, views]",
            "[fans]",
            "应为粉丝数（followers）、新增",
            id="metric",
        ),
        pytest.param(
            "[followers, views]", "[views, views]", "有重复", id="metric-twice"
        ),
        pytest.param(
            "https://example.com/a", "javascript:1", "应为以https://", id="url"
        ),
        pytest.param(
            "    team: 新媒体", "    tema: 新媒体", "不认识的键.*team", id="typo"
        ),
        pytest.param("from: 2026-05-01\n", "from: 20260501\n", "应为日期", id="date"),
        pytest.param(
            "    name: 示例运营乙\n", "", "缺少operators.2..name", id="missing"
        ),
    ],
)
def test_a_mistake_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD

    with pytest.raises(InvalidInput, match=message):
        load(tmp_path, GOOD.replace(old, new, 1))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = GOOD.replace("toutiao.works", "x").replace("60%", "50%")

    with pytest.raises(InvalidInput) as caught:
        load(tmp_path, text)

    assert [problem.place for problem in caught.value.problems] == [
        "第20行",
        "第22行",
    ]


def test_an_empty_roster_is_fine(tmp_path: Path) -> None:
    found = load(tmp_path, "operators: []\naccounts: []\n")

    assert found.operators == ()


def test_who_is_in_charge_turns_on_the_days_told(
    tmp_path: Path,
) -> None:
    read = load(tmp_path, GOOD)
    days = [date(2025, 12, 30) + timedelta(days=at) for at in range(400)]
    for account in read.accounts:
        turned = {
            day
            for before, day in pairwise(days)
            if read.in_charge(account, day) != read.in_charge(account, before)
        }

        # A leave begins or ends also on days that are not the owner's.
        assert turned <= read.turns(account)
        assert len(turned) > 1


def test_an_expected_export_is_meant_by_its_name_on_the_platform() -> None:
    """What a name means depends on the platform; an unknown one is told by name."""
    owner = people.Owner(operator="op-01", **{"from": date(2026, 1, 1)})
    told = {"id": "a-1", "name": "甲", "from": date(2026, 1, 1), "owners": (owner,)}
    names = ("作品列表", "手工填报", "douyin.daily", "别的")
    expects = {
        platform: people.Account(platform=platform, expects=names, **told).expects
        for platform in ("douyin", "toutiao")
    }

    assert expects["douyin"] == ("douyin.works", "manual", "douyin.daily", "别的")
    assert expects["toutiao"][0] == "toutiao.works"
