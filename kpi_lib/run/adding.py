"""
Exports on their way in: recognised first, then copied to where they are looked for.

``data/raw/<month>/<account>/<day>/<own name>``, byte for byte. The folder's name
keeps the download day; nothing that is there already is ever overwritten.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal
from zipfile import BadZipFile, ZipFile

from kpi_lib import exports, inputs
from kpi_lib.days import shift
from kpi_lib.errors import ExportError, InvalidInput, Problem, WorkspaceError
from kpi_lib.exports import Export
from kpi_lib.files import declaration, layouts
from kpi_lib.held import files_in, is_noise
from kpi_lib.inputs import Account, EvidenceRules, Roster
from kpi_lib.workspace import Workspace, write_atomic

State = Literal["copied", "there", "refused"]

# Answers, of a file's name and the day on which it was saved, when it was downloaded.
Asked = Callable[[str, date], date | None]

ANY_MONTH = "2026-01"  # Read for this month where only the day of download is asked for


@dataclass(frozen=True, kw_only=True)
class Added:
    """What became of one file: where it lies, as what, and what is worth telling."""

    file: Path
    state: State
    target: str = ""
    layout: str = ""
    day: str = ""  # Of the download, and what tells it
    month: str = ""
    days: int = 0
    posts: int = 0
    followers: str = ""  # The newest level
    problems: tuple[Problem, ...] = ()

    def __str__(self) -> str:
        """Return one line: the file, what it is, where it lies."""
        if self.state == "refused":
            return f"{self.file.name}：没有放进来"
        name = layouts()[self.layout].name
        holds = [f"{self.month}的{self.days}天"] if self.days else []
        holds += [f"{self.posts}条作品"] if self.posts else []
        holds += [self.followers] if self.followers else []
        what = f"{name}（{self.layout}）" + (f"，{'、'.join(holds)}" if holds else "")
        done = "放进" if self.state == "copied" else "已经有了，没有动："
        return f"{self.file.name}：{what}，{self.day}；{done}{self.target}"

    def as_dict(self) -> dict[str, object]:
        """Return the same for a machine."""
        problems = [str(problem) for problem in self.problems]
        return {**vars(self), "file": str(self.file), "problems": problems}


MOST_BYTES = 1 << 30  # Of what a zip holds


def add(
    workspace: Workspace,
    files: Sequence[Path],
    account: str = "",
    *,
    downloaded: date | None = None,
    month: str = "",
    asked: Asked = lambda name, saved: None,
) -> Iterator[Added]:
    """
    Copy exports to where they are looked for.

    Parameters
    ----------
    workspace : Workspace
        Where to.
    files : sequence of Path
        Exports as they were downloaded, or folders and zips of them.
    account : str
        Id or name of the account they are of; empty: the only one of a file's platform,
        among those of whom or what its folder is named by.
    downloaded : date or None
        The day they were downloaded; None: as each file tells it, by the end of its
        name or its folder's or, where the declaration says they are true, by its own
        properties; else as `asked`.
    month : str
        ``YYYY-MM`` of the folder; empty: the month before for a download day on
        which closing counters are taken, else the month of the day.
    asked : callable
        Tells the day of a file that nothing else tells it of.

    Yields
    ------
    Added
        One for each file, in their order; a refused file stops no other.

    Raises
    ------
    InvalidInput
        If there is no such account, listing those there are, or a zip cannot be opened.
    """
    # The roster alone: a wrong plan or target is no reason to refuse files.
    roster = inputs.load_roster(workspace)
    accounts = [at for at in roster.accounts if account in ("", at.id, at.name)]
    accounts = accounts or [roster.account(account)]
    for _, file in chain.from_iterable(map(gathered, files)):
        # The innermost folder that names somebody or an account tells most.
        folders = (file.parent, *file.parent.parents)
        named = (
            [at for at in accounts if folder.name in _names(roster, at)]
            for folder in folders
        )
        own = next(filter(None, named), accounts)
        yield _add(workspace, file, own, downloaded, month, asked)


def gathered(path: Path) -> Iterator[tuple[Path, Path]]:
    """Walk the files of a folder or a zip, or one file, each with its top folder."""
    with TemporaryDirectory() as aside:
        if path.suffix.lower() == ".zip" and path.is_file():
            path = _unpacked(path, Path(aside))
        folder = path if path.is_dir() else path.parent
        for file in files_in(path) if path.is_dir() else [path]:
            yield folder, file


def _unpacked(path: Path, folder: Path) -> Path:
    """Unpack a zip, each file with its time."""
    why = "解压后超过1GB"
    try:
        with _opened(path) as packed:
            if sum(each.file_size for each in packed.infolist()) <= MOST_BYTES:
                for each in packed.infolist():
                    time = datetime(*each.date_time).timestamp()
                    os.utime(packed.extract(each, folder / path.stem), (time, time))
                return folder
    except (BadZipFile, ValueError, RuntimeError, NotImplementedError) as err:
        why = str(err)
    do = "请解压后添加文件夹"
    raise ExportError.of(f"这个zip打不开（{why}）", where=str(path), do=do)


def _opened(path: Path) -> ZipFile:
    """Open a zip; macOS writes names as UTF-8 without saying so, Windows as GBK."""
    try:
        return ZipFile(path, metadata_encoding="utf-8")
    except UnicodeDecodeError:
        return ZipFile(path, metadata_encoding="gbk")


def _names(roster: Roster, account: Account) -> set[str]:
    """Return what a folder of an account's files may be called."""
    owners = [roster.operator(own.operator) for own in account.owners]
    return {account.id, account.name}.union(*((at.id, at.name) for at in owners))


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
    accounts: Sequence[Account],
    downloaded: date | None,
    month: str,
    asked: Asked,
) -> Added:
    from kpi_lib import months

    day, told = downloaded, "按写明的下载日期"
    for name, where in ((file.stem, "看文件名"), (file.parent.name, "看文件夹名")):
        if day is None and (day := months.day_at_the_end(name)):
            told = where
    try:
        if day and not month:
            month = _month_of(workspace, day, file.name)
        platforms = {at.platform for at in accounts}
        export = exports.read(
            file,
            month=month or ANY_MONTH,
            platform=platforms.pop() if len(platforms) == 1 else None,
            source=file.name,
        )
        account = _only(accounts, export, file.name)
        if is_noise(file.name):
            raise ExportError.of(
                "这样开头的文件名会被当作系统或临时文件，不会被读",
                where=file.name,
                expected="不以.或~$开头的文件名",
                do="改名后再添加",
            )
        if day is None:
            day, told = _own_day(file, export, asked)
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
    return Added(
        file=file,
        state="there" if there else "copied",
        target=workspace.relative(target),
        layout=export.layout,
        day=f"{day}下载（{told}）",
        month=at,
        days=len(days),
        posts=len({row.post for row in export.posts}),
        followers=_followers(export),
        problems=tuple(_doubts(export, file, "" if there else target.name, days, at)),
    )


