"""
Who is appraised, which accounts there are, and who owns which part of them when.

The shares of an account sum to 1 on each day of its life: no day of an account is
nobody's, and none is counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    field_validator,
)

from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.errors import InvalidInput
from kpi_lib.files import MANUAL, layouts
from kpi_lib.inputs import forms
from kpi_lib.inputs.forms import Day, Form, Metric, Number, Part, WrongForm, bare, named
from kpi_lib.inputs.table import Row
from kpi_lib.workspace import NAMES, REGISTER, canonical_json, sha256

T = TypeVar("T")

# Ids that nobody may have.
RESERVED = NAMES | {
    *("con", "nul", "prn", "aux"),  # devices of Windows
    *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)),
}

_ID = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_URL = re.compile(r"https?://[^\s<>\"']+", re.ASCII)


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise WrongForm("编号：小写字母开头，只含小写字母、数字和-，至多32个，加引号")
    if value in RESERVED:
        raise WrongForm("别的编号，这个名字保留给程序自己的文件")
    return value


def _must(holds: Callable[[Any], object], expected: str) -> AfterValidator:
    """Refuse what does not hold of a value that has the right type."""

    def read(value: Any) -> Any:
        if not holds(value):
            raise WrongForm(expected)
        return value

    return AfterValidator(read)


Id = Annotated[str, BeforeValidator(_identifier)]
Filled = Annotated[str, AfterValidator(str.strip), _must(bool, forms.TEXT_FORM)]
Address = Annotated[
    str,
    _must(
        lambda url: not url or _URL.fullmatch(url),
        "以https://或http://开头的网址，或留空",
    ),
]
LIST = Form(forms.to_words)  # A list, or a cell of words
Share = Annotated[
    Number,
    _must(lambda share: 0 < share <= 1, "大于0、至多为1的份额，例如1、0.5或50%"),
]


class Span(Row):
    """A stretch of days, its first and last included; without an end it goes on."""

    EXAMPLE = "例"

    from_: Day = Field(alias="from")
    to: Day | None = None

    def _conflicts(self) -> Iterator[str]:
        if self.last < self.from_:
            yield f"结束日{self.to}早于开始日{self.from_}，请改正其中一个日期"

    @property
    def last(self) -> date:
        """Its last day, or the last of all days."""
        return self.to or date.max

    def holds(self, day: date) -> bool:
        """Say whether a day lies in the stretch."""
        return self.from_ <= day <= self.last

    def overlaps(self, first: date, last: date) -> bool:
        """Say whether a day of the stretch lies between two days, both included."""
        return self.from_ <= last and first <= self.last

    def meets(self, other: Span) -> bool:
        """Say whether both stretches have a day in common."""
        return self.overlaps(other.from_, other.last)

    def lies_in(self, other: Span) -> bool:
        """Say whether all of its days are the other's too."""
        return other.from_ <= self.from_ and self.last <= other.last

    @property
    def said(self) -> str:
        """The stretch in words."""
        return f"{self.from_}至{self.to}" if self.to else f"{self.from_}起"


class Leave(Span):
    """Days off of an operator, and who looks after the accounts meanwhile."""

    to: Day
    kind: Filled = "休假"
    cover: str | None = None


class Operator(Span):
    """
    A person who is appraised, employed from a day to a day.

    `required` are the metrics asked of the person; None: as the plan and the accounts
    have it. `approvers` are names that may confirm beside the manager's, a former
    manager's among them.
    """

    FILE, SHEET, KEY = "people", "人员", ("id",)

    id: Id
    name: Filled
    team: str = ""
    manager: Filled
    approvers: Annotated[tuple[Filled, ...], LIST] = ()
    required: Annotated[tuple[Metric, ...] | None, LIST] = None
    leave: tuple[Leave, ...] = ()

    def is_own(self, name: str) -> bool:
        """Say whether a name is the operator's own, in any spelling."""
        return bare(name) in (bare(self.id), bare(self.name))

    def is_approver(self, name: str) -> bool:
        """Say whether a name may confirm, rate, approve or sign for the operator."""
        others = map(bare, (self.manager, *self.approvers))
        return bare(name) in others and not self.is_own(name)

    def leave_on(self, day: date) -> Leave | None:
        """Return the leave of a day; None where the operator is not on leave."""
        return next((leave for leave in self.leave if leave.holds(day)), None)


class Owner(Span):
    """The part of an account that an operator owns from a day to a day."""

    operator: str
    share: Share = Decimal(1)


