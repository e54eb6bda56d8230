"""The score card of every operator, worked out again from what is printed alone."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

import pytest

from kpi_lib import appraisal
from kpi_lib import page as sections
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.language import LANGUAGES, _, speaking
from tests.appraisal.test_rules import computed
from tests.page.test_sums import Shown, divides, read
from tests.pages import text_of

HALF = Fraction(1, 200)
"""Of the last place of points."""


def tagged(html: str, tag: str, kind: str = "") -> list[str]:
    """Return what elements of a kind hold, none inside another of them."""
    opening = rf'<{tag} class="{kind}[" ][^>]*>' if kind else rf"<{tag}[^>]*>"
    return re.findall(rf"{opening}(.*?)</{tag}>", html, re.DOTALL)


def said(html: str) -> str:
    return " ".join(text_of(html).split())


@dataclass(frozen=True)
class Measure:
    """One row of the score card with what it opens to."""

    name: str
    value: str
    points: str
    possible: Fraction
    lines: dict[str, str]
    parts: list[list[str]]
    notes: str

    @property
    def score(self) -> Fraction | None:
        number = read(self.points)
        return None if number is None else Fraction(number.value)


def measures(html: str) -> Iterator[Measure]:
    for block in re.findall(
        r'<details class="measure .*?</dl></details>', html, re.DOTALL
    ):
        # Whose word it is, not what it was computed from.
        head = re.sub("<small>.*?</small>", "", block.partition("</summary>")[0])
        name, value, *points = (
            said(cell)
            for kind in ("n", "v", "s")
            for cell in tagged(head, "span", f"{kind}(?: off)?")
        )
        score, _slash, possible = points[0].partition("/")
        rows = [[*map(said, tagged(row, "span"))] for row in tagged(block, "li")]
        lines = [
            (said(word), said(text))
            for word, text in re.findall(
                r"<div[^>]*><dt>(.*?)</dt><dd>(.*?)</dd></div>", block, re.DOTALL
            )
        ]
        yield Measure(
            name,
            value,
            score.strip(),
            Fraction(possible.strip() or 0),
            dict(lines),
            rows[1:],
            " ".join(map(said, tagged(block, "p", "sub"))),
        )


@dataclass(frozen=True)
class Told:
    """One operator's card in one language."""

    month: OperatorMonth
    language: str
    html: str
    measures: list[Measure]


@pytest.fixture(scope="module")
def told(sample: appraisal.Month, month: OperatorMonth) -> list[Told]:
    people = [*(sample.operator(person.id) for person in sample.appraised), month]
    cards = []
    for language in LANGUAGES:
        for m in people:
            with speaking(language):
                html = str(sections.score_card(m))
            cards.append(Told(m, language, html, [*measures(html)]))
    return cards


def number(text: str) -> Shown:
    found = read(text)
    assert found is not None, text
    return found


def near(shown: Shown, exact: Fraction, off: Fraction = Fraction(0)) -> bool:
    """Say whether a number is printed so, from others that are off by so much."""
    return abs(Fraction(shown.value) - exact) <= Fraction(shown.half) + off


def test_every_measure_stands_on_the_page(told: list[Told]) -> None:
    for card in told:
        rows = [*card.month.card.plain, *card.month.card.extra]

        assert len(card.measures) == len(rows)
        for row, printed in zip(rows, card.measures, strict=True):
            assert (printed.score is not None) is row.scored


def test_points_are_what_the_printed_sum_gives(told: list[Told]) -> None:
    checked = 0
    for card in told:
        with speaking(card.language):
            word, rated = _("得分"), _("评定")
        for one in card.measures:
            line = one.lines.get(word, "")
            if not line or one.score is None or rated in one.lines:
                continue
            sum_, _equals, result = line.rpartition("=")
            # What stands behind the sum says where it ends.
            bare = re.split(r"，|, (?=between|but|not)", sum_)[0].split("（")[0]
            bare = re.sub(r" \(.*", "", bare)
            # A mean is printed to a hundredth of a percent: both ends of it.
            mean = one.value.removesuffix("%") if one.value.endswith("%") else ""
            ends = [
                computed(bare.replace(f"{mean}%", f"{Decimal(mean) + by}%", 1))
                if mean and f"{mean}%" in bare
                else computed(bare)
                for by in (Decimal("-0.005"), Decimal("0.005"))
            ]
            low, high = (max(Fraction(0), min(at, one.possible)) for at in ends)

            assert Fraction(result) == one.score
            assert low - HALF <= one.score <= high + HALF, (one.name, line)
            checked += 1

    assert checked > 200


