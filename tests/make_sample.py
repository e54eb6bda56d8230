"""
Write the made-up sample team: ``python tests/make_sample.py [--out DIR]``.

Four operators, nineteen accounts on every platform of the plan and 小红书, three
appraised months (2026-08 to 2026-10) and nine months of history before them. All
of it is made up; the layouts of the exports are those of real files. The same
call writes the same bytes on any machine: no clock, no unseeded chance.
data/plan.yml is not made here.

Hard cases, each in 2026-10 unless said:

=====================  ====================================================
one hand-over          示例抖音乙 (dy-02) goes from op-04 to op-02 on 10-16
shared accounts        gzh-02 60/40 op-04/op-01; app-01 and shop-01 by all four
one campaign over      op-03, 双十一预热群活动: 8,600 spent of 8,000
its budget
one missing day        sph-01, 10-23, in its daily export and in 手工填报
one conflict           sph-01, 新增关注 of 10-14: the download of 10-15 is lower;
                       leaves one measure of op-03 open
one settled conflict   2026-09, bili-01, 点赞 of 09-10, by data/decisions.csv
re-downloads           tt-01, 作品列表 and 粉丝趋势 of 11-02 again on 11-03
one file in GBK        dy-01, 总粉丝量 re-saved as CSV, with a note on top
total rows             tt-01, 累计 directly under the header of 数据趋势
no download day        2026-09, xhs-01: the day stands in data/downloads.csv
other edition          抖音 作品列表 A until September, B in October; 视频号 15
                       columns until September, 19 in October
private posts          抖音, 审核状态 or 发布状态 自见
empty title            xhs-01, the third note
no campaigns           op-04: campaigns_due 0, and 确认 says 无
one review missing     op-03, week 2026-W42
late review            op-04, the month's
unconfirmed            op-03, one suggestion without 确认人
target below the band  op-04, orders: +2 %
late target            op-04, shares, set on 10-09
revised target         op-02, views, set on 09-15 and again on 09-28
no target in a cell    op-03, conversion_rate, ultimate
leave                  2026-09, op-03, two days
day off of one's own   2026-08-21, by data/calendar.csv
=====================  ====================================================
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

# The modules beside this one, wherever it is called from.
sys.path.insert(0, str(Path(__file__).parent))

from sample_exports import SETTLED, UNDATED, Files, exports
from sample_files import Row, csv_bytes, words
from sample_targets import REQUIRED, targets
from sample_team import (
    ACCOUNTS,
    APPRAISED,
    CLOSING,
    MANAGER,
    OPERATORS,
    OUTING,
    START,
    Account,
)
from sample_worklog import workbook

HERE = Path(__file__).resolve().parent.parent
LEAVE = {
    "op-03": '{from: 2026-09-14, to: 2026-09-15, kind: "年假", cover: "op-04"}',
}


def _account(account: Account) -> list[str]:
    lines = [
        f'  - id: "{account.id}"',
        f"    platform: {account.platform}",
        f'    name: "{account.name}"',
        f'    url: "https://example.com/{account.id}"',
    ]
    if account.product:
        lines.append(f'    product: "{account.product}"')
    lines += [
        f"    expects: [{', '.join(account.layouts)}]",
        f"    from: {START}",
        "    owners:",
    ]
    for owner in account.owners:
        end = f", to: {owner.end}" if owner.end else ""
        lines.append(
            f'      - {{operator: "{owner.operator}", from: {owner.start or START}'
            f"{end}, share: {owner.share}}}"
        )
    return lines


def roster() -> bytes:
    """Return data/roster.yml."""
    lines = [
        "# 示例团队：人名、账号、产品和数字全部虚构。",
        "# A made-up team: every name, account, product and figure is invented.",
        "operators:",
    ]
    for operator, name in OPERATORS.items():
        lines += [
            f'  - id: "{operator}"',
            f'    name: "{name}"',
            '    team: "示例新媒体组"',
            f'    manager: "{MANAGER}"',
            f"    from: {START}",
            f"    required: [{', '.join(REQUIRED[operator])}]",
        ]
        if operator in LEAVE:
            lines += ["    leave:", f"      - {LEAVE[operator]}"]
    lines.append("accounts:")
    for account in ACCOUNTS:
        lines += _account(account)
    return ("\n".join(lines) + "\n").encode()


def _written(rows: Sequence[Row]) -> bytes:
    # Ends of lines as Git keeps them for text, so that a checkout has these bytes.
    return csv_bytes(rows, newline="\n")


def _settled(files: Files) -> tuple[str, int]:
    """Return the file and row that hold the right value of the settled conflict."""
    account, _, day = SETTLED
    month = f"{day:%Y-%m}"
    source = f"data/raw/{month}/{account}/{CLOSING[month]}/历史累计数据趋势.csv"
    lines = files[source].decode("utf-8-sig").splitlines()
    at = next(at for at, line in enumerate(lines, 1) if line.startswith(str(day)))
    return source, at


def records(files: Files) -> Files:
    """Return what people decided beside the roster and the targets."""
    account, metric, day = SETTLED
    decision = (
        f"{day:%Y-%m}",
        account,
        str(day),
        metric,
        *_settled(files),
        MANAGER,
        "2026-10-09",
        "次日上午的下载尚未统计完，以月末下载为准（虚构）",
    )
    tables = {
        "decisions": [
            words("month account date metric source row by on reason"),
            decision,
        ],
        "downloads": [
            ("source", "downloaded"),
            (UNDATED, str(CLOSING["2026-09"])),
        ],
        "calendar": [
            ("date", "off or work", "name"),
            (str(OUTING), "off", "示例团队日（虚构）"),
        ],
        "signoff": [
            words("month operator action total score_sha256 by on reason"),
        ],
        "appeals": [
            words(
                """
                id month operator measure text on decision decided_by decided_on
                """
            ),
            (
                "A-01",
                "2026-09",
                "op-04",
                "reviews",
                "第38周复盘晚交因系统维护（虚构）",
                "2026-10-12",
                "维持原分，复盘可提前一天交",
                MANAGER,
                "2026-10-14",
            ),
            (
                "A-02",
                "2026-10",
                "op-03",
                "campaigns.results",
                "曝光按活动页统计，没有算转载（虚构）",
                "2026-11-09",
                "",
                "",
                "",
            ),
        ],
    }
    return {f"data/{name}.csv": _written(rows) for name, rows in tables.items()}


def sample() -> Files:
    """Return every file of the sample by its path in the workspace."""
    files = exports()
    files |= {f"data/raw/{month}/worklog.xlsx": workbook(month) for month in APPRAISED}
    files |= records(files)
    files["data/roster.yml"] = roster()
    files["data/targets.csv"] = _written(targets())
    return dict(sorted(files.items()))


def write(root: Path) -> list[Path]:
    """
    Write the sample into a workspace.

    Parameters
    ----------
    root : Path
        The workspace; what is in it already and has the same name is replaced.

    Returns
    -------
    list of Path
        Every file written, in order of path.
    """
    written = []
    for name, content in sample().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description="Write the made-up sample team.")
    parser.add_argument("--out", type=Path, default=HERE, help="the workspace")
    written = write(parser.parse_args().out)
    size = sum(path.stat().st_size for path in written)
    print(f"{len(written)} files, {size} bytes")


if __name__ == "__main__":
    main()
