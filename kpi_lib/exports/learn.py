"""
A draft declaration from somebody's own file, every guess marked as one.

The header is found by what stands in it, the columns are guessed by their names
(as the known layouts and the catalogue write them) and by their values. Nothing is
believed: the draft says of each column why, and shows some of its cells.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

from kpi_lib import files
from kpi_lib.catalogue import METRICS
from kpi_lib.errors import (
    ExportColumns,
    ExportError,
    Problem,
    UnknownExport,
    printable,
)
from kpi_lib.exports.recognise import HEADER_WITHIN, recognise
from kpi_lib.files import (
    Book,
    Cell,
    NumberKind,
    Platform,
    Record,
    Sheet,
    WrongValue,
    declaration,
    header_key,
    layouts,
    platforms,
)

ENOUGH = 0.6
"""Share of a column's cells that must be of a kind: a short file has totals too."""

LOOKED_AT, SHOWN = 2000, 3

RATES = ("completion_rate", "read_completion")
OF_THE_ACCOUNT = ("followers", "follows", "unfollows", "net_follows", "dau", "mau")
POST_ROLES = ("title", "id", "link", "kind", "status")
EXTRA = {
    "title": ("标题", "作品标题", "名称", "title"),
    "link": ("链接", "网址", "url", "link"),
    "id": ("id", "作品id", "文章id", "视频id", "笔记id"),
    "kind": ("体裁", "类型", "作品类型"),
    "status": ("状态",),
    "published_at": ("发布时间", "发布日期", "发表时间", "发布", "首次发布时间"),
    "date": ("日期", "时间", "date", "day", "统计日期", "数据日期"),
}
_PUBLISHED = re.compile("发布|发表|投稿|publish")
_RATE = re.compile(r"率|占比|比例|%|rate|ratio")
_AFFIXES = re.compile(r"^(总|作品|视频|文章|笔记|内容)|(量|数|次数|\(次\))$")
_PERSONAL = re.compile(
    "收件|收货|姓名|手机|电话|联系|地址|身份证|邮箱|昵称|作者|微信号|买家|用户名|备注"
)
_LOOKS_PERSONAL = re.compile(r"1[3-9]\d{9}|\S+@\S+\.\S+|\d{17}[\dX]", re.ASCII)

Grain = Literal["daily", "posts"]


@dataclass(frozen=True)
class _Header:
    sheet: Sheet
    index: int

    @property
    def record(self) -> Record:
        return self.sheet.records[self.index]


@dataclass
class _Column:
    """A column of the file, and what is made of it."""

    name: str
    cells: list[Cell]
    key: str = ""
    settings: str = ""
    why: str = ""
    names: dict[str, int] = field(default_factory=dict)

    @property
    def known(self) -> list[Cell]:
        return [cell for cell in self.cells if not files.is_missing(cell)]

    def share(self, fits: Iterable[bool]) -> float:
        answers = list(fits)
        return sum(answers) / len(answers) if answers else 0.0

    @property
    def is_date(self) -> bool:
        return self.share(map(_is_date, self.known)) >= ENOUGH

    @property
    def is_link(self) -> bool:
        return self.share(str(c).startswith("http") for c in self.known) >= ENOUGH

    @property
    def sample(self) -> str:
        """Some cells for the reader's eye; none where they may be personal."""
        if _PERSONAL.search(self.name):
            return "可能是个人信息，不抄"
        shown = list(dict.fromkeys(files.shown(cell)[:20] for cell in self.known))
        if any(_LOOKS_PERSONAL.search(text) for text in shown):
            return "不抄"
        return "、".join(shown[:SHOWN]) or "没有值"


def draft(path: Path, *, platform: str, source: str | None = None) -> str:
    """
    Draft a declaration from a file.

    Parameters
    ----------
    path : Path
        An export that no declaration knows yet.
    platform : str
        Id or name of its platform, or the id of a new one.
    source : str or None
        What the file is called; its name by default.

    Returns
    -------
    str
        A whole file of ``formats/``, which the package can read as it stands.
        Every guess ends in a comment that begins with 待确认.

    Raises
    ------
    ExportError
        If the file is no table, has no header, repeats one or has no date.
    """
    source = path.name if source is None else source
    identity = _identity(platform)
    book = files.read(path, where=source)
    header = _header(book, source)
    columns = _columns(header)
    vocabulary = _vocabulary()
    for column in columns:
        column.names = vocabulary.get(header_key(column.name), Counter())
    grain = _grain(columns, header, source)
    for column in columns:
        _guess(column, grain)
    _settle(columns)
    text = _write(identity, columns, grain, header, book, source)
    declaration(text)
    return text