def test_a_mean_is_that_of_its_printed_parts(told: list[Told]) -> None:
    checked = 0
    for card in told:
        for one in card.measures:
            weighed = [row for row in one.parts if len(row) == 6 and row[1]]
            parts = [row for row in weighed if row[4] not in ("", "—")]
            if not parts:
                continue
            weights = [Fraction(row[4]) for row in parts]
            shares = [Fraction(number(row[5]).value) for row in parts]
            mean = sum(
                (w * s for w, s in zip(weights, shares, strict=True)), Fraction(0)
            ) / sum(weights)
            off = Fraction(number(parts[0][5]).half)
            if one.value:
                assert near(number(one.value), mean, off), one.name
            if len(parts) > 1:
                weight, last = one.parts[-1][4:]
                assert near(number(last), mean, off), one.name
                assert Fraction(weight) == sum(weights)
            checked += 1

    assert checked > 60


def test_what_a_part_counts_as_follows_from_its_row(told: list[Told]) -> None:
    checked = grown = 0
    for card in told:
        with speaking(card.language):
            note = _("说明")
        for one in card.measures:
            rows = [row for row in one.parts if row[1]]
            for row in rows:
                if len(row) < 6 or row[4] in ("", "—"):
                    continue
                growth, share = number(row[3]), number(row[5])
                if row[3].startswith(("+", "−")):
                    exact = in_band(Fraction(growth.value), one.lines[note])
                    assert near(share, exact, Fraction(1, 100)), (one.name, row)
                    grown += row[2][-1] != "*" and follows(growth, row)
                elif share.value != growth.value:
                    label = re.split(r"（| \(", row[0])[0]
                    assert label in one.notes, (one.name, row)
                    assert share.value < growth.value
                    assert f"{share.value * 100:.0f}%" in one.notes
                checked += 1

    assert checked > 300
    assert grown > 80


def follows(growth: Shown, row: Sequence[str]) -> bool:
    """Hold a target's printed growth to the target and the baseline beside it."""
    base, target = number(row[1]), number(row[2])
    exact = Fraction(target.value) / Fraction(base.value) - 1
    off = Fraction(target.half) + Fraction(base.half) * (exact + 1)
    assert near(growth, exact, off / Fraction(base.value)), row
    return True


def in_band(growth: Fraction, words: str) -> Fraction:
    """Return what a growth counts as by the band that is printed."""
    low, floor, at_floor, full, top, above = (
        Fraction(text.rstrip("%")) / (100 if text.endswith("%") else 1)
        for text in re.findall(r"\d+/\d+|\d+%", words)[:6]
    )
    assert low == floor
    if growth < floor:
        return Fraction(0)
    if growth < full:
        return at_floor + (1 - at_floor) * (growth - floor) / (full - floor)
    return Fraction(1) if growth <= top else above


def test_a_part_is_attained_by_its_value_over_its_target(told: list[Told]) -> None:
    checked = 0
    for card in told:
        for one in card.measures:
            for row in one.parts:
                value, aim, attained = map(read, row[1:4])
                if value and aim and attained and row[3][0] not in "+−":
                    assert divides(attained, value, aim) or divides(
                        attained, aim, value
                    ), (one.name, row)
                    checked += 1

    assert checked > 400


def test_days_on_record_are_the_sum_of_the_accounts(told: list[Told]) -> None:
    checked = 0
    for card in told:
        for one in card.measures:
            if not one.parts or len(one.parts[0]) != 4:
                continue
            *rows, last = one.parts
            for at in (1, 2):
                numbers = [number(row[at]).value for row in rows]
                assert sum(numbers) == number(last[at]).value
            assert one.value.startswith(f"{last[1]}/{last[2]}")
            checked += 1

    assert checked == len(told)


def test_items_groups_and_total_are_sums_of_what_is_printed(told: list[Told]) -> None:
    for card in told:
        rows = card.html.partition("<tbody")[2].partition("<tfoot")
        items = re.split(r'<th class="kpi-name"', rows[0])[1:]
        total = Decimal(0)
        for item in items:
            got = tagged(item, "td", "r got")[0]
            scores = [one.score for one in measures(item) if one.score is not None]
            shown = read(said(tagged(got, "b")[0])) if "<b>" in got else None
            if shown:
                assert Fraction(shown.value) == sum(scores)
                total += shown.value

        assert number(said(tagged(rows[2], "b")[-1])).value == total


def test_a_share_of_an_account_stands_beside_its_name(told: list[Told]) -> None:
    shares = {
        row[0]
        for card in told
        for one in card.measures
        for row in one.parts
        if row[0].endswith("%")
    }

    assert {name.rpartition(" ")[2] for name in shares} >= {"25%", "30%"}
