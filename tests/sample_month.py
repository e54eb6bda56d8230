"""The committed sample in folders of its own: as it is, or with something changed."""

import json
import re
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl

from kpi_lib import days
from kpi_lib.appraisal import Month, OperatorMonth
from kpi_lib.inputs import everything
from kpi_lib.inputs.worklog import Worklog
from kpi_lib.months import arrivals, store, tables
from kpi_lib.workspace import Workspace

ROOT = Path(__file__).parents[1]
MONTH = "2026-10"

PERSON = "op-03"
"""Whose October has most of everything: points that wait, a conflict, an appeal."""


def build(root: Path, months: int = 5) -> Workspace:
    """Copy what people write and the notebooks, and clean the last months."""
    shutil.copytree(
        ROOT / "data", root / "data", ignore=shutil.ignore_patterns("clean")
    )
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    return _clean(Workspace(root), *days.months_back(MONTH, months))


def _clean(workspace: Workspace, *months: str) -> Workspace:
    given = everything.load(workspace, MONTH)
    for at in months:
        store.save(workspace, tables.tidy(arrivals.arrive(workspace, at, given)))
    return workspace


def opened(workspace: Workspace) -> Month:
    """Open the month as the pages see it; cut to an operator once for all tests."""
    month = Month.open(workspace, MONTH)
    vars(month)["operator"] = cache(month.operator)
    return month


# What people wrote, changed in the opened month: scored anew, nothing written.


def with_inputs(opened: Month, **written: Any) -> Month:
    """Open the month again with other rows of a table, another roster or plan."""
    return replace(opened, inputs=replace(opened.inputs, **written))


def with_log(opened: Month, **sheets: tuple[Any, ...]) -> Month:
    """Open the month again with other rows of PERSON in sheets of its work log."""
    log = opened.worklog
    others = {
        sheet: tuple(row for row in getattr(log, sheet) if row.operator != PERSON)
        for sheet in sheets
    }
    changed: Worklog = replace(
        log, **{sheet: others[sheet] + rows for sheet, rows in sheets.items()}
    )
    return with_inputs(opened, worklogs={**opened.inputs.worklogs, MONTH: changed})


def with_plan(opened: Month, folder: Path, change: Callable[[str], str]) -> Month:
    """Open the month again by its plan with a changed text."""
    file = folder / "plan.yml"
    file.write_text(change(opened.workspace.plan.read_text("utf-8")), "utf-8")
    plan = everything.plan.load_plan(file, "data/plan.yml")
    return with_inputs(opened, plans={"data/plan.yml": plan})


_SUGGESTIONS = "          - id: suggestions\n"


def bonus(plan: str) -> str:
    """Give up to 5 points more for revenue, in the item of over-delivery."""
    return f"bonus: 5\n{plan}".replace(
        _SUGGESTIONS,
        "          - id: extra\n"
        "            name: {zh: 额外收益, en: Extra revenue}\n"
        "            source: {kind: attainment, metrics: [revenue], cap: 100%}\n"
        "            rule: {kind: ratio}\n"
        "            points: 5\n"
        f"            bonus: true\n{_SUGGESTIONS}",
    )


def person(opened: Month) -> OperatorMonth:
    """Cut a month to PERSON."""
    return opened.operator(PERSON)


# Files changed in a copy, whose October is cleaned anew.

CAMPAIGNS = (
    ["H2610-04", PERSON, "秋日打卡", "2026-10-08", "2026-10-11", *(4000, 3960),
     *(50_000, 62_000, 400, 341, 20, 14), "", "示例主管"],
    ["H2610-05", PERSON, "线下见面会", "2026-10-17", "2026-10-18", *(None,) * 8,
     "场地没有批", "示例主管"],
)  # fmt: skip


LONG_AGO = ("2025-11", "2025-12")


