"""
What a page is told beside its notebook: what changed since, and what vouches for it.

A total that a run published stays on record in ``run.json``; the run that changes it
says so above the score. At the page's end stand two hashes, so that a page on paper
vouches for what it was made from and for the record as it was then.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kpi_lib.catalogue import words
from kpi_lib.figures import listed
from kpi_lib.language import _

# What the parts of a key are called.
(WORDS,) = words("parts")

SHOWN = 12  # Digits of a hash on a page: enough that nobody finds another with the same


def changed(now: Mapping[str, str], then: Mapping[str, str]) -> list[str]:
    """Name the parts of a key that are not what they were."""
    return [part for part in now if now[part] != then.get(part)]


def published(
    total: str | None, parts: Mapping[str, str], last: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what run.json keeps of a total: with the one it takes the place of."""
    if "total" not in last:
        return {"total": total}
    if last["total"] == total:
        known = {name: last[name] for name in ("before", "line", "by") if name in last}
        return {"total": total, **(known if len(known) == 3 else {})}
    by = changed(parts, last["parts"])
    return {"total": total, "before": last["total"], "line": last["at"], "by": by}


def said(total: Mapping[str, Any]) -> str:
    """Say that a total was another one; empty if it never was."""
    if "before" not in total:
        return ""
    return _(
        "总分在上一次运行（运行记录第{line}行）是{before}，现在是{now}；变了的：{by}。",
        line=total["line"],
        before=total["before"] or _("未评"),
        now=total["total"] or _("未评"),
        by=listed([_(WORDS.get(part, part)) for part in total["by"]]),
    )


def edited(notebook: str, month: str) -> str:
    """Say that a page comes from a notebook that is not the program's own."""
    return _(
        "这一页由改过的笔记本{notebook}生成，与程序自带的不同，分数可能不是程序算的；"
        "kpi verify {month} --recompute逐项核对。",
        notebook=notebook,
        month=month,
    )


def anchor(key: str, head: str) -> str:
    """Say what vouches for a page: the hash of all that it was made from, and more."""
    return _(
        "核对码：本页的依据{key}，此前各月的运行记录{head}。",
        key=key[:SHOWN],
        head=head[:SHOWN] or _("没有"),
    )
