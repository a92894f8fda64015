"""People as a sheet: account, units and lines of each; who leaves is closed and kept."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounting.models import Extension, LineAssignment, Membership, Role, User
from accounting.sheets import units
from accounting.sheets.base import (
    NO,
    YES,
    YES_NO,
    CellErrors,
    Change,
    ChangeKind,
    Column,
    Plan,
    Row,
    RowError,
    Sheet,
    moment_of,
    moment_text,
    read_moment,
    text_up_to,
    yes_no,
)
from accounting.sheets.flat import validated
from accounting.sheets.numbers import Number, Numbers
from accounting.sheets.spells import Lines, Memberships, Units

BATCH = 1000
ACCOUNT = {
    "user_name": "username", "first_name": "first_name", "last_name": "last_name", "email": "email", "role": "role",
    "language": "language", "employee_number": "employee_number", "directory_key": "directory_key",
}  # fmt: skip
"""Columns that are fields of the person, with the fields."""
UNIT_COLUMNS = ("department", "cost_centre", "office")


def user_name(text: str) -> str:
    """Return a user name; raise ValidationError."""
    UnicodeUsernameValidator()(text)
    return text_up_to(150)(text)


class People(Sheet):
    """People; a change of units or lines takes effect at a moment, what was before stays as it was."""

    kind = "people"
    label = _("People")
    description = _("Names, roles, units and extensions; people who leave are closed and kept.")
    icon = "users"
    key_columns: ClassVar[tuple[str, ...]] = ("user_name",)
    closes = True
    missing_text = _("Close people who are not in the file (administrators stay)")
    page = "admin:accounting_user_changelist"
    origin = User.Origin.FILE
    columns = (
        Column("user_name", _("user name"), required=True, example="a.ruiz", read=user_name,
               help=_("Tells people apart; capitals do not matter.")),
        Column("first_name", _("first name"), example="Ana", read=text_up_to(150)),
        Column("last_name", _("last name"), example="Ruiz", read=text_up_to(150)),
        Column("email", _("e-mail"), example="ana.ruiz@example.com",
               read=validated(EmailValidator(), text_up_to(254))),
        Column("role", _("role"), example="user", default=Role.USER.value, choices=dict(Role.choices),
               help=_("user, supervisor or administrator.")),
        Column("language", _("language"), example="en", choices=dict(settings.LANGUAGES),
               help=_("Empty: the browser's language.")),
        Column("employee_number", _("employee number"), example="000815", read=text_up_to(40)),
        Column("department", _("department"), example="Sales / Inside", help=_("The path from the top.")),
        Column("cost_centre", _("cost centre"), example="4711", help=_("The code.")),
        Column("office", _("office"), example="Berlin", help=_("The name.")),
        Column("extensions", _("extensions"), example="4930, 4931",
               help=_("Several with commas; with another phone system as cucm-b/4930.")),
        Column("phone_system", _("phone system"), directive=True,
               help=_("Of the extensions; needed where there are several phone systems.")),
        Column("active", _("active"), example="yes", default=YES, choices=YES_NO,
               help=_("no: the person has left; account, extensions and units are closed, past calls stay.")),
        Column("left_on", _("leaves on"), read=read_moment, help=_("The first day without the account.")),
        Column("changes_from", _("changes from"), read=read_moment, directive=True,
               help=_("When other units and extensions take effect. Empty: when the file is applied.")),
        Column("directory_key", _("key in the directory"), hidden=True),
    )  # fmt: skip

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.claims: dict[Number, set[str]] = {}

    @cached_property
    def users(self) -> dict[str, User]:
        """People by key."""
        return {self.key_of(user): user for user in User.objects.order_by("last_name", "first_name", "username")}

    def key_of(self, user: User) -> str:
        """Return a stored person's key."""
        return user.username.casefold()

    @cached_property
    def memberships(self) -> Memberships:
        """Everybody's units."""
        return Memberships()

    @cached_property
    def lines(self) -> Lines:
        """Everybody's lines."""
        return Lines()

    @cached_property
    def numbers(self) -> Numbers:
        """All extensions."""
        return Numbers()

    @cached_property
    def departments(self) -> units.Departments:
        """All departments."""
        return units.Departments()

    @cached_property
    def cost_centres(self) -> units.CostCentres:
        """All cost centres."""
        return units.CostCentres()

    @cached_property
    def offices(self) -> units.Offices:
        """All offices."""
        return units.Offices()

    @classmethod
    def title(cls, values: Row) -> str:
        """Return name and user name."""
        name = f"{values.get('first_name', '')} {values.get('last_name', '')}".strip()
        return f"{name} ({values['user_name']})" if name else values["user_name"]

    def current(self) -> dict[str, Row]:
        """Return everybody."""
        return {key: self.row(user, self.scope.moment) for key, user in self.users.items()}

    def row(self, user: User, moment: datetime) -> Row:
        """Return a person as of a moment."""
        row = {name: getattr(user, field) or "" for name, field in ACCOUNT.items()}
        department, cost_centre, office = self.memberships.at(user.pk, moment)
        held = [self.numbers.of[pk] for pk in self.lines.held_by(user.pk, moment)]
        return row | {
            "department": self.departments.texts[department] if department else "",
            "cost_centre": self.cost_centres.texts[cost_centre] if cost_centre else "",
            "office": self.offices.texts[office] if office else "",
            "extensions": self.numbers.text(held),
            "active": yes_no(user.is_active),
            "left_on": moment_text(user.left_at),
        }

    def before(self, key: str, values: Row) -> Row | None:
        """Return the person as of the moment from which the row's changes hold."""
        if key not in self.users or not values.get("changes_from"):
            return self.rows.get(key)
        return self.row(self.users[key], self.moment(values))

    def moment(self, values: Row) -> datetime:
        """Return when a row's changes take effect."""
        return moment_of(values["changes_from"]) if values.get("changes_from") else self.scope.moment

    def cell(self, column: Column, text: str) -> str:
        """Return a value; units must exist."""
        if not text:
            return super().cell(column, text)
        match column.name:
            case "department":
                return self.departments.read(text)
            case "cost_centre":
                return self.cost_centres.read(text)
            case "office":
                return self.offices.read(text)
            case "phone_system":
                return self.numbers.read_system(text)
        return super().cell(column, text)

    def parse(self, row: Row) -> Row:
        """Return a row's values; an empty "active" leaves the person as is, extensions need their phone system."""
        values = super().parse({name: text for name, text in row.items() if name != "active" or text})
        if "extensions" in values:
            try:
                listed = self.numbers.parsed(values["extensions"], values.get("phone_system", ""))
            except ValidationError as error:
                raise CellErrors({"extensions": " ".join(error.messages)}) from error
            values["extensions"] = self.numbers.text(listed)
            for number in listed if values.get("active") != NO else ():
                self.claims.setdefault(number, set()).add(self.key(values))
        return values

    def complete(self, values: Row, before: Row | None) -> Row:
        """Return the values with what follows from leaving or coming back."""
        was_active, left = (before["active"], before["left_on"]) if before else (YES, "")
        active, leaves = values.get("active", was_active), values.get("left_on", left)
        gone = leaves != "" and moment_of(leaves) <= self.scope.moment
        if gone and leaves != left:
            active = NO
        elif active == YES and was_active == NO and gone:
            leaves = ""
        elif active == NO:
            leaves = leaves or left
        if active != was_active or leaves != left:
            values = {**values, "active": active, "left_on": leaves}
        elif "left_on" in values:
            values = {**values, "left_on": leaves}
        if before and values.get("user_name", "").casefold() == before["user_name"].casefold():
            values = {**values, "user_name": before["user_name"]}
        if before and active == NO:
            values |= {name: before[name] for name in (*UNIT_COLUMNS, "extensions") if name in values}
        return values

    def kept(self, key: str, row: Row) -> str | None:
        """Keep who has left already; administrators leave only by name."""
        user = self.users[key]
        if not user.is_active or user.left_at:
            return ""
        if user.is_administrator:
            return gettext("“%(row)s” is kept: an administrator is closed by name only.") % {"row": self.title(row)}
        return None

    def gained(self, change: Change) -> list[Number]:
        """Return the extensions that a change gives to a person."""
        if change.kind == ChangeKind.REMOVED or (
            change.kind == ChangeKind.CHANGED and "extensions" not in change.before
        ):
            return []
        had = self.numbers.parsed(change.before.get("extensions", ""))
        return [number for number in self.numbers.parsed(change.values["extensions"]) if number not in had]

    def notes(self, change: Change) -> list[str]:
        """Return whether the person leaves, and from whom extensions are taken."""
        found = []
        if self.is_closing(change):
            found.append(gettext("The person leaves: account, extensions and units are closed, past calls stay."))
        for number, holder in self.taken(change):
            told = {"extension": self.numbers.text([number]), "person": self.people_by_id[holder]}
            found.append(gettext("Extension %(extension)s is taken over from %(person)s.") % told)
        return found

    def is_closing(self, change: Change) -> bool:
        """Whether a changed row closes the person."""
        return change.kind == ChangeKind.CHANGED and change.before.get("active") == YES

    def facts(self, change: Change) -> list[str]:
        """Return who holds the extensions that the person gets."""
        return [f"{system}/{number} {holder}" for (system, number), holder in self.taken(change)]

    def taken(self, change: Change) -> list[tuple[Number, int]]:
        """Return the extensions that a change takes from others, with the holders' primary keys."""
        found = []
        for number in self.gained(change):
            known = self.numbers.ids.get(number)
            spell = self.lines.holding(known, self.moment(change.values)) if known else None
            if spell is not None:
                found.append((number, spell.user_id))
        return found

    @cached_property
    def people_by_id(self) -> dict[int, User]:
        """People by primary key."""
        return {user.pk: user for user in self.users.values()}

    def check(self, plan: Plan) -> list[RowError]:
        """Refuse one extension for two people of the file, and a plan that leaves no administrator."""
        return [*self.shared_extensions(plan), *self.last_administrators(plan)]

    def shared_extensions(self, plan: Plan) -> list[RowError]:
        """Return the lines that get an extension that the file gives to somebody else, too."""
        found = []
        for change in plan.changes:
            for number in self.gained(change):
                others = self.claims.get(number, set()) - {change.key}
                if others:
                    told = {"extension": self.numbers.text([number]), "person": ", ".join(sorted(others))}
                    text = gettext("The file gives extension %(extension)s to %(person)s, too.") % told
                    found.append(RowError(change.line, "extensions", text, change.values["extensions"]))
        return found

    def last_administrators(self, plan: Plan) -> list[RowError]:
        """Return the lines that would leave the portal without an administrator."""
        left = {key for key, user in self.users.items() if user.is_administrator}
        ending = []
        for change in plan.changes:
            user = self.users.get(change.key)
            if user is None or not change.before.keys() & {"role", "active", "left_on"}:
                continue
            stays = change.values["active"] == YES and not change.values["left_on"]
            rules = change.values["role"] == Role.ADMINISTRATOR or user.is_superuser
            if stays and rules:
                left.add(change.key)
            elif change.key in left:
                left.discard(change.key)
                ending.append(change)
        text = gettext("This would leave the portal without an administrator.")
        return [] if left else [RowError(change.line, "role", text, change.values["user_name"]) for change in ending]

    def tables(self) -> list[QuerySet[Any]]:
        """Return accounts, units and lines, and the extensions that lines add."""
        return [User.objects.all(), Extension.objects.all(), Membership.objects.all(), LineAssignment.objects.all()]

    def apply(self, changes: Sequence[Change]) -> None:
        """Write accounts, units and lines."""
        self.write_accounts(changes)
        self.numbers.enter(number for change in changes for number in self.gained(change))
        for change in changes:
            if change.kind == ChangeKind.REMOVED:
                self.leave(change)
                continue
            if change.kind == ChangeKind.ADDED or change.before.keys() & set(UNIT_COLUMNS):
                self.move(change)
            if change.kind == ChangeKind.ADDED or "extensions" in change.before:
                self.change_lines(change)
            if self.ends(change):
                self.leave(change)
        self.memberships.save()
        self.lines.save()

    def ends(self, change: Change) -> bool:
        """Return whether a change closes a person, now or at a date."""
        told = change.kind == ChangeKind.ADDED or bool(change.before.keys() & {"active", "left_on"})
        return told and (change.values["left_on"] != "" or change.values["active"] == NO)

    def write_accounts(self, changes: Sequence[Change]) -> None:
        """Add and change the people themselves."""
        added, changed = [], []
        fields: set[str] = set()
        for change in changes:
            user = self.users.get(change.key)
            if user is None:
                user = self.users[change.key] = User(origin=self.origin, password=make_password(None))
                added.append(user)
            elif change.kind == ChangeKind.REMOVED or change.before.keys() & {*ACCOUNT, "active", "left_on"}:
                changed.append(user)
                fields |= {ACCOUNT[name] for name in change.before if name in ACCOUNT}
            self.set_fields(user, change)
        User.objects.bulk_create(added, batch_size=BATCH)
        User.objects.bulk_update(changed, [*fields, "is_staff", "is_active", "left_at"], batch_size=BATCH)

    def set_fields(self, user: User, change: Change) -> None:
        """Let a person be as a change wants."""
        values = change.values
        if change.kind == ChangeKind.REMOVED:
            user.is_active, user.left_at = False, self.scope.moment
            return
        for name in change.before if change.kind == ChangeKind.CHANGED else ACCOUNT:
            if name in ACCOUNT:
                value = values.get(name, "")
                setattr(user, ACCOUNT[name], value if name != "directory_key" else value or None)
        user.is_staff = user.role == Role.ADMINISTRATOR or user.is_superuser
        if change.kind == ChangeKind.ADDED or change.before.keys() & {"active", "left_on"}:
            leaving = user.is_active and values["active"] == NO and bool(user.pk)
            user.is_active = values["active"] == YES
            user.left_at = self.end(values) if values["left_on"] or leaving else None

    def end(self, values: Row) -> datetime:
        """Return when a person has left or leaves."""
        return moment_of(values["left_on"]) if values["left_on"] else self.scope.moment

    def leave(self, change: Change) -> None:
        """Close units and lines of a person."""
        user = self.users[change.key]
        end = user.left_at or self.scope.moment
        self.memberships.leave(user.pk, end)
        self.lines.leave(user.pk, end)

    def move(self, change: Change) -> None:
        """Give a person other units."""
        values = change.values
        wanted: Units = (
            self.departments.id_of(values["department"]),
            self.cost_centres.id_of(values["cost_centre"]),
            self.offices.id_of(values["office"]),
        )
        moment = self.moment(values)
        self.memberships.move(self.users[change.key].pk, wanted, moment, not values.get("changes_from"))

    def change_lines(self, change: Change) -> None:
        """Give a person other extensions."""
        user, moment = self.users[change.key], self.moment(change.values)
        wanted = {self.numbers.ids[number] for number in self.numbers.parsed(change.values["extensions"])}
        held = self.lines.held_by(user.pk, moment)
        for extension in held - wanted:
            self.lines.drop(user.pk, extension, moment)
        for extension in sorted(wanted - held):
            self.lines.give(extension, user.pk, moment, not change.values.get("changes_from"))
