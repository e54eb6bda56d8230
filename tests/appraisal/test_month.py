"""The sample team's October, cleaned and scored: numbers, attribution, privacy."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from kpi_lib.appraisal import Card, month
from kpi_lib.appraisal.compose import score
from kpi_lib.appraisal.month import OWN_DAYS, Month
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import InvalidInput, Problem, WorkspaceError
from kpi_lib.inputs.records import Signoff
from kpi_lib.months import store
from kpi_lib.workbook.cards import ScoreCard, WhatIf, explain, rescore
from kpi_lib.workspace import Workspace
from tests import recompute, scored

MONTH = "2026-10"


@pytest.fixture(scope="module")
def sample(sample_place: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Month:
    """The sample in a folder of its own, to be written in."""
    root = tmp_path_factory.mktemp("sample") / "team"
    shutil.copytree(sample_place.root, root)
    return Month.open(Workspace(root), MONTH)


@pytest.fixture(scope="module")
def cards(sample: Month) -> dict[str, Card]:
    return {one.id: sample.operator(one.id).card for one in sample.appraised}


def measures(card: Card) -> list[dict[str, Any]]:
    return [one for item in card["items"] for one in item["measures"]]


def test_every_measure_of_every_operator_has_an_outcome(
    cards: dict[str, Card],
) -> None:
    for card in cards.values():
        for one in measures(card):
            known = ("scored", "rated_by_manager", "pending", "zero", "excluded")
            assert one["status"] in known
            assert (one["score"] is None) == (one["status"] in ("pending", "excluded"))
            if one["status"] == "pending":
                assert one["note"]
            if one["status"] == "scored":
                assert 0 <= Decimal(one["score"]) <= Decimal(one["possible"])
                assert one["inputs"]


def test_totals_are_sums_of_what_is_printed(cards: dict[str, Card]) -> None:
    for card in cards.values():
        scores = [Decimal(one["score"]) for one in measures(card) if one["score"]]
        assert Decimal(card["total"]) == sum(scores)
        possible = sum(Decimal(one["possible"]) for one in measures(card))
        assert Decimal(card["possible"]) == possible
        assert sum(Decimal(item["points"]) for item in card["items"]) == 100


def test_every_point_comes_out_again_from_the_json_alone(
    cards: dict[str, Card],
) -> None:
    for card in cards.values():
        assert recompute.differences(json.loads(json.dumps(card.to_json()))) == []


def test_a_point_more_is_found(cards: dict[str, Card]) -> None:
    card = json.loads(json.dumps(cards["op-01"].to_json()))
    card["items"][0]["measures"][0]["score"] = "4.99"

    assert recompute.differences(card)[0] == "target_setting.coverage: 4.99 is 5.00"


def test_hard_cases_are_flagged_above_the_score(
    cards: dict[str, Card],
) -> None:
    pending = {id_ for id_, card in cards.items() if card["rated"] != card["possible"]}

    assert pending, "the sample has a conflict that leaves a measure pending"
    for id_ in pending:
        assert "待定" in cards[id_]["flags"][0]
        assert cards[id_]["grade"] == ""
    over = {one["id"]: one for one in measures(cards["op-03"])}["budget"]
    assert over["score"] == "1.50"  # 107.5 % of the budget: half of 3
    assert cards["op-04"]["possible"] == "90"  # no campaign was required


def test_parts_of_shared_and_handed_over_accounts_add_up(sample: Month) -> None:
    now = sample.monthly[sample.monthly["month"] == MONTH]
    for account, metric in (
        ("dy-02", "views"),
        ("gzh-02", "followers_gain"),
        ("shop-01", "orders"),
    ):
        parts = now[(now["account"] == account) & (now["metric"] == metric)]
        assert len(parts) > 1
        days = sample.daily[
            (sample.daily["account"] == account)
            & (sample.daily["metric"] == metric)
            & (sample.daily["date"].dt.strftime("%Y-%m") == MONTH)
        ]
        if metric != "followers_gain":
            assert parts["value"].sum() == pytest.approx(days["value"].sum())


def test_a_figure_of_part_of_the_days_says_so_in_the_card(
    sample: Month, cards: dict[str, Card]
) -> None:
    """The account that lacks most stands beside the figure; counters have no days."""
    monthly = sample.monthly[sample.monthly["month"] == MONTH]
    said = 0
    for id_, card in cards.items():
        own = monthly[monthly["operator"] == id_]
        for part in (part for one in measures(card) for part in one["parts"]):
            metric = METRICS.get(part["metric"])
            by_days = metric and METRICS[metric.result].kind in ("flow", "mean")
            if metric is None or not by_days:
                assert part["days"] == ""
                continue
            rows = own[own["metric"] == metric.result]
            if part["platform"]:
                rows = rows[rows["platform"] == part["platform"]]
            rows = rows[rows["days_present"].between(1, rows["days_due"] - 1)]
            rows = rows.assign(part=rows["days_present"] / rows["days_due"])
            least = rows.sort_values("part").head(1).to_dict("records")
            days = [f"{row['days_present']:g}/{row['days_due']:g}" for row in least]
            assert part["days"] == "".join(days), (id_, part["metric"])
            said += bool(days)
    assert said > 3


def test_days_of_the_quotas_sum_to_the_month(sample: Month) -> None:
    counted = 0
    for one in sample.appraised:
        made = sample.operator(one.id).quotas
        for row in made.months.itertuples():
            days = made.days[made.days["metric"] == row.metric]
            assert days["quota"].sum() == pytest.approx(row.quota)
            if days["result"].notna().any():
                counted += 1
                assert days["result"].sum() == pytest.approx(row.result)
            else:
                assert "没有按日的数" in made.notes[row.metric]

    assert counted > 15


def test_next_months_targets_stand_in_the_card(
    cards: dict[str, Card],
) -> None:
    for card in cards.values():
        assert card["proposals"]
        for row in card["proposals"]:
            assert row["period"] == "2026-11"
            assert bool(row["low"]) == bool(row["method"])
            assert row["low"] or row["note"].startswith("没有基线")


def test_an_operator_sees_only_the_own_part(sample: Month) -> None:
    own = sample.operator("op-01")
    ids = {account.id for account in own.accounts}

    for table in (own.daily, own.monthly, own.posts, own.ledger, own.files):
        assert set(table["account"]) <= ids
    assert {target.operator for target in own.targets} == {"op-01"}
    assert {task.operator for task in own.worklog.tasks} == {"op-01"}
    others = {one.name for one in sample.appraised} - {own.operator.name}
    assert not any(name in str(own.card) for name in others)


def test_the_same_card_twice(sample: Month) -> None:
    again = Month.open(sample.workspace, MONTH)

    assert again.score("op-02") == sample.score("op-02")


def test_last_month_is_scored_by_the_same_plan(sample: Month) -> None:
    previous = sample.operator("op-01").previous

    assert previous is not None
    assert previous["month"] == "2026-09"
    assert Decimal(previous["total"]) > 50


def test_evidence_holds_the_rows_behind_the_score(
    sample: Month, tmp_path: Path
) -> None:
    path = tmp_path / "evidence.parquet"
    path.write_bytes(month.evidence_bytes(sample.workspace, MONTH, "op-04"))
    rows = pd.read_parquet(path)

    assert {"account", "metric", "value", "source", "sheet", "row"} <= set(rows)
    assert set(rows["account"]) <= {"app-01", "shop-01", "gzh-02", "dy-02"}


def test_evidence_of_a_month_without_posts_keeps_its_columns(sample: Month) -> None:
    nothing = sample.downloads.iloc[:0]
    days = nothing["published_at"]

    own = month._in_charge(sample.roster, "op-04", nothing, days)

    assert own.columns.equals(nothing.columns)


def test_evidence_of_a_handed_over_account_ends_with_the_own_days(
    sample: Month, tmp_path: Path
) -> None:
    # dy-02 is op-04's until the 15th, op-02's from then on.
    days, posts = {}, {}
    for operator in ("op-04", "op-02"):
        path = tmp_path / f"{operator}.parquet"
        path.write_bytes(month.evidence_bytes(sample.workspace, MONTH, operator))
        rows = pd.read_parquet(path)
        own = rows[rows["account"] == "dy-02"]
        days[operator] = sorted({day.day for day in own["date"].dropna()})
        posts[operator] = set(own["post"].dropna())
    table = sample.downloads[sample.downloads["account"] == "dy-02"]
    early = table[table["published_at"] < pd.Timestamp("2026-10-16")]

    assert days == {"op-04": [*range(1, 16)], "op-02": [*range(16, 32)]}
    assert posts["op-04"] == set(early["post"])
    assert posts["op-02"] == set(table["post"]) - posts["op-04"]


class TestSignature:
    def row(self, total: str, sha: str) -> Signoff:
        return Signoff(
            month=MONTH,
            operator="op-02",
            action="sign",
            total=Decimal(total),
            score_sha256=sha,
            by="示例主管",
            on=date(2026, 11, 6),
        )

    def under(self, sample: Month, *rows: Signoff, operator: str = "op-02") -> Card:
        signed = replace(sample, inputs=replace(sample.inputs, signoffs=rows))
        return signed.score(operator)

    def sign(self, sample: Month, total: str, sha: str) -> Card:
        return self.under(sample, self.row(total, sha))

    def test_a_signature_makes_a_complete_month_final(self, sample: Month) -> None:
        card = sample.score("op-02")
        signed = self.sign(sample, card["total"], card["score_sha256"])

        assert (card["final"], card["signed"]) == (False, False)
        assert (signed["final"], signed["signed"]) == (True, True)

    def test_a_signature_under_another_score_is_void(self, sample: Month) -> None:
        signed = self.sign(sample, "99.00", "0" * 64)

        assert (signed["signed"], signed["signoff"]["void"]) == (False, True)
        assert "示例主管2026-11-06的签字已失效" in signed["flags"][-1]

    def test_a_signature_under_another_total_is_void(self, sample: Month) -> None:
        card = sample.score("op-02")

        assert not self.sign(sample, "99.00", card["score_sha256"])["signed"]

    def test_a_signed_month_is_reopened(self, sample: Month) -> None:
        card = sample.score("op-02")
        row = self.row(card["total"], card["score_sha256"])
        reopened = {"action": "reopen", "total": None, "score_sha256": ""}
        again = row.model_copy(update={**reopened, "reason": "补交截图"})
        card = self.under(sample, row, again)

        assert (card["signed"], card["final"]) == (False, False)
        assert card["signoff"]["reason"] == "补交截图"

    def test_pending_points_keep_a_signed_month_provisional(
        self, sample: Month
    ) -> None:
        card = sample.score("op-03")
        row = self.row(card["total"], card["score_sha256"])
        row = row.model_copy(update={"operator": "op-03"})
        card = self.under(sample, row, operator="op-03")

        assert (card["signed"], card["final"]) == (True, False)


def test_an_appeal_stands_on_the_card_and_changes_nothing(sample: Month) -> None:
    without = replace(sample, inputs=replace(sample.inputs, appeals=()))
    card, plain = sample.score("op-03"), without.score("op-03")

    assert [(one["id"], one["name"], one["decision"]) for one in card["appeals"]] == [
        ("A-02", "活动效果达成", "")
    ]
    assert card["score_sha256"] == plain["score_sha256"]
    assert sample.score("op-01")["appeals"] == []


def test_earlier_cards_are_those_of_their_own_months(sample: Month) -> None:
    person = sample.operator("op-01")

    assert [card["month"] for card in person.earlier] == ["2026-08", "2026-09"]
    assert person.previous is person.earlier[-1]


class TestPlansByMonth:
    def test_a_month_is_scored_by_the_plan_valid_in_it(self, sample: Month) -> None:
        now = sample.inputs.plan
        later = now.model_copy(update={"version": "2", "valid_from": MONTH})
        plans = {"data/plan.2020.yml": now, "data/plan.yml": later}
        opened = replace(sample, inputs=replace(sample.inputs, plans=plans))
        person = opened.operator("op-01")

        assert person.card["plan"]["version"] == "2"
        assert {card["plan"]["version"] for card in person.earlier} == {"1"}

    def test_everybody_is_scored_by_the_plan_for_the_own_job(
        self, sample: Month
    ) -> None:
        now = sample.inputs.plan
        rules = now.evidence.model_copy(update={"days_on_record": Fraction(1, 2)})
        usual = now.model_copy(update={"evidence": rules})
        video = now.model_copy(update={"id": "video", "for_": ("op-02",)})
        plans = {"data/plan.yml": usual, "data/plan.video.yml": video}
        opened = replace(sample, inputs=replace(sample.inputs, plans=plans))

        of = {id: opened.evidence(id).plan for id in ("op-01", "op-02")}

        assert [of["op-01"].id, of["op-02"].id] == ["new-media", "video"]
        # A month is cleaned once, by the plan for all.
        assert of["op-02"].evidence.days_on_record == Fraction(1, 2)

    def test_a_mistake_stops_its_operator_and_nobody_else(self, sample: Month) -> None:
        wrong = Problem(what="值是“下周”", where="worklog.xlsx", of="op-01")
        inputs = replace(sample.inputs, mistakes=(wrong,))
        opened = replace(sample, inputs=inputs)

        with pytest.raises(InvalidInput, match="值是“下周”"):
            opened.score("op-01")
        assert opened.score("op-02")["total"] == sample.score("op-02")["total"]

    def test_a_plan_rewritten_under_its_version_is_told(self, sample: Month) -> None:
        folder = sample.workspace.reports("2026-09")
        folder.mkdir(parents=True)
        plan = {"id": "new-media", "version": "1", "sha256": "0" * 64}
        (folder / "run.json").write_text(json.dumps({"plan": plan}), "utf-8")
        try:
            told = Month.open(sample.workspace, MONTH).score("op-01")
        finally:
            shutil.rmtree(folder)

        assert told["flags"][-1] == (
            "考核计划new-media第1版的内容与2026-09考核时不同，版本号没有变"
        )


class TestRescore:
    def test_two_plans_side_by_side_and_nothing_written(
        self, sample: Month, tmp_path: Path
    ) -> None:
        text = sample.workspace.plan.read_text("utf-8")
        other = tmp_path / "draft.yml"
        # Over-delivery is paid from 95 % on.
        other.write_text(
            text.replace("from: 100%, to: 120%", "from: 95%, to: 120%"), "utf-8"
        )
        before = sorted(sample.workspace.root.rglob("*"))
        first = rescore(sample, other)[0]
        moved = [line for line in first.lines if line.changed]

        assert [line.key for line in moved] == ["total", "over_delivery.over_delivery"]
        assert moved[0].by == moved[1].by > 0
        assert sorted(sample.workspace.root.rglob("*")) == before

    def test_measures_of_one_plan_only_stand_alone(self, sample: Month) -> None:
        ours = score(sample.evidence("op-01"))
        theirs = score(sample.evidence("op-01", plan=scored.read_plan("rated")))
        pair = WhatIf(ScoreCard(ours), ScoreCard(theirs))
        lines = {line.key: line for line in pair.lines}

        assert lines["content.published"].possible_after == ""
        assert lines["quality.content"].possible_before == ""
        assert lines["quality.content"].by is None


@pytest.fixture(scope="module")
def place(sample: Month) -> Workspace:
    folder = sample.workspace.reports(MONTH)
    folder.mkdir(parents=True, exist_ok=True)
    text = json.dumps(sample.score("op-01").to_json(), ensure_ascii=False)
    (folder / "op-01.json").write_text(text, encoding="utf-8")
    return sample.workspace


class TestExplain:
    def test_a_line_for_every_measure(self, place: Workspace) -> None:
        lines = explain(place, MONTH, "op-01")

        steps = [line for line in lines if line.startswith("下月重点：")]

        assert len(lines) == 24 + len(steps)
        assert "6×1%÷(120%−100%)=0.30" in steps[0]
        assert lines[0].startswith("示例运营甲 2026-10：")
        assert lines[-1] == f"签字：kpi sign {MONTH} --by 签字人"

    def test_one_measure_down_to_its_rows(self, place: Workspace) -> None:
        lines = explain(place, MONTH, "op-01", "content.published")
        assert explain(place, MONTH, "示例运营甲", "发布完成") == lines

        assert lines[1] == "content.published 发布完成：8.00/8分，已评"
        assert "  得分：8×min(12÷12, 100%)=8.00" in lines
        assert any("worklog.xlsx“内容”第" in line for line in lines)

    @pytest.mark.parametrize(
        ("operator", "measure", "told"),
        [
            pytest.param("op-09", "", "没有op-09的评分卡；应为.*（op-01）", id="card"),
            pytest.param("op-01", "x", "没有量化指标x；应为目标覆盖（target_", id="x"),
        ],
    )
    def test_what_is_not_there_is_named_with_the_choices(
        self, place: Workspace, operator: str, measure: str, told: str
    ) -> None:
        with pytest.raises(WorkspaceError, match=told):
            explain(place, MONTH, operator, measure)


@pytest.mark.parametrize("table", ["daily", "downloads", "monthly", "ledger", "files"])
def test_a_page_reads_the_own_rows_and_no_others(sample: Month, table: str) -> None:
    for person in sample.appraised:
        whole, small = (
            getattr(sample, table),
            getattr(replace(sample, only=person.id), table),
        )
        owned = {
            account.id
            for account in sample.roster.accounts
            if any(owner.operator == person.id for owner in account.owners)
        }
        own = whole[whole["account"].isin(owned)]
        if table == "monthly":
            # With what others' days of leave brought to the person.
            own = whole[whole["operator"].str.split().str[0] == person.id]

        assert list(small) == (OWN_DAYS if table == "daily" else list(whole))
        # Texts of few rows are held another way.
        own = own[small.columns].astype(small.dtypes).reset_index(drop=True)
        pd.testing.assert_frame_equal(own, small)


def test_days_are_shared_but_users_are_whole(sample: Month) -> None:
    days = ["date", "account", "metric", "part"]
    mine = sample.own_days("op-01").set_index(days)["value"]
    shares = (mine / sample.daily.set_index(days)["value"]).dropna().round(9)

    # op-01 owns a quarter of the product and 30 % of the shop.
    assert set(shares.xs(("app-01", "dau"), level=("account", "metric"))) == {1.0}
    assert set(shares.xs("shop-01", level="account")) == {0.3}


def test_own_rows_change_their_owners_hash_and_no_others(sample: Month) -> None:
    frames = {"daily": sample.daily, "monthly": sample.monthly}
    told = [{"where": f"data/raw/{MONTH}/{sample.daily['account'][0]}/x.csv"}]
    before = store.own_rows(frames, told)
    daily = sample.daily.copy()
    daily.loc[daily.index[-1], "value"] += 1
    after = store.own_rows({**frames, "daily": daily}, told)
    silent = store.own_rows(frames, [])

    changed = {
        id for id, one in after["account"].items() if one != before["account"][id]
    }
    assert changed == {daily["account"].iloc[-1]}
    assert after["operator"] == before["operator"]
    assert {
        id for id, one in silent["account"].items() if one != before["account"][id]
    } == {sample.daily["account"][0]}
    assert store.own_rows(frames, told) == before