class Account(Span):
    """One presence on one platform, and who owns which share of it when."""

    id: Id
    platform: Annotated[str, named("platform", "platform")]
    name: Filled
    url: Address = ""
    product: str = ""
    expects: Annotated[tuple[str, ...], LIST] = ()
    owners: tuple[Owner, ...] = Field(min_length=1)

    @field_validator("expects")
    @classmethod
    def _layouts(cls, named: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        """Take the ids of layouts for the names that they have on its platform."""
        own = (f"{info.data.get('platform')}.", MANUAL)
        ids = {at.name: id for id, at in layouts().items() if id.startswith(own)}
        return tuple(ids.get(name, name) for name in named)

    @property
    def mapped(self) -> set[str]:
        """The metrics that its expected layouts map, `manual` not counted."""
        known, expected = layouts(), {*self.expects} - {MANUAL}
        named = (known[layout].metrics for layout in known.keys() & expected)
        return set(METRICS).intersection(chain(*named))

    def shares(self, day: date) -> Mapping[str, Decimal]:
        """Return ids and shares of a day's owners; none outside the account's life."""
        return {own.operator: own.share for own in self.owners if own.holds(day)}


class Roster(Part):
    """Operators and accounts in the file's order; an id stands for either."""

    operators: tuple[Operator, ...] = ()
    accounts: tuple[Account, ...] = ()

    @cached_property
    def _operators(self) -> dict[str, Operator]:
        return {operator.id: operator for operator in self.operators}

    @cached_property
    def _accounts(self) -> dict[str, Account]:
        return {account.id: account for account in self.accounts}

    def operator(self, id_: str) -> Operator:
        """Return an operator; an id that nobody has is refused."""
        return _registered("运营人员", id_, self._operators)

    def account(self, id_: str) -> Account:
        """Return an account; an id that none has is refused."""
        return _registered("账号", id_, self._accounts)

    def decides(self, name: str, account: str) -> bool:
        """Say whether a name approves for an owner of an account, and so decides."""
        owners = {owner.operator for owner in self.account(account).owners}
        return any(self.operator(owner).is_approver(name) for owner in owners)

    def in_charge(self, account: Account, day: date) -> dict[str, Fraction]:
        """
        Return the shares of an account on a day, of whoever looks after it.

        The share of an owner on leave is the cover's, kept apart from the cover's own
        under the name that `in_place_of` gives; without a cover it is nobody's.
        """
        charge = {}
        for owner, share in account.shares(day).items():
            leave = self.operator(owner).leave_on(day)
            if leave is None:
                charge[owner] = Fraction(share)
            elif leave.cover:
                charge[self.in_place_of(leave.cover, owner)] = Fraction(share)
        return charge

    def turns(self, account: Account) -> set[date]:
        """Return the days on which others may look after an account than before."""
        people = [self.operator(owner.operator) for owner in account.owners]
        spans = [*account.owners, *(leave for who in people for leave in who.leave)]
        ends = {span.to + timedelta(days=1) for span in spans if span.to}
        return ends | {span.from_ for span in spans}

    @staticmethod
    def in_place_of(cover: str, owner: str) -> str:
        """Name a cover on days of an owner's leave; no id has blanks."""
        return f"{cover} for {owner}"

    def covered_by(self, operator: str, month: str) -> dict[str, list[date]]:
        """Return whom an operator covers in a month, and on which days."""
        covered: dict[str, list[date]] = {}
        for owner, leave in self._leaves.get(operator, ()):
            if days := [day for day in days_of(month) if leave.holds(day)]:
                covered.setdefault(owner, []).extend(days)
        return covered

    @cached_property
    def _leaves(self) -> dict[str | None, list[tuple[str, Leave]]]:
        leaves: dict[str | None, list[tuple[str, Leave]]] = {}
        for person in self.operators:
            for leave in person.leave:
                leaves.setdefault(leave.cover, []).append((person.id, leave))
        return leaves

    @cached_property
    def _ever_owned(self) -> dict[str, list[Account]]:
        accounts: dict[str, list[Account]] = {}
        for account in self.accounts:
            for operator in dict.fromkeys(owner.operator for owner in account.owners):
                accounts.setdefault(operator, []).append(account)
        return accounts

    def ever_owned_by(self, operator: str) -> list[Account]:
        """Return the accounts of which an operator owns something on any day."""
        return self._ever_owned.get(operator, [])

    def owned_by(self, operator: Operator | str, month: str) -> list[Account]:
        """Return the accounts of which an operator owns something in a month."""
        first, *_, last = days_of(month)
        return [
            account
            for account in self.ever_owned_by(_id(operator))
            if any(
                owner.operator == _id(operator) and owner.overlaps(first, last)
                for owner in account.owners
            )
        ]

    def platforms_of(self) -> dict[str, tuple[str, ...]]:
        """Return the platforms on which each operator ever owns something."""
        return {
            operator.id: tuple(
                dict.fromkeys(
                    account.platform for account in self.ever_owned_by(operator.id)
                )
            )
            for operator in self.operators
        }

    def standing(self, operator: Operator, month: str) -> str:
        """Hash what a month's score asks of an operator: metrics, accounts, shares."""
        days = days_of(month)
        own = {
            account.id: [str(account.shares(day).get(operator.id, "")) for day in days]
            for account in self.owned_by(operator, month)
        }
        return sha256(canonical_json([operator.required, own]).encode())

    def appraised(self, month: str) -> list[Operator]:
        """Return the operators employed on at least one day of a month."""
        first, *_, last = days_of(month)
        return [person for person in self.operators if person.overlaps(first, last)]


def _id(operator: Operator | str) -> str:
    return operator if isinstance(operator, str) else operator.id


def _registered(kind: str, id_: str, entries: Mapping[str, T]) -> T:
    if id_ in entries:
        return entries[id_]
    raise InvalidInput.of(
        f"没有{kind}“{id_}”",
        where=REGISTER,
        expected=forms.choices(entries) or f"其中的一个{kind}，现在一个也没有",
        do="请改正编号，或在文件里加上",
    )
