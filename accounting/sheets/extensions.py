"""Extensions as a sheet: each with its holder and since when; a former holder keeps the past."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounting.models import Extension, LineAssignment, User
from accounting.sheets.base import (
    NO,
    YES_NO,
    CellErrors,
    Change,
    ChangeKind,
    Column,
    Row,
    Sheet,
    moment_of,
    moment_text,
    read_moment,
    text_up_to,
    yes_no,
)
from accounting.sheets.numbers import Numbers, checked
from accounting.sheets.spells import Lines

BATCH = 1000


class Extensions(Sheet):
    """Extensions and who holds them."""

    kind = "extensions"
    label = _("Extensions")
    description = _("Own numbers, who holds them and since when; former holders keep their calls.")
    icon = "hash"
    key_columns = ("phone_system", "number")
    closes = True
    missing_text = _("Take extensions that are not in the file from their holders")
    page = "admin:accounting_extension_changelist"
    columns = (
        Column("phone_system", _("phone system"), example="cucm-a",
               help=_("Needed where there are several phone systems.")),
        Column("number", _("number"), required=True, example="4930", read=checked),
        Column("holder", _("holder"), example="a.ruiz", help=_("A user name. Empty: nobody.")),
        Column("held_from", _("held from"), read=read_moment, example="2026-11-01",
               help=_("A new holder's first day. Empty: when the file is applied; of a first holder: since ever.")),
        Column("held_until", _("held until"), read=read_moment,
               help=_("The first day without this holder. Empty: until further notice.")),
        Column("of_no_person", _("of no person"), default=NO, choices=YES_NO, example="no",
               help=_("For instance a fax or a door: not listed as unknown.")),
        Column("note", _("note"), read=text_up_to(120)),
    )  # fmt: skip

    @cached_property
    def numbers(self) -> Numbers:
        """All extensions."""
        return Numbers()

    @cached_property
    def lines(self) -> Lines:
        """Everybody's lines."""
        return Lines()

    @cached_property
    def names(self) -> dict[int, str]:
        """User names by primary key."""
        return dict(User.objects.values_list("pk", "username"))

    @cached_property
    def people(self) -> dict[str, int]:
        """Primary keys by user name."""
        return {name.casefold(): pk for pk, name in self.names.items()}

    def parse(self, row: Row) -> Row:
        """Return a row's values; the phone system may be left out where there is one."""
        return super().parse({"phone_system": "", **row})

    def cell(self, column: Column, text: str) -> str:
        """Return a value; phone system and holder must exist."""
        if column.name == "phone_system":
            return self.numbers.read_system(text)
        if column.name == "holder" and text:
            if text.casefold() not in self.people:
                raise ValidationError(
                    gettext("There is no person with the user name “%(value)s”."), params={"value": text}
                )
            return self.names[self.people[text.casefold()]]
        return super().cell(column, text)

    def key(self, values: Row) -> str:
        """Return phone system and number."""
        return f"{values.get('phone_system') or self.numbers.read_system('')}/{values.get('number', '')}"

    def current(self) -> dict[str, Row]:
        """Return the extensions with their present holders."""
        found = {}
        columns = Extension.objects.values_list("pk", "phone_system_id", "number", "ignored", "note")
        for pk, system, number, ignored, note in columns.order_by("phone_system__name", "number"):
            spell = self.lines.holding(pk, self.scope.moment)
            row = {
                "phone_system": self.numbers.systems[system],
                "number": number,
                "holder": self.names[spell.user_id] if spell else "",
                "held_from": moment_text(spell.valid_from) if spell else "",
                "held_until": moment_text(spell.valid_to) if spell else "",
                "of_no_person": yes_no(ignored),
                "note": note,
            }
            found[self.key(row)] = row
        return found

    def complete(self, values: Row, before: Row | None) -> Row:
        """Return the values; dates that were the former holder's are not the new one's."""
        old = before or {"holder": "", "held_from": "", "held_until": ""}
        holder = values.get("holder", old["holder"])
        if holder == old["holder"]:
            return self.dated(values, old, holder)
        start, end = values.get("held_from", ""), values.get("held_until", "")
        if not holder:
            return {**values, "held_from": "", "held_until": ""}
        start = "" if start == old["held_from"] else start
        end = "" if end == old["held_until"] else end
        if start and old["held_from"] and moment_of(start) < moment_of(old["held_from"]):
            raise CellErrors({"held_from": gettext("The present holder has it only since then or later.")})
        return self.dated({**values, "held_from": start, "held_until": end}, old, holder)

    def dated(self, values: Row, old: Row, holder: str) -> Row:
        """Return the values; raise CellErrors for dates without a holder or in the wrong order."""
        start, end = values.get("held_from", old["held_from"]), values.get("held_until", old["held_until"])
        if (start or end) and not holder:
            raise CellErrors({"holder": gettext("Dates need a holder.")})
        if start and end and moment_of(start) >= moment_of(end):
            raise CellErrors({"held_until": gettext("The end must be after the beginning.")})
        return values

    def kept(self, key: str, row: Row) -> str | None:
        """Leave extensions that nobody holds."""
        return None if row["holder"] else ""

    def tables(self) -> list[QuerySet[Any]]:
        """Return extensions and who holds them."""
        return [Extension.objects.all(), LineAssignment.objects.all()]

    def apply(self, changes: Sequence[Change]) -> None:
        """Write extensions and their holders."""
        added = [change for change in changes if change.kind == ChangeKind.ADDED]
        self.numbers.enter(
            (self.numbers.system_ids[c.values["phone_system"].casefold()], c.values["number"]) for c in added
        )
        rows = []
        for change in changes:
            values = change.values
            pk = self.numbers.ids[self.numbers.system_ids[values["phone_system"].casefold()], values["number"]]
            if change.kind == ChangeKind.REMOVED:
                self.lines.give(pk, None, self.scope.moment, since_ever=False)
                continue
            if change.kind == ChangeKind.ADDED or change.before.keys() & {"of_no_person", "note"}:
                rows.append(Extension(pk=pk, ignored=values["of_no_person"] != NO, note=values["note"]))
            self.write_holder(pk, change)
        Extension.objects.bulk_update(rows, ["ignored", "note"], batch_size=BATCH)
        self.lines.save()

    def write_holder(self, pk: int, change: Change) -> None:
        """Let an extension pass to its new holder, or correct the dates of the present one."""
        values = change.values
        start = moment_of(values["held_from"]) if values["held_from"] else None
        end = moment_of(values["held_until"]) if values["held_until"] else None
        if change.kind == ChangeKind.ADDED or "holder" in change.before:
            holder = self.people[values["holder"].casefold()] if values["holder"] else None
            moment = start or self.scope.moment
            self.lines.give(pk, holder, moment, since_ever=start is None, until=end)
        elif change.before.keys() & {"held_from", "held_until"}:
            spell = self.lines.holding(pk, self.scope.moment)
            if spell is not None:
                self.correct(spell, start, end)

    def correct(self, spell: LineAssignment, start: object, end: object) -> None:
        """Give a spell other dates."""
        spell.valid_from, spell.valid_to = start, end  # type: ignore[assignment]
        self.lines.touched[id(spell)] = spell
