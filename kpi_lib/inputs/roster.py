"""
Who is appraised, which accounts there are, and who owns which part of them when.

The shares of an account sum to 1 on each day of its life: no day of an account is
nobody's, and none is counted twice.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from kpi_lib.catalogue import METRICS
from kpi_lib.days import days_of
from kpi_lib.errors import Problem, RosterError
from kpi_lib.inputs.documents import (
    Day,
    Document,
    Number,
    WrongForm,
    choices,
    load_document,
)

MANUAL = "manual"
"""The one layout that every platform may expect."""

RESERVED = frozenset(
    (
        # Files made beside <operator>.html, and devices of Windows.
        *("index", "clean", "run", "scores", "record", "executed"),
        *("con", "nul", "prn", "aux"),
        *(f"{port}{number}" for port in ("com", "lpt") for number in range(1, 10)),
        # The folder raw/<month>/worklog is the work log, never an account.
        "worklog",
    )
)
"""Ids that nobody may have."""

_ID = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_URL = re.compile(r"https?://[^\s<>\"']+", re.ASCII)


def _identifier(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise WrongForm("编号：小写字母开头，只含小写字母、数字和-，至多32个，加引号")
    if value in RESERVED:
        raise WrongForm("别的编号，这个名字保留给程序自己的文件")
    return value


def _filled(value: str) -> str:
    text = value.strip()
    if not text:
        raise WrongForm("不为空的文字")
    return text


def _metric(value: str) -> str:
    known = [name for name, metric in METRICS.items() if metric.target]
    if value not in known:
        raise WrongForm(choices(known))
    return value


def _address(value: str) -> str:
    if value and not _URL.fullmatch(value):
        raise WrongForm("以https://或http://开头的网址，或留空")
    return value


def _part(value: Decimal) -> Decimal:
    if not 0 < value <= 1:
        raise WrongForm("大于0、至多为1的份额，例如1、0.5或50%")
    return value


Id = Annotated[str, BeforeValidator(_identifier)]
Filled = Annotated[str, AfterValidator(_filled)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class _Span(_Model):
    """A stretch of days; without an end it goes on."""

    from_: Day = Field(alias="from")
    to: Day | None = None

    def holds(self, day: date) -> bool:
        """
        Say whether a day lies in the stretch, its first and last day included.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        bool
            True if it does.
        """
        return self.from_ <= day and (self.to is None or day <= self.to)

    def overlaps(self, first: date, last: date) -> bool:
        """
        Say whether a day of the stretch lies between two days.

        Parameters
        ----------
        first, last : date
            Both included.

        Returns
        -------
        bool
            True if one does.
        """
        return self.from_ <= last and first <= _end(self)


def _end(span: _Span) -> date:
    return span.to or date.max


def _inside(span: _Span, other: _Span) -> bool:
    return span.from_ >= other.from_ and _end(span) <= _end(other)


def _meets(span: _Span, other: _Span) -> bool:
    return span.overlaps(other.from_, _end(other))


class Leave(_Span):
    """Days off of an operator, and who looks after the accounts meanwhile."""

    to: Day
    kind: Filled = "休假"
    cover: str | None = None


class Operator(_Span):
    """A person who is appraised, employed from a day to a day."""

    id: Id
    name: Filled
    team: str = ""
    manager: Filled
    required: tuple[Annotated[str, AfterValidator(_metric)], ...] | None = None
    leave: tuple[Leave, ...] = ()

    def leave_on(self, day: date) -> Leave | None:
        """
        Return the leave of a day.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        Leave or None
            None where the operator is not on leave.
        """
        return next((leave for leave in self.leave if leave.holds(day)), None)


class Owner(_Span):
    """The part of an account that an operator owns from a day to a day."""

    operator: str
    share: Annotated[Number, AfterValidator(_part)] = Decimal(1)


class Account(_Span):
    """One presence on one platform."""

    id: Id
    platform: str
    name: Filled
    url: Annotated[str, AfterValidator(_address)] = ""
    product: str = ""
    expects: tuple[str, ...] = ()
    owners: tuple[Owner, ...] = Field(min_length=1)

    def shares(self, day: date) -> dict[str, Decimal]:
        """
        Return who owns the account on a day.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        dict of str to Decimal
            Operator ids and shares, in the roster's order; they sum to 1, or
            nothing outside the account's life.
        """
        return {o.operator: o.share for o in self.owners if o.holds(day)}


class Roster(_Model):
    """Operators and accounts, in the order of the file."""

    operators: tuple[Operator, ...] = ()
    accounts: tuple[Account, ...] = ()

    @cached_property
    def _operators(self) -> dict[str, Operator]:
        return {operator.id: operator for operator in self.operators}

    @cached_property
    def _accounts(self) -> dict[str, Account]:
        return {account.id: account for account in self.accounts}

    def operator(self, id_: str) -> Operator:
        """
        Return an operator.

        Parameters
        ----------
        id_ : str
            The id.

        Returns
        -------
        Operator
            The operator.

        Raises
        ------
        RosterError
            If nobody has the id; lists those that exist.
        """
        if id_ not in self._operators:
            raise _unknown("运营人员", id_, self._operators)
        return self._operators[id_]

    def account(self, id_: str) -> Account:
        """
        Return an account.

        Parameters
        ----------
        id_ : str
            The id.

        Returns
        -------
        Account
            The account.

        Raises
        ------
        RosterError
            If no account has the id; lists those that exist.
        """
        if id_ not in self._accounts:
            raise _unknown("账号", id_, self._accounts)
        return self._accounts[id_]

    def share(
        self, account: Account | str, operator: Operator | str, day: date
    ) -> Decimal:
        """
        Return the share of an account that an operator owns on a day.

        Parameters
        ----------
        account : Account or str
            The account or its id.
        operator : Operator or str
            The operator or the id.
        day : date
            Any day.

        Returns
        -------
        Decimal
            0 where the operator owns nothing of it.
        """
        whole = account if isinstance(account, Account) else self.account(account)
        id_ = operator if isinstance(operator, str) else operator.id
        return whole.shares(day).get(id_, Decimal(0))

    @cached_property
    def _ever_owned(self) -> dict[str, list[Account]]:
        found: dict[str, list[Account]] = {}
        for account in self.accounts:
            for operator in dict.fromkeys(owner.operator for owner in account.owners):
                found.setdefault(operator, []).append(account)
        return found

    def ever_owned_by(self, operator: str) -> list[Account]:
        """
        Return the accounts of which an operator owns something on any day.

        Parameters
        ----------
        operator : str
            The id.

        Returns
        -------
        list of Account
            In the roster's order.
        """
        return self._ever_owned.get(operator, [])

    def owned_by(self, operator: Operator | str, month: str) -> list[Account]:
        """
        Return the accounts of which an operator owns something in a month.

        Parameters
        ----------
        operator : Operator or str
            The operator or the id.
        month : str
            As ``2026-10``.

        Returns
        -------
        list of Account
            In the roster's order.
        """
        id_ = operator if isinstance(operator, str) else operator.id
        days = days_of(month)
        return [
            account
            for account in self.ever_owned_by(id_)
            if any(
                owner.operator == id_ and owner.overlaps(days[0], days[-1])
                for owner in account.owners
            )
        ]

    def platforms_of(self) -> dict[str, tuple[str, ...]]:
        """
        Return the platforms on which each operator ever owns something.

        Returns
        -------
        dict of str to tuple of str
            Operator ids and platform ids, all in the roster's order.
        """
        return {
            operator.id: tuple(
                dict.fromkeys(
                    account.platform for account in self.ever_owned_by(operator.id)
                )
            )
            for operator in self.operators
        }

    def appraised(self, month: str) -> list[Operator]:
        """
        Return the operators employed on at least one day of a month.

        Parameters
        ----------
        month : str
            As ``2026-10``.

        Returns
        -------
        list of Operator
            In the roster's order.
        """
        days = days_of(month)
        return [o for o in self.operators if o.overlaps(days[0], days[-1])]


def load(
    path: Path,
    *,
    platforms: Collection[str],
    layouts: Collection[str],
    where: str = "data/roster.yml",
) -> Roster:
    """
    Read the roster.

    Parameters
    ----------
    path : Path
        The file.
    platforms, layouts : collection of str
        Ids of the platforms and layouts known (`exports.platforms`, `layouts`).
    where : str
        The file as messages name it.

    Returns
    -------
    Roster
        Everything in it checked.

    Raises
    ------
    RosterError
        With one problem for every mistake, each with its line.
    """
    document = load_document(path, Roster, RosterError, where)
    roster = document.value
    problems = [
        *_repeated(document),
        *_operators(document),
        *_accounts(document, platforms, layouts),
    ]
    if problems:
        raise RosterError(tuple(problems))
    return roster


def _unknown(kind: str, id_: str, known: Collection[str]) -> RosterError:
    problem = Problem(
        what=f"没有{kind}“{id_}”",
        where="data/roster.yml",
        expected=choices(known) or f"其中的一个{kind}，现在一个也没有",
        do="请改正编号，或在文件里加上",
    )
    return RosterError((problem,))


def _repeated(document: Document[Roster]) -> Iterator[Problem]:
    lists: dict[str, tuple[Operator | Account, ...]] = {
        "operators": document.value.operators,
        "accounts": document.value.accounts,
    }
    for key, entries in lists.items():
        first: dict[str, int] = {}
        for number, entry in enumerate(entries):
            if entry.id in first:
                line = document.line(key, first[entry.id], "id")
                yield document.problem(
                    (key, number, "id"),
                    f"编号“{entry.id}”已在第{line}行用过",
                    do="请换一个编号",
                )
            first.setdefault(entry.id, number)


def _backwards(
    document: Document[Roster], path: tuple[str | int, ...], span: _Span
) -> Iterator[Problem]:
    if span.to is not None and span.to < span.from_:
        yield document.problem(
            (*path, "to"),
            f"结束日{span.to}早于开始日{span.from_}",
            do="请改正其中一个日期",
        )


def _operators(document: Document[Roster]) -> Iterator[Problem]:
    known = {operator.id: operator for operator in document.value.operators}
    for number, operator in enumerate(document.value.operators):
        path = ("operators", number)
        yield from _backwards(document, path, operator)
        required = operator.required or ()
        if len(set(required)) != len(required):
            yield document.problem((*path, "required"), "必考指标有重复")
        for index, leave in enumerate(operator.leave):
            place = (*path, "leave", index)
            yield from _backwards(document, place, leave)
            yield from _leave(document, place, operator, leave, known)
            if any(_meets(leave, other) for other in operator.leave[:index]):
                yield document.problem(place, "与前面的一段休假重叠", do="请合并成一段")


def _leave(
    document: Document[Roster],
    path: tuple[str | int, ...],
    operator: Operator,
    leave: Leave,
    known: dict[str, Operator],
) -> Iterator[Problem]:
    if not _inside(leave, operator):
        yield document.problem(
            path,
            f"休假{_days(leave)}不在“{operator.id}”的任职期内",
            expected=_days(operator) + "之内",
        )
    if leave.cover is None:
        return
    cover = known.get(leave.cover)
    others = [id_ for id_ in known if id_ != operator.id]
    if cover is None or cover is operator:
        yield document.problem(
            (*path, "cover"),
            f"代班人“{leave.cover}”不是另一位运营人员",
            expected=choices(others),
        )
    elif not _inside(leave, cover):
        yield document.problem(
            (*path, "cover"),
            f"代班人“{cover.id}”在{_days(leave)}并不都在任",
            expected=_days(cover) + "之内的休假，或另一位代班人",
        )


def _accounts(
    document: Document[Roster], platforms: Collection[str], layouts: Collection[str]
) -> Iterator[Problem]:
    for number, account in enumerate(document.value.accounts):
        path = ("accounts", number)
        yield from _backwards(document, path, account)
        if account.platform not in platforms:
            yield document.problem(
                (*path, "platform"),
                f"不认识的平台“{account.platform}”",
                expected=choices(platforms),
                do="请改正拼写；新平台要先有kpi_lib/files/formats里的一份声明",
            )
        yield from _expects(document, path, account, layouts)
        yield from _owners(document, path, account)


def _expects(
    document: Document[Roster],
    path: tuple[str | int, ...],
    account: Account,
    layouts: Collection[str],
) -> Iterator[Problem]:
    own = [
        layout
        for layout in layouts
        if layout == MANUAL or layout.split(".")[0] == account.platform
    ]
    for index, layout in enumerate(account.expects):
        place = (*path, "expects", index)
        if layout in account.expects[:index]:
            yield document.problem(place, f"版式“{layout}”写了两次", do="请删去一个")
        elif layout not in own:
            yield document.problem(
                place,
                f"平台“{account.platform}”没有版式“{layout}”",
                expected=choices(own),
                do="请改正；kpi formats列出所有版式",
            )


def _owners(
    document: Document[Roster], path: tuple[str | int, ...], account: Account
) -> Iterator[Problem]:
    known = {operator.id: operator for operator in document.value.operators}
    sound = account.to is None or account.from_ <= account.to
    for index, owner in enumerate(account.owners):
        place = (*path, "owners", index)
        operator = known.get(owner.operator)
        yield from _backwards(document, place, owner)
        if operator is None:
            yield document.problem(
                (*place, "operator"),
                f"不认识的运营人员“{owner.operator}”",
                expected=choices(known),
            )
        elif not _inside(owner, operator):
            yield document.problem(
                place,
                f"“{owner.operator}”负责账号“{account.id}”的日期{_days(owner)}"
                "超出了任职期",
                expected=_days(operator) + "之内",
                do="请写上移交的日期和接手的人",
            )
        if not _inside(owner, account):
            sound = False
            yield document.problem(
                place,
                f"负责的日期{_days(owner)}超出了账号“{account.id}”的起止",
                expected=_days(account) + "之内",
            )
        if any(
            owner.operator == other.operator and _meets(owner, other)
            for other in account.owners[:index]
        ):
            sound = False
            yield document.problem(
                place, f"“{owner.operator}”在同一天里写了两次", do="请合并成一段"
            )
    if sound:
        yield from _sums(document, path, account)


def _sums(
    document: Document[Roster], path: tuple[str | int, ...], account: Account
) -> Iterator[Problem]:
    """Check the sum on each stretch between two days on which something changes."""
    changes = {account.from_}
    for owner in account.owners:
        changes.add(owner.from_)
        if owner.to is not None and owner.to < _end(account):
            changes.add(owner.to + timedelta(days=1))
    days = sorted(changes)
    ends = [day - timedelta(days=1) for day in days[1:]] + [account.to]
    for day, end in zip(days, ends, strict=True):
        shares = account.shares(day)
        total = sum(shares.values(), Decimal(0))
        if total != 1:
            stretch = f"{day}至{end}" if end else f"{day}起"
            owners = "、".join(f"{id_} {share}" for id_, share in shares.items())
            yield document.problem(
                (*path, "owners"),
                f"账号“{account.id}”{stretch}的份额合计是{total}"
                f"（{owners or '无人负责'}）",
                expected="每一天合计为1",
                do="请补上负责人，或改正份额与日期",
            )


def _days(span: _Span) -> str:
    return f"{span.from_}至{span.to}" if span.to else f"{span.from_}起"
