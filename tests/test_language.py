"""Sentences in three languages: what is put into them stays as it is."""

from __future__ import annotations

import io
import json
import pickle
import re
import string
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from babel.messages.extract import extract_from_dir
from openpyxl import load_workbook

import kpi_lib.language
from kpi_lib import figures
from kpi_lib.appraisal import Card, proposals
from kpi_lib.appraisal.compose import score
from kpi_lib.language import (
    LANGUAGES,
    Name,
    Sentence,
    _,
    catalogue,
    say,
    speak,
    speaking,
    spoken,
)
from kpi_lib.run import spreadsheets
from tests.appraisal import test_worked_month
from tests.appraisal.test_worked_month import PLAN
from tests.scored import evidence

HOME = Path(kpi_lib.language.__file__).parent
CHINESE = re.compile("[\u3400-\u9fff\uf900-\ufaff]")


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of three sentences."""
    known = {
        "{n}项待定": "{n} {n:measure|measures} pending",
        "{account}的签字已失效：{why}": "The signature of {account} is void: {why}",
        "合计": "Total",
    }
    monkeypatch.setattr(kpi_lib.language, "catalogue", lambda: known)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param("zh-Hans", "发布的3项待定", id="as written"),
        pytest.param("zh-Hant", "發佈的3項待定", id="traditional"),
    ],
)
def test_only_the_sentence_is_translated(language: str, expected: str) -> None:
    with speaking(language):
        assert _("发布的{n}项待定", n=3) == expected
        # A name is not ours to rewrite.
        assert _("{name}待定", name="发布组") == "发布组待定"


@pytest.mark.usefixtures("small")
def test_english_with_plurals() -> None:
    with speaking("en"):
        assert _("{n}项待定", n=1) == "1 measure pending"
        assert _("{n}项待定", n=2) == "2 measures pending"
        assert _("没有译文") == "没有译文"


def test_another_language_is_refused() -> None:
    with pytest.raises(KeyError, match="fr"):
        speak("fr")


@pytest.mark.parametrize(
    ("number", "chinese", "traditional", "english"),
    [
        pytest.param(8_633, "8,633", "8,633", "8,633", id="exact"),
        pytest.param(18_400, "1.84万", "1.84萬", "18.4K", id="ten thousands"),
        pytest.param(327_000, "32.7万", "32.7萬", "327K", id="hundred thousands"),
        pytest.param(3_270_000, "327.0万", "327.0萬", "3.27M", id="millions"),
        pytest.param(342_000_000, "3.42亿", "3.42億", "342M", id="hundred millions"),
        pytest.param(-18_400, "−1.84万", "−1.84萬", "−18.4K", id="negative"),
    ],
)
def test_large_numbers(
    number: int, chinese: str, traditional: str, english: str
) -> None:
    for language, expected in zip(
        LANGUAGES, (chinese, traditional, english), strict=True
    ):
        with speaking(language):
            assert figures.short(number) == expected


def test_months_and_lists() -> None:
    with speaking("en"):
        assert figures.month_name("2026-10") == "Oct 2026"
        assert figures.month_short("2026-10") == "Oct"
        assert figures.month_short("2026-10-05") == "Oct"
    assert figures.listed(["甲", "乙", "丙"], 2) == "甲、乙等3个"


# The catalogue.


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    """Every sentence that the package says, as ``make catalogue`` finds them."""
    found = extract_from_dir(
        HOME,
        [("**.py", "python"), ("page/templates/**.j2", "jinja2")],
        keywords={"_": None, "N_": None, "Sentence": None},
    )
    return sorted({str(message) for _file, _line, message, _notes, _context in found})


def named(template: str) -> set[str]:
    return {
        name for _text, name, _spec, _way in string.Formatter().parse(template) if name
    }


def test_every_sentence_has_its_english(sentences: list[str]) -> None:
    known = catalogue()

    assert len(sentences) > 150
    assert [one for one in sentences if one not in known] == []
    assert [one for one in sentences if named(one) != named(known[one])] == []


def test_english_has_no_chinese_character(sentences: list[str]) -> None:
    assert [e for e in catalogue().values() if CHINESE.search(e)] == []
    assert CHINESE.search("".join(sentences))


# A card.


def card(language: str) -> Card:
    """Score the worked month; every manager and operator has a Latin name there."""
    month = evidence(
        PLAN,
        test_worked_month.ROSTER,
        [*test_worked_month.PAST, *test_worked_month.NOW],
        test_worked_month.TARGETS,
        log=test_worked_month.LOG,
    )
    with speaking(language):
        scored = score(month)
        return Card(scored | {"proposals": proposals.propose(month)})


@pytest.fixture(scope="module")
def cards() -> dict[str, dict[str, Any]]:
    """The card as a page says it, by language."""
    kept = Card.from_json(json.loads(json.dumps(card("zh-Hans").to_json())))
    said = {}
    for language in LANGUAGES:
        with speaking(language):
            said[language] = spoken(kept)
    return said


WORDS = {
    "name", "kpi", "grade", "note", "words", "text", "unit", "detail", "detail_beside",
    "flags", "method", "why",
}  # fmt: skip
"""Fields of a card that hold words; every other one is the same in all languages."""


def walk(
    part: Any, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield everything in a card with the names on the way to it."""
    if isinstance(part, Mapping):
        for name, inner in part.items():
            yield from walk(inner, (*path, str(name)))
    elif isinstance(part, list):
        for at, inner in enumerate(part):
            yield from walk(inner, (*path, str(at)))
    else:
        yield path, part


