"""
The audit's attacks, played on the sample: nothing is gained without a word above it.

Each changes what one person could change (a work log, exports, a roster, targets) and
scores the month anew. Some may gain points in the month they are told in; none may do
so without a new flag above the score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

from kpi_lib.appraisal import Card, Month, score
from kpi_lib.exports import PostRow
from kpi_lib.inputs import Inputs
from kpi_lib.inputs.entries import Content, GivenRating, Task
from kpi_lib.inputs.people import Roster
from kpi_lib.inputs.targets import Target
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.months import Tables, arrivals, doubts, tables
from kpi_lib.months.arrivals import Arrived, File
from kpi_lib.run import foreseen
from tests.sample_month import MONTH, PERSON, with_inputs, with_log
from tests.scored import with_rows

WEAK, NOBODY = "op-04", "外人"


def card(opened: Month, operator: str = WEAK) -> Card:
    return opened.score(operator)


_CARDS: dict[str, Card] = {}  # of the one sample


def as_it_is(sample: Month, operator: str = WEAK) -> Card:
    """Score the sample as it is, once for all attacks."""
    if operator not in _CARDS:
        _CARDS[operator] = card(sample, operator)
    return _CARDS[operator]


def points(of: Card) -> Decimal:
    return Decimal(of["total"] or 0)


def flags(of: Card) -> set[str]:
    return set(map(str, of["flags"]))


def untold(before: Card, after: Card) -> Decimal:
    """Return what was gained, if nothing new stands above the score."""
    gained = points(after) - points(before)
    return Decimal(0) if flags(after) - flags(before) else max(gained, Decimal(0))


# --- the work log ------------------------------------------------------------------

Log = Callable[[Worklog], dict[str, tuple[Any, ...]]]


def logged(opened: Month, change: Log) -> Month:
    log = opened.worklog
    own = change(log.own(WEAK))
    others = {
        sheet: tuple(row for row in getattr(log, sheet) if row.operator != WEAK)
        for sheet in own
    }
    changed = replace(
        log, **{sheet: others[sheet] + rows for sheet, rows in own.items()}
    )
    return with_inputs(opened, worklogs={**opened.inputs.worklogs, MONTH: changed})


def every(rows: tuple[Any, ...], **changes: Any) -> tuple[Any, ...]:
    return tuple(row.model_copy(update=changes) for row in rows)


def by_nobody(log: Worklog, name: str = NOBODY) -> dict[str, tuple[Any, ...]]:
    return {
        "suggestions": every(log.suggestions, adopted=True, confirmed_by=name) * 2,
        "adjustments": every(log.adjustments * 2, confirmed_by=name),
        "feedback": (*log.feedback, *every(log.feedback, confirmed_by=name)),
    }


def ratings(log: Worklog) -> dict[str, tuple[Any, ...]]:
    keys = ("weekly_tasks.on_time", "content.published", "content.reviews",
            "data_analysis.adjustments", "user_ops.answered")  # fmt: skip
    most = (6, 8, 5, 3, 4)
    return {
        "ratings": tuple(
            GivenRating(operator=WEAK, item=key, kind="manager", points=Decimal(n),
                        by=NOBODY, on=date(2026, 11, 4), reason="示例", row=at)
            for at, (key, n) in enumerate(zip(keys, most, strict=True), 50)
        )
    }  # fmt: skip


def trivial(log: Worklog, **more: Any) -> dict[str, tuple[Any, ...]]:
    day = more.pop("planned", date(2026, 10, 9))
    rows = tuple(
        Task(operator=WEAK, id=f"X{n}", name=f"小事{n}", planned=day, done=day,
             accepted=True, rework=False, row=200 + n, **more)
        for n in range(60)
    )  # fmt: skip
    return {"tasks": (*log.tasks, *rows)}


def invented(log: Worklog) -> dict[str, tuple[Any, ...]]:
    rows = tuple(
        Content(operator=WEAK, id=f"N{n}", title=f"没有发过的标题{n}", form="article",
                planned=date(2026, 10, 12), planned_platforms=("douyin",),
                published_platforms=("douyin",), row=300 + n)
        for n in range(12)
    )  # fmt: skip
    return {"contents": (*log.contents, *rows)}


def as_planned(log: Worklog) -> dict[str, tuple[Any, ...]]:
    return {
        "contents": tuple(
            row.model_copy(update={"published_platforms": row.planned_platforms})
            for row in log.contents
        )
    }


def in_march(log: Worklog) -> dict[str, tuple[Any, ...]]:
    march = date(2026, 3, 9)
    confirmed = {"confirmed_by": "示例主管", "date": march, "row": 90}
    return {
        "suggestions": (
            *log.suggestions,
            *every(log.suggestions[:1], adopted=True, text="旧的", **confirmed),
        ),
        "adjustments": (
            *log.adjustments,
            *every(log.adjustments[:1], text="旧的", **confirmed),
        ),
        "feedback": (*log.feedback, *every(log.feedback[:1], **confirmed)),
    }


LOG: dict[str, Log] = {
    "a06 ratings by nobody's manager": ratings,
    "a05 own rows confirmed by a stranger": by_nobody,
    "a05b confirmed by the own id in capitals": lambda log: by_nobody(log, "OP-04"),
    "a05b confirmed by the own name with a space": lambda log: by_nobody(
        log, "示例 运营丁"
    ),
    "a08 rows of March": in_march,
    "a08b tasks of March": lambda log: trivial(
        log, planned=date(2026, 3, 9), confirmed_by="示例主管"
    ),
    "a08c confirmed rows pasted twice": lambda log: {
        sheet: getattr(log, sheet) * 2
        for sheet in ("suggestions", "adjustments", "feedback", "tasks", "contents")
    },
    "a04 published is what was planned": as_planned,
    "a03 answered is what was received": lambda log: {
        "interactions": tuple(
            row.model_copy(update={"answered": row.received})
            for row in log.interactions
        )
    },
    "a01 sixty trivial tasks": trivial,
    "a01b sixty, confirmed by a stranger": lambda log: trivial(
        log, confirmed_by=NOBODY
    ),
    "a02 done on the day planned": lambda log: {
        "tasks": tuple(
            row.model_copy(update={"done": row.planned}) for row in log.tasks
        )
    },
    "a07 the month's review dated back": lambda log: {
        "reviews": every(log.reviews, delivered=date(2026, 10, 9))
    },
    "d02 planned for one platform": lambda log: {
        "contents": tuple(
            row.model_copy(update={"planned_platforms": row.planned_platforms[:1]})
            for row in log.contents
        )
    },
    "d04 titles that no export has": invented,
    "a11 everything at once": lambda log: {
        **by_nobody(log),
        **ratings(log),
        **invented(log),
        **trivial(log, confirmed_by=NOBODY),
        "reviews": every(log.reviews, delivered=date(2026, 10, 9)),
        "interactions": tuple(
            row.model_copy(update={"answered": row.received})
            for row in log.interactions
        ),
    },
}


CONFIRMED_BY_NOBODY = ("a06", "a05", "a01")


@pytest.mark.parametrize("attack", LOG)
def test_nothing_written_into_the_log_gains_untold(sample: Month, attack: str) -> None:
    after = card(logged(sample, LOG[attack]))

    assert untold(as_it_is(sample), after) == 0
    if attack.startswith(CONFIRMED_BY_NOBODY):
        assert points(after) <= points(as_it_is(sample))


def of_person(opened: Month, **sheets: tuple[Any, ...]) -> tuple[Card, Card]:
    """Score PERSON, who has campaigns and communities, before and with other rows."""
    return as_it_is(opened, PERSON), card(with_log(opened, **sheets), PERSON)


def test_a_campaign_talked_down_gains_nothing_untold(sample: Month) -> None:
    easy = {"exposure_target": Decimal(10), "new_target": Decimal(10),
            "conversion_target": Decimal(10), "budget": Decimal(99_999)}  # fmt: skip
    rows = sample.worklog.own(PERSON).campaigns
    before, told = of_person(sample, campaigns=every(rows, **easy))
    _, unsaid = of_person(sample, campaigns=every(rows, **easy, confirmed_by=NOBODY))

    assert untold(before, told) == 0
    assert told["score_sha256"] != before["score_sha256"]
    assert [row for row in told["confirmed"] if "99999" in row["what"]]
    # Nobody's word: neither targets nor a budget.
    assert points(unsaid) <= points(before)


def test_results_of_a_campaign_talked_up_gain_what_the_days_brought(
    sample: Month,
) -> None:
    rows = sample.worklog.own(PERSON).campaigns
    before, after = of_person(sample, campaigns=every(rows, conversion=Decimal(9_999)))
    results = after.measures["campaigns.results"]["inputs"]
    days = sample.own_days(PERSON)
    own = days[
        (days["metric"] == "orders") & days["date"].between("2026-10-22", "2026-10-25")
    ]

    assert untold(before, after) == 0
    assert float(results["conversion.value"]) == pytest.approx(own["value"].sum())
    assert any("只计" in flag for flag in flags(after) - flags(before))


def test_a_content_that_came_out_after_its_day_is_not_published_in_time(
    sample: Month,
) -> None:
    rows = sample.worklog.own(PERSON).contents
    early = every(rows, planned=rows[0].planned)
    before, after = of_person(sample, contents=early)
    key = "content.published"

    assert after.measures[key].earned < before.measures[key].earned
    assert any("比计划日晚" in flag for flag in flags(after) - flags(before))


def test_silent_communities_left_out_gain_nothing(sample: Month) -> None:
    rows = sample.worklog.own(PERSON).communities
    loud = tuple(row for row in rows if (row.speakers or 0) >= 20)
    quiet = every(rows, speakers=0)
    before, after = of_person(sample, communities=quiet)
    _, without = of_person(sample, communities=())
    key = "user_ops.communities"

    assert len(loud) == len(rows) > 1
    assert after.measures[key].earned < before.measures[key].earned
    assert without.measures[key].earned <= after.measures[key].earned


# --- exports -----------------------------------------------------------------------


_ARRIVED: dict[str, Arrived] = {}


def arrived(opened: Month) -> Arrived:
    root = str(opened.workspace.root)
    if root not in _ARRIVED:
        _ARRIVED[root] = arrivals.arrive(opened.workspace, MONTH, opened.inputs)
    return _ARRIVED[root]


def cleaned(opened: Month, files: Iterable[File], accounts: set[str]) -> Tables:
    """Clean and add up some accounts' files."""
    whole, roster = arrived(opened), opened.roster
    files, before = (
        [file for file in those if file.account in accounts]
        for those in (files, whole.before)
    )
    why = doubts.doubts([*before, *files])
    own = tuple(account for account in roster.accounts if account.id in accounts)
    given = Inputs(
        roster=roster.model_copy(update={"accounts": own}),
        decisions=opened.inputs.decisions,
        calendar=opened.inputs.calendar,
    )
    doubted = tuple(replace(file, doubt=why.get(file.source, "")) for file in files)
    lacking = arrivals._lacking(given.roster, MONTH, files)
    return tables.tidy(
        replace(
            whole,
            given=given,
            files=doubted,
            before=tuple(before),
            findings=tuple(lacking),
        )
    )


