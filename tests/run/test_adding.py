"""Exports come in as they are, where they are looked for, and overwrite nothing."""

from __future__ import annotations

import json
import os
import zipfile
from datetime import date
from pathlib import Path

import pytest

from kpi_lib.__main__ import main
from kpi_lib.errors import InvalidInput
from kpi_lib.inputs import everything
from kpi_lib.months import arrivals
from kpi_lib.run import adding
from kpi_lib.workspace import Workspace
from tests import tiny_workspace

EXPORT = "日期,账号,指标,数值,备注\n2026-10-30,zhihu-01,点赞,{},\n"


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    return tiny_workspace.build(tmp_path / "team")


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    folder = tmp_path / "downloads"
    folder.mkdir()
    return folder


def export(folder: Path, name: str = "数据.csv", likes: int = 5) -> Path:
    path = folder / name
    path.write_bytes(EXPORT.format(likes).encode("gb18030"))
    return path


def added(
    place: Workspace, *files: Path, day: date | None = None, month: str = ""
) -> list[adding.Added]:
    return list(adding.add(place, files, "zhihu-01", downloaded=day, month=month))


@pytest.mark.parametrize(
    ("day", "month"),
    [
        pytest.param(date(2026, 11, 5), "2026-10", id="closing counters"),
        pytest.param(date(2026, 11, 6), "2026-11", id="in the month"),
        pytest.param(date(2027, 1, 1), "2026-12", id="over the year's end"),
    ],
)
def test_the_month_follows_from_the_download_day(
    place: Workspace, downloads: Path, day: date, month: str
) -> None:
    file = export(downloads)
    (one,) = added(place, file, day=day)

    assert one.target == f"data/raw/{month}/zhihu-01/{day}/数据.csv"
    assert (place.root / one.target).read_bytes() == file.read_bytes()
    assert (one.state, one.layout) == ("copied", "manual")


def test_a_month_of_one_s_own(place: Workspace, downloads: Path) -> None:
    (one,) = added(place, export(downloads), day=date(2026, 12, 9), month="2026-10")

    assert one.target == "data/raw/2026-10/zhihu-01/2026-12-09/数据.csv"
    assert one.days == 1


@pytest.mark.parametrize(
    "name",
    [
        "数据_2026-11-02.csv",
        "数据(20261102).csv",
        "数据2026-11-2.csv",
        "数据2026年11月2日.csv",
    ],
)
def test_the_day_at_the_end_of_the_name(
    place: Workspace, downloads: Path, name: str
) -> None:
    (one,) = added(place, export(downloads, name))

    assert one.target == f"data/raw/2026-10/zhihu-01/2026-11-02/{name}"


def test_without_a_day_it_is_asked_for(place: Workspace, downloads: Path) -> None:
    (one,) = added(place, export(downloads))

    assert one.state == "refused"
    assert "--downloaded" in str(one.problems[0])
    assert not list(place.root.rglob("数据.csv"))


def test_the_same_file_again_is_there_already(
    place: Workspace, downloads: Path
) -> None:
    day = date(2026, 11, 2)
    first = added(place, export(downloads), day=day)[0]
    (again,) = added(place, export(downloads), day=day)

    assert (again.state, again.target) == ("there", first.target)
    assert "已经有了" in str(again)


def test_another_file_of_the_same_name_is_numbered(
    place: Workspace, downloads: Path
) -> None:
    day = date(2026, 11, 2)
    first = added(place, export(downloads), day=day)[0]
    other = added(place, export(downloads, likes=6), day=day)[0]
    again = added(place, export(downloads, likes=6), day=day)[0]

    assert other.target.endswith("/2026-11-02/数据 (1).csv")
    assert again.state == "there"
    assert again.target == other.target
    assert (place.root / first.target).read_bytes() == EXPORT.format(5).encode(
        "gb18030"
    )


