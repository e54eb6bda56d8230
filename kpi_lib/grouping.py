"""What belongs together, put together."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
Part = TypeVar("Part")


def grouped(pairs: Iterable[tuple[Key, Part]]) -> dict[Key, list[Part]]:
    """Return key to all that was given with it, each in the order it came."""
    groups: dict[Key, list[Part]] = {}
    for key, part in pairs:
        groups.setdefault(key, []).append(part)
    return groups
