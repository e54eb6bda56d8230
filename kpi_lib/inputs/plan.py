"""
The appraisal plan: groups of items of measures, as frozen models.

The code knows kinds of sources (where a number comes from) and kinds of rules
(how it becomes points); which measure uses which, and every number in them, is
written in ``plan.yml``. Plans that were valid before lie beside it as
``plan.<name>.yml``: a month is appraised by the plan that was valid in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import takewhile
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, StringConstraints

from kpi_lib.catalogue import METRICS, words
from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.inputs import kinds
from kpi_lib.inputs.forms import Metric, Part, bare, choices
from kpi_lib.inputs.kinds import Exact, Id, Positive, Share, Text
from kpi_lib.inputs.people import Account, Operator, Roster
from kpi_lib.inputs.people import Filled as Named
from kpi_lib.inputs.yaml import load_document
from kpi_lib.workspace import sha256

# What may become of a measure, and what it is called.
(STATUS,) = words("status")

# Kinds of sources that give a number and nothing to divide it by.
WITHOUT_TARGET = ("suggestions_adopted", "campaign_spend", "posts_reaching")


# Kinds of sources whose entries name who confirmed them (确认人).
CONFIRMED = [
    kind
    for source in (kinds.Confirmed, kinds.Documented)
    for kind in get_args(source.model_fields["kind"].annotation)
]


class Measure(Part):
    """One scored number: a source, a rule, points."""

    id: Id
    name: Text
    source: kinds.Source
    rule: kinds.Rule
    points: Positive
    missing: Literal["pending", "zero", "exclude"] = "pending"
    confirm: Literal["required", "shown"] = "shown"
    not_yet: Text | None = None
    bonus: bool = False

    def _conflicts(self) -> Iterator[str]:
        if (self.source.kind == "rated") != (self.rule.kind == "rating"):
            yield f"{self.id}：source为rated与rule为rating应同时用"
        if self.source.kind in WITHOUT_TARGET and self.rule.kind in ("ratio", "deduct"):
            yield (
                f"{self.id}：{self.source.kind}没有目标，不能用{self.rule.kind}；"
                "可用count、linear、tiers"
            )
        if self.confirm == "required" and self.source.kind not in CONFIRMED:
            yield (
                f"{self.id}：{self.source.kind}的记录没有确认人，不能要求确认；"
                f"可以的有：{'、'.join(CONFIRMED)}"
            )


class Item(Part):
    """One row of the card; its measures' points, but bonus, add up to its own."""

    id: Id
    kpi: Text
    name: Text
    detail: tuple[Text, ...] = Field(min_length=1)
    points: Positive
    weight: Annotated[str, StringConstraints(min_length=1)]
    measures: tuple[Measure, ...] = Field(min_length=1)

    def _conflicts(self) -> Iterator[str]:
        total = sum((m.points for m in self.measures if not m.bonus), Fraction(0))
        if total != self.points:
            yield (
                f"{self.id}的量化指标合计{kinds.plain(total)}分，"
                f"与项目的{kinds.plain(self.points)}分不符，请改正其中一个"
            )
        if self.weight != WITH_ABOVE:
            kinds.exact(self.weight)


WITH_ABOVE = "with above"  # Weight of an item that shares the weight above it


class Group(Part):
    """A block of the score card."""

    id: Id
    name: Text
    items: tuple[Item, ...] = Field(min_length=1)


class Band(Part):
    """Which growth over the baseline makes a target challenging."""

    floor: Positive
    full: Positive
    top: Positive
    at_floor: Exact = Field(ge=0, le=1)
    above: Exact = Field(ge=0, le=1)

    def _conflicts(self) -> Iterator[str]:
        if not self.floor < self.full <= self.top:
            yield "应为floor＜full≤top"


class Grade(Part):
    """A grade and the least share of the possible points, in percent."""

    name: Text
    at_least: Exact = Field(ge=0, le=100)


class EvidenceRules(Part):
    """
    What must be on record before a number is used; without it, as APPRAISAL says.

    Parameters
    ----------
    days_on_record : Share
        Under this share of the days due a flow is pending (Which month).
    counter_window : int
        A closing counter is downloaded by this day of the next month (Which month).
    baseline_months, least_months : int
        A baseline looks back on so many months; with fewer of them on record than the
        least there is none (Attainment).
    most_leave : Share
        A month with more leave than this share of its days is no baseline.
    review_days : int
        A month's review is due on this working day of the next (Weeks).
    review_grace : int
        A week's review may come so many working days after its last (Weeks).
    documented : bool
        Reviews and portraits have their link, feedback its text and whom it went to.
    held_to_posts : bool
        A content came out where and when the account's list of posts has it (Contents).
    content_grace : int
        It may come out so many working days after the day planned.
    held_to_days : bool
        A campaign brought at most what the accounts' days add up to (Campaigns).
    reached_within : int or None
        A day is on record that is downloaded at most so many days after it, or on the
        working day that follows these; None: whenever it comes (Account-days).
    further_least : Share
        A mid, long or ultimate target of less than this share of the short is none.
    target_days : int
        Targets are set in time until this working day of their month (Attainment).
    """

    days_on_record: Share = Fraction(4, 5)
    counter_window: int = Field(default=5, ge=1, le=28)
    baseline_months: int = Field(default=3, ge=1, le=11)
    least_months: int = Field(default=2, ge=1, le=11)
    most_leave: Share = Fraction(1, 5)
    review_days: int = Field(default=5, ge=1, le=23)
    review_grace: int = Field(default=1, ge=0, le=5)
    documented: bool = True
    held_to_posts: bool = True
    content_grace: int = Field(default=1, ge=0, le=31)
    held_to_days: bool = True
    reached_within: int | None = Field(default=7, ge=1, le=31)
    further_least: Share = Fraction(4, 5)
    target_days: int = Field(default=5, ge=1, le=23)

    def _conflicts(self) -> Iterator[str]:
        if self.least_months > self.baseline_months:
            yield "应为least_months≤baseline_months"