_STORED: dict[str, pd.DataFrame] = {}  # of the one sample


def stored(opened: Month, name: str) -> pd.DataFrame:
    """Read a table of the month, once for all attacks."""
    if name not in _STORED:
        _STORED[name] = opened.load(name, MONTH)
    return _STORED[name]


def scored(opened: Month, operator: str, files: Iterable[File]) -> Card:
    """Clean the accounts whose files are other ones, and score the month with them."""
    files = list(files)
    own = {account.id for account in opened.roster.ever_owned_by(operator)}
    there = set(map(id, arrived(opened).files))
    same = {id(file) for file in files} & there
    touched = {file.account for file in files if id(file) not in same} | {
        file.account for file in arrived(opened).files if id(file) not in same
    }
    anew = cleaned(opened, files, own & touched)
    frames = {
        name: pd.concat([was[~was["account"].isin(touched)], frame], ignore_index=True)
        for name, frame in anew.frames().items()
        for was in [stored(opened, name)]
    }
    told = [
        problem
        for problem in opened.findings
        if not touched & set(problem.where.split("/"))
    ]
    memory = foreseen.InMemory(
        workspace=opened.workspace,
        month=MONTH,
        inputs=opened.inputs,
        tables={MONTH: frames},
        told=(*told, *anew.findings),
    )
    return memory.score(operator)