# ----------------------------------------------------------------- the header


def _header(book: Book, source: str) -> _Header:
    """Return the row that most looks like a header, known names first."""
    vocabulary = _vocabulary()
    found = [
        (sum(key in vocabulary for key in keys), len(keys), -place, -index)
        for place, sheet in enumerate(book.sheets)
        for index, record in enumerate(sheet.records[:HEADER_WITHIN])
        if (keys := _header_keys(record))
    ]
    if not found:
        raise UnknownExport(
            (
                Problem(
                    what="前12行里没有像表头的一行",
                    where=source,
                    expected="一行列名，下面是数据",
                    do="放入平台导出的原文件",
                ),
            )
        )
    *_, place, index = max(found)
    header = _Header(book.sheets[-place], -index)
    keys = _header_keys(header.record)
    repeated = [key for key, count in Counter(keys).items() if count > 1]
    alike = [
        sheet.name
        for sheet in book.sheets
        if any(_header_keys(one) == keys for one in sheet.records[:HEADER_WITHIN])
    ]
    what = ""
    if repeated:
        what = f"列名重复：{'、'.join(repeated)}，一份简单的声明分不清"
    elif len(alike) > 1:
        what = f"几张表的表头相同：{'、'.join(alike)}，一份简单的声明分不清"
    if what:
        raise ExportColumns(
            (
                Problem(
                    what=what,
                    where=source,
                    place=f"第{header.record.row}行",
                    do="只留一张表再试，或照formats里相近的声明手写",
                ),
            )
        )
    return header


def _header_keys(record: Record) -> list[str]:
    """Return the names in a row, if it may be a header at all."""
    filled = [cell for cell in record.cells if header_key(cell)]
    words = all(
        isinstance(cell, str)
        and not _is_date(cell)
        and not files.is_missing(cell)
        and not _reads(cell, "count")
        for cell in filled
    )
    return [header_key(cell) for cell in filled] if words and len(filled) > 1 else []


def _columns(header: _Header) -> list[_Column]:
    body = [
        record
        for record in header.sheet.records[header.index + 1 :]
        if not record.blank
    ][:LOOKED_AT]
    return [
        _Column(
            name=files.plain(cell),
            cells=[one.cells[at] if at < len(one.cells) else None for one in body],
        )
        for at, cell in enumerate(header.record.cells)
        if header_key(cell)
    ]


def _is_date(cell: Cell) -> bool:
    try:
        # A day without a year needs some month; whichever, it is a date.
        files.day(cell, "2000-01")
    except WrongValue as err:
        return "看不出是哪一年" in str(err)
    return True


def _reads(cell: Cell, kind: NumberKind) -> bool:
    try:
        files.number(cell, kind, signed=True)
    except WrongValue:
        return False
    return True


# ---------------------------------------------------------------- the guesses


