"""Sheets whose rows are rows of one table, a column for each field."""

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from accounting.models import UnitHalfHour, UnitKind
from accounting.sheets.base import Change, ChangeKind, Row, Sheet

BATCH = 1000


class FlatSheet(Sheet):
    """One table; the columns bear the names of its fields, and a value is the field's text."""

    model: ClassVar[type[models.Model]]
    unit_kind: ClassVar[UnitKind | None] = None
    """Under which the totals of calls name these rows."""

    @property
    def table(self) -> models.QuerySet[Any]:
        """The whole table."""
        return models.QuerySet(self.model)

    def queryset(self) -> models.QuerySet[Any]:
        """Return the rows of the sheet."""
        return self.table

    def current(self) -> dict[str, Row]:
        """Return the table."""
        names = [column.name for column in self.columns]
        rows = [dict(zip(names, map(str, values), strict=True)) for values in self.queryset().values_list(*names)]
        return {self.key(row): row for row in rows}

    @cached_property
    def ids(self) -> dict[str, int]:
        """Primary keys by key."""
        names = self.key_columns
        return {
            self.key(dict(zip(names, map(str, values), strict=True))): pk
            for pk, *values in self.queryset().values_list("pk", *names)
        }

    def kept(self, key: str, row: Row) -> str | None:
        """Keep what others refer to: past calls need it."""
        pk = self.ids[key]
        counted = self.unit_kind is not None and (
            UnitHalfHour.objects.filter(unit_kind=self.unit_kind, unit_id=pk).exists()
        )
        if pk in self.used or counted:
            return _("“%(row)s” is kept: people, calls or settings refer to it.") % {"row": self.title(row)}
        return None

    @cached_property
    def used(self) -> set[int]:
        """Primary keys to which other tables refer."""
        return {
            pk
            for relation in self.model._meta.related_objects
            for pk in models.QuerySet(relation.related_model).values_list(relation.field.attname, flat=True).distinct()
            if pk is not None
        }

    def values_of(self, row: Row) -> dict[str, Any]:
        """Return a row as the database holds it, by field name."""
        fields = {one.name: one for one in self.model._meta.concrete_fields}
        return {column.name: fields[column.name].to_python(row[column.name]) for column in self.columns}

    def tables(self) -> list[models.QuerySet[Any]]:
        """Return the table."""
        return [self.table]

    def apply(self, changes: Sequence[Change]) -> None:
        """Write the table."""
        added = [self.model(**self.values_of(change.values)) for change in changes if change.kind == ChangeKind.ADDED]
        self.table.bulk_create(added, batch_size=BATCH)
        changed = [change for change in changes if change.kind == ChangeKind.CHANGED]
        names = sorted({name for change in changed for name in change.before})
        if changed:
            rows = [
                self.model(pk=self.ids[change.key], **self.values_of(change.values))
                for change in changed
            ]  # fmt: skip
            self.table.bulk_update(rows, names, batch_size=BATCH)
        removed = [self.ids[change.key] for change in changes if change.kind == ChangeKind.REMOVED]
        for start in range(0, len(removed), BATCH):
            self.table.filter(pk__in=removed[start : start + BATCH]).delete()


def validated(*checks: Callable[[Any], object]) -> Callable[[str], str]:
    """Return a reader of texts that must pass Django validators."""

    def read(text: str) -> str:
        for check in checks:
            check(text)
        return text

    return read


def matching(pattern: str, message: Any) -> Callable[[str], str]:
    """Return a reader of texts of one pattern; the message names the text as %(value)s."""
    compiled = re.compile(pattern)

    def read(text: str) -> str:
        if not compiled.fullmatch(text):
            raise ValidationError(message, params={"value": text})
        return text

    return read
