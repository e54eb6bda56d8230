"""docs/codebook.md and its Chinese from the catalogue: what every number is."""

from __future__ import annotations

from kpi_lib.catalogue import (
    DUE,
    METRICS,
    STREAMS,
    Metric,
)
from kpi_lib.files.declarations import layouts, platforms

# How days become a month, by kind, in English and Chinese.
KINDS = {
    "stock": ("last known value", "最后一个已知的值"),
    "flow": ("sum of the days", "各天相加"),
    "mean": ("mean of the days", "各天的平均"),
    "ratio": ("one sum over another", "两个合计相除"),
}

UNITS = {
    "people": "人",
    "share": "比率",
    "times": "次",
    "orders": "单",
    "CNY": "元",
    "days": "天",
}

HEAD = """\
# Codebook

Made from `kpi_lib/metrics.yml` and `kpi_lib/files/formats/`; a test keeps it current.
A share is a fraction (0.35, never 35), CNY are yuan. Platforms are those with an export
that maps the metric; any platform can give any metric by hand (手工填报).
"""


HEAD_ZH = """\
# 指标表

由`kpi_lib/metrics.yml`和`kpi_lib/files/formats/`生成，有测试保证不过时。比率写成小数（0.35，不写35），
金额的单位是元。平台一列是导出里有这个指标的平台；别的平台可以手工填报。指标可以写中文，也可以写编号。
"""


def codebook_zh() -> str:
    """
    Return the codebook in Chinese.

    Returns
    -------
    str
        Markdown, as `codebook`.
    """
    lines = [
        HEAD_ZH,
        "| 指标 | 编号 | 一个月的值 | 单位 | 含义 | 平台 |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row_zh(metric) for metric in METRICS.values()),
        "",
        "`revenue`（平台收益）按来源分列："
        + "、".join(f"{zh}（`{name}`）" for name, zh in STREAMS.items())
        + "。",
        "",
        "目标表的指标一列还可以写应完成数："
        + "、".join(f"{zh}（`{name}`）" for name, zh in DUE.items())
        + "。",
        "",
    ]
    return "\n".join(lines)


def _row_zh(metric: Metric) -> str:
    kind = KINDS[metric.kind][1]
    if metric.parts:
        above, below = (
            "＋".join(METRICS[name].zh for name in names)
            for names in (metric.numerator, metric.denominator)
        )
        kind += f"：{f'（{above}）' if '＋' in above else above}÷{below}"
    less = "，越少越好" if metric.less_is_better else ""
    names = (metric.zh, f"`{metric.name}`")
    cells = (*names, kind + less, UNITS[metric.unit], metric.meaning, _mapped(metric))
    return "| " + " | ".join(cells) + " |"


def codebook() -> str:
    """
    Return the codebook.

    Returns
    -------
    str
        Markdown: one row per metric with name, 中文, kind, unit, meaning and the
        platforms whose layouts map it; then streams of revenue and due numbers.
    """
    lines = [
        HEAD,
        "| metric | 中文 | kind: a month is the | unit | meaning | platforms |",
        "| --- | --- | --- | --- | --- | --- |",
        *(_row(metric) for metric in METRICS.values()),
        "",
        "Streams of `revenue` (`part` in daily tables, `stream` in monthly ones): "
        + ", ".join(f"`{name}` {zh}" for name, zh in STREAMS.items())
        + ".",
        "",
        "Due numbers that may stand in the metric column of `targets.csv`: "
        + ", ".join(f"`{name}` {zh}" for name, zh in DUE.items())
        + ".",
        "",
    ]
    return "\n".join(lines)


def _row(metric: Metric) -> str:
    name = f"`{metric.name}`"
    if metric.parts:
        above = " + ".join(metric.numerator)
        name += f" = ({above})" if len(metric.numerator) > 1 else f" = {above}"
        name += f" / {' + '.join(metric.denominator)}"
    kind = f"{metric.kind}: {KINDS[metric.kind][0]}"
    less = "; less is better" if metric.less_is_better else ""
    cells = (name, metric.zh, kind + less, metric.unit, metric.meaning, _mapped(metric))
    return "| " + " | ".join(cells) + " |"


def _mapped(metric: Metric) -> str:
    """Name the platforms that map a metric, or all parts of a ratio."""
    parts = {*metric.numerator, *metric.denominator} or {metric.name}
    found = []
    for platform in sorted(platforms().values(), key=lambda one: one.order):
        mapped = {
            name
            for layout in layouts().values()
            if layout.platform == platform.id
            for name in layout.metrics
        }
        if metric.name in mapped or parts <= mapped:
            found.append(platform.name)
    return "、".join(found) or "—"