def test_a_card_is_the_same_bytes_whatever_language_was_asked_for() -> None:
    kept = {json.dumps(card(language).to_json()) for language in LANGUAGES}

    assert len(kept) == 1


def test_a_card_reads_as_chinese_and_comes_back_from_its_file() -> None:
    made = card("en")
    back = Card.from_json(json.loads(json.dumps(made.to_json())))

    assert dict(walk(back)) == dict(walk(made))
    assert made["items"][0]["name"] == "制定目标"
    assert back.to_json() == made.to_json()


def test_only_the_words_of_a_card_differ(cards: dict[str, dict[str, Any]]) -> None:
    simple, *others = (dict(walk(said)) for said in cards.values())

    for other in others:
        assert other.keys() == simple.keys()
        differing = {at for at in simple if simple[at] != other[at]}
        assert differing
        assert [at for at in differing if not WORDS & set(at)] == []
    assert len({said["score_sha256"] for said in cards.values()}) == 1


def test_a_card_in_english_is_in_english(cards: dict[str, dict[str, Any]]) -> None:
    roster = test_worked_month.ROSTER
    names = (roster.operators[0].name, "示例主管", *(a.name for a in roster.accounts))
    # The plan's own wording stands as it is written, with its English beside; what
    # people wrote (the “names” of rows) and confirmed is theirs.
    said = re.compile("|".join(("“[^”]*”", *map(re.escape, names))))
    chinese = [
        (at, text)
        for at, text in walk(cards["en"])
        if CHINESE.search(said.sub("", str(text)))
        and not {"detail", "confirmed"} & {*at}
    ]

    assert chinese == []
    item = cards["en"]["items"][0]
    assert item["name"] == "Target setting"
    assert item["detail"] == cards["zh-Hans"]["items"][0]["detail"]
    assert item["detail_beside"][0].startswith("Set challenging and reasonable")
    assert set(cards["zh-Hans"]["items"][0]["detail_beside"]) == {""}


def test_a_card_in_traditional_characters_has_the_plans_own(
    cards: dict[str, dict[str, Any]],
) -> None:
    assert cards["zh-Hant"]["items"][3]["detail"][1].endswith("否則需加班完成；")


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param("zh-Hans", ["汇总", "已评", "得分算式"], id="as written"),
        pytest.param("zh-Hant", ["彙總", "已評", "得分算式"], id="traditional"),
        pytest.param(
            "en", ["Summary", "Scored", "How the score is made"], id="English"
        ),
    ],
)
def test_the_workbook_speaks_it_too(
    cards: dict[str, dict[str, Any]], language: str, expected: list[str]
) -> None:
    with speaking(language):
        book = load_workbook(io.BytesIO(spreadsheets.scores_xlsx([cards[language]])))
    said = {
        str(cell.value) for sheet in book for row in sheet for cell in row if cell.value
    }

    assert expected[0] == book.sheetnames[0]
    assert set(expected[1:]) <= said


LIST = Sentence(
    "{day}的{metric}有不同的值",
    day="2026-10-01",
    metric=[Sentence("没有填数值"), "数据原样"],
)


def test_a_sentence_reads_as_finished_chinese() -> None:
    assert LIST == "2026-10-01的没有填数值、数据原样有不同的值"


@pytest.mark.parametrize(
    "again",
    [
        pytest.param(
            lambda kept: Sentence.read(json.loads(json.dumps(kept.written()))),
            id="json",
        ),
        pytest.param(lambda kept: pickle.loads(pickle.dumps(kept)), id="process"),  # noqa: S301
    ],
)
def test_a_sentence_that_travelled_is_said_alike(again: Any) -> None:
    with speaking("en"):
        expected = say(LIST)

        assert expected != LIST
        assert say(again(LIST)) == expected
    assert again(LIST) == LIST


def test_remarks_are_joined_by_the_mark_of_the_language() -> None:
    remarks = figures.joined([Sentence("没有填数值"), "", Sentence("空行")])

    assert remarks == "没有填数值；空行"
    assert figures.joined([remarks]) is remarks
    with speaking("en"):
        assert say(remarks) == "; ".join(
            map(say, [Sentence("没有填数值"), Sentence("空行")])
        )


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param("zh-Hans", "10月的发布", id="as written"),
        pytest.param("zh-Hant", "10月的發佈", id="traditional"),
        pytest.param("en", "10月的Publishing", id="English"),
    ],
)
def test_a_name_has_its_own_translations(language: str, expected: str) -> None:
    name = Sentence("10月的{name}", name=Name("发布", "Publishing"))
    back = pickle.loads(pickle.dumps(Sentence.read(name.written())))  # noqa: S301

    with speaking(language):
        assert say(back) == expected


def test_a_month_in_a_sentence_is_named_in_its_language() -> None:
    assert figures.month_label("2026-10") == "10月"
    with speaking("en"):
        assert say(figures.month_label("2026-10-05")) == "Oct"


def test_data_is_not_translated_even_if_it_reads_like_a_sentence() -> None:
    with speaking("en"):
        assert say("没有填数值") == "没有填数值"
        assert say(Sentence("没有填数值")) != "没有填数值"
