"""
Every metric of ``metrics.yml``, and the closed lists of words in ``words.yml``.

A platform's declaration maps its columns on these names; a plan or a target that
names another metric is refused.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from kpi_lib.language import Name, Sentence

try:  # ten times as fast as what people's files are read by, which knows their lines
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # pragma: no cover - built without libyaml
    from yaml import SafeLoader

Kind = Literal["stock", "flow", "mean", "ratio"]
Unit = Literal["people", "times", "orders", "CNY", "share", "days"]

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """
    One metric.

    Parameters
    ----------
    name : str
        Field name in every table.
    label : Name
        What people and pages call it.
    kind : {"stock", "flow", "mean", "ratio"}
        How days become a month: last known value, sum, mean, ratio of two sums.
    unit : {"people", "times", "orders", "CNY", "share", "days"}
        Unit of the values; a share is a fraction, 0 to 1 unless said.
    meaning : Name
        One sentence for the page's definitions.
    numerator, denominator : tuple of str
        Of a ratio: metrics that are added above and below the line.
    gain, opening : str
        Of a level that is held against its target by what it gained: the metrics of
        the gain and of the level that the month began with.
    less_is_better : bool
        True for what one wants little of.
    target : bool
        True if a target may be set for it.
    """

    name: str
    label: Name
    kind: Kind
    unit: Unit
    meaning: Name
    numerator: tuple[str, ...] = ()
    denominator: tuple[str, ...] = ()
    gain: str = ""
    opening: str = ""
    less_is_better: bool = False
    target: bool = True

    @property
    def zh(self) -> str:
        """Its name in Chinese, as people write it in tables."""
        return str(self.label)

    @property
    def en(self) -> str:
        """Its name in English."""
        return self.label.en

    @property
    def parts(self) -> tuple[str, ...]:
        """Metrics that a ratio is made of."""
        return self.numerator + self.denominator

    def is_in(self, mapped: Collection[str]) -> bool:
        """Say whether it is mapped, or all that it is made of."""
        parts = {*self.parts}
        return self.name in mapped or (bool(parts) and parts <= {*mapped})

    @property
    def moves_by_gain(self) -> bool:
        """Whether a month counts by what the level gained, not by the level."""
        return bool(self.gain)

    @property
    def result(self) -> str:
        """The metric whose value is held against the target."""
        return self.gain or self.name

    @property
    def accrues(self) -> bool:
        """Whether a month's result grows day by day, and a target with it."""
        return self.kind == "flow" or self.moves_by_gain


@cache
def entries(file: str) -> Any:
    """Return what a YAML file of the package declares."""
    return yaml.load((HERE / file).read_bytes(), SafeLoader)


def words(*names: str) -> list[dict[str, Sentence]]:
    """Return lists of words by their names in ``words.yml``."""
    lists = entries("words.yml")
    return [
        {key: Sentence(Name.read(word)) for key, word in lists[name].items()}
        for name in names
    ]


def _read() -> dict[str, Metric]:
    return {
        name: Metric(
            name=name,
            label=Name(entry.pop("zh"), entry.pop("en")),
            meaning=Name.read(entry.pop("meaning")),
            numerator=tuple(entry.pop("numerator", ())),
            denominator=tuple(entry.pop("denominator", ())),
            **entry,
        )
        for name, entry in entries("metrics.yml").items()
    }


METRICS: dict[str, Metric] = _read()

# The level behind each gain.
GAINS = {metric.gain: metric for metric in METRICS.values() if metric.moves_by_gain}

# What the system refuses; read before there is no file that it would open.
REFUSED = entries("errors.yml")

UNITS, STREAMS, DUE, HORIZONS = words("units", "streams", "due", "horizons")
