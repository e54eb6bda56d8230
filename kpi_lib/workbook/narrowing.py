"""
One operator's month, cut to some platforms: results and targets of the same accounts.

A target of all platforms says nothing of some of them. It stays where the cut takes
nothing of its metric away; beside one platform alone stands that platform's own target;
any other is left out, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.days import quarter_of
from kpi_lib.inputs import Target, Worklog
from kpi_lib.workbook.answers import zh

FRAMES = ("daily", "monthly", "posts")
"""Tables of an operator's month with a column of platforms."""


def narrowed(own: OperatorMonth, platforms: Collection[str]) -> OperatorMonth:
    """
    Keep the accounts, rows and targets of some platforms.

    Parameters
    ----------
    own : OperatorMonth
        Of all own accounts.
    platforms : collection of str
        Ids; none: everything stays as it is.

    Returns
    -------
    OperatorMonth
        Every target that is left covers just the accounts that are left.
    """
    if not platforms:
        return own
    frames = {name: getattr(own, name) for name in FRAMES}
    return replace(
        own,
        accounts=tuple(a for a in own.accounts if a.platform in platforms),
        targets=tuple(_targets(own, platforms)),
        worklog=_written(own.worklog, platforms),
        **{
            name: frame[frame["platform"].isin(platforms)].reset_index(drop=True)
            for name, frame in frames.items()
        },
    )


def told(own: OperatorMonth, cut: OperatorMonth, metrics: Collection[str]) -> str:
    """
    Say what became of the targets of all platforms, of some metrics, in a cut.

    Returns
    -------
    str
        Empty where they stand as they are.
    """
    now = {own.month, quarter_of(own.month), own.month[:4], ""}
    before, after = (
        {
            (target.metric, target.horizon): target
            for target in month.targets
            if target.metric in metrics and not target.platform and target.period in now
        }
        for month in (own, cut)
    )
    left_out = before.keys() - after.keys()
    own_ones = {key for key in after if after[key] != before.get(key)}
    texts = (
        (left_out, "的目标管着全部平台，只看一部分账号时没有列出。"),
        (own_ones, "的目标是这个平台自己的，不是全部平台的。"),
    )
    return "".join(
        zh(*dict.fromkeys(metric for metric, _ in sorted(keys))) + text
        for keys, text in texts
        if keys
    )


def _targets(own: OperatorMonth, platforms: Collection[str]) -> list[Target]:
    kept = own.monthly["platform"].isin(platforms)
    away = set(own.monthly.loc[~kept, "metric"])
    one = len(set(own.monthly.loc[kept, "platform"])) == 1
    rows: list[Target] = []
    for target in own.targets:
        metric = METRICS.get(target.metric)
        if metric is None:
            continue
        whole = away.isdisjoint(
            {metric.name, metric.gain, metric.opening, *metric.parts}
        )
        if not target.platform:
            rows += [target] if whole else []
        elif target.platform in platforms:
            rows.append(target)
            if one and not whole:
                rows.append(target.model_copy(update={"platform": ""}))
    return rows


def _written(log: Worklog, platforms: Collection[str]) -> Worklog:
    """Keep what was written of the platforms: comments of them, contents for them."""
    meant = set(platforms)
    return replace(
        log,
        interactions=tuple(row for row in log.interactions if row.platform in meant),
        contents=tuple(
            row
            for row in log.contents
            if meant & {*row.planned_platforms, *row.published_platforms}
        ),
    )
