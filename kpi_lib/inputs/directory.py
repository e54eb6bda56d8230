"""Who and what a row may name, by what other files say."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from kpi_lib import files
from kpi_lib.inputs.forms import WrongForm, bare, id_or_name, one_of, to_text
from kpi_lib.inputs.plan import Measure

_SEPARATORS = re.compile(r"[、，,；;/／|\s]+")
_SEVERAL = "平台名，多个之间用顿号"


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What the rows of a table may name; its properties read cells (`Form.named`)."""

    operators: Mapping[str, str] = field(default_factory=dict)
    """Ids and names."""
    platforms: Mapping[str, str] = field(default_factory=dict)
    """Ids and names."""
    accounts: Mapping[str, str] = field(default_factory=dict)
    """Ids and names."""
    owned: Mapping[str, Collection[str]] = field(default_factory=dict)
    """Operators' ids and the platforms on which each owns something."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """What a measure may be called → the plan's ``item.measure``."""
    measures: Mapping[str, Measure] | None = None
    """The month's measures by key; None: ratings are taken as they are."""

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
        parts = [part for part in _SEPARATORS.split(to_text(cell)) if part]
        if not parts:
            raise WrongForm(_SEVERAL)
        try:
            return tuple(dict.fromkeys(self.platform(part) for part in parts))
        except WrongForm as wrong:
            raise WrongForm(f"{_SEVERAL}：{wrong}") from None

    @cached_property
    def measure(self) -> Callable[[object], str]:
        """Reads what a measure may be called."""
        return one_of(self.keys)

    def is_own(self, name: str, operator: str) -> bool:
        """Say whether a name or id is the operator's own: nobody judges oneself."""
        own = map(bare, (operator, self.operators.get(operator, operator)))
        return bare(name) in own


def platform_names() -> dict[str, str]:
    """Return the platforms' ids and Chinese names."""
    return {platform.id: platform.name for platform in files.platforms().values()}
