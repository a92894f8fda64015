"""Supervision as a sheet: who sees the calls of which unit."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounting.models import Role, Supervision, User
from accounting.sheets import units
from accounting.sheets.base import CellErrors, Change, ChangeKind, Column, Row, Sheet

UNIT_COLUMNS = ("department", "cost_centre", "office")
BATCH = 1000


class Supervisions(Sheet):
    """One row for each unit of a supervisor."""

    kind = "supervision"
    label = _("Supervision")
    description = _("Who sees the calls of which department, cost centre or office.")
    icon = "eye"
    key_columns = ("supervisor", "department", "cost_centre", "office")
    missing_text = _("Remove supervision that is not in the file")
    page = "admin:accounting_user_changelist"
    columns = (
        Column("supervisor", _("supervisor"), required=True, example="b.adler", help=_("A user name.")),
        Column("department", _("department"), example="Sales / Inside",
               help=_("The path from the top; everything below it is included.")),
        Column("cost_centre", _("cost centre"), help=_("The code.")),
        Column("office", _("office"), help=_("The name. One of the three units in each row.")),
    )  # fmt: skip

    @cached_property
    def names(self) -> dict[int, str]:
        """User names by primary key."""
        return dict(User.objects.values_list("pk", "username"))

    @cached_property
    def people(self) -> dict[str, int]:
        """Primary keys by user name."""
        return {name.casefold(): pk for pk, name in self.names.items()}

    @cached_property
    def supervisors(self) -> set[str]:
        """User names of those whose role is to supervise."""
        return set(User.objects.filter(role=Role.SUPERVISOR).values_list("username", flat=True))

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

    def cell(self, column: Column, text: str) -> str:
        """Return a value; person and unit must exist."""
        if not text:
            return super().cell(column, text)
        match column.name:
            case "department":
                return self.departments.read(text)
            case "cost_centre":
                return self.cost_centres.read(text)
            case "office":
                return self.offices.read(text)
        if text.casefold() not in self.people:
            raise ValidationError(gettext("There is no person with the user name “%(value)s”."), params={"value": text})
        return self.names[self.people[text.casefold()]]

    def parse(self, row: Row) -> Row:
        """Return a row's values: one unit."""
        values = dict.fromkeys(self.key_columns, "") | super().parse(row)
        if sum(values[name] != "" for name in UNIT_COLUMNS) != 1:
            raise CellErrors({"": gettext("Name one unit: a department, a cost centre or an office.")})
        return values

    def notes(self, change: Change) -> list[str]:
        """Return that somebody is no supervisor: the row alone shows no calls."""
        if change.kind == ChangeKind.ADDED and change.values["supervisor"] not in self.supervisors:
            return [
                gettext("%(person)s sees these calls only with the role of a supervisor.")
                % {"person": change.values["supervisor"]}
            ]
        return []

    @classmethod
    def title(cls, values: Row) -> str:
        """Return supervisor and unit."""
        return f"{values['supervisor']}: {next((values[n] for n in UNIT_COLUMNS if values.get(n)), '')}"

    @cached_property
    def ids(self) -> dict[str, int]:
        """Primary keys by key."""
        self.rows  # noqa: B018  (reading them fills the keys)
        return self._ids

    def current(self) -> dict[str, Row]:
        """Return who supervises what."""
        self._ids: dict[str, int] = {}
        found = {}
        rows = Supervision.objects.order_by("supervisor__username", "pk")
        for pk, person, department, centre, office in rows.values_list(
            "pk", "supervisor_id", "department_id", "cost_centre_id", "office_id"
        ):
            row = {
                "supervisor": self.names[person],
                "department": self.departments.texts[department] if department else "",
                "cost_centre": self.cost_centres.texts[centre] if centre else "",
                "office": self.offices.texts[office] if office else "",
            }
            found[self.key(row)] = row
            self._ids[self.key(row)] = pk
        return found

    def tables(self) -> list[QuerySet[Any]]:
        """Return who supervises what."""
        return [Supervision.objects.all()]

    def apply(self, changes: Sequence[Change]) -> None:
        """Add and remove supervision."""
        added = [
            Supervision(
                supervisor_id=self.people[change.values["supervisor"].casefold()],
                department_id=self.departments.id_of(change.values["department"]),
                cost_centre_id=self.cost_centres.id_of(change.values["cost_centre"]),
                office_id=self.offices.id_of(change.values["office"]),
            )
            for change in changes
            if change.kind == ChangeKind.ADDED
        ]
        Supervision.objects.bulk_create(added, batch_size=BATCH)
        removed = [self.ids[change.key] for change in changes if change.kind == ChangeKind.REMOVED]
        Supervision.objects.filter(pk__in=removed).delete()