_UNCHANGED: dict[str, Card] = {}  # of the one sample


def unchanged(sample: Month, operator: str) -> Card:
    """Score the sample with the files that it has, once for all attacks."""
    if operator not in _UNCHANGED:
        _UNCHANGED[operator] = scored(sample, operator, arrived(sample).files)
    return _UNCHANGED[operator]


def changed(file: File, **rows: Any) -> File:
    return replace(file, export=replace(file.export, **rows))


def without_six(file: File, metric: str, *, most: bool) -> File:
    """Leave the six days out on which a metric was highest, or lowest."""
    days = sorted(
        (row.value, row.date.day)
        for row in file.export.daily
        if row.metric == metric and f"{row.date:%Y-%m}" == MONTH
    )
    six = days[-6:] if most else days[:6]
    return without_days(file, metric, [day for _, day in six])


def without_days(file: File, metric: str, days: Iterable[int]) -> File:
    gone = {date(2026, 10, day) for day in days}
    return changed(
        file,
        daily=[
            row
            for row in file.export.daily
            if not (row.metric == metric and row.date in gone)
        ],
    )


Files = Callable[[list[File]], list[File]]


def each(change: Callable[[File], File], *accounts: str) -> Files:
    return lambda files: [
        change(file) if file.account in accounts else file for file in files
    ]


