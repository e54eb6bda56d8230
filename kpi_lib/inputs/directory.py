"""Who and what a row may name, by what other files say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from kpi_lib import files
from kpi_lib.inputs.forms import (
    Wrong,
    WrongForm,
    bare,
    choices,
    id_or_name,
    quoted,
    to_text,
    to_words,
)

if TYPE_CHECKING:
    from kpi_lib.inputs.plan import Measure

_SEVERAL = "平台名，多个之间用顿号"


# What a measure may be called → the plan's ``item.measure`` and itself.
Called = Mapping[str, tuple[str, "Measure"]]


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What the rows of a table may name; its properties read cells (`Form.named`)."""

    operators: Mapping[str, str] = field(default_factory=dict)  # Ids and names
    platforms: Mapping[str, str] = field(default_factory=dict)  # Ids and names
    accounts: Mapping[str, str] = field(default_factory=dict)  # Ids and names
    # Whose an account is, if it is one operator's alone.
    owners: Mapping[str, str] = field(default_factory=dict)
    # Operators' ids and the platforms on which each owns something.
    owned: Mapping[str, Collection[str]] = field(default_factory=dict)
    month: str = ""  # Of the work log that is read
    # What a measure of a plan's file may be called.
    plans: Mapping[str, Called] = field(default_factory=dict)
    # What a measure of an operator's month may be called; None: no plan is known.
    called: Callable[[str, str], Called | None] = lambda operator, month: None

    @cached_property
    def operator(self) -> Callable[[object], str]:
        """Reads an operator's id or name."""
        return id_or_name(self.operators)

    @cached_property
    def account(self) -> Callable[[object], str]:
        """Reads an account's id or name."""
        return id_or_name(self.accounts)

    @cached_property
    def platform(self) -> Callable[[object], str]:
        """Reads a platform's id or name."""
        return id_or_name(self.platforms)

    def several_platforms(self, cell: object) -> tuple[str, ...]:
        """Read platforms' ids or names, however they are separated."""
        parts = to_words(to_text(cell))
        if not parts:
            raise WrongForm(_SEVERAL)
        try:
            return tuple(dict.fromkeys(self.platform(part) for part in parts))
        except WrongForm as wrong:
            raise WrongForm(f"{_SEVERAL}：{wrong}") from None

    def is_own(self, name: str, operator: str) -> bool:
        """Say whether a name or id is the operator's own: nobody judges oneself."""
        own = map(bare, (operator, self.operators.get(operator, operator)))
        return bare(name) in own


def unknown(column: str, name: str, called: Called) -> Wrong:
    """Say that a name is of no one measure; each is listed as it is called last."""
    names = {key: name for name, (key, _) in called.items()}
    listed = choices([f"{name}（{key}）" for key, name in names.items()])
    what = f"计划里没有量化指标{quoted(name)}，或不止一个"
    return Wrong(column, what, listed, "请写全称")


def platform_names() -> dict[str, str]:
    """Return the platforms' ids and Chinese names."""
    return {platform.id: platform.name for platform in files.platforms().values()}
