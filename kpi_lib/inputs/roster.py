"""The roster, of a file or of sheets, checked across its people and accounts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from kpi_lib.errors import InvalidInput, Problem
from kpi_lib.files import MANUAL, layouts
from kpi_lib.grouping import grouped
from kpi_lib.inputs.directory import Directory
from kpi_lib.inputs.forms import choices, named
from kpi_lib.inputs.people import Account, Leave, Operator, Owner, Roster
from kpi_lib.inputs.table import Row, by_operator
from kpi_lib.inputs.yaml import KeyPath, load_document

MOST_BYTES = 1_500_000  # Of a roster: a thousand operators

# --- its sheets ------------------------------------------------------------------

Whose = Annotated[str, named("operator", "operator")]


class Away(Leave):
    """A row of days off."""

    FILE, SHEET = "leave", "休假"

    operator: Whose
    cover: Whose | None = None


class Owned(Account, Owner):
    """A row of an account, or of the part of it that somebody owns."""

    FILE, SHEET = "accounts", "账号"

    operator: Whose
    owners: tuple[Owner, ...] = ()


REGISTER: tuple[type[Row], ...] = (Operator, Owned, Away)


def of_sheets(read: Callable[[type[Row], Directory], Any], known: Directory) -> Roster:
    """Put the roster together of its rows; an account begins with its first owner."""
    people: tuple[Operator, ...] = read(Operator, known)
    known = replace(known, operators={person.id: person.name for person in people})
    away = by_operator(read(Away, known))
    rows: Sequence[Owned] = read(Owned, known)
    owned = grouped(((row.id, row.platform, row.name), row) for row in rows)
    operators = [at.model_copy(update={"leave": away.get(at.id, ())}) for at in people]
    accounts = [_account(rows) for rows in owned.values()]
    return Roster(operators=tuple(operators), accounts=tuple(accounts))


def _account(rows: Sequence[Owned]) -> Account:
    first, last = min(row.from_ for row in rows), max(row.last for row in rows)
    to = last if last < date.max else None
    return rows[0].model_copy(update={"from_": first, "to": to, "owners": tuple(rows)})


# --- its file --------------------------------------------------------------------


def load_roster(
    path: Path,
    platforms: Mapping[str, str],
    layouts: Collection[str],
    where: str = "data/roster.yml",
) -> Roster:
    """Read the roster; it names platforms (ids and names) and layouts known."""
    named = Directory(platforms=platforms)
    roster, line = load_document(path, Roster, where, MOST_BYTES, named)
    Checks(roster, layouts, where, lambda path: f"第{line(path)}行").run()
    return roster


@dataclass
class Checks:
    """Notes what is wrong across a roster."""

    roster: Roster
    layouts: Collection[str]
    where: str
    place: Callable[[KeyPath], str]
    mistakes: list[Problem] = field(default_factory=list)

    @cached_property
    def people(self) -> dict[str, Operator]:
        """Everybody by id."""
        return {person.id: person for person in self.roster.operators}

    def note(self, path: KeyPath, what: str, expected: str = "", do: str = "") -> None:
        """Note a mistake at a path in the file."""
        where, place = self.where, self.place(path)
        self.mistakes.append(
            Problem(what=what, where=where, place=place, expected=expected, do=do)
        )

    def run(self) -> None:
        """Check ids, people, accounts; raise what is wrong, each with its place."""
        self._ids("operators", self.roster.operators)
        self._ids("accounts", self.roster.accounts)
        for number, person in enumerate(self.roster.operators):
            self._operator(("operators", number), person)
        for number, account in enumerate(self.roster.accounts):
            self._account(("accounts", number), account)
        if self.mistakes:
            raise InvalidInput(tuple(self.mistakes))

    def _ids(self, key: str, entries: Sequence[Operator | Account]) -> None:
        first: dict[str, int] = {}
        for number, entry in enumerate(entries):
            before = first.setdefault(entry.id, number)
            if before != number:
                place = self.place((key, before, "id"))
                what = f"编号“{entry.id}”已在{place}用过"
                self.note((key, number, "id"), what, do="请换一个编号")

    def _operator(self, path: KeyPath, operator: Operator) -> None:
        required = operator.required or ()
        if len(set(required)) != len(required):
            self.note((*path, "required"), "必考指标有重复")
        for index, leave in enumerate(operator.leave):
            place = (*path, "leave", index)
            self._leave(place, operator, leave)
            if any(leave.meets(other) for other in operator.leave[:index]):
                self.note(place, "与前面的一段休假重叠", do="请合并成一段")

    def _leave(self, path: KeyPath, operator: Operator, leave: Leave) -> None:
        if not leave.lies_in(operator):
            what = f"休假{leave.said}不在“{operator.id}”的任职期内"
            self.note(path, what, f"{operator.said}之内")
        if leave.cover is None:
            return
        cover = self.people.get(leave.cover)
        if cover is None or cover is operator:
            what = f"代班人“{leave.cover}”不是另一位运营人员"
            others = [id_ for id_ in self.people if id_ != operator.id]
            self.note((*path, "cover"), what, choices(others))
        elif not leave.lies_in(cover):
            what = f"代班人“{cover.id}”在{leave.said}并不都在任"
            expected = f"{cover.said}之内的休假，或另一位代班人"
            self.note((*path, "cover"), what, expected)

    def _account(self, path: KeyPath, account: Account) -> None:
        self._expects(path, account)
        sound = True
        for index, owner in enumerate(account.owners):
            place = (*path, "owners", index)
            self._employed(place, account, owner)
            sound &= self._owner(place, account, owner, account.owners[:index])
        if sound:
            self._sums((*path, "owners"), account)

    def _expects(self, path: KeyPath, account: Account) -> None:
        offered = [
            layout
            for layout in self.layouts
            if layout == MANUAL or layout.split(".")[0] == account.platform
        ]
        for index, layout in enumerate(account.expects):
            place = (*path, "expects", index)
            if layout in account.expects[:index]:
                self.note(place, f"版式“{layout}”写了两次", do="请删去一个")
            elif layout not in offered:
                what = f"平台“{account.platform}”没有版式“{layout}”"
                do = "请改正；kpi formats列出所有版式"
                known = layouts()
                names = [f"{known[at].name}（{at}）" for at in offered if at in known]
                self.note(place, what, choices(names), do)

    def _employed(self, path: KeyPath, account: Account, owner: Owner) -> None:
        """Check that whoever owns an account is there and employed meanwhile."""
        operator = self.people.get(owner.operator)
        if operator is None:
            what = f"不认识的运营人员“{owner.operator}”"
            self.note((*path, "operator"), what, choices(self.people))
        elif not owner.lies_in(operator):
            self.note(
                path,
                f"“{owner.operator}”负责账号“{account.id}”的日期{owner.said}"
                "超出了任职期",
                f"{operator.said}之内",
                "请写上移交的日期和接手的人",
            )

    def _owner(
        self, path: KeyPath, account: Account, owner: Owner, before: Sequence[Owner]
    ) -> bool:
        """Check an owner's days; where they are wrong their sum says nothing."""
        inside = owner.lies_in(account)
        if not inside:
            what = f"负责的日期{owner.said}超出了账号“{account.id}”的起止"
            self.note(path, what, f"{account.said}之内")
        twice = any(
            owner.operator == other.operator and owner.meets(other) for other in before
        )
        if twice:
            what = f"“{owner.operator}”在同一天里写了两次"
            self.note(path, what, do="请合并成一段")
        return inside and not twice

    def _sums(self, path: KeyPath, account: Account) -> None:
        """Check the sum of the shares on each stretch of the account's life."""
        ends = {owner.to + timedelta(days=1) for owner in account.owners if owner.to}
        changes = {account.from_, *ends, *(owner.from_ for owner in account.owners)}
        firsts = sorted(day for day in changes if account.holds(day))
        lasts = [first - timedelta(days=1) for first in firsts[1:]]
        for first, last in zip(firsts, [*lasts, account.to], strict=True):
            shares = account.shares(first)
            total = sum(shares.values(), Decimal(0))
            if total == 1:
                continue
            days = f"{first}至{last}" if last else f"{first}起"
            owners = "、".join(f"{id_} {share}" for id_, share in shares.items())
            what = (
                f"账号“{account.id}”{days}的份额合计是{total}（{owners or '无人负责'}）"
            )
            self.note(path, what, "每一天合计为1", "请补上负责人，或改正份额与日期")