@cache
def _vocabulary() -> dict[str, Counter[str]]:
    """Roles and metrics by the names that known layouts and the catalogue use."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for layout in layouts().values():
        if layout.grain not in ("daily", "posts") or not layout.platform:
            continue
        for name in layout.ignore:
            found[header_key(name)][f"-{layout.id}"] += 0
        for key, column in layout.columns.items():
            for alias in (alias for names in column.parts for alias in names):
                found[header_key(alias)][key] += 1
    for key, words in EXTRA.items():
        for word in words:
            found[header_key(word)][key] += 1
    for name, metric in METRICS.items():
        for word in (name, metric.zh, metric.en):
            found[header_key(word)][name] += 1
    return found


def _grain(columns: Sequence[_Column], header: _Header, source: str) -> Grain:
    dates = [column for column in columns if column.is_date]
    # A file without a row still has names.
    empty = not any(column.known for column in columns)
    dates = dates or [
        column
        for column in columns
        if empty and column.names.keys() & {"date", "published_at"}
    ]
    if not dates:
        raise UnknownExport(
            (
                Problem(
                    what="没有一列是日期或发布时间，声明写不成",
                    where=source,
                    place=f"第{header.record.row}行",
                    do="确认这是按日或按内容的导出；否则用手工填报",
                ),
            )
        )

    def likely(column: _Column) -> tuple[bool, int]:
        names = column.names
        return bool(names["published_at"] + names["date"]), -columns.index(column)

    best = max(dates, key=likely)
    by_post = (
        _PUBLISHED.search(header_key(best.name)) is not None
        or best.names["published_at"] > best.names["date"]
        or any({"title", "link"} & column.names.keys() for column in columns)
    )
    best.key = "published_at" if by_post else "date"
    best.settings = f"kind: {'datetime' if by_post else 'date'}"
    best.why = "是日期"
    return "posts" if by_post else "daily"


def _guess(column: _Column, grain: Grain) -> None:
    """Say what a column is; without a key it is not used, and why."""
    if column.key:
        return
    if _PERSONAL.search(column.name) or column.is_date:
        column.why = "另一列日期" if column.is_date else "不用"
        return
    candidates = [(key, "列名与已知的相同") for key, _ in _ranked(column.names)]
    if not candidates and not column.names:
        candidates = [(key, "列名相近") for key, _ in _ranked(_near(column.name))]
    if grain == "posts" and column.is_link:
        candidates = [("link", "值是网址")]
    for key, why in candidates:
        settings = _settings(column, key, grain)
        if settings:
            column.key, column.settings, column.why = key, settings, why
            return
    ignored = sorted(key[1:] for key in column.names if key.startswith("-"))
    if candidates:
        column.why = f"像{candidates[0][0]}，但不能用：{_reason(candidates[0][0])}"
    elif ignored:
        column.why = f"{ignored[0]}里也不用"
    else:
        column.why = "不认得"


def _reason(key: str) -> str:
    metric = METRICS.get(key.split(":")[0])
    if metric and metric.kind == "ratio":
        return "比率由别的数算出，或不能按天相加"
    return "值不合，或不是每一行自己的数"


def _ranked(names: dict[str, int]) -> list[tuple[str, int]]:
    found = [(key, count) for key, count in names.items() if count]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def _near(name: str) -> Counter[str]:
    """Return what is called the same but for words of filling (总, 量, 数)."""
    stem = _stem(header_key(name))
    found: Counter[str] = Counter()
    for other, names in _vocabulary().items():
        if len(stem) >= 2 and _stem(other) == stem:
            found.update({key: count for key, count in names.items() if count})
    return found


def _stem(key: str) -> str:
    return _AFFIXES.sub("", _AFFIXES.sub("", key))


def _settings(column: _Column, key: str, grain: Grain) -> str:
    """Return how the reader has to take a column; empty where it cannot."""
    if key in POST_ROLES:
        return "kind: text" if grain == "posts" else ""
    metric = METRICS.get(key.split(":")[0])
    if metric is None or not metric.target:
        return ""
    if metric.kind == "ratio":
        fits = grain == "posts" and key in RATES
        return _percent(column) if fits else ""
    if grain == "posts" and key in OF_THE_ACCOUNT:
        return ""
    kind: NumberKind = "money" if metric.unit == "CNY" else "count"
    numbers = [cell for cell in column.known if _reads(cell, kind)]
    if column.known and len(numbers) < ENOUGH * len(column.known):
        return ""
    unit = ", unit: fen" if kind == "money" and "分" in column.name else ""
    below = {
        number.value
        for cell in numbers
        if (number := files.number(cell, kind, signed=True)).value < 0
    }
    sign = ""
    if grain == "posts" and below == {-1.0}:
        # A counter cannot be negative; a day's figure can, where likes are undone.
        sign = ', missing: ["-1"]'
    elif below or key == "net_follows":
        sign = ", signed: true"
    return f"kind: {kind}{unit}{sign}"


def _percent(column: _Column) -> str:
    texts = [files.plain(cell) for cell in column.known]
    if any(text.endswith("%") for text in texts):
        scale = "text_percent"
    else:
        numbers = [_float(text) for text in texts]
        if column.share(number is not None for number in numbers) < ENOUGH:
            return "" if texts else "kind: percent, scale: text_percent"
        small = all(number is None or number <= 1 for number in numbers)
        scale = "fraction" if small else "percent_number"
    missing = ', missing: ["-1"]' if any(_float(one) == -1 for one in texts) else ""
    return f"kind: percent, scale: {scale}{missing}"


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _settle(columns: Sequence[_Column]) -> None:
    """Let one column stand for each key: the surest, then the first."""
    taken: dict[str, _Column] = {}
    for column in sorted(columns, key=lambda column: column.why == "列名相近"):
        first = taken.setdefault(column.key, column)
        if column.key and first is not column:
            column.why = f"也像{column.key}，已取“{first.name}”；要相加时改用sum"
            column.key = ""


# ------------------------------------------------------------------ the draft


def _identity(name: str) -> tuple[Platform, bool]:
    """Return the platform meant, and whether it is declared already."""
    for one in platforms().values():
        if name in (one.id, one.name):
            return one, True
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
        raise ExportError(
            (
                Problem(
                    what=f"没有“{files.shown(name)}”这个平台",
                    where="--platform",
                    expected=f"{'、'.join(platforms())}，或新平台的编号（小写字母）",
                ),
            )
        )
    seals = {one.seal for one in platforms().values()}
    free = (ch for ch in f"{name}abcdefghijklmnopqrstuvwxyz".upper() if ch.isalpha())
    made = Platform(
        id=name,
        name=name,
        en=name.capitalize(),
        seal=next((ch for ch in free if ch not in seals), "新"),
        light="#4a4a4a",
        dark="#b5b5b5",
        form="social",
        confirmed=False,
        order=1 + max(one.order for one in platforms().values()),
    )
    return made, False


def _write(
    identity: tuple[Platform, bool],
    columns: Sequence[_Column],
    grain: Grain,
    header: _Header,
    book: Book,
    source: str,
) -> str:
    platform, declared = identity
    used = [column for column in columns if column.key]
    unused = [column for column in columns if not column.key]
    lines = [
        f"# 由“{_safe(source)}”起草：表头在第{header.record.row}行，"
        f"{len(used)}列有猜测，{len(unused)}列不用。",
        "# 逐条看过“待确认”，改对后删去注释，再把confirmed改为true。",
    ]
    if declared:
        lines += [
            "# 平台已有声明：把layouts里的这份接到"
            f"kpi_lib/files/formats/{platform.id}.yml。"
        ]
    else:
        lines += [f"# 存为kpi_lib/files/formats/{platform.id}.yml，就能读了。"]
    if known := _known(book, source):
        lines += [f"# 注意：这份文件已经认得，是{known}，不需要新的声明。"]
    new = "" if declared else "  # 待确认：新平台，"
    lines += [
        f"id: {platform.id}",
        f"name: {_quoted(platform.name)}{new and new + '页面上怎样称呼它'}",
        f"en: {_quoted(platform.en)}",
        f"seal: {_quoted(platform.seal)}{new and new + '印章上的一个字，不与别的相同'}",
        f"light: {_quoted(platform.light)}{new and new + '浅色页面上印章的颜色'}",
        f"dark: {_quoted(platform.dark)}{new and new + '深色页面上印章的颜色'}",
        f"form: {platform.form}{new and new + 'article、video、social、product之一'}",
        f"confirmed: {str(platform.confirmed).lower()}",
        f"order: {platform.order}",
        "layouts:",
        f"  - id: {_layout_id(platform, grain)}",
        f"    name: {_quoted('内容列表' if grain == 'posts' else '按日数据')}"
        "  # 待确认：平台怎样称呼这个导出",
        f"    grain: {grain}  # 待确认：{_GRAINS[grain]}",
        "    confirmed: false",
        '    download: ""  # 待确认：在后台的哪里下载',
        "    columns:",
        *(
            f"      {column.key}: {{source: [{_quoted(column.name)}], "
            f"{column.settings}}}{_comment(column)}"
            for column in used
        ),
    ]
    if unused:
        lines += ["    ignore:"]
        lines += [
            f"      - {_quoted(column.name)}{_comment(column)}" for column in unused
        ]
    keys = {column.key for column in used}
    if grain == "posts":
        lines += _of_posts(keys, [column.name for column in columns])
    return "\n".join(lines) + "\n"


_GRAINS = {
    "posts": "每行是一篇内容，数从发布起累计；每行是一天时改为daily",
    "daily": "每行是一天，数是当天的；数是累计的（如总粉丝）只能用于粉丝数",
}


def _of_posts(keys: set[str], names: Sequence[str]) -> list[str]:
    lines = []
    if "kind" in keys:
        lines += [
            "    kinds:  # 待确认：体裁一列里的字，各是哪一种",
            "      video: [视频]",
            "      article: [图文, 文章]",
        ]
    kind = "video" if any("播" in name for name in names) else "article"
    lines += [f"    default_kind: {kind}  # 待确认：video、article、micro之一，或空"]
    if "status" in keys:
        lines += ["    private: [自见, 私密]  # 待确认：状态里表示不公开的字"]
    return lines


def _layout_id(platform: Platform, grain: Grain) -> str:
    taken = {one.id for one in layouts().values()}
    names = (grain, *(f"{grain}-{number}" for number in range(2, 100)))
    return next(name for name in names if f"{platform.id}.{name}" not in taken)


def _known(book: Book, source: str) -> str:
    try:
        return recognise(book, None, source)[0].layout.id
    except ExportError:
        return ""


def _comment(column: _Column) -> str:
    return f"  # 待确认：{_safe(column.why)}；例：{_safe(column.sample)}"


def _safe(text: str) -> str:
    return printable(" ".join(text.split()))


def _quoted(text: str) -> str:
    # A JSON string is a YAML string, whatever stands in it.
    return printable(json.dumps(text, ensure_ascii=False))
