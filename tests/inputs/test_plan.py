"""The plan's file: what it may say, and every mistake with its line."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest

from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import kinds, plan
from kpi_lib.inputs.people import Operator, Roster

ROOT = Path(__file__).parents[2]
DEFAULT = (ROOT / "data" / "plan.yml").read_text("utf-8")
PLANS = Path(__file__).parents[1] / "data" / "plans"


def loaded(folder: Path, text: str) -> plan.Plan:
    path = folder / "plan.yml"
    path.write_text(text, "utf-8")
    return plan.load_plan(path)


def test_the_default_plan_is_that_of_the_appraisal(tmp_path: Path) -> None:
    found = loaded(tmp_path, DEFAULT)

    assert [
        (i.id, int(i.points), i.weight, found.weight_span(i)) for i in found.items()
    ] == [
        ("target_setting", 15, "15%", 1),
        ("over_delivery", 10, "20%", 2),
        ("weekly_tasks", 10, "with above", 0),
        ("content", 30, "30%", 1),
        ("campaigns", 10, "10%", 1),
        ("data_analysis", 15, "15%", 1),
        ("user_ops", 10, "10%", 1),
    ]
    assert [duty.id for duty in found.duties] == [
        "platforms",
        "followers",
        "activity",
        "orders",
        "engagement",
    ]


def replaced(old: str, new: str) -> Callable[[str], str]:
    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return change


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        pytest.param(
            "deductions", replaced("version:", "verison:"), "verison", id="key"
        ),
        pytest.param(
            "deductions",
            replaced("metric: followers", "metric: fans"),
            r"^data/plan.yml，第24行：groups\[1\].*是“fans”；应为粉丝数（followers）、",
            id="metric",
        ),
        pytest.param(
            "deductions",
            replaced(
                "kind: posts_reaching, metric: views", "kind: posts, metric: views"
            ),
            "posts_reaching",
            id="kind",
        ),
        pytest.param(
            "deductions",
            replaced("points: 30\n        weight", "points: 31\n        weight"),
            "growth的量化指标合计30分，与项目的31分不符",
            id="points of an item",
        ),
        pytest.param(
            "deductions",
            replaced("weight: 40%", "weight: 30%"),
            "各项权重合计90%，应为100%",
            id="weights",
        ),
        pytest.param(
            "deductions",
            replaced("size: 1, of: points", "size: 1%, of: points"),
            "size是百分点数，例如1，不写百分号",
            id="percentage points",
        ),
        pytest.param(
            "deductions",
            replaced("size: 1%, of: target", "size: 1, of: target"),
            "size是目标的一部分，例如1%",
            id="share of the target",
        ),
        pytest.param(
            "deductions",
            replaced("{kind: count, each: 1}", "{kind: ratio}"),
            "posts_reaching没有目标，不能用ratio；可用count、linear、tiers",
            id="nothing to divide by",
        ),
        pytest.param(
            "rated",
            replaced("rule: {kind: rating}", "rule: {kind: ratio}"),
            "source为rated与rule为rating应同时用",
            id="rated by a ratio",
        ),
        pytest.param(
            "rated",
            replaced("优秀: 100%", "优秀: 120%"),
            "小于等于1|不大于1|≤",
            id="scale",
        ),
        pytest.param(
            "video",
            replaced("platform: douyin}", "platform: tiktok}"),
            "platform是“tiktok”；应为公众号（gongzhonghao）",
            id="platform",
        ),
        pytest.param("video", replaced("bonus: 5\n", ""), "加分上限", id="no cap"),
        pytest.param(
            "rated",
            replaced(
                "source: {kind: account_days}",
                "confirm: required\n            source: {kind: account_days}",
            ),
            "account_days的记录没有确认人，不能要求确认；可以的有：tasks_on_time",
            id="nobody confirms",
        ),
        pytest.param(
            "video",
            replaced("{kind: ratio}", "{kind: ratio, cap: 120%}"),
            "1",
            id="cap",
        ),
        pytest.param(
            "video",
            replaced("at_least: 70", "at_least: 99"),
            "等级应从高到低排列",
            id="grades",
        ),
    ],
)
def test_a_mistake_is_named(
    tmp_path: Path, name: str, change: Callable[[str], str], message: str
) -> None:
    text = change((PLANS / f"{name}.yml").read_text("utf-8"))

    with pytest.raises(InvalidInput, match=message):
        loaded(tmp_path, text)


def test_what_must_be_on_record_is_in_the_plan_and_has_its_usual_numbers(
    tmp_path: Path,
) -> None:
    found = loaded(tmp_path, DEFAULT + "\nevidence: {days_on_record: 75%}\n").evidence

    assert found == plan.EvidenceRules(days_on_record="75%")
    assert loaded(tmp_path, DEFAULT).evidence == plan.EvidenceRules(
        days_on_record=Fraction(4, 5),
        counter_window=5,
        baseline_months=3,
        least_months=2,
        most_leave=Fraction(1, 5),
        review_days=5,
    )


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{days_on_record: 120%}", "days_on_record"),
        ("{counter_window: 0}", "counter_window"),
        ("{counter_window: 29}", "counter_window"),
        ("{least_months: 4}", "应为least_months≤baseline_months"),
        ("{days: 5}", "days"),
    ],
)
def test_a_wrong_number_of_evidence_is_named(
    tmp_path: Path, written: str, message: str
) -> None:
    with pytest.raises(InvalidInput, match=message):
        loaded(tmp_path, f"{DEFAULT}\nevidence: {written}\n")


def test_a_list_is_not_called_short_for_what_is_wrong_inside(tmp_path: Path) -> None:
    text = (PLANS / "deductions.yml").read_text("utf-8")

    with pytest.raises(InvalidInput) as caught:
        loaded(tmp_path, text.replace("metric: followers}", "metric: fans}"))

    assert [problem.place[:4] for problem in caught.value.problems] == ["第24行"]


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (PLANS / "video.yml").read_text("utf-8")
    text = text.replace("version:", "verison:").replace("metric: views", "metric: view")

    with pytest.raises(InvalidInput) as caught:
        loaded(tmp_path, text)

    # The missing key, the unknown one, and three times an unknown metric.
    assert len(caught.value.problems) == 5


class TestByMonth:
    def folder(self, root: Path, **began: str) -> Path:
        for name, month in began.items():
            text = DEFAULT.replace('valid_from: "2020-01"', f'valid_from: "{month}"')
            file = "plan.yml" if name == "now" else f"plan.{name}.yml"
            (root / file).write_text(text, "utf-8")
        return root

    def test_the_one_that_began_last_holds(self, tmp_path: Path) -> None:
        every = plan.load_all(
            self.folder(tmp_path, now="2026-07", old="2025-01", middle="2026-01")
        )

        assert list(every) == [
            "data/plan.old.yml",
            "data/plan.middle.yml",
            "data/plan.yml",
        ]
        assert plan.for_month(every, "2026-10") == "data/plan.yml"
        assert plan.for_month(every, "2026-07") == "data/plan.yml"
        assert plan.for_month(every, "2026-06") == "data/plan.middle.yml"
        assert plan.for_month(every, "2025-12") == "data/plan.old.yml"

    def test_before_the_first_there_is_none(self, tmp_path: Path) -> None:
        every = plan.load_all(self.folder(tmp_path, now="2026-07", old="2026-01"))

        with pytest.raises(
            InvalidInput, match=r"data/plan.old.yml.*从2026-01起有效，不能考核2025-12"
        ):
            plan.for_month(every, "2025-12")

    def test_two_from_one_month_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InvalidInput, match=r"与data/plan.yml都从2026-01起有效"):
            plan.load_all(self.folder(tmp_path, now="2026-01", old="2026-01"))


def person(id: str, name: str, team: str) -> Operator:
    told = {"id": id, "name": name, "team": team, "manager": "主管"}
    return Operator.model_validate({**told, "from": "2026-01-01"})


EDITOR, MAKER = person("op-a", "编辑甲", "图文组"), person("op-v", "剪辑乙", "视频组")


def plans(**named: dict[str, Any]) -> dict[str, plan.Plan]:
    usual = plan.load_plan(ROOT / "data/plan.yml")
    return {
        f"data/plan.{name}.yml": usual.model_copy(update=change)
        for name, change in named.items()
    }


class TestByJob:
    def test_a_plan_that_names_a_team_or_a_person_is_for_them_alone(self) -> None:
        every = plans(all={}, video={"id": "video", "for_": ("视频组",)})
        named = plans(all={}, video={"id": "video", "for_": (" 剪辑乙",)})

        for each in (every, named):
            assert plan.for_month(each, "2026-10", EDITOR) == "data/plan.all.yml"
            assert plan.for_month(each, "2026-10", MAKER) == "data/plan.video.yml"
            assert plan.for_month(each, "2026-10") == "data/plan.all.yml"

    def test_before_it_is_valid_they_have_the_plan_for_all(self) -> None:
        video = {"id": "video", "for_": ("视频组",), "valid_from": "2026-10"}
        every = plans(all={}, video=video)

        assert plan.for_month(every, "2026-09", MAKER) == "data/plan.all.yml"
        assert plan.for_month(every, "2026-10", MAKER) == "data/plan.video.yml"

    def test_a_later_version_shares_the_id(self) -> None:
        video = {"id": "video", "for_": ("视频组",)}
        later = {**video, "valid_from": "2026-10"}
        every = plans(all={}, video=video, later=later)

        assert plan.for_month(every, "2026-09", MAKER) == "data/plan.video.yml"
        assert plan.for_month(every, "2026-10", MAKER) == "data/plan.later.yml"

    @pytest.mark.parametrize(
        ("more", "whom"),
        [
            pytest.param({"id": "video"}, "所有人", id="both-for-all"),
            pytest.param({"id": "b", "for_": ("视频组",)}, "剪辑乙", id="both-named"),
        ],
    )
    def test_two_plans_for_one_person_are_refused(
        self, more: dict[str, Any], whom: str
    ) -> None:
        one = {"id": "a", "for_": ("op-v",)} if "for_" in more else {}
        every = plans(all={}, one=one, other=more) if one else plans(one={}, other=more)

        with pytest.raises(InvalidInput) as caught:
            plan.for_month(every, "2026-10", MAKER)

        (problem,) = caught.value.problems
        assert problem.where == "data/plan.other.yml"
        assert problem.what == f"与data/plan.one.yml在2026-10都考核{whom}"
        if one:
            assert plan.for_month(every, "2026-10", EDITOR) == "data/plan.all.yml"

    def test_a_name_that_nobody_has_and_evidence_of_some_are_told(
        self, tmp_path: Path
    ) -> None:
        text = f"{DEFAULT}\nfor: [视屏组]\nevidence: {{counter_window: 3}}\n"
        every = {"data/plan.video.yml": loaded(tmp_path, text)}
        roster = Roster(operators=(EDITOR, MAKER))

        assert [str(at) for at in plan.mistakes(every, roster)] == [
            "data/plan.video.yml，for：这份计划给“视屏组”，花名册里没有；"
            "应为花名册里的团队或人：op-a、op-v、剪辑乙、图文组、编辑甲、视频组。",
            "data/plan.video.yml，evidence：evidence对所有人都一样。"
            "请写在没有for的计划里。",
        ]


def test_a_name_that_two_measures_share_means_neither() -> None:
    found = plan.load_plan(PLANS / "video.yml").called

    assert "views" not in found  # of douyin and of bilibili
    assert found["抖音播放"][0] == "douyin.views"
    assert found["bilibili.views"][0] == "bilibili.views"


@pytest.mark.parametrize("name", ["plan.md", "plan.zh-CN.md"])
def test_the_manual_names_every_kind_of_source_and_rule(name: str) -> None:
    manual = (ROOT / "docs" / name).read_text("utf-8")
    named = {
        kind
        for union in (kinds.Source, kinds.Rule)
        for model in get_args(get_args(union)[0])
        for kind in get_args(model.model_fields["kind"].annotation)
    }
    keys = {
        field.alias or name
        for model in (plan.Plan, plan.Measure, kinds.Step)
        for name, field in model.model_fields.items()
    }

    assert {word for word in named | keys if f"`{word}" not in manual} <= {
        *("id", "name", "source", "rule", "points", "missing", "confirm"),
        *("size", "of"),  # in the examples
    }
    assert len(named) == 27