class Duty(Part):
    """A row of the daily work: no points, a section of the page."""

    id: Literal["platforms", "followers", "activity", "orders", "engagement"]
    name: Text
    detail: Text


class Plan(Part):
    """
    The whole plan: points of all measures sum to 100, weights of the items to 100 %.

    Bonus measures stand beyond, together at most `bonus`; a veto leaves at most `veto`;
    `owners` name whose a product's whole figures (DAU, MAU) are, else everybody's.
    `for` names the teams and operators that it is for, of nobody else; empty: it is for
    all whom no other plan names.
    """

    id: Id
    version: Annotated[str, StringConstraints(min_length=1)]
    valid_from: Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    name: Text
    for_: tuple[Named, ...] = Field(default=(), alias="for")
    metrics: tuple[Metric, ...] = Field(min_length=1)
    band: Band
    weights: dict[Metric, Positive] = Field(default_factory=dict)
    owners: dict[Metric, tuple[Id, ...]] = Field(default_factory=dict)
    grades: tuple[Grade, ...] = Field(min_length=1)
    evidence: EvidenceRules = EvidenceRules()
    veto: Exact | None = Field(default=None, ge=0)
    bonus: Positive | None = None
    groups: tuple[Group, ...] = Field(min_length=1)
    duties: tuple[Duty, ...] = ()
    _revised: str = ""  # What a sheet says instead of the file

    def _conflicts(self) -> Iterator[str]:
        points = sum((item.points for item in self.items()), Fraction(0))
        if points != 100:
            yield f"各项分值合计{kinds.plain(points)}分，应为100分，请改正各项的points"
        weights = sum(
            (kinds.exact(i.weight) for i in self.items() if i.weight != WITH_ABOVE),
            Fraction(0),
        )
        if weights != 1:
            total = kinds.plain(weights * 100)
            yield f"各项权重合计{total}%，应为100%，请改正各项的weight"
        if next(self.items()).weight == WITH_ABOVE:
            yield "第一项上面没有项目，权重不能写with above"
        ids = {
            "项目": [item.id for item in self.items()],
            "组": [group.id for group in self.groups],
        }
        for item in self.items():
            ids[f"{item.id}的量化指标"] = [measure.id for measure in item.measures]
        for kind, names in ids.items():
            for name in names:
                if names.count(name) > 1:
                    yield f"{kind}的id重复：{name}"
        if (self.bonus is None) == any(m.bonus for _, m in self.measures()):
            yield "加分项（bonus: true）与计划的加分上限（bonus）应同时写"
        bounds = [grade.at_least for grade in self.grades]
        if bounds != sorted(bounds, reverse=True):
            yield "等级应从高到低排列"

    def items(self) -> Iterator[Item]:
        """Walk all items in the plan's order."""
        for group in self.groups:
            yield from group.items

    def measures(self) -> Iterator[tuple[str, Measure]]:
        """Walk all measures in the plan's order, each with its ``item.measure``."""
        for item in self.items():
            for measure in item.measures:
                yield f"{item.id}.{measure.id}", measure

    @cached_property
    def called(self) -> dict[str, tuple[str, Measure]]:
        """What one measure alone is called (a key, an id, a Chinese name) → itself."""
        named: dict[str, list[tuple[str, Measure]]] = {}
        for key, measure in self.measures():
            for name in dict.fromkeys((key, measure.id, measure.name.zh)):
                named.setdefault(name, []).append((key, measure))
        return {name: each[0] for name, each in named.items() if len(each) == 1}

    def is_for(self, operator: Operator) -> bool:
        """Say whether it names an operator, or the operator's team."""
        own = map(bare, (operator.id, operator.name, operator.team))
        return not {*map(bare, self.for_)}.isdisjoint(own)

    def required(
        self, operator: Operator, accounts: Sequence[Account]
    ) -> tuple[str, ...]:
        """Return the roster's list, or the metrics that a layout of an account maps."""
        if operator.required is None:
            mapped = set[str]().union(*(account.mapped for account in accounts))
            chosen = {at for at in self.metrics if METRICS[at].is_in(mapped)}
            # An operator without videos is measured on articles (APPRAISAL, Metrics).
            if "completion_rate" in chosen:
                chosen.discard("read_completion")
        else:
            chosen = set(operator.required)
        for metric, owners in self.owners.items():
            if operator.id not in owners:
                chosen.discard(metric)
        # Stickiness is measured where both that it is made of are.
        if {"dau", "mau"} <= chosen:
            chosen.add("stickiness")
        return tuple(metric for metric in METRICS if metric in chosen)

    def digest(self, of_file: str) -> str:
        """Return the hash of its file, or of that and of what a sheet says instead."""
        return sha256((of_file + self._revised).encode()) if self._revised else of_file

    def weight_span(self, item: Item) -> int:
        """Return over how many rows the item's weight stands; 0 inside a span."""
        if item.weight == WITH_ABOVE:
            return 0
        rows = list(self.items())
        below = rows[rows.index(item) + 1 :]
        return 1 + len([*takewhile(lambda row: row.weight == WITH_ABOVE, below)])

    def doubts(self) -> Iterator[str]:
        """Tell of weights that are not the points that they stand beside."""
        rows = [*self.items()]
        for at, item in enumerate(rows):
            span = rows[at : at + self.weight_span(item)]
            points = sum((each.points for each in span), Fraction(0))
            if span and points != 100 * kinds.exact(item.weight):
                named = "、".join(each.name.zh for each in span)
                yield f"{named}的权重是{item.weight}，分值是{kinds.plain(points)}分"