def test_what_no_declaration_knows_is_not_copied_and_stops_no_other(
    place: Workspace, downloads: Path
) -> None:
    strange = downloads / "a.csv"
    strange.write_text("日子,热度\n10-01,5\n", encoding="utf-8")
    one, other = added(place, strange, export(downloads), day=date(2026, 11, 2))

    assert one.state == "refused"
    assert "没有认得的表头" in one.problems[0].what
    assert other.state == "copied"
    assert not list(place.data.rglob("a.csv"))


def test_a_file_that_is_not_there_is_refused_in_one_line(
    place: Workspace, downloads: Path
) -> None:
    (one,) = added(place, downloads / "none.csv", day=date(2026, 11, 2))

    assert one.state == "refused"
    assert len(str(one.problems[0]).splitlines()) == 1


def test_a_file_that_cleaning_would_skip_is_refused(
    place: Workspace, downloads: Path
) -> None:
    (one,) = added(place, export(downloads, ".a.csv"), day=date(2026, 11, 2))

    assert one.state == "refused"


def test_an_account_that_is_nobody_s_lists_those_there_are(
    place: Workspace, downloads: Path
) -> None:
    with pytest.raises(InvalidInput, match="zhihu-01"):
        list(adding.add(place, [export(downloads)], "zhihu-1"))


def test_a_file_without_the_month_s_days_is_told(
    place: Workspace, downloads: Path
) -> None:
    (one,) = added(place, export(downloads), day=date(2026, 9, 20))

    assert one.state == "copied"
    assert "里面没有2026-09的数据" in one.problems[0].what


def test_cleaning_finds_what_was_added(place: Workspace, downloads: Path) -> None:
    added(place, export(downloads), day=date(2026, 11, 2))
    arrived = arrivals.arrive(place, "2026-10", everything.load(place, "2026-10"))

    assert {file.downloaded for file in arrived.files} == {date(2026, 11, 2)}
    assert len(arrived.files) == 2


