"""Names that people write, an id or the Chinese name, become ids or are refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from kpi_lib.errors import InvalidInput, Problem

Some = str | Collection[str]
"""One name or several; an empty one is none."""


def listed(names: Some) -> list[str]:
    """Return the names given, be it one, several or none."""
    return [name for name in ([names] if isinstance(names, str) else names) if name]


def id_of(kind: str, given: str, names: Mapping[str, str]) -> str:
    """Return the id of a name, which may be the id; `names` are Chinese ones by id."""
    if given in names:
        return given
    ids = [id for id, name in names.items() if name == given]
    if len(ids) == 1:
        return ids[0]
    choices = "、".join(f"{id}（{name}）" for id, name in names.items() if name != id)
    raise refusal(f"没有{kind}“{given}”", choices or "、".join(names))


def refusal(what: str, expected: str, where: str = "") -> InvalidInput:
    """Return the refusal of something that was asked for, with what there is."""
    return InvalidInput((Problem(what=what, where=where, expected=expected),))