# --- the files -------------------------------------------------------------------


def load_plan(path: Path, where: str = "data/plan.yml") -> Plan:
    """Read a plan, or raise one problem for every mistake."""
    return load_document(path, Plan, where)[0]


def load_all(folder: Path, where: str = "data") -> dict[str, Plan]:
    """Read ``plan.yml`` and ``plan.<name>.yml``, by file, ``valid_from`` ascending."""
    plans: dict[str, Plan] = {}
    problems: list[Problem] = []
    for path in (folder / "plan.yml", *sorted(folder.glob("plan.*.yml"))):
        name = f"{where}/{path.name}"
        try:
            plans[name] = load_plan(path, name)
        except InvalidInput as refusal:
            problems += refusal.problems
    began: dict[tuple[str, str], str] = {}
    for name, plan in plans.items():
        first = began.setdefault((plan.id, plan.valid_from), name)
        if first != name:
            problem = Problem(
                what=f"与{first}都从{plan.valid_from}起有效",
                where=name,
                place="valid_from",
                expected="每份计划一个起始月份",
                do="改正其中一个valid_from",
            )
            problems.append(problem)
    if problems:
        raise InvalidInput(tuple(problems))
    return dict(sorted(plans.items(), key=lambda item: item[1].valid_from))


def for_month(
    plans: Mapping[str, Plan], month: str, operator: Operator | None = None
) -> str:
    """
    Return the file of the plan for an operator, or for all whom no plan names.

    Of several versions, which share an id, the one that began last of those valid.
    """
    valid = {name: at for name, at in plans.items() if at.valid_from <= month}
    named = operator and [name for name, at in valid.items() if at.is_for(operator)]
    chosen = named or [name for name, at in valid.items() if not at.for_]
    latest = {valid[name].id: name for name in chosen}
    if len(latest) == 1:
        return chosen[-1]
    if latest:
        first, second, *_ = latest.values()
        whom = operator.name if operator and named else "所有人"
        raise InvalidInput.of(
            f"与{first}在{month}都考核{whom}",
            where=second,
            place="for",
            expected="每人一个月一份计划",
            do="只给一部分人的计划，用for写明团队或人；接替旧版的，id写得与旧版相同",
        )
    where, earliest = min(plans.items(), key=lambda item: item[1].valid_from)
    raise InvalidInput.of(
        f"计划从{earliest.valid_from}起有效，不能考核{month}",
        where=where,
        place="valid_from",
        expected=f"不晚于{month}的月份",
        do=f"把当月有效的计划存为{where.rpartition('/')[0]}/plan.<名称>.yml",
    )


def mistakes(plans: Mapping[str, Plan], roster: Roster) -> Iterator[Problem]:
    """Tell of plans for nobody that the roster knows, and of rules that are for all."""
    known = {name for at in roster.operators for name in (at.id, at.name, at.team)}
    folded = {*map(bare, known)}
    for file, plan in plans.items():
        for name in plan.for_:
            if bare(name) not in folded:
                expected = f"花名册里的团队或人：{choices(sorted(filter(None, known)))}"
                what = f"这份计划给“{name}”，花名册里没有"
                yield Problem(what=what, where=file, place="for", expected=expected)
        if plan.for_ and "evidence" in plan.model_fields_set:
            what, do = "evidence对所有人都一样", "请写在没有for的计划里"
            yield Problem(what=what, where=file, place="evidence", do=do)
