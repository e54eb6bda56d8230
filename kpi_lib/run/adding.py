"""
Exports on their way in: recognised first, then copied to where they are looked for.

``data/raw/<month>/<account>/<day>/<own name>``, byte for byte. The folder's name
keeps the download day; nothing that is there already is ever overwritten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from kpi_lib import exports, inputs
from kpi_lib.days import shift
from kpi_lib.errors import ExportError, InvalidInput, Problem, WorkspaceError
from kpi_lib.exports import Export
from kpi_lib.files import declaration, layouts
from kpi_lib.held import is_noise
from kpi_lib.inputs import Account, EvidenceRules
from kpi_lib.workspace import Workspace, write_atomic

State = Literal["copied", "there", "refused"]

ANY_MONTH = "2026-01"  # Read for this month where only the day of download is asked for


@dataclass(frozen=True, kw_only=True)
class Added:
    """What became of one file: where it lies, as what, and what is worth telling."""

    file: Path
    state: State
    target: str = ""
    layout: str = ""
    month: str = ""
    days: int = 0
    posts: int = 0
    problems: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        """Return one line: the file, what it is, where it lies."""
        if self.state == "refused":
            return f"{self.file.name}：没有放进来"
        name = layouts()[self.layout].name
        holds = [f"{self.month}的{self.days}天"] if self.days else []
        holds += [f"{self.posts}条作品"] if self.posts else []
        what = f"{name}（{self.layout}）" + (f"，{'、'.join(holds)}" if holds else "")
        done = "放进" if self.state == "copied" else "已经有了，没有动："
        return f"{self.file.name}：{what}；{done}{self.target}"

    def as_dict(self) -> dict[str, object]:
        """Return the same for a machine."""
        problems = [str(problem) for problem in self.problems]
        return {**vars(self), "file": str(self.file), "problems": problems}


def add(
    workspace: Workspace,
    files: Sequence[Path],
    account: str,
    *,
    downloaded: date | None = None,
    month: str = "",
) -> Iterator[Added]:
    """
    Copy exports to where they are looked for.

    Parameters
    ----------
    workspace : Workspace
        Where to.
    files : sequence of Path
        Exports as they were downloaded.
    account : str
        Roster id of the account they are of.
    downloaded : date or None
        The day they were downloaded; None: as each file tells it, by the end of its
        name or, where the declaration says they are true, by its own properties.
    month : str
        ``YYYY-MM`` of the folder; empty: the month before for a download day on
        which closing counters are taken, else the month of the day.

    Yields
    ------
    Added
        One for each file, in their order; a refused file stops no other.

    Raises
    ------
    InvalidInput
        If there is no such account; lists those there are.
    """
    # The roster alone: a wrong plan or target is no reason to refuse files.
    owner = inputs.load_roster(workspace).account(account)
    for file in files:
        yield _add(workspace, file, owner, downloaded, month)


def own_formats() -> Path | None:
    """
    Read the declarations of the workspace around, which stand from now on.

    Returns
    -------
    Path or None
        The folder where they lie; None outside of any workspace.
    """
    try:
        workspace = Workspace.find()
    except WorkspaceError:
        return None
    inputs.formats(workspace)
    return workspace.data / "formats"


def learn(file: Path, platform: str, out: Path | None = None) -> str:
    """
    Draft a declaration from a file, and write it where it stands from now on.

    Parameters
    ----------
    file : Path
        An export that no declaration knows yet.
    platform : str
        As for `exports.draft`.
    out : Path, optional
        Where to; default: the workspace's own declarations; outside of one the draft
        is not written.

    Returns
    -------
    str
        What to tell: where it was written, or the draft itself.
    """
    own = own_formats()
    text = exports.draft(file, platform=platform)
    if own:
        out = out or own / f"{declaration(text).id}.yml"
    if out is None:
        return text.rstrip()
    if out.exists():
        do = "用--out写到别的文件，再把layouts里的这份接进去"
        raise WorkspaceError.of("已经有了，不覆盖", where=str(out), do=do)
    write_atomic(out, text)
    return f"草稿已写到{out}：请逐条看过“待确认”；在data/formats里的从现在起就按它读。"


def _add(
    workspace: Workspace,
    file: Path,
    account: Account,
    downloaded: date | None,
    month: str,
) -> Added:
    from kpi_lib import months

    day = downloaded or months.day_at_the_end(file.stem)
    try:
        if day and not month:
            month = _month_of(workspace, day, file.name)
        export = exports.read(
            file, month=month or ANY_MONTH, platform=account.platform, source=file.name
        )
        if is_noise(file.name):
            raise ExportError.of(
                "这样开头的文件名会被当作系统或临时文件，不会被读",
                where=file.name,
                expected="不以.或~$开头的文件名",
                do="改名后再添加",
            )
        day = day or _own_day(file, export)
        at = month or _month_of(workspace, day, file.name)
        workspace.relative(workspace.raw(at) / file.name)  # refuses an odd name
    except (ExportError, WorkspaceError) as refusal:
        return Added(file=file, state="refused", problems=refusal.problems)
    days = {row.date for row in export.daily if f"{row.date:%Y-%m}" == at}
    content = file.read_bytes()
    folder = workspace.raw(at) / account.id / day.isoformat()
    target, there = _place(folder, file, content)
    if not there:
        write_atomic(target, content)
    problems = [finding for finding in export.findings if finding.level != "note"]
    if not export.posts and not days:
        what, do = f"里面没有{at}的数据", "核对时间段；放错月份的，用--month写明月份"
        problems.append(Problem(what=what, where=file.name, do=do, level="warning"))
    return Added(
        file=file,
        state="there" if there else "copied",
        target=workspace.relative(target),
        layout=export.layout,
        month=at,
        days=len(days),
        posts=len({row.post for row in export.posts}),
        problems=tuple(problems),
    )


def _own_day(file: Path, export: Export) -> date:
    """Return the day that a file's own properties tell, where they are true."""
    day = export.modified or export.created
    if day and layouts()[export.layout].properties_dates_true:
        return day
    raise ExportError.of(
        "文件名末尾没有日期，不知道是哪天下载的",
        where=file.name,
        do="请加上下载日期，如--downloaded 2026-11-02",
    )


def _month_of(workspace: Workspace, day: date, name: str) -> str:
    """Return the month that a download of a day closes or is inside of."""
    month = f"{day:%Y-%m}"
    first, last = "2000-01", f"{date.today():%Y-%m}"
    last = shift(max(last, *workspace.months()), 2)
    if not first <= month <= last:  # it would make a month that nobody is in yet
        raise ExportError.of(
            f"下载日期是{day}，像是写错了",
            where=name,
            expected=f"{first}至{last}里的一天",
            do="请改正；没有写错时，用--month写明归哪个月",
        )
    past = shift(month, -1)
    try:
        rules = inputs.load(workspace, month).evidence_of(past)
    except InvalidInput:  # a wrong plan or target is no reason to refuse files
        rules = EvidenceRules()
    return past if day.day <= rules.counter_window else month


def _place(folder: Path, file: Path, content: bytes) -> tuple[Path, bool]:
    """Return where a file goes, and whether these very bytes are there already."""
    target, number = folder / file.name, 0
    while target.exists():
        if target.is_file() and target.read_bytes() == content:
            return target, True
        number += 1
        target = folder / f"{file.stem} ({number}){file.suffix}"
    return target, False
