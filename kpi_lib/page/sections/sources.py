"""What counted, what did not and why, and where every number comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kpi_lib import figures
from kpi_lib.appraisal import OperatorMonth
from kpi_lib.catalogue import METRICS
from kpi_lib.language import N_, _
from kpi_lib.page.parts import Fragment, flags_of, made
from kpi_lib.page.sections.cleaning import fates_of, file_rows, left_out

SHOWN_HERE = {
    "followers",
    "follows",
    "unfollows",
    "dau",
    "mau",
    "views",
    "comments",
    "shares",
    "likes",
    "clicks",
    "orders",
    "gmv",
    "revenue",
    "account_days",
}
"""What the page prints of every month, asked for or not."""


def counted(m: OperatorMonth) -> Fragment:
    """Say what counted and what did not: files, rows, reasons, flags."""
    totals = {key: int(m.files[key].sum()) for key in ("records", "kept", "left")}
    return made(
        "counted",
        title=_(
            "{records}行中算了{kept}行，{left}行没算，每行都有原因",
            **{key: figures.exact(value) for key, value in totals.items()},
        ),
        groups=_by_owner(file_rows(m.files[m.files["layout"] != ""], m)),
        unknown=list(m.files.loc[m.files["layout"] == "", "source"]),
        fates=fates_of(m.ledger),
        flags=flags_of(m),
        left=left_out(m.ledger),
        totals=totals,
    )


def _by_owner(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add the files of each account up; a day counts once where one file has all."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row["account"]), []).append(row)
    return [
        {
            "who": own[0]["who"],
            "account": account,
            "rows": own,
            "count": len(own),
            "days": max(file["days"] for file in own),
            "bases": figures.listed(list(dict.fromkeys(file["basis"] for file in own))),
            **{
                key: sum(int(file[key]) for file in own)
                for key in ("records", "kept", "left")
            },
        }
        for account, own in groups.items()
    ]


KINDS = {
    "stock": N_("期末值"),
    "flow": N_("各日之和"),
    "mean": N_("日均"),
    "ratio": N_("先加后除"),
}
"""How the days of a metric become a month."""


def sources(m: OperatorMonth) -> Fragment:
    """Define the metrics used, name the plan, and say how to check a point."""
    present = set(m.monthly.loc[m.monthly["month"] == m.month, "metric"])
    wanted = {target.metric for target in m.targets} | (present & SHOWN_HERE)
    return made(
        "sources",
        card=m.card.said(),
        operator=m.card["operator"],
        definitions=[
            metric
            for name, metric in METRICS.items()
            if name in wanted or (metric.parts and present.issuperset(metric.parts))
        ],
        kinds={kind: _(name) for kind, name in KINDS.items()},
        assumed=m.calendar.assumed(m.month),
    )
