"""What leaves the house: one person's page, under that person's name, nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kpi_lib.errors import InvalidInput, WorkspaceError
from kpi_lib.run import hand_out, parcels, passwords_of
from kpi_lib.workspace import Workspace
from tests.conftest import World
from tests.run.test_standing import after_a_run, write_targets
from tests.tiny_workspace import MONTH

pytestmark = [pytest.mark.notebook, pytest.mark.usefixtures("in_turn")]


@pytest.fixture
def place(world: World, tmp_path: Path) -> Workspace:
    return after_a_run(world, tmp_path / "w")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_everybodys_page_under_their_name(place: Workspace, tmp_path: Path) -> None:
    hand_out(parcels(place, MONTH), tmp_path / "to")

    assert names(tmp_path / "to") == [
        f"{MONTH} 示例乙 考核报告（暂定）.html",
        f"{MONTH} 示例甲 考核报告（暂定）.html",
    ]
    assert [str(p.problems[0]) for p in parcels(place, MONTH, operators=["op-01"])] == [
        f"reports/{MONTH}/op-01.html：还是暂定，文件名里写明。"
    ]


def test_the_index_leads_to_what_is_shared_beside_it(
    place: Workspace, tmp_path: Path
) -> None:
    index = place.reports(MONTH) / "index.html"
    html = '<a class="x" href="op-01.html#s2">甲</a><a href="op-02.html">乙</a>'
    more = '<a href="#s1">一</a><a href="https://example.com/a">外</a>'
    index.write_text(html + more, "utf-8")
    card = place.reports(MONTH) / "op-01.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"final": True}))
    shared = parcels(place, MONTH, operators=["op-01"], team=True)
    hand_out(shared, tmp_path / "to")

    assert shared[0].name == f"{MONTH} 示例甲 考核报告.html"
    assert (tmp_path / "to" / f"{MONTH} 团队 考核总览.html").read_text("utf-8") == (
        f'<a class="x" href="{MONTH}%20%E7%A4%BA%E4%BE%8B%E7%94%B2%20%E8%80%83%E6%A0%B8'
        f'%E6%8A%A5%E5%91%8A.html#s2">甲</a><span>乙</span>{more}'
    )


def test_a_stale_page_says_so_and_a_missing_one_is_not_shared(
    place: Workspace,
) -> None:
    write_targets(place, 130)
    (stale, _), (other,) = (p.problems for p in parcels(place, MONTH))
    assert "已过期（目标有变化），交出去的是旧的" in str(stale)
    assert "暂定" in str(other)

    (place.reports(MONTH) / "op-02.html").unlink()
    with pytest.raises(WorkspaceError, match=r"op-02\.html：没有做成，不能交出去"):
        parcels(place, MONTH)
    with pytest.raises(WorkspaceError, match="--pdf"):
        parcels(place, MONTH, operators=["op-01"], pdf=True)


def test_a_password_for_all_or_for_each(place: Workspace, tmp_path: Path) -> None:
    shared = parcels(place, MONTH, team=True)
    file = tmp_path / "passwords.txt"

    file.write_text("\ufeff一句话 那么长的密码\n", "utf-8")
    assert set(passwords_of(file, shared).values()) == {"一句话 那么长的密码"}
    file.write_text("示例甲 12345678\nop-02 a b c d e f\nteam 87654321\n", "utf-8")
    passwords = passwords_of(file, shared)
    assert passwords == {
        "op-01": "12345678",
        "op-02": "a b c d e f",
        "team": "87654321",
    }

    hand_out(shared, tmp_path / "to", passwords)
    for parcel in shared:
        text = (tmp_path / "to" / parcel.name).read_text("utf-8")
        assert "示例甲" not in text
        assert "4.29" not in text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1234567", "示例甲的密码没有写或太短；应为至少8个字符"),
        ("op-01 12345678", "示例乙的密码没有写"),
        ("op-01 12345678\nop-09 12345678", "第2行：这一行开头不是要交出去的人"),
        ("", "示例甲的密码没有写"),
    ],
)
def test_a_password_that_is_missing_stops_before_anything_is_written(
    place: Workspace, tmp_path: Path, text: str, line: str
) -> None:
    file = tmp_path / "passwords.txt"
    file.write_text(text, "utf-8")

    with pytest.raises(InvalidInput, match=line):
        passwords_of(file, parcels(place, MONTH))
