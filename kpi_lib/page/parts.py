"""
What every part of a page is made of: fragments, names and marks.

A Fragment was rendered through the escaping templates; nothing from data reaches a
page by any other way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from kpi_lib import figures
from kpi_lib.appraisal import Card, OperatorMonth
from kpi_lib.days import Calendar, days_of
from kpi_lib.files import Platform
from kpi_lib.grouping import grouped
from kpi_lib.inputs import Account
from kpi_lib.language import _, say
from kpi_lib.page import templates

SEALED = "application/vnd.kpi.card+json"  # MIME type of the card in the last cell


@dataclass(frozen=True)
class Fragment:
    """A piece of the page, ready to be shown."""

    html: str = field(repr=False)

    def _repr_html_(self) -> str:
        return f'<div class="kpi">{self.html}</div>'

    def __str__(self) -> str:
        return self.html


@dataclass(frozen=True)
class Seal:
    """The card as a cell's output: nothing to see, everything to read back."""

    card: Card

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> dict[str, object]:
        """Return the card under its own MIME type, beside an empty text."""
        return {SEALED: self.card.to_json(), "text/plain": ""}


@dataclass(frozen=True)
class Style:
    """The style sheet, shown once at the top of a notebook."""

    def _repr_html_(self) -> str:
        return f"<style data-kpi>{templates.css()}\n{IN_NOTEBOOKS}</style>"


# What only a cell's output needs: it stands alone, under no heading of the page.
IN_NOTEBOOKS = """\
.kpi>h3:first-child{margin-top:12px}
table.brief caption{caption-side:top;text-align:left;white-space:nowrap}
table.brief th{white-space:nowrap}"""


def style() -> Style:
    """Return the style sheet that every fragment needs inside a notebook."""
    return Style()


def seal(m: OperatorMonth) -> Seal:
    """Return the card for the notebook's last cell."""
    return Seal(m.card)


def made(template: str, **values: object) -> Fragment:
    """Render a template of the package into a fragment."""
    return Fragment(templates.render(template, **values))


def nothing(what: str, why: str) -> Fragment:
    """Say in one honest line that there is nothing to draw."""
    return made("nothing", what=what, why=why)


def total(points: Iterable[Decimal]) -> Decimal:
    """Add points or amounts up, exactly."""
    return sum(points, Decimal(0))


def losses(card: Card) -> list[tuple[str, Decimal]]:
    """List what measures lost, and what a veto cut off, largest first."""
    cut = [(_("一票否决"), card.cut_off)] if card.cut_off else []
    return sorted([*card.lost, *cut], key=lambda loss: -loss[1])


Points = Sequence[tuple[str, Decimal]]  # Names and points, the most first


def tied(points: Points) -> list[tuple[list[str], Decimal]]:
    """Put names with the same points together: none of them is alone the most."""
    return [
        ([name for name, _by in group], by)
        for by, group in groupby(points, key=itemgetter(1))
    ]


def foremost(points: Points, most: int) -> Points:
    """Return the first few, never cutting between two with the same points."""
    chosen: list[tuple[str, Decimal]] = []
    for names, by in tied(points):
        if chosen and len(chosen) + len(names) > most:
            break
        chosen += [(name, by) for name in names]
    return chosen


def rows_in(spans: Iterable[str]) -> set[int]:
    """Return the rows that evidence names, as 4,6-8."""
    ends = [
        tuple(map(int, span.split("-")))
        for span in ",".join(spans).split(",")
        if span.replace("-", "").isdigit()
    ]
    return {row for span in ends for row in range(span[0], span[-1] + 1)}


def shade_of(day: date, calendar: Calendar) -> str:
    """Return the class of a day's column: holiday, weekend or nothing."""
    if calendar.is_holiday(day):
        return "hol"
    return "" if calendar.is_working(day) else "off"


@dataclass(frozen=True)
class Brand:
    """
    How the page names a platform or an account.

    Parameters
    ----------
    id, name : str
        Id, and the name as written; a name is data.
    platform : str
        The platform's own name.
    seal : str
        One character that stands for the platform.
    light, dark : str
        The platform's colour in both themes.
    share : str
        The operator's share of an account, where it is not all of it.
    mark : str
        What tells it from the others of its seal, where there are some.
    """

    id: str
    name: str
    platform: str
    seal: str
    light: str = "#5f6468"
    dark: str = "#a3a7aa"
    share: str = ""
    mark: str = ""


def brand_of(platform: Platform) -> Brand:
    """Return a platform as the page names it."""
    label, seal = str(say(platform.label)), platform.seal
    return Brand(platform.id, label, label, seal, platform.light, platform.dark)


def unknown(id: str) -> Brand:
    """Return what nothing is declared of: its id, in grey."""
    return Brand(id, id, id, id[:1].upper())


def dressed(account: Account, platform: Brand) -> Brand:
    """Return an account in its platform's clothes."""
    return replace(platform, id=account.id, name=account.name or platform.name)


def platform_of(m: OperatorMonth, id: str) -> Brand:
    """Return a platform; one that is not the operator's own stands in grey."""
    platform = m.platforms.get(id)
    return brand_of(platform) if platform else unknown(id)


def who_is(m: OperatorMonth, account: Account) -> Brand:
    """Return one of the operator's own accounts."""
    days = (account.shares(day).get(m.operator.id) for day in days_of(m.month))
    shares = list(dict.fromkeys(share for share in days if share))
    named = dressed(account, platform_of(m, account.platform))
    if shares in ([], [1]):
        return named
    shown = [figures.percent(share, 0) for share in shares]
    return replace(named, share=figures.listed(shown))


def told_apart(brands: Sequence[Brand]) -> list[Brand]:
    """Mark those that share a seal by where their names part, as 甲 and 乙."""
    names = grouped((brand.seal, brand.name) for brand in brands)
    marked: list[Brand] = []
    for brand in brands:
        alike = names[brand.seal]
        columns = enumerate(zip(*alike, strict=False))
        parted = next((at for at, column in columns if len({*column}) > 1), None)
        rest = brand.name[len(min(alike, key=len)) if parted is None else parted :]
        same = [at for at in marked if at.seal == brand.seal]
        mark = rest[:1] or str(len(same) + 1)
        marked.append(replace(brand, mark=mark) if len(alike) > 1 else brand)
    return marked
