"""Departments as a sheet: a name, and the path of the department to which it belongs."""

from collections.abc import Sequence
from contextlib import suppress
from functools import cached_property

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounting.models import Department, UnitKind
from accounting.sheets import units
from accounting.sheets.base import Change, ChangeKind, Column, Plan, Row, RowError, text_up_to
from accounting.sheets.flat import FlatSheet


class Departments(FlatSheet):
    """Departments with their place in the tree; the rows of a file may stand in any order."""

    kind = "departments"
    label = _("Departments")
    description = _("The tree: each department with the one of which it is part.")
    icon = "network"
    model = Department
    unit_kind = UnitKind.DEPARTMENT
    key_columns = ("part_of", "name")
    missing_text = _("Remove departments that are not in the file, unless something refers to them")
    page = "admin:accounting_department_changelist"
    columns = (
        Column("name", _("name"), required=True, example="Inside", read=text_up_to(80)),
        Column(
            "part_of", _("part of"), example="Sales",
            help=_("The path from the top, for instance Sales / Inside. Empty: at the top."),
        ),
    )  # fmt: skip

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.announced: set[tuple[str, ...]] = set()

    @cached_property
    def tree(self) -> units.Departments:
        """The departments as they are."""
        return units.Departments()

    def begin(self, rows: Sequence[Row]) -> None:
        """Note the paths of the file, which may stand below the rows that name them."""
        for row in rows:
            with suppress(ValidationError):
                above = units.path_names(row["part_of"]) if row.get("part_of") else ()
                self.announced.add(units.folded((*above, row.get("name", ""))))

    def cell(self, column: Column, text: str) -> str:
        """Return a value; a path must be known or announced by the file."""
        if column.name != "part_of" or not text:
            return super().cell(column, text)
        names = units.path_names(text)
        known = self.tree.ids.get(units.folded(names))
        if known is not None:
            return self.tree.texts[known]
        if units.folded(names) not in self.announced:
            raise ValidationError(gettext("There is no department “%(value)s”."), params={"value": text})
        return units.path_text(names)

    @classmethod
    def title(cls, values: Row) -> str:
        """Return the path."""
        above = units.path_names(values["part_of"]) if values.get("part_of") else ()
        return units.path_text((*above, values.get("name", "")))

    def current(self) -> dict[str, Row]:
        """Return the departments."""
        rows = [
            {"name": names[-1], "part_of": units.path_text(names[:-1])}
            for names in sorted(self.tree.paths.values(), key=units.folded)
        ]
        return {self.key(row): row for row in rows}

    @cached_property
    def ids(self) -> dict[str, int]:
        """Primary keys by key."""
        return {
            self.key({"name": names[-1], "part_of": units.path_text(names[:-1])}): pk
            for pk, names in self.tree.paths.items()
        }

    def kept(self, key: str, row: Row) -> str | None:
        """Keep what others refer to, the file's rows included."""
        path = self.tree.paths[self.ids[key]]
        if any(announced[: len(path)] == units.folded(path) for announced in self.announced):
            return gettext("“%(row)s” is kept: departments of the file are part of it.") % {"row": self.title(row)}
        return super().kept(key, row)

    def check(self, plan: Plan) -> list[RowError]:
        """Refuse what would be part of a department whose own line is wrong."""
        added = [
            (change, units.folded(self.path(change))) for change in plan.changes if change.kind == ChangeKind.ADDED
        ]
        sound, found = set(self.tree.ids) | {()}, []
        for change, path in sorted(added, key=lambda one: len(one[1])):
            if path[:-1] in sound:
                sound.add(path)
            else:
                text = gettext("The department of which this is part is not in order.")
                found.append(RowError(change.line, "part_of", text, change.values["part_of"]))
        return found

    def apply(self, changes: Sequence[Change]) -> None:
        """Add departments from the top to the leaves; remove unused ones."""
        ids = dict(self.tree.ids)
        added = [self.path(change) for change in changes if change.kind == ChangeKind.ADDED]
        for depth in sorted({len(names) for names in added}):
            level = [names for names in added if len(names) == depth]
            rows = [Department(name=names[-1], parent_id=ids.get(units.folded(names[:-1]))) for names in level]
            Department.objects.bulk_create(rows)
            ids |= {units.folded(names): row.pk for names, row in zip(level, rows, strict=True)}
        for change in changes:
            if change.kind == ChangeKind.CHANGED:  # another way to write the same name
                Department.objects.filter(pk=self.ids[change.key]).update(name=change.values["name"])
        removed = [self.ids[change.key] for change in changes if change.kind == ChangeKind.REMOVED]
        Department.objects.filter(pk__in=removed).delete()

    def path(self, change: Change) -> tuple[str, ...]:
        """Return the names of a row's path."""
        above = units.path_names(change.values["part_of"]) if change.values["part_of"] else ()
        return (*above, change.values["name"])
