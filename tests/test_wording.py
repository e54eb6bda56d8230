"""Sentences in three languages: what is put into them stays as it is."""

from __future__ import annotations

import pytest

from kpi_lib import numbers, wording
from kpi_lib.wording import _, speaking


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue of three sentences."""
    known = {
        "{n}项待定": "{n} {n:measure|measures} pending",
        "{account}的签字已失效：{why}": "The signature of {account} is void: {why}",
        "合计": "Total",
    }
    monkeypatch.setattr(wording, "catalogue", lambda: known)
    wording._patterns.cache_clear()


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


def test_english_with_plurals() -> None:
    with speaking("en"):
        assert _("{n}项待定", n=1) == "1 measure pending"
        assert _("{n}项待定", n=2) == "2 measures pending"
        assert _("没有译文") == "没有译文"


def test_a_stored_sentence_is_told_again() -> None:
    told = "示例甲的签字已失效：签字之后评分变了"

    with speaking("en"):
        assert (
            wording.retold(told) == "The signature of 示例甲 is void: 签字之后评分变了"
        )
        assert wording.retold("合计") == "Total"
        assert wording.retold("别的话") == "别的话"
    assert wording.retold(told) == told


def test_another_language_is_refused() -> None:
    with pytest.raises(KeyError, match="fr"):
        wording.speak("fr")


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
        wording.LANGUAGES, (chinese, traditional, english), strict=True
    ):
        with speaking(language):
            assert numbers.short(number) == expected


def test_months_and_lists() -> None:
    with speaking("en"):
        assert numbers.month_name("2026-10") == "Oct 2026"
        assert numbers.month_short("2026-10") == "Oct"
    assert numbers.listed(["甲", "乙", "丙"], 2) == "甲、乙等3个"
