"""
What a plan may say: its values, its wording, its kinds of sources and of rules.

A source gives a number, a rule turns it into points; what they do stands in
`kpi_lib.appraisal`, in a class a kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from kpi_lib import files
from kpi_lib.catalogue import METRICS
from kpi_lib.inputs.forms import Form, Metric, Part, WrongForm, id_or_name
from kpi_lib.language import Name

# Values: exact numbers, names of the catalogue, wording.


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


def _platform(value: object) -> str:
    names = {id: platform.name for id, platform in files.platforms().items()}
    return id_or_name(names)(value) if value else ""


_FLOWS = {name: metric.zh for name, metric in METRICS.items() if metric.kind == "flow"}

Exact = Annotated[Fraction, BeforeValidator(exact)]
Positive = Annotated[Fraction, BeforeValidator(exact), Field(gt=0)]
Share = Annotated[Fraction, BeforeValidator(exact), Field(ge=0, le=1)]
PostMetric = Annotated[str, Form(id_or_name(_FLOWS))]
PlatformId = Annotated[str, Form(_platform)]
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


# Sources: where a measure's number comes from.


class Coverage(Part):
    """Cells of required metric × horizon that had a target by the plan's deadline."""

    kind: Literal["coverage"]
    horizons: tuple[Horizon, ...]


class Attainment(Part):
    """Weighted mean of value ÷ target over the required metrics named."""

    kind: Literal["attainment"]
    metrics: Literal["required"] | tuple[Metric, ...]
    cap: Positive = Fraction(1)


class OverDelivery(Part):
    """Mean attainment in which only challenging targets count beyond 100 %."""

    kind: Literal["over_delivery"]
    cap: Positive = Fraction(3, 2)


class OneMetric(Part):
    """One metric against its short target, or against a number of the plan's own."""

    kind: Literal["metric"]
    metric: Metric
    platform: PlatformId = ""
    target: Exact | None = None


class PostsReaching(Part):
    """Own posts of the month whose counter reaches a standard (每篇达标)."""

    kind: Literal["posts_reaching"]
    metric: PostMetric
    at_least: Positive
    platform: PlatformId = ""


class Confirmed(Part):
    """A number counted in rows of the work log that name who confirmed them."""

    kind: Literal[
        "tasks_on_time",
        "tasks_accepted",
        "suggestions_adopted",
        "campaigns_held",
        "campaign_results",
        "campaign_spend",
        "reviews",
    ]


class Documented(Part):
    """Adjustments of the direction of content, or feedback, against a due number."""

    kind: Literal["adjustments", "feedback"]
    due: int | None = Field(default=None, ge=0)


class Communities(Part):
    """Communities founded and communities active, half and half."""

    kind: Literal["communities"]
    active_share: Positive
    active_people: int = Field(gt=0)


class Plain(Part):
    """A source of which a plan has nothing more to say."""

    kind: Literal[
        "challenge",
        "rated",
        "contents_published",
        "contents_distributed",
        "account_days",
        "comments_answered",
    ]


Source = Annotated[
    Coverage
    | Attainment
    | OverDelivery
    | OneMetric
    | PostsReaching
    | Confirmed
    | Documented
    | Communities
    | Plain,
    Field(discriminator="kind"),
]


# Rules: how a number becomes points.


# What a bound is compared with: value ÷ target, or the value in its own unit.
Of = Literal["share", "value"]


class Ratio(Part):
    """Points × min(value ÷ target, cap); what goes beyond the points is a bonus."""

    kind: Literal["ratio"]
    cap: Positive = Field(default=Fraction(1), le=1)


class Linear(Part):
    """None at ``from``, all at ``to``, straight between, flat outside."""

    kind: Literal["linear"]
    from_: Exact = Field(alias="from")
    to: Exact
    of: Of = "share"

    def _conflicts(self) -> Iterator[str]:
        if self.from_ == self.to:
            yield "from与to应不同"


class Tier(Part):
    """One step: from a bound on, a share of the points."""

    at_least: Exact | None = None
    at_most: Exact | None = None
    share: Share

    def _conflicts(self) -> Iterator[str]:
        if (self.at_least is None) == (self.at_most is None):
            yield "每档应写at_least或at_most，只写一个"

    @property
    def bound(self) -> Fraction:
        """The one bound that is written."""
        return next(b for b in (self.at_least, self.at_most) if b is not None)

    def holds(self, number: Fraction | float) -> bool:
        """Say whether a number lies within the bound."""
        return (
            number >= self.bound if self.at_least is not None else number <= self.bound
        )


class Tiers(Part):
    """The first tier whose bound holds; none: no points."""

    kind: Literal["tiers"]
    tiers: tuple[Tier, ...] = Field(min_length=1)
    of: Of = "share"


class Step(Part):
    """A step: part of the target (1%), percentage points (1) or units (100 people)."""

    size: Positive
    of: Literal["target", "points", "unit"]

    def _conflicts(self) -> Iterator[str]:
        if self.of == "target" and self.size >= 1:
            yield "of为target时size是目标的一部分，例如1%"
        if self.of == "points" and self.size < Fraction(1, 10):
            yield "of为points时size是百分点数，例如1，不写百分号"


class Deduct(Part):
    """Full points less ``per`` for every whole step short of the target."""

    kind: Literal["deduct"]
    per: Positive
    step: Step


class Count(Part):
    """``each`` points a piece, up to the points."""

    kind: Literal["count"]
    each: Positive


class Rating(Part):
    """A person's points; or a word of the scale, each a share of the points."""

    kind: Literal["rating"]
    scale: dict[str, Share] = Field(default_factory=dict)


Rule = Annotated[
    Ratio | Linear | Tiers | Deduct | Count | Rating, Field(discriminator="kind")
]