def twice(files: list[File]) -> list[File]:
    moved = [
        replace(file, account="gzh-02", source=file.source.replace("gzh-01", "gzh-02"))
        for file in files
        if file.account == "gzh-01"
    ]
    return [*(file for file in files if file.account != "gzh-02"), *moved]


def higher(file: File) -> File:
    return changed(
        file,
        daily=[
            row._replace(value=row.value + 4000) if row.metric == "followers" else row
            for row in file.export.daily
        ],
    )


def grown(file: File) -> File:
    if not file.posts:
        return file

    def more(post: PostRow, **other: Any) -> PostRow:
        counters = {
            metric: value * 1.15 if value > 1 else value
            for metric, value in post.metrics.items()
        }
        return post._replace(metrics=counters, **other)

    posts = [more(post) for post in file.export.posts]
    young = posts[-1]._replace(
        post="young", published_at=posts[-1].published_at.replace(2026, 11, 20)
    )
    return changed(file, posts=[*posts, young])


EXPORTS: dict[str, tuple[str, Files]] = {
    "b07 one account's files in another's folder": ("op-01", twice),
    "b18 every level higher": ("op-01", each(higher, "gzh-01")),
    "b04 a download of a later day": ("op-01", each(grown, "gzh-01", "tt-01")),
    "m16 clicks of six days left out": (
        "op-01",
        each(lambda file: without_six(file, "clicks", most=True),
             "gzh-01", "tt-01"),
    ),
    "m12 DAU of six days left out": (
        "op-01",
        each(lambda file: without_six(file, "dau", most=False), "app-01"),
    ),
    "m17 comments of six days left out": (
        WEAK,
        each(lambda file: without_six(file, "comments", most=True),
             "dy-02", "gzh-02"),
    ),
    "b17 clicks written by hand no longer": (
        "op-01",
        each(lambda file: without_days(file, "clicks", range(1, 32)), "gzh-02"),
    ),
    "m02 no list of works": (
        "op-02",
        lambda files: [f for f in files if not (f.account == "dy-01" and f.posts)],
    ),
    "b16 an account that never delivered": (
        "op-01",
        lambda files: [file for file in files if file.account != "sohu-01"],
    ),
}  # fmt: skip


OUT_UNTIL_DECIDED = ("b07", "b18", "b04", "m02")


@pytest.mark.parametrize("attack", EXPORTS)
def test_no_export_gains_untold(sample: Month, attack: str) -> None:
    operator, change = EXPORTS[attack]
    before = unchanged(sample, operator)
    after = scored(sample, operator, change(list(arrived(sample).files)))

    assert flags(after) - flags(before)
    assert untold(before, after) == 0
    if attack.startswith(OUT_UNTIL_DECIDED):
        assert points(after) <= points(before)


