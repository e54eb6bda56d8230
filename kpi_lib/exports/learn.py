"""
A draft declaration from somebody's own file, every guess marked as one.

The header is found by what stands in it, the columns are guessed by their names
(as the known layouts and the catalogue write them) and by their values. Nothing is
believed: the draft says of each column why.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Literal

from jinja2 import Environment, StrictUndefined

from kpi_lib import files
from kpi_lib.catalogue import METRICS, entries
from kpi_lib.errors import ExportColumns, ExportError, UnknownExport, printable
from kpi_lib.exports.grains import PERCENT_OF
from kpi_lib.exports.recognise import HEADER_WITHIN, recognise
from kpi_lib.files import Cell, NumberKind, WrongValue, header_key, layouts, platforms
from kpi_lib.language import Sentence

Grain = Literal["daily", "posts"]

# Share of a column's cells that must be of a kind: a short file has totals too.
ENOUGH = 0.6

LOOKED_AT = 2000
WORDS = entries("exports/learn.yml")
DRAFT = Path(__file__).with_name("draft.yml.j2")  # What a draft looks like
_PUBLISHED = re.compile("发布|发表|投稿|publish")
_FILLING = re.compile(r"^(总|作品|视频|文章|笔记|内容)|(量|数|次数|\(次\))$")


@dataclass
class _Column:
    """A column of the file, and what is made of it."""

    name: str
    cells: list[Cell]
    names: Counter[str] = field(default_factory=Counter)
    key: str = ""
    settings: str = ""
    why: str = "不认得"

    @property
    def is_date(self) -> bool:
        return _most(map(_is_date, self.cells))


def draft(path: Path, *, platform: str) -> str:
    """
    Draft a declaration from a file.

    Parameters
    ----------
    path : Path
        An export that no declaration knows yet.
    platform : str
        Id or name of its platform, or the id of a new one.

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
    source, meant = path.name, _platform(platform)
    book = files.read(path, where=source)
    sheet, header = _header(book, source)
    columns = _columns(sheet, header)
    row = sheet.records[header].row
    grain = _grain(columns, source, row)
    for column in columns:
        _guess(column, grain)
    _settle(columns)
    template = Environment(
        trim_blocks=True, keep_trailing_newline=True, undefined=StrictUndefined
    )
    template.filters |= {"safe_text": _safe, "quoted": _quoted}
    text = template.from_string(DRAFT.read_text("utf-8")).render(
        source=_safe(source),
        row=row,
        known=_known(book),
        tables=[*_tables_besides(book, sheet, header)],
        again=_days_again(columns),
        platform=meant,
        new=not (files.FORMATS / f"{meant}.yml").exists(),
        order=1 + max(each.order for each in platforms().values()),
        id=_free(meant, grain),
        grain=grain,
        by_post=grain == "posts",
        columns=columns,
        names="".join(column.name for column in columns),
    )
    files.declaration(text)
    return text


# ----------------------------------------------------------------- the header


def _header(book: files.Book, source: str) -> tuple[files.Sheet, int]:
    """Return the row that most looks like a header, known names first."""
    vocabulary = _vocabulary()
    rows = [
        (sum(key in vocabulary for key in keys), len(keys), -place, -index, keys)
        for place, sheet in enumerate(book.sheets)
        for index, record in enumerate(sheet.records[:HEADER_WITHIN])
        if (keys := _header_keys(record))
    ]
    if not rows:
        what = Sentence("前12行里没有像表头的一行")
        do = Sentence("放入平台导出的原文件")
        raise UnknownExport.of(what, where=source, do=do)
    *_, sheet_at, row_at, keys = max(rows)
    sheet, header = book.sheets[-sheet_at], -row_at
    repeated = [key for key, count in Counter(keys).items() if count > 1]
    alike = {book.sheets[-at].name for _, _, at, _, others in rows if others == keys}
    if repeated:
        what = Sentence("列名重复：{columns}，一份简单的声明分不清", columns=repeated)
    elif len(alike) > 1:
        what = Sentence(
            "几张表的表头相同：{sheets}，一份简单的声明分不清", sheets=sorted(alike)
        )
    else:
        return sheet, header
    place = Sentence("第{row}行", row=sheet.records[header].row)
    do = Sentence("只留一张表再试，或照formats里相近的声明手写")
    raise ExportColumns.of(what, where=source, place=place, do=do)


