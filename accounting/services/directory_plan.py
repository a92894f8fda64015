"""What a reading of the directory would change: the people sheet, filled by the directory in place of a file."""

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.db.models import CharField, F, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import CostCentre, Department, Directory, LineAssignment, Role, User
from accounting.services import sheets
from accounting.services.directory_reading import GROUP_OF, DirectoryPerson, Reading
from accounting.services.directory_units import NamedUnits
from accounting.services.sheets import SheetRow, Tell
from accounting.sheets.base import NO, YES, CellErrors, Change, ChangeKind, Column, Plan, Row, RowError, moment_of
from accounting.sheets.numbers import Number
from accounting.sheets.people import UNIT_COLUMNS, People
from accounting.sheets.units import CostCentres, Departments, Offices

NAMES = ("first_name", "last_name")
SHOWN_BESIDE = (*NAMES, "user_name", "directory_key")
"""Of a new person, what a page shows anyway or nobody can read."""


class DirectorySheet(People):
    """People of the directory: found by its lasting key, else by user name, so that renaming keeps the person."""

    key_columns = ("user_name", "directory_key")
    origin = User.Origin.DIRECTORY

    def __init__(self, directory: Directory, reading: Reading) -> None:
        super().__init__()
        self.directory, self.reading = directory, reading
        self.read = {person.username: person for person in reading.people}
        self.units = NamedUnits(self.departments, self.cost_centres, self.offices, directory.create_units)
        named = Counter(person.extension for person in reading.people if person.extension)
        self.shared = sorted(number for number, times in named.items() if times > 1)
        self.rulers = {key for key, user in self.users.items() if user.is_administrator}

    @cached_property
    def keyed(self) -> dict[str, str]:
        """Stored people by the directory's key."""
        return {user.directory_key: key for key, user in self.users.items() if user.directory_key}

    def rows_to_be(self) -> list[SheetRow]:
        """Return the people of the reading as rows of the sheet."""
        return [SheetRow(line, self.row_of(person)) for line, person in enumerate(self.reading.people, 1)]

    def row_of(self, person: DirectoryPerson) -> Row:
        """Return what the directory says about a person; units that it does not name, or nobody knows, stay."""
        values = {
            "user_name": person.username, "directory_key": person.key, "first_name": person.first_name,
            "last_name": person.last_name, "email": person.email, "employee_number": person.employee_number,
        }  # fmt: skip
        said = {name: value for name, value in values.items() if value or (value is not None and name not in NAMES)}
        named = {name: self.units.text(name, getattr(person, name) or "") for name in UNIT_COLUMNS}
        return said | {name: text for name, text in named.items() if text}

    def cell(self, column: Column, text: str) -> str:
        """Take values as they are: the reading has cut and cleaned them."""
        return text

    def key(self, values: Row) -> str:
        """Return whom an entry means: who has its lasting key, else who has its user name and no other entry's key."""
        known = self.keyed.get(values["directory_key"])
        if known is not None:
            return known
        name = values["user_name"].casefold()
        holder = self.users.get(name)
        taken = holder is not None and holder.directory_key in self.reading.taken | self.reading.disabled
        return f"\x1f{values['directory_key']}" if taken else name

    def complete(self, values: Row, before: Row | None) -> Row:
        """Return the values with what depends on the stored person: spelling, role, language, office, line, return."""
        person, values = self.read[values["user_name"]], dict(values)
        user = self.users.get(self.key(values)) if before else None
        self.refuse_strangers(values, user)
        if before and before["user_name"].casefold() == values["user_name"]:
            values["user_name"] = before["user_name"]
        if not values["directory_key"] and before:
            values["directory_key"] = before["directory_key"]
        if person.language and not (before and before["language"]):
            values["language"] = person.language
        if any(getattr(self.directory, setting) for setting in GROUP_OF.values()):
            values["role"] = self.role(person, user)
        if not values.get("office") and self.directory.default_office and not (before and before["office"]):
            values["office"] = self.directory.default_office.name
        if person.extension is not None and self.directory.phone_system_id:
            values["extensions"] = self.extensions(person.extension, user)
        if before and self.has_left(before):
            values |= {"active": YES, "left_on": ""}
        return values

    def has_left(self, row: Row) -> bool:
        """Whether a person was closed on leaving; an account that somebody has switched off stays so."""
        return row["active"] == NO and row["left_on"] != "" and moment_of(row["left_on"]) <= self.scope.moment

    def refuse_strangers(self, values: Row, user: User | None) -> None:
        """Refuse a new entry with the user name of somebody who has left: it may be somebody else."""
        key = values["directory_key"]
        if user and user.left_at and key and user.directory_key not in (None, key):
            text = _("The user name belonged to a person who has left. If it is the same one, open the account again.")
            raise CellErrors({"user_name": text})

    def role(self, person: DirectoryPerson, user: User | None) -> str:
        """Return the role by groups; a local administrator keeps the own one."""
        present = user.role if user else Role.USER.value
        if user and is_local_administrator(user):
            return present
        return str(person.role(self.directory, present))

    def extensions(self, number: str, user: User | None) -> str:
        """Return a person's extensions: the directory's in place of the one it gave before, others as they are."""
        system = self.directory.phone_system_id
        assert system is not None
        held = self.held(user) if user else {}
        wanted: Number = (system, number)
        if number in self.shared or wanted in held:
            return self.numbers.text(held)
        of_system = [one for one in held if one[0] == system]
        given = [one for one in of_system if held[one].from_directory or (number and len(of_system) == 1)]
        return self.numbers.text([*(one for one in held if one not in given), *([wanted] if number else [])])

    def held(self, user: User) -> dict[Number, LineAssignment]:
        """Return what a person holds now."""
        rows = self.lines.of_person.get(user.pk, [])
        ids = self.lines.held_by(user.pk, self.scope.moment)
        return {self.numbers.of[row.extension_id]: row for row in rows if row.extension_id in ids}

    def kept(self, key: str, row: Row) -> str | None:
        """Close who came from the directory and is no longer there; never the last administrator, nor a local one."""
        user = self.users[key]
        if not self.is_leaver(user):
            return ""
        if is_local_administrator(user) or self.rulers == {key}:
            return _("“%(row)s” is kept: the account of an administrator.") % {"row": self.title(row)}
        self.rulers.discard(key)
        return None

    def is_leaver(self, user: User) -> bool:
        """Whether a person is closed because the directory has no entry, or a disabled one."""
        names = {user.username.casefold(), user.directory_key}
        closes = self.directory.leavers == Directory.Leavers.CLOSE
        return closes and self.is_ours(user) and not names & self.reading.doubtful

    def is_ours(self, user: User) -> bool:
        """Whether the directory decides about an account that is open."""
        of_directory = user.origin == User.Origin.DIRECTORY or user.directory_key is not None
        return of_directory and user.is_active and user.left_at is None

    def check(self, plan: Plan) -> list[RowError]:
        """Refuse user names that others keep, and a plan that leaves no administrator."""
        return [*self.occupied_names(plan), *self.last_administrators(plan)]

    def occupied_names(self, plan: Plan) -> list[RowError]:
        """Return the lines whose new user name stays somebody else's."""
        freed = {change.before["user_name"].casefold() for change in plan.changes if "user_name" in change.before}
        text = _("The user name belongs to another person.")
        return [
            RowError(change.line, "user_name", text, change.values["user_name"])
            for change in plan.changes
            if (change.kind == ChangeKind.ADDED or "user_name" in change.before)
            and (name := change.values["user_name"].casefold()) in self.users
            and name not in freed
        ]

    def tables(self) -> list[QuerySet[Any]]:
        """Return also the units that the directory adds."""
        return [Department.objects.all(), CostCentre.objects.all(), *super().tables()]

    def apply(self, changes: Sequence[Change]) -> None:
        """Write units first, then people; renamed ones leave their old names before anybody gets them."""
        self.units.add({(name, change.values.get(name, "")) for change in changes for name in UNIT_COLUMNS})
        renamed = [self.users[change.key].pk for change in changes if "user_name" in change.before]
        if renamed:
            parked = Concat(Value("\x1f"), Cast(F("pk"), CharField()))
            User.objects.filter(pk__in=renamed).update(username=parked)
        super().apply(changes)

    def change_lines(self, change: Change) -> None:
        """Give a person another extension, which the directory may take back."""
        super().change_lines(change)
        for row in self.lines.of_person.get(self.users[change.key].pk, ()):
            row.from_directory = row.from_directory or row.pk is None