def rough(root: Path, sample: Workspace, *, name: str = "", text: str = "") -> None:
    """
    Copy the sample and give PERSON's October what it lacks.

    Two months long ago of one account, a cell that is no number, three days without
    followers, a file that nobody knows, a second campaign and one that was not held.
    `name` stands for the names of PERSON and of every account, `text` for titles,
    reasons, broken cells, a sheet and a file.
    """
    shutil.copytree(sample.root, root)
    place = Workspace(root)
    raw = place.raw(MONTH)
    weibo = raw / "wb-01" / "2026-11-02"
    for month in LONG_AGO:
        _repeat(
            weibo / "手工填报.csv", month, place.raw(month) / "wb-01" / "2026-11-02"
        )
    broken = _cell(text or "约1.2万")
    _change(weibo / "手工填报.csv", f"(?<={MONTH}-19,wb-01,评论,).*?(?=,)", broken)
    _change(weibo / "手工填报.csv", f"^{MONTH}-1[234],wb-01,粉丝数,.*\n", "")
    (weibo / "说明.txt").write_text(text or "没有表头\n", "utf-8")
    with _workbook(raw / "worklog.xlsx") as book:
        for campaign in CAMPAIGNS:
            book["活动"].append(campaign)
        if text:
            _fill(book, text)
    if text:
        posts = raw / "sph-01" / "2026-11-02" / "视频号动态数据明细.csv"
        _change(posts, '(?<=^")(?!视频描述)(?=[^"\n]*：)', _cell(text)[1:-1])
        _change(place.data / "appeals.csv", "曝光.*?(?=,)", _cell(text))
        with _workbook(raw / "xhs-01" / "2026-11-02" / "笔记列表明细表.xlsx") as book:
            book.worksheets[0].title = re.sub(r"[][:*?/\\]", "", text)[:31]
        (weibo / f"{re.sub('/', '', text)[:60]}.csv").write_text("甲\n1\n", "utf-8")
    if name:
        written = f"name: {json.dumps(name, ensure_ascii=False)}"
        _change(place.roster, f'(?<=id: "{PERSON}"\n    )name: .*', written)
        _change(place.roster, 'name: ".*"(?=\n    (url|product|expects))', written)
    _clean(place, *LONG_AGO, MONTH)


def _repeat(file: Path, month: str, folder: Path) -> None:
    """Write October's first 28 days once more, as those of another month."""
    head, *rows = file.read_text("utf-8").splitlines(keepends=True)
    kept = [row.replace(MONTH, month) for row in rows if row[8:10] <= "28"]
    folder.mkdir(parents=True)
    (folder / file.name).write_text("".join([head, *kept]), "utf-8")


def nothing(root: Path) -> None:
    """Make a workspace with one operator, no account and not one export."""
    place = Workspace(root)
    place.data.mkdir(parents=True)
    shutil.copy(ROOT / "data" / "plan.yml", place.plan)
    place.roster.write_text(
        f'operators:\n  - {{id: "{PERSON}", name: "示例运营丙", manager: "示例主管",'
        " from: 2025-11-01, required: [followers, views, revenue]}\naccounts: []\n",
        "utf-8",
    )
    _clean(place, MONTH)


def _cell(text: str) -> str:
    """Write a cell of a CSV."""
    return '"' + text.replace('"', '""') + '"'


def _change(file: Path, pattern: str, text: str) -> None:
    before = file.read_text("utf-8")
    after = re.sub(pattern, lambda _: text, before, flags=re.MULTILINE)
    assert after != before, f"{file} has no {pattern}"
    file.write_text(after, "utf-8")


@contextmanager
def _workbook(file: Path) -> Iterator[openpyxl.Workbook]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the sample's files have no default style
        book = openpyxl.load_workbook(file)
    yield book
    book.save(file)


def _fill(book: openpyxl.Workbook, text: str) -> None:
    """Put a text in every title, name and reason of PERSON's entries."""
    for sheet in book:
        head, *rows = sheet.iter_rows()
        for row in rows:
            cells = {title.value: cell for title, cell in zip(head, row, strict=True)}
            if cells["运营"].value != PERSON:
                continue
            for title in ("名称", "标题", "建议", "理由", "依据", "调整", "未举办原因"):
                if title in cells and cells[title].value:
                    cells[title].value = text
