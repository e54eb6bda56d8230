"""
Promise 1: no silent wrong number.

What the reader takes and refuses of every hard case stands in tests/exports and
tests/files; here are the ways in which a number once changed without a word.
"""

from pathlib import Path

import pytest

from kpi_lib import exports
from kpi_lib.errors import ExportError
from kpi_lib.exports import Export

RAW = Path(__file__).parents[2] / "data/raw/2026-10"
TEXTS = sorted(path for path in RAW.glob("*/*/*.csv"))


def read(path: Path) -> Export | None:
    try:
        return exports.read(path, month="2026-10")
    except ExportError:
        return None


def numbers(export: Export) -> list[str]:
    return [*map(repr, export.daily), *map(repr, export.posts)]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_a_torn_export_is_refused_or_flagged_or_says_the_same(
    path: Path, tmp_path: Path
) -> None:
    content = path.read_bytes().rstrip(b"\r\n")
    if not content.startswith((b"PK", b"\xd0\xcf", b"<")):
        torn = tmp_path / path.name
        torn.write_bytes(content)
        whole = read(torn)
        assert whole is not None
        for cut in range(1, 12):
            torn.write_bytes(content[:-cut])
            left = read(torn)
            if left is None or numbers(left) == numbers(whole):
                continue
            told = {str(one) for one in left.findings if one.level != "note"}
            assert told - {str(one) for one in whole.findings}, content[-30:-cut]


def test_a_table_below_a_title_is_torn_too(tmp_path: Path) -> None:
    rows = "".join(f"2026-10-{day:02},{75_800 + day}\n" for day in range(1, 31))
    text = f"总粉丝量\n日期,总粉丝量\n{rows}2026-10-31,75861"
    path = tmp_path / "总粉丝量.csv"
    path.write_text(text, "utf-8")
    whole = exports.read(path, month="2026-10", platform="douyin")
    assert whole.daily[-1].value == 75_861

    path.write_text(text[:-1], "utf-8")
    torn = exports.read(path, month="2026-10", platform="douyin")
    assert 7_586 not in [row.value for row in torn.daily]
    assert any("最后一行没有写完" in problem.what for problem in torn.findings)