def is_local_administrator(user: User) -> bool:
    """Whether the directory neither demotes nor closes an account."""
    return user.is_superuser or (user.origin == User.Origin.LOCAL and user.role == Role.ADMINISTRATOR)


def plan_of(sheet: DirectorySheet, tell: Tell) -> Plan:
    """Return what the reading would change, with the entries that cannot be taken as errors."""
    made = sheets.plan(sheet, sheet.rows_to_be(), remove_missing=True, tell=tell)
    line = len(sheet.reading.people)
    made.errors += [
        RowError(line + number, "", text, dn) for number, (dn, text) in enumerate(sheet.reading.problems, 1)
    ]
    made.notes += [*sheet.units.notes(), *shared_notes(sheet.shared)]
    return made


def remarks_on(directory: Directory, reading: Reading) -> list[str]:
    """Return which units of a reading are unknown or would be added."""
    named = NamedUnits(Departments(), CostCentres(), Offices(), directory.create_units)
    for person in reading.people:
        for column in UNIT_COLUMNS:
            named.text(column, getattr(person, column) or "")
    return named.notes()


def shared_notes(numbers: Sequence[str]) -> list[str]:
    """Return that several entries name one extension."""
    words = _("Several entries have extension %(extension)s; it stays as it is.")
    return [words % {"extension": number} for number in numbers]