def test_the_command_tells_and_sets_the_exit_code(
    place: Workspace, downloads: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def kpi(*words: str) -> tuple[object, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(["add", *words, "--workspace", str(place.root)])
        out = capsys.readouterr()
        return caught.value.code, out.out, out.err

    file = str(export(downloads))
    own = ("--account", "zhihu-01")
    code, out, _ = kpi(file, *own, "--downloaded", "2026-11-02")
    assert code == 0
    assert out == (
        "数据.csv：手工填报（manual），2026-10的1天，"
        "2026-11-02下载（按写明的下载日期）；"
        "放进data/raw/2026-10/zhihu-01/2026-11-02/数据.csv\n"
    )

    code, out, _ = kpi(file, *own)
    assert code == 1
    assert out.startswith("数据.csv：没有放进来\n错误 数据.csv：")
    assert "--downloaded" in out

    assert kpi(file, *own, "--downloaded", "11-02")[0] == 2
    assert kpi(file, *own, "--month", "10")[0] == 1
    assert kpi(file, "--account", "nobody")[0] == 1

    code, out, _ = kpi(file, *own, "--downloaded", "2026-11-02", "--json")
    assert (code, json.loads(out)["state"]) == (0, "there")


@pytest.mark.parametrize("day", ["0001-01-01", "1999-12-31", "9999-12-31"])
def test_a_day_that_nobody_downloads_on_is_asked_about(
    place: Workspace, downloads: Path, day: str
) -> None:
    (one,) = adding.add(
        place, [export(downloads)], "zhihu-01", downloaded=date.fromisoformat(day)
    )
    assert one.state == "refused"
    assert "像是写错了" in str(one.problems[0])
    assert "没有写错时，用--month" in str(one.problems[0])
    assert place.months() == ["2026-10"]

    (one,) = adding.add(
        place,
        [export(downloads)],
        "zhihu-01",
        downloaded=date.fromisoformat(day),
        month="2026-10",
    )
    assert one.state == "copied"


def test_a_name_of_another_system_is_refused_and_nothing_written(
    place: Workspace, downloads: Path
) -> None:
    name = os.fsdecode("数据".encode("gbk") + b".csv")
    path = export(downloads, name)
    before = sorted(place.data.rglob("*"))
    (one,) = adding.add(place, [path], "zhihu-01", downloaded=date(2026, 11, 2))

    assert one.state == "refused"
    assert "文件名不是UTF-8" in str(one.problems[0])
    assert sorted(place.data.rglob("*")) == before


MORE = """
  - id: "dy-01"
    platform: douyin
    name: "示例抖音"
    from: 2026-09-01
    owners: [{operator: "op-02", from: 2026-09-01, share: 1}]
  - id: "zhihu-02"
    platform: zhihu
    name: "示例知乎二"
    from: 2026-09-01
    owners: [{operator: "op-02", from: 2026-09-01, share: 1}]
"""

WORKS = Path(__file__).parents[1] / "data/exports/douyin"


@pytest.fixture
def team(place: Workspace) -> Workspace:
    place.roster.write_text(place.roster.read_text("utf-8") + MORE, "utf-8")
    return place


def targets(place: Workspace, *given: Path, account: str = "") -> list[str]:
    day = date(2026, 11, 2)
    added = adding.add(place, given, account, downloaded=day)
    return [one.target or str(one.problems[0]) for one in added]


def test_a_folder_is_added_by_whom_its_folders_are_named(
    team: Workspace, downloads: Path
) -> None:
    # The person alone, the account's name within a person's folder, its id.
    for at, folder in enumerate(("示例甲", "示例乙/示例知乎二", "乱/zhihu-01")):
        (downloads / folder).mkdir(parents=True)
        export(downloads / folder, "数据.csv", at).write_bytes(
            f"日期,指标,数值\n2026-10-30,点赞,{at}\n".encode()
        )

    found = targets(team, downloads)

    folders = [path.rsplit("/", 2)[0] for path in found]
    accounts = ["zhihu-01", "zhihu-01", "zhihu-02"]
    assert sorted(folders) == [f"data/raw/2026-10/{at}" for at in accounts]


def test_a_file_goes_to_the_only_account_of_its_platform(
    team: Workspace, downloads: Path
) -> None:
    (works, *_) = sorted(path for path in WORKS.rglob("*.xlsx"))
    (downloads / works.name).write_bytes(works.read_bytes())

    (found,) = targets(team, downloads / works.name)

    assert found == f"data/raw/2026-10/dy-01/2026-11-02/{works.name}"


def test_whose_it_is_is_not_guessed(team: Workspace, downloads: Path) -> None:
    (found,) = targets(team, export(downloads))

    assert "不知道是哪个账号的" in found
    assert "示例知乎（zhihu-01）" in found
    (named,) = targets(team, export(downloads), account="示例知乎")
    assert named == "data/raw/2026-10/zhihu-01/2026-11-02/数据.csv"


def test_a_zip_of_chinese_windows_is_unpacked(team: Workspace, tmp_path: Path) -> None:
    name, path = "示例甲/数据2026-11-02.csv".encode("gbk"), tmp_path / "下载.zip"
    plain = "n" * len(name)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(plain, EXPORT.format(3).encode())
    # As Chinese Windows writes it: GBK, and no word that it is.
    path.write_bytes(path.read_bytes().replace(plain.encode(), name))

    (one,) = adding.add(team, [path])

    assert one.target == "data/raw/2026-10/zhihu-01/2026-11-02/数据2026-11-02.csv"
    assert "2026-11-02下载（看文件名）" in str(one)


def test_a_file_that_is_no_zip_is_refused_in_one_line(
    team: Workspace, tmp_path: Path
) -> None:
    path = tmp_path / "坏.zip"
    path.write_bytes(b"no zip")

    with pytest.raises(InvalidInput, match=r"这个zip打不开.*请解压后添加文件夹"):
        list(adding.add(team, [path]))
