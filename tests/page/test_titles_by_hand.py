"""Losses, bounds and the numbers of titles, worked out again from what is printed."""

import re
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

import pytest

from kpi_lib import appraisal
from kpi_lib import page as sections
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.language import LANGUAGES, speaking
from tests.page.test_by_hand import Measure, measures, near, number, said, tagged
from tests.page.test_sums import Table, tables, value

Printed = Callable[[OperatorMonth], object]


@pytest.fixture(scope="module")
def people(sample: appraisal.Month, month: OperatorMonth) -> list[OperatorMonth]:
    return [*(sample.operator(person.id) for person in sample.appraised), month]


def title(made: object, at: int = 0) -> str:
    return said(tagged(str(made), "h3")[at])


def numbers(text: str) -> list[str]:
    return re.findall(r"¥?[+−]?\d[\d,]*(?:\.\d+)?[万%]?", text)


def losses(html: str) -> dict[str, Decimal]:
    """Read the table under the waterfall: what measures lost, what waits left out."""
    (table,) = re.findall(r"<table.*?</table>", html, re.DOTALL)
    rows = re.findall(r'<th scope="row">([^<]*)</th><td class="r">([^<]*)</td>', table)
    return {said(name): -number(by).value for name, by in rows}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_loss_is_what_a_measure_could_have_had(
    people: list[OperatorMonth], language: str
) -> None:
    checked = 0
    for m in people:
        with speaking(language):
            lost = losses(str(sections.waterfall(m)))
            card = [*measures(str(sections.score_card(m)))]
        short = {
            one.name: one.possible - one.score
            for one in card
            if one.score is not None and one.possible > one.score
        }
        assert {name: Fraction(by) for name, by in lost.items()} == short
        assert list(lost.values()) == sorted(lost.values(), reverse=True)
        checked += len(short)

    assert checked > 30


def test_the_title_of_the_losses_adds_them_up(people: list[OperatorMonth]) -> None:
    for m in people:
        html = str(sections.waterfall(m))
        lost = [*losses(html).values()]
        text = title(html)
        found = [*map(number, numbers(text))]
        whole = sum(lost)
        if "前" in text:
            # Of a spread-out loss the title says first of how many measures it is.
            top, part, all_, share = found[-4:]
            assert part.value == sum(lost[: int(top.value)])
            assert near(share, Fraction(part.value) / Fraction(whole))
        else:
            count, all_ = found
            assert count.value == len(lost)
        assert all_.value == whole


def bounds(one: Measure) -> tuple[Fraction, Fraction]:
    """Return what a measure that waits may get, as its note says; else all of it."""
    note = re.search(r"得分在([\d.]+)与([\d.]+)之间", " ".join(one.lines.values()))
    low, high = map(Fraction, note.groups()) if note else (Fraction(0), one.possible)
    return low, high


def test_the_bounds_of_the_total_are_those_of_what_waits(
    people: list[OperatorMonth],
) -> None:
    checked = 0
    for m in people:
        told = re.search(r"总分为([\d.]+)～([\d.]+)", said(str(sections.sentences(m))))
        card = [*measures(str(sections.score_card(m)))]
        got = sum(one.score for one in card if one.score is not None)
        waiting = [bounds(one) for one in card if "待定" in one.points]
        assert bool(told) is bool(waiting)
        if told:
            low, high = (got + sum(ends) for ends in zip(*waiting, strict=True))
            assert [*map(Fraction, told.groups())] == [low, high]
            checked += 1

    assert checked


def test_the_head_is_made_of_its_own_numbers(people: list[OperatorMonth]) -> None:
    for m in people:
        html = str(sections.header(m))
        card = [*measures(str(sections.score_card(m)))]
        got = sum(one.score for one in card if one.score is not None)
        rated = sum(one.possible for one in card if one.score is not None)

        assert Fraction(number(said(tagged(html, "p", "big")[0])).value) == got
        rate = re.search(r"得分率([\d.]+%)", html)
        assert rate
        assert near(number(rate[1]), got / rated)
        change = re.search(r"([\d.]+)→([\d.]+)", html)
        if change:
            before, now = map(Decimal, change.groups())
            assert number(said(tagged(html, "p", "mid")[-1])).value == now - before


def foot(made: object, kind: str) -> Table:
    return next(tables(made, kind))


def test_titles_say_what_stands_in_their_tables(people: list[OperatorMonth]) -> None:
    for m in people:
        fans, orders, rate, posts = (
            made(m)
            for made in (
                sections.followers,
                sections.orders,
                sections.engagement,
                sections.platforms,
            )
        )
        net = value(foot(fans, "fans").foot[-1])
        assert net is not None
        assert number(numbers(title(fans))[0]).value == abs(net)
        assert numbers(title(rate)) == [foot(rate, "eng").foot[-1].text]
        counts = [value(row[-1]) or 0 for row in foot(posts, "cal").rows]
        published, *most = map(int, re.findall(r"\d+(?=个)", title(posts)))
        assert published == sum(counts)
        assert set(most) <= {max(counts)}
        drawn = tagged(str(orders), "b")[: len(tagged(str(orders), "div", "arrow"))]
        assert numbers(title(orders))[: len(drawn)] == [*map(said, drawn)]
        total, goal, share = map(number, numbers(title(orders, 1)))
        assert total.value == round(value(foot(orders, "rev").foot[1]) or 0)
        assert near(
            share, Fraction(total.value) / Fraction(goal.value), Fraction(1, 1000)
        )


def test_the_title_of_the_metrics_counts_its_rows(people: list[OperatorMonth]) -> None:
    for m in people:
        table = foot(sections.metrics(m), "metrics")
        attained = {row[0].text: value(row[3]) for row in table.rows}
        known = {name: at for name, at in attained.items() if at is not None}
        text = title(sections.metrics(m))

        assert re.match(rf"{len(known)}项指标", text)
        if "差得最多" in text:
            name, worst = re.findall(r"差得最多的是(.+)，([\d.]+%)", text)[0]
            assert known[name] == min(known.values()) == number(worst).value
            reached = sum(at >= 1 for at in known.values())
            assert f"{reached}项达到" in text


def test_what_points_rest_on_makes_the_score(people: list[OperatorMonth]) -> None:
    for m in people:
        html = str(sections.settled(m))
        whole, sure, share = re.findall(
            r"得分依据：</span><span class=\"c\">([\d.]+)分中平台导出数据([\d.]+)分，"
            r"</span><span class=\"c\">占([\d.]+%)",
            html,
        )[0]
        parts = [
            number(said(at)).value
            for at in tagged(tagged(html, "p", "sums")[0], 'b(?: class="warn")?')
        ]
        assert sum(parts) == Decimal(whole)
        assert parts[0] == Decimal(sure)
        assert near(number(share), Fraction(sure) / Fraction(whole))


def test_rows_read_are_those_counted_and_those_not(people: list[OperatorMonth]) -> None:
    for m in people:
        read, kept, left, *_more = (
            number(at).value for at in numbers(title(sections.counted(m)))
        )
        assert read == kept + left