def reason_to_hold_back(sheet: DirectorySheet, made: Plan, approved: Plan | None) -> str:
    """Return why nothing is to be changed now, '' for nothing; an approved plan is made when it is still the same."""
    if not made.changes:
        return ""
    if approved is not None:
        same = sheets.digest(approved) == sheets.digest(made)
        return "" if same else _("Something has changed since the preview. Look at the changes below and apply these.")
    ours = sum(sheet.is_ours(user) for user in sheet.users.values())
    leavers = sum(change.kind == ChangeKind.REMOVED for change in made.changes)
    if leavers * 100 <= ours * sheet.directory.most_leavers and (sheet.reading.people or not leavers):
        return ""
    words = ngettext(
        "%(count)s person of %(total)s would be closed, more than the settings allow at once (%(percent)s %%).",
        "%(count)s people of %(total)s would be closed, more than the settings allow at once (%(percent)s %%).",
        leavers,
    )
    return words % {"count": leavers, "total": ours, "percent": sheet.directory.most_leavers}


def shown_changes(changes: Sequence[Change]) -> list[dict[str, Any]]:
    """Return changes as a page shows them: who, what kind, and each field's label with its values before and after."""
    return [
        {
            "kind": change.kind,
            "name": f"{change.values.get('first_name', '')} {change.values.get('last_name', '')}".strip(),
            "user_name": change.values["user_name"],
            "fields": [] if change.kind == ChangeKind.REMOVED else shown_fields(change),
            "notes": change.notes,
        }
        for change in changes
    ]


def shown_fields(change: Change) -> list[tuple[str, str, str]]:
    """Return label, former and new value of what a change sets; of a new person, what is not usual."""
    added = change.kind == ChangeKind.ADDED
    names = [column for column in DirectorySheet.columns if column.name in (change.values if added else change.before)]
    return [
        (str(column.label), shown(column, change.before.get(column.name, "")), shown(column, value))
        for column in names
        if (value := change.values.get(column.name, "")) != (column.default if added else None)
        and not (added and column.name in SHOWN_BESIDE)
    ]


def shown(column: Column, value: str) -> str:
    """Return a value in words."""
    return str(column.choices.get(value, value))
