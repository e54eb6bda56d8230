"""
Reading one order file of a million rows: peak memory, against pandas.

Each reader has a process of its own, so that its peak is its own; the peak of a
process that only imports is told beside it. Both must find the same orders and the
same money. The last line is the same as JSON.

    .venv/bin/python bench/orders.py [--rows 1000000]
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path

MONTH = "2026-10"
SEED = 20263
HEADER = (
    "主订单编号,子订单编号,选购商品,商品规格,商品数量,商家编码,订单应付金额,运费,"
    "收件人,收件人手机号,详细地址,订单提交时间,商家备注,订单完成时间,订单状态,"
    "售后状态,取消原因,发货时间,平台实际承担优惠金额,商家实际承担优惠金额,"
    "达人实际承担优惠金额"
)
LIMIT = 1 << 30


def make(path: Path, rows: int) -> None:
    """Write made-up orders of one to four lines each, of one month."""
    rng = random.Random(SEED)
    first = datetime(2026, 10, 1)
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(HEADER.split(","))
        written = order = 0
        while written < rows:
            order += 1
            at = f"{first + timedelta(seconds=rng.randrange(31 * 86400)):%F %T}"
            status = rng.choices(["已完成", "已关闭"], [9, 1])[0]
            for _ in range(min(rng.choice([1, 1, 1, 2, 4]), rows - written)):
                written += 1
                writer.writerow(
                    [
                        6920000000000000000 + order,
                        6930000000000000000 + written,
                        "示例帆布袋 大号 白色",
                        "白色,大号",
                        1,
                        f"SKU-{written % 97:03}",
                        f"{rng.randrange(990, 99900) / 100:.2f}",
                        "0.00",
                        "示例收件人",
                        "13800000000",
                        f"示例省示例市示例区示例路{written % 999}号",
                        at,
                        "",
                        at,
                        status,
                        "退款成功" if rng.random() < 0.05 else "-",
                        "",
                        at,
                        "0.00",
                        "0.00",
                        "0.00",
                    ]
                )


def read_own(path: Path) -> tuple[int, int]:
    """Return orders and money, in fen, as this package reads them."""
    from kpi_lib.exports import reader

    export = reader.read(path, month=MONTH, platform="doudian")
    sums = {"orders": 0.0, "gmv": 0.0}
    for row in export.daily:
        sums[row.metric] += row.value
    return int(sums["orders"]), round(sums["gmv"] * 100)


def read_pandas(path: Path) -> tuple[int, int]:
    """Return the same from one frame, numbers kept as text."""
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    frame = frame[(frame["订单状态"] == "已完成") & (frame["售后状态"] != "退款成功")]
    fen = (frame["订单应付金额"].astype(float) * 100).round().sum()
    return frame["主订单编号"].nunique(), int(fen)


def idle(path: Path) -> tuple[int, int]:
    """Import what the package's reader needs, and read nothing."""
    from kpi_lib.exports import reader

    return len(reader.layouts()) * 0, 0


READERS = {"kpi_lib": read_own, "pandas.read_csv": read_pandas, "nothing": idle}


def child(name: str, path: Path) -> None:
    """Read in this process; print what was found, its peak and its time."""
    start = time.perf_counter()
    found = READERS[name](path)
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print(json.dumps({"found": found, "peak": peak, "seconds": seconds}))


def measure(name: str, path: Path) -> dict[str, float]:
    """Read in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", name, "--file", str(path)],
        check=True,
        capture_output=True,
        text=True,
    )
    return json.loads(done.stdout)


def main() -> None:
    """Make the file, read it in each way, print peaks and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--quick", action="store_true", help="fewer rows")
    parser.add_argument("--child", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.child, options.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.csv"
        rows = min(options.rows, 100_000) if options.quick else options.rows
        make(path, rows)
        size = path.stat().st_size
        found = {name: measure(name, path) for name in READERS}
    own, other = found["kpi_lib"], found["pandas.read_csv"]
    if own["found"] != other["found"]:
        raise SystemExit(f"not the same: {own['found']} and {other['found']}")
    print(f"{rows} rows, {size / 2**20:.0f} MiB; {own['found'][0]} orders")
    for name, one in found.items():
        print(f"{name:16} peak {one['peak'] / 2**20:6.0f} MiB")
    result = {
        "rows": rows,
        "file_mib": round(size / 2**20),
        "peak_mib": round(own["peak"] / 2**20),
        "peak_ratio": round(own["peak"] / other["peak"], 2),
        "time_ratio": round(own["seconds"] / other["seconds"], 2),
        "within_1_gib": own["peak"] <= LIMIT,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
