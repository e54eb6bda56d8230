"""docs/codebook.md from the catalogue: what every number is, in one table."""

from __future__ import annotations

from kpi_lib.catalogue import (
    DUE,
    METRICS,
    STREAMS,
    Metric,
)
from kpi_lib.files.declarations import layouts, platforms

KINDS = {
    "stock": "last known value",
    "flow": "sum of the days",
    "mean": "mean of the days",
    "ratio": "one sum over another",
}
"""How days become a month, by kind."""

HEAD = """\
# Codebook

Made from `kpi_lib/metrics.yml` and `kpi_lib/files/formats/`; a test keeps it current.
A share is a fraction (0.35, never 35), CNY are yuan. Platforms are those with an export
that maps the metric; any platform can give any metric by hand (手工填报).
"""


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
    kind = f"{metric.kind}: {KINDS[metric.kind]}"
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