TOLD_OTHERWISE = (
    # The next day's download closes the month instead: its day is printed, and what it
    # has more the next month has less.
    "data/raw/2026-10/tt-01/2026-11-02/图文_-_1-60.xlsx",
    # One of two files that contradict each other: nothing is left to decide. The days
    # that the later one alone has are told as lacking.
    "data/raw/2026-10/sph-01/2026-10-15/视频号数据概览.csv",
    "data/raw/2026-10/sph-01/2026-11-02/视频号数据概览.csv",
)


@pytest.mark.parametrize("operator", ["op-01", "op-02", "op-03", WEAK])
def test_no_file_left_out_raises_the_score(sample: Month, operator: str) -> None:
    files = arrived(sample).files
    own = {account.id for account in sample.roster.owned_by(operator, MONTH)}
    before = points(unchanged(sample, operator))
    more = [
        left.source
        for left in files
        if left.account in own
        and points(scored(sample, operator, [f for f in files if f is not left]))
        > before
    ]

    assert [source for source in more if source not in TOLD_OTHERWISE] == []


def test_a_decision_of_ones_own_decides_nothing(sample: Month) -> None:
    (chosen,) = sample.inputs.decisions
    operator = next(
        person.id for person in sample.roster.operators
        if chosen.account in {a.id for a in sample.roster.owned_by(person, MONTH)}
    )  # fmt: skip
    own = chosen.model_copy(update={"by": operator})
    opened = with_inputs(sample, decisions=(own,))

    assert sample.inputs.decided == (chosen,)
    assert opened.inputs.decided == ()
    new = flags(card(opened, operator)) - flags(as_it_is(sample, operator))
    assert new == {
        f"decisions.csv第{own.row}行的“{operator}”不是花名册里的主管或approvers，不算确认"
    }


def test_what_was_written_by_hand_stays_owed(sample: Month) -> None:
    given = sample.evidence("op-01")
    rows = given.monthly
    gone = rows["account"].eq("gzh-02") & rows["metric"].isin(["clicks"])
    rest = rows[~(gone & rows["month"].isin(["2026-09", MONTH]))]
    after = score(with_rows(given, rest))

    assert "示例公众号乙以前手工填报引流点击" in str(
        after.measures["target_setting.attainment"]["note"]
    )


@pytest.mark.parametrize(
    "metric", ["dau", "mau", "orders", "clicks", "comments", "followers"]
)
def test_no_metric_left_out_raises_the_score(sample: Month, metric: str) -> None:
    files = arrived(sample).files
    before = points(unchanged(sample, "op-03"))
    left = [without_days(file, metric, range(1, 32)) for file in files]

    assert points(scored(sample, "op-03", left)) <= before


@pytest.mark.parametrize("day", [1, 15, 31])
def test_no_day_left_out_raises_the_score(sample: Month, day: int) -> None:
    """Nor the place in the index, which ranks by points: all of a day's values."""
    files = arrived(sample).files
    gone = date(2026, 10, day)
    left = [
        changed(file, daily=[row for row in file.export.daily if row.date != gone])
        for file in files
    ]
    own = {account.id for account in sample.roster.owned_by("op-03", MONTH)}
    before, after = (
        scored(sample, "op-03", [file for file in of if file.account in own])
        for of in (files, left)
    )

    assert points(after) <= points(before)
    assert flags(after) - flags(before)


SHEETS = ("tasks", "suggestions", "reviews", "contents", "feedback", "interactions",
          "adjustments", "communities", "campaigns")  # fmt: skip


@pytest.mark.parametrize("sheet", SHEETS)
def test_no_sheet_left_out_raises_the_score(sample: Month, sheet: str) -> None:
    after = card(logged(sample, lambda log: {sheet: ()}))

    assert points(after) <= points(as_it_is(sample))


# --- manager, roster, targets --------------------------------------------------------


def row(**more: Any) -> Target:
    known: dict[str, Any] = {
        "operator": WEAK, "metric": "contents_due", "platform": "", "horizon": "short",
        "period": MONTH, "value": Decimal(7), "set_on": date(2026, 10, 30),
        "approved_by": "示例主管", "note": "改少", "row": 999, "sha256": "new",
    }  # fmt: skip
    return Target(**{**known, **more})


