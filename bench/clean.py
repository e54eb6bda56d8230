"""
Reading a thousand small exports: this package against pandas, file by file.

The package recognises each file, checks every cell and keeps the ledger; pandas
only reads. Both must find the same sums first. Prints a table of ratios and, on
the last line, the same as JSON; no seconds, which are true of one machine only.

    .venv/bin/python bench/clean.py [--files 1000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import xlsxwriter

from kpi_lib.exports import reader

MONTH = "2026-10"
SEED = 20261
ROWS = 30
CSV_SHARE = 0.7

# Daily exports as the platforms write them: (platform, header, columns that count).
CSV_KINDS = (
    ("zhihu", "日期,阅读,播放,点赞,喜欢,评论,收藏,分享", "阅读"),
    ("bilibili", "时间,播放量,累计粉丝,点赞,收藏,硬币,评论,弹幕,分享", "播放量"),
    ("shipinhao", "时间,播放,推荐,喜欢,评论,分享,关注", "播放"),
    ("douyin", "日期,播放量", "播放量"),
    ("douyin", "日期,总粉丝量", "总粉丝量"),
)
XLSX_KINDS = (
    (
        "toutiao",
        "时间,展现量,粉丝展现量,阅读(播放)量,粉丝阅读(播放)量,点赞量,评论量",
        "展现量",
    ),
    (
        "toutiao",
        "时间,总粉丝数,粉丝变化数,新增粉丝数,流失粉丝数,活跃粉丝数,总铁粉数",
        "总粉丝数",
    ),
)
CHECKED = {
    "阅读": "views",
    "播放量": "views",
    "播放": "views",
    "总粉丝量": "followers",
    "展现量": "impressions",
    "总粉丝数": "followers",
}
"""One column of each kind, whose sum all ways must agree on, and its metric."""

File = tuple[Path, str, str]
"""Path, platform, and the column that is checked."""


def make_files(folder: Path, count: int) -> list[File]:
    chance = random.Random(SEED)
    files = []
    for number in range(count):
        is_csv = number % 10 < CSV_SHARE * 10
        kinds = CSV_KINDS if is_csv else XLSX_KINDS
        name, header, checked = kinds[number % len(kinds)]
        rows = [
            [
                f"{MONTH}-{day:02}",
                *(chance.randrange(1, 60_000) for _ in header.split(",")[1:]),
            ]
            for day in range(1, ROWS + 1)
        ]
        path = folder / f"{number:04}{'.csv' if is_csv else '.xlsx'}"
        (write_csv if is_csv else write_xlsx)(path, [header.split(","), *rows])
        files.append((path, name, checked))
    return files


def write_csv(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", encoding="gbk", newline="") as stream:
        csv.writer(stream).writerows(rows)


def write_xlsx(path: Path, rows: list[list[object]]) -> None:
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"created": datetime(2026, 11, 1)})
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)


def by_package(files: list[File]) -> Iterator[reader.Export]:
    for path, name, _ in files:
        yield reader.read(path, month=MONTH, platform=name)


def by_pandas(files: list[File], engine: str) -> Iterator[pd.DataFrame]:
    for path, *_ in files:
        if path.suffix == ".csv":
            yield pd.read_csv(path, encoding="gbk")
        else:
            yield pd.read_excel(path, engine=engine)


def checked_sum(file: File, found: reader.Export | pd.DataFrame) -> float:
    """Return the sum of the file's checked column, whatever read it."""
    _, platform, checked = file
    metric = CHECKED[checked]
    # 知乎's views are 阅读 and 播放 together: its comments are compared.
    if platform == "zhihu":
        metric, checked = "comments", "评论"
    if isinstance(found, pd.DataFrame):
        return float(found[checked].sum())
    return sum(row.value for row in found.daily if row.metric == metric)


WAYS: dict[str, Callable[[list[File]], Iterator[reader.Export | pd.DataFrame]]] = {
    "kpi_lib": by_package,
    "pandas + calamine": lambda files: by_pandas(files, "calamine"),
    "pandas + openpyxl": lambda files: by_pandas(files, "openpyxl"),
}


def measure(files: list[File], rounds: int) -> dict[str, list[float]]:
    """Seconds of every way, the ways taking turns within each round."""
    # Before anything is timed: the same sums, and everything imported.
    sums = {way: [*map(checked_sum, files, read(files))] for way, read in WAYS.items()}
    if any(found != sums["kpi_lib"] for found in sums.values()):
        raise SystemExit("the ways do not agree on the sums: no figures")
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(rounds):
        order = [*WAYS][turn % len(WAYS) :] + [*WAYS][: turn % len(WAYS)]
        for way in order:
            start = time.perf_counter()
            for _ in WAYS[way](files):
                pass
            seconds[way].append(time.perf_counter() - start)
    return seconds


FLOOR = 8
"""Times as long as this package that pandas with openpyxl takes, at least."""


def main() -> int:
    parser = argparse.ArgumentParser(description="ratios of reading small exports")
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="fewer files")
    options = parser.parse_args()
    options.files = min(options.files, 300) if options.quick else options.files
    ratios = {}
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(Path(folder), options.files)
        shares = {
            "all": files,
            "csv": [file for file in files if file[0].suffix == ".csv"],
            "xlsx": [file for file in files if file[0].suffix == ".xlsx"],
        }
        for share, some in shares.items():
            seconds = measure(some, options.rounds)
            for way in WAYS:
                found = [
                    other / own
                    for own, other in zip(seconds["kpi_lib"], seconds[way], strict=True)
                ]
                ratios[f"{share}: {way}"] = {
                    "median": round(statistics.median(found), 2),
                    "from": round(min(found), 2),
                    "to": round(max(found), 2),
                }
    print(f"{'times as long as kpi_lib':32}{'median':>8}{'range':>16}")
    for name, ratio in ratios.items():
        spread = f"{ratio['from']:.2f}-{ratio['to']:.2f}"
        print(f"{name:32}{ratio['median']:8.2f}{spread:>16}")
    reached = ratios["all: pandas + openpyxl"]["median"] >= FLOOR
    if not reached:
        print(f"d: NOT REACHED: all: pandas + openpyxl, at least {FLOOR}")
    setting = {
        "files": options.files,
        "rows": ROWS,
        "rounds": options.rounds,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("pandas", "openpyxl", "python-calamine")},
    }
    print(json.dumps({"bench": "clean", "setting": setting, "ratios": ratios}))
    return 0 if reached else 1


if __name__ == "__main__":
    sys.exit(main())
