"""The values of a plan: exact numbers, names of the catalogue, wording."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from kpi_lib import files
from kpi_lib.catalogue import METRICS
from kpi_lib.inputs.forms import TARGETED, Part, WrongForm
from kpi_lib.language import Name


def exact(value: Any) -> Fraction:
    """Read 5, 0.05, "5%" or "1/3" as an exact fraction."""
    text = str(value).strip()
    try:
        if text.endswith("%"):
            return Fraction(Decimal(text[:-1])) / 100
        if "/" in text:
            return Fraction(text)
        return Fraction(Decimal(text))
    except (ArithmeticError, ValueError):  # infinite, too
        raise WrongForm("数、百分数（5%）或分数（1/3）") from None


def plain(number: Fraction) -> str:
    """Write a number for a message."""
    value = Decimal(number.numerator) / Decimal(number.denominator)
    return f"{value.normalize():f}"


def _one_of(what: str, names: Collection[str], value: object) -> Any:
    if value not in names:
        raise ValueError(f"{what}{value!r}；可用：{'、'.join(names)}")
    return value


def _platform(value: object) -> Any:
    return value and _one_of("没有平台", [*files.platforms()], value)


_FLOWS = [name for name, metric in METRICS.items() if metric.kind == "flow"]

Exact = Annotated[Fraction, BeforeValidator(exact)]
Positive = Annotated[Fraction, BeforeValidator(exact), Field(gt=0)]
Share = Annotated[Fraction, BeforeValidator(exact), Field(ge=0, le=1)]
MetricName = Annotated[str, BeforeValidator(partial(_one_of, "没有指标", TARGETED))]
PostMetric = Annotated[str, BeforeValidator(partial(_one_of, "作品没有指标", _FLOWS))]
PlatformId = Annotated[str, BeforeValidator(_platform)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]
Horizon = Literal["short", "mid", "long", "ultimate"]


class Text(Part):
    """The plan's own wording: Chinese, with English beside it where there is one."""

    zh: Annotated[str, StringConstraints(min_length=1)]
    en: str = ""
    zh_hant: str = Field(default="", alias="zh-Hant")

    @property
    def written(self) -> Name:
        """The plan's own Chinese, in the characters of the page."""
        return Name(self.zh, hant=self.zh_hant)

    @property
    def beside(self) -> Name:
        """The English that stands beside the wording; empty on a Chinese page."""
        return Name("", self.en)

    @property
    def label(self) -> Name:
        """The wording as a name: English alone where the plan gives it."""
        return Name(self.zh, self.en, self.zh_hant)