def _doubts(
    export: Export, file: Path, name: str, days: Collection[date], month: str
) -> Iterator[Problem]:
    """Tell what may be wrong with a file that was put in, under a name."""
    yield from (finding for finding in export.findings if finding.level != "note")
    doubt = Problem(what="", where=file.name, level="warning")
    if name not in ("", file.name):
        what = f"已有同名而内容不同的文件，这份叫{name}"
        yield replace(doubt, what=what, do="重新下载的，请删去旧的一份")
    if not export.posts and not days:
        what, do = f"里面没有{month}的数据", "核对时间段；放错月份的，用--month写明月份"
        yield replace(doubt, what=what, do=do)


def _followers(export: Export) -> str:
    """Return the newest level of followers in words."""
    levels = [row for row in export.daily if row.metric == "followers"]
    newest = max(levels, key=lambda row: row.date, default=None)
    return f"{newest.date:%m-%d}粉丝{newest.value:,.0f}" if newest else ""


def _only(accounts: Sequence[Account], export: Export, name: str) -> Account:
    """Return the one account that an export can be of."""
    platform = layouts()[export.layout].platform
    own = [at for at in accounts if platform in ("", at.platform)] or accounts
    if len(own) == 1:
        return own[0]
    raise ExportError.of(
        "不知道是哪个账号的",
        where=name,
        expected="、".join(f"{at.name}（{at.id}）" for at in own),
        do="请用--account写明，或放进用账号或运营命名的文件夹",
    )


def _own_day(file: Path, export: Export, asked: Asked) -> tuple[date, str]:
    """Return the day that a file was downloaded on, and what tells it."""
    day = export.modified or export.created
    if day and layouts()[export.layout].properties_dates_true:
        return day, "看文件属性"
    saved = date.fromtimestamp(file.stat().st_mtime)
    if answer := asked(file.name, saved):
        return answer, "按回答的"
    raise ExportError.of(
        "文件名末尾没有日期，不知道是哪天下载的",
        where=file.name,
        do=f"请加上下载日期，如--downloaded {saved}（文件的保存日期）",
    )


def _month_of(workspace: Workspace, day: date, name: str) -> str:
    """Return the month that a download of a day closes or is inside of."""
    month = f"{day:%Y-%m}"
    first, last = "2000-01", f"{date.today():%Y-%m}"
    last = shift(max([last, *workspace.months()]), 2)
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
