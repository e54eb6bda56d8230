"""What is still missing: what waits or counts as nothing, and what falls due soon."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from kpi_lib import inputs
from kpi_lib.days import month_of, shift
from kpi_lib.errors import InvalidInput, Level, Problem
from kpi_lib.figures import listed
from kpi_lib.files import layouts
from kpi_lib.inputs import Inputs
from kpi_lib.language import Sentence
from kpi_lib.run.cards import published
from kpi_lib.run.spreadsheets import rows_of
from kpi_lib.workspace import Workspace

if TYPE_CHECKING:
    from kpi_lib.appraisal import Card

Part = Mapping[str, Any]

SOON = timedelta(days=7)  # what falls due within a week is told

# What is told of a measure, by its status on the card.
TOLD: dict[str, tuple[Level, str]] = {
    "pending": ("warning", "会待定"),
    "excluded": ("note", "会不计"),
    "zero": ("warning", "按考核计划会计0分"),
}


STAKE = {"excluded": "points"}  # At stake are possible points; where it is out, its own


def lacking(cards: Sequence[Part]) -> list[dict[str, Any]]:
    """
    Return a row for each measure that got no points of its own.

    Parameters
    ----------
    cards : sequence of mapping
        Cards, or what their files hold.

    Returns
    -------
    list of dict
        Keys card, item (its name), measure and points: those at stake, with what it
        has of the measures of its item that are out. In the order of cards and plan.
    """
    return [
        {"card": card, "item": row["name"], "measure": measure}
        | {"points": measure[STAKE.get(measure["status"], "possible")]}
        for card in cards
        for row in rows_of(card)
        for measure in row["measures"]
        if measure["status"] in TOLD
    ]


def told(card: Part, item: str, measure: Part, points: str) -> Problem:
    """
    Tell of one measure what a run does not score, and why.

    Parameters
    ----------
    card, item, measure, points : mapping, str, mapping, str
        As `lacking` has them.

    Returns
    -------
    Problem
        A warning of what waits or counts as nothing, a note of what is excluded.
    """
    from kpi_lib.appraisal import SETTLED  # the process that starts a run needs none

    level, what = TOLD[measure["status"]]
    note = str(measure["note"])
    return Problem(
        level=level,
        where=f"{card['name']}（{card['operator']}）",
        place=f"{item}·{measure['name']}（{points}分）",
        what=f"{what}：{note}" if note else what,
        do=str(SETTLED) if measure["status"] == "pending" else "",
    )


def to_do(workspace: Workspace, month: str, today: date) -> list[Problem]:
    """
    Tell what waits on the cards of a month, and what falls `due`.

    Parameters
    ----------
    workspace, month, today : Workspace, str, date
        Where everything lies; ``YYYY-MM``, which was run; the day to look ahead from.

    Returns
    -------
    list of Problem
        Warnings of the cards in their order, then notes.
    """
    cards = published(month, str(workspace.root))
    waiting = [row for row in lacking(cards) if row["measure"]["status"] != "excluded"]
    notes = [
        Problem(where=row["who"][0], what=row["what"], do=row["do"], level="note")
        for row in to_decide(cards)
    ]
    return [*(told(**row) for row in waiting), *notes, *due(workspace, today)]


def to_decide(cards: Sequence[Card]) -> list[dict[str, Any]]:
    """
    Tell which appeals of a month have no answer, which whole scores no signature.

    Parameters
    ----------
    cards : sequence of Card
        The month's cards.

    Returns
    -------
    list of dict
        Keys as of `owed`, without a day; appeals first, then a row a manager.
    """
    rows = []
    unsigned: dict[tuple[str, str], list[str]] = defaultdict(list)
    for card in cards:
        name, manager = card["name"], card.get("manager", "")
        for at in card.open_appeals:
            what = Sentence("答复{name}的申诉：{text}", name=name, text=at["text"])
            do = Sentence("写进“申诉”表或data/appeals.csv的处理结果")
            rows.append({"day": "", "who": [manager], "what": what, "do": do})
        if card.total is not None and not (card.get("pending") or card["signed"]):
            unsigned[card["month"], manager].append(name)
    for (month, manager), names in unsigned.items():
        what = Sentence("给{names}的分数签字", names=names)
        do = Sentence("kpi sign {month} --by {name}", month=month, name=manager)
        rows.append({"day": "", "who": [manager], "what": what, "do": do})
    return rows


def due(workspace: Workspace, today: date) -> list[Problem]:
    """
    Tell what must be done within a week of a day, before it costs points.

    Parameters
    ----------
    workspace : Workspace
        Where everything lies.
    today : date
        The day from which on it is looked ahead.

    Returns
    -------
    list of Problem
        Reviews and closing downloads of its month and the one before, targets of the
        next: a note each, with its day, the earliest first.
    """
    found: list[Part] = []
    for month in (shift(month_of(today), -1), month_of(today)):
        try:
            given = inputs.for_month(workspace, month)
        except InvalidInput as err:
            return [*err.problems]
        found += owed(workspace, given, month)
    return [
        Problem(
            where=listed(row["who"], 6),
            what=f"{row['day']}前{row['what']}",
            do=row["do"],
            level="note",
        )
        for row in sorted(found, key=lambda row: str(row["day"]))
        if today <= date.fromisoformat(row["day"]) <= today + SOON
    ]


def owed(workspace: Workspace, given: Inputs, month: str) -> list[dict[str, Any]]:
    """
    Tell what a month asks for that is not there yet, whatever the day.

    Parameters
    ----------
    workspace, given, month : Workspace, Inputs, str
        Where everything lies; what people wrote; ``YYYY-MM``.

    Returns
    -------
    list of dict
        Keys day (the last in time), who (people or accounts), what and do; the earliest
        first.
    """
    dated: dict[tuple[date, Sentence, Sentence], list[str]] = defaultdict(list)
    for name, *what in (
        *_of_people(given, month),
        *_downloads(workspace, given, month),
    ):
        dated[tuple(what)].append(name)
    return [
        {"day": str(day), "who": names, "what": what, "do": do}
        for (day, what, do), names in sorted(dated.items())
    ]


def _of_people(given: Inputs, month: str) -> Iterator[tuple[Any, ...]]:
    """Walk who owes what until when, and where it is done."""
    calendar, following = given.calendar, shift(month, 1)
    rules, log = given.evidence_of(month), given.worklogs[month]
    reviews = [
        (calendar.after(week.due, rules.review_grace), week.name)
        for week in calendar.weeks(month)
        if week.due
    ]
    reviews.append((calendar.review_due(month, rules.review_days), month))
    last = calendar.review_due(month, rules.target_days)
    for person in given.roster.appraised(month):
        there = {row.period for row in log.own(person.id).reviews if row.delivered}
        for day, period in reviews:
            if period not in there and person.holds(day):
                what = Sentence("交{period}的复盘", period=period)
                yield person.name, day, what, Sentence("写进工作记录的“复盘”表")
        if following not in {row.period for row in given.targets_of(person.id)}:
            what = Sentence("定下{month}的短期目标", month=following)
            yield person.name, last, what, Sentence("写进目标表，由主管批准")


def _downloads(
    workspace: Workspace, given: Inputs, month: str
) -> Iterator[tuple[Any, ...]]:
    """Walk which account wants a download of which days, until when, and which one."""
    following = shift(month, 1)
    begun, after = (date.fromisoformat(f"{at}-01") for at in (month, following))
    closing = after.replace(day=given.evidence_of(month).counter_window)
    closes = Sentence("（从{day}起）下载{month}的导出文件", day=str(after), month=month)
    for account in given.roster.accounts:
        own = [layouts()[at] for at in account.expects if at in layouts()]
        spans = [(after, date.max, closing, closes)]
        # One download a week is on record of an account that has counters only.
        if {at.grain for at in own} - {"none"} == {"posts"}:
            spans += [
                (
                    week.start,
                    week.end,
                    week.end,
                    Sentence("下载{week}的作品列表", week=week.name),
                )
                for week in given.calendar.weeks(month)
                if week.working_days
            ]
        for layout in (at for at in own if at.reach):
            last = begun + timedelta(days=layout.reach)
            # The closing download must reach back to it, or days between are lost.
            since = closing - timedelta(days=layout.reach)
            what = Sentence(
                "下载“{layout}”，晚了就没有{month}月初的数",
                layout=layout.label,
                month=month,
            )
            spans.append((since, last, last, what))
        places = [workspace.raw(at) / account.id for at in (month, following)]
        days = [path.name for place in places for path in place.glob("2*-*-*")]
        for since, until, last, what in spans:
            there = any(str(since) <= day <= str(until) for day in days)
            if account.shares(since) and not there:
                yield account.name, last, what, Sentence("下载后用kpi add放进来")