def _header_keys(record: files.Record) -> list[str]:
    """Return the names in a row, if it may be a header at all."""
    filled = [cell for cell in record.cells if header_key(cell)]
    words = all(
        isinstance(cell, str)
        and not _is_date(cell)
        and not files.is_missing(cell)
        and not _number(cell, "count")
        for cell in filled
    )
    return [header_key(cell) for cell in filled] if words and len(filled) > 1 else []


def _columns(sheet: files.Sheet, header: int) -> list[_Column]:
    """Return the named columns, each with what stands in it."""
    body = sheet.records[header + 1 :][:LOOKED_AT]
    return [
        _Column(
            files.plain(name),
            [
                record.cells[at]
                for record in body
                if at < len(record.cells) and not files.is_missing(record.cells[at])
            ],
            _vocabulary().get(header_key(name), Counter()),
        )
        for at, name in enumerate(sheet.records[header].cells)
        if header_key(name)
    ]


def _most(answers: Iterator[bool]) -> bool:
    cells = list(answers)
    return bool(cells) and sum(cells) >= ENOUGH * len(cells)


def _is_date(cell: Cell) -> bool:
    if re.fullmatch(r"\d{5}(\.\d+)?", files.plain(cell)):
        return False  # a number of Excel's for a day only where dates are declared
    try:
        # A day without a year needs some month; whichever, it is a date.
        files.day(cell, "2000-01")
    except WrongValue as err:
        return "看不出是哪一年" in err.reason
    return True


def _number(cell: Cell, kind: NumberKind) -> files.Number | None:
    try:
        return files.number(cell, kind, signed=True)
    except WrongValue:
        return None


# ---------------------------------------------------------------- the guesses