def targeted(opened: Month, *rows: Target) -> Month:
    return with_inputs(opened, targets=(*opened.inputs.targets, *rows))


def test_due_numbers_lowered_late_are_told(sample: Month) -> None:
    after = card(targeted(sample, row()))

    assert points(after) > points(as_it_is(sample))
    assert any("内容的应完成数10→7（2026-10-30）" in flag for flag in flags(after))


def test_due_numbers_that_nobody_approved_count_for_nothing(sample: Month) -> None:
    after = card(targeted(sample, row(approved_by=WEAK)))

    assert points(after) == points(as_it_is(sample))
    assert any("“op-04”不是花名册里的主管" in flag for flag in flags(after))


def recorded(opened: Month, **more: Any) -> Month:
    """Open the month again as after a run of September."""
    people = {
        p.id: opened.roster.standing(p, "2026-09") for p in opened.roster.operators
    }
    rows = {str(row.row): row.sha256 for row in opened.inputs.targets}
    opened = replace(opened)
    plan = {"id": "none", "version": "", "sha256": ""}
    vars(opened)["recorded"] = {
        "2026-09": {"targets": rows, "people": people, "plan": plan} | more
    }
    return opened


def test_easy_targets_of_ones_own_count_for_nothing(sample: Month) -> None:
    # c02b: without a baseline no floor lifts them; only an approval lets them count.
    metrics = ("views", "likes", "comments", "shares", "revenue", "orders")
    rows = [
        row(metric=metric, value=Decimal(1), set_on=date(2026, 9, 30),
            approved_by=WEAK, note="x", sha256=f"new-{metric}")
        for metric in metrics
    ]  # fmt: skip
    before, after = as_it_is(sample), card(targeted(sample, *rows))

    assert points(after) <= points(before)
    assert any("“op-04”不是花名册里的主管" in flag for flag in flags(after))


def test_a_target_dated_back_is_told(sample: Month) -> None:
    late = row(metric="views", set_on=date(2026, 9, 20), value=Decimal(1))
    opened = recorded(targeted(recorded(sample), late), targets={})
    known = recorded(sample)

    assert not flags(card(known)) - flags(as_it_is(sample))
    assert any("那时的记录里却没有" in flag for flag in flags(card(opened)))


@pytest.mark.parametrize("change", ["required", "share"])
def test_a_roster_changed_for_a_published_month_is_told(
    sample: Month, change: str
) -> None:
    opened = recorded(sample)
    roster = opened.roster
    if change == "required":
        people = tuple(
            p.model_copy(update={"required": ("views",)}) for p in roster.operators
        )
        other: Roster = roster.model_copy(update={"operators": people})
    else:
        accounts = tuple(
            account.model_copy(
                update={
                    "owners": tuple(
                        owner.model_copy(update={"share": owner.share / 2})
                        for owner in account.owners
                    )
                }
            )
            for account in roster.accounts
        )
        other = roster.model_copy(update={"accounts": accounts})
    after = with_inputs(
        opened, roster=Roster.model_validate(other.model_dump(by_alias=True))
    )
    vars(after)["recorded"] = opened.recorded

    assert any("2026-09发表之后" in flag for flag in flags(card(after)))


# --- no dead ends --------------------------------------------------------------------


def test_whatever_waits_says_why_and_a_manager_settles_it(sample: Month) -> None:
    log = Worklog(month=MONTH)
    empty = with_inputs(
        sample, worklogs={**sample.inputs.worklogs, MONTH: log}, targets=()
    )
    waiting = card(empty, "op-03")
    keys = [key for key, each in waiting.measures.items() if each.waits]
    rated = tuple(
        GivenRating(
            operator="op-03", item=key, kind="manager", points=Decimal(1),
            by="示例主管", on=date(2026, 11, 4), reason="核定", row=at,
        )
        for at, key in enumerate(keys, 2)
    )  # fmt: skip
    settled = with_inputs(empty, worklogs={MONTH: replace(log, ratings=rated)})

    assert len(keys) > 15
    assert all(str(waiting.measures[key]["note"]) for key in keys)
    assert any("由主管在“评分”表评定" in flag for flag in flags(waiting))
    assert not card(settled, "op-03")["pending"]