def _vocabulary() -> dict[str, Counter[str]]:
    """Sort roles and metrics by the names that layouts and the catalogue use."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    for layout in layouts().values():
        if layout.grain not in ("daily", "posts") or not layout.platform:
            continue
        for name in layout.ignore:
            names[header_key(name)][""] += 0  # known, and nothing of ours
        for key, column in layout.columns.items():
            for alias in (alias for part in column.parts for alias in part):
                names[header_key(alias)][key] += 1
    own = {name: (name, metric.zh, metric.en) for name, metric in METRICS.items()}
    for key, words in [*WORDS["extra"].items(), *own.items()]:
        for word in words:
            names[header_key(word)][key] += 1
    return names


def _grain(columns: Sequence[_Column], source: str, row: int) -> Grain:
    """Find the column of dates, and tell by it whether a row is a day or a post."""
    dates = [column for column in columns if column.is_date]
    if not any(column.cells for column in columns):  # without a row, names are left
        dates = [c for c in columns if c.names.keys() & {"date", "published_at"}]
    if not dates:
        what = Sentence("没有一列是日期或发布时间，声明写不成")
        place = Sentence("第{row}行", row=row)
        do = Sentence("确认这是按日或按内容的导出；否则用手工填报")
        raise UnknownExport.of(what, where=source, place=place, do=do)
    best = max(dates, key=lambda c: bool(c.names["published_at"] + c.names["date"]))
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
    if column.key or column.is_date:
        column.why = column.why if column.key else "另一列日期"
        return
    names, why = column.names, "列名与已知的相同"
    links = _most(str(cell).startswith("http") for cell in column.cells)
    if grain == "posts" and links:
        names, why = Counter(link=1), "值是网址"
    elif not names:
        names, why = _near(column.name), "列名相近"
    likely = sorted(+names, key=lambda key: (-names[key], key))
    for key in likely:
        if settings := _settings(column, key, grain):
            column.key, column.settings, column.why = key, settings, why
            return
    if likely:
        column.why = f"像{likely[0]}，但值不合，或不能按行相加"
    elif column.names:
        column.why = "别的声明里也不用"


def _near(name: str) -> Counter[str]:
    """Return what is called the same but for words of filling (总, 量, 数)."""
    stem = _stem(header_key(name))
    alike = [
        names
        for other, names in _vocabulary().items()
        if len(stem) >= 2 and _stem(other) == stem
    ]
    return sum(alike, Counter())


def _stem(key: str) -> str:
    return _FILLING.sub("", _FILLING.sub("", key))


def _settings(column: _Column, key: str, grain: Grain) -> str:
    """Return how the reader has to take a column; empty where it cannot."""
    if key in WORDS["post_roles"]:
        return "kind: text" if grain == "posts" else ""
    metric = METRICS.get(key.partition(":")[0])
    if metric is None or not metric.target:
        return ""
    if metric.kind == "ratio":
        return _percent(column) if grain == "posts" and key in PERCENT_OF else ""
    if grain == "posts" and key in WORDS["of_the_account"]:
        return ""
    kind: NumberKind = "money" if metric.unit == "CNY" else "count"
    numbers = [_number(cell, kind) for cell in column.cells]
    if numbers and not _most(number is not None for number in numbers):
        return ""
    unit = ", unit: fen" if kind == "money" and "分" in column.name else ""
    below = {number.value for number in numbers if number and number.value < 0}
    sign = ""
    if grain == "posts" and below == {-1.0}:
        # A counter cannot be negative; a day's figure can, where likes are undone.
        sign = ', missing: ["-1"]'
    elif below or key == "net_follows":
        sign = ", signed: true"
    return f"kind: {kind}{unit}{sign}"


def _percent(column: _Column) -> str:
    """Tell by the values how a column writes shares."""
    texts = [files.plain(cell) for cell in column.cells]
    shares = [float(text) for text in texts if re.fullmatch(r"-?\d+(\.\d+)?", text)]
    if not texts or any(text.endswith("%") for text in texts):
        scale = "text_percent"
    elif len(shares) < ENOUGH * len(texts):
        return ""
    else:
        scale = "fraction" if max(shares) <= 1 else "percent_number"
    missing = ', missing: ["-1"]' if -1 in shares else ""
    return f"kind: percent, scale: {scale}{missing}"


def _settle(columns: Sequence[_Column]) -> None:
    """Let one column stand for each key: the surest, then the first."""
    taken: dict[str, _Column] = {}
    for column in sorted(columns, key=lambda column: column.why == "列名相近"):
        first = taken.setdefault(column.key, column)
        if column.key and first is not column:
            column.why = f"也像{column.key}，已取“{first.name}”；要相加时改用sum"
            column.key = ""


# ------------------------------------------------------------------ the draft


def _platform(name: str) -> str:
    """Return the id of the platform meant, which may be a new one."""
    ids = {alias: p.id for p in platforms().values() for alias in (p.id, p.name)}
    if name in ids or re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name):
        return ids.get(name, name)
    what = Sentence("没有“{platform}”这个平台", platform=files.shown(name))
    expected = Sentence(
        "{platforms}，或新平台的编号（小写字母）", platforms=[*platforms()]
    )
    raise ExportError.of(what, where="--platform", expected=expected)


def _known(book: files.Book) -> str:
    """Return the layout of a file that is known already."""
    try:
        return recognise(book, None)[0].layout.id
    except ExportError:
        return ""


def _tables_besides(book: files.Book, sheet: files.Sheet, header: int) -> Iterator[str]:
    """Name the rows that seem to be headers of other tables."""
    for other in book.sheets:
        below = other.records[header + 1 if other is sheet else 0 :]
        for record in [record for record in below if _header_keys(record)][:1]:
            yield _safe(f"{other.name}第{record.row}行")


def _days_again(columns: Sequence[_Column]) -> list[str]:
    """Return the days that have several rows."""
    dates = [column.cells for column in columns if column.key == "date"]
    days = Counter(map(files.plain, chain(*dates)))
    return [day for day, rows in days.items() if rows > 1]


def _free(platform: str, grain: Grain) -> str:
    """Return an id that no layout of the platform has."""
    names = (grain, *(f"{grain}-{number}" for number in range(2, 100)))
    return next(name for name in names if f"{platform}.{name}" not in layouts())


def _safe(text: str) -> str:
    return printable(" ".join(text.split()))


def _quoted(value: object) -> str:
    # A JSON value is a YAML value, whatever stands in it.
    return printable(json.dumps(value, ensure_ascii=False))
